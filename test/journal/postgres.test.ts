import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Journal from "effect-cano/journal"
import { contract } from "./contract.ts"
import * as postgres from "./postgres.ts"
import * as programs from "./programs.ts"

const database = postgres.ofFile()
const make = Effect.flatMap(database, postgres.over)

contract("in PostgreSQL", make)

describe("a journal in PostgreSQL", () => {
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
    programs.many(60)
  )
})
