/**
 * What every store of journals must do, under TestClock: call `contract` with a name and with what makes an empty store, in a
 * file of tests of its own. The numbers are those of the invariants of `effect-cano/journal`.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import type * as Journal from "effect-cano/journal"
import { TestClock } from "effect/testing"
import { looking } from "./looking.ts"
import * as programs from "./programs.ts"
import { all, append, claim, create, newRun, row, signal } from "./samples.ts"

export type Make = Effect.Effect<Journal.Service, unknown, Scope.Scope>

const parked = (n: number, rest: Partial<Journal.Parked> = {}): Journal.Parked => ({
  n,
  seen: 0,
  wakeAt: undefined,
  isReleased: true,
  ...rest
})

const claimed = (claim: Journal.Claim): Journal.Claimed => {
  if (claim._tag !== "Claimed") throw new Error(`it was to be claimed: ${JSON.stringify(claim)}`)
  return claim
}

export const contract = (name: string, make: Make): void => {
  /** A store in which there is a run that ada drives, whose lease lasts until 1000: `enter` and `owner` are its rows. */
  const driven = Effect.gen(function*() {
    const store = yield* make
    yield* store.lease("ada", 1000)
    yield* create(store, newRun("r"))
    yield* claim(store, "r", "ada")
    return store
  })

  const test = (title: string, body: () => Effect.gen.Return<void, unknown, Scope.Scope>) =>
    it.effect(title, () => Effect.gen(body))

  describe(`a journal ${name}: a run`, () => {
    test("is made once, with its first row", function*() {
      const store = yield* make
      yield* TestClock.setTime(5)
      const made = yield* create(store, newRun("r", { parent: "p/1/Start", version: 3 }))
      assert.isTrue(made.isNew)
      assert.deepStrictEqual(made.head, {
        runId: "r",
        workflow: "order",
        version: 3,
        status: "running",
        outcome: undefined,
        n: 0,
        entered: 0,
        visit: 1,
        state: "Ask",
        owner: undefined,
        sent: 0,
        wakeAt: undefined,
        parent: "p/1/Start",
        createdAt: 5,
        enteredAt: 5,
        updatedAt: 5
      })
      yield* TestClock.setTime(6)
      const again = yield* create(store, newRun("r", { workflow: "other", data: "2" }))
      assert.deepStrictEqual(again, { ...made, isNew: false })
      assert.deepStrictEqual(yield* store.show("r"), made.head)
      assert.deepStrictEqual(yield* store.rows("r", 0, 9), [
        { n: 0, kind: "enter", key: "/1/Ask", data: `{"_tag":"Ask"}`, at: 5, kept: false }
      ])
    })

    test("that is not there is nothing, and has nothing", function*() {
      const store = yield* make
      assert.isUndefined(yield* store.show("r"))
      assert.deepStrictEqual(yield* store.rows("r", 0, 9), [])
      assert.deepStrictEqual(yield* store.letters("r"), [])
      assert.isUndefined(yield* store.letter("r", 1))
      assert.deepStrictEqual(yield* claim(store, "r", "ada"), { _tag: "NoSuchRun" })
      assert.deepStrictEqual(yield* store.send("r", signal("go")), { _tag: "NoSuchRun" })
      assert.isFalse(yield* store.park("r", parked(0)))
      assert.deepStrictEqual(yield* store.append([append("r", 0, [row("enter")])]), [false])
      assert.deepStrictEqual(yield* store.append([]), [])
      yield* store.leave("ada")
    })

    test("keeps texts as they are", function*() {
      const store = yield* make
      for (const id of ["", "a b", "ключ/1", "日本\n語", "😀", "\"'?$1:x--;", "x".repeat(5000)]) {
        yield* create(store, newRun(id, { workflow: id, state: id, key: id, data: id, parent: id }))
        const { head } = claimed(yield* claim(store, id, id))
        assert.deepStrictEqual([head.runId, head.workflow, head.state, head.owner, head.parent], Array(5).fill(id))
        yield* store.send(id, signal(id, { id, key: id, data: id }))
        yield* store.append([
          append(id, 2, [{ kind: "settle", key: id, data: id, kept: true }], { takes: [{ seq: 1, answer: id }] })
        ])
        const { letters, rows } = yield* all(store, id)
        assert.deepStrictEqual(rows.map(({ data }) => data), [id, id, id])
        assert.deepStrictEqual(letters, [
          { kind: "signal", name: id, key: id, id, data: id, seq: 1, at: 0, n: 1, isTaken: true, answer: id }
        ])
      }
    })

    test("goes on as one of another version, in a visit that began when it did", function*() {
      const store = yield* driven
      yield* store.send("r", signal("go"))
      const before = (yield* store.show("r"))!
      yield* TestClock.setTime(10)
      const migrated = { state: "Buy", version: 2 }
      assert.deepStrictEqual(yield* store.append([append("r", 2, [row("migrate")], { head: { migrated } })]), [true])
      const after = yield* store.show("r")
      assert.deepStrictEqual(after, { ...before, ...migrated, n: 2, updatedAt: 10 })
      // what comes with a transition is of that
      const entered = { visit: 2, state: "Pay", version: 3 }
      const both = append("r", 3, [row("migrate"), row("enter")], { head: { migrated, entered, isReleased: true } })
      assert.deepStrictEqual(yield* store.append([both]), [true])
      assert.include(yield* store.show("r"), { ...entered, entered: 4, enteredAt: 10 })
      const parkedAt = { n: 4, seen: 1, wakeAt: undefined, isReleased: true }
      assert.isTrue(yield* store.park("r", parkedAt))
      assert.deepStrictEqual(yield* store.append([append("r", 5, [], { head: { migrated } })]), [true])
      assert.include(yield* store.show("r"), { ...migrated, visit: 2, entered: 4, status: "running" })
    })

    test("goes from visit to visit, and ends", function*() {
      const store = yield* driven
      yield* TestClock.setTime(10)
      const rows = [row("join"), row("enter")]
      const entered = { visit: 2, state: "Pay", version: 2 }
      assert.deepStrictEqual(yield* store.append([append("r", 2, rows, { head: { entered } })]), [true])
      const paying = yield* store.show("r")
      assert.include(paying, {
        n: 3,
        entered: 3,
        visit: 2,
        state: "Pay",
        version: 2,
        enteredAt: 10,
        updatedAt: 10,
        createdAt: 0,
        owner: "ada"
      })
      yield* TestClock.setTime(20)
      assert.deepStrictEqual(
        yield* store.append([append("r", 4, [row("compensate")], { head: { status: "compensating" } })]),
        [true]
      )
      assert.deepStrictEqual(yield* store.show("r"), { ...paying!, n: 4, status: "compensating", updatedAt: 20 })
      const end = { status: "ended", outcome: "failed" } as const
      assert.deepStrictEqual(yield* store.append([append("r", 5, [row("exit")], { head: end })]), [true])
      assert.include(yield* store.show("r"), { ...end, n: 5, owner: undefined, wakeAt: undefined })
      assert.deepStrictEqual(yield* store.append([append("r", 6, [row("settle")])]), [false])
      assert.isFalse(yield* store.park("r", parked(5)))
      assert.deepStrictEqual(yield* claim(store, "r", "ada"), { _tag: "Ended", head: (yield* store.show("r"))! })
      assert.deepStrictEqual((yield* store.rows("r", 2, 3)).map(({ kind, n }) => `${n} ${kind}`), [
        "2 join",
        "3 enter",
        "4 compensate"
      ])
    })
  })

  describe(`a journal ${name}: rows`, () => {
    test("D1: of two who append at the same place the second is fenced, and changes nothing", function*() {
      const store = yield* driven
      yield* store.send("r", signal("go"))
      assert.deepStrictEqual(yield* store.append([append("r", 2, [row("settle", "1")])]), [true])
      const before = yield* all(store, "r")
      yield* TestClock.setTime(1)
      const takes = [{ seq: 1, answer: "late" }]
      for (const n of [0, 1, 2, 4, 5]) {
        for (
          const head of [
            undefined,
            { entered: { visit: 2, state: "Pay", version: 9 } },
            { status: "ended", outcome: "succeeded" },
            { isReleased: true }
          ] as const
        ) {
          const late = append("r", n, [row("settle", "2"), row("enter", "3", true)], { head, takes })
          assert.deepStrictEqual(yield* store.append([late]), [false], `at ${n}`)
          assert.deepStrictEqual(yield* store.append([{ ...late, rows: [] }]), [false], `nothing at ${n}`)
        }
      }
      assert.deepStrictEqual(yield* all(store, "r"), before)
    })

    test("D2: a run that is fenced keeps no other from being written", function*() {
      const store = yield* driven
      for (let i = 0; i < 150; i++) yield* create(store, newRun(`many/${i}`))
      const many = Array.from(
        { length: 150 },
        (_, i) => append(`many/${i}`, i % 3 === 0 ? 2 : 1, [row("settle", `${i}`)])
      )
      const end = append("r", 2, [row("exit")], { head: { status: "ended", outcome: "succeeded" } })
      assert.deepStrictEqual(yield* store.append([...many, end]), [...many.map(({ n }) => n === 1), true])
      for (let i = 0; i < 150; i++) {
        const rows = yield* store.rows(`many/${i}`, 1, 9)
        assert.deepStrictEqual(rows.map(({ data }) => data), i % 3 === 0 ? [] : [`${i}`])
        assert.strictEqual((yield* store.show(`many/${i}`))!.n, i % 3 === 0 ? 0 : 1)
      }
    })

    test("D2: several appends for one run are written in their order, those behind a fenced one are fenced", function*() {
      const store = yield* driven
      const settle = (n: number) => append("r", n, [row("settle", `${n}`), row("settle", `${n + 1}`)])
      const answers = yield* store.append([settle(2), settle(4), settle(7), settle(6), settle(4)])
      assert.deepStrictEqual(answers, [true, true, false, true, false])
      assert.deepStrictEqual((yield* store.rows("r", 2, 99)).map(({ data }) => data), ["2", "3", "4", "5", "6", "7"])
    })

    test("D2: many rows at once, and none but a change of the head", function*() {
      const store = yield* driven
      const rows = Array.from({ length: 1234 }, (_, i) => row("settle", `${i}`, i % 100 === 0))
      assert.deepStrictEqual(yield* store.append([append("r", 2, rows)]), [true])
      assert.strictEqual((yield* store.show("r"))!.n, 1235)
      const found = yield* store.rows("r", 0, 9999)
      assert.deepStrictEqual(found.map(({ n }) => n), Array.from({ length: 1236 }, (_, n) => n))
      assert.deepStrictEqual(
        found.slice(2).map(({ data, kept }) => ({ data, kept })),
        rows.map(({ data, kept }) => ({ data, kept }))
      )
      assert.deepStrictEqual(yield* store.append([append("r", 1236, [], { head: { isReleased: true } })]), [true])
      assert.include(yield* store.show("r"), { n: 1235, owner: undefined, status: "running" })
    })

    test("of past visits are not loaded by a claim, but for those that are kept", function*() {
      const store = yield* driven
      yield* store.append([append("r", 2, [row("start", "a", true), row("settle", "b"), row("settle", "c", true)])])
      const entered = { visit: 2, state: "Pay", version: 1 }
      yield* store.append([
        append("r", 5, [row("join"), row("enter", "d", true), row("settle", "e")], { head: { entered } })
      ])
      const { head, rows } = claimed(yield* claim(store, "r", "ada"))
      assert.deepStrictEqual(rows.map(({ data, n }) => `${n} ${data}`), ["2 a", "4 c", "6 d", "7 e", "8 ada"])
      assert.deepStrictEqual(head, yield* store.show("r"))
      assert.include(head, { n: 8, entered: 6 })
    })
  })

  describe(`a journal ${name}: letters`, () => {
    test("D3: are there from when they were sent until they are taken, and are taken once", function*() {
      const store = yield* driven
      yield* TestClock.setTime(7)
      assert.deepStrictEqual(yield* store.send("r", signal("go", { data: "1" })), { _tag: "Kept", seq: 1 })
      assert.deepStrictEqual(yield* store.send("r", signal("stop", { kind: "cancel", data: "2" })), {
        _tag: "Kept",
        seq: 2
      })
      assert.deepStrictEqual((yield* store.letters("r")).map(({ data, seq }) => `${seq} ${data}`), ["1 1", "2 2"])
      assert.strictEqual((yield* store.show("r"))!.sent, 2)
      const take = (n: number, ...seqs: ReadonlyArray<number>) =>
        append("r", n, [row("settle")], { takes: seqs.map((seq) => ({ seq, answer: `ok ${seq}` })) })
      assert.deepStrictEqual(yield* store.append([take(3, 1)]), [false])
      assert.strictEqual((yield* store.letters("r")).length, 2)
      assert.deepStrictEqual(yield* store.append([take(2, 1)]), [true])
      assert.include(yield* store.letter("r", 1), { isTaken: true, answer: "ok 1", at: 7, data: "1" })
      assert.deepStrictEqual((yield* store.letters("r")).map(({ seq }) => seq), [2])
      const before = yield* all(store, "r")
      for (const seqs of [[1], [2, 1], [3], [0]]) {
        assert.deepStrictEqual(yield* store.append([take(3, ...seqs)]), [false])
      }
      assert.deepStrictEqual(yield* all(store, "r"), before)
      assert.deepStrictEqual(claimed(yield* claim(store, "r", "ada")).letters.map(({ seq }) => seq), [2])
      assert.deepStrictEqual(yield* store.append([take(4, 2)]), [true])
      assert.deepStrictEqual(yield* store.letters("r"), [])
    })

    test("say where their run was when they were sent, whatever the clock", function*() {
      const store = yield* driven
      yield* TestClock.setTime(100)
      yield* store.send("r", signal("go"))
      yield* store.append([append("r", 2, [row("join"), row("enter")], {
        head: { entered: { visit: 2, state: "Pay", version: 1 } }
      })])
      yield* TestClock.setTime(50)
      yield* store.send("r", signal("go"))
      assert.deepStrictEqual((yield* store.letters("r")).map(({ at, n, seq }) => [seq, n, at]), [[1, 1, 100], [
        2,
        3,
        50
      ]])
      const { head, letters } = claimed(yield* claim(store, "r", "ada"))
      assert.deepStrictEqual(letters.map(({ n }) => n! >= head.entered), [false, true])
      assert.strictEqual((yield* store.received("ada", 0)).letters[1]!.n, 3)
    })

    test("D3: of the same kind, name and id there is one, also when it was taken and when the run has ended", function*() {
      const store = yield* driven
      const send = (letter: Journal.NewLetter) =>
        Effect.map(store.send("r", letter), (sent) => Object.values(sent).join(" "))
      assert.strictEqual(yield* send(signal("go", { id: "x", data: "1" })), "Kept 1")
      assert.strictEqual(yield* send(signal("go", { id: "x", data: "2" })), "Duplicate 1")
      assert.strictEqual(yield* send(signal("go", { id: "y" })), "Kept 2")
      assert.strictEqual(yield* send(signal("went", { id: "x" })), "Kept 3")
      assert.strictEqual(yield* send(signal("go", { id: "x", kind: "pause" })), "Kept 4")
      assert.strictEqual(yield* send(signal("go")), "Kept 5")
      assert.strictEqual(yield* send(signal("go")), "Kept 6")
      yield* store.append([append("r", 2, [row("settle")], { takes: [{ seq: 1, answer: undefined }] })])
      assert.strictEqual(yield* send(signal("go", { id: "x" })), "Duplicate 1")
      yield* store.append([append("r", 3, [row("exit")], { head: { status: "ended", outcome: "succeeded" } })])
      assert.strictEqual(yield* send(signal("go", { id: "x" })), "Duplicate 1")
      assert.strictEqual(yield* send(signal("go", { id: "z" })), "Ended")
      assert.strictEqual(yield* send(signal("go")), "Ended")
      assert.strictEqual((yield* store.letter("r", 1))!.data, "1")
      assert.strictEqual((yield* store.show("r"))!.sent, 6)
      yield* create(store, newRun("other"))
      assert.deepStrictEqual(yield* store.send("other", signal("go", { id: "x" })), { _tag: "Kept", seq: 1 })
    })

    test("are refused where as many of their kind and name wait as there may be", function*() {
      const store = yield* driven
      const send = (letter: Journal.NewLetter) => Effect.map(store.send("r", letter), ({ _tag }) => _tag)
      assert.strictEqual(yield* send(signal("go", { capacity: 0 })), "Full")
      assert.strictEqual(yield* send(signal("go", { capacity: 2, id: "x" })), "Kept")
      assert.strictEqual(yield* send(signal("other")), "Kept")
      assert.strictEqual(yield* send(signal("go", { kind: "resume" })), "Kept")
      assert.strictEqual(yield* send(signal("go", { capacity: 2 })), "Kept")
      assert.strictEqual(yield* send(signal("go", { capacity: 2 })), "Full")
      assert.strictEqual(yield* send(signal("go", { capacity: 2, id: "x" })), "Duplicate")
      yield* store.append([append("r", 2, [row("settle")], { takes: [{ seq: 1, answer: undefined }] })])
      assert.strictEqual(yield* send(signal("go", { capacity: 2 })), "Kept")
      assert.strictEqual(yield* send(signal("go")), "Kept")
      assert.strictEqual((yield* store.show("r"))!.sent, 6)
    })

    test("are received by who drives their run, each once behind a cursor", function*() {
      const store = yield* driven
      for (const runId of ["s", "t"]) yield* create(store, newRun(runId))
      yield* claim(store, "s", "ada")
      const received = (runner: string, after: number) =>
        Effect.map(store.received(runner, after), ({ cursor, letters }) => ({
          cursor,
          letters: letters.map(({ data, runId, seq }) => `${runId} ${seq} ${data}`)
        }))
      const none = yield* received("ada", 0)
      assert.deepStrictEqual(none.letters, [])
      for (const [i, runId] of ["s", "r", "t", "s"].entries()) yield* store.send(runId, signal("go", { data: `${i}` }))
      const some = yield* received("ada", none.cursor)
      assert.deepStrictEqual(some.letters, ["s 1 0", "r 1 1", "s 2 3"])
      assert.deepStrictEqual(yield* received("ada", some.cursor), { cursor: some.cursor, letters: [] })
      assert.deepStrictEqual((yield* received("bob", 0)).letters, [])
      yield* store.append([append("r", 2, [], { takes: [{ seq: 1, answer: undefined }] })])
      assert.deepStrictEqual((yield* received("ada", 0)).letters, ["s 1 0", "s 2 3"])
      yield* store.send("r", signal("go", { data: "4" }))
      const more = yield* received("ada", some.cursor)
      assert.deepStrictEqual(more.letters, ["r 2 4"])
      // whoever takes a run is given what has come before
      assert.deepStrictEqual(claimed(yield* claim(store, "t", "ada")).letters.map(({ data }) => data), ["2"])
      yield* store.send("t", signal("go", { data: "5" }))
      assert.deepStrictEqual((yield* received("ada", more.cursor)).letters, ["t 2 5"])
    })
  })

  describe(`a journal ${name}: waiting`, () => {
    test("D4: a run is parked only if its owner has seen every letter", function*() {
      const store = yield* driven
      yield* store.send("r", signal("go"))
      assert.isFalse(yield* store.park("r", parked(1)))
      assert.include(yield* store.show("r"), { status: "running", owner: "ada" })
      assert.isFalse(yield* store.park("r", parked(0, { seen: 1 })), "it has gone on")
      assert.isFalse(yield* store.park("r", parked(2, { seen: 1 })))
      yield* TestClock.setTime(3)
      assert.isTrue(yield* store.park("r", parked(1, { seen: 1, wakeAt: 50, isReleased: false })))
      assert.include(yield* store.show("r"), { status: "waiting", owner: "ada", wakeAt: 50, n: 1, updatedAt: 3 })
      assert.isTrue(yield* store.park("r", parked(1, { seen: 1 })))
      assert.include(yield* store.show("r"), { status: "waiting", owner: undefined, wakeAt: undefined })
      assert.strictEqual((yield* store.letters("r")).length, 1, "it takes none")
    })

    test("D4: a letter that comes later makes it due, and so does its instant", function*() {
      const store = yield* driven
      yield* store.send("r", signal("go"))
      yield* store.park("r", parked(1, { seen: 1 }))
      const due = store.due(["order"], 9)
      yield* TestClock.setTime(100_000)
      assert.deepStrictEqual(yield* due, [])
      yield* store.send("r", signal("go"))
      assert.deepStrictEqual(yield* due, ["r"])
      assert.deepStrictEqual(yield* store.due(["parcel"], 9), [])
      assert.deepStrictEqual(yield* store.due(undefined, 9), ["r"], "of any workflow")
      yield* claim(store, "r", "ada")
      assert.isTrue(yield* store.park("r", parked(2, { seen: 2, wakeAt: 100_100 })))
      assert.deepStrictEqual(yield* due, [])
      yield* TestClock.setTime(100_099)
      assert.deepStrictEqual(yield* due, [])
      yield* TestClock.setTime(100_100)
      assert.deepStrictEqual(yield* due, ["r"])
      assert.include(yield* store.show("r"), { status: "waiting", wakeAt: 100_100 })
    })

    test("ends with a claim and with an append, and the run does what it did before", function*() {
      const store = yield* driven
      yield* store.append([append("r", 2, [row("compensate")], { head: { status: "compensating" } })])
      yield* store.park("r", parked(2, { wakeAt: 9, isReleased: false }))
      assert.deepStrictEqual(yield* store.append([append("r", 3, [row("settle")])]), [true])
      assert.include(yield* store.show("r"), { status: "compensating", wakeAt: undefined, owner: "ada", n: 3 })
      yield* store.park("r", parked(3, { wakeAt: 9 }))
      assert.include(claimed(yield* claim(store, "r", "ada")).head, { status: "compensating", wakeAt: undefined })
      yield* store.park("r", parked(4, { wakeAt: 9 }))
      assert.deepStrictEqual(
        yield* store.append([
          append("r", 5, [row("settle")], { head: { entered: { visit: 2, state: "Pay", version: 1 } } })
        ]),
        [true]
      )
      assert.include(yield* store.show("r"), {
        status: "compensating",
        wakeAt: undefined,
        entered: 5,
        owner: undefined
      })
    })
  })

  describe(`a journal ${name}: orders`, () => {
    const order = (kind: Journal.LetterKind, id: string): Journal.NewLetter => ({ ...signal(""), kind, id })
    const after = (
      over: "ended" | "stuck",
      sent: ReadonlyArray<Journal.LetterKind> = [],
      takes: Journal.Append["takes"] = []
    ) =>
      Effect.gen(function*() {
        const store = yield* driven
        for (const kind of sent) yield* store.send("r", order(kind, "0"))
        const head = over === "ended" ? { status: over, outcome: "failed" as const } : { status: over }
        assert.deepStrictEqual(
          yield* store.append([append("r", 2, [row(over === "ended" ? "exit" : "stuck")], { head, takes })]),
          [
            true
          ]
        )
        return store
      })
    const isDue = (store: Journal.Service) => Effect.map(store.due(["order"], 9), (found) => found.includes("r"))

    for (const over of ["ended", "stuck"] as const) {
      test(`of a run that is ${over} are kept, and make it due until somebody has looked`, function*() {
        const store = yield* after(over)
        assert.include(yield* store.show("r"), { status: over, owner: undefined, n: 2 })
        assert.strictEqual((yield* claim(store, "r", "bob"))._tag, "Ended")
        // whoever was stuck may not have seen all that has come
        assert.strictEqual(yield* isDue(store), over === "stuck")
        assert.isFalse(yield* store.park("r", parked(2)))
        assert.isFalse(yield* isDue(store))
        for (const kind of ["signal", "pause", "resume", "cancel"] as const) {
          const sent = yield* store.send("r", order(kind, kind))
          assert.strictEqual(sent._tag, over === "ended" ? "Ended" : "Kept")
          assert.strictEqual(yield* isDue(store), over === "stuck" && kind === "cancel")
        }
        const { sent } = (yield* store.show("r"))!
        for (const [i, kind] of (["retry", "rerun", "skip", "end"] as const).entries()) {
          assert.isFalse(yield* store.park("r", parked(2, { seen: sent + i })))
          assert.isFalse(yield* isDue(store))
          assert.deepStrictEqual(yield* store.send("r", order(kind, "1")), { _tag: "Kept", seq: sent + 1 + i })
          assert.isTrue(yield* isDue(store))
        }
        // what has not been seen keeps it due
        assert.isFalse(yield* store.park("r", parked(2, { seen: sent })))
        assert.isTrue(yield* isDue(store))
        assert.isFalse(yield* store.park("r", parked(2, { seen: sent + 4 })))
        assert.isFalse(yield* isDue(store))
        assert.deepStrictEqual(yield* store.send("r", order("retry", "1")), { _tag: "Duplicate", seq: sent + 1 })
        assert.isTrue(yield* isDue(store))
      })

      test(`that have come before a run is ${over}, and nobody has seen, make it due`, function*() {
        const store = yield* after(over, ["retry", "skip"], [{ seq: 2, answer: "{}" }])
        assert.isTrue(yield* isDue(store))
        assert.strictEqual((yield* store.letters("r")).length, 1)
        yield* TestClock.setTime(10)
        assert.deepStrictEqual((yield* store.purge({ endedBefore: 10, limit: 9 })).runs, [])
      })

      test(`that are taken with what makes a run ${over} need nobody`, function*() {
        const store = yield* after(over, ["retry", "signal"], [{ seq: 1, answer: "{}" }])
        assert.strictEqual(yield* isDue(store), over === "stuck")
      })

      test(`of a run that is ${over} are followed once, by whoever is first, and only as such`, function*() {
        const store = yield* after(over)
        yield* store.send("r", order("retry", "1"))
        const takes = [{ seq: 1, answer: "{}" }]
        const head = { status: "running", isOrdered: true, entered: { visit: 2, state: "Ask", version: 2 } } as const
        const rows = [row("order", "{}", true), row("enter"), row("settle")]
        yield* TestClock.setTime(7)
        const { isOrdered: _, ...plain } = head
        assert.deepStrictEqual(yield* store.append([append("r", 3, rows, { head: plain, takes })]), [false])
        assert.deepStrictEqual(yield* store.append([append("r", 3, rows, { head, takes })]), [true])
        assert.deepStrictEqual(yield* store.append([append("r", 3, rows, { head, takes: [] })]), [false])
        const status = yield* store.show("r")
        assert.include(status, {
          status: "running",
          outcome: undefined,
          n: 5,
          entered: 4,
          visit: 2,
          version: 2,
          enteredAt: 7
        })
        assert.isTrue(yield* isDue(store))
        const { rows: visit } = claimed(yield* claim(store, "r", "bob"))
        assert.deepStrictEqual(visit.map(({ kind }) => kind), ["order", "enter", "settle", "owner"])
        // one that goes on is no run that is over
        const late = append("r", 7, [row("order")], { head: { status: "running", isOrdered: true } })
        assert.deepStrictEqual(yield* store.append([late]), [false])
      })

      test(`of a run that is ${over} may be refused, and leave it as it is`, function*() {
        const store = yield* after(over)
        yield* store.send("r", order("retry", "1"))
        const before = yield* store.show("r")
        yield* TestClock.setTime(9)
        const refused = append("r", 3, [], { head: { isOrdered: true }, takes: [{ seq: 1, answer: "no" }] })
        assert.deepStrictEqual(yield* store.append([refused]), [true])
        assert.deepStrictEqual(yield* store.show("r"), before)
        assert.include(yield* store.letter("r", 1), { isTaken: true, answer: "no" })
        // what has been taken is not there again
        assert.isFalse(yield* store.park("r", parked(2, { seen: 1 })))
        yield* store.send("r", order("retry", "1"))
        assert.isFalse(yield* isDue(store))
      })
    }
  })

  describe(`a journal ${name}: owners`, () => {
    test("D5: a run has one owner, as long as his lease lasts", function*() {
      const store = yield* driven
      yield* store.lease("bob", 5000)
      assert.deepStrictEqual(yield* claim(store, "r", "bob"), { _tag: "Held", owner: "ada", until: 1000 })
      yield* TestClock.setTime(999)
      yield* store.lease("ada", 1500)
      yield* TestClock.setTime(1499)
      assert.deepStrictEqual(yield* claim(store, "r", "bob"), { _tag: "Held", owner: "ada", until: 1500 })
      assert.strictEqual((yield* store.show("r"))!.n, 1)
      yield* TestClock.setTime(1500)
      const { head, rows } = claimed(yield* claim(store, "r", "bob"))
      assert.include(head, { owner: "bob", n: 2, updatedAt: 1500 })
      assert.deepStrictEqual(rows.map(({ data, kind, n }) => `${n} ${kind} ${data}`).slice(1), [
        "1 owner ada",
        "2 owner bob"
      ])
      // the zombie is fenced by the row
      yield* store.lease("ada", 9000)
      assert.deepStrictEqual(yield* store.append([append("r", 2, [row("settle")])]), [false])
      assert.deepStrictEqual(yield* claim(store, "r", "ada"), { _tag: "Held", owner: "bob", until: 5000 })
      assert.deepStrictEqual(yield* store.append([append("r", 3, [row("settle")])]), [true])
    })

    test("D5: who has a run may take it anew, which fences what he was before", function*() {
      const store = yield* driven
      assert.include(claimed(yield* claim(store, "r", "ada")).head, { n: 2, owner: "ada" })
      assert.deepStrictEqual(yield* store.append([append("r", 2, [row("settle")])]), [false])
      assert.deepStrictEqual(yield* store.append([append("r", 3, [row("settle")])]), [true])
    })

    test("D5: a run that was given up, or whose runner has left or never had a lease, is free", function*() {
      const store = yield* driven
      yield* store.append([append("r", 2, [], { head: { isReleased: true } })])
      assert.deepStrictEqual(yield* store.due(["order"], 9), ["r"])
      assert.include(claimed(yield* claim(store, "r", "bob")).head, { owner: "bob" })
      assert.deepStrictEqual(yield* store.due(["order"], 9), ["r"], "bob has no lease")
      assert.include(claimed(yield* claim(store, "r", "ada")).head, { owner: "ada" })
      assert.deepStrictEqual(yield* store.due(["order"], 9), [])
      yield* store.leave("ada")
      assert.isUndefined((yield* store.show("r"))!.owner)
      assert.deepStrictEqual(yield* store.due(["order"], 9), ["r"])
      yield* store.lease("bob", 10)
      assert.include(claimed(yield* claim(store, "r", "bob")).head, { owner: "bob" })
      assert.deepStrictEqual(yield* claim(store, "r", "ada"), { _tag: "Held", owner: "bob", until: 10 })
    })

    test("what is due: the longest first, of those workflows, and no more than was asked for", function*() {
      const store = yield* make
      for (const [i, runId] of ["c", "a", "d", "b"].entries()) {
        yield* TestClock.setTime(i)
        yield* create(store, newRun(runId, { workflow: i === 2 ? "other" : "order" }))
      }
      yield* create(store, newRun("0"))
      assert.deepStrictEqual(yield* store.due(["order"], 9), ["c", "a", "0", "b"])
      assert.deepStrictEqual(yield* store.due(["order", "other"], 3), ["c", "a", "d"])
      assert.deepStrictEqual(yield* store.due([], 9), [])
      assert.deepStrictEqual(yield* store.due(["nobody's"], 9), [])
      yield* store.lease("ada", 10)
      yield* store.lease("bob", 20)
      for (const [runId, runner] of [["c", "bob"], ["a", "ada"], ["b", "ada"]] as const) {
        yield* claim(store, runId, runner)
      }
      assert.deepStrictEqual(yield* store.due(["order"], 9), ["0"])
      yield* store.park("a", parked(1, { wakeAt: 15, isReleased: false }))
      yield* store.append([append("0", 1, [row("exit")], { head: { status: "ended", outcome: "cancelled" } })])
      yield* TestClock.setTime(10)
      // what waits and has not been given up is due as well, whatever it waits for
      assert.deepStrictEqual(yield* store.due(["order"], 9), ["a", "b"])
      yield* TestClock.setTime(20)
      assert.deepStrictEqual(yield* store.due(["order"], 9), ["c", "a", "b"])
    })
  })

  describe(`a journal ${name}: lists`, () => {
    test("are filtered, and paged in the order of the ids", function*() {
      const store = yield* make
      const ids = ["a", "a/1", "B", "b", "z", "é", "\uff5e", "😀", ""]
      const sorted = ["", "B", "a", "a/1", "b", "z", "é", "\uff5e", "😀"]
      for (const [i, runId] of ids.entries()) {
        yield* create(
          store,
          newRun(runId, {
            workflow: i % 2 === 0 ? "even" : "odd",
            parent: i < 2 ? "p" : undefined,
            state: i === 3 ? "Three" : "Ask"
          })
        )
      }
      const list = (filter: Partial<Journal.Filter> = {}) =>
        Effect.map(store.list({ limit: 99, ...filter }), (heads) => heads.map(({ runId }) => runId))
      assert.deepStrictEqual(yield* list(), sorted)
      assert.deepStrictEqual((yield* store.list({ limit: 99 }))[2], yield* store.show("a"))
      for (const limit of [1, 2, 4]) {
        const found: Array<string> = []
        for (let page = yield* list({ limit }); page.length > 0; page = yield* list({ limit, after: page.at(-1)! })) {
          found.push(...page)
        }
        assert.deepStrictEqual(found, sorted)
      }
      assert.deepStrictEqual(yield* list({ limit: 0 }), [])
      assert.deepStrictEqual(yield* list({ workflow: "odd" }), ["a/1", "b", "é", "😀"])
      assert.deepStrictEqual(yield* list({ workflow: "odd", after: "b" }), ["é", "😀"])
      assert.deepStrictEqual(yield* list({ parent: "p" }), ["a", "a/1"])
      assert.deepStrictEqual(yield* list({ state: "Three" }), ["b"])
      yield* store.park("b", parked(0))
      yield* store.append([append("a", 1, [row("exit")], { head: { status: "ended", outcome: "failed" } })])
      yield* store.append([append("z", 1, [], { head: { status: "compensating" } })])
      assert.deepStrictEqual(yield* list({ status: "waiting" }), ["b"])
      assert.deepStrictEqual(yield* list({ status: "ended" }), ["a"])
      assert.deepStrictEqual(yield* list({ hasEnded: true }), ["a"])
      assert.deepStrictEqual(yield* list({ hasEnded: false }), sorted.filter((runId) => runId !== "a"))
      assert.deepStrictEqual(yield* list({ status: "compensating" }), ["z"])
      assert.deepStrictEqual(yield* list({ status: "running", limit: 2 }), ["", "B"])
      assert.deepStrictEqual(yield* list({ outcome: "failed", parent: "p", workflow: "even" }), ["a"])
      assert.deepStrictEqual(yield* list({ outcome: "succeeded" }), [])
    })
  })

  looking(name, make)

  describe(`a journal ${name}: laws`, () => {
    it.effect.prop(
      "D1-D6 hold after each step of generated programs",
      { commands: programs.program },
      ({ commands }) =>
        Effect.gen(function*() {
          const store = yield* make
          const use = programs.user(store)
          yield* programs.begin(store)
          let before = yield* programs.dump(store)
          for (const command of commands) {
            const answer = yield* use(command)
            const after = yield* programs.dump(store)
            for (const [i, is] of after.entries()) hold(before[i]!, is, command, answer)
            before = after
          }
        }),
      programs.many(60)
    )
  })
}

type State = programs.Dump[number]

/** What no step may do to a run, whatever it is. */
const hold = (was: State, is: State, { isReleased, op, runner }: programs.Command, answer: unknown): void => {
  // D6: as a whole, and only when it has ended
  if (op === "purge" && !isReleased && was.head !== undefined && is.head === undefined) {
    assert.strictEqual(was.head.status, "ended")
    return assert.deepStrictEqual(is, { head: undefined, rows: [], letters: [] })
  }
  // D1: what is written stays, and the head knows the last row
  assert.deepStrictEqual(is.rows.slice(0, was.rows.length), was.rows)
  assert.deepStrictEqual(is.rows.map(({ n }) => n), is.rows.map((_, n) => n))
  assert.strictEqual(is.rows.length, (is.head?.n ?? -1) + 1)
  const added = is.rows.slice(was.rows.length)
  if (op === "append") {
    // D2: as many rows as those that were said to be written
    const { answers, appends } = answer as {
      readonly appends: ReadonlyArray<Journal.Append>
      readonly answers: ReadonlyArray<boolean>
    }
    const written = appends.filter(({ runId }, i) => runId === is.head?.runId && answers[i])
    assert.deepStrictEqual(
      added.map(({ data, key, kept, kind }) => ({ data, key, kept, kind })),
      written.flatMap(({ rows }) => [...rows])
    )
    if (written.length === 0) assert.deepStrictEqual(is, was)
    else assert.notStrictEqual(was.head!.status, "ended")
    const taken = is.letters.filter((letter, i) => letter!.isTaken && !was.letters[i]!.isTaken).map((letter) =>
      letter!.seq
    )
    assert.deepStrictEqual(taken, written.flatMap(({ takes }) => takes.map(({ seq }) => seq)).sort((a, b) => a - b))
  } else {
    assert.isTrue(added.every(({ kind }) => kind === (op === "claim" ? "owner" : "enter")))
    // D3: nobody else takes a letter
    assert.deepStrictEqual(is.letters.slice(0, was.letters.length), was.letters)
  }
  assert.strictEqual(is.letters.length, is.head?.sent ?? 0)
  assert.isTrue(is.letters.every((letter, i) => letter?.seq === i + 1))
  // D4
  if (op === "park" && answer === true && was.head?.status !== "waiting" && is.head?.status === "waiting") {
    assert.deepStrictEqual(is.letters, was.letters)
  } else if (is.head?.status === "waiting") assert.strictEqual(was.head?.status, "waiting")
  // D5: an owner begins with his row
  if (is.head?.owner !== undefined && is.head.owner !== was.head?.owner) {
    assert.deepStrictEqual(added.map(({ data, kind }) => `${kind} ${data}`), [`owner ${runner}`])
  }
}
