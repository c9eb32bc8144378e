/**
 * What becomes of ticks that are due at once, by their instants alone: a pure decision, asked when the scheduler comes to a
 * flow.
 */
import type * as Scheduler from "../../Scheduler.ts"
import type { Definition } from "./definition.ts"
import { mostCaughtUp } from "./definition.ts"
import { jitter, lastOf, type Ticks } from "./ticks.ts"

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

/** Each tick from `first` on that is due is among the ticks, or told of with the older ones. */
export const collect = (first: number, now: number, plan: (due: number) => number, ticks: Ticks): Due => {
  const due: Array<number> = []
  let next: number | undefined = first
  for (; next !== undefined && plan(next) <= now && due.length <= mostCaughtUp; next = ticks.after(next)) due.push(next)
  if (due.length <= mostCaughtUp) return { ticks: due, older: undefined, next }
  // one more, which is the last of the older ones, and one that jitter may keep: no other starts later than its next instant
  const newest = lastOf(ticks, first - 1, now, mostCaughtUp + 2)
  if (plan(newest[newest.length - 1]!) > now) next = newest.pop()
  else next = ticks.after(newest[newest.length - 1]!)
  const told = newest.slice(-mostCaughtUp)
  const through = newest[newest.length - mostCaughtUp - 1]!
  return { ticks: told, older: { from: first, through, count: ticks.between(first - 1, through) }, next }
}

export type Verdict = "tick" | "missed" | Extract<Scheduler.SkipReason, "Missed" | "TooOld" | "CatchUpFull">

/** What is to become of ticks that are due, as things stand. */
export interface Weighed {
  readonly verdicts: ReadonlyArray<Verdict>
  /** When each was to start: a listener may change the definition in between. */
  readonly planned: ReadonlyArray<number>
  readonly caughtUp: boolean
  /** With a store: those that are written down, and why no other is. */
  readonly taken?:
    | { readonly ticks: ReadonlySet<number>; readonly closed: Scheduler.SkipReason | undefined }
    | undefined
}

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
