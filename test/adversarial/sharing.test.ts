/**
 * Places of a shared bulkhead one by one: who has which, since when and for how long. Everything here happens on paths
 * where a place that is counted wrongly is put right a moment later, so it is looked at in that moment.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { Bulkhead, JoinStrategy, Split } from "effect-cano"
import { TestClock } from "effect/testing"
import { collectGarbage, counted, endsWithin, start, succeeded, turns, withYields } from "../kit/index.ts"

const { all } = JoinStrategy

const counts = ({ statistics }: Bulkhead.Bulkhead) =>
  Effect.map(statistics, ({ inUse, waiting }) => ({ inUse, waiting }))

/** As many turns as it takes, if it ends at all. */
const ends = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* start(effect)
  for (let i = 0; i < 1000 && fiber.pollUnsafe() === undefined; i++) yield* Effect.yieldNow
  return yield* endsWithin(Fiber.join(fiber), 0)
})

/** Branches that complete at once and leave their name. */
const named = (order: Array<string>, name: string, n: number) =>
  Array.from({ length: n }, () => Effect.sync(() => void order.push(name)))

describe("places of a shared bulkhead (I7)", () => {
  it.effect("are no more than a split has branches", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 5 })
      const seen: Array<unknown> = []
      const look = Effect.map(counts(bulkhead), (now) => void seen.push(now))
      yield* Split.run([look, look], { strategy: all, bulkhead })
      assert.deepStrictEqual(seen[0], { inUse: 2, waiting: 0 })
    }))

  it.effect("are given without being waited for any longer", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const gate = yield* Deferred.make<void>()
      const holder = yield* start(bulkhead.withPlace(Deferred.await(gate)))
      const split = yield* start(Split.run([Effect.never, Effect.never], { strategy: all, bulkhead }))
      assert.deepStrictEqual(yield* counts(bulkhead), { inUse: 1, waiting: 2 })
      let after: unknown
      holder.addObserver(() => {
        after = Effect.runSync(counts(bulkhead))
      })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.await(holder)
      assert.deepStrictEqual(after, { inUse: 1, waiting: 1 })
      yield* Fiber.interrupt(split)
      assert.deepStrictEqual(yield* counts(bulkhead), { inUse: 0, waiting: 0 })
    }))

  it.effect("are handed on after 16 branches, when others wait", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const order: Array<string> = []
      const gate = yield* Deferred.make<void>()
      const holder = yield* start(bulkhead.withPlace(Deferred.await(gate)))
      const split = yield* start(Split.run(named(order, "branch", 40), { strategy: all, bulkhead }))
      const other = yield* start(bulkhead.withPlace(Effect.sync(() => void order.push("other"))))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.awaitAll([holder, split, other])
      assert.strictEqual(order.indexOf("other"), 16)
      assert.strictEqual(order.length, 41)
    }))

  it.effect("are kept as long as nobody else waits", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const order: Array<string> = []
      yield* start(Effect.forever(Effect.andThen(Effect.yieldNow, Effect.sync(() => order.push("turn")))))
      yield* Split.run(named(order, "branch", 100), { strategy: all, bulkhead })
      assert.strictEqual(order.lastIndexOf("branch") - order.indexOf("branch"), 99)
    }))

  it.effect("are not handed on to a split that has no branch for them any more", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 2 })
      const order: Array<string> = []
      const gate = yield* Deferred.make<void>()
      const grows = Split.growing<unknown>((add) => [
        Effect.andThen(Deferred.await(gate), add(named(order, "branch", 100)))
      ])
      const first = yield* start(Split.run(grows, { strategy: all, bulkhead }))
      // it has the other place for both of its branches, and waits for a second one until its last branch starts
      const second = yield* start(Split.run([Effect.sleep(1), Effect.never], { strategy: all, bulkhead }))
      assert.deepStrictEqual(yield* counts(bulkhead), { inUse: 2, waiting: 1 })
      yield* TestClock.adjust(1)
      yield* start(Effect.forever(Effect.andThen(Effect.yieldNow, Effect.sync(() => order.push("turn")))))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.await(first)
      assert.strictEqual(order.lastIndexOf("branch") - order.indexOf("branch"), 99)
      yield* Fiber.interrupt(second)
    }))

  it.effect("are given to a list that grows again after it has stopped waiting", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 2 })
      const gate = yield* Deferred.make<void>()
      const holder = yield* start(bulkhead.withPlace(Deferred.await(gate)))
      let running = 0
      const wait = Effect.suspend(() => {
        running++
        return Effect.never
      })
      const split = yield* start(Split.run(
        // with one place, and in the line for another until the second one starts
        Split.growing<void>((add) => [Effect.void, Effect.asVoid(add([wait, wait]))]),
        { strategy: all, bulkhead }
      ))
      yield* turns(5)
      assert.strictEqual(running, 1)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.await(holder)
      yield* turns(5)
      assert.strictEqual(running, 2)
      yield* Fiber.interrupt(split)
    }))

  for (const what of ["known", "growing"] as const) {
    it.effect(`are given back when there is nothing left to start (a ${what} list)`, () =>
      Effect.gen(function*() {
        const bulkhead = yield* Bulkhead.make("db", { places: 3 })
        const branches = [Effect.void, Effect.void, Effect.never]
        const split = yield* start(
          Split.run(what === "known" ? branches : Split.growing<void>(() => branches), { strategy: all, bulkhead })
        )
        yield* turns(5)
        assert.deepStrictEqual(yield* counts(bulkhead), { inUse: 1, waiting: 0 })
        yield* Fiber.interrupt(split)
      }))
  }

  it.effect("are not kept by a slot that was interrupted while it waited for one", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const order: Array<string> = []
      let slot: Fiber.Fiber<unknown, unknown> | undefined
      const capture = Effect.withFiber((fiber) => {
        slot = fiber
        return Effect.void
      })
      const gate = yield* Deferred.make<void>()
      const holder = yield* start(bulkhead.withPlace(Deferred.await(gate)))
      const split = yield* start(
        Split.run([capture, ...named(order, "branch", 40)], { strategy: all, bulkhead })
      )
      // its turn comes when the slot has handed its place on, and waits
      const other = yield* start(bulkhead.withPlace(Effect.sync(() => slot!.interruptUnsafe())))
      yield* Deferred.succeed(gate, undefined)
      const exit = yield* endsWithin(Fiber.join(split), 1000)
      assert.strictEqual(succeeded(exit).tally.succeeded, 41)
      yield* Fiber.awaitAll([holder, other])
      assert.deepStrictEqual(yield* counts(bulkhead), { inUse: 0, waiting: 0 })
    }))

  it.effect("are held by nobody who waits for room for outcomes", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 3 })
      const seen: Array<unknown> = []
      const look = Effect.map(bulkhead.statistics, ({ inUse }) => void seen.push(inUse))
      const branches = Array.from({ length: 60 }, () => Effect.void)
      const exit = yield* ends(
        Split.run(branches, {
          strategy: all,
          bulkhead,
          onOutcome: () => Effect.andThen(look, Effect.andThen(turns(3), look))
        })
      )
      assert.strictEqual(succeeded(exit).tally.succeeded, 60)
      assert.deepStrictEqual(seen.slice(0, 2), [0, 0])
    }))
})

describe("places and outcomes that wait for an observer", () => {
  it.effect("a split that is full is passed over in the line", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const [gate, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      let ran = 0
      const branches = [
        Effect.void,
        Deferred.await(gate),
        ...Array.from({ length: 40 }, () => Effect.sync(() => void ran++))
      ]
      const split = yield* start(Split.run(branches, { strategy: all, bulkhead, onOutcome: () => Effect.never }))
      yield* turns(5)
      const other = yield* start(bulkhead.withPlace(Deferred.await(end)))
      yield* TestClock.adjust(1)
      yield* Deferred.succeed(gate, undefined)
      yield* turns(5)
      // the other one has the place, and the split stands in the line
      assert.strictEqual(ran, 15)
      assert.strictEqual((yield* counts(bulkhead)).inUse, 1)
      let after = -1
      other.addObserver(() => {
        after = Effect.runSync(counts(bulkhead)).inUse
      })
      yield* Deferred.succeed(end, undefined)
      yield* Fiber.await(other)
      assert.strictEqual(after, 0)
      yield* Fiber.interrupt(split)
    }))

  it.effect("a slot that has let others go first asks for a place as soon as there is some room", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      let ran = 0
      let told = 0
      const split = yield* start(
        Split.run(Array.from({ length: 4000 }, () => Effect.sync(() => void ran++)), {
          strategy: all,
          bulkhead,
          // it is stuck with the first of those that fill its queue when the slot yields, after 2,048 branches
          onOutcome: () => ++told <= 2032 ? Effect.void : Effect.never
        })
      )
      yield* turns(1000)
      assert.deepStrictEqual([ran, told], [2049, 2033])
      yield* Fiber.interrupt(split)
    }))

  it.effect("a split that has some room asks for a place, though there was none before", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 2 })
      let ran = 0
      let told = 0
      const branches = [
        Effect.sleep(5),
        ...Array.from({ length: 40 }, () => Effect.sync(() => void ran++))
      ]
      const split = yield* start(
        Split.run(branches, {
          strategy: all,
          bulkhead,
          // of 16 it takes 4, and no more
          onOutcome: () => ++told < 4 ? Effect.void : Effect.never
        })
      )
      yield* turns(20)
      assert.deepStrictEqual([ran, told], [16, 4])
      const others = [
        yield* start(bulkhead.withPlace(Effect.sleep(10))),
        yield* start(bulkhead.withPlace(Effect.sleep(10)))
      ]
      // the first branch ends, and its place goes to the one that waits
      yield* TestClock.adjust(5)
      yield* turns(5)
      assert.strictEqual(ran, 16)
      yield* TestClock.adjust(10)
      yield* turns(5)
      assert.strictEqual(ran, 19)
      yield* Fiber.interruptAll([split, ...others])
    }))
})

describe("a shared bulkhead", () => {
  it.effect("holds nothing of a split that has left its line", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 1 })
      const holder = yield* start(bulkhead.withPlace(Effect.never))
      const enter = () => {
        const branch = Effect.suspend(() => Effect.void)
        return [new WeakRef(branch), Split.run([branch], { strategy: all, bulkhead })] as const
      }
      const seen: Array<WeakRef<object>> = []
      for (let i = 0; i < 20; i++) {
        const [branch, split] = enter()
        seen.push(branch)
        yield* Fiber.interrupt(yield* start(split))
      }
      yield* turns(5)
      collectGarbage()
      assert.isBelow(seen.filter((ref) => ref.deref() !== undefined).length, 5)
      yield* Fiber.interrupt(holder)
    }))
})

describe("those who wait for room for outcomes", () => {
  for (const bulkhead of [undefined, 1, 4]) {
    it.effect(`start nothing while 16 wait, and as many as have room when 8 do (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        let ran = 0
        let told = 0
        const permits: Array<Deferred.Deferred<void>> = Array.from({ length: 40 }, () => Deferred.makeUnsafe())
        const split = yield* start(
          Split.run(Array.from({ length: 40 }, () => Effect.sync(() => void ran++)), {
            strategy: all,
            bulkhead,
            onOutcome: () => Deferred.await(permits[told++]!)
          })
        )
        yield* turns(10)
        const seen: Array<number> = []
        for (const permit of permits) {
          seen.push(ran)
          yield* Deferred.succeed(permit, undefined)
          yield* turns(10)
        }
        // the observer is busy with one, and so many are waiting
        assert.deepStrictEqual(seen.slice(0, 8), [16, 16, 16, 16, 16, 16, 16, 24])
        assert.deepStrictEqual(seen.slice(8, 17), [24, 24, 24, 24, 24, 24, 24, 32, 32])
        yield* Fiber.join(split)
        assert.strictEqual(told, 40)
      }))
  }

  for (const bulkhead of [undefined, 3000]) {
    it.effect(`are woken when there is room for them, and not before (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const tasks: Array<number> = []
        for (const size of [250, 2000]) {
          const run = yield* counted(
            Split.run(Array.from({ length: size }, () => Effect.void), {
              strategy: all,
              discard: true,
              bulkhead,
              onOutcome: () => Effect.yieldNow
            })
          )
          tasks.push(run.tasks / size)
        }
        assert.isBelow(tasks[1]!, tasks[0]! * 1.5)
      }))
  }

  it.effect("one that is interrupted when it has been woken takes no other one along", () =>
    Effect.gen(function*() {
      let slot: Fiber.Fiber<unknown, unknown> | undefined
      const capture = Effect.withFiber((fiber) => {
        slot ??= fiber
        return Effect.void
      })
      let running = 0
      const wait = Effect.suspend(() => {
        running++
        return Effect.never
      })
      let told = 0
      const split = yield* start(
        Split.run([...Array.from({ length: 40 }, () => capture), ...Array.from({ length: 60 }, () => wait)], {
          strategy: all,
          bulkhead: 30,
          onOutcome: () => {
            // called in the step in which those who wait are woken
            if (++told === 8) slot!.interruptUnsafe()
            return Effect.yieldNow
          }
        })
      )
      yield* turns(200)
      assert.strictEqual(told, 40)
      assert.strictEqual(running, 30)
      yield* Fiber.interrupt(split)
    }))

  it.effect("are forgotten when they are interrupted, however many they are", () =>
    Effect.gen(function*() {
      const slots: Array<Fiber.Fiber<unknown, unknown>> = []
      const capture = Effect.withFiber((fiber) => {
        slots.push(fiber)
        return Effect.yieldNow
      })
      const gate = yield* Deferred.make<void>()
      const split = yield* start(
        Split.run([...Array.from({ length: 200 }, () => capture), ...Array.from({ length: 100 }, () => Effect.void)], {
          strategy: all,
          bulkhead: 200,
          onOutcome: () => Deferred.await(gate)
        })
      )
      yield* turns(5)
      for (const slot of slots) slot.interruptUnsafe()
      yield* turns(5)
      yield* Deferred.succeed(gate, undefined)
      yield* turns(500)
      assert.isDefined(split.pollUnsafe())
      assert.strictEqual((yield* Fiber.join(split)).tally.succeeded, 300)
    }))
})

describe("wherever fibers yield (I8)", () => {
  const seeds = Array.from({ length: 40 }, (_, i) => i)

  it.effect("nobody who waits for a place is forgotten", () =>
    Effect.gen(function*() {
      for (const seed of seeds) {
        const bulkhead = yield* Bulkhead.make("db", { places: 1 })
        const single = bulkhead.withPlace(Effect.yieldNow)
        const exit = yield* ends(
          Effect.all([single, Split.run([Effect.yieldNow, single], { strategy: all }), single], {
            concurrency: "unbounded"
          }).pipe(withYields(seed))
        )
        assert.isTrue(Exit.isSuccess(exit), `seed ${seed}`)
      }
    }))

  for (const bulkhead of [undefined, 4]) {
    it.effect(`branches are told under their own index, in whatever order they come (bulkhead ${bulkhead})`, () =>
      Effect.gen(function*() {
        const branches = Array.from({ length: 12 }, (_, i) => Effect.as(turns(i % 5), i))
        for (const seed of seeds) {
          const exit = yield* ends(Split.run(branches, { strategy: all, bulkhead }).pipe(withYields(seed)))
          assert.deepStrictEqual(succeeded(exit).values, branches.map((_, i) => i), `seed ${seed}`)
        }
      }))
  }
})
