/**
 * The same work, which survives its process, in three forms over SQLite: a durable machine, a workflow of `effect/workflow`, and
 * the rows of the machine by hand. Each has a database of its own, from when it is opened until it is closed.
 */
import { JoinStrategy, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Sqlite from "effect-cano/sqlite"
import { ClusterWorkflowEngine, SingleRunner } from "effect/cluster"
import * as Digest from "effect/crypto/Digest"
import * as WebCrypto from "effect/crypto/WebCrypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Activity, Workflow as EffectWorkflow } from "effect/workflow"
import { DatabaseSync } from "node:sqlite"

/** What a run does: so many steps one after the other; or so many splits, of so many branches each. */
export interface Work {
  readonly times: number
  /** Of each split; 0 for a loop without splits. */
  readonly width: number
}

export type Synchronous = "full" | "off"

export interface Store {
  /** A run of an id that is new, up to its end, and what it gives. */
  readonly run: (id: string, work: Work) => Promise<number>
  readonly close: () => Promise<void>
}

export type Open = (filename: string, synchronous: Synchronous) => Promise<Store>

/** What each run gives. */
export const answerOf = ({ times, width }: Work): number => width === 0 ? times * (times + 1) / 2 : width

const range = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

/** A branch that does not end at once, so that all of a split run at the same time. */
const branch = (i: number): Effect.Effect<number> => Effect.as(Effect.yieldNow, i)

// -----------------------------------------------------------------------------
// the machine
// -----------------------------------------------------------------------------

const State = Schema.Union([
  Schema.TaggedStruct("Add", { left: Schema.Int, sum: Schema.Int }),
  Schema.TaggedStruct("Fan", { left: Schema.Int, width: Schema.Int }),
  Schema.TaggedStruct("Done", { sum: Schema.Int })
])
type State = typeof State.Type

const machine = Workflow.make("bench", State)
  .register("Add", ({ left, sum }) =>
    Effect.succeed<Exclude<State, { _tag: "Fan" }>>(
      left === 0 ? { _tag: "Done", sum } : { _tag: "Add", left: left - 1, sum: sum + left }
    ))
  .registerSplit("Fan", ({ width }) => range(width).map(branch), {
    strategy: JoinStrategy.all,
    schema: { success: Schema.Int, error: Schema.Never },
    next: ({ values }, { left, width }) =>
      left === 1 ? { _tag: "Done", sum: values.length } : { _tag: "Fan", left: left - 1, width }
  })
  .addExitStates("Done")

const Machine = Durable.make(machine, { version: 1 })

const initialOf = ({ times, width }: Work): Exclude<State, { _tag: "Done" }> =>
  width === 0 ? { _tag: "Add", left: times, sum: 0 } : { _tag: "Fan", left: times, width }

export const journal = (filename: string, synchronous: Synchronous) =>
  Durable.layerSql.pipe(Layer.provideMerge(Sqlite.layer({ filename, synchronous })))

export const durable: Open = async (filename, synchronous) => {
  const runtime = ManagedRuntime.make(Layer.provideMerge(Machine.layer, journal(filename, synchronous)))
  await runtime.context()
  return {
    run: async (id, work) => (await runtime.runPromise(Machine.run(id, initialOf(work)))).sum,
    close: () => runtime.dispose()
  }
}

// -----------------------------------------------------------------------------
// effect/workflow
// -----------------------------------------------------------------------------

const Steps = EffectWorkflow.make("bench", {
  payload: { id: Schema.String, times: Schema.Int, width: Schema.Int },
  success: Schema.Int,
  idempotencyKey: ({ id }) => id
})

const activity = (name: string, execute: Effect.Effect<number>) => Activity.make({ name, success: Schema.Int, execute })

const steps = Steps.toLayer(Effect.fnUntraced(function*({ times, width }) {
  let sum = 0
  for (let i = times; i > 0; i--) {
    if (width === 0) sum += yield* activity(`${i}`, Effect.succeed(i))
    else {
      const values = yield* Effect.forEach(range(width), (b) => activity(`${i}/${b}`, branch(b)), {
        concurrency: "unbounded"
      })
      sum = values.length
    }
  }
  return sum
}))

/** The one engine of Effect that keeps what has happened: on its cluster, of one runner, whose messages are in tables. */
export const effectWorkflow: Open = async (filename, synchronous) => {
  const cluster = SingleRunner.layer({
    runnerStorage: "memory",
    shardingConfig: { simulateRemoteSerialization: false }
  })
  const runtime = ManagedRuntime.make(steps.pipe(
    Layer.provideMerge(ClusterWorkflowEngine.layer),
    Layer.provide(cluster),
    Layer.provide(Sqlite.layer({ filename, synchronous })),
    Layer.provide(Digest.layerWebCrypto),
    Layer.provide(WebCrypto.layer(globalThis.crypto))
  ))
  await runtime.context()
  return {
    run: (id, work) => runtime.runPromise(Steps.execute({ id, ...work })),
    close: () => runtime.dispose()
  }
}

// -----------------------------------------------------------------------------
// by hand
// -----------------------------------------------------------------------------

/** The rows that the machine writes, in as many commits, by nothing but prepared statements. */
export const raw: Open = async (filename, synchronous) => {
  const db = new DatabaseSync(filename)
  db.exec("PRAGMA journal_mode = WAL")
  db.exec(`PRAGMA synchronous = ${synchronous}`)
  for (const statement of await tables) db.exec(statement)
  const insert = db.prepare(
    "INSERT INTO cano_journal (run_id, n, kind, key, data, at, kept) VALUES (?, ?, ?, ?, ?, ?, 0)"
  )
  const create = db.prepare(
    `INSERT INTO cano_runs (run_id, workflow, version, status, parked, n, entered, visit, state, sent, due_at, created_at,
      entered_at, updated_at) VALUES (?, 'bench', 1, 'running', 0, 0, 0, 1, ?, 0, ?, ?, ?, ?)`
  )
  const own = db.prepare("UPDATE cano_runs SET n = ?, owner = 'raw', updated_at = ? WHERE run_id = ?")
  const settle = db.prepare("UPDATE cano_runs SET n = ?, updated_at = ? WHERE run_id = ?")
  const enter = db.prepare(
    "UPDATE cano_runs SET n = ?, entered = ?, visit = ?, state = ?, entered_at = ?, updated_at = ? WHERE run_id = ?"
  )
  const end = db.prepare(
    `UPDATE cano_runs SET n = ?, entered = ?, visit = ?, state = ?, status = 'ended', outcome = 'succeeded', owner = NULL,
      due_at = NULL, entered_at = ?, updated_at = ? WHERE run_id = ?`
  )
  const begin = db.prepare("BEGIN IMMEDIATE")
  const commit = db.prepare("COMMIT")
  return {
    run: async (id, work) => {
      const { times, width } = work
      const tag = width === 0 ? "Add" : "Fan"
      let n = 0
      const row = (kind: string, key: string, data: unknown, now: number): void => {
        insert.run(id, n++, kind, key, typeof data === "string" ? data : JSON.stringify(data), now)
      }
      const committed = (f: (now: number) => void): void => {
        begin.run()
        f(Date.now())
        commit.run()
      }
      committed((now) => {
        create.run(id, tag, now, now, now, now)
        row("enter", `/1/${tag}`, initialOf(work), now)
      })
      committed((now) => {
        row("owner", "", runner, now)
        own.run(n - 1, now, id)
      })
      let sum = 0
      // a loop enters its state once more, with nothing left
      const visits = width === 0 ? times + 1 : times
      for (let visit = 1; visit <= visits; visit++) {
        const own = `/${visit}/${tag}`
        if (width === 0) sum += times + 1 - visit
        else {
          sum = width
          committed((now) => {
            settle.run(n + width - 1, now, id)
            for (let i = 0; i < width; i++) row("settle", `${own}/${i}`, { i, x: { s: i } }, now)
          })
        }
        committed((now) => {
          if (width > 0) {
            row("join", own, {
              verdict: "proceed",
              timedOut: false,
              counted: range(width),
              started: width,
              total: width
            }, now)
          }
          if (visit < visits) {
            enter.run(n, n, visit + 1, tag, now, now, id)
            const left = times - visit
            row(
              "enter",
              `/${visit + 1}/${tag}`,
              width === 0 ? { _tag: tag, left, sum } : { _tag: tag, left, width },
              now
            )
          } else {
            end.run(n + 1, n, visit + 1, "Done", now, now, id)
            row("enter", `/${visit + 1}/Done`, { _tag: "Done", sum }, now)
            row("exit", "", { x: { s: { _tag: "Done", sum } } }, now)
          }
        })
      }
      return sum
    },
    close: async () => db.close()
  }
}

const runner = "00000000-0000-0000-0000-000000000000"

/** The statements that make the tables of the journal, and their indexes. */
const tables: Promise<ReadonlyArray<string>> = Effect.runPromise(
  Effect.provide(
    Effect.gen(function*() {
      const sql = yield* Sqlite.make({ filename: ":memory:" })
      const found = yield* Effect.provideService(
        Effect.scoped(
          Effect.andThen(
            Layer.build(Durable.layerSql),
            sql`SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name LIKE 'cano%'`
          )
        ),
        SqlClient.SqlClient,
        sql
      )
      return found.map(({ sql }) => String(sql))
    }),
    Reactivity.layer
  ).pipe(Effect.scoped)
)
