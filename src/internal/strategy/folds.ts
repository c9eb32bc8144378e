/**
 * Open strategies: what makes one of a reducer, and the reducers of those that look at more than counts. All are pure folds
 * over outcomes with a small state of their own, made anew for each split; none takes more than a constant time for an
 * outcome.
 */
import type * as Duration from "effect/Duration"
import { identity } from "effect/Function"
import * as Predicate from "effect/Predicate"
import type { Outcome, Tally } from "../../SplitResult.ts"
import { aCount, aWhole, isCount, isWhole, rounded } from "../check/counts.ts"
import { list, misfit, misfits } from "../check/describe.ts"
import * as returned from "../check/returned.ts"
import * as counting from "./counting.ts"
import { mustBe, noFunction } from "./reducer.ts"
import type { Counting, Custom, Judgement, Reducer } from "./strategy.ts"
import { format } from "./strategy.ts"

type Names = ReadonlyArray<string> | undefined

/** A strategy of a reducer. The names that it refers to must be those of branches, whatever else its reducer asks. */
export const make = <A, E, S, N extends string = string>(
  reducer: Reducer<A, E, S>,
  names?: ReadonlyArray<N>
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

export const fail = (reason: string): Judgement => ({ fail: reason })

/** What is said of a condition that does not hold yet: at the deadline it is too late. */
export const notYet = (event: "settled" | "deadline"): Judgement => event === "deadline" ? "fail" : "continue"

// -----------------------------------------------------------------------------
// over a strategy that goes by counts
// -----------------------------------------------------------------------------

/** How an outcome counts. */
type Class = "success" | "failure" | "left out"

interface Counts {
  readonly succeeded: number
  readonly failed: number
  readonly leftOut: number
}

/** The strategy inside, with another count. Those that are left out must have settled, but decide nothing. */
const recounted = <A, N extends string = string>(
  inner: Counting,
  name: string,
  classify: (outcome: Outcome.Settled<A, unknown>) => Class,
  issue: () => string | undefined,
  names?: ReadonlyArray<N>
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
      counting.decide(inner, { ...tally, total: tally.total - leftOut, succeeded, failed }, event),
    ...counting.demands(inner),
    issue: () => unsound(name, inner) ?? issue()
  }, names)

/** What is wrong with the strategy inside, a sentence. */
const unsound = (name: string, inner: Counting): string | undefined => {
  // from JavaScript
  if (!counting.isCounting(inner)) return `${name}: a strategy inside another one must be one that goes by counts`
  const fault = counting.fault(inner)
  return fault && misfit(`${name}: ${fault.part}`, inner.n, fault.expected)
}

/** A success counts only if its value is accepted. */
export const accept = <A>(inner: Counting, isAccepted: (value: A) => boolean): Custom<A, unknown> => {
  const name = `accept(${format(inner)})`
  return recounted<A>(
    inner,
    name,
    (outcome) =>
      outcome._tag === "Succeeded" && returned.boolean(name, "isAccepted", isAccepted(outcome.value))
        ? "success"
        : "failure",
    () => noFunction(name, "isAccepted", isAccepted)
  )
}

/** The failures of some branches decide nothing. */
export const optional = <N extends string>(inner: Counting, names: ReadonlyArray<N>): Custom<unknown, unknown, N> => {
  const known = new Set<string>(names)
  return recounted<unknown, N>(
    inner,
    `optional(${format(inner)}, ${names.join(", ")})`,
    (outcome) => outcome._tag === "Succeeded" ? "success" : known.has(outcome.name) ? "left out" : "failure",
    () => undefined,
    names
  )
}

/** An outcome may put an end to it, whatever the counts. */
export const reject = <A, E>(
  inner: Counting,
  isRejected: (outcome: Outcome.Settled<A, E>) => boolean
): Custom<A, E> => {
  const name = `reject(${format(inner)})`
  return make<A, E, string | undefined>({
    name,
    initial: () => undefined,
    onOutcome: (by, outcome) =>
      by ?? (returned.boolean(name, "isRejected", isRejected(outcome)) ? outcome.name : undefined),
    decide: (by, tally, event) =>
      by === undefined ? counting.decide(inner, tally, event) : fail(`rejected by branch ${by}`),
    ...counting.demands(inner),
    issue: () => unsound(name, inner) ?? noFunction(name, "isRejected", isRejected)
  })
}

/** The state is the strategy that holds at the time. */
export const relax = (
  strategy: Counting,
  { after, enough }: { readonly after: Duration.Input; readonly enough: Counting }
): Custom<unknown, unknown> => {
  const name = `relax(${format(strategy)}, ${format(enough)})`
  const [first, second] = [counting.demands(strategy), counting.demands(enough)]
  return make<unknown, unknown, Counting>({
    name,
    initial: () => strategy,
    onOutcome: (now) => now,
    decide: (now, tally, event) => {
      const verdict = counting.decide(now, tally, event)
      // what the first one asks for may be out of reach, and the second one still possible
      return verdict === "fail" && now === strategy && event === "settled" ? decideLater(enough, tally) : verdict
    },
    soft: { after, onPassed: () => enough },
    timed: first.timed || second.timed,
    least: Math.min(first.least, second.least),
    asksFor: first.everyBranch ? second.asksFor : first.asksFor,
    everyBranch: first.everyBranch && second.everyBranch,
    issue: () => unsound(name, strategy) ?? unsound(name, enough)
  })
}

/** What a strategy says that does not hold yet: it may wait or give up, but not proceed. */
const decideLater = (self: Counting, tally: Tally): Judgement =>
  counting.decide(self, tally, "settled") === "fail" ? "fail" : "continue"

// -----------------------------------------------------------------------------
// over outcomes
// -----------------------------------------------------------------------------

export const until = <A, E>(
  predicate: (settled: ReadonlyArray<Outcome.Settled<A, E>>) => boolean
): Custom<A, E> =>
  make<A, E, Array<Outcome.Settled<A, E>>>({
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
        : notYet(event),
    issue: () => noFunction("until", "the predicate", predicate)
  })

interface Agreement {
  readonly counts: Map<unknown, number>
  most: number
}

export const agreement = <A>(n: number, by: (value: A) => unknown): Custom<A, unknown> => {
  const name = `agreement(${n})`
  /** That nothing is the same as nothing may be said of values, but not by a function that has forgotten to return. */
  const keyOf = by === identity ? by : (value: A): unknown => {
    const key = by(value)
    if (key !== undefined && !Predicate.isPromiseLike(key)) return key
    throw returned.unexpected(name, "by", key, "what is the same for values that agree (null for none)")
  }
  return make<A, unknown, Agreement>({
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
        : notYet(event)
    },
    issue: () => isCount(n) ? noFunction(name, "by", by) : mustBe(name, "the count", aCount),
    least: n
  })
}

/** The limits are given as they are to `JoinStrategy.tolerate`. */
export const tolerate = (
  limits: { readonly [limit in "maxFailures" | "maxFailureRate" | "minSuccesses"]?: number | undefined }
): Custom<unknown, unknown> => {
  const { maxFailureRate, maxFailures, minSuccesses = 0 } = limits
  const parts = Object.entries({ maxFailures, maxFailureRate, minSuccesses: limits.minSuccesses })
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
  return make<unknown, unknown, void>({
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
        : notYet(event),
    issue: () =>
      parts.length === 0
        ? "tolerate: give at least one of maxFailures, maxFailureRate and minSuccesses"
        : maxFailures !== undefined && !isWhole(maxFailures)
        ? mustBe(name, "maxFailures", aWhole)
        : maxFailureRate !== undefined &&
            !(Number.isFinite(maxFailureRate) && maxFailureRate >= 0 && maxFailureRate <= 1)
        ? mustBe(name, "maxFailureRate", "a number from 0 to 1")
        : !isWhole(minSuccesses)
        ? mustBe(name, "minSuccesses", aWhole)
        : undefined,
    least: minSuccesses,
    everyBranch: true
  })
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
        : notYet(event),
    issue: (names) => {
      if (byName.size === 0) {
        return misfits(`${name}: the weights`, weights, "a record of numbers by the names of branches")
      }
      const bad = [...byName].find(([, weight]) => !(Number.isFinite(weight) && weight >= 0))
      return bad !== undefined
        ? misfit(`${name}: the weight of branch "${bad[0]}"`, bad[1], "a number of at least 0")
        : !(Number.isFinite(threshold) && threshold > 0)
        ? mustBe(name, "the threshold", "a number above 0")
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

export const partialSuccesses = (n: number): Custom<unknown, unknown> => {
  const name = `partialSuccesses(${n})`
  return make<unknown, unknown, void>({
    name,
    initial: () => {},
    onOutcome: () => {},
    decide: (_, { failed, succeeded, total }, event) =>
      succeeded >= n
        ? "proceed"
        : succeeded + failed === total
        ? succeeded > 0 ? "proceed" : "fail"
        : notYet(event),
    issue: () => isCount(n) ? undefined : mustBe(name, "the count", aCount),
    // something is enough
    least: 1,
    asksFor: () => n
  })
}
