import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Effect, Exit, Fiber, Queue, Stream } from "effect"
import { Bulkhead, JoinStrategy, Split, TaskResult, Workflow } from "effect-cano"
import * as SplitStream from "effect-cano/SplitStream"
import { TestClock } from "effect/testing"
import { after, collectGarbage, failureOf, timed } from "../kit/index.ts"

const { all, allFailFast, any, quorum } = JoinStrategy

const now = Clock.currentTimeMillis

describe("onOutcome", () => {
  it.effect("is told of each branch in the order in which they end, losers included", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const [exit] = yield* timed(Split.run(
        {
          slow: after(50, 1),
          quick: after(10, 2),
          bad: Effect.andThen(Effect.sleep(20), Effect.fail("no")),
          own: Effect.never
        },
        {
          strategy: quorum(2),
          timeout: 40,
          onOutcome: ({ _tag, name }) => Effect.map(now, (at) => told.push(`${at} ${name} ${_tag}`))
        }
      ))
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(told, ["10 quick Succeeded", "20 bad Failed", "40 slow Interrupted", "40 own Interrupted"])
    }))

  it.effect("is told one at a time, and the split waits for it", () =>
    Effect.gen(function*() {
      let running = 0
      const told: Array<number> = []
      const [exit, at] = yield* timed(Split.run([after(10, 0), after(5, 1), after(6, 2)], {
        strategy: all,
        onOutcome: ({ index }) =>
          Effect.gen(function*() {
            assert.strictEqual(++running, 1)
            yield* Effect.sleep(100)
            running--
            told.push(index)
          })
      }))
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(at, 305)
      assert.deepStrictEqual(told, [1, 2, 0])
    }))

  it.effect("does not hold up the decision", () =>
    Effect.gen(function*() {
      const cut: Array<number> = []
      yield* timed(
        Split.run([after(10, 0), Effect.onInterrupt(Effect.never, () => Effect.map(now, (at) => cut.push(at)))], {
          strategy: any,
          onOutcome: () => Effect.sleep(1000)
        })
      )
      assert.deepStrictEqual(cut, [10])
    }))

  it.effect("fails the split with its error, and the branches are interrupted and awaited", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const [exit, at] = yield* timed(Split.run([
        after(10, 0),
        Effect.onInterrupt(Effect.never, () => Effect.andThen(Effect.sleep(7), Effect.sync(() => log.push("tidy"))))
      ], { strategy: all, onOutcome: () => Effect.fail("disk full" as const) }))
      assert.strictEqual(failureOf(exit), "disk full")
      assert.strictEqual(at, 17)
      assert.deepStrictEqual(log, ["tidy"])
    }))

  it.effect("fails the split also after the decision", () =>
    Effect.gen(function*() {
      const [exit] = yield* timed(Split.run([after(10, 0)], {
        strategy: any,
        onOutcome: () => Effect.andThen(Effect.sleep(10), Effect.fail("disk full" as const))
      }))
      assert.strictEqual(failureOf(exit), "disk full")
    }))

  it.effect("that throws, dies or interrupts itself ends the split with that cause", () =>
    Effect.gen(function*() {
      const boom = new Error("boom")
      const thrown = yield* Effect.exit(Split.run([Effect.void], {
        strategy: all,
        onOutcome: (): Effect.Effect<void> => {
          throw boom
        }
      }))
      assert.isTrue(Exit.isFailure(thrown) && Cause.squash(thrown.cause) === boom)
      const died = yield* Effect.exit(Split.run([Effect.void], { strategy: all, onOutcome: () => Effect.die(boom) }))
      assert.isTrue(Exit.isFailure(died) && Cause.squash(died.cause) === boom)
      const [interrupted] = yield* timed(
        Split.run([Effect.void, Effect.never], { strategy: all, onOutcome: () => Effect.interrupt })
      )
      assert.isTrue(Exit.isFailure(interrupted) && Cause.hasInterruptsOnly(interrupted.cause))
    }))

  // at such a value Effect ends the fiber as a whole, without its finalizers
  it.effect("that comes upon a value that is no Effect ends the split with that defect, however many branches there are", () =>
    Effect.gen(function*() {
      const shared = yield* Bulkhead.make("shared", { places: 1 })
      const lost = Effect.flatMap(Effect.void, () => Promise.resolve() as unknown as Effect.Effect<void>)
      for (const bulkhead of [undefined, 2, shared]) {
        for (const count of [1, 3, 40]) {
          const branches = Array.from({ length: count }, (_, i) => after(i, i))
          const [exit] = yield* timed(Split.run(branches, { strategy: all, bulkhead, onOutcome: () => lost }))
          assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
        }
      }
    }))

  it.effect("is interrupted and awaited with the split", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const fiber = yield* Effect.forkChild(Split.run([after(10, 0), Effect.never], {
        strategy: all,
        onOutcome: () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => log.push("stopped")))
      }))
      yield* TestClock.adjust(20)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(log, ["stopped"])
    }))

  it.effect("that is slow lets no further branch start", () =>
    Effect.gen(function*() {
      let started = 0
      let told = 0
      let most = 0
      const branches = function*() {
        for (let i = 0; i < 200; i++) {
          yield Effect.sync(() => {
            started++
            most = Math.max(most, started - told)
          })
        }
      }
      const [exit] = yield* timed(Split.run(branches, {
        strategy: all,
        bulkhead: 4,
        discard: true,
        onOutcome: () => Effect.map(Effect.sleep(1), () => told++)
      }))
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(told, 200)
      assert.isAtMost(most, 16 + 1 + 4)
    }))

  it.effect("is told of losers that are awaited or detached when they end", () =>
    Effect.gen(function*() {
      for (const losers of ["await", "detach"] as const) {
        const told: Array<string> = []
        const [exit] = yield* timed(Effect.scoped(Split.run([after(10, "a"), after(30, "b")], {
          strategy: any,
          losers,
          onOutcome: (outcome) =>
            Effect.sync(() => {
              told.push(outcome._tag)
              if (outcome._tag === "Late") assert.deepStrictEqual(outcome.exit, Exit.succeed("b"))
            })
        })))
        assert.isTrue(Exit.isSuccess(exit))
        assert.deepStrictEqual(told, ["Succeeded", "Late"])
      }
    }))

  it.effect("in a machine knows the state, and its error is one of the run", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const workflow = Workflow.make<{ readonly _tag: "Ask"; readonly n: number } | { readonly _tag: "Done" }>("w")
        .registerSplit("Ask", ({ n }) => [after(n, "x"), after(1, "y")], {
          strategy: all,
          onOutcome: (outcome, state) =>
            state.n > 10 ? Effect.fail("too many" as const) : Effect.sync(() => log.push(`${state.n} ${outcome.name}`)),
          next: { _tag: "Done" }
        })
        .addExitStates("Done")
      const [exit] = yield* timed(workflow.orchestrate({ _tag: "Ask", n: 5 }))
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(log, ["5 1", "5 0"])
      const [failed] = yield* timed(workflow.orchestrate({ _tag: "Ask", n: 50 }))
      assert.strictEqual(failureOf(failed), "too many")
    }))

  it("works under runSync", () => {
    const told: Array<number> = []
    const { values } = Effect.runSync(Split.run(Array.from({ length: 100 }, (_, i) => Effect.succeed(i)), {
      strategy: all,
      onOutcome: ({ index }) => Effect.sync(() => told.push(index))
    }))
    assert.deepStrictEqual(told, [...values])
    const bounded = Effect.runSync(Split.run(Array.from({ length: 100 }, (_, i) => Effect.succeed(i)), {
      strategy: all,
      bulkhead: 3,
      onOutcome: () => Effect.void
    }))
    assert.strictEqual(bounded.tally.succeeded, 100)
  })
})

describe("reduce", () => {
  it.effect("folds what settles, in that order, and keeps nothing else", () =>
    Effect.gen(function*() {
      const [exit] = yield* timed(Split.run({ a: after(30, 1), b: after(10, 2), c: after(20, 3) }, {
        strategy: quorum(2),
        reduce: { initial: () => "", step: (text, outcome) => `${text}${outcome.name}` }
      }))
      assert.deepStrictEqual(
        exit,
        Exit.succeed({
          value: "bc",
          tally: { total: 3, succeeded: 2, failed: 0, interrupted: 1, notStarted: 0 },
          timedOut: false
        }) as never
      )
    }))

  it.effect("starts anew each time", () =>
    Effect.gen(function*() {
      const split = Split.run([Effect.succeed(1), Effect.succeed(2)], {
        strategy: all,
        reduce: {
          initial: (): Array<number> => [],
          step: (list, outcome) => {
            if (outcome._tag === "Succeeded") list.push(outcome.value)
            return list
          }
        }
      })
      assert.deepStrictEqual((yield* split).value, [1, 2])
      assert.deepStrictEqual((yield* split).value, [1, 2])
    }))

  it.effect("that throws fails the split with its defect", () =>
    Effect.gen(function*() {
      const boom = new Error("boom")
      const cut: Array<string> = []
      const [exit] = yield* timed(Split.run([
        after(10, 1),
        Effect.onInterrupt(Effect.never, () => Effect.sync(() => cut.push("cut")))
      ], {
        strategy: all,
        reduce: {
          initial: () => 0,
          step: () => {
            throw boom
          }
        }
      }))
      assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) === boom)
      assert.deepStrictEqual(cut, ["cut"])
    }))

  it.effect("is what next of a machine is given, also over follow-on states", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"Many" | "One" | "Packed" | "Done">("w")
        .register("One", Effect.succeed("Packed" as const))
        .addExitStates("Packed", "Done")
        .registerSplit("Many", () => TaskResult.split(["One", "One"]), {
          strategy: all,
          reduce: {
            initial: () => 0,
            step: (n, outcome) => outcome._tag === "Succeeded" ? n + outcome.value.length : n
          },
          next: ({ value }) => value === 12 ? "Done" : "Packed"
        })
      assert.strictEqual(yield* workflow.orchestrate("Many"), "Done")
    }))

  it.effect("holds a million branches in bounded memory", () =>
    Effect.gen(function*() {
      const branches = function*() {
        for (let i = 0; i < 1_000_000; i++) yield Effect.succeed(i)
      }
      const { value } = yield* Split.run(branches, {
        strategy: all,
        bulkhead: 64,
        reduce: { initial: () => 0, step: (sum, outcome) => outcome._tag === "Succeeded" ? sum + outcome.value : sum }
      })
      assert.strictEqual(value, 499_999_500_000)
    }))
})

describe("stream", () => {
  it.effect("gives outcomes in the order of completion, and ends with the split", () =>
    Effect.gen(function*() {
      const [exit] = yield* timed(Stream.runCollect(
        SplitStream.make([after(30, "a"), after(10, "b"), Effect.andThen(Effect.sleep(20), Effect.fail("c"))], {
          strategy: JoinStrategy.partialResults(3)
        })
      ))
      assert.isTrue(Exit.isSuccess(exit))
      if (!Exit.isSuccess(exit)) return
      assert.deepStrictEqual([...exit.value].map(({ _tag, index }) => [index, _tag]), [
        [1, "Succeeded"],
        [2, "Failed"],
        [0, "Succeeded"]
      ])
    }))

  it.effect("fails as the split does, after the outcomes that led there", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const [exit] = yield* timed(Stream.runForEach(
        SplitStream.make([after(10, "a"), Effect.andThen(Effect.sleep(20), Effect.fail("c")), Effect.never], {
          strategy: allFailFast
        }),
        ({ _tag }) => Effect.sync(() => seen.push(_tag))
      ))
      const error = failureOf(exit)
      assert.strictEqual(error?._tag, "JoinUnsatisfiedError")
      assert.deepStrictEqual(seen, ["Succeeded", "Failed", "Interrupted"])
    }))

  it.effect("that is left early interrupts and awaits the branches", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const [exit, at] = yield* timed(Stream.runCollect(Stream.take(
        SplitStream.make([
          after(10, "a"),
          Effect.onInterrupt(Effect.never, () => Effect.andThen(Effect.sleep(5), Effect.sync(() => log.push("tidy"))))
        ], { strategy: all }),
        1
      )))
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(log, ["tidy"])
      assert.strictEqual(at, 15)
    }))

  it.effect("whose reader is slow starts no further branch", () =>
    Effect.gen(function*() {
      let started = 0
      const stream = SplitStream.make(Array.from({ length: 200 }, () => Effect.sync(() => started++)), {
        strategy: all,
        bulkhead: 2,
        bufferSize: 4
      })
      const gate = yield* Queue.unbounded<void>()
      const fiber = yield* Effect.forkChild(Stream.runForEach(stream, () => Queue.take(gate)))
      yield* TestClock.adjust(1)
      assert.isAtMost(started, 4 + 1 + 16 + 2 + 4)
      yield* Queue.offerAll(gate, new Array<void>(200))
      yield* Fiber.join(fiber)
      assert.strictEqual(started, 200)
    }))

  it.effect("refuses a buffer without room, beside whatever else is wrong", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Stream.runDrain(
        SplitStream.make([Effect.void], { strategy: all, bulkhead: 0, bufferSize: 0 })
      ))
      assert.strictEqual(error._tag, "ConfigurationError")
      assert.match(error.message, /bulkhead is 0.*bufferSize is 0; it must be an integer of at least 1/)
    }))
})

describe("a stream", () => {
  const ranWith = (bufferSize: number) =>
    Effect.gen(function*() {
      let ran = 0
      const branches = Array.from({ length: 100 }, () => Effect.sync(() => void ran++))
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(SplitStream.make(branches, { strategy: all, bufferSize }), () => Effect.never)
      )
      for (let i = 0; i < 500; i++) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      return ran
    })

  it.effect("reads ahead as far as it is told to", () =>
    Effect.gen(function*() {
      const [few, many] = [yield* ranWith(1), yield* ranWith(64)]
      assert.isBelow(few, 30)
      assert.isAtLeast(many, 64)
    }))

  it.effect("keeps no outcome that has been read", () =>
    Effect.gen(function*() {
      const seen: Array<WeakRef<object>> = []
      const branch = Effect.suspend(() => {
        const value = { large: "value" }
        seen.push(new WeakRef(value))
        return Effect.as(Effect.yieldNow, value)
      })
      const fiber = yield* Effect.forkChild(
        Stream.runDrain(
          SplitStream.make([...Array.from({ length: 100 }, () => branch), Effect.never], { strategy: all })
        )
      )
      yield* TestClock.adjust(1)
      yield* TestClock.adjust(1)
      collectGarbage()
      assert.lengthOf(seen, 100)
      assert.isBelow(seen.filter((ref) => ref.deref() !== undefined).length, 50)
      yield* Fiber.interrupt(fiber)
    }))
})
