/**
 * Payload codecs: what the journal of durable runs keeps of states, outcomes, signals and replies passes through them, so that
 * it is smaller, can't be read by others, or is kept elsewhere.
 *
 * It is an entry of its own, `effect-cano/payload`, which the index does not load. It stands on `effect/crypto`, which is not
 * stable.
 *
 * @since 0.1.0
 */
import type * as Aead from "effect/crypto/Aead"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as internalCompress from "./internal/payload/compress.ts"
import * as internalEncrypt from "./internal/payload/encrypt.ts"
import type { PayloadError } from "./internal/payload/error.ts"
import * as internalLayer from "./internal/payload/layer.ts"
import * as internalOffload from "./internal/payload/offload.ts"
import { plain } from "./internal/payload/store.ts"
import * as internalUsage from "./internal/payload/usage.ts"
import type { JournalError, Kind, LetterKind } from "./journal.ts"
import { Journal } from "./journal.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Where a payload stands: the data of a row or of a letter, or what was answered to a letter.
 *
 * @category models
 * @since 0.1.0
 */
export type Place =
  | {
    readonly _tag: "Row"
    readonly runId: string
    readonly n: number
    readonly kind: Kind
    readonly key: string
  }
  | {
    readonly _tag: "Letter"
    readonly runId: string
    readonly kind: LetterKind
    readonly name: string
    readonly key: string | undefined
    readonly id: string | undefined
  }
  | { readonly _tag: "Answer"; readonly runId: string; readonly seq: number }

/**
 * What a codec has made of a payload.
 *
 * @category models
 * @since 0.1.0
 */
export interface Encoded {
  readonly bytes: Uint8Array
  /** What it must know to decode them, in a few characters, as the id of a key. Everybody can read it. */
  readonly info?: string | undefined
}

/**
 * Turns payloads, which are UTF-8 to the first one, into other bytes, and back.
 *
 * **Details**
 *
 * The journal keeps the names of the codecs that have written a payload, in their order, with what each has said of itself. So a
 * codec may be added to a journal that is in use, or leave what it is given as it is: it is asked to decode what it has written.
 * It may be asked for many payloads at once, and for one more often than it is written.
 *
 * A codec says with `PayloadError` that it can't: `"Unavailable"` what may pass by itself, and anything else what does not. What
 * it dies of is `"Rejected"` or `"Damaged"`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Codec {
  /** Of letters, digits, `_`, `.` and `-`; it stands in the journal before what it has written. */
  readonly name: string
  /** What is kept in place of these bytes; nothing to leave them as they are. */
  readonly encode: (bytes: Uint8Array, place: Place) => Effect.Effect<Encoded | undefined, PayloadError>
  /** The bytes that it was given. */
  readonly decode: (
    encoded: { readonly bytes: Uint8Array; readonly info: string },
    place: Place
  ) => Effect.Effect<Uint8Array, PayloadError>
  /**
   * That of which it has said `info` did not come into the journal, or is not there any more: what it keeps outside is not
   * needed. What fails is not tried again.
   */
  readonly discard?: ((info: string, place: Place) => Effect.Effect<unknown, PayloadError>) | undefined
  /** Whether what it has not written is not read: a row that somebody else has put there. */
  readonly isRequired?: boolean | undefined
}

export {
  /**
   * A payload can't be written or read.
   *
   * **Details**
   *
   * - `Unavailable`: who has the keys or the blobs does not answer. It is tried again.
   * - `UnknownCodec`, `MissingKey`, `MissingBlob`: it can be read by who has that. The run stays as it is.
   * - `Damaged`: it was changed, moved to another place, or written by another key of that id.
   * - `Plain`: it was not written by a codec that is required.
   * - `Rejected`: a codec does not write it.
   *
   * It is the `cause` of the `JournalError` that tells of it.
   *
   * @category errors
   * @since 0.1.0
   */
  PayloadError
} from "./internal/payload/error.ts"

// -----------------------------------------------------------------------------
// codecs
// -----------------------------------------------------------------------------

/**
 * Makes payloads smaller by gzip: those of more than `above` bytes, 1 KiB if left out, and which it does make smaller. Its name
 * is `gzip`.
 *
 * @category codecs
 * @since 0.1.0
 */
export const compress = (options?: { readonly above?: number | undefined }): Codec =>
  internalCompress.make(options?.above ?? 1024)

/**
 * A key of AES-256-GCM: 32 bytes in Base64, or an `Aead.Key`, which may be of a `CryptoKey` that can't be exported.
 *
 * @category models
 * @since 0.1.0
 */
export type Key = Redacted.Redacted<string> | Aead.Key<Aead.AesGcm>

/**
 * Keys by their ids, or who has them: of one that there is not `undefined`; who can't be asked fails. A key that was found is not
 * asked for again.
 *
 * @category models
 * @since 0.1.0
 */
export type Keys = { readonly [id: string]: Key } | ((id: string) => Effect.Effect<Key | undefined, unknown, any>)

/**
 * The ids of keys, as far as they are known.
 *
 * @category utility types
 * @since 0.1.0
 */
export type KeyId<K> = K extends (id: string) => unknown ? string : Extract<keyof K, string>

/**
 * With which keys payloads are encrypted.
 *
 * @category models
 * @since 0.1.0
 */
export interface EncryptOptions<K extends Keys, R> {
  readonly keys: K
  /** The id of the key with which is written, or how to find it, which is asked for each payload. */
  readonly current: KeyId<K> | Effect.Effect<KeyId<K>, unknown, R>
  /** Whether payloads are refused that were not encrypted: as soon as none of the journal is plain any more. */
  readonly isRequired?: boolean | undefined
}

/**
 * The services of who has keys.
 *
 * @category utility types
 * @since 0.1.0
 */
export type KeyServices<K> = K extends (id: string) => Effect.Effect<any, any, infer R> ? R : never

/**
 * Keeps payloads secret by AES-256-GCM, with a random nonce for each and the id of the key beside it, so that keys are rotated:
 * it writes with the current one, and reads with any that is known. Its name is `aes256gcm`.
 *
 * **Details**
 *
 * A payload is bound to its place: what was changed, or moved to another run, row or letter, is `Damaged`. It takes 28 bytes more.
 * It fails when the current key, or one of those that are given, is none; then the journal is not touched.
 *
 * **Gotchas**
 *
 * What is written stays under its key. `usage` says which runs still need one. With random nonces a key is good for some
 * 2^32 payloads.
 *
 * @category codecs
 * @since 0.1.0
 */
export const encrypt = <const K extends Keys, R = never>(
  options: EncryptOptions<K, R>
): Effect.Effect<Codec, PayloadError, R | KeyServices<K>> => internalEncrypt.make(options)

/**
 * A store of bytes by keys, which a `KeyValueStore` of Effect is.
 *
 * @category models
 * @since 0.1.0
 */
export interface BlobStore {
  readonly set: (key: string, bytes: Uint8Array) => Effect.Effect<unknown, unknown>
  readonly getUint8Array: (key: string) => Effect.Effect<Uint8Array | undefined, unknown>
  readonly remove: (key: string) => Effect.Effect<unknown, unknown>
}

/**
 * Where large payloads are kept.
 *
 * @category models
 * @since 0.1.0
 */
export interface OffloadOptions<E, R> {
  readonly store: BlobStore | Effect.Effect<BlobStore, E, R>
  /** More than so many bytes are kept there. */
  readonly above: number
}

/**
 * Keeps large payloads in a store of blobs, and in the journal a reference with their SHA-256. Its name is `blob`.
 *
 * **Details**
 *
 * The key of a blob is `<run id>/<UUID>`, the id percent-encoded. A blob is written before its row: what a crash leaves between
 * them, or an append of which nobody knows whether it was written, is a blob that nobody refers to. Others are removed when their
 * row was not written.
 *
 * @category codecs
 * @since 0.1.0
 */
export const offload: <E = never, R = never>(
  options: OffloadOptions<E, R>
) => Effect.Effect<Codec, E, R> = internalOffload.make

// -----------------------------------------------------------------------------
// the layer
// -----------------------------------------------------------------------------

/**
 * A codec, or how it is made.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Given = Codec | Effect.Effect<Codec, any, any>

/**
 * How codecs are asked.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<G extends Given> {
  /** Codecs with which nothing is written any more, and by which what they have written is read. */
  readonly reads?: ReadonlyArray<G> | undefined
  /**
   * How long they may take for what is written or read of one run at once; 2 seconds if left out. It is to be less than half of
   * the `patience` of `Durable.settings`.
   */
  readonly patience?: Duration.Input | undefined
  /** How many payloads of one run are with them at once; 16 if left out. */
  readonly concurrency?: number | undefined
}

/**
 * Puts codecs around a journal, the first one next to what the runs write: compress, then encrypt, then offload.
 *
 * **Details**
 *
 * Any store will do, and payloads that were written before are read as they are. Encoded are the data of rows and letters, and
 * what is answered to letters; names, ids, keys and instants are not.
 *
 * **A codec that can't be asked is a journal that can't be**: what was to be written is not, and the run goes on from its last row
 * when it can be. No step is done again in the meantime, and other runs go on. A payload that can't be read, for want of a codec,
 * a key or a blob, is a `RestoreError` with the rule `payload` of whoever waits for the run, which stays as it is, is tried from
 * time to time, and goes on by itself when it can be read. A letter that can't be read waits, and so do those behind it.
 *
 * **Example** (Two keys, of which the newer one is written with)
 *
 * ```ts
 * import { Effect, Layer, Redacted, Schema } from "effect"
 * import { Workflow } from "effect-cano"
 * import * as Durable from "effect-cano/durable"
 * import * as Journal from "effect-cano/journal"
 * import * as Payload from "effect-cano/payload"
 *
 * const once = Workflow.make("once", Schema.Literals(["Go", "Done"]))
 *   .register("Go", Effect.succeed("Done"))
 *   .addExitStates("Done")
 * const Once = Durable.make(once, { version: 1 })
 *
 * // from the configuration of the program
 * const keys = {
 *   "2026-10": Redacted.make("UR0ZdKdr2a5mkJ8PuYWFC7YIPBRNiu4sHHS8xdT1kHk="),
 *   "2026-11": Redacted.make("+QzWKo6YUqEzXHC3cX0AYNk1tZkpV4iSXfzNHvQKAsk=")
 * }
 * const codecs = Payload.layer([Payload.compress(), Payload.encrypt({ keys, current: "2026-11" })])
 * const journal = codecs.pipe(Layer.provide(Journal.layerMemory))
 *
 * const program = Effect.gen(function*() {
 *   console.log(yield* Once.run("a", "Go"))
 *   for (const { codec, info, runs } of yield* Payload.usage({ isAll: true })) console.log(codec, info, runs)
 * })
 *
 * const engine = Once.layer.pipe(Layer.provideMerge(Durable.layer), Layer.provideMerge(journal))
 * await Effect.runPromise(Effect.provide(program, engine))
 * // => Done
 * // => aes256gcm 2026-11 [ 'a' ]
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <G extends Given, O extends Given = never>(
  codecs: ReadonlyArray<G>,
  options?: Options<O>
): Layer.Layer<
  Journal,
  Effect.Error<Extract<G | O, Effect.Effect<any, any, any>>>,
  Journal | Effect.Services<Extract<G | O, Effect.Effect<any, any, any>>>
> => Layer.effect(Journal, internalLayer.make(codecs, options)) as any

// -----------------------------------------------------------------------------
// looking
// -----------------------------------------------------------------------------

/**
 * A codec, with what it says of itself, as the id of a key, and the runs of which it has written something. Of payloads that no
 * codec has written `codec` is `undefined`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Usage {
  readonly codec: string | undefined
  readonly info: string
  readonly runs: ReadonlyArray<string>
}

/**
 * Which codecs and keys are needed by the runs that have not ended, so that they go on and can be looked at; with `isAll`, by all
 * runs that the journal has. It reads all of them.
 *
 * @category looking
 * @since 0.1.0
 */
export const usage = (
  filter?: { readonly workflow?: string | undefined; readonly isAll?: boolean | undefined }
): Effect.Effect<ReadonlyArray<Usage>, JournalError, Journal> =>
  Effect.flatMap(
    Journal,
    (journal) => internalUsage.make(plain(journal), filter?.workflow, filter?.isAll === true)
  )
