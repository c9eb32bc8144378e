/**
 * What the library is meant to cost, and whether a run of the benchmarks says so. A goal holds when each of its
 * measurements does. What misses its goal is on record, in `missed.json`, until it meets it: the guard fails where a
 * measurement is worse than both.
 */
import { readFileSync, writeFileSync } from "node:fs"
import type { Measurement } from "./harness.ts"
import { branchesOf, table } from "./harness.ts"

interface Goal {
  readonly number: string
  readonly work: string
  readonly against: string
  /** The ratio may be this at most; or at least, where the peer is the slower one. */
  readonly limit: number
  readonly least?: boolean
  /** What the guard forgives: more than the noise of a quick run. */
  readonly slack?: number
  readonly of: (measurement: Measurement) => boolean
}

const usualSlack = 1.3
/** Of what is counted, not timed. */
const littleSlack = 1.1
/** Of milliseconds, for which there is no control. */
const muchSlack = 1.6

const ratio = (name: RegExp, variant: string, base: string) => (measurement: Measurement): boolean =>
  name.test(measurement.name) && measurement.variant === variant && measurement.base === base

const goals: ReadonlyArray<Goal> = [
  {
    number: "1",
    work: "`all`, async, n = 3 to 10,000",
    against: "raw `Effect.forEach`",
    limit: 1.2,
    of: (m) => ratio(/^async/, "Split.run", "forEach")(m) && branchesOf(m.name) <= 10_000
  },
  {
    number: "2",
    work: "`all`, sync, n = 3",
    against: "`forEach` that collects exits",
    limit: 1.6,
    of: ratio(/^sync n=3\b/, "Split.run", "forEach exits")
  },
  {
    number: "2",
    work: "`all`, sync, n = 10 to 10,000",
    against: "`forEach` that collects exits",
    limit: 1,
    of: (m) =>
      ratio(/^sync/, "Split.run", "forEach exits")(m) && branchesOf(m.name) >= 10 && branchesOf(m.name) <= 10_000
  },
  {
    number: "3",
    work: "`all`, io, n = 3 to 1,000",
    against: "`Promise.all`",
    limit: 1.1,
    of: ratio(/^io/, "Split.run", "Promise.all")
  },
  {
    number: "4",
    work: "`any`, async, n = 3 to 1,000",
    against: "`Effect.raceAll`",
    limit: 1,
    of: ratio(/^any/, "Split.run", "raceAll")
  },
  {
    number: "4",
    work: "`any`, async, n = 3 to 1,000",
    against: "hand-written: `Ref`, `Deferred`",
    limit: 0.6,
    of: ratio(/^any/, "Split.run", "hand-written")
  },
  {
    number: "4",
    work: "`quorum`, async, n = 3 to 1,000",
    against: "hand-written: `Ref`, `Deferred`",
    limit: 0.6,
    of: ratio(/^quorum/, "Split.run", "hand-written")
  },
  {
    number: "4",
    work: "`partialResults`, async, n = 3 to 1,000",
    against: "hand-written: `Queue`",
    limit: 0.6,
    of: ratio(/^partialResults/, "Split.run", "hand-written")
  },
  {
    number: "6",
    work: "bulkhead 8, async, n = 100 to 10,000",
    against: "`forEach` concurrency 8",
    limit: 1.5,
    of: ratio(/^async/, "Split.run 8", "forEach 8")
  },
  {
    number: "6",
    work: "bulkhead 8, async, n = 100, 1,000",
    against: "p-map concurrency 8",
    limit: 1.5,
    of: (m) => ratio(/^async/, "Split.run 8", "p-map 8")(m) && branchesOf(m.name) <= 1000
  },
  {
    number: "6",
    work: "bulkhead 8, async, n = 10,000",
    against: "p-map concurrency 8",
    limit: 2,
    of: (m) => ratio(/^async/, "Split.run 8", "p-map 8")(m) && branchesOf(m.name) > 1000
  },
  {
    number: "6",
    work: "ten splits of 10,000 on a shared bulkhead of 8",
    against: "one `forEach` of all branches",
    limit: 1.5,
    of: ratio(/^shared, ten of n=10000\b/, "ten splits", "forEach 8")
  },
  {
    number: "7",
    work: "decision → all losers finalized, n = 10 to 10,000",
    against: "`Effect.raceAll`",
    limit: 1,
    of: ratio(/^(plain|sync finalizer|async finalizer) n=/, "Split.run", "raceAll")
  },
  {
    number: "8",
    work: "a run of one state",
    against: "hand-written loop",
    limit: 2.5,
    of: ratio(/^one state(, built)?$/, "machine", "hand-written")
  },
  {
    number: "8",
    work: "the same with a time limit",
    against: "`Effect.timeout` around it",
    limit: 2,
    of: ratio(/^one state, withTimeout/, "machine", "hand-written")
  },
  {
    number: "8",
    work: "the same with a resource",
    against: "`Effect.provide` of its Layer",
    limit: 1.5,
    of: ratio(/^one state, withResources/, "machine", "hand-written")
  },
  {
    number: "8",
    work: "chain of 200 states",
    against: "hand-written loop",
    limit: 1.2,
    of: ratio(/^200 states$/, "machine", "hand-written")
  },
  {
    number: "8",
    work: "chain of 200 states, with payload",
    against: "hand-written loop",
    limit: 1.3,
    of: ratio(/^200 states, with/, "machine", "hand-written")
  },
  {
    number: "9",
    work: "one transition",
    against: "XState `actor.send`, times slower",
    limit: 15,
    least: true,
    of: ratio(/loop/, "XState", "machine")
  },
  {
    number: "10",
    work: "whole workflow, async, n = 3 to 100",
    against: "the same by hand",
    limit: 1.15,
    of: ratio(/^async n=/, "machine", "hand-written")
  },
  {
    number: "10",
    work: "whole workflow, sync, n = 3",
    against: "the same by hand",
    limit: 2,
    of: ratio(/^sync n=3\b/, "machine", "hand-written")
  },
  {
    number: "10",
    work: "whole workflow, sync, n = 10, 100",
    against: "the same by hand",
    limit: 1.3,
    of: (m) => ratio(/^sync n=/, "machine", "hand-written")(m) && branchesOf(m.name) >= 10
  },
  {
    number: "11",
    work: "heap of a branch that sleeps",
    against: "`Effect.forEach`",
    limit: 1.1,
    slack: littleSlack,
    of: ratio(/^heap, sleeping/, "Split.run", "forEach")
  },
  {
    number: "11",
    work: "heap of a branch behind a promise",
    against: "`Effect.forEach`",
    limit: 1.1,
    slack: littleSlack,
    of: ratio(/^heap, behind/, "Split.run", "forEach")
  },
  {
    number: "11",
    work: "heap of a queued branch",
    against: "bytes",
    limit: 32,
    slack: littleSlack,
    of: ratio(/^heap, queued/, "Split.run 8", "bytes")
  },
  {
    number: "12",
    work: "growth from 1,000 to 100,000 branches",
    against: "the growth of `forEach`",
    limit: 1.15,
    of: (m) => ratio(/^growth/, "Split.run", "forEach")(m) && !m.name.includes("bulkhead")
  },
  {
    number: "12",
    work: "the same behind a bulkhead of 8",
    against: "the growth of `forEach`",
    limit: 1.15,
    slack: muchSlack,
    of: ratio(/^growth.*bulkhead/, "Split.run", "forEach")
  },
  {
    number: "13",
    work: "event-loop lag, 100,000 async branches",
    against: "ms",
    limit: 25,
    slack: muchSlack,
    of: ratio(/^lag, async/, "Split.run", "ms")
  },
  {
    number: "13",
    work: "event-loop lag, 100,000 sleeping branches",
    against: "ms",
    limit: 25,
    slack: muchSlack,
    of: ratio(/^lag, sleeping/, "Split.run", "ms")
  },
  {
    number: "14",
    work: "1,000,000 lazy branches behind 64, `discard`",
    against: "MB of heap growth",
    limit: 64,
    slack: littleSlack,
    of: ratio(/^a million/, "Split.run", "MB")
  },
  {
    number: "15",
    work: "importing the package",
    against: "the Effect modules it uses",
    limit: 1.05,
    of: ratio(/^start-up/, "effect-cano", "Effect modules")
  },
  {
    number: "16",
    work: "durable: a visit, with fsync",
    against: "the same rows by hand",
    limit: 1.5,
    of: ratio(/^durable, visit$/, "durable", "raw")
  },
  {
    number: "16",
    work: "durable: a branch, with fsync, n = 1 to 100",
    against: "the same rows by hand",
    limit: 1.5,
    slack: muchSlack,
    of: ratio(/^durable, branch n=\d+$/, "durable", "raw")
  },
  {
    number: "17",
    work: "durable: a visit, and a branch, n = 1 to 100",
    against: "`effect/workflow`",
    limit: 0.25,
    slack: muchSlack,
    of: ratio(/^durable, (visit|branch)/, "durable", "effect/workflow")
  },
  {
    number: "17",
    work: "durable: 1,000 runs of a split of 10 at once",
    against: "`effect/workflow`",
    limit: 0.25,
    slack: muchSlack,
    of: ratio(/^durable, (1000 )?runs/, "durable", "effect/workflow")
  },
  {
    number: "18",
    work: "resuming a durable run after 100,000 visits",
    against: "ms",
    limit: 100,
    slack: muchSlack,
    of: ratio(/^resume/, "durable", "ms")
  }
]

// -----------------------------------------------------------------------------
// on record
// -----------------------------------------------------------------------------

const file = new URL("missed.json", import.meta.url)

/** Ratios that have missed their goals, by the name of the measurement. */
type Record = { readonly [measurement: string]: number }

let recorded: Record = JSON.parse(readFileSync(file, "utf8"))

const key = ({ base, name, variant }: Measurement): string => `${name}: ${variant} / ${base}`

const isWorse = ({ least }: Goal, ratio: number, than: number): boolean =>
  // what the tables cannot show is no difference
  least === true ? ratio < than - 0.005 : ratio > than + 0.005

/** What the guard holds a measurement to. */
const bound = (goal: Goal, measurement: Measurement): number => {
  const { least, limit, slack = usualSlack } = goal
  const before = recorded[key(measurement)] ?? limit
  return least === true ? Math.min(limit, before) / slack : Math.max(limit, before) * slack
}

/**
 * Puts on record what has missed its goal, and takes from it what no longer does. A void measurement says nothing; and where
 * only some were made, neither do the others.
 */
export const record = (measurements: ReadonlyArray<Measurement>, isAll: boolean): void => {
  const made = new Set(measurements.map(key))
  const entries = goals.flatMap((goal) =>
    measurements.filter(goal.of).flatMap((measurement) => {
      const name = key(measurement)
      const ratio = measurement.valid ? measurement.ratio : recorded[name]
      return ratio !== undefined && isWorse(goal, ratio, goal.limit) ? [[name, Number(ratio.toFixed(2))] as const] : []
    })
  )
  const others = isAll ? [] : Object.entries(recorded).filter(([name]) => !made.has(name))
  recorded = Object.fromEntries([...others, ...entries])
  writeFileSync(file, `${JSON.stringify(recorded, undefined, 2)}\n`)
}

// -----------------------------------------------------------------------------
// saying so
// -----------------------------------------------------------------------------

const shown = (value: number): string => value >= 10 ? value.toFixed(0) : value.toFixed(2)

const range = (values: ReadonlyArray<number>, show: (value: number) => string): string => {
  const sorted = values.toSorted((a, b) => a - b)
  return [...new Set([show(sorted[0]!), show(sorted.at(-1)!)])].join("–")
}

const verdict = (goal: Goal, found: ReadonlyArray<Measurement>): string => {
  const valid = found.filter(({ valid }) => valid)
  const missed = valid.filter(({ ratio }) => isWorse(goal, ratio, goal.limit))
  const voids = valid.length < found.length ? [`${found.length - valid.length} void`] : []
  if (missed.length === 0) return [...(valid.length > 0 ? ["met"] : []), ...voids].join(", ")
  const by = missed.map(({ ratio }) => 100 * (goal.least === true ? goal.limit / ratio - 1 : ratio / goal.limit - 1))
  const share = found.length === 1 ? "" : `, ${missed.length} of ${found.length}`
  return [`missed by ${range(by, (value) => value.toFixed(0))} %${share}`, ...voids].join(", ")
}

/** The goals that the measurements say something about, as a table. */
export const show = (measurements: ReadonlyArray<Measurement>): string =>
  table(
    ["goal", "work", "against", "aim", "measured", "", "guarded at"],
    goals.flatMap((goal) => {
      const found = measurements.filter(goal.of)
      if (found.length === 0) return []
      return [[
        goal.number,
        goal.work,
        goal.against,
        `${goal.least === true ? "≥" : "≤"} ${goal.limit}`,
        range(found.map(({ ratio }) => ratio), shown),
        verdict(goal, found),
        range(found.map((measurement) => bound(goal, measurement)), shown)
      ]]
    })
  )

/** Two such tables as one: the goals of both, as the second one has them. */
export const merge = (before: string, after: string): string => {
  const rowsOf = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
    text.split("\n").filter((line) => line.startsWith("|")).map((line) =>
      line.split("|").slice(1, -1).map((cell) => cell.trim())
    )
  const [head, , ...old] = rowsOf(before)
  const rows = new Map([...old, ...rowsOf(after).slice(2)].map((row) => [row.slice(0, 3).join("|"), row]))
  const places = goals.map(({ against, number, work }) => [number, work, against].join("|"))
  return table(head!, places.map((place) => rows.get(place)).filter((row) => row !== undefined))
}

/** What is worse than its goal, and than what is on record, by more than the slack; as sentences. */
export const broken = (measurements: ReadonlyArray<Measurement>): ReadonlyArray<string> =>
  goals.flatMap((goal) =>
    measurements
      .filter((measurement) =>
        measurement.valid && goal.of(measurement) && isWorse(goal, measurement.ratio, bound(goal, measurement))
      )
      .map((measurement) => {
        const before = recorded[key(measurement)]
        return `${key(measurement)} is ${shown(measurement.ratio)}; the goal is ${goal.limit}` +
          `${before === undefined ? "" : `, on record is ${shown(before)}`}, ` +
          `and with slack ${shown(bound(goal, measurement))}`
      })
  )

/** Goals of which nothing was measured. */
export const unmeasured = (measurements: ReadonlyArray<Measurement>): ReadonlyArray<string> =>
  goals.filter((goal) => !measurements.some(goal.of)).map(({ against, work }) => `${work}, against ${against}`)
