/**
 * Values as text and back, by a Schema: what the journal keeps. A codec is made once for a Schema, and is good for the life
 * of a definition; what does not fit is a sentence.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { clip, describe } from "../check/describe.ts"

/** What came of a try: a value, or why there is none. */
export type Read<A> = Result.Result<A, string>

/** Values as what JSON can hold. */
export interface Codec {
  readonly encode: (value: unknown) => Read<unknown>
  readonly decode: (json: unknown) => Read<unknown>
}

const codecs = new WeakMap<object, Codec>()

/** The codec of a Schema, which must do its work at once. */
export const codec = (schema: Schema.Top): Codec => {
  let made = codecs.get(schema.ast)
  if (made === undefined) codecs.set(schema.ast, made = make(schema))
  return made
}

const make = (schema: Schema.Top): Codec => {
  // what needs services or time shows as a failure
  const json = Schema.toCodecJson(schema) as unknown as Schema.Codec<unknown, unknown>
  const encode = Schema.encodeUnknownExit(json)
  const decode = Schema.decodeUnknownExit(json)
  return {
    encode: (value) => guarded(() => encode(value)),
    decode: (given) => guarded(() => decode(given))
  }
}

const guarded = (f: () => Exit.Exit<unknown, unknown>): Read<unknown> => {
  const tried = Result.try({ try: f, catch: identity })
  if (Result.isFailure(tried)) return Result.fail(sentence(tried.failure))
  return Exit.isSuccess(tried.success)
    ? Result.succeed(tried.success.value)
    : Result.fail(sentence(Cause.squash(tried.success.cause)))
}

const mostIssue = 1000

const sentence = (thrown: unknown): string => {
  const issue = Predicate.hasProperty(thrown, "issue") ? thrown.issue : thrown
  return clip(SchemaIssue.isIssue(issue) ? format(issue).replace(/\s+/g, " ") : describe(thrown), mostIssue)
}

const format = SchemaIssue.makeFormatterDefault()

export const stringify = (json: unknown): Read<string> =>
  Result.mapError(Result.try({ try: () => JSON.stringify(json) ?? "null", catch: identity }), describe)

export const parse = (text: string): Read<any> =>
  Result.mapError(Result.try({ try: () => JSON.parse(text) as unknown, catch: identity }), describe)

/** Whether a database keeps a text as it is: halves of characters come back as something else, and NUL may end it. */
export const isWhole = (text: string): boolean => !/[\p{Surrogate}\0]/u.test(text)
