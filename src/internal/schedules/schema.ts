/** The tables of schedules, in all their versions. What databases say differently is said here. */
import type * as SqlClient from "effect/sql/SqlClient"
import type { Component } from "../journal/tables.ts"

export const schedules: Component = {
  name: "schedules",
  columns: {
    cano_schedules: [
      "flow",
      "revision",
      "last_due",
      "anchor",
      "paused_at",
      "note",
      "paused_due",
      "streak",
      "tripped_at",
      "backoff_until",
      "ended_at",
      "updated_at"
    ],
    cano_fires: [
      "flow",
      "run_id",
      "kind",
      "due",
      "scheduler",
      "taken_at",
      "started",
      "ended_at",
      "outcome",
      "detail"
    ],
    cano_schedulers: ["scheduler", "until"]
  },
  steps: (sql) => [first(sql)]
}

/** The first version. */
const first = (sql: SqlClient.SqlClient): ReadonlyArray<string> => {
  /** Sorted by their bytes, as whoever asks for the next page expects. */
  const id = sql.onDialectOrElse({ pg: () => `TEXT COLLATE "C" NOT NULL`, orElse: () => "TEXT NOT NULL" })
  /** Rows that lie in the order of their key, and not in a second tree beside it. */
  const byKey = sql.onDialectOrElse({ pg: () => "", orElse: () => " WITHOUT ROWID" })
  return [
    `CREATE TABLE cano_schedules (
      flow ${id} PRIMARY KEY, revision BIGINT NOT NULL, last_due BIGINT NOT NULL, anchor BIGINT NOT NULL,
      paused_at BIGINT, note TEXT, paused_due BIGINT,
      streak BIGINT NOT NULL, tripped_at BIGINT, backoff_until BIGINT, ended_at BIGINT, updated_at BIGINT NOT NULL
    )${byKey}`,
    `CREATE TABLE cano_fires (
      flow ${id}, run_id ${id}, kind TEXT NOT NULL, due BIGINT NOT NULL, scheduler TEXT NOT NULL,
      taken_at BIGINT NOT NULL, started BIGINT NOT NULL, ended_at BIGINT, outcome TEXT, detail TEXT,
      PRIMARY KEY (flow, run_id)
    )${byKey}`,
    `CREATE INDEX cano_fires_open ON cano_fires (flow, taken_at) WHERE ended_at IS NULL`,
    `CREATE INDEX cano_fires_ended ON cano_fires (flow, ended_at, due, run_id) WHERE ended_at IS NOT NULL`,
    `CREATE TABLE cano_schedulers (scheduler TEXT PRIMARY KEY, until BIGINT NOT NULL)`
  ]
}
