/**
 * Failures that are found afterwards: what is logged of branches that nobody awaits, what a run that is too late had, and
 * what a wrong definition is called.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Data, Effect, Exit, Layer, Logger, Option, Stream } from "effect"
import { Bulkhead, CanoError, Hedge, JoinStrategy, Split, Workflow } from "effect-cano"
import * as SplitStream from "effect-cano/SplitStream"
import { endsWithin, stubborn } from "../kit/index.ts"

const { all, any } = JoinStrategy

/** Lines of the log, with what they were given as a cause. */
const lines = (into: Array<string>) =>
  Logger.layer([Logger.make(({ cause, logLevel, message }) => {
    const reasons = cause.reasons.flatMap((reason) =>
      reason._tag === "Fail" ? [String(reason.error)] : reason._tag === "Die" ? [String(reason.defect)] : []
    )
    into.push([logLevel, ...(Array.isArray(message) ? message : [message]), ...reasons].join(" | "))
  })])

const after = <A, E>(millis: number, then: Effect.Effect<A, E>) => Effect.andThen(Effect.sleep(millis), then)

const inMachine = (branches: any, options: object) =>
  (Workflow.make<string>("orders") as any)
    .registerSplit("Fetch", branches, { strategy: any, next: "Later", ...options })
    .register("Later", Effect.as(Effect.sleep(5), "Done"))
    .addExitStates("Done")
    .orchestrate("Fetch") as Effect.Effect<unknown, unknown>

describe("a branch that is left behind", () => {
  for (
    const [what, options] of [
      ["detached", { losers: "detach" }],
      ["detached, of a split that keeps nothing", { losers: "detach", discard: true }],
      ["that does not stop within the grace period", { losers: { grace: 1 } }]
    ] as const
  ) {
    it.effect(`and fails is logged once, with its name and the state it was started in (${what})`, () =>
      Effect.gen(function*() {
        const log: Array<string> = []
        const branches = {
          first: Effect.sleep(10),
          second: stubborn(100, Effect.fail("no")),
          third: stubborn(120, Effect.succeed(1)),
          fourth: stubborn(130, Effect.interrupt),
          fifth: stubborn(140, Effect.die("bug"))
        }
        const exit = yield* endsWithin(Effect.provide(inMachine(branches, options), lines(log)), 1000)
        assert.deepStrictEqual(exit, Exit.succeed("Done"))
        assert.deepStrictEqual(log.filter((line) => !line.includes("did not stop")), [
          "Warn | workflow \"orders\", state \"Fetch\": branch second failed after the split had been decided or interrupted | no",
          "Warn | workflow \"orders\", state \"Fetch\": branch fifth died after the split had been decided or interrupted | bug"
        ])
      }))

    it.effect(`and fails is logged of a split on its own, too (${what})`, () =>
      Effect.gen(function*() {
        const log: Array<string> = []
        const branches: ReadonlyArray<Effect.Effect<void, string>> = [
          Effect.sleep(10),
          stubborn(100, Effect.fail("no"))
        ]
        const split = Split.run(branches, { strategy: any, ...options } as { strategy: typeof any; losers: "detach" })
        yield* endsWithin(Effect.provide(Effect.scoped(split), lines(log)), 1000)
        assert.deepStrictEqual(log.filter((line) => !line.includes("did not stop")), [
          "Warn | branch 1 failed after the split had been decided or interrupted | no"
        ])
      }))
  }

  it.effect("and is interrupted is not worth a word", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const failing = Effect.andThen(
        Effect.sleep(20),
        Effect.fail("the run")
      )
      const workflow = (Workflow.make<string>("orders") as any)
        .registerSplit("Fetch", [Effect.sleep(10), Effect.never, Effect.onInterrupt(Effect.never, () => Effect.void)], {
          strategy: any,
          losers: "detach",
          next: "Later"
        })
        .register("Later", failing)
        .addExitStates("Done")
      yield* endsWithin(Effect.provide(workflow.orchestrate("Fetch") as Effect.Effect<any, any>, lines(log)), 1000)
      assert.deepStrictEqual(log, [])
    }))

  it.effect("and whose outcome somebody is given is not logged: a failure before the decision, or of one that is awaited", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      for (const losers of ["interrupt", "await"] as const) {
        const branches = [Effect.fail("early"), Effect.sleep(10), after(20, Effect.fail("late"))]
        yield* endsWithin(Effect.provide(inMachine(branches, { losers }), lines(log)), 100)
      }
      yield* endsWithin(
        Effect.provide(inMachine([Effect.fail("early"), Effect.sleep(10)], { losers: "detach" }), lines(log)),
        100
      )
      assert.deepStrictEqual(log, [])
    }))

  it.effect("and does not stop is named, a few of many", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const branches = Object.fromEntries(
        ["first", ...Array.from({ length: 30 }, (_, i) => `b${i}`)].map((name, i) =>
          [name, i === 0 ? Effect.sleep(10) : stubborn(100, Effect.void)] as const
        )
      )
      yield* endsWithin(Effect.provide(inMachine(branches, { losers: { grace: 1 } }), lines(log)), 1000)
      assert.deepStrictEqual(log, [
        "Warn | workflow \"orders\", state \"Fetch\": branches b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15 and 14 more did not stop " +
        "within 1ms of the interruption, and go on detached"
      ])
    }))

  it.effect("by a hedge and dies is logged with the state", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const hedged = Hedge.run(
        (i) => i === 0 ? Effect.onInterrupt(Effect.never, () => Effect.die("bug")) : Effect.succeed("Done" as const),
        { delay: 10 }
      )
      const workflow = (Workflow.make<string>("orders") as any)
        .register("Fetch", Effect.map(hedged, ({ value }) => value))
        .addExitStates("Done")
      yield* endsWithin(Effect.provide(workflow.orchestrate("Fetch") as Effect.Effect<any, any>, lines(log)), 100)
      assert.lengthOf(log, 1)
      assert.match(log[0]!, /^Warn \| workflow "orders", state "Fetch": attempt 0 died .* \| bug/)
    }))
})

describe("a run whose time is up", () => {
  const late = Effect.fnUntraced(function*(run: Effect.Effect<unknown, unknown>, millis = 1000) {
    const exit = yield* endsWithin(run, millis)
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    assert.instanceOf(error, CanoError.WorkflowTimeoutError)
    return error
  })

  const machine = (branches: unknown, options: object = {}): any =>
    (Workflow.make<string>("orders") as any)
      .registerSplit("Fetch", branches, { strategy: all, next: "Done", ...options })
      .register("Alone", Effect.never)
      .addExitStates("Done")
      .withTimeout(50)

  it.effect("tells what the split had that was open, as it was then", () =>
    Effect.gen(function*() {
      const branches = {
        a: after(10, Effect.succeed(1)),
        b: after(20, Effect.fail("no")),
        c: Effect.never,
        d: stubborn(80, Effect.succeed("too late"))
      }
      const error = yield* late(machine(branches).orchestrate("Fetch"))
      assert.strictEqual(error.state, "Fetch")
      assert.deepStrictEqual(error.path!.states, ["Fetch"])
      const { result } = error
      assert.isDefined(result)
      assert.deepStrictEqual(result.tally, { total: 4, succeeded: 1, failed: 1, interrupted: 2, notStarted: 0 })
      assert.isFalse(result.timedOut)
      assert.deepStrictEqual(result.settled.map(({ _tag, name }) => [name, _tag]), [["a", "Succeeded"], [
        "b",
        "Failed"
      ]])
      assert.deepStrictEqual(result.failures.map(({ name }) => name), ["b"])
      assert.deepStrictEqual(result.cancelled.map(({ _tag, name }) => [name, _tag]), [
        ["c", "Interrupted"],
        ["d", "Interrupted"]
      ])
      const json = JSON.parse(JSON.stringify(error))
      assert.deepInclude(json, { _tag: "WorkflowTimeoutError", limit: "50ms", workflow: "orders", state: "Fetch" })
      assert.deepStrictEqual(json.result.failures, [{ index: 1, name: "b", message: "no" }])
      assert.deepStrictEqual(json.result.tally, result.tally)
      assert.strictEqual(
        error.message,
        "workflow \"orders\", state \"Fetch\": the run did not end within 50ms; the split had 1 succeeded, 1 failed, 2 interrupted: b: no"
      )
      assert.strictEqual(error.cause, "no")
      assert.deepStrictEqual(error.errors, ["no"])
    }))

  it.effect("names no state while its Layers are built", () =>
    Effect.gen(function*() {
      const hangs = Workflow.make<"Fetch" | "Done">("orders").addExitStates("Done").register("Fetch", Effect.never)
        .withResources(Layer.effectDiscard(Effect.never)).withTimeout(50)
      const error = yield* late(hangs.orchestrate("Fetch"))
      assert.isUndefined(error.state)
      assert.strictEqual(error.message, "workflow \"orders\": the run did not end within 50ms")
    }))

  for (const losers of ["interrupt", "await", "detach"] as const) {
    it.effect(`tells of branches that wait for a place (losers ${losers})`, () =>
      Effect.gen(function*() {
        const { result } = yield* late(
          machine([after(10, Effect.succeed(1)), Effect.never, Effect.void], { bulkhead: 1, losers }).orchestrate(
            "Fetch"
          )
        )
        assert.deepStrictEqual(result?.tally, { total: 3, succeeded: 1, failed: 0, interrupted: 1, notStarted: 1 })
        assert.deepStrictEqual(Object.values(result!.outcomes).map(({ _tag }) => _tag), [
          "Succeeded",
          "Interrupted",
          "NotStarted"
        ])
      }))
  }

  it.effect("tells of a split that was decided and awaited its losers", () =>
    Effect.gen(function*() {
      const branches = [after(10, Effect.succeed(1)), stubborn(200, Effect.void)]
      const { result } = yield* late(machine(branches, { strategy: any }).orchestrate("Fetch"))
      assert.deepStrictEqual(result?.values, [1])
      assert.deepStrictEqual(result?.tally, { total: 2, succeeded: 1, failed: 0, interrupted: 1, notStarted: 0 })
    }))

  it.effect("has nothing to tell where no split was open", () =>
    Effect.gen(function*() {
      assert.isUndefined((yield* late(machine([]).orchestrate("Alone"))).result)
      // a split that has been left is not open, though a branch of it goes on
      const left = (Workflow.make<string>("orders") as any)
        .registerSplit("Fetch", [after(1, Effect.void), Split.run([Effect.never], { strategy: all })], {
          strategy: any,
          losers: "detach",
          next: "Alone"
        })
        .register("Alone", Effect.never)
        .addExitStates("Done")
        .withTimeout(50)
      assert.isUndefined((yield* late(left.orchestrate("Fetch"))).result)
      const ended = (Workflow.make<string>("orders") as any)
        .registerSplit("Fetch", [after(1, Effect.void), Split.run([Effect.never], { strategy: all })], {
          strategy: any,
          losers: "detach",
          next: "Done"
        })
        .addExitStates("Done")
        .withTimeout(50)
      assert.isUndefined((yield* late(ended.orchestrate("Fetch"))).result)
    }))

  it.effect("tells of the outermost split of several, and of one on its own in a task", () =>
    Effect.gen(function*() {
      for (const bulkhead of [undefined, 2]) {
        const inner = Split.run([Effect.never, Effect.never, Effect.never], { strategy: all, bulkhead })
        const { result } = yield* late(machine([inner, Effect.never]).orchestrate("Fetch"))
        assert.strictEqual(result?.tally.total, 2)
        const task = (Workflow.make<string>("orders") as any).register("Alone", inner).addExitStates("Done")
          .withTimeout(
            50
          )
        assert.strictEqual((yield* late(task.orchestrate("Alone"))).result?.tally.total, 3)
      }
      const nested = (Workflow.make<string>("outer") as any)
        .register(
          "A",
          (Workflow.make<string>("inner") as any)
            .registerSplit("B", [Effect.never], { strategy: all, next: "Done" })
            .addExitStates("Done")
            .orchestrate("B")
        )
        .addExitStates("Done")
        .withTimeout(50)
      const error = yield* late(nested.orchestrate("A"))
      assert.strictEqual(error.workflow, "outer")
      assert.strictEqual(error.result?.tally.total, 1)
    }))

  it.effect("does so once the run has been interrupted and awaited, and fails with nothing else", () =>
    Effect.gen(function*() {
      const branches = [Effect.onInterrupt(Effect.never, () => Effect.sleep(30))]
      const exit = yield* endsWithin(
        Effect.zip(
          Effect.flip(machine(branches).orchestrate("Fetch")) as Effect.Effect<any>,
          Effect.clockWith(({ currentTimeMillis }) => currentTimeMillis)
        ),
        1000
      )
      assert.isTrue(Exit.isSuccess(exit))
      if (!Exit.isSuccess(exit)) return
      assert.strictEqual(exit.value[1], 80)
      assert.strictEqual(exit.value[0].result.cancelled[0]._tag, "Interrupted")
    }))
})

describe("orDie", () => {
  class Offline extends Data.TaggedError("Offline") {}

  it.effect("turns the errors of a wrong definition into defects, and no other", () =>
    Effect.gen(function*() {
      const definition = new CanoError.ConfigurationError({ workflow: "w", issues: [] })
      const run = new CanoError.WorkflowError({
        rule: "unknown-state",
        detail: "no",
        workflow: "w",
        state: "A",
        path: undefined
      })
      for (const error of [definition, run]) {
        const exit = yield* Effect.exit(CanoError.orDie(Effect.fail(error)))
        assert.deepStrictEqual(exit, Exit.die(error))
      }
      const offline = new Offline()
      for (const other of [offline, "no", undefined, { _tag: "WorkflowError" }]) {
        assert.deepStrictEqual(yield* Effect.flip(CanoError.orDie(Effect.fail(other))), other)
      }
      assert.strictEqual(yield* CanoError.orDie(Effect.succeed(1)), 1)
      const both = Effect.failCause(
        Cause.combine(Cause.fail(offline), Cause.combine(Cause.fail(run), Cause.die("bug")))
      )
      const cause = yield* Effect.flip(Effect.sandbox(CanoError.orDie(both)))
      assert.deepStrictEqual(cause.reasons.map(({ _tag }) => _tag), ["Fail", "Die", "Die"])
    }))

  it.effect("keeps the path and the trace of what it turns", () =>
    Effect.gen(function*() {
      const workflow = (Workflow.make<string>("w") as any).register("A", Effect.succeed("B")).addExitStates("Done")
      const failing = Effect.fn("load")(() =>
        workflow.orchestrate("A") as Effect.Effect<string, CanoError.WorkflowError>
      )
      const cause = yield* Effect.flip(Effect.sandbox(CanoError.orDie(failing())))
      assert.isTrue(Cause.hasDies(cause))
      assert.deepStrictEqual(Option.getOrThrow(Workflow.path(cause)).states, ["A"])
      assert.include(Cause.pretty(cause), "at load (definition)")
    }))
})

describe("what is misconfigured is called what it is", () => {
  const named = Effect.fnUntraced(function*(effect: Effect.Effect<unknown, unknown, any>) {
    const error = yield* Effect.flip(effect as Effect.Effect<unknown, unknown>)
    assert.instanceOf(error, CanoError.ConfigurationError)
    assert.include(error.message, " is misconfigured: ")
    assert.strictEqual(JSON.parse(JSON.stringify(error)).subject, error.subject)
    return [error.subject, error.message.split(" is misconfigured: ")[0], error.issues[0]!.subject]
  })
  const Db = Context.Service<Bulkhead.Bulkhead>("app/Db")
  const bulkhead = Bulkhead.make("db", { places: 1 })

  for (
    const [what, effect, subject, text, ofIssue] of [
      ["a bulkhead", Bulkhead.make("db", { places: 0 }), "bulkhead \"db\"", "bulkhead \"db\"", "bulkhead \"db\""],
      [
        "the line of a bulkhead",
        Bulkhead.make("db", { places: 1, maxWaiting: -1 }),
        "bulkhead \"db\"",
        "bulkhead \"db\"",
        "bulkhead \"db\""
      ],
      [
        "a bulkhead that is made smaller",
        Effect.flatMap(bulkhead, (db) => db.resize(0)),
        "bulkhead \"db\"",
        "bulkhead \"db\"",
        "bulkhead \"db\""
      ],
      [
        "a bulkhead of a Layer",
        Effect.scoped(Layer.build(Bulkhead.layer(Db as any, { places: 0 }))),
        "bulkhead \"app/Db\"",
        "bulkhead \"app/Db\"",
        "bulkhead \"app/Db\""
      ],
      ["a split", Split.run([Effect.void], { strategy: all, bulkhead: 0 }), "split", "the split", undefined],
      [
        "a split with a hedge, among other things",
        Split.run([Effect.void], { strategy: any, bulkhead: 0, hedge: { delay: -1 } } as never),
        "split",
        "the split",
        undefined
      ],
      [
        "the hedge of a split",
        Split.run([Effect.void], { strategy: any, hedge: { delay: -1 } } as never),
        "hedge",
        "the hedge",
        "hedge"
      ],
      ["a hedge", Hedge.run(Effect.void, { delay: -1 }), "hedge", "the hedge", "hedge"],
      ["an attempt", Hedge.run(5 as never, { delay: 1 }), "hedge", "the hedge", "hedge"],
      [
        "a hedge at run time",
        Hedge.run(() => Effect.fail("no"), { delay: () => -1 }),
        "hedge",
        "the hedge",
        "hedge"
      ],
      [
        "a stream",
        Stream.runDrain(SplitStream.make([Effect.void], { strategy: all, bufferSize: 0 })),
        "stream",
        "the stream",
        "stream"
      ],
      [
        "the split of a stream",
        Stream.runDrain(SplitStream.make([Effect.void], { strategy: all, bulkhead: 0 })),
        "stream",
        "the stream",
        "stream"
      ],
      [
        "a workflow",
        (Workflow.make<string>("w") as any).orchestrate("A"),
        "workflow \"w\"",
        "workflow \"w\"",
        undefined
      ],
      [
        "a split of a workflow",
        (Workflow.make<string>("w") as any)
          .registerSplit("A", [Effect.void], { strategy: any, next: "Done", hedge: { delay: -1 } })
          .addExitStates("Done").orchestrate("A"),
        "workflow \"w\"",
        "workflow \"w\"",
        "hedge"
      ],
      [
        "a hedge of a workflow at run time",
        (Workflow.make<string>("w") as any)
          .registerSplit("A", [Effect.fail("no"), Effect.void], {
            strategy: any,
            next: "Done",
            hedge: { delay: () => -1 }
          })
          .addExitStates("Done").orchestrate("A"),
        "workflow \"w\"",
        "workflow \"w\"",
        "hedge"
      ]
    ] as ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown, any>, string, string, string | undefined]>
  ) {
    it.effect(what, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* named(effect), [subject, text, ofIssue])
      }))
  }

  it.effect("and at run time names the state of its split", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        (Workflow.make<string>("w") as any)
          .registerSplit("A", [Effect.fail("no"), Effect.void], {
            strategy: any,
            next: "Done",
            hedge: { delay: () => -1 }
          })
          .addExitStates("Done").orchestrate("A") as Effect.Effect<unknown, CanoError.ConfigurationError>
      )
      assert.strictEqual(error.issues[0]!.state, "A")
      assert.match(error.message, /^workflow "w" is misconfigured: state "A": the delay of attempt 1 is /)
    }))
})
