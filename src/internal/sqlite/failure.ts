/** What SQLite throws, as the reasons of Effect's `SqlError`. A failure is made once, where a statement has thrown. */
import * as Predicate from "effect/Predicate"
import * as SqlError from "effect/sql/SqlError"
import * as describe from "../check/describe.ts"

export type Operation = "open" | "prepare" | "execute" | "begin"

/** Where it was: of a file, and of a statement if there was one. */
export interface Where {
  readonly filename: string
  readonly operation: Operation
  readonly sql?: string | undefined
}

/** Thrown by us where SQLite would lose something without a word. */
export class Refused extends Error {
  readonly operation: Operation
  constructor(operation: Operation, message: string) {
    super(message)
    this.operation = operation
  }
}

/** What was thrown while a statement was prepared, and not while it ran. */
export class Unprepared extends Error {
  constructor(cause: unknown) {
    super("not prepared", { cause })
  }
}

export const make = (thrown: unknown, where: Where): SqlError.SqlError =>
  new SqlError.SqlError({
    reason: thrown instanceof Unprepared
      ? reasonOf(thrown.cause, where.operation === "open" ? where : { ...where, operation: "prepare" })
      : reasonOf(thrown, thrown instanceof Refused ? { ...where, operation: thrown.operation } : where)
  })

/** Somebody else has the lock that is needed. Who waits gets it, other than with a snapshot that is too old. */
export const isBusy = (thrown: unknown): boolean => {
  const code = codeOf(thrown instanceof Unprepared ? thrown.cause : thrown)
  return code !== undefined && (code & 0xff) === busy && code !== busySnapshot
}

const reasonOf = (cause: unknown, where: Where): SqlError.SqlErrorReason => {
  const { operation } = where
  const props = { cause, operation, message: messageOf(cause, where) }
  if (cause instanceof Refused) {
    return operation === "prepare" ? new SqlError.SqlSyntaxError(props) : new SqlError.UnknownError(props)
  }
  const code = codeOf(cause)
  if (code === undefined) {
    return isClosed(cause) ? new SqlError.ConnectionError(props) : new SqlError.UnknownError(props)
  }
  // a primary key is unique too, as it is said of other databases
  if (code === primaryKey || code === rowId) return new SqlError.UniqueViolation({ ...props, constraint: keyOf(cause) })
  if (code === busySnapshot) return new SqlError.SerializationError(props)
  if (code === general && operation === "prepare") return new SqlError.SqlSyntaxError(props)
  return SqlError.classifySqliteError(Object.assign(cause as object, { errno: code }), props)
}

const messageOf = (cause: unknown, { filename, operation, sql }: Where): string => {
  const what = operation === "open"
    ? `can't be opened: ${saying(cause)}; it must be a SQLite database, or a new file in a folder that is there`
    : isClosed(cause)
    ? "the client is closed; it is open as long as the Scope or the Layer that it was made in"
    : saying(cause)
  return `SQLite ${describe.show(filename)}: ${what}${sql === undefined ? "" : `, in ${describe.clip(sql.trim())}`}`
}

const saying = (cause: unknown): string => {
  const message = cause instanceof Error ? cause.message : String(cause)
  if (codeOf(cause) !== undefined && isBusy(cause)) return `${message} by another connection, longer than busyTimeout`
  return message.startsWith("Value is too large to be represented")
    ? `${message}; with SqlClient.SafeIntegers integers are read as bigint`
    : message
}

const codeOf = (cause: unknown): number | undefined =>
  Predicate.hasProperty(cause, "errcode") && Predicate.isNumber(cause.errcode) ? cause.errcode : undefined

const isClosed = (cause: unknown): boolean =>
  cause instanceof Error && /(is not open|been finalized)/.test(cause.message)

const keyOf = (cause: unknown): string => /constraint failed: *(.+)/.exec(saying(cause))?.[1] ?? "unknown"

// https://sqlite.org/rescode.html
const general = 1
const busy = 5
const busySnapshot = 517
const primaryKey = 1555
const rowId = 2579
