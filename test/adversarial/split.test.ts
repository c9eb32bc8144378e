/**
 * Written by re-reading `src/internal/split/split.ts` and asking what breaks if X happens before Y. The invariants I1 to I9
 * are those at the head of that file.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Exit, Fiber } from "effect"
import { type CanoError, JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import { Census, failed, notAnEffect, start, tags } from "../kit/index.ts"

describe("during the start", () => {
  for (const place of [0, 1, 2]) {
    it.effect(`a synchronous decision by branch ${place} of 3 ends those before it and starts none after it (I3)`, () =>
      Effect.gen(function*() {
        const inside = new Census()
        const branches = [0, 1, 2].map((i) => inside.count(i === place ? Effect.succeed(i) : Effect.never))
        const result = yield* Split.run(branches, { strategy: JoinStrategy.quorum(1), timeout: 100 })
        const expected = [0, 1, 2].map((i) => i < place ? "Interrupted" : i === place ? "Succeeded" : "NotStarted")
        assert.deepStrictEqual(tags(result), expected)
        assert.deepStrictEqual([inside.started, inside.running], [place + 1, 0])
      }))
  }

  it.effect("a branch that interrupts the run from within its own start ends what was started", () =>
    Effect.gen(function*() {
      const inside = new Census()
      const self: { run: Fiber.Fiber<unknown, unknown> | undefined } = { run: undefined }
      const fiber = yield* start(Effect.withFiber((run) => {
        self.run = run
        return Split.run([
          inside.count(Effect.never),
          Effect.sync(() => self.run?.interruptUnsafe()),
          inside.count(Effect.never)
        ], { strategy: JoinStrategy.all })
      }))
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      assert.strictEqual(inside.running, 0)
    }))

  it.effect("two branches that settle on one resumption are counted once each (I1, I2)", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const waiting = Deferred.await(gate)
      const result = yield* Split.run([
        waiting,
        waiting,
        waiting,
        Effect.andThen(Deferred.succeed(gate, undefined), Effect.never)
      ], { strategy: JoinStrategy.quorum(2) })
      assert.deepStrictEqual(result.tally, { total: 4, succeeded: 2, failed: 0, interrupted: 2, notStarted: 0 })
    }))
})

describe("decision and deadline", () => {
  it.effect("at the same instant one of them wins, and the result is whole", () =>
    Effect.gen(function*() {
      for (const bulkhead of [undefined, 1]) {
        const fiber = yield* start(
          Effect.exit(Split.run([Effect.sleep(50)], { strategy: JoinStrategy.all, timeout: 50, bulkhead }))
        )
        yield* TestClock.adjust(50)
        const exit = yield* Fiber.join(fiber)
        const tally = Exit.isSuccess(exit) ? exit.value.tally : failed(exit).result.tally
        assert.strictEqual(tally.succeeded + tally.interrupted, 1)
      }
    }))

  it.effect("a deadline that passes while losers clean up does nothing, an infinite one never passes", () =>
    Effect.gen(function*() {
      const slow = Effect.onInterrupt(Effect.never, () => Effect.sleep(1000))
      for (const timeout of [20, "Infinity"] as const) {
        const fiber = yield* start(Split.run([slow, Effect.sleep(10)], { strategy: JoinStrategy.any, timeout }))
        yield* TestClock.adjust(1010)
        assert.deepInclude(yield* Fiber.join(fiber), { timedOut: false })
      }
    }))

  it.effect("a deadline that has decided is not overruled by losers that end well or badly (I1)", () =>
    Effect.gen(function*() {
      const stubborn = (end: Effect.Effect<void, string>) =>
        Effect.uninterruptible(Effect.andThen(Effect.sleep(100), end))
      const fiber = yield* start(Effect.exit(
        Split.run([stubborn(Effect.void), stubborn(Effect.fail("late"))], { strategy: JoinStrategy.all, timeout: 10 })
      ))
      yield* TestClock.adjust(100)
      const error = failed(yield* Fiber.join(fiber)) as CanoError.JoinTimeoutError
      assert.deepStrictEqual(error.result.tally, { total: 2, succeeded: 0, failed: 0, interrupted: 2, notStarted: 0 })
    }))

  it.live("a deadline of the real clock ends an endless list of synchronous branches", () =>
    Effect.gen(function*() {
      const result = yield* Split.run(function*() {
        for (;;) yield Effect.void
      }, { strategy: JoinStrategy.partialTimeout, timeout: 5, bulkhead: 4, discard: true })
      assert.isTrue(result.timedOut)
    }))
})

describe("losers", () => {
  it.effect("finalizers that sleep, fail or die are awaited, and only dying ones leave a defect", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const cleanup = (name: string, last: Effect.Effect<void>) =>
        Effect.onInterrupt(
          Effect.never,
          () => Effect.andThen(Effect.sleep(10), Effect.andThen(Effect.sync(() => trail.push(name)), last))
        )
      const fiber = yield* start(Split.run([
        cleanup("a", Effect.void),
        cleanup("b", Effect.die("b")),
        Effect.sleep(1)
      ], { strategy: JoinStrategy.any }))
      yield* TestClock.adjust(11)
      const result = yield* Fiber.join(fiber)
      assert.deepStrictEqual(trail, ["a", "b"])
      const dies = result.cancelled.map((loser) => loser._tag === "Interrupted" && Cause.hasDies(loser.cause))
      assert.deepStrictEqual(dies, [false, true])
    }))

  it.effect("a loser that waits for a later loser's finalizer does not hang the split", () =>
    Effect.gen(function*() {
      const done = yield* Deferred.make<void>()
      const first = Effect.onInterrupt(Effect.never, () => Deferred.await(done))
      const second = Effect.onInterrupt(Effect.never, () => Deferred.succeed(done, undefined))
      const result = yield* Split.run([first, second, Effect.yieldNow], { strategy: JoinStrategy.any })
      assert.strictEqual(result.tally.interrupted, 2)
    }))

  it.effect("interrupting the run while losers clean up still awaits them", () =>
    Effect.gen(function*() {
      const inside = new Census()
      const slow = inside.count(Effect.onInterrupt(Effect.never, () => Effect.sleep(100)))
      const fiber = yield* start(Split.run([slow, slow, Effect.sleep(10)], { strategy: JoinStrategy.any }))
      yield* TestClock.adjust(20)
      const interruption = yield* start(Fiber.interrupt(fiber))
      assert.strictEqual(inside.running, 2)
      yield* TestClock.adjust(90)
      yield* Fiber.join(interruption)
      assert.strictEqual(inside.running, 0)
    }))
})

describe("fibers that are interrupted from outside", () => {
  for (const bulkhead of [undefined, 1, 3]) {
    it.effect(`every branch may have its fiber interrupted, and the split still ends (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const suicide = Effect.withFiber((fiber) => Effect.andThen(Effect.yieldNow, Fiber.interrupt(fiber)))
        const fiber = yield* start(
          Split.run(Array.from({ length: 50 }, () => suicide), { strategy: JoinStrategy.partialResults(50), bulkhead })
        )
        const result = yield* Fiber.join(fiber)
        assert.deepStrictEqual(result.tally, { total: 50, succeeded: 0, failed: 50, interrupted: 0, notStarted: 0 })
      }))
  }

  it.effect("a decision, a deadline and an interruption reach the slots that replaced lost ones (I5)", () =>
    Effect.gen(function*() {
      const inside = new Census()
      const suicide = Effect.withFiber((fiber) => Fiber.interrupt(fiber))
      const branches = [
        suicide,
        suicide,
        inside.count(Effect.never),
        inside.count(Effect.sleep(10)),
        inside.count(Effect.never)
      ]
      const decided = yield* start(Split.run(branches, { strategy: JoinStrategy.any, bulkhead: 2 }))
      yield* TestClock.adjust(10)
      assert.strictEqual((yield* Fiber.join(decided)).tally.succeeded, 1)
      const late = yield* start(
        Effect.exit(Split.run(branches, { strategy: JoinStrategy.all, bulkhead: 2, timeout: 50 }))
      )
      yield* TestClock.adjust(50)
      assert.deepInclude(failed(yield* Fiber.join(late)), { _tag: "JoinTimeoutError" })
      const interrupted = yield* start(Split.run(branches, { strategy: JoinStrategy.all, bulkhead: 2 }))
      yield* TestClock.adjust(20)
      yield* Fiber.interrupt(interrupted)
      assert.strictEqual(inside.running, 0)
    }))
})

describe("lists", () => {
  it.effect("return() is called once when a list is left early, never when it was read to its end", () =>
    Effect.gen(function*() {
      const list = (n: number) => {
        const calls = { next: 0, return: 0 }
        const iterable: Iterable<Effect.Effect<number>, void> = {
          [Symbol.iterator]: () => ({
            next: () => calls.next++ < n ? { done: false, value: Effect.succeed(1) } : { done: true, value: undefined },
            return: () => {
              calls.return++
              return { done: true, value: undefined }
            }
          })
        }
        return { calls, iterable }
      }
      const early = list(10)
      yield* Split.run(early.iterable, { strategy: JoinStrategy.quorum(2), bulkhead: 1 })
      assert.deepStrictEqual(early.calls, { next: 2, return: 1 })
      const whole = list(3)
      yield* Split.run(whole.iterable, { strategy: JoinStrategy.all })
      assert.deepStrictEqual(whole.calls, { next: 4, return: 0 })
      const interrupted = list(Number.POSITIVE_INFINITY)
      const fiber = yield* start(
        Split.run(function*() {
          for (const effect of interrupted.iterable) yield Effect.andThen(effect, Effect.never)
        }, { strategy: JoinStrategy.all, bulkhead: 2 })
      )
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(interrupted.calls.return, 1, "also when the run is interrupted")
    }))

  it.effect("a return() that throws is a defect, after everything has ended", () =>
    Effect.gen(function*() {
      const inside = new Census()
      const list: Iterable<Effect.Effect<void>, void> = {
        [Symbol.iterator]: () => {
          let n = 0
          return {
            next: () => ({ done: false, value: n++ === 0 ? inside.count(Effect.never) : Effect.void }),
            return: () => {
              assert.strictEqual(inside.running, 0)
              throw new Error("return")
            }
          }
        }
      }
      const exit = yield* Effect.exit(Split.run(list, { strategy: JoinStrategy.any, bulkhead: 2 }))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    }))

  it.effect("a list whose reading resumes another branch is read on", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const result = yield* Split.run(function*() {
        yield Deferred.await(gate)
        Deferred.doneUnsafe(gate, Exit.void)
        yield Effect.void
      }, { strategy: JoinStrategy.all })
      assert.strictEqual(result.tally.succeeded, 2)
    }))

  it.effect("frozen, shared and repeated branches are branches like others", () =>
    Effect.gen(function*() {
      const one = Effect.sync(() => 1)
      const branches = Object.freeze([one, one, one])
      for (let i = 0; i < 2; i++) {
        assert.deepStrictEqual((yield* Split.run(branches, { strategy: JoinStrategy.all })).values, [1, 1, 1])
      }
    }))

  it.effect("a hole in an array is no branch", () =>
    Effect.gen(function*() {
      // oxlint-disable-next-line no-sparse-arrays
      const holes = [Effect.void, , Effect.void] as Array<Effect.Effect<void>>
      const error = failed(yield* Effect.exit(Split.run(() => holes, { strategy: JoinStrategy.all })))
      assert.match(error.message, /branch 1 is undefined/)
    }))

  it.effect("a service key and an Exit are Effects, and may be branches", () =>
    Effect.gen(function*() {
      class Greeting extends Context.Service<Greeting, string>()("test/Greeting") {}
      const result = yield* Split.run([Greeting, Exit.succeed(2), Exit.fail("no")], {
        strategy: JoinStrategy.partialResults(3)
      })
        .pipe(Effect.provideService(Greeting, "hi"))
      assert.deepStrictEqual(result.values, ["hi", 2])
    }))

  it.effect("a branch that holds something that is no Effect is a defect of the run, and nobody is left running", () =>
    Effect.gen(function*() {
      const inside = new Census()
      const broken = Effect.flatMap(Effect.yieldNow, () => undefined as unknown as Effect.Effect<void>)
      for (const timeout of [undefined, "1 hour"] as const) {
        for (const bulkhead of [undefined, 2]) {
          const exit = yield* Effect.exit(
            Split.run([inside.count(Effect.never), broken], { strategy: JoinStrategy.all, bulkhead, timeout })
          )
          assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
          assert.strictEqual(inside.running, 0)
        }
        for (const place of [0, 2900]) {
          const many = yield* Effect.exit(Split.run(function*() {
            for (let i = 0; i < 3000; i++) yield i === place ? broken : inside.count(Effect.never)
          }, { strategy: JoinStrategy.all, timeout }))
          assert.isTrue(Exit.isFailure(many) && Cause.hasDies(many.cause))
          assert.strictEqual(inside.running, 0)
        }
      }
    }))

  it.effect("a fiber that ends at a value that is no Effect is a failure of the branch that has waited for it", () =>
    Effect.gen(function*() {
      const waits = Effect.flatMap(Effect.forkDetach(notAnEffect), Fiber.join)
      for (const bulkhead of [undefined, 2]) {
        // alone, and after one that completes at once
        for (const before of [0, 1]) {
          const result = yield* Split.run([...Array.from({ length: before }, () => Effect.void), waits], {
            strategy: JoinStrategy.partialResults(before + 1),
            bulkhead
          })
          assert.strictEqual(tags(result).at(-1), "Failed")
        }
      }
    }))
})

describe("isolation", () => {
  it.effect("what a branch provides to itself does not reach the next one on the same slot", () =>
    Effect.gen(function*() {
      const Level = Context.Reference<number>("test/Level", { defaultValue: () => 0 })
      const read = Effect.map(Level, (level) => level)
      const result = yield* Split.run([Effect.provideService(read, Level, 7), read], {
        strategy: JoinStrategy.all,
        bulkhead: 1
      })
      assert.deepStrictEqual(result.values, [7, 0])
    }))

  it.effect("a result does not change after the split has ended", () =>
    Effect.gen(function*() {
      const result = yield* Split.run([Effect.succeed(1), Effect.never], { strategy: JoinStrategy.any })
      const before = JSON.stringify(result)
      yield* TestClock.adjust(1000)
      assert.strictEqual(JSON.stringify(result), before)
      assert.deepStrictEqual({ ...result }, result, "it is plain data")
    }))

  it("a synchronous split runs with runSync", () => {
    const split = Split.run(Array.from({ length: 5000 }, (_, i) => Effect.sync(() => i)), {
      strategy: JoinStrategy.all
    })
    assert.strictEqual(Effect.runSync(split).tally.succeeded, 5000)
  })

  it.effect("a branch may run the very split it belongs to", () =>
    Effect.gen(function*() {
      let depth = 0
      const split: Effect.Effect<number, CanoError.CanoError> = Effect.map(
        Split.run([Effect.suspend(() => ++depth < 20 ? split : Effect.succeed(1))], {
          strategy: JoinStrategy.all,
          bulkhead: 1
        }),
        (result) => result.values[0] + 1
      )
      assert.strictEqual(yield* split, 21)
    }))
})
