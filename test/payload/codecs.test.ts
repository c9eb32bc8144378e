/**
 * What each codec makes of a payload, and back: by itself, at its place, with its keys and blobs.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Exit, Redacted, Schema } from "effect"
import * as Payload from "effect-cano/payload"
import { Aead } from "effect/crypto"
import { KeyValueStore } from "effect/persistence"
import { int } from "../kit/index.ts"
import { key, row } from "./kit.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)

const through = (codec: Payload.Codec, given: Uint8Array, place = row) =>
  Effect.gen(function*() {
    const encoded = yield* codec.encode(given, place)
    return encoded === undefined
      ? given
      : yield* codec.decode({ bytes: encoded.bytes, info: encoded.info ?? "" }, place)
  })

const failing = <A>(effect: Effect.Effect<A, Payload.PayloadError>) =>
  Effect.map(Effect.flip(effect), ({ detail, message, reason }) => ({ detail, message, reason }))

/** Texts of any characters, and long ones that can be made smaller. */
const anyText = Arbitrary.map(
  Arbitrary.all({ text: Arbitrary.schema(Schema.String), times: int(1, 300) }),
  ({ text, times }) => text.replaceAll(/\p{Surrogate}/gu, "?").repeat(times)
)

describe("each codec", () => {
  it.effect.prop(
    "gives back what it was given, whatever that is",
    { anyText },
    ({ anyText }) =>
      Effect.gen(function*() {
        const store = yield* Effect.provide(KeyValueStore.KeyValueStore, KeyValueStore.layerMemory)
        const codecs = [
          Payload.compress({ above: 0 }),
          yield* Payload.encrypt({ keys: { a: key(1) }, current: "a" }),
          yield* Payload.offload({ store, above: 0 })
        ]
        for (const codec of codecs) assert.strictEqual(text(yield* through(codec, bytes(anyText))), anyText)
      })
  )
})

describe("compress", () => {
  const gzip = Payload.compress()

  it.effect("makes smaller what is large, and leaves what is not, or would not be smaller", () =>
    Effect.gen(function*() {
      assert.isUndefined(yield* gzip.encode(bytes("a".repeat(1024)), row))
      const small = (yield* gzip.encode(bytes("a".repeat(1025)), row))!
      assert.isBelow(small.bytes.length, 50)
      const noise = crypto.getRandomValues(new Uint8Array(5000))
      assert.isUndefined(yield* gzip.encode(noise, row))
    }))

  it.effect("says that what it should read is damaged", () =>
    Effect.gen(function*() {
      const { bytes: whole } = (yield* gzip.encode(bytes("ab".repeat(5000)), row))!
      for (const broken of [whole.slice(0, -3), bytes("nothing"), new Uint8Array(0)]) {
        const { detail, reason } = yield* failing(gzip.decode({ bytes: broken, info: "" }, row))
        assert.strictEqual(reason, "Damaged")
        assert.match(detail, /^gzip has failed/)
      }
    }))
})

describe("encrypt", () => {
  const secret = "the salary of ada"

  it.effect("writes with the current key, and reads with any that is known", () =>
    Effect.gen(function*() {
      const before = yield* Payload.encrypt({ keys: { old: key(1) }, current: "old" })
      const after = yield* Payload.encrypt({ keys: { old: key(1), new: key(2) }, current: "new" })
      const first = (yield* before.encode(bytes(secret), row))!
      const second = (yield* after.encode(bytes(secret), row))!
      assert.deepStrictEqual([first.info, second.info], ["old", "new"])
      assert.strictEqual(first.bytes.length, secret.length + 28)
      for (const { bytes, info } of [first, second]) {
        assert.notInclude(text(bytes), "ada")
        assert.strictEqual(text(yield* after.decode({ bytes, info: info! }, row)), secret)
      }
      assert.include(yield* failing(before.decode({ bytes: second.bytes, info: "new" }, row)), {
        reason: "MissingKey",
        detail: "key \"new\" is not known here"
      })
    }))

  it.effect("writes the same payload in another way each time", () =>
    Effect.gen(function*() {
      const codec = yield* Payload.encrypt({ keys: { a: key(1) }, current: "a" })
      const all = yield* Effect.forEach([1, 2, 3], () => codec.encode(bytes(secret), row))
      assert.strictEqual(new Set(all.map((one) => String(one!.bytes))).size, 3)
    }))

  it.effect("does not read what was changed, moved to any other place, or written by another key of the id", () =>
    Effect.gen(function*() {
      const codec = yield* Payload.encrypt({ keys: { a: key(1) }, current: "a" })
      const other = yield* Payload.encrypt({ keys: { a: key(2) }, current: "a" })
      const letter = { _tag: "Letter", runId: "r", kind: "signal", name: "go", key: undefined, id: undefined } as const
      const places: ReadonlyArray<Payload.Place> = [
        row,
        { ...row, runId: "s" },
        { ...row, n: 4 },
        { ...row, kind: "enter" },
        { ...row, key: "/1/Ask/bob" },
        letter,
        { ...letter, runId: "s" },
        { ...letter, kind: "pause" },
        { ...letter, name: "went" },
        { ...letter, key: "" },
        { ...letter, id: "" },
        { _tag: "Answer", runId: "r", seq: 3 },
        { _tag: "Answer", runId: "r", seq: 4 },
        { _tag: "Answer", runId: "s", seq: 3 }
      ]
      for (const place of places) {
        const sealed = (yield* codec.encode(bytes(secret), place))!
        for (const there of places) {
          const exit = yield* Effect.exit(codec.decode({ bytes: sealed.bytes, info: "a" }, there))
          assert.strictEqual(Exit.isSuccess(exit), place === there)
        }
        const { detail, reason } = yield* failing(other.decode({ bytes: sealed.bytes, info: "a" }, place))
        assert.strictEqual(reason, "Damaged")
        assert.match(detail, /changed, moved from its place, or encrypted by another key than "a" is here/)
        for (const at of [0, 12, sealed.bytes.length - 1]) {
          const changed = sealed.bytes.with(at, sealed.bytes[at]! ^ 1)
          assert.include(yield* failing(codec.decode({ bytes: changed, info: "a" }, place)), { reason: "Damaged" })
        }
        const short = sealed.bytes.slice(0, 11)
        assert.include(yield* failing(codec.decode({ bytes: short, info: "a" }, place)), { reason: "Damaged" })
      }
    }))

  it.effect("asks for keys that it does not know, once for each that is found", () =>
    Effect.gen(function*() {
      const asked: Array<string> = []
      let isDown = false
      let current = "a"
      const codec = yield* Payload.encrypt({
        keys: (id) =>
          Effect.suspend(() => {
            asked.push(id)
            if (isDown) return Effect.fail("no network")
            return Effect.succeed(id === "none" ? undefined : key(id.length))
          }),
        current: Effect.sync(() => current)
      })
      for (const id of ["a", "bb", "a", "bb"]) {
        current = id
        assert.strictEqual(text(yield* through(codec, bytes(secret))), secret)
      }
      assert.deepStrictEqual(asked, ["a", "bb"])
      const none = { bytes: new Uint8Array(40), info: "none" }
      for (let i = 0; i < 2; i++) {
        assert.include(yield* failing(codec.decode(none, row)), { reason: "MissingKey" })
      }
      isDown = true
      assert.include(yield* failing(codec.decode({ ...none, info: "ccc" }, row)), {
        reason: "Unavailable",
        detail: "key \"ccc\" can't be asked for: the string no network"
      })
      assert.deepStrictEqual(asked, ["a", "bb", "none", "none", "ccc"])
      isDown = false
      assert.include(yield* failing(codec.decode({ ...none, info: "ccc" }, row)), { reason: "Damaged" })
    }))

  it.effect("takes keys of Effect, and none that is no key, of which it shows nothing", () =>
    Effect.gen(function*() {
      const aead = yield* Aead.key(Aead.aes256Gcm, new Uint8Array(32))
      const small = yield* Aead.key(Aead.aes128Gcm, new Uint8Array(16))
      const codec = yield* Payload.encrypt({ keys: { a: aead }, current: "a" })
      assert.strictEqual(text(yield* through(codec, bytes(secret))), secret)
      const wrong: ReadonlyArray<readonly [unknown, RegExp]> = [
        [small, /key "b" is none of AES-256-GCM$/],
        [Redacted.make("hunter2"), /key "b" must be 32 bytes in Base64, Redacted, or an Aead\.Key$/],
        [Redacted.make("aHVudGVyMg=="), /must be 32 bytes/],
        ["hunter2", /must be 32 bytes/]
      ]
      for (const [given, expected] of wrong) {
        for (const current of ["a", "b"] as const) {
          const keys = { a: aead, b: given as Redacted.Redacted }
          const { message, reason } = yield* failing(Payload.encrypt({ keys, current }))
          assert.strictEqual(reason, "MissingKey")
          assert.match(message, expected)
          assert.notInclude(message, "hunter2")
        }
      }
      const lost = Payload.encrypt({ keys: { a: aead } as Record<string, Payload.Key>, current: "toString" })
      assert.include(yield* failing(lost), { detail: "key \"toString\" is not known here" })
      const down = Payload.encrypt({ keys: () => Effect.succeed(aead), current: Effect.fail("no network") })
      assert.include(yield* failing(down), {
        reason: "Unavailable",
        message: "codec \"aes256gcm\": the id of the current key can't be asked for: the string no network"
      })
    }))
})

describe("offload", () => {
  const large = "x".repeat(101)

  it.effect("keeps what is large in a store of Effect, and refers to it", () =>
    Effect.gen(function*() {
      const codec = yield* Payload.offload({ store: KeyValueStore.KeyValueStore, above: 100 })
      const store = yield* KeyValueStore.KeyValueStore
      assert.isUndefined(yield* codec.encode(bytes("x".repeat(100)), row))
      const place = { ...row, runId: "a/b ~" }
      const { bytes: kept, info } = (yield* codec.encode(bytes(large), place))!
      assert.strictEqual(kept.length, 0)
      const id = info!.split(".")[0]!
      assert.strictEqual(text((yield* store.getUint8Array(`a%2Fb%20~/${id}`))!), large)
      assert.strictEqual(text(yield* codec.decode({ bytes: kept, info: info! }, place)), large)
      // a row of another run does not come to it
      assert.include(yield* failing(codec.decode({ bytes: kept, info: info! }, row)), { reason: "MissingBlob" })
      yield* store.set(`a%2Fb%20~/${id}`, bytes(`${large}y`))
      const changed = yield* failing(codec.decode({ bytes: kept, info: info! }, place))
      assert.strictEqual(changed.reason, "Damaged")
      assert.match(changed.detail, /^blob ".*" is not what was written$/)
      yield* codec.discard!(info!, place)
      const gone = yield* failing(codec.decode({ bytes: kept, info: info! }, place))
      assert.strictEqual(gone.reason, "MissingBlob")
    }).pipe(Effect.provide(KeyValueStore.layerMemory)))

  it.effect("says that a store which fails may answer by itself", () =>
    Effect.gen(function*() {
      const down = () => Effect.fail({ _tag: "Down" })
      const codec = yield* Payload.offload({ store: { set: down, getUint8Array: down, remove: down }, above: 1 })
      const info = "id.hash"
      const asked: ReadonlyArray<readonly [Effect.Effect<unknown, Payload.PayloadError>, RegExp]> = [
        [codec.encode(bytes(large), row), /^blob "r\/.*" can't be written: an object$/],
        [codec.decode({ bytes: bytes(""), info }, row), /^blob "r\/id" can't be read/],
        [codec.discard!(info, row), /^blob "r\/id" can't be removed/]
      ]
      for (const [effect, expected] of asked) {
        const { detail, reason } = yield* failing(effect)
        assert.strictEqual(reason, "Unavailable")
        assert.match(detail, expected)
      }
    }))
})
