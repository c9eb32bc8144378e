/**
 * node --conditions=effect-cano-source bench/cluster.ts [postgres]: what a durable run costs in a cluster of processes: from its
 * start to its end, from a signal to the end of a run that waits for it, and until another runner goes on with what one has left
 * that was killed; and how many runs one and two runners bring to an end. The clock is the wall's.
 */
import { Effect, Fiber } from "effect"
import * as Journal from "effect-cano/journal"
import * as Runs from "effect-cano/Runs"
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as databases from "../test/postgres/databases.ts"
import * as server from "../test/postgres/server.ts"
import { engine, Go, Long, type Mode, Wait, Work } from "./clustered.ts"

const isPostgres = process.argv[2] === "postgres"
const folder = mkdtempSync(join(tmpdir(), "effect-cano-bench-"))
let [files, port] = [0, 20_000 + process.pid % 20_000]
const children = new Set<ChildProcess>()
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL")
  rmSync(folder, { recursive: true, force: true })
})

const database = isPostgres
  ? Effect.flatMap(server.shared, databases.make)
  : Effect.sync(() => join(folder, `${files++}.db`))

const runner = (file: string, mode: Mode) =>
  Effect.sync(() => {
    const worker = join(import.meta.dirname, "clustered.ts")
    const args = [...process.execArgv, worker, file, `${port++}`, mode]
    const child = spawn(process.execPath, args, { stdio: "inherit" })
    children.add(child)
    return child
  })

const end = (child: ChildProcess, signal: "SIGTERM" | "SIGKILL") =>
  Effect.callback<void>((resume) => {
    child.once("exit", () => resume(Effect.void))
    child.kill(signal)
  })

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const start = performance.now()
    yield* effect
    return performance.now() - start
  })

const said = (what: string, times: ReadonlyArray<number>) => {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!.toFixed(0).padStart(6)
  console.log(`${what.padEnd(52)} median ${at(0.5)} ms, 95 % ${at(0.95)} ms, worst ${at(1)} ms, of ${sorted.length}`)
}

const times = (n: number) => Array.from({ length: n }, (_, i) => i)
const run = (i: number, name: string) => Work.run(`${name}-${i}`, "A")

/** The last time a run was taken. */
const taken = (runId: string) =>
  Effect.map(
    Effect.flatMap(Journal.Journal, (journal) => journal.rows(runId, 0, 100)),
    (rows) => rows.filter(({ kind }) => kind === "owner").length
  )
const until = <E, R>(condition: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  Effect.flatMap(condition, (holds) => holds ? Effect.void : Effect.andThen(Effect.sleep(5), until(condition)))

const latencies = (mode: "one" | "parking") =>
  Effect.gen(function*() {
    const file = yield* database
    const runners = [yield* runner(file, mode), yield* runner(file, mode)]
    yield* Effect.gen(function*() {
      yield* Effect.forEach(times(20), (i) => run(i, "warm"))
      if (mode === "one") {
        said("start to end of a run of four visits", yield* Effect.forEach(times(100), (i) => timed(run(i, "one"))))
      }
      const woken = yield* Effect.forEach(times(100), (i) =>
        Effect.gen(function*() {
          const id = `wait-${i}`
          yield* Wait.start(id, "Wait")
          const journal = yield* Journal.Journal
          yield* until(
            Effect.map(
              journal.show(id),
              (head) => head?.status === "waiting" && (head.owner === undefined) === (mode === "parking")
            )
          )
          return yield* timed(Effect.andThen(Runs.signal(id, Go, 1), Wait.await(id)))
        }))
      said(`a signal to the end of a run that ${mode === "one" ? "waits" : "is parked"}`, woken)
    }).pipe(Effect.provide(engine(file, undefined, mode)))
    for (const child of runners) yield* end(child, "SIGKILL")
  })

const throughput = (count: number) =>
  Effect.gen(function*() {
    const file = yield* database
    const runners = yield* Effect.forEach(times(count), () => runner(file, "many"))
    yield* Effect.gen(function*() {
      yield* Effect.forEach(times(40), (i) => run(i, "warm"), { concurrency: 20 })
      const millis = yield* timed(Effect.forEach(times(1000), (i) => run(i, "many"), { concurrency: 100 }))
      console.log(
        `${`${count} runner${count > 1 ? "s" : ""}, 100 runs of four visits at once`.padEnd(52)} ${
          (1_000_000 / millis).toFixed(0)
        } runs per second`
      )
    }).pipe(Effect.provide(engine(file, undefined, "many")))
    for (const child of runners) yield* end(child, "SIGKILL")
  })

const failOver = Effect.gen(function*() {
  const killed: Array<number> = []
  const ended: Array<number> = []
  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    for (let round = 0; round < 4; round++) {
      const file = yield* database
      const first = yield* runner(file, "one")
      yield* Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(Long.run("long", "Work"))
        yield* until(Effect.map(taken("long"), (n) => n === 1))
        const second = yield* runner(file, "one")
        // both have shards
        yield* Effect.sleep("3 seconds")
        const isHere = (yield* taken("long")) === 1
        const [victim, other] = isHere ? [first, second] : [second, first]
        const n = yield* taken("long")
        const millis = yield* timed(Effect.andThen(end(victim, signal), until(Effect.map(taken("long"), (m) => m > n))))
        ;(signal === "SIGKILL" ? killed : ended).push(millis)
        yield* Fiber.interrupt(fiber)
        yield* end(other, "SIGKILL")
      }).pipe(Effect.provide(engine(file, undefined, "one")))
    }
  }
  said("SIGKILL until another runner has taken the run", killed)
  said("SIGTERM until another runner has taken the run", ended)
})

await Effect.runPromise(Effect.gen(function*() {
  console.log(isPostgres ? "PostgreSQL" : "SQLite")
  yield* latencies("one")
  yield* latencies("parking")
  yield* throughput(1)
  yield* throughput(2)
  yield* failOver
}))
process.exit(0)
