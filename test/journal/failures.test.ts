import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Scope } from "effect"
import type * as Journal from "effect-cano/journal"
import { SqlClient } from "effect/sql"
import { readFileSync, truncateSync, writeFileSync } from "node:fs"
import { file } from "../sqlite/files.ts"
import { all, append, claim, create, newRun, row, signal } from "./samples.ts"
import { both, during, failing, filled, make, open, statements } from "./sqlite.ts"

describe("a journal in SQLite, errors", () => {
  it.effect("tables that others have made are refused, and not touched", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<
        readonly [reason: Journal.JournalError["reason"], text: RegExp, ...made: Array<string>]
      > = [
        ["Foreign", /table cano_runs that is not ours/, "CREATE TABLE cano_runs (id TEXT)"],
        ["Foreign", /table cano_inbox that is not ours/, "CREATE VIEW cano_inbox AS SELECT 1 AS one"],
        ["Foreign", /table cano_meta has other columns/, "CREATE TABLE Cano_Meta (name TEXT)"],
        ["Foreign", /table cano_meta is not ours/, "CREATE TABLE cano_meta (name TEXT, version TEXT)"],
        [
          "Foreign",
          /table cano_meta is not ours/,
          "CREATE TABLE cano_meta (name TEXT, version TEXT)",
          "INSERT INTO cano_meta VALUES ('journal', 'one')"
        ],
        [
          "Newer",
          /version 3, and this library knows 2/,
          "CREATE TABLE cano_meta (name TEXT, version BIGINT)",
          "INSERT INTO cano_meta VALUES ('journal', 3)"
        ],
        [
          "Corrupt",
          /table cano_runs is missing/,
          "CREATE TABLE cano_meta (name TEXT, version BIGINT)",
          "INSERT INTO cano_meta VALUES ('journal', 2)"
        ],
        [
          "Corrupt",
          /are not as version 1 has made them/,
          "CREATE TABLE cano_meta (name TEXT, version BIGINT)",
          "INSERT INTO cano_meta VALUES ('journal', 1)"
        ],
        [
          "Foreign",
          /something of a name that is ours/,
          "CREATE TABLE orders (id TEXT)",
          "CREATE INDEX cano_runs_parent ON orders (id)"
        ],
        [
          "Foreign",
          /table cano_runs that is not ours/,
          "CREATE TABLE cano_meta (name TEXT, version BIGINT)",
          "INSERT INTO cano_meta VALUES ('schedules', 1)",
          "CREATE TABLE cano_runs (id TEXT)"
        ]
      ]
      for (const [reason, text, ...made] of cases) {
        const filename = yield* file
        yield* during({ filename }, statements(...made))
        const before = readFileSync(filename)
        const error = yield* failing(Effect.scoped(open({ filename })))
        assert.include(error, { reason, operation: "open", runId: undefined })
        assert.match(error.message, text)
        assert.match(error.message, /^the journal can't be used \(open\): /)
        assert.isTrue(readFileSync(filename).equals(before), text.source)
      }
      const filename = yield* filled
      yield* during({ filename }, statements("ALTER TABLE cano_inbox RENAME COLUMN answer TO reply"))
      assert.match(
        (yield* failing(Effect.scoped(open({ filename })))).message,
        /its table cano_inbox has other columns/
      )
    }))

  it.effect("what can't be read is corrupt, or newer, of the run that it is of, and keeps no other from being read", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<readonly [text: RegExp, made: string, ...operations: Array<keyof typeof operations>]> =
        [
          [/row 20 is missing/, "DELETE FROM cano_journal WHERE run_id = 'r' AND n = 20", "claim", "rows"],
          [/row 40 is missing/, "DELETE FROM cano_journal WHERE run_id = 'r' AND n = 40", "claim"],
          [/row 0 is missing/, "DELETE FROM cano_journal WHERE run_id = 'r'", "claim"],
          [
            /kind is "lost"/,
            "UPDATE cano_journal SET kind = 'lost' WHERE run_id = 'r' AND n = 3",
            "claim",
            "rows"
          ],
          [
            /data is .*Uint8Array/,
            "UPDATE cano_journal SET data = x'00' WHERE run_id = 'r' AND n = 3",
            "claim",
            "rows"
          ],
          [
            /at is "soon"/,
            "UPDATE cano_journal SET at = 'soon' WHERE run_id = 'r' AND n = 3",
            "claim",
            "rows"
          ],
          [/visit is 1.5/, "UPDATE cano_runs SET visit = 1.5 WHERE run_id = 'r'", "claim", "show", "create"],
          [
            /status is "lost", which this release does not know; a newer one may have written it/,
            "UPDATE cano_runs SET status = 'lost' WHERE run_id = 'r'",
            "claim",
            "show"
          ],
          [/sent is "x"/, "UPDATE cano_runs SET sent = 'x' WHERE run_id = 'r'", "claim", "send"],
          [/outcome is ""/, "UPDATE cano_runs SET outcome = '' WHERE run_id = 'r'", "claim", "show"],
          [/too large/, `UPDATE cano_runs SET n = ${2n ** 60n} WHERE run_id = 'r'`, "claim", "show"],
          [/kind is "lost"/, "UPDATE cano_inbox SET kind = 'lost' WHERE run_id = 'r'", "claim", "letter", "letters"],
          // rows behind the last one that the head knows
          [/row \d+ is missing/, "UPDATE cano_runs SET n = 30 WHERE run_id = 'r'", "claim"]
        ]
      const operations = {
        claim: (store: Journal.Service) => claim(store, "r", "ada"),
        create: (store: Journal.Service) => create(store, newRun("r")),
        show: (store: Journal.Service) => store.show("r"),
        rows: (store: Journal.Service) => store.rows("r", 0, 99),
        send: (store: Journal.Service) => store.send("r", signal("go")),
        letter: (store: Journal.Service) => store.letter("r", 1),
        letters: (store: Journal.Service) => store.letters("r")
      }
      // it may be right, where a later release has written it
      const reasonOf = (made: string) => made.includes("'lost'") ? "Newer" : "Corrupt"
      for (const [text, made, ...names] of cases) {
        const filename = yield* filled
        yield* during({ filename }, statements(made))
        yield* Effect.scoped(Effect.gen(function*() {
          const store = yield* open({ filename })
          for (const name of names) {
            const error = yield* failing(operations[name](store) as Effect.Effect<unknown, Journal.JournalError>)
            assert.include(error, { reason: reasonOf(made), operation: name, runId: "r" }, made)
            assert.match(error.message, text)
            assert.match(error.message, /^the journal of run "r" can't be used/)
          }
          if (names.includes("show")) {
            assert.include(yield* failing(store.list({ limit: 9 })), { reason: reasonOf(made) })
            assert.strictEqual((yield* store.list({ limit: 9, after: "r" })).length, 0)
          }
          assert.strictEqual((yield* claim(store, "other", "ada"))._tag, "Claimed")
          // nor does it keep another one from being taken that is asked for with it
          const both = yield* store.claim(["r", "other"], "ada")
          assert.deepStrictEqual(both.map(({ _tag }) => _tag), [
            names.includes("claim") ? "Corrupt" : "Claimed",
            "Claimed"
          ])
          // no owner row of the claim is left
          yield* Effect.ignore(claim(store, "r", "ada"))
        }))
        const owned = Effect.flatMap(
          SqlClient.SqlClient,
          (sql) => sql`SELECT * FROM cano_journal WHERE run_id = 'r' AND kind = 'owner'`
        )
        assert.strictEqual((yield* during({ filename }, owned)).length, 0, made)
      }
    }))

  it.effect("rows behind the last of a head fence that run, and no other", () =>
    Effect.gen(function*() {
      const filename = yield* filled
      yield* during({ filename }, statements("UPDATE cano_runs SET n = 30 WHERE run_id = 'r'"))
      const store = yield* open({ filename })
      const appends = [
        append("other", 1, [row("settle")]),
        append("r", 31, [row("settle")]),
        append("other", 2, [row("settle")])
      ]
      assert.deepStrictEqual(yield* store.append(appends), [true, false, true])
      assert.strictEqual((yield* store.show("r"))!.n, 30)
      assert.strictEqual((yield* store.rows("other", 0, 9)).length, 3)
    }))

  it.effect("a file that is cut off, or damaged, is corrupt", () =>
    Effect.gen(function*() {
      const filename = yield* filled
      const size = readFileSync(filename).length
      const used = (store: Journal.Service) =>
        Effect.gen(function*() {
          for (const { runId } of yield* store.list({ limit: 9 })) {
            yield* store.rows(runId, 0, 99)
            yield* store.letters(runId)
            yield* claim(store, runId, "ada")
          }
        })
      for (const pages of [1, 2, 3, 5, 8, 11]) {
        const cut = yield* file
        writeFileSync(cut, readFileSync(filename))
        truncateSync(cut, Math.min(size - 4096, pages * 4096))
        const error = yield* Effect.flip(Effect.scoped(Effect.flatMap(open({ filename: cut }), used)))
        // often the client finds out when it opens the file
        if (error._tag === "SqlError") assert.match(error.message, /can't be opened: database disk image is malformed/)
        else assert.strictEqual(error.reason, "Corrupt", `${pages} pages: ${error.message}`)
      }
      const damaged = Buffer.from(readFileSync(filename))
      damaged.fill(0xff, 4096)
      writeFileSync(filename, damaged)
      assert.strictEqual((yield* failing(Effect.scoped(Effect.flatMap(open({ filename }), used)))).reason, "Corrupt")
    }))

  it.effect("a full disk loses nothing, and it goes on when there is room", () =>
    Effect.gen(function*() {
      const { sql, store } = yield* both({ filename: yield* file })
      for (const runId of ["r", "s"]) yield* create(store, newRun(runId))
      const [{ max }] = (yield* sql.unsafe<{ max: number }>("PRAGMA page_count").values).map(([max]) => ({
        max: Number(max)
      })) as [
        { max: number }
      ]
      yield* sql.unsafe(`PRAGMA max_page_count = ${max}`)
      const large = ["r", "s"].map((runId) => append(runId, 1, [row("settle", "x".repeat(20_000))]))
      const before = yield* Effect.all([all(store, "r"), all(store, "s")])
      const error = yield* failing(store.append(large))
      assert.include(error, { reason: "Unavailable", operation: "append", runId: undefined })
      assert.match(error.message, /full/)
      const letter = yield* failing(store.send("r", signal("go", { data: "x".repeat(20_000) })))
      assert.include(letter, { reason: "Unavailable", operation: "send", runId: "r" })
      assert.deepStrictEqual(yield* Effect.all([all(store, "r"), all(store, "s")]), before)
      yield* sql.unsafe("PRAGMA max_page_count = 100000")
      assert.deepStrictEqual(yield* store.append(large), [true, true])
      assert.strictEqual((yield* store.send("r", signal("go")))._tag, "Kept")
    }))

  it.live("a lock that somebody else keeps is waited for, no longer than the client does", () =>
    Effect.gen(function*() {
      const filename = yield* filled
      const other = yield* both({ filename })
      const store = yield* open({ filename, busyTimeout: "20 millis" })
      const tries = {
        append: store.append([append("r", 41, [row("settle")])]),
        claim: claim(store, "r", "ada"),
        send: store.send("r", signal("go")),
        park: store.park("r", { n: 40, seen: 9, wakeAt: undefined, isReleased: true })
      }
      yield* other.sql.withTransaction(Effect.gen(function*() {
        for (const [operation, tried] of Object.entries(tries)) {
          const error = yield* failing(tried as Effect.Effect<unknown, Journal.JournalError>)
          assert.include(error, { reason: "TimedOut", operation, runId: "r" })
        }
        assert.strictEqual((yield* store.show("r"))!.n, 40, "who reads does not wait")
      }))
      assert.deepStrictEqual(yield* tries.append, [true])
    }))

  it.effect("a client that is closed is unavailable", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const store = yield* Scope.provide(make, scope)
      yield* create(store, newRun("r"))
      yield* Scope.close(scope, Exit.void)
      for (
        const tried of [
          store.append([append("r", 1, [row("settle")])]),
          claim(store, "r", "ada"),
          store.due(["order"], 1)
        ]
      ) {
        const exit = yield* Effect.exit(tried as Effect.Effect<unknown, Journal.JournalError>)
        const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert.include(error, { _tag: "JournalError", reason: "Unavailable" })
        assert.match((error as Error).message, /the client is closed/)
      }
    }))
})
