/**
 * Laws of tasks: a retry makes the attempts that its Schedule says, a poll asks as often as there is time, and a stream
 * flushes what it has been handed, in order, whenever it is interrupted.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Cause, Clock, Duration, Effect, Exit, Fiber, Option, Queue, Schedule, Stream } from "effect"
import { Workflow } from "effect-cano"
import * as Task from "effect-cano/Task"
import { TestClock } from "effect/testing"
import {
  aLongTime,
  assertEvents,
  int,
  listenTo,
  oneOf,
  optional,
  passTime,
  runs,
  some,
  start,
  timed,
  turns,
  yieldsAtRandom
} from "../kit/index.ts"

/** A Schedule that ends, and how often it goes on. */
const schedule = Arbitrary.map(
  Arbitrary.all({ times: int(0, 8), delay: oneOf([0, 10, 64]), isGrowing: oneOf([false, true]) }),
  ({ delay, isGrowing, times }) => {
    const whole: Schedule.Schedule<unknown> = isGrowing ? Schedule.exponential(delay) : Schedule.spaced(delay)
    return { times, delay, schedule: Schedule.upTo(whole, { times }) }
  }
)

describe("laws of retries", () => {
  it.effect.prop(
    "a retry makes one attempt more than its Schedule has steps, or ends with the first that succeeds, at the same instants as Effect.retry",
    { plan: schedule, failures: int(0, 10), length: oneOf([0, 5]) },
    Effect.fnUntraced(function*({ failures, length, plan }) {
      const tried = (make: (work: Effect.Effect<number, number>) => Effect.Effect<number, unknown>) =>
        Effect.gen(function*() {
          const at: Array<number> = []
          const begin = yield* Clock.currentTimeMillis
          const work = Effect.gen(function*() {
            at.push((yield* Clock.currentTimeMillis) - begin)
            const n = at.length
            yield* Effect.sleep(length)
            return n > failures ? n : yield* Effect.fail(n)
          })
          const [exit, end] = yield* timed(make(work), aLongTime)
          return { at, exit, end: end - begin }
        })
      const own = yield* tried((work) => Task.run(Task.retry(work, { schedule: plan.schedule })))
      const theirs = yield* tried((work) => Effect.retry(work, plan.schedule))
      assert.strictEqual(own.at.length, Math.min(failures, plan.times) + 1)
      // without a delay others have their turn, the test clock among them
      if (plan.delay > 0) assert.deepStrictEqual(own, theirs)
      else assert.strictEqual(own.at.length, theirs.at.length)
    }),
    runs(60)
  )

  it.effect.prop(
    "each attempt is an event that has one end, whenever the run is interrupted",
    { plan: schedule, failures: int(0, 10), length: int(0, 40), interruptAt: int(0, 200) },
    Effect.fnUntraced(function*({ failures, interruptAt, length, plan }) {
      let attempts = 0
      const work = Effect.suspend(() =>
        Effect.andThen(Effect.sleep(length), ++attempts > failures ? Effect.void : Effect.fail("no"))
      )
      const workflow = Workflow.make<"A" | "Done">("w")
        .register("A", { run: Task.retry(work, { schedule: plan.schedule, attemptTimeout: 30 }), next: "Done" })
        .addExitStates("Done")
      const fiber = yield* start(listenTo(Effect.timeoutOption(workflow.orchestrate("A"), interruptAt + 0.5)))
      yield* passTime()
      const { events } = yield* Fiber.join(fiber)
      assertEvents(events)
      assert.strictEqual(events.filter(({ _tag }) => _tag === "AttemptStarted").length, attempts)
    }),
    runs(60)
  )
})

describe("laws of polls", () => {
  it.effect.prop(
    "a poll asks until there is an answer, one failure too many, or no more time, and says which",
    {
      answers: some(oneOf(["none", "fail", "some"])),
      every: int(1, 20),
      within: int(1, 100),
      failures: int(0, 3),
      length: oneOf([0, 3])
    },
    Effect.fnUntraced(function*({ answers, every, failures, length, within: grains }) {
      // nothing happens at the instant at which the time is up
      const within = grains + 0.5
      let polls = 0
      const poll = Effect.suspend(() => {
        const answer = answers[polls++] ?? "none"
        const end = answer === "fail"
          ? Effect.fail("no")
          : Effect.succeed(answer === "some" ? Option.some(polls) : Option.none())
        return Effect.andThen(Effect.sleep(length), end)
      })
      const began = yield* Clock.currentTimeMillis
      const [exit, ended] = yield* timed(Task.run(Task.poll({ poll, every, within, failures })), aLongTime)
      // played through on paper
      let row = 0
      let at = 0
      for (let i = 0;; i++) {
        at += length
        const answer = answers[i] ?? "none"
        row = answer === "fail" ? row + 1 : 0
        if (at > within) {
          const error = Exit.isFailure(exit) ? Option.getOrThrow(Cause.findErrorOption(exit.cause)) : undefined
          assert.instanceOf(error, Task.PollTimeoutError)
          assert.deepStrictEqual([polls, ended - began], [(error as Task.PollTimeoutError).polls, within])
          return
        }
        if (answer === "some" || row > failures) {
          assert.deepStrictEqual(exit, answer === "some" ? Exit.succeed(i + 1) : Exit.fail("no"))
          assert.deepStrictEqual([polls, ended - began], [i + 1, at])
          return
        }
        at += every
      }
    }),
    runs(80)
  )
})

describe("laws of streams", () => {
  /** What a source does: it gives so many elements at once, after a while. */
  const source = some(Arbitrary.all({ after: int(0, 3), size: int(0, 7) }))

  it.effect.prop(
    "what a stream has handed over is flushed, once and in order, in windows that are not too large, whenever it is interrupted",
    {
      source,
      count: int(1, 5),
      within: optional(int(1, 40)),
      flushing: oneOf([0, 0, 7, 30]),
      interruptAt: optional(int(0, 100)),
      isEndless: oneOf([false, true])
    },
    Effect.fnUntraced(function*({ count, flushing, interruptAt, isEndless, source, within }) {
      let handed = 0
      const windows: Array<ReadonlyArray<number>> = []
      const queue = yield* Queue.unbounded<number, Cause.Done>()
      const feeding = Effect.gen(function*() {
        for (const { after, size } of source) {
          yield* Effect.sleep(after * 10)
          yield* Queue.offerAll(queue, Array.from({ length: size }, () => handed++))
        }
        if (!isEndless) yield* Queue.end(queue)
      })
      const task = Task.stream({
        open: Stream.fromQueue(queue),
        count,
        ...within === undefined ? {} : { within },
        flush: (window) => Effect.andThen(Effect.sleep(flushing), Effect.sync(() => windows.push(window)))
      })
      const fiber = yield* start(Task.run(task))
      const feeder = yield* start(feeding)
      if (interruptAt !== undefined) {
        yield* TestClock.adjust(interruptAt + 0.5)
        yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      }
      yield* passTime()
      if (interruptAt === undefined && isEndless) {
        yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
        yield* passTime()
      }
      const exit = yield* Fiber.await(fiber)
      yield* Fiber.interrupt(feeder)
      const flushed = windows.flat()
      assert.deepStrictEqual(flushed, flushed.map((_, i) => i))
      for (const window of windows) assert.isTrue(window.length >= 1 && window.length <= count)
      // what was not taken is in the queue still, and follows on what was flushed
      const rest = yield* Queue.clear(queue).pipe(Effect.orElseSucceed(() => []))
      assert.deepStrictEqual([...flushed, ...rest], Array.from({ length: handed }, (_, i) => i))
      if (Exit.isSuccess(exit)) assert.strictEqual(exit.value, flushed.length)
      else assert.isTrue(Cause.hasInterruptsOnly(exit.cause))
    }),
    runs(150)
  )

  // where fibers yield at random, Effect may interrupt one between what a queue has given and what is done with it
  it.effect.prop(
    "the same, at whichever turn of the scheduler it is interrupted",
    { handed: int(0, 40), count: int(1, 5), chunk: int(1, 5), turn: int(0, 60), flushing: int(0, 3) },
    Effect.fnUntraced(function*({ chunk, count, flushing, handed, turn }) {
      const queue = yield* Queue.unbounded<number>()
      const flushed: Array<number> = []
      const task = Task.stream({
        open: Stream.fromQueue(queue),
        count,
        flush: (window) => Effect.andThen(turns(flushing), Effect.sync(() => flushed.push(...window)))
      })
      const fiber = yield* start(Task.run(task))
      let at = 0
      for (let i = 0; i < turn; i++) {
        const size = Math.min(chunk, handed - at)
        yield* Queue.offerAll(queue, Array.from({ length: size }, () => at++))
        yield* Effect.yieldNow
      }
      yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* turns(400)
      yield* Fiber.await(fiber)
      if (yieldsAtRandom) return
      assert.deepStrictEqual([...flushed, ...yield* Queue.clear(queue)], Array.from({ length: at }, (_, i) => i))
    }),
    runs(150)
  )

  it.effect.prop(
    "a window is open no longer than it may be, from its first element on",
    { source, count: int(1, 9), within: int(1, 40) },
    Effect.fnUntraced(function*({ count, source, within }) {
      const came: Array<number> = []
      const waited: Array<number> = []
      const open = Stream.fromIterable(source).pipe(
        Stream.rechunk(1),
        Stream.mapEffect(({ after, size }) =>
          Effect.gen(function*() {
            yield* Effect.sleep(after * 10)
            const now = yield* Clock.currentTimeMillis
            return Array.from({ length: size }, () => (came.push(now), came.length - 1))
          })
        ),
        Stream.flattenIterable
      )
      const flush = (window: ReadonlyArray<number>) =>
        Effect.map(Clock.currentTimeMillis, (now) => waited.push(now - came[window[0]!]!))
      const fiber = yield* start(Task.run(Task.stream({ open, count, within: Duration.millis(within), flush })))
      // a clock that jumps would leave behind what takes many turns at one instant
      for (let at = 0; at < 300; at++) yield* Effect.andThen(turns(12), TestClock.adjust(1))
      assert.strictEqual(yield* Fiber.join(fiber), came.length)
      for (const wait of waited) assert.isAtMost(wait, within)
    }),
    runs(15)
  )
})
