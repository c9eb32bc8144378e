import { assert, describe, it } from "@effect/vitest"
import { baseline, compilers, exits, machine, parts, typecheck } from "./machines.ts"

const timeout = 600_000

describe.each(Object.entries(compilers))("large machines under %s", (_, compiler) => {
  it("the compiler checks machines of 50 and 150 states, of strings and of tagged values", { timeout }, () => {
    const programs = {
      string50: machine("string", 50),
      tagged50: machine("tagged", 50),
      string150: machine("string", 150),
      tagged150: machine("tagged", 150)
    }
    assert.strictEqual(typecheck("machines", programs, [], compiler), "")
  })

  // what the compiler makes and remembers, which is what it takes its time for, and the same on every computer
  it("what a machine takes of the compiler grows as its states do", { timeout }, () => {
    const counts = (programs: { readonly [file: string]: string }): ReadonlyArray<readonly [string, number]> => {
      const text = typecheck("growth", programs, ["--extendedDiagnostics"], compiler)
      assert.notInclude(text, "error TS")
      const found = [...text.matchAll(/^(Types|Instantiations|.* cache size): +(\d+)$/gm)]
      return found.map((match) => [match[1]!, Number(match[2])])
    }
    const of = (size: number) => counts({ string: machine("string", size), tagged: machine("tagged", size) })
    const none = counts({ string: baseline, tagged: baseline })
    const half = of(150)
    const whole = of(300)
    assert.includeMembers(none.map(([name]) => name), ["Types", "Instantiations"])
    none.forEach(([name, base], i) => {
      const growth = (whole[i]![1] - base) / (half[i]![1] - base)
      assert.isAtMost(growth, 2.2, name)
    })
  })

  const growth = (name: string, program: (size: number) => string): number => {
    const of = (program: string): number => {
      const text = typecheck(name, { program }, ["--extendedDiagnostics"], compiler)
      assert.notInclude(text, "error TS")
      return Number(/^Instantiations: +(\d+)$/m.exec(text)?.[1])
    }
    const none = of(baseline)
    return (of(program(300)) - none) / (of(program(150)) - none)
  }

  it("what parts of one state take of the compiler grows as they do", { timeout }, () => {
    assert.isAtMost(growth("parts", parts), 2.2)
  })

  // Each exit asks all ways whether one is a split into follow-on states, which leaves a small square; it was the cube. What
  // is not linear besides is a run of a long chain with follow-on states, 3.4: which states it reaches is looked for state
  // by state, and each time among all ways.
  it("what exits that are added one by one take of the compiler grows little more than they do", { timeout }, () => {
    assert.isAtMost(growth("exits", exits), 2.8)
  })

  it("a mistake in a machine of 150 states is found where it is made", { timeout }, () => {
    const source = machine("string", 150)
    const line = source.split("\n").findIndex((text) => text.includes("register(\"State79\"")) + 1
    const mistake = source.replace("Effect.succeed(\"State80\")", "Effect.succeed(\"State8O\")")
    const text = typecheck("machines-mistake", { mistake }, [], compiler)
    assert.match(
      text,
      new RegExp(
        `^mistake\\.ts\\(${line},\\d+\\): error TS2345: .*state \\\\"State79\\\\" leads to \\\\"State8O\\\\", which is no state`
      )
    )
  })
})
