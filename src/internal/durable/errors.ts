/**
 * How runs and branches end, as what JSON can hold: their errors by a Schema, those of the engine by their fields, and
 * defects as far as they can be told. Codecs are made with a definition and keep nothing.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as CanoError from "../../CanoError.ts"
import type { Tally } from "../../JoinStrategy.ts"
import { StoreError } from "../../MemoryStore.ts"
import { SignalError, SignalTimeoutError } from "../../Signal.ts"
import type { Outcome, SplitResult } from "../../SplitResult.ts"
import { describe } from "../check/describe.ts"
import { showable } from "../failure/copies.ts"
import { PollTimeoutError } from "../task/poll.ts"
import { PayloadTooLargeError } from "./error.ts"
import type { Codec, Read } from "./text.ts"
import * as text from "./text.ts"

/** The Schemas of how something ends. */
export interface Ends {
  readonly success: Schema.Top | undefined
  readonly error?: Schema.Top | undefined
}

/** What the errors of a definition are made of that are not data: found by the name of a state. */
export interface Around {
  /** The strategy of a split state. */
  readonly strategyOf: (state: string | undefined) => unknown
  /** How the branches of a split state end. */
  readonly endsOf: (state: string | undefined, name: string) => Ends
}

export interface ExitCodec {
  readonly encode: (exit: Exit.Exit<unknown, unknown>) => Read<unknown>
  readonly decode: (json: unknown) => Read<Exit.Exit<unknown, unknown>>
}

const defects: Codec = text.codec(Schema.Defect())
const nothing: Codec = { encode: () => Result.succeed(null), decode: () => Result.succeed(undefined) }

export const exits = (ends: Ends, around: Around): ExitCodec => {
  const success = ends.success === undefined ? nothing : text.codec(ends.success)
  const causes = causesOf(ends.error, around)
  return {
    encode: (exit) =>
      Exit.isSuccess(exit)
        ? Result.map(success.encode(exit.value), (s) => ({ s }))
        : Result.map(causes.encode(exit.cause), (c) => ({ c })),
    decode: (json) => {
      if (Predicate.hasProperty(json, "s")) return Result.map(success.decode(json.s), Exit.succeed)
      if (Predicate.hasProperty(json, "c")) return Result.map(causes.decode(json.c), Exit.failCause)
      return Result.fail("it is neither a success nor a failure")
    }
  }
}

export interface CauseCodec {
  readonly encode: (cause: Cause.Cause<unknown>) => Read<unknown>
  readonly decode: (json: unknown) => Read<Cause.Cause<unknown>>
}

export const causesOf = (error: Schema.Top | undefined, around: Around): CauseCodec => {
  const own = error === undefined ? undefined : text.codec(error)
  const one = (reason: Cause.Reason<unknown>): unknown => {
    if (Cause.isInterruptReason(reason)) return { i: reason.fiberId ?? null }
    if (Cause.isDieReason(reason)) {
      return reason.defect instanceof PayloadTooLargeError ? { l: tooLarge.encode(reason.defect) } : {
        d: defectOf(reason.defect)
      }
    }
    const known = Result.try({ try: () => engine.encode(reason.error, around, causes), catch: describe })
    if (Result.isFailure(known)) return { d: defectOf(unfit(reason.error, known.failure)) }
    if (known.success !== undefined) return { f: known.success }
    const encoded = own?.encode(reason.error) ?? Result.fail("there is no Schema for errors")
    return Result.isSuccess(encoded)
      ? { e: encoded.success }
      // of an error that nobody could read what can be said of it is kept
      : { d: defectOf(unfit(reason.error, encoded.failure)) }
  }
  const back = (json: unknown): Read<Cause.Reason<unknown>> => {
    if (Predicate.hasProperty(json, "i")) {
      return Result.succeed(Cause.makeInterruptReason(Predicate.isNumber(json.i) ? json.i : undefined))
    }
    if (Predicate.hasProperty(json, "d")) return Result.map(defects.decode(json.d), Cause.makeDieReason)
    if (Predicate.hasProperty(json, "l")) return Result.succeed(Cause.makeDieReason(tooLarge.decode(json.l)))
    if (Predicate.hasProperty(json, "f")) return Result.map(engine.decode(json.f, around, causes), Cause.makeFailReason)
    if (!Predicate.hasProperty(json, "e")) return Result.fail("it is no reason of a cause")
    return own === undefined
      ? Result.fail("it is an error, and there is no Schema for errors")
      : Result.map(own.decode(json.e), Cause.makeFailReason)
  }
  const causes: CauseCodec = {
    encode: ({ reasons }) => Result.succeed(reasons.map(one)),
    decode: (json) =>
      Array.isArray(json)
        ? Result.map(Result.all(json.map(back)), Cause.fromReasons)
        : Result.fail("it is no list of reasons")
  }
  return causes
}

/** The one defect that is of the engine. */
const tooLarge = {
  encode: ({ branch, detail, limit, runId, size, state }: PayloadTooLargeError): unknown => ({
    runId,
    state,
    branch,
    size,
    limit,
    detail
  }),
  // JSON has no undefined
  decode: (json: any): PayloadTooLargeError =>
    new PayloadTooLargeError({ state: undefined, branch: undefined, detail: undefined, ...json })
}

const unfit = (error: unknown, why: string): TypeError =>
  new TypeError(`the error ${describe(error)} does not fit the Schema of errors: ${why}`)

const defectOf = (defect: unknown): unknown => {
  const encoded = defects.encode(defect)
  return Result.isSuccess(encoded) ? encoded.success : { name: "Error", message: describe(defect) }
}

// -----------------------------------------------------------------------------
// the engine's own errors
// -----------------------------------------------------------------------------

type Json = { readonly [field: string]: any }

interface Kind {
  readonly is: (error: unknown) => boolean
  readonly encode: (error: any, around: Around, causes: CauseCodec) => Json
  readonly decode: (json: Json, around: Around, causes: CauseCodec) => unknown
}

const where = ({ path, state, workflow }: Json): Json => ({ workflow, state, path })

/** JSON has no undefined: fields that are missing are that. */
const whole = (json: Json): Json => ({ workflow: undefined, state: undefined, path: undefined, ...json })

const millis = (duration: Duration.Duration): number | null =>
  Duration.isFinite(duration) ? Duration.toMillis(duration) : null
const duration = (json: unknown): Duration.Duration =>
  Predicate.isNumber(json) ? Duration.millis(json) : Duration.infinity

/** Of a fault in the text: caught where the whole is read. */
const orThrow = <A>(read: Read<A>): A => {
  if (Result.isFailure(read)) throw new TypeError(read.failure)
  return read.success
}

const plain = (Class: new(fields: any) => unknown, fields: ReadonlyArray<string>): Kind => ({
  is: (error) => error instanceof Class,
  encode: (error) => Object.fromEntries(fields.map((field) => [field, error[field]])),
  decode: (json) => new Class(Object.fromEntries(fields.map((field) => [field, json[field]])))
})

const join = (Class: new(fields: any) => unknown): Kind => ({
  is: (error) => error instanceof Class,
  encode: (error, around) => ({
    ...where(error),
    reason: error.reason,
    timeout: error.timeout === undefined ? undefined : millis(error.timeout),
    result: results.encode(error.result, error.state, around)
  }),
  decode: (json, around) =>
    new Class({
      ...whole(where(json)),
      strategy: around.strategyOf(json["state"]),
      reason: json["reason"],
      ...("timeout" in json ? { timeout: duration(json["timeout"]) } : {}),
      result: results.decode(json["result"], json["state"], around)
    })
})

const kinds: { readonly [tag: string]: Kind } = {
  WorkflowError: plain(CanoError.WorkflowError, ["rule", "detail", "workflow", "state", "path"]),
  ConfigurationError: plain(CanoError.ConfigurationError, ["workflow", "issues"]),
  SignalError: plain(SignalError, ["runId", "signal", "reason", "detail"]),
  StoreError: plain(StoreError, ["key", "reason", "detail"]),
  BulkheadFullError: plain(CanoError.BulkheadFullError, ["bulkhead", "asked", "waiting", "maxWaiting"]),
  BulkheadReentryError: plain(CanoError.BulkheadReentryError, ["bulkhead", "heldIn", "askedIn"]),
  JoinUnsatisfiedError: join(CanoError.JoinUnsatisfiedError),
  JoinTimeoutError: join(CanoError.JoinTimeoutError),
  WorkflowTimeoutError: {
    is: (error) => error instanceof CanoError.WorkflowTimeoutError,
    encode: (error, around) => ({
      ...where(error),
      limit: millis(error.limit),
      result: error.result && results.encode(error.result, error.state, around)
    }),
    decode: (json, around) =>
      new CanoError.WorkflowTimeoutError({
        ...whole(where(json)) as { readonly workflow: string; readonly state: undefined; readonly path: undefined },
        limit: duration(json["limit"]),
        result: json["result"] && results.decode(json["result"], json["state"], around) as never
      })
  },
  SignalTimeoutError: {
    is: (error) => error instanceof SignalTimeoutError,
    encode: (error) => ({ ...where(error), signal: error.signal, key: error.key, limit: millis(error.limit) }),
    decode: (json) =>
      new SignalTimeoutError({
        ...whole(where(json)) as Pick<SignalTimeoutError, "workflow" | "state" | "path">,
        signal: json["signal"],
        key: json["key"],
        limit: duration(json["limit"])
      })
  },
  PollTimeoutError: pollTimeout(),
  CompensationError: {
    is: (error) => error instanceof CanoError.CompensationError,
    encode: (error: CanoError.CompensationError, _, causes) => ({
      workflow: error.workflow,
      path: error.path,
      original: orThrow(causes.encode(error.original)),
      compensated: error.compensated,
      failures: error.failures.map((one) => ({ ...one, cause: orThrow(causes.encode(one.cause)) }))
    }),
    decode: (json, _, causes) =>
      new CanoError.CompensationError({
        workflow: json["workflow"],
        path: json["path"],
        original: orThrow(causes.decode(json["original"])),
        compensated: json["compensated"],
        failures: json["failures"].map((one: Json) => ({
          branch: undefined,
          ...one,
          cause: orThrow(causes.decode(one["cause"]))
        }))
      })
  }
}

/** Errors of the engine; nothing where it is another one. */
const engine = {
  encode: (error: unknown, around: Around, causes: CauseCodec): unknown => {
    const tag = Predicate.hasProperty(error, "_tag") ? String(error._tag) : ""
    const kind = Object.hasOwn(kinds, tag) ? kinds[tag]! : undefined
    return kind?.is(error) === true ? { t: tag, ...kind.encode(error, around, causes) } : undefined
  },
  decode: (json: unknown, around: Around, causes: CauseCodec): Read<unknown> => {
    const tag = Predicate.hasProperty(json, "t") ? String(json.t) : ""
    const kind = Object.hasOwn(kinds, tag) ? kinds[tag]! : undefined
    if (kind === undefined) return Result.fail(`there is no error "${tag}"`)
    const { t: _, ...fields } = json as Json
    return Result.try({ try: () => kind.decode(fields, around, causes), catch: describe })
  }
}

// -----------------------------------------------------------------------------
// the result of a split
// -----------------------------------------------------------------------------

const letters = { Succeeded: "s", Failed: "f", Interrupted: "i", NotStarted: "n", Late: "l" } as const

const results = {
  encode: (result: any, state: string | undefined, around: Around): Json => {
    const { outcomes, settled = [], tally, timedOut } = result
    const isRecord = outcomes !== undefined && !Array.isArray(outcomes)
    const all: ReadonlyArray<Outcome.Any<unknown, unknown>> = outcomes === undefined ? [] : Object.values(outcomes)
    return {
      tally,
      timedOut,
      isRecord,
      settled: settled.map(({ index }: { readonly index: number }) => index),
      outcomes: all.map((outcome) => {
        const { index, name } = outcome
        const codec = exits(around.endsOf(state, name), around)
        const exit = outcome._tag === "Succeeded"
          ? Exit.succeed(outcome.value)
          : outcome._tag === "NotStarted" || outcome._tag === "Detached"
          ? undefined
          : outcome._tag === "Late"
          ? outcome.exit
          : Exit.failCause(outcome.cause)
        const encoded = exit && codec.encode(exit)
        return {
          k: outcome._tag === "Detached" ? "n" : letters[outcome._tag],
          index,
          name,
          // what does not fit is told of its branch
          x: encoded && (Result.isSuccess(encoded)
            ? encoded.success
            : { c: [{ d: defectOf(new TypeError(`branch "${name}": ${encoded.failure}`)) }] })
        }
      })
    }
  },
  decode: (json: Json, state: string | undefined, around: Around): SplitResult<unknown, unknown> => {
    const tally = json["tally"] as Tally
    const list: Array<Outcome.Any<unknown, unknown>> = json["outcomes"].map(({ index, k, name, x }: Json) => {
      if (k === "n") return { _tag: "NotStarted", index, name }
      const exit = orThrow(exits(around.endsOf(state, name as string), around).decode(x))
      if (k === "l") return { _tag: "Late", index, name, exit }
      if (Exit.isSuccess(exit)) return { _tag: "Succeeded", index, name, value: exit.value }
      return { _tag: k === "i" ? "Interrupted" : "Failed", index, name, cause: exit.cause }
    })
    const byIndex = new Map(list.map((outcome) => [outcome.index, outcome]))
    const succeeded = list.filter((outcome) => outcome._tag === "Succeeded")
    const shape = <A>(items: ReadonlyArray<A>, of: ReadonlyArray<{ readonly name: string }>): any =>
      json["isRecord"] === true ? Object.fromEntries(items.map((item, i) => [of[i]!.name, item])) : items
    return showable({
      tally,
      timedOut: json["timedOut"] === true,
      values: shape(succeeded.map(({ value }) => value), succeeded),
      outcomes: shape(list, list),
      failures: list.filter((outcome) => outcome._tag === "Failed"),
      cancelled: list.filter((outcome) => outcome._tag === "Interrupted" || outcome._tag === "NotStarted"),
      settled: (json["settled"] as ReadonlyArray<number>).flatMap((index) => byIndex.get(index) ?? [])
    }) as SplitResult<unknown, unknown>
  }
}

function pollTimeout(): Kind {
  return {
    is: (error) => error instanceof PollTimeoutError,
    encode: (error: PollTimeoutError, _, causes) => ({
      ...where(error),
      reason: error.reason,
      within: millis(error.within),
      polls: error.polls,
      failed: error.failed,
      running: error.running,
      error: Option.isSome(error.error) ? orThrow(causes.encode(Cause.fail(error.error.value))) : null
    }),
    decode: (json, _, causes) => {
      const { reasons } = json["error"] === null ? Cause.empty : orThrow(causes.decode(json["error"]))
      return new PollTimeoutError({
        ...whole(where(json)) as Pick<PollTimeoutError, "workflow" | "state" | "path">,
        reason: json["reason"],
        within: duration(json["within"]),
        polls: json["polls"],
        failed: json["failed"],
        running: json["running"],
        error: Option.fromUndefinedOr(reasons.filter(Cause.isFailReason)[0]?.error)
      })
    }
  }
}
