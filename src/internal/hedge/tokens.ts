/**
 * The tokens of a budget, which runs of hedges share for as long as they like: what a hedge and a failure cost, and what a
 * success gives back. They are counted in millionths, in whole numbers, so that ten times a tenth is one.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { misfit, misfits } from "../check/describe.ts"
import * as returned from "../check/returned.ts"

/**
 * What limits the extra work of hedges, shared by the runs that it is given to; made by `budget` or `throttle`, or by
 * yourself: its effects may look anywhere, and a hedge waits for them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Budget {
  /** The tokens that are there. */
  readonly tokens: Effect.Effect<number>
  /** Asked before each hedge: whether it may be started. If not, its run starts no other. */
  readonly take: Effect.Effect<boolean>
  /**
   * Whether `take` would say yes now, without taking anything. Asked before a run waits, while no attempt of its runs, and
   * before a hedged split reads the next branch of a lazy list: if not, there is no further attempt. Left out: it would.
   */
  readonly allows?: Effect.Effect<boolean> | undefined
  /** Told of each run that an attempt has won. */
  readonly succeeded: Effect.Effect<void>
  /** Told of each attempt that has failed before the hedge was decided, unless the failure was fatal. */
  readonly failed: Effect.Effect<void>
  /** What is wrong with its numbers: `run` refuses it then. */
  readonly issue?: string | undefined
}

interface Options {
  readonly tokens: number
  readonly ratio: number
}

const one = 1_000_000

/** As many as can be counted in millionths. */
const most = 1_000_000_000

export const budget = (options: Options): Budget =>
  make(options, { hedge: one, failure: 0, enough: (level) => level >= one })

export const throttle = (options: Options): Budget =>
  make(options, { hedge: 0, failure: one, enough: (level, full) => level > full / 2 })

interface Costs {
  readonly hedge: number
  readonly failure: number
  readonly enough: (level: number, full: number) => boolean
}

const make = ({ ratio, tokens }: Options, { enough, failure, hedge }: Costs): Budget => {
  const full = tokens * one
  const share = Math.round(ratio * one)
  let level = full
  const spend = (amount: number) => {
    level = Math.max(0, level - amount)
  }
  return {
    tokens: Effect.sync(() => level / one),
    allows: Effect.sync(() => enough(level, full)),
    take: Effect.sync(() => {
      if (!enough(level, full)) return false
      spend(hedge)
      return true
    }),
    succeeded: Effect.sync(() => {
      level = Math.min(full, level + share)
    }),
    failed: Effect.sync(() => spend(failure)),
    issue: issue(tokens, ratio)
  }
}

const issue = (tokens: number, ratio: number): string | undefined =>
  !Number.isInteger(tokens) || tokens < 1 || tokens > most
    ? misfits("the tokens of the budget", tokens, `an integer from 1 to ${most}`)
    : !Number.isFinite(ratio) || ratio < 0
    ? misfit("the ratio of the budget", ratio, "a number of at least 0")
    : undefined

// -----------------------------------------------------------------------------
// asking
// -----------------------------------------------------------------------------

/** Takes what a hedge costs, from a budget that anybody may have made. */
export const take = (budget: Budget | undefined): Effect.Effect<boolean> =>
  budget === undefined
    ? Effect.succeed(true)
    : Effect.map(budget.take, (is) => returned.boolean("the budget", "take", is))

/** Whether it is worth while to wait, or to look for another branch: it is not, where no hedge would be allowed now. */
export const allows = (budget: Budget | undefined): Effect.Effect<boolean> =>
  budget?.allows === undefined
    ? Effect.succeed(true)
    : Effect.map(budget.allows, (is) => returned.boolean("the budget", "allows", is))

/** What is wrong with a budget that somebody has given, a sentence. */
export const wrong = (u: unknown): string | undefined => {
  if (u === undefined) return undefined
  const { allows, failed, issue, succeeded, take } = Predicate.isObject(u) ? u as Partial<Budget> : {}
  const isSound = [take, succeeded, failed].every(Effect.isEffect) && (allows === undefined || Effect.isEffect(allows))
  return isSound
    ? issue
    : misfit(
      "the budget",
      u,
      "made with Hedge.budget or Hedge.throttle, or be { tokens, take, succeeded, failed }, all of them Effects"
    )
}
