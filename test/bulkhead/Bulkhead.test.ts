import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { Bulkhead, JoinStrategy, Split, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import { failureOf, isIdle, timed } from "../kit/index.ts"

const { all, any, quorum } = JoinStrategy

/** Branches that count how many run at once. */
const counting = () => {
  const seen = { running: 0, most: 0, log: [] as Array<string> }
  const branch = (name: string, millis: number) =>
    Effect.suspend(() => {
      seen.log.push(name)
      seen.most = Math.max(seen.most, ++seen.running)
      return Effect.sleep(millis).pipe(
        Effect.as(name),
        Effect.ensuring(Effect.sync(() => void seen.running--))
      )
    })
  return { seen, branch }
}

describe("a shared bulkhead", () => {
  it.effect("bounds several splits together, and lets them take turns", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 2 })
      const { branch, seen } = counting()
      const split = (name: string, n: number) =>
        Split.run(Array.from({ length: n }, (_, i) => branch(`${name}${i}`, 10)), { strategy: all, bulkhead })
      const [exit, at] = yield* timed(Effect.all([split("a", 4), split("b", 4), split("c", 2)], { concurrency: 3 }))
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(seen.most, 2)
      assert.strictEqual(at, 50)
      assert.deepStrictEqual(seen.log, ["a0", "a1", "a2", "b0", "c0", "a3", "b1", "c1", "b2", "b3"])
      yield* isIdle(bulkhead, { places: 2, rejected: 0 })
      assert.strictEqual((yield* bulkhead.statistics).started, 10)
    }))

  it.effect("gives a split alone all places, and starts its branches in order", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 3 })
      const { branch, seen } = counting()
      const branches = Array.from({ length: 7 }, (_, i) => branch(String(i), 10 + i))
      const [exit] = yield* timed(Split.run(branches, { strategy: all, bulkhead }))
      assert.isTrue(Exit.isSuccess(exit) && exit.value.values.join("") === "0123456")
      assert.deepStrictEqual(seen.log, ["0", "1", "2", "3", "4", "5", "6"])
      yield* isIdle(bulkhead, { places: 3, rejected: 0 })
    }))

  it.effect("is a service that workflows name by its key", () =>
    Effect.gen(function*() {
      class Db extends Context.Service<Db, Bulkhead.Bulkhead>()("test/Db") {}
      const { branch, seen } = counting()
      const workflow = Workflow.make<"Load" | "Done">("w")
        .registerSplit("Load", () => [1, 2, 3].map((i) => branch(String(i), 10)), {
          strategy: all,
          bulkhead: Db,
          next: "Done"
        })
        .addExitStates("Done")
      const both = Effect.all([workflow.orchestrate("Load"), workflow.orchestrate("Load")], { concurrency: 2 })
      const [exit] = yield* timed(Effect.provide(both, Bulkhead.layer(Db, { places: 2 })))
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(seen.most, 2)
      const bad = yield* Effect.exit(Effect.provide(both, Bulkhead.layer(Db, { places: 0 })))
      assert.match(String(failureOf(bad).message), /the places of bulkhead "test\/Db" are 0; .*at least 1/)
    }))

  it.effect("works over records, lazy lists and lists that grow", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 2 })
      const { branch, seen } = counting()
      const lazy = function*() {
        for (let i = 0; i < 5; i++) yield branch(`l${i}`, 10)
      }
      const grows = Split.growing<string>((add) => {
        const step = (n: number): Effect.Effect<string> =>
          Effect.tap(branch(`g${n}`, 10), () => n < 4 ? add([step(n + 1)]) : Effect.void)
        return [step(0)]
      })
      const [exit] = yield* timed(Effect.all([
        Split.run({ x: branch("x", 10), y: branch("y", 10) }, { strategy: all, bulkhead }),
        Split.run(lazy, { strategy: all, bulkhead }),
        Split.run(grows, { strategy: all, bulkhead })
      ], { concurrency: 3 }))
      assert.isTrue(Exit.isSuccess(exit))
      if (!Exit.isSuccess(exit)) return
      assert.deepStrictEqual(exit.value[0].values, { x: "x", y: "y" })
      assert.strictEqual(exit.value[1].values.length, 5)
      assert.deepStrictEqual(exit.value[2].values, ["g0", "g1", "g2", "g3", "g4"])
      assert.strictEqual(seen.most, 2)
      yield* isIdle(bulkhead, { places: 2, rejected: 0 })
    }))

  it.effect("gives places back when a split is decided, late, interrupted or broken", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 3 })
      const hung = Array.from({ length: 5 }, () => Effect.never)
      const options = { strategy: all, bulkhead }
      yield* Split.run([Effect.succeed(1), ...hung], { strategy: any, bulkhead })
      yield* isIdle(bulkhead, { places: 3, rejected: 0 })
      yield* timed(Split.run(hung, { ...options, timeout: 10 }))
      yield* isIdle(bulkhead, { places: 3, rejected: 0 })
      const fiber = yield* Effect.forkChild(Split.run(hung, options))
      yield* Effect.yieldNow
      assert.strictEqual((yield* bulkhead.statistics).inUse, 3)
      yield* Fiber.interrupt(fiber)
      yield* isIdle(bulkhead, { places: 3, rejected: 0 })
      const boom = function*() {
        yield Effect.never
        yield Effect.never
        throw new Error("boom")
      }
      yield* Effect.exit(Split.run(boom, options))
      yield* isIdle(bulkhead, { places: 3, rejected: 0 })
      // what is no Effect ends the fiber as a whole
      const lost = Effect.suspend((): Effect.Effect<void> => 1 as never)
      yield* Effect.exit(Split.run([Effect.never, lost], options))
      yield* isIdle(bulkhead, { places: 3, rejected: 0 })
      const children = Effect.asVoid(Effect.forkChild(Effect.never))
      yield* Effect.exit(Split.run([Effect.void, children, Effect.interrupt, Effect.void], options))
      yield* isIdle(bulkhead, { places: 3, rejected: 0 })
    }))

  it.effect("goes on when a branch interrupts its own fiber or leaves children", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const own = Effect.withFiber((fiber) =>
        Effect.andThen(Effect.sync(() => fiber.interruptUnsafe()), Effect.yieldNow)
      )
      const branches = Array.from(
        { length: 50 },
        (_, i) => i % 3 === 0 ? own : i % 3 === 1 ? Effect.asVoid(Effect.forkChild(Effect.never)) : Effect.void
      )
      const split = Split.run(branches, { strategy: JoinStrategy.partialResults(50), bulkhead })
      const [exit] = yield* timed(Effect.all([split, split, split], { concurrency: 3 }))
      assert.isTrue(Exit.isSuccess(exit))
      yield* isIdle(bulkhead, { places: 1, rejected: 0 })
    }))

  it.effect("keeps a place only as long as the loser that has it runs", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 2 })
      const slow = Effect.onInterrupt(Effect.never, () => Effect.sleep(100))
      const first = yield* Effect.forkChild(Split.run([slow, Effect.sleep(10)], { strategy: any, bulkhead }))
      yield* TestClock.adjust(20)
      assert.strictEqual((yield* bulkhead.statistics).inUse, 1)
      const second = yield* Effect.forkChild(Split.run([Effect.sleep(5), Effect.sleep(5)], { strategy: all, bulkhead }))
      yield* TestClock.adjust(10)
      assert.isDefined(second.pollUnsafe())
      yield* TestClock.adjust(100)
      yield* Fiber.join(first)
      yield* isIdle(bulkhead, { places: 2, rejected: 0 })
    }))

  it.effect("counts time in its line against the deadline of a split", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const [exit, at] = yield* timed(Effect.all([
        Effect.exit(Split.run([Effect.sleep(100)], { strategy: all, bulkhead })),
        Effect.exit(Split.run([Effect.void], { strategy: all, bulkhead, timeout: 50 }))
      ], { concurrency: 2 }))
      assert.isTrue(Exit.isSuccess(exit))
      if (!Exit.isSuccess(exit)) return
      assert.strictEqual(failureOf(exit.value[1])._tag, "JoinTimeoutError")
      assert.strictEqual(at, 100)
      yield* isIdle(bulkhead, { places: 1, rejected: 0 })
    }))

  it.effect("lets a split that waits be interrupted, and forgets it", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const holder = yield* Effect.forkChild(Split.run([Effect.sleep(100)], { strategy: all, bulkhead }))
      yield* TestClock.adjust(1)
      const waiter = yield* Effect.forkChild(Split.run([Effect.void, Effect.void], { strategy: all, bulkhead }))
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* bulkhead.statistics).waiting, 2)
      yield* Fiber.interrupt(waiter)
      assert.strictEqual((yield* bulkhead.statistics).waiting, 0)
      yield* TestClock.adjust(100)
      yield* Fiber.join(holder)
      yield* isIdle(bulkhead, { places: 1, rejected: 0 })
    }))

  it.effect("refuses what may not wait, before a branch starts", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 2, maxWaiting: 3 })
      const { branch, seen } = counting()
      const run = (n: number) =>
        Split.run(Array.from({ length: n }, (_, i) => branch(String(i), 10)), { strategy: all, bulkhead })
      const error = failureOf(yield* Effect.exit(run(6)))
      assert.strictEqual(error?._tag, "BulkheadFullError")
      assert.strictEqual(error?.message, "bulkhead \"db\" is full: 0 wait and 4 more would have to, at most 3 may")
      assert.deepStrictEqual(seen.log, [])
      const fiber = yield* Effect.forkChild(run(4))
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* bulkhead.statistics).waiting, 2)
      const second = failureOf(yield* Effect.exit(run(2)))
      assert.strictEqual(second?._tag, "BulkheadFullError")
      const fits = yield* Effect.forkChild(run(1))
      yield* TestClock.adjust(100)
      yield* Fiber.join(fiber)
      yield* Fiber.join(fits)
      assert.deepStrictEqual(yield* bulkhead.statistics, { places: 2, inUse: 0, waiting: 0, started: 5, rejected: 8 })
    }))

  it.effect("can be resized while it is in use", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const { branch, seen } = counting()
      const fiber = yield* Effect.forkChild(
        Split.run(Array.from({ length: 12 }, (_, i) => branch(String(i), 10)), { strategy: all, bulkhead })
      )
      yield* TestClock.adjust(15)
      assert.strictEqual(seen.running, 1)
      yield* bulkhead.resize(4)
      yield* Effect.yieldNow
      assert.strictEqual((yield* bulkhead.statistics).inUse, 4)
      yield* TestClock.adjust(1)
      assert.strictEqual(seen.running, 4)
      yield* bulkhead.resize(2)
      assert.strictEqual((yield* bulkhead.statistics).inUse, 4)
      yield* TestClock.adjust(10)
      assert.strictEqual(seen.running, 2)
      yield* TestClock.adjust(200)
      yield* Fiber.join(fiber)
      yield* isIdle(bulkhead, { places: 2, rejected: 0 })
      const error = yield* Effect.flip(bulkhead.resize(Number.NaN))
      assert.match(error.message, /are NaN; they must be an integer of at least 1/)
    }))

  it.effect("serves single effects in the same line", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1, maxWaiting: 4 })
      const { branch, seen } = counting()
      const [exit] = yield* timed(Effect.all([
        Split.run([branch("a", 10), branch("b", 10), branch("c", 10)], { strategy: all, bulkhead }),
        bulkhead.withPlace(branch("single", 10)),
        Effect.exit(Effect.andThen(Effect.yieldNow, bulkhead.withPlace(Effect.die("never")))).pipe(
          Effect.timeoutOption(5)
        )
      ], { concurrency: 3 }))
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(seen.log, ["a", "b", "single", "c"])
      yield* isIdle(bulkhead, { places: 1, rejected: 0 })
      yield* Effect.exit(bulkhead.withPlace(Effect.die("boom")))
      yield* isIdle(bulkhead, { places: 1, rejected: 0 })
    }))

  it.effect("refuses single effects, and forgets those that are interrupted", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1, maxWaiting: 1 })
      const gate = yield* Deferred.make<void>()
      const holder = yield* Effect.forkChild(bulkhead.withPlace(Deferred.await(gate)))
      yield* Effect.yieldNow
      const waiter = yield* Effect.forkChild(bulkhead.withPlace(Effect.void))
      yield* Effect.yieldNow
      const error = yield* Effect.flip(bulkhead.withPlace(Effect.void))
      assert.strictEqual(error._tag, "BulkheadFullError")
      yield* Fiber.interrupt(waiter)
      assert.strictEqual((yield* bulkhead.statistics).waiting, 0)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(holder)
      assert.deepStrictEqual(yield* bulkhead.statistics, { places: 1, inUse: 0, waiting: 0, started: 1, rejected: 1 })
    }))

  it.effect("gives a place back that was given in the moment of an interruption", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const gate = yield* Deferred.make<void>()
      const holder = yield* Effect.forkChild(bulkhead.withPlace(Deferred.await(gate)))
      yield* Effect.yieldNow
      const waiter = yield* Effect.forkChild(bulkhead.withPlace(Effect.never))
      const split = yield* Effect.forkChild(Split.run([Effect.never], { strategy: all, bulkhead }))
      yield* Effect.yieldNow
      yield* Effect.sync(() => {
        Deferred.doneUnsafe(gate, Exit.void)
      })
      waiter.interruptUnsafe()
      split.interruptUnsafe()
      yield* Fiber.awaitAll([holder, waiter, split])
      yield* isIdle(bulkhead, { places: 1, rejected: 0 })
    }))

  it.effect("does not let many short branches keep others waiting", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const order: Array<string> = []
      const branches = (name: string, n: number) =>
        Array.from({ length: n }, () => Effect.map(Effect.yieldNow, () => order.push(name)))
      yield* Effect.all([
        Split.run(branches("long", 1000), { strategy: all, bulkhead }),
        Split.run(branches("short", 3), { strategy: all, bulkhead })
      ], { concurrency: 2 })
      assert.isBelow(order.lastIndexOf("short"), 40)
      yield* isIdle(bulkhead, { places: 1, rejected: 0 })
    }))

  it.effect("makes no fiber for a branch that waits", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 4 })
      const id = Effect.withFiber((fiber) => Effect.succeed(fiber.id))
      const before = yield* id
      const branches = Array.from({ length: 2000 }, () => Effect.yieldNow)
      const split = Split.run(branches, { strategy: all, bulkhead, discard: true })
      yield* Effect.all(Array.from({ length: 5 }, () => split), { concurrency: 5 })
      const after = yield* Effect.flatMap(Effect.forkChild(id), Fiber.join)
      assert.isAtMost(after - before, 200)
    }))

  it.effect("is held by losers that are awaited or detached until they end", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 2 })
      const [exit] = yield* timed(Effect.scoped(Effect.gen(function*() {
        yield* Split.run([Effect.sleep(10), Effect.sleep(50), Effect.void], {
          strategy: quorum(1),
          bulkhead,
          losers: "detach"
        })
        assert.strictEqual((yield* bulkhead.statistics).inUse, 1)
        yield* Split.run([Effect.sleep(5), Effect.sleep(90)], { strategy: any, bulkhead, losers: "await" })
        assert.strictEqual((yield* bulkhead.statistics).inUse, 1)
      })))
      assert.isTrue(Exit.isSuccess(exit) || Cause.pretty(exit.cause) === "")
      yield* isIdle(bulkhead, { places: 2, rejected: 0 })
    }))

  it("works under runSync", () => {
    const run = Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 2 })
      const { values } = yield* Split.run(Array.from({ length: 100 }, (_, i) => Effect.succeed(i)), {
        strategy: all,
        bulkhead
      })
      return { values, statistics: yield* bulkhead.statistics }
    })
    const { statistics, values } = Effect.runSync(run)
    assert.strictEqual(values.length, 100)
    assert.deepStrictEqual(statistics, { places: 2, inUse: 0, waiting: 0, started: 100, rejected: 0 })
  })

  it.effect("reports every number that is wrong", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Bulkhead.make("db", { places: 0.5, maxWaiting: -1 }))
      assert.match(error.message, /the places .* are 0\.5; .*maxWaiting of bulkhead "db" is -1; .*at least 0/)
      const layer = Layer.launch(
        Bulkhead.layer(class Db extends Context.Service<Db, Bulkhead.Bulkhead>()("Db") {}, { places: -1 })
      )
      assert.isTrue(Exit.isFailure(yield* Effect.exit(layer)))
    }))
})
