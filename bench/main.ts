// npm run bench                  runs all benchmarks
// npm run bench <name> …         runs some: see the list below
// npm run bench -- --rounds 31   that many rounds for each case; left out, 9 to 61, as time allows
// npm run bench -- --large       splits of 100,000 branches too
// npm run bench -- --json        prints the measurements instead of tables
// npm run bench -- --write       writes the tables of all benchmarks to bench/README.md, and the picture beside it
// npm run bench -- --guard       a quick run that fails where the costs are far over the goals
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { parseArgs } from "node:util"
import * as bulkhead from "./bulkhead.ts"
import * as chain from "./chain.ts"
import * as goals from "./goals.ts"
import * as growth from "./growth.ts"
import { guard } from "./guard.ts"
import * as harness from "./harness.ts"
import type { Group, Section } from "./harness.ts"
import * as interruption from "./interruption.ts"
import * as memory from "./memory.ts"
import * as peers from "./peers.ts"
import * as picture from "./picture.ts"
import * as split from "./split.ts"
import * as startup from "./startup.ts"
import * as strategies from "./strategies.ts"
import * as workflow from "./workflow.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string" },
    seed: { type: "string", default: "1" },
    large: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    guard: { type: "boolean", default: false }
  }
})

const timed = async (groups: ReadonlyArray<Group>): Promise<ReadonlyArray<Section>> => {
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
  const sections: Array<Section> = []
  for (const group of groups) sections.push(await harness.section(group, { rounds }))
  return sections
}

const benchmarks: { readonly [name: string]: () => Promise<ReadonlyArray<Section>> } = {
  split: () => timed(split.groups(values.large)),
  strategies: () => timed(strategies.groups()),
  interruption: interruption.sections,
  chain: () => timed(chain.groups()),
  workflow: () => timed(workflow.groups()),
  peers: () => timed(peers.groups()),
  growth: growth.sections,
  memory: memory.sections,
  bulkhead: () => timed(bulkhead.groups()),
  startup: startup.sections
}

const file = (name: string): URL => new URL(name, import.meta.url)

const version = (name: string): string => JSON.parse(readFileSync(file(name), "utf8")).version

const machine = (): string => {
  const [cpu] = cpus()
  const effect = version("../node_modules/effect/package.json")
  return `${cpus().length} × ${cpu?.model}, Node ${process.versions.node}, effect ${effect}.`
}

const marks = ["<!-- results -->\n", "<!-- end of results -->\n"] as const

const write = (text: string, measurements: Section["measurements"]): void => {
  const readme = readFileSync(file("README.md"), "utf8")
  const [before] = readme.split(marks[0])
  const [, after] = readme.split(marks[1])
  writeFileSync(file("README.md"), `${before}${marks[0]}\n${text}\n\n${marks[1]}${after}`)
  writeFileSync(file("results.svg"), picture.ofMeasurements(measurements))
}

const main = async (): Promise<number> => {
  const unknown = positionals.find((name) => benchmarks[name] === undefined)
  if (unknown !== undefined) {
    console.error(`there is no benchmark "${unknown}"; there are: ${Object.keys(benchmarks).join(", ")}`)
    return 1
  }
  if (globalThis.gc === undefined) {
    const args = [...process.execArgv, "--expose-gc", import.meta.filename, ...process.argv.slice(2)]
    return spawnSync(process.execPath, args, { stdio: "inherit" }).status ?? 1
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
    for (const section of await benchmarks[name]!()) {
      print(`### ${section.title}\n\n${section.text}`)
      measurements.push(...section.measurements)
    }
    if (!values.json) console.error(`(${name}: ${((performance.now() - start) / 1000).toFixed(0)} s)\n`)
  }
  const summary = goals.show(measurements)
  if (values.json) console.log(JSON.stringify(measurements, undefined, 2))
  else console.log(`### Goals\n\n${summary}`)
  if (values.write) {
    const [first, ...rest] = texts
    write([first, `### Goals\n\n${summary}`, ...rest].join("\n\n"), measurements)
  }
  return 0
}

process.exitCode = await main()
