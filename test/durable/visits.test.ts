/**
 * Which signals a wait takes that asks for those of its visit: by the rows of the run, whatever the clocks of its senders say,
 * and whenever whoever drives it finds them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Schema } from "effect"
import { JoinStrategy, TaskResult } from "effect-cano"
import type * as Journal from "effect-cano/journal"
import * as Signal from "effect-cano/Signal"
import { primeClock, type Untyped } from "../kit/index.ts"
import { durableMachine, durably, inLife, letter, type Life, makeWorld, pass, passToEnd, quick } from "./kit.ts"

const go = Signal.make("go", Schema.Int)
const hour = 3_600_000

const begin = (machine: (life: Life, took: (what: string) => string) => Untyped, parkAfter = Infinity) =>
  Effect.gen(function*() {
    yield* primeClock
    const world = yield* makeWorld
    const trail: Array<string> = []
    let definition: any
    const live = () =>
      world.life(
        (life) => [
          definition = durably(machine(life, (what) => (trail.push(`${life.number} ${what}`), "Done")))
        ],
        { settings: { ...quick, parkAfter } }
      )
    const first = yield* live()
    yield* inLife(first, definition.start("r", "A"))
    yield* pass(50)
    /** Somebody sends a signal whose clock is so far off. */
    const send = (value: number, off = 0) =>
      Effect.flatMap(Clock.Clock, (clock) => {
        const now = () => clock.currentTimeMillisUnsafe() + off
        const wrong = Object.assign(Object.create(clock), {
          currentTimeMillisUnsafe: now,
          currentTimeMillis: Effect.sync(now)
        })
        return Effect.provideService(world.store.send("r", letter("go", value)), Clock.Clock, wrong)
      })
    const state = Effect.map(Effect.orDie(world.store.show("r")), (head) => head!.state)
    const end = Effect.gen(function*() {
      for (const life of world.lives) yield* world.bury(life)
    })
    return { world, trail, first, live, send, state, end }
  })

const looping = (_: Life, took: (what: string) => string): Untyped =>
  durableMachine("w", "A", "B", "Done")
    .register("A", { run: Effect.sleep(100), next: "B" })
    .registerSignal("B", go, { since: "visit", next: (n: number) => took(`took ${n}`) })
    .addExitStates("Done")

describe("a wait since its visit", () => {
  for (const off of [hour, -hour]) {
    for (const parkAfter of [1000, Infinity]) {
      const where = parkAfter === Infinity ? "driven on" : "parked"
      it.effect(`takes none of the visit before, and all of its own, by a clock that is ${off} ms off (${where})`, () =>
        Effect.gen(function*() {
          const { end, first, live, send, state, trail, world } = yield* begin(looping, parkAfter)
          yield* send(1, off)
          yield* pass(150)
          assert.strictEqual(yield* state, "B")
          assert.deepStrictEqual(trail, [])
          yield* world.bury(first)
          const second = yield* live()
          yield* pass(100)
          yield* world.bury(second)
          assert.strictEqual(yield* state, "B")
          // nobody drives it
          yield* send(2, -off)
          yield* send(3, off)
          yield* live()
          assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
          assert.deepStrictEqual(trail, ["2 took 2"])
          assert.deepStrictEqual((yield* world.store.letters("r")).map(({ seq }) => seq), [1, 3])
          yield* end
        }))
    }
  }

  it.effect("takes none that was sent before it, also if it is found after it has begun", () =>
    Effect.gen(function*() {
      const { end, send, state, trail, world } = yield* begin(looping)
      // looked for at 80, 100, 120…
      yield* pass(45)
      yield* send(1)
      yield* pass(100)
      assert.strictEqual(yield* state, "B")
      assert.deepStrictEqual(trail, [])
      yield* send(2)
      assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
      assert.deepStrictEqual(trail, ["0 took 2"])
      yield* end
    }))

  for (const parkAfter of [1000, Infinity]) {
    const where = parkAfter === Infinity ? "driven on" : "parked"
    it.effect(`of a follow-on branch counts from the visit of the branch on, in each life (${where})`, () =>
      Effect.gen(function*() {
        const { end, first, live, send, trail, world } = yield* begin(
          (_, took) =>
            durableMachine("w", "A", "First", "Work", "Again", "Done")
              .registerSplit("A", () => TaskResult.split(["First", "Work"]), {
                strategy: JoinStrategy.all,
                next: "Done"
              })
              // begins with its split
              .registerSignal("First", go, {
                since: "visit",
                key: "first",
                next: (n: number) => took(`first took ${n}`)
              })
              .register("Work", { run: Effect.sleep(100), next: "Again" })
              .registerSignal("Again", go, {
                since: "visit",
                key: "again",
                next: (n: number) => took(`again took ${n}`)
              })
              .addExitStates("Done"),
          parkAfter
        )
        const keyed = (key: string, n: number) => world.store.send("r", letter("go", n, { key }))
        yield* keyed("again", 1)
        yield* pass(150)
        assert.deepStrictEqual(trail, [])
        yield* world.bury(first)
        yield* keyed("again", 2)
        const second = yield* live()
        yield* pass(100)
        assert.deepStrictEqual(trail, ["1 again took 2"])
        yield* world.bury(second)
        yield* keyed("first", 3)
        yield* live()
        assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
        assert.deepStrictEqual(trail, ["1 again took 2", "2 first took 3"])
        assert.strictEqual((yield* world.store.letters("r")).length, 1)
        yield* send(4)
        yield* end
      }))
  }

  it.effect("takes one that an earlier release has kept by its instant, in a follow-on branch, too", () =>
    Effect.gen(function*() {
      const machines = [
        looping,
        (_: Life, took: (what: string) => string) =>
          durableMachine("w", "A", "Work", "B", "Done")
            .registerSplit("A", () => TaskResult.split(["Work"]), { strategy: JoinStrategy.all, next: "Done" })
            .register("Work", { run: Effect.sleep(100), next: "B" })
            .registerSignal("B", go, { since: "visit", next: (n: number) => took(`took ${n}`) })
            .addExitStates("Done")
      ]
      for (const machine of machines) {
        const { end, first, live, send, trail, world } = yield* begin(machine)
        yield* send(1)
        yield* pass(150)
        yield* world.bury(first)
        yield* send(2)
        // as they are in tables that were brought up to date
        const forget = <A extends Journal.Letter>(letter: A): A => ({ ...letter, n: undefined })
        const { claim } = world.store
        const store = world.store as { -readonly [K in keyof Journal.Service]: Journal.Service[K] }
        store.claim = (runIds, runner) =>
          Effect.map(
            claim(runIds, runner),
            (claims) =>
              claims.map((claim) => claim._tag === "Claimed" ? { ...claim, letters: claim.letters.map(forget) } : claim)
          )
        yield* live()
        assert.isTrue(yield* passToEnd(world, "r", { most: 1000 }))
        assert.deepStrictEqual(trail, ["1 took 2"])
        yield* end
      }
    }))
})
