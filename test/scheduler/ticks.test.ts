import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Option, Schedule } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import { TestClock } from "effect/testing"
import { messages } from "../kit/index.ts"
import { diary, pass, scheduled } from "./diary.ts"

const logged: Array<string> = []

const effect = <A, E>(name: string, body: () => Effect.Effect<A, E, any>) =>
  it.effect(name, () => {
    logged.length = 0
    return Effect.provide(Effect.scoped(body()), messages(logged)) as Effect.Effect<A, E>
  })

const minute = 60_000
const hour = 60 * minute

describe("jitter of a cron (S7)", () => {
  effect("stays within the time until the next instant: in order, and none is missed", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.void, when: { cron: "0,5 * * * *", jitter: "2 hours" } })
      const { ticks } = yield* Scheduler.explain(f, 1, 10 * hour)
      const rooms = ticks.map(({ due }) => due % hour === 0 ? 5 * minute : 55 * minute)
      ticks.forEach(({ due, start }, i) => assert.isTrue(start >= due && start < due + rooms[i]!))
      // all of the room is used
      assert.isTrue(ticks.some(({ due, start }) => start - due > 30 * minute))
      yield* TestClock.setTime(1)
      const { events } = yield* scheduled([f])
      yield* pass("9 hours")
      const told = events.flatMap((event) => event._tag === "Fired" ? [[event.fire.due, event.at]] : [])
      assert.deepStrictEqual(told, ticks.slice(0, told.length).map(({ due, start }) => [due, start]))
      assert.isAtLeast(told.length, 17)
      assert.isFalse(events.some(({ _tag }) => _tag === "Skipped" || _tag === "Late"))
    }))

  effect("is as long as was said where there is room", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.void, when: { cron: "0 0 * * *", jitter: "1 hour" } })
      const { ticks } = yield* Scheduler.explain(f, 0, 50 * 24 * hour)
      const most = Math.max(...ticks.map(({ due, start }) => start - due))
      assert.isTrue(most <= hour && most > 55 * minute)
    }))
})

describe("missed ticks that are caught up (S6)", () => {
  const caughtUp = (overlap: Scheduler.Overlap) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(20 * minute)
      const when = { fixedRate: "1 minute", from: "epoch", missed: { catchUp: 4 }, after: 0 } as const
      const run = Effect.sleep("10 seconds")
      const { events, of } = yield* scheduled([Scheduler.flow("f", { run, when, overlap })])
      yield* pass("55 seconds")
      const starts = events.flatMap((event) =>
        event._tag === "Late" || event._tag === "Fired" ? [[event.fire.due / minute, event.at / 1000 - 1200]] : []
      )
      return { starts, overlong: of("Overlong") }
    })

  for (const overlap of ["skip", "replace", { queue: 1 }, { allow: 1 }] as const) {
    effect(
      `${JSON.stringify(overlap)}: one after another, in order, and none is overlong as it starts`,
      () =>
        Effect.gen(function*() {
          const { overlong, starts } = yield* caughtUp(overlap)
          assert.deepStrictEqual(starts, [[16, 0], [17, 10], [18, 20], [19, 30], [20, 40]])
          assert.deepStrictEqual(overlong, [])
        })
    )
  }

  effect("allow: in order, up to n at once, and none is overlong as it starts", () =>
    Effect.gen(function*() {
      const { overlong, starts } = yield* caughtUp({ allow: 2 })
      assert.deepStrictEqual(starts, [[16, 0], [17, 0], [18, 10], [19, 10], [20, 20]])
      assert.deepStrictEqual(overlong, [])
    }))

  effect("one that still goes on at the next tick is overlong since that", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(20 * minute)
      const when = { fixedRate: "1 minute", from: "epoch", missed: { catchUp: 1 }, after: 0 } as const
      const { of } = yield* scheduled([Scheduler.flow("f", { run: Effect.never, when })])
      yield* pass("3 minutes")
      assert.deepStrictEqual(of("Overlong"), [`${21 * minute} Overlong since ${21 * minute}`])
    }))
})

describe("a Schedule without a delay", () => {
  effect("fires once in a millisecond", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.void, when: { schedule: Schedule.recurs(3) } })
      const { decisions } = yield* scheduled([f])
      yield* pass(0)
      assert.deepStrictEqual(decisions(), ["0 Fired 0"])
      yield* pass(10)
      assert.deepStrictEqual(decisions(), [0, 1, 2, 3].map((n) => `${n} Fired ${n}`))
    }))
})

describe("after", () => {
  effect(
    "a fixed rate without an instant to count from goes on with the grid of its last tick",
    () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(1000)
        for (const from of [undefined, "start"] as const) {
          const when = { fixedRate: 100, from, after: 730, missed: { catchUp: 2 } } as const
          const f = Scheduler.flow("f", { run: Effect.void, when })
          const explained = yield* Scheduler.explain(f, 1000, 1200)
          assert.deepStrictEqual(explained.ticks.map(({ due }) => due), [1030, 1130])
          const { decisions, scheduler } = yield* scheduled([f])
          yield* pass(150)
          assert.deepStrictEqual(decisions(), [
            "1000 Late 830",
            "1000 Fired 930",
            "1030 Fired 1030",
            "1130 Fired 1130"
          ])
          yield* scheduler.stop
          yield* TestClock.setTime(1000)
        }
      })
  )
})

describe("more than a thousand ticks at once (S2)", () => {
  for (const operation of ["remove", "stop", "change"] as const) {
    effect(
      `${operation}: those that the scheduler had not come to are all told of, with count, from and through`,
      () =>
        Effect.gen(function*() {
          const f = Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 10, from: "epoch" } })
          const real = yield* Clock.Clock
          let ahead = 0
          const clock: Clock.Clock = {
            ...real,
            currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe() + ahead,
            sleep: (duration) => real.sleep(duration)
          }
          const { events, scheduler } = yield* scheduled([f]).pipe(Effect.provideService(Clock.Clock, clock))
          yield* pass(5)
          ahead = 50_000
          if (operation === "remove") yield* scheduler.remove(f)
          else if (operation === "stop") yield* scheduler.stop
          else yield* scheduler.change(f)
          const [older, ...rest] = events.flatMap((event) => event._tag === "Skipped" ? [event] : [])
          assert.isAtLeast(rest.length, 1000)
          assert.deepInclude(older, { due: 10, through: rest[0]!.due - 10, count: 5000 - rest.length })
          assert.isTrue(rest.every(({ count }) => count === 1))
          if (operation !== "change") return
          assert.strictEqual(Option.getOrThrow(yield* scheduler.info(f)).skipped, 5000)
        })
    )
  }
})

describe("a claim", () => {
  effect(
    "that gives no boolean, such as a count of rows, is told to the log and not taken for a no",
    () =>
      Effect.gen(function*() {
        const claim = (() => Effect.succeed(1)) as unknown as NonNullable<Scheduler.Options["claim"]>
        const { decisions } = yield* scheduled([Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 100 } })], {
          claim
        })
        yield* pass(50)
        assert.deepStrictEqual(decisions(), ["0 Claimed 0"])
        assert.deepStrictEqual(logged, ["flow \"f\": claiming f@1970-01-01T00:00:00.000Z failed"])
      })
  )

  effect(
    "that was interrupted by a stop or remove is told as that, and a Schedule does not ask again at once",
    () =>
      Effect.gen(function*() {
        let asked = 0
        const claim = () => asked++ < 5 ? Effect.succeed(false) : Effect.never
        const when = { schedule: Schedule.spaced(10) }
        const { decisions, scheduler } = yield* scheduled([Scheduler.flow("f", { run: Effect.void, when })], { claim })
        yield* pass("10 seconds")
        yield* scheduler.stop
        assert.deepStrictEqual(decisions(), [
          ...[0, 1, 2, 3, 4].map((n) => `${n * 1000} Claimed ${n * 1000}`),
          "10000 Stopping 5000"
        ])
        assert.deepStrictEqual(logged, [])
      })
  )
})

describe("what waits for a run", () => {
  effect(
    "pause: a tick is skipped, a trigger still waits; a backoff skips the tick, and not the trigger",
    () =>
      Effect.gen(function*() {
        const flow = (id: string, run: Effect.Effect<unknown, string>) =>
          Scheduler.flow(id, {
            run,
            when: { fixedRate: 100 },
            overlap: { queue: 5 },
            onFailure: { backoff: Schedule.spaced("1 hour") }
          })
        const ask = (f: Scheduler.AnyFlow) => Effect.forkChild(scheduler.trigger(f), { startImmediately: true })
        let failures = 0
        const paused = flow("paused", Effect.sleep(150))
        const failing = flow(
          "failing",
          Effect.andThen(Effect.sleep(150), Effect.suspend(() => failures++ === 0 ? Effect.fail("no") : Effect.void))
        )
        const { events, scheduler } = yield* scheduled([paused, failing])
        yield* pass(110)
        const waiting = [yield* ask(paused), yield* ask(failing)]
        yield* scheduler.pause(paused)
        yield* pass(500)
        for (const one of waiting) assert.strictEqual((yield* Fiber.join(one))._tag, "Success")
        const of = (id: string) =>
          events.flatMap((event) =>
            event.flow !== id
              ? []
              : event._tag === "Skipped"
              ? [`${event.reason} ${event.due}`]
              : event._tag === "Triggered"
              ? [`Triggered ${event.at}`]
              : []
          ).slice(0, 2)
        assert.deepStrictEqual(of("paused"), ["Paused 100", "Triggered 150"])
        assert.deepStrictEqual(of("failing"), ["BackingOff 100", "Triggered 150"])
      })
  )

  effect("is served before a trigger of a listener that is told of the end of a run", () =>
    Effect.gen(function*() {
      const { listeners, of } = diary()
      let asked = false
      const f = Scheduler.flow("f", { run: Effect.sleep(150), when: { fixedRate: 100 }, overlap: { queue: 5 } })
      const scheduler: Scheduler.Service = yield* Scheduler.make([f], {
        drain: 0,
        grace: 0,
        listeners: [...listeners, ({ _tag }) => {
          if (_tag !== "Ended" || asked) return
          asked = true
          Effect.runFork(scheduler.trigger(f))
        }]
      })
      yield* pass(310)
      assert.deepStrictEqual(of("Fired", "Late", "Triggered"), ["0 Fired 0", "150 Late 100", "300 Triggered"])
    }))

  effect("missed ticks that wait take no place from others", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(20 * minute)
      const when = { fixedRate: "1 minute", from: "epoch", missed: { catchUp: 4 }, after: 0 } as const
      const f = Scheduler.flow("f", { run: Effect.sleep("10 minutes"), when, overlap: { queue: 2 } })
      const { decisions } = yield* scheduled([f])
      yield* pass("3 minutes")
      assert.deepStrictEqual(
        decisions().filter((line) => !line.startsWith(`${20 * minute}`)).map((line) => line.split(" ")[1]),
        ["QueueFull", "QueueFull"]
      )
    }))
})

describe("change", () => {
  effect("to more runs at once starts what waits", () =>
    Effect.gen(function*() {
      const f = (overlap: Scheduler.Overlap) =>
        Scheduler.flow("f", { run: Effect.sleep("1 hour"), when: { fixedRate: 100 }, overlap })
      const { of, scheduler } = yield* scheduled([f({ queue: 5 })])
      yield* pass(250)
      yield* scheduler.change(f({ allow: 2 }))
      assert.deepStrictEqual(of("Fired", "Late"), ["0 Fired 0", "250 Late 100"])
      yield* scheduler.change(f({ allow: 3 }))
      assert.deepStrictEqual(of("Late"), ["250 Late 100", "250 Late 200"])
    }))

  effect(
    "during a run: the new Schedule begins at its end, and is not stepped with its exit",
    () =>
      Effect.gen(function*() {
        const seen: Array<unknown> = []
        const f = (value: string, spaced: number) => {
          const run: Effect.Effect<string> = Effect.as(Effect.sleep(50), value)
          const schedule = Schedule.spaced(spaced).pipe(
            Schedule.setInputType<Exit.Exit<string>>(),
            Schedule.while(({ input }) => (seen.push(Exit.isSuccess(input) && input.value), true))
          )
          return Scheduler.flow("f", { run, when: { schedule } })
        }
        const { decisions, scheduler } = yield* scheduled([f("old", 1000)])
        yield* pass(10)
        yield* scheduler.change(f("new", 100))
        yield* pass(300)
        assert.deepStrictEqual(decisions(), ["0 Fired 0", "50 Fired 50", "200 Fired 200"])
        assert.deepStrictEqual(seen, ["new", "new"])
      })
  )

  effect("during the step of a backoff: the flow is not left closed by it", () =>
    Effect.gen(function*() {
      const hanging = Schedule.spaced(1).pipe(Schedule.modifyDelay(() => Effect.never))
      const f = (backoff: Schedule.Schedule<unknown> | undefined) =>
        Scheduler.flow("f", { run: Effect.fail("no"), when: { fixedRate: 100 }, onFailure: { backoff } })
      const { decisions, scheduler } = yield* scheduled([f(hanging)])
      yield* pass(150)
      yield* scheduler.change(f(undefined))
      yield* pass(100)
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 BackingOff 100", "200 Fired 200"])
    }))
})
