/**
 * Tells listeners and readers of all that a scheduler does and decides, until it has stopped. Nothing that they do changes
 * what it does: what a listener throws is told to the log, and a reader that is slow loses events, and is told how many.
 *
 * H1. What happens as a whole is done before anybody is told of any of it.
 * H2. All are told of one event before anybody is told of the next: what a listener asks for is told after what it was told of.
 */
import type * as Context from "effect/Context"
import { identity } from "effect/Function"
import * as Result from "effect/Result"
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
  /** What has happened, and nobody was told of yet. */
  #news: Array<Scheduler.Event> = []
  /** How many wholes are in each other. */
  #depth = 0
  #isTelling = false
  /** The log is that of the services. */
  constructor(listeners: ReadonlyArray<(event: Scheduler.Event) => unknown>, services: Context.Context<never>) {
    this.#listeners = listeners.map((listener) => guarded(listener, words, services))
    this.#readers = new Readers<Scheduler.Event | Scheduler.Lost>(
      { capacity, full: "newest", what: "the events of a scheduler", lost: (count) => ({ _tag: "Lost", count }) },
      services
    )
  }

  tell(event: Scheduler.Event): void {
    this.#news.push(event)
    this.#pass()
  }

  /** H1 */
  whole<A>(happen: () => A): A {
    this.#depth++
    const done = Result.try({ try: happen, catch: identity })
    this.#depth--
    this.#pass()
    return Result.getOrThrowWith(done, identity)
  }

  /** H2 */
  #pass(): void {
    if (this.#depth > 0 || this.#isTelling) return
    this.#isTelling = true
    while (this.#news.length > 0) {
      const news = this.#news
      this.#news = []
      for (const event of news) {
        // guarded, so that nothing is thrown
        for (const listener of this.#listeners) listener(event)
        this.#readers.tell(event)
      }
    }
    this.#isTelling = false
  }

  /** Readers get what is kept for them, and their streams end. */
  end(): void {
    this.#readers.end()
  }

  get events(): Stream.Stream<Scheduler.Event | Scheduler.Lost> {
    return this.#readers.stream
  }
}
