/**
 * Undoing what a run has done: a state or a branch may be registered with its compensation, and a run that fails, runs out
 * of time or is interrupted undoes what was done, the last thing first.
 *
 * What is undone was done, or may have been: a compensation is told which of the two.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import type * as Schedule from "effect/Schedule"
import * as internal from "./internal/saga/plan.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The step has succeeded with this value.
 *
 * @category models
 * @since 0.1.0
 */
export interface Succeeded<out A> {
  readonly _tag: "Succeeded"
  readonly value: A
}

/**
 * Nobody knows: the step has started, and ended in the middle. It may have taken effect, or not.
 *
 * @category models
 * @since 0.1.0
 */
export interface InDoubt<out E = unknown> {
  readonly _tag: "InDoubt"
  /** How it ended. */
  readonly cause: Cause.Cause<E>
}

/**
 * What there is to undo: a step that has succeeded, or one that is in doubt. What has never started, or has not been done by
 * the step's own word, is not undone.
 *
 * @category models
 * @since 0.1.0
 */
export type Done<A, E = unknown> = Succeeded<A> | InDoubt<E>

/**
 * Which ends of a step are in doubt.
 *
 * **Details**
 *
 * - `"unexpected"`, where it is left out: a defect, an interruption, a timeout (`Cause.TimeoutError`). Any other typed failure
 *   is the word of the step that nothing was done.
 * - `"always"`: typed failures, too. The compensation is to find out by the cause.
 * - `"skip"`: none. What has not succeeded was not done; the compensation is told of successes only.
 *
 * @category models
 * @since 0.1.0
 */
export type Doubt = "unexpected" | "always" | "skip"

/**
 * What a compensation is told beside what was done.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step<out State> {
  /** The state as it was entered. */
  readonly state: State
  /** The branch of the state, if it is split; `undefined` for the task of a state. */
  readonly branch: { readonly index: number; readonly name: string } | undefined
  /** The key that the step ran under, `<runId>/<visit>/<state>` and so on. While it is compensated, `CurrentRun` has the key `<key>#compensate`. */
  readonly key: string
  /** Why the run goes back. Empty for a branch that is undone since its join was satisfied without it. */
  readonly cause: Cause.Cause<unknown>
}

/**
 * How the steps of a run are compensated.
 *
 * @category models
 * @since 0.1.0
 */
export interface Policy<R = never> {
  /** How long one compensation may take, retries included. Left out: 30 seconds. */
  readonly timeout?: Duration.Input | undefined
  /**
   * How long all of them may take together, whatever `withTimeout` has left; what has not started by then is not started.
   * Left out: as long as they take.
   */
  readonly within?: Duration.Input | undefined
  /** How long one that has been interrupted at the end of its time has to stop, before it is left to itself. Left out: 1 second. */
  readonly grace?: Duration.Input | undefined
  /** When one that has failed is tried again. Left out: not at all. */
  readonly retry?: Schedule.Schedule<unknown, any, never, R> | undefined
  /** Whether the branches of one split are compensated one after another, the last one first, or at once. Left out: `"in order"`. */
  readonly branches?: "in order" | "at once" | undefined
  /** What makes a run go back. Left out: all three. */
  readonly on?: ReadonlyArray<"failure" | "defect" | "interruption"> | undefined
  /** How many steps a run may keep to be compensated, before it fails with `WorkflowError` and goes back. Left out: 10,000. */
  readonly most?: number | undefined
}

/**
 * A compensation that would run, if the run went back now.
 *
 * @category models
 * @since 0.1.0
 */
export interface Planned {
  readonly key: string
  readonly state: string
  readonly visit: number
  readonly branch: string | undefined
  /** `"Running"` is in doubt if it does not end by itself. */
  readonly done: "Succeeded" | "InDoubt" | "Running"
}

/**
 * A plan in lines, the first thing to be undone first.
 *
 * @category formatting
 * @since 0.1.0
 */
export const format: (plan: ReadonlyArray<Planned>) => string = internal.format
