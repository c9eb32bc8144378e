/**
 * A split as a stream: its observer fills a bounded queue, so that a reader who is slow, or has left, is felt by the split.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Outcome } from "../../SplitResult.ts"
import { isCount } from "../check/counts.ts"
import { show } from "../check/describe.ts"
import { make as issue } from "../check/issue.ts"
import * as options from "./options.ts"
import * as standalone from "./standalone.ts"

export interface StreamInput extends options.SplitInput {
  readonly bufferSize?: number | undefined
}

const defaultSize = 16

export const stream = (branches: unknown, given: StreamInput): Stream.Stream<unknown, unknown, unknown> => {
  const { bufferSize = defaultSize, ...split } = given
  if (!isCount(bufferSize)) {
    const sentence = `bufferSize is ${show(bufferSize)}; it must be an integer of at least 1, or be left out`
    const parsed = options.parse(undefined, branches, given)
    const others = Result.isFailure(parsed) ? parsed.failure : []
    return Stream.fail(
      standalone.misconfigured([...others, issue(undefined, "observer", sentence)], "stream")
    )
  }
  return Stream.callback<Outcome.Any<unknown, unknown>, unknown, unknown>((queue) => {
    const onOutcome = (outcome: Outcome.Any<unknown, unknown>) => Queue.offer(queue, outcome)
    return Effect.andThen(
      standalone.run(
        branches,
        { ...split, discard: true, onOutcome, observerTimeout: Duration.infinity },
        "stream"
      ),
      Queue.end(queue)
    )
  }, { bufferSize })
}
