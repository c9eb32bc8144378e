/**
 * Peers that do a part of the work: `Promise.all` for branches that wait, p-map for a bulkhead, and XState for the
 * transitions of a machine.
 */
import { JoinStrategy, Split, Workflow } from "effect-cano"
import * as Effect from "effect/Effect"
import pMap from "p-map"
import { assign, createActor, createMachine } from "xstate"
import type { Case, Group } from "./harness.ts"

const indices = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

const strategy = JoinStrategy.all

// -----------------------------------------------------------------------------
// branches
// -----------------------------------------------------------------------------

const sleep = (i: number): Promise<number> => new Promise((resolve) => setTimeout(resolve, 1, i))

const sleeping = (n: number): Case => {
  const items = indices(n)
  const branches = items.map((i) => Effect.as(Effect.sleep(1), i))
  return {
    name: `io n=${n}`,
    size: n,
    variants: {
      "Promise.all": Effect.promise(() => Promise.all(items.map(sleep))),
      "Split.run": Effect.map(Split.run(branches, { strategy }), (result) => result.values)
    },
    answer: items
  }
}

const hop = (i: number): Promise<number> => Promise.resolve(i)

const bulkhead = (n: number): Case => {
  const items = indices(n)
  const branches = items.map((i) => Effect.promise(() => hop(i)))
  return {
    name: `async n=${n}`,
    size: n,
    variants: {
      "p-map 8": Effect.promise(() => pMap(items, hop, { concurrency: 8 })),
      "Split.run 8": Effect.map(Split.run(branches, { strategy, bulkhead: 8 }), (result) => result.values)
    },
    answer: items
  }
}

// -----------------------------------------------------------------------------
// transitions
// -----------------------------------------------------------------------------

/** Of a loop of three states. */
const transitions = 999
const event = { type: "next" }

const send = (actor: { readonly send: (_: typeof event) => void }): void => {
  for (let i = 0; i < transitions; i++) actor.send(event)
}

/** Both answer how many transitions they made. */
const names = (): Case => {
  let turns = 0
  const workflow = Workflow.make<"A" | "B" | "C" | "Done">("loop")
    .register("A", Effect.sync(() => "B"))
    .register("B", Effect.sync(() => "C"))
    .register("C", Effect.sync(() => ++turns === transitions / 3 ? "Done" : "A"))
    .addExitStates("Done")
  const actor = createActor(createMachine({
    initial: "A",
    states: { A: { on: { next: "B" } }, B: { on: { next: "C" } }, C: { on: { next: "A" } } }
  })).start()
  return {
    name: "3-state loop",
    size: transitions,
    variants: {
      machine: Effect.map(workflow.orchestrate("A"), () => {
        const made = turns * 3
        turns = 0
        return made
      }),
      XState: Effect.sync(() => {
        send(actor)
        return actor.getSnapshot().value === "A" ? transitions : "somewhere else"
      })
    },
    answer: transitions
  }
}

interface Counting<Tag extends string> {
  readonly _tag: Tag
  readonly count: number
}

const payload = (): Case => {
  const workflow = Workflow.make<Counting<"A"> | Counting<"B"> | Counting<"C"> | Counting<"Done">>("loop")
    .register("A", ({ count }) => Effect.sync(() => ({ _tag: "B", count: count + 1 })))
    .register("B", ({ count }) => Effect.sync(() => ({ _tag: "C", count: count + 1 })))
    .register(
      "C",
      ({ count }) => Effect.sync(() => ({ _tag: count + 1 === transitions ? "Done" : "A", count: count + 1 }))
    )
    .addExitStates("Done")
  const actions = assign({
    count: ({ context }: { readonly context: { readonly count: number } }) => context.count + 1
  })
  const actor = createActor(createMachine({
    context: { count: 0 },
    initial: "A",
    states: {
      A: { on: { next: { target: "B", actions } } },
      B: { on: { next: { target: "C", actions } } },
      C: { on: { next: { target: "A", actions } } }
    }
  })).start()
  return {
    name: "3-state loop, with payload",
    size: transitions,
    variants: {
      machine: Effect.map(workflow.orchestrate({ _tag: "A", count: 0 }), ({ count }) => count),
      XState: Effect.sync(() => {
        const before = actor.getSnapshot().context.count
        send(actor)
        return actor.getSnapshot().context.count - before
      })
    },
    answer: transitions
  }
}

export const groups = (): ReadonlyArray<Group> => [
  { title: "All, branches that sleep, against Promise.all", cases: [3, 10, 100].map((n) => () => sleeping(n)) },
  { title: "Bulkhead of 8, against p-map", cases: [100, 1000, 10_000].map((n) => () => bulkhead(n)) },
  { title: "One transition, against XState", cases: [names, payload] }
]
