import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Option, Schema } from "effect"
import { JoinStrategy, Saga, Workflow } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import { TestClock } from "effect/testing"

type S = "A" | "B" | "C" | "Done"
type Undo<E = never> = (done: Saga.Done<unknown>, step: Saga.Step<unknown>) => Effect.Effect<void, E>
const Go = Signal.make("go", Schema.Boolean)

const recording = () => {
  const log: Array<string> = []
  const undo = (_: Saga.Done<unknown>, { key }: Saga.Step<unknown>) =>
    Effect.andThen(Effect.sleep(10), Effect.sync(() => void log.push(`undo ${key}`)))
  return { log, undo }
}

const trip = <E = never>(undo: Undo<E>) =>
  Workflow.make<S>("trip")
    .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
    .registerSplit("B", { x: Effect.succeed("x"), y: Effect.as(Effect.sleep(5), "y") }, {
      strategy: JoinStrategy.all,
      compensate: { x: undo, y: undo },
      next: "C"
    })
    .registerSignal("C", Go, { next: "Done" })
    .addExitStates("Done")

describe("a run that is known", () => {
  it.effect("tells what it would undo, and undoes that when it is cancelled", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const run = yield* Runs.fork(trip(undo), "A", { runId: "r" })
      yield* TestClock.adjust(0)
      assert.deepStrictEqual((yield* run.rollbackPlan).map(({ done, key }) => `${key} ${done}`), [
        "r/2/B/y Running",
        "r/2/B/x Succeeded",
        "r/1/A Succeeded"
      ])
      yield* TestClock.adjust(5)
      const plan = yield* run.rollbackPlan
      assert.strictEqual(
        Saga.format(plan),
        "1. B, branch y (r/2/B/y): was done\n2. B, branch x (r/2/B/x): was done\n3. A (r/1/A): was done"
      )
      const cancelling = yield* Effect.forkChild(run.cancel(), { startImmediately: true })
      assert.strictEqual((yield* run.info).status, "compensating")
      yield* TestClock.adjust(15)
      const again = yield* Effect.forkChild(run.cancel({ compensate: false }), { startImmediately: true })
      yield* TestClock.adjust(15)
      const exit = yield* Fiber.join(cancelling)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      assert.strictEqual(yield* Fiber.join(again), exit)
      assert.deepStrictEqual(log, plan.map(({ key }) => `undo ${key}`))
      assert.deepStrictEqual(yield* run.rollbackPlan, [])
      assert.strictEqual((yield* run.info).status, "ended")
    }).pipe(Effect.scoped, Effect.provide(Runs.layer)))

  it.effect("undoes nothing if it is cancelled without", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const run = yield* Runs.fork(trip(undo), "A", { runId: "r" })
      yield* TestClock.adjust(5)
      const exit = yield* run.cancel({ compensate: false })
      assert.isTrue(Exit.isFailure(exit))
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(log, [])
    }).pipe(Effect.scoped, Effect.provide(Runs.layer)))

  it.effect("has nothing to undo when it has succeeded", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const run = yield* Runs.fork(trip(undo), "A", { runId: "r" })
      yield* TestClock.adjust(5)
      yield* run.signal(Go, true)
      assert.deepStrictEqual(yield* run.await, Exit.succeed("Done"))
      assert.deepStrictEqual(yield* run.rollbackPlan, [])
      assert.strictEqual(Saga.format([]), "nothing to undo")
      assert.deepStrictEqual(log, [])
    }).pipe(Effect.scoped, Effect.provide(Runs.layer)))

  it.effect("that is cancelled by its id ends its caller with what could not be undone", () =>
    Effect.gen(function*() {
      const caller = yield* Effect.forkChild(
        trip(() => Effect.fail("stuck")).orchestrate("A", { runId: "r" }),
        { startImmediately: true }
      )
      yield* TestClock.adjust(5)
      const exit = Option.getOrThrow(yield* Runs.cancel("r"))
      assert.isTrue(Option.isNone(yield* Runs.cancel("r")))
      const ended = yield* Fiber.await(caller)
      for (const each of [exit, ended]) {
        assert.isTrue(Exit.isFailure(each))
        const cause = (each as Exit.Failure<unknown, unknown>).cause
        assert.isTrue(Cause.hasInterrupts(cause))
        assert.deepInclude(cause.reasons.find(Cause.isFailReason)?.error, { _tag: "CompensationError" })
      }
    }).pipe(Effect.provide(Runs.layer)))
})
