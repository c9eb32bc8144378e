/**
 * Run events: what is told, to whom, and that listening harms nobody.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Context, Deferred, Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { CanoError, Hedge, JoinStrategy, RunEvent, Split, TaskResult, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import { assertEvents, line, listenTo, start } from "../kit/index.ts"

const { all, any, partialTimeout, quorum } = JoinStrategy

const make = Workflow.make<"A" | "B" | "C" | "Done" | "Failed">("w")

const simple = make.register("A", { run: Effect.void, next: "Done" }).addExitStates("Done")

const ofBranches = (lines: ReadonlyArray<string>) => lines.filter((line) => /^(Branch|Join)/.test(line))

/** What the log was told while an effect ran. */
const logged = <A, E, R>(body: Effect.Effect<A, E, R>) => {
  const lines: Array<string> = []
  const logger = Logger.make<unknown, void>(({ message }) => {
    lines.push(String(Array.isArray(message) ? message[0] : message))
  })
  return Effect.map(Effect.provide(body, Logger.layer([logger])), (value) => ({ value, lines }))
}

describe("events", () => {
  it.effect("tell of a run, its states, splits, branches and joins, in numbers from 1", () =>
    Effect.gen(function*() {
      const workflow = make
        .register("A", { run: Split.run({ x: Effect.void }, { strategy: all, name: "in" }), next: "B" })
        .registerSplit("B", { a: Effect.void, "b/c": Effect.fail("no"), d: Effect.never }, {
          strategy: any,
          bulkhead: 1,
          next: "Done"
        })
        .addExitStates("Done")
      const { events, lines } = yield* listenTo(workflow.orchestrate("A", { runId: "r" }))
      assert.deepStrictEqual(lines, [
        "RunStarted r",
        "StateEntered r/1/A",
        "SplitStarted r/1/A/in",
        "BranchQueued r/1/A/in/x",
        "BranchStarted r/1/A/in/x",
        "BranchSettled r/1/A/in/x Succeeded",
        "JoinDecided r/1/A/in satisfied 1/0",
        "SplitEnded r/1/A/in succeeded",
        "StateLeft r/1/A succeeded",
        "StateEntered r/2/B",
        "SplitStarted r/2/B",
        "BranchQueued r/2/B/a",
        "BranchQueued r/2/B/b%2Fc",
        "BranchQueued r/2/B/d",
        "BranchStarted r/2/B/a",
        "BranchSettled r/2/B/a Succeeded",
        "JoinDecided r/2/B satisfied 1/0",
        "BranchLost r/2/B/b%2Fc NotStarted",
        "BranchLost r/2/B/d NotStarted",
        "SplitEnded r/2/B succeeded",
        "StateLeft r/2/B succeeded",
        "RunEnded r succeeded"
      ])
      assertEvents(events)
      const [first] = events
      assert.deepStrictEqual(first, {
        _tag: "RunStarted",
        workflow: "w",
        runId: "r",
        key: "r",
        parent: undefined,
        seq: 1,
        at: 0
      })
      const end = events.at(-1)
      assert.isTrue(end?._tag === "RunEnded")
      assert.deepStrictEqual((end as RunEvent.RunEnded).path.states, ["A", "B", "Done"])
      assert.deepStrictEqual((end as RunEvent.RunEnded).exit, Exit.succeed("Done"))
    }))

  it.effect("say when a branch was queued, started and ended, and what its join was decided with", () =>
    Effect.gen(function*() {
      const workflow = make
        .registerSplit("A", [Effect.sleep(10), Effect.sleep(20), Effect.never], {
          strategy: partialTimeout,
          timeout: 25,
          bulkhead: 1,
          next: "Done"
        })
        .addExitStates("Done")
      const fiber = yield* start(listenTo(workflow.orchestrate("A")))
      yield* TestClock.adjust(100)
      const { events } = yield* Fiber.join(fiber)
      const times = events.flatMap((event) =>
        event._tag === "BranchStarted" || event._tag === "BranchSettled" || event._tag === "BranchLost"
          ? [`${event._tag} ${event.index} ${event.since} ${event.at}`]
          : []
      )
      assert.deepStrictEqual(times, [
        "BranchStarted 0 0 0",
        "BranchSettled 0 0 10",
        "BranchStarted 1 0 10",
        "BranchLost 1 10 25",
        "BranchLost 2 0 25"
      ])
      const decided = events.find((event) => event._tag === "JoinDecided")
      assert.deepInclude(decided, { verdict: "satisfied", timedOut: true, reason: undefined, state: "A", visit: 1 })
      assert.deepStrictEqual(decided?._tag === "JoinDecided" && decided.counts, {
        total: 3,
        started: 2,
        succeeded: 1,
        failed: 0
      })
      assertEvents(events)
    }))

  it.effect("tell of a join that is late or unsatisfiable, and of none that is interrupted", () =>
    Effect.gen(function*() {
      const verdicts = (split: Effect.Effect<unknown, unknown>, cut?: number) =>
        Effect.gen(function*() {
          const workflow = make.register("A", { run: split, next: "Done" }).addExitStates("Done")
          const events: Array<RunEvent.RunEvent> = []
          const layer = RunEvent.layer([(event) => void events.push(event)])
          const fiber = yield* start(Effect.provide(workflow.orchestrate("A"), layer))
          yield* TestClock.adjust(cut ?? 100)
          yield* Fiber.interrupt(fiber)
          assertEvents(events)
          return events.flatMap((event) => event._tag === "JoinDecided" ? [event.verdict] : [])
        })
      assert.deepStrictEqual(yield* verdicts(Split.run([Effect.never], { strategy: all, timeout: 10 })), ["late"])
      assert.deepStrictEqual(
        yield* verdicts(Split.run([Effect.fail("no"), Effect.never], { strategy: quorum(2) })),
        ["unsatisfiable"]
      )
      assert.deepStrictEqual(yield* verdicts(Split.run([Effect.never], { strategy: all }), 10), [])
    }))

  it.effect("tell of branches that are added, and of those of a list that is read, when they are known", () =>
    Effect.gen(function*() {
      const growing = Split.growing<void>((add) => [
        Effect.asVoid(add([Effect.sleep(10), Effect.sleep(10)])),
        Effect.sleep(5)
      ])
      const lazy = {
        *[Symbol.iterator]() {
          yield Effect.sleep(1)
          yield Effect.sleep(2)
        }
      }
      const workflow = make
        .register("A", { run: Split.run(growing, { strategy: all, bulkhead: 2 }), next: "B" })
        .register("B", { run: Split.run(lazy, { strategy: all, bulkhead: 1 }), next: "Done" })
        .addExitStates("Done")
      const fiber = yield* start(listenTo(workflow.orchestrate("A", { runId: "r" })))
      yield* TestClock.adjust(100)
      const { events, lines } = yield* Fiber.join(fiber)
      assertEvents(events)
      assert.deepStrictEqual(
        lines.filter((line) => line.startsWith("BranchQueued") || line.startsWith("BranchStarted")),
        [
          "BranchQueued r/1/A/#1/0",
          "BranchQueued r/1/A/#1/1",
          "BranchStarted r/1/A/#1/0",
          "BranchQueued r/1/A/#1/2",
          "BranchQueued r/1/A/#1/3",
          "BranchStarted r/1/A/#1/1",
          "BranchStarted r/1/A/#1/2",
          "BranchStarted r/1/A/#1/3",
          "BranchQueued r/2/B/#1/0",
          "BranchStarted r/2/B/#1/0",
          "BranchQueued r/2/B/#1/1",
          "BranchStarted r/2/B/#1/1"
        ]
      )
      const joins = events.flatMap((event) => event._tag === "JoinDecided" ? [event.counts.total] : [])
      assert.deepStrictEqual(joins, [4, 2])
    }))

  it.effect("leave no list open, whenever the run is interrupted by a listener", () =>
    Effect.gen(function*() {
      for (const bulkhead of [undefined, 1]) {
        for (const at of ["SplitStarted", "BranchQueued", "BranchStarted"]) {
          let isClosed = false
          let left = 3
          const closes = (): IteratorReturnResult<undefined> => {
            isClosed = true
            return { done: true, value: undefined }
          }
          // an iterator, as a generator that has not begun has nothing to close
          const lazy: Iterable<Effect.Effect<void>> = {
            [Symbol.iterator]: () => ({
              next: () => left-- > 0 ? { done: false, value: Effect.sleep(1) } : closes(),
              return: closes
            })
          }
          const workflow = make
            .registerSplit("A", () => lazy, { strategy: all, bulkhead, next: "Done" })
            .addExitStates("Done")
          const tags: Array<string> = []
          const fiber: Fiber.Fiber<unknown, unknown> = yield* start(Effect.provide(
            Effect.andThen(Effect.sleep(1), workflow.orchestrate("A")),
            RunEvent.layer([({ _tag }) => {
              tags.push(_tag)
              if (_tag === at) fiber.interruptUnsafe()
            }])
          ))
          yield* TestClock.adjust(10)
          assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
          assert.isTrue(isClosed, `${at}, with bulkhead ${bulkhead}`)
          assert.deepStrictEqual(tags.slice(-3), ["SplitEnded", "StateLeft", "RunEnded"])
        }
      }
    }))

  it.effect("tell of follow-on branches as branches, whose states are told of, too", () =>
    Effect.gen(function*() {
      const workflow = make
        .registerSplit("A", () => TaskResult.split(["B"]), { strategy: all, next: "Done" })
        .register("B", { run: Effect.void, next: "Done" })
        .addExitStates("Done")
      const { events, lines } = yield* listenTo(workflow.orchestrate("A", { runId: "r" }))
      assert.deepStrictEqual(lines.slice(3, -4), [
        "BranchQueued r/1/A/0",
        "BranchStarted r/1/A/0",
        "StateEntered r/1/A/0/1/B",
        "StateLeft r/1/A/0/1/B succeeded",
        "BranchSettled r/1/A/0 Succeeded"
      ])
      assertEvents(events)
    }))

  it.effect("tell of the attempts of a hedge, one end each", () =>
    Effect.gen(function*() {
      const slow = Hedge.run((attempt) => Effect.sleep(attempt === 0 ? 100 : 5), { delay: 10 })
      const workflow = make.register("A", { run: slow, next: "Done" }).addExitStates("Done")
      const fiber = yield* start(listenTo(workflow.orchestrate("A", { runId: "r" })))
      yield* TestClock.adjust(100)
      const { events, lines } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(lines.slice(2, -2), [
        "AttemptStarted r/1/A 0",
        "AttemptStarted r/1/A 1",
        "AttemptEnded r/1/A 1 succeeded",
        "AttemptEnded r/1/A 0 interrupted"
      ])
      const firsts = events.flatMap((event) => "first" in event ? [event.first] : [])
      assert.deepStrictEqual(firsts, [3, 3, 3, 3])
      assertEvents(events)
    }))

  it.effect("tell of a detached branch after its split, and before the end of its run", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const workflow = make
        .registerSplit("A", [Deferred.await(gate), Effect.void], { strategy: any, losers: "detach", next: "B" })
        .register("B", { run: Deferred.succeed(gate, undefined), next: "Done" })
        .addExitStates("Done")
      const { events, lines } = yield* listenTo(workflow.orchestrate("A", { runId: "r" }))
      assert.deepStrictEqual(lines.slice(-6), [
        "SplitEnded r/1/A succeeded",
        "StateLeft r/1/A succeeded",
        "StateEntered r/2/B",
        "BranchLost r/1/A/0 Late",
        "StateLeft r/2/B succeeded",
        "RunEnded r succeeded"
      ])
      assertEvents(events)
    }))

  it.effect("say that branches were interrupted that end with their run, whatever was to become of losers", () =>
    Effect.gen(function*() {
      const stubborn = Effect.uninterruptible(Effect.sleep(20))
      for (const losers of ["interrupt", "await", "detach", { grace: "1 minute" }] as const) {
        for (const [strategy, first] of [[all, Effect.never], [any, Effect.sleep(1)]] as const) {
          const workflow = make
            .registerSplit("A", [first, Effect.never, stubborn], { strategy, losers, next: "B" })
            .register("B", { run: Effect.never, next: "Done" })
            .addExitStates("Done")
          const events: Array<RunEvent.RunEvent> = []
          const fiber = yield* start(
            Effect.provide(workflow.orchestrate("A"), RunEvent.layer([(event) => void events.push(event)]))
          )
          yield* TestClock.adjust(10)
          const interrupting = yield* start(Fiber.interrupt(fiber))
          yield* TestClock.adjust(50)
          yield* Fiber.join(interrupting)
          const outcomes = events.flatMap((event) =>
            event._tag === "BranchLost" ? [`${event.outcome} ${event.how}`] : []
          )
          const count = strategy === all ? 3 : 2
          assert.deepStrictEqual(outcomes, Array.from({ length: count }, () => "Interrupted interrupted"), `${losers}`)
          assertEvents(events)
        }
      }
    }))

  it.effect("say which branches of a split are hedges, and so who has won", () =>
    Effect.gen(function*() {
      const workflow = make
        .registerSplit("A", { a: Effect.sleep(100), b: Effect.sleep(20), c: Effect.sleep(100), d: Effect.void }, {
          strategy: any,
          hedge: { delay: 10 },
          next: "B"
        })
        .registerSplit("B", [Effect.sleep(5), Effect.fail("no"), Effect.sleep(5)], {
          strategy: quorum(2),
          hedge: { delay: 10 },
          next: "C"
        })
        .registerSplit("C", [Effect.void, Effect.void], { strategy: any, bulkhead: 1, next: "Done" })
        .addExitStates("Done")
      const fiber = yield* start(listenTo(workflow.orchestrate("A", { runId: "r" })))
      yield* TestClock.adjust(100)
      const { events } = yield* Fiber.join(fiber)
      assertEvents(events)
      const told = events.flatMap((event) =>
        event._tag.startsWith("Branch") && "hedge" in event && event._tag !== "BranchQueued"
          ? [`${event._tag} ${event.state} ${event.name} ${event.hedge} ${event.at - 0}`]
          : []
      )
      assert.deepStrictEqual(told, [
        "BranchStarted A a false 0",
        "BranchStarted A b true 10",
        "BranchStarted A c true 20",
        "BranchSettled A b true 30",
        "BranchLost A a false 30",
        "BranchLost A c true 30",
        "BranchLost A d true 30",
        "BranchStarted B 0 false 30",
        "BranchStarted B 1 false 30",
        "BranchSettled B 1 false 30",
        "BranchStarted B 2 true 30",
        "BranchSettled B 0 false 35",
        "BranchSettled B 2 true 35",
        "BranchStarted C 0 false 35",
        "BranchSettled C 0 false 35",
        "BranchLost C 1 false 35"
      ])
    }))

  it.effect("tell of a branch that breaks its split at a value that is no Effect, with or without a bulkhead", () =>
    Effect.gen(function*() {
      const bad: Effect.Effect<never> = Effect.flatMap(Effect.sleep(1), () => 42 as never)
      for (const bulkhead of [undefined, 1, 2]) {
        const workflow = make
          .registerSplit("A", [bad, Effect.sleep(5)], { strategy: all, bulkhead, next: "Done" })
          .addExitStates("Done")
        const events: Array<RunEvent.RunEvent> = []
        const fiber = yield* Effect.forkDetach(
          Effect.provide(
            workflow.orchestrate("A", { runId: "r" }),
            RunEvent.layer([(event) => void events.push(event)])
          ),
          { startImmediately: true }
        )
        yield* TestClock.adjust(10)
        assert.isDefined(fiber.pollUnsafe())
        assert.deepStrictEqual(ofBranches(events.map(line)).filter((line) => line.includes("/0 ")), [
          "BranchLost r/1/A/0 Broken"
        ])
        assertEvents(events)
      }
    }))

  it.effect("of a run in a task are those of a run of its own, which names what it stands in", () =>
    Effect.gen(function*() {
      const inner = Workflow.make<"I" | "Done">("inner").register("I", Effect.succeed("Done")).addExitStates("Done")
      const outer = make.registerSplit("A", { x: inner.orchestrate("I", { runId: "i" }) }, {
        strategy: all,
        next: "Done"
      })
        .addExitStates("Done")
      const { events } = yield* listenTo(outer.orchestrate("A", { runId: "r" }))
      assertEvents(events)
      const started = events.flatMap((event) => event._tag === "RunStarted" ? [[event.runId, event.parent]] : [])
      assert.deepStrictEqual(started, [["r", undefined], ["i", "r/1/A/x"]])
    }))
})

describe("the cause of an end", () => {
  it.effect("is there where it has not succeeded", () =>
    Effect.gen(function*() {
      const failing = make.register("A", Effect.fail("no")).addExitStates("Done")
      const { events } = yield* listenTo(failing.orchestrate("A"))
      const end = events.at(-1) as RunEvent.RunEnded
      assert.strictEqual(end.how, "failed")
      assert.strictEqual((RunEvent.cause(end)!.reasons[0] as Cause.Fail<unknown>).error, "no")
      const good = yield* listenTo(simple.orchestrate("A"))
      assert.isUndefined(RunEvent.cause(good.events.at(-1) as RunEvent.RunEnded))
    }))
})

describe("a Layer of listeners", () => {
  const collect = () => {
    const lines: Array<string> = []
    return { lines, listener: (event: RunEvent.RunEvent): void => void lines.push(`${event.seq} ${event._tag}`) }
  }
  const whole = ["1 RunStarted", "2 StateEntered", "3 StateLeft", "4 RunEnded"]

  it.effect("is that of an app, of a workflow and of a run, side by side", () =>
    Effect.gen(function*() {
      const [app, workflow, run] = [collect(), collect(), collect()]
      const own = simple.withResources(RunEvent.layer([workflow.listener])).orchestrate("A")
      const inner = Effect.provide(own, RunEvent.layer([run.listener]))
      yield* Effect.provide(inner, RunEvent.layer([app.listener]))
      for (const { lines } of [app, workflow, run]) assert.deepStrictEqual(lines, whole)
    }))

  it.effect("of a workflow alone is told of the whole run, but for the time of its Layers", () =>
    Effect.gen(function*() {
      const { lines, listener } = collect()
      const trail: Array<string> = []
      const resource = Layer.effectDiscard(Effect.acquireRelease(
        Effect.sync(() => trail.push("built")),
        () => Effect.sync(() => trail.push(`released after ${lines.length}`))
      ))
      const workflow = simple.withResources(resource).withResources(RunEvent.layer([listener])).withTimeout("1 minute")
      assert.strictEqual(yield* workflow.orchestrate("A"), "Done")
      assert.deepStrictEqual(lines, whole)
      assert.deepStrictEqual(trail, ["built", "released after 4"])
      // and of no other run
      yield* simple.orchestrate("A")
      assert.strictEqual(lines.length, 4)
    }))

  it.effect("is inherited by runs in tasks and branches, and read when a run starts", () =>
    Effect.gen(function*() {
      const { lines, listener } = collect()
      const outer = make.register("A", { run: simple.orchestrate("A"), next: "Done" }).addExitStates("Done")
      yield* Effect.provide(outer.orchestrate("A"), RunEvent.layer([listener]))
      assert.deepStrictEqual(lines, [...whole.slice(0, 2), ...whole, ...whole.slice(2)])
    }))

  it.effect("makes the listeners that are made by an Effect, with what that requires", () =>
    Effect.gen(function*() {
      class Where extends Context.Service<Where, { readonly lines: Array<string> }>()("test/Where") {}
      const made = Effect.map(Where, ({ lines }): RunEvent.Listener => (event) => void lines.push(event._tag))
      const lines: Array<string> = []
      const layer: Layer.Layer<never, never, Where> = RunEvent.layer([made])
      yield* simple.orchestrate("A").pipe(Effect.provide(layer), Effect.provideService(Where, { lines }))
      assert.strictEqual(lines.length, 4)
    }))

  it.effect("refuses what is no listener", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(
        Effect.provide(simple.orchestrate("A"), RunEvent.layer(["no" as unknown as RunEvent.Listener]))
      )
      assert.match(
        Cause.pretty((exit as Exit.Failure<unknown, unknown>).cause),
        /was given "no"; a listener is a function/
      )
    }))

  it.effect("refuses what is no list of listeners, and what is none, before one of them is made", () =>
    Effect.gen(function*() {
      let isMade = false
      const made = Effect.sync((): RunEvent.Listener => {
        isMade = true
        return () => {}
      })
      const cases: ReadonlyArray<readonly [given: unknown, text: RegExp]> = [
        [undefined, /RunEvent\.layer was given undefined; it takes an array of listeners/],
        [() => {}, /was given a function; it takes an array/],
        [[made, undefined], /was given undefined; a listener is a function/],
        [[made, Layer.empty], /was given .*; a listener is a function of an event, or an Effect that makes one/],
        [[Effect.succeed(42)], /was given 42; a listener is a function/]
      ]
      for (const [given, text] of cases) {
        const exit = yield* Effect.exit(Effect.provide(simple.orchestrate("A"), RunEvent.layer(given as never)))
        assert.match(Cause.pretty((exit as Exit.Failure<unknown, unknown>).cause), text)
      }
      assert.isFalse(isMade)
    }))

  it.effect("stands beside others in one mergeAll, also among the resources of a workflow", () =>
    Effect.gen(function*() {
      const [one, two, three, around] = [collect(), collect(), collect(), collect()]
      const merged = Layer.mergeAll(
        RunEvent.layer([one.listener]),
        RunEvent.layer([two.listener]),
        RunEvent.layer([three.listener])
      )
      const besides = merged.pipe(Layer.provideMerge(RunEvent.layer([around.listener])))
      yield* simple.orchestrate("A").pipe(Effect.provide(besides))
      for (const { lines } of [one, two, three, around]) assert.deepStrictEqual(lines, whole)
      yield* Effect.provide(simple.withResources(merged).orchestrate("A"), RunEvent.layer([around.listener]))
      for (const { lines } of [one, two, three, around]) assert.deepStrictEqual(lines, [...whole, ...whole])
    }))

  it.effect("logs a listener that throws once, and one that returns an Effect", () =>
    Effect.gen(function*() {
      const throws = (): void => {
        throw new Error("no")
      }
      const effectful = (() => Effect.die("nobody runs it")) as unknown as RunEvent.Listener
      const { lines, value } = yield* logged(
        Effect.provide(simple.orchestrate("A"), RunEvent.layer([throws, effectful]))
      )
      assert.strictEqual(value, "Done")
      assert.deepStrictEqual(lines.map((line) => line.slice(0, 50)), [
        "a listener of run events threw at RunStarted; noth",
        "a listener of run events returned an Effect, which"
      ])
    }))

  it.effect("tells each listener of one event after the other, whatever one of them does meanwhile", () =>
    Effect.gen(function*() {
      const [before, after] = [collect(), collect()]
      // ends the run that waits, on the stack of the branch that has settled
      const cuts: RunEvent.Listener = ({ _tag }) => {
        if (_tag === "BranchSettled") fiber.interruptUnsafe()
      }
      const workflow = make
        .registerSplit("A", [Effect.never, Effect.sleep(1), Effect.never], { strategy: all, next: "Done" })
        .addExitStates("Done")
      const events: Array<RunEvent.RunEvent> = []
      const fiber: Fiber.Fiber<unknown, unknown> = yield* start(Effect.provide(
        workflow.orchestrate("A"),
        RunEvent.layer([before.listener, cuts, after.listener, (event) => void events.push(event)])
      ))
      yield* TestClock.adjust(10)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      assert.deepStrictEqual(before.lines, after.lines)
      assertEvents(events)
      assert.includeMembers(after.lines, ["10 BranchSettled", "11 BranchLost", "12 BranchLost", "15 RunEnded"])
    }))

  it.effect("tells all of a run that is interrupted as it starts, or in which a listener runs another one", () =>
    Effect.gen(function*() {
      const events: Array<RunEvent.RunEvent> = []
      const workflow = make.register("A", { run: Effect.sleep(1), next: "Done" }).addExitStates("Done")
      const fiber: Fiber.Fiber<unknown, unknown> = yield* start(Effect.provide(
        Effect.andThen(Effect.sleep(1), workflow.orchestrate("A")),
        RunEvent.layer([(event) => {
          events.push(event)
          if (event._tag === "RunStarted") fiber.interruptUnsafe()
        }])
      ))
      yield* TestClock.adjust(10)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      assert.deepStrictEqual([events.at(0)!._tag, events.at(-1)!._tag], ["RunStarted", "RunEnded"])
      assertEvents(events)
      const { lines, listener } = collect()
      const layer: Layer.Layer<never> = RunEvent.layer([listener, ({ runId }) => {
        if (runId === "outer") Effect.runSync(Effect.provide(simple.orchestrate("A", { runId: "inner" }), layer))
      }])
      yield* Effect.provide(simple.orchestrate("A", { runId: "outer" }), layer)
      assert.deepStrictEqual(lines, whole.flatMap((line) => [line, ...whole]))
    }))

  it.effect("tells all of a run whose clock throws, at the last instant that is known", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let reads = 0
      const broken: Clock.Clock = Object.create(clock, {
        currentTimeMillisUnsafe: {
          value: () => {
            if (++reads % 2 === 0) throw new Error("no time")
            return reads
          }
        }
      })
      const workflow = make.registerSplit("A", [Effect.void, Effect.void], { strategy: all, next: "Done" })
        .addExitStates(
          "Done"
        )
      const { events, exit } = yield* Effect.provideService(listenTo(workflow.orchestrate("A")), Clock.Clock, broken)
      assert.deepStrictEqual(exit, Exit.succeed("Done"))
      assertEvents(events)
      assert.strictEqual(events.length, 13)
    }))

  it.effect("logs a Promise of a listener that rejects once, and none that does not", () =>
    Effect.gen(function*() {
      const listeners: ReadonlyArray<RunEvent.Listener> = [
        () => Promise.resolve(),
        () => Promise.reject(new Error("no"))
      ]
      const { lines, value } = yield* logged(
        Effect.tap(
          Effect.provide(simple.orchestrate("A"), RunEvent.layer(listeners)),
          () => Effect.promise(() => Promise.resolve())
        )
      )
      assert.strictEqual(value, "Done")
      assert.deepStrictEqual(lines, [
        "a listener of run events returned a Promise that has rejected, at RunStarted"
      ])
    }))
})

describe("an effectful listener", () => {
  it.effect("is told of each event, in order, before its Layer is released", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const listener = RunEvent.listener((event) =>
        Effect.andThen(Effect.yieldNow, Effect.sync(() => told.push(event._tag)))
      )
      yield* Effect.provide(simple.orchestrate("A"), RunEvent.layer([listener]))
      assert.deepStrictEqual(told, ["RunStarted", "StateEntered", "StateLeft", "RunEnded"])
    }))

  it.effect("cannot slow a run: what finds no room is dropped, counted, and told", () =>
    Effect.gen(function*() {
      for (const [full, last] of [["newest", 3], ["oldest", 12]] as const) {
        const told: Array<readonly [number, number]> = []
        const gate = yield* Deferred.make<void>()
        const listener = RunEvent.listener(
          ({ seq }, dropped) => Effect.andThen(Deferred.await(gate), Effect.sync(() => told.push([seq, dropped]))),
          { capacity: 2, full }
        )
        const chain = make
          .register("A", { run: Effect.yieldNow, next: "B" })
          .register("B", (): Effect.Effect<"A" | "Done"> => Effect.succeed(told.length < 0 ? "A" : "Done"))
          .addExitStates("Done")
        const { lines } = yield* logged(
          Effect.provide(
            Effect.gen(function*() {
              yield* chain.orchestrate("A")
              yield* chain.orchestrate("A")
              yield* Deferred.succeed(gate, undefined)
            }),
            RunEvent.layer([listener])
          )
        )
        assert.isAtMost(told.length, 4)
        assert.strictEqual(told.at(-1)![1] > 0 || full === "newest", true, String(last))
        assert.match(lines[0]!, /too slow: the first event has found no room/)
        assert.match(lines.at(-1)!, /has not been told of \d+ of them/)
        const lost = Number(/told of (\d+)/.exec(lines.at(-1)!)![1])
        assert.strictEqual(lost + told.length, 12)
      }
    }))

  it.effect("that fails, dies, throws, is interrupted, or answers with what is no Effect, ends nothing", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const deeds: ReadonlyArray<() => unknown> = [
        () => Effect.fail("no"),
        () => Effect.die("no"),
        () => {
          throw new Error("no")
        },
        () => Effect.interrupt,
        () => 42,
        () => Effect.flatMap(Effect.void, () => 42 as never),
        () => Promise.reject(new Error("no"))
      ]
      for (const deed of deeds) {
        let count = 0
        const listener = RunEvent.listener((event) => {
          told.push(event._tag)
          return (count++ === 0 ? deed() : Effect.void) as Effect.Effect<void>
        })
        const { lines, value } = yield* logged(Effect.provide(simple.orchestrate("A"), RunEvent.layer([listener])))
        assert.strictEqual(value, "Done")
        assert.deepStrictEqual(lines, ["a listener of run events failed; nothing else comes of it"], String(deed))
        assert.strictEqual(count, 4)
      }
    }))

  it.effect("that fails again and again is told of once, and at the end how often", () =>
    Effect.gen(function*() {
      const listener = RunEvent.listener(() => Effect.fail("no"))
      const { lines } = yield* logged(Effect.provide(simple.orchestrate("A"), RunEvent.layer([listener])))
      assert.deepStrictEqual(lines, [
        "a listener of run events failed; nothing else comes of it",
        "a listener of run events has failed 4 times"
      ])
    }))

  it.effect("that never ends is left when its patience is over, and the log says what it has missed", () =>
    Effect.gen(function*() {
      const listener = RunEvent.listener(() => Effect.never, { patience: "2 seconds" })
      const fiber = yield* start(
        logged(Effect.provide(simple.orchestrate("A"), RunEvent.layer([listener])))
      )
      yield* TestClock.adjust("1 second")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const { lines } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(lines, ["a listener of run events has not been told of 4 of them"])
    }))

  it.effect("whose Layer is closed while a run goes on counts what it misses, and says so once", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const told: Array<string> = []
      const { lines } = yield* logged(Effect.gen(function*() {
        const scope = yield* Scope.make()
        const listener = yield* Scope.provide(
          RunEvent.listener(({ _tag }) =>
            Effect.andThen(
              Effect.sync(() => told.push(_tag)),
              _tag === "RunStarted" ? Deferred.await(gate) : Effect.void
            )
          ),
          scope
        )
        const say = (_tag: string) => listener({ _tag } as RunEvent.RunEvent)
        say("RunStarted")
        yield* Effect.yieldNow
        const closing = yield* start(Scope.close(scope, Exit.void))
        // what comes while it closes is counted, and no sign of slowness
        say("StateEntered")
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.join(closing)
        say("StateLeft")
        say("RunEnded")
      }))
      assert.deepStrictEqual(told, ["RunStarted"])
      assert.deepStrictEqual(lines, [
        "a listener of run events has not been told of 1 of them",
        "a listener of run events has been closed while a run goes on, of which it is told no more"
      ])
    }))

  it.effect("is refused with options that are none", () =>
    Effect.gen(function*() {
      const untyped = RunEvent.listener as unknown as (
        ...args: ReadonlyArray<unknown>
      ) => Effect.Effect<unknown, CanoError.ConfigurationError>
      const messages = (...args: ReadonlyArray<unknown>) =>
        Effect.map(Effect.flip(untyped(...args)), ({ issues }) => issues.map(({ message }) => message))
      const deliver = () => Effect.void
      assert.deepStrictEqual(yield* messages(deliver, { capactiy: 1, full: "oldest" }), [
        "there is no option \"capactiy\"; there are capacity, full, patience"
      ])
      assert.deepStrictEqual(yield* messages(deliver, null), [
        "the options are null; they must be { capacity, full, patience }, or be left out"
      ])
      assert.deepStrictEqual(yield* messages(undefined), [
        "the listener is undefined; it must be a function of an event to an Effect"
      ])
      const error = yield* Effect.flip(untyped(1, { capacity: 0, full: "all", patience: -1 }))
      assert.instanceOf(error, CanoError.ConfigurationError)
      assert.strictEqual(error.subject, "listener")
      assert.deepStrictEqual(error.issues.map(({ message }) => message), [
        "capacity is 0; it must be an integer of at least 1, or be left out",
        "full is \"all\"; it must be \"newest\" or \"oldest\", or be left out",
        "the listener is 1; it must be a function of an event to an Effect",
        "patience is negative: -1"
      ])
    }))
})
