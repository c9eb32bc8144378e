/** What is refused, lost or cut off between a journal and a PostgreSQL server, and what several do to it at once. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Scope } from "effect"
import type * as Journal from "effect-cano/journal"
import type { SqlClient } from "effect/sql"
import * as databases from "../postgres/databases.ts"
import * as server from "../postgres/server.ts"
import * as first from "./firstVersion.ts"
import { open } from "./postgres.ts"
import { all, append, claim, create, newRun, row, signal } from "./samples.ts"
import { failing } from "./sqlite.ts"

const run = (sql: SqlClient.SqlClient, ...texts: ReadonlyArray<string>) =>
  Effect.forEach(texts, (text) => sql.unsafe(text), { discard: true })

/** A client of a database of its own. */
const fresh = Effect.gen(function*() {
  const url = yield* databases.shared
  const client = yield* databases.connect(url, { maxConnections: 1 })
  return { url, client }
})

/** All that is in a database. */
const contents = (sql: SqlClient.SqlClient) =>
  Effect.gen(function*() {
    const columns = yield* sql`SELECT table_name, column_name, data_type FROM information_schema.columns
      WHERE table_schema = 'public' ORDER BY 1, 2`
    const tables = new Set(columns.map((column) => String(column["table_name"])))
    const rows = yield* Effect.forEach(tables, (table) => sql.unsafe(`SELECT * FROM ${table}`))
    return { columns, rows }
  })

describe("the tables of a journal in PostgreSQL", () => {
  it.live("that others have made, or newer ones, are refused, and not touched", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<
        readonly [reason: Journal.JournalError["reason"], text: RegExp, ...made: Array<string>]
      > = [
        ["Foreign", /table cano_runs that is not ours/, "CREATE TABLE cano_runs (id TEXT)"],
        ["Foreign", /table cano_inbox that is not ours/, "CREATE VIEW cano_inbox AS SELECT 1 AS one"],
        ["Foreign", /table cano_meta has other columns/, "CREATE TABLE cano_meta (name TEXT)"],
        ["Foreign", /table cano_meta is not ours/, "CREATE TABLE cano_meta (name TEXT, version TEXT)"],
        ["Foreign", /something of a name that is ours/, "CREATE SEQUENCE cano_runs_parent"],
        [
          "Newer",
          /version 3, and this library knows 2/,
          ...first.tables("pg"),
          ...first.rows,
          "UPDATE cano_meta SET version = 3"
        ],
        ["Corrupt", /not as version 1 has made them/, ...first.tables("pg"), ...first.rows, "DROP TABLE cano_inbox"],
        [
          "Foreign",
          /table cano_journal has other columns/,
          ...first.tables("pg"),
          ...first.rows,
          "ALTER TABLE cano_journal RENAME COLUMN data TO text"
        ]
      ]
      for (const [reason, text, ...made] of cases) {
        const { client, url } = yield* fresh
        yield* run(client, ...made)
        const before = yield* contents(client)
        const error = yield* failing(Effect.scoped(open(url)))
        assert.include(error, { reason, operation: "open", runId: undefined }, error.message)
        assert.match(error.message, text)
        assert.deepStrictEqual(yield* contents(client), before)
      }
    }))

  it.live("of the first version are brought up to date once by those who open them at once, and their runs go on", () =>
    Effect.gen(function*() {
      const { client, url } = yield* fresh
      yield* run(client, ...first.tables("pg"), ...first.rows)
      const opened = yield* Effect.forEach([1, 2, 3, 4, 5, 6], () => open(url), { concurrency: "unbounded" })
      const { store } = opened[0]!
      assert.deepStrictEqual(yield* client`SELECT name, version FROM cano_meta`, [{ name: "journal", version: 2n }])
      const { letters } = yield* all(store, "old")
      assert.deepStrictEqual(letters.map((letter) => letter!.n), [undefined, undefined])
      assert.strictEqual((yield* claim(store, "old", "ada"))._tag, "Claimed")
      yield* store.send("old", signal("go"))
      const takes = [{ seq: 1, answer: undefined }, { seq: 3, answer: undefined }]
      assert.deepStrictEqual(yield* store.append([append("old", 3, [row("settle")], { takes })]), [true])
    }))

  it.live("are made once by those who open an empty database at once, whatever its isolation is", () =>
    Effect.gen(function*() {
      for (const isolation of ["read committed", "serializable"]) {
        const { client, url } = yield* fresh
        yield* run(
          client,
          `ALTER DATABASE ${url.slice(url.lastIndexOf("/") + 1)} SET default_transaction_isolation = '${isolation}'`
        )
        const opened = yield* Effect.forEach([1, 2, 3, 4, 5, 6], () => open(url), { concurrency: "unbounded" })
        const made = yield* Effect.forEach(opened, ({ store }) => create(store, newRun("r")), {
          concurrency: "unbounded"
        })
        assert.strictEqual(made.filter(({ isNew }) => isNew).length, 1)
      }
    }))

  it.live("have the names that they have, whatever a client makes of names", () =>
    Effect.gen(function*() {
      const { url } = yield* fresh
      const { store } = yield* open(url, {
        transformResultNames: (name) => name.replace(/_./g, ([, letter]) => letter!.toUpperCase()),
        transformQueryNames: (name) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
        prepare: false
      })
      yield* create(store, newRun("r", { parent: "p" }))
      yield* store.send("r", signal("go"))
      assert.include(yield* store.show("r"), { runId: "r", sent: 1, parent: "p" })
    }))
})

describe("a journal in PostgreSQL that several use at once", () => {
  it.live("loses nothing and fences whoever is late, and nobody waits for each other for ever", () =>
    Effect.gen(function*() {
      const { url } = yield* fresh
      const stores = yield* Effect.forEach(
        ["ada", "bob", "cyd"],
        (runner) => Effect.map(open(url), ({ store }) => ({ runner, store }))
      )
      const runIds = Array.from({ length: 12 }, (_, i) => `r${i}`)
      const written = new Map(runIds.map((runId) => [runId, 0]))
      const taken = new Map(runIds.map((runId) => [runId, 0]))
      yield* Effect.forEach(stores, ({ runner, store }, i) =>
        Effect.gen(function*() {
          const own = i === 1 ? [...runIds].reverse() : runIds
          yield* store.create(own.map((runId) => newRun(runId)))
          for (let round = 0; round < 25; round++) {
            // they take everything from each other, in orders of their own
            yield* store.lease(runner, 0)
            const claims = yield* store.claim(own, runner)
            const appends = claims.flatMap((claim) =>
              claim._tag === "Claimed"
                ? [append(claim.head.runId, claim.head.n + 1, [row("settle"), row("settle")], {
                  takes: claim.letters.slice(0, 1).map(({ seq }) => ({ seq, answer: undefined }))
                })]
                : []
            )
            const answers = yield* store.append(appends)
            appends.forEach(({ runId, takes }, i) => {
              if (!answers[i]) return
              written.set(runId, written.get(runId)! + 2)
              taken.set(runId, taken.get(runId)! + takes.length)
            })
            yield* store.send(own[round % own.length]!, signal("go"))
            if (round % 5 === 0) yield* store.leave(runner)
          }
        }), { concurrency: "unbounded" })
      const { store } = stores[0]!
      for (const runId of runIds) {
        const rows = yield* store.rows(runId, 0, 9999)
        assert.strictEqual(rows.filter(({ kind }) => kind === "settle").length, written.get(runId))
        const { sent } = (yield* store.show(runId))!
        assert.strictEqual((yield* store.letters(runId)).length, sent - taken.get(runId)!)
      }
    }))

  it.live("gives each letter to who looks for new ones, in the order in which they have come", () =>
    Effect.gen(function*() {
      const { url } = yield* fresh
      const { store } = yield* open(url)
      const runIds = ["a", "b", "c", "d", "e", "f", "g", "h"]
      yield* store.create(runIds.map((runId) => newRun(runId)))
      yield* store.claim(runIds, "ada")
      const senders = yield* Effect.forkChild(
        Effect.forEach(
          runIds,
          (runId) =>
            Effect.forEach(Array.from({ length: 40 }, (_, i) => i), () => store.send(runId, signal("go")), {
              discard: true
            }),
          { concurrency: "unbounded" }
        )
      )
      const { store: other } = yield* open(url)
      const found: Array<string> = []
      let cursor = 0
      for (let isLast = false; !isLast;) {
        isLast = senders.pollUnsafe() !== undefined
        const received = yield* other.received("ada", cursor)
        cursor = received.cursor
        for (const { runId, seq } of received.letters) found.push(`${runId} ${seq}`)
      }
      assert.strictEqual(found.length, 320)
      assert.strictEqual(new Set(found).size, 320)
      for (const runId of runIds) {
        const own = found.filter((one) => one.startsWith(runId)).map((one) => Number(one.slice(2)))
        assert.deepStrictEqual(own, Array.from({ length: 40 }, (_, i) => i + 1))
      }
    }))

  it.live("a runner that comes back is known, also to who is about to forget it, and to itself as it leaves", () =>
    Effect.gen(function*() {
      const { url } = yield* fresh
      const { sql, store } = yield* open(url)
      const { store: other } = yield* open(url)
      const leaves = {
        others: other.lease("ada", 0),
        itself: other.leave("bob")
      }
      for (const [runId, leave] of Object.entries(leaves)) {
        yield* create(store, newRun(runId))
        // its lease is over
        yield* store.lease("bob", 0)
        const leaving = yield* sql.withTransaction(Effect.gen(function*() {
          yield* claim(store, runId, "bob")
          const leaving = yield* Effect.forkChild(leave)
          yield* Effect.race(Fiber.await(leaving), Effect.sleep(100))
          return leaving
        }))
        yield* Fiber.join(leaving)
        // a run of somebody who is not known would be due never again
        const { owner } = (yield* store.show(runId))!
        assert.deepStrictEqual(yield* store.due(["order"], 9), [runId], `${owner}`)
        yield* store.append([append(runId, 2, [row("exit")], { head: { status: "ended", outcome: "succeeded" } })])
      }
    }))

  it.live("needs no second connection, and gives its own back when it is interrupted", () =>
    Effect.gen(function*() {
      const { client, url } = yield* fresh
      const { store } = yield* open(url, { maxConnections: 1 })
      const runIds = Array.from({ length: 30 }, (_, i) => `r${i}`)
      yield* store.create(runIds.map((runId) => newRun(runId)))
      let n = 0
      let [written, not] = [0, 0]
      const ns = Effect.map(client<{ n: bigint }>`SELECT n FROM cano_runs`, (rows) => rows.map(({ n }) => Number(n)))
      for (let turns = 0; turns < 60 && (written < 3 || not < 3 || turns < 40); turns++) {
        const appending = yield* Effect.forkChild(
          Effect.all([
            store.append(runIds.map((runId) => append(runId, n + 1, [row("settle"), row("settle")]))),
            store.list({ limit: 9 })
          ], { concurrency: "unbounded" })
        )
        // later and later, up to where it is done
        yield* Effect.sleep(turns / 5)
        yield* Fiber.interrupt(appending)
        const now = yield* ns
        assert.isTrue(now.every((each) => each === now[0]), `${now}`)
        if (now[0] === n) not++
        else written++
        n = now[0]!
        assert.strictEqual((yield* store.rows("r7", 0, 999)).length, n + 1)
      }
      const open_ = yield* client`SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'idle in transaction'`
      assert.deepStrictEqual(open_, [])
    }))
})

describe("a PostgreSQL server that goes away", () => {
  const tries = (store: Journal.Service, n: number) =>
    Effect.all([
      Effect.exit(store.append([append("r", n, [row("settle")])])),
      Effect.exit(store.send("r", signal("go"))),
      Effect.exit(store.show("r"))
    ])

  it.live("cuts off who is connected: that is unavailable, and is there again with the next connection", () =>
    Effect.gen(function*() {
      const { client, url } = yield* fresh
      const { store } = yield* open(url)
      yield* create(store, newRun("r"))
      const others = client`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`
      yield* others
      // whoever was idle may find out with the first thing that it is asked
      let n = 1
      for (let i = 0; i < 8; i++) {
        const [appended] = yield* Effect.all([
          Effect.exit(store.append([append("r", n, [row("settle")])])),
          others
        ], { concurrency: "unbounded" })
        if (appended._tag === "Failure") {
          const error = yield* failing(appended)
          assert.include(error, { reason: "Unavailable", operation: "append", runId: "r" })
        }
        const found = yield* Effect.retry(store.show("r"), { times: 9 })
        n = found!.n + 1
      }
      assert.deepStrictEqual(yield* store.append([append("r", n, [row("settle")])]), [true])
      assert.strictEqual((yield* store.rows("r", 0, 99)).length, n + 1)
    }))

  it.live("is stopped or killed, and started again: nothing of what was answered is lost", () =>
    Effect.gen(function*() {
      const { kill, start, stop, url: at } = yield* server.own
      const url = yield* databases.make(at)
      const { store } = yield* open(url)
      yield* create(store, newRun("r"))
      let n = 0
      for (const end of [stop, kill]) {
        const writing = yield* Effect.forkChild(Effect.forever(
          Effect.tap(
            Effect.suspend(() => store.append([append("r", n + 1, [row("settle")])])),
            ([isWritten]) =>
              Effect.sync(() => {
                assert.isTrue(isWritten)
                n++
              })
          )
        ))
        yield* Effect.sleep(30)
        yield* end
        assert.strictEqual((yield* failing(Fiber.join(writing))).reason, "Unavailable")
        for (const exit of yield* tries(store, n + 1)) {
          const error = yield* failing(exit as Effect.Effect<unknown, unknown>)
          assert.strictEqual(error.reason, "Unavailable")
        }
        yield* start
        const head = (yield* store.show("r"))!
        // what was not answered may be there
        assert.isTrue(head.n === n || head.n === n + 1, `${head.n}, and ${n} were written`)
        n = head.n
        assert.strictEqual((yield* store.rows("r", 0, 9999)).length, n + 1)
      }
      assert.isAbove(n, 2)
    }))

  it.live("a client that is closed is unavailable", () =>
    Effect.gen(function*() {
      const { url } = yield* fresh
      const scope = yield* Scope.make()
      const { store } = yield* Scope.provide(open(url), scope)
      yield* create(store, newRun("r"))
      yield* Scope.close(scope, yield* Effect.exit(Effect.void))
      const exits = yield* Effect.timeout(tries(store, 1), "10 seconds")
      for (const exit of exits) assert.strictEqual(exit._tag, "Failure")
    }))
})
