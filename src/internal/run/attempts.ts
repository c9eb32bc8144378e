/**
 * Attempts of a hedge, or of a retry, as a listener is told of them: each from its start to its end. Outside of a run nobody
 * is told.
 */
import * as Effect from "effect/Effect"
import type { AnyFiber } from "../fibers/any.ts"
import type { AttemptSpan, End } from "./listener.ts"
import * as listening from "./listener.ts"
import { currentOf, levelIn, runOf } from "./run.ts"

/** Of a hedge; what is to be called when its fiber has ended, if somebody is told of it. */
export const started = (home: AnyFiber, series: object, attempt: number): End | undefined => {
  const span = spanOf(home, series, attempt, "hedge")
  const listener = span?.run.listener
  if (span === undefined || listener === undefined) return undefined
  const { root } = span.run
  listening.tell(() => listener.started(span, ++root.happened))
  return (exit) => listening.tell(() => listener.ended(span, exit, ++root.happened))
}

/** Of a retry. */
export const told = <A, E, R>(series: object, attempt: number, body: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const span = spanOf(fiber, series, attempt, "retry")
    const listener = span?.run.listener
    return span === undefined || listener === undefined ? body : listening.told(listener, span.run.root, span, body)
  })

const spanOf = (
  fiber: AnyFiber,
  series: object,
  attempt: number,
  kind: AttemptSpan["kind"]
): AttemptSpan | undefined => {
  const current = currentOf(fiber)
  const run = runOf(levelIn(current))
  if (run?.listener === undefined || current === undefined) return undefined
  return { _tag: "Attempt", run, current, series, attempt, kind }
}
