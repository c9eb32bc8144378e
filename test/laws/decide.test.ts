/**
 * Laws of the pure core, `decide` and `required`: the table of strategies and sentence 1 of docs/GUARANTEES.md (a join is
 * decided as soon as it can be, and the decision stands), and the rounding of a percentage.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { JoinStrategy } from "effect-cano"
import { int, model, oneOf, runs, strategy, toStrategy } from "../kit/index.ts"

const tally = (total: number, succeeded: number, failed: number): JoinStrategy.Tally => ({
  total,
  succeeded,
  failed,
  interrupted: 0,
  notStarted: 0
})

const total = int(0, 40)

const share = Arbitrary.map(
  Arbitrary.schema(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))),
  (p) => p === 0 ? 1 : p
)

/** The answers of a strategy while branches settle one by one, the answer before the first included. */
const answers = (strategy: JoinStrategy.Counting, order: ReadonlyArray<boolean>) =>
  Array.from({ length: order.length + 1 }, (_, count) => {
    const settled = order.slice(0, count)
    const succeeded = settled.filter((success) => success).length
    return JoinStrategy.decide(strategy, tally(order.length, succeeded, count - succeeded), "settled")
  })

const order = Arbitrary.array(oneOf([true, false]), { maxLength: 8 })

describe("decide", () => {
  it.prop(
    "answers every tally, and never continues after the deadline",
    { strategy, total, succeeded: total, failed: total, known: oneOf([true, true, false]) },
    ({ failed, known, strategy, succeeded, total }) => {
      const counts = tally(known ? total + succeeded + failed : Number.POSITIVE_INFINITY, succeeded, failed)
      const settled = JoinStrategy.decide(toStrategy(strategy), counts, "settled")
      const late = JoinStrategy.decide(toStrategy(strategy), counts, "deadline")
      assert.include(["continue", "proceed", "fail"], settled)
      assert.include(["proceed", "fail"], late)
      // the deadline overrules nothing
      if (settled !== "continue") assert.strictEqual(late, settled)
    },
    runs(1000)
  )

  it.prop("never takes an answer back, however the rest settles", { strategy, order }, ({ order, strategy }) => {
    const all = answers(toStrategy(strategy), order)
    const first = all.findIndex((answer) => answer !== "continue")
    if (first >= 0) assert.deepStrictEqual(new Set(all.slice(first)), new Set([all[first]]))
  }, runs(1000))

  it.prop("has an answer when every branch has settled", { strategy, order }, ({ order, strategy }) => {
    assert.notStrictEqual(answers(toStrategy(strategy), order).at(-1), "continue")
  }, runs(500))

  it.prop("continues only while both answers are still possible", { strategy, order }, ({ order, strategy }) => {
    const self = toStrategy(strategy)
    const all = answers(self, order)
    const last = (settled: ReadonlyArray<boolean>, rest: boolean) =>
      answers(self, [...settled, ...order.slice(settled.length).map(() => rest)]).at(-1)
    // two strategies wait for branches whose outcome no longer matters: `all` for its slow failures, the two partial
    // ones because any outcome will do
    if (self._tag === "All" || self._tag === "PartialResults" || self._tag === "PartialTimeout") return
    all.forEach((answer, count) => {
      const settled = order.slice(0, count)
      assert.strictEqual(answer === "continue", last(settled, true) === "proceed" && last(settled, false) === "fail")
    })
  }, runs(500))

  it.prop(
    "asks neither for the order of settling nor for the cancelled",
    { strategy, order },
    ({ order, strategy }) => {
      const self = toStrategy(strategy)
      assert.strictEqual(answers(self, order).at(-1), answers(self, [...order].reverse()).at(-1))
      const counts = tally(order.length + 5, order.length, 0)
      assert.strictEqual(
        JoinStrategy.decide(self, counts, "settled"),
        JoinStrategy.decide(self, { ...counts, interrupted: 3, notStarted: 2 }, "settled")
      )
    },
    runs(300)
  )

  it.prop("decides a resolved strategy like the strategy", { strategy, order }, ({ order, strategy }) => {
    const self = toStrategy(strategy)
    assert.deepStrictEqual(answers(JoinStrategy.resolve(self, order.length), order), answers(self, order))
  }, runs(500))
})

describe("required", () => {
  it.prop(
    "of a percentage is the exact share, rounded up, and at least 1",
    { hundredths: int(1, 100), total: int(1, 1_000_000) },
    ({ hundredths, total }) => {
      assert.strictEqual(
        JoinStrategy.required(JoinStrategy.percentage(hundredths / 100), total),
        model.percentageOf(hundredths, total)
      )
    },
    runs(2000)
  )

  it("of a percentage is 7 for 0.07 of 100 and 55 for 0.55 of 100", () => {
    assert.strictEqual(JoinStrategy.required(JoinStrategy.percentage(0.07), 100), 7)
    assert.strictEqual(JoinStrategy.required(JoinStrategy.percentage(0.55), 100), 55)
    assert.strictEqual(JoinStrategy.required(JoinStrategy.percentage(0.001), 10), 1)
  })

  it.prop("of a percentage lies between 1 and the total", { p: share, total: int(1, 100_000) }, ({ p, total }) => {
    const required = JoinStrategy.required(JoinStrategy.percentage(p), total)
    assert.isTrue(Number.isInteger(required) && required >= 1 && required <= total)
  }, runs(1000))

  it.prop(
    "of a percentage grows with the share and with the total",
    { p: share, q: share, total: int(1, 100_000), more: int(0, 1000) },
    ({ more, p, q, total }) => {
      const required = (p: number, total: number) => JoinStrategy.required(JoinStrategy.percentage(p), total)
      assert.isAtMost(required(Math.min(p, q), total), required(Math.max(p, q), total))
      assert.isAtMost(required(p, total), required(p, total + more))
    },
    runs(1000)
  )
})
