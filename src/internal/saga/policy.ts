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
import { list, misfit, show } from "../check/describe.ts"
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
    sentences.push(misfit("retry of the compensations", retry, "a Schedule, or be left out"))
  }
  if (branches !== undefined && branches !== "in order" && branches !== "at once") {
    sentences.push(misfit("branches", branches, "\"in order\" or \"at once\", or be left out"))
  }
  if (most !== undefined && !isCount(most)) {
    sentences.push(misfit("most", most, `${aCount}, or be left out`))
  }
  if (on !== undefined && !(Array.isArray(on) && on.every((kind) => kinds.includes(kind)))) {
    sentences.push(misfit("on", on, `an array of ${list(kinds)}, or be left out`))
  }
  return sentences
}

/** The policy that was given, with which nothing is wrong. */
export const resolve = (policy: unknown): Policy => policy === undefined ? usual : made(policy as Given)

interface Given {
  readonly [option: string]: unknown
}

const made = (given: Given): Policy => ({
  timeout: durations.sound(given["timeout"]) ?? usual.timeout,
  within: durations.sound(given["within"]),
  grace: durations.sound(given["grace"]) ?? usual.grace,
  retry: given["retry"] as Policy["retry"],
  isAtOnce: given["branches"] === "at once",
  on: given["on"] === undefined ? usual.on : new Set(given["on"] as ReadonlyArray<unknown>),
  most: given["most"] === undefined ? usual.most : given["most"] as number
})

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
