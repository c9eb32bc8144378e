/**
 * A whole workflow (load, split into n branches that are joined with `all`, aggregate, exit) against the same by hand,
 * where the exit of each branch is kept too; against a pipe of RxJS, whose `forkJoin` keeps none; and against an XState
 * machine that invokes a `Promise.all`.
 */
import { JoinStrategy, Workflow } from "effect-cano"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Observable } from "rxjs"
import { defer, forkJoin, lastValueFrom, map, of, switchMap } from "rxjs"
import { assign, createActor, createMachine, fromPromise, toPromise } from "xstate"
import type { Case, Group } from "./harness.ts"
import { bothForms } from "./harness.ts"

const hop = (i: number): Promise<number> => Promise.resolve(i)

const kinds = {
  sync: {
    branch: (i: number) => Effect.sync(() => i),
    plain: (i: number): number | Promise<number> => i,
    observable: (i: number) => defer(() => of(i))
  },
  /** One hop through a promise. */
  async: {
    branch: (i: number) => Effect.promise(() => hop(i)),
    plain: hop,
    observable: (i: number) => defer(() => hop(i))
  }
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

const machine = (branches: Branches) => {
  const workflow = Workflow.make<State>("bench")
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
  return () => Effect.map(workflow.orchestrate({ _tag: "Load" }), (exit) => exit.total)
}

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

/** A generator function that is made once: making one takes as long as three branches. */
const byHand = Effect.fnUntraced(function*(branches: Branches) {
  const loaded = yield* load
  const exits = yield* Effect.forEach(branches, Effect.exit, { concurrency: "unbounded" })
  const { failures, values } = classify(exits)
  if (failures.length > 0) return yield* Effect.fail(failures)
  return yield* aggregate(loaded, values)
})

// -----------------------------------------------------------------------------
// RxJS
// -----------------------------------------------------------------------------

const rxjs = (branches: ReadonlyArray<Observable<number>>) => () => {
  const flow = defer(() => of(loaded)).pipe(
    switchMap((loaded) => forkJoin(branches).pipe(map((values) => total(loaded, values))))
  )
  return Effect.promise(() => lastValueFrom(flow))
}

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
  return () => Effect.promise(() => toPromise(createActor(definition).start()))
}

const whole = (kind: Kind, n: number): Case => {
  const { branch, observable, plain } = kinds[kind]
  const indices = Array.from({ length: n }, (_, i) => i)
  const branches = indices.map(branch)
  return {
    size: 1,
    variants: {
      "hand-written": () => byHand(branches),
      machine: machine(branches),
      RxJS: rxjs(indices.map(observable)),
      XState: xstate(indices.map((i) => () => plain(i)))
    },
    against: [["machine", "RxJS"], ["machine", "XState"]],
    answer: total(loaded, indices)
  }
}

export const groups: ReadonlyArray<Group> = [{
  title: "A whole workflow",
  forms: bothForms,
  cases: Object.fromEntries(
    (Object.keys(kinds) as Array<Kind>).flatMap((kind) =>
      [3, 10, 100].map((n) => [`${kind} n=${n}`, () => whole(kind, n)] as const)
    )
  )
}]
