import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Journal from "effect-cano/journal"
import * as Payload from "effect-cano/payload"
import { contract } from "../journal/contract.ts"
import * as programs from "../journal/programs.ts"
import { make as makeSql } from "../journal/sqlite.ts"
import { behind, Gate, key } from "./kit.ts"

const blobs = (): Payload.BlobStore => {
  const all = new Map<string, Uint8Array>()
  return {
    set: (key, bytes) => Effect.sync(() => all.set(key, bytes)),
    getUint8Array: (key) => Effect.sync(() => all.get(key)),
    remove: (key) => Effect.sync(() => all.delete(key))
  }
}

const all = (store: Journal.Service) =>
  behind(store, [
    Payload.compress({ above: 8 }),
    Payload.encrypt({ keys: { a: key(1), b: key(2) }, current: "b", isRequired: true }),
    Payload.offload({ store: blobs(), above: 60 })
  ])

contract("in memory, behind no codec", Effect.flatMap(Journal.makeMemory, (store) => behind(store, [])))
contract("in memory, behind all codecs", Effect.flatMap(Journal.makeMemory, all))
contract("in SQLite, behind a codec", Effect.flatMap(makeSql, (store) => behind(store, [new Gate().codec])))

describe("a journal behind codecs", () => {
  it.effect.prop(
    "answers as one without them does, whatever is asked",
    { commands: programs.program },
    ({ commands }) =>
      Effect.gen(function*() {
        const [plain, coded] = [yield* Journal.makeMemory, yield* Effect.flatMap(Journal.makeMemory, all)]
        const [onPlain, onCoded] = [programs.user(plain), programs.user(coded)]
        for (const store of [plain, coded]) yield* programs.begin(store)
        for (const command of commands) {
          const still = { ...command, pass: 0 } as const
          assert.deepStrictEqual(yield* onCoded(still), yield* onPlain(command), command.op)
          assert.deepStrictEqual(yield* programs.queries(coded), yield* programs.queries(plain), command.op)
        }
        assert.deepStrictEqual(yield* programs.dump(coded), yield* programs.dump(plain))
      }),
    programs.many(60)
  )
})
