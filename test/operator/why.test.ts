/** Why a run waits, and what would wake it: by the journal alone. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import { append, claim, create, newRun, row, signal } from "../journal/samples.ts"
import { driven, ended, parked, whyOf, world } from "./kit.ts"

const minute = 60_000

describe("why a run waits", () => {
  it.effect("is nothing of a run that is not there", () =>
    Effect.gen(function*() {
      const { operator } = yield* world
      assert.isTrue(Option.isNone(yield* operator.why("r")))
      assert.isTrue(Option.isNone(yield* operator.show("r")))
    }))

  it.effect("says that nobody has taken it since it was started, and who would", () =>
    Effect.gen(function*() {
      const own = yield* world
      yield* create(own.store, newRun("r", { version: 3 }))
      yield* TestClock.setTime(3 * minute)
      const none = yield* whyOf(own, "r")
      assert.deepStrictEqual(none.because, { _tag: "Due", since: 0, for: "start", runners: 0 })
      assert.deepStrictEqual(none.wakes, [{ _tag: "Runner", workflow: "order", version: 3 }])
      assert.strictEqual(
        none.sentence,
        "it has been due for 3 min, as it was started, and nobody has taken it: " +
          "there is no runner; start a process with the layer of workflow \"order\""
      )
      yield* own.store.lease("ada", 4 * minute)
      assert.match(
        (yield* whyOf(own, "r")).sentence,
        /there is one runner, and one must have the layer of workflow "order", version 3 or one that migrates it$/
      )
      yield* own.store.lease("bob", 4 * minute)
      assert.match((yield* whyOf(own, "r")).sentence, /there are 2 runners, and one must/)
    }))

  it.effect("says who drives it, and what runs it has started that go on", () =>
    Effect.gen(function*() {
      const own = yield* world
      yield* driven(own.store, "r")
      yield* create(own.store, newRun("r/1/Ask", { workflow: "parcel", parent: "r" }))
      yield* driven(own.store, "r/1/Done", { parent: "r" })
      yield* ended(own.store, "r/1/Done")
      yield* TestClock.setTime(5000)
      const why = yield* whyOf(own, "r")
      assert.deepStrictEqual(why.because, { _tag: "Driven", runner: "ada", until: 10_000, since: 0 })
      assert.deepStrictEqual(why.wakes, [
        { _tag: "Child", runId: "r/1/Ask", workflow: "parcel", status: "running" }
      ])
      assert.strictEqual(
        why.sentence,
        "runner \"ada\" drives it; it has been in state \"Ask\" for 5 s; its lease lasts for another 5 s; " +
          "it has started a run that goes on: r/1/Ask (running)"
      )
      yield* create(own.store, newRun("r/1/Other", { parent: "r" }))
      assert.match((yield* whyOf(own, "r")).sentence, /2 runs that go on: r\/1\/Ask \(running\), r\/1\/Other/)
      yield* own.store.append([append("r", 2, [row("compensate")], { head: { status: "compensating" } })])
      assert.match((yield* whyOf(own, "r")).sentence, /and undoes what it has done/)
    }))

  it.effect("says that its runner has died, and since when", () =>
    Effect.gen(function*() {
      const own = yield* world
      yield* driven(own.store, "r")
      yield* create(own.store, newRun("s"))
      yield* claim(own.store, "s", "nobody")
      yield* TestClock.setTime(10_000 + 2 * minute)
      const why = yield* whyOf(own, "r")
      assert.deepStrictEqual(why.because, { _tag: "Abandoned", runner: "ada", since: 10_000, runners: 0 })
      assert.match(why.sentence, /^runner "ada" drove it, in state "Ask", and has not been heard of for 2 min; it is/)
      assert.deepInclude((yield* whyOf(own, "s")).because, { _tag: "Abandoned", runner: "nobody", since: 0 })
      // what it waited for in memory it waits for no more
      yield* parked(own.store, "r", { isReleased: false })
      assert.strictEqual((yield* whyOf(own, "r")).because._tag, "Abandoned")
    }))

  it.effect("says for which signals and until when it waits, parked or in the memory of a runner", () =>
    Effect.gen(function*() {
      const own = yield* world
      yield* driven(own.store, "r")
      const waits = JSON.stringify({
        waits: [
          { for: "signal", signal: "offer", signalKey: "ada", key: "r/1/Ask/ada" },
          { for: "signal", signal: "offer", signalKey: "ada", key: "r/1/Ask/twin" },
          { for: "signal", signal: "stop", key: "r/1/Ask/bob", until: 9 },
          { for: "timer", key: "r/1/Ask/cyd", until: 3 * 60 * minute }
        ],
        more: 2
      })
      yield* parked(own.store, "r", { isReleased: false, wakeAt: 3 * 60 * minute, waits })
      const inMemory = yield* whyOf(own, "r")
      assert.deepInclude(inMemory.because, { _tag: "Waiting", runner: "ada", until: 3 * 60 * minute, more: 2 })
      yield* parked(own.store, "r", { wakeAt: 3 * 60 * minute, waits })
      const why = yield* whyOf(own, "r")
      assert.deepStrictEqual(why.wakes, [
        { _tag: "Signal", name: "offer", key: "ada" },
        { _tag: "Signal", name: "stop", key: undefined },
        { _tag: "Instant", at: 3 * 60 * minute }
      ])
      assert.deepStrictEqual(inMemory.wakes, why.wakes)
      assert.strictEqual(
        why.sentence,
        "it has waited in state \"Ask\" for 0 ms: for signal \"offer\" with key \"ada\" or signal \"stop\" or 2 more or " +
          "1970-01-01T03:00:00.000Z, in 3 h"
      )
      // an older release has not said for what
      yield* parked(own.store, "r")
      const silent = yield* whyOf(own, "r")
      assert.deepInclude(silent.because, { _tag: "Waiting", waits: [], more: 0 })
      assert.match(silent.sentence, /: for a letter$/)
      yield* parked(own.store, "r", { waits: "no JSON" })
      assert.deepInclude((yield* whyOf(own, "r")).because, { _tag: "Waiting", waits: [] })
    }))

  it.effect("says what has made it due that nobody takes: a letter, an instant, that it was given up", () =>
    Effect.gen(function*() {
      const own = yield* world
      for (const runId of ["r", "s", "t"]) yield* driven(own.store, runId)
      yield* parked(own.store, "r")
      yield* parked(own.store, "s", { wakeAt: 50 })
      yield* own.store.append([append("t", 2, [], { head: { isReleased: true } })])
      yield* TestClock.setTime(50)
      yield* own.store.send("r", signal("go", { id: "x", key: "k" }))
      const because = (runId: string) => Effect.map(whyOf(own, runId), ({ because }) => because)
      assert.deepInclude(yield* because("r"), { _tag: "Due", for: "letter", since: 50 })
      assert.deepInclude(yield* because("s"), { _tag: "Due", for: "instant", since: 50 })
      assert.deepInclude(yield* because("t"), { _tag: "Due", for: "release", since: 0 })
      const { letters, sentence } = yield* whyOf(own, "r")
      assert.deepStrictEqual(letters, [{ seq: 1, kind: "signal", name: "go", key: "k", id: "x", since: 50 }])
      assert.match(sentence, /as it was sent a letter, .*; a letter is in its inbox: signal go$/)
      yield* own.store.send("r", signal("", { kind: "cancel" }))
      assert.match((yield* whyOf(own, "r")).sentence, /; 2 letters are in its inbox: signal go, cancel$/)
    }))

  it.effect("says that it is paused, since when and why, and that resume wakes it", () =>
    Effect.gen(function*() {
      const own = yield* world
      yield* driven(own.store, "r")
      const order = (kind: "pause" | "resume", data = "{}") => own.store.send("r", signal("", { kind, data }))
      yield* order("pause", `{"note":"ask eva"}`)
      yield* TestClock.setTime(5000)
      const held = yield* whyOf(own, "r")
      assert.deepStrictEqual(held.because, { _tag: "Paused", runner: "ada", since: 0, note: "ask eva" })
      assert.match(
        held.sentence,
        /^it has been paused for 5 s \(ask eva\); runner "ada" holds it where state "Ask" ends; res/
      )
      yield* parked(own.store, "r", { wakeAt: 70_000 })
      const { sentence, wakes } = yield* whyOf(own, "r")
      assert.deepStrictEqual(wakes, [{ _tag: "Order", order: "resume" }, { _tag: "Instant", at: 70_000 }])
      assert.match(
        sentence,
        /^it has been paused for 5 s \(ask eva\), in state "Ask"; resume lets it go on; a letter is/
      )
      // a second one that nobody has seen yet
      yield* order("pause")
      const unseen = yield* whyOf(own, "r")
      assert.deepInclude(unseen.because, { _tag: "Paused", note: undefined })
      assert.deepInclude(unseen.wakes, { _tag: "Runner", workflow: "order", version: 1 })
      assert.match(unseen.sentence, /; nobody has taken that yet; 2 letters/)
      yield* order("resume")
      assert.deepInclude((yield* whyOf(own, "r")).because, { _tag: "Due", for: "letter" })
    }))

  it.effect("says how it has ended, and what could be ordered of it", () =>
    Effect.gen(function*() {
      const own = yield* world
      for (const runId of ["a", "b", "c"]) yield* driven(own.store, runId)
      yield* ended(own.store, "a")
      yield* ended(own.store, "b", "failed")
      yield* ended(own.store, "c", "cancelled")
      yield* TestClock.setTime(3 * 24 * 60 * minute)
      const orders = (runId: string) =>
        Effect.map(
          whyOf(own, runId),
          ({ wakes }) => wakes.map((wake) => wake._tag === "Order" ? wake.order : wake._tag)
        )
      assert.deepStrictEqual(yield* orders("a"), ["rerun"])
      assert.deepStrictEqual(yield* orders("b"), ["retry", "rerun", "skip"])
      assert.deepStrictEqual((yield* whyOf(own, "b")).because, { _tag: "Ended", outcome: "failed", since: 0 })
      assert.strictEqual((yield* whyOf(own, "a")).sentence, "it has succeeded 3 days ago")
      assert.match((yield* whyOf(own, "c")).sentence, /^it has been cancelled 3 days ago; retry lets it go on from/)
    }))

  it.effect("says in which steps a rollback is stuck, or why a run has failed that waits for an operator", () =>
    Effect.gen(function*() {
      const own = yield* world
      for (const runId of ["r", "s"]) yield* driven(own.store, runId)
      const undone = (key: string, data: string) => ({ ...row("compensate", data, true), key })
      yield* own.store.append([
        append("r", 2, [
          undone("", `{"x":[{"e":{"_tag":"NoAnswer","host":"a"}}]}`),
          undone("/1/Pay", `{"how":"failed","x":[{"d":{"name":"Error","message":"gone"}}]}`),
          undone("/2/Send", `{"how":"timed out","x":[]}`),
          undone("/2/Send", "{}"),
          row("stuck", `{"of":"rollback","seen":0,"x":{"c":[{"f":{"t":"CompensationError"}}]}}`)
        ], { head: { status: "stuck", isReleased: true } }),
        append("s", 2, [row("stuck", `{"of":"failure","seen":0,"x":{"c":[{"e":"no luck"},{"i":7}]}}`)], {
          head: { status: "stuck", isReleased: true }
        })
      ])
      const why = yield* whyOf(own, "r")
      assert.deepStrictEqual(why.wakes.map((wake) => wake._tag === "Order" && wake.order), ["retry", "skip", "end"])
      assert.deepStrictEqual(why.because, {
        _tag: "Stuck",
        of: "rollback",
        since: 0,
        reasons: [{ kind: "error", sentence: "CompensationError", json: { t: "CompensationError" } }],
        steps: [{
          key: "r/1/Pay",
          at: 0,
          how: "failed",
          reasons: [{ kind: "defect", sentence: "Error: gone", json: { name: "Error", message: "gone" } }]
        }]
      })
      assert.strictEqual(
        why.sentence,
        "its rollback has been stuck for 0 ms: CompensationError; r/1/Pay failed; " +
          "retry them, skip what was done by hand, or end it"
      )
      assert.strictEqual(
        (yield* whyOf(own, "s")).sentence,
        "it has failed in state \"Ask\" 0 ms ago, and waits for an operator: no luck; it was interrupted; " +
          "retry, skip or end it"
      )
    }))
})
