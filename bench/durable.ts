/**
 * What it costs that a run survives its process: a visit and a branch, beside the same rows by hand and the same work on
 * `effect/workflow`; how long a run of many visits takes to go on; many runs at once; and what all of it weighs on disk. Each
 * case has a process of its own, with databases in a folder beside the sources, so that they are on a disk.
 */
import { Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { strictEqual } from "node:assert"
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync, StatementSync } from "node:sqlite"
import type { Open, Store, Synchronous, Work } from "./durably.ts"
import { answerOf, durable, effectWorkflow, journal, raw } from "./durably.ts"
import type { Measurement, Options, Pace, Quartiles, Round, Section } from "./harness.ts"
import { alone, cell, elapsed, holds, instant, median, quartiles, rounds, seed, table, untilValid } from "./harness.ts"

const variants = { raw, durable, "effect/workflow": effectWorkflow, control: raw } satisfies { [name: string]: Open }
type Variant = keyof typeof variants
const names = Object.keys(variants) as ReadonlyArray<Variant>

/** Work of which a sample does one run, by the name of the case. */
const works: { readonly [name: string]: Work } = {
  visit: { times: 50, width: 0 },
  "branch n=1": { times: 25, width: 1 },
  "branch n=10": { times: 20, width: 10 },
  "branch n=100": { times: 4, width: 100 }
}

const places = { full: "fsync", off: "no fsync", memory: ":memory:" }
type Place = keyof typeof places

const synchronousOf = (place: Place): Synchronous => place === "full" ? "full" : "off"

const numberOfRounds = { full: 15, quick: 7 }

// -----------------------------------------------------------------------------
// a visit, and a branch
// -----------------------------------------------------------------------------

interface Cost {
  readonly name: string
  readonly valid: boolean
  /** Microseconds of a visit or a branch. */
  readonly micros: { readonly [V in Variant]: number }
  readonly ratios: { readonly [V in "durable" | "effect/workflow" | "control"]: Quartiles }
  readonly against: Quartiles
}

const cost = (name: string, place: Place, { pace, rounds = numberOfRounds[pace] }: Options): Promise<Cost> =>
  untilValid(() => alone<Cost>("durable.ts", "cost", name, place, String(rounds)))

const measurements = ({ against, name, ratios, valid }: Cost): ReadonlyArray<Measurement> => [
  { name: `durable, ${name}`, variant: "durable", base: "raw", ratio: ratios.durable[1], valid },
  // neither of them is the base, so that what befalls that says nothing of it
  { name: `durable, ${name}`, variant: "durable", base: "effect/workflow", ratio: against[1], valid: true }
]

const costs = (reports: ReadonlyArray<Cost>): Section => ({
  title: "Durable runs on SQLite: a visit, and a branch of a split",
  text: table(
    ["", "raw inserts, µs", "durable, µs", "effect/workflow, µs", "durable", "durable / effect/workflow", "control"],
    reports.map(({ against, micros, name, ratios, valid }) => [
      name,
      ...[micros.raw, micros.durable, micros["effect/workflow"]].map((value) => value.toFixed(value < 10 ? 1 : 0)),
      valid ? cell(ratios.durable) : "void",
      cell(against),
      cell(ratios.control)
    ])
  ),
  measurements: reports.flatMap(measurements)
})

// -----------------------------------------------------------------------------
// going on
// -----------------------------------------------------------------------------

/** Visits behind a run that is resumed; and how many of them were steps that may be undone. */
const visitsBehind = 100_000
const keptSteps = [0, 1000]
const resumes = { full: 7, quick: 3 }

interface Resumed {
  readonly name: string
  readonly millis: Quartiles
}

const resume = (kept: number, pace: Pace): Resumed => {
  const folder = makeFolder()
  try {
    alone("durable.ts", "long", folder, String(kept))
    const millis = Array.from({ length: resumes[pace] }, () => alone<number>("durable.ts", "resume", folder))
    return { name: kept === 0 ? "nothing kept" : `${kept} steps kept`, millis: quartiles(millis) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const shown = ([q1, median, q3]: Quartiles): string => `${median.toFixed(0)} (${q1.toFixed(0)}–${q3.toFixed(0)})`

const resuming = (all: ReadonlyArray<Resumed>): Section => ({
  title: `Resuming a durable run with ${
    visitsBehind.toLocaleString("en")
  } visits behind it, in a process that has just started`,
  text: table(["", "until its first step, ms"], all.map(({ millis, name }) => [name, shown(millis)])),
  measurements: all.map(ofResumed)
})

const ofResumed = ({ millis, name }: Resumed): Measurement => ({
  name: `resume, ${name}`,
  variant: "durable",
  base: "ms",
  ratio: millis[1],
  valid: true
})

// -----------------------------------------------------------------------------
// many runs, and their bytes
// -----------------------------------------------------------------------------

interface Many {
  readonly seconds: number
  readonly commits: number
}

const manyRuns = { full: 1000, quick: 100 }
const many: Work = { times: 1, width: 10 }

type Both = { readonly [V in "durable" | "effect/workflow"]: Many }

const both = ({ pace }: Options): Both => {
  const measure = (name: keyof Both): Many => alone("durable.ts", "many", name, String(manyRuns[pace]))
  return { durable: measure("durable"), "effect/workflow": measure("effect/workflow") }
}

const ofBoth = (found: Both): Measurement => ({
  name: "durable, runs at once",
  variant: "durable",
  base: "effect/workflow",
  ratio: found.durable.seconds / found["effect/workflow"].seconds,
  valid: true
})

const atOnce = (runs: number, found: Both): Section => ({
  title: `${runs.toLocaleString("en")} durable runs of a split of ${many.width} at once, with fsync`,
  text: table(
    ["", "seconds", "runs a second", "commits"],
    Object.entries(found).map(([name, { commits, seconds }]) => [
      name,
      seconds.toFixed(2),
      (runs / seconds).toFixed(0),
      String(commits)
    ])
  ),
  measurements: [ofBoth(found)]
})

/** Runs whose bytes are told, each with what is counted of it. */
const weighed: { readonly [what: string]: { readonly runs: number; readonly work: Work; readonly of: number } } = {
  "a run of one visit": { runs: 1000, work: { times: 0, width: 0 }, of: 1000 },
  "a visit": { runs: 1, work: { times: 5000, width: 0 }, of: 5000 },
  "a branch, n=1": { runs: 1, work: { times: 1000, width: 1 }, of: 1000 },
  "a branch, n=100": { runs: 1, work: { times: 50, width: 100 }, of: 5000 }
}

const weights = (all: { readonly [what: string]: number }): Section => ({
  title: "Durable runs on SQLite: bytes in the file",
  text: table(["of", "bytes"], Object.entries(all).map(([what, bytes]) => [what, bytes.toFixed(0)])),
  measurements: []
})

// -----------------------------------------------------------------------------
// all
// -----------------------------------------------------------------------------

export const one = async (name: string, options: Options): Promise<ReadonlyArray<Measurement>> =>
  measurements(await cost(name, "full", options))

export const runs = async (options: Options): Promise<ReadonlyArray<Measurement>> => [ofBoth(both(options))]

export const resumed = async ({ pace }: Options): Promise<ReadonlyArray<Measurement>> => [ofResumed(resume(0, pace))]

export const sections = async (options: Options): Promise<ReadonlyArray<Section>> => {
  const found: Array<Cost> = []
  for (const place of Object.keys(places) as ReadonlyArray<Place>) {
    for (const name of Object.keys(works)) found.push(await cost(name, place, options))
  }
  return [
    costs(found),
    resuming(keptSteps.map((kept) => resume(kept, options.pace))),
    atOnce(manyRuns[options.pace], both(options)),
    weights(alone("durable.ts", "weigh"))
  ]
}

// -----------------------------------------------------------------------------
// in the process
// -----------------------------------------------------------------------------

/** What is under `/tmp` may be in memory, where nothing waits for a disk. */
const makeFolder = (): string => {
  const caches = join(import.meta.dirname, "../node_modules/.cache")
  mkdirSync(caches, { recursive: true })
  return mkdtempSync(join(caches, "effect-cano-bench-"))
}

const inFolder = async <A>(f: (folder: string) => Promise<A>): Promise<A> => {
  const folder = makeFolder()
  try {
    return await f(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

let started = 0

const once = async (store: Store, work: Work): Promise<void> => {
  strictEqual(await store.run(`run-${started++}`, work), answerOf(work))
}

/** Milliseconds of processor time that each variant has to warm up, where nothing waits for a disk. */
const warmUp = 1000

const measureCost = (name: string, place: Place, number: number): Promise<Cost> =>
  inFolder(async (folder) => {
    const work = works[name]!
    const size = work.times * Math.max(1, work.width)
    for (const open of new Set(Object.values(variants))) {
      const store = await open(":memory:", "off")
      for (const start = instant(); instant().processor - start.processor < warmUp;) await once(store, work)
      await store.close()
    }
    const stores: Array<Store> = []
    const samples = {} as { [V in Variant]: () => Promise<number> }
    for (const variant of names) {
      const filename = place === "memory" ? ":memory:" : join(folder, `${names.indexOf(variant)}.db`)
      const store = await variants[variant](filename, synchronousOf(place))
      stores.push(store)
      samples[variant] = async () => {
        globalThis.gc!({ type: "minor" })
        const start = instant()
        await once(store, work)
        // who waits for a disk has no processor meanwhile
        return (place === "full" ? performance.now() - start.now : elapsed(start)) * 1000 / size
      }
    }
    const all = await rounds(samples, number, 2)
    for (const store of stores) await store.close()
    const ratio = (variant: Variant, base: Variant = "raw"): Quartiles =>
      quartiles(all.map((round: Round<Variant>) => round[variant] / round[base]))
    const micros = (variant: Variant): number => median(all.map((round) => round[variant]))
    const control = ratio("control")
    return {
      name: place === "full" ? name : `${name}, ${places[place]}`,
      valid: holds(control),
      micros: {
        raw: micros("raw"),
        durable: micros("durable"),
        "effect/workflow": micros("effect/workflow"),
        control: micros("control")
      },
      ratios: { durable: ratio("durable"), "effect/workflow": ratio("effect/workflow"), control },
      against: ratio("durable", "effect/workflow")
    }
  })

const measureMany = (name: keyof Both, runs: number): Promise<Many> =>
  inFolder(async (folder) => {
    const open = variants[name]
    const warm = await open(":memory:", "off")
    await Promise.all(Array.from({ length: 100 }, () => once(warm, many)))
    await warm.close()
    const store = await open(join(folder, "many.db"), "full")
    const before = commits.number
    const start = performance.now()
    await Promise.all(Array.from({ length: runs }, () => once(store, many)))
    const seconds = (performance.now() - start) / 1000
    const found = { seconds, commits: commits.number - before }
    await store.close()
    return found
  })

/** Commits of all connections from here on, those of single statements included. */
const commits = { number: 0 }

const countCommits = (): void => {
  for (const method of ["all", "run"] as const) {
    const own = StatementSync.prototype[method] as (this: StatementSync, ...args: ReadonlyArray<any>) => any
    StatementSync.prototype[method] = function(this: StatementSync, ...args: Array<any>) {
      if (/^\s*commit/i.test(this.sourceSQL)) commits.number++
      return own.apply(this, args)
    } as any
  }
}

const bytes = async (runs: number, work: Work): Promise<number> =>
  inFolder(async (folder) => {
    const filename = join(folder, "bytes.db")
    const store = await durable(filename, "off")
    for (let i = 0; i < runs; i++) await once(store, work)
    await store.close()
    new DatabaseSync(filename).exec("PRAGMA wal_checkpoint(TRUNCATE)")
    return statSync(filename).size
  })

const measureWeights = async (): Promise<{ readonly [what: string]: number }> => {
  const empty = await bytes(0, { times: 0, width: 0 })
  const found: { [what: string]: number } = {}
  for (const [what, { of, runs, work }] of Object.entries(weighed)) found[what] = (await bytes(runs, work) - empty) / of
  return found
}

// -----------------------------------------------------------------------------
// a run of many visits
// -----------------------------------------------------------------------------

const State = Schema.Union([
  Schema.TaggedStruct("Add", { left: Schema.Int, every: Schema.Int }),
  Schema.TaggedStruct("Pay", { left: Schema.Int, every: Schema.Int }),
  Schema.TaggedStruct("Hold", {}),
  Schema.TaggedStruct("Done", {})
])
type State = typeof State.Type

/** Every so many visits is a step that may be undone, if any is; at last it holds, until somebody says so. */
const longMachine = (hold: Effect.Effect<void>) => {
  const after = (left: number, every: number): Exclude<State, { _tag: "Done" }> =>
    left <= 0
      ? { _tag: "Hold" }
      : { _tag: every > 0 && left % every === 0 ? "Pay" : "Add", left: left - 1, every }
  return Durable.make(
    Workflow.make("long", State)
      .register("Add", ({ every, left }) => Effect.succeed(after(left, every)))
      .register("Pay", {
        run: ({ left }) => Effect.succeed(left),
        schema: { success: Schema.Int, error: Schema.Never },
        compensate: () => Effect.void,
        next: (_left, { every, left }) => after(left, every)
      })
      .register("Hold", Effect.as(hold, { _tag: "Done" } as const))
      .addExitStates("Done"),
    { version: 1 }
  )
}

const opened = (folder: string, synchronous: Synchronous) =>
  // who holds does not come to its next row
  Layer.provide(journal(join(folder, "long.db"), synchronous), Durable.settings({ stopWithin: 0 }))

const long = (folder: string, kept: number): Promise<null> => {
  const program = Effect.gen(function*() {
    const held = yield* Deferred.make<void>()
    const definition = longMachine(Effect.andThen(Deferred.succeed(held, undefined), Effect.never))
    const every = kept === 0 ? 0 : visitsBehind / kept
    yield* definition.start("long", { _tag: "Add", left: visitsBehind, every }).pipe(
      Effect.andThen(Deferred.await(held)),
      Effect.provide(definition.layer)
    )
    return null
  })
  return Effect.runPromise(Effect.provide(program, opened(folder, "off")))
}

/**
 * Milliseconds until the run is where it was: from when it is asked for, with the tables open, until its state is entered. Those
 * in which other processes had the processors are left out, and what the disk takes for one commit with them.
 */
const goOn = (folder: string): Promise<number> => {
  const program = Effect.gen(function*() {
    const held = yield* Deferred.make<void>()
    const definition = longMachine(Effect.andThen(Deferred.succeed(held, undefined), Effect.never))
    return yield* Effect.gen(function*() {
      const start = instant()
      yield* definition.start("long", { _tag: "Hold" })
      yield* Deferred.await(held)
      return elapsed(start)
    }).pipe(Effect.provide(definition.layer))
  })
  return Effect.runPromise(Effect.provide(program, opened(folder, "full")))
}

if (import.meta.main) {
  const [what, ...rest] = process.argv.slice(2)
  seed(1)
  const answers: { readonly [what: string]: (...args: ReadonlyArray<string>) => Promise<unknown> } = {
    cost: (name, place, number) => measureCost(name!, place as Place, Number(number)),
    long: (folder, kept) => long(folder!, Number(kept)),
    resume: (folder) => goOn(folder!),
    many: (name, runs = "1000") => {
      countCommits()
      return measureMany(name as keyof Both, Number(runs))
    },
    weigh: measureWeights
  }
  console.log(JSON.stringify(await answers[what!]!(...rest)))
  // a runner of a cluster may go on for a while
  process.exit()
}
