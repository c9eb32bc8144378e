/**
 * How a run of which everything waits is marked in the journal, or given up. Nothing is kept.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { JournalError, Parked } from "../../journal.ts"
import type { Inbox } from "./inbox.ts"
import type { Pen } from "./pen.ts"
import { isFar } from "./rest.ts"

/** What there is of a run that is driven. */
export interface Parking {
  readonly inbox: Inbox | undefined
  readonly pen: Pen | undefined
  /** How often it had written when it was marked as one that waits. */
  markedAt: number | undefined
  /** Whether somebody here wants it to go on who came while it was being parked. */
  isWanted: boolean
}

/** Until when a run is to wait, and whether it is given up. */
export interface Wait {
  readonly inbox: Inbox
  readonly pen: Pen
  readonly isReleased: boolean
  readonly wakeAt: number | undefined
}

/** Nothing for a run that goes on, or is marked already. */
export const waitOf = (
  { inbox, markedAt, pen }: Parking,
  parkAfter: Duration.Duration,
  now: number
): Wait | undefined => {
  if (inbox === undefined || pen === undefined || pen.over !== undefined || pen.isHeld || !pen.isIdle) return undefined
  const resting = inbox.resting
  const isReleased = resting !== undefined && isFar(resting, parkAfter, now)
  if (isReleased) return { inbox, pen, isReleased, wakeAt: resting.until }
  return pen.times === markedAt || !inbox.isAtRest
    ? undefined
    : { inbox, pen, isReleased, wakeAt: inbox.wakesAt }
}

/**
 * Marks a run, or gives it up. Who gives it up asks whether something has come that it has not seen; until that is answered it
 * takes no letter and writes no row, so that none is lost and nothing is written behind it. What a deadline does meanwhile calls
 * functions at most, which are called again.
 */
export const park = (
  parking: Parking,
  { inbox, isReleased, pen, wakeAt }: Wait,
  ask: (parked: Parked) => Effect.Effect<boolean, JournalError>
): Effect.Effect<void> => {
  const { last: n, times } = pen
  if (isReleased) {
    pen.hold()
    inbox.hold()
  }
  const waits = inbox.waits
  return Effect.match(ask({ createdAt: pen.createdAt, n, seen: inbox.seen, wakeAt, isReleased, waits }), {
    onSuccess: (isParked) => {
      if (isParked && isReleased) return pen.end({ _tag: "Parked" })
      if (isParked && parking.pen === pen) parking.markedAt = times
      if (!isReleased) return
      parking.isWanted = false
      inbox.release()
      pen.release()
    },
    // it may be parked all the same: it is taken again, and looked at then
    onFailure: (error) => isReleased ? pen.end({ _tag: "Journal", error }) : undefined
  })
}
