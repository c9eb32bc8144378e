// A process with a scheduler over the SQLite file that it is given: of each run of its flow it notes the instant, until it is killed.
import { Effect, Layer } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import * as Schedules from "effect-cano/schedules"
import * as Sqlite from "effect-cano/sqlite"
import { SqlClient } from "effect/sql"

const [filename = ""] = process.argv.slice(2)

const note = Effect.fn("note")(function*(due: number) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO notes (due) VALUES (${due})`
})

const flow = Scheduler.flow("f", {
  run: ({ due }) => note(due),
  when: { fixedRate: "100 millis", from: "epoch", missed: { catchUp: 1000 } },
  overlap: { allow: 1000 },
  history: 100_000
})

const main = Schedules.layer([flow], { lease: "1 second", poll: "100 millis" }).pipe(
  Layer.provide(Schedules.layerSql),
  Layer.provide(Sqlite.layer({ filename }))
)

await Effect.runPromise(Layer.launch(main))
