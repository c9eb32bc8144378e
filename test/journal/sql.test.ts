import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Journal from "effect-cano/journal"
import * as Sqlite from "effect-cano/sqlite"
import { contract } from "./contract.ts"
import * as programs from "./programs.ts"

const layer = (config: Sqlite.Config) => Journal.layerSql.pipe(Layer.provideMerge(Sqlite.layer(config)))
const open = (config: Sqlite.Config) =>
  Effect.map(Layer.build(layer(config)), (context) => Context.get(context, Journal.Journal))
const make = open({ filename: ":memory:" })

contract("in SQLite", make)

describe("a journal in SQLite", () => {
  it.effect.prop(
    "answers as the one in memory does, whatever is asked",
    { commands: programs.program },
    ({ commands }) =>
      Effect.gen(function*() {
        const [memory, sql] = [yield* Journal.makeMemory, yield* make]
        const [onMemory, onSql] = [programs.user(memory), programs.user(sql)]
        for (const store of [memory, sql]) yield* programs.begin(store)
        for (const command of commands) {
          const still = { ...command, pass: 0 } as const
          assert.deepStrictEqual(yield* onSql(still), yield* onMemory(command), command.op)
          assert.deepStrictEqual(yield* programs.queries(sql), yield* programs.queries(memory), command.op)
        }
        assert.deepStrictEqual(yield* programs.dump(sql), yield* programs.dump(memory))
      }),
    programs.many(150)
  )
})
