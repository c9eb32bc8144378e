/**
 * Runs that go on, by their ids: a service with a handle for each. A run that starts where the service is, by `fork` or by
 * `orchestrate`, is known to it from its start to its end, and then forgotten.
 *
 * An entry of its own, `effect-cano/Runs`, which `effect-cano` leaves out.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { ConfigurationError, WorkflowError } from "./CanoError.ts"
import type { Given } from "./internal/check/given.ts"
import type { AnyState, Ending, Graph, Initial, Tag } from "./internal/machine/typed.ts"
import type { Failure, LayerIn, LayerOut } from "./internal/machine/typedWork.ts"
import type { AmbiguousBranchError } from "./internal/runs/ambiguous.ts"
import * as internal from "./internal/runs/registry.ts"
import type { Planned } from "./Saga.ts"
import type { Delivery, Signal, SignalError } from "./Signal.ts"
import type { Outcome } from "./SplitResult.ts"
import type { RunOptions, Workflow } from "./Workflow.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A run as it stands.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunInfo {
  readonly runId: string
  readonly workflow: string
  /** `"waiting"` is a run in which whatever runs waits for a signal or an instant. */
  readonly status: "running" | "waiting" | "paused" | "compensating" | "stuck" | "ended"
  /** The state that it has entered last, of those that are no follow-on branch; nothing before the first. */
  readonly at: { readonly state: string; readonly visit: number; readonly since: number } | undefined
  /** The branches of splits that go on, and those that are detached and still run. */
  readonly branches: ReadonlyArray<BranchInfo>
  readonly waits: ReadonlyArray<WaitInfo>
  /** The instant, in milliseconds of the Clock, at which a run that waits goes on at the latest, if there is one. */
  readonly wakeAt: number | undefined
  /** The signals that nobody has waited for yet. */
  readonly signals: ReadonlyArray<KeptInfo>
  readonly paused: { readonly since: number; readonly note: string | undefined } | undefined
}

/**
 * A branch as it stands. Where a split keeps no outcomes, those that have ended are left out.
 *
 * @category models
 * @since 0.1.0
 */
export interface BranchInfo {
  readonly name: string
  /** Its key, which no other branch has. */
  readonly key: string
  /** The key of its split. */
  readonly split: string
  readonly status: "Queued" | "Running" | Outcome.Any<unknown, unknown>["_tag"]
  /** Since when, in milliseconds of the Clock. */
  readonly since: number
}

/**
 * What a run waits for.
 *
 * @category models
 * @since 0.1.0
 */
export interface WaitInfo {
  readonly for: "signal" | "timer"
  /** The name of the signal. */
  readonly signal: string | undefined
  /** The key that the signal is to have, where it is to have one. */
  readonly signalKey: string | undefined
  /** The key of who waits: a visit of a state, or a branch. */
  readonly key: string
  readonly since: number
  /** The instant at which the wait is over, in milliseconds of the Clock, where it has one. */
  readonly until: number | undefined
  /** What would wake it, in words. */
  readonly wokenBy: string
}

/**
 * A signal that nobody has waited for yet.
 *
 * @category models
 * @since 0.1.0
 */
export interface KeptInfo {
  /** The name of the signal. */
  readonly signal: string
  readonly key: string | undefined
  readonly id: string | undefined
  readonly since: number
}

/**
 * How a signal is sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendOptions {
  /**
   * The same id counts once for a signal and a run, whatever its key, so that who does not know whether it has arrived may
   * send it again. A run remembers the ids of all signals that it keeps, and of the 1,024 newest others.
   */
  readonly id?: string | undefined
  /** For waits that ask for it, and those that do not ask for a key. */
  readonly key?: string | undefined
}

/**
 * A run that goes on, or has ended.
 *
 * **Details**
 *
 * Whatever is done to a run that has ended does nothing, and says so. Branches are addressed by their name, or by their key
 * where several have it.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunHandle<out X, out E> {
  readonly runId: string
  readonly workflow: string
  /** How the run has ended, when it has. */
  readonly await: Effect.Effect<Exit.Exit<X, E>>
  readonly info: Effect.Effect<RunInfo>
  /** Sends it a signal, and says what becomes of that. */
  readonly signal: <A, B>(
    signal: Signal<A, B>,
    value: NoInfer<A>,
    options?: SendOptions
  ) => Effect.Effect<Delivery, SignalError>
  /**
   * Sends it a signal, and waits until that is taken, for the reply. A duplicate is given the same one. Who stops waiting
   * does not take the signal back.
   */
  readonly ask: <A, B>(signal: Signal<A, B>, value: NoInfer<A>, options?: SendOptions) => Effect.Effect<B, SignalError>
  /** What would be undone if the run went back now, the first thing first; `Saga.format` puts it into lines. */
  readonly rollbackPlan: Effect.Effect<ReadonlyArray<Planned>>
  /**
   * Interrupts the run, and awaits it with its compensations: how it has ended. With `compensate: false` nothing that it has
   * done is undone. A second time changes nothing. A step with a compensation that asks for it waits for itself.
   */
  readonly cancel: (options?: { readonly compensate?: boolean | undefined }) => Effect.Effect<Exit.Exit<X, E>>
  /**
   * Interrupts one branch: it ends `Failed`, as if it had interrupted itself, and one that is queued does so when its turn
   * comes; a loser ends as losers do. Answers whether there was one that ran or was queued.
   */
  readonly cancelBranch: (name: string) => Effect.Effect<boolean, AmbiguousBranchError>
  /**
   * Decides an open join by what there is, as if nothing else could settle: the one with a key, or the outermost one.
   * `partialTimeout` is satisfied or late, any other strategy satisfied or unsatisfied. Answers whether a join was open.
   */
  readonly settle: (key?: string) => Effect.Effect<boolean>
  /**
   * Lets the run enter no further state, no exit either. What runs goes on, and so do deadlines. Answers whether it has
   * changed anything.
   */
  readonly pause: (note?: string) => Effect.Effect<boolean>
  /** Lets a run go on that is paused. Answers whether it has changed anything. */
  readonly resume: Effect.Effect<boolean>
}

export {
  /**
   * A name that several branches have: it takes a key to say which one is meant.
   *
   * @category errors
   * @since 0.1.0
   */
  AmbiguousBranchError
} from "./internal/runs/ambiguous.ts"

// -----------------------------------------------------------------------------
// the service
// -----------------------------------------------------------------------------

/**
 * What `Runs` can be asked.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** A run that goes on. */
  readonly get: (runId: string) => Effect.Effect<Option.Option<RunHandle<unknown, unknown>>>
  /** All runs that go on, in the order in which they began. */
  readonly list: Effect.Effect<ReadonlyArray<RunHandle<unknown, unknown>>>
}

/**
 * The runs that go on. Who waits for a signal requires it, so that there is somebody through whom to send.
 *
 * **Details**
 *
 * A run looks for it once, when it starts. It has a fiber of its own then, so that it can be cancelled without the fiber that
 * waits for it. Two runs of one id cannot go on at once: the second is a `ConfigurationError`. A run that comes after another
 * one of its id has ended sees nothing of that.
 *
 * @category services
 * @since 0.1.0
 */
export class Runs extends Context.Service<Runs, Service>()("effect-cano/Runs") {}

/**
 * Runs in the memory of this process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Runs> = Layer.effect(Runs, internal.make)

/**
 * Starts a run in the scope of the caller, and gives its handle. When the scope closes, a run that goes on is interrupted.
 *
 * **Example** (A run that is looked at and cancelled)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { JoinStrategy, Workflow } from "effect-cano"
 * import * as Runs from "effect-cano/Runs"
 *
 * const workflow = Workflow.make<"Ask" | "Done">("shop")
 *   .registerSplit("Ask", { ada: Effect.never, bob: Effect.succeed(1) }, { strategy: JoinStrategy.all, next: "Done" })
 *   .addExitStates("Done")
 *
 * const program = Effect.gen(function*() {
 *   const run = yield* Runs.fork(workflow, "Ask", { runId: "r" })
 *   const { branches, status } = yield* run.info
 *   console.log(status, ...branches.map(({ key, status }) => `${key}: ${status}`))
 *   console.log((yield* run.cancel())._tag, (yield* run.info).status)
 * })
 *
 * await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Runs.layer)))
 * // => running r/1/Ask/ada: Running r/1/Ask/bob: Succeeded
 * // => Failure ended
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const fork: <S extends AnyState, G extends Graph.Any, E, R, I extends AnyState>(
  workflow: Workflow<S, G, E, R>,
  initial: Given<I, Initial<S, G>>,
  options?: RunOptions
) => Effect.Effect<
  RunHandle<Ending<S, G, Tag<I>>, Failure<G, E> | ConfigurationError | WorkflowError>,
  ConfigurationError,
  Runs | Scope.Scope | Exclude<R, LayerOut<G["provided"]>> | LayerIn<G["provided"]>
> = internal.fork as any

/**
 * The handle of a run that goes on.
 *
 * @category running
 * @since 0.1.0
 */
export const get = (runId: string): Effect.Effect<Option.Option<RunHandle<unknown, unknown>>, never, Runs> =>
  Effect.flatMap(Runs, (runs) => runs.get(runId))

/**
 * The handles of all runs that go on.
 *
 * @category running
 * @since 0.1.0
 */
export const list: Effect.Effect<ReadonlyArray<RunHandle<unknown, unknown>>, never, Runs> = Effect.flatMap(
  Runs,
  (runs) => runs.list
)

/**
 * Cancels the run of an id, as `cancel` of its handle does: how it has ended, with its compensations; nothing where no run of
 * that id goes on.
 *
 * @category running
 * @since 0.1.0
 */
export const cancel = (
  runId: string,
  options?: { readonly compensate?: boolean | undefined }
): Effect.Effect<Option.Option<Exit.Exit<unknown, unknown>>, never, Runs> =>
  Effect.flatMap(
    get(runId),
    (run) => Option.isNone(run) ? Effect.succeedNone : Effect.asSome(run.value.cancel(options))
  )

/**
 * Sends a signal to the run of an id, as `signal` of its handle.
 *
 * @category signals
 * @since 0.1.0
 */
export const signal = <A, B>(
  runId: string,
  signal: Signal<A, B>,
  value: NoInfer<A>,
  options?: SendOptions
): Effect.Effect<Delivery, SignalError, Runs> =>
  Effect.flatMap(internal.running(Runs, runId, signal), (run) => run.signal(signal, value, options))

/**
 * Sends a signal to the run of an id, and waits for the reply, as `ask` of its handle.
 *
 * @category signals
 * @since 0.1.0
 */
export const ask = <A, B>(
  runId: string,
  signal: Signal<A, B>,
  value: NoInfer<A>,
  options?: SendOptions
): Effect.Effect<B, SignalError, Runs> =>
  Effect.flatMap(internal.running(Runs, runId, signal), (run) => run.ask(signal, value, options))
