/**
 * A durable run that is killed: an order asks three warehouses at once, its process is killed with SIGKILL when two of them
 * have answered, and another process goes on with what is missing.
 */
import { Console, Effect, Layer, Schedule } from "effect"
import * as Journal from "effect-cano/journal"
import * as Sqlite from "effect-cano/sqlite"
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const folder = mkdtempSync(join(tmpdir(), "orders-"))
const files = { JOURNAL: join(folder, "orders.db"), LEDGER: join(folder, "outside.txt") }

const work = (): ChildProcess =>
  spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, "worker.ts")], {
    stdio: "inherit",
    env: { ...process.env, ...files }
  })

const ended = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
  })

const rows = Effect.flatMap(Journal.Journal, (journal) => journal.rows("order-17", 0, 100))

/** Until the journal says that two branches have settled. */
const inTheMiddle = rows.pipe(
  Effect.flatMap((rows) =>
    rows.filter(({ kind }) => kind === "settle").length === 2 ? Effect.void : Effect.fail("not yet")
  ),
  Effect.retry(Schedule.spaced("10 millis"))
)

const outside = () => readFileSync(files.LEDGER, "utf8").trim().split("\n")

const program = Effect.gen(function*() {
  const first = work()
  yield* inTheMiddle
  first.kill("SIGKILL")
  yield* ended(first)
  const before = outside()
  yield* Console.log("killed with SIGKILL, in the middle of a split. Until then:")
  for (const line of before) yield* Console.log(`  ${line}`)

  yield* ended(work())
  yield* Console.log("after another process has gone on:")
  for (const line of outside().slice(before.length)) yield* Console.log(`  ${line}`)

  const branch = (line: string) => /asked .* \((.*)\)/.exec(line)?.[1]
  const asked = outside().flatMap((line) => branch(line) ?? [])
  const again = asked.filter((key, i) => asked.indexOf(key) < i)
  const once = asked.filter((key) => !again.includes(key))
  yield* Console.log(`once, as the journal had how they ended: ${once.join(", ")}`)
  yield* Console.log(`run again, as it had not: ${again.join(", ")}`)
  yield* Console.log("the journal of the run:")
  for (const { kind, key } of yield* rows) yield* Console.log(`  ${kind.padEnd(10)} ${key}`)
})

await Effect.runPromise(
  program.pipe(Effect.provide(Journal.layerSql.pipe(Layer.provide(Sqlite.layer({ filename: files.JOURNAL })))))
)
rmSync(folder, { recursive: true })
