/**
 * A durable run as it is known here while this process drives it: `Runs` finds it by its id, and what is sent to it comes from
 * the inbox of the journal. A letter is taken for good with the row of what has taken it, so that it is there again if that is
 * run again. It lives as long as the run is driven.
 */
import type * as Clock from "effect/Clock"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Letter } from "../../journal.ts"
import { clip } from "../check/describe.ts"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import type { Ended, Span, SplitSpan } from "../run/listener.ts"
import type { Request } from "../run/registry.ts"
import type { Current, SplitLevel } from "../run/run.ts"
import { Run } from "../run/run.ts"
import type { Origin, Received } from "../runs/mailbox.ts"
import { Record } from "../runs/record.ts"
import type { SignalImpl } from "../signal/signal.ts"
import type { Visited } from "./host.ts"
import type { Pen } from "./pen.ts"
import { done, refusal } from "./replies.ts"
import type { Rest, Resting } from "./rest.ts"
import * as size from "./size.ts"
import * as text from "./text.ts"

/** How many waits are told of in the journal. */
const mostWaits = 20

interface Taken {
  readonly seq: number
  readonly answer: string | undefined
}

export class Inbox extends Record {
  readonly #pen: Pen
  readonly #rest: Rest
  /** The last letter that has been seen. */
  #seen = 0
  /** Letters that have come before the run can be told of them. */
  readonly #held: Array<Letter> = []
  #hasBegun = false
  #hasEntered = false
  /** How the visits began that the run and its follow-on branches are in, and those of their splits. */
  readonly #entered = new WeakMap<Run, Visited>()
  readonly #begun = new WeakMap<SplitLevel, Visited>()
  /** What is taken of it, by the key of who has taken it. */
  readonly #taken = new Map<string, Array<Taken>>()
  /** The signals that have come, until they are taken. */
  readonly #received = new Set<Received["letter"]>()
  /** The signals that somebody waited for when they came. */
  readonly #atOnce = new Set<number>()
  /** The letters that have cancelled it, which are taken with its end, and those that have paused it, with `resume` as well. */
  readonly #cancels: Array<number> = []
  readonly #pauses: Array<number> = []
  /** Whether the run was going back when it was taken. */
  #isBack = false
  /** Told of signals that are refused, and of the orders of an operator. */
  onRefused: ((why: string) => void) | undefined
  onOrder: ((letter: Letter) => void) | undefined
  /** Letters that have come while the run may be about to be given up. */
  #later: Array<Letter> | undefined
  constructor(runs: Map<string, Record>, clock: Clock.Clock, runId: string, workflow: string, pen: Pen, rest: Rest) {
    super(runs, clock, runId, workflow)
    this.#pen = pen
    this.#rest = rest
  }

  override started(span: Span): void {
    super.started(span)
    // a branch that is left behind stands in the visit in which its split has started
    const from = span._tag === "Split" && span.level.run !== undefined ? this.#entered.get(span.level.run) : undefined
    if (from !== undefined) this.#begun.set((span as SplitSpan).level, from)
    this.#rest.started(span)
  }

  override ended(span: Span, exit: Exit.Exit<unknown, unknown>, number: number, ended?: Ended): void {
    super.ended(span, exit, number, ended)
    this.#rest.ended(span)
  }

  /** The time of a wait with which a branch begins is an instant. */
  override wait(request: Request, current: Current, fiber: AnyFiber): AnyEffect {
    const { timeout, until } = request
    const since = timeout !== undefined && until === undefined && this.#rest.isFirst(current)
      ? current.level.run!.host?.since(current.level.run!, true)
      : undefined
    return super.wait(since === undefined ? request : { ...request, until: since + timeout! }, current, fiber)
  }

  /** What had come when the run was taken was there then, or had been taken before. */
  hasSeen(sent: number): void {
    this.#seen = Math.max(this.#seen, sent)
  }

  /** By the rows of the run, where they say it: neither clocks nor the order in which letters are found can be wrong then. */
  protected override sinceVisit(current: Current): (letter: Received["letter"]) => boolean {
    const inLife = super.sinceVisit(current)
    const level = "level" in current ? current.level : current
    const from = level instanceof Run ? this.#entered.get(level) : this.#begun.get(level)
    if (from?.n === undefined) return inLife
    const { at, n } = from
    return (letter) => {
      const sentAt = letter.origin?.sentAt
      // one that an earlier release has sent has an instant alone
      return sentAt === undefined ? inLife(letter) || letter.since >= at : sentAt >= n
    }
  }

  get seen(): number {
    return this.#seen
  }

  /**
   * Letters come, in their order; those that have been seen are passed over. Signals that had come before the visit that goes
   * on are there before its state is entered, all others after that.
   */
  deliver(letters: ReadonlyArray<Letter>, isBefore: (letter: Letter) => boolean = () => false): void {
    if (this.#later !== undefined) return void this.#later.push(...letters)
    for (const letter of letters) {
      if (letter.seq <= this.#seen || this.exit !== undefined) continue
      this.#seen = letter.seq
      if (letter.isTaken) continue
      const isSignal = letter.kind === "signal"
      if (isSignal ? this.#hasEntered || isBefore(letter) : this.#hasBegun) this.#deliver(letter)
      else this.#held.push(letter)
    }
  }

  /**
   * The states of the run are about to begin, in its resources: who pauses or cancels it comes before the first of them, and
   * after what the run has done before is there to be undone.
   */
  begin(isBack: boolean): void {
    this.#isBack = isBack
    this.#hasBegun = true
    const held = this.#held.splice(0)
    for (const letter of held) {
      if (letter.kind === "signal") this.#held.push(letter)
      else this.#deliver(letter)
    }
  }

  /** A state has been entered, that of the visit that goes on first. */
  enter(run: Run, visit: Visited): void {
    this.#entered.set(run, visit)
    if (this.#hasEntered || run.root !== run) return
    this.#hasEntered = true
    for (const letter of this.#held.splice(0)) this.#deliver(letter)
  }

  #deliver(letter: Letter): void {
    switch (letter.kind) {
      case "signal": {
        const { at, data, id, key, name } = letter
        // what it is said in is known to who waits for it
        const signal = { name } as SignalImpl
        const received = this.receive(signal, data, { id, key }, at, this.#originOf(letter))
        if (received?.answer === "taken") this.#atOnce.add(letter.seq)
        if (received !== undefined) this.#received.add(received.letter)
        return
      }
      case "cancel": {
        this.#cancels.push(letter.seq)
        const parsed = text.parse(letter.data)
        const compensate = !(Result.isSuccess(parsed) && Predicate.hasProperty(parsed.success, "compensate") &&
          parsed.success.compensate === false)
        // what goes back goes on with that
        this.cancel(compensate || this.#isBack, -1)
        return
      }
      case "pause": {
        this.#pauses.push(letter.seq)
        const parsed = text.parse(letter.data)
        const note = Result.isSuccess(parsed) && Predicate.hasProperty(parsed.success, "note") &&
            Predicate.isString(parsed.success.note)
          ? parsed.success.note
          : undefined
        this.pause(note)
        return
      }
      case "resume":
        this.#pauses.push(letter.seq)
        this.resume()
        for (const seq of this.#pauses.splice(0)) this.#pen.take(seq, done)
        // nothing else may be written for long
        return this.#pen.hand()
      default:
        this.onOrder?.(letter)
    }
  }

  #originOf({ data, n, name, seq }: Letter): Origin {
    const valueFor = (own: SignalImpl) =>
      Result.flatMap(text.parse(data), (json) => text.codec(own.schema).decode(json))
    let isRefused = false
    return {
      sentAt: n,
      fits: (own) => {
        const value = isRefused ? undefined : valueFor(own)
        if (value !== undefined && Result.isFailure(value)) {
          isRefused = true
          this.#refuse(seq, `signal "${clip(name)}" has a value that does not fit its Schema: ${value.failure}`)
        }
        return !isRefused
      },
      read: (own) => Exit.succeed(Result.getOrThrow(valueFor(own))),
      taken: ({ key }, own, reply) => {
        const list = this.#taken.get(key)
        const one = { seq, answer: answerOf(own, reply, this.#pen.most) }
        if (list === undefined) this.#taken.set(key, [one])
        else list.push(one)
      }
    }
  }

  /** A signal that nobody can read is taken with that as its answer, and the run goes on waiting. */
  #refuse(seq: number, why: string): void {
    this.#pen.take(seq, refusal(why))
    this.#pen.hand()
    this.onRefused?.(why)
  }

  /** No letter is delivered from now on, as the run may be about to be given up. */
  hold(): void {
    this.#later = []
  }

  /** The run is not given up. */
  release(): void {
    const later = this.#later ?? []
    this.#later = undefined
    this.deliver(later)
  }

  /** When the run has to go on that only waits, where it may be given up until then. */
  get resting(): Resting | undefined {
    if (this.isCancelled || this.#isBack || !this.#hasBegun || this.#taken.size > 0) return undefined
    for (const { where } of this.#received) if (where === "on its way") return undefined
    // who has not looked yet may find one
    if (this.mailbox.waiting !== this.#rest.signals) return undefined
    const { pages } = this.known
    // what goes on in a state while it is paused could not, once it is taken again
    if (this.isPaused) return this.isHeld && pages.size === 0 ? this.#rest.held : undefined
    return this.#rest.resting(pages.values())
  }

  /** The instant at which a run that waits has to go on, if there is one. */
  get wakesAt(): number | undefined {
    return this.#rest.wakesAt(this.known.pages.values())
  }

  /** What it waits for, for who looks at the journal; of very many waits some. */
  get waits(): string {
    const { waits } = this.known
    const shown = waits.slice(0, mostWaits).map(({ for: what, key, signal, signalKey, until }) => ({
      for: what,
      signal,
      signalKey,
      key,
      until
    }))
    return Result.getOrThrow(text.stringify({ waits: shown, more: waits.length - shown.length }))
  }

  /** Whether all that has come waits, too, and nobody is about to go on with it: then the run may be parked. */
  get isAtRest(): boolean {
    for (const letter of this.#received) {
      if (letter.where === "on its way") return false
      if (letter.where !== "kept") this.#received.delete(letter)
    }
    return this.known.isWaiting
  }

  /** Whether somebody waited for a signal when it came. */
  isTaken(seq: number): boolean {
    return this.#atOnce.has(seq)
  }

  /** What has been taken in a place is taken with the row that is written next. */
  settle(place: string): void {
    if (this.#taken.size === 0) return
    const key = `${this.run!.keyOfRun}${place}`
    for (const [by, letters] of this.#taken) {
      if (by !== key && !by.startsWith(`${key}/`)) continue
      this.#taken.delete(by)
      for (const { answer, seq } of letters) this.#pen.take(seq, answer)
    }
  }

  /** The run has ended. */
  close(): void {
    this.settle("")
    const held = this.#held.filter(({ kind }) => kind !== "signal").map(({ seq }) => seq)
    for (const seq of [...this.#cancels, ...this.#pauses, ...held]) this.#pen.take(seq, undefined)
  }
}

/** What is answered to who asks, as text; a text of a null where nobody is. */
const answerOf = (own: SignalImpl, reply: Exit.Exit<unknown> | undefined, most: number): string | undefined => {
  if (reply === undefined || Exit.isFailure(reply)) return undefined
  if (own.reply === undefined) return "{}"
  const encoded = Result.flatMap(text.codec(own.reply).encode(reply.value), (value) => text.stringify({ value }))
  return Result.isSuccess(encoded) && size.over(encoded.success, most) === undefined ? encoded.success : undefined
}
