import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Option, Schedule, Schema, Stream } from "effect"
import { JoinStrategy, type Saga, TaskResult, Workflow } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import * as Task from "effect-cano/Task"
import { TestClock } from "effect/testing"
import { untyped } from "../kit/index.ts"

const boom = Effect.fail("boom" as const)
const Go = Signal.make("go", Schema.Boolean)

const recording = () => {
  const log: Array<string> = []
  const undo = (done: Saga.Done<unknown>, { key }: Saga.Step<unknown>) =>
    Effect.sync(() => void log.push(`undo ${key}${done._tag === "InDoubt" ? " ?" : ""}`))
  return { log, undo }
}

describe("work of a known kind that can be undone", () => {
  const kinds = {
    poll: Task.poll({
      poll: () => Effect.succeed(Option.none()),
      every: Schedule.spaced("1 second"),
      within: "1 hour"
    }),
    timer: Task.timer("1 hour"),
    stream: Task.stream({ open: () => Stream.never, count: 2, flush: () => Effect.void }),
    retry: Task.retry(boom, { schedule: Schedule.spaced("1 second") }),
    workflow: Task.workflow(
      Workflow.make<"W" | "Done">("child").registerSignal("W", Go, { next: "Done" }).addExitStates("Done"),
      "W"
    )
  }
  for (const [kind, task] of Object.entries(kinds)) {
    it.effect(`is cut off where it waits, and in doubt: a ${kind}`, () =>
      Effect.gen(function*() {
        const { log, undo } = recording()
        const fiber = yield* Effect.forkChild(
          untyped("trip").addExitStates("Done")
            .register("A", { run: task, compensate: undo, next: "Done" })
            .orchestrate("A", { runId: "r" }),
          { startImmediately: true }
        )
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(log, ["undo r/1/A ?"])
      }).pipe(Effect.provide(Runs.layer)))
  }

  it.effect("is in doubt if one of its attempts is", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      let attempts = 0
      const retry = Task.retry(
        Effect.suspend(() => attempts++ === 0 ? Effect.never : Effect.fail("declined" as const)),
        { schedule: Schedule.recurs(1), attemptTimeout: "1 second" }
      )
      const fiber = yield* Effect.forkChild(
        untyped("trip").addExitStates("Done")
          .register("A", { run: retry, compensate: undo, next: "Done" })
          .orchestrate("A", { runId: "r" })
      )
      yield* TestClock.adjust("1 second")
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) === "declined")
      assert.deepStrictEqual(log, ["undo r/1/A ?"])
    }))
})

describe("a branch that is cancelled before its turn", () => {
  it.effect("has not started, and is not undone", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const run = yield* Runs.fork(
        Workflow.make<"A" | "Done">("trip")
          .registerSplit("A", { a: Effect.sleep(10), b: Effect.void }, {
            strategy: JoinStrategy.all,
            bulkhead: 1,
            compensate: { a: undo, b: undo },
            next: "Done"
          })
          .addExitStates("Done"),
        "A",
        { runId: "r" }
      )
      yield* TestClock.adjust(0)
      assert.isTrue(yield* run.cancelBranch("b"))
      yield* TestClock.adjust(10)
      assert.isTrue(Exit.isFailure(yield* run.await))
      assert.deepStrictEqual(log, ["undo r/1/A/a"])
    }).pipe(Effect.scoped, Effect.provide(Runs.layer)))
})

describe("a run that is cancelled without its compensations", () => {
  it.effect("undoes nothing, nor does a workflow in it, nor what it has detached", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const child = Workflow.make<"C" | "W" | "Done">("child")
        .register("C", { run: Effect.void, compensate: undo, next: "W" })
        .register("W", Effect.never)
        .addExitStates("Done")
      const started = Workflow.make<"D" | "W" | "Done">("started")
        .register("D", { run: Effect.void, compensate: undo, next: "W" })
        .register("W", Effect.never)
        .addExitStates("Done")
      type S = "A" | "Race" | "B" | "Done"
      const run = yield* Runs.fork(
        Workflow.make<S>("trip").addExitStates("Done")
          .register("A", { run: Effect.void, compensate: undo, next: "Race" })
          .registerSplit("Race", { w: Effect.void, l: Effect.interruptible(Effect.never) }, {
            strategy: JoinStrategy.any,
            losers: "detach",
            compensate: { l: undo },
            next: "B"
          })
          .registerSplit("B", [Task.run(Task.workflow(child, "C"), "B"), started.orchestrate("D")], {
            strategy: JoinStrategy.all,
            next: "Done"
          }),
        "A",
        { runId: "r" }
      )
      yield* TestClock.adjust(0)
      assert.isTrue(Exit.isFailure(yield* run.cancel({ compensate: false })))
      assert.deepStrictEqual(log, [])
    }).pipe(Effect.scoped, Effect.provide(Runs.layer)))
})

describe("the plan of a rollback", () => {
  it.effect("is what is undone, with what workflows in it and detached branches do, and gets shorter", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const slow = (done: Saga.Done<unknown>, step: Saga.Step<unknown>) =>
        Effect.andThen(Effect.sleep(10), undo(done, step))
      type S = "A" | "Race" | "Fast" | "Leg" | "Leg2" | "B" | "C" | "D" | "Done"
      const child = Workflow.make<"Act" | "Wait" | "Done">("child")
        .register("Act", { run: Effect.void, compensate: slow, next: "Wait" })
        .register("Wait", Effect.void.pipe(Effect.as("Done" as const)))
        .addExitStates("Done")
      const waits = Workflow.make<"Act" | "Wait" | "Done">("waits")
        .register("Act", { run: Effect.void, compensate: slow, next: "Wait" })
        .register("Wait", Effect.never)
        .addExitStates("Done")
      const run = yield* Runs.fork(
        Workflow.make<S>("trip").addExitStates("Done")
          .register("A", { run: Effect.void, compensate: slow, next: "Race" })
          .register("Fast", { run: Effect.void, next: "Done" })
          .register("Leg", { run: Effect.void, compensate: slow, next: "Leg2" })
          .register("Leg2", Effect.never)
          .registerSplit("Race", () => TaskResult.split(["Leg", "Fast"]), {
            strategy: JoinStrategy.any,
            losers: "detach",
            next: "B"
          })
          .register("B", { run: Task.workflow(child, "Act"), next: "C" })
          .register("C", { run: Effect.void, compensate: slow, next: "D" })
          .register("D", { run: Task.workflow(waits, "Act"), next: "Done" }),
        "A",
        { runId: "r" }
      )
      yield* TestClock.adjust(0)
      const keys = Effect.map(run.rollbackPlan, (plan) => plan.map(({ key }) => key))
      const before = yield* keys
      assert.sameMembers([...before], [
        "r/2/Race/0/1/Leg",
        "r/5/D/waits/1/Act",
        "r/4/C",
        "r/3/B/child/1/Act",
        "r/1/A"
      ])
      const cancelling = yield* Effect.forkChild(run.cancel(), { startImmediately: true })
      yield* TestClock.adjust(10)
      yield* TestClock.adjust(10)
      assert.isAbove((yield* keys).length, 0)
      assert.isBelow((yield* keys).length, before.length)
      yield* TestClock.adjust(100)
      yield* Fiber.join(cancelling)
      assert.deepStrictEqual(yield* keys, [])
      assert.sameMembers(log.map((line) => line.slice("undo ".length)), [...before])
    }).pipe(Effect.scoped, Effect.provide(Runs.layer)))
})

describe("a state that leads on by its value", () => {
  it.effect("knows its own data there, too", () =>
    Effect.gen(function*() {
      type S = { readonly _tag: "A"; readonly n: number } | { readonly _tag: "Done"; readonly n: number }
      const run = Workflow.make<S>("w")
        .register("A", { run: Task.timer("1 second"), next: (_, { n }) => ({ _tag: "Done", n: n + 1 }) })
        .addExitStates("Done")
        .orchestrate({ _tag: "A", n: 1 })
      const fiber = yield* Effect.forkChild(run)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(fiber), { _tag: "Done", n: 2 })
    }))
})

describe("options in a wrong place", () => {
  it("are issues", () => {
    const machine = untyped("w").addExitStates("Done")
      .register("A", { run: Effect.void, pivot: true, next: "B" })
      .register("B", { run: Effect.void, to: ["Done"], next: () => "Done" })
    assert.deepStrictEqual(
      machine.validate().map(({ message, rule }) => [rule, message.replace(/;.*/, "")]),
      [["options", "state \"A\": pivot stands beside run"], ["options", "state \"B\": to stands beside run"]]
    )
    const entries = Workflow.fromEntries("w", {
      states: { A: { run: Effect.void, pivot: true, next: () => "Done" as const, to: ["Done"] } },
      exits: ["Done"]
    })
    assert.deepStrictEqual(entries.validate(), [])
  })
})
