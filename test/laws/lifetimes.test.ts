/**
 * Laws of what a split owns: sentences 3, 4, 5, 6 and 7 of docs/GUARANTEES.md. Nobody is left running, every finalizer
 * has run, exactly once, before anything that comes next.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Cause, Effect, Exit, Fiber, Logger } from "effect"
import { JoinStrategy } from "effect-cano"
import {
  anySplit,
  branch,
  bulkhead,
  instant,
  int,
  listOf,
  makeTrail,
  model,
  observe,
  oneOf,
  passTime,
  primeClock,
  registered,
  runs,
  same,
  shape,
  soundSplit,
  standalone,
  strategy,
  toShape,
  toStrategy,
  traced,
  untyped,
  yieldsAtRandom
} from "../kit/index.ts"

const indices = (list: ReadonlyArray<readonly [number, number]>) => list.map(([index]) => index).sort((a, b) => a - b)

describe("a split that has returned", () => {
  it.effect.prop(
    "has no branch running, and finished each it started exactly once",
    { split: anySplit },
    ({ split }) =>
      Effect.gen(function*() {
        const seen = yield* observe(split)
        assert.strictEqual(seen.leftRunning, 0)
        assert.deepStrictEqual(indices(seen.finished), indices(seen.started))
        assert.strictEqual(new Set(indices(seen.started)).size, seen.started.length)
      }),
    runs(300)
  )

  it.effect.prop(
    "has waited for the slowest finalizer of its losers",
    { split: soundSplit },
    ({ split }) =>
      Effect.gen(function*() {
        const { endedAt, finished } = yield* observe(split)
        assert.strictEqual(endedAt, Math.max(0, ...finished.map(([, at]) => at)))
      }),
    runs(200)
  )

  it.effect.prop("has ended the children that its branches forked", {
    split: soundSplit,
    cleanup: int(0, 3)
  }, ({ cleanup, split }) =>
    Effect.gen(function*() {
      let children = 0
      const child = Effect.suspend(() => {
        children++
        return Effect.ensuring(
          Effect.never,
          Effect.andThen(
            Effect.sleep(cleanup * 100),
            Effect.sync(() => {
              children--
            })
          )
        )
      })
      let left = -1
      const seen = yield* observe(split, (branches, options) => {
        const list = split.branches.map((_, index) => index)
        const parents = list.map((index) =>
          Effect.andThen(Effect.forkChild(child, { startImmediately: true }), pick(branches, index))
        )
        return Effect.onExit(standalone(parents, options), () =>
          Effect.sync(() => {
            left = children
          }))
      })
      assert.strictEqual(left, 0)
      assert.strictEqual(seen.leftRunning, 0)
    }), runs(150))

  it.effect.prop(
    "lets nothing but its branches into a cause",
    { split: anySplit },
    ({ split }) =>
      Effect.gen(function*() {
        assert.deepStrictEqual((yield* observe(split)).foreign, [])
      }),
    runs(200)
  )

  it.effect.prop(
    "logs the defect of each loser once, and nothing else",
    { split: soundSplit },
    ({ split }) =>
      Effect.gen(function*() {
        const causes: Array<Cause.Cause<unknown>> = []
        const logger = Logger.make(({ cause }) => {
          causes.push(cause)
        })
        const seen = yield* Effect.provide(observe(split), Logger.layer([logger]))
        assert.strictEqual(causes.length, seen.diedLate.length)
        assert.isTrue(causes.every((cause) => Cause.hasDies(cause)))
      }),
    runs(150)
  )

  it.effect.prop(
    "left a generator of branches early closes it, once",
    { split: soundSplit },
    ({ split }) =>
      Effect.gen(function*() {
        let opened = 0
        let closed = 0
        yield* observe({ ...split, shape: "generator" }, (branches, options) =>
          standalone(function*() {
            opened++
            try {
              yield* (branches as () => Iterable<Effect.Effect<unknown, unknown>>)()
            } finally {
              closed++
            }
          }, options))
        assert.deepStrictEqual([opened, closed], [1, 1])
      }),
    runs(150)
  )
})

/** One branch of a split, whatever its shape. */
const pick = (branches: unknown, index: number): Effect.Effect<unknown, unknown> =>
  Effect.suspend(() => {
    const list = typeof branches === "function"
      ? branches()
      : Effect.isEffect(branches)
      ? undefined
      : branches
    if (list === undefined) {
      return Effect.flatMap(branches as Effect.Effect<ReadonlyArray<Effect.Effect<unknown, unknown>>>, (all) =>
        all[index]!)
    }
    const all: ReadonlyArray<Effect.Effect<unknown, unknown>> = Symbol.iterator in list
      ? [...list]
      : Object.values(list)
    return all[index]!
  })

describe("next and otherwise", () => {
  it.effect.prop(
    "run when every branch that was started has been finalized",
    { split: soundSplit },
    ({ split }) =>
      Effect.gen(function*() {
        let calls = 0
        let left = -1
        const seen = yield* observe(split, (branches, options, trail) => {
          const look = () => {
            calls++
            left = trail.running
            return "Done"
          }
          return Effect.andThen(
            untyped()
              .registerSplit("Split", branches, { ...options, next: look, otherwise: look })
              .addExitStates("Done")
              .orchestrate("Split"),
            // for the observation, which wants a result
            standalone([], { strategy: JoinStrategy.all })
          )
        })
        assert.strictEqual(calls, 1)
        assert.strictEqual(left, 0)
        assert.deepStrictEqual(indices(seen.finished), indices(seen.started))
      }),
    runs(200)
  )
})

describe("interruption", () => {
  for (const [name, run] of [["Split.run", standalone], ["a run", registered]] as const) {
    it.effect.prop(`of ${name} at any instant leaves no branch running and runs every finalizer once`, {
      split: soundSplit,
      instant
    }, ({ instant, split }) =>
      Effect.gen(function*() {
        yield* primeClock
        const trail = yield* makeTrail
        const branches = toShape(split.shape, split.branches.map((branch, index) => traced(trail, branch, index)))
        const { bulkhead, timeout } = split
        const options = { strategy: toStrategy(split.strategy), bulkhead, timeout }
        let leftRunning = -1
        const fiber = yield* Effect.forkChild(
          Effect.onExit(run(branches, options), () =>
            Effect.sync(() => {
              leftRunning = trail.running
            })),
          { startImmediately: true }
        )
        yield* passTime(instant)
        const started = trail.started.length
        const before = fiber.pollUnsafe()
        yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
        yield* passTime()
        const exit = fiber.pollUnsafe()!
        assert.isDefined(exit)
        if (before === undefined) assert.isTrue(Exit.hasInterrupts(exit))
        assert.strictEqual(leftRunning, 0)
        assert.deepStrictEqual(indices(trail.finished), indices(trail.started))
        // nobody starts after the interruption
        assert.strictEqual(trail.started.length, started)
      }), runs(250))
  }

  it.effect.prop("of a split does not stop it before the finalizers of its branches are done", {
    branches: listOf(branch),
    bulkhead,
    shape,
    instant
  }, ({ branches, bulkhead, instant, shape }) =>
    Effect.gen(function*() {
      yield* primeClock
      const trail = yield* makeTrail
      const slow = branches.map((branch) => ({ ...branch, delay: 10_000, stubborn: false }))
      const effects = slow.map((branch, index) => traced(trail, branch, index))
      const fiber = yield* Effect.forkChild(
        standalone(toShape(shape, effects), { strategy: JoinStrategy.all, bulkhead }),
        { startImmediately: true }
      )
      yield* passTime(instant)
      const slowest = Math.max(...trail.started.map(([index]) => slow[index]!.cleanup))
      yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      if (slowest > 0) {
        yield* passTime(slowest - 1)
        assert.isUndefined(fiber.pollUnsafe())
        yield* passTime(1)
      } else yield* passTime(0)
      assert.isDefined(fiber.pollUnsafe())
      assert.strictEqual(trail.running, 0)
    }), runs(150))
})

describe("very many branches", () => {
  // they pass the segments and the yields of the engine, 2,048 each, and the operations after which Effect makes a fiber
  // yield; their branches need no time
  it.effect.prop("are joined as the reference join says", {
    total: int(2040, 6200),
    failing: int(2, 3000),
    // where fibers yield at random, it is open which branches come first, but for `all` each of them counts
    strategy: yieldsAtRandom ? Arbitrary.Constant<model.Strategy>({ _tag: "All" }) : strategy,
    needed: int(1, 6000),
    bulkhead: Arbitrary.map(oneOf([0, 1, 2, 7, 64]), (n) => n === 0 ? undefined : n),
    shape: oneOf(["array", "iterable"])
  }, ({ bulkhead, failing, needed, shape, strategy, total }) =>
    Effect.gen(function*() {
      const split: model.Split = {
        branches: Array.from({ length: total }, (_, index) => ({
          delay: 0,
          end: index % failing === failing - 1 ? "Fail" : "Succeed",
          cleanup: 0,
          cleanupDies: false,
          stubborn: false
        })),
        strategy: "n" in strategy
          ? { ...strategy, n: Math.min(needed, total) }
          : strategy._tag === "PartialTimeout"
          ? { _tag: "All" }
          : strategy,
        bulkhead,
        timeout: undefined,
        shape
      }
      const effects = split.branches.map((branch, index) =>
        branch.end === "Fail" ? Effect.suspend(() => Effect.fail(index)) : Effect.sync(() => index)
      )
      const result = yield* Effect.match(
        standalone(toShape(shape, effects), { strategy: toStrategy(split.strategy), bulkhead }),
        {
          onSuccess: (result) => ({ verdict: "Proceed", result }),
          onFailure: (error: any) => ({ verdict: error._tag, result: error.result })
        }
      )
      const expected = model.predict(split)
      const { tally, verdict } = expected
      same({ verdict: result.verdict, tally: { ...result.result.tally } }, { verdict, tally })
      const settled: Array<number> = result.result.settled.map(({ index }: { index: number }) => index)
      assert.deepStrictEqual(yieldsAtRandom ? settled.sort((a, b) => a - b) : settled, expected.settled)
    }), runs(30))

  it.effect.prop("never run beyond the bulkhead, and none is left behind", {
    bulkhead: int(1, 3000),
    total: int(2500, 4500)
  }, ({ bulkhead, total }) =>
    Effect.gen(function*() {
      let running = 0
      let most = 0
      let finished = 0
      const effects = Array.from({ length: total }, () =>
        Effect.suspend(() => {
          most = Math.max(most, ++running)
          return Effect.ensuring(
            Effect.yieldNow,
            Effect.sync(() => {
              running--
              finished++
            })
          )
        }))
      const result = yield* standalone(effects, { strategy: JoinStrategy.all, bulkhead })
      assert.strictEqual(result.tally.succeeded, total)
      assert.isAtMost(most, Math.min(bulkhead, total))
      // where fibers yield at random, a branch may begin after another has ended
      if (!yieldsAtRandom) assert.strictEqual(most, Math.min(bulkhead, total))
      assert.deepStrictEqual([running, finished], [0, total])
    }), runs(8))
})
