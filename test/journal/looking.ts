/** The part of the contract of a store that is for who looks at runs, and forgets them. `contract` calls it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type * as Journal from "effect-cano/journal"
import { TestClock } from "effect/testing"
import { all, append, claim, create, newRun, row, signal } from "./samples.ts"

export const looking = (name: string, make: Effect.Effect<Journal.Service, unknown, Scope.Scope>): void => {
  const test = (title: string, body: () => Effect.gen.Return<void, unknown, Scope.Scope>) =>
    it.effect(title, () => Effect.gen(body))

  const ids = (heads: ReadonlyArray<Journal.Head>) => heads.map(({ runId }) => runId)

  /** A run that is made at one instant and ends at another one. */
  const ended = (
    store: Journal.Service,
    runId: string,
    [from, to]: readonly [number, number],
    run: Partial<Journal.NewRun> = {},
    outcome: Journal.Outcome = "succeeded"
  ) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(from)
      yield* create(store, newRun(runId, run))
      yield* TestClock.setTime(to)
      const [isWritten] = yield* store.append([
        append(runId, 1, [row("exit")], { head: { status: "ended", outcome } })
      ])
      assert.isTrue(isWritten)
    })

  /** All runs that are forgotten, batch by batch. */
  const purged = (store: Journal.Service, which: Partial<Journal.Purge> = {}) =>
    Effect.gen(function*() {
      const batches: Array<ReadonlyArray<string>> = []
      let after: string | undefined
      do {
        const { next, runs } = yield* store.purge({ endedBefore: 1000, limit: 100, after, ...which })
        batches.push(runs.map(({ head }) => head.runId))
        after = next
      } while (after !== undefined)
      return batches
    })

  describe(`a journal ${name}: who looks`, () => {
    test("finds runs by several values, and by when they were made and written last", function*() {
      const store = yield* make
      for (const [i, workflow] of ["order", "parcel", "other"].entries()) {
        yield* ended(store, `${i}`, [i, 10 * i], { workflow, state: `S${i}` })
      }
      yield* create(store, newRun("w", { workflow: "order" }))
      yield* store.park("w", { n: 0, seen: 0, wakeAt: undefined, isReleased: true })
      const list = (filter: Journal.Selection) => Effect.map(store.list({ limit: 9, ...filter }), ids)
      assert.deepStrictEqual(yield* list({ workflow: ["order", "other"] }), ["0", "2", "w"])
      assert.deepStrictEqual(yield* list({ workflow: [] }), [])
      assert.deepStrictEqual(yield* list({ status: ["ended", "waiting"], workflow: "order" }), ["0", "w"])
      assert.deepStrictEqual(yield* list({ status: [] }), [])
      assert.deepStrictEqual(yield* list({ outcome: ["failed", "cancelled"] }), [])
      assert.deepStrictEqual(yield* list({ outcome: ["failed", "succeeded"] }), ["0", "1", "2"])
      assert.deepStrictEqual(yield* list({ state: ["S1", "S2"] }), ["1", "2"])
      assert.deepStrictEqual(yield* list({ createdBefore: 1 }), ["0"])
      assert.deepStrictEqual(yield* list({ createdAfter: 2 }), ["2", "w"])
      assert.deepStrictEqual(yield* list({ updatedBefore: 10 }), ["0"])
      assert.deepStrictEqual(yield* list({ updatedAfter: 10, status: "ended" }), ["1", "2"])
    })

    test("counts them by workflow, by what they do and by how they have ended", function*() {
      const store = yield* make
      yield* ended(store, "a", [0, 1])
      yield* ended(store, "b", [0, 2], {}, "failed")
      yield* ended(store, "c", [0, 3], {}, "failed")
      for (const runId of ["d", "e", "f"]) yield* create(store, newRun(runId, { workflow: "parcel" }))
      yield* store.append([append("d", 1, [row("compensate")], { head: { status: "compensating" } })])
      yield* store.park("d", { n: 1, seen: 0, wakeAt: undefined, isReleased: true })
      yield* store.park("e", { n: 0, seen: 0, wakeAt: 9, isReleased: true })
      assert.deepStrictEqual(yield* store.count({}), [
        { workflow: "order", status: "ended", outcome: "failed", runs: 2 },
        { workflow: "order", status: "ended", outcome: "succeeded", runs: 1 },
        { workflow: "parcel", status: "running", outcome: undefined, runs: 1 },
        { workflow: "parcel", status: "waiting", outcome: undefined, runs: 2 }
      ])
      assert.deepStrictEqual(yield* store.count({ outcome: "failed", updatedBefore: 3 }), [
        { workflow: "order", status: "ended", outcome: "failed", runs: 1 }
      ])
      assert.deepStrictEqual(yield* store.count({ workflow: "nobody's" }), [])
    })

    test("is told how a run stands: its owner's lease, and from when on somebody is to drive it", function*() {
      const store = yield* make
      const stands = Effect.map(store.standing("r"), (standing) => [standing?.leasedUntil, standing?.dueAt])
      assert.isUndefined(yield* store.standing("r"))
      yield* TestClock.setTime(3)
      yield* create(store, newRun("r"))
      assert.deepStrictEqual(yield* stands, [undefined, 3])
      yield* store.lease("ada", 50)
      yield* claim(store, "r", "ada")
      assert.deepStrictEqual(yield* stands, [50, 3])
      assert.deepStrictEqual((yield* store.standing("r"))?.head, yield* store.show("r"))
      yield* store.lease("bob", 3)
      assert.strictEqual((yield* store.standing("r"))?.runners, 1)
      yield* store.park("r", { n: 1, seen: 0, wakeAt: 90, isReleased: true, waits: "a word" })
      assert.deepStrictEqual(yield* stands, [undefined, 90])
      assert.strictEqual((yield* store.standing("r"))?.waits, "a word")
      yield* TestClock.setTime(4)
      yield* store.send("r", signal("go"))
      assert.deepStrictEqual(yield* stands, [undefined, 3])
      yield* claim(store, "r", "cyd")
      assert.deepStrictEqual(yield* stands, [0, 4])
      assert.isUndefined((yield* store.standing("r"))?.waits)
      yield* store.append([append("r", 3, [row("exit")], { head: { status: "ended", outcome: "failed" } })])
      assert.deepStrictEqual(yield* stands, [undefined, undefined])
    })

    test("finds the last rows of some kinds, the newest first", function*() {
      const store = yield* make
      yield* create(store, newRun("r"))
      yield* store.append([
        append("r", 1, [row("settle", "a"), row("join", "b"), row("settle", "c"), row("enter", "d")])
      ])
      const last = (kinds: ReadonlyArray<Journal.Kind>, before: number, limit: number) =>
        Effect.map(store.last("r", kinds, before, limit), (rows) => rows.map(({ data, n }) => `${n} ${data}`))
      assert.deepStrictEqual(yield* last(["settle"], 9, 9), ["3 c", "1 a"])
      assert.deepStrictEqual(yield* last(["settle"], 3, 9), ["1 a"])
      assert.deepStrictEqual(yield* last(["settle", "join", "enter"], 9, 2), ["4 d", "3 c"])
      assert.deepStrictEqual(yield* store.last("nobody", ["enter"], 9, 9), [])
    })
  })

  describe(`a journal ${name}: who forgets`, () => {
    test("D6: forgets runs that have ended before an instant as a whole, and no others", function*() {
      const store = yield* make
      yield* ended(store, "a", [0, 10])
      yield* ended(store, "b", [0, 20], { workflow: "parcel" }, "failed")
      yield* ended(store, "c", [0, 30])
      yield* TestClock.setTime(5)
      yield* create(store, newRun("open"))
      yield* create(store, newRun("waits"))
      yield* store.park("waits", { n: 0, seen: 0, wakeAt: undefined, isReleased: true })
      yield* TestClock.setTime(5000)
      const kept = yield* Effect.forEach(["b", "c", "open", "waits"], (runId) => all(store, runId))
      assert.deepStrictEqual(yield* purged(store, { endedBefore: 10 }), [[]])
      assert.deepStrictEqual(yield* purged(store, { endedBefore: 20, isPreview: true }), [["a"]])
      assert.isDefined(yield* store.show("a"))
      assert.deepStrictEqual(yield* purged(store, { endedBefore: 20 }), [["a"]])
      assert.deepStrictEqual(yield* all(store, "a"), { head: undefined, rows: [], letters: [] })
      assert.deepStrictEqual(yield* Effect.forEach(["b", "c", "open", "waits"], (runId) => all(store, runId)), kept)
      assert.deepStrictEqual(yield* purged(store, { outcome: "cancelled" }), [[]])
      assert.deepStrictEqual(yield* purged(store, { workflow: "parcel" }), [["b"]])
      assert.deepStrictEqual(yield* purged(store), [["c"]])
      assert.deepStrictEqual(ids(yield* store.list({ limit: 9 })), ["open", "waits"])
    })

    test("says what goes: the head, its rows and its letters", function*() {
      const store = yield* make
      yield* TestClock.setTime(0)
      yield* create(store, newRun("a"))
      yield* store.send("a", signal("go"))
      yield* store.send("a", signal("went"))
      const head = { status: "ended", outcome: "succeeded" } as const
      yield* store.append([append("a", 1, [row("exit")], { head, takes: [{ seq: 1, answer: undefined }] })])
      yield* ended(store, "b", [1, 2])
      const { next, runs } = yield* store.purge({ endedBefore: 2, limit: 5 })
      assert.isUndefined(next)
      assert.deepStrictEqual(runs.map(({ head, letters }) => [head.runId, head.n, letters]), [["a", 1, 2]])
      assert.isUndefined(yield* store.letter("a", 2))
      yield* create(store, newRun("a"))
      assert.deepStrictEqual(yield* store.send("a", signal("go", { id: "x" })), { _tag: "Kept", seq: 1 })
    })

    test("never goes further than now, whatever the instant is", function*() {
      const store = yield* make
      yield* ended(store, "a", [0, 10])
      assert.deepStrictEqual(yield* purged(store), [[]])
      yield* TestClock.setTime(11)
      assert.deepStrictEqual(yield* purged(store), [["a"]])
    })

    test("goes on batch by batch, and by few rows where there are many", function*() {
      const store = yield* make
      for (const runId of ["a", "b", "c", "d", "e"]) yield* ended(store, runId, [0, 1])
      yield* TestClock.setTime(2)
      const preview = yield* purged(store, { limit: 2, isPreview: true })
      assert.deepStrictEqual(preview, [["a", "b"], ["c", "d"], ["e"]])
      assert.deepStrictEqual(yield* purged(store, { limit: 2 }), preview)
      yield* create(store, newRun("big"))
      const rows = Array.from({ length: 10_000 }, () => row("settle"))
      yield* store.append([append("big", 1, rows, { head: { status: "ended", outcome: "succeeded" } })])
      for (const runId of ["a", "c", "e"]) yield* ended(store, runId, [2, 2])
      yield* TestClock.setTime(3)
      assert.deepStrictEqual(yield* purged(store), [["a"], ["big"], ["c", "e"]])
      assert.deepStrictEqual(yield* store.rows("big", 0, 9), [])
    })

    test("keeps what a run that goes on needs: its children, and who has started it", function*() {
      const store = yield* make
      const child = (parent: string) => ({ workflow: "parcel", parent })
      yield* create(store, newRun("p"))
      yield* ended(store, "p/1", [0, 1], child("p"))
      yield* ended(store, "q", [0, 1])
      yield* create(store, newRun("q/1", child("q")))
      yield* ended(store, "r", [0, 9])
      yield* ended(store, "r/1", [0, 1], child("r"))
      yield* TestClock.setTime(50)
      assert.deepStrictEqual(yield* purged(store, { endedBefore: 9 }), [[]])
      assert.deepStrictEqual(yield* purged(store, { endedBefore: 10 }), [["r", "r/1"]])
      yield* ended(store, "orphan", [50, 51], child("gone"))
      const end = { status: "ended", outcome: "succeeded" } as const
      yield* store.append(["p", "q/1"].map((runId) => append(runId, 1, [row("exit")], { head: end })))
      yield* TestClock.setTime(52)
      assert.deepStrictEqual(yield* purged(store), [["orphan", "p", "p/1", "q", "q/1"]])
    })

    test("keeps a run of which something is ordered, as long as nobody has looked", function*() {
      const store = yield* make
      yield* ended(store, "r", [0, 1], {}, "failed")
      yield* TestClock.setTime(5)
      assert.strictEqual((yield* store.send("r", signal("", { kind: "retry" })))._tag, "Kept")
      assert.deepStrictEqual(yield* purged(store), [[]])
      // whoever has looked has not followed it
      yield* store.park("r", { n: 1, seen: 1, wakeAt: undefined, isReleased: true })
      assert.deepStrictEqual(yield* purged(store), [["r"]])
    })

    test("D6: who has known a run changes nothing of another one of its id", function*() {
      const store = yield* make
      yield* create(store, newRun("r"))
      yield* claim(store, "r", "ada")
      yield* claim(store, "r", "bob")
      yield* store.append([append("r", 3, [row("exit")], { head: { status: "ended", outcome: "succeeded" } })])
      yield* TestClock.setTime(1)
      assert.deepStrictEqual(yield* purged(store), [["r"]])
      yield* create(store, newRun("r"))
      yield* claim(store, "r", "cyd")
      const before = yield* all(store, "r")
      // ada was held up since her claim, and would stand at the place of cyd
      const zombie = (rest: Partial<Journal.Append> = {}) =>
        append("r", 2, [row("settle", "old")], { createdAt: 0, ...rest })
      assert.deepStrictEqual(yield* store.append([zombie()]), [false])
      assert.deepStrictEqual(yield* store.append([zombie({ head: { isReleased: true } })]), [false])
      const parked = { createdAt: 0, n: 1, seen: 0, wakeAt: undefined, isReleased: true }
      assert.isFalse(yield* store.park("r", parked))
      assert.deepStrictEqual(yield* all(store, "r"), before)
      assert.deepStrictEqual(yield* store.append([zombie({ createdAt: 1 })]), [true])
      assert.isTrue(yield* store.park("r", { ...parked, createdAt: 1, n: 2 }))
      assert.deepStrictEqual(
        yield* store.append([
          zombie({ createdAt: 0, n: 3 }),
          zombie({ createdAt: 1, n: 3, head: { isReleased: true } })
        ]),
        [false, true]
      )
    })
  })
}
