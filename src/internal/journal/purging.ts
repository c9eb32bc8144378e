/**
 * How runs that have ended are forgotten, in the tables of a database. Nothing is kept.
 *
 * A batch is one transaction, so that each of its runs goes as a whole: its head, its rows and its letters. It is bounded by
 * the rows that it deletes, as others can't write meanwhile.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"
import type * as Journal from "../../journal.ts"
import type { JournalError } from "./error.ts"
import { given } from "./failing.ts"
import { endOf } from "./order.ts"
import type { Raw } from "./reading.ts"
import * as reading from "./reading.ts"
import { conditions } from "./selection.ts"

export type Purging = (
  which: Journal.Purge,
  now: number
) => Effect.Effect<Journal.Purged, SqlError.SqlError | JournalError>

export const make = (sql: SqlClient.SqlClient, locked: Statement.Fragment): Purging =>
  Effect.fnUntraced(function*(which, now) {
    const { after, isPreview = false, limit } = which
    const before = Math.min(which.endedBefore, now)
    const isOpen = (run: Statement.Fragment) => sql`(${run}.status <> 'ended' OR ${run}.updated_at >= ${before})`
    const runs = sql`cano_runs`
    const found = yield* sql<Raw>`SELECT * FROM cano_runs
      WHERE ${
      sql.and([
        sql`status = 'ended' AND due_at IS NULL AND updated_at < ${before}`,
        ...(after === undefined ? [] : [sql`run_id > ${after}`]),
        ...conditions(sql, { workflow: which.workflow, outcome: which.outcome })
      ])
    }
        AND NOT EXISTS (SELECT 1 FROM cano_runs AS around WHERE around.run_id = ${runs}.parent AND ${
      isOpen(sql`around`)
    })
        AND NOT EXISTS (SELECT 1 FROM cano_runs AS child WHERE child.parent = ${runs}.run_id AND ${isOpen(sql`child`)})
      ORDER BY run_id LIMIT ${limit} ${isPreview ? sql.literal("") : locked}`
    const heads = yield* Effect.forEach(found, (raw) => given("purge", String(raw["run_id"]), reading.head(raw)))
    const batch = heads.slice(0, endOf(heads))
    if (batch.length === 0) return { runs: [], next: undefined }
    const among = sql.in("run_id", batch.map(({ runId }) => runId))
    const counted = yield* sql<Raw>`SELECT run_id, COUNT(*) AS many FROM cano_inbox WHERE ${among} GROUP BY run_id`
    const letters = new Map(counted.map((raw) => [String(raw["run_id"]), Number(raw["many"])]))
    if (!isPreview) {
      yield* sql`DELETE FROM cano_inbox WHERE ${among}`
      yield* sql`DELETE FROM cano_journal WHERE ${among}`
      yield* sql`DELETE FROM cano_runs WHERE ${among}`
    }
    return {
      runs: batch.map((head) => ({ head, letters: letters.get(head.runId) ?? 0 })),
      next: heads.length < limit && batch.length === heads.length ? undefined : batch.at(-1)!.runId
    }
  })
