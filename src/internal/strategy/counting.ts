/**
 * The seven strategies of cano, which go by counts: what they need, and what they decide. All of it is pure; a split keeps
 * the counts.
 */
import * as Predicate from "effect/Predicate"
import type { Tally } from "../../SplitResult.ts"
import { aCount, isCount, rounded } from "../check/counts.ts"
import type { Counting, JoinStrategy, Reducer, Tag, Verdict } from "./strategy.ts"
import { format } from "./strategy.ts"

export const make = <const Tag extends Tag.Any, const N extends number>(tag: Tag, n: N): JoinStrategy<Tag, N> =>
  Object.freeze({ _tag: tag, n })

/** How many branches must have succeeded (under `partialResults`: settled) before it is satisfied. */
export const needed = (self: Counting, total: number): number => {
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
        : Math.max(1, Math.ceil(rounded(total * self.n)))
    case "PartialTimeout":
      return total === 0 ? 0 : Math.max(1, self.n)
  }
}

// -----------------------------------------------------------------------------
// deciding
// -----------------------------------------------------------------------------

export const decide = (self: Counting, tally: Tally, event: "settled" | "deadline"): Verdict => {
  const verdict = onSettled(self, tally)
  return verdict !== "continue" || event === "settled"
    ? verdict
    : self._tag === "PartialTimeout" && tally.succeeded + tally.failed >= needed(self, tally.total)
    ? "proceed"
    : "fail"
}

const onSettled = (self: Counting, tally: Tally): Verdict => {
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
      const least = needed(self, total)
      // while the total is unknown a percentage can be neither reached nor missed
      return succeeded >= least ? "proceed" : total - failed < least ? "fail" : "continue"
    }
  }
}

/** The same strategy for a known number of branches: a percentage becomes the quorum it stands for. */
export const resolve = <T extends Tag.Any>(self: JoinStrategy<T>, total: number): JoinStrategy<T | "Quorum"> =>
  self._tag === "Percentage" && total > 0 && total !== Number.POSITIVE_INFINITY
    ? make("Quorum", needed(make("Percentage", self.n), total))
    : self

// -----------------------------------------------------------------------------
// what is asked before a branch starts
// -----------------------------------------------------------------------------

/** Whether it is satisfied only when every branch has settled, or at the deadline. */
export const everyBranch = (self: Counting): boolean =>
  self._tag === "All" || self._tag === "AllFailFast" || self._tag === "PartialTimeout" ||
  (self._tag === "Percentage" && self.n === 1)

type Demands = {
  readonly [K in "timed" | "least" | "asksFor" | "everyBranch"]: NonNullable<Reducer<never, never, never>[K]>
}

/** What the reducer of a strategy says before a branch has started. */
export const demands = (self: Counting): Demands => ({
  timed: self._tag === "PartialTimeout",
  least: self._tag === "Any" ? 1 : self._tag === "Quorum" || self._tag === "PartialResults" ? self.n : 0,
  asksFor: (total) => needed(self, total),
  everyBranch: everyBranch(self)
})

/** The counts as a fold without a state of its own. */
export const reducer = (self: Counting): Reducer<unknown, unknown, void> => ({
  name: format(self),
  initial: () => {},
  onOutcome: () => {},
  decide: (_, tally, event) => decide(self, tally, event),
  ...demands(self)
})

/** Whether it is one of the seven: from JavaScript it may be anything. */
export const isCounting = (self: JoinStrategy): self is Counting => tags.has(self._tag)

const tags: ReadonlySet<string> = new Set(
  [
    "All",
    "AllFailFast",
    "Any",
    "Quorum",
    "Percentage",
    "PartialResults",
    "PartialTimeout"
  ] satisfies ReadonlyArray<Tag.Counting>
)

/** The number of a strategy that is none it can have: what it is called, and what it must be. */
export const fault = ({ _tag, n }: Counting): { readonly part: string; readonly expected: string } | undefined => {
  switch (_tag) {
    case "All":
    case "AllFailFast":
    case "Any":
      return undefined
    case "Quorum":
    case "PartialResults":
      return isCount(n) ? undefined : { part: "the count", expected: aCount }
    case "PartialTimeout":
      return n === 0 || isCount(n) ? undefined : { part: "the count", expected: aCount }
    case "Percentage":
      return Predicate.isNumber(n) && n > 0 && n <= 1
        ? undefined
        : { part: "the share", expected: "a number above 0 and at most 1" }
  }
}
