/**
 * Why the ticks of a flow do not fire: it is paused, has tripped, or backs off after a failure. It lives as long as the flow is
 * in a scheduler.
 */
import type * as Context from "effect/Context"
import type * as Exit from "effect/Exit"
import type * as Scheduler from "../../Scheduler.ts"
import { attempt } from "../check/describe.ts"
import type { Definition } from "./definition.ts"
import { stepper } from "./verdict.ts"

export class Gate {
  paused: { readonly since: number; readonly note: string | undefined; readonly cursor: number } | undefined
  trippedAt: number | undefined
  /** Until when it backs off: for ever, while nobody knows. */
  until: number | undefined
  /** Failures since the last success, of a run that was begun after them. */
  streak = 0
  /** All that have counted. */
  failures = 0
  /** Steps the Schedule of the definition. */
  #backoff: ReturnType<typeof stepper> | undefined

  define({ backoff }: Definition, services: Context.Context<unknown>): void {
    this.#backoff = backoff === undefined ? undefined : stepper(backoff, services)
    // whoever was to say it is not asked any more
    if (this.until === Infinity) this.until = undefined
  }

  /** Why a tick does not fire. */
  closed(now: number): "Paused" | "Tripped" | "BackingOff" | undefined {
    return this.paused !== undefined ? "Paused" : this.failing(now)
  }

  /** Why a tick does not fire that no pause keeps. */
  failing(now: number): "Tripped" | "BackingOff" | undefined {
    if (this.trippedAt !== undefined) return "Tripped"
    return this.until !== undefined && this.until > now ? "BackingOff" : undefined
  }

  /** Until when it backs off, where that is known. */
  get least(): number {
    return this.until === undefined || this.until === Infinity ? -Infinity : this.until
  }

  /**
   * A run has succeeded that began after so many failures. Those that came since then are no older than it, and it says
   * nothing of them; a flow that has tripped is reset by hand.
   */
  succeeded(failures: number): boolean {
    const since = this.failures - failures
    if (this.trippedAt !== undefined || since >= this.streak) return false
    if (since === 0) this.forget()
    else this.streak = since
    return since === 0
  }

  /** A run has failed, of the definition that is in use or of another. Calls back when that has changed why ticks do not fire. */
  failed(
    counts: Definition["counts"],
    trip: number,
    isOwn: boolean,
    { cause }: Exit.Failure<unknown, unknown>,
    now: number,
    changed: (tripped: boolean) => void
  ): void {
    // a test that throws is no excuse for a failure
    if (counts !== undefined && attempt(() => counts(cause as never)) === false) return
    this.streak++
    this.failures++
    const end = () => {
      if (this.trippedAt !== undefined) return
      this.trippedAt = now
      changed(true)
    }
    if (this.streak >= trip) return end()
    // a Schedule takes the causes of its own flow
    if (this.#backoff === undefined || !isOwn) return
    const backoff = this.#backoff
    this.until = Infinity
    backoff.step(now, cause, (delay) => {
      // a reset, a success or another definition was faster
      if (this.until !== Infinity || this.#backoff !== backoff) return
      this.until = undefined
      if (delay === undefined) return end()
      this.until = now + delay
      changed(false)
    })
  }

  /** As a store has it; what is about to be known here is kept. */
  restore(given: Pick<Gate, "paused" | "streak" | "trippedAt" | "until">, now: number): void {
    const { paused, streak, trippedAt, until } = given
    this.paused = paused
    this.streak = streak
    this.trippedAt = trippedAt
    if (this.until !== Infinity) this.until = until !== undefined && until > now ? until : undefined
  }

  forget(): void {
    this.streak = 0
    this.until = this.trippedAt = undefined
    this.#backoff?.restart()
  }

  /** The clock was set back, and a backoff is a time, and no instant. */
  stepped(by: number): void {
    if (this.until !== undefined) this.until -= by
  }

  status(now: number, rest: () => Scheduler.Status): Scheduler.Status {
    const { paused, streak, trippedAt, until } = this
    if (paused !== undefined) return { _tag: "Paused", since: paused.since, note: paused.note }
    if (trippedAt !== undefined) return { _tag: "Tripped", since: trippedAt, streak }
    if (until !== undefined && until > now) return { _tag: "BackingOff", until, streak }
    return rest()
  }
}
