/**
 * Attempts of a hedge, as a listener is told of them: each from its start to the end of its fiber. Outside of a run nobody
 * is told.
 */
import type { AnyFiber } from "../fibers/any.ts"
import type { End, Span } from "./listener.ts"
import { tell } from "./listener.ts"
import { currentOf, levelIn, runOf } from "./run.ts"

/** An attempt is about to start; what is to be called at its end, if somebody is told of it. */
export const started = (home: AnyFiber, race: object, attempt: number): End | undefined => {
  const current = currentOf(home)
  const run = runOf(levelIn(current))
  const listener = run?.listener
  if (run === undefined || current === undefined || listener === undefined) return undefined
  const span: Span = { _tag: "Attempt", run, current, race, attempt }
  tell(() => listener.started(span, ++run.root.happened))
  return (exit) => tell(() => listener.ended(span, exit, ++run.root.happened))
}
