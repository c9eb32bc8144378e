/**
 * Whether a function that somebody has given has returned what it should, asked each time it is called. What it should not
 * is a defect: an Error, thrown where the function was called, which says who returned what, and what is expected.
 */
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Predicate from "effect/Predicate"
import { attempt, describe, show } from "./describe.ts"

/** The defect of a function that has returned `u`. */
export const unexpected = (who: string, name: string, u: unknown, expected: string): TypeError => {
  const what = isPromise(u) ? "a Promise, for which nobody waits" : show(u)
  return new TypeError(`${who}: ${name} returned ${what}; it must return ${expected}`)
}

/** Whether it is a Promise. Nobody will look at it, and a rejection that nobody looks at ends the process. */
export const isPromise = (u: unknown): boolean => caught(u, constVoid)

/** The same, for who wants to know of a rejection. */
export const caught = (u: unknown, rejected: (reason: unknown) => void): boolean =>
  attempt(() => {
    if (!Predicate.isPromiseLike(u)) return false
    u.then(constVoid, rejected)
    return true
  }) ?? false

/** What to do with a value that has still to be awaited. */
export const hint = (u: unknown): string =>
  isPromise(u) ? "; wrap it in Effect.promise or Effect.tryPromise, where an Effect may be given" : ""

/** What is said of it where something else was expected: a Promise is refused with it, and so nobody's from then on. */
export const described = (u: unknown): string => {
  isPromise(u)
  return describe(u)
}

/** What a predicate has returned: a Promise would be true, nothing would be false. */
export const boolean = (who: string, name: string, u: unknown): boolean => {
  if (typeof u === "boolean") return u
  throw unexpected(who, name, u, "true or false")
}

/** A state of a fold, which may be whatever is there: `undefined` is one, too. */
export const state = (who: string, name: string, u: unknown): unknown => {
  if (isPromise(u)) throw unexpected(who, name, u, "a state that is there")
  return u
}

/** What is to be run: at a value that is no Effect the fiber would end as a whole, past every finalizer. */
export const effect = <A, E, R>(who: string, name: string, u: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  if (Effect.isEffect(u)) return u
  throw unexpected(who, name, u, "an Effect")
}
