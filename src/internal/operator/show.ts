/** What the journal says of one run, within bounds, as of its head: what is written meanwhile is not looked at. Nothing is kept. */
import * as Effect from "effect/Effect"
import type { Head, JournalError, Row, Service as Journal, Standing } from "../../journal.ts"
import type { Joined, Settled, Shown, Visit } from "../../operator.ts"
import * as place from "../durable/place.ts"
import { newestFirst } from "../durable/rewritten.ts"
import { endOf, field, jsonOf, textOf } from "./end.ts"
import * as rollback from "./rollback.ts"
import { untaken, why } from "./why.ts"

/** How many rows of a visit are looked at, how many rows at once, and how often. */
const most = 100
const page = 200
const pages = 20

export const show = Effect.fnUntraced(function*(
  journal: Journal,
  standing: Standing,
  visits: number
): Effect.fn.Return<Shown, JournalError> {
  const { head } = standing
  const { entered, n, runId, status } = head
  const letters = yield* journal.letters(runId)
  const path = yield* pathOf(journal, head, visits)
  const rows = yield* journal.last(runId, ["settle", "join", "migrate"], n + 1, most)
  const own = [...newestFirst(rows.filter((row) => row.n > entered))].reverse()
  const undone = yield* journal.last(runId, rollback.kinds, n + 1, rollback.most)
  const [end] = status === "ended" ? yield* journal.last(runId, ["exit"], n + 1, 1) : []
  return {
    head,
    why: yield* why(journal, standing, letters),
    path,
    earlier: Math.max(0, head.visit - path.length),
    branches: own.filter((row) => row.kind === "settle" && field(jsonOf(row.data), "pivot") !== true).map(settled),
    joins: own.filter(({ kind }) => kind === "join").map(joined),
    hasMore: rows.length === most && rows.every((row) => row.n > entered),
    rollback: rollback.of(runId, undone),
    letters: letters.slice(0, most).map(untaken),
    children: yield* journal.list({ parent: runId, limit: most }),
    end: end === undefined ? undefined : endOf(end.data)
  }
})

/** The last visits of the run, and not those of its follow-on branches. */
const pathOf = Effect.fnUntraced(function*(
  journal: Journal,
  { n, runId, status, updatedAt }: Head,
  visits: number
): Effect.fn.Return<ReadonlyArray<Visit>, JournalError> {
  const found: Array<Row> = []
  let before = n + 1
  for (let i = 0; i < pages && found.length < visits; i++) {
    const rows = yield* journal.last(runId, ["enter", "migrate"], before, page)
    found.push(...rows.filter(({ key }) => key.split("/").length === 3))
    if (rows.length < page) break
    before = rows.at(-1)!.n
  }
  const last = newestFirst(found).slice(0, visits).reverse()
  return last.map(({ at, data, key, n }, i) => ({
    visit: place.numberOf(key),
    state: nameIn(key),
    value: jsonOf(data) ?? null,
    since: at,
    until: last[i + 1]?.at ?? (status === "ended" ? updatedAt : undefined),
    n
  }))
})

/** The name that is the last segment of a key. */
const nameIn = (key: string): string => {
  const own = key.slice(key.lastIndexOf("/") + 1)
  // half of a pair is no encoding
  return /^(?:[^%]|%[0-7][\dA-F]|%[C-F][\dA-F](?:%[89AB][\dA-F])+)*$/.test(own) ? decodeURIComponent(own) : own
}

const settled = ({ at, data, key }: Row): Settled => ({
  key,
  branch: place.isVisit(key) ? undefined : nameIn(key),
  at,
  end: endOf(data)
})

const joined = ({ at, data, key }: Row): Joined => {
  const json = jsonOf(data)
  return {
    key,
    at,
    verdict: field(json, "verdict") === "proceed" ? "proceed" : "fail",
    reason: textOf(field(json, "reason")),
    isLate: field(json, "timedOut") === true
  }
}
