/**
 * Signals: what a run can be told from outside while it goes on. A signal is a typed key, inert and good for the life of a
 * program; what is sent belongs to the run that it is sent to, and goes with it.
 *
 * A state waits for one with `registerSignal`, a branch with `wait`. Who sends goes by `Runs`.
 *
 * An entry of its own, `effect-cano/Signal`, which `effect-cano` leaves out.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { Path } from "./CanoError.ts"
import { clip } from "./internal/check/describe.ts"
import * as failure from "./internal/failure/failure.ts"
import * as path from "./internal/failure/path.ts"
import * as quotes from "./internal/failure/quotes.ts"
import * as internal from "./internal/signal/signal.ts"
import * as internalTypeId from "./internal/signal/typeId.ts"
import * as internalWait from "./internal/signal/wait.ts"
import type { Runs } from "./Runs.ts"

/**
 * A signal whose values are `A`, and whose replies, if it has any, are `B`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Signal<in out A, in out B = void> {
  readonly [TypeId]: typeof TypeId
  /** What it is known by: in a run, two signals of one name are the same. */
  readonly name: string
  /** What its values are checked against when they are sent. */
  readonly schema: Schema.Codec<A, any, any, any>
  /** How many signals of the name a run keeps, at most, that nobody has waited for yet. */
  readonly capacity: number
  readonly reply: Schema.Codec<B, any, any, any> | undefined
}

/**
 * Any signal.
 *
 * @category models
 * @since 0.1.0
 */
export type AnySignal = Signal<any, any>

/**
 * @category type ids
 * @since 0.1.0
 */
export const TypeId: "~effect-cano/Signal" = internalTypeId.TypeId

/**
 * Names a signal and gives it a type.
 *
 * **Details**
 *
 * Values are those of the Schema's type: they are checked when they are sent, and not decoded. With `reply` each wait says
 * what is answered to who asks.
 *
 * **Example** (A state that waits)
 *
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { Workflow } from "effect-cano"
 * import * as Runs from "effect-cano/Runs"
 * import * as Signal from "effect-cano/Signal"
 *
 * const Approval = Signal.make("approval", Schema.Boolean)
 *
 * const workflow = Workflow.make<"Ask" | "Booked" | "NoTrip">("trip")
 *   .registerSignal("Ask", Approval, {
 *     next: (yes) => yes ? "Booked" : "NoTrip",
 *     timeout: "1 day",
 *     otherwise: "NoTrip"
 *   })
 *   .addExitStates("Booked", "NoTrip")
 *
 * const program = Effect.gen(function*() {
 *   const run = yield* Runs.fork(workflow, "Ask", { runId: "trip-7" })
 *   console.log(yield* run.signal(Approval, true))
 *   console.log((yield* run.await).toString())
 * })
 *
 * await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Runs.layer)))
 * // => taken
 * // => Success("Booked")
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: <A, B = void>(
  name: string,
  schema: Schema.Codec<A, any, any, any>,
  options?: {
    /** How many signals that nobody has waited for yet a run keeps, at most; 16 where it is left out. */
    readonly capacity?: number | undefined
    readonly reply?: Schema.Codec<B, any, any, any> | undefined
  }
) => Signal<A, B> = internal.make as any

/**
 * How a branch waits.
 *
 * @category models
 * @since 0.1.0
 */
export interface WaitOptions<out T extends Duration.Input | undefined = Duration.Input | undefined> {
  /** The key that a signal is to have; left out, it may have any, or none. */
  readonly key?: string | undefined
  /** How long it waits before it fails with `SignalTimeoutError`; left out, as long as it takes. */
  readonly timeout?: T
  /** Whether a signal counts that came before this visit of the state; left out, `"run"`: it does. */
  readonly since?: "run" | "visit" | undefined
}

/**
 * What is answered to who asks, where the signal has replies.
 *
 * @category models
 * @since 0.1.0
 */
export interface Replies<in A, out B> {
  /** Called when the signal is taken: a quick, pure function. What it throws is a defect of the wait. */
  readonly reply: (value: A) => B
}

/**
 * Waits for a signal: takes the oldest one that is kept, or the next one that comes.
 *
 * **When to use**
 *
 * As a branch of a split, so that a strategy says how many must come, or inside of a task. A state that does nothing else is
 * a `registerSignal`, which the chart shows.
 *
 * **Details**
 *
 * Of several who wait the one takes a signal who has waited longest, and each signal is taken by one. A wait that is
 * interrupted, or whose branch has lost, gives back what was on its way to it, to where it was in the line.
 *
 * It stands in a run, which is sent the signal: a defect tells where there is none.
 *
 * **Example** (Two of three approve)
 *
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { JoinStrategy, Workflow } from "effect-cano"
 * import * as Runs from "effect-cano/Runs"
 * import * as Signal from "effect-cano/Signal"
 *
 * const Approval = Signal.make("approval", Schema.String)
 *
 * const workflow = Workflow.make<"Ask" | "Paid" | "Refused">("invoice")
 *   .registerSplit("Ask", {
 *     ada: Signal.wait(Approval, { key: "ada" }),
 *     bob: Signal.wait(Approval, { key: "bob" }),
 *     cyd: Signal.wait(Approval, { key: "cyd" })
 *   }, { strategy: JoinStrategy.quorum(2), timeout: "1 day", next: "Paid", otherwise: "Refused" })
 *   .addExitStates("Paid", "Refused")
 *
 * const program = Effect.gen(function*() {
 *   const run = yield* Runs.fork(workflow, "Ask")
 *   yield* run.signal(Approval, "fine", { key: "cyd", id: "click-1" })
 *   console.log(yield* run.signal(Approval, "fine", { key: "cyd", id: "click-1" }))
 *   yield* run.signal(Approval, "go", { key: "ada" })
 *   console.log((yield* run.await).toString())
 * })
 *
 * await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Runs.layer)))
 * // => duplicate
 * // => Success("Paid")
 * ```
 *
 * @category waiting
 * @since 0.1.0
 */
export const wait: <A, B = void, const T extends Duration.Input | undefined = undefined>(
  signal: Signal<A, B>,
  ...options: [void] extends [B] ? [options?: WaitOptions<T> & Partial<Replies<A, B>>]
    : [options: WaitOptions<T> & Replies<A, B>]
) => Effect.Effect<A, [T] extends [undefined] ? never : SignalTimeoutError, Runs> = internalWait.wait as any

/**
 * No signal has come in time.
 *
 * @category errors
 * @since 0.1.0
 */
export class SignalTimeoutError extends failure.TaggedError("SignalTimeoutError")<{
  /** The name of the signal. */
  readonly signal: string
  /** The key that it was to have. */
  readonly key: string | undefined
  readonly limit: Duration.Duration
  readonly workflow: string | undefined
  readonly state: string | undefined
  readonly path: Path | undefined
}> {
  override get message(): string {
    const { key, limit, signal } = this
    const what = `signal "${clip(signal)}"${key === undefined ? "" : ` with key "${clip(key)}"`}`
    return failure.once(this, quotes.located(`${what} has not come within ${Duration.format(limit)}`, this))
  }
  override toJSON(): unknown {
    const { _tag, key, limit, message, signal } = this
    return { _tag, message, signal, key, limit: Duration.format(limit), ...path.located(this) }
  }
}

/**
 * A signal was not received, or not answered.
 *
 * **Details**
 *
 * - `NoSuchRun`: no run of the id goes on. One that has ended is forgotten.
 * - `Ended`: the run has ended; where somebody asks, before the signal was taken.
 * - `Full`: the run keeps as many signals of the name as it may, and nobody waits for one.
 * - `InvalidValue`: the value does not fit the Schema, or what was given is no signal, id or key; `detail` says why.
 * - `TooLarge`: the value takes more bytes than a durable run may be sent; `detail` has the numbers.
 * - `NoReply`: the signal was taken, and the reply to it was none: a defect of the run.
 *
 * @category errors
 * @since 0.1.0
 */
export class SignalError extends failure.TaggedError("SignalError")<{
  readonly runId: string
  /** The name of the signal. */
  readonly signal: string
  readonly reason: "NoSuchRun" | "Ended" | "Full" | "InvalidValue" | "TooLarge" | "NoReply"
  readonly detail: string | undefined
}> {
  override get message(): string {
    const { detail, reason, runId, signal } = this
    const why = detail === undefined ? sentences[reason] : `${sentences[reason]}: ${detail}`
    return failure.once(this, `signal "${clip(signal)}" to run "${clip(runId)}": ${why}`)
  }
}

const sentences: { readonly [K in SignalError["reason"]]: string } = {
  NoSuchRun: "no run of this id goes on",
  Ended: "the run has ended",
  Full: "the run keeps no more of them",
  InvalidValue: "what was sent does not fit",
  TooLarge: "what was sent is too large",
  NoReply: "it was taken, and the reply to it failed"
}

/**
 * What becomes of a signal that is received.
 *
 * **Details**
 *
 * - `"taken"`: somebody waited for it, and is given it. Is that wait interrupted before it goes on, the signal is kept instead.
 * - `"kept"`: nobody waits yet; who does first takes it.
 * - `"duplicate"`: one of the same id has been received, and this one counts for nothing.
 *
 * @category models
 * @since 0.1.0
 */
export type Delivery = "taken" | "kept" | "duplicate"
