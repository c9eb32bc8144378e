import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Option, Scope, Stream } from "effect"
import * as Sqlite from "effect-cano/sqlite"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, type SqlError } from "effect/sql"
import { file } from "./files.ts"

const make = (config: Sqlite.Config) => Sqlite.make(config).pipe(Effect.provide(Reactivity.layer))
const table = (config: Sqlite.Config) =>
  Effect.tap(make(config), (sql) => sql`CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY)`)
const memory = table({ filename: ":memory:" })
const all = (sql: SqlClient.SqlClient) =>
  Effect.map(sql<{ a: number }>`SELECT a FROM t ORDER BY a`, (rows) => rows.map(({ a }) => a))
const reasonOf = <A>(effect: Effect.Effect<A, SqlError.SqlError>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

describe("sqlite, a transaction", () => {
  for (
    const [how, end] of [
      ["a failure", Effect.fail("no")],
      ["a defect", Effect.die("no")],
      ["an interruption", Effect.interrupt]
    ] as const
  ) {
    it.effect(`is rolled back by ${how}, and the client goes on`, () =>
      Effect.gen(function*() {
        const sql = yield* memory
        const exit = yield* Effect.exit(sql.withTransaction(Effect.andThen(sql`INSERT INTO t VALUES (1)`, end)))
        assert.isTrue(Exit.isFailure(exit))
        assert.deepStrictEqual(yield* all(sql), [])
        yield* sql.withTransaction(sql`INSERT INTO t VALUES (2)`)
        assert.deepStrictEqual(yield* all(sql), [2])
      }))
  }

  it.effect("inside of another one is rolled back alone", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      yield* sql.withTransaction(Effect.gen(function*() {
        yield* sql`INSERT INTO t VALUES (1)`
        yield* Effect.exit(sql.withTransaction(Effect.andThen(sql`INSERT INTO t VALUES (2)`, Effect.fail("no"))))
        yield* sql.withTransaction(Effect.gen(function*() {
          yield* sql`INSERT INTO t VALUES (3)`
          yield* Effect.exit(sql.withTransaction(Effect.andThen(sql`INSERT INTO t VALUES (4)`, Effect.die("no"))))
        }))
      }))
      assert.deepStrictEqual(yield* all(sql), [1, 3])
    }))

  it.effect("shows nothing to other fibers before it is committed, and has no statement of theirs", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      const written = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(sql.withTransaction(Effect.gen(function*() {
        yield* sql`INSERT INTO t VALUES (1)`
        yield* Deferred.succeed(written, undefined)
        for (let i = 0; i < 50; i++) yield* Effect.yieldNow
        return yield* Effect.fail("no")
      })))
      yield* Deferred.await(written)
      yield* sql`INSERT INTO t VALUES (2)`
      assert.deepStrictEqual(yield* all(sql), [2])
      assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
    }))

  it.effect("that waits for another one can be interrupted", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      const first = yield* Effect.forkChild(sql.withTransaction(Effect.never), { startImmediately: true })
      const second = yield* Effect.forkChild(sql.withTransaction(sql`INSERT INTO t VALUES (1)`), {
        startImmediately: true
      })
      yield* Fiber.interrupt(second)
      yield* Fiber.interrupt(first)
      assert.deepStrictEqual(yield* all(sql), [])
    }))

  it.effect("many of them at once, some of which fail, keep their statements together", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      yield* Effect.forEach(Array.from({ length: 60 }, (_, i) => i), (i) =>
        Effect.exit(sql.withTransaction(Effect.gen(function*() {
          yield* sql`INSERT INTO t VALUES (${i * 2})`
          yield* Effect.yieldNow
          yield* sql`INSERT INTO t VALUES (${i * 2 + 1})`
          if (i % 3 === 0) {
            return yield* Effect.fail("no")
          }
        }))), { concurrency: "unbounded" })
      const kept = Array.from({ length: 120 }, (_, a) =>
        a).filter((a) =>
          Math.floor(a / 2) % 3 !== 0
        )
      assert.deepStrictEqual(yield* all(sql), kept)
    }))

  it.effect("whose commit is refused is rolled back, and the client goes on", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      yield* sql`CREATE TABLE child (a REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED)`
      const reason = yield* reasonOf(sql.withTransaction(sql`INSERT INTO child VALUES (5)`))
      assert.strictEqual(reason._tag, "ConstraintError")
      assert.deepStrictEqual(yield* sql`SELECT * FROM child`, [])
    }))

  it.effect("that SQLite has rolled back runs no statement any more", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      const reason = yield* reasonOf(sql.withTransaction(Effect.gen(function*() {
        yield* sql`INSERT INTO t VALUES (1)`
        yield* Effect.ignore(sql`INSERT OR ROLLBACK INTO t VALUES (1)`)
        yield* sql`INSERT INTO t VALUES (2)`
      })))
      assert.include(reason.message, "SQLite has rolled the transaction back")
      assert.deepStrictEqual(yield* all(sql), [])
    }))

  it.effect("runs nothing of a fiber that has outlived it", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      const go = yield* Deferred.make<void>()
      const late = yield* sql.withTransaction(
        Effect.forkDetach(Effect.andThen(Deferred.await(go), sql`INSERT INTO t VALUES (1)`))
      )
      const reason = yield* sql.withTransaction(
        Effect.andThen(Deferred.succeed(go, undefined), reasonOf(Fiber.join(late)))
      )
      assert.include(reason.message, "the transaction of this statement has ended")
      assert.deepStrictEqual(yield* all(sql), [])
    }))

  it.effect("that a statement has begun is rolled back, with the right way in the error", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      assert.include((yield* reasonOf(sql`BEGIN`)).message, "use sql.withTransaction")
      yield* Effect.scoped(Effect.gen(function*() {
        const connection = yield* sql.reserve
        yield* connection.execute("BEGIN", [], undefined)
        yield* connection.execute("INSERT INTO t VALUES (1)", [], undefined)
      }))
      assert.deepStrictEqual(yield* all(sql), [])
    }))

  it.effect("and a reservation end what is still read through them, and whoever reads it is told", () =>
    Effect.gen(function*() {
      const sql = yield* memory
      yield* Effect.forEach(Array.from({ length: 600 }, (_, a) => a), (a) => sql`INSERT INTO t VALUES (${a})`)
      const rows = "SELECT a FROM t"
      const current = Effect.map(
        Effect.serviceOption(sql.transactionService),
        (found) => Option.getOrThrow(found)[0]
      )
      const scope = yield* Effect.scope
      const begin = Effect.fnUntraced(function*(connection: SqlConnection.Connection) {
        const pull = yield* Scope.provide(Stream.toPull(connection.executeStream(rows, [], undefined)), scope)
        assert.strictEqual((yield* pull).length, 256)
        return pull
      })
      for (
        const [began, told] of [
          [
            sql.withTransaction(Effect.flatMap(current, begin)),
            "has ended"
          ],
          [Effect.scoped(Effect.flatMap(sql.reserve, begin)), "in other hands"]
        ] as const
      ) {
        const pull = yield* began
        const exit = yield* Effect.exit(pull)
        assert(Exit.isFailure(exit))
        assert.include(Cause.pretty(exit.cause), told)
      }
    }))

  it.effect("begins as BeginTransaction says", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const [one, other] = [yield* table({ filename }), yield* table({ filename })]
      const reading = <A, E>(effect: Effect.Effect<A, E>) =>
        one.withTransaction(effect).pipe(Effect.provideService(SqlClient.BeginTransaction, "BEGIN DEFERRED"))
      // one that has read, and writes after others have, is refused whatever it waits
      const reason = yield* reasonOf(reading(Effect.gen(function*() {
        yield* all(one)
        yield* other`INSERT INTO t VALUES (1)`
        yield* one`INSERT INTO t VALUES (2)`
      })))
      assert.strictEqual(reason._tag, "SerializationError")
      assert.isTrue(reason.isRetryable)
    }))
})

describe("sqlite, two clients of a file", () => {
  it.live("wait for each other's transactions while the rest of the program goes on", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const [one, other] = [yield* table({ filename }), yield* table({ filename })]
      const held = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(one.withTransaction(
        Effect.gen(function*() {
          yield* one`INSERT INTO t VALUES (1)`
          yield* Deferred.succeed(held, undefined)
          yield* Effect.sleep(100)
        })
      ))
      yield* Deferred.await(held)
      assert.deepStrictEqual(yield* all(other), [], "who reads does not wait")
      yield* Effect.all([other`INSERT INTO t VALUES (2)`, other.withTransaction(other`INSERT INTO t VALUES (3)`)], {
        concurrency: 2
      })
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* all(one), [1, 2, 3])
    }))

  it.live("fail when the lock is not given in time, and can be interrupted before", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const one = yield* table({ filename })
      const other = yield* table({ filename, busyTimeout: 30 })
      const patient = yield* table({ filename, busyTimeout: "1 hour" })
      yield* one.withTransaction(Effect.gen(function*() {
        for (const write of [other`INSERT INTO t VALUES (1)`, other.withTransaction(Effect.void)]) {
          const reason = yield* reasonOf(Effect.asVoid(write))
          assert.strictEqual(reason._tag, "LockTimeoutError")
          assert.isTrue(reason.isRetryable)
          assert.include(reason.message, "database is locked by another connection, longer than busyTimeout")
        }
        const fiber = yield* Effect.forkChild(patient.withTransaction(Effect.void), { startImmediately: true })
        yield* Effect.sleep(20)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(yield* all(patient), [])
      }))
      yield* patient`INSERT INTO t VALUES (1)`
    }))
})
