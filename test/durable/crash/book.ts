/** What a file or a database says of a run, read by nobody who drives it. A book is a copy, and never changes. */
import { copyFileSync, existsSync, rmSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import * as database from "./database.ts"

export interface Row {
  readonly n: number
  readonly kind: string
  readonly key: string
  readonly data: any
  readonly at: number
}

export interface Book {
  readonly status: string
  readonly outcome: string | null
  readonly owner: string | null
  readonly last: number
  readonly rows: ReadonlyArray<Row>
}

/** Of what nobody drives just now. */
export const of = async (place: string, runId: string): Promise<Book | undefined> => {
  if (!database.isUrl(place)) return readCopy(place, runId)
  const { head, rows } = await database.query(place, runId)
  return head &&
    toBook({ ...head, n: Number(head.n) }, rows.map((row) => ({ ...row, n: Number(row.n), at: Number(row.at) })))
}

const toBook = (head: any, rows: ReadonlyArray<any>): Book => ({
  status: head.status,
  outcome: head.outcome,
  owner: head.owner,
  last: head.n,
  rows: rows.map(({ data, ...row }) => ({ ...row, data: row.kind === "owner" ? data : JSON.parse(data) }))
})

/** Of a file that nobody has open, without a change to it: what a process has left behind is for the next one to put right. */
export const readCopy = (file: string, runId: string): Book | undefined => {
  if (!existsSync(file)) return undefined
  const copy = `${file}.copy`
  for (const suffix of ["", "-wal"]) {
    if (existsSync(`${file}${suffix}`)) copyFileSync(`${file}${suffix}`, `${copy}${suffix}`)
  }
  const book = read(copy, runId)
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${copy}${suffix}`, { force: true })
  return book
}

export const read = (file: string, runId: string): Book | undefined => {
  const db = new DatabaseSync(file)
  try {
    db.exec("PRAGMA busy_timeout = 20000")
    const tables = db.prepare("SELECT COUNT(*) AS n FROM sqlite_schema WHERE name = 'cano_runs'").get() as any
    if (tables.n === 0) return undefined
    // one view of both
    db.exec("BEGIN")
    const head = db.prepare("SELECT * FROM cano_runs WHERE run_id = ?").get(runId) as any
    const rows = db.prepare("SELECT n, kind, key, data, at FROM cano_journal WHERE run_id = ? ORDER BY n").all(runId)
    return head && toBook(head, rows)
  } finally {
    db.close()
  }
}
