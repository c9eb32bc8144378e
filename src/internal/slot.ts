/**
 * A slot is a fiber that runs branches of a list one after another, for as long as a split has branches for it. It is born
 * as a member of the split's `Effect.forEach`, and ends well whatever its branches do (I5).
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
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { identity } from "effect/Function"
import * as Result from "effect/Result"
import type { Branch } from "./branches.ts"
import * as branches from "./branches.ts"
import { breakOff, exceeds, fail, isBreak, lose, outlast, refuse, report, seal, succeed } from "./deciding.ts"
import type { AnyEffect, AnyFiber, Join, Place, Slot } from "./join.ts"
import { hasMore, isOpen, mayYield, running } from "./join.ts"
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
  fiber: AnyFiber | undefined
  index = fresh
  place: Place | undefined = undefined
  constructor(join: Join, fiber: AnyFiber) {
    this.join = join
    this.id = fiber.id
    this.fiber = fiber
  }

  while(): boolean {
    const { join } = this
    if (this.index === away) {
      this.index = fresh
      join.arriving--
    }
    if (hasMore(join) && (this.index === fresh || mayGoOn(join, this))) return true
    this.fiber = undefined
    return false
  }

  body(): AnyEffect {
    const { join } = this
    const fiber = this.fiber!
    if (join.isBounded) {
      // Effect makes a fiber yield, wherever it is, when its operations are used up. The slot yields well before, so that
      // this does not part a short branch from its record, and a later branch settle first.
      if (this.index !== fresh && isTired(fiber, 2)) join.sinceYield = Math.max(join.sinceYield, join.yieldEvery)
      if (join.sinceYield >= join.yieldEvery) return this.away(pause(join))
    }
    if (join.outbox !== undefined && outbox.isFull(join.outbox)) return this.away(outbox.waitForSpace(join.outbox))
    if (join.sharing !== undefined && this.place === undefined) {
      this.place = join.sharing.claim()
      if (this.place === undefined) return this.away(join.sharing.park())
    }
    // what a branch has set on its fiber is not for the next one
    if (fiber.context !== join.context) fiber.setContext(join.context!)
    return join.pulling ? Effect.yieldNow : pull(join, this)
  }

  away(until: AnyEffect): AnyEffect {
    this.index = away
    this.join.arriving++
    return until
  }

  step(value: unknown): void {
    const { fiber, index, join } = this
    if (index < 0) return
    this.index = none
    // a decision interrupts the others
    this.fiber = undefined
    if (isOpen(join)) succeed(join, index, value)
    else outlast(join, index, value)
    if (this.place !== undefined) this.place = join.sharing!.keep(this.place, index, false)
    if (isOpen(join)) this.fiber = fiber
  }
}

/** Runs a slot, as a member of the split's `forEach`. To be made once for each split. */
export const member = (join: Join): AnyEffect =>
  Effect.matchCauseEffect(Effect.interruptibleMask(() => enter(join)), {
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
const enter = (join: Join): AnyEffect => {
  const slot = new Running(join, Fiber.getCurrent()!)
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
  const { fiber, index } = slot
  slot.index = none
  slot.fiber = undefined
  // A fiber that was interrupted cannot enter an interruptible region again.
  if (index < 0) return isBreak(cause) ? Exit.failCause(cause) : done(join, slot)
  if (!isOpen(join)) {
    lose(join, index, cause)
    if (slot.place !== undefined) slot.place = join.sharing!.keep(slot.place, index, true)
    return report(index, cause)
  }
  fail(join, index, cause)
  if (slot.place !== undefined) slot.place = join.sharing!.keep(slot.place, index, true)
  if (!isOpen(join)) return Exit.void
  slot.fiber = fiber
  return slot.while() ? drain(join) : done(join, slot)
}

/**
 * Behind a bulkhead a slot that ended otherwise than by itself is noticed before its `forEach` does, which then interrupts
 * the others: they must not be replaced.
 */
const onEnd = (join: Join, exit: Exit.Exit<unknown, unknown>): void => {
  if (Exit.isFailure(exit) && isBreak(exit.cause)) breakOff(join, exit.cause)
}

/** A slot ends. Behind a bulkhead another takes its place, if there is something left to do. */
const done = (join: Join, slot: Slot): AnyEffect => {
  const { sharing } = join
  const wanted = join.isBounded && hasMore(join) && mayYield(join)
  if (slot.place !== undefined) {
    slot.place = undefined
    if (wanted) sharing!.passOn()
    else sharing!.giveUp()
  }
  // on a shared bulkhead a slot without a place is started again when there is one
  if (!wanted || (sharing !== undefined && sharing.coming === 0)) return Exit.void
  join.slots.splice(placeOf(join.slots, slot.id), 1)
  replace(join)
  return Exit.void
}

/** Adds branches to a split that grows, and starts slots for as many as have a place. */
export const add = (
  join: Join,
  given: Iterable<unknown>,
  start: (width: number) => AnyEffect
): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const added = [...given]
    const takes = join.context !== undefined && join.tally.total === Number.POSITIVE_INFINITY && isOpen(join)
    if (!takes) return Exit.succeed(false)
    const { items } = join
    const bad = added.findIndex((branch) => !Effect.isEffect(branch))
    if (bad >= 0) {
      refuse(join, "invalid-branches", branches.notAnEffect(items.length + bad, added[bad]))
      return Exit.succeed(false)
    }
    const excess = exceeds(join, added.length)
    if (excess !== undefined) {
      refuse(join, "max-branches", excess)
      return Exit.succeed(false)
    }
    for (const branch of added) {
      // looked through above
      items.push(branch as Branch)
      join.record.added()
    }
    if (added.length > 0) join.exhausted = false
    // under `Effect.runSync` the slots that there are take them
    if (!mayYield(join)) return Exit.succeed(true)
    if (join.sharing !== undefined) join.sharing.request()
    else {
      // slots that are on their way take what waits
      const waiting = items.length - join.started
      const places = Math.min(waiting, join.places - running(join)) - join.arriving
      if (places > 0) startLater(join, places, start(places))
    }
    return Exit.succeed(true)
  })

/** Starts a slot in place of another one. */
export const replace = (join: Join): void => startLater(join, 1, member(join))

/** Starts a slot on the stack of a fiber that belongs to the split and to no branch. */
export const start = (join: Join): void => startOutside(join, member(join))

/** Starts slots: not inside a lost fiber, which somebody may wait for, and not on its stack. */
const startLater = (join: Join, width: number, slots: AnyEffect): void => {
  join.arriving += width
  startOutside(
    join,
    Effect.flatMap(Effect.yieldNow, () => {
      join.arriving -= width
      return slots
    })
  )
}

const startOutside = (join: Join, slots: AnyEffect): void => {
  // a fiber's context holds the services of what it runs, which its type does not say
  const context = join.context as Context.Context<unknown>
  const fiber = Effect.runForkWith(context)(slots, { uninterruptible: true })
  const replacements = join.replacements ??= new Set()
  replacements.add(fiber)
  fiber.addObserver((exit) => {
    replacements.delete(fiber)
    onEnd(join, exit)
  })
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
  const fiber = slot.fiber!
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
  const { iterator } = join
  const index = join.started
  let branch: Branch
  if (iterator === undefined) {
    const { items } = join
    branch = items[index]!
    join.exhausted = index + 1 >= items.length
    if (join.exhausted) join.sharing?.leave()
  } else {
    join.pulling = true
    const next = Result.try({ try: () => iterator.next(), catch: identity })
    join.pulling = false
    if (Result.isFailure(next)) {
      // a generator that threw has ended, so there is nothing to close
      join.exhausted = join.isRead = true
      return breakOff(join, Cause.die(next.failure))
    }
    join.exhausted = join.isRead = next.success.done === true
    // reading the list may have resumed a branch that decided
    if (!isOpen(join)) return Exit.void
    if (next.success.done === true) return seal(join)
    branch = next.success.value
    if (!Effect.isEffect(branch)) return refuse(join, "invalid-branches", branches.notAnEffect(index, branch))
    const excess = exceeds(join, 1)
    if (excess !== undefined) return refuse(join, "max-branches", excess)
    join.record.added()
  }
  join.started = index + 1
  if (join.sharing !== undefined) join.sharing.pool.started++
  slot.index = index
  return branch
}
