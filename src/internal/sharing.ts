/**
 * A split on a bulkhead that it shares: the places it has been given, and the slots that wait for one. Slots do not wait
 * for their turn one by one; a slot that has lost its place to another split is parked, and the next place wakes it.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { AnyEffect, Join, Place } from "./join.ts"
import { hasMore } from "./join.ts"
import type { Client, Pool } from "./pool.ts"

/** Branches in a row that take less than a millisecond together, while others wait. */
const mostInTurn = 16

type Resume = (effect: Effect.Effect<void>) => void

export class Sharing implements Client {
  readonly join: Join
  readonly pool: Pool
  readonly clock: Clock.Clock
  /** Starts a slot, outside of the `forEach`. */
  readonly spawn: () => void
  /** Places on their way to a slot. */
  coming = 0
  /** Places that slots have. */
  held = 0
  readonly parked: Array<Resume> = []
  /** Wakes the worker when it waits for a slot. */
  wake: Resume | undefined
  constructor(join: Join, pool: Pool, clock: Clock.Clock, spawn: () => void) {
    this.join = join
    this.pool = pool
    this.clock = clock
    this.spawn = spawn
  }

  wants(): boolean {
    return hasMore(this.join) && this.waiting() > 0
  }

  waiting(): number {
    const { coming, join } = this
    if (!hasMore(join)) return 0
    // a lazy list has at least one branch until it has been read to its end
    return join.iterator === undefined ? join.items.length - join.started - coming : 2
  }

  take(): void {
    this.coming++
    const resume = this.parked.pop()
    // not on the stack of whoever has given the place back
    if (resume !== undefined) return resume(Effect.yieldNow)
    this.spawn()
    this.wake?.(Exit.void)
  }

  /** The places that are free when the split is entered, at most `width`; for the rest it waits in the line. */
  enter(width: number): number {
    while (this.coming < width && this.pool.claim()) this.coming++
    return this.coming
  }

  request(): void {
    if (!this.wants()) return
    this.pool.line.add(this)
    this.pool.serve()
  }

  /** A slot asks for a place. */
  claim(): Place | undefined {
    if (this.coming === 0) return undefined
    this.coming--
    this.held++
    return { since: this.clock.currentTimeMillisUnsafe(), turn: 0 }
  }

  /** A slot's branch has ended: whether it may keep its place for the next one. */
  keep(place: Place, _index: number, _failed: boolean): Place | undefined {
    const { clock, join, pool } = this
    if (hasMore(join) && !pool.isOverfull) {
      if (!pool.othersWait(this)) return place
      // to hand over costs as much as some branches that do next to nothing
      if (++place.turn < mostInTurn && clock.currentTimeMillisUnsafe() === place.since) return place
    }
    this.giveUp()
    return undefined
  }

  giveUp(): void {
    this.held--
    this.pool.giveBack(1)
  }

  /** A slot passes its place on to the one that takes over from it. */
  passOn(): void {
    this.held--
    this.coming++
  }

  park(): AnyEffect {
    return Effect.callback<void>((resume) => {
      this.parked.push(resume)
      return Effect.sync(() => {
        const place = this.parked.indexOf(resume)
        if (place >= 0) this.parked.splice(place, 1)
      })
    })
  }

  /** Nothing is left to start, now or ever: nobody waits any more. */
  leave(): void {
    const { coming, parked, pool } = this
    pool.line.delete(this)
    this.coming = 0
    for (const resume of parked.splice(0)) resume(Effect.yieldNow)
    this.wake?.(Exit.void)
    if (coming > 0) pool.giveBack(coming)
  }

  /** Waits until there is a slot to wait for, or nothing left to start. */
  idle(): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (!hasMore(this.join)) return resume(Exit.void)
      this.wake = (effect) => {
        this.wake = undefined
        resume(effect)
      }
    })
  }

  /** The split has ended: what its slots have lost on their way is given back. */
  close(): void {
    this.leave()
    const { held } = this
    this.held = 0
    if (held > 0) this.pool.giveBack(held)
  }
}
