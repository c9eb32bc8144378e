/**
 * Places of a shared bulkhead: what is counted of those who wait, and how long a place is held by whom.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { Bulkhead, JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import { collectGarbage, start } from "../kit/index.ts"

const { all } = JoinStrategy

describe("what waits for a place (I7)", () => {
  for (const count of [3, 7]) {
    it.effect(`is never less than nothing, though ${count} branches that take no time share a place`, () =>
      Effect.gen(function*() {
        const bulkhead = yield* Bulkhead.make("db", { places: count, maxWaiting: 0 })
        const look = Effect.map(bulkhead.statistics, ({ waiting }) => waiting)
        const { values } = yield* Split.run(Array.from({ length: count }, () => look), { strategy: all, bulkhead })
        assert.deepStrictEqual(values, new Array(count).fill(0))
      }))
  }

  it.effect("is no branch that has been given a place and has yet to start", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1, maxWaiting: 3 })
      const branches = Array.from({ length: 3 }, () => Effect.sleep(1))
      const split = yield* start(Split.run(branches, { strategy: all, bulkhead }))
      const three = Effect.all(Array.from({ length: 3 }, () => bulkhead.withPlace(Effect.void)), { concurrency: 3 })
      // served before the last branch, which gets its place; three may wait then
      const before = yield* start(Effect.andThen(bulkhead.withPlace(Effect.sleep(1)), three))
      yield* TestClock.adjust(10)
      assert.lengthOf(yield* Fiber.join(before), 3)
      yield* Fiber.join(split)
      assert.deepStrictEqual(yield* bulkhead.statistics, { places: 1, inUse: 0, waiting: 0, started: 7, rejected: 0 })
    }))
})

describe("a place that a split gives up", () => {
  it.effect("is asked for again, also when the split has lost its turn while a branch settled", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 2 })
      const holder = yield* start(bulkhead.withPlace(Effect.never))
      // as long as the reducer runs, the place of the first branch is the one for the second
      const reduce = {
        initial: () => 0,
        step: (n: number) => {
          holder.interruptUnsafe()
          return n + 1
        }
      }
      // its child ends its slot
      const first = Effect.andThen(Effect.sleep(1), Effect.forkChild(Effect.void))
      const split = yield* start(Split.run([first, Effect.sleep(1)], { strategy: all, bulkhead, reduce }))
      yield* start(bulkhead.withPlace(Effect.sleep(1)))
      yield* start(bulkhead.withPlace(Effect.sleep(1)))
      yield* TestClock.adjust(100)
      assert.isDefined(split.pollUnsafe(), "it has ended")
      assert.strictEqual((yield* Fiber.join(split)).value, 2)
      assert.deepStrictEqual(yield* bulkhead.statistics, { places: 2, inUse: 0, waiting: 0, started: 5, rejected: 0 })
    }))
})

describe("a place that was given back (I7)", () => {
  for (
    const [kind, within] of [
      ["an effect", (bulkhead: Bulkhead.Bulkhead, body: Effect.Effect<unknown>) => bulkhead.withPlace(body)],
      [
        "a split",
        (bulkhead: Bulkhead.Bulkhead, body: Effect.Effect<unknown>) => Split.run([body], { strategy: all, bulkhead })
      ]
    ] as const
  ) {
    it.effect(`is remembered by nobody that was started in it, however long the chain (${kind})`, () =>
      Effect.gen(function*() {
        const generations = 200
        const ended = yield* Deferred.make<void>()
        const bulkheads: Array<WeakRef<Bulkhead.Bulkhead>> = []
        const generation = (left: number): Effect.Effect<unknown> =>
          Effect.suspend(() => {
            if (left === 0) {
              collectGarbage()
              return Deferred.succeed(ended, undefined)
            }
            return Effect.flatMap(Effect.orDie(Bulkhead.make("db", { places: 1 })), (bulkhead) => {
              bulkheads.push(new WeakRef(bulkhead))
              const next = Effect.forkDetach(Effect.andThen(Effect.yieldNow, generation(left - 1)))
              return Effect.orDie(within(bulkhead, next) as Effect.Effect<unknown, unknown>)
            })
          })
        yield* generation(generations)
        yield* Deferred.await(ended)
        const left = bulkheads.filter((ref) => ref.deref() !== undefined).length
        assert.isBelow(left, 20)
      }))
  }
})
