// What must not compile here is marked line by line, which the diagnostics of Effect do not look at.
// @effect-diagnostics missingEffectError:off missingEffectContext:off
/**
 * What a split's types say of its result. These programs are type-checked by `npm run check` and never run.
 */
import { Context, Data, Effect, Schema, type Scope, type Stream } from "effect"
import { type Bulkhead, type CanoError, JoinStrategy, MemoryStore, Split, SplitResult, TaskResult } from "effect-cano"
import * as SplitStream from "effect-cano/SplitStream"
import { type Equals, exactly, proves } from "./exactly.ts"

type Bad = CanoError.ConfigurationError | CanoError.WorkflowError

class Offline extends Data.TaggedError("Offline")<{}> {}
class Full extends Data.TaggedError("Full")<{}> {}
class Http extends Context.Service<Http, { readonly get: Effect.Effect<string, Offline> }>()("Http") {}

const text = Effect.flatMap(Http, (http) => http.get)
const size: Effect.Effect<number, Full> = Effect.succeed(1)
const flag: Effect.Effect<boolean> = Effect.succeed(true)

/** The result of an effect. */
type ResultOf<T> = T extends Effect.Effect<infer A, any, any> ? A : never
type ErrorsOf<T> = T extends Effect.Effect<any, infer E, any> ? Exclude<E, Bad> : never
type ServicesOf<T> = T extends Effect.Effect<any, any, infer R> ? R : never

// -----------------------------------------------------------------------------
// strategies carry their literals
// -----------------------------------------------------------------------------

exactly<JoinStrategy.JoinStrategy<"All", 0>>()(JoinStrategy.all)
exactly<JoinStrategy.JoinStrategy<"AllFailFast", 0>>()(JoinStrategy.allFailFast)
exactly<JoinStrategy.JoinStrategy<"Any", 0>>()(JoinStrategy.any)
exactly<JoinStrategy.JoinStrategy<"PartialTimeout", 0>>()(JoinStrategy.partialTimeout)
exactly<JoinStrategy.JoinStrategy<"Quorum", 2>>()(JoinStrategy.quorum(2))
exactly<JoinStrategy.JoinStrategy<"PartialResults", 3>>()(JoinStrategy.partialResults(3))
exactly<JoinStrategy.JoinStrategy<"Percentage", 0.5>>()(JoinStrategy.percentage(0.5))
exactly<JoinStrategy.JoinStrategy<"Quorum", number>>()(JoinStrategy.quorum([1].length))
exactly<JoinStrategy.JoinStrategy<"Percentage" | "Quorum">>()(JoinStrategy.resolve(JoinStrategy.percentage(0.5), 4))
exactly<JoinStrategy.Verdict>()(
  JoinStrategy.decide(
    JoinStrategy.all,
    { total: 0, succeeded: 0, failed: 0, interrupted: 0, notStarted: 0 },
    "settled"
  )
)

// -----------------------------------------------------------------------------
// a tuple keeps each branch's own types
// -----------------------------------------------------------------------------

const tuple = Split.run([text, size, flag], { strategy: JoinStrategy.all })
proves<[
  Equals<ResultOf<typeof tuple>["values"], readonly [string, number, boolean]>,
  Equals<
    ResultOf<typeof tuple>["outcomes"],
    readonly [
      SplitResult.Outcome<string, Offline>,
      SplitResult.Outcome<number, Full>,
      SplitResult.Outcome<boolean, never>
    ]
  >,
  Equals<ResultOf<typeof tuple>["failures"], ReadonlyArray<SplitResult.Failed<Offline | Full>>>,
  Equals<
    ResultOf<typeof tuple>["cancelled"],
    ReadonlyArray<SplitResult.Interrupted<Offline | Full> | SplitResult.NotStarted>
  >,
  Equals<
    ResultOf<typeof tuple>["settled"],
    ReadonlyArray<SplitResult.Succeeded<string | number | boolean> | SplitResult.Failed<Offline | Full>>
  >,
  Equals<ErrorsOf<typeof tuple>, CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, number, boolean]>>,
  Equals<ServicesOf<typeof tuple>, Http>
]>()

// the other strategies have the successes they got, in branch order
const quorum = Split.run([text, size, flag], { strategy: JoinStrategy.quorum(2) })
proves<[
  Equals<ResultOf<typeof quorum>["values"], ReadonlyArray<string | number | boolean>>,
  Equals<ResultOf<typeof quorum>["outcomes"], ResultOf<typeof tuple>["outcomes"]>
]>()
const failFast = Split.run([text, size], { strategy: JoinStrategy.allFailFast })
proves<[Equals<ResultOf<typeof failFast>["values"], readonly [string, number]>]>()
for (
  const strategy of [
    JoinStrategy.any,
    JoinStrategy.quorum(1),
    JoinStrategy.percentage(0.5),
    JoinStrategy.partialResults(1)
  ] as const
) {
  const some = Split.run([text, size], { strategy })
  proves<[Equals<ResultOf<typeof some>["values"], ReadonlyArray<string | number>>]>()
}

// -----------------------------------------------------------------------------
// a record keeps its names
// -----------------------------------------------------------------------------

const record = Split.run({ page: text, size }, { strategy: JoinStrategy.all })
proves<[
  Equals<ResultOf<typeof record>["values"], { readonly page: string; readonly size: number }>,
  Equals<
    ResultOf<typeof record>["outcomes"],
    { readonly page: SplitResult.Outcome<string, Offline>; readonly size: SplitResult.Outcome<number, Full> }
  >,
  Equals<
    ErrorsOf<typeof record>,
    CanoError.JoinUnsatisfiedError<Offline | Full, { readonly page: string; readonly size: number }>
  >,
  Equals<ServicesOf<typeof record>, Http>
]>()
const someOfRecord = Split.run({ page: text, size }, { strategy: JoinStrategy.any })
proves<[
  Equals<ResultOf<typeof someOfRecord>["values"], { readonly page?: string; readonly size?: number }>,
  Equals<ResultOf<typeof someOfRecord>["outcomes"], ResultOf<typeof record>["outcomes"]>
]>()

// -----------------------------------------------------------------------------
// dynamic and lazy lists
// -----------------------------------------------------------------------------

const list = Split.run(() => ["a", "b"].map(() => text), { strategy: JoinStrategy.all })
proves<[
  Equals<ResultOf<typeof list>["values"], ReadonlyArray<string>>,
  Equals<ResultOf<typeof list>["outcomes"], ReadonlyArray<SplitResult.Outcome<string, Offline>>>
]>()

const lazy = Split.run(function*() {
  yield text
  yield size
}, { strategy: JoinStrategy.all })
proves<[
  Equals<ResultOf<typeof lazy>["values"], ReadonlyArray<string | number>>,
  Equals<
    ResultOf<typeof lazy>["outcomes"],
    ReadonlyArray<SplitResult.Outcome<string, Offline> | SplitResult.Outcome<number, Full>>
  >,
  Equals<ServicesOf<typeof lazy>, Http>
]>()

const set = Split.run(new Set([size]), { strategy: JoinStrategy.all })
proves<[Equals<ResultOf<typeof set>["values"], ReadonlyArray<number>>]>()

const effectful = Split.run(Effect.map(text, (page) => [...page].map(() => size)), { strategy: JoinStrategy.all })
proves<[
  Equals<ResultOf<typeof effectful>["values"], ReadonlyArray<number>>,
  Equals<ErrorsOf<typeof effectful>, Offline | CanoError.JoinUnsatisfiedError<Full, ReadonlyArray<number>>>,
  Equals<ServicesOf<typeof effectful>, Http>
]>()

const recordOfFunction = Split.run(() => ({ page: text, size }), { strategy: JoinStrategy.all })
const arrayOfFunction = Split.run(() => [text, size], { strategy: JoinStrategy.all })
proves<[
  Equals<ResultOf<typeof recordOfFunction>["values"], { readonly page: string; readonly size: number }>,
  Equals<ResultOf<typeof arrayOfFunction>["values"], ReadonlyArray<string | number>>
]>()

const none = Split.run([], { strategy: JoinStrategy.all })
proves<[Equals<ResultOf<typeof none>["values"], readonly []>]>()

// -----------------------------------------------------------------------------
// timeout and discard
// -----------------------------------------------------------------------------

const timed = Split.run([size], { strategy: JoinStrategy.all, timeout: "1 second" })
const partial = Split.run([size], { strategy: JoinStrategy.partialTimeout, timeout: "1 second" })
proves<[
  Equals<
    ErrorsOf<typeof timed>,
    CanoError.JoinUnsatisfiedError<Full, readonly [number]> | CanoError.JoinTimeoutError<Full, readonly [number]>
  >,
  Equals<ErrorsOf<typeof partial>, CanoError.JoinTimeoutError<Full, readonly [number]>>
]>()

// what is discarded is in no error either
exactly<Effect.Effect<SplitResult.Discarded, Bad | CanoError.JoinUnsatisfiedError<Full, ReadonlyArray<never>>>>()(
  Split.run([size], { strategy: JoinStrategy.all, discard: true })
)

// -----------------------------------------------------------------------------
// narrowing
// -----------------------------------------------------------------------------

declare const outcome: SplitResult.Outcome<number, Full>
if (SplitResult.isSucceeded(outcome)) exactly<SplitResult.Succeeded<number>>()(outcome)
if (SplitResult.isFailed(outcome)) exactly<SplitResult.Failed<Full>>()(outcome)
switch (outcome._tag) {
  case "Succeeded":
    exactly<number>()(outcome.value)
    break
  case "Failed":
  case "Interrupted":
    proves<[Equals<typeof outcome.cause extends { readonly reasons: any } ? true : false, true>]>()
    break
  case "NotStarted":
    exactly<SplitResult.NotStarted>()(outcome)
}
exactly<TaskResult.Split<"Merge" | "Save">>()(TaskResult.split(["Merge", "Save"]))

// the error of a join, caught by its tag, has the branches' own errors
exactly<Effect.Effect<readonly [number] | ReadonlyArray<SplitResult.Failed<Full>>, Bad>>()(
  Split.run([size], { strategy: JoinStrategy.all }).pipe(
    Effect.map((result) => result.values),
    Effect.catchTag("JoinUnsatisfiedError", (error) => Effect.succeed(error.result.failures))
  )
)

// -----------------------------------------------------------------------------
// the keys of a store
// -----------------------------------------------------------------------------

const Total = MemoryStore.key<number>("total")
const Names = MemoryStore.key("names", Schema.Array(Schema.String))
proves<[
  Equals<typeof Total, MemoryStore.Key<number>>,
  Equals<typeof Names, MemoryStore.Key<ReadonlyArray<string>>>
]>()
declare const store: MemoryStore.Service
exactly<Effect.Effect<number, MemoryStore.StoreError>>()(store.get(Total))
exactly<Effect.Effect<void, MemoryStore.StoreError>>()(store.append(Names, "a"))

// -----------------------------------------------------------------------------
// options beyond the six
// -----------------------------------------------------------------------------

class Db extends Context.Service<Db, Bulkhead.Bulkhead>()("Db") {}

const late = Split.run([text, size], { strategy: JoinStrategy.any, losers: "await" })
proves<
  [
    Equals<
      ResultOf<typeof late>["outcomes"],
      readonly [SplitResult.Outcome.Under<"await", string, Offline>, SplitResult.Outcome.Under<"await", number, Full>]
    >
  ]
>()
proves<[Equals<ServicesOf<typeof late>, Http>]>()

/** What may outlive its split needs a scope. */
const detached = Split.run({ a: size }, { strategy: JoinStrategy.any, losers: "detach" })
proves<[Equals<ServicesOf<typeof detached>, Scope.Scope>]>()
proves<
  [Equals<ResultOf<typeof detached>["outcomes"]["a"]["_tag"], "Succeeded" | "Failed" | "Detached" | "NotStarted">]
>()
const graceful = Split.run([size], { strategy: JoinStrategy.any, losers: { grace: "1 second" } })
proves<[Equals<ServicesOf<typeof graceful>, Scope.Scope>]>()

/** A bulkhead by its key is required, and may refuse; a number does neither. */
const limited = Split.run([flag], { strategy: JoinStrategy.partialTimeout, timeout: 10, bulkhead: Db })
proves<[Equals<ServicesOf<typeof limited>, Db>]>()
proves<
  [
    Equals<
      ErrorsOf<typeof limited>,
      | CanoError.JoinTimeoutError<never, readonly [boolean]>
      | CanoError.BulkheadFullError
      | CanoError.BulkheadReentryError
    >
  ]
>()
const bounded = Split.run([flag], { strategy: JoinStrategy.partialTimeout, timeout: 10, bulkhead: 3 })
proves<[Equals<ErrorsOf<typeof bounded>, CanoError.JoinTimeoutError<never, readonly [boolean]>>]>()

/** An observer adds its own errors and services, and is told of what can happen. */
const observed = Split.run([text, size], {
  strategy: JoinStrategy.all,
  onOutcome: (outcome) => {
    exactly<SplitResult.Outcome.Ended<"interrupt", string | number, Offline | Full>>()(outcome)
    return Effect.flatMap(Db, () => Effect.fail("disk full" as const))
  }
})
proves<[Equals<ServicesOf<typeof observed>, Http | Db>]>()
proves<[
  Equals<
    ErrorsOf<typeof observed>,
    CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, number]> | "disk full"
  >
]>()

const reduced = Split.run([text, size], {
  strategy: JoinStrategy.all,
  reduce: { initial: () => 0, step: (n, outcome) => outcome._tag === "Succeeded" ? n + 1 : n }
})
proves<[Equals<ResultOf<typeof reduced>, SplitResult.Reduced<number>>]>()

/** A list that grows is a list. */
const grown = Split.run(Split.growing<number, Full, Http>((add) => [Effect.as(add([size]), 1)]), {
  strategy: JoinStrategy.all
})
proves<[Equals<ResultOf<typeof grown>["values"], ReadonlyArray<number>>]>()
proves<[Equals<ServicesOf<typeof grown>, Http>]>()
// @ts-expect-error there is no such policy
void Split.run([size], { strategy: JoinStrategy.all, losers: "cancel" })

// -----------------------------------------------------------------------------
// an option that is one or the other
// -----------------------------------------------------------------------------

declare const either: boolean
declare const maybe: {
  readonly discard: { readonly discard?: true }
  readonly losers: { readonly losers?: "await" }
  readonly timeout: { readonly timeout?: "1 second" }
  readonly reduce: { readonly reduce?: { readonly initial: () => number; readonly step: (n: number) => number } }
}

type Kept<Values> = SplitResult.SplitResult<
  string | number,
  Offline | Full,
  readonly [SplitResult.Outcome<string, Offline>, SplitResult.Outcome<number, Full>],
  Values
>
type Whole = Kept<readonly [string, number]>

const anyOrAll = Split.run([text, size], { strategy: either ? JoinStrategy.any : JoinStrategy.all })
const partialOrAll = Split.run([text, size], {
  strategy: either ? JoinStrategy.partialTimeout : JoinStrategy.all,
  timeout: 10
})
const someStrategy = Split.run([text, size], { strategy: JoinStrategy.all as JoinStrategy.JoinStrategy })
proves<[
  Equals<ResultOf<typeof anyOrAll>["values"], ReadonlyArray<string | number> | readonly [string, number]>,
  Equals<ErrorsOf<typeof anyOrAll>, CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, number]>>,
  Equals<
    ErrorsOf<typeof partialOrAll>,
    | CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, number]>
    | CanoError.JoinTimeoutError<Offline | Full, readonly [string, number]>
  >,
  Equals<ResultOf<typeof someStrategy>["values"], ReadonlyArray<string | number>>
]>()

const discardOrNot = Split.run([text, size], { strategy: JoinStrategy.all, discard: either })
const maybeDiscard = Split.run([text, size], { strategy: JoinStrategy.all, ...maybe.discard })
const spreadDiscard = Split.run([text, size], { strategy: JoinStrategy.all, ...(either ? { discard: true } : {}) })
const undefinedDiscard = Split.run([text, size], { strategy: JoinStrategy.all, discard: either ? true : undefined })
const neverDiscard = Split.run([text, size], { strategy: JoinStrategy.all, discard: false })
type Half = CanoError.JoinUnsatisfiedError<Offline | Full, ReadonlyArray<never> | readonly [string, number]>
proves<[
  Equals<ResultOf<typeof discardOrNot>, SplitResult.Discarded | Whole>,
  Equals<ResultOf<typeof maybeDiscard>, SplitResult.Discarded | Whole>,
  Equals<ResultOf<typeof spreadDiscard>, SplitResult.Discarded | Whole>,
  Equals<ResultOf<typeof undefinedDiscard>, SplitResult.Discarded | Whole>,
  Equals<ResultOf<typeof neverDiscard>, Whole>,
  Equals<ErrorsOf<typeof discardOrNot>, Half>,
  Equals<ErrorsOf<typeof maybeDiscard>, Half>
]>()

const maybeLosers = Split.run([size], {
  strategy: JoinStrategy.all,
  ...maybe.losers,
  onOutcome: (outcome) => {
    exactly<SplitResult.Outcome.Ended<"interrupt" | "await", number, Full>>()(outcome)
    return Effect.void
  }
})
const losersOrNot = Split.run([size], { strategy: JoinStrategy.all, losers: either ? "detach" : "await" })
proves<[
  Equals<
    ResultOf<typeof maybeLosers>["outcomes"][0],
    SplitResult.Outcome<number, Full> | SplitResult.Late<number, Full>
  >,
  Equals<ServicesOf<typeof maybeLosers>, never>,
  Equals<
    ResultOf<typeof losersOrNot>["outcomes"][0]["_tag"],
    "Succeeded" | "Failed" | "Late" | "Detached" | "NotStarted"
  >,
  Equals<ServicesOf<typeof losersOrNot>, Scope.Scope>
]>()

const maybeReduce = Split.run([text, size], { strategy: JoinStrategy.all, ...maybe.reduce })
const reduceOrNot = Split.run([text, size], {
  strategy: JoinStrategy.all,
  reduce: either ? { initial: () => 0, step: (n: number) => n + 1 } : undefined
})
const maybeTimeout = Split.run([size], { strategy: JoinStrategy.all, ...maybe.timeout })
proves<[
  Equals<ResultOf<typeof maybeReduce>, SplitResult.Reduced<number> | Whole>,
  Equals<ResultOf<typeof reduceOrNot>, SplitResult.Reduced<number> | Whole>,
  Equals<ErrorsOf<typeof maybeReduce>, Half>,
  Equals<
    ErrorsOf<typeof maybeTimeout>,
    CanoError.JoinUnsatisfiedError<Full, readonly [number]> | CanoError.JoinTimeoutError<Full, readonly [number]>
  >
]>()

/** Options that are handed on say what they may be. */
export const handedOn = (options: Split.Options) => {
  const result = Split.run([size], options)
  proves<[
    Equals<
      ResultOf<typeof result> extends infer R ? R extends { readonly outcomes: any } ? "whole" : "discarded" : never,
      "whole" | "discarded"
    >,
    // a bulkhead may be the key of any service
    Equals<ServicesOf<typeof result>, unknown>
  ]>()
}

// a stream may be of losers that are interrupted or awaited
const maybeAwaited = SplitStream.make([size], { strategy: JoinStrategy.all, ...maybe.losers })
exactly<
  Stream.Stream<
    SplitResult.Outcome.Ended<"interrupt" | "await", number, Full>,
    Bad | CanoError.JoinUnsatisfiedError<Full, ReadonlyArray<never>>
  >
>()(maybeAwaited)

// one of two strategies that does not fit is told of
// @ts-expect-error the strategy waits for 3 branches, but there are only 2
void Split.run([text, size], { strategy: either ? JoinStrategy.quorum(3) : JoinStrategy.any })
// @ts-expect-error one side needs a timeout
void Split.run([text, size], { strategy: either ? JoinStrategy.partialTimeout : JoinStrategy.any })

// -----------------------------------------------------------------------------
// what an error holds
// -----------------------------------------------------------------------------

declare const ofTuple: CanoError.JoinUnsatisfiedError<Offline | Full, readonly [string, number]>["result"]
declare const ofRecord: CanoError.JoinTimeoutError<
  Offline | Full,
  { readonly page: string; readonly size: number }
>["result"]
declare const ofList: CanoError.JoinUnsatisfiedError<Full, ReadonlyArray<number>>["result"]
declare const ofDiscarded: CanoError.JoinUnsatisfiedError<Full, ReadonlyArray<never>>["result"]
declare const ofAnything: CanoError.JoinUnsatisfiedError<Full>["result"]
declare const ofSeveral: CanoError.JoinUnsatisfiedError<Full, readonly [string] | { readonly size: number }>["result"]
type AnyOf<A, E> = SplitResult.Outcome.Any<A, E>
proves<[
  Equals<typeof ofTuple.values, ReadonlyArray<string | number>>,
  Equals<typeof ofTuple.outcomes, readonly [AnyOf<string, Offline | Full>, AnyOf<number, Offline | Full>]>,
  Equals<
    typeof ofTuple.settled,
    ReadonlyArray<SplitResult.Succeeded<string | number> | SplitResult.Failed<Offline | Full>>
  >,
  Equals<typeof ofRecord.values, { readonly page?: string; readonly size?: number }>,
  Equals<
    typeof ofRecord.outcomes,
    { readonly page: AnyOf<string, Offline | Full>; readonly size: AnyOf<number, Offline | Full> }
  >,
  Equals<
    typeof ofRecord.settled,
    ReadonlyArray<SplitResult.Succeeded<string | number> | SplitResult.Failed<Offline | Full>>
  >,
  Equals<typeof ofRecord.failures, ReadonlyArray<SplitResult.Failed<Offline | Full>>>,
  Equals<typeof ofList.values, ReadonlyArray<number>>,
  Equals<typeof ofList.outcomes, ReadonlyArray<AnyOf<number, Full>>>,
  Equals<typeof ofDiscarded.values, ReadonlyArray<never>>,
  Equals<typeof ofAnything.values, ReadonlyArray<unknown> | { readonly [name: string]: unknown }>,
  Equals<typeof ofAnything.settled, ReadonlyArray<SplitResult.Succeeded<unknown> | SplitResult.Failed<Full>>>,
  Equals<typeof ofSeveral.values, ReadonlyArray<string> | { readonly size?: number }>,
  Equals<typeof ofSeveral.settled[number], SplitResult.Succeeded<string | number> | SplitResult.Failed<Full>>
]>()

// an error that says less takes one that says more
declare const precise: CanoError.JoinUnsatisfiedError<Full, { readonly size: number }>
export const preciseToWide: CanoError.JoinUnsatisfiedError<Full> = precise
export const preciseToAny: CanoError.CanoError = precise
export const preciseToWider: CanoError.CanoError<Full | Offline> = precise
// @ts-expect-error but not the other way round
export const wideToPrecise: CanoError.JoinUnsatisfiedError<Full, { readonly size: number }> = ofWide
declare const ofWide: CanoError.JoinUnsatisfiedError<Full>

const degraded = Split.run({ page: text, size }, { strategy: JoinStrategy.all, timeout: 10 }).pipe(
  Effect.map((result) => result.values),
  Effect.catchTag(
    ["JoinUnsatisfiedError", "JoinTimeoutError"],
    (error) => Effect.succeed({ page: error.result.values.page ?? "none", size: error.result.values.size ?? 0 })
  )
)
exactly<
  Effect.Effect<{ readonly page: string; readonly size: number } | { page: string; size: number }, Bad, Http>
>()(degraded)

// -----------------------------------------------------------------------------
// a record keeps its names under every strategy
// -----------------------------------------------------------------------------

type Parts = { readonly page?: string; readonly size?: number }
for (
  const strategy of [
    JoinStrategy.any,
    JoinStrategy.quorum(1),
    JoinStrategy.percentage(0.5),
    JoinStrategy.partialResults(1),
    JoinStrategy.optional(JoinStrategy.all, ["size"]),
    JoinStrategy.anyOf("page", "size")
  ] as const
) {
  const some = Split.run({ page: text, size }, { strategy })
  proves<[Equals<ResultOf<typeof some>["values"], Parts>]>()
}
const anyOrAllOfRecord = Split.run({ page: text, size }, { strategy: either ? JoinStrategy.any : JoinStrategy.all })
const recordByName = Split.run({ page: text } as { readonly [name: string]: typeof text }, {
  strategy: JoinStrategy.any
})
const dynamicRecord = Split.run(() => Effect.succeed({ page: text, size }), { strategy: JoinStrategy.any })
const listOrRecord = Split.run(() => either ? [text] : { size }, { strategy: JoinStrategy.any })
proves<[
  Equals<ResultOf<typeof anyOrAllOfRecord>["values"], Parts | { readonly page: string; readonly size: number }>,
  Equals<ResultOf<typeof recordByName>["values"], { readonly [x: string]: string | undefined }>,
  Equals<ResultOf<typeof dynamicRecord>["values"], Parts>,
  Equals<ResultOf<typeof listOrRecord>["values"], ReadonlyArray<string> | { readonly size?: number }>
]>()

// -----------------------------------------------------------------------------
// counts and shares that are written
// -----------------------------------------------------------------------------

const two = { page: text, size }
declare const byName: { readonly [name: string]: typeof text }
void Split.run(two, { strategy: JoinStrategy.quorum(2) })
void Split.run(byName, { strategy: JoinStrategy.quorum(9) })
void Split.run(() => two, { strategy: JoinStrategy.quorum(9) })
void Split.run(Split.growing<number>(() => []), { strategy: JoinStrategy.quorum(9) })
void Split.run(new Set([size]), { strategy: JoinStrategy.quorum(9) })
void Split.run(two, { strategy: JoinStrategy.quorum([].length) })
// @ts-expect-error there are two
void Split.run(two, { strategy: JoinStrategy.quorum(3) })
// @ts-expect-error there are two
void Split.run(two, { strategy: JoinStrategy.partialResults(3) })
// @ts-expect-error there is none
void Split.run({}, { strategy: JoinStrategy.any })
void Split.run(two, { strategy: JoinStrategy.percentage(1) })
void Split.run(two, { strategy: JoinStrategy.percentage(0.07) })
void Split.run(two, { strategy: JoinStrategy.percentage(1e-7) })
void Split.run(two, { strategy: JoinStrategy.percentage([].length) })
// @ts-expect-error no share
void Split.run(two, { strategy: JoinStrategy.percentage(60) })
// @ts-expect-error no share
void Split.run(() => two, { strategy: JoinStrategy.percentage(0) })
// @ts-expect-error no share
void Split.run([text, size], { strategy: JoinStrategy.percentage(1.5) })
// @ts-expect-error no share
void Split.run([text, size], { strategy: JoinStrategy.percentage(-0.5) })

// -----------------------------------------------------------------------------
// branches that may be absent
// -----------------------------------------------------------------------------

const mayBe = Split.run({ text, ...(either ? { size } : {}) }, { strategy: JoinStrategy.all })
proves<[
  Equals<ResultOf<typeof mayBe>["values"], { readonly text: string; readonly size?: number }>,
  Equals<
    ResultOf<typeof mayBe>["outcomes"],
    { readonly text: SplitResult.Outcome<string, Offline>; readonly size?: SplitResult.Outcome<number, Full> }
  >
]>()
// a union of records is a union of results
const oneOf = Split.run(either ? { text } : { text, size }, { strategy: JoinStrategy.all })
exactly<{ readonly text: string; readonly size?: never } | { readonly text: string; readonly size: number }>()(
  null! as ResultOf<typeof oneOf>["values"]
)
// @ts-expect-error branch size may be undefined: leave its name out where there is none
void Split.run({ text, size: either ? size : undefined }, { strategy: JoinStrategy.any })
