import { assert, describe, it } from "@effect/vitest"
import { JoinStrategy } from "effect-cano"

type Strategy = JoinStrategy.Counting
type Counts = readonly [succeeded: number, failed: number]

const decide = (strategy: Strategy, total: number, [succeeded, failed]: Counts, event: "settled" | "deadline") =>
  JoinStrategy.decide(strategy, { total, succeeded, failed, interrupted: 0, notStarted: 0 }, event)

/** What a strategy says to each of the counts. */
const table = (strategy: Strategy, total: number, rows: ReadonlyArray<readonly [Counts, JoinStrategy.Verdict]>) => {
  for (const [counts, verdict] of rows) {
    assert.strictEqual(
      decide(strategy, total, counts, "settled"),
      verdict,
      `${JoinStrategy.format(strategy)} of ${total}: ${counts.join(" succeeded, ")} failed`
    )
  }
}

describe("decide, when a branch has settled", () => {
  it("all: satisfied when every branch succeeded; unsatisfied once all have settled and one failed", () => {
    table(JoinStrategy.all, 3, [
      [[0, 0], "continue"],
      [[2, 0], "continue"],
      [[3, 0], "proceed"],
      [[0, 1], "continue"],
      [[1, 1], "continue"],
      [[2, 1], "fail"],
      [[0, 3], "fail"]
    ])
  })

  it("allFailFast: satisfied when every branch succeeded; unsatisfied once one failed", () => {
    table(JoinStrategy.allFailFast, 3, [
      [[0, 0], "continue"],
      [[2, 0], "continue"],
      [[3, 0], "proceed"],
      [[0, 1], "fail"],
      [[2, 1], "fail"]
    ])
  })

  it("any: satisfied by one success; unsatisfied once all failed", () => {
    table(JoinStrategy.any, 3, [
      [[0, 0], "continue"],
      [[0, 2], "continue"],
      [[1, 0], "proceed"],
      [[1, 2], "proceed"],
      [[0, 3], "fail"]
    ])
  })

  it("quorum: satisfied by n successes; unsatisfied once fewer than n can still succeed", () => {
    table(JoinStrategy.quorum(3), 5, [
      [[0, 0], "continue"],
      [[2, 2], "continue"],
      [[3, 0], "proceed"],
      [[3, 2], "proceed"],
      [[2, 3], "fail"],
      [[0, 3], "fail"],
      [[0, 2], "continue"]
    ])
  })

  it("percentage: satisfied by the share rounded up; unsatisfied once it is out of reach", () => {
    table(JoinStrategy.percentage(0.5), 5, [
      [[2, 0], "continue"],
      [[3, 0], "proceed"],
      [[2, 2], "continue"],
      [[2, 3], "fail"],
      [[0, 2], "continue"],
      [[0, 3], "fail"]
    ])
    table(JoinStrategy.percentage(1), 2, [
      [[1, 0], "continue"],
      [[2, 0], "proceed"],
      [[0, 1], "fail"]
    ])
  })

  it("partialResults: satisfied by n settled branches, successes and failures alike", () => {
    table(JoinStrategy.partialResults(2), 3, [
      [[0, 0], "continue"],
      [[1, 0], "continue"],
      [[0, 1], "continue"],
      [[2, 0], "proceed"],
      [[1, 1], "proceed"],
      [[0, 2], "proceed"]
    ])
  })

  it("partialTimeout: satisfied early by all settled branches only", () => {
    table(JoinStrategy.partialTimeout, 2, [
      [[0, 0], "continue"],
      [[1, 0], "continue"],
      [[0, 1], "continue"],
      [[1, 1], "proceed"],
      [[0, 2], "proceed"]
    ])
  })

  it("without branches all, allFailFast, percentage and partialTimeout are satisfied, the others cannot be", () => {
    const empty: ReadonlyArray<readonly [Strategy, JoinStrategy.Verdict]> = [
      [JoinStrategy.all, "proceed"],
      [JoinStrategy.allFailFast, "proceed"],
      [JoinStrategy.percentage(0.5), "proceed"],
      [JoinStrategy.partialTimeout, "proceed"],
      [JoinStrategy.any, "fail"],
      [JoinStrategy.quorum(1), "fail"],
      [JoinStrategy.partialResults(1), "fail"]
    ]
    for (const [strategy, verdict] of empty) {
      table(strategy, 0, [[[0, 0], verdict]])
      assert.strictEqual(decide(strategy, 0, [0, 0], "deadline"), verdict)
    }
  })

  it("a strategy that needs more branches than there are fails before one has settled", () => {
    table(JoinStrategy.quorum(4), 3, [[[0, 0], "fail"]])
    table(JoinStrategy.partialResults(4), 3, [[[0, 0], "fail"]])
  })

  it("of an unknown number of branches, only what is certain is decided", () => {
    const unknown = Number.POSITIVE_INFINITY
    table(JoinStrategy.all, unknown, [[[5, 0], "continue"], [[4, 1], "continue"]])
    table(JoinStrategy.allFailFast, unknown, [[[5, 0], "continue"], [[4, 1], "fail"]])
    table(JoinStrategy.any, unknown, [[[0, 9], "continue"], [[1, 9], "proceed"]])
    table(JoinStrategy.quorum(2), unknown, [[[1, 9], "continue"], [[2, 9], "proceed"]])
    table(JoinStrategy.percentage(0.1), unknown, [[[9, 0], "continue"], [[0, 9], "continue"]])
    table(JoinStrategy.partialResults(2), unknown, [[[1, 0], "continue"], [[1, 1], "proceed"]])
    table(JoinStrategy.partialTimeout, unknown, [[[9, 9], "continue"]])
  })
})

describe("decide, at the deadline", () => {
  it("an undecided join fails", () => {
    for (
      const strategy of [
        JoinStrategy.all,
        JoinStrategy.allFailFast,
        JoinStrategy.any,
        JoinStrategy.quorum(2),
        JoinStrategy.percentage(0.9),
        JoinStrategy.partialResults(2)
      ]
    ) assert.strictEqual(decide(strategy, 3, [0, 0], "deadline"), "fail")
  })

  it("partialTimeout is satisfied when at least one branch has settled, in whatever way", () => {
    assert.strictEqual(decide(JoinStrategy.partialTimeout, 3, [0, 0], "deadline"), "fail")
    assert.strictEqual(decide(JoinStrategy.partialTimeout, 3, [1, 0], "deadline"), "proceed")
    assert.strictEqual(decide(JoinStrategy.partialTimeout, 3, [0, 1], "deadline"), "proceed")
  })

  it("a join that is satisfied stays so", () => {
    assert.strictEqual(decide(JoinStrategy.any, 3, [1, 0], "deadline"), "proceed")
    assert.strictEqual(decide(JoinStrategy.partialTimeout, 1, [1, 0], "deadline"), "proceed")
  })
})

describe("required", () => {
  it("is the number of branches that must succeed, or settle", () => {
    const cases: ReadonlyArray<readonly [Strategy, total: number, required: number]> = [
      [JoinStrategy.all, 3, 3],
      [JoinStrategy.all, 0, 0],
      [JoinStrategy.allFailFast, 3, 3],
      [JoinStrategy.any, 3, 1],
      [JoinStrategy.quorum(2), 3, 2],
      [JoinStrategy.partialResults(2), 3, 2],
      [JoinStrategy.partialTimeout, 3, 1],
      [JoinStrategy.partialTimeout, 0, 0]
    ]
    for (const [strategy, total, required] of cases) {
      assert.strictEqual(JoinStrategy.required(strategy, total), required, JoinStrategy.format(strategy))
    }
  })

  it("of a percentage is the share rounded to 12 digits, then up, and at least 1", () => {
    const cases: ReadonlyArray<readonly [p: number, total: number, required: number]> = [
      [0.07, 100, 7], // 0.07 * 100 is 7.000000000000001
      [0.55, 100, 55], // 0.55 * 100 is 55.00000000000001
      [0.29, 100, 29],
      [0.5, 5, 3],
      [0.5, 4, 2],
      [1, 3, 3],
      [0.001, 3, 1],
      [1e-15, 1, 1],
      [2 / 3, 3, 2],
      [0.75, 1_000_000, 750_000],
      [0.5, 0, 0],
      [0.5, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    ]
    for (const [p, total, required] of cases) {
      assert.strictEqual(JoinStrategy.required(JoinStrategy.percentage(p), total), required, `${p} of ${total}`)
    }
  })
})

describe("resolve", () => {
  it("makes a percentage the quorum it stands for, once the number of branches is known", () => {
    assert.deepStrictEqual(JoinStrategy.resolve(JoinStrategy.percentage(0.5), 5), JoinStrategy.quorum(3))
    const percentage = JoinStrategy.percentage(0.5)
    assert.strictEqual(JoinStrategy.resolve(percentage, 0), percentage)
    assert.strictEqual(JoinStrategy.resolve(percentage, Number.POSITIVE_INFINITY), percentage)
  })

  it("leaves every other strategy as it is", () => {
    for (const strategy of [JoinStrategy.all, JoinStrategy.quorum(2), JoinStrategy.partialTimeout]) {
      assert.strictEqual(JoinStrategy.resolve(strategy, 5), strategy)
    }
  })
})

describe("format", () => {
  it("names a strategy with its number, as it is written in code", () => {
    assert.deepStrictEqual(
      [
        JoinStrategy.all,
        JoinStrategy.allFailFast,
        JoinStrategy.any,
        JoinStrategy.partialTimeout,
        JoinStrategy.quorum(3),
        JoinStrategy.percentage(0.55),
        JoinStrategy.partialResults(2)
      ].map(JoinStrategy.format),
      [
        "all",
        "allFailFast",
        "any",
        "partialTimeout",
        "quorum(3)",
        "percentage(0.55)",
        "partialResults(2)"
      ]
    )
  })
})

describe("a strategy", () => {
  it("is frozen plain data", () => {
    assert.isFrozen(JoinStrategy.quorum(2))
    assert.isFrozen(JoinStrategy.all)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(JoinStrategy.quorum(2))), { _tag: "Quorum", n: 2 })
  })
})
