/**
 * The loop of a run: it enters a state, runs what is registered for it, and goes on until an exit. It lives as long as the
 * states of the run.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { WorkflowError } from "../../CanoError.ts"
import * as limits from "../run/limits.ts"
import { told } from "../run/listener.ts"
import type { Run } from "../run/run.ts"
import { none } from "../run/seams.ts"
import { workflowError } from "../split/frame.ts"
import type { AnyEffect, Handler, Machine } from "./machine.ts"
import { notAState, ofNext, ofTask, tagOf, unfit } from "./machine.ts"

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
        error = notAState(machine, run, state, machine.byNext.has(run.state) ? ofNext : ofTask)
        return
      }
      current = state
      run.enter(tag)
    }
    enter(initial)
    const loop = Effect.whileLoop({
      while: () => handler !== undefined,
      body: run.seams === none
        ? () => handler!(current, run)
        : visiting(machine, run, () => handler!(current, run), () => current),
      step: (next) => {
        error = exhausted(run) ?? unfit(machine, run, next)
        if (error === undefined) enter(next)
        else handler = undefined
      }
    })
    return Effect.flatMap(loop, () => error === undefined ? Exit.succeed(current) : Exit.fail(error))
  })

/** How a visit is made, chosen once for a run: as it is, told to a listener, by a host. */
const visiting = (machine: Machine, run: Run, work: () => AnyEffect, state: () => unknown): () => AnyEffect => {
  const { host, listener } = run
  const hosted = host === undefined
    ? work
    : () => host.visit(run, state(), machine.splits.has(run.state), Effect.suspend(work))
  if (listener === undefined) return hosted
  return () =>
    told(
      listener,
      run.root,
      { _tag: "State", run, state: state(), visit: run.visit },
      Effect.suspend(hosted)
    )
}

/** Counts a transition, unless it passes a limit. */
const exhausted = (run: Run): WorkflowError | undefined => {
  const passed = run.allowance && limits.spend(run.allowance, "transitions", 1)
  if (passed === undefined) return undefined
  const made = `has made ${passed.most.transitions} transitions (maxTransitions) without reaching an exit state`
  return workflowError(run, "max-transitions", `${limits.whose(passed, run.root)} ${made}`)
}
