/**
 * Durable schedules: where the flows of schedulers stand, kept in a store that outlives them, so that any number of schedulers
 * and any restart start one run at most for each instant, and what came due meanwhile is decided and told.
 *
 * An entry of its own, `effect-cano/schedules`, which neither the index nor `effect-cano/Scheduler` loads. A store is a few
 * functions; it knows no flow, and computes no instant.
 *
 * Invariants (the contract in `test/scheduler` cites them by number):
 *
 *  S1  A schedule is written as a whole, with the firings that change with it, by the one who knows its last revision; of two
 *      who know the same one the second is refused, and changes nothing.
 *  S2  Its cursor never goes back.
 *  S3  A firing is there from when it was taken until it has ended, and then as long as it is among the newest that are kept.
 *  S4  A firing that has not ended is held as long as the lease of its scheduler lasts.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as SqlClient from "effect/sql/SqlClient"
import type { ConfigurationError } from "./CanoError.ts"
import * as internalFlow from "./internal/schedules/flow.ts"
import * as internalMake from "./internal/schedules/make.ts"
import * as memory from "./internal/schedules/memory.ts"
import * as operator from "./internal/schedules/operator.ts"
import * as sql from "./internal/schedules/sql.ts"
import type { JournalError } from "./journal.ts"
import type { Runs } from "./Runs.ts"
import * as Scheduler from "./Scheduler.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Where a flow stands, for all schedulers that have it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Schedule {
  readonly flow: string
  /** Counts up with each write, from 1 on. */
  readonly revision: number
  /** The newest instant that somebody has taken up: none until then is taken up again. */
  readonly cursor: number
  /** The instant that a fixed rate counts from where it has none of its own. */
  readonly anchor: number
  /** `cursor` is where the flow stood when it was paused. */
  readonly paused: { readonly since: number; readonly note: string | undefined; readonly cursor: number } | undefined
  /** Failures since the last success, of a run that was begun after them. */
  readonly streak: number
  readonly trippedAt: number | undefined
  /** Until when it backs off. */
  readonly until: number | undefined
  /** When its last run has ended. */
  readonly endedAt: number | undefined
  readonly updatedAt: number
}

/**
 * How a run has ended. `"lost"`: the scheduler that had it was gone, and nobody knows how far it came.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = "succeeded" | "failed" | "interrupted" | "lost"

/**
 * A tick or a trigger that a scheduler has taken, and the run that is made of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Firing extends Scheduler.Fire {
  /** The scheduler that has it, or had it last. */
  readonly scheduler: string
  readonly takenAt: number
  /** Whether its durable run is known to have been started. */
  readonly isStarted: boolean
  readonly ended: Ending | undefined
}

/**
 * The end of a run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ending {
  readonly at: number
  readonly outcome: Outcome
  /** What it has failed with, in words. */
  readonly detail: string | undefined
}

/**
 * A schedule with the firings of it that have not ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface View {
  readonly schedule: Schedule
  /** In the order in which they were taken. */
  readonly open: ReadonlyArray<Open>
}

/**
 * A firing that has not ended, and whether the lease of its scheduler lasts.
 *
 * @category models
 * @since 0.1.0
 */
export interface Open extends Firing {
  readonly isHeld: boolean
}

/**
 * What is written of a flow in one step.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  /** As it is to be; its revision is the one after that which is known, 1 where there is none yet. */
  readonly schedule: Omit<Schedule, "updatedAt">
  /** Those that are new, or have changed. */
  readonly firings: ReadonlyArray<Firing>
  /** The run ids of those that come to no run, of which nothing is kept. */
  readonly drops: ReadonlyArray<string>
  /** How many that have ended are kept. */
  readonly keep: number
}

type Stored<A> = Effect.Effect<A, JournalError>

// -----------------------------------------------------------------------------
// the store
// -----------------------------------------------------------------------------

/**
 * The functions of a store.
 *
 * **Details**
 *
 * Each is one step: it is done or not, also where it was interrupted, and where it has failed. Then it may nevertheless have
 * been done: who commits again is refused by his own revision, and looks again.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** Those of some flows that are there. */
  readonly look: (flows: ReadonlyArray<string>) => Stored<ReadonlyArray<View>>
  /** Writes, unless another revision is there than the one before. */
  readonly commit: (change: Change) => Stored<boolean>
  /** One firing, also one that has ended. */
  readonly firing: (flow: string, runId: string) => Stored<Firing | undefined>
  /** The firings of a flow that have ended, the newest last. */
  readonly history: (flow: string, limit: number) => Stored<ReadonlyArray<Firing>>
  /** In the order of their flows, those behind one of them. */
  readonly list: (limit: number, after?: string | undefined) => Stored<ReadonlyArray<Schedule>>
  /** Nothing is left of a flow: whether there was anything. */
  readonly forget: (flow: string) => Stored<boolean>
  /** The lease of a scheduler lasts until an instant. */
  readonly lease: (scheduler: string, until: number) => Stored<void>
  /** A scheduler gives up its lease. */
  readonly leave: (scheduler: string) => Stored<void>
}

/**
 * The store of the schedules.
 *
 * @category services
 * @since 0.1.0
 */
export class Schedules extends Context.Service<Schedules, Service>()("effect-cano/Schedules") {}

/**
 * A store in memory, which lives as long as whoever holds it: several schedulers, one after the other or at once, may have it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeMemory: Effect.Effect<Service> = memory.make

/**
 * A store in memory, which lives as long as the Layer.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<Schedules> = Layer.effect(Schedules, makeMemory)

/**
 * A store in the tables of a database, `cano_schedules`, `cano_fires` and `cano_schedulers`. They are made if they are not
 * there, and checked; it fails where they are of somebody else, or newer.
 *
 * **Details**
 *
 * Any number of processes may use one database, and open an empty one at the same time. It may be the one of the journal.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSql: Layer.Layer<Schedules, JournalError, SqlClient.SqlClient> = Layer.effect(Schedules, sql.make)

// -----------------------------------------------------------------------------
// schedulers
// -----------------------------------------------------------------------------

/**
 * How a scheduler with a store is made: as any, and how it uses the store. There is no `claim`, which the store is.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Omit<Scheduler.Options, "claim"> {
  /**
   * How long a scheduler holds what it has taken without a word of it: how late its crash is noticed. 10 seconds where it is left
   * out; more than the clocks of the processes differ.
   */
  readonly lease?: Duration.Input | undefined
  /** How often it looks for what others have done; 1 second where it is left out. */
  readonly poll?: Duration.Input | undefined
  /** How long the store may take to answer; 5 seconds where it is left out. */
  readonly patience?: Duration.Input | undefined
}

/**
 * Starts a scheduler whose flows go on from where the store has them; it is stopped when its scope closes.
 *
 * **Details**
 *
 * Of each flow it takes up what the store says: the cursor, a pause with its note, failures in a row, what runs elsewhere. A
 * flow that the store does not know begins now. Ticks since its cursor are missed ones, which `missed` decides.
 *
 * A store that is gone, or hangs, is no failure: nothing fires, it is told once, and tried again. When it is back, what came due
 * meanwhile is decided by `missed`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const F extends ReadonlyArray<Scheduler.AnyFlow>>(
  flows: F,
  options: Options = {}
): Effect.Effect<
  Scheduler.Service,
  ConfigurationError,
  Scheduler.Services<F[number]> | Schedules | Scope.Scope
> =>
  Effect.flatMap(Schedules, (store) =>
    // what a flow requires is taken from who adds it, which the flows themselves do not say any more
    internalMake.make(
      flows,
      options,
      store,
      (flow, reason, detail) => new Scheduler.FlowError({ flow, reason, detail })
    )) as any

/**
 * A scheduler with a store as a Layer: it starts when the Layer is built, and is stopped when that is released.
 *
 * **Example** (A scheduler whose flows survive it)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import * as Scheduler from "effect-cano/Scheduler"
 * import * as Schedules from "effect-cano/schedules"
 *
 * const report = Scheduler.flow("report", {
 *   run: Effect.succeed(42),
 *   when: { fixedRate: "1 hour", from: "epoch", missed: { catchUp: 1 } }
 * })
 *
 * // of a database: Schedules.layerSql, over a SqlClient
 * const store = Schedules.layerMemory
 *
 * const program = Effect.gen(function*() {
 *   const scheduler = yield* Scheduler.Scheduler
 *   yield* scheduler.trigger(report, { id: "by hand" })
 *   yield* scheduler.pause(report, { note: "the disk is full" })
 * })
 *
 * const looking = Effect.gen(function*() {
 *   const [last] = yield* Schedules.history("report")
 *   const schedule = yield* Schedules.show("report")
 *   console.log(last?.runId, last?.ended?.outcome, schedule?.paused?.note)
 * })
 *
 * await Effect.runPromise(
 *   Effect.andThen(Effect.provide(program, Schedules.layer([report])), looking).pipe(Effect.provide(store))
 * )
 * // => report!by hand succeeded the disk is full
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <const F extends ReadonlyArray<Scheduler.AnyFlow>>(
  flows: F,
  options?: Options
): Layer.Layer<Scheduler.Scheduler, ConfigurationError, Scheduler.Services<F[number]> | Schedules> =>
  Layer.effect(Scheduler.Scheduler, make(flows, options))

// -----------------------------------------------------------------------------
// durable flows
// -----------------------------------------------------------------------------

/**
 * What a flow needs of a durable definition: `Durable.make` gives one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Startable<in I, out A, out E, out E2, out R> {
  readonly name: string
  readonly start: (runId: string, initial: I) => Effect.Effect<boolean, E2, R>
  readonly await: (runId: string) => Effect.Effect<A, E, R>
}

/**
 * Any definition that can be started.
 *
 * @category utility types
 * @since 0.1.0
 */
export type AnyStartable = Startable<any, any, any, any, any>

/**
 * The state in which a run begins.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Initial<D extends AnyStartable> = Parameters<D["start"]>[1]

/**
 * How a run ends.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Success<D extends AnyStartable> = Effect.Success<ReturnType<D["await"]>>

/**
 * What a run fails with; a journal that is gone is waited for.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Failure<D extends AnyStartable> = Exclude<
  Effect.Error<ReturnType<D["await"] | D["start"]>>,
  JournalError
>

/**
 * How a flow of durable runs is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface FlowOptions<D extends AnyStartable, I = Initial<D>, R2 = never, R3 = never>
  extends Omit<Scheduler.FlowOptions<Success<D>, Failure<D>, never, R2, R3>, "run">
{
  /** What is started: the run of the id of its fire. */
  readonly definition: D
  /** The state in which it begins. */
  readonly initial: I | ((fire: Scheduler.Fire) => I)
}

/**
 * A flow whose runs are durable: with a store each tick that is admitted starts exactly one run, whatever crashes.
 *
 * **Details**
 *
 * The run is started by the id of its fire, which is the same in every process, so that a scheduler that comes after a crash
 * starts it again without a second one. It counts as running until it has ended, wherever it is driven: `overlap` holds across
 * restarts and processes. `stop` and `remove` leave it alone; `cancel` and `"replace"` cancel it, and wait for its rollback.
 *
 * A journal that is gone is waited for, and is no failure of the flow.
 *
 * @category constructors
 * @since 0.1.0
 */
export const flow: <D extends AnyStartable, const I extends Initial<D>, R2 = never, R3 = never>(
  id: string,
  options: FlowOptions<D, I, R2, R3>
) => Scheduler.Flow<
  Success<D>,
  Failure<D>,
  Effect.Services<ReturnType<D["await"] | D["start"]>> | R2 | R3 | Runs
> = internalFlow.make as any

// -----------------------------------------------------------------------------
// looking and operating
// -----------------------------------------------------------------------------

/**
 * Where a flow stands; nothing if no scheduler has had it.
 *
 * @category operating
 * @since 0.1.0
 */
export const show: (flow: string) => Effect.Effect<Schedule | undefined, JournalError, Schedules> = (flow) =>
  Effect.map(Effect.flatMap(Schedules, ({ look }) => look([flow])), ([view]) => view?.schedule)

/**
 * The firings of a flow that have not ended: what runs, in any scheduler.
 *
 * @category operating
 * @since 0.1.0
 */
export const running: (flow: string) => Effect.Effect<ReadonlyArray<Open>, JournalError, Schedules> = (flow) =>
  Effect.map(Effect.flatMap(Schedules, ({ look }) => look([flow])), ([view]) => view?.open ?? [])

/**
 * The runs of a flow that have ended, in any scheduler, the newest last: as many as its `history` keeps, or `limit`.
 *
 * @category operating
 * @since 0.1.0
 */
export const history: (
  flow: string,
  options?: { readonly limit?: number | undefined }
) => Effect.Effect<ReadonlyArray<Firing>, JournalError, Schedules> = (flow, options) =>
  Effect.flatMap(Schedules, (store) => store.history(flow, options?.limit ?? 1000))

/**
 * All schedules, in the order of their flows: 100 at most, or `limit`, those behind `after`.
 *
 * @category operating
 * @since 0.1.0
 */
export const list: (
  options?: { readonly limit?: number | undefined; readonly after?: string | undefined }
) => Effect.Effect<ReadonlyArray<Schedule>, JournalError, Schedules> = (options) =>
  Effect.flatMap(Schedules, (store) => store.list(options?.limit ?? 100, options?.after))

/**
 * Pauses a flow in all schedulers, also while there is none: no tick of it fires until `resume`. Whether there is such a flow;
 * once more with another note changes the note.
 *
 * @category operating
 * @since 0.1.0
 */
export const pause: (
  flow: string,
  options?: { readonly note?: string | undefined }
) => Effect.Effect<boolean, JournalError, Schedules> = (flow, options) =>
  Effect.flatMap(Schedules, (store) => operator.pause(store, flow, options?.note))

/**
 * A flow fires again, from the next tick on. Whether there is such a flow. Ticks of the pause that no scheduler has come to are of
 * it, and decided; to run them, ask `resume` of a scheduler with `catchUp`.
 *
 * @category operating
 * @since 0.1.0
 */
export const resume: (flow: string) => Effect.Effect<boolean, JournalError, Schedules> = (flow) =>
  Effect.flatMap(Schedules, (store) => operator.resume(store, flow))

/**
 * Forgets failures: a flow that has tripped or backs off fires again. Whether there is such a flow.
 *
 * @category operating
 * @since 0.1.0
 */
export const reset: (flow: string) => Effect.Effect<boolean, JournalError, Schedules> = (flow) =>
  Effect.flatMap(Schedules, (store) => operator.reset(store, flow))

/**
 * Nothing is left of a flow: for one that no scheduler has any more. Whether there was anything. One that has it begins anew.
 *
 * @category operating
 * @since 0.1.0
 */
export const forget: (flow: string) => Effect.Effect<boolean, JournalError, Schedules> = (flow) =>
  Effect.flatMap(Schedules, (store) => store.forget(flow))
