/** Two releases of a workflow side by side on one SQLite file, as in a rolling deploy, and one that is rolled back. */
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "vitest"
import * as books from "./book.ts"
import type * as lives from "./lives.ts"
import type { ReleaseOrders } from "./orders.ts"
import { of, until } from "./together.ts"

const together = of("release")

describe("two releases on one file", () => {
  it("leave each other's runs alone: what waits is migrated by the second when it wakes, and no run is lost or run twice", async () => {
    const { file, ledger, lines } = together.place("rolling")
    // nobody waits for a lease as long as that
    const settings = { lease: 3_600_000, poll: 20, patience: 5000, stopWithin: 5000, pause: 20 }
    const start = (release: 1 | 2, role: ReleaseOrders["role"], ...runIds: ReadonlyArray<string>): lives.Life =>
      together.live({ file, ledger, settings, release, role, runIds } satisfies ReleaseOrders)
    const said = async (life: lives.Life) => {
      const { code } = await life.ended
      assert.strictEqual(code, 0, life.output())
      return JSON.parse(life.output().trim().split("\n").at(-1)!)
    }
    const ready = async (count: number) => {
      await until(() => lines().filter((line) => line.startsWith("runner")).length === count)
    }
    const head = (runId: string): any => {
      const db = new DatabaseSync(file)
      db.exec("PRAGMA busy_timeout = 20000")
      const found = db.prepare("SELECT state, version, parked, status FROM cano_runs WHERE run_id = ?").get(runId)
      db.close()
      return found
    }
    const waits = (state: string, ...runIds: ReadonlyArray<string>) =>
      until(() => runIds.every((runId) => head(runId)?.parked === 1 && head(runId).state === state))

    const first = start(1, "drive", "r0", "r1", "r2")
    await ready(1)
    await waits("Ask", "r0", "r1", "r2")
    await said(start(1, "send", "r0"))
    await waits("Wait", "r0")
    assert.deepStrictEqual(await said(start(2, "report")), {
      runs: 3,
      continues: 0,
      migrates: 3,
      refused: 0,
      unneeded: []
    })

    // side by side: a run that wakes is taken by either, a new one by its own
    const second = start(2, "drive", "r3")
    await ready(2)
    await waits("Quote", "r3")
    await said(start(2, "send", "r0", "r1", "r3"))
    await waits("Wait", "r1", "r3")
    await until(() => head("r0").status === "ended")
    assert.strictEqual(head("r3").version, 2)
    assert.strictEqual(head("r2").version, 1)

    first.child.kill("SIGTERM")
    await first.ended
    await said(start(2, "send", "r2"))
    await waits("Wait", "r2")
    assert.strictEqual(head("r2").version, 2)

    // rolled back: it has the end of what is not its own any more
    const again = start(1, "await", "r0", "r1", "r2", "r3")
    await ready(3)
    await said(start(2, "send", "r1", "r2", "r3"))
    const ends = await said(again)
    assert.deepStrictEqual(ends.map(({ got }: any) => got), [[1, 2], [2, 2], [2, 2], [2, 2]])
    assert.deepStrictEqual([ends[2].by, ends[3].by], [2, 2])
    assert.isAtMost(again.output().split("was recorded by version 2").length, 2)
    second.child.kill("SIGTERM")
    await second.ended

    const runners = new Map(
      lines().flatMap((line) => {
        const [what, release, runner] = line.split(" ")
        return what === "runner" ? [[runner!, Number(release)] as const] : []
      })
    )
    for (const runId of ["r0", "r1", "r2", "r3"]) {
      const { rows, status } = books.read(file, runId)!
      assert.strictEqual(status, "ended")
      const at = rows.findIndex(({ kind }) => kind === "migrate")
      const since = rows.filter(({ n }) => n > at).filter(({ kind }) => kind === "owner")
      if (at >= 0 || runId === "r3") {
        assert.deepStrictEqual(since.filter(({ data }) => runners.get(data) !== 2), [], runId)
      }
      assert.strictEqual(lines().filter((line) => line.startsWith(`exec ${runId} `)).length, 1, runId)
    }
    const { rows } = books.read(file, "r2")!
    assert.deepStrictEqual(rows.filter(({ kind }) => kind === "migrate").map(({ data, key }) => [key, data.rows]), [[
      "/1/Quote",
      {
        0: { key: "/1/Quote", data: "Quote" },
        2: { key: "/1/Quote/work", data: { i: 0, x: { s: 0 } } }
      }
    ]])
  })
})
