/**
 * Ticks that are due, and the end of a pause: decided by what was read, written in one step, and done in the lane when that is.
 * Nothing outlives the attempt.
 */
import type * as Scheduler from "../../Scheduler.ts"
import type { Due, Weighed } from "../scheduler/backlog.ts"
import type { Definition } from "../scheduler/definition.ts"
import { runIdOf } from "../scheduler/names.ts"
import type { Draft } from "./draft.ts"
import type { Peers } from "./peers.ts"

interface Batch {
  readonly due: Due
  readonly weighed: Weighed
  readonly after: number
}

export interface Taken {
  readonly definition: Definition
  /** Up to where others had decided. */
  readonly before: number
  readonly ticks: Batch | undefined
  readonly isResumed: boolean
  /** Ticks of the pause that are run nevertheless. */
  readonly again: Batch | undefined
  readonly runIds: ReadonlyArray<string>
}

export const apply = (
  draft: Draft,
  peers: Peers,
  now: number,
  resumes: { readonly catchUp: boolean } | undefined,
  more: number
): Taken => {
  const { lane } = peers
  const { course, definition, gate } = lane
  const before = draft.before
  const { paused } = draft.at
  const isResumed = resumes !== undefined && paused !== undefined
  const runIds: Array<string> = []
  const batch = (due: Due, after: number, closed: Scheduler.SkipReason | undefined): Batch | undefined => {
    if (due.ticks.length === 0) return undefined
    const weighed = peers.admit(due, lane.weigh(due, now), closed, more)
    due.ticks.forEach((tick, i) => {
      if (!weighed.taken!.ticks.has(tick)) return
      const runId = runIdOf(lane.id, tick)
      runIds.push(runId)
      draft.take({ flow: lane.id, by: weighed.verdicts[i] === "missed" ? "missed" : "tick", due: tick, runId }, now)
    })
    draft.at.cursor = Math.max(draft.at.cursor, due.ticks[due.ticks.length - 1]!)
    return { due, weighed, after }
  }
  if (lane.closed !== undefined) {
    return { definition, before, ticks: undefined, isResumed: false, again: undefined, runIds }
  }
  // those that jitter has kept are of the pause, too
  const passed = isResumed && !resumes.catchUp ? course.passed(paused.since, now, before) : undefined
  const due = passed !== undefined && passed.ticks.length > 0 ? passed : course.peek(before, now)
  const ticks = batch(due, before, gate.closed(now))
  if (isResumed) draft.at.paused = undefined
  const again = isResumed && resumes.catchUp
    ? batch(course.retake(paused.cursor, now), paused.cursor, gate.failing(now))
    : undefined
  return { definition, before, ticks, isResumed, again, runIds }
}

export const done = (
  { again, before, definition, isResumed, ticks }: Taken,
  peers: Peers,
  own: ReadonlySet<number>
): void => {
  const { lane } = peers
  const pass = (batch: Batch | undefined) => {
    if (batch === undefined) return
    const { after, due, weighed } = batch
    // they were of another definition
    const isChanged = lane.definition !== definition
    const closed = isChanged ? "Changed" : weighed.taken!.closed
    lane.pass(due, lane.now, after, { ...weighed, taken: { ticks: weighed.taken!.ticks, closed } })
  }
  peers.elsewhere(before, own)
  pass(ticks)
  if (!isResumed) return
  peers.unpaused()
  pass(again)
  peers.reopen()
}
