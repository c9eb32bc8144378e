/**
 * What work of a known kind says of itself, and what a state finds for it. These programs are type-checked by `npm run check`
 * and never run.
 */
import { type Cause, Context, Data, DateTime, Duration, Effect, Layer, Option, Schedule, Stream } from "effect"
import { type CanoError, JoinStrategy, Workflow } from "effect-cano"
import * as Task from "effect-cano/Task"
import { exactly } from "./exactly.ts"

type Bad = CanoError.ConfigurationError
type Engine = Bad | CanoError.WorkflowError

class Declined extends Data.TaggedError("Declined")<{}> {}
class Full extends Data.TaggedError("Full")<{}> {}
class Bank
  extends Context.Service<Bank, { readonly pay: (sum: number) => Effect.Effect<string, Declined> }>()("Bank")
{}
class Table extends Context.Service<Table, { readonly insert: Effect.Effect<void, Full> }>()("Table") {}
class Pace extends Context.Service<Pace, { readonly millis: Effect.Effect<number> }>()("Pace") {}

const pay = (sum: number) => Effect.flatMap(Bank, (bank) => bank.pay(sum))
const insert = Effect.flatMap(Table, (table) => table.insert)
const paced = Schedule.spaced(1).pipe(
  Schedule.modifyDelay(() => Effect.flatMap(Pace, ({ millis }) => Effect.map(millis, Duration.millis)))
)

type State =
  | { readonly _tag: "Pay"; readonly sum: number }
  | { readonly _tag: "Ask"; readonly receipt: string }
  | "Hold"
  | "Paid"
  | "Failed"

const make = Workflow.make<State>("w").addExitStates("Paid", "Failed")

// -----------------------------------------------------------------------------
// in a state: the parameter is the state, the value is that of next
// -----------------------------------------------------------------------------

const polling = make.register("Pay", {
  run: Task.poll({
    poll: (state) => {
      exactly<{ readonly _tag: "Pay"; readonly sum: number }>()(state)
      return Effect.map(pay(state.sum), Option.some)
    },
    every: "1 second",
    within: "1 minute"
  }),
  next: (receipt) => {
    exactly<string>()(receipt)
    return receipt === "" ? "Failed" : "Paid"
  }
})
exactly<Effect.Effect<"Paid" | "Failed", Engine | Declined | Task.PollTimeoutError<Declined>, Bank>>()(
  polling.orchestrate({ _tag: "Pay", sum: 1 })
)

const timing = make
  .register("Pay", { run: Task.timer(({ sum }) => sum), next: "Hold" })
  .register("Ask", { run: Task.timer(({ receipt }) => DateTime.makeUnsafe(receipt)), next: "Paid" })
  .register("Hold", { run: Task.timer("3 days"), next: () => ({ _tag: "Ask", receipt: "" }) })
exactly<Effect.Effect<"Paid" | "Failed", Engine>>()(timing.orchestrate("Hold"))

const streaming = make.register("Pay", {
  run: Task.stream({
    open: ({ sum }) => Stream.mapEffect(Stream.range(1, sum), pay),
    count: 5,
    flush: (window, state) => {
      exactly<ReadonlyArray<string>>()(window)
      exactly<number>()(state.sum)
      return insert
    }
  }),
  next: (count) => {
    exactly<number>()(count)
    return "Paid"
  }
})
exactly<Effect.Effect<"Paid" | "Failed", Engine | Declined | Full, Bank | Table>>()(
  streaming.orchestrate({ _tag: "Pay", sum: 1 })
)

const retrying = make.register("Pay", {
  run: Task.retry(({ sum }) => pay(sum), { schedule: Schedule.recurs(3) }),
  next: (receipt) => ({ _tag: "Ask", receipt })
})
// TimeoutError only where an attempt has a time
exactly<Declined>()(errorOf(retrying))
exactly<Declined | Cause.TimeoutError>()(
  errorOf(make.register("Pay", {
    run: Task.retry(({ sum }) => pay(sum), { schedule: Schedule.recurs(3), attemptTimeout: "1 second" }),
    next: "Paid"
  }))
)
declare function errorOf<S extends Workflow.AnyState, G extends Workflow.Graph.Any, E, R>(
  self: Workflow.Workflow<S, G, E, R>
): E

// -----------------------------------------------------------------------------
// another workflow: its exits, its errors, what it needs besides its own Layers
// -----------------------------------------------------------------------------

const child = Workflow.make<State>("child")
  .addExitStates("Paid", "Failed")
  .register("Ask", ({ receipt }) => Effect.as(insert, receipt === "" ? "Failed" as const : "Paid" as const))
  .register("Pay", ({ sum }) => Effect.as(pay(sum), "Paid"))

exactly<Task.Task<unknown, "Paid" | "Failed", Engine | Declined | Full, Bank | Table>>()(
  Task.workflow(child, { _tag: "Ask", receipt: "" })
)
exactly<Task.Task<unknown, "Paid" | "Failed", Engine | Declined | Full, Table>>()(
  Task.workflow(child.withResources(Layer.succeed(Bank, { pay: () => Effect.succeed("") })), { _tag: "Pay", sum: 1 })
)
make.register("Pay", {
  run: Task.workflow(child, ({ sum }) => ({ _tag: "Ask", receipt: String(sum) })),
  next: (exit) => {
    exactly<"Paid" | "Failed">()(exit)
    return exit
  }
})
// @ts-expect-error it starts in one of its own states
Task.workflow(child, "Hold")
// @ts-expect-error it has no exit
Task.workflow(Workflow.make<"A" | "B">("w").register("A", Effect.succeed("B")), "A")

// -----------------------------------------------------------------------------
// on its own, and as a branch
// -----------------------------------------------------------------------------

exactly<Effect.Effect<void, Bad>>()(Task.run(Task.timer("1 hour")))
const poll = Task.poll({ poll: Effect.succeed(Option.some(1)), every: paced, within: 5 })
exactly<Task.Task<unknown, number, Task.PollTimeoutError<never>, Pace>>()(poll)
exactly<Effect.Effect<number, Bad | Task.PollTimeoutError<never>, Pace>>()(Task.run(poll))
exactly<Task.Task<unknown, number, "no", Pace>>()(
  Task.retry(Effect.succeed(1) as Effect.Effect<number, "no">, { schedule: paced })
)

const asking = Task.timer(({ sum }: { readonly sum: number }) => sum)
exactly<Task.Task<{ readonly sum: number }, void, never, never>>()(asking)
exactly<Effect.Effect<void, Bad>>()(Task.run(asking, { sum: 1 }))
// @ts-expect-error it asks for a state
export const noState = Task.run(asking)
// @ts-expect-error it asks for another state
export const otherState = Task.run(asking, { sums: 1 })
make.register("Pay", { run: asking, next: "Paid" })
// @ts-expect-error the state has no sum
make.register("Ask", { run: asking, next: "Paid" })

const branches = make.registerSplit("Pay", (state) => [Task.run(asking, state), Task.run(poll)], {
  strategy: JoinStrategy.quorum(2),
  next: "Paid"
})
exactly<
  Effect.Effect<
    "Paid" | "Failed",
    Engine | CanoError.JoinUnsatisfiedError<Bad | Task.PollTimeoutError<never>, ReadonlyArray<number | void>>,
    Pace
  >
>()(branches.orchestrate({ _tag: "Pay", sum: 1 }))

// -----------------------------------------------------------------------------
// machines made of data
// -----------------------------------------------------------------------------

exactly<Effect.Effect<"B", Engine | Declined | Task.PollTimeoutError<never>, Bank | Pace>>()(
  Workflow.fromEntries("w", {
    states: {
      Poll: { run: poll, next: "A" },
      A: { run: Task.retry(pay(1), { schedule: Schedule.recurs(1) }), next: "B" }
    },
    exits: ["B"]
  }).orchestrate("Poll")
)

// -----------------------------------------------------------------------------
// what does not compile
// -----------------------------------------------------------------------------

// @ts-expect-error a poll is bounded
Task.poll({ poll: Effect.succeed(Option.some(1)), every: 1 })
// @ts-expect-error a poll answers with an Option
Task.poll({ poll: Effect.succeed(1), every: 1, within: 1 })
// @ts-expect-error a window is given to an Effect
Task.stream({ open: Stream.make(1), count: 1, flush: () => 1 })
// @ts-expect-error a retry has a Schedule
Task.retry(pay(1), {})
// @ts-expect-error the Schedule takes another error
Task.retry(pay(1), { schedule: Schedule.forever.pipe(Schedule.setInputType<string>()) })
// @ts-expect-error a task is no Effect of a state
make.register("Hold", Task.timer(1))
// @ts-expect-error where it leads is a state
make.register("Hold", { run: Task.timer(1), next: "Payed" })

// -----------------------------------------------------------------------------
// inside of a call whose type parameters say something of the result
// -----------------------------------------------------------------------------

const merged = make.merge(
  Workflow.make<State>("part").register("Pay", {
    run: Task.retry(({ sum }) => pay(sum), { schedule: Schedule.recurs(3) }),
    next: "Paid"
  })
)
exactly<Effect.Effect<"Paid" | "Failed", Engine | Declined, Bank>>()(merged.orchestrate({ _tag: "Pay", sum: 1 }))
