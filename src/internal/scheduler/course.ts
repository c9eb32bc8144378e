/**
 * Where a flow stands in its ticks: the newest that was taken up, those that are not decided yet, and the next one. It lives as long as the flow is in a scheduler,
 * and knows nothing of runs but when the last one has ended.
 *
 * C1. The cursor only grows, and the next tick is later than it: an instant is taken up once, whatever the clock does.
 * C2. A tick that follows a run starts a time after its end, and not at an instant: a clock that is set back does not make it
 *     wait longer, and the instant in its name is the next that is free.
 * C3. What is recorded of it, to go on from after a stop of the process, has no undecided tick before it.
 */
import type * as Context from "effect/Context"
import type * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import type * as Scheduler from "../../Scheduler.ts"
import { collect, type Due, planned } from "./backlog.ts"
import type { Definition, Rhythm } from "./definition.ts"
import { jitter, type Ticks } from "./ticks.ts"
import { stepper } from "./verdict.ts"

const none: Due = { ticks: [], older: undefined, next: undefined }

export class Course {
  readonly id: string
  cursor: number | undefined
  /** The nominal instant of the next tick, where it is known. */
  due: number | undefined
  isDone = false
  /** Ticks that were taken up and are not decided, each with the one before it. */
  readonly #open = new Map<number, number | undefined>()
  /** The instant that a fixed rate counts from if it has none of its own. */
  #anchor: number
  #jitter = 0
  #rhythm: Rhythm = { _tag: "Manual" }
  #ticks: Ticks | undefined
  /** Of ticks that follow runs: when the next one starts that jitter does not delay, and how long that is after the last run. */
  #at = 0
  #delay = 0
  #next: ReturnType<typeof stepper> | undefined

  constructor(id: string, now: number, cursor: number | undefined) {
    this.id = id
    this.#anchor = now
    this.cursor = cursor
  }

  /** Takes up the ticks of a definition; while a run goes on those that follow runs follow it. */
  define(
    { after, jitter, rhythm }: Definition,
    services: Context.Context<unknown>,
    now: number,
    cursor: "keep" | "reset" | "restore",
    isFree: boolean
  ): void {
    if (cursor === "reset") {
      this.#anchor = now
      if (after !== undefined) this.cursor = Math.max(after, this.cursor ?? -Infinity)
    }
    this.#rhythm = rhythm
    this.#jitter = jitter
    this.#next = rhythm._tag === "Schedule" ? stepper(rhythm.schedule, services) : undefined
    this.#ticks = rhythm._tag === "Ahead" ? rhythm.ticks(this.#anchor) : undefined
    this.isDone = false
    this.#delay = rhythm._tag === "Delay" ? rhythm.millis : 0
    this.due = undefined
    if (this.#ticks !== undefined) {
      const from = cursor === "restore" ? -Infinity : cursor === "reset" && after !== undefined ? after : now - 1
      this.due = this.#ticks.after(Math.max(from, this.cursor ?? -Infinity))
    } else if (this.follows && isFree) {
      this.#dueIn(now, cursor === "keep" && this.cursor !== undefined ? this.#delay : 0)
    }
  }

  /** Where a store has it, before a definition is taken up. */
  restore(cursor: number, anchor: number): void {
    this.cursor = Math.max(cursor, this.cursor ?? -Infinity)
    this.#anchor = anchor
  }

  get anchor(): number {
    return this.#anchor
  }

  /** A tick that follows runs does not come before so long after the end of one. */
  since(endedAt: number | undefined, now: number): void {
    if (this.#rhythm._tag !== "Delay" || this.due === undefined || endedAt === undefined) return
    const left = endedAt + this.#delay - now
    if (left > 0) this.#dueIn(now, Math.min(left, this.#delay))
  }

  /** A tick that follows runs is not known any more: one goes on. */
  forget(): void {
    if (this.follows) this.due = undefined
  }

  get isAhead(): boolean {
    return this.#ticks !== undefined
  }

  /** Whether each tick follows a run, and there is one more. */
  get follows(): boolean {
    return this.#rhythm._tag === "Delay" || (this.#rhythm._tag === "Schedule" && !this.isDone)
  }

  /** Whether no tick will ever come. */
  get isOver(): boolean {
    return this.isDone || (this.isAhead && this.due === undefined)
  }

  /** When the next tick starts. */
  get start(): number | undefined {
    return this.due === undefined ? undefined : this.plan(this.due)
  }

  /** When a tick starts that is the next one, or was it last. */
  plan(due: number): number {
    return this.#ticks === undefined
      ? this.#at + jitter(this.id, due, this.#jitter)
      : planned(this.id, due, this.#jitter, this.#ticks)
  }

  /** The ticks that are due, all of which are to be decided; the next one is the first that is not. */
  take(now: number): Due {
    const due = this.#from(this.due, now)
    this.due = due.next
    return due
  }

  /** The same without taking them: those later than an instant up to which others have decided. */
  peek(after: number, now: number): Due {
    return this.#from(this.#dueAfter(after), now)
  }

  #dueAfter(after: number): number | undefined {
    const { due } = this
    return due === undefined || due > after ? due : this.#ticks?.after(after)
  }

  /** Ticks that others have taken: up to an instant. */
  until(cursor: number): Due {
    const { due } = this
    return due === undefined || due > cursor || this.#ticks === undefined
      ? none
      : collect(due, cursor, identity, this.#ticks)
  }

  /** The same once more, for those later than an instant. */
  retake(after: number, now: number): Due {
    return this.#from(this.#ticks?.after(after), now)
  }

  #from(first: number | undefined, now: number): Due {
    if (first === undefined || this.plan(first) > now) return { ...none, next: first }
    if (this.#ticks === undefined) return { ...none, ticks: [first] }
    return collect(first, now, (instant) => this.plan(instant), this.#ticks)
  }

  /** Ticks are taken up that follow an instant, and each is open until it is decided. */
  open(ticks: ReadonlyArray<number>, after: number | undefined): void {
    // where instants are the same whenever the flow is added, there is always one to go on from
    let before = after ?? (this.#rhythm._tag === "Ahead" && this.#rhythm.isFixed ? ticks[0]! - 1 : undefined)
    for (const due of ticks) {
      this.#open.set(due, before)
      before = due
    }
    this.decide(ticks[ticks.length - 1]!)
  }

  settle(due: number): void {
    this.#open.delete(due)
  }

  /** C3 */
  get decided(): number | undefined {
    let first = Infinity
    for (const due of this.#open.keys()) first = Math.min(first, due)
    return first === Infinity ? this.cursor : this.#open.get(first)
  }

  /** C1 */
  decide(due: number): void {
    const cursor = this.cursor = Math.max(due, this.cursor ?? -Infinity)
    if (this.due !== undefined && this.due <= cursor) this.due = this.#ticks?.after(cursor)
  }

  /** Ticks whose instant has passed, also those that jitter has kept, if the first of them is not before an instant. */
  passed(since: number, now: number, after = -Infinity): Due {
    const due = this.#dueAfter(after)
    if (due === undefined || due < since || due >= now) return none
    return this.#ticks === undefined ? { ...none, ticks: [due] } : collect(due, now - 1, identity, this.#ticks)
  }

  /** A run has ended: the next tick follows it, not before an instant. Calls back when that is known. */
  follow(now: number, exit: Exit.Exit<unknown, unknown>, least: () => number, known: () => void): void {
    if (this.#rhythm._tag === "Delay") return this.again(now, least())
    const next = this.#next
    next?.step(now, exit, (delay) => {
      if (this.#next !== next || this.due !== undefined) return
      if (delay === undefined) this.isDone = true
      else this.#dueIn(now, this.#delay = delay, least())
      known()
    })
  }

  /** A tick that follows runs comes again, as long after this instant as after the run before, if there was one. */
  again(now: number, least: number, ifNone = 0): void {
    this.#dueIn(now, this.#delay === 0 ? ifNone : this.#delay, least)
  }

  #dueIn(now: number, delay: number, least = -Infinity): void {
    const { cursor = -Infinity } = this
    // one tick for each millisecond
    this.#at = Math.max(Math.ceil(now + delay), least, Math.min(cursor, now) + 1)
    this.due = Math.max(this.#at, cursor + 1)
  }

  /** C2. The clock was set back. */
  stepped(by: number): void {
    this.#at -= by
  }

  get status(): Scheduler.Status {
    return this.isOver ? { _tag: "Completed" } : { _tag: "Waiting", next: this.due, start: this.start }
  }
}
