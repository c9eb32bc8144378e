/**
 * 1,000,000 branches of a lazy list behind a bulkhead: the time that they take, and how the heap grows meanwhile. Each kind
 * has a process of its own.
 */
import { JoinStrategy, Split } from "effect-cano"
import * as Effect from "effect/Effect"
import type { Measurement, Program, Section } from "./harness.ts"
import { alone, table } from "./harness.ts"

const kinds = {
  sync: (i: number) => Effect.sync(() => i),
  /** One hop through a promise. */
  async: (i: number) => Effect.promise(() => Promise.resolve(i))
}

type Kind = keyof typeof kinds

const million = 1_000_000
const width = 64
const samplesOfHeap = 10

type Branches = Iterable<Effect.Effect<number>>

const split = `Split.run ${width}, discard`

const programs: { readonly [name: string]: (branches: Branches) => Program } = {
  [split]: (branches) => Split.run(branches, { strategy: JoinStrategy.all, bulkhead: width, discard: true }),
  // for comparison: it reads the whole list first
  [`forEach ${width}, discard`]: (branches) =>
    Effect.forEach(branches, (branch) => branch, { concurrency: width, discard: true })
}

interface Million {
  readonly name: string
  readonly seconds: number
  /** The most that a full collection left on the heap during the run, over what was there before; bytes. */
  readonly heap: number
}

const measure = (name: string, kind: Kind): Million => ({
  name: `${kind}: ${name}`,
  ...alone<Omit<Million, "name">>("million.ts", name, kind)
})

const measurement = ({ heap, name }: Million): Measurement => ({
  name: `a million, ${name}`,
  variant: "Split.run",
  base: "MB",
  ratio: heap / 1e6,
  valid: true
})

export const one = async (kind: Kind): Promise<ReadonlyArray<Measurement>> => [measurement(measure(split, kind))]

export const sections = async (): Promise<ReadonlyArray<Section>> => {
  const all = Object.keys(programs).flatMap((name) =>
    (Object.keys(kinds) as Array<Kind>).map((kind) => measure(name, kind))
  )
  return [{
    title: "1,000,000 branches of a lazy list, behind 64 places",
    text: table(
      ["", "seconds", "heap growth, MB"],
      all.map(({ heap, name, seconds }) => [name, seconds.toFixed(2), (heap / 1e6).toFixed(1)])
    ),
    measurements: all.filter(({ name }) => name.includes(split)).map(measurement)
  }]
}

// -----------------------------------------------------------------------------
// in the process
// -----------------------------------------------------------------------------

const heapUsed = (): number => {
  globalThis.gc!()
  return process.memoryUsage().heapUsed
}

const run = async (name: string, kind: Kind): Promise<Omit<Million, "name">> => {
  let ran = 0
  let peak = 0
  let looking = 0
  const look = (): void => {
    const start = performance.now()
    peak = Math.max(peak, heapUsed())
    looking += performance.now() - start
  }
  const counted = (i: number): Effect.Effect<number> =>
    Effect.map(kinds[kind](i), (value) => {
      ran++
      if (i % (million / samplesOfHeap) === million / samplesOfHeap / 2) look()
      return value
    })
  const branches = {
    *[Symbol.iterator]() {
      for (let i = 0; i < million; i++) yield counted(i)
    }
  }
  const program = programs[name]!(branches)
  const before = heapUsed()
  const start = performance.now()
  await Effect.runPromise(program)
  const seconds = (performance.now() - start - looking) / 1000
  if (ran !== million) throw new Error(`${ran} of ${million} branches ran`)
  return { seconds, heap: peak - before }
}

if (import.meta.main) {
  const [name, kind] = process.argv.slice(2) as [string, Kind]
  console.log(JSON.stringify(await run(name, kind)))
}
