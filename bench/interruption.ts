/**
 * The end of a split that is decided while all its losers still sleep, against `Effect.raceAll` of the same effects. The
 * last effect wins, after all others have started; a run that does not run each loser's finalizer exactly once throws.
 *
 * `cases` time whole runs: the losers are started, the winner decides, the losers end. `measure` times the second half
 * alone: from the decision until the join has ended, with every loser finalized.
 */
import { JoinStrategy, Split } from "effect-cano"
import * as Effect from "effect/Effect"
import { median, quartiles, rounds } from "./growth.ts"
import { type Case, table } from "./harness.ts"

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

export const cases = (): ReadonlyArray<{ readonly title: string; readonly cases: ReadonlyArray<() => Case> }> =>
  (Object.keys(kinds) as Array<Kind>).map((kind) => ({
    title: `Any, one winner and n losers that sleep: ${kind}`,
    cases: sizes.map((n) => () => ({ name: `${kind} n=${n}`, size: n, variants: make(kind, n) }))
  }))

// -----------------------------------------------------------------------------
// from the decision on
// -----------------------------------------------------------------------------

export interface Interruption {
  readonly name: string
  readonly losers: number
  /** Median nanoseconds of one loser. */
  readonly nanos: { readonly raceAll: number; readonly "Split.run": number }
  /** `Split.run`, and `raceAll` again, to `raceAll`. */
  readonly ratio: readonly [q1: number, median: number, q3: number]
  readonly control: readonly [q1: number, median: number, q3: number]
  readonly valid: boolean
}

const attemptsAtMost = 3

export const measure = async (): Promise<ReadonlyArray<Interruption>> => {
  const out: Array<Interruption> = []
  for (const kind of Object.keys(kinds) as Array<Kind>) {
    for (const losers of sizes) {
      let interruption = await attempt(kind, losers)
      for (let i = 1; !interruption.valid && i < attemptsAtMost; i++) interruption = await attempt(kind, losers)
      out.push(interruption)
    }
  }
  return out
}

const attempt = async (kind: Kind, losers: number): Promise<Interruption> => {
  const variants = make(kind, losers)
  // about 5,000 losers make a sample of 5 ms
  const times = Math.max(1, Math.round((losers < 10_000 ? 5000 : 20_000) / losers))
  const sample = (name: "raceAll" | "Split.run") => () => afterDecision(variants[name]!, times, losers)
  const all = await rounds(21, {
    raceAll: sample("raceAll"),
    "Split.run": sample("Split.run"),
    control: sample("raceAll")
  })
  const ratio = quartiles(all.map((round) => round["Split.run"] / round.raceAll))
  const control = quartiles(all.map((round) => round.control / round.raceAll))
  return {
    name: `${kind} n=${losers}`,
    losers,
    nanos: {
      raceAll: median(all.map((round) => round.raceAll)),
      "Split.run": median(all.map((round) => round["Split.run"]))
    },
    ratio,
    control,
    valid: control[1] >= 0.93 && control[1] <= 1.07
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

export const show = (interruptions: ReadonlyArray<Interruption>): string => {
  const cell = ([q1, middle, q3]: Interruption["ratio"]): string =>
    `${middle.toFixed(2)} (${q1.toFixed(2)}–${q3.toFixed(2)})`
  return table(
    ["", "raceAll, ns per loser", "Split.run", "control"],
    interruptions.map(({ control, name, nanos, ratio, valid }) => [
      name,
      nanos.raceAll.toFixed(0),
      valid ? cell(ratio) : "void",
      cell(control)
    ])
  )
}
