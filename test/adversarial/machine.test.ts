import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Option } from "effect"
import { type CanoError, JoinStrategy, Split, TaskResult, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import {
  Census,
  defects,
  endsWithin,
  failed,
  interruptAndWait,
  slowToEnd,
  start,
  succeeded,
  tags,
  tally,
  wasInterrupted
} from "../kit/index.ts"

type State = "Fan" | "Work" | "Other" | "Done"

/** A split whose options may be anything at all. */
const fan = (branches: unknown, options: { readonly [key: string]: unknown }): Workflow.Any =>
  (Workflow.make<State>("w") as any)
    .registerSplit("Fan", branches, { strategy: JoinStrategy.all, next: "Done", ...options })
    .addExitStates("Done", "Other")

const run = (workflow: Workflow.Any, initial: State = "Fan"): Effect.Effect<unknown, unknown> =>
  workflow.orchestrate(initial) as Effect.Effect<unknown, unknown>

describe("next and otherwise (semantics 3 and 9)", () => {
  const targets: ReadonlyArray<readonly [string, readonly unknown[], { readonly [key: string]: unknown }]> = [
    ["next", [Effect.succeed(1)], {}],
    ["otherwise", [Effect.fail("no")], {}]
  ]
  for (const [name, branches, options] of targets) {
    const make = (to: unknown) => run(fan(branches, { ...options, [name]: to }))

    it.effect(`${name} that throws is a defect`, () =>
      Effect.gen(function*() {
        const bug = new Error("bug")
        const exit = yield* Effect.exit(make(() => {
          throw bug
        }))
        assert.deepStrictEqual(defects(exit), [bug])
      }))

    it.effect(`${name} that fails or dies is that failure, untouched and with a path`, () =>
      Effect.gen(function*() {
        const error = { mine: true }
        const exit = yield* Effect.exit(make(() => Effect.fail(error)))
        assert.strictEqual(failed(exit), error)
        const path = Exit.isFailure(exit) ? Option.getOrThrow(Workflow.path(exit.cause)) : undefined
        assert.deepStrictEqual(path?.states, ["Fan"])
        assert.deepStrictEqual(defects(yield* Effect.exit(make(() => Effect.die(error)))), [error])
      }))

    it.effect(`${name} that interrupts itself interrupts the run`, () =>
      Effect.gen(function*() {
        assert.isTrue(wasInterrupted(yield* Effect.exit(make(() => Effect.interrupt))))
      }))

    it.effect(`${name} that returns no state is a WorkflowError`, () =>
      Effect.gen(function*() {
        for (const value of ["Nowhere", undefined, null, 7, {}, { _tag: "Nowhere" }, TaskResult.split(["Done"])]) {
          for (const to of [() => value, () => Effect.succeed(value)]) {
            const error = failed(yield* Effect.exit(make(to)))
            assert.deepInclude(error, { _tag: "WorkflowError", state: "Fan" })
          }
        }
      }))

    it.effect(`${name} runs once, when every loser has ended`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const end = name === "next" ? Effect.succeed(1) : Effect.fail("no")
        const workflow = fan([slowToEnd(trail, "loser", 20), Effect.andThen(Effect.sleep(10), end)], {
          strategy: name === "next" ? JoinStrategy.any : JoinStrategy.allFailFast,
          [name]: () => {
            trail.push(name)
            return "Done"
          }
        })
        assert.strictEqual(succeeded(yield* endsWithin(run(workflow), 30)), "Done")
        assert.deepStrictEqual(trail, ["end loser", name])
      }))
  }

  it.effect("otherwise sees its own split's errors only: not one of next, of the branch function, or of itself", () =>
    Effect.gen(function*() {
      const foreign = yield* Effect.flip(
        endsWithin(
          Split.run([Effect.never], { strategy: JoinStrategy.all, timeout: 1 }),
          1
        ).pipe(Effect.flatMap((exit) => exit))
      )
      assert.strictEqual((foreign as { readonly _tag: string })._tag, "JoinTimeoutError")
      let asked = 0
      const otherwise = () => {
        asked++
        return Effect.fail(foreign)
      }
      const workflows = [
        fan(() => Effect.fail(foreign), { otherwise }),
        fan(Effect.fail(foreign), { otherwise }),
        fan([Effect.void], { otherwise, next: () => Effect.fail(foreign) })
      ]
      for (const workflow of workflows) {
        assert.strictEqual(failed(yield* Effect.exit(run(workflow))), foreign)
      }
      assert.strictEqual(asked, 0)
      assert.strictEqual(failed(yield* Effect.exit(run(fan([Effect.fail("no")], { otherwise })))), foreign)
      assert.strictEqual(asked, 1)
    }))

  it.effect("a nested workflow's join error is its branch's failure, not the outer split's", () =>
    Effect.gen(function*() {
      const inner = fan([Effect.never], { timeout: 10 })
      const outer = fan([run(inner), Effect.succeed(1)], {
        next: "Done",
        otherwise: (error: CanoError.JoinUnsatisfiedError) => {
          assert.strictEqual(error._tag, "JoinUnsatisfiedError")
          assert.deepStrictEqual(error.result.tally, tally(1, 1))
          return "Other"
        }
      })
      assert.strictEqual(succeeded(yield* endsWithin(run(outer), 10)), "Other")
    }))

  it.effect("a list that breaks is not a join that failed: otherwise is not asked", () =>
    Effect.gen(function*() {
      const bug = new Error("list")
      const lists: ReadonlyArray<() => Iterable<unknown>> = [
        function*() {
          throw bug
        },
        function*() {
          yield Effect.never
          yield 42
        }
      ]
      for (const list of lists) {
        const exit = yield* Effect.exit(run(fan(list, { otherwise: "Other" })))
        assert.isTrue(Exit.isFailure(exit))
        if (defects(exit).length === 0) assert.strictEqual(failed(exit)._tag, "WorkflowError")
        else assert.deepStrictEqual(defects(exit), [bug])
      }
    }))
})

describe("re-entrancy (semantics 10)", () => {
  it.effect("one workflow value runs a hundred times at once, each run on its own", () =>
    Effect.gen(function*() {
      const census = new Census()
      const workflow = Workflow.make<State>("w")
        .registerSplit("Fan", [
          census.count(Effect.as(Effect.sleep(10), "a")),
          census.count(Effect.never),
          census.count(Effect.as(Effect.sleep(20), "b"))
        ], { strategy: JoinStrategy.quorum(2), bulkhead: 3, next: "Work" })
        .register("Work", function*() {
          const { visit } = yield* Workflow.CurrentRun
          assert.strictEqual(visit, 2)
          return "Done"
        })
        .addExitStates("Done", "Other")
      const exit = yield* endsWithin(
        Effect.forEach(Array.from({ length: 100 }), () => workflow.orchestrate("Fan"), { concurrency: "unbounded" }),
        20
      )
      assert.deepStrictEqual(new Set(succeeded(exit)), new Set(["Done"]))
      assert.deepStrictEqual([census.started, census.most, census.running], [300, 300, 0])
    }))

  it.effect("one effect of orchestrate runs many times at once with ids of its own for each", () =>
    Effect.gen(function*() {
      const ids = new Set<string>()
      const effect = Workflow.make<State>("w").register("Work", function*() {
        const { runId } = yield* Workflow.CurrentRun
        yield* Effect.yieldNow
        ids.add(runId)
        return "Done"
      }).addExitStates("Done").orchestrate("Work")
      yield* Effect.all(Array.from({ length: 50 }, () => effect), { concurrency: "unbounded" })
      assert.strictEqual(ids.size, 50)
    }))

  it.effect("a branch that runs the same workflow from another state is a run of its own", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const workflow: Workflow.Any = (Workflow.make<State>("w") as any)
        .registerSplit("Fan", () => [run(workflow, "Work"), run(workflow, "Work")], {
          strategy: JoinStrategy.all,
          next: (result: { readonly values: ReadonlyArray<unknown> }) => {
            trail.push(...result.values.map(String))
            return "Done"
          }
        })
        .register("Work", () => Effect.andThen(Effect.sleep(10), Effect.succeed("Other")))
        .addExitStates("Done", "Other")
      assert.strictEqual(succeeded(yield* endsWithin(run(workflow), 10)), "Done")
      assert.deepStrictEqual(trail, ["Other", "Other"])
    }))

  it.effect("follow-on branches are cut off with their own splits and children", () =>
    Effect.gen(function*() {
      const census = new Census()
      const workflow = Workflow.make<"Fan" | "Quick" | "Slow" | "Done">("w")
        .registerSplit("Fan", () => TaskResult.split(["Slow", "Quick", "Slow"]), {
          strategy: JoinStrategy.any,
          next: "Done"
        })
        .register("Quick", Effect.as(Effect.sleep(10), "Done" as const))
        .registerSplit("Slow", [census.count(Effect.never), census.count(Effect.never)], {
          strategy: JoinStrategy.all,
          next: "Done"
        })
        .addExitStates("Done")
      assert.strictEqual(succeeded(yield* endsWithin(workflow.orchestrate("Fan"), 10)), "Done")
      assert.deepStrictEqual([census.started, census.running], [4, 0])
    }))
})

describe("resources (semantics 9)", () => {
  const resource = (trail: Array<string>, name: string, before: Effect.Effect<unknown, string> = Effect.void) =>
    Layer.effectDiscard(Effect.acquireRelease(
      Effect.andThen(before, Effect.sync(() => trail.push(`up ${name}`))),
      () => Effect.sync(() => trail.push(`down ${name}`))
    ))

  it.effect("a Layer that fails or dies half-way releases what was built, and no state is entered", () =>
    Effect.gen(function*() {
      const bug = new Error("layer")
      const bad: ReadonlyArray<Layer.Layer<never, Error>> = [
        Layer.effectDiscard(Effect.fail(bug)),
        Layer.effectDiscard(Effect.die(bug)),
        Layer.unwrap(Effect.suspend((): Effect.Effect<Layer.Layer<never>> => {
          throw bug
        }))
      ]
      for (const layer of bad) {
        const trail: Array<string> = []
        const workflow = Workflow.make<State>("w")
          .register(
            "Work",
            Effect.sync(() => {
              trail.push("entered")
              return "Done" as const
            })
          )
          .addExitStates("Done")
          .withResources(resource(trail, "a"))
          .withResources(layer)
        const exit = yield* Effect.exit(workflow.orchestrate("Work"))
        assert.strictEqual(defects(exit).length === 1 ? defects(exit)[0] : failed(exit), bug)
        assert.deepStrictEqual(trail, ["up a", "down a"])
      }
    }))

  it.effect("a Layer that hangs is ended by withTimeout, with what was built released", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const workflow = Workflow.make<State>("w")
        .register("Work", Effect.succeed("Done" as const))
        .addExitStates("Done")
        .withResources(resource(trail, "a"))
        .withResources(Layer.effectDiscard(slowToEnd(trail, "layer", 20)))
        .withTimeout(50)
      const exit = yield* endsWithin(workflow.orchestrate("Work"), 70)
      assert.strictEqual(failed(exit)._tag, "WorkflowTimeoutError")
      assert.deepStrictEqual(trail, ["up a", "end layer", "down a"])
    }))

  it.effect("the run's resources are released after the last loser, whatever ends the run", () =>
    Effect.gen(function*() {
      const ends: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown>]> = [
        ["success", Effect.andThen(Effect.sleep(10), Effect.succeed(1))],
        ["timeout", Effect.never],
        ["interruption", Effect.never]
      ]
      for (const [how, end] of ends) {
        const trail: Array<string> = []
        const workflow = Workflow.make<State>("w")
          .registerSplit("Fan", [slowToEnd(trail, "loser", 20), end], { strategy: JoinStrategy.any, next: "Done" })
          .addExitStates("Done")
          .withResources(resource(trail, "a"))
          .withTimeout(how === "timeout" ? 10 : 1000)
        const fiber = yield* start(workflow.orchestrate("Fan"))
        const interruption = how === "interruption" ? yield* start(interruptAndWait(fiber)) : undefined
        yield* TestClock.adjust(30)
        assert.isDefined(fiber.pollUnsafe(), how)
        if (interruption !== undefined) assert.isTrue(wasInterrupted(yield* Fiber.join(interruption)))
        assert.deepStrictEqual(trail, ["up a", "end loser", "down a"])
      }
    }))

  it.effect("a hundred runs at once build and release a hundred times", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const gate = yield* Deferred.make<void>()
      const workflow = Workflow.make<State>("w")
        .register("Work", Effect.as(Deferred.await(gate), "Done" as const))
        .addExitStates("Done")
        .withResources(resource(trail, "a"))
      const fibers = yield* Effect.forEach(Array.from({ length: 100 }), () => start(workflow.orchestrate("Work")))
      assert.strictEqual(trail.length, 100)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.awaitAll(fibers)
      assert.strictEqual(trail.filter((line) => line === "down a").length, 100)
    }))
})

describe("the budget of a run (withTimeout)", () => {
  it.effect("awaits the finalizers of the branches it ends, which do not change the verdict", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const workflow = fan([
        slowToEnd(trail, "slow", 100),
        Effect.ensuring(Effect.never, Effect.die("finalizer")),
        Effect.uninterruptible(Effect.sleep(100))
      ], {}).withTimeout(50)
      const fiber = yield* start(run(workflow))
      yield* TestClock.adjust(149)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      const exit = yield* Fiber.await(fiber)
      assert.strictEqual(failed(exit)._tag, "WorkflowTimeoutError")
      assert.deepStrictEqual(defects(exit), [])
      assert.deepStrictEqual(trail, ["end slow"])
    }))

  it.effect("tells how branches have ended, though their children have not", () =>
    Effect.gen(function*() {
      const then = (end: Effect.Effect<unknown, unknown>) =>
        Effect.andThen(Effect.forkChild(slowToEnd([], "child", 60), { startImmediately: true }), end)
      for (const bulkhead of [undefined, 3]) {
        const split = Workflow.make<"Fan" | "Done">("w")
          .registerSplit("Fan", [then(Effect.void), then(Effect.fail("no")), Effect.never], {
            strategy: JoinStrategy.all,
            bulkhead,
            next: "Done"
          })
          .addExitStates("Done")
        const around = Workflow.make<"Work" | "Done">("around")
          .register("Work", split.orchestrate("Fan"))
          .addExitStates("Done")
        for (const run of [split.withTimeout(20).orchestrate("Fan"), around.withTimeout(20).orchestrate("Work")]) {
          const exit = yield* endsWithin(run, 90)
          assert.deepStrictEqual(tags(failed(exit).result), ["Succeeded", "Failed", "Interrupted"])
        }
      }
    }))

  it.effect("at the same instant as the end of the run either wins, and nobody is left", () =>
    Effect.gen(function*() {
      const census = new Census()
      const workflow = fan([census.count(Effect.sleep(50)), census.count(Effect.never)], {
        strategy: JoinStrategy.any,
        timeout: 50,
        otherwise: "Other"
      }).withTimeout(50)
      const exit = yield* endsWithin(run(workflow), 50)
      if (Exit.isFailure(exit)) assert.strictEqual(failed(exit)._tag, "WorkflowTimeoutError")
      else assert.include(["Done", "Other"], exit.value)
      assert.strictEqual(census.running, 0)
    }))

  it.effect("of a nested run ends that run only", () =>
    Effect.gen(function*() {
      const inner = fan([Effect.never], {}).withTimeout(10)
      const outer = fan([run(inner), Effect.as(Effect.sleep(20), 1)], { strategy: JoinStrategy.any })
      assert.strictEqual(succeeded(yield* endsWithin(run(outer), 20)), "Done")
    }))
})

describe("a definition is read once and kept (semantics 9)", () => {
  it.effect("a workflow that is misconfigured builds and starts nothing, however often it is run", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const workflow = fan([Effect.sync(() => trail.push("branch"))], { bulkhead: 0, strategy: JoinStrategy.quorum(2) })
        .withResources(Layer.effectDiscard(Effect.sync(() => trail.push("resource"))))
      for (let i = 0; i < 3; i++) {
        const error = failed(yield* Effect.exit(run(workflow as Workflow.Any)))
        assert.strictEqual(error._tag, "ConfigurationError")
        assert.deepStrictEqual(error.issues.map((issue: CanoError.Issue) => issue.rule), ["count", "bulkhead"])
      }
      assert.deepStrictEqual(trail, [])
    }))

  it.effect("a machine that synchronously loops for ever lets an interruption in", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"A" | "B" | "Done">("loop")
        .register("A", Effect.succeed("B" as const))
        .registerSplit("B", [Effect.succeed(1)], { strategy: JoinStrategy.all, next: "A" })
        .addExitStates("Done")
      const fiber = yield* start(workflow.orchestrate("A"))
      assert.isTrue(wasInterrupted(yield* interruptAndWait(fiber)))
    }))
})
