/**
 * Hedging: when a call is slow or fails, another is started beside it. By a delay, by a percentile of the latencies seen so
 * far, with a budget that holds in an outage, and with a service that says when to come back.
 */
import { Console, Duration, Effect } from "effect"
import { Hedge, JoinStrategy, Split } from "effect-cano"

const read = (replica: string, millis: number) => Effect.as(Effect.sleep(millis), replica)
const outage = Effect.fail("outage")

const show = (what: string, hedge: Effect.Effect<Hedge.Outcome<string>, unknown>) =>
  hedge.pipe(
    Effect.map(({ attempt, started, value }) => `${value}, attempt ${attempt} of ${started}`),
    Effect.catch((error) => Effect.succeed(String(error))),
    Effect.flatMap((text) => Console.log(`${what}: ${text}`))
  )

/** Replicas in a row: the near one hangs. */
const replicas = (attempt: number) => attempt === 0 ? read("near", 2000) : read("far", 10)

const latencies = Hedge.latencies()
const p95 = Hedge.percentile(0.95, latencies, { atLeast: 20, fallback: "1 second" })
const budget = Hedge.budget({ tokens: 3, ratio: 0.05 })

const program = Effect.gen(function*() {
  yield* show("quick enough", Hedge.run(read("near", 5), { delay: "1 second" }))
  yield* show("slow", Hedge.run(replicas, { delay: "50 millis" }))
  yield* show(
    "a failure does not wait",
    Hedge.run((n) => n < 2 ? outage : read("third", 5), { delay: "1 minute", maxAttempts: 3 })
  )
  yield* show("fatal", Hedge.run(Effect.fail("forbidden"), { delay: 0, isFatal: (error) => error === "forbidden" }))
  yield* show(
    "come back later",
    Hedge.run((n) => n === 0 ? outage : read("again", 5), { delay: 0, retryAfter: () => "20 millis" })
  )

  for (let n = 0; n < 20; n++) yield* latencies.record(Duration.millis(20))
  yield* show("slower than 95 %", Hedge.run(replicas, { delay: p95 }))

  // the same as a join: the branches are the alternatives, and all others are kept as outcomes
  const { outcomes, settled } = yield* Split.run(
    { near: read("near", 2000), far: read("far", 10), archive: read("archive", 10) },
    { strategy: JoinStrategy.any, hedge: { delay: "50 millis" } }
  )
  yield* Console.log(`a split: ${settled.map(({ name }) => name).join()} won, archive is ${outcomes.archive._tag}`)

  for (let n = 1; n <= 5; n++) yield* Effect.ignore(Hedge.run(outage, { delay: 0, budget }))
  yield* Console.log(`tokens after 5 calls in an outage: ${yield* budget.tokens}`)
})

await Effect.runPromise(program)
