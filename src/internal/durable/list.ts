/**
 * Runs as the journal knows them, for who looks at them. Nothing is kept.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Filter, Head, JournalError, Row } from "../../journal.ts"
import * as flags from "../check/flags.ts"
import type { Runner } from "./runner.ts"
import { Durable, runnerOf } from "./service.ts"

const asked = <A>(f: (runner: Runner) => Effect.Effect<A, JournalError>): Effect.Effect<A, JournalError, Durable> =>
  Effect.flatMap(Durable, (durable) => f(runnerOf(durable)))

export const list = (filter?: Partial<Filter>): Effect.Effect<ReadonlyArray<Head>, JournalError, Durable> =>
  asked((runner) => {
    const strangers = flags.unknown(filter ?? {}, fields)
    return strangers.length > 0
      ? Effect.die(new TypeError(`the filter of list: ${strangers.join("; ")}`))
      : runner.ask("list", runner.journal.list({ ...filter, limit: filter?.limit ?? 100 }))
  })

const fields = [
  "workflow",
  "status",
  "outcome",
  "state",
  "parent",
  "hasEnded",
  "createdBefore",
  "createdAfter",
  "updatedBefore",
  "updatedAfter",
  "after",
  "limit"
]

export const show = (runId: string): Effect.Effect<Option.Option<Head>, JournalError, Durable> =>
  asked((runner) => Effect.map(runner.ask("show", runner.journal.show(runId), runId), Option.fromUndefinedOr))

export const history = (
  runId: string,
  options?: { readonly from?: number | undefined; readonly limit?: number | undefined }
): Effect.Effect<ReadonlyArray<Row>, JournalError, Durable> =>
  asked((runner) => {
    const rows = runner.journal.rows(runId, options?.from ?? 0, options?.limit ?? 1000)
    return runner.ask("rows", rows, runId)
  })
