/** What somebody does to a schedule who need not have a scheduler: read, changed and written until nobody came between. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Schedules from "../../schedules.ts"
import type { JournalError } from "../journal/error.ts"
import { Draft } from "./draft.ts"
import { fit } from "./words.ts"

const change = (
  store: Schedules.Service,
  flow: string,
  f: (at: Draft["at"], now: number) => void
): Effect.Effect<boolean, JournalError> =>
  Effect.flatMap(Effect.zip(store.look([flow]), Clock.currentTimeMillis), ([[view], now]) => {
    if (view === undefined) return Effect.succeed(false)
    const draft = new Draft(view, "")
    f(draft.at, now)
    // nothing of it ends with that, and so nothing has to go
    const changed = draft.change(Number.MAX_SAFE_INTEGER)
    if (changed === undefined) return Effect.succeed(true)
    return Effect.flatMap(store.commit(changed), (done) => done ? Effect.succeed(true) : change(store, flow, f))
  })

export const pause = (store: Schedules.Service, flow: string, note: string | undefined) =>
  change(store, flow, (at, now) => paused(at, note, now))

export const resume = (store: Schedules.Service, flow: string) =>
  change(store, flow, (at, now) => {
    if (at.paused === undefined) return
    at.paused = undefined
    // what came due in the pause is decided
    at.cursor = Math.max(at.cursor, now)
  })

export const reset = (store: Schedules.Service, flow: string) => change(store, flow, unfailed)

export const paused = (at: Draft["at"], given: string | undefined, now: number): void => {
  const note = given === undefined ? undefined : fit(given)
  if (at.paused === undefined) at.paused = { since: now, note, cursor: at.cursor }
  else if (note !== undefined && note !== at.paused.note) at.paused = { ...at.paused, note }
}

export const unfailed = (at: Draft["at"]): void => {
  at.streak = 0
  at.trippedAt = at.until = undefined
}
