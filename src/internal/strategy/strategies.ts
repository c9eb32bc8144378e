/**
 * The reducers behind the strategies that look at more than counts. All are pure folds over outcomes with a small state of
 * their own, made anew for each split; none takes more than a constant time for an outcome.
 */
import type * as Duration from "effect/Duration"
import { identity } from "effect/Function"
import * as Predicate from "effect/Predicate"
import type { Counting, Custom, Judgement, Reducer, Tally } from "../../JoinStrategy.ts"
import type { Outcome } from "../../SplitResult.ts"
import { isCount, isWhole, rounded } from "../check/counts.ts"
import { list, show } from "../check/describe.ts"
import * as returned from "../check/returned.ts"
import { noFunction } from "./reducer.ts"

type AnyOutcome = Outcome.Settled<unknown, unknown>
type Names = ReadonlyArray<string> | undefined
type Decide = (self: Counting, tally: Tally, event: "settled" | "deadline") => Judgement

/** A strategy of a reducer. The names that it refers to must be those of branches, whatever else its reducer asks. */
export const make = <A, E, S, N extends string>(
  reducer: Reducer<A, E, S>,
  names: ReadonlyArray<N> | undefined
): Custom<A, E, N> =>
  Object.freeze({
    _tag: "Custom",
    n: 0,
    name: reducer.name,
    names,
    reducer: names === undefined
      ? reducer
      : { ...reducer, issue: (branches: Names) => reducer.issue?.(branches) ?? missing(names, branches) }
  })

const fail = (reason: string): Judgement => ({ fail: reason })

/** How many branches a strategy that goes by counts needs at least. */
export const least = (self: Counting): number =>
  self._tag === "Any" ? 1 : self._tag === "Quorum" || self._tag === "PartialResults" ? self.n : 0

/** Whether a strategy that goes by counts is satisfied only when every branch has settled, or at the deadline. */
export const everyBranch = (self: Counting): boolean =>
  self._tag === "All" || self._tag === "AllFailFast" || self._tag === "PartialTimeout" ||
  (self._tag === "Percentage" && self.n === 1)

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

/** How an outcome counts for a strategy that goes by counts. */
type Class = "success" | "failure" | "left out"

interface Counts {
  succeeded: number
  failed: number
  leftOut: number
}

/**
 * A strategy that goes by counts, over outcomes that are counted in another way. Those that are left out must have settled,
 * but decide nothing.
 */
export const counting = <A, N extends string>(
  inner: Counting,
  innerDecide: Decide,
  name: string,
  classify: (outcome: AnyOutcome) => Class,
  names: ReadonlyArray<N> | undefined,
  issue?: () => string | undefined
): Custom<A, unknown, N> =>
  make<A, unknown, Counts, N>({
    name,
    initial: () => ({ succeeded: 0, failed: 0, leftOut: 0 }),
    onOutcome: ({ failed, leftOut, succeeded }, outcome) => {
      switch (classify(outcome)) {
        case "success":
          return { succeeded: succeeded + 1, failed, leftOut }
        case "failure":
          return { succeeded, failed: failed + 1, leftOut }
        case "left out":
          return { succeeded, failed, leftOut: leftOut + 1 }
      }
    },
    decide: ({ failed, leftOut, succeeded }, tally, event) =>
      innerDecide(inner, { ...tally, total: tally.total - leftOut, succeeded, failed }, event),
    timed: inner._tag === "PartialTimeout",
    least: least(inner),
    asksFor: (total) => needed(inner, total),
    everyBranch: everyBranch(inner),
    issue: () => unsound(name, inner) ?? issue?.()
  }, names)

/** What is wrong with a strategy inside another one, a sentence: the other one goes by its counts. */
const unsound = (name: string, inner: Counting): string | undefined => {
  switch (inner._tag) {
    case "All":
    case "AllFailFast":
    case "Any":
      return undefined
    case "Quorum":
    case "PartialResults":
      return isCount(inner.n) ? undefined : wrongCount(name, inner.n)
    case "PartialTimeout":
      return inner.n === 0 || isCount(inner.n) ? undefined : wrongCount(name, inner.n)
    case "Percentage":
      return Predicate.isNumber(inner.n) && inner.n > 0 && inner.n <= 1
        ? undefined
        : `${name}: the share is ${show(inner.n)}; it must be a number above 0 and at most 1`
    default:
      // from JavaScript
      return `${name}: a strategy inside another one must be one that goes by counts`
  }
}

const wrongCount = (name: string, n: unknown): string =>
  `${name}: the count is ${show(n)}; it must be an integer of at least 1`

/** A success counts only if its value is accepted. */
export const accept = <A>(
  inner: Counting,
  innerDecide: Decide,
  name: string,
  isAccepted: (value: A) => boolean
): Custom<A, unknown, string> =>
  counting(
    inner,
    innerDecide,
    name,
    (outcome) =>
      // of its type, as the branches' types were checked where the strategy was given to them
      outcome._tag === "Succeeded" && returned.boolean(name, "isAccepted", isAccepted(outcome.value as A))
        ? "success"
        : "failure",
    undefined,
    () => noFunction(name, "isAccepted", isAccepted)
  )

/** An outcome may put an end to it, whatever the counts. */
export const reject = <A, E>(
  inner: Counting,
  innerDecide: Decide,
  name: string,
  isRejected: (outcome: Outcome.Settled<A, E>) => boolean
): Custom<A, E, string> =>
  make<A, E, string | undefined, string>({
    name,
    initial: () => undefined,
    onOutcome: (by, outcome) =>
      by ?? (returned.boolean(name, "isRejected", isRejected(outcome)) ? outcome.name : undefined),
    decide: (by, tally, event) =>
      by === undefined ? innerDecide(inner, tally, event) : fail(`rejected by branch ${by}`),
    timed: inner._tag === "PartialTimeout",
    least: least(inner),
    asksFor: (total) => needed(inner, total),
    everyBranch: everyBranch(inner),
    issue: () => unsound(name, inner) ?? noFunction(name, "isRejected", isRejected)
  }, undefined)

export const until = <A, E>(
  predicate: (settled: ReadonlyArray<Outcome.Settled<A, E>>) => boolean
): Custom<A, E, string> =>
  make<A, E, Array<Outcome.Settled<A, E>>, string>({
    name: "until",
    initial: () => [],
    onOutcome: (settled, outcome) => {
      // grown in place: it belongs to one split, and the predicate sees it as read-only
      settled.push(outcome)
      return settled
    },
    decide: (settled, tally, event) =>
      returned.boolean("until", "the predicate", predicate(settled))
        ? "proceed"
        : settled.length === tally.total
        ? fail("the predicate does not hold for what all branches gave")
        : event === "deadline"
        ? "fail"
        : "continue",
    issue: () => noFunction("until", "the predicate", predicate)
  }, undefined)

export const relax = (
  strategy: Counting,
  { after, enough }: { readonly after: Duration.Input; readonly enough: Counting },
  decide: Decide,
  format: (self: Counting) => string
): Custom<unknown, unknown, string> => {
  const name = `relax(${format(strategy)}, ${format(enough)})`
  return make<unknown, unknown, Counting, string>({
    name,
    // the strategy that holds at the time
    initial: () => strategy,
    onOutcome: (now) => now,
    decide: (now, tally, event) => {
      const verdict = decide(now, tally, event)
      // what the first one asks for may be out of reach, and the second one still possible
      return verdict === "fail" && now === strategy && event === "settled"
        ? decideLater(enough, tally, decide)
        : verdict
    },
    soft: { after, onPassed: () => enough },
    timed: strategy._tag === "PartialTimeout" || enough._tag === "PartialTimeout",
    least: Math.min(least(strategy), least(enough)),
    asksFor: (total) => needed(everyBranch(strategy) ? enough : strategy, total),
    everyBranch: everyBranch(strategy) && everyBranch(enough),
    issue: () => unsound(name, strategy) ?? unsound(name, enough)
  }, undefined)
}

/** What a strategy says that does not hold yet: it may wait or give up, but not proceed. */
const decideLater = (self: Counting, tally: Tally, decide: Decide): Judgement =>
  decide(self, tally, "settled") === "fail" ? "fail" : "continue"

interface Agreement {
  readonly counts: Map<unknown, number>
  most: number
}

export const agreement = <A>(n: number, by: (value: A) => unknown): Custom<A, unknown, string> => {
  const name = `agreement(${n})`
  /** That nothing is the same as nothing may be said of values, but not by a function that has forgotten to return. */
  const keyOf = by === identity ? by : (value: A): unknown => {
    const key = by(value)
    if (key !== undefined && !Predicate.isPromiseLike(key)) return key
    throw returned.unexpected(name, "by", key, "what is the same for values that agree (null for none)")
  }
  return make<A, unknown, Agreement, string>({
    name,
    initial: () => ({ counts: new Map(), most: 0 }),
    onOutcome: (state, outcome) => {
      if (outcome._tag === "Failed") return state
      const key = keyOf(outcome.value)
      const count = (state.counts.get(key) ?? 0) + 1
      state.counts.set(key, count)
      state.most = Math.max(state.most, count)
      return state
    },
    decide: ({ most }, tally, event) => {
      const left = tally.total - tally.succeeded - tally.failed
      return most >= n
        ? "proceed"
        : most + left < n
        ? fail(`at most ${most + left} of the branches can still agree`)
        : event === "deadline"
        ? "fail"
        : "continue"
    },
    issue: () => isCount(n) ? noFunction(name, "by", by) : `${name}: the count must be an integer of at least 1`,
    least: n
  }, undefined)
}

/** The tolerance for failures, as it is given. */
export interface Tolerance {
  readonly maxFailures?: number | undefined
  readonly maxFailureRate?: number | undefined
  readonly minSuccesses?: number | undefined
}

export const tolerate = (tolerance: Tolerance): Custom<unknown, unknown, string> => {
  const { maxFailureRate, maxFailures, minSuccesses = 0 } = tolerance
  const parts = Object.entries({ maxFailures, maxFailureRate, minSuccesses: tolerance.minSuccesses })
    .filter(([, value]) => value !== undefined)
  const name = `tolerate(${parts.map(([key, value]) => `${key}: ${value}`).join(", ")})`
  /** While the total is unknown no rate above 0 can be passed. */
  const most = (total: number): number =>
    Math.min(
      maxFailures ?? Number.POSITIVE_INFINITY,
      maxFailureRate === undefined
        ? Number.POSITIVE_INFINITY
        : maxFailureRate === 0
        ? 0
        : Math.floor(rounded(total * maxFailureRate))
    )
  return make<unknown, unknown, void, string>({
    name,
    initial: () => {},
    onOutcome: () => {},
    decide: (_, { failed, succeeded, total }, event) =>
      failed > most(total)
        ? fail(`${failed} failures are more than the ${most(total)} that are tolerated`)
        : total - failed < minSuccesses
        ? fail(`at most ${total - failed} branches can still succeed`)
        : succeeded + failed === total
        ? "proceed"
        : event === "deadline"
        ? "fail"
        : "continue",
    issue: () =>
      parts.length === 0
        ? "tolerate: give at least one of maxFailures, maxFailureRate and minSuccesses"
        : maxFailures !== undefined && !isWhole(maxFailures)
        ? `${name}: maxFailures must be an integer of at least 0`
        : maxFailureRate !== undefined &&
            !(Number.isFinite(maxFailureRate) && maxFailureRate >= 0 && maxFailureRate <= 1)
        ? `${name}: maxFailureRate must be a number from 0 to 1`
        : tolerance.minSuccesses !== undefined && !isWhole(minSuccesses)
        ? `${name}: minSuccesses must be an integer of at least 0`
        : undefined,
    least: minSuccesses,
    everyBranch: true
  }, undefined)
}

interface Weights {
  readonly achieved: number
  /** Of the branches that have not settled. */
  readonly left: number
}

export const weighted = <N extends string>(
  weights: { readonly [name: string]: number },
  threshold: number
): Custom<unknown, unknown, N> => {
  const name = `weighted(${threshold})`
  // own entries only: every object has a `constructor` to be looked up
  const byName = new Map<string, number>(Predicate.isObject(weights) ? Object.entries(weights) : [])
  // what is no number is an issue
  const all = [...byName.values()].filter(Predicate.isNumber).reduce((sum, weight) => sum + weight, 0)
  return make<unknown, unknown, Weights, N>({
    name,
    initial: () => ({ achieved: 0, left: all }),
    onOutcome: ({ achieved, left }, outcome) => {
      const weight = byName.get(outcome.name) ?? 0
      return {
        achieved: outcome._tag === "Succeeded" ? rounded(achieved + weight) : achieved,
        left: rounded(left - weight)
      }
    },
    decide: ({ achieved, left }, tally, event) =>
      achieved >= threshold
        ? "proceed"
        : rounded(achieved + left) < threshold || tally.succeeded + tally.failed === tally.total
        ? fail(`a weight of at most ${rounded(achieved + left)} can still be reached`)
        : event === "deadline"
        ? "fail"
        : "continue",
    issue: (names) => {
      if (byName.size === 0) {
        return `${name}: the weights are ${show(weights)}; they must be a record of numbers by the names of branches`
      }
      const bad = [...byName].find(([, weight]) => !(Number.isFinite(weight) && weight >= 0))
      return bad !== undefined
        ? `${name}: the weight of branch "${bad[0]}" is ${show(bad[1])}; it must be a number of at least 0`
        : !(Number.isFinite(threshold) && threshold > 0)
        ? `${name}: the threshold must be a number above 0`
        : rounded(all) < threshold
        ? `${name}: all weights together are only ${rounded(all)}`
        : unweighted(names?.find((name) => !byName.has(name)))
    },
    least: heaviest([...byName.values()], threshold)
    // the keys of the weights, as their type says
  }, [...byName.keys()] as Array<N>)
}

/** How many weights reach a threshold at least; all of them do, by the rules. */
const heaviest = (weights: ReadonlyArray<number>, threshold: number): number => {
  // the rules refuse what is no number
  if (!weights.every(Predicate.isNumber)) return 0
  let sum = 0
  const reached = weights.toSorted((a, b) => b - a).findIndex((weight) => {
    sum = rounded(sum + weight)
    return sum >= threshold
  })
  return reached + 1
}

const unweighted = (name: string | undefined): string | undefined =>
  name === undefined ? undefined : `branch "${name}" has no weight`

/** A sentence for the first name that no branch has. */
const missing = (wanted: Iterable<string>, names: Names): string | undefined => {
  if (names === undefined) return undefined
  const known = new Set(names)
  for (const name of wanted) {
    if (!known.has(name)) {
      return `there is no branch "${name}"; ${
        names.length === 0 ? "there are none" : `the branches are ${list(names)}`
      }`
    }
  }
  return undefined
}

export const partialSuccesses = (n: number): Custom<unknown, unknown, string> =>
  make<unknown, unknown, void, string>({
    name: `partialSuccesses(${n})`,
    initial: () => {},
    onOutcome: () => {},
    decide: (_, { failed, succeeded, total }, event) =>
      succeeded >= n
        ? "proceed"
        : succeeded + failed === total
        ? succeeded > 0 ? "proceed" : "fail"
        : event === "deadline"
        ? "fail"
        : "continue",
    issue: () => isCount(n) ? undefined : `partialSuccesses(${n}): the count must be an integer of at least 1`,
    // something is enough
    least: 1,
    asksFor: () => n
  }, undefined)

// -----------------------------------------------------------------------------
// algebra over names
// -----------------------------------------------------------------------------

/** A requirement: a branch that must succeed, or so many of other requirements. */
export type Requirement = string | { readonly needed: number; readonly of: ReadonlyArray<Requirement> }

const formatRequirement = (self: Requirement): string => {
  if (typeof self === "string") return self
  const parts = self.of.map(formatRequirement).join(", ")
  return self.needed === self.of.length
    ? `allOf(${parts})`
    : self.needed === 1
    ? `anyOf(${parts})`
    : `atLeast(${self.needed}, ${parts})`
}

const namesOf = (self: Requirement): ReadonlyArray<string> =>
  typeof self === "string" ? [self] : self.of.flatMap(namesOf)

/** What is known of one requirement while a split runs. */
interface Node {
  readonly parent: Node | undefined
  readonly needed: number
  /** Of its parts: those that hold, and those that may still. */
  holding: number
  possible: number
  holds: boolean | undefined
}

interface Nodes {
  readonly root: Node
  readonly byName: ReadonlyMap<string, ReadonlyArray<Node>>
}

const plant = (requirement: Requirement): Nodes => {
  const byName = new Map<string, Array<Node>>()
  const add = (self: Requirement, parent: Node | undefined): Node => {
    const leaf = typeof self === "string"
    const node: Node = {
      parent,
      needed: leaf ? 1 : self.needed,
      holding: 0,
      possible: leaf ? 1 : self.of.length,
      holds: undefined
    }
    if (leaf) byName.set(self, [...(byName.get(self) ?? []), node])
    else for (const part of self.of) add(part, node)
    return node
  }
  const root = add(requirement, undefined)
  return { root, byName }
}

/** A part has turned out to hold or not; at most once for each node, so a whole split costs what the expression is long. */
const resolve = (node: Node, holds: boolean): void => {
  if (node.holds !== undefined) return
  node.holds = holds
  const { parent } = node
  if (parent === undefined) return
  if (holds) parent.holding++
  else parent.possible--
  if (parent.holding >= parent.needed) resolve(parent, true)
  else if (parent.possible < parent.needed) resolve(parent, false)
}

export const required = <N extends string>(requirement: Requirement): Custom<unknown, unknown, N> => {
  const name = formatRequirement(requirement)
  return make<unknown, unknown, Nodes, N>({
    name,
    initial: () => plant(requirement),
    onOutcome: (nodes, outcome) => {
      for (const node of nodes.byName.get(outcome.name) ?? []) resolve(node, outcome._tag === "Succeeded")
      return nodes
    },
    decide: ({ root }, tally, event) =>
      root.holds === true
        ? "proceed"
        : root.holds === false || tally.succeeded + tally.failed === tally.total
        ? fail(`${name} can no longer hold`)
        : event === "deadline"
        ? "fail"
        : "continue",
    issue: () => wrong(requirement),
    least: fewest(requirement)
    // the names in the requirement, as its type says
  }, namesOf(requirement) as Array<N>)
}

/** How many branches a requirement needs at least, as far as that can be told where one is named more than once. */
const fewest = (self: Requirement): number => {
  const names = namesOf(self)
  return new Set(names).size === names.length ? fewestOf(self) : 1
}

const fewestOf = (self: Requirement): number =>
  typeof self === "string"
    ? 1
    : self.of.map(fewestOf).toSorted((a, b) => a - b).slice(0, self.needed).reduce((sum, n) => sum + n, 0)

const wrong = (self: Requirement): string | undefined => {
  if (typeof self === "string") return undefined
  if (!isCount(self.needed) || self.needed > self.of.length) {
    return `${
      formatRequirement(self)
    }: the count must be an integer from 1 to ${self.of.length}, the number of its parts`
  }
  for (const part of self.of) {
    const found = wrong(part)
    if (found !== undefined) return found
  }
  return undefined
}
