/**
 * The rows of a run as they are to be read: a row of the kind `migrate` says which of those before it another version of the
 * definition would have written otherwise, or not at all. Pure; no row that was written is changed.
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Row } from "../../journal.ts"
import * as text from "./text.ts"

/** What a row is read as; nothing of one that does not count any more. */
export type Rewritten = { readonly key: string; readonly data: unknown } | null

/** What a row of the kind `migrate` says: the versions, and the rows that are others now, by their places. */
export interface Changes {
  readonly from: number
  readonly to: number
  readonly rows: { readonly [n: string]: Rewritten }
}

const isRewritten = (json: unknown): json is Rewritten =>
  json === null || (Predicate.isObject(json) && Predicate.isString(json["key"]) && "data" in json)

const isChanges = (json: unknown): json is Changes =>
  Predicate.isObject(json) && Predicate.isObject(json["rows"]) && Object.values(json["rows"]).every(isRewritten)

/** A row that can't be read, and why. */
export interface Fault {
  readonly row: Row
  readonly why: string
}

/** The same for who only looks, the newest row first: what can't be read is shown as it was written. */
export const newestFirst = (rows: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  const written = [...rows].reverse()
  const own = Result.getOrElse(read(written), () => written.filter(({ kind }) => kind !== "migrate"))
  return [...own].reverse()
}

/** The rows without those of the kind `migrate`, each as it is to be read. */
export const read = (rows: ReadonlyArray<Row>): Result.Result<ReadonlyArray<Row>, Fault> => {
  if (!rows.some(({ kind }) => kind === "migrate")) return Result.succeed(rows)
  const found = new Map<number, Row>()
  for (const row of rows) {
    if (row.kind !== "migrate") {
      found.set(row.n, row)
      continue
    }
    const parsed = text.parse(row.data)
    if (Result.isFailure(parsed)) return Result.fail({ row, why: parsed.failure })
    if (!isChanges(parsed.success)) {
      return Result.fail({ row, why: "it does not say what has become of the rows before it" })
    }
    for (const [n, own] of Object.entries(parsed.success.rows)) {
      const before = found.get(Number(n))
      // its visit is over
      if (before === undefined) continue
      if (own === null) found.delete(before.n)
      else found.set(before.n, { ...before, key: own.key, data: JSON.stringify(own.data) })
    }
  }
  return Result.succeed([...found.values()])
}
