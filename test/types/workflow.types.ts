/**
 * What a workflow's type says of its runs. These programs are type-checked by `npm run check` and never run.
 */
import { Context, Data, Effect, Layer, type Option, Schema } from "effect"
import { CanoError, JoinStrategy, type SplitResult, TaskResult, Workflow } from "effect-cano"
import { type Equals, exactly, proves } from "./exactly.ts"

type State = "Fetch" | "Merge" | "Save" | "Degraded" | "Complete"
type Engine = CanoError.ConfigurationError | CanoError.WorkflowError

class Offline extends Data.TaggedError("Offline")<{ readonly host: string }> {}
class Full extends Data.TaggedError("Full")<{}> {}
class NoPool extends Data.TaggedError("NoPool")<{}> {}

class Http extends Context.Service<Http, { readonly get: Effect.Effect<string, Offline> }>()("Http") {}
class Disk extends Context.Service<Disk, { readonly write: Effect.Effect<void, Full> }>()("Disk") {}
class Pool extends Context.Service<Pool, { readonly size: number }>()("Pool") {}

const get = Effect.flatMap(Http, (http) => http.get)
const write = Effect.flatMap(Disk, (disk) => disk.write)

const make = Workflow.make<State>("orders").addExitStates("Complete", "Degraded")

// -----------------------------------------------------------------------------
// success: the exit states
// -----------------------------------------------------------------------------

const one = make.register("Fetch", Effect.succeed("Complete"))
exactly<Effect.Effect<"Complete" | "Degraded", Engine>>()(one.orchestrate("Fetch"))
exactly<Effect.Effect<"Complete" | "Degraded", Engine>>()(one.orchestrate("Degraded"))
exactly<Effect.Effect<"Complete", Engine>>()(
  Workflow.make<State>("w").register("Fetch", Effect.succeed("Complete")).addExitState("Complete").orchestrate("Fetch")
)
// an exit state is one, whether anything leads there or not, and a run may start in any handled state
exactly<(initial: "Fetch" | "Complete" | "Degraded", options?: Workflow.RunOptions) => unknown>()(
  one.orchestrate as (...args: Parameters<typeof one.orchestrate>) => unknown
)

// -----------------------------------------------------------------------------
// errors and services of tasks, in every form
// -----------------------------------------------------------------------------

// an Effect
exactly<Effect.Effect<"Complete" | "Degraded", Engine | Offline, Http>>()(
  make.register("Fetch", Effect.as(get, "Complete" as const)).orchestrate("Fetch")
)
// a function of the state
exactly<Effect.Effect<"Complete" | "Degraded", Engine | Full, Disk>>()(
  make.register("Save", (state) => {
    exactly<"Save">()(state)
    return Effect.as(write, "Complete")
  }).orchestrate("Save")
)
// a generator function, which keeps its literals
exactly<Effect.Effect<"Complete" | "Degraded", Engine | Offline | Full, Http | Disk>>()(
  make.register("Fetch", function*(state) {
    exactly<"Fetch">()(state)
    const page = yield* get
    exactly<string>()(page)
    yield* write
    return page === "" ? "Degraded" : "Complete"
  }).orchestrate("Fetch")
)
// a generator function that yields nothing
exactly<Effect.Effect<"Complete" | "Degraded", Engine>>()(
  make.register("Fetch", function*() {
    return "Complete"
  }).orchestrate("Fetch")
)
// { run, next }
exactly<Effect.Effect<"Complete" | "Degraded", Engine | Offline, Http>>()(
  make.register("Fetch", {
    run: get,
    next: (page) => {
      exactly<string>()(page)
      return page === "" ? "Degraded" : "Complete"
    }
  }).orchestrate("Fetch")
)
exactly<Effect.Effect<"Complete" | "Degraded", Engine | Full, Disk>>()(
  make.register("Save", {
    run: (state) => {
      exactly<"Save">()(state)
      return write
    },
    next: "Complete"
  }).orchestrate("Save")
)
// a state that only fails leads nowhere
exactly<Effect.Effect<"Complete" | "Degraded", Engine | Full>>()(
  make.register("Fetch", Effect.fail(new Full())).orchestrate("Fetch")
)
// a branch of literals is kept, so that both targets count as ways
proves<[
  Equals<
    typeof entered extends Workflow.Workflow<any, infer G, any, any> ? G : never,
    Workflow.Graph<"Fetch", never, Workflow.Way<"Fetch", "Merge" | "Save">, Layer.Layer<never>>
  >
]>()
const entered = Workflow.make<State>("w").register("Fetch", function*() {
  return (yield* get) === "" ? "Merge" : "Save"
})

// -----------------------------------------------------------------------------
// each feature adds only its own errors
// -----------------------------------------------------------------------------

const branches = [get, write, Effect.succeed(1)] as const

// a split: what its branches fail with, in one JoinUnsatisfiedError
const split = make.registerSplit("Fetch", branches, { strategy: JoinStrategy.quorum(2), next: "Complete" })
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    Engine | CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, void, number]>,
    Http | Disk
  >
>()(split.orchestrate("Fetch"))

// with a timeout: JoinTimeoutError too
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    | Engine
    | CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, void, number]>
    | CanoError.JoinTimeoutError<Offline | Full, readonly [string, void, number]>,
    Http | Disk
  >
>()(
  make.registerSplit("Fetch", branches, {
    strategy: JoinStrategy.all,
    timeout: "5 seconds",
    bulkhead: 2,
    next: "Complete"
  }).orchestrate("Fetch")
)

// under otherwise: neither
exactly<Effect.Effect<"Complete" | "Degraded", Engine, Http | Disk>>()(
  make.registerSplit("Fetch", branches, {
    strategy: JoinStrategy.all,
    timeout: "5 seconds",
    next: "Complete",
    otherwise: "Degraded"
  }).orchestrate("Fetch")
)
make.registerSplit("Fetch", branches, {
  strategy: JoinStrategy.all,
  timeout: 5000,
  next: "Complete",
  otherwise: (error, state) => {
    exactly<"Fetch">()(state)
    exactly<
      | CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, void, number]>
      | CanoError.JoinTimeoutError<Offline | Full, readonly [string, void, number]>
    >()(error)
    return "Degraded"
  }
})
make.registerSplit("Fetch", branches, {
  strategy: JoinStrategy.all,
  next: "Complete",
  otherwise: (error) => {
    exactly<CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, void, number]>>()(error)
    return Effect.succeed("Degraded" as const)
  }
})

// a literal is kept in an Effect that either answers, with a parameter or without
exactly<Effect.Effect<"Complete" | "Degraded", Engine, Http | Disk>>()(
  make.registerSplit("Fetch", branches, {
    strategy: JoinStrategy.all,
    next: () => Effect.succeed("Complete"),
    otherwise: () => Effect.succeed("Degraded")
  }).orchestrate("Fetch")
)
exactly<Effect.Effect<"Complete" | "Degraded", Engine, Http | Disk>>()(
  make.registerSplit("Fetch", branches, {
    strategy: JoinStrategy.all,
    next: (result) => Effect.succeed(result.values.length > 1 ? "Complete" : "Degraded"),
    otherwise: (error) => Effect.succeed(error._tag === "JoinUnsatisfiedError" ? "Degraded" : "Complete")
  }).orchestrate("Fetch")
)

// partialTimeout is late at worst
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    Engine | CanoError.JoinTimeoutError<Offline | Full, readonly [string, void, number]>,
    Http | Disk
  >
>()(
  make.registerSplit("Fetch", branches, {
    strategy: JoinStrategy.partialTimeout,
    timeout: "1 second",
    next: "Complete"
  }).orchestrate("Fetch")
)

// next and otherwise may be Effects: their errors and services are the run's
exactly<Effect.Effect<"Complete" | "Degraded", Engine | Offline | Full, Http | Disk>>()(
  make.registerSplit("Fetch", [Effect.void], {
    strategy: JoinStrategy.all,
    next: () => Effect.as(get, "Complete" as const),
    otherwise: () => Effect.as(write, "Degraded" as const)
  }).orchestrate("Fetch")
)

// what the input itself fails with and needs
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    Engine | Offline | CanoError.JoinUnsatisfiedError<Full, ReadonlyArray<void>>,
    Http | Disk
  >
>()(
  make.registerSplit("Fetch", Effect.map(get, (page) => [...page].map(() => write)), {
    strategy: JoinStrategy.all,
    next: "Complete"
  }).orchestrate("Fetch")
)
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    Engine | Offline | CanoError.JoinUnsatisfiedError<Full, ReadonlyArray<void>>,
    Http | Disk
  >
>()(
  make.registerSplit("Fetch", () => Effect.map(get, (page) => [...page].map(() => write)), {
    strategy: JoinStrategy.all,
    next: "Complete"
  }).orchestrate("Fetch")
)

// several splits: one error of each class
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    | Engine
    | CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string] | readonly [void]>
    | CanoError.JoinTimeoutError<Full, readonly [void]>,
    Http | Disk
  >
>()(
  make
    .registerSplit("Fetch", [get], { strategy: JoinStrategy.all, next: "Merge" })
    .registerSplit("Merge", [write], { strategy: JoinStrategy.any, timeout: 10, next: "Complete" })
    .orchestrate("Fetch")
)

// withTimeout
exactly<Effect.Effect<"Complete" | "Degraded", Engine | CanoError.WorkflowTimeoutError>>()(
  one.withTimeout("1 minute").withTimeout("1 hour").orchestrate("Fetch")
)

// -----------------------------------------------------------------------------
// resources
// -----------------------------------------------------------------------------

const HttpLive = Layer.succeed(Http, { get: Effect.succeed("page") })
const DiskLive = Layer.effect(
  Disk,
  Effect.gen(function*() {
    const { size } = yield* Pool
    return size === 0 ? yield* new NoPool() : { write: Effect.void }
  })
)
const PoolLive = Layer.succeed(Pool, { size: 4 })

// what the Layer serves is no longer required
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    Engine | CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, void, number]>,
    Disk
  >
>()(
  split.withResources(HttpLive).orchestrate("Fetch")
)
// it serves the states registered after it too
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    Engine | CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, void, number]>,
    Disk
  >
>()(
  make.withResources(HttpLive)
    .registerSplit("Fetch", branches, { strategy: JoinStrategy.all, next: "Complete" })
    .orchestrate("Fetch")
)
// its own requirements appear, and its own errors
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    Engine | CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, void, number]> | NoPool,
    Http | Pool
  >
>()(split.withResources(DiskLive).orchestrate("Fetch"))
// the second builds on the first
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    Engine | CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, void, number]> | NoPool,
    Http
  >
>()(split.withResources(PoolLive).withResources(DiskLive).orchestrate("Fetch"))
// but not the first on the second
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    Engine | CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, void, number]> | NoPool,
    Http | Pool
  >
>()(split.withResources(DiskLive).withResources(PoolLive).orchestrate("Fetch"))
// a Layer that provides nothing may fail and need something all the same
exactly<Effect.Effect<"Complete" | "Degraded", Engine | NoPool | Full, Disk>>()(
  one.withResources(Layer.effectDiscard(write)).withResources(Layer.effectDiscard(Effect.fail(new NoPool())))
    .orchestrate("Fetch")
)
// a Layer from outside serves as everywhere
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    Engine | CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, void, number]>,
    Disk
  >
>()(
  split.orchestrate("Fetch").pipe(Effect.provide(HttpLive))
)

// -----------------------------------------------------------------------------
// tagged states
// -----------------------------------------------------------------------------

type Tagged =
  | { readonly _tag: "Fetch"; readonly urls: ReadonlyArray<string> }
  | { readonly _tag: "Save"; readonly pages: ReadonlyArray<number> }
  | { readonly _tag: "Complete"; readonly size: number }
  | { readonly _tag: "Empty" }

const tagged = Workflow.make<Tagged>("pages")
  .registerSplit("Fetch", ({ urls }) => urls.map((url) => Effect.succeed(url.length)), {
    strategy: JoinStrategy.all,
    next: (result, state) => {
      exactly<{ readonly _tag: "Fetch"; readonly urls: ReadonlyArray<string> }>()(state)
      exactly<ReadonlyArray<number>>()(result.values)
      return result.values.length === 0 ? { _tag: "Empty" } : { _tag: "Save", pages: result.values }
    }
  })
  .register("Save", (state) => {
    exactly<{ readonly _tag: "Save"; readonly pages: ReadonlyArray<number> }>()(state)
    return Effect.succeed({ _tag: "Complete", size: state.pages.length })
  })
  .addExitStates("Complete", "Empty")

exactly<
  Effect.Effect<
    { readonly _tag: "Complete"; readonly size: number } | { readonly _tag: "Empty" },
    Engine | CanoError.JoinUnsatisfiedError<never, ReadonlyArray<number>>
  >
>()(tagged.orchestrate({ _tag: "Fetch", urls: [] }))

// an Effect of a state with data, in either
Workflow.make<Tagged>("effects").registerSplit("Fetch", [Effect.succeed(1)], {
  strategy: JoinStrategy.all,
  next: ({ values }) => Effect.succeed({ _tag: "Save", pages: values }),
  otherwise: () => Effect.succeed({ _tag: "Empty" })
})

// a static next with data
Workflow.make<Tagged>("static").registerSplit("Fetch", [Effect.void], {
  strategy: JoinStrategy.all,
  next: { _tag: "Save", pages: [] },
  otherwise: { _tag: "Empty" }
}).register("Save", { run: Effect.succeed(1), next: (size) => ({ _tag: "Complete", size }) })

// -----------------------------------------------------------------------------
// TaskResult.split
// -----------------------------------------------------------------------------

// the values are the exits declared so far
Workflow.make<Tagged>("follow").addExitStates("Complete").registerSplit(
  "Fetch",
  ({ urls }) => TaskResult.split(urls.map((url) => ({ _tag: "Save", pages: [url.length] }))),
  {
    strategy: JoinStrategy.all,
    next: (result) => {
      exactly<ReadonlyArray<{ readonly _tag: "Complete"; readonly size: number }>>()(result.values)
      exactly<
        ReadonlyArray<SplitResult.Outcome<{ readonly _tag: "Complete"; readonly size: number }, unknown>>
      >()(result.outcomes)
      return { _tag: "Complete", size: result.values[0]?.size ?? 0 }
    },
    otherwise: (error) => {
      exactly<
        CanoError.JoinUnsatisfiedError<unknown, ReadonlyArray<{ readonly _tag: "Complete"; readonly size: number }>>
      >()(error)
      return { _tag: "Empty" }
    }
  }
)
// or any state while there is none
Workflow.make<State>("follow").registerSplit("Fetch", () => TaskResult.split(["Merge", "Save"]), {
  strategy: JoinStrategy.all,
  next: (result) => {
    exactly<ReadonlyArray<State>>()(result.values)
    return "Complete"
  }
})
// as an Effect, as a function to an Effect, and with the result discarded
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    | Engine
    | Offline
    | CanoError.JoinUnsatisfiedError<Offline | CanoError.WorkflowError, ReadonlyArray<"Complete" | "Degraded">>,
    Http
  >
>()(
  make
    .register("Merge", Effect.succeed("Complete"))
    .registerSplit("Fetch", Effect.map(get, () => TaskResult.split(["Merge"])), {
      strategy: JoinStrategy.all,
      next: "Complete"
    })
    .orchestrate("Fetch")
)
make.registerSplit("Fetch", () => Effect.map(get, () => TaskResult.split(["Merge"])), {
  strategy: JoinStrategy.all,
  discard: true,
  next: (result) => {
    exactly<SplitResult.Discarded>()(result)
    return "Complete"
  }
})
// for exact types a workflow is a branch
const item = Workflow.make<"Go" | "Sold">("item").register("Go", Effect.as(get, "Sold" as const)).addExitStates("Sold")
make.registerSplit("Fetch", () => [1, 2].map(() => item.orchestrate("Go")), {
  strategy: JoinStrategy.all,
  next: (result) => {
    exactly<ReadonlyArray<"Sold">>()(result.values)
    return "Complete"
  },
  otherwise: (error) => {
    exactly<CanoError.JoinUnsatisfiedError<Engine | Offline, ReadonlyArray<"Sold">>>()(error)
    return "Degraded"
  }
})

// -----------------------------------------------------------------------------
// make with a Schema
// -----------------------------------------------------------------------------

const schema = Workflow.make("schema", Schema.Literals(["Go", "Sold"]))
proves<[Equals<Workflow.State<typeof schema>, "Go" | "Sold">]>()
const taggedSchema = Workflow.make(
  "schema",
  Schema.Union([
    Schema.TaggedStruct("Go", { urls: Schema.Array(Schema.String) }),
    Schema.TaggedStruct("Sold", {})
  ])
)
taggedSchema.register("Go", ({ urls }) => {
  exactly<ReadonlyArray<string>>()(urls)
  return Effect.succeed({ _tag: "Sold" })
})

// -----------------------------------------------------------------------------
// to: what a state declares
// -----------------------------------------------------------------------------

declare const flag: boolean
declare const someState: State

// every form of a task, in any order
make.register("Fetch", Effect.succeed(flag ? "Merge" : "Save"), { to: ["Save", "Merge"] })
make.register("Fetch", () => Effect.succeed("Merge"), { to: ["Merge"] })
make.register("Fetch", function*() {
  yield* get
  return flag ? "Merge" : "Complete"
}, { to: ["Merge", "Complete"] })
make.register("Fetch", { run: get, next: (page) => page === "" ? "Merge" : "Save" }, { to: ["Merge", "Save"] })
make.register("Fetch", { run: get, next: "Merge" }, { to: ["Merge"] })
make.register("Fetch", Effect.die("no"), { to: [] })
make.register("Fetch", get.pipe(Effect.as("Merge" as const)), {})
make.register("Fetch", Effect.succeed("Merge"), { to: undefined })
// it is kept out of what the task fails with and requires
exactly<Effect.Effect<"Complete" | "Degraded", Engine | Offline, Http>>()(
  make.register("Fetch", Effect.as(get, "Complete" as const), { to: ["Complete"] }).orchestrate("Fetch")
)
// a type that only says "any state" is believed, and only what is declared is entered
exactly<Effect.Effect<"Complete" | "Degraded", Engine>>()(
  make.register("Fetch", Effect.succeed(someState), { to: ["Complete"] }).orchestrate("Fetch")
)
// @ts-expect-error: without it the task may enter any state
void make.register("Fetch", Effect.succeed(someState)).orchestrate("Fetch")

make.registerSplit("Fetch", [get], {
  strategy: JoinStrategy.all,
  next: (result) => {
    exactly<readonly [string]>()(result.values)
    return flag ? "Merge" : "Save"
  },
  otherwise: (error) => {
    exactly<CanoError.JoinUnsatisfiedError<Offline, readonly [string]>>()(error)
    return flag ? "Degraded" : "Save"
  },
  to: { next: ["Merge", "Save"], otherwise: ["Degraded", "Save"] }
})
make.registerSplit("Fetch", [get], { strategy: JoinStrategy.all, next: "Merge", to: {} })
make.registerSplit("Fetch", () => TaskResult.split(["Merge", "Save"]), {
  strategy: JoinStrategy.all,
  next: "Complete",
  to: { branches: ["Merge", "Save"] }
})
make.registerSplit("Fetch", () => [get], { strategy: JoinStrategy.all, next: "Complete", to: { branches: [] } })
exactly<Effect.Effect<"Complete" | "Degraded", Engine | CanoError.JoinUnsatisfiedError<never, readonly [void]>>>()(
  make.registerSplit("Fetch", [Effect.void], {
    strategy: JoinStrategy.all,
    next: () => someState,
    to: { next: ["Complete"] }
  }).orchestrate("Fetch")
)

// states that carry data, by their tags
Workflow.make<Tagged>("declared").register(
  "Fetch",
  ({ urls }) => Effect.succeed(urls.length > 1 ? { _tag: "Save", pages: [1] } : { _tag: "Complete", size: 0 }),
  { to: ["Save", "Complete"] }
)

// -----------------------------------------------------------------------------
// merge, fromEntries, pipe
// -----------------------------------------------------------------------------

const whole = Workflow.make<State>("whole")
  .register("Fetch", Effect.as(get, "Merge" as const))
  .withResources(PoolLive)
  .merge(
    Workflow.make<State>("part")
      .registerSplit("Merge", [write], { strategy: JoinStrategy.all, next: "Complete" })
      .addExitStates("Complete")
      .withResources(DiskLive)
      .withTimeout("1 minute")
  )
exactly<
  Effect.Effect<
    "Complete",
    Engine | Offline | NoPool | CanoError.JoinUnsatisfiedError<Full, readonly [void]> | CanoError.WorkflowTimeoutError,
    Http
  >
>()(whole.orchestrate("Fetch"))

const data = Workflow.fromEntries("data", {
  states: {
    Fetch: get,
    *Merge() {
      yield* write
      return "Save"
    },
    Save: {
      branches: [get],
      strategy: JoinStrategy.quorum(1),
      timeout: 10,
      next: () => Effect.as(write, "Complete")
    },
    Join: { branches: [get], strategy: JoinStrategy.all, next: "Complete", otherwise: "Complete" },
    Late: { run: () => Effect.fail(new NoPool()), next: "Complete" }
  },
  exits: ["Complete"]
})
exactly<
  Effect.Effect<
    "Complete",
    | Engine
    | Offline
    | Full
    | NoPool
    | CanoError.JoinUnsatisfiedError<Offline, readonly [string]>
    | CanoError.JoinTimeoutError<Offline, readonly [string]>,
    Http | Disk
  >
>()(data.orchestrate("Fetch"))
proves<[Equals<Workflow.State<typeof data>, "Fetch" | "Merge" | "Save" | "Join" | "Late" | "Complete">]>()

exactly<string>()(one.pipe((self) => self.name))
exactly<Effect.Effect<"Complete" | "Degraded", Engine>>()(one.pipe((self) => self.orchestrate("Fetch")))

// -----------------------------------------------------------------------------
// extractors
// -----------------------------------------------------------------------------

const shop = tagged.register("Empty" as never, Effect.as(get, { _tag: "Empty" } as const)).withResources(DiskLive)
proves<[
  Equals<Workflow.State<typeof tagged>, Tagged>,
  Equals<
    Workflow.Exit<typeof tagged>,
    { readonly _tag: "Complete"; readonly size: number } | { readonly _tag: "Empty" }
  >,
  Equals<Workflow.Exit<typeof one>, "Complete" | "Degraded">,
  Equals<Workflow.Error<typeof tagged>, Engine | CanoError.JoinUnsatisfiedError<never, ReadonlyArray<number>>>,
  Equals<
    Workflow.Error<typeof shop>,
    Engine | CanoError.JoinUnsatisfiedError<never, ReadonlyArray<number>> | Offline | NoPool
  >,
  Equals<Workflow.Services<typeof tagged>, never>,
  Equals<Workflow.Services<typeof shop>, Http | Pool>,
  Equals<Workflow.Tag<Tagged>, "Fetch" | "Save" | "Complete" | "Empty">,
  Equals<Workflow.Tag<State>, State>,
  Equals<Workflow.At<Tagged, "Empty">, { readonly _tag: "Empty" }>,
  Equals<Workflow.At<State, "Merge" | "Save">, "Merge" | "Save">,
  Equals<Parameters<Workflow.Task<typeof tagged, "Save">>, [state: Extract<Tagged, { readonly _tag: "Save" }>]>
]>()

// of a type of states, a task is one function, of its state alone
proves<[
  Equals<Parameters<Workflow.Task<Tagged, "Save">>, [state: Extract<Tagged, { readonly _tag: "Save" }>]>,
  Equals<Parameters<Workflow.Task<State, "Save">>, [state: "Save"]>
]>()

// a name that is not known is not said to be taken
declare const names: Workflow.Workflow<
  string,
  Workflow.Graph<string, string, Workflow.Way<string, string>, Layer.Layer<never>>,
  never,
  never
>
names.register("Fetch", Effect.succeed("Merge")).addExitStates("Save").merge(names)
declare const anyone: Workflow.Any
anyone.register("Fetch", Effect.succeed("Merge")).addExitState("Save")

// -----------------------------------------------------------------------------
// functions of any workflow
// -----------------------------------------------------------------------------

// of any workflow nothing is known, and nothing is claimed
proves<[
  Equals<Workflow.Exit<Workflow.Any>, unknown>,
  Equals<Workflow.Error<Workflow.Any>, unknown>,
  Equals<Workflow.Services<Workflow.Any>, unknown>
]>()
exactly<Effect.Effect<unknown, unknown, unknown>>()(anyone.orchestrate("Fetch"))
exactly<Effect.Effect<unknown, unknown, unknown>>()(
  anyone.withTimeout(1).withResources(PoolLive).register("Fetch", Effect.fail(new Full())).orchestrate("Fetch")
)
const claimed = <W extends Workflow.Any>(workflow: W, state: Workflow.State<W>) => workflow.orchestrate(state)
exactly<Effect.Effect<unknown, unknown, unknown>>()(claimed(one, "Fetch"))
// run by a function, it is exact for the one that is given
const runs = <W extends Workflow.Any>(
  workflow: W,
  state: Workflow.State<W>
): Effect.Effect<Workflow.Exit<W>, Workflow.Error<W>, Workflow.Services<W>> =>
  Workflow.orchestrate(workflow, state, { maxTransitions: 10 })
exactly<
  Effect.Effect<
    "Complete" | "Degraded",
    Engine | CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, void, number]>,
    Http | Disk
  >
>()(runs(split, "Fetch"))
exactly<
  Effect.Effect<
    Extract<Tagged, { readonly _tag: "Complete" | "Empty" }>,
    Engine | CanoError.JoinUnsatisfiedError<never, ReadonlyArray<number>>
  >
>()(runs(tagged, { _tag: "Fetch", urls: [] }))
// @ts-expect-error: no state of this machine
void runs(split, "Fetsh")
// the four parameters keep everything
const limited = <S extends Workflow.AnyState, G extends Workflow.Graph.Any, E, R>(
  workflow: Workflow.Workflow<S, G, E, R>
) => workflow.withTimeout(1)
exactly<Effect.Effect<"Complete" | "Degraded", Engine | Full | CanoError.WorkflowTimeoutError, Disk>>()(
  limited(make.register("Fetch", Effect.as(write, "Complete" as const))).orchestrate("Fetch")
)

// a state of a machine of one state is registered once
// @ts-expect-error: it is
Workflow.make<"Only">("one").register("Only", Effect.succeed("Only")).register("Only", Effect.succeed("Only"))
// a tag is kept inside Effect.gen
tagged.register(
  "Empty" as never,
  Effect.gen(function*() {
    yield* write
    return { _tag: "Save", pages: [1] }
  })
)

// several names may share one member
type Shared = { readonly _tag: "Left" | "Right"; readonly n: number } | { readonly _tag: "End" }
const shared = Workflow.make<Shared>("shared")
  .register("Left", ({ _tag, n }) => {
    exactly<"Left">()(_tag)
    return Effect.succeed({ _tag: "Right", n })
  })
  .register("Right", Effect.succeed({ _tag: "End" }))
  .addExitStates("End")
exactly<Effect.Effect<{ readonly _tag: "End" }, Engine>>()(shared.orchestrate({ _tag: "Left", n: 1 }))

// a handler in another file: it keeps its own types with satisfies
const save = (({ pages }) => Effect.as(write, { _tag: "Complete", size: pages.length })) satisfies Workflow.Task<
  typeof tagged,
  "Save"
>
exactly<Effect.Effect<{ readonly _tag: "Complete"; readonly size: number }, Engine | Full, Disk>>()(
  Workflow.make<Tagged>("apart").register("Save", save).addExitStates("Complete").orchestrate({
    _tag: "Save",
    pages: []
  })
)

// -----------------------------------------------------------------------------
// CurrentRun, path, guards
// -----------------------------------------------------------------------------

const key = Effect.map(Workflow.CurrentRun, (run) => {
  exactly<Workflow.CurrentRun>()(run)
  return run.key
})
exactly<Effect.Effect<string>>()(key)
exactly<Option.Option<CanoError.Path>>()(Workflow.path(null!))
const unknown: unknown = null
if (CanoError.isCanoError(unknown)) exactly<CanoError.CanoError>()(unknown)
if (Workflow.isWorkflow(unknown)) exactly<Workflow.Any>()(unknown)
if (TaskResult.isSplit(unknown)) exactly<TaskResult.Split<unknown>>()(unknown)

// -----------------------------------------------------------------------------
// a Schema, and the graph
// -----------------------------------------------------------------------------

const literals = Schema.Literals(["Fetch", "Complete"])
exactly<Effect.Effect<"Complete", Engine>>()(
  Workflow.make("schema", literals, { validate: "transitions" })
    .register("Fetch", Effect.succeed("Complete")).addExitStates("Complete").orchestrate("Fetch")
)
// @ts-expect-error: the states are checked at their start, or at each transition
Workflow.make("schema", literals, { validate: "exits" })
one.validate({ from: ["Fetch", "Complete"] })
// @ts-expect-error: no state of this machine
one.validate({ from: ["Merge"] })

// what `next` is given is known, also where the work is a function that takes the state
{
  type Count = { readonly _tag: "Count"; readonly n: number } | "Over"
  Workflow.make<Count>("count").register("Count", {
    run: ({ n }) => Effect.succeed(n),
    next: (value) => {
      exactly<number>()(value)
      return "Over"
    }
  })
}
