/**
 * An order: three warehouses are asked at once, of which two must have it; then somebody has to approve it, and it is shipped.
 */
import { Config, Effect, Schema } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Signal from "effect-cano/Signal"
import { appendFileSync } from "node:fs"

export const Approval = Signal.make("approval", Schema.Boolean)

const Order = Schema.Union([
  Schema.Literals(["Ask", "Nowhere", "Refused", "Shipped"]),
  Schema.TaggedStruct("Approve", { from: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("Ship", { from: Schema.Array(Schema.String) })
])

/** The world outside: a line in a file, with the key of who has written it. */
const outside = (what: string) =>
  Effect.gen(function*() {
    const { key } = yield* Workflow.CurrentRun
    const file = yield* Config.String("LEDGER")
    appendFileSync(file, `${process.pid} ${what} (${key})\n`)
  }).pipe(Effect.orDie)

const ask = (warehouse: string, millis: number) =>
  Effect.andThen(outside(`asked ${warehouse}`), Effect.as(Effect.sleep(millis), warehouse))

const orders = Workflow.make("orders", Order)
  .registerSplit("Ask", { ada: ask("Amsterdam", 50), bob: ask("Bern", 1000), cyd: ask("Cadiz", 3_600_000) }, {
    strategy: JoinStrategy.quorum(2),
    schema: { success: Schema.String, error: Schema.Never },
    next: ({ values }) => ({ _tag: "Approve", from: Object.values(values) }),
    otherwise: "Nowhere"
  })
  .registerSignal("Approve", Approval, {
    next: (isApproved, { from }) => isApproved ? { _tag: "Ship", from } : "Refused"
  })
  .register("Ship", ({ from }) => Effect.as(outside(`shipped from ${from.join(" and ")}`), "Shipped"))
  .addExitStates("Nowhere", "Refused", "Shipped")

export const Orders = Durable.make(orders, { version: 1 })
