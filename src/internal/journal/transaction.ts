/** Transactions of a client that give their connection away: what the client does for each statement takes longer than that. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlConnection from "effect/sql/SqlConnection"
import type * as SqlError from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"

export type Connection = SqlConnection.Connection
export type Rows = ReadonlyArray<{ readonly [column: string]: unknown }>

export type Transact = <A, E>(
  body: (connection: Connection) => Effect.Effect<A, E>
) => Effect.Effect<A, E | SqlError.SqlError>

/**
 * A transaction, or a savepoint where one is open: `within` as the client has it, where its statements are in it, and `quick`
 * where those of the connection are.
 */
export const make = (sql: SqlClient.SqlClient): { readonly within: Transact; readonly quick: Transact } => {
  const inTransaction: Transact = (body) =>
    sql.withTransaction(Effect.withFiber((fiber) => body(Context.getUnsafe(fiber.context, sql.transactionService)[0])))
  /** Each statement sees what was committed before it, after it has waited for others, too: whatever the database does else. */
  const within: Transact = sql.onDialectOrElse({
    pg: (): Transact => (body) =>
      Effect.provideService(inTransaction(body), SqlClient.BeginTransaction, "BEGIN ISOLATION LEVEL READ COMMITTED"),
    orElse: () => inTransaction
  })

  /** The same with half of the work, which shows beside a commit of SQLite: no span, no level. */
  const alone: Transact = (body) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.scoped(Effect.flatMap(restore(sql.reserve), (connection) => {
        const control = (text: string) => connection.execute(text, [], undefined)
        return restore(Effect.flatMap(control("BEGIN IMMEDIATE"), () => body(connection))).pipe(
          Effect.flatMap((answer) => Effect.as(control("COMMIT"), answer)),
          // SQLite may have done it
          Effect.onError(() => Effect.ignore(control("ROLLBACK")))
        )
      }))
    )

  const canBeAlone = sql.onDialectOrElse({ sqlite: () => true, orElse: () => false })
  const quick: Transact = (body) =>
    Effect.withFiber((fiber) =>
      canBeAlone && Context.getOrUndefined(fiber.context, sql.transactionService) === undefined
        ? alone(body)
        : within(body)
    )
  return { within, quick }
}

export const run = (
  connection: Connection,
  statement: Statement.Statement<any>
): Effect.Effect<Rows, SqlError.SqlError> => {
  const [text, params] = statement.compile()
  return connection.execute(text, params, undefined)
}
