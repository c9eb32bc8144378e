/** Where things stand in a journal, whatever it is kept in. */
import type * as Journal from "../../journal.ts"

/** The place of the last of the rows that begins a visit, or of the first of them. */
export const beginning = (n: number, rows: ReadonlyArray<Journal.NewRow>): number =>
  n + Math.max(0, rows.findLastIndex(({ kind }) => kind === "enter"))

/** How many of some runs are forgotten at once: one, and others as long as there are few rows. */
export const endOf = (heads: ReadonlyArray<Journal.Head>): number => {
  let rows = 0
  const end = heads.findIndex(({ n }, i) => (rows += n + 1) > most && i > 0)
  return end < 0 ? heads.length : end
}

const most = 10_000

/** The order of texts in a database: by their characters, where JavaScript has halves of them. */
export const compare = (a: string, b: string): number => {
  if (a === b) return 0
  let i = 0
  while (i < a.length && a.charCodeAt(i) === b.charCodeAt(i)) i++
  // in the middle of a pair
  if (i > 0 && isHigh(a.charCodeAt(i - 1))) i--
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1)
}

const isHigh = (unit: number) => unit >= 0xd800 && unit < 0xdc00

/** Of counts: by their workflow, and what the runs do or how they have ended. */
export const byCount = (a: Journal.Count, b: Journal.Count): number =>
  compare(a.workflow, b.workflow) || compare(a.status, b.status) || compare(a.outcome ?? "", b.outcome ?? "")
