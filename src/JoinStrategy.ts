/**
 * When a split may be left: a `JoinStrategy` is a plain value that lives as long as the definition that names it. Seven
 * strategies go by counts, and `decide` is the pure function that applies them. All others are made with `make`, of a fold
 * over the outcomes.
 *
 * Nothing here knows of fibers or time: the shell of a split asks each time a branch settles, and once at the deadline.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import { identity } from "effect/Function"
import * as counting from "./internal/strategy/counting.ts"
import * as folds from "./internal/strategy/folds.ts"
import * as reducers from "./internal/strategy/reducer.ts"
import type { Requirement } from "./internal/strategy/requirements.ts"
import * as requirements from "./internal/strategy/requirements.ts"
import type { Counting, Custom, JoinStrategy, Reducer, Tag, Verdict } from "./internal/strategy/strategy.ts"
import * as strategy from "./internal/strategy/strategy.ts"
import type { Outcome, Tally } from "./SplitResult.ts"

export type { Requirement } from "./internal/strategy/requirements.ts"
export type { Counting, Custom, JoinStrategy, Judgement, Reducer, Tag, Verdict } from "./internal/strategy/strategy.ts"
export type { Tally } from "./SplitResult.ts"

/**
 * Every branch must succeed; all of them run to their end, also after one has failed.
 *
 * **When to use**
 *
 * Use when every result is needed and the work of the others must not be thrown away. For "stop at the first failure"
 * use `allFailFast`. From cano: `JoinStrategy::All`.
 *
 * @category strategies
 * @since 0.1.0
 */
export const all: JoinStrategy<"All", 0> = counting.make("All", 0)

/**
 * Every branch must succeed; the first failure interrupts the rest.
 *
 * **When to use**
 *
 * Use when one missing result makes the others worthless: it is what `Effect.all` does.
 *
 * @category strategies
 * @since 0.1.0
 */
export const allFailFast: JoinStrategy<"AllFailFast", 0> = counting.make("AllFailFast", 0)

const any_: JoinStrategy<"Any", 0> = counting.make("Any", 0)
export {
  /**
   * The first success decides; failures are passed over until none is left.
   *
   * **When to use**
   *
   * Use for redundant calls, where the fastest good answer wins. From cano: `JoinStrategy::Any`.
   *
   * @category strategies
   * @since 0.1.0
   */
  any_ as any
}

/**
 * `n` successes decide; branches that still run are interrupted, and those that wait never start.
 *
 * **When to use**
 *
 * Use for majority writes and consensus, where branches stand for each other. `n` is an integer of at least 1. From cano:
 * `JoinStrategy::Quorum(n)`.
 *
 * **Gotchas**
 *
 * Not for batches: of 220 rows `quorum(176)` leaves up to 44 undone, and succeeds. Where every branch has work of its own
 * and some may fail use `tolerate({ minSuccesses: n })`, which runs all of them unless too many fail.
 *
 * @category strategies
 * @since 0.1.0
 */
export const quorum = <const N extends number>(n: N): JoinStrategy<"Quorum", N> => counting.make("Quorum", n)

/**
 * A share `p` of all branches, rounded up, decides as soon as it has succeeded; the rest is interrupted or never starts.
 *
 * **When to use**
 *
 * Use like `quorum` where the number of branches is not known beforehand: a majority of the replicas that there are.
 *
 * **Gotchas**
 *
 * Not for batches: `percentage(0.8)` of 220 rows ends with 176 of them, and the others are not processed, without an
 * error. Where every branch has work of its own and a share may fail use `tolerate({ maxFailureRate: 0.2 })`, which runs
 * all of them unless too many fail.
 *
 * **Details**
 *
 * `p` lies in (0, 1]. The count needed is `total · p`, rounded to 12 significant digits before it is rounded up, and at
 * least 1: 0.07 of 100 is 7. From cano: `JoinStrategy::Percentage(p)`.
 *
 * @category strategies
 * @since 0.1.0
 */
export const percentage = <const P extends number>(p: P): JoinStrategy<"Percentage", P> =>
  counting.make("Percentage", p)

/**
 * `n` settled branches decide, successes and failures alike; the rest is interrupted or never starts.
 *
 * **When to use**
 *
 * Use where latency matters more than completeness: not for batches, of which it leaves all but `n` undone. From cano:
 * `JoinStrategy::PartialResults(n)`.
 *
 * @category strategies
 * @since 0.1.0
 */
export const partialResults = <const N extends number>(n: N): JoinStrategy<"PartialResults", N> =>
  counting.make("PartialResults", n)

/**
 * Whatever has settled when the deadline passes; it ends earlier when every branch has settled.
 *
 * **Details**
 *
 * Needs a `timeout`. When nothing has settled by the deadline the split fails with `JoinTimeoutError`. From cano:
 * `JoinStrategy::PartialTimeout`.
 *
 * @category strategies
 * @since 0.1.0
 */
export const partialTimeout: JoinStrategy<"PartialTimeout", 0> = counting.make("PartialTimeout", 0)

/**
 * Whatever has settled when the deadline passes, if that is at least `n`; it ends earlier when every branch has settled,
 * however many there are.
 *
 * **When to use**
 *
 * Use where an answer is due at a time, and is worth nothing if too few have contributed. Needs a `timeout`.
 *
 * @category strategies
 * @since 0.1.0
 */
export const partialTimeoutAtLeast = <const N extends number>(n: N): JoinStrategy<"PartialTimeout", N> =>
  counting.make("PartialTimeout", n)

/**
 * How many branches must have succeeded (under `partialResults`: settled) before a strategy is satisfied.
 *
 * @category decisions
 * @since 0.1.0
 */
export const required: (self: Counting, total: number) => number = counting.needed

/**
 * Applies a strategy to the counts of a split: `"proceed"` as soon as it is satisfied, `"fail"` as soon as it can no
 * longer be, else `"continue"`.
 *
 * **Details**
 *
 * `"settled"` asks after a branch has settled (or before any has started); `"deadline"` asks when the time is up, and
 * never answers `"continue"`. Only `total`, `succeeded` and `failed` matter. A split without branches satisfies `all`,
 * `allFailFast`, `percentage` and `partialTimeout`.
 *
 * **Example** (A quorum is decided as early as it can be)
 *
 * ```ts
 * import { JoinStrategy } from "effect-cano"
 *
 * const tally = (succeeded: number, failed: number) => ({ total: 5, succeeded, failed, interrupted: 0, notStarted: 0 })
 *
 * console.log(JoinStrategy.decide(JoinStrategy.quorum(3), tally(2, 2), "settled"))
 * // => continue
 * console.log(JoinStrategy.decide(JoinStrategy.quorum(3), tally(3, 0), "settled"))
 * // => proceed
 * console.log(JoinStrategy.decide(JoinStrategy.quorum(3), tally(0, 3), "settled"))
 * // => fail
 * ```
 *
 * @category decisions
 * @since 0.1.0
 */
export const decide: (self: Counting, tally: Tally, event: "settled" | "deadline") => Verdict = counting.decide

/**
 * The same strategy for a known number of branches: a percentage becomes the quorum it stands for, so that `decide` need
 * not work the number out again for each branch.
 *
 * @category decisions
 * @since 0.1.0
 */
export const resolve: <T extends Tag.Any>(self: JoinStrategy<T>, total: number) => JoinStrategy<T | "Quorum"> =
  counting.resolve

/**
 * How messages name a strategy: `quorum(3)`, `all`.
 *
 * @category formatting
 * @since 0.1.0
 */
export const format: (self: JoinStrategy) => string = strategy.format

// -----------------------------------------------------------------------------
// open strategies
// -----------------------------------------------------------------------------

/**
 * A strategy of your own.
 *
 * **When to use**
 *
 * Use when what decides is neither a count nor one of the strategies below.
 *
 * **Example** (Enough when the answers add up)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { JoinStrategy, Split } from "effect-cano"
 *
 * const stock = (needed: number) =>
 *   JoinStrategy.make<number, unknown, number>({
 *     name: `stock(${needed})`,
 *     initial: () => 0,
 *     onOutcome: (sum, outcome) => outcome._tag === "Succeeded" ? sum + outcome.value : sum,
 *     decide: (sum, { failed, succeeded, total }) =>
 *       sum >= needed ? "proceed" : succeeded + failed === total ? { fail: `only ${sum} in stock` } : "continue"
 *   })
 *
 * const warehouses = [Effect.succeed(3), Effect.succeed(5), Effect.never]
 * const { values } = await Effect.runPromise(Split.run(warehouses, { strategy: stock(8) }))
 * console.log(values)
 * // => [ 3, 5 ]
 * ```
 *
 * @category open strategies
 * @since 0.1.0
 */
export const make = <A = unknown, E = unknown, S = void>(reducer: Reducer<A, E, S>): Custom<A, E> => folds.make(reducer)

/**
 * Whether a strategy was made with `make`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isCustom: (self: JoinStrategy) => self is Custom = strategy.isCustom

/**
 * A strategy that goes by counts, where a success counts only if its value is accepted; else it counts as a failure.
 *
 * **When to use**
 *
 * Use for "the first that is not stale", `accept(any, isFresh)`, and for quorums over answers that may be of no use. The
 * outcome of a branch stays what it is: only the decision sees it otherwise.
 *
 * @category open strategies
 * @since 0.1.0
 */
export const accept: <A>(strategy: Counting, isAccepted: (value: A) => boolean) => Custom<A, unknown> = folds.accept

/**
 * A strategy that fails as soon as an outcome is one that makes all others worthless.
 *
 * **When to use**
 *
 * Use for a veto: `reject(all, (outcome) => outcome._tag === "Succeeded" && outcome.value === "no")`.
 *
 * @category open strategies
 * @since 0.1.0
 */
export const reject: <A, E = unknown>(
  strategy: Counting,
  isRejected: (outcome: Outcome.Settled<A, E>) => boolean
) => Custom<A, E> = folds.reject

/**
 * A strategy that goes by counts, where some branches may fail: they are waited for like the others, but their failures
 * decide nothing.
 *
 * **When to use**
 *
 * Use for `optional(all, ["recommendations"])`, a page that is complete without one of its parts.
 *
 * @category open strategies
 * @since 0.1.0
 */
export const optional: <const N extends string>(
  strategy: Counting,
  names: ReadonlyArray<N>
) => Custom<unknown, unknown, N> = folds.optional

/**
 * Proceeds as soon as a predicate holds for what has settled so far, in that order; fails when all have settled and it does
 * not.
 *
 * **When to use**
 *
 * Use for a condition that is easily said over a short list. A predicate that looks at every outcome each time makes a
 * split of very many branches quadratic; use `make` there.
 *
 * @category open strategies
 * @since 0.1.0
 */
export const until: <A, E = unknown>(
  predicate: (settled: ReadonlyArray<Outcome.Settled<A, E>>) => boolean
) => Custom<A, E> = folds.until

/**
 * `n` branches that succeed with the same value decide.
 *
 * **Details**
 *
 * Values are the same if `by` gives the same for them, as keys of a `Map` are; left out, it is the value itself. A `by` that
 * returns nothing, or a Promise, is a defect: nothing would agree with nothing. It fails as soon as no value can reach `n`
 * any more.
 *
 * **When to use**
 *
 * Use for answers that may be wrong, such as replicas: "two answers that agree".
 *
 * **Example** (Two answers that agree)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { JoinStrategy, Split } from "effect-cano"
 *
 * const replicas = [Effect.succeed("v1"), Effect.succeed("v2"), Effect.succeed("v2"), Effect.never]
 * const { tally } = await Effect.runPromise(Split.run(replicas, { strategy: JoinStrategy.agreement(2) }))
 * console.log(tally.succeeded, tally.interrupted)
 * // => 3 0
 * ```
 *
 * @category open strategies
 * @since 0.1.0
 */
export const agreement = <A = unknown>(n: number, by: (value: A) => unknown = identity): Custom<A, unknown> =>
  folds.agreement(n, by)

/**
 * Every branch runs to its end, and so many may fail: `maxFailures`, a share `maxFailureRate` of all (from 0 to 1), or as
 * many as leave `minSuccesses`. It fails as soon as one of the limits is passed, and interrupts the rest.
 *
 * **When to use**
 *
 * Use for batches in which a few may fail, but not many: each branch has work of its own, so a success of others is no
 * reason to leave it undone, as `quorum` and `percentage` do. Where any number may fail:
 * `tolerate({ maxFailureRate: 1 })`.
 *
 * @category open strategies
 * @since 0.1.0
 */
export const tolerate: (tolerance: {
  readonly maxFailures?: number | undefined
  readonly maxFailureRate?: number | undefined
  readonly minSuccesses?: number | undefined
}) => Custom<unknown, unknown> = folds.tolerate

/**
 * Branches have weights, and successes that weigh at least `threshold` together decide.
 *
 * **Details**
 *
 * Every branch needs a weight, a number of at least 0. It fails as soon as the threshold is out of reach.
 *
 * **When to use**
 *
 * Use for votes that do not count the same, such as replicas in different zones.
 *
 * @category open strategies
 * @since 0.1.0
 */
export const weighted = <const W extends { readonly [name: string]: number }, const T extends number>(
  weights: W & Weights.Reach<W, T>,
  threshold: T
): Custom<unknown, unknown, keyof W & string> => folds.weighted(weights, threshold)

/**
 * @since 0.1.0
 */
export declare namespace Weights {
  /**
   * `unknown` where weights can reach a threshold, else a sentence that says why not. Only literal integers from 0 to 99 are
   * added up; others are checked before a branch starts.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Reach<W, T extends number> = number extends W[keyof W] | T ? unknown
    : Sum<W> extends infer All extends ReadonlyArray<unknown> ? At<All, T> extends true ? unknown
      : `all weights together are only ${All["length"]}`
    : unknown

  /** As many elements as all weights together; `undefined` where one of them is not added up. */
  type Sum<W, K = keyof W, All extends ReadonlyArray<unknown> = []> = [K] extends [never] ? All
    : Last<K> extends infer L extends keyof W
      ? Times<W[L]> extends infer N extends ReadonlyArray<unknown> ? Sum<W, Exclude<K, L>, [...All, ...N]> : undefined
    : undefined

  type Times<N, Count extends ReadonlyArray<unknown> = []> = N extends Count["length"] ? Count
    : Count["length"] extends 99 ? undefined
    : Times<N, [...Count, unknown]>

  type At<All extends ReadonlyArray<unknown>, T extends number> = `${T}` extends `${string}.${string}` | `-${string}` ?
    true
    : T extends Counted<All>[number] ? true
    : false

  /** The numbers up to a sum. */
  type Counted<All extends ReadonlyArray<unknown>, Seen extends ReadonlyArray<unknown> = [0]> = All extends
    readonly [unknown, ...infer Rest] ? Counted<Rest, [...Seen, Seen["length"]]>
    : Seen

  type Last<U> = (U extends unknown ? (f: () => U) => void : never) extends (f: infer F) => void
    ? F extends () => infer L ? L : never
    : never
}

/**
 * A strategy that asks for less when it has waited for some time: `enough` will do after a soft deadline, at once if it is
 * satisfied by then, or when every branch has settled.
 *
 * **When to use**
 *
 * Use with a `timeout`, the hard deadline, for "all of them, but after 200 ms two will do, and after a second it is too
 * late".
 *
 * **Example** (All, but after 20 ms two will do)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { JoinStrategy, Split } from "effect-cano"
 *
 * const { all, quorum, relax } = JoinStrategy
 * const answer = (millis: number) => Effect.as(Effect.sleep(millis), millis)
 *
 * const { values } = await Effect.runPromise(Split.run([answer(1), answer(2), answer(60_000)], {
 *   strategy: relax(all, { after: "20 millis", enough: quorum(2) }),
 *   timeout: "1 second"
 * }))
 * console.log(values)
 * // => [ 1, 2 ]
 * ```
 *
 * @category open strategies
 * @since 0.1.0
 */
export const relax: (
  strategy: Counting,
  options: { readonly after: Duration.Input; readonly enough: Counting }
) => Custom<unknown, unknown> = folds.relax

/**
 * `n` successes decide; if all have settled before, whatever succeeded. It fails only if nothing did.
 *
 * **When to use**
 *
 * Use where more is better and something is enough. `partialResults(n)` counts failures too, `quorum(n)` insists on `n`.
 *
 * @category open strategies
 * @since 0.1.0
 */
export const partialSuccesses: (n: number) => Custom<unknown, unknown> = folds.partialSuccesses

/**
 * One of several branches or requirements must hold; a branch holds when it succeeds.
 *
 * **Example** (Either one source, or both halves of the other)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { JoinStrategy, Split } from "effect-cano"
 *
 * const { allOf, anyOf } = JoinStrategy
 * const sources = { cache: Effect.fail("cold"), left: Effect.succeed(1), right: Effect.succeed(2) }
 * const strategy = anyOf("cache", allOf("left", "right"))
 * const { values } = await Effect.runPromise(Split.run(sources, { strategy }))
 * console.log(values)
 * // => { left: 1, right: 2 }
 * ```
 *
 * @category open strategies
 * @since 0.1.0
 */
export const anyOf = <const N extends string>(...parts: ReadonlyArray<N | Requirement<N>>): Requirement<N> =>
  requirements.atLeast(1, parts)

/**
 * All of several branches or requirements must hold.
 *
 * @category open strategies
 * @since 0.1.0
 */
export const allOf = <const N extends string>(...parts: ReadonlyArray<N | Requirement<N>>): Requirement<N> =>
  requirements.atLeast(parts.length, parts)

/**
 * At least `n` of several branches or requirements must hold.
 *
 * @category open strategies
 * @since 0.1.0
 */
export const atLeast = <const N extends string>(
  n: number,
  ...parts: ReadonlyArray<N | Requirement<N>>
): Requirement<N> => requirements.atLeast(n, parts)

/**
 * Any strategy as a reducer: that of a strategy of your own, or the counts behind one of the seven.
 *
 * @category decisions
 * @since 0.1.0
 */
export const reducer: (self: JoinStrategy) => Reducer<any, any, any> = reducers.of
