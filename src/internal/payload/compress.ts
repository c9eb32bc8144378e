/** The codec that makes payloads smaller, by gzip. It keeps nothing. */
import * as Effect from "effect/Effect"
import type { Codec } from "../../payload.ts"
import { describe } from "../check/describe.ts"
import { PayloadError } from "./error.ts"
import * as web from "./web.ts"

export const make = (above: number): Codec => ({
  name: "gzip",
  encode: (bytes) =>
    bytes.length <= above ? Effect.undefined : Effect.map(
      piped("Rejected", () => web.gzip(bytes)),
      (small) => small.length < bytes.length ? { bytes: small } : undefined
    ),
  decode: ({ bytes }) => piped("Damaged", () => web.gunzip(bytes))
})

const piped = (reason: "Rejected" | "Damaged", f: () => Promise<Uint8Array>): Effect.Effect<Uint8Array, PayloadError> =>
  Effect.tryPromise({
    try: f,
    catch: (cause) => new PayloadError({ reason, detail: `gzip has failed: ${describe(cause)}`, cause })
  })
