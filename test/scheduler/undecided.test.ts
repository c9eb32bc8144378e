/**
 * Between a tick and its decision: what waits for a run, for the answer of a claim, or for a failure to be forgotten.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Clock, Deferred, Effect, Exit, Fiber, Option, Schedule } from "effect"
import * as Scheduler from "effect-cano/Scheduler"
import { int, messages, oneOf, runs, some } from "../kit/index.ts"
import { pass, scheduled } from "./diary.ts"

const effect = <A, E>(name: string, body: () => Effect.Effect<A, E, any>) =>
  it.effect(name, () => Effect.provide(Effect.scoped(body()), messages([])) as Effect.Effect<A, E>)

const informed = (scheduler: Scheduler.Service) => Effect.map(scheduler.info("f"), Option.getOrThrow)

describe("a run that was begun before a failure", () => {
  /** The first run takes longer than the second one, which fails, and succeeds; all others fail. */
  const overtaken = (onFailure: Scheduler.OnFailure<string>) => {
    let n = 0
    const run = Effect.suspend(() => ++n === 1 ? Effect.sleep(150) : Effect.fail("no"))
    return scheduled([Scheduler.flow("f", { run, when: { fixedRate: 100 }, overlap: { allow: 2 }, onFailure })])
  }

  effect("and succeeds does not reset a flow that has tripped", () =>
    Effect.gen(function*() {
      const { decisions, of, scheduler } = yield* overtaken({ trip: 1 })
      yield* pass(310)
      const { status, streak } = yield* informed(scheduler)
      assert.deepStrictEqual([status, streak], [{ _tag: "Tripped", since: 100, streak: 1 }, 1])
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 Fired 100", "200 Tripped 200", "300 Tripped 300"])
      assert.deepStrictEqual(of("StatusChanged"), ["100 Tripped"])
      yield* scheduler.reset("f")
      yield* pass(100)
      assert.strictEqual(decisions().at(-1), "400 Fired 400")
    }))

  effect("and succeeds does not end a backoff, nor the streak", () =>
    Effect.gen(function*() {
      const { decisions, of, scheduler } = yield* overtaken({ backoff: Schedule.spaced(250), trip: 3 })
      yield* pass(310)
      assert.deepStrictEqual((yield* informed(scheduler)).status, { _tag: "BackingOff", until: 350, streak: 1 })
      assert.deepStrictEqual(decisions(), ["0 Fired 0", "100 Fired 100", "200 BackingOff 200", "300 BackingOff 300"])
      assert.deepStrictEqual(of("StatusChanged"), ["100 BackingOff"])
    }))

  effect("forgets the failures that came before it, and no others", () =>
    Effect.gen(function*() {
      const gates = [1, 2, 3].map(() => Deferred.makeUnsafe<void, string>())
      let n = 0
      const run = Effect.suspend(() => Deferred.await(gates[n++]!))
      const f = Scheduler.flow("f", { run, when: "manual", overlap: { allow: 3 }, onFailure: { trip: 5 } })
      const { scheduler } = yield* scheduled([f])
      const trigger = Effect.andThen(Effect.forkChild(scheduler.trigger(f), { startImmediately: true }), pass(1))
      const end = (i: number, exit: Exit.Exit<void, string>) =>
        Effect.andThen(Effect.sync(() => Deferred.doneUnsafe(gates[i]!, exit)), pass(1))
      yield* trigger
      yield* end(0, Exit.fail("no"))
      yield* trigger
      yield* trigger
      yield* end(1, Exit.fail("no"))
      assert.strictEqual((yield* informed(scheduler)).streak, 2)
      // it was begun between the two
      yield* end(2, Exit.void)
      assert.strictEqual((yield* informed(scheduler)).streak, 1)
    }))
})

describe("a claim that is being asked", () => {
  const operations: {
    readonly [reason: string]: (scheduler: Scheduler.Service) => Effect.Effect<unknown, Scheduler.FlowError>
  } = {
    Paused: (scheduler) => scheduler.pause("f"),
    Removed: (scheduler) => scheduler.remove("f"),
    Stopping: (scheduler) => scheduler.stop
  }
  for (const [reason, operation] of Object.entries(operations)) {
    effect(
      `says yes when the flow does not fire any more: the tick is skipped, ${reason}, and no run starts`,
      () =>
        Effect.gen(function*() {
          let started = 0
          const f = Scheduler.flow("f", { run: Effect.sync(() => started++), when: { fixedRate: 100 } })
          const claim = () => Effect.as(Effect.sleep(50), true)
          const { decisions, scheduler } = yield* scheduled([f], { claim, drain: 1000 })
          yield* pass(20)
          yield* Effect.forkChild(operation(scheduler), { startImmediately: true })
          yield* pass(50)
          assert.deepStrictEqual(decisions(), [`50 ${reason} 0`])
          assert.strictEqual(started, 0)
          yield* Effect.forkChild(scheduler.stop)
        })
    )
  }

  effect("says yes when the flow has tripped: the tick is skipped", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", {
        run: Effect.fail("no"),
        when: { fixedRate: 100 },
        overlap: { allow: 2 },
        onFailure: { trip: 1 }
      })
      const claim = ({ due }: Scheduler.Fire) => Effect.as(Effect.sleep(due === 0 ? 150 : 60), true)
      const { decisions } = yield* scheduled([f], { claim })
      yield* pass(250)
      assert.deepStrictEqual(decisions(), ["150 Fired 0", "160 Tripped 100", "200 Tripped 200"])
    }))
})

describe("the cursor", () => {
  effect("is the tick before those that wait for a run: with `after` they come again", () =>
    Effect.gen(function*() {
      const f = (after?: number) =>
        Scheduler.flow("f", {
          run: Effect.sleep(1000),
          when: { fixedRate: 100, after, missed: { catchUp: 9 } },
          overlap: { queue: 9 }
        })
      const { of, scheduler } = yield* scheduled([f()])
      yield* pass(350)
      const { cursor } = yield* informed(scheduler)
      assert.strictEqual(cursor, 0)
      // the process is gone, and another one begins
      const next = yield* scheduled([f(cursor)])
      yield* pass(4000)
      const runs = (of: (...tags: ReadonlyArray<Scheduler.Event["_tag"]>) => ReadonlyArray<string>) =>
        of("Fired", "Late").map((line) => Number(line.split(" ")[2])).slice(0, 4)
      assert.deepStrictEqual(runs(next.of), [100, 200, 300, 400])
      assert.deepStrictEqual(runs(of), [0, 100, 200, 300])
    }))

  effect("grows as what waits is decided, one way or the other", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.sleep(150), when: { fixedRate: 100 }, overlap: { queue: 9 } })
      const { scheduler } = yield* scheduled([f])
      const cursors: Array<number | undefined> = []
      for (let i = 0; i < 5; i++) {
        yield* pass(100)
        cursors.push((yield* informed(scheduler)).cursor)
      }
      assert.deepStrictEqual(cursors, [0, 100, 200, 200, 300])
      yield* scheduler.pause("f")
      assert.strictEqual((yield* informed(scheduler)).cursor, 500)
    }))

  effect(
    "is the tick before one whose claim is being asked, also if a later one has fired",
    () =>
      Effect.gen(function*() {
        const f = (from: "epoch" | "start") =>
          Scheduler.flow("f", { run: Effect.void, when: { fixedRate: 100, from }, overlap: { allow: 9 } })
        const claim = ({ due }: Scheduler.Fire) => due === 300 ? Effect.never : Effect.succeed(true)
        const { decisions, scheduler } = yield* scheduled([f("start")], { claim })
        yield* pass(450)
        assert.deepStrictEqual(decisions(), [0, 100, 200, 400].map((due) => `${due} Fired ${due}`))
        assert.strictEqual((yield* informed(scheduler)).cursor, 200)
        // of instants that are the same in every process the first one can be gone on to, too
        const first = yield* scheduled([f("epoch")], { claim: () => Effect.never })
        assert.strictEqual((yield* informed(first.scheduler)).cursor, undefined)
        yield* pass(60)
        assert.strictEqual((yield* informed(first.scheduler)).cursor, 499)
      })
  )

  effect("goes back to the ticks of a pause that are caught up, until they are decided", () =>
    Effect.gen(function*() {
      const f = Scheduler.flow("f", { run: Effect.sleep(1000), when: { fixedRate: 100, missed: { catchUp: 2 } } })
      const { decisions, scheduler } = yield* scheduled([f])
      yield* pass(50)
      yield* scheduler.cancel("f")
      yield* scheduler.pause("f")
      yield* pass(400)
      assert.strictEqual((yield* informed(scheduler)).cursor, 400)
      yield* scheduler.resume("f", { catchUp: true })
      assert.strictEqual(decisions().at(-1), "450 Late 200")
      assert.strictEqual((yield* informed(scheduler)).cursor, 200)
    }))
})

describe("whatever is asked of a flow, with claims that take their time", () => {
  const steps = ["pass", "pass", "pass", "pause", "resume", "catchUp", "trigger", "cancel", "change"] as const
  const overlaps = ["skip", "replace", { queue: 2 }, { allow: 2 }] as const

  it.effect.prop(
    "the cursor has no undecided tick before it, each tick has one decision, and none is between two of them",
    {
      asked: Arbitrary.array(Arbitrary.all({ step: oneOf(steps), millis: int(1, 350) }), {
        minLength: 4,
        maxLength: 25
      }),
      overlap: int(0, 3),
      claims: some(int(0, 300))
    },
    ({ asked, claims, overlap }) =>
      Effect.gen(function*() {
        let n = 0
        const make = () =>
          Scheduler.flow("f", {
            run: Effect.suspend(() =>
              Effect.andThen(Effect.sleep(n * 37 % 250), n % 5 === 0 ? Effect.fail("no") : Effect.void)
            ),
            when: { fixedRate: 100, missed: { catchUp: 3 } },
            overlap: overlaps[overlap]!,
            onFailure: { backoff: Schedule.spaced(120) }
          })
        const claim = () => Effect.as(Effect.sleep(claims[n++ % claims.length]!), n % 4 !== 0)
        let flow = make()
        const { events, scheduler } = yield* scheduled([flow], { claim })
        let isCaughtUp = false
        const decided = () =>
          events.flatMap((event) => {
            if (event._tag === "Skipped") return [event.due]
            return event._tag === "Fired" || event._tag === "Late" ? [event.fire.due] : []
          })
        const start = yield* Clock.currentTimeMillis
        const run: { readonly [K in typeof steps[number]]: Effect.Effect<unknown, unknown, any> } = {
          pass: Effect.void,
          pause: scheduler.pause("f"),
          resume: scheduler.resume("f"),
          catchUp: Effect.suspend(() => {
            isCaughtUp = true
            return scheduler.resume("f", { catchUp: true })
          }),
          trigger: Effect.suspend(() => Effect.forkChild(scheduler.trigger(flow))),
          cancel: scheduler.cancel("f"),
          change: Effect.suspend(() => scheduler.change(flow = make()))
        }
        for (const { millis, step } of asked) {
          yield* Effect.ignore(run[step])
          yield* pass(millis)
          const { cursor = -1 } = yield* informed(scheduler)
          const all = new Set(decided())
          for (let due = start; due <= cursor; due += 100) assert.isTrue(all.has(due), `${due} of ${cursor}`)
        }
        yield* Effect.forkChild(scheduler.stop, { startImmediately: true })
        yield* pass(1000)
        const all = decided()
        const once = [...new Set(all)].sort((a, b) => a - b)
        assert.deepStrictEqual(once, once.map((_, i) => start + 100 * i))
        if (!isCaughtUp) assert.lengthOf(all, once.length)
        const fired = events.flatMap((event) => event._tag === "Fired" || event._tag === "Late" ? [event.fire.due] : [])
        assert.strictEqual(new Set(fired).size, fired.length)
      }).pipe(Effect.scoped, Effect.provide(messages([]))),
    runs(100)
  )
})

describe("a flow that was removed", () => {
  effect(
    "tells of the end of its runs, and nothing of the status of the flow that has its name",
    () =>
      Effect.gen(function*() {
        const f = Scheduler.flow("f", {
          run: Effect.andThen(Effect.sleep(100), Effect.fail("no")),
          when: { fixedRate: 1000 },
          onFailure: { trip: 1 }
        })
        const { of, scheduler } = yield* scheduled([f], { drain: 1000 })
        yield* pass(50)
        const removing = yield* Effect.forkChild(scheduler.remove(f), { startImmediately: true })
        yield* scheduler.add(Scheduler.flow("f", { run: Effect.void, when: "manual" }))
        yield* pass(100)
        assert.lengthOf((yield* Fiber.join(removing)).drained, 1)
        assert.deepStrictEqual(of(), ["0 Added", "0 Fired 0", "50 Removed", "50 Added", "100 Ended Failure"])
      })
  )
})

describe("overlong", () => {
  effect("a run that is met by the next tick, also where there is room for another one", () =>
    Effect.gen(function*() {
      let n = 0
      const run = Effect.suspend(() => ++n === 1 ? Effect.never : Effect.void)
      const f = Scheduler.flow("f", { run, when: { fixedRate: 100 }, overlap: { allow: 3 } })
      const { of, scheduler } = yield* scheduled([f])
      yield* pass(250)
      assert.deepStrictEqual(of("Overlong"), ["100 Overlong since 100"])
      assert.deepStrictEqual((yield* informed(scheduler)).running.map(({ overlong }) => overlong), [100])
    }))
})
