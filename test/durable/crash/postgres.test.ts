/**
 * The same on a PostgreSQL server: processes that are killed and stopped, one that hands a run that waits to another, and a
 * server that is killed while it is written to. `npm run test:crash -- --postgres` has more of it.
 */
import { Effect, Exit, Scope } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as databases from "../../postgres/databases.ts"
import * as server from "../../postgres/server.ts"
import * as books from "./book.ts"
import * as crowd from "./crowd.ts"
import * as lives from "./lives.ts"
import type { JobsOrders, WaitsOrders } from "./orders.ts"
import { of, until } from "./together.ts"

const place = Effect.flatMap(server.shared, databases.make)

let prepared: ReturnType<typeof lives.prepare>
beforeAll(() => {
  prepared = lives.prepare()
})
afterAll(() => prepared.clean())

describe("processes on one PostgreSQL database", { concurrent: true }, () => {
  it("that are killed at random do nothing again that was recorded, and end as their journals say", async () => {
    const { folder, worker } = prepared
    const url = await Effect.runPromise(place)
    const { kills, wrong } = await lives.run("random", folder, worker("worker"), [3, 4], lives.atRandom(3, 4), url)
    assert.deepStrictEqual(wrong, [])
    assert.isAbove(kills, 0)
  })

  it("that are killed, stopped and let go on end their runs as their journals say", async () => {
    const { folder, worker } = prepared
    const url = await Effect.runPromise(place)
    assert.deepStrictEqual((await crowd.run("crowd", folder, worker("worker"), 5, 8, url)).wrong, [])
  })
})

describe("a run that waits in PostgreSQL", () => {
  const together = of("waits")
  it("is parked by a process that ends, woken by a signal of a second one, and driven by a third", async () => {
    const { ledger, lines } = together.place("parked")
    const file = await Effect.runPromise(place)
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
    const first = start("park")
    await said(first)
    const third = start("drive")
    await until(() => lines().some((line) => line.startsWith("ready")))
    assert.strictEqual(await said(start("send", 1)), "kept")
    assert.strictEqual(await said(start("send", 2)), "kept")
    assert.deepStrictEqual(await said(third), { _tag: "Done", got: [1, 2], by: third.child.pid })
    assert.deepStrictEqual(lines().filter((line) => line.startsWith("exec")), [`exec ${first.child.pid}`])
  })
})

describe("a PostgreSQL server that is killed while a run is driven", () => {
  const together = of("jobs")
  it("delays the run, which goes on by itself when the server is there again, and nothing is done twice for it", async () => {
    const scope = Scope.makeUnsafe()
    try {
      const { kill, start, url } = await Effect.runPromise(Scope.provide(server.own, scope))
      const file = await Effect.runPromise(databases.make(url))
      const { ledger, lines } = together.place("outage")
      const life = together.live(
        {
          file,
          ledger,
          runIds: ["r"],
          jobMillis: 50,
          busyMillis: 0,
          settings: { lease: 60_000, poll: 20, patience: 1000, stopWithin: 5000, pause: 20 },
          term: "handler"
        } satisfies JobsOrders
      )
      await until(() => lines().some((line) => line.startsWith("exec b")))
      await Effect.runPromise(kill)
      await until(() => /waits for its journal/.test(life.output()))
      await Effect.runPromise(start)
      assert.strictEqual((await life.ended).code, 0, life.output())
      const { outcome, rows } = (await books.of(file, "r"))!
      assert.strictEqual(outcome, "succeeded")
      assert.strictEqual(rows.filter(({ kind }) => kind === "join").length, 1)
      assert.isFalse(lines().some((line) => line.startsWith("otherwise")))
      // what was written before was not done again
      const settled = rows.filter(({ kind }) => kind === "settle").map(({ key }) => key)
      assert.strictEqual(new Set(settled).size, settled.length)
      assert.isAtMost(lines().filter((line) => line.startsWith("exec a")).length, 1)
    } finally {
      await Effect.runPromise(Scope.close(scope, Exit.void))
    }
  })
})
