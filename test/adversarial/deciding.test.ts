import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Latch } from "effect"
import { JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import {
  assertConsistent,
  bulkheads,
  Census,
  defectLog,
  endsWithin,
  failed,
  slowToEnd,
  start,
  stubborn,
  succeeded,
  tags,
  tally,
  wideBulkheads
} from "../kit/index.ts"

describe("what losers do after the decision (semantics 1 and 3; I1, I2)", () => {
  for (const bulkhead of wideBulkheads) {
    it.effect(`success, failure and death of an uninterruptible loser count as Interrupted (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const { layer, logged } = defectLog()
        const exit = yield* endsWithin(
          Effect.provide(
            Split.run([
              stubborn(20, Effect.succeed("late")),
              stubborn(30, Effect.fail("late")),
              stubborn(40, Effect.die("late")),
              Effect.as(Effect.sleep(10), "won")
            ], { strategy: JoinStrategy.any, bulkhead }),
            layer
          ),
          40
        )
        const result = succeeded(exit)
        assert.deepStrictEqual(result.tally, tally(1, 0, 3))
        assert.deepStrictEqual(result.values, ["won"])
        assert.deepStrictEqual(result.failures, [])
        assert.deepStrictEqual(logged, ["late"])
        assertConsistent(result)
      }))

    it.effect(`a failing finalizer stays in its outcome and is not logged (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const { layer, logged } = defectLog()
        const failing = Effect.catchCause(
          Effect.onInterrupt(Effect.never, () => Effect.sleep(5)),
          (cause) => Effect.failCause(Cause.combine(cause, Cause.fail("cleanup")))
        )
        const exit = yield* endsWithin(
          Effect.provide(
            Split.run([failing, Effect.sleep(10)], { strategy: JoinStrategy.any, bulkhead }),
            layer
          ),
          15
        )
        const [outcome] = succeeded(exit).outcomes
        assert.strictEqual(outcome._tag, "Interrupted")
        assert.deepStrictEqual(logged, [])
      }))

    it.effect(`a finalizer that waits for a latch holds the split until it opens (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const latch = yield* Latch.make()
        const loser = Effect.onInterrupt(Effect.never, () => latch.await)
        const fiber = yield* start(
          Split.run([loser, Effect.sleep(10)], { strategy: JoinStrategy.any, bulkhead, timeout: 50 })
        )
        yield* TestClock.adjust("1 hour")
        assert.isUndefined(fiber.pollUnsafe())
        yield* latch.open
        const result = yield* Fiber.join(fiber)
        assert.isFalse(result.timedOut)
        assert.deepStrictEqual(result.tally, tally(1, 0, 1))
      }))

    it.effect(`a loser that succeeds in the very tick of the decision changes nothing (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const exit = yield* endsWithin(
          Split.run(
            Array.from({ length: 4 }, (_, i) => Effect.as(Effect.sleep(10), i)),
            { strategy: JoinStrategy.quorum(2), bulkhead }
          ),
          10
        )
        const result = succeeded(exit)
        assert.deepStrictEqual(result.tally, tally(2, 0, 2))
        assert.deepStrictEqual(result.values, [0, 1])
      }))

    it.effect(`a dying loser is logged once, for a decision and a deadline alike (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const cases = [
          [JoinStrategy.any, 1000, Effect.sleep(10)],
          [JoinStrategy.all, 10, Effect.void],
          [JoinStrategy.partialTimeout, 10, Effect.void]
        ] as ReadonlyArray<readonly [JoinStrategy.JoinStrategy, number, Effect.Effect<void>]>
        for (const [strategy, timeout, decider] of cases) {
          const { layer, logged } = defectLog()
          const died = (name: string) =>
            Effect.ensuring(Effect.never, Effect.andThen(Effect.sleep(5), Effect.die(name)))
          const exit = yield* endsWithin(
            Effect.provide(Split.run([died("a"), decider, died("b")], { strategy, timeout, bulkhead }), layer),
            20
          )
          const result = Exit.isSuccess(exit) ? exit.value : failed(exit).result
          assert.deepStrictEqual(tags(result), ["Interrupted", "Succeeded", "Interrupted"])
          assert.deepStrictEqual(logged, ["a", "b"])
        }
      }))
  }

  it.effect("a dying loser is logged under discard, too", () =>
    Effect.gen(function*() {
      const { layer, logged } = defectLog()
      const result = yield* Effect.provide(
        Split.run([Effect.ensuring(Effect.never, Effect.die("bug")), Effect.void], {
          strategy: JoinStrategy.any,
          discard: true
        }),
        layer
      )
      assert.deepStrictEqual(result.tally, tally(1, 0, 1))
      assert.deepStrictEqual(logged, ["bug"])
    }))

  it.effect("a branch that dies before the decision is a failure, and nothing is logged", () =>
    Effect.gen(function*() {
      const { layer, logged } = defectLog()
      const exit = yield* Effect.exit(
        Effect.provide(Split.run([Effect.die("bug"), Effect.void], { strategy: JoinStrategy.all }), layer)
      )
      assert.deepStrictEqual(failed(exit).result.tally, tally(1, 1))
      assert.deepStrictEqual(logged, [])
    }))
})

describe("deadlines (semantics 2)", () => {
  for (const bulkhead of wideBulkheads) {
    it.effect(`a decision and the deadline at one instant: either wins, and all agree on it (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        for (
          const strategy of [JoinStrategy.all, JoinStrategy.any, JoinStrategy.partialTimeout, JoinStrategy.quorum(2)]
        ) {
          const census = new Census()
          const exit = yield* endsWithin(
            Split.run(
              [0, 1].map(() => census.count(Effect.sleep(50))),
              { strategy: strategy as JoinStrategy.JoinStrategy<"Any", 0>, bulkhead, timeout: 50 }
            ),
            50
          )
          const result = Exit.isSuccess(exit) ? exit.value : failed(exit).result
          assert.strictEqual(census.running, 0)
          assertConsistent(result)
          if (Exit.isFailure(exit)) {
            assert.strictEqual(failed(exit)._tag, "JoinTimeoutError")
            assert.isTrue(result.timedOut)
          } else assert.isAtLeast(result.tally.succeeded, 1)
        }
      }))

    it.effect(`the deadline passes while losers finalize: the decision stands (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        for (const strategy of [JoinStrategy.any, JoinStrategy.partialResults(1)]) {
          const exit = yield* endsWithin(
            Split.run([slowToEnd(trail, "a", 100), Effect.sleep(10)], {
              strategy: strategy as JoinStrategy.JoinStrategy<"Any", 0>,
              timeout: 50,
              bulkhead
            }),
            110
          )
          assert.isFalse(succeeded(exit).timedOut)
        }
        const exit = yield* endsWithin(
          Split.run([slowToEnd(trail, "a", 100), Effect.andThen(Effect.sleep(10), Effect.fail("no"))], {
            strategy: JoinStrategy.allFailFast,
            timeout: 50,
            bulkhead
          }),
          110
        )
        assert.strictEqual(failed(exit)._tag, "JoinUnsatisfiedError")
        assert.isFalse(failed(exit).result.timedOut)
      }))

    it.effect(`losers that finalize after the deadline are awaited, and can't revise it (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const fiber = yield* start(
          Split.run([stubborn(200, Effect.succeed(1)), stubborn(100, Effect.succeed(2))], {
            strategy: JoinStrategy.all,
            timeout: 50,
            bulkhead
          })
        )
        yield* TestClock.adjust(199)
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        const error = failed(yield* Fiber.await(fiber))
        assert.strictEqual(error._tag, "JoinTimeoutError")
        assert.deepStrictEqual(error.result.tally, tally(0, 0, 2))
      }))
  }

  it.effect("the clock runs while branches queue: the queued ones are NotStarted", () =>
    Effect.gen(function*() {
      const exit = yield* endsWithin(
        Split.run(Array.from({ length: 4 }, () => Effect.sleep(30)), {
          strategy: JoinStrategy.partialTimeout,
          timeout: 50,
          bulkhead: 1
        }),
        50
      )
      assert.deepStrictEqual(tags(succeeded(exit)), ["Succeeded", "Interrupted", "NotStarted", "NotStarted"])
    }))

  it.effect("a timeout of zero ends at once, with every branch accounted for", () =>
    Effect.gen(function*() {
      for (const bulkhead of bulkheads) {
        for (const strategy of [JoinStrategy.all, JoinStrategy.any, JoinStrategy.partialTimeout]) {
          const census = new Census()
          const exit = yield* endsWithin(
            Split.run([census.count(Effect.sleep(10)), census.count(Effect.never)], {
              strategy: strategy as JoinStrategy.JoinStrategy<"Any", 0>,
              timeout: 0,
              bulkhead
            }),
            0
          )
          const error = failed(exit)
          assert.strictEqual(error._tag, "JoinTimeoutError")
          assert.strictEqual(census.running, 0)
          assertConsistent(error.result)
        }
      }
    }))

  it.effect("an infinite timeout never passes", () =>
    Effect.gen(function*() {
      for (const timeout of [Number.POSITIVE_INFINITY, "Infinity"] as const) {
        const exit = yield* endsWithin(
          Split.run([Effect.sleep("100 days"), Effect.sleep(5)], { strategy: JoinStrategy.all, timeout }),
          100 * 24 * 3600 * 1000
        )
        assert.deepInclude(succeeded(exit), { timedOut: false })
      }
    }))

  it.effect("the deadline of a lazy list is told how many were started", () =>
    Effect.gen(function*() {
      const exit = yield* endsWithin(
        Split.run(function*() {
          for (;;) yield Effect.sleep(20)
        }, { strategy: JoinStrategy.all, bulkhead: 2, timeout: 50 }),
        50
      )
      assert.deepStrictEqual(failed(exit).result.tally, tally(4, 0, 2))
      assert.match(failed(exit).message, /all of 6: 4 succeeded, 0 failed, 2 interrupted/)
    }))
})

describe("no value of the engine appears in a cause (semantics 3)", () => {
  const strategies: ReadonlyArray<readonly [JoinStrategy.JoinStrategy, number | undefined]> = [
    [JoinStrategy.any, undefined],
    [JoinStrategy.allFailFast, undefined],
    [JoinStrategy.partialTimeout, 20],
    [JoinStrategy.all, 20]
  ]
  for (const [strategy, timeout] of strategies) {
    for (const bulkhead of [undefined, 2, 8]) {
      it.effect(`only interrupts by fibers, and the branches' own (${strategy._tag}, bulkhead ${bulkhead})`, () =>
        Effect.gen(function*() {
          const error = new Error("mine")
          const exit = yield* endsWithin(
            Split.run([
              Effect.never,
              Effect.andThen(Effect.sleep(5), strategy._tag === "Any" ? Effect.succeed(1) : Effect.fail(error)),
              Effect.ensuring(Effect.never, Effect.die(error)),
              Effect.andThen(Effect.sleep(1), Effect.interrupt)
            ], { strategy, timeout, bulkhead }),
            20
          )
          const result = Exit.isSuccess(exit) ? exit.value : failed(exit).result
          for (const outcome of result.outcomes) {
            if (!("cause" in outcome)) continue
            for (const reason of outcome.cause.reasons) {
              if (reason._tag === "Fail") assert.strictEqual(reason.error, error)
              else if (reason._tag === "Die") assert.strictEqual(reason.defect, error)
              else assert.isTrue(reason.fiberId === undefined || Number.isInteger(reason.fiberId))
            }
          }
          if (Exit.isFailure(exit)) assert.deepStrictEqual(exit.cause.reasons.map((reason) => reason._tag), ["Fail"])
        }))
    }
  }
})

describe("results are kept (semantics 1; I1)", () => {
  it.effect("a result does not change after the run, and is the same on every reading", () =>
    Effect.gen(function*() {
      for (const bulkhead of wideBulkheads) {
        const exit = yield* endsWithin(
          Split.run([stubborn(20, Effect.succeed(0)), Effect.as(Effect.sleep(10), 1), Effect.fail("no")], {
            strategy: JoinStrategy.any,
            bulkhead
          }),
          20
        )
        const result = succeeded(exit)
        const before = JSON.stringify(result)
        const { outcomes, values } = result
        yield* TestClock.adjust("1 day")
        assert.strictEqual(JSON.stringify(result), before)
        assert.deepStrictEqual(result.outcomes, outcomes)
        assert.deepStrictEqual(result.values, values)
      }
    }))

  it.effect("two runs of one effect share nothing", () =>
    Effect.gen(function*() {
      let n = 0
      const split = Split.run([Effect.sync(() => ++n), Effect.sync(() => ++n)], { strategy: JoinStrategy.all })
      const one = yield* split
      const two = yield* split
      assert.deepStrictEqual([one.values, two.values], [[1, 2], [3, 4]])
    }))
})

describe("a race of everything with everything", () => {
  it.effect("a decision by each place, at each time, leaves consistent results and nobody running", () =>
    Effect.gen(function*() {
      for (const bulkhead of [undefined, 1, 2, 3]) {
        for (const timeout of [undefined, 15]) {
          for (let winner = 0; winner < 4; winner++) {
            for (const at of [0, 10, 20]) {
              const census = new Census()
              const gate = yield* Deferred.make<void>()
              const branches = Array.from({ length: 4 }, (_, i) =>
                census.count(
                  i === winner
                    ? Effect.andThen(at === 0 ? Effect.void : Effect.sleep(at), Effect.succeed(i))
                    : i % 2 === 0
                    ? Effect.andThen(Effect.sleep(10), Effect.fail(i))
                    : Effect.andThen(Deferred.await(gate), Effect.succeed(i))
                ))
              const fiber = yield* start(Split.run(branches, { strategy: JoinStrategy.any, bulkhead, timeout }))
              yield* TestClock.adjust(40)
              yield* Deferred.succeed(gate, undefined)
              yield* TestClock.adjust(40)
              const exit = yield* Fiber.await(fiber)
              const result = Exit.isSuccess(exit) ? exit.value : failed(exit).result
              assertConsistent(result)
              assert.strictEqual(census.running, 0)
              assert.strictEqual(census.started, result.tally.total - result.tally.notStarted)
              assert.isAtMost(census.most, bulkhead ?? 4)
            }
          }
        }
      }
    }))
})
