/**
 * Laws of splits whose branches add branches: a tree of branches, each of which adds its children when it starts or when
 * it ends, comes to an end, and runs every one of them exactly once.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Fiber } from "effect"
import { JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import { bulkhead, instant, int, oneOf, passTime, primeClock, runs, some, strategy, toStrategy } from "../kit/index.ts"

interface Tree {
  readonly delay: number
  readonly fails: boolean
  readonly addsFirst: boolean
  readonly children: ReadonlyArray<Tree>
}

const leaf = Arbitrary.map(
  Arbitrary.all({ delay: int(0, 4), fails: oneOf([false, false, false, true]), addsFirst: oneOf([false, true]) }),
  ({ delay, ...rest }): Tree => ({ ...rest, delay: delay * 10, children: [] })
)

const above = (children: Arbitrary.Arbitrary<Tree>): Arbitrary.Arbitrary<Tree> =>
  Arbitrary.map(
    Arbitrary.all({ leaf, children: Arbitrary.array(children, { minLength: 0, maxLength: 4 }) }),
    ({ children, leaf }): Tree => ({ ...leaf, children })
  )

const trees = some(above(above(above(leaf))), 0)

const sizeOf = (trees: ReadonlyArray<Tree>): number => trees.reduce((sum, tree) => sum + 1 + sizeOf(tree.children), 0)

/** A split over trees, and what its branches did. */
const growing = (trees: ReadonlyArray<Tree>) => {
  const seen = { added: trees.length, started: new Map<Tree, number>(), running: 0, mostRunning: 0 }
  const split = Split.growing<Tree, Tree>((add) => {
    const branch = (tree: Tree): Effect.Effect<Tree, Tree> => {
      // an interruption does not part the answer from its record
      const grow = Effect.uninterruptible(Effect.map(Effect.suspend(() => add(tree.children.map(branch))), (taken) => {
        if (taken) seen.added += tree.children.length
      }))
      const work = Effect.andThen(
        tree.delay === 0 ? Effect.void : Effect.sleep(tree.delay),
        Effect.suspend(() => tree.fails ? Effect.fail(tree) : Effect.succeed(tree))
      )
      return Effect.acquireUseRelease(
        Effect.sync(() => {
          seen.started.set(tree, (seen.started.get(tree) ?? 0) + 1)
          seen.mostRunning = Math.max(seen.mostRunning, ++seen.running)
        }),
        () => tree.addsFirst ? Effect.andThen(grow, work) : Effect.tap(work, grow),
        () => Effect.sync(() => void seen.running--)
      )
    }
    return trees.map(branch)
  })
  return { seen, split }
}

/** The trees whose branches come to be: those under one that fails before it adds do not. */
const reached = (trees: ReadonlyArray<Tree>): number =>
  trees.reduce((sum, tree) => sum + 1 + (tree.fails && !tree.addsFirst ? 0 : reached(tree.children)), 0)

describe("a split that grows", () => {
  it.effect.prop(
    "ends, and has run every branch exactly once",
    { bulkhead, trees },
    ({ bulkhead, trees }) =>
      Effect.gen(function*() {
        yield* primeClock
        const { seen, split } = growing(trees)
        const fiber = yield* Effect.forkChild(
          Effect.result(Split.run(split, { strategy: JoinStrategy.tolerate({ maxFailures: 1e9 }), bulkhead })),
          { startImmediately: true }
        )
        yield* passTime()
        assert.isDefined(fiber.pollUnsafe())
        const result = yield* Effect.flatMap(Fiber.join(fiber), Effect.fromResult)
        assert.strictEqual(result.tally.total, reached(trees))
        assert.strictEqual(result.tally.succeeded + result.tally.failed, reached(trees))
        assert.strictEqual(seen.started.size, reached(trees))
        assert.isTrue([...seen.started.values()].every((count) => count === 1))
        assert.isAtMost(seen.mostRunning, bulkhead ?? Number.POSITIVE_INFINITY)
        assert.isAtMost(reached(trees), sizeOf(trees))
      }),
    runs(300)
  )

  it.effect.prop(
    "is decided with the first settlement that decide answers, its total unknown until nobody can add to it",
    { bulkhead, strategy, trees },
    ({ bulkhead, strategy, trees }) =>
      Effect.gen(function*() {
        yield* primeClock
        const { seen, split } = growing(trees)
        const counting = toStrategy(strategy)
        const fiber = yield* Effect.forkChild(
          Effect.result(Split.run(split, { strategy: counting, bulkhead, timeout: "30 seconds" })),
          { startImmediately: true }
        )
        yield* passTime()
        const ended = yield* Fiber.join(fiber)
        const result = ended._tag === "Success"
          ? ended.success
          : "result" in ended.failure
          ? ended.failure.result
          : undefined
        if (result === undefined) return assert.fail("the split has no result")
        const { outcomes, settled, tally } = result
        assert.strictEqual(outcomes.length, tally.total)
        assert.isTrue(outcomes.every(({ index }, i) => index === i))
        assert.strictEqual(tally.total, seen.added)
        assert.strictEqual(tally.succeeded + tally.failed + tally.interrupted + tally.notStarted, tally.total)
        const complete = tally.interrupted + tally.notStarted === 0
        let succeeded = 0
        for (const [i, outcome] of settled.entries()) {
          if (outcome._tag === "Succeeded") succeeded++
          const last = i === settled.length - 1
          const total = last && complete ? tally.total : Number.POSITIVE_INFINITY
          const counts = { total, succeeded, failed: i + 1 - succeeded, interrupted: 0, notStarted: 0 }
          const verdict = JoinStrategy.decide(JoinStrategy.resolve(counting, total), counts, "settled")
          assert.strictEqual(verdict === "continue", !last)
          if (last) assert.strictEqual(verdict === "proceed", ended._tag === "Success")
        }
      }),
    runs(300)
  )

  it.effect.prop("that is interrupted at any instant leaves no branch running", { bulkhead, instant, trees }, ({
    bulkhead,
    instant,
    trees
  }) =>
    Effect.gen(function*() {
      yield* primeClock
      const { seen, split } = growing(trees)
      const fiber = yield* Effect.forkChild(Split.run(split, { strategy: JoinStrategy.all, bulkhead }), {
        startImmediately: true
      })
      yield* TestClock.adjust(instant)
      yield* Fiber.interrupt(fiber)
      const { size } = seen.started
      assert.strictEqual(seen.running, 0)
      yield* passTime()
      assert.strictEqual(seen.started.size, size)
    }), runs(200))
})
