/** Where the runs of a crash test are: a file of SQLite, or a PostgreSQL database by its URL. It lives as long as its case. */
import * as PgClient from "@effect/sql-pg/PgClient"
import { Effect, type Layer, Redacted } from "effect"
import * as Sqlite from "effect-cano/sqlite"
import { SqlClient } from "effect/sql"

export const isUrl = (place: string): boolean => place.startsWith("postgres:")

/** The client of a worker. */
export const layer = (place: string, busyTimeout = 20_000): Layer.Layer<SqlClient.SqlClient, unknown> =>
  isUrl(place)
    ? PgClient.layer({ url: Redacted.make(place), maxConnections: 4 })
    : Sqlite.layer({ filename: place, synchronous: "normal", busyTimeout })

/** What a PostgreSQL database has, read by nobody who drives its runs. */
export const query = (url: string, runId: string): Promise<{ readonly head: any; readonly rows: Array<any> }> =>
  Effect.runPromise(
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      // one view of both
      return yield* sql.withTransaction(Effect.gen(function*() {
        const tables = yield* sql`SELECT 1 FROM information_schema.tables WHERE table_name = 'cano_runs'`
        if (tables.length === 0) return { head: undefined, rows: [] }
        const [head] = yield* sql`SELECT * FROM cano_runs WHERE run_id = ${runId}`
        const rows = yield* sql`SELECT n, kind, key, data, at FROM cano_journal WHERE run_id = ${runId} ORDER BY n`
        return { head, rows: [...rows] }
      })).pipe(Effect.provideService(SqlClient.BeginTransaction, "BEGIN ISOLATION LEVEL REPEATABLE READ"))
    }).pipe(Effect.provide(layer(url)))
  )
