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
import type { ConfigurationError, Issue, Path, WorkflowError, WorkflowTimeoutError } from "./CanoError.ts"
import type { Definition } from "./Definition.ts"
import type { Foreseen, Given, Has, InferredName, Infers, Seen } from "./internal/check/given.ts"
import type {
  Aim,
  Aimed,
  AnyState,
  At,
  Disjoint,
  Early,
  Ending,
  Ends,
  Exits,
  FanOf,
  Fitting,
  FollowOnError,
  Graph,
  Initial,
  Led,
  LedBy,
  Misfanned,
  Names,
  Refused,
  SignalDeclaration,
  SplitDeclaration,
  SplitTo,
  Tag,
  Target,
  TaskFrom,
  TaskOptions,
  Unended,
  UnendedOne,
  Unhandled,
  Unsuited,
  Way
} from "./internal/machine/typed.ts"
import type { InMemorySplit, InMemoryTask, WithSchema } from "./internal/machine/typedDurable.ts"
import type { Schemas, SplitSchema } from "./internal/machine/typedSchemas.ts"
import type {
  Answering,
  EndedOf,
  EntryError,
  EntryServices,
  Failure,
  InTime,
  Joined,
  JoinFailure,
  LayerError,
  LayerIn,
  LayerOut,
  SettledOf,
  SignalFailure,
  SignalOptions,
  SplitCompensation,
  SplitError,
  SplitOptions,
  SplitServices,
  TaskError,
  TaskServices
} from "./internal/machine/typedWork.ts"
import * as internal from "./internal/machine/workflow.ts"
import * as internalRun from "./internal/run/run.ts"
import type { Work } from "./internal/task/kind.ts"
import type { JoinStrategy } from "./JoinStrategy.ts"
import type { Runs } from "./Runs.ts"
import type { Doubt, Policy } from "./Saga.ts"
import type { AnySignal, Signal, SignalTimeoutError } from "./Signal.ts"
import type { Branches, Check, LosersOf, Observers, Options } from "./Split.ts"
import type * as TaskResult from "./TaskResult.ts"

export type { AnyState, At, Fan, FollowOnError, Graph, Tag, Way } from "./internal/machine/typed.ts"
export type { SplitTo, TaskFrom, TaskOptions } from "./internal/machine/typed.ts"
export type { InMemory, WithSchema } from "./internal/machine/typedDurable.ts"
export type { Schemas } from "./internal/machine/typedSchemas.ts"
export type { Direction, SignalOptions, SplitOptions } from "./internal/machine/typedWork.ts"

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
    To extends Tag<S> = never,
    D extends Doubt = "unexpected"
  >(
    state: Unhandled<S, K, G>,
    task: Refused<Unsuited<S, K, X>, Infers<X> & TaskFrom<At<S, K>, S, N, Run, D>>,
    options?: TaskOptions<S, K, To, X>
  ): Workflow<
    S,
    Graph<
      G["handled"] | InferredName<K>,
      G["exits"],
      G["ways"] | Way<InferredName<K>, Led<To, Aim<S, Target<X>>>> | InMemoryTask<InferredName<K>, X>,
      G["provided"]
    >,
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
   * The option `schema` has the Schemas of what the branches give, for durable runs.
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
    Fans = unknown,
    C = {},
    const D = "unexpected",
    const Sch = {}
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
        // a `Direction` each, written out: the compiler's messages would have its name in the place of what is expected
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
      & SplitCompensation<Branches.ListOf<B>, At<S, K>, C, D>
      & SplitSchema<K, Branches.ListOf<B>, Sch>
      & Foreseen<M>
      & Seen<O>
  ): Workflow<
    S,
    Graph<
      G["handled"] | K,
      G["exits"],
      | G["ways"]
      | Way<K, LedBy<S, O, To>>
      | FanOf<K, Branches.ListOf<B>, Ends<S, G>, To>
      | InMemorySplit<K, B, O>,
      G["provided"]
    >,
    | E
    | SplitError<B, O>
    | (false extends Has<O, "otherwise"> ? JoinFailure<S, G, Branches.ListOf<B>, O, FollowOnError> : never),
    R | SplitServices<B, O>
  >

  /**
   * Makes a state wait for a signal, and go on with its value.
   *
   * **Details**
   *
   * It takes the oldest signal that the run keeps, or the next one that comes. With a `timeout` it goes to `otherwise`, or
   * fails with `SignalTimeoutError`. Who waits requires `Runs`, so that there is somebody to send through.
   *
   * **Gotchas**
   *
   * A signal that came early counts. In a loop, where a second click must not approve the next round, say
   * `since: "visit"`.
   */
  registerSignal<
    const K extends Names<S>,
    A,
    B,
    M,
    O,
    N extends S,
    N2 extends S,
    const To extends Omit<SplitTo<Tag<S>>, "branches"> = {}
  >(
    state: Unhandled<S, K, G>,
    signal: Signal<A, B>,
    options:
      & SignalOptions<
        At<S, K>,
        Aimed<N | ((value: A, state: At<S, K>) => N), S, K, Early<O, M, "next">>,
        InTime<
          M,
          Aimed<N2 | ((error: SignalTimeoutError, state: At<S, K>) => N2), S, K, Early<O, M, "otherwise">>
        >
      >
      & Answering<A, B>
      & SignalDeclaration<S, K, O, To>
      & Foreseen<M>
      & Seen<O>
  ): Workflow<
    S,
    Graph<G["handled"] | K, G["exits"], G["ways"] | Way<K, LedBy<S, O, To>>, G["provided"]>,
    E | SignalFailure<O>,
    R | Runs
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
   * How the steps of a run are compensated. Called twice, the second one holds; after a `merge` the first part that has one.
   *
   * **Details**
   *
   * A state or a split that is registered with `compensate` is undone when a run fails, runs out of time or is interrupted:
   * the last thing that was done first, each visit and each branch once. Nothing interrupts that, and its time is its own. A
   * compensation that fails does not keep the others from running; the run then fails with `CompensationError`.
   *
   * From cano: `register_with_compensation`, which has no such options.
   */
  withCompensation<R2 = never>(policy: Policy<R2>): Workflow<S, G, E, R | R2>

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
 * not decoded, and a state from outside is to be decoded before. A durable run writes them down with it.
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
export const make: {
  <S extends AnyState>(
    name: string,
    schema: Schema.Codec<S, any, any, any>,
    options?: { readonly validate?: "initial" | "transitions" | undefined }
  ): Workflow<S, Graph<never, never, WithSchema, Layer.Layer<never>>, never, never>
  <S extends AnyState = never>(
    name: string,
    schema?: Schema.Codec<S, any, any, any>,
    options?: { readonly validate?: "initial" | "transitions" | undefined }
  ): Workflow<S, Graph.Empty, never, never>
} = internal.make as any

/**
 * A state of a workflow that is made from data: a task as for `register`, branches with the options of
 * `registerSplit`, or a signal with those of `registerSignal`.
 *
 * @category models
 * @since 0.1.0
 */
export type Entry =
  | Effect.Effect<any, any, any>
  | ((state: any) => Effect.Effect<any, any, any> | Generator<any, any, never>)
  | {
    readonly run:
      | Effect.Effect<any, any, any>
      | ((state: any) => Effect.Effect<any, any, any>)
      | Work<any, Effect.Effect<any, any, any>>
    readonly next: AnyState | ((value: any, state: any) => AnyState)
    readonly to?: ReadonlyArray<string> | undefined
    readonly compensate?: ((done: any, step: any) => Effect.Effect<unknown, any, any>) | undefined
    readonly inDoubt?: Doubt | undefined
    readonly schema?: Schemas | undefined
    readonly pivot?: boolean | undefined
  }
  | SplitEntry
  | SignalEntry

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
  /** One function for all branches, or a record or tuple of them. */
  readonly compensate?: ((done: any, step: any) => Effect.Effect<unknown, any, any>) | object | undefined
  readonly inDoubt?: Doubt | { readonly [branch: string]: Doubt } | undefined
  readonly keep?: "winners" | "completed" | undefined
  /** One pair of Schemas for all branches, or one for each: a record or tuple of them. */
  readonly schema?: Schemas | ReadonlyArray<Schemas> | { readonly [branch: string]: Schemas } | undefined
  readonly pivot?: boolean | undefined
}

/**
 * A state that waits for a signal, of a workflow that is made from data.
 *
 * @category models
 * @since 0.1.0
 */
export interface SignalEntry {
  readonly signal: AnySignal
  readonly next: AnyState | ((value: any, state: any) => AnyState)
  readonly timeout?: Duration.Input | undefined
  readonly otherwise?: AnyState | ((error: SignalTimeoutError, state: any) => AnyState) | undefined
  readonly key?: string | ((state: any) => string) | undefined
  readonly since?: "run" | "visit" | undefined
  readonly reply?: ((value: any) => unknown) | undefined
  readonly to?: Omit<SplitTo<string>, "branches"> | undefined
}

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
