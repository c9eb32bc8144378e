/**
 * What a machine's type says of its follow-on branches: the values they have, the exits that are theirs alone, and what they
 * fail with. These programs are type-checked by `npm run check` and never run.
 */
import { type Cause, Context, Data, Effect, Layer } from "effect"
import { type CanoError, JoinStrategy, type SplitResult, TaskResult, Workflow } from "effect-cano"
import { type Equals, exactly, proves } from "./exactly.ts"

type Engine = CanoError.ConfigurationError | CanoError.WorkflowError

class Offline extends Data.TaggedError("Offline")<{}> {}
class Full extends Data.TaggedError("Full")<{}> {}
class NoPool extends Data.TaggedError("NoPool")<{}> {}
class Http extends Context.Service<Http, { readonly get: Effect.Effect<number, Offline> }>()("Http") {}
const get = Effect.flatMap(Http, (http) => http.get)
const write: Effect.Effect<void, Full> = Effect.void

type State = "Start" | "Item" | "Sold" | "Broken" | "Sum" | "Complete" | "Degraded"
const fan = () => TaskResult.split(["Item"])

// -----------------------------------------------------------------------------
// values: the exits, which are all there when the split is registered
// -----------------------------------------------------------------------------

/** What the branches of these may end in. */
type Ends = ReadonlyArray<"Sold" | "Complete">

const ends = Workflow.make<State>("shop").addExitStates("Sold", "Complete")
const shop = ends.registerSplit("Start", fan, {
  strategy: JoinStrategy.all,
  next: (result) => {
    exactly<ReadonlyArray<"Sold" | "Complete">>()(result.values)
    return "Sum"
  },
  onOutcome: (outcome) => {
    exactly<SplitResult.Outcome.Ended<"interrupt", "Sold" | "Complete", unknown>>()(outcome)
    return Effect.void
  }
})
// @ts-expect-error: the values would be wrong
shop.addExitStates("Broken")
// @ts-expect-error: whichever method
shop.addExitState("Broken")
// @ts-expect-error: however far from the split
shop.register("Sum", Effect.succeed("Complete")).withTimeout(10).withResources(Layer.empty).addExitStates("Broken")
// @ts-expect-error: nor an exit that another part brings
shop.merge(Workflow.make<State>("part").addExitStates("Broken"))
// @ts-expect-error: whichever is merged into which
Workflow.make<State>("part").addExitStates("Broken").merge(shop)
// two parts that know the same exits
shop.merge(ends.register("Sum", Effect.succeed("Complete")))
ends.register("Sum", Effect.succeed("Complete")).merge(shop)
// a part that adds states only
shop.merge(Workflow.make<State>("part").register("Sum", Effect.succeed("Complete")))
// other splits do not mind
ends.registerSplit("Start", [get], { strategy: JoinStrategy.all, next: "Complete" }).addExitStates("Broken")

// while there is no exit the values are any states, and any exit may follow
const late = Workflow.make<State>("late").registerSplit("Start", fan, {
  strategy: JoinStrategy.all,
  next: (result) => {
    exactly<ReadonlyArray<State>>()(result.values)
    return "Complete"
  }
}).addExitStates("Sold").addExitState("Complete").merge(Workflow.make<State>("part").addExitStates("Broken"))
exactly<"Sold" | "Complete" | "Broken">()(null! as Workflow.Exit<typeof late>)

// the split that came first is the one that counts
const second = late.registerSplit("Sum", fan, { strategy: JoinStrategy.all, next: "Complete" })
// @ts-expect-error: the second split knows three exits
second.addExitStates("Degraded")

// -----------------------------------------------------------------------------
// success: no exit that only follow-on branches reach
// -----------------------------------------------------------------------------

const whole = Workflow.make<State>("whole")
  .addExitStates("Sold", "Broken", "Complete", "Degraded")
  .registerSplit("Start", fan, { strategy: JoinStrategy.all, next: "Sum", otherwise: "Degraded" })
  .register("Item", Effect.map(get, (n) => n > 0 ? "Sold" as const : "Broken" as const))
  .register("Sum", { run: write, next: "Complete" })

exactly<Effect.Effect<"Complete" | "Degraded", Engine | Offline | Full, Http>>()(whole.orchestrate("Start"))
// a run may start where follow-on branches do, and in an exit
exactly<Effect.Effect<"Sold" | "Broken" | "Complete" | "Degraded", Engine | Offline | Full, Http>>()(
  whole.orchestrate("Item")
)
exactly<Effect.Effect<"Sold" | "Complete" | "Degraded", Engine | Offline | Full, Http>>()(whole.orchestrate("Sold"))
declare const anywhere: "Start" | "Item"
exactly<Effect.Effect<"Sold" | "Broken" | "Complete" | "Degraded", Engine | Offline | Full, Http>>()(
  whole.orchestrate(anywhere)
)
// all exit states are exits of the workflow
proves<[Equals<Workflow.Exit<typeof whole>, "Sold" | "Broken" | "Complete" | "Degraded">]>()

// an exit that the run reaches as well is its own
exactly<Effect.Effect<"Sold" | "Complete", Engine | CanoError.JoinUnsatisfiedError<CanoError.WorkflowError, Ends>>>()(
  shop.register("Item", Effect.succeed("Sold")).register("Sum", Effect.succeed("Sold")).orchestrate("Start")
)
// through a loop, and through a state that leads anywhere
exactly<Effect.Effect<"Complete", Engine | CanoError.JoinUnsatisfiedError<CanoError.WorkflowError, Ends>>>()(
  shop.register("Item", function*() {
    return (yield* Effect.succeed(1)) > 1 ? "Item" : "Sold"
  }).register("Sum", function*() {
    return (yield* Effect.succeed(1)) > 1 ? "Sum" : "Complete"
  }).orchestrate("Start")
)
declare const nobodyKnows: State
exactly<"Sold" | "Complete">()(
  null! as Effect.Success<
    ReturnType<typeof anyway>
  >
)
const anyway = () =>
  shop.register("Item", Effect.succeed("Sold")).register("Sum", Effect.succeed(nobodyKnows))
    .register("Broken", Effect.succeed("Complete")).register("Degraded", Effect.succeed("Complete")).orchestrate(
      "Start"
    )
// through merged parts
exactly<
  Effect.Effect<
    "Complete",
    Engine | Offline | CanoError.JoinUnsatisfiedError<Offline | CanoError.WorkflowError, Ends>,
    Http
  >
>()(
  shop.merge(
    Workflow.make<State>("part")
      .register("Item", Effect.as(get, "Sold" as const))
      .register("Sum", Effect.succeed("Complete"))
  ).orchestrate("Start")
)
// without follow-on states all exits are told, whether anything leads there or not
exactly<Effect.Effect<"Sold" | "Complete", Engine>>()(
  ends.register("Start", Effect.succeed("Complete")).orchestrate("Start")
)

// with data
type Tagged =
  | { readonly _tag: "Start"; readonly ids: ReadonlyArray<number> }
  | { readonly _tag: "Item"; readonly id: number }
  | { readonly _tag: "Sold"; readonly price: number }
  | { readonly _tag: "Complete"; readonly sum: number }
const tagged = Workflow.make<Tagged>("tagged")
  .addExitStates("Sold", "Complete")
  .registerSplit("Start", ({ ids }) => TaskResult.split(ids.map((id) => ({ _tag: "Item", id }))), {
    strategy: JoinStrategy.all,
    next: (result) => {
      exactly<ReadonlyArray<Exclude<Tagged, { readonly _tag: "Start" | "Item" }>>>()(result.values)
      return { _tag: "Complete", sum: result.values.length }
    }
  })
  .register("Item", ({ id }) => Effect.as(get, { _tag: "Sold", price: id }))
exactly<
  Effect.Effect<
    { readonly _tag: "Complete"; readonly sum: number },
    | Engine
    | Offline
    | CanoError.JoinUnsatisfiedError<
      Offline | CanoError.WorkflowError,
      ReadonlyArray<Exclude<Tagged, { readonly _tag: "Start" | "Item" }>>
    >,
    Http
  >
>()(tagged.orchestrate({ _tag: "Start", ids: [1] }))
exactly<{ readonly _tag: "Sold"; readonly price: number } | { readonly _tag: "Complete"; readonly sum: number }>()(
  null! as Effect.Success<ReturnType<typeof fromItem>>
)
const fromItem = () => tagged.orchestrate({ _tag: "Item", id: 1 })

// some with data, some without
type Mixed = "Pull" | { readonly _tag: "Item"; readonly id: number } | { readonly _tag: "Packed" } | "Empty" | "Failed"
const mixed = Workflow.make<Mixed>("mixed")
  .addExitStates("Packed", "Empty", "Failed")
  .registerSplit("Pull", () => TaskResult.split([{ _tag: "Item", id: 1 }]), {
    strategy: JoinStrategy.all,
    next: "Empty",
    otherwise: "Failed"
  })
  .register("Item", Effect.succeed({ _tag: "Packed" }))
declare const mixedState: Mixed
const fromMixed = [
  () => mixed.orchestrate("Pull"),
  () => mixed.orchestrate({ _tag: "Item", id: 1 }),
  () => mixed.orchestrate(mixedState)
] as const
exactly<Effect.Effect<"Empty" | "Failed", Engine>>()(fromMixed[0]())
exactly<Effect.Effect<{ readonly _tag: "Packed" } | "Empty" | "Failed", Engine>>()(fromMixed[1]())
exactly<Effect.Effect<{ readonly _tag: "Packed" } | "Empty" | "Failed", Engine>>()(fromMixed[2]())
// @ts-expect-error: data that the state does not have
export const mixedWithMore = mixed.orchestrate({ _tag: "Item", id: 1, price: 1 })
// @ts-expect-error: data that the state does not have
export const withMore = tagged.orchestrate({ _tag: "Item", id: 1, price: 1 })

// -----------------------------------------------------------------------------
// errors: those of the machine, wherever they are registered
// -----------------------------------------------------------------------------

const failing = Workflow.make<State>("failing")
  .addExitStates("Sold", "Complete")
  .register("Item", Effect.as(get, "Sold" as const))
  .registerSplit("Start", fan, {
    strategy: JoinStrategy.all,
    timeout: 10,
    next: "Sum",
    onOutcome: (outcome) => {
      // what is registered later can't be known here
      if (outcome._tag === "Failed") exactly<Cause.Cause<unknown>>()(outcome.cause)
      return Effect.void
    }
  })
  .register("Sum", Effect.as(write, "Complete" as const))
  .withResources(Layer.effectDiscard(Effect.fail(new NoPool())))
type Followed = Offline | Full | CanoError.WorkflowError
exactly<
  Effect.Effect<
    "Complete",
    | Engine
    | Offline
    | Full
    | NoPool
    | CanoError.JoinUnsatisfiedError<Followed, Ends>
    | CanoError.JoinTimeoutError<Followed, Ends>,
    Http
  >
>()(failing.orchestrate("Start"))
proves<[
  Equals<
    Workflow.Error<typeof failing>,
    | Engine
    | Offline
    | Full
    | NoPool
    | CanoError.JoinUnsatisfiedError<Followed, Ends>
    | CanoError.JoinTimeoutError<Followed, Ends>
  >
]>()
// partialTimeout is late at worst
exactly<Effect.Effect<"Complete", Engine | CanoError.JoinTimeoutError<CanoError.WorkflowError, Ends>>>()(
  ends.register("Item", Effect.succeed("Sold")).registerSplit("Start", fan, {
    strategy: JoinStrategy.partialTimeout,
    timeout: 10,
    next: "Complete"
  }).orchestrate("Start")
)
// the errors of other splits are theirs, and those of follow-on branches that come there
exactly<
  Effect.Effect<
    "Complete",
    | Engine
    | CanoError.JoinUnsatisfiedError<
      Full | CanoError.WorkflowError | CanoError.JoinUnsatisfiedError<Full, readonly [void]>,
      Ends | readonly [void]
    >
  >
>()(
  ends
    .registerSplit("Start", fan, { strategy: JoinStrategy.all, next: "Complete" })
    .registerSplit("Item", [write], { strategy: JoinStrategy.all, next: "Sold" })
    .orchestrate("Start")
)
// a branch that is split again may fail as its split does, and that has no end
exactly<
  Effect.Effect<
    "Sold",
    | Engine
    | Offline
    | CanoError.JoinUnsatisfiedError<
      Offline | CanoError.WorkflowError | CanoError.JoinUnsatisfiedError<unknown, Ends>,
      Ends
    >,
    Http
  >
>()(
  ends
    .registerSplit("Start", fan, { strategy: JoinStrategy.all, next: "Sold" })
    .register("Item", Effect.map(get, (n) => n > 1 ? "Start" as const : "Complete" as const))
    .orchestrate("Start")
)
// what is discarded is not there
exactly<
  Effect.Effect<"Complete", Engine | CanoError.JoinUnsatisfiedError<CanoError.WorkflowError, ReadonlyArray<never>>>
>()(
  ends.register("Item", Effect.succeed("Sold"))
    .registerSplit("Start", fan, { strategy: JoinStrategy.all, discard: true, next: "Complete" })
    .orchestrate("Start")
)
// with otherwise there are none, and it is told what the branches ended in
ends.registerSplit("Start", fan, {
  strategy: JoinStrategy.all,
  next: "Sold",
  otherwise: (error) => {
    exactly<CanoError.JoinUnsatisfiedError<unknown, Ends>>()(error)
    return "Complete"
  }
})
exactly<Effect.Effect<"Complete" | "Sold", Engine | Offline, Http>>()(
  ends
    .registerSplit("Start", fan, { strategy: JoinStrategy.all, next: "Sold", otherwise: "Complete" })
    .register("Item", Effect.as(get, "Sold" as const))
    .orchestrate("Start")
)
