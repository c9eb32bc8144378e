/**
 * The journal that a command is about, by a URL: it is opened for one call, and never made. What may go wrong on the way are
 * sentences that say what to do.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import { Journal } from "../../journal.ts"
import * as Operator from "../../operator.ts"
import * as Sqlite from "../../sqlite.ts"
import * as journals from "../journal/sql.ts"
import type { OperateError } from "./error.ts"
import { failed, misused } from "./error.ts"

type Client = Layer.Layer<SqlClient.SqlClient, SqlError.SqlError>

/** The operator of the runs of a database; with `isReadonly` it writes nothing. */
export const operator = (
  url: string,
  isReadonly: boolean
): Layer.Layer<Operator.Operator, OperateError, FileSystem.FileSystem> =>
  Operator.layer.pipe(Layer.provide(Layer.effect(Journal, opened(url, isReadonly))))

const opened = Effect.fnUntraced(function*(url: string, isReadonly: boolean) {
  const client = /^postgres(ql)?:/.test(url) ? yield* postgres(url) : yield* sqlite(url, isReadonly)
  const built = yield* Effect.mapError(Layer.build(client), (error) => failed(saying(url, error)))
  const found = yield* Effect.mapError(
    Effect.provide(journals.existing, built),
    (error) => failed(saying(url, error))
  )
  if (!Predicate.isNumber(found)) return found
  return yield* failed(
    found === 0
      ? `there is no journal in ${shown(url)}: a program that drives runs makes it`
      : `the journal in ${shown(url)} is of an older release, whose cano can read it: ` +
        "it is brought up to date by the first program of this release that drives runs"
  )
})

const sqlite = Effect.fnUntraced(function*(url: string, isReadonly: boolean) {
  const filename = url.replace(/^(?:sqlite|file):(?:\/\/)?/, "")
  if (/^\w+:\/\//.test(filename)) {
    return yield* misused(
      `${shown(url)} is no database that is known here; --db takes a file, sqlite:file or postgres://…`
    )
  }
  const fs = yield* FileSystem.FileSystem
  const found = yield* Effect.option(fs.stat(filename))
  if (Option.isNone(found)) {
    return yield* failed(`there is no file ${filename}: a program that drives runs makes it, and cano does not`)
  }
  if (found.value.type !== "File") return yield* failed(`${filename} is no file`)
  // the form of a file is not for who looks at it to change
  return Sqlite.layer({ filename, readonly: isReadonly, disableWAL: true })
})

// in a variable, so that no bundler and no compiler looks for what need not be there
const specifier = "@effect/sql-pg/PgClient"

interface PgClient {
  readonly layer: (config: {
    readonly url: Redacted.Redacted
    readonly maxConnections: number
    readonly applicationName: string
  }) => Client
}

const postgres = (url: string): Effect.Effect<Client, OperateError> =>
  Effect.map(
    Effect.tryPromise({
      try: (): PromiseLike<PgClient> => import(specifier),
      catch: (cause) => {
        const isMissing = Predicate.hasProperty(cause, "code") && cause.code === "ERR_MODULE_NOT_FOUND"
        return failed(
          isMissing
            ? "PostgreSQL needs @effect/sql-pg, which is not installed: npm install @effect/sql-pg"
            : `@effect/sql-pg can't be loaded: ${String(cause)}`
        )
      }
    }),
    ({ layer }) => layer({ url: Redacted.make(url), maxConnections: 4, applicationName: "cano" })
  )

const deep = 8

/** Without the password. */
const shown = (url: string): string => url.replace(/^(\w+:\/\/[^:/@]*):[^@]*@/, "$1:…@")

const saying = (url: string, error: { readonly message: string; readonly cause?: unknown }): string => {
  let said = ""
  // what a client says is about its call, and the last of its causes is what it has met
  for (let at: unknown = error, i = 0; Predicate.isObject(at) && i < deep; i++) {
    const { cause, message, reason } = at as { readonly [field: string]: unknown }
    if (Predicate.isString(message) && !said.includes(message)) said += said === "" ? message : `: ${message}`
    at = cause ?? reason
  }
  return `${shown(url)}: ${said}`
}
