/**
 * What becomes of the cost of a branch when there are very many: the growth from 1,000 branches to 100,000, beside the
 * growth of `Effect.forEach`; 1,000,000 branches of a lazy list behind a bulkhead, in a process of their own; and what
 * those cost who wait (`waiting.ts`).
 */
import { JoinStrategy, Split } from "effect-cano"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import type { Quartiles, Section } from "./harness.ts"
import { cell, holds, median, quartiles, rounds, table, untilValid } from "./harness.ts"
import * as waiting from "./waiting.ts"

const kinds = {
  sync: (i: number) => Effect.sync(() => i),
  /** One hop through a promise. */
  async: (i: number) => Effect.promise(() => Promise.resolve(i))
}

type Kind = keyof typeof kinds
type Program = Effect.Effect<unknown, unknown>

const strategy = JoinStrategy.all
const small = 1000
const large = 100_000
const million = 1_000_000

export const sections = async (): Promise<ReadonlyArray<Section>> => {
  const growths: Array<Growth> = []
  for (const bulkhead of [undefined, 8]) {
    for (const kind of Object.keys(kinds) as Array<Kind>) growths.push(await untilValid(() => grow(kind, bulkhead)))
  }
  const millions = Object.keys(programs).flatMap((name) =>
    (Object.keys(kinds) as Array<Kind>).map((kind) => inOwnProcess(name, kind))
  )
  return [
    {
      title: "Growth: a branch of 100,000 beside one of 1,000",
      text: table(
        ["", "forEach, ns", "growth of forEach", "Split.run, ns", "growth of Split.run", "quotient", "control"],
        growths.map((growth) => [
          growth.name,
          growth.nanos.forEach.map((nanos) => nanos.toFixed(0)).join(" → "),
          growth.forEach[1].toFixed(2),
          growth.nanos.split.map((nanos) => nanos.toFixed(0)).join(" → "),
          growth.split[1].toFixed(2),
          growth.valid ? cell(growth.quotient) : "void",
          cell(growth.control)
        ])
      ),
      measurements: growths.map(({ name, quotient, valid }) => ({
        name: `growth, ${name}`,
        variant: "Split.run",
        base: "forEach",
        ratio: quotient[1],
        valid
      }))
    },
    {
      title: "1,000,000 branches of a lazy list, behind 64 places",
      text: table(
        ["", "seconds", "heap growth, MB"],
        millions.map(({ heap, name, seconds }) => [name, seconds.toFixed(2), (heap / 1e6).toFixed(1)])
      ),
      measurements: millions.filter(({ name }) => name.includes("Split.run")).map(({ heap, name }) => ({
        name: `a million, ${name}`,
        variant: "Split.run",
        base: "MB",
        ratio: heap / 1e6,
        valid: true
      }))
    },
    ...waiting.sections()
  ]
}

interface Growth {
  readonly name: string
  readonly valid: boolean
  /** Median nanoseconds of one branch, of 1,000 and of 100,000. */
  readonly nanos: { readonly forEach: readonly [number, number]; readonly split: readonly [number, number] }
  /** Nanoseconds of one branch of 100,000, to those of one of 1,000. */
  readonly forEach: Quartiles
  readonly split: Quartiles
  /** The growth of the split, and of `forEach` again, to that of `forEach`. */
  readonly quotient: Quartiles
  readonly control: Quartiles
}

interface Million {
  readonly name: string
  readonly seconds: number
  /** The most that a full collection left on the heap during the run, over what was there before; bytes. */
  readonly heap: number
}

// -----------------------------------------------------------------------------
// growth
// -----------------------------------------------------------------------------

const roundsOfGrowth = 11

export const grow = async (kind: Kind, bulkhead: number | undefined): Promise<Growth> => {
  const branches = Array.from({ length: large }, (_, i) => kinds[kind](i))
  const forEach = (n: number): Program =>
    Effect.forEach(branches.slice(0, n), (branch) => branch, { concurrency: bulkhead ?? "unbounded" })
  const split = (n: number): Program =>
    // the values are read, because `forEach` has them ready
    Effect.map(Split.run(branches.slice(0, n), { strategy, bulkhead }), (result) => result.values)
  const sample = (effect: Program, n: number) => {
    // as many branches in a sample of few as in one of many
    const times = (kind === "sync" ? 4 : 1) * large / n
    return async (): Promise<number> => (await time(effect, times)) * 1e6 / times / n
  }
  const made = await rounds(
    {
      forEach: sample(forEach(small), small),
      forEachLarge: sample(forEach(large), large),
      split: sample(split(small), small),
      splitLarge: sample(split(large), large),
      control: sample(forEach(small), small),
      controlLarge: sample(forEach(large), large)
    },
    (made) => made === roundsOfGrowth + 1
  )
  // the first round warms up
  const all = made.slice(1)
  const growths = all.map((round) => ({
    forEach: round.forEachLarge / round.forEach,
    split: round.splitLarge / round.split,
    control: round.controlLarge / round.control
  }))
  const control = quartiles(growths.map((growth) => growth.control / growth.forEach))
  return {
    name: bulkhead === undefined ? kind : `${kind}, bulkhead ${bulkhead}`,
    valid: holds(control),
    nanos: {
      forEach: [median(all.map((round) => round.forEach)), median(all.map((round) => round.forEachLarge))],
      split: [median(all.map((round) => round.split)), median(all.map((round) => round.splitLarge))]
    },
    forEach: quartiles(growths.map((growth) => growth.forEach)),
    split: quartiles(growths.map((growth) => growth.split)),
    quotient: quartiles(growths.map((growth) => growth.split / growth.forEach)),
    control
  }
}

const time = async (effect: Program, times: number): Promise<number> => {
  globalThis.gc!()
  let left = times
  const start = performance.now()
  await Effect.runPromise(Effect.whileLoop({ while: () => left-- > 0, body: () => effect, step: () => {} }))
  return performance.now() - start
}

// -----------------------------------------------------------------------------
// a million
// -----------------------------------------------------------------------------

const width = 64
const samplesOfHeap = 10

const programs: { readonly [name: string]: (branches: Iterable<Effect.Effect<number>>) => Program } = {
  [`Split.run ${width}, discard`]: (branches) => Split.run(branches, { strategy, bulkhead: width, discard: true }),
  // for comparison: it reads the whole list first
  [`forEach ${width}, discard`]: (branches) =>
    Effect.forEach(branches, (branch) => branch, { concurrency: width, discard: true })
}

const inOwnProcess = (name: string, kind: Kind): Million => {
  const { status, stdout } = spawnSync(process.execPath, [...process.execArgv, import.meta.filename, name, kind], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"]
  })
  if (status !== 0) throw new Error(`${name} of ${kind} branches did not finish`)
  return { name: `${kind}: ${name}`, ...JSON.parse(stdout) }
}

const heapUsed = (): number => {
  globalThis.gc!()
  return process.memoryUsage().heapUsed
}

const runMillion = async (name: string, kind: Kind): Promise<Omit<Million, "name">> => {
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
  console.log(JSON.stringify(await runMillion(name, kind)))
}
