// What must not compile here is marked line by line, which the diagnostics of Effect do not look at.
// @effect-diagnostics missingEffectError:off missingEffectContext:off
/**
 * A split and a hedge have the types of their arguments wherever they are written, whatever is expected there. These
 * programs are type-checked by `npm run check` and never run.
 */
import { Context, Effect, Layer, Stream } from "effect"
import { type Bulkhead, type CanoError, Hedge, JoinStrategy, Split, type SplitResult, Workflow } from "effect-cano"
import * as SplitStream from "effect-cano/SplitStream"
import { type Equals, exactly, proves } from "./exactly.ts"

type Bad = CanoError.ConfigurationError
type Engine = Bad | CanoError.WorkflowError

class Http extends Context.Service<Http, { readonly get: Effect.Effect<string, "offline"> }>()("Http") {}

const { all, any } = JoinStrategy
const get = Effect.flatMap(Http, (http) => http.get)
const failing: Effect.Effect<never, "e"> = Effect.fail("e")
declare const flag: boolean

/** What one split of `get`, and one of `failing`, is. */
type Got = Effect.Effect<
  SplitResult.SplitResult<
    string,
    "offline",
    readonly [SplitResult.Outcome<string, "offline">],
    readonly [string]
  >,
  Engine | CanoError.JoinUnsatisfiedError<"offline", readonly [string]>,
  Http
>
type Failing = Effect.Effect<
  SplitResult.SplitResult<never, "e", readonly [SplitResult.Outcome<never, "e">], readonly [never]>,
  Engine | CanoError.JoinUnsatisfiedError<"e", readonly [never]>
>
type GotHedge = Effect.Effect<Hedge.Outcome<string>, "offline" | Bad, Http>

type Of<T> = [
  T extends Effect.Effect<infer A, any, any> ? A : never,
  T extends Effect.Effect<any, infer E, any> ? E : never,
  T extends Effect.Effect<any, any, infer R> ? R : never
]
type Values<T> = Of<T>[0]
type Errors<T> = Of<T>[1]
type Services<T> = Of<T>[2]

// -----------------------------------------------------------------------------
// alone, and in a pipe
// -----------------------------------------------------------------------------

exactly<Got>()(Split.run([get], { strategy: all }))
exactly<Failing>()(Split.run([failing], { strategy: all }))
exactly<GotHedge>()(Hedge.run(get, { delay: 1 }))
exactly<Got>()(Split.run([get], { strategy: all }).pipe((self) => self))

// -----------------------------------------------------------------------------
// inside Effect.all: a tuple, a record, nested
// -----------------------------------------------------------------------------

exactly<Effect.Effect<[Values<Got>, Values<Failing>, Hedge.Outcome<string>], Errors<Got | Failing | GotHedge>, Http>>()(
  Effect.all([
    Split.run([get], { strategy: all }),
    Split.run([failing], { strategy: all }),
    Hedge.run(get, { delay: 1 })
  ])
)
exactly<Effect.Effect<{ a: Values<Got>; b: Hedge.Outcome<string> }, Errors<Got | GotHedge>, Http>>()(
  Effect.all({ a: Split.run([get], { strategy: all }), b: Hedge.run(() => get, { delay: 1 }) })
)
exactly<Effect.Effect<[[Values<Got>]], Errors<Got>, Http>>()(
  Effect.all([Effect.all([Split.run([get], { strategy: all })])])
)
exactly<Effect.Effect<[Values<Failing>], never>>()(
  Effect.all([Split.run([failing], { strategy: all })]).pipe(Effect.orDie)
)
void Effect.all([Split.run([failing], { strategy: all })]).pipe(
  // @ts-expect-error the error is no any
  Effect.catch((error) => error.nope)
)
void Effect.all([Hedge.run(failing, { delay: 1 })]).pipe(
  // @ts-expect-error the error is no any
  Effect.catch((error) => error.nope)
)
void Effect.runPromise(Effect.all([Split.run([Effect.succeed(1)], { strategy: all })]))
// @ts-expect-error nor are the services
void Effect.runPromise(Effect.all([Split.run([get], { strategy: all })]))
// @ts-expect-error nor are the services
void Effect.runPromise(Effect.all([Hedge.run(get, { delay: 1 })]))

// -----------------------------------------------------------------------------
// as a branch of another split, and in a hedge
// -----------------------------------------------------------------------------

const nested = Split.run([Split.run([get], { strategy: all }), Hedge.run(get, { delay: 1 })], { strategy: all })
const named = Split.run({ a: Split.run([get], { strategy: all }) }, { strategy: any })
const returned = Split.run(() => [Split.run([get], { strategy: all })], { strategy: all })
const yielded = Split.run(function*() {
  yield Split.run([get], { strategy: all })
}, { strategy: all })
proves<[
  Equals<Values<typeof nested>["values"], readonly [Values<Got>, Hedge.Outcome<string>]>,
  Equals<
    Errors<typeof nested>,
    | Engine
    | CanoError.JoinUnsatisfiedError<Errors<Got | GotHedge>, readonly [Values<Got>, Hedge.Outcome<string>]>
  >,
  Equals<Services<typeof nested>, Http>,
  Equals<
    Errors<typeof named>,
    Engine | CanoError.JoinUnsatisfiedError<Errors<Got>, { readonly a: Values<Got> }>
  >,
  Equals<
    Errors<typeof returned>,
    Engine | CanoError.JoinUnsatisfiedError<Errors<Got>, ReadonlyArray<Values<Got>>>
  >,
  Equals<Errors<typeof yielded>, Errors<typeof returned>>
]>()
exactly<Effect.Effect<Hedge.Outcome<Values<Got>>, Errors<Got>, Http>>()(
  Hedge.run(Split.run([get], { strategy: all }), { delay: 1 })
)
exactly<Effect.Effect<Hedge.Outcome<Values<Got>>, Errors<Got>, Http>>()(
  Hedge.run(() => Split.run([get], { strategy: all }), { delay: 1 })
)

// -----------------------------------------------------------------------------
// as an argument, in a ternary, in lists and records, with satisfies
// -----------------------------------------------------------------------------

declare const same: <Eff extends Effect.Effect<any, any, any>>(self: Eff) => Eff
declare const every: <const L extends ReadonlyArray<Effect.Effect<any, any, any>>>(list: L) => L
declare const parts: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
declare const lazily: <Eff extends Effect.Effect<any, any, any>>(make: () => Eff) => Eff
declare const anyOne: (self: Effect.Effect<any, any, any>) => void

exactly<Got>()(same(Split.run([get], { strategy: all })))
exactly<Got>()(parts(Split.run([get], { strategy: all })))
exactly<Got>()(lazily(() => Split.run([get], { strategy: all })))
exactly<Got | Failing>()(same(flag ? Split.run([get], { strategy: all }) : Split.run([failing], { strategy: all })))
exactly<readonly [Got, GotHedge]>()(every([Split.run([get], { strategy: all }), Hedge.run(get, { delay: 1 })]))
exactly<GotHedge>()(same(Hedge.run(get, { delay: 1 })))
exactly<GotHedge>()(parts(Hedge.run(get, { delay: 1 })))
exactly<Array<Got>>()([Split.run([get], { strategy: all })])
exactly<{ a: Got }>()({ a: Split.run([get], { strategy: all }) })
exactly<Got>()(Split.run([get], { strategy: all }) satisfies Effect.Effect<any, any, any>)
exactly<GotHedge>()(Hedge.run(get, { delay: 1 }) satisfies Effect.Effect<any, any, any>)
anyOne(Split.run([get], { strategy: all }))

// an annotation is checked, and never believed
export const annotated = (): Got => Split.run([get], { strategy: all })
export const wider = (): Effect.Effect<unknown, unknown, Http> => Split.run([get], { strategy: all })
export const noAny = (): Effect.Effect<{ readonly values: readonly [string] }, CanoError.CanoError, Http> =>
  Split.run([get], { strategy: all })
// @ts-expect-error an error that the split does not have
export const lessErrors = (): Effect.Effect<unknown, Engine, Http> => Split.run([get], { strategy: all })
// @ts-expect-error a requirement that it has
export const lessServices = (): Effect.Effect<unknown, unknown> => Split.run([get], { strategy: all })
export const reduced = (): Effect.Effect<SplitResult.Reduced<number>, unknown, Http> =>
  // @ts-expect-error it reduces nothing
  Split.run([get], { strategy: all })
// @ts-expect-error the Schedule needs nothing
export const hedged = (): Effect.Effect<unknown, unknown> => Hedge.run(get, { delay: 1 })
// @ts-expect-error a hedge has its own errors
export const hedgeErrors: Effect.Effect<unknown, Bad, Http> = Hedge.run(get, { delay: 1 })

// -----------------------------------------------------------------------------
// in generators and in a handler of a state
// -----------------------------------------------------------------------------

exactly<Effect.Effect<readonly [string], Errors<Got>, Http>>()(
  Effect.gen(function*() {
    const result = yield* Split.run([get], { strategy: all })
    exactly<Values<Got>>()(result)
    return result.values
  })
)
const flatMapped = Effect.flatMap(Effect.void, () => Split.run([get], { strategy: all }))
exactly<Got>()(flatMapped)
const machine = Workflow.make<"Start" | "Work" | "Done">("positions")
  .register("Start", { run: Split.run([get], { strategy: all }), next: "Work" })
  .registerSplit("Work", { inner: Split.run([failing], { strategy: all }), hedge: Hedge.run(get, { delay: 1 }) }, {
    strategy: all,
    next: () => Effect.as(Split.run([get], { strategy: all }), "Done" as const)
  })
  .addExitStates("Done")
proves<[
  Equals<
    Workflow.Error<typeof machine>,
    | Engine
    | CanoError.JoinUnsatisfiedError<
      "offline" | Errors<Failing | GotHedge>,
      readonly [string] | { readonly inner: Values<Failing>; readonly hedge: Hedge.Outcome<string> }
    >
  >,
  Equals<Workflow.Services<typeof machine>, Http>
]>()

// -----------------------------------------------------------------------------
// streams, lists that grow, places and workflows
// -----------------------------------------------------------------------------

type Outcomes = Stream.Stream<
  SplitResult.Outcome.Ended<"interrupt", string, "offline">,
  Engine | CanoError.JoinUnsatisfiedError<"offline", ReadonlyArray<never>>,
  Http
>
declare const sameStream: <S extends Stream.Stream<any, any, any>>(self: S) => S
declare const streams: <const L extends ReadonlyArray<Stream.Stream<any, any, any>>>(list: L) => L
exactly<Outcomes>()(SplitStream.make([get], { strategy: all }))
exactly<Outcomes>()(sameStream(SplitStream.make([get], { strategy: all })))
exactly<readonly [Outcomes]>()(streams([SplitStream.make([get], { strategy: all })]))
exactly<Outcomes>()(Stream.unwrap(Effect.succeed(SplitStream.make([get], { strategy: all }))))

// without a type the branches of a list that grows are unknown, not any
const grown = Split.run(Split.growing((add) => [Effect.as(add([]), 1)]), { strategy: all })
proves<[Equals<Values<typeof grown>["values"], ReadonlyArray<unknown>>, Equals<Services<typeof grown>, never>]>()
// @ts-expect-error and they do not fail
void Split.run(Split.growing((add) => [Effect.andThen(add([]), failing)]), { strategy: all })

declare const bulkhead: Bulkhead.Bulkhead
exactly<Effect.Effect<[string], "offline" | CanoError.BulkheadFullError | CanoError.BulkheadReentryError, Http>>()(
  Effect.all([bulkhead.withPlace(get)])
)

declare const sameWorkflow: <W extends Workflow.Any>(self: W) => W
const made = Workflow.make<"Start" | "Work" | "Done">("argument").addExitStates("Done")
const generator = sameWorkflow(made.register("Start", function*() {
  yield* get
  return "Done"
}))
const split = sameWorkflow(made.registerSplit("Start", [get], { strategy: all, next: "Done" }))
const served = sameWorkflow(made.register("Start", Effect.as(get, "Done" as const)).withResources(Layer.empty))
proves<[
  Equals<Workflow.Error<typeof generator>, Engine | "offline">,
  Equals<Workflow.Services<typeof generator>, Http>,
  Equals<Workflow.Error<typeof split>, Engine | CanoError.JoinUnsatisfiedError<"offline", readonly [string]>>,
  Equals<Workflow.Services<typeof split>, Http>,
  Equals<Workflow.Error<typeof served>, Engine | "offline">,
  Equals<Workflow.Services<typeof served>, Http>
]>()
