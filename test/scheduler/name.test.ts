import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, type Duration, Effect, Exit, Fiber, Layer, Option, Schedule } from "effect"
import type { CanoError } from "effect-cano"
import * as Scheduler from "effect-cano/Scheduler"
import { TestClock } from "effect/testing"
import { messages } from "../kit/index.ts"
import { diary, pass, scheduled } from "./diary.ts"

/** A test whose log nobody reads. */
const effect = <A, E>(name: string, body: () => Effect.Effect<A, E, any>) =>
  it.effect(name, () => Effect.provide(Effect.scoped(body()), messages([])) as Effect.Effect<A, E>)

/** A run that says how many of it go on at once. */
const counted = (body: Effect.Effect<unknown>) => {
  const count = { running: 0, most: 0 }
  const run = Effect.acquireUseRelease(
    Effect.sync(() => count.most = Math.max(count.most, ++count.running)),
    () => body,
    () => Effect.sync(() => count.running--)
  )
  return { count, run }
}

const hour = 3_600_000

/** Stops it while the clock runs on. */
const end = (scheduler: Scheduler.Service) =>
  Effect.andThen(Effect.forkChild(scheduler.stop, { startImmediately: true }), pass("5 seconds"))

describe("a flow that was removed and added again (S5, L3)", () => {
  const cases: ReadonlyArray<readonly [Scheduler.Overlap, most: number, ReadonlyArray<string>]> = [
    ["skip", 1, ["0 Fired 0", "100 Overlap 100", "200 Overlap 200", "300 Fired 300"]],
    [{ queue: 1 }, 1, ["0 Fired 0", "200 QueueFull 200", "250 Late 100"]],
    [{ allow: 2 }, 2, ["0 Fired 0", "100 Fired 100", "200 Overlap 200", "300 Fired 300"]],
    ["replace", 1, ["0 Fired 0", "100 Fired 100", "200 Fired 200", "300 Fired 300"]]
  ]
  for (const [overlap, most, expected] of cases) {
    effect(
      `${JSON.stringify(overlap)}: what the removed one left behind counts until it ends`,
      () =>
        Effect.gen(function*() {
          const { count, run } = counted(Effect.sleep(250))
          const f = Scheduler.flow("f", { run, when: { fixedRate: 100, from: "epoch" }, overlap })
          const { decisions, scheduler } = yield* scheduled([f], { drain: "1 second", grace: "1 second" })
          yield* pass(10)
          const removing = yield* Effect.forkChild(scheduler.remove(f), { startImmediately: true })
          yield* scheduler.add(f)
          yield* pass(310)
          assert.strictEqual(count.most, most)
          assert.deepStrictEqual(decisions(), expected)
          const { drained, interrupted } = yield* Fiber.join(removing)
          // "replace" interrupts it, which the report says
          assert.deepStrictEqual([drained.length, interrupted.length], overlap === "replace" ? [0, 1] : [1, 0])
          yield* end(scheduler)
        })
    )
  }

  effect("one that was left alone counts, is in the status, and can be cancelled", () =>
    Effect.gen(function*() {
      const gate = Deferred.makeUnsafe<void>()
      const f = Scheduler.flow("f", { run: Effect.uninterruptible(Deferred.await(gate)), when: "manual" })
      const { scheduler } = yield* scheduled([f])
      yield* Effect.forkChild(scheduler.trigger(f), { startImmediately: true })
      yield* pass(10)
      assert.lengthOf((yield* scheduler.remove(f)).detached, 1)
      yield* scheduler.add(f)
      assert.strictEqual((yield* Effect.flip(scheduler.trigger(f))).reason, "Overlap")
      assert.lengthOf(Option.getOrThrow(yield* scheduler.info(f)).running, 1)
      assert.lengthOf((yield* scheduler.cancel(f)).detached, 1)
      Deferred.doneUnsafe(gate, Exit.void)
      yield* pass(10)
      const again = yield* Effect.forkChild(scheduler.trigger(f), { startImmediately: true })
      yield* pass(10)
      assert.strictEqual((yield* Fiber.join(again))._tag, "Success")
    }))

  effect(
    "ticks that follow runs follow its end; its exit steps no Schedule of another flow",
    () =>
      Effect.gen(function*() {
        const old = Scheduler.flow("delay", { run: Effect.sleep(250), when: "manual" })
        const other = Scheduler.flow("schedule", { run: Effect.sleep(250), when: "manual" })
        const { decisions, scheduler } = yield* scheduled([old, other], { drain: "1 second" })
        for (const flow of [old, other]) {
          yield* Effect.forkChild(scheduler.trigger(flow), { startImmediately: true })
          yield* Effect.forkChild(scheduler.remove(flow), { startImmediately: true })
        }
        const seen: Array<unknown> = []
        const schedule = Schedule.spaced(1000).pipe(
          Schedule.setInputType<Exit.Exit<string>>(),
          Schedule.while(({ input }) => (seen.push(Exit.isSuccess(input) ? input.value : input), true))
        )
        yield* scheduler.add(Scheduler.flow("delay", { run: Effect.never, when: { fixedDelay: 100 } }))
        yield* scheduler.add(Scheduler.flow("schedule", { run: Effect.succeed("mine"), when: { schedule } }))
        yield* pass(400)
        assert.deepStrictEqual(decisions(), ["250 Fired 250", "350 Fired 350"])
        assert.deepStrictEqual(seen, ["mine"])
        yield* end(scheduler)
      })
  )

  effect(
    "no instant fires twice, also if another flow was added in between and the clock was set back (S1)",
    () =>
      Effect.gen(function*() {
        const f = Scheduler.flow("f", { run: Effect.void, when: { fixedRate: "1 hour", from: "epoch" } })
        const other = Scheduler.flow("other", { run: Effect.void, when: "manual" })
        const { decisions, of, scheduler } = yield* scheduled([f])
        yield* pass("3 hours")
        yield* scheduler.remove(f)
        yield* pass("10 minutes")
        yield* scheduler.add(other)
        yield* TestClock.setTime(hour / 2)
        yield* scheduler.add(f)
        assert.deepStrictEqual(of("ClockSetBack"), [`${hour / 2} ClockSetBack by ${2.5 * hour} until ${4 * hour}`])
        yield* pass("4 hours")
        assert.deepStrictEqual(decisions(), [0, 1, 2, 3, 4].map((n) => `${n * hour} Fired ${n * hour}`))
      })
  )

  effect("and flows that are new do not wait for what others have fired", () =>
    Effect.gen(function*() {
      const flow = (id: string) =>
        Scheduler.flow(id, { run: Effect.void, when: { fixedRate: "1 hour", from: "epoch" } })
      const old = ["a", "b", "c"].map(flow)
      const { decisions, events, scheduler } = yield* scheduled(old)
      yield* pass("3 hours")
      for (const one of old) yield* scheduler.remove(one)
      yield* TestClock.setTime(hour / 2)
      yield* scheduler.add(flow("new"))
      const before = decisions().length
      yield* pass("1 hour")
      assert.deepStrictEqual(decisions().slice(before), [`${hour} Fired ${hour}`])
      assert.strictEqual(events.at(-1)?.flow, "new")
    }))

  effect("nor if many others were removed since (S1)", () =>
    Effect.gen(function*() {
      const flow = (id: string, fixedRate: string & Duration.Input) =>
        Scheduler.flow(id, { run: Effect.void, when: { fixedRate, from: "epoch" } })
      const f = flow("f", "1 hour")
      const { decisions, scheduler } = yield* scheduled([f])
      yield* pass("3 hours")
      yield* scheduler.remove(f)
      yield* TestClock.setTime(hour / 2)
      for (const count of [5, 10_001]) {
        for (let i = 0; i < count; i++) {
          const other = Scheduler.flow(`${count} ${i}`, { run: Effect.void, when: { cron: "0 0 * * *", after: i } })
          yield* scheduler.add(other)
          yield* scheduler.remove(other)
        }
        yield* scheduler.add(f)
        assert.deepStrictEqual(Option.getOrThrow(yield* scheduler.info(f)).status, {
          _tag: "Waiting",
          next: 4 * hour,
          start: 4 * hour
        })
        yield* scheduler.remove(f)
      }
      // one that nobody knows any more waits no longer than that
      yield* scheduler.add(flow("new", "1 hour"))
      yield* pass("4 hours")
      assert.deepStrictEqual(decisions().slice(-1), [`${4 * hour} Fired ${4 * hour}`])
    }))

  effect("no instant that was skipped as it was removed is decided once more (S2)", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 1000, jitter: 999, from: "epoch" } })
      const { ticks } = yield* Scheduler.explain(f, 10_000, 30_000)
      const late = ticks.find(({ due, start }) => start - due > 500)!
      yield* TestClock.setTime(late.due)
      const { decisions, scheduler } = yield* scheduled([f])
      yield* pass(10)
      yield* scheduler.remove(f)
      yield* TestClock.setTime(late.due - 1)
      yield* scheduler.add(f)
      yield* pass(999)
      assert.deepStrictEqual(decisions(), [`${late.due + 10} Removed ${late.due}`])
    }))
})

describe("whoever asks and is interrupted as it is answered", () => {
  /** Asks, and is interrupted on the stack of the first event of that name. */
  const interrupted = (
    tag: Scheduler.Event["_tag"],
    ask: (scheduler: Scheduler.Service) => Effect.Effect<unknown, Scheduler.FlowError>
  ) =>
    Effect.gen(function*() {
      const { listeners, of } = diary()
      const asked: { by?: Fiber.Fiber<unknown, unknown> } = {}
      const f = Scheduler.flow("f", { run: Effect.sleep("1 hour"), when: { fixedRate: 100 }, overlap: { queue: 1 } })
      const scheduler: Scheduler.Service = yield* Scheduler.make([f], {
        drain: 100,
        grace: 100,
        listeners: [...listeners, ({ _tag }) => void (_tag === tag && asked.by?.interruptUnsafe())]
      })
      yield* pass(150)
      asked.by = yield* Effect.forkChild(Effect.andThen(Effect.yieldNow, ask(scheduler)))
      yield* pass(100)
      return { of, scheduler }
    })

  effect("remove: the run is interrupted after the drain nevertheless", () =>
    Effect.gen(function*() {
      const { of } = yield* interrupted("Removed", (scheduler) => scheduler.remove("f"))
      assert.deepStrictEqual(of("Ended"), ["250 Ended Failure interrupted"])
    }))

  effect("stop: it stops nevertheless, and the next one who asks gets the report", () =>
    Effect.gen(function*() {
      const { of, scheduler } = yield* interrupted("Skipped", (scheduler) => scheduler.stop)
      assert.deepStrictEqual(of("Ended"), ["250 Ended Failure interrupted"])
      assert.lengthOf((yield* scheduler.stop).interrupted, 1)
    }))
})

describe("while it stops", () => {
  effect(
    "what was to replace a run is told that it will not come; nothing can be asked any more",
    () =>
      Effect.gen(function*() {
        const run = Effect.onInterrupt(Effect.never, () => Effect.sleep(150))
        const f = Scheduler.flow("f", { run, when: { fixedRate: 100 }, overlap: "replace" })
        const { decisions, of, scheduler } = yield* scheduled([f], { drain: 100, grace: 100 })
        yield* pass(110)
        const stopping = yield* Effect.forkChild(scheduler.stop, { startImmediately: true })
        yield* pass(10)
        const other = Scheduler.flow("other", { run: Effect.void, when: "manual" })
        for (const asked of [scheduler.trigger(f), scheduler.change(f), scheduler.add(other)]) {
          const error: Scheduler.FlowError | CanoError.ConfigurationError = yield* Effect.flip<
            unknown,
            Scheduler.FlowError | CanoError.ConfigurationError,
            never
          >(asked)
          assert.strictEqual(error._tag === "FlowError" && error.reason, "Stopping")
        }
        yield* scheduler.pause(f)
        yield* scheduler.resume(f, { catchUp: true })
        yield* scheduler.reset(f)
        yield* pass(200)
        const { interrupted } = yield* Fiber.join(stopping)
        assert.lengthOf(interrupted, 1)
        assert.deepStrictEqual(decisions(), ["0 Fired 0", "110 Stopping 100"])
        assert.deepStrictEqual(of("Ended", "StatusChanged"), ["250 Ended Failure interrupted"])
      })
  )
})

describe("whoever is told", () => {
  effect(
    "that a flow was added finds it there: adding it is nothing, and a trigger fires",
    () =>
      Effect.gen(function*() {
        const { listeners, of } = diary()
        const f = Scheduler.flow("f", { run: Effect.void, when: "manual" })
        const ask = (scheduler: Scheduler.Service) =>
          Effect.runFork(Effect.andThen(scheduler.add(f), scheduler.trigger(f)))
        const there: { scheduler?: Scheduler.Service } = {}
        const scheduler = yield* Scheduler.make([], {
          listeners: [...listeners, ({ _tag }) => void (_tag === "Added" && ask(there.scheduler!))]
        })
        there.scheduler = scheduler
        yield* scheduler.add(f)
        yield* pass(0)
        assert.deepStrictEqual(of(), ["0 Added", "0 Triggered", "0 Ended Success"])
      })
  )

  effect(
    "of the exit of a run goes on in a task of its own: it finds the next run started (L4)",
    () =>
      Effect.gen(function*() {
        const f = Scheduler.flow("f", { run: Effect.sleep(100), when: "manual", overlap: { queue: 5 } })
        const { scheduler } = yield* scheduled([f])
        const running = (_: unknown) => Effect.map(scheduler.info(f), (info) => Option.getOrThrow(info).running.length)
        const first = yield* Effect.forkChild(Effect.flatMap(scheduler.trigger(f), running), { startImmediately: true })
        yield* Effect.forkChild(scheduler.trigger(f), { startImmediately: true })
        yield* pass(100)
        assert.strictEqual(yield* Fiber.join(first), 1)
      })
  )

  effect(
    "between two ticks that are due at once, and pauses or changes: none fires, and none twice",
    () =>
      Effect.gen(function*() {
        for (const operation of ["pause", "change"] as const) {
          yield* TestClock.setTime(400)
          const { decisions, listeners } = diary()
          const f = Scheduler.flow("f", {
            run: Effect.void,
            when: { fixedRate: 100, from: "epoch", after: 0 },
            overlap: { allow: 5 }
          })
          let asked = false
          const scheduler: Scheduler.Service = yield* Scheduler.make([f], {
            listeners: [...listeners, ({ _tag }) => {
              if (_tag !== "Skipped" || asked) return
              asked = true
              Effect.runFork(operation === "pause" ? scheduler.pause(f) : scheduler.change(f))
            }]
          })
          yield* pass(0)
          assert.deepStrictEqual(
            decisions().slice(1),
            operation === "pause"
              ? ["400 Paused 200", "400 Paused 300", "400 Paused 400"]
              : ["400 Missed 200", "400 Missed 300", "400 Fired 400"]
          )
          yield* scheduler.stop
        }
      })
  )
})

describe("resources of a flow", () => {
  effect(
    "a Layer that goes on building when the flow is removed is interrupted, and released",
    () =>
      Effect.gen(function*() {
        class Db extends Context.Service<Db, number>()("Db") {}
        const log: Array<string> = []
        const opened = Effect.acquireRelease(
          Effect.sync(() => log.push("open")),
          () => Effect.sync(() => log.push("close"))
        )
        const layer = Layer.effect(Db, Effect.andThen(opened, Effect.never))
        const f = Scheduler.provide(Scheduler.flow("f", { run: Effect.asVoid(Db), when: { fixedRate: 100 } }), layer)
        const { scheduler } = yield* scheduled([f], { grace: 50 })
        yield* pass(10)
        yield* scheduler.remove(f)
        assert.deepStrictEqual(log, ["open", "close"])
      })
  )

  it.effect("one whose release fails ends nothing, and is told to the log", () => {
    const logged: Array<string> = []
    return Effect.gen(function*() {
      class Db extends Context.Service<Db, number>()("Db") {}
      const layer = Layer.effect(Db, Effect.acquireRelease(Effect.succeed(1), () => Effect.die("no")))
      const f = Scheduler.provide(Scheduler.flow("f", { run: Effect.asVoid(Db), when: { fixedRate: 100 } }), layer)
      const { scheduler } = yield* scheduled([f], { grace: 50 })
      yield* pass(10)
      yield* scheduler.remove(f)
      assert.deepStrictEqual(logged, ["flow \"f\": what its runs share failed to be released"])
    }).pipe(Effect.scoped, Effect.provide(messages(logged)))
  })
})
