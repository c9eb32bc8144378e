/**
 * Durable runs as their users meet them: ids, layers, settings, what is listed and shown, and what is refused.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Logger, Option, Schema } from "effect"
import { CanoError, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import { TestClock } from "effect/testing"
import { primeClock } from "../kit/index.ts"

const State = Schema.Literals(["Go", "Done"])
const make = (name: string, work: Effect.Effect<unknown> = Effect.void) =>
  Workflow.make(name, State).register("Go", { run: work, next: "Done" }).addExitStates("Done")

const Once = Durable.make(make("once"), { version: 1 })

const live = (...layers: ReadonlyArray<Layer.Layer<never, any, any>>) =>
  layers.reduce(
    (all, layer) => Layer.provideMerge(layer, all),
    Durable.layerMemory as Layer.Layer<any, any, any>
  ) as Layer.Layer<Durable.Durable | Runs.Runs | Journal.Journal>

const failed = <A, E>(effect: Effect.Effect<A, E, any>) => Effect.flip(effect) as Effect.Effect<E, A>

describe("a durable run", () => {
  it.effect("is started once by its id, and joined by all others", () =>
    Effect.gen(function*() {
      let ran = 0
      const Slow = Durable.make(make("slow", Effect.delay(Effect.sync(() => void ran++), 100)), { version: 1 })
      yield* Effect.gen(function*() {
        assert.isTrue(yield* Slow.start("a", "Go"))
        assert.isFalse(yield* Slow.start("a", "Go"))
        const both = yield* Effect.forkChild(
          Effect.all([Slow.run("a", "Go"), Slow.run("a", "Go")], { concurrency: "unbounded" })
        )
        yield* TestClock.adjust(1000)
        assert.deepStrictEqual(yield* Fiber.join(both), ["Done", "Done"])
        assert.strictEqual(yield* Slow.run("a", "Go"), "Done")
        assert.strictEqual(ran, 1)
      }).pipe(Effect.provide(live(Slow.layer)))
    }))

  it.effect("is driven as long as one of the Layers of its definition is there", () =>
    Effect.gen(function*() {
      const Slow = Durable.make(make("slow", Effect.sleep(100)), { version: 1 })
      const pass = Effect.repeat(TestClock.adjust(100), { times: 20 })
      yield* Effect.gen(function*() {
        yield* Effect.forkChild(Effect.provide(Slow.run("a", "Go"), Slow.layer))
        yield* pass
        const left = yield* Effect.forkChild(
          Effect.provide(Effect.andThen(Slow.start("b", "Go"), Effect.sleep(50)), Slow.layer)
        )
        yield* pass
        yield* Fiber.join(left)
        // begun in a Layer that has gone, and in none but the first
        for (const id of ["b", "c"]) {
          const run = yield* Effect.forkChild(Slow.run(id, "Go"))
          yield* TestClock.adjust("2 minutes")
          yield* pass
          assert.deepStrictEqual(run.pollUnsafe(), Exit.succeed("Done"))
        }
      }).pipe(Effect.provide(live(Slow.layer)))
    }))

  it.effect("is listed, shown and told of by the journal", () =>
    Effect.gen(function*() {
      const Never = Durable.make(make("never", Effect.never), { version: 3 })
      yield* Effect.gen(function*() {
        for (const id of ["b", "a", "c"]) yield* Once.run(id, "Go")
        yield* Never.start("d", "Go")
        const ids = (heads: ReadonlyArray<Journal.Head>) => heads.map(({ runId }) => runId)
        assert.deepStrictEqual(ids(yield* Durable.list()), ["a", "b", "c", "d"])
        assert.deepStrictEqual(ids(yield* Durable.list({ workflow: "once", limit: 2 })), ["a", "b"])
        assert.deepStrictEqual(ids(yield* Durable.list({ after: "b", status: "ended" })), ["c"])
        assert.deepStrictEqual(ids(yield* Durable.list({ outcome: "failed" })), [])
        const shown = Option.getOrThrow(yield* Durable.show("d"))
        assert.include(shown, { workflow: "never", version: 3, state: "Go", visit: 1, status: "running" })
        assert.isTrue(Option.isNone(yield* Durable.show("e")))
        const rows = yield* Durable.history("a")
        assert.deepStrictEqual(rows.map(({ kind }) => kind), ["enter", "owner", "enter", "exit"])
        assert.deepStrictEqual((yield* Durable.history("a", { from: 2, limit: 1 })).map(({ n }) => n), [2])
        assert.deepStrictEqual((yield* Runs.list).map(({ runId }) => runId), ["d"])
      }).pipe(Effect.provide(live(Once.layer, Never.layer)))
    }))

  it.effect("has an id that a database keeps", () =>
    Effect.gen(function*() {
      for (const id of ["", "\ud800", "a\0b", 7 as never]) {
        const error = yield* failed(Once.start(id, "Go"))
        assert(error instanceof CanoError.ConfigurationError)
        assert.strictEqual(error.issues[0]!.rule, "run-id")
      }
      assert.strictEqual(yield* Once.run("é/😀 1", "Go"), "Done")
    }).pipe(Effect.provide(live(Once.layer))))

  it.effect("of another workflow is not joined", () =>
    Effect.gen(function*() {
      const Other = Durable.make(make("other"), { version: 1 })
      yield* Effect.gen(function*() {
        yield* Once.run("a", "Go")
        const error = yield* failed(Other.run("a", "Go"))
        assert(error instanceof Durable.RestoreError)
        assert.strictEqual(error.rule, "workflow")
        assert.match(error.message, /it is a run of workflow "once", and not of "other"/)
      }).pipe(Effect.provide(live(Once.layer)))
    }))

  it.effect("of an initial state that does not fit its Schema is not started", () =>
    Effect.gen(function*() {
      const Numbers = Schema.Union([Schema.TaggedStruct("In", { n: Schema.Int }), Schema.Literal("Out")])
      const Counted = Durable.make(
        Workflow.make("counted", Numbers).register("In", Effect.succeed("Out")).addExitStates("Out"),
        { version: 1 }
      )
      const exit = yield* Effect.exit(Counted.start("a", { _tag: "In", n: 0.5 }))
      assert.isTrue(Exit.isFailure(exit))
      assert.isTrue(Option.isNone(yield* Durable.show("a")))
    }).pipe(Effect.provide(live())))

  it.effect("is told of in the log, once, where somebody waits for it and nobody drives it", () =>
    Effect.gen(function*() {
      yield* primeClock
      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
      yield* Effect.gen(function*() {
        const waits = yield* Effect.forkChild(Once.run("a", "Go"))
        for (let i = 0; i < 6; i++) yield* TestClock.adjust("10 seconds")
        assert.isUndefined(waits.pollUnsafe())
        yield* Fiber.interrupt(waits)
      }).pipe(Effect.provide(Layer.provideMerge(live(), logger)))
      assert.strictEqual(lines.length, 1)
      assert.match(lines[0]!, /run "a" is waited for, and nobody drives it: .* layer of workflow "once"/)
    }))
})

describe("the layer of a definition", () => {
  it.effect("is refused where another workflow of the name is driven already", () =>
    Effect.gen(function*() {
      const error = yield* failed(Layer.build(live(Once.layer, Durable.make(make("once"), { version: 2 }).layer)))
      assert.match(String(error), /another workflow of the name "once" is driven here already/)
    }).pipe(Effect.scoped))
})

describe("a handle", () => {
  it.effect("of a run whose definition nobody has here says so where its end is asked for", () =>
    Effect.gen(function*() {
      const store = yield* Journal.makeMemory
      const journal = Layer.succeed(Journal.Journal)(store)
      const Brief = Durable.make(make("brief", Effect.sleep(100)), { version: 1 })
      const other = Layer.provideMerge(Durable.layer, journal)
      yield* Effect.provide(Effect.andThen(Brief.start("a", "Go"), Brief.start("b", "Go")), Layer.fresh(other))
      yield* Effect.gen(function*() {
        const handle = Option.getOrThrow(yield* Runs.get("a"))
        assert.include(yield* handle.info, { runId: "a", workflow: "brief", status: "running" })
        assert.isFalse(yield* handle.cancelBranch("x"))
        assert.isFalse(yield* handle.settle())
        const ends = yield* Effect.forkChild(handle.await)
        const cancelled = yield* Effect.forkChild(Runs.cancel("b"))
        yield* TestClock.adjust("1 second")
        assert.isUndefined(ends.pollUnsafe())
        yield* Effect.forkChild(
          Effect.provide(TestClock.adjust("1 minute"), Layer.provideMerge(Brief.layer, Layer.fresh(other)))
        )
        yield* TestClock.adjust("1 minute")
        assert.match(String(yield* Fiber.join(ends)), /it has ended, and how can't be read here: workflow "brief"/)
        // what needs no Schema can be read
        const exit = Option.getOrThrow(yield* Fiber.join(cancelled))
        assert.isTrue(Exit.isFailure(exit) && Exit.hasInterrupts(exit))
      }).pipe(Effect.provide(other))
    }))

  it.effect("refuses an id or a key that no database keeps", () =>
    Effect.gen(function*() {
      const Never = Durable.make(make("never", Effect.never), { version: 1 })
      yield* Effect.gen(function*() {
        yield* Never.start("a", "Go")
        const go = Signal.make("go", Schema.Void)
        for (const options of [{ id: "\ud800" }, { key: "a\0" }]) {
          const error = yield* failed(Runs.signal("a", go, undefined, options))
          assert.include(error, { _tag: "SignalError", reason: "InvalidValue" })
        }
        assert.include(yield* failed(Runs.signal("b", go, undefined)), { reason: "NoSuchRun" })
      }).pipe(Effect.provide(live(Never.layer)))
    }))
})

describe("who waits for a run by its id", () => {
  const Slow = Durable.make(make("slow", Effect.sleep(100)), { version: 1 })

  it.effect("has its end, and is told of a run that there is not, or that is another workflow's", () =>
    Effect.gen(function*() {
      const none = yield* failed(Once.await("r"))
      assert.deepInclude(none, { _tag: "RestoreError", rule: "run" })
      yield* Slow.start("r", "Go")
      const waits = yield* Effect.forkChild(Slow.await("r"), { startImmediately: true })
      assert.deepInclude(yield* failed(Once.await("r")), { _tag: "RestoreError", rule: "workflow" })
      yield* TestClock.adjust(200)
      assert.strictEqual(yield* Fiber.join(waits), "Done")
      assert.strictEqual(yield* Slow.await("r"), "Done")
    }).pipe(Effect.provide(live(Once.layer, Slow.layer))))
})

describe("settings", () => {
  const taken = (given: Parameters<typeof Durable.settings>[0]) =>
    Effect.provide(Durable.Settings, Durable.settings(given))

  it.effect("change what is given, and leave the rest as it is around", () =>
    Effect.gen(function*() {
      const settings = yield* taken({ lease: "1 minute" }).pipe(
        Effect.provide(Durable.settings({ poll: 10, lease: 5 }))
      )
      assert.strictEqual(Duration.toMillis(settings.lease), 60_000)
      assert.strictEqual(Duration.toMillis(settings.poll), 10)
      assert.strictEqual(Duration.toMillis(settings.patience), 5000)
    }))

  it.effect("say what is wrong with them", () =>
    Effect.gen(function*() {
      const sentences: ReadonlyArray<readonly [unknown, RegExp]> = [
        [{ lease: 0 }, /lease is 0/],
        [{ poll: "soon" }, /poll/],
        [{ leese: 5 }, /leese/],
        [null, /the settings/]
      ]
      for (const [given, expected] of sentences) {
        const exit = yield* Effect.exit(taken(given as never))
        assert.match(String(exit), expected)
      }
    }))
})

describe("a child", () => {
  it.effect("is for a step of a run", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Once.child("Go"))
      assert.match(String(exit), /child of workflow "once" is for a step of a durable run/)
    }).pipe(Effect.provide(live(Once.layer))))
})
