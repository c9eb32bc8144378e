/**
 * What waits for one who is told of it at a pace of its own: no more than there is room for, and the rest is counted. It lives
 * until it is ended; what waits then can still be read.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"

/** How much room there is, and which one is dropped where there is none. */
export interface Room {
  readonly capacity: number
  readonly full: "newest" | "oldest"
}

export class Mailbox<A> {
  readonly queue: Queue.Queue<A, Cause.Done>
  /** How many nobody will read: they have found no room, or have come after the end. */
  dropped = 0
  isOver = false
  readonly #room: Room
  constructor(queue: Queue.Queue<A, Cause.Done>, room: Room) {
    this.queue = queue
    this.#room = room
  }

  get isFull(): boolean {
    return Queue.sizeUnsafe(this.queue) >= this.#room.capacity
  }

  /** Answers whether nothing was dropped for it. */
  offer(one: A): boolean {
    const { queue } = this
    if (!this.isOver && !this.isFull) return Queue.offerUnsafe(queue, one)
    this.dropped++
    if (!this.isOver && this.#room.full === "oldest") {
      Queue.takeUnsafe(queue)
      Queue.offerUnsafe(queue, one)
    }
    return false
  }

  /** Who reads it gets what waits, and then the end. */
  end(): void {
    this.isOver = true
    Queue.endUnsafe(this.queue)
  }
}

export const make = <A>(room: Room): Effect.Effect<Mailbox<A>> =>
  Effect.map(Queue.unbounded<A, Cause.Done>(), (queue) => new Mailbox(queue, room))
