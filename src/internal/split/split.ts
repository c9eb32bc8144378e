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
 *  I6  One object per split, one per slot that runs, and per branch its outcome; nothing per branch that is queued.
 *  I7  A place of a shared bulkhead is on its way, held by one slot, or given back; after the worker none is left.
 *  I8  Whoever waits is registered in the step in which it has found nothing, so that no yield comes between the two.
 *  I9  Every fiber of the split is started on another one of the split, or on its caller: it has the async context of them.
 *
 * Fibers: the caller waits for one worker, which is an `Effect.forEach` over slots (`slot.ts`), which run the branches, or
 * starts them one by one where it shows only in time how many there may be (`crew.ts`). A
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
import { JoinTimeoutError, JoinUnsatisfiedError } from "../../CanoError.ts"
import type { WorkflowError, WorkflowRule } from "../../CanoError.ts"
import * as JoinStrategy from "../../JoinStrategy.ts"
import type { SplitResult } from "../../SplitResult.ts"
import * as hold from "../bulkhead/hold.ts"
import type { Pool } from "../bulkhead/pool.ts"
import { clip } from "../check/describe.ts"
import * as failure from "../failure/failure.ts"
import { dispatcherOf, DispatcherRef, isSync, later } from "../fibers/dispatcher.ts"
import { warn } from "../fibers/warn.ts"
import { until } from "../run/host.ts"
import type { Level } from "../run/level.ts"
import * as limits from "../run/limits.ts"
import { standing } from "../run/nested.ts"
import * as nursery from "../run/nursery.ts"
import { currentOf, CurrentRunRef, levelOf, Run, runOf, SplitLevel } from "../run/run.ts"
import * as reducer from "../strategy/reducer.ts"
import { Staggering } from "./alternatives.ts"
import type { BranchList } from "./branches.ts"
import * as branches from "./branches.ts"
import * as crew from "./crew.ts"
import { breakOff, exceedsAtOnce, expire, halt, isBreak, noticeBreak, open, relax } from "./decision.ts"
import * as growing from "./growing.ts"
import type { AnyEffect, AnyFiber, Config, Frame, Join } from "./join.ts"
import { hasMore, isOpen, known, make, mayYield, where, workflowError, yieldEvery } from "./join.ts"
import * as outbox from "./outbox.ts"
import * as splitResult from "./record.ts"
import { Sharing } from "./sharing.ts"
import * as slot from "./slot.ts"

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
    : Effect.flatMap(
      outbox.make({
        observer: config.onOutcome,
        patience: config.observerTimeout,
        refuse: (detail) => refused(frame, "invalid-observer", detail)
      }),
      (outbox) => start(list, config, frame, outbox)
    )

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
    const join = make(list, config, limited(frame, run), parent, outbox)
    if (typeof join === "string") return refused(frame, "invalid-branches", join)
    const pool = poolOf(config, parent)
    const early = refusal(join, pool, parent) ?? decision(join)
    if (early !== undefined) {
      closeList(join)
      return early
    }
    // a refused list counts nowhere
    limits.spend(join.frame.budget, "branches", known(join))
    const level = new SplitLevel(outer, run, {
      current: currentOf(parent),
      // the frame of a state is its run
      isState: frame.root !== undefined,
      name: config.name,
      names: list._tag === "Known" ? list.names : undefined
    })
    join.enter = level.enter
    // a fiber's context holds the services of what it runs, which its type does not say
    let context = Context.add(parent.context as Context.Context<unknown>, CurrentRunRef, level)
    if (isSync(parent)) {
      // under `Effect.runSync` nobody would resume a fiber that has yielded
      join.yieldEvery = Number.POSITIVE_INFINITY
      context = Context.add(context, Scheduler.PreventSchedulerYield, true)
      context = Context.add(context, DispatcherRef, dispatcherOf(parent))
    }
    join.context = context as Context.Context<never>
    if (pool !== undefined) {
      const held = new hold.Hold(pool, parent)
      join.sharing = new Sharing(join, pool, parent.getRef(Clock.Clock), held)
      // for the branches, and not for the observer
      join.context = Context.add(context, hold.HoldRef, held) as Context.Context<never>
    } else if (config.hedge !== undefined) {
      join.sharing = new Staggering(join, config.hedge, parent.getRef(Clock.Clock))
    }
    const joined = Effect.callback<SplitResult<unknown, unknown>, unknown, unknown>((resume) => {
      const parting = isParting(config) ? new Parting(join, resume) : undefined
      const worker = Effect.runForkWith(context)(work(join), { uninterruptible: true })
      parting?.watch(worker)
      worker.addObserver((exit) => {
        if (join.halted && !join.parted) leave(join, level)
        level.end()
        if (!join.parted) resume(concluded(join, exit))
      })
      return Effect.suspend(() => {
        halt(join)
        return Fiber.await(worker)
      })
    })
    return level.told(list, config, joined)
  })

/** How a split ends that does not start. */
export const refused = (frame: Frame, rule: WorkflowRule, detail: string): Exit.Exit<never, WorkflowError> =>
  Exit.fail(workflowError(frame, rule, detail))

/** A split on its own counts into what is left to the run that it stands in. */
const limited = (frame: Frame, run: Run | undefined): Frame =>
  frame.root !== undefined || run?.budget === undefined ? frame : { ...frame, budget: run.budget }

const poolOf = ({ pool }: Config, parent: AnyFiber): Pool | undefined =>
  // a key of a bulkhead, by the type of the options
  Context.isKey(pool) ? Context.getUnsafe(parent.context, pool as Context.Key<never, Pool>) : pool

/** Why a split does not start, now that it is known what it is to run. */
const refusal = (join: Join, pool: Pool | undefined, parent: AnyFiber): Exit.Exit<never, unknown> | undefined => {
  const { frame, list } = join
  const seeded = list._tag === "Growing" ? growing.seed(join, list.seed) : undefined
  if (seeded !== undefined) return refused(frame, "invalid-branches", seeded)
  const unfit = misfit(join)
  if (unfit !== undefined) return refused(frame, unfit.rule, unfit.detail)
  if (pool === undefined) return undefined
  const full = hold.reentry(pool, parent) ?? pool.refuses(list._tag === "Lazy" ? 1 : known(join))
  return full && Exit.fail(full)
}

/** What the split ends with, if its strategy wants no branch at all. */
const decision = (join: Join): Exit.Exit<SplitResult<unknown, unknown>, unknown> | undefined => {
  open(join)
  return join.verdict === "continue" ? undefined : ending(join, Exit.void)
}

/** What only shows when the branches are there, and stops the split before the first of them. */
const misfit = (join: Join): { readonly rule: WorkflowRule; readonly detail: string } | undefined => {
  const { config, frame, list } = join
  if (list._tag === "Known" && JoinStrategy.isCustom(config.strategy)) {
    const detail = reducer.issue(config.strategy, branches.namesOf(list))
    if (detail !== undefined) return { rule: "strategy", detail }
  }
  if (list._tag === "Growing" && config.hedge !== undefined) {
    return { rule: "invalid-branches", detail: "branches that add branches are no alternatives to hedge with" }
  }
  const detail = exceedsAtOnce(known(join), config, frame)
  return detail === undefined ? undefined : { rule: "max-branches", detail }
}

// -----------------------------------------------------------------------------
// starting
// -----------------------------------------------------------------------------

const work = (join: Join): AnyEffect => {
  const branches = branchesOf(join)
  const all = join.outbox === undefined ? branches : observed(join, join.outbox, branches)
  return isParting(join.config) ? Effect.onExit(all, (exit) => reportBroken(join, exit)) : all
}

/** The observer may outlive the decision, but not the split. */
const observed = (join: Join, to: outbox.Outbox, branches: AnyEffect): AnyEffect => {
  const deliver = Effect.withFiber((fiber) => {
    if (join.halted) return Exit.void
    to.delivering = fiber
    return Effect.catchCause(
      outbox.deliver(to),
      (cause) => join.halted || to.isClosed ? Exit.void : breakOff(join, cause)
    )
  })
  to.onRoom = () => {
    if (join.sharing !== undefined) join.sharing.request()
    else if (join.backlog !== undefined) crew.poke(join)
  }
  const both = Duration.isFinite(to.patience)
    ? Effect.andThen(Effect.forkChild(outbox.limit(to), { startImmediately: true }), branches)
    : branches
  return Effect.flatMap(
    Effect.forkChild(deliver, { startImmediately: true }),
    (observing) => {
      // at a value that is no Effect the fiber ends as a whole, past what catches a cause
      observing.addObserver((exit) => {
        if (!to.isClosed) noticeBreak(join, exit)
      })
      return Effect.onExit(both, () => {
        outbox.end(to)
        return Fiber.await(observing)
      })
    }
  )
}

const branchesOf = (join: Join): AnyEffect => {
  const bounded = join.isBounded
  const width = Math.min(join.places, join.iterator === undefined ? known(join) : Number.POSITIVE_INFINITY)
  const started = crew.isAll(join) ? startCrew(join, width) : startSlots(join, width)
  if (!bounded && join.iterator === undefined) return started
  const isCrewed = crew.isAll(join)
  const others = bounded
    ? crew.attend(join, () => isCrewed && hasMore(join), () => isCrewed ? slot.startDue(join) : undefined)
    : Exit.void
  const all = bounded && !isCrewed && !mayYield(join) ? Effect.andThen(started, restart(join, width)) : started
  const close = Effect.sync(() => {
    join.sharing?.close()
    closeList(join)
  })
  return Effect.onExit(all, () => Effect.andThen(others, close))
}

/** What a crew is started with: the deadlines, and the places that are free. The slots follow. */
const startCrew = (join: Join, width: number): AnyEffect =>
  Effect.sync(() => {
    for (const timer of deadlines(join)) crew.start(join, timer, (exit) => noticeBreak(join, exit))
    join.sharing?.enter(width)
  })

/** Where no slot can be replaced later: starts new ones when all have ended, and some of them early. */
const restart = (join: Join, width: number): AnyEffect => {
  const member = slot.member(join)
  return Effect.whileLoop({
    while: () => hasMore(join),
    body: () => startSegment(join, Math.min(width, segmentSize), member, false),
    step: constVoid
  })
}

/** As `for (… of …)` does when it is left early, so that a generator's `finally` runs. */
const closeList = (join: Join): void => {
  const { isRead, iterator } = join
  if (iterator === undefined || isRead) return
  join.isRead = true
  const closed = Result.try({ try: () => iterator.return?.(), catch: identity })
  if (Result.isFailure(closed)) join.broken ??= Cause.die(closed.failure)
}

/** Starts slots with the deadlines of the split, and waits for them. */
const startSlots = (join: Join, width: number): AnyEffect => {
  const member = slot.member(join)
  return width <= segmentSize ? startSegment(join, width, member, true) : startSegments(join, width, member)
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

const startSegments = (join: Join, width: number, member: AnyEffect): AnyEffect =>
  Effect.suspend(() => {
    let segments: Array<AnyFiber> = []
    let kept = segmentSize
    let first = true
    let left = width
    let read = -1
    const loop = Effect.whileLoop({
      while: () => left > 0 && hasMore(join),
      body: (): Effect.Effect<AnyFiber | void, never, unknown> => {
        // slots that had to yield before they have read from the list may be all that it has branches for
        const stalled = read === join.started
        read = -1
        if (stalled || join.sinceYield >= join.yieldEvery) return slot.pause(join)
        // slots that would only wait for room are not started
        if (join.outbox !== undefined && outbox.isFull(join.outbox)) return outbox.waitForRoom(join.outbox)
        read = join.started
        // a list may have no end, so what has ended is forgotten; not so often that those that go on cost much
        if (join.slots.length >= 2 * kept) {
          slot.forgetEnded(join)
          segments = segments.filter((segment) => segment.pollUnsafe() === undefined)
          kept = Math.max(join.slots.length, segmentSize)
        }
        // a lazy list may be short, so its segments double
        const size = Math.min(left, segmentSize, join.iterator === undefined ? segmentSize : join.started + 16)
        const segment = startSegment(join, size, member, first)
        first = false
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
  const { deadline, strategy, timeout } = join.config
  const timers: Array<AnyEffect> = []
  const soft = JoinStrategy.isCustom(strategy) ? strategy.reducer.soft : undefined
  if (soft !== undefined) timers.push(timer(join, () => after(join, Duration.fromInputUnsafe(soft.after), relax)))
  if (timeout !== undefined) timers.push(timer(join, () => after(join, timeout, expire, deadline)))
  const { sharing } = join
  if (sharing instanceof Staggering) timers.push(timer(join, () => sharing.pace))
  return timers
}

const after = (join: Join, time: Duration.Duration, due: (join: Join) => void, instant?: number): AnyEffect =>
  Effect.map(instant === undefined ? Effect.sleep(time) : until(instant), () => due(join))

/** What runs beside the branches until the decision, which interrupts it. */
const timer = (join: Join, body: () => AnyEffect): AnyEffect =>
  Effect.withFiber((fiber) => {
    if (!isOpen(join)) return Exit.void
    join.timers.push(fiber)
    return Effect.catchCause(
      Effect.interruptible(body()),
      // interrupted because the split has been decided, it ends well
      (cause) => isOpen(join) || isBreak(cause) ? breakOff(join, cause) : Exit.void
    )
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
  constructor(join: Join, resume: Parting["resume"]) {
    this.join = join
    this.resume = resume
    const { grace } = join.config
    // not on the stack of the branch that has decided, nor on that of the timer
    const leave = () => later(join.home, () => this.leave())
    join.onDecided = grace === undefined
      ? leave
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
    const running = join.slots.flatMap(({ index }) => index >= 0 ? [index] : [])
    // what has yet to end is no branch: an observer has a limit of its own, and children end with the split
    if (running.length === 0) return
    const { grace } = join.config
    join.parted = true
    join.record.detach(join.started)
    nursery.adopt(join.frame.nursery!, { worker, interrupt: () => halt(join) })
    const ended = concluded(join, Exit.void)
    this.resume(grace === undefined ? ended : Effect.andThen(reportStubborn(join, running, grace), ended))
  }
}

/** Branches that a warning names. */
const mostNamed = 16

const reportStubborn = (
  join: Join,
  running: ReadonlyArray<number>,
  grace: Duration.Duration
): Effect.Effect<void> => {
  const names = running.slice(0, mostNamed).map((index) => clip(splitResult.nameIn(join.list, index))).join(", ")
  const who = running.length > mostNamed ? `${names} and ${running.length - mostNamed} more` : names
  const [noun, verb] = running.length === 1 ? ["branch", "goes"] : ["branches", "go"]
  return warn(
    `${noun} ${who} did not stop within ${Duration.format(grace)} of the interruption, and ${verb} on detached`
  )
}

/** Nobody looks at how a split ends that its caller has left, but somebody may wait for a branch that broke it. */
const reportBroken = (join: Join, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> => {
  const cause = join.broken ?? (Exit.isFailure(exit) && isBreak(exit.cause) ? exit.cause : undefined)
  if (!join.parted || cause === undefined) return Exit.void
  join.record.abandon(cause)
  return warn("a split broke off after it had been decided", cause)
}

// -----------------------------------------------------------------------------
// finishing
// -----------------------------------------------------------------------------

/** The end of a split, told to whom it concerns. */
const concluded = (join: Join, exit: Exit.Exit<unknown, unknown>) => {
  const ended = ending(join, exit)
  return join.sharing instanceof Staggering
    ? Effect.andThen(join.sharing.ended(Exit.isSuccess(ended)), ended)
    : ended
}

/** What the split ends with, once its worker has ended. */
const ending = (
  join: Join,
  exit: Exit.Exit<unknown, unknown>
): Exit.Exit<SplitResult<unknown, unknown>, unknown> => {
  const { broken, config, frame, reason, timedOut, verdict } = join
  const isBroken = Exit.isFailure(exit) && isBreak(exit.cause)
  // a slot that breaks has the deadline beside it interrupted first
  if (broken !== undefined && (isBreak(broken) || !isBroken)) return Exit.failCause(broken)
  if (Exit.isFailure(exit) && (verdict === "continue" || isBroken)) return Exit.failCause(exit.cause)
  // only a split whose caller was interrupted ends without a verdict
  if (verdict === "continue") return Exit.interrupt(join.caller)
  const result = resultOf(join)
  if (verdict === "proceed") return Exit.succeed(result)
  const { strategy, timeout } = config
  const error = failure.withoutFrames(() =>
    timedOut && timeout !== undefined
      ? new JoinTimeoutError({ ...where(frame), strategy, timeout, reason, result })
      : new JoinUnsatisfiedError({ ...where(frame), strategy, reason, result })
  )
  return Exit.failCause(failure.toCause(error))
}

/** What there is of a split whose branches have ended or are left to themselves. */
const resultOf = (join: Join): SplitResult<unknown, unknown> => {
  const { config, started, tally: { failed, succeeded }, timedOut, verdict } = join
  const total = known(join)
  // a verdict leaves the counts as they are, so whatever else was started is a loser
  const tally = { total, succeeded, failed, interrupted: started - succeeded - failed, notStarted: total - started }
  const reduced = config.reduce === undefined ? undefined : { value: join.reduced }
  return join.record.result({ tally, timedOut, satisfied: verdict === "proceed", reduced })
}

/** A split that is halted because the time of a run around it is up: the error of the run tells what it had. */
const leave = (join: Join, level: SplitLevel): void => {
  let result: SplitResult<unknown, unknown> | undefined
  for (let at = level.outer; at !== undefined; at = at.outer) {
    // of splits in each other the outermost one ends last
    if (at instanceof Run && at.isExpired) at.unfinished = result ??= resultOf(join)
  }
}
