/**
 * The engine's own failures: each `CanoError` is made once, where a rule of the engine is broken, and carries the
 * numbers, the state and the path of the run it ended.
 *
 * A task's own errors are never wrapped: they stay in the error channel as they are.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { clip } from "./internal/check/describe.ts"
import * as copies from "./internal/failure/copies.ts"
import * as failure from "./internal/failure/failure.ts"
import * as joins from "./internal/failure/joins.ts"
import type { Path } from "./internal/failure/path.ts"
import * as path from "./internal/failure/path.ts"
import * as quotes from "./internal/failure/quotes.ts"
import type * as JoinStrategy from "./JoinStrategy.ts"
import type { Unsatisfied } from "./SplitResult.ts"

export type { Path } from "./internal/failure/path.ts"

/**
 * One broken rule of a definition.
 *
 * @category models
 * @since 0.1.0
 */
export interface Issue {
  /** The state the rule speaks of; `undefined` where it speaks of the whole workflow. */
  readonly state: string | undefined
  readonly rule: ConfigurationRule | HedgeRule | GraphRule | FlowRule
  /** What it speaks of where that is no workflow and no split; else it is left out. */
  readonly subject?: Subject | undefined
  /** What is wrong, where, and what would be right. */
  readonly message: string
  /** `"warning"` for what may be meant: `validate` tells of it, and no run is refused for it. Else it is left out. */
  readonly severity?: "warning" | undefined
}

/**
 * What can be misconfigured.
 *
 * @category models
 * @since 0.1.0
 */
export type Subject =
  | `workflow "${string}"`
  | "split"
  | "hedge"
  | "stream"
  | "listener"
  | `bulkhead "${string}"`
  | `flow "${string}"`
  | "scheduler"
  | "task"

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
  | "to"
  | "signal"
  | "run-id"
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
  | "compensate"
  | "pivot"
  | "compensation"
  | "max-transitions"
  | "max-branches"
  | "max-depth"
  | "durable"

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
 * The rules that flows and the options of a scheduler are checked against before one starts.
 *
 * @category models
 * @since 0.1.0
 */
export type FlowRule =
  | "flow"
  | "flow-id"
  | "flow-twice"
  | "flow-when"
  | "flow-interval"
  | "flow-cron"
  | "flow-time-zone"
  | "flow-jitter"
  | "flow-missed"
  | "flow-overlap"
  | "flow-failure"
  | "flow-overlong"
  | "flow-history"
  | "scheduler"

/**
 * The definition breaks rules that can be seen before a run: all of them are listed, and nothing was built or started. The
 * message quotes the first ones.
 *
 * From cano: `CanoError::Configuration`.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConfigurationError extends failure.TaggedError("ConfigurationError")<{
  readonly workflow: string | undefined
  readonly issues: ReadonlyArray<Issue>
}> {
  /** What is misconfigured: `workflow "orders"`, `bulkhead "db"`, `flow "nightly"`, `split`, `hedge`, `task`, `listener`, `scheduler`. */
  get subject(): Subject {
    if (this.workflow !== undefined) return `workflow "${clip(this.workflow)}"`
    const subject = this.issues[0]?.subject
    if (subject !== undefined && this.issues.every((issue) => issue.subject === subject)) return subject
    return subject === "scheduler" || subject?.startsWith("flow ") ? "scheduler" : "split"
  }
  override get message(): string {
    const { issues, subject } = this
    const what = subject.endsWith("\"") ? subject : `the ${subject}`
    const more = issues.length > mostIssues ? `; and ${issues.length - mostIssues} more` : ""
    const said = issues.slice(0, mostIssues).map((issue) => quotes.shortened(issue.message))
    return failure.once(this, `${what} is misconfigured: ${said.join("; ")}${more}`)
  }
  override toJSON(): unknown {
    const { _tag, issues, message, subject, workflow } = this
    return {
      _tag,
      message,
      workflow: workflow && clip(workflow),
      subject,
      issues: issues.slice(0, mostIssues).map(copies.short),
      more: Math.max(issues.length - mostIssues, 0)
    }
  }
}

/** Issues that a message quotes. */
const mostIssues = 8

/**
 * The rules of a run that only show while it runs.
 *
 * @category models
 * @since 0.1.0
 */
export type WorkflowRule =
  | "unknown-state"
  | "undeclared-state"
  | "invalid-state"
  | "invalid-task"
  | "invalid-branches"
  | "invalid-observer"
  | "split-outside-split"
  | "strategy"
  | "max-transitions"
  | "max-branches"
  | "max-depth"
  | "max-compensations"
  | "max-payload"

/**
 * A run broke a rule of the machine: a task returned an unknown state, a branch function something that is no list of
 * branches, a limit was passed.
 *
 * From cano: `CanoError::Workflow`.
 *
 * @category errors
 * @since 0.1.0
 */
export class WorkflowError extends failure.TaggedError("WorkflowError")<{
  readonly rule: WorkflowRule
  /** What is wrong and what would be right. */
  readonly detail: string
  readonly workflow: string | undefined
  readonly state: string | undefined
  readonly path: Path | undefined
}> {
  override get message(): string {
    return failure.once(this, quotes.located(this.detail, this))
  }
  override toJSON(): unknown {
    const { _tag, message, rule } = this
    return { _tag, message, rule, ...path.located(this) }
  }
}

/** What the errors of a join carry. */
interface Undone<E, A> {
  readonly strategy: JoinStrategy.JoinStrategy
  /** Why, where a strategy of `JoinStrategy.make` has said so. */
  readonly reason?: string | undefined
  readonly result: Unsatisfied<A, E>
  readonly workflow: string | undefined
  readonly state: string | undefined
  readonly path: Path | undefined
}

/**
 * A join can no longer be satisfied. The result so far is attached, with a cause for each failed branch.
 *
 * From cano: a `CanoError::Workflow` whose text lists the first three failures.
 *
 * @category errors
 * @since 0.1.0
 */
export class JoinUnsatisfiedError<out E = unknown, out A = unknown>
  extends joins.JoinError("JoinUnsatisfiedError")<Undone<E, A>>
{}

/**
 * The deadline of a join passed before it was decided. The partial result is attached.
 *
 * @category errors
 * @since 0.1.0
 */
export class JoinTimeoutError<out E = unknown, out A = unknown> extends joins.JoinError("JoinTimeoutError")<
  Undone<E, A> & { readonly timeout: Duration.Duration }
> {}

/**
 * A shared bulkhead has no room: more branches or effects would wait than may. Nothing was started.
 *
 * @category errors
 * @since 0.1.0
 */
export class BulkheadFullError extends failure.TaggedError("BulkheadFullError")<{
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
    return `bulkhead "${
      clip(bulkhead)
    }" is full: ${waiting} wait and ${asked} more would have to, at most ${maxWaiting} may`
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
export class BulkheadReentryError extends failure.TaggedError("BulkheadReentryError")<{
  /** The name of the bulkhead. */
  readonly bulkhead: string
  /** The state whose split, or whose task, holds the place; `undefined` outside of a run. */
  readonly heldIn: Location | undefined
  /** The state in which another place is asked for; `undefined` outside of a run. */
  readonly askedIn: Location | undefined
}> {
  override get message(): string {
    const { askedIn, bulkhead, heldIn } = this
    return `bulkhead "${clip(bulkhead)}" is asked for a place by ${
      standing(askedIn)
    } inside a place of its own, held by ${
      standing(heldIn)
    }: with every place held like that, all would wait for ever; take the place around the innermost work only`
  }
}

const standing = (location: Location | undefined): string =>
  location === undefined
    ? "an effect outside of a run"
    : `state "${clip(location.state)}" of workflow "${clip(location.workflow)}"`

/**
 * A run did not end within the time that `withTimeout` gives it. The run was interrupted and awaited. What the split in which
 * it stood had by then is attached.
 *
 * From cano: `CanoError::WorkflowTimeout`.
 *
 * @category errors
 * @since 0.1.0
 */
export class WorkflowTimeoutError extends failure.TaggedError("WorkflowTimeoutError")<{
  readonly limit: Duration.Duration
  readonly workflow: string
  readonly state: string | undefined
  readonly path: Path | undefined
  /**
   * What the split had that was running, the outermost of several: its branches that still ran are `Interrupted`, and count
   * as that. `undefined` where the run was in no split.
   */
  readonly result?: Unsatisfied<unknown, unknown> | undefined
}> {
  /** What the first failed branch of that split has failed or died with; see `errors`. */
  override get cause(): unknown {
    return joins.causeOf(this)
  }
  /** What the first three failed branches have failed or died with, as in the errors of a join. */
  get errors(): ReadonlyArray<unknown> {
    return joins.errorsOf(this)
  }
  override get message(): string {
    const { limit, result } = this
    const had = result === undefined ? "" : `; the split had ${quotes.had(result)}`
    return failure.once(this, quotes.located(`the run did not end within ${Duration.format(limit)}${had}`, this))
  }
  override toJSON(): unknown {
    const { _tag, limit, message, result } = this
    return {
      _tag,
      message,
      limit: Duration.format(limit),
      ...path.located(this),
      result: result && copies.begin(result)
    }
  }
}

/**
 * One compensation that has not done its work.
 *
 * @category models
 * @since 0.1.0
 */
export interface Uncompensated<out E = unknown> {
  /** The key of the step. */
  readonly key: string
  readonly state: string
  /** The name of the branch, if it is one. */
  readonly branch: string | undefined
  /** `"left behind"` is one that did not stop when its time was up: it may go on. */
  readonly how: "failed" | "timed out" | "left behind" | "not started"
  /** What it has failed or died with; empty for what has not started. */
  readonly cause: Cause.Cause<E>
}

/**
 * A run has gone back, and not everything could be undone. Somebody has to look at what is left.
 *
 * **Details**
 *
 * `original` is why it went back: what the run would have failed with. Its defects and interruptions stay in the cause beside
 * this error. `compensated` and `failures` are all steps that there were to undo, in the order in which that was done.
 *
 * From cano: `CanoError::CompensationFailed`.
 *
 * @category errors
 * @since 0.1.0
 */
export class CompensationError<out CE = unknown, out E = unknown> extends failure.TaggedError("CompensationError")<{
  readonly workflow: string
  readonly original: Cause.Cause<E>
  /** The keys of the steps that were undone. */
  readonly compensated: ReadonlyArray<string>
  readonly failures: ReadonlyArray<Uncompensated<CE>>
  readonly path: Path | undefined
}> {
  /** What the run went back for, if it has failed or died; else what the first compensation has failed with. */
  override get cause(): unknown {
    return quotes.reasonOf(this.original)?.value ?? (this.failures[0] && quotes.reasonOf(this.failures[0].cause)?.value)
  }
  override get message(): string {
    const { compensated, failures, original } = this
    const told = failures.slice(0, mostFailures).map(uncompensated).join("; ")
    const more = failures.length > mostFailures ? `; and ${failures.length - mostFailures} more` : ""
    const reason = quotes.reasonOf(original)
    const why = reason === undefined ? "" : `; it went back for: ${quotes.quote(reason.value)}`
    const all = compensated.length + failures.length
    return failure.once(
      this,
      `workflow "${
        clip(this.workflow)
      }": ${failures.length} of ${all} compensations have not done their work: ${told}${more}${why}`
    )
  }
  override toJSON(): unknown {
    const { _tag, compensated, failures, message, original, workflow } = this
    return {
      _tag,
      message,
      workflow: clip(workflow),
      original: copies.short(original),
      compensated: compensated.slice(0, mostKeys).map((key) => clip(key, mostKey)),
      failures: failures.slice(0, mostFailures).map(({ cause, how, key }) => ({
        key: clip(key, mostKey),
        how,
        cause: copies.short(cause)
      })),
      more: {
        compensated: Math.max(compensated.length - mostKeys, 0),
        failures: Math.max(failures.length - mostFailures, 0)
      }
    }
  }
}

/** Compensations that a message quotes, and steps that are shown. */
const mostFailures = 3
const mostKeys = 16
const mostKey = 200

const uncompensated = ({ branch, cause, how, state }: Uncompensated): string => {
  const what = branch === undefined ? `state "${clip(state)}"` : `branch "${clip(branch)}" of state "${clip(state)}"`
  const reason = quotes.reasonOf(cause)
  return `${what} ${how}${reason === undefined ? "" : `: ${quotes.quote(reason.value)}`}`
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
  | CompensationError<unknown, E>

/**
 * Whether a value is one of the engine's own failures.
 *
 * @category guards
 * @since 0.1.0
 */
export const isCanoError = <A>(u: A): u is A & CanoError =>
  u instanceof ConfigurationError || u instanceof WorkflowError || u instanceof JoinUnsatisfiedError ||
  u instanceof JoinTimeoutError || u instanceof WorkflowTimeoutError || u instanceof BulkheadFullError ||
  u instanceof BulkheadReentryError || u instanceof CompensationError

/**
 * Turns the two errors of a wrong definition, `ConfigurationError` and `WorkflowError`, into defects; all other errors stay
 * what they are.
 *
 * **When to use**
 *
 * Use it where a definition is known to be sound, so that its signature is that of the work alone. What turns out to be
 * wrong all the same ends the fiber as any other bug does.
 *
 * **Example** (Only what can go wrong in operation)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { CanoError, JoinStrategy, Split } from "effect-cano"
 *
 * const both: Effect.Effect<ReadonlyArray<number>, CanoError.JoinUnsatisfiedError<"offline">> = Split.run(
 *   [Effect.succeed(1), Effect.fail("offline" as const)],
 *   { strategy: JoinStrategy.all }
 * ).pipe(
 *   CanoError.orDie,
 *   Effect.map(({ values }) => values)
 * )
 *
 * const error = await Effect.runPromise(Effect.flip(both))
 * console.log(error._tag)
 * // => JoinUnsatisfiedError
 * ```
 *
 * @category error handling
 * @since 0.1.0
 */
export const orDie = <A, E, R>(
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, Exclude<E, ConfigurationError | WorkflowError>, R> =>
  Effect.catchCause(self, (cause) =>
    Effect.failCause(
      Cause.fromReasons(cause.reasons.map((reason) => {
        if (!Cause.isFailReason(reason)) return reason
        const { error } = reason
        return error instanceof ConfigurationError || error instanceof WorkflowError
          ? Cause.makeDieReason(error).annotate(Cause.reasonAnnotations(reason))
          // what is left is none of the two
          : reason as Cause.Fail<Exclude<E, ConfigurationError | WorkflowError>>
      }))
    ))
