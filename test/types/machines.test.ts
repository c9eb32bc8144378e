import { assert, describe, it } from "@effect/vitest"
import { baseline, compilers, exits, machine, typecheck } from "./machines.ts"

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

  // Each exit asks the ways for splits into follow-on states, which leaves a small square; it was the cube. A merge for each
  // state, and a run of a machine with follow-on states, ask all ways for the same reason, and grow 3.4-fold.
  it("what exits that are added one by one take of the compiler grows little more than they do", { timeout }, () => {
    const instantiations = (program: string): number =>
      Number(
        /^Instantiations: +(\d+)$/m.exec(typecheck("exits", { program }, ["--extendedDiagnostics"], compiler))?.[1]
      )
    const none = instantiations(baseline)
    assert.isAtMost((instantiations(exits(300)) - none) / (instantiations(exits(150)) - none), 2.8)
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
