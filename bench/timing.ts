/**
 * The timing of one case, alone in a process: every round runs each variant once, in shuffled order, so that the machine's
 * drift falls on all variants alike. The base also runs under a second name, as the control.
 */
import * as Effect from "effect/Effect"
import { deepStrictEqual } from "node:assert"
import type { Case, Form, Group, Pace, Program, Round } from "./harness.ts"
import { elapsed, instant, large, rounds, seed } from "./harness.ts"

/** What a process is asked for. */
export interface Order {
  /** The file that has the case, without its ending. */
  readonly benchmark: string
  readonly group: string
  readonly name: string
  readonly form: Form
  readonly pace: Pace
  readonly rounds: number | undefined
  readonly seed: number
}

/** Nanoseconds of one branch or transition. */
export interface Timed {
  readonly against: ReadonlyArray<readonly [variant: string, base: string]>
  readonly rounds: ReadonlyArray<Round>
}

export const control = "control"

interface Care {
  /** Milliseconds of processor time, the compiler's included, that each variant has to warm up. */
  readonly warmUp: number
  /** Milliseconds of a sample. */
  readonly sample: number
  readonly rounds: number
  /** Rounds that come before these, and do not count. */
  readonly warmUps: number
}

/** Where one run alone is longer than a sample, a sample is several runs, or the collector's pauses hit at random. */
const paces: { readonly [P in Pace]: { readonly small: Care; readonly large: Care } } = {
  full: {
    small: { warmUp: 400, sample: 6.5, rounds: 10, warmUps: 3 },
    large: { warmUp: 400, sample: 40, rounds: 7, warmUps: 1 }
  },
  quick: {
    small: { warmUp: 200, sample: 5, rounds: 7, warmUps: 2 },
    large: { warmUp: 200, sample: 20, rounds: 5, warmUps: 1 }
  }
}

const measure = async (input: Case, order: Order): Promise<Timed> => {
  const care = paces[order.pace][input.size < large ? "small" : "large"]
  const [base] = Object.keys(input.variants) as [string]
  const effects = new Map(
    Object.entries(input.variants).map(([name, make]) => [name, order.form === "built" ? Effect.suspend(make) : make()])
  )
  if (input.answer !== undefined) {
    for (const [variant, effect] of effects) {
      deepStrictEqual(await Effect.runPromise(effect), input.answer, `${order.name}: ${variant}`)
    }
  }
  const time = input.time ?? wholly
  const samples: { [name: string]: () => Promise<number> } = {}
  for (const [name, effect] of effects) {
    if (input.waits === true) await warmUpAtOnce(effect, input.size, care)
    else await warmUp(time, effect, care)
    const times = await calibrate(time, effect, care)
    const sample = async (): Promise<number> => {
      collect(input.size)
      return (await time(effect, times)) * 1e6 / times / input.size
    }
    samples[name] = input.waits === true ? sample : () => undisturbed(sample)
  }
  // the control is the base in every respect
  samples[control] = samples[base]!
  return {
    against: [
      ...[...effects.keys()].slice(1).map((name) => [name, base] as const),
      ...(input.against ?? [])
    ],
    rounds: await rounds(samples, order.rounds ?? care.rounds, care.warmUps)
  }
}

/** Runs an effect several times on one fiber: starting a fiber from outside is not what is measured. */
const wholly = async (effect: Program, times: number): Promise<number> => {
  let left = times
  const loop = Effect.whileLoop({
    while: () => left-- > 0,
    body: () => effect,
    step: () => {}
  })
  const start = performance.now()
  await Effect.runPromise(loop)
  return performance.now() - start
}

// -----------------------------------------------------------------------------
// warming up
// -----------------------------------------------------------------------------

type Time = NonNullable<Case["time"]>

/** V8 makes the last of a hot function when it has run for some tenths of a second; on a busy machine it takes longer. */
const warmUp = async (time: Time, effect: Program, care: Care): Promise<void> => {
  let times = 1
  for (const start = instant(); instant().processor - start.processor < care.warmUp;) {
    if (await time(effect, times) < care.sample / 2) times *= 2
  }
}

/** Of what waits, some 10,000 branches at once, again and again. */
const warmUpAtOnce = async (effect: Program, size: number, care: Care): Promise<void> => {
  for (const start = instant(); instant().processor - start.processor < care.warmUp;) {
    await Promise.all(Array.from({ length: Math.ceil(10_000 / size) }, () => Effect.runPromise(effect)))
  }
}

/** How many repetitions make a sample. */
const calibrate = async (time: Time, effect: Program, care: Care): Promise<number> => {
  for (let times = 1;; times *= 2) {
    const millis = await time(effect, times)
    if (millis >= care.sample / 2) return Math.max(1, Math.round(times * care.sample / millis))
  }
}

// -----------------------------------------------------------------------------
// samples
// -----------------------------------------------------------------------------

const takesAtMost = 5

/**
 * Takes a sample again while other processes had the processors, and gives the one that had most of them; what they took
 * of that one is left out.
 */
const undisturbed = async (sample: () => Promise<number>): Promise<number> => {
  let best = 0
  let most = 0
  for (let takes = 1; takes <= takesAtMost && most < 0.95; takes++) {
    const start = instant()
    const nanos = await sample()
    const passed = performance.now() - start.now
    const share = elapsed(start) / passed
    if (share > most) {
      best = nanos * share
      most = share
    }
  }
  return best
}

const collect = (size: number): void => {
  if (size >= large) globalThis.gc!()
  else globalThis.gc!({ type: "minor" })
}

if (import.meta.main) {
  const order: Order = JSON.parse(process.argv[2]!)
  seed(order.seed)
  const { groups }: { readonly groups: ReadonlyArray<Group> } = await import(`./${order.benchmark}.ts`)
  const make = groups.find(({ title }) => title === order.group)!.cases[order.name]!
  console.log(JSON.stringify(await measure(make(), order)))
}
