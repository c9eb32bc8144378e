/**
 * A definition, ready to run, and what it takes for its states. A machine is compiled once and shared by all runs; what
 * belongs to one run is in `Run`.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { WorkflowError } from "../../CanoError.ts"
import * as TaskResult from "../../TaskResult.ts"
import { brief, clip, isPlain, list } from "../check/describe.ts"
import * as returned from "../check/returned.ts"
import type { Run } from "../run/run.ts"
import { workflowError } from "../split/frame.ts"

export type AnyEffect = Effect.Effect<unknown, unknown, unknown>

/** The work of a state: an Effect of the next one. */
export type Handler = (state: unknown, run: Run) => AnyEffect

export interface Machine {
  readonly name: string
  readonly handlers: ReadonlyMap<string, Handler>
  readonly exits: ReadonlySet<string>
  readonly splits: ReadonlySet<string>
  /** Whether branches of a split may outlive it. */
  readonly mayDetach: boolean
  /** The plain states whose next one is what their function `next` returns. */
  readonly byNext: ReadonlySet<string>
  /** What is wrong with a state that a run is about to enter, where a Schema looks at each. */
  readonly unfit: Check | undefined
}

/** What is wrong with a state, in the words of its Schema. */
export type Check = (state: unknown) => string | undefined

/** The name of a state; `undefined` for a value that is no state. */
export const tagOf = (state: unknown): string | undefined => {
  if (typeof state === "string") return state
  if (!Predicate.isObjectKeyword(state)) return undefined
  const { _tag } = state as { readonly _tag?: unknown }
  return typeof _tag === "string" ? _tag : undefined
}

export const isKnown = (machine: Machine, state: unknown): boolean => {
  const tag = tagOf(state)
  return tag !== undefined && (machine.handlers.has(tag) || machine.exits.has(tag))
}

/** Whether it is one of the states. An Exit has a `_tag`, and is none. */
export const isState = (machine: Machine, u: unknown): boolean => isKnown(machine, u) && !Effect.isEffect(u)

/** A known state that the Schema of the workflow refuses. */
export const unfit = (machine: Machine, run: Run, state: unknown): WorkflowError | undefined => {
  const detail = machine.unfit !== undefined && isKnown(machine, state) ? machine.unfit(state) : undefined
  return detail === undefined
    ? undefined
    : workflowError(run, "invalid-state", `the next state "${tagOf(state)}" does not fit its Schema: ${detail}`)
}

export const ofTask = "the task returned"
export const ofNext = "next returned"

/** The error for what somebody has answered where a state of the machine is expected. */
export const notAState = (machine: Machine, run: Run, state: unknown, whose: string): WorkflowError => {
  if (TaskResult.isSplit(state)) {
    const why = whose === ofTask
      ? ", but the state is registered with register; use registerSplit"
      : ", which only the branch function of a split may answer"
    return workflowError(run, "split-outside-split", `${whose} TaskResult.split${why}`)
  }
  const tag = Effect.isEffect(state) ? undefined : tagOf(state)
  const what = tag === undefined
    ? `${describeState(state)}, which is not a state${returned.hint(state)}`
    : `a state that is none: "${clip(tag)}" is neither registered nor an exit state`
  const names = list([...machine.handlers.keys(), ...machine.exits])
  return workflowError(run, "unknown-state", `${whose} ${what}; the states are ${names}`)
}

const describeState = (u: unknown): string =>
  Predicate.isObject(u) && isPlain(u) ? "an object without a _tag" : brief(u)
