import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import { TestClock } from "effect/testing"

const day = 86_400_000

describe("a large scheduler", () => {
  it.effect("1,000 flows over a simulated day fire as often as their crons say, each instant once", () =>
    Effect.scoped(Effect.gen(function*() {
      // the day on which clocks go back in Berlin: 25 hours
      const start = Date.UTC(2026, 9, 24, 22)
      yield* TestClock.setTime(start)
      const crons = ["0 * * * *", "*/30 * * * *", "30 2 * * *", "15 */6 * * *", "0 0 12 * * *"]
      const timeZone = "Europe/Berlin"
      const seen = new Map<string, number>()
      let decided = 0
      const flows = Array.from({ length: 1000 }, (_, i) =>
        Scheduler.flow(`flow ${i}`, {
          run: ({ runId }) => Effect.sync(() => void seen.set(runId, (seen.get(runId) ?? 0) + 1)),
          when: { cron: crons[i % crons.length]!, timeZone, jitter: "20 seconds" }
        }))
      const scheduler = yield* Scheduler.make(flows, {
        listeners: [({ _tag }) => void (_tag === "Fired" || _tag === "Late" || _tag === "Skipped" ? decided++ : 0)]
      })
      yield* TestClock.adjust(25 * 3_600_000 - 1)
      const runs = (yield* scheduler.list).map(({ runs }) => runs)
      assert.deepStrictEqual(runs.slice(0, 5), [25, 50, 1, 4, 1])
      runs.forEach((count, i) => assert.strictEqual(count, runs[i % crons.length]))
      const total = runs.reduce((sum, count) => sum + count, 0)
      assert.deepStrictEqual([seen.size, decided], [total, total])
      assert.isTrue([...seen.values()].every((count) => count === 1))
    })))

  it.effect("a fixed rate does not drift over 1,000,000 ticks", () =>
    Effect.scoped(Effect.gen(function*() {
      const ticks = 1_000_000
      const interval = 7
      let [runs, wrong, last] = [0, 0, 0]
      const run = ({ due }: Scheduler.Fire) =>
        Effect.sync(() => {
          if (due !== interval * runs) wrong++
          runs++
          last = due
        })
      const f = Scheduler.flow("f", { run, when: { fixedRate: interval }, history: 1 })
      const scheduler = yield* Scheduler.make([f], { drain: 0, grace: 0 })
      // in steps, each of which the run of the last tick ends
      for (let at = 0; at < 100; at++) yield* TestClock.adjust(ticks / 100 * interval)
      const [info] = yield* scheduler.list
      assert.deepStrictEqual([wrong, info!.late, info!.skipped], [0, 0, 0])
      assert.isAtLeast(runs, ticks)
      assert.strictEqual(last, (runs - 1) * interval)
      assert.isAtMost(last, ticks * interval + day)
    })), 480_000)
})
