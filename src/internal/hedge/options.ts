/**
 * The options of a hedge, and their rules, which are checked once, before an attempt starts; those of a hedged split are
 * checked by the same.
 */
import type * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import type { HedgeRule, Issue } from "../../CanoError.ts"
import { aCount, isCount } from "../check/counts.ts"
import { misfit, misfits } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as issue from "../check/issue.ts"
import type { Delay } from "./delays.ts"
import * as delays from "./delays.ts"
import type { Latencies } from "./latencies.ts"
import * as recorders from "./latencies.ts"
import type { Budget } from "./tokens.ts"
import * as tokens from "./tokens.ts"

/**
 * When attempts are started, and how many.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<in E, out R = never> {
  readonly delay: Delay<R>
  /** How many attempts may be started, the first included: an integer of at least 1. Left out: 2. */
  readonly maxAttempts?: number | undefined
  /**
   * Whether a failure ends the hedge: no other attempt would do better. Left out: none is.
   */
  readonly isFatal?: ((error: E) => boolean) | undefined
  /**
   * How long to wait before the next attempt after a failure that is not fatal, where the service has said so. `undefined`
   * starts it at once; an infinite or negative duration, or NaN, means that no further attempt is started. Of several
   * failures the latest decides. Nothing is waited for while no attempt runs and the budget allows none.
   */
  readonly retryAfter?: ((error: E) => Duration.Input | undefined) | undefined
  /** What the hedges of several runs may cost together: a `budget` or a `throttle`. Left out: no limit. */
  readonly budget?: Budget | undefined
  /** Where to record how long first attempts take. Left out: the recorder of the `percentile`, if the delay is one. */
  readonly latencies?: Latencies | undefined
}

interface Given extends delays.Shared {
  readonly isFatal?: unknown
  readonly maxAttempts?: unknown
  readonly retryAfter?: unknown
}

export const check = (state: string | undefined, given: unknown): ReadonlyArray<Issue> => {
  const issues: Array<Issue> = []
  const add = (rule: HedgeRule, sentence: string | undefined) => {
    if (sentence !== undefined) issues.push(issue.make(state, rule, sentence, "hedge"))
  }
  if (!Predicate.isObject(given)) {
    add("hedge-delay", misfits("the options of the hedge", given, "{ delay, … }"))
    return issues
  }
  // its parts are looked at one by one
  const { budget, delay, isFatal, latencies, maxAttempts, retryAfter } = given as unknown as Given

  if (delays.isPercentile(delay)) {
    if (!(delay.p > 0 && delay.p < 1)) {
      add("hedge-percentile", misfit("the percentile", delay.p, "a number between 0 and 1"))
    }
    add("hedge-delay", durations.wrong(delay.fallback, "the fallback of the percentile"))
    if (!isCount(delay.atLeast)) add("hedge-percentile", misfit("atLeast", delay.atLeast, aCount))
    add("hedge-latencies", recorders.wrong(delay.latencies))
  } else if (!Schedule.isSchedule(delay) && !Predicate.isFunction(delay)) {
    add("hedge-delay", durations.wrong(delay, "the delay"))
  }
  if (latencies !== undefined && !(delays.isPercentile(delay) && delay.latencies === latencies)) {
    add("hedge-latencies", recorders.wrong(latencies))
  }
  if (maxAttempts !== undefined && !isCount(maxAttempts)) {
    add("hedge-max-attempts", misfit("maxAttempts", maxAttempts, `${aCount}, or be left out`))
  }
  if (isFatal !== undefined && !Predicate.isFunction(isFatal)) {
    add("hedge-is-fatal", misfit("isFatal", isFatal, "a function of an error to a boolean"))
  }
  if (retryAfter !== undefined && !Predicate.isFunction(retryAfter)) {
    add("hedge-retry-after", misfit("retryAfter", retryAfter, "a function of an error to a duration or undefined"))
  }
  add("hedge-budget", tokens.wrong(budget))
  return issues
}
