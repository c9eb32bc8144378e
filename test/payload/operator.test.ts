/**
 * An operator beside runs whose payloads are encoded: with the codecs he sees what they have written, and without them all
 * that is not encoded.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option } from "effect"
import * as Journal from "effect-cano/journal"
import * as Operator from "effect-cano/operator"
import { durableMachine, durably, inLife, pass, passToEnd, World } from "../durable/kit.ts"
import { primeClock } from "../kit/index.ts"
import { behind, Gate } from "./kit.ts"

const over = (store: Journal.Service) =>
  Effect.provide(Operator.Operator, Operator.layer.pipe(Layer.provide(Layer.succeed(Journal.Journal)(store))))

describe("an operator of runs behind codecs", () => {
  it.effect("sees what can be read, says why a run waits, and cancels it, with its codecs or without", () =>
    Effect.gen(function*() {
      yield* primeClock
      for (const isBehind of [true, false]) {
        const store = yield* Journal.makeMemory
        const world = new World(yield* behind(store, [new Gate().codec]))
        const never: any = durably(
          durableMachine("w", "A", "Done").register("A", { run: Effect.never, next: "Done" }).addExitStates("Done")
        )
        const life = yield* world.life(() => [never])
        yield* inLife(life, never.start("r", "A") as Effect.Effect<boolean>)
        yield* pass(50)
        const operator = yield* over(isBehind ? world.store : store)
        const shown: any = Option.getOrThrow(yield* operator.show("r"))
        assert.strictEqual(JSON.stringify(shown).includes("~gate"), false)
        const why = yield* operator.why("r")
        assert.isTrue(Option.isSome(why))
        const sent = yield* Effect.forkChild(operator.send("r", Operator.cancel()), { startImmediately: true })
        assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
        yield* pass(1000)
        assert.deepInclude(yield* Fiber.join(sent), { _tag: "Done" })
        yield* world.bury(life)
      }
    }))
})
