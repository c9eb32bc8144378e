/** What endpoints fail with, and with which status. They are made for one answer. */
import * as Schema from "effect/Schema"

export class NoSuchRunError extends Schema.TaggedError<NoSuchRunError>()("NoSuchRunError", {
  runId: Schema.String
}, { httpApiStatus: 404 }) {
  override get message(): string {
    return `there is no run "${this.runId}"`
  }
}

export class OrderRefusedError extends Schema.TaggedError<OrderRefusedError>()("OrderRefusedError", {
  runId: Schema.String,
  requestId: Schema.String,
  isRepeated: Schema.Boolean,
  why: Schema.String
}, { httpApiStatus: 409 }) {
  override get message(): string {
    return this.why
  }
}

export class RunEndedError extends Schema.TaggedError<RunEndedError>()("RunEndedError", {
  runId: Schema.String,
  requestId: Schema.String,
  isRepeated: Schema.Boolean,
  outcome: Schema.Literals(["succeeded", "failed", "cancelled"])
}, { httpApiStatus: 409 }) {
  override get message(): string {
    return `run "${this.runId}" has ended: ${this.outcome}`
  }
}

export class JournalUnavailableError extends Schema.TaggedError<JournalUnavailableError>()("JournalUnavailableError", {
  /** As of a `JournalError`; what a database says of it is for the log alone. */
  reason: Schema.Literals(["Unavailable", "TimedOut", "Foreign", "Newer", "Corrupt", "Payload"])
}, { httpApiStatus: 503 }) {
  override get message(): string {
    return "the journal can't be used just now"
  }
}
