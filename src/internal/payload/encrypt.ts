/**
 * The codec that keeps payloads secret, and to their places, by AES-256-GCM. It knows keys by their ids, for as long as the
 * journal that it is of.
 */
import * as Bytes from "effect/Bytes"
import * as Cache from "effect/Cache"
import * as Aead from "effect/crypto/Aead"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Codec, Key } from "../../payload.ts"
import { describe, show } from "../check/describe.ts"
import { PayloadError } from "./error.ts"
import { bound } from "./place.ts"
import * as web from "./web.ts"

type Keys<R> = { readonly [id: string]: Key } | ((id: string) => Effect.Effect<Key | undefined, unknown, R>)

export interface Options<R> {
  readonly keys: Keys<R>
  readonly current: string | Effect.Effect<string, unknown, R>
  readonly isRequired?: boolean | undefined
}

const nonceLength = 12

export const make = <R>(
  { current, isRequired, keys }: Options<R>
): Effect.Effect<Codec, PayloadError, R> =>
  Effect.gen(function*(): Effect.gen.Return<Codec, PayloadError, R> {
    const aead = yield* Effect.provide(Aead.Aead, layer)
    const random = yield* Effect.provide(SecureRandom.SecureRandom, SecureRandom.layerWebCrypto)
    const known = yield* Cache.makeWith((id: string) => keyOf(keys, id), {
      capacity: mostKeys,
      // one that was not there may come
      timeToLive: (exit) => Exit.isSuccess(exit) ? Duration.infinity : Duration.zero,
      requireServicesAt: "construction"
    })
    const context = yield* Effect.context<R>()
    const currentId: Effect.Effect<string, PayloadError> = Predicate.isString(current)
      ? Effect.succeed(current)
      : asked(Effect.provideContext(current, context), "the id of the current key")
    // who can't write does not begin
    yield* Effect.flatMap(currentId, (id) => Cache.get(known, id))
    if (!Predicate.isFunction(keys)) yield* Effect.forEach(Object.keys(keys), (id) => Cache.get(known, id))
    return {
      name: "aes256gcm",
      isRequired,
      encode: Effect.fnUntraced(function*(bytes, place) {
        const id = yield* currentId
        const key = yield* Cache.get(known, id)
        const nonce = yield* random.randomBytes(nonceLength)
        const sealed = yield* crypto("Rejected", aead.encrypt(key, bytes, { nonce, aad: web.bytesOf(bound(place)) }))
        return { bytes: Bytes.concat([nonce, sealed]), info: id }
      }),
      decode: ({ bytes, info }, place) =>
        Effect.flatMap(Cache.get(known, info), (key) => {
          const nonce = bytes.subarray(0, nonceLength)
          const options = { nonce, aad: web.bytesOf(bound(place)) }
          return crypto("Damaged", aead.decrypt(key, bytes.subarray(nonceLength), options), info)
        })
    }
  })

const layer = Aead.layerWebCrypto.pipe(Layer.provide(SecureRandom.layerWebCrypto))

const mostKeys = 1000

const keyOf = <R>(
  keys: Keys<R>,
  id: string
): Effect.Effect<Aead.Key<Aead.AesGcm>, PayloadError, R> =>
  Effect.flatMap(
    Predicate.isFunction(keys)
      ? asked(Effect.suspend(() => keys(id)), `key ${show(id)}`)
      : Effect.succeed(Object.hasOwn(keys, id) ? keys[id] : undefined),
    (key) => {
      if (key === undefined) return missing(id, "is not known here")
      if (Aead.isKey(key)) {
        return key.algorithm.name === "aes256Gcm" ? Effect.succeed(key) : missing(id, "is none of AES-256-GCM")
      }
      const bytes = Redacted.isRedacted(key) ? Base64.decode(Redacted.value(key)) : undefined
      // what was given is not shown
      return bytes === undefined || Result.isFailure(bytes) || bytes.success.length !== Aead.aes256Gcm.keyLength
        ? missing(id, "must be 32 bytes in Base64, Redacted, or an Aead.Key")
        : Effect.orDie(Aead.key(Aead.aes256Gcm, bytes.success))
    }
  )

const missing = (id: string, what: string): Effect.Effect<never, PayloadError> =>
  Effect.fail(new PayloadError({ reason: "MissingKey", detail: `key ${show(id)} ${what}`, codec: "aes256gcm" }))

/** Of who keeps the keys: what has failed may pass. */
const asked = <A, E, R>(effect: Effect.Effect<A, E, R>, what: string): Effect.Effect<A, PayloadError, R> =>
  Effect.mapError(
    effect,
    (cause) =>
      new PayloadError({
        reason: "Unavailable",
        detail: `${what} can't be asked for: ${describe(cause)}`,
        codec: "aes256gcm",
        cause
      })
  )

const crypto = <A>(
  reason: "Rejected" | "Damaged",
  effect: Effect.Effect<A, unknown>,
  id?: string
): Effect.Effect<A, PayloadError> =>
  Effect.mapError(
    effect,
    (cause) =>
      new PayloadError({
        reason,
        detail: reason === "Rejected"
          ? "it could not be encrypted"
          : `it was changed, moved from its place, or encrypted by another key than ${show(id)} is here`,
        cause
      })
  )
