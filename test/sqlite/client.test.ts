import { assert, describe, it } from "@effect/vitest"
import { Cause, Config, ConfigProvider, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import * as Sqlite from "effect-cano/sqlite"
import { Reactivity } from "effect/reactivity"
import { Migrator, SqlClient, type SqlError } from "effect/sql"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { file, folder } from "./files.ts"

const make = (config: Sqlite.Config) => Sqlite.make(config).pipe(Effect.provide(Reactivity.layer))
const memory = make({ filename: ":memory:" })
const untyped = (config: unknown) => Effect.flip(make(config as Sqlite.Config))
/** Objects as literals make them: rows have no prototype. */
const plain = (rows: ReadonlyArray<object>) => rows.map((row) => ({ ...row }))
const reasonOf = <A>(effect: Effect.Effect<A, SqlError.SqlError>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

describe("sqlite, a client", () => {
  it.effect("is open as long as its Scope, and says so afterwards", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const scope = yield* Scope.make()
      const sql = yield* Scope.provide(make({ filename }), scope)
      yield* sql`CREATE TABLE t (a)`
      assert.isTrue(existsSync(`${filename}-wal`))
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(existsSync(`${filename}-wal`), "the last connection takes the log with it")
      const reason = yield* reasonOf(sql`SELECT 1`)
      assert.strictEqual(reason._tag, "ConnectionError")
      assert.include(reason.message, "the client is closed")
    }))

  it.effect("is closed when the fiber that made it is interrupted, in a transaction too", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const fiber = yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE t (a)`
        return yield* sql.withTransaction(Effect.andThen(sql`INSERT INTO t VALUES (1)`, Effect.never))
      }).pipe(Effect.provide(Sqlite.layer({ filename })), Effect.forkChild)
      while (!existsSync(`${filename}-wal`)) yield* Effect.yieldNow
      for (let i = 0; i < 100; i++) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.isFalse(existsSync(`${filename}-wal`))
      const sql = yield* make({ filename })
      assert.deepStrictEqual(plain(yield* sql`SELECT * FROM t`), [])
    }))

  it.effect("in memory is a database of its own", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* memory, yield* memory]
      yield* one`CREATE TABLE t (a)`
      assert.strictEqual((yield* reasonOf(other`SELECT * FROM t`))._tag, "SqlSyntaxError")
    }))

  it.effect("can be made of the configuration of the program", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      assert.deepStrictEqual(plain(yield* sql`SELECT 1 AS a`), [{ a: 1 }])
    }).pipe(
      Effect.provide(
        Sqlite.layerConfig({ filename: Config.String("DATABASE") }).pipe(
          Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ DATABASE: ":memory:" })))
        )
      )
    ))

  it.effect("writes a log ahead, unless it is told not to, and waits for the disk", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const ask = Effect.fnUntraced(function*(config: Sqlite.Config) {
        const sql = yield* make(config)
        const [journal] = yield* sql`PRAGMA journal_mode`
        const [synchronous] = yield* sql`PRAGMA synchronous`
        return [journal!["journal_mode"], synchronous!["synchronous"]]
      })
      assert.deepStrictEqual(yield* ask({ filename: join(path, "a.db") }), ["wal", 2])
      assert.deepStrictEqual(
        yield* ask({ filename: join(path, "b.db"), disableWAL: true, synchronous: "normal" }),
        ["delete", 1]
      )
    }))

  it.effect("that only reads writes nothing, in a transaction neither", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const writer = yield* make({ filename })
      yield* writer`CREATE TABLE t (a)`
      const sql = yield* make({ filename, readonly: true })
      const reason = yield* reasonOf(sql`INSERT INTO t VALUES (1)`)
      assert.include(reason.message, "attempt to write a readonly database")
      assert.deepStrictEqual(plain(yield* sql.withTransaction(sql`SELECT * FROM t`)), [])
    }))
})

describe("sqlite, what can't be opened", () => {
  it.effect("options are checked, and all that is wrong with them is said at once", () =>
    Effect.gen(function*() {
      const { message, reason } = yield* untyped({
        filename: "",
        readonly: 1,
        busyTimeout: "soon",
        prepareCacheSize: -1,
        synchronous: "FULL",
        wal: true
      })
      assert.strictEqual(reason._tag, "UnknownError")
      assert.isFalse(reason.isRetryable)
      assert.strictEqual(reason.operation, "config")
      for (
        const part of [
          "the SQLite client is misconfigured: it has no option \"wal\"; there are filename, readonly",
          "filename is \"\"; it must be the path of a file, or \":memory:\"",
          "readonly is 1; it must be true or false",
          "busyTimeout is no duration: \"soon\"",
          "prepareCacheSize is -1; it must be a whole number from 0 on",
          "synchronous is \"FULL\"; it must be \"off\""
        ]
      ) assert.include(message, part)
      assert.include((yield* untyped({ filename: ":memory:", busyTimeout: Infinity })).message, "must be finite")
      assert.include((yield* untyped("a.db")).message, "the config is \"a.db\"; it must be an object")
      assert.include((yield* untyped({})).message, "filename is undefined")
    }))

  it.effect("a folder that is not there, and a file of something else, are said with what would be right", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const nowhere = yield* Effect.flip(make({ filename: join(path, "no/such.db") }))
      assert.strictEqual(nowhere.reason._tag, "ConnectionError")
      assert.include(nowhere.message, "can't be opened: unable to open database file; it must be a SQLite database")
      const text = join(path, "text.db")
      writeFileSync(text, "a text, and no database".repeat(100))
      const foreign = yield* Effect.flip(make({ filename: text }))
      assert.include(foreign.message, "can't be opened: file is not a database")
      assert.strictEqual(readFileSync(text, "utf8").slice(0, 6), "a text")
    }))
})

describe("sqlite, statements", () => {
  it.effect("keep what they are given: null, numbers, bigints, texts and bytes", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      const [row] = yield* sql`SELECT ${null} AS a, ${1.5} AS b, ${12n} AS c, ${"é\"'"} AS d, ${new Uint8Array([
        1,
        0,
        2
      ])} AS e`
      assert.deepStrictEqual({ ...row }, { a: null, b: 1.5, c: 12, d: "é\"'", e: new Uint8Array([1, 0, 2]) })
    }))

  it.effect("turn booleans into 1 and 0, a Date into its ISO text, and undefined into NULL", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      const [row] = yield* sql`SELECT ${true} AS a, ${false} AS b, ${new Date(0)} AS c`
      assert.deepStrictEqual({ ...row }, { a: 1, b: 0, c: "1970-01-01T00:00:00.000Z" })
      yield* sql`CREATE TABLE t (a, b)`
      yield* sql`INSERT INTO t ${sql.insert({ a: 1, b: undefined })}`
      assert.deepStrictEqual(plain(yield* sql`SELECT * FROM t`), [{ a: 1, b: null }])
    }))

  it.effect("refuse what would be kept as something else, and say which parameter it is", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      for (
        const [param, shown] of [
          [NaN, "NaN"],
          [2n ** 63n, "9223372036854775808n"],
          [new Date(NaN), "a Date"],
          [{ a: 1 }, "{\"a\":1}"],
          [[1], "[1]"],
          [Symbol.iterator, "Symbol(Symbol.iterator)"]
        ] as const
      ) {
        const { message } = yield* Effect.flip(sql.unsafe("SELECT ?, ?", [1, param]))
        assert.include(message, `parameter 2 is ${shown}; it must be null, a boolean, a number`)
      }
      assert.include((yield* Effect.flip(sql.unsafe("SELECT ?", [1, 2]))).message, "column index out of range")
    }))

  it.effect("read integers as bigint where SafeIntegers is on, and refuse to round them where it is off", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      const large = sql`SELECT 9007199254740993 AS a`
      assert.include((yield* Effect.flip(large)).message, "with SqlClient.SafeIntegers integers are read as bigint")
      const rows = yield* large.pipe(Effect.provideService(SqlClient.SafeIntegers, true))
      assert.deepStrictEqual(plain(rows), [{ a: 9007199254740993n }])
      assert.deepStrictEqual(plain(yield* sql`SELECT 1 AS a`), [{ a: 1 }])
    }))

  it.effect("are answered as rows, arrays, or with what they have changed", () =>
    Effect.gen(function*() {
      const sql = yield* make({
        filename: ":memory:",
        transformResultNames: (name) => name.toUpperCase(),
        transformQueryNames: (name) => name.toLowerCase()
      })
      yield* sql`CREATE TABLE t (id INTEGER PRIMARY KEY, a)`
      assert.deepStrictEqual({ ...(yield* sql`INSERT INTO t (a) VALUES (5)`.raw) as object }, {
        changes: 1,
        lastInsertRowid: 1
      })
      assert.deepStrictEqual(yield* sql`INSERT INTO t (a) VALUES (6)`, [])
      assert.deepStrictEqual(plain(yield* sql`INSERT INTO ${sql("T")} (a) VALUES (7) RETURNING id`), [{ ID: 3 }])
      const all = sql`SELECT id, a FROM t`
      for (let i = 0; i < 2; i++) {
        assert.deepStrictEqual(yield* all.values, [[1, 5], [2, 6], [3, 7]])
        assert.deepStrictEqual(plain(yield* all).at(0), { ID: 1, A: 5 })
        assert.deepStrictEqual(plain(yield* all.withoutTransform).at(0), { id: 1, a: 5 })
        assert.deepStrictEqual(plain(yield* all.unprepared).at(0), { ID: 1, A: 5 })
        assert.deepStrictEqual(yield* all.valuesUnprepared, [[1, 5], [2, 6], [3, 7]])
      }
    }))

  it.effect("are kept prepared up to a bound, and follow a table that is altered", () =>
    Effect.gen(function*() {
      const sql = yield* make({ filename: ":memory:", prepareCacheSize: 2 })
      yield* sql`CREATE TABLE t (a)`
      yield* sql`INSERT INTO t VALUES (1)`
      for (let i = 0; i < 50; i++) {
        assert.deepStrictEqual(plain(yield* sql.unsafe(`SELECT ${i % 7} AS a`)), [{ a: i % 7 }])
        yield* sql`SELECT * FROM t`
      }
      yield* sql`ALTER TABLE t ADD COLUMN b DEFAULT 2`
      assert.deepStrictEqual(plain(yield* sql`SELECT * FROM t`), [{ a: 1, b: 2 }])
      const none = yield* make({ filename: ":memory:", prepareCacheSize: 0 })
      assert.deepStrictEqual(yield* none`SELECT 1`.values, [[1]])
    }))

  it.effect("several in one are refused, as only the first one would run", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      const reason = yield* reasonOf(sql`CREATE TABLE a (x); CREATE TABLE b (x)`)
      assert.strictEqual(reason._tag, "SqlSyntaxError")
      assert.include(reason.message, "there are several statements in one")
      yield* sql`CREATE TABLE c (x); -- a comment
        /* and another */ ;`
      assert.deepStrictEqual(yield* sql`SELECT name FROM sqlite_schema`.values, [["c"]])
    }))

  it.effect("fail with the reasons of SqlError, which name the file and the statement", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      yield* sql`CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b NOT NULL, c CHECK (c < 9), d REFERENCES t (id))`
      yield* sql`INSERT INTO t VALUES (1, 'x', 0, 0, 1)`
      const unique = yield* reasonOf(sql`INSERT INTO t VALUES (2, 'x', 0, 0, 1)`)
      assert(unique._tag === "UniqueViolation")
      assert.strictEqual(unique.constraint, "t.a")
      assert.strictEqual(
        unique.message,
        "SQLite \":memory:\": UNIQUE constraint failed: t.a, in INSERT INTO t VALUES (2, 'x', 0, 0, 1)"
      )
      const key = yield* reasonOf(sql`INSERT INTO t VALUES (1, 'y', 0, 0, 1)`)
      assert(key._tag === "UniqueViolation")
      assert.strictEqual(key.constraint, "t.id")
      for (const values of ["2, 'y', NULL, 0, 1", "2, 'y', 0, 9, 1", "2, 'y', 0, 0, 5"]) {
        assert.strictEqual((yield* reasonOf(sql.unsafe(`INSERT INTO t VALUES (${values})`)))._tag, "ConstraintError")
      }
      for (const text of ["SELEC 1", "SELECT * FROM nowhere", "SELECT nothing FROM t"]) {
        assert.strictEqual((yield* reasonOf(sql.unsafe(text)))._tag, "SqlSyntaxError", text)
      }
      assert.strictEqual((yield* reasonOf(sql`SELECT abs(-9223372036854775808)`))._tag, "UnknownError")
      for (const text of ["", " -- nothing\n;"]) {
        const empty = yield* reasonOf(sql.unsafe(text))
        assert.strictEqual(empty._tag, "SqlSyntaxError")
        assert.include(empty.message, "there is no statement in this text")
      }
    }))

  it.effect("a long row of them lets others have a turn", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      let turns = 0
      const other = yield* Effect.forkChild(Effect.forever(Effect.andThen(Effect.sync(() => turns++), Effect.yieldNow)))
      yield* sql.withTransaction(Effect.forEach(Array.from({ length: 1000 }), () => sql`SELECT 1`, { discard: true }))
      yield* Fiber.interrupt(other)
      assert.isAbove(turns, 20)
    }))

  it.effect("a backup is a statement", () =>
    Effect.gen(function*() {
      const copy = yield* file
      const sql = yield* memory
      yield* sql`CREATE TABLE t (a)`
      yield* sql`INSERT INTO t VALUES (1)`
      yield* sql`VACUUM INTO ${copy}`
      const other = yield* make({ filename: copy, readonly: true })
      assert.deepStrictEqual(yield* other`SELECT * FROM t`.values, [[1]])
    }))
})

describe("sqlite, streams", () => {
  const numbers = Effect.fnUntraced(function*(filename: string, count: number) {
    const sql = yield* make({ filename })
    yield* sql`CREATE TABLE t (a INTEGER)`
    yield* sql`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) INSERT INTO t SELECT i FROM n`
    return sql
  })
  const sources = [["a file", file], ["memory", Effect.succeed(":memory:")]] as const

  for (const [what, source] of sources) {
    it.effect(`of ${what} gives all rows in order, and its reader may use the client`, () =>
      Effect.gen(function*() {
        const sql = yield* numbers(yield* source, 1000)
        const seen: Array<number> = []
        yield* sql<{ a: number }>`SELECT a FROM t ORDER BY a`.stream.pipe(
          Stream.tap(({ a }) => sql`DELETE FROM t WHERE a = ${a}`),
          Stream.runForEach(({ a }) => Effect.sync(() => seen.push(a)))
        )
        assert.deepStrictEqual(seen, Array.from({ length: 1000 }, (_, i) => i + 1))
        assert.deepStrictEqual(yield* sql`SELECT count(*) FROM t`.values, [[0]])
        assert.deepStrictEqual(yield* Stream.runCollect(sql`SELECT a FROM t`.stream), [])
      }))

    it.effect(`of ${what} in a transaction sees what that has written, and ends with it`, () =>
      Effect.gen(function*() {
        const sql = yield* numbers(yield* source, 600)
        const count = Stream.runCount(sql`SELECT a FROM t`.stream)
        const read = yield* sql.withTransaction(
          Effect.andThen(
            sql`DELETE FROM t WHERE a > 400`,
            Effect.all([count, Stream.runCount(Stream.take(sql`SELECT a FROM t`.stream, 3))])
          )
        )
        assert.deepStrictEqual(read, [400, 3])
        // one that is left open when the transaction ends
        const scope = yield* Scope.make()
        const pull = yield* sql.withTransaction(
          Effect.tap(Scope.provide(Stream.toPull(sql`SELECT a FROM t`.stream), scope), (pull) => pull)
        )
        yield* sql.withTransaction(sql`DELETE FROM t WHERE a = 1`)
        const exit = yield* Effect.exit(pull)
        assert(Exit.isFailure(exit))
        assert.include(Cause.pretty(exit.cause), "the transaction of this statement has ended")
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(yield* sql`SELECT count(*) FROM t`.values, [[399]])
      }))

    it.effect(`of ${what} fails as a statement does, writes as one does, and reads temporary tables`, () =>
      Effect.gen(function*() {
        const sql = yield* numbers(yield* source, 3)
        const reason = yield* reasonOf(Stream.runDrain(sql`SELECT * FROM nowhere`.stream))
        assert.strictEqual(reason._tag, "SqlSyntaxError")
        const large = sql`SELECT 9007199254740993 AS a`.stream
        assert.include((yield* Effect.flip(Stream.runDrain(large))).message, "SafeIntegers")
        const [row] = yield* Stream.runCollect(large).pipe(Effect.provideService(SqlClient.SafeIntegers, true))
        assert.deepStrictEqual({ ...row }, { a: 9007199254740993n })
        yield* sql`CREATE TEMP TABLE s AS SELECT 7 AS a`
        assert.deepStrictEqual(plain(yield* Stream.runCollect(sql`SELECT a FROM s`.stream)), [{ a: 7 }])
        const inserted = sql`INSERT INTO t VALUES (9) RETURNING a`.stream
        assert.deepStrictEqual(plain(yield* Stream.runCollect(inserted)), [{ a: 9 }])
        assert.deepStrictEqual(yield* sql`SELECT count(*) FROM t WHERE a = 9`.values, [[1]])
      }))
  }

  it.effect("of a file shows the rows of its beginning, and keeps nobody waiting", () =>
    Effect.gen(function*() {
      const sql = yield* numbers(yield* file, 2000)
      const rows = yield* sql<{ a: number }>`SELECT a FROM t`.stream.pipe(
        Stream.tap(({ a }) => a === 1 ? sql.withTransaction(sql`DELETE FROM t`) : Effect.void),
        Stream.runCount
      )
      assert.strictEqual(rows, 2000)
    }))
})

describe("sqlite, with the rest of effect/sql", () => {
  it.effect("Migrator brings a database up to date, once", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const migrate = Migrator.make({})({
        loader: Migrator.fromRecord({
          "0001_make": Effect.flatMap(SqlClient.SqlClient, (sql) => sql`CREATE TABLE t (a)`),
          "0002_fill": Effect.flatMap(SqlClient.SqlClient, (sql) => sql`INSERT INTO t VALUES (1)`)
        })
      }).pipe(Effect.provide(Sqlite.layer({ filename })))
      assert.deepStrictEqual(yield* migrate, [[1, "make"], [2, "fill"]])
      assert.deepStrictEqual(yield* migrate, [])
      const sql = yield* make({ filename })
      assert.deepStrictEqual(yield* sql`SELECT * FROM t`.values, [[1]])
    }))
})
