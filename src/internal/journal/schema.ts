/** The tables of a journal, in all their versions. What databases say differently is said here. */
import type * as SqlClient from "effect/sql/SqlClient"
import type { Component } from "./tables.ts"

export const columns = {
  cano_runs: [
    "run_id",
    "workflow",
    "version",
    "status",
    "parked",
    "outcome",
    "n",
    "entered",
    "visit",
    "state",
    "owner",
    "sent",
    "wake_at",
    "due_at",
    "parent",
    "waits",
    "created_at",
    "entered_at",
    "updated_at"
  ],
  cano_journal: ["run_id", "n", "kind", "key", "data", "at", "kept"],
  cano_inbox: ["place", "run_id", "seq", "kind", "name", "key", "id", "data", "at", "taken_at", "answer", "n"],
  cano_runners: ["runner", "until"]
} as const

export const journal: Component = {
  name: "journal",
  columns,
  steps: (sql) => [
    first(sql),
    [
      // the last row of the run when the letter was sent; of a letter of the first version it is not known
      `ALTER TABLE cano_inbox ADD COLUMN n BIGINT`,
      // what a run that is parked waits for, for who looks at it
      `ALTER TABLE cano_runs ADD COLUMN waits TEXT`
    ]
  ]
}

/** The first version. */
const first = (sql: SqlClient.SqlClient): ReadonlyArray<string> => {
  /** A counter that goes up in the order in which letters are committed: in PostgreSQL `locks.ts` sees to that. */
  const counter = sql.onDialectOrElse({
    pg: () => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    orElse: () => "INTEGER PRIMARY KEY AUTOINCREMENT"
  })
  /** Sorted by their bytes, as whoever asks for the next page expects. */
  const id = sql.onDialectOrElse({ pg: () => `TEXT COLLATE "C" NOT NULL`, orElse: () => "TEXT NOT NULL" })
  /** Rows that lie in the order of their key, and not in a second tree beside it. */
  const byKey = sql.onDialectOrElse({ pg: () => "", orElse: () => " WITHOUT ROWID" })
  return [
    `CREATE TABLE cano_runs (
      run_id ${id} PRIMARY KEY, workflow TEXT NOT NULL, version BIGINT NOT NULL,
      status TEXT NOT NULL, parked BIGINT NOT NULL, outcome TEXT,
      n BIGINT NOT NULL, entered BIGINT NOT NULL, visit BIGINT NOT NULL, state TEXT NOT NULL,
      owner TEXT, sent BIGINT NOT NULL, wake_at BIGINT, due_at BIGINT, parent TEXT,
      created_at BIGINT NOT NULL, entered_at BIGINT NOT NULL, updated_at BIGINT NOT NULL
    )${byKey}`,
    // what somebody is to drive, and what a runner drives: a run that has ended, or waits for a letter alone, is in neither
    `CREATE INDEX cano_runs_free ON cano_runs (workflow, due_at) WHERE owner IS NULL AND due_at IS NOT NULL`,
    `CREATE INDEX cano_runs_owner ON cano_runs (owner) WHERE owner IS NOT NULL`,
    `CREATE INDEX cano_runs_parent ON cano_runs (parent) WHERE parent IS NOT NULL`,
    `CREATE TABLE cano_journal (
      run_id ${id}, n BIGINT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL,
      at BIGINT NOT NULL, kept BIGINT NOT NULL, PRIMARY KEY (run_id, n)
    )${byKey}`,
    `CREATE INDEX cano_journal_kept ON cano_journal (run_id, n) WHERE kept = 1`,
    `CREATE TABLE cano_inbox (
      place ${counter}, run_id ${id}, seq BIGINT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
      key TEXT, id TEXT, data TEXT NOT NULL, at BIGINT NOT NULL, taken_at BIGINT, answer TEXT
    )`,
    `CREATE UNIQUE INDEX cano_inbox_seq ON cano_inbox (run_id, seq)`,
    `CREATE UNIQUE INDEX cano_inbox_id ON cano_inbox (run_id, kind, name, id) WHERE id IS NOT NULL`,
    `CREATE INDEX cano_inbox_new ON cano_inbox (run_id, kind, name) WHERE taken_at IS NULL`,
    `CREATE TABLE cano_runners (runner TEXT PRIMARY KEY, until BIGINT NOT NULL)`
  ]
}
