import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber } from "effect"
import { Bulkhead, JoinStrategy, Split, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import { collectGarbage, failureOf, turns } from "../kit/index.ts"

const { all, any, percentage, quorum } = JoinStrategy

/** Branches that count down: each adds the next one. */
const countdown = (from: number, pause: Effect.Effect<void> = Effect.void) =>
  Split.growing<number>((add) => {
    const step = (n: number): Effect.Effect<number> =>
      Effect.gen(function*() {
        yield* pause
        if (n > 0) yield* add([step(n - 1)])
        return n
      })
    return [step(from)]
  })

describe("a split that grows", () => {
  it.effect("is complete when every branch has ended, and gives results in the order of adding", () =>
    Effect.gen(function*() {
      const { tally, values } = yield* Split.run(countdown(4), { strategy: all })
      assert.deepStrictEqual(values, [4, 3, 2, 1, 0])
      assert.strictEqual(tally.total, 5)
    }))

  it.effect("runs each time it is entered", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"Count" | "Again" | "Done">("w")
        .registerSplit("Count", countdown(3), {
          strategy: all,
          next: ({ values }) => values.length === 4 ? "Again" : "Done"
        })
        .registerSplit("Again", () => countdown(1), {
          strategy: all,
          next: ({ values }) => values.length === 2 ? "Done" : "Again"
        })
        .addExitStates("Done")
      assert.strictEqual(yield* workflow.orchestrate("Count"), "Done")
      assert.strictEqual(yield* workflow.orchestrate("Count"), "Done")
    }))

  for (const bulkhead of [undefined, 1, 3]) {
    it.effect(`goes deep without a stack of its own, behind a bulkhead of ${bulkhead}`, () =>
      Effect.gen(function*() {
        const { tally } = yield* Split.run(countdown(20_000), { strategy: all, bulkhead, discard: true })
        assert.strictEqual(tally.succeeded, 20_001)
      }))

    it.effect(`takes very many at once, behind a bulkhead of ${bulkhead}`, () =>
      Effect.gen(function*() {
        let running = 0
        let most = 0
        const wide = Split.growing<void>((add) => {
          const leaf = Effect.suspend(() => {
            most = Math.max(most, ++running)
            return Effect.andThen(Effect.yieldNow, Effect.sync(() => void running--))
          })
          return [Effect.asVoid(Effect.forEach(Array.from({ length: 5000 }), () => add([leaf])))]
        })
        const id = Effect.withFiber((fiber) => Effect.succeed(fiber.id))
        const before = yield* id
        const { tally } = yield* Split.run(wide, { strategy: all, bulkhead, discard: true })
        assert.strictEqual(tally.succeeded, 5001)
        assert.isAtMost(most, bulkhead ?? 5000)
        // branches that wait for a place are not fibers
        const after = yield* Effect.flatMap(Effect.forkChild(id), Fiber.join)
        assert.isAtMost(after - before, bulkhead === undefined ? 3 * 5001 : 50)
      }))

    it(`works under runSync, behind a bulkhead of ${bulkhead}`, () => {
      const { values } = Effect.runSync(Split.run(countdown(100), { strategy: all, bulkhead }))
      assert.strictEqual(values.length, 101)
    })
  }

  it.effect("without any branch is like any empty split", () =>
    Effect.gen(function*() {
      const none = Split.growing<number>(() => [])
      assert.deepStrictEqual((yield* Split.run(none, { strategy: all })).values, [])
      const error = yield* Effect.flip(Split.run(none, { strategy: any }))
      assert.strictEqual(error._tag, "JoinUnsatisfiedError")
    }))

  it.effect("is not satisfied by what happens to have ended", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const split = Split.growing<string>((add) => [
        Effect.succeed("first"),
        Effect.as(Effect.andThen(Deferred.await(gate), add([Effect.succeed("added")])), "second")
      ])
      const fiber = yield* Effect.forkChild(Split.run(split, { strategy: percentage(0.3) }))
      yield* TestClock.adjust(1)
      assert.isUndefined(fiber.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      const { values } = yield* Fiber.join(fiber)
      assert.deepStrictEqual([...values].sort(), ["added", "first", "second"])
    }))

  it.effect("answers false, and adds none, once it is decided or complete", () =>
    Effect.gen(function*() {
      const answers: Array<boolean> = []
      let adding: (() => Effect.Effect<boolean>) | undefined
      const split = Split.growing<string>((add) => {
        adding = () => add([Effect.succeed("late")])
        return [
          Effect.succeed("won"),
          Effect.onInterrupt(Effect.never, () => Effect.map(add([Effect.succeed("x")]), (took) => answers.push(took)))
        ]
      })
      const raced = yield* Split.run([Effect.yieldNow], { strategy: all })
      assert.strictEqual(raced.tally.total, 1)
      yield* Split.run(split, { strategy: quorum(1) })
      answers.push(yield* adding!())
      yield* Split.run(countdown(1), { strategy: all })
      assert.deepStrictEqual(answers.every((took) => !took), true)
    }))

  it.effect("takes what its seed adds before it runs as refused", () =>
    Effect.gen(function*() {
      const answers: Array<boolean> = []
      const split = Split.growing<number>((add) => {
        answers.push(Effect.runSync(add([Effect.succeed(0)])))
        return [Effect.succeed(1)]
      })
      assert.deepStrictEqual((yield* Split.run(split, { strategy: all })).values, [1])
      assert.deepStrictEqual(answers, [false])
    }))

  it.effect("keeps what was added and never started as NotStarted", () =>
    Effect.gen(function*() {
      const split = Split.growing<number>((add) => [Effect.as(add([Effect.succeed(2), Effect.succeed(3)]), 1)])
      const { outcomes, tally } = yield* Split.run(split, { strategy: any })
      assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["Succeeded", "NotStarted", "NotStarted"])
      assert.deepStrictEqual(tally, { total: 3, succeeded: 1, failed: 0, interrupted: 0, notStarted: 2 })
    }))

  it.effect("can be added to by a child of a branch, as long as a branch runs", () =>
    Effect.gen(function*() {
      const split = Split.growing<string>((add) => [
        Effect.gen(function*() {
          yield* Effect.forkChild(Effect.andThen(Effect.sleep(5), add([Effect.succeed("from a child")])))
          yield* Effect.sleep(10)
          return "parent"
        })
      ])
      const fiber = yield* Effect.forkChild(Split.run(split, { strategy: all, bulkhead: 1 }))
      yield* TestClock.adjust(20)
      assert.deepStrictEqual((yield* Fiber.join(fiber)).values, ["parent", "from a child"])
    }))

  it.effect("goes on when a branch leaves children behind", () =>
    Effect.gen(function*() {
      const split = Split.growing<number>((add) => {
        const step = (n: number): Effect.Effect<number> =>
          Effect.gen(function*() {
            yield* Effect.forkChild(Effect.never)
            if (n > 0) yield* add([step(n - 1)])
            return n
          })
        return [step(10)]
      })
      const { values } = yield* Split.run(split, { strategy: all, bulkhead: 1 })
      assert.strictEqual(values.length, 11)
    }))

  it.effect("that grows beyond maxBranches fails, and its branches are interrupted and awaited", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const endless = Split.growing<void>((add) => {
        const step: Effect.Effect<void> = Effect.suspend(() => Effect.asVoid(add([step])))
        return [Effect.onInterrupt(Effect.never, () => Effect.sync(() => log.push("tidy"))), step]
      })
      const exit = yield* Effect.exit(Split.run(endless, { strategy: all, maxBranches: 1000 }))
      const error = failureOf(exit)
      assert.strictEqual(error?._tag, "WorkflowError")
      assert.strictEqual(error?.message, "the split is given more than 1000 branches (maxBranches)")
      assert.deepStrictEqual(log, ["tidy"])
    }))

  it.effect("counts against the budget of its run, with the other splits", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"Count" | "Again" | "Done">("w")
        .registerSplit("Count", countdown(3), { strategy: all, next: "Again" })
        .registerSplit("Again", [Effect.void, Effect.void], { strategy: all, next: "Done" })
        .addExitStates("Done")
      assert.strictEqual(yield* workflow.orchestrate("Count", { maxBranches: 6 }), "Done")
      const error = failureOf(yield* Effect.exit(workflow.orchestrate("Count", { maxBranches: 5 })))
      assert.strictEqual(error?._tag, "WorkflowError")
      assert.strictEqual(error?._tag === "WorkflowError" ? error.state : undefined, "Again")
      const early = failureOf(yield* Effect.exit(workflow.orchestrate("Count", { maxBranches: 2 })))
      assert.strictEqual(early?._tag === "WorkflowError" ? early.state : undefined, "Count")
    }))

  it.effect("refuses what is no Effect, in the seed and later", () =>
    Effect.gen(function*() {
      const bad = (add: any): any => [Effect.flatMap(add([1]), () => Effect.never)]
      const later = failureOf(yield* Effect.exit(Split.run(Split.growing(bad), { strategy: all })))
      assert.strictEqual(later?.message, "branch 1 is the number 1, not an Effect")
      const seeded = Split.growing((() => [Effect.void, "x"]) as never)
      const early = failureOf(yield* Effect.exit(Split.run(seeded, { strategy: all })))
      assert.strictEqual(early?.message, "branch 1 is the string x, not an Effect")
    }))

  it.effect("fails with the defect of a seed that throws", () =>
    Effect.gen(function*() {
      const boom = new Error("boom")
      const exit = yield* Effect.exit(Split.run(
        Split.growing<number>(() => {
          throw boom
        }),
        { strategy: all }
      ))
      assert.isTrue(Exit.isFailure(exit) && Cause.squash(exit.cause) === boom)
    }))
})

describe("branches that are added", () => {
  for (const bulkhead of [undefined, 2]) {
    it.effect(`start beside the one that has added them (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const done = yield* Deferred.make<void>()
        const split = Split.run(
          Split.growing<void>((add) => [
            Effect.yieldNow.pipe(
              Effect.andThen(add([Effect.asVoid(Deferred.succeed(done, undefined))])),
              Effect.andThen(Deferred.await(done))
            )
          ]),
          { strategy: all, bulkhead }
        )
        const fiber = yield* Effect.forkChild(split)
        yield* turns(10)
        assert.isDefined(fiber.pollUnsafe())
      }))
  }

  it.effect("start in the place of one that has left children behind", () =>
    Effect.gen(function*() {
      const done = yield* Deferred.make<void>()
      const bulkhead = yield* Bulkhead.make("db", { places: 2 })
      const leaving = Effect.andThen(Effect.yieldNow, Effect.asVoid(Effect.forkChild(Effect.never)))
      const branches = [leaving, Deferred.await(done), Effect.asVoid(Deferred.succeed(done, undefined))]
      for (const places of [2, bulkhead]) {
        const fiber = yield* Effect.forkChild(
          Split.run(Split.growing<void>(() => branches), { strategy: all, bulkhead: places })
        )
        yield* turns(10)
        assert.isDefined(fiber.pollUnsafe())
      }
    }))

  it.effect("are refused once the last one has ended, also by what the strategy does with it", () =>
    Effect.gen(function*() {
      const answers: Array<boolean> = []
      let more: Effect.Effect<boolean> = Effect.succeed(false)
      const strategy = JoinStrategy.make<void, never, number>({
        name: "adds",
        initial: () => 0,
        onOutcome: (n) => {
          answers.push(Effect.runSync(more))
          return n + 1
        },
        decide: (n, tally) => n === tally.total ? "proceed" : "continue"
      })
      const { tally } = yield* Split.run(
        Split.growing<void>((add) => {
          more = add([Effect.void])
          return [Effect.yieldNow]
        }),
        { strategy }
      )
      assert.deepStrictEqual(answers, [false])
      assert.strictEqual(tally.total, 1)
    }))

  it.effect("are forgotten when they start, also while they are few", () =>
    Effect.gen(function*() {
      const seen: Array<WeakRef<object>> = []
      let alive = -1
      const link = (
        add: (branches: Iterable<Effect.Effect<void>>) => Effect.Effect<boolean>,
        n: number
      ): Effect.Effect<void> => {
        const own = Effect.suspend(() => {
          if (n === 900) {
            collectGarbage()
            alive = seen.filter((ref) => ref.deref() !== undefined).length
            return Effect.void
          }
          return Effect.andThen(Effect.yieldNow, Effect.asVoid(add([link(add, n + 1)])))
        })
        seen.push(new WeakRef(own))
        return own
      }
      yield* Split.run(Split.growing<void>((add) => [link(add, 1)]), { strategy: all, bulkhead: 1, discard: true })
      assert.isAtLeast(alive, 1)
      assert.isBelow(alive, 100)
    }))
})
