/**
 * The Layer of listeners: it makes those that have to be made, and puts a teller of all of them into the seams of the runs
 * inside of it. It lives as long as its scope, and so do effectful listeners.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type { Listener } from "../../RunEvent.ts"
import { show } from "../check/describe.ts"
import { guarded } from "../fibers/guarded.ts"
import * as seams from "../run/seams.ts"
import { Teller } from "./teller.ts"
import { words } from "./wing.ts"

export const layer = (
  given: ReadonlyArray<Listener | Effect.Effect<Listener, unknown, unknown>>
): Layer.Layer<never, unknown, unknown> =>
  Layer.effectContext(Effect.gen(function*() {
    if (!Array.isArray(given)) return yield* refused(given, "it takes an array of listeners")
    const services = yield* Effect.context<never>()
    const listeners: Array<Listener> = []
    // what is wrong is told before anything is made
    for (const one of given) {
      if (!Effect.isEffect(one) && !Predicate.isFunction(one)) return yield* refused(one, aListener)
    }
    for (const one of given) {
      const made: unknown = Effect.isEffect(one) ? yield* one : one
      if (!Predicate.isFunction(made)) return yield* refused(made, aListener)
      // a function of an event, by its type
      listeners.push(guarded(made as Listener, words, services))
    }
    return seams.giving(new Teller(listeners))
  })) as Layer.Layer<never, unknown, unknown>

const aListener = "a listener is a function of an event, or an Effect that makes one"

const refused = (given: unknown, expected: string): Effect.Effect<never> =>
  Effect.die(new TypeError(`RunEvent.layer was given ${show(given)}; ${expected}`))
