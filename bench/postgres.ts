/**
 * node --conditions=effect-cano-source bench/postgres.ts [on] [dbos]: what a journal in PostgreSQL costs beside the same rows by hand,
 * through the same client, and how many steps of durable runs it takes a second. With `on` the server waits for the disk. Each
 * case is measured in turns with the one that it is compared with, as others may use the machine. With `dbos` the steps are
 * those of DBOS Transact as well, on the same server and in turns: `npm install` in bench/dbos first.
 */
import { JoinStrategy, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { append, newRun, row, signal } from "../test/journal/samples.ts"
import * as databases from "../test/postgres/databases.ts"
import * as server from "../test/postgres/server.ts"

const args = process.argv.slice(2)
process.env["POSTGRES_FSYNC"] = args.includes("on") ? "on" : "off"

const median = (numbers: ReadonlyArray<number>) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

const millis = Effect.fnUntraced(function*<E, R>(self: Effect.Effect<unknown, E, R>) {
  const start = performance.now()
  yield* self
  return performance.now() - start
})

/** In turns, and the median of each. */
const compared = Effect.fnUntraced(function*(
  name: string,
  rounds: number,
  ours: (i: number) => Effect.Effect<unknown, unknown>,
  raw: (i: number) => Effect.Effect<unknown, unknown>
) {
  const times: [Array<number>, Array<number>] = [[], []]
  for (let i = 0; i < rounds + 20; i++) {
    const [a, b] = [yield* millis(ours(i)), yield* millis(raw(i))]
    if (i < 20) continue
    times[0].push(a)
    times[1].push(b)
  }
  const [a, b] = [median(times[0]), median(times[1])]
  console.log(`${name}: ${a.toFixed(2)} ms, by hand ${b.toFixed(2)} ms, ${(a / b).toFixed(2)} x`)
})

const journal = Effect.gen(function*() {
  const store = yield* Journal.Journal
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE by_hand (run_id TEXT, n BIGINT, kind TEXT, key TEXT, data TEXT, at BIGINT, kept BIGINT, PRIMARY KEY (run_id, n))`
  const insert = (i: number, runs: number, rows: number): Effect.Effect<unknown, unknown> => {
    const values = Arr.makeBy(runs * rows, (k) => ({
      run_id: `by hand ${k % runs}`,
      n: i * 1000 + k,
      kind: "settle",
      key: "/1/settle",
      data: "settle",
      at: Date.now(),
      kept: 0
    }))
    return sql.withTransaction(sql`INSERT INTO by_hand ${sql.insert(values)}`)
  }
  const ns = new Map<string, number>()
  const appends = (prefix: string, runs: number, rows: number) =>
    Array.from({ length: runs }, (_, k) => {
      const runId = `${prefix}${k}`
      const n = (ns.get(runId) ?? 0) + 1
      ns.set(runId, n + rows - 1)
      return append(runId, n, Array.from({ length: rows }, () => row("settle")))
    })
  let round = 0
  for (const [runs, rows] of [[1, 1], [1, 10], [1, 100], [10, 1], [100, 1]] as const) {
    const prefix = `${runs}-${rows}-`
    yield* store.create(Array.from({ length: runs }, (_, k) => newRun(`${prefix}${k}`)))
    yield* compared(
      `append of ${rows} rows for each of ${runs} runs`,
      200,
      () => Effect.suspend(() => store.append(appends(prefix, runs, rows))),
      () => Effect.suspend(() => insert(++round, runs, rows))
    )
  }
  for (let i = 0; i < 300; i++) yield* store.create([newRun(`claim-${i}`)])
  yield* compared("claim", 200, (i) => store.claim([`claim-${i}`], "ada"), () => insert(++round, 1, 1))
  yield* compared("send", 200, (i) => store.send(`claim-${i}`, signal("go")), () => insert(++round, 1, 1))
  const many = 1000
  const took = yield* millis(
    Effect.forEach(Array.from({ length: many }, (_, i) => i), (i) => store.send(`claim-${i % 300}`, signal("go")), {
      concurrency: 8
    })
  )
  console.log(`sent by 8 at once: ${Math.round(many / took * 1000)} letters a second`)
})

const State = Schema.Union([
  Schema.TaggedStruct("Add", { left: Schema.Int, sum: Schema.Int }),
  Schema.TaggedStruct("Fan", { width: Schema.Int }),
  Schema.TaggedStruct("Done", { sum: Schema.Int })
])
const machine = Workflow.make("bench", State)
  .register("Add", ({ left, sum }) =>
    Effect.succeed(
      left === 0 ? { _tag: "Done" as const, sum } : { _tag: "Add" as const, left: left - 1, sum: sum + left }
    ))
  .registerSplit(
    "Fan",
    ({ width }) => Array.from({ length: width }, (_, i) => Effect.as(Effect.yieldNow, i)),
    {
      strategy: JoinStrategy.all,
      schema: { success: Schema.Int, error: Schema.Never },
      next: ({ values }) => ({ _tag: "Done", sum: values.length })
    }
  )
  .addExitStates("Done")
const Bench = Durable.make(machine, { version: 1 })

const runs = Effect.gen(function*() {
  const add = { _tag: "Add", left: 100, sum: 0 } as const
  yield* Bench.run("warm", add)
  for (const at of [1, 20]) {
    const took = yield* millis(
      Effect.forEach(Array.from({ length: at }, (_, i) => i), (i) => Bench.run(`add-${at}-${i}`, add), {
        concurrency: "unbounded"
      })
    )
    console.log(`steps, ${at} runs at once: ${Math.round(at * 101 / took * 1000)} a second`)
  }
  const fans: Array<number> = []
  for (let i = 0; i < 25; i++) fans.push(yield* millis(Bench.run(`fan-${i}`, { _tag: "Fan", width: 100 })))
  console.log(`a run with a split of 100 branches: ${median(fans).toFixed(1)} ms`)
})

const program = Effect.gen(function*() {
  const { url } = yield* server.own
  console.log(`fsync ${process.env["POSTGRES_FSYNC"]}`)
  const durable = Effect.flatMap(databases.make(url), (own) =>
    Effect.provide(
      runs,
      Bench.layer.pipe(Layer.provideMerge(Durable.layerSql), Layer.provide(databases.client(own)))
    ))
  if (!args.includes("dbos")) {
    const journaled = Journal.layerSql.pipe(Layer.provideMerge(databases.client(yield* databases.make(url))))
    yield* Effect.provide(journal, journaled)
    return yield* durable
  }
  for (let round = 0; round < 3; round++) {
    console.log("effect-cano")
    yield* durable
    console.log("DBOS Transact")
    const own = yield* databases.make(url)
    execFileSync(process.execPath, [join(import.meta.dirname, "dbos/main.mjs"), own], { stdio: "inherit" })
  }
})

await Effect.runPromise(Effect.scoped(program))
