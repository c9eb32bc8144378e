/**
 * Tells the log of what nobody would look at otherwise, and of the state in which the fiber stands that tells it: for what a
 * split has started that is the state of the split, wherever its run has gone since. A logger of the user's that throws ends
 * nothing.
 */
import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { located } from "../failure/quotes.ts"
import { CurrentRunRef } from "../run/run.ts"

export const warn = (sentence: string, cause?: Cause.Cause<unknown>): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const { state, workflow } = fiber.getRef(CurrentRunRef)
    // outside of a run the names are empty
    const message = located(sentence, { workflow: workflow || undefined, state: state || undefined })
    return Effect.ignoreCause(cause === undefined ? Effect.logWarning(message) : Effect.logWarning(message, cause))
  })

/** The same from where no Effect is run, with the services of somebody. */
export const warnIn = (services: Context.Context<never>, sentence: string, cause?: Cause.Cause<unknown>): void => {
  const warning = cause === undefined ? Effect.logWarning(sentence) : Effect.logWarning(sentence, cause)
  Effect.runForkWith(services)(Effect.ignoreCause(warning))
}
