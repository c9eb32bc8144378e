import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Clock,
  Context,
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  Logger,
  Option,
  Random,
  Schedule
} from "effect"
import { type CanoError, Hedge } from "effect-cano"
import { TestClock } from "effect/testing"
import { messages } from "../kit/index.ts"

/** What the attempts of one hedge do: when they start and end, and how many run. */
const watch = () => {
  const log: Array<string> = []
  let running = 0
  const note = (text: string) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      log.push(`${now} ${text}`)
    })
  const attempt = <A, E, R>(index: number, work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      running++
      return Effect.andThen(note(`start ${index}`), work)
    }).pipe(
      Effect.onExit((exit) =>
        Effect.suspend(() => {
          running--
          const how = Exit.isSuccess(exit)
            ? "ok"
            : Cause.hasInterruptsOnly(exit.cause)
            ? "cut"
            : "bad"
          return note(`${how} ${index}`)
        })
      )
    )
  return {
    log,
    running: () => running,
    /** Attempts in a row; the last one stands for all after it. */
    attempts: <A, E, R>(...works: ReadonlyArray<Effect.Effect<A, E, R>>) => (index: number) =>
      attempt(index, works[Math.min(index, works.length - 1)]!),
    starts: () => log.filter((line) => line.includes("start")).map((line) => Number(line.split(" ")[0]))
  }
}

const ok = (millis: number, value = `after ${millis}`): Effect.Effect<string, string> =>
  Effect.as(Effect.sleep(millis), value)
const bad = (millis: number, error = `failed after ${millis}`): Effect.Effect<string, string> =>
  Effect.andThen(Effect.sleep(millis), Effect.fail(error))

/**
 * Starts an effect and lets the time pass. How it ended is noted when it does, not when its fiber has ended: a fiber waits
 * for its children, and a hedge shall not leave that to it.
 */
const after = Effect.fnUntraced(function*<A, E, R>(millis: number, effect: Effect.Effect<A, E, R>) {
  yield* TestClock.adjust(0)
  let seen: Exit.Exit<A, E> | undefined
  const noted = Effect.onExit(effect, (exit) =>
    Effect.sync(() => {
      seen = exit
    }))
  const fiber = yield* Effect.forkChild(noted, { startImmediately: true })
  yield* TestClock.adjust(millis)
  return { exit: () => seen, interrupt: Fiber.interrupt(fiber) }
})

/** Runs an effect that ends in time to its end, and tells how it ended. */
const ended = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>, millis = 10_000) {
  const exit = (yield* after(millis, effect)).exit()
  assert.isDefined(exit, "it has ended")
  return exit!
})

const value = <A>(exit: Exit.Exit<A, unknown>): A => {
  assert.isTrue(Exit.isSuccess(exit), Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")
  return (exit as Exit.Success<A>).value
}

const cause = <E>(exit: Exit.Exit<unknown, E>): Cause.Cause<E> => {
  assert.isTrue(Exit.isFailure(exit), "it has failed")
  return (exit as Exit.Failure<unknown, E>).cause
}

const errors = <E>(exit: Exit.Exit<unknown, E>): ReadonlyArray<E> =>
  cause(exit).reasons.filter(Cause.isFailReason).map(({ error }) => error)

const outcome = (attempt: number, started: number, of: string): Hedge.Outcome<string> => ({
  value: of,
  attempt,
  started,
  hedged: attempt > 0
})

describe("Hedge.run: when attempts start", () => {
  it.effect("the first starts at once, on the current tick", () =>
    Effect.gen(function*() {
      const { attempts, running } = watch()
      const fiber = yield* Effect.forkChild(Hedge.run(attempts(ok(10)), { delay: 5 }), { startImmediately: true })
      assert.strictEqual(running(), 1)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("a synchronous first attempt wins without another, even if the delay is zero", () =>
    Effect.gen(function*() {
      const { attempts, log } = watch()
      const result = yield* Hedge.run(attempts(Effect.succeed("now")), { delay: 0, maxAttempts: 5 })
      assert.deepStrictEqual(result, outcome(0, 1, "now"))
      assert.deepStrictEqual(log, ["0 start 0", "0 ok 0"])
    }))

  it.effect("one effect is run anew for each attempt", () =>
    Effect.gen(function*() {
      let runs = 0
      const call = Effect.suspend(() => ++runs < 3 ? Effect.never : Effect.succeed("third"))
      const exit = yield* ended(Hedge.run(call, { delay: 10, maxAttempts: 3 }))
      assert.deepStrictEqual(value(exit), outcome(2, 3, "third"))
    }))

  it.effect("a function is given the index of the attempt, and may make another effect for each", () =>
    Effect.gen(function*() {
      const given: Array<number> = []
      const exit = yield* ended(Hedge.run((attempt) => {
        given.push(attempt)
        return attempt === 2 ? Effect.succeed("two") : Effect.never
      }, { delay: 10, maxAttempts: 3 }))
      assert.deepStrictEqual(value(exit), outcome(2, 3, "two"))
      assert.deepStrictEqual(given, [0, 1, 2])
    }))

  it.effect("the next starts when one takes longer than the delay, and not when it ends with it", () =>
    Effect.gen(function*() {
      const exact = watch()
      assert.deepStrictEqual(
        value(yield* ended(Hedge.run(exact.attempts(ok(50)), { delay: "50 millis" }))),
        outcome(0, 1, "after 50")
      )
      const longer = watch()
      assert.deepStrictEqual(
        value(yield* ended(Hedge.run(longer.attempts(ok(51), ok(10)), { delay: "50 millis" }))),
        outcome(0, 2, "after 51")
      )
      assert.deepStrictEqual(longer.log, ["10000 start 0", "10050 start 1", "10051 ok 0", "10051 cut 1"])
    }))

  it.effect("each waits for the delay from the start of the one before", () =>
    Effect.gen(function*() {
      const { attempts, log, starts } = watch()
      const exit = yield* ended(Hedge.run(attempts(ok(1000)), { delay: "50 millis", maxAttempts: 4 }))
      assert.deepStrictEqual(value(exit), outcome(0, 4, "after 1000"))
      assert.deepStrictEqual(starts(), [0, 50, 100, 150])
      assert.deepStrictEqual(log.slice(4), ["1000 ok 0", "1000 cut 1", "1000 cut 2", "1000 cut 3"])
    }))

  it.effect("two attempts at most, if maxAttempts is left out", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      assert.deepStrictEqual(
        value(yield* ended(Hedge.run(attempts(ok(1000)), { delay: 1 }))),
        outcome(0, 2, "after 1000")
      )
      assert.deepStrictEqual(starts(), [0, 1])
    }))

  it.effect("maxAttempts of 1 starts no hedge, neither for slowness nor for a failure", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      assert.deepStrictEqual(
        errors(yield* ended(Hedge.run(attempts(bad(100)), { delay: 1, maxAttempts: 1 }))),
        ["failed after 100"]
      )
      assert.deepStrictEqual(starts(), [0])
    }))

  it.effect("a zero delay starts all attempts at once", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      const exit = yield* ended(Hedge.run(attempts(ok(30), ok(20), ok(10)), { delay: 0, maxAttempts: 4 }))
      assert.deepStrictEqual(value(exit), outcome(2, 4, "after 10"))
      assert.deepStrictEqual(starts(), [0, 0, 0, 0])
    }))

  it.effect("an infinite delay starts the next only when one has failed", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      const exit = yield* ended(
        Hedge.run(attempts(bad(700), ok(2000)), { delay: Duration.infinity, maxAttempts: 4 })
      )
      assert.deepStrictEqual(value(exit), outcome(1, 2, "after 2000"))
      assert.deepStrictEqual(starts(), [0, 700])
    }))

  it.effect("an infinite delay waits for an attempt that never ends", () =>
    Effect.gen(function*() {
      const { attempts, running } = watch()
      const fiber = yield* after(1e9, Hedge.run(attempts(Effect.never), { delay: Duration.infinity, maxAttempts: 4 }))
      assert.isUndefined(fiber.exit())
      assert.strictEqual(running(), 1)
      yield* fiber.interrupt
      assert.strictEqual(running(), 0)
    }))
})

describe("Hedge.run: delays", () => {
  it.effect("a function is asked, for each attempt from 1 on, when the one before has been started (H3)", () =>
    Effect.gen(function*() {
      const { attempts, log, starts } = watch()
      const exit = yield* ended(Hedge.run(attempts(ok(1000)), {
        delay: (attempt) => {
          log.push(`ask ${attempt}`)
          return attempt * 100
        },
        maxAttempts: 4
      }))
      assert.deepStrictEqual(value(exit), outcome(0, 4, "after 1000"))
      assert.deepStrictEqual(starts(), [0, 100, 300, 600])
      assert.deepStrictEqual(log.slice(0, 7), [
        "0 start 0",
        "ask 1",
        "100 start 1",
        "ask 2",
        "300 start 2",
        "ask 3",
        "600 start 3"
      ])
    }))

  it.effect("a function is not asked when there is no next attempt", () =>
    Effect.gen(function*() {
      const asked: Array<number> = []
      const delay = (attempt: number) => {
        asked.push(attempt)
        return 10
      }
      yield* ended(Hedge.run(ok(100), { delay }))
      yield* ended(Hedge.run(Effect.succeed(1), { delay, maxAttempts: 9 }))
      assert.deepStrictEqual(asked, [1])
    }))

  it.effect("a function that throws fails the hedge with its defect, and the attempts are interrupted", () =>
    Effect.gen(function*() {
      const { attempts, log, running } = watch()
      const exit = yield* ended(Hedge.run(attempts(ok(100)), {
        delay: (attempt) => {
          if (attempt === 2) throw new Error("no delay")
          return 10
        },
        maxAttempts: 3
      }))
      assert.isTrue(Cause.hasDies(cause(exit)))
      assert.strictEqual(running(), 0)
      assert.deepStrictEqual(log.slice(2), ["10 cut 0", "10 cut 1"])
    }))

  it.effect("a function that returns no duration fails the hedge then, and the attempts are interrupted", () =>
    Effect.gen(function*() {
      for (const [given, text] of [["soon", "is no duration"], [-1, "is negative"], [Number.NaN, "is not a number"]]) {
        const { attempts, log, running, starts } = watch()
        const delay = ((attempt: number) => attempt === 1 ? 10 : given) as (attempt: number) => Duration.Input
        const exit = yield* ended(Hedge.run(attempts(ok(100)), { delay, maxAttempts: 3 }))
        const error = errors(exit)[0] as CanoError.ConfigurationError
        assert.strictEqual(error._tag, "ConfigurationError")
        assert.include(error.message, `the hedge is misconfigured: the delay of attempt 2 ${text}`)
        assert.strictEqual(running(), 0)
        assert.strictEqual(starts().length, 2)
        assert.strictEqual(log.filter((line) => line.includes("cut")).length, 2)
      }
    }))

  it.effect("a Schedule gives one delay for each attempt; when it is done no further attempt is started", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      const delay = Schedule.upTo(Schedule.exponential("100 millis"), { times: 3 })
      const exit = yield* ended(Hedge.run(attempts(ok(5000)), { delay, maxAttempts: 9 }))
      assert.deepStrictEqual(value(exit), outcome(0, 4, "after 5000"))
      assert.deepStrictEqual(starts(), [0, 100, 300, 700])
    }))

  it.effect("a Schedule that is done allows no attempt after a failure either", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      const exit = yield* ended(Hedge.run(attempts(bad(10)), { delay: Schedule.recurs(1), maxAttempts: 9 }))
      assert.deepStrictEqual(errors(exit), ["failed after 10", "failed after 10"])
      assert.deepStrictEqual(starts(), [0, 0])
    }))

  it.effect("a Schedule starts from its beginning for each run, and is given the index of the attempt", () =>
    Effect.gen(function*() {
      const inputs: Array<number> = []
      const delay = Schedule.fixed("100 millis").pipe(
        Schedule.setInputType<number>(),
        Schedule.tap(({ input }) =>
          Effect.sync(() => {
            inputs.push(input)
          })
        )
      )
      for (let n = 0; n < 2; n++) {
        const { attempts, starts } = watch()
        yield* ended(Hedge.run(attempts(ok(250)), { delay, maxAttempts: 9 }), 10_000)
        assert.deepStrictEqual(starts().map((at) => at % 10_000), [0, 100, 200])
      }
      assert.deepStrictEqual(inputs, [1, 2, 3, 1, 2, 3])
    }))

  it.effect("a Schedule may be random", () =>
    Effect.gen(function*() {
      const delay = Schedule.jittered(Schedule.spaced("100 millis"))
      const { attempts, starts } = watch()
      yield* Random.withSeed(ended(Hedge.run(attempts(ok(5000)), { delay, maxAttempts: 3 })), "a seed")
      const [, one, two] = starts()
      assert.isTrue(one! >= 80 && one! <= 120 && two! - one! >= 80 && two! - one! <= 120)
      assert.notStrictEqual(one, 100)
    }))

  it.effect("a percentile is its fallback until enough latencies are there, and then what they say", () =>
    Effect.gen(function*() {
      const latencies = Hedge.latencies()
      const delay = Hedge.percentile(0.5, latencies, { fallback: "300 millis", atLeast: 3 })
      for (const millis of [10, 20]) yield* latencies.record(Duration.millis(millis))
      const before = watch()
      yield* ended(Hedge.run(before.attempts(ok(2000)), { delay }))
      assert.deepStrictEqual(before.starts(), [0, 300])
      assert.strictEqual(yield* latencies.count, 3)
      const then = watch()
      yield* ended(Hedge.run(then.attempts(ok(2000)), { delay }))
      const [start, hedge] = then.starts()
      assert.isTrue(hedge! - start! >= 20 && hedge! - start! <= 20 * 65 / 64)
    }))

  it.effect("a percentile without a fallback hedges only failures, until 100 latencies are there", () =>
    Effect.gen(function*() {
      const latencies = Hedge.latencies()
      const delay = Hedge.percentile(0.9, latencies)
      assert.deepStrictEqual([delay.p, delay.atLeast], [0.9, 100])
      for (let n = 0; n < 99; n++) yield* latencies.record(Duration.millis(10))
      const slow = watch()
      yield* ended(Hedge.run(slow.attempts(ok(2000)), { delay }))
      assert.strictEqual(slow.starts().length, 1)
      assert.strictEqual(yield* latencies.count, 100)
      const { attempts, starts } = watch()
      yield* ended(Hedge.run(attempts(ok(2000)), { delay }))
      assert.strictEqual(starts().length, 2)
      const failing = watch()
      yield* ended(Hedge.run(failing.attempts(bad(20), ok(1)), { delay: Hedge.percentile(0.9, Hedge.latencies()) }))
      assert.strictEqual(failing.starts().length, 2)
    }))

  it.effect("a percentile of a recorder that has none is the fallback", () =>
    Effect.gen(function*() {
      const latencies: Hedge.Latencies = {
        record: () => Effect.void,
        percentile: () => Effect.succeedNone,
        count: Effect.succeed(1000)
      }
      const { attempts, starts } = watch()
      yield* ended(Hedge.run(attempts(ok(2000)), { delay: Hedge.percentile(0.9, latencies, { fallback: 70 }) }))
      assert.deepStrictEqual(starts(), [0, 70])
    }))
})

describe("Hedge.run: failures", () => {
  it.effect("a failure starts the next at once, and later ones keep their delays", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      const exit = yield* ended(
        Hedge.run(attempts(bad(30), ok(500)), { delay: "100 millis", maxAttempts: 4 })
      )
      assert.deepStrictEqual(value(exit), outcome(1, 4, "after 500"))
      assert.deepStrictEqual(starts(), [0, 30, 130, 230])
    }))

  it.effect("each failure starts one: two at the same instant start two", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      const gate = yield* Deferred.make<void>()
      const closed = Effect.andThen(Deferred.await(gate), Effect.fail("closed"))
      const exit = yield* ended(
        Hedge.run(
          attempts<string, string, never>(closed, closed, Effect.andThen(Deferred.succeed(gate, undefined), ok(100))),
          { delay: 10, maxAttempts: 6 }
        )
      )
      assert.deepStrictEqual(starts(), [0, 10, 20, 20, 20, 30])
      assert.deepStrictEqual(value(exit), outcome(2, 6, "after 100"))
    }))

  it.effect("a success at the instant of a failure wins, and nothing is started", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      const gate = yield* Deferred.make<void>()
      const opened = <A, E>(end: Effect.Effect<A, E>) => Effect.andThen(Deferred.await(gate), end)
      const exit = yield* ended(
        Hedge.run(
          attempts<string, string, never>(
            opened(Effect.fail("closed")),
            opened(Effect.succeed("one")),
            Effect.andThen(Deferred.succeed(gate, undefined), ok(100))
          ),
          { delay: 10, maxAttempts: 6 }
        )
      )
      assert.deepStrictEqual(starts(), [0, 10, 20])
      assert.deepStrictEqual(value(exit), outcome(1, 3, "one"))
    }))

  it.effect("a failure after the last attempt has started starts nothing; the hedge waits for those that run", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      const exit = yield* ended(Hedge.run(attempts(bad(30), bad(40), ok(500)), { delay: 10, maxAttempts: 3 }))
      assert.deepStrictEqual(value(exit), outcome(2, 3, "after 500"))
      assert.deepStrictEqual(starts(), [0, 10, 20])
    }))

  it.effect("when all have failed it fails with the last failure, and the earlier ones stand behind it", () =>
    Effect.gen(function*() {
      const exit = yield* ended(
        Hedge.run((n) => bad([300, 200, 250][n]!, `attempt ${n}`), { delay: 10, maxAttempts: 3 })
      )
      assert.deepStrictEqual(errors(exit), ["attempt 0", "attempt 2", "attempt 1"])
      assert.deepStrictEqual(Option.getOrThrow(Cause.findErrorOption(cause(exit))), "attempt 0")
    }))

  it.effect("an attempt that interrupts itself has failed, and another starts", () =>
    Effect.gen(function*() {
      const { attempts } = watch()
      assert.deepStrictEqual(
        value(yield* ended(Hedge.run(attempts<string, string, never>(Effect.interrupt, ok(10)), { delay: 1000 }))),
        outcome(1, 2, "after 10")
      )
      const exit = yield* ended(Hedge.run(attempts<string, string, never>(Effect.interrupt), { delay: 1000 }))
      assert.isTrue(Cause.hasInterruptsOnly(cause(exit)))
      assert.strictEqual(cause(exit).reasons.length, 2)
    }))

  it.effect("a fatal failure ends the hedge with its cause; no other attempt is started, and those that run are cut", () =>
    Effect.gen(function*() {
      const { attempts, log, running } = watch()
      const exit = yield* ended(Hedge.run(attempts(bad(5, "again"), ok(100), bad(20, "forbidden")), {
        delay: 10,
        maxAttempts: 9,
        isFatal: (error) => error === "forbidden"
      }))
      assert.deepStrictEqual(errors(exit), ["forbidden"])
      assert.strictEqual(running(), 0)
      assert.deepStrictEqual(log.slice(-3), ["35 bad 2", "35 cut 1", "35 cut 3"])
    }))

  it.effect("no failure is fatal, if isFatal is left out", () =>
    Effect.gen(function*() {
      const exit = yield* ended(Hedge.run(bad(1, "any"), { delay: 10, maxAttempts: 5 }))
      assert.strictEqual(errors(exit).length, 5)
    }))

  it.effect("a failure is fatal when any error of its cause is", () =>
    Effect.gen(function*() {
      const both = Effect.failCause(Cause.combine(Cause.fail("slow"), Cause.fail("forbidden")))
      const exit = yield* ended(
        Hedge.run(both, { delay: 10, maxAttempts: 5, isFatal: (error) => error === "forbidden" })
      )
      assert.deepStrictEqual(errors(exit), ["slow", "forbidden"])
    }))

  it.effect("a defect ends the hedge with its cause, whatever isFatal says", () =>
    Effect.gen(function*() {
      const { attempts, running, starts } = watch()
      const exit = yield* ended(
        Hedge.run(attempts<string, string, never>(ok(500), Effect.die("a bug")), {
          delay: 10,
          maxAttempts: 5,
          isFatal: () => false
        })
      )
      assert.deepStrictEqual(cause(exit).reasons.filter(Cause.isDieReason).map(({ defect }) => defect), ["a bug"])
      assert.deepStrictEqual(starts(), [0, 10])
      assert.strictEqual(running(), 0)
    }))

  it.effect("a function of the attempts that throws is a defect of that attempt", () =>
    Effect.gen(function*() {
      const exit = yield* ended(Hedge.run((attempt) => {
        if (attempt === 1) throw new Error("no replica")
        return ok(500)
      }, { delay: 10, maxAttempts: 5 }))
      assert.isTrue(Cause.hasDies(cause(exit)))
    }))

  it.effect("an isFatal or a retryAfter that throws fails the hedge with its defect, and the attempts are cut", () =>
    Effect.gen(function*() {
      const boom = () => {
        throw new Error("boom")
      }
      for (const options of [{ isFatal: boom }, { retryAfter: boom }]) {
        const { attempts, running } = watch()
        const exit = yield* ended(Hedge.run(attempts(ok(500), bad(10)), { delay: 10, maxAttempts: 5, ...options }))
        assert.isTrue(Cause.hasDies(cause(exit)))
        assert.strictEqual(running(), 0)
      }
    }))

  it.effect("a value that is not good enough is a failure, by filterOrFail", () =>
    Effect.gen(function*() {
      const exit = yield* ended(Hedge.run(
        (attempt) => Effect.filterOrFail(Effect.succeed(attempt), (n) => n >= 2, () => "stale"),
        { delay: Duration.infinity, maxAttempts: 5 }
      ))
      assert.deepStrictEqual(value(exit), { value: 2, attempt: 2, started: 3, hedged: true })
    }))
})

describe("Hedge.run: retryAfter", () => {
  const late = (retryAfter: (error: string) => Duration.Input | undefined, maxAttempts = 4) => ({
    delay: "100 millis",
    maxAttempts,
    retryAfter
  } as const)

  it.effect("delays the next attempt after a failure; later ones keep their delays", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      const exit = yield* ended(Hedge.run(attempts(bad(30), ok(1000)), late(() => "400 millis")))
      assert.deepStrictEqual(value(exit), outcome(1, 4, "after 1000"))
      assert.deepStrictEqual(starts(), [0, 430, 530, 630])
    }))

  it.effect("takes the place of a delay that is running", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      yield* ended(Hedge.run(attempts(ok(1000), bad(30), ok(1000)), late(() => "10 millis")))
      assert.deepStrictEqual(starts(), [0, 100, 140, 240])
    }))

  it.effect("of undefined starts the next at once", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      yield* ended(Hedge.run(attempts(bad(30), ok(1000)), late(() => undefined)))
      assert.deepStrictEqual(starts(), [0, 30, 130, 230])
    }))

  it.effect("of zero starts the next at once", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      yield* ended(Hedge.run(attempts(bad(30), ok(1000)), late(() => 0)))
      assert.deepStrictEqual(starts(), [0, 30, 130, 230])
    }))

  it.effect("of an infinite or negative duration, or NaN, allows no further attempt", () =>
    Effect.gen(function*() {
      for (const never of [Duration.infinity, -1, Duration.millis(-5), Number.NaN, Number.POSITIVE_INFINITY]) {
        const { attempts, starts } = watch()
        const exit = yield* ended(Hedge.run(attempts(ok(500), bad(10, "never")), late(() => never)))
        assert.deepStrictEqual(value(exit), outcome(0, 2, "after 500"))
        assert.strictEqual(starts().length, 2)
        const all = watch()
        assert.deepStrictEqual(
          errors(yield* ended(Hedge.run(all.attempts(bad(10, "never")), late(() => never)))),
          ["never"]
        )
        assert.strictEqual(all.starts().length, 1)
      }
    }))

  it.effect("keeps the hedge alive while no attempt runs", () =>
    Effect.gen(function*() {
      const { attempts, running } = watch()
      const fiber = yield* after(5000, Hedge.run(attempts(bad(30), ok(10)), late(() => "1 minute")))
      assert.isUndefined(fiber.exit())
      assert.strictEqual(running(), 0)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(value(fiber.exit()!), outcome(1, 2, "after 10"))
    }))

  it.effect("starts nothing once maxAttempts were started, and is then not waited for", () =>
    Effect.gen(function*() {
      const fiber = yield* after(60, Hedge.run(bad(30), late(() => "1 minute", 1)))
      assert.deepStrictEqual(errors(fiber.exit()!), ["failed after 30"])
    }))

  it.effect("of several failures the latest decides: one that says nothing starts the next at once", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      yield* ended(Hedge.run(
        attempts(bad(150, "wait"), bad(70, "now"), ok(1000)),
        late((error) => error === "wait" ? 500 : undefined)
      ))
      assert.deepStrictEqual(starts(), [0, 100, 170, 270])
    }))

  it.effect("of several failures the latest decides: one that says wait, before another has started, is waited for", () =>
    Effect.gen(function*() {
      const { attempts, starts } = watch()
      const gate = yield* Deferred.make<void>()
      const closed = (error: string) => Effect.andThen(Deferred.await(gate), Effect.fail(error))
      // both fail while attempt 2 is being started
      const exit = yield* ended(
        Hedge.run(
          attempts<string, string, never>(
            closed("now"),
            closed("wait"),
            Effect.andThen(Deferred.succeed(gate, undefined), ok(1000))
          ),
          { delay: 10, maxAttempts: 4, retryAfter: (error) => error === "wait" ? 500 : undefined }
        )
      )
      assert.deepStrictEqual(starts(), [0, 10, 20, 520])
      assert.deepStrictEqual(value(exit), outcome(2, 4, "after 1000"))
    }))

  it.effect("is not asked of a fatal failure, nor of an attempt that interrupted itself", () =>
    Effect.gen(function*() {
      const asked: Array<string> = []
      const retryAfter = (error: string) => {
        asked.push(error)
        return undefined
      }
      yield* ended(
        Hedge.run(
          (attempt) => attempt === 0 ? Effect.interrupt : Effect.fail("forbidden"),
          { ...late(retryAfter), isFatal: () => true }
        )
      )
      assert.deepStrictEqual(asked, [])
    }))
})

describe("Hedge.run: the losers", () => {
  it.effect("are interrupted, and awaited before the hedge ends (H2)", () =>
    Effect.gen(function*() {
      const { attempts, log, running } = watch()
      const slow = Effect.onInterrupt(ok(1000), () => Effect.sleep(300))
      const fiber = yield* after(210, Hedge.run(attempts(slow, ok(200)), { delay: 10 }))
      assert.deepStrictEqual(log.at(-1), "210 ok 1")
      assert.isUndefined(fiber.exit())
      assert.strictEqual(running(), 1)
      yield* TestClock.adjust(299)
      assert.isUndefined(fiber.exit())
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(value(fiber.exit()!), outcome(1, 2, "after 200"))
      assert.strictEqual(running(), 0)
    }))

  it.effect("are interrupted together, not one after the other", () =>
    Effect.gen(function*() {
      const { attempts } = watch()
      const slow = Effect.onInterrupt(ok(1000), () => Effect.sleep(300))
      const fiber = yield* after(
        340,
        Hedge.run(attempts(slow, slow, slow, ok(10)), { delay: 10, maxAttempts: 4 })
      )
      assert.deepStrictEqual(value(fiber.exit()!), outcome(3, 4, "after 10"))
    }))

  it.effect("that are uninterruptible run to their end before the hedge ends, and do not win", () =>
    Effect.gen(function*() {
      const { attempts, log } = watch()
      const exit = yield* ended(Hedge.run(attempts(Effect.uninterruptible(ok(1000)), ok(20)), { delay: 10 }))
      assert.deepStrictEqual(value(exit), outcome(1, 2, "after 20"))
      // an attempt that could not be cut is told so at its end
      assert.strictEqual(log.at(-1)!.split(" ")[0], "1000")
    }))

  const logged = (into: Array<string>) =>
    Logger.layer([Logger.make(({ cause, logLevel, message }) => {
      into.push(`${logLevel} ${Array.isArray(message) ? message[0] : message} ${Cause.pretty(cause).split("\n")[0]}`)
    })])

  it.effect("do not change the result when a finalizer of theirs dies, which is logged", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const dying = Effect.onInterrupt(ok(1000), () => Effect.die(new Error("the finalizer broke")))
      const fine = Effect.onInterrupt(ok(1000), () => Effect.void)
      const exit = yield* ended(
        Effect.provide(
          Hedge.run((attempt) => [dying, fine, ok(10)][attempt]!, { delay: 10, maxAttempts: 3 }),
          logged(lines)
        )
      )
      assert.deepStrictEqual(value(exit), outcome(2, 3, "after 10"))
      assert.strictEqual(lines.length, 1)
      assert.include(lines[0], "Warn attempt 0 died after its hedge had been decided or interrupted")
      assert.include(lines[0], "the finalizer broke")
    }))

  it.effect("have their finalizers' defects logged when the caller is interrupted, too", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const dying = Effect.onInterrupt(ok(1000), () => Effect.die(new Error("the finalizer broke")))
      const fiber = yield* after(5, Effect.provide(Hedge.run(dying, { delay: 10 }), logged(lines)))
      yield* fiber.interrupt
      assert.isTrue(Cause.hasInterruptsOnly(cause(fiber.exit()!)))
      assert.strictEqual(lines.length, 1)
    }))

  it.effect("of which one failed at the instant of the decision are silent; a defect is logged", () =>
    Effect.gen(function*() {
      for (const [late, count] of [[Effect.fail("late"), 0], [Effect.die(new Error("late")), 1]] as const) {
        const lines: Array<string> = []
        const gate = yield* Deferred.make<void>()
        const exit = yield* ended(
          Effect.provide(
            Hedge.run((attempt) =>
              attempt === 0
                ? Effect.as(Deferred.await(gate), "first")
                : attempt === 1
                ? Effect.andThen(Deferred.await(gate), late)
                : Effect.andThen(Deferred.succeed(gate, undefined), Effect.never), { delay: 0, maxAttempts: 3 }),
            logged(lines)
          )
        )
        assert.deepStrictEqual(value(exit), outcome(0, 3, "first"))
        assert.strictEqual(lines.length, count)
      }
    }))

  it.effect("of two that succeed at the same instant include the second", () =>
    Effect.gen(function*() {
      const { attempts } = watch()
      const exit = yield* ended(Hedge.run(attempts(ok(30), ok(20)), { delay: 10 }))
      assert.deepStrictEqual(value(exit), outcome(0, 2, "after 30"))
    }))

  it.effect("of a hedge that failed fatally are interrupted and awaited, too", () =>
    Effect.gen(function*() {
      const { attempts, running } = watch()
      const slow = Effect.onInterrupt(ok(1000), () => Effect.sleep(300))
      const fiber = yield* after(25, Hedge.run(attempts(slow, bad(10)), { delay: 10, isFatal: () => true }))
      assert.isUndefined(fiber.exit())
      assert.strictEqual(running(), 1)
      yield* TestClock.adjust(295)
      assert.deepStrictEqual(errors(fiber.exit()!), ["failed after 10"])
      assert.strictEqual(running(), 0)
    }))
})

describe("Hedge.run: interruption of the caller", () => {
  /** An attempt whose finalizer takes a while. */
  const slow = Effect.onInterrupt(Effect.never as Effect.Effect<string, string>, () => Effect.sleep(300))

  interface Phase {
    readonly name: string
    readonly at: number
    readonly running: number
    readonly works?: ReadonlyArray<Effect.Effect<string, string>>
    readonly options?: Partial<Hedge.Options<string>>
    /** When the fibers have ended, after the interruption. */
    readonly takes: number
  }
  const phases: ReadonlyArray<Phase> = [
    { name: "while the first attempt runs", at: 5, running: 1, takes: 300 },
    { name: "at the instant at which the delay passes", at: 10, running: 2, takes: 300 },
    { name: "while some run and the next is waited for", at: 15, running: 2, takes: 300 },
    { name: "while all attempts run", at: 25, running: 3, takes: 300 },
    { name: "while the delay is infinite", at: 25, running: 1, takes: 300, options: { delay: Duration.infinity } },
    {
      name: "while a retryAfter is waited for and no attempt runs",
      at: 50,
      running: 0,
      takes: 0,
      works: [bad(5)],
      options: { retryAfter: () => "1 minute" }
    },
    {
      name: "while a step of the Schedule is waited for",
      at: 50,
      running: 1,
      takes: 300,
      options: {
        delay: Schedule.modifyDelay(Schedule.forever, () => Effect.as(Effect.sleep("1 minute"), Duration.zero))
      }
    },
    { name: "while the losers of a winner are awaited", at: 150, running: 2, takes: 200, works: [slow, slow, ok(30)] },
    {
      name: "while the losers of a fatal failure are awaited",
      at: 150,
      running: 2,
      takes: 200,
      works: [slow, slow, bad(30)],
      options: { isFatal: () => true }
    },
    {
      name: "while an attempt is uninterruptible",
      at: 100,
      running: 3,
      takes: 420,
      works: [slow, slow, Effect.uninterruptible(ok(500))]
    }
  ]
  for (const { at, name, options, running, takes, works = [slow] } of phases) {
    it.effect(`${name} interrupts and awaits every attempt, and leaves no fiber`, () =>
      Effect.gen(function*() {
        const seen = watch()
        const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
        const attempts = seen.attempts(...works)
        const call = Hedge.run(
          (attempt) =>
            Effect.withFiber<string, string>((fiber) => {
              fibers.push(fiber)
              return attempts(attempt)
            }),
          { delay: 10, maxAttempts: 3, ...options }
        )
        const fiber = yield* after(at, call)
        assert.strictEqual(seen.running(), running)
        yield* Effect.forkChild(fiber.interrupt, { startImmediately: true })
        if (takes > 0) {
          yield* TestClock.adjust(takes - 1)
          assert.isUndefined(fiber.exit())
        }
        yield* TestClock.adjust(takes > 0 ? 1 : 0)
        assert.isTrue(Cause.hasInterrupts(cause(fiber.exit()!)))
        assert.strictEqual(seen.running(), 0)
        assert.isTrue(fibers.length > 0 && fibers.every((one) => one.pollUnsafe() !== undefined))
        const before = seen.log.length
        yield* TestClock.adjust("10 minutes")
        assert.strictEqual(seen.log.length, before)
      }))
  }

  it.effect("before the first attempt starts nothing", () =>
    Effect.gen(function*() {
      const { attempts, log } = watch()
      const fiber = yield* Effect.forkChild(Hedge.run(attempts(ok(10)), { delay: 10 }))
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(log, [])
    }))

  it.effect("by Effect.timeout around it bounds all attempts; inside it bounds one", () =>
    Effect.gen(function*() {
      const around = watch()
      const exit = yield* ended(
        Effect.timeout(Hedge.run(around.attempts(ok(1000)), { delay: 10, maxAttempts: 3 }), 100)
      )
      assert.strictEqual((errors(exit)[0] as Cause.TimeoutError)._tag, "TimeoutError")
      assert.strictEqual(around.running(), 0)
      const inside = watch()
      yield* ended(
        Hedge.run(inside.attempts(Effect.timeout(ok(1000), 100)), { delay: Duration.infinity, maxAttempts: 3 })
      )
      assert.deepStrictEqual(inside.starts().map((at) => at % 10_000), [0, 100, 200])
    }))

  it.effect("that is uninterruptible leaves the attempts interruptible, and the hedge runs to its end", () =>
    Effect.gen(function*() {
      const { attempts, log } = watch()
      const results: Array<Hedge.Outcome<string>> = []
      const call = Effect.map(Hedge.run(attempts(ok(1000), ok(40)), { delay: 10 }), (result) => results.push(result))
      const fiber = yield* after(5, Effect.uninterruptible(call))
      yield* Effect.forkChild(fiber.interrupt, { startImmediately: true })
      yield* TestClock.adjust(10_000)
      assert.deepStrictEqual(log, ["0 start 0", "10 start 1", "50 ok 1", "50 cut 0"])
      assert.deepStrictEqual(results, [outcome(1, 2, "after 40")])
    }))
})

describe("Hedge.run: the surroundings", () => {
  class Replica extends Context.Service<Replica, { readonly name: string }>()("Replica") {}

  it.effect("attempts run with the services of the caller, each on a fiber of its own", () =>
    Effect.gen(function*() {
      const ids = new Set<number>()
      const call = Effect.withFiber<string, string, Replica>((fiber) => {
        ids.add(fiber.id)
        return Effect.flatMap(Replica, ({ name }) => ids.size < 3 ? Effect.fail("again") : Effect.succeed(name))
      })
      const exit = yield* ended(
        Effect.provideService(Hedge.run(call, { delay: 1000, maxAttempts: 3 }), Replica, { name: "near" })
      )
      assert.deepStrictEqual(value(exit), outcome(2, 3, "near"))
      assert.strictEqual(ids.size, 3)
    }))

  it.effect("a hedge may be run again, and many at once; they share nothing", () =>
    Effect.gen(function*() {
      const call = Hedge.run((attempt) => attempt === 0 ? ok(100) : ok(20), { delay: 10 })
      const exit = yield* ended(Effect.all([call, call, call], { concurrency: "unbounded" }))
      assert.deepStrictEqual(value(exit), [1, 2, 3].map(() => outcome(1, 2, "after 20")))
      assert.deepStrictEqual(value(yield* ended(call)), outcome(1, 2, "after 20"))
    }))

  it.effect("hedges nest", () =>
    Effect.gen(function*() {
      const inner = Hedge.run((attempt) => attempt === 0 ? ok(1000) : ok(100), { delay: 10 })
      const exit = yield* ended(Hedge.run((attempt) => attempt === 0 ? inner : Effect.never, { delay: 50 }))
      assert.deepStrictEqual(value(exit).value, outcome(1, 2, "after 100"))
    }))

  it.effect("attempts that have not been started are no fibers, and one sleep at most waits for the next (H4)", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const { attempts, log, running } = watch()
      let sleeping = 0
      let most = 0
      const sleep = (duration: Duration.Duration) =>
        Effect.suspend(() => {
          most = Math.max(most, ++sleeping)
          return Effect.ensuring(
            clock.sleep(duration),
            Effect.sync(() => {
              sleeping--
            })
          )
        })
      const call = Hedge.run(attempts(Effect.never), { delay: 10, maxAttempts: 1000 })
      const fiber = yield* after(55, Effect.provideService(call, Clock.Clock, { ...clock, sleep }))
      assert.deepStrictEqual([running(), log.length, sleeping, most], [6, 6, 1, 1])
      yield* fiber.interrupt
      assert.strictEqual(sleeping, 0)
    }))

  it.effect("a clock whose sleeps end at once makes every delay zero", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const { attempts, starts } = watch()
      const call = Hedge.run(attempts(Effect.never, Effect.never, Effect.succeed("third")), {
        delay: "1 minute",
        maxAttempts: 4
      })
      const result = yield* Effect.provideService(call, Clock.Clock, { ...clock, sleep: () => Effect.void })
      assert.deepStrictEqual(result, outcome(2, 3, "third"))
      assert.deepStrictEqual(starts(), [0, 0, 0])
    }))

  it.effect("nobody is resumed on the stack of an attempt that ends", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const order: Array<string> = []
      const call = Effect.onExit(Hedge.run(Deferred.await(gate), { delay: 1000 }), () =>
        Effect.sync(() => {
          order.push("the caller goes on")
        }))
      const fiber = yield* Effect.forkChild(call, { startImmediately: true })
      yield* Deferred.succeed(gate, undefined)
      order.push("the attempt has ended")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(order, ["the attempt has ended", "the caller goes on"])
    }))

  it.effect("the cost of an attempt does not grow with their number", () =>
    Effect.gen(function*() {
      let opened = 0
      const failing = Effect.suspend(() => Effect.fail(opened++))
      const exit = yield* Effect.exit(Hedge.run(failing, { delay: 1000, maxAttempts: 100_000 }))
      const seen = errors(exit)
      assert.strictEqual(seen.length, 100_000)
      assert.deepStrictEqual([seen[0], seen.at(-1)], [99_999, 0])
    }), 10_000)

  it.effect("attempts that end together are looked at in that order, however many (H1)", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      let index = 0
      const closed = Effect.suspend(() => {
        const own = index++
        return Effect.andThen(Deferred.await(gate), Effect.fail(own))
      })
      const fiber = yield* Effect.forkChild(
        Effect.exit(Hedge.run(closed, { delay: 0, maxAttempts: 50_000 })),
        { startImmediately: true }
      )
      while (index < 50_000) yield* Effect.yieldNow
      yield* Deferred.succeed(gate, undefined)
      const seen = errors(yield* Fiber.join(fiber))
      assert.strictEqual(seen.length, 50_000)
      assert.isTrue(seen.every((error, i) => error === 49_999 - i))
    }), 10_000)

  it("works under Effect.runSync, where attempts complete at once", () => {
    const options: ReadonlyArray<Partial<Hedge.Options<number>>> = [
      {},
      { retryAfter: () => 0 },
      { budget: Hedge.throttle({ tokens: 10_000, ratio: 0 }) }
    ]
    for (const more of options) {
      const call = Hedge.run((n) => n < 300 ? Effect.fail(n) : Effect.succeed(n), {
        delay: 0,
        maxAttempts: 301,
        ...more
      })
      assert.deepStrictEqual(Effect.runSync(call), { value: 300, attempt: 300, started: 301, hedged: true })
      const failed = Effect.runSyncExit(
        Hedge.run((n) => Effect.fail(n), { delay: "1 hour", maxAttempts: 300, ...more })
      )
      assert.strictEqual(errors(failed).length, 300)
    }
  })

  it.effect("a hedge of synchronous failures uses no more stack with each", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Hedge.run(Effect.fail("no"), { delay: 1000, maxAttempts: 5000 }))
      assert.strictEqual(errors(exit).length, 5000)
    }))
})

describe("Hedge.budget", () => {
  const slow = (budget: Hedge.Budget, maxAttempts = 2) => Hedge.run(ok(100), { delay: 10, maxAttempts, budget })

  it.effect("starts full; each hedge takes a token, each run that succeeds gives back a ratio of one", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 3, ratio: 0.1 })
      assert.strictEqual(yield* budget.tokens, 3)
      const fiber = yield* after(50, slow(budget))
      assert.strictEqual(yield* budget.tokens, 2)
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(value(fiber.exit()!), outcome(0, 2, "after 100"))
      assert.strictEqual(yield* budget.tokens, 2.1)
      yield* Hedge.run(Effect.succeed(1), { delay: 10, budget })
      assert.strictEqual(yield* budget.tokens, 2.2)
    }))

  it.effect("never holds more than its tokens, nor less than none", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 1, ratio: 5 })
      yield* budget.succeeded
      assert.strictEqual(yield* budget.tokens, 1)
      const throttle = Hedge.throttle({ tokens: 1, ratio: 0 })
      for (let n = 0; n < 3; n++) yield* throttle.failed
      assert.strictEqual(yield* throttle.tokens, 0)
    }))

  it.effect("that is used up is not waited for, and one that is not loses nothing to a wait that is interrupted", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 1, ratio: 0 })
      const call = Hedge.run(bad(10), { delay: 1000, budget, retryAfter: () => "1 minute" })
      const waiting = yield* after(20, call)
      assert.isUndefined(waiting.exit())
      yield* waiting.interrupt
      assert.strictEqual(yield* budget.tokens, 1)
      yield* budget.take
      assert.deepStrictEqual(errors((yield* after(10, call)).exit()!), ["failed after 10"])
    }))

  it.effect("of effects that take their time is waited for, and may be interrupted", () =>
    Effect.gen(function*() {
      const slow = <A>(value: A) => Effect.as(Effect.sleep(50), value)
      const budget: Hedge.Budget = {
        tokens: Effect.succeed(1),
        take: slow(true),
        allows: slow(true),
        succeeded: slow(undefined),
        failed: slow(undefined)
      }
      const { attempts, starts } = watch()
      const exit = yield* ended(Hedge.run(attempts(bad(10), ok(10)), { delay: "1 hour", budget }))
      assert.deepStrictEqual(value(exit), outcome(1, 2, "after 10"))
      assert.deepStrictEqual(starts(), [0, 110])
      const hanging = { ...budget, failed: Effect.never }
      const fiber = yield* after(20, Hedge.run(bad(10), { delay: 0, budget: hanging }))
      yield* fiber.interrupt
      assert.isTrue(Cause.hasInterruptsOnly(cause(fiber.exit()!)))
    }))

  it.effect("with less than one token starts no hedge, for slowness or for a failure, nor another in that run", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 1, ratio: 0.4 })
      const first = watch()
      yield* ended(Hedge.run(first.attempts(ok(100)), { delay: 10, maxAttempts: 9, budget }))
      assert.strictEqual(first.starts().length, 2)
      assert.strictEqual(yield* budget.tokens, 0.4)
      const failing = watch()
      assert.deepStrictEqual(
        errors(yield* ended(Hedge.run(failing.attempts(bad(100)), { delay: 1000, maxAttempts: 9, budget }))),
        ["failed after 100"]
      )
      assert.strictEqual(yield* budget.tokens, 0.4)
      const refused = watch()
      const fiber = yield* after(50, Hedge.run(refused.attempts(ok(100)), { delay: 10, maxAttempts: 9, budget }))
      for (let n = 0; n < 2; n++) yield* budget.succeeded
      assert.strictEqual(yield* budget.tokens, 1)
      yield* TestClock.adjust(50)
      // there is a token again, but its run had been refused one
      assert.deepStrictEqual(value(fiber.exit()!), outcome(0, 1, "after 100"))
    }))

  it.effect("counts in whole numbers: ten successes at a ratio of a tenth are one token", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 1, ratio: 0.1 })
      assert.isTrue(yield* budget.take)
      for (let n = 0; n < 9; n++) yield* budget.succeeded
      assert.isFalse(yield* budget.take)
      yield* budget.succeeded
      assert.isTrue(yield* budget.take)
      assert.strictEqual(yield* budget.tokens, 0)
    }))

  it.effect("keeps its ratio to six decimals; a ratio of 0 gives nothing back", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 1, ratio: 0.1234567 })
      yield* budget.take
      yield* budget.succeeded
      assert.strictEqual(yield* budget.tokens, 0.123457)
      const none = Hedge.budget({ tokens: 2, ratio: 0 })
      yield* none.take
      yield* none.succeeded
      assert.strictEqual(yield* none.tokens, 1)
    }))

  it.effect("is shared by the runs that it is given to", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 2, ratio: 0 })
      const exit = yield* ended(Effect.all([1, 2, 3].map(() => slow(budget, 3)), { concurrency: "unbounded" }))
      assert.deepStrictEqual(value(exit).map(({ started }) => started), [2, 2, 1])
      assert.strictEqual(yield* budget.tokens, 0)
    }))

  it.effect("is told of a success once, and of no run that fails or is interrupted", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const note = (what: string) =>
        Effect.sync(() => {
          told.push(what)
        })
      const budget: Hedge.Budget = {
        tokens: Effect.succeed(1),
        take: Effect.as(note("take"), true),
        succeeded: note("succeeded"),
        failed: note("failed")
      }
      yield* ended(Hedge.run((n) => n === 0 ? bad(30) : ok(10), { delay: 100, budget }))
      assert.deepStrictEqual(told.splice(0), ["failed", "take", "succeeded"])
      yield* ended(Hedge.run(bad(30), { delay: 10, budget }))
      assert.deepStrictEqual(told.splice(0), ["take", "failed", "failed"])
      yield* ended(Hedge.run(bad(30), { delay: 100, budget, isFatal: () => true }))
      yield* ended(Hedge.run(Effect.die("bug"), { delay: 100, budget }))
      const fiber = yield* after(5, Hedge.run(ok(30), { delay: 100, budget }))
      yield* fiber.interrupt
      assert.deepStrictEqual(told, [])
    }))
})

describe("Hedge.throttle", () => {
  it.effect("each failed attempt takes a token, each run that succeeds gives back a ratio; hedges take none", () =>
    Effect.gen(function*() {
      const budget = Hedge.throttle({ tokens: 10, ratio: 0.5 })
      yield* ended(Hedge.run(ok(100), { delay: 10, maxAttempts: 5, budget }))
      assert.strictEqual(yield* budget.tokens, 10)
      yield* ended(Hedge.run((n) => n < 2 ? bad(10) : ok(10), { delay: 1000, maxAttempts: 5, budget }))
      assert.strictEqual(yield* budget.tokens, 8.5)
    }))

  it.effect("starts hedges only while more than half of the tokens are there", () =>
    Effect.gen(function*() {
      const budget = Hedge.throttle({ tokens: 4, ratio: 1 })
      const { attempts, starts } = watch()
      const exit = yield* ended(Hedge.run(attempts(bad(10)), { delay: 1000, maxAttempts: 9, budget }))
      // four, three; at two no more
      assert.strictEqual(errors(exit).length, 2)
      assert.deepStrictEqual(starts(), [0, 10])
      assert.strictEqual(yield* budget.tokens, 2)
      const slow = watch()
      yield* ended(Hedge.run(slow.attempts(ok(100)), { delay: 10, budget }))
      assert.strictEqual(slow.starts().length, 1)
      // one success later
      yield* ended(Hedge.run(slow.attempts(ok(100)), { delay: 10, budget }))
      assert.strictEqual(slow.starts().length, 3)
    }))

  it.effect("is told of every failure of a run whose attempts all fail, also of those that arrive together", () =>
    Effect.gen(function*() {
      for (const works of [[bad(10), bad(10), bad(10)], [bad(30), bad(20), bad(5)]]) {
        const budget = Hedge.throttle({ tokens: 10, ratio: 1 })
        const { attempts, starts } = watch()
        const exit = yield* ended(Hedge.run(attempts(...works), { delay: 0, maxAttempts: 3, budget }))
        assert.strictEqual(errors(exit).length, 3)
        assert.strictEqual(new Set(starts()).size, 1)
        assert.strictEqual(yield* budget.tokens, 7)
      }
    }))

  it.effect("that is closed is not waited for: the hedge fails at once when nothing runs any more", () =>
    Effect.gen(function*() {
      const budget = Hedge.throttle({ tokens: 4, ratio: 1 })
      for (let n = 0; n < 2; n++) yield* budget.failed
      const { attempts, starts } = watch()
      const call = Hedge.run(attempts(bad(10)), { delay: 0, maxAttempts: 9, budget, retryAfter: () => "1 minute" })
      const fiber = yield* after(10, call)
      assert.deepStrictEqual(errors(fiber.exit()!), ["failed after 10"])
      assert.deepStrictEqual(starts(), [0])
      assert.strictEqual(yield* budget.tokens, 1)
    }))

  it.effect("does not count a fatal failure, nor a defect", () =>
    Effect.gen(function*() {
      const budget = Hedge.throttle({ tokens: 4, ratio: 1 })
      yield* ended(Hedge.run(Effect.fail("forbidden"), { delay: 10, budget, isFatal: () => true }))
      yield* ended(Hedge.run(Effect.die("bug"), { delay: 10, budget }))
      assert.strictEqual(yield* budget.tokens, 4)
    }))
})

describe("Hedge.run: what is given by JavaScript", () => {
  /** Runs a hedge with a slow attempt beside the one that fails, and tells what it died of. */
  const defect = Effect.fnUntraced(function*(options: object, second: unknown = bad(10)) {
    const { attempts, running, starts } = watch()
    const work = attempts(ok(500))
    // as from JavaScript
    const call = Hedge.run((n) => n === 0 ? work(0) : second as Effect.Effect<string, string>, {
      delay: 10,
      maxAttempts: 5,
      ...options
    })
    const exit = yield* ended(call)
    assert.strictEqual(starts().length, 1)
    assert.strictEqual(running(), 0, "every attempt was awaited")
    const [reason] = cause(exit).reasons
    return reason !== undefined && Cause.isDieReason(reason) ? String(reason.defect) : reason
  })
  const promise = "a Promise, for which nobody waits"
  const rejected = () => Promise.reject(new Error("nobody looks at it"))

  it.effect("a function of the attempts must return an Effect", () =>
    Effect.gen(function*() {
      const what = "TypeError: the hedge: the function of its attempts returned"
      assert.strictEqual(yield* defect({}, Promise.resolve(1)), `${what} ${promise}; it must return an Effect`)
      assert.strictEqual(yield* defect({}, { value: 1 }), `${what} {"value":1}; it must return an Effect`)
      const nothing = yield* ended(Hedge.run((() => {}) as () => Effect.Effect<void>, { delay: 10 }))
      assert.isTrue(Cause.hasDies(cause(nothing)))
    }))

  it.effect("isFatal must return a boolean", () =>
    Effect.gen(function*() {
      const what = "TypeError: the hedge: isFatal returned"
      assert.strictEqual(
        yield* defect({ isFatal: () => Promise.resolve(false) }),
        `${what} ${promise}; it must return true or false`
      )
      assert.strictEqual(yield* defect({ isFatal: rejected }), `${what} ${promise}; it must return true or false`)
      assert.strictEqual(yield* defect({ isFatal: () => {} }), `${what} undefined; it must return true or false`)
      assert.strictEqual(yield* defect({ isFatal: () => "no" }), `${what} "no"; it must return true or false`)
    }))

  it.effect("retryAfter must return a duration, or undefined", () =>
    Effect.gen(function*() {
      const what = "TypeError: the hedge: retryAfter returned"
      const expected = "it must return a duration, or undefined for no wait"
      assert.strictEqual(
        yield* defect({ retryAfter: rejected }),
        `${what} ${promise}; it must return a duration`
      )
      assert.strictEqual(yield* defect({ retryAfter: () => "soon" }), `${what} "soon"; ${expected}`)
      assert.strictEqual(yield* defect({ retryAfter: () => null }), `${what} null; ${expected}`)
      assert.strictEqual(yield* defect({ retryAfter: () => true }), `${what} true; ${expected}`)
    }))

  it.effect("a delay must be one: no Promise of one, and no Schedule that dies", () =>
    Effect.gen(function*() {
      const slow = (delay: unknown) => Hedge.run(ok(500), { delay: delay as Hedge.Delay })
      const reasons = yield* Effect.forEach(
        [rejected, Schedule.fromStepWithMetadata(Effect.succeed(() => Effect.die("a step")))],
        (delay) => Effect.map(ended(slow(delay)), (exit) => cause(exit).reasons.map(String))
      )
      assert.match(reasons[0]!.join(), /delay returned a Promise, for which nobody waits; it must return a duration/)
      assert.match(reasons[1]!.join(), /a step/)
    }))

  it.effect("the effects of a budget and of a recorder must succeed with what they say", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 5, ratio: 1 })
      const slow = ok(500)
      assert.match(
        String(yield* defect({ budget: { ...budget, take: Effect.succeed("yes") } }, slow)),
        /the budget: take returned "yes"; it must return true or false/
      )
      assert.match(
        String(yield* defect({ budget: { ...budget, take: Effect.die("offline") } }, slow)),
        /offline/
      )
      const asked = yield* ended(Hedge.run(bad(10), {
        delay: 10,
        retryAfter: () => 100,
        maxAttempts: 3,
        // as from JavaScript
        budget: { ...budget, allows: Effect.succeed(1) as unknown as Effect.Effect<boolean> }
      }))
      assert.match(String(cause(asked).reasons[0]), /the budget: allows returned 1; it must return true or false/)
      const latencies = Hedge.latencies()
      const p95 = (parts: object) => ({ delay: Hedge.percentile(0.95, { ...latencies, ...parts }, { atLeast: 1 }) })
      assert.match(
        String(yield* defect(p95({ count: Effect.succeed("many") }))),
        /the latencies: count returned "many"; it must return a number/
      )
      const counted = { count: Effect.succeed(5) }
      assert.match(
        String(yield* defect(p95({ ...counted, percentile: () => 5 }))),
        /the latencies: percentile returned 5; it must return an Effect/
      )
      for (const found of [5, undefined, Option.some(5)]) {
        assert.match(
          String(yield* defect(p95({ ...counted, percentile: () => Effect.succeed(found) }))),
          /it must return an Effect of an Option of a Duration/
        )
      }
      const lost = yield* ended(Hedge.run(ok(1), {
        delay: 10,
        // as from JavaScript
        latencies: { ...latencies, record: (() => {}) as unknown as Hedge.Latencies["record"] }
      }))
      assert.match(String(cause(lost).reasons[0]), /the latencies: record returned undefined; it must return an Effect/)
    }))
})

describe("Hedge.run: latencies", () => {
  const recorded = (latencies: Hedge.Latencies) =>
    Effect.map(
      Effect.all([latencies.count, latencies.percentile(1)]),
      ([count, longest]) => [count, Option.getOrUndefined(Option.map(longest, Duration.toMillis))]
    )

  it.effect("a run that its first attempt wins records how long it took", () =>
    Effect.gen(function*() {
      const latencies = Hedge.latencies()
      yield* ended(Hedge.run(ok(0.1), { delay: 10, latencies }))
      assert.deepStrictEqual(yield* recorded(latencies), [1, 0.1])
    }))

  it.effect("if the first attempt has lost, the time that it had run is recorded", () =>
    Effect.gen(function*() {
      const latencies: Array<number> = []
      const recorder: Hedge.Latencies = {
        record: (latency) =>
          Effect.sync(() => {
            latencies.push(Duration.toMillis(latency))
          }),
        percentile: () => Effect.succeedNone,
        count: Effect.succeed(0)
      }
      const slow = Effect.onInterrupt(ok(1000), () => Effect.sleep(300))
      yield* ended(Hedge.run((n) => n === 0 ? slow : ok(25), { delay: 10, latencies: recorder }))
      assert.deepStrictEqual(latencies, [35])
    }))

  it.effect("a first attempt that failed is not recorded, and no run that fails or is interrupted", () =>
    Effect.gen(function*() {
      const latencies = Hedge.latencies()
      yield* ended(Hedge.run((n) => n === 0 ? bad(10) : ok(10), { delay: 10, latencies }))
      yield* ended(Hedge.run(bad(10), { delay: 10, latencies }))
      const fiber = yield* after(5, Hedge.run(ok(10), { delay: 10, latencies }))
      yield* fiber.interrupt
      assert.deepStrictEqual(yield* recorded(latencies), [0, undefined])
    }))

  it.effect("the recorder of the options is written, if there are two; the percentile reads its own", () =>
    Effect.gen(function*() {
      const [read, written] = [Hedge.latencies(), Hedge.latencies()]
      yield* read.record(Duration.millis(0.064))
      const { attempts, starts } = watch()
      yield* ended(
        Hedge.run(attempts(ok(100)), { delay: Hedge.percentile(0.5, read, { atLeast: 1 }), latencies: written })
      )
      assert.deepStrictEqual(starts(), [0, 0.064])
      assert.strictEqual(yield* read.count, 1)
      assert.strictEqual(yield* written.count, 1)
    }))
})

describe("Hedge.latencies", () => {
  const micros = (n: number) => Duration.nanos(BigInt(Math.round(n * 1000)))
  const percentile = (latencies: Hedge.Latencies, p: number) =>
    Effect.map(latencies.percentile(p), (found) => Math.round(Duration.toMillis(Option.getOrThrow(found)) * 1e6) / 1e3)

  it.effect("is empty at first: it has no percentile", () =>
    Effect.gen(function*() {
      const latencies = Hedge.latencies()
      assert.strictEqual(yield* latencies.count, 0)
      assert.isTrue(Option.isNone(yield* latencies.percentile(0.5)))
    }))

  it.effect("a percentile is the smallest latency that the share p of them does not exceed", () =>
    Effect.gen(function*() {
      const latencies = Hedge.latencies()
      for (let n = 100; n >= 1; n--) yield* latencies.record(micros(n))
      for (const p of [0.01, 0.07, 0.29, 0.5, 0.57, 0.95, 0.99, 1]) {
        assert.strictEqual(yield* percentile(latencies, p), Math.round(p * 100))
      }
      assert.strictEqual(yield* percentile(latencies, 0.501), 51)
      assert.strictEqual(yield* percentile(latencies, 0), 1)
      assert.strictEqual(yield* percentile(latencies, -1), 1)
      assert.strictEqual(yield* percentile(latencies, 2), 100)
    }))

  it.effect("tells every microsecond apart up to 127 µs", () =>
    Effect.gen(function*() {
      for (let n = 0; n < 128; n++) {
        const latencies = Hedge.latencies({ size: 1 })
        yield* latencies.record(micros(n))
        assert.strictEqual(yield* percentile(latencies, 0.5), n)
      }
    }))

  it.effect("a percentile is at most 1/64, or 1 µs, above the latency recorded, and not below it", () =>
    Effect.gen(function*() {
      const latencies = Hedge.latencies({ size: 1 })
      const most = 2 ** 42 - 1
      const tried: Array<number> = [0.001, 0.5, 1.001, 127.3]
      for (let k = 0; k <= 41; k++) tried.push(2 ** k - 1, 2 ** k, 2 ** k + 1, Math.floor(2 ** k * 1.37))
      tried.push(most - 1, most)
      for (const latency of tried) {
        yield* latencies.record(micros(latency))
        const found = yield* percentile(latencies, 1)
        assert.isTrue(found >= latency, `${found} is not below ${latency}`)
        assert.isTrue(found <= Math.max(latency * 65 / 64, latency + 1), `${found} is close to ${latency}`)
      }
      assert.isTrue(Duration.toDays(micros(most)) > 50)
    }))

  it.effect("takes what is longer than 50 days, or negative, for the longest and the shortest", () =>
    Effect.gen(function*() {
      const latencies = Hedge.latencies({ size: 1 })
      yield* latencies.record(Duration.infinity)
      assert.strictEqual(yield* percentile(latencies, 1), 2 ** 42 - 1)
      yield* latencies.record(Duration.millis(-5))
      assert.strictEqual(yield* percentile(latencies, 1), 0)
    }))

  it.effect("holds the last latencies, 1,000 if not said otherwise, and forgets the oldest", () =>
    Effect.gen(function*() {
      const three = Hedge.latencies({ size: 3 })
      const seen: Array<readonly [number, number, number]> = []
      for (const n of [50, 10, 20, 30, 40, 5]) {
        yield* three.record(micros(n))
        seen.push([yield* three.count, yield* percentile(three, 0.01), yield* percentile(three, 1)])
      }
      assert.deepStrictEqual(seen, [[1, 50, 50], [2, 10, 50], [3, 10, 50], [3, 10, 30], [3, 20, 40], [3, 5, 40]])
      const latencies = Hedge.latencies()
      for (let n = 0; n < 1500; n++) yield* latencies.record(micros(n < 500 ? 1 : 2))
      assert.strictEqual(yield* latencies.count, 1000)
      assert.strictEqual(yield* percentile(latencies, 0.001), 2)
    }))

  it.effect("agrees with a sorted list, over every bucket and many windows", () =>
    Effect.gen(function*() {
      const size = 37
      const latencies = Hedge.latencies({ size })
      const all: Array<number> = []
      const program = Effect.gen(function*() {
        for (let n = 0; n < 400; n++) {
          const latency = Math.floor(2 ** ((yield* Random.next) * 42))
          all.push(latency)
          yield* latencies.record(micros(latency))
          const p = (yield* Random.nextIntBetween(1, 100)) / 100
          const held = all.slice(-size).toSorted((a, b) => a - b)
          const exact = held[Math.max(Math.ceil(Math.round(p * held.length * 1e9) / 1e9), 1) - 1]!
          const found = yield* percentile(latencies, p)
          assert.isTrue(found >= exact && found <= Math.max(exact * 65 / 64, exact + 1), `${found} for ${exact}`)
        }
      })
      yield* Random.withSeed(program, "latencies")
    }))
})

describe("Hedge.run: bad numbers", () => {
  const broken = (options: object): Effect.Effect<CanoError.ConfigurationError> =>
    Effect.gen(function*() {
      const { attempts, log } = watch()
      const exit = yield* ended(Hedge.run(attempts(ok(10)), { delay: 10, ...options }))
      assert.deepStrictEqual(log, [], "no attempt has started")
      const [error] = errors(exit)
      assert.strictEqual((error as CanoError.ConfigurationError)._tag, "ConfigurationError")
      return error as CanoError.ConfigurationError
    })
  const latencies = Hedge.latencies()
  const percentile = (p: unknown, options?: object) => ({ delay: Hedge.percentile(p as number, latencies, options) })

  const count = "; it must be an integer of at least 1"
  const recorder =
    "they must be made with Hedge.latencies, or be { record, percentile, count }: two functions and an Effect"
  const tokens = "it must be made with Hedge.budget or Hedge.throttle, or be { tokens, take, succeeded, failed }, " +
    "all of them Effects"
  const cases: {
    readonly [Rule in CanoError.HedgeRule]: ReadonlyArray<readonly [options: object, text: string]>
  } = {
    "hedge-delay": [
      [{ delay: "soon" }, `the delay is no duration: "soon"; write for example "5 seconds" or 5000 (milliseconds)`],
      [
        { delay: undefined },
        "the delay is no duration: undefined; write for example \"5 seconds\" or 5000 (milliseconds)"
      ],
      [{ delay: -1 }, "the delay is negative: -1"],
      [{ delay: Number.NaN }, "the delay is not a number: NaN"],
      [percentile(0.5, { fallback: -1 }), "the fallback of the percentile is negative: -1"]
    ],
    "hedge-percentile": [
      [percentile(0), "the percentile is 0; it must be a number between 0 and 1"],
      [percentile(1), "the percentile is 1; it must be a number between 0 and 1"],
      [percentile(95), "the percentile is 95; it must be a number between 0 and 1"],
      [percentile(Number.NaN), "the percentile is NaN; it must be a number between 0 and 1"],
      [percentile(0.5, { atLeast: 0 }), `atLeast is 0${count}`],
      [percentile(0.5, { atLeast: 1.5 }), `atLeast is 1.5${count}`]
    ],
    "hedge-latencies": [
      [
        { latencies: Hedge.latencies({ size: 0 }) },
        "the size of the latencies is 0; it must be an integer from 1 to 65535"
      ],
      [
        { latencies: Hedge.latencies({ size: 65_536 }) },
        "the size of the latencies is 65536; it must be an integer from 1 to 65535"
      ],
      [
        { delay: Hedge.percentile(0.5, Hedge.latencies({ size: 1.5 })) },
        "the size of the latencies is 1.5; it must be an integer from 1 to 65535"
      ],
      [
        { ...percentile(0.5), latencies: Hedge.latencies({ size: Number.NaN }) },
        "the size of the latencies is NaN; it must be an integer from 1 to 65535"
      ],
      [{ latencies: {} }, `the latencies are {}; ${recorder}`],
      [{ latencies: null }, `the latencies are null; ${recorder}`],
      [{ latencies: { count: 5 } }, `the latencies are {"count":5}; ${recorder}`],
      [{ delay: Hedge.percentile(0.5, undefined as never) }, `the latencies are undefined; ${recorder}`],
      [{ delay: Hedge.percentile(0.5, {} as never) }, `the latencies are {}; ${recorder}`]
    ],
    "hedge-max-attempts": [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map((maxAttempts) => [
      { maxAttempts },
      `maxAttempts is ${maxAttempts}${count}, or be left out`
    ]),
    "hedge-attempt": [],
    "hedge-is-fatal": [[{ isFatal: true }, "isFatal is true; it must be a function of an error to a boolean"]],
    "hedge-retry-after": [
      [
        { retryAfter: "1 second" },
        `retryAfter is "1 second"; it must be a function of an error to a duration or undefined`
      ]
    ],
    "hedge-budget": [
      ...[0, 1.5, Number.NaN, 1e9 + 1].map((tokens) =>
        [
          { budget: Hedge.budget({ tokens, ratio: 0.1 }) },
          `the tokens of the budget are ${tokens}; they must be an integer from 1 to 1000000000`
        ] as const
      ),
      ...[-0.1, Number.NaN, Number.POSITIVE_INFINITY].map((ratio) =>
        [
          { budget: Hedge.throttle({ tokens: 1, ratio }) },
          `the ratio of the budget is ${ratio}; it must be a number of at least 0`
        ] as const
      ),
      [{ budget: {} }, `the budget is {}; ${tokens}`],
      [{ budget: null }, `the budget is null; ${tokens}`],
      [{ budget: 10 }, `the budget is 10; ${tokens}`],
      [{ budget: { take: true } }, `the budget is {"take":true}; ${tokens}`]
    ]
  }
  for (const [rule, list] of Object.entries(cases)) {
    for (const [options, text] of list) {
      it.effect(`${rule}: ${text}`, () =>
        Effect.gen(function*() {
          const error = yield* broken(options)
          assert.deepStrictEqual(error.issues.map(({ message, rule }) => [rule, message]), [[rule, text]])
          assert.strictEqual(error.message, `the hedge is misconfigured: ${text}`)
          assert.isUndefined(error.workflow)
        }))
    }
  }

  it.effect("are all listed, each once, and on every run", () =>
    Effect.gen(function*() {
      const latencies = Hedge.latencies({ size: 0 })
      const options = {
        delay: Hedge.percentile(2, latencies, { fallback: -1, atLeast: 0 }),
        latencies,
        maxAttempts: 0,
        budget: Hedge.budget({ tokens: 0, ratio: 0 })
      }
      const call = Hedge.run(ok(1), options)
      for (let n = 0; n < 2; n++) {
        const [error] = errors(yield* ended(call))
        assert.deepStrictEqual((error as CanoError.ConfigurationError).issues.map(({ rule }) => rule), [
          "hedge-percentile",
          "hedge-delay",
          "hedge-percentile",
          "hedge-latencies",
          "hedge-max-attempts",
          "hedge-budget"
        ])
      }
    }))

  it.effect("are those of every part of a budget or a recorder of one's own", () =>
    Effect.gen(function*() {
      const budget = Hedge.budget({ tokens: 1, ratio: 1 })
      for (const part of ["take", "succeeded", "failed", "allows"]) {
        const [issue] = (yield* broken({ budget: { ...budget, [part]: () => true } })).issues
        assert.strictEqual(issue!.rule, "hedge-budget")
        assert.isTrue(issue!.message.endsWith(tokens))
      }
      for (const part of ["record", "percentile", "count"]) {
        const [issue] = (yield* broken({ latencies: { ...latencies, [part]: 5 } })).issues
        assert.strictEqual(issue!.rule, "hedge-latencies")
        assert.isTrue(issue!.message.endsWith(recorder))
      }
    }))

  it.effect("are options that are none, and attempts that are no Effects", () =>
    Effect.gen(function*() {
      // as from JavaScript
      const run = Hedge.run as (attempt: unknown, options: unknown) => Effect.Effect<unknown, Error>
      const messages = yield* Effect.forEach(
        [[Effect.void, undefined], [Effect.void, 50], [5, { delay: 1 }], [undefined, { delay: -1 }]],
        ([attempt, options]) => Effect.map(Effect.flip(run(attempt, options)), ({ message }) => message)
      )
      assert.deepStrictEqual(messages, [
        "the hedge is misconfigured: the options of the hedge are undefined; they must be { delay, … }",
        "the hedge is misconfigured: the options of the hedge are 50; they must be { delay, … }",
        "the hedge is misconfigured: the attempt is 5; it must be an Effect, or a function of its index to one",
        "the hedge is misconfigured: the attempt is undefined; it must be an Effect, or a function of its index to " +
        "one; the delay is negative: -1"
      ])
    }))

  it.effect("at their bounds are good ones", () =>
    Effect.gen(function*() {
      const good: ReadonlyArray<object> = [
        { maxAttempts: 1 },
        { delay: Duration.infinity },
        { latencies: Hedge.latencies({ size: 1 }) },
        { latencies: Hedge.latencies({ size: 65_535 }) },
        { budget: Hedge.budget({ tokens: 1, ratio: 0 }) },
        { budget: Hedge.budget({ tokens: 1e9, ratio: 1e300 }) },
        percentile(0.0001, { atLeast: 1 }),
        percentile(0.9999, { fallback: Duration.infinity })
      ]
      for (const options of good) {
        assert.deepStrictEqual(
          value(yield* ended(Hedge.run(ok(1), { delay: 10, ...options }))),
          outcome(0, 1, "after 1")
        )
      }
    }))
})

describe("what ends a hedge", () => {
  it.effect("is not told to the log besides", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const exit = yield* Effect.exit(Hedge.run(Effect.die("a defect"), { delay: 10 })).pipe(
        Effect.provide(messages(lines))
      )
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.deepStrictEqual(lines, [])
    }))
})
