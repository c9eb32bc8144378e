// Journals in SQLite, and the tables behind them.
import { Context, Effect, Layer, type Scope } from "effect"
import * as Journal from "effect-cano/journal"
import * as Sqlite from "effect-cano/sqlite"
import { SqlClient } from "effect/sql"
import { file } from "../sqlite/files.ts"
import { append, create, newRun, row, signal } from "./samples.ts"

const layer = (config: Sqlite.Config) => Journal.layerSql.pipe(Layer.provideMerge(Sqlite.layer(config)))
export const open = (config: Sqlite.Config) =>
  Effect.map(Layer.build(layer(config)), (context) => Context.get(context, Journal.Journal))
export const make = open({ filename: ":memory:" })
/** A store, and what it writes through. */
export const both = (config: Sqlite.Config) =>
  Effect.map(Layer.build(layer(config)), (context) => ({
    store: Context.get(context, Journal.Journal),
    sql: Context.get(context, SqlClient.SqlClient)
  }))
export const failing = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error): Journal.JournalError => {
    if (error instanceof Journal.JournalError) return error
    throw new Error("it was to fail with a JournalError", { cause: error })
  })
/** Opens a file for as long as something is done with it. */
export const during = <A, E>(config: Sqlite.Config, use: Effect.Effect<A, E, SqlClient.SqlClient | Scope.Scope>) =>
  Effect.scoped(Effect.provide(use, Sqlite.layer(config)))
export const statements = (...texts: ReadonlyArray<string>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.forEach(texts, (text) => sql.unsafe(text), { discard: true }))
/** A file with a run `r` that has rows 0 to 40, and one of another run. */
export const filled = Effect.gen(function*() {
  const filename = yield* file
  yield* Effect.scoped(Effect.gen(function*() {
    const store = yield* open({ filename })
    yield* create(store, newRun("other"))
    yield* create(store, newRun("r"))
    yield* store.append([
      append("r", 1, Array.from({ length: 40 }, (_, i) => row("settle", `${i}`.repeat(200), i < 3)))
    ])
    yield* store.send("r", signal("go"))
  }))
  return filename
})
