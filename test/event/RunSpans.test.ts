/**
 * Spans of runs: their parents, on whatever fiber a branch runs; their ends; and that they are exported.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option, Tracer } from "effect"
import { Layer } from "effect"
import { CanoError, JoinStrategy, RunEvent, Split, TaskResult, Workflow } from "effect-cano"
import * as RunSpans from "effect-cano/RunSpans"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"
import { TestClock } from "effect/testing"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { start, stillHeld } from "../kit/index.ts"

const { all, any, quorum } = JoinStrategy

const make = Workflow.make<"A" | "B" | "C" | "Done" | "Failed">("w")

/** Runs an effect with a tracer, and gives its spans in the order in which they were started. */
const tracing = <A, E, R>(body: Effect.Effect<A, E, R>, options?: RunSpans.Options) =>
  Effect.suspend(() => {
    const spans: Array<Tracer.NativeSpan> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    return Effect.map(
      Effect.exit(body.pipe(Effect.provide(RunSpans.layer(options)), Effect.withTracer(tracer))),
      (exit) => ({ exit, spans })
    )
  })

const labelOf = ({ attributes, name }: Tracer.NativeSpan): string =>
  name.startsWith("cano.") ? `${name.slice(5)} ${attributes.get("cano.key") ?? attributes.get("cano.segment")}` : name

/** Each span below its parent, as lines. */
const tree = (spans: ReadonlyArray<Tracer.NativeSpan>): ReadonlyArray<string> => {
  const lines: Array<string> = []
  const show = (parent: string | undefined, depth: number) => {
    for (const span of spans) {
      const own = Option.getOrUndefined(span.parent)?.spanId
      if (own !== parent) continue
      lines.push(`${"  ".repeat(depth)}${labelOf(span)}`)
      show(span.spanId, depth + 1)
    }
  }
  show(undefined, 0)
  return lines
}

const assertEnded = (spans: ReadonlyArray<Tracer.NativeSpan>): void => {
  assert.deepStrictEqual(spans.filter(({ status }) => status._tag !== "Ended").map(labelOf), [])
}

const user = (name: string) => Effect.withSpan(Effect.void, name)

describe("spans", () => {
  it.effect("of runs, states and branches are parents of those of the tasks", () =>
    Effect.gen(function*() {
      const workflow = make
        .register("A", { run: Effect.andThen(user("u1"), Split.run([user("u2")], { strategy: all })), next: "B" })
        .registerSplit("B", { x: user("u3"), y: Effect.andThen(Effect.yieldNow, user("u4")) }, {
          strategy: quorum(2),
          next: "Done"
        })
        .addExitStates("Done")
      const { spans } = yield* tracing(workflow.orchestrate("A", { runId: "r" }))
      assert.deepStrictEqual(tree(spans), [
        "run 1",
        "  state r/1/A",
        "    u1",
        "    branch r/1/A/#1/0",
        "      u2",
        "  state r/2/B",
        "    branch r/2/B/x",
        "      u3",
        "    branch r/2/B/y",
        "      u4"
      ])
      assertEnded(spans)
      const [run, stateA] = spans
      assert.deepStrictEqual([...run!.attributes], [
        ["cano.workflow", "w"],
        ["cano.run_id", "r"],
        ["cano.segment", 1],
        ["cano.states_entered", 3]
      ])
      assert.deepStrictEqual(stateA!.events.map(([name, , attributes]) => [name, attributes?.["cano.key"]]), [
        ["cano.join", "r/1/A/#1"]
      ])
      const stateB = spans.find((span) => span.attributes.get("cano.state") === "B")!
      assert.deepStrictEqual(
        ["strategy", "verdict", "tally.total", "tally.succeeded"].map((name) => stateB.attributes.get(`cano.${name}`)),
        ["quorum(2)", "satisfied", 2, 2]
      )
    }))

  it.effect("are right across shared fibers, with and without a bulkhead, for many branches", () =>
    Effect.gen(function*() {
      const branches = Array.from(
        { length: 40 },
        (_, i) => i % 7 === 6 ? Effect.andThen(Effect.yieldNow, user(`u${i}`)) : user(`u${i}`)
      )
      for (const bulkhead of [undefined, 1, 3]) {
        const workflow = make.registerSplit("A", branches, { strategy: all, bulkhead, next: "Done" }).addExitStates(
          "Done"
        )
        const { spans } = yield* tracing(workflow.orchestrate("A", { runId: "r" }))
        const ids = new Map(spans.map((span) => [span.spanId, span]))
        for (const span of spans.filter(({ name }) => name.startsWith("u"))) {
          const parent = ids.get(Option.getOrThrow(span.parent).spanId)!
          assert.strictEqual(`u${parent.attributes.get("cano.index")}`, span.name)
          assert.strictEqual(Option.getOrThrow(parent.parent).spanId, spans[1]!.spanId)
        }
        assertEnded(spans)
      }
    }))

  it.effect("of a detached loser end when it does, after those around it", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const workflow = make
        .registerSplit("A", [Effect.andThen(Deferred.await(gate), user("late")), Effect.void], {
          strategy: any,
          losers: "detach",
          next: "B"
        })
        .register("B", { run: Deferred.succeed(gate, undefined), next: "Done" })
        .addExitStates("Done")
      const { spans } = yield* tracing(workflow.orchestrate("A", { runId: "r" }))
      assert.deepStrictEqual(tree(spans), [
        "run 1",
        "  state r/1/A",
        "    branch r/1/A/0",
        "      late",
        "    branch r/1/A/1",
        "  state r/2/B"
      ])
      assertEnded(spans)
      assert.strictEqual(
        spans.find((span) => span.attributes.get("cano.index") === 0)!.attributes.get("cano.outcome"),
        "Late"
      )
    }))

  it.effect("of follow-on states are children of their branch, those of a run in a task of its state", () =>
    Effect.gen(function*() {
      const inner = Workflow.make<"I" | "Done">("inner").register("I", Effect.succeed("Done")).addExitStates("Done")
      const workflow = make
        .registerSplit("A", () => TaskResult.split(["B"]), { strategy: all, next: "C" })
        .register("B", { run: user("u"), next: "Done" })
        .register("C", { run: inner.orchestrate("I", { runId: "i" }), next: "Done" })
        .addExitStates("Done")
      const { spans } = yield* tracing(workflow.orchestrate("A", { runId: "r" }))
      assert.deepStrictEqual(tree(spans), [
        "run 1",
        "  state r/1/A",
        "    branch r/1/A/0",
        "      state r/1/A/0/1/B",
        "        u",
        "  state r/2/C",
        "    run 1",
        "      state i/1/I"
      ])
      assertEnded(spans)
    }))

  it.effect("end after failures, interruptions, timeouts and values that are no Effect", () =>
    Effect.gen(function*() {
      const bad: Effect.Effect<never> = Effect.flatMap(Effect.sleep(1), () => 42 as never)
      for (const task of [Effect.fail("no"), Effect.die("no"), Effect.never, bad]) {
        for (const isSplit of [false, true]) {
          const base = isSplit
            ? make.registerSplit("A", [task, Effect.sleep(5)], {
              strategy: all,
              bulkhead: 1,
              next: "Done",
              otherwise: "Failed"
            })
            : make.register("A", { run: task as unknown as Effect.Effect<void>, next: "Done" })
          const workflow = (base as any).addExitStates("Done", "Failed").withTimeout(20)
          const spans: Array<Tracer.NativeSpan> = []
          const tracer = Tracer.make({
            span: (options) => {
              const span = new Tracer.NativeSpan(options)
              spans.push(span)
              return span
            }
          })
          const run: Effect.Effect<unknown, unknown> = workflow.orchestrate("A")
          const fiber = yield* Effect.forkDetach(
            run.pipe(Effect.provide(RunSpans.layer()), Effect.withTracer(tracer)),
            { startImmediately: true }
          )
          yield* TestClock.adjust(50)
          assert.isDefined(fiber.pollUnsafe())
          assert.isAtLeast(spans.length, 2)
          assertEnded(spans)
        }
      }
    }))

  it.effect("of a run are the root of a trace, linked to who has started it", () =>
    Effect.gen(function*() {
      const workflow = make.register("A", { run: Effect.void, next: "Done" }).addExitStates("Done")
      const { spans } = yield* tracing(Effect.withSpan(workflow.orchestrate("A"), "caller"))
      const [caller, run] = spans
      assert.isTrue(Option.isNone(run!.parent))
      assert.notStrictEqual(run!.traceId, caller!.traceId)
      assert.deepStrictEqual(
        run!.links.map(({ attributes, span: { spanId, traceId } }) => [spanId, traceId, attributes]),
        [
          [caller!.spanId, caller!.traceId, { "cano.link": "caller" }]
        ]
      )
    }))

  it.effect("of a run that goes on for long are segments, each of which ends", () =>
    Effect.gen(function*() {
      let visits = 0
      const workflow = make
        .register("A", function*() {
          yield* Effect.sleep("20 minutes")
          return ++visits < 6 ? "A" : "Done"
        })
        .addExitStates("Done")
      const { exit, spans } = yield* Effect.gen(function*() {
        const fiber = yield* start(tracing(workflow.orchestrate("A", { runId: "r" })))
        yield* TestClock.adjust("1 day")
        return yield* Fiber.join(fiber)
      })
      assert.isTrue(exit._tag === "Success")
      assert.deepStrictEqual(tree(spans), [
        "run 1",
        "  state r/1/A",
        "  state r/2/A",
        "  state r/3/A",
        "  run 2",
        "    state r/4/A",
        "    state r/5/A",
        "    state r/6/A"
      ])
      const [first, second] = spans.filter(({ name }) => name === "cano.run")
      assert.strictEqual(second!.traceId, first!.traceId)
      assert.strictEqual(second!.links[0]!.span.spanId, first!.spanId)
      assertEnded(spans)
    }))

  it.effect("may be left out for states and branches, and stand beside listeners in one mergeAll", () =>
    Effect.gen(function*() {
      let count = 0
      const workflow = make.registerSplit("A", [user("u")], { strategy: all, next: "Done" }).addExitStates("Done")
      const listened = Effect.provide(workflow.orchestrate("A"), RunEvent.layer([() => void count++]))
      const { spans } = yield* tracing(listened, { states: false, branches: false })
      assert.deepStrictEqual(tree(spans), ["run 1", "  u"])
      assert.strictEqual(spans[0]!.events.length, 1)
      assert.strictEqual(count, 10)
      const spansToo: Array<string> = []
      const tracer = Tracer.make({
        span: (options) => {
          spansToo.push(options.name)
          return new Tracer.NativeSpan(options)
        }
      })
      yield* workflow.orchestrate("A").pipe(
        Effect.provide(Layer.mergeAll(RunSpans.layer(), RunEvent.layer([() => void count++]))),
        Effect.withTracer(tracer)
      )
      assert.deepStrictEqual(spansToo, ["cano.run", "cano.state", "cano.branch", "u"])
      assert.strictEqual(count, 20)
    }))

  it.effect("are those of a workflow, where the Layer is one of its resources", () =>
    Effect.gen(function*() {
      const workflow = make.register("A", { run: user("u"), next: "Done" }).addExitStates("Done")
        .withResources(RunSpans.layer())
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      yield* Effect.withTracer(workflow.orchestrate("A", { runId: "r" }), tracer)
      assert.deepStrictEqual(tree(spans), ["run 1", "  state r/1/A", "    u"])
      assertEnded(spans)
    }))

  it.live("and events keep nothing of runs that have ended, though each starts the next one", () =>
    Effect.gen(function*() {
      const generations = 2_000
      const runs: Array<WeakRef<object>> = []
      const end = yield* Deferred.make<void>()
      let generation = 0
      let count = 0
      const next: Effect.Effect<void, unknown> = Effect.suspend((): Effect.Effect<void, unknown> => {
        if (++generation === generations) return Effect.asVoid(Deferred.succeed(end, undefined))
        const task = Effect.flatMap(Workflow.CurrentRun, (run) => {
          runs.push(new WeakRef(run))
          return Effect.andThen(Effect.forkDetach(next), Effect.yieldNow)
        })
        return Effect.asVoid(make.register("A", { run: task, next: "Done" }).addExitStates("Done").orchestrate("A"))
      })
      const layer = Layer.mergeAll(RunSpans.layer(), RunEvent.layer([() => void count++]))
      yield* Effect.forkDetach(Effect.provide(next, layer))
      yield* Deferred.await(end)
      assert.isAtMost(yield* stillHeld(runs, 100), 100)
      assert.isAtLeast(count, 4 * (generations - 2))
    }))

  it.effect("of what is undone are there with what it was, unless states are left out", () =>
    Effect.gen(function*() {
      const back = make
        .register("A", { run: Effect.void, compensate: () => user("undo A"), next: "B" })
        .registerSplit("B", { x: Effect.void, y: Effect.fail("no") }, {
          strategy: all,
          compensate: { x: () => Effect.fail("not undone") },
          next: "Done"
        })
        .addExitStates("Done")
      const { spans } = yield* tracing(back.orchestrate("A", { runId: "r" }))
      assertEnded(spans)
      const undone = spans.filter(({ name }) => name === "cano.compensation")
      assert.deepStrictEqual(
        undone.map(({ attributes, status }) => [
          attributes.get("cano.state"),
          attributes.get("cano.branch"),
          attributes.get("cano.done"),
          status._tag === "Ended" && status.exit._tag
        ]),
        [["B", "x", "Succeeded", "Failure"], ["A", undefined, "Succeeded", "Success"]]
      )
      const own = spans.find(({ name }) => name === "undo A")!
      assert.strictEqual(Option.getOrThrow(own.parent).spanId, undone[1]!.spanId)
      const without = yield* tracing(back.orchestrate("A", { runId: "r" }), { states: false })
      assert.deepStrictEqual(without.spans.filter(({ name }) => name === "cano.compensation"), [])
    }))

  it.effect("refuse a segment that is no duration", () =>
    Effect.gen(function*() {
      const workflow = make.register("A", { run: Effect.void, next: "Done" }).addExitStates("Done")
      const error = yield* Effect.flip(
        Effect.provide(workflow.orchestrate("A"), RunSpans.layer({ segment: "soon" as unknown as number }))
      )
      assert.instanceOf(error, CanoError.ConfigurationError)
      assert.match(error.message, /the listener is misconfigured: segment is no duration/)
    }))

  it.effect("refuse options that are none", () =>
    Effect.gen(function*() {
      const workflow = make.register("A", { run: Effect.void, next: "Done" }).addExitStates("Done")
      const messages = (options: unknown) =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(Effect.provide(workflow.orchestrate("A"), RunSpans.layer(options as never)))
          assert.instanceOf(error, CanoError.ConfigurationError)
          return (error as CanoError.ConfigurationError).issues.map((
            { message, rule, subject }
          ) => [rule, subject, message])
        })
      const wrong = (message: string) => ["options", "listener", message]
      assert.deepStrictEqual(yield* messages({ states: 1, branches: "no", segmnet: "1 hour" }), [
        wrong("states is 1; it must be true or false, or be left out"),
        wrong("branches is \"no\"; it must be true or false, or be left out"),
        wrong("there is no option \"segmnet\"; there are states, branches, segment")
      ])
      for (const [given, shown] of [[null, "null"], ["no", "\"no\""], [[], "[]"]] as const) {
        assert.deepStrictEqual(yield* messages(given), [
          wrong(`the options are ${shown}; they must be { states, branches, segment }, or be left out`)
        ])
      }
    }))

  it.effect("of branches say which ones are hedges", () =>
    Effect.gen(function*() {
      const workflow = make
        .registerSplit("A", [Effect.never, Effect.fail("no"), Effect.void], {
          strategy: any,
          hedge: { delay: 10, atOnce: 2 },
          next: "B"
        })
        .registerSplit("B", [Effect.void], { strategy: all, next: "Done" })
        .addExitStates("Done")
      const { spans } = yield* tracing(workflow.orchestrate("A"))
      const branches = spans.filter(({ name }) => name === "cano.branch")
      assert.deepStrictEqual(
        branches.map(({ attributes }) => attributes.get("cano.hedge")),
        [undefined, undefined, true, undefined]
      )
    }))

  it.live("are exported over OTLP, to a receiver of this test", () =>
    Effect.gen(function*() {
      const received: Array<any> = []
      const receiver = createServer((request, response) => {
        let body = ""
        request.setEncoding("utf8")
        request.on("data", (chunk: string) => body += chunk)
        request.on("end", () => {
          if (request.url === "/v1/traces") received.push(JSON.parse(body))
          response.end("{}")
        })
      })
      yield* Effect.acquireRelease(
        Effect.callback<void>((resume) => {
          receiver.listen(0, "127.0.0.1", () => resume(Effect.void))
        }),
        () =>
          Effect.callback<void>((resume) => {
            receiver.close(() => resume(Effect.void))
          })
      )
      const { port } = receiver.address() as AddressInfo
      const otlp = Otlp.layerJson({ baseUrl: `http://127.0.0.1:${port}`, resource: { serviceName: "shop" } }).pipe(
        Layer.provide(FetchHttpClient.layer)
      )
      const workflow = make
        .registerSplit("A", { ada: Effect.sleep(5), bob: Effect.fail("no"), cyd: Effect.sleep(1) }, {
          strategy: quorum(2),
          next: "Done"
        })
        .addExitStates("Done")
      yield* workflow.orchestrate("A", { runId: "r" }).pipe(Effect.provide([RunSpans.layer(), otlp]))
      const spans = received.flatMap(({ resourceSpans }) => resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans)
      assert.deepStrictEqual(spans.map(({ name }) => name).sort(), [
        "cano.branch",
        "cano.branch",
        "cano.branch",
        "cano.run",
        "cano.state"
      ])
      const state = spans.find(({ name }) => name === "cano.state")
      for (const branch of spans.filter(({ name }) => name === "cano.branch")) {
        assert.strictEqual(branch.parentSpanId, state.spanId)
        assert.strictEqual(branch.traceId, state.traceId)
      }
      const verdict = state.attributes.find(({ key }: any) => key === "cano.verdict")
      assert.deepStrictEqual(verdict.value, { stringValue: "satisfied" })
    }).pipe(Effect.scoped))
})
