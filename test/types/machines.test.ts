import { assert, describe, it } from "@effect/vitest"
import { machine, typecheck } from "./machines.ts"

describe("large machines", () => {
  it("the compiler checks machines of 50 and 150 states, of strings and of tagged values", { timeout: 60_000 }, () => {
    assert.strictEqual(
      typecheck("machines", {
        string50: machine("string", 50),
        tagged50: machine("tagged", 50),
        string150: machine("string", 150),
        tagged150: machine("tagged", 150)
      }),
      ""
    )
  })

  it("a mistake in a machine of 150 states is found where it is made", { timeout: 60_000 }, () => {
    const source = machine("string", 150)
    const line = source.split("\n").findIndex((text) => text.includes("register(\"State79\"")) + 1
    const text = typecheck("machines-mistake", {
      mistake: source.replace("Effect.succeed(\"State80\")", "Effect.succeed(\"State8O\")")
    })
    assert.match(text, new RegExp(`^mistake\\.ts\\(${line},\\d+\\): error TS2345: .*"State8O"`))
  })
})
