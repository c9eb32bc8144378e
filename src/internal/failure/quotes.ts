/**
 * What a failure says in one line, however large it is and however many lie below it: the text is put together anew each
 * time it is asked for, out of a bounded number of quotations of bounded length.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Redactable from "effect/Redactable"
import * as JoinStrategy from "../../JoinStrategy.ts"
import type { Failed, SplitResult } from "../../SplitResult.ts"
import { attempt, clip, show } from "../check/describe.ts"

/** What the two errors of a join have in common. */
export interface Join {
  readonly _tag: string
  readonly strategy: JoinStrategy.JoinStrategy
  readonly timeout?: Duration.Duration | undefined
  readonly reason?: string | undefined
  readonly result: SplitResult<unknown, unknown, unknown, unknown>
  readonly workflow: string | undefined
  readonly state: string | undefined
}

export const isJoin = (u: unknown): u is Join =>
  attempt(() =>
    u instanceof Error && "_tag" in u && (u._tag === "JoinUnsatisfiedError" || u._tag === "JoinTimeoutError") &&
    Predicate.hasProperty(u, "result") && Predicate.hasProperty(u.result, "failures")
  ) ?? false

/** Failures that are quoted of a join, by how many joins it lies below the one that is asked. */
const widths = [3, 3, 1, 1, 1, 1, 1, 1]
/** Failures that are shown of a join, and how many joins below each other. */
export const most = { failures: widths[0]!, joins: widths.length }

/** Characters of one quotation, of a sentence, and of what a strategy or a definition says of itself. */
const mostQuoted = 500
const mostSentence = 2000
const mostSaid = 300

/** Joins that are followed to the innermost failure. */
export const mostFollowed = 10_000

/** Where a sentence belongs. */
export const located = (
  sentence: string,
  { state, workflow }: { readonly workflow: string | undefined; readonly state: string | undefined }
): string => {
  const text = shortened(sentence, mostSentence)
  if (workflow === undefined) return text
  const where = state === undefined ? "" : `, state "${clip(state)}"`
  return `workflow "${clip(workflow)}"${where}: ${text}`
}

/** No longer than `most`: begin and end are what tells most, the end of nested quotations above all. */
export const shortened = (text: string, most = mostQuoted): string => {
  if (text.length <= most) return text
  const end = most >> 1
  return `${text.slice(0, most - end)}…${text.slice(-end)}`
}

/** The error of a cause, else its defect; nothing of what has only been interrupted. */
export const reasonOf = (cause: Cause.Cause<unknown>): Reason | undefined => {
  let defect: Cause.Die | undefined
  for (const reason of cause.reasons) {
    if (Cause.isFailReason(reason)) return { value: reason.error, reason }
    if (Cause.isDieReason(reason)) defect ??= reason
  }
  return defect && { value: defect.defect, reason: defect }
}

interface Reason {
  readonly value: unknown
  readonly reason: Cause.Reason<unknown>
}

/** What is said of a value that something has failed or died with: its message, its tag or its name, else the value. */
export const quote = (value: unknown): string => shortened(attempt(() => said(Redactable.redact(value))) ?? show(value))

const said = (value: unknown): string | undefined => {
  if (typeof value === "string") return value
  // read once: a getter may put it together
  const message: unknown = Predicate.hasProperty(value, "message") ? value.message : undefined
  if (typeof message === "string" && message !== "") return message
  if (Predicate.hasProperty(value, "_tag") && typeof value._tag === "string") return value._tag
  return value instanceof Error ? value.name : undefined
}

/** How a branch has failed. */
export const failed = ({ cause }: Failed<unknown>, level = 0): string => {
  const reason = reasonOf(cause)
  return reason === undefined ? "interrupted itself" : below(reason.value, level)
}

/** The failure of a branch of a join that lies `level` joins deep. */
const below = (value: unknown, level: number): string => {
  if (!isJoin(value)) return quote(value)
  if (level + 1 < widths.length) return shortened(join(value, level + 1))
  const end = innermost(value)
  return `…: ${isJoin(end) ? clip(end._tag) : quote(end)}`
}

/** The failures that are told of: the first that have a reason, before those that only have interrupted themselves. */
export const foremost = (failures: ReadonlyArray<Failed<unknown>>, count: number): ReadonlyArray<Failed<unknown>> => {
  const told: Array<Failed<unknown>> = []
  for (const failure of failures) {
    if (told.length >= count) return told
    if (reasonOf(failure.cause) !== undefined) told.push(failure)
  }
  for (const failure of failures) {
    if (told.length >= count) break
    if (reasonOf(failure.cause) === undefined) told.push(failure)
  }
  return told
}

/** What the first failures lead to, from join to join. */
export const innermost = (value: unknown): unknown => {
  let at = value
  // results can be changed, and an error put into its own
  for (let i = 0; i < mostFollowed && isJoin(at); i++) {
    const [first] = foremost(at.result.failures, 1)
    const reason = first && reasonOf(first.cause)
    if (reason === undefined) break
    at = reason.value
  }
  return at
}

/** What a join says: its counts and its first failures. */
export const join = (self: Join, level = 0): string =>
  located(
    self.timeout === undefined
      ? summary(self, level)
      : `no decision within ${Duration.format(self.timeout)}: ${summary(self, level)}`,
    self
  )

/** The name of a strategy, which may be anybody's. */
export const strategy = (self: JoinStrategy.JoinStrategy): string =>
  clip(attempt(() => JoinStrategy.format(self)) ?? show(self))

/** What a strategy says of itself. */
export const sentence = (text: string): string => shortened(text, mostSaid)

const summary = ({ reason, result, strategy: by }: Join, level: number): string => {
  const because = reason === undefined ? "" : ` (${sentence(reason)})`
  return `${strategy(by)} of ${result.tally.total}${because}: ${had(result, level)}`
}

/** What a split had: its counts and its first failures. */
export const had = ({ failures, tally }: Pick<Join["result"], "failures" | "tally">, level = 0): string => {
  const { failed: failing, interrupted, notStarted, succeeded } = tally
  const counts = [`${succeeded} succeeded`, `${failing} failed`]
  if (interrupted > 0) counts.push(`${interrupted} interrupted`)
  if (notStarted > 0) counts.push(`${notStarted} not started`)
  const quoted = foremost(failures, widths[level]!).map((failure) => `${clip(failure.name)}: ${failed(failure, level)}`)
  if (quoted.length === 0) return counts.join(", ")
  const more = failing - quoted.length
  return `${counts.join(", ")}: ${quoted.join("; ")}${more > 0 ? `; and ${more} more` : ""}`
}
