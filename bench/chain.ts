/**
 * The loop of the machine against the loop one would write by hand: an `Effect.gen` over a `Map` of handlers.
 */
import { Workflow } from "effect-cano"
import * as Effect from "effect/Effect"
import type { Case, Group } from "./harness.ts"

const names = (n: number): ReadonlyArray<string> => Array.from({ length: n }, (_, i) => `S${i}`)

const following = (n: number, i: number): string => i + 1 === n ? "Done" : `S${i + 1}`

/** States that are names, tasks that are effects. */
const plain = (n: number): Case["variants"] => {
  const handlers = new Map(
    names(n).map((name, i) => {
      const next = following(n, i)
      return [name, Effect.sync(() => next)]
    })
  )
  return {
    "hand-written": Effect.gen(function*() {
      let state = "S0"
      while (state !== "Done") state = yield* handlers.get(state)!
      return state
    }),
    machine: Workflow.fromEntries("bench", { states: Object.fromEntries(handlers), exits: ["Done"] }).orchestrate("S0")
  }
}

interface Counting {
  readonly _tag: string
  readonly count: number
}

/** States that carry data, tasks that are functions of it. */
const payload = (n: number): Case["variants"] => {
  const handlers = new Map(
    names(n).map((name, i) => {
      const _tag = following(n, i)
      return [name, (state: Counting): Effect.Effect<Counting> => Effect.sync(() => ({ _tag, count: state.count + 1 }))]
    })
  )
  const initial: Counting = { _tag: "S0", count: 0 }
  const workflow = Workflow.fromEntries("bench", { states: Object.fromEntries(handlers), exits: ["Done"] })
  return {
    "hand-written": Effect.gen(function*() {
      let state = initial
      while (state._tag !== "Done") state = yield* handlers.get(state._tag)!(state)
      return state
    }),
    // by its type `fromEntries` knows the states as names, and the handlers as tasks that carry their own data
    machine: workflow.orchestrate(initial as never)
  }
}

export const groups = (): ReadonlyArray<Group> => [{
  title: "Chain of states",
  cases: [
    () => ({ name: "200 states", size: 200, variants: plain(200) }),
    () => ({ name: "200 states, with payload", size: 200, variants: payload(200) }),
    () => ({ name: "a run of 2 states", size: 1, variants: plain(2) })
  ]
}]
