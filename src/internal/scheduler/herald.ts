/**
 * Tells listeners and readers of all that a scheduler does and decides, until it has stopped. Nothing that they do changes
 * what it does: what a listener throws is told to the log, and a reader that is slow loses events, and is told how many.
 */
import type * as Context from "effect/Context"
import type * as Stream from "effect/Stream"
import type * as Scheduler from "../../Scheduler.ts"
import { guarded } from "../fibers/guarded.ts"
import { Readers } from "../fibers/readers.ts"

const words = {
  who: "a listener of a scheduler",
  effects: "read the events of the scheduler, and run it there"
}

/** Events that are kept for a reader. */
const capacity = 1024

export class Herald {
  readonly #listeners: ReadonlyArray<(event: Scheduler.Event) => void>
  readonly #readers: Readers<Scheduler.Event | Scheduler.Lost>
  /** The log is that of the services. */
  constructor(listeners: ReadonlyArray<(event: Scheduler.Event) => unknown>, services: Context.Context<never>) {
    this.#listeners = listeners.map((listener) => guarded(listener, words, services))
    this.#readers = new Readers<Scheduler.Event | Scheduler.Lost>(
      { capacity, full: "newest", what: "the events of a scheduler", lost: (count) => ({ _tag: "Lost", count }) },
      services
    )
  }

  tell(event: Scheduler.Event): void {
    for (const listener of this.#listeners) listener(event)
    this.#readers.tell(event)
  }

  /** Readers get what is kept for them, and their streams end. */
  end(): void {
    this.#readers.end()
  }

  get events(): Stream.Stream<Scheduler.Event | Scheduler.Lost> {
    return this.#readers.stream
  }
}
