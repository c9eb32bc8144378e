import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Option, Schedule } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import * as Schedules from "effect-cano/schedules"
import { TestClock } from "effect/testing"
import { change, ended, firing, schedule } from "./contract.ts"
import { pass } from "./diary.ts"
import { begun, end, kill, type Life, live } from "./lives.ts"

/** Runs that end when they are told to, and the instants of those that were begun. */
const gated = (options: Partial<Scheduler.FlowOptions<unknown, unknown, never>> = {}) => {
  const started: Array<number> = []
  const gates = new Map<number, Deferred.Deferred<string, string>>()
  const define = (life: Life) => [
    Scheduler.flow("f", {
      run: ({ due }) =>
        Effect.andThen(
          life.act(() => {
            started.push(due / 1000)
            gates.set(due / 1000, Deferred.makeUnsafe())
          }),
          Effect.suspend(() => Deferred.await(gates.get(due / 1000)!))
        ),
      when: { fixedRate: "10 seconds", from: "epoch" },
      ...options
    })
  ]
  return {
    started,
    define,
    release: (due: number) => Deferred.succeed(gates.get(due)!, "ok"),
    fail: (due: number) => Deferred.fail(gates.get(due)!, "no")
  }
}

const inStore = <A, E>(store: Schedules.Service, effect: Effect.Effect<A, E, Schedules.Schedules>) =>
  Effect.provideService(effect, Schedules.Schedules, store)

describe("what a scheduler with a store is given", () => {
  const issuesOf = (options: unknown) =>
    Effect.gen(function*() {
      const made = Schedules.make([], options as Schedules.Options).pipe(Effect.provide(Schedules.layerMemory))
      const error = yield* Effect.flip(Effect.scoped(made))
      return error.issues.map(({ message }) => message)
    })

  it.effect("is checked: durations that can't be, a claim, options that there are not", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* issuesOf({ lease: 0, poll: "often", patience: Infinity, claim: () => Effect.succeed(true) }),
        [
          `poll is no duration: "often"; write for example "5 seconds" or 5000 (milliseconds)`,
          "lease is 0; it must be longer than nothing, and have an end",
          "patience is Infinity; it must be longer than nothing, and have an end",
          "claim beside a store, which asks for each tick itself: leave it out"
        ]
      )
      const half = Schedules.make([Scheduler.flow("a\ud800", { run: Effect.void, when: "manual" })])
      const error = yield* Effect.flip(Effect.scoped(Effect.provide(half, Schedules.layerMemory)))
      assert.match(error.message, /half a character/)
      assert.match((yield* issuesOf({ store: 1 })).join(), /store/)
      assert.match((yield* issuesOf(null)).join(), /options/)
    }))

  it.effect("is a flow of a definition that can be started, which is found when it is added", () =>
    Effect.gen(function*() {
      const wrong = [
        Schedules.flow("a", null as never),
        Schedules.flow("b", { definition: {} as never, initial: 1 as never, when: "manual" }),
        Schedules.flow("c", { definition: null as never, initial: 1 as never, when: "manual" })
      ]
      const error = yield* Effect.flip(
        Effect.scoped(Schedules.make(wrong as unknown as ReadonlyArray<Scheduler.Flow<any, any, never>>)).pipe(
          Effect.provide(Schedules.layerMemory)
        )
      )
      assert.includeMembers(error.issues.map(({ subject }) => subject), [`flow "a"`, `flow "b"`, `flow "c"`])
    }))

  it.effect("is a Layer of the scheduler, which is stopped with it", () =>
    Effect.gen(function*() {
      const flow = Scheduler.flow("f", { run: Effect.succeed(1), when: "manual" })
      const store = yield* Schedules.makeMemory
      const exit = yield* Effect.flatMap(Scheduler.Scheduler, ({ trigger }) => trigger(flow)).pipe(
        Effect.provide(Layer.provide(Schedules.layer([flow]), Layer.succeed(Schedules.Schedules)(store)))
      )
      assert.deepStrictEqual(exit, Exit.succeed(1))
      assert.deepStrictEqual((yield* inStore(store, Schedules.history("f"))).map((one) => one.ended?.outcome), [
        "succeeded"
      ])
    }))
})

describe("an operator without a scheduler", () => {
  it.effect("pauses, notes, resumes and resets a flow that is known, whoever writes it meanwhile", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      assert.isFalse(yield* inStore(store, Schedules.pause("f")))
      assert.isUndefined(yield* inStore(store, Schedules.show("f")))
      assert.deepStrictEqual(yield* inStore(store, Schedules.running("f")), [])
      const { define, started } = gated()
      const life = yield* live(store, define)
      yield* pass("1 second")
      assert.isTrue(yield* inStore(store, Schedules.pause("f", { note: "a" })))
      assert.isTrue(yield* inStore(store, Schedules.pause("f")))
      assert.deepStrictEqual((yield* inStore(store, Schedules.show("f")))!.paused, {
        since: 1000,
        note: "a",
        cursor: 0
      })
      yield* inStore(store, Schedules.pause("f", { note: "b" }))
      yield* pass("1 second")
      const status = (yield* life.scheduler.info("f")).pipe(Option.map(({ status }) => status), Option.getOrThrow)
      assert.deepStrictEqual(status, { _tag: "Paused", since: 1000, note: "b" })
      yield* pass("10 seconds")
      assert.deepStrictEqual(life.diary.decisions(), ["0 Fired 0", "10000 Paused 10000"])
      assert.isTrue(yield* inStore(store, Schedules.resume("f")))
      assert.isTrue(yield* inStore(store, Schedules.resume("f")))
      assert.isTrue(yield* inStore(store, Schedules.reset("f")))
      yield* pass("8 seconds")
      assert.deepStrictEqual(life.diary.decisions().slice(2), ["20000 Overlap 20000"])
      assert.deepStrictEqual(started, [0])
      assert.deepStrictEqual((yield* inStore(store, Schedules.running("f"))).map(({ due }) => due), [0])
      assert.deepStrictEqual((yield* inStore(store, Schedules.list())).map(({ flow }) => flow), ["f"])
      assert.deepStrictEqual(yield* inStore(store, Schedules.list({ limit: 9, after: "f" })), [])
      yield* end(life)
      assert.isTrue(yield* inStore(store, Schedules.forget("f")))
      assert.deepStrictEqual(yield* inStore(store, Schedules.history("f", { limit: 9 })), [])
    }))

  it.effect("resumes a flow that no scheduler has: what came due in the pause is of it", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const { define } = gated({ overlap: { allow: 9 } })
      const ada = yield* live(store, define)
      yield* pass("1 second")
      yield* end(ada)
      yield* inStore(store, Schedules.pause("f"))
      yield* pass("30 seconds")
      yield* inStore(store, Schedules.resume("f"))
      yield* pass("10 seconds")
      const bob = yield* live(store, define)
      assert.deepStrictEqual(bob.diary.decisions(), ["41000 Fired 40000"])
      yield* end(bob)
    }))

  it.effect("is not stopped by others who write: it looks again", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      yield* store.commit(change(schedule("f", 1)))
      let refusals = 2
      const busy: Schedules.Service = {
        ...store,
        commit: (one) => refusals-- > 0 ? Effect.succeed(false) : store.commit(one)
      }
      assert.isTrue(yield* inStore(busy, Schedules.pause("f")))
      assert.strictEqual((yield* inStore(store, Schedules.show("f")))!.revision, 2)
    }))
})

describe("a flow in a store", () => {
  it.effect("that was forgotten begins anew where a scheduler has it", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const { define } = gated({ overlap: { allow: 9 } })
      const life = yield* live(store, define)
      yield* pass("1 second")
      yield* store.forget("f")
      yield* pass("10 seconds")
      assert.deepStrictEqual(life.diary.decisions(), ["0 Fired 0", "10000 Fired 10000"])
      assert.strictEqual((yield* store.look(["f"]))[0]!.schedule.cursor, 10_000)
      yield* end(life)
    }))

  it.effect("of which a year of seconds was missed is decided at once, the newest one by one", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const year = 365 * 24 * 3600 * 1000
      yield* TestClock.setTime(year)
      yield* store.commit(change(schedule("f", 1, { cursor: 0 })))
      const { define, started } = gated({
        when: { fixedRate: "1 second", from: "epoch", missed: { catchUp: 3 } },
        overlap: { allow: 9 }
      })
      const life = yield* live(store, define)
      assert.lengthOf(life.diary.events.filter(({ _tag }) => _tag === "Skipped"), 1000 - 4 + 1)
      assert.deepStrictEqual(started, [year / 1000 - 3, year / 1000 - 2, year / 1000 - 1, year / 1000])
      yield* end(life)
    }))

  it.effect("counts from the instant from which it was first counted", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      yield* TestClock.setTime(3000)
      const options = { when: { fixedRate: "10 seconds" }, overlap: { allow: 9 } } as const
      const { define, started } = gated(options)
      const ada = yield* live(store, define)
      yield* pass("1 second")
      const bob = yield* live(store, define)
      yield* pass("10 seconds")
      yield* kill(ada)
      yield* kill(bob)
      yield* pass("5 seconds")
      const cyd = yield* live(store, define)
      yield* pass("5 seconds")
      assert.deepStrictEqual(started, [3, 13, 23])
      const flow = gated(options).define(cyd)[0]!
      yield* cyd.scheduler.change(flow, { cursor: "reset" })
      assert.strictEqual((yield* store.look(["f"]))[0]!.schedule.anchor, 24_000)
      const dan = yield* live(store, define)
      yield* pass("10 seconds")
      assert.strictEqual((yield* dan.scheduler.info("f")).pipe(Option.getOrThrow).cursor, 34_000)
      yield* end(cyd)
      yield* end(dan)
    }))

  it.effect("is taken up by whoever has another anchor now", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const options = { when: { fixedRate: "10 seconds" }, overlap: { allow: 9 } } as const
      const { define, started } = gated(options)
      const ada = yield* live(store, define)
      const bob = yield* live(store, define)
      yield* pass("4 seconds")
      yield* ada.scheduler.change(gated(options).define(ada)[0]!, { cursor: "reset" })
      yield* kill(ada)
      yield* pass("11 seconds")
      assert.include(started, 14)
      yield* end(bob)
    }))

  it.effect("waits with its queue for a run of another scheduler, and replaces none", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      yield* TestClock.setTime(500)
      const ada = gated({ when: "manual" })
      const first = yield* live(store, ada.define)
      yield* Effect.forkChild(first.scheduler.trigger(first.flows[0]!, { id: "x" }), { startImmediately: true })
      yield* pass("1 second")
      const bob = gated({ overlap: "replace" })
      const second = yield* live(store, bob.define)
      const running = (yield* second.scheduler.info("f")).pipe(Option.getOrThrow).running
      assert.deepStrictEqual(running, [{
        flow: "f",
        by: "trigger",
        due: 500,
        runId: "f!x",
        started: 500,
        overlong: undefined
      }])
      yield* pass("9 seconds")
      assert.deepStrictEqual(second.diary.of("Queued", "Overlong"), ["10000 Overlong since 10000", "10000 Queued"])
      assert.deepStrictEqual((yield* second.scheduler.cancel("f")).interrupted, [])
      yield* pass("1 second")
      yield* ada.release(0.5)
      yield* pass("1 second")
      assert.deepStrictEqual(second.diary.decisions(), ["12500 Late 10000"])
      yield* end(first)
      yield* end(second)
    }))

  it.effect("may be removed and added again: what has not ended counts, and is not started again", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const { define, release, started } = gated()
      const life = yield* live(store, define, { drain: "1 minute" })
      yield* pass("1 second")
      yield* Effect.forkChild(life.scheduler.remove("f"), { startImmediately: true })
      yield* pass("1 second")
      yield* life.scheduler.add(define(life)[0]!)
      yield* pass("10 seconds")
      assert.deepStrictEqual(started, [0])
      yield* release(0)
      yield* pass("10 seconds")
      assert.deepStrictEqual(started, [0, 20])
      assert.deepStrictEqual((yield* store.history("f", 9)).map(({ due }) => due), [0])
      yield* release(20)
      yield* end(life)
    }))

  it.effect("fails and backs off for all schedulers", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const { define, fail, release, started } = gated({ onFailure: { backoff: Schedule.spaced("15 seconds") } })
      const ada = yield* live(store, define)
      const bob = yield* live(store, define)
      yield* pass("1 second")
      yield* fail(0)
      yield* pass("1 second")
      assert.strictEqual((yield* store.look(["f"]))[0]!.schedule.until, 16_000)
      yield* kill(ada)
      const cyd = yield* live(store, define)
      const status = (yield* cyd.scheduler.info("f")).pipe(Option.getOrThrow).status
      assert.deepStrictEqual(status, { _tag: "BackingOff", until: 16_000, streak: 1 })
      yield* pass("20 seconds")
      assert.deepStrictEqual(started, [0, 20])
      assert.sameMembers(bob.diary.decisions().slice(0, 1), ["10000 BackingOff 10000"])
      yield* release(20)
      yield* pass("1 second")
      assert.deepInclude((yield* store.look(["f"]))[0]!.schedule, { streak: 0, until: undefined })
      yield* end(bob)
      yield* end(cyd)
    }))

  it.effect("fires no tick of a definition that was changed while that was written", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const written = Deferred.makeUnsafe<void>()
      let slow = false
      const { define, started } = gated({ overlap: { allow: 9 } })
      const life = yield* live(
        { ...store, commit: (one) => Effect.andThen(slow ? Deferred.await(written) : Effect.void, store.commit(one)) },
        define
      )
      yield* pass("1 second")
      slow = true
      yield* pass("9 seconds")
      const other = gated({ when: { fixedRate: "7 seconds", from: "epoch" }, overlap: { allow: 9 } })
      yield* Effect.forkChild(life.scheduler.change(other.define(life)[0]!), { startImmediately: true })
      slow = false
      yield* Deferred.succeed(written, undefined)
      yield* pass("5 seconds")
      assert.deepStrictEqual(life.diary.decisions(), ["0 Fired 0", "10000 Changed 10000", "14000 Fired 14000"])
      assert.deepStrictEqual(started.concat(other.started), [0, 14])
      assert.deepStrictEqual((yield* store.look(["f"]))[0]!.open.map(({ due }) => due), [0, 14_000])
      yield* end(life)
    }))

  it.effect("fires each hour of a night in which clocks change once, of several schedulers", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      yield* TestClock.setTime(Date.UTC(2026, 9, 24, 22, 30))
      const define = (life: Life) => [
        Scheduler.flow("f", { run: life.act(() => {}), when: { cron: "0 * * * *", timeZone: "Europe/Berlin" } })
      ]
      const options = { poll: "10 minutes", lease: "1 hour" } as const
      let lives = yield* Effect.forEach([0, 400, -400], (skew) => live(store, define, { ...options, skew }))
      const all = [...lives]
      for (let hour = 0; hour < 6; hour++) {
        yield* pass("1 hour")
        yield* kill(lives[0]!)
        const next = yield* live(store, define, options)
        all.push(next)
        lives = [...lives.slice(1), next]
      }
      const times = begun(all)
      const hours = Array.from({ length: 6 }, (_, i) => Date.UTC(2026, 9, 24, 23 + i))
      assert.deepStrictEqual([...times.keys()].sort(), hours)
      assert.isTrue([...times.values()].every((count) => count === 1))
      yield* Effect.forEach(lives, end)
    }))
})

describe("a store that is gone", () => {
  it.effect("lets a pause come back, which is written when it is there again", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const { define } = gated()
      const life = yield* live(store, define)
      yield* pass("1 second")
      life.isDown = true
      yield* life.scheduler.pause("f", { note: "n" })
      assert.isUndefined((yield* store.look(["f"]))[0]!.schedule.paused)
      life.isDown = false
      yield* pass("3 seconds")
      assert.strictEqual((yield* store.look(["f"]))[0]!.schedule.paused?.note, "n")
      yield* end(life)
    }))

  it.effect("is not one that can't keep a text: notes and failures are made fit, and an id must be", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const flow = Scheduler.flow("f", { run: Effect.fail("a\0b\ud800c \u{1F600}"), when: "manual" })
      const life = yield* live(store, () => [flow])
      yield* life.scheduler.trigger(flow)
      yield* life.scheduler.pause(flow, { note: "x\0" })
      assert.strictEqual((yield* store.look(["f"]))[0]!.schedule.paused?.note, "x\ufffd")
      assert.include((yield* store.history("f", 1))[0]!.ended?.detail, "a\ufffdb\ufffdc \u{1F600}")
      const error = yield* Effect.flip(life.scheduler.trigger(flow, { id: "\udc00" }))
      assert.strictEqual(error.reason, "Options")
      yield* end(life)
    }))

  it.effect("does not lose how a run has ended", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const { define, fail } = gated({ onFailure: { trip: 1 } })
      const life = yield* live(store, define)
      yield* pass("1 second")
      life.isDown = true
      yield* fail(0)
      yield* pass("3 seconds")
      life.isDown = false
      yield* pass("3 seconds")
      const [view] = yield* store.look(["f"])
      assert.deepStrictEqual([view!.schedule.streak, view!.schedule.trippedAt], [1, 1000])
      const [last] = yield* store.history("f", 9)
      assert.strictEqual(last!.ended?.outcome, "failed")
      assert.include(last!.ended?.detail, "no")
      yield* end(life)
    }))

  it.effect("keeps nobody from stopping, within its patience", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const { define, release } = gated()
      const life = yield* live(store, define, { patience: "2 seconds" })
      yield* pass("1 second")
      life.isDown = true
      yield* release(0)
      const stopped = yield* Effect.forkChild(life.scheduler.stop, { startImmediately: true })
      yield* pass("2 seconds")
      assert.deepStrictEqual(stopped.pollUnsafe() !== undefined, true)
      yield* Fiber.join(stopped)
    }))

  it.effect("is there when schedulers come that it was gone for", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const { define, started } = gated()
      let isDown = true
      const flaky: Schedules.Service = {
        ...store,
        lease: (name, until) => isDown ? Effect.die("no") : store.lease(name, until)
      }
      const life = yield* live(flaky, define)
      yield* pass("1 second")
      assert.deepStrictEqual(life.diary.of("StoreGone"), ["0 StoreGone"])
      isDown = false
      yield* pass("3 seconds")
      assert.lengthOf(life.diary.of("StoreBack"), 1)
      // the flow began when that could be written
      yield* pass("7 seconds")
      assert.deepStrictEqual(started, [10])
      yield* end(life)
    }))

  it.effect("gives back what it had taken, if somebody was told that it could not be reached", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const { define, started } = gated({ when: "manual" })
      const life = yield* live(store, define, { faults: [[2, "lose"]] })
      const error = yield* Effect.flip(life.scheduler.trigger(life.flows[0]!, { id: "x" }))
      assert.strictEqual(error.reason, "Unreachable")
      yield* pass("1 second")
      assert.deepStrictEqual((yield* store.look(["f"]))[0]!.open, [])
      assert.deepStrictEqual(started, [])
      // and so it may be asked again
      yield* Effect.forkChild(life.scheduler.trigger(life.flows[0]!, { id: "x" }), { startImmediately: true })
      yield* pass("1 second")
      assert.deepStrictEqual(started, [1])
      yield* end(life)
    }))
})

describe("a trigger with an id", () => {
  it.effect("is given a text that is not empty", () =>
    Effect.gen(function*() {
      const flow = Scheduler.flow("f", { run: Effect.succeed(1), when: "manual" })
      const scheduler = yield* Scheduler.make([flow])
      for (const options of [{ id: "" }, { id: 1 }, { key: "a" }, null]) {
        const error = yield* Effect.flip(scheduler.trigger(flow, options as never))
        assert.strictEqual(error.reason, "Options")
      }
      assert.deepStrictEqual(yield* scheduler.trigger(flow, {}), Exit.succeed(1))
    }))

  it.effect("starts one run without a store, too, as long as that is remembered", () =>
    Effect.gen(function*() {
      let runs = 0
      const flow = Scheduler.flow("f", { run: Effect.sync(() => ++runs), when: "manual", history: 1 })
      const scheduler = yield* Scheduler.make([flow])
      assert.deepStrictEqual(yield* scheduler.trigger(flow, { id: "a" }), Exit.succeed(1))
      assert.deepStrictEqual(yield* scheduler.trigger(flow, { id: "a" }), Exit.succeed(1))
      assert.deepStrictEqual(yield* scheduler.trigger(flow, { id: "b" }), Exit.succeed(2))
      assert.deepStrictEqual(yield* scheduler.trigger(flow, { id: "a" }), Exit.succeed(3))
      const [last] = yield* scheduler.history(flow)
      assert.strictEqual(last?.runId, "f!a")
    }))

  it.effect("is refused where another process has started its run, whether that has ended or not", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      yield* store.commit(change(schedule("f", 1), [
        firing("f", 0, { by: "trigger", runId: "f!old", ...ended(1) }),
        firing("f", 0, { by: "trigger", runId: "f!new" })
      ]))
      yield* store.lease("ada", 100_000)
      const flow = Scheduler.flow("f", { run: Effect.succeed(1), when: "manual" })
      const life = yield* live(store, () => [flow])
      for (const id of ["old", "new"]) {
        const error = yield* Effect.flip(life.scheduler.trigger(flow, { id }))
        assert.strictEqual(error.reason, "Triggered")
        assert.include(error.message, "was triggered with this id before")
      }
      yield* end(life)
    }))
})
