/**
 * A split against the `Effect.forEach` that it stands on: the same branches, started at once and joined with `all`.
 */
import { JoinStrategy, Split } from "effect-cano"
import * as Effect from "effect/Effect"
import type { Case, Group } from "./harness.ts"

const kinds = {
  sync: (i: number) => Effect.sync(() => i),
  /** One hop through a promise. */
  async: (i: number) => Effect.promise(() => Promise.resolve(i)),
  io: (i: number) => Effect.as(Effect.sleep(1), i)
}

type Branches = ReadonlyArray<Effect.Effect<number>>

const make = (kind: keyof typeof kinds, n: number): Branches => Array.from({ length: n }, (_, i) => kinds[kind](i))

const strategy = JoinStrategy.all

/** The values are read, because `forEach` has them ready. */
const run = (branches: Branches, bulkhead?: number) =>
  Effect.map(Split.run(branches, { strategy, bulkhead }), (result) => result.values)

const unbounded = (kind: keyof typeof kinds, n: number): Case => {
  const branches = make(kind, n)
  return {
    name: `${kind} n=${n}`,
    size: n,
    variants: {
      forEach: Effect.forEach(branches, (branch) => branch, { concurrency: "unbounded" }),
      "forEach exits": Effect.forEach(branches, (branch) => Effect.exit(branch), { concurrency: "unbounded" }),
      "Split.run": run(branches)
    },
    against: { "Split.run": "forEach exits" }
  }
}

const bulkhead = (kind: keyof typeof kinds, n: number): Case => {
  const branches = make(kind, n)
  return {
    name: `${kind} n=${n}`,
    size: n,
    variants: {
      "forEach 8": Effect.forEach(branches, (branch) => branch, { concurrency: 8 }),
      "Split.run 8": run(branches, 8)
    }
  }
}

const sizes = [3, 10, 100, 1000, 10_000]

/** 1 ms branches behind a bulkhead take as long as they take; one size will do. */
export const groups = (withLarge: boolean): ReadonlyArray<Group> => [
  {
    title: "Split, all branches at once",
    cases: (["sync", "async", "io"] as const).flatMap((kind) =>
      // timers of 10,000 branches cost more than the branches, and differ too much from run to run
      [...sizes, ...(withLarge ? [100_000] : [])].filter((n) => kind !== "io" || n <= 1000).map((n) => () =>
        unbounded(kind, n)
      )
    )
  },
  {
    title: "Split, bulkhead of 8",
    cases: [
      ...(["sync", "async"] as const).flatMap((kind) => [100, 1000, 10_000].map((n) => () => bulkhead(kind, n))),
      () => bulkhead("io", 100)
    ]
  }
]
