/**
 * The errors of runs that the journal has and nobody can go on with. They are made when a run is taken, and kept by who waits
 * for it.
 */
import { clip } from "../check/describe.ts"
import * as failure from "../failure/failure.ts"

export class VersionMismatchError extends failure.TaggedError("VersionMismatchError")<{
  readonly runId: string
  readonly workflow: string
  /** The version that the run was recorded with, and that of the definition. */
  readonly run: number
  readonly definition: number
}> {
  override get message(): string {
    const { definition, run, runId, workflow } = this
    return failure.once(
      this,
      `run "${clip(runId)}" of workflow "${
        clip(workflow)
      }" was recorded by version ${run}, and the definition is version ${definition}; give migrate: { ${run}: (state) => … }, or keep a definition of version ${run}`
    )
  }
}

export class RestoreError extends failure.TaggedError("RestoreError")<{
  readonly runId: string
  readonly rule: "run" | "workflow" | "row" | "state" | "branch" | "compensation" | "encoding" | "signal"
  readonly detail: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return failure.once(this, `run "${clip(this.runId)}" can't be restored: ${this.detail}`)
  }
}
