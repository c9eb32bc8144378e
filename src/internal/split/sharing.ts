/**
 * A split on a bulkhead that it shares: the places it has been given, and the slots that wait for one. A slot of such a
 * split has a place or is parked; so whoever waits for something other than its branch holds no place. It lives as long as
 * its split, and all its places are given back by then.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Hold } from "../bulkhead/hold.ts"
import type { Client, Pool } from "../bulkhead/pool.ts"
import type { Entry } from "../fibers/line.ts"
import { Line } from "../fibers/line.ts"
import { Waiter } from "../fibers/waiter.ts"
import { poke } from "./crew.ts"
import type { AnyEffect, Join, Place, Slot } from "./join.ts"
import { hasMore, known, running } from "./join.ts"
import * as outbox from "./outbox.ts"

/** Branches in a row that take less than a millisecond together, while others wait. */
const mostInTurn = 16

interface Parked {
  readonly slot: Slot
  readonly waiter: Waiter
}

export class Sharing implements Client {
  readonly join: Join
  readonly pool: Pool
  readonly clock: Clock.Clock
  entry: Entry<Client> | undefined
  /** Places for slots that the worker has yet to start. */
  coming = 0
  /** Places that slots have. */
  held = 0
  readonly parked = new Line<Parked>()
  /** How many of its branches the bulkhead counts as waiting. */
  #counted = 0
  /** What its branches are known by as holders of places. */
  readonly hold: Hold | undefined
  constructor(join: Join, pool: Pool, clock: Clock.Clock, hold: Hold | undefined) {
    this.join = join
    this.pool = pool
    this.clock = clock
    this.hold = hold
  }

  wants(): boolean {
    return this.#waiting() > 0 && !this.isStopped
  }

  /** While outcomes wait for an observer no further branch is started. */
  get isStopped(): boolean {
    const { outbox: to } = this.join
    return to !== undefined && outbox.isFull(to)
  }

  /** Branches without a place. A lazy list has at least one until it has been read to its end. */
  #waiting(): number {
    const { coming, held, join } = this
    if (!hasMore(join)) return 0
    if (join.iterator !== undefined) return 1
    // places in which no branch runs yet; of those there may be more than branches
    const free = coming + held - running(join)
    return Math.max(known(join) - join.started - free, 0)
  }

  /** What waits has changed. */
  recount(): void {
    const waiting = this.#waiting()
    this.pool.waiting += waiting - this.#counted
    this.#counted = waiting
  }

  take(): void {
    const parked = this.parked.shift()
    if (parked === undefined) {
      this.coming++
      // the worker starts it, so that it is a fiber of this split and of nobody else's
      poke(this.join)
    } else {
      parked.slot.place = this.place()
      parked.waiter.wake()
    }
    this.recount()
    if (this.wants()) this.pool.queue(this)
  }

  /** Takes the places that are free when the split is entered, at most `width`; for the rest it waits in the line. */
  enter(width: number): void {
    while (this.coming < width && this.pool.claim()) this.coming++
    this.request()
  }

  /** A branch has been started in a place. */
  started(): void {
    this.pool.started++
    this.recount()
  }

  /** There are branches that have no place, or there is room for their outcomes again. */
  request(): void {
    this.recount()
    if (!this.wants()) return
    this.pool.queue(this)
    this.pool.serve()
  }

  place(): Place {
    this.held++
    return { since: this.clock.currentTimeMillisUnsafe(), turn: 0 }
  }

  /** A slot without a place asks for one that is on its way. */
  claim(): Place | undefined {
    if (this.coming === 0) return undefined
    this.coming--
    return this.place()
  }

  /** A slot's branch has ended: whether it may keep its place for the next one. */
  keep(place: Place, _index: number, _failed: boolean): Place | undefined {
    const { clock, join, pool } = this
    if (hasMore(join) && !pool.isOverfull && !this.isStopped) {
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
    // its slot may end, and the branch that it would have run waits again
    this.request()
  }

  /** A slot passes its place on to the one that the worker starts in its stead. */
  passOn(): void {
    this.held--
    this.coming++
  }

  /** A slot waits for a place. */
  park(slot: Slot): AnyEffect {
    const waiter = new Waiter(this.join.home)
    const entry = this.parked.push({ slot, waiter })
    this.request()
    return Effect.onInterrupt(waiter.wait, () => Effect.sync(() => this.parked.remove(entry)))
  }

  /** There is nothing to start for now: places without a slot are given back. */
  release(): void {
    const { coming, pool } = this
    pool.leave(this)
    this.coming = 0
    this.recount()
    if (coming > 0) pool.giveBack(coming)
  }

  /** Nothing is left to start, now or ever: nobody waits any more. */
  leave(): void {
    this.release()
    for (let parked = this.parked.shift(); parked !== undefined; parked = this.parked.shift()) parked.waiter.wake()
  }

  /** The split has ended: what its slots have lost on their way is given back. */
  close(): void {
    this.leave()
    this.hold?.end()
    const { held } = this
    this.held = 0
    if (held > 0) this.pool.giveBack(held)
  }
}
