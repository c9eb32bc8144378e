/**
 * A split as a stream of its outcomes: `SplitStream.make` starts branches when the stream is run, and the stream ends when
 * the last of them has ended.
 *
 * An entry of its own, `effect-cano/SplitStream`, which `effect-cano` leaves out: `effect/Stream` is loaded by who reads one.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { ConfigurationError, WorkflowError } from "./CanoError.ts"
import type { Seen } from "./internal/check/given.ts"
import * as internal from "./internal/split/stream.ts"
import type { JoinStrategy } from "./JoinStrategy.ts"
import type { Branches, BulkheadError, BulkheadServices, Check, JoinError, LosersOf, Named, Options } from "./Split.ts"
import type { Outcome } from "./SplitResult.ts"

/**
 * The outcomes of a split as a stream, in the order in which the branches end, losers included.
 *
 * **When to use**
 *
 * To hand on each answer while others are awaited, or more answers than fit into memory. Where the end of the split is all
 * that matters take `Split.run`.
 *
 * **Details**
 *
 * The split starts when the stream is run, and the stream fails as the split does, after the outcomes that led there. A
 * reader who leaves early (`Stream.take`) interrupts and awaits the branches. A slow reader slows the split down: no
 * further branch is started while `bufferSize` outcomes (16 if left out) and 16 more wait.
 *
 * **Example** (Answers as they come)
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { JoinStrategy } from "effect-cano"
 * import * as SplitStream from "effect-cano/SplitStream"
 *
 * const ask = (name: string, millis: number) => Effect.as(Effect.sleep(millis), name)
 *
 * const program = SplitStream.make([ask("a", 400), ask("b", 10), ask("c", 200)], { strategy: JoinStrategy.all }).pipe(
 *   Stream.runForEach(({ name, _tag }) => Effect.sync(() => console.log(name, _tag)))
 * )
 *
 * await Effect.runPromise(program)
 * // => 1 Succeeded
 * // => 2 Succeeded
 * // => 0 Succeeded
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: <
  const B extends Branches.List | Effect.Effect<Branches.List, any, any> | (() => Branches.Returned),
  Strat extends JoinStrategy,
  O
>(
  branches: B,
  options:
    & Options<Strat & Check.Strategy<B, Strat, O>, never, "interrupt" | "await">
    & { readonly bufferSize?: number | undefined }
    & Named
    & Seen<O>
) => Stream.Stream<
  Outcome.Ended<LosersOf<O>, Branches.SuccessOf<Branches.ListOf<B>>, Branches.ErrorOf<Branches.ListOf<B>>>,
  | JoinError<Branches.ListOf<B>, O & { readonly discard: true }>
  | ConfigurationError
  | WorkflowError
  | BulkheadError<O>
  | Branches.InputError<B>,
  Branches.ServicesOf<Branches.ListOf<B>> | Branches.InputServices<B> | BulkheadServices<O>
> = internal.stream as any
