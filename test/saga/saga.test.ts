import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Data, Deferred, Effect, Exit, Fiber, Layer, Option, Schedule } from "effect"
import { Bulkhead, CanoError, JoinStrategy, type Saga, TaskResult, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import { faultsOfEvents, listenTo } from "../kit/index.ts"

class Refused extends Data.TaggedError("Refused")<{ readonly what: string }> {}

type S = "A" | "B" | "C" | "Done" | "Other"
const make = () => Workflow.make<S>("trip")
const boom = Effect.fail("boom" as const)

/** A world in which things are done and undone. */
const world = () => {
  const log: Array<string> = []
  const say = (line: string) => Effect.sync(() => void log.push(line))
  return {
    log,
    say,
    /** Undoes, and says what it was told. */
    undo: (done: Saga.Done<unknown>, { key }: Saga.Step<unknown>) =>
      say(`undo ${key} ${done._tag === "Succeeded" ? String(done.value) : "?"}`)
  }
}

const failing = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? exit.cause.reasons.find(Cause.isFailReason)?.error : assert.fail("it succeeded")

const errorOf = (exit: Exit.Exit<unknown, unknown>): CanoError.CompensationError => {
  const error = failing(exit)
  assert.instanceOf(error, CanoError.CompensationError)
  return error as CanoError.CompensationError
}

describe("a run that fails", () => {
  it.effect("undoes what was done, the last thing first, and fails as it would have", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const run = make()
        .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
        .register("B", { run: Effect.succeed("b"), compensate: undo, next: "C" })
        .register("C", boom)
        .addExitStates("Done")
        .orchestrate("A", { runId: "r" })
      const exit = yield* Effect.exit(run)
      assert.deepStrictEqual(log, ["undo r/2/B b", "undo r/1/A a"])
      assert.strictEqual(failing(exit), "boom")
      assert.deepStrictEqual(Option.getOrThrow(Workflow.path((exit as Exit.Failure<never, never>).cause)).states, [
        "A",
        "B",
        "C"
      ])
    }))

  it.effect("undoes each visit of a state once", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      type Loop = { readonly _tag: "Loop"; readonly n: number } | "Done"
      const run = Workflow.make<Loop>("loop")
        .register("Loop", {
          run: ({ n }) => n < 3 ? Effect.succeed(n) : boom,
          compensate: (done, step) =>
            Effect.andThen(
              undo(done, step),
              Effect.sync(() =>
                assert.strictEqual(step.state.n, step.key.includes("/1/") ? 0 : step.key.includes("/2/") ? 1 : 2)
              )
            ),
          next: (n) => ({ _tag: "Loop", n: n + 1 })
        })
        .addExitStates("Done")
        .orchestrate({ _tag: "Loop", n: 0 }, { runId: "r" })
      yield* Effect.exit(run)
      assert.deepStrictEqual(log, ["undo r/3/Loop 2", "undo r/2/Loop 1", "undo r/1/Loop 0"])
    }))

  it.effect("tells a compensation the state, the key and why", () =>
    Effect.gen(function*() {
      const told: Array<unknown> = []
      type Pay = { readonly _tag: "Pay"; readonly sum: number } | "Fail" | "Done"
      yield* Effect.exit(
        Workflow.make<Pay>("pay")
          .register("Pay", {
            run: ({ sum }) => Effect.succeed({ receipt: sum }),
            compensate: (done, { branch, cause, key, state }) =>
              Effect.map(Workflow.CurrentRun, (current) =>
                void told.push(
                  done,
                  branch,
                  Cause.squash(cause),
                  key,
                  state,
                  current.key,
                  current.state,
                  current.runId
                )),
            next: "Fail"
          })
          .register("Fail", boom)
          .addExitStates("Done")
          .orchestrate({ _tag: "Pay", sum: 7 }, { runId: "r" })
      )
      assert.deepStrictEqual(told, [
        { _tag: "Succeeded", value: { receipt: 7 } },
        undefined,
        "boom",
        "r/1/Pay",
        { _tag: "Pay", sum: 7 },
        "r/1/Pay#compensate",
        "Pay",
        "r"
      ])
    }))

  it.effect("undoes nothing where it succeeds", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const run = make()
        .register("A", { run: Effect.succeed("a"), compensate: undo, next: "Done" })
        .addExitStates("Done")
        .orchestrate("A")
      assert.strictEqual(yield* run, "Done")
      assert.deepStrictEqual(log, [])
    }))

  for (
    const [what, end] of [
      ["a defect", Effect.die("bug")],
      ["a state that is none", Effect.succeed("Nowhere" as "Done")],
      ["an interruption of itself", Effect.interrupt]
    ] as const
  ) {
    it.effect(`goes back for ${what}, too`, () =>
      Effect.gen(function*() {
        const { log, undo } = world()
        const run = make()
          .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
          .register("B", end as Effect.Effect<"Done">)
          .addExitStates("Done")
        const exit = yield* Effect.exit(run.orchestrate("A", { runId: "r" }))
        assert.isTrue(Exit.isFailure(exit))
        assert.deepStrictEqual(log, ["undo r/1/A a"])
      }))
  }

  it.effect("goes back for a timeout, which is the cause that compensations are told", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      let why: Cause.Cause<unknown> = Cause.empty
      const fiber = yield* Effect.forkChild(
        make()
          .register("A", {
            run: Effect.succeed("a"),
            compensate: (done, step) => {
              why = step.cause
              // the time of the run is up; that of the compensation is its own
              return Effect.andThen(Effect.sleep("10 seconds"), undo(done, step))
            },
            next: "B"
          })
          .register("B", Effect.never)
          .addExitStates("Done")
          .withTimeout("1 second")
          .orchestrate("A", { runId: "r" })
      )
      yield* TestClock.adjust("1 second")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("10 seconds")
      const exit = yield* Fiber.await(fiber)
      assert.deepStrictEqual(log, ["undo r/1/A a"])
      assert.instanceOf(failing(exit), CanoError.WorkflowTimeoutError)
      assert.instanceOf(Cause.squash(why), CanoError.WorkflowTimeoutError)
      assert.strictEqual((Cause.squash(why) as CanoError.WorkflowTimeoutError).state, "B")
    }))

  it.effect("goes back only for what it is told to", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const of = (end: Effect.Effect<"Done", "boom">, on: ReadonlyArray<"failure" | "defect" | "interruption">) =>
        Effect.exit(
          make()
            .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
            .register("B", end)
            .addExitStates("Done")
            .withCompensation({ on })
            .orchestrate("A", { runId: "r" })
        )
      yield* of(boom, ["defect", "interruption"])
      yield* of(Effect.die("bug"), ["failure", "interruption"])
      yield* of(Effect.interrupt, ["failure", "defect"])
      assert.deepStrictEqual(log, [])
      yield* of(boom, ["failure"])
      yield* of(Effect.die("bug"), ["defect"])
      yield* of(Effect.interrupt, ["interruption"])
      assert.strictEqual(log.length, 3)
    }))

  it("goes back at once where nothing waits, also under runSync", () => {
    const { log, undo } = world()
    const exit = Effect.runSyncExit(
      make()
        .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
        .registerSplit("B", { x: Effect.succeed("x"), y: boom }, {
          strategy: JoinStrategy.all,
          compensate: undo,
          next: "Done"
        })
        .addExitStates("Done")
        .withCompensation({ branches: "at once", retry: Schedule.recurs(2) })
        .orchestrate("A", { runId: "r" })
    )
    assert.instanceOf(failing(exit), CanoError.JoinUnsatisfiedError)
    assert.deepStrictEqual(log, ["undo r/2/B/x x", "undo r/1/A a"])
  })
})

describe("a step that does not succeed", () => {
  const ends = {
    "a typed failure": boom,
    "a timeout": Effect.fail(new Cause.TimeoutError("late")),
    "a defect": Effect.die("bug"),
    "an interruption": Effect.interrupt
  }
  const told = (inDoubt: Saga.Doubt | undefined) =>
    Effect.forEach(Object.entries(ends), ([what, end]) => {
      const { log, undo } = world()
      return Effect.map(
        Effect.exit(
          make()
            .register("A", {
              run: end as Effect.Effect<string, unknown>,
              compensate: undo as (done: unknown) => Effect.Effect<void>,
              inDoubt,
              next: "Done"
            })
            .addExitStates("Done")
            .orchestrate("A", { runId: "r" })
        ),
        () => log.length === 0 ? [] : [what]
      )
    }).pipe(Effect.map((all) => all.flat()))

  it.effect("is in doubt unless it says that nothing was done", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* told(undefined), ["a timeout", "a defect", "an interruption"])
    }))
  it.effect("is in doubt always, or never, where that is said", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* told("always"), Object.keys(ends))
      assert.deepStrictEqual(yield* told("skip"), [])
    }))

  it.effect("tells how it ended", () =>
    Effect.gen(function*() {
      let done: Saga.Done<unknown> | undefined
      yield* Effect.exit(
        make()
          .register("A", {
            run: () => {
              throw new Error("thrown")
            },
            compensate: (given) => Effect.sync(() => void (done = given)),
            next: "Done"
          })
          .addExitStates("Done")
          .orchestrate("A")
      )
      assert.strictEqual(done?._tag, "InDoubt")
      assert.match(Cause.pretty((done as Saga.InDoubt).cause), /thrown/)
    }))
})

describe("an interruption", () => {
  it.effect("does not stop a step that can be undone: it completes, and is undone", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const fiber = yield* Effect.forkChild(
        make()
          .register("A", { run: Effect.as(Effect.sleep("1 second"), "charged"), compensate: undo, next: "Done" })
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      yield* Effect.yieldNow
      fiber.interruptUnsafe()
      yield* Effect.yieldNow
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const exit = yield* Fiber.await(fiber)
      assert.deepStrictEqual(log, ["undo r/1/A charged"])
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
    }))

  it.effect("stops the parts that a step reopens, which leaves it in doubt", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const fiber = yield* Effect.forkChild(
        make()
          .register("A", { run: Effect.interruptible(Effect.never), compensate: undo, next: "Done" })
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(log, ["undo r/1/A ?"])
    }))

  it.effect("does not touch the compensations, however often it comes", () =>
    Effect.gen(function*() {
      const { log, say } = world()
      const entered = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        make()
          .register("A", {
            run: Effect.succeed("a"),
            // interruptible, as any Effect is
            compensate: () =>
              Effect.andThen(
                Deferred.succeed(entered, undefined),
                Effect.interruptible(Effect.onInterrupt(Effect.sleep("1 second"), () => say("cut")))
              ).pipe(Effect.andThen(say("undone"))),
            next: "B"
          })
          .register("B", Effect.never)
          .addExitStates("Done")
          .orchestrate("A")
      )
      yield* Effect.yieldNow
      fiber.interruptUnsafe()
      yield* Deferred.await(entered)
      fiber.interruptUnsafe()
      yield* TestClock.adjust("500 millis")
      fiber.interruptUnsafe()
      yield* TestClock.adjust("500 millis")
      const exit = yield* Fiber.await(fiber)
      assert.deepStrictEqual(log, ["undone"])
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
    }))

  it.effect("stays beside the error of a rollback that could not undo everything", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        make()
          .register("A", { run: Effect.succeed("a"), compensate: () => Effect.fail("no refund"), next: "B" })
          .register("B", Effect.never)
          .addExitStates("Done")
          .orchestrate("A")
      )
      yield* Effect.yieldNow
      fiber.interruptUnsafe()
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
      const error = errorOf(exit)
      assert.isTrue(Cause.hasInterruptsOnly(error.original))
      assert.match(error.message, /1 of 1 compensations .* state "A" failed: no refund$/)
    }))
})

describe("a compensation that fails", () => {
  it.effect("keeps no other from running, and is in the error of the run with what it went back for", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const exit = yield* Effect.exit(
        make()
          .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
          .register("B", {
            run: Effect.succeed("b"),
            compensate: () => Effect.fail(new Refused({ what: "b" })),
            next: "C"
          })
          .register("C", boom)
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      assert.deepStrictEqual(log, ["undo r/1/A a"])
      const error = errorOf(exit)
      assert.deepStrictEqual(error.compensated, ["r/1/A"])
      assert.deepStrictEqual(
        error.failures.map(({ branch, cause, how, key, state }) => [key, state, branch, how, Cause.squash(cause)]),
        [["r/2/B", "B", undefined, "failed", new Refused({ what: "b" })]]
      )
      assert.strictEqual(Cause.squash(error.original), "boom")
      assert.deepStrictEqual(error.path?.states, ["A", "B", "C"])
      assert.strictEqual(
        error.message,
        "workflow \"trip\": 1 of 2 compensations have not done their work: state \"B\" failed: Refused; it went back for: boom"
      )
      assert.deepInclude(JSON.parse(JSON.stringify(error)), { _tag: "CompensationError", compensated: ["r/1/A"] })
    }))

  it.effect("keeps the defects of the run beside its error", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(
        make()
          .register("A", { run: Effect.succeed("a"), compensate: () => Effect.die("worse"), next: "B" })
          .register("B", Effect.die("bug"))
          .addExitStates("Done")
          .orchestrate("A")
      )
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.strictEqual(Cause.squash(errorOf(exit).failures[0]!.cause), "worse")
    }))

  for (
    const [what, compensate] of [
      ["throws", () => {
        throw new Error("thrown")
      }],
      ["returns a Promise", () => Promise.reject(new Error("nobody waits"))],
      ["returns nothing", () => {}],
      ["interrupts itself", () => Effect.interrupt]
    ] as const
  ) {
    it.effect(`is one that ${what}`, () =>
      Effect.gen(function*() {
        const { log, undo } = world()
        const exit = yield* Effect.exit(
          make()
            .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
            .register("B", { run: Effect.succeed("b"), compensate: compensate as never, next: "C" })
            .register("C", boom)
            .addExitStates("Done")
            .orchestrate("A", { runId: "r" })
        )
        assert.deepStrictEqual(log, ["undo r/1/A a"])
        assert.strictEqual(errorOf(exit).failures[0]!.how, "failed")
      }))
  }

  it.effect("is tried again as the policy says", () =>
    Effect.gen(function*() {
      const { log, say } = world()
      let tries = 0
      const fiber = yield* Effect.forkChild(
        make()
          .register("A", {
            run: Effect.succeed("a"),
            compensate: () =>
              Effect.andThen(say(`try ${++tries}`), () => tries < 3 ? Effect.fail("not yet") : Effect.void),
            next: "B"
          })
          .register("B", boom)
          .addExitStates("Done")
          .withCompensation({ retry: Schedule.spaced("1 second") })
          .orchestrate("A")
      )
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(failing(yield* Fiber.await(fiber)), "boom")
      assert.deepStrictEqual(log, ["try 1", "try 2", "try 3"])
    }))

  it.effect("is stopped when its time is up, and left behind if it does not stop", () =>
    Effect.gen(function*() {
      const { log, say, undo } = world()
      const fiber = yield* Effect.forkChild(
        make()
          .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
          .register("B", {
            run: Effect.succeed("b"),
            compensate: () => Effect.onInterrupt(Effect.never, () => say("stopped")),
            next: "C"
          })
          .registerSplit("C", { x: Effect.succeed("x"), y: boom }, {
            strategy: JoinStrategy.all,
            compensate: { x: () => Effect.uninterruptible(Effect.andThen(Effect.sleep("1 hour"), say("late"))) },
            next: "Done"
          })
          .addExitStates("Done")
          .withCompensation({ timeout: "5 seconds", grace: "1 second" })
          .orchestrate("A", { runId: "r" })
      )
      yield* TestClock.adjust("5 seconds")
      yield* TestClock.adjust("1 second")
      yield* TestClock.adjust("5 seconds")
      const error = errorOf(yield* Fiber.await(fiber))
      assert.deepStrictEqual(error.failures.map(({ how, key }) => [key, how]), [
        ["r/3/C/x", "left behind"],
        ["r/2/B", "timed out"]
      ])
      assert.deepStrictEqual(error.compensated, ["r/1/A"])
      assert.deepStrictEqual(log, ["stopped", "undo r/1/A a"])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(log, ["stopped", "undo r/1/A a", "late"])
    }))

  it.effect("does not start when the time of all of them is up", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const fiber = yield* Effect.forkChild(
        make()
          .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
          .register("B", {
            run: Effect.succeed("b"),
            compensate: () => Effect.sleep("3 seconds"),
            next: "C"
          })
          .register("C", boom)
          .addExitStates("Done")
          .withCompensation({ within: "2 seconds" })
          .orchestrate("A", { runId: "r" })
      )
      yield* TestClock.adjust("2 seconds")
      const error = errorOf(yield* Fiber.await(fiber))
      assert.deepStrictEqual(error.failures.map(({ how, key }) => [key, how]), [
        ["r/2/B", "timed out"],
        ["r/1/A", "not started"]
      ])
      assert.deepStrictEqual(log, [])
    }))
})

describe("a pivot", () => {
  it.effect("drops what was kept with its success, and keeps nothing from then on", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const exit = yield* Effect.exit(
        make()
          .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
          .register("B", { run: Effect.void, next: "C" }, { pivot: true })
          .register("C", { run: Effect.succeed("c"), compensate: undo, next: "Other" })
          .register("Other", boom)
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      assert.strictEqual(failing(exit), "boom")
      assert.deepStrictEqual(log, [])
    }))

  it.effect("that fails drops nothing; one that completes under an interruption does", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const of = (pivot: Effect.Effect<void, "boom">) =>
        make()
          .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
          .register("B", { run: pivot, next: "C" }, { pivot: true })
          .register("C", boom)
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      const fiber = yield* Effect.forkChild(of(Effect.sleep("1 second")))
      yield* Effect.yieldNow
      fiber.interruptUnsafe()
      yield* TestClock.adjust("1 second")
      yield* Fiber.await(fiber)
      assert.deepStrictEqual(log, [])
      yield* Effect.exit(of(boom))
      assert.deepStrictEqual(log, ["undo r/1/A a"])
    }))

  it.effect("may be a split", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      yield* Effect.exit(
        make()
          .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
          .registerSplit("B", [Effect.void], { strategy: JoinStrategy.all, next: "C", pivot: true })
          .register("C", boom)
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      assert.deepStrictEqual(log, [])
    }))
})

describe("the branches of a split", () => {
  const hold = (n: number, name: string) => Effect.as(Effect.sleep(n), name)

  it.effect("that the join keeps are undone when the run goes back, the last one first", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const fiber = yield* Effect.forkChild(
        make()
          .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
          .registerSplit("B", { x: hold(30, "x"), y: hold(10, "y"), z: hold(20, "z") }, {
            strategy: JoinStrategy.all,
            compensate: undo,
            next: "C"
          })
          .register("C", boom)
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      yield* TestClock.adjust(30)
      yield* Fiber.await(fiber)
      assert.deepStrictEqual(log, ["undo r/2/B/x x", "undo r/2/B/z z", "undo r/2/B/y y", "undo r/1/A a"])
    }))

  it.effect("are undone at once, if asked", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const slow = (done: Saga.Done<unknown>, step: Saga.Step<unknown>) =>
        Effect.andThen(Effect.sleep("1 second"), undo(done, step))
      const fiber = yield* Effect.forkChild(
        make()
          .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
          .registerSplit("B", { x: hold(1, "x"), y: hold(1, "y"), z: hold(1, "z") }, {
            strategy: JoinStrategy.all,
            compensate: slow,
            next: "C"
          })
          .register("C", boom)
          .addExitStates("Done")
          .withCompensation({ branches: "at once" })
          .orchestrate("A", { runId: "r" })
      )
      yield* TestClock.adjust(1)
      yield* TestClock.adjust("1 second")
      yield* Fiber.await(fiber)
      assert.strictEqual(log.length, 4)
      assert.strictEqual(log[3], "undo r/1/A a")
    }))

  it.effect("that lose a satisfied join are undone before next, though they could not be stopped", () =>
    Effect.gen(function*() {
      const { log, say, undo } = world()
      const fiber = yield* Effect.forkChild(
        make()
          .registerSplit("B", { x: hold(10, "x"), y: hold(20, "y") }, {
            strategy: JoinStrategy.any,
            compensate: (done, step) => Effect.andThen(undo(done, step), say(`why: ${step.cause.reasons.length}`)),
            next: () => Effect.as(say("next"), "Done" as const)
          })
          .addExitStates("Done")
          .orchestrate("B", { runId: "r" })
      )
      yield* TestClock.adjust(20)
      assert.strictEqual(yield* Fiber.join(fiber), "Done")
      assert.deepStrictEqual(log, ["undo r/1/B/y y", "why: 0", "next"])
    }))

  it.effect("that have completed are kept, if told so; those in doubt are undone", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const fiber = yield* Effect.forkChild(
        make()
          .registerSplit("B", {
            x: hold(10, "x"),
            y: hold(20, "y"),
            z: Effect.interruptible(Effect.never)
          }, {
            strategy: JoinStrategy.any,
            keep: "completed",
            compensate: undo,
            next: "C"
          })
          .register(
            "C",
            Effect.suspend(() => {
              log.push("C")
              return boom
            })
          )
          .addExitStates("Done")
          .orchestrate("B", { runId: "r" })
      )
      yield* TestClock.adjust(20)
      yield* Fiber.await(fiber)
      assert.deepStrictEqual(log, ["undo r/1/B/z ?", "C", "undo r/1/B/y y", "undo r/1/B/x x"])
    }))

  it.effect("of an unsatisfied join are undone before otherwise, with its error as the cause", () =>
    Effect.gen(function*() {
      const { log, say, undo } = world()
      const exit = yield* Effect.exit(
        make()
          .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
          .registerSplit("B", { x: Effect.succeed("x"), y: boom, z: Effect.die("bug") }, {
            strategy: JoinStrategy.all,
            compensate: {
              x: (done, step) => {
                assert.instanceOf(Cause.squash(step.cause), CanoError.JoinUnsatisfiedError)
                return undo(done, step)
              },
              y: undo,
              z: undo
            },
            otherwise: () => Effect.as(say("otherwise"), "Done" as const),
            next: "Done"
          })
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(log, ["undo r/2/B/z ?", "undo r/2/B/x x", "otherwise"])
    }))

  it.effect("that could not be undone are the error of the run: neither next nor otherwise is entered", () =>
    Effect.gen(function*() {
      for (const strategy of [JoinStrategy.all, JoinStrategy.any] as const) {
        const { log, say, undo } = world()
        const exit = yield* Effect.exit(
          make()
            .register("A", { run: Effect.succeed("a"), compensate: undo, next: "B" })
            .registerSplit("B", { x: Effect.succeed("x"), y: Effect.die("bug") }, {
              strategy,
              losers: "await",
              compensate: { x: undo, y: () => Effect.fail("stuck") },
              otherwise: () => Effect.as(say("otherwise"), "Done" as const),
              next: () => Effect.as(say("next"), "Done" as const)
            })
            .addExitStates("Done")
            .orchestrate("A", { runId: "r" })
        )
        const error = errorOf(exit)
        assert.deepStrictEqual(error.failures.map(({ key }) => key), ["r/2/B/y"])
        assert.deepStrictEqual(error.compensated, ["r/2/B/x", "r/1/A"])
        if (strategy === JoinStrategy.any) assert.strictEqual(error.original.reasons.length, 0)
        else assert.instanceOf(Cause.squash(error.original), CanoError.JoinUnsatisfiedError)
        assert.deepStrictEqual(log, ["undo r/2/B/x x", "undo r/1/A a"])
      }
    }))

  it.effect("are told apart in a list, and one by one of a lazy one", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      yield* Effect.exit(
        make()
          .registerSplit("B", function*() {
            for (let i = 0; i < 3; i++) yield Effect.succeed(i)
            yield boom
          }, {
            strategy: JoinStrategy.allFailFast,
            bulkhead: 1,
            compensate: (done, step) => {
              assert.strictEqual(step.branch?.name, String(step.branch?.index))
              return undo(done, step)
            },
            next: "Done"
          })
          .addExitStates("Done")
          .orchestrate("B", { runId: "r" })
      )
      assert.deepStrictEqual(log, ["undo r/1/B/2 2", "undo r/1/B/1 1", "undo r/1/B/0 0"])
    }))

  it.effect("that go on detached are undone when they end, unless they are kept", () =>
    Effect.gen(function*() {
      for (const keep of ["winners", "completed"] as const) {
        const { log, undo } = world()
        const fiber = yield* Effect.forkChild(
          make()
            .registerSplit("B", { x: hold(10, "x"), y: hold(1000, "y") }, {
              strategy: JoinStrategy.any,
              losers: "detach",
              keep,
              compensate: undo,
              next: "Done"
            })
            .addExitStates("Done")
            .orchestrate("B", { runId: "r" })
        )
        yield* TestClock.adjust(10)
        assert.deepStrictEqual(log, [])
        yield* TestClock.adjust(990)
        assert.strictEqual(yield* Fiber.join(fiber), "Done")
        assert.deepStrictEqual(log, keep === "winners" ? ["undo r/1/B/y y"] : [])
      }
    }))

  it.effect("that are follow-on states are undone as the branches that they are", () =>
    Effect.gen(function*() {
      type F =
        | { readonly _tag: "Leg"; readonly n: number }
        | { readonly _tag: "Seat"; readonly n: number }
        | "Split"
        | "Fail"
        | "Done"
      const { log, undo } = world()
      const of = (strategy: JoinStrategy.JoinStrategy, last: number) =>
        Workflow.make<F>("legs")
          .addExitStates("Done")
          .register("Leg", {
            run: ({ n }) => Effect.succeed(`leg ${n}`),
            compensate: undo,
            next: (_) => "Fail" as const
          })
          .register("Seat", {
            run: ({ n }) => n === last ? boom : Effect.succeed(`seat ${n}`),
            compensate: undo,
            next: "Done"
          })
          .register("Fail", boom)
          .registerSplit(
            "Split",
            () => TaskResult.split([{ _tag: "Leg", n: 2 }, { _tag: "Seat", n: 0 }, { _tag: "Seat", n: 1 }]),
            {
              strategy,
              next: "Fail",
              otherwise: "Done"
            }
          )
          .orchestrate("Split", { runId: "r" })
      // satisfied by two: the third, which has failed after its first step, is undone before the run goes on
      yield* Effect.exit(of(JoinStrategy.quorum(2), -1))
      assert.deepStrictEqual(log, [
        "undo r/1/Split/0/1/Leg leg 2",
        "undo r/1/Split/2/1/Seat seat 1",
        "undo r/1/Split/1/1/Seat seat 0"
      ])
      log.length = 0
      assert.strictEqual(yield* of(JoinStrategy.all, 1), "Done")
      assert.deepStrictEqual(log, ["undo r/1/Split/1/1/Seat seat 0", "undo r/1/Split/0/1/Leg leg 2"])
    }))

  it.effect("that are interrupted with the run are undone as far as they have got", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const fiber = yield* Effect.forkChild(
        make()
          .registerSplit("B", {
            x: hold(10, "x"),
            y: hold(1000, "y"),
            z: Effect.interruptible(Effect.never),
            q: Effect.never
          }, {
            strategy: JoinStrategy.all,
            compensate: { x: undo, y: undo, z: undo },
            next: "Done"
          })
          .addExitStates("Done")
          .orchestrate("B", { runId: "r" })
      )
      yield* TestClock.adjust(10)
      fiber.interruptUnsafe()
      yield* TestClock.adjust(990)
      yield* Fiber.await(fiber)
      assert.deepStrictEqual(log, ["undo r/1/B/y y", "undo r/1/B/z ?", "undo r/1/B/x x"])
    }))
})

describe("what a compensation sees", () => {
  class Desk extends Context.Service<Desk, { readonly isOpen: () => boolean }>()("Desk") {}

  it.effect("are the services of its step, resources of the run included, which are released after it", () =>
    Effect.gen(function*() {
      const { log, say } = world()
      let isOpen = false
      const desk = Layer.effect(
        Desk,
        Effect.acquireRelease(
          Effect.sync(() => {
            isOpen = true
            return { isOpen: () => isOpen }
          }),
          () => Effect.sync(() => void (isOpen = false))
        )
      )
      const other = Workflow.make<S>("trip").register("C", boom).withResources(Layer.effectDiscard(Effect.void))
      yield* Effect.exit(
        make()
          .register("A", {
            run: Desk.use(() => Effect.succeed("a")),
            compensate: () => Desk.use((desk) => say(`open: ${desk.isOpen()}`)),
            next: "C"
          })
          .withResources(desk)
          .merge(other)
          .addExitStates("Done")
          .orchestrate("A")
      )
      assert.deepStrictEqual(log, ["open: true"])
      assert.isFalse(isOpen)
    }))

  it.effect("is no place of the bulkhead that its branch ran in", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const db = yield* Bulkhead.make("db", { places: 1 })
      yield* Effect.exit(
        make()
          .registerSplit("B", { x: Effect.succeed("x"), y: boom }, {
            strategy: JoinStrategy.all,
            bulkhead: db,
            compensate: { x: (done, step) => db.withPlace(undo(done, step)) },
            next: "Done"
          })
          .addExitStates("Done")
          .orchestrate("B", { runId: "r" })
      )
      assert.deepStrictEqual(log, ["undo r/1/B/x x"])
    }))

  it.effect("may be a workflow of its own, which goes back by itself", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const inner = Workflow.make<S>("refund")
        .register("A", { run: Effect.succeed("inner"), compensate: undo, next: "B" })
        .register("B", boom)
        .addExitStates("Done")
      const exit = yield* Effect.exit(
        make()
          .register("A", {
            run: Effect.succeed("a"),
            compensate: () => inner.orchestrate("A", { runId: "i" }),
            next: "B"
          })
          .register("B", boom)
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      assert.deepStrictEqual(log, ["undo i/1/A inner"])
      assert.deepStrictEqual(errorOf(exit).failures.map(({ key }) => key), ["r/1/A"])
    }))
})

describe("a child run", () => {
  it.effect("commits when it has succeeded: the run around it does not undo it", () =>
    Effect.gen(function*() {
      const { log, undo } = world()
      const child = Workflow.make<S>("child")
        .register("A", { run: Effect.succeed("child"), compensate: undo, next: "Done" })
        .addExitStates("Done")
      yield* Effect.exit(
        make()
          .register("A", { run: child.orchestrate("A"), compensate: undo, next: "B" })
          .register("B", boom)
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      assert.deepStrictEqual(log, ["undo r/1/A Done"])
    }))
})

describe("limits", () => {
  it.effect("a run that keeps more steps than it may fails, and goes back", () =>
    Effect.gen(function*() {
      let undone = 0
      const exit = yield* Effect.exit(
        make()
          .register("A", { run: Effect.void, compensate: () => Effect.sync(() => undone++), next: "A" })
          .addExitStates("Done")
          .withCompensation({ most: 100 })
          .orchestrate("A")
      )
      assert.deepInclude(failing(exit), { _tag: "WorkflowError", rule: "max-compensations" })
      assert.strictEqual(undone, 100)
    }))
})

describe("events", () => {
  it.effect("tell of the rollback and of each compensation, each with one end", () =>
    Effect.gen(function*() {
      const { events, lines } = yield* listenTo(
        make()
          .register("A", { run: Effect.succeed("a"), compensate: () => Effect.fail("no"), next: "B" })
          .registerSplit("B", { x: Effect.succeed("x") }, {
            strategy: JoinStrategy.all,
            compensate: () => Effect.void,
            next: "C"
          })
          .register("C", boom)
          .addExitStates("Done")
          .orchestrate("A", { runId: "r" })
      )
      assert.deepStrictEqual(faultsOfEvents(events), [])
      assert.deepStrictEqual(lines.slice(-7), [
        "RollbackStarted r",
        "CompensationStarted r/2/B/x#compensate",
        "CompensationEnded r/2/B/x#compensate",
        "CompensationStarted r/1/A#compensate",
        "CompensationEnded r/1/A#compensate",
        "RollbackEnded r",
        "RunEnded r failed"
      ])
      assert.deepInclude(events.find(({ _tag }) => _tag === "RollbackEnded"), { steps: 2, compensated: 1, failures: 1 })
    }))
})
