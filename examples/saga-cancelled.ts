/**
 * A run that is cancelled from outside, by its id: what it would undo is looked at first, then it goes back, and nothing stops
 * that, not even a second cancel.
 */
import { Console, Effect, Layer, Logger, Option } from "effect"
import { JoinStrategy, Saga, Workflow } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import * as Schema from "effect/Schema"

type Trip = "Hold" | "Book" | "Confirm" | "Booked"

const Confirmed = Signal.make("confirmed", Schema.Boolean)

const trips = Workflow.make<Trip>("trip")
  .register("Hold", {
    run: Effect.as(Console.log("hold: the price"), 90),
    compensate: () => Effect.andThen(Effect.sleep("50 millis"), Console.log("let go: the price")),
    next: "Book"
  })
  .registerSplit("Book", {
    flight: Effect.as(Console.log("book: flight"), { seat: 7 }),
    room: Effect.as(Console.log("book: room"), { bed: "double" })
  }, {
    strategy: JoinStrategy.all,
    compensate: {
      flight: (done) => Console.log(`cancel: flight, ${done._tag === "Succeeded" ? `seat ${done.value.seat}` : "?"}`),
      room: (done) => Console.log(`cancel: room, ${done._tag === "Succeeded" ? done.value.bed : "?"}`)
    },
    next: "Confirm"
  })
  .registerSignal("Confirm", Confirmed, { next: "Booked" })
  .addExitStates("Booked")

/** Somebody else, who knows the id of the run. */
const operator = Effect.gen(function*() {
  const run = Option.getOrThrow(yield* Runs.get("trip-7"))
  yield* Console.log((yield* run.info).waits.map((wait) => `waits: ${wait.for}`).join())
  yield* Console.log(Saga.format(yield* run.rollbackPlan))
  const [first, second] = yield* Effect.all([run.cancel(), run.cancel()], { concurrency: 2 })
  yield* Console.log(first._tag, second._tag, (yield* run.info).status)
})

const program = Effect.gen(function*() {
  yield* Runs.fork(trips, "Hold", { runId: "trip-7" })
  yield* operator
})

const services = Layer.mergeAll(Runs.layer, Logger.layer([]))
await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(services)))
