/**
 * The start of a run: what it is given for its time, its limits, its Layers and the branches it leaves behind, around the
 * loop through its states. It ends with the run.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { WorkflowError } from "../../CanoError.ts"
import { WorkflowTimeoutError } from "../../CanoError.ts"
import type { RunOptions } from "../../Workflow.ts"
import { withoutFrames } from "../failure/joins.ts"
import { begin, until } from "../run/host.ts"
import type { Level } from "../run/level.ts"
import { standing } from "../run/nested.ts"
import * as nursery from "../run/nursery.ts"
import { currentOf, levelIn, Run, runOf, traced, within } from "../run/run.ts"
import * as seams from "../run/seams.ts"
import { Undoing } from "../run/undoing.ts"
import type { Policy } from "../saga/policy.ts"
import type { Heir } from "../saga/saga.ts"
import { Saga } from "../saga/saga.ts"
import type { Child, Parts } from "../saga/step.ts"
import { workflowError } from "../split/frame.ts"
import { advance } from "./loop.ts"
import type { AnyEffect, Machine } from "./machine.ts"
import * as resources from "./resources.ts"

/** What is made of a workflow for all its runs. */
export interface Ready {
  readonly machine: Machine
  readonly layers: resources.Resources | undefined
  readonly timeout: Duration.Duration | undefined
  /** How a run goes back, where it does. */
  readonly policy: Policy | undefined
}

/** A run that is the work of a state or a branch: its id, and who keeps what it has done when it has succeeded. */
export interface Nesting {
  readonly key: string
  readonly heir: Heir | undefined
}

export const start = (
  fiber: Fiber.Fiber<unknown, unknown>,
  ready: Ready,
  initial: unknown,
  options: RunOptions | undefined,
  nesting: Nesting | undefined
): AnyEffect => {
  const { machine, policy, timeout } = ready
  const own = currentOf(fiber)
  const current = levelIn(own)
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
    allowance: own instanceof Undoing ? undefined : around?.allowance,
    stem: undefined,
    key: nesting?.key,
    nursery: machine.mayDetach ? nursery.make() : undefined,
    seams: found,
    isTimed: timeout !== undefined || around?.isTimed === true,
    splits: machine.splits
  })
  const forward = (): AnyEffect =>
    run.host?.restore(run) ?? withBranches(run, advance(machine, run, begin(run, initial)))
  const started = policy === undefined
    ? within(run, body(fiber, run, ready, forward))
    : mayGoBack(fiber, run, ready, new Saga(policy, run), forward, nesting?.heir)
  return found.known === undefined ? started : found.known.apart(started)
}

/** The states of a run, in its time and with its Layers. */
const body = (
  fiber: Fiber.Fiber<unknown, unknown>,
  run: Run,
  { layers, timeout }: Ready,
  states: () => AnyEffect
): () => AnyEffect => {
  if (timeout === undefined && layers === undefined) return states
  const services = fiber.context
  return () => {
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
  }
}

/** A run whose workflow has compensations. */
const mayGoBack = (
  fiber: Fiber.Fiber<unknown, unknown>,
  run: Run,
  ready: Ready,
  saga: Saga,
  forward: () => AnyEffect,
  heir: Heir | undefined
): AnyEffect => {
  const { layers } = ready
  const services = fiber.context
  run.saga = saga
  run.ledger = saga.ledger
  heir?.ledger.children.add(saga)
  const states = (): AnyEffect => saga.around(Effect.suspend(forward), (cause) => run.late?.() ?? cause)
  const part = fiber.getRef(resources.PartRef)
  const build: Child["build"] = layers &&
    ((scope, over) => rebuilt(layers, scope, over === undefined ? services : Context.merge(services, over)))
  const whole = body(fiber, run, ready, states)
  return within(run, () => concluded(saga, whole()), (exit) => saga.last(exit, heir, { part, build }))
}

/** The resources of a run that has ended, built once more for what undoes its steps. */
const rebuilt = (
  layers: resources.Resources,
  scope: Scope.Scope,
  services: Context.Context<never>
): Effect.Effect<Parts, unknown> =>
  // what its Layers need, the run has had
  Effect.provideContext(resources.build(layers, Layer.makeMemoMapUnsafe(), scope), services) as Effect.Effect<
    Parts,
    unknown
  >

/** A run that may go back: what could not be undone is its error, also where it is interrupted. */
const concluded = (saga: Saga, body: AnyEffect): AnyEffect =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.exit(restore(body)), (exit) => {
      const ended = saga.ending(exit)
      return ended === exit || Exit.isSuccess(ended) ? ended : traced(saga.run, ended.cause)
    })
  )

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
  if (host !== undefined) return Effect.andThen(until(host.deadline(run, timeout)), host.begun)
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
  const error = (at: NonNullable<typeof late>): WorkflowTimeoutError => {
    const { unfinished: result, workflow } = run
    return withoutFrames(() => new WorkflowTimeoutError({ limit: timeout, workflow, ...at, result }))
  }
  const mark = (part: AnyEffect): AnyEffect =>
    Effect.onExit(part, () => {
      ended = true
      return Effect.void
    })
  const timer = Effect.flatMap(expiry(run, timeout, clock), () => {
    // A run that has ended keeps its result, however long the release of its resources takes, and one that has failed what it
    // has failed with, however long it goes back.
    if (ended || run.saga?.hasFailed === true) return Effect.never
    // in no state yet while its Layers are built
    late = { state: run.visit === 0 ? undefined : run.state, path: run.path }
    run.isExpired = run.isOpen
    const at = late
    run.late = () => Cause.fail(error(at))
    return Effect.void
  })
  // The split that is open has told what it has when the run has been awaited. The body comes first: a timer is dearer than a
  // run that completes at once.
  return Effect.matchCauseEffect(Effect.raceAllFirst([body(mark), timer]), {
    onSuccess: (exit) => {
      const at = late
      return at === undefined ? Exit.succeed(exit) : traced(run, Cause.fail(error(at)))
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
