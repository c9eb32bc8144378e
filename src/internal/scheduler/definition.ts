/**
 * What a flow is, once it has been looked at: every option in one form, or all that is wrong with it. It lives as long as a
 * scheduler has the flow.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type { FlowRule, Issue } from "../../CanoError.ts"
import type * as Scheduler from "../../Scheduler.ts"
import { aCount, aWhole, isCount, isWhole } from "../check/counts.ts"
import { clip, misfit, show } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as flags from "../check/flags.ts"
import type { Pattern, Patterns } from "./cron.ts"
import { FlowValue } from "./flow.ts"
import * as instants from "./instants.ts"
import type { Ticks } from "./ticks.ts"
import * as ticks from "./ticks.ts"

export interface Definition {
  readonly flow: FlowValue
  readonly rhythm: Rhythm
  readonly jitter: number
  readonly missed: { readonly catchUp: number; readonly within: number }
  readonly after: number | undefined
  readonly overlap: { readonly atOnce: number; readonly waiting: number; readonly replace: boolean }
  readonly backoff: AnySchedule | undefined
  readonly trip: number
  readonly counts: ((cause: never) => boolean) | undefined
  readonly overlong: number | undefined
  readonly history: number
}

export type Rhythm =
  /** Known ahead; an anchor that is left out is the instant at which the flow is added. */
  | {
    readonly _tag: "Ahead"
    readonly ticks: (start: number) => Ticks
    readonly pattern: Pattern | undefined
    /** Whether they are the same whenever the flow is added. */
    readonly isFixed: boolean
  }
  /** Known when the run before has ended. */
  | { readonly _tag: "Delay"; readonly millis: number }
  | { readonly _tag: "Schedule"; readonly schedule: AnySchedule }
  | { readonly _tag: "Manual" }

export type AnySchedule = Schedule.Schedule<unknown, unknown, unknown, unknown>

/** Looks at a flow that begins at an instant. */
export const parse = (
  flow: unknown,
  now: number,
  patterns: Patterns
): Result.Result<Definition, ReadonlyArray<Issue>> => {
  if (!(flow instanceof FlowValue)) {
    const message = misfit("a flow", flow, "made by Scheduler.flow")
    return Result.fail([{ state: undefined, rule: "flow", subject: "scheduler", message }])
  }
  const { id } = flow
  const issues: Array<Issue> = []
  const name = Predicate.isString(id) ? `flow "${clip(id)}"` as const : `flow "${show(id)}"` as const
  const add = (rule: FlowRule, sentence: string) => {
    issues.push({ state: undefined, rule, subject: name, message: `${name}: ${sentence}` })
  }
  if (!Predicate.isString(id) || id === "") add("flow-id", `its id is ${show(id)}; it must be a text that is not empty`)
  const options: { readonly [option: string]: unknown } = Predicate.isObject(flow.options) ? { ...flow.options } : {}
  for (const sentence of flags.unknown(options, known)) add("flow", sentence)
  if (flow.layer !== undefined && !Layer.isLayer(flow.layer)) {
    add("flow", misfit("what it is provided with", flow.layer, "a Layer"))
  }
  if (!Effect.isEffect(options["run"]) && !Predicate.isFunction(options["run"])) {
    add("flow", misfit("run", options["run"], "an Effect, or a function of the Fire to one"))
  }
  /** Whole milliseconds, or nothing. */
  const millis = (input: unknown, what: string, rule: FlowRule, least: number): number | undefined => {
    if (input === undefined) return undefined
    const wrong = durations.wrong(input, what)
    if (wrong !== undefined) return void add(rule, wrong)
    const length = Duration.toMillis(Duration.fromInputUnsafe(input as Duration.Input))
    if (Number.isSafeInteger(length) && length >= least) return length
    return void add(rule, misfit(what, input, `whole milliseconds, at least ${least}`))
  }
  const when = readWhen(options["when"], now, patterns, add, millis)
  const overlong = millis(options["overlong"], "overlong", "flow-overlong", 1)
  const { history = 100 } = options
  if (!isWhole(history)) add("flow-history", misfit("history", history, aWhole))
  const overlap = readOverlap(options["overlap"], add)
  const onFailure = readFailure(options["onFailure"], add)
  return issues.length > 0
    ? Result.fail(issues)
    : Result.succeed({ flow, ...when, overlap, ...onFailure, overlong, history: history as number })
}

const known: ReadonlyArray<keyof Scheduler.FlowOptions<unknown, unknown, unknown>> = [
  "run",
  "when",
  "overlap",
  "onFailure",
  "overlong",
  "history"
]

type Add = (rule: FlowRule, sentence: string) => void
type Millis = (input: unknown, what: string, rule: FlowRule, least: number) => number | undefined

const kinds = ["fixedRate", "fixedDelay", "cron", "schedule"] as const

const ofKind: { readonly [K in typeof kinds[number]]: ReadonlyArray<string> } = {
  fixedRate: ["from", "jitter", "missed", "after"],
  fixedDelay: ["jitter"],
  cron: ["timeZone", "dst", "jitter", "missed", "after"],
  schedule: []
}

type When = Pick<Definition, "rhythm" | "jitter" | "missed" | "after">

/** For a flow that is manual, or whose `when` is wrong. */
const manual: When = {
  rhythm: { _tag: "Manual" },
  jitter: 0,
  missed: { catchUp: 0, within: Infinity },
  after: undefined
}

const readWhen = (when: unknown, now: number, patterns: Patterns, add: Add, millis: Millis): When => {
  if (when === "manual") return manual
  const given = Predicate.isObject(when) ? kinds.filter((kind) => Predicate.hasProperty(when, kind)) : []
  const [kind] = given
  if (kind === undefined || given.length > 1) {
    add("flow-when", misfit("when", when, `"manual", or an object with one of ${kinds.join(", ")}`))
    return manual
  }
  const options = when as { readonly [option: string]: unknown }
  for (const option of Object.keys(options)) {
    if (option === kind || ofKind[kind].includes(option)) continue
    const others = ofKind[kind].length === 0 ? "nothing" : ofKind[kind].join(", ")
    add("flow-when", `a flow with ${kind} has no ${show(option)}; beside it there may be ${others}`)
  }
  const jitter = millis(options["jitter"], "jitter", "flow-jitter", 0) ?? 0
  const rest = { jitter, missed: readMissed(options["missed"], add, millis), after: readAfter(options["after"], add) }
  if (kind === "schedule") {
    const { schedule } = options
    if (Schedule.isSchedule(schedule)) {
      return { ...manual, rhythm: { _tag: "Schedule", schedule: schedule as AnySchedule } }
    }
    add("flow-when", misfit("schedule", schedule, "a Schedule"))
    return manual
  }
  if (kind === "cron") {
    const parsed = patterns.parse(options as never)
    const { dst } = options
    if (dst !== undefined && dst !== "earlier" && dst !== "later" && dst !== "both") {
      add("flow-cron", misfit("dst", dst, `"earlier", "later" or "both"`))
    } else if (Result.isFailure(parsed)) add(parsed.failure.rule, parsed.failure.sentence)
    else if (parsed.success.after(now) === undefined) {
      add("flow-cron", `its cron ${show(options["cron"])} names no day that there is, so it would never fire`)
    } else {
      const known = ticks.ofPattern(parsed.success)
      return { ...rest, rhythm: { _tag: "Ahead", ticks: () => known, pattern: parsed.success, isFixed: true } }
    }
    return manual
  }
  const interval = millis(options[kind] ?? null, kind, "flow-interval", 1)
  if (interval === undefined) return manual
  if (kind === "fixedDelay") return { ...manual, jitter, rhythm: { _tag: "Delay", millis: interval } }
  if (jitter >= interval) {
    add("flow-jitter", `jitter is ${jitter} ms; it must be less than the interval, ${interval} ms`)
  }
  const from = readFrom(options["from"], add)
  return {
    ...rest,
    // the ticks of a former start are those that its last one is among
    rhythm: {
      _tag: "Ahead",
      ticks: (start) => ticks.grid(interval, from ?? rest.after ?? start),
      pattern: undefined,
      isFixed: from !== undefined
    }
  }
}

/** The instant that a fixed rate counts from, where it is not the start. */
const readFrom = (from: unknown, add: Add): number | undefined => {
  if (from === undefined || from === "start") return undefined
  if (from === "epoch") return 0
  if (DateTime.isDateTime(from)) return DateTime.toEpochMillis(from)
  return void add("flow-when", misfit("from", from, `"start", "epoch" or a DateTime`))
}

const readAfter = (after: unknown, add: Add): number | undefined => {
  if (after === undefined) return undefined
  const instant = instants.read(after)
  return instant ?? void add("flow-missed", misfit("after", after, instants.expected))
}

const readMissed = (missed: unknown, add: Add, millis: Millis): Definition["missed"] => {
  if (missed === undefined || missed === "skip") return manual.missed
  if (!Predicate.isObject(missed) || !isCount(Reflect.get(missed, "catchUp"))) {
    add("flow-missed", misfit("missed", missed, `"skip" or { catchUp }, ${aCount}`))
    return manual.missed
  }
  const { catchUp, within, ...rest } = { ...missed } as { readonly catchUp: number; readonly within?: unknown }
  for (const option of Object.keys(rest)) {
    add("flow-missed", `missed has no ${show(option)}; there are catchUp and within`)
  }
  if (catchUp > mostCaughtUp) add("flow-missed", misfit("catchUp", catchUp, `at most ${mostCaughtUp}`))
  return { catchUp, within: millis(within, "within", "flow-missed", 0) ?? Infinity }
}

/** Ticks that are told of one by one when many were missed, and may be caught up. */
export const mostCaughtUp = 1000

const readOverlap = (overlap: unknown, add: Add): Definition["overlap"] => {
  const one = { atOnce: 1, waiting: 0, replace: false }
  if (overlap === undefined || overlap === "skip") return one
  if (overlap === "replace") return { ...one, replace: true }
  const { allow, queue, ...rest } = (Predicate.isObject(overlap) ? { ...overlap } : {}) as {
    readonly [option: string]: unknown
  }
  if (Object.keys(rest).length === 0) {
    if (isCount(allow) && queue === undefined) return { ...one, atOnce: allow }
    if (isCount(queue) && allow === undefined) return { ...one, waiting: queue }
  }
  add("flow-overlap", misfit("overlap", overlap, `"skip", "replace", { queue } or { allow }, ${aCount}`))
  return one
}

const readFailure = (onFailure: unknown, add: Add): Pick<Definition, "backoff" | "trip" | "counts"> => {
  if (onFailure !== undefined && !Predicate.isObject(onFailure)) {
    add("flow-failure", misfit("onFailure", onFailure, "an object with backoff, trip, or both"))
  }
  const { backoff, counts, trip, ...rest } = (Predicate.isObject(onFailure) ? { ...onFailure } : {}) as {
    readonly [option: string]: unknown
  }
  for (const option of Object.keys(rest)) {
    add("flow-failure", `onFailure has no ${show(option)}; there are backoff, trip and counts`)
  }
  if (backoff !== undefined && !Schedule.isSchedule(backoff)) {
    add("flow-failure", misfit("backoff", backoff, "a Schedule"))
  }
  if (trip !== undefined && !isCount(trip)) add("flow-failure", misfit("trip", trip, aCount))
  if (counts !== undefined && !Predicate.isFunction(counts)) {
    add("flow-failure", misfit("counts", counts, "a function of the cause"))
  }
  return { backoff: backoff as never, trip: (trip as number | undefined) ?? Infinity, counts: counts as never }
}
