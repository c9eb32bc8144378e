/**
 * Who waits for whom where several write at once, as in PostgreSQL; SQLite has one writer at a time, and needs nothing of this.
 * Everybody locks in the same order, so that no two wait for each other: a runner, runs in the order of their ids, the counter
 * of letters. A lock lasts as long as its transaction.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"
import { compare } from "./order.ts"
import type { Raw } from "./reading.ts"
import type { Connection } from "./transaction.ts"
import { run } from "./transaction.ts"

type Locked<A = unknown> = Effect.Effect<A, SqlError.SqlError>

export interface Locks {
  /** Of a row that is read to be written. */
  readonly forUpdate: Statement.Fragment
  /** Whoever takes runs: he does not leave, and is not forgotten, meanwhile. */
  readonly runner: (runner: string) => Locked
  /** Runners whom nobody else has locked; nothing where nobody else can. */
  readonly runners: (which: Statement.Fragment) => Locked<ReadonlyArray<string> | undefined>
  readonly runs: (connection: Connection, runIds: ReadonlyArray<string>) => Locked
  /** All that a runner drives. */
  readonly runsOf: (runner: string) => Locked
  /** A letter has a higher place than all that have been committed before it, and no lower one is committed after it. */
  readonly letters: Locked
}

export const make = (sql: SqlClient.SqlClient): Locks =>
  sql.onDialectOrElse({
    pg: (): Locks => ({
      forUpdate: sql.literal("FOR UPDATE"),
      // one that is not there yet is made, with a lease that is over
      runner: (runner) =>
        sql`INSERT INTO cano_runners (runner, until) VALUES (${runner}, 0)
          ON CONFLICT (runner) DO UPDATE SET until = cano_runners.until`,
      runners: (which) =>
        Effect.map(
          sql<Raw>`SELECT runner FROM cano_runners WHERE ${which} FOR UPDATE SKIP LOCKED`,
          (found) => found.map(({ runner }) => String(runner))
        ),
      runs: (connection, runIds) =>
        run(connection, sql`SELECT 1 FROM cano_runs WHERE run_id = ANY(${runIds}) ORDER BY run_id FOR UPDATE`),
      runsOf: (runner) => sql`SELECT 1 FROM cano_runs WHERE owner = ${runner} ORDER BY run_id FOR UPDATE`,
      letters: sql`SELECT pg_advisory_xact_lock(${counter})`
    }),
    orElse: (): Locks => ({
      forUpdate: sql.literal(""),
      runner: () => Effect.void,
      runners: () => Effect.undefined,
      runs: () => Effect.void,
      runsOf: () => Effect.void,
      letters: Effect.void
    })
  })

/** Of those who send to a PostgreSQL database: a number that nobody else takes. */
const counter = 7_165_290_117

/** Does something to each run, in the order of their ids; answers in the order given. */
export const inOrder = <A, B, E>(
  items: ReadonlyArray<A>,
  idOf: (item: A) => string,
  f: (item: A) => Effect.Effect<B, E>
): Effect.Effect<ReadonlyArray<B>, E> => {
  const places = items.map((_, i) => i).sort((a, b) => compare(idOf(items[a]!), idOf(items[b]!)))
  const answers: Array<B> = []
  return Effect.as(
    Effect.forEach(places, (i) => Effect.map(f(items[i]!), (answer) => void (answers[i] = answer)), { discard: true }),
    answers
  )
}
