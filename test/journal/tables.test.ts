import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Sqlite from "effect-cano/sqlite"
import { Reactivity } from "effect/reactivity"
import { SqlClient } from "effect/sql"
import { guard } from "../../src/internal/journal/failing.ts"
import { type Component, migrate } from "../../src/internal/journal/tables.ts"
import { file } from "../sqlite/files.ts"
import * as first from "./firstVersion.ts"
import { all, append, claim, row, signal } from "./samples.ts"
import { during, failing, open, statements } from "./sqlite.ts"

/** A component in one of three versions. */
const component = (name: string, version: 1 | 2 | 3): Component => ({
  name,
  columns: {
    [`cano_${name}`]: ["id", ...(version > 1 ? ["note"] : [])],
    ...(version > 2 ? { [`cano_${name}_more`]: ["id"] } : {})
  },
  steps: () => [
    [`CREATE TABLE cano_${name} (id TEXT)`, `INSERT INTO cano_${name} VALUES ('first')`],
    ...(version > 1 ? [[`ALTER TABLE cano_${name} ADD COLUMN note TEXT`]] : []),
    ...(version > 2 ? [[`CREATE TABLE cano_${name}_more (id TEXT)`]] : [])
  ]
})

const use = (component: Component) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => guard("open", undefined, migrate(sql, component)))

const versions = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql<{ name: string; version: number }>`SELECT name, version FROM cano_meta ORDER BY name`
)

describe("the tables of components in one database", () => {
  it.effect("are made once, whoever comes first, and brought from version to version", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const steps: ReadonlyArray<readonly [Component, ...expected: Array<string>]> = [
        [component("flows", 1), "flows 1"],
        [component("flows", 1), "flows 1"],
        [component("timers", 2), "flows 1", "timers 2"],
        [component("flows", 3), "flows 3", "timers 2"],
        [component("timers", 3), "flows 3", "timers 3"]
      ]
      for (const [each, ...expected] of steps) {
        yield* during({ filename }, use(each))
        const found = yield* during({ filename }, versions)
        assert.deepStrictEqual(found.map(({ name, version }) => `${name} ${version}`), expected)
      }
      yield* Effect.scoped(open({ filename }))
      assert.strictEqual((yield* during({ filename }, versions)).length, 3)
      // what was there is there once
      const rows = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT * FROM cano_flows`)
      assert.deepStrictEqual(yield* during({ filename }, rows), [{ id: "first", note: null }])
    }))

  it.effect("are refused in a newer version, or where one is missing, and what was done is undone", () =>
    Effect.gen(function*() {
      const filename = yield* file
      yield* during({ filename }, use(component("flows", 3)))
      const newer = yield* failing(during({ filename }, use(component("flows", 2))))
      assert.strictEqual(newer.reason, "Newer")
      assert.match(newer.message, /its tables are of version 3, and this library knows 2; update it/)
      yield* during({ filename }, use(component("timers", 1)))
      yield* during({ filename }, statements("DROP TABLE cano_timers", "CREATE TABLE cano_timers (note TEXT)"))
      for (const version of [2, 3] as const) {
        const corrupt = yield* failing(during({ filename }, use(component("timers", version))))
        assert.strictEqual(corrupt.reason, "Corrupt")
        assert.match(corrupt.message, /its tables are not as version 1 has made them/)
      }
      const foreign = yield* failing(during({ filename }, use(component("timers", 1))))
      assert.strictEqual(foreign.reason, "Foreign")
      yield* during({ filename }, statements("DROP TABLE cano_timers", "CREATE TABLE cano_timers (other TEXT)"))
      const other = yield* failing(during({ filename }, use(component("timers", 3))))
      assert.match(other.message, /its table cano_timers has other columns/)
      const left = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT * FROM pragma_table_info('cano_timers')`)
      assert.deepStrictEqual((yield* during({ filename }, left)).map(({ name }) => name), ["other"])
      assert.deepStrictEqual((yield* during({ filename }, versions))[1], { name: "timers", version: 1 })
    }))

  it.live("are brought up to date once by those who open an older file at the same time", () =>
    Effect.gen(function*() {
      const filename = yield* file
      yield* during({ filename }, use(component("flows", 1)))
      const other = yield* Sqlite.make({ filename }).pipe(Effect.provide(Reactivity.layer))
      // all have found the old version when the lock is free
      const opening = yield* other.withTransaction(Effect.gen(function*() {
        const fibers = yield* Effect.forEach(
          [1, 2, 3],
          () => Effect.forkScoped(during({ filename }, use(component("flows", 3))))
        )
        for (let i = 0; i < 200; i++) yield* Effect.yieldNow
        return fibers
      }))
      yield* Effect.forEach(opening, Fiber.join)
      assert.deepStrictEqual(yield* during({ filename }, versions), [{ name: "flows", version: 3 }])
    }))

  it.effect("of the first version of the journal are brought up to date in place, and its runs go on", () =>
    Effect.gen(function*() {
      const filename = yield* file
      yield* during({ filename }, statements(...first.tables("sqlite"), ...first.rows))
      const store = yield* open({ filename })
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
})
