/**
 * The loop of a run: it enters a state, runs what is registered for it, and goes on until an exit. A machine is compiled
 * once from a definition and shared by all its runs; what belongs to one run is in `Run`.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import { JoinTimeoutError, JoinUnsatisfiedError } from "../../CanoError.ts"
import type { WorkflowError } from "../../CanoError.ts"
import type { SplitResult } from "../../SplitResult.ts"
import * as TaskResult from "../../TaskResult.ts"
import { brief, clip, isPlain, list } from "../check/describe.ts"
import * as returned from "../check/returned.ts"
import * as limits from "../run/limits.ts"
import type { Run } from "../run/run.ts"
import { levelOf, within } from "../run/run.ts"
import type { BranchList, Source } from "../split/branches.ts"
import * as branches from "../split/branches.ts"
import type { Config } from "../split/config.ts"
import { workflowError } from "../split/frame.ts"
import * as split from "../split/split.ts"

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
  /** The plain states whose next one is what their function `next` returns. */
  readonly byNext: ReadonlySet<string>
  /** What is wrong with a state that a run is about to enter, where a Schema looks at each. */
  readonly unfit: ((state: unknown) => string | undefined) | undefined
}

/** The name of a state; `undefined` for a value that is no state. */
export const tagOf = (state: unknown): string | undefined =>
  typeof state === "string"
    ? state
    : Predicate.hasProperty(state, "_tag") && typeof state._tag === "string"
    ? state._tag
    : undefined

export const isKnown = (machine: Machine, state: unknown): boolean => {
  const tag = tagOf(state)
  return tag !== undefined && (machine.handlers.has(tag) || machine.exits.has(tag))
}

/** The names of all states, for a sentence. */
export const namesOf = (machine: Machine): string => list([...machine.handlers.keys(), ...machine.exits])

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
      // an Exit has a `_tag`, and is no state
      const isNone = tag === undefined || (handler === undefined && !machine.exits.has(tag)) ||
        (typeof state === "object" && Effect.isEffect(state))
      if (isNone) {
        handler = undefined
        error = notAState(machine, run, state, machine.byNext.has(run.state) ? "next returned" : ofTask)
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
        error = exhausted(run) ?? unfit(machine, run, next)
        if (error === undefined) enter(next)
        else handler = undefined
      }
    })
    return Effect.flatMap(loop, () => error === undefined ? Exit.succeed(current) : Exit.fail(error))
  })

/** Counts a transition, unless it passes a limit. */
const exhausted = (run: Run): WorkflowError | undefined => {
  const passed = run.budget && limits.spend(run.budget, "transitions", 1)
  if (passed === undefined) return undefined
  const made = `has made ${passed.most.transitions} transitions (maxTransitions) without reaching an exit state`
  return workflowError(run, "max-transitions", `${limits.whose(passed, run.root)} ${made}`)
}

/** A known state that the Schema of the workflow refuses. */
const unfit = (machine: Machine, run: Run, state: unknown): WorkflowError | undefined => {
  const detail = machine.unfit !== undefined && isKnown(machine, state) ? machine.unfit(state) : undefined
  return detail === undefined
    ? undefined
    : workflowError(run, "invalid-state", `the next state "${tagOf(state)}" does not fit its Schema: ${detail}`)
}

const ofTask = "the task returned"

/** The error for what somebody has answered where a state of the machine is expected. */
const notAState = (machine: Machine, run: Run, state: unknown, whose: string): WorkflowError => {
  if (TaskResult.isSplit(state)) {
    const why = whose === ofTask
      ? ", but the state is registered with register; use registerSplit"
      : ", which only the branch function of a split may answer"
    return workflowError(run, "split-outside-split", `${whose} TaskResult.split${why}`)
  }
  const tag = Effect.isEffect(state) ? undefined : tagOf(state)
  const what = tag === undefined
    ? `${describeState(state)}, which is not a state${hint(state)}`
    : `a state that is none: "${clip(tag)}" is neither registered nor an exit state`
  return workflowError(run, "unknown-state", `${whose} ${what}; the states are ${namesOf(machine)}`)
}

const describeState = (u: unknown): string =>
  Predicate.isObject(u) && isPlain(u) ? "an object without a _tag" : brief(u)

/** What to do with a value that has still to be awaited. */
const hint = (u: unknown): string =>
  returned.isPromise(u) ? "; wrap it in Effect.promise or Effect.tryPromise, where an Effect may be given" : ""

const isState = (machine: Machine, u: unknown): boolean => isKnown(machine, u) && !Effect.isEffect(u)

/** What a callback has answered, if it is a state of the machine. */
const toState = (machine: Machine, run: Run, whose: string, state: unknown): Exit.Exit<unknown, WorkflowError> =>
  isState(machine, state)
    ? Exit.succeed(state)
    : Exit.fail(notAState(machine, run, state, whose))

// -----------------------------------------------------------------------------
// tasks
// -----------------------------------------------------------------------------

/** Whether a function is a generator function, which is run without a look at what it returns. */
const isGeneratorFunction = (f: Function): boolean => Object.prototype.toString.call(f) === "[object GeneratorFunction]"

/**
 * The handler of a plain state; `undefined` for a value that is no task.
 */
export const taskHandler = (task: unknown): Handler | undefined => {
  const whole = work(task, "the task")
  if (whole !== undefined || !Predicate.isObject(task) || !("run" in task) || !("next" in task)) return whole
  const part = work(task.run, "run")
  if (part === undefined) return undefined
  const next = task.next
  return Predicate.isFunction(next)
    ? (state, run) => Effect.map(part(state, run), (value) => next(value) as unknown)
    : (state, run) => Effect.as(part(state, run), next)
}

/** An Effect, or a function of the state to one. */
const work = (task: unknown, whose: string): Handler | undefined =>
  Effect.isEffect(task) ? () => task : Predicate.isFunction(task) ? call(task, whose) : undefined

const call = (f: Function, whose: string): Handler => {
  if (isGeneratorFunction(f)) return (state, run) => drive(() => f(state) as unknown, run, whose)
  return (state, run) => {
    const out: unknown = f(state)
    if (Effect.isEffect(out)) return out
    if (returned.isPromise(out)) {
      return Exit.fail(
        workflowError(run, "invalid-task", `${whose} returned a Promise; wrap it in Effect.tryPromise`)
      )
    }
    // a generator made by hand; one that is asynchronous is none
    if (isIterator(out) && Predicate.hasProperty(out, Symbol.iterator)) return drive(() => out, run, whose)
    return Exit.fail(workflowError(run, "invalid-task", `${whose} returned ${brief(out)}, not an Effect`))
  }
}

const isIterator = (u: unknown): u is Iterator<unknown> => Predicate.isObject(u) && Predicate.isFunction(u.next)

/** Runs a generator of Effects. */
const drive = (make: () => unknown, run: Run, whose: string): AnyEffect =>
  // what a generator is asked for, as far as Effect goes
  Effect.gen(() =>
    new Driven(make() as Iterator<unknown>, run, whose) as unknown as Generator<AnyEffect, unknown, never>
  )

/**
 * A generator whose values are looked at: at one that is no Effect the runtime would end the fiber of the run on the
 * spot, without its finalizers.
 */
class Driven {
  readonly iterator: Iterator<unknown>
  readonly run: Run
  readonly whose: string
  constructor(iterator: Iterator<unknown>, run: Run, whose: string) {
    this.iterator = iterator
    this.run = run
    this.whose = whose
  }
  next(value: unknown): IteratorResult<unknown, unknown> {
    const result = this.iterator.next(value as never)
    if (result.done === true || Effect.isEffect(result.value)) return result
    const detail = `${this.whose} yielded ${brief(result.value)}, not an Effect${hint(result.value)}`
    return { done: false, value: Exit.fail(workflowError(this.run, "invalid-task", detail)) }
  }
}

// -----------------------------------------------------------------------------
// splits
// -----------------------------------------------------------------------------

/** What is registered for a split state, its options checked. */
export interface SplitDefinition {
  readonly source: Source
  readonly config: Config
  readonly next: unknown
  readonly otherwise: unknown
}

/**
 * The handler of a split state. The machine is asked for when the state is entered, since follow-on states run through it.
 */
export const splitHandler = (machine: () => Machine, definition: SplitDefinition): Handler => {
  const { config, next, otherwise, source } = definition
  const onSuccess = target(machine, next, "next")
  const onFailure = otherwise === undefined ? undefined : target(machine, otherwise, "otherwise")
  const { onOutcome } = config
  const configOf = (state: unknown): Config =>
    onOutcome === undefined ? config : { ...config, onOutcome: (outcome) => onOutcome(outcome, state) }
  const join = (list: BranchList, state: unknown, run: Run): AnyEffect => {
    const joined = split.run(list, configOf(state), run)
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
  const fromValue = (value: unknown, whose: string, state: unknown, run: Run): AnyEffect => {
    if (TaskResult.isSplit(value)) return followOns(machine(), run, value, (list) => join(list, state, run))
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
      return Effect.isEffect(value)
        ? Effect.flatMap(value, (value) => fromValue(value, "the Effect of the branch function gave", state, run))
        : fromValue(value, "the branch function returned", state, run)
    }
  }
  const { list } = source
  return (state, run) => join(list, state, run)
}

/** `next` and `otherwise`: a state, or a function to a state or to an Effect of one. */
const target = (
  machine: () => Machine,
  to: unknown,
  option: "next" | "otherwise"
): (value: unknown, state: unknown, run: Run) => AnyEffect => {
  if (!Predicate.isFunction(to)) {
    const state = Exit.succeed(to)
    return () => state
  }
  return (value, state, run) => {
    const out: unknown = to(value, state)
    return Effect.isEffect(out)
      ? Effect.flatMap(out, (next) => toState(machine(), run, `the Effect of ${option} gave`, next))
      : toState(machine(), run, `${option} returned`, out)
  }
}

/** Each follow-on state as a branch: a run of its own through the same machine. */
const followOns = (
  machine: Machine,
  run: Run,
  { states }: TaskResult.Split<unknown>,
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
    const error = isState(machine, state)
      ? unfit(machine, run, state)
      : notAState(machine, run, state, `element ${i} of TaskResult.split is`)
    if (error !== undefined) return Exit.fail(error)
  }
  const branchOff = run.branchOff()
  return join({
    _tag: "Known",
    names: undefined,
    items: own.map((state, branch) =>
      Effect.withFiber((fiber) => {
        const own = branchOff(branch, levelOf(fiber))
        return within(own, advance(machine, own, state))
      })
    )
  })
}
