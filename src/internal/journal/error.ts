/** Why a journal can't be used, in a file of its own: the stores need it, and the entry needs the stores. */
import { clip } from "../check/describe.ts"
import * as failure from "../failure/failure.ts"

export class JournalError extends failure.TaggedError("JournalError")<{
  /** The run that it was about; nothing where it was about several, or none. */
  readonly runId: string | undefined
  readonly reason: "Unavailable" | "TimedOut" | "Foreign" | "Newer" | "Corrupt" | "Payload"
  /** What was to be done: `"append"`, `"claim"`; `"open"` before anything else. */
  readonly operation: string
  readonly detail: string
  readonly cause?: unknown
}> {
  override get message(): string {
    const { detail, operation, runId } = this
    const whose = runId === undefined ? "" : ` of run "${clip(runId)}"`
    return failure.once(this, `the journal${whose} can't be used (${operation}): ${detail}`)
  }
}
