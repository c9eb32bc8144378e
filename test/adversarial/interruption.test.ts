import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Scheduler } from "effect"
import { JoinStrategy, Split, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import {
  bulkheads,
  captured,
  Census,
  endsWithin,
  failed,
  interruptAndWait,
  slowToEnd,
  start,
  succeeded,
  tags,
  tally,
  wasInterrupted,
  wideBulkheads
} from "../kit/index.ts"

describe("interrupting the run (semantics 5; I4)", () => {
  for (const bulkhead of bulkheads) {
    it.effect(`while branches run and queue: the running ones end, the queued ones never start (${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const census = new Census()
        const fiber = yield* start(Split.run(
          Array.from({ length: 6 }, (_, i) => census.count(slowToEnd(trail, `${i}`, 20))),
          { strategy: JoinStrategy.all, bulkhead, timeout: 1000 }
        ))
        yield* TestClock.adjust(5)
        const interruption = yield* start(interruptAndWait(fiber))
        yield* TestClock.adjust(19)
        assert.isUndefined(interruption.pollUnsafe(), "finalizers are awaited")
        yield* TestClock.adjust(1)
        assert.isTrue(wasInterrupted(yield* Fiber.join(interruption)))
        const width = Math.min(bulkhead ?? 6, 6)
        assert.deepStrictEqual(trail, Array.from({ length: width }, (_, i) => `end ${i}`))
        assert.deepStrictEqual([census.started, census.running], [width, 0])
      }))

    it.effect(`after the decision, while losers finalize: they are still awaited (${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const fiber = yield* start(Split.run(
          [Effect.as(Effect.sleep(bulkhead === 1 ? 0 : 10), 1), slowToEnd(trail, "b", 50)],
          { strategy: JoinStrategy.any, bulkhead }
        ))
        yield* TestClock.adjust(20)
        if (bulkhead === 1) return assert.isDefined(fiber.pollUnsafe())
        const interruption = yield* start(interruptAndWait(fiber))
        yield* TestClock.adjust(39)
        assert.isUndefined(interruption.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.isTrue(wasInterrupted(yield* Fiber.join(interruption)))
        assert.deepStrictEqual(trail, ["end b"])
      }))

    it.effect(`twice is once (${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const fiber = yield* start(Split.run([slowToEnd(trail, "a", 10)], { strategy: JoinStrategy.all, bulkhead }))
        fiber.interruptUnsafe()
        fiber.interruptUnsafe()
        const interruption = yield* start(interruptAndWait(fiber))
        yield* TestClock.adjust(10)
        assert.isTrue(wasInterrupted(yield* Fiber.join(interruption)))
        assert.deepStrictEqual(trail, ["end a"])
      }))
  }

  it.effect("while its branches are computed starts none", () =>
    Effect.gen(function*() {
      const census = new Census()
      const fiber = yield* start(Split.run(
        () => Effect.as(Effect.sleep(10), [census.count(Effect.void)]),
        { strategy: JoinStrategy.all }
      ))
      yield* TestClock.adjust(5)
      assert.isTrue(wasInterrupted(yield* interruptAndWait(fiber)))
      yield* TestClock.adjust(50)
      assert.strictEqual(census.started, 0)
    }))

  for (const bulkhead of wideBulkheads) {
    it.effect(`in an uninterruptible region: branches can be decided away, the run goes on (${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        let result: unknown
        const fiber = yield* start(Effect.uninterruptible(Effect.gen(function*() {
          result = yield* Split.run(
            [slowToEnd(trail, "a", 10), Effect.as(Effect.sleep(20), "b")],
            { strategy: JoinStrategy.any, bulkhead }
          )
          trail.push("after")
        })))
        yield* TestClock.adjust(5)
        fiber.interruptUnsafe()
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(25)
        assert.deepStrictEqual(trail, ["end a", "after"])
        assert.deepInclude(result as object, { values: ["b"] })
      }))

    it.effect(`an interrupted parent of a nested split ends all levels before it ends (${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const census = new Census()
        const level = (n: number): Effect.Effect<unknown, unknown> =>
          census.count(
            n === 0
              ? slowToEnd(trail, "leaf", 10)
              : Split.run([level(n - 1), level(n - 1)], { strategy: JoinStrategy.all, bulkhead })
          )
        const fiber = yield* start(level(3))
        const interruption = yield* start(interruptAndWait(fiber))
        yield* TestClock.adjust(10)
        assert.isTrue(wasInterrupted(yield* Fiber.join(interruption)))
        assert.strictEqual(trail.length, 8)
        assert.strictEqual(census.running, 0)
      }))
  }
})

describe("interrupting a run of a machine (semantics 5)", () => {
  type State = "Fan" | "Next" | "Other" | "Done"
  const split = (
    over: Partial<{ readonly next: unknown; readonly otherwise: unknown; readonly branches: unknown }>
  ): Workflow.Workflow<
    State,
    Workflow.Graph<State, "Done", Workflow.Way<State, State>, Layer.Layer<never>>,
    never,
    never
  > =>
    Workflow.make<State>("w").registerSplit("Fan", (over.branches ?? [Effect.void]) as any, {
      strategy: JoinStrategy.all as any,
      next: (over.next ?? "Done") as any,
      otherwise: (over.otherwise ?? "Done") as any
    }).addExitStates("Done") as any

  const places: ReadonlyArray<readonly [string, (work: Effect.Effect<never>) => Effect.Effect<unknown, unknown>]> = [
    ["next", (work) => split({ next: () => work }).orchestrate("Fan")],
    ["otherwise", (work) => split({ branches: [Effect.fail("no")], otherwise: () => work }).orchestrate("Fan")],
    ["the branch function's Effect", (work) => split({ branches: () => work }).orchestrate("Fan")],
    ["a branch", (work) => split({ branches: [work] }).orchestrate("Fan")],
    [
      "the acquisition of a resource",
      (work) => split({}).withResources(Layer.effectDiscard(work)).orchestrate("Fan")
    ]
  ]
  for (const [place, make] of places) {
    for (const timeout of [undefined, "1 hour"] as const) {
      it.effect(`during ${place} awaits what is running there (withTimeout ${timeout})`, () =>
        Effect.gen(function*() {
          const trail: Array<string> = []
          const fiber = yield* start(
            timeout === undefined
              ? make(slowToEnd(trail, "work", 10))
              : Workflow.make<"A" | "B">("outer").register(
                "A",
                Effect.as(make(slowToEnd(trail, "work", 10)), "B" as const)
              )
                .addExitStates("B").withTimeout(timeout).orchestrate("A")
          )
          yield* TestClock.adjust(5)
          assert.isUndefined(fiber.pollUnsafe())
          const interruption = yield* start(interruptAndWait(fiber))
          yield* TestClock.adjust(9)
          assert.isUndefined(interruption.pollUnsafe())
          yield* TestClock.adjust(1)
          assert.isTrue(wasInterrupted(yield* Fiber.join(interruption)))
          assert.deepStrictEqual(trail, ["end work"])
        }))
    }
  }

  it.effect("during the release of a resource lets the release end", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const resource = Layer.effectDiscard(Effect.acquireRelease(
        Effect.void,
        () => Effect.andThen(Effect.sleep(20), Effect.sync(() => trail.push("released")))
      ))
      const fiber = yield* start(split({}).withResources(resource).orchestrate("Fan"))
      yield* TestClock.adjust(10)
      fiber.interruptUnsafe()
      yield* TestClock.adjust(9)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.isDefined(fiber.pollUnsafe())
      assert.deepStrictEqual(trail, ["released"])
    }))
})

describe("interrupting a branch's own fiber (semantics 5; I3)", () => {
  for (const bulkhead of bulkheads) {
    it.effect(`from outside: it is Failed, every other branch still runs (${bulkhead})`, () =>
      Effect.gen(function*() {
        const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
        const ran: Array<number> = []
        const fiber = yield* start(Split.run([
          captured(fibers),
          ...Array.from({ length: 20 }, (_, i) => Effect.andThen(Effect.sleep(1), Effect.sync(() => ran.push(i))))
        ], { strategy: JoinStrategy.partialResults(21), bulkhead }))
        fibers[0]!.interruptUnsafe()
        yield* TestClock.adjust(30)
        const result = yield* Fiber.join(fiber)
        assert.deepStrictEqual(result.tally, tally(20, 1))
        assert.deepStrictEqual(ran.sort((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i))
      }))

    it.effect(`again and again, every branch in turn: nothing is lost (${bulkhead})`, () =>
      Effect.gen(function*() {
        const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
        const census = new Census()
        const fiber = yield* start(Split.run(
          Array.from({ length: 200 }, (_, i) => census.count(i % 2 === 0 ? captured(fibers) : Effect.sleep(1))),
          { strategy: JoinStrategy.partialResults(200), bulkhead }
        ))
        for (let round = 0; round < 300 && fiber.pollUnsafe() === undefined; round++) {
          for (const victim of fibers.splice(0)) victim.interruptUnsafe()
          yield* TestClock.adjust(1)
        }
        const result = yield* Fiber.join(fiber)
        assert.deepStrictEqual(result.tally, tally(100, 100))
        assert.deepStrictEqual(
          tags(result),
          Array.from({ length: 200 }, (_, i) => i % 2 === 0 ? "Failed" : "Succeeded")
        )
        assert.deepStrictEqual([census.started, census.running], [200, 0])
        assert.isAtMost(census.most, bulkhead ?? 200)
      }))

    it.effect(`all that run at once (${bulkhead})`, () =>
      Effect.gen(function*() {
        const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
        const width = bulkhead ?? 8
        const fiber = yield* start(Split.run([
          ...Array.from({ length: width }, () => captured(fibers)),
          ...Array.from({ length: 10 }, () => Effect.sleep(1))
        ], { strategy: JoinStrategy.partialResults(width + 10), bulkhead, timeout: 1000 }))
        assert.strictEqual(fibers.length, width)
        for (const victim of fibers) victim.interruptUnsafe()
        yield* TestClock.adjust(10)
        assert.deepStrictEqual((yield* Fiber.join(fiber)).tally, tally(10, width))
      }))

    it.effect(`by itself, synchronously: nothing is lost (${bulkhead})`, () =>
      Effect.gen(function*() {
        const suicide = Effect.withFiber((fiber) => Fiber.interrupt(fiber))
        const branches = Array.from({ length: 50 }, (_, i) => i % 3 === 0 ? suicide : Effect.succeed(i))
        const result = yield* Split.run(branches, { strategy: JoinStrategy.partialResults(50), bulkhead })
        assert.deepStrictEqual(result.tally, tally(33, 17))
      }))

    it.effect(`a decision or an interruption still reaches the branch that runs beside or after a lost fiber (${bulkhead})`, () =>
      Effect.gen(function*() {
        for (const how of ["decision", "deadline", "interruption"] as const) {
          const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
          const trail: Array<string> = []
          const gate = yield* Deferred.make<void>()
          const width = bulkhead ?? 2
          const fiber = yield* start(Split.run([
            captured(fibers),
            ...Array.from({ length: width - 1 }, () => Deferred.await(gate)),
            slowToEnd(trail, "replaced", 10)
          ], { strategy: JoinStrategy.any, bulkhead, timeout: 100 }))
          fibers[0]!.interruptUnsafe()
          yield* TestClock.adjust(0)
          const interruption = how === "interruption" ? yield* start(interruptAndWait(fiber)) : undefined
          if (how === "decision") yield* Deferred.succeed(gate, undefined)
          yield* TestClock.adjust(width === 1 || how === "deadline" ? 110 : 10)
          assert.isDefined(fiber.pollUnsafe(), how)
          if (interruption !== undefined) assert.isTrue(wasInterrupted(yield* Fiber.join(interruption)))
          assert.deepStrictEqual(trail, ["end replaced"])
        }
      }))

    it.effect(`in an uninterruptible part ends it as Failed when that part is over (${bulkhead})`, () =>
      Effect.gen(function*() {
        const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
        const branch = Effect.uninterruptible(Effect.withFiber((fiber) => {
          fibers.push(fiber)
          return Effect.as(Effect.sleep(10), "value")
        }))
        const fiber = yield* start(
          Split.run([branch, Effect.void], { strategy: JoinStrategy.partialResults(2), bulkhead })
        )
        fibers[0]!.interruptUnsafe()
        yield* TestClock.adjust(10)
        assert.deepStrictEqual(tags(yield* Fiber.join(fiber)), ["Failed", "Succeeded"])
      }))
  }

  it.effect("Effect.interrupt is a failure of its branch alone, and the others go on", () =>
    Effect.gen(function*() {
      for (const bulkhead of bulkheads) {
        const exit = yield* Effect.exit(Split.run([
          Effect.interrupt,
          Effect.succeed(1),
          Effect.andThen(Effect.yieldNow, Effect.interrupt),
          Effect.succeed(2)
        ], { strategy: JoinStrategy.all, bulkhead }))
        const { message, result } = failed(exit)
        assert.deepStrictEqual(tags(result), ["Failed", "Succeeded", "Failed", "Succeeded"])
        assert.match(message, /0: interrupted itself; 2: interrupted itself/)
      }
    }))

  it.effect("a branch that joins an interrupted child of its own is Failed, and its slot goes on", () =>
    Effect.gen(function*() {
      const branch = Effect.gen(function*() {
        const child = yield* Effect.forkChild(Effect.never, { startImmediately: true })
        yield* Fiber.interrupt(child)
        return yield* Fiber.join(child)
      })
      const result = yield* Split.run([branch, branch, Effect.succeed(1)], { strategy: JoinStrategy.any, bulkhead: 1 })
      assert.deepStrictEqual(tags(result), ["Failed", "Failed", "Succeeded"])
    }))

  it.effect("without a bulkhead one branch may interrupt another and wait for its end", () =>
    Effect.gen(function*() {
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      const exit = yield* endsWithin(
        Split.run([
          captured(fibers),
          Effect.suspend(() => Fiber.interrupt(fibers[0]!)),
          Effect.sleep(1)
        ], { strategy: JoinStrategy.partialResults(3) }),
        10
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(tags(succeeded(exit)), ["Failed", "Succeeded", "Succeeded"])
    }))
})

describe("interrupting the caller of a split, wherever it yields", () => {
  for (const bulkhead of [undefined, 1]) {
    it.live(`leaves no list open (${bulkhead})`, () =>
      Effect.promise(async () => {
        let isOver = false
        for (let at = 1; !isOver; at++) {
          let opened = 0
          let closed = 0
          const lazy: Iterable<Effect.Effect<void>> = {
            [Symbol.iterator]: () => {
              opened++
              const end = (): IteratorReturnResult<undefined> => {
                closed++
                return { done: true, value: undefined }
              }
              let left = 2
              return { next: () => left-- > 0 ? { done: false, value: Effect.sleep(1) } : end(), return: end }
            }
          }
          let steps = 0
          const scheduler = new Scheduler.MixedScheduler()
          const caller = Effect.runFork(
            Effect.andThen(Effect.yieldNow, Split.run(lazy, { strategy: JoinStrategy.all, bulkhead })),
            { scheduler }
          )
          scheduler.shouldYield = (fiber) => {
            if (fiber !== caller || ++steps !== at) return false
            queueMicrotask(() => fiber.interruptUnsafe())
            return true
          }
          isOver = Exit.isSuccess(await Effect.runPromise(Fiber.await(caller)))
          assert.strictEqual(closed, opened, `at step ${at}`)
        }
      }))
  }
})
