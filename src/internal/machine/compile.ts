/**
 * Makes a machine of a definition that breaks no rule: a handler for each state. Done once for a workflow, on its first
 * run.
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Issue } from "../../CanoError.ts"
import type { Definition, Signal, Split, State, Task } from "../../Definition.ts"
import { mayDetach } from "../split/config.ts"
import type { Parsed } from "../split/options.ts"
import * as options from "../split/options.ts"
import * as declared from "./declared.ts"
import type { SplitOptions } from "./definition.ts"
import { sourceOf } from "./definition.ts"
import type { Check, Handler, Machine } from "./machine.ts"
import * as resources from "./resources.ts"
import * as signalState from "./signalState.ts"
import * as splitState from "./splitState.ts"
import * as task from "./task.ts"
import * as undo from "./undo.ts"

/** What the split states of a definition were given, read once: by the rules, and for the machine. */
export type Splits = ReadonlyMap<Split, Result.Result<Parsed, ReadonlyArray<Issue>>>

export const splitsOf = ({ states }: Definition): Splits =>
  new Map(
    states.filter(isSplit).filter(({ name }) => Predicate.isString(name)).map((
      state
    ) => [state, options.parseSource(state.name, sourceOf(state), optionsOf(state))])
  )

export const compile = (
  { name, states, validate }: Definition,
  splits: Splits,
  layers: resources.Resources | undefined,
  unfit: Check | undefined
): Machine => {
  const parsed = new Map([...splits].map(([state, found]) => [state, Result.getOrThrow(found)]))
  const handlers = new Map<string, Handler>()
  const machine: Machine = {
    name,
    handlers,
    exits: new Set(states.filter(({ kind }) => kind === "exit").map(({ name }) => name)),
    splits: new Set([...parsed.keys()].map(({ name }) => name)),
    mayDetach: [...parsed.values()].some(({ config }) => mayDetach(config)),
    byNext: new Set(states.filter(answersNext).map(({ name }) => name)),
    unfit: validate === "transitions" ? unfit : undefined
  }
  const isMerged = layers !== undefined && layers.parts > 1
  const add = ({ name, part }: Task | Split | Signal, handler: Handler) =>
    handlers.set(name, isMerged ? (state, run) => resources.inPart(handler(state, run), part) : handler)
  for (const state of states) {
    if (state.kind === "exit") continue
    add(
      state,
      state.kind === "split"
        ? split(machine, state, parsed.get(state)!)
        : state.kind === "signal"
        ? signal(machine, state)
        : single(machine, state)
    )
  }
  return machine
}

const isSplit = (state: State): state is Split => state.kind === "split"

const answersNext = ({ kind, ways }: State): boolean => kind === "run" && ways[0]!.source !== "written"

/** It is a task, by the rules. */
const single = (machine: Machine, state: Task): Handler =>
  declared.held(machine, state, task.handler(state.registered.task, (work) => undo.undoable(state, work))!)

const split = (machine: Machine, state: Split, parsed: Parsed): Handler => {
  const { next, otherwise } = optionsOf(state)
  const to = {
    next: declared.heldTo(state, "next"),
    otherwise: declared.heldTo(state, "otherwise"),
    branches: declared.heldTo(state, "branches")
  }
  return splitState.handler(machine, {
    ...parsed,
    next,
    otherwise,
    to,
    undo: undo.ofSplit(state),
    isPivot: state.isPivot
  })
}

const signal = (machine: Machine, state: Signal): Handler =>
  signalState.handler(machine, state, {
    next: declared.heldTo(state, "next"),
    otherwise: declared.heldTo(state, "otherwise")
  })

/** They are of their types, by the rules. */
const optionsOf = ({ registered }: Split): SplitOptions => registered.options as SplitOptions
