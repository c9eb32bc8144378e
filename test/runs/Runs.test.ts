/**
 * Runs that go on: how they are found and looked at, and what can be done to them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Fiber, Layer, Option, Schema, type Scope } from "effect"
import { CanoError, JoinStrategy, RunEvent, Split, TaskResult, Workflow } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import { assertEvents, listenTo, passTime, primeClock, turns, untyped } from "../kit/index.ts"

const { all, any, partialResults, partialTimeout, quorum } = JoinStrategy

const Go = Signal.make("go", Schema.String)

const make = Workflow.make<"A" | "B" | "C" | "Done" | "Else">("w").addExitStates("Done", "Else")

const test = (name: string, body: () => Effect.Effect<void, unknown, Runs.Runs | Scope.Scope>) =>
  it.effect(name, () => Effect.andThen(primeClock, Effect.provide(Effect.scoped(body()), Runs.layer)))

const exitOf = (run: Runs.RunHandle<unknown, unknown>) =>
  Effect.map(
    run.await,
    (exit): unknown =>
      Exit.isSuccess(exit) ? exit.value : Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : Cause.squash(exit.cause)
  )

const statuses = (run: Runs.RunHandle<unknown, unknown>) =>
  Effect.map(run.info, ({ branches }) => branches.map(({ key, status }) => `${key} ${status}`))

describe("a run", () => {
  const waiting = make.registerSignal("A", Go, { next: "Done" })

  test("is known from its start to its end, and then forgotten", () =>
    Effect.gen(function*() {
      const run = yield* Runs.fork(waiting, "A", { runId: "r" })
      assert.deepStrictEqual((yield* Runs.list).map(({ runId }) => runId), ["r"])
      assert.strictEqual(Option.getOrUndefined(yield* Runs.get("r")), run)
      yield* Runs.signal("r", Go, "x")
      assert.strictEqual(yield* exitOf(run), "Done")
      assert.deepStrictEqual(yield* Runs.list, [])
      assert.isTrue(Option.isNone(yield* Runs.get("r")))
      assert.strictEqual((yield* run.info).status, "ended")
      assert.isFalse(yield* run.pause())
      assert.isFalse(yield* run.resume)
      assert.isFalse(yield* run.settle())
      assert.isFalse(yield* run.cancelBranch("x"))
      assert.isTrue(Exit.isSuccess(yield* run.cancel()))
    }))

  test("of orchestrate is known, too, and cancelled without who waits for it", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.exit(waiting.orchestrate("A", { runId: "r" })), {
        startImmediately: true
      })
      const run = Option.getOrThrow(yield* Runs.get("r"))
      const exit = yield* run.cancel()
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      assert.deepStrictEqual(yield* Fiber.join(fiber), exit)
    }))

  test("is interrupted with who waits for it, and awaited", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const work = Effect.onInterrupt(Effect.never, () =>
        Effect.andThen(Effect.yieldNow, Effect.sync(() => trail.push("cleaned"))))
      const fiber = yield* Effect.forkChild(make.register("A", { run: work, next: "Done" }).orchestrate("A"), {
        startImmediately: true
      })
      yield* Fiber.interrupt(fiber)
      trail.push("interrupted")
      assert.deepStrictEqual(trail, ["cleaned", "interrupted"])
      assert.deepStrictEqual(yield* Runs.list, [])
    }))

  test("ends with the scope of who has forked it", () =>
    Effect.gen(function*() {
      const run = yield* Effect.scoped(Runs.fork(waiting, "A"))
      assert.strictEqual(yield* exitOf(run), "interrupted")
    }))

  test("that starts in an exit state, or ends at once, has a handle", () =>
    Effect.gen(function*() {
      const none = yield* Runs.fork(waiting, "Done", { runId: "r" })
      assert.strictEqual(yield* exitOf(none), "Done")
      assert.deepStrictEqual([(yield* none.info).status, none.runId, none.workflow], ["ended", "r", "w"])
      const short = yield* Runs.fork(make.register("A", { run: Effect.fail("no"), next: "Done" }), "A")
      assert.strictEqual(yield* exitOf(short), "no")
      assert.deepStrictEqual(yield* Runs.list, [])
    }))

  test("whose definition is wrong is not forked", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Runs.fork(waiting, "Nowhere" as never))
      assert.instanceOf(error, CanoError.ConfigurationError)
      assert.instanceOf(
        yield* Effect.flip(Runs.fork(waiting, "A", { runId: 5 as never })),
        CanoError.ConfigurationError
      )
    }))

  test("has an id that no other has meanwhile", () =>
    Effect.gen(function*() {
      const built: Array<string> = []
      const counting = waiting.withResources(Layer.effectDiscard(Effect.sync(() => built.push("built"))))
      const run = yield* Runs.fork(counting, "A", { runId: "r" })
      const second = yield* Effect.flip(Runs.fork(counting, "A", { runId: "r" }))
      assert.deepStrictEqual(second.issues.map(({ message, rule }) => [rule, message]), [[
        "run-id",
        "runId is \"r\", and a run of that id goes on; give each run an id of its own, or leave it out"
      ]])
      assert.instanceOf(yield* Effect.flip(counting.orchestrate("A", { runId: "r" })), CanoError.ConfigurationError)
      assert.strictEqual(built.length, 1)
      assert.strictEqual(Option.getOrUndefined(yield* Runs.get("r")), run)
      yield* run.cancel()
      const third = yield* Runs.fork(counting, "A", { runId: "r" })
      assert.notStrictEqual(third, run)
    }))

  test("inside of another one is known by itself", () =>
    Effect.gen(function*() {
      const outer = make.register("A", { run: waiting.orchestrate("A", { runId: "inner" }), next: "Done" })
      const run = yield* Runs.fork(outer, "A", { runId: "outer" })
      assert.deepStrictEqual((yield* Runs.list).map(({ runId }) => runId), ["outer", "inner"])
      yield* Runs.signal("inner", Go, "x")
      assert.strictEqual(yield* exitOf(run), "Done")
      assert.deepStrictEqual(yield* Runs.list, [])
    }))

  it.effect("may have Runs among its own Layers", () =>
    Effect.gen(function*() {
      const told = make.registerSplit("A", {
        asks: Signal.wait(Go),
        tells: Effect.flatMap(Workflow.CurrentRun, ({ runId }) => Runs.signal(runId, Go, "x"))
      }, { strategy: all, next: "Done" }).withResources(Runs.layer)
      assert.strictEqual(yield* told.orchestrate("A"), "Done")
      const cancelled = make.register("A", function*() {
        const { runId } = yield* Workflow.CurrentRun
        const run = Option.getOrThrow(yield* Runs.get(runId))
        yield* run.cancel()
        return "Done"
      }).withResources(Runs.layer)
      const exit = yield* Effect.exit(cancelled.orchestrate("A"))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
    }))

  it("runs under runSync where it needs no time", () => {
    const workflow = make.registerSplit("A", [Effect.void, Effect.void], { strategy: all, next: "B" })
      .register("B", { run: Effect.yieldNow, next: "Done" })
    assert.strictEqual(Effect.runSync(Effect.provide(workflow.orchestrate("A"), Runs.layer)), "Done")
  })

  it.effect("fails as it does without Runs", () =>
    Effect.gen(function*() {
      class Service extends Context.Service<Service, number>()("Service") {}
      const workflow = make.register("A", { run: Effect.flatMap(Service, (n) => Effect.fail(n)), next: "Done" })
        .withTimeout("1 second")
      const plain = Effect.provideService(workflow.orchestrate("A", { runId: "r" }), Service, 5)
      const [one, other] = [yield* Effect.exit(plain), yield* Effect.exit(Effect.provide(plain, Runs.layer))]
      assert.deepStrictEqual(one, other)
    }))
})

describe("info", () => {
  test("tells where the run is, what runs, and what would wake it", () =>
    Effect.gen(function*() {
      const workflow = make.register("A", { run: Effect.sleep(10), next: "B" })
        .registerSplit("B", {
          eu: Signal.wait(Go, { key: "eu", timeout: 90 }),
          us: Effect.sleep(20),
          asia: Effect.never
        }, {
          strategy: all,
          bulkhead: 2,
          next: "Done"
        })
      const run = yield* Runs.fork(workflow, "A", { runId: "r" })
      const { at, status } = yield* run.info
      assert.deepStrictEqual([status, at], ["running", { state: "A", visit: 1, since: 0 }])
      yield* passTime(10)
      assert.deepStrictEqual(yield* run.info, {
        runId: "r",
        workflow: "w",
        status: "running",
        at: { state: "B", visit: 2, since: 10 },
        branches: [
          { name: "eu", key: "r/2/B/eu", split: "r/2/B", status: "Running", since: 10 },
          { name: "us", key: "r/2/B/us", split: "r/2/B", status: "Running", since: 10 },
          { name: "asia", key: "r/2/B/asia", split: "r/2/B", status: "Queued", since: 10 }
        ],
        waits: [{
          for: "signal",
          signal: "go",
          signalKey: "eu",
          key: "r/2/B/eu",
          since: 10,
          until: 100,
          wokenBy: "signal \"go\" with key \"eu\", or the instant 1970-01-01T00:00:00.100Z"
        }],
        wakeAt: undefined,
        signals: [],
        paused: undefined
      })
      yield* passTime(20)
      assert.deepStrictEqual(yield* statuses(run), ["r/2/B/eu Running", "r/2/B/us Succeeded", "r/2/B/asia Running"])
    }))

  test("says waiting where whatever runs waits", () =>
    Effect.gen(function*() {
      const wait = Signal.wait(Go)
      const nested = Split.run([wait, wait], { strategy: all })
      const workflow = make.registerSplit("A", { one: wait, two: nested, three: Effect.sleep(10) }, {
        strategy: all,
        next: "Done"
      })
      const run = yield* Runs.fork(workflow, "A")
      assert.strictEqual((yield* run.info).status, "running")
      yield* passTime(10)
      assert.strictEqual((yield* run.info).status, "waiting")
    }))

  test("keeps nothing of branches that have ended where the split keeps none", () =>
    Effect.gen(function*() {
      const workflow = make.registerSplit("A", function*() {
        for (let i = 0; i < 10; i++) yield Effect.void
        yield Effect.never
      }, { strategy: all, discard: true, next: "Done" })
      const run = yield* Runs.fork(workflow, "A", { runId: "r" })
      assert.deepStrictEqual(yield* statuses(run), ["r/1/A/10 Running"])
    }))

  test("tells of branches that are detached until they end", () =>
    Effect.gen(function*() {
      const workflow = make.registerSplit("A", { fast: Effect.void, slow: Effect.sleep(50) }, {
        strategy: any,
        losers: "detach",
        next: "B"
      }).registerSignal("B", Go, { next: "Done" })
      const run = yield* Runs.fork(workflow, "A", { runId: "r" })
      yield* turns(4)
      assert.deepStrictEqual(yield* statuses(run), ["r/1/A/fast Succeeded", "r/1/A/slow Running"])
      yield* passTime(50)
      assert.deepStrictEqual(yield* statuses(run), [])
    }))
})

describe("a branch that is cancelled", () => {
  const slow = Effect.never

  test("ends as if it had interrupted itself, and the join goes on", () =>
    Effect.gen(function*() {
      for (const bulkhead of [undefined, 3]) {
        const workflow = make.registerSplit("A", {
          eu: slow,
          us: Effect.as(Effect.sleep(10), 1),
          asia: Effect.as(Effect.sleep(10), 2)
        }, {
          strategy: quorum(2),
          ...bulkhead === undefined ? {} : { bulkhead },
          next: ({ outcomes: { eu } }) => eu._tag === "Failed" && Cause.hasInterruptsOnly(eu.cause) ? "Done" : "Else"
        })
        const run = yield* Runs.fork(workflow, "A")
        assert.isTrue(yield* run.cancelBranch("eu"))
        assert.isFalse(yield* run.cancelBranch("eu"))
        assert.isFalse(yield* run.cancelBranch("none"))
        yield* passTime(10)
        assert.strictEqual(yield* exitOf(run), "Done")
      }
    }))

  test("in a slot leaves its place to the next", () =>
    Effect.gen(function*() {
      for (const bulkhead of [1, 2]) {
        const workflow = make.registerSplit("A", {
          a: slow,
          b: Effect.sleep(10),
          c: Effect.sleep(10),
          d: Effect.sleep(10)
        }, {
          strategy: partialResults(4),
          bulkhead,
          next: ({ tally }) => tally.failed === 1 && tally.succeeded === 3 ? "Done" : "Else"
        })
        const run = yield* Runs.fork(workflow, "A")
        assert.isTrue(yield* run.cancelBranch("a"))
        yield* passTime(30)
        assert.strictEqual(yield* exitOf(run), "Done")
      }
    }))

  test("that is queued fails when its turn comes, of one list and of no other", () =>
    Effect.gen(function*() {
      const ran: Array<string> = []
      const note = (name: string) => Effect.andThen(Effect.sync(() => ran.push(name)), Effect.sleep(10))
      const workflow = make.registerSplit("A", { a: note("a"), b: note("b"), c: note("c") }, {
        strategy: all,
        bulkhead: 1,
        next: "Done",
        otherwise: ({ result }) => result.outcomes.b._tag === "Failed" ? "Else" : "Done"
      })
      const run = yield* Runs.fork(workflow, "A")
      assert.isTrue(yield* run.cancelBranch("b"))
      yield* passTime(30)
      assert.strictEqual(yield* exitOf(run), "Else")
      assert.deepStrictEqual(ran, ["a", "c"])
      const other = yield* Runs.fork(workflow, "A")
      yield* passTime(30)
      assert.strictEqual(yield* exitOf(other), "Done")
    }))

  test("of a growing list, too", () =>
    Effect.gen(function*() {
      const workflow = make.registerSplit(
        "A",
        Split.growing<void, never, never>(() => [Effect.sleep(10), Effect.void, Effect.void]),
        {
          strategy: partialResults(3),
          bulkhead: 1,
          next: ({ tally }) => tally.failed === 1 && tally.succeeded === 2 ? "Done" : "Else"
        }
      )
      const run = yield* Runs.fork(workflow, "A")
      assert.isTrue(yield* run.cancelBranch("1"))
      yield* passTime(10)
      assert.strictEqual(yield* exitOf(run), "Done")
    }))

  test("is addressed by its key where its name is not alone", () =>
    Effect.gen(function*() {
      const nested = Split.run({ eu: slow, us: slow }, { strategy: any, name: "inner" })
      const workflow = make.registerSplit("A", { eu: slow, us: nested }, { strategy: any, next: "Done" })
      const run = yield* Runs.fork(workflow, "A", { runId: "r" })
      const error = yield* Effect.flip(run.cancelBranch("eu"))
      assert.deepStrictEqual(error.keys, ["r/1/A/eu", "r/1/A/us/inner/eu"])
      assert.strictEqual(
        error.message,
        "run \"r\" has 2 branches of the name \"eu\"; say which by its key: r/1/A/eu, r/1/A/us/inner/eu"
      )
      assert.isTrue(yield* run.cancelBranch("r/1/A/us/inner/eu"))
      assert.isTrue(yield* run.cancelBranch("eu"))
      assert.deepStrictEqual(yield* statuses(run), [
        "r/1/A/eu Failed",
        "r/1/A/us Running",
        "r/1/A/us/inner/eu Failed",
        "r/1/A/us/inner/us Running"
      ])
    }))

  test("may be a follow-on state", () =>
    Effect.gen(function*() {
      const workflow = make
        .registerSplit("A", () => Effect.succeed(TaskResult.split(["B", "C"])), { strategy: any, next: "Done" })
        .register("B", { run: Effect.never, next: "Done" })
        .registerSignal("C", Go, { next: "Done" })
      const run = yield* Runs.fork(workflow, "A", { runId: "r" })
      assert.strictEqual((yield* run.info).at?.state, "A")
      assert.deepStrictEqual((yield* run.info).waits.map(({ key }) => key), ["r/1/A/1/1/C"])
      assert.isTrue(yield* run.cancelBranch("0"))
      assert.strictEqual((yield* run.info).status, "waiting")
      yield* run.signal(Go, "x")
      assert.strictEqual(yield* exitOf(run), "Done")
    }))

  test("may cancel itself, or be told by a sibling", () =>
    Effect.gen(function*() {
      const handle = Effect.flatMap(Workflow.CurrentRun, ({ runId }) => Effect.map(Runs.get(runId), Option.getOrThrow))
      const workflow = make.registerSplit("A", {
        self: Effect.flatMap(handle, (run) => Effect.andThen(run.cancelBranch("self"), Effect.never)),
        victim: Effect.never,
        sibling: Effect.flatMap(handle, (run) => run.cancelBranch("victim"))
      }, {
        strategy: partialResults(3),
        next: ({ outcomes: { self, sibling, victim } }) =>
          self._tag === "Failed" && victim._tag === "Failed" && sibling._tag === "Succeeded" && sibling.value
            ? "Done"
            : "Else"
      })
      const run = yield* Runs.fork(workflow, "A")
      assert.strictEqual(yield* exitOf(run), "Done")
    }))
})

describe("a join that is settled", () => {
  const three = { fast: Effect.succeed(1), slow: Effect.never, queued: Effect.never }
  const timedFold = JoinStrategy.make({
    name: "whatever is there",
    initial: () => 0,
    onOutcome: (n: number) => n + 1,
    decide: (n, _, event) => event === "deadline" && n > 0 ? "proceed" : "continue",
    timed: true
  })
  const settled = (
    options: object,
    branches: unknown = three
  ): Effect.Effect<unknown, unknown, Runs.Runs | Scope.Scope> =>
    Effect.gen(function*() {
      const workflow = (untyped("w") as any).addExitStates("Done", "Else").registerSplit("A", branches, {
        next: ({ tally }: any) => tally.interrupted > 0 ? "Done" : "B",
        ...options
      }).register("B", { run: Effect.void, next: "Else" })
      const run = yield* Runs.fork(workflow as typeof make, "A" as never)
      yield* turns(4)
      assert.isTrue(yield* run.settle())
      assert.isFalse(yield* run.settle())
      return yield* exitOf(run)
    })

  test("is decided by what there is", () =>
    Effect.gen(function*() {
      for (const bulkhead of [undefined, 2]) {
        const more = bulkhead === undefined ? {} : { bulkhead }
        assert.strictEqual(yield* settled({ strategy: partialTimeout, timeout: 1000, ...more }), "Done")
        assert.strictEqual(yield* settled({ strategy: timedFold, timeout: 1000, ...more }), "Done")
        for (
          const strategy of [
            all,
            quorum(2),
            JoinStrategy.percentage(0.5),
            partialResults(2),
            JoinStrategy.tolerate({ maxFailures: 1 })
          ]
        ) {
          const error = yield* settled({ strategy, timeout: 1000, ...more })
          assert.instanceOf(error, CanoError.JoinUnsatisfiedError)
          assert.strictEqual((error as CanoError.JoinUnsatisfiedError).result.tally.succeeded, 1)
          assert.strictEqual(yield* settled({ strategy, otherwise: "Else", timeout: 1000, ...more }), "Else")
        }
      }
      const none = yield* settled({ strategy: partialTimeout, timeout: 1000 }, [Effect.never])
      assert.instanceOf(none, CanoError.JoinTimeoutError)
    }))

  test("is the outermost one that is open, or the one of a key", () =>
    Effect.gen(function*() {
      const inner = Effect.exit(Split.run([Effect.never], { strategy: all, name: "inner" }))
      const workflow = make.registerSplit("A", { one: inner, two: Effect.never }, {
        strategy: any,
        next: "Done",
        otherwise: "Else"
      })
      const run = yield* Runs.fork(workflow, "A", { runId: "r" })
      assert.isFalse(yield* run.settle("r/1/A/none"))
      assert.isTrue(yield* run.settle("r/1/A/one/inner"))
      assert.strictEqual(yield* exitOf(run), "Done")
      const other = yield* Runs.fork(workflow, "A", { runId: "r" })
      assert.isTrue(yield* other.settle())
      assert.strictEqual(yield* exitOf(other), "Else")
    }))

  test("may be settled by one of its branches, or by who hears of its start", () =>
    Effect.gen(function*() {
      const handle = Effect.flatMap(Workflow.CurrentRun, ({ runId }) => Effect.map(Runs.get(runId), Option.getOrThrow))
      for (const bulkhead of [undefined, 2]) {
        const workflow = make.registerSplit("A", [
          Effect.void,
          Effect.flatMap(handle, (run) => Effect.andThen(run.settle(), Effect.never)),
          Effect.never
        ], { strategy: partialTimeout, timeout: 1000, ...bulkhead === undefined ? {} : { bulkhead }, next: "Done" })
        assert.strictEqual(yield* workflow.orchestrate("A"), "Done")
        const runs = yield* Runs.Runs
        const early = make.registerSplit("A", [Effect.never, Effect.never, Effect.never], {
          strategy: all,
          ...bulkhead === undefined ? {} : { bulkhead },
          next: "Done",
          otherwise: ({ result: { tally } }) => tally.notStarted === 3 ? "Else" : "Done"
        })
        const settle: RunEvent.Listener = (event) => {
          if (event._tag !== "SplitStarted") return
          Effect.runSync(Effect.flatMap(runs.get(event.runId), (run) => Option.getOrThrow(run).settle()))
        }
        assert.strictEqual(yield* Effect.provide(early.orchestrate("A"), RunEvent.layer([settle])), "Else")
      }
    }))
})

describe("a run that is paused", () => {
  const workflow = make
    .register("A", { run: Effect.sleep(10), next: "B" })
    .registerSignal("B", Go, { timeout: 50, next: "Done", otherwise: "Else" })

  test("enters no state until it is resumed, and keeps what it is sent", () =>
    Effect.gen(function*() {
      const run = yield* Runs.fork(workflow, "A")
      assert.isTrue(yield* run.pause("lunch"))
      assert.isFalse(yield* run.pause())
      yield* passTime(20)
      const { at, paused, status } = yield* run.info
      assert.deepStrictEqual([status, at?.state, paused], ["paused", "A", { since: 0, note: "lunch" }])
      assert.strictEqual(yield* run.signal(Go, "x"), "kept")
      assert.isTrue(yield* run.resume)
      assert.isFalse(yield* run.resume)
      assert.strictEqual(yield* exitOf(run), "Done")
    }))

  test("enters no exit either, and its deadlines go on", () =>
    Effect.gen(function*() {
      const run = yield* Runs.fork(workflow, "A")
      yield* passTime(10)
      yield* run.pause()
      yield* passTime(50)
      const { at, waits } = yield* run.info
      assert.deepStrictEqual([at?.state, waits], ["B", []])
      yield* run.resume
      assert.strictEqual(yield* exitOf(run), "Else")
      const timed = yield* Runs.fork(workflow.withTimeout(100), "A")
      yield* timed.pause()
      yield* passTime(100)
      assert.instanceOf(yield* exitOf(timed), CanoError.WorkflowTimeoutError)
    }))

  test("holds its follow-on branches, too", () =>
    Effect.gen(function*() {
      const entered: Array<string> = []
      const note = (name: string) => Effect.sync(() => entered.push(name))
      const fanned = make
        .registerSplit("A", () => Effect.as(Effect.sleep(10), TaskResult.split(["B", "C"])), {
          strategy: all,
          next: "Done"
        })
        .register("B", { run: Effect.andThen(note("B"), Effect.sleep(10)), next: "Done" })
        .register("C", { run: Effect.andThen(note("C"), Effect.sleep(10)), next: "Done" })
      const run = yield* Runs.fork(fanned, "A")
      yield* run.pause()
      yield* passTime(10)
      assert.deepStrictEqual(entered, [])
      yield* run.resume
      yield* passTime(5)
      assert.deepStrictEqual(entered, ["B", "C"])
      yield* run.pause()
      yield* passTime(10)
      assert.deepStrictEqual((yield* run.info).branches.map(({ status }) => status), ["Running", "Running"])
      yield* run.resume
      assert.strictEqual(yield* exitOf(run), "Done")
    }))

  test("can be cancelled, and paused again before it has gone on", () =>
    Effect.gen(function*() {
      const run = yield* Runs.fork(workflow, "A")
      yield* run.pause()
      yield* passTime(20)
      yield* run.resume
      yield* run.pause()
      yield* passTime(20)
      assert.strictEqual((yield* run.info).at?.state, "A")
      yield* run.cancel()
      assert.strictEqual(yield* exitOf(run), "interrupted")
    }))
})

describe("what listens", () => {
  it.effect("is told of signals and pauses, between the start of the run and its end", () =>
    Effect.gen(function*() {
      const workflow = make.registerSignal("A", Go, { next: "B" }).register("B", { run: Effect.void, next: "Done" })
      const { events, lines } = yield* listenTo(
        Effect.scoped(Effect.gen(function*() {
          const run = yield* Runs.fork(workflow, "A", { runId: "r" })
          yield* run.pause("a while")
          yield* run.signal(Go, "x", { id: "1", key: "k" })
          yield* run.signal(Go, "x", { id: "1" })
          yield* turns(4)
          yield* run.signal(Go, "y")
          yield* run.resume
          yield* run.await
        })).pipe(Effect.provide(Runs.layer))
      )
      assertEvents(events)
      assert.deepStrictEqual(lines, [
        "RunStarted r",
        "StateEntered r/1/A",
        "WaitStarted r/1/A",
        "RunPaused r",
        "SignalReceived r go taken",
        "SignalReceived r go duplicate",
        "WaitEnded r/1/A",
        "StateLeft r/1/A succeeded",
        "SignalReceived r go kept",
        "RunResumed r",
        "StateEntered r/2/B",
        "StateLeft r/2/B succeeded",
        "RunEnded r succeeded"
      ])
    }))

  test("may send, pause and look at the run on the stack of what happens", () =>
    Effect.gen(function*() {
      const runs = yield* Runs.Runs
      const seen: Array<unknown> = []
      const listener: RunEvent.Listener = (event) => {
        const run = Option.getOrUndefined(Effect.runSync(runs.get(event.runId)))
        const info = run && Effect.runSync(run.info)
        seen.push([event._tag, info?.status, info?.at?.state])
        if (event._tag === "WaitStarted") seen.push(Effect.runSync(run!.signal(Go, "x")))
        if (event._tag === "StateLeft") {
          Effect.runSync(run!.pause())
          Effect.runSync(run!.resume)
        }
      }
      const workflow = make.registerSignal("A", Go, { next: "Done" })
      assert.strictEqual(yield* Effect.provide(workflow.orchestrate("A"), RunEvent.layer([listener])), "Done")
      assert.deepStrictEqual(seen, [
        ["RunStarted", "running", undefined],
        ["StateEntered", "running", "A"],
        ["WaitStarted", "waiting", "A"],
        // what comes of a listener is told when all have heard what it was told
        "kept",
        ["SignalReceived", "waiting", "A"],
        ["WaitEnded", "waiting", "A"],
        ["StateLeft", "running", "A"],
        ["RunPaused", "running", "A"],
        ["RunResumed", "running", "A"],
        ["RunEnded", undefined, undefined]
      ])
    }))
})

describe("a cancelled run", () => {
  test("is awaited with its finalizers, once, whoever cancels it how often", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const work = Effect.onInterrupt(Effect.never, () =>
        Effect.andThen(Effect.sleep(10), Effect.sync(() => trail.push("cleaned"))))
      const run = yield* Runs.fork(make.register("A", { run: work, next: "Done" }), "A")
      const cancelling = yield* Effect.forkChild(
        Effect.all([run.cancel(), run.cancel({ compensate: false })], { concurrency: 2 }),
        { startImmediately: true }
      )
      assert.deepStrictEqual(trail, [])
      yield* passTime(10)
      yield* Fiber.join(cancelling)
      assert.deepStrictEqual(trail, ["cleaned"])
    }))

  test("may have been cancelled by one of its own tasks", () =>
    Effect.gen(function*() {
      const workflow = make.register("A", function*() {
        const { runId } = yield* Workflow.CurrentRun
        yield* Option.getOrThrow(yield* Runs.get(runId)).cancel()
        return "Done"
      })
      const exit = yield* Effect.exit(workflow.orchestrate("A"))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
    }))
})
