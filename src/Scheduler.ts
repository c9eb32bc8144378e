/**
 * A scheduler starts runs of flows until its scope closes. A flow is an inert value, and the typed key of itself: what is
 * run, and when.
 *
 * An entry of its own, `effect-cano/Scheduler`, which `effect-cano` leaves out: `effect/Stream` and `effect/Cron` are loaded
 * by who schedules something.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Cron from "effect/Cron"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { ConfigurationError, Path } from "./CanoError.ts"
import { clip } from "./internal/check/describe.ts"
import * as failure from "./internal/failure/failure.ts"
import * as internalExplain from "./internal/scheduler/explain.ts"
import * as internalFlow from "./internal/scheduler/flow.ts"
import * as internal from "./internal/scheduler/scheduler.ts"

// -----------------------------------------------------------------------------
// flows
// -----------------------------------------------------------------------------

/**
 * @category type ids
 * @since 0.1.0
 */
export const FlowTypeId: "~effect-cano/Scheduler/Flow" = internalFlow.TypeId

/**
 * What is run, and when. It is inert, and the key by which a scheduler knows it; two schedulers may have the same one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Flow<out A, out E, out R> {
  readonly [FlowTypeId]: typeof FlowTypeId
  readonly id: string
  readonly run: (fire: Fire) => Effect.Effect<A, E, R>
}

/**
 * What a run is started for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fire {
  readonly flow: string
  /** `"missed"` is a tick that could not be served in time, and is run nevertheless. */
  readonly by: "tick" | "missed" | "trigger"
  /** The nominal instant, in milliseconds of the Clock; of a trigger the instant at which somebody asked. */
  readonly due: number
  /**
   * Of a tick `<flow>@<instant>`, the same in every process; of a trigger `<flow>!<id>`, or a random one. Hand it on as the id of the run,
   * `orchestrate(state, { runId })`, and keys of its steps are the same, too.
   */
  readonly runId: string
}

/**
 * When a flow fires.
 *
 * **Details**
 *
 * - `fixedRate`: at `from + k · interval`, whatever runs take. `from` is `"start"`, when the flow was added (the first run
 *   is at once), `"epoch"`, which makes the instants the same in every process, or an instant.
 * - `fixedDelay`: at once, and then an interval after the end of the run before.
 * - `cron`: five fields, or six with seconds first, in a zone; UTC where it is left out.
 * - `schedule`: at once, and then as a Schedule says that is stepped with the exit of each run. When it is done the flow is
 *   completed. `Schedule.fixed` makes one run of all that it has missed, and `Schedule.cron` falls silent in the repeated
 *   hour of autumn: take `fixedRate` and `cron`.
 * - `"manual"`: when somebody triggers it.
 *
 * @category models
 * @since 0.1.0
 */
export type When<A = unknown, E = unknown, R = never> =
  | FixedRate
  | FixedDelay
  | CronTimes
  | ScheduleTimes<A, E, R>
  | "manual"

/** Options that another one excludes: to give both does not compile, with these words. */
type Without<Kind extends string, K extends string> = {
  readonly [N in K]?: `${N} beside ${Kind}: there is no such flow`
}

/**
 * An interval from start to start.
 *
 * @category models
 * @since 0.1.0
 */
export interface FixedRate
  extends Ticking, Without<"fixedRate", "fixedDelay" | "cron" | "schedule" | "timeZone" | "dst">
{
  readonly fixedRate: Duration.Input
  /** The instant of which all ticks are whole intervals away; `"start"` where it is left out. */
  readonly from?: "start" | "epoch" | DateTime.DateTime | undefined
}

/**
 * An interval from end to start.
 *
 * @category models
 * @since 0.1.0
 */
export interface FixedDelay
  extends Without<"fixedDelay", "fixedRate" | "cron" | "schedule" | "from" | "missed" | "after">
{
  readonly fixedDelay: Duration.Input
  readonly jitter?: Duration.Input | undefined
}

/**
 * Times of the wall clock.
 *
 * **Details**
 *
 * In the night of a change of the clock a pattern whose hour is a wildcard or has a step goes on through gap and repeated
 * hour (`dst: "both"`). Fixed hours run once for each local day: in the gap at the instant that the offset before makes of
 * them (02:30 is 03:30), in the repeated hour the first time (`dst: "earlier"`).
 *
 * Of a `Cron` value, whose text is gone, all hours are a wildcard, and else its own `onDstOverlap` holds; without a zone of
 * its own it is in `timeZone`.
 *
 * @category models
 * @since 0.1.0
 */
export interface CronTimes extends Ticking, Without<"cron", "fixedRate" | "fixedDelay" | "schedule" | "from"> {
  readonly cron: string | Cron.Cron
  /** An IANA name, such as `"Europe/Berlin"`; UTC where it is left out. */
  readonly timeZone?: string | undefined
  /** Which of two equal local times fires; left out, the pattern says. */
  readonly dst?: Cron.DstOverlapPolicy | undefined
}

/**
 * What a Schedule says.
 *
 * @category models
 * @since 0.1.0
 */
export interface ScheduleTimes<in A, in E, out R = never>
  extends Without<"schedule", "fixedRate" | "fixedDelay" | "cron" | "from" | "jitter" | "missed" | "after">
{
  readonly schedule: Schedule.Schedule<unknown, Exit.Exit<A, E>, never, R>
}

/**
 * What flows have in common whose ticks are known ahead.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ticking {
  /**
   * A tick starts up to so much later, always the same for a flow and an instant; its `due` stays. It must be less than a
   * fixed rate, and that of a cron ends before the next instant, however long it is.
   */
  readonly jitter?: Duration.Input | undefined
  /** What becomes of ticks that could not be served; `"skip"` where it is left out. */
  readonly missed?: "skip" | Missed | undefined
  /**
   * The last tick that was decided, from a record of yours (`Info.cursor`): those since then are missed ones, as after a
   * restart. A fixed rate from `"start"` goes on at whole intervals from it. Left out, ticks begin when the flow is added.
   * With a store (`effect-cano/schedules`) it is for a flow that the store does not know yet.
   */
  readonly after?: number | DateTime.DateTime | undefined
}

/**
 * Ticks that are run though they were missed: the newest of those that are not too old, the oldest of them first, as many at
 * once as `overlap` allows; `"replace"` lets them run one after another.
 *
 * **Details**
 *
 * A tick is missed when the scheduler comes to it more than a minute late (`Options.tolerance`), or when a later one is due
 * as well. That is so after a stop of the process, a stall, a clock that was set forward, a computer that slept.
 *
 * @category models
 * @since 0.1.0
 */
export interface Missed {
  /** How many at most. */
  readonly catchUp: number
  /** How old they may be; any age where it is left out. */
  readonly within?: Duration.Input | undefined
}

/**
 * What becomes of a tick or a trigger while a run of the flow goes on, also one that a removed flow of the same id has left
 * behind.
 *
 * **Details**
 *
 * `"skip"`: nothing. `{ queue: n }`: up to n wait, and run one after another. `{ allow: n }`: up to n run at once.
 * `"replace"`: the run is interrupted and awaited, compensations included, and the newest one follows.
 *
 * @category models
 * @since 0.1.0
 */
export type Overlap =
  | "skip"
  | "replace"
  | { readonly queue: number; readonly allow?: "allow beside queue: one of them" }
  | { readonly allow: number; readonly queue?: "queue beside allow: one of them" }

/**
 * What follows the failure of a run. Interruption by the scheduler is no failure, and changes nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface OnFailure<in E, out R = never> {
  /**
   * How long no tick fires after a failure: the delay that the Schedule gives, stepped with each cause. A success of a
   * run that was begun after the failure begins it anew. When it is done the flow trips.
   */
  readonly backoff?: Schedule.Schedule<unknown, Cause.Cause<E>, never, R> | undefined
  /** After so many failures in a row no tick fires until `reset`. */
  readonly trip?: number | undefined
  /** Which causes count as a failure; all where it is left out. */
  readonly counts?: ((cause: Cause.Cause<E>) => boolean) | undefined
}

/**
 * How a flow is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface FlowOptions<A, E, R, R2 = never, R3 = never> {
  readonly run: Effect.Effect<A, E, R> | ((fire: Fire) => Effect.Effect<A, E, R>)
  readonly when: When<NoInfer<A>, NoInfer<E>, R2>
  /** `"skip"` where it is left out. */
  readonly overlap?: Overlap | undefined
  /** Left out, a failure is counted and told of, and the next tick fires as usual. */
  readonly onFailure?: OnFailure<NoInfer<E>, R3> | undefined
  /** A run that takes longer is overlong; left out, one that is met by the next tick. */
  readonly overlong?: Duration.Input | undefined
  /** How many ended runs are remembered; 100 where it is left out. */
  readonly history?: number | undefined
}

/**
 * Makes a flow.
 *
 * **Example** (A flow every ten seconds)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Workflow } from "effect-cano"
 * import * as Scheduler from "effect-cano/Scheduler"
 *
 * const work = Workflow.make<"Load" | "Done">("batch")
 *   .register("Load", { run: Effect.void, next: "Done" })
 *   .addExitStates("Done")
 *
 * const batches = Scheduler.flow("batches", {
 *   run: ({ runId }) => work.orchestrate("Load", { runId }),
 *   when: { fixedRate: "10 seconds" }
 * })
 *
 * const program = Effect.gen(function*() {
 *   const scheduler = yield* Scheduler.make([batches])
 *   const exit = yield* scheduler.trigger(batches)
 *   console.log(exit._tag, (yield* scheduler.stop).interrupted)
 * })
 *
 * await Effect.runPromise(Effect.scoped(program).pipe(Effect.catchTag("FlowError", ({ reason }) => Effect.log(reason))))
 * // => Success []
 * ```
 *
 * From cano: `Scheduler::every`, `cron` and `manual`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const flow: <A, E, R, R2 = never, R3 = never>(
  id: string,
  options: FlowOptions<A, E, R, R2, R3>
) => Flow<A, E, R | R2 | R3> = internalFlow.make as any

/**
 * Gives a flow a Layer of which all its runs share one instance: built by the first run that needs it, released after the
 * last one when the flow is removed or the scheduler stopped.
 *
 * **Details**
 *
 * What the Layer fails with is a failure of the run that builds it; the next one tries again. For an instance of its own for
 * each run take `Workflow.withResources`, or `Effect.provide` around the run.
 *
 * @category combinators
 * @since 0.1.0
 */
export const provide: <A, E, R, Out, E2, In>(
  flow: Flow<A, E, R>,
  layer: Layer.Layer<Out, E2, In>
) => Flow<A, E | E2, Exclude<R, Out> | In> = internalFlow.provide as any

// -----------------------------------------------------------------------------
// decisions and events
// -----------------------------------------------------------------------------

/**
 * What has become of a tick. Each tick has exactly one.
 *
 * @category models
 * @since 0.1.0
 */
export type Decision = Fired | Late | Skipped

/**
 * A run was started for a tick, in time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fired extends Told {
  readonly _tag: "Fired"
  readonly fire: Fire
  readonly by: Lateness
}

/**
 * A run was started for a tick, and not in time: it had waited for a run, was missed, or came more than a second late.
 *
 * @category models
 * @since 0.1.0
 */
export interface Late extends Told {
  readonly _tag: "Late"
  readonly fire: Fire
  readonly by: Lateness
}

/**
 * What came between a tick and the start of its run, in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lateness {
  /** What jitter had planned. */
  readonly jitter: number
  /** Until the scheduler came to it. */
  readonly system: number
  /** Until runs before it had ended. */
  readonly overlap: number
}

/**
 * No run was started for a tick.
 *
 * @category models
 * @since 0.1.0
 */
export interface Skipped extends Told {
  readonly _tag: "Skipped"
  readonly due: number
  readonly reason: SkipReason
  /**
   * How many ticks it speaks of, the first at `due` and the last at `through`. It is 1, but where more than 1,000 came to nothing
   * at once: the older ones are told of together, and of a cron nobody has counted them.
   */
  readonly count: number | undefined
  readonly through: number
}

/**
 * Why a tick was skipped.
 *
 * **Details**
 *
 * - `"Overlap"`, `"QueueFull"`: a run went on, and as many waited as may.
 * - `"Replaced"`: a later one took its place before it could start.
 * - `"Missed"`, `"TooOld"`, `"CatchUpFull"`: missed, and not to be caught up; older than `within`; more than `catchUp`.
 * - `"Paused"`, `"BackingOff"`, `"Tripped"`: the flow did not fire.
 * - `"Claimed"`: another scheduler has it, by the store, or `Options.claim` said no, has failed or was interrupted.
 * - `"Removed"`, `"Stopping"`: it still waited, for a run or a claim or as its jitter says.
 * - `"Changed"`: it still waited as its jitter says, and the flow got another definition.
 *
 * @category models
 * @since 0.1.0
 */
export type SkipReason =
  | "Overlap"
  | "QueueFull"
  | "Replaced"
  | "Missed"
  | "TooOld"
  | "CatchUpFull"
  | "Paused"
  | "BackingOff"
  | "Tripped"
  | "Claimed"
  | "Removed"
  | "Stopping"
  | "Changed"

/**
 * What all events have.
 *
 * @category models
 * @since 0.1.0
 */
export interface Told {
  readonly flow: string
  /** When it was, in milliseconds of the Clock. */
  readonly at: number
}

/**
 * All that a scheduler does and decides.
 *
 * @category models
 * @since 0.1.0
 */
export type Event =
  | Decision
  /** A tick waits for a run; its decision follows. */
  | (Told & { readonly _tag: "Queued"; readonly due: number; readonly waiting: number })
  /** A run was started by hand. */
  | (Told & { readonly _tag: "Triggered"; readonly fire: Fire })
  | (Told & { readonly _tag: "Ended"; readonly ended: Ended<unknown, unknown> })
  /** A run has become overlong. */
  | (Told & { readonly _tag: "Overlong"; readonly runId: string; readonly since: number })
  | (Told & { readonly _tag: "Added" | "Changed" | "Removed" })
  | (Told & { readonly _tag: "StatusChanged"; readonly status: Status })
  /**
   * The clock was set back by so many milliseconds, or is behind the cursor with which the flow was added. No instant is fired
   * twice, so it waits for `next`, whose run starts at `start`.
   */
  | (Told & {
    readonly _tag: "ClockSetBack"
    readonly by: number
    readonly next: number
    readonly start: number | undefined
  })
  /** With a store: a run that another scheduler had, or a tick that it had taken, goes on in this one. */
  | (Told & { readonly _tag: "Adopted"; readonly fire: Fire; readonly from: string })
  /** With a store: another scheduler had a run, and is gone. Nobody knows how far it came, and it is not started again. */
  | (Told & { readonly _tag: "Abandoned"; readonly fire: Fire; readonly from: string })
  /** The store does not answer: nothing fires until it is back. */
  | (Told & { readonly _tag: "StoreGone"; readonly error: string })
  | (Told & { readonly _tag: "StoreBack" })
  /** A run did not listen to its interruption, and goes on by itself. */
  | (Told & { readonly _tag: "Detached"; readonly runId: string })

/**
 * A reader of the stream was slow, and so many events were not kept for it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lost {
  readonly _tag: "Lost"
  readonly count: number
}

/**
 * How a run has ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ended<out A, out E> extends Fire {
  readonly started: number
  readonly ended: number
  readonly exit: Exit.Exit<A, E>
  /** Whether the scheduler has interrupted it: by `stop`, `cancel`, `remove` or a `"replace"`. */
  readonly interrupted: boolean
  /** The path of the workflow that failed, where one did: it travels with the failure, and a success has none. */
  readonly path: Path | undefined
}

// -----------------------------------------------------------------------------
// status
// -----------------------------------------------------------------------------

/**
 * What a flow is about to do.
 *
 * @category models
 * @since 0.1.0
 */
export type Status =
  /**
   * `next` is the nominal instant of its next tick, where it is known, and `start` when its run starts: later, as jitter says,
   * or earlier, where a fixed delay or a Schedule goes on though the clock was set back.
   */
  | { readonly _tag: "Waiting"; readonly next: number | undefined; readonly start: number | undefined }
  | { readonly _tag: "BackingOff"; readonly until: number; readonly streak: number }
  | { readonly _tag: "Tripped"; readonly since: number; readonly streak: number }
  | { readonly _tag: "Paused"; readonly since: number; readonly note: string | undefined }
  /** It has no further tick. */
  | { readonly _tag: "Completed" }

/**
 * A run that goes on.
 *
 * @category models
 * @since 0.1.0
 */
export interface Running extends Fire {
  readonly started: number
  /** Since when it is overlong. */
  readonly overlong: number | undefined
}

/**
 * What is known of a flow.
 *
 * @category models
 * @since 0.1.0
 */
export interface Info {
  readonly id: string
  readonly status: Status
  /** Also those that a removed flow of the same id has left behind. */
  readonly running: ReadonlyArray<Running>
  /** Ticks and triggers that wait for a run. */
  readonly queued: number
  /**
   * The newest tick before which all are decided: those that wait for a run or a claim are later. Where it is later than the
   * clock, that was set back, and no instant until then fires.
   */
  readonly cursor: number | undefined
  /** Failures since the last success, of a run that was begun after them. */
  readonly streak: number
  readonly runs: number
  readonly failures: number
  readonly interrupted: number
  /** Ticks that came to no run. */
  readonly skipped: number
  readonly late: number
}

/**
 * Nothing was started, or changed.
 *
 * **Details**
 *
 * `"Unknown"`, `"NotAFlow"` and `"Changed"`: the scheduler has no such flow, what was given is none, or it is not the value that
 * the scheduler has under this id, whose types would be others. `"Options"`: there is no such option, or not such a value.
 * `"Changed"`, `"Removed"`, `"Stopping"` and `"Replaced"` also of a trigger that still waited for a run.
 *
 * @category errors
 * @since 0.1.0
 */
export class FlowError extends failure.TaggedError("FlowError")<{
  readonly flow: string
  readonly reason:
    | "Unknown"
    | "NotAFlow"
    | "Changed"
    | "Options"
    | "Exists"
    | "Tripped"
    | "Overlap"
    | "QueueFull"
    | "Replaced"
    | "Removed"
    | "Stopping"
    | "Triggered"
    | "Unreachable"
  /** What is wrong with options. */
  readonly detail?: string | undefined
}> {
  override get message(): string {
    return failure.once(
      this,
      `flow "${clip(this.flow)}"${this.detail === undefined ? sentences[this.reason] : `: ${this.detail}`}`
    )
  }
}

const sentences: { readonly [K in FlowError["reason"]]: string } = {
  Unknown: " is not in this scheduler",
  NotAFlow: " is none: name it by what Scheduler.flow has made, or by its id",
  Changed: " is in this scheduler with another definition: it was changed, or another flow has this id",
  Options: " is asked for something that there is not",
  Exists: " is there already, with another definition: change it, or remove it first",
  Tripped: " has tripped: reset it",
  Overlap: " is running",
  QueueFull: " is running, and as many wait as may",
  Replaced: " was triggered again before this could start",
  Removed: " was removed",
  Stopping: " is in a scheduler that is being stopped",
  Triggered: " was triggered with this id before, in another process or definition: its history has how that ended",
  Unreachable: " can't be started now: the store of its schedule does not answer"
}

/**
 * What has become of the runs that were going on, by their ids.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stopped {
  /** Those that ended by themselves. */
  readonly drained: ReadonlyArray<string>
  readonly interrupted: ReadonlyArray<string>
  /** Those that do not listen, and go on; and durable ones, which go on wherever they are driven. */
  readonly detached: ReadonlyArray<string>
}

// -----------------------------------------------------------------------------
// scheduler
// -----------------------------------------------------------------------------

/**
 * Any flow.
 *
 * @category utility types
 * @since 0.1.0
 */
export type AnyFlow = Flow<any, any, any>

/**
 * What a flow requires.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Services<F> = F extends Flow<any, any, infer R> ? R : never

/**
 * What a scheduler can be asked. A flow is named by the value that it was added or changed with, which has its types, or by its
 * id where none is needed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** From now on, with the services of who adds it. The same flow a second time is nothing. */
  readonly add: <A, E, R>(flow: Flow<A, E, R>) => Effect.Effect<void, FlowError | ConfigurationError, R>
  /**
   * Another definition for the flow of the same id. Runs go on, history and counts are kept; so are cursor, streak and the
   * instant that a fixed rate counts from, unless `cursor` is `"reset"`.
   */
  readonly change: <A, E, R>(
    flow: Flow<A, E, R>,
    options?: { readonly cursor?: "keep" | "reset" | undefined }
  ) => Effect.Effect<void, FlowError | ConfigurationError, R>
  /**
   * Fires now, and answers with the exit of the run. Who stops waiting leaves the run alone. It works while the flow is
   * paused or backs off, moves no cursor, and is subject to `overlap`.
   *
   * With an `id` of whoever asks, one run is started for all who ask with it, as long as that run is remembered (`history`).
   */
  readonly trigger: <A, E, R>(
    flow: Flow<A, E, R>,
    options?: { readonly id?: string | undefined }
  ) => Effect.Effect<Exit.Exit<A, E>, FlowError>
  /** No tick fires until `resume`; runs go on. All flows where none is named; once more with another note changes the note. */
  readonly pause: (
    flow?: AnyFlow | string,
    options?: { readonly note?: string | undefined }
  ) => Effect.Effect<void, FlowError>
  /**
   * From the next tick on; with `catchUp` those of the pause are missed ticks, which `missed` decides, without those that
   * waited for a run or a claim as it came.
   */
  readonly resume: (
    flow?: AnyFlow | string,
    options?: { readonly catchUp?: boolean | undefined }
  ) => Effect.Effect<void, FlowError>
  /** Forgets failures: a tripped flow fires again, one that backs off does so at its next tick. */
  readonly reset: (flow: AnyFlow | string) => Effect.Effect<void, FlowError>
  /** Interrupts what runs of it, and awaits it for the grace. */
  readonly cancel: (flow: AnyFlow | string) => Effect.Effect<Stopped, FlowError>
  /** No further tick; its runs drain, as when the scheduler is stopped. */
  readonly remove: (flow: AnyFlow | string) => Effect.Effect<Stopped, FlowError>
  readonly info: (flow: AnyFlow | string) => Effect.Effect<Option.Option<Info>, FlowError>
  /** All flows, in the order in which they were added. */
  readonly list: Effect.Effect<ReadonlyArray<Info>>
  /** Runs that have ended, the newest last: those of this definition; of all that the flow has had, if it is named by its id. */
  readonly history: <A = unknown, E = unknown>(
    flow: Flow<A, E, any> | string
  ) => Effect.Effect<ReadonlyArray<Ended<A, E>>, FlowError>
  /** What happens from now on, until the scheduler has stopped. A reader that is 1,024 events behind is told what it lost. */
  readonly events: Stream.Stream<Event | Lost>
  /**
   * No further tick; runs drain, are interrupted, and then left alone. It ends within the two bounds, whatever they do. The
   * second call gets the report of the first. A run that waits for it waits for itself until it is interrupted.
   */
  readonly stop: Effect.Effect<Stopped>
  /** Until no flow will ever fire and none runs, or a stop has ended. */
  readonly wait: Effect.Effect<void>
}

/**
 * The scheduler as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class Scheduler extends Context.Service<Scheduler, Service>()("effect-cano/Scheduler") {}

/**
 * How a scheduler is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** How long runs go on after `stop`; 30 seconds where it is left out. */
  readonly drain?: Duration.Input | undefined
  /** How long those that are interrupted may take, for finalizers and compensations; 30 seconds where it is left out. */
  readonly grace?: Duration.Input | undefined
  /** How late a tick is served without being missed; 1 minute where it is left out. */
  readonly tolerance?: Duration.Input | undefined
  /**
   * Told of each event on the stack of what has happened, so it is to be quick: once that is done as a whole, and each of one
   * event before any of the next. What one throws is dropped.
   */
  readonly listeners?: ReadonlyArray<(event: Event) => void> | undefined
  /**
   * Asked before the run of a tick is started, by several schedulers that share flows: whether it is the first to ask for
   * this `runId`. An `insert … on conflict do nothing` is one. A scheduler of `effect-cano/schedules` has a store that does
   * this, and keeps what is decided.
   */
  readonly claim?: ((fire: Fire) => Effect.Effect<boolean>) | undefined
}

/**
 * Starts a scheduler; it is stopped when its scope closes.
 *
 * **Details**
 *
 * What is wrong with a flow is found before any of them starts: all of it is in the error.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const F extends ReadonlyArray<AnyFlow>>(
  flows: F,
  options: Options = {}
): Effect.Effect<Service, ConfigurationError, Services<F[number]> | Scope.Scope> =>
  // what a flow requires is taken from who adds it, which the flows themselves do not say any more
  internal.make(flows, options, (flow, reason, detail) => new FlowError({ flow, reason, detail })) as any

/**
 * A scheduler as a Layer: it starts when the Layer is built, and is stopped when that is released.
 *
 * @category constructors
 * @since 0.1.0
 */
export const layer = <const F extends ReadonlyArray<AnyFlow>>(
  flows: F,
  options?: Options
): Layer.Layer<Scheduler, ConfigurationError, Services<F[number]>> => Layer.effect(Scheduler, make(flows, options))

// -----------------------------------------------------------------------------
// explain
// -----------------------------------------------------------------------------

/**
 * A tick that a flow will have.
 *
 * @category models
 * @since 0.1.0
 */
export interface Planned {
  readonly due: number
  /** When its run starts, with jitter. */
  readonly start: number
  readonly runId: string
  /** The time of the wall clock in the zone of the flow, with its offset. */
  readonly local: string
  /** What the change of a clock has to do with it. */
  readonly dst: "gap" | "first pass" | "second pass" | undefined
  /** Only with `takes`: what becomes of it if each run takes so long. */
  readonly outcome: "Fired" | "Late" | "Overlap" | "QueueFull" | undefined
}

/**
 * What a flow will do, without a scheduler.
 *
 * @category models
 * @since 0.1.0
 */
export interface Explanation {
  readonly flow: string
  /** What its `when` means, in words. */
  readonly sentence: string
  readonly ticks: ReadonlyArray<Planned>
  /** Whether there are more before the end than were asked for. */
  readonly more: boolean
}

/**
 * Says which ticks a flow has from an instant to another one, the second excluded, with the changes of clocks, and what
 * overlap makes of them.
 *
 * **Details**
 *
 * A fixed rate from `"start"` is explained as if the flow were added at `from`. Of `fixedDelay`, a Schedule and `"manual"`
 * nobody knows the ticks: there is the sentence alone.
 *
 * **Example** (The night in which clocks go forward)
 *
 * ```ts
 * import { Effect } from "effect"
 * import * as Scheduler from "effect-cano/Scheduler"
 *
 * const nightly = Scheduler.flow("nightly", {
 *   run: Effect.void,
 *   when: { cron: "30 2 * * *", timeZone: "Europe/Berlin" }
 * })
 *
 * const program = Effect.gen(function*() {
 *   const { ticks } = yield* Scheduler.explain(nightly, Date.UTC(2026, 2, 28), Date.UTC(2026, 2, 30))
 *   for (const { dst, local } of ticks) console.log(local, dst)
 * })
 *
 * await Effect.runPromise(program)
 * // => 2026-03-28T02:30:00+01:00 undefined
 * // => 2026-03-29T03:30:00+02:00 gap
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const explain: (
  flow: AnyFlow,
  from: number | DateTime.DateTime,
  to: number | DateTime.DateTime,
  options?: {
    /** How many ticks at most; 1,000 where it is left out. */
    readonly most?: number | undefined
    /** How long each run takes: then it is said what overlap makes of the ticks. */
    readonly takes?: Duration.Input | undefined
  }
) => Effect.Effect<Explanation, ConfigurationError> = internalExplain.explain
