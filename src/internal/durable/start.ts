/**
 * Where a run that was taken goes on with a definition, or why it can't: worked out before anything of it runs. Pure but for the
 * functions of the definition; nothing is kept.
 */
import * as Result from "effect/Result"
import type { Claimed, Head } from "../../journal.ts"
import { clip, describe } from "../check/describe.ts"
import { tagOf } from "../machine/machine.ts"
import type { Codecs } from "./codecs.ts"
import { RestoreError, VersionMismatchError } from "./error.ts"
import type { Migrate } from "./migration.ts"
import * as migration from "./migration.ts"
import * as pasts from "./past.ts"
import * as place from "./place.ts"
import type { Migrated } from "./rewriting.ts"
import * as rewriting from "./rewriting.ts"
import * as trial from "./trial.ts"

/** What is needed of a definition. */
export interface Definition {
  readonly version: number
  readonly migrate: Migrate | undefined
  readonly codecs: Codecs
}

export interface Start {
  readonly past: pasts.Past
  readonly state: unknown
  /** What is to be written first, of a run of another version. */
  readonly migrated: Migrated | undefined
}

type Fault = trial.Fault

/** A run of another version from which there is no way. */
export const mismatch = (
  { migrate, name, version }: Pick<Definition, "migrate" | "version"> & { readonly name: string },
  head: Head
): VersionMismatchError | undefined =>
  head.version === version || migration.of(migrate, head.version) !== undefined
    ? undefined
    : new VersionMismatchError({ runId: head.runId, workflow: name, run: head.version, definition: version })

export const of = (
  definition: Definition,
  taken: Pick<Claimed, "head" | "rows">
): Result.Result<Start, RestoreError | VersionMismatchError> => {
  const { codecs, migrate, version } = definition
  const { name } = codecs.definition
  const { head } = taken
  const { runId } = head
  const failed = ({ detail, rule }: Fault) => Result.fail(new RestoreError({ runId, rule, detail }))
  if (head.workflow !== name) {
    return failed({ rule: "workflow", detail: `it is a run of workflow "${head.workflow}", and not of "${name}"` })
  }
  const foreign = mismatch({ name, version, migrate }, head)
  if (foreign !== undefined) return Result.fail(foreign)
  if (head.version === version) {
    const start = read(codecs, taken)
    return Result.isFailure(start) ? failed(start.failure) : Result.succeed({ ...start.success, migrated: undefined })
  }
  const migrated = rewriting.make(codecs, migration.of(migrate, head.version)!, version, taken)
  if (Result.isFailure(migrated)) return failed(migrated.failure)
  const start = read(codecs, after(taken, migrated.success))
  if (Result.isFailure(start)) return failed(start.failure)
  const { past, state } = start.success
  // what is written can't be taken back: it must be what can be followed
  const fault = trial.tried(() => trial.faultOf(codecs, past, head.visit, state))
  return fault === undefined ? Result.succeed({ past, state, migrated: migrated.success }) : failed(fault)
}

/** A run when it is written that it is of another version. */
export const after = <A extends Pick<Claimed, "head" | "rows">>(taken: A, { head, row }: Migrated): A => {
  const n = taken.head.n + 1
  return {
    ...taken,
    head: { ...taken.head, ...head, n },
    rows: [...taken.rows, { ...row, n, at: taken.head.updatedAt }]
  }
}

const read = (
  codecs: Codecs,
  taken: Pick<Claimed, "head" | "rows">
): Result.Result<Pick<Start, "past" | "state">, Fault> => {
  const { head } = taken
  const past = pasts.read(taken)
  if (Result.isFailure(past)) return Result.fail(rewriting.unreadable(past.failure))
  const state = codecs.state.decode(past.success.state)
  if (Result.isFailure(state)) {
    const detail = `its state "${head.state}" does not fit the Schema of the states: ${state.failure}`
    return Result.fail({ rule: "encoding", detail })
  }
  const tag = tagOf(state.success)
  if (tag === undefined || codecs.stateOf(tag) === undefined) {
    const what = `"${tag ?? describe(state.success)}", which workflow "${clip(codecs.definition.name)}" does not have`
    return Result.fail({ rule: "state", detail: `it is in state ${what}` })
  }
  const other = trial.ofOther(codecs, past.success, place.visit("", head.visit, tag), tag)
  return other === undefined ? Result.succeed({ past: past.success, state: state.success }) : Result.fail(other)
}
