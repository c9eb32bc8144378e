/**
 * The heap that a pending branch takes: 100,000 of them, after a full collection, in a process of its own for each
 * variant.
 */
import { JoinStrategy, Split } from "effect-cano"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Measurement, Program, Section } from "./harness.ts"
import { alone, table } from "./harness.ts"

const n = 100_000
const strategy = JoinStrategy.all

type Branches = ReadonlyArray<Effect.Effect<void>>

/**
 * What the branches wait for, made before the first look at the heap, so that only what a fan-out itself holds is counted.
 * Promises are kept, as is what never resolves them: nobody else would hold what waits for them.
 */
const kinds = {
  sleeping: (): Branches => Array.from({ length: n }, () => Effect.sleep("1 hour")),
  promise: (): Branches => {
    const promises = Array.from({ length: n }, () => new Promise<void>((resolve) => kept.push(resolve)))
    return promises.map((promise) => Effect.promise(() => promise))
  }
}

const kept: Array<() => void> = []

interface Row {
  readonly branches: keyof typeof kinds
  /** By name. The first is the base, and runs twice. */
  readonly variants: { readonly [name: string]: (branches: Branches) => Program }
  /** What is measured, where it is not the ratio to the base. */
  readonly bytes?: true
}

const unbounded: Row["variants"] = {
  forEach: (branches) => Effect.forEach(branches, (branch) => branch, { concurrency: "unbounded" }),
  "Split.run": (branches) => Split.run(branches, { strategy })
}

const rows = {
  sleeping: { branches: "sleeping", variants: unbounded },
  "behind a promise": { branches: "promise", variants: unbounded },
  queued: {
    branches: "sleeping",
    variants: {
      "forEach 8": (branches) => Effect.forEach(branches, (branch) => branch, { concurrency: 8 }),
      "Split.run 8": (branches) => Split.run(branches, { strategy, bulkhead: 8 })
    },
    bytes: true
  }
} satisfies { readonly [name: string]: Row }

type Name = keyof typeof rows

const control = "control"

interface Heap {
  readonly row: Name
  readonly variant: string
  readonly bytes: number
  /** To the base of its row. */
  readonly ratio: number
}

const measure = (row: Name): ReadonlyArray<Heap> => {
  const [base, split] = Object.keys(rows[row].variants) as [string, string]
  const names = [base, split, control]
  const bytes = names.map((name) => alone<number>("memory.ts", row, name === control ? base : name))
  return names.map((variant, i) => ({ row, variant, bytes: bytes[i]!, ratio: bytes[i]! / bytes[0]! }))
}

const measurements = (heaps: ReadonlyArray<Heap>): ReadonlyArray<Measurement> =>
  heaps.filter(({ variant }) => variant.startsWith("Split.run")).map(({ bytes, ratio, row, variant }) => {
    const isBytes = "bytes" in rows[row]
    return {
      name: `heap, ${row}`,
      variant,
      base: isBytes ? "bytes" : "forEach",
      ratio: isBytes ? bytes : ratio,
      valid: true
    }
  })

export const one = async (row: Name): Promise<ReadonlyArray<Measurement>> => measurements(measure(row))

export const sections = async (): Promise<ReadonlyArray<Section>> => {
  const heaps = (Object.keys(rows) as Array<Name>).flatMap(measure)
  return [{
    title: "Heap per pending branch",
    text: table(
      ["", "bytes per branch", "ratio"],
      heaps.map(({ bytes, ratio, row, variant }) => [`${row}: ${variant}`, bytes.toFixed(0), ratio.toFixed(2)])
    ),
    measurements: measurements(heaps)
  }]
}

// -----------------------------------------------------------------------------
// in the process
// -----------------------------------------------------------------------------

/** By then all branches have started, and what starting them took has been given back. */
const heapUsed = async (): Promise<number> => {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 150))
    globalThis.gc!()
  }
  return process.memoryUsage().heapUsed
}

if (import.meta.main) {
  const [row, variant] = process.argv.slice(2) as [Name, string]
  const { branches, variants }: Row = rows[row]
  const program = variants[variant]!(kinds[branches]())
  const before = await heapUsed()
  const fiber = Effect.runFork(program)
  const after = await heapUsed()
  console.log((after - before) / n)
  await Effect.runPromise(Fiber.interrupt(fiber))
}
