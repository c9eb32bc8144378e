/**
 * Those who read what happens as a stream, each from when it begins to, with a mailbox of its own: none can slow down whoever
 * tells it. It lives until it is ended, and the streams with it.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Mailbox, Room } from "./mailbox.ts"
import * as mailboxes from "./mailbox.ts"
import { warnIn } from "./warn.ts"

/** A mailbox, and how much of what it has dropped its reader has been told. */
interface Reader<A> {
  readonly mailbox: Mailbox<A>
  told: number
}

interface Settings<A> extends Room {
  /** What is told: "run events", say. */
  readonly what: string
  /** What a reader is told in the place of so many that it has lost; left out: nothing. */
  readonly lost?: (count: number) => A
}

export class Readers<A> {
  readonly #settings: Settings<A>
  readonly #services: Context.Context<never>
  readonly #readers = new Set<Reader<A>>()
  #isOver = false
  /** How many have found no room with a reader. */
  dropped = 0
  /** The log is that of the services. */
  constructor(settings: Settings<A>, services: Context.Context<never>) {
    this.#settings = settings
    this.#services = services
  }

  tell(one: A): void {
    for (const reader of this.#readers) {
      const { mailbox } = reader
      if (!mailbox.isFull) this.#tellLost(reader)
      if (mailbox.offer(one)) continue
      if (this.dropped++ > 0) continue
      const sentence =
        `a reader of ${this.#settings.what} is too slow: the first event has found no room and is dropped`
      warnIn(this.#services, sentence)
    }
  }

  #tellLost(reader: Reader<A>): void {
    const { mailbox } = reader
    const count = mailbox.dropped - reader.told
    const { lost } = this.#settings
    if (count === 0 || lost === undefined) return
    reader.told = mailbox.dropped
    mailbox.offer(lost(count))
  }

  /** Readers get what is kept for them, and their streams end. */
  end(): void {
    this.#isOver = true
    for (const { mailbox } of this.#readers) mailbox.end()
    this.#readers.clear()
  }

  readonly #reader = Effect.acquireRelease(
    Effect.map(
      Effect.suspend(() => mailboxes.make<A>(this.#settings)),
      (mailbox) => {
        const reader: Reader<A> = { mailbox, told: 0 }
        if (this.#isOver) mailbox.end()
        else this.#readers.add(reader)
        return reader
      }
    ),
    (reader) => Effect.sync(() => this.#readers.delete(reader))
  )

  readonly stream: Stream.Stream<A> = Stream.unwrap(
    Effect.map(this.#reader, (reader) => Stream.concat(Stream.fromQueue(reader.mailbox.queue), this.#last(reader)))
  )

  /** What was lost last had nothing after it with which to be told. */
  #last(reader: Reader<A>): Stream.Stream<A> {
    return Stream.suspend(() => {
      const count = reader.mailbox.dropped - reader.told
      const { lost } = this.#settings
      return count === 0 || lost === undefined ? Stream.empty : Stream.succeed(lost(count))
    })
  }
}
