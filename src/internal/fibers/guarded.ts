/**
 * A listener that can do no harm: what it throws, and a Promise that rejects, is dropped, and the log is told the first time.
 * It lives as long as its listener.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Result from "effect/Result"
import { caught } from "../check/returned.ts"
import { warnIn } from "./warn.ts"

/** What the log is told: "a listener of run events", and where an Effect is to be given instead. */
export interface Words {
  readonly who: string
  readonly effects: string
}

/** The log is that of the services. */
export const guarded = <Event extends { readonly _tag: string }>(
  listener: (event: Event) => unknown,
  { effects, who }: Words,
  services: Context.Context<never>
): (event: Event) => void => {
  let isTold = false
  const tell = (sentence: string, cause?: Cause.Cause<unknown>): void => {
    if (isTold) return
    isTold = true
    warnIn(services, `${who} ${sentence}`, cause)
  }
  return (event) => {
    const called = Result.try({ try: () => listener(event), catch: identity })
    if (Result.isFailure(called)) {
      return tell(`threw at ${event._tag}; nothing comes of it, now or later`, Cause.die(called.failure))
    }
    const returned = called.success
    // most return nothing
    if (returned === undefined) return
    if (Effect.isEffect(returned)) return tell(`returned an Effect, which nobody runs; ${effects}`)
    const sentence = `returned a Promise that has rejected, at ${event._tag}`
    caught(returned, (reason) => tell(sentence, Cause.die(reason)))
  }
}
