/**
 * A workflow is an inert definition: a finite state machine that holds no fiber, no resource and no state of a run, so
 * one value may be kept for the life of the program and run any number of times at once.
 *
 * `orchestrate` makes an ordinary Effect of it. Each builder method returns a new workflow and leaves the old one as it
 * was.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { Pipeable } from "effect/Pipeable"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type {
  ConfigurationError,
  Issue,
  JoinTimeoutError,
  JoinUnsatisfiedError,
  Path,
  WorkflowError,
  WorkflowTimeoutError
} from "./CanoError.ts"
import type { Definition } from "./Definition.ts"
import type { Foreseen, Given, Has, Option as OptionOf, Seen } from "./internal/check/given.ts"
import * as internal from "./internal/machine/workflow.ts"
import * as internalRun from "./internal/run/run.ts"
import type { JoinStrategy } from "./JoinStrategy.ts"
import type {
  Branches,
  BulkheadError,
  BulkheadServices,
  Check,
  JoinError,
  LosersOf,
  ObserverError,
  Observers,
  ObserverServices,
  Options,
  Result
} from "./Split.ts"
import type { Discarded, Losers, Outcome, Reduced, SplitResult } from "./SplitResult.ts"
import type * as TaskResult from "./TaskResult.ts"

/**
 * What a state may be: a string, or a tagged value that carries data to its handler.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyState = string | { readonly _tag: string }

/**
 * The name of a state: the string itself, or its tag.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Tag<S> = S extends string ? S : S extends { readonly _tag: infer T extends string } ? T : never

/**
 * The state, or the states, of a given name.
 *
 * @category utility types
 * @since 0.1.0
 */
export type At<S, K> = string extends K ? S : string extends Tag<S> ? Extract<S, K> : Looked<S, K, K>

/** Looked up by name: asking each of the states, at each call of `register`, would take the square of their number. */
type Looked<S, K, All> = K extends string ? Named<ByTag<S>[K], K, All> : never

/** The states by their names; no state has another name. */
type ByTag<S> = { readonly [M in S as Tag<M>]: M } & { readonly [name: string]: never }

/** A state may share its member of the type with others. */
type Named<M, K, All> = M extends string ? K
  : M extends { readonly _tag: infer T } ? [T] extends [All] ? M : M & { readonly _tag: Extract<T, All> }
  : never

/**
 * What the type of a workflow knows of its machine: the names of the states that have a handler, of the exit states, the
 * ways between them, and the Layer that serves each run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Graph<out Handled, out Exits, out Ways, out Provided> {
  readonly handled: Handled
  readonly exits: Exits
  readonly ways: Ways
  readonly provided: Provided
}

/**
 * @since 0.1.0
 */
export declare namespace Graph {
  /**
   * Any graph.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Any = Graph<string, string, Way<string, string>, Layer.Any>

  /**
   * The graph of a workflow without states.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Empty = Graph<never, never, never, Layer.Layer<never>>
}

/**
 * From a state a run may go on to others.
 *
 * @category models
 * @since 0.1.0
 */
export interface Way<out From, out To> {
  readonly from: From
  readonly to: To
}

/**
 * A state is split into follow-on states, whose branches may end in some of the exit states.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fan<out From, out To, out Ends> extends Way<From, To> {
  readonly ends: Ends
}

/**
 * What the branches of follow-on states fail with. It stands for the errors of the whole machine, which are known when
 * that is complete: what `orchestrate` returns names them instead.
 *
 * @category models
 * @since 0.1.0
 */
export interface FollowOnError {
  readonly [FollowOnErrorTypeId]: typeof FollowOnErrorTypeId
}

declare const FollowOnErrorTypeId: unique symbol

/** The names of the states, or a sentence that says what is missing. */
type Names<S> = [S] extends [never]
  ? "name the states first: Workflow.make<State>(name), or Workflow.make(name, StateSchema)"
  : Tag<S>

/**
 * A name that is given a handler, or a sentence that says why it can't be. The names are not looked at one by one: while
 * the argument is yet to be looked at, or written, `K` is all the states there are.
 */
type Unhandled<S, K, G extends Graph.Any> = [Extract<K, Taken<G>>] extends [never] ? K
  : [Every<S>] extends [K] ? K
  : [Extract<K, G["handled"]>] extends [never] ? "the state is an exit state, and can't be registered"
  : "the state is registered already"

/** A name that is made an exit state, or a sentence that says why it can't be. */
type Unended<S, K, G extends Graph.Any> = [Every<S>] extends [K] ? Exclude<K, Taken<G> | Unforeseen<G["ways"], K>>
  : string extends G["handled"] | G["exits"] ? K
  : K extends G["handled"] ? "the state is registered, and can't be an exit state"
  : K extends G["exits"] ? "the state is an exit state already"
  : K extends Unforeseen<G["ways"], K>
    ? "exit states are added before a split into follow-on states, which may end in them"
  : K

/** The same of one name, which is not looked for among all names: a machine may add its exit states one by one. */
type UnendedOne<S, K, G extends Graph.Any> = [Extract<K, Taken<G>>] extends [never] ?
  [Extract<K, Unforeseen<G["ways"], K>>] extends [never] ? K
  : [Every<S>] extends [K] ? K
  : "exit states are added before a split into follow-on states, which may end in them"
  : [Every<S>] extends [K] ? K
  : [Extract<K, G["handled"]>] extends [never] ? "the state is an exit state already"
  : "the state is registered, and can't be an exit state"

/** The names that are registered or exit states, as far as they are known. */
type Taken<G extends Graph.Any> = string extends G["handled"] | G["exits"] ? never : G["handled"] | G["exits"]

/** The names of all states, where there are several. */
type Every<S> = Several<Tag<S>, Tag<S>>

type Several<T, All> = T extends unknown ? [All] extends [T] ? unknown : T : never

/** The exit states that the values of a split into follow-on states do not reckon with, as far as they are known. */
type Unforeseen<Ways, Exits> = [Exits] extends [never] ? never
  : string extends Exits ? never
  : Ways extends Fan<any, any, infer Ends> ? Exclude<Exits, Ends>
  : never

/** The initial state, or a sentence that says why this machine can't run. */
type Initial<S, G extends Graph.Any> = [Missing<G>] extends [never]
  ? [G["exits"]] extends [never] ? "the workflow has no exit state: call addExitStates"
  : At<S, G["handled"] | G["exits"]>
  : `state "${Missing<G>}" is entered, but neither registered nor an exit state`

type Missing<G extends Graph.Any> = Exclude<G["ways"]["to"], G["handled"] | G["exits"]>

/** The exit states in which a run may end that starts in a state: those are left out that only follow-on branches reach. */
type Ending<S, G extends Graph.Any, K> = [FannedOut<G["ways"]>] extends [never] ? Exits<S, G, G["exits"]>
  : Exits<S, G, Exclude<G["exits"], Exclude<Reached<G["ways"], FannedOut<G["ways"]>>, Reached<G["ways"], K>>>>

/** The exit states of these names; of any workflow, `unknown`. */
type Exits<S, G, K> = unknown extends S & G ? unknown : At<S, K>

/** The names of the follow-on states. */
type FannedOut<Ways> = Ways extends Fan<any, infer To, any> ? To : never

/** The states that are reached from some, themselves included. */
type Reached<Ways, From, Known = never> = [From] extends [never] ? Known
  : Reached<Ways, Exclude<Next<Ways, From>, Known | From>, Known | From>

type Next<Ways, From> = Ways extends Fan<any, any, any> ? never
  : Ways extends Way<infer At, infer To> ? At extends From ? To : never
  : never

/**
 * What is wrong with the states that a task leads to, named in the message; `unknown` where nothing is. A task that is
 * yet to be looked at is any object.
 */
type Misled<S, K extends string, N> = [N] extends [S] ? unknown
  : object extends N ? unknown
  : Misfit<S, K, Exclude<N, S>>

/** The same, without the states that fit. */
type Misfit<S, K extends string, N> = [Extract<N, TaskResult.Split<any>>] extends [never]
  ? string extends Tag<N> ?
    `state "${K}" leads to any string: write "Next" as const, or return it from a generator function`
  : [Exclude<Tag<N>, Tag<S>>] extends [never]
    ? [Tag<N>] extends [never] ? `state "${K}" leads to ${Called<N>}, which is no state`
    : `state "${K}" leads to "${Tag<N>}" with data that does not fit`
  : `state "${K}" leads to "${Exclude<Tag<N>, Tag<S>>}", which is no state`
  : `state "${K}" returns TaskResult.split: register it with registerSplit`

/** What is wrong with the follow-on states among the branches; `unknown` where nothing is. */
type Misfanned<S, K extends string, L> = L extends TaskResult.Split<infer N> ? Misled<S, K, N> : unknown

/** What a task must be, or that beside a sentence which its states can't be; of `{ run, next }` the sentence is in `next`. */
type Suited<S, K extends string, N, Run extends Effect.Effect<any, any, any>, X> = unknown extends
  Misled<S, K, Target<X>> ? TaskFrom<At<S, K>, S, N, Run>
  : [X] extends [{ readonly run: any; readonly next: infer Next }] ? {
      readonly run: Run | ((state: At<S, K>) => Run)
      readonly next: Aimed<N | ((value: Effect.Success<Run>) => N), S, K, Next>
    }
  : Refused<Misled<S, K, Target<X>>, TaskFrom<At<S, K>, S, N, Run>>

/** What an argument must be, or that beside a sentence which it can't be. */
type Fitting<T, Sentence> = unknown extends Sentence ? T : Refused<Sentence, T>

/**
 * The compiler cuts off the first line of what it says, and below it says what is wrong with the first member: so this has a
 * name, which shows the sentence first.
 */
type Refused<Sentence, T> = T & Sentence

/** The same of an option that may be a function. */
type Astray<Sentence, T> = Refused<Sentence, T | Else>

/** Beside one function the compiler would begin inside of it, with what it returns; beside two things it does not. */
interface Else {
  readonly [FollowOnErrorTypeId]: never
}

/**
 * What an option of the type `X` must be that leads to states, or the same with a sentence. Of a string the compiler says
 * itself which one is meant, and of a tag that is none it would name any one of them.
 */
type Aimed<T, S, K extends string, X> = [X] extends [string] ? T
  : unknown extends Misled<S, K, Target<X>> ? T
  : [X] extends [{ readonly _tag: infer Name }]
    ? [Name] extends [Tag<S>] ? Astray<Misled<S, K, Target<X>>, T> : { readonly _tag: Misled<S, K, Target<X>> }
  : Astray<Misled<S, K, Target<X>>, T>

/** An option, or what is known of it before the functions beside it are looked at: of a state with data, its name. */
type Early<O, M, P extends string> = unknown extends O ? Extract<OptionOf<M, P, never>, { readonly _tag: string }>
  : OptionOf<O, P, never>

/** What has no name, in words. */
type Called<N> = N extends null ? "null"
  : N extends void ? "undefined"
  : N extends number ? "a number"
  : N extends boolean ? "a boolean"
  : N extends PromiseLike<any> ? "a Promise"
  : "a value without a _tag"

/**
 * Whether `to` names all states that something leads to, and no other; else a sentence. A type that only says "any state"
 * tells nothing, and is what TypeScript tries first: there `to` is believed, and checked in each run.
 */
type Declared<S, K, Who extends string, To, N> = [N] extends [never] ? unknown
  : [Tag<S>] extends [N] ? unknown
  : [Exclude<N, To>] extends [never] ? [Exclude<To, N>] extends [never] ? unknown
    : `state "${K & string}": to names "${Exclude<To, N> & string}", to which ${Who} never leads`
  : `state "${K & string}": to does not name "${Exclude<N, To> & string}", to which ${Who} can lead`

/** The names of the states that something leads to; `any` may lead to all. */
type Aim<S, N> = 0 extends 1 & N ? Tag<S> : Tag<N>

/** The names that are declared, where there are some, or those that the types know. */
type Led<To, N> = [To] extends [never] ? N : To

/**
 * The names of states that a split declares: for its options, and for branches that are follow-on states.
 *
 * @category models
 * @since 0.1.0
 */
export interface SplitTo<out T> {
  readonly next?: ReadonlyArray<T> | undefined
  readonly otherwise?: ReadonlyArray<T> | undefined
  readonly branches?: ReadonlyArray<T> | undefined
}

/** The names that are declared for one of these. */
type NamedIn<To, P extends keyof SplitTo<any>> = To extends { readonly [_ in P]: ReadonlyArray<infer T> } ? T : never

/**
 * What `register` is told beside the task.
 *
 * @category models
 * @since 0.1.0
 */
export interface TaskOptions<S, K, To, X> {
  /**
   * The names of the states that the task leads to, for those who read the definition: pictures, `validate`. They are all
   * that the task can return, and no others; where its type only says "any state", they are checked in each run instead,
   * and another one is a `WorkflowError` with the rule `undeclared-state`.
   */
  readonly to?: (ReadonlyArray<To> & Declared<S, K, "the task", To, Tag<Target<X>>>) | undefined
}

interface SplitDeclaration<S, K, B, O, To> {
  /**
   * The names of the states that the functions `next` and `otherwise` lead to, and of the follow-on states among the
   * branches, as `to` of `register`.
   */
  readonly to?: (To & SplitDeclared<S, K, Branches.ListOf<B>, O, To>) | undefined
}

/** Whether a split declares what its types know, for each of its options. */
type SplitDeclared<S, K, L, O, To> = {
  readonly [P in keyof To]: P extends "next" | "otherwise"
    ? To[P] & Declared<S, K, P, NamedIn<To, P>, Tag<Target<OptionOf<O, P, never>>>>
    : P extends "branches" ? To[P] & DeclaredBranches<S, K, NamedIn<To, P>, L>
    : never
}

type DeclaredBranches<S, K, To, L> = [Branches.ListOf<Branches.List>] extends [L] ? unknown
  : L extends TaskResult.Split<infer N> ? Declared<S, K, "a branch", To, Tag<N>>
  : [To] extends [never] ? unknown
  : `state "${K & string}": to names "${To & string}", but its branches are no states`

/** Where a split leads by its options. */
type LedBy<S, O, To> = [keyof To] extends [never]
  ? Aim<S, Target<OptionOf<O, "next", never> | OptionOf<O, "otherwise", never>>>
  :
    | Led<NamedIn<To, "next">, Aim<S, Target<OptionOf<O, "next", never>>>>
    | Led<NamedIn<To, "otherwise">, Aim<S, Target<OptionOf<O, "otherwise", never>>>>

// what a Layer provides is contravariant: one that provides nothing is no `Layer<any, …>`
type LayerOut<L> = L extends Layer.Layer<infer Out, infer _E, infer _In> ? Out : never
type LayerIn<L> = L extends Layer.Layer<infer _Out, infer _E, infer In> ? In : never
type LayerError<L> = L extends Layer.Layer<infer _Out, infer E, infer _In> ? E : never

/** The join errors of several splits, merged to one of each class. */
type Merge<E> = [Extract<E, JoinUnsatisfiedError<any, any>>, Extract<E, JoinTimeoutError<any, any>>] extends
  [infer Unsatisfied, infer Late] ?
    | Exclude<E, Unsatisfied | Late>
    | ([Unsatisfied] extends [never] ? never
      : [Unsatisfied] extends [JoinUnsatisfiedError<infer X, infer A>] ? JoinUnsatisfiedError<X, A>
      : never)
    | ([Late] extends [never] ? never : [Late] extends [JoinTimeoutError<infer X, infer A>] ? JoinTimeoutError<X, A>
    : never)
  : never

type GenError<Eff> = [Eff] extends [never] ? never : Eff extends Effect.Effect<any, infer E, any> ? E : never
type GenServices<Eff> = [Eff] extends [never] ? never : Eff extends Effect.Effect<any, any, infer R> ? R : never

/**
 * What a split hands to `next`. Any list at all is what TypeScript tries first, while the branches are a function whose
 * parameter it has yet to find; a `next` with a type of its own must pass that trial.
 */
type Joined<S, G extends Graph.Any, L, O, Z> = [Branches.ListOf<Branches.List>] extends [L] ? any
  : L extends TaskResult.Split<any> ?
      | (true extends Has<O, "reduce"> ? Reduced<Z> : never)
      | (false extends Has<O, "reduce"> ? FollowedOn<S, G, O, OptionOf<O, "discard", false>> : never)
  : Result<L, O, Z>

/** The result of a split into follow-on states: each value is the exit its branch reached. */
type FollowedOn<S, G extends Graph.Any, O, D> = D extends true ? Discarded : SplitResult<
  ExitsOf<S, G>,
  unknown,
  ReadonlyArray<Outcome.Under<LosersOf<O>, ExitsOf<S, G>, unknown>>,
  ReadonlyArray<ExitsOf<S, G>>
>

/** What an observer of a split is told; as for `next`, it must pass the trial of any list. */
type EndedOf<S, G extends Graph.Any, L, P extends Losers> = [Branches.ListOf<Branches.List>] extends [L] ? any
  : L extends TaskResult.Split<any> ? Outcome.Ended<P, ExitsOf<S, G>, unknown>
  : Outcome.Ended<P, Branches.SuccessOf<L>, Branches.ErrorOf<L>>

type SettledOf<S, G extends Graph.Any, L> = [Branches.ListOf<Branches.List>] extends [L] ? any
  : L extends TaskResult.Split<any> ? Outcome.Settled<ExitsOf<S, G>, unknown>
  : Outcome.Settled<Branches.SuccessOf<L>, Branches.ErrorOf<L>>

/** The states that a task, or an option of a split, leads to. */
type Target<To> = To extends Effect.Effect<infer N, any, any> ? N
  : To extends (...args: any) => infer Out
    ? Out extends Effect.Effect<infer N, any, any> | Generator<any, infer N, any> ? N : Out
  : To extends { readonly run: any; readonly next: infer Next } ? Next extends (...args: any) => infer N ? N : Next
  : To

/** What follow-on branches may end in: the exits that are declared, or any state while there are none. */
type ExitsOf<S, G extends Graph.Any> = [G["exits"]] extends [never] ? S : At<S, G["exits"]>

/** The follow-on states of a split. */
type FanOf<K, L, Ends, To> = L extends TaskResult.Split<infer N> ? Fan<K, Led<NamedIn<To, "branches">, Tag<N>>, Ends>
  : never

/** The names of those. */
type Ends<S, G extends Graph.Any> = [G["exits"]] extends [never] ? Tag<S> : G["exits"]

/** How a split can fail, with the exits that follow-on branches may end in, and with their errors. */
type JoinFailure<S, G extends Graph.Any, L, O, X> = L extends TaskResult.Split<any>
  ? FollowOnFailure<JoinError<L, O>, ExitsOf<S, G>, X>
  : JoinError<L, O>

type FollowOnFailure<E, Exits, X> = E extends JoinUnsatisfiedError<any, infer A>
  ? JoinUnsatisfiedError<X, Exited<A, Exits>>
  : E extends JoinTimeoutError<any, infer A> ? JoinTimeoutError<X, Exited<A, Exits>>
  : E

/** What is not kept stays so. */
type Exited<A, Exits> = A extends ReadonlyArray<never> ? A : ReadonlyArray<Exits>

/** The errors of the states and of the Layer, where those of follow-on branches are known. */
type Failure<G extends Graph.Any, E> = [FannedOut<G["ways"]>] extends [never] ? Merge<E | LayerError<G["provided"]>>
  : Resolved<Merge<E | LayerError<G["provided"]>>, Followed<G["ways"], E> | WorkflowError>

/** The errors in which those of follow-on branches are replaced. */
type Resolved<E, By> = E extends JoinUnsatisfiedError<infer X, infer A> ? JoinUnsatisfiedError<Replaced<X, By>, A>
  : E extends JoinTimeoutError<infer X, infer A> ? JoinTimeoutError<Replaced<X, By>, A>
  : E

type Replaced<X, By> = X extends FollowOnError ? By : X

/**
 * What a follow-on branch can fail with: the errors of the states. Where it may be split into follow-on states itself, the
 * errors of those are `unknown`, or the type would have no end.
 */
type Followed<Ways, E> = [Extract<Reached<Ways, FannedOut<Ways>>, Fanned<Ways>>] extends [never] ? Merge<Unfanned<E>>
  : Resolved<Merge<E>, unknown>

/** The names of the states that are split into follow-on states. */
type Fanned<Ways> = Ways extends Fan<infer From, any, any> ? From : never

/** The errors without those of splits into follow-on states. */
type Unfanned<E> = E extends JoinUnsatisfiedError<infer X, any> | JoinTimeoutError<infer X, any>
  ? [X] extends [never] ? E : [X] extends [FollowOnError] ? never : E
  : E

/**
 * What `register` takes: an Effect of the next state, a function or generator function of the current one, or
 * `{ run, next }`.
 *
 * @category utility types
 * @since 0.1.0
 */
export type TaskFrom<State, S, N = S, Run extends Effect.Effect<any, any, any> = Effect.Effect<any, any, any>> =
  | Effect.Effect<S, unknown, unknown>
  | ((state: State) => Effect.Effect<S, unknown, unknown> | Generator<Effect.Effect<any, any, any>, S, never>)
  | {
    readonly run: Run | ((state: State) => Run)
    readonly next: N | ((value: Effect.Success<Run>) => N)
  }

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
 * A state, or a function to a state or to an Effect of one.
 *
 * @category models
 * @since 0.1.0
 */
export type Direction<S, A, State> = S | ((value: A, state: State) => S | Effect.Effect<S, unknown, unknown>)

/**
 * How a run is started.
 *
 * **Details**
 *
 * The limits of a run hold for everything that runs in it, however deep: follow-on branches, `Split.run`, and workflows in
 * tasks and branches. A run inside another one counts into the limits of both, and the smaller holds. A run that has ended
 * limits nobody: what goes on detached counts only into those that have not ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunOptions {
  /** The id of the run; a random one where it is left out. */
  readonly runId?: string | undefined
  /** How many transitions may be made before the run fails with `WorkflowError`; unbounded where it is left out. */
  readonly maxTransitions?: number | undefined
  /**
   * How many branches may be started before the run fails with `WorkflowError`; unbounded where it is left out. A list
   * that is known whole counts when its split is entered, and not at all if that is refused; other branches count one by
   * one, when they are pulled from a lazy list or added.
   */
  readonly maxBranches?: number | undefined
  /**
   * How deep splits and runs may be nested in this run before they fail with `WorkflowError`; 200 where neither this run
   * nor one around it has a limit.
   *
   * A split counts 1, and so does a run in a task of another run. A run that is a branch counts nothing beside its split.
   * Counting starts outermost, not at this run: one that is given 5 and stands 3 deep may nest 2 more. What has ended counts
   * no more, so a run may start the next one in a detached fiber for ever.
   */
  readonly maxDepth?: number | undefined
}

/**
 * A typed workflow.
 *
 * **Details**
 *
 * `S` are the states, `G` what the type knows of the machine so far, `E` and `R` what its tasks can fail with and
 * require. From cano: `Workflow`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Workflow<in out S extends AnyState, in out G extends Graph.Any, out E, out R> extends Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly name: string
  /** The Schema of the states, where one was given. */
  readonly schema: Schema.Codec<S, any, any, any> | undefined
  /** What the workflow is made of, as data: its states, what is registered for them, and where they lead. */
  readonly definition: Definition

  /**
   * Gives a state its task: an Effect of the next state, a function or generator function of the current one, or
   * `{ run, next }`, which keeps the work free of states.
   *
   * **Gotchas**
   *
   * TypeScript widens a single literal that is returned inside `Effect.gen` or `Effect.fn`: write `"Next" as const`
   * there, or use a generator function or `{ run, next }`.
   *
   * From cano: `register`.
   *
   * **Example** (What only a function knows)
   *
   * ```ts
   * import { Effect, Random } from "effect"
   * import { Workflow } from "effect-cano"
   *
   * const workflow = Workflow.make<"Choose" | "Left" | "Right" | "Lost">("ways")
   *   .register("Choose", function*() {
   *     return (yield* Random.nextBoolean) ? "Left" : "Right"
   *   }, { to: ["Left", "Right"] })
   *   .addExitStates("Left", "Right", "Lost")
   *
   * console.log(workflow.validate({ from: ["Choose"] }).map(({ message }) => message))
   * // => [ 'state "Lost": no run that starts in Choose enters it' ]
   * ```
   */
  register<
    const K extends Names<S>,
    N extends S,
    Run extends Effect.Effect<any, any, any>,
    X extends object,
    To extends Tag<S> = never
  >(
    state: Unhandled<S, K, G>,
    task: Given<X, Suited<S, K, N, Run, X>>,
    options?: TaskOptions<S, K, To, X>
  ): Workflow<
    S,
    Graph<G["handled"] | K, G["exits"], G["ways"] | Way<K, Led<To, Aim<S, Target<X>>>>, G["provided"]>,
    E | TaskError<X>,
    R | TaskServices<X>
  >

  /**
   * Splits a state into branches that run at once and are joined by a strategy.
   *
   * **Details**
   *
   * `branches` is a tuple, a record or an iterable of Effects, a function of the state to one of these (as a generator
   * function it yields its branches lazily), or an Effect of one. A function or Effect may also answer
   * `TaskResult.split`, which turns follow-on states into branches.
   *
   * From cano: `register_split` with `JoinConfig`.
   */
  registerSplit<
    const K extends Names<S>,
    const B extends
      | Branches.List
      | Effect.Effect<Branches.List | TaskResult.Split<S>, any, any>
      | ((state: At<S, K>) => Branches.Returned | TaskResult.Split<S> | Effect.Effect<TaskResult.Split<S>, any, any>),
    Strat extends JoinStrategy,
    M,
    O,
    N extends S,
    N2 extends S,
    Z = never,
    const To extends SplitTo<Tag<S>> = {},
    Fans = unknown
  >(
    state: Unhandled<S, K, G>,
    branches: Refused<Misfanned<S, K, Branches.ListOf<Fans>>, B & Seen<Fans>>,
    options:
      & Options<Strat & Check.Strategy<B, Strat, M>>
      & Observers<EndedOf<S, G, Branches.ListOf<B>, LosersOf<M>>, SettledOf<S, G, Branches.ListOf<B>>, Z, At<S, K>>
      & SplitOptions<
        N,
        At<S, K>,
        Joined<S, G, Branches.ListOf<B>, M, Z>,
        JoinFailure<S, G, Branches.ListOf<B>, M, unknown>,
        N2,
        Aimed<
          | N
          | ((
            result: Joined<S, G, Branches.ListOf<B>, M, Z>,
            state: At<S, K>
          ) => N | Effect.Effect<N, unknown, unknown>),
          S,
          K,
          Early<O, M, "next">
        >,
        Aimed<
          | N2
          | ((
            error: JoinFailure<S, G, Branches.ListOf<B>, M, unknown>,
            state: At<S, K>
          ) => N2 | Effect.Effect<N2, unknown, unknown>),
          S,
          K,
          Early<O, M, "otherwise">
        >
      >
      & SplitDeclaration<S, K, B, O, To>
      & Foreseen<M>
      & Seen<O>
  ): Workflow<
    S,
    Graph<
      G["handled"] | K,
      G["exits"],
      | G["ways"]
      | Way<K, LedBy<S, O, To>>
      | FanOf<K, Branches.ListOf<B>, Ends<S, G>, To>,
      G["provided"]
    >,
    | E
    | SplitError<B, O>
    | (false extends Has<O, "otherwise"> ? JoinFailure<S, G, Branches.ListOf<B>, O, FollowOnError> : never),
    R | SplitServices<B, O>
  >

  /**
   * Makes states exits: a run that enters one ends there and succeeds with it.
   *
   * From cano: `add_exit_states`.
   */
  addExitStates<const K extends Names<S>>(
    ...states: ReadonlyArray<Unended<S, K, G>>
  ): Workflow<S, Graph<G["handled"], G["exits"] | K, G["ways"], G["provided"]>, E, R>

  /**
   * Makes one state an exit. From cano: `add_exit_state`.
   */
  addExitState<const K extends Names<S>>(
    state: UnendedOne<S, K, G>
  ): Workflow<S, Graph<G["handled"], G["exits"] | K, G["ways"], G["provided"]>, E, R>

  /**
   * A Layer that is built for each run, before its first state, and released when the run ends.
   *
   * **Details**
   *
   * It is never shared with another run, a sub-workflow or the app, and serves every state, registered before or after
   * the call. A second call builds on the first, and what it provides comes before what was there. After a `merge` it
   * builds on the first part, and serves the states of all parts. To share one instance, provide the Layer outside. From
   * cano: `Resources`.
   */
  withResources<Out, E2, In>(
    layer: Layer.Layer<Out, E2, In>
  ): Workflow<
    S,
    Graph<
      G["handled"],
      G["exits"],
      G["ways"],
      Layer.Layer<
        LayerOut<G["provided"]> | Out,
        LayerError<G["provided"]> | E2,
        LayerIn<G["provided"]> | Exclude<In, LayerOut<G["provided"]>>
      >
    >,
    E,
    R
  >

  /**
   * One budget for a run: acquiring the resources and running the states. When it ends the run is interrupted and
   * awaited, and fails with `WorkflowTimeoutError`. Called twice, the smaller holds. From cano: `with_total_timeout`.
   */
  withTimeout(duration: Duration.Input): Workflow<S, G, E | WorkflowTimeoutError, R>

  /**
   * Adds the states of another part of the same machine. No state may be registered in both, which the message of the
   * compile error names.
   *
   * **Details**
   *
   * Each part keeps its Layers. A state sees the services of its own part first, and where that has none, those of the
   * other parts, in the order of merging; so two parts may provide the same service and keep each its own instance. What
   * is registered after the merge belongs to the part it is called on. All Layers are built once per run, before the first
   * state, those of the second part on those of the first, and are released in reverse order. A Layer that both parts name,
   * the same value, is built once and shared.
   *
   * The smaller of two timeouts holds. The Schema is that of the first part that has one.
   */
  merge<G2 extends Graph.Any, E2, R2>(
    that: Fitting<Workflow<S, G2, E2, R2>, Disjoint<G, G2>>
  ): Workflow<
    S,
    Graph<
      G["handled"] | G2["handled"],
      G["exits"] | G2["exits"],
      G["ways"] | G2["ways"],
      Layer.Layer<
        LayerOut<G["provided"]> | LayerOut<G2["provided"]>,
        LayerError<G["provided"]> | LayerError<G2["provided"]>,
        LayerIn<G["provided"]> | Exclude<LayerIn<G2["provided"]>, LayerOut<G["provided"]>>
      >
    >,
    E | E2,
    R | R2
  >

  /**
   * The rules this definition breaks, all of them; empty for a sound one. Nothing is run.
   *
   * **Details**
   *
   * With `from`, the states in which runs start, a definition that breaks none is looked at as a graph too, as far as it
   * is written down: where a task that is an Effect or a function leads is not known. What is found may be meant, so no
   * run is refused for it, and its `severity` is `"warning"`: an `unreachable` state, which no run enters, and an
   * `endless` one, from which no way leads to an exit.
   *
   * From cano: `validate`.
   */
  validate(
    options?: { readonly from?: ReadonlyArray<G["handled"] | G["exits"]> | undefined }
  ): ReadonlyArray<Issue>

  /**
   * Runs the machine from a state to an exit state. An exit state returns at once.
   *
   * From cano: `orchestrate`.
   */
  orchestrate<I extends AnyState>(
    initial: Given<I, Initial<S, G>>,
    options?: RunOptions
  ): Effect.Effect<
    Ending<S, G, Tag<I>>,
    Failure<G, E> | ConfigurationError | WorkflowError,
    Exclude<R, LayerOut<G["provided"]>> | LayerIn<G["provided"]>
  >
}

/** What is wrong with a merge, named in the message; `unknown` where nothing is. */
type Disjoint<G extends Graph.Any, G2 extends Graph.Any> = [Shared<G, G2>] extends [never]
  ? [Unforeseen<G["ways"], G2["exits"]> | Unforeseen<G2["ways"], G["exits"]>] extends [never] ? unknown
  : `exit state "${
    | Unforeseen<G["ways"], G2["exits"]>
    | Unforeseen<
      G2["ways"],
      G["exits"]
    >}" must be added to both workflows, before the split into follow-on states, which may end in it`
  : `state "${Shared<G, G2>}" is registered in both workflows`

// the names of the second are looked for in the first, which is the larger where a machine is made of many parts
type Shared<G extends Graph.Any, G2 extends Graph.Any> = [Extract<Taken<G2>, Taken<G>>] extends [never] ? never :
  | Extract<G2["handled"], G["handled"] | G["exits"]>
  | Extract<G2["exits"], G["handled"]>

/**
 * @category type ids
 * @since 0.1.0
 */
export const TypeId: "~effect-cano/Workflow" = internal.TypeId

/**
 * Starts a definition. The states are given by type, `make<State>(name)`, or by a Schema.
 *
 * **Details**
 *
 * With a Schema the state that a run starts in is checked, and one that does not fit is a `ConfigurationError`. With
 * `validate: "transitions"` so is each state that a run is about to enter, follow-on states and exits included, and one
 * that does not fit is a `WorkflowError` with the rule `invalid-state`. States are values of the Schema's type: they are
 * not decoded, and a state from outside is to be decoded before.
 *
 * From cano: `Workflow::new`.
 *
 * **Example** (States that are checked)
 *
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { Workflow } from "effect-cano"
 *
 * const State = Schema.Union([
 *   Schema.TaggedStruct("Count", { n: Schema.Int }),
 *   Schema.TaggedStruct("Done", { n: Schema.Int })
 * ])
 *
 * const workflow = Workflow.make("half", State, { validate: "transitions" })
 *   .register("Count", ({ n }) => Effect.succeed({ _tag: "Done", n: n / 2 }))
 *   .addExitStates("Done")
 *
 * const program = Effect.gen(function*() {
 *   console.log(yield* workflow.orchestrate({ _tag: "Count", n: 2 }))
 *   console.log((yield* Effect.flip(workflow.orchestrate({ _tag: "Count", n: 1 }))).message)
 * })
 *
 * await Effect.runPromise(program)
 * // => { _tag: 'Done', n: 1 }
 * // => workflow "half", state "Count": the next state "Done" does not fit its Schema: Expected an integer at ["n"]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: <S extends AnyState = never>(
  name: string,
  schema?: Schema.Codec<S, any, any, any>,
  options?: { readonly validate?: "initial" | "transitions" | undefined }
) => Workflow<S, Graph.Empty, never, never> = internal.make as any

/**
 * A state of a workflow that is made from data: a task as for `register`, or branches with the options of
 * `registerSplit`.
 *
 * @category models
 * @since 0.1.0
 */
export type Entry =
  | Effect.Effect<any, any, any>
  | ((state: any) => Effect.Effect<any, any, any> | Generator<any, any, never>)
  | {
    readonly run: Effect.Effect<any, any, any> | ((state: any) => Effect.Effect<any, any, any>)
    readonly next: AnyState | ((value: any) => AnyState)
    readonly to?: ReadonlyArray<string> | undefined
  }
  | SplitEntry

/**
 * A split state of a workflow that is made from data.
 *
 * @category models
 * @since 0.1.0
 */
export interface SplitEntry extends Options {
  readonly branches: Branches.List | Effect.Effect<any, any, any> | ((state: any) => any)
  readonly next: AnyState | ((result: any, state: any) => AnyState | Effect.Effect<any, any, any>)
  readonly otherwise?: AnyState | ((error: any, state: any) => AnyState | Effect.Effect<any, any, any>) | undefined
  readonly to?: SplitTo<string> | undefined
}

type EntryError<X> = X extends { readonly branches: infer B } ?
    | SplitError<B, X>
    | (false extends Has<X, "otherwise"> ? JoinError<Branches.ListOf<B>, X> : never)
  : TaskError<X>

type EntryServices<X> = X extends { readonly branches: infer B } ? SplitServices<B, X> : TaskServices<X>

/** What a task can fail with. */
type TaskError<X> = X extends { readonly run: infer Run } ? WorkError<Run> : WorkError<X>

/** What a task requires. */
type TaskServices<X> = X extends { readonly run: infer Run } ? WorkServices<Run> : WorkServices<X>

/** What an Effect can fail with, or what a function answers with one. */
type WorkError<X> = X extends Effect.Effect<any, infer E, any> ? E
  : X extends (...args: any) => infer Out ? Out extends Effect.Effect<any, infer E, any> ? E
    : Out extends Generator<infer Eff, any, any> ? GenError<Eff>
    : never
  : never

type WorkServices<X> = X extends Effect.Effect<any, any, infer R> ? R
  : X extends (...args: any) => infer Out ? Out extends Effect.Effect<any, any, infer R> ? R
    : Out extends Generator<infer Eff, any, any> ? GenServices<Eff>
    : never
  : never

/** What a split state of the branches `B` and the options `O` can fail with, besides its join. */
type SplitError<B, O> =
  | WorkError<OptionOf<O, "next", never> | OptionOf<O, "otherwise", never>>
  | ObserverError<O>
  | BulkheadError<O>
  | Branches.InputError<B>

/** What it requires. */
type SplitServices<B, O> =
  | WorkServices<OptionOf<O, "next", never> | OptionOf<O, "otherwise", never>>
  | ObserverServices<O>
  | BulkheadServices<O>
  | Branches.InputServices<B>
  | Branches.ServicesOf<Branches.ListOf<B>>

/**
 * Makes a workflow of data: the states by name, and the exits.
 *
 * **When to use**
 *
 * Use where the machine is put together at run time. The types of the tasks are kept, but where a state leads is not
 * known to them: `validate` checks it, and so does the first run.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromEntries: <const States extends { readonly [state: string]: Entry }, const X extends string>(
  name: string,
  options: { readonly states: States; readonly exits: ReadonlyArray<X> }
) => Workflow<
  (keyof States & string) | X,
  Graph<keyof States & string, X, never, Layer.Layer<never>>,
  EntryError<States[keyof States]>,
  EntryServices<States[keyof States]>
> = internal.fromEntries as any

/**
 * Any workflow, of which nothing is known: its runs succeed and fail with `unknown`, and may require anything.
 *
 * **When to use**
 *
 * Use it as the bound of a type parameter, `W extends Workflow.Any`, for functions that take workflows and hand them on. A
 * method that is called on a `W` answers for any workflow; to run it use `Workflow.orchestrate`, which answers for `W`. A
 * function that goes on building takes the four parameters of `Workflow` apart.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Any = Workflow<any, any, unknown, unknown>

/**
 * The states of a workflow.
 *
 * @category utility types
 * @since 0.1.0
 */
export type State<W> = W extends Workflow<infer S, any, any, any> ? S : never

/**
 * The exit states of a workflow: what `orchestrate` succeeds with.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Exit<W> = W extends Workflow<infer S, infer G, any, any> ? Exits<S, G, G["exits"]> : never

/**
 * What `orchestrate` can fail with.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Error<W> = W extends Workflow<any, infer G, infer E, any>
  ? Failure<G, E> | ConfigurationError | WorkflowError
  : never

/**
 * What `orchestrate` requires.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Services<W> = W extends Workflow<any, infer G, any, infer R>
  ? Exclude<R, LayerOut<G["provided"]>> | LayerIn<G["provided"]>
  : never

/**
 * Runs a workflow of which only a type parameter is known: what the run answers stays exact for the one that is given.
 *
 * **When to use**
 *
 * Use it in functions over `W extends Workflow.Any`. Where the workflow is known, its own method `orchestrate` says more: in
 * which states it may start, and which exits follow-on branches keep to themselves.
 *
 * **Example** (A function of any workflow)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Workflow } from "effect-cano"
 *
 * const timed = <W extends Workflow.Any>(workflow: W, state: Workflow.State<W>) =>
 *   Workflow.orchestrate(workflow, state).pipe(Effect.withSpan(workflow.name))
 *
 * const workflow = Workflow.make<"Fetch" | "Done">("pages")
 *   .register("Fetch", Effect.succeed("Done"))
 *   .addExitStates("Done")
 *
 * const program: Effect.Effect<"Done", Workflow.Error<typeof workflow>> = timed(workflow, "Fetch")
 *
 * console.log(await Effect.runPromise(program))
 * // => Done
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const orchestrate = <W extends Any>(
  workflow: W,
  initial: State<W>,
  options?: RunOptions
): Effect.Effect<Exit<W>, Error<W>, Services<W>> => (workflow as any).orchestrate(initial, options)

/**
 * The type of a handler that is written in another file: of the state `K` of a workflow, or of a type of states.
 *
 * **Details**
 *
 * With `satisfies` the handler keeps its own, narrower type.
 *
 * **Example** (A handler of its own)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Workflow } from "effect-cano"
 *
 * type State = { readonly _tag: "Fetch"; readonly url: string } | { readonly _tag: "Done"; readonly size: number }
 *
 * const fetch = (({ url }) => Effect.succeed({ _tag: "Done", size: url.length })) satisfies Workflow.Task<State, "Fetch">
 *
 * const workflow = Workflow.make<State>("fetch").register("Fetch", fetch).addExitStates("Done")
 *
 * console.log(await Effect.runPromise(workflow.orchestrate({ _tag: "Fetch", url: "https://effect.website" })))
 * // => { _tag: 'Done', size: 22 }
 * ```
 *
 * @category utility types
 * @since 0.1.0
 */
export type Task<W, K, E = any, R = any> = [W] extends [Workflow<infer S, any, any, any>] ? TaskOf<S, K, E, R>
  : TaskOf<W, K, E, R>

type TaskOf<S, K, E, R> = (
  state: At<S, K>
) => Effect.Effect<S, E, R> | Generator<Effect.Effect<any, E, R>, S, never>

/**
 * Whether a value is a workflow.
 *
 * @category guards
 * @since 0.1.0
 */
export const isWorkflow = (u: unknown): u is Any => Predicate.hasProperty(u, TypeId)

/**
 * What a task can ask about the run it belongs to.
 *
 * **Details**
 *
 * It is provided once per run, where `state`, `visit`, `key` and `path` are read when they are asked for. In a branch
 * they are those of its split, also when the branch is left behind and the run has gone on; only the path grows, and the
 * key is its own.
 *
 * **Example** (A key for each branch)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { JoinStrategy, Split, Workflow } from "effect-cano"
 *
 * const note = Effect.map(Workflow.CurrentRun, ({ key }) => console.log(key))
 *
 * const workflow = Workflow.make<"Fetch" | "Save" | "Done">("orders")
 *   .registerSplit("Fetch", { eu: note, us: note }, { strategy: JoinStrategy.all, next: "Save" })
 *   .register("Save", {
 *     run: Effect.andThen(note, Split.run([note, note], { strategy: JoinStrategy.all, name: "copies" })),
 *     next: "Done"
 *   })
 *   .addExitStates("Done")
 *
 * await Effect.runPromise(workflow.orchestrate("Fetch", { runId: "order 7" }))
 * // => order%207/1/Fetch/eu
 * // => order%207/1/Fetch/us
 * // => order%207/2/Save
 * // => order%207/2/Save/copies/0
 * // => order%207/2/Save/copies/1
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface CurrentRun {
  readonly workflow: string
  /** The id given to `orchestrate`, or a random one. */
  readonly runId: string
  /** The name of the state the run is in. */
  readonly state: string
  /** How many states the run has entered, this one included. */
  readonly visit: number
  /**
   * An idempotency key: names this visit of this state in this run, `<runId>/<visit>/<state>`, or this branch of it,
   * `<runId>/<visit>/<state>/<branch>`, and no other. It is the same in a second run with the same id and path.
   *
   * A branch is named as its outcome is. A `Split.run` adds its `name` before the branch, or `#k`, if it is the k-th split
   * of its task or branch; a follow-on branch adds visit and state of its own run. Names are percent-encoded as in the path
   * of a URL. Of more than 16 splits in each other the outer ones are named together, by a digest.
   */
  readonly key: string
  /** The states entered so far. */
  readonly path: Path | undefined
}

/**
 * The run that is going on. Outside of a run its texts are empty and `visit` is 0.
 *
 * @category services
 * @since 0.1.0
 */
export const CurrentRun: Context.Reference<CurrentRun> = internalRun.CurrentRunRef

/**
 * The path of the run that a failure comes from, where it comes from one.
 *
 * **Details**
 *
 * The engine's own errors carry it as a field too; for a task's own errors the cause is where it is.
 *
 * @category accessors
 * @since 0.1.0
 */
export const path = (cause: Cause.Cause<unknown>): Option.Option<Path> =>
  Option.fromUndefinedOr(internalRun.path(cause))
