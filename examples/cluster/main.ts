/**
 * A cluster on one database: two runners drive the orders of a client. The runner that drives order 1 is killed with SIGKILL in
 * the middle of its split, the other one goes on with it, and at the end nothing is left.
 */
import { Console, Effect, Layer, Schedule } from "effect"
import * as Journal from "effect-cano/journal"
import * as Sqlite from "effect-cano/sqlite"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const folder = mkdtempSync(join(tmpdir(), "cluster-"))
const files = { DATABASE: join(folder, "cluster.db"), LEDGER: join(folder, "outside.txt") }
const children: Array<ChildProcess> = []
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL")
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1))

const run = (file: string, env: Record<string, string> = {}): ChildProcess => {
  const child = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, file)], {
    stdio: "inherit",
    env: { ...process.env, ...files, ...env }
  })
  children.push(child)
  return child
}

const freePort = Effect.promise<number>(() =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
)

const ended = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
  })

const rows = Effect.flatMap(Journal.Journal, (journal) => journal.rows("order-1", 0, 100))
const until = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
  Effect.repeat(condition, { until: (holds) => holds, schedule: Schedule.spaced("10 millis") })

const outside = () => existsSync(files.LEDGER) ? readFileSync(files.LEDGER, "utf8").trim().split("\n") : []

const program = Effect.gen(function*() {
  // at once, on an empty database
  const runners = [run("runner.ts", { PORT: `${yield* freePort}` }), run("runner.ts", { PORT: `${yield* freePort}` })]
  const client = run("client.ts")
  // one warehouse has answered, and is in the journal
  yield* until(Effect.map(rows, (rows) => rows.some(({ kind }) => kind === "settle")))
  const pid = Number(outside().find((line) => line.endsWith("(order-1/1/Ask/ada)"))!.split(" ")[0])
  const killed = runners.find((runner) => runner.pid === pid)!
  killed.kill("SIGKILL")
  yield* ended(killed)
  yield* Console.log("the runner of order-1 is killed with SIGKILL, in the middle of its split")
  yield* ended(client)

  const own = outside().filter((line) => line.includes("(order-1/")).map((line) => ({
    who: line.startsWith(`${pid} `) ? "the runner that was killed" : "the other one",
    what: line.slice(line.indexOf(" ") + 1)
  }))
  yield* Console.log("what was done for order-1, and by whom:")
  for (const { what, who } of own) yield* Console.log(`  ${what}: ${who}`)
  yield* Console.log("its journal:")
  for (const { key, kind } of yield* rows) yield* Console.log(`  ${kind.padEnd(7)} ${key}`.trimEnd())
  for (const runner of runners) {
    runner.kill("SIGTERM")
    yield* ended(runner)
  }
})

await Effect.runPromise(
  program.pipe(Effect.provide(Journal.layerSql.pipe(Layer.provide(Sqlite.layer({ filename: files.DATABASE })))))
)
