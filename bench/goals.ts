/**
 * What the library is meant to cost, and whether a run of the benchmarks says so. A goal holds when each of its
 * measurements does.
 */
import type { Measurement } from "./harness.ts"
import { table } from "./harness.ts"

interface Goal {
  readonly number: string
  readonly work: string
  readonly against: string
  /** The ratio may be this at most; or at least, where the peer is the slower one. */
  readonly limit: number
  readonly least?: boolean
  readonly of: (measurement: Measurement) => boolean
}

const size = (name: string): number => Number(/n=(\d+)/.exec(name)?.[1])

const ratio = (name: RegExp, variant: string, base: string) => (measurement: Measurement): boolean =>
  name.test(measurement.name) && measurement.variant === variant && measurement.base === base

const goals: ReadonlyArray<Goal> = [
  {
    number: "1",
    work: "`all`, async, n ≥ 100",
    against: "raw `Effect.forEach`",
    limit: 1.6,
    of: (m) => ratio(/^async/, "Split.run", "forEach")(m) && size(m.name) >= 100
  },
  {
    number: "1",
    work: "`all`, async, n = 3",
    against: "raw `Effect.forEach`",
    limit: 2.2,
    of: ratio(/^async n=3$/, "Split.run", "forEach")
  },
  {
    number: "2",
    work: "`all`, sync, n ≥ 100",
    against: "`forEach` that collects exits",
    limit: 1.4,
    of: (m) => ratio(/^sync/, "Split.run", "forEach exits")(m) && size(m.name) >= 100
  },
  {
    number: "3",
    work: "`all`, io, n ≤ 100",
    against: "`Promise.all`",
    limit: 1.15,
    of: ratio(/^io/, "Split.run", "Promise.all")
  },
  {
    number: "4",
    work: "`any`, async, n ≥ 10",
    against: "hand-written: `Ref`, `Deferred`",
    limit: 0.75,
    of: ratio(/^any/, "Split.run", "hand-written")
  },
  {
    number: "4",
    work: "`quorum`, async, n ≥ 10",
    against: "hand-written: `Ref`, `Deferred`",
    limit: 0.75,
    of: ratio(/^quorum/, "Split.run", "hand-written")
  },
  {
    number: "4",
    work: "`partialResults`, async, n ≥ 10",
    against: "hand-written: `Queue`",
    limit: 0.75,
    of: ratio(/^partialResults/, "Split.run", "hand-written")
  },
  {
    number: "5",
    work: "`any`, async, n ≤ 1,000",
    against: "p-any, which cancels nothing",
    limit: 2,
    of: ratio(/^any/, "Split.run", "p-any")
  },
  {
    number: "5",
    work: "`quorum`, async, n ≤ 1,000",
    against: "p-some, which cancels nothing",
    limit: 2,
    of: ratio(/^quorum/, "Split.run", "p-some")
  },
  {
    number: "6",
    work: "bulkhead 8, async",
    against: "`forEach` concurrency 8",
    limit: 1.5,
    of: ratio(/^async/, "Split.run 8", "forEach 8")
  },
  {
    number: "6",
    work: "bulkhead 8, async, n ≤ 1,000",
    against: "p-map concurrency 8",
    limit: 1.5,
    of: (m) => ratio(/^async/, "Split.run 8", "p-map 8")(m) && size(m.name) <= 1000
  },
  {
    number: "6",
    work: "bulkhead 8, async, n = 10,000",
    against: "p-map concurrency 8",
    limit: 2,
    of: (m) => ratio(/^async/, "Split.run 8", "p-map 8")(m) && size(m.name) > 1000
  },
  {
    number: "7",
    work: "decision → all losers finalized, n ≤ 10,000",
    against: "`Effect.raceAll`",
    limit: 1.15,
    of: ratio(/n=/, "Split.run", "raceAll")
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
    work: "whole workflow, n = 3, 10",
    against: "the same by hand",
    limit: 1.3,
    of: (m) => ratio(/^a?sync n=/, "machine", "hand-written")(m) && size(m.name) <= 10
  },
  {
    number: "10",
    work: "whole workflow, n = 100",
    against: "the same by hand",
    limit: 1.3,
    of: (m) => ratio(/^a?sync n=/, "machine", "hand-written")(m) && size(m.name) === 100
  },
  {
    number: "10",
    work: "whole workflow, n ≤ 10",
    against: "XState + `Promise.all`, times slower",
    limit: 5,
    least: true,
    of: (m) => ratio(/^a?sync n=/, "XState", "machine")(m) && size(m.name) <= 10
  },
  {
    number: "11",
    work: "heap of a sleeping branch",
    against: "`Effect.forEach`",
    limit: 1.25,
    of: ratio(/^heap, sleeping/, "Split.run", "forEach")
  },
  {
    number: "11",
    work: "heap of a queued branch",
    against: "bytes",
    limit: 32,
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
    of: ratio(/^growth.*bulkhead/, "Split.run", "forEach")
  },
  {
    number: "14",
    work: "1,000,000 lazy branches behind 64, `discard`",
    against: "MB of heap growth",
    limit: 64,
    of: ratio(/^a million/, "Split.run", "MB")
  },
  {
    number: "–",
    work: "ten splits of 10,000 on a shared bulkhead of 8",
    against: "one `forEach` of all branches",
    limit: 1.5,
    of: ratio(/^shared, ten of n=10000$/, "ten splits", "forEach 8")
  },
  {
    number: "–",
    work: "importing the package",
    against: "the Effect modules it uses",
    limit: 1.1,
    of: ratio(/^start-up/, "effect-cano", "Effect modules")
  }
]

const holds = ({ least, limit }: Goal, { ratio }: Measurement, slack: number): boolean =>
  least === true ? ratio * slack >= limit : ratio <= limit * slack

const shown = (value: number): string => value >= 10 ? value.toFixed(0) : value.toFixed(2)

/** The goals that the measurements say something about, as a table. */
export const show = (measurements: ReadonlyArray<Measurement>): string =>
  table(
    ["goal", "work", "against", "aim", "measured", ""],
    goals.flatMap((goal) => {
      const found = measurements.filter(goal.of)
      if (found.length === 0) return []
      const ratios = found.map(({ ratio }) => shown(ratio)).toSorted((a, b) => Number(a) - Number(b))
      const ends = [...new Set([ratios[0]!, ratios.at(-1)!])]
      return [[
        goal.number,
        goal.work,
        goal.against,
        `${goal.least === true ? "≥" : "≤"} ${goal.limit}`,
        ends.join("–"),
        found.some(({ valid }) => !valid)
          ? "void"
          : found.every((measurement) => holds(goal, measurement, 1))
          ? "met"
          : "missed"
      ]]
    })
  )

/** What is worse than its goal by more than the slack, as sentences. A void measurement says nothing. */
export const broken = (measurements: ReadonlyArray<Measurement>, slack: number): ReadonlyArray<string> =>
  goals.flatMap((goal) =>
    measurements
      .filter((measurement) => measurement.valid && goal.of(measurement) && !holds(goal, measurement, slack))
      .map(({ base, name, ratio, variant }) =>
        `${name}: ${variant} / ${base} is ${ratio.toFixed(2)}; ` +
        `the goal is ${goal.limit}, with slack ${(goal.limit * slack).toFixed(2)}`
      )
  )
