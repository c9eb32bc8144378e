/**
 * Durable runs: the runs of a workflow, kept in a journal of its transitions, so that they survive a crash of their process
 * and go on where they were. Nothing is replayed: what has settled is read from the journal, and what has not is run again.
 *
 * An entry of its own, `effect-cano/durable`, which the index does not load.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as SqlClient from "effect/sql/SqlClient"
import type { ConfigurationError, WorkflowError } from "./CanoError.ts"
import type { Given, Seen } from "./internal/check/given.ts"
import type { RestoreError, VersionMismatchError } from "./internal/durable/error.ts"
import * as internalLayer from "./internal/durable/layer.ts"
import * as internalList from "./internal/durable/list.ts"
import * as internal from "./internal/durable/make.ts"
import type { Durable } from "./internal/durable/service.ts"
import * as internalSettings from "./internal/durable/settings.ts"
import type { ErrorName, Undurable } from "./internal/durable/typed.ts"
import type { AnyState, Ending, Fitting, Graph, Initial, Tag } from "./internal/machine/typed.ts"
import type { AnySchema, Own } from "./internal/machine/typedSchemas.ts"
import type { Failure, LayerError, LayerIn, LayerOut } from "./internal/machine/typedWork.ts"
import type { Filter, Head, JournalError, Row } from "./journal.ts"
import * as journal from "./journal.ts"
import type { Runs } from "./Runs.ts"
import type { Workflow } from "./Workflow.ts"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

export {
  /**
   * What the journal says of a run can't be made into that run again. It stays in the journal as it is.
   *
   * **Details**
   *
   * `rule` says what is wrong: there is no such run, it is one of another workflow, a row can't be read, the state or a branch is no more, a
   * compensation is gone, or something does not fit its Schema.
   *
   * @category errors
   * @since 0.1.0
   */
  RestoreError,
  /**
   * A run was recorded by a version of its workflow that the definition says nothing of. It stays in the journal as it is.
   *
   * @category errors
   * @since 0.1.0
   */
  VersionMismatchError
} from "./internal/durable/error.ts"

/**
 * What a run that is kept in a journal can fail with for that.
 *
 * @category errors
 * @since 0.1.0
 */
export type DurableError = JournalError | VersionMismatchError | RestoreError

// -----------------------------------------------------------------------------
// the service
// -----------------------------------------------------------------------------

export type {
  /**
   * What drives durable runs in this process.
   *
   * @category models
   * @since 0.1.0
   */
  Service
} from "./internal/durable/service.ts"

export {
  /**
   * Durable runs, through which they are started, awaited and driven.
   *
   * @category services
   * @since 0.1.0
   */
  Durable
} from "./internal/durable/service.ts"

export {
  /**
   * How durable runs are driven: looked for when `layer` is built.
   *
   * @category settings
   * @since 0.1.0
   */
  Settings
} from "./internal/durable/settings.ts"

/**
 * Some of the settings, for what is built on it; the others stay what they are. A duration that can't be one is a defect of the
 * Layer, with a sentence.
 *
 * @category settings
 * @since 0.1.0
 */
export const settings = (
  given: { readonly [K in keyof internalSettings.Service]?: Duration.Input | undefined }
): Layer.Layer<never> =>
  Layer.effect(
    internalSettings.Settings,
    Effect.flatMap(internalSettings.Settings, (around) => internalSettings.make(around, given))
  )

/**
 * Drives durable runs by a journal, and finds them by their ids: `Runs` has them beside those in memory.
 *
 * **Details**
 *
 * It keeps a lease, looks for runs of the definitions whose `layer` is there and that nobody drives, and for what is sent to
 * them. When it is closed it starts nothing more, and gives up what it drives.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Durable | Runs, never, journal.Journal> = Layer.effectContext(
  internalLayer.make(internalSettings.usual)
)

/**
 * Durable runs in memory: for tests, and to see what is written. They end with the Layer.
 *
 * **Details**
 *
 * As nobody else comes to it, it looks once a minute only, has a lease of a day, and stops at once; `settings` around it change
 * that.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<Durable | Runs | journal.Journal> = Layer.provideMerge(
  Layer.effectContext(internalLayer.make(internalSettings.inMemory())),
  journal.layerMemory
)

/**
 * Durable runs in the tables of a database: `Sqlite.layer` of `effect-cano/sqlite`, or `PgClient.layer` of `@effect/sql-pg`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSql: Layer.Layer<Durable | Runs | journal.Journal, JournalError, SqlClient.SqlClient> = Layer
  .provideMerge(layer, journal.layerSql)

// -----------------------------------------------------------------------------
// definitions
// -----------------------------------------------------------------------------

/**
 * A workflow whose runs are durable: an inert value, as the workflow is.
 *
 * **Details**
 *
 * `S` are the states, `G` what the type knows of the machine, `E` and `R` what its tasks can fail with and require. Who
 * starts a run, or waits for one, needs none of the services of its tasks: those are for `layer`, where runs are driven.
 *
 * @category models
 * @since 0.1.0
 */
export interface Definition<S extends AnyState, G extends Graph.Any, E, R> {
  readonly name: string
  readonly version: number
  /** Starts the run of an id, or joins it, and waits for its end, wherever it is driven. */
  readonly run: <I extends AnyState>(
    runId: string,
    initial: Given<I, Initial<S, G>>
  ) => Effect.Effect<
    Ending<S, G, Tag<I>>,
    Failure<G, E> | ConfigurationError | WorkflowError | DurableError,
    Durable
  >
  /** Waits for the end of a run that is there, wherever it is driven, and starts none. */
  readonly await: (
    runId: string
  ) => Effect.Effect<
    Ending<S, G, G["handled"]>,
    Failure<G, E> | ConfigurationError | WorkflowError | DurableError,
    Durable
  >
  /** Starts the run of an id, and does not wait for it: whether there was none. */
  readonly start: (
    runId: string,
    initial: Initial<S, G>
  ) => Effect.Effect<boolean, ConfigurationError | DurableError, Durable>
  /**
   * In a step of another durable run: a run of its own, whose id is the key of that step, and which goes on where it was. A
   * journal that is gone is waited for, and so is a definition that can go on with it.
   */
  readonly child: <I extends AnyState>(
    initial: Given<I, Initial<S, G>>
  ) => Effect.Effect<Ending<S, G, Tag<I>>, Failure<G, E> | ConfigurationError | WorkflowError, Durable>
  /** Drives the runs of this workflow, also those that were begun before. */
  readonly layer: Layer.Layer<
    never,
    ConfigurationError,
    Exclude<R, LayerOut<G["provided"]>> | LayerIn<G["provided"]> | Durable
  >
}

/**
 * Any definition, of which nothing is known.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Any = Definition<any, any, unknown, unknown>

/**
 * How a workflow is made durable.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<in out S> {
  /** The version of the definition, an integer of at least 1: another one where runs that go on would not fit any more. */
  readonly version: number
  /** What becomes of the state of a run that was recorded by an earlier version, for each of these. */
  readonly migrate?: { readonly [version: number]: (state: unknown) => NoInfer<S> } | undefined
}

/**
 * The Schema of what the tasks, the compensations and the Layers of a workflow fail with themselves, `E`. It is needed where
 * they can fail; what the engine fails with needs none.
 *
 * @category models
 * @since 0.1.0
 */
export type ErrorOption<E, Err> = [E] extends [never] ? { readonly error?: AnySchema | undefined }
  : [Err] extends [never] ? { readonly error: `give error, a Schema that covers ${ErrorName<E>}` }
  : { readonly error: Seen<Err> & CoveringError<E, Err> }

type CoveringError<E, Err> = Err extends { readonly Type: infer T } ? [E] extends [T] ? unknown
  : `the Schema error does not cover ${ErrorName<Exclude<E, T>>}`
  : AnySchema

/** What a durable workflow can fail with, and the engine can't write down by itself. */
type OwnError<G extends Graph.Any, E> = Own<Exclude<E | LayerError<G["provided"]>, DurableError>>

/**
 * Makes a workflow durable. In memory it runs as before.
 *
 * **Details**
 *
 * What is written down needs Schemas: the states (`Workflow.make(name, StateSchema)`), what branches give (`schema` of
 * `registerSplit`) and the steps that are compensated (`schema` beside `compensate`), and what the tasks fail with (`error`).
 * What is missing, and what can't be durable, is a compile error that names the state: a list of branches that is an Effect,
 * `Split.growing`, a `hedge`, losers that outlive their join, a `MemoryStore`.
 *
 * A Schema covers what it is for where its type has all of it. Values are those of its type, which are encoded when they are
 * written and decoded when they are read.
 *
 * The value is inert. What is wrong with it is a `ConfigurationError` of whoever uses it first, with the rule `durable`: the same
 * things, for those who write without types.
 *
 * **Gotchas**
 *
 * A function of branches is called again after a crash, and must answer the same list for the same state. What it answers as an
 * Effect, or leaves to another workflow with compensations, can't be known then.
 *
 * **Example** (What a durable run writes down)
 *
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { JoinStrategy, Workflow } from "effect-cano"
 * import * as Durable from "effect-cano/durable"
 *
 * class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", { shop: Schema.String }) {}
 *
 * const State = Schema.Union([Schema.TaggedStruct("Buy", { price: Schema.Finite }), Schema.Literals(["Ask", "Bought"])])
 *
 * const ask = (shop: string) => shop === "" ? Effect.fail(new NoAnswer({ shop })) : Effect.succeed(shop.length)
 *
 * const purchase = Workflow.make("purchase", State)
 *   .registerSplit("Ask", { ada: ask("ada"), bob: ask("robert") }, {
 *     strategy: JoinStrategy.all,
 *     schema: { success: Schema.Finite, error: NoAnswer },
 *     next: ({ values: { ada, bob } }) => ({ _tag: "Buy", price: Math.min(ada, bob) })
 *   })
 *   .register("Buy", {
 *     run: ({ price }) => Effect.succeed(`paid ${price}`),
 *     compensate: () => Effect.void,
 *     schema: { success: Schema.String },
 *     next: "Bought"
 *   })
 *   .addExitStates("Bought")
 *
 * const Purchase = Durable.make(purchase, { version: 1 })
 *
 * console.log(Purchase.name, Purchase.version, await Effect.runPromise(purchase.orchestrate("Ask")))
 * // => purchase 1 Bought
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: <S extends AnyState, G extends Graph.Any, E, R, Err = never>(
  workflow: Fitting<Workflow<S, G, E, R>, Undurable<G>>,
  options: Options<S> & ErrorOption<OwnError<G, E>, Err>
) => Definition<S, G, E, R> = internal.make as any

// -----------------------------------------------------------------------------
// looking
// -----------------------------------------------------------------------------

/**
 * Runs by what the journal knows of them, also those that have ended, in the order of their ids: 100 at most, or `limit`, those
 * behind `after`.
 *
 * @category looking
 * @since 0.1.0
 */
export const list: (
  filter?: Partial<Filter>
) => Effect.Effect<ReadonlyArray<Head>, JournalError, Durable> = internalList.list

/**
 * One run, by what the journal knows of it.
 *
 * @category looking
 * @since 0.1.0
 */
export const show: (runId: string) => Effect.Effect<Option.Option<Head>, JournalError, Durable> = internalList.show

/**
 * The rows of a run, the first one first: 1,000 at most, or `limit`, from the place `from` on.
 *
 * @category looking
 * @since 0.1.0
 */
export const history: (
  runId: string,
  options?: { readonly from?: number | undefined; readonly limit?: number | undefined }
) => Effect.Effect<ReadonlyArray<Row>, JournalError, Durable> = internalList.history
