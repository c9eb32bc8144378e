/** A run that waits, on one SQLite file: it is parked by one process, woken by another one, and driven by a third. */
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "vitest"
import * as books from "./book.ts"
import type * as lives from "./lives.ts"
import type { WaitsOrders } from "./orders.ts"
import { of, until } from "./together.ts"

const together = of("waits")

describe("a run that waits", () => {
  it("is parked by a process that ends, woken by a signal of a second one, and driven by a third", async () => {
    const { file, ledger, lines } = together.place("parked")
    const start = (role: WaitsOrders["role"], value = 0): lives.Life => {
      // nobody waits for a lease as long as that
      const settings = { lease: 3_600_000, poll: 20, patience: 5000, stopWithin: 5000, pause: 20 }
      return together.live({ file, ledger, settings, role, value } satisfies WaitsOrders)
    }
    const said = async (life: lives.Life) => {
      const { code } = await life.ended
      assert.strictEqual(code, 0, life.output())
      return JSON.parse(life.output())
    }
    const isParked = () => {
      const db = new DatabaseSync(file)
      const { owner, parked } = db.prepare("SELECT parked, owner FROM cano_runs").get() as any
      db.close()
      return parked === 1 && owner === null
    }
    const first = start("park")
    await said(first)
    assert.isTrue(isParked())
    const third = start("drive")
    await until(() => lines().some((line) => line.startsWith("ready")))
    assert.strictEqual(await said(start("send", 1)), "kept")
    await until(() => books.read(file, "r")!.rows.some(({ key }) => key === "/2/Wait") && isParked())
    const owners = () => books.read(file, "r")!.rows.filter(({ kind }) => kind === "owner").length
    assert.strictEqual(owners(), 2)
    assert.strictEqual(await said(start("send", 2)), "kept")
    assert.deepStrictEqual(await said(third), { _tag: "Done", got: [1, 2], by: third.child.pid })
    assert.strictEqual(owners(), 3)
    assert.deepStrictEqual(lines().filter((line) => line.startsWith("exec")), [`exec ${first.child.pid}`])
  })
})
