import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { join } from "node:path"

const root = join(import.meta.dirname, "../..")

describe("the example of a cluster", () => {
  it("kills the runner of a run, which goes on with another one; its branch that had ended is not run again", () => {
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      ["--conditions=effect-cano-source", join(root, ".ci/examples.ts"), "cluster"],
      { encoding: "utf8", timeout: 90_000 }
    )
    assert.strictEqual(status, 0, stderr)
    const lines = stdout.split("\n").map((line) => line.trim())
    const counted = (what: string) => lines.filter((line) => line.startsWith(what)).length
    assert.deepStrictEqual(
      [counted("asked Amsterdam"), counted("asked Bern"), counted("asked Cadiz"), counted("shipped from")],
      [1, 2, 2, 1]
    )
    assert.include(lines, "shipped from Amsterdam and Bern (order-1/3/Ship): the other one")
    for (const end of ["order-1: Shipped", "order-2: Shipped", "order-3: Refused"]) assert.include(lines, end)
    assert.strictEqual(counted("join"), 1)
    assert.strictEqual(counted("exit"), 1)
  }, 120_000)
})
