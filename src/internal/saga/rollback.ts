/**
 * Going back: compensations, run one after another, the last thing first, or those of the branches of a split at once. It is
 * run once for what there is to undo, on a fiber of its own: nothing interrupts it, and parts of a compensation that are
 * interruptible are not cut off by the interruption that it is run for.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { Path, Uncompensated } from "../../CanoError.ts"
import type { CurrentRun } from "../../Workflow.ts"
import { HoldRef } from "../bulkhead/hold.ts"
import { clip } from "../check/describe.ts"
import * as returned from "../check/returned.ts"
import type { AnyFiber } from "../fibers/any.ts"
import { inScheduler } from "../fibers/dispatcher.ts"
import type { Span } from "../run/listener.ts"
import * as listening from "../run/listener.ts"
import type { Run } from "../run/run.ts"
import { CurrentRunRef } from "../run/run.ts"
import type { Saga } from "./saga.ts"
import type { Child, Group, Item, Services, Step } from "./step.ts"
import { stepsOf } from "./step.ts"

/** What one rollback is about. */
interface Going {
  readonly saga: Saga
  readonly why: Cause.Cause<unknown>
  /** The instant of the monotonic clock at which no further compensation is started. */
  readonly until: bigint | undefined
  /** Who tells of it: the run that goes back, also for what one inside of it has handed up. */
  readonly run: Run
  /** What has been built anew for a run that has ended, by the parts of its workflow. */
  readonly services: Services
}

/** Undoes some things; awaited, whoever is interrupted. */
export const rollback = (saga: Saga, items: ReadonlyArray<Item>, why: Cause.Cause<unknown>): Effect.Effect<void> =>
  Effect.uninterruptible(Effect.withFiber((caller) => {
    const { within } = saga.policy
    const until = within === undefined
      ? undefined
      : caller.getRef(Clock.Clock).monotonicTimeNanosUnsafe() + Duration.toNanosUnsafe(within)
    const all = goBack({ saga, run: saga.run, why, until, services: [] }, items)
    const told = tell(saga.run, { _tag: "Rollback", run: saga.run, steps: stepsOf(items).length, why }, all)
    saga.rollbacks++
    const fiber = Effect.runForkWith(inScheduler(caller.context, caller))(told)
    return Effect.map(Fiber.await(fiber), () => {
      saga.rollbacks--
    })
  }))

/** Of what has ended the last thing is undone first. */
const goBack = (going: Going, items: ReadonlyArray<Item>): Effect.Effect<void> =>
  Effect.forEach(items.toReversed(), (item) => undo(going, item), { discard: true })

const undo = (going: Going, item: Item): Effect.Effect<void> => {
  switch (item._tag) {
    case "Step":
      return compensate(going, item)
    case "Group":
      return undoGroup(going, item)
    case "Child":
      return undoChild(going, item)
  }
}

const undoGroup = (going: Going, { branches }: Group): Effect.Effect<void> =>
  going.saga.policy.isAtOnce
    ? Effect.forEach(branches, (items) => goBack(going, items), { concurrency: "unbounded", discard: true })
    : goBack(going, flat(branches.flat()))

/** In the order in which they ended, whatever branch they belong to. */
const flat = (items: ReadonlyArray<Item>): ReadonlyArray<Step | Child> =>
  items.flatMap((item) => item._tag === "Group" ? flat(item.branches.flat()) : [item]).sort((a, b) => a.order - b.order)

/** What a run inside of this one has done is undone by the policy of that one; it counts for this one. */
const undoChild = (going: Going, { items, provide, saga: own }: Child): Effect.Effect<void> =>
  Effect.map(
    Effect.catchCause(
      provide((services) => goBack({ ...going, saga: own, services }, items)),
      // without its resources nothing of it can be undone
      (cause) =>
        Effect.sync(() => {
          const steps = stepsOf(items).toSorted((a, b) => b.order - a.order)
          for (const step of steps) failed(own, step, "not started", cause)
        })
    ),
    () => {
      if (going.saga === own) return
      going.saga.compensated.push(...own.compensated.splice(0))
      going.saga.failures.push(...own.failures.splice(0))
    }
  )

// -----------------------------------------------------------------------------
// one compensation
// -----------------------------------------------------------------------------

const compensate = (going: Going, step: Step): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const { run, saga, until, why } = going
    const { policy: { grace, retry, timeout } } = saga
    const now = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
    if (until !== undefined && now >= until) return report(failed(saga, step, "not started", Cause.empty))
    const limit = until === undefined ? timeout : Duration.min(timeout, Duration.nanos(until - now))
    const once = Effect.suspend(() =>
      returned.effect(
        `state "${clip(step.state)}"`,
        "compensate",
        step.undo.compensate(step.done!, { state: step.value, branch: step.branch, key: step.key, cause: why })
      )
    )
    const work = retry === undefined ? once : Effect.retry(once, retry)
    const own = Effect.runForkWith(contextOf(going, step, fiber))(tell(run, { _tag: "Compensation", run, step }, work))
    return Effect.flatMap(within(own, limit), (ended) => {
      if (ended !== undefined) return concluded(saga, step, ended, "failed")
      own.interruptUnsafe(fiber.id)
      return Effect.flatMap(within(own, grace), (late) =>
        late === undefined
          ? report(failed(saga, step, "left behind", Cause.empty))
          : concluded(saga, step, late, "timed out"))
    })
  })

/** The exit of a fiber, if it ends in time. */
const within = (
  fiber: AnyFiber,
  limit: Duration.Duration
): Effect.Effect<Exit.Exit<unknown, unknown> | undefined> => {
  const exit = fiber.pollUnsafe()
  if (exit !== undefined) return Exit.succeed(exit)
  return Effect.map(Effect.timeoutOption(Fiber.await(fiber), limit), Option.getOrUndefined)
}

const concluded = (
  saga: Saga,
  step: Step,
  exit: Exit.Exit<unknown, unknown>,
  how: Uncompensated["how"]
): Effect.Effect<void> => {
  if (Exit.isFailure(exit)) return report(failed(saga, step, how, exit.cause))
  saga.compensated.push(step.key)
  return Exit.void
}

const failed = (saga: Saga, step: Step, how: Uncompensated["how"], cause: Cause.Cause<unknown>): Uncompensated => {
  const failure = { key: step.key, state: step.state, branch: step.branch?.name, how, cause }
  saga.failures.push(failure)
  return failure
}

/** The run may have been interrupted by somebody who does not look at its exit. */
const report = ({ cause, how, key }: Uncompensated): Effect.Effect<void> =>
  Effect.ignoreCause(Effect.logError(`the compensation of ${clip(key, 200)}: ${how}`, cause))

/** The services that the step had, as what undoes it; the place of a bulkhead that it ran in is given back. */
const contextOf = ({ services }: Going, step: Step, fiber: AnyFiber): Context.Context<unknown> => {
  const { part } = step.undo
  const own = services.length === 0 ? step.context : Context.merge(step.context, services[part] ?? services[0]!)
  const context = Context.add(own, HoldRef, undefined).pipe(Context.add(CurrentRunRef, new Compensating(step)))
  // a context holds the services of what is run, which its type does not say
  return inScheduler(context as Context.Context<unknown>, fiber)
}

/** A compensation as its own tasks see it. */
class Compensating implements CurrentRun {
  readonly #step: Step
  readonly #around: CurrentRun
  constructor(step: Step) {
    this.#step = step
    this.#around = Context.get(step.context, CurrentRunRef)
  }
  get key(): string {
    return `${this.#step.key}#compensate`
  }
  get state(): string {
    return this.#step.state
  }
  get visit(): number {
    return this.#step.visit
  }
  get workflow(): string {
    return this.#around.workflow
  }
  get runId(): string {
    return this.#around.runId
  }
  get path(): Path | undefined {
    return this.#around.path
  }
}

/** Tells the listener of the run, if there is one. */
const tell = <A, E, R>(run: Run, span: Span, body: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  run.listener === undefined ? body : listening.told(run.listener, run, span, body)
