/**
 * The listeners that come with the library: metrics, logs, and streams of events.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Logger, type LogLevel, Metric, References, Schema, Scope, Stream } from "effect"
import { CanoError, Hedge, JoinStrategy, RunEvent, Workflow } from "effect-cano"
import * as RunLogs from "effect-cano/RunLogs"
import * as RunMetrics from "effect-cano/RunMetrics"
import * as Runs from "effect-cano/Runs"
import * as RunStream from "effect-cano/RunStream"
import * as Signal from "effect-cano/Signal"
import * as Task from "effect-cano/Task"
import { TestClock } from "effect/testing"
import { start } from "../kit/index.ts"

const { any, quorum } = JoinStrategy

const make = Workflow.make<"A" | "B" | "Done">("w")

const workflow = make
  .register("A", { run: Hedge.run(Effect.sleep(10), { delay: 4 }), next: "B" })
  .registerSplit("B", { x: Effect.sleep(10), y: Effect.fail("no"), z: Effect.never }, {
    strategy: any,
    bulkhead: 2,
    next: "Done"
  })
  .addExitStates("Done")

const failing = make.register("A", Effect.fail("no")).addExitStates("Done")

describe("metrics", () => {
  const metered = <A, E>(body: Effect.Effect<A, E>) =>
    Effect.gen(function*() {
      const fiber = yield* start(Effect.exit(Effect.provide(body, RunEvent.layer([RunMetrics.make]))))
      yield* TestClock.adjust(500)
      yield* Fiber.join(fiber)
      const found = yield* Metric.snapshot
      return new Map(
        found.filter(({ id }) => id.startsWith("cano_")).map(({ attributes, id, state, type }) => {
          const { unit: _, ...labels } = { ...attributes as Record<string, string> }
          const name = `${id}{${Object.entries(labels).map(([name, value]) => `${name}=${value}`).join()}}`
          const value: any = state
          return [name, type === "Histogram" ? `${value.count} in ${value.sum}` : value.count ?? value.value] as const
        })
      )
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))

  it.effect("count and measure, with labels from the definition only", () =>
    Effect.gen(function*() {
      const found = yield* metered(
        Effect.andThen(workflow.orchestrate("A", { runId: "id" }), Effect.exit(failing.orchestrate("A")))
      )
      assert.deepStrictEqual(
        Object.fromEntries([...found].sort(([a], [b]) => a < b ? -1 : 1)),
        {
          "cano_attempts_total{workflow=w,state=A,kind=first,outcome=succeeded}": 1,
          "cano_attempts_total{workflow=w,state=A,kind=hedge,outcome=interrupted}": 1,
          "cano_branch_duration_seconds{workflow=w,state=B}": "3 in 0.02",
          "cano_branch_wait_seconds{workflow=w,state=B}": "3 in 0",
          "cano_branches_active{workflow=w,state=B}": 0,
          "cano_branches_total{workflow=w,state=B,outcome=failed}": 1,
          "cano_branches_total{workflow=w,state=B,outcome=interrupted}": 1,
          "cano_branches_total{workflow=w,state=B,outcome=succeeded}": 1,
          "cano_joins_total{workflow=w,state=B,strategy=Any,verdict=satisfied}": 1,
          "cano_run_duration_seconds{workflow=w,outcome=failed}": "1 in 0",
          "cano_run_duration_seconds{workflow=w,outcome=succeeded}": "1 in 0.02",
          "cano_runs_active{workflow=w}": 0,
          "cano_runs_total{workflow=w,outcome=failed}": 1,
          "cano_runs_total{workflow=w,outcome=succeeded}": 1,
          "cano_state_duration_seconds{workflow=w,state=A}": "2 in 0.01",
          "cano_state_duration_seconds{workflow=w,state=B}": "1 in 0.01",
          "cano_states_total{workflow=w,state=A,outcome=failed}": 1,
          "cano_states_total{workflow=w,state=A,outcome=succeeded}": 1,
          "cano_states_total{workflow=w,state=B,outcome=succeeded}": 1
        }
      )
    }))

  it.effect("do not leak gauges: whatever is interrupted or not started is counted down", () =>
    Effect.gen(function*() {
      const cut = make
        .registerSplit("A", [Effect.never, Effect.never, Effect.never], {
          strategy: quorum(2),
          bulkhead: 2,
          next: "Done"
        })
        .addExitStates("Done").withTimeout(50)
      const found = yield* metered(cut.orchestrate("A"))
      assert.strictEqual(found.get("cano_runs_active{workflow=w}"), 0)
      assert.strictEqual(found.get("cano_branches_active{workflow=w,state=A}"), 0)
      assert.strictEqual(found.get("cano_branches_total{workflow=w,state=A,outcome=not_started}"), 1)
    }))
})

describe("logs", () => {
  const logged = (level: LogLevel.LogLevel, body: Effect.Effect<unknown, unknown>) =>
    Effect.gen(function*() {
      const lines: Array<readonly [level: string, message: string, annotations: object]> = []
      const logger = Logger.make<unknown, void>(({ fiber, logLevel, message }) => {
        const annotations = fiber.getRef(References.CurrentLogAnnotations)
        lines.push([logLevel, String(Array.isArray(message) ? message[0] : message), annotations])
      })
      const fiber = yield* start(
        Effect.exit(body).pipe(
          Effect.provide(Layer.provideMerge(RunEvent.layer([RunLogs.make()]), Logger.layer([logger]))),
          Effect.provideService(References.MinimumLogLevel, level)
        )
      )
      yield* TestClock.adjust(500)
      yield* Fiber.join(fiber)
      return lines
    })

  it.effect("have one line for each run at info, with annotations", () =>
    Effect.gen(function*() {
      const lines = yield* logged("Info", workflow.orchestrate("A", { runId: "r" }))
      assert.deepStrictEqual(lines.map(([level, message]) => [level, message]), [
        ["Info", "workflow \"w\" has exited at Done after 20ms, with 3 states entered"]
      ])
      assert.deepInclude(lines[0]![2], { workflow: "w", runId: "r", key: "r" })
      const failed = yield* logged("Info", failing.orchestrate("A"))
      assert.deepStrictEqual(failed.map(([, message]) => message), [
        "workflow \"w\" has failed after 0, with 1 states entered"
      ])
    }))

  it.effect("have a line for each event at debug", () =>
    Effect.gen(function*() {
      const lines = yield* logged("Debug", workflow.orchestrate("A", { runId: "r" }))
      const messages = lines.map(([, message]) => message)
      assert.includeMembers(messages, [
        "workflow \"w\" starts",
        "state A is entered",
        "attempt 1 starts",
        "state A leads to B after 10ms",
        "branch 1 (y) has failed after 0",
        "branch 2 (z) is lost after 10ms: Interrupted",
        "any is satisfied: of 3 branches 1 have succeeded, 1 failed"
      ])
      assert.strictEqual(lines.filter(([level]) => level === "Info").length, 1)
    }))

  it.effect("tell what is waited for, steered and undone", () =>
    Effect.gen(function*() {
      const go = Signal.make("go", Schema.Int)
      const waiting = Workflow.make<"A" | "B" | "C" | "D" | "Done">("waiting")
        .registerSignal("A", go, { next: () => "B" })
        .register("B", { run: Task.timer(20), next: "C" })
        .register("C", { run: Effect.void, compensate: () => Effect.void, next: "D" })
        .registerSplit("D", { x: Effect.void, y: Effect.fail("no") }, {
          strategy: JoinStrategy.all,
          compensate: { x: () => Effect.fail("not undone") },
          next: "Done"
        })
        .addExitStates("Done")
      const steered = Effect.gen(function*() {
        const run = yield* Runs.fork(waiting, "A", { runId: "r" })
        yield* Effect.sleep(5)
        yield* run.pause("lunch")
        yield* run.signal(go, 1)
        yield* run.resume
        return yield* run.await
      })
      const messages = (yield* logged("Debug", Effect.scoped(Effect.provide(steered, Runs.layer)))).map(([, line]) =>
        line
      )
      assert.includeMembers(messages, [
        "waits for signal \"go\"",
        "workflow \"waiting\" is paused: lunch",
        "workflow \"waiting\" goes on",
        "signal \"go\" is received: taken",
        "has waited for signal \"go\" after 5ms: succeeded",
        "waits for the instant 1970-01-01T00:00:00.025Z",
        "goes back: 1 step to undo",
        "branch x of state D is undone, which was done",
        "branch x of state D could not be undone after 0",
        "state C is undone, which was done",
        "state C has been undone after 0",
        "has gone back after 0: 0 undone, 1 not",
        "has gone back after 0: 1 undone, 0 not"
      ])
      const interrupted = yield* logged(
        "Debug",
        Effect.provide(Effect.timeout(waiting.orchestrate("A"), 10), Runs.layer)
      )
      assert.includeMembers(interrupted.map(([, line]) => line), [
        "state A was interrupted after 10ms",
        "workflow \"waiting\" was interrupted after 10ms, with 1 states entered"
      ])
    }))
})

describe("a stream of events", () => {
  it.effect("gives each reader all events, and ends with its scope", () =>
    Effect.gen(function*() {
      const readers = yield* Effect.scoped(Effect.gen(function*() {
        const { listener, stream } = yield* RunStream.make()
        const read = Effect.forkDetach(Stream.runCollect(stream), { startImmediately: true })
        const readers = [yield* read, yield* read]
        const run = make.register("A", { run: Effect.void, next: "Done" }).addExitStates("Done").orchestrate("A")
        yield* Effect.provide(run, RunEvent.layer([listener]))
        return readers
      }))
      for (const reader of readers) {
        const events = yield* Fiber.join(reader)
        assert.deepStrictEqual(events.map(({ _tag }) => _tag), ["RunStarted", "StateEntered", "StateLeft", "RunEnded"])
      }
    }))

  it.effect("drops what finds no room, the newest or the oldest, and counts it", () =>
    Effect.gen(function*() {
      for (const [full, expected] of [["newest", [1, 2]], ["oldest", [3, 4]]] as const) {
        const seen = yield* Effect.scoped(Effect.gen(function*() {
          const { dropped, listener, stream } = yield* RunStream.make({ capacity: 2, full })
          const pull = yield* Stream.toPull(stream)
          // who reads is there from its first pull on
          const first = yield* Effect.forkChild(pull, { startImmediately: true })
          const event = { _tag: "RunStarted", seq: 0 } as RunEvent.RunEvent
          listener(event)
          yield* Fiber.join(first)
          for (let seq = 1; seq <= 4; seq++) listener({ ...event, seq } as RunEvent.RunEvent)
          assert.strictEqual(yield* dropped, 2)
          return (yield* pull).map(({ seq }) => seq)
        }))
        assert.deepStrictEqual(seen, [...expected])
      }
    }))

  it.effect("drops nothing when its scope has closed while a run goes on", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { dropped, listener, stream } = yield* Scope.provide(RunStream.make(), scope)
      const event = { _tag: "RunStarted", seq: 1 } as RunEvent.RunEvent
      const reading = yield* start(Stream.runForEach(stream, ({ seq }) =>
        seq === 1
          ? Effect.andThen(
            Effect.sleep(10),
            Effect.sync(() => listener({ ...event, seq: 3 }))
          )
          : Effect.void))
      listener(event)
      yield* Effect.yieldNow
      listener({ ...event, seq: 2 })
      yield* Scope.close(scope, Exit.void)
      listener(event)
      yield* TestClock.adjust(10)
      yield* Fiber.join(reading)
      assert.strictEqual(yield* dropped, 0)
      assert.deepStrictEqual(yield* Stream.runCollect(stream), [])
    }))

  it.effect("is refused with options that are none", () =>
    Effect.gen(function*() {
      const unknown = yield* Effect.flip(RunStream.make({ patience: 1 } as never))
      assert.match(unknown.message, /there is no option "patience"; there are capacity, full/)
      const logs = yield* Effect.flip(RunLogs.make("Info" as never))
      assert.match(logs.message, /the options are "Info"; they must be \{ capacity, full, patience \}/)
      const error = yield* Effect.flip(RunStream.make({ capacity: 1.5 }))
      assert.instanceOf(error, CanoError.ConfigurationError)
      assert.match(error.message, /the listener is misconfigured: capacity is 1\.5/)
    }).pipe(Effect.scoped))
})
