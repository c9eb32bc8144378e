/**
 * Who steers a scheduler: what is no flow, or not its flow, is refused; listeners may ask for anything, whenever they are told.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Option, Schedule } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import { messages, succeeded } from "../kit/index.ts"
import { diary, pass, scheduled } from "./diary.ts"

const effect = <A, E>(name: string, body: () => Effect.Effect<A, E, any>) =>
  it.effect(name, () => Effect.provide(Effect.scoped(body()), messages([])) as Effect.Effect<A, E>)

const informed = (scheduler: Scheduler.Service, flow: Scheduler.AnyFlow | string = "f") =>
  Effect.map(scheduler.info(flow), Option.getOrThrow)

/** A clock that can be set forward without that anything wakes. */
const jumping = Effect.map(Clock.Clock, (real) => {
  const jump = { by: 0 }
  const clock: Clock.Clock = {
    ...real,
    currentTimeMillisUnsafe: () => real.currentTimeMillisUnsafe() + jump.by,
    sleep: (duration) => real.sleep(duration)
  }
  return { clock, jump }
})

describe("a listener that steers", () => {
  /** A scheduler whose first listener does something at the first event that it likes, and whose second one writes. */
  const steered = (
    flows: ReadonlyArray<Scheduler.AnyFlow>,
    likes: (event: Scheduler.Event) => boolean,
    steers: (scheduler: Scheduler.Service) => Effect.Effect<unknown, unknown>
  ) =>
    Effect.gen(function*() {
      const { clock, jump } = yield* jumping
      const { listeners, ...rest } = diary()
      let asked: unknown
      const scheduler: Scheduler.Service = yield* Scheduler.make(flows, {
        drain: 0,
        grace: 0,
        listeners: [(event) => {
          if (asked !== undefined || !likes(event)) return
          asked = true
          Effect.runFork(Effect.exit(steers(scheduler))).addObserver((exit) =>
            asked = Exit.isSuccess(exit) && exit.value
          )
        }, ...listeners]
      }).pipe(Effect.provideService(Clock.Clock, clock))
      yield* pass(1)
      return { ...rest, scheduler, jump, answer: () => asked }
    })

  const tag = (...tags: ReadonlyArray<string>) => (event: Scheduler.Event) =>
    tags.includes(event._tag === "Skipped" ? event.reason : event._tag)

  effect("every listener is told of what happened before what follows from it", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 100 } })
      const { of } = yield* steered([f], tag("Added", "Fired"), () => Effect.void)
      assert.deepStrictEqual(of(), ["0 Added", "0 Fired 0", "0 Ended Success"])
      const pausing = yield* steered([f], tag("Fired"), (scheduler) => scheduler.pause(f))
      const status = yield* informed(pausing.scheduler)
      assert.strictEqual(status.status._tag, "Paused")
      assert.deepStrictEqual(pausing.of(), ["1 Added", "1 Fired 1", "1 Paused", "1 Ended Success"])
    }))

  effect("resumes while it is resumed: what is caught up runs once (S1)", () =>
    Effect.gen(function*() {
      const bodies: Array<string> = []
      const f = Scheduler.flow("f", {
        run: ({ runId }) => Effect.sync(() => bodies.push(runId)),
        when: { fixedRate: 100, missed: { catchUp: 9 } },
        overlap: { allow: 9 }
      })
      for (const like of ["Skipped Paused", "StatusChanged Waiting", "Late"]) {
        bodies.length = 0
        const { jump, scheduler } = yield* steered(
          [f],
          (event) =>
            like === `${event._tag}${
              event._tag === "StatusChanged"
                ? ` ${event.status._tag}`
                : event._tag === "Skipped"
                ? ` ${event.reason}`
                : ""
            }`,
          (scheduler) => Effect.andThen(scheduler.pause(f, { note: "again" }), scheduler.resume(f, { catchUp: true }))
        )
        yield* scheduler.pause(f)
        jump.by = 250
        yield* scheduler.resume(f, { catchUp: true })
        yield* pass(1)
        assert.lengthOf(bodies, 3, like)
        assert.strictEqual(new Set(bodies).size, 3, like)
        yield* scheduler.stop
      }
    }))

  effect("pauses and resumes between ticks that are due at once: each runs once", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", {
        run: Effect.void,
        when: { fixedRate: 100, missed: { catchUp: 3 } },
        overlap: { allow: 9 }
      })
      const { decisions, jump, scheduler } = yield* steered(
        [f],
        tag("CatchUpFull"),
        (scheduler) => Effect.andThen(scheduler.pause(f), scheduler.resume(f, { catchUp: true }))
      )
      jump.by = 500
      yield* pass(120)
      assert.deepStrictEqual(decisions().slice(0, 6), [
        "0 Fired 0",
        "600 CatchUpFull 100",
        "600 CatchUpFull 200",
        "600 Late 300",
        "600 Late 400",
        "600 Late 500"
      ])
      assert.strictEqual((yield* informed(scheduler)).cursor, 600)
    }))

  effect(
    "pauses between ticks that are due at once: those that follow are of the pause, and can be caught up",
    () =>
      Effect.gen(function*() {
        const f = Scheduler.flow("f", {
          run: Effect.void,
          when: { fixedRate: 100, missed: { catchUp: 2 } },
          overlap: { allow: 9 }
        })
        const { decisions, jump, scheduler } = yield* steered(
          [f],
          tag("CatchUpFull"),
          (scheduler) => scheduler.pause(f)
        )
        jump.by = 400
        yield* pass(100)
        yield* scheduler.resume(f, { catchUp: true })
        assert.deepStrictEqual(decisions().slice(1), [
          "500 CatchUpFull 100",
          ...[200, 300, 400, 500].map((due) => `500 Paused ${due}`),
          "501 CatchUpFull 200",
          "501 Late 300",
          "501 Late 400",
          "501 Fired 500"
        ])
      })
  )

  effect("changes, removes or adds again: one decision for each tick (S2)", () =>
    Effect.gen(function*() {
      const f = () => Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 100 } })
      const operations: ReadonlyArray<(scheduler: Scheduler.Service) => Effect.Effect<unknown, unknown>> = [
        (scheduler) => scheduler.change(f()),
        (scheduler) => scheduler.remove("f"),
        (scheduler) => Effect.andThen(scheduler.remove("f"), scheduler.add(f())),
        (scheduler) => scheduler.stop
      ]
      for (const outer of [...operations, () => pass(60_000)]) {
        for (const inner of operations) {
          const { events, jump, scheduler } = yield* steered([f()], ({ _tag }) => _tag === "Skipped", inner)
          jump.by = 250
          yield* Effect.exit(outer(scheduler))
          yield* pass(0)
          const decided = events.flatMap((event) => {
            if (event._tag === "Skipped") return [event.due]
            return event._tag === "Fired" || event._tag === "Late" ? [event.fire.due] : []
          })
          assert.isAtLeast(decided.length, 3)
          assert.deepStrictEqual(decided, [...new Set(decided)].sort((a, b) => a - b))
          yield* scheduler.stop
        }
      }
    }))

  effect("triggers while it stops: nothing is accepted, of no flow (S10)", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 100 } })
      const g = Scheduler.flow("g", { run: Effect.void, when: "manual" })
      for (const asked of [f, g]) {
        const { answer, jump, of, scheduler } = yield* steered(
          [f, g],
          tag("Stopping"),
          (scheduler) => Effect.flip(scheduler.trigger(asked))
        )
        jump.by = 250
        yield* scheduler.stop
        yield* pass(1)
        assert.deepStrictEqual(of("Triggered"), [])
        assert.strictEqual((answer() as Exit.Success<Scheduler.FlowError>).value.reason, "Stopping")
      }
    }))
})

describe("what is asked of a scheduler", () => {
  effect("of what is no flow is refused by a typed error that says so", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.succeed(1), when: "manual" })
      const { of, scheduler } = yield* scheduled([f])
      const { cancel, history, info, pause, remove, reset, resume, trigger } = scheduler
      for (const [name, ask] of Object.entries({ cancel, history, info, pause, remove, reset, resume, trigger })) {
        for (const named of [undefined, null, 123, {}, { id: "f" }, []] as const) {
          if (named === undefined && (name === "pause" || name === "resume")) continue
          const error = yield* Effect.flip(
            (ask as (named: unknown) => Effect.Effect<unknown, Scheduler.FlowError>)(named)
          )
          assert.deepStrictEqual([error._tag, error.reason], ["FlowError", "NotAFlow"], name)
          assert.match(
            error.message,
            /^flow ".*" is none: name it by what Scheduler.flow has made, or by its id$/,
            name
          )
        }
      }
      assert.deepStrictEqual(of(), ["0 Added"])
    }))

  effect(
    "with an option that there is not, or a value that it cannot have, changes nothing and is a typed error",
    () =>
      Effect.gen(function*() {
        const f = Scheduler.flow("f", { run: Effect.succeed(1), when: "manual" })
        const { of, scheduler } = yield* scheduled([f])
        const pause = scheduler.pause as (...args: ReadonlyArray<unknown>) => Effect.Effect<void, Scheduler.FlowError>
        const resume = scheduler.resume as typeof pause
        for (const options of [{ notes: "x" }, { note: 1 }, "maintenance", null, { note: "x", catchUp: true }]) {
          const error = yield* Effect.flip(pause(f, options))
          assert.strictEqual(error.reason, "Options")
          assert.match(error.message, /^flow "f": what pause is given is .*; it must be \{ note \}, a text$/)
        }
        for (const options of [{ catchup: true }, { catchUp: "yes" }, true, null]) {
          assert.match(
            (yield* Effect.flip(resume(undefined, options))).message,
            /^flow "\*": what resume is given is .*; it must be \{ catchUp \}, a boolean$/
          )
        }
        assert.deepStrictEqual(of(), ["0 Added"])
      })
  )

  effect("a second pause with another note changes the note, and nothing else", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 100 } })
      const { of, scheduler } = yield* scheduled([f])
      yield* pass(50)
      for (const options of [{ note: "one" }, { note: "one" }, undefined, { note: "two" }]) {
        yield* scheduler.pause(f, options)
        yield* pass(100)
      }
      assert.deepStrictEqual((yield* informed(scheduler)).status, { _tag: "Paused", since: 50, note: "two" })
      assert.deepStrictEqual(of("StatusChanged"), ["50 Paused", "350 Paused"])
    }))
})

describe("a flow as a typed key", () => {
  effect(
    "another definition of the same id is refused, whatever is asked; the id alone is not",
    () =>
      Effect.gen(function*() {
        const f = Scheduler.flow("f", { run: Effect.succeed(1), when: "manual" })
        const g = Scheduler.flow("f", { run: Effect.succeed("text"), when: "manual" })
        const { scheduler } = yield* scheduled([f])
        assert.strictEqual(succeeded(yield* scheduler.trigger(f)), 1)
        for (const [right, wrong] of [[f, g], [g, f]] as const) {
          if (right === g) yield* scheduler.change(g)
          yield* scheduler.add<unknown, never, never>(right)
          const { cancel, history, info, pause, remove, reset, resume, trigger } = scheduler
          for (const ask of [cancel, history, info, pause, remove, reset, resume, trigger]) {
            const error = yield* Effect.flip((ask as typeof scheduler.trigger)(wrong as Scheduler.AnyFlow))
            assert.strictEqual(error.reason, "Changed")
            assert.strictEqual(
              error.message,
              "flow \"f\" is in this scheduler with another definition: it was changed, or another flow has this id"
            )
          }
          yield* scheduler.pause("f")
          yield* scheduler.resume("f")
        }
        const exit: Exit.Exit<string> = yield* scheduler.trigger(g)
        assert.strictEqual(succeeded(exit), "text")
        // runs of both are in the history, and each flow sees its own
        assert.deepStrictEqual((yield* scheduler.history(g)).map(({ exit }) => succeeded(exit)), ["text"])
        assert.deepStrictEqual((yield* scheduler.history("f")).map(({ exit }) => succeeded(exit)), [1, "text"])
        yield* scheduler.remove("f")
        assert.strictEqual((yield* Effect.flip(scheduler.trigger(g))).reason, "Unknown")
        assert.strictEqual((yield* Effect.flip(scheduler.history(g))).reason, "Unknown")
        assert.isTrue(Option.isNone(yield* scheduler.info(g)))
      })
  )

  effect(
    "a trigger that waits is refused when its flow is changed, and one of the new flow is served",
    () =>
      Effect.gen(function*() {
        const f = Scheduler.flow("f", { run: Effect.as(Effect.sleep(100), 1), when: "manual", overlap: { queue: 5 } })
        const g = Scheduler.flow("f", { run: Effect.succeed("text"), when: "manual", overlap: { queue: 5 } })
        const { scheduler } = yield* scheduled([f])
        const first = yield* Effect.forkChild(scheduler.trigger(f), { startImmediately: true })
        const second = yield* Effect.forkChild(Effect.flip(scheduler.trigger(f)), { startImmediately: true })
        yield* scheduler.change(f)
        yield* scheduler.change(g)
        const third = yield* Effect.forkChild(scheduler.trigger(g), { startImmediately: true })
        yield* pass(100)
        assert.strictEqual(succeeded(yield* Fiber.join(first)), 1)
        assert.strictEqual((yield* Fiber.join(second)).reason, "Changed")
        assert.strictEqual(succeeded(yield* Fiber.join(third)), "text")
      })
  )

  effect("a backoff is not stepped with the cause of another definition", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const backoff = Schedule.spaced("1 hour").pipe(
        Schedule.while(({ input }) => (seen.push(input), true))
      ) as Schedule.Schedule<unknown>
      const f = Scheduler.flow("f", {
        run: Effect.andThen(Effect.sleep(50), Effect.fail("f")),
        when: { fixedRate: 100 }
      })
      const g = Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 100 }, onFailure: { backoff } })
      const { decisions, scheduler } = yield* scheduled([f])
      yield* pass(10)
      yield* scheduler.change(g)
      yield* pass(100)
      assert.deepStrictEqual(seen, [])
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 Fired 100"])
      assert.strictEqual((yield* informed(scheduler, g)).failures, 1)
    }))
})
