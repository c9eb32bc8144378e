/** What an operator sees of runs, orders of them and forgets, with who drives them played by the test. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Fiber, Layer, Option, Schema, Stream } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Journal from "effect-cano/journal"
import * as Operator from "effect-cano/operator"
import * as Signal from "effect-cano/Signal"
import { TestClock } from "effect/testing"
import { append, create, newRun, row, signal } from "../journal/samples.ts"
import { primeClock } from "../kit/index.ts"
import { answer, driven, ended, idsOf, inTime, parked, world } from "./kit.ts"

const shownOf = ({ operator }: { readonly operator: Operator.Service }, runId: string, visits?: number) =>
  Effect.map(operator.show(runId, visits === undefined ? undefined : { visits }), Option.getOrThrow)

describe("an operator finds runs", () => {
  it.effect("as a stream in the order of their ids, page by page, and no page more than is taken", () =>
    Effect.gen(function*() {
      const { operator, store } = yield* world
      const ids = Array.from({ length: 450 }, (_, i) => `r${1000 + i}`)
      yield* store.create(ids.map((runId) => newRun(runId)))
      assert.deepStrictEqual(yield* idsOf(operator.list()), ids)
      assert.deepStrictEqual(yield* idsOf(operator.list({ after: "r1447" })), ["r1448", "r1449"])
      const asked: Array<unknown> = []
      const counting: Journal.Service = {
        ...store,
        list: (filter) => Effect.tap(store.list(filter), () => Effect.sync(() => asked.push(filter.after)))
      }
      const other = yield* Effect.provide(
        Operator.Operator,
        Operator.layer.pipe(Layer.provide(Layer.succeed(Journal.Journal)(counting)))
      )
      assert.strictEqual((yield* idsOf(Stream.take(other.list(), 3))).length, 3)
      assert.deepStrictEqual(asked, [undefined])
    }))

  it.effect("by workflow, status and age, and counts them", () =>
    Effect.gen(function*() {
      const { operator, store } = yield* world
      for (const [i, runId] of ["a", "b", "c"].entries()) {
        yield* TestClock.setTime(1000 * i)
        yield* driven(store, runId, { workflow: i === 2 ? "parcel" : "order" })
      }
      yield* ended(store, "a")
      const at = (millis: number) => DateTime.makeUnsafe(millis)
      assert.deepStrictEqual(yield* idsOf(operator.list({ workflow: "order", status: ["running", "waiting"] })), ["b"])
      assert.deepStrictEqual(yield* idsOf(operator.list({ createdBefore: at(1000) })), ["a"])
      assert.deepStrictEqual(yield* idsOf(operator.list({ createdAfter: new Date(1000) })), ["b", "c"])
      assert.deepStrictEqual(yield* idsOf(operator.list({ status: "ended", updatedBefore: 2001 })), ["a"])
      assert.deepStrictEqual(yield* idsOf(operator.list({ updatedAfter: "1970-01-01T00:00:02Z" })), ["a", "c"])
      assert.deepStrictEqual(yield* operator.count(), [
        { workflow: "order", status: "ended", outcome: "succeeded", runs: 1 },
        { workflow: "order", status: "running", outcome: undefined, runs: 1 },
        { workflow: "parcel", status: "running", outcome: undefined, runs: 1 }
      ])
      assert.deepStrictEqual(yield* operator.count({ workflow: "parcel" }), [
        { workflow: "parcel", status: "running", outcome: undefined, runs: 1 }
      ])
    }))
})

describe("an operator sees of a run", () => {
  it.effect("its path, how the branches of its visit have ended, what waits, and its end", () =>
    Effect.gen(function*() {
      class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", { host: Schema.String }) {}
      const Offer = Signal.make("offer", Schema.Finite)
      const State = Schema.Union([
        Schema.Literals(["Begin", "Ask", "Bought"]),
        Schema.TaggedStruct("Buy", { price: Schema.Finite })
      ])
      const purchase = Workflow.make("purchase", State)
        .register("Begin", Effect.succeed("Ask"))
        .registerSplit("Ask", {
          "a/b": Effect.succeed(7),
          bob: Effect.fail(new NoAnswer({ host: "b" })),
          cyd: Signal.wait(Offer, { key: "cyd" })
        }, {
          strategy: JoinStrategy.quorum(2),
          schema: { success: Schema.Finite, error: NoAnswer },
          next: ({ values }) => ({ _tag: "Buy", price: Math.min(...Object.values(values)) })
        })
        .register("Buy", Effect.succeed("Bought"))
        .addExitStates("Bought")
      const Purchase = Durable.make(purchase, { version: 1 })
      const journal = Durable.layerMemory.pipe(
        Layer.provide(Durable.settings({ poll: "10 millis", parkAfter: "1 second" }))
      )
      const live = Layer.mergeAll(Purchase.layer, Operator.layer).pipe(Layer.provideMerge(journal))
      yield* Effect.gen(function*() {
        const operator = yield* Operator.Operator
        yield* Purchase.start("p", "Begin")
        yield* TestClock.adjust("100 millis")
        const open = yield* shownOf({ operator }, "p")
        assert.deepStrictEqual(open.path.map(({ state, visit }) => `${visit} ${state}`), ["1 Begin", "2 Ask"])
        assert.strictEqual(open.path[0]!.until, open.path[1]!.since)
        assert.isUndefined(open.path[1]!.until)
        assert.deepStrictEqual(open.branches.map(({ branch, end, key }) => ({ branch, end, key })), [
          { branch: "a/b", key: "/2/Ask/a%2Fb", end: { _tag: "Succeeded", value: 7 } },
          {
            branch: "bob",
            key: "/2/Ask/bob",
            end: {
              _tag: "Failed",
              reasons: [
                { kind: "error", sentence: "NoAnswer: {\"host\":\"b\"}", json: { _tag: "NoAnswer", host: "b" } }
              ]
            }
          }
        ])
        assert.isFalse(open.hasMore)
        assert.deepStrictEqual([open.joins, open.end, open.rollback], [[], undefined, undefined])
        assert.deepStrictEqual(open.why.wakes, [{ _tag: "Signal", name: "offer", key: "cyd" }])
        const given = yield* inTime(
          operator.send("p", Operator.signal("offer", 5, { key: "cyd" }), { requestId: "one" })
        )
        assert.deepInclude(given, { _tag: "Done", isRepeated: false, requestId: "one" })
        const over = yield* shownOf({ operator }, "p")
        assert.deepStrictEqual(over.path.map(({ value }) => value), [
          "Begin",
          "Ask",
          { _tag: "Buy", price: 5 },
          "Bought"
        ])
        assert.deepStrictEqual(over.end, { _tag: "Succeeded", value: "Bought" })
        assert.strictEqual(over.why.because._tag, "Ended")
        const kinds = yield* Effect.map(
          Stream.runCollect(operator.history("p")),
          (rows) => rows.map(({ kind }) => kind)
        )
        assert.includeMembers(kinds, ["enter", "settle", "join", "exit"])
        assert.deepStrictEqual(
          yield* Effect.map(
            Stream.runCollect(operator.history("p", { from: kinds.length - 1 })),
            (rows) => rows.length
          ),
          1
        )
      }).pipe(Effect.provide(live))
    }))

  it.effect("no more than there is place for: the last visits, and the last branches of many", () =>
    Effect.gen(function*() {
      const own = yield* world
      yield* driven(own.store, "r", { key: "/1/Ask" })
      for (let visit = 2; visit <= 300; visit++) {
        const { n } = (yield* own.store.show("r"))!
        const within = { ...row("enter"), key: "/1/Ask/0/1/Inner" }
        yield* own.store.append([
          append("r", n + 1, [within, { ...row("enter", "7"), key: `/${visit}/S%20${visit}` }], {
            head: { entered: { visit, state: `S ${visit}`, version: 1 } }
          })
        ])
      }
      const many = Array.from({ length: 500 }, (_, i) => ({
        ...row("settle", `{"i":${i},"x":{"s":${i}}}`),
        key: `/300/Ask/${i}`
      }))
      const { n } = (yield* own.store.show("r"))!
      yield* own.store.append([
        append("r", n + 1, [
          ...many,
          { ...row("settle", `{"pivot":true}`), key: "/300/Ask" },
          { ...row("join", `{"verdict":"fail","reason":"too few","timedOut":true}`), key: "/300/Ask" },
          { ...row("settle", "hidden"), key: "/300/Ask/%E0%A4%A" }
        ])
      ])
      const shown = yield* shownOf(own, "r")
      assert.deepStrictEqual([shown.path.length, shown.earlier, shown.hasMore], [50, 250, true])
      assert.deepInclude(shown.path.at(-1), { visit: 300, state: "S 300", value: 7 })
      assert.strictEqual(shown.branches.length, 98)
      assert.deepInclude(shown.branches.at(-1), {
        branch: "%E0%A4%A",
        end: { _tag: "Unreadable", text: "hidden" }
      })
      assert.deepStrictEqual(shown.joins, [
        { key: "/300/Ask", at: 0, verdict: "fail", reason: "too few", isLate: true }
      ])
      assert.strictEqual((yield* shownOf(own, "r", 250)).path.length, 250)
      assert.strictEqual((yield* shownOf(own, "r", 999)).path.length, 300)
    }))

  it.effect("how far it has gone back, and not what was undone before it was reopened", () =>
    Effect.gen(function*() {
      const own = yield* world
      yield* driven(own.store, "r")
      const undone = (key: string, data: string) => ({ ...row("compensate", data, true), key })
      yield* own.store.append([
        append("r", 2, [
          undone("", `{"x":[{"i":1}]}`),
          undone("/1/Old", "{}"),
          row("order", `{"reopens":true}`),
          undone("", `{"x":[{"e":["a"]}]}`),
          row("order", `{"order":"retry"}`),
          undone("/2/New", "{}")
        ])
      ])
      const { rollback } = yield* shownOf(own, "r")
      assert.deepStrictEqual(rollback, {
        since: 0,
        reasons: [{ kind: "error", sentence: `["a"]`, json: ["a"] }],
        steps: [{ key: "r/2/New", at: 0, how: undefined, reasons: [] }]
      })
      yield* own.store.append([append("r", 8, [row("order", `{"reopens":true}`), undone("/3/Late", "{}")])])
      assert.deepStrictEqual((yield* shownOf(own, "r")).rollback?.reasons, [])
    }))
})

describe("an operator orders", () => {
  const kinds: ReadonlyArray<readonly [Operator.Order, Journal.LetterKind, string]> = [
    [Operator.cancel(), "cancel", `{"compensate":true}`],
    [Operator.cancel({ compensate: false }), "cancel", `{"compensate":false}`],
    [Operator.pause("a note"), "pause", `{"note":"a note"}`],
    [Operator.pause(), "pause", "{}"],
    [Operator.resume, "resume", "{}"],
    [Operator.retry(), "retry", `{"branches":"failed"}`],
    [Operator.retry({ branches: "all" }), "retry", `{"branches":"all"}`],
    [Operator.rerun({ _tag: "Buy", price: 1 }), "rerun", `{"state":{"_tag":"Buy","price":1}}`],
    [Operator.skipBranch("bob", [1]), "skip", `{"branch":"bob","value":[1]}`],
    [Operator.skipTo("Done"), "skip", `{"state":"Done"}`],
    [Operator.skipStep("/1/Pay"), "skip", `{"step":"/1/Pay"}`],
    [Operator.end, "end", "{}"],
    [Operator.signal("go", { a: 1 }, { key: "k" }), "signal", `{"a":1}`]
  ]
  for (const [order, kind, data] of kinds) {
    it.effect(`${order._tag} ${data} is a letter, which is kept, and says why, as long as nobody answers`, () =>
      Effect.gen(function*() {
        const { operator, store } = yield* world
        yield* create(store, newRun("r"))
        const kept = yield* inTime(operator.send("r", order, { requestId: "x", within: "1 second" }))
        assert.deepInclude(kept, { _tag: "Kept", runId: "r", requestId: "x", isRepeated: false })
        assert.match((kept as any).why, kind === "pause" ? /paused/ : /nobody has taken it/)
        const [letter] = yield* store.letters("r")
        const isSignal = kind === "signal"
        assert.deepInclude(letter, { kind, data, id: "x", name: isSignal ? "go" : "", key: isSignal ? "k" : undefined })
      }))
  }

  it.effect("and is told what whoever drives the run has answered", () =>
    Effect.gen(function*() {
      const { operator, store } = yield* world
      yield* driven(store, "r")
      const asked = (order: Operator.Order, seq: number, given: string | undefined, requestId = `x${seq}`) =>
        inTime(operator.send("r", order, { requestId }), answer(store, "r", seq, given))
      assert.deepStrictEqual(yield* asked(Operator.retry(), 1, `{"done":true}`), {
        _tag: "Done",
        reply: undefined,
        runId: "r",
        requestId: "x1",
        isRepeated: false
      })
      assert.deepInclude(yield* asked(Operator.skipTo("No"), 2, `{"refused":"there is no state No"}`), {
        _tag: "Refused",
        why: "there is no state No"
      })
      assert.deepInclude(yield* asked(Operator.signal("quote", 1), 3, `{"value":[7]}`), { _tag: "Done", reply: [7] })
      assert.deepInclude(yield* asked(Operator.resume, 4, undefined), { _tag: "Done" })
      // a request is made once, whatever has become of it
      const again = yield* operator.send("r", Operator.skipTo("No"), { requestId: "x2" })
      assert.deepInclude(again, { _tag: "Refused", why: "there is no state No", isRepeated: true })
      assert.strictEqual((yield* store.show("r"))!.sent, 4)
      const other = yield* operator.send("r", Operator.skipTo("Yes"), { requestId: "x2" })
      assert.deepInclude(other, { _tag: "Refused", why: "request id \"x2\" was given to another order before" })
      const key = yield* operator.send("r", Operator.signal("quote", 1, { key: "k" }), { requestId: "x3" })
      assert.strictEqual(key._tag, "Refused")
      const own = yield* operator.send("r", Operator.retry(), { within: 0 })
      assert.deepInclude(own, { _tag: "Kept", isRepeated: false })
      assert.match(own.requestId, /^[\da-f-]{36}$/)
    }))

  it.effect("what its run takes with the last thing that it does, which is done, whatever is read when", () =>
    Effect.gen(function*() {
      yield* primeClock
      for (const between of ["letter", "standing"] as const) {
        const store = yield* Journal.makeMemory
        yield* driven(store, "r")
        let isLeft = true
        const ends = Effect.suspend(() => {
          if (!isLeft) return Effect.void
          isLeft = false
          return Effect.andThen(answer(store, "r", 1, "{}"), ended(store, "r"))
        })
        const racing: Journal.Service = {
          ...store,
          [between]: (...args: [any, any]) => Effect.tap((store[between] as any)(...args), ends)
        }
        const operator = yield* Effect.provide(
          Operator.Operator,
          Operator.layer.pipe(Layer.provide(Layer.succeed(Journal.Journal)(racing)))
        )
        const sent = yield* inTime(operator.send("r", Operator.signal("go", 1)))
        assert.strictEqual((sent as Operator.Answer)._tag, "Done")
      }
    }))

  it.effect("of no run, of one that has ended, and with what no journal can keep", () =>
    Effect.gen(function*() {
      const { operator, store } = yield* world
      const send = (runId: string, order: Operator.Order, requestId = "x") => operator.send(runId, order, { requestId })
      assert.deepStrictEqual(yield* send("r", Operator.cancel()), {
        _tag: "NoSuchRun",
        runId: "r",
        requestId: "x",
        isRepeated: false
      })
      assert.strictEqual((yield* send("r\0", Operator.cancel()))._tag, "NoSuchRun")
      yield* driven(store, "r")
      const broken = yield* send("r", Operator.cancel(), "\ud800")
      assert.match((broken as any).why, /^requestId is .*; it must be a text of/)
      assert.strictEqual((yield* send("r", Operator.signal("\0", 1)))._tag, "Refused")
      const circular: any = {}
      circular.a = circular
      assert.strictEqual((yield* send("r", Operator.rerun(circular)))._tag, "Refused")
      assert.strictEqual((yield* store.show("r"))!.sent, 0)
      yield* ended(store, "r", "failed")
      assert.deepInclude(yield* send("r", Operator.pause()), { _tag: "Ended", outcome: "failed" })
    }))

  it.effect("a cancel, which is done when the run has ended as cancelled, and not when it has ended otherwise", () =>
    Effect.gen(function*() {
      const { operator, store } = yield* world
      const exit = (runId: string, outcome: Journal.Outcome, takes: ReadonlyArray<number>) =>
        Effect.gen(function*() {
          const { n } = (yield* store.show(runId))!
          yield* store.append([
            append(runId, n + 1, [row("exit")], {
              head: { status: "ended", outcome },
              takes: takes.map((seq) => ({ seq, answer: undefined }))
            })
          ])
        })
      for (const runId of ["a", "b", "c"]) yield* driven(store, runId)
      const cancel = (runId: string, meanwhile: Effect.Effect<unknown, unknown>) =>
        inTime(operator.send(runId, Operator.cancel(), { requestId: "x" }), meanwhile)
      assert.strictEqual((yield* cancel("a", exit("a", "cancelled", [1])))._tag, "Done")
      assert.deepInclude(yield* cancel("b", exit("b", "succeeded", [1])), { _tag: "Ended", outcome: "succeeded" })
      // one that was sent to a run that ends, and that nobody has seen
      assert.deepInclude(yield* cancel("c", exit("c", "failed", [])), { _tag: "Ended", outcome: "failed" })
      assert.deepInclude(yield* cancel("a", Effect.void), { _tag: "Done", isRepeated: true })
    }))

  it.effect("a pause, which is done when the run was parked since", () =>
    Effect.gen(function*() {
      const { operator, store } = yield* world
      yield* driven(store, "r")
      const paused = yield* inTime(operator.send("r", Operator.pause()), parked(store, "r"))
      assert.strictEqual(paused._tag, "Done")
      yield* parked(store, "r", { isReleased: false })
      assert.strictEqual((yield* inTime(operator.send("r", Operator.pause())))._tag, "Kept")
    }))

  it.effect("and is told nothing of another run of its id that was made meanwhile", () =>
    Effect.gen(function*() {
      const { operator, store } = yield* world
      const seen = (reuses: boolean) =>
        Effect.gen(function*() {
          yield* driven(store, "r")
          const fiber = yield* Effect.forkChild(operator.send("r", Operator.resume), { startImmediately: true })
          yield* primeClock
          yield* ended(store, "r")
          yield* TestClock.adjust(1)
          yield* store.purge({ endedBefore: 1e9, limit: 9 })
          if (reuses) {
            yield* create(store, newRun("r"))
            yield* store.send("r", signal("", { kind: "resume", data: "{}" }))
          }
          yield* TestClock.adjust("1 minute")
          return (yield* Fiber.join(fiber))._tag
        })
      // the end of the first was seen by nobody
      assert.strictEqual(yield* seen(false), "NoSuchRun")
      assert.strictEqual(yield* seen(true), "NoSuchRun")
    }))

  it.effect("of many runs, as shown before: each is told of, one that fails keeps no other, and again is the same", () =>
    Effect.gen(function*() {
      const { store } = yield* world
      const broken: Journal.Service = {
        ...store,
        send: (runId, letter) =>
          runId === "b"
            ? Effect.fail(
              new Journal.JournalError({ runId, reason: "Unavailable", operation: "send", detail: "it is down" })
            )
            : store.send(runId, letter)
      }
      const operator = yield* Effect.provide(
        Operator.Operator,
        Operator.layer.pipe(Layer.provide(Layer.succeed(Journal.Journal)(broken)))
      )
      for (const runId of ["a", "b", "c"]) yield* driven(store, runId)
      yield* driven(store, "other", { workflow: "parcel" })
      const { first, runs } = yield* operator.preview({ workflow: "order" })
      assert.deepStrictEqual([runs, first.map(({ runId }) => runId)], [3, ["a", "b", "c"]])
      const all = Stream.runCollect(
        operator.sendAll({ workflow: "order" }, Operator.resume, { requestId: "bulk-1", within: 0 })
      )
      const told = (answers: ReadonlyArray<Operator.Sent>) => answers.map(({ _tag, runId }) => `${runId} ${_tag}`)
      assert.deepStrictEqual(told(yield* all), ["a Kept", "b Failed", "c Kept"])
      yield* answer(store, "a", 1, `{"done":true}`)
      const again = yield* all
      assert.deepStrictEqual(told(again), ["a Done", "b Failed", "c Kept"])
      assert.deepInclude(again[0], { isRepeated: true, requestId: "bulk-1" })
      assert.strictEqual((yield* store.show("c"))!.sent, 1)
      assert.strictEqual((yield* store.show("other"))!.sent, 0)
    }))
})

describe("an operator forgets", () => {
  it.effect("runs that have ended, batch by batch, and can be stopped in between", () =>
    Effect.gen(function*() {
      const { operator, store } = yield* world
      for (let i = 0; i < 9; i++) {
        yield* driven(store, `r${i}`)
        if (i % 3 !== 2) yield* ended(store, `r${i}`)
      }
      yield* TestClock.adjust("2 days")
      const now = yield* DateTime.now
      const endedBefore = DateTime.subtractDuration(now, Duration.days(1))
      const ids = (options: Partial<Operator.PurgeOptions>) =>
        Effect.map(
          Stream.runCollect(operator.purge({ endedBefore, ...options })),
          (all) => all.map(({ head }) => head.runId)
        )
      assert.deepStrictEqual(yield* ids({ endedBefore: DateTime.subtractDuration(now, Duration.days(3)) }), [])
      const preview = yield* ids({ isPreview: true, batch: 4 })
      assert.deepStrictEqual(preview, ["r0", "r1", "r3", "r4", "r6", "r7"])
      assert.strictEqual((yield* idsOf(operator.list())).length, 9)
      const [first] = yield* Stream.runCollect(Stream.take(operator.purge({ endedBefore, batch: 2 }), 1))
      assert.deepInclude(first, { rows: 3, letters: 0 })
      assert.deepStrictEqual(yield* idsOf(operator.list({ status: "ended" })), ["r3", "r4", "r6", "r7"])
      assert.deepStrictEqual(yield* ids({}), ["r3", "r4", "r6", "r7"])
      assert.deepStrictEqual(yield* idsOf(operator.list()), ["r2", "r5", "r8"])
    }))
})

describe("an operator sees of a run that another release goes on with", () => {
  it.effect("names and values as that has them, and the rows as they were written", () =>
    Effect.gen(function*() {
      const { operator, store } = yield* world
      yield* primeClock
      yield* driven(store, "r")
      const key = (key: string, kind: Journal.Kind, data: unknown, kept = false) => ({
        ...row(kind, JSON.stringify(data), kept),
        key
      })
      yield* store.append([
        append("r", 2, [key("/1/Ask/ada", "settle", { i: 0, x: { s: 1 } }), key("/2/Pay", "enter", "Pay")], {
          head: { entered: { visit: 2, state: "Pay", version: 1 } }
        }),
        append("r", 4, [
          key("/2/Pay/bob", "settle", { i: 0, x: { s: "1" } }),
          key("/2/Pay/cyd", "settle", { i: 1, x: { s: "2" } }),
          key("", "compensate", { x: [{ e: "lost" }] }, true),
          key("/2/Pay/bob", "compensate", { how: "failed", x: [] }, true)
        ]),
        append("r", 8, [
          key("/2/Charge", "migrate", {
            from: 1,
            to: 2,
            rows: {
              3: { key: "/2/Charge", data: { _tag: "Charge", cents: 1 } },
              4: { key: "/2/Charge/rob", data: { i: 0, x: { s: 1 } } },
              5: null,
              7: { key: "/2/Charge/rob", data: { how: "failed", x: [] } }
            }
          }, true)
        ], { head: { migrated: { state: "Charge", version: 2 } } })
      ])
      const shown = yield* shownOf({ operator }, "r")
      assert.deepStrictEqual(shown.path.map(({ state, value, visit }) => [visit, state, value]), [
        [1, "Ask", { _tag: "Ask" }],
        [2, "Charge", { _tag: "Charge", cents: 1 }]
      ])
      assert.deepStrictEqual(shown.branches.map(({ branch, end, key }) => [key, branch, end]), [
        ["/2/Charge/rob", "rob", { _tag: "Succeeded", value: 1 }]
      ])
      assert.deepStrictEqual(shown.rollback!.steps.map(({ key }) => key), ["r/2/Charge/rob"])
      const rows = yield* Stream.runCollect(operator.history("r"))
      assert.deepStrictEqual(rows.slice(3, 5).map(({ key }) => key), ["/2/Pay", "/2/Pay/bob"])
      // what can't be read is shown as it was written
      yield* store.append([append("r", 9, [key("/2/Charge", "migrate", {})])])
      const raw = yield* shownOf({ operator }, "r")
      assert.deepStrictEqual(raw.path.map(({ state }) => state), ["Ask", "Pay"])
    }))
})
