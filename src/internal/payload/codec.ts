/**
 * Codecs one behind the other: what they make of a payload at its place, and back. A chain is made once, for a journal.
 */
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"
import type { Codec, Place } from "../../payload.ts"
import { describe } from "../check/describe.ts"
import { at, PayloadError } from "./error.ts"
import * as form from "./form.ts"
import * as web from "./web.ts"

export class Chain {
  readonly #writing: ReadonlyArray<Codec>
  readonly #all = new Map<string, Codec>()
  readonly #required: ReadonlyArray<string>
  /** Whether something of a payload is kept elsewhere. */
  readonly keepsOutside: boolean
  constructor(writing: ReadonlyArray<Codec>, reading: ReadonlyArray<Codec>) {
    this.#writing = writing
    const all = [...writing, ...reading]
    for (const codec of all) this.#all.set(codec.name, codec)
    this.#required = writing.filter(({ isRequired }) => isRequired === true).map(({ name }) => name)
    this.keepsOutside = all.some(({ discard }) => discard !== undefined)
  }

  encode(text: string, place: Place): Effect.Effect<string, PayloadError> {
    if (this.#writing.length === 0) return Effect.succeed(form.plain(text))
    return Effect.gen({ self: this }, function*() {
      let bytes = web.bytesOf(text)
      const stages: Array<form.Stage> = []
      for (const { encode, name } of this.#writing) {
        const encoded = yield* guarded(name, place, "Rejected", () => encode(bytes, place))
        if (encoded === undefined) continue
        bytes = encoded.bytes
        stages.push({ codec: name, info: encoded.info ?? "" })
      }
      return stages.length === 0 ? form.plain(text) : form.coded(stages, Base64.encode(bytes))
    })
  }

  decode(text: string, place: Place): Effect.Effect<string, PayloadError> {
    const read = form.read(text)
    if (Result.isFailure(read)) return failed("Damaged", read.failure, place)
    const found = read.success
    const stages = found._tag === "Plain" ? [] : found.stages
    const lacks = this.#required.find((name) => !stages.some(({ codec }) => codec === name))
    if (lacks !== undefined) {
      return failed("Plain", "it was not written by this codec, which is required", place, lacks)
    }
    if (found._tag === "Plain") return Effect.succeed(found.text)
    return Effect.gen({ self: this }, function*() {
      const body = Base64.decode(found.body)
      if (Result.isFailure(body)) return yield* failed("Damaged", "it is no Base64", place)
      let bytes = body.success
      for (const { codec: name, info } of stages.toReversed()) {
        const codec = this.#all.get(name)
        if (codec === undefined) {
          return yield* failed("UnknownCodec", "it was written by this codec, which is not known here", place, name)
        }
        bytes = yield* guarded(name, place, "Damaged", () => codec.decode({ bytes, info }, place))
      }
      const text = Result.try({ try: () => web.textOf(bytes), catch: describe })
      return Result.isSuccess(text) ? text.success : yield* failed("Damaged", "it is no text", place)
    })
  }

  /** Whether something of a text in the journal is kept elsewhere. */
  isOutside(text: string): boolean {
    const read = form.read(text)
    return Result.isSuccess(read) && read.success._tag === "Coded" &&
      read.success.stages.some(({ codec }) => this.#all.get(codec)?.discard !== undefined)
  }

  /** A payload that was encoded is not in the journal. What can't be discarded stays, and hurts nobody. */
  discard(text: string, place: Place): Effect.Effect<void> {
    const read = form.read(text)
    if (Result.isFailure(read) || read.success._tag === "Plain") return Effect.void
    return Effect.forEach(read.success.stages, ({ codec, info }) => {
      const discard = this.#all.get(codec)?.discard
      return discard === undefined ? Effect.void : Effect.exit(Effect.suspend(() => discard(info, place)))
    }, { discard: true })
  }
}

const failed = (
  reason: PayloadError["reason"],
  detail: string,
  place: Place,
  codec?: string
): Effect.Effect<never, PayloadError> => Effect.fail(new PayloadError({ reason, detail, place, codec }))

/** A codec that dies has not done its work. */
const guarded = <A>(
  name: string,
  place: Place,
  reason: "Rejected" | "Damaged",
  f: () => Effect.Effect<A, PayloadError>
): Effect.Effect<A, PayloadError> =>
  Effect.suspend(f).pipe(
    Effect.catchDefect((cause) =>
      Effect.fail(new PayloadError({ reason, detail: `it has died: ${describe(cause)}`, cause }))
    ),
    Effect.mapError((error) => at(error, name, place))
  )
