/** Who gives a run up, and why; two runners over one journal in memory. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Layer, Logger, Schema, Scope } from "effect"
import { Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import { TestClock } from "effect/testing"

const machine = Workflow.make("wait", Schema.Literals(["Wait", "Done"]))
  .register("Wait", () => Effect.as(Effect.sleep("1 second"), "Done" as const))
  .addExitStates("Done")

const quick = Durable.make(machine, { version: 1 })
const newer = Durable.make(machine, { version: 2 })

const settings = Durable.settings({
  lease: Duration.hours(1),
  poll: Duration.millis(100),
  patience: Duration.seconds(5),
  stopWithin: Duration.millis(10),
  pause: Duration.millis(50)
})

const runner = (journal: Journal.Service): Layer.Layer<Durable.Durable> =>
  Durable.layer.pipe(
    Layer.provideMerge(Layer.succeed(Journal.Journal)(journal)),
    Layer.provideMerge(settings),
    Layer.provideMerge(Logger.layer([]))
  )

/** Another process. */
const other = (journal: Journal.Service, definition: any): Layer.Layer<Durable.Durable> =>
  Layer.provideMerge(definition.layer, Layer.fresh(runner(journal))) as never

const create = (journal: Journal.Service, runId: string, version: number) =>
  journal.create([{
    runId,
    workflow: "wait",
    version,
    state: "Wait",
    key: "/1/Wait",
    data: `"Wait"`,
    parent: undefined
  }])

const stateOf = (journal: Journal.Service, runId: string) =>
  Effect.map(journal.show(runId), (head) => [head?.status, head?.owner !== undefined])

describe("a run is given up", () => {
  it.effect("when it was recorded by another version: a process that has that one goes on with it", () =>
    Effect.gen(function*() {
      const journal = yield* Journal.makeMemory
      yield* create(journal, "r", 1)
      yield* Layer.build(other(journal, newer))
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(yield* stateOf(journal, "r"), ["running", false])
      yield* Layer.build(other(journal, quick))
      yield* TestClock.adjust(2000)
      assert.deepStrictEqual(yield* stateOf(journal, "r"), ["ended", false])
    }))

  it.effect("when its definition goes away, and the runner does not", () =>
    Effect.gen(function*() {
      const journal = yield* Journal.makeMemory
      const context = yield* Layer.build(Layer.fresh(runner(journal)))
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(quick.layer as Layer.Layer<never, unknown, Durable.Durable>, scope).pipe(
        Effect.provideContext(context)
      )
      yield* (quick.start("r", "Wait") as Effect.Effect<boolean, unknown, Durable.Durable>).pipe(
        Effect.provideContext(context)
      )
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(yield* stateOf(journal, "r"), ["running", true])
      yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(yield* stateOf(journal, "r"), ["running", false])
      yield* Layer.build(other(journal, quick))
      yield* TestClock.adjust(2000)
      assert.deepStrictEqual(yield* stateOf(journal, "r"), ["ended", false])
    }))

  it.effect("and those that nobody can drive here keep no other from being found", () =>
    Effect.gen(function*() {
      const journal = yield* Journal.makeMemory
      for (let i = 0; i < 600; i++) yield* create(journal, `old-${i}`, 1)
      yield* TestClock.adjust(1)
      yield* create(journal, "new", 2)
      yield* Layer.build(other(journal, newer))
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual(yield* stateOf(journal, "new"), ["ended", false])
      assert.deepStrictEqual(yield* stateOf(journal, "old-599"), ["running", false])
    }))
})
