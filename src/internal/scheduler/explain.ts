/**
 * What a flow will do, worked out of its definition, without a scheduler and without running anything. It lives as long as the
 * question.
 */
import * as Cron from "effect/Cron"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { ConfigurationError, type Issue } from "../../CanoError.ts"
import type * as Scheduler from "../../Scheduler.ts"
import { aCount, isCount } from "../check/counts.ts"
import { misfit, show } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import { planned } from "./backlog.ts"
import { type Pattern, Patterns } from "./cron.ts"
import { type Definition, parse } from "./definition.ts"
import * as instants from "./instants.ts"
import { runIdOf } from "./names.ts"

export const explain = (
  flow: Scheduler.AnyFlow,
  from: number | DateTime.DateTime,
  to: number | DateTime.DateTime,
  options: { readonly most?: number | undefined; readonly takes?: Duration.Input | undefined } = {}
): Effect.Effect<Scheduler.Explanation, ConfigurationError> =>
  Effect.suspend(() => {
    const issues: Array<Issue> = []
    const add = (message: string) => issues.push({ state: undefined, rule: "scheduler", subject: "scheduler", message })
    if (!Predicate.isObject(options)) add(misfit("options", options, "an object"))
    const { most = 1000, takes, ...rest } = Predicate.isObject(options) ? options : {}
    for (const option of Object.keys(rest)) add(`explain has no option ${show(option)}; there are most and takes`)
    const [start, end] = [instants.read(from), instants.read(to)]
    if (start === undefined) add(misfit("from", from, instants.expected))
    if (end === undefined) add(misfit("to", to, instants.expected))
    if (start !== undefined && end !== undefined && start > end) {
      add(`from is ${start} and to is ${end}; the first must not be later than the second`)
    }
    if (!isCount(most)) add(misfit("most", most, aCount))
    const wrong = takes === undefined ? undefined : durations.wrong(takes, "takes")
    if (wrong !== undefined) add(wrong)
    const parsed = parse(flow, start ?? 0, new Patterns())
    if (Result.isFailure(parsed) || start === undefined || end === undefined || issues.length > 0) {
      if (Result.isFailure(parsed)) issues.unshift(...parsed.failure)
      return Exit.fail(new ConfigurationError({ workflow: undefined, issues }))
    }
    const length = takes === undefined ? undefined : Duration.toMillis(Duration.fromInputUnsafe(takes))
    return Exit.succeed(explained(parsed.success, start, end, most, length))
  })

const explained = (
  definition: Definition,
  from: number,
  to: number,
  most: number,
  takes: number | undefined
): Scheduler.Explanation => {
  const { flow: { id, options }, jitter, rhythm } = definition
  const sentence = sentenceOf(definition, options as Scheduler.FlowOptions<unknown, unknown, unknown>)
  if (rhythm._tag !== "Ahead") return { flow: id, sentence, ticks: [], more: false }
  const ticks = rhythm.ticks(from)
  const list: Array<Scheduler.Planned> = []
  const { pattern } = rhythm
  const offsetAt = offsets(pattern?.zone ?? DateTime.zoneMakeOffset(0))
  const follow = simulation(definition, takes)
  let due = ticks.after(from - 1)
  for (; due !== undefined && due < to && list.length < most; due = ticks.after(due)) {
    const start = planned(id, due, jitter, ticks)
    list.push({
      due,
      start,
      runId: runIdOf(id, due),
      local: localAt(due, offsetAt(due)),
      dst: pattern === undefined ? undefined : passOf(due, offsetAt, pattern),
      outcome: follow(start)
    })
  }
  return { flow: id, sentence, ticks: list, more: due !== undefined && due < to }
}

/** The offset of a zone at an instant. Clocks change on the quarter of an hour, for which it is remembered. */
const offsets = (zone: DateTime.TimeZone) => {
  const known = new Map<number, number>()
  return (at: number): number => {
    const quarter = Math.floor(at / 900_000)
    let offset = known.get(quarter)
    if (offset === undefined) {
      offset = DateTime.zonedOffset(DateTime.makeZonedUnsafe(at, { timeZone: zone }))
      known.set(quarter, offset)
    }
    return offset
  }
}

/** Whether a tick was moved out of a gap, or the wall clock will show its time once more, or has shown it. */
const passOf = (at: number, offsetAt: (at: number) => number, pattern: Pattern): Scheduler.Planned["dst"] => {
  const here = offsetAt(at)
  const before = offsetAt(at - mostChange)
  const after = offsetAt(at + mostChange)
  if (after < here && offsetAt(at + here - after) === after) return "first pass"
  if (before > here && offsetAt(at - (before - here)) === before) return "second pass"
  return before < here && !Cron.match(pattern.cron, at) ? "gap" : undefined
}

const localAt = (at: number, offset: number): string => {
  const minutes = Math.abs(offset) / 60_000
  const digits = (n: number) => String(Math.floor(n)).padStart(2, "0")
  const sign = offset < 0 ? "-" : "+"
  return new Date(at + offset).toISOString().replace(
    /(\.000)?Z$/,
    `${sign}${digits(minutes / 60)}:${digits(minutes % 60)}`
  )
}

/** The longest change of a clock that is looked for. */
const mostChange = 3 * 60 * 60 * 1000

/** What overlap makes of starts, one after another, if each run takes so long. */
const simulation = ({ overlap }: Definition, takes: number | undefined) => {
  let ends: Array<number> = []
  let waiting: Array<number> = []
  return (start: number): Scheduler.Planned["outcome"] => {
    if (takes === undefined) return undefined
    ends = ends.filter((end) => end > start)
    waiting = waiting.filter((begin) => begin > start)
    if (ends.length < overlap.atOnce) {
      ends.push(start + takes)
      return "Fired"
    }
    if (overlap.replace) {
      ends = [start + takes]
      return "Fired"
    }
    if (overlap.waiting === 0) return "Overlap"
    if (waiting.length >= overlap.waiting) return "QueueFull"
    const begin = Math.max(...ends)
    waiting.push(begin)
    ends.push(begin + takes)
    return "Late"
  }
}

const sentenceOf = (
  { flow, jitter, missed, rhythm }: Definition,
  { overlap = "skip", when }: Scheduler.FlowOptions<unknown, unknown, unknown>
): string => {
  const after = jitter === 0 ? "" : `, up to ${Duration.format(Duration.millis(jitter))} later`
  const lost = missed.catchUp === 0
    ? "missed ticks are skipped"
    : `of missed ticks the newest ${missed.catchUp}${
      missed.within === Infinity ? "" : ` of the last ${Duration.format(Duration.millis(missed.within))}`
    } are run`
  const during = typeof overlap === "string"
    ? overlap === "skip" ? "a tick during a run is skipped" : "a tick during a run replaces it"
    : "queue" in overlap
    ? `up to ${overlap.queue} wait for a run`
    : `up to ${overlap.allow} run at once`
  if (rhythm._tag === "Manual") return `${flow.id} fires when it is triggered; ${during}`
  if (rhythm._tag === "Schedule") return `${flow.id} fires at once, and then as its Schedule says; ${during}`
  if (rhythm._tag === "Delay") {
    const delay = Duration.format(Duration.millis(rhythm.millis))
    // its ticks meet only runs that somebody has triggered
    return `${flow.id} fires at once, and then ${delay} after each run${after}; ${during}`
  }
  if (rhythm.pattern === undefined) {
    const rate = (when as Scheduler.FixedRate).fixedRate
    return `${flow.id} fires every ${Duration.format(Duration.fromInputUnsafe(rate))}${after}; ${during}; ${lost}`
  }
  const { cron } = when as Scheduler.CronTimes
  const text = typeof cron === "string" ? cron : Cron.format(cron, { includeSeconds: true })
  return `${flow.id} fires at "${text}" in ${DateTime.zoneToString(rhythm.pattern.zone)}${after}; ${during}; ${lost}`
}
