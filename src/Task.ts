/**
 * Work of a known kind for the states of a machine: a value that says what it is, so that charts can draw it, and holds
 * nothing of a run. It stands as `run` in `{ run, next }`, or is run on its own.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import type * as Stream from "effect/Stream"
import type { ConfigurationError, WorkflowError } from "./CanoError.ts"
import type * as Definition from "./Definition.ts"
import type { Given, Inferred } from "./internal/check/given.ts"
import type { AnyState, Ending, Graph, Initial, Tag } from "./internal/machine/typed.ts"
import type { Failure, LayerIn, LayerOut } from "./internal/machine/typedWork.ts"
import * as kinds from "./internal/task/kind.ts"
import * as polls from "./internal/task/poll.ts"
import type { PollTimeoutError } from "./internal/task/poll.ts"
import * as retries from "./internal/task/retry.ts"
import * as runs from "./internal/task/run.ts"
import * as streams from "./internal/task/stream.ts"
import * as timers from "./internal/task/timer.ts"
import * as workflows from "./internal/task/workflow.ts"
import type { Workflow } from "./Workflow.ts"

export {
  /**
   * A poll has no answer: its time was up, or its Schedule had no further poll. What still ran was interrupted and awaited.
   *
   * **Details**
   *
   * It says how many polls were started and have failed, whether one was still running, and what the last one that ended has
   * failed with, which is its `cause`, too.
   *
   * @category errors
   * @since 0.1.0
   */
  PollTimeoutError
} from "./internal/task/poll.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Work of a known kind.
 *
 * **Details**
 *
 * `State` is what it is given: the state that it stands in. Work that asks for none has `unknown` there, and fits every
 * state. It is made by the functions of this module only; what they were given is checked where it is to be run, before
 * anything starts: with the definition that it stands in, as its issues, and by `run`, as a `ConfigurationError`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Task<in State, out A, out E, out R> {
  readonly [TypeId]: typeof TypeId
  /** What it is, as data: what a definition says as `work`, and a chart draws. */
  readonly kind: Definition.Work
  readonly work: (state: State) => Effect.Effect<A, E, R>
}

/**
 * @category type ids
 * @since 0.1.0
 */
export const TypeId: "~effect-cano/Task" = kinds.TypeId

/**
 * Whether a value is work of a known kind.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTask = (u: unknown): u is Task<never, unknown, unknown, unknown> => kinds.isTask(u)

/**
 * What every task may be told.
 *
 * @category models
 * @since 0.1.0
 */
export interface Labelled {
  /** What charts call it; left out, they say what it is. */
  readonly label?: string | undefined
}

// -----------------------------------------------------------------------------
// running
// -----------------------------------------------------------------------------

/**
 * Runs a task on its own: as a branch of a split, in a task of one's own, or outside of a machine.
 *
 * **Details**
 *
 * A task that asks for a state is given one. What it was made of is checked first; if that is wrong nothing is started, and
 * the error is a `ConfigurationError`.
 *
 * **Example** (The first of two)
 *
 * ```ts
 * import { Effect, Option } from "effect"
 * import { JoinStrategy, Split } from "effect-cano"
 * import * as Task from "effect-cano/Task"
 *
 * const answer = Task.poll({ poll: Effect.succeed(Option.some("paid")), every: "1 second", within: "1 minute" })
 *
 * const program = Split.run(
 *   { answer: Task.run(answer), late: Effect.as(Task.run(Task.timer("1 hour")), "unpaid") },
 *   { strategy: JoinStrategy.any }
 * )
 *
 * console.log((await Effect.runPromise(program)).values)
 * // => { answer: 'paid' }
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const run: <State, A, E, R>(
  task: Task<State, A, E, R>,
  ...state: unknown extends State ? [state?: State] : [state: State]
) => Effect.Effect<Inferred<A>, Inferred<E> | ConfigurationError, Inferred<R>> = runs.run as any

// -----------------------------------------------------------------------------
// kinds
// -----------------------------------------------------------------------------

/**
 * How often is asked, and how long.
 *
 * @category models
 * @since 0.1.0
 */
export interface PollOptions<State, A, E, R, R2 = never> extends Labelled {
  /** One poll: an Effect, or a function of the state to one. `Option.none()` means that there is no answer yet. */
  readonly poll: Effect.Effect<Option.Option<A>, E, R> | ((state: State) => Effect.Effect<Option.Option<A>, E, R>)
  /**
   * How long to wait between the end of one poll and the start of the next: a duration, or a Schedule, whose input is how
   * many polls were made. A poll that has failed is followed by the same wait.
   */
  readonly every: Duration.Input | Schedule.Schedule<unknown, number, never, R2>
  /** The time for all polls together. It is finite: a poll that nobody answers ends. */
  readonly within: Duration.Input
  /** How many failures in a row are taken for no answer; `Infinity` for all of them. Left out: 0, the first one ends it. */
  readonly failures?: number | undefined
}

/**
 * Asks again and again until there is an answer: `Option.some`.
 *
 * **When to use**
 *
 * For another system that does not call back: a job that runs elsewhere, a payment that is being settled.
 *
 * **Details**
 *
 * The first poll is made at once. When `within` has passed since then, a poll that runs is interrupted and awaited, and the
 * task fails with `PollTimeoutError`; so it does when the Schedule of `every` is done. Of failures, only typed ones are
 * tolerated; a defect ends the task. When one failure more in a row has come than is tolerated, that is the error.
 *
 * Polls that complete at once yield, however short the wait: timers and interruption have their turn.
 *
 * From cano: `PollTask`, whose errors are retried without a wait.
 *
 * **Example** (A job that takes three polls)
 *
 * ```ts
 * import { Effect, Option } from "effect"
 * import { Workflow } from "effect-cano"
 * import * as Task from "effect-cano/Task"
 *
 * type State = { readonly _tag: "Wait"; readonly job: string } | "Done" | "Failed"
 *
 * let polls = 0
 * const status = (job: string) => Effect.sync(() => ++polls < 3 ? Option.none() : Option.some(`${job} is built`))
 *
 * const workflow = Workflow.make<State>("build")
 *   .register("Wait", {
 *     run: Task.poll({ poll: ({ job }) => status(job), every: "10 millis", within: "1 minute" }),
 *     next: (answer) => answer.endsWith("built") ? "Done" : "Failed"
 *   })
 *   .addExitStates("Done", "Failed")
 *
 * console.log(await Effect.runPromise(workflow.orchestrate({ _tag: "Wait", job: "site" })), polls)
 * // => Done 3
 * ```
 *
 * @category kinds
 * @since 0.1.0
 */
export const poll: <State, A, E = never, R = never, R2 = never>(
  options: PollOptions<State, A, E, R, R2>
) => Task<State, A, E | PollTimeoutError<E>, R | Inferred<R2>> = polls.make as any

/**
 * Waits: for a duration from when the task starts, or until an instant. One that has passed is not waited for.
 *
 * **When to use**
 *
 * For a pause that belongs to the process, "remind after three days". What bounds other work is a `timeout`.
 *
 * **Details**
 *
 * A duration is measured by the clock that never steps. An instant, a `DateTime`, is one of the wall clock, which is looked
 * at once a minute: where that is set forward, or the computer slept, the task goes on within a minute; where it is set
 * back, it waits on. Either may be longer than the 24.8 days of a timer of JavaScript.
 *
 * A run tells listeners of it, as `WaitStarted` and `WaitEnded`.
 *
 * **Gotchas**
 *
 * It is a timer in this process, and ends with it.
 *
 * **Example** (An instant that the state carries)
 *
 * ```ts
 * import { DateTime, Effect } from "effect"
 * import { Workflow } from "effect-cano"
 * import * as Task from "effect-cano/Task"
 *
 * type State = { readonly _tag: "Hold"; readonly until: DateTime.DateTime } | "Ship"
 *
 * const workflow = Workflow.make<State>("order")
 *   .register("Hold", { run: Task.timer(({ until }) => until), next: "Ship" })
 *   .addExitStates("Ship")
 *
 * const until = DateTime.makeUnsafe("2020-01-01T00:00:00Z")
 * console.log(await Effect.runPromise(workflow.orchestrate({ _tag: "Hold", until })))
 * // => Ship
 * ```
 *
 * @category kinds
 * @since 0.1.0
 */
export const timer: <State>(
  until: Duration.Input | DateTime.DateTime | ((state: State) => Duration.Input | DateTime.DateTime),
  options?: Labelled
) => Task<State, void, never, never> = timers.make as any

/**
 * How a stream is taken in.
 *
 * @category models
 * @since 0.1.0
 */
export interface StreamOptions<State, I, E, R, E2, R2> extends Labelled {
  /** The stream, or a function of the state to one. */
  readonly open: Stream.Stream<I, E, R> | ((state: State) => Stream.Stream<I, E, R>)
  /** How many elements a full window has: an integer of at least 1. */
  readonly count: number
  /** How long a window stays open, from its first element on. Left out: until it is full, or the stream has ended. */
  readonly within?: Duration.Input | undefined
  /** What is done with a window, one after another. It has at least one element. */
  readonly flush: (window: ReadonlyArray<I>, state: State) => Effect.Effect<unknown, E2, R2>
  /** How long flushing may go on when the task is interrupted. Left out: 30 seconds. */
  readonly drain?: Duration.Input | undefined
}

/**
 * Takes in a stream window by window: a window is flushed when it has `count` elements, or has been open for `within`. Gives
 * the number of elements.
 *
 * **When to use**
 *
 * For a state that consumes: from a queue into a table, in batches. Where elements are work of their own, with outcomes, a
 * split with a `bulkhead` is the better fit.
 *
 * **Details**
 *
 * While one window is flushed the next one fills; then the stream waits. When it ends or fails, what is open is flushed
 * first.
 *
 * When the task is interrupted, a flush that runs goes on, and the open window is flushed after it; both are shielded for as
 * long as `drain`. No element that the stream has handed over is lost in silence: a flush that fails then is part of the
 * cause, as is a defect that says how many were not flushed in time, and either is told to the log.
 *
 * A flush that fails ends the task with its error, and the stream is closed; what was handed over after that window is told
 * to the log. Whether the elements of the window that has failed took effect, only the flush knows.
 *
 * **Gotchas**
 *
 * An element that is still inside of the stream, in a buffer of it or on its way through it, is the stream's: where that
 * matters, let the source take back what has not come through.
 *
 * From cano: the stream task, which stops between two elements.
 *
 * **Example** (Batches of two)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { Workflow } from "effect-cano"
 * import * as Task from "effect-cano/Task"
 *
 * const workflow = Workflow.make<"Load" | "Done">("import")
 *   .register("Load", {
 *     run: Task.stream({
 *       open: Stream.range(1, 5),
 *       count: 2,
 *       within: "1 second",
 *       flush: (rows) => Effect.sync(() => console.log("insert", rows))
 *     }),
 *     next: "Done"
 *   })
 *   .addExitStates("Done")
 *
 * await Effect.runPromise(workflow.orchestrate("Load"))
 * // => insert [ 1, 2 ]
 * // => insert [ 3, 4 ]
 * // => insert [ 5 ]
 * ```
 *
 * @category kinds
 * @since 0.1.0
 */
export const stream: <State, I, E, R, E2, R2>(
  options: StreamOptions<State, I, E, R, E2, R2>
) => Task<State, number, E | E2, R | R2> = streams.make as any

/**
 * When something is tried again.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryOptions<E, R2 = never, T = undefined> extends Labelled {
  /** Whether there is another attempt after a failure, which is its input, and when. */
  readonly schedule: Schedule.Schedule<unknown, E, never, R2>
  /** The time for one attempt; one that takes longer is interrupted and awaited, and has failed with `Cause.TimeoutError`. */
  readonly attemptTimeout?: T
}

/**
 * What an attempt that has a time of its own fails with beside its errors.
 *
 * @category utility types
 * @since 0.1.0
 */
export type TimedOut<T> = [T] extends [undefined] ? never : Cause.TimeoutError

/**
 * Tries again after a failure. It is `Effect.retry`, whose attempts are told to listeners and drawn.
 *
 * **When to use**
 *
 * Where the attempts of a state are to be seen in events, metrics and charts. Inside of a task `Effect.retry` does as well.
 *
 * **Details**
 *
 * The first attempt is made at once; the Schedule says of each failure whether there is another one. Only typed failures are
 * tried again: neither a defect nor an interruption is. When there is no further attempt, the last failure is the task's.
 *
 * Each attempt is an `AttemptStarted` and an `AttemptEnded` of the kind `"retry"`, and can ask `Schedule.CurrentMetadata`
 * for its number.
 *
 * **Example** (The third attempt)
 *
 * ```ts
 * import { Effect, Schedule } from "effect"
 * import { RunEvent, Workflow } from "effect-cano"
 * import * as Task from "effect-cano/Task"
 *
 * let calls = 0
 * const call = Effect.suspend(() => ++calls < 3 ? Effect.fail("busy") : Effect.succeed(calls))
 *
 * const workflow = Workflow.make<"Call" | "Done">("call")
 *   .register("Call", {
 *     run: Task.retry(call, { schedule: Schedule.spaced("10 millis"), attemptTimeout: "1 second" }),
 *     next: "Done"
 *   })
 *   .addExitStates("Done")
 *
 * const print: RunEvent.Listener = (event) => {
 *   if (event._tag === "AttemptEnded") console.log(event.kind, event.attempt, event.how)
 * }
 *
 * await Effect.runPromise(Effect.provide(workflow.orchestrate("Call"), RunEvent.layer([print])))
 * // => retry 0 failed
 * // => retry 1 failed
 * // => retry 2 succeeded
 * ```
 *
 * @category kinds
 * @since 0.1.0
 */
export const retry: <State, A, E, R, R2 = never, T extends Duration.Input | undefined = undefined>(
  work: Effect.Effect<A, E, R> | ((state: State) => Effect.Effect<A, E, R>),
  options: RetryOptions<NoInfer<E | TimedOut<T>>, R2, T>
) => Task<State, A, E | TimedOut<T>, R | Inferred<R2>> = retries.make as any

/**
 * Runs another workflow, from a state of it or from what a function of the own state says; its exit is the value.
 *
 * **When to use**
 *
 * For a part of a process that is a machine of its own: with its own states, Layers and budget, tested by itself, and used
 * by several machines. Parts of one machine are merged.
 *
 * **Details**
 *
 * It is a run in the run: its errors are the task's, and tell both paths; its Layers are built for it, and `withTimeout` of
 * it is its own. Its id is the key of the visit or branch that it stands in and its name, `<key>/<name>`, so that its keys
 * are the same whenever the outer run has the same id. Rules that it breaks are issues of the workflow it stands in.
 *
 * **Example** (An exit decides where the outer machine goes on)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Workflow } from "effect-cano"
 * import * as Task from "effect-cano/Task"
 *
 * type Payment = { readonly _tag: "Charge"; readonly sum: number } | "Paid" | "Declined"
 *
 * const payment = Workflow.make<Payment>("payment")
 *   .register("Charge", ({ sum }) => Effect.map(Workflow.CurrentRun, ({ key }) => {
 *     console.log(key)
 *     return sum < 100 ? "Paid" : "Declined"
 *   }))
 *   .addExitStates("Paid", "Declined")
 *
 * const order = Workflow.make<"Pay" | "Ship" | "Cancel">("order")
 *   .register("Pay", {
 *     run: Task.workflow(payment, { _tag: "Charge", sum: 20 }),
 *     next: (exit) => exit === "Paid" ? "Ship" : "Cancel"
 *   })
 *   .addExitStates("Ship", "Cancel")
 *
 * console.log(await Effect.runPromise(order.orchestrate("Pay", { runId: "7" })))
 * // => 7/1/Pay/payment/1/Charge
 * // => Ship
 * ```
 *
 * @category kinds
 * @since 0.1.0
 */
export const workflow: <State, S extends AnyState, G extends Graph.Any, E, R, const I extends AnyState>(
  child: Workflow<S, G, E, R>,
  initial: Given<I, Initial<Inferred<S>, G>> | ((state: State) => Given<I, Initial<Inferred<S>, G>>),
  options?: Labelled
) => Task<
  State,
  Ending<S, G, Tag<I>>,
  Failure<G, E> | ConfigurationError | WorkflowError,
  Exclude<R, LayerOut<G["provided"]>> | LayerIn<G["provided"]>
> = workflows.make as any
