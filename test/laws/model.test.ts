/**
 * Proves the sentences 1 to 5 and 7 to 9 of docs/GUARANTEES.md together: on every generated split the engine does what
 * the reference join of the kit says: verdict, tally, outcome of each branch, order of settling, time of each start, of
 * each interruption and of the end.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { anySplit, model, observe, predicted, registered, runs, same, soundSplit, standalone } from "../kit/index.ts"

describe("the reference join", () => {
  it.effect.prop("agrees with Split.run on every split", { split: anySplit }, ({ split }) =>
    Effect.gen(function*() {
      const seen = yield* observe(split)
      same(predicted(seen), predicted(model.predict(split)))
      assert.strictEqual(seen.leftRunning, 0)
      assert.deepStrictEqual(seen.foreign, [])
    }), runs(600))

  it.effect.prop(
    "agrees with Split.run on every sound split",
    { split: soundSplit },
    ({ split }) =>
      Effect.gen(function*() {
        const seen = yield* observe(split, standalone)
        same(predicted(seen), predicted(model.predict(split)))
      }),
    runs(600)
  )

  it.effect.prop("agrees with a registered split", { split: anySplit }, ({ split }) =>
    Effect.gen(function*() {
      const seen = yield* observe(split, registered)
      same(predicted(seen), predicted(model.predict(split)))
    }), runs(300))
})
