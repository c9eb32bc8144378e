/**
 * What a definition would make of the runs that go on, before it is deployed: read page by page beside whoever drives them. It
 * takes no run, writes nothing, and keeps one page.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { ConfigurationError } from "../../CanoError.ts"
import type { Head, Row, Service } from "../../journal.ts"
import { Journal } from "../../journal.ts"
import { misfit } from "../check/describe.ts"
import type { JournalError } from "../journal/error.ts"
import { RestoreError, VersionMismatchError } from "./error.ts"
import { DurableImpl } from "./make.ts"
import type { Definition } from "./start.ts"
import * as starts from "./start.ts"
import * as trial from "./trial.ts"

export type Finding =
  | { readonly verdict: "continues"; readonly run: Head }
  /** The state is the name of that in which it would go on. */
  | { readonly verdict: "migrates"; readonly run: Head; readonly state: string }
  | { readonly verdict: "refused"; readonly run: Head; readonly error: RestoreError | VersionMismatchError }

export interface Refusals {
  /** What the runs have in common, as they are recorded. */
  readonly workflow: string
  readonly version: number
  readonly state: string
  /** `"version"` where the definition says nothing of theirs. */
  readonly rule: RestoreError["rule"] | "version"
  readonly count: number
  /** That of the first one, which names it. */
  readonly example: RestoreError | VersionMismatchError
}

export interface Report {
  /** How many runs go on, and what would become of them. */
  readonly runs: number
  readonly continues: number
  readonly migrates: number
  readonly refused: number
  readonly refusals: ReadonlyArray<Refusals>
  /** The versions of which `migrate` says something, and that none of the runs has. */
  readonly unneeded: ReadonlyArray<{ readonly workflow: string; readonly version: number }>
}

type Given = DurableImpl | ReadonlyArray<DurableImpl>
type Failure = ConfigurationError | JournalError

/** Heads, and rows, that are read at once. */
const atOnce = { heads: 100, rows: 1000 }

export const findings = (given: Given): Stream.Stream<Finding, Failure, Journal> =>
  Stream.unwrap(Effect.map(sound(given), (definitions) =>
    Stream.flatMap(
      Stream.fromIterable(definitions),
      (definition) =>
        Stream.unwrap(Effect.map(Journal, (journal) =>
          Stream.filterMapEffect(headsOf(journal, definition), (head) =>
            examined(journal, definition, head))))
    )))

export const report = (given: Given): Effect.Effect<Report, Failure, Journal> =>
  Effect.flatMap(sound(given), (definitions) => {
    const refusals = new Map<string, Refusals>()
    const versions = new Set<string>()
    const counts = { continues: 0, migrates: 0, refused: 0 }
    const counted = Stream.runForEach(findings(given), (finding) =>
      Effect.sync(() => {
        const { run: { state, version, workflow }, verdict } = finding
        counts[verdict]++
        versions.add(`${version} ${workflow}`)
        if (verdict !== "refused") return
        const { error } = finding
        const rule = error instanceof VersionMismatchError ? "version" : error.rule
        const key = JSON.stringify([workflow, version, state, rule])
        const before = refusals.get(key)
        refusals.set(
          key,
          before === undefined
            ? { workflow, version, state, rule, count: 1, example: error }
            : { ...before, count: before.count + 1 }
        )
      }))
    return Effect.map(counted, () => ({
      runs: counts.continues + counts.migrates + counts.refused,
      ...counts,
      refusals: [...refusals.values()],
      unneeded: definitions.flatMap(({ codecs: { definition: { name: workflow } }, migrate }) =>
        Object.keys(migrate ?? {}).map((version) => ({ workflow, version: Number(version) })).filter(({ version }) =>
          !versions.has(`${version} ${workflow}`)
        )
      )
    }))
  })

/** The definitions, unless there is one that can't be durable. */
const sound = (given: Given): Effect.Effect<ReadonlyArray<Definition>, ConfigurationError> =>
  Effect.suspend(() => {
    const found: Array<Definition> = []
    for (const one of Array.isArray(given) ? given as ReadonlyArray<unknown> : [given]) {
      if (!(one instanceof DurableImpl)) {
        return Effect.die(
          new TypeError(misfit("what is reported of", one, "a definition of Durable.make, or a list of them"))
        )
      }
      const { recorded } = one
      if (Result.isFailure(recorded)) return Exit.fail(recorded.failure)
      found.push(recorded.success)
    }
    return Effect.succeed(found)
  })

/** The runs of a workflow that go on, in the order of their ids. */
const headsOf = (journal: Service, { codecs }: Definition): Stream.Stream<Head, JournalError> =>
  Stream.paginate(undefined as string | undefined, (after) =>
    Effect.map(
      journal.list({ workflow: codecs.definition.name, hasEnded: false, after, limit: atOnce.heads }),
      (heads) => [heads, heads.length < atOnce.heads ? Option.none() : Option.some(heads.at(-1)!.runId)] as const
    ))

/** What would become of a run; nothing of one that has ended meanwhile. */
const examined = (
  journal: Service,
  definition: Definition,
  run: Head
): Effect.Effect<Result.Result<Finding, void>, JournalError> =>
  Effect.gen(function*() {
    const { runId } = run
    const verdict = yield* Effect.catchIf(
      verdictOf(journal, definition, run),
      ({ reason }) => reason === "Corrupt" || reason === "Newer" || reason === "Payload",
      (error) => {
        const rule = error.reason === "Payload" ? "payload" : "row"
        return Effect.succeed(refused(run, new RestoreError({ runId, rule, detail: error.detail, cause: error })))
      }
    )
    if (verdict.verdict !== "refused") return Result.succeed(verdict)
    // it may have been driven on since it was found
    const now = yield* journal.show(runId)
    return now === undefined || now.status === "ended" ? Result.failVoid : Result.succeed(verdict)
  })

const verdictOf = Effect.fnUntraced(function*(
  journal: Service,
  definition: Definition,
  run: Head
): Effect.fn.Return<Finding, JournalError> {
  const { runId } = run
  const { codecs, migrate, version } = definition
  const foreign = starts.mismatch({ name: codecs.definition.name, version, migrate }, run)
  if (foreign !== undefined) return refused(run, foreign)
  const letters = run.sent === 0 ? [] : yield* journal.letters(runId)
  const start = starts.of(definition, { head: run, rows: yield* rowsOf(journal, run) })
  if (Result.isFailure(start)) return refused(run, start.failure)
  const { migrated, past, state } = start.success
  const fault = trial.tried(() => trial.faultOf(codecs, past, run.visit, state) ?? trial.ofLetters(codecs, letters))
  if (fault !== undefined) return refused(run, new RestoreError({ runId, ...fault }))
  return migrated === undefined
    ? { verdict: "continues", run }
    : { verdict: "migrates", run, state: migrated.head.state }
})

/** Those that a claim would give, as they were when the head was read. */
const rowsOf = (journal: Service, { entered, n, runId }: Head): Effect.Effect<ReadonlyArray<Row>, JournalError> =>
  Effect.gen(function*() {
    const found: Array<Row> = []
    for (let from = 0; from <= n;) {
      const page = yield* journal.rows(runId, from, Math.min(atOnce.rows, n + 1 - from))
      for (const row of page) if (row.kept || row.n >= entered) found.push(row)
      if (page.length === 0) break
      from = page.at(-1)!.n + 1
    }
    return found
  })

const refused = (run: Head, error: RestoreError | VersionMismatchError): Finding => ({ verdict: "refused", run, error })
