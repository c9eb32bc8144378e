/**
 * A whole workflow (load, split into n branches that are joined with `all`, aggregate, exit) against the same by hand,
 * where the exit of each branch is kept too, and against an XState machine that invokes a `Promise.all`.
 */
import { JoinStrategy, Workflow } from "effect-cano"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { assign, createActor, createMachine, fromPromise, toPromise } from "xstate"
import type { Case, Group } from "./harness.ts"

const kinds = {
  sync: { branch: (i: number) => Effect.sync(() => i), plain: (i: number): number | Promise<number> => i },
  /** One hop through a promise. */
  async: { branch: (i: number) => Effect.promise(() => Promise.resolve(i)), plain: (i: number) => Promise.resolve(i) }
}

type Kind = keyof typeof kinds
type Branches = ReadonlyArray<Effect.Effect<number>>
type Values = ReadonlyArray<number>

const loaded = 1

const total = (loaded: number, values: Values): number => values.reduce((sum, value) => sum + value, loaded)

// -----------------------------------------------------------------------------
// the machine
// -----------------------------------------------------------------------------

type State =
  | { readonly _tag: "Load" }
  | { readonly _tag: "Fanout"; readonly loaded: number }
  | { readonly _tag: "Aggregate"; readonly loaded: number; readonly values: Values }
  | { readonly _tag: "Done"; readonly total: number }

const machine = (branches: Branches) =>
  Effect.map(
    Workflow.make<State>("bench")
      .register("Load", Effect.sync(() => ({ _tag: "Fanout", loaded })))
      .registerSplit("Fanout", branches, {
        strategy: JoinStrategy.all,
        next: ({ values }, { loaded }) => ({ _tag: "Aggregate", loaded, values })
      })
      .register(
        "Aggregate",
        ({ loaded, values }) => Effect.sync(() => ({ _tag: "Done", total: total(loaded, values) }))
      )
      .addExitStates("Done")
      .orchestrate({ _tag: "Load" }),
    (exit) => exit.total
  )

// -----------------------------------------------------------------------------
// by hand
// -----------------------------------------------------------------------------

interface Failure {
  readonly index: number
  readonly cause: Cause.Cause<unknown>
}

const load = Effect.sync(() => loaded)

const aggregate = (loaded: number, values: Values) => Effect.sync(() => total(loaded, values))

const classify = (exits: ReadonlyArray<Exit.Exit<number>>) => {
  const values: Array<number> = []
  const failures: Array<Failure> = []
  exits.forEach((exit, index) => {
    if (Exit.isSuccess(exit)) values.push(exit.value)
    else failures.push({ index, cause: exit.cause })
  })
  return { values, failures }
}

const byHand = (branches: Branches) =>
  Effect.gen(function*() {
    const loaded = yield* load
    const exits = yield* Effect.forEach(branches, Effect.exit, { concurrency: "unbounded" })
    const { failures, values } = classify(exits)
    if (failures.length > 0) return yield* Effect.fail(failures)
    return yield* aggregate(loaded, values)
  })

// -----------------------------------------------------------------------------
// XState
// -----------------------------------------------------------------------------

interface Context {
  readonly loaded: number
  readonly values: Values
  readonly total: number
}

const xstate = (tasks: ReadonlyArray<() => number | Promise<number>>) => {
  const fanout = fromPromise(() => Promise.all(tasks.map((task) => task())))
  const definition = createMachine({
    types: {} as { context: Context; output: number },
    context: { loaded: 0, values: [], total: 0 },
    initial: "Load",
    states: {
      Load: { always: { target: "Fanout", actions: assign({ loaded }) } },
      Fanout: {
        invoke: {
          src: fanout,
          onDone: { target: "Aggregate", actions: assign({ values: ({ event }) => event.output }) }
        }
      },
      Aggregate: {
        always: {
          target: "Done",
          actions: assign({ total: ({ context }) => total(context.loaded, context.values) })
        }
      },
      Done: { type: "final" }
    },
    output: ({ context }) => context.total
  })
  return Effect.promise(() => toPromise(createActor(definition).start()))
}

const whole = (kind: Kind, n: number): Case => {
  const { branch, plain } = kinds[kind]
  const indices = Array.from({ length: n }, (_, i) => i)
  const branches = indices.map(branch)
  return {
    name: `${kind} n=${n}`,
    size: 1,
    variants: {
      "hand-written": byHand(branches),
      machine: machine(branches),
      XState: xstate(indices.map((i) => () => plain(i)))
    },
    against: { XState: "machine" },
    answer: total(loaded, indices)
  }
}

export const groups = (): ReadonlyArray<Group> => [{
  title: "A whole workflow",
  cases: (Object.keys(kinds) as Array<Kind>).flatMap((kind) => [3, 10, 100].map((n) => () => whole(kind, n)))
}]
