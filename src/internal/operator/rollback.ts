/** How far a run has gone back, by its rows. Pure. */
import type { Kind, Row } from "../../journal.ts"
import type { Rollback, Undone } from "../../operator.ts"
import { newestFirst } from "../durable/rewritten.ts"
import { field, jsonOf, reasonsOf, textOf } from "./end.ts"

/** How many rows are looked at. */
export const most = 200

/** Of which kinds they are. */
export const kinds: ReadonlyArray<Kind> = ["compensate", "order", "migrate"]

/** Of a run, by its rows of these kinds, the newest first; nothing of one that goes forward. */
export const of = (runId: string, written: ReadonlyArray<Row>): Rollback | undefined => {
  const rows = newestFirst(written)
  const steps = new Map<string, Undone>()
  let why: Row | undefined
  for (const row of rows) {
    const json = jsonOf(row.data)
    // it has gone on since, and what was undone before is past
    if (row.kind === "order" && field(json, "reopens") === true) break
    if (row.kind === "order") continue
    if (row.key === "") {
      why = row
      continue
    }
    // of a step that was tried again the last word counts
    if (steps.has(row.key)) continue
    steps.set(row.key, {
      key: `${runId}${row.key}`,
      at: row.at,
      how: textOf(field(json, "how")),
      reasons: reasonsOf(field(json, "x"))
    })
  }
  if (why === undefined && steps.size === 0) return undefined
  return {
    since: why?.at ?? rows.at(-1)!.at,
    reasons: why === undefined ? [] : reasonsOf(field(jsonOf(why.data), "x")),
    steps: [...steps.values()].reverse()
  }
}
