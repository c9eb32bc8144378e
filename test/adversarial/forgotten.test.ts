/**
 * Slots that have ended are forgotten, and those that would only wait are not started, however long a list is.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Stream } from "effect"
import { JoinStrategy, Split } from "effect-cano"
import * as SplitStream from "effect-cano/SplitStream"
import { TestClock } from "effect/testing"
import { collectGarbage, fiberId, start } from "../kit/index.ts"

const { all } = JoinStrategy

describe("a long lazy list whose outcomes are observed", () => {
  const last = 30_000

  it.effect("keeps few of the fibers that have ended", () =>
    Effect.gen(function*() {
      const fibers: Array<WeakRef<object>> = []
      let alive = -1
      // a branch that leaves a child behind has a fiber of its own
      const branch = Effect.withFiber((fiber) => {
        fibers.push(new WeakRef(fiber))
        return Effect.forkChild(Effect.void)
      })
      const list = function*() {
        for (let i = 0; i < last; i++) yield branch
        collectGarbage()
        alive = fibers.filter((ref) => ref.deref() !== undefined).length
      }
      yield* Stream.runForEach(SplitStream.make(list, { strategy: all }), () => Effect.yieldNow)
      assert.lengthOf(fibers, last)
      assert.isAtLeast(alive, 0)
      assert.isBelow(alive, last / 3)
    }))
})

describe("a list that grows", () => {
  it.effect("has no fiber for a branch that would only wait for its observer", () =>
    Effect.gen(function*() {
      const before = yield* fiberId
      const list = Split.growing<void>(() => Array.from({ length: 5000 }, () => Effect.void))
      const fiber = yield* start(Split.run(list, { strategy: all, discard: true, onOutcome: () => Effect.never }))
      yield* TestClock.adjust(1)
      assert.isBelow((yield* fiberId) - before, 100)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("has one for each branch as soon as there is room", () =>
    Effect.gen(function*() {
      let running = 0
      const wait = Effect.suspend(() => {
        running++
        return Effect.never
      })
      const gate = yield* Deferred.make<void>()
      const fiber = yield* start(Split.run(
        Split.growing<void>(() => [
          ...Array.from({ length: 20 }, () => Effect.void),
          ...Array.from({ length: 1000 }, () => wait)
        ]),
        { strategy: all, onOutcome: () => Deferred.await(gate) }
      ))
      yield* TestClock.adjust(1)
      assert.isBelow(running, 20)
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust(1)
      assert.strictEqual(running, 1000)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("goes on when there is room again", () =>
    Effect.gen(function*() {
      let told = 0
      const list = Split.growing<void>((add) => [
        ...Array.from({ length: 100 }, () => Effect.void),
        Effect.asVoid(Effect.andThen(Effect.sleep(500), add(Array.from({ length: 100 }, () => Effect.sleep(1)))))
      ])
      const onOutcome = () => Effect.andThen(Effect.sleep(1), Effect.sync(() => void told++))
      const fiber = yield* start(Split.run(list, { strategy: all, discard: true, onOutcome }))
      yield* TestClock.adjust(1000)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(fiber)))
      assert.strictEqual(told, 201)
    }))
})
