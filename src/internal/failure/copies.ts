/**
 * What is shown of a value of somebody's as data: a copy that any tool can print, of bounded size, made each time it is
 * asked for. Of a value that fits it is the whole of it, else its begin. No getter is read.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Inspectable from "effect/Inspectable"
import * as Predicate from "effect/Predicate"
import * as Redactable from "effect/Redactable"
import type { Failed, SplitResult } from "../../SplitResult.ts"
import { attempt, brief, clip } from "../check/describe.ts"
import { failed, foremost, isJoin, most, quote, reasonOf } from "./quotes.ts"

/** How much a copy may hold: values, characters, and how deep. */
export interface Room {
  readonly values: number
  readonly text: number
  readonly depth: number
}

/** The beginning of a value, for a line of a log. */
export const short = (u: unknown): unknown => new Copying(few).of(u)

const few: Room = { values: 40, text: 500, depth: 4 }

/** The whole of a value; nothing if it does not fit. */
export const whole = (u: unknown, room: Room): Whole | undefined => {
  const copying = new Copying(room)
  const copy = copying.of(u)
  return copying.isCut ? undefined : { copy, hasJoins: copying.hasJoins }
}

interface Whole {
  readonly copy: unknown
  /** Whether an error of a join is in it, which a printer would show more of. */
  readonly hasJoins: boolean
}

/** The fields of an error that are its own: what is neither said by its message nor engine's matter. */
export const fieldsOf = (error: object): { readonly [field: string]: unknown } => new Copying(few).fields(error)

const unsaid: ReadonlySet<string> = new Set(["name", "message", "stack", "cause"])

class Copying {
  values: number
  text: number
  depth: number
  isCut = false
  hasJoins = false
  readonly around: Array<unknown> = []
  constructor(room: Room) {
    this.values = room.values
    this.text = room.text
    this.depth = room.depth
  }
  of(u: unknown): unknown {
    if (typeof u === "string") return this.string(u)
    if (typeof u === "bigint") return this.string(`${u}n`)
    if (typeof u === "symbol") return clip(String(u))
    // as in JSON; one that is called `toJSON` would be asked
    if (typeof u === "function") return undefined
    if (typeof u !== "object" || u === null) return u
    if (this.around.includes(u)) return "[Circular]"
    if (this.values <= 0 || this.depth <= 0) {
      this.isCut = true
      return "…"
    }
    this.values--
    this.depth--
    this.around.push(u)
    const copied = attempt(() => ({ value: this.object(u) }))
    this.around.pop()
    this.depth++
    return copied === undefined ? brief(u) : copied.value
  }
  string(text: string): string {
    this.text -= text.length
    if (this.text >= 0) return text
    this.isCut = true
    return clip(text, Math.max(20, text.length + this.text))
  }
  object(u: object): unknown {
    if (Redactable.isRedactable(u) && !isResult(u)) return this.of(Redactable.getRedacted(u))
    if (u instanceof Error) return this.error(u)
    if (Cause.isCause(u)) return { _id: "Cause", reasons: this.list(u.reasons) }
    if (Effect.isEffect(u) && !Exit.isExit(u)) return { _id: "Effect" }
    if (ArrayBuffer.isView(u) && u.byteLength > this.values) {
      this.isCut = true
      return `${brief(u)} of ${u.byteLength} bytes`
    }
    // what is itself made by this is gone through, in the same room
    if (!isResult(u) && Predicate.hasProperty(u, "toJSON") && Predicate.isFunction(u.toJSON)) {
      const given = attempt(() => ({ value: (u as { readonly toJSON: () => unknown }).toJSON() }))
      if (given === undefined) return "[toJSON threw]"
      const { value } = given
      return Predicate.isObject(value)
        ? this.record(value, none)
        : Array.isArray(value)
        ? this.list(value)
        : this.of(value)
    }
    return Array.isArray(u) ? this.list(u) : this.record(u, none)
  }
  list(items: ReadonlyArray<unknown>): ReadonlyArray<unknown> {
    const copy: Array<unknown> = []
    for (let i = 0; i < items.length; i++) {
      if (--this.values < 0) {
        this.isCut = true
        copy.push(`… and ${items.length - i} more`)
        break
      }
      copy.push(this.of(items[i]))
    }
    return copy
  }
  record(u: object, without: ReadonlySet<string>): { [key: string]: unknown } {
    const copy: { [key: string]: unknown } = {}
    for (const key in u) {
      if (!Object.hasOwn(u, key) || without.has(key)) continue
      if (--this.values < 0) {
        this.isCut = true
        copy["…"] = "and more"
        break
      }
      const found = Object.getOwnPropertyDescriptor(u, key)
      const value = found?.get === undefined ? this.of(found?.value) : "a getter"
      // "__proto__" would change the prototype
      Object.defineProperty(copy, this.string(key), { value, enumerable: true, configurable: true, writable: true })
    }
    return copy
  }
  /** An error has its message among its data. Of the engine's own it is all: it tells what lies below. */
  error(u: Error): unknown {
    const name: unknown = Predicate.hasProperty(u, "_tag") ? undefined : u.name
    const message = this.string(quote(u))
    this.hasJoins ||= isJoin(u)
    if (isJoin(u)) return { _tag: u._tag, message, workflow: u.workflow, state: u.state, tally: u.result.tally }
    const cause: unknown = u.cause
    return {
      ...(Predicate.isString(name) ? { name: this.string(name) } : {}),
      message,
      ...this.fields(u),
      ...(cause === undefined ? {} : { cause: this.of(cause) })
    }
  }
  fields(u: object): { [key: string]: unknown } {
    return this.record(u, unsaid)
  }
}

const none: ReadonlySet<string> = new Set()

// -----------------------------------------------------------------------------
// results
// -----------------------------------------------------------------------------

type AnyResult = Partial<SplitResult<unknown, unknown, unknown, object>> & { readonly value?: unknown }

/** What is shown of a result: all of it, where that is little; else its counts, the begin of its lists, and how much more. */
const resultRoom: Room = { values: 600, text: 8000, depth: 24 }
const mostValues = 8

const entire = (self: AnyResult): Whole | undefined =>
  // as many outcomes would not fit, however small
  (self.tally?.total ?? 0) > resultRoom.values ? undefined : whole(self, resultRoom)

/** The begin of a result that is large, or lies below another one that is. */
export const begin = (self: AnyResult): { readonly [field: string]: unknown } => {
  const { failures, tally, timedOut, value, values } = self
  const listed = Array.isArray(values) ? values.slice(0, mostValues) : firstOf(values)
  const left = {
    values: Math.max((tally?.succeeded ?? 0) - mostValues, 0),
    failures: Math.max((tally?.failed ?? 0) - most.failures, 0)
  }
  return {
    tally,
    timedOut,
    ...(values === undefined ? {} : { values: Array.isArray(listed) ? listed.map(short) : listed }),
    ...("value" in self ? { value: short(value) } : {}),
    ...(failures === undefined ? {} : { failures: foremost(failures, most.failures).map(failure), more: left })
  }
}

const firstOf = (values: object | undefined): object => {
  const copy: { [name: string]: unknown } = {}
  let count = 0
  for (const name in values) {
    if (count++ === mostValues) break
    const value = short((values as { readonly [name: string]: unknown })[name])
    Object.defineProperty(copy, clip(name), { value, enumerable: true, configurable: true, writable: true })
  }
  return copy
}

/** A failure of a split, for a list of the first ones. */
export const failure = (self: Failed<unknown>): { readonly [field: string]: unknown } => {
  const { index, name } = self
  const reason = reasonOf(self.cause)
  const error = reason === undefined || isJoin(reason.value) ? undefined : detail(reason.value)
  return { index, name: clip(name), message: failed(self), ...(error === undefined ? {} : { error }) }
}

/** What a message does not say of a failure: the fields of an error, its tag and what has caused it. */
const detail = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return undefined
  const copy = short(value)
  if (!(attempt(() => value instanceof Error) ?? false) || !Predicate.isObject(copy)) return copy
  const { message: _, ...rest } = copy as { readonly message?: unknown; readonly name?: unknown }
  // that it is an Error is not worth a word
  return Object.keys(rest).every((key) => key === "name" && rest.name === "Error") ? undefined : rest
}

function toJSON(this: AnyResult): unknown {
  return entire(this)?.copy ?? begin(this)
}

/** A result that is small is printed as what it is. */
function inspected(this: AnyResult): unknown {
  const found = entire(this)
  return found === undefined ? begin(this) : found.hasJoins ? found.copy : this
}

/**
 * How a result is shown, on the result itself and hidden: a copy by `{ ...result }`, a comparison and a message to a
 * worker see its data only. Effect's formatters ask for what stands in the place of a value before they go through it.
 */
const hide = (value: Function): PropertyDescriptor => ({
  value,
  enumerable: false,
  configurable: true,
  writable: true
})
const hiddenJson = hide(toJSON)
const hiddenInspect = hide(inspected)

/** Gives a result that has just been made what it is shown by. */
export const showable = <A extends object>(result: A): A => {
  // one by one is half as dear as all at once, which each split pays for
  Object.defineProperty(result, "toJSON", hiddenJson)
  Object.defineProperty(result, Inspectable.NodeInspectSymbol, hiddenInspect)
  return Object.defineProperty(result, Redactable.symbolRedactable, hiddenJson)
}

/** Of so many branches every tool shows a result well as it is, if none of them has a value of more than a word. */
export const mostModest = 16

/**
 * Whether none of them is more than a word. To hide what a result is shown by costs as much as a branch that completes at
 * once.
 */
export const areModest = (values: ReadonlyArray<unknown>): boolean => {
  for (const value of values) if (!isModest(value)) return false
  return true
}

const isModest = (value: unknown): boolean =>
  value === null || value === undefined || typeof value === "number" || typeof value === "boolean" ||
  (typeof value === "string" && value.length <= few.text)

const isResult = (u: object): boolean => Object.getOwnPropertyDescriptor(u, "toJSON")?.value === toJSON
