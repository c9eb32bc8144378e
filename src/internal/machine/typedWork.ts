/**
 * What the types know of the work in a machine: what its tasks, splits and Layers give, need and fail with. Types only.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { CompensationError, JoinTimeoutError, JoinUnsatisfiedError, WorkflowError } from "../../CanoError.ts"
import type { Runs } from "../../Runs.ts"
import type { Doubt, Step } from "../../Saga.ts"
import type { AnySignal, Replies, SignalTimeoutError } from "../../Signal.ts"
import type {
  Branches,
  BulkheadError,
  BulkheadServices,
  JoinError,
  LosersOf,
  ObserverError,
  ObserverServices,
  Result
} from "../../Split.ts"
import type { Discarded, Losers, Outcome, Reduced, SplitResult } from "../../SplitResult.ts"
import type * as TaskResult from "../../TaskResult.ts"
import type { Has, Option as OptionOf } from "../check/given.ts"
import type { Work } from "../task/kind.ts"
import type { DoneOf, ExitsOf, Fanned, FannedOut, FollowOnError, Graph, Reached } from "./typed.ts"

// what a Layer provides is contravariant: one that provides nothing is no `Layer<any, …>`
export type LayerOut<L> = L extends Layer.Layer<infer Out, infer _E, infer _In> ? Out : never
export type LayerIn<L> = L extends Layer.Layer<infer _Out, infer _E, infer In> ? In : never
export type LayerError<L> = L extends Layer.Layer<infer _Out, infer E, infer _In> ? E : never

/** The join errors of several splits, merged to one of each class. */
export type Merge<E> = [Extract<E, CompensationError<any, any>>] extends [never] ? Joins<E>
  // a run that goes back: what else it fails with may be what it has gone back for
  : [Extract<E, CompensationError<any, any>>, Joins<Exclude<E, CompensationError<any, any>>>] extends
    [CompensationError<infer X, any>, infer Rest] ? Rest | CompensationError<X, Rest>
  : never

/** The same of the errors of joins alone. */
export type Joins<E> = [Extract<E, JoinUnsatisfiedError<any, any>>, Extract<E, JoinTimeoutError<any, any>>] extends
  [infer Unsatisfied, infer Late] ?
    | Exclude<E, Unsatisfied | Late>
    | ([Unsatisfied] extends [never] ? never
      : [Unsatisfied] extends [JoinUnsatisfiedError<infer X, infer A>] ? JoinUnsatisfiedError<X, A>
      : never)
    | ([Late] extends [never] ? never : [Late] extends [JoinTimeoutError<infer X, infer A>] ? JoinTimeoutError<X, A>
    : never)
  : never

export type GenError<Eff> = [Eff] extends [never] ? never : Eff extends Effect.Effect<any, infer E, any> ? E : never
export type GenServices<Eff> = [Eff] extends [never] ? never : Eff extends Effect.Effect<any, any, infer R> ? R : never

/**
 * What a split hands to `next`. Any list at all is what TypeScript tries first, while the branches are a function whose
 * parameter it has yet to find; a `next` with a type of its own must pass that trial.
 */
export type Joined<S, G extends Graph.Any, L, O, Z> = [Branches.ListOf<Branches.List>] extends [L] ? any
  : L extends TaskResult.Split<any> ?
      | (true extends Has<O, "reduce"> ? Reduced<Z> : never)
      | (false extends Has<O, "reduce"> ? FollowedOn<S, G, O, OptionOf<O, "discard", false>> : never)
  : Result<L, O, Z>

/** The result of a split into follow-on states: each value is the exit its branch reached. */
export type FollowedOn<S, G extends Graph.Any, O, D> = D extends true ? Discarded : SplitResult<
  ExitsOf<S, G>,
  unknown,
  ReadonlyArray<Outcome.Under<LosersOf<O>, ExitsOf<S, G>, unknown>>,
  ReadonlyArray<ExitsOf<S, G>>
>

/** What an observer of a split is told; as for `next`, it must pass the trial of any list. */
export type EndedOf<S, G extends Graph.Any, L, P extends Losers> = [Branches.ListOf<Branches.List>] extends [L] ? any
  : L extends TaskResult.Split<any> ? Outcome.Ended<P, ExitsOf<S, G>, unknown>
  : Outcome.Ended<P, Branches.SuccessOf<L>, Branches.ErrorOf<L>>

export type SettledOf<S, G extends Graph.Any, L> = [Branches.ListOf<Branches.List>] extends [L] ? any
  : L extends TaskResult.Split<any> ? Outcome.Settled<ExitsOf<S, G>, unknown>
  : Outcome.Settled<Branches.SuccessOf<L>, Branches.ErrorOf<L>>

/** How a split can fail, with the exits that follow-on branches may end in, and with their errors. */
export type JoinFailure<S, G extends Graph.Any, L, O, X> = L extends TaskResult.Split<any>
  ? FollowOnFailure<JoinError<L, O>, ExitsOf<S, G>, X>
  : JoinError<L, O>

export type FollowOnFailure<E, Exits, X> = E extends JoinUnsatisfiedError<any, infer A>
  ? JoinUnsatisfiedError<X, Exited<A, Exits>>
  : E extends JoinTimeoutError<any, infer A> ? JoinTimeoutError<X, Exited<A, Exits>>
  : E

/** What is not kept stays so. */
export type Exited<A, Exits> = A extends ReadonlyArray<never> ? A : ReadonlyArray<Exits>

/** The errors of the states and of the Layer, where those of follow-on branches are known. */
export type Failure<G extends Graph.Any, E> = [FannedOut<G["ways"]>] extends [never] ?
  Merge<E | LayerError<G["provided"]>>
  : Resolved<Merge<E | LayerError<G["provided"]>>, Followed<G["ways"], E> | WorkflowError>

/** The errors in which those of follow-on branches are replaced. */
export type Resolved<E, By> = E extends JoinUnsatisfiedError<infer X, infer A> ?
  JoinUnsatisfiedError<Replaced<X, By>, A>
  : E extends JoinTimeoutError<infer X, infer A> ? JoinTimeoutError<Replaced<X, By>, A>
  : E

export type Replaced<X, By> = X extends FollowOnError ? By : X

/**
 * What a follow-on branch can fail with: the errors of the states. Where it may be split into follow-on states itself, the
 * errors of those are `unknown`, or the type would have no end.
 */
export type Followed<Ways, E> = [Extract<Reached<Ways, FannedOut<Ways>>, Fanned<Ways>>] extends [never] ?
  Merge<Unfanned<E>>
  : Resolved<Merge<E>, unknown>

/** The errors without those of splits into follow-on states. */
export type Unfanned<E> = E extends JoinUnsatisfiedError<infer X, any> | JoinTimeoutError<infer X, any>
  ? [X] extends [never] ? E : [X] extends [FollowOnError] ? never : E
  : E

/**
 * How a state of a machine is split and joined.
 *
 * @category models
 * @since 0.1.0
 */
export interface SplitOptions<
  S,
  State,
  Joined,
  JoinE,
  N2 = S,
  Next = Direction<S, Joined, State>,
  Otherwise = Direction<N2, JoinE, State>
> {
  /**
   * Where a satisfied join goes: a state, or a function of the result to a state or to an Effect of one. It runs when
   * every loser has been interrupted and awaited.
   */
  readonly next: Next
  /**
   * Where an unsatisfied or late join goes. Left out, it is the error of the run.
   */
  readonly otherwise?: Otherwise | undefined
}

/**
 * How a state of a machine waits for a signal.
 *
 * @category models
 * @since 0.1.0
 */
export interface SignalOptions<State, Next, Otherwise> {
  /** Where the run goes on: a state, or a function of the value and the state to one. */
  readonly next: Next
  /** How long it waits, from when the state is entered; left out, as long as it takes. */
  readonly timeout?: Duration.Input | undefined
  /**
   * Where it goes when the time is up: a state, or a function of the `SignalTimeoutError` and the state to one. Left out, that
   * is the error of the run.
   */
  readonly otherwise?: Otherwise | undefined
  /** The key that a signal is to have, or a function of the state to it; left out, it may have any, or none. */
  readonly key?: string | ((state: State) => string) | undefined
  /** Whether a signal counts that came before this visit of the state; left out, `"run"`: it does. */
  readonly since?: "run" | "visit" | undefined
}

/** What is answered to who asks: it must be said where the signal has replies. */
export type Answering<A, B> = [void] extends [B] ? Partial<Replies<A, B>> : Replies<A, B>

/** Where an option leads that is taken when the time is up, or what is wrong without one. */
export type InTime<M, Otherwise> = unknown extends M ? Otherwise
  : true extends Has<M, "timeout"> ? Otherwise
  : [Has<M, "otherwise">] extends [false] ? Otherwise
  : "otherwise needs a timeout, after which it is taken"

/** What waiting for a signal can fail with. */
export type SignalFailure<O> = [OptionOf<O, "timeout", undefined>] extends [undefined] ? never
  : false extends Has<O, "otherwise"> ? SignalTimeoutError
  : never

/**
 * A state, or a function to a state or to an Effect of one.
 *
 * @category models
 * @since 0.1.0
 */
export type Direction<S, A, State> = S | ((value: A, state: State) => S | Effect.Effect<S, unknown, unknown>)

export type EntryError<X> = X extends { readonly branches: infer B } ?
    | SplitError<B, X>
    | (false extends Has<X, "otherwise"> ? JoinError<Branches.ListOf<B>, X> : never)
  : X extends { readonly signal: AnySignal } ? SignalFailure<X>
  : TaskError<X>

export type EntryServices<X> = X extends { readonly branches: infer B } ? SplitServices<B, X>
  : X extends { readonly signal: AnySignal } ? Runs
  : TaskServices<X>

/** What a task can fail with. */
export type TaskError<X> = X extends { readonly run: infer Run } ? WorkError<Run> | UndoneError<X> : WorkError<X>

/** What a task requires. */
export type TaskServices<X> = X extends { readonly run: infer Run } ? WorkServices<Run> | UndoneServices<X>
  : WorkServices<X>

/** What a run fails with whose compensations fail: what those of a task or a split can fail with, and nothing where there are none. */
export type UndoneError<X> = X extends { readonly compensate: infer C } ? [Undoing<C>] extends [never] ? never
  : CompensationError<Undoing<C> extends Effect.Effect<any, infer E, any> ? E : never, never>
  : never

export type UndoneServices<X> = X extends { readonly compensate: infer C } ? [Undoing<C>] extends [never] ? never
  : Undoing<C> extends Effect.Effect<any, any, infer R> ? R
  : never
  : never

/** The Effects of a compensation, or of those of the branches. */
export type Undoing<C> = C extends (...args: any) => infer Eff ? Eff
  : C extends ReadonlyArray<infer One> ? One extends (...args: any) => infer Eff ? Eff : never
  : C extends object ? { [N in keyof C]: C[N] extends (...args: any) => infer Eff ? Eff : never }[keyof C]
  : never

/** What an Effect can fail with, or what a function answers with one. */
export type WorkError<X> = X extends Effect.Effect<any, infer E, any> ? E
  : X extends (...args: any) => infer Out ? Out extends Effect.Effect<any, infer E, any> ? E
    : Out extends Generator<infer Eff, any, any> ? GenError<Eff>
    : never
  : X extends Work<never, infer Run> ? Effect.Error<Run>
  : never

export type WorkServices<X> = X extends Effect.Effect<any, any, infer R> ? R
  : X extends (...args: any) => infer Out ? Out extends Effect.Effect<any, any, infer R> ? R
    : Out extends Generator<infer Eff, any, any> ? GenServices<Eff>
    : never
  : X extends Work<never, infer Run> ? Effect.Services<Run>
  : never

/** What a split state of the branches `B` and the options `O` can fail with, besides its join. */
export type SplitError<B, O> =
  | WorkError<OptionOf<O, "next", never> | OptionOf<O, "otherwise", never>>
  | ObserverError<O>
  | BulkheadError<O>
  | Branches.InputError<B>
  | UndoneError<O>

/** What it requires. */
export type SplitServices<B, O> =
  | WorkServices<OptionOf<O, "next", never> | OptionOf<O, "otherwise", never>>
  | ObserverServices<O>
  | BulkheadServices<O>
  | UndoneServices<O>
  | Branches.InputServices<B>
  | Branches.ServicesOf<Branches.ListOf<B>>

/**
 * How the branches of a split are undone.
 *
 * @category models
 * @since 0.1.0
 */
export interface SplitCompensation<L, State, C, D> {
  /**
   * Undoes what a branch has done: a record or tuple in the shape of the branches, or one function for all of them. It is
   * called when the run goes back, and for branches that their join does not keep (`keep`) before the run goes on.
   */
  readonly compensate?: (C & Compensations<L, State, D> & Strangers<C, L>) | undefined
  /** Which ends of a branch leave it in doubt whether it was done: for all, or by branch. Left out: `"unexpected"`. */
  readonly inDoubt?: (D & Doubts<L>) | undefined
  /**
   * Which branches of a satisfied join stay done: those that it was decided with, or all that have completed, losers
   * included. All others are undone before `next`, and all branches of an unsatisfied join before `otherwise`. Left out:
   * `"winners"`.
   */
  readonly keep?: "winners" | "completed" | undefined
  /** Whether the run only goes forward once the join is satisfied, as `pivot` of `register`. */
  readonly pivot?: boolean | undefined
}

/** As for `next`, any list at all must pass: it is what TypeScript tries first. */
export type Compensations<L, State, D> = [Branches.ListOf<Branches.List>] extends [L] ? any
  : L extends TaskResult.Split<any>
    ? "follow-on states are compensated one by one: give compensate where they are registered"
  : Undo<Branches.SuccessOf<L>, Branches.ErrorOf<L>, State, D> | ByBranch<L, State, D>

export type Undo<A, E, State, D> = (
  done: DoneOf<A, E, D>,
  step: Step<State>
) => Effect.Effect<unknown, any, any>

export type ByBranch<L, State, D> = L extends ReadonlyArray<any>
  ? number extends L["length"] ? never : { readonly [I in keyof L]?: UndoOf<L[I], State, DoubtOf<D, I>> | undefined }
  : L extends Iterable<any> ? never
  : { readonly [N in keyof L]?: UndoOf<L[N], State, DoubtOf<D, N>> | undefined }

export type UndoOf<Eff, State, D> = Eff extends Effect.Effect<infer A, infer E, any> ? Undo<A, E, State, D> : never

export type DoubtOf<D, N> = D extends string ? D : N extends keyof D ? D[N] : "unexpected"

export type Doubts<L> = [Branches.ListOf<Branches.List>] extends [L] ? unknown
  : L extends ReadonlyArray<any> ? number extends L["length"] ? Doubt : Doubt | { readonly [I in keyof L]?: Doubt }
  : L extends Iterable<any> ? Doubt
  : Doubt | { readonly [N in keyof L]?: Doubt }

/** A sentence where a compensation is given for a branch that there is not. */
export type Strangers<C, L> = [Branches.ListOf<Branches.List>] extends [L] ? unknown
  : C extends (...args: any) => any ? unknown
  : L extends Iterable<any> ? unknown
  : [Exclude<keyof C, keyof L>] extends [never] ? unknown
  : `there is no branch "${Exclude<keyof C, keyof L> & string}"`
