/**
 * The shell of a split. It lives from the moment a state is entered until the last loser's finalizer has run; the
 * decision itself is `JoinStrategy.decide`, a pure function of the counts.
 *
 * Invariants (tests cite them by number):
 *
 *  I1  The verdict is written once, by `settle`, `seal` or the deadline; from then on no count and no order changes.
 *  I2  Every started branch is recorded exactly once, and only after its own finalizers have run.
 *  I3  A branch is pulled from its list only by the slot that runs it at once, and only while the split is open.
 *  I4  The split's effect ends after its worker fiber, and the worker after all slots and their children.
 *  I5  No slot fails its `forEach`, whatever its branches do: `forEach` forgets the member that it is starting when one
 *      that runs already fails meanwhile.
 *  I6  One object per split, one per slot, and per branch its outcome; nothing per branch that is queued.
 *
 * Fibers: the caller waits for one worker, which is an `Effect.forEach` over slots. A slot is a fiber that runs branches
 * of the list one after another. Behind a bulkhead there are that many of them. Without one there are as many as
 * branches, but a slot takes another branch only as long as those before it have completed at once: the first that waits
 * keeps its slot, and `forEach` starts the next. So branches that never wait need no fiber of their own.
 *
 * A decision, the deadline and an interruption of the caller all end a split in the same way: they interrupt the fibers
 * that still run, and `forEach` awaits them. Worker and slots are uninterruptible, so that every exit is recorded; the
 * branches inside them are interruptible, whatever the region of the caller.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constVoid, identity } from "effect/Function"
import * as Result from "effect/Result"
import * as Scheduler from "effect/Scheduler"
import type { Path } from "../CanoError.ts"
import { JoinTimeoutError, JoinUnsatisfiedError, WorkflowError } from "../CanoError.ts"
import * as JoinStrategy from "../JoinStrategy.ts"
import type { SplitResult } from "../SplitResult.ts"
import type { Branch, BranchList } from "./branches.ts"
import * as branches from "./branches.ts"
import * as splitResult from "./splitResult.ts"

type AnyEffect = Effect.Effect<unknown, unknown, unknown>
type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The checked options of a split. */
export interface Config {
  readonly strategy: JoinStrategy.JoinStrategy
  readonly timeout: Duration.Duration | undefined
  readonly bulkhead: number | undefined
  readonly discard: boolean
}

/** Where a split stands, for its errors. */
export interface Frame {
  readonly workflow: string | undefined
  readonly state: string | undefined
  readonly path: Path | undefined
}

export const noFrame: Frame = { workflow: undefined, state: undefined, path: undefined }

/** Read only when there is an error to make: a path is put together on demand. */
const where = (frame: Frame): Frame => ({ workflow: frame.workflow, state: frame.state, path: frame.path })

/** How deep splits are nested, and how deep they may be. */
export const Depth = Context.Reference<{ readonly depth: number; readonly limit: number }>("effect-cano/SplitDepth", {
  defaultValue: () => ({ depth: 0, limit: 200 })
})

/**
 * Settlements between two yields: a million synchronous branches must not keep timers and other fibers waiting. It is
 * the number of operations after which Effect's own scheduler makes a fiber yield.
 */
const yieldEvery = 2048

/** Slots that one `forEach` starts; longer lists are started in segments, so that the worker can yield in between. */
const segmentSize = 2048

/** The one mutable object of a split. */
interface Join {
  readonly list: BranchList
  readonly config: Config
  readonly frame: Frame
  readonly record: splitResult.Recorder
  readonly tally: { -readonly [K in keyof JoinStrategy.Tally]: JoinStrategy.Tally[K] }
  /** The iterator of a lazy list. */
  readonly iterator: Iterator<Branch> | undefined
  /** The fibers of the slots and of the deadline, for the end to interrupt; a hole is one that has nothing left to do. */
  readonly slots: Array<Slot>
  /** Slots in place of those that were lost to an interruption from outside, each on a fiber of its own. */
  readonly replacements: Set<AnyFiber>
  /** A percentage becomes a quorum as soon as the total is known. */
  strategy: JoinStrategy.JoinStrategy
  verdict: JoinStrategy.Verdict
  timedOut: boolean
  /** Whether the split was ended without a verdict: the caller was interrupted, or the list turned out to be broken. */
  halted: boolean
  broken: Cause.Cause<unknown> | undefined
  started: number
  exhausted: boolean
  /** Without a bulkhead: the slot that was started last, the only one that may take another branch. */
  front: Slot | undefined
  member: AnyEffect
  bounded: boolean
  deadline: AnyFiber | undefined
  context: Context.Context<never>
  /** Whether the list is being read: what it does meanwhile may resume a slot, which must not read it too. */
  pulling: boolean
  worker: number | undefined
  yieldEvery: number
  sinceYield: number
  yields: number
}

/**
 * Runs the branches of a list and joins them.
 */
export const run = (
  list: BranchList,
  config: Config,
  frame: Frame
): Effect.Effect<SplitResult<unknown, unknown>, unknown, unknown> =>
  Effect.withFiber((parent) => {
    const { depth, limit } = parent.getRef(Depth)
    if (depth >= limit) {
      const detail = `splits are nested deeper than ${limit} (maxDepth)`
      return Exit.fail(new WorkflowError({ ...where(frame), rule: "max-depth", detail }))
    }
    const join = makeJoin(list, config, frame)
    join.verdict = JoinStrategy.decide(join.strategy, join.tally, "settled")
    if (join.verdict !== "continue") return ending(join, Exit.void)
    // a fiber's context holds the services of what it runs, which its type does not say
    let context = Context.add(parent.context as Context.Context<unknown>, Depth, { depth: depth + 1, limit })
    if (parent.cache.scheduler.executionMode === "sync") {
      // under `Effect.runSync` nobody would resume a fiber that has yielded
      join.yieldEvery = Number.POSITIVE_INFINITY
      context = Context.add(context, Scheduler.PreventSchedulerYield, true)
    }
    return Effect.callback((resume) => {
      const worker = Effect.runForkWith(context)(work(join), { uninterruptible: true })
      worker.addObserver((exit) => resume(ending(join, exit)))
      return Effect.suspend(() => {
        halt(join)
        return Fiber.await(worker)
      })
    })
  })

const makeJoin = (list: BranchList, config: Config, frame: Frame): Join => {
  const known = list._tag === "Known"
  const total = known ? list.items.length : Number.POSITIVE_INFINITY
  return {
    list,
    config,
    frame,
    record: splitResult.makeRecorder(config.discard, known ? list.names : undefined),
    tally: { total, succeeded: 0, failed: 0, interrupted: 0, notStarted: 0 },
    iterator: known ? undefined : list.items[Symbol.iterator](),
    slots: [],
    replacements: new Set(),
    strategy: JoinStrategy.resolve(config.strategy, total),
    verdict: "continue",
    timedOut: false,
    halted: false,
    broken: undefined,
    started: 0,
    exhausted: false,
    front: undefined,
    member: Effect.void,
    bounded: config.bulkhead !== undefined,
    deadline: undefined,
    context: Context.empty(),
    pulling: false,
    worker: undefined,
    yieldEvery,
    sinceYield: 0,
    yields: 0
  }
}

const isOpen = (join: Join): boolean => join.verdict === "continue" && !join.halted

/** Whether there is a branch left to start, and reason to. */
const hasMore = (join: Join): boolean => !join.exhausted && isOpen(join)

// -----------------------------------------------------------------------------
// starting
// -----------------------------------------------------------------------------

const work = (join: Join): AnyEffect =>
  Effect.withFiber((fiber) => {
    join.worker = fiber.id
    join.context = fiber.context
    const member = join.member = Effect.catchCause(Effect.interruptibleMask(() => enter(join)), (cause) => left(join, cause))
    const { bulkhead } = join.config
    const width = Math.min(bulkhead ?? Number.POSITIVE_INFINITY, join.tally.total)
    const started = width <= segmentSize ? startSegment(join, width, member, true) : startSegments(join, width, member)
    if (bulkhead === undefined && join.iterator === undefined) return started
    return Effect.onExit(started, () => Effect.andThen(awaitReplacements(join), closeList(join)))
  })

const awaitReplacements = (join: Join): Effect.Effect<void> =>
  Effect.whileLoop({
    while: () => join.replacements.size > 0,
    body: () => Fiber.awaitAll(join.replacements),
    step: constVoid
  })

/** As `for (… of …)` does when it is left early, so that a generator's `finally` runs. */
const closeList = (join: Join): Effect.Effect<void> =>
  Effect.sync(() => {
    const { exhausted, iterator } = join
    if (iterator === undefined || exhausted) return
    join.exhausted = true
    const closed = Result.try({ try: () => iterator.return?.(), catch: identity })
    if (Result.isFailure(closed)) join.broken ??= Cause.die(closed.failure)
  })

/** Starts `width` slots in order, on the current tick, and waits for them. */
const startSegment = (join: Join, width: number, member: AnyEffect, first: boolean): AnyEffect => {
  const { timeout } = join.config
  // the deadline is started before the branches, so that its clock starts when the split is entered
  const before = first && timeout !== undefined ? 1 : 0
  return Effect.forEach(
    new Array<void>(before + width),
    (_, i) => i < before ? deadline(join, timeout!) : hasMore(join) ? member : Exit.void,
    { concurrency: "unbounded", discard: true }
  )
}

const startSegments = (join: Join, width: number, member: AnyEffect): AnyEffect =>
  Effect.suspend(() => {
    const segments: Array<AnyFiber> = []
    let left = width
    const loop = Effect.whileLoop({
      while: () => left > 0 && hasMore(join),
      body: (): Effect.Effect<AnyFiber | void, never, unknown> => {
        if (join.sinceYield >= join.yieldEvery) return pause(join)
        // a lazy list may be short, so its segments double
        const size = Math.min(left, segmentSize, join.iterator === undefined ? segmentSize : join.started + 16)
        const segment = startSegment(join, size, member, left === width)
        left -= size
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

/**
 * Whether a worker ended in another way than by itself. Branches end in their records; what is left is a value that is no
 * Effect somewhere inside one, at which Effect ends the fiber as a whole.
 */
const isBreak = (cause: Cause.Cause<unknown>): boolean => !Cause.hasInterruptsOnly(cause)

/** Ends the split without a verdict, and first of all: what its branches do from now on counts no more. */
const breakOff = (join: Join, cause: Cause.Cause<unknown>): Exit.Exit<void> => {
  join.broken ??= cause
  halt(join)
  return Exit.void
}

/** Lets timers and other fibers run. The first slot to come back opens the next round. */
const pause = (join: Join): Effect.Effect<void> => {
  const round = join.yields
  return Effect.map(Effect.yieldNow, () => {
    if (join.yields !== round) return
    join.yields++
    join.sinceYield = 0
  })
}

/**
 * A fiber that runs branches of the list one after another. It is the options of its own `whileLoop`, whose success is
 * that of a branch; a failure leaves the loop, and enters it again.
 */
class Slot {
  readonly join: Join
  readonly id: number
  /** Until the slot has nothing left to do. */
  fiber: AnyFiber | undefined
  /** The branch that runs; negative between two of them. */
  index = fresh
  constructor(join: Join, fiber: AnyFiber) {
    this.join = join
    this.id = fiber.id
    this.fiber = fiber
  }

  while(): boolean {
    const { join } = this
    if (hasMore(join) && (join.bounded || this.index === fresh || (join.front === this && !isTired(this.fiber!)))) return true
    this.fiber = undefined
    return false
  }

  body(): AnyEffect {
    const { join } = this
    const fiber = this.fiber!
    if (join.bounded) {
      // Effect makes a fiber yield, wherever it is, when its operations are used up. The slot yields well before, so that
      // this does not part a short branch from its record, and a later branch settle first.
      if (this.index !== fresh && isTired(fiber) && Number.isFinite(join.yieldEvery)) {
        join.sinceYield = Math.max(join.sinceYield, join.yieldEvery)
      }
      if (join.sinceYield >= join.yieldEvery) {
        this.index = fresh
        return pause(join)
      }
    }
    // what a branch has set on its fiber is not for the next one
    if (fiber.context !== join.context) fiber.setContext(join.context)
    return join.pulling ? Effect.yieldNow : pull(join, this)
  }

  step(value: unknown): void {
    const { index, join } = this
    if (index < 0) return
    this.index = none
    succeed(join, index, value)
  }
}

/** Called first of all on the fiber of a slot. */
const enter = (join: Join): AnyEffect => {
  const slot = new Slot(join, Fiber.getCurrent()!)
  join.front = slot
  const { slots } = join
  const last = slots.length - 1
  if (last < 0 || slots[last]!.id < slot.id) slots.push(slot)
  else slots.splice(placeOf(slots, slot.id), 0, slot)
  return Effect.whileLoop(slot)
}

const placeOf = (slots: ReadonlyArray<Slot>, id: number): number => {
  let low = 0
  let high = slots.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (slots[middle]!.id < id) low = middle + 1
    else high = middle
  }
  return low
}

/** The loop of a slot has failed: a branch did, or the fiber was interrupted. */
const left = (join: Join, cause: Cause.Cause<unknown>): AnyEffect => {
  const slot = join.slots[placeOf(join.slots, Fiber.getCurrent()!.id)]!
  const { index } = slot
  slot.index = none
  if (index >= 0) {
    return Effect.flatMapEager(fail(join, index, cause), () => slot.while() ? again(slot) : Exit.void)
  }
  slot.fiber = undefined
  if (isBreak(cause)) return Exit.failCause(cause)
  // A fiber that was interrupted cannot enter an interruptible region again: another slot has to take its place.
  return join.bounded && hasMore(join) ? replace(join) : Exit.void
}

const again = (slot: Slot): AnyEffect =>
  Effect.catchCause(Effect.interruptible(Effect.whileLoop(slot)), (cause) => left(slot.join, cause))

const none = -1
const fresh = -2

const isTired = (fiber: AnyFiber): boolean => fiber.currentOpCount * 2 >= fiber.cache.maxOpsBeforeYield

/** Not inside the lost fiber, which somebody may wait for, and not on its stack. */
const replace = (join: Join): Effect.Effect<void> =>
  Effect.withFiber((lost) => {
    // as in `run`, the context holds the services of the branches
    const context = lost.context as Context.Context<unknown>
    const later = Effect.andThen(Effect.yieldNow, join.member)
    const fiber = Effect.runForkWith(context)(later, { uninterruptible: true })
    join.replacements.add(fiber)
    fiber.addObserver((exit) => {
      join.replacements.delete(fiber)
      if (Exit.isFailure(exit) && isBreak(exit.cause)) breakOff(join, exit.cause)
    })
    return Exit.void
  })

/** Takes the next branch from the list. */
const pull = (join: Join, slot: Slot): AnyEffect => {
  const { iterator, list } = join
  const index = join.started
  let branch: Branch
  if (iterator === undefined) {
    // a list without an iterator is an array, and was looked through when it was read
    const items = list.items as ReadonlyArray<Branch>
    branch = items[index]!
    join.exhausted = index + 1 >= items.length
  } else {
    join.pulling = true
    const next = Result.try({ try: () => iterator.next(), catch: identity })
    join.pulling = false
    if (Result.isFailure(next)) {
      // a generator that threw has ended, so there is nothing to close
      join.exhausted = true
      return breakOff(join, Cause.die(next.failure))
    }
    if (next.success.done === true) return seal(join)
    // reading the list may have resumed a branch that decided
    if (!isOpen(join)) return Exit.void
    branch = next.success.value
    if (!Effect.isEffect(branch)) {
      const detail = branches.notAnEffect(index, branch)
      return breakOff(join, Cause.fail(new WorkflowError({ ...where(join.frame), rule: "invalid-branches", detail })))
    }
  }
  join.started = index + 1
  slot.index = index
  join.record.started()
  return branch
}

// -----------------------------------------------------------------------------
// deciding
// -----------------------------------------------------------------------------

/** A branch has succeeded. After the verdict that is the end of a loser. */
const succeed = (join: Join, index: number, value: unknown): void => {
  if (!isOpen(join)) {
    join.tally.interrupted++
    // a loser that would not be interrupted and ended well has been cut off all the same
    join.record.late(index, Cause.interrupt())
    return
  }
  join.tally.succeeded++
  join.record.succeeded(index, value)
  join.sinceYield++
  decide(join)
}

const fail = (join: Join, index: number, cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  if (!isOpen(join)) {
    join.tally.interrupted++
    join.record.late(index, cause)
    return Cause.hasDies(cause)
      ? Effect.ignoreCause(
        Effect.logWarning(`branch ${index} died after the split had been decided or interrupted`, cause)
      )
      : Exit.void
  }
  join.tally.failed++
  join.record.failed(index, cause)
  join.sinceYield++
  decide(join)
  return Exit.void
}

/** A lazy list has ended: its total is known at last. */
const seal = (join: Join): Exit.Exit<void> => {
  join.exhausted = true
  join.tally.total = join.started
  join.strategy = JoinStrategy.resolve(join.strategy, join.started)
  decide(join)
  return Exit.void
}

const decide = (join: Join): void => {
  join.verdict = JoinStrategy.decide(join.strategy, join.tally, "settled")
  if (join.verdict !== "continue") interruptAll(join)
}

const deadline = (join: Join, timeout: Duration.Duration): AnyEffect =>
  Effect.withFiber((fiber) => {
    join.deadline = fiber
    const due = Effect.map(Effect.sleep(timeout), () => {
      // a decided join only awaits its losers, which takes as long as it takes
      if (!isOpen(join)) return
      join.timedOut = true
      join.verdict = JoinStrategy.decide(join.strategy, join.tally, "deadline")
      interruptAll(join)
    })
    // interrupted because the split has been decided, it ends well
    return Effect.catchCause(Effect.interruptible(due), (cause) => isOpen(join) ? Exit.failCause(cause) : Exit.void)
  })

const halt = (join: Join): void => {
  join.halted = true
  interruptAll(join)
}

const interruptAll = (join: Join): void => {
  const { deadline, slots, worker } = join
  deadline?.interruptUnsafe(worker)
  for (let i = 0; i < slots.length; i++) slots[i]!.fiber?.interruptUnsafe(worker)
}

// -----------------------------------------------------------------------------
// finishing
// -----------------------------------------------------------------------------

/** What the split ends with, once its worker has ended. */
const ending = (
  join: Join,
  exit: Exit.Exit<unknown, unknown>
): Exit.Exit<SplitResult<unknown, unknown>, unknown> => {
  const { config, frame, tally, timedOut, verdict } = join
  if (join.broken !== undefined) return Exit.failCause(join.broken)
  if (Exit.isFailure(exit) && (verdict === "continue" || isBreak(exit.cause))) return Exit.failCause(exit.cause)
  // only a split whose caller was interrupted ends without a verdict
  if (verdict === "continue") return Exit.interrupt(join.worker)
  if (tally.total === Number.POSITIVE_INFINITY) tally.total = join.started
  tally.notStarted = tally.total - tally.succeeded - tally.failed - tally.interrupted
  const { strategy, timeout } = config
  const satisfied = verdict === "proceed"
  const whole = strategy._tag === "All" || strategy._tag === "AllFailFast"
  const result = join.record.result({ tally, timedOut, satisfied, whole })
  if (satisfied) return Exit.succeed(result)
  return Exit.fail(
    timedOut && timeout !== undefined
      ? new JoinTimeoutError({ ...where(frame), strategy, timeout, result })
      : new JoinUnsatisfiedError({ ...where(frame), strategy, result })
  )
}
