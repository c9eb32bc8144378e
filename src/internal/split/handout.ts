/**
 * Places that are given to the slots of one split: some are on their way to a slot that the worker has yet to start, some
 * are held, and slots without one wait. It lives as long as its split, and only its own methods change it.
 */
import * as Effect from "effect/Effect"
import type { AnyEffect } from "../fibers/any.ts"
import { Line } from "../fibers/line.ts"
import { Waiter } from "../fibers/waiter.ts"
import type { Bounded } from "./join.ts"
import * as outbox from "./outbox.ts"
import type { Holder, Place, Places } from "./places.ts"

interface Waiting {
  readonly slot: Holder
  readonly waiter: Waiter
}

export class Handout {
  /** Places for slots that the worker has yet to start. */
  coming = 0
  /** Places that slots have. */
  held = 0
  readonly #waiting = new Line<Waiting>()
  readonly #join: Bounded
  readonly #makePlace: () => Place
  constructor(join: Bounded, makePlace: () => Place) {
    this.#join = join
    this.#makePlace = makePlace
  }

  /** While outcomes wait for an observer no further branch is started. */
  get isStopped(): boolean {
    const to = this.#join.outbox
    return to !== undefined && outbox.isFull(to)
  }

  /** Branches without a place. A lazy list has at least one until it has been read to its end. */
  get missing(): number {
    const { coming, held } = this
    const { cursor, decision } = this.#join
    if (!cursor.hasMore) return 0
    if (cursor.iterator !== undefined) return 1
    // places in which no branch runs yet; of those there may be more than branches
    const free = coming + held - decision.running
    return Math.max(cursor.known - cursor.started - free, 0)
  }

  /** Whether there is something to do for one more place. */
  wants(): boolean {
    return this.missing > 0 && !this.isStopped
  }

  /** A place, for the slot that has waited longest. */
  give(): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) {
      this.coming++
      // the worker starts it, so that it is a fiber of this split and of nobody else's
      this.#join.crew.poke()
    } else {
      waiting.slot.place = this.#hold()
      waiting.waiter.wake()
    }
  }

  #hold(): Place {
    this.held++
    return this.#makePlace()
  }

  /** A slot without a place asks for one that is on its way. */
  claim(): Place | undefined {
    if (this.coming === 0) return undefined
    this.coming--
    return this.#hold()
  }

  /** A place for a slot that the worker is about to start. */
  expect(): void {
    this.coming++
  }

  /** A slot gives its place up. */
  drop(slot: Holder): void {
    slot.place = undefined
    this.held--
  }

  /** A slot passes its place on to the one that the worker starts in its stead. */
  passOn(slot: Holder): void {
    this.drop(slot)
    this.coming++
  }

  /** A slot is about to take a branch: what it waits for first, while those whose places they are ask for one more. */
  admit(slot: Holder, places: Pick<Places, "request" | "vacate">): AnyEffect | undefined {
    if (!this.isStopped) slot.place ??= this.claim()
    else places.vacate(slot, false)
    if (slot.place !== undefined) return undefined
    const waiter = new Waiter(this.#join.home)
    const entry = this.#waiting.push({ slot, waiter })
    places.request()
    return Effect.onInterrupt(waiter.wait, () => Effect.sync(() => this.#waiting.remove(entry)))
  }

  /** Takes back what is on its way, and answers how much that was. */
  withdraw(): number {
    const { coming } = this
    this.coming = 0
    return coming
  }

  /** Takes what is held back from slots that have ended without a word, and answers how much that was. */
  forfeit(): number {
    const { held } = this
    this.held = 0
    return held
  }

  /** Lets all go on that wait. */
  wake(): void {
    for (let waiting = this.#waiting.shift(); waiting !== undefined; waiting = this.#waiting.shift()) {
      waiting.waiter.wake()
    }
  }
}
