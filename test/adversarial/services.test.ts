import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, References, Scope } from "effect"
import { JoinStrategy, Split, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import {
  bulkheads,
  Census,
  endsWithin,
  failed,
  slowToEnd,
  start,
  succeeded,
  tally,
  wideBulkheads
} from "../kit/index.ts"

const Colour = Context.Reference<string>("test/Colour", { defaultValue: () => "none" })
const seen = Effect.withFiber((fiber) => Effect.succeed(fiber.getRef(Colour)))

describe("services and references (semantics 6)", () => {
  for (const bulkhead of bulkheads) {
    it.effect(`what a branch sets for itself does not leak to others, however it ends (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const ends: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
          Effect.void,
          Effect.fail("no"),
          Effect.die("bug"),
          Effect.interrupt,
          Effect.withFiber((fiber) => Fiber.interrupt(fiber)),
          Effect.andThen(Effect.yieldNow, Effect.fail("no")),
          Effect.suspend(() => {
            throw new Error("bug")
          })
        ]
        const branches = ends.flatMap((end) => [
          Effect.provideService(Effect.andThen(seen, end), Colour, "red"),
          Effect.annotateLogs(Effect.provideService(Effect.asVoid(end), Colour, "green"), { branch: "this" }),
          Effect.all([seen, References.CurrentLogAnnotations])
        ])
        const result = yield* Effect.provideService(
          Split.run(branches, { strategy: JoinStrategy.partialResults(branches.length), bulkhead }),
          Colour,
          "blue"
        )
        result.outcomes.forEach((outcome, i) => {
          if (i % 3 === 2) assert.deepInclude(outcome, { _tag: "Succeeded", value: ["blue", {}] })
        })
        assert.strictEqual(yield* seen, "none")
      }))

    it.effect(`interrupted losers leave nothing behind for the run (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const exit = yield* endsWithin(
          Effect.gen(function*() {
            yield* Split.run([
              Effect.as(Effect.sleep(bulkhead === 1 ? 0 : 5), 1),
              Effect.provideService(Effect.never, Colour, "red")
            ], { strategy: JoinStrategy.any, bulkhead })
            return yield* seen
          }),
          10
        )
        assert.strictEqual(succeeded(exit), "none")
      }))
  }

  it.effect("services from outside reach branches of all levels, nearer ones first", () =>
    Effect.gen(function*() {
      class Name extends Context.Service<Name, string>()("test/Name") {}
      const inner = Split.run([Name, Effect.provideService(Name, Name, "near")], { strategy: JoinStrategy.all })
      const workflow = Workflow.make<"A" | "Done">("services")
        .registerSplit("A", [inner, inner], {
          strategy: JoinStrategy.all,
          next: ({ values }) => {
            assert.deepStrictEqual(values.map((one) => one.values), [["run", "near"], ["run", "near"]])
            return "Done" as const
          }
        })
        .addExitStates("Done")
        .withResources(Layer.succeed(Name, "run"))
      assert.strictEqual(yield* Effect.provideService(workflow.orchestrate("A"), Name, "app"), "Done")
    }))
})

describe("scopes (semantics 6)", () => {
  for (const bulkhead of wideBulkheads) {
    it.effect(`what a loser has acquired in the run's Scope stays until that closes (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const acquire = (name: string) =>
          Effect.acquireRelease(Effect.void, () => Effect.sync(() => trail.push(`release ${name}`)))
        const scope = yield* Scope.make()
        const exit = yield* endsWithin(
          Effect.provideService(
            Split.run([
              Effect.andThen(acquire("winner"), Effect.sleep(5)),
              Effect.andThen(acquire("loser"), Effect.never),
              Effect.scoped(Effect.andThen(acquire("own"), Effect.never))
            ], { strategy: JoinStrategy.any, bulkhead }),
            Scope.Scope,
            scope
          ),
          5
        )
        assert.deepStrictEqual(succeeded(exit).tally, tally(1, 0, 2))
        assert.deepStrictEqual(trail, ["release own"])
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(trail, ["release own", "release loser", "release winner"])
      }))

    it.effect(`a fiber that a branch forks in the run's Scope outlives the split (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const scope = yield* Scope.make()
        yield* Effect.provideService(
          Split.run([
            Effect.forkScoped(Effect.onInterrupt(Effect.never, () => Effect.sync(() => trail.push("ended"))), {
              startImmediately: true
            })
          ], { strategy: JoinStrategy.all, bulkhead }),
          Scope.Scope,
          scope
        )
        assert.deepStrictEqual(trail, [])
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(trail, ["ended"])
      }))
  }
})

describe("children of branches (semantics 6; I4)", () => {
  const withChild = (
    census: Census,
    child: Effect.Effect<unknown, unknown>,
    rest: Effect.Effect<unknown, unknown>
  ): Effect.Effect<unknown, unknown> =>
    Effect.andThen(Effect.forkChild(census.count(child), { startImmediately: true }), rest)

  for (const bulkhead of bulkheads) {
    const cases: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown>]> = [
      ["succeeds", Effect.void],
      ["fails", Effect.fail("no")],
      ["dies", Effect.die("bug")],
      ["interrupts itself", Effect.interrupt],
      ["ends later", Effect.sleep(10)]
    ]
    for (const [how, rest] of cases) {
      it.effect(`have ended when the split ends: the branch ${how} (bulkhead ${bulkhead})`, () =>
        Effect.gen(function*() {
          const trail: Array<string> = []
          const census = new Census()
          const fiber = yield* start(Split.run([
            withChild(census, slowToEnd(trail, "child", 30), rest),
            withChild(census, Effect.never, rest)
          ], { strategy: JoinStrategy.partialResults(2), bulkhead }))
          yield* TestClock.adjust(49)
          const early = fiber.pollUnsafe()
          if (early !== undefined) assert.deepStrictEqual(trail, ["end child"])
          yield* TestClock.adjust(1)
          assert.isDefined(fiber.pollUnsafe())
          assert.deepStrictEqual(trail, ["end child"])
          assert.deepStrictEqual([census.started, census.running], [2, 0])
        }))
    }

    it.effect(`of losers have ended, too, and so have grandchildren (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const census = new Census()
        const family = withChild(
          census,
          withChild(census, slowToEnd(trail, "grandchild", 10), Effect.never),
          Effect.never
        )
        const width = bulkhead ?? 3
        const exit = yield* endsWithin(
          Split.run([family, family, Effect.sleep(5)], {
            strategy: width < 3 ? JoinStrategy.partialTimeout : JoinStrategy.any as never,
            timeout: width < 3 ? 5 : 1000,
            bulkhead
          }),
          15
        )
        assert.strictEqual(Exit.isSuccess(exit), width >= 3)
        assert.strictEqual(trail.length, Math.min(width, 2))
        assert.strictEqual(census.running, 0)
      }))

    it.effect(`have ended when the run is interrupted (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const census = new Census()
        const fiber = yield* start(Split.run([
          withChild(census, slowToEnd(trail, "a", 10), Effect.void),
          withChild(census, slowToEnd(trail, "b", 10), Effect.never)
        ], { strategy: JoinStrategy.all, bulkhead }))
        // behind a bulkhead of 1 the next branch runs on a new fiber, a turn later
        yield* Effect.yieldNow
        fiber.interruptUnsafe()
        yield* TestClock.adjust(10)
        assert.isDefined(fiber.pollUnsafe())
        assert.deepStrictEqual([...trail].sort(), ["end a", "end b"])
        assert.strictEqual(census.running, 0)
      }))
  }

  for (const bulkhead of bulkheads) {
    it.effect(`a child ends with its branch, though the split goes on (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const exit = yield* endsWithin(
          Split.run([
            Effect.forkChild(slowToEnd(trail, "child", 5), { startImmediately: true }),
            Effect.andThen(Effect.sleep(10), Effect.sync(() => [...trail])),
            Effect.sleep(20)
          ], { strategy: JoinStrategy.all, bulkhead }),
          30
        )
        assert.deepStrictEqual(succeeded(exit).values[1], ["end child"])
      }))
  }

  it.effect("the children of the branch that decides are awaited, however slow, and the deadline is over", () =>
    Effect.gen(function*() {
      for (const bulkhead of wideBulkheads) {
        const trail: Array<string> = []
        const census = new Census()
        const exit = yield* endsWithin(
          Split.run([
            Effect.never,
            withChild(census, slowToEnd(trail, "child", 200), Effect.sleep(10))
          ], { strategy: JoinStrategy.any, timeout: 50, bulkhead }),
          210
        )
        assert.deepInclude(succeeded(exit), { timedOut: false })
        assert.deepStrictEqual(trail, ["end child"])
      }
    }))

  // An interruption skips a frame that may be interrupted: the end of the fiber would tell the branch, after its children.
  for (const bulkhead of wideBulkheads) {
    it.effect(`those of a branch that is interrupted do not keep the split from failing (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const interrupted = Effect.withFiber((self) => Effect.sync(() => self.interruptUnsafe()))
        const exit = yield* endsWithin(
          Split.run([
            withChild(new Census(), slowToEnd(trail, "child", 200), Effect.andThen(Effect.sleep(10), interrupted)),
            Effect.never
          ], { strategy: JoinStrategy.allFailFast, timeout: 50, bulkhead }),
          210
        )
        assert.strictEqual(failed(exit)._tag, "JoinUnsatisfiedError")
        assert.deepStrictEqual(trail, ["end child"])
      }))

    it.effect(`those of a loser do not keep an observer from being told (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const exit = yield* endsWithin(
          Split.run([
            withChild(new Census(), slowToEnd(trail, "child", 20), Effect.never),
            Effect.sleep(10)
          ], {
            strategy: JoinStrategy.any,
            bulkhead,
            onOutcome: ({ _tag }) => Effect.sync(() => trail.push(_tag))
          }),
          30
        )
        succeeded(exit)
        assert.deepStrictEqual(trail, ["Succeeded", "Interrupted", "end child"])
      }))
  }

  it.effect("a detached fiber is nobody's child", () =>
    Effect.gen(function*() {
      const result = yield* Split.run([Effect.forkDetach(Effect.never)], { strategy: JoinStrategy.all })
      const [fiber] = result.values
      assert.isUndefined(fiber.pollUnsafe())
      yield* Fiber.interrupt(fiber)
    }))
})
