/**
 * A saga over the branches of a split: a flight, a room and a car are booked at once. Where one can't be had, those that were
 * booked are taken back before the trip is offered without it.
 */
import { Console, Data, Effect, Logger } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

class SoldOut extends Data.TaggedError("SoldOut")<{ readonly what: string }> {}

type Trip = "Book" | "Hold" | { readonly _tag: "Booked"; readonly seat: number } | "OnlyOffer"

const book = <A>(what: string, millis: number, value: A) =>
  Effect.as(Effect.andThen(Effect.sleep(millis), Console.log(`book: ${what}`)), value)

const trips = (car: Effect.Effect<{ readonly plate: string }, SoldOut>) =>
  Workflow.make<Trip>("trip")
    .register("Hold", {
      run: Console.log("hold: the price"),
      compensate: () => Console.log("let go: the price"),
      next: "Book"
    })
    .registerSplit("Book", {
      flight: book("flight", 20, { seat: 7 }),
      room: book("room", 10, { bed: "double" }),
      car
    }, {
      strategy: JoinStrategy.all,
      compensate: {
        flight: (done) => Console.log(`cancel: flight, ${done._tag === "Succeeded" ? `seat ${done.value.seat}` : "?"}`),
        room: (done) => Console.log(`cancel: room, ${done._tag === "Succeeded" ? done.value.bed : "?"}`),
        car: (done) => Console.log(`cancel: car, ${done._tag === "Succeeded" ? done.value.plate : "?"}`)
      },
      next: ({ values }) => ({ _tag: "Booked", seat: values.flight.seat }),
      otherwise: "OnlyOffer"
    })
    .addExitStates("Booked", "OnlyOffer")

const program = Effect.gen(function*() {
  yield* Console.log("-- all there")
  yield* Console.log(yield* trips(book("car", 15, { plate: "B-AD 1" })).orchestrate("Hold"))
  yield* Console.log("-- no car")
  yield* Console.log(yield* trips(Effect.fail(new SoldOut({ what: "car" }))).orchestrate("Hold"))
  yield* Console.log("-- the run is interrupted while it books")
  const cut = trips(Effect.interruptible(Effect.never)).orchestrate("Hold").pipe(Effect.timeoutOption(5))
  yield* Console.log((yield* cut)._tag)
})

await Effect.runPromise(Effect.provide(program, Logger.layer([])))
