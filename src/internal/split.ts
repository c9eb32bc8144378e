/**
 * The shell of a split. It lives from the moment a state is entered until the last loser's finalizer has run; the
 * decision itself is `JoinStrategy.decide`, a pure function of the counts.
 *
 * Invariants (tests cite them by number):
 *
 *  I1  The verdict is written once, by `settle`, `seal` or the deadline; from then on no count and no order changes.
 *  I2  Every started branch is recorded exactly once, and only after its own finalizers have run.
 *  I3  A branch is pulled from its list only by the slot that runs it at once, and only while the split is open.
 *  I4  The split's effect ends after its worker fiber, unless losers may outlive it; then the worker is in a nursery. The
 *      worker ends after all slots and their children, and after its observer.
 *  I5  No slot fails its `forEach`, whatever its branches do: `forEach` forgets the member that it is starting when one
 *      that runs already fails meanwhile.
 *  I6  One object per split, one per slot, and per branch its outcome; nothing per branch that is queued.
 *  I7  A place of a shared bulkhead is on its way, held by one slot, or given back; after the worker none is left.
 *
 * Fibers: the caller waits for one worker, which is an `Effect.forEach` over slots (`slot.ts`), which run the branches. A
 * decision, the deadline and an interruption of the caller all end a split in the same way: they interrupt the fibers that
 * still run (`deciding.ts`), and `forEach` awaits them. Worker and slots are uninterruptible, so that every exit is recorded;
 * the branches inside them are interruptible, whatever the region of the caller.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constVoid, identity } from "effect/Function"
import * as Result from "effect/Result"
import * as Scheduler from "effect/Scheduler"
import { JoinTimeoutError, JoinUnsatisfiedError, WorkflowError } from "../CanoError.ts"
import type { WorkflowRule } from "../CanoError.ts"
import * as JoinStrategy from "../JoinStrategy.ts"
import type { SplitResult } from "../SplitResult.ts"
import type { BranchList } from "./branches.ts"
import * as branches from "./branches.ts"
import type { Run } from "./currentRun.ts"
import { CurrentRunRef, levelOf, runOf, SplitLevel } from "./currentRun.ts"
import { breakOff, exceedsAtOnce, expire, halt, isBreak, open, relax } from "./deciding.ts"
import type { Level } from "./depth.ts"
import type { AnyEffect, AnyFiber, Config, Frame, Join } from "./join.ts"
import { hasMore, isOpen, make, mayYield, where, yieldEvery } from "./join.ts"
import * as limits from "./limits.ts"
import { standing } from "./nested.ts"
import * as nursery from "./nursery.ts"
import * as outbox from "./outbox.ts"
import type { Pool } from "./pool.ts"
import { Sharing } from "./sharing.ts"
import * as slot from "./slot.ts"
import { Staggering } from "./staggering.ts"

export const noFrame: Frame = {
  workflow: undefined,
  state: undefined,
  path: undefined,
  nursery: undefined,
  budget: undefined,
  root: undefined
}

/**
 * Slots that one `forEach` starts; longer lists are started in segments, so that the worker can yield in between. What fits
 * into one segment never has to.
 */
const segmentSize = yieldEvery

/**
 * Runs the branches of a list and joins them.
 */
export const run = (
  list: BranchList,
  config: Config,
  frame: Frame
): Effect.Effect<SplitResult<unknown, unknown>, unknown, unknown> =>
  config.onOutcome === undefined
    ? start(list, config, frame, undefined)
    : Effect.flatMap(outbox.make(config.onOutcome), (outbox) => start(list, config, frame, outbox))

const start = (
  list: BranchList,
  config: Config,
  frame: Frame,
  outbox: outbox.Outbox | undefined
): Effect.Effect<SplitResult<unknown, unknown>, unknown, unknown> =>
  Effect.withFiber((parent) => {
    const current = levelOf(parent)
    const run = runOf(current)
    const outer = standing<Level>(current)
    const tooDeep = outer?.tooDeep()
    if (tooDeep !== undefined) return refused(frame, "max-depth", tooDeep)
    const join = make(list, config, limited(frame, run), parent.id, outbox)
    if (list._tag === "Growing") {
      const more = (width: number) => startSlots(join, width, false)
      join.items.push(...list.seed((given) => slot.add(join, given, more)))
    }
    const unfit = misfit(join)
    if (unfit !== undefined) return refused(frame, unfit.rule, unfit.detail)
    const pool = poolOf(config, parent)
    const full = pool?.refuses(list._tag === "Lazy" ? 1 : join.items.length)
    if (full !== undefined) return Exit.fail(full)
    open(join)
    if (join.verdict !== "continue") return ending(join, Exit.void)
    // a refused list counts nowhere
    limits.spend(join.frame.budget, "branches", join.items.length)
    const level = new SplitLevel(outer, run)
    // a fiber's context holds the services of what it runs, which its type does not say
    let context = Context.add(parent.context as Context.Context<unknown>, CurrentRunRef, level)
    if (parent.cache.scheduler.executionMode === "sync") {
      // under `Effect.runSync` nobody would resume a fiber that has yielded
      join.yieldEvery = Number.POSITIVE_INFINITY
      context = Context.add(context, Scheduler.PreventSchedulerYield, true)
    }
    join.context = context as Context.Context<never>
    const spawn = () => slot.replace(join)
    if (pool !== undefined) join.sharing = new Sharing(join, pool, parent.getRef(Clock.Clock), spawn)
    const staggering = config.hedge === undefined
      ? undefined
      : new Staggering(join, config.hedge, parent.getRef(Clock.Clock), spawn)
    if (staggering !== undefined) join.sharing = staggering
    return Effect.callback((resume) => {
      const parting = isParting(config) ? new Parting(join, parent, resume) : undefined
      const worker = Effect.runForkWith(context)(work(join), { uninterruptible: true })
      parting?.watch(worker)
      worker.addObserver((exit) => {
        level.end()
        if (!join.parted) resume(concluded(join, exit))
      })
      return Effect.suspend(() => {
        halt(join)
        return Fiber.await(worker)
      })
    })
  })

const refused = (frame: Frame, rule: WorkflowRule, detail: string): Exit.Exit<never, WorkflowError> =>
  Exit.fail(new WorkflowError({ ...where(frame), rule, detail }))

/** A split on its own counts into what is left to the run that it stands in. */
const limited = (frame: Frame, run: Run | undefined): Frame =>
  frame.root !== undefined || run?.budget === undefined ? frame : { ...frame, budget: run.budget }

const poolOf = ({ pool }: Config, parent: AnyFiber): Pool | undefined =>
  // a key of a bulkhead, by the type of the options
  Context.isKey(pool) ? Context.getUnsafe(parent.context, pool as Context.Key<never, Pool>) : pool

/** What only shows when the branches are there, and stops the split before the first of them. */
const misfit = (
  { config, frame, items, list }: Join
): { readonly rule: WorkflowRule; readonly detail: string } | undefined => {
  if (list._tag === "Known" && JoinStrategy.isCustom(config.strategy)) {
    const detail = config.strategy.reducer.issue?.(list.names ?? list.items.map((_, i) => String(i)))
    if (detail !== undefined) return { rule: "strategy", detail }
  }
  const bad = list._tag === "Growing" ? items.findIndex((item: unknown) => !Effect.isEffect(item)) : -1
  if (bad >= 0) return { rule: "invalid-branches", detail: branches.notAnEffect(bad, items[bad]) }
  if (list._tag === "Growing" && config.hedge !== undefined) {
    return { rule: "invalid-branches", detail: "branches that add branches are no alternatives to hedge with" }
  }
  const detail = exceedsAtOnce(items.length, config, frame)
  return detail === undefined ? undefined : { rule: "max-branches", detail }
}

// -----------------------------------------------------------------------------
// starting
// -----------------------------------------------------------------------------

const work = (join: Join): AnyEffect => {
  const branches = branchesOf(join)
  const all = join.outbox === undefined ? branches : observed(join, join.outbox, branches)
  return isParting(join.config) ? Effect.andThen(all, reportBroken(join)) : all
}

/** The observer may outlive the decision, but not the split. */
const observed = (join: Join, to: outbox.Outbox, branches: AnyEffect): AnyEffect => {
  const deliver = Effect.catchCause(outbox.deliver(to), (cause) => join.halted ? Exit.void : breakOff(join, cause))
  return Effect.flatMap(Effect.forkChild(deliver, { startImmediately: true }), (observing) => {
    join.observing = observing
    return Effect.onExit(branches, () => {
      outbox.end(to)
      return Fiber.await(observing)
    })
  })
}

const branchesOf = (join: Join): AnyEffect => {
  const { sharing } = join
  const bounded = join.isBounded
  const most = Math.min(join.places, join.iterator === undefined ? join.items.length : Number.POSITIVE_INFINITY)
  const width = sharing === undefined ? most : sharing.enter(most)
  sharing?.request()
  const member = slot.member(join)
  const started = startSlots(join, width, true)
  if (!bounded && join.iterator === undefined) return started
  const all = bounded && !mayYield(join) ? Effect.andThen(started, restart(join, width, member)) : started
  return Effect.onExit(all, () => Effect.andThen(awaitSlots(join), closeList(join)))
}

/** Waits for the slots outside of the `forEach`, those that a shared bulkhead has yet to give a place included. */
const awaitSlots = (join: Join): AnyEffect =>
  Effect.whileLoop({
    while: () => slotToAwait(join) !== undefined || (join.sharing !== undefined && hasMore(join)),
    body: (): AnyEffect => {
      const slot = slotToAwait(join)
      return slot === undefined ? join.sharing!.idle() : Fiber.await(slot)
    },
    step: constVoid
  })

const slotToAwait = ({ replacements }: Join): AnyFiber | undefined => replacements?.values().next().value

/** Where no slot can be replaced later: starts new ones when all have ended, and some of them early. */
const restart = (join: Join, width: number, member: AnyEffect): AnyEffect =>
  Effect.whileLoop({
    while: () => hasMore(join),
    body: () => startSegment(join, Math.min(width, segmentSize), member, false),
    step: constVoid
  })

/** As `for (… of …)` does when it is left early, so that a generator's `finally` runs. */
const closeList = (join: Join): Effect.Effect<void> =>
  Effect.sync(() => {
    join.sharing?.close()
    const { isRead, iterator } = join
    if (iterator === undefined || isRead) return
    join.isRead = true
    const closed = Result.try({ try: () => iterator.return?.(), catch: identity })
    if (Result.isFailure(closed)) join.broken ??= Cause.die(closed.failure)
  })

/** Starts slots, the first ones of the split with its deadlines, and waits for them. */
const startSlots = (join: Join, width: number, first: boolean): AnyEffect => {
  const member = slot.member(join)
  return width <= segmentSize ? startSegment(join, width, member, first) : startSegments(join, width, member, first)
}

/** Starts `width` slots in order, on the current tick, and waits for them. */
const startSegment = (join: Join, width: number, member: AnyEffect, first: boolean): AnyEffect => {
  // the deadlines are started before the branches, so that their clock starts when the split is entered
  const timers = first ? deadlines(join) : []
  return Effect.forEach(
    new Array<void>(timers.length + width),
    (_, i) => i < timers.length ? timers[i]! : slot.isWanted(join) ? member : Exit.void,
    { concurrency: "unbounded", discard: true }
  )
}

const startSegments = (join: Join, width: number, member: AnyEffect, first: boolean): AnyEffect =>
  Effect.suspend(() => {
    const segments: Array<AnyFiber> = []
    let left = width
    let read = -1
    const loop = Effect.whileLoop({
      while: () => left > 0 && hasMore(join),
      body: (): Effect.Effect<AnyFiber | void, never, unknown> => {
        // slots that had to yield before they have read from the list may be all that it has branches for
        const stalled = read === join.started
        read = -1
        if (stalled || join.sinceYield >= join.yieldEvery) return slot.pause(join)
        read = join.started
        // a lazy list may be short, so its segments double
        const size = Math.min(left, segmentSize, join.iterator === undefined ? segmentSize : join.started + 16)
        const segment = startSegment(join, size, member, first && segments.length === 0)
        // without a bulkhead a segment may end early, and the list decides when there are enough slots
        if (join.isBounded) left -= size
        return Effect.forkChild(
          Effect.catchCause(segment, (cause) => isBreak(cause) ? breakOff(join, cause) : Effect.void),
          {
            startImmediately: true,
            uninterruptible: true
          }
        )
      },
      step: (fiber) => {
        if (fiber !== undefined) segments.push(fiber)
      }
    })
    return Effect.flatMap(loop, () => Fiber.awaitAll(segments))
  })

const deadlines = (join: Join): ReadonlyArray<AnyEffect> => {
  const { strategy, timeout } = join.config
  const timers = timeout === undefined ? [] : [timer(join, timeout, expire)]
  const soft = JoinStrategy.isCustom(strategy) ? strategy.reducer.soft : undefined
  if (join.sharing instanceof Staggering) timers.push(join.sharing.pace)
  if (soft !== undefined) timers.unshift(timer(join, Duration.fromInputUnsafe(soft.after), relax))
  return timers
}

const timer = (join: Join, after: Duration.Duration, due: (join: Join) => void): AnyEffect =>
  Effect.withFiber((fiber) => {
    if (!isOpen(join)) return Exit.void
    join.timers.push(fiber)
    const sleep = Effect.map(Effect.sleep(after), () => due(join))
    // interrupted because the split has been decided, it ends well
    return Effect.catchCause(Effect.interruptible(sleep), (cause) => isOpen(join) ? breakOff(join, cause) : Exit.void)
  })

// -----------------------------------------------------------------------------
// parting
// -----------------------------------------------------------------------------

/** Whether branches may outlive the split. */
export const isParting = ({ grace, losers }: Config): boolean => losers === "detach" || grace !== undefined

/** Ends the effect of a decided split, at once or after a grace, while the worker goes on with the branches that run. */
class Parting {
  readonly join: Join
  readonly resume: (ending: Effect.Effect<SplitResult<unknown, unknown>, unknown>) => void
  worker: AnyFiber | undefined
  timer: AnyFiber | undefined
  constructor(join: Join, parent: AnyFiber, resume: Parting["resume"]) {
    this.join = join
    this.resume = resume
    const { grace } = join.config
    const leave = () => this.leave()
    join.onDecided = grace === undefined
      // not on the stack of the branch that has decided
      ? () => parent.currentDispatcher.scheduleTask(leave, 0)
      : () => {
        this.timer = Effect.runForkWith(join.context!)(Effect.map(Effect.sleep(grace), leave))
      }
  }
  /** The first branches may decide before the worker is known. */
  watch(worker: AnyFiber): void {
    this.worker = worker
    worker.addObserver(() => this.timer?.interruptUnsafe())
  }
  leave(): void {
    const { join, worker } = this
    if (join.halted || worker === undefined || worker.pollUnsafe() !== undefined) return
    const { grace } = join.config
    join.parted = true
    join.record.detach(join.started)
    nursery.adopt(join.frame.nursery!, { worker, interrupt: () => halt(join) })
    const ended = concluded(join, Exit.void)
    this.resume(grace === undefined ? ended : Effect.andThen(reportStubborn(join, grace), ended))
  }
}

const reportStubborn = (join: Join, grace: Duration.Duration): Effect.Effect<void> => {
  const running = join.slots.filter(({ index }) => index >= 0).map(({ index }) => index)
  return Effect.logWarning(
    `${running.length === 1 ? "branch" : "branches"} ${running.join(", ")} did not stop within ${
      Duration.format(grace)
    } of the interruption, and ${running.length === 1 ? "goes" : "go"} on detached`
  )
}

/** Nobody looks at how a split ends that its caller has left. */
const reportBroken = (join: Join): Effect.Effect<void> =>
  Effect.suspend(() =>
    join.parted && join.broken !== undefined
      ? Effect.logWarning("a split broke off after it had been decided", join.broken)
      : Exit.void
  )

// -----------------------------------------------------------------------------
// finishing
// -----------------------------------------------------------------------------

/** The end of a split, told to whom it concerns. */
const concluded = (join: Join, exit: Exit.Exit<unknown, unknown>) => {
  const ended = ending(join, exit)
  return join.sharing instanceof Staggering && Exit.isSuccess(ended)
    ? Effect.andThen(join.sharing.won, ended)
    : ended
}

/** What the split ends with, once its worker has ended. */
const ending = (
  join: Join,
  exit: Exit.Exit<unknown, unknown>
): Exit.Exit<SplitResult<unknown, unknown>, unknown> => {
  const { config, frame, started, tally: counts, timedOut, verdict } = join
  if (join.broken !== undefined) return Exit.failCause(join.broken)
  if (Exit.isFailure(exit) && (verdict === "continue" || isBreak(exit.cause))) return Exit.failCause(exit.cause)
  // only a split whose caller was interrupted ends without a verdict
  if (verdict === "continue") return Exit.interrupt(join.caller)
  const { failed, succeeded } = counts
  const total = join.list._tag === "Lazy" ? started : join.items.length
  // a verdict leaves the counts as they are, so whatever else was started is a loser
  const tally = { total, succeeded, failed, interrupted: started - succeeded - failed, notStarted: total - started }
  const { strategy, timeout } = config
  const satisfied = verdict === "proceed"
  const whole = strategy._tag === "All" || strategy._tag === "AllFailFast"
  const reduced = config.reduce === undefined ? undefined : { value: join.reduced }
  const result = join.record.result({ tally, timedOut, satisfied, whole, reduced })
  if (satisfied) return Exit.succeed(result)
  const { reason } = join
  return Exit.fail(
    timedOut && timeout !== undefined
      ? new JoinTimeoutError({ ...where(frame), strategy, timeout, reason, result })
      : new JoinUnsatisfiedError({ ...where(frame), strategy, reason, result })
  )
}
