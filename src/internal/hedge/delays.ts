/**
 * How long a hedge waits before it starts another attempt: a duration, a function, a Schedule or a percentile of the
 * latencies observed, brought to one form.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import { ConfigurationError } from "../../CanoError.ts"
import * as durations from "../check/durations.ts"
import * as issue from "../check/issue.ts"
import * as returned from "../check/returned.ts"
import type { Latencies } from "./latencies.ts"
import * as recorders from "./latencies.ts"
import type { Budget } from "./tokens.ts"

/**
 * How long a hedge waits, from the start of one attempt, before it starts the next.
 *
 * **Details**
 *
 * - A duration. Zero starts all attempts at once; an infinite one starts the next only when one has failed.
 * - A function of the index of the attempt that is to be started, 1 or more.
 * - A `Schedule`, from its beginning for each run, with that index as its input: one step for each attempt. When it is
 *   done no further attempt is started.
 * - A `percentile` of the latencies observed so far.
 *
 * @category models
 * @since 0.1.0
 */
export type Delay<R = never> =
  | Duration.Input
  | ((attempt: number) => Duration.Input)
  | Schedule.Schedule<unknown, number, never, R>
  | Percentile

export const PercentileTypeId = "~effect-cano/Hedge/Percentile" as const

/**
 * A delay that follows the latencies observed so far; made by `percentile`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Percentile {
  readonly [PercentileTypeId]: typeof PercentileTypeId
  readonly p: number
  readonly latencies: Latencies
  readonly fallback: Duration.Input
  readonly atLeast: number
}

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

/** The split whose branches are hedged. */
interface Where {
  readonly workflow: string | undefined
  readonly state: string | undefined
}

const nowhere: Where = { workflow: undefined, state: undefined }

/** The delay before an attempt; nothing if there is to be none. */
type Step<R> = (attempt: number) => Effect.Effect<Duration.Duration | undefined, ConfigurationError, R>

export const steps = <R>(delay: Delay<R>, where: Where = nowhere): Effect.Effect<Step<R>, never, R> => {
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
      const input = there("delay", delay(attempt))
      const message = durations.wrong(input, `the delay of attempt ${attempt}`)
      if (message === undefined) return Exit.succeed(Duration.fromInputUnsafe(input))
      const { state, workflow } = where
      return Exit.fail(
        new ConfigurationError({ workflow, issues: [issue.make(state, "hedge-delay", message, "hedge")] })
      )
    })
  )
}

/** A duration that somebody has returned, or something else that is no promise of one. */
const there = (name: string, input: Duration.Input): Duration.Input => {
  if (returned.isPromise(input)) throw returned.unexpected("the hedge", name, input, "a duration")
  return input
}

const observed = ({ atLeast, fallback, latencies, p }: Percentile): Effect.Effect<Duration.Duration> =>
  Effect.map(
    recorders.percentile(latencies, p, atLeast),
    Option.getOrElse(() => Duration.fromInputUnsafe(fallback))
  )

/** What `retryAfter` has returned: an infinite duration where it allows no further attempt, nothing where it says nothing. */
export const pushback = (asked: Duration.Input | undefined): Duration.Duration | undefined => {
  if (asked === undefined) return undefined
  const input = there("retryAfter", asked)
  if (Number.isNaN(input)) return Duration.infinity
  const given = Duration.fromInput(input)
  if (Option.isSome(given) && Duration.isNegative(given.value)) return Duration.infinity
  if (Option.isSome(given) && durations.wrong(input, "") === undefined) return given.value
  throw returned.unexpected("the hedge", "retryAfter", input, "a duration, or undefined for no wait")
}

/** A run has succeeded: those that it shares are told, with the time that the first attempt has taken, if it is known. */
export const succeeded = (
  { budget, delay, latencies = isPercentile(delay) ? delay.latencies : undefined }: Shared,
  took: bigint | undefined
): Effect.Effect<void> =>
  Effect.andThen(
    latencies === undefined || took === undefined ? Effect.void : recorders.record(latencies, took),
    budget === undefined ? Effect.void : budget.succeeded
  )

/** What runs may share. */
export interface Shared {
  readonly budget?: Budget | undefined
  readonly delay: unknown
  readonly latencies?: Latencies | undefined
}
