/**
 * How the slots of a bulkhead are started that is the split's own: as members of an `Effect.forEach`, as many as there are
 * places or branches. Very many are started in segments, so that the worker can yield in between.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constFalse, constUndefined, constVoid } from "effect/Function"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import * as deadlines from "./deadlines.ts"
import type { Bounded } from "./join.ts"
import * as outbox from "./outbox.ts"
import { yieldEvery } from "./pace.ts"
import * as slot from "./slot.ts"

/** Slots that one `forEach` starts. What fits into one segment never has to yield. */
const size = yieldEvery

/** Starts what runs beside the slots, and them, and waits for them. */
export const begin = (join: Bounded, width: number): AnyEffect =>
  Effect.suspend(() => {
    const { pace } = join
    deadlines.start(join)
    const member = slot.member(join)
    const all = width <= size ? segment(join, width, member) : segments(join, width, member)
    return pace.mayYield ? all : Effect.andThen(all, restart(join, width))
  })

/** Waits for slots that have replaced others, and for what runs beside them. */
export const attend = (join: Bounded): AnyEffect => join.crew.attend(constFalse, constUndefined)

/** Starts `width` slots in order, on the current tick, and waits for them. */
const segment = (join: Bounded, width: number, member: AnyEffect): AnyEffect =>
  Effect.forEach(new Array<void>(width), () => join.cursor.hasMore ? member : Exit.void, atOnce)

const atOnce = { concurrency: "unbounded", discard: true } as const

const segments = (join: Bounded, width: number, member: AnyEffect): AnyEffect =>
  Effect.suspend(() => {
    const { cursor, outbox: to, pace } = join
    const forked: Array<AnyFiber> = []
    let left = width
    let read = -1
    const loop = Effect.whileLoop({
      while: () => left > 0 && cursor.hasMore,
      body: (): Effect.Effect<AnyFiber | void, never, unknown> => {
        // slots that had to yield before they have read from the list may be all that it has branches for
        const stalled = read === cursor.next
        read = -1
        if (stalled || pace.isDue) return pace.pause()
        // slots that would only wait for room are not started
        if (to !== undefined && outbox.isFull(to)) return outbox.waitForRoom(to)
        read = cursor.next
        // a lazy list may be short, so its segments double
        const next = Math.min(left, size, cursor.iterator === undefined ? size : cursor.started + 16)
        left -= next
        return Effect.forkChild(segment(join, next, member), { startImmediately: true, uninterruptible: true })
      },
      step: (fiber) => {
        if (fiber !== undefined) forked.push(fiber)
      }
    })
    return Effect.flatMap(loop, () => Fiber.awaitAll(forked))
  })

/** Where no slot can be replaced later: starts new ones when all have ended, and some of them early. */
const restart = (join: Bounded, width: number): AnyEffect => {
  const member = slot.member(join)
  return Effect.whileLoop({
    while: () => join.cursor.hasMore,
    body: () => segment(join, Math.min(width, size), member),
    step: constVoid
  })
}
