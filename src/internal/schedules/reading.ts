/** What a database has given, as schedules and firings, or a sentence about what is wrong with it. */
import type * as Schedules from "../../schedules.ts"
import type { Raw, Read } from "../journal/reading.ts"
import { read } from "../journal/reading.ts"

export const schedule = (raw: Raw): Read<Schedules.Schedule> =>
  read(raw, "a schedule", (get) => {
    const note = get.orNone("note", get.text)
    const since = get.orNone("paused_at", get.number)
    return {
      flow: get.text("flow"),
      revision: get.number("revision"),
      cursor: get.number("last_due"),
      anchor: get.number("anchor"),
      paused: since === undefined ? undefined : { since, note, cursor: get.number("paused_due") },
      streak: get.number("streak"),
      trippedAt: get.orNone("tripped_at", get.number),
      until: get.orNone("backoff_until", get.number),
      endedAt: get.orNone("ended_at", get.number),
      updatedAt: get.number("updated_at")
    }
  })

export const firing = (raw: Raw): Read<Schedules.Firing> =>
  read(raw, "a firing", (get) => {
    const endedAt = get.orNone("ended_at", get.number)
    return {
      flow: get.text("flow"),
      by: get.one("kind", kinds),
      due: get.number("due"),
      runId: get.text("run_id"),
      scheduler: get.text("scheduler"),
      takenAt: get.number("taken_at"),
      isStarted: get.number("started") === 1,
      ended: endedAt === undefined
        ? undefined
        : { at: endedAt, outcome: get.one("outcome", outcomes), detail: get.orNone("detail", get.text) }
    }
  })

const kinds: ReadonlyArray<Schedules.Firing["by"]> = ["tick", "missed", "trigger"]
const outcomes: ReadonlyArray<Schedules.Outcome> = ["succeeded", "failed", "interrupted", "lost"]
