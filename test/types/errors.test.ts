import { assert, beforeAll, describe, it } from "@effect/vitest"
import { actual, programs } from "./diagnostics.ts"

describe("what does not compile", () => {
  let texts: ReadonlyArray<string> = []
  beforeAll(() => {
    texts = actual()
  }, 60_000)

  programs.forEach(({ expected, names, rule }, i) => {
    it(`${rule}`, () => {
      assert.strictEqual(texts[i], expected)
      // one place, which is where the mistake is
      assert.strictEqual(texts[i]!.match(/^\d+:\d+ TS\d+: /gm)?.length, 1)
      assert.isNotEmpty(names)
      for (const name of names) assert.include(texts[i], name)
    })
  })
})
