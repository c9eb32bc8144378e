/**
 * The chart of a definition: what a picture shows of it, as texts. It is made once for each call and held by nobody.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { Path } from "../../CanoError.ts"
import type { Chart, Options, Split, State, Way, Work } from "../../chart.ts"
import type * as Definition from "../../Definition.ts"
import { namesOf } from "./trail.ts"

export const make = ({ name, states }: Definition.Definition, { each, initial, seen }: Options): Chart => {
  // what is registered twice is a broken rule, and one state
  const shown = new Map<string, State>()
  const ways = new Map<string, Way>()
  const add = (way: Way) => {
    const key = JSON.stringify([way.from, way.to ?? null, way.kind])
    if (!ways.has(key)) ways.set(key, way)
  }
  for (const state of states) {
    if (!shown.has(state.name)) shown.set(state.name, stateOf(state, each ?? {}))
    for (const way of state.ways) for (const each of waysOf(state, way)) add(each)
  }
  for (const path of seen ?? []) addSeen(path, shown, ways, add)
  const known = [...ways.values()]
  // a function is no riddle any more once a run has shown where it leads
  const solved = new Set(known.filter(({ source }) => source === "seen").map(({ from }) => from))
  const drawn = known.filter(({ from, source }) => source !== "unknown" || !solved.has(from))
  for (const { to } of drawn) if (to !== undefined && !shown.has(to)) shown.set(to, { kind: "missing", name: to })
  const first = states.find(({ kind }) => kind !== "exit") ?? states[0]
  return {
    name,
    initial: (initial ?? (first === undefined ? [] : [first.name])).filter((state) => shown.has(state)),
    states: [...shown.values()],
    ways: drawn
  }
}

/** The ways of paths between states of this workflow, where no way leads so far. */
const addSeen = (
  path: Path | ReadonlyArray<string>,
  states: ReadonlyMap<string, State>,
  ways: ReadonlyMap<string, Way>,
  add: (way: Way) => void
): void => {
  const taken = new Set([...ways.values()].map(({ from, to }) => JSON.stringify([from, to ?? null])))
  for (const steps of namesOf(path)) {
    steps.forEach((to, i) => {
      const from = steps[i - 1]
      if (from === undefined || !states.has(from) || !states.has(to) || taken.has(JSON.stringify([from, to]))) return
      add({ from, to, kind: "next", source: "seen" })
    })
  }
}

const waysOf = (state: Definition.State, { by, source, to }: Definition.Way): ReadonlyArray<Way> => {
  const from = state.name
  const kind = by === "task" ? "next" : by
  const label = by === "otherwise" ? otherwise(state) : by === "branches" ? "branch" : undefined
  if (source !== "unknown") return to.map((to) => ({ from, to, kind, source, label }))
  // nearly every function makes plain branches, which lead nowhere
  return by === "branches" ? [] : [{ from, to: undefined, kind, source, label }]
}

/** Of a signal the deadline is what leads there. */
const otherwise = (state: Definition.State): string =>
  state.kind === "signal" && state.timeout !== undefined ? `after ${brief(state.timeout)}` : "otherwise"

const stateOf = (state: Definition.State, each: { readonly [state: string]: string }): State => {
  switch (state.kind) {
    case "exit":
      return { kind: "exit", name: state.name }
    case "split":
      return splitOf(state, Object.hasOwn(each, state.name) ? each[state.name] : undefined)
    case "signal": {
      const { key, name, signal, timeout, ways } = state
      const isOnWay = ways.some(({ by }) => by === "otherwise")
      return {
        kind: "wait",
        name,
        signals: [key === undefined ? signal : `${signal} (${key})`],
        timeout: timeout === undefined || isOnWay || !Duration.isFinite(timeout) ? undefined : brief(timeout)
      }
    }
    default:
      return {
        kind: "task",
        name: state.name,
        ...state.work === undefined ? {} : { work: workOf(state.work) },
        ...state.compensates === undefined ? {} : { undo: undoOf(state) },
        ...state.isPivot ? { isPivot: true } : {}
      }
  }
}

/** A compensation by its name; one that is written where it is given has none. */
const undoOf = ({ registered: { task } }: Definition.Task): string => {
  // a state that is compensated has one
  const { name } = (task as { readonly compensate: (...args: never) => unknown }).compensate
  return name === "" || name === "compensate" ? "undo" : name
}

const workOf = (work: Definition.Work): Work => {
  const kind = kinds[work._tag]
  const [first, ...bounds] = boundsOf(work)
  // a workflow keeps its name, by which it is found
  const what = work._tag === "Workflow" ? first : work.label ?? first
  return { kind, text: [what === undefined ? kind : `${kind} ${what}`, ...bounds].join(" · ") }
}

const kinds = { Poll: "poll", Timer: "timer", Stream: "stream", Retry: "retry", Workflow: "workflow" } as const

/** What it does, in a few words, and what bounds it. */
const boundsOf = (work: Definition.Work): readonly [string | undefined, ...ReadonlyArray<string>] => {
  const bound = (duration: Duration.Duration | undefined) => duration === undefined ? [] : [brief(duration)]
  switch (work._tag) {
    case "Poll":
      return [work.every && `every ${brief(work.every)}`, ...bound(work.within)]
    case "Timer":
      return [
        work.duration !== undefined
          ? brief(work.duration)
          : work.instant === undefined
          ? undefined
          : `until ${instantOf(work.instant)}`
      ]
    case "Stream":
      return [work.count === undefined ? undefined : `by ${work.count}`, ...bound(work.within)]
    case "Retry":
      return [undefined, ...bound(work.attemptTimeout).map((time) => `${time} each`)]
    case "Workflow":
      return [work.workflow, ...work.label === undefined ? [] : [work.label]]
  }
}

/** Without what says nothing: `2026-12-24T18:00Z`. */
const instantOf = (millis: number): string =>
  Option.match(DateTime.make(millis), {
    onNone: () => "?",
    onSome: (instant) => DateTime.formatIso(instant).replace(/(:00)?\.000Z$/, "Z")
  })

const splitOf = (state: Definition.Split, each: string | undefined): Split => {
  const { branches, bulkhead, compensates, isHedged, isPivot, losers, maxBranches, name, strategy, timeout, ways } =
    state
  const names = branches.kind === "static" ? branches.names : undefined
  const rule = [names === undefined ? strategy : `${strategy} of ${names.length}`]
  if (timeout !== undefined && Duration.isFinite(timeout)) rule.push(brief(timeout))
  const options: Array<string> = []
  if (typeof bulkhead === "number") options.push(`${bulkhead} at once`)
  else if (bulkhead !== undefined) options.push(`in ${bulkhead}`)
  if (maxBranches !== undefined) options.push(`at most ${maxBranches}`)
  if (isHedged) options.push("hedged")
  if (typeof losers !== "string") options.push(`grace ${brief(losers.grace)}`)
  else if (losers !== "interrupt") options.push(losers)
  if (compensates === "all") options.push("↺ each")
  else if (compensates.length > 0) options.push(`↺ ${compensates.join(", ")}`)
  if (isPivot) options.push("pivot")
  const follows = ways.some(({ by, source }) => by === "branches" && source !== "unknown")
  return {
    kind: "split",
    name,
    branches: names,
    each: each !== undefined
      ? `each ${each}`
      : follows
      ? "follow-on states"
      : branches.kind === "dynamic" && branches.from === "growing"
      ? "growing list"
      : branches.kind === "dynamic" && branches.from === "iterable"
      ? "each of a list"
      : "each branch",
    rule: rule.join(" · "),
    options
  }
}

const units = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"], [1000, "s"]] as const

/** The largest unit of which it is a whole number, seconds with decimals, or milliseconds. */
export const brief = (duration: Duration.Duration): string => {
  const millis = Duration.toMillis(duration)
  if (!Number.isFinite(millis)) return "∞"
  const unit = units.find(([size]) => millis > 0 && millis % size === 0)
  if (unit !== undefined) return `${millis / unit[0]} ${unit[1]}`
  return millis > 1000 ? `${Math.round(millis) / 1000} s` : `${millis} ms`
}
