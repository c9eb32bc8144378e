/**
 * What the states of a definition are undone with: read once, by the rules and for the machine.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Issue } from "../../CanoError.ts"
import type { Split, State, Task } from "../../Definition.ts"
import { clip, list, misfit } from "../check/describe.ts"
import * as flags from "../check/flags.ts"
import { make as issue } from "../check/issue.ts"
import { aDoubt, isDoubt } from "../saga/policy.ts"
import { pivot, recorded } from "../saga/recorded.ts"
import type { Step, Undo } from "../saga/step.ts"
import type { BranchUndo } from "../split/config.ts"
import type { Handler } from "./machine.ts"

type Given = { readonly [option: string]: unknown }

const givenFor = ({ registered }: Task | Split): Given => {
  const own: unknown = "task" in registered ? registered.task : registered.options
  return Predicate.isObject(own) ? own as Given : {}
}

const optionsOf = ({ registered: { options } }: Task | Split): Given =>
  Predicate.isObject(options) ? options as Given : {}

// -----------------------------------------------------------------------------
// rules
// -----------------------------------------------------------------------------

/** What is wrong with how a state is undone. */
export const issues = (state: Task | Split): ReadonlyArray<Issue> => {
  const { name } = state
  const { compensate, inDoubt, keep } = givenFor(state)
  const found =
    (state.kind === "split" ? ofBranches(state, compensate, inDoubt, keep) : ofTask(state, compensate, inDoubt))
      .map((sentence) => issue(name, "compensate", sentence))
  const misplaced = state.kind === "split"
    ? []
    : ["to", "pivot"].filter((name) => givenFor(state)[name] !== undefined && optionsOf(state)[name] === undefined)
  for (const option of misplaced) {
    const sentence = `${option} stands beside run; it belongs into the options, behind the task: { ${option}: … }`
    found.push(issue(name, "options", sentence))
  }
  if (state.kind !== "split" && optionsOf(state)["schema"] !== undefined && givenFor(state)["schema"] === undefined) {
    found.push(
      issue(name, "options", "schema stands in the options; it belongs beside run and next: { run, schema, next }")
    )
  }
  const given = optionsOf(state)["pivot"]
  const wrong = flags.wrong(given, "pivot")
  if (wrong !== undefined) found.push(issue(name, "pivot", wrong))
  if (given === true && compensate !== undefined) {
    const sentence =
      "it is a pivot, and has a compensation; with a pivot the run only goes forward, so leave one of them out"
    found.push(issue(name, "pivot", sentence))
  }
  return found
}

const doubtOfNothing = "inDoubt is given, and no compensate that would be told of it"

const ofTask = (state: Task, compensate: unknown, inDoubt: unknown): ReadonlyArray<string> => {
  const sentences: Array<string> = []
  if (compensate !== undefined && !Predicate.isFunction(compensate)) {
    sentences.push(misfit("compensate", compensate, "a function of what was done to an Effect"))
  } else if (compensate !== undefined && state.kind !== "run") {
    sentences.push("compensate stands beside run and next: { run, compensate, next }")
  }
  if (inDoubt !== undefined && !isDoubt(inDoubt)) {
    sentences.push(misfit("inDoubt", inDoubt, `${aDoubt}, or be left out`))
  } else if (inDoubt !== undefined && compensate === undefined) {
    sentences.push(doubtOfNothing)
  }
  return sentences
}

const ofBranches = (state: Split, compensate: unknown, inDoubt: unknown, keep: unknown): ReadonlyArray<string> => {
  const sentences: Array<string> = []
  const names = state.branches.kind === "static" ? state.branches.names : undefined
  const byBranch = (option: string, given: object, isRight: (u: unknown) => boolean, expected: string): void => {
    for (const [name, own] of Object.entries(given)) {
      if (own === undefined || isRight(own)) continue
      sentences.push(misfit(`${option} of branch "${clip(name)}"`, own, expected))
    }
    for (const name of names === undefined ? [] : Object.keys(given).filter((name) => !names.includes(name))) {
      sentences.push(`${option} names branch "${clip(name)}", which there is not; the branches are ${list(names!)}`)
    }
  }
  if (Predicate.isObjectOrArray(compensate)) {
    byBranch("compensate", compensate, Predicate.isFunction, "a function of what was done")
  } else if (compensate !== undefined && !Predicate.isFunction(compensate)) {
    sentences.push(misfit("compensate", compensate, "a function of what was done, or one for each branch"))
  }
  if (compensate !== undefined && state.isHedged) {
    sentences.push("its branches are hedged, and run more often than they are needed; a step that is undone runs once")
  }
  if (Predicate.isObjectOrArray(inDoubt)) byBranch("inDoubt", inDoubt, isDoubt, aDoubt)
  else if (inDoubt !== undefined && !isDoubt(inDoubt)) {
    sentences.push(misfit("inDoubt", inDoubt, `${aDoubt}, or one for each branch, or be left out`))
  }
  if (inDoubt !== undefined && compensate === undefined) {
    sentences.push(doubtOfNothing)
  }
  if (keep !== undefined && keep !== "winners" && keep !== "completed") {
    sentences.push(misfit("keep", keep, "\"winners\" or \"completed\", or be left out"))
  }
  return sentences
}

// -----------------------------------------------------------------------------
// the machine
// -----------------------------------------------------------------------------

/** The work of a state, of which is kept what it has done. It is of its types, by the rules. */
export const undoable = (state: Task, work: Handler): Handler => {
  const { compensate } = givenFor(state)
  if (state.isPivot) {
    return (value, run) => run.ledger === undefined ? work(value, run) : pivot(run, run.ledger, () => work(value, run))
  }
  if (state.compensates === undefined) return work
  // work of a known kind waits, and is cut off where it does; what it had done by then is in doubt
  const own: Handler = state.work === undefined ? work : (value, run) => Effect.interruptible(work(value, run))
  const undo: Undo = { compensate: compensate as Undo["compensate"], inDoubt: state.compensates, part: state.part }
  return (value, run) =>
    recorded(
      run.ledger!,
      run,
      { undo, value, state: run.state, visit: run.visit, branch: undefined },
      () => own(value, run)
    )
}

/** A branch may have the name of what all objects have. */
const ownOf = (given: unknown, name: string): unknown =>
  Object.hasOwn(given as object, name) ? (given as Given)[name] : undefined

/** How the branches of a state are undone, but for the state; nothing where none of them is. */
export const ofSplit = (state: Split): Omit<BranchUndo, "state"> | undefined => {
  const { compensate, inDoubt } = givenFor(state)
  if (state.compensates.length === 0) return undefined
  const known = new Map<string, Undo | undefined>()
  const make = (name: string): Undo | undefined => {
    const own = Predicate.isFunction(compensate) ? compensate : ownOf(compensate, name)
    const doubt = Predicate.isObjectOrArray(inDoubt) ? ownOf(inDoubt, name) : inDoubt
    return own === undefined
      ? undefined
      : { compensate: own as Undo["compensate"], inDoubt: isDoubt(doubt) ? doubt : "unexpected", part: state.part }
  }
  const all = Predicate.isFunction(compensate) && !Predicate.isObjectOrArray(inDoubt) ? make("") : undefined
  return {
    names: Predicate.isFunction(compensate) ? undefined : state.compensates as ReadonlyArray<string>,
    of: (_, name) => {
      if (all !== undefined) return all
      if (!known.has(name)) known.set(name, make(name))
      return known.get(name)
    }
  }
}

/** How one thing that a state has done is undone, by a definition; nothing where it is not. */
export const of = (state: State, branch: Step["branch"]): Undo | undefined => {
  if (state.kind === "exit" || state.kind === "signal") return undefined
  if (state.kind === "split") return branch && ofSplit(state)?.of(branch.index, branch.name)
  const { compensate } = givenFor(state)
  return branch !== undefined || state.compensates === undefined
    ? undefined
    : { compensate: compensate as Undo["compensate"], inDoubt: state.compensates, part: state.part }
}
