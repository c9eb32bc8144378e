import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Sqlite from "effect-cano/sqlite"
import { Reactivity } from "effect/reactivity"
import { SqlClient } from "effect/sql"
import { readFileSync } from "node:fs"
import { file } from "../sqlite/files.ts"
import * as first from "./firstVersion.ts"
import { all, append, claim, create, newRun, row, signal } from "./samples.ts"
import { during, failing, open, statements } from "./sqlite.ts"

const versions = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql<{ name: string; version: number }>`SELECT name, version FROM cano_meta ORDER BY name`
)

/** A file of the first version. */
const older = (...more: ReadonlyArray<string>) =>
  Effect.tap(
    file,
    (filename) => during({ filename }, statements(...first.tables("sqlite"), ...first.rows, ...more))
  )

describe("the tables of a journal in SQLite", () => {
  it.effect("of the first version are brought up to date in place, and their runs go on", () =>
    Effect.gen(function*() {
      const filename = yield* older()
      const store = yield* open({ filename })
      assert.deepStrictEqual(yield* during({ filename }, versions), [{ name: "journal", version: 2 }])
      const before = yield* all(store, "old")
      assert.deepStrictEqual(before.letters.map((letter) => [letter!.at, letter!.n]), [[5, undefined], [15, undefined]])
      const { rows } = (yield* claim(store, "old", "ada")) as { readonly rows: ReadonlyArray<unknown> }
      assert.strictEqual(rows.length, 2)
      assert.strictEqual((yield* store.send("old", signal("go")))._tag, "Kept")
      const takes = [{ seq: 1, answer: undefined }, { seq: 3, answer: undefined }]
      assert.deepStrictEqual(yield* store.append([append("old", 3, [row("settle")], { takes })]), [true])
      assert.deepStrictEqual((yield* store.letters("old")).map(({ n, seq }) => [seq, n]), [[2, undefined]])
      assert.include(yield* store.letter("old", 3), { n: 2, isTaken: true })
    }))

  it.effect("are made beside those of something else of ours, whichever came first", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const other = statements(
        "CREATE TABLE cano_meta (name TEXT PRIMARY KEY, version BIGINT NOT NULL)",
        "CREATE TABLE cano_other (id TEXT)",
        "INSERT INTO cano_meta VALUES ('other', 7)"
      )
      yield* during({ filename }, other)
      for (const isNew of [true, false]) {
        const made = yield* Effect.scoped(Effect.flatMap(open({ filename }), (store) => create(store, newRun("r"))))
        assert.strictEqual(made.isNew, isNew)
      }
      assert.deepStrictEqual(yield* during({ filename }, versions), [
        { name: "journal", version: 2 },
        { name: "other", version: 7 }
      ])
    }))

  it.effect("of an older version that are not as they must be are refused, and nothing is left of what was begun", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<readonly [text: RegExp, ...made: Array<string>]> = [
        [/are not as version 1 has made them/, "DROP TABLE cano_inbox"],
        [/table cano_runners is missing/, "DROP TABLE cano_runners"],
        [/table cano_journal has other columns/, "ALTER TABLE cano_journal RENAME COLUMN data TO text"]
      ]
      for (const [text, ...made] of cases) {
        const filename = yield* older(...made)
        const before = readFileSync(filename)
        assert.match((yield* failing(Effect.scoped(open({ filename })))).message, text)
        assert.isTrue(readFileSync(filename).equals(before), text.source)
      }
    }))

  it.live("are brought up to date once by those who open an older file at the same time", () =>
    Effect.gen(function*() {
      const filename = yield* older()
      const other = yield* Sqlite.make({ filename }).pipe(Effect.provide(Reactivity.layer))
      // all have found the old version when the lock is free
      const opening = yield* other.withTransaction(Effect.gen(function*() {
        const fibers = yield* Effect.forEach([1, 2, 3], () => Effect.forkScoped(open({ filename })))
        for (let i = 0; i < 200; i++) yield* Effect.yieldNow
        return fibers
      }))
      for (const store of yield* Effect.forEach(opening, Fiber.join)) {
        assert.strictEqual((yield* store.letters("old")).length, 2)
      }
    }))
})
