/**
 * Schedules in the tables of a database. It lives as long as the client that it was made with, and keeps nothing of the flows:
 * whatever it knows is in the tables, so that others may write there, too.
 *
 * Who commits moves the row of the schedule first, and only where its revision is the one that he knows: all who write of a flow
 * wait for each other there, and nowhere else.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type * as Schedules from "../../schedules.ts"
import type { JournalError } from "../journal/error.ts"
import { given, guard } from "../journal/failing.ts"
import type { Raw } from "../journal/reading.ts"
import * as tables from "../journal/tables.ts"
import * as transaction from "../journal/transaction.ts"
import * as reading from "./reading.ts"
import { schedules } from "./schema.ts"

export const make: Effect.Effect<Schedules.Service, JournalError, SqlClient.SqlClient> = Effect.gen(function*() {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  yield* guard("open", undefined, tables.migrate(sql, schedules))
  return service(sql)
})

const service = (sql: SqlClient.SqlClient): Schedules.Service => {
  const { within } = transaction.make(sql)

  const look = Effect.fnUntraced(function*(flows: ReadonlyArray<string>) {
    if (flows.length === 0) return []
    const now = yield* Clock.currentTimeMillis
    const among = sql.in("flow", flows)
    // first: what comes in between has another revision
    const found = yield* sql<Raw>`SELECT * FROM cano_schedules WHERE ${among}`
    const open = yield* sql<Raw>`SELECT cano_fires.*, until FROM cano_fires
      LEFT JOIN cano_schedulers ON cano_schedulers.scheduler = cano_fires.scheduler
      WHERE ${among} AND ended_at IS NULL ORDER BY taken_at, due, run_id`
    const views = new Map<string, { readonly schedule: Schedules.Schedule; readonly open: Array<Schedules.Open> }>()
    for (const raw of found) {
      const schedule = yield* given("look", undefined, reading.schedule(raw))
      views.set(schedule.flow, { schedule, open: [] })
    }
    for (const raw of open) {
      const firing = yield* given("look", String(raw["run_id"]), reading.firing(raw))
      const { until } = raw
      views.get(firing.flow)?.open.push({ ...firing, isHeld: until !== null && Number(until) > now })
    }
    return flows.flatMap((flow) => views.get(flow) ?? [])
  })

  const move = ({ schedule }: Schedules.Change, now: number) => {
    const { anchor, cursor, endedAt, flow, paused, revision, streak, trippedAt, until } = schedule
    return revision === 1
      ? sql`INSERT INTO cano_schedules
          (flow, revision, last_due, anchor, paused_at, note, paused_due, streak, tripped_at, backoff_until, ended_at,
            updated_at)
        VALUES (${flow}, 1, ${cursor}, ${anchor}, ${paused?.since}, ${paused?.note}, ${paused?.cursor}, ${streak},
          ${trippedAt}, ${until}, ${endedAt}, ${now})
        ON CONFLICT (flow) DO NOTHING RETURNING flow`
      // S2: the cursor does not go back
      : sql`UPDATE cano_schedules SET revision = ${revision},
          last_due = CASE WHEN last_due > ${cursor} THEN last_due ELSE ${cursor} END, anchor = ${anchor},
          paused_at = ${paused?.since}, note = ${paused?.note}, paused_due = ${paused?.cursor},
          streak = ${streak}, tripped_at = ${trippedAt}, backoff_until = ${until}, ended_at = ${endedAt},
          updated_at = ${now}
        WHERE flow = ${flow} AND revision = ${revision - 1} RETURNING flow`
  }

  const put = (firings: ReadonlyArray<Schedules.Firing>) =>
    sql`INSERT INTO cano_fires
        (flow, run_id, kind, due, scheduler, taken_at, started, ended_at, outcome, detail)
      VALUES ${
      sql.csv(firings.map(({ by, due, ended, flow, isStarted, runId, scheduler, takenAt }) =>
        sql`(${
          sql.csv([
            sql`${flow}`,
            sql`${runId}`,
            sql`${by}`,
            number(due),
            sql`${scheduler}`,
            number(takenAt),
            number(isStarted ? 1 : 0),
            number(ended?.at),
            sql`${ended?.outcome}`,
            sql`${ended?.detail}`
          ])
        })`
      ))
    }
      ON CONFLICT (flow, run_id) DO UPDATE SET kind = excluded.kind, due = excluded.due,
        scheduler = excluded.scheduler, taken_at = excluded.taken_at, started = excluded.started,
        ended_at = excluded.ended_at, outcome = excluded.outcome, detail = excluded.detail`

  /** PostgreSQL takes the parameters of several rows for texts. */
  const number = (value: number | undefined) => sql`CAST(${value} AS BIGINT)`

  const commit = Effect.fnUntraced(function*(change: Schedules.Change) {
    const { drops, firings, keep, schedule: { flow } } = change
    const now = yield* Clock.currentTimeMillis
    if ((yield* move(change, now)).length === 0) return false
    for (const some of chunks(drops)) {
      yield* sql`DELETE FROM cano_fires WHERE flow = ${flow} AND ${sql.in("run_id", some)}`
    }
    for (const some of chunks(firings)) yield* put(some)
    if (!firings.some(({ ended }) => ended !== undefined)) return true
    yield* sql`DELETE FROM cano_fires WHERE flow = ${flow} AND ended_at IS NOT NULL AND run_id NOT IN (
      SELECT run_id FROM cano_fires WHERE flow = ${flow} AND ended_at IS NOT NULL
      ORDER BY ended_at DESC, due DESC, run_id DESC LIMIT ${keep})`
    return true
  })

  const firing = Effect.fnUntraced(function*(flow: string, runId: string) {
    const [raw] = yield* sql<Raw>`SELECT * FROM cano_fires WHERE flow = ${flow} AND run_id = ${runId}`
    return raw === undefined ? undefined : yield* given("firing", runId, reading.firing(raw))
  })

  const history = Effect.fnUntraced(function*(flow: string, limit: number) {
    const found = yield* sql<Raw>`SELECT * FROM cano_fires WHERE flow = ${flow} AND ended_at IS NOT NULL
      ORDER BY ended_at DESC, due DESC, run_id DESC LIMIT ${limit}`
    return yield* Effect.forEach(
      found.toReversed(),
      (raw) => given("history", String(raw["run_id"]), reading.firing(raw))
    )
  })

  const list = Effect.fnUntraced(function*(limit: number, after: string | undefined) {
    const found = yield* sql<Raw>`SELECT * FROM cano_schedules WHERE ${
      after === undefined ? sql`1 = 1` : sql`flow > ${after}`
    } ORDER BY flow LIMIT ${limit}`
    return yield* Effect.forEach(found, (raw) => given("list", undefined, reading.schedule(raw)))
  })

  const forget = Effect.fnUntraced(function*(flow: string) {
    const gone = yield* sql`DELETE FROM cano_schedules WHERE flow = ${flow} RETURNING flow`
    yield* sql`DELETE FROM cano_fires WHERE flow = ${flow}`
    return gone.length > 0
  })

  /** Of PostgreSQL: two that remove the same ones at once would wait for each other. */
  const unlocked = sql.onDialectOrElse({
    pg: () => sql.literal("FOR UPDATE SKIP LOCKED"),
    orElse: () => sql.literal("")
  })

  const lease = Effect.fnUntraced(function*(scheduler: string, until: number) {
    const now = yield* Clock.currentTimeMillis
    yield* sql`INSERT INTO cano_schedulers (scheduler, until) VALUES (${scheduler}, ${until})
      ON CONFLICT (scheduler) DO UPDATE SET until = excluded.until`
    // one whose lease has run out holds as little as one that is not there
    yield* sql`DELETE FROM cano_schedulers WHERE scheduler IN (
      SELECT scheduler FROM cano_schedulers WHERE until <= ${now} AND scheduler <> ${scheduler} ${unlocked})`
  })

  return {
    look: (flows) => guard("look", undefined, look(flows)),
    commit: (change) => guard("commit", undefined, within(() => commit(change))),
    firing: (flow, runId) => guard("firing", runId, firing(flow, runId)),
    history: (flow, limit) => guard("history", undefined, history(flow, limit)),
    list: (limit, after) => guard("list", undefined, list(limit, after)),
    forget: (flow) => guard("forget", undefined, within(() => forget(flow))),
    lease: (scheduler, until) => guard("lease", undefined, lease(scheduler, until)),
    leave: (scheduler) =>
      guard("leave", undefined, Effect.asVoid(sql`DELETE FROM cano_schedulers WHERE scheduler = ${scheduler}`))
  }
}

/** Databases limit the parameters of a statement. */
const chunks = <A>(all: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(all.length / most) }, (_, i) => all.slice(i * most, (i + 1) * most))

const most = 100
