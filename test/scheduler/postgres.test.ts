import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Schedules from "effect-cano/schedules"
import { SqlClient } from "effect/sql"
import * as postgres from "../journal/postgres.ts"
import { contract } from "./contract.ts"
import * as programs from "./programs.ts"

const database = postgres.ofFile()
const make = Effect.flatMap(database, (sql) =>
  Effect.map(
    Layer.build(Schedules.layerSql.pipe(Layer.provide(Layer.succeed(SqlClient.SqlClient)(sql)))),
    (context) => Context.get(context, Schedules.Schedules)
  ))

contract("in PostgreSQL", make)

describe("a store of schedules in PostgreSQL", () => {
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
    programs.many(30)
  )
})
