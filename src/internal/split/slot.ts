/**
 * A slot is a fiber that runs branches of a list one after another, for as long as a split has branches for it. It is born
 * as a member of the split's `Effect.forEach`, or is started by the worker (`crew.ts`), and ends well whatever its branches
 * do (I5).
 *
 * Behind a bulkhead there are that many slots, and each goes on until the list is exhausted. Without one there are as many
 * as branches, but a slot takes another branch only as long as those before it have completed at once: the first branch
 * that waits keeps its slot, and `forEach` starts the next. So branches that never wait need no fiber of their own, which
 * is what makes them cheap (docs/adr/0008-branches-that-complete-at-once-share-a-fiber.md has the numbers).
 *
 * All slots of a split run the same two effects, `member` and `drain`. What they are about is found by the id of the fiber,
 * instead of being captured once for each branch: that is a third of what a waiting branch cost on top of its `forEach`.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Result from "effect/Result"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import type { Branch } from "./branches.ts"
import * as branches from "./branches.ts"
import type { Slot } from "./crew.ts"
import type { Join } from "./join.ts"
import type { Place } from "./places.ts"
import { exceeds } from "./refusal.ts"
import { breakOff, fail, isBreak, noticeBreak, refuse, report, seal, stop, succeed } from "./settling.ts"

/** What a slot is busy with when it is busy with no branch; a fresh one has taken none since it last did something else. */
const none = -1
const fresh = -2

/** A slot, and the options of its own `whileLoop`, whose successes are those of branches. */
class Running implements Slot {
  readonly join: Join
  readonly id: number
  readonly own: AnyFiber
  fiber: AnyFiber | undefined
  index = fresh
  place: Place | undefined
  constructor(join: Join, fiber: AnyFiber, place: Place | undefined) {
    this.join = join
    this.id = fiber.id
    this.own = fiber
    this.fiber = fiber
    this.place = place
  }

  while(): boolean {
    const { join } = this
    const goesOn = join.cursor.hasMore && (this.index === fresh || mayGoOn(join, this))
    // asked again after a yield, a slot that had nothing to do may have something
    this.fiber = goesOn ? this.own : undefined
    return goesOn
  }

  body(): AnyEffect {
    const { join, own: fiber } = this
    const { crew, pace } = join
    if (join.isBounded) {
      // Effect makes a fiber yield, wherever it is, when its operations are used up. The slot yields well before, so that
      // this does not part a short branch from its record, and a later branch settle first.
      if (this.index !== fresh && isTired(fiber, 2)) pace.hasten()
      if (pace.isDue) return this.first(pace.pause())
    }
    if (join.asksFirst) {
      const waits = join.places.admit(this)
      if (waits !== undefined) return this.first(waits)
    }
    // what a branch has set on its fiber is not for the next one
    if (join.enter === undefined && fiber.context !== crew.context) fiber.setContext(crew.context!)
    return join.cursor.isReading ? Effect.yieldNow : take(join, this)
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
export const member = (join: Join, place?: Place): AnyEffect =>
  Effect.matchCauseEffect(Effect.interruptibleMask(() => enter(join, place)), {
    onSuccess: (value) => {
      const slot = join.crew.current
      slot.step(value)
      return slot.while() ? drain(join) : done(join, slot)
    },
    onFailure: (cause) => left(join, cause)
  })

/** Goes on with the list, from where a branch has left it. */
const drain = (join: Join): AnyEffect =>
  join.crew.drain ??= Effect.matchCauseEffect(Effect.interruptibleMask(() => Effect.whileLoop(join.crew.current)), {
    onSuccess: () => done(join, join.crew.current),
    onFailure: (cause) => left(join, cause)
  })

/** Called first of all on the fiber of a slot. */
const enter = (join: Join, place: Place | undefined): AnyEffect => {
  const { crew } = join
  const slot = new Running(join, Fiber.getCurrent()!, place)
  crew.enter(slot)
  if (join.isBounded) slot.own.addObserver(crew.onEnd ??= (exit) => onEnd(join, exit))
  return slot.while() ? slot.body() : Exit.void
}

/**
 * Behind a bulkhead a slot that ended otherwise than by itself is noticed before its `forEach` does, which then interrupts
 * the others: they must not be replaced. Those that have ended are forgotten, however many a split has in its time.
 */
const onEnd = (join: Join, exit: Exit.Exit<unknown, unknown>): void => {
  noticeBreak(join, exit)
  join.crew.noteEnd()
}

/** The loop has failed: a branch did, or the fiber was interrupted. */
const left = (join: Join, cause: Cause.Cause<unknown>): AnyEffect => {
  const slot = join.crew.current
  const { index } = slot
  slot.index = none
  slot.fiber = undefined
  // A fiber that was interrupted cannot enter an interruptible region again.
  if (index < 0) return isBreak(cause) ? Exit.failCause(cause) : done(join, slot)
  const hasSettled = fail(join, index, cause)
  if (slot.place !== undefined) join.places.ended(slot, index, true)
  if (!hasSettled) return report(join, index, cause)
  if (!join.decision.isOpen) return Exit.void
  return slot.while() ? drain(join) : done(join, slot)
}

/** A slot ends. Behind a bulkhead another takes its place, if there is something left to do. */
const done = (join: Join, slot: Slot): AnyEffect => {
  if (!join.isBounded) return Exit.void
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

/** Whether the split has something to do for another slot, now. */
export const isWanted = (join: Join): boolean => join.cursor.hasMore && (join.isBounded || !join.pace.isDue)

/** Whether a slot that has run a branch may take another one on the same fiber. */
const mayGoOn = (join: Join, slot: Running): boolean => {
  const fiber = slot.own
  if (hasChildren(fiber)) return false
  return join.isBounded || (join.crew.front === slot && !join.pace.isDue && !isTired(fiber, 16))
}

/** Whether a share of the operations is used up after which Effect makes the fiber yield. */
const isTired = (fiber: AnyFiber, share: number): boolean =>
  !fiber.cache.preventYield && fiber.currentOpCount * share >= fiber.cache.maxOpsBeforeYield

/**
 * Whether a branch has left children behind, which end with their fiber. The field is not public; without it they would
 * live as long as their slot.
 */
const hasChildren = (fiber: AnyFiber): boolean => {
  const children = (fiber as { readonly _children?: ReadonlySet<unknown> | undefined })._children
  return children !== undefined && children.size > 0
}

// -----------------------------------------------------------------------------
// taking a branch
// -----------------------------------------------------------------------------

/** Takes the next branch from the list, for the slot to run (I3). */
const take = (join: Join, slot: Slot): AnyEffect => {
  const { cursor } = join
  const index = cursor.started
  const branch = cursor.iterator === undefined ? cursor.take() : read(join, index)
  // the list has ended, or the split
  if (branch === undefined) return Exit.void
  if (slot.place !== undefined) join.places.started()
  if (!cursor.hasMore) ran(join)
  slot.index = index
  return join.enter === undefined ? branch : join.enter(slot.own, join.crew.context!, index, branch)
}

/** Takes the next branch of a list that is read. */
const read = (join: Join, index: number): Branch | undefined => {
  const { cursor, decision } = join
  const next = cursor.read()
  if (Result.isFailure(next)) {
    breakOff(join, Cause.die(next.failure))
    return undefined
  }
  // reading the list may have resumed a branch that decided
  if (!decision.isOpen) return undefined
  if (cursor.isRead) {
    seal(join)
    return undefined
  }
  const branch = next.success.value
  if (!Effect.isEffect(branch)) {
    refuse(join, "invalid-branches", branches.notABranch(index, next.success))
    return undefined
  }
  const excess = exceeds(join, 1)
  if (excess !== undefined) {
    refuse(join, "max-branches", excess)
    return undefined
  }
  join.record.added()
  cursor.advance()
  return branch
}

/** The last branch is being started that there is, for now or for good. */
const ran = (join: Join): void => join.cursor.backlog === undefined ? stop(join) : join.places.release()
