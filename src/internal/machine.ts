/**
 * The loop of a run: it enters a state, runs what is registered for it, and goes on until an exit. A machine is compiled
 * once from a definition and shared by all its runs; what belongs to one run is in `Run`.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import { JoinTimeoutError, JoinUnsatisfiedError, WorkflowError } from "../CanoError.ts"
import type { WorkflowRule } from "../CanoError.ts"
import type { SplitResult } from "../SplitResult.ts"
import * as TaskResult from "../TaskResult.ts"
import type { BranchList } from "./branches.ts"
import * as branches from "./branches.ts"
import type { Run } from "./currentRun.ts"
import { levelOf, within } from "./currentRun.ts"
import type { Config } from "./join.ts"
import * as limits from "./limits.ts"
import * as split from "./split.ts"

type AnyEffect = Effect.Effect<unknown, unknown, unknown>

/** The work of a state: an Effect of the next one. */
export type Handler = (state: unknown, run: Run) => AnyEffect

/** A definition, ready to run. */
export interface Machine {
  readonly name: string
  readonly handlers: ReadonlyMap<string, Handler>
  readonly exits: ReadonlySet<string>
  /** Whether branches of a split may outlive it. */
  readonly parting: boolean
}

/** The name of a state; `undefined` for a value that is no state. */
export const tagOf = (state: unknown): string | undefined =>
  typeof state === "string"
    ? state
    : Predicate.hasProperty(state, "_tag") && typeof state._tag === "string"
    ? state._tag
    : undefined

const workflowError = (run: Run, rule: WorkflowRule, detail: string): WorkflowError =>
  new WorkflowError({ rule, detail, workflow: run.workflow, state: run.state, path: run.path })

export const isKnown = (machine: Machine, state: unknown): boolean => {
  const tag = tagOf(state)
  return tag !== undefined && (machine.handlers.has(tag) || machine.exits.has(tag))
}

/**
 * Runs a machine from a state to an exit state.
 */
export const advance = (machine: Machine, run: Run, initial: unknown): AnyEffect =>
  Effect.suspend(() => {
    let current = initial
    let handler: Handler | undefined
    let error: WorkflowError | undefined
    const enter = (state: unknown): void => {
      const tag = tagOf(state)
      handler = tag === undefined ? undefined : machine.handlers.get(tag)
      if (tag === undefined || (handler === undefined && !machine.exits.has(tag))) {
        error = notAState(machine, run, state)
        return
      }
      current = state
      run.enter(tag)
    }
    enter(initial)
    const loop = Effect.whileLoop({
      while: () => handler !== undefined,
      body: () => handler!(current, run),
      step: (next) => {
        const { budget } = run
        const passed = budget === undefined ? undefined : limits.spend(budget, "transitions", 1)
        if (passed === undefined) return enter(next)
        handler = undefined
        const made = `has made ${passed.most.transitions} transitions (maxTransitions)`
        error = workflowError(
          run,
          "max-transitions",
          `${limits.whose(passed, run.root)} ${made} without reaching an exit state`
        )
      }
    })
    return Effect.flatMap(loop, () => error === undefined ? Exit.succeed(current) : Exit.fail(error))
  })

const notAState = (machine: Machine, run: Run, state: unknown): WorkflowError => {
  if (TaskResult.isSplit(state)) {
    return workflowError(
      run,
      "split-outside-split",
      "the task returned TaskResult.split, but the state is registered with register; use registerSplit"
    )
  }
  const known = [...machine.handlers.keys(), ...machine.exits].join(", ")
  const tag = tagOf(state)
  return workflowError(
    run,
    "unknown-state",
    tag === undefined
      ? `the task returned ${describe(state)}, which is not a state; the states are ${known}`
      : `"${tag}" is neither registered nor an exit state; the states are ${known}`
  )
}

const describe = (u: unknown): string =>
  typeof u === "object" && u !== null ? "an object without a _tag" : typeof u === "function" ? "a function" : String(u)

// -----------------------------------------------------------------------------
// tasks
// -----------------------------------------------------------------------------

/** Whether a function is a generator function, which the runtime can run without a wrapper for each call. */
const isGeneratorFunction = (f: Function): boolean => Object.prototype.toString.call(f) === "[object GeneratorFunction]"

/**
 * The handler of a plain state; `undefined` for a value that is no task.
 */
export const taskHandler = (task: unknown): Handler | undefined => {
  if (Effect.isEffect(task)) return () => task
  if (Predicate.isFunction(task)) return call(task)
  if (!Predicate.isObject(task) || !("run" in task) || !("next" in task)) return undefined
  const work = Effect.isEffect(task.run) || Predicate.isFunction(task.run) ? taskHandler(task.run) : undefined
  if (work === undefined) return undefined
  const next = task.next
  return Predicate.isFunction(next)
    ? (state, run) => Effect.map(work(state, run), (value) => next(value) as unknown)
    : (state, run) => Effect.as(work(state, run), next)
}

const call = (f: Function): Handler => {
  if (isGeneratorFunction(f)) {
    // a generator function of the state, by the type of `register`
    const task = Effect.fnUntraced(f as (state: unknown) => Generator<AnyEffect, unknown, never>)
    return (state) => task(state)
  }
  return (state, run) => {
    const out: unknown = f(state)
    if (Effect.isEffect(out)) return out
    if (Predicate.isPromiseLike(out)) {
      return Exit.fail(workflowError(run, "invalid-task", "the task returned a Promise; wrap it in Effect.tryPromise"))
    }
    if (Predicate.isObject(out) && Predicate.isFunction(out.next)) {
      // a generator made by hand
      return Effect.gen(() => out as unknown as Generator<AnyEffect, unknown, never>)
    }
    return Exit.fail(workflowError(run, "invalid-task", `the task returned ${describe(out)}, not an Effect`))
  }
}

// -----------------------------------------------------------------------------
// splits
// -----------------------------------------------------------------------------

/** What is registered for a split state, its options checked. */
export interface SplitDefinition {
  readonly branches: unknown
  readonly config: Config
  readonly next: unknown
  readonly otherwise: unknown
}

/**
 * The handler of a split state. The machine is asked for when the state is entered, since follow-on states run through it.
 */
export const splitHandler = (machine: () => Machine, definition: SplitDefinition): Handler => {
  const { config, next, otherwise } = definition
  const input = definition.branches
  const onSuccess = target(next)
  const onFailure = otherwise === undefined ? undefined : target(otherwise)
  const { onOutcome } = config
  const configOf = (state: unknown): Config =>
    onOutcome === undefined ? config : { ...config, onOutcome: (outcome) => onOutcome(outcome, state) }
  const join = (list: BranchList, state: unknown, run: Run): AnyEffect => {
    const joined = split.run(list, configOf(state), run)
    if (onFailure === undefined) return Effect.flatMap(joined, (result) => onSuccess(result, state))
    return Effect.matchEffect(joined, {
      onSuccess: (result: SplitResult<unknown, unknown>) => onSuccess(result, state),
      // only this split's own joins: a branch's failure is an outcome, and never comes this way
      onFailure: (error) =>
        error instanceof JoinUnsatisfiedError || error instanceof JoinTimeoutError
          ? onFailure(error, state)
          : Exit.fail(error)
    })
  }
  const fromValue = (value: unknown, state: unknown, run: Run): AnyEffect => {
    if (TaskResult.isSplit(value)) return followOns(machine(), run, value, (list) => join(list, state, run))
    const list = branches.fromUnknown(value)
    return list._tag === "NotBranches"
      ? Exit.fail(workflowError(run, "invalid-branches", `the branch function returned ${list.detail}`))
      : join(list, state, run)
  }
  if (Effect.isEffect(input)) {
    return (state, run) => Effect.flatMap(input, (value) => fromValue(value, state, run))
  }
  if (Predicate.isFunction(input)) {
    return (state, run) => {
      const value: unknown = input(state)
      return Effect.isEffect(value)
        ? Effect.flatMap(value, (value) => fromValue(value, state, run))
        : fromValue(value, state, run)
    }
  }
  // a list that passed the rules
  const list = branches.fromUnknown(input) as BranchList
  return (state, run) => join(list, state, run)
}

/** `next` and `otherwise`: a state, or a function to a state or to an Effect of one. */
const target = (to: unknown): (value: unknown, state: unknown) => AnyEffect => {
  if (!Predicate.isFunction(to)) {
    const state = Exit.succeed(to)
    return () => state
  }
  return (value, state) => {
    const out: unknown = to(value, state)
    return Effect.isEffect(out) ? out : Exit.succeed(out)
  }
}

/** Each follow-on state as a branch: a run of its own through the same machine. */
const followOns = (
  machine: Machine,
  run: Run,
  { states }: TaskResult.Split<unknown>,
  join: (list: BranchList) => AnyEffect
): AnyEffect => {
  const unknown = states.find((state) => !isKnown(machine, state))
  if (unknown !== undefined) return Exit.fail(notAState(machine, run, unknown))
  const branchOff = run.branchOff()
  return join({
    _tag: "Known",
    names: undefined,
    items: states.map((state, branch) =>
      Effect.withFiber((fiber) => {
        const own = branchOff(branch, levelOf(fiber))
        return within(own, advance(machine, own, state))
      })
    )
  })
}
