/**
 * Hedging, simulated under a test clock: what it does to the tail of the latencies, what extra work it costs, and what
 * becomes of a service that is overloaded or fails. The draws are seeded and no time is measured: the same on each run and
 * on each machine. `node --conditions=effect-cano-source test/hedge/simulation.ts --update` writes the tables and the
 * picture of the page beside it.
 */
import { Hedge } from "effect-cano"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { TestClock } from "effect/testing"
import { readFileSync, writeFileSync } from "node:fs"
import { mulberry32, table } from "../../bench/harness.ts"
import { type Bar, picture } from "../../bench/picture.ts"

// -----------------------------------------------------------------------------
// the service
// -----------------------------------------------------------------------------

/** Numbers that belong to one attempt of one call, whoever asks: every policy meets the same luck. */
const draws = (call: number, attempt: number): () => number => {
  const random = mulberry32(call * 16 + attempt + 1)
  for (let n = 0; n < 4; n++) random()
  return random
}

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** A log-normal body around 10 ms. */
const body = (random: () => number): number => 10 * Math.exp(0.4 * normal(random))

/** The body, but one in a hundred takes 20 to 50 times as long. */
const withTail = (call: number, attempt: number): number => {
  const random = draws(call, attempt)
  const millis = body(random)
  return random() < 0.01 ? millis * (20 + 30 * random()) : millis
}

// -----------------------------------------------------------------------------
// running
// -----------------------------------------------------------------------------

type Attempt = (call: number, attempt: number) => Effect.Effect<void, "outage">

type Options = Hedge.Options<"outage">

interface Call {
  readonly startedAt: number
  readonly endedAt: number
  readonly attempts: number
}

/** Starts calls at random intervals, and tells of each how it went. */
const simulate = (
  calls: number,
  meanGap: number,
  attempt: Attempt,
  options: Options | undefined
): Promise<ReadonlyArray<Call>> => {
  const seen: Array<Call> = []
  const call = (index: number) =>
    Effect.gen(function*() {
      const startedAt = yield* Clock.currentTimeMillis
      let attempts = 0
      const one = (n: number) => {
        attempts++
        return attempt(index, n)
      }
      const work = options === undefined ? Effect.suspend(() => one(0)) : Hedge.run(one, options)
      yield* Effect.exit(work)
      seen[index] = { startedAt, endedAt: yield* Clock.currentTimeMillis, attempts }
    })
  const gaps = mulberry32(2)
  const arrivals = Effect.gen(function*() {
    for (let index = 0; index < calls; index++) {
      yield* Effect.forkScoped(call(index), { startImmediately: true })
      yield* Effect.sleep(-Math.log(1 - gaps()) * meanGap)
    }
  })
  const program = Effect.gen(function*() {
    yield* Effect.forkScoped(arrivals, { startImmediately: true })
    yield* TestClock.adjust("1 day")
    return seen
  })
  return Effect.runPromise(Effect.provide(Effect.scoped(program), TestClock.layer()))
}

const at = (sorted: ReadonlyArray<number>, share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!

const latency = ({ endedAt, startedAt }: Call): number => endedAt - startedAt

const sorted = (calls: ReadonlyArray<Call>): ReadonlyArray<number> => calls.map(latency).toSorted((a, b) => a - b)

const mean = (numbers: ReadonlyArray<number>): number => numbers.reduce((sum, n) => sum + n, 0) / numbers.length

// -----------------------------------------------------------------------------
// a slow tail
// -----------------------------------------------------------------------------

/** What one policy made of the calls; latencies in milliseconds. */
export interface Row {
  readonly name: string
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** Attempts started for each call. */
  readonly attempts: number
  /** The share of the calls that were hedged. */
  readonly hedged: number
}

const row = (name: string, calls: ReadonlyArray<Call>): Row => {
  const latencies = sorted(calls)
  return {
    name,
    p50: at(latencies, 0.5),
    p99: at(latencies, 0.99),
    p999: at(latencies, 0.999),
    attempts: mean(calls.map(({ attempts }) => attempts)),
    hedged: mean(calls.map(({ attempts }) => attempts > 1 ? 1 : 0))
  }
}

export const none = "no hedge"
export const tailCalls = 5000
const tailGap = 5

/** A service whose latencies do not depend on its load. */
const tail = async (): Promise<ReadonlyArray<Row>> => {
  const first = Array.from({ length: tailCalls }, (_, call) => withTail(call, 0)).toSorted((a, b) => a - b)
  const learned = () => Hedge.percentile(0.95, Hedge.latencies())
  const policies: { readonly [name: string]: Options | undefined } = {
    [none]: undefined,
    "fixed delay, the p95": { delay: at(first, 0.95) },
    "percentile(0.95)": { delay: learned() },
    "percentile(0.95), 3 attempts": { delay: learned(), maxAttempts: 3 },
    "percentile(0.95), budget 5 %": { delay: learned(), budget: Hedge.budget({ tokens: 10, ratio: 0.05 }) },
    "percentile(0.95), budget 2 %": { delay: learned(), budget: Hedge.budget({ tokens: 10, ratio: 0.02 }) },
    "both at once": { delay: 0 }
  }
  const rows: Array<Row> = []
  for (const [name, options] of Object.entries(policies)) {
    const attempt: Attempt = (call, attempt) => Effect.sleep(withTail(call, attempt))
    rows.push(row(name, await simulate(tailCalls, tailGap, attempt, options)))
  }
  return rows
}

// -----------------------------------------------------------------------------
// a service in trouble
// -----------------------------------------------------------------------------

/** The calls of one policy before, in and after the trouble. */
export interface Trouble {
  readonly name: string
  readonly phases: ReadonlyArray<Row>
}

export const phaseCalls = 2000
const workers = 8
/** Six tenths of what the workers can do. */
const loadGap = 10 * Math.exp(0.08) / workers / 0.6

const phase = (call: number): 0 | 1 | 2 => call < phaseCalls ? 0 : call < 2 * phaseCalls ? 1 : 2

/** Workers that take one piece of work after the other, and do it to its end, whether or not its caller still waits. */
const overloaded = (): Attempt => {
  const places = Semaphore.makeUnsafe(workers)
  return (call, attempt) =>
    Effect.gen(function*() {
      const done = yield* Deferred.make<void>()
      const millis = body(draws(call, attempt)) * (phase(call) === 1 ? 1.5 : 1)
      yield* Effect.forkDetach(
        Effect.andThen(places.withPermit(Effect.sleep(millis)), Deferred.succeed(done, undefined)),
        { startImmediately: true }
      )
      yield* Deferred.await(done)
    })
}

/** A service that answers at once that it cannot. */
const failing = (): Attempt => (call, attempt) =>
  phase(call) === 1
    ? Effect.andThen(Effect.sleep(2), Effect.fail("outage" as const))
    : Effect.sleep(body(draws(call, attempt)))

const inTrouble = async (
  attempt: () => Attempt,
  policies: { readonly [name: string]: Options | undefined }
): Promise<ReadonlyArray<Trouble>> => {
  const found: Array<Trouble> = []
  for (const [name, options] of Object.entries(policies)) {
    const calls = await simulate(3 * phaseCalls, loadGap, attempt(), options)
    const phases = ([0, 1, 2] as const).map((one) => row(name, calls.filter((_, call) => phase(call) === one)))
    found.push({ name, phases })
  }
  return found
}

/** Work takes half as long again for a while: at nine tenths of the load there is a queue. */
const overload = (): Promise<ReadonlyArray<Trouble>> => {
  const delay = Duration.millis(25)
  return inTrouble(overloaded, {
    [none]: undefined,
    "25 ms": { delay },
    "25 ms, 3 attempts": { delay, maxAttempts: 3 },
    "25 ms, throttle": { delay, budget: Hedge.throttle({ tokens: 10, ratio: 0.1 }) },
    "25 ms, budget 5 %": { delay, budget: Hedge.budget({ tokens: 10, ratio: 0.05 }) },
    "percentile(0.95)": { delay: Hedge.percentile(0.95, Hedge.latencies()) },
    "percentile(0.95), budget 5 %": {
      delay: Hedge.percentile(0.95, Hedge.latencies()),
      budget: Hedge.budget({ tokens: 10, ratio: 0.05 })
    }
  })
}

/** Every attempt fails for a while. */
const outage = (): Promise<ReadonlyArray<Trouble>> => {
  const delay = Duration.millis(25)
  return inTrouble(failing, {
    [none]: undefined,
    "25 ms, 3 attempts": { delay, maxAttempts: 3 },
    "25 ms, 3 attempts, throttle": { delay, maxAttempts: 3, budget: Hedge.throttle({ tokens: 10, ratio: 0.1 }) },
    "25 ms, 3 attempts, budget 5 %": { delay, maxAttempts: 3, budget: Hedge.budget({ tokens: 10, ratio: 0.05 }) }
  })
}

// -----------------------------------------------------------------------------
// showing
// -----------------------------------------------------------------------------

const millis = (n: number): string => n < 100 ? n.toFixed(1) : n.toFixed(0)
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

const showTail = (rows: ReadonlyArray<Row>): string =>
  table(
    ["", "p50, ms", "p99, ms", "p99.9, ms", "attempts per call", "calls hedged"],
    rows.map(({ attempts, hedged, name, p50, p99, p999 }) => [
      name,
      millis(p50),
      millis(p99),
      millis(p999),
      attempts.toFixed(3),
      percent(hedged)
    ])
  )

const showTrouble = (rows: ReadonlyArray<Trouble>): string =>
  table(
    ["", "p50, ms", "p99, ms", "attempts per call"],
    rows.map(({ name, phases }) => [
      name,
      phases.map(({ p50 }) => millis(p50)).join(" → "),
      phases.map(({ p99 }) => millis(p99)).join(" → "),
      phases.map(({ attempts }) => attempts.toFixed(2)).join(" → ")
    ])
  )

const bars: ReadonlyArray<readonly [heading: string, of: (row: Row) => number]> = [
  ["Latency, the median", ({ p50 }) => p50],
  ["Latency, p99", ({ p99 }) => p99],
  ["Latency, p99.9", ({ p999 }) => p999],
  ["Attempts started", ({ attempts }) => attempts]
]

const drawn: ReadonlyArray<string> = [
  "fixed delay, the p95",
  "percentile(0.95)",
  "percentile(0.95), budget 2 %",
  "both at once"
]

/** The picture of what hedging does to a slow tail. */
export const drawing = (rows: ReadonlyArray<Row>): string => {
  const base = rows.find(({ name }) => name === none)!
  const shown = rows.filter(({ name }) => drawn.includes(name))
  return picture(
    bars.flatMap(([group, of]) => shown.map((row): Bar => ({ group, label: row.name, ratio: of(row) / of(base) }))),
    "With hedging / without: 1 % of the calls take 20 to 50 times as long"
  )
}

export interface Simulated {
  readonly tail: ReadonlyArray<Row>
  readonly overload: ReadonlyArray<Trouble>
  readonly outage: ReadonlyArray<Trouble>
}

/** The tables of the page. */
export const tables = ({ outage, overload, tail }: Simulated): string =>
  [
    "### A slow tail",
    showTail(tail),
    "### Before, in and after an overload",
    showTrouble(overload),
    "### Before, in and after an outage",
    showTrouble(outage)
  ].join("\n\n")

const page = new URL("README.md", import.meta.url)
const svg = new URL("tail.svg", import.meta.url)
const marks = ["<!-- simulated -->\n\n", "\n\n<!-- end of simulated -->"] as const

/** The tables and the picture as they are written down. */
export const written = (): { readonly tables: string; readonly drawing: string } => ({
  tables: readFileSync(page, "utf8").split(marks[0])[1]!.split(marks[1])[0]!,
  drawing: readFileSync(svg, "utf8")
})

export const simulateAll = async (): Promise<Simulated> => ({
  tail: await tail(),
  overload: await overload(),
  outage: await outage()
})

if (import.meta.main) {
  const found = await simulateAll()
  const text = tables(found)
  console.log(text)
  if (process.argv.includes("--update")) {
    writeFileSync(page, readFileSync(page, "utf8").replace(written().tables, () => text))
    writeFileSync(svg, drawing(found.tail))
  }
}
