import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Option, Schema, Scope } from "effect"
import { Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Runs from "effect-cano/Runs"
import type * as Scheduler from "effect-cano/Scheduler"
import * as Schedules from "effect-cano/schedules"
import { pass } from "./diary.ts"
import { end, type Fault, kill, type Life, live } from "./lives.ts"

/** A durable workflow whose runs go on until they are let go, and count how often their work was begun. */
const world = Effect.gen(function*() {
  const journal = yield* Journal.makeMemory
  const store = yield* Schedules.makeMemory
  const begun = new Map<string, number>()
  const gates = new Map<string, Deferred.Deferred<string>>()
  const gateOf = (runId: string) => {
    const there = gates.get(runId)
    if (there !== undefined) return there
    const gate = Deferred.makeUnsafe<string>()
    gates.set(runId, gate)
    return gate
  }
  const work = Workflow.make("work", Schema.Literals(["Work", "Done"]))
    .register("Work", {
      run: Effect.flatMap(Workflow.CurrentRun, (current) =>
        Effect.suspend(() => {
          const runId = current!.runId
          begun.set(runId, (begun.get(runId) ?? 0) + 1)
          return Deferred.await(gateOf(runId))
        })),
      next: "Done"
    })
    .addExitStates("Done")
  const Work = Durable.make(work, { version: 1 })
  // one process drives the runs, whatever becomes of the schedulers
  const scope = yield* Scope.Scope
  const engine = yield* Layer.buildWithScope(
    Work.layer.pipe(
      Layer.provideMerge(Durable.layer),
      Layer.provide(Layer.succeed(Journal.Journal)(journal)),
      Layer.provide(Durable.settings({ stopWithin: 0 }))
    ),
    scope
  )
  const flow = (options: Partial<Scheduler.FlowOptions<any, any, never>> = {}) =>
    Schedules.flow("f", {
      definition: Work,
      initial: "Work",
      when: { fixedRate: "10 seconds", from: "epoch" },
      ...options as {}
    })
  const start = (flows: ReadonlyArray<Scheduler.AnyFlow>, faults: ReadonlyArray<readonly [number, Fault]> = []) =>
    Effect.provideContext(live(store, () => flows, { faults }), engine) as Effect.Effect<Life>
  return {
    journal,
    store,
    begun,
    flow,
    start,
    /** Lets a run end. */
    release: (due: number) => Deferred.succeed(gateOf(idOf(due)), "ok"),
    engine
  }
})

const idOf = (due: number) => `f@${new Date(due).toISOString()}`

const runsOf = (journal: Journal.Service) =>
  Effect.map(journal.list({ limit: 99 }), (heads) => heads.map(({ runId }) => runId))

describe("a flow of durable runs", () => {
  it.effect("goes on to wait for a run after a restart, and it counts as running meanwhile", () =>
    Effect.gen(function*() {
      const { begun, flow, journal, release, start, store } = yield* world
      const ada = yield* start([flow()])
      yield* pass("1 second")
      yield* kill(ada)
      yield* pass("11 seconds")
      const bob = yield* start([flow()])
      assert.deepStrictEqual(bob.diary.of("Adopted"), ["12000 Adopted"])
      yield* pass("10 seconds")
      assert.deepStrictEqual(bob.diary.decisions(), ["12000 Overlap 10000", "20000 Overlap 20000"])
      yield* release(0)
      yield* pass("10 seconds")
      assert.deepStrictEqual(bob.diary.decisions().slice(2), ["30000 Fired 30000"])
      assert.deepStrictEqual(yield* runsOf(journal), [idOf(0), idOf(30_000)])
      assert.deepStrictEqual([...begun.values()], [1, 1])
      const [first] = yield* store.history("f", 9)
      assert.deepStrictEqual([first!.runId, first!.ended?.outcome, first!.scheduler], [idOf(0), "succeeded", bob.name])
      yield* end(bob)
    }))

  it.effect("leaves its run alone when it is stopped, and whoever comes next has it at once", () =>
    Effect.gen(function*() {
      const { flow, release, start, store } = yield* world
      const ada = yield* start([flow()])
      yield* pass("1 second")
      assert.deepStrictEqual(yield* ada.scheduler.stop, { drained: [], interrupted: [], detached: [idOf(0)] })
      assert.lengthOf((yield* store.look(["f"]))[0]!.open, 1)
      const bob = yield* start([flow()])
      assert.deepStrictEqual(bob.diary.of("Adopted"), ["1000 Adopted"])
      yield* release(0)
      yield* pass("1 second")
      assert.deepStrictEqual(bob.diary.of("Ended"), ["1000 Ended Success"])
      yield* end(bob)
    }))

  for (const fault of ["before", "after"] as const) {
    it.effect(`starts exactly one run for a tick whose scheduler has died ${fault} it was written`, () =>
      Effect.gen(function*() {
        const { begun, flow, journal, start } = yield* world
        const options = { when: { fixedRate: "10 seconds", from: "epoch", missed: { catchUp: 9 } } } as const
        // the first commit makes the schedule, the second takes the tick
        const ada = yield* start([flow(options)], [[2, fault]])
        yield* kill(ada)
        assert.deepStrictEqual(yield* runsOf(journal), [])
        yield* pass("5 seconds")
        const bob = yield* start([flow(options)])
        yield* pass("6 seconds")
        assert.strictEqual((yield* runsOf(journal))[0], idOf(0))
        assert.strictEqual(begun.get(idOf(0)), 1)
        yield* end(bob)
      }))
  }

  it.effect("does not start a run again that was started, and is gone", () =>
    Effect.gen(function*() {
      const { flow, start, store, journal } = yield* world
      const [view] = yield* Effect.andThen(
        store.commit({
          schedule: {
            flow: "f",
            revision: 1,
            cursor: 0,
            anchor: 0,
            paused: undefined,
            streak: 0,
            trippedAt: undefined,
            until: undefined,
            endedAt: undefined
          },
          firings: [{
            flow: "f",
            by: "tick",
            due: 0,
            runId: idOf(0),
            scheduler: "gone",
            takenAt: 0,
            isStarted: true,
            ended: undefined
          }],
          drops: [],
          keep: 9
        }),
        store.look(["f"])
      )
      assert.isFalse(view!.open[0]!.isHeld)
      const bob = yield* start([flow()])
      yield* pass("1 second")
      assert.deepStrictEqual(yield* runsOf(journal), [])
      assert.deepStrictEqual(bob.diary.of("Adopted", "Ended"), ["0 Adopted", "0 Ended Failure"])
      yield* end(bob)
    }))

  it.effect("is cancelled with its run by `cancel`, wherever that is driven", () =>
    Effect.gen(function*() {
      const { flow, journal, start } = yield* world
      const ada = yield* start([flow()])
      yield* pass("1 second")
      const cancelled = yield* Effect.forkChild(ada.scheduler.cancel("f"), { startImmediately: true })
      yield* pass("1 second")
      yield* Fiber.await(cancelled)
      assert.strictEqual((yield* journal.show(idOf(0)))?.outcome, "cancelled")
      yield* end(ada)
    }))

  it.effect("gives whoever triggers with an id the end of the run of that id, in any scheduler", () =>
    Effect.gen(function*() {
      const { flow, journal, release: _, start, engine } = yield* world
      const manual = flow({ when: "manual" })
      const ada = yield* start([manual])
      const bob = yield* start([manual])
      const asked = yield* Effect.forEach(
        [ada, bob, ada],
        ({ scheduler }) => Effect.forkChild(scheduler.trigger(manual, { id: "r" }), { startImmediately: true })
      )
      yield* pass("1 second")
      assert.deepStrictEqual(yield* runsOf(journal), ["f!r"])
      const run = Option.getOrThrow(yield* Effect.provideContext(Runs.get("f!r"), engine))
      yield* Effect.forkChild(run.cancel())
      yield* pass("2 seconds")
      for (const fiber of asked) {
        const exit = yield* Fiber.join(fiber)
        assert.isTrue(Exit.isFailure(exit))
      }
      yield* end(ada)
      yield* end(bob)
    }))
})
