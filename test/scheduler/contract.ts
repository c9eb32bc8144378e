/**
 * What every store of schedules must do, under TestClock: call `contract` with a name and with what makes an empty store, in a
 * file of tests of its own. The numbers are those of the invariants of `effect-cano/schedules`.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type * as Schedules from "effect-cano/schedules"
import { TestClock } from "effect/testing"

export type Make = Effect.Effect<Schedules.Service, unknown, Scope.Scope>

export const schedule = (flow: string, revision: number, more: Partial<Schedules.Schedule> = {}) => ({
  flow,
  revision,
  cursor: 0,
  anchor: 0,
  paused: undefined,
  streak: 0,
  trippedAt: undefined,
  until: undefined,
  endedAt: undefined,
  ...more
})

export const firing = (flow: string, due: number, more: Partial<Schedules.Firing> = {}): Schedules.Firing => ({
  flow,
  by: "tick",
  due,
  runId: `${flow}@${due}`,
  scheduler: "ada",
  takenAt: due,
  isStarted: false,
  ended: undefined,
  ...more
})

export const ended = (at: number, outcome: Schedules.Outcome = "succeeded", detail?: string) => ({
  ended: { at, outcome, detail }
})

export const change = (
  at: Schedules.Change["schedule"],
  firings: ReadonlyArray<Schedules.Firing> = [],
  more: Partial<Schedules.Change> = {}
): Schedules.Change => ({ schedule: at, firings, drops: [], keep: 100, ...more })

export const contract = (name: string, make: Make): void => {
  const test = (title: string, body: () => Effect.gen.Return<void, unknown, Scope.Scope>) =>
    it.effect(title, () => Effect.gen(body))

  describe(`a store of schedules ${name}`, () => {
    test("has nothing of a flow that nobody has written", function*() {
      const store = yield* make
      assert.deepStrictEqual(yield* store.look(["f"]), [])
      assert.deepStrictEqual(yield* store.look([]), [])
      assert.isUndefined(yield* store.firing("f", "f@0"))
      assert.deepStrictEqual(yield* store.history("f", 9), [])
      assert.deepStrictEqual(yield* store.list(9), [])
      assert.isFalse(yield* store.forget("f"))
    })

    test("gives a schedule as it was written, with the instant of that", function*() {
      const store = yield* make
      yield* TestClock.setTime(5)
      const first = schedule("f", 1, { cursor: -7, anchor: 3 })
      assert.isTrue(yield* store.commit(change(first)))
      assert.deepStrictEqual(yield* store.look(["f", "g"]), [{ schedule: { ...first, updatedAt: 5 }, open: [] }])
      yield* TestClock.setTime(6)
      const second = schedule("f", 2, {
        cursor: 1_700_000_000_000,
        anchor: 4,
        paused: { since: 6, note: "é", cursor: 1 },
        streak: 2,
        trippedAt: 6,
        until: 7,
        endedAt: 5
      })
      assert.isTrue(yield* store.commit(change(second)))
      assert.deepStrictEqual(yield* store.look(["f"]), [{ schedule: { ...second, updatedAt: 6 }, open: [] }])
      const third = { ...second, revision: 3, paused: { since: 6, note: undefined, cursor: 1 } }
      assert.isTrue(yield* store.commit(change(third)))
      assert.deepStrictEqual((yield* store.look(["f"]))[0]!.schedule, { ...third, updatedAt: 6 })
    })

    test("S1: of two who know the same revision the second is refused, and changes nothing", function*() {
      const store = yield* make
      assert.isTrue(yield* store.commit(change(schedule("f", 1), [firing("f", 0)])))
      assert.isFalse(yield* store.commit(change(schedule("f", 1, { streak: 1 }), [firing("f", 1)])))
      assert.isTrue(yield* store.commit(change(schedule("f", 2), [firing("f", 2)])))
      const again = change(schedule("f", 2, { streak: 1 }), [firing("f", 3)], { drops: ["f@0"] })
      assert.isFalse(yield* store.commit(again))
      assert.isFalse(yield* store.commit(change(schedule("f", 4))))
      assert.isFalse(yield* store.commit(change(schedule("g", 2))))
      const [view] = yield* store.look(["f"])
      assert.strictEqual(view!.schedule.streak, 0)
      assert.deepStrictEqual(view!.open.map(({ due }) => due), [0, 2])
    })

    test("S1: of many at once one is the first", function*() {
      const store = yield* make
      const all = yield* Effect.all(
        Array.from({ length: 8 }, (_, i) => store.commit(change(schedule("f", 1), [firing("f", i)]))),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(all.filter((isFirst) => isFirst), 1)
      assert.lengthOf((yield* store.look(["f"]))[0]!.open, 1)
    })

    test("S2: the cursor never goes back", function*() {
      const store = yield* make
      yield* store.commit(change(schedule("f", 1, { cursor: 9 })))
      yield* store.commit(change(schedule("f", 2, { cursor: 4 })))
      assert.strictEqual((yield* store.look(["f"]))[0]!.schedule.cursor, 9)
      yield* store.commit(change(schedule("f", 3, { cursor: 12 })))
      assert.strictEqual((yield* store.look(["f"]))[0]!.schedule.cursor, 12)
    })

    test("S3: a firing is there until it has ended, or was dropped, and then among the newest that are kept", function*() {
      const store = yield* make
      const open = firing("f", 3, { by: "missed", takenAt: 1 })
      yield* store.commit(change(schedule("f", 1), [firing("f", 1), firing("f", 2), open]))
      assert.deepStrictEqual((yield* store.look(["f"]))[0]!.open.map(({ due }) => due), [1, 3, 2])
      const failed = firing("f", 2, ended(9, "failed", "no"))
      const started = { ...open, isStarted: true, scheduler: "bob" }
      yield* store.commit(change(schedule("f", 2), [failed, started], { drops: ["f@1"] }))
      assert.deepStrictEqual((yield* store.look(["f"]))[0]!.open, [{ ...started, isHeld: false }])
      assert.isUndefined(yield* store.firing("f", "f@1"))
      assert.deepStrictEqual(yield* store.firing("f", "f@2"), failed)
      assert.deepStrictEqual(yield* store.firing("f", "f@3"), started)
      assert.deepStrictEqual(yield* store.history("f", 9), [failed])
      for (const due of [4, 5, 6]) {
        yield* store.commit(change(schedule("f", due - 1), [firing("f", due, ended(due, "lost"))], { keep: 2 }))
      }
      // by their end
      assert.deepStrictEqual((yield* store.history("f", 9)).map(({ due }) => due), [6, 2])
      assert.deepStrictEqual((yield* store.history("f", 1)).map(({ due }) => due), [2])
      assert.deepStrictEqual(yield* store.history("f", 0), [])
      yield* store.commit(change(schedule("f", 6), [firing("f", 7, ended(7, "interrupted"))], { keep: 0 }))
      assert.deepStrictEqual(yield* store.history("f", 9), [])
      assert.lengthOf((yield* store.look(["f"]))[0]!.open, 1)
    })

    test("takes a thousand firings in one step", function*() {
      const store = yield* make
      const many = Array.from({ length: 1000 }, (_, i) => firing("f", i))
      yield* store.commit(change(schedule("f", 1), many))
      assert.deepStrictEqual((yield* store.look(["f"]))[0]!.open.map(({ due }) => due), many.map(({ due }) => due))
      yield* store.commit(change(schedule("f", 2), [], { drops: many.slice(1).map(({ runId }) => runId) }))
      assert.lengthOf((yield* store.look(["f"]))[0]!.open, 1)
    })

    test("S4: a firing is held as long as the lease of its scheduler lasts", function*() {
      const store = yield* make
      yield* store.commit(change(schedule("f", 1), [firing("f", 0), firing("f", 1, { scheduler: "bob" })]))
      const held = Effect.map(store.look(["f"]), ([view]) => view!.open.map(({ isHeld }) => isHeld))
      assert.deepStrictEqual(yield* held, [false, false])
      yield* store.lease("ada", 10)
      yield* store.lease("bob", 20)
      assert.deepStrictEqual(yield* held, [true, true])
      yield* TestClock.setTime(10)
      assert.deepStrictEqual(yield* held, [false, true])
      yield* store.lease("ada", 30)
      assert.deepStrictEqual(yield* held, [true, true])
      yield* store.leave("bob")
      assert.deepStrictEqual(yield* held, [true, false])
      yield* TestClock.setTime(40)
      yield* store.lease("cyd", 50)
      assert.deepStrictEqual(yield* held, [false, false])
    })

    test("lists schedules in the order of their flows, page by page, and forgets one with its firings", function*() {
      const store = yield* make
      for (const flow of ["b", "a", "Z", "é", "\u{1F600}", "\uFF5E"]) {
        yield* store.commit(change(schedule(flow, 1), [firing(flow, 0), firing(flow, 1, ended(1))]))
      }
      const names = (limit: number, after?: string) =>
        Effect.map(store.list(limit, after), (all) => all.map(({ flow }) => flow))
      assert.deepStrictEqual(yield* names(9), ["Z", "a", "b", "é", "\uFF5E", "\u{1F600}"])
      assert.deepStrictEqual(yield* names(2, "a"), ["b", "é"])
      assert.isTrue(yield* store.forget("a"))
      assert.deepStrictEqual(yield* store.look(["a"]), [])
      assert.deepStrictEqual(yield* store.history("a", 9), [])
      assert.isTrue(yield* store.commit(change(schedule("a", 1))))
      assert.deepStrictEqual((yield* store.look(["a"]))[0]!.open, [])
      assert.lengthOf((yield* store.look(["b"]))[0]!.open, 1)
    })
  })
}
