/** Why a payload can't be written or read, and where it stands. It lives as long as an error does. */
import type { Place } from "../../payload.ts"
import { clip } from "../check/describe.ts"
import * as failure from "../failure/failure.ts"
import { say } from "./place.ts"

export class PayloadError extends failure.TaggedError("PayloadError")<{
  readonly reason: "Unavailable" | "UnknownCodec" | "MissingKey" | "MissingBlob" | "Damaged" | "Plain" | "Rejected"
  /** What is the matter, without a secret and without anything of the payload. */
  readonly detail: string
  /** The codec that says so. */
  readonly codec?: string | undefined
  /** Where the payload stands: nothing where it is about none. */
  readonly place?: Place | undefined
  readonly cause?: unknown
}> {
  override get message(): string {
    const { codec, detail, place } = this
    const who = codec === undefined ? "" : `codec "${clip(codec)}": `
    return failure.once(this, `${who}${detail}${place === undefined ? "" : `; of ${say(place)}`}`)
  }
}

/** The same, with who says it and where. */
export const at = (error: PayloadError, codec: string | undefined, place: Place): PayloadError =>
  new PayloadError({
    reason: error.reason,
    detail: error.detail,
    codec: error.codec ?? codec,
    place,
    cause: error.cause
  })
