/**
 * What a strategy is: a plain value, its types, and how messages name it. All rooms see strategies by this file;
 * `JoinStrategy` gives the same types to everybody.
 */
import type * as Duration from "effect/Duration"
import type { Outcome, Tally } from "../../SplitResult.ts"

/**
 * The condition under which the branches of a split are joined.
 *
 * **Details**
 *
 * The type carries the literal argument (`JoinStrategy<"Quorum", 2>`), so that a quorum which its branches cannot reach
 * is a compile error. From cano: `JoinStrategy`.
 *
 * @category models
 * @since 0.1.0
 */
export interface JoinStrategy<out Tag extends Tag.Any = Tag.Any, out N extends number = number> {
  readonly _tag: Tag
  /** The `n` or `p` of the strategy; 0 where it takes none. */
  readonly n: N
}

/**
 * @since 0.1.0
 */
export declare namespace Tag {
  /**
   * The tags of the seven strategies that go by counts.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Counting = "All" | "AllFailFast" | "Any" | "Quorum" | "Percentage" | "PartialResults" | "PartialTimeout"

  /**
   * The tags of all strategies.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Any = Counting | "Custom"
}

/**
 * A strategy that goes by counts.
 *
 * @category models
 * @since 0.1.0
 */
export type Counting = JoinStrategy<Tag.Counting>

/**
 * What `decide` answers: go on waiting, advance, or give up.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = "continue" | "proceed" | "fail"

/**
 * A verdict, or a failure with its reason, which becomes part of the error's message.
 *
 * @category models
 * @since 0.1.0
 */
export type Judgement = Verdict | { readonly fail: string }

/**
 * What a strategy of your own is made of: a fold over the outcomes, and a decision about its state.
 *
 * **Details**
 *
 * Both are pure and should take no longer for the last outcome than for the first. A function that throws fails the split
 * with its defect, after its branches were interrupted and awaited; one that returns what it should not, such as a
 * Promise, with a defect that says so. `undefined` is a state like any other.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reducer<in A, in E, in out S> {
  /** How messages name the strategy. */
  readonly name: string
  /** The state before any branch has settled. It is made anew for each split. */
  readonly initial: () => S
  /** A branch has settled. */
  readonly onOutcome: (state: S, outcome: Outcome.Settled<A, E>) => S
  /**
   * Asked before any branch has started, after each `onOutcome`, when a lazy list has ended, and at the deadline, where
   * `"continue"` means to fail; as it does when every branch has settled, and nothing can change any more. Of the tally
   * only `total` (`Infinity` while it is not known), `succeeded` and `failed` matter.
   */
  readonly decide: (state: S, tally: Tally, event: "settled" | "deadline") => Judgement
  /**
   * A time, from the moment the split is entered, at which the state changes and is asked again: at once when every branch
   * has settled before, and it would wait.
   */
  readonly soft?: { readonly after: Duration.Input; readonly onPassed: (state: S) => S } | undefined
  /**
   * Whether it is satisfied at the deadline at the latest, so that a split must have a `timeout`. When every branch has
   * settled before, and it would wait, it is asked as at the deadline.
   */
  readonly timed?: boolean | undefined
  /** Of so many branches, how many a hedge is to start at once. `Infinity` if it is not known. Left out: `least`, or 1. */
  readonly asksFor?: ((total: number) => number) | undefined
  /**
   * Whether it is satisfied only when every branch has settled, or at the deadline. It is refused beside a `hedge`, which is
   * for branches that stand for each other.
   */
  readonly everyBranch?: boolean | undefined
  /**
   * How many branches it needs at least. Of a static list with fewer, that is an issue; of a dynamic one the join is
   * unsatisfied before a branch starts, of a lazy one as soon as its list has ended.
   */
  readonly least?: number | undefined
  /**
   * What is wrong with the strategy, as a sentence; asked before a branch starts, with the names of the branches where they
   * are known by then. What only too few branches are is said by `least`.
   */
  readonly issue?: ((names: ReadonlyArray<string> | undefined) => string | undefined) | undefined
}

/**
 * A strategy made with `make`. It joins branches that succeed with `A` and fail with `E`, and have the names `N`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Custom<in A = never, in E = never, out N extends string = string> extends JoinStrategy<"Custom", 0> {
  readonly name: string
  /** The branches that it refers to by name, if it does. */
  readonly names: ReadonlyArray<N> | undefined
  readonly reducer: Reducer<A, E, any>
}

export const isCustom = (self: JoinStrategy): self is Custom => self._tag === "Custom"

/** How messages name a strategy. */
export const format = (self: JoinStrategy): string => {
  if (isCustom(self)) return self.name
  const name = self._tag.charAt(0).toLowerCase() + self._tag.slice(1)
  return self._tag === "Quorum" || self._tag === "Percentage" || self._tag === "PartialResults"
    ? `${name}(${self.n})`
    : self._tag === "PartialTimeout" && self.n !== 0
    ? `partialTimeoutAtLeast(${self.n})`
    : name
}
