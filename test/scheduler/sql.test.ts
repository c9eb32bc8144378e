import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Schedules from "effect-cano/schedules"
import * as Sqlite from "effect-cano/sqlite"
import { SqlClient } from "effect/sql"
import { file } from "../sqlite/files.ts"
import { change, contract, ended, firing, schedule } from "./contract.ts"
import * as programs from "./programs.ts"

const open = (config: Sqlite.Config) =>
  Effect.map(
    Layer.build(Schedules.layerSql.pipe(Layer.provideMerge(Sqlite.layer(config)))),
    (context) => ({
      store: Context.get(context, Schedules.Schedules),
      sql: Context.get(context, SqlClient.SqlClient)
    })
  )
const make = Effect.map(open({ filename: ":memory:" }), ({ store }) => store)

contract("in SQLite", make)

describe("a store of schedules in SQLite", () => {
  it.effect.prop(
    "answers as the one in memory does, whatever is asked",
    { commands: programs.program },
    ({ commands }) =>
      Effect.gen(function*() {
        const [memory, sql] = [yield* Schedules.makeMemory, yield* make]
        for (const command of commands) {
          assert.deepStrictEqual(yield* programs.use(sql, command), yield* programs.use(memory, command))
          assert.deepStrictEqual(yield* programs.dump(sql), yield* programs.dump(memory))
        }
      }),
    programs.many(60)
  )

  it.effect("is in the database of a journal, whichever came first", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const one = Schedules.layerSql.pipe(Layer.provideMerge(Sqlite.layer({ filename })))
      const both = Durable.layerSql.pipe(Layer.provideMerge(one))
      yield* Effect.scoped(Layer.build(one))
      yield* Effect.scoped(Layer.build(both))
      const other = yield* file
      const after = Schedules.layerSql.pipe(
        Layer.provideMerge(Journal.layerSql),
        Layer.provide(Sqlite.layer({ filename: other }))
      )
      yield* Effect.scoped(Layer.build(after))
    }))

  it.effect("keeps what it has for whoever opens the file next", () =>
    Effect.gen(function*() {
      const filename = yield* file
      yield* Effect.scoped(Effect.flatMap(open({ filename }), ({ store }) =>
        store.commit(change(schedule("f", 1, { cursor: 7 }), [firing("f", 7), firing("f", 6, ended(6))]))))
      const { store } = yield* open({ filename })
      const [view] = yield* store.look(["f"])
      assert.strictEqual(view!.schedule.cursor, 7)
      assert.deepStrictEqual(
        view!.open.map(({ due }) =>
          due
        ),
        [7]
      )
      assert.deepStrictEqual((yield* store.history("f", 9)).map(({ due }) => due), [6])
    }))

  it.effect("says of what somebody else has written there that it can't be read, and changes nothing of it", () =>
    Effect.gen(function*() {
      const { sql, store } = yield* open({ filename: ":memory:" })
      yield* store.commit(change(schedule("f", 1), [firing("f", 7), firing("f", 6, ended(6))]))
      yield* sql`UPDATE cano_fires SET kind = 'else', outcome = 'else'`
      for (const asked of [store.look(["f"]), store.history("f", 9), store.firing("f", "f@7")]) {
        assert.strictEqual(
          (yield* Effect.flip(asked as Effect.Effect<unknown, Journal.JournalError>)).reason,
          "Newer"
        )
      }
      yield* sql`UPDATE cano_schedules SET streak = 'many'`
      const error = yield* Effect.flip(store.list(9))
      assert.include(error.message, `a schedule can't be read: column streak is "many"`)
    }))
})
