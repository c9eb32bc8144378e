/**
 * Logs of runs: `RunLogs.make` is a listener that tells the log of each run in one line when it has ended, and of everything
 * else at debug. It lives as long as the scope in which it is made.
 *
 * An entry of its own, `effect-cano/RunLogs`, which `effect-cano` leaves out.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ConfigurationError } from "./CanoError.ts"
import * as internal from "./internal/event/logs.ts"
import type { Listener, ListenerOptions } from "./RunEvent.ts"

/**
 * A listener that tells the log, through the loggers of where it is made.
 *
 * **When to use**
 *
 * Where one line for each run is what is looked for. Who wants other lines writes a `RunEvent.listener`.
 *
 * **Details**
 *
 * At info: one line for each run, when it has ended, with the cause where it has failed, and one when it goes back and one when
 * it has. At debug: one for every other event.
 * Each has the annotations `workflow`, `runId`, `key` and `seq`. A logger that is slow makes no run wait; see
 * `RunEvent.listener` for its options, and for what becomes of lines that find no room.
 *
 * **Example** (One line for each run)
 *
 * ```ts
 * import { Effect, Logger } from "effect"
 * import { RunEvent, Workflow } from "effect-cano"
 * import * as RunLogs from "effect-cano/RunLogs"
 *
 * const workflow = Workflow.make<"Ask" | "Done">("shop")
 *   .register("Ask", { run: Effect.sleep(20), next: "Done" })
 *   .addExitStates("Done")
 *
 * const logger = Logger.make(({ message }) => console.log(String(message).replace(/\d+ms/, "… ms")))
 *
 * await workflow.orchestrate("Ask").pipe(
 *   Effect.provide(RunEvent.layer([RunLogs.make()])),
 *   Effect.provide(Logger.layer([logger])),
 *   Effect.runPromise
 * )
 * // => workflow "shop" has exited at Done after … ms, with 2 states entered
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (options?: ListenerOptions) => Effect.Effect<Listener, ConfigurationError, Scope.Scope> = internal
  .make as any
