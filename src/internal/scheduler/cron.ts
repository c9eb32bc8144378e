/**
 * Patterns of cron with the rule for nights in which clocks change: a pattern whose hour is a wildcard or has a step fires in
 * both passes of a repeated hour, fixed hours once for each local day. Effect parses and searches; its default alone falls
 * silent in the repeated hour.
 *
 * A pattern lives as long as the scheduler that has read it, and is shared by all flows that have the same one: a search takes
 * a tenth of a millisecond or more, and they ask for the same instants.
 */
import * as Cron from "effect/Cron"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type * as Scheduler from "../../Scheduler.ts"
import { attempt, show } from "../check/describe.ts"

export class Pattern {
  readonly cron: Cron.Cron
  readonly zone: DateTime.TimeZone
  readonly #known = new Map<number, number | undefined>()
  constructor(cron: Cron.Cron, zone: DateTime.TimeZone) {
    this.cron = cron
    this.zone = zone
  }

  /** The first instant later than this one; nothing where there is none. */
  after(instant: number): number | undefined {
    if (this.#known.has(instant)) return this.#known.get(instant)
    if (this.#known.size >= mostKnown) this.#known.clear()
    // it throws where it finds none
    const next = attempt(() => Cron.next(this.cron, instant).getTime())
    this.#known.set(instant, next)
    return next
  }
}

/** What is wrong, by the rule that is broken. */
export type Fault = { readonly rule: "flow-cron" | "flow-time-zone"; readonly sentence: string }

export class Patterns {
  readonly #read = new Map<string, Pattern>()

  parse({ cron, dst, timeZone }: Scheduler.CronTimes): Result.Result<Pattern, Fault> {
    if (timeZone !== undefined && !Predicate.isString(timeZone)) return Result.fail(unknownZone(timeZone))
    const zone = zoneOf(timeZone)
    if (zone === undefined) return Result.fail(unknownZone(timeZone))
    if (Cron.isCron(cron)) return Result.succeed(ofValue(cron, zone, dst))
    if (!Predicate.isString(cron)) {
      return Result.fail(noPattern(`is ${show(cron)}; it must be a text or a Cron`))
    }
    const key = `${cron}|${timeZone ?? "UTC"}|${dst ?? ""}`
    const known = this.#read.get(key)
    if (known !== undefined) return Result.succeed(known)
    const parsed = Cron.parse(cron, zone, { onDstOverlap: dst ?? (goesOn(cron) ? "both" : "earlier") })
    if (Result.isFailure(parsed)) {
      return Result.fail(unread(cron, parsed.failure.message))
    }
    const pattern = new Pattern(parsed.success, zone)
    if (this.#read.size >= mostRead) this.#read.clear()
    this.#read.set(key, pattern)
    return Result.succeed(pattern)
  }
}

/** Instants of a pattern that are remembered, and patterns: they are found again if they are forgotten. */
const mostKnown = 64
const mostRead = 4096

const ofValue = (cron: Cron.Cron, given: DateTime.TimeZone, dst: Cron.DstOverlapPolicy | undefined): Pattern => {
  const zone = Option.getOrElse(cron.tz, () => given)
  const everyHour = cron.hours.size === 0 || cron.hours.size === 24
  const onDstOverlap = dst ?? (everyHour ? "both" : cron.onDstOverlap)
  return new Pattern(Cron.make({ ...cron, tz: zone, onDstOverlap }), zone)
}

const zoneOf = (name: string | undefined): DateTime.TimeZone | undefined =>
  Option.getOrUndefined(DateTime.zoneFromString(name ?? "UTC"))

/** Whether the hour of a pattern that can be read is a wildcard or has a step. */
const goesOn = (text: string): boolean => {
  const fields = text.trim().split(/\s+/)
  return /[*/]/.test(fields[fields.length - 4] ?? "")
}

/** A pattern that cannot be read: what of other crons stands in it, and what would be right here. */
const unread = (text: string, why: string): Fault => {
  const nickname = nicknames.get(text.trim().toLowerCase())
  if (nickname !== undefined) {
    return {
      rule: "flow-cron",
      sentence: `its cron ${show(text)} is a nickname, which is not known; write "${nickname}"`
    }
  }
  const foreign = text.trim().split(/[\s,]+/).find((part) => /^(l|lw|l-\d+|\d+[lw]|[a-z]{3}l|\w+#\d+|\?)$/i.test(part))
  if (foreign === undefined) return noPattern(`${show(text)} cannot be read (${why})`)
  const sentence =
    `its cron ${show(text)} has ${show(foreign)}, and L, W, # and ? are not known; write a range of days, ` +
    `for example "0 0 28-31 * *" for the last day of a month, and look in the run which day it is`
  return { rule: "flow-cron", sentence }
}

const nicknames: ReadonlyMap<string, string> = new Map([
  ["@hourly", "0 * * * *"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@weekly", "0 0 * * 0"],
  ["@monthly", "0 0 1 * *"],
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"]
])

const noPattern = (what: string): Fault => ({
  rule: "flow-cron",
  sentence: `its cron ${what}; write for example "*/15 * * * *" or, with seconds first, "0 30 2 * * mon-fri"`
})

const unknownZone = (name: unknown): Fault => ({
  rule: "flow-time-zone",
  sentence: `its time zone ${show(name)} is not known; write an IANA name, for example "Europe/Berlin"`
})
