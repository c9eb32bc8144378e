/**
 * The split on its own: `Split.run` starts branches, joins them by a strategy and ends when the last of them has ended; a
 * split lives from its first branch until every loser's finalizers have run.
 *
 * A state registered with `registerSplit` is this same split inside a machine.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Bulkhead } from "./Bulkhead.ts"
import type {
  BulkheadFullError,
  BulkheadReentryError,
  ConfigurationError,
  JoinTimeoutError,
  JoinUnsatisfiedError,
  WorkflowError
} from "./CanoError.ts"
import type { Budget, Delay, Latencies } from "./Hedge.ts"
import * as internalBranches from "./internal/branches.ts"
import * as internal from "./internal/standalone.ts"
import * as internalStream from "./internal/stream.ts"
import type { Custom, JoinStrategy } from "./JoinStrategy.ts"
import type { Discarded, Losers, Outcome, Reduced, SplitResult } from "./SplitResult.ts"
import type * as TaskResult from "./TaskResult.ts"

/**
 * @since 0.1.0
 */
export declare namespace Branches {
  /**
   * Any effect that may be a branch.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type AnyEffect = Effect.Effect<any, any, any>

  /**
   * A list of branches: an array or tuple, a record, an iterable, which is read lazily, or one that grows.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type List =
    | ReadonlyArray<AnyEffect>
    | Iterable<AnyEffect, void>
    | { readonly [name: string]: AnyEffect }
    | Growing<AnyEffect>

  /**
   * What a function of branches may return: a list, an Effect of a list, or (as a generator function) the branches one by
   * one. A generator of branches returns nothing.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Returned = List | Effect.Effect<List, any, any> | Generator<AnyEffect, void, never>

  /**
   * The list behind an input: what the function returns, what the Effect yields, or the input itself.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type ListOf<B> = B extends Effect.Effect<infer L, any, any> ? Grown<L>
    : B extends (...args: any) => infer X ? X extends Effect.Effect<infer L, any, any> ? Grown<L>
      : X extends Generator<infer Eff, any, any> ? Iterable<Eff>
      : Grown<X>
    : Grown<B>

  /** What has grown is a list like any other. */
  type Grown<L> = L extends Growing<infer Eff> ? Iterable<Eff> : L

  /**
   * The effects of a list, as a union.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type EffectOf<L> = L extends TaskResult.Split<any> ? never
    : L extends Iterable<infer Eff> ? Eff
    : L[keyof L]

  /**
   * What a branch can succeed with.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type SuccessOf<L> = EffectOf<L> extends infer Eff ? Eff extends Effect.Effect<infer A, any, any> ? A : never
    : never

  /**
   * What a branch can fail with.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type ErrorOf<L> = L extends TaskResult.Split<any> ? unknown
    : EffectOf<L> extends infer Eff ? Eff extends Effect.Effect<any, infer E, any> ? E : never
    : never

  /**
   * What the branches require.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type ServicesOf<L> = EffectOf<L> extends infer Eff ? Eff extends Effect.Effect<any, any, infer R> ? R : never
    : never

  /**
   * What the input itself can fail with, before there are branches.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type InputError<B> = B extends Effect.Effect<any, infer E, any> ? E
    : B extends (...args: any) => Effect.Effect<any, infer E, any> ? E
    : never

  /**
   * What the input itself requires, before there are branches.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type InputServices<B> = B extends Effect.Effect<any, any, infer R> ? R
    : B extends (...args: any) => Effect.Effect<any, any, infer R> ? R
    : never

  /**
   * The outcomes, in the shape of the list.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Outcomes<L, P extends Losers> = L extends ReadonlyArray<any>
    ? { readonly [I in keyof L]: Outcome.Under<P, Effect.Success<L[I]>, Effect.Error<L[I]>> }
    : L extends Iterable<infer Eff> ?
      ReadonlyArray<Eff extends AnyEffect ? Outcome.Under<P, Effect.Success<Eff>, Effect.Error<Eff>> : never>
    : {
      readonly [K in keyof L]: L[K] extends AnyEffect ? Outcome.Under<P, Effect.Success<L[K]>, Effect.Error<L[K]>>
        : never
    }

  /**
   * The values, in the shape of the list.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Values<L> = L extends ReadonlyArray<any> ? { readonly [I in keyof L]: Effect.Success<L[I]> }
    : L extends Iterable<infer Eff> ? ReadonlyArray<Eff extends AnyEffect ? Effect.Success<Eff> : never>
    : { readonly [K in keyof L]: L[K] extends AnyEffect ? Effect.Success<L[K]> : never }
}

/**
 * Branches that may add branches to their own split; made by `growing`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Growing<out Eff extends Branches.AnyEffect> {
  readonly [GrowingTypeId]: typeof GrowingTypeId
  readonly seed: (add: (branches: Iterable<Eff>) => Effect.Effect<boolean>) => Iterable<Eff>
}

/**
 * @category type ids
 * @since 0.1.0
 */
export const GrowingTypeId: "~effect-cano/Split/Growing" = internalBranches.GrowingTypeId

/**
 * @since 0.1.0
 */
export declare namespace Check {
  /**
   * Whether a tuple has at least `N` elements.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Reaches<L extends ReadonlyArray<unknown>, N extends number, Count extends ReadonlyArray<unknown> = []> =
    Count["length"] extends N ? true
      : L extends readonly [unknown, ...infer Rest] ? Reaches<Rest, N, [...Count, unknown]>
      : false

  /**
   * `unknown` where a strategy can be satisfied by a list, else a sentence that says why not.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Strategy<L, Strat, T> = Strat extends Custom<infer A, infer E, infer Names>
    ? Fits<Branches.ListOf<L>, A, E, Names>
    : Strat extends JoinStrategy<infer Tag, infer N> ?
      [Tag] extends ["PartialTimeout"] ? [T] extends [undefined] ? "partialTimeout needs a timeout" : unknown
      : [Tag] extends ["Any" | "Quorum" | "PartialResults"] ? Enough<L, Tag extends "Any" ? 1 : N>
      : unknown
    : unknown

  /** Whether a strategy of one's own can judge what the branches give. */
  type Fits<L, A, E, Names extends string> = [Branches.SuccessOf<L>] extends [A]
    ? [Branches.ErrorOf<L>] extends [E] ? Named<L, Names>
    : "the strategy does not take the errors of these branches"
    : "the strategy does not take the values of these branches"

  type Named<L, Names extends string> = string extends Names ? unknown
    : L extends ReadonlyArray<unknown> ? number extends L["length"] ? unknown : Known<keyof L & `${number}`, Names>
    : L extends Iterable<unknown> ? unknown
    : Known<keyof L & string, Names>

  type Known<Keys extends string, Names extends string> = [Exclude<Names, Keys>] extends [never] ? unknown
    : `there is no branch ${Exclude<Names, Keys>}`

  type Enough<L, N extends number> = number extends N ? unknown
    : N extends 0 ? "the strategy must wait for at least 1 branch"
    : L extends ReadonlyArray<unknown> ? number extends L["length"] ? unknown
      : Reaches<L, N> extends true ? unknown
      : `the strategy waits for ${N} branches, but there are only ${L["length"]}`
    : unknown
}

/**
 * How a split is joined.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<out Strat extends JoinStrategy, out T, out D, out P extends Losers, out Bh = number> {
  readonly strategy: Strat
  /**
   * The deadline of the join, from the moment the split is entered; waiting for a slot counts.
   */
  readonly timeout?: T
  /**
   * At most so many branches run at once, started in branch order; an integer of at least 1. Left out: all at once. A
   * `Bulkhead`, or the key of one as a service, is shared with other splits.
   */
  readonly bulkhead?: Bh | undefined
  /**
   * How many branches there may be, those that a lazy list yields and those that are added included. With more the split
   * fails with `WorkflowError`, and its branches are interrupted; a list known whole does not start.
   */
  readonly maxBranches?: number | undefined
  /**
   * The branches are alternatives, started one after another: as many as the strategy asks for at once, each further one
   * when the delay has passed since the last was started, one has failed, or none runs. No bulkhead can be given beside
   * it, and no strategy that waits for every branch.
   */
  readonly hedge?: Hedging | undefined
  /**
   * Keep the tally only: no value, no outcome is held. For splits of very many branches.
   */
  readonly discard?: D | undefined
  /**
   * What becomes of the branches that still run when the join is decided, whether it is satisfied or not. Left out:
   * `"interrupt"`.
   *
   * Interrupting the split itself interrupts them all. A branch that may be detached goes on in the run of its machine;
   * under `Split.run` in the `Scope` that is then required. When that ends well it waits for them, otherwise it
   * interrupts them.
   */
  readonly losers?: P | undefined
}

/**
 * Who is told of the outcomes of a split as they arrive.
 *
 * @category models
 * @since 0.1.0
 */
export interface Observers<in Ended, in Settled, out E, out R, in out Z, in State = void> {
  /**
   * Told of each branch that was started, when it has ended: one at a time, in the order in which they ended, losers
   * included. The split waits for it, and fails with its error.
   *
   * **Details**
   *
   * A decision does not wait for it. While more than 16 outcomes wait, no further branch is started: a slow observer slows
   * the split down.
   */
  readonly onOutcome?: ((outcome: Ended, state: State) => Effect.Effect<unknown, E, R>) | undefined
  /**
   * How long `onOutcome` may take for one outcome once the join is decided; before that the `timeout` of the split bounds
   * it. An observer that takes longer is interrupted, which is told to the log with the number of outcomes that it was not
   * told of, and the split ends as it was decided. Left out: 30 seconds.
   */
  readonly observerTimeout?: Duration.Input | undefined
  /**
   * A fold over the outcomes as they settle, in that order. Nothing else is kept: the result has its `value`, the tally
   * and whether the deadline decided.
   */
  readonly reduce?: {
    /** Called when the split is entered. */
    readonly initial: () => Z
    /** Gives the next state at once, not a Promise of it. `undefined` is a state like any other. */
    readonly step: (state: Z, outcome: Settled) => Z
  } | undefined
}

/**
 * The result of a split over a list of branches under a strategy.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Result<L, Strat, D = false, P extends Losers = "interrupt", Z = never> = [Z] extends [never]
  ? [D] extends [true] ? Discarded
  : SplitResult<
    Branches.SuccessOf<L>,
    Branches.ErrorOf<L>,
    Branches.Outcomes<L, P>,
    Strat extends JoinStrategy<"All" | "AllFailFast"> ? Branches.Values<L> : ReadonlyArray<Branches.SuccessOf<L>>
  >
  : Reduced<Z>

/**
 * How a split can fail: only with what its strategy and timeout allow.
 *
 * @category utility types
 * @since 0.1.0
 */
export type JoinError<E, Strat, T> =
  | (Strat extends JoinStrategy<infer Tag> ? [Tag] extends ["PartialTimeout"] ? never : JoinUnsatisfiedError<E> : never)
  | ([T] extends [undefined] ? never : JoinTimeoutError<E>)

/**
 * What a split can be bounded by.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyBulkhead = number | Bulkhead | Context.Key<any, Bulkhead>

/**
 * How a split on a shared bulkhead can be refused.
 *
 * @category utility types
 * @since 0.1.0
 */
export type BulkheadError<Bh> = [Bh] extends [number] ? never : BulkheadFullError | BulkheadReentryError

/**
 * What a split requires for a bulkhead that is a service.
 *
 * @category utility types
 * @since 0.1.0
 */
export type BulkheadServices<Bh> = Bh extends Context.Key<infer I, any> ? I : never

/**
 * When the branches of a split that are alternatives are started; the words are those of `Hedge`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Hedging {
  readonly delay: Delay
  /** How many branches start at once: an integer of at least 1. Left out: as many as the strategy asks for. */
  readonly atOnce?: number | undefined
  /** What further branches may cost, together with other splits and hedges. When it is used up no other branch starts. */
  readonly budget?: Budget | undefined
  /** Where to record how long first branches take. Left out: the recorder of the `percentile`, if the delay is one. */
  readonly latencies?: Latencies | undefined
}

/**
 * What a split requires for its losers: a scope, where they may outlive it.
 *
 * @category utility types
 * @since 0.1.0
 */
export type LosersServices<P> = P extends "interrupt" | "await" ? never : Scope.Scope

/**
 * Runs branches at once and joins them by a strategy.
 *
 * **Details**
 *
 * The join is decided as soon as its strategy is satisfied or can no longer be. Losers are then interrupted, and the
 * effect ends when their finalizers have run (`losers` asks for something else). A branch that fails, dies or interrupts itself is a `Failed` outcome, not a
 * failure of the split. Branches run with the services of the caller.
 *
 * **Gotchas**
 *
 * Behind a bulkhead several branches run one after another on the same fiber, so a fiber that a branch captures must not
 * be interrupted after that branch has ended.
 *
 * **Example** (The first two answers win)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { JoinStrategy, Split } from "effect-cano"
 *
 * const ask = (name: string, millis: number) => Effect.as(Effect.sleep(millis), name)
 *
 * const program = Effect.gen(function*() {
 *   const result = yield* Split.run([ask("a", 60_000), ask("b", 10), ask("c", 20)], {
 *     strategy: JoinStrategy.quorum(2)
 *   })
 *   console.log(result.values.join(" "), result.tally.interrupted)
 * })
 *
 * await Effect.runPromise(program)
 * // => b c 1
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const run: <
  const B extends Branches.List | Effect.Effect<Branches.List, any, any> | (() => Branches.Returned),
  Strat extends JoinStrategy,
  T extends Duration.Input | undefined = undefined,
  const D extends boolean = false,
  const P extends Losers = "interrupt",
  Bh extends AnyBulkhead = number,
  E = never,
  R = never,
  Z = never
>(
  branches: B,
  options:
    & Options<Strat & Check.Strategy<B, Strat, T>, T, D, P, Bh>
    & Observers<
      Outcome.Ended<P, Branches.SuccessOf<Branches.ListOf<B>>, Branches.ErrorOf<Branches.ListOf<B>>>,
      Outcome.Settled<Branches.SuccessOf<Branches.ListOf<B>>, Branches.ErrorOf<Branches.ListOf<B>>>,
      E,
      R,
      Z
    >
) => Effect.Effect<
  Result<Branches.ListOf<B>, Strat, D, P, Z>,
  | E
  | BulkheadError<Bh>
  | JoinError<Branches.ErrorOf<Branches.ListOf<B>>, Strat, T>
  | ConfigurationError
  | WorkflowError
  | Branches.InputError<B>,
  Branches.ServicesOf<Branches.ListOf<B>> | Branches.InputServices<B> | LosersServices<P> | BulkheadServices<Bh> | R
> = internal.run as any

/**
 * Branches that may add branches to their own split, as long as its join is open.
 *
 * **When to use**
 *
 * Where the work is found while it is done: pages behind links, folders in folders, pages of a listing that tell whether
 * there is another.
 *
 * **Details**
 *
 * `seed` is called when the split is entered, and gives the first branches. `add` adds more behind those that wait, in
 * order, behind the same bulkhead; it answers false, and adds none, once the split is decided or complete. The split is
 * complete when every branch has ended and none waits: nobody is left who could add one. Until then no count is known to
 * be out of reach, so `all` is not satisfied by what happens to have ended, and `percentage` is undecided. Results are in
 * the order in which the branches were added. Bound the growth with `maxBranches`.
 *
 * **Gotchas**
 *
 * A branch that waits for one it has added keeps its place behind the bulkhead: with too few places both wait for ever.
 *
 * **Example** (Every page that can be reached)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { JoinStrategy, Split } from "effect-cano"
 *
 * const links: Record<string, ReadonlyArray<string>> = { "/": ["/a", "/b"], "/a": ["/b", "/c"], "/b": [], "/c": ["/"] }
 *
 * const site = Split.growing<string>((add) => {
 *   const seen = new Set<string>()
 *   const visit = (page: string): Effect.Effect<string> => {
 *     const found = links[page]!.filter((link) => !seen.has(link) && seen.add(link))
 *     return Effect.as(add(found.map((link) => Effect.suspend(() => visit(link)))), page)
 *   }
 *   seen.add("/")
 *   return [Effect.suspend(() => visit("/"))]
 * })
 *
 * const program = Effect.gen(function*() {
 *   const { values } = yield* Split.run(site, { strategy: JoinStrategy.all, bulkhead: 2, maxBranches: 100 })
 *   console.log(values.join(" "))
 * })
 *
 * await Effect.runPromise(program)
 * // => / /a /b /c
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const growing: <A, E = never, R = never>(
  seed: (
    add: (branches: Iterable<Effect.Effect<A, E, R>>) => Effect.Effect<boolean>
  ) => Iterable<Effect.Effect<A, E, R>>
) => Growing<Effect.Effect<A, E, R>> = internalBranches.growing as any

/**
 * The outcomes of a split as a stream, in the order in which the branches end, losers included.
 *
 * **When to use**
 *
 * To hand on each answer while others are awaited, or more answers than fit into memory. Where the end of the split is all
 * that matters take `run`.
 *
 * **Details**
 *
 * The split starts when the stream is run, and the stream fails as the split does, after the outcomes that led there. A
 * reader who leaves early (`Stream.take`) interrupts and awaits the branches. A slow reader slows the split down: no
 * further branch is started while `bufferSize` outcomes (16 if left out) and 16 more wait.
 *
 * **Example** (Answers as they come)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { JoinStrategy, Split } from "effect-cano"
 *
 * const ask = (name: string, millis: number) => Effect.as(Effect.sleep(millis), name)
 *
 * const program = Split.stream([ask("a", 400), ask("b", 10), ask("c", 200)], { strategy: JoinStrategy.all }).pipe(
 *   Stream.runForEach(({ name, _tag }) => Effect.sync(() => console.log(name, _tag)))
 * )
 *
 * await Effect.runPromise(program)
 * // => 1 Succeeded
 * // => 2 Succeeded
 * // => 0 Succeeded
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const stream: <
  const B extends Branches.List | Effect.Effect<Branches.List, any, any> | (() => Branches.Returned),
  Strat extends JoinStrategy,
  T extends Duration.Input | undefined = undefined,
  const P extends "interrupt" | "await" = "interrupt",
  Bh extends AnyBulkhead = number
>(
  branches: B,
  options: Options<Strat & Check.Strategy<B, Strat, T>, T, never, P, Bh> & { readonly bufferSize?: number | undefined }
) => Stream.Stream<
  Outcome.Ended<P, Branches.SuccessOf<Branches.ListOf<B>>, Branches.ErrorOf<Branches.ListOf<B>>>,
  | JoinError<Branches.ErrorOf<Branches.ListOf<B>>, Strat, T>
  | ConfigurationError
  | WorkflowError
  | BulkheadError<Bh>
  | Branches.InputError<B>,
  Branches.ServicesOf<Branches.ListOf<B>> | Branches.InputServices<B> | BulkheadServices<Bh>
> = internalStream.stream as any
