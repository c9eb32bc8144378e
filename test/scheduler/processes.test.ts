import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Schedules from "effect-cano/schedules"
import * as Sqlite from "effect-cano/sqlite"
import { SqlClient } from "effect/sql"
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import { file } from "../sqlite/files.ts"

const root = join(import.meta.dirname, "../..")

/** A process with a scheduler, which is killed at the end of the test at the latest. */
const start = (filename: string) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(
        process.execPath,
        ["--conditions=effect-cano-source", join(import.meta.dirname, "worker.ts"), filename],
        { cwd: root, stdio: ["ignore", "ignore", "inherit"] }
      )
    ),
    kill
  )

/** It is gone when this has ended. */
const kill = (child: ChildProcess): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.on("exit", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

describe("schedulers in several processes, over one file", () => {
  it.live(
    "start each instant once, whoever is killed and started again, and what was lost is told",
    () =>
      Effect.gen(function*() {
        const filename = yield* file
        const context = yield* Layer.build(Schedules.layerSql.pipe(Layer.provideMerge(Sqlite.layer({ filename }))))
        const store = Context.get(context, Schedules.Schedules)
        const sql = Context.get(context, SqlClient.SqlClient)
        yield* sql`CREATE TABLE notes (due INTEGER NOT NULL)`
        const dues = Effect.map(
          sql<{ due: number }>`SELECT due FROM notes ORDER BY due`,
          (rows) => rows.map(({ due }) => due)
        )
        const names = Effect.map(
          store.history("f", 100_000),
          (history) => new Set(history.map(({ scheduler }) => scheduler)).size
        )
        /** Until so many more instants have fired, and some of them by one that had not fired any. */
        const more = Effect.fnUntraced(function*(count: number, isOther: boolean) {
          const [fired, had] = [(yield* dues).length, yield* names]
          while ((yield* dues).length < fired + count || (isOther && (yield* names) <= had)) {
            yield* Effect.sleep("20 millis")
          }
        })
        const children = yield* Effect.forEach([1, 2, 3], () => start(filename))
        yield* more(5, true)
        // all but one, then that one, and others come
        yield* kill(children[0]!)
        yield* kill(children[1]!)
        yield* more(5, false)
        yield* kill(children[2]!)
        const next = yield* Effect.forEach([1, 2], () => start(filename))
        yield* more(15, true)
        yield* Effect.forEach(next, kill)
        const fired = yield* dues
        assert.deepStrictEqual(fired, [...new Set(fired)])
        const [view] = yield* store.look(["f"])
        const history = yield* store.history("f", 100_000)
        const known = new Set([...fired, ...history.map(({ due }) => due), ...view!.open.map(({ due }) => due)])
        const missing: Array<number> = []
        for (let due = fired[0]!; due <= view!.schedule.cursor; due += 100) if (!known.has(due)) missing.push(due)
        assert.deepStrictEqual(missing, [])
      }),
    60_000
  )
})
