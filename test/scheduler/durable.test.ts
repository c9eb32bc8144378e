import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import * as Schedules from "effect-cano/schedules"
import { TestClock } from "effect/testing"
import { pass } from "./diary.ts"
import { begun, end, kill, type Life, live } from "./lives.ts"

const second = 1000

/** A flow every ten seconds from epoch on, whose runs are noted. */
const everyTen = (
  ran: Array<string>,
  options: Partial<Scheduler.FlowOptions<unknown, never, never>> & { readonly missed?: Scheduler.Missed } = {}
) =>
(life: Life) => {
  const { missed, ...rest } = options
  return [Scheduler.flow("f", {
    run: ({ due }) => life.act(() => void ran.push(`${due / second}`)),
    when: { fixedRate: "10 seconds", from: "epoch", missed },
    ...rest
  })]
}

describe("a scheduler with a store", () => {
  it.effect("goes on after a restart where the one before was, and decides what came due meanwhile by `missed`", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const ran: Array<string> = []
      const first = yield* live(store, everyTen(ran))
      yield* pass("25 seconds")
      assert.deepStrictEqual(ran, ["0", "10", "20"])
      yield* end(first)
      yield* pass("30 seconds")
      const second = yield* live(store, everyTen(ran))
      assert.deepStrictEqual(second.diary.decisions(), ["55000 Missed 30000", "55000 Missed 40000", "55000 Late 50000"])
      yield* kill(second)
      yield* pass("120 seconds")
      const third = yield* live(store, everyTen(ran, { missed: { catchUp: 2 } }))
      yield* pass("1 second")
      assert.deepStrictEqual(ran, ["0", "10", "20", "50", "150", "160", "170"])
      assert.deepStrictEqual(
        third.diary.decisions().slice(0, 9),
        [60, 70, 80, 90, 100, 110, 120, 130, 140].map((due) => `175000 CatchUpFull ${due * 1000}`)
      )
      yield* end(third)
    }))

  it.effect("fires each instant once, of several that share a flow", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const ran: Array<string> = []
      const lives = yield* Effect.all([1, 2, 3].map(() => live(store, everyTen(ran))))
      yield* pass("45 seconds")
      assert.deepStrictEqual(ran, ["0", "10", "20", "30", "40"])
      // those that came later found the first one decided
      assert.deepStrictEqual(lives.map(({ diary }) => diary.decisions().length), [5, 4, 4])
      assert.deepStrictEqual([...begun(lives).values()], [1, 1, 1, 1, 1])
      const claimed = lives.flatMap(({ diary }) => diary.decisions()).filter((line) => line.includes("Claimed"))
      assert.lengthOf(claimed, 8)
      yield* Effect.forEach(lives, end)
    }))

  it.effect("sees a pause of another one before its next tick, and so does one that comes later", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const ran: Array<string> = []
      const ada = yield* live(store, everyTen(ran))
      const bob = yield* live(store, everyTen(ran))
      yield* pass("9999 millis")
      yield* ada.scheduler.pause("f", { note: "n" })
      yield* TestClock.adjust(1)
      yield* pass("15 seconds")
      assert.deepStrictEqual(ran, ["0"])
      const cyd = yield* live(store, everyTen(ran))
      const info = yield* cyd.scheduler.info("f")
      assert.deepStrictEqual(info.pipe((o) => o._tag === "Some" && o.value.status), {
        _tag: "Paused",
        since: 9999,
        note: "n"
      })
      yield* end(ada)
      yield* bob.scheduler.resume("f")
      yield* pass("10 seconds")
      assert.deepStrictEqual(ran, ["0", "30"])
      assert.strictEqual((yield* store.look(["f"]))[0]!.schedule.paused, undefined)
      yield* end(bob)
      yield* end(cyd)
    }))

  it.effect("catches up a pause once, when one of several is asked to", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const ran: Array<string> = []
      const define = everyTen(ran, { missed: { catchUp: 2 } })
      const ada = yield* live(store, define)
      const bob = yield* live(store, define)
      yield* pass("5 seconds")
      yield* ada.scheduler.pause("f")
      yield* pass("40 seconds")
      yield* Effect.all([
        ada.scheduler.resume("f", { catchUp: true }),
        bob.scheduler.resume("f", { catchUp: true })
      ], { concurrency: 2 })
      yield* pass("6 seconds")
      assert.deepStrictEqual([...ran].sort(), ["0", "20", "30", "40", "50"])
      yield* end(ada)
      yield* end(bob)
    }))

  it.effect("fires nothing while the store is gone, tells it once, and decides what came due when it is back", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const ran: Array<string> = []
      const life = yield* live(store, everyTen(ran, { missed: { catchUp: 1 } }))
      yield* pass("5 seconds")
      life.isDown = true
      yield* pass("40 seconds")
      assert.deepStrictEqual(ran, ["0"])
      assert.lengthOf(life.diary.of("StoreGone"), 1)
      const asked = yield* Effect.forkChild(life.scheduler.trigger(life.flows[0]!), { startImmediately: true })
      yield* pass("3 seconds")
      const answer = yield* Fiber.await(asked)
      assert.isTrue(Exit.isFailure(answer))
      life.isDown = false
      yield* pass("3 seconds")
      assert.lengthOf(life.diary.of("StoreBack"), 1)
      assert.deepStrictEqual(ran, ["0", "30", "40", "50"])
      yield* end(life)
    }))

  it.effect("takes a store that hangs for one that is gone", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const ran: Array<string> = []
      // the first commit makes the schedule
      const life = yield* live(store, everyTen(ran), { faults: [[2, "hang"]] })
      yield* pass("6 seconds")
      assert.lengthOf(life.diary.of("StoreGone", "StoreBack"), 2)
      assert.deepStrictEqual(ran, ["0"])
      yield* end(life)
    }))

  it.effect("starts a run once whose tick was written, though the answer was lost", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const ran: Array<string> = []
      const life = yield* live(store, everyTen(ran), { faults: [[2, "lose"], [3, "lose"], [4, "lose"], [5, "lose"]] })
      yield* pass("25 seconds")
      assert.deepStrictEqual(ran, ["0", "10", "20"])
      assert.lengthOf(life.diary.decisions(), 3)
      assert.deepStrictEqual((yield* store.look(["f"]))[0]!.open, [])
      yield* end(life)
    }))

  it.effect("tells of a run that another one has left behind, and does not start it again", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      let started = 0
      const define = (life: Life) => [
        Scheduler.flow("f", {
          run: Effect.andThen(life.act(() => void started++), Effect.never),
          when: { fixedRate: "10 seconds", from: "epoch" }
        })
      ]
      const ada = yield* live(store, define)
      yield* pass("1 second")
      yield* kill(ada)
      const bob = yield* live(store, define)
      // it counts as running until the lease has run out
      yield* pass("9 seconds")
      assert.deepStrictEqual(bob.diary.decisions(), ["10000 Overlap 10000"])
      yield* pass("10 seconds")
      assert.deepStrictEqual(bob.diary.of("Abandoned"), ["10000 Abandoned"])
      assert.strictEqual(started, 2)
      const [lost] = yield* store.history("f", 9)
      assert.deepStrictEqual([lost!.runId, lost!.ended?.outcome], ["f@1970-01-01T00:00:00.000Z", "lost"])
      yield* end(bob)
    }))

  it.effect("keeps failures in a row: what has tripped stays so after a restart, until a reset", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      let runs = 0
      const define = (life: Life) => [
        Scheduler.flow("f", {
          run: Effect.andThen(life.act(() => void runs++), Effect.fail("no")),
          when: { fixedRate: "10 seconds", from: "epoch" },
          onFailure: { trip: 3 }
        })
      ]
      const ada = yield* live(store, define)
      yield* pass("15 seconds")
      yield* kill(ada)
      const bob = yield* live(store, define)
      yield* pass("20 seconds")
      assert.strictEqual(runs, 3)
      const cyd = yield* live(store, define)
      yield* pass("20 seconds")
      assert.strictEqual(runs, 3)
      assert.include(cyd.diary.decisions().join(), "Tripped")
      yield* bob.scheduler.reset("f")
      yield* pass("10 seconds")
      assert.strictEqual(runs, 4)
      yield* end(bob)
      yield* end(cyd)
    }))

  it.effect("starts one run for all triggers of one id", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      let runs = 0
      const flow = Scheduler.flow("f", { run: Effect.sync(() => ++runs), when: "manual" })
      const ada = yield* live(store, () => [flow])
      const bob = yield* live(store, () => [flow])
      const exits = yield* Effect.all([
        ada.scheduler.trigger(flow, { id: "r1" }),
        ada.scheduler.trigger(flow, { id: "r1" })
      ], { concurrency: 2 })
      assert.deepStrictEqual(exits, [Exit.succeed(1), Exit.succeed(1)])
      assert.deepStrictEqual(yield* ada.scheduler.trigger(flow, { id: "r1" }), Exit.succeed(1))
      const elsewhere = yield* Effect.flip(bob.scheduler.trigger(flow, { id: "r1" }))
      assert.strictEqual(elsewhere.reason, "Triggered")
      assert.deepStrictEqual(yield* bob.scheduler.trigger(flow, { id: "r2" }), Exit.succeed(2))
      assert.deepStrictEqual((yield* store.history("f", 9)).map(({ runId }) => runId), ["f!r1", "f!r2"])
      yield* end(ada)
      yield* end(bob)
    }))

  it.effect("waits a delay after the last run, whoever had it", () =>
    Effect.gen(function*() {
      const store = yield* Schedules.makeMemory
      const ran: Array<number> = []
      const define = (life: Life) => [
        Scheduler.flow("f", {
          run: Effect.andThen(
            Effect.sleep("2 seconds"),
            Effect.flatMap(Effect.clockWith((clock) => clock.currentTimeMillis), (now) =>
              life.act(() => void ran.push(now)))
          ),
          when: { fixedDelay: "10 seconds" }
        })
      ]
      const ada = yield* live(store, define)
      const bob = yield* live(store, define)
      for (let i = 0; i < 40; i++) {
        yield* pass("1 second")
      }
      const gaps = ran.map((at, i) =>
        at - (ran[i - 1] ?? -10_000)
      )
      assert.isTrue(ran.length >= 3 && gaps.every((gap) => gap >= 12_000 && gap <= 14_000), JSON.stringify(ran))
      yield* end(ada)
      const last = ran.at(-1)!
      yield* end(bob)
      const cyd = yield* live(store, define)
      yield* pass("30 seconds")
      assert.isTrue(ran.find((at) => at > last)! - last >= 12_000, JSON.stringify(ran))
      yield* end(cyd)
    }))
})
