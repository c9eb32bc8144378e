/**
 * One connection to a database: its statements, prepared once and kept up to a bound, and how they are run. It lives as long
 * as the client, or the stream, that has opened it. Who may use it when is not known here.
 *
 * A statement runs to its end before anybody else gets a turn, as SQLite is called and not asked. So a long row of them
 * gives others a turn now and then, and who waits for a lock sleeps instead of keeping the thread.
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import type { Settings } from "./config.ts"
import * as failure from "./failure.ts"
import type { Database, Module, Statement } from "./node.ts"
import * as params from "./params.ts"

/** How the answer of a statement is wanted. */
export interface Form {
  readonly arrays: boolean
  /** What a statement without rows has changed, instead of no rows. */
  readonly raw: boolean
  readonly kept: boolean
}

/** A statement, and how it was last told to answer. */
interface Prepared {
  readonly statement: Statement
  readonly hasRows: boolean
  readonly changesSchema: boolean
  bigints: boolean
  arrays: boolean
}

/** A statement whose rows are being read. */
interface Read {
  readonly rows: Iterator<unknown>
  state: "open" | "done" | "ended"
}

/** Statements after which others get a turn. */
const turn = 16
/** Rows that a stream reads at once. */
const chunk = 256
/** Milliseconds for which SQLite itself waits for a lock, and keeps the thread. */
const nap = 1
/** Milliseconds between two looks whether a lock is free: others get it in no order, so who looks seldom gets it never. */
const longest = 8

export const open = (
  module: Module,
  settings: Settings
): Effect.Effect<Connection, SqlError.SqlError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.try({
        try: () => new module.DatabaseSync(settings.filename, { readOnly: settings.readonly }),
        catch: (cause) => failure.make(cause, { filename: settings.filename, operation: "open" })
      }),
      (db) => Effect.sync(() => db.close())
    ),
    (db) => new Connection(db, settings)
  )

export class Connection {
  readonly #prepared = new Map<string, Prepared>()
  readonly #db: Database
  readonly #settings: Settings
  /** What is being read, row by row. */
  readonly #reads = new Set<Read>()
  #ran = 0

  constructor(db: Database, settings: Settings) {
    this.#db = db
    this.#settings = settings
  }

  /** Whether a transaction is open. */
  get isTransaction(): boolean {
    return this.#db.isOpen && this.#db.isTransaction
  }

  /** Sets the connection up; it answers whether readers and a writer don't wait for each other. */
  get setUp(): Effect.Effect<boolean, SqlError.SqlError> {
    const { filename, readonly, synchronous, wal } = this.#settings
    const pragma = (sql: string) =>
      this.#now(() => this.#execute(sql, [], control, false), { filename, operation: "open" })
    return Effect.gen({ self: this }, function*() {
      yield* pragma(`PRAGMA busy_timeout = ${Math.min(this.#settings.busyTimeout, nap)}`)
      const [mode] = yield* pragma(wal && !readonly ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode")
      yield* pragma(`PRAGMA synchronous = ${synchronous}`)
      return mode.journal_mode === "wal"
    })
  }

  run(sql: string, values: ReadonlyArray<unknown>, form: Form): Effect.Effect<any, SqlError.SqlError> {
    const now = Effect.withFiber<any, SqlError.SqlError>((fiber) => {
      const bigints = fiber.getRef(SqlClient.SafeIntegers)
      return this.#now(() => this.#execute(sql, values, form, bigints), this.#where(sql))
    })
    return Effect.suspend(() => {
      this.#ran++
      return this.#ran % turn === 0 ? Effect.andThen(Effect.yieldNow, now) : now
    })
  }

  /** Calls, now, what may find the database locked; then again, until it does not or the time is up. */
  #now<A>(
    call: () => A,
    where: failure.Where,
    asleep: (sleep: Effect.Effect<void>) => Effect.Effect<void> = identity
  ): Effect.Effect<A, SqlError.SqlError> {
    const first = Result.try({ try: call, catch: identity })
    if (Result.isSuccess(first)) return Effect.succeed(first.success)
    const fail = (cause: unknown) => Effect.fail(failure.make(cause, where))
    if (!failure.isBusy(first.failure)) return fail(first.failure)
    const { busyTimeout } = this.#settings
    return Effect.flatMap(Clock.currentTimeMillis, (start) => {
      const again = (cause: unknown, delay: number): Effect.Effect<A, SqlError.SqlError> =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const left = start + busyTimeout - now
          if (left <= 0) return fail(cause)
          return Effect.flatMap(asleep(Effect.sleep(Math.min(delay, left))), () => {
            const next = Result.try({ try: call, catch: identity })
            if (Result.isSuccess(next)) return Effect.succeed(next.success)
            return failure.isBusy(next.failure)
              ? again(next.failure, Math.min(delay * 2, longest))
              : fail(next.failure)
          })
        })
      return again(first.failure, 1)
    })
  }

  /** Begins a transaction; only the wait for its lock can be interrupted. */
  begin(
    sql: string,
    asleep: (sleep: Effect.Effect<void>) => Effect.Effect<void>
  ): Effect.Effect<void, SqlError.SqlError> {
    return Effect.suspend(() =>
      this.#now(() => this.#execute(sql, [], control, false), { ...this.#where(sql), operation: "begin" }, asleep)
    )
  }

  /** Ends what has been left open, reads and a transaction: either would keep the next transaction from its lock. */
  readonly tidy: Effect.Effect<void> = Effect.sync(() => {
    if (!this.#db.isOpen) return
    for (const read of this.#reads) this.#end(read)
    if (this.isTransaction) this.#execute("ROLLBACK", [], control, false)
  })

  /** Reads the rows of a statement a chunk at a time; it is of this reader alone. */
  rows(
    sql: string,
    values: ReadonlyArray<unknown>,
    check: Effect.Effect<void, SqlError.SqlError> = Effect.void
  ): Effect.Effect<Pull.Pull<Arr.NonEmptyReadonlyArray<any>, SqlError.SqlError>, SqlError.SqlError, Scope.Scope> {
    const attempt = <A>(call: () => A) =>
      Effect.try({ try: call, catch: (cause) => failure.make(cause, this.#where(sql)) })
    const begin = Effect.withFiber<Read, SqlError.SqlError>((fiber) =>
      attempt(() => {
        const { statement } = this.#made(sql)
        statement.setReadBigInts(fiber.getRef(SqlClient.SafeIntegers))
        const read: Read = { rows: statement.iterate(...params.bind(values)), state: "open" }
        this.#reads.add(read)
        return read
      })
    )
    const next = (read: Read) =>
      attempt(() => {
        const rows: Array<unknown> = []
        if (read.state === "ended") {
          throw new failure.Refused("execute", "what this stream reads through is in other hands")
        }
        // Node 22 begins anew when it is asked after the last row
        while (read.state === "open" && rows.length < chunk) {
          const row = read.rows.next()
          if (row.done) {
            read.state = "done"
          } else rows.push(row.value)
        }
        return rows
      })
    const end = (read: Read) => Effect.sync(() => this.#end(read))
    return Effect.map(Effect.acquireRelease(Effect.andThen(check, begin), end), (read) =>
      Effect.yieldNow.pipe(
        Effect.andThen(check),
        Effect.andThen(next(read)),
        Effect.flatMap((rows) => Arr.isReadonlyArrayNonEmpty(rows) ? Effect.succeed(rows) : Cause.done())
      ))
  }

  #end(read: Read): void {
    this.#reads.delete(read)
    if (read.state === "open" && this.#db.isOpen) read.rows.return?.()
    read.state = "ended"
  }

  #where(sql: string): failure.Where {
    return { filename: this.#settings.filename, operation: "execute", sql }
  }

  #execute(sql: string, values: ReadonlyArray<unknown>, form: Form, bigints: boolean): any {
    const bound = params.bind(values)
    const prepared = form.kept ? this.#keptOf(sql) : this.#made(sql)
    const { hasRows, statement } = prepared
    if (prepared.bigints !== bigints) statement.setReadBigInts(prepared.bigints = bigints)
    if (prepared.arrays !== form.arrays) statement.setReturnArrays(prepared.arrays = form.arrays)
    if (hasRows) return statement.all(...bound)
    const changed = statement.run(...bound)
    // Node 22 reads no more columns than the statement had when it was prepared
    if (prepared.changesSchema) this.#prepared.clear()
    return form.raw ? changed : []
  }

  /** The one that was used longest ago leaves. */
  #keptOf(sql: string): Prepared {
    const kept = this.#prepared
    const found = kept.get(sql)
    const prepared = found ?? this.#made(sql)
    if (found !== undefined) kept.delete(sql)
    kept.set(sql, prepared)
    if (kept.size > this.#settings.prepareCacheSize) kept.delete(kept.keys().next().value!)
    return prepared
  }

  #made(sql: string): Prepared {
    if (sql.replace(nothing, "") === "") throw new failure.Refused("prepare", "there is no statement in this text")
    const made = Result.try({ try: () => this.#db.prepare(sql), catch: identity })
    if (Result.isFailure(made)) throw new failure.Unprepared(made.failure)
    const statement = made.success
    // SQLite prepares the first one, and would leave the others out
    if (sql.slice(statement.sourceSQL.length).replace(nothing, "") !== "") {
      throw new failure.Refused("prepare", "there are several statements in one; each must be run on its own")
    }
    return {
      statement,
      hasRows: statement.columns().length > 0,
      changesSchema: /\b(?:create|alter|drop)\b/i.test(sql),
      bigints: false,
      arrays: false
    }
  }
}

const control: Form = { arrays: false, raw: false, kept: true }

/** Blanks and comments, which are no statement. */
const nothing = /--[^\n]*|\/\*[^]*?(?:\*\/|$)|[\s;]+/g
