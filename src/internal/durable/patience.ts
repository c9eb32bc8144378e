/**
 * How long somebody waits for a journal that does not answer: one that hangs is as good as one that is gone. What hangs is
 * interrupted, and not awaited. So is one that dies: nobody here can do more about that than to ask again.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { describe } from "../check/describe.ts"
import { JournalError } from "../journal/error.ts"

export const inTime = <A>(
  effect: Effect.Effect<A, JournalError>,
  patience: Duration.Duration,
  operation: string,
  runId?: string
): Effect.Effect<A, JournalError> =>
  Effect.flatMap(Effect.forkDetach(effect, { startImmediately: true }), (fiber) => {
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return sound(exit, operation, runId)
    // made when it is late: an error takes as long as a statement
    const late = () =>
      new JournalError({
        runId,
        reason: "TimedOut",
        operation,
        detail: `it has not answered within ${Duration.format(patience)}`
      })
    return Effect.onExitPrimitive(
      Effect.flatMap(
        Effect.timeoutOption(Fiber.await(fiber), patience),
        (exit) => Option.isSome(exit) ? sound(exit.value, operation, runId) : Effect.fail(late())
      ),
      () => {
        fiber.interruptUnsafe()
        return undefined
      }
    )
  })

const sound = <A>(
  exit: Exit.Exit<A, JournalError>,
  operation: string,
  runId: string | undefined
): Exit.Exit<A, JournalError> => {
  const died = Exit.isSuccess(exit) ? undefined : Cause.findDefect(exit.cause)
  if (died === undefined || Result.isFailure(died)) return exit
  const cause = died.success
  return Exit.fail(
    new JournalError({ runId, reason: "Unavailable", operation, detail: `it has died: ${describe(cause)}`, cause })
  )
}
