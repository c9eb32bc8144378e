/** The inboxes of the runs, in one table: it is written by whoever sends, beside the journal and not in it. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import type * as Journal from "../../journal.ts"
import type { JournalError } from "./error.ts"
import { given } from "./failing.ts"
import type { Locks } from "./locks.ts"
import type { Raw } from "./reading.ts"
import * as reading from "./reading.ts"
import { isOrderFor } from "./steering.ts"

type Stored<A> = Effect.Effect<A, SqlError.SqlError | JournalError>

export interface Inbox {
  readonly send: (runId: string, letter: Journal.NewLetter) => Stored<Journal.Sent>
  readonly received: (
    runner: string,
    after: number
  ) => Stored<{ readonly cursor: number; readonly letters: ReadonlyArray<Journal.Received> }>
  readonly one: (runId: string, seq: number) => Stored<Journal.Letter | undefined>
  readonly untaken: (operation: string, runId: string) => Stored<ReadonlyArray<Journal.Letter>>
}

export const make = (sql: SqlClient.SqlClient, locks: Locks): Inbox => ({
  send: Effect.fnUntraced(function*(
    runId,
    { capacity, data, id, key, kind, name }
  ): Effect.fn.Return<Journal.Sent, SqlError.SqlError | JournalError> {
    const [head] = yield* sql<Raw>`SELECT status, parked, sent, n FROM cano_runs
      WHERE run_id = ${runId} ${locks.forUpdate}`
    if (head === undefined) return { _tag: "NoSuchRun" }
    const like = sql`run_id = ${runId} AND kind = ${kind} AND name = ${name}`
    const doing = yield* given("send", runId, reading.doing(head))
    const isOrder = isOrderFor(doing, kind)
    if (id !== undefined) {
      const [first] = yield* sql<Raw>`SELECT seq, taken_at FROM cano_inbox WHERE ${like} AND id = ${id}`
      if (first !== undefined) {
        // it may have come when nobody looked any more
        if (isOrder && first["taken_at"] === null) {
          yield* sql`UPDATE cano_runs SET due_at = updated_at WHERE run_id = ${runId}`
        }
        return { _tag: "Duplicate", seq: Number(first["seq"]) }
      }
    }
    if (doing === "ended" && !isOrder) return { _tag: "Ended" }
    if (capacity !== undefined) {
      const [many] = yield* sql<Raw>`SELECT COUNT(*) AS many FROM cano_inbox WHERE ${like} AND taken_at IS NULL`
      if (Number(many!["many"]) >= capacity) return { _tag: "Full" }
    }
    const now = yield* Clock.currentTimeMillis
    const { n, sent } = yield* given("send", runId, reading.sent(head))
    const seq = sent + 1
    // a run that waits is due with it, and one that nobody drives any more with an order: since it waits, as the clock of who
    // sends may be ahead of that of who drives it
    yield* isOrder || Number(head["parked"]) === 1
      ? sql`UPDATE cano_runs SET sent = ${seq}, due_at = updated_at WHERE run_id = ${runId}`
      : sql`UPDATE cano_runs SET sent = ${seq} WHERE run_id = ${runId}`
    yield* locks.letters
    yield* sql`INSERT INTO cano_inbox (run_id, seq, kind, name, key, id, data, at, n)
      VALUES (${runId}, ${seq}, ${kind}, ${name}, ${key}, ${id}, ${data}, ${now}, ${n})`
    return { _tag: "Kept", seq }
  }),

  received: Effect.fnUntraced(function*(runner, after) {
    // first: what comes in between has a place behind it
    const [last] = yield* sql<Raw>`SELECT MAX(place) AS place FROM cano_inbox`
    const cursor = Math.max(after, Number(last!["place"]))
    if (cursor === after) return { cursor, letters: [] }
    // in this order: it looks at the new letters, and not at all runs of the runner
    const found = yield* sql<Raw>`SELECT cano_inbox.* FROM cano_inbox CROSS JOIN cano_runs
      WHERE place > ${after} AND place <= ${cursor} AND taken_at IS NULL
        AND cano_runs.run_id = cano_inbox.run_id AND owner = ${runner} ORDER BY place`
    const letters = yield* Effect.forEach(
      found,
      (raw) => given("received", String(raw["run_id"]), reading.letter(raw))
    )
    return { cursor, letters }
  }),

  one: Effect.fnUntraced(function*(runId, seq) {
    const [raw] = yield* sql<Raw>`SELECT * FROM cano_inbox WHERE run_id = ${runId} AND seq = ${seq}`
    return raw === undefined ? undefined : toLetter(yield* given("letter", runId, reading.letter(raw)))
  }),

  untaken: Effect.fnUntraced(function*(operation, runId) {
    const found = yield* sql<Raw>`SELECT * FROM cano_inbox WHERE run_id = ${runId} AND taken_at IS NULL ORDER BY seq`
    return yield* Effect.forEach(found, (raw) => Effect.map(given(operation, runId, reading.letter(raw)), toLetter))
  })
})

const toLetter = ({ runId: _, ...letter }: Journal.Received): Journal.Letter => letter
