/**
 * How long a hedge waits before it starts another attempt: a duration, a function, a Schedule or a percentile of the
 * latencies observed, brought to one form; and the rules for them.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Formatter from "effect/Formatter"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import { ConfigurationError, type HedgeRule, type Issue } from "../CanoError.ts"
import type { Budget, Delay, Latencies, Percentile } from "../Hedge.ts"
import { isCount } from "./counts.ts"
import * as durations from "./durations.ts"

export const PercentileTypeId = "~effect-cano/Hedge/Percentile" as const

export const percentile = (
  p: number,
  latencies: Latencies,
  options?: { readonly fallback?: Duration.Input | undefined; readonly atLeast?: number | undefined }
): Percentile => ({
  [PercentileTypeId]: PercentileTypeId,
  p,
  latencies,
  fallback: options?.fallback ?? Duration.infinity,
  atLeast: options?.atLeast ?? 100
})

export const isPercentile = (u: unknown): u is Percentile => Predicate.hasProperty(u, PercentileTypeId)

// -----------------------------------------------------------------------------
// delays
// -----------------------------------------------------------------------------

/** The delay before an attempt; nothing if there is to be none. */
type Step<R> = (attempt: number) => Effect.Effect<Duration.Duration | undefined, ConfigurationError, R>

export const steps = <R>(delay: Delay<R>): Effect.Effect<Step<R>, never, R> => {
  if (Schedule.isSchedule(delay)) {
    return Effect.map(
      Schedule.toStep(delay as Schedule.Schedule<unknown, number, never, R>),
      (step): Step<R> => (attempt) =>
        Effect.flatMap(
          Clock.currentTimeMillis,
          (now) => Pull.catchDone(Effect.map(step(now, attempt), ([, delay]) => delay), () => Effect.undefined)
        )
    )
  }
  if (isPercentile(delay)) return Effect.succeed(() => observed(delay))
  if (!Predicate.isFunction(delay)) {
    // the rules have found nothing
    const constant = Effect.succeed(Duration.fromInputUnsafe(delay as Duration.Input))
    return Effect.succeed(() => constant)
  }
  return Effect.succeed((attempt) =>
    Effect.suspend(() => {
      const input = delay(attempt)
      const message = durations.wrong(input, `the delay of attempt ${attempt}`)
      if (message === undefined) return Exit.succeed(Duration.fromInputUnsafe(input))
      const issues = [{ state: undefined, rule: "hedge-delay", message } as const]
      return Exit.fail(new ConfigurationError({ workflow: undefined, issues }))
    })
  )
}

const observed = ({ atLeast, fallback, latencies, p }: Percentile): Effect.Effect<Duration.Duration> =>
  Effect.flatMap(latencies.count, (count) => {
    if (count < atLeast) return Effect.succeed(Duration.fromInputUnsafe(fallback))
    return Effect.map(latencies.percentile(p), Option.getOrElse(() => Duration.fromInputUnsafe(fallback)))
  })

// -----------------------------------------------------------------------------
// rules
// -----------------------------------------------------------------------------

export const check = ({ budget, delay, latencies, maxAttempts }: {
  readonly budget?: Budget | undefined
  readonly delay: unknown
  readonly latencies?: Latencies | undefined
  readonly maxAttempts?: number | undefined
}): ReadonlyArray<Issue> => {
  const issues: Array<Issue> = []
  const add = (rule: HedgeRule, message: string | undefined) => {
    if (message !== undefined) issues.push({ state: undefined, rule, message })
  }

  if (isPercentile(delay)) {
    if (!(delay.p > 0 && delay.p < 1)) {
      add("hedge-percentile", `the percentile is ${Formatter.format(delay.p)}; it must be a number between 0 and 1`)
    }
    add("hedge-delay", durations.wrong(delay.fallback, "the fallback of the percentile"))
    if (!isCount(delay.atLeast)) {
      add("hedge-percentile", `atLeast is ${Formatter.format(delay.atLeast)}; it must be an integer of at least 1`)
    }
    add("hedge-latencies", delay.latencies.issue)
    if (latencies !== delay.latencies) add("hedge-latencies", latencies?.issue)
  } else {
    if (!Schedule.isSchedule(delay) && !Predicate.isFunction(delay)) {
      add("hedge-delay", durations.wrong(delay, "the delay"))
    }
    add("hedge-latencies", latencies?.issue)
  }
  if (maxAttempts !== undefined && !isCount(maxAttempts)) {
    add(
      "hedge-max-attempts",
      `maxAttempts is ${Formatter.format(maxAttempts)}; it must be an integer of at least 1, or be left out`
    )
  }
  add("hedge-budget", budget?.issue)
  return issues
}
