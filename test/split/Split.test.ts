import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Exit, Fiber, Scope } from "effect"
import { type CanoError, JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import { defectLog, failureOf, tags, tally, until } from "../kit/index.ts"

/** A branch that ends at a time, and notes its start and how it ended. */
const branch = <A>(trail: Array<string>, name: string, millis: number, end: Effect.Effect<A, string>) =>
  Effect.suspend(() => {
    trail.push(`start ${name}`)
    return Effect.andThen(Effect.sleep(millis), end)
  }).pipe(
    Effect.onExit((exit) =>
      Effect.sync(() => {
        trail.push(`${Exit.isSuccess(exit) ? "ok" : Cause.hasInterruptsOnly(exit.cause) ? "cut" : "bad"} ${name}`)
      })
    )
  )
const ok = (trail: Array<string>, name: string, millis: number) => branch(trail, name, millis, Effect.succeed(name))
const bad = (trail: Array<string>, name: string, millis: number) => branch(trail, name, millis, Effect.fail(name))

describe("semantics 1: a join is decided as soon as it can be", () => {
  it.effect("all: the last success satisfies it; after a failure every branch, queued ones too, runs to its end", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const fiber = yield* until(
        Split.run([bad(trail, "a", 10), ok(trail, "b", 20), ok(trail, "c", 30)], {
          strategy: JoinStrategy.all,
          bulkhead: 2
        }),
        39
      )
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      const error = failureOf(fiber.pollUnsafe()) as CanoError.JoinUnsatisfiedError<string, ReadonlyArray<unknown>>
      assert.deepStrictEqual(error.result.tally, tally(2, 1))
      assert.deepStrictEqual(trail, ["start a", "start b", "bad a", "start c", "ok b", "ok c"])
    }))

  it.effect("allFailFast: the first failure makes it unsatisfiable", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const fiber = yield* until(
        Split.run([ok(trail, "a", 10), bad(trail, "b", 20), ok(trail, "c", 30), ok(trail, "d", 5)], {
          strategy: JoinStrategy.allFailFast,
          bulkhead: 3
        }),
        20
      )
      const error = failureOf(fiber.pollUnsafe()) as CanoError.JoinUnsatisfiedError<string, ReadonlyArray<unknown>>
      assert.deepStrictEqual(tags(error.result), ["Succeeded", "Failed", "Interrupted", "Succeeded"])
      assert.strictEqual(trail.at(-1), "cut c")
    }))

  it.effect("any: the first success, however many failed before", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const fiber = yield* until(
        Split.run([bad(trail, "a", 10), ok(trail, "b", 20), ok(trail, "c", 30)], { strategy: JoinStrategy.any }),
        20
      )
      const result = yield* Fiber.join(fiber)
      assert.deepStrictEqual(result.values, ["b"])
      assert.deepStrictEqual(result.tally, tally(1, 1, 1))
    }))

  it.effect("quorum and percentage: n successes; too many failures end it early", () =>
    Effect.gen(function*() {
      for (const strategy of [JoinStrategy.quorum(2), JoinStrategy.percentage(0.5)]) {
        const trail: Array<string> = []
        const four = [10, 20, 30, 40].map((millis) => ok(trail, `${millis}`, millis))
        const satisfied = yield* until(Split.run(four, { strategy }), 20)
        assert.deepStrictEqual((yield* Fiber.join(satisfied)).tally, tally(2, 0, 2))
        const bads = [10, 20, 30, 40].map((millis) =>
          millis < 40 ? bad(trail, `${millis}`, millis) : ok(trail, "x", millis)
        )
        const missed = yield* until(Split.run(bads, { strategy }), 30)
        const error = failureOf(missed.pollUnsafe()) as CanoError.JoinUnsatisfiedError<string, ReadonlyArray<unknown>>
        assert.deepStrictEqual(error.result.tally, tally(0, 3, 1))
      }
    }))

  it.effect("partialResults: n settled, success or failure", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const fiber = yield* until(
        Split.run([ok(trail, "a", 30), bad(trail, "b", 10), ok(trail, "c", 20)], {
          strategy: JoinStrategy.partialResults(2)
        }),
        20
      )
      const result = yield* Fiber.join(fiber)
      assert.deepStrictEqual(tags(result), ["Interrupted", "Failed", "Succeeded"])
      assert.deepStrictEqual(result.settled.map((outcome) => outcome.name), ["1", "2"])
    }))

  it.effect("partialTimeout: all settled before the deadline, or what has settled at it", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const strategy = JoinStrategy.partialTimeout
      const early = yield* until(Split.run([ok(trail, "a", 10), bad(trail, "b", 20)], { strategy, timeout: 50 }), 20)
      const result = yield* Fiber.join(early)
      assert.deepInclude(result, { timedOut: false, tally: tally(1, 1) })
      const late = yield* until(Split.run([bad(trail, "a", 10), ok(trail, "b", 60)], { strategy, timeout: 50 }), 50)
      assert.deepInclude(yield* Fiber.join(late), { timedOut: true, tally: tally(0, 1, 1) })
      const none = yield* until(Split.run([ok(trail, "a", 60)], { strategy, timeout: 50 }), 50)
      assert.deepInclude(failureOf(none.pollUnsafe()), { _tag: "JoinTimeoutError" })
    }))

  it.effect("what a branch does after the decision is Interrupted and changes nothing", () =>
    Effect.gen(function*() {
      const stubborn = Effect.uninterruptible(Effect.as(Effect.sleep(50), "late"))
      const failing = Effect.uninterruptible(Effect.andThen(Effect.sleep(50), Effect.fail("late")))
      const fiber = yield* until(
        Split.run([stubborn, failing, Effect.as(Effect.sleep(10), "won")], { strategy: JoinStrategy.any }),
        49
      )
      assert.isUndefined(fiber.pollUnsafe(), "losers are awaited")
      yield* TestClock.adjust(1)
      const result = yield* Fiber.join(fiber)
      assert.deepStrictEqual(tags(result), ["Interrupted", "Interrupted", "Succeeded"])
      assert.deepStrictEqual(result.values, ["won"])
      assert.deepStrictEqual(result.tally, tally(1, 0, 2))
    }))
})

describe("semantics 2: the deadline acts only on an undecided join", () => {
  it.effect("an undecided join fails with the partial result", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const fiber = yield* until(
        Split.run([ok(trail, "a", 10), ok(trail, "b", 60), ok(trail, "c", 5)], {
          strategy: JoinStrategy.all,
          timeout: 50,
          bulkhead: 1
        }),
        50
      )
      const error = failureOf(fiber.pollUnsafe()) as CanoError.JoinTimeoutError<string, ReadonlyArray<unknown>>
      assert.strictEqual(error._tag, "JoinTimeoutError")
      assert.strictEqual(
        error.message,
        "no decision within 50ms: all of 3: 1 succeeded, 0 failed, 1 interrupted, 1 not started"
      )
      assert.isTrue(error.result.timedOut)
      assert.deepStrictEqual(tags(error.result), ["Succeeded", "Interrupted", "NotStarted"])
    }))

  it.effect("the time spent awaiting losers does not count", () =>
    Effect.gen(function*() {
      const slow = Effect.onInterrupt(Effect.never, () => Effect.sleep(100))
      const fiber = yield* until(
        Split.run([slow, Effect.sleep(10)], { strategy: JoinStrategy.any, timeout: 50 }),
        110
      )
      assert.isFalse((yield* Fiber.join(fiber)).timedOut)
    }))
})

describe("semantics 3: losers are interrupted and awaited", () => {
  it.effect("a loser's dying finalizer does not change the verdict, stays in its outcome and is logged once", () =>
    Effect.gen(function*() {
      const { layer: logger, logged } = defectLog()
      const dying = Effect.ensuring(Effect.never, Effect.die("finalizer"))
      const cases: ReadonlyArray<readonly [JoinStrategy.JoinStrategy, number, Effect.Effect<void>]> = [
        [JoinStrategy.any, 1000, Effect.sleep(10)],
        [JoinStrategy.partialTimeout, 10, Effect.void]
      ]
      for (const [strategy, timeout, last] of cases) {
        logged.length = 0
        const split = Split.run([dying, last, Effect.never], { strategy, timeout })
        const fiber = yield* until(Effect.provide(split, logger), 10)
        const result = yield* Fiber.join(fiber)
        assert.deepStrictEqual(tags(result), ["Interrupted", "Succeeded", "Interrupted"])
        assert.deepStrictEqual(logged, ["finalizer"])
        const [outcome] = result.outcomes
        assert.isTrue(
          outcome._tag === "Interrupted" && Cause.hasDies(outcome.cause) && Cause.hasInterrupts(outcome.cause)
        )
      }
    }))

  it.effect("no value of the engine appears in a cause", () =>
    Effect.gen(function*() {
      const fiber = yield* until(
        Split.run([Effect.never, Effect.sleep(20), Effect.sleep(10)], { strategy: JoinStrategy.any, bulkhead: 2 }),
        10
      )
      void fiber
      yield* TestClock.adjust(10)
      const result = yield* Fiber.join(fiber)
      for (const outcome of result.cancelled) {
        if (outcome._tag === "Interrupted") assert.isTrue(Cause.hasInterruptsOnly(outcome.cause))
      }
    }))
})

describe("semantics 4: the bulkhead", () => {
  it.effect("runs at most n bodies, started in branch order, and pulls queued ones only when there is room", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      let pulled = 0
      const fiber = yield* until(
        Split.run(function*() {
          for (let i = 0; i < 8; i++) {
            pulled++
            yield ok(trail, `${i}`, 10)
          }
        }, { strategy: JoinStrategy.all, bulkhead: 2 }),
        0
      )
      for (let wave = 1; wave <= 4; wave++) {
        assert.strictEqual(pulled, wave * 2)
        assert.strictEqual(trail.filter((line) => line.startsWith("start")).length, wave * 2)
        yield* TestClock.adjust(10)
      }
      assert.deepStrictEqual((yield* Fiber.join(fiber)).tally, tally(8))
      assert.deepStrictEqual(
        trail.filter((line) => line.startsWith("start")),
        Array.from({ length: 8 }, (_, i) => `start ${i}`)
      )
    }))
})

describe("semantics 5: how branches end, and interruption", () => {
  for (const bulkhead of [undefined, 1, 2]) {
    it.effect(`a failing, dying, throwing or self-interrupting branch is Failed (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const branches: ReadonlyArray<Effect.Effect<unknown, string>> = [
          Effect.fail("no"),
          Effect.die("bug"),
          Effect.suspend(() => {
            throw new Error("built badly")
          }),
          Effect.interrupt,
          Effect.withFiber((fiber) => Fiber.interrupt(fiber)),
          Effect.andThen(Effect.yieldNow, Effect.withFiber((fiber) => Fiber.interrupt(fiber))),
          Effect.uninterruptible(Effect.succeed(1)),
          Effect.succeed(2)
        ]
        const error = yield* Effect.flip(Split.run(branches, { strategy: JoinStrategy.all, bulkhead }))
        assert.deepInclude(error, { _tag: "JoinUnsatisfiedError" })
        const { result } = error as CanoError.JoinUnsatisfiedError<string, ReadonlyArray<unknown>>
        assert.deepStrictEqual(tags(result), [...Array.from({ length: 6 }, () => "Failed"), "Succeeded", "Succeeded"])
        assert.deepStrictEqual(result.tally, tally(2, 6))
      }))
  }

  it.effect("a branch whose fiber is interrupted from outside is Failed, and its slot is replaced", () =>
    Effect.gen(function*() {
      const captured: Array<Fiber.Fiber<unknown, unknown>> = []
      const capture = Effect.withFiber((fiber) => {
        captured.push(fiber)
        return Effect.never
      })
      const fiber = yield* until(
        Split.run([capture, capture, Effect.as(Effect.sleep(10), "a"), Effect.as(Effect.sleep(10), "b")], {
          strategy: JoinStrategy.partialResults(4),
          bulkhead: 2
        }),
        0
      )
      for (const victim of captured) victim.interruptUnsafe()
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(tags(yield* Fiber.join(fiber)), ["Failed", "Failed", "Succeeded", "Succeeded"])
    }))

  it.effect("interrupting the run interrupts every branch and awaits them", () =>
    Effect.gen(function*() {
      for (const bulkhead of [undefined, 2]) {
        const trail: Array<string> = []
        const slow = (name: string) =>
          Effect.onInterrupt(ok(trail, name, 1000), () =>
            Effect.andThen(Effect.sleep(20), Effect.sync(() => trail.push(`end ${name}`))))
        const fiber = yield* until(
          Split.run([slow("a"), slow("b"), slow("c")], { strategy: JoinStrategy.all, bulkhead }),
          10
        )
        const interruption = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(20)
        yield* Fiber.join(interruption)
        const names = bulkhead === undefined ? ["a", "b", "c"] : ["a", "b"]
        assert.deepStrictEqual(
          trail.filter((line) =>
            line.startsWith("end")
          ),
          names.map((name) => `end ${name}`)
        )
        assert.deepStrictEqual(trail.filter((line) => line.startsWith("start")).length, names.length)
      }
    }))

  it.effect("branches are interruptible in an uninterruptible region, and the run is not interrupted there", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const fiber = yield* until(
        Effect.uninterruptible(
          Split.run([ok(trail, "a", 1000), ok(trail, "b", 20)], { strategy: JoinStrategy.any })
        ),
        10
      )
      fiber.interruptUnsafe()
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(trail, ["start a", "start b", "ok b", "cut a"])
    }))
})

describe("semantics 6: services and children", () => {
  it.effect("a branch has the services of the run, and Scope is one of them", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      class Greeting extends Context.Service<Greeting, string>()("test/Greeting") {}
      const acquire = Effect.acquireRelease(Greeting, () => Effect.sync(() => trail.push("released")))
      const scope = yield* Scope.make()
      const result = yield* Split.run([acquire, Effect.scoped(acquire)], { strategy: JoinStrategy.all }).pipe(
        Effect.provideService(Greeting, "hello"),
        Effect.provideService(Scope.Scope, scope)
      )
      assert.deepStrictEqual(result.values, ["hello", "hello"])
      assert.strictEqual(trail.length, 1, "only the scoped branch has released")
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(trail.length, 2)
    }))

  for (const bulkhead of [undefined, 1]) {
    it.effect(`children of a branch end with the split at the latest (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const parent = Effect.forkChild(
          Effect.onInterrupt(Effect.never, () => Effect.sync(() => trail.push("child ended"))),
          { startImmediately: true }
        )
        yield* Split.run([parent, Effect.void], { strategy: JoinStrategy.all, bulkhead })
        assert.deepStrictEqual(trail, ["child ended"])
      }))
  }

  it.effect("losers do not wait for the children of the branch that decided", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const winner = Effect.andThen(
        Effect.forkChild(Effect.onInterrupt(Effect.never, () => Effect.sleep(100)), { startImmediately: true }),
        Effect.sleep(10)
      )
      const fiber = yield* until(Split.run([winner, ok(trail, "loser", 50)], { strategy: JoinStrategy.any }), 10)
      assert.deepStrictEqual(trail, ["start loser", "cut loser"])
      assert.isUndefined(fiber.pollUnsafe(), "but the split does")
      yield* TestClock.adjust(100)
      yield* Fiber.join(fiber)
    }))
})

describe("semantics 7: order and fairness", () => {
  it.effect("branches start in order; one that completes synchronously settles before the next is started", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const sync = (name: string) =>
        Effect.onExit(
          Effect.sync(() => trail.push(`start ${name}`)),
          () => Effect.sync(() => trail.push(`end ${name}`))
        )
      for (const bulkhead of [undefined, 2]) {
        trail.length = 0
        yield* Split.run([sync("a"), sync("b")], { strategy: JoinStrategy.all, bulkhead })
        assert.deepStrictEqual(trail, ["start a", "end a", "start b", "end b"])
      }
    }))

  for (const bulkhead of [undefined, 1, 2, 64]) {
    it.effect(`thousands of synchronous branches settle in branch order (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const branches = Array.from({ length: 5000 }, (_, i) => Effect.map(Effect.sync(() => i), (n) => n))
        const result = yield* Split.run(branches, { strategy: JoinStrategy.quorum(4990), bulkhead })
        assert.deepStrictEqual(result.tally, tally(4990, 0, 0, 10))
        assert.deepStrictEqual(
          result.settled.map((outcome) => outcome.index),
          Array.from({ length: 4990 }, (_, i) => i)
        )
      }))
  }

  it.effect("a synchronous decision starts no further branch", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const fiber = yield* until(
        Split.run([ok(trail, "a", 10), Effect.sync(() => "b"), ok(trail, "c", 10)], { strategy: JoinStrategy.any }),
        0
      )
      const result = yield* Fiber.join(fiber)
      assert.deepStrictEqual(tags(result), ["Interrupted", "Succeeded", "NotStarted"])
      assert.deepStrictEqual(trail, ["start a", "cut a"])
    }))

  for (
    const [what, options] of [
      ["an unbounded list", {}],
      ["a bulkhead", { bulkhead: 64 }]
    ] as const
  ) {
    it.effect(`the engine yields every 2,048 settlements (${what})`, () =>
      Effect.gen(function*() {
        let turns = 0
        const competitor = yield* Effect.forkChild(
          Effect.whileLoop({ while: () => true, body: () => Effect.yieldNow, step: () => turns++ }),
          { startImmediately: true }
        )
        const before = turns
        let pulled = 0
        yield* Split.run(function*() {
          for (; pulled < 20_480; pulled++) yield Effect.sync(() => pulled)
        }, { strategy: JoinStrategy.all, discard: true, ...options })
        yield* Fiber.interrupt(competitor)
        assert.isAtLeast(turns - before, 9)
      }))
  }

  it.effect("a branch that resumes another one, which decides, ends the start", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const trail: Array<string> = []
      const result = yield* Split.run([
        Deferred.await(gate),
        ok(trail, "b", 10),
        Effect.andThen(Deferred.succeed(gate, undefined), Effect.never),
        ok(trail, "d", 10)
      ], { strategy: JoinStrategy.any })
      assert.strictEqual(result.outcomes[0]._tag, "Succeeded")
      assert.strictEqual(trail.at(-1), "cut b")
      assert.strictEqual(result.tally.succeeded, 1)
    }))
})

describe("semantics 8: no branches, or too few", () => {
  const lists: ReadonlyArray<
    readonly [string, () => ReadonlyArray<Effect.Effect<number>> | Generator<Effect.Effect<number>, void, never>]
  > = [
    ["array", () => []],
    ["lazy", function*() {}]
  ]
  for (const [shape, list] of lists) {
    it.effect(`an empty ${shape} satisfies all, allFailFast, percentage and partialTimeout only`, () =>
      Effect.gen(function*() {
        for (
          const [strategy, satisfied] of [
            [JoinStrategy.all, true],
            [JoinStrategy.allFailFast, true],
            [JoinStrategy.percentage(0.5), true],
            [JoinStrategy.partialTimeout, true],
            [JoinStrategy.any, false],
            [JoinStrategy.quorum(1), false],
            [JoinStrategy.partialResults(1), false]
          ] as ReadonlyArray<readonly [JoinStrategy.JoinStrategy, boolean]>
        ) {
          const exit = yield* Effect.exit(Split.run(list, { strategy, timeout: 10 }))
          if (satisfied) assert.deepInclude(Exit.isSuccess(exit) ? exit.value : {}, { tally: tally(0), values: [] })
          else assert.deepInclude(failureOf(exit), { _tag: "JoinUnsatisfiedError" })
        }
      }))
  }

  it.effect("a dynamic split that is too small fails before any branch starts", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const list = () => [ok(trail, "a", 10), ok(trail, "b", 10)]
      for (const strategy of [JoinStrategy.quorum(3), JoinStrategy.partialResults(3)]) {
        const error = yield* Effect.flip(Split.run(list, { strategy }))
        assert.strictEqual(error._tag, "JoinUnsatisfiedError")
        assert.match(error.message, /of 2: 0 succeeded, 0 failed, 2 not started$/)
      }
      assert.deepStrictEqual(trail, [])
    }))

  it.effect("a lazy list that turns out too small is unsatisfied as soon as it ends", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const fiber = yield* until(
        Split.run(function*() {
          yield ok(trail, "a", 10)
          yield ok(trail, "b", 1000)
        }, { strategy: JoinStrategy.quorum(3) }),
        0
      )
      assert.deepInclude(failureOf(fiber.pollUnsafe()), { _tag: "JoinUnsatisfiedError" })
      assert.deepStrictEqual(trail, ["start a", "start b", "cut a", "cut b"])
    }))
})

describe("semantics 9: bad input", () => {
  it.effect("is a ConfigurationError before anything starts", () =>
    Effect.gen(function*() {
      const error = failureOf(
        yield* Effect.exit(
          Split.run([Effect.void] as ReadonlyArray<Effect.Effect<void>>, {
            strategy: JoinStrategy.quorum(5),
            bulkhead: -1,
            timeout: Number.NaN
          })
        )
      ) as CanoError.ConfigurationError
      assert.deepStrictEqual(error.issues.map((issue) => issue.rule), ["count", "timeout", "bulkhead"])
      assert.match(error.message, /^the split is misconfigured: .*; .*; /)
    }))

  it.effect("an element that is no Effect is a WorkflowError, with what runs interrupted and awaited", () =>
    Effect.gen(function*() {
      for (const bulkhead of [undefined, 2]) {
        const trail: Array<string> = []
        const list: any = function*() {
          yield ok(trail, "a", 10)
          yield 42
        }
        const error: any = yield* Effect.flip(Split.run(list, { strategy: JoinStrategy.any, bulkhead }))
        assert.deepInclude(error, { _tag: "WorkflowError", rule: "invalid-branches" })
        assert.match(error.message, /branch 1 is the number 42/)
        assert.deepStrictEqual(trail, ["start a", "cut a"])
      }
    }) as Effect.Effect<void>)

  it.effect("what is no list of branches is a WorkflowError", () =>
    Effect.gen(function*() {
      const list: any = () => Effect.succeed(Effect.void)
      assert.deepInclude((yield* Effect.flip(Split.run(list, { strategy: JoinStrategy.all }))) as object, {
        rule: "invalid-branches"
      })
    }) as Effect.Effect<void>)

  it.effect("a list that throws is a defect, after what runs was interrupted and awaited", () =>
    Effect.gen(function*() {
      for (const bulkhead of [undefined, 2]) {
        const trail: Array<string> = []
        const exit = yield* Effect.exit(
          Split.run(function*() {
            yield ok(trail, "a", 10)
            throw new Error("list")
          }, { strategy: JoinStrategy.any, bulkhead })
        )
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
        assert.deepStrictEqual(trail, ["start a", "cut a"])
      }
    }))

  it.effect("a list that is left early is closed, one that was read to its end is not closed again", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const list = (n: number) =>
        function*() {
          try {
            for (let i = 0; i < n; i++) yield Effect.sync(() => i)
            trail.push("exhausted")
          } finally {
            trail.push("closed")
          }
        }
      yield* Split.run(list(Number.POSITIVE_INFINITY), { strategy: JoinStrategy.quorum(3), bulkhead: 2 })
      yield* Split.run(list(3), { strategy: JoinStrategy.all })
      assert.deepStrictEqual(trail, ["closed", "exhausted", "closed"])
    }))
})

describe("semantics 10: nesting and size", () => {
  it.effect("splits nest, each with its own bulkhead and verdict", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const inner = (name: string) =>
        Split.run([ok(trail, `${name}1`, 10), ok(trail, `${name}2`, 20)], { strategy: JoinStrategy.any, bulkhead: 2 })
      const fiber = yield* until(
        Split.run({ x: inner("x"), y: inner("y") }, { strategy: JoinStrategy.all, bulkhead: 1 }),
        20
      )
      const { values } = yield* Fiber.join(fiber)
      assert.deepStrictEqual([values.x.values, values.y.values], [["x1"], ["y1"]])
    }))

  it.effect("a million branches of a lazy list run behind a bulkhead", () =>
    Effect.gen(function*() {
      let n = 0
      const result = yield* Split.run(function*() {
        for (let i = 0; i < 1_000_000; i++) yield Effect.sync(() => n++)
      }, { strategy: JoinStrategy.all, bulkhead: 64, discard: true })
      assert.deepStrictEqual(result.tally, tally(1_000_000))
      assert.strictEqual(n, 1_000_000)
    }))

  it.effect("a hundred thousand branches wait at once, and a quorum ends them all", () =>
    Effect.gen(function*() {
      let started = 0
      let ended = 0
      const waiting = Effect.suspend(() => {
        started++
        return Effect.onInterrupt(Effect.never, () => Effect.sync(() => ended++))
      })
      const branches = Array.from({ length: 100_000 }, (_, i) => i === 99_999 ? Effect.sleep(1) : waiting)
      const fiber = yield* until(Split.run(branches, { strategy: JoinStrategy.quorum(1) }), 0)
      // they start in rounds
      while (started < 99_999) yield* Effect.yieldNow
      yield* Effect.yieldNow
      yield* TestClock.adjust(1)
      assert.deepStrictEqual((yield* Fiber.join(fiber)).tally, tally(1, 0, 99_999))
      assert.strictEqual(ended, 99_999)
    }), 20_000)

  it.effect("a wide bulkhead over a lazy list starts its slots in segments", () =>
    Effect.gen(function*() {
      const fiber = yield* until(
        Split.run(function*() {
          for (let i = 0; i < 6000; i++) yield Effect.sleep(10)
        }, { strategy: JoinStrategy.all, bulkhead: 5000 }),
        20
      )
      assert.deepStrictEqual((yield* Fiber.join(fiber)).tally, tally(6000))
    }))

  it.effect("a list of segments that throws late is a defect after its branches have ended", () =>
    Effect.gen(function*() {
      let ended = 0
      const waiting = Effect.onInterrupt(Effect.never, () => Effect.sync(() => ended++))
      const exit = yield* Effect.exit(
        Split.run(function*() {
          for (let i = 0; i < 5000; i++) yield waiting
          throw new Error("late")
        }, { strategy: JoinStrategy.all })
      )
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.strictEqual(ended, 5000)
    }))
})
