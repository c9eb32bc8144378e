/**
 * `Task.retry`: which attempts it makes, when, and who is told of them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Effect, Exit, Fiber, Schedule } from "effect"
import type { RunEvent } from "effect-cano"
import { Hedge, Workflow } from "effect-cano"
import * as Task from "effect-cano/Task"
import { assertEvents, failureOf, listenTo, succeeded, timed, turns, until } from "../kit/index.ts"

/** Work that fails so many times; and when it was tried. */
const failing = (times: number) => {
  const at: Array<number> = []
  const work = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    at.push(now)
    return at.length > times ? Effect.succeed(at.length) : Effect.fail(`busy ${at.length}`)
  })
  return { at, work }
}

describe("Task.retry", () => {
  it.effect("tries at once, and again as the Schedule says, until it succeeds", () =>
    Effect.gen(function*() {
      const { at, work } = failing(2)
      const [exit] = yield* timed(Task.run(Task.retry(work, { schedule: Schedule.exponential("1 second") })))
      assert.deepStrictEqual([succeeded(exit), at], [3, [0, 1000, 3000]])
    }))

  it.effect("fails with the last failure when the Schedule has no further attempt", () =>
    Effect.gen(function*() {
      const { at, work } = failing(9)
      const [exit] = yield* timed(Task.run(Task.retry(work, { schedule: Schedule.recurs(3) })))
      assert.deepStrictEqual([failureOf(exit), at.length], ["busy 4", 4])
    }))

  it.effect("asks the Schedule with the failure", () =>
    Effect.gen(function*() {
      const { at, work } = failing(9)
      const schedule = Schedule.forever.pipe(
        Schedule.setInputType<string>(),
        Schedule.while(({ input }) => input !== "busy 3")
      )
      const [exit] = yield* timed(Task.run(Task.retry(work, { schedule })))
      assert.deepStrictEqual([failureOf(exit), at.length], ["busy 3", 3])
    }))

  it.effect("tries neither a defect nor an interruption again, nor a failure beside one", () =>
    Effect.gen(function*() {
      for (
        const cause of [
          Cause.die("bug"),
          Cause.interrupt(),
          Cause.combine(Cause.fail("busy"), Cause.die("bug")),
          Cause.combine(Cause.interrupt(), Cause.fail("busy"))
        ]
      ) {
        let attempts = 0
        const work = Effect.suspend(() => (attempts++, Effect.failCause(cause)))
        const exit = yield* Effect.exit(Task.run(Task.retry(work, { schedule: Schedule.forever })))
        assert.strictEqual(attempts, 1)
        assert.deepStrictEqual(Exit.isFailure(exit) && exit.cause.reasons.length, cause.reasons.length)
      }
    }))

  it.effect("ends an attempt that takes too long, awaits it, and tries again", () =>
    Effect.gen(function*() {
      const at: Array<number> = []
      const work = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        at.push(now)
        return at.length === 2
          ? Effect.succeed("done")
          : Effect.onInterrupt(Effect.never, () => Effect.sleep(50))
      })
      const task = Task.retry(work, { schedule: Schedule.spaced("1 second"), attemptTimeout: 200 })
      const [exit] = yield* timed(Task.run(task))
      assert.deepStrictEqual([succeeded(exit), at], ["done", [0, 1250]])
      const late = Task.retry(Effect.never, { schedule: Schedule.recurs(1), attemptTimeout: 200 })
      assert.isTrue(Cause.isTimeoutError(failureOf((yield* timed(Task.run(late)))[0])))
    }))

  it.effect("is interrupted in an attempt, as it waits, and where it does both at once without an end", () =>
    Effect.gen(function*() {
      for (
        const [work, schedule] of [
          [Effect.never, Schedule.forever],
          [Effect.fail("no"), Schedule.spaced("1 hour")],
          [Effect.fail("no"), Schedule.spaced(0)],
          [Effect.fail("no"), Schedule.forever]
        ] as const
      ) {
        const fiber = yield* until(Task.run(Task.retry(work, { schedule })), 5)
        yield* Fiber.interrupt(fiber)
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      }
    }))

  it.effect("lets others go on where its attempts fail at once", () =>
    Effect.gen(function*() {
      let attempts = 0
      const work = Effect.suspend(() => (attempts++, Effect.fail("no")))
      const fiber = yield* until(Task.run(Task.retry(work, { schedule: Schedule.forever })), 0)
      const before = attempts
      yield* turns(5)
      assert.isBelow(attempts - before, 20)
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("tells listeners of each attempt, of which kind it is, and of its one end", () =>
    Effect.gen(function*() {
      const { work } = failing(2)
      const workflow = Workflow.make<"A" | "B" | "Done">("w")
        .register("A", { run: Task.retry(work, { schedule: Schedule.spaced("1 second") }), next: "B" })
        .register("B", { run: Hedge.run(Effect.sleep(50), { delay: 10 }), next: "Done" })
        .addExitStates("Done")
      const [exit] = yield* timed(listenTo(workflow.orchestrate("A", { runId: "r" })))
      const { events } = succeeded(exit)
      assertEvents(events)
      const attempts = events.filter((event): event is RunEvent.AttemptStarted | RunEvent.AttemptEnded =>
        event._tag === "AttemptStarted" || event._tag === "AttemptEnded"
      )
      assert.deepStrictEqual(
        attempts.map((event) =>
          [
            event._tag === "AttemptStarted" ? "+" : event.how,
            event.key,
            event.kind,
            event.attempt,
            event.at,
            event.first - attempts[0]!.first
          ].join(" ")
        ),
        [
          "+ r/1/A retry 0 0 0",
          "failed r/1/A retry 0 0 0",
          "+ r/1/A retry 1 1000 0",
          "failed r/1/A retry 1 1000 0",
          "+ r/1/A retry 2 2000 0",
          "succeeded r/1/A retry 2 2000 0",
          "+ r/2/B hedge 0 2000 8",
          "+ r/2/B hedge 1 2010 8",
          "succeeded r/2/B hedge 0 2050 8",
          "interrupted r/2/B hedge 1 2050 8"
        ]
      )
    }))

  it.effect("tells of the end of an attempt that is interrupted", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"A" | "Done">("w")
        .register("A", { run: Task.retry(Effect.never, { schedule: Schedule.forever }), next: "Done" })
        .addExitStates("Done")
        .withTimeout("1 second")
      const [exit] = yield* timed(listenTo(workflow.orchestrate("A")))
      const { events, lines } = succeeded(exit)
      assertEvents(events)
      assert.strictEqual(lines.filter((line) => /^AttemptEnded.* interrupted$/.test(line)).length, 1)
    }))

  it.effect("lets an attempt ask for its number", () =>
    Effect.gen(function*() {
      const seen: Array<number> = []
      const work = Effect.flatMap(Schedule.CurrentMetadata, ({ attempt }) => {
        seen.push(attempt)
        return Effect.fail("no")
      })
      yield* Effect.exit(Task.run(Task.retry(work, { schedule: Schedule.recurs(2) })))
      assert.deepStrictEqual(seen, [0, 1, 2])
    }))

  it.effect("gives the state to its function, anew for each attempt", () =>
    Effect.gen(function*() {
      type State = { readonly _tag: "Pay"; readonly sum: number } | "Done"
      const sums: Array<number> = []
      const workflow = Workflow.make<State>("w")
        .register("Pay", {
          run: Task.retry(({ sum }) => {
            sums.push(sum)
            return sums.length < 3 ? Effect.fail("busy") : Effect.void
          }, { schedule: Schedule.forever }),
          next: "Done"
        })
        .addExitStates("Done")
      yield* workflow.orchestrate({ _tag: "Pay", sum: 5 })
      assert.deepStrictEqual(sums, [5, 5, 5])
    }))
})
