/**
 * A slot is a fiber that runs branches of a list one after another, for as long as a split has branches for it. It is born
 * as a member of the split's `Effect.forEach`, or is started by the worker (`slots.ts`), and ends well whatever its branches
 * do (I5). There are as many as a bulkhead has places, and each goes on until the list is exhausted.
 *
 * All slots of a split run the same two effects, `member` and `drain`. What they are about is found by the id of the fiber.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { hasChildren, isTired } from "../fibers/share.ts"
import type { Bounded } from "./join.ts"
import type { Place } from "./places.ts"
import { fail, isBreak, noticeBreak, report, succeed } from "./settling.ts"
import type { Slot } from "./slots.ts"
import { take } from "./taking.ts"

/** What a slot is busy with when it is busy with no branch; a fresh one has taken none since it last did something else. */
const none = -1
const fresh = -2

/** A slot, and the options of its own `whileLoop`, whose successes are those of branches. */
class Running implements Slot {
  readonly join: Bounded
  readonly id: number
  readonly own: AnyFiber
  fiber: AnyFiber | undefined
  index = fresh
  place: Place | undefined
  constructor(join: Bounded, fiber: AnyFiber, place: Place | undefined) {
    this.join = join
    this.id = fiber.id
    this.own = fiber
    this.fiber = fiber
    this.place = place
  }

  while(): boolean {
    const { join } = this
    const goesOn = join.cursor.hasMore && (this.index === fresh || !hasChildren(this.own))
    // asked again after a yield, a slot that had nothing to do may have something
    this.fiber = goesOn ? this.own : undefined
    return goesOn
  }

  body(): AnyEffect {
    const { join, own: fiber } = this
    const { crew, pace } = join
    // Effect makes a fiber yield, wherever it is, when its operations are used up. The slot yields well before, so that
    // this does not part a short branch from its record, and a later branch settle first.
    if (this.index !== fresh && isTired(fiber, 2)) pace.hasten()
    if (pace.isDue) return this.first(pace.pause())
    if (join.asksFirst) {
      const waits = join.places.admit(this)
      if (waits !== undefined) return this.first(waits)
    }
    // what a branch has set on its fiber is not for the next one
    if (join.level === undefined && fiber.context !== crew.context) fiber.setContext(crew.context!)
    return join.cursor.isReading ? Effect.yieldNow : this.take()
  }

  /** Takes the next branch, with the services of its own where it has some. */
  take(): AnyEffect {
    const { join: { crew, cursor, level, places }, own: fiber } = this
    const index = cursor.next
    const branch = take(this.join)
    if (branch === undefined) return Exit.void
    if (this.place !== undefined) places.started()
    this.index = index
    if (level === undefined) return branch
    fiber.setContext(level.enter(index, crew.context!))
    return branch
  }

  /** Does something else, and then looks for a branch as if it had run none. */
  first(effect: AnyEffect): AnyEffect {
    this.index = fresh
    return effect
  }

  step(value: unknown): void {
    const { index, join } = this
    if (index < 0) return
    this.index = none
    // a decision interrupts the others; `while` is asked next
    this.fiber = undefined
    succeed(join, index, value)
    if (this.place !== undefined) join.places.ended(this, index, false)
  }
}

/** Runs a slot. To be made once for each split, or for each slot that is started with a place. */
export const member = (join: Bounded, place?: Place): AnyEffect => looping(join, () => enter(join, place))

/** Goes on with the list, from where a branch has left it. */
const drain = (join: Bounded): AnyEffect => join.crew.drain ??= looping(join, () => join.crew.current)

const looping = (join: Bounded, slot: () => Slot): AnyEffect =>
  Effect.matchCauseEffect(Effect.interruptibleMask(() => Effect.whileLoop(slot())), {
    onSuccess: () => done(join, join.crew.current),
    onFailure: (cause) => left(join, cause)
  })

/** Called first of all on the fiber of a slot. */
const enter = (join: Bounded, place: Place | undefined): Slot => {
  const { crew } = join
  const slot = new Running(join, Fiber.getCurrent()!, place)
  crew.enter(slot)
  slot.own.addObserver(
    join.level?.isHeard === true
      ? (exit) => onEnd(join, exit, slot.index)
      : crew.onEnd ??= (exit) => onEnd(join, exit, none)
  )
  return slot
}

/**
 * A slot that ended otherwise than by itself is noticed before its `forEach` does, which then interrupts the others: they
 * must not be replaced. Those that have ended are forgotten, however many a split has in its time.
 */
const onEnd = (join: Bounded, exit: Exit.Exit<unknown, unknown>, index: number): void => {
  // at a value that is no Effect a slot has ended with its branch
  if (index >= 0) join.level?.leave(index, exit, undefined)
  noticeBreak(join, exit)
  join.crew.noteEnd()
}

/** The loop has failed: a branch did, or the fiber was interrupted. */
const left = (join: Bounded, cause: Cause.Cause<unknown>): AnyEffect => {
  const slot = join.crew.current
  const { index } = slot
  slot.index = none
  slot.fiber = undefined
  // A fiber that was interrupted cannot enter an interruptible region again.
  if (index < 0) return isBreak(cause) ? Exit.failCause(cause) : done(join, slot)
  const hasSettled = fail(join, index, cause)
  if (slot.place !== undefined) join.places.ended(slot, index, true)
  if (!hasSettled) return report(join, index, cause) ?? Exit.void
  if (!join.decision.isOpen) return Exit.void
  return slot.while() ? drain(join) : done(join, slot)
}

/** A slot ends. Another takes its place, if there is something left to do. */
const done = (join: Bounded, slot: Slot): AnyEffect => {
  const { crew, places } = join
  const goesOn = join.cursor.hasMore
  if (join.isGradual) {
    places.vacate(slot, goesOn)
    crew.retire()
    // under `Effect.runSync` the worker starts another when all have ended
  } else if (goesOn && join.pace.mayYield) {
    // not inside a lost fiber, which somebody may wait for, and not on its stack
    crew.start(Effect.andThen(Effect.yieldNow, member(join)), constVoid)
  }
  return Exit.void
}
