/**
 * The other way to start the slots of a split: as members of an `Effect.forEach`, as many as there are places or branches.
 * Long lists are started in segments, so that the worker can yield in between.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constFalse, constUndefined, constVoid } from "effect/Function"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { deadlines, none } from "./deadlines.ts"
import type { Join } from "./join.ts"
import * as outbox from "./outbox.ts"
import { yieldEvery } from "./pace.ts"
import { breakOff, isBreak } from "./settling.ts"
import * as slot from "./slot.ts"

/** Slots that one `forEach` starts. What fits into one segment never has to yield. */
const size = yieldEvery

/** Starts the slots with what runs beside them, and waits for them. */
export const begin = (join: Join, width: number): AnyEffect => {
  const member = slot.member(join)
  const all = width <= size ? segment(join, width, member, true) : segments(join, width, member)
  return join.isBounded && !join.pace.mayYield ? Effect.andThen(all, restart(join, width)) : all
}

/** Waits for slots that have replaced others. */
export const attend = (join: Join): AnyEffect =>
  join.isBounded ? join.crew.attend(constFalse, constUndefined) : Exit.void

/** Starts `width` slots in order, on the current tick, and waits for them. */
const segment = (join: Join, width: number, member: AnyEffect, first: boolean): AnyEffect => {
  const beside = first ? deadlines(join) : none
  const start = (): AnyEffect => slot.isWanted(join) ? member : Exit.void
  return beside.length === 0
    ? all(new Array<void>(width), start)
    : all(new Array<void>(beside.length + width), (_, i) => i < beside.length ? beside[i]! : start())
}

const atOnce = { concurrency: "unbounded", discard: true } as const

const all = (slots: Array<void>, start: (_: void, i: number) => AnyEffect): AnyEffect =>
  Effect.forEach(slots, start, atOnce)

const segments = (join: Join, width: number, member: AnyEffect): AnyEffect =>
  Effect.suspend(() => {
    const { crew, cursor, outbox: to, pace } = join
    let forked: Array<AnyFiber> = []
    let kept = size
    let first = true
    let left = width
    let read = -1
    const loop = Effect.whileLoop({
      while: () => left > 0 && cursor.hasMore,
      body: (): Effect.Effect<AnyFiber | void, never, unknown> => {
        // slots that had to yield before they have read from the list may be all that it has branches for
        const stalled = read === cursor.started
        read = -1
        if (stalled || pace.isDue) return pace.pause()
        // slots that would only wait for room are not started
        if (to !== undefined && outbox.isFull(to)) return outbox.waitForRoom(to)
        read = cursor.started
        // a list may have no end, so what has ended is forgotten; not so often that those that go on cost much
        if (crew.slots.length >= 2 * kept) {
          crew.forgetEnded()
          forked = forked.filter((segment) => segment.pollUnsafe() === undefined)
          kept = Math.max(crew.slots.length, size)
        }
        // a lazy list may be short, so its segments double
        const next = Math.min(left, size, cursor.iterator === undefined ? size : cursor.started + 16)
        const slots = segment(join, next, member, first)
        first = false
        // without a bulkhead a segment may end early, and the list decides when there are enough slots
        if (join.isBounded) left -= next
        return Effect.forkChild(
          Effect.catchCause(slots, (cause) => isBreak(cause) ? breakOff(join, cause) : Effect.void),
          {
            startImmediately: true,
            uninterruptible: true
          }
        )
      },
      step: (fiber) => {
        if (fiber !== undefined) forked.push(fiber)
      }
    })
    return Effect.flatMap(loop, () => Fiber.awaitAll(forked))
  })

/** Where no slot can be replaced later: starts new ones when all have ended, and some of them early. */
const restart = (join: Join, width: number): AnyEffect => {
  const member = slot.member(join)
  return Effect.whileLoop({
    while: () => join.cursor.hasMore,
    body: () => segment(join, Math.min(width, size), member, false),
    step: constVoid
  })
}
