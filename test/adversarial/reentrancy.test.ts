/**
 * Re-entrancy: what happens further up on the very stack of the engine. Each group was a bug once; the comment above it
 * names the cause.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Logger } from "effect"
import { JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import {
  assertConsistent,
  captured,
  Census,
  endsWithin,
  slowToEnd,
  start,
  succeeded,
  tags,
  tally,
  wasInterrupted,
  wideBulkheads
} from "../kit/index.ts"

// `settle` fails the member that decides. When that happens re-entrantly, inside the `forkUnsafe` of the member that is
// being started, `iterateConcurrentImpl` has not added that member to its set yet: with the set empty it resumes at once.
describe("a decision made by a branch that another one resumes while it is being started (semantics 3; I2, I4)", () => {
  for (const bulkhead of wideBulkheads) {
    for (const timeout of [undefined, 1000]) {
      it.effect(`awaits the resuming branch, too (bulkhead ${bulkhead}, timeout ${timeout})`, () =>
        Effect.gen(function*() {
          const gate = yield* Deferred.make<void>()
          const trail: Array<string> = []
          const census = new Census()
          const fiber = yield* start(Split.run([
            Deferred.await(gate),
            census.count(slowToEnd(trail, "opener", 50, Deferred.succeed(gate, undefined)))
          ], { strategy: JoinStrategy.any, bulkhead, timeout }))
          assert.isUndefined(fiber.pollUnsafe(), "the loser still finalizes")
          yield* TestClock.adjust(50)
          const result = yield* Fiber.join(fiber)
          assert.deepStrictEqual(trail, ["end opener"])
          assert.strictEqual(census.running, 0)
          assert.deepStrictEqual(tags(result), ["Succeeded", "Interrupted"])
          assertConsistent(result)
        }))

      it.effect(`leaves a result that does not change later (bulkhead ${bulkhead}, timeout ${timeout})`, () =>
        Effect.gen(function*() {
          const gate = yield* Deferred.make<void>()
          const exit = yield* endsWithin(
            Effect.gen(function*() {
              const result = yield* Split.run([
                Deferred.await(gate),
                slowToEnd([], "opener", 50, Deferred.succeed(gate, undefined))
              ], { strategy: JoinStrategy.any, bulkhead, timeout })
              return [result, { ...result.tally }] as const
            }),
            50
          )
          yield* TestClock.adjust(100)
          const [result, before] = succeeded(exit)
          assert.deepStrictEqual({ ...result.tally }, before)
        }))
    }
  }
})

// `run` returns `finish`, an effect, to the caller's fiber; where that fiber has been interrupted in the same tick the
// effect is dropped, and with it the closing of the list.
describe("closing a list (semantics 4 and 5)", () => {
  it.effect("also where the caller is interrupted by the very branch that decides", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const fiber = yield* Effect.forkChild(Effect.withFiber((self) =>
        Split.run(function*() {
          try {
            for (;;) yield Effect.sync(() => self.interruptUnsafe())
          } finally {
            trail.push("closed")
          }
        }, { strategy: JoinStrategy.any, bulkhead: 2 })
      ))
      assert.isTrue(wasInterrupted(yield* Fiber.await(fiber)))
      assert.deepStrictEqual(trail, ["closed"])
    }))
})

// `pull` calls `next()`, which may resume a waiting branch at once; its slot then pulls from a generator that is running,
// and with an iterator of another kind two branches get one index. `isOpen` is not asked again after `next()`.
describe("a list whose next() resumes a branch (semantics 1 and 4; I2, I3)", () => {
  it.effect("is not read by two slots at once", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const result = yield* Split.run(function*() {
        yield Deferred.await(gate)
        Deferred.doneUnsafe(gate, Exit.void)
        yield Effect.void
        yield Effect.void
      }, { strategy: JoinStrategy.all, bulkhead: 2 })
      assert.deepStrictEqual(result.tally, tally(3))
    }))

  it.effect("gives each branch an index of its own", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      let n = 0
      const list: Iterable<Effect.Effect<number | void>, void> = {
        [Symbol.iterator]: () => ({
          next: () => {
            const i = n++
            if (i === 1) Deferred.doneUnsafe(gate, Exit.void)
            return i >= 4 ? { done: true, value: undefined } : {
              done: false,
              value: i === 0 ? Deferred.await(gate) : Effect.succeed(i)
            }
          }
        })
      }
      const result = yield* Split.run(list, { strategy: JoinStrategy.all, bulkhead: 2 })
      assert.deepStrictEqual(result.tally, tally(4))
      assertConsistent(result)
    }))

  for (const bulkhead of [undefined, 2]) {
    it.effect(`which decides: the branch it was about to give is not started (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const census = new Census()
        const result = yield* Split.run(function*() {
          yield Deferred.await(gate)
          Deferred.doneUnsafe(gate, Exit.void)
          yield census.count(Effect.void)
        }, { strategy: JoinStrategy.any, bulkhead })
        assert.strictEqual(census.started, 0)
        assert.deepStrictEqual(result.tally, tally(1))
      }))
  }
})

// `known` keeps the caller's array.
describe("changing the array of branches while the split runs (semantics 1; I1, I3)", () => {
  for (const bulkhead of [undefined, 1, 2]) {
    const change = (how: (list: Array<Effect.Effect<unknown>>) => void) =>
      Effect.gen(function*() {
        const list: Array<Effect.Effect<unknown>> = [
          Effect.sync(() => how(list)),
          Effect.sleep(10),
          Effect.sleep(20)
        ]
        const fiber = yield* start(Split.run(() => list, { strategy: JoinStrategy.all, bulkhead }))
        yield* TestClock.adjust(30)
        const result = succeeded(yield* Fiber.await(fiber))
        assert.deepStrictEqual(result.tally, tally(3))
        assertConsistent(result)
      })
    it.effect(`longer changes nothing (bulkhead ${bulkhead})`, () =>
      change((list) => list.push(Effect.sleep(10), Effect.sleep(10), Effect.sleep(10))))
    it.effect(`shorter changes nothing (bulkhead ${bulkhead})`, () =>
      change((list) => {
        list.length = 1
      }))
    it.effect(`with others changes nothing (bulkhead ${bulkhead})`, () =>
      change((list) => list.fill(Effect.die("other"))))
  }
})

// The replacement of a lost slot runs inside the lost fiber: whoever awaits that fiber awaits the split, and each further
// replacement nests one `forEach` deeper, whose ends unwind on one stack.
describe("lost slots (semantics 5)", () => {
  it.effect("a branch may interrupt another one and wait for its end", () =>
    Effect.gen(function*() {
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      const exit = yield* endsWithin(
        Split.run([
          captured(fibers),
          Effect.suspend(() => Fiber.interrupt(fibers[0]!)),
          Effect.sleep(1),
          Effect.sleep(1)
        ], { strategy: JoinStrategy.partialResults(4), bulkhead: 2 }),
        100
      )
      assert.deepStrictEqual(tags(succeeded(exit)), ["Failed", "Succeeded", "Succeeded", "Succeeded"])
    }))

  for (const [when, first] of [["at once", Effect.void], ["later", Effect.yieldNow]] as const) {
    it.effect(`thousands of them, ${when}, are replaced without growth of the stack`, () =>
      Effect.gen(function*() {
        const lost = Effect.andThen(first, Effect.withFiber((fiber) => Fiber.interrupt(fiber)))
        const fiber = yield* start(
          Split.run(Array.from({ length: 10_000 }, () => lost), {
            strategy: JoinStrategy.partialResults(10_000),
            bulkhead: 1,
            discard: true
          })
        )
        // tens of thousands of turns, without a clock
        for (let i = 0; i < 100_000 && fiber.pollUnsafe() === undefined; i++) yield* Effect.yieldNow
        assert.isDefined(fiber.pollUnsafe(), "it has ended")
        assert.deepStrictEqual((yield* Fiber.join(fiber)).tally, tally(0, 10_000))
      }))
  }
})

// `settle` returns `Effect.logWarning` as it is: where a logger throws, the member dies, and `ending` takes that for a
// broken list.
describe("logging a loser's death (semantics 3)", () => {
  it.effect("does not change the verdict where a logger throws", () =>
    Effect.gen(function*() {
      const broken = Logger.layer([Logger.make(() => {
        throw new Error("logger")
      })])
      const result = yield* Effect.provide(
        Split.run([Effect.ensuring(Effect.never, Effect.die("bug")), Effect.yieldNow], { strategy: JoinStrategy.any }),
        broken
      )
      assert.deepStrictEqual(result.tally, tally(1, 0, 1))
    }))
})

// A slot's own fiber reaches the operations after which the scheduler makes it yield; `runSync` never resumes it.
describe("Effect.runSync (semantics 7)", () => {
  it("runs a long synchronous split behind a bulkhead", () => {
    const branches = Array.from({ length: 5000 }, (_, i) => Effect.sync(() => i))
    const result = Effect.runSync(Split.run(branches, { strategy: JoinStrategy.all, bulkhead: 4, discard: true }))
    assert.deepStrictEqual(result.tally, tally(5000))
  })
})

// `judge` wrote the verdict of the outer question over the one that had been decided while it was asked.
describe("a strategy that resumes a branch while it is asked (semantics 1; I1)", () => {
  for (const late of ["fail", "proceed"] as const) {
    it.effect(`is not asked to overrule what that branch has decided, with ${late}`, () =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const first = late === "fail" ? "proceed" : "fail"
        const strategy = JoinStrategy.make({
          name: "resuming",
          initial: () => 0,
          onOutcome: (settled) => settled + 1,
          decide: (settled) => {
            if (settled === 2) return first
            if (settled === 0) return "continue"
            Deferred.doneUnsafe(gate, Exit.void)
            return late
          }
        })
        const exit = yield* Effect.exit(Split.run([Deferred.await(gate), Effect.void, Effect.never], { strategy }))
        assert.strictEqual(Exit.isSuccess(exit) ? "proceed" : "fail", first)
      }))
  }
})

// the state that the outer step made was written over the one of the inner step
describe("a fold whose step resumes a branch (semantics 1 and 7; I1)", () => {
  const branches = Effect.gen(function*() {
    const gate = yield* Deferred.make<number>()
    const open = (outcome: { readonly name: string }) => {
      if (outcome.name === "1") Deferred.doneUnsafe(gate, Exit.succeed(0))
    }
    return { open, list: [Deferred.await(gate), Effect.as(Effect.sleep(10), 1), Effect.as(Effect.sleep(20), 2)] }
  })

  it.effect("folds what settles meanwhile after what it folds: reduce", () =>
    Effect.gen(function*() {
      const { list, open } = yield* branches
      const fiber = yield* start(Split.run(list, {
        strategy: JoinStrategy.all,
        reduce: {
          initial: (): ReadonlyArray<string> => [],
          step: (names, outcome) => {
            open(outcome)
            return [...names, outcome.name]
          }
        }
      }))
      yield* TestClock.adjust(20)
      assert.deepStrictEqual((yield* Fiber.join(fiber)).value, ["1", "0", "2"])
    }))

  it.effect("folds what settles meanwhile after what it folds: a strategy", () =>
    Effect.gen(function*() {
      const { list, open } = yield* branches
      const told: Array<ReadonlyArray<string>> = []
      const strategy = JoinStrategy.make({
        name: "resuming",
        initial: (): ReadonlyArray<string> => [],
        onOutcome: (names, outcome) => {
          open(outcome)
          return [...names, outcome.name]
        },
        decide: (names) => {
          told.push(names)
          return names.length < 3 ? "continue" : "proceed"
        }
      })
      const fiber = yield* start(Split.run(list, { strategy }))
      yield* TestClock.adjust(20)
      assertConsistent(yield* Fiber.join(fiber))
      assert.deepStrictEqual(told.at(-1), ["1", "0", "2"])
    }))
})
