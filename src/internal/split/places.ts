/**
 * What a slot asks for before it takes a branch, and gives back after it: a place of the split's own, of a bulkhead that
 * others share, or one that is used up because branches are alternatives. Places live as long as their split.
 */
import type * as Effect from "effect/Effect"
import type { AnyEffect } from "../fibers/any.ts"

/** A place that a slot has: since when, and for how many branches while others wait. */
export interface Place {
  readonly since: number
  turn: number
}

/** Who sits in a place; there is none to sit in where places are the split's own. */
export interface Holder {
  place: Place | undefined
}

export interface Places {
  /** How many slots may be started at once. */
  readonly most: number
  /** What runs beside the branches until the decision. */
  readonly beside: AnyEffect | undefined
  /** The split is entered, with slots for so many branches at most: slots that have a place are due. */
  open(width: number): void
  /** Whether a place waits for a slot to be started, and a branch that no slot looks for yet. */
  isDue(): boolean
  /** The place for a slot that is due. */
  claim(): Place | undefined
  /** A slot is about to take a branch; what it has to wait for first, before it asks again. */
  admit(slot: Holder): AnyEffect | undefined
  /** A slot with a place has taken a branch. */
  started(): void
  /** The branch of a slot with a place has ended. */
  ended(slot: Holder, index: number, failed: boolean): void
  /** A slot ends, and the worker starts another in its stead if there is something left to do. */
  vacate(slot: Holder, goesOn: boolean): void
  /** There are more branches, or there is room for outcomes again. */
  request(): void
  /** The last branch has been taken that there is for now. */
  release(): void
  /** Nothing is left to take, now or ever: whoever waits goes on. */
  leave(): void
  /** The last slot has ended: what was lost on the way is given back. */
  close(): void
  /** What is to be done with a decision before the split ends with it. */
  concluded(satisfied: boolean): Effect.Effect<void> | undefined
}
