/**
 * The tables of a journal, made once in the life of a database and looked at whenever it is opened. What databases say
 * differently is said here.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import { JournalError } from "./error.ts"

/** Of the tables; it counts up with each change of them, and `cano_meta` has that of the database. */
const version = 1

export const columns = {
  cano_meta: ["name", "version"],
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
    "created_at",
    "entered_at",
    "updated_at"
  ],
  cano_journal: ["run_id", "n", "kind", "key", "data", "at", "kept"],
  cano_inbox: ["place", "run_id", "seq", "kind", "name", "key", "id", "data", "at", "taken_at", "answer"],
  cano_runners: ["runner", "until"]
} as const
type Table = keyof typeof columns
const tables = Object.keys(columns) as ReadonlyArray<Table>

/** Makes the tables, or finds them as they must be. A database that has others is not touched. */
export const migrate = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient
): Effect.fn.Return<void, JournalError | SqlError.SqlError> {
  if (yield* isReady(sql)) return
  // of several that have come here the others find that it is done
  yield* sql.withTransaction(Effect.gen(function*() {
    yield* sql.onDialectOrElse({ pg: () => sql`SELECT pg_advisory_xact_lock(${lock})`, orElse: () => Effect.void })
    if (yield* isReady(sql)) return
    for (const statement of statements(sql)) yield* sql.unsafe(statement)
    yield* sql`INSERT INTO cano_meta (name, version) VALUES ('journal', ${version})`
  }))
})

/** Whether the tables are there, and not only none of them. */
const isReady = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  const found = new Set(yield* named(sql))
  const there = tables.filter((table) => found.has(table))
  if (there.length === 0) return false
  if (!found.has("cano_meta")) return yield* foreign(`it has a table ${there[0]} that is not ours`)
  yield* probe(sql, "cano_meta")
  const [meta] = yield* sql<{ version: unknown }>`SELECT version FROM cano_meta WHERE name = 'journal'`
  const number = Number(meta?.version)
  if (!Number.isSafeInteger(number) || number < 1) return yield* foreign("its table cano_meta is not ours")
  if (number > version) {
    return yield* refuse("Newer", `its tables are of version ${number}, and this library knows ${version}; update it`)
  }
  for (const table of tables) {
    if (!found.has(table)) return yield* refuse("Corrupt", `its table ${table} is missing`)
    yield* probe(sql, table)
  }
  return true
})

/** The table has the columns that it must have. */
const probe = (sql: SqlClient.SqlClient, table: Table) =>
  Effect.catchIf(
    // no quotes: SQLite takes a column in quotes that is not there for a text
    sql.unsafe(`SELECT ${columns[table].join(", ")} FROM ${table} WHERE 1 = 0`),
    ({ reason }) => reason._tag === "SqlSyntaxError",
    (error) => foreign(`its table ${table} has other columns`, error)
  )

const foreign = (detail: string, cause?: unknown) => refuse("Foreign", detail, cause)

const refuse = (reason: JournalError["reason"], detail: string, cause?: unknown) =>
  Effect.fail(new JournalError({ runId: undefined, reason, operation: "open", detail, cause }))

const named = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql.onDialectOrElse({
      pg: () =>
        sql<{ name: string }>`SELECT table_name AS name FROM information_schema.tables
          WHERE table_schema = current_schema() AND table_name LIKE 'cano%'`,
      orElse: () =>
        sql<{ name: string }>`SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name LIKE 'cano%'`
    }),
    (rows) => rows.map(({ name }) => name.toLowerCase())
  )

/** Of those who make the tables of a PostgreSQL database at once: a number that nobody else takes. */
const lock = 7_165_290_116

const statements = (sql: SqlClient.SqlClient): ReadonlyArray<string> => {
  /** A counter that goes up in the order in which letters are committed: in PostgreSQL `letters.ts` sees to that. */
  const counter = sql.onDialectOrElse({
    pg: () => "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    orElse: () => "INTEGER PRIMARY KEY AUTOINCREMENT"
  })
  /** Sorted by their bytes, as whoever asks for the next page expects. */
  const id = sql.onDialectOrElse({ pg: () => `TEXT COLLATE "C" NOT NULL`, orElse: () => "TEXT NOT NULL" })
  /** Rows that lie in the order of their key, and not in a second tree beside it. */
  const byKey = sql.onDialectOrElse({ pg: () => "", orElse: () => " WITHOUT ROWID" })
  return [
    `CREATE TABLE cano_meta (name TEXT PRIMARY KEY, version BIGINT NOT NULL)`,
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
