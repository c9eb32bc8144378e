/**
 * One fail-over of a cluster, of processes on one SQLite file, and a cluster on a PostgreSQL database. All waiting is for a condition
 * that must come about; `npm run test:crash -- [--postgres] <seeds> <first> cluster` does the same at random.
 */
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import * as databases from "../../postgres/databases.ts"
import * as server from "../../postgres/server.ts"
import * as books from "./book.ts"
import type { ClusterOrders } from "./orders.ts"
import * as shards from "./shards.ts"
import { of, until } from "./together.ts"

const together = of("clustered")

describe("a cluster of two runners that start at once on an empty database", () => {
  it("goes on with the runs of one that is killed, and a client that waits is told how all of them have ended", async () => {
    const { file, ledger, lines } = together.place("cluster")
    const [seeds, copies] = [[2, 3], 6]
    const start = (port?: number) =>
      together.live({ file, ledger, seeds, copies, paceMillis: 0, port, ...shards.quick } satisfies ClusterOrders)
    const runners = [start(await shards.freePort()), start(await shards.freePort())]
    await until(() => lines().filter((line) => line.startsWith("listening")).length === 2)
    const client = start()
    const has = (runner: typeof client) =>
      lines().some((line) => line.startsWith("exec") && line.endsWith(` ${runner.child.pid}`))
    await until(() => runners.some(has))
    const killed = runners.find(has)!
    killed.child.kill("SIGKILL")
    await killed.ended
    const { code } = await client.ended
    assert.strictEqual(code, 0, client.output())
    const [left] = runners.filter((runner) => runner !== killed)
    left!.child.kill("SIGTERM")
    await left!.ended
    assert.deepStrictEqual(await shards.judged(file, lines(), seeds, copies), [])
    const ids = seeds.flatMap((seed) => Array.from({ length: copies }, (_, i) => `r${seed}-${i}`))
    const owners = ids.map((id) => books.readCopy(file, id)!.rows.filter(({ kind }) => kind === "owner").length)
    assert.isTrue(owners.some((n) => n === 2), "a run has gone on elsewhere")
    assert.isFalse(lines().some((line) => line.startsWith("fenced")))
  })

  it("in PostgreSQL has its tables made once, and a client is told how all runs have ended", async () => {
    const { ledger, lines } = together.place("postgres")
    const file = await Effect.runPromise(Effect.flatMap(server.shared, databases.make))
    const [seeds, copies] = [[2, 3], 2]
    const start = (port?: number) =>
      together.live({ file, ledger, seeds, copies, paceMillis: 0, port, ...shards.quick } satisfies ClusterOrders)
    const runners = [start(await shards.freePort()), start(await shards.freePort())]
    await until(() => lines().filter((line) => line.startsWith("listening")).length === 2)
    const client = start()
    const { code } = await client.ended
    assert.strictEqual(code, 0, client.output())
    for (const { child, ended } of runners) {
      child.kill("SIGTERM")
      await ended
    }
    assert.deepStrictEqual(await shards.judged(file, lines(), seeds, copies), [])
    assert.isFalse(lines().some((line) => line.startsWith("exec") && line.endsWith(` ${client.child.pid}`)))
  })
})
