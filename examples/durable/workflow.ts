/**
 * An order: two of three warehouses must have it, the payment is taken back if the order fails later, and a shipment. Every
 * Schema says how something is written to the journal, and read again after a crash.
 */
import { Config, Effect, Schema } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import { appendFileSync } from "node:fs"

class SoldOut extends Schema.TaggedError<SoldOut>()("SoldOut", { warehouse: Schema.String }) {}
class Declined extends Schema.TaggedError<Declined>()("Declined", { sum: Schema.Finite }) {}

const Order = Schema.Union([
  Schema.Literals(["Ask", "Shipped", "Nowhere"]),
  Schema.TaggedStruct("Pay", { from: Schema.Array(Schema.String), sum: Schema.Finite }),
  Schema.TaggedStruct("Ship", { from: Schema.Array(Schema.String) })
])

/** The world outside, where nothing is taken back by a crash: a line in a file, with the key of who has written it. */
const outside = (what: string) =>
  Effect.gen(function*() {
    const { key } = yield* Workflow.CurrentRun
    const file = yield* Config.String("LEDGER")
    appendFileSync(file, `${what} (${key})\n`)
  })

const ask = (warehouse: string, millis: number) =>
  Effect.gen(function*() {
    yield* outside(`asked ${warehouse}`)
    yield* Effect.sleep(millis)
    if (warehouse === "Bern") return yield* new SoldOut({ warehouse })
    return warehouse
  }).pipe(Effect.catchTag("ConfigError", Effect.die))

const orders = Workflow.make("orders", Order)
  .registerSplit("Ask", { ada: ask("Amsterdam", 50), bob: ask("Bern", 100), cyd: ask("Cadiz", 1500) }, {
    strategy: JoinStrategy.quorum(2),
    schema: { success: Schema.String, error: SoldOut },
    next: ({ values }) => ({ _tag: "Pay", from: Object.values(values), sum: 40 }),
    otherwise: "Nowhere"
  })
  .register("Pay", {
    run: ({ sum }) => Effect.as(Effect.orDie(outside(`charged ${sum}`)), `receipt for ${sum}`),
    schema: { success: Schema.String, error: Declined },
    compensate: () => Effect.orDie(outside("refunded")),
    next: (_receipt, { from }) => ({ _tag: "Ship", from })
  })
  .register("Ship", ({ from }) => Effect.as(Effect.orDie(outside(`shipped from ${from.join(" and ")}`)), "Shipped"))
  .addExitStates("Shipped", "Nowhere")

export const Orders = Durable.make(orders, { version: 1 })
