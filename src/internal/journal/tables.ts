/**
 * The tables of one component of this library, such as the journal: made once in the life of a database, brought from version
 * to version when a later release opens it, and looked at whenever it is opened. `cano_meta` has a row for each component with
 * the version of its tables; whichever comes first makes it. Nothing is kept here.
 *
 * A database that has others, or newer ones, is not touched: what is refused is refused before anything is written, or in the
 * transaction that has written it.
 */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import { JournalError } from "./error.ts"
import { number } from "./reading.ts"
import * as transaction from "./transaction.ts"

export interface Component {
  /** Of its row in `cano_meta`. */
  readonly name: string
  /** Its tables and their columns, as they are in the newest version. */
  readonly columns: { readonly [table: string]: ReadonlyArray<string> }
  /**
   * The statements that lead to each version from the one before, to the first from nothing. A step that is published never
   * changes, and an older release that is still open must be able to go on beside it.
   */
  readonly steps: (sql: SqlClient.SqlClient) => Arr.NonEmptyReadonlyArray<ReadonlyArray<string>>
}

type Looked<A> = Effect.fn.Return<A, JournalError | SqlError.SqlError>

/** Makes the tables, brings them up to date, or finds them as they must be. */
export const migrate = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, component: Component): Looked<void> {
  const steps = component.steps(sql)
  // two statements may look before and after somebody else's commit: what is wrong is so only if it is under the lock, too
  const isReady = Effect.catchTag(
    look(sql, component, steps.length),
    "JournalError",
    () => Effect.succeed({ isNew: false, version: 0 })
  )
  if ((yield* isReady).version === steps.length) return
  yield* transaction.make(sql).within(() =>
    Effect.gen(function*() {
      yield* sql.onDialectOrElse({ pg: () => sql`SELECT pg_advisory_xact_lock(${lock})`, orElse: () => Effect.void })
      // of several that have come here the others find that it is done
      const { isNew, version } = yield* look(sql, component, steps.length)
      if (version === steps.length) return
      if (isNew) yield* sql.unsafe(`CREATE TABLE cano_meta (name TEXT PRIMARY KEY, version BIGINT NOT NULL)`)
      for (const statement of steps.slice(version).flat()) {
        yield* unlessWrong(sql.unsafe(statement), (error) =>
          version === 0
            ? foreign("it has something of a name that is ours", error)
            : refuse("Corrupt", `its tables are not as version ${version} has made them`, error))
      }
      yield* version === 0
        ? sql`INSERT INTO cano_meta (name, version) VALUES (${component.name}, ${steps.length})`
        : sql`UPDATE cano_meta SET version = ${steps.length} WHERE name = ${component.name}`
      yield* check(sql, component)
    })
  )
})

/** The version of the tables as they are, 0 where there are none, and the newest one; nothing is made or changed. */
export const versionOf = (
  sql: SqlClient.SqlClient,
  component: Component
): Effect.Effect<{ readonly version: number; readonly newest: number }, JournalError | SqlError.SqlError> => {
  const newest = component.steps(sql).length
  return Effect.map(look(sql, component, newest), ({ version }) => ({ version, newest }))
}

/** The version of the tables, 0 where there are none, and whether there are none of any component. */
const look = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  component: Component,
  newest: number
): Looked<{ readonly isNew: boolean; readonly version: number }> {
  const found = yield* named(sql)
  const there = Object.keys(component.columns).find((table) => found.has(table))
  const notOurs = foreign(`it has a table ${there} that is not ours`)
  if (!found.has("cano_meta")) return there === undefined ? { isNew: true, version: 0 } : yield* notOurs
  yield* probe(sql, "cano_meta", ["name", "version"])
  const rows = yield* sql<{ name: unknown; version: unknown }>`SELECT name, version FROM cano_meta`
  const own = rows.find(({ name }) => name === component.name)
  if (own === undefined && rows.length > 0) {
    return there === undefined ? { isNew: false, version: 0 } : yield* notOurs
  }
  const version = number(own?.version) ?? 0
  if (version < 1) return yield* foreign("its table cano_meta is not ours")
  if (version > newest) {
    return yield* refuse("Newer", `its tables are of version ${version}, and this library knows ${newest}; update it`)
  }
  if (version === newest) yield* check(sql, component)
  return { isNew: false, version }
})

/** All tables are there, with the columns that they must have. */
const check = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, { columns }: Component): Looked<void> {
  const found = yield* named(sql)
  for (const [table, names] of Object.entries(columns)) {
    if (!found.has(table)) return yield* refuse("Corrupt", `its table ${table} is missing`)
    yield* probe(sql, table, names)
  }
})

const probe = (sql: SqlClient.SqlClient, table: string, columns: ReadonlyArray<string>) =>
  unlessWrong(
    // no quotes: SQLite takes a column in quotes that is not there for a text
    sql.unsafe(`SELECT ${columns.join(", ")} FROM ${table} WHERE 1 = 0`),
    (error) => foreign(`its table ${table} has other columns`, error)
  )

/** What can't be said of the tables that are there is about other ones. */
const unlessWrong = <A>(
  self: Effect.Effect<A, SqlError.SqlError>,
  otherwise: (error: SqlError.SqlError) => Effect.Effect<never, JournalError>
) => Effect.catchIf(self, ({ reason }) => reason._tag === "SqlSyntaxError", otherwise)

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
    (rows): ReadonlySet<string> => new Set(rows.map(({ name }) => name.toLowerCase()))
  )

/** Of those who make the tables of a PostgreSQL database at once: a number that nobody else takes. */
const lock = 7_165_290_116
