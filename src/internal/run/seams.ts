/**
 * The two seams of a run: who runs its steps, and who is told of them. They are absent unless somebody provides them
 * around a run, and are looked for once, when it starts.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import type { Host } from "./host.ts"
import type { Ended, Listener, Span } from "./listener.ts"
import { inside, tell, told } from "./listener.ts"
import type { Registered } from "./registry.ts"
import { enlist } from "./registry.ts"
import type { Run } from "./run.ts"

export interface Seams {
  readonly host: Host | undefined
  readonly listener: Listener | undefined
  /** What the listener is made of, where Layers give listeners or the run is known; who knows the run is none of these. */
  readonly parts?: ReadonlyArray<Listener>
  /** The run as it is known from outside, where it is. */
  readonly known?: Registered | undefined
}

export const none: Seams = { host: undefined, listener: undefined }

export const SeamsRef = Context.Reference<Seams>("effect-cano/Seams", { defaultValue: () => none })

/** Whether Layers give listeners; a run asks nothing else where none does. */
const HeardRef = Context.Reference<boolean>("effect-cano/Heard", { defaultValue: () => false })

/** Keys of listeners, of which each has one: of several Layers in one `mergeAll` none is in the place of another. */
const prefix = "effect-cano/Heard/"
const keys = { made: 0 }

/** What a Layer gives to the runs inside of it: a listener, besides those that are around it or beside it. */
export const giving = (listener: Listener): Context.Context<never> => {
  const own = Context.makeUnsafe<never>(new Map([[`${prefix}${++keys.made}`, listener]]))
  return Context.add(own, HeardRef, true)
}

/** The seams of a run that starts on a fiber. */
export const of = (fiber: AnyFiber): Seams => {
  const seams = fiber.getRef(SeamsRef)
  if (!fiber.getRef(HeardRef)) return seams
  const parts: Array<Listener> = seams.listener === undefined ? [] : [seams.listener]
  // what has such a key is a listener
  for (const [key, given] of fiber.context.mapUnsafe) if (key.startsWith(prefix)) parts.push(given as Listener)
  return { host: seams.host, listener: parts.reduce(both), parts }
}

/** Those of a run that is known from outside. */
const knownBy = (known: Registered, { host, listener, parts }: Seams): Seams => ({
  host,
  listener: listener === undefined ? known : first(known, listener),
  parts: parts ?? (listener === undefined ? [] : [listener]),
  known
})

/**
 * Who knows the run is told first of what starts, and last of what ends; but first of the end of the run: who hears of that can
 * do nothing to it any more.
 */
const first = (known: Registered, listener: Listener): Listener => ({
  ...both(known, listener),
  ended: (span, exit, number, ended) => {
    const isRun = span._tag === "Run"
    if (isRun) tell(() => known.ended(span, exit, number, ended))
    tell(() => listener.ended(span, exit, number, ended))
    if (!isRun) tell(() => known.ended(span, exit, number, ended))
  }
})

/** The seams of a run that starts on a fiber, and that may be known from outside. */
export const forRun = (fiber: AnyFiber): Seams => {
  const known = enlist(fiber)
  return known === undefined ? of(fiber) : knownBy(known, of(fiber))
}

/** The states of a run whose Layers have been built: listeners among these are told of it from here on. */
export const adopt = (
  run: Run,
  around: Context.Context<never>,
  fiber: AnyFiber,
  states: () => AnyEffect
): AnyEffect => {
  const found = of(fiber)
  const { listener, parts } = found
  const { known: knownBefore, parts: before = [run.listener] } = run.seams
  // who knows the run may be among its Layers, too
  const known = knownBefore ?? enlist(fiber)
  // listeners come, and none goes
  const isSame = listener === undefined || (parts ?? [listener]).every((part) => before.includes(part))
  if (known === knownBefore && isSame) return states()
  const all = { ...found, host: run.host }
  run.seams = known === undefined ? all : knownBy(known, all)
  const refused = knownBefore === undefined ? known?.register(run, fiber) : undefined
  if (refused !== undefined) return Exit.fail(refused)
  // who has been told of the run before knows that
  const body = Effect.suspend(states)
  return told(
    run.listener!,
    run,
    { _tag: "Run", run, around },
    known === undefined || knownBefore !== undefined ? body : known.apart(body)
  )
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
  noted: (note, number) => {
    tell(() => one.noted?.(note, number))
    tell(() => other.noted?.(note, number))
  },
  services: (span, around) => inside(other, span, inside(one, span, around))
})
