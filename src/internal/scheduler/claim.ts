/**
 * Who starts the run of a tick, of several schedulers that share the flow: the one whose claim is the first. It lives as long as
 * the claim is asked.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Scheduler from "../../Scheduler.ts"
import { misfit } from "../check/describe.ts"
import type { AnyEffect } from "../fibers/any.ts"

/** The body of a run, if it is ours, and still to be started now. */
export const claimed = (
  claim: (fire: Scheduler.Fire) => Effect.Effect<boolean>,
  fire: Scheduler.Fire,
  ours: () => boolean,
  body: AnyEffect
): AnyEffect =>
  Effect.flatMap(Effect.suspend(() => claim(fire)), (isOurs) => {
    // a count of rows is no answer, and would be no for ever
    if (!Predicate.isBoolean(isOurs)) return Effect.die(new TypeError(misfit("what claim gives", isOurs, "a boolean")))
    return isOurs && ours() ? body : Effect.void
  })
