import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Journal from "effect-cano/journal"
import { contract } from "./contract.ts"
import { create, newRun } from "./samples.ts"

contract("in memory", Journal.makeMemory)

describe("a journal in memory", () => {
  it.effect("outlives the Layers that give it, where it was made before them", () =>
    Effect.gen(function*() {
      const store = yield* Journal.makeMemory
      const layer = Layer.succeed(Journal.Journal)(store)
      const made = Effect.flatMap(Journal.Journal, (journal) => create(journal, newRun("r")))
      assert.isTrue((yield* Effect.provide(made, layer)).isNew)
      assert.isFalse((yield* Effect.provide(made, layer)).isNew)
      assert.isTrue((yield* Effect.provide(made, Journal.layerMemory)).isNew)
    }))
})
