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
import * as Scope from "effect/Scope"
import type { Uncompensated } from "../../CanoError.ts"
import { clip } from "../check/describe.ts"
import * as returned from "../check/returned.ts"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { inScheduler } from "../fibers/dispatcher.ts"
import type { Span } from "../run/listener.ts"
import * as listening from "../run/listener.ts"
import type { Run } from "../run/run.ts"
import { CurrentRunRef } from "../run/run.ts"
import { Undoing } from "../run/undoing.ts"
import type { Saga } from "./saga.ts"
import type { Child, Group, Item, Outcome, Step } from "./step.ts"
import { backwards, inOrder } from "./step.ts"

/** What one rollback is about. */
interface Going {
  readonly saga: Saga
  readonly why: Cause.Cause<unknown>
  /** Who tells of it: the run that goes back, also for what one inside of it has handed up. */
  readonly run: Run
  /** The instant of the monotonic clock at which no further compensation is started. */
  readonly until: bigint | undefined
  /** What has been built anew for runs that have ended, by the part of the innermost one. */
  readonly over: ((part: number) => Context.Context<never>) | undefined
  readonly outcome: Outcome
  /** What has still to be undone. */
  readonly left: Set<Step>
}

/** Undoes some things; awaited, whoever is interrupted. It never fails. */
export const rollback = (saga: Saga, items: ReadonlyArray<Item>, why: Cause.Cause<unknown>): Effect.Effect<Outcome> =>
  Effect.uninterruptible(Effect.withFiber((caller) => {
    const { policy, run } = saga
    const steps = backwards(items)
    const outcome: Outcome = { compensated: [], failures: [] }
    const left = new Set(steps)
    const until = deadlineOf(caller, policy.within, undefined)
    const all = goBack({ saga, run, why, until, over: undefined, outcome, left }, items)
    saga.left.add(left)
    const fiber = Effect.runForkWith(inScheduler(caller.context, caller))(
      tell(run, { _tag: "Rollback", run, steps: steps.length, why, outcome }, all)
    )
    return Effect.map(Fiber.await(fiber), (exit) => {
      saga.left.delete(left)
      // it can't end before it is done; should it, nothing of what is left has been undone
      if (Exit.isFailure(exit)) {
        for (const step of left) outcome.failures.push(failureOf(step, "failed", exit.cause))
      }
      return outcome
    })
  }))

const deadlineOf = (
  fiber: AnyFiber,
  within: Duration.Duration | undefined,
  before: bigint | undefined
): bigint | undefined => {
  if (within === undefined || !Duration.isFinite(within)) return before
  const own = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe() + Duration.toNanosUnsafe(within)
  return before === undefined || own < before ? own : before
}

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
    : goBack(going, inOrder(branches.flat()))

// -----------------------------------------------------------------------------
// a run inside of this one
// -----------------------------------------------------------------------------

/** What a run inside of this one has done is undone by the policy of that one, with resources that are built anew. */
const undoChild = (going: Going, { build, items, part, saga }: Child): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const { policy: { grace, timeout, within } } = saga
    const outer = going.over?.(part)
    const own = { ...going, saga, until: deadlineOf(fiber, within, going.until) }
    if (build === undefined) return goBack({ ...own, over: outer && (() => outer) }, items)
    const scope = Scope.makeUnsafe()
    // a context holds the services of what is run, which its type does not say
    const context = fiber.context as Context.Context<unknown>
    return Effect.flatMap(
      bounded(fiber, context, build(scope, outer), limitOf(fiber, timeout, own.until), grace),
      (built) => {
        if (!isDone(built)) {
          const fail = (step: Step) => failed(own, failureOf(step, "not started", causeOf(built)), step)
          return Effect.forEach(backwards(items), fail, { discard: true })
        }
        const parts = built.value
        const over = (part: number): Context.Context<never> => {
          const services = parts[part] ?? parts[0] ?? Context.empty()
          return outer === undefined ? services : Context.merge(outer, services)
        }
        return Effect.flatMap(
          goBack({ ...own, over }, items),
          // what was undone has been, however the release goes
          () =>
            Effect.flatMap(
              bounded(fiber, context, Scope.close(scope, Exit.void), timeout, grace),
              (closed) =>
                isDone(closed) ? Exit.void : told("the release of resources that were built to undo a workflow", closed)
            )
        )
      }
    )
  })

// -----------------------------------------------------------------------------
// one compensation
// -----------------------------------------------------------------------------

const compensate = (going: Going, step: Step): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const { run, saga, until, why } = going
    const { policy: { grace, retry, timeout } } = saga
    const limit = limitOf(fiber, timeout, until)
    if (Duration.isZero(limit) && until !== undefined) {
      return failed(going, failureOf(step, "not started", Cause.empty), step)
    }
    const once = Effect.suspend(() =>
      returned.effect(
        `state "${clip(step.state)}"`,
        "compensate",
        step.undo.compensate(step.done!, { state: step.value, branch: step.branch, key: step.key, cause: why })
      )
    )
    const work = retry === undefined ? once : Effect.retry(once, retry)
    const body = tell(run, { _tag: "Compensation", run, step }, work)
    const { host } = run
    const undone = () =>
      Effect.flatMap(bounded(fiber, contextOf(going, step), body, limit, grace), (ended) => {
        if (isDone(ended)) {
          going.left.delete(step)
          going.outcome.compensated.push(step.key)
          return Effect.succeed(undefined)
        }
        const failure = failureOf(step, ended.how, causeOf(ended))
        return Effect.as(failed(going, failure, step), failure)
      })
    // a host says when it starts
    return Effect.asVoid(host === undefined ? undone() : host.undo(run, step, Effect.suspend(undone)))
  })

/** The time that is left for one thing. */
const limitOf = (fiber: AnyFiber, limit: Duration.Duration, until: bigint | undefined): Duration.Duration => {
  if (until === undefined) return limit
  const left = until - fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
  return left <= 0n ? Duration.zero : Duration.min(limit, Duration.nanos(left))
}

const failed = (going: Going, failure: Uncompensated, step: Step): Effect.Effect<void> => {
  const { cause, how } = failure
  going.left.delete(step)
  going.outcome.failures.push(failure)
  return told(`the compensation of ${clip(step.key, 200)}`, { how, cause })
}

const failureOf = (step: Step, how: Uncompensated["how"], cause: Cause.Cause<unknown>): Uncompensated => ({
  key: step.key,
  state: step.state,
  branch: step.branch?.name,
  how,
  cause
})

/** The services that the step had, as what undoes it. */
const contextOf = ({ over, saga }: Going, step: Step): Context.Context<unknown> => {
  const own = over === undefined ? step.context : Context.merge(step.context, over(step.undo.part))
  // a context holds the services of what is run, which its type does not say
  return Context.add(own, CurrentRunRef, new Undoing(saga.run, step)) as Context.Context<unknown>
}

// -----------------------------------------------------------------------------
// time
// -----------------------------------------------------------------------------

/** What has not been done in time, or has failed. */
interface Undone {
  readonly how: Exclude<Uncompensated["how"], "not started">
  readonly cause: Cause.Cause<unknown>
}

type Ended<A> = Exit.Success<A, unknown> | Undone

const isDone = <A>(ended: Ended<A>): ended is Exit.Success<A, unknown> => !("how" in ended)

const causeOf = ({ cause }: Undone): Cause.Cause<unknown> => cause

/** Runs something on a fiber of its own, for so long: then it is interrupted, and left behind if it does not stop. */
const bounded = <A>(
  home: AnyFiber,
  context: Context.Context<unknown>,
  work: AnyEffect | Effect.Effect<A, unknown>,
  limit: Duration.Duration,
  grace: Duration.Duration
): Effect.Effect<Ended<A>> => {
  const fiber = Effect.runForkWith(inScheduler(context, home))(work as Effect.Effect<A, unknown>)
  const ended = (exit: Exit.Exit<A, unknown>, how: Undone["how"]): Ended<A> =>
    Exit.isSuccess(exit) ? exit : { how, cause: exit.cause }
  return Effect.flatMap(within(fiber, limit), (exit) => {
    if (exit !== undefined) return Effect.succeed(ended(exit, "failed"))
    fiber.interruptUnsafe(home.id)
    return Effect.map(
      within(fiber, grace),
      (late) => late === undefined ? { how: "left behind", cause: Cause.empty } as const : ended(late, "timed out")
    )
  })
}

/** The exit of a fiber, if it ends in time. */
const within = <A>(
  fiber: Fiber.Fiber<A, unknown>,
  limit: Duration.Duration
): Effect.Effect<Exit.Exit<A, unknown> | undefined> => {
  const exit = fiber.pollUnsafe()
  if (exit !== undefined) return Effect.succeed(exit)
  return Effect.map(Effect.timeoutOption(Fiber.await(fiber), limit), Option.getOrUndefined)
}

// -----------------------------------------------------------------------------
// telling
// -----------------------------------------------------------------------------

/** To the log: the run may have been interrupted by somebody who does not look at its exit. */
const told = (what: string, { cause, how }: { readonly how: string; readonly cause: Cause.Cause<unknown> }) =>
  Effect.ignoreCause(Effect.logError(`${what}: ${how}`, cause))

/** Tells the listener of the run, if there is one. */
const tell = <A, E, R>(run: Run, span: Span, body: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  run.listener === undefined ? body : listening.told(run.listener, run, span, body)
