/**
 * Times of outcomes: with the option `times` of a split, and not without.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { JoinStrategy, Split, type SplitResult } from "effect-cano"
import { TestClock } from "effect/testing"
import { start } from "../kit/index.ts"

const { all, any, partialTimeout } = JoinStrategy

const timesOf = (outcomes: ReadonlyArray<SplitResult.Outcome.Any<unknown, unknown>>) =>
  outcomes.map(({ _tag, times }) => [_tag, times?.queued, times?.started, times?.ended])

describe("times", () => {
  it.effect("say of each branch when it was known, started and ended, behind a bulkhead too", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust(100)
      const branches = [Effect.sleep(10), Effect.andThen(Effect.sleep(5), Effect.fail("no")), Effect.never, Effect.void]
      const fiber = yield* start(
        Split.run(branches, { strategy: partialTimeout, timeout: 50, bulkhead: 1, times: true })
      )
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(timesOf((yield* Fiber.join(fiber)).outcomes), [
        ["Succeeded", 100, 100, 110],
        ["Failed", 100, 110, 115],
        ["Interrupted", 100, 115, 150],
        ["NotStarted", 100, undefined, undefined]
      ])
    }))

  it.effect("say when a branch was added, and of one that is detached that it has not ended", () =>
    Effect.gen(function*() {
      const growing = Split.growing<unknown>((add) => [
        Effect.andThen(Effect.sleep(10), add([Effect.sleep(5)])),
        Effect.sleep(1)
      ])
      const fiber = yield* start(Split.run(growing, { strategy: all, bulkhead: 5, times: true }))
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(timesOf((yield* Fiber.join(fiber)).outcomes), [
        ["Succeeded", 0, 0, 10],
        ["Succeeded", 0, 0, 1],
        ["Succeeded", 10, 10, 15]
      ])
      const detached = Split.run({ a: Effect.sleep(10), b: Effect.sleep(1) }, {
        strategy: any,
        losers: "detach",
        times: true
      })
      const other = yield* start(
        Effect.scoped(Effect.map(detached, ({ outcomes }) => timesOf(Object.values(outcomes))))
      )
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(yield* Fiber.join(other), [
        ["Detached", 100, 100, undefined],
        ["Succeeded", 100, 100, 101]
      ])
    }))

  it.effect("reach observers, and are not there unless they are asked for", () =>
    Effect.gen(function*() {
      const told: Array<SplitResult.Times | undefined> = []
      const onOutcome = (
        { times }: SplitResult.Succeeded<void> | SplitResult.Failed<never> | SplitResult.Interrupted
      ) => Effect.sync(() => told.push(times))
      yield* Split.run([Effect.void], { strategy: all, onOutcome, discard: true, times: true })
      assert.deepStrictEqual(told, [{ queued: 0, started: 0, ended: 0 }])
      const { outcomes } = yield* Split.run([Effect.void], { strategy: all })
      assert.isFalse("times" in outcomes[0])
    }))
})
