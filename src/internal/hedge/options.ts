/**
 * The rules for the options of a hedge, checked once, before an attempt or a branch starts: `Hedge.run` and hedged splits have
 * the same.
 */
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import type { HedgeRule, Issue } from "../../CanoError.ts"
import { aCount, isCount } from "../check/counts.ts"
import { misfit, misfits } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as issue from "../check/issue.ts"
import * as delays from "./delays.ts"
import * as recorders from "./latencies.ts"
import * as tokens from "./tokens.ts"

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
