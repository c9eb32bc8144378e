/** What a file says of a run, read by nobody who drives it: with SQLite alone. A book is a copy, and never changes. */
import { copyFileSync, existsSync, rmSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"

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
    return head && {
      status: head.status,
      outcome: head.outcome,
      owner: head.owner,
      last: head.n,
      rows: rows.map(({ data, ...row }: any) => ({ ...row, data: row.kind === "owner" ? data : JSON.parse(data) }))
    }
  } finally {
    db.close()
  }
}
