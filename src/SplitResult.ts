/**
 * What a split hands on: a `SplitResult` is plain data, made once, when the split ends, and valid for ever after.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

/**
 * The counts of a split.
 *
 * **Details**
 *
 * `total` is `Infinity` while a lazy list of branches has not been read to its end. In a finished split the four other
 * counts add up to `total`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Tally {
  readonly total: number
  readonly succeeded: number
  readonly failed: number
  readonly interrupted: number
  readonly notStarted: number
}

/**
 * When a branch was known, started and ended, in milliseconds of the Clock: with the option `times` of its split.
 *
 * @category models
 * @since 0.1.0
 */
export interface Times {
  readonly queued: number
  /** `undefined` for a branch that was never started. */
  readonly started: number | undefined
  /** `undefined` for that, and for a branch that still ran when the split ended. */
  readonly ended: number | undefined
}

/**
 * A branch that succeeded before the join was decided.
 *
 * @category models
 * @since 0.1.0
 */
export interface Succeeded<out A> {
  readonly _tag: "Succeeded"
  /** The place of the branch, from 0. */
  readonly index: number
  /** The key of the branch in a record of branches, else its index as a string. */
  readonly name: string
  readonly value: A
  readonly times?: Times | undefined
}

/**
 * A branch that failed, died or interrupted itself before the join was decided.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failed<out E> {
  readonly _tag: "Failed"
  readonly index: number
  readonly name: string
  readonly cause: Cause.Cause<E>
  readonly times?: Times | undefined
}

/**
 * A branch that was still running when the join was decided.
 *
 * **Details**
 *
 * It has been interrupted and its finalizers have run; `cause` holds what they left behind.
 *
 * @category models
 * @since 0.1.0
 */
export interface Interrupted<out E = never> {
  readonly _tag: "Interrupted"
  readonly index: number
  readonly name: string
  readonly cause: Cause.Cause<E>
  readonly times?: Times | undefined
}

/**
 * A branch that was never started, because the join was decided before its turn.
 *
 * @category models
 * @since 0.1.0
 */
export interface NotStarted {
  readonly _tag: "NotStarted"
  readonly index: number
  readonly name: string
  readonly times?: Times | undefined
}

/**
 * A branch that was still running when the join was decided, and was awaited: `losers: "await"`.
 *
 * **Details**
 *
 * It counts as interrupted in the tally, and its value is not one of the `values`: the decision was made without it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Late<out A, out E = never> {
  readonly _tag: "Late"
  readonly index: number
  readonly name: string
  readonly exit: Exit.Exit<A, E>
  readonly times?: Times | undefined
}

/**
 * A branch that still ran when the split ended: `losers: "detach"`, or a grace period that was over before it stopped.
 *
 * **Details**
 *
 * It goes on in the scope of the run, and counts as interrupted in the tally. `exit` waits for its end; it ends
 * interrupted if the run fails or is interrupted before.
 *
 * @category models
 * @since 0.1.0
 */
export interface Detached<out A, out E = never> {
  readonly _tag: "Detached"
  readonly index: number
  readonly name: string
  readonly exit: Effect.Effect<Exit.Exit<A, E>>
  readonly times?: Times | undefined
}

/**
 * How one branch ended, where losers are interrupted.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome<A, E = never> = Succeeded<A> | Failed<E> | Interrupted<E> | NotStarted

/**
 * What becomes of the branches that still run when a join is decided.
 *
 * **Details**
 *
 * - `"interrupt"`: they are interrupted, and the split ends when their finalizers have run.
 * - `"await"`: they go on, and the split ends when they have ended by themselves.
 * - `"detach"`: they go on in the scope of the run, and the split ends at once. The run does not end before them.
 * - `{ grace }`: they are interrupted; those that have not stopped when the grace period is over are reported to the log
 *   and detached.
 *
 * Branches that have not started when a join is decided never do, with one exception: under `"await"` and `"detach"`, without
 * a bulkhead, the rest of a list that is known whole starts as losers like any. Whether a branch completes at once must not
 * choose which others run.
 *
 * @category models
 * @since 0.1.0
 */
export type Losers = "interrupt" | "await" | "detach" | { readonly grace: Duration.Input }

/**
 * @since 0.1.0
 */
export declare namespace Outcome {
  /**
   * How one branch ended, by what the split does with its losers.
   *
   * @category models
   * @since 0.1.0
   */
  export type Under<P extends Losers, A, E = never> = P extends "interrupt" ? Outcome<A, E>
    : P extends "await" ? Succeeded<A> | Failed<E> | Late<A, E> | NotStarted
    : P extends "detach" ? Succeeded<A> | Failed<E> | Detached<A, E> | NotStarted
    : Outcome<A, E> | Detached<A, E>

  /**
   * How a branch ended that was started, by what the split does with its losers: what an observer is told.
   *
   * @category models
   * @since 0.1.0
   */
  export type Ended<P extends Losers, A, E = never> =
    | Settled<A, E>
    | (P extends "await" | "detach" ? Late<A, E> : Interrupted<E>)

  /**
   * How a branch may end under any policy for losers.
   *
   * @category models
   * @since 0.1.0
   */
  export type Any<A, E = never> = Outcome<A, E> | Late<A, E> | Detached<A, E>

  /**
   * How a branch ended that had ended before the join was decided.
   *
   * @category models
   * @since 0.1.0
   */
  export type Settled<A, E = never> = Succeeded<A> | Failed<E>
}

/**
 * The typed result of a split.
 *
 * **Details**
 *
 * `Outcomes` and `Values` have the shape of the branches: a tuple keeps its types, a record its names. From cano:
 * `SplitResult`, which that crate builds and drops; here it reaches `next` and the errors.
 *
 * It is plain data, which is compared, spread and cloned as its fields. A log, a console and `JSON.stringify` show the whole
 * of a small result; of a large one, or one that holds many others, they show the tally, the first values and failures, and
 * how many more there are. To send all of a result, send a copy, `{ ...result }`, or the fields that are needed.
 *
 * @category models
 * @since 0.1.0
 */
export interface SplitResult<
  out A,
  out E = never,
  out Outcomes = ReadonlyArray<Outcome<A, E>>,
  out Values = ReadonlyArray<A>
> {
  /** One outcome for each branch, in the shape of the branches. */
  readonly outcomes: Outcomes
  /**
   * Under `all` and `allFailFast` every value, in the shape of the branches; else the successes, in branch order, and of a
   * record of branches with their names.
   */
  readonly values: Values
  /** The branches that failed, in branch order. */
  readonly failures: ReadonlyArray<Failed<E>>
  /** The branches that were interrupted or never started, in branch order. */
  readonly cancelled: ReadonlyArray<Interrupted<E> | NotStarted>
  /** The branches that settled before the decision, in the order in which they did. */
  readonly settled: ReadonlyArray<Succeeded<A> | Failed<E>>
  readonly tally: Tally
  /** Whether the deadline made the decision. */
  readonly timedOut: boolean
}

/**
 * What a split had when its join could not be satisfied, or was not in time: the result inside its error.
 *
 * **Details**
 *
 * `A` are the values in the shape of the branches, as if all had succeeded; under `discard` and `reduce` an empty list.
 *
 * @category models
 * @since 0.1.0
 */
export interface Unsatisfied<out A, out E>
  extends SplitResult<Unsatisfied.Value<A>, E, Unsatisfied.Outcomes<A, E>, Unsatisfied.Successes<A>>
{}

/**
 * @since 0.1.0
 */
export declare namespace Unsatisfied {
  /**
   * The values of a shape, as a union.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Value<A> = A extends ReadonlyArray<infer V> ? V : A extends { readonly [name: string]: infer V } ? V : A

  /**
   * The outcomes, in the shape of the values.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Outcomes<A, E> = A extends object ? { readonly [K in keyof A]: Outcome.Any<A[K], E> }
    : ReadonlyArray<Outcome.Any<A, E>> | { readonly [name: string]: Outcome.Any<A, E> }

  /**
   * The values of those that succeeded: a list, or a record with their names.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Successes<A> = A extends ReadonlyArray<infer V> ? ReadonlyArray<V>
    : A extends object ? { readonly [K in keyof A]?: A[K] }
    : ReadonlyArray<A> | { readonly [name: string]: A }
}

/**
 * What is left of a result under `discard: true`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Discarded {
  readonly tally: Tally
  readonly timedOut: boolean
}

/**
 * What is left of a result under `reduce`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reduced<out Z> extends Discarded {
  /** What the outcomes have been reduced to. */
  readonly value: Z
}

/**
 * Whether a branch succeeded.
 *
 * @category guards
 * @since 0.1.0
 */
export const isSucceeded = <A, E>(self: Outcome.Any<A, E>): self is Succeeded<A> => self._tag === "Succeeded"

/**
 * Whether a branch failed.
 *
 * @category guards
 * @since 0.1.0
 */
export const isFailed = <A, E>(self: Outcome.Any<A, E>): self is Failed<E> => self._tag === "Failed"

/**
 * Whether a branch ended by itself after the decision, while the split awaited it.
 *
 * @category guards
 * @since 0.1.0
 */
export const isLate = <A, E>(self: Outcome.Any<A, E>): self is Late<A, E> => self._tag === "Late"

/**
 * Whether a branch still ran when the split ended.
 *
 * @category guards
 * @since 0.1.0
 */
export const isDetached = <A, E>(self: Outcome.Any<A, E>): self is Detached<A, E> => self._tag === "Detached"
