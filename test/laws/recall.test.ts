/**
 * Laws of a split that has been there before: what is recalled is as if those branches came first in the list, in the order
 * in which they have ended, and completed at once; and a join that was decided is what it was.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, type Cause, Effect, Exit, Option } from "effect"
import { Bulkhead, type SplitResult } from "effect-cano"
import {
  exitOf,
  int,
  isIdle,
  model,
  observe,
  oneOf,
  predicted,
  type Recall,
  recalled,
  type Recorded,
  registered,
  type Runner,
  runs,
  same,
  soundSplit,
  withRecall,
  yieldsAtRandom
} from "../kit/index.ts"

type Result = SplitResult.SplitResult<unknown, unknown>

/**
 * Whether the end of a lazy list may decide at the instant in which its branches are started. Where fibers yield at random
 * it is open which of them have begun by then.
 */
const endsTooEarly = ({ shape, strategy }: model.Split): boolean =>
  model.isLazy(shape) && (strategy._tag === "Quorum" || strategy._tag === "Percentage")

/** A split, and which of its branches have ended before, in which order. */
const before = Arbitrary.map(
  Arbitrary.all({
    split: soundSplit,
    places: Arbitrary.array(int(0, 1000), { minLength: 8, maxLength: 8 }),
    share: int(0, 8),
    discard: oneOf([false, false, true]),
    reduces: oneOf([false, false, true])
  }),
  ({ discard, places, reduces, share, split }) => {
    const order = split.branches.map((_, index) => index).sort((i, j) => places[i]! - places[j]! || i - j)
    return {
      split: yieldsAtRandom && endsTooEarly(split) ? { ...split, shape: "function" as const } : split,
      order: order.slice(0, Math.min(share, order.length)),
      discard,
      reduces
    }
  }
)

/** What the model says of a split that recalls the ends of these branches. */
const predict = (split: model.Split, order: ReadonlyArray<number>): model.Prediction => {
  const { branches } = split
  const rest = branches.flatMap((_, index) => order.includes(index) ? [] : [index])
  const names = [...order, ...rest]
  const first = model.predict({
    ...split,
    branches: names.map((index, place) => place < order.length ? { ...branches[index]!, delay: 0 } : branches[index]!)
  })
  const own = <A>(list: ReadonlyArray<readonly [index: number, at: A]>) =>
    list.flatMap(([place, at]) => place < order.length ? [] : [[names[place]!, at] as const])
  const started = own(first.started)
  // those before the last one that has ended had started, too
  const count = Math.max(0, ...order.map((index) => index + 1), ...started.map(([index]) => index + 1))
  const total = first.tally.total === branches.length ? branches.length : count
  const { failed, succeeded } = first.tally
  const settled = first.settled.map((place) => names[place]!)
  return {
    ...first,
    settled,
    started,
    cut: [...own(first.cut)].sort(([i], [j]) => i - j),
    diedLate: first.diedLate.map((place) => names[place]!).sort((i, j) => i - j),
    tally: {
      total,
      succeeded,
      failed,
      interrupted: count - succeeded - failed,
      notStarted: total - count
    },
    outcomes: branches.slice(0, total).map((branch, index) => {
      if (index >= count) return "NotStarted"
      if (!settled.includes(index)) return "Interrupted"
      return branch.end === "Succeed" ? "Succeeded" : "Failed"
    })
  }
}

const remembered = (split: model.Split, order: ReadonlyArray<number>) =>
  order.map((index) => ({ index, exit: exitOf(split.branches[index]!, index) }))

/** A loser from before may have died, and nobody runs it again. */
const withoutDeaths = (seen: model.Prediction, order: ReadonlyArray<number>): model.Prediction => ({
  ...seen,
  diedLate: seen.diedLate.filter((index) => !order.includes(index))
})

describe("a split that recalls how branches have ended", () => {
  it.effect.prop(
    "is the split in which these come first and complete at once, and runs none of them again",
    { before },
    ({ before: { order, split } }) =>
      Effect.gen(function*() {
        const seen = yield* observe(split, recalled({ outcomes: remembered(split, order) }))
        same(predicted(withoutDeaths(seen, order)), predicted(withoutDeaths(predict(split, order), order)))
      }),
    runs(600)
  )

  it.effect.prop(
    "needs no place of a shared bulkhead for them",
    { before },
    ({ before: { order, split } }) =>
      Effect.gen(function*() {
        const { bulkhead: places = 2 } = split
        const bulkhead = yield* Bulkhead.make("shared", { places })
        const seen = yield* observe(split, recalled({ outcomes: remembered(split, order) }, { bulkhead }))
        const expected = predict({ ...split, bulkhead: places }, order)
        same(predicted(withoutDeaths(seen, order)), predicted(withoutDeaths(expected, order)))
        assert.strictEqual((yield* bulkhead.statistics).started, seen.started.length)
        yield* isIdle(bulkhead, { places })
      }),
    runs(300)
  )

  it.effect.prop(
    "tells each outcome once, in the order in which it counts, and reduces them in it",
    { before },
    ({ before: { discard, order, reduces, split } }) =>
      Effect.gen(function*() {
        const told: Array<readonly [index: number, tag: string]> = []
        const onOutcome = ({ _tag, index }: SplitResult.Outcome<unknown, unknown>) =>
          Effect.sync(() => void told.push([index, _tag]))
        const reduce = {
          initial: (): ReadonlyArray<number> => [],
          step: (all: ReadonlyArray<number>, { index }: { readonly index: number }) => [...all, index]
        }
        let value: unknown
        let decided: Recorded | undefined
        const run: Runner = (branches, options) =>
          Effect.map(
            withRecall(
              registered(branches, { ...options, ...(reduces ? { reduce } : { discard }), onOutcome } as any),
              { outcomes: remembered(split, order), onDecided: (recorded) => (decided = recorded) }
            ),
            (result) => (value = (result as any).value, result)
          )
        const seen = yield* observe(split, run)
        const expected = predict(split, order)
        const settled = told.flatMap(([index, tag]) => tag === "Succeeded" || tag === "Failed" ? [index] : [])
        assert.deepStrictEqual(settled, expected.settled)
        assert.deepStrictEqual(
          told.map(([index]) => index).sort((i, j) => i - j),
          expected.outcomes.flatMap((tag, index) => tag === "NotStarted" ? [] : [index])
        )
        assert.deepStrictEqual(decided?.counted, expected.settled)
        assert.strictEqual(decided?.verdict === "proceed", seen.verdict === "Proceed")
        if (reduces && seen.verdict === "Proceed") assert.deepStrictEqual(value, expected.settled)
      }),
    runs(300)
  )
})

/** What a cause holds, but for who has interrupted. */
const reasons = ({ reasons }: Cause.Cause<unknown>): unknown =>
  reasons.map((
    reason
  ) => [reason._tag, "error" in reason ? reason.error : "defect" in reason ? reason.defect : undefined])

const outcome = (self: SplitResult.Outcome.Any<unknown, unknown>): unknown => {
  const { _tag, index, name } = self
  switch (self._tag) {
    case "Succeeded":
      return { _tag, index, name, value: self.value }
    case "Failed":
      return { _tag, index, name, failed: reasons(self.cause) }
    case "Late":
      return { _tag, index, name, exit: Exit.isSuccess(self.exit) ? self.exit.value : reasons(self.exit.cause) }
    default:
      // why a loser has ended that nobody runs again is not known
      return { _tag, index, name }
  }
}

/** What there is in a result, but for why losers were interrupted. */
const plain = (result: Result): unknown => ({
  ...result,
  // of a split that discards its outcomes there are none, and of one that failed so the first failures
  outcomes: Object.entries(result.outcomes ?? {}).map(([name, own]) => [name, outcome(own)]),
  failures: result.failures?.map(outcome),
  settled: result.settled?.map(outcome),
  cancelled: result.cancelled?.map(outcome)
})

/** A run of a split: what is seen of it, how it ended, and what was decided. */
const ended = (split: model.Split, options: object, recall: Recall) =>
  Effect.gen(function*() {
    const decisions: Array<Recorded> = []
    let exit: Exit.Exit<Result, any> | undefined
    const run: Runner = (branches, given) =>
      Effect.onExit(
        withRecall(
          registered(branches, { ...given, ...options }),
          { ...recall, onDecided: (recorded) => decisions.push(recorded) }
        ),
        (end) => Effect.sync(() => (exit = end))
      )
    const seen = yield* observe(split, run)
    return { seen, exit: exit!, decisions }
  })

/** The same split under another strategy. */
const under = ({ strategy }: model.Split, split: model.Split): model.Split => {
  if (strategy._tag === "PartialTimeout" && split.timeout === undefined) return split
  return {
    ...split,
    strategy: "n" in strategy ? { ...strategy, n: Math.min(strategy.n, split.branches.length) } : strategy
  }
}

describe("a split that was decided before", () => {
  it.effect.prop(
    "is what it was, whatever its strategy would say today, and runs nothing",
    { before, losers: oneOf(["interrupt", "await", "detach"]), other: soundSplit },
    ({ before: { discard, order, reduces, split }, losers, other }) =>
      Effect.gen(function*() {
        const reduce = {
          initial: () => 0,
          step: (sum: number, { index }: { readonly index: number }) => sum * 10 + index + 1
        }
        const options = { losers, ...(reduces ? { reduce } : { discard }) }
        const first = yield* ended(split, options, { outcomes: remembered(split, order) })
        assert.strictEqual(first.decisions.length, 1)
        const [decided] = first.decisions
        // of losers that are awaited it is known how they end
        const awaited = losers === "await" ? first.seen.finished.map(([index]) => index) : []
        const outcomes = remembered(split, [...new Set([...decided!.counted, ...order, ...awaited])])
        const again = yield* ended(under(other, split), options, { decided, outcomes })
        assert.deepStrictEqual(again.seen.started, [])
        assert.deepStrictEqual(again.decisions, [])
        if (Exit.isSuccess(first.exit)) {
          assert.deepStrictEqual(plain(Exit.getSuccess(again.exit).pipe(Option.getOrThrow)), plain(first.exit.value))
        } else {
          const [error, same] = [first.exit, again.exit].map((exit) => Option.getOrThrow(Exit.findErrorOption(exit)))
          assert.strictEqual(same._tag, error._tag)
          assert.strictEqual(same.reason, error.reason)
          assert.deepStrictEqual(plain(same.result), plain(error.result))
        }
      }),
    runs(500)
  )
})
