/**
 * Laws of a bulkhead that several splits share: its places are never exceeded and always given back, splits take turns,
 * and a split's own result is what it would be alone.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Fiber, Result } from "effect"
import { Bulkhead, JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import {
  anyBranch,
  branch,
  instant,
  int,
  isIdle,
  listOf,
  makeTrail,
  passTime,
  primeClock,
  quiet,
  runs,
  some,
  strategy,
  toEffect,
  toStrategy,
  traced
} from "../kit/index.ts"

const places = int(1, 4)

/** Splits that are entered one after another, each with its own strategy. */
const splits = some(Arbitrary.all({ branches: listOf(branch), strategy }), 2)

describe("a shared bulkhead", () => {
  it.effect.prop(
    "is never exceeded, and has every place back when its splits have ended",
    { places, splits },
    ({ places, splits }) =>
      Effect.gen(function*() {
        yield* primeClock
        const bulkhead = yield* Bulkhead.make("shared", { places })
        const trail = yield* makeTrail
        const fibers = yield* Effect.forEach(splits, ({ branches, strategy }) =>
          Effect.forkChild(
            Effect.result(Split.run(() => branches.map((branch, i) => traced(trail, branch, i)), {
              strategy: toStrategy(strategy),
              timeout: 5000,
              bulkhead
            })),
            { startImmediately: true }
          ))
        yield* passTime()
        for (const fiber of fibers) assert.isDefined(fiber.pollUnsafe())
        assert.isAtMost(trail.mostRunning, places)
        assert.strictEqual(trail.running, 0)
        assert.strictEqual((yield* bulkhead.statistics).started, trail.started.length)
        yield* isIdle(bulkhead, { places })
      }),
    runs(300)
  )

  it.effect.prop(
    "gives the same outcomes as a bulkhead of its own to splits that wait for every branch",
    { places, splits },
    ({ places, splits }) =>
      Effect.gen(function*() {
        yield* primeClock
        const bulkhead = yield* Bulkhead.make("shared", { places })
        const strategy = JoinStrategy.tolerate({ maxFailures: 1e9 })
        const run = (bulkhead: number | Bulkhead.Bulkhead) =>
          Effect.forEach(splits, ({ branches }) =>
            Effect.forkChild(
              Split.run(branches.map((branch, i) => toEffect(branch, i)), { strategy, bulkhead })
            ))
        const shared = yield* run(bulkhead)
        const own = yield* run(places)
        yield* passTime()
        for (const [i, fiber] of shared.entries()) {
          const { outcomes } = yield* Fiber.join(fiber)
          const alone = yield* Fiber.join(own[i]!)
          assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), alone.outcomes.map(({ _tag }) => _tag))
        }
        yield* isIdle(bulkhead, { places })
      }),
    runs(150)
  )

  it.effect.prop(
    "lets splits that wait take turns",
    { places, sizes: some(int(1, 12), 2), delay: int(1, 5) },
    ({ delay, places, sizes }) =>
      Effect.gen(function*() {
        yield* primeClock
        const bulkhead = yield* Bulkhead.make("shared", { places })
        const order: Array<number> = []
        const entered = yield* Effect.forEach(sizes, (size, split) =>
          Effect.forkChild(
            Split.run(
              Array.from({ length: size }, () =>
                Effect.andThen(Effect.sync(() => order.push(split)), Effect.sleep(delay))),
              { strategy: JoinStrategy.all, bulkhead }
            ),
            { startImmediately: true }
          ))
        yield* quiet
        // whoever came first has taken the places that were free
        const before = order.length
        yield* passTime()
        yield* Effect.forEach(entered, Fiber.join)
        const left = [...sizes]
        for (const split of order.slice(0, before)) {
          left[split]!--
        }
        // from there on each round gives one place to every split that has a branch left
        const turns = order.slice(before)
        while (turns.length > 0) {
          const waiting = left.filter((n) =>
            n > 0
          ).length
          const round = turns.splice(0, waiting)
          assert.strictEqual(new Set(round).size, waiting)
          for (const split of round) left[split]!--
        }
      }),
    runs(200)
  )

  it.effect.prop(
    "has every place back whenever its splits are interrupted",
    { places, splits: some(listOf(anyBranch), 2), instant, resized: places },
    ({ instant, places, resized, splits }) =>
      Effect.gen(function*() {
        yield* primeClock
        const bulkhead = yield* Bulkhead.make("shared", { places })
        const trail = yield* makeTrail
        const fibers = yield* Effect.forEach(splits, (branches) =>
          Effect.forkChild(
            Split.run(branches.map((branch, i) => traced(trail, branch, i)), { strategy: JoinStrategy.all, bulkhead }),
            { startImmediately: true }
          ))
        yield* TestClock.adjust(instant)
        yield* bulkhead.resize(resized)
        const ending = yield* Effect.forkChild(Fiber.interruptAll(fibers))
        yield* passTime()
        yield* Fiber.join(ending)
        assert.isAtMost(trail.mostRunning, Math.max(places, resized))
        assert.strictEqual(trail.running, 0)
        yield* isIdle(bulkhead, { places: resized })
        const after = yield* Effect.result(Split.run([Effect.void], { strategy: JoinStrategy.all, bulkhead }))
        assert.isTrue(Result.isSuccess(after))
      }),
    runs(200)
  )
})
