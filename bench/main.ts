// npm run bench                  runs all benchmarks
// npm run bench <name> …         runs some: see the list below
// npm run bench -- --rounds 31   that many rounds for each case in each of its processes
// npm run bench -- --large       splits of 100,000 branches too
// npm run bench -- --quick       less care: one process for each case, and shorter samples
// npm run bench -- --json        prints the measurements instead of tables
// npm run bench -- --write       writes the tables of all benchmarks to bench/README.md, the picture beside it, and what
//                                misses its goal to missed.json
// npm run bench durable -- --write
//                                writes those tables and goals anew, and leaves the others as they are
// npm run bench -- --guard       a quick run that fails where the costs are far over the goals
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as bulkhead from "./bulkhead.ts"
import * as chain from "./chain.ts"
import { section } from "./compare.ts"
import * as durable from "./durable.ts"
import * as goals from "./goals.ts"
import * as growth from "./growth.ts"
import { guard } from "./guard.ts"
import type { Group, Options, Section } from "./harness.ts"
import * as harness from "./harness.ts"
import * as interruption from "./interruption.ts"
import * as lag from "./lag.ts"
import * as memory from "./memory.ts"
import * as million from "./million.ts"
import * as peers from "./peers.ts"
import * as picture from "./picture.ts"
import * as split from "./split.ts"
import * as startup from "./startup.ts"
import * as strategies from "./strategies.ts"
import * as types from "./types.ts"
import * as waiting from "./waiting.ts"
import * as workflow from "./workflow.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string" },
    seed: { type: "string", default: "1" },
    large: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    guard: { type: "boolean", default: false }
  }
})

const options: Options = {
  pace: values.quick ? "quick" : "full",
  rounds: values.rounds === undefined ? undefined : Number(values.rounds),
  seed: Number(values.seed),
  large: values.large
}

type Sections = Promise<ReadonlyArray<Section>>

const timed = (groups: ReadonlyArray<Group>) => async (benchmark: string): Sections => {
  const sections: Array<Section> = []
  for (const group of groups) sections.push(await section(benchmark, group, options))
  return sections
}

/** By the names of their files. */
const benchmarks: { readonly [name: string]: (name: string) => Sections } = {
  split: timed(split.groups),
  strategies: timed(strategies.groups),
  interruption: timed(interruption.groups),
  chain: timed(chain.groups),
  workflow: timed(workflow.groups),
  peers: timed(peers.groups),
  bulkhead: timed(bulkhead.groups),
  growth: () => growth.sections(options),
  million: million.sections,
  waiting: waiting.sections,
  durable: () => durable.sections(options),
  memory: memory.sections,
  lag: () => lag.sections(options),
  startup: () => startup.sections(options),
  types: () => types.sections(options)
}

const file = (name: string): URL => new URL(name, import.meta.url)

const version = (name: string): string => JSON.parse(readFileSync(file(name), "utf8")).version

const machine = (): string => {
  const [cpu] = cpus()
  const effect = version("../node_modules/effect/package.json")
  return `${cpus().length} × ${cpu?.model}, Node ${process.versions.node}, effect ${effect}.`
}

const marks = ["<!-- results -->\n", "<!-- end of results -->\n"] as const

const results = (): readonly [before: string, results: string, after: string] => {
  const readme = readFileSync(file("README.md"), "utf8")
  const [before, rest] = readme.split(marks[0]) as [string, string]
  const [results, after] = rest.split(marks[1]) as [string, string]
  return [before, results, after]
}

const write = (text: string): void => {
  const [before, , after] = results()
  writeFileSync(file("README.md"), `${before}${marks[0]}\n${text}\n\n${marks[1]}${after}`)
}

/** The results with some sections anew, and others behind them. Each begins with its title. */
const merged = (sections: ReadonlyArray<string>): string => {
  const titleOf = (section: string): string => section.split("\n", 1)[0]!
  const all = results()[1].trim().split(/\n\n(?=### )/)
  for (const section of sections) {
    const at = all.findIndex((before) => titleOf(before) === titleOf(section))
    if (at < 0) all.push(section)
    else if (titleOf(section) === titleOf(goalsOf(""))) all[at] = goalsOf(goals.merge(all[at]!, section))
    else all[at] = section
  }
  return all.join("\n\n")
}

const goalsOf = (text: string): string => `### Goals\n\n${text}`

const main = async (): Promise<number> => {
  const unknown = positionals.find((name) => benchmarks[name] === undefined)
  if (unknown !== undefined) {
    console.error(`there is no benchmark "${unknown}"; there are: ${Object.keys(benchmarks).join(", ")}`)
    return 1
  }
  harness.seed(Number(values.seed))
  if (values.guard) return guard()
  const texts: Array<string> = []
  const print = (text: string): void => {
    texts.push(text)
    if (!values.json) console.log(`${text}\n`)
  }
  print(machine())
  const measurements: Array<Section["measurements"][number]> = []
  for (const name of positionals.length > 0 ? positionals : Object.keys(benchmarks)) {
    const start = performance.now()
    for (const section of await benchmarks[name]!(name)) {
      print(`### ${section.title}\n\n${section.text}`)
      measurements.push(...section.measurements)
    }
    if (!values.json) console.error(`(${name}: ${((performance.now() - start) / 1000).toFixed(0)} s)\n`)
  }
  const isAll = positionals.length === 0
  if (values.write) goals.record(measurements, isAll)
  const summary = goals.show(measurements)
  if (values.json) console.log(JSON.stringify(measurements, undefined, 2))
  else console.log(goalsOf(summary))
  if (values.write) {
    const [first, ...rest] = texts
    write(isAll ? [first, goalsOf(summary), ...rest].join("\n\n") : merged([goalsOf(summary), ...rest]))
    if (isAll) writeFileSync(file("results.svg"), picture.ofMeasurements(measurements))
  }
  return 0
}

// what the processes of the cases have in common is compiled once
const cache = mkdtempSync(join(tmpdir(), "effect-cano-bench-"))
process.env["NODE_COMPILE_CACHE"] = cache
try {
  process.exitCode = await main()
} finally {
  rmSync(cache, { recursive: true })
}
