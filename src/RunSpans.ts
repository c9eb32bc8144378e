/**
 * Spans around runs, states and branches, for whatever `Tracer` is there: `RunSpans.layer` holds for the runs that start inside
 * of it.
 *
 * An entry of its own, `effect-cano/RunSpans`, which `effect-cano` leaves out.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Layer from "effect/Layer"
import type { ConfigurationError } from "./CanoError.ts"
import * as internal from "./internal/event/spansLayer.ts"

/**
 * Which spans there are.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Whether each visit of a state has one. Left out: yes. */
  readonly states?: boolean | undefined
  /** Whether each branch has one. Left out: yes. */
  readonly branches?: boolean | undefined
  /** How long a span of a run is, at least, before its next transition begins another. Left out: 1 hour. */
  readonly segment?: Duration.Input | undefined
}

/**
 * Spans of runs, which surround the work: spans of tasks and branches are children of theirs.
 *
 * **When to use**
 *
 * To see a run beside what it calls, in a tool that shows traces. Where ends and times are enough take `RunEvent`, which costs a
 * third.
 *
 * **Details**
 *
 * - `cano.run`: the root of a trace, with a link to the span of who has started it, as a run may outlive that. A run in a task
 *   of another run is a child there.
 * - `cano.state`: a visit of a state, with `cano.state`, `cano.visit` and `cano.key`. Of a split state it says the
 *   `cano.strategy`, the `cano.verdict` and the counts of the decision, `cano.tally.…`; of a `Split.run` the event `cano.join`
 *   does, on the span that it stands in.
 * - `cano.branch`: with `cano.branch`, `cano.index` and `cano.outcome`, and `cano.hedge` if it is one. The parent of a follow-on state is its branch.
 *
 * A span is exported when it has ended, so that one of a run that lives for months would never be seen. The span of a run is cut
 * into segments instead: with the first transition after `segment` another `cano.run` begins, with the number `cano.segment`, a
 * child of the first one and linked to the one before. A state that takes longer is one span as long as it takes.
 *
 * A branch that goes on detached keeps its parent, which ends before it.
 *
 * **Example** (A run as spans)
 *
 * ```ts
 * import { Effect, Tracer } from "effect"
 * import { JoinStrategy, Workflow } from "effect-cano"
 * import * as RunSpans from "effect-cano/RunSpans"
 *
 * const workflow = Workflow.make<"Ask" | "Done">("shop")
 *   .registerSplit("Ask", { ada: Effect.succeed(1) }, { strategy: JoinStrategy.all, next: "Done" })
 *   .addExitStates("Done")
 *
 * const tracer = Tracer.make({
 *   span: (options) => {
 *     const span = new Tracer.NativeSpan(options)
 *     const end = span.end.bind(span)
 *     span.end = (time, exit) => {
 *       end(time, exit)
 *       console.log(span.name, span.attributes.get("cano.key") ?? "", span.attributes.get("cano.verdict") ?? "")
 *     }
 *     return span
 *   }
 * })
 *
 * await workflow.orchestrate("Ask", { runId: "r" }).pipe(
 *   Effect.provide(RunSpans.layer()),
 *   Effect.withTracer(tracer),
 *   Effect.runPromise
 * )
 * // => cano.branch r/1/Ask/ada
 * // => cano.state r/1/Ask satisfied
 * // => cano.run
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: (options?: Options) => Layer.Layer<never, ConfigurationError> = internal.layer
