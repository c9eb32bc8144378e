/**
 * What the errors of this library have in common: their message, which is put together when somebody first asks for it, and
 * how they are printed.
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Inspectable from "effect/Inspectable"
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import { attempt, show } from "../check/describe.ts"
import * as copies from "./copies.ts"
import { shortened } from "./quotes.ts"

/** Causes that are told of: of a longer chain the last ones follow the first. And characters of one of them. */
export const mostLinks = 8
export const mostText = 8000

/** `Data.TaggedError`, printed with its message, its data and what has caused it. */
export const TaggedError: typeof Data.TaggedError = (tag) => {
  class Base extends (Data.TaggedError(tag) as new(args: never) => Cause.YieldableError) {
    override toJSON(): unknown {
      return { message: shortened(this.message, mostText), ...copies.fieldsOf(this) }
    }
    override [Inspectable.NodeInspectSymbol](depth?: number, options?: object, inspect?: Inspect): unknown {
      return typeof inspect === "function" ? inspected(this, depth, options, inspect) : this.toJSON()
    }
  }
  return Base as never
}

/** Puts a message together when it is first read. It is kept where other errors have theirs. */
export const once = (self: Error, message: string): string => {
  Reflect.defineProperty(self, "message", { value: message, enumerable: false, configurable: true, writable: true })
  return message
}

// -----------------------------------------------------------------------------
// printing
// -----------------------------------------------------------------------------

/** Data within data, at most: as deep as the fields of a failure's error lie. */
const mostDeep = 4

type Inspect = (value: unknown, options?: object) => string

/** The text of an error for a console: its message, its data and its causes. */
const inspected = (
  self: Error & { toJSON(): unknown },
  depth: number | undefined,
  options: object | undefined,
  inspect: Inspect
) => {
  if (depth !== undefined && depth < 0) return `[${self.name}]`
  const { _tag, message: _, ...data } = self.toJSON() as { readonly [field: string]: unknown }
  const fields = inspect(Record.filter(data, Predicate.isNotUndefined), {
    ...options,
    depth: mostDeep
  })
  const lines = [`${stackOf(self)} ${fields}`]
  let at: unknown = self.cause
  for (let i = 0; i < 2 * mostLinks && at !== undefined; i++) {
    lines.push(`[cause]: ${stackOf(at)}`)
    at = causeIn(at)
  }
  return lines.join("\n")
}

const stackOf = (value: unknown): string => {
  const error = attempt(() => value instanceof Error ? value.stack : undefined)
  return error === undefined || error === "" ? show(value) : shortened(error, mostText)
}

/** The cause of anything that has one. */
export const causeIn = (value: unknown): unknown =>
  attempt(() => Predicate.hasProperty(value, "cause") ? value.cause : undefined)
