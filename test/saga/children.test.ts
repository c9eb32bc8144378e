import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Fiber, Layer } from "effect"
import { CanoError, JoinStrategy, type Saga, Workflow } from "effect-cano"
import * as Task from "effect-cano/Task"
import { TestClock } from "effect/testing"
import { assertEvents, listenTo } from "../kit/index.ts"

type S = "A" | "B" | "C" | "D" | "Done"
const make = (name: string) => Workflow.make<S>(name)
const boom = Effect.fail("boom" as const)

const recording = () => {
  const log: Array<string> = []
  const say = (line: string) => Effect.sync(() => void log.push(line))
  const undo = (_: Saga.Done<unknown>, { key }: Saga.Step<unknown>) => say(`undo ${key}`)
  return { log, say, undo }
}

const errorOf = (exit: Exit.Exit<unknown, unknown>): CanoError.CompensationError => {
  const error = Exit.isFailure(exit) ? exit.cause.reasons.find(Cause.isFailReason)?.error : undefined
  assert.instanceOf(error, CanoError.CompensationError)
  return error as CanoError.CompensationError
}

describe("a workflow as the work of a state", () => {
  it.effect("hands what it has done to the run that it stands in, which undoes it in its place", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const child = make("child")
        .register("A", { run: Effect.succeed(1), compensate: undo, next: "B" })
        .register("B", { run: Effect.succeed(2), compensate: undo, next: "Done" })
        .addExitStates("Done")
      const { events } = yield* listenTo(Effect.exit(
        make("trip")
          .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
          .register("B", { run: Task.workflow(child, "A"), next: "C" })
          .register("C", { run: Effect.succeed("c"), compensate: undo, next: "D" })
          .register("D", boom)
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      ))
      assertEvents(events)
      assert.deepStrictEqual(log, [
        "undo r/3/C",
        "undo r/2/B/child/2/B",
        "undo r/2/B/child/1/A",
        "undo r/1/A"
      ])
    }))

  it.effect("is kept where it is the only thing that could be undone", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const child = make("child").register("A", { run: Effect.void, compensate: undo, next: "Done" }).addExitStates(
        "Done"
      )
      const of = (next: "B" | "Done") =>
        make("trip")
          .register("A", { run: Task.workflow(child, "A"), next: () => next })
          .register("B", boom)
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      yield* of("Done")
      assert.deepStrictEqual(log, [])
      yield* Effect.exit(of("B"))
      assert.deepStrictEqual(log, ["undo r/1/A/child/1/A"])
    }))

  it.effect("is undone with its own resources, built once more, and by its own policy", () =>
    Effect.gen(function*() {
      const { log, say } = recording()
      class Desk extends Context.Service<Desk, { readonly id: number; isOpen: boolean }>()("Desk") {}
      let built = 0
      const desk = Layer.effect(
        Desk,
        Effect.acquireRelease(
          Effect.sync(() => ({ id: ++built, isOpen: true as boolean })),
          (desk) =>
            Effect.andThen(
              say(`close ${desk.id}`),
              Effect.sync(() => {
                desk.isOpen = false
              })
            )
        )
      )
      const child = make("child")
        .register("A", {
          run: Desk.use(({ id }) => say(`work at ${id}`)),
          compensate: () => Desk.use(({ id, isOpen }) => say(`undo at ${id} ${isOpen}`)),
          next: "Done"
        })
        .withResources(desk)
        .addExitStates("Done")
      yield* Effect.exit(
        make("trip")
          .register("A", { run: Task.workflow(child, "A"), next: "B" })
          .register("B", boom)
          .addExitStates("Done")
          .orchestrate("A")
      )
      assert.deepStrictEqual(log, ["work at 1", "close 1", "undo at 2 true", "close 2"])
    }))

  it.effect("whose resources can't be built again is told of, step by step", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      let built = 0
      const once = Layer.effectDiscard(Effect.suspend(() => built++ === 0 ? Effect.void : Effect.fail("gone" as const)))
      const child = make("child")
        .register("A", { run: Effect.void, compensate: undo, next: "B" })
        .register("B", { run: Effect.void, compensate: undo, next: "Done" })
        .withResources(once)
        .addExitStates("Done")
      const error = errorOf(
        yield* Effect.exit(
          make("trip")
            .register("A", { run: Effect.void, compensate: undo, next: "B" })
            .register("B", { run: Task.workflow(child, "A"), next: "C" })
            .register("C", boom)
            .addExitStates("Done")
            .orchestrate("A", { runId: "r" })
        )
      )
      assert.deepStrictEqual(error.failures.map(({ how, key }) => [key, how]), [
        ["r/2/B/child/2/B", "not started"],
        ["r/2/B/child/1/A", "not started"]
      ])
      assert.deepStrictEqual(error.compensated, ["r/1/A"])
      assert.strictEqual(Cause.squash(error.failures[0]!.cause), "gone")
      assert.deepStrictEqual(log, ["undo r/1/A"])
    }))

  it.effect("that has failed goes back by itself", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const child = make("child")
        .register("A", { run: Effect.void, compensate: undo, next: "B" })
        .register("B", boom)
        .addExitStates("Done")
      const exit = yield* Effect.exit(
        make("trip")
          .register("A", { run: Effect.void, compensate: undo, next: "B" })
          .register("B", { run: Task.workflow(child, "A"), next: "Done" })
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      assert.deepStrictEqual(log, ["undo r/2/B/child/1/A", "undo r/1/A"])
      assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) === "boom")
    }))

  it.effect("that has passed a pivot hands nothing up", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const child = make("child")
        .register("A", { run: Effect.void, compensate: undo, next: "B" })
        .register("B", { run: Effect.void, next: "Done" }, { pivot: true })
        .addExitStates("Done")
      yield* Effect.exit(
        make("trip")
          .register("A", { run: Effect.void, compensate: undo, next: "B" })
          .register("B", { run: Task.workflow(child, "A"), next: "C" })
          .register("C", boom)
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      assert.deepStrictEqual(log, ["undo r/1/A"])
    }))
})

describe("a workflow as a branch", () => {
  it.effect("that loses is undone as a branch is; one that is kept, with the run", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const child = (millis: number) =>
        Task.workflow(
          make(`child${millis}`)
            .register("A", { run: Effect.sleep(millis), compensate: undo, next: "Done" })
            .addExitStates("Done"),
          "A"
        )
      const fiber = yield* Effect.forkChild(
        make("trip")
          .registerSplit("A", { x: Task.run(child(10), "A"), y: Task.run(child(20), "A") }, {
            strategy: JoinStrategy.any,
            losers: "await",
            next: "B"
          })
          .register(
            "B",
            Effect.suspend(() => {
              log.push("B")
              return boom
            })
          )
          .addExitStates("Done")
          .withCompensation({})
          .orchestrate("A", { runId: "r" })
      )
      yield* TestClock.adjust(20)
      yield* Fiber.await(fiber)
      assert.deepStrictEqual(log, ["undo r/1/A/y/child20/1/A", "B", "undo r/1/A/x/child10/1/A"])
    }))

  it.effect("of a run that keeps nothing commits", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const child = make("child").register("A", { run: Effect.void, compensate: undo, next: "Done" }).addExitStates(
        "Done"
      )
      yield* Effect.exit(
        make("trip")
          .registerSplit("A", [Task.run(Task.workflow(child, "A"), "A")], { strategy: JoinStrategy.all, next: "B" })
          .register("B", boom)
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      assert.deepStrictEqual(log, [])
    }))
})

describe("a run whose Layers fail when they are released", () => {
  it.effect("has failed, and goes back with its resources built once more", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      let isFirst = true
      const resource = Layer.effectDiscard(
        Effect.acquireRelease(Effect.void, () =>
          Effect.suspend(() => {
            const dies = isFirst
            isFirst = false
            return dies ? Effect.die("no release") : Effect.void
          }))
      )
      const exit = yield* Effect.exit(
        make("trip")
          .register("A", { run: Effect.void, compensate: undo, next: "Done" })
          .addExitStates("Done")
          .withResources(resource)
          .orchestrate("A", { runId: "r" })
      )
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.deepStrictEqual(log, ["undo r/1/A"])
    }))
})
