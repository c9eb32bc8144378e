/**
 * Laws of open strategies: the seven are instances of what `make` makes, and what is made of names and weights agrees with
 * its meaning worked out on paper.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect } from "effect"
import { JoinStrategy, type SplitResult } from "effect-cano"
import {
  int,
  type model,
  observe,
  oneOf,
  optional,
  type Runner,
  runs,
  same,
  some,
  soundSplit,
  standalone
} from "../kit/index.ts"

interface Counts {
  readonly succeeded: number
  readonly failed: number
}

/** A strategy of the seven, said again as a fold of its own, without `decide` and `required`. */
const again = (self: JoinStrategy.JoinStrategy): JoinStrategy.Custom<unknown, unknown> => {
  const { _tag, n } = self
  return JoinStrategy.make<unknown, unknown, Counts>({
    name: `again(${JoinStrategy.format(self)})`,
    initial: () => ({ succeeded: 0, failed: 0 }),
    onOutcome: ({ failed, succeeded }, outcome) =>
      outcome._tag === "Succeeded" ? { succeeded: succeeded + 1, failed } : { succeeded, failed: failed + 1 },
    decide: ({ failed, succeeded }, { total }, event) => {
      const settled = succeeded + failed
      const atDeadline = event === "deadline"
      const needed = _tag === "Any"
        ? 1
        : _tag === "Percentage"
        ? Math.max(1, Math.ceil(Math.round(total * n * 100) / 100))
        : n
      switch (_tag) {
        case "All":
          return settled < total ? "continue" : failed === 0 ? "proceed" : { fail: "not all" }
        case "AllFailFast":
          return failed > 0 ? { fail: "one failed" } : settled === total ? "proceed" : "continue"
        case "PartialResults":
          return settled >= n ? "proceed" : settled === total ? "fail" : "continue"
        case "PartialTimeout":
          return settled === total || (atDeadline && settled > 0) ? "proceed" : "continue"
        default:
          if (total === Number.POSITIVE_INFINITY && _tag === "Percentage") return "continue"
          return succeeded >= needed ? "proceed" : succeeded + (total - settled) < needed ? "fail" : "continue"
      }
    }
  })
}

/** Runs a split by another strategy than its own. */
const by = (change: (self: JoinStrategy.Counting) => JoinStrategy.JoinStrategy): Runner => (branches, options) =>
  standalone(branches, { ...options, strategy: change(options.strategy as JoinStrategy.Counting) })

const equal = (split: model.Split, change: (self: JoinStrategy.Counting) => JoinStrategy.JoinStrategy) =>
  Effect.gen(function*() {
    same(yield* observe(split, by(change)), yield* observe(split))
  })

const withStrategy = (split: model.Split, strategy: model.Strategy): model.Split => ({ ...split, strategy })

/** A strategy of names knows them from the start, where a count does not know how many a lazy list will have. */
const known = (split: model.Split): model.Split => ({
  ...split,
  shape: split.shape === "iterable" || split.shape === "generator" ? "array" : split.shape
})

const namesOf = (split: model.Split): ReadonlyArray<string> =>
  split.branches.map((_, index) => split.shape === "record" ? `b${index}` : String(index))

describe("the seven strategies", () => {
  it.effect.prop(
    "are what `make` makes of a fold over counts",
    { split: soundSplit },
    ({ split }) => equal(split, again),
    runs(250)
  )

  it.effect.prop(
    "are their own reducers",
    { split: soundSplit },
    ({ split }) => equal(split, (self) => JoinStrategy.make(JoinStrategy.reducer(self))),
    runs(150)
  )

  it.effect.prop(
    "accept every value, where every value is accepted",
    { split: soundSplit },
    ({ split }) => equal(split, (self) => JoinStrategy.accept(self, () => true)),
    runs(150)
  )

  it.effect.prop(
    "reject nothing, where nothing is rejected",
    { split: soundSplit },
    ({ split }) => equal(split, (self) => JoinStrategy.reject(self, () => false)),
    runs(150)
  )

  it.effect.prop(
    "have no optional branches, where none is named",
    { split: soundSplit },
    ({ split }) => equal(split, (self) => JoinStrategy.optional(self, [])),
    runs(150)
  )
})

describe("an open strategy that is one of the seven", () => {
  const count = (split: model.Split): number => Math.max(1, Math.ceil(split.branches.length / 2))
  const equations: ReadonlyArray<
    readonly [
      name: string,
      strategy: (split: model.Split) => model.Strategy,
      open: (split: model.Split) => JoinStrategy.JoinStrategy
    ]
  > = [
    [
      "tolerate no failure is allFailFast",
      () => ({ _tag: "AllFailFast" }),
      () => JoinStrategy.tolerate({ maxFailures: 0 })
    ],
    [
      "tolerate a rate of 0 is allFailFast",
      () => ({ _tag: "AllFailFast" }),
      () => JoinStrategy.tolerate({ maxFailureRate: 0 })
    ],
    [
      "weights of 1 are a quorum",
      (split) => ({ _tag: "Quorum", n: count(split) }),
      (split) => JoinStrategy.weighted(Object.fromEntries(namesOf(split).map((name) => [name, 1])), count(split))
    ],
    [
      "atLeast n of all branches is a quorum",
      (split) => ({ _tag: "Quorum", n: count(split) }),
      (split) => JoinStrategy.atLeast(count(split), ...namesOf(split))
    ],
    ["anyOf all branches is any", () => ({ _tag: "Any" }), (split) => JoinStrategy.anyOf(...namesOf(split))],
    [
      "allOf all branches is allFailFast",
      () => ({ _tag: "AllFailFast" }),
      (split) => JoinStrategy.allOf(...namesOf(split))
    ],
    [
      "until n have settled is partialResults",
      (split) => ({ _tag: "PartialResults", n: count(split) }),
      (split) => JoinStrategy.until((settled) => settled.length >= count(split))
    ],
    [
      "an agreement of all values on a constant is a quorum",
      (split) => ({ _tag: "Quorum", n: count(split) }),
      (split) => JoinStrategy.agreement(count(split), () => "the same")
    ]
  ]
  for (const [name, strategy, open] of equations) {
    it.effect.prop(
      name,
      { split: soundSplit },
      ({ split }) => equal(withStrategy(known(split), strategy(split)), () => open(split)),
      runs(120)
    )
  }
})

// -----------------------------------------------------------------------------
// names and weights, on paper
// -----------------------------------------------------------------------------

type Expression = string | { readonly needed: number; readonly of: ReadonlyArray<Expression> }

const names = ["a", "b", "c", "d", "e"]

const leaf: Arbitrary.Arbitrary<Expression> = oneOf(names)

const node = (part: Arbitrary.Arbitrary<Expression>): Arbitrary.Arbitrary<Expression> =>
  Arbitrary.map(
    Arbitrary.all({ of: some(part, 1), needed: int(1, 4) }),
    ({ needed, of }) => ({ needed: Math.min(needed, of.length), of })
  )

const expression = node(Arbitrary.map(
  Arbitrary.all({ inner: optional(node(leaf)), leaf }),
  ({ inner, leaf }): Expression => inner ?? leaf
))

const toRequirement = (self: Expression): string | JoinStrategy.Requirement =>
  typeof self === "string" ? self : JoinStrategy.atLeast(self.needed, ...self.of.map(toRequirement))

/** Whether it holds if just these branches succeed. */
const holds = (self: Expression, succeeded: ReadonlySet<string>): boolean =>
  typeof self === "string"
    ? succeeded.has(self)
    : self.of.filter((part) => holds(part, succeeded)).length >= self.needed

const ends = Arbitrary.all({
  order: Arbitrary.map(some(int(0, 4), 5), (picks) => [...new Set([...picks, 0, 1, 2, 3, 4])].map((i) => names[i]!)),
  succeeds: some(oneOf([true, false]), 5)
})

const outcome = (name: string, succeeded: boolean): SplitResult.Outcome.Settled<unknown, unknown> =>
  succeeded
    ? { _tag: "Succeeded", index: names.indexOf(name), name, value: name }
    : { _tag: "Failed", index: names.indexOf(name), name, cause: { reasons: [] } as never }

/** What a strategy says after each of the ends. */
const verdicts = (self: JoinStrategy.JoinStrategy, order: ReadonlyArray<string>, good: ReadonlySet<string>) => {
  const { decide, initial, onOutcome } = JoinStrategy.reducer(self)
  let state: unknown = initial()
  let succeeded = 0
  return order.map((name, i) => {
    state = onOutcome(state, outcome(name, good.has(name)))
    if (good.has(name)) succeeded++
    const tally = { total: order.length, succeeded, failed: i + 1 - succeeded, interrupted: 0, notStarted: 0 }
    const verdict = decide(state, tally, "settled")
    return typeof verdict === "object" ? "fail" : verdict
  })
}

describe("the decision over names and weights", () => {
  const cases = { expression, ends }
  const good = (order: ReadonlyArray<string>, succeeds: ReadonlyArray<boolean>) =>
    new Set(order.filter((_, i) => succeeds[i] === true))

  it.prop(
    "of a requirement comes as soon as it holds, or can no longer, and not before",
    cases,
    ({ ends, expression }) => {
      const { order, succeeds } = ends
      const succeeded = good(order, succeeds)
      const expected = order.map((_, i) => {
        const now = new Set(order.slice(0, i + 1).filter((name) => succeeded.has(name)))
        const atBest = new Set([...now, ...order.slice(i + 1)])
        return holds(expression, now) ? "proceed" : holds(expression, atBest) ? "continue" : "fail"
      })
      const strategy = toRequirement(expression)
      assert.deepStrictEqual(
        verdicts(typeof strategy === "string" ? JoinStrategy.allOf(strategy) : strategy, order, succeeded),
        expected
      )
    },
    runs(500)
  )

  it.prop("of weights comes as soon as the threshold is reached, or can no longer be", {
    ends,
    weights: some(int(0, 9), 5),
    share: int(1, 100)
  }, ({ ends, share, weights }) => {
    const { order, succeeds } = ends
    const succeeded = good(order, succeeds)
    // tenths, which binary fractions do not have
    const weight = Object.fromEntries(names.map((name, i) => [name, (weights[i] ?? 1) / 10]))
    const tenths = (set: ReadonlyArray<string>) => set.reduce((sum, name) => sum + Math.round(weight[name]! * 10), 0)
    const threshold = Math.max(1, Math.ceil(tenths(names) * share / 100))
    const expected = order.map((_, i) => {
      const now = tenths(order.slice(0, i + 1).filter((name) => succeeded.has(name)))
      return now >= threshold
        ? "proceed"
        : now + tenths(order.slice(i + 1)) < threshold
        ? "fail"
        : i === 4
        ? "fail"
        : "continue"
    })
    assert.deepStrictEqual(verdicts(JoinStrategy.weighted(weight, threshold / 10), order, succeeded), expected)
  }, runs(500))
})
