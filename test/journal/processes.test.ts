import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { join } from "node:path"
import { file } from "../sqlite/files.ts"
import * as first from "./firstVersion.ts"
import { during, open, statements } from "./sqlite.ts"

/** What a program has printed, and how it ended. */
const node = (...args: ReadonlyArray<string>) =>
  Effect.callback<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resume) => {
    execFile(
      process.execPath,
      ["--conditions=effect-cano-source", ...args],
      { cwd: join(import.meta.dirname, "../..") },
      (error, stdout, stderr) =>
        resume(Effect.succeed({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }))
    )
  })

describe("a journal in SQLite, in several processes", () => {
  it.live("is brought up to date by one of those who open an older file at once, and its runs go on", () =>
    Effect.gen(function*() {
      const filename = yield* file
      yield* during({ filename }, statements(...first.tables("sqlite"), ...first.rows))
      const writers = ["ada", "bob", "cyd"].map((runner) =>
        node(join(import.meta.dirname, "writer.ts"), filename, runner, `own/${runner}`, "old", "3")
      )
      for (const { code, stderr } of yield* Effect.all(writers, { concurrency: 3 })) {
        assert.strictEqual(stderr, "")
        assert.strictEqual(code, 0)
      }
      const store = yield* open({ filename })
      const letters = yield* store.letters("old")
      assert.deepStrictEqual(letters.map(({ n, seq }) => [seq, n === undefined]), [
        [1, true],
        [2, true],
        [3, false],
        [4, false],
        [5, false]
      ])
      const rows = yield* store.rows("old", 0, 99)
      assert.deepStrictEqual(rows.slice(0, 2).map(({ data }) => data), [`"Ask"`, `"Pay"`])
      assert.isAbove(rows.length, 5)
    }))

  it.live("is made by all at once, and D1: of those who append to one run each row is there once", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const [runners, times] = [["ada", "bob", "cyd"], 150]
      const writers = runners.map((runner) =>
        node(join(import.meta.dirname, "writer.ts"), filename, runner, `own/${runner}`, "shared", `${times}`)
      )
      const fenced: Array<number> = []
      for (const { code, stderr, stdout } of yield* Effect.all(writers, { concurrency: 3 })) {
        assert.strictEqual(stderr, "")
        assert.strictEqual(code, 0)
        fenced.push(Number(stdout))
      }
      const store = yield* open({ filename })
      for (const runner of runners) {
        const rows = yield* store.rows(`own/${runner}`, 2, 9999)
        const expected = Array.from({ length: times }, (_, i) => [`${runner} ${i}`, `${runner} ${i}`]).flat()
        assert.deepStrictEqual(rows.map(({ data }) => data), expected)
      }
      const rows = yield* store.rows("shared", 0, 9999)
      assert.strictEqual(rows.length, (yield* store.show("shared"))!.n + 1)
      // two rows of one append stand beside each other, behind the owner row of who has written them
      const written = new Map<string, number>(runners.map((runner) => [runner, 0]))
      for (let i = 1, owner = ""; i < rows.length; i++) {
        if (rows[i]!.kind === "owner") owner = rows[i]!.data
        else {
          assert.strictEqual(rows[i]!.data.split(" ")[0], owner)
          assert.strictEqual(rows[i + 1]!.data, rows[i]!.data)
          written.set(owner, written.get(owner)! + 1)
          i++
        }
      }
      assert.deepStrictEqual([...written.values()], fenced.map((many) => times - many))
      // D3: of those who send under one id one is the first
      assert.deepStrictEqual(
        (yield* store.letters("shared")).map(({ id, seq }) => [id, seq]),
        Array.from({ length: times }, (_, i) => [`${i}`, i + 1])
      )
    }))
})
