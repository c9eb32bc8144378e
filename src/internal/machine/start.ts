/**
 * The start of a run: what it is given for its time, its limits, its Layers and the branches it leaves behind, around the
 * loop through its states. It ends with the run.
 */
import type * as Duration from "effect/Duration"
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
import { levelOf, Run, runOf, within } from "../run/run.ts"
import { SeamsRef } from "../run/seams.ts"
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
  options: RunOptions | undefined
): AnyEffect => {
  const current = levelOf(fiber)
  const outer = standing<Level>(current)
  const refused = outer instanceof Run ? tooDeep(machine, outer) : undefined
  if (refused !== undefined) return Exit.fail(refused)
  const run = new Run({
    workflow: machine.name,
    options,
    random: fiber.getRef(Random.Random),
    outer,
    allowance: runOf(current)?.allowance,
    stem: undefined,
    nursery: machine.mayDetach ? nursery.make() : undefined,
    seams: fiber.getRef(SeamsRef),
    splits: machine.splits
  })
  const states = withBranches(run, advance(machine, run, begin(run, initial)))
  if (timeout === undefined) {
    return within(run, layers === undefined ? states : provideLocal(states, layers))
  }
  return within(
    run,
    inTime(run, timeout, (mark) => layers === undefined ? mark(states) : provideLocal(states, layers, mark))
  )
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

/** The body of a run, in which the part is marked that the time is for: it is not for the release of the resources. */
const inTime = (
  run: Run,
  timeout: Duration.Duration,
  body: (mark: (part: AnyEffect) => AnyEffect) => AnyEffect
): AnyEffect => {
  let ended = false
  let late: Pick<WorkflowTimeoutError, "state" | "path"> | undefined
  const mark = (part: AnyEffect): AnyEffect =>
    Effect.onExit(part, () => {
      ended = true
      return Effect.void
    })
  const { host } = run
  const expiry = host === undefined ? Effect.sleep(timeout) : Effect.suspend(() => until(host.deadline(run, timeout)))
  const timer = Effect.flatMap(expiry, () => {
    // a run that has ended keeps its result, however long the release of its resources takes
    if (ended) return Effect.never
    // in no state yet while its Layers are built
    late = { state: run.visit === 0 ? undefined : run.state, path: run.path }
    run.isExpired = run.isOpen
    return Effect.void
  })
  // the split that is open has told what it has when the run has been awaited
  return Effect.flatMap(Effect.raceAllFirst([timer, body(mark)]), (exit) => {
    const at = late
    if (at === undefined) return Exit.succeed(exit)
    const { unfinished: result, workflow } = run
    return Exit.fail(withoutFrames(() => new WorkflowTimeoutError({ limit: timeout, workflow, ...at, result })))
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
