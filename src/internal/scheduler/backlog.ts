/**
 * What becomes of ticks that are due at once, by their instants alone: a pure decision, asked when the scheduler comes to a
 * flow.
 */
import type * as Scheduler from "../../Scheduler.ts"
import type { Definition } from "./definition.ts"
import { mostCaughtUp } from "./definition.ts"
import { jitter, type Ticks } from "./ticks.ts"

/** Ticks that are due, in order, and the first that is not. */
export interface Due {
  /** The newest of them, at most so many as are told of one by one. */
  readonly ticks: ReadonlyArray<number>
  /** Those before, which are told of together. */
  readonly older: { readonly from: number; readonly through: number; readonly count: number | undefined } | undefined
  readonly next: number | undefined
}

/** When a tick starts that nothing delays: before the next one, whatever its jitter is. */
export const planned = (id: string, due: number, most: number, ticks: Ticks): number => {
  if (most === 0) return due
  const next = ticks.after(due)
  return due + jitter(id, due, next === undefined ? most : Math.min(most, next - due - 1))
}

export const collect = (first: number, now: number, plan: (due: number) => number, ticks: Ticks): Due => {
  const due: Array<number> = []
  let next: number | undefined = first
  const walk = (most: number) => {
    for (; next !== undefined && plan(next) <= now && due.length < most; next = ticks.after(next)) due.push(next)
  }
  walk(mostCaughtUp)
  if (next === undefined || plan(next) > now) return { ticks: due, older: undefined, next }
  // Far behind: so far back as is needed for that many at the rate seen, and on until now.
  const rate = (due[due.length - 1]! - first) / (due.length - 1)
  const back = Math.floor(now - (mostCaughtUp + 1) * rate)
  if (back > next) next = ticks.after(back)
  while (next !== undefined && plan(next) <= now) {
    due.length = 0
    walk(2 * mostCaughtUp)
    if (next !== undefined && plan(next) <= now) due.splice(0, due.length - mostCaughtUp)
  }
  const newest = due.slice(-mostCaughtUp)
  const through = newest[0]! - 1
  return { ticks: newest, older: { from: first, through, count: ticks.between(first - 1, through) }, next }
}

export type Verdict = "tick" | "missed" | Extract<Scheduler.SkipReason, "Missed" | "TooOld" | "CatchUpFull">

/**
 * The newest tick is in time if it is not too late; all others are missed, and of these the newest are run that are not too
 * old.
 */
export const judge = (
  ticks: ReadonlyArray<number>,
  now: number,
  plan: (due: number) => number,
  tolerance: number,
  { catchUp, within }: Definition["missed"]
): ReadonlyArray<Verdict> => {
  const newest = ticks.length - 1
  const inTime = newest >= 0 && now - plan(ticks[newest]!) <= tolerance
  const missed = inTime ? newest : ticks.length
  return ticks.map((due, i) => {
    if (i === newest && inTime) return "tick"
    if (catchUp === 0) return "Missed"
    if (now - due > within) return "TooOld"
    return i < missed - catchUp ? "CatchUpFull" : "missed"
  })
}
