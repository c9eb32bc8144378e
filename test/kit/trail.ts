/**
 * The trail of one split: what its branches did and when, from the start of the split. It lives as long as the test looks
 * at it.
 */
import { Clock, Effect } from "effect"
import type * as model from "./model.ts"
import type { Boom } from "./program.ts"
import { toEffect } from "./program.ts"

/** What the branches of one split did, in order, with times from its start. */
export interface Trail {
  readonly startedAt: number
  readonly started: Array<readonly [index: number, at: number]>
  readonly finished: Array<readonly [index: number, at: number]>
  readonly cut: Array<readonly [index: number, at: number]>
  running: number
  mostRunning: number
}

/** An empty trail that begins now. */
export const makeTrail: Effect.Effect<Trail> = Effect.map(Clock.currentTimeMillis, (startedAt) => ({
  startedAt,
  started: [],
  finished: [],
  cut: [],
  running: 0,
  mostRunning: 0
}))

/** Milliseconds since the split was entered. */
export const since = (trail: Trail): Effect.Effect<number> =>
  Effect.map(Clock.currentTimeMillis, (now) => now - trail.startedAt)

/** A branch that leaves a trail. */
export const traced = (trail: Trail, branch: model.Branch, index: number): Effect.Effect<number, Boom> => {
  const note = (list: Array<readonly [number, number]>) =>
    Effect.map(since(trail), (at) => {
      list.push([index, at])
    })
  const start = Effect.andThen(
    note(trail.started),
    Effect.sync(() => {
      trail.running++
      trail.mostRunning = Math.max(trail.mostRunning, trail.running)
    })
  )
  const finish = Effect.andThen(
    note(trail.finished),
    Effect.sync(() => {
      trail.running--
    })
  )
  // a branch that is interrupted between the two notes has not begun
  return Effect.uninterruptibleMask((restore) =>
    Effect.andThen(start, Effect.ensuring(restore(toEffect(branch, index, note(trail.cut))), finish))
  )
}
