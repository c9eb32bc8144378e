/**
 * Laws of observers and reductions: they are told what the reference join says, in its order, and change nothing of it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type { SplitResult } from "effect-cano"
import * as SplitStream from "effect-cano/SplitStream"
import { anySplit, int, model, observe, predicted, runs, same, soundSplit, standalone } from "../kit/index.ts"

type Told = SplitResult.Outcome.Any<unknown, unknown>

/** `SplitStream.make`, as a caller from JavaScript sees it. */
const stream = SplitStream.make as unknown as (branches: unknown, options: object) => Stream.Stream<Told, unknown>

const tell = (told: ReadonlyArray<Told>) => told.map(({ _tag, index }) => `${index} ${_tag}`)

/** What an observer is told of a split: what settled, in that order, then each loser once. */
const isTold = (told: ReadonlyArray<Told>, prediction: model.Prediction): void => {
  const { outcomes, settled } = prediction
  const entry = (index: number) => `${index} ${outcomes[index]}`
  assert.deepStrictEqual(tell(told.slice(0, settled.length)), settled.map(entry))
  const losers = outcomes.flatMap((tag, index) => tag === "Interrupted" ? [entry(index)] : [])
  assert.deepStrictEqual(tell(told.slice(settled.length)).sort(), losers.sort())
}

describe("an observer", () => {
  it.effect.prop("is told what settles, in that order, then of each loser, and changes nothing", {
    split: anySplit
  }, ({ split }) =>
    Effect.gen(function*() {
      const told: Array<Told> = []
      const onOutcome = (outcome: Told) => Effect.sync(() => told.push(outcome))
      const seen = yield* observe(split, (branches, options) => standalone(branches, { ...options, onOutcome }))
      same(predicted(seen), predicted(model.predict(split)))
      if (seen.verdict !== "Pending") isTold(told, model.predict(split))
    }), runs(300))

  it.effect.prop("that takes its time is told the same, and the decision does not wait for it", {
    split: soundSplit,
    tens: int(1, 30)
  }, ({ split, tens }) =>
    Effect.gen(function*() {
      const told: Array<Told> = []
      const onOutcome = (outcome: Told) =>
        Effect.andThen(Effect.sleep(tens * 10), Effect.sync(() => told.push(outcome)))
      const seen = yield* observe(split, (branches, options) => standalone(branches, { ...options, onOutcome }))
      const { endedAt: _, ...prediction } = predicted(model.predict(split))
      same(seen as typeof prediction, prediction)
      isTold(told, model.predict(split))
    }), runs(200))
})

describe("a reduction", () => {
  it.effect.prop("is the fold over what settles", { split: soundSplit }, ({ split }) =>
    Effect.gen(function*() {
      let value: unknown
      const reduce = {
        initial: (): ReadonlyArray<number> => [],
        step: (seen: ReadonlyArray<number>, { index }: Told) => [...seen, index]
      }
      const seen = yield* observe(split, (branches, options) =>
        Effect.tap(standalone(branches, { ...options, reduce }), (result) =>
          Effect.sync(() => {
            value = (result as unknown as SplitResult.Reduced<unknown>).value
          })))
      const { settled, tally, verdict } = model.predict(split)
      same({ tally: seen.tally, verdict: seen.verdict }, { tally, verdict })
      if (verdict === "Proceed") {
        assert.deepStrictEqual(value, settled)
      }
    }), runs(200))
})

describe("a stream", () => {
  it.effect.prop(
    "of outcomes is what an observer is told, and ends as the split does",
    { split: anySplit },
    ({ split }) =>
      Effect.gen(function*() {
        const told: Array<Told> = []
        const seen = yield* observe(split, (branches, options) =>
          Effect.andThen(
            Stream.runForEach(stream(branches, options), (outcome) => Effect.sync(() => told.push(outcome))),
            // a stream has no result to observe
            Effect.succeed({} as never)
          ))
        const prediction = model.predict(split)
        const { cut, started, verdict } = predicted(prediction)
        const ended = predicted(seen)
        same({ cut: ended.cut, started: ended.started, verdict: ended.verdict }, { cut, started, verdict })
        assert.strictEqual(seen.leftRunning, 0)
        if (verdict !== "Pending") isTold(told, prediction)
      }),
    runs(200)
  )
})
