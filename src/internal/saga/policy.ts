/**
 * How the steps of a run are compensated: what `withCompensation` was given, checked and brought to one form, once for a
 * workflow.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import type { Doubt } from "../../Saga.ts"
import { aCount, isCount } from "../check/counts.ts"
import { list, show } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import { isUnsure } from "../run/doubt.ts"

export interface Policy {
  readonly timeout: Duration.Duration
  readonly within: Duration.Duration | undefined
  readonly grace: Duration.Duration
  readonly retry: Schedule.Schedule<unknown, unknown, unknown, unknown> | undefined
  readonly isAtOnce: boolean
  readonly on: ReadonlySet<unknown>
  readonly most: number
}

const kinds = ["failure", "defect", "interruption"] as const

export const usual: Policy = {
  timeout: Duration.seconds(30),
  within: undefined,
  grace: Duration.seconds(1),
  retry: undefined,
  isAtOnce: false,
  on: new Set(kinds),
  most: 10_000
}

const known = ["timeout", "within", "grace", "retry", "branches", "on", "most"]

/** What is wrong with what was given, as sentences. */
export const wrong = (given: unknown): ReadonlyArray<string> => {
  if (!Predicate.isObject(given)) return [`withCompensation was given ${show(given)}; it must be { timeout, … }`]
  const sentences: Array<string> = []
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) sentences.push(`withCompensation has no option "${name}"; there are ${list(known)}`)
  }
  for (const name of ["timeout", "within", "grace"] as const) {
    if (given[name] === undefined) continue
    const sentence = durations.wrong(given[name], `${name} of the compensations`)
    if (sentence !== undefined) sentences.push(sentence)
  }
  const { branches, most, on, retry } = given
  if (retry !== undefined && !Schedule.isSchedule(retry)) {
    sentences.push(`retry of the compensations is ${show(retry)}; it must be a Schedule, or be left out`)
  }
  if (branches !== undefined && branches !== "in order" && branches !== "at once") {
    sentences.push(`branches is ${show(branches)}; it must be "in order" or "at once", or be left out`)
  }
  if (most !== undefined && !isCount(most)) {
    sentences.push(`most is ${show(most)}; it must be ${aCount}, or be left out`)
  }
  if (on !== undefined && !(Array.isArray(on) && on.every((kind) => kinds.includes(kind)))) {
    sentences.push(`on is ${show(on)}; it must be an array of ${list(kinds)}, or be left out`)
  }
  return sentences
}

/** The policy that was given, with which nothing is wrong. */
export const resolve = (policy: unknown): Policy => policy === undefined ? usual : made(policy as Given)

interface Given {
  readonly [option: string]: unknown
}

const made = (given: Given): Policy => ({
  timeout: durationOf(given["timeout"]) ?? usual.timeout,
  within: durationOf(given["within"]),
  grace: durationOf(given["grace"]) ?? usual.grace,
  retry: given["retry"] as Policy["retry"],
  isAtOnce: given["branches"] === "at once",
  on: given["on"] === undefined ? usual.on : new Set(given["on"] as ReadonlyArray<unknown>),
  most: given["most"] === undefined ? usual.most : given["most"] as number
})

const durationOf = (input: unknown): Duration.Duration | undefined =>
  input === undefined ? undefined : Duration.fromInputUnsafe(input as Duration.Input)

/** Whether a run goes back that has ended so. */
export const goesBack = ({ on }: Policy, cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.some((reason) =>
    on.has(Cause.isFailReason(reason) ? "failure" : Cause.isDieReason(reason) ? "defect" : "interruption")
  )

// -----------------------------------------------------------------------------
// doubt
// -----------------------------------------------------------------------------

const doubts: ReadonlyArray<unknown> = ["unexpected", "always", "skip"] satisfies ReadonlyArray<Doubt>

export const isDoubt = (u: unknown): u is Doubt => doubts.includes(u)

export const aDoubt = list(doubts as ReadonlyArray<string>)

/** Whether a step that has ended so may have been done. */
export const mayBeDone = (doubt: Doubt, cause: Cause.Cause<unknown>): boolean =>
  doubt !== "skip" && (doubt === "always" || isUnsure(cause))
