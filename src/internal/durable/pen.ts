/**
 * What writes the rows of one run: it knows the place of the next one. It lives as long as this process drives the run. When a
 * row can't be written, since somebody else has taken the run or the journal is gone, it is over for good: the run is broken
 * off from outside, and nobody is told of it as an outcome.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Head, HeadChange, JournalError, NewRow } from "../../journal.ts"
import { later } from "../fibers/dispatcher.ts"
import type { Committer } from "./committer.ts"

/** Why a run is driven no further here. */
export type Over =
  | { readonly _tag: "Fenced" }
  | { readonly _tag: "Journal"; readonly error: JournalError }
  | { readonly _tag: "Refused"; readonly error: unknown }
  | { readonly _tag: "Stopped" }
  /** It waits, and whoever finds that it is due takes it. */
  | { readonly _tag: "Parked" }
  /** It waits for an operator. */
  | { readonly _tag: "Stuck"; readonly of: "rollback" | "failure"; readonly cause: Cause.Cause<unknown> }
  /** An operator has ordered something for which it is taken anew. */
  | { readonly _tag: "Ordered" }

type Take = { readonly seq: number; readonly answer: string | undefined }

export class Pen {
  readonly runId: string
  /** When the run was made: another one of its id is not written to. */
  readonly createdAt: number
  /** How many bytes may be written of one value. */
  readonly most: number
  readonly #committer: Committer
  readonly #onOver: (over: Over) => void
  #n: number
  #rows: Array<NewRow> = []
  #takes: Array<Take> = []
  #head: HeadChange | undefined
  /** How much is on its way, and who waits for the last of it. */
  #writing = 0
  #times = 0
  #after: Array<(exit: Exit.Exit<void>) => void> = []
  #over: Over | undefined
  /** Told when something has been written. */
  onWritten: (() => void) | undefined
  /** Whether it is over as soon as what is on its way has been written. */
  #isStopping = false
  /** Who waits for what is not to be written yet: it is open whether the run is given up. */
  #held: Array<(exit: Exit.Exit<void>) => void> | undefined
  constructor(
    committer: Committer,
    { createdAt, runId }: Pick<Head, "createdAt" | "runId">,
    n: number,
    most: number,
    onOver: (over: Over) => void
  ) {
    this.#committer = committer
    this.most = most
    this.runId = runId
    this.createdAt = createdAt
    this.#n = n
    this.#onOver = onOver
  }

  get over(): Over | undefined {
    return this.#over
  }

  /** The place of the last row that was written, or is on its way. */
  get last(): number {
    return this.#n - 1
  }

  /** How often it has written. */
  get times(): number {
    return this.#times
  }

  get isIdle(): boolean {
    return this.#writing === 0 && this.#isEmpty
  }

  get #isEmpty(): boolean {
    return this.#rows.length === 0 && this.#takes.length === 0 && this.#head === undefined
  }

  get isHeld(): boolean {
    return this.#held !== undefined
  }

  /** Nothing is written from now on, as the run may be about to be given up. */
  hold(): void {
    this.#held = []
  }

  /** The run is not given up: what was held is written. */
  release(): void {
    const held = this.#held
    this.#held = undefined
    if (held === undefined || held.length === 0 || this.#over !== undefined) return
    this.#write((exit) => {
      for (const resume of held) resume(exit)
    })
  }

  /** To be written with what comes next. */
  later(rows: ReadonlyArray<NewRow>, head?: HeadChange): void {
    this.#rows.push(...rows)
    if (head !== undefined) this.#head = { ...this.#head, ...head }
  }

  /** A letter is taken with what is written next. */
  take(seq: number, answer: string | undefined): void {
    this.#takes.push({ seq, answer })
  }

  /** Rows, and all that was to be written before them; ends when they are written. The place of the first is told before. */
  put(rows: ReadonlyArray<NewRow>, head?: HeadChange, placed?: (n: number) => void): Effect.Effect<void> {
    return Effect.callback((resume) => {
      if (this.#over !== undefined) return resume(broken)
      placed?.(this.#n + this.#rows.length)
      this.later(rows, head)
      const isEmpty = this.#isEmpty
      if (isEmpty && this.#writing === 0) return resume(Exit.void)
      const fiber = Fiber.getCurrent()!
      const done = (exit: Exit.Exit<void>) => later(fiber, () => resume(exit))
      if (this.#held !== undefined) this.#held.push(done)
      // somebody else may have taken it along
      else if (isEmpty) this.#after.push(done)
      else this.#write(done)
    })
  }

  /** Writes what was to be written with what comes next, for which nobody waits. */
  hand(): void {
    if (this.#over !== undefined || this.#isEmpty) return
    if (this.#held !== undefined) this.#held.push(nobody)
    else this.#write(nobody)
  }

  /** All that was to be written later. */
  get flush(): Effect.Effect<void> {
    return this.put([])
  }

  #write(resume: (exit: Exit.Exit<void>) => void): void {
    const append = {
      runId: this.runId,
      createdAt: this.createdAt,
      n: this.#n,
      rows: this.#rows,
      head: this.#head,
      takes: this.#takes
    }
    this.#n += this.#rows.length
    this.#rows = []
    this.#takes = []
    this.#head = undefined
    this.#writing++
    this.#times++
    const waiting = this.#after = [resume]
    this.#committer.append(append, (exit) => {
      this.#writing--
      if (Exit.isFailure(exit)) this.#failed(exit)
      else if (!exit.value) this.end({ _tag: "Fenced" })
      else if (this.#isStopping && this.#writing === 0) this.end({ _tag: "Stopped" })
      const own = this.#over === undefined ? Exit.void : broken
      for (const resume of waiting) resume(own)
      if (this.#over === undefined) this.onWritten?.()
    })
  }

  #failed(exit: Exit.Failure<boolean, JournalError>): void {
    const error = Exit.findErrorOption(exit)
    this.end(error._tag === "Some" ? { _tag: "Journal", error: error.value } : { _tag: "Refused", error: exit.cause })
  }

  /** Ends with the next row that is written. */
  stop(): void {
    this.#isStopping = true
  }

  /** It is over: the run is broken off before anybody learns that a row was not written. */
  end(over: Over): void {
    if (this.#over !== undefined) return
    this.#over = over
    this.#onOver(over)
    for (const resume of this.#held?.splice(0) ?? []) resume(broken)
  }
}

/** What somebody is left with whose run was broken off: nobody looks at it. */
const broken: Exit.Exit<never> = Exit.interrupt()

const nobody = (): void => {}
