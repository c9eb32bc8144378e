import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Fiber, Layer, Option, Schedule } from "effect"
import { Bulkhead, CanoError, JoinStrategy, type Saga, Split, TaskResult, Workflow } from "effect-cano"
import * as Task from "effect-cano/Task"
import { TestClock } from "effect/testing"
import { type Untyped, untyped } from "../kit/index.ts"

const boom = Effect.fail("boom" as const)

const recording = () => {
  const log: Array<string> = []
  const say = (line: string) => Effect.sync(() => void log.push(line))
  const undo = (done: Saga.Done<unknown>, { key }: Saga.Step<unknown>) =>
    say(`undo ${key}${done._tag === "InDoubt" ? " ?" : ""}`)
  return { log, say, undo }
}

const after = (millis: number, name: string) => Effect.as(Effect.sleep(millis), name)

/** Runs something for a time, and gives its exit. */
const over = (run: Effect.Effect<unknown, unknown>, ...times: ReadonlyArray<number>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkDetach(run, { startImmediately: true })
    for (const time of times) yield* TestClock.adjust(time)
    yield* TestClock.adjust("1 minute")
    const exit = fiber.pollUnsafe()
    assert.isDefined(exit)
    return exit!
  })

const failureOf = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? exit.cause.reasons.find(Cause.isFailReason)?.error : undefined

const errorOf = (exit: Exit.Exit<unknown, unknown>): CanoError.CompensationError => {
  const error = failureOf(exit)
  assert.instanceOf(error, CanoError.CompensationError)
  return error as CanoError.CompensationError
}

/** A split into follow-on states, of which the first to end wins, and the others go on. */
const race = (workflow: Untyped, ...legs: ReadonlyArray<string>): Untyped =>
  workflow.addExitStates("Done").register("Win", { run: Effect.sleep(5), next: "Done" })
    .registerSplit("Race", () => TaskResult.split(["Win", ...legs]), {
      strategy: JoinStrategy.any,
      losers: "detach",
      next: "Done"
    })

describe("a branch that goes on detached", () => {
  it.effect("is undone when it has ended, with all that it does until then", () =>
    Effect.gen(function*() {
      const { log, say, undo } = recording()
      const exit = yield* over(
        race(
          untyped("trip")
            .register("Leg", { run: after(20, "hotel"), compensate: undo, next: "Leg2" })
            .registerSplit("Leg2", { a: after(10, "a"), b: after(20, "b") }, {
              strategy: JoinStrategy.all,
              compensate: undo,
              next: "Leg3"
            })
            .register("Leg3", { run: say("last work"), next: "Done" }),
          "Leg"
        ).orchestrate("Race", { runId: "r" })
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(log, [
        "last work",
        "undo r/1/Race/1/2/Leg2/b",
        "undo r/1/Race/1/2/Leg2/a",
        "undo r/1/Race/1/1/Leg"
      ])
    }))

  it.effect("is undone as far as it has got when the run fails, in the split that it stands in, too", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const machine = untyped("trip").addExitStates("Done")
        .register("Win", { run: Effect.sleep(5), next: "Done" })
        .registerSplit("Leg", { a: after(10, "a"), b: Effect.interruptible(Effect.never) }, {
          strategy: JoinStrategy.all,
          compensate: undo,
          next: "Done"
        })
        .registerSplit("Race", () => TaskResult.split(["Win", "Leg"]), {
          strategy: JoinStrategy.any,
          losers: "detach",
          next: "Fail"
        })
        .register("Fail", { run: Effect.andThen(Effect.sleep(45), boom), next: "Done" })
      const exit = yield* over(machine.orchestrate("Race", { runId: "r" }), 50)
      assert.strictEqual(failureOf(exit), "boom")
      assert.sameMembers(log, ["undo r/1/Race/1/1/Leg/a", "undo r/1/Race/1/1/Leg/b ?"])
    }))

  it.effect("keeps nothing from its pivot on", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      yield* over(
        race(
          untyped("trip")
            .register("Leg", { run: after(20, "hotel"), compensate: undo, next: "Leg2" })
            .register("Leg2", { run: Effect.sleep(10), next: "Leg3" }, { pivot: true })
            .register("Leg3", { run: after(10, "more"), compensate: undo, next: "Done" }),
          "Leg"
        ).orchestrate("Race", { runId: "r" })
      )
      assert.deepStrictEqual(log, [])
    }))

  it.effect("is undone with the workflow that it has begun after the decision", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const child = Task.workflow(
        untyped("child").register("A", { run: Effect.sleep(10), compensate: undo, next: "Done" })
          .addExitStates("Done") as never,
        "A" as never
      )
      const machine = untyped("trip").addExitStates("Done")
        .registerSplit("Race", {
          w: Effect.sleep(5),
          l: Effect.andThen(Effect.sleep(20), Task.run(child, "A" as never))
        }, {
          strategy: JoinStrategy.any,
          losers: "detach",
          next: "Done"
        })
        .withCompensation({})
      assert.isTrue(Exit.isSuccess(yield* over(machine.orchestrate("Race", { runId: "r" }))))
      assert.deepStrictEqual(log, ["undo r/1/Race/l/child/1/A"])
    }))

  it.effect("is the error of the run, which goes back, if it could not be undone", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const machine = untyped("trip").addExitStates("Done")
        .register("Start", { run: Effect.void, compensate: undo, next: "Race" })
        .registerSplit("Race", { w: Effect.sleep(5), l: Effect.sleep(20) }, {
          strategy: JoinStrategy.any,
          losers: "detach",
          compensate: { l: () => Effect.fail("stuck") },
          next: "Done"
        })
      const error = errorOf(yield* over(machine.orchestrate("Start", { runId: "r" })))
      assert.deepStrictEqual(error.failures.map(({ key }) => key), ["r/2/Race/l"])
      assert.deepStrictEqual(error.original.reasons.length, 0)
      assert.deepStrictEqual(log, ["undo r/1/Start"])
    }))
})

describe("a loser that could not be undone", () => {
  const inner = (name: string, wait: number, compensate: unknown) => (workflow: Untyped): Untyped =>
    workflow.registerSplit(name, { w: Effect.void, l: Effect.sleep(wait) }, {
      strategy: JoinStrategy.any,
      losers: "await",
      compensate: { l: compensate },
      next: "Done"
    })

  it.effect("ends the run from inside of a branch: neither next nor otherwise is entered", () =>
    Effect.gen(function*() {
      for (const strategy of [JoinStrategy.all, JoinStrategy.any] as const) {
        const { log, say, undo } = recording()
        const machine = inner("X", 1, () => Effect.fail("stuck"))(untyped("trip").addExitStates("Done"))
          .register("Y", { run: Effect.sleep(50), next: "Done" })
          .register("Start", { run: Effect.void, compensate: undo, next: "Split" })
          .registerSplit("Split", () => TaskResult.split(["X", "Y"]), {
            strategy,
            next: () => Effect.as(say("next"), "Done"),
            otherwise: () => Effect.as(say("otherwise"), "Done")
          })
        const error = errorOf(yield* over(machine.orchestrate("Start", { runId: "r" })))
        assert.deepStrictEqual(error.failures.map(({ key }) => key), ["r/2/Split/0/1/X/l"])
        assert.deepStrictEqual(log, ["undo r/1/Start"])
      }
    }))

  it.effect("fails its own branch only: another one that undoes its own in the meantime is none", () =>
    Effect.gen(function*() {
      let own: unknown
      const machine = inner("Y", 10, () => Effect.andThen(Effect.sleep(10), Effect.fail("stuck")))(
        inner("X", 1, () => Effect.sleep(60))(untyped("trip").addExitStates("Done"))
      ).registerSplit("Split", () => TaskResult.split(["X", "Y"]), {
        strategy: JoinStrategy.all,
        onOutcome: (outcome: { readonly _tag: string; readonly index: number }) =>
          Effect.sync(() => {
            if (outcome.index === 0) own = outcome._tag
          }),
        next: "Done"
      })
      errorOf(yield* over(machine.orchestrate("Split", { runId: "r" })))
      assert.strictEqual(own, "Succeeded")
    }))
})

describe("workflows in each other", () => {
  class Res extends Context.Service<Res, { readonly id: number; isOpen: boolean }>()("Res") {}
  const resource = (say: (line: string) => Effect.Effect<void>, release: Effect.Effect<void> = Effect.void) => {
    let built = 0
    return Layer.effect(
      Res,
      Effect.acquireRelease(
        Effect.sync(() => ({ id: ++built, isOpen: true as boolean })),
        (res) =>
          Effect.andThen(
            say(`close ${res.id}`),
            Effect.andThen(Effect.sync(() => void (res.isOpen = false)), res.id > 1 ? release : Effect.void)
          )
      )
    )
  }
  const parent = (child: Untyped): Untyped =>
    untyped("parent").addExitStates("Done")
      .register("P", { run: Task.workflow(child as never, "C" as never), next: "Fail" })
      .register("Fail", boom)

  it.effect("are undone with the resources of those around them, built anew", () =>
    Effect.gen(function*() {
      const { log, say } = recording()
      const tell = (name: string) => () => Res.use(({ id, isOpen }) => say(`undo ${name} at ${id} ${isOpen}`))
      const inner = untyped("inner").addExitStates("Done")
        .register("G", { run: Effect.void, compensate: tell("G"), next: "Done" })
      // needs what the one around it has
      const needy = untyped("needy").addExitStates("Done")
        .register("N", { run: Effect.void, compensate: tell("N"), next: "Done" })
        .withResources(Layer.effectDiscard(Res.use(({ id, isOpen }) => say(`build at ${id} ${isOpen}`))))
      const child = untyped("child").addExitStates("Done")
        .register("C", { run: Effect.void, compensate: tell("C"), next: "D" })
        .register("D", { run: Task.workflow(inner as never, "G" as never), next: "E" })
        .register("E", { run: Task.workflow(needy as never, "N" as never), next: "Done" })
        .withResources(resource(say))
      yield* over(parent(child).orchestrate("P"))
      assert.deepStrictEqual(log, [
        "build at 1 true",
        "close 1",
        "build at 2 true",
        "undo N at 2 true",
        "undo G at 2 true",
        "undo C at 2 true",
        "close 2"
      ])
    }))

  it.effect("whose resources are not built in time are not undone, and the others are", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      let built = 0
      const hangs = Layer.effectDiscard(
        Effect.suspend(() => built++ === 0 ? Effect.void : Effect.uninterruptible(Effect.never))
      )
      const child = untyped("child").addExitStates("Done")
        .register("C", { run: Effect.void, compensate: undo, next: "Done" })
        .withResources(hangs)
        .withCompensation({ timeout: 50, grace: 10 })
      const machine = parent(child).register("Start", { run: Effect.void, compensate: undo, next: "P" })
      const error = errorOf(yield* over(machine.orchestrate("Start", { runId: "r" }), 50, 10))
      assert.deepStrictEqual(error.failures.map(({ how, key }) => [key, how]), [["r/2/P/child/1/C", "not started"]])
      assert.deepStrictEqual(log, ["undo r/1/Start"])
    }))

  it.effect("have been undone, however the release of their resources goes", () =>
    Effect.gen(function*() {
      const { log, say, undo } = recording()
      const child = untyped("child").addExitStates("Done")
        .register("C", { run: Effect.void, compensate: undo, next: "Done" })
        .withResources(resource(say, Effect.die("no release")))
      const exit = yield* over(parent(child).orchestrate("P", { runId: "r" }))
      assert.strictEqual(failureOf(exit), "boom")
      assert.deepStrictEqual(log, ["close 1", "undo r/1/P/child/1/C", "close 2"])
    }))

  it.effect("are undone within the time of their own policy", () =>
    Effect.gen(function*() {
      const child = untyped("child").addExitStates("Done")
        .register("C", { run: Effect.void, compensate: () => Effect.sleep(200), next: "Done" })
        .withCompensation({ within: 50 })
      const error = errorOf(yield* over(parent(child).orchestrate("P", { runId: "r" }), 50))
      assert.deepStrictEqual(error.failures.map(({ how }) => how), ["timed out"])
    }))

  it.effect("count for the most that a run keeps", () =>
    Effect.gen(function*() {
      let undone = 0
      const child = untyped("child").addExitStates("Done")
        .register("C", { run: Effect.void, compensate: () => Effect.sync(() => undone++), next: "Done" })
      const machine = untyped("trip").addExitStates("Done")
        .register("Loop", { run: Task.workflow(child as never, "C" as never), next: "Loop" })
        .withCompensation({ most: 10 })
      assert.deepInclude(failureOf(yield* over(machine.orchestrate("Loop"))), { rule: "max-compensations" })
      assert.strictEqual(undone, 10)
    }))

  it.effect("may be very many", () =>
    Effect.gen(function*() {
      let undone = 0
      const compensate = () => Effect.sync(() => undone++)
      const child = untyped("child").addExitStates("Done")
        .register("C", { run: Effect.void, compensate, next: "Done" })
      type Loop = { readonly _tag: "Loop"; readonly n: number } | "Fail" | "Done"
      const loop = Workflow.make<Loop>("loop").addExitStates("Done", "Fail")
        .register("Loop", {
          run: (state) => Effect.as(Task.run(Task.workflow(child as never, "C" as never), "C" as never), state.n),
          next: (n) => n < 150_000 ? { _tag: "Loop", n: n + 1 } : "Done"
        })
        .withCompensation({ most: 1_000_000 })
      const machine = untyped("trip").addExitStates("Done")
        .register("Start", { run: Effect.void, compensate, next: "P" })
        .register("P", { run: Task.workflow(loop as never, { _tag: "Loop", n: 1 } as never), next: "Fail" })
        .register("Fail", boom)
        .withCompensation({ most: 1_000_000 })
      assert.strictEqual(failureOf(yield* Effect.exit(machine.orchestrate("Start"))), "boom")
      assert.strictEqual(undone, 150_001)
    }), 60_000)
})

describe("a compensation", () => {
  it.effect("has keys for what it starts, which are those of the step", () =>
    Effect.gen(function*() {
      const { log, say } = recording()
      const key = Effect.flatMap(Workflow.CurrentRun, ({ key }) => say(key))
      const refund = untyped("refund").addExitStates("Done").register("R", { run: key, next: "Done" })
      const machine = untyped("trip").addExitStates("Done")
        .register("A", {
          run: Effect.void,
          compensate: () =>
            Effect.andThen(
              Split.run({ x: key, y: key }, { strategy: JoinStrategy.all, name: "refunds" }),
              Task.run(Task.workflow(refund as never, "R" as never), "R" as never)
            ),
          next: "Fail"
        })
        .register("Fail", boom)
      yield* over(machine.orchestrate("A", { runId: "r", maxBranches: 0 }))
      assert.deepStrictEqual(log, [
        "r/1/A#compensate/refunds/x",
        "r/1/A#compensate/refunds/y",
        "r/1/A#compensate/refund/1/R"
      ])
    }))

  it.effect("keeps nothing to be undone itself, and counts as deep as it stands", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const refund = untyped("refund").addExitStates("Done")
        .register("R", { run: Effect.void, compensate: undo, next: "Done" })
      const twice = untyped("trip").addExitStates("Done")
        .register("A", {
          run: Effect.void,
          compensate: () => Task.run(Task.workflow(refund as never, "R" as never), "R" as never),
          next: "Fail"
        })
        .register("Fail", boom)
      assert.strictEqual(failureOf(yield* over(twice.orchestrate("A"))), "boom")
      assert.deepStrictEqual(log, [])
      let depth = 0
      const endless: Untyped = untyped("trip").addExitStates("Done")
        .register("A", {
          run: Effect.sync(() => depth++),
          compensate: () => endless.orchestrate("A"),
          next: "Fail"
        })
        .register("Fail", boom)
      errorOf(yield* over(endless.orchestrate("A", { maxDepth: 10 })))
      assert.strictEqual(depth, 11)
    }))

  it.effect("does not change why the run has failed, however long it takes", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      for (const layers of [false, true]) {
        const machine = untyped("trip").addExitStates("Done")
          .register("A", {
            run: Effect.void,
            compensate: (done: Saga.Done<unknown>, step: Saga.Step<unknown>) =>
              Effect.andThen(Effect.sleep(100), undo(done, step)),
            next: "Fail"
          })
          .register("Fail", boom)
          .withTimeout(50)
        const run = (layers ? machine.withResources(Layer.empty) : machine).orchestrate("A", { runId: "r" })
        assert.strictEqual(failureOf(yield* over(run, 50, 50)), "boom")
      }
      assert.deepStrictEqual(log, ["undo r/1/A", "undo r/1/A"])
    }))

  it.effect("is refused a place of a bulkhead that a branch around it holds still, at once", () =>
    Effect.gen(function*() {
      const pool = yield* Bulkhead.make("pool", { places: 1 })
      const machine = untyped("trip").addExitStates("Done")
        .registerSplit("X", { w: Effect.void, l: Effect.sleep(1) }, {
          strategy: JoinStrategy.any,
          losers: "await",
          compensate: { l: () => pool.withPlace(Effect.void) },
          next: "Done"
        })
        .registerSplit("Split", () => TaskResult.split(["X"]), {
          strategy: JoinStrategy.all,
          bulkhead: pool,
          next: "Done"
        })
      const error = errorOf(yield* over(machine.orchestrate("Split"), 1))
      assert.instanceOf(Cause.squash(error.failures[0]!.cause), CanoError.BulkheadReentryError)
    }))

  it.effect("belongs to a branch, not to what all objects have", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const machine = untyped("trip").addExitStates("Done")
        .registerSplit("A", () => ({ x: Effect.void, toString: Effect.void, constructor: Effect.void }), {
          strategy: JoinStrategy.all,
          compensate: { x: undo },
          next: "Fail"
        })
        .register("Fail", boom)
      assert.strictEqual(failureOf(yield* over(machine.orchestrate("A", { runId: "r" }))), "boom")
      assert.deepStrictEqual(log, ["undo r/1/A/x"])
      const stranger = untyped("trip").addExitStates("Done")
        .registerSplit("A", () => ({ x: Effect.void }), {
          strategy: JoinStrategy.all,
          compensate: { y: undo },
          next: "Done"
        })
      assert.match((failureOf(yield* over(stranger.orchestrate("A"))) as Error).message, /compensate names branch "y"/)
    }))

  it.effect("of losers is remembered by nobody, once it has been done", () =>
    Effect.gen(function*() {
      type Loop = { readonly _tag: "Loop"; readonly n: number } | "Fail" | "Done"
      const run = Workflow.make<Loop>("loop").addExitStates("Done")
        .registerSplit("Loop", { w: Effect.void, l: Effect.void }, {
          strategy: JoinStrategy.any,
          losers: "await",
          compensate: { l: () => Effect.void },
          next: (_, { n }): Loop => n < 100 ? { _tag: "Loop", n: n + 1 } : "Fail"
        })
        .register("Fail", { run: boom, compensate: () => Effect.fail("no"), inDoubt: "always", next: "Done" })
        .orchestrate({ _tag: "Loop", n: 0 })
      assert.deepStrictEqual(errorOf(yield* over(run)).compensated, [])
    }))
})

describe("a step that ends with an error of the engine", () => {
  const child = untyped("child").addExitStates("Done").register("C", { run: Effect.never, next: "Done" })
  const stuck = untyped("stuck").addExitStates("Done")
    .register("A", { run: Effect.void, compensate: () => Effect.fail("no"), next: "B" })
    .register("B", boom)
  const ends: { readonly [what: string]: unknown } = {
    "a run that has timed out": child.withTimeout(10).orchestrate("C"),
    "a join that has timed out": Split.run([Effect.never], { strategy: JoinStrategy.all, timeout: 10 }),
    "a join that is not satisfied": Split.run([Effect.void, boom], { strategy: JoinStrategy.all }),
    "a poll without an answer": Task.run(
      Task.poll({ poll: () => Effect.succeed(Option.none()), every: Schedule.spaced(5), within: 10 }),
      undefined
    ),
    "a run that could not be undone": stuck.orchestrate("A"),
    "a Promise that is at work already": () => Promise.resolve()
  }
  for (const [what, run] of Object.entries(ends)) {
    it.effect(`is in doubt: ${what}`, () =>
      Effect.gen(function*() {
        const { log, undo } = recording()
        const machine = untyped("trip").addExitStates("Done").register("A", { run, compensate: undo, next: "Done" })
        yield* over(machine.orchestrate("A", { runId: "r" }), 10)
        assert.deepStrictEqual(log, ["undo r/1/A ?"])
      }))
  }

  it.effect("is not done if nothing has started", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const machine = untyped("trip").addExitStates("Done")
        .register("A", { run: untyped("none").orchestrate("A"), compensate: undo, next: "Done" })
      yield* over(machine.orchestrate("A"))
      assert.deepStrictEqual(log, [])
    }))
})

describe("what says nothing", () => {
  it.effect("is an issue: inDoubt without a compensation", () =>
    Effect.gen(function*() {
      const machine = untyped("trip").addExitStates("Done")
        .register("A", { run: Effect.void, inDoubt: "skip", next: "B" })
        .registerSplit("B", [Effect.void], { strategy: JoinStrategy.all, inDoubt: "skip", next: "Done" })
      assert.deepStrictEqual(machine.validate().map(({ rule, state }) => [rule, state]), [
        ["compensate", "A"],
        ["compensate", "B"]
      ])
    }))

  it.effect("is not keep: follow-on branches that have completed stay done", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const machine = untyped("trip").addExitStates("Done")
        .register("X", { run: Effect.void, compensate: undo, next: "Done" })
        .register("Y", { run: Effect.sleep(10), compensate: undo, next: "Done" })
        .registerSplit("Split", () => TaskResult.split(["X", "Y"]), {
          strategy: JoinStrategy.any,
          losers: "await",
          keep: "completed",
          next: "Done"
        })
      assert.isTrue(Exit.isSuccess(yield* over(machine.orchestrate("Split"), 10)))
      assert.deepStrictEqual(log, [])
    }))

  it.effect("is not an interruption of the caller: the fiber of the run awaits what is undone", () =>
    Effect.gen(function*() {
      const { log, undo } = recording()
      const machine = untyped("trip").addExitStates("Done")
        .register("A", { run: Effect.void, compensate: undo, next: "B" })
        .register("B", { run: Effect.never, next: "Done" })
      const fiber = yield* Effect.forkChild(machine.orchestrate("A", { runId: "r" }), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(log, ["undo r/1/A"])
    }))
})
