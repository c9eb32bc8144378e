/**
 * Proves the sentences 1 to 5 and 7 to 9 of docs/GUARANTEES.md on checked-in vectors: each is a split and what the
 * reference join says of it, and `Split.run` does the same. It also holds that the vectors, their schema and their README
 * agree.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, JsonSchema, Result, Schema, SchemaRepresentation } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { file, generate, render, type Vector, type Vectors } from "./generate.ts"
import { observe, type Seen } from "./run.ts"

const text = readFileSync(file, "utf8")
const read = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8")
// that it has this form is tested below
const { count, vectors } = JSON.parse(text) as Vectors

/** The branches whose interruption the vector implies, and when. */
const interrupted = ({ split }: Vector, { decidedAt, outcomes }: Vector["expect"]) =>
  (outcomes ?? []).flatMap((outcome, index) => {
    const told = outcome === "interrupted" || (outcome === "detached" && split.losers.kind === "grace")
    return told && split.branches[index]!.interruptible !== false ? [[index, decidedAt]] : []
  })

/** Whether the second expectation is the one that was chosen. */
const isAbout = (seen: Seen, or: Vector["or"]): or is NonNullable<Vector["or"]> =>
  or !== null && seen.timedOut === or.timedOut && seen.verdict === or.verdict

describe("Split.run", () => {
  for (const vector of vectors) {
    it.effect(`conforms to ${vector.id}`, () =>
      Effect.gen(function*() {
        const seen = yield* observe(vector.split)
        const expected = isAbout(seen, vector.or) ? vector.or : vector.expect
        const { decidedAt: _, ...visible } = expected
        assert.deepStrictEqual(seen as unknown, { ...visible, interrupted: interrupted(vector, expected) })
      }))
  }
})

describe("the vectors", () => {
  it("are what the generator writes", () => {
    assert.strictEqual(text, render(generate()), "run: node test/conformance/generate.ts")
  })

  const raw = JSON.parse(read("vectors.schema.json")) as JsonSchema.JsonSchema
  const schema = SchemaRepresentation.fromJsonSchemaDocument(JsonSchema.fromSchemaDraft2020_12(raw), {
    patterns: "apply"
  }) as Schema.Codec<unknown>
  const check = Schema.decodeUnknownResult(schema, { onExcessProperty: "error" })

  it("have the form of their schema", () => {
    assert.deepStrictEqual(Result.getOrThrow(check(JSON.parse(text))), JSON.parse(text))
  })

  it("would not have the form of their schema with a change in any field", () => {
    const first = vectors.find(({ expect, split }) => expect.verdict === "satisfied" && split.branches.length > 0)!
    const broken: ReadonlyArray<object> = [
      { ...first, more: 1 },
      { ...first, id: "No id" },
      { ...first, tie: null },
      { ...first, or: undefined },
      { ...first, split: { ...first.split, strategy: { kind: "quorum" } } },
      { ...first, split: { ...first.split, strategy: { kind: "All" } } },
      { ...first, split: { ...first.split, losers: { kind: "grace" } } },
      { ...first, split: { ...first.split, list: "array" } },
      { ...first, split: { ...first.split, timeout: 1.5 } },
      { ...first, split: { ...first.split, branches: [{ delay: "Infinity", end: "succeed" }] } },
      { ...first, split: { ...first.split, branches: [{ delay: -1, end: "succeed" }] } },
      { ...first, expect: { ...first.expect, verdict: "Proceed" } },
      { ...first, expect: { ...first.expect, outcomes: ["Succeeded"] } },
      { ...first, expect: { ...first.expect, tally: {} } },
      { ...first, expect: { ...first.expect, decidedAt: 0.5 } }
    ]
    const document = (vector: object) => ({ ...(JSON.parse(text) as object), vectors: [vector] })
    assert.isTrue(Result.isSuccess(check(document(first))))
    for (const vector of broken) {
      assert.isTrue(Result.isFailure(check(JSON.parse(JSON.stringify(document(vector))))), JSON.stringify(vector))
    }
  })

  it("have each a name of its own and a split of its own", () => {
    assert.strictEqual(vectors.length, count)
    assert.strictEqual(new Set(vectors.map(({ id }) => id)).size, count)
    assert.strictEqual(new Set(vectors.map(({ split }) => JSON.stringify(split))).size, count)
  })

  it("agree each with itself", () => {
    for (const { expect, id, or, split, tie } of vectors) {
      for (const each of or === null ? [expect] : [expect, or]) {
        const { decidedAt, endedAt, outcomes, settled, starts, tally, timedOut } = each
        assert.strictEqual(starts.length, split.branches.length, id)
        assert.strictEqual(tally === null, decidedAt === null, id)
        if (tally === null || outcomes === null || decidedAt === null || endedAt === null || settled === null) continue
        const losers = outcomes.filter((outcome) => ["interrupted", "late", "detached"].includes(outcome))
        const number = (outcome: string) => outcomes.filter((one) => one === outcome).length
        assert.deepStrictEqual(tally, {
          failed: number("failed"),
          interrupted: losers.length,
          notStarted: number("not-started"),
          succeeded: number("succeeded"),
          total: outcomes.length
        }, id)
        assert.strictEqual(settled.length, tally.succeeded + tally.failed, id)
        assert.isAtLeast(endedAt, decidedAt, id)
        assert.isAtMost(endedAt, 1000, id)
        if (losers.length === 0) assert.strictEqual(endedAt, decidedAt, id)
        if (timedOut) assert.strictEqual(decidedAt, split.timeout, id)
      }
      // in the second the deadline came first
      if (or !== null) assert.deepStrictEqual([or.timedOut, tie], [true, false], id)
    }
  })

  it("cover each strategy with each verdict that it can have", () => {
    const seen = new Set(vectors.map(({ expect, split }) => `${split.strategy.kind} ${expect.verdict}`))
    const missing = ["all", "all-fail-fast", "any", "quorum", "percentage", "partial-results", "partial-timeout"]
      .flatMap((kind) =>
        ["satisfied", "unsatisfiable", "late", "misconfigured", "undecided"].map((verdict) => `${kind} ${verdict}`)
      )
      .filter((pair) => !seen.has(pair))
    // under a deadline that nothing can make unsatisfiable, every split ends
    assert.deepStrictEqual(missing, ["partial-timeout unsatisfiable", "partial-timeout undecided"])
  })

  it("are small enough to be read", () => {
    assert.isBelow(Buffer.byteLength(text), 250_000)
  })

  it("are counted and quoted in their README as they are", () => {
    const readme = read("README.md")
    const interrupting = vectors.filter(({ split }) => split.losers.kind === "interrupt")
    assert.include(readme, `holds ${count} splits`)
    assert.include(readme, `${interrupting.length} of the ${count}`)
    assert.include(readme, `There are ${vectors.filter(({ tie }) => tie).length}.`)
    const blocks = [...readme.matchAll(/```json\n(.*?)```/gs)].map(([, code]) => JSON.parse(code!) as Vector)
    assert.isNotEmpty(blocks)
    for (const block of blocks) assert.deepStrictEqual(block, vectors.find(({ id }) => id === block.id))
  })
})
