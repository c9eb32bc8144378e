import { assert, describe, it } from "@effect/vitest"
import { candidates, faults } from "./candidates.ts"

describe("the list of mutants", () => {
  it("names texts that occur once and tests that are there, and has no name twice", () => {
    assert.isAbove(candidates.length, 0)
    assert.deepStrictEqual(faults(), [])
  })
})
