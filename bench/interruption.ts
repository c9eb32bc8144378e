/**
 * The end of a split that is decided while all its losers still sleep, against `Effect.raceAll` of the same effects. The
 * last effect wins, after all others have started; a run that does not run each loser's finalizer exactly once throws.
 * What is timed is the second half of a run: from the decision until the join has ended, with every loser finalized.
 */
import { JoinStrategy, Split } from "effect-cano"
import * as Effect from "effect/Effect"
import type { Case, Quartiles, Section } from "./harness.ts"
import { cell, holds, median, quartiles, rounds, table, untilValid } from "./harness.ts"

type Count = () => void

/** One loser, which counts its finalizers. */
const kinds = {
  plain: (sleep: Effect.Effect<void>) => sleep,
  "sync finalizer": (sleep: Effect.Effect<void>, count: Count) => Effect.ensuring(sleep, Effect.sync(count)),
  /** One hop through a promise. */
  "async finalizer": (sleep: Effect.Effect<void>, count: Count) =>
    Effect.ensuring(sleep, Effect.map(Effect.promise(() => Promise.resolve()), count))
}

type Kind = keyof typeof kinds

/** When the winner of the last run ended, which is when it was decided. */
let decided = 0

const make = (kind: Kind, n: number): Case["variants"] => {
  const finalized = new Uint8Array(n)
  const expected = kind === "plain" ? 0 : 1
  const losers = Array.from(finalized, (_, i) => kinds[kind](Effect.sleep("1 hour"), () => void finalized[i]!++))
  const winner = Effect.map(Effect.yieldNow, () => {
    decided = performance.now()
  })
  const branches = [...losers, winner]
  const check = (): void => {
    const wrong = finalized.findIndex((times) => times !== expected)
    if (wrong !== -1) throw new Error(`the finalizer of loser ${wrong} of ${n} ran ${finalized[wrong]} times`)
    finalized.fill(0)
  }
  return {
    raceAll: Effect.map(Effect.raceAll(branches), check),
    "Split.run": Effect.map(Split.run(branches, { strategy: JoinStrategy.any }), ({ tally }) => {
      if (tally.interrupted !== n) throw new Error(`${tally.interrupted} of ${n} losers were started and interrupted`)
      check()
    })
  }
}

const sizes = [10, 100, 1000, 10_000]

interface Interruption {
  readonly name: string
  /** Median nanoseconds of one loser. */
  readonly nanos: number
  readonly ratio: Quartiles
  readonly control: Quartiles
  readonly valid: boolean
}

const roundsOfInterruption = 21

const attempt = async (kind: Kind, losers: number): Promise<Interruption> => {
  const variants = make(kind, losers)
  // about 5,000 losers make a sample of 5 ms
  const times = Math.max(1, Math.round((losers < 10_000 ? 5000 : 20_000) / losers))
  const sample = (name: "raceAll" | "Split.run") => () => afterDecision(variants[name]!, times, losers)
  const all = await rounds(
    { raceAll: sample("raceAll"), "Split.run": sample("Split.run"), control: sample("raceAll") },
    (made) => made === roundsOfInterruption + 1
  )
  // the first round warms up
  const measured = all.slice(1)
  const control = quartiles(measured.map((round) => round.control / round.raceAll))
  return {
    name: `${kind} n=${losers}`,
    nanos: median(measured.map((round) => round.raceAll)),
    ratio: quartiles(measured.map((round) => round["Split.run"] / round.raceAll)),
    control,
    valid: holds(control)
  }
}

/** Nanoseconds for one loser, from the decision to the end. */
const afterDecision = async (
  effect: Effect.Effect<unknown, unknown>,
  times: number,
  losers: number
): Promise<number> => {
  if (losers < 10_000) globalThis.gc!({ type: "minor" })
  else globalThis.gc!()
  let left = times
  let millis = 0
  await Effect.runPromise(Effect.whileLoop({
    while: () => left-- > 0,
    body: () => effect,
    step: () => {
      millis += performance.now() - decided
    }
  }))
  return millis * 1e6 / times / losers
}

export const sections = async (): Promise<ReadonlyArray<Section>> => {
  const all: Array<Interruption> = []
  for (const kind of Object.keys(kinds) as Array<Kind>) {
    for (const losers of sizes) all.push(await untilValid(() => attempt(kind, losers)))
  }
  return [{
    title: "Interruption: from the decision until every loser is finalized",
    text: table(
      ["", "raceAll, ns per loser", "Split.run", "control"],
      all.map(({ control, name, nanos, ratio, valid }) => [
        name,
        nanos.toFixed(0),
        valid ? cell(ratio) : "void",
        cell(control)
      ])
    ),
    measurements: all.map(({ name, ratio, valid }) => ({
      name,
      variant: "Split.run",
      base: "raceAll",
      ratio: ratio[1],
      valid
    }))
  }]
}
