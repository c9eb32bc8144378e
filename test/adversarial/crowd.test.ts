/**
 * Many who wait for the same places and need no time once they have one: they must not wake each other on one stack. Where
 * they did, the whole process died ("async hook stack has become corrupted"), which no test of the runner survives.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { Bulkhead, JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import { isIdle, quiet, withYields } from "../kit/index.ts"

const places = 4

/** Holds all places for as long as an effect runs. */
const holders = (bulkhead: Bulkhead.Bulkhead, effect: Effect.Effect<void>) =>
  Effect.forEach(
    Array.from({ length: places }),
    () => Effect.forkChild(bulkhead.withPlace(effect), { startImmediately: true })
  )

/** Bodies that need no time, in the ways in which they may end. */
const bodies = {
  succeed: Effect.succeed("value"),
  fail: Effect.fail("error"),
  die: Effect.die("defect"),
  "interrupt themselves": Effect.interrupt,
  yield: Effect.yieldNow
}

describe("effects behind a bulkhead", () => {
  for (const count of [800, 10_000]) {
    for (const [name, body] of Object.entries(bodies)) {
      it.live(`${count} that ${name} once the first are done are all served`, () =>
        Effect.gen(function*() {
          const bulkhead = yield* Bulkhead.make("shared", { places })
          const gate = yield* Deferred.make<void>()
          const first = yield* holders(bulkhead, Deferred.await(gate))
          const crowd = yield* Effect.forEach(
            Array.from({ length: count }),
            () =>
              Effect.forkChild(bulkhead.withPlace(body as Effect.Effect<unknown, unknown>), { startImmediately: true })
          )
          assert.strictEqual((yield* bulkhead.statistics).waiting, count)
          yield* Deferred.succeed(gate, undefined)
          yield* Fiber.awaitAll([...first, ...crowd])
          yield* isIdle(bulkhead, { places, started: count + places, rejected: 0 })
        }))
    }
  }

  it.live("10,000 cached lookups are all served", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("shared", { places })
      const cached = yield* Effect.cached(Effect.as(Effect.yieldNow, "value"))
      const values = yield* Effect.forEach(
        Array.from({ length: 10_000 }),
        () => bulkhead.withPlace(cached),
        { concurrency: "unbounded" }
      )
      assert.isTrue(values.every((value) => value === "value"))
      yield* isIdle(bulkhead, { places, started: 10_000, rejected: 0 })
    }))

  it.live("10,000 that are interrupted while they wait leave the line, and give no place back", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("shared", { places })
      const first = yield* holders(bulkhead, Effect.never)
      const crowd = yield* Effect.forEach(
        Array.from({ length: 10_000 }),
        () => Effect.forkChild(bulkhead.withPlace(Effect.void), { startImmediately: true })
      )
      yield* Fiber.interruptAll(crowd)
      assert.strictEqual((yield* bulkhead.statistics).waiting, 0)
      yield* Fiber.interruptAll(first)
      yield* isIdle(bulkhead, { places, started: places, rejected: 0 })
    }))

  it.live("10,000 are served at once by a bulkhead that is resized", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("shared", { places: 1 })
      const first = yield* Effect.forkChild(bulkhead.withPlace(Effect.never), { startImmediately: true })
      const crowd = yield* Effect.forEach(
        Array.from({ length: 10_000 }),
        () => Effect.forkChild(bulkhead.withPlace(Effect.void), { startImmediately: true })
      )
      yield* bulkhead.resize(places)
      yield* Fiber.awaitAll(crowd)
      yield* Fiber.interrupt(first)
      yield* isIdle(bulkhead, { places, started: 10_001, rejected: 0 })
    }))
})

describe("branches that wait for an observer", () => {
  for (const bulkhead of [undefined, 8]) {
    it.effect(`are at rest, and no further fibers are started for a lazy list (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        let told = 0
        const branches = Array.from({ length: 60 }, () => Effect.void)
        const fiber = yield* Effect.forkChild(Split.run(() => branches.values(), {
          strategy: JoinStrategy.all,
          bulkhead,
          onOutcome: () => Effect.andThen(Effect.sleep(20), Effect.sync(() => told++))
        }))
        // this dies where fibers run on although the clock stands
        yield* quiet
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(60 * 20)
        yield* Fiber.join(fiber)
        assert.strictEqual(told, 60)
      }).pipe(withYields(0, 0)))
  }
})

describe("splits behind a bulkhead", () => {
  const kinds = {
    "of one branch": [1, (branches: ReadonlyArray<Effect.Effect<void>>) => branches],
    "of three branches": [3, (branches: ReadonlyArray<Effect.Effect<void>>) => branches],
    "of a lazy list": [3, (branches: ReadonlyArray<Effect.Effect<void>>) => () => branches.values()],
    "that grow": [
      3,
      (branches: ReadonlyArray<Effect.Effect<void>>) =>
        Split.growing<void>((add) => [Effect.asVoid(add(branches.slice(1)))])
    ]
  } as const
  for (const count of [800, 10_000]) {
    for (const [name, [size, list]] of Object.entries(kinds)) {
      it.live(`${count} ${name} are all served, beside as many effects`, () =>
        Effect.gen(function*() {
          const bulkhead = yield* Bulkhead.make("shared", { places })
          const gate = yield* Deferred.make<void>()
          const first = yield* holders(bulkhead, Deferred.await(gate))
          const branches = Array.from({ length: size }, () => Effect.void)
          const crowd = yield* Effect.forEach(
            Array.from({ length: count }),
            (_, i) =>
              Effect.forkChild(
                i % 2 === 0
                  // each kind of list is one that `Split.run` takes
                  ? Split.run(list(branches) as typeof branches, {
                    strategy: JoinStrategy.all,
                    bulkhead,
                    discard: true
                  })
                  : bulkhead.withPlace(Effect.void),
                { startImmediately: true }
              )
          )
          yield* Deferred.succeed(gate, undefined)
          yield* Fiber.awaitAll([...first, ...crowd])
          yield* isIdle(bulkhead, { places, started: places + count / 2 * (size + 1), rejected: 0 })
        }), 30_000)
    }
  }
})
