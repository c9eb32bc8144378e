/**
 * A journal in the tables of a database. It lives as long as the client that it was made with, and keeps nothing of the
 * runs: whatever it knows is in the tables, so that others may write there, too.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import type * as Journal from "../../journal.ts"
import type { JournalError } from "./error.ts"
import { given, guard } from "./failing.ts"
import * as letters from "./letters.ts"
import * as locking from "./locks.ts"
import { byCount, compare } from "./order.ts"
import * as purging from "./purging.ts"
import type { Raw } from "./reading.ts"
import * as reading from "./reading.ts"
import * as schema from "./schema.ts"
import { conditions } from "./selection.ts"
import { isOver } from "./steering.ts"
import * as tables from "./tables.ts"
import type { Connection } from "./transaction.ts"
import * as transaction from "./transaction.ts"
import * as writing from "./writing.ts"

export const make: Effect.Effect<Journal.Service, JournalError, SqlClient.SqlClient> = Effect.gen(function*() {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  yield* guard("open", undefined, tables.migrate(sql, schema.journal))
  return service(sql)
})

/** A journal that is there, and of this release; else the version of its tables, 0 where there are none. It makes nothing. */
export const existing = Effect.gen(function*() {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const { newest, version } = yield* guard("open", undefined, tables.versionOf(sql, schema.journal))
  return version === newest ? service(sql) : version
})

const service = (sql: SqlClient.SqlClient): Journal.Service => {
  const { quick, within } = transaction.make(sql)
  const locks = locking.make(sql)
  const { append, insert } = writing.make(sql, locks)

  /** SQLite would take the primary key, and look at all rows of the run. */
  const byKept = sql.onDialectOrElse({
    sqlite: () => sql.literal("INDEXED BY cano_journal_kept"),
    orElse: () => sql.literal("")
  })
  const inbox = letters.make(sql, locks)
  const purge = purging.make(sql, locks.forUpdate)

  const headOf = Effect.fnUntraced(function*(operation: string, runId: string, lock = sql.literal("")) {
    const [raw] = yield* sql<Raw>`SELECT * FROM cano_runs WHERE run_id = ${runId} ${lock}`
    return raw === undefined ? undefined : yield* given(operation, runId, reading.head(raw))
  })

  const create = Effect.fnUntraced(function*(connection: Connection, run: Journal.NewRun) {
    const { data, key, parent, runId, state, version, workflow } = run
    const now = yield* Clock.currentTimeMillis
    const made = yield* sql`INSERT INTO cano_runs
      (run_id, workflow, version, status, parked, n, entered, visit, state, sent, due_at, parent,
        created_at, entered_at, updated_at)
      VALUES (${runId}, ${workflow}, ${version}, 'running', 0, 0, 0, 1, ${state}, 0, ${now}, ${parent}, ${now}, ${now}, ${now})
      ON CONFLICT (run_id) DO NOTHING RETURNING run_id`
    if (made.length > 0) yield* insert(connection, [[runId, 0, "enter", key, data, now, 0]])
    const head = yield* headOf("create", runId)
    return { head: head!, isNew: made.length > 0 }
  })

  const claim = Effect.fnUntraced(function*(
    connection: Connection,
    runId: string,
    runner: string
  ): Effect.fn.Return<Journal.Claim, SqlError.SqlError | JournalError> {
    const now = yield* Clock.currentTimeMillis
    const head = yield* headOf("claim", runId, locks.forUpdate)
    if (head === undefined) return { _tag: "NoSuchRun" }
    if (isOver(head.status)) return { _tag: "Ended", head }
    const { entered, owner } = head
    if (owner !== undefined && owner !== runner) {
      const until = yield* leaseOf(owner)
      if (until !== undefined && until > now) return { _tag: "Held", owner, until }
    }
    const kept = yield* sql<Raw>`SELECT n, kind, key, data, at, kept FROM cano_journal ${byKept}
      WHERE run_id = ${runId} AND kept = 1 AND n < ${entered} ORDER BY n`
    const visit = yield* sql<Raw>`SELECT n, kind, key, data, at, kept FROM cano_journal
      WHERE run_id = ${runId} AND n >= ${entered} ORDER BY n`
    // nothing is written of a run that can't be read
    const n = head.n + 1
    const own = { n, kind: "owner", key: "", data: runner, at: now, kept: 0 }
    const rows = yield* given("claim", runId, reading.visit([...kept, ...visit, own], { entered, n }))
    const untaken = yield* inbox.untaken("claim", runId)
    yield* insert(connection, [[runId, n, "owner", "", runner, now, 0]])
    yield* sql`UPDATE cano_runs SET n = ${n}, owner = ${runner}, updated_at = ${now},
      due_at = CASE parked WHEN 1 THEN ${now} ELSE due_at END, parked = 0, wake_at = NULL WHERE run_id = ${runId}`
    // a runner without a lease has none that lasts; so that it is found when it has gone
    yield* sql`INSERT INTO cano_runners (runner, until) VALUES (${runner}, 0) ON CONFLICT (runner) DO NOTHING`
    const taken = yield* headOf("claim", runId)
    return { _tag: "Claimed", head: taken!, rows, letters: untaken }
  })

  /** A run that can't be read keeps no other from being claimed: then each is asked for by itself. */
  const claims = (
    runIds: ReadonlyArray<string>,
    runner: string
  ): Effect.Effect<ReadonlyArray<Journal.Claim>, JournalError> =>
    Effect.catchIf(
      guard(
        "claim",
        onlyOf(runIds),
        within((connection) =>
          Effect.andThen(
            locks.runner(runner),
            locking.inOrder(runIds, (runId) => runId, (runId) => claim(connection, runId, runner))
          )
        )
      ),
      ({ reason }) => reason === "Corrupt" || reason === "Newer",
      (error) =>
        runIds.length === 1
          ? Effect.succeed<ReadonlyArray<Journal.Claim>>([{ _tag: "Corrupt", error }])
          : Effect.map(Effect.forEach(runIds, (runId) => claims([runId], runner)), (all) => all.flat())
    )

  const leaseOf = Effect.fnUntraced(function*(runner: string) {
    const [lease] = yield* sql<Raw>`SELECT until FROM cano_runners WHERE runner = ${runner}`
    return reading.number(lease?.["until"])
  })

  const park = Effect.fnUntraced(function*(
    runId: string,
    { createdAt, isReleased, n, seen, waits, wakeAt }: Journal.Parked
  ) {
    const now = yield* Clock.currentTimeMillis
    const there = sql`run_id = ${runId} AND n = ${n} AND sent <= ${seen}
      AND created_at = COALESCE(${createdAt}, created_at)`
    const parked = yield* sql`UPDATE cano_runs SET parked = 1, wake_at = ${wakeAt}, waits = ${waits}, due_at = ${
      isReleased ? wakeAt : now
    }, updated_at = ${now},
      owner = ${isReleased ? null : sql.literal("owner")}
      WHERE ${there} AND status NOT IN ('ended', 'stuck') RETURNING run_id`
    // until an order comes nobody need look at a run that is over
    if (parked.length === 0 && isReleased) {
      yield* sql`UPDATE cano_runs SET due_at = NULL WHERE ${there} AND status IN ('ended', 'stuck')`
    }
    return parked.length > 0
  })

  const lease = Effect.fnUntraced(function*(runner: string, until: number) {
    const now = yield* Clock.currentTimeMillis
    yield* sql`INSERT INTO cano_runners (runner, until) VALUES (${runner}, ${until})
      ON CONFLICT (runner) DO UPDATE SET until = excluded.until`
    // of a runner that has crashed nothing is left when others have what it drove
    const gone = sql`until <= ${now} AND runner <> ${runner}`
    const found = yield* locks.runners(gone)
    if (found !== undefined && found.length === 0) return
    yield* sql`DELETE FROM cano_runners WHERE ${found === undefined ? gone : sql.in("runner", found)}
      AND NOT EXISTS (SELECT 1 FROM cano_runs WHERE owner = cano_runners.runner)`
  })

  const leave = Effect.fnUntraced(function*(runner: string) {
    yield* sql`DELETE FROM cano_runners WHERE runner = ${runner}`
    yield* locks.runsOf(runner)
    yield* sql`UPDATE cano_runs SET owner = NULL WHERE owner = ${runner}`
  })

  const due = Effect.fnUntraced(function*(workflows: ReadonlyArray<string> | undefined, limit: number) {
    if (workflows?.length === 0) return []
    const now = yield* Clock.currentTimeMillis
    const among = workflows === undefined ? sql.literal("1 = 1") : sql.in("workflow", workflows)
    const free = yield* sql<Raw>`SELECT run_id, due_at FROM cano_runs
      WHERE owner IS NULL AND due_at <= ${now} AND ${among} ORDER BY due_at, run_id LIMIT ${limit}`
    const left = yield* sql<Raw>`SELECT run_id, due_at FROM cano_runs
      WHERE owner IN (SELECT runner FROM cano_runners WHERE until <= ${now}) AND due_at <= ${now} AND ${among}
      ORDER BY due_at, run_id LIMIT ${limit}`
    return [...free, ...left]
      .map((raw) => ({ dueAt: Number(raw["due_at"]), runId: idOf(raw) }))
      .sort((a, b) => a.dueAt - b.dueAt || compare(a.runId, b.runId))
      .slice(0, limit)
      .map(({ runId }) => runId)
  })

  const list = Effect.fnUntraced(function*(filter: Journal.Filter) {
    const { after, limit, ...selection } = filter
    const where = sql.and([...(after === undefined ? [] : [sql`run_id > ${after}`]), ...conditions(sql, selection)])
    const found = yield* sql<Raw>`SELECT * FROM cano_runs WHERE ${where} ORDER BY run_id LIMIT ${limit}`
    return yield* Effect.forEach(found, (raw) => given("list", idOf(raw), reading.head(raw)))
  })

  const rowsOf = Effect.fnUntraced(function*(runId: string, from: number, limit: number) {
    const found = yield* sql<Raw>`SELECT n, kind, key, data, at, kept FROM cano_journal
      WHERE run_id = ${runId} AND n >= ${from} ORDER BY n LIMIT ${limit}`
    return yield* given("rows", runId, reading.rows(found, Math.max(0, from)))
  })

  const last = Effect.fnUntraced(
    function*(runId: string, kinds: ReadonlyArray<Journal.Kind>, before: number, limit: number) {
      const found = yield* sql<Raw>`SELECT n, kind, key, data, at, kept FROM cano_journal
      WHERE run_id = ${runId} AND n < ${before} AND ${sql.in("kind", kinds)} ORDER BY n DESC LIMIT ${limit}`
      return yield* given("last", runId, reading.rows(found, Infinity))
    }
  )

  const count = Effect.fnUntraced(function*(selection: Journal.Selection) {
    const found = yield* sql<Raw>`SELECT workflow, status, parked, outcome, COUNT(*) AS many FROM cano_runs
      WHERE ${sql.and(conditions(sql, selection))} GROUP BY workflow, status, parked, outcome`
    const counts = new Map<string, Journal.Count>()
    for (const raw of found) {
      const one = yield* given("count", undefined, reading.count(raw))
      // what it does when it goes on is not asked for
      const key = JSON.stringify([one.workflow, one.status, one.outcome])
      counts.set(key, { ...one, runs: one.runs + (counts.get(key)?.runs ?? 0) })
    }
    return [...counts.values()].sort(byCount)
  })

  const standing = Effect.fnUntraced(function*(runId: string) {
    const now = yield* Clock.currentTimeMillis
    const [raw] = yield* sql<Raw>`SELECT cano_runs.*, cano_runners.until,
        (SELECT COUNT(*) FROM cano_runners WHERE until > ${now}) AS runners FROM cano_runs
      LEFT JOIN cano_runners ON cano_runners.runner = cano_runs.owner WHERE run_id = ${runId}`
    return raw === undefined ? undefined : yield* given("standing", runId, reading.standing(raw))
  })

  const appendAtOnce = (appends: ReadonlyArray<Journal.Append>) =>
    quick((connection) => Effect.flatMap(Clock.currentTimeMillis, (now) => append(connection, appends, now)))
  const isTaken = ({ reason }: SqlError.SqlError) => reason._tag === "UniqueViolation"
  // where somebody has written behind the last row of a head, that run is fenced, and no other
  const appended = (appends: ReadonlyArray<Journal.Append>) =>
    Effect.catchIf(
      appendAtOnce(appends),
      isTaken,
      () =>
        Effect.forEach(appends, (one) =>
          Effect.catchIf(
            Effect.map(appendAtOnce([one]), ([isWritten]) => isWritten!),
            isTaken,
            () => Effect.succeed(false)
          ))
    )

  return {
    create: (runs) =>
      guard(
        "create",
        onlyOf(runs.map(({ runId }) => runId)),
        within((connection) => locking.inOrder(runs, ({ runId }) => runId, (run) => create(connection, run)))
      ),
    append: (appends) =>
      appends.length === 0 ? Effect.succeed([]) : guard(
        "append",
        onlyOf(appends.map(({ runId }) => runId)),
        appended(appends)
      ),
    claim: claims,
    send: (runId, letter) => guard("send", runId, within(() => inbox.send(runId, letter))),
    received: (runner, after) => guard("received", undefined, inbox.received(runner, after)),
    letter: (runId, seq) => guard("letter", runId, inbox.one(runId, seq)),
    park: (runId, parked) => guard("park", runId, park(runId, parked)),
    lease: (runner, until) => guard("lease", undefined, within(() => lease(runner, until))),
    leave: (runner) => guard("leave", undefined, within(() => leave(runner))),
    due: (workflows, limit) => guard("due", undefined, due(workflows, limit)),
    show: (runId) => guard("show", runId, headOf("show", runId)),
    list: (filter) => guard("list", undefined, list(filter)),
    rows: (runId, from, limit) => guard("rows", runId, rowsOf(runId, from, limit)),
    last: (runId, kinds, before, limit) => guard("last", runId, last(runId, kinds, before, limit)),
    letters: (runId) => guard("letters", runId, inbox.untaken("letters", runId)),
    count: (selection) => guard("count", undefined, count(selection)),
    standing: (runId) => guard("standing", runId, standing(runId)),
    purge: (which) =>
      guard("purge", undefined, within(() => Effect.flatMap(Clock.currentTimeMillis, (now) => purge(which, now))))
  }
}

/** The run that something is about, if it is about one. */
const onlyOf = (runIds: ReadonlyArray<string>): string | undefined => runIds.length === 1 ? runIds[0] : undefined

const idOf = (raw: Raw): string => String(raw["run_id"])
