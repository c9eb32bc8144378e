/**
 * Those who wait: for a place, for room, for an observer. Nobody holds a place while it waits for something else, nobody
 * is woken without need, and whoever has ended is forgotten.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Context, Deferred, Effect, Exit, Fiber, Logger, Option, Stream } from "effect"
import { Bulkhead, JoinStrategy, Split, Workflow } from "effect-cano"
import * as SplitStream from "effect-cano/SplitStream"
import { TestClock } from "effect/testing"
import {
  collectGarbage,
  counted,
  endsWithin,
  failed,
  fibersOf,
  isIdle,
  messages,
  start,
  succeeded,
  tags
} from "../kit/index.ts"

const { all, any, quorum } = JoinStrategy

describe("an observer on the bulkhead of its own split", () => {
  const work = Array.from({ length: 60 }, (_, i) => i % 3 === 0 ? Effect.void : Effect.sleep(1))
  const lists: ReadonlyArray<
    readonly [string, () => ReadonlyArray<Effect.Effect<void>> | Iterable<Effect.Effect<void>, void>]
  > = [
    ["known", () => work],
    ["lazy", () => work.values()]
  ]
  for (const places of [1, 2, 5]) {
    for (const [name, list] of lists) {
      it.effect(`takes places of it (${places} places, a ${name} list)`, () =>
        Effect.gen(function*() {
          const bulkhead = yield* Bulkhead.make("db", { places })
          let told = 0
          const save = Effect.andThen(Effect.sleep(1), Effect.sync(() => void told++))
          const exit = yield* endsWithin(
            Split.run(list, { strategy: all, bulkhead, discard: true, onOutcome: () => bulkhead.withPlace(save) }),
            10_000
          )
          assert.strictEqual(succeeded(exit).tally.succeeded, 60)
          assert.strictEqual(told, 60)
          yield* isIdle(bulkhead)
        }))
    }

    it.effect(`runs a split on it, as does the reader of a stream (${places} places)`, () =>
      Effect.gen(function*() {
        const bulkhead = yield* Bulkhead.make("db", { places })
        let saved = 0
        const save = Split.run([Effect.sleep(1), Effect.void], { strategy: all, bulkhead }).pipe(
          Effect.tap(Effect.sync(() => saved++))
        )
        yield* Effect.map(
          endsWithin(Split.run(() => work, { strategy: all, bulkhead, onOutcome: () => save }), 10_000),
          succeeded
        )
        const stream = SplitStream.make(() => work, { strategy: all, bulkhead, bufferSize: 1 })
        yield* Effect.map(endsWithin(Stream.runForEach(stream, () => save), 10_000), succeeded)
        assert.strictEqual(saved, 120)
        yield* isIdle(bulkhead)
      }))
  }

  it.effect("of a list that grows takes places of it", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const grows = Split.growing<number>((add) => {
        const step = (n: number): Effect.Effect<number> =>
          Effect.as(n < 200 ? add([step(2 * n + 1), step(2 * n + 2)]) : Effect.void, n)
        return [step(0)]
      })
      let told = 0
      const exit = yield* endsWithin(
        Split.run(grows, {
          strategy: all,
          bulkhead,
          onOutcome: () => bulkhead.withPlace(Effect.map(Effect.sleep(1), () => told++))
        }),
        100_000
      )
      assert.strictEqual(succeeded(exit).tally.succeeded, told)
      yield* isIdle(bulkhead)
    }))
})

describe("a place inside a place of the same bulkhead", () => {
  const error = (exit: Exit.Exit<unknown, unknown>) => {
    const found = failed(exit)
    assert.strictEqual(found._tag, "BulkheadReentryError")
    return found
  }

  /** The error behind those of the splits around it. */
  const innermost = (exit: Exit.Exit<unknown, unknown>): void => {
    const found = failed(exit)
    if (found._tag === "JoinUnsatisfiedError") innermost(Exit.failCause(found.result.failures[0].cause))
    else error(exit)
  }

  it.effect("is refused at once, however many places are free", () =>
    Effect.gen(function*() {
      for (const places of [1, 100]) {
        const bulkhead = yield* Bulkhead.make("db", { places })
        const inner = bulkhead.withPlace(Effect.void)
        const split = Effect.asVoid(Split.run([Effect.void], { strategy: all, bulkhead }))
        const both = Effect.asVoid(Effect.all([inner, inner], { concurrency: 2 }))
        const nested = Split.run([split], { strategy: all })
        const deep = Effect.asVoid(Split.run([nested], { strategy: all }))
        const asking: ReadonlyArray<Effect.Effect<void, unknown>> = [inner, split, both, deep]
        for (const asked of asking) {
          innermost(yield* Effect.exit(bulkhead.withPlace(asked)))
          innermost(yield* Effect.exit(Split.run([asked], { strategy: all, bulkhead })))
        }
        yield* isIdle(bulkhead)
      }
    }))

  it.effect("names the bulkhead and both states", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 4 })
      const inner = Workflow.make<"Load" | "Done">("import")
        .registerSplit("Load", [Effect.void], { strategy: all, bulkhead, next: "Done" })
        .addExitStates("Done")
      const outer = Workflow.make<"Sync" | "Done">("nightly")
        .registerSplit("Sync", [inner.orchestrate("Load")], { strategy: all, bulkhead, next: "Done" })
        .addExitStates("Done")
      const { failures } = failed(yield* Effect.exit(outer.orchestrate("Sync"))).result
      const found = error(Exit.failCause(failures[0].cause))
      assert.strictEqual(
        found.message,
        "bulkhead \"db\" is asked for a place by state \"Load\" of workflow \"import\" inside a place of its own, held by " +
          "state \"Sync\" of workflow \"nightly\": with every place held like that, all would wait for ever; take the place " +
          "around the innermost work only"
      )
      assert.deepStrictEqual([found.heldIn, found.askedIn], [
        { workflow: "nightly", state: "Sync" },
        { workflow: "import", state: "Load" }
      ])
      const alone = error(yield* Effect.exit(bulkhead.withPlace(bulkhead.withPlace(Effect.void))))
      assert.deepStrictEqual([alone.heldIn, alone.askedIn], [undefined, undefined])
      assert.match(
        alone.message,
        /by an effect outside of a run inside a place of its own, held by an effect outside of a run/
      )
    }))

  it.effect("is found behind the key of a service, in a child and through another bulkhead", () =>
    Effect.gen(function*() {
      class Db extends Context.Service<Db, Bulkhead.Bulkhead>()("test/Db") {}
      const other = yield* Bulkhead.make("other", { places: 1 })
      const byKey = Split.run([Effect.void], { strategy: all, bulkhead: Db })
      const inChild = Effect.flatMap(Effect.forkChild(byKey), Fiber.join)
      const program = Effect.gen(function*() {
        const db = yield* Db
        for (const asked of [byKey, inChild, other.withPlace(byKey)]) error(yield* Effect.exit(db.withPlace(asked)))
      })
      yield* Effect.provide(program, Bulkhead.layer(Db, { places: 3 }))
    }))

  it.effect("is none when the outer one has been given back, or belongs to another bulkhead", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const other = yield* Bulkhead.make("other", { places: 1 })
      const gate = yield* Deferred.make<void>()
      const later = Effect.andThen(Deferred.await(gate), bulkhead.withPlace(Effect.succeed("later")))
      const fibers = [
        yield* bulkhead.withPlace(Effect.forkDetach(later)),
        (yield* Split.run([Effect.forkDetach(later)], { strategy: all, bulkhead })).values[0]
      ]
      yield* Deferred.succeed(gate, undefined)
      for (const fiber of fibers) assert.strictEqual(yield* Fiber.join(fiber), "later")
      assert.strictEqual(yield* bulkhead.withPlace(other.withPlace(Effect.succeed(1))), 1)
      assert.strictEqual(
        yield* Effect.andThen(bulkhead.withPlace(Effect.void), bulkhead.withPlace(Effect.succeed(2))),
        2
      )
      yield* isIdle(bulkhead)
    }))
})

describe("a shared bulkhead", () => {
  it.effect("has its place back from a fiber that ends at a value that is no Effect", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const lost = Effect.flatMap(Effect.void, () => Promise.resolve() as never as Effect.Effect<void>)
      const exit = yield* Effect.flatMap(Effect.forkChild(bulkhead.withPlace(lost)), Fiber.await)
      assert.isTrue(Exit.isFailure(exit))
      // whoever awaits a fiber may be told of its end before the bulkhead is
      yield* Effect.yieldNow
      yield* isIdle(bulkhead)
      assert.strictEqual(yield* bulkhead.withPlace(Effect.succeed(1)), 1)
    }))

  it.effect("counts a lazy list no more when it has ended", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 3 })
      const hold = (millis: number) => start(bulkhead.withPlace(Effect.sleep(millis)))
      yield* hold(10)
      yield* hold(1000)
      const split = yield* start(
        Split.run(() => [Effect.sleep(20), Effect.sleep(500)].values(), { strategy: all, bulkhead })
      )
      yield* TestClock.adjust(10)
      yield* hold(1000)
      assert.strictEqual((yield* bulkhead.statistics).waiting, 2)
      yield* TestClock.adjust(10)
      // the list has ended, and the place is that of the one that waited
      const { inUse, waiting } = yield* bulkhead.statistics
      assert.deepStrictEqual({ inUse, waiting }, { inUse: 3, waiting: 0 })
      yield* TestClock.adjust(1500)
      assert.strictEqual(succeeded(yield* Fiber.await(split)).tally.succeeded, 2)
      yield* isIdle(bulkhead)
    }))

  it.effect("counts one for a lazy list that waits, as it says", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1, maxWaiting: 2 })
      const gate = yield* Deferred.make<void>()
      const holder = yield* start(bulkhead.withPlace(Deferred.await(gate)))
      const lazy = () => [Effect.void, Effect.void, Effect.void].values()
      const first = yield* start(Split.run(lazy, { strategy: all, bulkhead }))
      assert.strictEqual((yield* bulkhead.statistics).waiting, 1)
      const second = yield* start(Split.run(lazy, { strategy: all, bulkhead }))
      assert.strictEqual((yield* bulkhead.statistics).waiting, 2)
      const third = failed(yield* Effect.exit(Split.run(lazy, { strategy: all, bulkhead })))
      assert.strictEqual(third.message, "bulkhead \"db\" is full: 2 wait and 1 more would have to, at most 2 may")
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.awaitAll([holder, first, second])
      assert.deepStrictEqual(yield* bulkhead.statistics, { places: 1, inUse: 0, waiting: 0, started: 7, rejected: 1 })
    }))

  it.effect("counts what waits of each split, whatever it is and however it ends", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 2 })
      const waiting = Effect.map(bulkhead.statistics, ({ waiting }) => waiting)
      const gate = yield* Deferred.make<void>()
      const known = yield* start(
        Split.run(Array.from({ length: 5 }, () => Deferred.await(gate)), { strategy: all, bulkhead })
      )
      assert.strictEqual(yield* waiting, 3)
      const grows = Split.growing<boolean>((add) => [add([Effect.succeed(true), Effect.succeed(true)])])
      const growing = yield* start(Split.run(grows, { strategy: all, bulkhead }))
      assert.strictEqual(yield* waiting, 4)
      const single = yield* start(bulkhead.withPlace(Effect.void))
      assert.strictEqual(yield* waiting, 5)
      const decided = yield* start(Split.run([Effect.void, Effect.void, Effect.void], { strategy: any, bulkhead }))
      assert.strictEqual(yield* waiting, 8)
      yield* Fiber.interrupt(growing)
      assert.strictEqual(yield* waiting, 7)
      yield* Fiber.interrupt(single)
      assert.strictEqual(yield* waiting, 6)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.awaitAll([known, decided])
      yield* isIdle(bulkhead)
    }))
})

describe("a split that grows", () => {
  /** A chain: each branch adds the next. */
  const chain = (length: number, step: Effect.Effect<void>) =>
    Split.growing<void>((add) => {
      const link = (n: number): Effect.Effect<void> =>
        Effect.andThen(step, n < length ? Effect.asVoid(Effect.suspend(() => add([link(n + 1)]))) : Effect.void)
      return [link(1)]
    })

  it.effect("takes a first list of 200000, and as many added at once", () =>
    Effect.gen(function*() {
      const size = 200_000
      const many = () => Array.from({ length: size }, () => Effect.void)
      // what the size is for: so many are more than one call takes as its arguments
      assert.throws(() => Array.of(...many()), RangeError)
      const first = yield* Split.run(Split.growing<void>(many), { strategy: all, discard: true })
      assert.strictEqual(first.tally.succeeded, size)
      const added = Split.growing<void>((add) => [Effect.asVoid(Effect.suspend(() => add(many())))])
      assert.strictEqual(
        (yield* Split.run(added, { strategy: all, bulkhead: 4, discard: true })).tally.succeeded,
        size + 1
      )
    }))

  for (const places of [1, 3]) {
    for (const [name, step] of [["at once", Effect.void], ["after a yield", Effect.yieldNow]] as const) {
      it.effect(`one by one on a shared bulkhead of ${places} makes few fibers (${name})`, () =>
        Effect.gen(function*() {
          const bulkhead = yield* Bulkhead.make("db", { places })
          const { fibers, value } = yield* fibersOf(
            Split.run(chain(8000, step), { strategy: all, bulkhead, discard: true })
          )
          assert.strictEqual(value.tally.succeeded, 8000)
          assert.isBelow(fibers, 100)
          yield* isIdle(bulkhead)
        }))
    }
  }

  it.effect("that becomes empty and is added to later is not taken for complete", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 3 })
      const exit = yield* endsWithin(
        Split.run(
          Split.growing<string>((add) => [
            Effect.as(
              Effect.forEach([1, 2, 3, 4], () =>
                Effect.andThen(Effect.sleep(10), add([Effect.as(Effect.sleep(3), "added")])), { discard: true }),
              "parent"
            )
          ]),
          { strategy: all, bulkhead }
        ),
        1000
      )
      assert.deepStrictEqual(succeeded(exit).values, ["parent", "added", "added", "added", "added"])
      yield* isIdle(bulkhead)
    }))

  for (const bulkhead of [undefined, 2]) {
    it.effect(`keeps no branch that has been started (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const seen: Array<WeakRef<object>> = []
        let alive = -1
        const grows = Split.growing<void>((add) => {
          const link = (n: number): Effect.Effect<void> => {
            const own = Effect.suspend(() => {
              if (n === 5000) {
                collectGarbage()
                alive = seen.filter((ref) => ref.deref() !== undefined).length
                return Effect.void
              }
              return Effect.andThen(n % 50 === 0 ? Effect.sleep(1) : Effect.void, Effect.asVoid(add([link(n + 1)])))
            })
            if (n < 4000) seen.push(new WeakRef(own))
            return own
          }
          return [link(1)]
        })
        const fiber = yield* start(Split.run(grows, { strategy: all, bulkhead, discard: true }))
        yield* TestClock.adjust(1000)
        assert.strictEqual((yield* Fiber.join(fiber)).tally.succeeded, 5000)
        assert.isAtLeast(alive, 0)
        assert.isBelow(alive, 200)
      }))
  }
})

describe("branches that wait for an observer (I8)", () => {
  for (const list of ["known", "lazy"] as const) {
    for (const bulkhead of [undefined, 8]) {
      it.effect(`are woken when there is room for them (a ${list} list, bulkhead ${bulkhead})`, () =>
        Effect.gen(function*() {
          const tasks: Array<number> = []
          for (const size of [500, 4000]) {
            const branches = Array.from({ length: size }, () => Effect.yieldNow)
            let told = 0
            const run = yield* counted(
              Split.run(list === "known" ? () => branches : () => branches.values(), {
                strategy: all,
                bulkhead,
                discard: true,
                onOutcome: () => Effect.andThen(Effect.yieldNow, Effect.sync(() => void told++))
              })
            )
            assert.strictEqual(told, size)
            tasks.push(run.tasks / size)
          }
          assert.isBelow(tasks[1]!, tasks[0]! * 1.5)
        }))
    }
  }

  for (const bulkhead of [undefined, 1100]) {
    it.effect(`are all started as soon as there is room (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        let running = 0
        const wait = Effect.suspend(() => {
          running++
          return Effect.never
        })
        const gate = yield* Deferred.make<void>()
        const fiber = yield* start(Split.run(
          [...Array.from({ length: 20 }, () => Effect.void), ...Array.from({ length: 1000 }, () => wait)],
          { strategy: all, bulkhead, onOutcome: () => Deferred.await(gate) }
        ))
        yield* TestClock.adjust(1)
        assert.isBelow(running, 20)
        yield* Deferred.succeed(gate, undefined)
        for (let i = 0; i < 30; i++) yield* Effect.yieldNow
        assert.strictEqual(running, 1000)
        yield* Fiber.interrupt(fiber)
      }))
  }

  for (const bulkhead of [undefined, 10_000]) {
    it.effect(`of a list without an end are not started without end (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const { fibers } = yield* fibersOf(Effect.gen(function*() {
          const fiber = yield* start(Split.run(function*() {
            for (;;) yield Effect.void
          }, { strategy: all, discard: true, bulkhead, onOutcome: () => Effect.never }))
          const { tasks } = yield* counted(TestClock.adjust("1 hour"))
          for (let i = 0; i < 500; i++) yield* Effect.yieldNow
          assert.isBelow(tasks, 1000)
          yield* Fiber.interrupt(fiber)
        }))
        assert.isBelow(fibers, 200)
      }))
  }
})

describe("an observer that does not end", () => {
  const hung = (options: object = {}) =>
    Split.run([Effect.sleep(10), Effect.sleep(20)], {
      strategy: all,
      timeout: 15,
      onOutcome: () => Effect.never,
      ...options
    })

  for (const [limit, millis] of [[undefined, 30_000], ["2 seconds", 2000]] as const) {
    it.effect(`is given up after the decision and ${limit ?? "30 seconds"}, and reported`, () =>
      Effect.gen(function*() {
        const warnings: Array<string> = []
        const fiber = yield* start(
          Effect.provide(hung({ observerTimeout: limit }), messages(warnings)).pipe(
            Effect.exit,
            Effect.zip(Clock.currentTimeMillis)
          )
        )
        yield* TestClock.adjust("1 hour")
        const [exit, at] = yield* Fiber.join(fiber)
        assert.strictEqual(failed(exit)._tag, "JoinTimeoutError")
        assert.strictEqual(at, 15 + millis)
        assert.deepStrictEqual(warnings, [
          `an observer did not end within ${
            limit === undefined ? "30s" : "2s"
          } of the decision, and is interrupted: 2 ` +
          "outcomes were not delivered"
        ])
      }))
  }

  it.effect("is given up in a machine, with losers that are awaited behind it", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"Ask" | "Done" | "Late">("w")
        .registerSplit("Ask", Array.from({ length: 40 }, (_, i) => Effect.sleep(i)), {
          strategy: quorum(10),
          losers: "await",
          onOutcome: () => Effect.never,
          observerTimeout: 1000,
          timeout: 5,
          next: "Done",
          otherwise: "Late"
        })
        .addExitStates("Done", "Late")
      const warnings: Array<string> = []
      const exit = yield* endsWithin(Effect.provide(workflow.orchestrate("Ask"), messages(warnings)), 10_000)
      assert.strictEqual(succeeded(exit), "Late")
      assert.strictEqual(warnings.length, 1)
    }))

  it.effect("is one that takes too long for one outcome: a slow one that goes on is told of all", () =>
    Effect.gen(function*() {
      const told: Array<number> = []
      const exit = yield* endsWithin(
        Split.run([1, 2, 3, 4, 5].map((i) => Effect.sleep(i)), {
          strategy: all,
          onOutcome: ({ index }) => Effect.map(Effect.sleep("29 seconds"), () => told.push(index))
        }),
        1_000_000
      )
      succeeded(exit)
      assert.deepStrictEqual(told, [0, 1, 2, 3, 4])
    }))

  it.effect("and cannot be interrupted is reported all the same", () =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      const fiber = yield* start(
        Effect.provide(
          hung({ onOutcome: () => Effect.uninterruptible(Effect.sleep("1 hour")), observerTimeout: 100 }),
          messages(warnings)
        )
      )
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(warnings.length, 1)
      yield* TestClock.adjust("2 hours")
      assert.isDefined(fiber.pollUnsafe())
    }))

  it.effect("is not the reader of a stream, who may take its time", () =>
    Effect.gen(function*() {
      const told: Array<number> = []
      const exit = yield* endsWithin(
        Stream.runForEach(
          SplitStream.make(Array.from({ length: 40 }, (_, i) => Effect.sleep(i)), { strategy: all, bufferSize: 1 }),
          ({ index }) => Effect.map(Effect.sleep("1 hour"), () => told.push(index))
        ),
        1_000_000_000
      )
      succeeded(exit)
      assert.strictEqual(told.length, 40)
    }))

  it.effect("leaves no timer behind when it ends in time", () =>
    Effect.gen(function*() {
      const exit = yield* endsWithin(
        Split.run([Effect.sleep(1)], { strategy: all, onOutcome: () => Effect.void, observerTimeout: "1 hour" }),
        1
      )
      succeeded(exit)
    }))

  it.effect("has a limit that is a duration", () =>
    Effect.gen(function*() {
      const error = failed(yield* Effect.exit(hung({ observerTimeout: -1 })))
      assert.strictEqual(error._tag, "ConfigurationError")
      assert.match(error.message, /observerTimeout is negative/)
    }))
})

describe("a log that fails", () => {
  const broken = Logger.layer([Logger.make(() => {
    throw new Error("disk full")
  })])
  const dies = Effect.onInterrupt(Effect.never, () => Effect.die("finalizer"))
  const stubborn = Effect.uninterruptible(Effect.sleep(500))

  const cases: ReadonlyArray<readonly [string, Effect.Effect<{ readonly values: ReadonlyArray<unknown> }, unknown>]> = [
    ["a loser that dies", Split.run([Effect.as(Effect.sleep(1), 1), dies], { strategy: any })],
    [
      "a loser that does not stop",
      Effect.scoped(Split.run([Effect.as(Effect.sleep(1), 1), stubborn], { strategy: any, losers: { grace: 10 } }))
    ],
    [
      "an observer that is given up",
      Split.run([Effect.as(Effect.sleep(1), 1)], { strategy: any, onOutcome: () => Effect.never, observerTimeout: 10 })
    ],
    [
      "a split that breaks off after it was left",
      Effect.scoped(Split.run(
        [Effect.as(Effect.sleep(1), 1), Effect.flatMap(Effect.sleep(50), () => 42 as never as Effect.Effect<number>)],
        { strategy: any, losers: "detach" }
      ))
    ]
  ]
  for (const [what, split] of cases) {
    it.effect(`does not take the result of a split away (${what})`, () =>
      Effect.gen(function*() {
        const exit = yield* endsWithin(Effect.provide(split, broken), 1000)
        assert.deepStrictEqual(succeeded(exit).values, [1])
      }))
  }
})

describe("a grace period (semantics 3)", () => {
  it.effect("is for branches: an observer that is late is waited for, without a warning", () =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      let told = 0
      const fiber = yield* start(
        Effect.scoped(Split.run([Effect.sleep(1), Effect.never], {
          strategy: any,
          losers: { grace: 10 },
          onOutcome: () => Effect.map(Effect.sleep(100), () => told++)
        })).pipe(Effect.provide(messages(warnings)), Effect.zip(Clock.currentTimeMillis))
      )
      yield* TestClock.adjust(1000)
      const [{ outcomes }, at] = yield* Fiber.join(fiber)
      assert.deepStrictEqual(tags({ outcomes }), ["Succeeded", "Interrupted"])
      assert.deepStrictEqual([at, told, warnings], [201, 2, []])
    }))

  it.effect("is for branches: children have ended when the split ends", () =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      let ended = false
      const child = Effect.onInterrupt(
        Effect.never,
        () => Effect.andThen(Effect.sleep(100), Effect.sync(() => (ended = true)))
      )
      const branch = Effect.andThen(Effect.forkChild(child, { startImmediately: true }), Effect.never)
      const exit = yield* endsWithin(
        Effect.scoped(Effect.flatMap(
          Split.run([Effect.sleep(1), branch], { strategy: any, losers: { grace: 10 } }),
          (result) => Effect.sync(() => ({ result, ended }))
        )).pipe(Effect.provide(messages(warnings))),
        1000
      )
      assert.deepStrictEqual([succeeded(exit).ended, warnings], [true, []])
    }))

  it.effect("that is over for a branch and an observer names the branch", () =>
    Effect.gen(function*() {
      const warnings: Array<string> = []
      const exit = yield* endsWithin(
        Effect.scoped(Split.run([Effect.sleep(1), Effect.uninterruptible(Effect.sleep(500))], {
          strategy: any,
          losers: { grace: 10 },
          onOutcome: () => Effect.sleep(100)
        })).pipe(Effect.provide(messages(warnings))),
        1000
      )
      assert.deepStrictEqual(tags(succeeded(exit)), ["Succeeded", "Detached"])
      assert.deepStrictEqual(warnings, ["branch 1 did not stop within 10ms of the interruption, and goes on detached"])
    }))
})

describe("an observer that returns no Effect", () => {
  const returned: ReadonlyArray<readonly [string, unknown]> = [
    ["a Promise", Promise.resolve()],
    ["nothing", undefined],
    ["a number", 42],
    ["a function", () => Effect.void]
  ]
  for (const [what, value] of returned) {
    for (const count of [2, 100]) {
      for (const bulkhead of [undefined, 3]) {
        it.effect(`but ${what} ends its split with an error, its branches awaited (${count}, bulkhead ${bulkhead})`, () =>
          Effect.gen(function*() {
            let running = 0
            const branch = (i: number) =>
              i === 0 ? Effect.void : Effect.acquireUseRelease(
                Effect.sync(() => running++),
                () => Effect.never,
                () => Effect.andThen(Effect.sleep(5), Effect.sync(() => running--))
              )
            const exit = yield* endsWithin(
              Split.run(Array.from({ length: count }, (_, i) => branch(i)), {
                strategy: all,
                bulkhead,
                onOutcome: (() => value) as never
              }),
              1000
            )
            const error = failed(exit)
            assert.strictEqual(error._tag, "WorkflowError")
            assert.strictEqual(error.rule, "invalid-observer")
            assert.match(error.message, /^onOutcome returned .*; it must return an Effect$/)
            assert.strictEqual(running, 0)
          }))
      }
    }
  }

  it.effect("after the decision ends its split with an error, too", () =>
    Effect.gen(function*() {
      const exit = yield* endsWithin(
        Split.run([Effect.sleep(1)], { strategy: any, onOutcome: (() => Promise.resolve()) as never }),
        10
      )
      assert.isTrue(Exit.isFailure(exit) && Option.isSome(Cause.findErrorOption(exit.cause)))
    }))
})
