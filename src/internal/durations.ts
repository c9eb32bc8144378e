/**
 * What is wrong with a duration that somebody has given.
 */
import * as Duration from "effect/Duration"
import * as Formatter from "effect/Formatter"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

/** Checked as given, because reading it as a `Duration` turns NaN into 0. */
export const wrong = (input: unknown, what: string): string | undefined => {
  if (hasNaN(input)) return `${what} is not a number: ${Formatter.format(input)}`
  // an input of another type than `Duration.Input` is what is being looked for
  const parsed = Duration.fromInput(input as Duration.Input)
  if (Option.isNone(parsed)) {
    return `${what} is no duration: ${Formatter.format(input)}; write for example "5 seconds" or 5000 (milliseconds)`
  }
  return Duration.isNegative(parsed.value) ? `${what} is negative: ${Formatter.format(input)}` : undefined
}

const hasNaN = (input: unknown): boolean =>
  Array.isArray(input)
    ? input.some(Number.isNaN)
    : Predicate.isObject(input)
    ? !Duration.isDuration(input) && Object.values(input).some(Number.isNaN)
    : Number.isNaN(input)
