/**
 * Instants that somebody has given: whole milliseconds, or a DateTime, of those that a calendar has. Nothing outlives the look.
 */
import * as DateTime from "effect/DateTime"

export const expected = "an instant: whole milliseconds, or a DateTime"

/** The last millisecond that has a date, and the first. */
const most = 8.64e15

export const read = (input: unknown): number | undefined => {
  const millis = DateTime.isDateTime(input) ? DateTime.toEpochMillis(input) : input
  return Number.isInteger(millis) && Math.abs(millis as number) <= most ? millis as number : undefined
}
