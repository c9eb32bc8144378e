/**
 * The handler of a split state, made once with the machine: it runs the branches, joins them, and asks `next` or
 * `otherwise` where the run goes on. Follow-on states are branches that run through the same machine.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import { JoinTimeoutError, JoinUnsatisfiedError } from "../../CanoError.ts"
import type { WorkflowError } from "../../CanoError.ts"
import type { SplitResult } from "../../SplitResult.ts"
import * as TaskResult from "../../TaskResult.ts"
import { clip } from "../check/describe.ts"
import * as returned from "../check/returned.ts"
import { begin } from "../run/host.ts"
import type { Run } from "../run/run.ts"
import { levelOf, within } from "../run/run.ts"
import { forward } from "../saga/recorded.ts"
import type { BranchList, Source } from "../split/branches.ts"
import * as branches from "../split/branches.ts"
import type { BranchUndo, Config } from "../split/config.ts"
import { workflowError } from "../split/frame.ts"
import * as split from "../split/split.ts"
import { undeclared } from "./declared.ts"
import { advance } from "./loop.ts"
import type { AnyEffect, Handler, Machine } from "./machine.ts"
import { isState, notAState, unfit } from "./machine.ts"

/** What is registered for a split state, its options checked. */
export interface Given {
  readonly source: Source
  readonly config: Config
  readonly next: unknown
  readonly otherwise: unknown
  /** How its branches are undone, where they are. */
  readonly undo: Omit<BranchUndo, "state"> | undefined
  /** Whether the run only goes forward once it is joined. */
  readonly isPivot: boolean
  /** The names that each of them is held to. */
  readonly to: { readonly [by in "branches" | "next" | "otherwise"]: Names }
}

export type Names = ReadonlySet<string> | undefined

/** Asks where the run goes on, with the result of a join or its error. */
type Target = (value: unknown, state: unknown, run: Run) => AnyEffect

/** The handler of a split state. The machine need not have all its handlers yet. */
export const handler = (machine: Machine, given: Given): Handler => {
  const { next, otherwise, source, to } = given
  const join = joiner(
    given,
    target(machine, next, "next", to.next),
    otherwise === undefined ? undefined : target(machine, otherwise, "otherwise", to.otherwise)
  )
  const fromValue = (value: unknown, whose: string, state: unknown, run: Run): AnyEffect => {
    if (TaskResult.isSplit(value)) {
      return followOns(machine, run, value, to.branches, (list) => join(list, state, run, true))
    }
    const list = branches.fromUnknown(value)
    return list._tag === "NotBranches"
      ? Exit.fail(workflowError(run, "invalid-branches", `${whose} ${list.detail}`))
      : join(list, state, run)
  }
  if (source._tag === "Effect") {
    const { effect } = source
    return (state, run) =>
      Effect.flatMap(effect, (value) => fromValue(value, "the Effect of branches gave", state, run))
  }
  if (source._tag === "Function") {
    const { f } = source
    return (state, run) => {
      const value: unknown = f(state)
      if (run.host !== undefined && Effect.isEffect(value)) {
        const detail = "the branch function returned an Effect, which may give others when the run is resumed"
        return Exit.fail(workflowError(run, "invalid-branches", `${detail}; return the branches themselves`))
      }
      return Effect.isEffect(value)
        ? Effect.flatMap(value, (value) => fromValue(value, "the Effect of the branch function gave", state, run))
        : fromValue(value, "the branch function returned", state, run)
    }
  }
  const { list } = source
  return (state, run) => join(list, state, run)
}

type Joiner = (list: BranchList, state: unknown, run: Run, isFollowOn?: boolean) => AnyEffect

/** Runs the branches of a list, and asks where the run goes on. */
const joiner = (
  { config, isPivot, undo }: Pick<Given, "config" | "isPivot" | "undo">,
  onSuccess: Target,
  onFailure: Target | undefined
): Joiner => {
  const { onOutcome } = config
  const configOf = (state: unknown): Config =>
    onOutcome === undefined && undo === undefined ? config : {
      ...config,
      onOutcome: onOutcome && ((outcome) => onOutcome(outcome, state)),
      undo: undo && { ...undo, state }
    }
  return (list, state, run, isFollowOn = false) => {
    if (isFollowOn && undo !== undefined) {
      const detail = "its branches are follow-on states, each with a compensation of its own; leave compensate out"
      return Exit.fail(workflowError(run, "invalid-branches", detail))
    }
    const stranger = undo?.names && strangerIn(list, undo.names)
    if (stranger !== undefined) {
      const detail = `compensate names branch "${clip(stranger)}", which there is not`
      return Exit.fail(workflowError(run, "invalid-branches", detail))
    }
    const config = configOf(state)
    const own = run.host === undefined
      ? split.run(list, config, run)
      : run.host.split(run, { list, config, isFollowOn, run: (list, config) => split.run(list, config, run) })
    const joined = isPivot && run.ledger !== undefined ? forward(run, run.ledger, own) : own
    if (onFailure === undefined) return Effect.flatMap(joined, (result) => onSuccess(result, state, run))
    return Effect.matchEffect(joined, {
      onSuccess: (result: SplitResult<unknown, unknown>) => onSuccess(result, state, run),
      // only this split's own joins: a branch's failure is an outcome, and never comes this way
      onFailure: (error) =>
        error instanceof JoinUnsatisfiedError || error instanceof JoinTimeoutError
          ? onFailure(error, state, run)
          : Exit.fail(error)
    })
  }
}

/** A name that no branch of a record has; of a list that is read nobody knows. */
const strangerIn = (list: BranchList, names: ReadonlyArray<string>): string | undefined => {
  const known = list._tag === "Known" ? list.names : undefined
  return known && names.find((name) => !known.includes(name))
}

/** `next` and `otherwise`: a state, or a function to a state or to an Effect of one. */
export const target = (machine: Machine, to: unknown, option: "next" | "otherwise", names: Names): Target => {
  if (!Predicate.isFunction(to)) {
    const state = Exit.succeed(to)
    return () => state
  }
  return (value, state, run) => {
    const out: unknown = to(value, state)
    if (!Effect.isEffect(out)) return toState(machine, run, `${option} returned`, out, names)
    const answer = run.host === undefined ? out : run.host.next(run, out)
    return Effect.flatMap(answer, (next) => toState(machine, run, `the Effect of ${option} gave`, next, names))
  }
}

/** What a callback has answered, if it is a state of the machine, and one that it may answer. */
const toState = (
  machine: Machine,
  run: Run,
  whose: string,
  state: unknown,
  names: Names
): Exit.Exit<unknown, WorkflowError> => {
  const error = isState(machine, state)
    ? names && undeclared(run, names, whose, state)
    : notAState(machine, run, state, whose)
  return error === undefined ? Exit.succeed(state) : Exit.fail(error)
}

/** Each follow-on state as a branch: a run of its own through the same machine. */
const followOns = (
  machine: Machine,
  run: Run,
  { states }: TaskResult.Split<unknown>,
  names: Names,
  join: (list: BranchList) => AnyEffect
): AnyEffect => {
  if (!Array.isArray(states)) {
    const detail = `TaskResult.split was given ${returned.described(states)}, not an array of states; write [...states]`
    return Exit.fail(workflowError(run, "invalid-branches", detail))
  }
  // a copy: the array is the caller's, who may change it while the split runs
  const own: ReadonlyArray<unknown> = [...states]
  for (let i = 0; i < own.length; i++) {
    const state = own[i]
    const whose = `element ${i} of TaskResult.split is`
    const error = isState(machine, state)
      ? (names && undeclared(run, names, whose, state)) ?? unfit(machine, run, state)
      : notAState(machine, run, state, whose)
    if (error !== undefined) return Exit.fail(error)
  }
  const branchOff = run.branchOff()
  return join({
    _tag: "Known",
    names: undefined,
    items: own.map((state, branch) =>
      Effect.withFiber((fiber) => {
        const own = branchOff(branch, levelOf(fiber))
        return within(own, () => advance(machine, own, begin(own, state)))
      })
    )
  })
}
