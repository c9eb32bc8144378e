/**
 * `Task.poll`: when it asks, how long, and what it says when nobody has answered.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Duration, Effect, Exit, Fiber, Option, Schedule } from "effect"
import { Workflow } from "effect-cano"
import * as Task from "effect-cano/Task"
import { TestClock } from "effect/testing"
import { failureOf, start, succeeded, timed, turns, until } from "../kit/index.ts"

type Answer = "none" | "fail" | "die" | number

/** A poll that answers with these, one after another, the last one for ever; and when it was asked. */
const answering = (...answers: ReadonlyArray<Answer>) => {
  const at: Array<number> = []
  const poll = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const answer = answers[Math.min(at.length, answers.length - 1)]!
    at.push(now)
    if (answer === "none") return Effect.succeed(Option.none<number>())
    if (answer === "fail") return Effect.fail(`offline ${at.length}`)
    return answer === "die" ? Effect.die("bug") : Effect.succeed(Option.some(answer))
  })
  return { at, poll }
}

const within = "1 minute"

describe("Task.poll", () => {
  it.effect("asks at once, waits between the polls, and gives the first answer", () =>
    Effect.gen(function*() {
      const { at, poll } = answering("none", "none", 7)
      const [exit, end] = yield* timed(Task.run(Task.poll({ poll, every: "1 second", within })))
      assert.deepStrictEqual([succeeded(exit), at, end], [7, [0, 1000, 2000], 2000])
    }))

  it.effect("waits as its Schedule says, which is given the number of polls", () =>
    Effect.gen(function*() {
      const { at, poll } = answering("none", "none", "none", 7)
      const inputs: Array<number> = []
      const every = Schedule.spaced("1 second").pipe(
        Schedule.setInputType<number>(),
        Schedule.modifyDelay(({ input }) => {
          inputs.push(input)
          return Effect.succeed(Duration.seconds(input))
        })
      )
      yield* timed(Task.run(Task.poll({ poll, every, within })))
      assert.deepStrictEqual([at, inputs], [[0, 1000, 3000, 6000], [1, 2, 3]])
    }))

  it.effect("ends with the first failure where none is tolerated", () =>
    Effect.gen(function*() {
      const { at, poll } = answering("none", "fail", 7)
      const [exit] = yield* timed(Task.run(Task.poll({ poll, every: "1 second", within })))
      assert.deepStrictEqual([failureOf(exit), at], ["offline 2", [0, 1000]])
    }))

  it.effect("takes as many failures in a row for no answer as are tolerated, and waits after each", () =>
    Effect.gen(function*() {
      const { at, poll } = answering("fail", "fail", "none", "fail", "fail", "fail", 7)
      const [exit] = yield* timed(Task.run(Task.poll({ poll, every: "1 second", within, failures: 2 })))
      assert.deepStrictEqual([failureOf(exit), at], ["offline 6", [0, 1000, 2000, 3000, 4000, 5000]])
    }))

  it.effect("tolerates no defect, and no interruption of itself, whatever is tolerated", () =>
    Effect.gen(function*() {
      const failures = Number.POSITIVE_INFINITY
      const died = yield* Effect.exit(
        Task.run(Task.poll({ poll: answering("die").poll, every: "1 second", within, failures }))
      )
      assert.isTrue(Exit.isFailure(died) && Cause.hasDies(died.cause))
      const gone = yield* Effect.exit(
        Task.run(Task.poll({ poll: Effect.interrupt, every: "1 second", within, failures }))
      )
      assert.isTrue(Exit.isFailure(gone) && Cause.hasInterruptsOnly(gone.cause))
    }))

  it.effect("is late when its time is up, and says what it has seen", () =>
    Effect.gen(function*() {
      const { poll } = answering("none", "fail")
      const task = Task.poll({ poll, every: "1 second", within: "2500 millis", failures: 5 })
      const workflow = Workflow.make<"Ask" | "Done">("w").register("Ask", { run: task, next: "Done" })
        .addExitStates("Done")
      const [exit, end] = yield* timed(workflow.orchestrate("Ask"))
      const error = failureOf(exit)
      assert.instanceOf(error, Task.PollTimeoutError)
      const { cause, failed, message, path, polls, reason, running, state } = error as Task.PollTimeoutError<string>
      assert.deepStrictEqual(
        { cause, failed, path: path?.states, polls, reason, running, state, end },
        {
          cause: "offline 3",
          failed: 2,
          path: ["Ask"],
          polls: 3,
          reason: "Late",
          running: false,
          state: "Ask",
          end: 2500
        }
      )
      assert.strictEqual(
        message,
        `workflow "w", state "Ask": there was no answer within 2s 500ms (polls: 3, 2 failed, the last one with: offline 3)`
      )
      assert.deepStrictEqual(JSON.parse(JSON.stringify(error)), {
        _tag: "PollTimeoutError",
        message,
        reason: "Late",
        within: "2s 500ms",
        polls: 3,
        failed: 2,
        running: false,
        error: "offline 3",
        workflow: "w",
        state: "Ask",
        path: { workflow: "w", states: ["Ask"], entered: 1 }
      })
    }))

  it.effect("forgets a failure that an answer without a value has followed", () =>
    Effect.gen(function*() {
      const { poll } = answering("fail", "none")
      const [exit] = yield* timed(
        Task.run(Task.poll({ poll, every: "1 second", within: 1500, failures: 1 }))
      )
      const error = failureOf(exit) as Task.PollTimeoutError<string>
      assert.deepStrictEqual([error.error, error.failed, error.polls], [Option.none(), 1, 2])
      assert.strictEqual(error.message, "there was no answer within 1s 500ms (polls: 2, 1 failed)")
    }))

  it.effect("interrupts a poll that hangs when its time is up, and awaits it", () =>
    Effect.gen(function*() {
      const ends: Array<number> = []
      const poll = Effect.onInterrupt(
        Effect.never,
        () => Effect.andThen(Effect.sleep(100), Effect.map(Clock.currentTimeMillis, (now) => ends.push(now)))
      )
      const [exit, end] = yield* timed(Task.run(Task.poll({ poll, every: "1 second", within: "5 seconds" })))
      const error = failureOf(exit) as Task.PollTimeoutError
      assert.deepStrictEqual([error.running, error.polls, error.failed, ends, end], [true, 1, 0, [5100], 5100])
      assert.include(error.message, "one was still running")
    }))

  it.effect("ends when its Schedule is done", () =>
    Effect.gen(function*() {
      const { at, poll } = answering("none")
      const every = Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 2 }))
      const [exit] = yield* timed(Task.run(Task.poll({ poll, every, within })))
      const error = failureOf(exit) as Task.PollTimeoutError
      assert.deepStrictEqual([error.reason, error.polls, at], ["Exhausted", 3, [0, 1000, 2000]])
      assert.strictEqual(error.message, "there was no answer before its Schedule was done (polls: 3)")
    }))

  it.effect("is interrupted while it asks, while it waits, and where it does both at once without an end", () =>
    Effect.gen(function*() {
      for (
        const [poll, every] of [
          [Effect.never, 10],
          [Effect.succeed(Option.none()), "1 hour"],
          [Effect.succeed(Option.none()), 0],
          [Effect.succeed(Option.none()), Schedule.spaced(0)]
        ] as const
      ) {
        const fiber = yield* until(Task.run(Task.poll({ poll, every, within: "2 hours" })), 5)
        yield* Fiber.interrupt(fiber)
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      }
    }))

  it.effect("lets others go on, and time pass, where its polls complete at once", () =>
    Effect.gen(function*() {
      let polls = 0
      const poll = Effect.sync(() => (polls++, Option.none()))
      const fiber = yield* start(Task.run(Task.poll({ poll, every: 0, within: "1 second" })))
      yield* turns(5)
      assert.isBelow(polls, 20)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((failureOf(yield* Fiber.await(fiber)) as Task.PollTimeoutError).reason, "Late")
    }))

  it.live("ends in time though its polls complete at once, also under Effect.runSync", () =>
    Effect.gen(function*() {
      const task = Task.run(Task.poll({ poll: Effect.succeed(Option.none()), every: 0, within: 20 }))
      assert.instanceOf(yield* Effect.flip(task), Task.PollTimeoutError)
      // whatever the timer does
      assert.isTrue(Exit.isFailure(Effect.runSyncExit(task)))
    }))

  it.effect("gives the state to its function", () =>
    Effect.gen(function*() {
      type State = { readonly _tag: "Ask"; readonly job: string } | { readonly _tag: "Done"; readonly job: string }
      const workflow = Workflow.make<State>("w")
        .register("Ask", {
          run: Task.poll({ poll: ({ job }) => Effect.succeed(Option.some(`${job}!`)), every: 1, within }),
          next: (job) => ({ _tag: "Done", job })
        })
        .addExitStates("Done")
      assert.deepStrictEqual(yield* workflow.orchestrate({ _tag: "Ask", job: "x" }), { _tag: "Done", job: "x!" })
    }))

  it.effect("dies of what is no Effect and of what is no Option, and says so", () =>
    Effect.gen(function*() {
      const run = (poll: any) => Effect.map(Effect.exit(Task.run(Task.poll({ poll, every: 1, within }))), String)
      assert.include(yield* run(Effect.succeed(7)), "its effect returned 7; it must return an Option")
      assert.include(yield* run(() => 7), "its function returned 7; it must return an Effect")
      assert.include(yield* run(() => Promise.resolve()), "a Promise")
    }))

  it.effect("starts anew in each run", () =>
    Effect.gen(function*() {
      const { at, poll } = answering("none", 1, "none", 2)
      const every = Schedule.exponential("1 second")
      const task = Task.run(Task.poll({ poll, every, within }))
      yield* timed(Effect.andThen(task, task))
      assert.deepStrictEqual(at, [0, 1000, 1000, 2000])
    }))
})
