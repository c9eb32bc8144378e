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
    const hint = run > definition
      ? "it is for a later release"
      : `give migrate: { ${run}: (state) => … }, or keep a definition of version ${run}`
    return failure.once(
      this,
      `run "${clip(runId)}" of workflow "${
        clip(workflow)
      }" was recorded by version ${run}, and the definition is version ${definition}; ${hint}`
    )
  }
}

export class PayloadTooLargeError extends failure.TaggedError("PayloadTooLargeError")<{
  readonly runId: string
  /** Nothing where it is the end of the run. */
  readonly state: string | undefined
  /** The branch that has ended with it; nothing where it is the step of a state, or the run. */
  readonly branch: string | undefined
  /** How many bytes of UTF-8 what was to be written takes, and how many it may. */
  readonly size: number
  readonly limit: number
  /** Of an error that is too large: what can be said of it. */
  readonly detail: string | undefined
}> {
  override get message(): string {
    const { branch, detail, limit, runId, size, state } = this
    const where = state === undefined ? "" : `state "${clip(state)}" of `
    const what = `${branch === undefined ? "" : `branch "${clip(branch)}" of `}${where}run "${clip(runId)}"`
    const said = detail === undefined ? "" : `; it was ${detail}`
    return failure.once(this, `what ${what} has ended with ${tooMany(size, limit)}${said}`)
  }
}

/** Said of what is not written for its size. */
export const tooMany = (size: number, limit: number): string =>
  `takes ${size} bytes, and may take ${limit} (maxPayload): keep large things outside, and a reference to them here`

export class RestoreError extends failure.TaggedError("RestoreError")<{
  readonly runId: string
  readonly rule: "run" | "workflow" | "row" | "state" | "branch" | "compensation" | "encoding" | "signal" | "payload"
  readonly detail: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return failure.once(this, `run "${clip(this.runId)}" can't be restored: ${this.detail}`)
  }
}
