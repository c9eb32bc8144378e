/**
 * The option `to` of a state: the names of those that only a function, an Effect or branches know. It is read with the
 * definition, and what is answered is held against it in each run; a state without it is not looked at.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import type { WorkflowError } from "../../CanoError.ts"
import type { Signal, Split, Task, Way } from "../../Definition.ts"
import { clip, list, show } from "../check/describe.ts"
import type { Run } from "../run/run.ts"
import { workflowError } from "../split/frame.ts"
import type { Handler, Machine } from "./machine.ts"
import { isState, ofNext, ofTask, tagOf } from "./machine.ts"

/** The names of `to` for one way; `undefined` where none are given, or what is given are none. */
export const namesOf = (options: unknown, by: Way["by"], kind: "task" | "split"): ReadonlyArray<string> | undefined => {
  const given = givenOf(options, by, kind)
  return isNames(given) ? [...new Set(given)] : undefined
}

const givenOf = (options: unknown, by: Way["by"], kind: "task" | "split"): unknown => {
  const to: unknown = Predicate.isObject(options) ? options["to"] : undefined
  if (kind === "task") return to
  return Predicate.isObject(to) ? to[by] : undefined
}

const isNames = (u: unknown): u is ReadonlyArray<string> => Array.isArray(u) && Array.from(u).every(Predicate.isString)

// -----------------------------------------------------------------------------
// checking
// -----------------------------------------------------------------------------

const parts = ["next", "otherwise", "branches"] as const

/** What is wrong with the `to` of a state, as sentences. */
export const wrong = (state: Task | Split | Signal, known: ReadonlySet<string>): ReadonlyArray<string> => {
  const { options } = state.registered
  const to: unknown = Predicate.isObject(options) ? options["to"] : undefined
  if (to === undefined) return []
  if (state.kind !== "split" && state.kind !== "signal") return state.ways.flatMap((way) => ofWay(way, "to", to, known))
  if (!Predicate.isObject(to)) return [`to is ${show(to)}; it must be { next, otherwise, branches }, each with names`]
  return parts.flatMap((by) => {
    const given = to[by]
    if (given === undefined) return []
    const way = state.ways.find((way) => way.by === by)
    if (way !== undefined) return ofWay(way, `to.${by}`, given, known)
    if (Array.isArray(given) && given.length === 0) return []
    const why = by === "otherwise"
      ? "there is no otherwise"
      : state.kind === "signal"
      ? "a signal has no branches"
      : "its branches are no states"
    return [`to.${by} is given, but ${why}`]
  })
}

const ofWay = (way: Way, option: string, given: unknown, known: ReadonlySet<string>): ReadonlyArray<string> => {
  if (!isNames(given)) return [`${option} is ${show(given)}; it must be an array of the names of states`]
  const strange = given.filter((name) => !known.has(name)).map((name) =>
    `${option} names "${clip(name)}", which is neither registered nor an exit state; the states are ${list(known)}`
  )
  if (way.source !== "written") {
    // branches may be none
    return given.length > 0 || way.by === "branches"
      ? strange
      : [`${option} is empty; it must name where the state leads, or be left out`]
  }
  return [
    ...strange,
    ...way.to.filter((name) => !given.includes(name)).map((name) =>
      `${option} does not name "${clip(name)}", to which ${way.by} leads`
    ),
    ...given.filter((name) => known.has(name) && !way.to.includes(name)).map((name) =>
      `${option} names "${clip(name)}", to which ${way.by} never leads`
    )
  ]
}

// -----------------------------------------------------------------------------
// holding
// -----------------------------------------------------------------------------

/** The names that a way is held to. */
export const heldTo = ({ ways }: Task | Split | Signal, by: Way["by"]): ReadonlySet<string> | undefined => {
  const way = ways.find((way) => way.by === by)
  return way?.source === "declared" ? new Set(way.to) : undefined
}

/** The error for a state that is one, but none of those that were declared. */
export const undeclared = (
  run: Run,
  names: ReadonlySet<string>,
  whose: string,
  state: unknown
): WorkflowError | undefined => {
  // of a state
  const tag = tagOf(state)!
  if (names.has(tag)) return undefined
  return workflowError(run, "undeclared-state", `${whose} "${clip(tag)}", which to does not name: ${list(names)}`)
}

/** A task that is held to what it declares. */
export const held = (machine: Machine, state: Task, handler: Handler): Handler => {
  const by = state.kind === "run" ? "next" : "task"
  const names = heldTo(state, by)
  if (names === undefined) return handler
  const whose = by === "next" ? ofNext : ofTask
  return (state, run) =>
    Effect.flatMap(handler(state, run), (next) => {
      // what is no state is told of by the loop
      const error = isState(machine, next) ? undeclared(run, names, whose, next) : undefined
      return error === undefined ? Exit.succeed(next) : Exit.fail(error)
    })
}
