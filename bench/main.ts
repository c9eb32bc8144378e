// npm run bench                        runs all benchmarks
// npm run bench <split|chain|memory|typecheck>   runs one
// npm run bench -- --rounds 31         that many rounds for each case; left out, 9 to 61, as time allows
// npm run bench -- --large             splits of 100,000 branches too
// npm run bench -- --json              prints the numbers instead of tables
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { cpus } from "node:os"
import { parseArgs } from "node:util"
import * as chain from "./chain.ts"
import type { Case, Report } from "./harness.ts"
import { compare, show } from "./harness.ts"
import * as memory from "./memory.ts"
import * as split from "./split.ts"
import * as typecheck from "./typecheck.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string" },
    seed: { type: "string", default: "1" },
    large: { type: "boolean", default: false },
    json: { type: "boolean", default: false }
  }
})

const options = {
  rounds: values.rounds === undefined ? undefined : Number(values.rounds),
  seed: Number(values.seed)
}

const timed = async (title: string, cases: ReadonlyArray<() => Case>): Promise<void> => {
  const reports: Array<Report> = []
  for (const make of cases) reports.push(await compare(make(), options))
  print(title, reports, show(reports))
}

const print = (title: string, data: unknown, text: string): void =>
  console.log(values.json ? JSON.stringify({ title, data }) : `\n${title}\n\n${text}`)

const benchmarks: { readonly [name: string]: () => Promise<void> | void } = {
  split: async () => {
    await timed("Split, all branches at once", split.unboundedCases(values.large))
    await timed("Split, bulkhead of 8", split.bulkheadCases())
  },
  chain: () => timed("Chain of states", chain.cases()),
  memory: () => {
    const heaps = memory.measure()
    print("Heap per pending branch", heaps, memory.show(heaps))
  },
  typecheck: () => {
    const checks = typecheck.measure()
    print("Type checking", checks, typecheck.show(checks))
  }
}

const version = (file: string): string => JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8")).version

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
  const [cpu] = cpus()
  const effect = version("../node_modules/effect/package.json")
  const machine = `${cpus().length} × ${cpu?.model}, Node ${process.versions.node}, effect ${effect}`
  print("Machine", machine, machine)
  for (const name of positionals.length > 0 ? positionals : Object.keys(benchmarks)) await benchmarks[name]!()
  return 0
}

process.exitCode = await main()
