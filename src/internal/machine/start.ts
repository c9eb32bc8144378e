/**
 * The start of a run: what it is given for its time, its limits, its Layers and the branches it leaves behind, around the
 * loop through its states. It ends with the run.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import type { WorkflowError } from "../../CanoError.ts"
import { WorkflowTimeoutError } from "../../CanoError.ts"
import type { RunOptions } from "../../Workflow.ts"
import { withoutFrames } from "../failure/joins.ts"
import { begin, until } from "../run/host.ts"
import type { Level } from "../run/level.ts"
import { standing } from "../run/nested.ts"
import * as nursery from "../run/nursery.ts"
import { levelOf, Run, runOf, traced, within } from "../run/run.ts"
import * as seams from "../run/seams.ts"
import { workflowError } from "../split/frame.ts"
import { advance } from "./loop.ts"
import type { AnyEffect, Machine } from "./machine.ts"
import * as resources from "./resources.ts"

/** What is made of a workflow for all its runs. */
export interface Ready {
  readonly machine: Machine
  readonly layers: resources.Resources | undefined
  readonly timeout: Duration.Duration | undefined
}

export const start = (
  fiber: Fiber.Fiber<unknown, unknown>,
  { layers, machine, timeout }: Ready,
  initial: unknown,
  options: RunOptions | undefined,
  key: string | undefined
): AnyEffect => {
  const services = fiber.context
  const current = levelOf(fiber)
  const outer = standing<Level>(current)
  const refused = outer instanceof Run ? tooDeep(machine, outer) : undefined
  if (refused !== undefined) return Exit.fail(refused)
  const around = runOf(current)
  const found = seams.forRun(fiber)
  const run = new Run({
    workflow: machine.name,
    options,
    random: fiber.getRef(Random.Random),
    outer,
    allowance: around?.allowance,
    stem: undefined,
    key,
    nursery: machine.mayDetach ? nursery.make() : undefined,
    seams: found,
    isTimed: timeout !== undefined || around?.isTimed === true,
    splits: machine.splits
  })
  const states = (): AnyEffect => withBranches(run, advance(machine, run, begin(run, initial)))
  const body = within(run, () => {
    if (timeout === undefined && layers === undefined) return states()
    // in no state yet while its Layers are built
    const later = layers === undefined
      ? Effect.suspend(states)
      : Effect.withFiber((fiber) => seams.adopt(run, services, fiber, states))
    return timeout === undefined
      // without a time there are Layers
      ? Effect.catchCause(provideLocal(later, layers!), (cause) => traced(run, cause))
      : inTime(
        run,
        timeout,
        fiber.getRef(Clock.Clock),
        (mark) => layers === undefined ? later : provideLocal(later, layers, mark)
      )
  })
  return found.known === undefined ? body : found.known.apart(body)
}

/** Why a run does not start in a task of another one. It is an error of that one: nothing of the first is there yet. */
const tooDeep = (machine: Machine, outer: Run): WorkflowError | undefined => {
  const sentence = outer.tooDeep()
  if (sentence === undefined) return undefined
  return workflowError(outer, "max-depth", `workflow "${machine.name}" does not start: ${sentence}`)
}

/** The states, and after them the branches that have outlived their splits. */
const withBranches = (run: Run, states: AnyEffect): AnyEffect =>
  run.nursery === undefined ? states : Effect.onExit(states, (exit) => {
    // what goes on now are branches that have left their split
    run.isOpen = run.isExpired = false
    return nursery.close(run.nursery!, exit)
  })

/** Waits until the time of a run is up that starts now, however late the wait begins. */
const expiry = (run: Run, timeout: Duration.Duration, clock: Clock.Clock): Effect.Effect<void> => {
  const { host } = run
  if (host !== undefined) return until(host.deadline(run, timeout))
  const start = clock.monotonicTimeNanosUnsafe()
  return Effect.suspend(() => {
    const elapsed = clock.monotonicTimeNanosUnsafe() - start
    return Effect.sleep(
      elapsed > 0n ? Duration.max(Duration.zero, Duration.subtract(timeout, Duration.nanos(elapsed))) : timeout
    )
  })
}

/** The body of a run, in which the part is marked that the time is for, if not for all: it is not for releasing resources. */
const inTime = (
  run: Run,
  timeout: Duration.Duration,
  clock: Clock.Clock,
  body: (mark: (part: AnyEffect) => AnyEffect) => AnyEffect
): AnyEffect => {
  let ended = false
  let late: Pick<WorkflowTimeoutError, "state" | "path"> | undefined
  const mark = (part: AnyEffect): AnyEffect =>
    Effect.onExit(part, () => {
      ended = true
      return Effect.void
    })
  const timer = Effect.flatMap(expiry(run, timeout, clock), () => {
    // a run that has ended keeps its result, however long the release of its resources takes
    if (ended) return Effect.never
    // in no state yet while its Layers are built
    late = { state: run.visit === 0 ? undefined : run.state, path: run.path }
    run.isExpired = run.isOpen
    return Effect.void
  })
  // The split that is open has told what it has when the run has been awaited. The body comes first: a timer is dearer than a
  // run that completes at once.
  return Effect.matchCauseEffect(Effect.raceAllFirst([body(mark), timer]), {
    onSuccess: (exit) => {
      const at = late
      if (at === undefined) return Exit.succeed(exit)
      const { unfinished: result, workflow } = run
      const error = withoutFrames(() => new WorkflowTimeoutError({ limit: timeout, workflow, ...at, result }))
      return traced(run, Cause.fail(error))
    },
    onFailure: (cause) => traced(run, cause)
  })
}

/**
 * `Effect.provide(states, layer, { local: true })`, with a place for what belongs to building and running, but not to
 * the release.
 */
const provideLocal = (
  states: AnyEffect,
  layers: resources.Resources,
  around: (body: AnyEffect) => AnyEffect = (body) => body
): AnyEffect =>
  Effect.scopedWith((scope) =>
    around(Effect.flatMap(
      resources.build(layers, Layer.makeMemoMapUnsafe(), scope),
      (parts) => resources.provide(states, parts)
    ))
  )
