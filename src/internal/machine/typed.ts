/**
 * What the types know of a machine: the names of its states, the ways between them, and the sentences that a mistake is told
 * with. Types only, which the compiler works out at each call; docs/adr/0003 says how they stay linear.
 */
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Done, Doubt, Step, Succeeded } from "../../Saga.ts"
import type { Branches } from "../../Split.ts"
import type * as TaskResult from "../../TaskResult.ts"
import type { Option as OptionOf } from "../check/given.ts"
import type { Work } from "../task/kind.ts"
import type { Schemas, Uncovered } from "./typedSchemas.ts"

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
export type Looked<S, K, All> = K extends string ? Named<ByTag<S>[K], K, All> : never

/** The states by their names; no state has another name. */
export type ByTag<S> = { readonly [M in S as Tag<M>]: M } & { readonly [name: string]: never }

/** A state may share its member of the type with others. */
export type Named<M, K, All> = M extends string ? K
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
export type Names<S> = [S] extends [never]
  ? "name the states first: Workflow.make<State>(name), or Workflow.make(name, StateSchema)"
  : Tag<S>

/**
 * A name that is given a handler, or a sentence that says why it can't be. The names are not looked at one by one: while
 * the argument is yet to be looked at, or written, `K` is all the states there are.
 */
export type Unhandled<S, K, G extends Graph.Any> = [Extract<K, Taken<G>>] extends [never] ? K
  : [Every<S>] extends [K] ? K
  : [Extract<K, G["handled"]>] extends [never] ? "the state is an exit state, and can't be registered"
  : "the state is registered already"

/** A name that is made an exit state, or a sentence that says why it can't be. */
export type Unended<S, K, G extends Graph.Any> = [Every<S>] extends [K] ?
  Exclude<K, Taken<G> | Unforeseen<G["ways"], K>>
  : string extends G["handled"] | G["exits"] ? K
  : K extends G["handled"] ? "the state is registered, and can't be an exit state"
  : K extends G["exits"] ? "the state is an exit state already"
  : K extends Unforeseen<G["ways"], K>
    ? "exit states are added before a split into follow-on states, which may end in them"
  : K

/** The same of one name, which is not looked for among all names: a machine may add its exit states one by one. */
export type UnendedOne<S, K, G extends Graph.Any> = [Extract<K, Taken<G>>] extends [never] ?
  [Extract<K, Unforeseen<G["ways"], K>>] extends [never] ? K
  : [Every<S>] extends [K] ? K
  : "exit states are added before a split into follow-on states, which may end in them"
  : [Every<S>] extends [K] ? K
  : [Extract<K, G["handled"]>] extends [never] ? "the state is an exit state already"
  : "the state is registered, and can't be an exit state"

/** The names that are registered or exit states, as far as they are known. */
export type Taken<G extends Graph.Any> = string extends G["handled"] | G["exits"] ? never : G["handled"] | G["exits"]

/** The names of all states, where there are several. */
export type Every<S> = Several<Tag<S>, Tag<S>>

export type Several<T, All> = T extends unknown ? [All] extends [T] ? unknown : T : never

/** The exit states that the values of a split into follow-on states do not reckon with, as far as they are known. */
export type Unforeseen<Ways, Exits> = [Exits] extends [never] ? never
  : string extends Exits ? never
  : Ways extends Fan<any, any, infer Ends> ? Exclude<Exits, Ends>
  : never

/** The initial state, or a sentence that says why this machine can't run. */
export type Initial<S, G extends Graph.Any> = [Missing<G>] extends [never]
  ? [G["exits"]] extends [never] ? "the workflow has no exit state: call addExitStates"
  : At<S, G["handled"] | G["exits"]>
  : `state "${Missing<G>}" is entered, but neither registered nor an exit state`

export type Missing<G extends Graph.Any> = Exclude<G["ways"]["to"], G["handled"] | G["exits"]>

/** The exit states in which a run may end that starts in a state: those are left out that only follow-on branches reach. */
export type Ending<S, G extends Graph.Any, K> = [FannedOut<G["ways"]>] extends [never] ? Exits<S, G, G["exits"]>
  : Exits<S, G, Exclude<G["exits"], Exclude<Reached<G["ways"], FannedOut<G["ways"]>>, Reached<G["ways"], K>>>>

/** The exit states of these names; of any workflow, `unknown`. */
export type Exits<S, G, K> = unknown extends S & G ? unknown : At<S, K>

/** The names of the follow-on states. */
export type FannedOut<Ways> = Ways extends Fan<any, infer To, any> ? To : never

/** The states that are reached from some, themselves included. */
export type Reached<Ways, From, Known = never> = [From] extends [never] ? Known
  : Reached<Ways, Exclude<Next<Ways, From>, Known | From>, Known | From>

export type Next<Ways, From> = Ways extends Fan<any, any, any> ? never
  : Ways extends Way<infer At, infer To> ? At extends From ? To : never
  : never

/**
 * What is wrong with the states that a task leads to, named in the message; `unknown` where nothing is. A task that is
 * yet to be looked at is any object.
 */
export type Misled<S, K extends string, N> = [N] extends [S] ? unknown
  : object extends N ? unknown
  : Misfit<S, K, Exclude<N, S>>

/** The same, without the states that fit. */
export type Misfit<S, K extends string, N> = [Extract<N, TaskResult.Split<any>>] extends [never]
  ? string extends Tag<N> ?
    `state "${K}" leads to any string: write "Next" as const, or return it from a generator function`
  : [Exclude<Tag<N>, Tag<S>>] extends [never]
    ? [Tag<N>] extends [never] ? `state "${K}" leads to ${Called<N>}, which is no state`
    : `state "${K}" leads to "${Tag<N>}" with data that does not fit`
  : `state "${K}" leads to "${Exclude<Tag<N>, Tag<S>>}", which is no state`
  : `state "${K}" returns TaskResult.split: register it with registerSplit`

/** What is wrong with the follow-on states among the branches; `unknown` where nothing is. */
export type Misfanned<S, K extends string, L> = L extends TaskResult.Split<infer N> ? Misled<S, K, N> : unknown

/**
 * What is wrong with the states that a task leads to, or with its Schemas; of `{ run, next }` it is said of `next`. It is asked
 * in a condition that hides what `X` may be at most: the compiler would look at all names there, in each call.
 */
export type Unsuited<S, K extends string, X> = [X] extends [infer Task] ? Ill<S, K, Task, Misled<S, K, Target<Task>>>
  : never

export type Ill<S, K, Task, Sentence> = unknown extends Sentence ? Uncovered<K, Task>
  : [Task] extends [{ readonly run: any; readonly next: infer Next }] ? [Next] extends [string] ? unknown
    : [Next] extends [{ readonly _tag: infer Name }]
      ? { readonly next: [Name] extends [Tag<S>] ? Sentence : { readonly _tag: Sentence } }
    : { readonly next: Sentence }
  : Sentence

/** What an argument must be, or that beside a sentence which it can't be. */
export type Fitting<T, Sentence> = unknown extends Sentence ? T : Refused<Sentence, T>

/**
 * The compiler cuts off the first line of what it says, and below it says what is wrong with the first member: so this has a
 * name, which shows the sentence first.
 */
export type Refused<Sentence, T> = T & Sentence

/** The same of an option that may be a function. */
export type Astray<Sentence, T> = Refused<Sentence, T | Else>

/** Beside one function the compiler would begin inside of it, with what it returns; beside two things it does not. */
export interface Else {
  readonly [FollowOnErrorTypeId]: never
}

/**
 * What an option of the type `X` must be that leads to states, or the same with a sentence. Of a string the compiler says
 * itself which one is meant, and of a tag that is none it would name any one of them.
 */
export type Aimed<T, S, K extends string, X> = [X] extends [string] ? T
  : unknown extends Misled<S, K, Target<X>> ? T
  : [X] extends [{ readonly _tag: infer Name }]
    ? [Name] extends [Tag<S>] ? Astray<Misled<S, K, Target<X>>, T> : { readonly _tag: Misled<S, K, Target<X>> }
  : Astray<Misled<S, K, Target<X>>, T>

/** An option, or what is known of it before the functions beside it are looked at: of a state with data, its name. */
export type Early<O, M, P extends string> = unknown extends O ?
  Extract<OptionOf<M, P, never>, { readonly _tag: string }>
  : OptionOf<O, P, never>

/** What has no name, in words. */
export type Called<N> = N extends null ? "null"
  : N extends void ? "undefined"
  : N extends number ? "a number"
  : N extends boolean ? "a boolean"
  : N extends PromiseLike<any> ? "a Promise"
  : N extends Work<never, any> ? "a Task (which is given as run, beside next)"
  : "a value without a _tag"

/**
 * Whether `to` names all states that something leads to, and no other; else a sentence. A type that only says "any state"
 * tells nothing, and is what TypeScript tries first: there `to` is believed, and checked in each run.
 */
export type Declared<S, K, Who extends string, To, N> = [N] extends [never] ? unknown
  : [Tag<S>] extends [N] ? unknown
  : [Exclude<N, To>] extends [never] ? [Exclude<To, N>] extends [never] ? unknown
    : `state "${K & string}": to names "${Exclude<To, N> & string}", to which ${Who} never leads`
  : `state "${K & string}": to does not name "${Exclude<N, To> & string}", to which ${Who} can lead`

/** The names of the states that something leads to; `any` may lead to all. */
export type Aim<S, N> = 0 extends 1 & N ? Tag<S> : Tag<N>

/** The names that are declared, where there are some, or those that the types know. */
export type Led<To, N> = [To] extends [never] ? N : To

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
export type NamedIn<To, P extends keyof SplitTo<any>> = To extends { readonly [_ in P]: ReadonlyArray<infer T> } ? T
  : never

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
  /**
   * Whether the run only goes forward from here: with the success of the task, in the same step, it drops all that it has
   * kept to be compensated, and keeps nothing from then on.
   */
  readonly pivot?: boolean | undefined
}

export interface SplitDeclaration<S, K, B, O, To> {
  /**
   * The names of the states that the functions `next` and `otherwise` lead to, and of the follow-on states among the
   * branches, as `to` of `register`.
   */
  readonly to?: (To & SplitDeclared<S, K, Branches.ListOf<B>, O, To>) | undefined
}

/** The same of a state that waits for a signal. */
export interface SignalDeclaration<S, K, O, To> {
  /** The names of the states that the functions `next` and `otherwise` lead to, as `to` of `register`. */
  readonly to?: (To & SplitDeclared<S, K, never, O, To>) | undefined
}

/** Whether a split declares what its types know, for each of its options. */
export type SplitDeclared<S, K, L, O, To> = {
  readonly [P in keyof To]: P extends "next" | "otherwise"
    ? To[P] & Declared<S, K, P, NamedIn<To, P>, Tag<Target<OptionOf<O, P, never>>>>
    : P extends "branches" ? To[P] & DeclaredBranches<S, K, NamedIn<To, P>, L>
    : never
}

export type DeclaredBranches<S, K, To, L> = [Branches.ListOf<Branches.List>] extends [L] ? unknown
  : L extends TaskResult.Split<infer N> ? Declared<S, K, "a branch", To, Tag<N>>
  : [To] extends [never] ? unknown
  : `state "${K & string}": to names "${To & string}", but its branches are no states`

/** Where a split leads by its options. */
export type LedBy<S, O, To> = [keyof To] extends [never]
  ? Aim<S, Target<OptionOf<O, "next", never> | OptionOf<O, "otherwise", never>>>
  :
    | Led<NamedIn<To, "next">, Aim<S, Target<OptionOf<O, "next", never>>>>
    | Led<NamedIn<To, "otherwise">, Aim<S, Target<OptionOf<O, "otherwise", never>>>>

/** The states that a task, or an option of a split, leads to. */
export type Target<To> = To extends Effect.Effect<infer N, any, any> ? N
  : To extends (...args: any) => infer Out
    ? Out extends Effect.Effect<infer N, any, any> | Generator<any, infer N, any> ? N : Out
  : To extends { readonly run: any; readonly next: infer Next } ? Next extends (...args: any) => infer N ? N : Next
  : To

/** What follow-on branches may end in: the exits that are declared, or any state while there are none. */
export type ExitsOf<S, G extends Graph.Any> = [G["exits"]] extends [never] ? S : At<S, G["exits"]>

/** The follow-on states of a split. */
export type FanOf<K, L, Ends, To> = L extends TaskResult.Split<infer N> ?
  Fan<K, Led<NamedIn<To, "branches">, Tag<N>>, Ends>
  : never

/** The names of those. */
export type Ends<S, G extends Graph.Any> = [G["exits"]] extends [never] ? Tag<S> : G["exits"]

/** The names of the states that are split into follow-on states. */
export type Fanned<Ways> = Ways extends Fan<infer From, any, any> ? From : never

/**
 * What `register` takes: an Effect of the next state, a function or generator function of the current one, or
 * `{ run, next }`.
 *
 * @category utility types
 * @since 0.1.0
 */
export type TaskFrom<
  State,
  S,
  N = S,
  Run extends Effect.Effect<any, any, any> = Effect.Effect<any, any, any>,
  D extends Doubt = Doubt
> =
  | Effect.Effect<S, unknown, unknown>
  | ((state: State) => Effect.Effect<S, unknown, unknown> | Generator<Effect.Effect<any, any, any>, S, never>)
  | {
    readonly run: Run | ((state: State) => Run) | Work<State, Run>
    readonly next: N | ((value: Effect.Success<Run>, state: State) => N)
    /** Undoes what `run` has done, if the run fails, runs out of time or is interrupted. */
    readonly compensate?: Compensation<Run, State, D> | undefined
    /** Which ends of `run` leave it in doubt whether it was done. Left out: `"unexpected"`. */
    readonly inDoubt?: D | undefined
    /**
     * The Schemas of what `run` gives. A durable run needs them where there is `compensate`, to which it tells after a crash
     * what was done before; in memory nothing asks for them.
     */
    readonly schema?: Schemas | undefined
  }

/** What undoes an Effect: a function of what was done. */
export type Compensation<Run, State, D> = (
  done: DoneOf<Effect.Success<Run>, Effect.Error<Run>, D>,
  step: Step<State>
) => Effect.Effect<unknown, any, any>

/** What a compensation is told was done: successes only, where nothing else is to be undone. */
export type DoneOf<A, E, D> = [D] extends ["skip"] ? Succeeded<A> : Done<A, E>

/** What is wrong with a merge, named in the message; `unknown` where nothing is. */
export type Disjoint<G extends Graph.Any, G2 extends Graph.Any> = [Shared<G, G2>] extends [never]
  ? [Unforeseen<G["ways"], G2["exits"]> | Unforeseen<G2["ways"], G["exits"]>] extends [never] ? unknown
  : `exit state "${
    | Unforeseen<G["ways"], G2["exits"]>
    | Unforeseen<
      G2["ways"],
      G["exits"]
    >}" must be added to both workflows, before the split into follow-on states, which may end in it`
  : `state "${Shared<G, G2>}" is registered in both workflows`

// the names of the second are looked for in the first, which is the larger where a machine is made of many parts
export type Shared<G extends Graph.Any, G2 extends Graph.Any> = [Extract<Taken<G2>, Taken<G>>] extends [never] ? never :
  | Extract<G2["handled"], G["handled"] | G["exits"]>
  | Extract<G2["exits"], G["handled"]>
