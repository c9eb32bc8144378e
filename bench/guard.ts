/**
 * A loose guard against losing what was won: a quick run of some cases of each goal. What is worse than its goal, and than
 * what is on record of it, by more than the slack, is measured again with all care before the guard fails.
 */
import * as bulkhead from "./bulkhead.ts"
import * as chain from "./chain.ts"
import { one } from "./compare.ts"
import * as durable from "./durable.ts"
import * as goals from "./goals.ts"
import * as growth from "./growth.ts"
import type { Group, Measurement, Options } from "./harness.ts"
import * as interruption from "./interruption.ts"
import * as lag from "./lag.ts"
import * as memory from "./memory.ts"
import * as million from "./million.ts"
import * as peers from "./peers.ts"
import * as split from "./split.ts"
import * as startup from "./startup.ts"
import * as strategies from "./strategies.ts"
import * as workflow from "./workflow.ts"

type Probe = (options: Options) => Promise<ReadonlyArray<Measurement>>

/** Cases by the names that they have in the tables. */
const cases = (
  benchmark: string,
  groups: ReadonlyArray<Group>,
  title: string,
  ...names: ReadonlyArray<string>
): ReadonlyArray<Probe> => {
  const group = groups.find((group) => group.title.startsWith(title))!
  return names.map((name) => (options) =>
    one(benchmark, group, name.replace(/, built$/, ""), name.endsWith(", built") ? "built" : "hoisted", options)
  )
}

const probes: ReadonlyArray<Probe> = [
  ...cases(
    "split",
    split.groups,
    "Split, all",
    "async n=3",
    "async n=3, built",
    "async n=100, built",
    "async n=1000",
    "sync n=3, built",
    "sync n=10",
    "sync n=1000"
  ),
  ...cases("split", split.groups, "Split, bulkhead", "async n=1000"),
  ...cases("split", split.groups, "Bulkhead of 8, against p-map", "async n=1000", "async n=10000"),
  ...cases("strategies", strategies.groups, "Any", "any n=3, built", "any n=100"),
  ...cases("strategies", strategies.groups, "Quorum", "quorum n=10, built", "quorum n=100"),
  ...cases("strategies", strategies.groups, "The first half", "partialResults n=100"),
  ...cases("interruption", interruption.groups, "Interruption", "plain n=1000", "async finalizer n=10"),
  ...cases("bulkhead", bulkhead.groups, "Ten splits", "shared, ten of n=10000"),
  ...cases("peers", peers.groups, "All", "io n=10", "io n=1000"),
  ...cases("peers", peers.groups, "One transition", "3-state loop"),
  ...cases(
    "workflow",
    workflow.groups,
    "A whole workflow",
    "sync n=3, built",
    "sync n=100",
    "async n=3, built",
    "async n=10",
    "async n=100"
  ),
  ...cases("chain", chain.groups, "Chain", "200 states", "200 states, with payload"),
  ...cases(
    "chain",
    chain.groups,
    "A run of one state",
    "one state, built",
    "one state, withTimeout, built",
    "one state, withResources, built"
  ),
  () => memory.one("sleeping"),
  () => memory.one("behind a promise"),
  () => memory.one("queued"),
  (options) => lag.one("async", options),
  (options) => lag.one("sleeping", options),
  (options) => growth.one("async", undefined, options),
  (options) => growth.one("sync", 8, options),
  () => million.one("sync"),
  (options) => durable.one("visit", options),
  (options) => durable.one("branch n=100", options),
  durable.runs,
  durable.resumed,
  startup.one
]

export const guard = async (): Promise<number> => {
  const all: Array<Measurement> = []
  for (const probe of probes) {
    const quick = await probe({ pace: "quick" })
    const sentences = goals.broken(quick)
    for (const sentence of sentences) console.log(`${sentence}; once more`)
    all.push(...(sentences.length === 0 ? quick : await probe({ pace: "full" })))
  }
  console.log(goals.show(all))
  const wrong = [...goals.broken(all), ...goals.unmeasured(all).map((goal) => `nothing was measured of ${goal}`)]
  for (const sentence of wrong) console.log(sentence)
  return wrong.length === 0 ? 0 : 1
}
