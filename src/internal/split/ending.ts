/**
 * What a split ends with, read from its phase and its record, once its worker has ended or its branches are detached.
 * Nothing is kept.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { JoinTimeoutError, JoinUnsatisfiedError } from "../../CanoError.ts"
import type { SplitResult } from "../../SplitResult.ts"
import * as joins from "../failure/joins.ts"
import { passedOn } from "../fibers/noEffect.ts"
import type { SplitLevel } from "../run/run.ts"
import { Run } from "../run/run.ts"
import { where } from "./frame.ts"
import type { Join } from "./join.ts"
import { isBreak } from "./settling.ts"

type Ending = Exit.Exit<SplitResult<unknown, unknown>, unknown>

/** The end of a split, told to whom it concerns. */
export const concluded = (
  join: Join,
  exit: Exit.Exit<unknown, unknown>
): Effect.Effect<SplitResult<unknown, unknown>, unknown> => {
  const ended = ending(join, exit)
  const first = join.isBounded ? join.places.concluded(Exit.isSuccess(ended)) : undefined
  const own = first === undefined ? ended : Effect.andThen(first, ended)
  const fan = join.level?.fan
  if (fan === undefined) return own
  const cause = Exit.isSuccess(ended) ? undefined : ended.cause
  // a split that ends otherwise than by its join ends its run, which undoes all there is
  return cause === undefined || isJoinFailure(cause)
    ? Effect.andThen(fan.conclude(cause, join.config.recall?.keepsWinners), own)
    : own
}

const isJoinFailure = ({ reasons }: Cause.Cause<unknown>): boolean =>
  reasons.some((reason) =>
    Cause.isFailReason(reason) &&
    (reason.error instanceof JoinUnsatisfiedError || reason.error instanceof JoinTimeoutError)
  )

/** The end of a split whose worker has ended in this way. */
export const ending = (join: Join, exit: Exit.Exit<unknown, unknown>): Ending => {
  const { config: { strategy, timeout }, decision: { decided, phase }, frame } = join
  const isBroken = Exit.isFailure(exit) && isBreak(exit.cause)
  // a slot that breaks has the deadline beside it interrupted first
  if (phase._tag === "Broken" && (isBreak(phase.cause) || !isBroken)) return Exit.failCause(passedOn(phase.cause))
  if (Exit.isFailure(exit) && (decided === undefined || isBroken)) return Exit.failCause(passedOn(exit.cause))
  // only a split whose caller was interrupted ends without a verdict
  if (decided === undefined) return Exit.interrupt(join.home.id)
  const { reason, timedOut, verdict } = decided
  const result = resultOf(join)
  if (verdict === "proceed") return Exit.succeed(result)
  const error = joins.withoutFrames(() =>
    timedOut && timeout !== undefined
      ? new JoinTimeoutError({ ...where(frame), strategy, timeout, reason, result })
      : new JoinUnsatisfiedError({ ...where(frame), strategy, reason, result })
  )
  return Exit.failCause(joins.toCause(error))
}

/** What there is of a split whose branches have ended or are detached. */
const resultOf = (join: Join): SplitResult<unknown, unknown> => {
  const { cursor: { known: total, started }, decision: { decided, tally: { failed, succeeded } }, reduction } = join
  // a verdict leaves the counts as they are, so whatever else was started is a loser
  const tally = { total, succeeded, failed, interrupted: started - succeeded - failed, notStarted: total - started }
  return join.record.result({
    tally,
    timedOut: decided !== undefined && decided.timedOut,
    satisfied: decided !== undefined && decided.verdict === "proceed",
    reduced: reduction
  })
}

/** A split that is halted because the time of a run around it is up: the error of the run tells what it had. */
export const tellRuns = (join: Join, level: SplitLevel): void => {
  let result: SplitResult<unknown, unknown> | undefined
  for (let at = level.outer; at !== undefined; at = at.outer) {
    // of splits in each other the outermost one ends last
    if (at instanceof Run && at.isExpired) at.unfinished = result ??= resultOf(join)
  }
}
