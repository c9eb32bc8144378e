/**
 * node --conditions=effect-cano-source bench/waking.ts [postgres]: how long it takes from a signal to what comes after the wait, of
 * runs that are parked and of runs that wait in memory, sent in the process that drives them and in another one. The clock is the
 * wall's. With a database and a mode it is the process that drives them.
 */
import { Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import * as Sqlite from "effect-cano/sqlite"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { fork } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as databases from "../test/postgres/databases.ts"
import * as server from "../test/postgres/server.ts"

const count = 100
const poll = 250
const now = () => performance.timeOrigin + performance.now()
const Go = Signal.make("go", Schema.Int)

/** Waits for a signal, and tells when it has gone on. */
const define = (tell: (i: number, at: number) => void) =>
  Durable.make(
    Workflow.make("wait", Schema.Literals(["Wait", "Done"]))
      .registerSignal("Wait", Go, {
        next: (i) => {
          tell(i, now())
          return "Done" as const
        }
      })
      .addExitStates("Done"),
    { version: 1 }
  )

type Mode = "parked" | "in memory"

const journal = (database: string, mode: Mode) =>
  Durable.layerSql.pipe(
    Layer.provide(
      database.startsWith("postgres")
        ? databases.client(database, { maxConnections: 5 })
        : Sqlite.layer({ filename: database, synchronous: "full" })
    ),
    Layer.provide(Durable.settings({ poll, ...mode === "in memory" && { parkAfter: Number.POSITIVE_INFINITY } }))
  )

/** Another process that drives them. */
const driver = (database: string, mode: Mode, tell: (i: number, at: number) => void) =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof fork>>((resume) => {
      const child = fork(import.meta.filename, [database, mode], { execArgv: process.execArgv })
      child.on("message", (said) => {
        if (said === "ready") resume(Effect.succeed(child))
        else tell(...(said as [number, number]))
      })
    }),
    (child) =>
      Effect.callback<void>((resume) => {
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGKILL")
      })
  )

const measured = Effect.fnUntraced(function*(database: string, mode: Mode, isHere: boolean) {
  const woken = Array.from({ length: count }, () => Deferred.makeUnsafe<number>())
  const tell = (i: number, at: number) => Deferred.doneUnsafe(woken[i]!, Effect.succeed(at))
  const Wait = define(tell)
  if (!isHere) yield* driver(database, mode, tell)
  const sent = Effect.gen(function*() {
    for (let i = 0; i < count; i++) yield* Wait.start(`w-${i}`, "Wait")
    for (;;) {
      const heads = yield* Durable.list({ workflow: "wait", limit: count })
      const isAsAsked = (owner: string | undefined) => (owner === undefined) === (mode === "parked")
      if (heads.every(({ owner, status }) => status === "waiting" && isAsAsked(owner))) break
      yield* Effect.sleep(20)
    }
    const times: Array<number> = []
    for (let i = 0; i < count; i++) {
      // at any point between two looks
      yield* Effect.sleep(Math.random() * poll)
      const start = now()
      yield* Runs.signal(`w-${i}`, Go, i)
      times.push((yield* Deferred.await(woken[i]!)) - start)
    }
    return times.sort((a, b) => a - b)
  })
  const own = journal(database, mode)
  const times = yield* Effect.provide(sent, isHere ? Layer.provideMerge(Wait.layer, own) : own)
  const at = (q: number) => times[Math.min(count - 1, Math.floor(count * q))]!.toFixed(1)
  console.log(
    `${mode}, sent ${isHere ? "in this process" : "in another"}: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, worst ${
      at(1)
    } ms`
  )
})

const program = Effect.gen(function*() {
  const isPostgres = process.argv[2] === "postgres"
  const folder = mkdtempSync(join(tmpdir(), "effect-cano-bench-"))
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }))
  const url = isPostgres ? (yield* server.own).url : undefined
  console.log(isPostgres ? `PostgreSQL, fsync ${process.env["POSTGRES_FSYNC"] ?? "off"}` : "SQLite, synchronous: full")
  for (const mode of ["parked", "in memory"] as const) {
    for (const isHere of [true, false]) {
      const database = url === undefined ? join(folder, `${mode} ${isHere}.db`) : yield* databases.make(url)
      yield* Effect.scoped(measured(database, mode, isHere))
    }
  }
})

const [, , place, mode] = process.argv
if (mode === undefined) await Effect.runPromise(Effect.scoped(program))
else {
  const Wait = define((i, at) => void process.send!([i, at]))
  process.once("disconnect", () => process.exit())
  const drives = Effect.andThen(Effect.sync(() => process.send!("ready")), Effect.never)
  await Effect.runPromise(Effect.provide(drives, Layer.provideMerge(Wait.layer, journal(place!, mode as Mode))))
}
