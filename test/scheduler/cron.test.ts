import { assert, describe, it } from "@effect/vitest"
import { Cron, DateTime, Effect, Option } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import { instants, transitions } from "../kit/index.ts"

const flow = (cron: string | Cron.Cron, timeZone?: string, dst?: Cron.DstOverlapPolicy) =>
  Scheduler.flow("f", { run: Effect.void, when: { cron, timeZone, dst } })

const explained = (cron: string | Cron.Cron, timeZone: string | undefined, from: number, to: number) =>
  Effect.map(Scheduler.explain(flow(cron, timeZone), from, to, { most: 1_000_000 }), ({ ticks }) => ticks)

const dues = (cron: string | Cron.Cron, timeZone: string | undefined, from: number, to: number) =>
  Effect.map(explained(cron, timeZone, from, to), (ticks) => ticks.map(({ due }) => due))

const hour = 3_600_000
const day = 24 * hour

const zones = [
  "Europe/Berlin",
  "America/New_York",
  "America/Santiago",
  "Australia/Lord_Howe",
  "Africa/Casablanca",
  "Asia/Beirut",
  "America/Havana",
  "Pacific/Auckland",
  "Atlantic/Azores",
  "America/St_Johns"
]

/** Each with whether its hour goes on through a repeated hour. */
const patterns: ReadonlyArray<readonly [pattern: string, goesOn: boolean]> = [
  ["* * * * *", true],
  ["*/15 * * * *", true],
  ["*/30 * * * *", true],
  ["0 * * * *", true],
  ["30 * * * *", true],
  ["0 */2 * * *", true],
  ["15 1-23/2 * * *", true],
  ["0 */6 * * *", true],
  ["30 */10 * * * *", true],
  ["0 */5 * * sun", true],
  ["0 0 * * *", false],
  ["30 1 * * *", false],
  ["30 2 * * *", false],
  ["0 2,3 * * *", false],
  ["*/15 2 * * *", false],
  ["0 0 30 2 * * sun", false],
  ["15,45 0-4 * * *", false],
  ["59 23 * * *", false],
  ["0 3 1-10,25-31 * *", false],
  ["30 0 2 * * sat,sun", false]
].map(([pattern, goesOn]) => [String(pattern).split(" ").slice(-6).join(" "), goesOn === true] as const)

describe("cron", () => {
  for (const zone of zones) {
    it.effect(`20 patterns around every transition of a year in ${zone} are those of the wall clock`, () =>
      Effect.gen(function*() {
        const changes = transitions(zone, Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1))
        assert.isAtLeast(changes.length, 2)
        for (const change of changes) {
          const [from, to] = [change.at - 20 * hour, change.at + 20 * hour]
          for (const [pattern, goesOn] of patterns) {
            const actual = yield* dues(pattern, zone, from, to)
            const expected = instants(pattern, change, goesOn, from, to)
            const iso = (list: ReadonlyArray<number>) => list.map((due) => new Date(due).toISOString())
            assert.deepStrictEqual(iso(actual), iso(expected), `${pattern} in ${zone}`)
          }
        }
      }))
  }

  it.effect("instants increase strictly over a year, also from within the repeated hour", () =>
    Effect.gen(function*() {
      for (const zone of zones) {
        for (const pattern of ["0 */4 * * *", "0 0 * * *"]) {
          const list = yield* dues(pattern, zone, Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1))
          for (let i = 1; i < list.length; i++) assert.isAbove(list[i]!, list[i - 1]!)
        }
        for (const change of transitions(zone, Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1))) {
          for (let at = change.at - 2 * hour; at < change.at + 2 * hour; at += 17 * 60_000 + 1) {
            const [next] = yield* dues("*/15 * * * *", zone, at, at + 2 * hour)
            assert.isAtLeast(next!, at)
            assert.isAtMost(next! - at, 15 * 60_000)
          }
        }
      }
    }))

  it.effect("an hour that is a wildcard keeps its elapsed spacing through gap and repeated hour", () =>
    Effect.gen(function*() {
      for (const zone of zones) {
        // of a clock that is moved by half an hour full hours are an hour and a half apart
        const whole = zone !== "Australia/Lord_Howe"
        for (
          const [pattern, spacing] of [["*/15 * * * *", 15], ["0 * * * *", whole ? 60 : 90], ["* * * * *", 1]] as const
        ) {
          for (const { at } of transitions(zone, Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1))) {
            const list = yield* dues(pattern, zone, at - 5 * hour, at + 5 * hour)
            for (let i = 1; i < list.length; i++) {
              assert.isAtMost(list[i]! - list[i - 1]!, spacing * 60_000, `${pattern} in ${zone}`)
            }
          }
        }
      }
    }))

  it.effect("a fixed hour fires exactly once for each local day", () =>
    Effect.gen(function*() {
      for (const zone of zones) {
        for (const pattern of ["30 2 * * *", "0 0 * * *", "15 1 * * *", "30 3 * * *"]) {
          const ticks = yield* explained(pattern, zone, Date.UTC(2026, 0, 2), Date.UTC(2026, 11, 31))
          const days = ticks.map(({ local }) => local.slice(0, 10))
          assert.strictEqual(new Set(days).size, days.length)
          const nights = Math.round((ticks.at(-1)!.due - ticks[0]!.due) / day)
          assert.strictEqual(days.length, nights + 1)
        }
      }
    }))

  it.effect("*/15 2 fires once in the gap, and dst says otherwise", () =>
    Effect.gen(function*() {
      const spring = yield* explained("*/15 2 * * *", "Europe/Berlin", Date.UTC(2026, 2, 29), Date.UTC(2026, 2, 29, 12))
      assert.deepStrictEqual(spring.map(({ dst, local }) => [local, dst]), [["2026-03-29T03:00:00+02:00", "gap"]])
      const autumn = [Date.UTC(2026, 9, 24, 12), Date.UTC(2026, 9, 25, 12)] as const
      const local = (dst: Cron.DstOverlapPolicy) =>
        Effect.map(
          Scheduler.explain(flow("30 2 * * *", "Europe/Berlin", dst), ...autumn),
          ({ ticks }) => ticks.map(({ dst, local }) => `${local} ${dst}`)
        )
      assert.deepStrictEqual(yield* local("earlier"), ["2026-10-25T02:30:00+02:00 first pass"])
      assert.deepStrictEqual(yield* local("later"), ["2026-10-25T02:30:00+01:00 second pass"])
      assert.deepStrictEqual(yield* local("both"), [
        "2026-10-25T02:30:00+02:00 first pass",
        "2026-10-25T02:30:00+01:00 second pass"
      ])
    }))

  it.effect("without a zone it is UTC; a Cron value keeps its own zone and rule", () =>
    Effect.gen(function*() {
      const [from, to] = [Date.UTC(2026, 9, 25), Date.UTC(2026, 9, 25, 3)]
      assert.deepStrictEqual(yield* dues("30 2 * * *", undefined, from, to), [Date.UTC(2026, 9, 25, 2, 30)])
      const zone = Option.getOrThrow(DateTime.zoneMakeNamed("Europe/Berlin"))
      assert.lengthOf(yield* dues(Cron.parseUnsafe("0 * * * *", zone), undefined, from, to), 3)
      assert.lengthOf(yield* dues(Cron.parseUnsafe("0 2 * * *", zone), undefined, from, to), 1)
      const both = Cron.parseUnsafe("0 2 * * *", zone, { onDstOverlap: "both" })
      assert.lengthOf(yield* dues(both, undefined, from, to), 2)
      assert.lengthOf(yield* dues(Cron.parseUnsafe("30 2 * * *"), undefined, from, to), 1)
    }))

  it.effect("a leap day is found, and the rarest of them", () =>
    Effect.gen(function*() {
      const [first] = yield* dues("0 0 29 2 *", undefined, Date.UTC(2026, 0, 1), Date.UTC(2030, 0, 1))
      assert.strictEqual(first, Date.UTC(2028, 1, 29))
    }))
})
