/**
 * SQLite in the process, through `node:sqlite`, as the `SqlClient` of Effect: what needs a database and is given none has
 * one. A client lives as long as the Scope or the Layer that it was made in.
 *
 * It is an entry of its own, `effect-cano/sqlite`, which the package does not load by itself. It stands on `effect/sql`, which
 * is not stable, in place of `@effect/sql-sqlite-node`, which does not load with Effect 4.1; it is called as that is.
 *
 * @since 0.1.0
 */
import * as EffectConfig from "effect/Config"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import * as client from "./internal/sqlite/client.ts"

/**
 * What a client is made with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Config {
  /** The path of the file, which is made if it is not there; `":memory:"` is a database of this client alone. */
  readonly filename: string
  /** Whether nothing is written, and the file must be there. */
  readonly readonly?: boolean | undefined
  /** Whether the journal of the file stays as it is; else it is a write-ahead log, beside which everybody reads. */
  readonly disableWAL?: boolean | undefined
  /**
   * What a commit waits for: `"full"`, which is what is taken if left out, for the disk; `"normal"` does not, and with a
   * write-ahead log may lose the last commits when the power fails, but not when the process does.
   */
  readonly synchronous?: "off" | "normal" | "full" | "extra" | undefined
  /** How long a statement waits for the lock of another connection; 5 seconds if left out. Others run meanwhile. */
  readonly busyTimeout?: Duration.Input | undefined
  /** Statements that are kept prepared, 200 if left out. The one that was used longest ago leaves. */
  readonly prepareCacheSize?: number | undefined
  /** Attributes of the spans of all statements. */
  readonly spanAttributes?: Record<string, unknown> | undefined
  /** What the columns of a result are called, by their names. */
  readonly transformResultNames?: ((name: string) => string) | undefined
  /** What identifiers of a statement are called in the database, by their names here. */
  readonly transformQueryNames?: ((name: string) => string) | undefined
}

/**
 * Opens a database, for as long as the Scope.
 *
 * **Details**
 *
 * A client is one connection. Statements and transactions wait for each other in the order in which they came; a transaction
 * takes the lock of the file when it begins. It fails with an `SqlError` where options are wrong, where the file can't be
 * opened, and where the runtime has no `node:sqlite`.
 *
 * **Gotchas**
 *
 * A statement runs on the thread of the program, which does nothing else until it has its rows.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  config: Config
) => Effect.Effect<SqlClient.SqlClient, SqlError.SqlError, Scope.Scope | Reactivity.Reactivity> = client.make

/**
 * A client as a Layer.
 *
 * **Example** (A table in memory)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { SqlClient } from "effect/sql"
 * import * as Sqlite from "effect-cano/sqlite"
 *
 * const program = Effect.gen(function*() {
 *   const sql = yield* SqlClient.SqlClient
 *   yield* sql`CREATE TABLE prices (store TEXT PRIMARY KEY, price REAL NOT NULL)`
 *   yield* sql`INSERT INTO prices ${sql.insert([{ store: "ada", price: 10 }, { store: "bob", price: 9.5 }])}`
 *   const [cheapest] = yield* sql<{ store: string; price: number }>`SELECT * FROM prices ORDER BY price LIMIT 1`
 *   console.log(cheapest?.store, cheapest?.price)
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.provide(Sqlite.layer({ filename: ":memory:" }))))
 * // => bob 9.5
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (config: Config): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError> =>
  Layer.effect(SqlClient.SqlClient, make(config)).pipe(Layer.provide(Reactivity.layer))

/**
 * The same, with options from the configuration of the program.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  config: EffectConfig.Wrap<Config>
): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError | EffectConfig.ConfigError> =>
  Layer.effect(SqlClient.SqlClient, Effect.flatMap(EffectConfig.unwrap(config), make)).pipe(
    Layer.provide(Reactivity.layer)
  )
