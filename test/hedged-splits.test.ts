import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Schedule } from "effect"
import { Hedge, JoinStrategy, Split, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"

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

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.zip(Effect.exit(effect), Clock.currentTimeMillis))
    yield* TestClock.adjust("1 minute")
    return yield* Fiber.join(fiber)
  })

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
