/**
 * `Task.stream`: its windows, and that nothing is lost in silence, whenever it ends.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Context, Deferred, Effect, Exit, Fiber, Queue, Schedule, Stream } from "effect"
import { Workflow } from "effect-cano"
import * as Task from "effect-cano/Task"
import { TestClock } from "effect/testing"
import { failureOf, messages, passTime, start, succeeded, timed, until } from "../kit/index.ts"

type Window = ReadonlyArray<number>

/** Remembers what it is given, and when. */
const remembering = () => {
  const windows: Array<readonly [at: number, window: Window]> = []
  const flush = (window: Window) => Effect.map(Clock.currentTimeMillis, (at) => void windows.push([at, window]))
  return { windows, flush }
}

/** An element each 100 ms, from 0 on. */
const ticks = (n: number) => Stream.range(0, n - 1).pipe(Stream.rechunk(1), Stream.schedule(Schedule.spaced(100)))

describe("Task.stream: windows", () => {
  it.effect("flushes windows of so many elements, and the rest at the end, and counts them", () =>
    Effect.gen(function*() {
      const { flush, windows } = remembering()
      const count = yield* Task.run(Task.stream({ open: Stream.range(1, 5), count: 2, flush }))
      assert.deepStrictEqual([count, windows], [5, [[0, [1, 2]], [0, [3, 4]], [0, [5]]]])
    }))

  it.effect("flushes nothing of a stream that gives nothing", () =>
    Effect.gen(function*() {
      const { flush, windows } = remembering()
      assert.strictEqual(yield* Task.run(Task.stream({ open: Stream.empty, count: 2, flush })), 0)
      assert.deepStrictEqual(windows, [])
    }))

  it.effect("flushes a window that has been open long enough, counted from its first element", () =>
    Effect.gen(function*() {
      const { flush, windows } = remembering()
      const open = Stream.concat(Stream.fromEffect(Effect.as(Effect.sleep(1000), 9)), ticks(5))
      const [exit] = yield* timed(Task.run(Task.stream({ open, count: 3, within: 250, flush })))
      assert.strictEqual(succeeded(exit), 6)
      // at 1000: 9; then one each 100 ms
      assert.deepStrictEqual(windows, [[1200, [9, 0, 1]], [1500, [2, 3, 4]]])
      const { flush: flush2, windows: windows2 } = remembering()
      yield* timed(Task.run(Task.stream({ open: ticks(5), count: 9, within: 250, flush: flush2 })))
      assert.deepStrictEqual(windows2.map(([, window]) => window), [[0, 1, 2], [3, 4]])
    }))

  it.effect("opens the stream of the state, and gives the state to flush", () =>
    Effect.gen(function*() {
      type State = { readonly _tag: "Load"; readonly rows: Window } | { readonly _tag: "Done"; readonly n: number }
      const seen: Array<unknown> = []
      const workflow = Workflow.make<State>("w")
        .register("Load", {
          run: Task.stream({
            open: ({ rows }) => Stream.fromIterable(rows),
            count: 2,
            flush: (window, state) => Effect.sync(() => seen.push(state.rows.length, window))
          }),
          next: (n) => ({ _tag: "Done", n })
        })
        .addExitStates("Done")
      assert.deepStrictEqual(yield* workflow.orchestrate({ _tag: "Load", rows: [1, 2, 3] }), { _tag: "Done", n: 3 })
      assert.deepStrictEqual(seen, [3, [1, 2], 3, [3]])
    }))

  it.effect("asks the stream for one window more while one is flushed, and not for more", () =>
    Effect.gen(function*() {
      let pulled = 0
      const open = Stream.range(1, 100).pipe(Stream.rechunk(1), Stream.tap(() => Effect.sync(() => pulled++)))
      const gate = yield* Deferred.make<void>()
      const fiber = yield* start(Task.run(Task.stream({ open, count: 3, flush: () => Deferred.await(gate) })))
      yield* passTime(10)
      assert.strictEqual(pulled, 6)
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(fiber), 100)
    }))

  it.effect("flushes one window after another", () =>
    Effect.gen(function*() {
      let running = 0
      let most = 0
      const flush = () =>
        Effect.acquireUseRelease(
          Effect.sync(() => (most = Math.max(most, ++running))),
          () => Effect.sleep(10),
          () => Effect.sync(() => running--)
        )
      yield* timed(Task.run(Task.stream({ open: Stream.range(1, 20), count: 3, within: 1, flush })))
      assert.deepStrictEqual([running, most], [0, 1])
    }))

  it("takes in what completes at once under Effect.runSync", () => {
    const { flush, windows } = remembering()
    const task = Task.stream({ open: Stream.range(1, 5), count: 2, flush })
    assert.strictEqual(Effect.runSync(Task.run(task)), 5)
    assert.deepStrictEqual(windows.map(([, window]) => window), [[1, 2], [3, 4], [5]])
  })

  it.effect("takes no longer for an element in a large chunk than in a small one", () =>
    Effect.gen(function*() {
      const elements = Array.from({ length: 400_000 }, (_, i) => i)
      let at = 0
      const flush = (window: Window) =>
        Effect.sync(() => window.forEach((element) => assert.strictEqual(element, at++)))
      const start = process.hrtime.bigint()
      assert.strictEqual(yield* Task.run(Task.stream({ open: Stream.fromArray(elements), count: 10, flush })), 400_000)
      // with the square of them it takes minutes
      assert.isBelow(Number(process.hrtime.bigint() - start) / 1e9, 20)
    }))

  it.effect("keeps the order of many elements, in chunks larger than windows", () =>
    Effect.gen(function*() {
      let at = 0
      const flush = (window: Window) =>
        Effect.sync(() => {
          for (const element of window) assert.strictEqual(element, at++)
        })
      assert.strictEqual(yield* Task.run(Task.stream({ open: Stream.range(0, 99_999), count: 1000, flush })), 100_000)
    }))
})

describe("Task.stream: failures", () => {
  it.effect("flushes what is open when the stream fails, and fails with its error", () =>
    Effect.gen(function*() {
      const { flush, windows } = remembering()
      const open = Stream.concat(Stream.make(1, 2, 3), Stream.fail("broken"))
      const exit = yield* Effect.exit(Task.run(Task.stream({ open, count: 2, flush })))
      assert.deepStrictEqual([failureOf(exit), windows.map(([, window]) => window)], ["broken", [[1, 2], [3]]])
    }))

  it.effect("ends with the failure of a flush, closes the stream, and tells of what it leaves", () =>
    Effect.gen(function*() {
      const closed: Array<string> = []
      const open = Stream.ensuring(Stream.range(1, 9), Effect.sync(() => closed.push("closed")))
      const flush = (window: Window) => window[0] === 3 ? Effect.fail("full") : Effect.void
      const logged: Array<string> = []
      const exit = yield* Effect.exit(Task.run(Task.stream({ open, count: 2, flush }))).pipe(
        Effect.provide(messages(logged))
      )
      assert.deepStrictEqual([failureOf(exit), closed], ["full", ["closed"]])
      assert.deepStrictEqual(logged, ["5 elements of a stream were not flushed"])
    }))

  it.effect("ends with the defect of what is no stream or no Effect, and says so", () =>
    Effect.gen(function*() {
      const flush = () => Effect.void
      const noStream = yield* Effect.exit(
        Task.run(Task.stream({ open: (() => 7) as unknown as Stream.Stream<number>, count: 2, flush }))
      )
      assert.include(String(noStream), "open returned 7; it must return a Stream")
      const noEffect = yield* Effect.exit(
        Task.run(Task.stream({
          open: Stream.make(1),
          count: 2,
          flush: (() => Promise.resolve(1)) as unknown as () => Effect.Effect<void>
        }))
      )
      assert.include(String(noEffect), "flush returned a Promise")
    }))
})

describe("Task.stream: interruption", () => {
  it.effect("flushes the open window, with what is asynchronous in it, when it is interrupted", () =>
    Effect.gen(function*() {
      const { flush, windows } = remembering()
      const slow = (window: Window) => Effect.andThen(Effect.sleep(100), flush(window))
      const fiber = yield* until(Task.run(Task.stream({ open: ticks(9), count: 4, flush: slow })), 650)
      yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* passTime("1 minute")
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      const flushed = windows.flatMap(([, window]) => window)
      assert.deepStrictEqual(flushed, [0, 1, 2, 3, 4, 5].slice(0, flushed.length))
      assert.isAtLeast(flushed.length, 5)
    }))

  it.effect("lets a flush that runs go on, and flushes the open window after it", () =>
    Effect.gen(function*() {
      const { flush, windows } = remembering()
      const slow = (window: Window) => Effect.andThen(Effect.sleep(1000), flush(window))
      const queue = yield* Queue.unbounded<number>()
      const fiber = yield* start(
        Task.run(Task.stream({ open: Stream.fromQueue(queue), count: 2, flush: slow, drain: 5000 }))
      )
      yield* Queue.offerAll(queue, [1, 2])
      yield* passTime(500)
      yield* Queue.offer(queue, 3)
      yield* passTime(100)
      yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* passTime("1 minute")
      assert.deepStrictEqual(windows, [[1000, [1, 2]], [2000, [3]]])
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
    }))

  it.effect("stops flushing when the time for draining is up, dies of what is left, and tells the log", () =>
    Effect.gen(function*() {
      const ends: Array<number> = []
      const stuck = () =>
        Effect.onInterrupt(Effect.never, () => Effect.map(Clock.currentTimeMillis, (at) => ends.push(at)))
      const logged: Array<string> = []
      for (const [elements, sentence] of [[[1], "1 element"], [[1, 2, 3], "3 elements"]] as const) {
        const fiber = yield* until(
          Effect.provide(
            Task.run(
              Task.stream({
                open: Stream.concat(Stream.fromIterable(elements), Stream.never),
                count: 2,
                flush: stuck,
                drain: 100
              })
            ),
            messages(logged)
          ),
          1000
        )
        yield* Effect.forkChild(Fiber.interrupt(fiber))
        yield* passTime("1 minute")
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
        assert.include(String(exit), `${sentence} of a stream`)
        assert.include(logged.at(-1)!, sentence)
      }
      assert.deepStrictEqual(ends[0], 1100)
      assert.strictEqual(ends.length, 2)
    }))

  it.effect("puts the failure of a last flush into the cause, and tells the log", () =>
    Effect.gen(function*() {
      const logged: Array<string> = []
      const open = Stream.concat(Stream.make(1, 2, 3), Stream.never)
      const flush = (window: Window) => window.length === 1 ? Effect.fail("full") : Effect.void
      const fiber = yield* until(
        Effect.provide(Task.run(Task.stream({ open, count: 2, flush })), messages(logged)),
        10
      )
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
      assert.strictEqual(failureOf(exit), "full")
      assert.deepStrictEqual(logged, ["1 element of a stream was not flushed"])
    }))

  it.effect("flushes when the time of its run is up, within it when it is a loser, and with its services", () =>
    Effect.gen(function*() {
      class Table extends Context.Service<Table, (window: Window) => Effect.Effect<void>>()("Table") {}
      const { flush, windows } = remembering()
      const workflow = Workflow.make<"Load" | "Done">("w")
        .register("Load", {
          run: Task.stream({
            open: ticks(9),
            count: 100,
            flush: (window) => Effect.flatMap(Table, (insert) => Effect.andThen(Effect.sleep(10), insert(window)))
          }),
          next: "Done"
        })
        .addExitStates("Done")
        .withTimeout(350)
      const [exit] = yield* timed(Effect.provideService(workflow.orchestrate("Load"), Table, flush))
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(windows.length, 1)
      assert.strictEqual(windows[0]![0], 360)
    }))

  it.effect("closes the stream before it ends, whenever it is interrupted", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const open = Stream.ensuring(
        Stream.concat(Stream.make(1), Stream.never),
        Effect.andThen(Effect.sleep(50), Effect.sync(() => trail.push("closed")))
      )
      const task = Task.stream({ open, count: 2, flush: () => Effect.sync(() => trail.push("flushed")) })
      const fiber = yield* until(Effect.ensuring(Task.run(task), Effect.sync(() => trail.push("ended"))), 10)
      yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* passTime("1 minute")
      yield* Fiber.await(fiber)
      assert.deepStrictEqual(trail, ["flushed", "closed", "ended"])
    }))

  it.effect("is interrupted though the stream and its flushes complete at once without an end", () =>
    Effect.gen(function*() {
      let flushed = 0
      const task = Task.stream({
        open: Stream.forever(Stream.make(1)),
        count: 1,
        flush: () => Effect.sync(() => flushed++)
      })
      const fiber = yield* start(Task.run(task))
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(fiber)
      assert.isAbove(flushed, 0)
    }))
})
