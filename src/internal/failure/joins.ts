/**
 * The errors of a join: what lies below one, as causes and as data. It is looked for when somebody asks, and remembered for
 * as long as the error lives.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Formatter from "effect/Formatter"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import { attempt, clip } from "../check/describe.ts"
import * as copies from "./copies.ts"
import { causeIn, mostLinks, mostText, once, TaggedError } from "./failure.ts"
import type { Path } from "./path.ts"
import * as path from "./path.ts"
import type { Join } from "./quotes.ts"
import * as quotes from "./quotes.ts"
import { foremost, innermost, isJoin, most, mostFollowed, quote, reasonOf, shortened } from "./quotes.ts"

/** What an error of a join tells beside its fields. */
export interface Told {
  /** What the first of the failed branches has failed or died with; see `errors`. */
  readonly cause: unknown
  /**
   * What the first three failed branches have failed or died with, as it is; an Error that quotes it where printing it would
   * take too long or break the printer. `result` has all failures.
   */
  readonly errors: ReadonlyArray<unknown>
}

/** `TaggedError` for an error of a join. */
export const JoinError = <Tag extends string>(
  tag: Tag
): new<Fields extends Record<string, any>>(
  fields: { readonly [K in keyof Fields as K extends "_tag" ? never : K]: Fields[K] }
) => Cause.YieldableError & { readonly _tag: Tag } & Readonly<Fields> & Told => {
  class Base extends (TaggedError(tag) as unknown as new(fields: never) => Cause.YieldableError & Join) {
    override get cause(): unknown {
      return causeOf(this)
    }
    get errors(): ReadonlyArray<unknown> {
      return errorsOf(this)
    }
    override get message(): string {
      return once(this, quotes.join(this))
    }
    override toJSON(): unknown {
      return toJson(this)
    }
  }
  return Base as never
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

/** An error that holds the result of a split. */
type Holding = { readonly result?: Pick<Join["result"], "failures"> | undefined }

const links = new WeakMap<object, Link>()
const lists = new WeakMap<object, ReadonlyArray<unknown>>()

/** What the first branches have failed with. */
const valuesOf = ({ result }: Holding): ReadonlyArray<unknown> =>
  result === undefined ? [] : foremost(result.failures, most.failures).flatMap(({ cause }) => {
    const reason = reasonOf(cause)
    return reason === undefined ? [] : [reason.value]
  })

const linkOf = (self: Holding): Link => {
  const known = links.get(self)
  if (known !== undefined) return known
  // from the innermost outwards: calls in calls would be as deep as the joins
  const chain: Array<Holding> = [self]
  let below = valuesOf(self)[0]
  for (; isJoin(below) && !links.has(below) && chain.length < mostFollowed; below = valuesOf(below)[0]) {
    chain.push(below)
  }
  return chain.reduceRight<Link>((_, join) => links.get(join) ?? link(join), alone)
}

/** Of what is its own cause, and has still to be looked at. */
const alone: Link = { cause: undefined, length: 1 }

const link = (self: Holding): Link => {
  links.set(self, alone)
  let cause = printable(valuesOf(self)[0])
  for (let i = 0; i < 2 * mostLinks && lengthOf(cause) > mostLinks; i++) cause = causeIn(cause)
  const found = { cause, length: 1 + lengthOf(cause) }
  links.set(self, found)
  return found
}

/** The first failure of a join. */
export const causeOf = (self: Holding): unknown => linkOf(self).cause

/**
 * The first few failures of a join. Of a join among them that has others below it the innermost failure stands for it:
 * whoever prints the errors of errors would print more than anybody reads.
 */
export const errorsOf = (self: Holding): ReadonlyArray<unknown> => {
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
      Formatter.formatJson(value).length <= mostText &&
      // errors in it are printed with what has caused them
      Formatter.format(value).length <= mostText
  }) ?? false

const framesOf = (stack: unknown): ReadonlyArray<string> =>
  Predicate.isString(stack)
    ? shortened(stack, 2 * mostText).split("\n").filter((line) => /^\s*at /.test(line)).slice(0, 10).map((line) =>
      clip(line, 300)
    )
    : []

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

/** The failure of a split, with the trace of its first failed branch: the functions that led there, and to the split. */
export const toCause = <E extends Join>(self: E): Cause.Cause<E> => {
  const cause = Cause.fail(self)
  const [first] = foremost(self.result.failures, 1)
  const found = first && reasonOf(first.cause)
  if (found === undefined) return cause
  const frame = Context.getOption(Cause.reasonAnnotations(found.reason), Cause.StackTrace)
  return Option.isSome(frame) ? Cause.annotate(cause, Context.make(Cause.StackTrace, frame.value)) : cause
}

// -----------------------------------------------------------------------------
// data
// -----------------------------------------------------------------------------

type Json = { readonly [field: string]: unknown }

/** An error of a join as data: its counts and its first failures, the first of them with what lies below it. */
const toJson = (self: Join & { readonly path?: Path | undefined }): Json => ({
  ...jsonAt(self, 0),
  path: self.path && path.toJson(self.path)
})

const jsonAt = (self: Join, level: number): Json => {
  const { reason, result: { failures, tally, timedOut }, state, timeout, workflow } = self
  const listed = foremost(failures, most.failures)
  const json: Json = {
    _tag: self._tag,
    // of those below it the list of failures has the message
    ...(level === 0 ? { message: (self as unknown as Error).message } : {}),
    workflow: workflow && clip(workflow),
    state: state && clip(state),
    strategy: quotes.strategy(self.strategy),
    ...(timeout === undefined ? {} : { timeout: Duration.format(timeout) }),
    ...(reason === undefined ? {} : { reason: quotes.sentence(reason) }),
    timedOut,
    tally,
    failures: listed.map((failure, i) => {
      const value = i === 0 ? reasonOf(failure.cause)?.value : undefined
      return isJoin(value)
        ? { ...copies.failure(failure), error: level + 2 < most.joins ? jsonAt(value, level + 1) : last(value) }
        : copies.failure(failure)
    }),
    more: Math.max(tally.failed - listed.length, 0)
  }
  return Record.filter(json, Predicate.isNotUndefined)
}

const last = (value: Join): Json => ({ _tag: value._tag, innermost: quote(innermost(value)) })
