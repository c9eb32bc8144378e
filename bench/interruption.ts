/**
 * The end of a split that is decided while all its losers still sleep, against `Effect.raceAll` of the same effects. The
 * last effect wins, after all others have started; a run that does not run each loser's finalizer exactly once throws.
 * What is timed is the second half of a run: from the decision until the join has ended, with every loser finalized.
 */
import { JoinStrategy, Split } from "effect-cano"
import * as Effect from "effect/Effect"
import type { Case, Group, Program } from "./harness.ts"

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

const make = (kind: Kind, n: number): Case => {
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
    size: n,
    variants: {
      raceAll: () => Effect.map(Effect.raceAll(branches), check),
      "Split.run": () =>
        Effect.map(Split.run(branches, { strategy: JoinStrategy.any }), ({ tally }) => {
          if (tally.interrupted !== n) {
            throw new Error(`${tally.interrupted} of ${n} losers were started and interrupted`)
          }
          check()
        })
    },
    time: afterDecision
  }
}

/** From the decision to the end. */
const afterDecision = async (effect: Program, times: number): Promise<number> => {
  let left = times
  let millis = 0
  await Effect.runPromise(Effect.whileLoop({
    while: () => left-- > 0,
    body: () => effect,
    step: () => {
      millis += performance.now() - decided
    }
  }))
  return millis
}

export const groups: ReadonlyArray<Group> = [{
  title: "Interruption: from the decision until every loser is finalized",
  // the building lies before the decision
  forms: ["hoisted"],
  cases: Object.fromEntries(
    (Object.keys(kinds) as Array<Kind>).flatMap((kind) =>
      [10, 100, 1000, 10_000].map((n) => [`${kind} n=${n}`, () => make(kind, n)] as const)
    )
  )
}]
