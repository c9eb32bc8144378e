/** How things have ended, as the journal has it: read without the Schemas, for who looks at it. Pure. */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { End, Reason } from "../../operator.ts"
import { clip, show } from "../check/describe.ts"
import * as text from "../durable/text.ts"

/** What the data of a row says; nothing where it is no JSON, as it may be hidden from who has no key. */
export const jsonOf = (data: string): Schema.Json | undefined => {
  const parsed = text.parse(data)
  return Result.isSuccess(parsed) ? parsed.success as Schema.Json : undefined
}

/** A field of what a row says. */
export const field = (json: unknown, name: string): Schema.Json | undefined =>
  Predicate.hasProperty(json, name) ? json[name] as Schema.Json : undefined

export const textOf = (json: Schema.Json | undefined): string | undefined => Predicate.isString(json) ? json : undefined

/** By the row of a branch, of a step or of a run. */
export const endOf = (data: string): End => {
  const exit = field(jsonOf(data), "x")
  const value = field(exit, "s")
  if (value !== undefined) return { _tag: "Succeeded", value }
  const cause = field(exit, "c")
  return Array.isArray(cause)
    ? { _tag: "Failed", reasons: cause.map(reason) }
    : { _tag: "Unreadable", text: clip(data, most) }
}

export const reasonsOf = (cause: Schema.Json | undefined): ReadonlyArray<Reason> =>
  Array.isArray(cause) ? cause.map(reason) : []

const most = 200

const reason = (json: Schema.Json): Reason => {
  const engine = field(json, "f")
  if (engine !== undefined) return { kind: "error", sentence: sentence(engine, "t"), json: engine }
  const error = field(json, "e")
  if (error !== undefined) return { kind: "error", sentence: sentence(error, "_tag"), json: error }
  const defect = field(json, "d")
  if (defect !== undefined) return { kind: "defect", sentence: sentence(defect, "name"), json: defect }
  return { kind: "interruption", sentence: "it was interrupted", json }
}

/** What an error says of itself: its name, and its message or what it carries. */
const sentence = (json: Schema.Json, named: string): string => {
  const name = textOf(field(json, named))
  const said = ["message", "detail", "reason"].map((one) => textOf(field(json, one))).find((one) => one !== undefined)
  if (name === undefined) return clip(textOf(json) ?? show(json), most)
  const { [named]: _, ...rest } = json as { readonly [field: string]: Schema.Json }
  const own = said ?? (Object.keys(rest).length === 0 ? "" : show(rest))
  return clip(own === "" ? name : `${name}: ${own}`, most)
}
