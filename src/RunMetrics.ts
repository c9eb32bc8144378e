/**
 * Metrics of runs: `RunMetrics.make` is a listener that counts and measures with Effect's `Metric`, in the registry of where
 * it is made.
 *
 * An entry of its own, `effect-cano/RunMetrics`, which `effect-cano` leaves out.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as internal from "./internal/event/metrics.ts"
import type { Listener } from "./RunEvent.ts"

/**
 * A listener that keeps metrics; it is synchronous, and costs each event about a microsecond.
 *
 * **When to use**
 *
 * To see how many runs there are, how they end and how long they take, with whatever exports the metrics of Effect: OTLP or
 * Prometheus. What a single run does is told by events, logs and spans.
 *
 * **Details**
 *
 * Labels come from the definition only: names of workflows and states, and closed sets of words. No id, no key and no name of a
 * branch, of which there may be any number. A scheduler has no metrics: a listener of its own counts its events.
 *
 * - `cano_runs_total{workflow, outcome}`, `cano_runs_active{workflow}`, `cano_run_duration_seconds{workflow, outcome}`
 * - `cano_states_total{workflow, state, outcome}`, `cano_state_duration_seconds{workflow, state}`
 * - `cano_branches_total{workflow, state, outcome}`, `cano_branches_active{workflow, state}`,
 *   `cano_branch_duration_seconds{workflow, state}`, `cano_branch_wait_seconds{workflow, state}`
 * - `cano_joins_total{workflow, state, strategy, verdict}`
 * - `cano_attempts_total{workflow, state, kind, outcome}`
 * - `cano_waits_active{workflow, state, kind}`, `cano_signals_total{workflow, signal, answer}`
 * - `cano_compensations_total{workflow, state, done, outcome}`
 *
 * The outcome of runs, states and attempts is `succeeded`, `failed` or `interrupted`; of branches also `late`, `not_started`
 * and `broken`. A strategy is its kind, `Quorum` say. A branch of a `Split.run` counts for the state that it stands in.
 *
 * **Example** (How runs have ended)
 *
 * ```ts
 * import { Effect, Metric } from "effect"
 * import { RunEvent, Workflow } from "effect-cano"
 * import * as RunMetrics from "effect-cano/RunMetrics"
 *
 * const workflow = Workflow.make<"Ask" | "Done">("shop")
 *   .register("Ask", { run: Effect.void, next: "Done" })
 *   .addExitStates("Done")
 *
 * const program = Effect.gen(function*() {
 *   yield* Effect.provide(workflow.orchestrate("Ask"), RunEvent.layer([RunMetrics.make]))
 *   const snapshot = yield* Metric.snapshot
 *   const runs = snapshot.find(({ id }) => id === "cano_runs_total")
 *   console.log(runs?.attributes, runs?.state)
 * })
 *
 * await Effect.runPromise(Effect.provideService(program, Metric.MetricRegistry, new Map()))
 * // => { workflow: 'shop', outcome: 'succeeded' } { count: 1, incremental: true }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Listener> = internal.make
