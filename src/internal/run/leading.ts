/**
 * Effects that are nothing but a wait until it is over: for a signal, or an instant. Who cuts one off while it waits has lost
 * nothing, and runs it again later. Marks last as long as the Effects.
 */
import * as Predicate from "effect/Predicate"

const waits = new WeakSet<object>()

/** Marks an Effect that does nothing but wait. */
export const mark = <A extends object>(wait: A): A => {
  waits.add(wait)
  return wait
}

/** What an Effect of Effect itself does first, if it is made by `map`, `as`, `tap`, `flatMap`, `catch` or the like. */
const args = "~effect/Effect/args"
const identifier = "~effect/Effect/identifier"
const after: ReadonlySet<unknown> = new Set(["OnSuccess", "OnFailure", "OnSuccessAndFailure", "Match", "MatchCause"])

/** Whether an Effect waits before it does anything. One that can't be looked into does not. */
export const waitsFirst = (effect: unknown): boolean => {
  let at = effect
  while (Predicate.isObject(at)) {
    if (waits.has(at)) return true
    if (!Predicate.hasProperty(at, identifier) || !after.has(at[identifier]) || !Predicate.hasProperty(at, args)) {
      return false
    }
    at = at[args]
  }
  return false
}
