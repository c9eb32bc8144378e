import { assert, describe, it } from "@effect/vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "../..")

/** A folder of files with so many words each; it is removed when the test ends. */
const folder = (...words: ReadonlyArray<number>) => {
  const path = mkdtempSync(join(tmpdir(), "scheduler-"))
  words.forEach((count, i) => writeFileSync(join(path, `${i}.txt`), "word ".repeat(count)))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

/** Runs the example as a process of its own, and sends it a signal once it has printed a line. */
const stopped = (
  args: ReadonlyArray<string>,
  at: string,
  signal: NodeJS.Signals,
  through = "examples/scheduler/main.ts"
) =>
  new Promise<{ readonly code: number | null; readonly lines: ReadonlyArray<string> }>((done) => {
    const [program, ...before] = through.split(" ")
    const child: ChildProcess = spawn(
      process.execPath,
      ["--conditions=effect-cano-source", program!, ...before, ...args],
      { cwd: root, env: { ...process.env, NO_COLOR: "1" } }
    )
    let [text, isSent] = ["", false]
    child.stdout!.on("data", (chunk: Buffer) => {
      text += chunk.toString()
      if (isSent || !text.includes(at)) return
      isSent = true
      child.kill(signal)
    })
    child.stderr!.on("data", (chunk: Buffer) => text += chunk.toString())
    child.on("exit", (code) => done({ code, lines: text.trimEnd().split("\n") }))
  })

/** Without the instant in the id of a run. */
const plain = (lines: ReadonlyArray<string>) => lines.map((line) => line.replace(/@\S+Z/, "@…"))

describe("the scheduler example", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`drains after a real ${signal}, says what it did, and exits with 0`, async () => {
      using files = folder(10, 20, 30)
      const { code, lines } = await stopped([files.path, "60000", "400"], "counting 3 files", signal)
      assert.deepStrictEqual(plain(lines), [
        `counting the words of ${files.path}; Ctrl-C stops it`,
        "counting 3 files",
        "stopping",
        "60 words",
        "drained: word-count@…",
        "1 runs, 3 files, 60 words"
      ])
      assert.strictEqual(code, 0)
    })
  }

  it(
    "interrupts after five seconds what does not end, and `npm run example` hands a SIGTERM on",
    { timeout: 60_000 },
    async () => {
      using files = folder(10)
      const began = performance.now()
      const { code, lines } = await stopped(
        [files.path, "60000", "600000"],
        "counting 1 files",
        "SIGTERM",
        ".ci/examples.ts scheduler"
      )
      assert.deepStrictEqual(plain(lines).slice(2), [
        "stopping",
        "drained: none",
        "interrupted: word-count@…",
        "1 runs, 0 files, 0 words"
      ])
      assert.strictEqual(code, 0)
      assert.isBelow(performance.now() - began, 30_000)
    }
  )
})
