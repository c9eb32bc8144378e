import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Logger } from "effect"
import { JoinStrategy, Split, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import { Census, endsWithin, failed, start, succeeded, tally } from "../kit/index.ts"

/** Takes turns with everybody else, for as long as the effect runs, and counts them. */
const turnsDuring = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  let turns = 0
  const competitor = yield* Effect.forkChild(
    Effect.whileLoop({ while: () => true, body: () => Effect.yieldNow, step: () => turns++ }),
    { startImmediately: true }
  )
  yield* effect
  yield* Fiber.interrupt(competitor)
  return turns
})

describe("other fibers and timers get their turn (semantics 7)", () => {
  const lists: ReadonlyArray<readonly [string, (n: number) => () => Iterable<Effect.Effect<number>, void>]> = [
    ["array", (n) => () => Array.from({ length: n }, (_, i) => Effect.sync(() => i))],
    ["array of exits", (n) => () => Array.from({ length: n }, (_, i) => Exit.succeed(i))],
    ["lazy list", (n) =>
      function*() {
        for (let i = 0; i < n; i++) yield Effect.sync(() => i)
      }]
  ]
  for (const [shape, list] of lists) {
    for (const bulkhead of [undefined, 1, 8, 5000]) {
      it.effect(`during 100,000 synchronous branches (${shape}, bulkhead ${bulkhead})`, () =>
        Effect.gen(function*() {
          const turns = yield* turnsDuring(
            Split.run(list(100_000), { strategy: JoinStrategy.all, bulkhead, discard: true })
          )
          assert.isAtLeast(turns, 47, "100,000 / 2,048, less the last part")
        }))
    }
  }

  it.live("a deadline on the real clock ends an endless synchronous list", () =>
    Effect.gen(function*() {
      for (const bulkhead of [undefined, 1, 16]) {
        const result = yield* Split.run(function*() {
          for (let i = 0;; i++) yield Effect.sync(() => i)
        }, { strategy: JoinStrategy.partialTimeout, timeout: 10, bulkhead, discard: true })
        assert.isTrue(result.timedOut)
        assert.strictEqual(result.tally.succeeded, result.tally.total - result.tally.interrupted)
      }
    }))

  it.live("an interruption by a timer on the real clock ends an endless synchronous list", () =>
    Effect.gen(function*() {
      let closed = 0
      for (const bulkhead of [undefined, 4]) {
        const exit = yield* Effect.exit(Effect.timeout(
          Split.run(function*() {
            for (let i = 0;; i++) yield Effect.ensuring(Effect.sync(() => i), Effect.sync(() => closed++))
          }, { strategy: JoinStrategy.all, bulkhead, discard: true }),
          10
        ))
        assert.strictEqual(failed(exit)._tag, "TimeoutError")
        assert.isAbove(closed, 0)
      }
    }))
})

describe("many branches (semantics 4 and 10; I6)", () => {
  it.effect("of a million branches behind a bulkhead only those in a slot exist, and a discarding result holds none", () =>
    Effect.gen(function*() {
      let pulled = 0
      let settled = 0
      let most = 0
      const result = yield* Split.run(function*() {
        while (pulled < 1_000_000) {
          pulled++
          most = Math.max(most, pulled - settled)
          yield Effect.sync(() => ++settled)
        }
      }, { strategy: JoinStrategy.all, bulkhead: 8, discard: true })
      assert.deepStrictEqual(result.tally, tally(1_000_000))
      assert.isAtMost(most, 8)
      assert.isBelow(JSON.stringify(result).length, 500)
    }))

  for (const bulkhead of [undefined, 1000]) {
    it.effect(
      `100,000 branches that wait, fail and die in turn are all counted (bulkhead ${bulkhead})`,
      () =>
        Effect.gen(function*() {
          const census = new Census()
          const exit = yield* Effect.exit(Split.run(
            Array.from({ length: 100_000 }, (_, i) =>
              census.count(
                i % 3 === 0 ? Effect.yieldNow : i % 3 === 1 ? Effect.fail("no") : Effect.die("bug")
              )),
            { strategy: JoinStrategy.all, bulkhead, discard: true }
          ))
          const error = failed(exit)
          assert.deepStrictEqual(error.result.tally, tally(33_334, 66_666))
          assert.match(error.message, /1: no; 2: bug; 4: no; and 66663 more$/)
          assert.deepStrictEqual([census.started, census.running], [100_000, 0])
        }),
      20_000
    )
  }

  it.effect("a decision among 20,000 waiting branches awaits each finalizer", () =>
    Effect.gen(function*() {
      const census = new Census()
      const gate = yield* Deferred.make<void>()
      const slow = census.count(Effect.onInterrupt(Effect.never, () => Effect.sleep(10)))
      const fiber = yield* start(Split.run(
        Array.from({ length: 20_000 }, (_, i) => i === 10_000 ? Deferred.await(gate) : slow),
        { strategy: JoinStrategy.any, discard: true }
      ))
      // they start in rounds
      while (census.running < 19_999) yield* Effect.yieldNow
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust(9)
      assert.strictEqual(census.running, 19_999)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual((yield* Fiber.join(fiber)).tally, tally(1, 0, 19_999))
      assert.strictEqual(census.running, 0)
    }), 20_000)
})

describe("nesting (semantics 10)", () => {
  it.effect("three levels with bulkheads of their own run as many as their product at most", () =>
    Effect.gen(function*() {
      const census = new Census()
      const level = (n: number): Effect.Effect<unknown, unknown> =>
        n === 0
          ? census.count(Effect.sleep(10))
          : Split.run(Array.from({ length: 4 }, () => level(n - 1)), { strategy: JoinStrategy.all, bulkhead: 2 })
      const exit = yield* endsWithin(level(3), 80)
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual([census.started, census.most, census.running], [64, 8, 0])
    }))

  it.effect("an inner decision ends the inner split only, an outer one everything", () =>
    Effect.gen(function*() {
      const census = new Census()
      const race = (winner: number) =>
        Split.run([census.count(Effect.as(Effect.sleep(winner), winner)), census.count(Effect.never)], {
          strategy: JoinStrategy.any
        })
      const inner = yield* start(Split.run([race(10), race(20), race(30)], { strategy: JoinStrategy.quorum(2) }))
      yield* TestClock.adjust(10)
      assert.strictEqual(census.running, 4)
      yield* TestClock.adjust(10)
      const result = yield* Fiber.join(inner)
      assert.deepStrictEqual(result.values.map((one) => one.values), [[10], [20]])
      assert.strictEqual(census.running, 0)
    }))

  const nest = (depth: number): Effect.Effect<unknown, unknown> =>
    depth === 0 ? Effect.succeed("leaf") : Split.run([Effect.suspend(() => nest(depth - 1))], {
      strategy: JoinStrategy.all
    })
  const nestAsync = (depth: number): Effect.Effect<unknown, unknown> =>
    depth === 0
      ? Effect.as(Effect.sleep(10), "leaf")
      : Split.run([Effect.suspend(() => nestAsync(depth - 1)), Effect.sleep(5)], {
        strategy: JoinStrategy.all,
        bulkhead: 2
      })

  for (const [what, make] of [["synchronous", nest], ["waiting", nestAsync]] as const) {
    it.effect(`200 levels run, the 201st is a WorkflowError (${what})`, () =>
      Effect.gen(function*() {
        assert.isTrue(Exit.isSuccess(yield* endsWithin(make(199), 10)))
        assert.isTrue(Exit.isSuccess(yield* endsWithin(make(200), 10)))
        const exit = yield* endsWithin(make(201), 10)
        let error = failed(exit)
        let levels = 0
        while (error._tag === "JoinUnsatisfiedError") {
          levels++
          error = failed(Exit.failCause(error.result.failures[0].cause))
        }
        assert.deepInclude(error, { _tag: "WorkflowError", rule: "max-depth" })
        assert.strictEqual(levels, 200)
      }))
  }

  it.effect("maxDepth counts levels, not splits, and nothing is started below it", () =>
    Effect.gen(function*() {
      const census = new Census()
      const workflow = Workflow.make<"Fan" | "Again" | "Done">("deep")
        .registerSplit("Fan", () => [census.count(nest(1)), census.count(nest(1))], {
          strategy: JoinStrategy.all,
          next: "Again"
        })
        .registerSplit("Again", () => [census.count(nest(1))], { strategy: JoinStrategy.all, next: "Done" })
        .addExitStates("Done")
      assert.strictEqual(yield* workflow.orchestrate("Fan", { maxDepth: 2 }), "Done")
      const before = census.started
      const error = failed(yield* Effect.exit(workflow.orchestrate("Fan", { maxDepth: 1 })))
      assert.strictEqual(error._tag, "JoinUnsatisfiedError")
      assert.strictEqual(census.started, before + 2)
      assert.match(error.message, /maxDepth/)
    }))

  it.effect("a workflow that runs itself as a branch ends at maxDepth, with every level finalized", () =>
    Effect.gen(function*() {
      const census = new Census()
      const workflow: Workflow.Workflow<
        "Fan" | "Done",
        Workflow.Graph<"Fan", "Done", Workflow.Way<"Fan", "Done">, never>,
        unknown,
        never
      > = Workflow.make<"Fan" | "Done">("self")
        .registerSplit("Fan", () => [census.count(Effect.suspend(() => workflow.orchestrate("Fan")))], {
          strategy: JoinStrategy.all,
          next: "Done"
        })
        .addExitStates("Done") as never
      const exit = yield* Effect.exit(workflow.orchestrate("Fan"))
      assert.strictEqual((failed(exit) as { readonly _tag: string })._tag, "JoinUnsatisfiedError")
      assert.deepStrictEqual([census.started, census.running, census.most], [200, 0, 200])
    }))
})

describe("loops (semantics 10)", () => {
  it.effect("a machine goes through a split thousands of times, and each visit starts afresh", () =>
    Effect.gen(function*() {
      type State = { readonly _tag: "Fan"; readonly left: number; readonly sum: number } | {
        readonly _tag: "Done"
        readonly sum: number
      }
      const census = new Census()
      const workflow = Workflow.make<State>("loop")
        .registerSplit("Fan", ({ left }) => [census.count(Effect.succeed(left)), census.count(Effect.never)], {
          strategy: JoinStrategy.any,
          bulkhead: 2,
          timeout: "1 minute",
          next: ({ values }, { left, sum }) =>
            left === 1
              ? { _tag: "Done" as const, sum: sum + values[0]! }
              : { _tag: "Fan" as const, left: left - 1, sum: sum + values[0]! }
        })
        .addExitStates("Done")
      const exit = yield* workflow.orchestrate({ _tag: "Fan", left: 5000, sum: 0 })
      assert.strictEqual(exit.sum, 5000 * 5001 / 2)
      assert.strictEqual(census.running, 0)
    }))

  it.effect("no branch of an earlier visit is left when the next one starts", () =>
    Effect.gen(function*() {
      const census = new Census()
      let visits = 0
      const workflow = Workflow.make<"Fan" | "Done">("visits")
        .registerSplit("Fan", () => {
          assert.strictEqual(census.running, 0)
          return [
            census.count(Effect.sleep(1)),
            census.count(Effect.onInterrupt(Effect.never, () => Effect.sleep(5)))
          ]
        }, { strategy: JoinStrategy.any, next: () => ++visits < 100 ? "Fan" : "Done" })
        .addExitStates("Done")
      assert.strictEqual(succeeded(yield* endsWithin(workflow.orchestrate("Fan"), 600)), "Done")
      assert.strictEqual(census.started, 200)
    }))
})

describe("a warning about very many losers", () => {
  it.effect("names the first of them and their number", () =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      const logger = Logger.make<unknown, void>(({ message }) => {
        warnings.push(String(message))
      })
      const stubborn = Effect.uninterruptible(Effect.sleep(1000))
      const branches = [Effect.sleep(1), ...Array.from({ length: 5000 }, () => stubborn)]
      const split = Effect.scoped(Split.run(branches, { strategy: JoinStrategy.any, losers: { grace: 10 } }))
      succeeded(yield* endsWithin(Effect.provide(split, Logger.layer([logger])), 2000))
      assert.strictEqual(warnings.length, 1)
      assert.match(warnings[0]!, /^branches 1, 2, 3, .*, 16 and 4984 more did not stop within 10ms/)
      assert.isBelow(warnings[0]!.length, 200)
    }))
})
