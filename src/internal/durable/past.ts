/**
 * What the journal says of a run when it is taken: the rows of the visit that goes on, and those that are kept, by their
 * places. It is read once, and forgotten as the run goes past it.
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Claimed } from "../../journal.ts"
import type { Recorded } from "../split/recall.ts"
import * as place from "./place.ts"
import type { Fault } from "./rewritten.ts"
import * as rewriting from "./rewritten.ts"
import * as text from "./text.ts"

/** How something has settled, as it was written. */
export interface Settled {
  readonly n: number
  /** Of a branch: its place in the list, and its name as a segment of a key. */
  readonly index: number | undefined
  readonly segment: string
  readonly exit: unknown
}

/** A step that was started, which may be undone. */
export interface Started {
  readonly n: number
  readonly key: string
  /** How often. */
  readonly times: number
  readonly state: unknown
  readonly name: string
  readonly visit: number
  readonly branch: { readonly index: number; readonly name: string } | undefined
}

/** How a step was undone. */
export interface Undone {
  readonly n: number
  readonly how: "failed" | "timed out" | "left behind" | "not started" | undefined
  readonly cause: unknown
}

/** A visit of a follow-on branch, the last one. */
export interface Entered {
  readonly n: number
  readonly state: unknown
  readonly visit: number
  readonly at: number
}

export interface Past {
  /** The state of the visit that goes on, and when it began. */
  readonly state: unknown
  readonly at: number
  readonly entered: ReadonlyMap<string, Entered>
  /** Of branches, by their split, in the order in which they settled. */
  readonly outcomes: ReadonlyMap<string, ReadonlyArray<Settled & { readonly index: number }>>
  readonly settled: ReadonlyMap<string, Settled>
  readonly joins: ReadonlyMap<string, Recorded>
  readonly started: ReadonlyMap<string, Started>
  readonly undone: ReadonlyMap<string, Undone>
  /** Why the run goes back, if it does. */
  readonly why: { readonly n: number; readonly cause: unknown } | undefined
  /** Whether it ends though something could not be undone, and since when its time counts anew: by order of an operator. */
  readonly ends: boolean
  readonly reopenedAt: number | undefined
  /** The run, whose stem is empty, and the follow-on branches of which nothing is kept any more. */
  readonly forward: ReadonlySet<string>
}

const isCount = (u: unknown): u is number => Number.isSafeInteger(u) && (u as number) >= 0

const isRecorded = (json: unknown): json is Recorded =>
  Predicate.isObject(json) && (json["verdict"] === "proceed" || json["verdict"] === "fail") &&
  Predicate.isBoolean(json["timedOut"]) && isCount(json["started"]) && isCount(json["total"]) &&
  (json["reason"] === undefined || Predicate.isString(json["reason"])) &&
  Array.isArray(json["counted"]) && json["counted"].every(isCount)

export const read = ({ head, rows: written }: Pick<Claimed, "head" | "rows">): Result.Result<Past, Fault> => {
  const rewritten = rewriting.read(written)
  if (Result.isFailure(rewritten)) return Result.fail(rewritten.failure)
  const rows = rewritten.success
  const entered = new Map<string, Entered>()
  const outcomes = new Map<string, Array<Settled & { readonly index: number }>>()
  const settled = new Map<string, Settled>()
  const joins = new Map<string, Recorded>()
  const started = new Map<string, Started>()
  const undone = new Map<string, Undone>()
  let own: { readonly state: unknown; readonly at: number } | undefined
  let why: Past["why"]
  let ends = false
  let reopenedAt: number | undefined
  const forward = new Set<string>()
  for (const row of rows) {
    const { at, key, kind, n } = row
    if (kind === "owner") continue
    const parsed = text.parse(row.data)
    if (Result.isFailure(parsed)) return Result.fail({ row, why: parsed.failure })
    const json = parsed.success
    if (kind === "enter") {
      if (n === head.entered) own = { state: json, at }
      else entered.set(place.stemOf(key), { n, state: json, visit: place.numberOf(key), at })
      continue
    }
    if (!Predicate.isObject(json)) return Result.fail({ row, why: "it is no object" })
    switch (kind) {
      case "start": {
        const { branch, name, state, visit } = json as any
        const times = (started.get(key)?.times ?? 0) + 1
        started.set(key, { n, key, times, state, name, visit, branch })
        break
      }
      case "settle": {
        if (json["pivot"] === true) {
          const stem = place.stemOf(key)
          forward.add(stem)
          for (const before of started.keys()) if (before.startsWith(`${stem}/`)) started.delete(before)
          break
        }
        const index = json["i"]
        const segment = key.slice(key.lastIndexOf("/") + 1)
        const one = { n, index: Predicate.isNumber(index) ? index : undefined, segment, exit: json["x"] }
        if (!place.isVisit(key) && one.index === undefined) {
          return Result.fail({ row, why: "it does not say which branch has settled" })
        }
        settled.set(key, one)
        if (one.index !== undefined && n > head.entered) {
          const split = place.parent(key)
          const list = outcomes.get(split)
          if (list === undefined) outcomes.set(split, [{ ...one, index: one.index }])
          else list.push({ ...one, index: one.index })
        }
        break
      }
      case "join":
        if (!isRecorded(json)) return Result.fail({ row, why: "it is no decision of a join" })
        joins.set(key, json)
        break
      case "compensate":
        if (key === "") why ??= { n, cause: json["x"] }
        else undone.set(key, { n, how: json["how"] as Undone["how"], cause: json["x"] })
        break
      case "order":
        ends = json["ends"] === true
        // what could not be undone may be tried again
        if (json["forgets"] === true) {
          for (const [key, { how }] of undone) if (how !== undefined) undone.delete(key)
        }
        if (json["reopens"] === true) {
          why = undefined
          reopenedAt = at
        }
        if (json["closes"] === true) {
          started.clear()
          forward.clear()
        }
        break
      default:
    }
  }
  if (own === undefined) {
    return Result.fail({
      row: rows[0] ?? { n: head.entered, kind: "enter", key: "", data: "", at: 0, kept: false },
      why: `the row of its visit, number ${head.entered}, is missing`
    })
  }
  return Result.succeed({ ...own, entered, outcomes, settled, joins, started, undone, why, ends, reopenedAt, forward })
}
