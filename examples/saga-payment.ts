/**
 * A payment that is taken back: a reservation, a charge and a shipment, of which the last one fails. What was done is undone
 * in reverse order; a refund that fails once is tried again.
 */
import { Console, Data, Effect, Logger, Schedule } from "effect"
import { Workflow } from "effect-cano"

type Order =
  | { readonly _tag: "Reserve"; readonly item: string; readonly sum: number }
  | { readonly _tag: "Charge"; readonly item: string; readonly sum: number }
  | { readonly _tag: "Ship"; readonly item: string }
  | "Shipped"

class OutOfReach extends Data.TaggedError("OutOfReach")<{ readonly item: string }> {}
class BankClosed extends Data.TaggedError("BankClosed")<{}> {}

let attempts = 0
const refund = (receipt: string) =>
  Effect.suspend(() =>
    ++attempts === 1
      ? Effect.andThen(Console.log("refund: the bank is closed"), Effect.fail(new BankClosed()))
      : Console.log(`refund: ${receipt}`)
  )

const orders = Workflow.make<Order>("orders")
  .register("Reserve", {
    run: ({ item }) => Effect.as(Console.log(`reserve: ${item}`), { shelf: 4 }),
    compensate: (done, { state }) =>
      done._tag === "Succeeded" ? Console.log(`put back: ${state.item}, shelf ${done.value.shelf}`) : Effect.void,
    next: () => ({ _tag: "Charge", item: "kite", sum: 40 })
  })
  .register("Charge", {
    run: ({ sum }) =>
      Effect.flatMap(
        Workflow.CurrentRun,
        ({ key }) => Effect.as(Console.log(`charge: ${sum} as ${key}`), `receipt of ${key}`)
      ),
    compensate: (done, { key }) =>
      // in doubt nobody has a receipt, and the bank is asked by the key
      refund(done._tag === "Succeeded" ? done.value : `whatever was charged as ${key}`),
    next: { _tag: "Ship", item: "kite" }
  })
  .register("Ship", {
    run: ({ item }) => Effect.fail(new OutOfReach({ item })),
    next: "Shipped"
  })
  .addExitStates("Shipped")
  .withCompensation({ retry: Schedule.recurs(3), timeout: "10 seconds" })

const program = orders.orchestrate({ _tag: "Reserve", item: "kite", sum: 40 }, { runId: "order-7" }).pipe(
  Effect.catchTags({
    // somebody has to look at what could not be undone
    CompensationError: (error) => Console.log(`call the bank: ${error.message}`),
    OutOfReach: ({ item }) => Console.log(`sorry: no way to deliver a ${item}`)
  })
)

await Effect.runPromise(Effect.provide(program, Logger.layer([])))
