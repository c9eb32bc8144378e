/**
 * What an operator sees and orders as Schemas: what goes over HTTP, and what the program prints as JSON. What is not there is
 * null in JSON, so that each thing has the same fields. A Schema is made once in the life of a program.
 */
import * as Schema from "effect/Schema"
import type * as Journal from "../../journal.ts"
import type * as Operator from "../../operator.ts"

/** A Schema of what is a type already. */
const of = <T>() => <S extends Schema.Codec<T, any>>(schema: S & (T extends S["Type"] ? unknown : never)): S => schema

/** Made in a function, as a bundler does not see that nothing else happens where one is made of others. */
const make = () => {
  const status = Schema.Literals(["running", "waiting", "compensating", "stuck", "ended"])
  const outcome = Schema.Literals(["succeeded", "failed", "cancelled"])
  const kind = Schema.Literals(["signal", "cancel", "pause", "resume", "retry", "rerun", "skip", "end"])
  const text = Schema.UndefinedOr(Schema.String)
  const number = Schema.UndefinedOr(Schema.Finite)

  const head = of<Journal.Head>()(
    Schema.Struct({
      runId: Schema.String,
      workflow: Schema.String,
      version: Schema.Finite,
      status,
      outcome: Schema.UndefinedOr(outcome),
      n: Schema.Finite,
      entered: Schema.Finite,
      visit: Schema.Finite,
      state: Schema.String,
      owner: text,
      sent: Schema.Finite,
      wakeAt: number,
      parent: text,
      createdAt: Schema.Finite,
      enteredAt: Schema.Finite,
      updatedAt: Schema.Finite
    }).annotate({ identifier: "CanoRun" })
  )

  const row = of<Journal.Row>()(
    Schema.Struct({
      n: Schema.Finite,
      kind: Schema.Literals([
        "owner",
        "enter",
        "start",
        "settle",
        "join",
        "compensate",
        "exit",
        "stuck",
        "order",
        "migrate"
      ]),
      key: Schema.String,
      data: Schema.String,
      at: Schema.Finite,
      kept: Schema.Boolean
    }).annotate({ identifier: "CanoRow" })
  )

  const count = of<Journal.Count>()(
    Schema.Struct({
      workflow: Schema.String,
      status,
      outcome: Schema.UndefinedOr(outcome),
      runs: Schema.Finite
    }).annotate({ identifier: "CanoCount" })
  )

  const reason = of<Operator.Reason>()(Schema.Struct({
    kind: Schema.Literals(["error", "defect", "interruption"]),
    sentence: Schema.String,
    json: Schema.Json
  }))

  const end = of<Operator.End>()(Schema.Union([
    Schema.TaggedStruct("Succeeded", { value: Schema.Json }),
    Schema.TaggedStruct("Failed", { reasons: Schema.Array(reason) }),
    Schema.TaggedStruct("Unreadable", { text: Schema.String })
  ]))

  const undone = of<Operator.Undone>()(Schema.Struct({
    key: Schema.String,
    at: Schema.Finite,
    how: text,
    reasons: Schema.Array(reason)
  }))

  const untaken = of<Operator.Untaken>()(Schema.Struct({
    seq: Schema.Finite,
    kind,
    name: Schema.String,
    key: text,
    id: text,
    since: Schema.Finite
  }))

  const because = of<Operator.Because>()(Schema.Union([
    Schema.TaggedStruct("Ended", { outcome, since: Schema.Finite }),
    Schema.TaggedStruct("Driven", { runner: Schema.String, until: Schema.Finite, since: Schema.Finite }),
    Schema.TaggedStruct("Waiting", {
      runner: text,
      since: Schema.Finite,
      until: number,
      waits: Schema.Array(Schema.Struct({
        for: Schema.Literals(["signal", "timer"]),
        signal: text,
        signalKey: text,
        key: Schema.String,
        until: number
      })),
      more: Schema.Finite
    }),
    Schema.TaggedStruct("Paused", { runner: text, since: Schema.Finite, note: text }),
    Schema.TaggedStruct("Due", {
      since: Schema.Finite,
      for: Schema.Literals(["start", "instant", "letter", "order", "release"]),
      runners: Schema.Finite
    }),
    Schema.TaggedStruct("Abandoned", { runner: Schema.String, since: Schema.Finite, runners: Schema.Finite }),
    Schema.TaggedStruct("Stuck", {
      of: Schema.Literals(["rollback", "failure"]),
      since: Schema.Finite,
      reasons: Schema.Array(reason),
      steps: Schema.Array(undone)
    })
  ]))

  const wake = of<Operator.Wake>()(Schema.Union([
    Schema.TaggedStruct("Instant", { at: Schema.Finite }),
    Schema.TaggedStruct("Signal", { name: Schema.String, key: text }),
    Schema.TaggedStruct("Order", { order: kind }),
    Schema.TaggedStruct("Runner", { workflow: Schema.String, version: Schema.Finite }),
    Schema.TaggedStruct("Child", { runId: Schema.String, workflow: Schema.String, status })
  ]))

  const why = of<Operator.Why>()(
    Schema.Struct({
      runId: Schema.String,
      at: Schema.Finite,
      because,
      wakes: Schema.Array(wake),
      letters: Schema.Array(untaken),
      sentence: Schema.String
    }).annotate({ identifier: "CanoWhy" })
  )

  const shown = of<Operator.Shown>()(
    Schema.Struct({
      head,
      why,
      path: Schema.Array(Schema.Struct({
        visit: Schema.Finite,
        state: Schema.String,
        value: Schema.Json,
        since: Schema.Finite,
        until: number,
        n: Schema.Finite
      })),
      earlier: Schema.Finite,
      branches: Schema.Array(Schema.Struct({ key: Schema.String, branch: text, at: Schema.Finite, end })),
      joins: Schema.Array(Schema.Struct({
        key: Schema.String,
        at: Schema.Finite,
        verdict: Schema.Literals(["proceed", "fail"]),
        reason: text,
        isLate: Schema.Boolean
      })),
      hasMore: Schema.Boolean,
      rollback: Schema.UndefinedOr(Schema.Struct({
        since: Schema.Finite,
        reasons: Schema.Array(reason),
        steps: Schema.Array(undone)
      })),
      letters: Schema.Array(untaken),
      children: Schema.Array(head),
      end: Schema.UndefinedOr(end)
    }).annotate({ identifier: "CanoShownRun" })
  )

  const common = { runId: Schema.String, requestId: Schema.String, isRepeated: Schema.Boolean }

  const answer = of<Operator.Answer>()(
    Schema.Union([
      Schema.TaggedStruct("Done", { ...common, reply: Schema.UndefinedOr(Schema.Json) }),
      Schema.TaggedStruct("Refused", { ...common, why: Schema.String }),
      Schema.TaggedStruct("Kept", { ...common, why: Schema.String }),
      Schema.TaggedStruct("Ended", { ...common, outcome }),
      Schema.TaggedStruct("NoSuchRun", common)
    ]).annotate({ identifier: "CanoAnswer" })
  )

  /** What has become of an order to one of many runs: of an error its sentence. */
  const sent = Schema.Union([
    answer,
    Schema.TaggedStruct("Failed", { runId: Schema.String, requestId: Schema.String, why: Schema.String })
  ]).annotate({ identifier: "CanoSent" })

  return { status, outcome, head, row, count, why, shown, answer, sent }
}

export const schemas = make()

export const toSent = (one: Operator.Sent): typeof schemas.sent.Type => {
  if (one._tag !== "Failed") return one
  const { error, requestId, runId } = one
  return { _tag: "Failed", runId, requestId, why: error.message }
}
