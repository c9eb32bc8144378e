/**
 * How long a split of 100,000 branches keeps everybody else waiting: the longest time between two turns of the event loop,
 * and by how much the latest timer is late, while it runs; beside `Effect.forEach`. Each has a process of its own.
 */
import { JoinStrategy, Split } from "effect-cano"
import * as Effect from "effect/Effect"
import type { Instant, Measurement, Options, Program, Quartiles, Section } from "./harness.ts"
import { alone, elapsed, instant, quartiles, table } from "./harness.ts"

const n = 100_000

const kinds = {
  /** One hop through a promise. */
  async: (i: number) => Effect.promise(() => Promise.resolve(i)),
  sleeping: (i: number) => Effect.as(Effect.sleep(1), i)
}

type Kind = keyof typeof kinds
type Branches = ReadonlyArray<Effect.Effect<number>>

const programs = {
  forEach: (branches: Branches): Program => Effect.forEach(branches, (branch) => branch, { concurrency: "unbounded" }),
  "Split.run": (branches: Branches): Program =>
    Effect.map(Split.run(branches, { strategy: JoinStrategy.all }), (result) => result.values)
}

type Name = keyof typeof programs

interface Lag {
  readonly kind: Kind
  readonly name: Name
  /** Milliseconds from one turn of the event loop to the next, the longest of a run. */
  readonly turn: Quartiles
  /** Milliseconds by which a timer is late, the longest of a run. */
  readonly timer: Quartiles
}

/** After this many runs what comes is measured. */
const warmUps = { full: 3, quick: 2 }
const runs = { full: 9, quick: 5 }

const measure = (kind: Kind, name: Name, { pace }: Options): Lag => ({
  kind,
  name,
  ...alone<Pick<Lag, "turn" | "timer">>("lag.ts", kind, name, String(warmUps[pace]), String(runs[pace]))
})

const measurement = ({ kind, timer, turn }: Lag): Measurement => ({
  name: `lag, ${kind}`,
  variant: "Split.run",
  base: "ms",
  ratio: Math.max(turn[1], timer[1]),
  valid: true
})

export const one = async (kind: Kind, options: Options): Promise<ReadonlyArray<Measurement>> => [
  measurement(measure(kind, "Split.run", options))
]

const shown = ([q1, median, q3]: Quartiles): string => `${median.toFixed(0)} (${q1.toFixed(0)}–${q3.toFixed(0)})`

export const sections = async (options: Options): Promise<ReadonlyArray<Section>> => {
  const all = (Object.keys(kinds) as Array<Kind>).flatMap((kind) =>
    (Object.keys(programs) as Array<Name>).map((name) => measure(kind, name, options))
  )
  return [{
    title: "Event-loop lag: 100,000 branches at once",
    text: table(
      ["", "longest turn, ms", "latest timer, ms"],
      all.map(({ kind, name, timer, turn }) => [`${kind}: ${name}`, shown(turn), shown(timer)])
    ),
    measurements: all.filter(({ name }) => name === "Split.run").map(measurement)
  }]
}

// -----------------------------------------------------------------------------
// in the process
// -----------------------------------------------------------------------------

/** Watches the event loop, which is never idle meanwhile, until it is told to stop. */
class Watch {
  turn = 0
  timer = 0
  #isOn = true
  constructor() {
    const look = (last: Instant): void => {
      this.turn = Math.max(this.turn, elapsed(last))
      if (this.#isOn) setImmediate(look, instant())
    }
    const wait = (start: Instant): void => {
      this.timer = Math.max(this.timer, elapsed(start) - 1)
      if (this.#isOn) setTimeout(wait, 1, instant())
    }
    setImmediate(look, instant())
    setTimeout(wait, 1, instant())
  }
  stop(): void {
    this.#isOn = false
  }
}

const run = async (program: Program): Promise<{ readonly turn: number; readonly timer: number }> => {
  globalThis.gc!()
  const watch = new Watch()
  await Effect.runPromise(program)
  // the last turn and the last timer count, too
  await new Promise((resolve) => setTimeout(resolve, 2))
  await new Promise((resolve) => setImmediate(resolve))
  watch.stop()
  return watch
}

if (import.meta.main) {
  const [kind, name, warmUps, number] = process.argv.slice(2) as [Kind, Name, string, string]
  const program = programs[name](Array.from({ length: n }, (_, i) => kinds[kind](i)))
  for (let i = 0; i < Number(warmUps); i++) await run(program)
  const all: Array<{ readonly turn: number; readonly timer: number }> = []
  for (let i = 0; i < Number(number); i++) all.push(await run(program))
  console.log(JSON.stringify({
    turn: quartiles(all.map(({ turn }) => turn)),
    timer: quartiles(all.map(({ timer }) => timer))
  }))
}
