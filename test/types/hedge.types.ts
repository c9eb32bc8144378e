/**
 * What a hedge's types say of its result, its errors and its services. These programs are type-checked by `npm run check`
 * and never run.
 */
import { Context, Data, Duration, Effect, Schedule } from "effect"
import { type CanoError, Hedge } from "effect-cano"
import { type Equals, exactly, proves } from "./exactly.ts"

type Bad = CanoError.ConfigurationError

class Offline extends Data.TaggedError("Offline")<{ readonly seconds: number }> {}
class Full extends Data.TaggedError("Full")<{}> {}
class Http extends Context.Service<Http, { readonly get: Effect.Effect<string, Offline> }>()("Http") {}
class Disk extends Context.Service<Disk, { readonly size: Effect.Effect<number, Full> }>()("Disk") {}
class Pace extends Context.Service<Pace, { readonly millis: Effect.Effect<number> }>()("Pace") {}

const text = Effect.flatMap(Http, (http) => http.get)
const size = Effect.flatMap(Disk, (disk) => disk.size)

// -----------------------------------------------------------------------------
// one effect, and a function of the attempt
// -----------------------------------------------------------------------------

exactly<Effect.Effect<Hedge.Outcome<string>, Offline | Bad, Http>>()(Hedge.run(text, { delay: 10 }))
exactly<Effect.Effect<Hedge.Outcome<string>, Offline | Bad, Http>>()(Hedge.run(() => text, { delay: "1 second" }))
exactly<Effect.Effect<Hedge.Outcome<number>, Bad>>()(Hedge.run(Effect.succeed(1), { delay: Duration.infinity }))
exactly<Effect.Effect<Hedge.Outcome<never>, Bad>>()(Hedge.run(Effect.never, { delay: 0 }))

/** Attempts may differ: the union of their values, errors and services. */
exactly<Effect.Effect<Hedge.Outcome<string | number>, Offline | Full | Bad, Http | Disk>>()(
  Hedge.run((attempt) => attempt === 0 ? text : size, { delay: 10, maxAttempts: 3 })
)

declare const outcome: Hedge.Outcome<string>
exactly<string>()(outcome.value)
exactly<number>()(outcome.attempt)
exactly<number>()(outcome.started)
exactly<boolean>()(outcome.hedged)

// -----------------------------------------------------------------------------
// delays
// -----------------------------------------------------------------------------

exactly<Effect.Effect<Hedge.Outcome<string>, Offline | Bad, Http>>()(
  Hedge.run(text, { delay: (attempt) => attempt * 100 })
)
exactly<Effect.Effect<Hedge.Outcome<string>, Offline | Bad, Http>>()(
  Hedge.run(text, { delay: Schedule.exponential("100 millis") })
)
exactly<Effect.Effect<Hedge.Outcome<string>, Offline | Bad, Http>>()(
  Hedge.run(text, { delay: Hedge.percentile(0.95, Hedge.latencies()) })
)

/** What a Schedule needs, the hedge needs. */
const paced = Schedule.addDelay(
  Schedule.setInputType<number>()(Schedule.forever),
  () => Effect.flatMap(Pace, (pace) => Effect.map(pace.millis, Duration.millis))
)
exactly<Effect.Effect<Hedge.Outcome<string>, Offline | Bad, Http | Pace>>()(Hedge.run(text, { delay: paced }))

declare const ofText: Schedule.Schedule<number, string>
declare const failing: Schedule.Schedule<number, number, Offline>
// @ts-expect-error a Schedule is given the index of the attempt, a number
void Hedge.run(text, { delay: ofText })
// @ts-expect-error a Schedule may not fail
void Hedge.run(text, { delay: failing })
// @ts-expect-error a delay is asked for
void Hedge.run(text, {})
// @ts-expect-error "soon" is no duration
void Hedge.run(text, { delay: "soon" })

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

void Hedge.run(text, {
  delay: 10,
  isFatal: (error) => {
    exactly<Offline>()(error)
    return error.seconds > 10
  },
  retryAfter: (error) => {
    exactly<Offline>()(error)
    return Duration.seconds(error.seconds)
  }
})
void Hedge.run((attempt) => attempt === 0 ? text : size, {
  delay: 10,
  isFatal: (error) => {
    exactly<Offline | Full>()(error)
    return error._tag === "Full"
  }
})
// @ts-expect-error an effect that cannot fail has no error to look at
void Hedge.run(Effect.succeed(1), { delay: 10, isFatal: (error) => error.seconds > 10 })

// -----------------------------------------------------------------------------
// budgets and latencies
// -----------------------------------------------------------------------------

proves<[
  Equals<ReturnType<typeof Hedge.budget>, Hedge.Budget>,
  Equals<ReturnType<typeof Hedge.throttle>, Hedge.Budget>,
  Equals<ReturnType<typeof Hedge.latencies>, Hedge.Latencies>,
  Equals<ReturnType<typeof Hedge.percentile>, Hedge.Percentile>
]>()
// @ts-expect-error a budget has a ratio
Hedge.budget({ tokens: 10 })
// @ts-expect-error a percentile has a recorder
Hedge.percentile(0.95)

/** Options may be put together beforehand, for any error. */
const options: Hedge.Options<unknown> = { delay: 10, maxAttempts: 3, budget: Hedge.budget({ tokens: 10, ratio: 0.1 }) }
exactly<Effect.Effect<Hedge.Outcome<string>, Offline | Bad, Http>>()(Hedge.run(text, options))
