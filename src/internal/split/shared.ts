/**
 * The places of a split on a bulkhead that it shares. A slot of such a split has a place or waits for one; so whoever waits
 * for something other than its branch holds no place (I7). They live as long as their split, and are given back by then.
 */
import type * as Clock from "effect/Clock"
import type { Hold } from "../bulkhead/hold.ts"
import type { Client, Pool } from "../bulkhead/pool.ts"
import type { AnyEffect } from "../fibers/any.ts"
import type { Entry } from "../fibers/line.ts"
import { Handout } from "./handout.ts"
import type { Bounded } from "./join.ts"
import type { Holder, Place, Places } from "./places.ts"

/** Branches in a row that take less than a millisecond together, while others wait. */
const mostInTurn = 16

export class Shared implements Places, Client {
  readonly most = Number.POSITIVE_INFINITY
  readonly beside: undefined
  /** Where it stands in the line of the bulkhead. */
  entry: Entry<Client> | undefined
  /** How many of its branches the bulkhead counts as waiting. */
  #counted = 0
  readonly #join: Bounded
  readonly #pool: Pool
  readonly #clock: Clock.Clock
  readonly #handout: Handout
  /** What its branches are known by as holders of places. */
  readonly #hold: Hold
  constructor(join: Bounded, pool: Pool, clock: Clock.Clock, hold: Hold) {
    this.#join = join
    this.#pool = pool
    this.#clock = clock
    this.#hold = hold
    this.#handout = new Handout(join, () => ({ since: clock.currentTimeMillisUnsafe(), turn: 0 }))
  }

  wants(): boolean {
    return this.#handout.wants()
  }

  take(): void {
    this.#handout.give()
    this.#recount()
    if (this.wants()) this.#pool.queue(this)
  }

  /** What waits has changed. */
  #recount(): void {
    const { missing } = this.#handout
    this.#pool.waiting += missing - this.#counted
    this.#counted = missing
  }

  /** Takes the places that are free; for the rest the split waits in the line. */
  open(width: number): void {
    const handout = this.#handout
    while (handout.coming < width && this.#pool.claim()) handout.expect()
    this.request()
  }

  request(): void {
    this.#recount()
    if (!this.wants()) return
    this.#pool.queue(this)
    this.#pool.serve()
  }

  isDue(): boolean {
    return this.#handout.coming > 0
  }

  claim(): Place | undefined {
    return this.#handout.claim()
  }

  admit(slot: Holder): AnyEffect | undefined {
    return this.#handout.admit(slot, this)
  }

  started(): void {
    this.#pool.started++
    this.#recount()
  }

  /** A slot may keep its place for the next branch while nobody else waits, or as long as its branches take no time. */
  ended(slot: Holder): void {
    const pool = this.#pool
    const place = slot.place!
    if (this.#join.cursor.hasMore && !pool.isOverfull && !this.#handout.isStopped) {
      if (!pool.othersWait(this)) return
      // to hand over costs as much as some branches that do next to nothing
      if (++place.turn < mostInTurn && this.#clock.currentTimeMillisUnsafe() === place.since) return
    }
    this.#giveUp(slot)
  }

  #giveUp(slot: Holder): void {
    this.#handout.drop(slot)
    this.#pool.giveBack(1)
    // its slot may end, and the branch that it would have run waits again
    this.request()
  }

  vacate(slot: Holder, goesOn: boolean): void {
    if (slot.place === undefined) return
    if (goesOn) this.#handout.passOn(slot)
    else this.#giveUp(slot)
  }

  /** Places without a slot are given back. */
  release(): void {
    const pool = this.#pool
    pool.leave(this)
    const unused = this.#handout.withdraw()
    this.#recount()
    if (unused > 0) pool.giveBack(unused)
  }

  leave(): void {
    this.release()
    this.#handout.wake()
  }

  close(): void {
    this.leave()
    this.#hold.end()
    const lost = this.#handout.forfeit()
    if (lost > 0) this.#pool.giveBack(lost)
  }

  concluded(): undefined {}
}
