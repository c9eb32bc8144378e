// What a stranger would write first: a run, a split, a stream of one, a shared bulkhead, a hedge, an async context and
// errors. `npm run packed` runs it against the packed library on every runtime: it must print the lines after `// =>` on
// each.
import { Context, Effect, Schema, Stream } from "effect"
import { Bulkhead, Hedge, JoinStrategy, MemoryStore, Split, TaskResult, Workflow } from "effect-cano"
import { ConfigurationError } from "effect-cano/CanoError"
import { quorum } from "effect-cano/JoinStrategy"
import * as SplitStream from "effect-cano/SplitStream"

const { all, any } = JoinStrategy
const answer = (name: string, millis: number) => Effect.as(Effect.sleep(millis), name)

const Fetched = MemoryStore.key("fetched", Schema.String)
const State = Schema.Union([
  Schema.TaggedStruct("Fetch", { urls: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("Page", { url: Schema.String }),
  Schema.TaggedStruct("Loaded", { size: Schema.Int }),
  Schema.TaggedStruct("Done", { sizes: Schema.Array(Schema.Int) })
])

const pages = Workflow.make("pages", State, { validate: "transitions" })
  .addExitStates("Loaded", "Done")
  .register("Page", ({ url }) => Effect.succeed({ _tag: "Loaded", size: url.length }))
  .registerSplit("Fetch", ({ urls }) => TaskResult.split(urls.map((url) => ({ _tag: "Page", url }))), {
    strategy: all,
    bulkhead: 2,
    next: ({ values }) =>
      Effect.gen(function*() {
        const store = yield* MemoryStore.MemoryStore
        yield* store.put(Fetched, `${values.length} pages`)
        console.log("run:", yield* store.get(Fetched))
        return { _tag: "Done", sizes: values.flatMap((exit) => exit._tag === "Loaded" ? [exit.size] : []) } as const
      })
  })
  .withResources(MemoryStore.layer)
  .withTimeout("30 seconds")

class Db extends Context.Service<Db, Bulkhead.Bulkhead>()("app/Db") {}

const shared = Effect.gen(function*() {
  let most = 0
  let now = 0
  const query = Effect.acquireUseRelease(
    Effect.sync(() => most = Math.max(most, ++now)),
    () => Effect.sleep(1),
    () => Effect.sync(() => void now--)
  )
  const split = Split.run(Array.from({ length: 20 }, () => query), { strategy: all, bulkhead: Db })
  yield* Effect.all([split, split], { concurrency: "unbounded" })
  console.log("bulkhead:", most, "at once,", (yield* (yield* Db).statistics).started, "started")
})

/** Branches run in the async context of the one who started their split. */
const asyncContext = Effect.gen(function*() {
  // named in a variable, so that no types of Node are needed
  const hooks: string = "node:async_hooks"
  const { AsyncLocalStorage } = yield* Effect.promise(() => import(hooks))
  const current = new AsyncLocalStorage()
  const bulkhead = yield* Bulkhead.make("context", { places: 1 })
  const ask = Effect.andThen(Effect.sleep(1), Effect.sync(() => current.getStore()))
  const inside = (user: string) =>
    Effect.promise<ReadonlyArray<unknown>>(() =>
      current.run(
        user,
        () => Effect.runPromise(Effect.map(Split.run([ask, ask], { strategy: all, bulkhead }), ({ values }) => values))
      )
    )
  console.log("async context:", (yield* Effect.all([inside("ada"), inside("bob")], { concurrency: 2 })).join(" "))
})

const program = Effect.gen(function*() {
  const exit = yield* pages.orchestrate({ _tag: "Fetch", urls: ["/", "/a", "/ab"] })
  // => run: 3 pages
  console.log("exit:", exit._tag === "Done" ? exit.sizes.join(" ") : exit._tag) // => exit: 1 2 3

  const { outcomes, tally } = yield* Split.run({ fast: answer("fast", 1), slow: Effect.never }, { strategy: any })
  console.log("split:", outcomes.fast._tag, outcomes.slow._tag, tally.interrupted) // => split: Succeeded Interrupted 1

  const streamed = yield* Stream.runCollect(
    SplitStream.make([answer("slow", 20), answer("fast", 1)], { strategy: all })
  )
  console.log("stream:", streamed.map(({ name }) => name).join(" ")) // => stream: 1 0

  yield* Effect.provide(shared, Bulkhead.layer(Db, { places: 3 })) // => bulkhead: 3 at once, 40 started

  const hedge = yield* Hedge.run((attempt) => answer(`attempt ${attempt}`, attempt === 0 ? 60_000 : 1), { delay: 5 })
  console.log("hedge:", hedge.value, hedge.hedged) // => hedge: attempt 1 true

  yield* asyncContext // => async context: ada,ada bob,bob

  const split = Split.run([Effect.succeed(1), Effect.fail("broken"), Effect.fail("broken")], { strategy: quorum(2) })
  const unsatisfied = yield* Effect.flip(split)
  console.log(String(unsatisfied))
  // => JoinUnsatisfiedError: quorum(2) of 3: 1 succeeded, 2 failed: 1: broken; 2: broken
  const late = yield* Effect.flip(Split.run([Effect.never], { strategy: all, timeout: 5 }))
  console.log(late._tag, late instanceof Error) // => JoinTimeoutError true
  const wrong = yield* Effect.flip(Split.run([Effect.void], { strategy: all, bulkhead: 0 }))
  console.log(wrong.message, wrong instanceof ConfigurationError)
  // => the split is misconfigured: the bulkhead is 0; it must be an integer of at least 1, or be left out true
})

await Effect.runPromise(program)
