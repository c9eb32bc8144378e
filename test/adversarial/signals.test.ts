/**
 * Signals and handles where something happens before something else: from inside of the run, from who listens, while it ends,
 * very often.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Context, Effect, Exit, Fiber, Layer, Option, Schema, type Scope, Stream } from "effect"
import { Hedge, JoinStrategy, RunEvent, Split, Workflow } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import * as RunSpans from "effect-cano/RunSpans"
import * as RunStream from "effect-cano/RunStream"
import * as Signal from "effect-cano/Signal"
import { AsyncLocalStorage } from "node:async_hooks"
import { assertEvents, passTime, primeClock, turns } from "../kit/index.ts"

const { all, any, partialResults } = JoinStrategy

const Go = Signal.make("go", Schema.Int, { capacity: 1_000_000 })
const Ask = Signal.make("ask", Schema.Int, { reply: Schema.Int })

const make = Workflow.make<"A" | "B" | "Done" | "Else">("w").addExitStates("Done", "Else")

const test = (name: string, body: () => Effect.Effect<void, unknown, Runs.Runs | Scope.Scope>) =>
  it.effect(name, () => Effect.andThen(primeClock, Effect.provide(Effect.scoped(body()), Runs.layer)))

/** The handle of the run that one stands in. */
const self = Effect.flatMap(Workflow.CurrentRun, ({ runId }) => Effect.map(Runs.get(runId), Option.getOrThrow))

const defect = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "none"

describe("from inside of the run", () => {
  test("a branch sends to its sibling, and asks it", () =>
    Effect.gen(function*() {
      const workflow = make.registerSplit("A", {
        asks: Effect.flatMap(self, (run) => run.ask(Ask, 5)),
        answers: Signal.wait(Ask, { reply: (n) => n * 2 })
      }, { strategy: all, next: ({ values }) => values.asks === 10 ? "Done" : "Else" })
      assert.strictEqual(yield* workflow.orchestrate("A"), "Done")
    }))

  test("an observer sends what the next state waits for", () =>
    Effect.gen(function*() {
      const workflow = make.registerSplit("A", [Effect.succeed(1), Effect.sleep(1)], {
        strategy: all,
        onOutcome: ({ index }) => Effect.flatMap(self, (run) => Effect.orDie(run.signal(Go, index))),
        next: "B"
      }).registerSignal("B", Go, { next: (n) => n === 0 ? "Done" : "Else" })
      const fiber = yield* Effect.forkChild(workflow.orchestrate("A"), { startImmediately: true })
      yield* passTime(1)
      assert.strictEqual(yield* Fiber.join(fiber), "Done")
    }))

  test("a reply may send, pause, settle or cancel", () =>
    Effect.gen(function*() {
      const runs = yield* Runs.Runs
      const handle = () => Option.getOrThrow(Effect.runSync(runs.get("r")))
      const workflow = make
        .registerSignal("A", Ask, { reply: (n) => (Effect.runSync(handle().signal(Go, n)), n), next: "B" })
        .registerSignal("B", Go, { next: (n) => n === 5 ? "Done" : "Else" })
      const run = yield* Runs.fork(workflow, "A", { runId: "r" })
      assert.strictEqual(yield* run.ask(Ask, 5), 5)
      assert.deepStrictEqual(yield* run.await, Exit.succeed("Done"))
      const cancelled = yield* Runs.fork(
        make.registerSignal("A", Ask, { reply: (n) => (Effect.runFork(handle().cancel()), n), next: "Done" }),
        "A",
        { runId: "r" }
      )
      assert.strictEqual(yield* cancelled.ask(Ask, 5), 5)
      assert.isTrue(Exit.isFailure(yield* cancelled.await))
    }))

  test("a signal that its own wait is woken by on the same step is taken", () =>
    Effect.gen(function*() {
      const workflow = make.registerSplit("A", [
        Effect.flatMap(self, (run) => Effect.flatMap(run.signal(Go, 1), () => Signal.wait(Go)))
      ], { strategy: all, next: "Done" })
      assert.strictEqual(yield* workflow.orchestrate("A"), "Done")
    }))
})

describe("what listens", () => {
  test("sends at each event of the run, its start included", () =>
    Effect.gen(function*() {
      const runs = yield* Runs.Runs
      let sent = 0
      let over = false
      const events: Array<RunEvent.RunEvent> = []
      const listener: RunEvent.Listener = (event) => {
        events.push(event)
        if (event._tag === "SignalReceived") return
        if (event._tag === "RunEnded") {
          assert.isTrue(Option.isNone(Effect.runSync(runs.get(event.runId))))
          over = true
          return
        }
        Effect.runSync(Effect.flatMap(runs.get(event.runId), (run) => Option.getOrThrow(run).signal(Go, sent++)))
      }
      const workflow = make.registerSplit("A", [Signal.wait(Go), Signal.wait(Go)], { strategy: all, next: "B" })
        .registerSignal("B", Go, { next: "Done" })
      const own = Effect.provide(workflow.orchestrate("A", { runId: "r" }), RunEvent.layer([listener]))
      assert.strictEqual(yield* own, "Done")
      assertEvents(events)
      assert.isTrue(over)
      assert.strictEqual(events.filter(({ _tag }) => _tag === "SignalReceived").length, sent)
    }))

  it.effect("has its place beside Runs, whichever Layer comes first", () =>
    Effect.gen(function*() {
      const workflow = make.register("A", { run: Effect.void, next: "Done" })
      const tags = (layer: (told: Layer.Layer<never>) => Layer.Layer<Runs.Runs>) =>
        Effect.gen(function*() {
          const events: Array<string> = []
          const told = Layer.mergeAll(
            RunEvent.layer([({ _tag }) => void events.push(_tag)]),
            Layer.orDie(RunSpans.layer())
          )
          yield* Effect.provide(Effect.flatMap(Runs.fork(workflow, "A"), (run) => run.await), layer(told))
          return events.join()
        }).pipe(Effect.scoped)
      const expected = "RunStarted,StateEntered,StateLeft,RunEnded"
      assert.strictEqual(yield* tags((told) => Layer.mergeAll(told, Runs.layer)), expected)
      assert.strictEqual(yield* tags((told) => Layer.mergeAll(Runs.layer, told)), expected)
      assert.strictEqual(yield* tags((told) => Layer.provideMerge(Runs.layer, told)), expected)
      // among the Layers of the workflow it is told of the run, too
      const events: Array<string> = []
      const inside = workflow.withResources(RunEvent.layer([({ _tag }) => void events.push(_tag)]))
      yield* Effect.provide(inside.orchestrate("A"), Runs.layer)
      assert.strictEqual(events.join(), expected)
    }))

  it.effect("reads a stream of signals", () =>
    Effect.gen(function*() {
      const { listener, stream } = yield* RunStream.make()
      const reading = yield* Effect.forkChild(
        stream.pipe(Stream.filter(({ _tag }) => _tag === "SignalReceived"), Stream.take(1), Stream.runCollect),
        { startImmediately: true }
      )
      const workflow = make.registerSignal("A", Go, { next: "Done" })
      yield* Effect.flatMap(Runs.fork(workflow, "A"), (run) => run.signal(Go, 1)).pipe(
        Effect.provide(Layer.mergeAll(Runs.layer, RunEvent.layer([listener])))
      )
      assert.strictEqual((yield* Fiber.join(reading)).length, 1)
    }).pipe(Effect.scoped))
})

describe("a fiber that has to yield", () => {
  test("does so before it takes a signal, and not between that and what it does with it", () =>
    Effect.gen(function*() {
      let services: Context.Context<never> | undefined
      const workflow = make.register("A", {
        run: Effect.flatMap(Effect.context<never>(), (context) => {
          services = context
          return Effect.never
        }),
        next: "Done"
      })
      const run = yield* Runs.fork(workflow, "A")
      for (let n = 1900; n < 2100; n++) {
        yield* run.signal(Go, n)
        const spin = Effect.forEach(Array.from({ length: n % 100 }), () => Effect.void, { discard: true })
        const busy = Effect.whileLoop({
          while: () => Fiber.getCurrent()!.currentOpCount < n,
          body: () => Effect.void,
          step: () => {}
        })
        const fiber = Effect.runForkWith(services as Context.Context<Runs.Runs>)(
          Effect.andThen(spin, Effect.andThen(busy, Signal.wait(Go)))
        )
        yield* Effect.sync(() => fiber.interruptUnsafe())
        const exit = yield* Fiber.await(fiber)
        const { signals } = yield* run.info
        assert.strictEqual(signals.length, Exit.isSuccess(exit) ? 0 : 1, `at ${n}`)
        if (signals.length > 0) yield* Effect.provideContext(Signal.wait(Go), services as Context.Context<Runs.Runs>)
      }
    }))
})

describe("an end", () => {
  it.effect("that comes from outside is the same with Runs as without", () =>
    Effect.gen(function*() {
      yield* primeClock
      const boom = Effect.onInterrupt(Effect.never, () => Effect.die("boom"))
      const stubborn = Effect.uninterruptible(Effect.sleep(10))
      for (const work of [Effect.never, boom, stubborn, Effect.die("no"), Effect.interrupt]) {
        const workflow = make.register("A", { run: work, next: "Done" })
        const ends: Array<unknown> = []
        for (const layer of [Layer.empty, Runs.layer]) {
          const fiber = yield* Effect.forkChild(Effect.provide(workflow.orchestrate("A", { runId: "r" }), layer), {
            startImmediately: true
          })
          yield* Effect.sync(() => fiber.interruptUnsafe(7))
          yield* passTime(10)
          const exit = yield* Fiber.await(fiber)
          ends.push(
            Exit.isSuccess(exit)
              ? exit.value
              : exit.cause.reasons.map((reason) => Cause.isDieReason(reason) ? reason.defect : reason._tag).sort()
          )
        }
        assert.deepStrictEqual(ends[1], ends[0])
      }
    }))

  test("of a task that yields no Effect is told, and the run is forgotten", () =>
    Effect.gen(function*() {
      const noEffect: Effect.Effect<never> = Effect.flatMap(Effect.void, () => 5 as never)
      const bad = make.register("A", { run: noEffect, next: "Done" })
      const run = yield* Runs.fork(bad, "A")
      assert.match(defect(yield* run.await), /Not a valid effect/)
      // a branch that is a run has failed then, and its split goes on
      const outer = make.registerSplit("A", [bad.orchestrate("A"), Effect.sleep(1)], {
        strategy: partialResults(2),
        next: ({ tally }) => tally.failed === 1 ? "Done" : "Else"
      })
      const fiber = yield* Effect.forkChild(outer.orchestrate("A"), { startImmediately: true })
      yield* passTime(1)
      assert.strictEqual(yield* Fiber.join(fiber), "Done")
      assert.deepStrictEqual(yield* Runs.list, [])
    }))

  test("of a run leaves nobody waiting who has outlived it", () =>
    Effect.gen(function*() {
      let left: Fiber.Fiber<number, unknown> | undefined
      const workflow = make.register("A", {
        run: Effect.map(Effect.forkDetach(Signal.wait(Go), { startImmediately: true }), (fiber) => {
          left = fiber
        }),
        next: "Done"
      })
      assert.strictEqual(yield* workflow.orchestrate("A"), "Done")
      yield* turns(4)
      assert.match(
        defect(left!.pollUnsafe()!),
        /nobody can send signal "go" any more: the run that waits for it has ended/
      )
    }))

  test("of a wait in an uninterruptible region waits for its signal", () =>
    Effect.gen(function*() {
      const workflow = make.register("A", { run: Effect.uninterruptible(Signal.wait(Go)), next: "Done" })
      const run = yield* Runs.fork(workflow, "A")
      const cancelling = yield* Effect.forkChild(run.cancel(), { startImmediately: true })
      yield* turns(4)
      assert.strictEqual((yield* run.info).status, "waiting")
      assert.strictEqual(yield* run.signal(Go, 1), "taken")
      assert.isTrue(Exit.isFailure(yield* Fiber.join(cancelling)))
    }))

  test("of a run in an uninterruptible region is its own, whoever cancels it", () =>
    Effect.gen(function*() {
      const workflow = make.register("A", { run: Effect.sleep(10), next: "Done" })
      const fiber = yield* Effect.forkChild(Effect.uninterruptible(workflow.orchestrate("A", { runId: "r" })), {
        startImmediately: true
      })
      const run = Option.getOrThrow(yield* Runs.get("r"))
      const cancelling = yield* Effect.forkChild(run.cancel(), { startImmediately: true })
      yield* Effect.sync(() => fiber.interruptUnsafe())
      yield* passTime(10)
      assert.deepStrictEqual(yield* Fiber.join(cancelling), Exit.succeed("Done"))
    }))

  test("of a run may be waited for from many sides, and a handle keeps it", () =>
    Effect.gen(function*() {
      const workflow = make.registerSignal("A", Go, { next: "Done" })
      const run = yield* Runs.fork(workflow, "A")
      const waiting = yield* Effect.forkChild(Effect.all([run.await, run.await, run.cancel()], { concurrency: 3 }), {
        startImmediately: true
      })
      const interrupted = yield* Effect.forkChild(run.await, { startImmediately: true })
      yield* Fiber.interrupt(interrupted)
      const exits = yield* Fiber.join(waiting)
      assert.isTrue(exits.every((exit) => exit === exits[0]))
      assert.strictEqual(yield* run.await, exits[0])
    }))

  test("comes to a run that was cancelled by its id as its Layers are built", () =>
    Effect.gen(function*() {
      const slow = Layer.effectDiscard(Effect.sleep(10))
      const run = yield* Runs.fork(make.register("A", { run: Effect.void, next: "Done" }).withResources(slow), "A")
      assert.deepStrictEqual([(yield* run.info).status, (yield* run.info).at], ["running", undefined])
      assert.isTrue(Exit.isFailure(yield* run.cancel()))
    }))
})

describe("who asks for a reply", () => {
  test("gets none where the wait is interrupted as the signal is on its way, until another takes it", () =>
    Effect.gen(function*() {
      const wait = Signal.wait(Ask, { reply: (n) => n + 1 })
      const workflow = make.registerSplit("A", { one: wait, two: Effect.never }, {
        strategy: any,
        next: "Else",
        otherwise: "B"
      })
        .registerSignal("B", Ask, { reply: (n) => n + 100, next: "Done" })
      const run = yield* Runs.fork(workflow, "A")
      const asking = yield* Effect.forkChild(run.ask(Ask, 1), { startImmediately: true })
      // in the same step
      assert.isTrue(yield* run.settle())
      assert.strictEqual(yield* Fiber.join(asking), 101)
      assert.deepStrictEqual(yield* run.await, Exit.succeed("Done"))
    }))

  test("may go away, and the signal is taken all the same", () =>
    Effect.gen(function*() {
      const workflow = make.register("A", { run: Effect.sleep(10), next: "B" })
        .registerSignal("B", Ask, { reply: (n) => n, next: "Done" })
      const run = yield* Runs.fork(workflow, "A")
      const asking = yield* Effect.forkChild(run.ask(Ask, 1), { startImmediately: true })
      yield* Fiber.interrupt(asking)
      yield* passTime(10)
      assert.deepStrictEqual(yield* run.await, Exit.succeed("Done"))
    }))
})

describe("a branch that is cancelled", () => {
  test("as the join is decided, or among alternatives, does no harm", () =>
    Effect.gen(function*() {
      const slow = Effect.onInterrupt(Effect.never, () => Effect.sleep(10))
      const workflow = make.registerSplit("A", { slow, fast: Effect.sleep(5) }, { strategy: any, next: "Done" })
      const run = yield* Runs.fork(workflow, "A")
      yield* passTime(5)
      assert.isTrue(yield* run.cancelBranch("slow"))
      yield* passTime(10)
      assert.deepStrictEqual(yield* run.await, Exit.succeed("Done"))
      const hedged = make.registerSplit("A", { one: Effect.never, two: Effect.sleep(5) }, {
        strategy: any,
        hedge: { delay: 1000 },
        next: "Done"
      })
      const other = yield* Runs.fork(hedged, "A")
      assert.isTrue(yield* other.cancelBranch("one"))
      yield* passTime(5)
      assert.deepStrictEqual(yield* other.await, Exit.succeed("Done"))
    }))

  test("behind a shared bulkhead gives its place back", () =>
    Effect.gen(function*() {
      const inner = Split.run([Effect.never, Effect.succeed(1)], {
        strategy: partialResults(2),
        bulkhead: 1,
        name: "inner"
      })
      const run = yield* Runs.fork(make.register("A", { run: inner, next: "Done" }), "A", { runId: "r" })
      assert.isTrue(yield* run.cancelBranch("r/1/A/inner/0"))
      assert.deepStrictEqual(yield* run.await, Exit.succeed("Done"))
    }))

  test("while it is interruptible nowhere is awaited", () =>
    Effect.gen(function*() {
      const workflow = make.registerSplit("A", {
        stubborn: Effect.uninterruptible(Effect.sleep(10)),
        other: Effect.void
      }, {
        strategy: partialResults(2),
        next: ({ tally }) => tally.failed === 1 ? "Done" : "Else"
      })
      const run = yield* Runs.fork(workflow, "A")
      yield* run.cancelBranch("stubborn")
      yield* passTime(10)
      assert.deepStrictEqual(yield* run.await, Exit.succeed("Done"))
    }))
})

describe("a run with Runs around it", () => {
  it("keeps the async context of who has started it, and gives it to its caller again", async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: Array<string | undefined> = []
    const look = Effect.sync(() => seen.push(storage.getStore()))
    const workflow = make.register("A", { run: look, next: "B" })
      .registerSignal("B", Go, { next: () => (seen.push(storage.getStore()), "Done") })
    await Effect.runPromise(
      Effect.gen(function*() {
        const runs = yield* Runs.Runs
        const started = storage.run(
          "starter",
          () =>
            Effect.runFork(
              Effect.andThen(Effect.provideService(workflow.orchestrate("A", { runId: "r" }), Runs.Runs, runs), look)
            )
        )
        yield* Effect.sleep(1)
        yield* storage.run("sender", () => Runs.signal("r", Go, 1))
        yield* Fiber.join(started)
      }).pipe(Effect.provide(Runs.layer))
    )
    assert.deepStrictEqual(seen, ["starter", "starter", "starter"])
  })

  test("has its services, and changes none of its caller's", () =>
    Effect.gen(function*() {
      class Service extends Context.Service<Service, number>()("Service") {}
      const workflow = make.register("A", { run: Service, next: (n) => n === 5 ? "Done" : "Else" })
      assert.strictEqual(yield* Effect.provideService(workflow.orchestrate("A"), Service, 5), "Done")
      assert.strictEqual((yield* Workflow.CurrentRun).runId, "")
      const hedged = make.register("A", { run: Hedge.run(() => Signal.wait(Go), { delay: 10 }), next: "Done" })
      const run = yield* Runs.fork(hedged, "A")
      assert.strictEqual(yield* run.signal(Go, 1), "taken")
      assert.deepStrictEqual(yield* run.await, Exit.succeed("Done"))
    }))
})

describe("very many", () => {
  const elapsed = <A, E, R>(body: Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const start = yield* Clock.currentTimeMillis
      yield* body
      return (yield* Clock.currentTimeMillis) - start
    })

  const host = make.register("A", { run: Effect.never, next: "Done" })

  it.live("signals are sent, kept and taken in linear time", () =>
    Effect.gen(function*() {
      const sending = (n: number, id: (i: number) => Runs.SendOptions) =>
        Effect.gen(function*() {
          const workflow = make.register("A", {
            run: Effect.andThen(
              Effect.flatMap(self, (run) =>
                Effect.forEach(Array.from({ length: n }, (_, i) => i), (i) =>
                  run.signal(Go, i, id(i)), { discard: true })),
              Effect.forEach(
                Array.from({ length: n }, (_, i) =>
                  i),
                (i) =>
                  Effect.map(Signal.wait(Go), (got) => assert.strictEqual(got, i)),
                { discard: true }
              )
            ),
            next: "Done"
          })
          return yield* elapsed(workflow.orchestrate("A"))
        })
      for (const id of [() => ({}), (i: number) => ({ id: String(i) }), (i: number) => ({ key: String(i) })]) {
        yield* sending(1000, id)
        const few = yield* sending(5000, id)
        const many = yield* sending(40_000, id)
        assert.isBelow(many, 8 * 4 * Math.max(few, 10))
      }
    }).pipe(Effect.provide(Runs.layer)), 60_000)

  it.live("who wait are served and leave in linear time", () =>
    Effect.gen(function*() {
      const waiting = (n: number) =>
        elapsed(Effect.gen(function*() {
          const workflow = make.registerSplit(
            "A",
            Array.from({ length: n }, (_, i) => Signal.wait(Go, { key: String(i % 7) })),
            {
              strategy: partialResults(n),
              next: "Done"
            }
          )
          const run = yield* Runs.fork(workflow, "A")
          for (let i = 0; i < n; i++) yield* run.signal(Go, i, { key: String(i % 7) })
          yield* run.await
          const left = yield* Runs.fork(workflow, "A")
          for (let i = 0; i < n; i++) yield* left.signal(Go, i, { key: String(i % 7) })
          yield* left.cancel()
        }))
      yield* waiting(500)
      const few = yield* waiting(2500)
      const many = yield* waiting(20_000)
      assert.isBelow(many, 8 * 4 * Math.max(few, 10))
    }).pipe(Effect.scoped, Effect.provide(Runs.layer)), 60_000)

  test("ids are forgotten one by one, but those of signals that are kept", () =>
    Effect.gen(function*() {
      const run = yield* Runs.fork(
        make.register("A", { run: Effect.forever(Signal.wait(Go, { key: "eager" })), next: "Done" }),
        "A"
      )
      assert.strictEqual(yield* run.signal(Go, 0, { id: "kept" }), "kept")
      for (let i = 0; i < 3000; i++) {
        assert.oneOf(yield* run.signal(Go, i, { id: String(i), key: "eager" }), ["taken", "kept"])
        yield* Effect.yieldNow
      }
      assert.strictEqual(yield* run.signal(Go, 0, { id: "kept" }), "duplicate")
      assert.strictEqual(yield* run.signal(Go, 0, { id: "2999", key: "eager" }), "duplicate")
      assert.strictEqual(yield* run.signal(Go, 0, { id: "2100", key: "eager" }), "duplicate")
      assert.notStrictEqual(yield* run.signal(Go, 0, { id: "0", key: "eager" }), "duplicate")
    }))

  test("runs come and go, and none is left", () =>
    Effect.gen(function*() {
      const short = make.register("A", { run: Effect.yieldNow, next: "Done" })
      yield* Effect.forEach(Array.from({ length: 20_000 }), () => short.orchestrate("A", { runId: "r" }), {
        discard: true
      })
      yield* Effect.forEach(Array.from({ length: 2000 }), () => short.orchestrate("A"), {
        discard: true,
        concurrency: 100
      })
      assert.deepStrictEqual(yield* Runs.list, [])
      const run = yield* Runs.fork(host, "A")
      assert.deepStrictEqual((yield* Runs.list).length, 1)
      yield* run.cancel()
    }))
})
