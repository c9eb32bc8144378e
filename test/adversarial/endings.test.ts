/**
 * How splits end when more than one thing ends them, or when something is late: the first cause is told, whoever was given
 * up harms nobody, and nothing is left behind.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Deferred, Effect, Exit, Fiber, Logger } from "effect"
import { Bulkhead, JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import {
  collectGarbage,
  defects,
  endsWithin,
  failed,
  messages,
  notAnEffect,
  start,
  succeeded,
  tags,
  turns,
  withYieldsAt
} from "../kit/index.ts"

const { all, any, quorum } = JoinStrategy

/** A clock that counts those who sleep by it. */
const sleepers = Effect.map(Clock.Clock, (clock) => {
  const seen = { started: 0, asleep: 0 }
  const counting: Clock.Clock = Object.assign(Object.create(clock), {
    sleep: (duration: never) =>
      Effect.suspend(() => {
        seen.started++
        seen.asleep++
        return Effect.onExit(clock.sleep(duration), () => Effect.sync(() => void seen.asleep--))
      })
  })
  return { seen, counting }
})

describe("the first cause of a split that cannot go on", () => {
  it.effect("is told, whatever its branches do when they are interrupted", () =>
    Effect.gen(function*() {
      const bad = Effect.onInterrupt(Effect.never, () => notAnEffect)
      const exit = yield* endsWithin(
        Split.run(function*() {
          yield bad
          yield "text" as never
        }, { strategy: all, bulkhead: 2 }),
        10
      )
      assert.strictEqual(failed(exit).rule, "invalid-branches")
    }))

  it.effect("is told, whatever its list does when it is closed", () =>
    Effect.gen(function*() {
      const list = {
        [Symbol.iterator]: () => ({
          next: () => ({ done: false, value: "text" as never }),
          return: () => {
            throw new Error("return")
          }
        })
      }
      const exit = yield* endsWithin(Split.run(() => list, { strategy: all }), 10)
      assert.strictEqual(failed(exit).rule, "invalid-branches")
      assert.deepStrictEqual(defects(exit), [])
    }))
})

describe("a list that is refused", () => {
  it.effect("is closed", () =>
    Effect.gen(function*() {
      let closed = 0
      const list = {
        [Symbol.iterator]: () => ({
          next: () => ({ done: false, value: Effect.void }),
          return: () => {
            closed++
            return { done: true as const, value: undefined }
          }
        })
      }
      const bulkhead = yield* Bulkhead.make("db", { places: 1, maxWaiting: 0 })
      yield* start(bulkhead.withPlace(Effect.never))
      const exit = yield* Effect.exit(Split.run(() => list, { strategy: any, bulkhead }))
      assert.strictEqual(failed(exit)._tag, "BulkheadFullError")
      assert.strictEqual(closed, 1)
    }))
})

describe("a list of exactly maxBranches", () => {
  const branches = [Effect.void, Effect.void, Effect.void]
  const lists: ReadonlyArray<readonly [string, () => any]> = [
    ["known", () => branches],
    ["known when it is entered", () => () => branches],
    ["lazy", () => () => branches.values()],
    ["growing", () => Split.growing<unknown>((add) => [Effect.andThen(add(branches.slice(1)), Effect.void)])]
  ]
  for (const [what, list] of lists) {
    it.effect(`is not too long (${what})`, () =>
      Effect.gen(function*() {
        const run = (maxBranches: number) =>
          Effect.exit(Split.run(list(), { strategy: all, maxBranches }) as Effect.Effect<any, unknown>)
        const exit = yield* run(3)
        assert.strictEqual(succeeded(exit).tally.succeeded, 3)
        const less = yield* run(2)
        const { issues, rule } = failed(less)
        assert.strictEqual(rule ?? issues[0].rule, "max-branches")
      }))
  }

  it.effect("is read no further when it grows by more", () =>
    Effect.gen(function*() {
      let read = 0
      const endless = function*() {
        for (; read < 100_000; read++) yield Effect.void
      }
      const exit = yield* Effect.exit(
        Split.run(Split.growing<unknown>((add) => [add(endless())]), { strategy: all, maxBranches: 10 })
      )
      assert.strictEqual(failed(exit).rule, "max-branches")
      assert.isBelow(read, 20)
    }))
})

describe("a defect inside a branch", () => {
  for (const [place, bulkhead] of [[0, undefined], [2500, undefined], [0, 3000], [2500, 3000]] as const) {
    it.effect(`ends a list of several rounds or segments, too, with its branches awaited (branch ${place}, bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        let running = 0
        const wait = Effect.suspend(() => {
          running++
          return Effect.ensuring(Effect.never, Effect.sync(() => void running--))
        })
        const late = Effect.andThen(Effect.sleep(1), notAnEffect)
        const exit = yield* endsWithin(
          Split.run(Array.from({ length: 3000 }, (_, i) => i === place ? late : wait), { strategy: all, bulkhead }),
          10
        )
        assert.strictEqual(defects(exit).length, 1)
        assert.strictEqual(running, 0)
      }))
  }
})

// without a bulkhead there are rounds instead
describe("segments", () => {
  for (const bulkhead of [undefined, 10_000]) {
    it.effect(`have one deadline between them (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const { counting, seen } = yield* sleepers
        const fiber = yield* start(Effect.provideService(
          Split.run(Array.from({ length: 6000 }, () => Effect.never), { strategy: all, timeout: 10, bulkhead }),
          Clock.Clock,
          counting
        ))
        yield* turns(10)
        assert.deepStrictEqual(seen, { started: 1, asleep: 1 })
        yield* TestClock.adjust(10)
        const exit = yield* Fiber.await(fiber)
        assert.strictEqual(failed(exit)._tag, "JoinTimeoutError")
      }))

    it.effect(`are as many as it takes, however many branches settle while one is started (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const open = Effect.sync(() => {
          Deferred.doneUnsafe(gate, Exit.void)
        })
        let running = 0
        const wait = Effect.suspend(() => {
          running++
          return Effect.never
        })
        const fiber = yield* start(Split.run([
          ...Array.from({ length: 2048 }, () => Deferred.await(gate)),
          open,
          ...Array.from({ length: 2951 }, () => wait)
        ], { strategy: all, bulkhead }))
        yield* turns(20)
        assert.strictEqual(running, 2951)
        yield* Fiber.interrupt(fiber)
      }))

    it.effect(`of a lazy list double, so that they are few (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const id = Effect.flatMap(Effect.forkChild(Effect.withFiber(({ id }) => Effect.succeed(id))), Fiber.join)
        const before = yield* id
        const fiber = yield* start(Split.run(function*() {
          for (let i = 0; i < 5000; i++) yield Effect.never
        }, { strategy: all, bulkhead }))
        yield* turns(20)
        const fibers = (yield* id) - before
        assert.isAtLeast(fibers, 5000)
        assert.isBelow(fibers, 5000 + 5000 / 16)
        yield* Fiber.interrupt(fiber)
      }))
  }
})

describe("deadlines", () => {
  it.effect("a soft one comes before a hard one of the same time", () =>
    Effect.gen(function*() {
      const strategy = JoinStrategy.relax(all, { after: 10, enough: quorum(1) })
      const exit = yield* endsWithin(Split.run([Effect.void, Effect.never], { strategy, timeout: 10 }), 10)
      assert.strictEqual(succeeded(exit).timedOut, false)
    }))

  it.effect("do not hold a split whose losers are awaited", () =>
    Effect.gen(function*() {
      const exit = yield* endsWithin(
        Split.run([Effect.void, Effect.sleep(5)], { strategy: any, losers: "await", timeout: "1 hour" }),
        5
      )
      assert.deepStrictEqual(tags(succeeded(exit)), ["Succeeded", "Late"])
    }))

  it.effect("cannot revise a decision, if they cannot be interrupted", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const stubborn: Clock.Clock = Object.assign(Object.create(clock), {
        sleep: (duration: never) => Effect.uninterruptible(clock.sleep(duration))
      })
      const exit = yield* endsWithin(
        Effect.provideService(
          Split.run([Effect.sleep(5), Effect.never], { strategy: any, timeout: 10 }),
          Clock.Clock,
          stubborn
        ),
        10
      )
      const result = succeeded(exit)
      assert.strictEqual(result.timedOut, false)
      assert.deepStrictEqual(tags(result), ["Succeeded", "Interrupted"])
    }))
})

describe("a grace period", () => {
  for (const bulkhead of [undefined, 2]) {
    it.effect(`that passes for branch 0 alone names it (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const logged: Array<string> = []
        const exit = yield* endsWithin(
          Effect.scoped(Effect.andThen(
            Split.run([Effect.uninterruptible(Effect.sleep(100)), Effect.void], {
              strategy: any,
              losers: { grace: 10 },
              bulkhead
            }),
            // the scope is closed later
            (result) => Effect.as(Effect.sleep(1), result)
          )).pipe(Effect.provide(messages(logged))),
          200
        )
        assert.deepStrictEqual(tags(succeeded(exit)), ["Detached", "Succeeded"])
        assert.deepStrictEqual(logged, [
          "branch 0 did not stop within 10ms of the interruption, and goes on detached"
        ])
      }))
  }

  it.effect("leaves no timer behind when the split is interrupted during it", () =>
    Effect.gen(function*() {
      const { counting, seen } = yield* sleepers
      const fiber = yield* start(
        Effect.scoped(Split.run([Effect.onInterrupt(Effect.never, () => turns(5)), Effect.void], {
          strategy: any,
          losers: { grace: "1 hour" }
        })).pipe(Effect.provideService(Clock.Clock, counting))
      )
      yield* turns(2)
      assert.strictEqual(seen.asleep, 1)
      yield* Fiber.interrupt(fiber)
      yield* turns(20)
      assert.strictEqual(seen.asleep, 0)
    }))
})

describe("branches that are left behind", () => {
  const detached = <A, E>(branches: ReadonlyArray<Effect.Effect<A, E>>) =>
    Split.run(branches, { strategy: any, losers: "detach" })

  for (const size of [1, 3000]) {
    it.effect(`and break are told to the log, and to whoever waits for their end (${size})`, () =>
      Effect.gen(function*() {
        const logged: Array<string> = []
        const late = Effect.andThen(Effect.sleep(10), notAnEffect)
        const others = Array.from({ length: size }, () => Effect.sleep(20))
        const exit = yield* endsWithin(
          Effect.scoped(Effect.gen(function*() {
            const { outcomes } = yield* detached([Effect.sleep(1), late, ...others])
            return yield* Effect.all(
              outcomes.slice(0, 3).map((outcome) => {
                assert(outcome._tag === "Succeeded" || outcome._tag === "Detached")
                return outcome._tag === "Succeeded" ? Effect.succeed(Exit.void) : outcome.exit
              })
            )
          })).pipe(Effect.provide(messages(logged))),
          100
        )
        const [first, broken, other] = succeeded(exit)
        assert.isTrue(Exit.isSuccess(first!))
        assert.strictEqual(defects(broken!).length, 1)
        assert.isTrue(Exit.isFailure(other!))
        assert.deepStrictEqual(logged, ["a split broke off after it had been decided"])
      }))
  }

  it.effect("resume whoever waits for their end in a task of its own", () =>
    Effect.gen(function*() {
      const order: Array<string> = []
      const gate = yield* Deferred.make<void>()
      const waited = Effect.gen(function*() {
        const { outcomes } = yield* detached([Effect.void, Deferred.await(gate)])
        const late = outcomes[1]!
        assert(late._tag === "Detached")
        const waiter = yield* start(Effect.map(late.exit, () => void order.push("waiter")))
        yield* Effect.sync(() => {
          Deferred.doneUnsafe(gate, Exit.void)
          order.push("after")
        })
        yield* Fiber.await(waiter)
      })
      yield* Effect.scoped(waited)
      assert.deepStrictEqual(order, ["after", "waiter"])
    }))
})

describe("an observer", () => {
  const observed = (
    branches: ReadonlyArray<Effect.Effect<unknown>>,
    onOutcome: (n: number) => Effect.Effect<unknown, unknown>,
    options?: { readonly observerTimeout?: number; readonly losers?: "await" | "detach"; readonly discard?: true }
  ) => {
    let n = 0
    return Split.run(branches, { strategy: any, ...options, onOutcome: () => onOutcome(n++) })
  }

  it.effect("that fails while it is being given up does not break the split", () =>
    Effect.gen(function*() {
      const told = yield* Deferred.make<void, string>()
      const logger = Logger.layer([Logger.make(() => {
        Deferred.doneUnsafe(told, Exit.fail("too late"))
      })])
      const exit = yield* endsWithin(
        observed([Effect.void], () => Deferred.await(told), { observerTimeout: 10 }).pipe(Effect.provide(logger)),
        20
      )
      assert.isTrue(Exit.isSuccess(exit))
    }))

  it.effect("that fails while its split is being interrupted does not break it", () =>
    Effect.gen(function*() {
      const logged: Array<string> = []
      const told = yield* Deferred.make<void, string>()
      const fails = Effect.sync(() => {
        Deferred.doneUnsafe(told, Exit.fail("too late"))
      })
      const exit = yield* endsWithin(
        Effect.scoped(Effect.andThen(
          observed([Effect.void, Effect.onInterrupt(Effect.never, () => fails)], () => Deferred.await(told), {
            losers: "detach"
          }),
          Effect.fail("closes the scope")
        )).pipe(Effect.provide(messages(logged))),
        20
      )
      assert.strictEqual(failed(exit), "closes the scope")
      assert.deepStrictEqual(logged, [])
    }))

  it.effect("that fails after its split has been left is told to the log", () =>
    Effect.gen(function*() {
      const logged: Array<string> = []
      const exit = yield* endsWithin(
        Effect.scoped(
          observed([Effect.void, Effect.sleep(10)], (n) => n === 1 ? Effect.fail("late") : Effect.void, {
            losers: "detach"
          })
        ).pipe(Effect.provide(messages(logged))),
        100
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(logged, ["a split broke off after it had been decided"])
    }))

  it.effect("that is idle may be so for longer than it may take for an outcome", () =>
    Effect.gen(function*() {
      let told = 0
      const logged: Array<string> = []
      const exit = yield* endsWithin(
        observed([Effect.void, Effect.sleep(500)], () => Effect.sync(() => told++), {
          observerTimeout: 10,
          losers: "await"
        }).pipe(Effect.provide(messages(logged))),
        1000
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(told, 2)
      assert.deepStrictEqual(logged, [])
    }))

  it.effect("that was given up holds no loser back", () =>
    Effect.gen(function*() {
      let ran = 0
      const branches = Array.from({ length: 60 }, () => Effect.sync(() => void ran++))
      // the observer has been called with an outcome, and as many wait as may
      branches.unshift(Effect.as(turns(5), undefined))
      const fiber = yield* start(observed(branches, () => Effect.never, { observerTimeout: 10, losers: "await" }))
      yield* turns(20)
      assert.isBelow(ran, 60)
      yield* TestClock.adjust(10)
      yield* turns(20)
      assert.strictEqual(ran, 60)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(fiber)))
    }))

  it.effect("that was given up leaves no outcomes behind", () =>
    Effect.gen(function*() {
      let seen: WeakRef<object> | undefined
      const late = Effect.andThen(
        Effect.sleep(20),
        Effect.sync(() => {
          const value = { large: "value" }
          seen = new WeakRef(value)
          return value
        })
      )
      const fiber = yield* start(
        observed([Effect.void, late, Effect.sleep(100)], () => Effect.never, {
          observerTimeout: 10,
          losers: "await",
          discard: true
        })
      )
      yield* TestClock.adjust(50)
      yield* turns(5)
      collectGarbage()
      assert.isDefined(seen)
      assert.isUndefined(seen!.deref())
      yield* TestClock.adjust(50)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(fiber)))
    }))

  it.effect("hears of a loser that ends well in the moment of the decision as of one that was cut off", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const opens = Effect.onInterrupt(Effect.never, () =>
        Effect.sync(() => {
          Deferred.doneUnsafe(gate, Exit.void)
        }))
      const heard: Array<any> = []
      const exit = yield* endsWithin(
        Split.run([opens, Deferred.await(gate), Effect.sleep(5)], {
          strategy: any,
          onOutcome: (outcome) => Effect.sync(() => heard.push(outcome))
        }),
        10
      )
      assert.deepStrictEqual(tags(succeeded(exit)), ["Interrupted", "Interrupted", "Succeeded"])
      assert.strictEqual(heard.length, 3)
      for (const { _tag, cause } of heard) {
        if (_tag === "Interrupted") assert.isTrue(cause.reasons.length > 0 && Cause.hasInterruptsOnly(cause))
      }
    }))
})

describe("what comes late", () => {
  it.effect("an observer that starts after its split has been interrupted is asked nothing", () =>
    Effect.gen(function*() {
      let told = 0
      const interrupt: Effect.Effect<void> = Effect.sync(() => caller.interruptUnsafe())
      // after the caller and the worker comes the fiber of the observer
      const caller: Fiber.Fiber<unknown, unknown> = yield* Effect.forkChild(
        withYieldsAt(
          Split.run([Effect.void, interrupt, Effect.never], {
            strategy: all,
            onOutcome: () => Effect.sync(() => told++)
          }),
          (number) => number === 2
        )
      )
      yield* Fiber.await(caller)
      assert.strictEqual(told, 0)
    }))

  it.effect("a place that is waited for holds no split whose losers are awaited", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 2 })
      const branches = [
        Effect.sleep(5),
        Effect.andThen(Effect.sleep(20), Effect.succeed("won")),
        Effect.sleep(5),
        Effect.void,
        Effect.void
      ]
      const fiber = yield* start(
        Split.run(branches, {
          strategy: JoinStrategy.accept(any, (value) => value === "won"),
          bulkhead,
          losers: "await"
        })
      )
      // takes the place of the third branch, whose slot waits from then on
      const others = [yield* start(bulkhead.withPlace(Effect.sleep(100)))]
      for (const millis of [5, 5, 10]) {
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(millis)
        yield* turns(5)
      }
      assert.isDefined(fiber.pollUnsafe())
      yield* Fiber.interruptAll(others)
    }))

  for (const before of [[], [Effect.void]]) {
    it.effect(`a clock that throws between two branches ends the split with that defect (${before.length} before)`, () =>
      Effect.gen(function*() {
        const clock = yield* Clock.Clock
        let broken = false
        const breaking: Clock.Clock = Object.assign(Object.create(clock), {
          currentTimeMillisUnsafe: () => {
            if (broken) throw new Error("no time")
            return clock.currentTimeMillisUnsafe()
          }
        })
        const bulkhead = yield* Bulkhead.make("db", { places: 1 })
        const breaks = Effect.sync(() => {
          broken = true
        })
        const fiber = yield* start(
          Effect.provideService(
            Split.run([...before, Effect.andThen(Effect.sleep(1), breaks), Effect.void], { strategy: all, bulkhead }),
            Clock.Clock,
            breaking
          )
        )
        const other = yield* start(bulkhead.withPlace(Effect.void))
        yield* TestClock.adjust(1)
        yield* turns(5)
        const exit = fiber.pollUnsafe()
        assert.isDefined(exit)
        assert.deepStrictEqual(defects(exit!).map(String), ["Error: no time"])
        yield* Fiber.join(other)
      }))
  }
})

describe("slots that have ended", () => {
  it.effect("are forgotten while their split goes on", () =>
    Effect.gen(function*() {
      const seen: Array<WeakRef<object>> = []
      let alive = -1
      const branches = Array.from({ length: 1000 }, (_, i) =>
        Effect.withFiber((fiber) => {
          seen.push(new WeakRef(fiber))
          if (i === 999) {
            collectGarbage()
            alive = seen.filter((ref) => ref.deref() !== undefined).length
          }
          // a slot ends with the children of its branch
          return Effect.andThen(Effect.forkChild(Effect.never), turns(2))
        }))
      yield* Split.run(branches, { strategy: all, bulkhead: 2, discard: true })
      assert.isAtLeast(alive, 1)
      assert.isBelow(alive, 300)
    }))
})

describe("the log", () => {
  it.effect("hears of losers that die, and of no other", () =>
    Effect.gen(function*() {
      const logged: Array<string> = []
      const ends = (end: Effect.Effect<void, string>) =>
        Effect.onInterrupt(Effect.never, () => end as Effect.Effect<void>)
      yield* endsWithin(
        Split.run([Effect.sleep(1), ends(Effect.fail("finalizer")), Effect.never, ends(Effect.die("defect"))], {
          strategy: any
        }).pipe(Effect.provide(messages(logged))),
        10
      )
      assert.deepStrictEqual(logged, ["branch 3 died after the split had been decided or interrupted"])
    }))
})

describe("names", () => {
  it.effect("of branches without one are their numbers, however many they are", () =>
    Effect.gen(function*() {
      const branches = Array.from({ length: 65_540 }, () => Effect.void)
      const { outcomes } = yield* Split.run(branches, { strategy: all })
      assert.deepStrictEqual([0, 65_535, 65_536, 65_539].map((i) => outcomes[i]!.name), [
        "0",
        "65535",
        "65536",
        "65539"
      ])
    }))
})

describe("a loser that had failed, and is interrupted in its finalizer", () => {
  for (const bulkhead of [undefined, 2]) {
    it.effect(`keeps what it had failed with (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const exit = yield* endsWithin(
          Split.run([Effect.onExit(Effect.fail("no"), () => Effect.sleep(10)), Effect.sleep(5)], {
            strategy: any,
            bulkhead
          }),
          10
        )
        const [loser] = succeeded(exit).outcomes
        assert(loser?._tag === "Interrupted")
        assert.deepStrictEqual(loser.cause.reasons.map(({ _tag }) => _tag), ["Fail", "Interrupt"])
      }))
  }
})
