/**
 * Written by re-reading the machine and asking what breaks if X happens before Y.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import { start } from "../kit/index.ts"

type State = "A" | "B" | "Done" | "Degraded"

const resource = (trail: Array<string>, name: string, acquire: Effect.Effect<unknown> = Effect.void) =>
  Layer.effectDiscard(
    Effect.acquireRelease(
      Effect.andThen(acquire, Effect.sync(() => trail.push(`+${name}`))),
      () => Effect.sync(() => trail.push(`-${name}`))
    )
  )

describe("interruption", () => {
  it.effect("while resources are acquired releases what there is and runs no state", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const workflow = Workflow.make<State>("w")
        .register(
          "A",
          Effect.sync(() => {
            trail.push("A")
            return "Done" as const
          })
        )
        .addExitStates("Done")
        .withResources(resource(trail, "one"))
        .withResources(Layer.effectDiscard(Effect.never))
      const fiber = yield* start(workflow.orchestrate("A"))
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(trail, ["+one", "-one"])
    }))

  for (const where of ["a task", "next", "otherwise", "a branch function"] as const) {
    it.effect(`in ${where} ends the run and releases its resources`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const hang = Effect.onInterrupt(Effect.never, () => Effect.sync(() => trail.push("cut")))
        const make = Workflow.make<State>("w").addExitStates("Done").withResources(resource(trail, "one"))
        const strategy = JoinStrategy.all
        const workflow = where === "a task"
          ? make.register("A", hang)
          : where === "next"
          ? make.registerSplit("A", [Effect.void], { strategy, next: () => hang })
          : where === "otherwise"
          ? make.registerSplit("A", [Effect.fail("no")], { strategy, next: "Done", otherwise: () => hang })
          : make.registerSplit("A", () => Effect.as(hang, [Effect.void]), { strategy, next: "Done" })
        const fiber = yield* start((workflow as any).orchestrate("A") as Effect.Effect<unknown>)
        yield* Fiber.interrupt(fiber)
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
        assert.deepStrictEqual(trail, ["+one", "cut", "-one"])
      }))
  }

  it.effect("of one run leaves another run of the same workflow alone", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const workflow = Workflow.make<State>("w")
        .registerSplit("A", [Deferred.await(gate), Deferred.await(gate)], { strategy: JoinStrategy.all, next: "Done" })
        .addExitStates("Done")
      const [one, two] = [yield* start(workflow.orchestrate("A")), yield* start(workflow.orchestrate("A"))]
      yield* Fiber.interrupt(one)
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(two), "Done")
    }))
})

describe("failing parts", () => {
  it.effect("a release that dies is a defect, also after a run that succeeded", () =>
    Effect.gen(function*() {
      const dying = Layer.effectDiscard(Effect.acquireRelease(Effect.void, () => Effect.die("release")))
      const workflow = Workflow.make<State>("w").register("A", Effect.succeed("Done")).addExitStates("Done")
        .withResources(dying)
      const exit = yield* Effect.exit(workflow.orchestrate("A"))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    }))

  it.effect("a next or otherwise that fails is the error of the run, untouched", () =>
    Effect.gen(function*() {
      const strategy = JoinStrategy.all
      const next = Workflow.make<State>("w")
        .registerSplit("A", [Effect.void], { strategy, next: () => Effect.fail("next" as const) })
        .addExitStates("Done")
      assert.strictEqual(yield* Effect.flip((next as any).orchestrate("A") as Effect.Effect<unknown, unknown>), "next")
      const otherwise = Workflow.make<State>("w")
        .registerSplit("A", [Effect.fail("no")], {
          strategy,
          next: "Done",
          otherwise: () => Effect.fail("otherwise" as const)
        })
        .addExitStates("Done")
      assert.strictEqual(
        yield* Effect.flip((otherwise as any).orchestrate("A") as Effect.Effect<unknown, unknown>),
        "otherwise"
      )
    }))

  it.effect("a finalizer of a task that dies while its own error is on the way keeps both", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<State>("w")
        .register("A", Effect.ensuring(Effect.fail("task"), Effect.die("finalizer")))
        .addExitStates("Done")
      const exit = yield* Effect.exit((workflow as any).orchestrate("A") as Effect.Effect<unknown, unknown>)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    }))
})

describe("size and re-entrancy", () => {
  it.effect("a run loops through a split state thousands of times", () =>
    Effect.gen(function*() {
      let rounds = 0
      const workflow = Workflow.make<State>("loop")
        .registerSplit("A", [Effect.sync(() => ++rounds), Effect.void], {
          strategy: JoinStrategy.all,
          next: ({ values }) => values[0] < 5000 ? "A" : "Done"
        })
        .addExitStates("Done")
      assert.strictEqual(yield* workflow.orchestrate("A"), "Done")
      assert.strictEqual(rounds, 5000)
    }))

  it.effect("a task may run its own workflow", () =>
    Effect.gen(function*() {
      type Count = { readonly _tag: "Down"; readonly n: number } | { readonly _tag: "Zero" }
      const run = (n: number): Effect.Effect<unknown, unknown> => countdown.orchestrate({ _tag: "Down", n })
      const countdown: { orchestrate: (initial: Count) => Effect.Effect<Count, unknown> } = Workflow.make<Count>(
        "countdown"
      )
        .register("Down", ({ n }) =>
          Effect.as(n === 0 ? Effect.void : Effect.orDie(run(n - 1)), { _tag: "Zero" as const }))
        .addExitStates("Zero")
      assert.deepStrictEqual(yield* run(50), { _tag: "Zero" })
    }))

  it.effect("a machine of ten thousand transitions keeps a bounded path and lets others run", () =>
    Effect.gen(function*() {
      let turns = 0
      const other = yield* start(
        Effect.whileLoop({ while: () => true, body: () => Effect.yieldNow, step: () => turns++ })
      )
      let n = 0
      const workflow = Workflow.make<State>("long")
        .register("A", Effect.sync(() => ++n < 10_000 ? "B" as const : "Done" as const))
        .register("B", Effect.succeed("A"))
        .addExitStates("Done")
      yield* workflow.orchestrate("A")
      yield* Fiber.interrupt(other)
      assert.isAbove(turns, 0)
    }))

  it.effect("resources of a run serve its branches, and a workflow run as a branch has its own", () =>
    Effect.gen(function*() {
      class Id extends Context.Service<Id, number>()("test/Id") {}
      let next = 0
      const live = Layer.effect(Id, Effect.sync(() => ++next))
      const inner = Workflow.make<State>("inner")
        .register("A", Effect.flatMap(Id, (id) => Effect.succeed(id === 2 ? "Done" : "Degraded")))
        .addExitStates("Done", "Degraded")
        .withResources(live)
      const outer = Workflow.make<State>("outer")
        .registerSplit("A", [Id, Id, inner.orchestrate("A")], {
          strategy: JoinStrategy.all,
          next: ({ values: [a, b, exit] }) => a === 1 && b === 1 ? exit : "Degraded"
        })
        .addExitStates("Done", "Degraded")
        .withResources(live)
      assert.strictEqual(yield* outer.orchestrate("A"), "Done")
    }))

  it.effect("a budget that ends during a split ends its branches", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const branch = Effect.onInterrupt(Effect.never, () =>
        Effect.andThen(Effect.sleep(10), Effect.sync(() => trail.push("cut"))))
      const workflow = Workflow.make<State>("w")
        .registerSplit("A", [branch, branch], { strategy: JoinStrategy.all, next: "Done" })
        .addExitStates("Done")
        .withResources(resource(trail, "one"))
        .withTimeout("1 second")
      const fiber = yield* start(Effect.flip(workflow.orchestrate("A")))
      yield* TestClock.adjust(1010)
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "WorkflowTimeoutError")
      assert.deepStrictEqual(trail, ["+one", "cut", "cut", "-one"])
    }))
})
