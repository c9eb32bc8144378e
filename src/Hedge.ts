/**
 * Hedging of one effect: when an attempt is slow or fails, another is started beside it, and the first success wins; a
 * hedge lives from its first attempt until the finalizers of every other attempt have run.
 *
 * The rules are those of gRPC's proposal A6. The first attempt is the call itself; each one after it is a hedge.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { ConfigurationError } from "./CanoError.ts"
import type { Inferred } from "./internal/check/given.ts"
import type { Percentile } from "./internal/hedge/delays.ts"
import * as delays from "./internal/hedge/delays.ts"
import type { Latencies } from "./internal/hedge/latencies.ts"
import * as recorders from "./internal/hedge/latencies.ts"
import type { Options } from "./internal/hedge/options.ts"
import type { Outcome } from "./internal/hedge/race.ts"
import * as race from "./internal/hedge/race.ts"
import type { Budget } from "./internal/hedge/tokens.ts"
import * as tokens from "./internal/hedge/tokens.ts"

export type { Delay, Percentile } from "./internal/hedge/delays.ts"
export type { Latencies } from "./internal/hedge/latencies.ts"
export type { Options } from "./internal/hedge/options.ts"
export type { Outcome } from "./internal/hedge/race.ts"
export type { Budget } from "./internal/hedge/tokens.ts"

// -----------------------------------------------------------------------------
// running
// -----------------------------------------------------------------------------

/**
 * Runs an effect, and again beside itself when it is slow or fails: the first success wins.
 *
 * **When to use**
 *
 * For calls that may safely happen twice, where a few slow ones (another replica would have answered) matter more than a
 * little extra work. Against overload it makes things worse: give it a `budget`.
 *
 * **Details**
 *
 * The first attempt starts at once, on the current tick. What happens then starts another, ends the hedge, or neither:
 *
 * | an attempt                  |                                                                             |
 * | --------------------------- | --------------------------------------------------------------------------- |
 * | succeeds                    | it wins                                                                     |
 * | takes longer than the delay | the next starts, if there is one                                            |
 * | fails                       | the next starts at once, or when `retryAfter` says; later ones keep delays  |
 * | fails fatally, or dies      | the hedge fails with this cause                                             |
 *
 * There is a next one as long as fewer than `maxAttempts` were started, a `Schedule` is not done, `retryAfter` has not
 * forbidden it and the budget allows it; once there is none, the hedge waits for the attempts that run, and for nothing
 * else. When all of them have failed it fails with the last failure; its cause holds the earlier ones behind it, the latest
 * first. An attempt that interrupts itself has failed. A failure is fatal when any error of its cause is.
 *
 * Before it ends, in whatever way, the attempts that still run are interrupted and awaited. A finalizer of theirs that dies
 * does not change the result, and is logged. Attempts run with the services of the caller, and are interruptible even if
 * the caller is not, as in `Effect.race`. A value that is not good enough is a failure:
 * `Effect.filterOrFail(attempt, isFresh, () => new Stale())`.
 *
 * With a recorder of latencies, each run that succeeds records how long its first attempt took. If that one lost, the time
 * that it had run is recorded: without the slow ones the percentile would sink with every hedge, and hedges become more and
 * more. A first attempt that failed is not recorded.
 *
 * Bad numbers are a `ConfigurationError` before an attempt starts. What a function of the delay returns is looked at when
 * the attempt before has been started; if it is no duration the hedge fails with a `ConfigurationError` then. Any other
 * function or effect that gives what its type does not allow, such as a Promise, ends the hedge with a defect that says so.
 *
 * **Gotchas**
 *
 * Each attempt may take effect, even one that lost. Put `Effect.retry` around the hedge or none at all, but not inside:
 * attempts multiply. `Effect.timeout` inside bounds one attempt, around the hedge all of them.
 *
 * **Example** (A second replica after 50 ms)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Hedge } from "effect-cano"
 *
 * const read = (replica: string, millis: number) => Effect.as(Effect.sleep(millis), replica)
 *
 * const program = Effect.gen(function*() {
 *   const { attempt, started, value } = yield* Hedge.run(
 *     (attempt) => attempt === 0 ? read("near", 2000) : read("far", 10),
 *     { delay: "50 millis" }
 *   )
 *   console.log(`${value}: attempt ${attempt} of ${started}`)
 * })
 *
 * await Effect.runPromise(program)
 * // => far: attempt 1 of 2
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const run: <Eff extends Effect.Effect<any, any, any>, R = never>(
  attempt: Eff | ((attempt: number) => Eff),
  options: Options<Effect.Error<Eff>, R>
) => Effect.Effect<
  Outcome<Effect.Success<Eff>>,
  Effect.Error<Eff> | ConfigurationError,
  Effect.Services<Eff> | Inferred<R>
> = race.run

// -----------------------------------------------------------------------------
// delays
// -----------------------------------------------------------------------------

/**
 * A delay that is a percentile of the latencies observed so far: with 0.95 about one call in twenty is hedged, however fast
 * the service is today.
 *
 * **Details**
 *
 * `p` lies between 0 and 1. Until `atLeast` latencies (100 if left out) have been recorded, the delay is the `fallback`;
 * left out, it is infinite: only failures start another attempt. `run` records into the same `latencies`.
 *
 * **Example** (The delay learns)
 *
 * ```ts
 * import { Duration, Effect, Option } from "effect"
 * import { Hedge } from "effect-cano"
 *
 * const latencies = Hedge.latencies()
 * const delay = Hedge.percentile(0.95, latencies, { fallback: "1 second", atLeast: 20 })
 *
 * const program = Effect.gen(function*() {
 *   for (let n = 0; n < 20; n++) yield* latencies.record(Duration.millis(5))
 *   const { hedged } = yield* Hedge.run(
 *     (attempt) => attempt === 0 ? Effect.never : Effect.succeed("quick"),
 *     { delay }
 *   )
 *   const p50 = yield* latencies.percentile(0.5)
 *   console.log(hedged, yield* latencies.count, Math.floor(Duration.toMillis(Option.getOrThrow(p50))))
 * })
 *
 * await Effect.runPromise(program)
 * // => true 21 5
 * ```
 *
 * @category delays
 * @since 0.1.0
 */
export const percentile: (
  p: number,
  latencies: Latencies,
  options?: { readonly fallback?: Duration.Input | undefined; readonly atLeast?: number | undefined }
) => Percentile = delays.percentile

/**
 * An empty recorder of latencies, to be shared by the runs of one call.
 *
 * **Details**
 *
 * It holds the last `size` latencies (1,000 if left out, at most 65,535), so that it follows a service that changes. They
 * are counted in 2,368 buckets of at most 1.6 % each, from 1 µs to 50 days: recording and reading take a constant number of
 * steps, and a percentile is at most that share, or 1 µs, above the latency recorded.
 *
 * @category constructors
 * @since 0.1.0
 */
export const latencies: (options?: { readonly size?: number | undefined }) => Latencies = recorders.make

// -----------------------------------------------------------------------------
// budgets
// -----------------------------------------------------------------------------

/**
 * A budget of extra work: each hedge takes a token, each run that succeeds gives back a `ratio` of one.
 *
 * **When to use**
 *
 * Share one among all calls of a service. In the long run hedges are then at most the share `ratio` of the calls that
 * succeed, however slow the service becomes, and none are left when it fails.
 *
 * **Details**
 *
 * It starts full, with `tokens` of them (an integer from 1 to 1,000,000,000), and never holds more: hedges started ≤
 * `tokens` + `ratio` × successes. When less than one token is left no hedge is started, whether for slowness or for a
 * failure. The ratio is a number of at least 0, kept to six decimals; 0 gives nothing back.
 *
 * **Example** (Two hedges, and no third)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Hedge } from "effect-cano"
 *
 * const budget = Hedge.budget({ tokens: 2, ratio: 0.1 })
 *
 * const call = Hedge.run(Effect.fail("offline"), { delay: "1 second", maxAttempts: 9, budget })
 *
 * await Effect.runPromise(Effect.ignore(call))
 * console.log(await Effect.runPromise(budget.tokens))
 * // => 0
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const budget: (options: { readonly tokens: number; readonly ratio: number }) => Budget = tokens.budget

/**
 * The throttle of gRPC's A6, which stops hedging against a service that fails: each failed attempt takes a token, each run
 * that succeeds gives back a `ratio` of one, and hedges are started only while more than half of the tokens are there.
 *
 * **When to use**
 *
 * Where slowness may be hedged without limit, and only failures shall stop it; `budget` limits both. Share one among all
 * calls of a service.
 *
 * **Details**
 *
 * It starts full, with `tokens` of them (an integer from 1 to 1,000,000,000), and never holds more. The ratio is a number
 * of at least 0, kept to six decimals. Fatal failures do not count: they speak of the call, not of the service.
 *
 * @category constructors
 * @since 0.1.0
 */
export const throttle: (options: { readonly tokens: number; readonly ratio: number }) => Budget = tokens.throttle
