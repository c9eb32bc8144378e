/**
 * The shell of a split. It lives from the moment a state is entered until the last loser's finalizer has run; the
 * decision itself is `JoinStrategy.decide`, a pure function of the counts.
 *
 * Invariants (tests cite them by number):
 *
 *  I1  The verdict is written once, by `settle`, `seal` or the deadline; from then on no count and no order changes.
 *  I2  Every started branch is recorded exactly once, in `exits`, and only after its own finalizers have run.
 *  I3  A branch is pulled from its list only by the fiber that runs it at once, and only while the split is open.
 *  I4  The split's effect ends after its worker fiber, and the worker after all branches and their children.
 *  I5  Only a guard fails a `forEach`, never another member: `forEach` forgets the member that it is starting when one that
 *      runs already fails meanwhile. A `forEach` that is still being started comes to its guard last.
 *  I6  One object per split and, per branch, its exit and its place in `order`; nothing per branch that is queued.
 *
 * Fibers: the caller waits for one worker, which is an `Effect.forEach` over the branches or, behind a bulkhead, over
 * slots that drain the list. A decision, the deadline and an interruption of the caller all end it in the same way: the
 * guard fails, and `forEach` itself interrupts and awaits the rest. Worker and shells are uninterruptible, so that every
 * exit is recorded; the branches inside them are interruptible, whatever the region of the caller.
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

/** Branches that one `forEach` starts; longer lists are started in segments, so that the worker can yield in between. */
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
  /** A percentage becomes a quorum as soon as the total is known. */
  strategy: JoinStrategy.JoinStrategy
  verdict: JoinStrategy.Verdict
  timedOut: boolean
  /** Whether the split was ended without a verdict: the caller was interrupted, or the list turned out to be broken. */
  halted: boolean
  broken: Cause.Cause<unknown> | undefined
  started: number
  exhausted: boolean
  /** What ends the guards. */
  readonly guards: Array<(exit: Exit.Exit<void>) => void>
  /** Slots in place of those that were lost to an interruption from outside, each on a fiber of its own. */
  readonly replacements: Set<Fiber.Fiber<unknown, unknown>>
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
  const total = list._tag === "Known" ? list.items.length : Number.POSITIVE_INFINITY
  return {
    list,
    config,
    frame,
    record: splitResult.makeRecorder(config.discard),
    tally: { total, succeeded: 0, failed: 0, interrupted: 0, notStarted: 0 },
    iterator: list._tag === "Known" ? undefined : list.items[Symbol.iterator](),
    strategy: JoinStrategy.resolve(config.strategy, total),
    verdict: "continue",
    timedOut: false,
    halted: false,
    broken: undefined,
    started: 0,
    exhausted: false,
    guards: [],
    replacements: new Set(),
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
    const { bulkhead } = join.config
    const width = Math.min(bulkhead ?? Number.POSITIVE_INFINITY, join.tally.total)
    const one = bulkhead === undefined ? () => pull(join) : () => slot(join)
    const started = width <= segmentSize ? startSegment(join, width, one, true) : startSegments(join, width, one)
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

/** Starts `width` branches or slots in order, on the current tick, and waits for them. */
const startSegment = (join: Join, width: number, one: () => AnyEffect, first: boolean): AnyEffect => {
  const { timeout } = join.config
  // the deadline is started before the branches, so that its clock starts when the split is entered
  const before = first && timeout !== undefined ? 1 : 0
  return Effect.forEach(
    new Array<void>(before + width + 1),
    (_, i) => i < before ? deadline(join, timeout!) : i < before + width ? one() : guard(join),
    { concurrency: "unbounded", discard: true }
  )
}

const startSegments = (join: Join, width: number, one: () => AnyEffect): AnyEffect =>
  Effect.suspend(() => {
    const segments: Array<Fiber.Fiber<unknown, unknown>> = []
    let left = width
    const loop = Effect.whileLoop({
      while: () => left > 0 && hasMore(join),
      body: (): Effect.Effect<Fiber.Fiber<unknown, unknown> | void, never, unknown> => {
        if (join.sinceYield >= join.yieldEvery) return pause(join)
        // a lazy list may be short, so its segments double
        const size = Math.min(left, segmentSize, join.iterator === undefined ? segmentSize : join.started + 16)
        const segment = startSegment(join, size, one, left === width)
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
 * Whether a worker ended otherwise than by its guard. Branches end in their records; what is left is a value that is no
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

/** One place behind the bulkhead: a fiber that runs branches one after another. */
const slot = (join: Join): AnyEffect =>
  Effect.withFiber((fiber) => {
    let suspect = false
    let retired = false
    let fresh = true
    const onInterrupted = () => {
      suspect = true
    }
    const body = (): AnyEffect => {
      // Effect makes a fiber yield, wherever it is, when its operations are used up. The slot yields well before, so that
      // this does not part a short branch from its record, and a later branch settle first.
      const tired = !fresh && fiber.currentOpCount * 2 >= fiber.cache.maxOpsBeforeYield
      if (tired && Number.isFinite(join.yieldEvery)) join.sinceYield = Math.max(join.sinceYield, join.yieldEvery)
      fresh = join.sinceYield >= join.yieldEvery
      if (fresh) return pause(join)
      if (join.pulling) return Effect.yieldNow
      if (!suspect) return pull(join, onInterrupted)
      // Was it the branch alone, or was the fiber interrupted, which it shares with the branches to come? A fiber that was
      // interrupted can't enter an interruptible region again.
      suspect = false
      return Effect.catchCause(Effect.interruptible(Effect.void), () => {
        retired = true
        return Effect.void
      })
    }
    const drain = Effect.whileLoop({ while: () => !retired && hasMore(join), body, step: constVoid })
    // a slot that was lost to an interruption from outside is replaced by one on a fiber of its own
    return Effect.flatMap(drain, () => retired && hasMore(join) ? replace(join) : Effect.void)
  })

/** Not inside the lost fiber, which somebody may wait for, and not on its stack. */
const replace = (join: Join): Effect.Effect<void> =>
  Effect.withFiber((lost) => {
    // as in `run`, the context holds the services of the branches
    const context = lost.context as Context.Context<unknown>
    const later = Effect.flatMap(Effect.yieldNow, () => slot(join))
    const fiber = Effect.runForkWith(context)(later, { uninterruptible: true })
    join.replacements.add(fiber)
    fiber.addObserver((exit) => {
      join.replacements.delete(fiber)
      if (Exit.isFailure(exit) && isBreak(exit.cause)) breakOff(join, exit.cause)
    })
    return Exit.void
  })

/** Takes the next branch from the list and runs it to its record. */
const pull = (join: Join, onInterrupted?: () => void): AnyEffect => {
  if (!isOpen(join)) return Exit.void
  const { iterator, list } = join
  const index = join.started
  let branch: Branch
  if (iterator === undefined) {
    // a list without an iterator is an array, and was looked through when it was read
    const items = list.items as ReadonlyArray<Branch>
    branch = items[index]!
    join.exhausted = index + 1 >= items.length
  } else {
    if (join.exhausted) return Exit.void
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
  join.record.started()
  return Effect.matchCauseEffectEager(Exit.isExit(branch) ? branch : Effect.interruptible(branch), {
    onSuccess: (value) => settle(join, index, Exit.succeed(value)),
    onFailure: (cause) => {
      if (onInterrupted !== undefined && Cause.hasInterrupts(cause)) onInterrupted()
      return settle(join, index, Exit.failCause(cause))
    }
  })
}

// -----------------------------------------------------------------------------
// deciding
// -----------------------------------------------------------------------------

/** Records how a branch ended. Before the verdict it counts; after it, it is the end of a loser. */
const settle = (join: Join, index: number, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> => {
  if (!isOpen(join)) {
    join.tally.interrupted++
    join.record.late(index, exit)
    return Exit.isFailure(exit) && Cause.hasDies(exit.cause)
      ? Effect.ignoreCause(
        Effect.logWarning(`branch ${index} died after the split had been decided or interrupted`, exit.cause)
      )
      : Exit.void
  }
  if (Exit.isSuccess(exit)) join.tally.succeeded++
  else join.tally.failed++
  join.record.settled(index, exit)
  join.sinceYield++
  return decide(join)
}

/** A lazy list has ended: its total is known at last. */
const seal = (join: Join): Effect.Effect<void> => {
  join.exhausted = true
  join.tally.total = join.started
  join.strategy = JoinStrategy.resolve(join.strategy, join.started)
  return decide(join)
}

const decide = (join: Join): Effect.Effect<void> => {
  join.verdict = JoinStrategy.decide(join.strategy, join.tally, "settled")
  if (join.verdict !== "continue") endGuards(join)
  return Exit.void
}

const deadline = (join: Join, timeout: Duration.Duration): Effect.Effect<void> =>
  Effect.interruptible(Effect.flatMap(Effect.sleep(timeout), () => {
    // a decided join only awaits its losers, which takes as long as it takes
    if (!isOpen(join)) return Effect.never
    join.timedOut = true
    join.verdict = JoinStrategy.decide(join.strategy, join.tally, "deadline")
    endGuards(join)
    return Effect.never
  }))

const halt = (join: Join): void => {
  join.halted = true
  endGuards(join)
}

/** The member of a `forEach` that ends it. */
const guard = (join: Join): Effect.Effect<void> =>
  isOpen(join)
    ? Effect.interruptible(Effect.callback((resume) => {
      join.guards.push(resume)
    }))
    : closing(join)

const endGuards = (join: Join): void => {
  const exit = closing(join)
  for (const end of join.guards.splice(0)) end(exit)
  for (const fiber of join.replacements) fiber.interruptUnsafe(join.worker)
}

/** How a guard ends. Where nobody is left to interrupt it need not fail, which is the cheaper end of a `forEach`. */
const closing = (join: Join): Exit.Exit<void> => {
  const { failed, succeeded, total } = join.tally
  return succeeded + failed === total && join.config.timeout === undefined ? Exit.void : stop(join)
}

const stop = (join: Join): Exit.Exit<never> => Exit.interrupt(join.worker)

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
  if (tally.total === Number.POSITIVE_INFINITY) tally.total = join.started
  tally.notStarted = tally.total - tally.succeeded - tally.failed - tally.interrupted
  const result = splitResult.make(join, join.list, config, verdict === "proceed")
  if (verdict === "proceed") return Exit.succeed(result)
  const { strategy, timeout } = config
  return Exit.fail(
    timedOut && timeout !== undefined
      ? new JoinTimeoutError({ ...where(frame), strategy, timeout, result })
      : new JoinUnsatisfiedError({ ...where(frame), strategy, result })
  )
}
