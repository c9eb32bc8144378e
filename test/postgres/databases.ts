// Databases of the tests on the server that they share: each is of one test file, which makes it anew whenever it wants.
import * as PgClient from "@effect/sql-pg/PgClient"
import { Context, Effect, Layer, Redacted, type Scope } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { randomBytes } from "node:crypto"
import * as server from "./server.ts"

export type Config = Omit<PgClient.PgPoolConfig, "url">

export const client = (
  url: string,
  config: Config = {}
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, SqlError.SqlError> =>
  PgClient.layer({ url: Redacted.make(url), ...config })

/** A client that lives as long as the Scope. */
export const connect = (url: string, config?: Config) =>
  Effect.map(Layer.build(client(url, config)), (context) => Context.get(context, PgClient.PgClient))

/** Does something on a server, outside of all databases of the tests. */
const onServer = (url: string, text: string) =>
  Effect.orDie(
    Effect.provide(
      Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(text)),
      client(`${url}/postgres`, { maxConnections: 1 })
    )
  )

/** The URL of an empty database. */
export const make = (url: string): Effect.Effect<string> =>
  Effect.suspend(() => {
    const name = `test_${randomBytes(6).toString("hex")}`
    return Effect.as(onServer(url, `CREATE DATABASE ${name}`), `${url}/${name}`)
  })

/** The same on the server that all tests share, for as long as the Scope. */
export const shared: Effect.Effect<string, never, Scope.Scope> = Effect.flatMap(
  server.shared,
  (url) =>
    Effect.acquireRelease(
      make(url),
      (own) => onServer(url, `DROP DATABASE ${own.slice(own.lastIndexOf("/") + 1)} WITH (FORCE)`)
    )
)
