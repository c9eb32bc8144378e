/**
 * Whether a function that somebody has given has returned what it should, asked each time it is called. What it should not
 * is a defect: an Error, thrown where the function was called, which says who returned what, and what is expected.
 */
import * as Formatter from "effect/Formatter"
import { constVoid } from "effect/Function"
import * as Predicate from "effect/Predicate"

/** The defect of a function that has returned `u`. */
export const unexpected = (who: string, name: string, u: unknown, expected: string): TypeError => {
  // nobody will look at it, and a rejection that nobody looks at ends the process
  if (Predicate.isPromiseLike(u)) u.then(constVoid, constVoid)
  return new TypeError(`${who}: ${name} returned ${describe(u)}; it must return ${expected}`)
}

const describe = (u: unknown): string =>
  Predicate.isPromiseLike(u) ? "a Promise, for which nobody waits" : Formatter.format(u)

/** What a predicate has returned: a Promise would be true, nothing would be false. */
export const boolean = (who: string, name: string, u: unknown): boolean => {
  if (typeof u === "boolean") return u
  throw unexpected(who, name, u, "true or false")
}

/** A state of a fold, which may be whatever is there: `undefined` is one, too. */
export const state = (who: string, name: string, u: unknown): unknown => {
  if (Predicate.isPromiseLike(u)) throw unexpected(who, name, u, "a state that is there")
  return u
}
