/**
 * Many ticks at once, of flows that pause: which are told of one by one, and that none is left out.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import { TestClock } from "effect/testing"
import { messages } from "../kit/index.ts"
import { pass, scheduled } from "./diary.ts"

const at = (day: number, hour: number, minute = 0) => Date.UTC(2026, 0, day, hour, minute, 0, 500)

interface Told {
  readonly due: number
  readonly through: number
  readonly count: number | undefined
  readonly reason: Scheduler.SkipReason | undefined
}

/** A Thursday to a Sunday, a Monday with one hour of ticks, and more: what a computer sleeps through. */
const sleeps: ReadonlyArray<readonly [when: Scheduler.CronTimes | Scheduler.FixedRate, from: number, to: number]> = [
  [{ cron: "* 8-18 * * 1-5" }, at(8, 7, 59), at(11, 20)],
  [{ cron: "* 8-18 * * 1-5", jitter: "50 seconds" }, at(8, 7, 59), at(11, 20)],
  [{ cron: "* 8-18 * * 1-5" }, at(8, 7, 59), at(9, 18, 30)],
  [{ cron: "* * 9 * * 1", timeZone: "Europe/Berlin" }, at(5, 7, 59), at(5, 12)],
  [{ cron: "* * 1-2 1 1,2 *" }, at(1, 0), Date.UTC(2026, 6, 1)],
  [{ cron: "*/2 * * * *" }, at(1, 0), at(4, 12)],
  [{ fixedRate: "1 minute", from: "epoch" }, at(1, 0), at(4, 12)],
  [{ fixedRate: "1 minute", from: "epoch", jitter: "59 seconds" }, at(1, 0), at(4, 12)]
]

const operations: {
  readonly [name: string]: (
    scheduler: Scheduler.Service,
    flow: Scheduler.Flow<void, never, never>
  ) => Effect.Effect<unknown, unknown>
} = {
  "the hand": () => pass("2 minutes"),
  remove: (scheduler) => scheduler.remove("f"),
  stop: (scheduler) => scheduler.stop,
  change: (scheduler, flow) => scheduler.change(flow),
  resume: (scheduler) => Effect.andThen(scheduler.resume("f", { catchUp: true }), pass(0))
}

describe("more than a thousand ticks at once (S2, S6)", () => {
  for (const [name, operation] of Object.entries(operations)) {
    it.effect(`${name}: each that explain has is told of once, the newest 1,000 one by one, and the newest are caught up`, () =>
      Effect.gen(function*() {
        for (const [when, from, to] of sleeps) {
          yield* TestClock.setTime(from)
          const real = yield* Clock.Clock
          let ahead = 0
          const clock: Clock.Clock = {
            ...real,
            currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe() + ahead,
            sleep: (duration) => real.sleep(duration)
          }
          const run = Effect.void
          const f = Scheduler.flow("f", { run, when: { ...when, missed: { catchUp: 3 } }, overlap: { allow: 9 } })
          const { events, scheduler } = yield* scheduled([f]).pipe(Effect.provideService(Clock.Clock, clock))
          if (name === "resume") yield* scheduler.pause("f")
          yield* pass(1)
          const before = events.length
          ahead = to - from
          yield* operation(scheduler, f)
          const what = `${JSON.stringify(when)} ${name}`
          const decisions = events.slice(before).flatMap((event): ReadonlyArray<Told> => {
            if (event._tag === "Skipped") return [event]
            if (event._tag !== "Fired" && event._tag !== "Late") return []
            const { due } = event.fire
            return [{ due, through: due, count: 1, reason: undefined }]
          })
          const { ticks } = yield* Scheduler.explain(f, from, to, { most: 1e9 })
          const dues = ticks.filter(({ due, start }) => due > from && (due < to - 60_000 || start < to)).map((
            { due }
          ) => due)
          // what is caught up after a pause was skipped before
          const lists = name === "resume"
            ? [
              decisions.filter(({ reason }) => reason === "Paused"),
              decisions.filter(({ reason }) => reason !== "Paused")
            ]
            : [decisions]
          for (const list of lists) {
            const [older, ...one] = list.filter(({ due }) => due <= dues.at(-1)!)
            assert.deepStrictEqual(one.map(({ due }) => due), dues.slice(-one.length), what)
            assert.isAtLeast(one.length, 999, what)
            const together = dues.slice(0, -one.length)
            assert.deepInclude(older, { due: together[0]!, through: together.at(-1)! }, what)
            if ("fixedRate" in when) assert.strictEqual(older!.count, together.length, what)
          }
          const fired = decisions.flatMap(({ due, reason }) => reason === undefined && due < to - 60_000 ? [due] : [])
          if (name === "the hand" || name === "resume") {
            const caughtUp = dues.filter((due) => due < to - 60_000).slice(-2)
            assert.deepStrictEqual(fired.slice(-2), caughtUp, what)
          } else assert.deepStrictEqual(fired, [], what)
          yield* scheduler.stop
        }
      }).pipe(Effect.scoped, Effect.provide(Layer.mergeAll(messages([])))))
  }

  it.effect("whatever a second's flow has missed in a month is looked at in a moment", () =>
    Effect.gen(function*() {
      const when = { cron: "* * 9-17 * * 1-5", after: Date.UTC(2026, 0, 1), missed: { catchUp: 1 } } as const
      yield* TestClock.setTime(Date.UTC(2026, 1, 1))
      const began = performance.now()
      const { events } = yield* scheduled([Scheduler.flow("f", { run: Effect.void, when })])
      yield* pass(0)
      assert.isBelow(performance.now() - began, 5000)
      const late = events.flatMap((event) => event._tag === "Late" ? [event.fire.runId] : [])
      assert.deepStrictEqual(late, ["f@2026-01-30T17:59:59.000Z"])
    }).pipe(Effect.scoped, Effect.provide(messages([]))))
})
