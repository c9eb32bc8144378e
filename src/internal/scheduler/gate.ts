/**
 * Why the ticks of a flow do not fire: it is paused, has tripped, or backs off after a failure. It lives as long as the flow is
 * in a scheduler.
 */
import type * as Scheduler from "../../Scheduler.ts"

export class Gate {
  paused: { readonly since: number; readonly note: string | undefined; readonly cursor: number | undefined } | undefined
  trippedAt: number | undefined
  /** Until when it backs off: for ever, while nobody knows. */
  until: number | undefined
  /** Failures since the last success. */
  streak = 0

  /** Why a tick does not fire. */
  closed(now: number): "Paused" | "Tripped" | "BackingOff" | undefined {
    if (this.paused !== undefined) return "Paused"
    if (this.trippedAt !== undefined) return "Tripped"
    return this.until !== undefined && this.until > now ? "BackingOff" : undefined
  }

  forget(): void {
    this.streak = 0
    this.until = this.trippedAt = undefined
  }

  status(now: number, rest: () => Scheduler.Status): Scheduler.Status {
    const { paused, streak, trippedAt, until } = this
    if (paused !== undefined) return { _tag: "Paused", since: paused.since, note: paused.note }
    if (trippedAt !== undefined) return { _tag: "Tripped", since: trippedAt, streak }
    if (until !== undefined && until > now) return { _tag: "BackingOff", until, streak }
    return rest()
  }
}
