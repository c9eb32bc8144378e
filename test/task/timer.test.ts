/**
 * `Task.timer`: until when it waits.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, DateTime, Effect, Exit, Fiber } from "effect"
import { CanoError, JoinStrategy, Workflow } from "effect-cano"
import * as Task from "effect-cano/Task"
import { TestClock } from "effect/testing"
import { assertEvents, listenTo, start, succeeded, timed, until } from "../kit/index.ts"

const day = 86_400_000

/** How long a timer waits that starts at 1000. */
const waited = (task: Task.Task<unknown, void, never, never>, most = 60 * day) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(1000)
    const [exit, end] = yield* timed(Task.run(task), most)
    succeeded(exit)
    return end - 1000
  })

describe("Task.timer", () => {
  it.effect("waits for a duration", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* waited(Task.timer("3 seconds")), 3000)
    }))

  it.effect("waits until an instant", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* waited(Task.timer(DateTime.makeUnsafe(5500))), 4500)
    }))

  it.effect("waits longer than a timer of JavaScript can, for either", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* waited(Task.timer("40 days")), 40 * day)
    }))

  it.effect("waits longer than a timer of JavaScript can, until an instant", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* waited(Task.timer(DateTime.makeUnsafe(1000 + 40 * day))), 40 * day)
    }))

  it.effect("asks a function of the state for either", () =>
    Effect.gen(function*() {
      type State =
        | { readonly _tag: "Wait"; readonly for: number }
        | { readonly _tag: "Hold"; readonly to: number }
        | "Done"
      const workflow = Workflow.make<State>("w")
        .register("Wait", { run: Task.timer((state) => state.for), next: { _tag: "Hold", to: 5000 } })
        .register("Hold", { run: Task.timer(({ to }) => DateTime.makeUnsafe(to)), next: "Done" })
        .addExitStates("Done")
      const [exit, end] = yield* timed(workflow.orchestrate({ _tag: "Wait", for: 200 }))
      assert.deepStrictEqual([succeeded(exit), end], ["Done", 5000])
    }))

  it.effect("does not wait for what has passed", () =>
    Effect.gen(function*() {
      for (
        const past of [0, DateTime.makeUnsafe(999), DateTime.makeUnsafe(1000), () => -5, () => DateTime.makeUnsafe(0)]
      ) {
        assert.strictEqual(yield* waited(Task.timer(past)), 0)
      }
    }))

  it.effect("goes on within a minute where the clock was set forward, and waits where it was set back", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let step = 0
      const stepping: Clock.Clock = Object.assign(Object.create(clock), {
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + step,
        currentTimeMillis: Effect.sync(() => clock.currentTimeMillisUnsafe() + step)
      })
      const timer = Task.run(Task.timer(DateTime.makeUnsafe(10 * day)))
      const fiber = yield* start(Effect.provideService(timer, Clock.Clock, stepping))
      yield* TestClock.adjust("1 day")
      step = -day
      yield* TestClock.adjust("9 days")
      assert.isUndefined(fiber.pollUnsafe())
      step = 2 * day
      yield* TestClock.adjust("59 seconds")
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.isSuccess(fiber.pollUnsafe()!))
    }))

  it.effect("is interrupted as it waits, and holds no timer then", () =>
    Effect.gen(function*() {
      for (const time of ["40 days", DateTime.makeUnsafe(80 * day)] as const) {
        const fiber = yield* until(Task.run(Task.timer(time)), "30 days")
        yield* Fiber.interrupt(fiber)
        assert.isTrue(Exit.isFailure(fiber.pollUnsafe()!))
      }
    }))

  it.effect("tells listeners of its wait, and until when it is", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"A" | "B" | "Done">("w")
        .register("A", { run: Task.timer("3 seconds"), next: "B" })
        .registerSplit("B", { x: Task.run(Task.timer(DateTime.makeUnsafe(5000))), y: Effect.never }, {
          strategy: JoinStrategy.any,
          next: "Done"
        })
        .addExitStates("Done")
      const [exit] = yield* timed(listenTo(workflow.orchestrate("A", { runId: "r" })))
      const { events } = succeeded(exit)
      assertEvents(events)
      assert.deepStrictEqual(
        events.flatMap((event) =>
          event._tag === "WaitStarted" || event._tag === "WaitEnded"
            ? [[event._tag, event.key, event.at, event.until, event.waits]]
            : []
        ),
        [
          ["WaitStarted", "r/1/A", 0, 3000, "timer"],
          ["WaitEnded", "r/1/A", 3000, 3000, "timer"],
          ["WaitStarted", "r/2/B/x", 3000, 5000, "timer"],
          ["WaitEnded", "r/2/B/x", 5000, 5000, "timer"]
        ]
      )
    }))

  it.effect("has one end where the time of its run is up at the same instant", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"A" | "Done">("w")
        .register("A", { run: Task.timer("3 seconds"), next: "Done" })
        .addExitStates("Done")
        .withTimeout("3 seconds")
      const [exit] = yield* timed(listenTo(workflow.orchestrate("A")))
      const { events, exit: ended } = succeeded(exit)
      assertEvents(events)
      if (Exit.isFailure(ended)) {
        assert.instanceOf(Cause.squash(ended.cause), CanoError.WorkflowTimeoutError)
      } else assert.strictEqual(ended.value, "Done")
    }))

  it.effect("dies of what is no time, and says so", () =>
    Effect.gen(function*() {
      for (const bad of [NaN, "soon", undefined, Promise.resolve(1), new Date()]) {
        const exit = yield* Effect.exit(Task.run(Task.timer(() => bad as any)))
        assert.include(String(exit), "it must return a duration or a DateTime")
      }
    }))
})
