/**
 * What a running split does with what it learns: slots report how branches ended, timers that their time has come, and
 * this decides, once. Nothing here starts a fiber; a decision interrupts those that still run.
 */
import * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import * as Result from "effect/Result"
import type { WorkflowRule } from "../../CanoError.ts"
import * as JoinStrategy from "../../JoinStrategy.ts"
import type { Outcome } from "../../SplitResult.ts"
import { clip } from "../check/describe.ts"
import * as returned from "../check/returned.ts"
import { warn } from "../fibers/warn.ts"
import type { Budget } from "../run/limits.ts"
import * as limits from "../run/limits.ts"
import * as reducer from "../strategy/reducer.ts"
import { poke } from "./crew.ts"
import type { Config, Frame, Join } from "./join.ts"
import { hasMore, isOpen, known, running, workflowError } from "./join.ts"
import type { Outbox } from "./outbox.ts"
import * as outbox from "./outbox.ts"
import * as splitResult from "./record.ts"

/** The first branches are there: a strategy may be satisfied by none, or want more than there are. */
export const open = (join: Join): void => {
  // only without any branch nobody could add one
  if (join.backlog?.added === 0) complete(join)
  if (JoinStrategy.isCustom(join.strategy)) guarded(join, () => judge(join, "settled"))
  else judge(join, "settled")
}

/** A branch has succeeded. */
export const succeed = (join: Join, index: number, value: unknown): void => {
  join.tally.succeeded++
  settled(join, join.record.succeeded(index, value))
}

/** A branch has failed. */
export const fail = (join: Join, index: number, cause: Cause.Cause<unknown>): void => {
  join.tally.failed++
  settled(join, join.record.failed(index, cause))
}

/** A loser has ended, and badly: most have been interrupted. */
export const lose = (join: Join, index: number, cause: Cause.Cause<unknown>): void => {
  join.sinceYield++
  join.record.late(index, cause)
  if (join.outbox !== undefined) tellOfLoser(join, join.outbox, index, Exit.failCause(cause))
}

/** A loser has ended well all the same. */
export const outlast = (join: Join, index: number, value: unknown): void => {
  join.sinceYield++
  join.record.outlasted(index, value)
  if (join.outbox !== undefined) tellOfLoser(join, join.outbox, index, Exit.succeed(value))
}

const tellOfLoser = (join: Join, to: Outbox, index: number, exit: Exit.Exit<unknown, unknown>): void => {
  if (!join.halted) outbox.offer(to, splitResult.loser(join.list, join.config.losers, index, exit))
}

/**
 * A loser's defect is told to the log, and the failure of one that is left behind: nobody may look at its outcome. What an
 * interruption has ended is not worth a word.
 */
export const report = (join: Join, index: number, cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  const died = Cause.hasDies(cause)
  const isLeft = join.parted || (join.config.losers === "detach" && isDecided(join))
  if (!died && !(isLeft && Cause.hasFails(cause))) return Exit.void
  const name = clip(splitResult.nameIn(join.list, index))
  return warn(`branch ${name} ${died ? "died" : "failed"} after the split had been decided or interrupted`, cause)
}

const isDecided = ({ verdict }: Join): boolean => verdict !== "continue"

const settled = (join: Join, outcome: Outcome.Settled<unknown, unknown>): void => {
  join.sinceYield++
  if (!join.isPlain) note(join, outcome)
  if (!isOpen(join)) return
  if (!JoinStrategy.isCustom(join.strategy)) return decide(join, "settled")
  const { name, reducer } = join.strategy
  guarded(join, () => {
    join.state = returned.state(name, "onOutcome", reducer.onOutcome(join.state, outcome as never))
    decide(join, "settled")
  })
}

/** What there is to do with a settlement before the strategy is asked. */
const note = (join: Join, outcome: Outcome.Settled<unknown, unknown>): void => {
  if (join.outbox !== undefined) outbox.offer(join.outbox, outcome)
  const { reduce } = join.config
  if (reduce !== undefined) {
    guarded(join, () => {
      join.reduced = returned.state("reduce", "step", reduce.step(join.reduced, outcome))
    })
  }
  // nobody is left who could add branches
  if (isLeft(join)) complete(join)
}

/** A strategy's own functions may throw, and are called on the fibers of branches. */
const guarded = (join: Join, f: () => void): void => {
  const done = Result.try({ try: f, catch: identity })
  if (Result.isFailure(done)) breakOff(join, Cause.die(done.failure))
}

/** A lazy list has ended: its total is known at last. */
export const seal = (join: Join): Exit.Exit<void> => {
  join.exhausted = true
  stop(join)
  complete(join)
  guarded(join, () => decide(join, "settled"))
  return Exit.void
}

/** Whether no branch runs, and none will, in a split whose total has been open until now. */
const isLeft = (join: Join): boolean =>
  (join.backlog !== undefined || join.config.hedge !== undefined) && join.exhausted && running(join) === 0

/** No further branch is started; what has been started decides. */
export const cutShort = (join: Join): void => {
  join.exhausted = true
  stop(join)
  if (!isOpen(join) || !isLeft(join)) return
  complete(join)
  guarded(join, () => decide(join, "settled"))
}

const complete = (join: Join): void => {
  join.tally.total = join.started
  join.strategy = JoinStrategy.resolve(join.strategy, join.started)
}

/** The time is up. */
export const expire = (join: Join): void => {
  // a decided join only awaits its losers, which takes as long as it takes
  if (!isOpen(join)) return
  join.timedOut = true
  guarded(join, () => decide(join, "deadline"))
}

/** The soft deadline of the strategy has passed. */
export const relax = (join: Join): void => {
  const { strategy } = join
  if (!isOpen(join) || !JoinStrategy.isCustom(strategy)) return
  guarded(join, () => {
    pass(join, strategy)
    decide(join, "settled")
  })
}

/** Changes the state for good as a soft deadline does. */
const pass = (join: Join, { name, reducer: { soft } }: JoinStrategy.Custom): void => {
  if (soft === undefined) return
  join.softPassed = true
  join.state = returned.state(name, "soft.onPassed", soft.onPassed(join.state))
}

const judge = (join: Join, event: "settled" | "deadline"): void => {
  const { strategy, tally } = join
  if (!JoinStrategy.isCustom(strategy)) {
    // what is not custom goes by counts
    join.verdict = JoinStrategy.decide(strategy as JoinStrategy.Counting, tally, event)
    return
  }
  const { least = 0 } = strategy.reducer
  if (tally.total < least) return fallShort(join, strategy, least)
  ask(join, strategy, event)
  if (join.verdict === "continue" && tally.succeeded + tally.failed === tally.total) conclude(join, strategy)
}

const ask = (join: Join, strategy: JoinStrategy.Custom, event: "settled" | "deadline"): void => {
  const judgement = reducer.judge(strategy, join.state, join.tally, event)
  if (typeof judgement === "object") giveUp(join, judgement.fail)
  else join.verdict = judgement === "continue" && event === "deadline" ? "fail" : judgement
}

/** Nothing is left to run, and the strategy would wait: what only time can bring is brought at once. */
const conclude = (join: Join, strategy: JoinStrategy.Custom): void => {
  const { soft, timed } = strategy.reducer
  if (soft !== undefined && !join.softPassed) {
    pass(join, strategy)
    ask(join, strategy, "settled")
  }
  if (join.verdict !== "continue") return
  giveUp(
    join,
    join.tally.total === 0 ? "it would wait, and there are no branches" : "it would wait, and every branch has settled"
  )
  if (timed === true) ask(join, strategy, "deadline")
}

/** There are fewer branches than the strategy needs, or a hedge has started fewer. */
const fallShort = (join: Join, { name }: JoinStrategy.Custom, least: number): void => {
  const { isRead, items, list, tally: { total } } = join
  const cutShort = list._tag === "Lazy" ? !isRead : total < items.length
  giveUp(join, reducer.tooFew(name, least, total, cutShort))
}

const giveUp = (join: Join, reason: string): void => {
  join.reason = reason
  join.verdict = "fail"
}

const decide = (join: Join, event: "settled" | "deadline"): void => {
  judge(join, event)
  if (join.verdict === "continue") return
  if (join.config.losers === "interrupt") interruptAll(join)
  else interruptTimers(join)
  join.outbox?.decision.ring()
  if (!hasMore(join)) stop(join)
}

/** Nothing is left to start, now or ever: whoever waits to start something goes on, and a decided split may be left. */
export const stop = (join: Join): void => {
  join.sharing?.leave()
  if (join.outbox !== undefined) outbox.wake(join.outbox)
  poke(join)
  if (join.verdict === "continue") return
  const { onDecided } = join
  join.onDecided = undefined
  onDecided?.()
}

/** Ends the split without a verdict: what its branches do from now on counts no more. */
export const halt = (join: Join): void => {
  join.halted = true
  interruptAll(join)
  join.outbox?.delivering?.interruptUnsafe(join.caller)
  stop(join)
}

/** The split cannot go on, for a reason that is not a branch's. */
export const breakOff = (join: Join, cause: Cause.Cause<unknown>): Exit.Exit<void> => {
  // the first reason, unless that was interrupted for this one
  if (join.broken === undefined || (isBreak(cause) && !isBreak(join.broken))) join.broken = cause
  halt(join)
  return Exit.void
}

/** The split is given what it cannot run. */
export const refuse = (join: Join, rule: WorkflowRule, detail: string): Exit.Exit<void> =>
  breakOff(join, Cause.fail(workflowError(join.frame, rule, detail)))

/** Counts branches against what the split and its run may start; a sentence if that is too many, and then none counts. */
export const exceeds = (join: Join, count: number): string | undefined => {
  const { config: { maxBranches }, frame } = join
  if (maxBranches !== undefined && known(join) + count > maxBranches) {
    return `the split is given more than ${maxBranches} branches (maxBranches)`
  }
  return tooMany(frame, limits.spend(frame.budget, "branches", count))
}

/** The same for a list that is known whole, which counts when it is started. */
export const exceedsAtOnce = (count: number, { maxBranches }: Config, frame: Frame): string | undefined =>
  maxBranches !== undefined && count > maxBranches
    ? `the split is given ${count} branches, more than ${maxBranches} (maxBranches)`
    : tooMany(frame, limits.passed(frame.budget, "branches", count))

const tooMany = ({ root }: Frame, passed: Budget | undefined): string | undefined =>
  passed && `${limits.whose(passed, root)} starts more than ${passed.most.branches} branches (maxBranches)`

/**
 * Whether a fiber of the split ended in another way than by itself. Branches end in their records; what is left is a
 * value that is no Effect somewhere inside one, at which Effect ends the fiber as a whole.
 */
export const isBreak = (cause: Cause.Cause<unknown>): boolean => !Cause.hasInterruptsOnly(cause)

/** A fiber of the split has ended: otherwise than by itself ends the split. */
export const noticeBreak = (join: Join, exit: Exit.Exit<unknown, unknown>): void => {
  if (Exit.isFailure(exit) && isBreak(exit.cause)) breakOff(join, exit.cause)
}

const interruptTimers = ({ caller, timers }: Join): void => {
  for (let i = 0; i < timers.length; i++) timers[i]!.interruptUnsafe(caller)
}

const interruptAll = (join: Join): void => {
  const { caller, slots } = join
  interruptTimers(join)
  for (let i = 0; i < slots.length; i++) slots[i]!.fiber?.interruptUnsafe(caller)
}
