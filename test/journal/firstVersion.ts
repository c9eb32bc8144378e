// The tables as the first version of the journal has made them, with rows: a copy that nothing in src/ changes.
const counters = { sqlite: "INTEGER PRIMARY KEY AUTOINCREMENT", pg: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY" }

export const tables = (dialect: "sqlite" | "pg"): ReadonlyArray<string> => {
  const id = dialect === "pg" ? `TEXT COLLATE "C" NOT NULL` : "TEXT NOT NULL"
  const byKey = dialect === "pg" ? "" : " WITHOUT ROWID"
  return [
    `CREATE TABLE cano_meta (name TEXT PRIMARY KEY, version BIGINT NOT NULL)`,
    `CREATE TABLE cano_runs (
      run_id ${id} PRIMARY KEY, workflow TEXT NOT NULL, version BIGINT NOT NULL,
      status TEXT NOT NULL, parked BIGINT NOT NULL, outcome TEXT,
      n BIGINT NOT NULL, entered BIGINT NOT NULL, visit BIGINT NOT NULL, state TEXT NOT NULL,
      owner TEXT, sent BIGINT NOT NULL, wake_at BIGINT, due_at BIGINT, parent TEXT,
      created_at BIGINT NOT NULL, entered_at BIGINT NOT NULL, updated_at BIGINT NOT NULL
    )${byKey}`,
    `CREATE INDEX cano_runs_free ON cano_runs (workflow, due_at) WHERE owner IS NULL AND due_at IS NOT NULL`,
    `CREATE INDEX cano_runs_owner ON cano_runs (owner) WHERE owner IS NOT NULL`,
    `CREATE INDEX cano_runs_parent ON cano_runs (parent) WHERE parent IS NOT NULL`,
    `CREATE TABLE cano_journal (
      run_id ${id}, n BIGINT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL,
      at BIGINT NOT NULL, kept BIGINT NOT NULL, PRIMARY KEY (run_id, n)
    )${byKey}`,
    `CREATE INDEX cano_journal_kept ON cano_journal (run_id, n) WHERE kept = 1`,
    `CREATE TABLE cano_inbox (
      place ${counters[dialect]}, run_id ${id}, seq BIGINT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
      key TEXT, id TEXT, data TEXT NOT NULL, at BIGINT NOT NULL, taken_at BIGINT, answer TEXT
    )`,
    `CREATE UNIQUE INDEX cano_inbox_seq ON cano_inbox (run_id, seq)`,
    `CREATE UNIQUE INDEX cano_inbox_id ON cano_inbox (run_id, kind, name, id) WHERE id IS NOT NULL`,
    `CREATE INDEX cano_inbox_new ON cano_inbox (run_id, kind, name) WHERE taken_at IS NULL`,
    `CREATE TABLE cano_runners (runner TEXT PRIMARY KEY, until BIGINT NOT NULL)`
  ]
}

/** A run `old` in its second visit, which waits for a letter; one was sent in the first visit, at 5, and one in the second. */
export const rows: ReadonlyArray<string> = [
  `INSERT INTO cano_meta VALUES ('journal', 1)`,
  `INSERT INTO cano_runs VALUES
    ('old', 'order', 1, 'running', 0, NULL, 1, 1, 2, 'Pay', NULL, 2, NULL, 0, NULL, 0, 10, 10)`,
  `INSERT INTO cano_journal VALUES
    ('old', 0, 'enter', '/1/Ask', '"Ask"', 0, 0), ('old', 1, 'enter', '/2/Pay', '"Pay"', 10, 0)`,
  `INSERT INTO cano_inbox (run_id, seq, kind, name, data, at) VALUES
    ('old', 1, 'signal', 'go', '1', 5), ('old', 2, 'signal', 'go', '2', 15)`
]
