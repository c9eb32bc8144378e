import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TaskResult } from "effect-cano"

describe("split", () => {
  it("holds its follow-on states, in their order, as they were given", () => {
    const states = [{ _tag: "Item", n: 1 }, { _tag: "Item", n: 2 }] as const
    const split = TaskResult.split(states)
    assert.strictEqual(split.states, states)
    assert.deepStrictEqual(TaskResult.split([]).states, [])
  })

  it("is plain data", () => {
    const split = TaskResult.split(["A", "B"])
    assert.deepStrictEqual(JSON.parse(JSON.stringify(split)), split)
  })
})

describe("isSplit", () => {
  it("tells a split from a state and from everything else", () => {
    assert.isTrue(TaskResult.isSplit(TaskResult.split(["A"])))
    for (
      const other of [
        "A",
        { _tag: "Split", states: [] },
        { states: [] },
        null,
        undefined,
        42,
        [],
        Effect.void,
        () => {}
      ]
    ) {
      assert.isFalse(TaskResult.isSplit(other))
    }
  })
})
