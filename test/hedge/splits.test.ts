import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Deferred, Duration, Effect, Exit, Fiber, Schedule, Scheduler } from "effect"
import { Hedge, JoinStrategy, Split, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import { standalone, timed } from "../kit/index.ts"

const { any, quorum } = JoinStrategy

/** Replicas that tell when they are asked. */
const replicas = () => {
  const log: Array<string> = []
  const note = (what: string) => Effect.map(Clock.currentTimeMillis, (now) => log.push(`${now} ${what}`))
  const ask = (name: string, millis: number, fails = false) =>
    note(name).pipe(
      Effect.andThen(Effect.sleep(millis)),
      Effect.andThen(fails ? Effect.fail(`${name} failed`) : Effect.succeed(name)),
      Effect.onInterrupt(() => note(`${name} cut`))
    )
  return { log, ask }
}

describe("a split with a hedge", () => {
  it.effect("starts the next branch when the delay has passed, and the first success wins", () =>
    Effect.gen(function*() {
      const { ask, log } = replicas()
      const [exit, at] = yield* timed(Split.run({ near: ask("near", 500), far: ask("far", 30), off: ask("off", 1) }, {
        strategy: any,
        hedge: { delay: 50 }
      }))
      assert.isTrue(Exit.isSuccess(exit))
      if (!Exit.isSuccess(exit)) return
      assert.strictEqual(at, 80)
      assert.deepStrictEqual(log, ["0 near", "50 far", "80 near cut"])
      const { outcomes, settled, tally } = exit.value
      assert.deepStrictEqual(settled.map(({ name }) => name), ["far"])
      assert.strictEqual(outcomes.off._tag, "NotStarted")
      assert.deepStrictEqual(tally, { total: 3, succeeded: 1, failed: 0, interrupted: 1, notStarted: 1 })
    }))

  it.effect("starts none beside one that is quick", () =>
    Effect.gen(function*() {
      const { ask, log } = replicas()
      const [, at] = yield* timed(Split.run([ask("a", 10), ask("b", 10)], { strategy: any, hedge: { delay: 50 } }))
      assert.strictEqual(at, 10)
      assert.deepStrictEqual(log, ["0 a"])
    }))

  it.effect("does not wait for the delay after a failure", () =>
    Effect.gen(function*() {
      const { ask, log } = replicas()
      const [exit, at] = yield* timed(
        Split.run([ask("a", 5, true), ask("b", 5, true), ask("c", 5)], { strategy: any, hedge: { delay: "1 hour" } })
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(at, 15)
      assert.deepStrictEqual(log, ["0 a", "5 b", "10 c"])
    }))

  it.effect("starts one for each of several that fail at once", () =>
    Effect.gen(function*() {
      const { ask, log } = replicas()
      const [, at] = yield* timed(
        Split.run([ask("a", 5, true), ask("b", 5, true), ask("c", 10), ask("d", 7), ask("e", 1)], {
          strategy: any,
          hedge: { delay: "1 hour", atOnce: 2 }
        })
      )
      assert.deepStrictEqual(log, ["0 a", "0 b", "5 c", "5 d", "12 c cut"])
      assert.strictEqual(at, 12)
    }))

  it.effect("fails when all have failed, or when a deadline passes", () =>
    Effect.gen(function*() {
      const { ask } = replicas()
      const [exit, at] = yield* timed(Effect.flip(
        Split.run([ask("a", 5, true), ask("b", 20, true)], { strategy: any, hedge: { delay: 10 } })
      ))
      assert.isTrue(Exit.isSuccess(exit) && exit.value._tag === "JoinUnsatisfiedError")
      assert.strictEqual(at, 25)
      const [late] = yield* timed(Effect.flip(
        Split.run([ask("a", 500), ask("b", 500)], { strategy: any, timeout: 100, hedge: { delay: 200 } })
      ))
      assert.isTrue(Exit.isSuccess(late) && late.value._tag === "JoinTimeoutError")
    }))

  it.effect("starts as many at once as the strategy asks for", () =>
    Effect.gen(function*() {
      const { ask, log } = replicas()
      const [, at] = yield* timed(Split.run([ask("a", 10), ask("b", 500), ask("c", 20), ask("d", 1)], {
        strategy: quorum(2),
        hedge: { delay: 50 }
      }))
      assert.strictEqual(at, 70)
      assert.deepStrictEqual(log, ["0 a", "0 b", "50 c", "70 b cut"])
      const three = replicas()
      yield* timed(
        Split.run([three.ask("a", 10), three.ask("b", 10)], { strategy: any, hedge: { delay: 50, atOnce: 2 } })
      )
      assert.deepStrictEqual(three.log, ["60000 a", "60000 b", "60010 b cut"])
    }))

  it.effect("takes a Schedule, whose end is the end of further branches", () =>
    Effect.gen(function*() {
      const { ask, log } = replicas()
      const delay = Schedule.spaced(10).pipe(Schedule.upTo({ times: 1 }))
      const [exit, at] = yield* timed(Effect.flip(
        Split.run([ask("a", 30, true), ask("b", 30, true), ask("c", 1)], { strategy: any, hedge: { delay } })
      ))
      assert.isTrue(Exit.isSuccess(exit) && exit.value._tag === "JoinUnsatisfiedError")
      assert.deepStrictEqual(log, ["0 a", "10 b"])
      assert.strictEqual(at, 40)
    }))

  it.effect("starts no further branch when the budget is used up, and what runs decides", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 1, ratio: 0.5 })
      const { ask, log } = replicas()
      const split = Split.run([ask("a", 100), ask("b", 100), ask("c", 1)], {
        strategy: any,
        hedge: { delay: 10, budget }
      })
      const [first] = yield* timed(split)
      assert.isTrue(Exit.isSuccess(first) && first.value.tally.notStarted === 1)
      assert.deepStrictEqual(log, ["0 a", "10 b", "100 b cut"])
      assert.strictEqual(yield* budget.tokens, 0.5)
      const failing = Split.run(function*() {
        yield ask("x", 5, true)
        yield ask("y", 5)
      }, { strategy: any, hedge: { delay: 10, budget } })
      const [exit] = yield* timed(Effect.flip(failing))
      assert.isTrue(Exit.isSuccess(exit) && exit.value._tag === "JoinUnsatisfiedError")
    }))

  it.effect("learns its delay from the latencies of first branches", () =>
    Effect.gen(function*() {
      const latencies = Hedge.latencies()
      for (let i = 0; i < 20; i++) yield* latencies.record(Duration.millis(20))
      const delay = Hedge.percentile(0.95, latencies, { atLeast: 20 })
      const { ask, log } = replicas()
      yield* timed(Split.run([ask("a", 500), ask("b", 5)], { strategy: any, hedge: { delay } }))
      assert.strictEqual(log.length, 3)
      assert.match(log[1]!, /^20\.\d+ b$/)
      assert.strictEqual(yield* latencies.count, 21)
    }))

  it.effect("is an option of a state, and works over lazy lists, but not over lists that grow", () =>
    Effect.gen(function*() {
      const { ask, log } = replicas()
      const workflow = Workflow.make<"Read" | "Done">("w")
        .registerSplit("Read", function*() {
          for (let i = 0; i < 100; i++) yield ask(String(i), 25)
        }, { strategy: any, hedge: { delay: 10 }, next: "Done" })
        .addExitStates("Done")
      const [exit, at] = yield* timed(workflow.orchestrate("Read"))
      assert.deepStrictEqual(exit, Exit.succeed("Done"))
      assert.strictEqual(at, 25)
      assert.deepStrictEqual(log.slice(0, 3), ["0 0", "10 1", "20 2"])
      const grows = Split.growing<string, string>(() => [ask("seed", 500)])
      const error = yield* Effect.flip(Split.run(grows, { strategy: any, hedge: { delay: 10 } }))
      assert.match(error.message, /are no alternatives to hedge with/)
    }))

  it.effect("leaves nothing running when it is interrupted", () =>
    Effect.gen(function*() {
      const { ask, log } = replicas()
      const fiber = yield* Effect.forkChild(
        Split.run([ask("a", 500), ask("b", 500), ask("c", 500)], { strategy: any, hedge: { delay: 10 } })
      )
      yield* TestClock.adjust(15)
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual([...log].sort(), ["0 a", "10 b", "15 a cut", "15 b cut"])
    }))

  it.effect("refuses bad numbers, and a bulkhead beside it", () =>
    Effect.gen(function*() {
      const run = (options: object) =>
        Effect.flip(Split.run([Effect.void], { strategy: any, hedge: { delay: 1 }, ...options }))
      const messages = yield* Effect.forEach([
        { hedge: 5 },
        { hedge: { delay: -1 } },
        { hedge: { delay: 1, atOnce: 0 } },
        { bulkhead: 2 },
        { strategy: JoinStrategy.all },
        { hedge: { delay: 1, atOnce: 1e9 } },
        { hedge: { delay: 1, budget: Hedge.budget({ tokens: 0, ratio: 1 }) } }
      ], (options) => Effect.map(run(options), ({ message }) => message))
      assert.match(messages[0]!, /hedge is 5; it must be/)
      assert.match(messages[1]!, /the delay is negative: -1/)
      assert.match(messages[2]!, /atOnce is 0; it must be an integer of at least 1/)
      assert.match(messages[3]!, /leave the bulkhead out/)
      assert.match(messages[4]!, /all waits for every branch; a hedge is for alternatives/)
      assert.match(messages[5]!, /atOnce is 1000000000; .* at most 65536/)
      assert.match(messages[6]!, /the tokens of the budget are 0/)
    }))

  it.effect("fails with what the function of the delay does wrong", () =>
    Effect.gen(function*() {
      const [exit] = yield* timed(Effect.flip(
        Split.run([Effect.never, Effect.never], { strategy: any, hedge: { delay: () => -5 } })
      ))
      assert.isTrue(Exit.isSuccess(exit) && exit.value._tag === "ConfigurationError")
    }))
})

describe("a hedged split: what starts when", () => {
  const starts = (log: ReadonlyArray<string>) => log.filter((line) => !line.endsWith("cut"))

  it.effect("with a delay of zero starts all at once, but none after one that answers at once", () =>
    Effect.gen(function*() {
      const { ask, log } = replicas()
      yield* timed(Split.run([ask("a", 30), ask("b", 20), ask("c", 10)], { strategy: any, hedge: { delay: 0 } }))
      assert.deepStrictEqual(starts(log), ["0 a", "0 b", "0 c"])
      const budget = Hedge.budget({ tokens: 5, ratio: 0 })
      const rest = replicas()
      const hedge = { delay: 0, budget }
      yield* timed(Split.run([Effect.succeed("first"), rest.ask("b", 1)], { strategy: any, hedge }))
      assert.strictEqual(yield* budget.tokens, 5)
      yield* timed(Split.run([Effect.never, Effect.succeed("second"), rest.ask("c", 1)], { strategy: any, hedge }))
      assert.strictEqual(yield* budget.tokens, 4)
      assert.deepStrictEqual(rest.log, [])
      const [exit] = yield* timed(
        Split.run([Effect.fail("a"), Effect.fail("b"), Effect.succeed("c"), rest.ask("d", 1)], { strategy: any, hedge })
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(yield* budget.tokens, 2)
    }))

  it.effect("with a delay of zero takes a token for each branch that it starts, and no more", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 2, ratio: 0 })
      const { ask, log } = replicas()
      const [exit] = yield* timed(
        Split.run(Array.from({ length: 9 }, (_, i) => ask(String(i), 10)), {
          strategy: any,
          hedge: { delay: 0, budget }
        })
      )
      assert.isTrue(Exit.isSuccess(exit) && exit.value.tally.notStarted === 6)
      assert.deepStrictEqual(starts(log), ["0 0", "0 1", "0 2"])
      assert.strictEqual(yield* budget.tokens, 0)
    }))

  it.effect("starts another at once when none runs, however long the delay", () =>
    Effect.gen(function*() {
      for (const delay of [Duration.infinity, Duration.hours(1)]) {
        const { ask, log } = replicas()
        const [exit, at] = yield* timed(
          Split.run([ask("a", 5), ask("b", 5), ask("c", 5)], { strategy: quorum(2), hedge: { delay, atOnce: 1 } })
        )
        assert.isTrue(Exit.isSuccess(exit))
        assert.strictEqual(log.length, 2)
        assert.strictEqual(at % 60_000, 10)
      }
      const isFresh = (name: string) => name === "fresh"
      const { ask, log } = replicas()
      const [exit] = yield* timed(
        Split.run([ask("stale", 5), ask("fresh", 5)], {
          strategy: JoinStrategy.accept(any, isFresh),
          hedge: { delay: Duration.infinity }
        })
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(log.length, 2)
    }))

  it.effect("starts as many at once as any strategy asks for", () =>
    Effect.gen(function*() {
      const { accept, agreement, optional, partialResults, partialSuccesses, percentage, reject, relax } = JoinStrategy
      const own = (asked: object) =>
        JoinStrategy.make({
          name: "own",
          initial: () => 0,
          onOutcome: (n: number) => n + 1,
          decide: (n) => n === 4 ? "proceed" : "continue",
          ...asked
        })
      const cases: ReadonlyArray<readonly [JoinStrategy.JoinStrategy, number]> = [
        [any, 1],
        [quorum(2), 2],
        [partialResults(3), 3],
        [percentage(0.75), 3],
        [accept(quorum(2), () => true), 2],
        [accept(percentage(0.5), () => true), 2],
        [reject(quorum(2), () => false), 2],
        [optional(quorum(3), ["0"]), 3],
        [agreement(2), 2],
        [partialSuccesses(2), 2],
        [relax(quorum(3), { after: "1 second", enough: any }), 3],
        [relax(JoinStrategy.all, { after: "1 second", enough: quorum(2) }), 2],
        [JoinStrategy.until(() => false), 1],
        [own({}), 1],
        [own({ least: 2 }), 2],
        [own({ least: 2, asksFor: (total: number) => total - 1 }), 3]
      ]
      for (const [strategy, count] of cases) {
        let started = 0
        const branch = Effect.sync(() => started++).pipe(Effect.andThen(Effect.never))
        const fiber = yield* Effect.forkChild(
          standalone([branch, branch, branch, branch], { strategy, hedge: { delay: "1 hour" } })
        )
        yield* TestClock.adjust(1)
        assert.strictEqual(started, count, JoinStrategy.format(strategy))
        yield* Fiber.interrupt(fiber)
      }
      const error = yield* Effect.exit(
        standalone([Effect.never], { strategy: own({ asksFor: () => Promise.resolve(2) }), hedge: { delay: 1 } })
      )
      assert.isTrue(Exit.isFailure(error))
      if (Exit.isFailure(error)) {
        assert.match(Cause.pretty(error.cause), /own: asksFor returned a Promise.*must return an integer/)
      }
    }))

  it.effect("misses no failure, whenever its fibers have to yield", () =>
    Effect.gen(function*() {
      const settle = Effect.repeat(Effect.yieldNow, { times: 300 })
      // with fewer than three no fiber gets anywhere
      for (let operations = 3; operations < 60; operations++) {
        const budget = Hedge.throttle({ tokens: 100, ratio: 0 })
        const ends = [
          Effect.fail("at once"),
          Effect.andThen(Effect.yieldNow, Effect.fail("soon")),
          Effect.andThen(Effect.sleep(5), Effect.fail("later")),
          Effect.fail("at once"),
          Effect.succeed("well")
        ]
        for (const branches of [ends, ends.slice(0, 4)]) {
          const fiber = yield* Effect.forkChild(
            Effect.exit(Split.run(branches, { strategy: any, hedge: { delay: Duration.infinity, budget } })).pipe(
              Effect.provideService(Scheduler.MaxOpsBeforeYield, operations)
            )
          )
          yield* settle
          yield* TestClock.adjust(5)
          yield* settle
          const exit = fiber.pollUnsafe()
          assert.isDefined(exit, `it has ended, with ${operations} operations in a row`)
          assert.strictEqual(
            exit !== undefined && Exit.isSuccess(exit) && Exit.isSuccess(exit.value),
            branches === ends
          )
        }
        assert.strictEqual(yield* budget.tokens, 92)
      }
    }), 20_000)

  it("works under Effect.runSync, where branches complete at once", () => {
    const failing = (count: number) => Array.from({ length: count }, (_, i) => Effect.fail(i))
    const run = (branches: unknown, options: object) => Effect.runSync(standalone(branches, options))
    for (const delay of [0, "1 hour", Duration.infinity, () => 5, Schedule.spaced(10)]) {
      for (const count of [1, 5, 5000]) {
        for (const budget of [undefined, Hedge.budget({ tokens: count, ratio: 0 })]) {
          const hedge = { delay, budget }
          const branches = [...failing(count), Effect.succeed("well"), Effect.fail("not started")]
          const tally = { total: count + 2, succeeded: 1, failed: count, interrupted: 0, notStarted: 1 }
          assert.deepStrictEqual(run(branches, { strategy: any, hedge }).tally, tally)
        }
      }
      for (const atOnce of [1, 2, 3]) {
        const hedge = { delay, atOnce }
        const tally = run([Effect.fail(1), Effect.succeed(2), Effect.fail(3), Effect.succeed(4), Effect.fail(5)], {
          strategy: quorum(2),
          hedge
        }).tally
        assert.deepStrictEqual(tally, { total: 5, succeeded: 2, failed: 2, interrupted: 0, notStarted: 1 })
        const leaves = Effect.andThen(Effect.forkChild(Effect.never), Effect.fail("it has left a child"))
        assert.strictEqual(run([leaves, leaves, leaves, Effect.void], { strategy: any, hedge }).tally.failed, 3)
        const error = Effect.runSync(Effect.flip(standalone(failing(4), { strategy: any, hedge })))
        assert.strictEqual(error._tag, "JoinUnsatisfiedError")
        const lazy = function*() {
          yield* failing(3)
          yield Effect.succeed("well")
        }
        assert.strictEqual(run(lazy, { strategy: any, hedge }).tally.failed, 3)
        const budget = Hedge.budget({ tokens: 5, ratio: 0 })
        Effect.runSync(Effect.flip(standalone(function*() {
          yield* failing(3)
        }, { strategy: any, hedge: { ...hedge, budget } })))
        assert.strictEqual(Effect.runSync(budget.tokens), 5 - Math.max(0, 3 - atOnce))
      }
    }
  })
})

describe("a hedged split: its budget", () => {
  it.effect("is told of every failure, those of the last branches included", () =>
    Effect.gen(function*() {
      const budget = Hedge.throttle({ tokens: 10, ratio: 1 })
      const { ask } = replicas()
      const split = Split.run([ask("a", 20, true), ask("b", 20, true)], { strategy: any, hedge: { delay: 10, budget } })
      const seen: Array<number> = []
      for (let n = 0; n < 4; n++) {
        const [exit] = yield* timed(Effect.flip(split))
        assert.isTrue(Exit.isSuccess(exit) && exit.value._tag === "JoinUnsatisfiedError")
        seen.push(yield* budget.tokens)
      }
      // the last one finds it closed, and starts no second branch
      assert.deepStrictEqual(seen, [8, 6, 4, 3])
    }))

  it.effect("is told of failures that arrive together, and of those beside a success", () =>
    Effect.gen(function*() {
      const budget = Hedge.throttle({ tokens: 10, ratio: 0 })
      const { ask } = replicas()
      const hedge = { delay: 0, atOnce: 3, budget }
      yield* timed(Effect.flip(
        Split.run([ask("a", 5, true), ask("b", 5, true), ask("c", 5, true)], { strategy: any, hedge })
      ))
      assert.strictEqual(yield* budget.tokens, 7)
      yield* timed(Split.run([ask("a", 5, true), ask("b", 5), ask("c", 5, true)], { strategy: any, hedge }))
      // what ends after the decision is a loser
      assert.strictEqual(yield* budget.tokens, 6)
      yield* timed(Split.run([ask("a", 5, true), ask("b", 5, true)], {
        strategy: JoinStrategy.partialResults(2),
        hedge
      }))
      assert.strictEqual(yield* budget.tokens, 4)
    }))

  it.effect("is told when a branch fails, not at the end, and of no loser", () =>
    Effect.gen(function*() {
      const budget = Hedge.throttle({ tokens: 10, ratio: 0 })
      const { ask } = replicas()
      const fiber = yield* Effect.forkChild(
        Split.run([ask("a", 5, true), ask("b", 1000), ask("c", 1000)], {
          strategy: any,
          hedge: { delay: 0, atOnce: 3, budget }
        })
      )
      yield* TestClock.adjust(5)
      assert.strictEqual(yield* budget.tokens, 9)
      yield* TestClock.adjust(1000)
      assert.strictEqual((yield* Fiber.join(fiber)).tally.interrupted, 1)
      assert.strictEqual(yield* budget.tokens, 9)
      const late = Split.run([ask("a", 5, true), ask("b", 1000)], {
        strategy: any,
        timeout: 50,
        hedge: { delay: 0, budget }
      })
      yield* timed(Effect.flip(late))
      assert.strictEqual(yield* budget.tokens, 8)
    }))

  it.effect("gives no token for the end of a lazy list, and none is read that it does not allow", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 3, ratio: 0 })
      let read = 0
      let closed = 0
      const { ask } = replicas()
      const list = (count: number) =>
        function*() {
          try {
            for (let i = 0; i < count; i++) {
              read++
              yield ask(String(i), 5, true)
            }
          } finally {
            closed++
          }
        }
      const split = (count: number) =>
        timed(Effect.flip(Split.run(list(count), { strategy: any, hedge: { delay: 1000, budget } })))
      const [one] = yield* split(1)
      assert.isTrue(Exit.isSuccess(one) && one.value._tag === "JoinUnsatisfiedError")
      assert.strictEqual(yield* budget.tokens, 3)
      yield* split(3)
      assert.strictEqual(yield* budget.tokens, 1)
      assert.deepStrictEqual([read, closed], [4, 2])
      yield* split(5)
      assert.strictEqual(yield* budget.tokens, 0)
      assert.deepStrictEqual([read, closed], [6, 3])
    }))

  it.effect("of one's own may refuse what has been read, and a list that throws ends the split", () =>
    Effect.gen(function*() {
      const budget: Hedge.Budget = {
        tokens: Effect.succeed(0),
        take: Effect.succeed(false),
        succeeded: Effect.void,
        failed: Effect.void
      }
      let closed = false
      const { ask, log } = replicas()
      const [exit] = yield* timed(Effect.flip(Split.run(function*() {
        try {
          yield ask("a", 5, true)
          yield ask("b", 5, true)
        } finally {
          closed = true
        }
      }, { strategy: any, hedge: { delay: 1, budget } })))
      assert.isTrue(Exit.isSuccess(exit))
      assert.isTrue(closed)
      assert.deepStrictEqual(log, ["0 a"])
      const [broken] = yield* timed(Split.run(function*() {
        yield ask("slow", 500)
        throw new Error("no list")
      }, { strategy: any, hedge: { delay: 1, budget: Hedge.budget({ tokens: 1, ratio: 0 }) } }))
      assert.isTrue(Exit.isFailure(broken) && Cause.hasDies(broken.cause))
      assert.deepStrictEqual(log.slice(1), ["60000 slow", "60001 slow cut"])
    }))

  it.effect("that is closed ends the split at once when nothing runs", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 1, ratio: 0 })
      yield* budget.take
      const { ask } = replicas()
      const [exit, at] = yield* timed(Effect.flip(
        Split.run([ask("a", 5), ask("b", 5)], {
          strategy: JoinStrategy.accept(any, () => false),
          hedge: { delay: 1000, budget }
        })
      ))
      assert.isTrue(Exit.isSuccess(exit) && exit.value._tag === "JoinUnsatisfiedError")
      assert.strictEqual(at, 5)
    }))
})

describe("a hedged split: what it refuses", () => {
  it.effect("strategies that wait for every branch", () =>
    Effect.gen(function*() {
      const { accept, all, allFailFast, optional, partialTimeout, percentage, reject, relax, tolerate } = JoinStrategy
      const waiting: ReadonlyArray<JoinStrategy.JoinStrategy> = [
        all,
        allFailFast,
        percentage(1),
        partialTimeout,
        JoinStrategy.partialTimeoutAtLeast(1),
        ...[all, allFailFast, percentage(1), partialTimeout].flatMap((strategy) => [
          accept(strategy, () => true),
          reject(strategy, () => false),
          optional(strategy, ["0"]),
          relax(strategy, { after: 1, enough: all })
        ]),
        tolerate({ maxFailures: 1 }),
        tolerate({ maxFailureRate: 0.5 }),
        tolerate({ minSuccesses: 1 }),
        JoinStrategy.make({ ...JoinStrategy.reducer(any), everyBranch: true })
      ]
      for (const strategy of waiting) {
        const error = yield* Effect.flip(
          standalone([Effect.void, Effect.void], { strategy, timeout: 50, hedge: { delay: 1 } })
        )
        const name = JoinStrategy.format(strategy)
        assert.strictEqual(error._tag, "ConfigurationError")
        assert.isTrue(
          error.message.includes(`${name} waits for every branch; a hedge is for alternatives`),
          error.message
        )
      }
    }))

  it.effect("what is no budget and no recorder, and options that are none", () =>
    Effect.gen(function*() {
      const messages = yield* Effect.forEach(
        [{ budget: {} }, { budget: 5 }, { latencies: {} }, { delay: Hedge.percentile(0.5, {} as never) }],
        (hedge) =>
          Effect.map(
            Effect.flip(standalone([Effect.void], { strategy: any, hedge: { delay: 1, ...hedge } })),
            ({ message }) => message
          )
      )
      assert.match(messages[0]!, /the budget is {}; it must be made with Hedge.budget or Hedge.throttle/)
      assert.match(messages[1]!, /the budget is 5; it must be made with/)
      assert.match(messages[2]!, /the latencies are {}; they must be made with Hedge.latencies/)
      assert.match(messages[3]!, /the latencies are {}; they must be made with Hedge.latencies/)
    }))

  it.effect("what effects and functions of its parts give, with its branches interrupted and awaited", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 5, ratio: 0 })
      const latencies = Hedge.latencies()
      const p95 = (parts: object) => Hedge.percentile(0.95, { ...latencies, ...parts }, { atLeast: 1 })
      const cases: ReadonlyArray<readonly [object, RegExp]> = [
        [
          { budget: { ...budget, take: Effect.succeed(1) } },
          /the budget: take returned 1; it must return true or false/
        ],
        [
          { budget: { ...budget, allows: Effect.undefined } },
          /allows returned undefined; it must return true or false/
        ],
        [{ budget: { ...budget, take: Effect.die("offline") } }, /offline/],
        [{ budget: { ...budget, take: Effect.fail("offline") } }, /offline/],
        [{ budget: { ...budget, take: Effect.interrupt } }, /interrupt/],
        [{ delay: () => Promise.reject(new Error("lost")) }, /delay returned a Promise, for which nobody waits/],
        [{ delay: () => "soon" }, /the delay of attempt 1 is no duration: "soon"/],
        [{ delay: () => {} }, /the delay of attempt 1 is no duration: undefined/],
        [{
          delay: () => {
            throw new Error("boom")
          }
        }, /boom/],
        [{ delay: p95({ count: Effect.succeed("5") }) }, /count returned "5"; it must return a number/],
        [{ delay: p95({ count: Effect.succeed(5), percentile: () => 5 }) }, /percentile returned 5; .* an Effect/]
      ]
      for (const [hedge, text] of cases) {
        const { ask, log } = replicas()
        const [exit] = yield* timed(
          standalone([ask("a", 500), ask("b", 500)], { strategy: any, hedge: { delay: 5, ...hedge } })
        )
        assert.isTrue(Exit.isFailure(exit))
        if (Exit.isFailure(exit)) assert.match(Cause.pretty(exit.cause), text)
        assert.strictEqual(log.length, 2)
        assert.match(log[1]!, /a cut/)
      }
      const [lost] = yield* timed(
        standalone([Effect.void], { strategy: any, hedge: { delay: 5, latencies: { ...latencies, record: () => {} } } })
      )
      assert.isTrue(Exit.isFailure(lost))
      if (Exit.isFailure(lost)) assert.match(Cause.pretty(lost.cause), /record returned undefined; .* an Effect/)
    }))
})

describe("a hedged split: what happens at one instant", () => {
  it.effect("failures of one instant start a branch each, beside one that runs", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void, string>()
      let failures = 0
      const budget: Hedge.Budget = {
        tokens: Effect.succeed(0),
        take: Effect.succeed(true),
        succeeded: Effect.void,
        failed: Effect.sync(() => void failures++)
      }
      let started = 0
      const wait = Effect.suspend(() => {
        started++
        return Effect.never
      })
      const fiber = yield* Effect.forkChild(
        Split.run([Deferred.await(gate), Deferred.await(gate), wait, wait, wait, wait], {
          strategy: any,
          hedge: { delay: "1 hour", atOnce: 3, budget }
        })
      )
      yield* TestClock.adjust(1)
      assert.strictEqual(started, 1)
      yield* Effect.sync(() => {
        Deferred.doneUnsafe(gate, Exit.fail("both"))
      })
      for (let i = 0; i < 3; i++) yield* TestClock.adjust(1)
      assert.strictEqual(started, 3)
      assert.strictEqual(failures, 2)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("a list that decides while it is read costs nothing", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 3, ratio: 0 })
      const gate = yield* Deferred.make<void>()
      const [exit] = yield* timed(Split.run(function*() {
        yield Deferred.await(gate)
        Deferred.doneUnsafe(gate, Exit.void)
        yield Effect.void
      }, { strategy: any, hedge: { delay: 10, budget } }))
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(yield* budget.tokens, 3)
    }))

  it.effect("a budget that takes its time holds no split that is decided", () =>
    Effect.gen(function*() {
      const budget: Hedge.Budget = {
        tokens: Effect.succeed(0),
        take: Effect.as(Effect.sleep("30 seconds"), true),
        succeeded: Effect.void,
        failed: Effect.void
      }
      const { ask } = replicas()
      const [exit, at] = yield* timed(
        Split.run([ask("a", 20), ask("b", 20)], { strategy: any, hedge: { delay: 10, budget } })
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(at, 20)
    }))
})
