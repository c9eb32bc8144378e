/**
 * How slots are started where it shows only in time how many there may be: gradually, by the worker, when a place is given
 * or a branch added. So whoever makes a slot possible neither runs it on its own stack nor lends it its
 * async context (I9).
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { AnyEffect } from "../fibers/any.ts"
import * as deadlines from "./deadlines.ts"
import type { Bounded } from "./join.ts"
import { yieldEvery } from "./pace.ts"
import * as slot from "./slot.ts"

/** Starts what runs beside the branches, and asks for places for so many of them at most. The slots follow. */
export const begin = (join: Bounded, width: number): AnyEffect =>
  Effect.sync(() => {
    deadlines.start(join)
    join.places.open(width)
  })

/** Starts slots as they are due, until none is left and none is to come. */
export const attend = (join: Bounded): AnyEffect => join.crew.attend(() => join.cursor.hasMore, () => startDue(join))

/** Starts the slots that are due, and says what the worker is to do before it asks again. */
export const startDue = (join: Bounded): Effect.Effect<void> | undefined => {
  const { crew, cursor, pace, places } = join
  if (!cursor.hasMore) return undefined
  if (pace.isDue) return pace.pause()
  let started = 0
  while (started < yieldEvery && cursor.hasMore && places.isDue()) {
    started++
    crew.startSlot(slot.member(join, places.claim()))
  }
  return started === 0 ? undefined : started < yieldEvery ? Exit.void : pace.pause()
}
