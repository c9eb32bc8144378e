import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Option } from "effect"
import { JoinStrategy, Split, SplitResult } from "effect-cano"
import { inspect } from "node:util"
import { after, endsWithin, failAfter } from "../kit/index.ts"

/** What an effect ends with by a time of the test clock. */
const ends = <A, E, R>(effect: Effect.Effect<A, E, R>, millis: number) => Effect.flatten(endsWithin(effect, millis))

const errors = <E>(failures: ReadonlyArray<SplitResult.Failed<E>>) =>
  failures.map((failure) => Option.getOrThrow(Cause.findErrorOption(failure.cause)))

describe("a result", () => {
  it.effect("tells how each branch ended", () =>
    Effect.gen(function*() {
      const result = yield* ends(
        Split.run([Effect.never, failAfter(5, "no"), after(10, "a"), after(10, "b"), after(0, "c"), after(0, "d")], {
          strategy: JoinStrategy.partialResults(3),
          bulkhead: 2
        }),
        25
      )
      // the second slot runs all but the first branch, one after another
      assert.deepStrictEqual(result.outcomes.map((outcome) => outcome._tag), [
        "Interrupted",
        "Failed",
        "Succeeded",
        "Succeeded",
        "NotStarted",
        "NotStarted"
      ])
    }))

  it.effect("has its parts in branch order, and the settled ones in the order of time", () =>
    Effect.gen(function*() {
      const result = yield* ends(
        Split.run(
          {
            late: Effect.never,
            slow: after(30, "s"),
            bad: failAfter(20, "no"),
            quick: after(10, "q"),
            worse: failAfter(5, "never"),
            queued: Effect.succeed("x")
          },
          // "worse" takes the slot of "quick" and fails at 15 ms, "queued" would be the second success
          { strategy: JoinStrategy.quorum(2), bulkhead: 4 }
        ),
        30
      )
      assert.deepStrictEqual(result.values, { quick: "q", queued: "x" })
      assert.deepStrictEqual(result.settled.map((outcome) => outcome.name), ["quick", "worse", "queued"])
      assert.deepStrictEqual(errors(result.failures), ["never"])
      assert.deepStrictEqual(result.cancelled.map((outcome) => outcome.name), ["late", "slow", "bad"])
      assert.deepStrictEqual(result.tally, { total: 6, succeeded: 2, failed: 1, interrupted: 3, notStarted: 0 })
      assert.isFalse(result.timedOut)
      assert.deepStrictEqual(result.outcomes.quick, { _tag: "Succeeded", index: 3, name: "quick", value: "q" })
      assert.deepInclude(result.outcomes.worse, { _tag: "Failed", index: 4, name: "worse" })
      assert.deepInclude(result.outcomes.late, { _tag: "Interrupted", index: 0, name: "late" })
    }))

  it.effect("names the branches that were never started", () =>
    Effect.gen(function*() {
      const result = yield* Split.run([Effect.succeed(1), Effect.succeed(2), Effect.succeed(3)], {
        strategy: JoinStrategy.any
      })
      assert.deepStrictEqual(result.outcomes, [
        { _tag: "Succeeded", index: 0, name: "0", value: 1 },
        { _tag: "NotStarted", index: 1, name: "1" },
        { _tag: "NotStarted", index: 2, name: "2" }
      ])
      assert.deepStrictEqual(result.cancelled, result.outcomes.slice(1) as Array<SplitResult.NotStarted>)
      assert.deepStrictEqual(result.tally, { total: 3, succeeded: 1, failed: 0, interrupted: 0, notStarted: 2 })
    }))

  it.effect("calls a loser interrupted that would not be, and ended well", () =>
    Effect.gen(function*() {
      const result = yield* ends(
        Split.run([after(10, "first"), Effect.uninterruptible(after(30, "late"))], { strategy: JoinStrategy.any }),
        30
      )
      assert.deepStrictEqual(result.values, ["first"])
      const [, late] = result.outcomes
      assert.deepInclude(late, { _tag: "Interrupted", index: 1, name: "1" })
      assert.isTrue(late._tag === "Interrupted" && Cause.hasInterruptsOnly(late.cause))
    }))

  it.effect("calls a loser interrupted that succeeds after it has set off the decision", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<string>()
      const result = yield* Split.run([
        Deferred.await(gate),
        Effect.as(Deferred.succeed(gate, "first"), "late")
      ], { strategy: JoinStrategy.any })
      assert.deepStrictEqual(result.values, ["first"])
      const [, late] = result.outcomes
      assert.isTrue(late._tag === "Interrupted" && Cause.hasInterruptsOnly(late.cause))
      assert.deepStrictEqual(result.tally, { total: 2, succeeded: 1, failed: 0, interrupted: 1, notStarted: 0 })
    }))

  it.effect("has the shape of the list that an Effect or a function gives", () =>
    Effect.gen(function*() {
      const strategy = JoinStrategy.all
      const record = { a: Effect.succeed(1), b: Effect.succeed(2) }
      assert.deepStrictEqual((yield* Split.run(Effect.succeed(record), { strategy })).values, { a: 1, b: 2 })
      assert.deepStrictEqual((yield* Split.run(() => record, { strategy })).values, { a: 1, b: 2 })
      assert.deepStrictEqual((yield* Split.run(() => Effect.succeed([record.b]), { strategy })).values, [2])
    }))

  it.effect("has every value in the shape of the branches under all and allFailFast", () =>
    Effect.gen(function*() {
      for (const strategy of [JoinStrategy.all, JoinStrategy.allFailFast]) {
        const tuple = yield* Split.run([Effect.succeed(1), Effect.succeed("a")], { strategy })
        assert.deepStrictEqual(tuple.values, [1, "a"])
        const record = yield* Split.run({ n: Effect.succeed(1), s: Effect.succeed("a") }, { strategy })
        assert.deepStrictEqual(record.values, { n: 1, s: "a" })
      }
    }))

  it.effect("has the values of those that succeeded under the others, and of a record their names", () =>
    Effect.gen(function*() {
      const strategies = [
        { strategy: JoinStrategy.any, values: { n: 1 } },
        { strategy: JoinStrategy.quorum(2), values: { n: 1, s: "a" } },
        { strategy: JoinStrategy.percentage(0.3), values: { n: 1 } },
        { strategy: JoinStrategy.partialResults(3), values: { n: 1, s: "a" } },
        { strategy: JoinStrategy.optional(JoinStrategy.all, ["no"]), values: { n: 1, s: "a" } }
      ]
      for (const { strategy, values } of strategies) {
        const branches = { n: Effect.succeed(1), no: Effect.fail("no"), s: Effect.succeed("a") }
        const record = yield* Split.run(branches, { strategy })
        assert.deepStrictEqual(record.values, values)
        assert.deepStrictEqual(Object.keys(record.outcomes), ["n", "no", "s"])
        const list = yield* Split.run(Object.values(branches), { strategy: JoinStrategy.partialResults(3) })
        assert.deepStrictEqual(list.values, [1, "a"])
      }
    }))

  it.effect("has a branch among its values that succeeded with undefined, and not one that did not succeed", () =>
    Effect.gen(function*() {
      const { values } = yield* Split.run({ ["__proto__"]: Effect.void, none: Effect.fail("no") }, {
        strategy: JoinStrategy.partialResults(2)
      })
      assert.deepStrictEqual(Object.entries(values), [["__proto__", undefined]])
    }))

  it.effect("of an error has the shape of the branches", () =>
    Effect.gen(function*() {
      const branches = { a: after(20, 1), b: failAfter(5, "no"), c: after(10, 3) }
      const error = yield* ends(Effect.flip(Split.run(branches, { strategy: JoinStrategy.all })), 20)
      if (error._tag !== "JoinUnsatisfiedError") return assert.fail(error.message)
      assert.deepStrictEqual(error.result.values, { a: 1, c: 3 })
      assert.deepStrictEqual(Object.keys(error.result.outcomes), ["a", "b", "c"])
      assert.strictEqual(error.result.outcomes.b._tag, "Failed")
      assert.deepStrictEqual(error.result.failures.map(({ name }) => name), ["b"])
      const late = yield* ends(
        Effect.flip(Split.run(branches, { strategy: JoinStrategy.all, timeout: 15, bulkhead: 2 })),
        15
      )
      if (late._tag !== "JoinTimeoutError") return assert.fail(late.message)
      assert.deepStrictEqual(late.result.values, {})
      const { a, b, c } = late.result.outcomes
      assert.deepStrictEqual([a._tag, b._tag, c._tag], ["Interrupted", "Failed", "Interrupted"])
      const list = yield* ends(
        Effect.flip(Split.run([after(5, 1), failAfter(5, "no"), after(10, 3)], { strategy: JoinStrategy.all })),
        10
      )
      if (list._tag !== "JoinUnsatisfiedError") return assert.fail(list.message)
      assert.deepStrictEqual(list.result.values, [1, 3])
      assert.deepStrictEqual(list.result.outcomes.map(({ name }) => name), ["0", "1", "2"])
    }))

  it.effect("of an error is a list of the first failures, whatever the branches were, where the rest was not kept", () =>
    Effect.gen(function*() {
      const branches = { a: Effect.succeed(1), b: Effect.fail("no"), c: Effect.succeed(3) }
      const discarded = yield* Effect.flip(Split.run(branches, { strategy: JoinStrategy.all, discard: true }))
      const reduce = { initial: () => 0, step: (n: number) => n + 1 }
      const reduced = yield* Effect.flip(Split.run(branches, { strategy: JoinStrategy.all, reduce }))
      for (const error of [discarded, reduced]) {
        if (error._tag !== "JoinUnsatisfiedError") return assert.fail(error.message)
        assert.deepStrictEqual(error.result.values, [])
        assert.deepStrictEqual(error.result.outcomes.map(({ name }) => name), ["b"])
      }
    }))

  it.effect("says whether the deadline decided", () =>
    Effect.gen(function*() {
      const strategy = JoinStrategy.partialTimeout
      const late = yield* ends(Split.run([after(10, 1), after(60, 2)], { strategy, timeout: 50 }), 50)
      assert.isTrue(late.timedOut)
      const early = yield* ends(Split.run([after(10, 1)], { strategy, timeout: 50 }), 50)
      assert.isFalse(early.timedOut)
    }))

  it.effect("takes any name of a branch, \"__proto__\" too", () =>
    Effect.gen(function*() {
      const branches: { readonly [name: string]: Effect.Effect<number> } = JSON.parse(
        "{ \"__proto__\": 1, \"constructor\": 2, \"toString\": 3 }",
        (_, value) => typeof value === "number" ? Effect.succeed(value) : value
      )
      const result = yield* Split.run(branches, { strategy: JoinStrategy.all })
      assert.deepStrictEqual(Object.entries(result.values), [["__proto__", 1], ["constructor", 2], ["toString", 3]])
      assert.deepStrictEqual(Object.values(result.outcomes).map((outcome) => outcome.name), [
        "__proto__",
        "constructor",
        "toString"
      ])
      assert.strictEqual(Object.getPrototypeOf(result.outcomes), Object.prototype)
    }))

  it.effect("is plain data: it can be spread, compared, sent and printed", () =>
    Effect.gen(function*() {
      const split = Split.run({ a: Effect.succeed(1), b: Effect.succeed("x") }, { strategy: JoinStrategy.all })
      const result = yield* split
      assert.deepStrictEqual({ ...result }, result)
      assert.deepStrictEqual(yield* split, result)
      assert.deepStrictEqual(JSON.parse(JSON.stringify(result)), result)
      assert.strictEqual(
        inspect(result, { depth: 1, breakLength: 100 }),
        `{
  tally: { total: 2, succeeded: 2, failed: 0, interrupted: 0, notStarted: 0 },
  timedOut: false,
  values: { a: 1, b: 'x' },
  outcomes: { a: [Object], b: [Object] },
  failures: [],
  cancelled: [],
  settled: [ [Object], [Object] ]
}`
      )
    }))
})

describe("discard", () => {
  it.effect("keeps the tally and no value", () =>
    Effect.gen(function*() {
      const result: object = yield* Split.run([Effect.succeed(1), Effect.fail("no"), Effect.never], {
        strategy: JoinStrategy.partialResults(2),
        discard: true
      })
      assert.deepStrictEqual(result, {
        tally: { total: 3, succeeded: 1, failed: 1, interrupted: 0, notStarted: 1 },
        timedOut: false
      })
    }))

  it.effect("keeps the first three failures in branch order for the message of its error", () =>
    Effect.gen(function*() {
      const millis = [60, 20, 10, 50, 40, 30, 70]
      const error: any = yield* ends(
        Effect.flip(
          Split.run(() => [after(5, 1), ...millis.map((at, i) => failAfter(at, `f${i + 1}`))], {
            strategy: JoinStrategy.all,
            discard: true
          })
        ),
        70
      )
      assert.deepStrictEqual(errors(error.result.failures), ["f1", "f2", "f3"])
      assert.deepStrictEqual(error.result.failures.map((failure: any) => [failure.index, failure.name]), [
        [1, "1"],
        [2, "2"],
        [3, "3"]
      ])
      assert.deepStrictEqual(error.result.tally, { total: 8, succeeded: 1, failed: 7, interrupted: 0, notStarted: 0 })
      assert.strictEqual(error.message, "all of 8: 1 succeeded, 7 failed: 1: f1; 2: f2; 3: f3; and 4 more")
    }))

  it.effect("counts the losers", () =>
    Effect.gen(function*() {
      const result = yield* ends(
        Split.run({ a: after(10, 1), b: Effect.never }, { strategy: JoinStrategy.any, discard: true }),
        10
      )
      assert.deepStrictEqual(result.tally, { total: 2, succeeded: 1, failed: 0, interrupted: 1, notStarted: 0 })
    }))
})

describe("guards", () => {
  it.effect("tell the outcomes apart", () =>
    Effect.gen(function*() {
      const { outcomes } = yield* ends(
        Split.run(() => [Effect.fail("no"), after(10, 1), Effect.never], { strategy: JoinStrategy.any }),
        10
      )
      assert.deepStrictEqual(outcomes.map((outcome) => SplitResult.isSucceeded(outcome)), [false, true, false])
      assert.deepStrictEqual(outcomes.map((outcome) => SplitResult.isFailed(outcome)), [true, false, false])
    }))
})
