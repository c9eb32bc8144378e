/**
 * Operating durable runs: to find them, to see what they have done and why they wait, to order something of them, and to
 * forget those that are over. An operator needs the journal alone. He has no definitions: values are JSON to him, and whoever
 * drives a run checks what he gives by its Schemas.
 *
 * An entry of its own, `effect-cano/operator`, which the index does not load. `effect-cano/http` has it as endpoints, and the
 * program `cano` as commands.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { uuid } from "./internal/durable/uuid.ts"
import * as internalOrder from "./internal/operator/order.ts"
import * as internal from "./internal/operator/service.ts"
import type { Count, Head, Journal, JournalError, LetterKind, Outcome, Row, Selection as Runs } from "./journal.ts"

// -----------------------------------------------------------------------------
// which runs
// -----------------------------------------------------------------------------

/**
 * Which runs are meant: those of which all that is given holds, and of several values one. Of a run that has ended `updatedAt`
 * is when it did, so that `{ status: "ended", updatedBefore }` are those that have ended before an instant.
 *
 * @category models
 * @since 0.1.0
 */
export interface Selection extends Pick<Runs, "workflow" | "status" | "outcome" | "state" | "parent"> {
  readonly createdBefore?: DateTime.DateTime.Input | undefined
  /** This instant or a later one. */
  readonly createdAfter?: DateTime.DateTime.Input | undefined
  readonly updatedBefore?: DateTime.DateTime.Input | undefined
  /** This instant or a later one. */
  readonly updatedAfter?: DateTime.DateTime.Input | undefined
}

// -----------------------------------------------------------------------------
// what is seen of a run
// -----------------------------------------------------------------------------

/**
 * How something has ended, as it was written: values and errors are JSON.
 *
 * @category models
 * @since 0.1.0
 */
export type End =
  | { readonly _tag: "Succeeded"; readonly value: Schema.Json }
  | { readonly _tag: "Failed"; readonly reasons: ReadonlyArray<Reason> }
  /** It was written in a form that is not known here. */
  | { readonly _tag: "Unreadable"; readonly text: string }

/**
 * Why something has failed: an error of a definition or of the engine, a defect, or that it was interrupted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reason {
  readonly kind: "error" | "defect" | "interruption"
  readonly sentence: string
  readonly json: Schema.Json
}

/**
 * A state that a run was in.
 *
 * @category models
 * @since 0.1.0
 */
export interface Visit {
  readonly visit: number
  readonly state: string
  /** The state with its data, as JSON. */
  readonly value: Schema.Json
  readonly since: number
  /** When the next one was entered, or the run ended; nothing of the visit that goes on. */
  readonly until: number | undefined
  /** The place of its row. */
  readonly n: number
}

/**
 * How a branch of the visit that goes on has ended, or a step of it that can be undone.
 *
 * @category models
 * @since 0.1.0
 */
export interface Settled {
  readonly key: string
  readonly branch: string | undefined
  readonly at: number
  readonly end: End
}

/**
 * What a join of the visit that goes on has decided.
 *
 * @category models
 * @since 0.1.0
 */
export interface Joined {
  readonly key: string
  readonly at: number
  readonly verdict: "proceed" | "fail"
  readonly reason: string | undefined
  readonly isLate: boolean
}

/**
 * How a step was undone, or was not.
 *
 * @category models
 * @since 0.1.0
 */
export interface Undone {
  readonly key: string
  readonly at: number
  /** How it was not: `"failed"`, `"timed out"`, `"left behind"`; nothing where it was undone. */
  readonly how: string | undefined
  readonly reasons: ReadonlyArray<Reason>
}

/**
 * A letter that nobody has taken yet.
 *
 * @category models
 * @since 0.1.0
 */
export interface Untaken {
  readonly seq: number
  readonly kind: LetterKind
  /** Of the signal. */
  readonly name: string
  readonly key: string | undefined
  readonly id: string | undefined
  readonly since: number
}

/**
 * What the journal says of a run, within bounds: of a long path and of many branches the last ones.
 *
 * @category models
 * @since 0.1.0
 */
export interface Shown {
  readonly head: Head
  readonly why: Why
  /** The states that it was in, the last one being that in which it is, or has ended. */
  readonly path: ReadonlyArray<Visit>
  /** The visits before those. */
  readonly earlier: number
  readonly branches: ReadonlyArray<Settled>
  readonly joins: ReadonlyArray<Joined>
  /** Whether the visit has more rows than were looked at. */
  readonly hasMore: boolean
  /** Why it has gone back, and how far. */
  readonly rollback: Rollback | undefined
  readonly letters: ReadonlyArray<Untaken>
  readonly children: ReadonlyArray<Head>
  readonly end: End | undefined
}

/**
 * That a run goes back, or has gone back, and what came of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rollback {
  readonly since: number
  readonly reasons: ReadonlyArray<Reason>
  readonly steps: ReadonlyArray<Undone>
}

// -----------------------------------------------------------------------------
// why it waits
// -----------------------------------------------------------------------------

/**
 * Why a run does not go on just now, or that it does, and what would wake it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Why {
  readonly runId: string
  /** When the journal was asked, in milliseconds of the Clock. */
  readonly at: number
  readonly because: Because
  /** What would make it go on; each alone. */
  readonly wakes: ReadonlyArray<Wake>
  /** Letters that nobody has taken yet, of very many some. */
  readonly letters: ReadonlyArray<Untaken>
  /** All of it in words. */
  readonly sentence: string
}

/**
 * How a run stands.
 *
 * @category models
 * @since 0.1.0
 */
export type Because =
  | { readonly _tag: "Ended"; readonly outcome: Outcome; readonly since: number }
  /** Somebody drives it, and it does something. */
  | { readonly _tag: "Driven"; readonly runner: string; readonly until: number; readonly since: number }
  /** It only waits: for an instant, for one of these, or both. Nobody drives it if it is parked. */
  | {
    readonly _tag: "Waiting"
    readonly runner: string | undefined
    readonly since: number
    readonly until: number | undefined
    readonly waits: ReadonlyArray<Wait>
    /** How many more waits there are. */
    readonly more: number
  }
  /** It goes no further than to the end of its state, until it is resumed. */
  | {
    readonly _tag: "Paused"
    readonly runner: string | undefined
    readonly since: number
    readonly note: string | undefined
  }
  /** Somebody is to take it, and nobody has; `for` says what has made it due: `"release"` that whoever drove it gave it up. */
  | {
    readonly _tag: "Due"
    readonly since: number
    readonly for: "start" | "instant" | "letter" | "order" | "release"
    /** How many runners there are, whatever they drive. */
    readonly runners: number
  }
  /** Whoever has driven it has not been heard of since its lease ran out. */
  | { readonly _tag: "Abandoned"; readonly runner: string; readonly since: number; readonly runners: number }
  /** It waits for an operator: it has failed, or something of it could not be undone. */
  | {
    readonly _tag: "Stuck"
    readonly of: "rollback" | "failure"
    readonly since: number
    readonly reasons: ReadonlyArray<Reason>
    readonly steps: ReadonlyArray<Undone>
  }

/**
 * What a part of a run waits for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Wait {
  readonly for: "signal" | "timer"
  readonly signal: string | undefined
  readonly signalKey: string | undefined
  /** The key of who waits: a visit of a state, or a branch. */
  readonly key: string
  readonly until: number | undefined
}

/**
 * What would make a run go on.
 *
 * @category models
 * @since 0.1.0
 */
export type Wake =
  | { readonly _tag: "Instant"; readonly at: number }
  | { readonly _tag: "Signal"; readonly name: string; readonly key: string | undefined }
  | { readonly _tag: "Order"; readonly order: LetterKind }
  /** A process that has the layer of the definition. */
  | { readonly _tag: "Runner"; readonly workflow: string; readonly version: number }
  /** The end of a run that a step of it has started. */
  | { readonly _tag: "Child"; readonly runId: string; readonly workflow: string; readonly status: Head["status"] }

// -----------------------------------------------------------------------------
// orders
// -----------------------------------------------------------------------------

/**
 * What an operator orders of a run, as a value: it is given to `send`, or to `sendAll`.
 *
 * @category orders
 * @since 0.1.0
 */
export type Order =
  | { readonly _tag: "Cancel"; readonly compensate: boolean }
  | { readonly _tag: "Pause"; readonly note: string | undefined }
  | { readonly _tag: "Resume" }
  | { readonly _tag: "Retry"; readonly branches: "failed" | "all" }
  | { readonly _tag: "Rerun"; readonly state: Schema.Json }
  | { readonly _tag: "SkipBranch"; readonly branch: string; readonly value: Schema.Json }
  | { readonly _tag: "SkipTo"; readonly state: Schema.Json }
  | { readonly _tag: "SkipStep"; readonly step: string }
  | { readonly _tag: "End" }
  | {
    readonly _tag: "Signal"
    readonly name: string
    readonly key: string | undefined
    readonly value: Schema.Json
  }

/**
 * Ends a run as cancelled; what it has done is undone before, unless `compensate` is false.
 *
 * @category orders
 * @since 0.1.0
 */
export const cancel: (options?: { readonly compensate?: boolean | undefined }) => Order = internalOrder.cancel

/**
 * Holds a run before the next state that it would enter.
 *
 * @category orders
 * @since 0.1.0
 */
export const pause: (note?: string) => Order = internalOrder.pause

/**
 * Lets a run go on that was paused.
 *
 * @category orders
 * @since 0.1.0
 */
export const resume: Order = internalOrder.resume

/**
 * Lets a run go on from the state in which it has failed, was cancelled, or is stuck: with the branches that have not succeeded,
 * unless `branches` is `"all"`.
 *
 * @category orders
 * @since 0.1.0
 */
export const retry: (options?: { readonly branches?: "failed" | "all" | undefined }) => Order = internalOrder.retry

/**
 * Lets a run that has ended, or is stuck, enter a state.
 *
 * @category orders
 * @since 0.1.0
 */
export const rerun: (state: Schema.Json) => Order = internalOrder.rerun

/**
 * Settles a branch with a value, which must fit its Schema, in the place of what it would give.
 *
 * @category orders
 * @since 0.1.0
 */
export const skipBranch: (branch: string, value: Schema.Json) => Order = internalOrder.skipBranch

/**
 * Lets a run enter a state in the place of what it does now.
 *
 * @category orders
 * @since 0.1.0
 */
export const skipTo: (state: Schema.Json) => Order = internalOrder.skipTo

/**
 * Says of a step that could not be undone that this was done by hand, so that its rollback goes on. `step` is its key.
 *
 * @category orders
 * @since 0.1.0
 */
export const skipStep: (step: string) => Order = internalOrder.skipStep

/**
 * Lets a run that is stuck end as it is.
 *
 * @category orders
 * @since 0.1.0
 */
export const end: Order = internalOrder.end

/**
 * Sends a signal by its name, with its value as JSON.
 *
 * @category orders
 * @since 0.1.0
 */
export const signal: (
  name: string,
  value: Schema.Json,
  options?: { readonly key?: string | undefined }
) => Order = internalOrder.signal

/**
 * A request id of its own.
 *
 * @category orders
 * @since 0.1.0
 */
export const requestId: () => string = uuid

/**
 * What has become of an order. Of one that is sent again with its `requestId` it is the same, and `isRepeated`.
 *
 * **Details**
 *
 * `"Kept"` is in the inbox of the run, and nobody has answered it yet: it is not lost, and the run is woken by it. `why` says
 * what it waits for. `"Ended"` came too late, or would change nothing of a run that has ended.
 *
 * @category orders
 * @since 0.1.0
 */
export type Answer =
  & { readonly runId: string; readonly requestId: string; readonly isRepeated: boolean }
  & (
    /** It was done. `reply` is that to a signal which has one. */
    | { readonly _tag: "Done"; readonly reply: Schema.Json | undefined }
    | { readonly _tag: "Refused"; readonly why: string }
    | { readonly _tag: "Kept"; readonly why: string }
    | { readonly _tag: "Ended"; readonly outcome: Outcome }
    | { readonly _tag: "NoSuchRun" }
  )

/**
 * How an order is sent.
 *
 * @category orders
 * @since 0.1.0
 */
export interface SendOptions {
  /** What the order is known by: the same one twice counts once. One of its own is made where it is left out. */
  readonly requestId?: string | undefined
  /** How long its answer is waited for: 5 seconds, if it is left out. */
  readonly within?: Duration.Input | undefined
}

/**
 * What an order to many runs would be about.
 *
 * @category orders
 * @since 0.1.0
 */
export interface Preview {
  readonly runs: number
  /** The first of them, in the order of their ids. */
  readonly first: ReadonlyArray<Head>
}

/**
 * What has become of an order to one of many runs.
 *
 * @category orders
 * @since 0.1.0
 */
export type Sent = Answer | {
  readonly _tag: "Failed"
  readonly runId: string
  readonly requestId: string
  readonly error: JournalError
}

// -----------------------------------------------------------------------------
// forgetting
// -----------------------------------------------------------------------------

/**
 * Which runs are to be forgotten: those that have ended before an instant, and that no other run needs.
 *
 * @category forgetting
 * @since 0.1.0
 */
export interface PurgeOptions extends Pick<Runs, "workflow" | "outcome"> {
  readonly endedBefore: DateTime.DateTime.Input
  /** Whether nothing is forgotten: it is only told what would be. */
  readonly isPreview?: boolean | undefined
  /** How many runs are forgotten in one transaction: 100 if it is left out; less, where they have many rows. */
  readonly batch?: number | undefined
  /** How many runs at most; no end where it is left out. */
  readonly limit?: number | undefined
}

/**
 * A run that was forgotten, as it was.
 *
 * @category forgetting
 * @since 0.1.0
 */
export interface Purged {
  readonly head: Head
  readonly rows: number
  readonly letters: number
}

// -----------------------------------------------------------------------------
// the service
// -----------------------------------------------------------------------------

/**
 * What an operator can do. Nothing is kept between two calls.
 *
 * @category services
 * @since 0.1.0
 */
export interface Service {
  /** Runs in the order of their ids, those behind `after`; read page by page, as they are taken. */
  readonly list: (
    selection?: Selection & { readonly after?: string | undefined }
  ) => Stream.Stream<Head, JournalError>
  /** How many runs there are, by workflow, status and outcome. */
  readonly count: (selection?: Selection) => Effect.Effect<ReadonlyArray<Count>, JournalError>
  /** A run with its path, what its visit has come to, and why it waits. */
  readonly show: (
    runId: string,
    /** How many visits: 50 if it is left out. */
    options?: { readonly visits?: number | undefined }
  ) => Effect.Effect<Option.Option<Shown>, JournalError>
  /** Why a run waits, and what would wake it. */
  readonly why: (runId: string) => Effect.Effect<Option.Option<Why>, JournalError>
  /** The rows of a run from a place on; read page by page. */
  readonly history: (
    runId: string,
    options?: { readonly from?: number | undefined }
  ) => Stream.Stream<Row, JournalError>
  /** Sends an order, and waits for its answer for a while. */
  readonly send: (runId: string, order: Order, options?: SendOptions) => Effect.Effect<Answer, JournalError>
  /** What `sendAll` would be about. */
  readonly preview: (selection: Selection) => Effect.Effect<Preview, JournalError>
  /**
   * Sends an order to each of many runs, and tells of each: one that fails keeps no other from it. The request id is that of all,
   * so that it can be repeated.
   */
  readonly sendAll: (
    selection: Selection,
    order: Order,
    /** How many answers are waited for at once: 10 if it is left out. */
    options: SendOptions & { readonly requestId: string; readonly concurrency?: number | undefined }
  ) => Stream.Stream<Sent, JournalError>
  /**
   * Forgets runs that have ended, in batches, and tells of each. A run goes as a whole, with its rows and letters; one that has
   * not ended stays, and so does one whose parent or child has not ended before the same instant. It can be interrupted
   * between two batches.
   */
  readonly purge: (options: PurgeOptions) => Stream.Stream<Purged, JournalError>
}

/**
 * The operator of the runs of a journal.
 *
 * **Example** (Why does it not move?)
 *
 * ```ts
 * import { Effect, Layer, Option, Schema } from "effect"
 * import { Workflow } from "effect-cano"
 * import * as Durable from "effect-cano/durable"
 * import * as Operator from "effect-cano/operator"
 * import * as Signal from "effect-cano/Signal"
 *
 * const Approval = Signal.make("approval", Schema.Boolean)
 * const trip = Workflow.make("trip", Schema.Literals(["Ask", "Booked", "NoTrip"]))
 *   .registerSignal("Ask", Approval, { next: (yes) => yes ? "Booked" : "NoTrip" })
 *   .addExitStates("Booked", "NoTrip")
 * const Trip = Durable.make(trip, { version: 1 })
 *
 * const program = Effect.gen(function*() {
 *   const operator = yield* Operator.Operator
 *   yield* Trip.start("trip-7", "Ask")
 *   yield* Effect.sleep("50 millis")
 *   const why = Option.getOrThrow(yield* operator.why("trip-7"))
 *   console.log(why.wakes)
 *   const answer = yield* operator.send("trip-7", Operator.signal("approval", true), { requestId: "mail-1" })
 *   console.log(answer._tag, yield* Trip.await("trip-7"))
 * })
 *
 * const journal = Durable.layerMemory.pipe(Layer.provide(Durable.settings({ poll: "10 millis" })))
 * const Live = Layer.mergeAll(Trip.layer, Operator.layer).pipe(Layer.provideMerge(journal))
 * await Effect.runPromise(Effect.provide(program, Live))
 * // => [ { _tag: 'Signal', name: 'approval', key: undefined } ]
 * // => Done Booked
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class Operator extends Context.Service<Operator, Service>()("effect-cano/Operator") {}

/**
 * The operator of the journal around.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Operator, never, Journal> = Layer.effect(Operator, internal.make)
