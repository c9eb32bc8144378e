/**
 * The shell of a split. It lives from the moment a state is entered until the last loser's finalizer has run; the
 * decision itself is `JoinStrategy.decide`, a pure function of the counts.
 *
 * Invariants (tests cite them by number):
 *
 *  I1  A split is decided once, by `Decision.judge` while it is open; from then on no count and no order changes.
 *  I2  Every started branch is recorded exactly once, and only after its own finalizers have run.
 *  I3  A branch is taken from its list only by the slot that runs it at once, and only while the split is open, unless losers
 *      of a known list are to start all the same. A hedge reads a branch ahead, to know that there is one.
 *  I4  The split's effect ends after its worker fiber, unless branches are detached; then the worker is in a nursery. The
 *      worker ends after all slots and their children, and after its observer.
 *  I5  No slot fails its `forEach`, whatever its branches do: `forEach` forgets the member that it is starting when one
 *      that runs already fails meanwhile.
 *  I6  One object per split and part of it, one per slot that runs, and per branch its outcome and, in a run, who it is;
 *      nothing per branch that is queued.
 *  I7  A place of a shared bulkhead is on its way, held by one slot, or given back; after the worker none is left.
 *  I8  Whoever waits is registered in the step in which it has found nothing, so that no yield comes between the two.
 *  I9  Every fiber of the split is started on another one of the split, or on its caller: it has the async context of them.
 *
 * Fibers: the caller waits for one worker (`worker.ts`), which starts slots (`slot.ts`) in one of two ways: as members of an
 * `Effect.forEach` (`segments.ts`), or one by one where it shows only in time how many there may be (`gradual.ts`). Slots
 * run the branches. A decision, the deadline and an interruption of the caller all end a split in the same way: they
 * interrupt the fibers that still run (`settling.ts`), and the worker awaits them. Worker and slots are uninterruptible, so
 * that every exit is recorded; the branches inside them are interruptible, whatever the region of the caller.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import type { SplitResult } from "../../SplitResult.ts"
import * as hold from "../bulkhead/hold.ts"
import type { Pool } from "../bulkhead/pool.ts"
import type { AnyFiber } from "../fibers/any.ts"
import { dispatcherOf, DispatcherRef, isSync } from "../fibers/dispatcher.ts"
import type { Level } from "../run/level.ts"
import * as limits from "../run/limits.ts"
import { standing } from "../run/nested.ts"
import type { Run } from "../run/run.ts"
import { currentOf, CurrentRunRef, levelIn, runOf, SplitLevel } from "../run/run.ts"
import { Alternatives } from "./alternatives.ts"
import type { BranchList } from "./branches.ts"
import type { Config } from "./config.ts"
import { mayDetach } from "./config.ts"
import { Detaching } from "./detaching.ts"
import { concluded, ending, tellRuns } from "./ending.ts"
import type { Frame } from "./frame.ts"
import { refused } from "./frame.ts"
import * as growing from "./growing.ts"
import type { Join } from "./join.ts"
import { make } from "./join.ts"
import * as outbox from "./outbox.ts"
import { refusal } from "./refusal.ts"
import { closeList, halt, open } from "./settling.ts"
import { Shared } from "./shared.ts"
import { work } from "./worker.ts"

type Joined = Effect.Effect<SplitResult<unknown, unknown>, unknown, unknown>

/**
 * Runs the branches of a list and joins them.
 */
export const run = (list: BranchList, config: Config, frame: Frame): Joined =>
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

const start = (list: BranchList, config: Config, frame: Frame, to: outbox.Outbox | undefined): Joined =>
  Effect.withFiber((caller) => {
    const current = currentOf(caller)
    const around = levelIn(current)
    const run = runOf(around)
    const outer = standing<Level>(around)
    const tooDeep = outer?.tooDeep()
    if (tooDeep !== undefined) return refused(frame, "max-depth", tooDeep)
    const join = make(list, config, limited(frame, run), caller, to)
    if (typeof join === "string") return refused(frame, "invalid-branches", join)
    const pool = poolOf(config, caller)
    const early = refusal(join, pool, growing.seed(join)) ?? decidedByNone(join)
    if (early !== undefined) {
      closeList(join)
      return early
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
    join.enter = level.enter
    if (to !== undefined) to.tell = level.tell
    const context = contextIn(caller, level)
    furnish(join, context, pool)
    const joined = Effect.callback<SplitResult<unknown, unknown>, unknown, unknown>((resume) => {
      const detaching = mayDetach(config) ? new Detaching(join, resume) : undefined
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
        return Fiber.await(worker)
      })
    })
    return level.told(list, config, joined)
  })

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
  const context = Context.add(caller.context as Context.Context<unknown>, CurrentRunRef, level)
  if (!isSync(caller)) return context
  // under `Effect.runSync` nobody would resume a fiber that has yielded
  const still = Context.add(context, Scheduler.PreventSchedulerYield, true)
  return Context.add(still, DispatcherRef, dispatcherOf(caller))
}

/** Gives the split the services of its branches, and the places that they are to ask for. */
const furnish = (join: Join, context: Context.Context<unknown>, pool: Pool | undefined): void => {
  const { config: { hedge }, crew, home } = join
  // to the type of a fiber's context
  crew.context = context as Context.Context<never>
  if (pool !== undefined) {
    const held = new hold.Hold(pool, home)
    join.places = new Shared(join, pool, home.getRef(Clock.Clock), held)
    // for the branches, and not for the observer
    crew.context = Context.add(crew.context, hold.HoldRef, held)
  } else if (hedge !== undefined) {
    join.places = new Alternatives(join, hedge, home.getRef(Clock.Clock))
  }
}
