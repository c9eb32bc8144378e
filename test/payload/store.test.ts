/**
 * A journal behind codecs, as whoever drives runs uses it: what one run lacks keeps no other from being written, and what is
 * kept outside for a row that was not written is let go.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger } from "effect"
import * as Journal from "effect-cano/journal"
import * as Payload from "effect-cano/payload"
import { TestClock } from "effect/testing"
import { append, claim, create, newRun, row, signal } from "../journal/samples.ts"
import { behind, Gate, texts } from "./kit.ts"

const makeGated = Effect.gen(function*() {
  const store = yield* Journal.makeMemory
  const gate = new Gate()
  const journal = yield* behind(store, [gate.codec])
  yield* store.lease("ada", 1_000_000)
  return { store, gate, journal }
})

const quiet = Effect.provide(Logger.layer([]))

describe("a journal behind codecs", () => {
  it.effect("D2: writes what can be written, and answers that the rest was not", () =>
    Effect.gen(function*() {
      const { gate, journal, store } = yield* makeGated
      for (const runId of ["a", "b", "c"]) yield* create(journal, newRun(runId))
      gate.rejects = "no"
      const answers = yield* journal.append([
        append("a", 1, [row("settle", "yes")]),
        append("b", 1, [row("settle", "yes"), row("settle", "no")]),
        append("b", 3, [row("settle", "yes")]),
        append("c", 7, [row("settle", "yes")])
      ])
      assert.deepStrictEqual(answers, [true, false, false, false])
      assert.deepStrictEqual(yield* Effect.map(texts(store, "b"), (all) => all.length), 1)
      const error = yield* Effect.flip(journal.append([append("b", 1, [row("settle", "no")])]))
      assert.deepInclude(error, { reason: "Payload", operation: "append", runId: "b" })
      assert.deepStrictEqual(yield* journal.append([]), [])
    }).pipe(quiet))

  it.effect("claims no run of which something could not be written or read, before that can be, and all others", () =>
    Effect.gen(function*() {
      const { gate, journal, store } = yield* makeGated
      for (const runId of ["a", "b", "c"]) yield* create(journal, newRun(runId))
      gate.isDown = true
      const down = yield* Effect.flip(journal.append([append("a", 1, [row("settle")])]))
      assert.deepInclude(down, { reason: "Unavailable", runId: "a" })
      gate.isDown = false
      gate.rejects = "no"
      yield* Effect.flip(journal.append([append("b", 1, [row("settle", "no")])]))
      gate.isDown = true
      yield* store.claim(["c"], "bob")
      const tags = (claims: ReadonlyArray<Journal.Claim>) =>
        claims.map((claim) => claim._tag === "Corrupt" ? claim.error.reason : claim._tag)
      const ask = Effect.map(journal.claim(["a", "b", "none", "c"], "ada"), tags)
      assert.deepStrictEqual(yield* ask, ["Unavailable", "Unavailable", "NoSuchRun", "Unavailable"])
      assert.deepStrictEqual((yield* store.rows("a", 0, 9)).length, 1)
      const owners = Effect.map(store.rows("c", 0, 9), (rows) => rows.filter(({ kind }) => kind === "owner").length)
      assert.strictEqual(yield* owners, 2)
      assert.deepStrictEqual(yield* ask, ["Unavailable", "Unavailable", "NoSuchRun", "Unavailable"])
      assert.strictEqual(yield* owners, 2)
      gate.isDown = false
      assert.deepStrictEqual(yield* ask, ["Claimed", "Payload", "NoSuchRun", "Claimed"])
      gate.rejects = undefined
      assert.deepStrictEqual(yield* ask, ["Claimed", "Claimed", "NoSuchRun", "Claimed"])
      assert.strictEqual(yield* owners, 4)
    }).pipe(quiet))

  it.effect("claims a run that has gone past what was in its way with somebody else, and no other", () =>
    Effect.gen(function*() {
      const { gate, journal, store } = yield* makeGated
      for (const runId of ["written", "read", "owned"]) yield* create(journal, newRun(runId))
      gate.rejects = "no"
      for (const runId of ["written", "owned"]) {
        yield* Effect.flip(journal.append([append(runId, 1, [row("settle", "no")])]))
      }
      gate.keys.clear()
      const ask = Effect.map(
        journal.claim(["written", "read", "owned"], "ada"),
        (claims) => claims.map(({ _tag }) => _tag)
      )
      assert.deepStrictEqual(yield* ask, ["Corrupt", "Corrupt", "Corrupt"])
      // somebody has codecs with which that can be done
      const entered = { visit: 2, state: "Pay", version: 1 }
      for (const [runId, n] of [["written", 1], ["read", 2]] as const) {
        assert.deepStrictEqual(yield* store.append([append(runId, n, [row("enter")], { head: { entered } })]), [true])
      }
      yield* store.claim(["owned"], "bob")
      assert.deepStrictEqual(yield* ask, ["Claimed", "Claimed", "Corrupt"])
    }).pipe(quiet))

  it.effect("lets go what was kept outside for what was not written", () =>
    Effect.gen(function*() {
      const { gate, journal } = yield* makeGated
      const written = (current: string) => {
        gate.current = current
        gate.keys.add(current)
      }
      written("first")
      yield* create(journal, newRun("r"))
      written("second")
      yield* create(journal, newRun("r"))
      assert.deepStrictEqual(gate.discarded.splice(0), ["second"])
      yield* journal.send("r", signal("go", { id: "x" }))
      assert.deepStrictEqual(gate.discarded.splice(0), [])
      written("third")
      yield* journal.send("r", signal("go", { id: "x" }))
      yield* journal.send("none", signal("go"))
      assert.deepStrictEqual(gate.discarded.splice(0), ["third", "third"])
      written("fourth")
      const takes = [{ seq: 1, answer: "yes" }, { seq: 1, answer: undefined }]
      yield* journal.append([append("r", 1, [row("settle")]), append("r", 1, [row("settle"), row("join")], { takes })])
      assert.deepStrictEqual(gate.discarded.splice(0), ["fourth", "fourth", "fourth"])
      // what was only tried is not needed either
      gate.rejects = "no"
      yield* Effect.flip(journal.append([append("r", 2, [row("settle", "no")])]))
      gate.rejects = undefined
      written("fifth")
      yield* claim(journal, "r", "ada")
      assert.deepStrictEqual(gate.discarded.splice(0), ["fifth"])
    }))

  it.effect("lets go what runs keep outside when they are forgotten, and nothing of any other", () =>
    Effect.gen(function*() {
      const { gate, journal } = yield* makeGated
      const ended = (runId: string) =>
        Effect.gen(function*() {
          gate.current = `${runId}1`
          gate.keys.add(gate.current)
          yield* create(journal, newRun(runId))
          yield* journal.send(runId, signal("go"))
          gate.current = `${runId}2`
          gate.keys.add(gate.current)
          const takes = [{ seq: 1, answer: "yes" }]
          const head = { status: "ended", outcome: "succeeded" } as const
          yield* journal.append([append(runId, 1, [row("exit")], { takes, head })])
        })
      for (const runId of ["a", "b", "c"]) yield* ended(runId)
      yield* create(journal, newRun("open"))
      yield* TestClock.adjust(1000)
      const which = { endedBefore: 500, limit: 2 }
      yield* journal.purge({ ...which, isPreview: true })
      assert.deepStrictEqual(gate.discarded, [])
      const purged = yield* journal.purge(which)
      assert.deepStrictEqual(purged.runs.map(({ head }) => head.runId), ["a", "b"])
      assert.deepStrictEqual(gate.discarded.splice(0), ["a1", "a2", "a1", "a2", "b1", "b2", "b1", "b2"])
      yield* journal.purge({ ...which, after: purged.next })
      assert.deepStrictEqual(gate.discarded.splice(0), ["c1", "c2", "c1", "c2"])
      assert.isUndefined(yield* journal.show("c"))
      assert.isDefined(yield* journal.show("open"))
      // where nothing is kept outside nothing is looked at
      const store = yield* Journal.makeMemory
      const asked: Array<string> = []
      const counted: Journal.Service = {
        ...store,
        purge: (which) => {
          asked.push(`purge ${which.isPreview ?? false}`)
          return store.purge(which)
        }
      }
      const plain = yield* behind(counted, [Payload.compress()])
      yield* plain.purge(which)
      assert.deepStrictEqual(asked, ["purge false"])
    }))

  it.effect("gives the last rows of a run as they were", () =>
    Effect.gen(function*() {
      const { journal, store } = yield* makeGated
      yield* create(journal, newRun("r"))
      yield* journal.append([append("r", 1, [row("settle", "1"), row("join", "2"), row("settle", "3")])])
      const last = (store: Journal.Service) =>
        Effect.map(store.last("r", ["settle"], 4, 9), (rows) => rows.map(({ data }) => data))
      assert.deepStrictEqual(yield* last(journal), ["3", "1"])
      assert.notDeepEqual(yield* last(store), ["3", "1"])
    }))

  it.effect("waits for codecs no longer than they may take", () =>
    Effect.gen(function*() {
      const store = yield* Journal.makeMemory
      let isStuck = false
      const stuck: Payload.Codec = {
        name: "stuck",
        encode: (bytes) => isStuck ? Effect.never : Effect.succeed({ bytes }),
        decode: ({ bytes }) => isStuck ? Effect.never : Effect.succeed(bytes)
      }
      const journal = yield* behind(store, [stuck], { patience: 500 })
      yield* create(journal, newRun("r"))
      isStuck = true
      const asked = [
        Effect.flip(create(journal, newRun("s"))),
        Effect.flip(journal.append([append("r", 1, [row("settle")])])),
        Effect.flip(journal.send("r", signal("go"))),
        Effect.flip(claim(journal, "r", "ada"))
      ]
      for (const ask of asked) {
        const fiber = yield* Effect.forkChild(ask, { startImmediately: true })
        yield* TestClock.adjust(499)
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        const error = yield* Fiber.join(fiber)
        assert.deepInclude(error, { _tag: "JournalError", reason: "Unavailable" })
        assert.match((error as Error).message, /codecs have not answered in time/)
      }
    }))

  it.effect("reads what no codec has written, and texts of any beginning", () =>
    Effect.gen(function*() {
      const { gate, journal, store } = yield* makeGated
      yield* create(store, newRun("plain"))
      assert.deepStrictEqual(yield* texts(journal, "plain"), [`{"_tag":"Ask"}`])
      const none = yield* behind(store, [])
      for (const data of ["~", "~~", "~gate:k1~", "~gate:k1~AA==", "", "{}"]) {
        yield* create(none, newRun(`none ${data}`, { data }))
        yield* create(journal, newRun(`gate ${data}`, { data }))
        assert.deepStrictEqual(yield* texts(none, `none ${data}`), [data])
        assert.deepStrictEqual(yield* texts(journal, `none ${data}`), [data])
        assert.deepStrictEqual(yield* texts(journal, `gate ${data}`), [data])
      }
      assert.isAbove(gate.asked, 0)
    }))

  it.effect("reads with codecs that write no more, whatever is said of them, and says which one is not there", () =>
    Effect.gen(function*() {
      const store = yield* Journal.makeMemory
      const [inner, outer] = [new Gate("inner"), new Gate("outer")]
      inner.current = "a ~:%/é"
      inner.keys.add(inner.current)
      const both = yield* behind(store, [inner.codec, outer.codec])
      yield* create(both, newRun("r"))
      assert.match((yield* texts(store, "r"))[0]!, /^~inner:a%20%7E%3A%25%2F%C3%A9~outer:k1~/)
      const later = yield* behind(store, [outer.codec], { reads: [Effect.succeed(inner.codec)] })
      assert.deepStrictEqual(yield* texts(later, "r"), [`{"_tag":"Ask"}`])
      yield* create(later, newRun("s"))
      assert.match((yield* texts(store, "s"))[0]!, /^~outer:k1~/)
      const lost = yield* behind(store, [outer.codec])
      const error = yield* Effect.flip(texts(lost, "r"))
      assert.strictEqual(
        error.detail,
        "codec \"inner\": it was written by this codec, which is not known here; of row 0 (\"enter\" at /1/Ask) of run \"r\""
      )
      assert.include(error.cause as object, { _tag: "PayloadError", reason: "UnknownCodec" })
    }))

  it.effect("reads nothing that is damaged, and nothing plain where a codec is required", () =>
    Effect.gen(function*() {
      const store = yield* Journal.makeMemory
      const gate = new Gate()
      const reads = (data: string, isRequired: boolean) =>
        Effect.gen(function*() {
          const journal = yield* behind(store, [{ ...gate.codec, isRequired }])
          yield* create(store, newRun(data, { data }))
          const { cause } = yield* Effect.flip(journal.rows(data, 0, 9))
          return cause as Payload.PayloadError
        })
      const damaged: ReadonlyArray<readonly [string, RegExp]> = [
        ["~", /it names no codec/],
        ["~a", /it names no codec/],
        ["~gate:%~AA==", /what it says of its codecs can't be read/],
        ["~g te~AA==", /what it says of its codecs can't be read/],
        ["~gate:k1~***", /it is no Base64/],
        ["~gate:k1~/w==", /it is no text/]
      ]
      for (const [data, expected] of damaged) {
        const { detail, reason } = yield* reads(data, false)
        assert.strictEqual(reason, "Damaged", data)
        assert.match(detail, expected)
      }
      for (const data of ["{}", "~~{}", "~other~AA=="]) {
        const { codec, detail, reason } = yield* reads(data, true)
        assert.deepStrictEqual([reason, codec], ["Plain", "gate"])
        assert.match(detail, /it was not written by this codec, which is required/)
      }
    }))

  it.effect("says where what can't be read stands", () =>
    Effect.gen(function*() {
      const { gate, journal, store } = yield* makeGated
      yield* create(journal, newRun("r"))
      yield* journal.send("r", signal("go"))
      yield* journal.send("r", signal("", { kind: "cancel" }))
      gate.current = "k2"
      const takes = [{ seq: 1, answer: "yes" }]
      yield* journal.append([append("r", 1, [{ kind: "exit", key: "", data: "{}", kept: false }], { takes })])
      const says = (effect: Effect.Effect<unknown, Journal.JournalError>) =>
        Effect.map(Effect.flip(effect), ({ detail }) => detail.split("; of ")[1])
      assert.strictEqual(yield* says(journal.letter("r", 1)), "the answer to letter 1 of run \"r\"")
      assert.strictEqual(yield* says(journal.rows("r", 1, 9)), "row 1 (\"exit\") of run \"r\"")
      gate.keys.clear()
      assert.strictEqual(yield* says(journal.letter("r", 2)), "a letter (\"cancel\") of run \"r\"")
      assert.isUndefined(yield* journal.letter("r", 3))
      // a journal that can't be asked does not say that it is over
      yield* create(store, newRun("s", { data: "~gate:k1~AA==" }))
      const failing: Journal.Service = {
        ...store,
        show: () =>
          Effect.fail(new Journal.JournalError({ runId: "s", reason: "Unavailable", operation: "show", detail: "" }))
      }
      const other = yield* behind(failing, [gate.codec])
      for (let i = 0; i < 2; i++) {
        assert.deepStrictEqual((yield* other.claim(["s"], "ada")).map(({ _tag }) => _tag), ["Corrupt"])
      }
    }))

  it.effect("is told by a codec that dies that it has not done its work", () =>
    Effect.gen(function*() {
      const store = yield* Journal.makeMemory
      let isBroken = false
      const codec: Payload.Codec = {
        name: "mine",
        encode: (bytes) => {
          if (isBroken) throw new RangeError("too much")
          return Effect.succeed({ bytes })
        },
        decode: ({ bytes }) => isBroken ? Effect.die("lost") : Effect.succeed(bytes),
        discard: () => Effect.die("lost")
      }
      const journal = yield* behind(store, [codec])
      yield* create(journal, newRun("r"))
      yield* create(journal, newRun("r"))
      isBroken = true
      const written = (yield* Effect.flip(create(journal, newRun("s")))).cause as Payload.PayloadError
      assert.deepInclude(written, { reason: "Rejected", detail: "it has died: a RangeError", codec: "mine" })
      const read = (yield* Effect.flip(journal.rows("r", 0, 9))).cause as Payload.PayloadError
      assert.deepInclude(read, { reason: "Damaged", detail: "it has died: the string lost" })
      assert.deepInclude(read.place, { _tag: "Row", runId: "r", n: 0 })
    }))

  it.effect("says what is wrong with how it was made", () =>
    Effect.gen(function*() {
      const gate = new Gate().codec
      const wrong: ReadonlyArray<readonly [ReadonlyArray<unknown>, object, RegExp]> = [
        [[gate, gate], {}, /there are two codecs of the name "gate"/],
        [[gate], { reads: [gate] }, /there are two codecs of the name "gate"/],
        [[{ ...gate, name: "a~b" }], {}, /the name of a codec is "a~b"; it must be letters, digits/],
        [[7], {}, /the name of a codec is 7/],
        [[gate], { concurrency: 0 }, /concurrency is 0; it must be an integer of at least 1/],
        [[gate], { patience: "soon" }, /patience is no duration/],
        [[gate], { read: [] }, /there is no option "read"/]
      ]
      for (const [codecs, options, expected] of wrong) {
        const layer = Payload.layer(codecs as ReadonlyArray<Payload.Codec>, options)
        const exit = yield* Effect.exit(Layer.build(Layer.provide(layer, Journal.layerMemory)))
        assert.match(String(exit), expected)
      }
    }))
})
