/**
 * What waiting costs when very many wait: the time for each of 1,000, 10,000 and 100,000 who wait for a place of a shared
 * bulkhead, in a list that grows or for a slow observer. Each number of each kind has a process of its own, and is measured
 * twice: the second time is the control.
 */
import { Bulkhead, JoinStrategy, Split } from "effect-cano"
import * as Effect from "effect/Effect"
import type { Program, Quartiles, Section } from "./harness.ts"
import { alone, cell, elapsed, holds, instant, median, quartiles, table } from "./harness.ts"

const strategy = JoinStrategy.all
const sizes = [1000, 10_000, 100_000] as const
const places = 4

const times = <A, E>(n: number, effect: Effect.Effect<A, E>): ReadonlyArray<Effect.Effect<A, E>> =>
  Array.from({ length: n }, () => effect)

const sharing = (use: (bulkhead: Bulkhead.Bulkhead) => Program): Program =>
  Effect.flatMap(Bulkhead.make("shared", { places }), use)

const atOnce = (effects: ReadonlyArray<Program>): Program =>
  Effect.forEach(effects, (effect) => effect, { concurrency: "unbounded", discard: true })

const chain = (n: number) =>
  Split.growing<void>((add) => {
    const link = (left: number): Effect.Effect<void> =>
      Effect.andThen(
        Effect.yieldNow,
        Effect.suspend(() => left > 1 ? Effect.asVoid(add([link(left - 1)])) : Effect.void)
      )
    return [link(n)]
  })

const programs: { readonly [name: string]: (n: number) => Program } = {
  "withPlace": (n) => sharing((bulkhead) => atOnce(times(n, bulkhead.withPlace(Effect.yieldNow)))),
  "splits of one branch on one bulkhead": (n) =>
    sharing((bulkhead) => atOnce(times(n, Split.run([Effect.yieldNow], { strategy, bulkhead })))),
  "one split on a shared bulkhead": (n) =>
    sharing((bulkhead) => Split.run(times(n, Effect.yieldNow), { strategy, bulkhead, discard: true })),
  "a chain that grows on a shared bulkhead": (n) =>
    sharing((bulkhead) => Split.run(chain(n), { strategy, bulkhead, discard: true })),
  "branches added at once": (n) =>
    Split.run(
      Split.growing<void>((add) => [Effect.asVoid(Effect.suspend(() => add(times(n, Effect.yieldNow))))]),
      { strategy, bulkhead: places, discard: true }
    ),
  "a slow observer": (n) =>
    Split.run(times(n, Effect.yieldNow), { strategy, discard: true, onOutcome: () => Effect.yieldNow }),
  "a slow observer of a lazy list behind a bulkhead": (n) =>
    Split.run(() => times(n, Effect.yieldNow).values(), {
      strategy,
      bulkhead: places,
      discard: true,
      onOutcome: () => Effect.yieldNow
    })
}

interface Waiting {
  readonly name: string
  /** Nanoseconds for each who waits, by how many there are. */
  readonly nanos: ReadonlyArray<number>
  readonly growth: number
  readonly control: Quartiles
}

/** Samples of one number in its process; together they take about as long for each. */
const samples = (n: number): number => n >= 100_000 ? 5 : n >= 10_000 ? 9 : 31

interface Sample {
  readonly nanos: Quartiles
  readonly control: Quartiles
}

const measure = (name: string): Waiting => {
  const made = sizes.map((n) => alone<Sample>("waiting.ts", name, String(n)))
  const nanos = made.map((sample) => sample.nanos[1])
  return { name, nanos, growth: nanos.at(-1)! / nanos[0]!, control: made[0]!.control }
}

export const sections = async (): Promise<ReadonlyArray<Section>> => {
  const all = Object.keys(programs).map(measure)
  return [{
    title: "Waiting: one of 100,000 beside one of 1,000",
    text: table(
      ["", ...sizes.map((n) => `${n.toLocaleString("en")}, ns each`), "growth", "control"],
      all.map(({ control, growth, name, nanos }) => [
        name,
        ...nanos.map((each) => each.toFixed(0)),
        growth.toFixed(2),
        cell(control)
      ])
    ),
    measurements: all.map(({ control, growth, name }) => ({
      name: `waiting, ${name}`,
      variant: "100,000",
      base: "1,000",
      ratio: growth,
      valid: holds(control)
    }))
  }]
}

const time = async (effect: Program): Promise<number> => {
  globalThis.gc!()
  const start = instant()
  await Effect.runPromise(effect)
  return elapsed(start)
}

const sample = async (name: string, n: number): Promise<Sample> => {
  const program = programs[name]!(n)
  // a few runs of a smaller one warm up, so that 1,000 are not measured in the interpreter
  for (let i = 0; i < 30; i++) await time(programs[name]!(1000))
  const nanos: Array<number> = []
  const controls: Array<number> = []
  for (let i = 0; i < samples(n); i++) {
    const first = await time(program)
    nanos.push(first * 1e6 / n)
    controls.push(await time(program) / first)
  }
  return { nanos: quartiles(nanos), control: [Math.min(...controls), median(controls), Math.max(...controls)] }
}

if (import.meta.main) {
  const [name, n] = process.argv.slice(2) as [string, string]
  console.log(JSON.stringify(await sample(name, Number(n))))
}
