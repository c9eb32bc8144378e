/**
 * A split as a stream: its observer fills a bounded queue, so that a reader who is slow, or has left, is felt by the split.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Issue } from "../../CanoError.ts"
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
  if (!Predicate.isObject(given)) return refused(options.parse(undefined, branches, given))
  const { bufferSize = defaultSize, ...split } = given
  if (!isCount(bufferSize)) {
    const sentence = `bufferSize is ${show(bufferSize)}; it must be an integer of at least 1, or be left out`
    return refused(options.parse(undefined, branches, given), issue(undefined, "observer", sentence))
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

const refused = (
  parsed: ReturnType<typeof options.parse>,
  ...own: ReadonlyArray<Issue>
): Stream.Stream<never, unknown> => {
  const others = Result.isFailure(parsed) ? parsed.failure : []
  return Stream.fail(standalone.misconfigured([...others, ...own], "stream"))
}
