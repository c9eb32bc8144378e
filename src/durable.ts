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
import type * as Stream from "effect/Stream"
import type { ConfigurationError, WorkflowError } from "./CanoError.ts"
import type { Given, Seen } from "./internal/check/given.ts"
import type { RestoreError, VersionMismatchError } from "./internal/durable/error.ts"
import * as internalLayer from "./internal/durable/layer.ts"
import * as internalList from "./internal/durable/list.ts"
import * as internal from "./internal/durable/make.ts"
import * as internalReport from "./internal/durable/report.ts"
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
   * What a branch or a step has ended with takes more bytes than may be written of one value, `maxPayload` of `settings`. It is
   * a defect with which the branch has ended instead, before it counts as done, and which is recorded as that.
   *
   * **Details**
   *
   * An error that is too large becomes this defect, too, and `detail` is what can be said of it. A state that is too large is a
   * `WorkflowError` with the rule `max-payload`, an initial one a `ConfigurationError`, a signal a `SignalError`.
   *
   * @category errors
   * @since 0.1.0
   */
  PayloadTooLargeError,
  /**
   * What the journal says of a run can't be made into that run again. It stays in the journal as it is.
   *
   * **Details**
   *
   * `rule` says what is wrong: there is no such run, it is one of another workflow, a row can't be read, the state or a branch is no more, a
   * compensation is gone, something does not fit its Schema, which a signal is told of in a report alone, or a payload can't be read by the codecs that are here: such a run is
   * tried from time to time.
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
 * Some of the settings, for what is built on it; the others stay what they are. A duration or a size that can't be one is a
 * defect of the Layer, with a sentence.
 *
 * @category settings
 * @since 0.1.0
 */
export const settings = (
  given: {
    readonly [K in keyof internalSettings.Service]?:
      | (internalSettings.Service[K] extends number ? number : Duration.Input)
      | undefined
  }
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
export interface Options<in out S extends AnyState> {
  /** The version of the definition, an integer of at least 1: another one where runs that go on would not fit any more. */
  readonly version: number
  /**
   * What becomes of a run that was recorded by an earlier version, for each of these: a function of its state, or all that
   * `Migration` has.
   */
  readonly migrate?: {
    readonly [version: number]: ((state: unknown) => NoInfer<S>) | Migration<S>
  } | undefined
  /**
   * Where a run does not end, but waits for an operator, stuck: when something could not be undone, `"rollback"`; also when it
   * fails, before anything is undone, `"failure"`; or never. `"rollback"` where it is left out.
   */
  readonly operator?: "never" | "rollback" | "failure" | undefined
}

/**
 * What becomes of what an earlier version has recorded of a run: of its states, of their names and those of branches, and of
 * how branches, steps and the run have ended.
 *
 * **Details**
 *
 * A run is migrated when it is taken, and that is written before anything of it goes on. It says what has to change: what is
 * left out stays as it was written. Each function is given JSON, as it was written, and answers a value of today at once, which
 * is encoded by its Schema. If one throws, or what it answers does not fit, the run is left as it was: `RestoreError`.
 *
 * **Gotchas**
 *
 * Keys have the names of states and branches in them: what is run again under a new name has a new key.
 *
 * @category models
 * @since 0.1.0
 */
export interface Migration<in out S extends AnyState> {
  /**
   * The state of today for one that was recorded: that of the run, of a follow-on branch, of a step that may have to be undone,
   * or in which a run has ended. If it has another name, that is the new name of its visit.
   */
  readonly state?: ((state: unknown) => NoInfer<S>) | undefined
  /** The names that states have today, by those before; `null` where nothing that is recorded of one is to count. */
  readonly states?: { readonly [before: string]: NoInfer<Tag<S>> | null } | undefined
  /** The same of the branches of a state, by the name that the state had. */
  readonly branches?: { readonly [state: string]: { readonly [before: string]: string | null } } | undefined
  /** What a branch, or a step that may have to be undone, has succeeded with, by the names that they had. */
  readonly value?: ((value: unknown, of: Recorded) => unknown) | undefined
  /** What a branch, a step or the run has failed with itself. */
  readonly error?: ((error: unknown, of: Recorded) => unknown) | undefined
}

/**
 * Of which state and branch something was recorded, by the names that they had; of none where it is of the run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Recorded {
  readonly state: string | undefined
  readonly branch: string | undefined
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

// -----------------------------------------------------------------------------
// before a deploy
// -----------------------------------------------------------------------------

export type {
  /**
   * What would become of one run if it were taken with a definition.
   *
   * **Details**
   *
   * - `continues`: it goes on where it is; what waits goes on waiting.
   * - `migrates`: it is of an earlier version, and goes on as one of this.
   * - `refused`: it would be left as it is, and why; or it would die of a signal that was sent to it.
   *
   * @category models
   * @since 0.1.0
   */
  Finding,
  /**
   * Runs of one version and state that a definition would refuse for the same reason.
   *
   * @category models
   * @since 0.1.0
   */
  Refusals,
  /**
   * What would become of all runs that go on.
   *
   * @category models
   * @since 0.1.0
   */
  Report
} from "./internal/durable/report.ts"

/**
 * What definitions would make of the runs that go on, waiting, running or going back: to be asked before they are deployed, of
 * the journal itself or of a copy of it.
 *
 * **Details**
 *
 * Each run is read as if it were taken: its version and what `migrate` says of it, its state, how branches have ended and whether
 * they are there still, the states of follow-on branches, the steps that may have to be undone, and letters for
 * `registerSignal`. Functions of `migrate` and of branches are called, as they are then; no task, no Layer and no service is
 * needed. It takes no run, has no lease and writes nothing, and goes on beside those who drive runs; it reads page by page. Of
 * the runs of other workflows it says nothing.
 *
 * What can't be known before it runs is not looked at: what `Signal.wait` waits for, branches that are read from an iterator, and
 * ends of runs that have ended.
 *
 * **Example** (Exit 1 where a run would be refused)
 *
 * ```ts no-run
 * import { Effect, Layer, Schema } from "effect"
 * import { Workflow } from "effect-cano"
 * import * as Durable from "effect-cano/durable"
 * import * as Journal from "effect-cano/journal"
 * import * as Sqlite from "effect-cano/sqlite"
 *
 * const orders = Workflow.make("orders", Schema.Literals(["Pay", "Paid"]))
 *   .register("Pay", Effect.succeed("Paid"))
 *   .addExitStates("Paid")
 * const Orders = Durable.make(orders, { version: 2, migrate: { 1: { states: { Bill: "Pay" } } } })
 *
 * const program = Effect.gen(function*() {
 *   const { continues, migrates, refusals, refused } = yield* Durable.report(Orders)
 *   console.log(`${continues} continue, ${migrates} migrate, ${refused} would be refused`)
 *   for (const { count, example, state } of refusals) console.log(`${count} in "${state}", as ${example.message}`)
 *   if (refused > 0) process.exitCode = 1
 * })
 *
 * await Effect.runPromise(
 *   Effect.provide(program, Journal.layerSql.pipe(Layer.provide(Sqlite.layer({ filename: "copy.db" }))))
 * )
 * ```
 *
 * @category before a deploy
 * @since 0.1.0
 */
export const report: (
  definitions: Any | ReadonlyArray<Any>
) => Effect.Effect<internalReport.Report, ConfigurationError | JournalError, journal.Journal> = internalReport
  .report as any

/**
 * The same, run by run, in the order of their ids.
 *
 * @category before a deploy
 * @since 0.1.0
 */
export const findings: (
  definitions: Any | ReadonlyArray<Any>
) => Stream.Stream<internalReport.Finding, ConfigurationError | JournalError, journal.Journal> = internalReport
  .findings as any
