import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { join } from "node:path"

const root = join(import.meta.dirname, "../..")

describe("the durable example", () => {
  it("is killed in the middle of a split, and runs again what the journal does not have, and nothing else", () => {
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      ["--conditions=effect-cano-source", join(root, ".ci/examples.ts"), "durable"],
      { encoding: "utf8", timeout: 60_000 }
    )
    assert.strictEqual(status, 0, stderr)
    const lines = stdout.split("\n").map((line) => line.trim())
    const counted = (what: string) => lines.filter((line) => line.startsWith(what)).length
    assert.deepStrictEqual(
      [counted("asked Amsterdam"), counted("asked Bern"), counted("asked Cadiz"), counted("charged 40")],
      [1, 1, 2, 1]
    )
    assert.include(lines, "the order is Shipped")
    assert.include(lines, "once, as the journal had how they ended: order-17/1/Ask/ada, order-17/1/Ask/bob")
    assert.include(lines, "run again, as it had not: order-17/1/Ask/cyd")
    assert.strictEqual(counted("join"), 1)
  }, 90_000)
})
