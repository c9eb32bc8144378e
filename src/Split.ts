/**
 * The split on its own: `Split.run` starts branches, joins them by a strategy and ends when the last of them has ended; a
 * split lives from its first branch until every loser's finalizers have run.
 *
 * A state registered with `registerSplit` is this same split inside a machine; `SplitStream` gives its outcomes as they
 * arrive.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
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
import type { Foreseen, Has, Inferred, Option, Seen } from "./internal/check/given.ts"
import * as internalBranches from "./internal/split/branches.ts"
import * as internal from "./internal/split/standalone.ts"
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
   * A list of branches: an array or tuple, a record, an iterable, which is read lazily, or one that grows. A name of a record
   * may be left out; a branch that is `undefined` is refused.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type List =
    | ReadonlyArray<AnyEffect>
    | Iterable<AnyEffect, void>
    | { readonly [name: string]: AnyEffect | undefined }
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
    : { readonly [K in keyof L]: Ended<P, Extract<L[K], AnyEffect>> }

  type Ended<P extends Losers, Eff extends AnyEffect> = Outcome.Under<P, Effect.Success<Eff>, Effect.Error<Eff>>

  /**
   * The values of all branches, in the shape of the list.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Values<L> = L extends ReadonlyArray<any> ? { readonly [I in keyof L]: Effect.Success<L[I]> }
    : L extends Iterable<infer Eff> ? ReadonlyArray<Eff extends AnyEffect ? Effect.Success<Eff> : never>
    : L extends TaskResult.Split<any> ? ReadonlyArray<unknown>
    : { readonly [K in keyof L]: Effect.Success<Extract<L[K], AnyEffect>> }

  /**
   * The values of those branches that succeeded: a list, or a record with their names.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Successes<L> = L extends Iterable<any> ? ReadonlyArray<SuccessOf<L>>
    : { readonly [K in keyof L]?: Effect.Success<Extract<L[K], AnyEffect>> }
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
  export type Strategy<L, Strat, O> = [Unfit<L, Strat, O> | Undefined<Branches.ListOf<L>>] extends [never] ? unknown
    : Unfit<L, Strat, O> | Undefined<Branches.ListOf<L>>

  /** A branch of a record that is there, and may be `undefined`. */
  type Undefined<L> = L extends Iterable<unknown> | Growing<any> | TaskResult.Split<any> ? never
    : { [K in keyof L]-?: undefined extends L[K] ? {} extends Pick<L, K> ? never : Named<K> : never }[keyof L]

  type Named<K> = K extends string ? `branch ${K} may be undefined: leave its name out where there is none` : never

  /** The sentences about the strategies that there may be; one that fits adds none. */
  type Unfit<L, Strat, O> = Strat extends Custom<infer A, infer E, infer Names>
    ? Unjudged<Branches.ListOf<L>, A, E, Names>
    : Strat extends JoinStrategy<infer Tag, infer N> ?
      [Tag] extends ["PartialTimeout"]
        ? [Option<O, "timeout", undefined>] extends [undefined] ? "partialTimeout needs a timeout" : never
      : [Tag] extends ["Percentage"] ? OutOfRange<N>
      : [Tag] extends ["Any" | "Quorum" | "PartialResults"] ? TooFew<L, Tag extends "Any" ? 1 : N>
      : never
    : never

  /** Whether a strategy of one's own can judge what the branches give. */
  type Unjudged<L, A, E, Names extends string> = [Branches.SuccessOf<L>] extends [A]
    ? [Branches.ErrorOf<L>] extends [E] ? Unnamed<L, Names>
    : "the strategy does not take the errors of these branches"
    : "the strategy does not take the values of these branches"

  type Unnamed<L, Names extends string> = string extends Names ? never
    : L extends ReadonlyArray<unknown> ? number extends L["length"] ? never : Unknown<keyof L & `${number}`, Names>
    : L extends Iterable<unknown> ? never
    : Unknown<keyof L & string, Names>

  type Unknown<Keys extends string, Names extends string> = [Exclude<Names, Keys>] extends [never] ? never
    : `there is no branch ${Exclude<Names, Keys>}`

  /** A literal as it is written: shares lie above 0 and at most at 1. */
  type OutOfRange<P extends number> = number extends P ? never
    : `${P}` extends "1" | `0.${string}` | `${number}e-${number}` ? never
    : `percentage(${P}): the share must be a number above 0 and at most 1`

  type TooFew<L, N extends number> = number extends N ? never
    : `${N}` extends "0" | `-${string}` | `${string}.${string}`
      ? "the strategy must wait for a whole number of branches, at least 1"
    // more than the compiler counts in one go
    : `${N}` extends `${infer _A}${infer _B}${infer _C}${infer _D}${string}` ? never
    : Counted<L, N> extends infer Count extends ReadonlyArray<unknown> ? Reaches<Count, N> extends true ? never
      : `the strategy waits for ${N} branches, but there are only ${Count["length"]}`
    : never

  /** As many elements as there are branches, or `N`, where that is known: of a tuple, or of a record whose names are. */
  type Counted<L, N> = L extends (...args: any) => any ? undefined
    : L extends Branches.AnyEffect | Growing<any> ? undefined
    : L extends ReadonlyArray<unknown> ? number extends L["length"] ? undefined : L
    : L extends Iterable<unknown> ? undefined
    : string extends keyof L ? undefined
    : Each<keyof L, N>

  /** The members of a union, one by one, and no more than are asked for. */
  type Each<K, N, Count extends ReadonlyArray<unknown> = []> = [K] extends [never] ? Count
    : Count["length"] extends N ? Count
    : Last<K> extends infer Member ? Each<Exclude<K, Member>, N, [...Count, unknown]>
    : never

  type Last<U> = (U extends unknown ? (f: () => U) => void : never) extends (f: infer F) => void
    ? F extends () => infer L ? L : never
    : never
}

/**
 * How a split is joined.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<
  out Strat extends JoinStrategy = JoinStrategy,
  out D extends boolean = boolean,
  out P extends Losers = Losers
> {
  readonly strategy: Strat
  /**
   * The deadline of the join, from the moment the split is entered; waiting for a place counts.
   */
  readonly timeout?: Duration.Input | undefined
  /**
   * At most so many branches run at once, started in branch order; an integer of at least 1. Left out: all at once. A
   * `Bulkhead`, or the key of one as a service, is shared with other splits.
   */
  readonly bulkhead?: AnyBulkhead | undefined
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
   * Each outcome says in `times` when its branch was known, started and ended. Left out: none does.
   */
  readonly times?: boolean | undefined
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
 * What a split that is no state is called.
 *
 * @category models
 * @since 0.1.0
 */
export interface Named {
  /**
   * The name of the split in the keys of its branches (`Workflow.CurrentRun`), where it stands in a run. Left out: its
   * number among the splits of the task or branch that runs it, which is another one when these change.
   */
  readonly name?: string | undefined
}

/**
 * Who is told of the outcomes of a split as they arrive.
 *
 * @category models
 * @since 0.1.0
 */
export interface Observers<in Ended, in Settled, in out Z, in State = void> {
  /**
   * Told of each branch that was started, when it has ended: one at a time, in the order in which they ended, losers
   * included. The split waits for it, and fails with its error.
   *
   * **Details**
   *
   * A decision does not wait for it. While more than 16 outcomes wait, no further branch is started: a slow observer slows
   * the split down.
   */
  readonly onOutcome?: ((outcome: Ended, state: State) => Effect.Effect<unknown, any, any>) | undefined
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
 * The result of a split over the list `L` with the options `O`, as they are written. Where an option may be one or the
 * other, or may be left out, it is the union of both results.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Result<L, O, Z = never> = Has<O, "reduce"> extends infer There
  // a condition, since a hover gives a union by its name, with all that it was made of
  ?
    | (false extends There ? Unreduced<L, O, Option<O, "discard", false>> : never)
    | (true extends There ? Reduced<Z> : never)
  : never

type Unreduced<L, O, D> = D extends true ? Discarded
  : SplitResult<
    Branches.SuccessOf<L>,
    Branches.ErrorOf<L>,
    Branches.Outcomes<L, LosersOf<O>>,
    ValuesOf<L, Option<O, "strategy", never>>
  >

type ValuesOf<L, Strat> = Strat extends JoinStrategy<"All" | "AllFailFast"> ? Branches.Values<L>
  : Branches.Successes<L>

/**
 * What a split with the options `O` does with its losers.
 *
 * @category utility types
 * @since 0.1.0
 */
export type LosersOf<O> = Extract<Option<O, "losers", "interrupt">, Losers>

/**
 * How a split over the list `L` with the options `O` can fail: only with what its strategy and timeout allow. Its errors
 * hold what the branches succeeded and failed with, unless that was discarded or reduced.
 *
 * @category utility types
 * @since 0.1.0
 */
export type JoinError<L, O> = [Branches.ErrorOf<L>] extends [infer E] ?
    | ([Unsatisfiable<Option<O, "strategy", never>>] extends [never] ? never : JoinUnsatisfiedError<E, Kept<L, O>>)
    | ([Option<O, "timeout", undefined>] extends [undefined] ? never : JoinTimeoutError<E, Kept<L, O>>)
  : never

/** The strategies that can be unsatisfied, and not only late. */
type Unsatisfiable<Strat> = Strat extends JoinStrategy<infer Tag> ? [Tag] extends ["PartialTimeout"] ? never : Strat
  : never

/** The values in the shape of the branches, as far as a split keeps them. */
type Kept<L, O> = [Has<O, "reduce">, Option<O, "discard", false>] extends [infer Reduces, infer Discards] ?
    | (true extends Reduces | Discards ? ReadonlyArray<never> : never)
    | (false extends Reduces ? false extends Discards ? Branches.Values<L> : never : never)
  : never

/**
 * What the observer of a split with the options `O` can fail with.
 *
 * @category utility types
 * @since 0.1.0
 */
export type ObserverError<O> = O extends { readonly onOutcome?: infer F }
  ? F extends (...args: any) => Effect.Effect<any, infer E, any> ? E : never
  : never

/**
 * What the observer of a split with the options `O` requires.
 *
 * @category utility types
 * @since 0.1.0
 */
export type ObserverServices<O> = O extends { readonly onOutcome?: infer F }
  ? F extends (...args: any) => Effect.Effect<any, any, infer R> ? R : never
  : never

/**
 * What a split can be bounded by.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyBulkhead = number | Bulkhead | Context.Key<unknown, Bulkhead>

/**
 * How a split with the options `O` can be refused, where its bulkhead is shared.
 *
 * @category utility types
 * @since 0.1.0
 */
export type BulkheadError<O> = [Option<O, "bulkhead", never>] extends [number] ? never
  : BulkheadFullError | BulkheadReentryError

/**
 * What a split with the options `O` requires for a bulkhead that is a service.
 *
 * @category utility types
 * @since 0.1.0
 */
export type BulkheadServices<O> = Option<O, "bulkhead", never> extends infer Bh
  ? Bh extends Context.Key<infer I, any> ? I : never
  : never

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
 * What a split with the options `O` requires for its losers: a scope, where they may outlive it.
 *
 * @category utility types
 * @since 0.1.0
 */
export type LosersServices<O> = LosersOf<O> extends infer P ? P extends "interrupt" | "await" ? never : Scope.Scope
  : never

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
  M,
  O,
  Z = never
>(
  branches: B,
  options:
    & Options<Strat & Check.Strategy<B, Strat, M>>
    & Observers<
      Outcome.Ended<LosersOf<M>, Branches.SuccessOf<Branches.ListOf<B>>, Branches.ErrorOf<Branches.ListOf<B>>>,
      Outcome.Settled<Branches.SuccessOf<Branches.ListOf<B>>, Branches.ErrorOf<Branches.ListOf<B>>>,
      Z
    >
    & Named
    & Foreseen<M>
    & Seen<O>
) => Effect.Effect<
  Result<Branches.ListOf<B>, O, Inferred<Z>>,
  | ObserverError<O>
  | BulkheadError<O>
  | JoinError<Branches.ListOf<B>, O>
  | ConfigurationError
  | WorkflowError
  | Branches.InputError<B>,
  | Branches.ServicesOf<Branches.ListOf<B>>
  | Branches.InputServices<B>
  | LosersServices<O>
  | BulkheadServices<O>
  | ObserverServices<O>
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
