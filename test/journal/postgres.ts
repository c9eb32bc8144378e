// Journals in PostgreSQL, and the tables behind them.
import { Context, Effect, Layer, ManagedRuntime } from "effect"
import * as Journal from "effect-cano/journal"
import { SqlClient } from "effect/sql"
import { afterAll } from "vitest"
import * as databases from "../postgres/databases.ts"

/** A journal through a client that is there. */
export const over = (sql: SqlClient.SqlClient) =>
  Effect.map(
    Layer.build(Journal.layerSql.pipe(Layer.provide(Layer.succeed(SqlClient.SqlClient)(sql)))),
    (context) => Context.get(context, Journal.Journal)
  )

/** A journal in a database, through a client of its own: both live as long as the Scope. */
export const open = (url: string, config?: databases.Config) =>
  Effect.map(
    Layer.build(Journal.layerSql.pipe(Layer.provideMerge(databases.client(url, config)))),
    (context) => ({
      store: Context.get(context, Journal.Journal),
      sql: Context.get(context, SqlClient.SqlClient)
    })
  )

/** The database of a test file, made when the first of its tests uses it; it is emptied for each journal. */
export const ofFile = () => {
  const runtime = ManagedRuntime.make(
    Layer.unwrap(Effect.map(databases.shared, (url) => databases.client(url)))
  )
  afterAll(() => runtime.dispose())
  return Effect.tap(
    Effect.promise(() => runtime.runPromise(Effect.service(SqlClient.SqlClient))),
    (sql) => Effect.andThen(sql`DROP SCHEMA public CASCADE`, sql`CREATE SCHEMA public`)
  )
}
