/**
 * The fibers of one split: its slots, those that run beside them until the decision, and who waits for their end. It lives
 * as long as its split, and only its own methods change it, but for what is set once.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { Bell } from "../fibers/bell.ts"
import type { Holder } from "./places.ts"

/** A fiber that runs branches one after another, as the options of its own `whileLoop`. */
export interface Slot extends Holder {
  readonly id: number
  /** The fiber that it is. */
  readonly own: AnyFiber
  /** Until the slot has nothing left to do. */
  fiber: AnyFiber | undefined
  /** The branch that runs; negative between two of them. */
  index: number
  while(): boolean
  body(): AnyEffect
  step(value: unknown): void
}

/** Slots that have ended before they are looked through. */
const fewEnded = 64

export class Crew {
  /** In the order of their fibers' ids, which is the order in which they were started. */
  slots: Array<Slot> = []
  /** Fibers that have been started by the worker and have not ended. */
  fibers = 0
  /** Of them the slots that still look for branches. */
  seeking = 0
  /** The slot that was started last: without a bulkhead the only one that may take another branch. */
  front: Slot | undefined
  /** The services of the branches, once the split has started. */
  context: Context.Context<never> | undefined
  /** How a slot goes on after its first branch, and what its end is told to: the same for all of them. */
  drain: AnyEffect | undefined
  onEnd: ((exit: Exit.Exit<unknown, unknown>) => void) | undefined
  /** Fibers that run beside the slots until the decision. */
  #beside: Array<AnyFiber> | undefined
  /** Where in `slots` the last one was found that reported. */
  #hint = 0
  /** How many have ended that are still in `slots`; they are left out when they are many. */
  #ended = 0
  /** The id of the fiber that waits for the split, in whose name losers are interrupted. */
  readonly #caller: number
  /** Rung for the worker: there may be something to start, or the last fiber has ended. */
  readonly #bell: Bell | undefined
  /** Where slots may be started later, the worker waits for that. */
  constructor(home: AnyFiber, mayGrow: boolean) {
    this.#caller = home.id
    this.#bell = mayGrow ? new Bell(home) : undefined
  }

  /** There may be something for the worker to do. */
  poke(): void {
    this.#bell?.ring()
  }

  /** Starts a fiber of the split. To be called on one. */
  start(effect: AnyEffect, onEnd: (exit: Exit.Exit<unknown, unknown>) => void): void {
    this.fibers++
    // a fiber's context holds the services of what it runs, which its type does not say
    const context = this.context as Context.Context<unknown>
    Effect.runForkWith(context)(effect, { uninterruptible: true }).addObserver((exit) => {
      onEnd(exit)
      if (--this.fibers === 0) this.poke()
    })
  }

  /** Starts a slot that looks for a branch until it retires. */
  startSlot(effect: AnyEffect): void {
    this.seeking++
    this.start(effect, constVoid)
  }

  /** A slot that was started so looks for branches no more. */
  retire(): void {
    this.seeking--
    this.poke()
  }

  /**
   * What the worker does until the last fiber has ended and nobody is to come. `next` starts what is due, and answers with
   * what to do before it is asked again; with nothing, if the worker may wait.
   */
  attend(isToCome: () => boolean, next: () => Effect.Effect<void> | undefined): Effect.Effect<void> {
    const { rung } = this.#bell!
    return Effect.whileLoop({
      while: () => this.fibers > 0 || isToCome(),
      body: () => next() ?? rung,
      step: constVoid
    })
  }

  /** A slot begins. */
  enter(slot: Slot): void {
    const { slots } = this
    const last = slots[slots.length - 1]
    if (last === undefined || last.id < slot.id) slots.push(slot)
    // a fiber that had to yield before it got here
    else slots.splice(placeOf(slots, slot.id), 0, slot)
    this.front = slot
  }

  /** The slot whose fiber runs now. Most report in the order in which they were started. */
  get current(): Slot {
    const { id } = Fiber.getCurrent()!
    const { slots } = this
    const hint = this.#hint
    const same = slots[hint]
    if (same !== undefined && same.id === id) return same
    const next = slots[hint + 1]
    const place = next !== undefined && next.id === id ? hint + 1 : placeOf(slots, id)
    this.#hint = place
    return slots[place]!
  }

  /** A slot has ended, of which there may be many in the time of a split. */
  noteEnd(): void {
    if (++this.#ended >= fewEnded && this.#ended * 2 >= this.slots.length) this.forgetEnded()
  }

  /** Drops the slots that have ended. */
  forgetEnded(): void {
    this.slots = this.slots.filter(({ own }) => own.pollUnsafe() === undefined)
    this.#ended = this.#hint = 0
  }

  /** The branches that run now. */
  get busy(): ReadonlyArray<number> {
    return this.slots.flatMap(({ index }) => index >= 0 ? [index] : [])
  }

  /** A fiber runs until the decision. */
  accompany(fiber: AnyFiber): void {
    const beside = this.#beside ??= []
    beside.push(fiber)
  }

  /** Interrupts what runs until the decision. */
  interruptBeside(): void {
    const beside = this.#beside
    if (beside === undefined) return
    for (let i = 0; i < beside.length; i++) beside[i]!.interruptUnsafe(this.#caller)
  }

  /** Interrupts whatever has something left to do. */
  interruptAll(): void {
    const { slots } = this
    this.interruptBeside()
    for (let i = 0; i < slots.length; i++) slots[i]!.fiber?.interruptUnsafe(this.#caller)
  }
}

const placeOf = (slots: ReadonlyArray<Slot>, id: number): number => {
  let low = 0
  let high = slots.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (slots[middle]!.id < id) low = middle + 1
    else high = middle
  }
  return low
}
