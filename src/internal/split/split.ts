/**
 * The shell of a split. It lives from the moment a state is entered until the last loser's finalizer has run; the
 * decision itself is `JoinStrategy.decide`, a pure function of the counts.
 *
 * Invariants (tests cite them by number):
 *
 *  I1  A split is decided once, by `Decision.judge` while it is open; from then on no count and no order changes.
 *  I2  Every started branch is recorded exactly once, and only after its own finalizers have run.
 *  I3  A branch is taken from its list only to be run at once, and only while the split is open, unless losers of a known
 *      list are to start all the same. A hedge reads a branch ahead, to know that there is one.
 *  I4  The split's effect ends after all its fibers, with their children, and after its observer; unless branches are
 *      detached: then their worker is in a nursery.
 *  I5  No slot fails its `forEach`, whatever its branches do: `forEach` forgets the member that it is starting when one
 *      that runs already fails meanwhile.
 *  I6  One object per split and part of it, one per slot that runs or streak of branches that complete at once; per branch
 *      that waits on a fiber of its own what watches that, and per branch its outcome and, in a run, who it is; nothing per
 *      branch that is queued.
 *  I7  A place of a shared bulkhead is on its way, held by one slot, or given back; after the worker none is left.
 *  I8  Whoever waits is registered in the step in which it has found nothing, so that no yield comes between the two.
 *  I9  Every fiber of the split is started on another one of the split, or on its caller: it has the async context of them.
 *  I10 What is recalled counts in the step in which the split is entered, in the order in which it did before, and is never
 *      started: its list is read past it. Once it has decided, nobody is started.
 *
 * Fibers: without a bulkhead each branch that waits has its own (`collector.ts`), and nobody else waits for them but the
 * caller, who is called back. Behind a bulkhead slots run the branches (`slot.ts`), which a worker starts (`worker.ts`), the
 * fiber that the caller waits for. A decision, the deadline and an interruption of the caller all end a split in the same
 * way: they interrupt the fibers that still run (`settling.ts`), which are awaited. Whatever starts or watches branches is
 * uninterruptible, so that every exit is recorded; the branches are interruptible, whatever the region of the caller.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { SplitResult } from "../../SplitResult.ts"
import * as hold from "../bulkhead/hold.ts"
import type { Pool } from "../bulkhead/pool.ts"
import type { AnyFiber } from "../fibers/any.ts"
import { inScheduler } from "../fibers/dispatcher.ts"
import type { Level } from "../run/level.ts"
import * as limits from "../run/limits.ts"
import type * as listening from "../run/listener.ts"
import { standing } from "../run/nested.ts"
import type { Run } from "../run/run.ts"
import { currentOf, CurrentRunRef, levelIn, runOf, SplitLevel } from "../run/run.ts"
import { Undoing } from "../run/undoing.ts"
import { Alternatives } from "./alternatives.ts"
import type { BranchList } from "./branches.ts"
import type { Config } from "./config.ts"
import { mayDetach } from "./config.ts"
import { Detaching } from "./detaching.ts"
import { concluded, ending, tellRuns } from "./ending.ts"
import type { Frame } from "./frame.ts"
import { refused } from "./frame.ts"
import * as growing from "./growing.ts"
import type { Join, Unbounded } from "./join.ts"
import { make } from "./join.ts"
import * as outbox from "./outbox.ts"
import * as recalling from "./recall.ts"
import { refusal } from "./refusal.ts"
import { closeList, halt, open } from "./settling.ts"
import { Shared } from "./shared.ts"
import { isNeeded, work } from "./worker.ts"

export type Joined = Effect.Effect<SplitResult<unknown, unknown>, unknown, unknown>

/** Enters a split, as the register of `Effect.callback`: on the fiber of its caller, who is called back at the end. */
export type Enter = (resume: (effect: Joined) => void) => Effect.Effect<void> | void

/** Runs the branches of a list and joins them. */
export const run = (list: BranchList, config: Config, frame: Frame): Joined =>
  Effect.callback(enter(list, config, frame))

export const enter = (list: BranchList, config: Config, frame: Frame): Enter =>
  config.onOutcome === undefined
    ? start(list, config, frame, undefined)
    : (resume) => resume(observed(list, config, frame))

const observed = (list: BranchList, config: Config, frame: Frame): Joined =>
  Effect.flatMap(
    outbox.make({
      observer: config.onOutcome!,
      patience: config.observerTimeout,
      refuse: (detail) => refused(frame, "invalid-observer", detail)
    }),
    (outbox) => Effect.callback(start(list, config, frame, outbox))
  )

/** What is to be called at the end of a split, once it has started. */
interface Heard {
  end: listening.End | undefined
}

/**
 * From reading the list to the start of who closes it is one step, in which nobody can interrupt the caller. What tells a
 * listener of the end is on the stack before.
 */
const start = (
  list: BranchList,
  config: Config,
  frame: Frame,
  to: outbox.Outbox | undefined,
  heard?: Heard
): Enter =>
(resume) => {
  const caller = Fiber.getCurrent()!
  const current = currentOf(caller)
  const around = levelIn(current)
  const run = runOf(around)
  if (heard === undefined && run?.listener !== undefined) {
    return resume(told((own) => Effect.callback(start(list, config, frame, to, own))))
  }
  const outer = standing<Level>(around)
  const tooDeep = outer?.tooDeep()
  if (tooDeep !== undefined) return resume(refused(frame, "max-depth", tooDeep))
  const { recall } = config
  const own = recall === undefined ? list : recalling.standIn(list, recall)
  const misfit = recall && recalling.misfit(own, config, recall)
  if (misfit !== undefined) return resume(misfit)
  const join = make(
    own,
    config,
    limited(frame, current instanceof Undoing ? undefined : run),
    caller,
    to,
    run?.isTimed === true
  )
  if (typeof join === "string") return resume(refused(frame, "invalid-branches", join))
  const pool = poolOf(config, caller)
  const unfit = recall && recalling.resume(join, recall)
  const early = recall === undefined
    ? refusal(join, pool, growing.seed(join)) ?? decidedByNone(join)
    : undefined
  if (early !== undefined) {
    closeList(join)
    return resume(early)
  }
  // a refused list counts nowhere
  limits.spend(join.frame.allowance, "branches", join.cursor.known)
  const level = new SplitLevel(outer, run, {
    current,
    // the frame of a state is its run
    isState: frame.root !== undefined,
    name: config.name,
    names: list._tag === "Known" ? list.names : undefined
  })
  // outside of a run nobody asks who a branch is
  join.level = run === undefined ? undefined : level
  if (run?.saga !== undefined) level.fan = run.saga.fan(current!, config.keepsCompleted === true)
  if (to !== undefined) to.tell = level.tell
  const context = contextIn(caller, level)
  furnish(join, context, pool)
  if (heard !== undefined) {
    heard.end = level.begin({ list, config, known: join.cursor.known, atOnce: atOnceOf(join), join }, caller)
  }
  if (recall !== undefined) recalling.relive(join, recall, unfit, pool)
  return isNeeded(join) ? led(join, level, context, resume) : followed(join as Unbounded, level, resume)
}

/** How many branches are no hedges. */
const atOnceOf = (join: Join): number =>
  join.isBounded && join.places instanceof Alternatives ? join.places.atOnce : Number.POSITIVE_INFINITY

/** A split, of whose end a listener is told if it starts. */
const told = (split: (heard: Heard) => Joined): Joined => {
  const heard: Heard = { end: undefined }
  return Effect.onExitPrimitive(split(heard), (exit) => {
    heard.end?.(exit)
    return undefined
  })
}

/** Starts a split that its branches end by themselves, with no fiber that waits for them; what is to be done if it is interrupted. */
const followed = (
  join: Unbounded,
  level: SplitLevel,
  resume: Parameters<Enter>[0]
): Effect.Effect<void> | undefined => {
  let hasEnded = false
  let onEnd: (() => void) | undefined
  join.crew.begin(join, () => {
    hasEnded = true
    closeList(join)
    if (join.decision.isHalted) tellRuns(join, level)
    level.end()
    if (onEnd === undefined) resume(concluded(join, Exit.void))
    else onEnd()
  })
  if (hasEnded) return undefined
  return Effect.callback<void>((done) => {
    onEnd = () => done(Exit.void)
    halt(join)
    if (hasEnded) done(Exit.void)
  })
}

/** Starts a split with a worker, which may be left, and ends after the observer; what is to be done if it is interrupted. */
const led = (
  join: Join,
  level: SplitLevel,
  context: Context.Context<unknown>,
  resume: Parameters<Enter>[0]
): Effect.Effect<void> => {
  const detaching = mayDetach(join.config) ? new Detaching(join, resume) : undefined
  join.detaching = detaching
  const worker = Effect.runForkWith(context)(work(join), { uninterruptible: true })
  detaching?.watch(worker)
  worker.addObserver((exit) => {
    const isDetached = detaching !== undefined && detaching.isDone
    if (join.decision.isHalted && !isDetached) tellRuns(join, level)
    level.end()
    if (!isDetached) resume(concluded(join, exit))
  })
  return Effect.suspend(() => {
    halt(join)
    return Effect.asVoid(Fiber.await(worker))
  })
}

/** A split on its own counts into what is left to the run that it stands in. */
const limited = (frame: Frame, run: Run | undefined): Frame =>
  frame.root !== undefined || run?.allowance === undefined ? frame : { ...frame, allowance: run.allowance }

const poolOf = ({ pool }: Config, caller: AnyFiber): Pool | undefined =>
  // a key of a bulkhead, by the type of the options
  Context.isKey(pool) ? Context.getUnsafe(caller.context, pool as Context.Key<never, Pool>) : pool

/** What the split ends with, if its strategy wants no branch at all. */
const decidedByNone = (join: Join): Exit.Exit<SplitResult<unknown, unknown>, unknown> | undefined => {
  open(join)
  return join.decision.isOpen ? undefined : ending(join, Exit.void)
}

/** The services of what the split runs: those of its caller, as the level that it is. */
const contextIn = (caller: AnyFiber, level: SplitLevel): Context.Context<unknown> => {
  // a fiber's context holds the services of what it runs, which its type does not say
  return inScheduler(Context.add(caller.context as Context.Context<unknown>, CurrentRunRef, level), caller)
}

/** Gives the split the services of its branches, and the places that they are to ask for. */
const furnish = (join: Join, context: Context.Context<unknown>, pool: Pool | undefined): void => {
  const { config: { hedge }, crew, home } = join
  // to the type of a fiber's context
  crew.context = context as Context.Context<never>
  if (!join.isBounded) return
  if (pool !== undefined) {
    const held = new hold.Hold(pool, home)
    join.places = new Shared(join, pool, home.getRef(Clock.Clock), held)
    // for the branches, and not for the observer
    crew.context = Context.add(crew.context, hold.HoldRef, held)
  } else if (hedge !== undefined) {
    join.places = new Alternatives(join, hedge, home.getRef(Clock.Clock))
  }
}
