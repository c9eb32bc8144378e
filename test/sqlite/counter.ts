// node counter.ts <file> <times>: adds 1 to the counter so many times, each in a transaction that reads it first.
import { Effect } from "effect"
import * as Sqlite from "effect-cano/sqlite"
import { SqlClient } from "effect/sql"

const [filename, times] = process.argv.slice(2)
const program = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE IF NOT EXISTS counter (n INTEGER)`
  yield* sql`INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT * FROM counter)`
  for (let i = 0; i < Number(times); i++) {
    yield* sql.withTransaction(Effect.gen(function*() {
      const [row] = yield* sql<{ n: number }>`SELECT n FROM counter`
      yield* sql`UPDATE counter SET n = ${row!.n + 1}`
    }))
  }
})
await Effect.runPromise(
  program.pipe(Effect.provide(Sqlite.layer({ filename: filename!, synchronous: "normal", busyTimeout: "30 seconds" })))
)
