import { assert, beforeAll, describe, it } from "@effect/vitest"
import { actual, firstLine, programs } from "./diagnostics.ts"
import { compilers } from "./machines.ts"

/** The members of a union stand in another order in each compiler. */
const inAnyOrder = (names: ReadonlyArray<string>) => names.flatMap((name) => name.split(" | "))

describe.each(Object.entries(compilers))("what does not compile, as %s says", (name, compiler) => {
  let texts: ReadonlyArray<string> = []
  beforeAll(() => {
    texts = actual(compiler)
  }, 120_000)

  programs.forEach(({ expected, first, firstOfOldest, names, oldest, rule }, i) => {
    it(`${rule}`, () => {
      const text = texts[i]!
      if (name === "TypeScript 7") assert.strictEqual(text, expected)
      else assert.strictEqual(firstLine(text), oldest)
      // one place, which is where the mistake is
      assert.strictEqual(text.match(/^\d+:\d+ TS\d+: /gm)?.length, 1)
      assert.isNotEmpty(names)
      for (const name of inAnyOrder(names)) assert.include(text, name)
      for (const word of inAnyOrder(name === "TypeScript 7" ? first : firstOfOldest)) {
        assert.include(firstLine(text), word)
      }
    })
  })
})
