/**
 * The loop of the machine against the loop one would write by hand: a generator over a `Map` of handlers. Of one state, the
 * run itself is what one pays for; so are a time limit and resources, each against what Effect has for it.
 */
import { Workflow } from "effect-cano"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Case, Group } from "./harness.ts"
import { bothForms } from "./harness.ts"

/** A generator function that is made once, as making one takes longer than a transition. */
const byHand = Effect.fnUntraced(function*<R>(
  handlers: ReadonlyMap<string, Effect.Effect<string, never, R>>,
  initial: string
) {
  let state = initial
  while (state !== "Done") state = yield* handlers.get(state)!
  return state
})

// -----------------------------------------------------------------------------
// many states
// -----------------------------------------------------------------------------

const names = (n: number): ReadonlyArray<string> => Array.from({ length: n }, (_, i) => `S${i}`)

const following = (n: number, i: number): string => i + 1 === n ? "Done" : `S${i + 1}`

/** States that are names, tasks that are effects. */
const plain = (n: number): Case => {
  const handlers = new Map(
    names(n).map((name, i) => {
      const next = following(n, i)
      return [name, Effect.sync(() => next)]
    })
  )
  const workflow = Workflow.fromEntries("bench", { states: Object.fromEntries(handlers), exits: ["Done"] })
  return {
    size: n,
    variants: {
      "hand-written": () => byHand(handlers, "S0"),
      machine: () => workflow.orchestrate("S0")
    },
    answer: "Done"
  }
}

interface Counting {
  readonly _tag: string
  readonly count: number
}

const byHandWithPayload = Effect.fnUntraced(function*(
  handlers: ReadonlyMap<string, (state: Counting) => Effect.Effect<Counting>>,
  initial: Counting
) {
  let state = initial
  while (state._tag !== "Done") state = yield* handlers.get(state._tag)!(state)
  return state
})

/** States that carry data, tasks that are functions of it. */
const payload = (n: number): Case => {
  const handlers = new Map(
    names(n).map((name, i) => {
      const _tag = following(n, i)
      return [name, (state: Counting): Effect.Effect<Counting> => Effect.sync(() => ({ _tag, count: state.count + 1 }))]
    })
  )
  const initial: Counting = { _tag: "S0", count: 0 }
  const workflow = Workflow.fromEntries("bench", { states: Object.fromEntries(handlers), exits: ["Done"] })
  return {
    size: n,
    variants: {
      "hand-written": () => byHandWithPayload(handlers, initial),
      // by its type `fromEntries` knows the states as names, and the handlers as tasks that carry their own data
      machine: () => workflow.orchestrate(initial as never)
    },
    answer: { _tag: "Done", count: n }
  }
}

// -----------------------------------------------------------------------------
// one state
// -----------------------------------------------------------------------------

const initial = "Only"
const limit = "1 minute"
const task = Effect.sync(() => "Done" as const)
const single = Workflow.make<"Only" | "Done">("bench").register(initial, task).addExitStates("Done")

const oneState = (): Case => {
  const handlers = new Map([[initial, task]])
  return {
    size: 1,
    variants: {
      "hand-written": () => byHand(handlers, initial),
      machine: () => single.orchestrate(initial)
    },
    answer: "Done"
  }
}

const withTimeout = (): Case => {
  const handlers = new Map([[initial, task]])
  const workflow = single.withTimeout(limit)
  return {
    size: 1,
    variants: {
      "hand-written": () => Effect.timeout(byHand(handlers, initial), limit),
      machine: () => workflow.orchestrate(initial)
    },
    answer: "Done"
  }
}

class Resource extends Context.Service<Resource, { readonly work: Effect.Effect<"Done"> }>()("bench/Resource") {}

/** One resource, which is acquired for each run, and released at its end. */
const withResources = (): Case => {
  let open = 0
  const work = Effect.sync(() => {
    if (open !== 1) throw new Error(`${open} resources are open`)
    return "Done" as const
  })
  const acquire = Effect.sync(() => {
    open++
    return Resource.of({ work })
  })
  const release = Effect.sync(() => {
    open--
  })
  const layer = Layer.effect(Resource, Effect.acquireRelease(acquire, () => release))
  const task = Effect.flatMap(Resource, (resource) => resource.work)
  const handlers = new Map([[initial, task]])
  const workflow = Workflow.make<"Only" | "Done">("bench").register(initial, task).addExitStates("Done")
    .withResources(layer)
  return {
    size: 1,
    variants: {
      "hand-written": () => Effect.provide(byHand(handlers, initial), layer),
      machine: () => workflow.orchestrate(initial)
    },
    answer: "Done"
  }
}

export const groups: ReadonlyArray<Group> = [
  {
    title: "Chain of states",
    // in 200 states the building of a run is lost
    forms: ["hoisted"],
    cases: { "200 states": () => plain(200), "200 states, with payload": () => payload(200) }
  },
  {
    title: "A run of one state",
    forms: bothForms,
    cases: { "one state": oneState, "one state, withTimeout": withTimeout, "one state, withResources": withResources }
  }
]
