/**
 * Tells the log of what nobody would look at otherwise. A logger of the user's that throws ends nothing.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

export const warn = (message: string, cause?: Cause.Cause<unknown>): Effect.Effect<void> =>
  Effect.ignoreCause(cause === undefined ? Effect.logWarning(message) : Effect.logWarning(message, cause))
