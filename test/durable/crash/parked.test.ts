/** A run that waits, on one SQLite file: it is parked by one process, woken by another one, and driven by a third. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as books from "./book.ts"
import * as lives from "./lives.ts"
import type { WaitsOrders } from "./orders.ts"

let prepared: ReturnType<typeof lives.prepare>
const children: Array<lives.Life> = []
beforeAll(() => {
  prepared = lives.prepare()
  prepared.worker("waits")
})
afterAll(async () => {
  for (const { child, ended } of children) {
    child.kill("SIGKILL")
    await ended
  }
  prepared.clean()
})

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10))
}

describe("a run that waits", () => {
  it("is parked by a process that ends, woken by a signal of a second one, and driven by a third", async () => {
    const file = join(prepared.folder, "parked.db")
    const ledger = join(prepared.folder, "parked.txt")
    const start = (role: WaitsOrders["role"], value = 0): lives.Life => {
      // nobody waits for a lease as long as that
      const settings = { lease: 3_600_000, poll: 20, patience: 5000, stopWithin: 5000, pause: 20 }
      const life = lives.live(prepared.worker("waits"), { file, ledger, settings, role, value })
      children.push(life)
      return life
    }
    const said = async (life: lives.Life) => {
      const { code } = await life.ended
      assert.strictEqual(code, 0, life.output())
      return JSON.parse(life.output())
    }
    const lines = () => existsSync(ledger) ? readFileSync(ledger, "utf8").split("\n").slice(0, -1) : []
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
