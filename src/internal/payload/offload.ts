/**
 * The codec that keeps large payloads in a store of blobs, and a reference to them in the journal. It keeps nothing itself.
 */
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type { Codec, OffloadOptions, Place } from "../../payload.ts"
import { describe, show } from "../check/describe.ts"
import { PayloadError } from "./error.ts"

export const make = <E, R>({ above, store }: OffloadOptions<E, R>): Effect.Effect<Codec, E, R> =>
  Effect.gen(function*(): Effect.gen.Return<Codec, E, R> {
    const blobs = Effect.isEffect(store) ? yield* store : store
    const digest = yield* Effect.provide(Digest.Digest, Digest.layerWebCrypto)
    const random = yield* Effect.provide(SecureRandom.SecureRandom, SecureRandom.layerWebCrypto)
    const write = Effect.fnUntraced(function*(bytes: Uint8Array, place: Place) {
      // of its own in every attempt: what one has written nobody else removes
      const id = yield* random.uuidV4()
      const hash = yield* digest.digestHex(Digest.sha256, bytes)
      yield* asked("be written", keyOf(place, id), (key) => blobs.set(key, bytes))
      return { bytes: new Uint8Array(0), info: `${id}.${hash}` }
    })
    return {
      name: "blob",
      encode: (bytes, place) => bytes.length <= above ? Effect.undefined : write(bytes, place),
      decode: Effect.fnUntraced(function*({ info }, place) {
        const { hash, key } = referenceOf(info, place)
        const bytes = yield* asked("be read", key, (key) => blobs.getUint8Array(key))
        if (bytes === undefined) return yield* wrong("MissingBlob", `there is no blob ${show(key)}`)
        return (yield* digest.digestHex(Digest.sha256, bytes)) === hash
          ? bytes
          : yield* wrong("Damaged", `blob ${show(key)} is not what was written`)
      }),
      discard: (info, place) => asked("be removed", referenceOf(info, place).key, (key) => blobs.remove(key))
    }
  })

/** All blobs of a run are in one folder. */
const keyOf = ({ runId }: Place, id: string): string => `${encodeURIComponent(runId)}/${id}`

const referenceOf = (info: string, place: Place): { readonly key: string; readonly hash: string } => {
  const dot = info.indexOf(".")
  return { key: keyOf(place, info.slice(0, dot)), hash: info.slice(dot + 1) }
}

const wrong = (reason: "MissingBlob" | "Damaged", detail: string): Effect.Effect<never, PayloadError> =>
  Effect.fail(new PayloadError({ reason, detail }))

/** What a store can't do now may pass. */
const asked = <A>(
  what: string,
  key: string,
  f: (key: string) => Effect.Effect<A, unknown>
): Effect.Effect<A, PayloadError> =>
  Effect.mapError(
    f(key),
    (cause) =>
      new PayloadError({
        reason: "Unavailable",
        detail: `blob ${show(key)} can't ${what}: ${describe(cause)}`,
        cause
      })
  )
