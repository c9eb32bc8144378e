/**
 * Laws of the join, each an equation between two splits or between a split and its parts: the table of strategies and the
 * sentences 1, 2, 4, 5, 7 and 8 of docs/GUARANTEES.md.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Effect, Exit } from "effect"
import { JoinStrategy } from "effect-cano"
import type { SplitResult } from "effect-cano"
import {
  anyBranch,
  anySplit,
  branch,
  bulkhead,
  deadline,
  int,
  listOf,
  type model,
  type Observation,
  observe,
  oneOf,
  optional,
  passTime,
  primeClock,
  registered,
  runs,
  same,
  shape,
  soundSplit,
  standalone,
  succeeding,
  toEffect,
  toShape,
  toStrategy,
  untimed,
  yieldsAtRandom
} from "../kit/index.ts"

/** Two splits, one after the other, of which everything that can be seen must be equal. */
const equal = (one: model.Split, other: model.Split) =>
  Effect.gen(function*() {
    same(yield* observe(one), yield* observe(other))
  })

const each = { branches: listOf(branch), bulkhead, shape, timeout: optional(deadline) }

describe("strategies", () => {
  it.effect.prop("a split of one branch is that branch", {
    branch,
    strategy: oneOf([
      "all",
      "allFailFast",
      "any",
      "quorum",
      "percentage",
      "partialResults",
      "partialTimeout"
    ]),
    shape,
    bulkhead
  }, ({ branch, bulkhead, shape, strategy }) =>
    Effect.gen(function*() {
      const one: model.Strategy = strategy === "quorum"
        ? { _tag: "Quorum", n: 1 }
        : strategy === "partialResults"
        ? { _tag: "PartialResults", n: 1 }
        : strategy === "percentage"
        ? { _tag: "Percentage", hundredths: 30 }
        : strategy === "partialTimeout"
        ? { _tag: "PartialTimeout" }
        : { _tag: strategy === "all" ? "All" : strategy === "any" ? "Any" : "AllFailFast" }
      const timed = Effect.flatMap(Clock.currentTimeMillis, (from) =>
        Effect.flatMap(Effect.exit(toEffect(branch, 0)), (exit) =>
          Effect.map(Clock.currentTimeMillis, (now) => ({ exit, took: now - from }))))
      yield* primeClock
      const fiber = yield* Effect.forkChild(timed, { startImmediately: true })
      yield* passTime()
      const alone = yield* fiber.pollUnsafe()!
      const split = yield* observe({ branches: [branch], strategy: one, bulkhead, timeout: 1005, shape })
      assert.strictEqual(split.endedAt, alone.took)
      assert.deepStrictEqual(split.values, Exit.isSuccess(alone.exit) ? [alone.exit.value] : [])
      assert.deepStrictEqual(split.failures, Exit.isSuccess(alone.exit) ? [] : [0])
      const lenient = one._tag === "PartialResults" || one._tag === "PartialTimeout"
      assert.strictEqual(
        split.verdict,
        Exit.isSuccess(alone.exit) || lenient ? "Proceed" : "JoinUnsatisfiedError"
      )
    }), runs(200))

  it.effect.prop("a failed branch keeps its cause as it is", { branch }, ({ branch }) =>
    Effect.gen(function*() {
      const task = toEffect({ ...branch, delay: 0 }, 0)
      const exit = yield* Effect.exit(task)
      const result = yield* standalone([task], { strategy: JoinStrategy.partialResults(1) })
      const outcome = result.settled[0]!
      const reasons = (cause: Cause.Cause<unknown>) =>
        cause.reasons.map((reason) =>
          Cause.isFailReason(reason) ? reason.error : Cause.isDieReason(reason) ? reason.defect : reason._tag
        )
      if (Exit.isSuccess(exit)) assert.deepInclude(outcome, { _tag: "Succeeded", value: exit.value })
      else {
        assert.strictEqual(outcome._tag, "Failed")
        assert.deepStrictEqual(
          reasons((outcome as SplitResult.Failed<unknown>).cause),
          reasons(exit.cause)
        )
      }
    }), runs(50))

  it.effect.prop("all is quorum(total) where every branch succeeds", {
    ...each,
    branches: listOf(succeeding)
  }, (split) =>
    equal(
      { ...split, strategy: { _tag: "All" } },
      { ...split, strategy: { _tag: "Quorum", n: split.branches.length } }
    ), runs(150))

  it.effect.prop(
    "allFailFast is all where every branch succeeds",
    {
      ...each,
      branches: listOf(succeeding)
    },
    (split) => equal({ ...split, strategy: { _tag: "All" } }, { ...split, strategy: { _tag: "AllFailFast" } }),
    runs(150)
  )

  it.effect.prop(
    "any is quorum(1)",
    each,
    (split) => equal({ ...split, strategy: { _tag: "Any" } }, { ...split, strategy: { _tag: "Quorum", n: 1 } }),
    runs(150)
  )

  it.effect.prop("percentage(p) is the quorum it requires", {
    ...each,
    hundredths: int(1, 100),
    shape: oneOf(["array", "record", "function", "effect"])
  }, ({ hundredths, ...split }) =>
    equal(
      { ...split, strategy: { _tag: "Percentage", hundredths } },
      {
        ...split,
        strategy: {
          _tag: "Quorum",
          n: JoinStrategy.required(JoinStrategy.percentage(hundredths / 100), split.branches.length)
        }
      }
    ), runs(150))

  it.effect.prop("partialTimeout is partialResults(total) where the deadline is far away", each, (split) =>
    equal(
      { ...split, timeout: 30_005, strategy: { _tag: "PartialTimeout" } },
      { ...split, timeout: 30_005, strategy: { _tag: "PartialResults", n: split.branches.length } }
    ), runs(150))

  it.effect.prop("partialResults(total) never fails", each, ({ timeout: _, ...split }) =>
    Effect.gen(function*() {
      const seen = yield* observe({
        ...split,
        timeout: undefined,
        strategy: { _tag: "PartialResults", n: split.branches.length }
      })
      assert.strictEqual(seen.verdict, "Proceed")
      assert.strictEqual(seen.tally.succeeded + seen.tally.failed, split.branches.length)
    }), runs(150))

  it.effect.prop(
    "all runs every branch to its end, also after a failure",
    each,
    ({ timeout: _, ...split }) =>
      Effect.gen(function*() {
        const seen = yield* observe({ ...split, timeout: undefined, strategy: { _tag: "All" } })
        assert.strictEqual(seen.settled.length, split.branches.length)
        assert.strictEqual(
          seen.verdict,
          split.branches.every((branch) => branch.end === "Succeed") ? "Proceed" : "JoinUnsatisfiedError"
        )
      }),
    runs(150)
  )
})

describe("the decision", () => {
  it.effect.prop(
    "comes with the first settlement that decide answers, not later",
    { split: soundSplit },
    ({ split }) =>
      Effect.gen(function*() {
        const known: model.Split = { ...untimed(split), shape: "array" }
        const seen = yield* observe(known)
        const total = split.branches.length
        const answers = seen.settled.map((_, place) => {
          const settled = seen.settled.slice(0, place + 1)
          const succeeded = settled.filter((index) => seen.outcomes[index] === "Succeeded").length
          const counts = { total, succeeded, failed: settled.length - succeeded, interrupted: 0, notStarted: 0 }
          return JoinStrategy.decide(toStrategy(known.strategy), counts, "settled")
        })
        assert.deepStrictEqual(answers.slice(0, -1), answers.slice(0, -1).map(() => "continue"))
        assert.strictEqual(answers.at(-1), seen.verdict === "Proceed" ? "proceed" : "fail")
        const decidedAt = seen.finished.find(([index]) => index === seen.settled.at(-1))![1]
        for (const [, at] of seen.cut) assert.strictEqual(at, decidedAt)
      }),
    runs(300)
  )

  it.effect.prop("is not changed by what the losers do afterwards", {
    split: soundSplit,
    stubborn: oneOf([true, false]),
    end: oneOf(["Succeed", "Fail", "Die", "InterruptSelf"])
  }, ({ end, split, stubborn }) =>
    Effect.gen(function*() {
      const before = yield* observe(split)
      const branches = split.branches.map((branch, index) =>
        before.outcomes[index] === "Interrupted" ? { ...branch, stubborn, end } : branch
      )
      const after = yield* observe({ ...split, branches })
      const { outcomes, settled, tally, timedOut, values, verdict } = after
      same({ outcomes, settled, tally, timedOut, values, verdict }, {
        outcomes: before.outcomes,
        settled: before.settled,
        tally: before.tally,
        timedOut: before.timedOut,
        values: before.values,
        verdict: before.verdict
      })
    }), runs(200))

  it.effect.prop("of a deadline is JoinTimeoutError, or what has settled under partialTimeout", {
    split: soundSplit,
    tens: int(0, 30)
  }, ({ split, tens }) =>
    Effect.gen(function*() {
      const free = yield* observe(untimed(split))
      const timeout = tens * 10 + 5
      const late = yield* observe({ ...untimed(split), timeout })
      const lastAt = free.finished.find(([index]) => index === free.settled.at(-1))![1]
      if (timeout > lastAt) return same(late, free)
      assert.strictEqual(late.verdict, "JoinTimeoutError")
      assert.isTrue(late.timedOut)
      const partial = yield* observe({ ...split, strategy: { _tag: "PartialTimeout" }, timeout })
      assert.strictEqual(partial.verdict, partial.settled.length > 0 ? "Proceed" : "JoinTimeoutError")
    }), runs(300))

  it.effect.prop("made before the deadline stands, however long the losers take to end", {
    split: soundSplit,
    cleanup: int(1, 20)
  }, ({ cleanup, split }) =>
    Effect.gen(function*() {
      const slow = {
        ...untimed(split),
        branches: split.branches.map((branch) => ({ ...branch, cleanup: cleanup * 1000 }))
      }
      const free = yield* observe(slow)
      const decidedAt = free.finished.find(([index]) => index === free.settled.at(-1))![1]
      same(yield* observe({ ...slow, timeout: decidedAt + 5 }), free)
    }), runs(200))
})

describe("the bulkhead", () => {
  it.effect.prop(
    "never lets more branches run than it has places",
    { split: anySplit },
    ({ split }) =>
      Effect.gen(function*() {
        const seen = yield* observe(split)
        assert.isAtMost(seen.mostRunning, split.bulkhead ?? split.branches.length)
      }),
    runs(300)
  )

  it.effect.prop("starts branches in branch order", { split: anySplit }, ({ split }) =>
    Effect.gen(function*() {
      const { started } = yield* observe(split)
      assert.deepStrictEqual(started.map(([index]) => index), started.map((_, place) => place))
    }), runs(200))

  it.effect.prop("of total or more is none", { split: soundSplit, spare: int(0, 3) }, ({ spare, split }) =>
    equal(
      { ...split, bulkhead: split.branches.length + spare },
      { ...split, bulkhead: undefined }
    ), runs(200))

  it.effect.prop(
    "of 1 runs the branches one after another",
    each,
    ({ bulkhead: _, timeout: __, ...split }) =>
      Effect.gen(function*() {
        const seen = yield* observe({ ...split, bulkhead: 1, timeout: undefined, strategy: { _tag: "All" } })
        assert.deepStrictEqual(
          seen.started.slice(1).map(([, at]) => at),
          seen.finished.slice(0, -1).map(([, at]) => at)
        )
        assert.deepStrictEqual(seen.settled, split.branches.map((_, index) => index))
        assert.strictEqual(seen.endedAt, split.branches.reduce((sum, branch) => sum + branch.delay, 0))
      }),
    runs(150)
  )
})

describe("the result", () => {
  const picture = (seen: Observation) => ({
    verdict: seen.verdict,
    timedOut: seen.timedOut,
    tally: seen.tally,
    outcomes: seen.outcomes,
    settled: seen.settled,
    values: seen.values,
    failures: seen.failures,
    cancelled: seen.cancelled
  })

  it.effect.prop(
    "has a tally that adds up and agrees with the outcomes",
    { split: soundSplit },
    ({ split }) =>
      Effect.gen(function*() {
        const { outcomes, tally } = yield* observe(split)
        const count = (tag: string) => outcomes.filter((outcome) => outcome === tag).length
        assert.deepStrictEqual(tally, {
          total: tally.succeeded + tally.failed + tally.interrupted + tally.notStarted,
          succeeded: count("Succeeded"),
          failed: count("Failed"),
          interrupted: count("Interrupted"),
          notStarted: count("NotStarted")
        })
        assert.strictEqual(tally.total, outcomes.length)
      }),
    runs(300)
  )

  it.effect.prop(
    "has values, failures and cancelled in branch order",
    { split: soundSplit },
    ({ split }) =>
      Effect.gen(function*() {
        const seen = yield* observe(split)
        const where = (...tags: ReadonlyArray<string>) =>
          seen.outcomes.flatMap((outcome, index) => tags.includes(outcome) ? [index] : [])
        // the value of a branch is its index
        assert.deepStrictEqual(seen.values, where("Succeeded"))
        assert.deepStrictEqual(seen.failures, where("Failed"))
        assert.deepStrictEqual(seen.cancelled, where("Interrupted", "NotStarted"))
      }),
    runs(200)
  )

  it.effect.prop(
    "has settled in the order in which the branches ended",
    { split: soundSplit },
    ({ split }) =>
      Effect.gen(function*() {
        const { finished, outcomes, settled } = yield* observe(split)
        assert.deepStrictEqual(
          settled,
          finished.map(([index]) => index).filter((index) =>
            outcomes[index] === "Succeeded" || outcomes[index] === "Failed"
          )
        )
      }),
    runs(200)
  )

  it.effect.prop(
    "of a record is that of the tuple, under its names",
    { split: soundSplit },
    ({ split }) =>
      Effect.gen(function*() {
        const record = yield* observe({ ...split, shape: "record" })
        const tuple = yield* observe({ ...split, shape: "array" })
        assert.deepStrictEqual(record.names, tuple.names.map((name) => `b${name}`))
        same({ ...record, names: [] }, { ...tuple, names: [] })
      }),
    runs(200)
  )

  it.effect.prop(
    "of a function or an Effect of branches is that of the branches",
    { split: soundSplit },
    ({ split }) =>
      Effect.gen(function*() {
        const list = yield* observe({ ...split, shape: "array" })
        same(yield* observe({ ...split, shape: "function" }), list)
        same(yield* observe({ ...split, shape: "effect" }), list)
      }),
    runs(150)
  )

  it.effect.prop("of a lazy list is that of the array, for a strategy that need not know the total", {
    split: soundSplit,
    strategy: oneOf(["All", "AllFailFast", "Any", "PartialResults", "PartialTimeout"])
  }, ({ split, strategy }) =>
    Effect.gen(function*() {
      const n = Math.min(2, split.branches.length)
      const counted: model.Split = {
        ...split,
        timeout: split.timeout ?? 1005,
        strategy: strategy === "PartialResults" ? { _tag: strategy, n } : { _tag: strategy }
      }
      const lazy = yield* observe({ ...counted, shape: "iterable" })
      const array = yield* observe({ ...counted, shape: "array" })
      // branches that were not even pulled are not in the result
      const pulled = lazy.tally.total
      same(picture(lazy), {
        ...picture(array),
        tally: { ...array.tally, total: pulled, notStarted: pulled - array.started.length },
        outcomes: array.outcomes.slice(0, pulled),
        cancelled: array.cancelled.filter((index) => index < pulled)
      })
      assert.deepStrictEqual(lazy.started, array.started)
      assert.strictEqual(lazy.endedAt, array.endedAt)
    }), runs(300))

  it.effect.prop(
    "of a generator is that of any other lazy list",
    { split: soundSplit },
    ({ split }) => equal({ ...split, shape: "generator" }, { ...split, shape: "iterable" }),
    runs(100)
  )

  it.effect.prop("keeps verdict and tally under discard", { split: soundSplit }, ({ split }) =>
    Effect.gen(function*() {
      const kept = yield* observe(split)
      const discarded = yield* observe(
        split,
        (branches, options) => standalone(branches, { ...options, discard: true })
      )
      const { endedAt, finished, started, tally, timedOut, verdict } = discarded
      same({ endedAt, finished, started, tally, timedOut, verdict }, {
        endedAt: kept.endedAt,
        finished: kept.finished,
        started: kept.started,
        tally: kept.tally,
        timedOut: kept.timedOut,
        verdict: kept.verdict
      })
    }), runs(200))

  it.effect.prop(
    "is the same each time the split is run",
    { split: anySplit },
    ({ split }) => equal(split, split),
    runs(100)
  )

  it.effect.prop("of branches that are exits is that of branches that complete synchronously", {
    split: soundSplit
  }, ({ split }) =>
    Effect.gen(function*() {
      // where fibers yield at random, only exits do
      if (yieldsAtRandom) return
      const sync = split.branches.map((branch) => ({ ...branch, delay: 0 }))
      const suspended = yield* observe({ ...split, branches: sync })
      const exits = yield* Effect.forEach(sync, (branch, index) => Effect.exit(toEffect(branch, index)))
      const bare = yield* observe(split, (_, options) => standalone(toShape(split.shape, exits), options))
      assert.deepStrictEqual(picture(bare), picture(suspended))
    }), runs(150))
})

describe("Split.run", () => {
  it.effect.prop("is what a registered split does", { split: anySplit }, ({ split }) =>
    Effect.gen(function*() {
      same(yield* observe(split, registered), yield* observe(split, standalone))
    }), runs(300))

  it.effect.prop(
    "is not changed by an uninterruptible region",
    { split: anySplit },
    ({ split }) =>
      Effect.gen(function*() {
        const plain = yield* observe(split)
        // a split that never ends could not be stopped there
        if (plain.verdict === "Pending") return
        same(
          yield* observe(split, (branches, options) => Effect.uninterruptible(standalone(branches, options))),
          plain
        )
      }),
    runs(200)
  )

  it.effect.prop("of splits by all is the split of all their branches", {
    groups: listOf(branch),
    rest: listOf(anyBranch)
  }, ({ groups, rest }) =>
    Effect.gen(function*() {
      const all = { strategy: JoinStrategy.all }
      const end = (branches: ReadonlyArray<model.Branch>): ReadonlyArray<model.Branch> =>
        branches.map((branch) => ({ ...branch, delay: Number.isFinite(branch.delay) ? branch.delay : 0 }))
      const branches = [...end(groups), ...end(rest)]
      const flat = yield* observe({
        branches,
        strategy: { _tag: "All" },
        bulkhead: undefined,
        timeout: undefined,
        shape: "array"
      })
      const nested = yield* observe(
        { branches, strategy: { _tag: "All" }, bulkhead: undefined, timeout: undefined, shape: "array" },
        (effects) => {
          const list = effects as ReadonlyArray<Effect.Effect<unknown, unknown>>
          return standalone(
            [standalone(list.slice(0, groups.length), all), standalone(list.slice(groups.length), all)],
            all
          )
        }
      )
      const { endedAt, finished, started, verdict } = nested
      same({ endedAt, finished, started, verdict }, {
        endedAt: flat.endedAt,
        finished: flat.finished,
        started: flat.started,
        verdict: flat.verdict
      })
    }), runs(150))
})
