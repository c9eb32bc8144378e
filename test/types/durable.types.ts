import { Context, Effect, Layer, type Schedule, Schema, type Stream } from "effect"
import { type CanoError, JoinStrategy, MemoryStore, Split, TaskResult, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import type * as Journal from "effect-cano/journal"
import type * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"
import * as Task from "effect-cano/Task"
import type { Equals } from "./exactly.ts"
import { exactly, proves } from "./exactly.ts"

class Declined extends Schema.TaggedError<Declined>()("Declined", { amount: Schema.Finite }) {}
class NoAnswer extends Schema.TaggedError<NoAnswer>()("NoAnswer", { host: Schema.String }) {}
class Bank extends Context.Service<Bank, {
  readonly pay: (amount: number) => Effect.Effect<void, Declined>
}>()("Bank") {}

const State = Schema.Union([
  Schema.Literals(["Ask", "Approve", "Bought", "NoDeal", "Many"]),
  Schema.TaggedStruct("Buy", { prices: Schema.Array(Schema.Finite) }),
  Schema.TaggedStruct("Each", { n: Schema.Int })
])
type State = typeof State.Type

declare const ask: (host: string) => Effect.Effect<number, NoAnswer>
const pay = (amount: number) => Effect.flatMap(Bank, (bank) => bank.pay(amount))
const text = Effect.succeed("text")
declare const unused: (_: unknown) => void
const Approval = Signal.make("approval", Schema.Boolean)
const { all, any, quorum } = JoinStrategy

const empty = Workflow.make("purchase", State).addExitStates("Bought", "NoDeal")
const good = { success: Schema.Finite, error: NoAnswer }

// -----------------------------------------------------------------------------
// a definition
// -----------------------------------------------------------------------------

const purchase = empty
  .registerSplit("Ask", { ada: ask("a"), bob: ask("b"), cyd: ask("c") }, {
    strategy: quorum(2),
    timeout: "1 day",
    schema: { success: Schema.Finite, error: NoAnswer },
    next: ({ values }) => ({ _tag: "Buy", prices: Object.values(values) }),
    otherwise: "NoDeal"
  })
  .register("Buy", { run: ({ prices }) => pay(Math.min(...prices)), next: "Approve" })
  .registerSignal("Approve", Approval, { next: (yes) => yes ? "Many" : "NoDeal" })
  .registerSplit("Many", () => TaskResult.split([1, 2].map((n) => ({ _tag: "Each" as const, n }))), {
    strategy: all,
    next: ({ values }) => values.length > 1 ? "Bought" as const : "NoDeal" as const,
    otherwise: "NoDeal"
  })
  .register("Each", () => Effect.succeed("Bought"))

// in memory nothing changes
exactly<
  Effect.Effect<
    "Bought" | "NoDeal",
    Declined | CanoError.ConfigurationError | CanoError.WorkflowError,
    Bank | Runs.Runs
  >
>()(purchase.orchestrate("Ask"))

const Purchase = Durable.make(purchase, { version: 2, error: Declined, migrate: { 1: () => "Ask" } })
Durable.make(purchase, {
  version: 4,
  error: Declined,
  migrate: {
    1: (state) => (exactly<unknown>()(state), "Ask"),
    2: { states: { Enquire: "Ask", Fax: null } },
    3: {
      state: (state) => state === "Many" ? { _tag: "Each" as const, n: 1 } : "Ask",
      branches: { Ask: { bob: "rob", cyd: null } },
      value: (value, { branch, state }) => [value, branch?.length, state?.length],
      error: (error, { branch }) => (exactly<unknown>()(error), branch)
    }
  }
})
exactly<
  Effect.Effect<Durable.Report, CanoError.ConfigurationError | Journal.JournalError, Journal.Journal>
>()(Durable.report(Purchase))
exactly<
  Stream.Stream<Durable.Finding, CanoError.ConfigurationError | Journal.JournalError, Journal.Journal>
>()(
  Durable.findings([
    Purchase,
    Durable.make(empty.register("Ask", { run: Effect.void, next: "Bought" }), { version: 1 })
  ])
)
const run = Purchase.run("order-17", "Ask")
const child = Purchase.child({ _tag: "Each", n: 1 })
const start = Purchase.start("order-17", "Approve")

exactly<
  Effect.Effect<
    "Bought" | "NoDeal",
    Declined | CanoError.ConfigurationError | CanoError.WorkflowError | Durable.DurableError,
    Durable.Durable
  >
>()(run)
// a journal that is gone, or a definition that can't go on, is waited for
exactly<
  Effect.Effect<"Bought" | "NoDeal", Declined | CanoError.ConfigurationError | CanoError.WorkflowError, Durable.Durable>
>()(child)
exactly<typeof run>()(Purchase.await("order-17"))
exactly<Effect.Effect<boolean, CanoError.ConfigurationError | Durable.DurableError, Durable.Durable>>()(start)
// those who only start a run need nothing that its tasks do
exactly<Layer.Layer<never, CanoError.ConfigurationError, Bank | Runs.Runs | Durable.Durable>>()(Purchase.layer)

// @ts-expect-error the state has data
unused(Purchase.run("order-17", { _tag: "Buy" }))
// @ts-expect-error no such state
unused(Purchase.run("order-17", "Asks"))

// what the Layers of the workflow need and fail with
class Vault extends Context.Service<Vault, string>()("Vault") {}
declare const bank: Layer.Layer<Bank, Declined, Vault>
const banked = empty.register("Ask", { run: pay(1), next: "Bought" }).withResources(bank)
const Banked = Durable.make(banked, { version: 1, error: Declined })
exactly<Layer.Layer<never, CanoError.ConfigurationError, Vault | Durable.Durable>>()(Banked.layer)
// @ts-expect-error the Layer can fail
Durable.make(empty.register("Ask", { run: Effect.void, next: "Bought" }).withResources(bank), { version: 1 })

// exits that only follow-on branches reach are left out, as for orchestrate
const fanned = empty.addExitState("Approve")
  .registerSplit("Many", () => TaskResult.split(["Ask"]), { strategy: all, next: "Bought", otherwise: "NoDeal" })
  .register("Ask", () => Effect.succeed("Approve"))
proves<[Equals<Effect.Success<ReturnType<typeof fanned.orchestrate<"Many">>>, "Bought" | "NoDeal">]>()
const Fanned = Durable.make(fanned, { version: 1 }).run("r", "Many")
proves<[Equals<Effect.Success<typeof Fanned>, "Bought" | "NoDeal">]>()

// what the engine fails with needs no Schema
const waiting = empty
  .registerSplit("Ask", [ask("a")], { strategy: any, timeout: "1 day", schema: good, bulkhead: 1, next: "Approve" })
  .registerSignal("Approve", Approval, { next: "Bought", timeout: "1 day", otherwise: "NoDeal" })
  .register("Many", {
    run: Purchase.child("Approve").pipe(Effect.catchTag("Declined", () => Effect.void)),
    next: "Bought"
  })
  .withTimeout("1 week")
const Waiting = Durable.make(waiting, { version: 1 })
proves<[
  Equals<
    Effect.Error<ReturnType<typeof Waiting.run<"Ask">>>,
    | CanoError.JoinUnsatisfiedError<NoAnswer, readonly [number]>
    | CanoError.JoinTimeoutError<NoAnswer, readonly [number]>
    | CanoError.WorkflowTimeoutError
    | CanoError.ConfigurationError
    | CanoError.WorkflowError
    | Durable.DurableError
  >
]>()

// a workflow that is built in the argument keeps its literals
unused(Durable.make(empty.register("Ask", Effect.succeed("Bought")), { version: 1 }).run("r", "Ask"))
unused(
  Durable.make(empty.register("Ask", { run: text, schema: { success: Schema.String }, next: "Bought" }), { version: 1 })
    .run("r", "Ask")
)

// a part that has the Schema is enough
const part = Workflow.make<State>("part").register("Ask", { run: Effect.void, next: "Bought" })
Durable.make(part.merge(empty), { version: 1 })
Durable.make(empty.merge(part), { version: 1 })
// and one that can't be durable is too much
const unkept = Workflow.make<State>("part").registerSplit("Many", [text], {
  strategy: all,
  next: "Bought",
  otherwise: "NoDeal"
})
// @ts-expect-error the branches of "Many" have no Schemas
Durable.make(empty.merge(part).merge(unkept), { version: 1 })

// a Schema that may be left out is none
declare const perhapsState: typeof State | undefined
const unsure = Workflow.make<State>("x", perhapsState).register("Ask", { run: text, next: "Bought" }).addExitStates(
  "Bought"
)
// @ts-expect-error the states may have no Schema
Durable.make(unsure, { version: 1 })

// any of them
proves<[
  typeof Purchase extends Durable.Any ? true : false,
  typeof Waiting extends Durable.Any ? true : false,
  typeof unsure extends Durable.Any ? false : true
]>()

// -----------------------------------------------------------------------------
// Schemas of a split
// -----------------------------------------------------------------------------

// the values are the same, by what the branches give
empty.registerSplit("Ask", { a: ask("a"), b: text }, {
  strategy: all,
  schema: { a: good, b: { success: Schema.String } },
  next: ({ values }) => {
    exactly<{ readonly a: number; readonly b: string }>()(values)
    return "Bought"
  }
})
empty.registerSplit("Ask", [ask("a"), text], {
  strategy: all,
  schema: [good, { success: Schema.Unknown, error: Schema.Unknown }],
  next: ({ values }) => {
    exactly<readonly [number, string]>()(values)
    return "Bought"
  }
})
empty.registerSplit("Ask", { success: ask("a"), error: ask("b") }, {
  strategy: all,
  schema: { success: good, error: good },
  next: "Bought"
})
empty.registerSplit("Ask", { success: ask("a"), error: ask("b") }, { strategy: all, schema: good, next: "Bought" })
empty.registerSplit("Buy", ({ prices }) => prices.map((price) => ask(String(price))), {
  strategy: all,
  schema: good,
  onOutcome: (outcome) => Effect.log(outcome._tag),
  next: ({ values }, { prices }) => ({ _tag: "Each", n: values.length + prices.length })
})
empty.registerSplit("Ask", function*() {
  yield ask("a")
}, { strategy: all, schema: good, next: "Bought" })
declare const given: { readonly schema: { readonly success: typeof Schema.Finite; readonly error: typeof NoAnswer } }
empty.registerSplit("Ask", [ask("a")], { strategy: all, ...given, next: "Bought" })

empty.registerSplit("Ask", [ask("a")], {
  strategy: all,
  // @ts-expect-error success does not cover the numbers
  schema: { success: Schema.String, error: NoAnswer },
  next: "Bought"
})
empty.registerSplit("Ask", [ask("a"), text], {
  strategy: all,
  // @ts-expect-error success does not cover the text
  schema: { success: Schema.Finite, error: NoAnswer },
  next: "Bought"
})
empty.registerSplit("Ask", [ask("a")], {
  strategy: all,
  // @ts-expect-error error does not cover the error
  schema: { success: Schema.Finite, error: Declined },
  next: "Bought"
})
empty.registerSplit("Ask", [ask("a")], {
  strategy: all,
  // @ts-expect-error they can fail
  schema: { success: Schema.Finite },
  next: "Bought"
})
empty.registerSplit("Ask", { a: ask("a"), b: text }, {
  strategy: all,
  // @ts-expect-error b has none
  schema: { a: good },
  next: "Bought"
})
empty.registerSplit("Ask", { a: ask("a"), b: text }, {
  strategy: all,
  // @ts-expect-error there is no c
  schema: { a: good, b: { success: Schema.String }, c: good },
  next: "Bought"
})
empty.registerSplit("Ask", { a: ask("a"), b: text }, {
  strategy: all,
  // @ts-expect-error b gives a text
  schema: { a: good, b: good },
  next: "Bought"
})
empty.registerSplit("Ask", [ask("a"), text], {
  strategy: all,
  // @ts-expect-error the second has none
  schema: [good],
  next: "Bought"
})
empty.registerSplit("Ask", () => [1, 2].map(() => ask("a")), {
  strategy: all,
  // @ts-expect-error their names are not known
  schema: [good, good],
  next: "Bought"
})
empty.registerSplit("Ask", [ask("a")], {
  strategy: all,
  // @ts-expect-error a Schema is not enough
  schema: Schema.Finite,
  next: "Bought"
})
empty.registerSplit("Ask", () => TaskResult.split(["Many"]), {
  strategy: all,
  // @ts-expect-error follow-on states have a Schema already
  schema: { success: State },
  next: "Bought"
})
// @ts-expect-error a split that is no state has no such option
unused(Split.run([ask("a")], { strategy: all, schema: good }))

// -----------------------------------------------------------------------------
// Schemas of a step
// -----------------------------------------------------------------------------

const undo = () => Effect.void
declare const retries: Schedule.Schedule<unknown>

const undone = empty.register("Ask", {
  run: ask("a"),
  compensate: (done) => done._tag === "Succeeded" ? Effect.log(done.value.toFixed()) : Effect.void,
  schema: { success: Schema.Finite, error: NoAnswer },
  next: (price) => price > 1 ? "Bought" : "NoDeal"
})
Durable.make(undone, { version: 1, error: NoAnswer })
empty.register("Buy", { run: ({ prices }) => ask(String(prices[0])), schema: good, next: "Bought" })
empty.register("Ask", { run: text, compensate: undo, schema: { success: Schema.String }, next: "Bought" })
empty.register("Ask", {
  run: Task.retry(ask("a"), { schedule: retries }),
  schema: good,
  compensate: undo,
  next: "Bought"
})

empty.register("Ask", {
  run: ask("a"),
  compensate: undo,
  // @ts-expect-error success does not cover the numbers
  schema: { success: Schema.String, error: NoAnswer },
  next: "Bought"
})
empty.register("Ask", {
  run: ask("a"),
  compensate: undo,
  // @ts-expect-error it can fail
  schema: { success: Schema.Finite },
  next: "Bought"
})
empty.register("Buy", {
  run: ({ prices }) => ask(String(prices[0])),
  compensate: undo,
  // @ts-expect-error it fails with something else
  schema: { success: Schema.Finite, error: Declined },
  next: "Bought"
})

// -----------------------------------------------------------------------------
// what can't be durable
// -----------------------------------------------------------------------------

const unlisted = empty.registerSplit("Ask", [ask("a")], { strategy: all, next: "Bought", otherwise: "NoDeal" })
// @ts-expect-error the branches of "Ask" have no Schemas
Durable.make(unlisted, { version: 1 })

const step = empty.register("Ask", { run: ask("a"), compensate: undo, next: "Bought" })
// @ts-expect-error the step "Ask" has none
Durable.make(step, { version: 1, error: NoAnswer })

const undoneSplit = empty.registerSplit("Ask", [ask("a")], {
  strategy: all,
  schema: good,
  compensate: undo,
  next: "Bought",
  otherwise: "NoDeal"
})
// that of the split is enough
Durable.make(undoneSplit, { version: 1 })

const stateless = Workflow.make<"A" | "B">("x").register("A", Effect.succeed("B")).addExitStates("B")
// @ts-expect-error the states have no Schema
Durable.make(stateless, { version: 1 })

const rest = { strategy: all, schema: good, next: "Bought", otherwise: "NoDeal" } as const
const effect = empty.registerSplit("Ask", Effect.succeed([ask("a")]), rest)
// @ts-expect-error the branches of "Ask" are an Effect
Durable.make(effect, { version: 1 })
const answered = empty.registerSplit("Ask", () => Effect.succeed([ask("a")]), rest)
// @ts-expect-error the function answers an Effect
Durable.make(answered, { version: 1 })
const states = empty.registerSplit("Many", Effect.succeed(TaskResult.split(["Ask"])), {
  strategy: all,
  next: "Bought",
  otherwise: "NoDeal"
}).register("Ask", () => Effect.succeed("Bought"))
// @ts-expect-error so are the follow-on states
Durable.make(states, { version: 1 })
const growing = empty.registerSplit("Ask", Split.growing(() => [ask("a")]), rest)
// @ts-expect-error they grow
Durable.make(growing, { version: 1 })
const grown = empty.registerSplit("Ask", () => Split.growing(() => [ask("a")]), rest)
// @ts-expect-error so does what a function answers
Durable.make(grown, { version: 1 })
const detached = empty.registerSplit("Ask", [ask("a")], { ...rest, losers: "detach" })
// @ts-expect-error losers outlive their join
Durable.make(detached, { version: 1 })
const graced = empty.registerSplit("Ask", [ask("a")], { ...rest, losers: { grace: "1 second" } })
// @ts-expect-error and these
Durable.make(graced, { version: 1 })
declare const losers: "await" | "detach"
const perhaps = empty.registerSplit("Ask", [ask("a")], { ...rest, losers })
// @ts-expect-error perhaps they do
Durable.make(perhaps, { version: 1 })
Durable.make(empty.registerSplit("Ask", [ask("a")], { ...rest, losers: "await" }), { version: 1 })
const hedged = empty.registerSplit("Ask", [ask("a"), ask("b")], {
  strategy: any,
  schema: good,
  hedge: { delay: "1 second" },
  next: "Bought",
  otherwise: "NoDeal"
})
// @ts-expect-error they are hedged
Durable.make(hedged, { version: 1 })
const stored = empty.register("Ask", Effect.succeed("Bought")).withResources(MemoryStore.layer)
// @ts-expect-error a MemoryStore does not survive
Durable.make(stored, { version: 1 })
Durable.make(empty.register("Ask", Effect.succeed("Bought")).withResources(Layer.succeed(Vault, "v")), { version: 1 })

// @ts-expect-error the error Schema does not cover what is declined
Durable.make(purchase, { version: 1, error: NoAnswer })
// @ts-expect-error there is none
Durable.make(purchase, { version: 1 })
Durable.make(purchase, { version: 1, error: Schema.Union([Declined, NoAnswer]) })
// @ts-expect-error a Schema is one
Durable.make(purchase, { version: 1, error: "Declined" })
// @ts-expect-error a version is needed
Durable.make(purchase, { error: Declined })
// @ts-expect-error a version is a number
Durable.make(purchase, { version: "1", error: Declined })
// @ts-expect-error what is migrated is a state
Durable.make(purchase, { version: 2, error: Declined, migrate: { 1: () => "Asked" } })
// @ts-expect-error so it is by its name
Durable.make(purchase, { version: 2, error: Declined, migrate: { 1: { states: { Enquire: "Asked" } } } })
// @ts-expect-error there is no such part
Durable.make(purchase, { version: 2, error: Declined, migrate: { 1: { outcome: () => 1 } } })

// what a compensation fails with is an error like others
const failing = empty.register("Ask", {
  run: text,
  compensate: () => pay(-1),
  schema: { success: Schema.String },
  next: "Bought"
})
// @ts-expect-error the compensation can fail
Durable.make(failing, { version: 1 })
Durable.make(failing, { version: 1, error: Declined })
