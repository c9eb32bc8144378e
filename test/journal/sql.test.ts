import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Predicate, Tracer } from "effect"
import * as Journal from "effect-cano/journal"
import * as Sqlite from "effect-cano/sqlite"
import { Reactivity } from "effect/reactivity"
import { file } from "../sqlite/files.ts"
import { contract } from "./contract.ts"
import * as programs from "./programs.ts"
import { all, append, claim, create, newRun, row, signal } from "./samples.ts"
import { both, filled, make, open } from "./sqlite.ts"

contract("in SQLite", make)

describe("a journal in SQLite", () => {
  it.effect.prop(
    "answers as the one in memory does, whatever is asked",
    { commands: programs.program },
    ({ commands }) =>
      Effect.gen(function*() {
        const [memory, sql] = [yield* Journal.makeMemory, yield* make]
        const [onMemory, onSql] = [programs.user(memory), programs.user(sql)]
        for (const store of [memory, sql]) yield* programs.begin(store)
        for (const command of commands) {
          const still = { ...command, pass: 0 } as const
          assert.deepStrictEqual(yield* onSql(still), yield* onMemory(command), command.op)
          assert.deepStrictEqual(yield* programs.queries(sql), yield* programs.queries(memory), command.op)
        }
        assert.deepStrictEqual(yield* programs.dump(sql), yield* programs.dump(memory))
      }),
    programs.many(150)
  )

  it.effect("keeps what it has when its file is closed and opened, and takes the names of a client's columns as they are", () =>
    Effect.gen(function*() {
      const filename = yield* filled
      const camel = (name: string) => name.replace(/_./g, ([, letter]) => letter!.toUpperCase())
      const names = {
        transformResultNames: camel,
        transformQueryNames: (name: string) => name.replace(/[A-Z]/g, (c) => `_${c}`)
      }
      const [plain, other] = [yield* open({ filename }), yield* open({ filename, ...names })]
      assert.strictEqual((yield* plain.rows("r", 0, 99)).length, 41)
      assert.deepStrictEqual(yield* all(other, "r"), yield* all(plain, "r"))
      assert.deepStrictEqual(yield* other.append([append("r", 41, [row("settle")])]), [true])
      assert.deepStrictEqual(yield* plain.append([append("r", 41, [row("settle")])]), [false])
    }))

  it.live("is made once by those who open an empty file at the same time", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const other = yield* Sqlite.make({ filename }).pipe(Effect.provide(Reactivity.layer))
      // both have found nothing when the lock is free
      const opening = yield* other.withTransaction(Effect.gen(function*() {
        const fibers = yield* Effect.forEach([1, 2, 3], () => Effect.forkScoped(open({ filename })))
        for (let i = 0; i < 200; i++) yield* Effect.yieldNow
        return fibers
      }))
      const stores = yield* Effect.forEach(opening, Fiber.join)
      const made = yield* Effect.forEach(stores, (store) => create(store, newRun("r")))
      assert.deepStrictEqual(made.map(({ isNew }) => isNew), [true, false, false])
    }))

  it.effect("takes part in the transaction of who calls it", () =>
    Effect.gen(function*() {
      const { sql, store } = yield* both({ filename: ":memory:" })
      yield* create(store, newRun("r"))
      const before = yield* all(store, "r")
      const write = Effect.gen(function*() {
        assert.deepStrictEqual(yield* store.append([append("r", 1, [row("settle")])]), [true])
        yield* store.send("r", signal("go"))
        assert.strictEqual((yield* store.show("r"))!.n, 1)
      })
      yield* Effect.exit(sql.withTransaction(Effect.andThen(write, Effect.fail("no"))))
      assert.deepStrictEqual(yield* all(store, "r"), before)
      yield* sql.withTransaction(write)
      assert.include(yield* store.show("r"), { n: 1, sent: 1 })
    }))

  it.effect("D2: an append that is interrupted is written or not, and never half", () =>
    Effect.gen(function*() {
      const filename = yield* file
      const [store, reader] = [yield* open({ filename }), yield* open({ filename })]
      const runIds = Array.from({ length: 40 }, (_, i) => `r${i}`)
      for (const runId of runIds) yield* create(store, newRun(runId))
      for (const runId of runIds) yield* store.send(runId, signal("go"))
      const heads = Effect.map(reader.list({ limit: 99 }), (heads) => heads.map(({ n }) => n))
      let n = 0
      let [written, not] = [0, 0]
      for (let turns = 0; turns < 60; turns++) {
        const isFirst = n === 0
        const takes = isFirst ? [{ seq: 1, answer: undefined }] : []
        const fiber = yield* Effect.forkChild(
          store.append(runIds.map((runId) => append(runId, n + 1, [row("settle"), row("settle")], { takes })))
        )
        for (let i = 0; i < turns; i++) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        const now = yield* heads
        assert.isTrue(now.every((each) => each === now[0]), `after ${turns} turns: ${now}`)
        if (now[0] === n) not++
        else written++
        n = now[0]!
        for (const runId of runIds) {
          assert.strictEqual((yield* reader.rows(runId, 0, 999)).length, n + 1)
          assert.strictEqual((yield* reader.letters(runId)).length, n === 0 ? 1 : 0)
        }
      }
      assert.isAbove(not, 0)
      assert.isAbove(written, 0)
    }))

  it.effect("looks at no row that it does not need: what runs have gone through, those that have ended, letters of others", () =>
    Effect.gen(function*() {
      const { sql, store } = yield* both({ filename: ":memory:" })
      yield* create(store, newRun("r"))
      yield* store.lease("ada", 10)
      const spans: Array<Tracer.Span> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      yield* Effect.gen(function*() {
        yield* claim(store, "r", "ada")
        yield* store.send("r", signal("go", { id: "x", capacity: 1 }))
        yield* store.received("ada", 0)
        yield* store.letters("r")
        yield* store.park("r", { n: 1, seen: 1, wakeAt: undefined, isReleased: true })
        yield* store.due(["order", "other"], 9)
        yield* store.list({ limit: 9, parent: "p" })
        yield* store.list({ limit: 9 })
        yield* store.leave("ada")
        yield* store.lease("ada", 20)
      }).pipe(Effect.withTracer(tracer))
      const texts = spans.map(({ attributes }) => attributes.get("db.query.text")).filter(Predicate.isString)
      assert.isAbove(texts.length, 15)
      const plans = yield* Effect.forEach(texts, (text) => sql.unsafe<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`))
      const steps = new Set(plans.flat().map(({ detail }) => detail))
      const scans = [...steps].filter((step) => /^SCAN (?!cano_runners|CONSTANT)/.test(step))
      // in the order of their ids, until there are enough
      assert.deepStrictEqual(scans, ["SCAN cano_runs"])
      assert.includeMembers([...steps].map((step) => step.replace(/ \(.*/, "")), [
        "SEARCH cano_journal USING INDEX cano_journal_kept",
        "SEARCH cano_runs USING INDEX cano_runs_free",
        "SEARCH cano_runs USING INDEX cano_runs_owner",
        "SEARCH cano_runs USING INDEX cano_runs_parent",
        "SEARCH cano_inbox USING INTEGER PRIMARY KEY"
      ])
    }))
})
