/** What a database fails with, as a `JournalError` that says what was to be done, and to which run. */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as SqlError from "effect/sql/SqlError"
import { JournalError } from "./error.ts"
import type { Read } from "./reading.ts"

export const guard = <A, R>(
  operation: string,
  runId: string | undefined,
  self: Effect.Effect<A, SqlError.SqlError | JournalError, R>
): Effect.Effect<A, JournalError, R> =>
  self.pipe(
    // a transaction that can't be rolled back dies of it
    Effect.catchDefect((defect) => SqlError.isSqlError(defect) ? Effect.fail(defect) : Effect.die(defect)),
    Effect.catchTag("SqlError", (error) => Effect.fail(make(operation, runId, error)))
  )

/** What was read, unless it can't be. */
export const given = <A>(operation: string, runId: string | undefined, read: Read<A>): Effect.Effect<A, JournalError> =>
  Result.isSuccess(read)
    ? Effect.succeed(read.success)
    : Effect.fail(new JournalError({ runId, reason: "Corrupt", operation, detail: read.failure }))

const make = (operation: string, runId: string | undefined, error: SqlError.SqlError) =>
  new JournalError({ runId, reason: reasonOf(error), operation, detail: detailOf(error), cause: error })

/** Some clients say only in which call it was, and leave what the database has said to the cause. */
const detailOf = ({ message, reason: { cause } }: SqlError.SqlError): string => {
  const said = cause instanceof Error ? cause.message : ""
  return message.includes(said) ? message : `${message}: ${said}`
}

const reasonOf = ({ reason }: SqlError.SqlError): JournalError["reason"] =>
  reason._tag === "LockTimeoutError" || reason._tag === "StatementTimeoutError"
    ? "TimedOut"
    // the keys that we choose are free, unless somebody else has written there
    : reason._tag === "UniqueViolation" || isCorrupt(reason.cause)
    ? "Corrupt"
    : "Unavailable"

/** SQLite: a damaged file, one that is no database, a number too large to be read. PostgreSQL: damaged data, or an index. */
const isCorrupt = (cause: unknown): boolean => {
  const { code, errcode } = Predicate.isObject(cause)
    ? cause as { readonly code?: unknown; readonly errcode?: unknown }
    : {}
  if (Predicate.isNumber(errcode)) return (errcode & 0xff) === 11 || (errcode & 0xff) === 26
  return code === "ERR_OUT_OF_RANGE" || code === "XX001" || code === "XX002"
}
