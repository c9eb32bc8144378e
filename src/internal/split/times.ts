/**
 * A recorder that gives each outcome its times, around the one that keeps them. It is made where a split is asked for times,
 * and lives as long as its split.
 */
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type { Outcome, SplitResult, Times } from "../../SplitResult.ts"
import type { AnyFiber } from "../fibers/any.ts"
import type { Ended, Lost, Recorder } from "./record.ts"

export class Timed implements Recorder {
  readonly #inner: Recorder
  readonly #clock: Clock.Clock
  /** When the split was entered, and so the branches of a list that was known then; and when others came. */
  readonly #entered: number
  readonly #known: number
  readonly #added: Array<number> = []
  /** Of branches that have not ended. */
  readonly #started = new Map<number, number>()
  /** Of losers, whose outcome may be another one in the result. */
  readonly #lost = new Map<number, Times>()
  constructor(inner: Recorder, known: number, home: AnyFiber) {
    this.#inner = inner
    this.#clock = home.getRef(Clock.Clock)
    this.#known = known
    this.#entered = this.#now
  }
  get #now(): number {
    return this.#clock.currentTimeMillisUnsafe()
  }
  #times(index: number, ended: number | undefined): Times {
    return {
      queued: index < this.#known ? this.#entered : this.#added[index - this.#known]!,
      started: this.#started.get(index),
      ended
    }
  }
  #stamp<O extends Lost | Outcome.Settled<unknown, unknown>>(outcome: O): O {
    const { index } = outcome
    const times = this.#times(index, this.#now)
    this.#started.delete(index)
    return Object.assign(outcome, { times })
  }
  #lose(outcome: Lost): Lost {
    const { index, times } = this.#stamp(outcome)
    this.#lost.set(index, times!)
    return outcome
  }
  started(index: number): void {
    this.#started.set(index, this.#now)
  }
  added(): void {
    this.#added.push(this.#now)
    this.#inner.added()
  }
  succeeded(index: number, value: unknown): Outcome.Settled<unknown, unknown> {
    return this.#stamp(this.#inner.succeeded(index, value))
  }
  failed(index: number, cause: Cause.Cause<unknown>): Outcome.Settled<unknown, unknown> {
    return this.#stamp(this.#inner.failed(index, cause))
  }
  lost(index: number, cause: Cause.Cause<unknown>): Lost {
    return this.#lose(this.#inner.lost(index, cause))
  }
  outlasted(index: number, value: unknown): Lost {
    return this.#lose(this.#inner.outlasted(index, value))
  }
  halt(): void {
    this.#inner.halt()
  }
  detach(started: number): void {
    this.#inner.detach(started)
  }
  abandon(cause: Cause.Cause<unknown>): void {
    this.#inner.abandon(cause)
  }
  result(ended: Ended): SplitResult<unknown, unknown> {
    const result = this.#inner.result(ended)
    // of those that did not start, and those that are detached, no outcome was made before
    const outcomes: ReadonlyArray<Outcome.Any<unknown, unknown>> = Object.values(result.outcomes ?? [])
    for (const outcome of outcomes) {
      if (outcome.times === undefined) {
        const { index } = outcome
        Object.assign(outcome, { times: this.#lost.get(index) ?? this.#times(index, undefined) })
      }
    }
    return result
  }
}
