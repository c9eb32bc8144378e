/**
 * The Layer of listeners: it makes those that have to be made, and puts a teller of all of them into the seams of the runs
 * inside of it. It lives as long as its scope, and so do effectful listeners.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type { Listener } from "../../RunEvent.ts"
import { show } from "../check/describe.ts"
import type * as listening from "../run/listener.ts"
import { both, SeamsRef } from "../run/seams.ts"
import { guarded } from "./guarded.ts"
import { Teller } from "./teller.ts"

export const layer = (
  given: ReadonlyArray<Listener | Effect.Effect<Listener, unknown, unknown>>
): Layer.Layer<never, unknown, unknown> =>
  Layer.effectContext(Effect.gen(function*() {
    const { host, listener: around } = yield* SeamsRef
    const listeners: Array<Listener> = []
    for (const one of given) {
      const made: unknown = Effect.isEffect(one) ? yield* one : one
      if (!Predicate.isFunction(made)) {
        return yield* Effect.die(new TypeError(`RunEvent.layer was given ${show(made)}; a listener is a function`))
      }
      // a function of an event, by its type
      listeners.push(yield* guarded(made as Listener))
    }
    const own: listening.Listener = new Teller(listeners)
    return Context.make(SeamsRef, { host, listener: around === undefined ? own : both(around, own) })
  })) as Layer.Layer<never, unknown, unknown>
