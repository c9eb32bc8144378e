/**
 * `allFailFast`: every branch must succeed, and the first failure interrupts the rest. For work that is worthless when a
 * part of it is missing.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

type State = "Reserve" | "Booked" | "Refused"

const reserve = (what: string, millis: number, free: boolean) =>
  Effect.sleep(millis).pipe(
    Effect.andThen(free ? Effect.succeed(what) : Effect.fail(`no ${what} left`)),
    Effect.onInterrupt(() => Console.log(`  ${what}: reservation dropped`))
  )

const trip = (flights: boolean) =>
  Workflow.make<State>("trip")
    .registerSplit("Reserve", {
      hotel: reserve("room", 20, true),
      flight: reserve("seat", 60, flights),
      car: reserve("car", 120, true)
    }, {
      strategy: JoinStrategy.allFailFast,
      next: ({ values }) =>
        Effect.as(Console.log(`  booked: ${values.hotel}, ${values.flight}, ${values.car}`), "Booked" as const),
      otherwise: (error) => Effect.as(Console.log(`  ${error.message}`), "Refused" as const)
    })
    .addExitStates("Booked", "Refused")

const program = Effect.gen(function*() {
  for (const flights of [true, false]) {
    yield* Console.log(flights ? "seats are left" : "no seat is left")
    yield* Console.log(`  ${yield* trip(flights).orchestrate("Reserve")}`)
  }
})

await Effect.runPromise(program)
