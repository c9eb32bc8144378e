/**
 * Run events as a stream: `RunStream.make` gives a listener, and a stream of what it is told for each who reads it. It lives as
 * long as the scope in which it is made.
 *
 * An entry of its own, `effect-cano/RunStream`, which `effect-cano` leaves out: `effect/Stream` is loaded by who reads one.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { ConfigurationError } from "./CanoError.ts"
import * as internal from "./internal/event/hub.ts"
import type { Listener, RunEvent } from "./RunEvent.ts"

/**
 * A listener, and what it is told.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunStream {
  /** To be given to `RunEvent.layer`. */
  readonly listener: Listener
  /** The events from when it is read on, for each reader all of them; it ends with the scope. */
  readonly stream: Stream.Stream<RunEvent>
  /** How many events have found no room with a reader. */
  readonly dropped: Effect.Effect<number>
}

/**
 * How a stream of events is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** How many events may wait for a reader: an integer of at least 1. Left out: 1,024. */
  readonly capacity?: number | undefined
  /** Which event is dropped where no more may wait. Left out: `"newest"`. */
  readonly full?: "newest" | "oldest" | undefined
}

/**
 * Makes a stream of events.
 *
 * **When to use**
 *
 * To look at runs from outside while they go on: a view, a test, another process. Where an Effect for each event is all, take
 * `RunEvent.listener`.
 *
 * **Details**
 *
 * A reader cannot slow a run: what finds no room is dropped and counted, and the log is told the first time. `seq` shows a
 * reader where something is missing.
 *
 * **Example** (Each join of a run)
 *
 * ```ts
 * import { Effect, Fiber, Stream } from "effect"
 * import { JoinStrategy, RunEvent, Workflow } from "effect-cano"
 * import * as RunStream from "effect-cano/RunStream"
 *
 * const workflow = Workflow.make<"Ask" | "Done">("shop")
 *   .registerSplit("Ask", [Effect.succeed(1), Effect.succeed(2)], { strategy: JoinStrategy.any, next: "Done" })
 *   .addExitStates("Done")
 *
 * const program = Effect.gen(function*() {
 *   const { listener, stream } = yield* RunStream.make()
 *   const joins = stream.pipe(
 *     Stream.filter((event) => event._tag === "JoinDecided"),
 *     Stream.take(1),
 *     Stream.runForEach(({ key, verdict }) => Effect.sync(() => console.log(key, verdict)))
 *   )
 *   const reading = yield* Effect.forkChild(joins, { startImmediately: true })
 *   yield* Effect.provide(workflow.orchestrate("Ask", { runId: "r" }), RunEvent.layer([listener]))
 *   yield* Fiber.join(reading)
 * })
 *
 * await Effect.runPromise(Effect.scoped(program))
 * // => r/1/Ask satisfied
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (options?: Options) => Effect.Effect<RunStream, ConfigurationError, Scope.Scope> = internal.make
