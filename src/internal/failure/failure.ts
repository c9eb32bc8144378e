/**
 * What the errors of this library have in common: how they are printed, and what lies below an error of a join. It is put
 * together when somebody asks, and remembered for as long as the error lives.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Formatter from "effect/Formatter"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import type { Path } from "../../CanoError.ts"
import { attempt, clip, show } from "../check/describe.ts"
import * as copies from "./copies.ts"
import type { Join } from "./quotes.ts"
import { innermost, isJoin, most, mostFollowed, quote, reasonOf, sentence, shortened, strategy } from "./quotes.ts"

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

/**
 * Makes an error that tells of others: the frames that led to it are those of the engine, while the ones that tell where to
 * look are in its `cause`.
 */
export const withoutFrames = <A extends Error>(make: () => A): A => {
  // not every runtime has a limit, or lets it be changed
  const limit: unknown = Reflect.get(Error, "stackTraceLimit")
  Reflect.set(Error, "stackTraceLimit", 0)
  const error = make()
  Reflect.set(Error, "stackTraceLimit", limit)
  return error
}

// -----------------------------------------------------------------------------
// causes
// -----------------------------------------------------------------------------

/** What a join tells first of what lies below it. */
interface Link {
  readonly cause: unknown
  /** How many errors the chain of causes has, with the join itself. */
  readonly length: number
}

const links = new WeakMap<object, Link>()
const lists = new WeakMap<object, ReadonlyArray<unknown>>()

/** Causes of an error of a join: of a longer chain the last ones follow the first. And characters of one of them. */
const mostLinks = 8
const mostText = 8000

/** What the first branches have failed with. */
const valuesOf = (self: Join): ReadonlyArray<unknown> =>
  self.result.failures.slice(0, most.failures).flatMap(({ cause }) => {
    const reason = reasonOf(cause)
    return reason === undefined ? [] : [reason.value]
  })

const linkOf = (self: Join): Link => {
  const known = links.get(self)
  if (known !== undefined) return known
  // from the innermost outwards: calls in calls would be as deep as the joins
  const chain = [self]
  let below = valuesOf(self)[0]
  for (; isJoin(below) && !links.has(below) && chain.length < mostFollowed; below = valuesOf(below)[0]) {
    chain.push(below)
  }
  return chain.reduceRight<Link>((_, join) => links.get(join) ?? link(join), alone)
}

/** Of what is its own cause, and has still to be looked at. */
const alone: Link = { cause: undefined, length: 1 }

const link = (self: Join): Link => {
  links.set(self, alone)
  let cause = printable(valuesOf(self)[0])
  for (let i = 0; i < 2 * mostLinks && lengthOf(cause) > mostLinks; i++) cause = causeIn(cause)
  const found = { cause, length: 1 + lengthOf(cause) }
  links.set(self, found)
  return found
}

/** The first failure of a join. */
export const causeOf = (self: Join): unknown => linkOf(self).cause

/**
 * The first few failures of a join. Of a join among them that has others below it the innermost failure stands for it:
 * whoever prints the errors of errors would print more than anybody reads.
 */
export const errorsOf = (self: Join): ReadonlyArray<unknown> => {
  const known = lists.get(self)
  if (known !== undefined) return known
  const errors = valuesOf(self).map((value) =>
    printable(isJoin(value) && valuesOf(value).some(isJoin) ? innermost(value) : value)
  )
  lists.set(self, errors)
  return errors
}

const lengthOf = (value: unknown, room = 2 * mostLinks): number => {
  if (value === undefined || room === 0) return 0
  if (isJoin(value)) return linkOf(value).length
  return 1 + lengthOf(causeIn(value), room - 1)
}

/** The cause of anything that has one. */
const causeIn = (value: unknown): unknown =>
  attempt(() => Predicate.hasProperty(value, "cause") ? value.cause : undefined)

const standIns = new WeakMap<object, Error>()

/**
 * What a branch has failed with, as it is. Only what would break whoever prints it, or is larger than anybody would print,
 * is represented by an Error that quotes it.
 */
const printable = (value: unknown): unknown => {
  if (isPrintable(value)) return value
  if (!Predicate.isObjectKeyword(value)) return new Error(quote(value))
  const known = standIns.get(value)
  if (known !== undefined) return known
  const error = new Error(quote(value))
  const name = attempt(() => (value as Error).name) ?? attempt(() => (value as { readonly _tag: unknown })._tag)
  if (Predicate.isString(name) && name !== "") error.name = clip(name)
  const stack = attempt(() => (value as Error).stack)
  error.stack = [`${error.name}: ${error.message}`, ...framesOf(stack)].join("\n")
  standIns.set(value, error)
  return error
}

const isPrintable = (value: unknown, room = mostLinks): boolean =>
  attempt(() => {
    if (typeof value === "string") return value.length <= mostText
    if (typeof value !== "object" || value === null) return true
    if (isJoin(value)) return true
    const { cause, message, name, stack } = value as Partial<Error>
    const texts = [name, message, stack].filter(Predicate.isString)
    if (texts.some((text) => text.length > mostText)) return false
    if (cause !== undefined && (room === 0 || !isPrintable(cause, room - 1))) return false
    const { toJSON } = value as { readonly toJSON?: unknown }
    if (Predicate.isFunction(toJSON)) Reflect.apply(toJSON, value, [])
    if (Predicate.isString(message)) return true
    // it is printed by its `toString` or as JSON
    return String(Object.prototype.toString === value.toString || value).length <= mostText &&
      copies.whole(value, { values: 400, text: mostText, depth: mostLinks }) !== undefined &&
      Formatter.formatJson(value).length <= mostText
  }) ?? false

const framesOf = (stack: unknown): ReadonlyArray<string> =>
  Predicate.isString(stack)
    ? shortened(stack, 2 * mostText).split("\n").filter((line) => /^\s*at /.test(line)).slice(0, 10).map((line) =>
      clip(line, 300)
    )
    : []

/** The failure of a split, with the trace of its first failed branch: the functions that led there, and to the split. */
export const toCause = <E extends Join>(self: E): Cause.Cause<E> => {
  const cause = Cause.fail(self)
  for (const failure of self.result.failures.slice(0, most.failures)) {
    const found = reasonOf(failure.cause)
    if (found === undefined) continue
    const frame = Context.getOption(Cause.reasonAnnotations(found.reason), Cause.StackTrace)
    return Option.isSome(frame) ? Cause.annotate(cause, Context.make(Cause.StackTrace, frame.value)) : cause
  }
  return cause
}

// -----------------------------------------------------------------------------
// data
// -----------------------------------------------------------------------------

type Json = { readonly [field: string]: unknown }

/** An error of a join as data: its counts and its first failures, the first of them with what lies below it. */
export const joinJson = (self: Join & { readonly path?: Path | undefined }): Json => ({
  ...joinAt(self, 0),
  path: self.path && pathJson(self.path)
})

const joinAt = (self: Join, level: number): Json => {
  const { reason, result: { failures, tally, timedOut }, state, timeout, workflow } = self
  const listed = failures.slice(0, most.failures)
  return {
    _tag: self._tag,
    // of those below it the list of failures has the message
    ...(level === 0 ? { message: (self as unknown as Error).message } : {}),
    workflow: workflow && clip(workflow),
    state: state && clip(state),
    strategy: strategy(self.strategy),
    ...(timeout === undefined ? {} : { timeout: Duration.format(timeout) }),
    ...(reason === undefined ? {} : { reason: sentence(reason) }),
    timedOut,
    tally,
    failures: listed.map((failure, i) => {
      const value = i === 0 ? reasonOf(failure.cause)?.value : undefined
      return isJoin(value)
        ? { ...copies.failure(failure), error: level + 2 < most.joins ? joinAt(value, level + 1) : last(value) }
        : copies.failure(failure)
    }),
    more: Math.max(tally.failed - listed.length, 0)
  }
}

const last = (value: Join): Json => ({ _tag: value._tag, innermost: quote(innermost(value)) })

/** Where an error belongs, as data. */
export const located = (
  { path, state, workflow }: {
    readonly workflow: string | undefined
    readonly state: string | undefined
    readonly path?: Path | undefined
  }
): Json => ({ workflow: workflow && clip(workflow), state: state && clip(state), path: path && pathJson(path) })

/** The states of a path at its begin and its end, and the runs. */
const mostStates = 8
const mostRuns = 8

const pathJson = (path: Path): Json => {
  const runs: Array<Path> = []
  for (let at: Path | undefined = path; at !== undefined; at = at.nested) runs.push(at)
  const left = Math.max(runs.length - mostRuns, 0)
  const kept = left === 0 ? runs : [...runs.slice(0, mostRuns / 2), ...runs.slice(-mostRuns / 2)]
  return kept.reduceRight<Json | undefined>((nested, { entered, omitted, states, workflow }, i) => {
    const gap = (omitted ?? 0) + (left > 0 && i === mostRuns / 2 - 1 ? left : 0)
    const own = { workflow: clip(workflow), states: endsOf(states), entered, nested }
    return gap === 0 ? own : { ...own, omitted: gap }
  }, undefined)!
}

const endsOf = (states: ReadonlyArray<string>): ReadonlyArray<string> =>
  (states.length <= 2 * mostStates
    ? states
    : [...states.slice(0, mostStates), "…", ...states.slice(-mostStates)]).map((state) => clip(state))

// -----------------------------------------------------------------------------
// printing
// -----------------------------------------------------------------------------

/** Data within data, at most. */
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
    depth: Math.min(depth ?? mostDeep, mostDeep)
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
