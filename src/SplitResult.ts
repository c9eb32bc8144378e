/**
 * What a split hands on: a `SplitResult` is plain data, made once, when every loser has been interrupted
 * and awaited, and valid for ever after.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import type { Tally } from "./JoinStrategy.ts"

export type {
  /**
   * The counts of a split; in a finished one the last four add up to `total`.
   *
   * @category models
   * @since 0.1.0
   */
  Tally
} from "./JoinStrategy.ts"

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
}

/**
 * How one branch ended.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome<A, E = never> = Succeeded<A> | Failed<E> | Interrupted<E> | NotStarted

/**
 * @since 0.1.0
 */
export declare namespace Outcome {
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
  /** Under `all` and `allFailFast` every value, in the shape of the branches; else the successes in branch order. */
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
 * Whether a branch succeeded.
 *
 * @category guards
 * @since 0.1.0
 */
export const isSucceeded = <A, E>(self: Outcome<A, E>): self is Succeeded<A> => self._tag === "Succeeded"

/**
 * Whether a branch failed.
 *
 * @category guards
 * @since 0.1.0
 */
export const isFailed = <A, E>(self: Outcome<A, E>): self is Failed<E> => self._tag === "Failed"
