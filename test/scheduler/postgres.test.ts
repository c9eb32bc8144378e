import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import * as Schedules from "effect-cano/schedules"
import { SqlClient } from "effect/sql"
import * as postgres from "../journal/postgres.ts"
import * as databases from "../postgres/databases.ts"
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
  it.live(
    "lets one of several schedulers start an instant, each through a client of its own",
    () =>
      Effect.gen(function*() {
        const url = yield* databases.shared
        const started: Array<number> = []
        const flow = Scheduler.flow("f", {
          run: ({ due }) => Effect.sync(() => void started.push(due)),
          when: { fixedRate: "50 millis", from: "epoch", missed: { catchUp: 1000 } },
          overlap: { allow: 1000 }
        })
        const process = Schedules.layer([flow], { poll: "100 millis" }).pipe(
          Layer.provide(Schedules.layerSql),
          Layer.provide(databases.client(url, { maxConnections: 2 }))
        )
        // on an empty database, at once
        yield* Effect.all([1, 2, 3, 4].map(() => Layer.build(Layer.fresh(process))), { concurrency: "unbounded" })
        while (started.length < 40) yield* Effect.sleep("10 millis")
        const sorted = [...started].sort((a, b) => a - b)
        assert.deepStrictEqual(sorted, [...new Set(sorted)])
        // the last ones may be on their way
        assert.deepStrictEqual(sorted.slice(0, 30), sorted.slice(0, 30).map((_, i) => sorted[0]! + 50 * i))
      }).pipe(Effect.scoped),
    60_000
  )

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
