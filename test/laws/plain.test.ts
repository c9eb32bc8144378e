/**
 * The law of the yardstick: on every split it is made for, the engine is the plain join of the kit, which is written with
 * `Effect.forEach`, `Effect.timeout` and a Ref. The table and the sentences 1 to 5, 7 and 8 of docs/GUARANTEES.md.
 *
 * What GUARANTEES lists under "Not guaranteed" is generated away: no two branches end at the same instant, whichever of them
 * run one after another, and no deadline passes at one.
 */
import { describe, it } from "@effect/vitest"
import { Arbitrary, Clock, Effect, Exit, Fiber } from "effect"
import {
  anyBranch,
  apart,
  bulkhead,
  deadline,
  failed,
  type model,
  optional,
  passTime,
  plainJoin,
  primeClock,
  registered,
  runs,
  same,
  some,
  standalone,
  strategy,
  toEffect,
  toStrategy
} from "../kit/index.ts"

/** A split that comes to an end, without the misuse that the engine refuses. */
const split = Arbitrary.map(
  Arbitrary.all({
    branches: Arbitrary.map(some(anyBranch, 0), apart),
    strategy,
    bulkhead,
    timeout: optional(deadline),
    spare: deadline
  }),
  ({ spare, timeout, ...rest }): plainJoin.Options & Pick<model.Split, "branches"> => {
    const needsOne = rest.strategy._tag === "PartialTimeout" ||
      rest.branches.some(({ delay }) => !Number.isFinite(delay))
    return { ...rest, timeout: needsOne ? timeout ?? spare : timeout }
  }
)

/** What is compared of a split: its verdict, its tally, how each branch ended and with what, and when all of it had. */
const view = (
  { outcomes, tally, verdict }: {
    readonly verdict: string
    readonly outcomes: ReadonlyArray<plainJoin.Outcome<unknown, unknown>>
    readonly tally: plainJoin.Tally
  },
  endedAt: number
) => ({
  verdict,
  outcomes: outcomes.map((outcome) => {
    if (outcome._tag === "Succeeded") return [outcome._tag, outcome.value]
    if (outcome._tag !== "Failed") return [outcome._tag]
    return [
      outcome._tag,
      ...outcome.cause.reasons.map((reason) => {
        if (reason._tag === "Interrupt") return [reason._tag]
        return [reason._tag, reason._tag === "Fail" ? reason.error : reason.defect]
      })
    ]
  }),
  tally: { ...tally },
  endedAt
})

/** Runs a join to its end, while the clock runs on. */
const ended = Effect.fnUntraced(function*<A, E>(effect: Effect.Effect<A, E>) {
  yield* primeClock
  const start = yield* Clock.currentTimeMillis
  const fiber = yield* Effect.forkChild(
    Effect.map(Effect.zip(Effect.exit(effect), Clock.currentTimeMillis), ([exit, now]) => ({ exit, at: now - start })),
    { startImmediately: true }
  )
  yield* passTime()
  return yield* Fiber.join(fiber)
})

describe("the plain join", () => {
  for (const [name, run] of [["Split.run", standalone], ["a registered split", registered]] as const) {
    it.effect.prop(
      `is what ${name} does: verdict, outcome of each branch, tally and end`,
      { split },
      ({ split }) =>
        Effect.gen(function*() {
          const { branches, bulkhead, strategy, timeout } = split
          const effects = branches.map((branch, index) => toEffect(branch, index))
          const plain = yield* ended(plainJoin.join(effects, split))
          // a list that is a function may be too short, or empty: a join that cannot be satisfied, and no misuse
          const { at, exit } = yield* ended(
            run(() => effects, { strategy: toStrategy(strategy), bulkhead, timeout })
          )
          const result = Exit.isSuccess(exit) ? exit.value : failed(exit).result
          const verdict = Exit.isSuccess(exit) ? "Proceed" : failed(exit)._tag
          same(view({ ...result, verdict }, at), view(yield* plain.exit, plain.at))
        }),
      runs(600)
    )
  }
})
