import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import {
  assertConsistent,
  bulkheads,
  Census,
  endsWithin,
  failed,
  fibersOf,
  interruptAndWait,
  slowToEnd,
  start,
  succeeded,
  tags,
  tally,
  wasInterrupted,
  wideBulkheads
} from "../kit/index.ts"

const timeouts = [undefined, 1000]

describe("a decision inside the synchronous start (semantics 1, 3 and 7; I5)", () => {
  for (const bulkhead of [undefined, 1000]) {
    it.effect(`makes no fibers for what does not start any more (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const branches = Array.from({ length: 1000 }, () => Effect.void)
        const { fibers, value } = yield* fibersOf(Split.run(branches, { strategy: JoinStrategy.any, bulkhead }))
        assert.deepStrictEqual(value.tally, tally(1, 0, 0, 999))
        assert.isBelow(fibers, 10)
      }))
  }

  for (const bulkhead of wideBulkheads) {
    for (const timeout of timeouts) {
      for (const [where, place] of [["first", 0], ["middle", 2], ["last", 4]] as const) {
        it.effect(`by the ${where} branch starts nothing after it (bulkhead ${bulkhead}, timeout ${timeout})`, () =>
          Effect.gen(function*() {
            const trail: Array<string> = []
            const census = new Census()
            const exit = yield* endsWithin(
              Split.run(
                Array.from(
                  { length: 5 },
                  (_, i) => census.count(i === place ? Effect.succeed("won") : slowToEnd(trail, `${i}`, 10))
                ),
                { strategy: JoinStrategy.any, bulkhead, timeout }
              ),
              10
            )
            const result = succeeded(exit)
            assert.deepStrictEqual(result.tally, tally(1, 0, place, 4 - place))
            assert.deepStrictEqual(trail, Array.from({ length: place }, (_, i) => `end ${i}`))
            assert.deepStrictEqual([census.started, census.running], [place + 1, 0])
            assertConsistent(result)
          }))
      }

      it.effect(`by the first failure awaits the suspended ones (bulkhead ${bulkhead}, timeout ${timeout})`, () =>
        Effect.gen(function*() {
          const trail: Array<string> = []
          const fiber = yield* start(Split.run(
            [slowToEnd(trail, "a", 10), Effect.fail("no"), Effect.succeed(1)],
            { strategy: JoinStrategy.allFailFast, bulkhead, timeout }
          ))
          assert.isUndefined(fiber.pollUnsafe())
          yield* TestClock.adjust(10)
          const { result } = failed(yield* Fiber.await(fiber))
          assert.deepStrictEqual(tags(result), ["Interrupted", "Failed", "NotStarted"])
          assert.deepStrictEqual(trail, ["end a"])
        }))
    }
  }

  it.effect("an exit as a branch decides before anything is forked", () =>
    Effect.gen(function*() {
      for (const bulkhead of bulkheads) {
        const result = yield* Split.run([Exit.succeed(1), Effect.never], { strategy: JoinStrategy.any, bulkhead })
        assert.deepStrictEqual(tags(result), ["Succeeded", "NotStarted"])
      }
    }))
})

describe("a branch that resumes another one during the start (semantics 1, 3 and 7; I2, I4)", () => {
  for (const bulkhead of wideBulkheads) {
    it.effect(`which decides: every started one has been recorded (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const census = new Census()
        const result = yield* Split.run([
          census.count(Deferred.await(gate)),
          census.count(Effect.never),
          census.count(Effect.andThen(Deferred.succeed(gate, undefined), Effect.never)),
          census.count(Effect.never)
        ], { strategy: JoinStrategy.any, bulkhead })
        assert.deepStrictEqual(tags(result), ["Succeeded", "Interrupted", "Interrupted", "NotStarted"])
        assert.strictEqual(census.running, 0)
        assertConsistent(result)
      }))

    it.effect(`which settles without deciding: the start goes on in order (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const trail: Array<string> = []
        const note = <A>(name: string, effect: Effect.Effect<A>) =>
          Effect.andThen(Effect.sync(() => trail.push(name)), effect)
        const result = yield* Split.run([
          note("a", Deferred.await(gate)),
          note("b", Deferred.succeed(gate, undefined)),
          note("c", Effect.void)
        ], { strategy: JoinStrategy.all, bulkhead })
        assert.deepStrictEqual(trail, ["a", "b", "c"])
        assert.deepStrictEqual(result.tally, tally(3))
      }))

    it.effect(`in a chain: each resumes the one before it, and the last one decides (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const gates = yield* Effect.forEach([0, 1, 2, 3], () => Deferred.make<void>())
        const census = new Census()
        const branches = gates.map((gate, i) =>
          census.count(Effect.andThen(
            Deferred.await(gate),
            i === 0 ? Effect.succeed("won") : Effect.andThen(Deferred.succeed(gates[i - 1]!, undefined), Effect.never)
          ))
        )
        const trigger = census.count(Effect.andThen(Deferred.succeed(gates[3]!, undefined), Effect.never))
        const result = yield* Split.run([...branches, trigger, Effect.never], { strategy: JoinStrategy.any, bulkhead })
        assert.deepStrictEqual(result.tally, tally(1, 0, 4, 1))
        assert.strictEqual(census.running, 0)
      }))

    it.effect(`resumed losers do not become winners (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const first = Effect.as(Deferred.await(gate), "first")
        const second = Effect.as(Deferred.await(gate), "second")
        const opener = Effect.andThen(Deferred.succeed(gate, undefined), Effect.succeed("opener"))
        const result = yield* Split.run([first, second, opener], { strategy: JoinStrategy.any, bulkhead })
        assert.deepStrictEqual(result.values, ["first"])
        assert.deepStrictEqual({ ...result.tally, notStarted: 0 }, { ...tally(1, 0, 2), notStarted: 0 })
        assertConsistent(result)
      }))
  }
})

describe("interruption during the start (semantics 5)", () => {
  for (const bulkhead of wideBulkheads) {
    it.effect(`by a branch: every started one has ended, and nothing is started twice (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const census = new Census()
        let run: Fiber.Fiber<unknown, unknown> | undefined
        const fiber = yield* Effect.forkChild(Effect.withFiber((self) => {
          run = self
          return Split.run([
            census.count(Effect.never),
            census.count(Effect.andThen(Effect.sync(() => run!.interruptUnsafe()), Effect.never)),
            census.count(Effect.never)
          ], { strategy: JoinStrategy.all, bulkhead })
        }))
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(wasInterrupted(exit))
        assert.deepStrictEqual([census.started, census.running], [3, 0])
      }))

    it.effect(`by the branch that also decides, in its last step, is an interruption (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const census = new Census()
        const fiber = yield* Effect.forkChild(Effect.withFiber((self) =>
          Split.run([
            census.count(Effect.never),
            census.count(Effect.sync(() => self.interruptUnsafe())),
            census.count(Effect.never)
          ], { strategy: JoinStrategy.any, bulkhead })
        ))
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(wasInterrupted(exit))
        assert.deepStrictEqual([census.started, census.running], [2, 0])
      }))
  }

  it.effect("before the first tick starts nothing", () =>
    Effect.gen(function*() {
      const census = new Census()
      const fiber = yield* Effect.forkChild(
        Split.run([census.count(Effect.never)], { strategy: JoinStrategy.all })
      )
      const exit = yield* interruptAndWait(fiber)
      assert.isTrue(wasInterrupted(exit))
      assert.strictEqual(census.started, 0)
    }))
})

describe("fully synchronous splits (semantics 7)", () => {
  for (const bulkhead of bulkheads) {
    it(`end within Effect.runSync (bulkhead ${bulkhead})`, () => {
      const result = Effect.runSync(
        Split.run(Array.from({ length: 100 }, (_, i) => Effect.sync(() => i)), { strategy: JoinStrategy.all, bulkhead })
      )
      assert.deepStrictEqual(result.tally, tally(100))
      assert.deepStrictEqual(result.settled.map((outcome) => outcome.index), Array.from({ length: 100 }, (_, i) => i))
    })
  }

  it("a synchronous decision over waiting branches ends within Effect.runSync, too", () => {
    const result = Effect.runSync(Split.run([Effect.never, Effect.succeed(1)], { strategy: JoinStrategy.any }))
    assert.deepStrictEqual(result.tally, tally(1, 0, 1))
  })
})
