/**
 * What is inferred of flows of durable runs, and of schedulers with a store. Checked with the rest, and never run.
 */
import { Context, Effect, type Layer, Schedule, Schema, type Scope } from "effect"
import { type CanoError, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import type * as Runs from "effect-cano/Runs"
import * as Scheduler from "effect-cano/Scheduler"
import * as Schedules from "effect-cano/schedules"
import { exactly } from "./exactly.ts"

class Boom extends Schema.TaggedError<Boom>()("Boom", {}) {}
class Bank extends Context.Service<Bank, { readonly sum: number }>()("Bank") {}

const State = Schema.Union([
  Schema.TaggedStruct("Pay", { price: Schema.Finite }),
  Schema.TaggedStruct("Paid", { receipt: Schema.String })
])

const workflow = Workflow.make("pay", State)
  .register("Pay", {
    run: ({ price }) => price < 0 ? Effect.fail(new Boom()) : Effect.as(Bank, `paid ${price}`),
    next: (receipt) => ({ _tag: "Paid", receipt })
  })
  .addExitStates("Paid")
const Pay = Durable.make(workflow, { version: 1, error: Boom })

const paying = Schedules.flow("paying", {
  definition: Pay,
  initial: ({ due }) => ({ _tag: "Pay", price: due }),
  when: { cron: "30 2 * * *", timeZone: "Europe/Berlin", missed: { catchUp: 3 } },
  overlap: { queue: 1 },
  onFailure: { backoff: Schedule.exponential("1 second"), counts: (cause) => cause.reasons.length > 0 }
})

type PayError =
  | Boom
  | CanoError.ConfigurationError
  | CanoError.WorkflowError
  | Durable.RestoreError
  | Durable.VersionMismatchError

// the services of its tasks are for `Pay.layer`; a journal that is gone is no failure of a flow
exactly<
  Scheduler.Flow<{ readonly _tag: "Paid"; readonly receipt: string }, PayError, Durable.Durable | Runs.Runs>
>()(paying)

const counting = Scheduler.flow("counting", { run: Effect.succeed(1), when: { fixedRate: "10 seconds" } })

exactly<
  Layer.Layer<
    Scheduler.Scheduler,
    CanoError.ConfigurationError,
    Durable.Durable | Runs.Runs | Schedules.Schedules
  >
>()(Schedules.layer([paying, counting], { lease: "30 seconds" }))
exactly<Effect.Effect<Scheduler.Service, CanoError.ConfigurationError, Schedules.Schedules | Scope.Scope>>()(
  Schedules.make([counting])
)

// @ts-expect-error the state is not one in which it can begin
Schedules.flow("a", { definition: Pay, initial: { _tag: "Pay" }, when: "manual" })
// @ts-expect-error what is run is the definition
Schedules.flow("b", { definition: Pay, initial: { _tag: "Pay", price: 1 }, when: "manual", run: Effect.void })
// @ts-expect-error a workflow is not durable by itself
Schedules.flow("c", { definition: workflow, initial: { _tag: "Pay", price: 1 }, when: "manual" })
// @ts-expect-error a store is asked for each tick anyway
Schedules.layer([counting], { claim: () => Effect.succeed(true) })
