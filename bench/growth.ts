/**
 * What becomes of the cost of a branch when there are very many: the growth from 1,000 branches to 100,000, beside the
 * growth of `Effect.forEach`. Each kind has a process of its own.
 */
import { JoinStrategy, Split } from "effect-cano"
import * as Effect from "effect/Effect"
import type { Measurement, Options, Program, Quartiles, Section } from "./harness.ts"
import { alone, cell, elapsed, holds, instant, median, quartiles, rounds, seed, table, untilValid } from "./harness.ts"

const kinds = {
  sync: (i: number) => Effect.sync(() => i),
  /** One hop through a promise. */
  async: (i: number) => Effect.promise(() => Promise.resolve(i))
}

export type Kind = keyof typeof kinds

const strategy = JoinStrategy.all
const small = 1000
const large = 100_000

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

const numberOfRounds = { full: 11, quick: 5 }

const grow = (kind: Kind, bulkhead: number | undefined, options: Options): Promise<Growth> =>
  untilValid(() => alone<Growth>("growth.ts", JSON.stringify([kind, bulkhead, numberOfRounds[options.pace]])))

const measurement = ({ name, quotient, valid }: Growth): Measurement => ({
  name: `growth, ${name}`,
  variant: "Split.run",
  base: "forEach",
  ratio: quotient[1],
  valid
})

export const one = async (
  kind: Kind,
  bulkhead: number | undefined,
  options: Options
): Promise<ReadonlyArray<Measurement>> => [measurement(await grow(kind, bulkhead, options))]

export const sections = async (options: Options): Promise<ReadonlyArray<Section>> => {
  const growths: Array<Growth> = []
  for (const bulkhead of [undefined, 8]) {
    for (const kind of Object.keys(kinds) as Array<Kind>) growths.push(await grow(kind, bulkhead, options))
  }
  return [{
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
    measurements: growths.map(measurement)
  }]
}

// -----------------------------------------------------------------------------
// in the process
// -----------------------------------------------------------------------------

const measure = async (kind: Kind, bulkhead: number | undefined, number: number): Promise<Growth> => {
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
  const all = await rounds(
    {
      forEach: sample(forEach(small), small),
      forEachLarge: sample(forEach(large), large),
      split: sample(split(small), small),
      splitLarge: sample(split(large), large),
      control: sample(forEach(small), small),
      controlLarge: sample(forEach(large), large)
    },
    number
  )
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
  const start = instant()
  await Effect.runPromise(Effect.whileLoop({ while: () => left-- > 0, body: () => effect, step: () => {} }))
  return elapsed(start)
}

if (import.meta.main) {
  const [kind, bulkhead, number] = JSON.parse(process.argv[2]!) as [Kind, number | null, number]
  seed(1)
  console.log(JSON.stringify(await measure(kind, bulkhead ?? undefined, number)))
}
