/**
 * The slots of a split behind a bulkhead: fibers that run its branches one after another. They live as long as their split,
 * and are changed by their own methods alone, but for what is set once.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { Bell } from "../fibers/bell.ts"
import { Crew } from "./crew.ts"
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

export class Slots extends Crew {
  /** In the order of their fibers' ids, which is the order in which they were started. */
  all: Array<Slot> = []
  /** Of those that were started one by one those that still look for branches. */
  seeking = 0
  /** How a slot goes on after its first branch, and what its end is told to: the same for all of them. */
  drain: AnyEffect | undefined
  onEnd: ((exit: Exit.Exit<unknown, unknown>) => void) | undefined
  /** Where in `all` the last one was found that reported. */
  #hint = 0
  /** How many have ended that are still in `all`; they are left out when they are many. */
  #ended = 0
  /** Rung for the worker: there may be something to start, or the last fiber has ended. */
  readonly #bell: Bell
  constructor(home: AnyFiber) {
    super(home)
    this.#bell = new Bell(home)
  }

  /** There may be something for the worker to do. */
  poke(): void {
    this.#bell.ring()
  }

  protected emptied(): void {
    this.#bell.ring()
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
    const { rung } = this.#bell
    return Effect.whileLoop({
      while: () => this.fibers > 0 || isToCome(),
      body: () => next() ?? rung,
      step: constVoid
    })
  }

  /** A slot begins. */
  enter(slot: Slot): void {
    const { all } = this
    const last = all[all.length - 1]
    if (last === undefined || last.id < slot.id) all.push(slot)
    // a fiber that had to yield before it got here
    else all.splice(placeOf(all, slot.id), 0, slot)
  }

  /** The slot whose fiber runs now. Most report in the order in which they were started. */
  get current(): Slot {
    const { id } = Fiber.getCurrent()!
    const { all } = this
    const hint = this.#hint
    const same = all[hint]
    if (same !== undefined && same.id === id) return same
    const next = all[hint + 1]
    const place = next !== undefined && next.id === id ? hint + 1 : placeOf(all, id)
    this.#hint = place
    return all[place]!
  }

  /** A slot has ended, of which there may be many in the time of a split. */
  noteEnd(): void {
    if (++this.#ended >= fewEnded && this.#ended * 2 >= this.all.length) this.#forgetEnded()
  }

  #forgetEnded(): void {
    this.all = this.all.filter(({ own }) => own.pollUnsafe() === undefined)
    this.#ended = this.#hint = 0
  }

  get busy(): ReadonlyArray<number> {
    return this.all.flatMap(({ index }) => index >= 0 ? [index] : [])
  }

  /** Its slot ends with it, and another takes the place of that. */
  cancel(index: number): boolean {
    const slot = this.all.find((slot) => slot.index === index)
    slot?.own.interruptUnsafe(this.caller)
    return slot !== undefined
  }

  protected interruptBranches(): void {
    const { all } = this
    for (let i = 0; i < all.length; i++) all[i]!.fiber?.interruptUnsafe(this.caller)
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
