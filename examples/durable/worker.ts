/**
 * A process that drives orders: it starts order 17, or goes on with it, and waits for its end.
 */
import { Console, Effect, Layer } from "effect"
import * as Durable from "effect-cano/durable"
import * as Sqlite from "effect-cano/sqlite"
import { Orders } from "./workflow.ts"

const Journaled = Durable.layerSql.pipe(
  Layer.provide(Sqlite.layer({ filename: process.env["JOURNAL"]! })),
  // how long after its last word a process counts as gone
  Layer.provide(Durable.settings({ lease: "1 second" }))
)

const program = Orders.run("order-17", "Ask").pipe(
  Effect.flatMap((end) => Console.log(`the order is ${end}`)),
  Effect.provide(Orders.layer.pipe(Layer.provideMerge(Journaled)))
)

await Effect.runPromise(program)
