/** What the commands about runs are given: flags that several have, and what is read of them. */
import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Outcome, Status } from "../../journal.ts"
import type { Selection } from "../../operator.ts"
import type { OperateError } from "./error.ts"
import { misused } from "./error.ts"
import * as instants from "./instants.ts"

export const isOn = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

export const text = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description), Flag.optional)

export const run = Argument.String("run").pipe(Argument.withDescription("The id of the run"))

export const database = {
  db: Flag.String("db").pipe(
    Flag.withMetavar("url"),
    Flag.withDescription("The journal: a SQLite file, sqlite:file, or postgres://…; else what CANO_DB says"),
    Flag.withFallbackConfig(Config.String("CANO_DB"))
  ),
  json: isOn("json", "Print JSON: one document, or one a line for what may be many")
}

const several = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withMetavar("name"), Flag.withDescription(description), Flag.atLeast(0))

export const statuses = ["running", "waiting", "compensating", "stuck", "ended"] as const
export const outcomes = ["succeeded", "failed", "cancelled"] as const

export const selection = {
  workflow: several("workflow", "Only runs of this workflow, or of one of several"),
  status: Flag.Literals("status", statuses).pipe(
    Flag.withDescription("Only those that are in this status, or in one of several"),
    Flag.atLeast(0)
  ),
  outcome: Flag.Literals("outcome", outcomes).pipe(
    Flag.withDescription("Only those that have ended like this, or in one of several ways"),
    Flag.atLeast(0)
  ),
  state: several("state", "Only those that are in this state, or in one of several"),
  parent: text("parent", "run", "Only those that a step of this run has started"),
  older: text("older", "age", "Only those of which nothing was written since: 3d, or a date"),
  newer: text("newer", "age", "Only those of which something was written since: 1h, or a date")
}

interface Selected {
  readonly workflow: ReadonlyArray<string>
  readonly status: ReadonlyArray<Status>
  readonly outcome: ReadonlyArray<Outcome>
  readonly state: ReadonlyArray<string>
  readonly parent: Option.Option<string>
  readonly older: Option.Option<string>
  readonly newer: Option.Option<string>
}

/** What of a selection was given. */
export const selected = Effect.fnUntraced(function*(given: Selected): Effect.fn.Return<Selection, OperateError> {
  const of = <A>(list: ReadonlyArray<A>) => list.length === 0 ? undefined : list
  return {
    workflow: of(given.workflow),
    status: of(given.status),
    outcome: of(given.outcome),
    state: of(given.state),
    parent: Option.getOrUndefined(given.parent),
    updatedBefore: yield* instant("older", given.older),
    updatedAfter: yield* instant("newer", given.newer)
  }
})

export const isAll = (selection: Selection): boolean => Object.values(selection).every((value) => value === undefined)

export const instant = Effect.fnUntraced(
  function*(flag: string, given: Option.Option<string>): Effect.fn.Return<number | undefined, OperateError> {
    if (Option.isNone(given)) return undefined
    const read = instants.instant(given.value, yield* Clock.currentTimeMillis)
    return Result.isSuccess(read) ? read.success : yield* misused(`--${flag}: ${read.failure}`)
  }
)

export const span = (flag: string, given: Option.Option<string>): Effect.Effect<number | undefined, OperateError> => {
  if (Option.isNone(given)) return Effect.undefined
  const read = instants.span(given.value)
  return Result.isSuccess(read) ? Effect.succeed(read.success) : Effect.fail(misused(`--${flag}: ${read.failure}`))
}

/** A value as it is written in a command line. */
export const json = (what: string, given: string): Effect.Effect<Schema.Json, OperateError> =>
  Effect.try({
    try: () => JSON.parse(given) as Schema.Json,
    catch: () => misused(`${what} is no JSON: a text has quotes of its own, '"yes"'`)
  })
