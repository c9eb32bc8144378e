/**
 * What is wrong with a duration that somebody has given: the one rule that every duration of an option goes through.
 *
 * `Duration.fromInput` is made for inputs of its type. Of others it reads what it knows and takes the rest for 0, so that
 * `{ second: 5 }`, a Promise or a Date would be no time at all.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { attempt, show } from "./describe.ts"

export const wrong = (input: unknown, what: string): string | undefined => {
  const fault = attempt(() => faultOf(input)) ?? "no duration"
  if (fault === "none") return undefined
  const given = attempt(() => Duration.isDuration(input) ? Duration.format(input) : undefined) ?? show(input)
  return fault === "no duration"
    ? `${what} is no duration: ${given}; write for example "5 seconds" or 5000 (milliseconds)`
    : `${what} is ${fault}: ${given}`
}

/** The duration, where there is nothing wrong with it. */
export const sound = (input: unknown): Duration.Duration | undefined =>
  // it has been asked what it is
  wrong(input, "") === undefined ? Duration.fromInputUnsafe(input as Duration.Input) : undefined

type Fault = "none" | "not a number" | "no duration" | "negative"

const faultOf = (input: unknown): Fault => {
  if (Number.isNaN(input)) return "not a number"
  if (Predicate.isObjectOrArray(input) && !Duration.isDuration(input)) {
    const fault = Array.isArray(input) ? ofPair(input) : ofUnits(input)
    if (fault !== "none") return fault
  }
  // an input of another type than `Duration.Input` is what is being looked for
  const parsed = Duration.fromInput(input as Duration.Input)
  return Option.isNone(parsed) ? "no duration" : Duration.isNegative(parsed.value) ? "negative" : "none"
}

/** Seconds and nanoseconds. */
const ofPair = (input: ReadonlyArray<unknown>): Fault =>
  input.length !== 2 || typeof input[0] !== "number" || typeof input[1] !== "number"
    ? "no duration"
    : Number.isNaN(input[0]) || Number.isNaN(input[1])
    ? "not a number"
    : "none"

const units: ReadonlySet<string> = new Set(
  [
    "weeks",
    "days",
    "hours",
    "minutes",
    "seconds",
    "milliseconds",
    "microseconds",
    "nanoseconds"
  ] satisfies ReadonlyArray<keyof Duration.DurationObject>
)

/** They have no length, and Effect leaves them out; a `Temporal.Duration` has them too. */
const calendar = ["years", "months"]

/** By unit: at least one, and nothing else. The units may be inherited, as those of a `Temporal.Duration` are. */
const ofUnits = (input: { readonly [key: string]: unknown }): Fault => {
  if (!Object.keys(input).every((key) => units.has(key)) || calendar.some((unit) => input[unit])) return "no duration"
  const given = [...units].map((unit) => input[unit]).filter((value) => value !== undefined)
  if (given.length === 0 || !given.every(Predicate.isNumber)) return "no duration"
  return given.some(Number.isNaN) ? "not a number" : "none"
}
