import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger } from "effect"
import { JoinStrategy, type Saga, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"

type S = "A" | "B" | "C" | "Done"
const make = () => Workflow.make<S>("trip")
const boom = Effect.fail("boom" as const)

/** At a value that is no Effect a fiber ends as a whole, past its finalizers. */
const breaks = (millis: number): Effect.Effect<string> =>
  Effect.flatMap(Effect.sleep(millis), (): Effect.Effect<never> => 42 as never)

const recording = () => {
  const log: Array<string> = []
  const undo = (done: Saga.Done<unknown>, { key }: Saga.Step<unknown>) =>
    Effect.andThen(Effect.sleep(1), Effect.sync(() => void log.push(`undo ${key} ${done._tag}`)))
  return { log, undo }
}

describe("a step whose fiber ends at a value that is no Effect", () => {
  it.effect("is in doubt: the run goes back by itself, as nobody is left who could wait for it", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const fiber = yield* Effect.forkDetach(
        make()
          .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
          .register("B", { run: breaks(10), compensate: undo, next: "Done" })
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      yield* TestClock.adjust(10)
      assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
      yield* TestClock.adjust(2)
      assert.deepStrictEqual(log, ["undo r/2/B InDoubt", "undo r/1/A Succeeded"])
    }))

  it.effect("is undone as a branch, too", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const fiber = yield* Effect.forkChild(
        make()
          .registerSplit("B", { x: Effect.succeed("x"), y: breaks(10) }, {
            strategy: JoinStrategy.all,
            compensate: undo,
            next: "Done"
          })
          .addExitStates("Done")
          .orchestrate("B", { runId: "r" })
      )
      yield* TestClock.adjust(10)
      yield* TestClock.adjust(2)
      yield* Fiber.await(fiber)
      assert.deepStrictEqual(log, ["undo r/1/B/y InDoubt", "undo r/1/B/x Succeeded"])
    }))

  it.effect("is undone when it goes on detached, and the run waits for that", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const fiber = yield* Effect.forkChild(
        make()
          .registerSplit("B", { x: Effect.succeed("x"), y: breaks(10) }, {
            strategy: JoinStrategy.any,
            losers: "detach",
            compensate: undo,
            next: "Done"
          })
          .addExitStates("Done")
          .orchestrate("B", { runId: "r" })
          .pipe(Effect.provide(Logger.layer([])))
      )
      yield* TestClock.adjust(10)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* Fiber.join(fiber), "Done")
      assert.deepStrictEqual(log, ["undo r/1/B/y InDoubt"])
    }))

  it.effect("is undone as a loser, in the turn in which the join is decided", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const fiber = yield* Effect.forkChild(
        make()
          .registerSplit("B", { x: Effect.as(Effect.sleep(10), "x"), y: breaks(10) }, {
            strategy: JoinStrategy.any,
            bulkhead: 2,
            compensate: undo,
            next: "Done"
          })
          .addExitStates("Done")
          .orchestrate("B", { runId: "r" })
      )
      yield* TestClock.adjust(10)
      yield* TestClock.adjust(2)
      yield* Fiber.await(fiber)
      assert.include(log, "undo r/1/B/y InDoubt")
    }))
})

describe("what is kept", () => {
  it.effect("is told to the log where it could not be undone", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
      yield* Effect.exit(
        make()
          .register("A", { run: Effect.succeed("a"), compensate: () => Effect.fail("no"), next: "B" })
          .register("B", boom)
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
          .pipe(Effect.provide(Logger.layer([logger])))
      )
      assert.deepStrictEqual(lines, ["Error the compensation of r/1/A: failed"])
    }))

  it.effect("counts for the limit only as long as it is kept", () =>
    Effect.gen(function*() {
      type Loop = { readonly _tag: "Loop"; readonly n: number } | "Done"
      const run = Workflow.make<Loop>("loop")
        .registerSplit("Loop", { x: Effect.succeed("x"), y: Effect.succeed("y") }, {
          strategy: JoinStrategy.all,
          compensate: () => Effect.void,
          next: (_, { n }): Loop => n < 3 ? { _tag: "Loop", n: n + 1 } : "Done"
        })
        .addExitStates("Done")
      // each round keeps two, and fails what it can't keep
      const error = yield* Effect.flip(
        run.withCompensation({ most: 3 }).orchestrate({ _tag: "Loop", n: 0 })
      )
      assert.strictEqual(error._tag, "JoinUnsatisfiedError")
      assert.strictEqual(yield* run.withCompensation({ most: 8 }).orchestrate({ _tag: "Loop", n: 0 }), "Done")
      const losers = Workflow.make<Loop>("loop")
        .registerSplit("Loop", { x: Effect.succeed("x"), y: Effect.fail("no") }, {
          strategy: JoinStrategy.all,
          compensate: () => Effect.void,
          next: "Done",
          otherwise: (_, { n }): Loop => n < 50 ? { _tag: "Loop", n: n + 1 } : "Done"
        })
        .addExitStates("Done")
        .withCompensation({ most: 2 })
      assert.strictEqual(yield* losers.orchestrate({ _tag: "Loop", n: 0 }), "Done")
    }))
})
