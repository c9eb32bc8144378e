/**
 * Letters that can't be read yet. One is held back, and with it those that have come to its run behind it, until it can be: a
 * run is given its letters in their order. It lives as long as the journal that it is of.
 */
import * as Effect from "effect/Effect"
import type { Claimed, JournalError, Letter, Received, Service } from "../../journal.ts"
import type { PayloadError } from "./error.ts"

type Read = (letter: Received) => Effect.Effect<Received, PayloadError>

/** What somebody is told who asks for letters. */
export interface News {
  readonly cursor: number
  readonly letters: ReadonlyArray<Received>
}

/** As many letters of a run as can be read, in their order, and the others. */
interface Part {
  readonly read: ReadonlyArray<Received>
  readonly rest: ReadonlyArray<Received>
  readonly why: PayloadError | undefined
}

export class Held {
  readonly #store: Service
  readonly #read: Read
  /** By runner, and by run. */
  readonly #letters = new Map<string, ReadonlyMap<string, ReadonlyArray<Received>>>()
  /** Those that a runner was given last: once more, as nobody knows whether that answer has reached him. */
  readonly #given = new Map<string, ReadonlyArray<Received>>()
  constructor(store: Service, read: Read) {
    this.#store = store
    this.#read = read
  }

  /** News of the store for a runner: what can be read of it, and of what was held. */
  receive(runner: string, news: News): Effect.Effect<News, JournalError> {
    const held = this.#letters.get(runner)
    const given = this.#given.get(runner) ?? []
    if (held === undefined && given.length === 0 && news.letters.length === 0) return Effect.succeed(news)
    return Effect.gen({ self: this }, function*() {
      const before = yield* this.#owned(runner, held)
      const queues = new Map<string, Array<Received>>()
      for (const letter of [...given, ...before, ...news.letters]) {
        const queue = queues.get(letter.runId)
        if (queue === undefined) queues.set(letter.runId, [letter])
        // it may have been given before
        else if (letter.seq > queue.at(-1)!.seq) queue.push(letter)
      }
      const parts = yield* Effect.forEach(queues.values(), (queue) => this.#part(queue), { concurrency: "unbounded" })
      for (const { rest, why } of parts) if (!before.includes(rest[0]!)) yield* told(why)
      return this.#settled(runner, news, given, before, parts)
    })
  }

  /** In one step: who is interrupted before has changed nothing. */
  #settled(
    runner: string,
    { cursor, letters }: News,
    given: ReadonlyArray<Received>,
    before: ReadonlyArray<Received>,
    parts: ReadonlyArray<Part>
  ): News {
    const rests = parts.flatMap(({ rest }) => rest.length === 0 ? [] : [[rest[0]!.runId, rest] as const])
    if (rests.length === 0) this.#letters.delete(runner)
    else this.#letters.set(runner, new Map(rests))
    const read = new Map(parts.flatMap(({ read }) => read).map((letter) => [nameOf(letter), letter]))
    const take = (letters: ReadonlyArray<Received>) =>
      letters.flatMap((letter) => {
        const found = read.get(nameOf(letter))
        return found !== undefined && read.delete(nameOf(letter)) ? [found] : []
      })
    const again = take(given)
    const old = take(before)
    // the news are told again by the store to who asks with the same cursor
    if (old.length === 0) this.#given.delete(runner)
    else this.#given.set(runner, old)
    return { cursor, letters: [...again, ...old, ...take(letters)] }
  }

  /** A run that a runner has taken: its letters as far as they can be read, and as if no other one had been sent. */
  claim(runner: string, claim: Claimed): Effect.Effect<Claimed> {
    const { head, letters } = claim
    const { runId } = head
    const before = this.#letters.get(runner)
    if (before?.has(runId) !== true && letters.length === 0) return Effect.succeed(claim)
    const claimed = (read: ReadonlyArray<Letter>, first: Letter | undefined): Claimed => ({
      ...claim,
      head: first === undefined ? head : { ...head, sent: first.seq - 1 },
      letters: read
    })
    return Effect.flatMap(this.#part(letters.map((letter) => ({ ...letter, runId }))), ({ read, rest, why }) => {
      const all = new Map(this.#letters.get(runner))
      if (rest.length === 0) all.delete(runId)
      else all.set(runId, rest)
      if (all.size === 0) this.#letters.delete(runner)
      else this.#letters.set(runner, all)
      return Effect.as(told(why), claimed(read.map(({ runId: _, ...letter }) => letter), rest[0]))
    })
  }

  forget(runner: string): void {
    this.#letters.delete(runner)
    this.#given.delete(runner)
  }

  /** Those that are held, of runs that the runner still has. */
  #owned(
    runner: string,
    held: ReadonlyMap<string, ReadonlyArray<Received>> | undefined
  ): Effect.Effect<ReadonlyArray<Received>, JournalError> {
    return Effect.map(
      Effect.forEach(
        held ?? [],
        ([runId, letters]) => Effect.map(this.#store.show(runId), (head) => head?.owner === runner ? letters : [])
      ),
      (all) => all.flat()
    )
  }

  #part(letters: ReadonlyArray<Received>): Effect.Effect<Part> {
    return Effect.gen({ self: this }, function*() {
      const read: Array<Received> = []
      let why: PayloadError | undefined
      for (const letter of letters) {
        const found = yield* Effect.match(this.#read(letter), {
          onSuccess: (letter) => letter,
          onFailure: (error) => void (why = error)
        })
        if (found === undefined) break
        read.push(found)
      }
      return { read, rest: letters.slice(read.length), why }
    })
  }
}

const told = (why: PayloadError | undefined): Effect.Effect<void> =>
  why === undefined ? Effect.void : Effect.logWarning(`not delivered yet: ${why.message}`)

const nameOf = ({ runId, seq }: Received): string => `${seq} ${runId}`
