/**
 * Laws of what becomes of losers: sentence 3 of docs/GUARANTEES.md under each policy. The reference join says how a split
 * is decided; what its losers do afterwards changes none of that.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Exit } from "effect"
import type { SplitResult } from "effect-cano"
import {
  int,
  model,
  observe,
  passTime,
  registered,
  type Runner,
  runs,
  same,
  soundSplit,
  standalone
} from "../kit/index.ts"

/** A split, what the model says of it, and when it was decided. */
const decided = Arbitrary.map(soundSplit, (split) => {
  const prediction = model.predict(split)
  const { settled, started, timedOut } = prediction
  const startOf = new Map(started)
  const endOf = (index: number) => startOf.get(index)! + split.branches[index]!.delay
  const ends = started.map(([index]) => endOf(index))
  return {
    split,
    prediction,
    endOf,
    decidedAt: timedOut ? split.timeout! : Math.max(0, ...settled.map(endOf)),
    /** When the last branch ends that nobody interrupts. */
    lastEnd: Math.max(0, ...ends)
  }
})

type Decided = typeof decided extends Arbitrary.Arbitrary<infer A> ? A : never

/**
 * What becomes of the rest of a known list without a bulkhead, where losers are not interrupted: it starts, too, since
 * whether a branch completes at once does not choose which others run.
 */
const withTheRest = (given: Decided): Decided => {
  const { decidedAt, prediction, split } = given
  const { outcomes, started, tally } = prediction
  if (split.bulkhead !== undefined || model.isLazy(split.shape) || tally.notStarted === 0) return given
  const rest = outcomes.flatMap((tag, index) => tag === "NotStarted" ? [index] : [])
  return {
    ...given,
    prediction: {
      ...prediction,
      outcomes: outcomes.map((tag) => tag === "NotStarted" ? "Interrupted" as const : tag),
      started: [...started, ...rest.map((index) => [index, decidedAt] as const)],
      tally: { ...tally, interrupted: tally.interrupted + tally.notStarted, notStarted: 0 }
    },
    lastEnd: Math.max(given.lastEnd, ...rest.map((index) => decidedAt + split.branches[index]!.delay))
  }
}

const decision = ({ settled, started, tally, timedOut, verdict }: model.Prediction) => ({
  settled,
  started,
  tally,
  timedOut,
  verdict
})

const tagged = (outcomes: model.Prediction["outcomes"], loser: (index: number) => string) =>
  outcomes.map((tag, index) => tag === "Interrupted" ? loser(index) : tag)

/** A split in a scope of its own, and when it ended; the scope may end later. */
const scoped = (losers: SplitResult.Losers) => {
  const at = { ended: -1 }
  const run: Runner = (branches, options, trail) =>
    Effect.scoped(Effect.flatMap(
      // the test provides the scope that the options ask for
      Effect.exit(standalone(branches, { ...options, losers })),
      (exit) =>
        Effect.clockWith((clock) =>
          Effect.map(clock.currentTimeMillis, (now) => {
            at.ended = now - trail.startedAt
            return exit
          })
        )
    )).pipe(Effect.flatten)
  return { at, run }
}

describe("losers that are awaited", () => {
  const awaiting: Runner = (branches, options) => registered(branches, { ...options, losers: "await" })

  it.effect.prop(
    "end by themselves, after the decision that the reference join makes",
    { given: decided },
    ({ given }) =>
      Effect.gen(function*() {
        const { decidedAt, lastEnd, prediction, split } = withTheRest(given)
        const seen = yield* observe(split, awaiting)
        same(decision(seen), decision(prediction))
        assert.deepStrictEqual(seen.outcomes as ReadonlyArray<string>, tagged(prediction.outcomes, () => "Late"))
        assert.deepStrictEqual(seen.cut, [])
        assert.strictEqual(seen.leftRunning, 0)
        assert.strictEqual(seen.endedAt, Math.max(decidedAt, lastEnd))
      }),
    runs(300)
  )
})

describe("losers that are detached", () => {
  it.effect.prop(
    "outlive the split, which ends at the decision of the reference join, but not their scope",
    { given: decided },
    ({ given }) =>
      Effect.gen(function*() {
        const { decidedAt, lastEnd, prediction, split } = withTheRest(given)
        const { at, run } = scoped("detach")
        const seen = yield* observe(split, run)
        same(decision(seen), decision(prediction))
        assert.deepStrictEqual(seen.outcomes as ReadonlyArray<string>, tagged(prediction.outcomes, () => "Detached"))
        assert.deepStrictEqual(seen.cut, [])
        assert.strictEqual(at.ended, decidedAt)
        assert.strictEqual(seen.endedAt, Math.max(decidedAt, lastEnd))
        assert.strictEqual(seen.leftRunning, 0)
      }),
    runs(300)
  )

  it.effect.prop(
    "tell how they end",
    { given: decided },
    ({ given: { split } }) =>
      Effect.gen(function*() {
        const ends: Array<string> = []
        const { run } = scoped("detach")
        yield* observe(split, (branches, options, trail) =>
          Effect.tap(run(branches, options, trail), ({ outcomes }) =>
            Effect.forEach(
              Object.values(outcomes as ReadonlyArray<SplitResult.Outcome.Any<unknown, unknown>>).filter((outcome) =>
                outcome._tag === "Detached"
              ),
              ({ exit, index }) =>
                Effect.map(exit, (exit) => {
                  const { end } = split.branches[index]!
                  assert.strictEqual(Exit.isSuccess(exit), end === "Succeed")
                  ends.push(end)
                })
            )))
        yield* passTime()
      }),
    runs(150)
  )
})

describe("losers with a grace period", () => {
  it.effect.prop(
    "are interrupted, and detached if they have not stopped when it is over",
    { given: decided, tens: int(0, 40) },
    ({ given: { decidedAt, endOf, prediction, split }, tens }) =>
      Effect.gen(function*() {
        const grace = tens * 10 + 3
        const { at, run } = scoped({ grace })
        const seen = yield* observe(split, run)
        const stopOf = (index: number) => {
          const { cleanup, stubborn } = split.branches[index]!
          return stubborn ? endOf(index) : decidedAt + cleanup
        }
        const tags = tagged(
          prediction.outcomes,
          (index) => stopOf(index) < decidedAt + grace ? "Interrupted" : "Detached"
        )
        same(decision(seen), decision(prediction))
        assert.deepStrictEqual(seen.outcomes as ReadonlyArray<string>, tags)
        assert.deepStrictEqual(seen.cut, prediction.cut)
        assert.strictEqual(at.ended, tags.includes("Detached") ? decidedAt + grace : prediction.endedAt)
        assert.strictEqual(seen.endedAt, prediction.endedAt)
        assert.strictEqual(seen.leftRunning, 0)
      }),
    runs(300)
  )
})
