/**
 * When a split may be left: a `JoinStrategy` is a plain value that lives as long as the definition that names it, and
 * `decide` is the pure function that applies it to the counts of a running split.
 *
 * Nothing here knows of fibers or time: the shell of a split asks `decide` each time a branch settles, and once at the
 * deadline.
 *
 * @since 0.1.0
 */

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
   * The tags of the seven strategies.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Any = "All" | "AllFailFast" | "Any" | "Quorum" | "Percentage" | "PartialResults" | "PartialTimeout"
}

/**
 * The counts of a split, as `decide` sees them.
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
 * What `decide` answers: go on waiting, advance, or give up.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = "continue" | "proceed" | "fail"

const strategy = <const Tag extends Tag.Any, const N extends number>(tag: Tag, n: N): JoinStrategy<Tag, N> =>
  Object.freeze({ _tag: tag, n })

/**
 * Every branch must succeed; all of them run to their end, also after one has failed.
 *
 * **When to use**
 *
 * Use when every result is needed and the work of the others must not be thrown away. For "stop at the first failure"
 * use `allFailFast`. From cano: `JoinStrategy::All`.
 *
 * @category strategies
 * @since 0.1.0
 */
export const all: JoinStrategy<"All", 0> = strategy("All", 0)

/**
 * Every branch must succeed; the first failure interrupts the rest.
 *
 * **When to use**
 *
 * Use when one missing result makes the others worthless: it is what `Effect.all` does.
 *
 * @category strategies
 * @since 0.1.0
 */
export const allFailFast: JoinStrategy<"AllFailFast", 0> = strategy("AllFailFast", 0)

/**
 * The first success decides; failures are passed over until none is left.
 *
 * **When to use**
 *
 * Use for redundant calls, where the fastest good answer wins. From cano: `JoinStrategy::Any`.
 *
 * @category strategies
 * @since 0.1.0
 */
const any_: JoinStrategy<"Any", 0> = strategy("Any", 0)
export {
  /**
   * The first success decides; failures are passed over until none is left.
   *
   * **When to use**
   *
   * Use for redundant calls, where the fastest good answer wins. From cano: `JoinStrategy::Any`.
   *
   * @category strategies
   * @since 0.1.0
   */
  any_ as any
}

/**
 * `n` successes decide.
 *
 * **When to use**
 *
 * Use for majority writes and consensus. `n` is an integer of at least 1. From cano: `JoinStrategy::Quorum(n)`.
 *
 * @category strategies
 * @since 0.1.0
 */
export const quorum = <const N extends number>(n: N): JoinStrategy<"Quorum", N> => strategy("Quorum", n)

/**
 * A share `p` of all branches, rounded up, must succeed.
 *
 * **Details**
 *
 * `p` lies in (0, 1]. The count needed is `total · p`, rounded to 12 significant digits before it is rounded up, and at
 * least 1: 0.07 of 100 is 7. From cano: `JoinStrategy::Percentage(p)`.
 *
 * @category strategies
 * @since 0.1.0
 */
export const percentage = <const P extends number>(p: P): JoinStrategy<"Percentage", P> => strategy("Percentage", p)

/**
 * `n` settled branches decide, successes and failures alike.
 *
 * **When to use**
 *
 * Use where latency matters more than completeness. From cano: `JoinStrategy::PartialResults(n)`.
 *
 * @category strategies
 * @since 0.1.0
 */
export const partialResults = <const N extends number>(n: N): JoinStrategy<"PartialResults", N> =>
  strategy("PartialResults", n)

/**
 * Whatever has settled when the deadline passes; it ends earlier when every branch has settled.
 *
 * **Details**
 *
 * Needs a `timeout`. When nothing has settled by the deadline the split fails with `JoinTimeoutError`. From cano:
 * `JoinStrategy::PartialTimeout`.
 *
 * @category strategies
 * @since 0.1.0
 */
export const partialTimeout: JoinStrategy<"PartialTimeout", 0> = strategy("PartialTimeout", 0)

/**
 * How many branches must have succeeded (under `partialResults`: settled) before a strategy is satisfied.
 *
 * @category decisions
 * @since 0.1.0
 */
export const required = (self: JoinStrategy, total: number): number => {
  switch (self._tag) {
    case "All":
    case "AllFailFast":
      return total
    case "Any":
      return 1
    case "Quorum":
    case "PartialResults":
      return self.n
    case "Percentage":
      return total === 0
        ? 0
        : total === Number.POSITIVE_INFINITY
        ? total
        : Math.max(1, Math.ceil(Number((total * self.n).toPrecision(12))))
    case "PartialTimeout":
      return total === 0 ? 0 : 1
  }
}

/**
 * Applies a strategy to the counts of a split: `"proceed"` as soon as it is satisfied, `"fail"` as soon as it can no
 * longer be, else `"continue"`.
 *
 * **Details**
 *
 * `"settled"` asks after a branch has settled (or before any has started); `"deadline"` asks when the time is up, and
 * never answers `"continue"`. Only `total`, `succeeded` and `failed` matter. A split without branches satisfies `all`,
 * `allFailFast`, `percentage` and `partialTimeout`.
 *
 * **Example** (A quorum is decided as early as it can be)
 *
 * ```ts
 * import { JoinStrategy } from "effect-cano"
 *
 * const tally = (succeeded: number, failed: number) => ({ total: 5, succeeded, failed, interrupted: 0, notStarted: 0 })
 *
 * console.log(JoinStrategy.decide(JoinStrategy.quorum(3), tally(2, 2), "settled"))
 * // => continue
 * console.log(JoinStrategy.decide(JoinStrategy.quorum(3), tally(3, 0), "settled"))
 * // => proceed
 * console.log(JoinStrategy.decide(JoinStrategy.quorum(3), tally(0, 3), "settled"))
 * // => fail
 * ```
 *
 * @category decisions
 * @since 0.1.0
 */
export const decide = (self: JoinStrategy, tally: Tally, event: "settled" | "deadline"): Verdict => {
  const verdict = onSettled(self, tally)
  return verdict !== "continue" || event === "settled"
    ? verdict
    : self._tag === "PartialTimeout" && tally.succeeded + tally.failed > 0
    ? "proceed"
    : "fail"
}

const onSettled = (self: JoinStrategy, tally: Tally): Verdict => {
  const { failed, succeeded, total } = tally
  switch (self._tag) {
    case "All":
      return succeeded === total ? "proceed" : succeeded + failed === total ? "fail" : "continue"
    case "AllFailFast":
      return failed > 0 ? "fail" : succeeded === total ? "proceed" : "continue"
    case "PartialResults":
      return succeeded + failed >= self.n ? "proceed" : total < self.n ? "fail" : "continue"
    case "PartialTimeout":
      return succeeded + failed === total ? "proceed" : "continue"
    case "Any":
    case "Quorum":
    case "Percentage": {
      const needed = required(self, total)
      // while the total is unknown a percentage can be neither reached nor missed
      return succeeded >= needed ? "proceed" : total - failed < needed ? "fail" : "continue"
    }
  }
}

/**
 * The same strategy for a known number of branches: a percentage becomes the quorum it stands for, so that `decide` need
 * not work the number out again for each branch.
 *
 * @category decisions
 * @since 0.1.0
 */
export const resolve = (self: JoinStrategy, total: number): JoinStrategy =>
  self._tag === "Percentage" && total > 0 && total !== Number.POSITIVE_INFINITY ? quorum(required(self, total)) : self

/**
 * How messages name a strategy: `quorum(3)`, `all`.
 *
 * @category formatting
 * @since 0.1.0
 */
export const format = (self: JoinStrategy): string => {
  const name = self._tag.charAt(0).toLowerCase() + self._tag.slice(1)
  return self._tag === "Quorum" || self._tag === "Percentage" || self._tag === "PartialResults"
    ? `${name}(${self.n})`
    : name
}
