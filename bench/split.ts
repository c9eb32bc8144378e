/**
 * A split against the `Effect.forEach` that it stands for: the same branches, started at once and joined with `all`; and
 * behind a bulkhead, where p-map is a peer.
 */
import { JoinStrategy, Split } from "effect-cano"
import * as Effect from "effect/Effect"
import pMap from "p-map"
import type { Case, Group } from "./harness.ts"
import { bothForms } from "./harness.ts"

const hop = (i: number): Promise<number> => Promise.resolve(i)

const kinds = {
  sync: (i: number) => Effect.sync(() => i),
  /** One hop through a promise. */
  async: (i: number) => Effect.promise(() => hop(i)),
  io: (i: number) => Effect.as(Effect.sleep(1), i)
}

type Kind = keyof typeof kinds
type Branches = ReadonlyArray<Effect.Effect<number>>

const indices = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

const strategy = JoinStrategy.all

/** The values are read, because `forEach` has them ready. */
const run = (branches: Branches, bulkhead?: number) =>
  Effect.map(Split.run(branches, { strategy, bulkhead }), (result) => result.values)

const unbounded = (kind: Kind, n: number): Case => {
  const branches = indices(n).map(kinds[kind])
  return {
    size: n,
    variants: {
      forEach: () => Effect.forEach(branches, (branch) => branch, { concurrency: "unbounded" }),
      "forEach exits": () => Effect.forEach(branches, (branch) => Effect.exit(branch), { concurrency: "unbounded" }),
      "Split.run": () => run(branches)
    },
    against: [["Split.run", "forEach exits"]],
    waits: kind === "io"
  }
}

const places = 8

const bulkhead = (kind: Kind, n: number): Case => {
  const items = indices(n)
  const branches = items.map(kinds[kind])
  return {
    size: n,
    variants: {
      "forEach 8": () => Effect.forEach(branches, (branch) => branch, { concurrency: places }),
      "Split.run 8": () => run(branches, places)
    },
    answer: items,
    waits: kind === "io"
  }
}

/** Promises know nothing of branches that complete at once. */
const againstPMap = (n: number): Case => {
  const items = indices(n)
  const branches = items.map(kinds.async)
  return {
    size: n,
    variants: {
      "p-map 8": () => Effect.promise(() => pMap(items, hop, { concurrency: places })),
      "Split.run 8": () => run(branches, places)
    },
    answer: items
  }
}

const cases = (
  make: (kind: Kind, n: number) => Case,
  sizes: { readonly [K in Kind]?: ReadonlyArray<number> }
): Group["cases"] =>
  Object.fromEntries(
    (Object.keys(sizes) as Array<Kind>).flatMap((kind) =>
      sizes[kind]!.map((n) => [`${kind} n=${n}`, () => make(kind, n)] as const)
    )
  )

const sizes = [3, 10, 100, 1000, 10_000, 100_000]

export const groups: ReadonlyArray<Group> = [
  {
    title: "Split, all branches at once",
    forms: bothForms,
    // timers of 10,000 branches cost more than the branches, and differ too much from run to run
    cases: cases(unbounded, { sync: sizes, async: sizes, io: [3, 10, 100, 1000] })
  },
  {
    title: "Split, bulkhead of 8",
    forms: bothForms,
    // 1 ms branches behind a bulkhead take as long as they take; one size will do
    cases: cases(bulkhead, { sync: [100, 1000, 10_000], async: [100, 1000, 10_000], io: [100] })
  },
  {
    title: "Bulkhead of 8, against p-map",
    forms: bothForms,
    cases: cases((_, n) => againstPMap(n), { async: [100, 1000, 10_000] })
  }
]
