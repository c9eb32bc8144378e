/** A program that drives runs, for the tests of `cano`: on a database, until it is told to end. `node program.ts <url> <what>` */
import { Effect, Layer, Schema } from "effect"
import { Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Signal from "effect-cano/Signal"
import * as Sqlite from "effect-cano/sqlite"
import * as databases from "../postgres/databases.ts"

const Approval = Signal.make("approval", Schema.Boolean)
class Broken extends Schema.TaggedError<Broken>()("Broken", {}) {}

/** Asks; is booked, or fails. */
const trip = Workflow.make("trip", Schema.Literals(["Ask", "Book", "Booked", "NoTrip"]))
  .registerSignal("Ask", Approval, { next: (yes) => yes ? "Book" : "NoTrip" })
  .register("Book", (_: "Book") => process.argv[3] === "broken" ? new Broken() : Effect.succeed("Booked" as const))
  .addExitStates("Booked", "NoTrip")
const Trip = Durable.make(trip, { version: 1, error: Broken })

const url = process.argv[2]!
const client = url.startsWith("postgres") ? databases.client(url) : Sqlite.layer({ filename: url })
const journal = Durable.layerSql.pipe(
  Layer.provide(client),
  Layer.provide(Durable.settings({ poll: "20 millis", lease: "2 seconds" }))
)

const program = Effect.gen(function*() {
  if (process.argv[4] !== undefined) {
    for (const runId of process.argv[4].split(",")) yield* Trip.start(runId, "Ask")
  }
  console.log("ready")
  yield* Effect.callback<void>((resume) => {
    process.stdin.once("end", () => resume(Effect.void)).resume()
  })
})
await Effect.runPromise(Effect.provide(program, Layer.provideMerge(Trip.layer, journal)))
