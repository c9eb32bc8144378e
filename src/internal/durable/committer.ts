/**
 * Group commit: what runs want written while others are being written goes into the next commit, all of it at once. One thing
 * is asked of the journal at a time, so that nobody takes a long line for a journal that does not answer. It lives as long as
 * the runner of a process, and has a fiber while there is something to write.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Append, Claim, Head, JournalError, NewRow, NewRun, Service as Journal } from "../../journal.ts"
import { later } from "../fibers/dispatcher.ts"
import { inTime } from "./patience.ts"

type Done<A> = (exit: Exit.Exit<A, JournalError>) => void

/** What somebody wants, who is told how that went. */
interface Wish<I, O> {
  readonly input: I
  readonly done: Done<O>
}

export interface Created {
  readonly head: Head
  readonly isNew: boolean
}

export class Committer {
  readonly #journal: Journal
  readonly #runner: string
  readonly #patience: Duration.Duration
  readonly #run: (effect: Effect.Effect<void>) => void
  #creates: Array<Wish<NewRun, Created>> = []
  #claims: Array<Wish<string, Claim>> = []
  #appends: Array<Wish<Append, boolean>> = []
  #isBusy = false
  constructor(
    journal: Journal,
    runner: string,
    patience: Duration.Duration,
    run: (effect: Effect.Effect<void>) => void
  ) {
    this.#journal = journal
    this.#runner = runner
    this.#patience = patience
    this.#run = run
  }

  /** Written, or fenced. */
  append(input: Append, done: Done<boolean>): void {
    this.#appends.push({ input, done })
    this.#start()
  }

  /** The same, for who waits for it. */
  write(input: Append): Effect.Effect<boolean, JournalError> {
    return this.#wished((done) => this.#appends.push({ input, done }))
  }

  create(input: NewRun): Effect.Effect<Created, JournalError> {
    return this.#wished((done) => this.#creates.push({ input, done }))
  }

  /** Who is interrupted meanwhile is told `late`, when it has been answered: what was asked for is done all the same. */
  claim(input: string, late: () => void): Effect.Effect<Claim, JournalError> {
    return this.#wished((done) => this.#claims.push({ input, done }), late)
  }

  #wished<A>(push: (done: Done<A>) => void, late: () => void = () => {}): Effect.Effect<A, JournalError> {
    return Effect.callback((resume) => {
      const fiber = Fiber.getCurrent()!
      let isGone = false
      push((exit) => isGone ? late() : later(fiber, () => resume(exit)))
      this.#start()
      return Effect.sync(() => {
        isGone = true
      })
    })
  }

  #start(): void {
    if (this.#isBusy) return
    this.#isBusy = true
    this.#run(this.#loop)
  }

  get #loop(): Effect.Effect<void> {
    return Effect.whileLoop({
      while: () => this.#isBusy = this.#creates.length + this.#claims.length + this.#appends.length > 0,
      // what is wished in the same turn is written with it
      body: () => Effect.andThen(Effect.yieldNow, Effect.suspend(() => this.#turn())),
      step: () => {}
    })
  }

  #turn(): Effect.Effect<void> {
    const creates = this.#creates
    const claims = this.#claims
    const appends = this.#appends
    this.#creates = []
    this.#claims = []
    this.#appends = []
    const groups = grouped(appends)
    return Effect.andThen(
      this.#ask("create", creates, (inputs) => this.#journal.create(inputs)),
      Effect.andThen(
        this.#ask("claim", claims, (inputs) => this.#journal.claim(inputs, this.#runner)),
        this.#ask("append", groups, (inputs) => this.#journal.append(inputs))
      )
    )
  }

  #ask<I, O>(
    operation: string,
    wishes: ReadonlyArray<Wish<I, O>>,
    f: (inputs: ReadonlyArray<I>) => Effect.Effect<ReadonlyArray<O>, JournalError>
  ): Effect.Effect<void> {
    if (wishes.length === 0) return Exit.void
    return Effect.map(
      Effect.exit(inTime(
        Effect.flatMap(
          Effect.suspend(() => f(wishes.map(({ input }) => input))),
          (all) =>
            Array.isArray(all) && all.length === wishes.length
              ? Effect.succeed<ReadonlyArray<O>>(all)
              : Effect.die(new TypeError(`it has not answered each of ${wishes.length} questions`))
        ),
        this.#patience,
        operation
      )),
      (exit) => {
        for (let i = 0; i < wishes.length; i++) wishes[i]!.done(Exit.map(exit, (all) => all[i]!))
      }
    )
  }
}

/** What one run has appended in several steps is one append. */
const grouped = (wishes: ReadonlyArray<Wish<Append, boolean>>): ReadonlyArray<Wish<Append, boolean>> => {
  const groups = new Map<string, Group>()
  for (const { done, input } of wishes) {
    const group = groups.get(input.runId)
    if (group === undefined) groups.set(input.runId, new Group(input, done))
    else group.add(input, done)
  }
  return [...groups.values()]
}

/** Grows in place: a split of many branches appends a row for each. */
class Group implements Wish<Append, boolean> {
  input: Append
  readonly #dones: Array<Done<boolean>>
  #rows: Array<NewRow> | undefined
  #takes: Array<Append["takes"][number]> = []
  constructor(input: Append, done: Done<boolean>) {
    this.input = input
    this.#dones = [done]
  }

  add({ head, rows, takes }: Append, done: Done<boolean>): void {
    const { input } = this
    if (this.#rows === undefined) {
      this.#rows = [...input.rows]
      this.#takes = [...input.takes]
      this.input = { ...input, rows: this.#rows, takes: this.#takes }
    }
    for (const row of rows) this.#rows.push(row)
    for (const take of takes) this.#takes.push(take)
    if (head !== undefined) this.input = { ...this.input, head: { ...this.input.head, ...head } }
    this.#dones.push(done)
  }

  readonly done: Done<boolean> = (exit) => {
    for (const done of this.#dones) done(exit)
  }
}
