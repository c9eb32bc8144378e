import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Sqlite from "effect-cano/sqlite"
import { SqlClient } from "effect/sql"
import { execFile } from "node:child_process"
import { join } from "node:path"
import { file } from "./files.ts"

const root = join(import.meta.dirname, "../..")

/** What a program has printed, and how it ended. */
const node = (...args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resume) => {
    execFile(
      process.execPath,
      ["--conditions=effect-cano-source", ...args],
      { cwd: root },
      (error, stdout, stderr) =>
        resume(Effect.succeed({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }))
    )
  })

describe("sqlite, in processes of its own", () => {
  it.live("two that count in one file at once lose nothing, and meet no error", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const count = node(join(import.meta.dirname, "counter.ts"), filename, "2000")
      for (const { code, stderr } of yield* Effect.all([count, count], { concurrency: 2 })) {
        assert.strictEqual(code, 0, stderr)
        assert.strictEqual(stderr, "")
      }
      const read = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT n FROM counter`.values)
      assert.deepStrictEqual(yield* read.pipe(Effect.provide(Sqlite.layer({ filename }))), [[4000]])
    }))

  it.live("no entry loads node:sqlite, this one neither before a client is made", () =>
    Effect.gen(function*() {
      const program = `
        import { registerHooks } from "node:module"
        import { readdirSync } from "node:fs"
        const loaded = []
        registerHooks({ resolve: (specifier, context, next) => (loaded.push(specifier), next(specifier, context)) })
        for (const file of readdirSync("src").filter((file) => file.endsWith(".ts") && file !== "index.ts")) {
          await import("effect-cano/" + file.slice(0, -3))
        }
        await import("effect-cano")
        console.log(loaded.length > 50, loaded.includes("node:sqlite"))
        const { Effect } = await import("effect")
        const { layer } = await import("effect-cano/sqlite")
        const { SqlClient } = await import("effect/sql")
        const ask = Effect.flatMap(SqlClient.SqlClient, (sql) => sql\`SELECT 1\`.values)
        await Effect.runPromise(ask.pipe(Effect.provide(layer({ filename: ":memory:" }))))
        console.log(loaded.includes("node:sqlite"))
      `
      const { code, stderr, stdout } = yield* node("--input-type=module", "--eval", program)
      assert.strictEqual(stdout, "true false\ntrue\n")
      assert.strictEqual(stderr, "")
      assert.strictEqual(code, 0)
    }))

  it.live("a runtime without node:sqlite is told what it needs", () =>
    Effect.gen(function*() {
      const program = `
        import { Effect } from "effect"
        import { SqlClient } from "effect/sql"
        import { layer } from "effect-cano/sqlite"
        const ask = SqlClient.SqlClient.pipe(Effect.provide(layer({ filename: ":memory:" })), Effect.flip)
        const { _tag, message } = await Effect.runPromise(ask)
        console.log(_tag, message)
      `
      const { stdout } = yield* node("--no-experimental-sqlite", "--input-type=module", "--eval", program)
      assert.match(stdout, /^SqlError this runtime has no node:sqlite: Node has it from 22\.13 on/)
    }))
})
