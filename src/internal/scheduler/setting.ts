/**
 * What the flows of a scheduler share. It lives as long as the scheduler.
 */
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Scheduler from "../../Scheduler.ts"
import type { Desks } from "./desk.ts"
import type { Hand } from "./hand.ts"
import type { Herald } from "./herald.ts"
import type { Run } from "./run.ts"

export interface Setting {
  readonly hand: Hand
  readonly herald: Herald
  /** Milliseconds. */
  readonly tolerance: number
  readonly claim: ((fire: Scheduler.Fire) => Effect.Effect<boolean>) | undefined
  /** Where flows are kept in a store. */
  readonly desks: Desks | undefined
  readonly error: (flow: string, reason: Scheduler.FlowError["reason"], detail?: string) => Scheduler.FlowError
  readonly ended: (
    run: Run,
    exit: Exit.Exit<unknown, unknown>,
    times: Pick<Scheduler.Ended<unknown, unknown>, keyof Scheduler.Fire | "started" | "ended">
  ) => Scheduler.Ended<unknown, unknown>
  /** A flow has nothing left to do. */
  readonly over: () => void
}
