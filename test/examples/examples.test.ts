import { assert, describe, it } from "@effect/vitest"
import * as Examples from "../../.ci/examples.ts"

describe("examples", () => {
  for (const name of Examples.names()) {
    it(`${name} prints what examples/output/${name}.txt says`, { timeout: 60_000 }, async () => {
      const { actual, expected } = await Examples.compare(name)
      assert.strictEqual(actual, expected)
    })
  }

  it("every expected output belongs to an example", () => {
    assert.deepStrictEqual(Examples.outputs().filter((name) => !Examples.names().includes(name)), [])
  })
})
