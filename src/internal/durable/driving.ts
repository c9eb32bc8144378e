/**
 * A run that a runner drives, or is about to, and how it lets go of such runs. It lives until it is known what has become of it.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Letter } from "../../journal.ts"
import type { AnyFiber } from "../fibers/any.ts"
import type { Driven, Ending } from "./driver.ts"
import type { Inbox } from "./inbox.ts"
import type { Parking } from "./parking.ts"
import type { Pen } from "./pen.ts"

export interface Driving extends Parking {
  /** Nothing as long as it is not known of which workflow it is. */
  driven: Driven | undefined
  inbox: Inbox | undefined
  pen: Pen | undefined
  fiber: AnyFiber | undefined
  /** Letters that came while it was being claimed. */
  readonly early: Array<Letter>
  /** What has become of it, when it is driven no further. */
  taken: Taken | undefined
  /** Whether it is being given up, as others are to drive it. */
  isLeaving: boolean
}

/** What has become of a run that was to be taken: somebody else may have it. */
export type Taken = Ending | { readonly _tag: "Held"; readonly until: number }

export const make = (driven: Driven | undefined): Driving => ({
  driven,
  inbox: undefined,
  pen: undefined,
  fiber: undefined,
  early: [],
  markedAt: undefined,
  isWanted: false,
  taken: undefined,
  isLeaving: false
})

/** Of some runs nothing is started any more; what runs may come to its next row, and is left to others then. */
export const stop = (all: ReadonlyArray<Driving>, stopWithin: Duration.Duration): Effect.Effect<void> => {
  const fibers: Array<AnyFiber> = []
  const pens: Array<Pen> = []
  for (const { fiber, inbox, pen } of all) {
    // it was stopped with its definition, and has been waited for
    if (pen?.over?._tag === "Stopped") continue
    if (fiber !== undefined) fibers.push(fiber)
    if (pen === undefined) {
      fiber?.interruptUnsafe()
      continue
    }
    pens.push(pen)
    if (inbox?.known.isWaiting === true && pen.isIdle) pen.end({ _tag: "Stopped" })
    else pen.stop()
  }
  if (fibers.length === 0) return Effect.void
  return Effect.andThen(
    Effect.timeoutOption(Fiber.awaitAll(fibers), stopWithin),
    Effect.suspend(() => {
      for (const pen of pens) pen.end({ _tag: "Stopped" })
      for (const fiber of fibers) fiber.interruptUnsafe()
      // a step that can be undone is not cut off: it ends by itself, and is in doubt for who goes on
      return Effect.asVoid(Effect.timeoutOption(Fiber.awaitAll(fibers), stopWithin))
    })
  )
}
