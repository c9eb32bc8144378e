/**
 * The fibers of a split without a bulkhead: they are started in rounds, branches that complete at once share one, and a branch
 * is told at its value, though its fiber ends with the children that it has left behind.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Fiber, Scheduler } from "effect"
import { JoinStrategy, Split } from "effect-cano"
import { WorkflowTimeoutError } from "effect-cano/CanoError"
import { TestClock } from "effect/testing"
import {
  Census,
  defects,
  endsWithin,
  failed,
  failureOf,
  messages,
  notAnEffect,
  running,
  start,
  stubborn,
  succeeded,
  tags,
  turns
} from "../kit/index.ts"

const { all, allFailFast, any, partialResults, quorum } = JoinStrategy

/** Leaves a child behind that takes so long to end when it is interrupted. */
const leavesChild = (millis: number) =>
  Effect.forkChild(Effect.onInterrupt(Effect.never, () => Effect.sleep(millis)), { startImmediately: true })

/** A split that ends with a value that is no Effect. */
const inside = (bulkhead: number | undefined) => Effect.asVoid(Split.run([notAnEffect], { strategy: all, bulkhead }))

describe("branches that share a fiber (semantics 6)", () => {
  it.effect("have services of their own in a run, too, whatever one sets on the fiber", () =>
    Effect.gen(function*() {
      const Colour = Context.Reference<string>("test/unbounded/Colour", { defaultValue: () => "none" })
      const seen: Array<string> = []
      const see = Effect.withFiber((fiber) => Effect.sync(() => seen.push(fiber.getRef(Colour))))
      const paint = Effect.withFiber((fiber) => {
        fiber.setContext(Context.add(fiber.context, Colour, "red") as Context.Context<never>)
        return Effect.void
      })
      const branches = [see, see, paint, see, paint, see, see]
      yield* running("colours", Split.run(branches, { strategy: all })).orchestrate("Go")
      assert.deepStrictEqual(seen, ["none", "none", "none", "none", "none"])
    }))
})

describe("a value that is no Effect (semantics 3)", () => {
  for (const strategy of [all, any]) {
    for (const before of [0, 1, 3]) {
      for (const [when, first] of [["at once", Effect.void], ["later", Effect.sleep(5)]] as const) {
        it.effect(`ends the split (${strategy._tag}, ${before} before it, ${when})`, () =>
          Effect.gen(function*() {
            const census = new Census()
            const other = strategy === any ? Effect.fail("no") : Effect.void
            const exit = yield* endsWithin(
              Split.run([
                census.count(Effect.never),
                ...Array.from({ length: before }, () => other),
                Effect.andThen(first, notAnEffect),
                census.count(Effect.never)
              ], { strategy }),
              5
            )
            assert.strictEqual(defects(exit).length, 1)
            assert.strictEqual(census.running, 0)
          }))
      }
    }
  }
})

describe("rounds (semantics 7)", () => {
  for (const onOutcome of [undefined, () => Effect.void]) {
    it.effect(`give others a turn, whatever the branches do (observer: ${onOutcome !== undefined})`, () =>
      Effect.gen(function*() {
        const census = new Census()
        const fiber = yield* start(
          Split.run(Array.from({ length: 5000 }, () => census.count(Effect.never)), { strategy: all, onOutcome })
        )
        assert.isAtMost(census.started, 2048)
        // no outcome is on its way, so nobody has to wait for room
        yield* turns(10)
        assert.strictEqual(census.started, 5000)
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(census.running, 0)
      }))
  }
})

describe("a branch that leaves children behind (semantics 1 and 5)", () => {
  const deciding: ReadonlyArray<
    readonly [
      string,
      (before: number) => JoinStrategy.JoinStrategy,
      before: Effect.Effect<void, string>,
      end: Effect.Effect<void, string>
    ]
  > = [
    ["any", () => any, Effect.fail("no"), Effect.void],
    ["partialResults", (before) => partialResults(before + 1), Effect.void, Effect.void],
    ["allFailFast", () => allFailFast, Effect.void, Effect.fail("no")]
  ]
  for (const [name, strategy, other, end] of deciding) {
    for (const before of [0, 1, 3]) {
      for (const millis of [0, 5]) {
        it.effect(`decides at its value (${name}, ${before} before it, after ${millis} ms)`, () =>
          Effect.gen(function*() {
            const wait = millis === 0 ? Effect.void : Effect.sleep(millis)
            let at: number | undefined
            const loser = Effect.onInterrupt(
              Effect.never,
              () =>
                Effect.map(Clock.currentTimeMillis, (now) => {
                  at = now
                })
            )
            const fiber = yield* start(Effect.exit(Split.run([
              loser,
              ...Array.from({ length: before }, () => other),
              Effect.andThen(Effect.andThen(wait, leavesChild(50)), end),
              Effect.never,
              Effect.never
            ], { strategy: strategy(before) })))
            yield* TestClock.adjust(millis)
            assert.strictEqual(at, millis)
            assert.isUndefined(fiber.pollUnsafe(), "it waits for the child")
            yield* TestClock.adjust(50)
            assert.isDefined(fiber.pollUnsafe())
          }))
      }
    }
  }

  for (const before of [0, 1, 3]) {
    const list = (millis: number): ReadonlyArray<Effect.Effect<unknown>> => [
      ...Array.from({ length: before }, () => Effect.void),
      Effect.andThen(Effect.sleep(millis), leavesChild(50)),
      Effect.void
    ]
    it.effect(`is in time if its value is (${before} before it)`, () =>
      Effect.gen(function*() {
        const exit = yield* endsWithin(Split.run(list(5), { strategy: all, timeout: 20 }), 55)
        assert.strictEqual(succeeded(exit).tally.succeeded, before + 2)
      }))

    it.effect(`is told to an observer at its value (${before} before it)`, () =>
      Effect.gen(function*() {
        const told: Array<string> = []
        const fiber = yield* start(Split.run(list(5), {
          strategy: all,
          onOutcome: ({ index }) =>
            Effect.map(Clock.currentTimeMillis, (now) => {
              told.push(`${index} at ${now}`)
            })
        }))
        yield* TestClock.adjust(55)
        assert.isDefined(fiber.pollUnsafe())
        assert.include(told, `${before} at 5`)
      }))
  }

  it.effect("is none of those that did not stop in time", () =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      const child = Effect.forkChild(stubborn(300, Effect.void), { startImmediately: true })
      const exit = yield* endsWithin(
        Effect.scoped(Effect.gen(function*() {
          const result = yield* Split.run([
            Effect.void,
            // on a fiber that it would have shared with others
            Effect.andThen(Effect.sleep(5), child),
            Effect.andThen(child, Effect.fail("no")),
            Effect.andThen(Effect.andThen(Effect.sleep(5), child), Effect.fail("no")),
            Effect.sleep(10),
            stubborn(500, Effect.void)
          ], { strategy: quorum(3), losers: { grace: 100 } })
          assert.strictEqual(yield* Clock.currentTimeMillis, 110)
          return result
        })).pipe(Effect.provide(messages(warnings))),
        500
      )
      assert.deepStrictEqual(tags(succeeded(exit)), [
        "Succeeded",
        "Succeeded",
        "Failed",
        "Failed",
        "Succeeded",
        "Detached"
      ])
      assert.deepStrictEqual(warnings, ["branch 5 did not stop within 100ms of the interruption, and goes on detached"])
    }))
})

describe("a lazy list that is left early (semantics 3)", () => {
  const observed = { onOutcome: () => Effect.void } as const
  const settings = [observed, { losers: "detach" }, { losers: { grace: 10 } }, { timeout: "1 hour" }, {}] as const
  for (const options of settings) {
    it.effect(`is closed (${JSON.stringify(options)})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const branches = function*() {
          try {
            for (let i = 0; i < 10; i++) yield i === 3 ? Effect.void : Effect.sleep(50)
          } finally {
            trail.push("closed")
          }
        }
        const exit = yield* endsWithin(Effect.scoped(Split.run(branches, { strategy: any, ...options })), 50)
        assert.deepStrictEqual(tags(succeeded(exit))[3], "Succeeded")
        assert.deepStrictEqual(trail, ["closed"])
      }))
  }
})

describe("a fiber that Effect makes yield after few operations (semantics 7)", () => {
  for (const operations of [3, 4, 5, 8, 16, 17, 40]) {
    it.effect(`runs branches that complete at once (after ${operations})`, () =>
      Effect.gen(function*() {
        const branches = [1, 2, 3, 4].map((value) => Effect.succeed(value))
        for (const strategy of [all, quorum(4)]) {
          const { values } = yield* Effect.provideService(
            Split.run(branches, { strategy }),
            Scheduler.MaxOpsBeforeYield,
            operations
          )
          assert.deepStrictEqual(values, [1, 2, 3, 4])
        }
      }))
  }
})

describe("a branch that has left a child behind in a run whose time is up (semantics 2)", () => {
  for (const bulkhead of [undefined, 2]) {
    it.effect(`has succeeded (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const workflow = running(
          "timed",
          Split.run([Effect.andThen(Effect.sleep(5), leavesChild(50)), Effect.never], { strategy: all, bulkhead })
        )
        const error = failureOf(yield* endsWithin(workflow.withTimeout(20).orchestrate("Go"), 70))
        assert.instanceOf(error, WorkflowTimeoutError)
        assert.deepStrictEqual(Object.values(error.result!.outcomes).map(({ _tag }) => _tag), [
          "Succeeded",
          "Interrupted"
        ])
      }))
  }
})

describe("a value that is no Effect elsewhere than in the branch itself (semantics 5)", () => {
  for (const bulkhead of [undefined, 2]) {
    for (const strategy of [any, partialResults(2)]) {
      it.effect(`is a failure of the branch (${strategy._tag}, bulkhead ${bulkhead})`, () =>
        Effect.gen(function*() {
          for (
            const branch of [Effect.flatMap(Effect.forkChild(notAnEffect), Fiber.join), inside(undefined), inside(2)]
          ) {
            const exit = yield* endsWithin(Split.run([branch, Effect.sleep(5)], { strategy, bulkhead }), 5)
            assert.deepStrictEqual(tags(succeeded(exit)), ["Failed", "Succeeded"])
          }
        }))
    }
    it.effect(`does not end a split of all that stands around another one (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const exit = yield* endsWithin(Split.run([inside(undefined), Effect.sleep(5)], { strategy: all, bulkhead }), 5)
        assert.deepStrictEqual(tags(failed(exit).result), ["Failed", "Succeeded"])
      }))
  }
})
