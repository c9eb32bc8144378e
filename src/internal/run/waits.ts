/**
 * Waits of a run for what does not come of its own work, a signal or an instant, as a listener is told of them. Outside of a
 * run nobody is told.
 */
import * as Effect from "effect/Effect"
import type { WaitSpan } from "./listener.ts"
import * as listening from "./listener.ts"
import { currentOf, levelIn, runOf } from "./run.ts"

/** A wait, of whose start and end the listener of the run is told, if there is one. */
export const told = <A, E, R>(
  wait: Pick<WaitSpan, "waits" | "signal" | "signalKey" | "until">,
  body: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const current = currentOf(fiber)
    const run = runOf(levelIn(current))
    const listener = run?.listener
    if (run === undefined || current === undefined || listener === undefined) return body
    return listening.told(listener, run.root, { ...wait, _tag: "Wait", run, current }, body)
  })
