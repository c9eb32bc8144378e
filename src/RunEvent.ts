/**
 * What happens in runs, told as it happens: an event is plain data, made only where a run has found a listener when it
 * started, and nobody's from then on but the listeners'.
 *
 * `layer` gives listeners to all runs inside of it: those of an app, of a workflow, or a single one.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { ConfigurationError, Path } from "./CanoError.ts"
import * as delivery from "./internal/event/delivery.ts"
import * as internal from "./internal/event/layer.ts"
import type { JoinStrategy } from "./JoinStrategy.ts"
import type { Done } from "./Saga.ts"
import type { Outcome } from "./SplitResult.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What every event says.
 *
 * @category models
 * @since 0.1.0
 */
export interface Common {
  /** The name of the workflow. */
  readonly workflow: string
  /** The id of the run. */
  readonly runId: string
  /**
   * What it happened to: the id of the run, `<runId>/<visit>/<state>` for a state, and so on for a split, a branch and an
   * attempt, whose key is that of who makes it.
   */
  readonly key: string
  /** Its place among the events of the run: from 1, without a gap, whatever fiber it came from. */
  readonly seq: number
  /** When it happened, in milliseconds of the Clock that the run started with. */
  readonly at: number
}

/**
 * How something ended, in one word: by a value, by a failure or a defect, or by an interruption and nothing else.
 *
 * @category models
 * @since 0.1.0
 */
export type How = "succeeded" | "failed" | "interrupted"

/**
 * The end of what began with another event; there is exactly one.
 *
 * @category models
 * @since 0.1.0
 */
export interface End extends Common {
  /** The `seq` of the event that it is the end of. */
  readonly of: number
  /** When that was. */
  readonly since: number
  readonly how: How
  /** The value or the cause. */
  readonly exit: Exit.Exit<unknown, unknown>
}

/**
 * A run starts: its Layers have yet to be built.
 *
 * @category events
 * @since 0.1.0
 */
export interface RunStarted extends Common {
  readonly _tag: "RunStarted"
  /** The key of the task or branch that it stands in, of another run. */
  readonly parent: string | undefined
}

/**
 * A run has ended: its Layers are released, and branches that it has detached have ended.
 *
 * @category events
 * @since 0.1.0
 */
export interface RunEnded extends End {
  readonly _tag: "RunEnded"
  /** The states that it has entered. */
  readonly path: Path
}

/**
 * A state is entered.
 *
 * @category events
 * @since 0.1.0
 */
export interface StateEntered extends Common {
  readonly _tag: "StateEntered"
  readonly state: string
  readonly visit: number
}

/**
 * A state is left, or the run has ended in it.
 *
 * @category events
 * @since 0.1.0
 */
export interface StateLeft extends End {
  readonly _tag: "StateLeft"
  readonly state: string
  readonly visit: number
  /** The name of the next one, where there is one. */
  readonly next: string | undefined
}

/**
 * What every event of a split says, and of its branches.
 *
 * @category models
 * @since 0.1.0
 */
export interface OfSplit {
  /** The state that it is, or stands in. */
  readonly state: string
  readonly visit: number
  /** The key of the split: that of its state, or one of its own for a `Split.run`. */
  readonly split: string
}

/**
 * A split starts branches. One that is decided before a branch could start, or refused, is told of by its state only.
 *
 * @category events
 * @since 0.1.0
 */
export interface SplitStarted extends Common, OfSplit {
  readonly _tag: "SplitStarted"
  readonly strategy: JoinStrategy
  /** How many branches are known; more may come of a list that is read as it is run, or grows. */
  readonly known: number
}

/**
 * A split has ended. Branches that it has detached end later.
 *
 * @category events
 * @since 0.1.0
 */
export interface SplitEnded extends End, OfSplit {
  readonly _tag: "SplitEnded"
}

/**
 * What every event of a branch says.
 *
 * @category models
 * @since 0.1.0
 */
export interface OfBranch extends OfSplit {
  readonly index: number
  readonly name: string
  /**
   * Whether it is a hedge: in a split with `hedge` each branch after those that start at once. The winner of such a split is
   * the branch that is settled well, `BranchSettled` with the outcome `"Succeeded"`.
   */
  readonly hedge: boolean
}

/**
 * A branch is known, and waits for its start.
 *
 * @category events
 * @since 0.1.0
 */
export interface BranchQueued extends Common, OfBranch {
  readonly _tag: "BranchQueued"
}

/**
 * A branch starts.
 *
 * @category events
 * @since 0.1.0
 */
export interface BranchStarted extends Common, OfBranch {
  readonly _tag: "BranchStarted"
  /** The `seq` of the event of its queueing. */
  readonly of: number
  /** When that was. */
  readonly since: number
}

/**
 * A branch has succeeded or failed before its join was decided.
 *
 * @category events
 * @since 0.1.0
 */
export interface BranchSettled extends End, OfBranch {
  readonly _tag: "BranchSettled"
  readonly outcome: Outcome.Settled<unknown, unknown>["_tag"]
}

/**
 * A branch has ended without being counted.
 *
 * **Details**
 *
 * `"Interrupted"` and `"Late"` are losers: those that were told to end, by their split or by the end of their run, whatever
 * they made of it, and those that were awaited or detached, and ended by themselves. `"NotStarted"` is one whose turn did not come; `of` is its queueing then. `"Broken"` came upon a value
 * that is no Effect, with which the split cannot go on.
 *
 * @category events
 * @since 0.1.0
 */
export interface BranchLost extends End, OfBranch {
  readonly _tag: "BranchLost"
  readonly outcome: "Interrupted" | "Late" | "NotStarted" | "Broken"
}

/**
 * A join is decided.
 *
 * **Details**
 *
 * `"late"` is a deadline that has passed with the join unsatisfied. The counts are those of the decision: `total` is
 * `Infinity` while nobody knows how many branches there will be.
 *
 * @category events
 * @since 0.1.0
 */
export interface JoinDecided extends Common, OfSplit {
  readonly _tag: "JoinDecided"
  readonly strategy: JoinStrategy
  readonly verdict: "satisfied" | "unsatisfiable" | "late"
  /** Whether the deadline has decided. */
  readonly timedOut: boolean
  /** Why it is not satisfied, where the strategy says so. */
  readonly reason: string | undefined
  readonly counts: {
    readonly total: number
    readonly started: number
    readonly succeeded: number
    readonly failed: number
  }
}

/**
 * What every event of an attempt says.
 *
 * @category models
 * @since 0.1.0
 */
export interface OfAttempt {
  /** The state that it is made in. */
  readonly state: string
  readonly visit: number
  /** Whether it is one of a `Hedge.run`, or of a `Task.retry`. */
  readonly kind: "hedge" | "retry"
  /** Its number; 0 is the call itself, each one after it a hedge or a retry. */
  readonly attempt: number
  /** The `seq` of the first attempt, which all attempts of one hedge or retry have in common. */
  readonly first: number
}

/**
 * An attempt starts.
 *
 * @category events
 * @since 0.1.0
 */
export interface AttemptStarted extends Common, OfAttempt {
  readonly _tag: "AttemptStarted"
}

/**
 * An attempt has ended. The first one of a `Hedge.run` that has succeeded has won.
 *
 * @category events
 * @since 0.1.0
 */
export interface AttemptEnded extends End, OfAttempt {
  readonly _tag: "AttemptEnded"
}

/**
 * What every event of a wait says.
 *
 * @category models
 * @since 0.1.0
 */
export interface OfWait {
  /** The state that waits, or in which something does. */
  readonly state: string
  readonly visit: number
  readonly waits: "signal" | "timer"
  /** The name of the signal. */
  readonly signal: string | undefined
  /** The key that the signal is to have, where it is to have one. */
  readonly signalKey: string | undefined
  /** The instant at which the wait is over, in milliseconds of the Clock, where it has one. */
  readonly until: number | undefined
}

/**
 * A run waits for what does not come of its own work.
 *
 * @category events
 * @since 0.1.0
 */
export interface WaitStarted extends Common, OfWait {
  readonly _tag: "WaitStarted"
}

/**
 * A wait is over: what it was for has come, or not in time, or it was interrupted.
 *
 * @category events
 * @since 0.1.0
 */
export interface WaitEnded extends End, OfWait {
  readonly _tag: "WaitEnded"
}

/**
 * A run is paused: it enters no further state until it is resumed, or ends. What runs goes on.
 *
 * @category events
 * @since 0.1.0
 */
export interface RunPaused extends Common {
  readonly _tag: "RunPaused"
  /** What was said of it. */
  readonly note: string | undefined
}

/**
 * A run goes on that was paused.
 *
 * @category events
 * @since 0.1.0
 */
export interface RunResumed extends Common {
  readonly _tag: "RunResumed"
}

/**
 * A run has received a signal. One that is refused is told of to who has sent it, and to nobody else.
 *
 * @category events
 * @since 0.1.0
 */
export interface SignalReceived extends Common {
  readonly _tag: "SignalReceived"
  /** The name of the signal. */
  readonly signal: string
  readonly signalKey: string | undefined
  /** The id that it was sent with. */
  readonly id: string | undefined
  /** What was answered to who has sent it. */
  readonly answer: "taken" | "kept" | "duplicate"
}

/**
 * A run goes back, or a join undoes the branches that it does not keep.
 *
 * @category events
 * @since 0.1.0
 */
export interface RollbackStarted extends Common {
  readonly _tag: "RollbackStarted"
  /** How many steps there are to undo. */
  readonly steps: number
  /** Why; empty where a satisfied join undoes losers. */
  readonly cause: Cause.Cause<unknown>
}

/**
 * All steps have been undone, or it has been tried.
 *
 * @category events
 * @since 0.1.0
 */
export interface RollbackEnded extends End {
  readonly _tag: "RollbackEnded"
  readonly steps: number
  /** How many of them have been undone, and of how many that has failed. */
  readonly compensated: number
  readonly failures: number
}

/**
 * What every event of a compensation says. Its key is that of the step, with `#compensate`.
 *
 * @category models
 * @since 0.1.0
 */
export interface OfCompensation {
  /** The state whose step is undone. */
  readonly state: string
  readonly visit: number
  /** The name of the branch, if it is one. */
  readonly branch: string | undefined
  /** What is known of the step. */
  readonly done: Done<unknown>["_tag"]
}

/**
 * A compensation starts.
 *
 * @category events
 * @since 0.1.0
 */
export interface CompensationStarted extends Common, OfCompensation {
  readonly _tag: "CompensationStarted"
}

/**
 * A compensation has ended, with all its attempts. One that has been left behind ends later, maybe after its run.
 *
 * @category events
 * @since 0.1.0
 */
export interface CompensationEnded extends End, OfCompensation {
  readonly _tag: "CompensationEnded"
}

/**
 * All that happens in a run.
 *
 * **Details**
 *
 * Each start has exactly one end, whose `of` is its `seq`: `RunStarted` and `RunEnded`, `StateEntered` and `StateLeft`,
 * `SplitStarted` and `SplitEnded`, `AttemptStarted` and `AttemptEnded`, `WaitStarted` and `WaitEnded`,
 * `RollbackStarted` and `RollbackEnded`, `CompensationStarted` and `CompensationEnded`. A branch is queued, in most cases
 * started, and then settled or lost. Follow-on branches are branches; their states have keys in the key of their branch. A
 * run in a task or a branch is a run of its own, with an id and numbers of its own.
 *
 * **Gotchas**
 *
 * More events will come: a `switch` over the tags is to have a default.
 *
 * @category models
 * @since 0.1.0
 */
export type RunEvent =
  | RunStarted
  | RunEnded
  | StateEntered
  | StateLeft
  | SplitStarted
  | SplitEnded
  | BranchQueued
  | BranchStarted
  | BranchSettled
  | BranchLost
  | JoinDecided
  | AttemptStarted
  | AttemptEnded
  | WaitStarted
  | WaitEnded
  | RunPaused
  | RunResumed
  | SignalReceived
  | RollbackStarted
  | RollbackEnded
  | CompensationStarted
  | CompensationEnded

// -----------------------------------------------------------------------------
// listeners
// -----------------------------------------------------------------------------

/**
 * Who is told of events: a function that is called at once, on the stack of what happens.
 *
 * **Details**
 *
 * All listeners of a Layer are given the same object, one after the other, and it is to be read only, as its type says: it is
 * not frozen, as that would be a tenth of what an event costs. Events that happen while a listener is told of one, since it
 * interrupts a fiber for example, follow when all have been told of that.
 *
 * **Gotchas**
 *
 * It is on the hot path, and is to be quick: the run waits for it. What it returns is not looked at, but for a Promise that
 * rejects, which is dropped as what it throws is: the log is told once. What takes its time, or is an Effect, goes into
 * `listener`.
 *
 * @category models
 * @since 0.1.0
 */
export type Listener = (event: RunEvent) => void

/**
 * Gives listeners to the runs that start inside of it, besides those that are there.
 *
 * **When to use**
 *
 * Around an app, around one run (`Effect.provide(workflow.orchestrate("Start"), layer)`), or as a Layer of a workflow, with
 * `withResources`.
 *
 * **Details**
 *
 * A run asks for listeners when it starts. Those among the Layers of its workflow are there when these are built: they are
 * told of its start then, and of its end before they are released. Where its time is up, that is for them an interruption.
 *
 * Several such Layers add up, whether they stand in each other or side by side in one `Layer.mergeAll`. What a listener does
 * can fail no run. What is no listener is a defect, which says so, when the Layer is built.
 *
 * **Example** (The states of a run)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { RunEvent, Workflow } from "effect-cano"
 *
 * const workflow = Workflow.make<"Ask" | "Buy" | "Done">("shop")
 *   .register("Ask", { run: Effect.void, next: "Buy" })
 *   .register("Buy", { run: Effect.void, next: "Done" })
 *   .addExitStates("Done")
 *
 * const print: RunEvent.Listener = (event) => {
 *   if (event._tag === "StateLeft") console.log(event.seq, event.key, event.how, event.next)
 * }
 *
 * await Effect.runPromise(
 *   Effect.provide(workflow.orchestrate("Ask", { runId: "r" }), RunEvent.layer([print]))
 * )
 * // => 3 r/1/Ask succeeded Buy
 * // => 5 r/2/Buy succeeded Done
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: <E = never, R = never>(
  listeners: ReadonlyArray<Listener | Effect.Effect<Listener, E, R>>
) => Layer.Layer<never, E, Exclude<R, Scope.Scope>> = internal.layer as any

/**
 * How an effectful listener is told.
 *
 * @category models
 * @since 0.1.0
 */
export interface ListenerOptions {
  /** How many events may wait for it: an integer of at least 1. Left out: 1,024. */
  readonly capacity?: number | undefined
  /** Which event is dropped where no more may wait. Left out: `"newest"`. */
  readonly full?: "newest" | "oldest" | undefined
  /** How long it may take, at the end of its scope, for the events that still wait. Left out: 1 second. */
  readonly patience?: Duration.Input | undefined
}

/**
 * A listener that runs an Effect for each event, one after another, on a fiber of its own.
 *
 * **Details**
 *
 * It cannot slow a run: at most `capacity` events wait for it, and what finds no room is dropped and counted. It is told how
 * many have been dropped before an event, and the log is told the first time, and at the end how many it were. When the
 * scope closes, it is told what still waits. An Effect that fails, dies or is none ends nothing: the log is told once, and
 * at the end how often.
 *
 * The fiber has the services of where it was made; `layer` makes it, and gives it its scope.
 *
 * **Example** (What joins were decided with)
 *
 * ```ts
 * import { Console, Effect } from "effect"
 * import { JoinStrategy, RunEvent, Split, Workflow } from "effect-cano"
 *
 * const joins = RunEvent.listener((event) =>
 *   event._tag === "JoinDecided" ? Console.log(event.key, event.verdict, event.counts.succeeded) : Effect.void
 * )
 *
 * const workflow = Workflow.make<"Ask" | "Done">("shop")
 *   .registerSplit("Ask", [Effect.succeed(1), Effect.fail("no"), Effect.succeed(2)], {
 *     strategy: JoinStrategy.quorum(2),
 *     next: "Done"
 *   })
 *   .addExitStates("Done")
 *
 * await Effect.runPromise(
 *   Effect.provide(workflow.orchestrate("Ask", { runId: "r" }), RunEvent.layer([joins]))
 * )
 * // => r/1/Ask satisfied 2
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const listener: <E, R>(
  tell: (event: RunEvent, dropped: number) => Effect.Effect<unknown, E, R>,
  options?: ListenerOptions
) => Effect.Effect<Listener, ConfigurationError, R | Scope.Scope> = delivery.make as any

/**
 * The cause of an end, where it has not succeeded.
 *
 * @category getters
 * @since 0.1.0
 */
export const cause = (event: End): Cause.Cause<unknown> | undefined =>
  event.exit._tag === "Failure" ? event.exit.cause : undefined
