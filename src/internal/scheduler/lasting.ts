/**
 * A run that is driven by somebody else, and outlives whoever has started it: it is started if there is none of its id, and
 * awaited. It lives as long as it is awaited.
 */
import * as Effect from "effect/Effect"
import type * as Scheduler from "../../Scheduler.ts"
import type { AnyEffect } from "../fibers/any.ts"
import type { Run } from "./run.ts"

/** What a flow of such runs is made of. */
export interface Lasting {
  readonly start: (fire: Scheduler.Fire) => AnyEffect
  readonly await: (fire: Scheduler.Fire) => AnyEffect
  /** Until it has ended. */
  readonly cancel: (fire: Scheduler.Fire) => AnyEffect
}

/** One that was started is only awaited: it may have ended, and be gone, by now. */
export const body = (lasting: Lasting, run: Run, started: () => void): AnyEffect =>
  Effect.onInterrupt(
    run.isStarted ? lasting.await(run.fire) : Effect.flatMap(lasting.start(run.fire), () => {
      started()
      return lasting.await(run.fire)
    }),
    () => run.isLeft ? Effect.void : Effect.ignoreCause(lasting.cancel(run.fire))
  )
