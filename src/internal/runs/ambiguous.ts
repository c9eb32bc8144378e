/**
 * The error for a branch that is named as others are. It is made when somebody names one, and kept by who has.
 */
import { clip, list } from "../check/describe.ts"
import * as failure from "../failure/failure.ts"

export class AmbiguousBranchError extends failure.TaggedError("AmbiguousBranchError")<{
  readonly runId: string
  readonly name: string
  /** Of the branches that have it. */
  readonly keys: ReadonlyArray<string>
}> {
  override get message(): string {
    const { keys, name, runId } = this
    const many = `${keys.length} branches of the name "${clip(name)}"`
    return failure.once(this, `run "${clip(runId)}" has ${many}; say which by its key: ${list(keys)}`)
  }
}
