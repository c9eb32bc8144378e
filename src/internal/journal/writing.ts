/**
 * How rows are appended, in one transaction for all that append at once: as few statements as there can be, whose texts are
 * put together once in the life of a client.
 *
 * Who is fenced is told by the head: it is moved on first, and only where it is where it must be. A run whose head was not
 * moved has nothing else written.
 */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"
import type * as Journal from "../../journal.ts"
import type { Locks } from "./locks.ts"
import { beginning } from "./order.ts"
import { isOver, orders } from "./steering.ts"
import type { Connection, Rows } from "./transaction.ts"
import { run } from "./transaction.ts"

type Written<A> = Effect.Effect<A, SqlError.SqlError>

export interface Writing {
  /** In the transaction of a connection, at an instant: answers for each whether it was written. */
  readonly append: (
    connection: Connection,
    appends: ReadonlyArray<Journal.Append>,
    now: number
  ) => Written<ReadonlyArray<boolean>>
  readonly insert: (connection: Connection, rows: ReadonlyArray<ReadonlyArray<unknown>>) => Written<Rows>
}

export const make = (sql: SqlClient.SqlClient, locks: Locks): Writing => {
  // Either way nothing is left of a statement that fails, as its transaction is rolled back. SQLite else copies each page that
  // a statement of several rows changes, which takes longer than to change it.
  const orFail = sql.onDialectOrElse({ sqlite: () => sql.literal("OR FAIL"), orElse: () => sql.literal("") })

  const insert = inBulk(
    sql,
    7,
    (tuples) => sql`INSERT ${orFail} INTO cano_journal (run_id, n, kind, key, data, at, kept) VALUES ${tuples}`
  )

  // where neither the status nor the owner changes, so that no index does
  const moves = inBulk(
    sql,
    9,
    (tuples) =>
      sql`WITH moved (id, before, last, now, entered, visit, state, version, made) AS (VALUES ${tuples})
    UPDATE cano_runs SET
      n = ${number(sql, "last")},
      updated_at = ${number(sql, "now")},
      entered = COALESCE(${number(sql, "entered")}, cano_runs.entered),
      entered_at = CASE WHEN moved.entered IS NULL THEN cano_runs.entered_at ELSE ${number(sql, "now")} END,
      visit = COALESCE(${number(sql, "visit")}, cano_runs.visit),
      state = COALESCE(moved.state, cano_runs.state),
      version = COALESCE(${number(sql, "version")}, cano_runs.version)
    FROM moved
    WHERE cano_runs.run_id = moved.id AND cano_runs.n = ${number(sql, "before")}
      AND cano_runs.parked = 0 AND cano_runs.status NOT IN ('ended', 'stuck')
      AND cano_runs.created_at = COALESCE(${number(sql, "made")}, cano_runs.created_at)
    RETURNING run_id`
  )

  const over = sql.literal("IN ('ended', 'stuck')")

  const move = (append: Journal.Append, now: number) => {
    const { createdAt, head, n, rows, runId } = append
    const { entered, isOrdered = false, isReleased = false, migrated, outcome, status } = head ?? {}
    const hasEnded = status === undefined ? isOrdered : isOver(status)
    const goesOn = isOrdered && !hasEnded
    const { state, version } = entered ?? migrated ?? {}
    return sql`UPDATE cano_runs SET
      n = ${n + rows.length - 1}, updated_at = ${isOrdered && status === undefined ? sql.literal("updated_at") : now},
      entered = COALESCE(${entered && beginning(n, rows)}, entered),
      entered_at = COALESCE(${entered && now}, entered_at),
      visit = COALESCE(${entered?.visit}, visit),
      state = COALESCE(${state}, state),
      version = COALESCE(${version}, version),
      status = COALESCE(${status}, status),
      outcome = ${goesOn ? null : sql`COALESCE(${outcome}, outcome)`},
      owner = ${hasEnded || isReleased ? null : sql.literal("owner")},
      due_at = ${dueAt(append, now)},
      parked = 0, wake_at = NULL
    WHERE run_id = ${runId} AND n = ${n - 1} AND status ${isOrdered ? over : sql`NOT ${over}`}
      AND created_at = COALESCE(${createdAt}, created_at) RETURNING run_id`
  }

  const dueAt = ({ head, runId, takes }: Journal.Append, now: number) => {
    const { isOrdered = false, status } = head ?? {}
    // an order may have come that its owner has not seen
    if (status === "ended") {
      const taken = takes.map(({ seq }) => seq)
      return sql`CASE WHEN EXISTS (SELECT 1 FROM cano_inbox WHERE run_id = ${runId} AND taken_at IS NULL
        AND ${sql.in("kind", orders)} ${taken.length === 0 ? sql.literal("") : sql`AND NOT ${sql.in("seq", taken)}`})
        THEN CAST(${now} AS BIGINT) END`
    }
    if (status === "stuck" || (isOrdered && status !== undefined)) return now
    return isOrdered ? sql.literal("due_at") : sql`CASE parked WHEN 1 THEN ${now} ELSE due_at END`
  }

  /** Whether the letters are all there to be taken. */
  const canTake = (connection: Connection, { runId, takes }: Journal.Append) =>
    Effect.map(
      run(
        connection,
        sql`SELECT seq FROM cano_inbox WHERE run_id = ${runId} AND taken_at IS NULL AND ${
          sql.in("seq", takes.map(({ seq }) => seq))
        }`
      ),
      (found) => found.length === new Set(takes.map(({ seq }) => seq)).size
    )

  /** Each of another run. */
  const wave = Effect.fnUntraced(
    function*(connection: Connection, appends: ReadonlyArray<Journal.Append>, now: number) {
      const plain: Array<ReadonlyArray<unknown>> = []
      const others: Array<Journal.Append> = []
      const moved = new Set<string>()
      for (const append of appends) {
        const { createdAt, head, n, rows, runId } = append
        if (append.takes.length > 0 && !(yield* canTake(connection, append))) continue
        if (isMore(head)) others.push(append)
        else {
          const { entered, migrated } = head ?? {}
          const { state, version } = entered ?? migrated ?? {}
          const begins = entered && beginning(n, rows)
          plain.push([
            runId,
            n - 1,
            n + rows.length - 1,
            now,
            begins,
            entered?.visit,
            state,
            version,
            createdAt
          ])
        }
      }
      for (const { run_id } of yield* moves(connection, plain)) moved.add(String(run_id))
      // of those that were not moved some are parked, and the others are fenced
      const unmoved = new Set(plain.length > moved.size ? plain.map(([runId]) => runId) : [])
      for (const append of appends) {
        if (!others.includes(append) && !(unmoved.has(append.runId) && !moved.has(append.runId))) continue
        if ((yield* run(connection, move(append, now))).length > 0) moved.add(append.runId)
      }
      const rows: Array<ReadonlyArray<unknown>> = []
      for (const append of appends) {
        const { n, runId } = append
        if (!moved.has(runId)) continue
        append.rows.forEach(({ data, key, kept, kind }, i) =>
          rows.push([runId, n + i, kind, key, data, now, kept ? 1 : 0])
        )
        for (const { answer, seq } of append.takes) {
          yield* run(
            connection,
            sql`UPDATE cano_inbox SET taken_at = ${now}, answer = ${answer} WHERE run_id = ${runId} AND seq = ${seq}`
          )
        }
      }
      yield* insert(connection, rows)
      return moved
    }
  )

  return {
    append: Effect.fnUntraced(function*(connection, appends, now) {
      const answers = appends.map(() => false)
      let left = appends.map((_, i) => i)
      // letters are looked at behind that, and nobody else takes them, or sends one, meanwhile
      if (appends.length > 1 || appends[0]!.takes.length > 0 || appends[0]!.head?.status === "ended") {
        yield* locks.runs(connection, appends.map(({ runId }) => runId))
      }
      while (left.length > 0) {
        const next: Array<number> = []
        const seen = new Map<string, number>()
        for (const i of left) {
          const { runId } = appends[i]!
          if (seen.has(runId)) next.push(i)
          else seen.set(runId, i)
        }
        const moved = yield* wave(connection, Array.from(seen.values(), (i) => appends[i]!), now)
        for (const [runId, i] of seen) answers[i] = moved.has(runId)
        left = next
      }
      return answers
    }),
    insert
  }
}

/** Whether an index changes with it. */
const isMore = (head: Journal.HeadChange | undefined): boolean =>
  head?.status !== undefined || head?.outcome !== undefined || head?.isReleased === true || head?.isOrdered === true

const number = (sql: SqlClient.SqlClient, column: string) => sql.literal(`CAST(moved.${column} AS BIGINT)`)

/** How many tuples one statement takes: each number is a text, and databases limit the parameters of one. */
const sizeOf = (left: number): number => left >= 64 ? 64 : left >= 32 ? 32 : Math.min(left, 16)

/** A statement over any number of tuples, as few times as it goes: for 100 of them, over 64, 32 and 4. */
const inBulk = (
  sql: SqlClient.SqlClient,
  width: number,
  build: (tuples: Statement.Fragment) => Statement.Statement<{ readonly [column: string]: unknown }>
) => {
  const texts = new Map<number, string>()
  const textOf = (size: number): string => {
    const known = texts.get(size)
    if (known !== undefined) return known
    const tuple = sql`(${sql.csv(Array.from({ length: width }, () => sql`${null}`))})`
    const [text] = build(sql.csv(Array.from({ length: size }, () => tuple))).compile()
    texts.set(size, text)
    return text
  }
  return Effect.fnUntraced(function*(connection: Connection, tuples: ReadonlyArray<ReadonlyArray<unknown>>) {
    const found: Array<{ readonly [column: string]: unknown }> = []
    if (tuples.length === 0) return found
    for (let i = 0, size = 0; i < tuples.length; i += size) {
      size = sizeOf(tuples.length - i)
      const params = size === 1 ? tuples[i]! : tuples.slice(i, i + size).flat()
      const rows = yield* connection.execute(textOf(size), params, undefined)
      if (size === tuples.length) return rows
      found.push(...rows)
    }
    return found
  })
}
