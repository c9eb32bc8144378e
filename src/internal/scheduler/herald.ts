/**
 * Tells listeners and readers of all that a scheduler does and decides, until it has stopped. Nothing that they do changes
 * what it does: what a listener throws is dropped, and a reader that is slow loses events, and is told how many.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type * as Scheduler from "../../Scheduler.ts"
import { attempt } from "../check/describe.ts"
import { isPromise } from "../check/returned.ts"

type Event = Scheduler.Event | Scheduler.Lost
type Events = Queue.Queue<Event, Cause.Done>

/** Events that are kept for a reader. */
const mostKept = 1024

export class Herald {
  readonly #listeners: ReadonlyArray<(event: Scheduler.Event) => unknown>
  /** Each with what it has lost. */
  readonly #readers = new Map<Events, { lost: number }>()
  #isOver = false
  constructor(listeners: ReadonlyArray<(event: Scheduler.Event) => unknown>) {
    this.#listeners = listeners
  }

  tell(event: Scheduler.Event): void {
    // a Promise that rejects ends nothing either
    for (const listener of this.#listeners) attempt(() => isPromise(listener(event)))
    for (const [queue, reader] of this.#readers) {
      const { lost } = reader
      if (lost > 0 && !Queue.offerUnsafe(queue, { _tag: "Lost", count: lost })) reader.lost++
      else reader.lost = Queue.offerUnsafe(queue, event) ? 0 : 1
    }
  }

  /** Readers get what is kept for them, and their streams end. */
  end(): void {
    this.#isOver = true
    for (const queue of this.#readers.keys()) Queue.endUnsafe(queue)
    this.#readers.clear()
  }

  readonly events: Stream.Stream<Event> = Stream.suspend(() => {
    const reader = { lost: 0 }
    const kept = Stream.callback<Event>(
      (queue) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            if (this.#isOver) Queue.endUnsafe(queue)
            else this.#readers.set(queue, reader)
          }),
          () => Effect.sync(() => this.#readers.delete(queue))
        ),
      { bufferSize: mostKept, strategy: "dropping" }
    )
    // what was lost last had no event after it with which to be told
    const last = Stream.suspend(() =>
      reader.lost === 0 ? Stream.empty : Stream.make<[Event]>({ _tag: "Lost", count: reader.lost })
    )
    return Stream.concat(kept, last)
  })
}
