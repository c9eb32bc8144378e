import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Option, Schedule } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import { TestClock } from "effect/testing"
import { messages } from "../kit/index.ts"
import { pass, scheduled } from "./diary.ts"

const minute = 60_000
const hour = 60 * minute

const logged: Array<string> = []

const effect = <A, E>(name: string, body: () => Effect.Effect<A, E, any>) =>
  it.effect(name, () => {
    logged.length = 0
    return Effect.provide(Effect.scoped(body()), messages(logged)) as Effect.Effect<A, E>
  })

/** The clock is set, which is noticed within a minute, or when somebody asks. */
const setTime = (scheduler: Scheduler.Service, millis: number) =>
  Effect.andThen(TestClock.setTime(millis), Effect.andThen(scheduler.list, pass(0)))

describe("a clock that is set back", () => {
  effect(
    "a fixed delay waits no longer than its delay, by instants that are not used twice (C2)",
    () =>
      Effect.gen(function*() {
        const f = Scheduler.flow("f", { run: Effect.void, when: { fixedDelay: "10 minutes" } })
        const { decisions, events, scheduler } = yield* scheduled([f])
        yield* pass("64 minutes")
        assert.lengthOf(decisions(), 7)
        yield* setTime(scheduler, 0)
        const { status } = Option.getOrThrow(yield* scheduler.info(f))
        // four minutes of its delay were over
        assert.deepStrictEqual(status, { _tag: "Waiting", next: 70 * minute, start: 6 * minute })
        yield* pass("6 minutes")
        assert.strictEqual(decisions().at(-1), `${6 * minute} Fired ${70 * minute}`)
        yield* pass("10 minutes")
        assert.strictEqual(decisions().at(-1), `${16 * minute} Fired ${70 * minute + 1}`)
        yield* pass("2 hours")
        const ids = events.flatMap((event) => event._tag === "Fired" ? [event.fire.runId] : [])
        assert.deepStrictEqual([ids.length, new Set(ids).size], [7 + 14, 7 + 14])
      })
  )

  effect("what follows a run that has gone on meanwhile waits its delay from the end", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.sleep("30 minutes"), when: { fixedDelay: "10 minutes" } })
      const { decisions, scheduler } = yield* scheduled([f])
      yield* pass("20 minutes")
      yield* setTime(scheduler, -5 * hour)
      yield* pass("6 hours")
      const starts = decisions().map((line) => Number(line.split(" ")[0]))
      assert.isTrue(starts.slice(1).every((start, i) => i === 0 || start - starts[i]! === 40 * minute), String(starts))
    }))

  effect(
    "a Schedule, a backoff and the time until a run is overlong wait no longer either",
    () =>
      Effect.gen(function*() {
        const flows = [
          Scheduler.flow("schedule", { run: Effect.void, when: { schedule: Schedule.spaced("10 minutes") } }),
          Scheduler.flow("backoff", {
            run: Effect.fail("no"),
            when: "manual",
            onFailure: { backoff: Schedule.spaced("10 minutes") }
          }),
          Scheduler.flow("overlong", { run: Effect.never, when: "manual", overlong: "10 minutes" })
        ] as const
        const { of, scheduler } = yield* scheduled(flows)
        yield* scheduler.trigger(flows[1])
        yield* Effect.forkChild(scheduler.trigger(flows[2]), { startImmediately: true })
        yield* pass("4 minutes")
        yield* setTime(scheduler, -hour)
        yield* pass("6 minutes")
        const at = -hour + 6 * minute
        assert.sameMembers(of("Fired", "Overlong", "StatusChanged").slice(-3), [
          `${at} Waiting`,
          `${at} Overlong since ${at}`,
          `${at} Fired ${10 * minute}`
        ])
      })
  )

  effect(
    "who waits for an instant is told by how much, and for what: an event, the status, the log",
    () =>
      Effect.gen(function*() {
        const rate = Scheduler.flow("rate", { run: Effect.void, when: { fixedRate: "1 hour" } })
        const cron = Scheduler.flow("cron", { run: Effect.void, when: { cron: "30 * * * *" } })
        const manual = Scheduler.flow("manual", { run: Effect.void, when: "manual" })
        const { decisions, events, of, scheduler } = yield* scheduled([rate, cron, manual])
        yield* pass("3 hours")
        const before = decisions().length
        yield* setTime(scheduler, hour)
        assert.deepStrictEqual(of("ClockSetBack"), [
          `${hour} ClockSetBack by ${2 * hour} until ${4 * hour}`,
          `${hour} ClockSetBack by ${2 * hour} until ${3.5 * hour}`
        ])
        assert.deepInclude(events.find(({ _tag }) => _tag === "ClockSetBack"), { flow: "rate", start: 4 * hour })
        assert.deepStrictEqual(logged, ["the clock was set back by 2h; no tick is fired a second time"])
        const { cursor, status } = Option.getOrThrow(yield* scheduler.info(rate))
        assert.deepStrictEqual([cursor, status], [3 * hour, { _tag: "Waiting", next: 4 * hour, start: 4 * hour }])
        yield* pass("2 hours")
        assert.lengthOf(decisions(), before)
        yield* pass("1 hour")
        assert.deepStrictEqual(decisions().slice(before), [
          `${3.5 * hour} Fired ${3.5 * hour}`,
          `${4 * hour} Fired ${4 * hour}`
        ])
      })
  )

  effect(
    "it is noticed by the monotonic clock, also if it is later than when it was last looked at",
    () =>
      Effect.gen(function*() {
        const real = yield* Clock.Clock
        let set = 0
        const clock: Clock.Clock = {
          ...real,
          currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe() - set,
          monotonicTimeNanosUnsafe: () => real.monotonicTimeNanosUnsafe(),
          sleep: (duration) => real.sleep(duration)
        }
        const f = Scheduler.flow("f", { run: Effect.void, when: { fixedDelay: "10 minutes" } })
        const { of, scheduler } = yield* scheduled([f]).pipe(Effect.provideService(Clock.Clock, clock))
        // less than a second is an adjustment
        for (const by of [999, 30_000]) {
          yield* pass("59 seconds")
          set += by
          yield* scheduler.list
        }
        assert.lengthOf(of("ClockSetBack"), 1)
        yield* pass(10 * minute - 118_000)
        assert.strictEqual(of("Fired").length, 1)
        yield* pass(999)
        assert.strictEqual(of("Fired").length, 2)
      })
  )

  effect(
    "a flow that is added with a cursor later than the clock is told what it waits for",
    () =>
      Effect.gen(function*() {
        const when = { fixedRate: "1 hour", from: "epoch", after: 5 * hour } as const
        const { decisions, of, scheduler } = yield* scheduled([Scheduler.flow("f", { run: Effect.void, when })])
        assert.deepStrictEqual(of("ClockSetBack"), [`0 ClockSetBack by ${5 * hour} until ${6 * hour}`])
        assert.strictEqual(Option.getOrThrow(yield* scheduler.info("f")).cursor, 5 * hour)
        yield* pass("6 hours")
        assert.deepStrictEqual(decisions(), [`${6 * hour} Fired ${6 * hour}`])
      })
  )

  effect("what resume catches up moves no cursor back", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", {
        run: Effect.void,
        when: { fixedRate: "1 hour", missed: { catchUp: 9 } },
        overlap: { allow: 9 }
      })
      const { decisions, scheduler } = yield* scheduled([f])
      yield* pass(minute)
      yield* scheduler.pause(f)
      yield* pass("4 hours")
      yield* setTime(scheduler, 2 * hour + minute)
      yield* scheduler.resume(f, { catchUp: true })
      assert.strictEqual(Option.getOrThrow(yield* scheduler.info(f)).cursor, 4 * hour)
      yield* pass("3 hours")
      assert.deepStrictEqual(decisions().filter((line) => !line.includes("Paused")), [
        "0 Fired 0",
        `${2 * hour + minute} Late ${hour}`,
        `${2 * hour + minute} Late ${2 * hour}`,
        `${5 * hour} Fired ${5 * hour}`
      ])
    }))
})
