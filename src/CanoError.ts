/**
 * The engine's own failures: each `CanoError` is made once, where a rule of the engine is broken, and carries the
 * numbers, the state and the path of the run it ended.
 *
 * A task's own errors are never wrapped: they stay in the error channel as they are.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import { attempt, clip, show } from "./internal/describe.ts"
import * as JoinStrategy from "./JoinStrategy.ts"
import type { Failed, Unsatisfied } from "./SplitResult.ts"

/**
 * The states a run has entered, the initial one first.
 *
 * **Details**
 *
 * A machine may loop for ever, so the first 16 and the last 48 names are kept; `entered` is the number of all of them. A
 * run inside a branch or a task of another run that has not ended is its `nested` path. Of runs that are nested in each
 * other the 16 outermost and the 48 innermost are kept, too.
 *
 * @category models
 * @since 0.1.0
 */
export interface Path {
  readonly workflow: string
  readonly states: ReadonlyArray<string>
  readonly entered: number
  readonly nested: Path | undefined
  /** How many runs between this one and `nested` are left out; not there where none is. */
  readonly omitted?: number | undefined
}

/**
 * One broken rule of a definition.
 *
 * @category models
 * @since 0.1.0
 */
export interface Issue {
  /** The state the rule speaks of; `undefined` where it speaks of the whole workflow. */
  readonly state: string | undefined
  readonly rule: ConfigurationRule | HedgeRule | GraphRule
  /** What is wrong, where, and what would be right. */
  readonly message: string
  /** `"warning"` for what may be meant: `validate` tells of it, and no run is refused for it. Else it is left out. */
  readonly severity?: "warning" | undefined
}

/**
 * The rules a definition is checked against before any resource is built.
 *
 * @category models
 * @since 0.1.0
 */
export type ConfigurationRule =
  | "no-handler"
  | "no-exit"
  | "initial-state"
  | "schema"
  | "resources"
  | "registered-twice"
  | "registered-and-exit"
  | "unknown-next"
  | "unknown-otherwise"
  | "state"
  | "task"
  | "options"
  | "branches"
  | "one-shot-iterable"
  | "strategy"
  | "count"
  | "percentage"
  | "bulkhead"
  | "losers"
  | "observer"
  | "timeout"
  | "partial-timeout"
  | "workflow-timeout"
  | "max-transitions"
  | "max-branches"
  | "max-depth"

/**
 * What is unusual in the graph of a machine: warnings of `validate`.
 *
 * **Details**
 *
 * `"unreachable"` is a state that no run enters, `"endless"` one from which no way leads to an exit state.
 *
 * @category models
 * @since 0.1.0
 */
export type GraphRule = "unreachable" | "endless"

/**
 * The rules that the options of a hedge are checked against before an attempt starts.
 *
 * @category models
 * @since 0.1.0
 */
export type HedgeRule =
  | "hedge-delay"
  | "hedge-percentile"
  | "hedge-latencies"
  | "hedge-max-attempts"
  | "hedge-budget"
  | "hedge-attempt"
  | "hedge-is-fatal"
  | "hedge-retry-after"

/**
 * The definition breaks rules that can be seen before a run: all of them are listed, and nothing was built or started.
 *
 * From cano: `CanoError::Configuration`.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConfigurationError extends Data.TaggedError("ConfigurationError")<{
  readonly workflow: string | undefined
  readonly issues: ReadonlyArray<Issue>
}> {
  override get message(): string {
    const what = this.issues.some(({ rule }) => rule.startsWith("hedge-")) ? "the hedge" : "the split"
    return `${this.workflow === undefined ? what : `workflow "${this.workflow}"`} is misconfigured: ${
      this.issues.map((issue) => issue.message).join("; ")
    }`
  }
}

/**
 * The rules of a run that only show while it runs.
 *
 * @category models
 * @since 0.1.0
 */
export type WorkflowRule =
  | "unknown-state"
  | "invalid-state"
  | "invalid-task"
  | "invalid-branches"
  | "invalid-observer"
  | "split-outside-split"
  | "strategy"
  | "max-transitions"
  | "max-branches"
  | "max-depth"

/**
 * A run broke a rule of the machine: a task returned an unknown state, a branch function something that is no list of
 * branches, a limit was passed.
 *
 * From cano: `CanoError::Workflow`.
 *
 * @category errors
 * @since 0.1.0
 */
export class WorkflowError extends Data.TaggedError("WorkflowError")<{
  readonly rule: WorkflowRule
  /** What is wrong and what would be right. */
  readonly detail: string
  readonly workflow: string | undefined
  readonly state: string | undefined
  readonly path: Path | undefined
}> {
  override get message(): string {
    return located(this.detail, this)
  }
}

/**
 * A join can no longer be satisfied. The result so far is attached, with a cause for each failed branch.
 *
 * From cano: a `CanoError::Workflow` whose text lists the first three failures.
 *
 * @category errors
 * @since 0.1.0
 */
export class JoinUnsatisfiedError<out E = unknown, out A = unknown> extends Data.TaggedError("JoinUnsatisfiedError")<{
  readonly strategy: JoinStrategy.JoinStrategy
  /** Why, where a strategy of `JoinStrategy.make` has said so. */
  readonly reason?: string | undefined
  readonly result: Unsatisfied<A, E>
  readonly workflow: string | undefined
  readonly state: string | undefined
  readonly path: Path | undefined
}> {
  override get message(): string {
    return located(joinSummary(this), this)
  }
}

/**
 * The deadline of a join passed before it was decided. The partial result is attached.
 *
 * @category errors
 * @since 0.1.0
 */
export class JoinTimeoutError<out E = unknown, out A = unknown> extends Data.TaggedError("JoinTimeoutError")<{
  readonly strategy: JoinStrategy.JoinStrategy
  readonly timeout: Duration.Duration
  readonly reason?: string | undefined
  readonly result: Unsatisfied<A, E>
  readonly workflow: string | undefined
  readonly state: string | undefined
  readonly path: Path | undefined
}> {
  override get message(): string {
    return located(
      `no decision within ${Duration.format(this.timeout)}: ${joinSummary(this)}`,
      this
    )
  }
}

/**
 * A shared bulkhead has no room: more branches or effects would wait than may. Nothing was started.
 *
 * @category errors
 * @since 0.1.0
 */
export class BulkheadFullError extends Data.TaggedError("BulkheadFullError")<{
  /** The name of the bulkhead. */
  readonly bulkhead: string
  /** How many branches or effects would have had to wait. */
  readonly asked: number
  /** How many wait. */
  readonly waiting: number
  readonly maxWaiting: number
}> {
  override get message(): string {
    const { asked, bulkhead, maxWaiting, waiting } = this
    return `bulkhead "${bulkhead}" is full: ${waiting} wait and ${asked} more would have to, at most ${maxWaiting} may`
  }
}

/**
 * Where a run stands.
 *
 * @category models
 * @since 0.1.0
 */
export interface Location {
  readonly workflow: string
  readonly state: string
}

/**
 * A branch or effect that runs in a place of a shared bulkhead asks for another one of the same bulkhead, for itself or for
 * a split inside it. With all places held by such, each would wait for the others for ever; so it is refused, however many
 * places there are. Nothing was started.
 *
 * @category errors
 * @since 0.1.0
 */
export class BulkheadReentryError extends Data.TaggedError("BulkheadReentryError")<{
  /** The name of the bulkhead. */
  readonly bulkhead: string
  /** The state whose split, or whose task, holds the place; `undefined` outside of a run. */
  readonly heldIn: Location | undefined
  /** The state in which another place is asked for; `undefined` outside of a run. */
  readonly askedIn: Location | undefined
}> {
  override get message(): string {
    const { askedIn, bulkhead, heldIn } = this
    return `bulkhead "${bulkhead}" is asked for a place by ${standing(askedIn)} inside a place of its own, held by ${
      standing(heldIn)
    }: with every place held like that, all would wait for ever; take the place around the innermost work only`
  }
}

const standing = (location: Location | undefined): string =>
  location === undefined
    ? "an effect outside of a run"
    : `state "${location.state}" of workflow "${location.workflow}"`

/**
 * A run used up the budget given to `withTimeout`. The run was interrupted and awaited.
 *
 * From cano: `CanoError::WorkflowTimeout`.
 *
 * @category errors
 * @since 0.1.0
 */
export class WorkflowTimeoutError extends Data.TaggedError("WorkflowTimeoutError")<{
  readonly limit: Duration.Duration
  readonly workflow: string
  readonly state: string | undefined
  readonly path: Path | undefined
}> {
  override get message(): string {
    return located(`the run did not end within ${Duration.format(this.limit)}`, this)
  }
}

/**
 * Every failure the engine itself can produce; `E` is what the branches of a failed split failed with.
 *
 * From cano: `CanoError`.
 *
 * @category errors
 * @since 0.1.0
 */
export type CanoError<E = unknown> =
  | ConfigurationError
  | WorkflowError
  | JoinUnsatisfiedError<E>
  | JoinTimeoutError<E>
  | WorkflowTimeoutError
  | BulkheadFullError
  | BulkheadReentryError

/**
 * Whether a value is one of the engine's own failures.
 *
 * @category guards
 * @since 0.1.0
 */
export const isCanoError = <A>(u: A): u is A & CanoError =>
  u instanceof ConfigurationError || u instanceof WorkflowError || u instanceof JoinUnsatisfiedError ||
  u instanceof JoinTimeoutError || u instanceof WorkflowTimeoutError || u instanceof BulkheadFullError ||
  u instanceof BulkheadReentryError

const located = (
  sentence: string,
  where: { readonly workflow: string | undefined; readonly state: string | undefined }
) =>
  where.workflow === undefined
    ? sentence
    : where.state === undefined
    ? `workflow "${where.workflow}": ${sentence}`
    : `workflow "${where.workflow}", state "${where.state}": ${sentence}`

/** How many failures a message quotes. */
const quotedReasons = 3

const joinSummary = (
  { reason: why, result, strategy }: Pick<JoinUnsatisfiedError, "reason" | "result" | "strategy">
): string => {
  const { failed, interrupted, notStarted, succeeded, total } = result.tally
  const counts = [`${succeeded} succeeded`, `${failed} failed`]
  if (interrupted > 0) counts.push(`${interrupted} interrupted`)
  if (notStarted > 0) counts.push(`${notStarted} not started`)
  const because = why === undefined ? "" : ` (${why})`
  const head = `${JoinStrategy.format(strategy)} of ${total}${because}: ${counts.join(", ")}`
  const reasons = result.failures.slice(0, quotedReasons).map((failure) => `${failure.name}: ${reason(failure)}`)
  if (reasons.length === 0) return head
  const more = failed - reasons.length
  return `${head}: ${reasons.join("; ")}${more > 0 ? `; and ${more} more` : ""}`
}

const reason = (failure: Failed<unknown>): string => {
  const first = failure.cause.reasons[0]
  if (first === undefined || Cause.isInterruptReason(first)) return "interrupted itself"
  const value = Cause.isFailReason(first) ? first.error : first.defect
  return describe(value)
}

/** How much is quoted of one reason: the message of a nested join is put together from the messages below it. */
const mostReason = 2000

/** What a reason says: its message, its tag or its name, else the value as it is written. */
const describe = (value: unknown): string => clip(attempt(() => said(value)) ?? show(value), mostReason)

const said = (value: unknown): string | undefined => {
  if (typeof value === "string") return value
  // read once: a getter may put it together
  const message: unknown = Predicate.hasProperty(value, "message") ? value.message : undefined
  if (typeof message === "string" && message !== "") return message
  if (Predicate.hasProperty(value, "_tag") && typeof value._tag === "string") return value._tag
  return value instanceof Error ? value.name : undefined
}
