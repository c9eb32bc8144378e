/** An id that is used again after its run was purged: nobody who knew the first run is told of the second, or writes to it. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, type Fiber, Option, Schema } from "effect"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import { TestClock } from "effect/testing"
import { append, claim, create, newRun, row } from "../journal/samples.ts"
import { primeClock } from "../kit/index.ts"
import { durableMachine, durably, inLife, inLifeForked, letter, makeWorld, pass, type World } from "./kit.ts"

/** Waits in its first state until it is let go on, and ends in its second. */
const machine = (open: Effect.Effect<unknown>) =>
  durably(
    durableMachine("order", "Ask", "Done").register("Ask", { run: open, next: "Done" }).addExitStates("Done")
  )

/** Somebody else has taken the run, and ended it; it is purged. */
const forget = (world: World) =>
  Effect.gen(function*() {
    const { n } = (yield* world.store.show("r"))!
    const end = { status: "ended", outcome: "succeeded" } as const
    yield* world.store.append([append("r", n + 1, [row("exit", `{"x":{"s":"Done"}}`)], { head: end })])
    yield* TestClock.adjust(1)
    const { runs } = yield* world.store.purge({ endedBefore: 1e9, limit: 9 })
    assert.strictEqual(runs.length, 1)
  }).pipe(Effect.orDie)

const reasonOf = (fiber: Fiber.Fiber<unknown, unknown>): string => {
  const exit = fiber.pollUnsafe()
  return exit === undefined
    ? "it waits"
    : Exit.isFailure(exit)
    ? Cause.pretty(exit.cause).split("\n")[0]!
    : "it succeeded"
}

describe("an id that is used again", () => {
  for (const isReused of [false, true]) {
    it.effect(`who waits for a run that is purged is told so, ${isReused ? "and nothing of the next one" : "and waits no more"}`, () =>
      Effect.gen(function*() {
        yield* primeClock
        const world = yield* makeWorld
        const definition = machine(Effect.never)
        const other = yield* world.life(() => [definition])
        yield* inLife(other, definition.start("r", "Ask"))
        yield* pass(30)
        const life = yield* world.life(() => [definition])
        const waiting = yield* inLifeForked(life, definition.await("r"))
        yield* pass(30)
        other.crash()
        yield* forget(world)
        if (isReused) {
          yield* create(world.store, newRun("r"))
          yield* world.store.lease("cyd", 1e9)
          yield* claim(world.store, "r", "cyd")
        }
        yield* pass(100)
        assert.match(reasonOf(waiting), /RestoreError: .*it was purged before its end was seen here/)
      }))
  }

  it.effect("who waits is told so, also where the next run is driven and ends in his own process before he has looked", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      const blocked = machine(Effect.never)
      const other = yield* world.life(() => [blocked])
      yield* inLife(other, blocked.start("r", "Ask"))
      yield* pass(30)
      const definition = machine(Effect.void)
      // it looks once a minute
      const life = yield* world.life(() => [definition], { settings: { poll: "1 minute", parkAfter: "1 hour" } })
      const waiting = yield* inLifeForked(life, definition.await("r"))
      yield* pass(1)
      other.crash()
      yield* forget(world)
      assert.isTrue(yield* inLife(life, definition.start("r", "Ask")))
      yield* pass(1)
      assert.strictEqual((yield* world.store.show("r"))!.status, "ended")
      assert.match(reasonOf(waiting), /RestoreError: .*it was purged before its end was seen here/)
    }))

  it.effect("who was held up since he took the first run writes nothing to the second", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      const definition = machine(Effect.sleep(500))
      const zombie = yield* world.life(() => [definition])
      yield* inLife(zombie, definition.start("r", "Ask"))
      yield* pass(30)
      const place = (yield* world.store.show("r"))!.n
      yield* forget(world)
      yield* create(world.store, newRun("r"))
      yield* world.store.lease("cyd", 1e9)
      yield* claim(world.store, "r", "cyd")
      // he would stand at the next place of the second run
      assert.strictEqual((yield* world.store.show("r"))!.n, place)
      yield* pass(1000)
      assert.strictEqual((yield* world.store.show("r"))!.n, place)
      assert.deepInclude(yield* world.store.show("r"), { owner: "cyd", status: "running" })
      assert.isTrue(world.commits.some(({ written }) => written[0] === false))
    }))

  it.effect("who has asked the first run is not answered by a letter to the second", () =>
    Effect.gen(function*() {
      yield* primeClock
      const world = yield* makeWorld
      const definition = machine(Effect.never)
      const life = yield* world.life(() => [definition])
      yield* inLife(life, definition.start("r", "Ask"))
      yield* pass(30)
      const question = Signal.make("question", Schema.Int, { reply: Schema.Int })
      const other = yield* world.life(() => [])
      const handle = yield* inLife(other, Effect.map(Runs.get("r"), Option.getOrThrow))
      const asked = yield* inLifeForked(other, Effect.flip(handle.ask(question, 1)))
      yield* pass(30)
      assert.strictEqual(reasonOf(asked), "it waits")
      life.crash()
      yield* forget(world)
      yield* create(world.store, newRun("r"))
      yield* world.store.send("r", letter("question", 2))
      const takes = [{ seq: 1, answer: `{"value":7}` }]
      yield* world.store.append([append("r", 1, [], { takes })])
      yield* pass(100)
      assert.strictEqual((asked.pollUnsafe() as any).value.reason, "NoSuchRun")
    }))
})
