/**
 * Peers that do a part of the work: `Promise.all` and RxJS for branches that wait, and XState for the transitions of a
 * machine.
 */
import { JoinStrategy, Split, Workflow } from "effect-cano"
import * as Effect from "effect/Effect"
import { defer, forkJoin, lastValueFrom, map, timer } from "rxjs"
import { assign, createActor, createMachine } from "xstate"
import type { Case, Group } from "./harness.ts"
import { bothForms } from "./harness.ts"

// -----------------------------------------------------------------------------
// branches
// -----------------------------------------------------------------------------

const hop = (i: number): Promise<number> => Promise.resolve(i)

const kinds = {
  /** One hop through a promise. */
  async: {
    branch: (i: number) => Effect.promise(() => hop(i)),
    promise: hop,
    observable: (i: number) => defer(() => hop(i))
  },
  io: {
    branch: (i: number) => Effect.as(Effect.sleep(1), i),
    promise: (i: number) => new Promise<number>((resolve) => setTimeout(resolve, 1, i)),
    observable: (i: number) => timer(1).pipe(map(() => i))
  }
}

type Kind = keyof typeof kinds

const all = (kind: Kind, n: number): Case => {
  const { branch, observable, promise } = kinds[kind]
  const items = Array.from({ length: n }, (_, i) => i)
  const branches = items.map(branch)
  const observables = items.map(observable)
  return {
    size: n,
    variants: {
      "Promise.all": () => Effect.promise(() => Promise.all(items.map(promise))),
      "RxJS forkJoin": () => {
        const joined = forkJoin(observables)
        return Effect.promise(() => lastValueFrom(joined))
      },
      "Split.run": () => Effect.map(Split.run(branches, { strategy: JoinStrategy.all }), (result) => result.values)
    },
    against: [["Split.run", "RxJS forkJoin"]],
    answer: items,
    waits: kind === "io"
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
    size: transitions,
    variants: {
      machine: () =>
        Effect.map(workflow.orchestrate("A"), () => {
          const made = turns * 3
          turns = 0
          return made
        }),
      XState: () =>
        Effect.sync(() => {
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
    size: transitions,
    variants: {
      machine: () => Effect.map(workflow.orchestrate({ _tag: "A", count: 0 }), ({ count }) => count),
      XState: () =>
        Effect.sync(() => {
          const before = actor.getSnapshot().context.count
          send(actor)
          return actor.getSnapshot().context.count - before
        })
    },
    answer: transitions
  }
}

export const groups: ReadonlyArray<Group> = [
  {
    title: "All, against Promise.all and RxJS",
    forms: bothForms,
    cases: Object.fromEntries(
      (Object.keys(kinds) as Array<Kind>).flatMap((kind) =>
        [3, 10, 100, 1000].map((n) => [`${kind} n=${n}`, () => all(kind, n)] as const)
      )
    )
  },
  {
    title: "One transition, against XState",
    forms: ["hoisted"],
    cases: { "3-state loop": names, "3-state loop, with payload": payload }
  }
]
