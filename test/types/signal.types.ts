/**
 * What is inferred of signals and of runs with a handle, and what does not compile. Checked with the rest, and never run.
 */
import { Data, Effect, type Exit, type Option, Schema, type Scope } from "effect"
import { type CanoError, JoinStrategy, Workflow } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import { exactly } from "./exactly.ts"

class Boom extends Data.TaggedError("Boom")<{}> {}

type State = "Ask" | "Votes" | "Booked" | "NoTrip" | { readonly _tag: "Hold"; readonly id: string }

const Approval = Signal.make("approval", Schema.Boolean)
const Price = Signal.make("price", Schema.Number, { capacity: 4, reply: Schema.String })

exactly<Signal.Signal<boolean>>()(Approval)
exactly<Signal.Signal<number, string>>()(Price)

type EngineError = CanoError.ConfigurationError | CanoError.WorkflowError

const trip = Workflow.make<State>("trip").addExitStates("Booked", "NoTrip")

// a state that waits requires Runs, and fails with a timeout only where one is given and nothing else is to be done
const patient = trip.registerSignal("Ask", Approval, {
  next: (yes, state) => yes && state === "Ask" ? "Booked" : "NoTrip"
})
exactly<Effect.Effect<"Booked" | "NoTrip", EngineError, Runs.Runs>>()(patient.orchestrate("Ask"))
const late = trip.registerSignal("Ask", Approval, { timeout: "1 day", next: "Booked" })
exactly<Effect.Effect<"Booked" | "NoTrip", Signal.SignalTimeoutError | EngineError, Runs.Runs>>()(
  late.orchestrate("Ask")
)
const whole = trip
  .registerSignal("Ask", Approval, {
    timeout: "1 day",
    since: "visit",
    key: "ops",
    next: "Booked",
    otherwise: "NoTrip"
  })
  .registerSignal("Hold", Price, {
    key: ({ id }) => id,
    timeout: 1000,
    reply: (price) => price.toFixed(),
    next: (price, { id }) => price > 1 ? "Booked" : { _tag: "Hold", id },
    otherwise: ({ limit }, { id }) => limit === undefined || id === "" ? "NoTrip" : "Ask"
  })
exactly<Effect.Effect<"Booked" | "NoTrip", EngineError, Runs.Runs>>()(whole.orchestrate({ _tag: "Hold", id: "7" }))
exactly<Effect.Effect<"Booked" | "NoTrip", EngineError, never>>()(
  whole.withResources(Runs.layer).orchestrate("Ask")
)

// where the functions lead may be declared
trip.registerSignal("Ask", Approval, { next: (yes) => yes ? "Booked" : "NoTrip", to: { next: ["Booked", "NoTrip"] } })

// branches
exactly<Effect.Effect<boolean, never, Runs.Runs>>()(Signal.wait(Approval))
exactly<Effect.Effect<boolean, never, Runs.Runs>>()(Signal.wait(Approval, { key: "ada", since: "visit" }))
exactly<Effect.Effect<boolean, Signal.SignalTimeoutError, Runs.Runs>>()(Signal.wait(Approval, { timeout: "1 day" }))
exactly<Effect.Effect<number, never, Runs.Runs>>()(Signal.wait(Price, { reply: (price) => String(price) }))
const votes = trip.registerSplit("Votes", {
  ada: Signal.wait(Approval, { key: "ada" }),
  bob: Signal.wait(Approval, { key: "bob" }),
  cyd: Effect.fail(new Boom())
}, { strategy: JoinStrategy.quorum(2), next: ({ values }) => values.ada === true ? "Booked" : "NoTrip" })
exactly<
  Effect.Effect<
    Runs.RunHandle<
      "Booked" | "NoTrip",
      | CanoError.JoinUnsatisfiedError<Boom, { readonly ada: boolean; readonly bob: boolean; readonly cyd: never }>
      | EngineError
    >,
    CanoError.ConfigurationError,
    Runs.Runs | Scope.Scope
  >
>()(Runs.fork(votes, "Votes"))

// from data
const entries = Workflow.fromEntries("entries", {
  states: { Ask: { signal: Approval, next: "Done", timeout: 5 }, Go: Effect.succeed("Ask") },
  exits: ["Done"]
})
exactly<Effect.Effect<"Done", Signal.SignalTimeoutError | EngineError, Runs.Runs>>()(entries.orchestrate("Ask"))

export const operated = Effect.gen(function*() {
  const run = yield* Runs.fork(whole, "Ask", { runId: "trip-7" })
  exactly<Effect.Effect<Exit.Exit<"Booked" | "NoTrip", EngineError>>>()(run.await)
  exactly<Effect.Effect<Exit.Exit<"Booked" | "NoTrip", EngineError>>>()(run.cancel({ compensate: false }))
  exactly<Effect.Effect<Signal.Delivery, Signal.SignalError>>()(run.signal(Approval, true, { id: "click-1" }))
  exactly<Effect.Effect<string, Signal.SignalError>>()(run.ask(Price, 5))
  exactly<Effect.Effect<void, Signal.SignalError>>()(run.ask(Approval, true))
  exactly<Effect.Effect<string, Signal.SignalError, Runs.Runs>>()(Runs.ask("trip-7", Price, 5, { key: "ops" }))
  exactly<Effect.Effect<boolean, Runs.AmbiguousBranchError>>()(run.cancelBranch("ada"))
  exactly<Effect.Effect<boolean>>()(run.settle())
  exactly<Effect.Effect<Option.Option<Runs.RunHandle<unknown, unknown>>, never, Runs.Runs>>()(Runs.get("trip-7"))
  // @ts-expect-error another type of value
  yield* run.signal(Approval, 5)
  // @ts-expect-error another type of value
  yield* Runs.signal("trip-7", Price, "5")
  // a handle of one run is one of any
  const any: Runs.RunHandle<unknown, unknown> = run
  return any
})

// @ts-expect-error there is no such initial state
export const nowhere = Runs.fork(whole, "Nowhere")
const open = Workflow.make<State>("trip").registerSignal("Ask", Approval, { next: "Booked" }).addExitStates("NoTrip")
// @ts-expect-error a state is entered that is neither registered nor an exit
export const opened = Runs.fork(open, "Ask")
// @ts-expect-error otherwise needs a timeout
trip.registerSignal("Ask", Approval, { next: "Booked", otherwise: "NoTrip" })
// @ts-expect-error the signal has replies
trip.registerSignal("Ask", Price, { next: "Booked" })
// @ts-expect-error the reply is a text
trip.registerSignal("Ask", Price, { next: "Booked", reply: (price) => price })
// @ts-expect-error the signal has replies
export const unanswered = Signal.wait(Price)
// @ts-expect-error no state of this name
trip.registerSignal("Ask", Approval, { next: "Bokked" })
// @ts-expect-error no state of this name
trip.registerSignal("Ask", Approval, { next: (yes) => yes ? "Bokked" : "NoTrip" })
// @ts-expect-error to does not name where next leads
trip.registerSignal("Ask", Approval, { next: (yes) => yes ? "Booked" : "NoTrip", to: { next: ["NoTrip"] } })
// @ts-expect-error it is registered already
patient.registerSignal("Ask", Approval, { next: "Booked" })
// @ts-expect-error no signal
trip.registerSignal("Ask", "approval", { next: "Booked" })
