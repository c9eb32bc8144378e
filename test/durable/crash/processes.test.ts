/**
 * Several processes on one SQLite file, which are stopped, go on, and end: who drives a run, and who does not any more. All
 * waiting is for a condition that must come about, however long it takes.
 */
import { existsSync, statSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "vitest"
import * as books from "./book.ts"
import type * as lives from "./lives.ts"
import type { JobsOrders } from "./orders.ts"
import { of, until } from "./together.ts"

const together = of("jobs")

/** A file, its ledger, and processes that work on it. */
const place = (name: string) => {
  const { file, ledger, lines } = together.place(name)
  const book = (runId = "r") => existsSync(file) && statSync(file).size > 0 ? books.read(file, runId) : undefined
  const start = (orders: Partial<JobsOrders> = {}): lives.Life =>
    together.live({
      file,
      ledger,
      runIds: ["r"],
      jobMillis: 100,
      busyMillis: 20_000,
      // long enough that a busy machine takes it from nobody
      settings: { lease: 3000, poll: 20, patience: 5000, stopWithin: 5000, pause: 20 },
      term: "handler",
      ...orders
    })
  const count = (kind: string, runId?: string) => book(runId)?.rows.filter((row) => row.kind === kind).length ?? 0
  return { file, lines, book, start, count }
}

const endOf = async ({ ended, output }: lives.Life) => ({ ...(await ended), said: output() })

const says = (pids: ReadonlyArray<number>) => `${JSON.stringify([{ _tag: "Done", by: pids }])}\n`

/** Who has done each job by the journal. */
const doneBy = (book: books.Book | undefined): ReadonlyArray<number> => book!.rows.at(-1)!.data.x.s.by

describe("a process that stood still while another took its run", { concurrent: true }, () => {
  it("writes no row after that of its new owner, starts nothing, and is told how the run has ended", async () => {
    const { book, count, lines, start } = place("zombie")
    const first = start({ jobMillis: 400 })
    // in the middle of a job: what it was about to do between two it does when it goes on
    await until(() => lines().some((line) => line.startsWith("exec b")))
    first.child.kill("SIGSTOP")
    const stopped = lines().filter((line) => line.startsWith("exec") && line.endsWith(` ${first.child.pid}`))
    const second = start()
    await until(() => count("owner") >= 2)
    first.child.kill("SIGCONT")
    const ends = await Promise.all([endOf(first), endOf(second)])
    const { rows } = book()!
    const owners = rows.filter(({ kind }) => kind === "owner")
    assert.strictEqual(owners.length, 2)
    const own = rows.filter(({ kind, n }) => kind === "settle" && n > owners[1]!.n)
    assert.isAbove(own.length, 0)
    for (const { data, key } of own) assert.deepStrictEqual([key, data.x.s], [key, second.child.pid])
    const by = doneBy(book())
    assert.deepStrictEqual(ends, [
      { code: 0, signal: null, said: says(by) },
      { code: 0, signal: null, said: says(by) }
    ])
    const executed = lines().filter((line) => line.startsWith("exec") && line.endsWith(` ${first.child.pid}`))
    assert.deepStrictEqual(executed, stopped)
  })

  it("breaks off what it was doing as soon as it goes on, not only with its next row", async () => {
    const { count, lines, start } = place("lost")
    const first = start({ jobMillis: 3_600_000 })
    await until(() => lines().some((line) => line.startsWith("exec a")))
    first.child.kill("SIGSTOP")
    const second = start({ jobMillis: 10 })
    await until(() => count("owner") >= 2)
    first.child.kill("SIGCONT")
    const ends = await Promise.all([endOf(first), endOf(second)])
    for (const { code, said } of ends) assert.deepStrictEqual([code, said], [0, says(Array(5).fill(second.child.pid))])
  })
})

describe("processes that start at once", { concurrent: true }, () => {
  it("on one run: one drives it, and all are told how it has ended", async () => {
    const { book, count, lines, start } = place("at-once")
    const ends = await Promise.all([start(), start(), start()].map(endOf))
    const by = doneBy(book())
    for (const end of ends) assert.deepStrictEqual(end, { code: 0, signal: null, said: says(by) })
    assert.strictEqual(count("owner"), 1)
    assert.strictEqual(new Set(by).size, 1)
    assert.strictEqual(lines().filter((line) => line.startsWith("exec")).length, 5)
  })

  it("on an empty file: its tables are made once, and all work", async () => {
    const { book, file, start } = place("empty")
    const ids = [1, 2, 3, 4, 5, 6].map((i) => `own-${i}`)
    const ends = await Promise.all(ids.map((runId) => endOf(start({ runIds: [runId, "shared"], jobMillis: 5 }))))
    // any of them may drive any run, and leaves what has not ended to the others
    const shared = doneBy(book("shared"))
    ends.forEach(({ code, said }, i) => {
      const by = doneBy(book(ids[i]))
      assert.deepStrictEqual([code, JSON.parse(said)], [0, [by, shared].map((by) => ({ _tag: "Done", by }))])
    })
    const db = new DatabaseSync(file)
    assert.deepStrictEqual({ ...db.prepare("SELECT COUNT(*) AS n FROM cano_meta").get() }, { n: 1 })
    db.close()
  })
})

describe("SIGTERM", () => {
  for (const term of ["handler", "runMain"] as const) {
    it(`stops a process at its next row, and another goes on at once (${term})`, async () => {
      const { book, lines, start } = place(`term-${term}`)
      // nobody waits for a lease as long as that
      const settings = { lease: 3_600_000, poll: 20, patience: 5000, stopWithin: 5000, pause: 20 }
      const first = start({ settings, term })
      await until(() => lines().some((line) => line.startsWith("exec b")))
      const at = Date.now()
      first.child.kill("SIGTERM")
      const { code, said, signal } = await endOf(first)
      assert.isBelow(Date.now() - at, 20_000)
      assert.deepStrictEqual([code, signal, said], [term === "handler" ? 0 : 130, null, ""])
      const after = lines().slice(lines().findIndex((line) => line.startsWith("stopping")) + 1)
      assert.deepStrictEqual(after, [])
      assert.strictEqual(book()!.owner, null)
      const executed = lines().length
      const second = start({ settings })
      const end = await endOf(second)
      assert.deepStrictEqual(end, { code: 0, signal: null, said: says(doneBy(book())) })
      // what was settled is not done again
      const settled = book()!.rows.filter(({ data, kind }) => kind === "settle" && data.x.s === first.child.pid)
      assert.strictEqual(lines().slice(executed).filter((line) => line.startsWith("exec")).length, 5 - settled.length)
    })
  }
})

describe("SIGTERM, while there is no next row", () => {
  const settings = { lease: 3_600_000, poll: 20, patience: 300, stopWithin: 300, pause: 20 }

  it("waits as long as it may, cuts off what runs, and leaves it to others", async () => {
    const { book, lines, start } = place("term-long")
    const first = start({ settings, jobMillis: 3_600_000 })
    await until(() => lines().some((line) => line.startsWith("exec a")))
    first.child.kill("SIGTERM")
    assert.deepStrictEqual(await endOf(first), { code: 0, signal: null, said: "" })
    assert.deepStrictEqual(book()!.rows.map(({ kind }) => kind), ["enter", "owner"])
    assert.strictEqual(book()!.owner, null)
    const second = start({ settings, jobMillis: 5 })
    assert.deepStrictEqual(await endOf(second), { code: 0, signal: null, said: says(Array(5).fill(second.child.pid)) })
  })

  it("ends also where the journal can't be told", async () => {
    const { count, file, start } = place("term-locked")
    const first = start({ settings, busyMillis: 100 })
    await until(() => count("settle") >= 1)
    const db = new DatabaseSync(file)
    db.exec("PRAGMA busy_timeout = 20000")
    db.exec("BEGIN EXCLUSIVE")
    first.child.kill("SIGTERM")
    const { code } = await endOf(first)
    assert.strictEqual(code, 0)
    db.exec("COMMIT")
    db.close()
  })
})

describe("another process that keeps the file locked", () => {
  it("for longer than anybody waits: the run goes on by itself, and nothing is decided by that", async () => {
    const { book, count, file, lines, start } = place("locked")
    const first = start({
      busyMillis: 60,
      settings: { lease: 600, poll: 20, patience: 100, stopWithin: 5000, pause: 20 }
    })
    await until(() => count("settle") >= 1)
    const db = new DatabaseSync(file)
    db.exec("PRAGMA busy_timeout = 20000")
    db.exec("BEGIN EXCLUSIVE")
    await until(() => /waits for its journal/.test(first.output()))
    db.exec("COMMIT")
    db.close()
    const { code, said } = await endOf(first)
    assert.strictEqual(code, 0)
    assert.include(said, says(Array(5).fill(first.child.pid)))
    assert.isFalse(lines().some((line) => line.startsWith("otherwise")))
    assert.strictEqual(count("join"), 1)
    assert.strictEqual(book()!.outcome, "succeeded")
  })
})
