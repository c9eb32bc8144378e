/**
 * Parts of exits and results, as tests write them down.
 */
import { Cause, Exit } from "effect"

/** The defects of an exit that has died. */
export const defects = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<unknown> =>
  Exit.isFailure(exit)
    ? exit.cause.reasons.flatMap((reason) => reason._tag === "Die" ? [reason.defect] : [])
    : []

/** Whether an exit is an interruption, and nothing else. */
export const wasInterrupted = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) && exit.cause.reasons.length > 0 && Cause.hasInterruptsOnly(exit.cause)

/** The tags of outcomes. */
export const tagsOf = (outcomes: ReadonlyArray<{ readonly _tag: string }>): ReadonlyArray<string> =>
  outcomes.map(({ _tag }) => _tag)

/** The tags of the outcomes of a list, in branch order. */
export const tags = (result: { readonly outcomes: ReadonlyArray<{ readonly _tag: string }> }): ReadonlyArray<string> =>
  tagsOf(result.outcomes)

/** A tally, by its counts. */
export const tally = (succeeded: number, failed = 0, interrupted = 0, notStarted = 0) => ({
  total: succeeded + failed + interrupted + notStarted,
  succeeded,
  failed,
  interrupted,
  notStarted
})
