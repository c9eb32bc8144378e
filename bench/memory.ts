/**
 * The heap that a pending branch takes: 100,000 of them, after a full collection, in a process of its own for each
 * variant.
 */
import { JoinStrategy, Split } from "effect-cano"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { spawnSync } from "node:child_process"
import { type Section, table } from "./harness.ts"

const n = 100_000
const strategy = JoinStrategy.all

/** Made before the first look at the heap, so that only what a fan-out itself holds is counted. */
const branches = Array.from({ length: n }, () => Effect.sleep("1 hour"))

/** Groups of variants; the first of each is the base, and runs twice. */
const groups: { readonly [pending: string]: { readonly [name: string]: Effect.Effect<unknown, unknown> } } = {
  sleeping: {
    forEach: Effect.forEach(branches, (branch) => branch, { concurrency: "unbounded" }),
    "Split.run": Split.run(branches, { strategy })
  },
  queued: {
    "forEach 8": Effect.forEach(branches, (branch) => branch, { concurrency: 8 }),
    "Split.run 8": Split.run(branches, { strategy, bulkhead: 8 })
  }
}

interface Heap {
  readonly pending: string
  readonly name: string
  readonly bytes: number
  /** To the base of its group. */
  readonly ratio: number
}

const measure = (): ReadonlyArray<Heap> =>
  Object.entries(groups).flatMap(([pending, variants]) => {
    const [base] = Object.keys(variants) as [string]
    const names = [base, ...Object.keys(variants).slice(1), "control"]
    const bytes = names.map((name) => inOwnProcess(pending, name === "control" ? base : name))
    return names.map((name, i) => ({ pending, name, bytes: bytes[i]!, ratio: bytes[i]! / bytes[0]! }))
  })

const inOwnProcess = (pending: string, name: string): number => {
  const { stdout } = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, pending, name], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"]
  })
  return Number(stdout)
}

export const sections = async (): Promise<ReadonlyArray<Section>> => {
  const heaps = measure()
  return [{
    title: "Heap per pending branch",
    text: table(
      ["", "bytes per branch", "ratio"],
      heaps.map(({ bytes, name, pending, ratio }) => [`${pending}: ${name}`, bytes.toFixed(0), ratio.toFixed(2)])
    ),
    measurements: heaps.filter(({ name }) => name.startsWith("Split.run")).map(({ bytes, name, pending, ratio }) => ({
      name: `heap, ${pending}`,
      variant: name,
      base: pending === "queued" ? "bytes" : "forEach",
      ratio: pending === "queued" ? bytes : ratio,
      valid: true
    }))
  }]
}

const heapUsed = async (): Promise<number> => {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    globalThis.gc!()
  }
  return process.memoryUsage().heapUsed
}

if (import.meta.main) {
  const [pending, name] = process.argv.slice(2) as [string, string]
  const before = await heapUsed()
  const fiber = Effect.runFork(groups[pending]![name]!)
  const after = await heapUsed()
  console.log((after - before) / n)
  await Effect.runPromise(Fiber.interrupt(fiber))
}
