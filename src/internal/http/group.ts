/** The endpoints of an operator, as values. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import { schemas } from "../operator/schemas.ts"
import { JournalUnavailableError, NoSuchRunError, OrderRefusedError, RunEndedError } from "./errors.ts"

/** Made in a function, as a bundler does not see that nothing else happens where one is made of others. */
const make = () => {
  /** One value of a query, or several. */
  const several = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.Union([schema, Schema.Array(schema)]))

  const selection = {
    workflow: several(Schema.String),
    status: several(schemas.status),
    outcome: several(schemas.outcome),
    state: several(Schema.String),
    parent: Schema.optionalKey(Schema.String),
    createdBefore: Schema.optionalKey(Schema.Finite),
    createdAfter: Schema.optionalKey(Schema.Finite),
    updatedBefore: Schema.optionalKey(Schema.Finite),
    updatedAfter: Schema.optionalKey(Schema.Finite)
  }

  const most = 500
  const limit = Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: most })))

  const params = { runId: Schema.String }

  const sending = {
    requestId: Schema.optionalKey(Schema.String.check(Schema.isNonEmpty())),
    /** Nobody waits for longer than a minute. */
    within: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 60_000 })))
  }

  const [done, , kept] = schemas.answer.members

  const ordered = <const Id extends string, Fields extends Schema.Struct.Fields>(id: Id, fields: Fields) =>
    HttpApiEndpoint.post(id, `/runs/:runId/${id}`, {
      params,
      payload: Schema.Struct({ ...fields, ...sending }),
      success: [done, kept.pipe(HttpApiSchema.status(202))],
      error: [NoSuchRunError, OrderRefusedError, RunEndedError, JournalUnavailableError]
    })

  const orders = {
    Cancel: { compensate: Schema.optionalKey(Schema.Boolean) },
    Pause: { note: Schema.optionalKey(Schema.String) },
    Resume: {},
    Retry: { branches: Schema.optionalKey(Schema.Literals(["failed", "all"])) },
    Rerun: { state: Schema.Json },
    SkipBranch: { branch: Schema.String, value: Schema.Json },
    SkipTo: { state: Schema.Json },
    SkipStep: { step: Schema.String },
    End: {},
    Signal: { name: Schema.String, value: Schema.Json, key: Schema.optionalKey(Schema.String) }
  } as const

  const order = Schema.Union([
    Schema.TaggedStruct("Cancel", orders.Cancel),
    Schema.TaggedStruct("Pause", orders.Pause),
    Schema.TaggedStruct("Resume", orders.Resume),
    Schema.TaggedStruct("Retry", orders.Retry),
    Schema.TaggedStruct("Rerun", orders.Rerun),
    Schema.TaggedStruct("SkipBranch", orders.SkipBranch),
    Schema.TaggedStruct("SkipTo", orders.SkipTo),
    Schema.TaggedStruct("SkipStep", orders.SkipStep),
    Schema.TaggedStruct("End", orders.End),
    Schema.TaggedStruct("Signal", orders.Signal)
  ]).annotate({ identifier: "CanoOrder" })
  return HttpApiGroup.make("runs").add(
    HttpApiEndpoint.get("list", "/runs", {
      query: { ...selection, after: Schema.optionalKey(Schema.String), limit },
      success: Schema.Struct({
        runs: Schema.Array(schemas.head),
        /** Where to go on: the `after` of the next page. */
        next: Schema.UndefinedOr(Schema.String)
      }),
      error: JournalUnavailableError
    }),
    HttpApiEndpoint.get("count", "/counts", {
      query: selection,
      success: Schema.Array(schemas.count),
      error: JournalUnavailableError
    }),
    HttpApiEndpoint.get("show", "/runs/:runId", {
      params,
      query: { visits: limit },
      success: schemas.shown,
      error: [NoSuchRunError, JournalUnavailableError]
    }),
    HttpApiEndpoint.get("why", "/runs/:runId/why", {
      params,
      success: schemas.why,
      error: [NoSuchRunError, JournalUnavailableError]
    }),
    HttpApiEndpoint.get("history", "/runs/:runId/history", {
      params,
      query: { from: Schema.optionalKey(Schema.Int), limit },
      success: Schema.Struct({ rows: Schema.Array(schemas.row), next: Schema.UndefinedOr(Schema.Finite) }),
      error: [NoSuchRunError, JournalUnavailableError]
    }),
    ordered("cancel", orders.Cancel),
    ordered("pause", orders.Pause),
    ordered("resume", orders.Resume),
    ordered("retry", orders.Retry),
    ordered("rerun", orders.Rerun),
    HttpApiEndpoint.post("skip", "/runs/:runId/skip", {
      params,
      payload: Schema.Union([
        Schema.Struct({ ...orders.SkipBranch, ...sending }),
        Schema.Struct({ ...orders.SkipTo, ...sending }),
        Schema.Struct({ ...orders.SkipStep, ...sending })
      ]),
      success: [done, kept.pipe(HttpApiSchema.status(202))],
      error: [NoSuchRunError, OrderRefusedError, RunEndedError, JournalUnavailableError]
    }),
    ordered("end", orders.End),
    ordered("signal", orders.Signal),
    HttpApiEndpoint.post("preview", "/orders/preview", {
      payload: Schema.Struct({ selection: Schema.Struct(selection) }),
      success: Schema.Struct({ runs: Schema.Finite, first: Schema.Array(schemas.head) }),
      error: JournalUnavailableError
    }),
    HttpApiEndpoint.post("order", "/orders", {
      payload: Schema.Struct({
        selection: Schema.Struct(selection),
        order,
        requestId: Schema.String.check(Schema.isNonEmpty()),
        within: sending.within
      }),
      success: HttpApiSchema.StreamNdjson({ schema: Schema.toCodecJson(schemas.sent) }),
      error: JournalUnavailableError
    }),
    HttpApiEndpoint.post("purge", "/runs/purge", {
      payload: Schema.Struct({
        endedBefore: Schema.Finite,
        workflow: selection.workflow,
        outcome: selection.outcome,
        isPreview: Schema.optionalKey(Schema.Boolean),
        /** How many runs at most: 1000 if it is left out. */
        limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000 })))
      }),
      success: Schema.Struct({
        runs: Schema.Finite,
        rows: Schema.Finite,
        letters: Schema.Finite,
        /** Whether there may be more of them. */
        hasMore: Schema.Boolean
      }),
      error: JournalUnavailableError
    })
  )
}

export const RunsGroup = make()
export type Ordered = (typeof RunsGroup.endpoints)["order"]["~Payload"]["Type"]["order"]
