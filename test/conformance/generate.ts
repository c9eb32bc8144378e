/**
 * Writes `vectors.json`: splits with what the reference join (`test/kit/model.ts`) says of them, in a form that any
 * language can read. `node test/conformance/generate.ts` writes the file; a test holds that it is what this would write.
 *
 * The corner cases are listed below. The others are drawn by a generator of 32-bit integers that is part of this file, so
 * that the vectors change only if this file or the model does.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as model from "../kit/model.ts"

// -----------------------------------------------------------------------------
// the format
// -----------------------------------------------------------------------------

/** What is left out is a finalizer of 0 that does not die, and a branch that can be interrupted. */
export interface Branch {
  readonly delay: number | null
  readonly end: "succeed" | "fail" | "die" | "interrupt-self"
  readonly finalizer?: number
  readonly finalizerDies?: boolean
  readonly interruptible?: boolean
}

export type Strategy =
  | { readonly kind: "all" | "all-fail-fast" | "any" | "partial-timeout" }
  | { readonly kind: "quorum" | "partial-results"; readonly n: number }
  | { readonly kind: "percentage"; readonly percent: number }

export type Losers =
  | { readonly kind: "interrupt" | "await" | "detach" }
  | { readonly kind: "grace"; readonly grace: number }

export interface Split {
  readonly branches: ReadonlyArray<Branch>
  readonly bulkhead: number | null
  readonly list: "static" | "dynamic" | "lazy"
  readonly losers: Losers
  readonly strategy: Strategy
  readonly timeout: number | null
}

export type Outcome = "succeeded" | "failed" | "interrupted" | "not-started" | "late" | "detached"

export interface Expectation {
  readonly decidedAt: number | null
  readonly endedAt: number | null
  readonly lateDefects: ReadonlyArray<number> | null
  readonly outcomes: ReadonlyArray<Outcome> | null
  readonly settled: ReadonlyArray<number> | null
  readonly starts: ReadonlyArray<number | null>
  readonly tally: model.Prediction["tally"] | null
  readonly timedOut: boolean
  readonly verdict: "satisfied" | "unsatisfiable" | "late" | "misconfigured" | "undecided"
}

export interface Vector {
  readonly expect: Expectation
  readonly id: string
  readonly or: Expectation | null
  readonly split: Split
  readonly tie: boolean
}

/** The file. `version` goes up when a vector would be read otherwise than before. */
export interface Vectors {
  readonly $schema: "./vectors.schema.json"
  readonly count: number
  readonly unit: "millisecond"
  readonly vectors: ReadonlyArray<Vector>
  readonly version: 1
}

// -----------------------------------------------------------------------------
// playing a split
// -----------------------------------------------------------------------------

const strategies = {
  "all": "All",
  "all-fail-fast": "AllFailFast",
  "any": "Any",
  "partial-timeout": "PartialTimeout",
  "quorum": "Quorum",
  "partial-results": "PartialResults",
  "percentage": "Percentage"
} as const

const ends = { "succeed": "Succeed", "fail": "Fail", "die": "Die", "interrupt-self": "InterruptSelf" } as const

const shapes = { static: "array", dynamic: "function", lazy: "iterable" } as const

const toStrategy = (strategy: Strategy): model.Strategy => {
  switch (strategy.kind) {
    case "quorum":
    case "partial-results":
      return { _tag: strategies[strategy.kind], n: strategy.n }
    case "percentage":
      return { _tag: "Percentage", hundredths: strategy.percent }
    default:
      return { _tag: strategies[strategy.kind] }
  }
}

/** The split as the model takes it, which knows nothing of policies for losers. */
export const toModel = (split: Split): model.Split => ({
  branches: split.branches.map((branch) => ({
    delay: branch.delay ?? Number.POSITIVE_INFINITY,
    end: ends[branch.end],
    cleanup: branch.finalizer ?? 0,
    cleanupDies: branch.finalizerDies ?? false,
    stubborn: branch.interruptible === false
  })),
  strategy: toStrategy(split.strategy),
  bulkhead: split.bulkhead ?? undefined,
  timeout: split.timeout ?? undefined,
  shape: shapes[split.list]
})

/** The numbers that sentence 9 of the guarantees refuses: the model takes sound ones for granted. */
const isUnsound = ({ bulkhead, strategy, timeout }: Split): boolean =>
  (bulkhead !== null && bulkhead < 1) ||
  (timeout !== null && timeout < 0) ||
  ("n" in strategy && strategy.n < 1) ||
  ("percent" in strategy && (strategy.percent < 1 || strategy.percent > 100))

const verdicts = {
  Proceed: "satisfied",
  JoinUnsatisfiedError: "unsatisfiable",
  JoinTimeoutError: "late",
  ConfigurationError: "misconfigured",
  Pending: "undecided"
} as const

const outcomes = {
  Succeeded: "succeeded",
  Failed: "failed",
  Interrupted: "interrupted",
  NotStarted: "not-started"
} as const

const withoutDecision = (
  verdict: "misconfigured" | "undecided",
  endedAt: number | null,
  starts: Expectation["starts"]
): Expectation => ({
  decidedAt: null,
  endedAt,
  lateDefects: null,
  outcomes: null,
  settled: null,
  starts,
  tally: null,
  timedOut: false,
  verdict
})

const predict = (split: Split): Expectation => {
  const none = split.branches.map(() => null)
  if (isUnsound(split)) return withoutDecision("misconfigured", 0, none)
  const prediction = model.predict(toModel(split))
  const verdict = verdicts[prediction.verdict]
  if (verdict === "misconfigured") return withoutDecision(verdict, 0, none)
  const startOf = new Map(prediction.started)
  const starts = split.branches.map((_, index) => startOf.get(index) ?? null)
  if (verdict === "undecided") return withoutDecision(verdict, null, starts)

  const endOf = (index: number): number => startOf.get(index)! + (split.branches[index]!.delay ?? Infinity)
  const decidedAt = prediction.timedOut ? split.timeout! : Math.max(0, ...prediction.settled.map(endOf))
  const losers = prediction.outcomes.flatMap((outcome, index) => outcome === "Interrupted" ? [index] : [])
  const after = afterDecision(split, prediction, decidedAt, losers, endOf)
  return {
    decidedAt,
    endedAt: after.endedAt,
    lateDefects: after.lateDefects,
    outcomes: prediction.outcomes.map((outcome, index) =>
      outcome === "Interrupted" ? after.loser(index) : outcomes[outcome]
    ),
    settled: prediction.settled,
    starts,
    tally: prediction.tally,
    timedOut: prediction.timedOut,
    verdict
  }
}

/** What becomes of losers: sentence 3 of the guarantees. The model interrupts them; the other policies are worked out. */
const afterDecision = (
  split: Split,
  prediction: model.Prediction,
  decidedAt: number,
  losers: ReadonlyArray<number>,
  endOf: (index: number) => number
): Pick<Expectation, "endedAt" | "lateDefects"> & { readonly loser: (index: number) => Outcome } => {
  const policy = split.losers
  const stopOf = (index: number): number => {
    const { finalizer = 0, interruptible = true } = split.branches[index]!
    return interruptible ? decidedAt + finalizer : endOf(index)
  }
  switch (policy.kind) {
    case "interrupt":
      return { endedAt: prediction.endedAt, lateDefects: prediction.diedLate, loser: () => "interrupted" }
    case "await":
      return {
        endedAt: Math.max(decidedAt, ...losers.map(endOf)),
        lateDefects: losers.filter((index) => split.branches[index]!.end === "die"),
        loser: () => "late"
      }
    case "detach":
      return { endedAt: decidedAt, lateDefects: [], loser: () => "detached" }
    case "grace": {
      const over = decidedAt + policy.grace
      const stops = (index: number) => stopOf(index) < over
      return {
        endedAt: losers.every(stops) ? prediction.endedAt : over,
        lateDefects: prediction.diedLate.filter(stops),
        loser: (index) => stops(index) ? "interrupted" : "detached"
      }
    }
  }
}

/** Whether two branches that wait end at one instant while the join is undecided: the order of their starts rules. */
const isTie = ({ branches }: Split, { decidedAt, starts }: Expectation): boolean => {
  const instants = starts.flatMap((start, index) => {
    const delay = branches[index]!.delay
    const at = start === null || delay === null || delay === 0 ? Infinity : start + delay
    return at <= (decidedAt ?? Number.MAX_SAFE_INTEGER) ? [at] : []
  })
  return new Set(instants).size < instants.length
}

/** What may happen as well if the deadline comes before the branch that ends at the same instant. */
const alternative = (split: Split, expect: Expectation): Expectation | null => {
  if (split.timeout === null || split.timeout <= 0) return null
  const late = predict({ ...split, timeout: split.timeout - 0.5 })
  const at = (time: number | null) => time === null ? null : Math.ceil(time)
  const or = { ...late, decidedAt: at(late.decidedAt), endedAt: at(late.endedAt) }
  return JSON.stringify(or) === JSON.stringify(expect) ? null : or
}

// -----------------------------------------------------------------------------
// corner cases
// -----------------------------------------------------------------------------

type Case = readonly [id: string, split: Partial<Split> & Pick<Split, "branches" | "strategy">]

const branch = (delay: number | null, end: Branch["end"] = "succeed", more: Partial<Branch> = {}): Branch => ({
  delay,
  end,
  ...more
})

const ok = (delay: number, more?: Partial<Branch>) => branch(delay, "succeed", more)
const bad = (delay: number, more?: Partial<Branch>) => branch(delay, "fail", more)
const hanging = (more?: Partial<Branch>) => branch(null, "succeed", more)

const all: Strategy = { kind: "all" }
const allFailFast: Strategy = { kind: "all-fail-fast" }
const any: Strategy = { kind: "any" }
const quorum = (n: number): Strategy => ({ kind: "quorum", n })
const percentage = (percent: number): Strategy => ({ kind: "percentage", percent })
const partialResults = (n: number): Strategy => ({ kind: "partial-results", n })
const partialTimeout: Strategy = { kind: "partial-timeout" }

/** One of each kind, for lists of about four branches. */
const seven = [all, allFailFast, any, quorum(2), percentage(50), partialResults(2), partialTimeout]

const deadlineOf = (strategy: Strategy, timeout: number): number | null =>
  strategy.kind === "partial-timeout" ? timeout : null

const lists = ["static", "dynamic", "lazy"] as const

const count = (n: number, f: (i: number) => Branch): ReadonlyArray<Branch> => Array.from({ length: n }, (_, i) => f(i))

/** Branches that end at 10, 20, 30 and so on. */
const staircase = (n: number, end: (i: number) => Branch["end"] = () => "succeed"): ReadonlyArray<Branch> =>
  count(n, (i) => branch((i + 1) * 10, end(i)))

/** A percentage, and of how many branches. The binary values of 0.28 · 25 and 0.56 · 25 lie above 7 and 14. */
const shares = [
  [1, 1],
  [1, 8],
  [33, 3],
  [34, 3],
  [50, 3],
  [50, 4],
  [66, 3],
  [67, 3],
  [75, 4],
  [76, 4],
  [99, 5],
  [100, 5],
  [28, 25],
  [56, 25]
] as const

const schedule = [ok(30), bad(10), ok(25), ok(40, { finalizer: 100 }), branch(50, "die")]

const corners: ReadonlyArray<Case> = [
  // no branches
  ...seven.flatMap((strategy) =>
    lists.map((list): Case => [
      `${strategy.kind}/no-branches/${list}`,
      { branches: [], strategy, list, timeout: deadlineOf(strategy, 50) }
    ])
  ),
  // one branch, by its end
  ...seven.flatMap((strategy) =>
    (["succeed", "fail", "die", "interrupt-self"] as const).map((end): Case => [
      `${strategy.kind}/one-branch/${end}`,
      {
        branches: [branch(10, end)],
        strategy: "n" in strategy ? { ...strategy, n: 1 } : strategy,
        timeout: deadlineOf(strategy, 50)
      }
    ])
  ),
  // the same five branches under every strategy
  ...seven.flatMap((strategy): ReadonlyArray<Case> => {
    const split = { branches: schedule, strategy, timeout: deadlineOf(strategy, 33) }
    return [
      [`${strategy.kind}/five/unbounded`, split],
      [`${strategy.kind}/five/lazy`, { ...split, list: "lazy" }],
      [`${strategy.kind}/five/bulkhead-2`, { ...split, bulkhead: 2 }],
      [`${strategy.kind}/five/bulkhead-1-lazy`, { ...split, bulkhead: 1, list: "lazy" }]
    ]
  }),
  // a branch that never ends
  ...seven.flatMap((strategy): ReadonlyArray<Case> => {
    const branches = [bad(10), hanging({ finalizer: 100 }), ok(20)]
    return [
      [`${strategy.kind}/hanging/no-timeout`, { branches, strategy }],
      [`${strategy.kind}/hanging/timeout`, { branches, strategy, timeout: 45 }]
    ]
  }),
  ["all-fail-fast/hanging/after-a-success", { branches: [ok(10), hanging()], strategy: allFailFast }],
  ["any/hanging/after-a-failure", { branches: [bad(10), hanging()], strategy: any }],
  // without waiting
  ...seven.flatMap((strategy): ReadonlyArray<Case> => {
    const timeout = deadlineOf(strategy, 50)
    return [
      [`${strategy.kind}/synchronous/successes`, { branches: [ok(0), ok(0), ok(0), ok(10)], strategy, timeout }],
      [`${strategy.kind}/synchronous/failures`, {
        branches: [bad(0), branch(0, "die"), branch(0, "interrupt-self")],
        strategy,
        timeout
      }],
      [`${strategy.kind}/synchronous/behind-a-bulkhead`, {
        branches: [ok(10), bad(0), ok(0), bad(0), ok(0)],
        strategy,
        timeout,
        bulkhead: 1
      }]
    ]
  }),
  // counts at their bounds, and beyond
  ...([["quorum", quorum], ["partial-results", partialResults]] as const).flatMap(([kind, of]) =>
    [0, 1, 3, 4].flatMap((n) =>
      lists.map((list): Case => [`${kind}/n-${n}-of-3/${list}`, { branches: staircase(3), strategy: of(n), list }])
    )
  ),
  ["quorum/as-many-failures-as-it-bears", { branches: [bad(10), bad(20), ok(30), ok(40)], strategy: quorum(2) }],
  ["quorum/one-failure-too-many", { branches: [bad(10), bad(20), bad(30), ok(40)], strategy: quorum(2) }],
  ["quorum/decided-before-the-failures", { branches: [ok(10), ok(20), bad(30), bad(40)], strategy: quorum(2) }],
  ["quorum/beyond-a-lazy-list-behind-a-bulkhead", {
    branches: [ok(10), bad(0), ok(20)],
    strategy: quorum(3),
    list: "lazy",
    bulkhead: 1
  }],
  ["partial-results/failures-count", { branches: [bad(10), branch(20, "die"), ok(30)], strategy: partialResults(2) }],
  ["partial-results/beyond-a-lazy-list-behind-a-bulkhead", {
    branches: [ok(10), bad(20)],
    strategy: partialResults(3),
    list: "lazy",
    bulkhead: 1
  }],
  ["any/last-one-succeeds", { branches: [bad(10), bad(20), ok(30)], strategy: any }],
  ["any/all-fail", { branches: [bad(30), branch(20, "die"), branch(10, "interrupt-self")], strategy: any }],
  ["all/failure-first-runs-the-queue", { branches: [bad(10), ok(20), ok(30)], strategy: all, bulkhead: 1 }],
  ["all-fail-fast/failure-leaves-the-queue", {
    branches: [bad(10), ok(20), ok(30)],
    strategy: allFailFast,
    bulkhead: 1
  }],
  // percentages
  ...[0, 101].map((percent): Case => [
    `percentage/${percent}-percent`,
    { branches: staircase(2), strategy: percentage(percent) }
  ]),
  ...shares.flatMap(([percent, total]): ReadonlyArray<Case> => {
    const spare = total - model.percentageOf(percent, total)
    const strategy = percentage(percent)
    const name = `percentage/${percent}-of-${total}`
    const few = { branches: staircase(total, (i) => i <= spare ? "fail" : "succeed"), strategy }
    // of the long ones one is enough
    if (total > 8) return [[`${name}/enough-successes`, { branches: staircase(total), strategy }]]
    return [
      [`${name}/enough-successes`, { branches: staircase(total), strategy }],
      ...(spare === 0
        ? []
        : [
          [`${name}/as-many-failures-as-it-bears`, {
            branches: staircase(total, (i) => i < spare ? "fail" : "succeed"),
            strategy
          }] as const
        ]),
      [`${name}/one-failure-too-many`, few]
    ]
  }),
  ["percentage/open-until-a-lazy-list-ends", {
    branches: [ok(10), ok(20), ok(30), bad(40)],
    strategy: percentage(50),
    list: "lazy",
    bulkhead: 1
  }],
  ["percentage/missed-when-a-lazy-list-ends", {
    branches: [bad(10), bad(20), ok(30)],
    strategy: percentage(50),
    list: "lazy",
    bulkhead: 1
  }],
  // a deadline one before, at and one after the end of the branch that decides
  ...seven.flatMap((strategy) =>
    [-1, 0, 1].map((offset): Case => {
      const branches = strategy.kind === "any" || strategy.kind === "quorum" || strategy.kind === "percentage"
        ? [bad(10), ok(strategy.kind === "any" ? 40 : 20), ok(30), ok(50)]
        : strategy.kind === "partial-results"
        ? [bad(10), ok(30), ok(50)]
        : strategy.kind === "all-fail-fast"
        ? [ok(10), bad(30), ok(50)]
        : [ok(10), bad(20), ok(30)]
      const side = offset < 0 ? "before" : offset > 0 ? "after" : "at"
      return [`${strategy.kind}/deadline-${side}-the-decision`, { branches, strategy, timeout: 30 + offset }]
    })
  ),
  ...([[9, "before"], [10, "at"], [11, "after"]] as const).map(([timeout, side]): Case => [
    `partial-timeout/deadline-${side}-the-first-end`,
    { branches: [bad(10), ok(20, { finalizer: 100 })], strategy: partialTimeout, timeout }
  ]),
  ["partial-timeout/no-timeout", { branches: [ok(10)], strategy: partialTimeout }],
  ["partial-timeout/negative-timeout", { branches: [ok(10)], strategy: partialTimeout, timeout: -1 }],
  ["any/negative-timeout", { branches: [ok(10)], strategy: any, timeout: -1 }],
  ["any/shortest-timeout", { branches: [ok(10)], strategy: any, timeout: 1 }],
  ["any/deadline-while-losers-end", {
    branches: [ok(10), ok(50, { finalizer: 100 })],
    strategy: any,
    timeout: 15
  }],
  ["all/time-in-the-queue-counts", { branches: [ok(20), ok(20), ok(20)], strategy: all, bulkhead: 1, timeout: 45 }],
  ["partial-timeout/time-in-the-queue-counts", {
    branches: [ok(20), ok(20), ok(20), ok(20)],
    strategy: partialTimeout,
    bulkhead: 1,
    timeout: 45
  }],
  ["partial-timeout/lazy-list-left-early", {
    branches: [ok(20), ok(20), ok(20), ok(20)],
    strategy: partialTimeout,
    bulkhead: 1,
    list: "lazy",
    timeout: 45
  }],
  // bulkheads
  ...[0, 1, 2, 3, 4, 5].map((bulkhead): Case => [
    `all/bulkhead-${bulkhead}-of-4`,
    { branches: [ok(40), ok(10), ok(20), ok(5)], strategy: all, bulkhead }
  ]),
  ["all-fail-fast/bulkhead-0", { branches: [bad(0)], strategy: allFailFast, bulkhead: 0, list: "lazy" }],
  ["any/bulkhead-queue-never-starts", { branches: [bad(10), ok(20), ok(30), ok(40)], strategy: any, bulkhead: 2 }],
  ["any/bulkhead-lazy-queue-is-not-counted", {
    branches: [bad(10), ok(20), ok(30), ok(40)],
    strategy: any,
    bulkhead: 2,
    list: "lazy"
  }],
  ["quorum/bulkhead-hanging-branch-keeps-its-place", {
    branches: [hanging(), ok(10), bad(20), ok(30), ok(40)],
    strategy: quorum(2),
    bulkhead: 2
  }],
  ["all/bulkhead-full-of-hanging-branches", {
    branches: [hanging(), ok(10), hanging(), ok(20)],
    strategy: all,
    bulkhead: 2
  }],
  // losers
  ["any/finalizers-are-awaited", {
    branches: [ok(10), ok(20, { finalizer: 100 }), ok(30, { finalizer: 300 })],
    strategy: any
  }],
  ["any/finalizer-dies", {
    branches: [ok(10), ok(20, { finalizer: 50, finalizerDies: true }), ok(30, { finalizerDies: true })],
    strategy: any
  }],
  ["all-fail-fast/finalizer-dies", {
    branches: [ok(20, { finalizer: 50, finalizerDies: true }), bad(10)],
    strategy: allFailFast
  }],
  ["partial-timeout/finalizer-dies", {
    branches: [ok(10), ok(90, { finalizer: 50, finalizerDies: true })],
    strategy: partialTimeout,
    timeout: 35
  }],
  ["all/finalizer-dies-after-the-deadline", {
    branches: [ok(10), hanging({ finalizer: 50, finalizerDies: true })],
    strategy: all,
    timeout: 35
  }],
  ...(["succeed", "fail", "die", "interrupt-self"] as const).flatMap((end): ReadonlyArray<Case> => {
    const uninterruptible = branch(200, end, { interruptible: false })
    return [
      [`any/uninterruptible-loser/${end}`, { branches: [uninterruptible, ok(10)], strategy: any }],
      [`partial-timeout/uninterruptible-loser/${end}`, {
        branches: [uninterruptible, ok(10)],
        strategy: partialTimeout,
        timeout: 35
      }],
      [`all/uninterruptible-branch/${end}`, { branches: [uninterruptible, ok(10)], strategy: all }]
    ]
  }),
  ["quorum/uninterruptible-loser-ends-before-a-finalizer", {
    branches: [ok(10), ok(20), ok(60, { interruptible: false }), hanging({ finalizer: 100 })],
    strategy: quorum(2)
  }],
  // the end of a branch that decides nothing
  ...(["die", "interrupt-self"] as const).flatMap((end): ReadonlyArray<Case> => [
    [`all/${end}-is-a-failure`, { branches: [branch(10, end), ok(20)], strategy: all }],
    [`all-fail-fast/${end}-is-a-failure`, { branches: [branch(10, end), ok(20)], strategy: allFailFast }],
    [`any/${end}-is-passed-over`, { branches: [branch(10, end), ok(20)], strategy: any }],
    [`quorum/${end}-is-passed-over`, { branches: [branch(10, end), ok(20), ok(30)], strategy: quorum(2) }],
    [`partial-results/${end}-counts`, { branches: [branch(10, end), ok(20)], strategy: partialResults(1) }],
    [`partial-timeout/${end}-counts`, {
      branches: [branch(10, end), ok(90)],
      strategy: partialTimeout,
      timeout: 35
    }]
  ]),
  // two ends at one instant: the first to have started is the first to end
  ["any/tie-of-success-and-failure", { branches: [ok(10), bad(10)], strategy: any }],
  ["any/tie-of-two-successes", { branches: [ok(10), ok(10)], strategy: any }],
  ["all-fail-fast/tie-of-success-and-failure", { branches: [ok(10), bad(10), ok(10)], strategy: allFailFast }],
  ["all/tie-of-all", { branches: [ok(10), bad(10), ok(10)], strategy: all }],
  ["quorum/tie-across-a-bulkhead", {
    branches: [ok(20), bad(10), ok(10), ok(30)],
    strategy: quorum(2),
    bulkhead: 2
  }],
  ["partial-results/tie-with-a-synchronous-branch-between", {
    branches: [ok(10), ok(10), bad(0), ok(0)],
    strategy: partialResults(3),
    bulkhead: 2
  }]
]

/** What becomes of losers, under each policy: the same splits again. */
const policies: ReadonlyArray<Case> = ([
  ["any/two-losers", {
    branches: [ok(10), ok(40, { finalizer: 100 }), branch(60, "die", { finalizer: 20 })],
    strategy: any
  }],
  ["any/no-loser", { branches: [bad(10), ok(20)], strategy: any }],
  ["all-fail-fast/queue", {
    branches: [ok(40), bad(10), ok(20), ok(30)],
    strategy: allFailFast,
    bulkhead: 2
  }],
  ["quorum/uninterruptible", {
    branches: [ok(10), ok(20), branch(200, "die", { interruptible: false }), ok(50)],
    strategy: quorum(2)
  }],
  ["partial-timeout/deadline", {
    branches: [ok(10), bad(50, { finalizer: 20, finalizerDies: true }), ok(90, { finalizer: 200 })],
    strategy: partialTimeout,
    timeout: 35
  }],
  ["all/deadline", { branches: [ok(10), ok(90, { finalizer: 100 })], strategy: all, timeout: 35 }]
] as ReadonlyArray<Case>).flatMap(([id, split]) =>
  ([{ kind: "await" }, { kind: "detach" }, { kind: "grace", grace: 53 }] as const).map((losers): Case => [
    `losers-${losers.kind}/${id}`,
    { ...split, losers }
  ])
)

// -----------------------------------------------------------------------------
// random cases
// -----------------------------------------------------------------------------

/** Integers from 0 to `n` - 1: the generator mulberry32, whose state is the seed. */
const makeRandom = (seed: number) => {
  let state = seed >>> 0
  return (n: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

const randoms = (seed: number, perStrategy: number): ReadonlyArray<Case> => {
  const random = makeRandom(seed)
  const pick = <A>(values: ReadonlyArray<A>): A => values[random(values.length)]!
  const endings = ["succeed", "succeed", "succeed", "fail", "fail", "die", "interrupt-self"] as const

  const randomBranch = (delays: Array<number>): Branch => {
    // drawn without replacement, so that ties are rare
    const [delay] = delays.splice(random(delays.length), 1)
    const end = pick(endings)
    if (delay === 0) return branch(0, end)
    if (random(5) === 0) return branch(delay!, end, { interruptible: false })
    return branch(random(14) === 0 ? null : delay!, end, {
      ...pick([{}, {}, { finalizer: 100 }, { finalizer: 200 }]),
      ...(random(4) === 0 ? { finalizerDies: true } : {})
    })
  }
  const randomSplit = (kind: Strategy["kind"]): Case[1] => {
    const delays = [0, 0, ...Array.from({ length: 12 }, (_, i) => (i + 1) * 10)]
    const branches = Array.from({ length: 2 + random(5) }, () => randomBranch(delays))
    const n = 1 + random(branches.length)
    const strategy: Strategy = kind === "quorum" || kind === "partial-results"
      ? { kind, n }
      : kind === "percentage"
      ? { kind, percent: 1 + random(100) }
      : { kind }
    return {
      branches,
      strategy,
      bulkhead: pick([null, null, 1, 2, 3, 4]),
      list: pick(lists),
      // between the ends of branches
      timeout: kind === "partial-timeout" || random(2) === 0 ? random(16) * 10 + 5 : null
    }
  }
  return (Object.keys(strategies) as Array<Strategy["kind"]>).flatMap((kind) =>
    Array.from(
      { length: perStrategy },
      (_, i): Case => [`${kind}/random/${String(i + 1).padStart(2, "0")}`, randomSplit(kind)]
    )
  )
}

// -----------------------------------------------------------------------------
// the file
// -----------------------------------------------------------------------------

const toVector = ([id, given]: Case): Vector => {
  const split: Split = { bulkhead: null, list: "static", losers: { kind: "interrupt" }, timeout: null, ...given }
  const expect = predict(split)
  return { expect, id, or: alternative(split, expect), split, tie: isTie(split, expect) }
}

const compact = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(compact)
    : typeof value === "object" && value !== null
    ? Object.fromEntries(
      Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, value]) => [key, compact(value)])
    )
    : value

/** The text of the file: keys in order, one vector on a line. */
export const render = ({ vectors, ...head }: Vectors): string => {
  const fields = Object.entries({ ...head, vectors: undefined })
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, value]) =>
      key === "vectors"
        ? `  "vectors": [\n${vectors.map((vector) => `    ${JSON.stringify(compact(vector))}`).join(",\n")}\n  ]`
        : `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`
    )
  return `{\n${fields.join(",\n")}\n}\n`
}

export const generate = (): Vectors => {
  const vectors = [...corners, ...policies, ...randoms(20_250_101, 12)].map(toVector)
  return { $schema: "./vectors.schema.json", count: vectors.length, unit: "millisecond", vectors, version: 1 }
}

export const file = join(import.meta.dirname, "vectors.json")

if (import.meta.main) writeFileSync(file, render(generate()))
