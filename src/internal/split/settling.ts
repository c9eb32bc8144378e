/**
 * What a running split does with what it learns: its crew reports how branches ended, timers that their time has come, and this
 * records it, asks the decision, and tells those whom a decision concerns. It keeps nothing, and starts no fiber.
 */
import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import * as Result from "effect/Result"
import type { WorkflowRule } from "../../CanoError.ts"
import type { Outcome } from "../../SplitResult.ts"
import { clip } from "../check/describe.ts"
import { warn } from "../fibers/warn.ts"
import { workflowError } from "./frame.ts"
import type { Join } from "./join.ts"
import * as outbox from "./outbox.ts"
import * as record from "./record.ts"

// -----------------------------------------------------------------------------
// branches
// -----------------------------------------------------------------------------

/** The first branches are there: a strategy may be satisfied by none, or want more than there are. */
export const open = (join: Join): void => {
  const { cursor, decision } = join
  // only without any branch nobody could add one
  if (cursor.backlog?.added === 0) decision.complete()
  if (decision.isCustom) guarded(join, () => decision.judge("settled"))
  else decision.judge("settled")
}

/** A branch has ended well: it has settled, unless the split has been decided without it. */
export const succeed = (join: Join, index: number, value: unknown): void => {
  const { decision, record } = join
  const hasWon = decision.countSuccess()
  join.level?.fan?.over(index, hasWon)
  if (!hasWon) return lost(join, heard(join, record.outlasted(index, value)))
  settled(join, heard(join, record.succeeded(index, value)))
}

/** A branch has failed; answers whether it has settled. Losers end badly, too: most have been interrupted. */
export const fail = (join: Join, index: number, cause: Cause.Cause<unknown>): boolean => {
  const { account, decision, record } = join
  const instead = account?.insteadOf(index)
  if (instead !== undefined) {
    succeed(join, index, instead.value)
    return true
  }
  join.level?.fan?.over(index, false)
  if (!decision.countFailure()) {
    lost(join, heard(join, record.lost(index, cause)))
    return false
  }
  settled(join, heard(join, record.failed(index, cause)))
  return true
}

/** The listener of the run is told of a branch that is recorded, before anything comes of it. */
const heard = <O extends record.Lost | Outcome.Settled<unknown, unknown>>(join: Join, outcome: O): O => {
  if (join.level?.isHeard === true) join.level.leave(outcome.index, exitOf(outcome), outcome._tag)
  return outcome
}

const exitOf = (outcome: record.Lost | Outcome.Settled<unknown, unknown>): Exit.Exit<unknown, unknown> => {
  switch (outcome._tag) {
    case "Succeeded":
      return Exit.succeed(outcome.value)
    case "Late":
      return outcome.exit
    default:
      return Exit.failCause(outcome.cause)
  }
}

const lost = (join: Join, outcome: record.Lost): void => {
  if (join.isBounded) join.pace.count()
  if (join.outbox !== undefined && !join.decision.isHalted) outbox.offer(join.outbox, outcome)
}

/**
 * A loser's defect is told to the log, and the failure of one that is detached: nobody may look at its outcome. What an
 * interruption has ended is not worth a word.
 */
export const report = (join: Join, index: number, cause: Cause.Cause<unknown>): Effect.Effect<void> | undefined => {
  const died = Cause.hasDies(cause)
  const isDetached = join.detaching?.isDone === true ||
    (join.config.losers === "detach" && join.decision.decided !== undefined)
  if (!died && !(isDetached && Cause.hasFails(cause))) return undefined
  const name = clip(record.nameIn(join.list, index))
  return warn(`branch ${name} ${died ? "died" : "failed"} after the split had been decided or interrupted`, cause)
}

const settled = (join: Join, outcome: Outcome.Settled<unknown, unknown>): void => {
  const { decision } = join
  if (join.isBounded) join.pace.count()
  if (!join.isPlain && !note(join, outcome)) return
  if (!decision.isCustom) return decide(join, "settled")
  guarded(join, () => {
    if (decision.fold(outcome)) decide(join, "settled")
  })
}

/** What there is to do with a settlement before the strategy is asked; answers whether it still is to be asked. */
export const note = (join: Join, outcome: Outcome.Settled<unknown, unknown>): boolean => {
  const { account, decision, reduction } = join
  if (account !== undefined) account.count(outcome.index)
  if (join.outbox !== undefined) outbox.offer(join.outbox, outcome)
  if (reduction !== undefined) guarded(join, () => reduction.add(outcome))
  if (!decision.isOpen) return false
  // nobody is left who could add branches
  if (isDone(join)) decision.complete()
  return true
}

/** Functions of the user's may throw, and are called on the fibers of branches. */
const guarded = (join: Join, f: () => void): void => {
  const done = Result.try({ try: f, catch: identity })
  if (Result.isFailure(done)) breakOff(join, Cause.die(done.failure))
}

// -----------------------------------------------------------------------------
// the end of the list, and of the time
// -----------------------------------------------------------------------------

/** A lazy list has ended: its total is known at last. */
export const seal = (join: Join): Exit.Exit<void> => {
  stop(join)
  decideAsComplete(join)
  return Exit.void
}

/** Whether no branch runs, and none will, in a split whose total has been open until now. */
const isDone = ({ config, cursor, decision }: Join): boolean =>
  (cursor.backlog !== undefined || config.hedge !== undefined) && !cursor.hasMore && decision.running === 0

/** No further branch is started; what has been started decides. */
export const cutShort = (join: Join): void => {
  join.cursor.end()
  stop(join)
  if (join.decision.isOpen && isDone(join)) decideAsComplete(join)
}

const decideAsComplete = (join: Join): void => {
  join.decision.complete()
  guarded(join, () => decide(join, "settled"))
}

/** The strategy is asked before anything counts, and decides for good, as if a branch had settled. */
export const openForGood = (join: Join): void => guarded(join, () => decide(join, "settled"))

/** The time is up. A decided join only awaits its losers, which takes as long as it takes. */
export const expire = (join: Join): void => {
  if (join.decision.isOpen) guarded(join, () => decide(join, "deadline"))
}

/** The soft deadline of the strategy has passed. */
export const soften = (join: Join): void => {
  if (!join.decision.isOpen) return
  guarded(join, () => {
    if (join.decision.soften()) decide(join, "settled")
  })
}

// -----------------------------------------------------------------------------
// from outside
// -----------------------------------------------------------------------------

/** An open join is decided by what there is; answers whether it was open. */
export const conclude = (join: Join): boolean => {
  const { decision } = join
  if (!decision.isOpen) return false
  guarded(join, () => {
    if (decision.conclude()) act(join)
  })
  return true
}

/** A branch is cut off, and ends with a value that somebody has for it; answers as `cancel`. */
export const replace = (join: Join, index: number, value: unknown): boolean => {
  join.account?.replace(index, value)
  return cancel(join, index)
}

/** A branch ends as if it had interrupted itself; answers whether there is one that runs or waits. */
export const cancel = ({ crew, cursor, decision }: Join, index: number): boolean =>
  crew.cancel(index) || (decision.isOpen && cursor.cancel(index))

// -----------------------------------------------------------------------------
// the end of the split
// -----------------------------------------------------------------------------

const decide = (join: Join, event: "settled" | "deadline"): void => {
  if (join.decision.judge(event)) act(join)
}

/** The join has been decided. */
const act = (join: Join): void => {
  const { account, config, crew, cursor, decision } = join
  if (account !== undefined) guarded(join, () => account.decided(join))
  if (join.level?.isHeard === true) {
    const { decided, tally: { failed, succeeded, total } } = decision
    join.level.decided(decided!, { total, started: cursor.started, succeeded, failed })
  }
  if (!join.startsLosers) endList(join)
  if (config.losers === "interrupt") crew.interruptAll()
  else crew.interruptBeside()
  join.outbox?.decision.ring()
  if (!cursor.hasMore) stop(join)
}

/** No further branch is started. Those that were to start again have been interrupted with the earlier life of the split. */
export const endList = (join: Join): void => {
  const again = join.cursor.end()
  if (again !== undefined) forsake(join, again.toReversed())
}

const bare = Cause.interrupt()

/** These have started and been interrupted in an earlier life, after which the join was decided without them. */
export const forsake = (join: Join, indices: ReadonlyArray<number>): void => {
  for (const index of indices) fail(join, index, bare)
}

/** Nothing is left to start, now or ever: whoever waits to start something goes on, and a decided split may be left. */
export const stop = (join: Join): void => {
  if (join.outbox !== undefined) outbox.wake(join.outbox)
  if (join.isBounded) join.places.leave()
  join.crew.poke()
  if (join.decision.decided !== undefined) join.detaching?.decided()
}

/** Ends the split without a verdict: what its branches do from now on counts no more. */
export const halt = (join: Join): void => {
  join.decision.halt()
  end(join)
}

const end = (join: Join): void => {
  join.record.halt()
  endList(join)
  join.crew.interruptAll()
  join.outbox?.delivering?.interruptUnsafe(join.home.id)
  stop(join)
}

/** The split cannot go on, for a reason that is not a branch's. */
export const breakOff = (join: Join, cause: Cause.Cause<unknown>): Exit.Exit<void> => {
  const { decision } = join
  const { phase } = decision
  // the first reason, unless that was interrupted for this one
  if (phase._tag !== "Broken" || (isBreak(cause) && !isBreak(phase.cause))) decision.breakOff(cause)
  end(join)
  return Exit.void
}

/** The split is given what it cannot run. */
export const refuse = (join: Join, rule: WorkflowRule, detail: string): Exit.Exit<void> =>
  breakOff(join, Cause.fail(workflowError(join.frame, rule, detail)))

/**
 * Whether a fiber of the split ended in another way than by itself. Branches end in their records; what is left is a
 * value that is no Effect somewhere inside one, at which Effect ends the fiber as a whole.
 */
export const isBreak = (cause: Cause.Cause<unknown>): boolean => !Cause.hasInterruptsOnly(cause)

/** A fiber of the split has ended: otherwise than by itself ends the split. */
export const noticeBreak = (join: Join, exit: Exit.Exit<unknown, unknown>): void => {
  if (Exit.isFailure(exit) && isBreak(exit.cause)) breakOff(join, exit.cause)
}

/** Closes the list; one that can't be closed breaks the split, unless something else has. */
export const closeList = (join: Join): void => {
  const { cursor, decision } = join
  const closed = cursor.close()
  if (Result.isFailure(closed) && decision.phase._tag !== "Broken") decision.breakOff(Cause.die(closed.failure))
}
