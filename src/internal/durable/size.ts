/**
 * How large what is written of one value may be, in bytes of UTF-8, and what becomes of what is larger: it has died of that
 * before it counts. Of an error that is too large as much is kept as can be said of it. Nothing is kept here.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { attempt, clip, show } from "../check/describe.ts"
import type { PayloadTooLargeError } from "./error.ts"
import type { ExitCodec } from "./errors.ts"
import * as text from "./text.ts"

/** Made of how many bytes there are, and of what can be said of an error. */
export type TooLarge = (size: number, detail: string | undefined) => PayloadTooLargeError

/** The bytes of a text that are too many; nothing where it fits. A unit of UTF-16 takes three at most. */
export const over = (text: string, most: number): number | undefined => {
  if (text.length <= most / 3) return undefined
  const size = bytesOf(text)
  return size > most ? size : undefined
}

const bytesOf = (text: string): number => {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // of a pair, which takes four, either half counts for two
    if (unit > 0x7f) bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return bytes
}

/** How something has ended, and what JSON can hold of it. */
export interface Ended {
  readonly exit: Exit.Exit<unknown, unknown>
  readonly json: unknown
}

/** The same as the text of its row. */
export const within = (
  codec: ExitCodec,
  { exit, json }: Ended,
  most: number,
  tooLarge: TooLarge,
  row: (json: unknown) => unknown
): { readonly exit: Exit.Exit<unknown, unknown>; readonly data: string } => {
  const dataOf = (json: unknown) => Result.getOrThrow(text.stringify(row(json)))
  const data = dataOf(json)
  const size = over(data, most)
  if (size === undefined) return { exit, data }
  const smaller = Exit.isSuccess(exit)
    ? Exit.die(tooLarge(size, undefined))
    : Exit.failCause(clipped(exit.cause, most, tooLarge, codec))
  return { exit: smaller, data: dataOf(Result.getOrThrow(codec.encode(smaller))) }
}

/**
 * A cause whose errors and defects are within the limit, each of them. Those of the engine are made of what has been written
 * before, and stay as they are.
 */
export const clipped = (
  cause: Cause.Cause<unknown>,
  most: number,
  tooLarge: TooLarge,
  codec: ExitCodec
): Cause.Cause<unknown> =>
  Cause.fromReasons(cause.reasons.map((reason) => {
    if (Cause.isInterruptReason(reason)) return reason
    const json = Result.getOrThrow(codec.encode(Exit.failCause(Cause.fromReasons([reason])))) as Encoded
    if (Predicate.hasProperty(json.c[0], "f")) return reason
    const size = over(Result.getOrThrow(text.stringify(json)), most)
    if (size === undefined) return reason
    return Cause.makeDieReason(tooLarge(size, saying(Cause.isDieReason(reason) ? reason.defect : reason.error)))
  }))

interface Encoded {
  readonly c: ReadonlyArray<unknown>
}

const saying = (error: unknown): string =>
  attempt(() => error instanceof Error ? `${error.name}: ${clip(error.message, mostDetail)}` : undefined) ?? show(error)

const mostDetail = 1000
