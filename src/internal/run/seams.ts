/**
 * The two seams of a run: who runs its steps, and who is told of them. They are absent unless somebody provides them
 * around a run, and are looked for once, when it starts.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import type { Host } from "./host.ts"
import type { Ended, Listener, Span } from "./listener.ts"
import { inside, tell, told } from "./listener.ts"
import type { Run } from "./run.ts"

export interface Seams {
  readonly host: Host | undefined
  readonly listener: Listener | undefined
  /** What the listener is made of, where there are spans. */
  readonly parts?: readonly [listener: Listener | undefined, spans: Listener]
}

export const none: Seams = { host: undefined, listener: undefined }

export const SeamsRef = Context.Reference<Seams>("effect-cano/Seams", { defaultValue: () => none })

/** A listener with a place of its own, so that a Layer of it stands beside a Layer of the other: that of the spans. */
export const SpansRef = Context.Reference<Listener | undefined>("effect-cano/Spans", { defaultValue: () => undefined })

/** The seams of a run that starts on a fiber. */
export const of = (fiber: AnyFiber): Seams => {
  const seams = fiber.getRef(SeamsRef)
  const spans = fiber.getRef(SpansRef)
  if (spans === undefined) return seams
  const { host, listener } = seams
  return { host, listener: listener === undefined ? spans : both(listener, spans), parts: [listener, spans] }
}

/** The states of a run whose Layers have been built: listeners among these are told of it from here on. */
export const adopt = (
  run: Run,
  around: Context.Context<never>,
  fiber: AnyFiber,
  states: () => AnyEffect
): AnyEffect => {
  const { listener, parts } = of(fiber)
  const [own, spans] = parts ?? [listener, undefined]
  const [ownBefore, spansBefore] = run.seams.parts ?? [run.listener, undefined]
  if (listener === undefined || (own === ownBefore && spans === spansBefore)) return states()
  run.seams = { host: run.host, listener }
  // who has been told of the run before knows that
  return told(listener, run, { _tag: "Run", run, around }, Effect.suspend(states))
}

/** Two listeners as one, each of which is told of everything, whatever the other does. */
export const both = (one: Listener, other: Listener): Listener => ({
  started: (span, number) => {
    tell(() => one.started(span, number))
    tell(() => other.started(span, number))
  },
  ended: (span: Span, exit: Exit.Exit<unknown, unknown>, number: number, ended?: Ended) => {
    tell(() => other.ended(span, exit, number, ended))
    tell(() => one.ended(span, exit, number, ended))
  },
  added: (level, count) => {
    tell(() => one.added?.(level, count))
    tell(() => other.added?.(level, count))
  },
  decided: (level, decided, counts) => {
    tell(() => one.decided?.(level, decided, counts))
    tell(() => other.decided?.(level, decided, counts))
  },
  services: (span, around) => inside(other, span, inside(one, span, around))
})
