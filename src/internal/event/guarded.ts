/**
 * A listener that can do no harm: what it throws, and a Promise that rejects, is dropped, and the log is told the first time.
 * It lives as long as its listener.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Result from "effect/Result"
import type { Listener } from "../../RunEvent.ts"
import { caught } from "../check/returned.ts"

export const guarded = (listener: Listener): Effect.Effect<Listener> =>
  Effect.map(Effect.context<never>(), (context) => {
    let isTold = false
    const tell = (sentence: string, cause?: Cause.Cause<unknown>): void => {
      if (isTold) return
      isTold = true
      warn(context, sentence, cause)
    }
    return (event) => {
      const called = Result.try({ try: (): unknown => listener(event), catch: identity })
      if (Result.isFailure(called)) {
        return tell(
          `a listener of run events threw at ${event._tag}; nothing comes of it, now or later`,
          Cause.die(called.failure)
        )
      }
      const returned = called.success
      // most return nothing
      if (returned === undefined) return
      if (Effect.isEffect(returned)) {
        tell("a listener of run events returned an Effect, which nobody runs; give it to RunEvent.listener")
      } else {
        const sentence = `a listener of run events returned a Promise that has rejected, at ${event._tag}`
        caught(returned, (reason) => tell(sentence, Cause.die(reason)))
      }
    }
  })

/** Tells the log from where no Effect is run. A logger of the user's that throws ends nothing. */
export const warn = (
  context: Parameters<typeof Effect.runForkWith<never>>[0],
  sentence: string,
  cause?: Cause.Cause<unknown>
): void => {
  const warning = cause === undefined ? Effect.logWarning(sentence) : Effect.logWarning(sentence, cause)
  Effect.runForkWith(context)(Effect.ignoreCause(warning))
}
