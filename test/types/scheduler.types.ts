/**
 * What is inferred of flows and schedulers, and what does not compile. Checked with the rest, and never run.
 */
import { type Cause, Context, Data, Effect, type Exit, Layer, Schedule, type Scope, type Stream } from "effect"
import { type CanoError, Workflow } from "effect-cano"
import * as Scheduler from "effect-cano/Scheduler"
import { exactly } from "./exactly.ts"

class Boom extends Data.TaggedError("Boom")<{}> {}
class Bust extends Data.TaggedError("Bust")<{}> {}
class Bank extends Context.Service<Bank, { readonly sum: number }>()("Bank") {}
class Vault extends Context.Service<Vault, number>()("Vault") {}

const workflow = Workflow.make<"Pay" | "Paid">("pay")
  .register("Pay", { run: Effect.andThen(Bank, Effect.fail(new Boom())), next: "Paid" })
  .addExitStates("Paid")

const paying = Scheduler.flow("paying", {
  run: ({ runId }) => workflow.orchestrate("Pay", { runId }),
  when: { cron: "0 30 2 * * *", timeZone: "Europe/Berlin" },
  overlap: { queue: 1 },
  onFailure: { backoff: Schedule.exponential("1 second"), trip: 5, counts: (cause) => cause.reasons.length > 0 }
})
const counting = Scheduler.flow("counting", { run: Effect.succeed(1), when: { fixedRate: "10 seconds" } })

type PayError = Boom | CanoError.ConfigurationError | CanoError.WorkflowError
exactly<Scheduler.Flow<"Paid", PayError, Bank>>()(paying)
exactly<Scheduler.Flow<number, never, never>>()(counting)

// a Layer for all runs adds its errors and takes its services away
const bank = Layer.effect(Bank, Effect.andThen(Vault, Effect.fail(new Bust())))
exactly<Scheduler.Flow<"Paid", PayError | Bust, Vault>>()(Scheduler.provide(paying, bank))

// what flows require the scheduler requires
exactly<Layer.Layer<Scheduler.Scheduler, CanoError.ConfigurationError, Bank>>()(Scheduler.layer([paying, counting]))
exactly<Effect.Effect<Scheduler.Service, CanoError.ConfigurationError, Bank | Scope.Scope>>()(
  Scheduler.make([paying, counting])
)

export const operating = Effect.gen(function*() {
  const scheduler = yield* Scheduler.Scheduler
  exactly<Effect.Effect<Exit.Exit<"Paid", PayError>, Scheduler.FlowError>>()(scheduler.trigger(paying))
  exactly<Effect.Effect<ReadonlyArray<Scheduler.Ended<number, never>>, Scheduler.FlowError>>()(
    scheduler.history(counting)
  )
  // by an id nothing typed comes back
  exactly<Effect.Effect<ReadonlyArray<Scheduler.Ended<unknown, unknown>>, Scheduler.FlowError>>()(
    scheduler.history("counting")
  )
  exactly<Effect.Effect<void, Scheduler.FlowError | CanoError.ConfigurationError, Bank>>()(scheduler.add(paying))
  exactly<Stream.Stream<Scheduler.Event | Scheduler.Lost>>()(scheduler.events)
})

// a Schedule and a backoff are stepped with what the flow ends with
declare const ofNumbers: Schedule.Schedule<unknown, Exit.Exit<number>>
declare const ofBooms: Schedule.Schedule<unknown, Cause.Cause<Boom>>
Scheduler.flow("stepped", { run: Effect.succeed(1), when: { schedule: ofNumbers } })
Scheduler.flow("backing off", { run: Effect.fail(new Boom()), when: "manual", onFailure: { backoff: ofBooms } })
// @ts-expect-error its runs end with a text
Scheduler.flow("stepped", { run: Effect.succeed("1"), when: { schedule: ofNumbers } })
// @ts-expect-error say which: fixedRate or fixedDelay
Scheduler.flow("every", { run: Effect.void, when: { every: "10 seconds" } })
// @ts-expect-error one of them
Scheduler.flow("both", { run: Effect.void, when: { fixedRate: "10 seconds", cron: "* * * * *" } })
// @ts-expect-error one of them
Scheduler.flow("both", { run: Effect.void, when: { fixedRate: "10 seconds", fixedDelay: "10 seconds" } })
// @ts-expect-error what follows a run cannot be missed
Scheduler.flow("delay", { run: Effect.void, when: { fixedDelay: "10 seconds", missed: "skip" } })
// @ts-expect-error a Schedule has its own jitter
Scheduler.flow("schedule", { run: Effect.void, when: { schedule: Schedule.spaced("1 second"), jitter: "1 second" } })
// @ts-expect-error a fixed rate is in no zone
Scheduler.flow("rate", { run: Effect.void, when: { fixedRate: "10 seconds", timeZone: "Europe/Berlin" } })
// @ts-expect-error a cron counts from no instant
Scheduler.flow("cron", { run: Effect.void, when: { cron: "* * * * *", from: "epoch" } })
// @ts-expect-error one of them
Scheduler.flow("overlap", { run: Effect.void, when: "manual", overlap: { queue: 1, allow: 2 } })
// @ts-expect-error one of both
Scheduler.flow("overlap", { run: Effect.void, when: "manual", overlap: "queue" })
