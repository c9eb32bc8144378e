/**
 * Fibers that run more than one branch: the slots behind a bulkhead, and without one those that branches share which complete
 * at once. What a branch does to its fiber must not reach the next; and fibers are made to yield where nobody expects it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Context, Deferred, Effect, Exit, Fiber, Scheduler } from "effect"
import { JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import {
  assertConsistent,
  captured,
  Census,
  defects,
  endsWithin,
  failed,
  notAnEffect,
  OddScheduler,
  slowToEnd,
  start,
  succeeded,
  tags,
  tally,
  wasInterrupted,
  withYieldsAt
} from "../kit/index.ts"

/**
 * The caller is the first fiber that is seen. Behind a bulkhead its worker is the second, and with a timeout the deadline is
 * the third; without one there is no worker, and the deadline is the second.
 */
const [second, third] = [1, 2]

/** Gives a fiber as many turns as it may need without a clock, and ends it if it is still there. */
const exitOf = Effect.fnUntraced(function*<A, E>(fiber: Fiber.Fiber<A, E>) {
  for (let i = 0; i < 200 && fiber.pollUnsafe() === undefined; i++) yield* Effect.yieldNow
  const exit = fiber.pollUnsafe()
  if (exit !== undefined) return exit
  yield* Fiber.interrupt(fiber)
  return assert.fail("it has not ended")
})

const exitWithTurns = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.flatMap(start(effect), exitOf)

/** A branch that interrupts the fiber it runs on, without waiting for it. */
const suicide = Effect.withFiber((fiber) => Effect.sync(() => fiber.interruptUnsafe()))

const shapes: ReadonlyArray<
  readonly [string, <A, E>(list: ReadonlyArray<Effect.Effect<A, E>>) => () => Iterable<Effect.Effect<A, E>, void>]
> = [
  ["array", (list) => () => list],
  ["lazy list", (list) => () => list.values()]
]

const widths: ReadonlyArray<number | undefined> = [undefined, 1, 3]

describe("fibers that yield in odd places (semantics 1, 3, 5 and 7; I2, I4)", () => {
  for (const bulkhead of widths) {
    for (const [shape, list] of shapes) {
      it.effect(`wherever one of them yields, each branch runs once and is recorded (${shape}, bulkhead ${bulkhead})`, () =>
        Effect.gen(function*() {
          for (let number = 0; number < 7; number++) {
            for (let op = 1; op < 7; op++) {
              const census = new Census()
              const branches = [Effect.void, Effect.fail("no"), Effect.yieldNow, suicide, Effect.void].map((branch) =>
                census.count<void, string, never>(branch)
              )
              const exit = yield* exitWithTurns(withYieldsAt(
                Split.run(list(branches), { strategy: JoinStrategy.partialResults(5), bulkhead }),
                (n, at) => n === number && at === op
              ))
              const result = succeeded(exit)
              assert.deepStrictEqual(tags(result), ["Succeeded", "Failed", "Succeeded", "Failed", "Succeeded"])
              assert.deepStrictEqual([census.started, census.running], [5, 0])
              assertConsistent(result)
            }
          }
        }))
    }

    it.effect(`a fiber that comes too late for the decision starts nothing (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        for (let op = 1; op < 4; op++) {
          const census = new Census()
          const exit = yield* exitWithTurns(withYieldsAt(
            Split.run([
              census.count(Effect.andThen(Effect.yieldNow, Effect.void)),
              census.count(Effect.never),
              census.count(Effect.never),
              census.count(Effect.never)
            ], { strategy: JoinStrategy.any, bulkhead }),
            (n, at) => n > third && at === op
          ))
          const result = succeeded(exit)
          assert.strictEqual(result.tally.succeeded, 1)
          // one that yields between entering and its first operation is interrupted before its body has begun
          assert.isAtMost(census.started, result.tally.interrupted + 1)
          assert.strictEqual(census.running, 0)
          assertConsistent(result)
        }
      }))

    it.effect(`an interruption of the caller finds fibers that have not begun yet (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        for (let number = 0; number < 6; number++) {
          for (let op = 1; op < 4; op++) {
            const census = new Census()
            const fiber = yield* start(withYieldsAt(
              Split.run([1, 2, 3].map(() => census.count(Effect.never)), { strategy: JoinStrategy.all, bulkhead }),
              (n, at) => n >= number && at === op
            ))
            fiber.interruptUnsafe()
            assert.isTrue(wasInterrupted(yield* exitOf(fiber)))
            const { started } = census
            yield* Effect.yieldNow
            assert.deepStrictEqual([census.started, census.running], [started, 0])
          }
        }
      }))

    for (const ops of [3, 5, 8]) {
      it.effect(`after ${ops} operations everything still ends (bulkhead ${bulkhead})`, () =>
        Effect.gen(function*() {
          const census = new Census()
          for (const [, list] of shapes) {
            const exit = yield* Effect.provideService(
              Effect.exit(Split.run(
                list([Effect.void, Effect.fail("no"), Effect.yieldNow, Effect.never].map((one) =>
                  census.count<void, string, never>(one)
                )),
                { strategy: JoinStrategy.quorum(2), timeout: 1000, bulkhead }
              )),
              Scheduler.MaxOpsBeforeYield,
              ops
            )
            assert.strictEqual(succeeded(exit).tally.succeeded, 2)
            assert.strictEqual(census.running, 0)
          }
        }))
    }
  }

  // `deadline` starts its sleep without asking whether the split is still open. A deadline that got to it only after the
  // end of the split has not been there to be interrupted.
  it.effect("a deadline that yields before it sleeps does not hold a split that is decided meanwhile", () =>
    Effect.gen(function*() {
      for (const bulkhead of widths) {
        const deadline = bulkhead === undefined ? second : third
        const fiber = yield* start(withYieldsAt(
          Split.run([Effect.void, Effect.void], { strategy: JoinStrategy.all, timeout: 1000, bulkhead }),
          (n, at) => n === deadline && at === 1
        ))
        for (let i = 0; i < 20; i++) yield* Effect.yieldNow
        const early = fiber.pollUnsafe()
        yield* TestClock.adjust(1000)
        assert.isDefined(early, "it has ended before the deadline")
      }
    }))

  it.effect("a worker, or a deadline, that yields before it starts anything does not sleep for a caller that was interrupted", () =>
    Effect.gen(function*() {
      for (const bulkhead of widths) {
        const fiber = yield* start(withYieldsAt(
          Split.run([Effect.never], { strategy: JoinStrategy.all, timeout: 1000, bulkhead }),
          (n, at) => n === second && at === 1
        ))
        fiber.interruptUnsafe()
        for (let i = 0; i < 20; i++) yield* Effect.yieldNow
        const early = fiber.pollUnsafe()
        yield* TestClock.adjust(1000)
        assert.isDefined(early, "it has ended before the deadline")
      }
    }))

  // `segments` goes on for as long as the list has more, and none of the slots it started has read from it yet.
  for (const bulkhead of [undefined, 10_000]) {
    it.effect(`fibers of a lazy list that yield before they read it are not started without end (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const scheduler = new OddScheduler((n, at) => at === 1 && n < 3000)
        const exit = yield* exitWithTurns(Effect.provideService(
          Split.run(function*() {
            for (let i = 0; i < 3; i++) yield Effect.succeed(i)
          }, { strategy: JoinStrategy.all, bulkhead }),
          Scheduler.Scheduler,
          scheduler
        ))
        assert.deepStrictEqual(succeeded(exit).tally, tally(3))
        assert.isBelow(scheduler.numbers.size, 1000)
      }))
  }

  it.effect("slots of a list that grows that yield before they enter are as many as its branches", () =>
    Effect.gen(function*() {
      const scheduler = new OddScheduler((n, at) => n > second && at === 1)
      const list = Split.growing<void>(() => Array.from({ length: 5 }, () => Effect.void))
      const fiber = yield* start(
        Effect.provideService(Split.run(list, { strategy: JoinStrategy.all }), Scheduler.Scheduler, scheduler)
      )
      assert.strictEqual(succeeded(yield* exitOf(fiber)).tally.succeeded, 5)
      assert.isAtLeast(scheduler.yielded.size, 5)
      assert.isAtMost(scheduler.numbers.size, 2 + 5)
    }))
})

describe("branches that share a fiber (semantics 5, 6 and 7; I3)", () => {
  it.effect("one that is resumed by a branch being started does not start the next before that one settles", () =>
    Effect.gen(function*() {
      for (const [, list] of shapes) {
        // after those that complete at once what waits may have begun on a fiber that it was to share
        for (const before of [0, 1, 3]) {
          const gate = yield* Deferred.make<void>()
          const trail: Array<string> = []
          const note = (what: string) => Effect.sync(() => trail.push(what))
          const result = yield* Split.run(
            list<unknown, never>([
              ...Array.from({ length: before }, () => Effect.void),
              Effect.andThen(Deferred.await(gate), note("waited")),
              Effect.andThen(Deferred.succeed(gate, undefined), note("opened")),
              note("next")
            ]),
            { strategy: JoinStrategy.all }
          )
          assert.deepStrictEqual(trail, ["waited", "opened", "next"])
          assert.deepStrictEqual(
            result.settled.map(({ index }) => index),
            Array.from({ length: before + 3 }, (_, i) => i)
          )
        }
      }
    }))

  for (const bulkhead of widths) {
    for (const [shape, list] of shapes) {
      it.effect(`one that interrupts its own fiber takes nobody with it, at any place (${shape}, bulkhead ${bulkhead})`, () =>
        Effect.gen(function*() {
          const census = new Census()
          for (const killer of [suicide, Effect.uninterruptible(suicide)]) {
            for (const places of [[0], [2], [4], [0, 1], [3, 4], [1, 3], [0, 1, 2, 3, 4]]) {
              const branches = Array.from(
                { length: 5 },
                (_, i) => census.count(places.includes(i) ? killer : Effect.void)
              )
              const exit = yield* exitWithTurns(
                Split.run(list(branches), { strategy: JoinStrategy.partialResults(5), bulkhead })
              )
              const expected = branches.map((_, i) => places.includes(i) ? "Failed" : "Succeeded")
              assert.deepStrictEqual(tags(succeeded(exit)), expected)
              assert.strictEqual(census.running, 0)
            }
          }
        }))

      it.effect(`start in order, and each settles before the next starts (${shape}, bulkhead ${bulkhead})`, () =>
        Effect.gen(function*() {
          const trail: Array<string> = []
          const note = (i: number) =>
            Effect.ensuring(
              Effect.andThen(
                Effect.sync(() => trail.push(`start ${i}`)),
                i % 5 === 2 ? Effect.fail("no") : i % 5 === 3 ? suicide : i % 5 === 4 ? Effect.die("bug") : Effect.void
              ),
              Effect.sync(() => trail.push(`end ${i}`))
            )
          const branches = Array.from({ length: 20 }, (_, i) => note(i))
          const exit = yield* exitWithTurns(
            Split.run(list(branches), { strategy: JoinStrategy.partialResults(20), bulkhead })
          )
          const result = succeeded(exit)
          assert.deepStrictEqual(trail, branches.flatMap((_, i) => [`start ${i}`, `end ${i}`]))
          assert.deepStrictEqual(result.settled.map(({ index }) => index), branches.map((_, i) => i))
        }))
    }

    it.effect(`what one sets on its fiber does not reach the next (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const Colour = Context.Reference<string>("test/slots/Colour", { defaultValue: () => "none" })
        const seen = Effect.withFiber((fiber) => Effect.succeed(fiber.getRef(Colour)))
        const paint = (after: Effect.Effect<unknown, string>) =>
          Effect.withFiber((fiber) => {
            fiber.setContext(Context.add(fiber.context, Colour, "red") as Context.Context<never>)
            return after
          })
        const ends: ReadonlyArray<Effect.Effect<unknown, string>> = [
          Effect.void,
          Effect.fail("no"),
          suicide,
          Effect.die("bug"),
          Effect.forkChild(Effect.never),
          Effect.yieldNow
        ]
        const exit = yield* exitWithTurns(Split.run(
          // also on a fiber that others have shared before
          [
            seen,
            seen,
            ...ends.flatMap((end): ReadonlyArray<Effect.Effect<unknown, string>> => [paint(end), seen, seen])
          ],
          { strategy: JoinStrategy.partialResults(ends.length * 3 + 2), bulkhead }
        ))
        const values = succeeded(exit).values.filter((value) => typeof value === "string")
        assert.deepStrictEqual(values, Array.from({ length: ends.length * 2 + 2 }, () => "none"))
      }))

    it.effect(`a later branch that interrupts a captured fiber harms itself at most (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
        const census = new Census()
        const capture = Effect.withFiber((fiber) => Effect.sync(() => fibers.push(fiber)))
        const kill = Effect.sync(() => fibers[0]!.interruptUnsafe())
        const exit = yield* exitWithTurns(Split.run(
          [capture, Effect.void, kill, Effect.void, Effect.yieldNow, kill, Effect.void].map((one) => census.count(one)),
          { strategy: JoinStrategy.partialResults(7), bulkhead }
        ))
        const { tally: counts } = succeeded(exit)
        assert.strictEqual(counts.succeeded + counts.failed, 7)
        assert.isAtMost(counts.failed, 2)
        assert.deepStrictEqual([census.started, census.running], [7, 0])
      }))

    for (const startImmediately of [true, false]) {
      it.effect(`thousands of children do not pile up (bulkhead ${bulkhead}, at once: ${startImmediately})`, () =>
        Effect.gen(function*() {
          const census = new Census()
          const branch = Effect.forkChild(census.count(Effect.never), { startImmediately })
          const result = yield* Split.run(Array.from({ length: 5000 }, () => branch), {
            strategy: JoinStrategy.all,
            bulkhead,
            discard: true
          })
          assert.deepStrictEqual(result.tally, tally(5000))
          assert.strictEqual(census.running, 0)
          assert.isAtMost(census.most, 1)
        }))
    }

    it.effect(`a child that is slow to end holds the split, and no other branch (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const fiber = yield* start(Split.run([
          Effect.forkChild(slowToEnd(trail, "child", 50), { startImmediately: true }),
          suicide,
          Effect.sync(() => trail.push("next")),
          Effect.sync(() => trail.push("last"))
        ], { strategy: JoinStrategy.partialResults(4), bulkhead }))
        yield* TestClock.adjust(49)
        assert.deepStrictEqual(trail, ["next", "last"])
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(tags(yield* Fiber.join(fiber)), ["Succeeded", "Failed", "Succeeded", "Succeeded"])
      }))
  }

  // A branch is the next one on a fiber that is not tired; one that needs more operations than are left is parted by the
  // scheduler, though on a fiber of its own it completes at once.
  it.effect("a branch of some 1,500 operations settles before the next is started, whatever ran before it", () =>
    Effect.gen(function*() {
      const busy = (steps: number) =>
        Effect.suspend(() => {
          let i = 0
          return Effect.whileLoop({
            while: () => i++ < steps,
            body: () => Effect.suspend(() => Effect.void),
            step: () => {}
          })
        })
      // a slot is tired when half of its operations are used up, what is shared without a bulkhead much earlier
      for (const [bulkhead, before] of [[undefined, 0], [undefined, 400], [2, 600]] as const) {
        const result = yield* Split.run([
          Effect.andThen(busy(before), Effect.fail("no")),
          Effect.as(busy(700), "second"),
          Effect.succeed("third")
        ], { strategy: JoinStrategy.any, bulkhead })
        assert.deepStrictEqual(result.values, ["second"], `after ${before}, bulkhead ${bulkhead}`)
      }
    }))
})

describe("Effect.runSync (semantics 7)", () => {
  const branches = [Effect.succeed(1), Effect.fail("no"), Effect.forkChild(Effect.never), Effect.succeed(2)]
  for (const bulkhead of widths) {
    for (const [shape, list] of shapes) {
      it(`runs branches that fail and leave children (${shape}, bulkhead ${bulkhead})`, () => {
        const many = Array.from({ length: 1000 }, () => branches).flat()
        const result = Effect.runSync(
          Split.run(list<unknown, string>(many), {
            strategy: JoinStrategy.partialResults(4000),
            bulkhead,
            discard: true
          })
        )
        assert.deepStrictEqual(result.tally, tally(3000, 1000))
      })
    }

    // `executionMode` is "sync" there as it is under `Effect.runSync`, yet fibers do wait.
    it.effect(`a scheduler in sync mode, as for a whole application, is no runSync (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const census = new Census()
        const exit = yield* endsWithin(
          Effect.provideService(
            Split.run([
              Effect.forkChild(Effect.never),
              suicide,
              ...Array.from({ length: 5 }, () => census.count(Effect.sleep(1)))
            ], { strategy: JoinStrategy.partialResults(7), bulkhead }),
            Scheduler.Scheduler,
            new Scheduler.MixedScheduler("sync")
          ),
          10
        )
        assert.deepStrictEqual(succeeded(exit).tally, tally(6, 1))
        assert.isAtMost(census.most, bulkhead ?? 5)
        assert.strictEqual(census.running, 0)
      }))

    it(`runs a split whose deadline is not needed (bulkhead ${bulkhead})`, () => {
      const result = Effect.runSync(
        Split.run([Effect.void, Effect.void], { strategy: JoinStrategy.all, timeout: 10, bulkhead })
      )
      assert.deepStrictEqual(result.tally, tally(2))
    })

    // `replace` yields before it goes on.
    it(`runs a branch that interrupts its own fiber (bulkhead ${bulkhead})`, () => {
      const exit = Effect.runSyncExit(
        Split.run([suicide, Effect.void, suicide], { strategy: JoinStrategy.partialResults(3), bulkhead })
      )
      assert.deepStrictEqual(tags(succeeded(exit)), ["Failed", "Succeeded", "Failed"])
    })
  }
})

// Behind a bulkhead a slot that dies as a whole, or a deadline that does, fails its `forEach`, which interrupts the other
// members: while the split is open `left` takes that for their own failure, and `done` replaces the slot. `forEach` waits for
// none of the replacements, and the worker for all of them. Without a bulkhead the observer of the fiber ends the split.
describe("a defect that ends the split (semantics 3 and 5; I4, I5)", () => {
  for (const bulkhead of [undefined, 1, 2, 3]) {
    const cases: ReadonlyArray<readonly [string, Effect.Effect<void>]> = [
      ["at once", notAnEffect],
      ["later", Effect.andThen(Effect.yieldNow, notAnEffect)]
    ]
    for (const [when, bad] of cases) {
      for (const place of [0, 1]) {
        it.effect(`${when}, by branch ${place}: nothing is started after it (bulkhead ${bulkhead})`, () =>
          Effect.gen(function*() {
            const census = new Census()
            const branches = Array.from(
              { length: 8 },
              (_, i) =>
                i === place
                  ? bad
                  : i < place && bulkhead === 1
                  ? Effect.void
                  : census.count(Effect.never)
            )
            const fiber = yield* start(Split.run(branches, { strategy: JoinStrategy.all, bulkhead }))
            const { started } = census
            const exit = yield* exitOf(fiber)
            assert.isAbove(defects(exit).length, 0)
            assert.deepStrictEqual([census.started, census.running], [started, 0])
          }))
      }
    }

    it.effect(`after a fiber that was lost: nothing is started after it (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const census = new Census()
        const exit = yield* exitWithTurns(Split.run([
          suicide,
          Effect.andThen(Effect.yieldNow, notAnEffect),
          ...Array.from({ length: 6 }, () => census.count(Effect.never))
        ], { strategy: JoinStrategy.all, bulkhead }))
        assert.isAbove(defects(exit).length, 0)
        assert.isAtMost(census.started, bulkhead === undefined ? 6 : bulkhead)
        assert.strictEqual(census.running, 0)
      }))

    const clocks: ReadonlyArray<readonly [string, Effect.Effect<void>]> = [
      ["dies", Effect.die("clock")],
      // a deadline among the slots is a member of their `forEach`
      ["gives what is no Effect", notAnEffect],
      ["interrupts the deadline", suicide]
    ]
    for (const [what, end] of clocks) {
      it.effect(`a clock that later ${what}: the split ends, and nothing is started after it (bulkhead ${bulkhead})`, () =>
        Effect.gen(function*() {
          const census = new Census()
          const clock: Clock.Clock = Object.create(yield* Clock.Clock, {
            sleep: { value: () => Effect.andThen(Effect.yieldNow, end) }
          })
          const fiber = yield* start(Effect.provideService(
            Split.run(Array.from({ length: 8 }, () => census.count(Effect.never)), {
              strategy: JoinStrategy.all,
              timeout: 10,
              bulkhead
            }),
            Clock.Clock,
            clock
          ))
          const { started } = census
          const exit = yield* exitOf(fiber)
          assert.isTrue(Exit.isFailure(exit))
          assert.deepStrictEqual([census.started, census.running], [started, 0])
        }))
    }
  }

  it.effect("of the deadline beside a first segment: the split ends", () =>
    Effect.gen(function*() {
      const clock: Clock.Clock = Object.create(yield* Clock.Clock, {
        sleep: { value: () => Effect.andThen(Effect.yieldNow, notAnEffect) }
      })
      const census = new Census()
      const exit = yield* exitWithTurns(Effect.provideService(
        Split.run(Array.from({ length: 3000 }, () => census.count(Effect.never)), {
          strategy: JoinStrategy.all,
          timeout: 10,
          bulkhead: 3000
        }),
        Clock.Clock,
        clock
      ))
      assert.isAbove(defects(exit).length, 0)
      assert.strictEqual(census.running, 0)
    }))

  it.effect("reaches slots that were replaced, too: they start nothing while a loser finalizes", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const census = new Census()
      const fiber = yield* start(Split.run([
        suicide,
        slowToEnd(trail, "loser", 50),
        Effect.andThen(Effect.sleep(5), notAnEffect),
        ...Array.from({ length: 90 }, () => census.count(Effect.sleep(1)))
      ], { strategy: JoinStrategy.partialResults(93), bulkhead: 3 }))
      yield* TestClock.adjust(100)
      assert.isAbove(defects(yield* exitOf(fiber)).length, 0)
      assert.deepStrictEqual(trail, ["end loser"])
      assert.strictEqual(census.running, 0)
      assert.isAtMost(census.started, 6)
    }))

  it.effect("is awaited, with a bulkhead above 2,048: nothing is started while a loser finalizes", () =>
    Effect.gen(function*() {
      const census = new Census()
      const trail: Array<string> = []
      const fiber = yield* start(Split.run(
        Array.from({ length: 6000 }, (_, i) =>
          i === 0
            ? slowToEnd(trail, "loser", 50)
            : i === 1
            ? Effect.andThen(Effect.yieldNow, notAnEffect)
            : census.count(Effect.never)),
        { strategy: JoinStrategy.all, bulkhead: 2100 }
      ))
      assert.strictEqual(census.started, 2098)
      for (let i = 0; i < 10; i++) yield* Effect.yieldNow
      const { started } = census
      yield* TestClock.adjust(50)
      assert.isAbove(defects(yield* exitOf(fiber)).length, 0)
      assert.deepStrictEqual(trail, ["end loser"])
      assert.strictEqual(census.running, 0)
      assert.strictEqual(started, 2098)
    }))
})

describe("what happens while a list is read (semantics 1, 2 and 4; I1, I3)", () => {
  // `pull` calls `seal` before it asks whether the split is still open, and `seal` decides again.
  for (const bulkhead of [undefined, 2]) {
    it.effect(`a deadline that passes in the last next() stands (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        let pass = () => {}
        const clock: Clock.Clock = Object.create(yield* Clock.Clock, {
          sleep: {
            value: () =>
              Effect.callback<void>((resume) => {
                pass = () => resume(Effect.void)
              })
          }
        })
        const exit = yield* exitWithTurns(Effect.provideService(
          Split.run(function*() {
            yield Effect.never
            pass()
          }, { strategy: JoinStrategy.all, timeout: 10, bulkhead }),
          Clock.Clock,
          clock
        ))
        const error = failed(exit)
        assert.strictEqual(error._tag, "JoinTimeoutError")
        assert.deepStrictEqual(error.result.tally, tally(0, 0, 1))
      }))

    it.effect(`next() may interrupt the caller: what it gives is not started, and it is closed (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const trail: Array<string> = []
        const census = new Census()
        const fiber = yield* start(Effect.withFiber((self) =>
          Split.run(function*() {
            try {
              // enough for the split to yield in between, so that the caller can be interrupted
              for (let i = 0; i < 3000; i++) yield Effect.void
              self.interruptUnsafe()
              yield census.count(Effect.never)
            } finally {
              trail.push("closed")
            }
          }, { strategy: JoinStrategy.all, bulkhead, discard: true })
        ))
        assert.isTrue(wasInterrupted(yield* exitOf(fiber)))
        assert.strictEqual(census.started, 0)
        assert.deepStrictEqual(trail, ["closed"])
      }))
  }

  it.effect("a branch may move the clock past the deadline while others are being started", () =>
    Effect.gen(function*() {
      for (const bulkhead of [undefined, 3]) {
        const census = new Census()
        const exit = yield* endsWithin(
          Split.run([
            census.count(Effect.never),
            census.count(Effect.andThen(TestClock.adjust(10), Effect.never)),
            census.count(Effect.never)
          ], { strategy: JoinStrategy.all, timeout: 10, bulkhead }),
          0
        )
        const { result } = failed(exit)
        assert.isTrue(result.timedOut)
        assert.strictEqual(census.running, 0)
        assertConsistent(result)
      }
    }))
})

describe("runs of one and the same effect (semantics 10)", () => {
  it.effect("at once, inside each other and inside branches that share a fiber, have nothing in common", () =>
    Effect.gen(function*() {
      for (const bulkhead of widths) {
        const gate = yield* Deferred.make<void>()
        const one = Split.run([Deferred.await(gate), suicide, Effect.succeed(1), Effect.yieldNow], {
          strategy: JoinStrategy.partialResults(4),
          bulkhead
        })
        const open = Effect.as(Deferred.succeed(gate, undefined), undefined)
        const fiber = yield* start(Effect.all([
          Split.run([one, one, one], { strategy: JoinStrategy.all }),
          one,
          open
        ], { concurrency: "unbounded" }))
        const [outer, inner] = succeeded(yield* exitOf(fiber))
        for (const result of [...outer.values, inner]) assert.deepStrictEqual(result.tally, tally(3, 1))
      }
    }))
})

describe("lists around the number of branches between two yields (semantics 7)", () => {
  for (const length of [2047, 2048, 2049, 4097]) {
    for (const [what, branch] of [["complete at once", Effect.void], ["wait", Effect.yieldNow]] as const) {
      it.effect(`${length} branches that ${what} start in order and settle once`, () =>
        Effect.gen(function*() {
          for (const bulkhead of [undefined, 2047, 2048, 2049]) {
            for (const [, list] of shapes) {
              const starts: Array<number> = []
              const branches = Array.from(
                { length },
                (_, i) => Effect.andThen(Effect.sync(() => starts.push(i)), branch)
              )
              const result = yield* Split.run(list(branches), { strategy: JoinStrategy.all, bulkhead })
              assert.deepStrictEqual(result.tally, tally(length))
              assert.isTrue(starts.length === length && starts.every((start, i) => start === i))
              const order = result.settled.map(({ index }) => index)
              assert.isTrue(what === "wait" || order.every((index, i) => index === i))
            }
          }
        }))
    }
  }

  it.effect("a decision in a later round or segment ends the branches of all of them", () =>
    Effect.gen(function*() {
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      for (const bulkhead of [undefined, 5000]) {
        const census = new Census()
        const exit = yield* exitWithTurns(Split.run(
          Array.from({ length: 5000 }, (_, i) => census.count(i === 4500 ? Effect.void : captured(fibers))),
          { strategy: JoinStrategy.any, bulkhead, discard: true }
        ))
        assert.deepStrictEqual({ ...succeeded(exit).tally }, tally(1, 0, 4500, 499))
        assert.deepStrictEqual([census.started, census.running], [4501, 0])
        assert.isTrue(fibers.splice(0).every((fiber) => fiber.pollUnsafe() !== undefined))
      }
    }))
})

describe("losers of all kinds (semantics 3; I1)", () => {
  for (const bulkhead of [undefined, 8]) {
    it.effect(`that end well, die, fail, kill their fiber and leave children do not revise it (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const census = new Census()
        const wait = (end: Effect.Effect<unknown, string>) =>
          census.count(Effect.andThen(Effect.uninterruptible(Effect.sleep(10)), end))
        const late = (end: Effect.Effect<unknown, string>) => Effect.uninterruptible(wait(end))
        const exit = yield* endsWithin(
          Split.run([
            late(Effect.succeed("late")),
            late(Effect.fail("late")),
            late(suicide),
            late(Effect.forkChild(census.count(slowToEnd([], "child", 5)), { startImmediately: true })),
            late(Effect.failCause(Cause.interrupt(1))),
            wait(Effect.never),
            Effect.as(Effect.sleep(1), "won")
          ], { strategy: JoinStrategy.any, timeout: 5, bulkhead }),
          20
        )
        const result = succeeded(exit)
        assert.deepStrictEqual(result.values, ["won"])
        assert.deepStrictEqual(result.tally, tally(1, 0, 6))
        assert.strictEqual(census.running, 0)
        assertConsistent(result)
      }))
  }
})
