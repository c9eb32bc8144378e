/**
 * Effect's `SqlClient` over one connection, and who may use that when: one statement, one transaction or one reservation at
 * a time, in the order in which they have come. It lives as long as the Scope that it was made in.
 *
 * 1. A statement outside of a transaction never runs while one is open: it waits in the same line.
 * 2. A transaction has its lock from its beginning, so that it is never refused in the middle.
 * 3. A statement of a transaction runs in that one or fails: neither after its end, nor when SQLite has rolled it back.
 * 4. Whatever has left a transaction open, it is rolled back before the next in line.
 */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import type * as Reactivity from "effect/reactivity/Reactivity"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlConnection from "effect/sql/SqlConnection"
import type * as SqlError from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import type { Config } from "../../sqlite.ts"
import * as configs from "./config.ts"
import type { Connection } from "./connection.ts"
import * as connections from "./connection.ts"
import * as failure from "./failure.ts"
import type { Module } from "./node.ts"
import * as node from "./node.ts"

export const make = Effect.fnUntraced(function*(
  config: Config
): Effect.fn.Return<SqlClient.SqlClient, SqlError.SqlError, Scope.Scope | Reactivity.Reactivity> {
  const settings = yield* configs.parse(config)
  const module = yield* node.load
  const connection = yield* connections.open(module, settings)
  const isShared = yield* connection.setUp

  const plain = toSql(connection, settings)
  const { isTransaction, ...base } = SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(plain),
    semaphore: yield* Semaphore.make(1),
    isTransaction: () => connection.isTransaction
  })

  const borrower: SqlConnection.Borrower = (f) =>
    base.borrower((lent) =>
      Effect.flatMap(f(lent), (answer) => connection.isTransaction ? leftOpen : Effect.succeed(answer))
    )
  const leftOpen = Effect.andThen(
    connection.tidy,
    refuse(settings, "begin", "a transaction was begun by a statement, and is rolled back; use sql.withTransaction")
  )

  const begin = settings.readonly ? "BEGIN" : "BEGIN IMMEDIATE"
  const transactionAcquirer = Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      yield* restore(base.acquirer)
      const transaction = inTransaction(connection, settings)
      yield* Scope.addFinalizer(yield* Effect.scope, Effect.andThen(transaction.end, connection.tidy))
      const given = yield* SqlClient.BeginTransaction
      yield* connection.begin(given ?? begin, restore)
      return transaction.sql
    })
  )
  const reserve = Effect.tap(
    base.acquirer,
    () => Effect.flatMap(Effect.scope, (scope) => Scope.addFinalizer(scope, connection.tidy))
  )

  const client = yield* SqlClient.make({
    ...base,
    ...(isTransaction ? { isTransaction } : {}),
    borrower,
    transactionAcquirer,
    // only who reads a stream asks for it, and must not keep the line waiting as long as he reads
    acquirer: Effect.succeed({ ...plain, executeStream: outside(module, settings, isShared, borrower) }),
    compiler: Statement.makeCompilerSqlite(settings.transformQueryNames),
    driver: "cano-sqlite",
    prepareTransactionControls: true,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    spanAttributes: [...settings.spanAttributes, ["db.system.name", "sqlite"]],
    ...(settings.transformResultNames === undefined
      ? {}
      : { transformRows: Statement.defaultTransforms(settings.transformResultNames).array })
  })
  return Object.assign(client, { reserve })
})

type Transform = Parameters<SqlConnection.Connection["execute"]>[2]
type Rows = Pull.Pull<Arr.NonEmptyReadonlyArray<any>, SqlError.SqlError>

const refuse = (settings: configs.Settings, operation: failure.Operation, message: string) =>
  Effect.suspend(() =>
    Effect.fail(failure.make(new failure.Refused(operation, message), { filename: settings.filename, operation }))
  )

const changed = (rows: Effect.Effect<any, SqlError.SqlError>, transform: Transform) =>
  transform === undefined ? rows : Effect.map(rows, transform)

/** As Effect knows connections; each statement looks first whether it may still run. */
const toSql = (
  connection: Connection,
  settings: configs.Settings,
  check?: Effect.Effect<void, SqlError.SqlError>
): SqlConnection.Connection => {
  const run = (sql: string, params: ReadonlyArray<unknown>, form: connections.Form) =>
    check === undefined
      ? connection.run(sql, params, form)
      : Effect.flatMap(check, () => connection.run(sql, params, form))
  const isKept = settings.prepareCacheSize > 0
  const rows: connections.Form = { arrays: false, raw: false, kept: isKept }
  const values = { ...rows, arrays: true }
  return {
    execute: (sql, params, transform) => changed(run(sql, params, rows), transform),
    executeUnprepared: (sql, params, transform) => changed(run(sql, params, { ...rows, kept: false }), transform),
    executeRaw: (sql, params) => run(sql, params, { ...rows, raw: true }),
    executeValues: (sql, params) => run(sql, params, values),
    executeValuesUnprepared: (sql, params) => run(sql, params, { ...values, kept: false }),
    executeStream: (sql, params, transform) => toStream(connection.rows(sql, params, check), transform)
  }
}

const toStream = (rows: Effect.Effect<Rows, SqlError.SqlError, Scope.Scope>, transform: Transform) =>
  mapped(Stream.scoped(Stream.fromPull(rows)), transform)

const mapped = (rows: Stream.Stream<any, SqlError.SqlError>, transform: Transform) =>
  transform === undefined ? rows : Stream.mapArray(rows, (chunk) => transform(chunk) as unknown as typeof chunk)

/** The connection of one transaction, which has begun when it is given away. */
const inTransaction = (connection: Connection, settings: configs.Settings) => {
  let isOver = false
  const over = refuse(settings, "execute", "the transaction of this statement has ended")
  const lost = refuse(settings, "execute", "SQLite has rolled the transaction back, so that nothing more can run in it")
  const sql = toSql(
    connection,
    settings,
    Effect.suspend(() => isOver ? over : connection.isTransaction ? Effect.void : lost)
  )
  let isBegun = false
  // `withTransaction` begins what the acquirer already has, while it could still be interrupted
  const orBegin =
    <A extends SqlConnection.Connection["execute"]>(run: A) =>
    (...args: Parameters<SqlConnection.Connection["execute"]>) => {
      if (isBegun) return run(...args)
      isBegun = true
      return Effect.succeed([])
    }
  return {
    sql: { ...sql, execute: orBegin(sql.execute), executeUnprepared: orBegin(sql.executeUnprepared) },
    end: Effect.sync(() => void (isOver = true))
  }
}

/**
 * A stream outside of a transaction reads a snapshot through a connection of its own, beside which everybody goes on. What
 * that does not show (the memory, temporary tables) or refuses (what writes) is read at once, in its turn.
 */
const outside = (
  module: Module,
  settings: configs.Settings,
  isShared: boolean,
  borrower: SqlConnection.Borrower
): SqlConnection.Connection["executeStream"] =>
(sql, params, transform) => {
  const atOnce = Stream.unwrap(
    Effect.map(borrower((lent) => lent.execute(sql, params, transform)), (rows) => Stream.fromArray([...rows]))
  )
  if (!isShared) return atOnce
  const begun = Effect.gen(function*() {
    const own = yield* connections.open(module, { ...settings, readonly: true })
    const pull = yield* own.rows(sql, params)
    // what is wrong shows with the first rows
    const first = yield* Pull.catchDone(pull, () => Effect.succeed([]))
    return Stream.concat(Stream.fromArray<any>(first), Stream.fromPull(Effect.succeed(pull)))
  })
  return Stream.unwrap(Effect.matchEffect(begun, {
    onFailure: () => Effect.succeed(atOnce),
    onSuccess: (rows) => Effect.succeed(mapped(rows, transform))
  }))
}
