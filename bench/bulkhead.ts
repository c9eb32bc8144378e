/**
 * Ten splits on one shared bulkhead of 8, against one `Effect.forEach` of that concurrency over all of their branches.
 * Every branch is one hop through a promise, so that the taking of turns shows.
 */
import { Bulkhead, JoinStrategy, Split } from "effect-cano"
import * as Effect from "effect/Effect"
import type { Case, Group } from "./harness.ts"
import { bothForms } from "./harness.ts"

const splits = 10
const places = 8

const sum = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0)

const sharing = (n: number): Case => {
  const branches = Array.from({ length: n }, (_, i) => Effect.promise(() => Promise.resolve(i)))
  const all = Array.from({ length: splits }, () => branches).flat()
  const shared = Effect.runSync(Bulkhead.make("bench", { places }))
  const split = (of: ReadonlyArray<Effect.Effect<number>>, bulkhead: number | Bulkhead.Bulkhead) =>
    Effect.map(Split.run(of, { strategy: JoinStrategy.all, bulkhead }), ({ values }) => sum(values))
  return {
    size: splits * n,
    variants: {
      "forEach 8": () => Effect.map(Effect.forEach(all, (effect) => effect, { concurrency: places }), sum),
      "one split": () => split(all, shared),
      "ten splits": () =>
        Effect.map(
          Effect.all(Array.from({ length: splits }, () => split(branches, shared)), { concurrency: "unbounded" }),
          sum
        )
    },
    answer: splits * sum(Array.from({ length: n }, (_, i) => i))
  }
}

export const groups: ReadonlyArray<Group> = [{
  title: "Ten splits on a shared bulkhead of 8",
  forms: bothForms,
  cases: Object.fromEntries([100, 1000, 10_000].map((n) => [`shared, ten of n=${n}`, () => sharing(n)]))
}]
