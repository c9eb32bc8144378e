/**
 * Triggers to which whoever asks has given an id: of one id one run is started. What is known of it here lives as long as the
 * run is remembered.
 */
import * as Deferred from "effect/Deferred"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { misfit } from "../check/describe.ts"
import type { Lane } from "./lane.ts"
import type { Run } from "./run.ts"

export const read = (options: unknown): Result.Result<string | undefined, string> => {
  if (options === undefined) return Result.succeed(undefined)
  const { id, ...rest } = (Predicate.isObject(options) ? { ...options } : { options }) as {
    readonly [option: string]: unknown
  }
  const isRight = id === undefined || (Predicate.isString(id) && id !== "")
  return isRight && Object.keys(rest).length === 0
    ? Result.succeed(id)
    : Result.fail(misfit("what trigger is given", options, "{ id }, a text that is not empty"))
}

type Answer = NonNullable<Run["answer"]>

/** Where the end is, or will be, of the run that was started for an id, if this definition has it here. */
export const known = (lane: Lane, runId: string): Answer | undefined => {
  const { flow } = lane.definition
  for (const run of [...lane.asked, ...lane.queue, ...lane.runs]) {
    if (run.fire.runId === runId && run.asked === flow) return run.answer
  }
  const ended = lane.record.newest(lane.definition.history, flow).find((ended) => ended.runId === runId)
  if (ended === undefined) return undefined
  const answer: Answer = Deferred.makeUnsafe()
  Deferred.doneUnsafe(answer, Exit.succeed(ended.exit))
  return answer
}
