/** Open strategies, one by one: what each is for, its errors, and what its own functions may do wrong. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import { after, failAfter, stepped } from "../kit/index.ts"

const {
  accept,
  agreement,
  all,
  allOf,
  any,
  anyOf,
  atLeast,
  make,
  optional,
  partialSuccesses,
  quorum,
  reject,
  tolerate
} = JoinStrategy

const messageOf = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isFailure(exit) ? (Cause.squash(exit.cause) as Error).message : assert.fail("it has succeeded")

describe("accept", () => {
  it.effect("takes the first answer that is not stale", () =>
    Effect.gen(function*() {
      const { at, exit } = yield* stepped(Split.run([after(10, 1), after(20, 5), after(30, 9)], {
        strategy: accept(any, (version: number) => version > 3)
      }))
      assert.strictEqual(at, 20)
      assert.deepStrictEqual(Exit.isSuccess(exit) ? exit.value.tally : undefined, {
        total: 3,
        succeeded: 2,
        failed: 0,
        interrupted: 1,
        notStarted: 0
      })
    }))

  it.effect("fails as soon as too few can still be accepted", () =>
    Effect.gen(function*() {
      const { at, exit } = yield* stepped(Split.run([after(10, 1), after(20, 2), after(30, 3)], {
        strategy: accept(quorum(2), (n: number) => n > 2)
      }))
      assert.strictEqual(at, 20)
      assert.strictEqual(messageOf(exit), "accept(quorum(2)) of 3: 2 succeeded, 0 failed, 1 interrupted")
    }))
})

describe("reject", () => {
  it.effect("ends with the first veto", () =>
    Effect.gen(function*() {
      const { at, exit } = yield* stepped(
        Split.run({ ann: after(10, "yes"), bob: after(20, "no"), cyd: after(30, "yes") }, {
          strategy: reject(
            all,
            (outcome: { readonly _tag: string; readonly value?: unknown }) => outcome.value === "no"
          )
        })
      )
      assert.strictEqual(at, 20)
      assert.match(messageOf(exit), /^reject\(all\) of 3 \(rejected by branch bob\): 2 succeeded/)
    }))
})

describe("optional", () => {
  it.effect("waits for a branch that may fail", () =>
    Effect.gen(function*() {
      const page = { body: after(10, "text"), ads: failAfter(30, "no ads") }
      const { at, exit } = yield* stepped(Split.run(page, { strategy: optional(all, ["ads"]) }))
      assert.strictEqual(at, 30)
      assert.deepStrictEqual(Exit.isSuccess(exit) ? exit.value.values : undefined, { body: "text" })
    }))

  it.effect("does not forgive the others", () =>
    Effect.gen(function*() {
      const page = { body: failAfter(10, "no text"), ads: after(30, "buy") }
      const { exit } = yield* stepped(Split.run(page, { strategy: optional(all, ["ads"]) }))
      assert.match(messageOf(exit), /1 succeeded, 1 failed: body: no text$/)
    }))

  it.effect("a branch that is left out does not satisfy any", () =>
    Effect.gen(function*() {
      const { exit } = yield* stepped(Split.run({ a: failAfter(10, "a"), b: failAfter(20, "b") }, {
        strategy: optional(any, ["b"])
      }))
      assert.isTrue(Exit.isFailure(exit))
    }))
})

describe("agreement", () => {
  it.effect("waits for answers that are the same by a key of theirs", () =>
    Effect.gen(function*() {
      const replicas = [
        after(10, { id: 1, v: 1 }),
        after(20, { id: 2, v: 2 }),
        after(30, { id: 3, v: 2 }),
        after(40, { id: 4, v: 1 })
      ]
      const { at } = yield* stepped(
        Split.run(replicas, { strategy: agreement(2, ({ v }: { readonly v: number }) => v) })
      )
      assert.strictEqual(at, 30)
    }))

  it.effect("fails as soon as no answer can get enough", () =>
    Effect.gen(function*() {
      const { at, exit } = yield* stepped(Split.run([after(10, 1), after(20, 2), after(30, 3), Effect.never], {
        strategy: agreement(3)
      }))
      assert.strictEqual(at, 30)
      assert.match(messageOf(exit), /^agreement\(3\) of 4 \(at most 2 of the branches can still agree\): 3 succeeded/)
    }))
})

describe("tolerate", () => {
  const mixed = (failures: number, n: number) =>
    Array.from({ length: n }, (_, i) => i < failures ? failAfter(i + 1, `e${i}`) : after(i + 1, i))

  it.effect("runs every branch to its end while failures are few", () =>
    Effect.gen(function*() {
      const { at, exit } = yield* stepped(Split.run(mixed(2, 10), { strategy: tolerate({ maxFailureRate: 0.2 }) }))
      assert.strictEqual(at, 10)
      assert.isTrue(Exit.isSuccess(exit))
    }))

  it.effect("fails with the failure that is one too many", () =>
    Effect.gen(function*() {
      const { at, exit } = yield* stepped(Split.run(mixed(5, 10), { strategy: tolerate({ maxFailures: 3 }) }))
      assert.strictEqual(at, 4)
      assert.match(
        messageOf(exit),
        /^tolerate\(maxFailures: 3\) of 10 \(4 failures are more than the 3 that are tolerated\)/
      )
    }))

  it.effect("fails when the least number of successes is out of reach", () =>
    Effect.gen(function*() {
      const { at } = yield* stepped(Split.run(mixed(5, 10), { strategy: tolerate({ minSuccesses: 8 }) }))
      assert.strictEqual(at, 3)
    }))
})

describe("partialSuccesses", () => {
  it.effect("takes whatever succeeded, if there is less than was hoped for", () =>
    Effect.gen(function*() {
      const { at, exit } = yield* stepped(Split.run([after(10, 1), failAfter(20, "no"), failAfter(30, "no")], {
        strategy: partialSuccesses(2)
      }))
      assert.strictEqual(at, 30)
      assert.deepStrictEqual(Exit.isSuccess(exit) ? exit.value.values : undefined, [1])
    }))

  it.effect("fails only if nothing did", () =>
    Effect.gen(function*() {
      const { exit } = yield* stepped(Split.run([failAfter(10, "no")], { strategy: partialSuccesses(2) }))
      assert.isTrue(Exit.isFailure(exit))
    }))
})

describe("partialTimeoutAtLeast", () => {
  for (const [n, verdict] of [[2, "Success"], [3, "Failure"]] as const) {
    it.effect(`two answers by the deadline: at least ${n} is a ${verdict}`, () =>
      Effect.gen(function*() {
        const { at, exit } = yield* stepped(Split.run([after(10, 1), after(20, 2), after(100, 3)], {
          strategy: JoinStrategy.partialTimeoutAtLeast(n),
          timeout: 50
        }))
        assert.deepStrictEqual([at, exit._tag], [50, verdict])
      }))
  }
})

describe("relax", () => {
  const { relax } = JoinStrategy
  const cases: ReadonlyArray<
    readonly [what: string, delays: ReadonlyArray<number>, at: number, succeeded: number | undefined]
  > = [
    ["is satisfied before the soft deadline by the first strategy alone", [10, 20, 30], 30, 3],
    ["is satisfied at the soft deadline by what there is", [10, 20, 90], 50, 2],
    ["is satisfied after the soft deadline as soon as there is enough", [10, 70, 90], 70, 2],
    ["is too late at the hard deadline", [10, 150, 160], 100, undefined]
  ]
  for (const [what, delays, at, succeeded] of cases) {
    it.effect(what, () =>
      Effect.gen(function*() {
        const ended = yield* stepped(Split.run(delays.map((millis) => after(millis, millis)), {
          strategy: relax(all, { after: 50, enough: quorum(2) }),
          timeout: 100
        }))
        assert.strictEqual(ended.at, at)
        assert.strictEqual(Exit.isSuccess(ended.exit) ? ended.exit.value.tally.succeeded : undefined, succeeded)
      }))
  }

  it.effect("goes on when the first strategy is out of reach, and fails when the second is, too", () =>
    Effect.gen(function*() {
      const strategy = relax(JoinStrategy.allFailFast, { after: 50, enough: quorum(2) })
      const one = yield* stepped(
        Split.run([failAfter(10, "a"), after(20, 1), after(30, 2), Effect.never], { strategy })
      )
      assert.deepStrictEqual([one.at, one.exit._tag], [50, "Success"])
      const two = yield* stepped(Split.run([failAfter(10, "a"), failAfter(20, "b"), after(30, 2)], { strategy }))
      assert.deepStrictEqual([two.at, two.exit._tag], [20, "Failure"])
    }))

  it.effect("does not wait for the soft deadline when nothing runs any more", () =>
    Effect.gen(function*() {
      const strategy = relax(JoinStrategy.allFailFast, { after: "1 hour", enough: quorum(2) })
      const branches = [failAfter(10, "a"), after(20, 1), after(30, 2)]
      for (const bulkhead of [undefined, 1, 2]) {
        const { at, exit } = yield* stepped(Split.run(branches, { strategy, bulkhead, timeout: "2 hours" }))
        assert.deepStrictEqual([at, exit._tag], [bulkhead === 1 ? 60 : bulkhead === 2 ? 40 : 30, "Success"])
      }
    }))

  it.effect("is decided at once over no branches, by either strategy", () =>
    Effect.gen(function*() {
      const none = (): ReadonlyArray<Effect.Effect<number>> => []
      const strategies = [relax(any, { after: 50, enough: all }), relax(all, { after: 50, enough: any })]
      for (const strategy of strategies) {
        const { at, exit } = yield* stepped(Split.run(none, { strategy }))
        assert.deepStrictEqual([at, exit._tag], [0, "Success"])
      }
    }))

  it.effect("leaves no timer behind", () =>
    Effect.gen(function*() {
      const strategy = relax(any, { after: "1 hour", enough: any })
      const { at } = yield* stepped(Split.run([after(10, 1)], { strategy, timeout: "2 hours" }))
      assert.strictEqual(at, 10)
    }))

  it.effect("has a soft deadline that is a duration", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Split.run([Effect.void], { strategy: relax(all, { after: -1, enough: any }) }))
      assert.include(messageOf(exit), "the soft deadline of relax(all, any) is negative: -1")
    }))
})

describe("requirements", () => {
  it("says what it requires as data, of a type that has a public name", () => {
    const expression: JoinStrategy.Requirement.Expression = anyOf("a", allOf("b", "c")).requirement
    assert.deepStrictEqual(expression, { needed: 1, of: ["a", { needed: 2, of: ["b", "c"] }] })
  })

  it.effect("fail as soon as they can no longer hold", () =>
    Effect.gen(function*() {
      const branches = { a: failAfter(10, "a"), b: failAfter(20, "b"), c: after(30, "c") }
      const { at, exit } = yield* stepped(Split.run(branches, { strategy: anyOf("a", allOf("b", "c")) }))
      assert.strictEqual(at, 20)
      assert.match(messageOf(exit), /^anyOf\(a, allOf\(b, c\)\) of 3 \(anyOf\(a, allOf\(b, c\)\) can no longer hold\)/)
    }))
})

describe("make", () => {
  const broken = (where: "initial" | "onOutcome" | "decide") =>
    make<number>({
      name: "broken",
      initial: () => {
        if (where === "initial") throw new Error("initial")
      },
      onOutcome: () => {
        if (where === "onOutcome") throw new Error("onOutcome")
      },
      decide: (_, { succeeded }) => {
        if (where === "decide" && succeeded > 0) throw new Error("decide")
        return "continue"
      }
    })

  for (const where of ["initial", "onOutcome", "decide"] as const) {
    for (const bulkhead of [undefined, 1, 2]) {
      it.effect(`${where} that throws is the defect of the split, whose branches are awaited (bulkhead ${bulkhead})`, () =>
        Effect.gen(function*() {
          const trail: Array<string> = []
          const slow = Effect.onInterrupt(
            Effect.never,
            () => Effect.andThen(Effect.sleep(20), Effect.sync(() => trail.push("finalized")))
          )
          yield* TestClock.adjust(0)
          const { at, exit } = yield* stepped(
            Split.run([after(10, 1), slow, slow], { strategy: broken(where), bulkhead })
          )
          assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
          assert.strictEqual(messageOf(exit), where)
          const started = where === "initial" ? 0 : Math.min((bulkhead ?? 3) - 1, 2)
          assert.deepStrictEqual([at, trail.length], [where === "initial" ? 0 : started === 0 ? 10 : 30, started])
        }))
    }
  }

  it.effect("continue at the deadline is to fail", () =>
    Effect.gen(function*() {
      const strategy = make<unknown>({
        name: "never",
        initial: () => {},
        onOutcome: () => {},
        decide: () => "continue"
      })
      const { at, exit } = yield* stepped(Split.run([Effect.never], { strategy, timeout: 30 }))
      assert.strictEqual(at, 30)
      assert.match(messageOf(exit), /^no decision within 30ms: never of 1/)
    }))

  it.effect("has a state of its own for each split", () =>
    Effect.gen(function*() {
      const split = Split.run([Effect.succeed(1), Effect.succeed(1), Effect.never], { strategy: agreement(2) })
      for (let i = 0; i < 2; i++) assert.strictEqual((yield* split).tally.succeeded, 2)
    }))

  it.effect("sees the outcomes of a split that keeps none", () =>
    Effect.gen(function*() {
      const { tally } = yield* Split.run([Effect.succeed(1), Effect.succeed(1), Effect.never], {
        strategy: agreement(2),
        discard: true
      })
      assert.strictEqual(tally.interrupted, 0)
    }))
})

describe("what is wrong with a strategy is said before a branch starts", () => {
  const run = Split.run as unknown as (branches: unknown, options: object) => Effect.Effect<unknown, unknown>
  const cases: ReadonlyArray<readonly [JoinStrategy.JoinStrategy, string]> = [
    [agreement(0), "agreement(0): the count must be an integer of at least 1"],
    [agreement(3), "agreement(3) waits for 3 branches, but there are only 2"],
    [tolerate({}), "tolerate: give at least one of maxFailures, maxFailureRate and minSuccesses"],
    [tolerate({ maxFailures: -1 }), "tolerate(maxFailures: -1): maxFailures must be an integer of at least 0"],
    [tolerate({ maxFailureRate: 1.5 }), "tolerate(maxFailureRate: 1.5): maxFailureRate must be a number from 0 to 1"],
    [tolerate({ minSuccesses: 3 }), "tolerate(minSuccesses: 3) waits for 3 branches, but there are only 2"],
    [
      JoinStrategy.weighted({ a: 1, b: -1 }, 1),
      "weighted(1): the weight of branch \"b\" is -1; it must be a number of at least 0"
    ],
    [JoinStrategy.weighted({ a: 1, b: 1 }, 0), "weighted(0): the threshold must be a number above 0"],
    [
      JoinStrategy.weighted({ a: 1, b: 1 } as { a: number; b: number }, 3),
      "weighted(3): all weights together are only 2"
    ],
    [JoinStrategy.weighted({ a: 1 }, 1), "branch \"b\" has no weight"],
    [JoinStrategy.weighted({ a: 1, b: 1, z: 1 }, 1), "there is no branch \"z\"; the branches are a, b"],
    [allOf("a", "z"), "there is no branch \"z\"; the branches are a, b"],
    [atLeast(3, "a", "b"), "atLeast(3, a, b): the count must be an integer from 1 to 2, the number of its parts"],
    [optional(all, ["z"]), "there is no branch \"z\"; the branches are a, b"],
    [partialSuccesses(0.5), "partialSuccesses(0.5): the count must be an integer of at least 1"],
    [JoinStrategy.partialTimeoutAtLeast(0.5), "partialTimeoutAtLeast(0.5): the count must be an integer of at least 1"]
  ]
  it.effect("one that joins at a deadline needs a timeout", () =>
    Effect.gen(function*() {
      const { partialTimeout } = JoinStrategy
      for (const strategy of [accept(partialTimeout, () => true), reject(partialTimeout, () => false)]) {
        const exit = yield* Effect.exit(run([Effect.void], { strategy }))
        assert.include(messageOf(exit), "(partialTimeout) needs a timeout, the deadline it joins at")
      }
    }))

  for (const [strategy, sentence] of cases) {
    it.effect(sentence, () =>
      Effect.gen(function*() {
        let started = 0
        const branch = Effect.sync(() => started++)
        for (const list of [{ a: branch, b: branch }, () => ({ a: branch, b: branch })]) {
          if (strategy._tag !== "Custom" && typeof list === "function") continue
          const exit = yield* Effect.exit(run(list, { strategy, timeout: 10 }))
          assert.include(messageOf(exit), sentence)
        }
        assert.strictEqual(started, 0)
      }))
  }
})
