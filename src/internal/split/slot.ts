/**
 * A slot is a fiber that runs branches of a list one after another, for as long as a split has branches for it. It is born
 * as a member of the split's `Effect.forEach`, or is started later (`crew.ts`), and ends well whatever its branches do (I5).
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
import { constVoid, identity } from "effect/Function"
import * as Result from "effect/Result"
import type { Branch } from "./branches.ts"
import * as branches from "./branches.ts"
import * as crew from "./crew.ts"
import {
  breakOff,
  exceeds,
  fail,
  isBreak,
  lose,
  noticeBreak,
  outlast,
  refuse,
  report,
  seal,
  stop,
  succeed
} from "./decision.ts"
import type { AnyEffect, AnyFiber, Join, Place, Slot } from "./join.ts"
import { hasMore, isOpen, mayYield, running, yieldEvery } from "./join.ts"
import * as outbox from "./outbox.ts"

/** What a slot is busy with when it is busy with no branch; a fresh one has not taken any since it was started or yielded. */
const none = -1
const fresh = -2
/** It does something else first, and comes back for a branch. */
const away = -3

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
    if (this.index === away) this.index = fresh
    const goesOn = hasMore(join) && (this.index === fresh || mayGoOn(join, this))
    // asked again after a yield, a slot that had nothing to do may have something
    this.fiber = goesOn ? this.own : undefined
    return goesOn
  }

  body(): AnyEffect {
    const { join, own: fiber } = this
    if (join.isBounded) {
      // Effect makes a fiber yield, wherever it is, when its operations are used up. The slot yields well before, so that
      // this does not part a short branch from its record, and a later branch settle first.
      if (this.index !== fresh && isTired(fiber, 2)) join.sinceYield = Math.max(join.sinceYield, join.yieldEvery)
      if (join.sinceYield >= join.yieldEvery) return this.away(pause(join))
    }
    const { sharing } = join
    if (sharing !== undefined) {
      if (sharing.isStopped) {
        if (this.place !== undefined) sharing.giveUp()
        this.place = undefined
        return this.away(sharing.park(this))
      }
      this.place ??= sharing.claim()
      if (this.place === undefined) return this.away(sharing.park(this))
    } else if (join.outbox !== undefined) {
      if (outbox.isFull(join.outbox)) return this.away(outbox.waitForRoom(join.outbox))
      // whoever finds room tells two others, so that all are told soon, and few without need
      outbox.wake(join.outbox, 2)
    }
    // what a branch has set on its fiber is not for the next one
    if (fiber.context !== join.context) fiber.setContext(join.context!)
    return join.pulling ? Effect.yieldNow : pull(join, this)
  }

  away(until: AnyEffect): AnyEffect {
    this.index = away
    return until
  }

  step(value: unknown): void {
    const { index, join } = this
    if (index < 0) return
    this.index = none
    // a decision interrupts the others; `while` is asked next
    this.fiber = undefined
    if (isOpen(join)) succeed(join, index, value)
    else outlast(join, index, value)
    if (this.place !== undefined) this.place = join.sharing!.keep(this.place, index, false)
  }
}

/** Runs a slot. To be made once for each split, or for each slot that is started with a place. */
export const member = (join: Join, place?: Place): AnyEffect =>
  Effect.matchCauseEffect(Effect.interruptibleMask(() => enter(join, place)), {
    onSuccess: (value) => {
      const slot = current(join)
      slot.step(value)
      return slot.while() ? drain(join) : done(join, slot)
    },
    onFailure: (cause) => left(join, cause)
  })

/** Goes on with the list, from where a branch has left it. */
const drain = (join: Join): AnyEffect =>
  join.drain ??= Effect.matchCauseEffect(Effect.interruptibleMask(() => Effect.whileLoop(current(join))), {
    onSuccess: () => done(join, current(join)),
    onFailure: (cause) => left(join, cause)
  })

/** Called first of all on the fiber of a slot. */
const enter = (join: Join, place: Place | undefined): AnyEffect => {
  const slot = new Running(join, Fiber.getCurrent()!, place)
  const { slots } = join
  const last = slots[slots.length - 1]
  if (last === undefined || last.id < slot.id) slots.push(slot)
  // a fiber that had to yield before it got here
  else slots.splice(placeOf(slots, slot.id), 0, slot)
  if (!join.isBounded) join.front = slot
  else slot.fiber!.addObserver(join.onEnd ??= (exit) => onEnd(join, exit))
  return slot.while() ? slot.body() : Exit.void
}

/** The loop has failed: a branch did, or the fiber was interrupted. */
const left = (join: Join, cause: Cause.Cause<unknown>): AnyEffect => {
  const slot = current(join)
  const { index } = slot
  slot.index = none
  slot.fiber = undefined
  // A fiber that was interrupted cannot enter an interruptible region again.
  if (index < 0) return isBreak(cause) ? Exit.failCause(cause) : done(join, slot)
  const isLoser = !isOpen(join)
  if (isLoser) lose(join, index, cause)
  else fail(join, index, cause)
  if (slot.place !== undefined) slot.place = join.sharing!.keep(slot.place, index, true)
  if (isLoser) return report(join, index, cause)
  if (!isOpen(join)) return Exit.void
  return slot.while() ? drain(join) : done(join, slot)
}

/** Slots that have ended before they are looked through. */
const fewEnded = 64

/**
 * Behind a bulkhead a slot that ended otherwise than by itself is noticed before its `forEach` does, which then interrupts
 * the others: they must not be replaced. Those that have ended are forgotten, however many a split has in its time.
 */
const onEnd = (join: Join, exit: Exit.Exit<unknown, unknown>): void => {
  noticeBreak(join, exit)
  if (++join.ended >= fewEnded && join.ended * 2 >= join.slots.length) forgetEnded(join)
}

/** Drops the slots that have ended. */
export const forgetEnded = (join: Join): void => {
  join.slots = join.slots.filter(({ own }) => own.pollUnsafe() === undefined)
  join.ended = join.hint = 0
}

/** Starts slots for the branches that have a place, and says what the worker is to do before it asks again. */
export const startDue = (join: Join): Effect.Effect<void> | undefined => {
  if (!hasMore(join)) return undefined
  if (join.sinceYield >= join.yieldEvery) return pause(join)
  const { sharing } = join
  const own = sharing === undefined ? member(join) : undefined
  let started = 0
  while (started < yieldEvery && hasMore(join) && isDue(join)) {
    started++
    join.crew!.slots++
    crew.start(join, own ?? member(join, sharing!.claim()), constVoid)
  }
  return started === 0 ? undefined : started < yieldEvery ? Exit.void : pause(join)
}

/** Whether there is a place for one more slot, and a branch that no slot looks for yet. */
const isDue = (join: Join): boolean => {
  const { backlog, outbox: to, places, sharing } = join
  if (sharing !== undefined) return sharing.coming > 0
  // slots that would only wait for room are not started
  if (to !== undefined && outbox.isFull(to)) return false
  const { slots } = join.crew!
  return slots < places && backlog!.waiting > slots - running(join)
}

/** A slot ends. Behind a bulkhead another takes its place, if there is something left to do. */
const done = (join: Join, slot: Slot): AnyEffect => {
  const { place } = slot
  const wanted = join.isBounded && hasMore(join)
  slot.place = undefined
  if (crew.isAll(join)) {
    join.crew!.slots--
    if (place !== undefined) {
      if (wanted) join.sharing!.passOn()
      else join.sharing!.giveUp()
    }
    crew.poke(join)
    // under `Effect.runSync` the worker starts another when all have ended
  } else if (wanted && mayYield(join)) {
    // not inside a lost fiber, which somebody may wait for, and not on its stack
    crew.start(join, Effect.andThen(Effect.yieldNow, member(join)), constVoid)
  }
  return Exit.void
}

// -----------------------------------------------------------------------------
// taking turns
// -----------------------------------------------------------------------------

/** The slot whose fiber runs now. Most report in the order in which they were started. */
const current = (join: Join): Slot => {
  const { id } = Fiber.getCurrent()!
  const { hint, slots } = join
  const same = slots[hint]
  if (same !== undefined && same.id === id) return same
  const next = slots[hint + 1]
  const place = next !== undefined && next.id === id ? hint + 1 : placeOf(slots, id)
  join.hint = place
  return slots[place]!
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

/** Whether the split has something to do for another slot, now. */
export const isWanted = (join: Join): boolean => hasMore(join) && (join.isBounded || join.sinceYield < join.yieldEvery)

/** Whether a slot that has run a branch may take another one on the same fiber. */
const mayGoOn = (join: Join, slot: Running): boolean => {
  const fiber = slot.own
  if (hasChildren(fiber)) return false
  return join.isBounded || (join.front === slot && join.sinceYield < join.yieldEvery && !isTired(fiber, 16))
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

/** Lets timers and other fibers run. The first slot to come back opens the next round. */
export const pause = (join: Join): Effect.Effect<void> => {
  const round = join.yields
  return Effect.map(Effect.yieldNow, () => {
    if (join.yields !== round) return
    join.yields++
    join.sinceYield = 0
  })
}

/** Takes the next branch from the list. */
const pull = (join: Join, slot: Slot): AnyEffect => {
  const { backlog, iterator } = join
  const index = join.started
  let branch: Branch
  if (backlog !== undefined) {
    branch = backlog.shift()
    join.exhausted = backlog.waiting === 0
  } else if (iterator === undefined) {
    const { items } = join
    branch = items[index]!
    join.exhausted = index + 1 >= items.length
  } else {
    join.pulling = true
    const next = Result.try({ try: () => iterator.next(), catch: identity })
    join.pulling = false
    if (Result.isFailure(next)) {
      // a generator that threw has ended, so there is nothing to close
      join.exhausted = join.isRead = true
      return breakOff(join, Cause.die(next.failure))
    }
    const given = next.success
    if (typeof given !== "object" || given === null) {
      join.exhausted = join.isRead = true
      return breakOff(join, Cause.die(new TypeError(branches.noResult(given))))
    }
    // any value that is true ends a list
    const isDone = Boolean(given.done)
    join.exhausted = join.isRead = isDone
    // reading the list may have resumed a branch that decided
    if (!isOpen(join)) return Exit.void
    if (isDone) return seal(join)
    branch = given.value
    if (!Effect.isEffect(branch)) return refuse(join, "invalid-branches", branches.notABranch(index, given))
    const excess = exceeds(join, 1)
    if (excess !== undefined) return refuse(join, "max-branches", excess)
    join.record.added()
  }
  join.started = index + 1
  join.sharing?.started()
  if (join.exhausted) ran(join)
  slot.index = index
  return join.enter === undefined ? branch : join.enter(slot.own, index, branch)
}

/** The last branch is being started that there is, for now or for good. */
const ran = (join: Join): void => {
  if (join.backlog === undefined) return stop(join)
  join.sharing?.release()
  if (join.outbox !== undefined) outbox.wake(join.outbox)
}
