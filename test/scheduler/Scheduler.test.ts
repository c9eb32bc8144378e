import { assert, describe, it } from "@effect/vitest"
import { Context, Data, Deferred, Effect, Exit, Fiber, Layer, Option, Schedule, Stream } from "effect"
import { type CanoError, Workflow } from "effect-cano"
import * as Scheduler from "effect-cano/Scheduler"
import { TestClock } from "effect/testing"
import { failureOf, messages, succeeded } from "../kit/index.ts"
import { diary, pass, scheduled } from "./diary.ts"

class Boom extends Data.TaggedError("Boom")<{}> {}

const quiet = Layer.mergeAll(messages([]))

/** A test whose log nobody reads. */
const effect = <A, E>(name: string, body: () => Effect.Effect<A, E, any>) =>
  it.effect(name, () => Effect.provide(Effect.scoped(body()), quiet) as Effect.Effect<A, E>)

const work = (millis: number) => Effect.sleep(millis)

describe("ticks", () => {
  effect("a fixed rate keeps its grid, whatever runs take", () =>
    Effect.gen(function*() {
      const { decisions } = yield* scheduled([
        Scheduler.flow("f", { run: work(130), when: { fixedRate: 100 } })
      ])
      yield* pass(450)
      assert.deepStrictEqual(decisions(), [
        "0 Fired 0",
        "100 Overlap 100",
        "200 Fired 200",
        "300 Overlap 300",
        "400 Fired 400"
      ])
    }))

  effect("a fixed delay counts from the end of the run before", () =>
    Effect.gen(function*() {
      const { decisions } = yield* scheduled([
        Scheduler.flow("f", { run: work(30), when: { fixedDelay: 100 } })
      ])
      yield* pass(300)
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "130 Fired 130", "260 Fired 260"])
    }))

  effect("a fixed rate from the epoch has the same instants in every process", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_030)
      const first = yield* scheduled([
        Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 100, from: "epoch" } })
      ])
      yield* pass(33)
      const second = yield* scheduled([
        Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 100, from: "epoch" } })
      ])
      yield* pass(200)
      assert.deepStrictEqual(first.decisions(), ["1100 Fired 1100", "1200 Fired 1200"])
      assert.deepStrictEqual(second.decisions(), first.decisions())
    }))

  effect("cron fires at its instants, with seconds, in its zone", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 5, 1, 0, 29))
      const { events } = yield* scheduled([
        Scheduler.flow("f", { run: Effect.void, when: { cron: "30 30 2 * * *", timeZone: "Europe/Berlin" } })
      ])
      yield* pass("2 days")
      const ids = events.flatMap((event) => event._tag === "Fired" ? [event.fire.runId] : [])
      assert.deepStrictEqual(ids, ["f@2026-06-01T00:30:30.000Z", "f@2026-06-02T00:30:30.000Z"])
    }))

  effect("an hourly cron fires every hour of the night in which clocks go back", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.UTC(2026, 9, 24, 22, 30))
      const { events } = yield* scheduled([
        Scheduler.flow("f", { run: Effect.void, when: { cron: "0 * * * *", timeZone: "Europe/Berlin" } })
      ])
      yield* pass("5 hours")
      assert.deepStrictEqual(
        events.flatMap((event) => event._tag === "Fired" ? [new Date(event.fire.due).getUTCHours()] : []),
        [23, 0, 1, 2, 3]
      )
    }))

  effect(
    "a Schedule is stepped with each exit, and the flow is completed when it is done",
    () =>
      Effect.gen(function*() {
        const schedule = Schedule.spaced(50).pipe(
          Schedule.setInputType<Exit.Exit<number>>(),
          Schedule.while(({ input }) => Exit.isSuccess(input) && input.value < 3)
        )
        let n = 0
        const f = Scheduler.flow("f", { run: Effect.sync(() => ++n), when: { schedule } })
        const { decisions, scheduler } = yield* scheduled([f])
        yield* pass("1 second")
        assert.deepStrictEqual(decisions(), ["0 Fired 0", "50 Fired 50", "100 Fired 100"])
        assert.deepStrictEqual(Option.getOrThrow(yield* scheduler.info(f)).status, { _tag: "Completed" })
        yield* scheduler.wait
      })
  )

  effect("a manual flow waits until somebody triggers it", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.succeed(1), when: "manual" })
      const { events, of, scheduler } = yield* scheduled([f])
      yield* pass("1 day")
      assert.deepStrictEqual(of(), ["0 Added"])
      assert.strictEqual(succeeded(yield* scheduler.trigger(f)), 1)
      assert.deepStrictEqual(events.map(({ _tag }) => _tag), ["Added", "Triggered", "Ended"])
    }))

  effect(
    "jitter: a start lies within it, is the same for flow and instant, and leaves the instant as it is",
    () =>
      Effect.gen(function*() {
        const f = (id: string) => Scheduler.flow(id, { run: Effect.void, when: { fixedRate: 1000, jitter: 500 } })
        const starts = (id: string) => Effect.map(Scheduler.explain(f(id), 0, 100_000), ({ ticks }) => ticks)
        const ticks = yield* starts("a")
        for (const { due, start } of ticks) {
          assert.strictEqual(due % 1000, 0)
          assert.isTrue(start >= due && start <= due + 500)
        }
        assert.isAbove(new Set(ticks.map(({ due, start }) => start - due)).size, 60)
        assert.deepStrictEqual(yield* starts("a"), ticks)
        assert.notDeepEqual((yield* starts("b")).map(({ start }) => start), ticks.map(({ start }) => start))
        const { events } = yield* scheduled([f("a")])
        yield* pass("20 seconds")
        const fired = events.flatMap((event) => event._tag === "Fired" ? [[event.fire.due, event.at]] : [])
        assert.deepStrictEqual(fired, ticks.slice(0, fired.length).map(({ due, start }) => [due, start]))
      })
  )
})

describe("overlap", () => {
  effect(
    "skip: never two runs of a flow; a run that does not end is overlong since the first tick it met",
    () =>
      Effect.gen(function*() {
        const f = Scheduler.flow("f", { run: Effect.never, when: { fixedRate: 100 } })
        const { decisions, of, scheduler } = yield* scheduled([f])
        yield* pass(250)
        assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 Overlap 100", "200 Overlap 200"])
        assert.deepStrictEqual(of("Overlong"), ["100 Overlong since 100"])
        const { running } = Option.getOrThrow(yield* scheduler.info(f))
        assert.deepStrictEqual(running.map(({ overlong }) => overlong), [100])
      })
  )

  effect("overlong: as long as is said, and told once", () =>
    Effect.gen(function*() {
      const { of } = yield* scheduled([
        Scheduler.flow("f", { run: work(500), when: { fixedRate: 100 }, overlong: 250 })
      ])
      yield* pass(450)
      assert.deepStrictEqual(of("Overlong"), ["250 Overlong since 250"])
    }))

  effect("queue: up to n wait, run one after another, and are late by the overlap", () =>
    Effect.gen(function*() {
      const { decisions, events } = yield* scheduled([
        Scheduler.flow("f", { run: work(250), when: { fixedRate: 100 }, overlap: { queue: 1 } })
      ])
      yield* pass(450)
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "200 QueueFull 200", "250 Late 100", "400 QueueFull 400"])
      const late = events.find((event) => event._tag === "Late")
      assert.deepStrictEqual(late?.by, { jitter: 0, system: 0, overlap: 150 })
    }))

  effect("allow: up to n run at once", () =>
    Effect.gen(function*() {
      let [running, most] = [0, 0]
      const run = Effect.acquireUseRelease(
        Effect.sync(() => most = Math.max(most, ++running)),
        () => work(250),
        () => Effect.sync(() => running--)
      )
      const { decisions } = yield* scheduled([
        Scheduler.flow("f", { run, when: { fixedRate: 100 }, overlap: { allow: 2 } })
      ])
      yield* pass(450)
      assert.strictEqual(most, 2)
      assert.deepStrictEqual(decisions(), [
        "0 Fired 0",
        "100 Fired 100",
        "200 Overlap 200",
        "300 Fired 300",
        "400 Fired 400"
      ])
    }))

  effect(
    "replace: the old run is interrupted and awaited, and is no failure; only the newest follows",
    () =>
      Effect.gen(function*() {
        const run = Effect.onInterrupt(Effect.never, () => Effect.sleep(150))
        const f = Scheduler.flow("f", { run, when: { fixedRate: 100 }, overlap: "replace", onFailure: { trip: 1 } })
        const { decisions, of, scheduler } = yield* scheduled([f])
        yield* pass(290)
        assert.deepStrictEqual(decisions(), ["0 Fired 0", "200 Replaced 100", "250 Late 200"])
        assert.deepStrictEqual(of("Ended"), ["250 Ended Failure interrupted"])
        assert.strictEqual(Option.getOrThrow(yield* scheduler.info(f)).failures, 0)
      })
  )

  effect("replace: a run that ends as soon as it is interrupted makes room at once", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: work(150), when: { fixedRate: 100 }, overlap: "replace" })
      const { decisions } = yield* scheduled([f])
      yield* pass(250)
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 Fired 100", "200 Fired 200"])
    }))
})

describe("failures", () => {
  effect("a flow's error ends nothing, is logged and counted, and told as an event", () =>
    Effect.gen(function*() {
      const logged: Array<string> = []
      const bad = Scheduler.flow("bad", { run: Effect.fail(new Boom()), when: { fixedRate: 100 } })
      const worse = Scheduler.flow("worse", {
        run: () => {
          throw new Error("thrown")
        },
        when: { fixedRate: 100 }
      })
      const good = Scheduler.flow("good", { run: Effect.void, when: { fixedRate: 100 } })
      const { scheduler } = yield* scheduled([bad, worse, good]).pipe(Effect.provide(messages(logged)))
      yield* pass(250)
      const counts = (yield* scheduler.list).map(({ failures, id, runs }) => [id, runs, failures])
      assert.deepStrictEqual(counts, [["bad", 3, 3], ["worse", 3, 3], ["good", 3, 0]])
      assert.lengthOf(logged, 6)
      assert.match(logged[0]!, /^flow "bad": run bad@1970-01-01T00:00:00.000Z failed$/)
    }))

  effect("backoff: no tick fires until the delay is over; a success begins it anew", () =>
    Effect.gen(function*() {
      let n = 0
      const run = Effect.suspend(() => [0, 1, 3].includes(n++) ? Effect.fail(new Boom()) : Effect.void)
      const { decisions, of } = yield* scheduled([
        Scheduler.flow("f", { run, when: { fixedRate: 100 }, onFailure: { backoff: Schedule.exponential(150) } })
      ])
      yield* pass(950)
      assert.deepStrictEqual(decisions(), [
        "0 Fired 0",
        "100 BackingOff 100",
        "200 Fired 200",
        "300 BackingOff 300",
        "400 BackingOff 400",
        "500 Fired 500",
        "600 Fired 600",
        "700 BackingOff 700",
        "800 Fired 800",
        "900 Fired 900"
      ])
      assert.deepStrictEqual(of("StatusChanged").slice(0, 4), [
        "0 BackingOff",
        "150 Waiting",
        "200 BackingOff",
        "500 Waiting"
      ])
    }))

  effect("backoff: what follows runs waits at least so long", () =>
    Effect.gen(function*() {
      const { decisions } = yield* scheduled([
        Scheduler.flow("f", {
          run: Effect.fail(new Boom()),
          when: { fixedDelay: 10 },
          onFailure: { backoff: Schedule.spaced(100) }
        })
      ])
      yield* pass(250)
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 Fired 100", "200 Fired 200"])
    }))

  effect("backoff: a tick that follows runs, and came during it, comes again", () =>
    Effect.gen(function*() {
      let fails = false
      const f = Scheduler.flow("f", {
        run: Effect.suspend(() => fails ? Effect.fail(new Boom()) : Effect.void),
        when: { fixedDelay: 100 },
        onFailure: { backoff: Schedule.spaced(500) }
      })
      const { decisions, scheduler } = yield* scheduled([f])
      yield* pass(50)
      fails = true
      yield* scheduler.trigger(f)
      fails = false
      yield* pass(750)
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 BackingOff 100", "650 Fired 650", "750 Fired 750"])
    }))

  effect("a backoff that is done trips the flow", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", {
        run: Effect.fail(new Boom()),
        when: { fixedRate: 100 },
        onFailure: { backoff: Schedule.recurs(1) }
      })
      const { scheduler } = yield* scheduled([f])
      yield* pass(250)
      assert.deepStrictEqual(Option.getOrThrow(yield* scheduler.info(f)).status, {
        _tag: "Tripped",
        since: 100,
        streak: 2
      })
    }))

  effect("trip: after n failures in a row nothing fires until reset", () =>
    Effect.gen(function*() {
      let broken = true
      const f = Scheduler.flow("f", {
        run: Effect.suspend(() => broken ? Effect.fail(new Boom()) : Effect.succeed("well")),
        when: { fixedRate: 100 },
        onFailure: { trip: 2 }
      })
      const { decisions, scheduler } = yield* scheduled([f])
      yield* pass(250)
      assert.strictEqual((yield* Effect.flip(scheduler.trigger(f))).message, `flow "f" has tripped: reset it`)
      broken = false
      yield* scheduler.reset(f)
      assert.strictEqual(succeeded(yield* scheduler.trigger(f)), "well")
      yield* pass(100)
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 Fired 100", "200 Tripped 200", "300 Fired 300"])
    }))

  effect("what counts says no to is counted and told, and does not trip", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", {
        run: Effect.fail(new Boom()),
        when: { fixedRate: 100 },
        onFailure: { trip: 1, counts: (cause) => !cause.reasons.some((reason) => reason._tag === "Fail") }
      })
      const { scheduler } = yield* scheduled([f])
      yield* pass(250)
      const { failures, streak } = Option.getOrThrow(yield* scheduler.info(f))
      assert.deepStrictEqual([failures, streak], [3, 0])
    }))

  effect("a run that somebody else interrupts has failed; a rollback that fails, too", () =>
    Effect.gen(function*() {
      const self = Scheduler.flow("self", { run: Effect.interrupt, when: "manual", onFailure: { trip: 1 } })
      const dirty = Scheduler.flow("dirty", {
        run: Effect.onInterrupt(Effect.never, () => Effect.die("undo failed")),
        when: "manual"
      })
      const { scheduler } = yield* scheduled([self, dirty])
      assert.isTrue(Exit.isFailure(yield* scheduler.trigger(self)))
      yield* Effect.forkChild(scheduler.trigger(dirty), { startImmediately: true })
      yield* pass(1)
      assert.lengthOf((yield* scheduler.cancel(dirty)).interrupted, 1)
      assert.deepStrictEqual((yield* scheduler.list).map(({ failures }) => failures), [1, 1])
    }))
})

describe("trigger", () => {
  effect("answers with the exit, moves no cursor, and works while paused", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: ({ by, due }) => Effect.succeed([by, due]), when: { fixedRate: 100 } })
      const { decisions, scheduler } = yield* scheduled([f])
      yield* pass(150)
      yield* scheduler.pause(f, { note: "deploy" })
      assert.deepStrictEqual(succeeded(yield* scheduler.trigger(f)), ["trigger", 150])
      const { cursor, status } = Option.getOrThrow(yield* scheduler.info(f))
      assert.deepStrictEqual([cursor, status], [100, { _tag: "Paused", since: 150, note: "deploy" }])
      yield* pass(100)
      yield* scheduler.resume(f)
      yield* pass(100)
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 Fired 100", "200 Paused 200", "300 Fired 300"])
    }))

  effect("a failure is an exit, and who stops waiting leaves the run alone", () =>
    Effect.gen(function*() {
      const bad = Scheduler.flow("bad", { run: Effect.fail(new Boom()), when: "manual" })
      const long = Scheduler.flow("long", { run: Effect.as(work(100), "done"), when: "manual" })
      const { of, scheduler } = yield* scheduled([bad, long])
      const exit: Exit.Exit<never, Boom> = yield* scheduler.trigger(bad)
      assert.instanceOf(failureOf(exit), Boom)
      const fiber = yield* Effect.forkChild(scheduler.trigger(long), { startImmediately: true })
      yield* pass(10)
      yield* Fiber.interrupt(fiber)
      yield* pass(100)
      assert.deepStrictEqual(of("Ended"), ["0 Ended Failure", "100 Ended Success"])
    }))

  effect("is subject to overlap, by a typed error", () =>
    Effect.gen(function*() {
      const skip = Scheduler.flow("skip", { run: work(100), when: "manual" })
      const queue = Scheduler.flow("queue", { run: work(100), when: "manual", overlap: { queue: 1 } })
      const { scheduler } = yield* scheduled([skip, queue])
      const ask = (flow: Scheduler.AnyFlow) => Effect.forkChild(scheduler.trigger(flow), { startImmediately: true })
      yield* ask(skip)
      assert.strictEqual((yield* Effect.flip(scheduler.trigger(skip))).reason, "Overlap")
      const [, second] = [yield* ask(queue), yield* ask(queue)]
      assert.strictEqual((yield* Effect.flip(scheduler.trigger(queue))).reason, "QueueFull")
      yield* pass(200)
      assert.isTrue(Exit.isSuccess(yield* Fiber.join(second)))
      const unknown = Scheduler.flow("unknown", { run: Effect.void, when: "manual" })
      assert.strictEqual((yield* Effect.flip(scheduler.trigger(unknown))).reason, "Unknown")
    }))
})

describe("missed ticks", () => {
  const missed = (options: Scheduler.FixedRate["missed"]) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_000_000)
      const when = { fixedRate: "1 minute", from: "epoch", missed: options, after: 300_000 } as const
      const { decisions, events } = yield* scheduled([Scheduler.flow("f", { run: work(10), when })])
      yield* pass(1000)
      return { events, decisions: decisions().map((line) => line.replace(/^\d+ /, "").replace("0000", "")) }
    })

  effect("skip: each is told of, and the newest is served if it is not too late", () =>
    Effect.gen(function*() {
      const { decisions } = yield* missed(undefined)
      assert.deepStrictEqual(decisions.slice(0, 3), ["Missed 36", "Missed 42", "Missed 48"])
      assert.deepStrictEqual(
        decisions.slice(-2),
        ["Missed 90", "Fired 96"].map((line) => line.replace("Fired", "Late"))
      )
      assert.lengthOf(decisions, 11)
    }))

  effect(
    "the newest `catchUp` within the window run in order, one after another; each other one is skipped with a reason",
    () =>
      Effect.gen(function*() {
        const { decisions, events } = yield* missed({ catchUp: 3, within: 400_000 })
        assert.deepStrictEqual(decisions, [
          "TooOld 36",
          "TooOld 42",
          "TooOld 48",
          "TooOld 54",
          "CatchUpFull 60",
          "CatchUpFull 66",
          "CatchUpFull 72",
          "Late 78",
          "Late 84",
          "Late 90",
          "Late 96"
        ])
        const by = events.flatMap((event) => event._tag === "Late" ? [event.fire.by] : [])
        assert.deepStrictEqual(by, ["missed", "missed", "missed", "tick"])
      })
  )

  effect("a clock that is set forward misses ticks, one that is set back repeats none", () =>
    Effect.gen(function*() {
      const { decisions } = yield* scheduled([Scheduler.flow("f", { run: Effect.void, when: { fixedRate: "1 hour" } })])
      yield* pass("90 minutes")
      yield* TestClock.setTime(0)
      yield* pass("110 minutes")
      const hour = 3_600_000
      assert.deepStrictEqual(decisions(), [`0 Fired 0`, `${hour} Fired ${hour}`])
      yield* pass("20 minutes")
      assert.strictEqual(decisions().at(-1), `${2 * hour} Fired ${2 * hour}`)
    }))

  effect("more than a thousand are told of one by one, and those before together", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(10_000_000)
      const when = { fixedRate: "1 second", from: "epoch", after: 0 } as const
      const cron = { cron: "* * * * * *", after: 0 } as const
      for (const [one, count] of [[when, 9000], [cron, undefined]] as const) {
        const { events } = yield* scheduled([Scheduler.flow("f", { run: Effect.void, when: one })])
        yield* pass(0)
        const [first, ...rest] = events.filter((event) => event._tag === "Skipped")
        assert.deepInclude(first, { due: 1000, count, reason: "Missed" })
        assert.isTrue(rest.every((event) => event.count === 1))
        assert.isAtLeast(rest.length, 999)
        assert.strictEqual(first!.through + 1 > 8_000_000, true)
      }
    }))
})

describe("pause, change, remove", () => {
  effect("resume with catchUp: ticks of the pause are missed ones", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 100, missed: { catchUp: 2 } } })
      const { decisions, scheduler } = yield* scheduled([f])
      yield* pass(50)
      yield* scheduler.pause()
      yield* pass(400)
      yield* scheduler.resume(undefined, { catchUp: true })
      yield* pass(100)
      assert.deepStrictEqual(decisions().filter((line) => !line.includes("Paused")), [
        "0 Fired 0",
        "450 CatchUpFull 100",
        "450 Late 200",
        "450 Late 300",
        "450 Fired 400",
        "500 Fired 500"
      ])
    }))

  effect(
    "resume: a tick of the pause does not fire after it, however late jitter would start it",
    () =>
      Effect.gen(function*() {
        const f = Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 1000, jitter: 900 } })
        const [, second] = (yield* Scheduler.explain(f, 0, 3000)).ticks
        const { decisions, scheduler } = yield* scheduled([f])
        yield* pass(999)
        yield* scheduler.pause(f)
        yield* pass(2)
        assert.isAbove(second!.start, 1001)
        yield* scheduler.resume(f)
        yield* pass(998)
        assert.deepStrictEqual(decisions().slice(1), ["1001 Paused 1000"])
      })
  )

  effect("a paused fixed delay goes on an interval after resume", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.void, when: { fixedDelay: 100 } })
      const { decisions, scheduler } = yield* scheduled([f])
      yield* pass(50)
      yield* scheduler.pause(f)
      yield* pass(300)
      yield* scheduler.resume("f")
      yield* pass(100)
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 Paused 100", "450 Fired 450"])
    }))

  effect(
    "adding the same flow n times, at once, is once; another one with its id is refused",
    () =>
      Effect.gen(function*() {
        const f = Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 100 } })
        const { decisions, scheduler } = yield* scheduled([])
        yield* Effect.all(Array.from({ length: 20 }, () => scheduler.add(f)), { concurrency: "unbounded" })
        const other = Scheduler.flow("f", { run: Effect.void, when: "manual" })
        const refused = yield* Effect.flip(scheduler.add(other))
        assert.strictEqual(refused._tag === "FlowError" && refused.reason, "Exists")
        yield* pass(150)
        assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 Fired 100"])
        assert.lengthOf(yield* scheduler.list, 1)
      })
  )

  effect("change keeps cursor, grid, counts and history, or begins anew", () =>
    Effect.gen(function*() {
      const f = (millis: number) => Scheduler.flow("f", { run: Effect.void, when: { fixedRate: millis } })
      const { decisions, scheduler } = yield* scheduled([f(100)])
      yield* pass(150)
      yield* scheduler.change(f(80))
      yield* pass(100)
      yield* scheduler.change(f(1000), { cursor: "reset" })
      yield* pass(1000)
      assert.deepStrictEqual(decisions(), [
        "0 Fired 0",
        "100 Fired 100",
        "160 Fired 160",
        "240 Fired 240",
        "250 Fired 250",
        "1250 Fired 1250"
      ])
      const [info] = yield* scheduler.list
      assert.strictEqual(info!.runs, 6)
      assert.lengthOf(yield* scheduler.history("f"), 6)
    }))

  effect("remove drains, and remove and add is add; no instant is fired twice", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: work(10), when: { fixedRate: 100 } })
      const { decisions, events, scheduler } = yield* scheduled([f], { drain: "1 second" })
      yield* pass(0)
      const removing = yield* Effect.forkChild(scheduler.remove(f), { startImmediately: true })
      yield* scheduler.add(f)
      yield* pass(150)
      assert.deepStrictEqual((yield* Fiber.join(removing)).drained, ["f@1970-01-01T00:00:00.000Z"])
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 Fired 100"])
      const ids = events.flatMap((event) => event._tag === "Fired" ? [event.fire.runId] : [])
      assert.strictEqual(new Set(ids).size, ids.length)
    }))

  effect("what waits for a run is told that it will not come", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: work(100), when: { fixedRate: 50 }, overlap: { queue: 5 } })
      const { decisions, scheduler } = yield* scheduled([f])
      yield* pass(60)
      const waiting = yield* Effect.forkChild(Effect.flip(scheduler.trigger(f)), { startImmediately: true })
      yield* Effect.forkChild(scheduler.remove(f), { startImmediately: true })
      assert.strictEqual((yield* Fiber.join(waiting)).reason, "Removed")
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "60 Removed 50"])
      yield* pass(100)
    }))
})

describe("runs", () => {
  effect("n schedulers that ask the same claim start at most one run for each instant", () =>
    Effect.gen(function*() {
      const taken = new Set<string>()
      let runs = 0
      const claim = ({ runId }: Scheduler.Fire) =>
        Effect.delay(Effect.sync(() => taken.has(runId) ? false : (taken.add(runId), true)), 1)
      const make = () =>
        scheduled([
          Scheduler.flow("f", { run: Effect.sync(() => ++runs), when: { fixedRate: 100, from: "epoch" } })
        ], { claim })
      const all = [yield* make(), yield* make(), yield* make()]
      yield* pass(450)
      assert.strictEqual(runs, 5)
      const decisions = all.flatMap((one) => one.decisions()).map((line) => line.replace(/^\d+ /, "")).sort()
      assert.lengthOf(decisions.filter((line) => line.startsWith("Fired")), 5)
      assert.lengthOf(decisions.filter((line) => line.startsWith("Claimed")), 10)
    }))

  effect("history is bounded, and has exit, times and the path of what failed", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"A" | "B" | "Done">("w")
        .register("A", { run: work(10), next: "B" })
        .register("B", { run: Effect.fail(new Boom()), next: "Done" })
        .addExitStates("Done")
      const f = Scheduler.flow("f", {
        run: ({ runId }) => workflow.orchestrate("A", { runId }),
        when: { fixedRate: 100 },
        history: 3
      })
      const { scheduler } = yield* scheduled([f])
      yield* pass(1050)
      const history = yield* scheduler.history(f)
      assert.deepStrictEqual(history.map(({ ended, started }) => [started, ended]), [[800, 810], [900, 910], [
        1000,
        1010
      ]])
      assert.deepStrictEqual(history[0]!.path?.states, ["A", "B"])
      assert.strictEqual(failureOf(history[0]!.exit)._tag, "Boom")
    }))

  effect(
    "resources: one instance for all runs, released after the last; what fails to build is tried again",
    () =>
      Effect.gen(function*() {
        class Db extends Context.Service<Db, number>()("Db") {}
        const log: Array<string> = []
        let builds = 0
        const layer = Layer.effect(
          Db,
          Effect.suspend(() =>
            ++builds === 1
              ? Effect.fail(new Boom())
              : Effect.acquireRelease(
                Effect.sync(() => (log.push("open"), builds)),
                () => Effect.sync(() => log.push("close"))
              )
          )
        )
        const f = Scheduler.provide(
          Scheduler.flow("f", {
            run: Effect.andThen(
              work(50),
              Effect.map(Db, (n) => void log.push(`run ${n}`))
            ),
            when: { fixedRate: 100 }
          }),
          layer
        )
        const { scheduler } = yield* scheduled([f], { drain: "1 second" })
        yield* pass(220)
        const removing = yield* Effect.forkChild(scheduler.remove(f), { startImmediately: true })
        yield* pass(100)
        yield* Fiber.join(removing)
        assert.deepStrictEqual(log, ["open", "run 2", "run 2", "close"])
      })
  )

  effect(
    "listeners and streams are told the same; a slow reader is told what it lost; a listener that throws changes nothing",
    () =>
      Effect.gen(function*() {
        const { events, listeners } = diary()
        const f = Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 1 } })
        const scheduler = yield* Scheduler.make([f], {
          listeners: [() => {
            throw new Error("of a listener")
          }, ...listeners]
        })
        const read: Array<string> = []
        const slow: Array<Scheduler.Event | Scheduler.Lost> = []
        const gate = yield* Deferred.make<void>()
        yield* Effect.forkChild(Stream.runForEach(scheduler.events, ({ _tag }) => Effect.sync(() => read.push(_tag))), {
          startImmediately: true
        })
        yield* Effect.forkChild(
          Stream.runForEach(scheduler.events, (event) =>
            Effect.andThen(Deferred.await(gate), Effect.sync(() => slow.push(event)))),
          { startImmediately: true }
        )
        const before = events.length
        yield* pass(2000)
        yield* Deferred.succeed(gate, undefined)
        yield* pass(10)
        yield* scheduler.stop
        yield* pass(0)
        assert.deepStrictEqual(read.length, events.length - before)
        const lost = slow.flatMap((event) =>
          event._tag === "Lost" ? [event.count] : []
        )
        assert.strictEqual(slow.length - lost.length + lost.reduce((a, b) => a + b, 0), events.length - before)
        assert.isAbove(lost[0]!, 1000)
      })
  )
})

describe("a reader of events", () => {
  effect("is told what it has lost also if that were the last ones", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.void, when: "manual" })
      const { scheduler } = yield* scheduled([f])
      const read: Array<Scheduler.Event | Scheduler.Lost> = []
      const gate = Deferred.makeUnsafe<void>()
      const reader = yield* Effect.forkChild(
        Stream.runForEach(scheduler.events, (event) =>
          Effect.andThen(Deferred.await(gate), Effect.sync(() => read.push(event))))
      )
      yield* pass(1)
      for (let i = 0; i < 1500; i++) {
        yield* scheduler.trigger(f)
      }
      yield* scheduler.stop
      Deferred.doneUnsafe(gate, Exit.void)
      yield* Fiber.join(reader)
      const told = read.reduce((sum, event) =>
        sum + (event._tag === "Lost" ? event.count : 1), 0)
      assert.isBelow(read.length, 3000)
      assert.strictEqual(told, 3000)
    }))
})

describe("a listener that steers", () => {
  effect("stops between two ticks that are due at once: no run starts", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(450)
      let started = 0
      const { decisions, listeners } = diary()
      const f = Scheduler.flow("f", {
        run: Effect.sync(() => started++),
        when: { fixedRate: 100, from: "epoch", after: 0 }
      })
      const scheduler: Scheduler.Service = yield* Scheduler.make([f], {
        listeners: [...listeners, ({ _tag }) => void (_tag === "Skipped" && Effect.runFork(scheduler.stop))]
      })
      yield* pass(0)
      assert.deepStrictEqual(decisions(), ["450 Missed 100", "450 Missed 200", "450 Missed 300", "450 Stopping 400"])
      assert.strictEqual(started, 0)
    }))

  effect("replaces a run when it is told that it starts", () =>
    Effect.gen(function*() {
      const { listeners, of } = diary()
      const f = Scheduler.flow("f", { run: work(50), when: { fixedRate: 100 }, overlap: "replace" })
      const scheduler: Scheduler.Service = yield* Scheduler.make([f], {
        drain: 0,
        grace: 0,
        listeners: [...listeners, ({ _tag }) => void (_tag === "Fired" && Effect.runFork(scheduler.trigger(f)))]
      })
      yield* pass(60)
      assert.deepStrictEqual(of("Fired", "Triggered", "Ended"), [
        "0 Fired 0",
        "0 Ended Failure interrupted",
        "0 Triggered",
        "50 Ended Success"
      ])
    }))
})

describe("stop", () => {
  effect("a run that ends as soon as it was called is one that has drained", () =>
    Effect.gen(function*() {
      const gate = Deferred.makeUnsafe<void>()
      const f = Scheduler.flow("f", { run: Deferred.await(gate), when: { fixedRate: 100 } })
      const { scheduler } = yield* scheduled([f], { drain: 100 })
      yield* pass(10)
      const stopping = Effect.runFork(scheduler.stop)
      Deferred.doneUnsafe(gate, Exit.void)
      assert.deepStrictEqual((yield* Fiber.join(stopping)).drained, ["f@1970-01-01T00:00:00.000Z"])
    }))

  effect(
    "lets runs drain, interrupts what is left, gives it a grace, and leaves alone what does not listen",
    () =>
      Effect.gen(function*() {
        const flow = (id: string, run: Effect.Effect<unknown>) =>
          Scheduler.flow(id, { run, when: { fixedRate: "1 hour" } })
        let undone = false
        const flows = [
          flow("quick", work(500)),
          flow(
            "slow",
            Effect.onInterrupt(Effect.never, () => Effect.andThen(Effect.sleep(500), Effect.sync(() => undone = true)))
          ),
          flow("deaf", Effect.uninterruptible(Effect.sleep("1 hour")))
        ]
        const { of, scheduler } = yield* scheduled(flows, { drain: "1 second", grace: "1 second" })
        yield* pass(1)
        const fiber = yield* Effect.forkChild(scheduler.stop, { startImmediately: true })
        const again = yield* Effect.forkChild(scheduler.stop, { startImmediately: true })
        yield* pass("2 seconds")
        const id = (flow: string) => `${flow}@1970-01-01T00:00:00.000Z`
        const report = yield* Fiber.join(fiber)
        assert.deepStrictEqual(report, { drained: [id("quick")], interrupted: [id("slow")], detached: [id("deaf")] })
        assert.deepStrictEqual(yield* Fiber.join(again), report)
        assert.isTrue(undone)
        assert.deepStrictEqual(of("Detached"), ["2001 Detached"])
        assert.strictEqual((yield* Effect.flip(scheduler.trigger(flows[0]!))).reason, "Stopping")
        yield* scheduler.wait
      })
  )

  effect(
    "the scope stops it, and a finalizer of a shared resource that hangs does not hold it up",
    () =>
      Effect.gen(function*() {
        class Db extends Context.Service<Db, number>()("Db") {}
        const layer = Layer.effect(Db, Effect.acquireRelease(Effect.succeed(1), () => Effect.never))
        const f = Scheduler.provide(Scheduler.flow("f", { run: Effect.asVoid(Db), when: { fixedRate: 100 } }), layer)
        const running = yield* Effect.forkChild(
          Effect.scoped(Effect.andThen(Scheduler.make([f], { grace: 50 }), Effect.sleep(250))),
          { startImmediately: true }
        )
        yield* pass(301)
        assert.isDefined(running.pollUnsafe())
      })
  )

  effect("ticks that wait are skipped, and no tick fires any more", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: work(250), when: { fixedRate: 100 }, overlap: { queue: 9 } })
      const { decisions, scheduler } = yield* scheduled([f])
      yield* pass(210)
      yield* Effect.forkChild(scheduler.stop, { startImmediately: true })
      yield* pass("1 hour")
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "210 Stopping 100", "210 Stopping 200"])
    }))

  effect(
    "a tick that jitter still keeps is told of when the flow is changed, removed or stopped",
    () =>
      Effect.gen(function*() {
        const f = (id: string) =>
          Scheduler.flow(id, { run: Effect.void, when: { fixedRate: 1000, jitter: 999, from: "epoch" } })
        const { ticks } = yield* Scheduler.explain(f("f"), 1000, 20_000)
        const late = ticks.find(({ due, start }) => start - due > 500)!
        for (const operation of ["change", "remove", "stop"] as const) {
          yield* TestClock.setTime(late.due)
          const { decisions, scheduler } = yield* scheduled([f("f")])
          yield* pass(10)
          if (operation === "change") yield* scheduler.change(f("f"))
          else if (operation === "remove") yield* Effect.asVoid(scheduler.remove("f"))
          else yield* Effect.asVoid(scheduler.stop)
          const reason = { change: "Changed", remove: "Removed", stop: "Stopping" }[operation]
          assert.deepStrictEqual(decisions(), [`${late.due + 10} ${reason} ${late.due}`])
          yield* scheduler.stop
        }
      })
  )

  effect("as a Layer, with flows of several types and their services", () =>
    Effect.gen(function*() {
      class Db extends Context.Service<Db, number>()("Db") {}
      const a = Scheduler.flow("a", { run: Effect.asVoid(Db), when: { fixedRate: 100 } })
      const b = Scheduler.flow("b", { run: Effect.succeed("b"), when: "manual" })
      const layer: Layer.Layer<Scheduler.Scheduler, CanoError.ConfigurationError, Db> = Scheduler.layer([a, b])
      const program = Effect.gen(function*() {
        const scheduler = yield* Scheduler.Scheduler
        const exit: Exit.Exit<string> = yield* scheduler.trigger(b)
        yield* Effect.sleep(150)
        return [succeeded(exit), (yield* scheduler.history(a)).length] as const
      })
      const fiber = yield* Effect.forkChild(Effect.provide(program, layer.pipe(Layer.provide(Layer.succeed(Db, 1)))))
      yield* pass(200)
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["b", 2])
    }))
})

describe("bad input", () => {
  const issues = (...flows: ReadonlyArray<Scheduler.AnyFlow>) =>
    Effect.scoped(Scheduler.make(flows)).pipe(
      Effect.flip,
      Effect.map((error) => error.issues.map(({ message }) => message))
    )
  const untyped = Scheduler.flow as (id: string, options: object) => Scheduler.AnyFlow

  effect(
    "is a typed error that names the flow, what is wrong and what would be right, before anything starts",
    () =>
      Effect.gen(function*() {
        let started = 0
        const run = Effect.sync(() => ++started)
        const found = yield* issues(
          Scheduler.flow("fine", { run, when: { fixedRate: 1 } }),
          Scheduler.flow("", { run, when: "manual" }),
          Scheduler.flow("zero", { run, when: { fixedRate: 0 } }),
          Scheduler.flow("never", { run, when: { cron: "0 0 30 2 *" } }),
          Scheduler.flow("pattern", { run, when: { cron: "61 * * * *" } }),
          Scheduler.flow("zone", { run, when: { cron: "* * * * *", timeZone: "Europe/Berln" } }),
          Scheduler.flow("jitter", { run, when: { fixedRate: 10, jitter: 10 } }),
          Scheduler.flow("catchUp", { run, when: { fixedRate: 10, missed: { catchUp: 0 } } }),
          Scheduler.flow("allow", { run, when: "manual", overlap: { allow: 0 } }),
          Scheduler.flow("trip", { run, when: "manual", onFailure: { trip: 0 } }),
          untyped("every", { run, when: { every: 10 } }),
          untyped("both", { run, when: { fixedRate: 10, fixedDelay: 10 } }),
          untyped("typo", { run, when: { fixedRate: 10, jiter: 1 }, overlaps: "skip" }),
          untyped("nothing", { when: "manual" }),
          Scheduler.flow("fine", { run, when: "manual" })
        )
        assert.strictEqual(started, 0)
        assert.deepStrictEqual(found, [
          `flow "": its id is ""; it must be a text that is not empty`,
          `flow "zero": fixedRate is 0; it must be whole milliseconds, at least 1`,
          `flow "never": its cron "0 0 30 2 *" names no day that there is, so it would never fire`,
          `flow "pattern": its cron "61 * * * *" cannot be read (Expected a value between 0 and 59); write for example "*/15 * * * *" or, with seconds first, "0 30 2 * * mon-fri"`,
          `flow "zone": its time zone "Europe/Berln" is not known; write an IANA name, for example "Europe/Berlin"`,
          `flow "jitter": jitter is 10 ms; it must be less than the interval, 10 ms`,
          `flow "catchUp": missed is {"catchUp":0}; it must be "skip" or { catchUp }, an integer of at least 1`,
          `flow "allow": overlap is {"allow":0}; it must be "skip", "replace", { queue } or { allow }, an integer of at least 1`,
          `flow "trip": trip is 0; it must be an integer of at least 1`,
          `flow "every": when is {"every":10}; it must be "manual", or an object with one of fixedRate, fixedDelay, cron, schedule`,
          `flow "both": when is {"fixedRate":10,"fixedDelay":10}; it must be "manual", or an object with one of fixedRate, fixedDelay, cron, schedule`,
          `flow "typo": there is no option "overlaps"; there are run, when, overlap, onFailure, overlong, history`,
          `flow "typo": a flow with fixedRate has no "jiter"; beside it there may be from, jitter, missed, after`,
          `flow "nothing": run is undefined; it must be an Effect, or a function of the Fire to one`,
          `flow "fine": there are two definitions with this id; give each its own`
        ])
      })
  )

  effect("a name that no option has is told, wherever it stands", () =>
    Effect.gen(function*() {
      const run = Effect.void
      assert.deepStrictEqual(
        yield* issues(
          untyped("missed", { run, when: { fixedRate: 10, missed: { catchUp: 1, withn: 5 } } }),
          untyped("overlap", { run, when: "manual", overlap: { queue: 1, of: 2 } })
        ),
        [
          `flow "missed": missed has no "withn"; there are catchUp and within`,
          `flow "overlap": overlap is {"queue":1,"of":2}; it must be "skip", "replace", { queue } or { allow }, an integer of at least 1`
        ]
      )
      const message = (options: unknown) =>
        Effect.map(Effect.flip(Effect.scoped(Scheduler.make([], options as never))), (error) => error.message)
      assert.match(yield* message({ drian: 5 }), /there is no option "drian"; there are drain, grace, tolerance/)
      assert.match(yield* message(null), /options is null; it must be an object/)
    }))

  effect("of add and change is a typed error too, and changes nothing", () =>
    Effect.gen(function*() {
      const good = Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 100 } })
      const bad = Scheduler.flow("f", { run: Effect.void, when: { fixedRate: -1 } })
      const { decisions, scheduler } = yield* scheduled([good])
      const error = yield* Effect.flip(scheduler.change(bad))
      assert.strictEqual(error.message, `flow "f" is misconfigured: flow "f": fixedRate is negative: -1`)
      assert.strictEqual(error._tag === "ConfigurationError" && error.subject, `flow "f"`)
      yield* pass(150)
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 Fired 100"])
      const options = { drain: "soon" } as unknown as Scheduler.Options
      assert.match(
        (yield* Effect.flip(Scheduler.make([], options))).message,
        /^the scheduler is misconfigured: drain is/
      )
    }))
})

describe("explain", () => {
  effect(
    "says what overlap makes of the ticks, if runs take so long, and that is what happens",
    () =>
      Effect.gen(function*() {
        for (const overlap of ["skip", { queue: 1 }, { queue: 2 }, { allow: 2 }] as const) {
          for (const takes of [50, 130, 250]) {
            const f = Scheduler.flow("f", { run: work(takes), when: { fixedRate: 100 }, overlap })
            const { ticks } = yield* Scheduler.explain(f, 0, 1000, { takes })
            const { events } = yield* scheduled([f])
            const start = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
            yield* pass(3000)
            const fired = new Map<number, string>(events.flatMap((event): ReadonlyArray<readonly [number, string]> =>
              event._tag === "Fired" || event._tag === "Late"
                ? [[event.fire.due - start, event._tag] as const]
                : event._tag === "Skipped"
                ? [[event.due - start, event.reason] as const]
                : []
            ))
            for (const { due, outcome } of ticks) {
              assert.strictEqual(fired.get(due), outcome, `${JSON.stringify(overlap)} ${takes} ${due}`)
            }
          }
        }
      })
  )

  effect("has a sentence for what is not known ahead, and says when there is more", () =>
    Effect.gen(function*() {
      const delayed = Scheduler.flow("f", { run: Effect.void, when: { fixedDelay: "10 seconds" } })
      const { sentence, ticks } = yield* Scheduler.explain(delayed, 0, 1000)
      assert.deepStrictEqual([sentence, ticks.length], [
        "f fires at once, and then 10s after each run; a tick during a run is skipped",
        0
      ])
      const often = Scheduler.flow("f", {
        run: Effect.void,
        when: { cron: "* * * * *", missed: { catchUp: 3, within: "1 hour" } }
      })
      const explanation = yield* Scheduler.explain(often, 0, 3_600_000, { most: 10 })
      assert.deepStrictEqual([explanation.ticks.length, explanation.more], [10, true])
      assert.strictEqual(
        explanation.sentence,
        `f fires at "* * * * *" in UTC; a tick during a run is skipped; of missed ticks the newest 3 of the last 1h are run`
      )
      assert.include((yield* Effect.flip(Scheduler.explain(often, 1, 0))).message, "from is 1 and to is 0")
    }))
})
