/**
 * The loop of a run: it enters a state, runs what is registered for it, and goes on until an exit. It lives as long as the
 * states of the run.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { WorkflowError } from "../../CanoError.ts"
import * as limits from "../run/limits.ts"
import { told } from "../run/listener.ts"
import type { Registered } from "../run/registry.ts"
import type { Run } from "../run/run.ts"
import { traced } from "../run/run.ts"
import { none } from "../run/seams.ts"
import { workflowError } from "../split/frame.ts"
import type { AnyEffect, Handler, Machine } from "./machine.ts"
import { notAState, ofNext, ofTask, tagOf, unfit } from "./machine.ts"

/** Runs a machine from a state to an exit state. What it fails with tells the path. */
export const advance = (machine: Machine, run: Run, initial: unknown): AnyEffect => {
  const { known } = run.seams
  const steps = known === undefined ? new Steps(machine, run) : new Gated(machine, run, known)
  steps.enter(initial)
  return Effect.matchCauseEffect(Effect.whileLoop(steps), {
    onSuccess: () => steps.error === undefined ? Exit.succeed(steps.state) : traced(run, Cause.fail(steps.error)),
    onFailure: (cause) => traced(run, cause)
  })
}

/** Where a run is, as the options of its loop: one object instead of a closure for each of them. */
class Steps {
  readonly machine: Machine
  readonly run: Run
  readonly visit: (() => AnyEffect) | undefined
  state: unknown
  handler: Handler | undefined
  error: WorkflowError | undefined
  constructor(machine: Machine, run: Run) {
    this.machine = machine
    this.run = run
    this.visit = run.seams === none
      ? undefined
      : visiting(machine, run, () => this.handler!(this.state, run), () => this.state)
  }
  while(): boolean {
    return this.handler !== undefined
  }
  body(): AnyEffect {
    return this.visit === undefined ? this.handler!(this.state, this.run) : this.visit()
  }
  step(next: unknown): void {
    const { machine, run } = this
    this.error = exhausted(run) ?? unfit(machine, run, next)
    if (this.error === undefined) this.enter(next)
    else this.handler = undefined
  }
  enter(state: unknown): void {
    const { machine, run } = this
    const tag = tagOf(state)
    const handler = tag === undefined ? undefined : machine.handlers.get(tag)
    // an Exit has a `_tag`, and is no state
    const isNone = tag === undefined || (handler === undefined && !machine.exits.has(tag)) ||
      (typeof state === "object" && Effect.isEffect(state))
    if (isNone) {
      this.handler = undefined
      this.error = notAState(machine, run, state, machine.byNext.has(run.state) ? ofNext : ofTask)
      return
    }
    this.handler = handler
    this.state = state
    run.enter(tag)
  }
}

/** The same of a run that is known from outside: while it is paused, it enters no state, no exit either. */
class Gated extends Steps {
  readonly known: Registered
  /** The state that it is to enter when it is resumed. */
  held: { readonly state: unknown } | undefined
  constructor(machine: Machine, run: Run, known: Registered) {
    super(machine, run)
    this.known = known
  }
  override while(): boolean {
    return this.held !== undefined || super.while()
  }
  override body(): AnyEffect {
    return this.held === undefined ? super.body() : this.known.resumed
  }
  override step(next: unknown): void {
    const { held } = this
    if (held === undefined) return super.step(next)
    this.held = undefined
    this.enter(held.state)
  }
  override enter(state: unknown): void {
    if (this.known.isPaused) this.held = { state }
    else super.enter(state)
  }
}

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
