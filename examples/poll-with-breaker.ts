/**
 * A poll behind a circuit breaker: a job that is built elsewhere is asked for, by a service that is down for a while. The
 * breaker spares it, the poll goes on, and both have an end.
 */
import { Console, Data, Effect, Layer, Option } from "effect"
import { Workflow } from "effect-cano"
import * as Task from "effect-cano/Task"
import { CircuitBreaker } from "effect/persistence"

class Unreachable extends Data.TaggedError("Unreachable")<{ readonly call: number }> {}

/** Three calls find nobody, the fourth finds a job that is not ready, the fifth one that is. */
let calls = 0
const status = (job: string) =>
  Effect.gen(function*() {
    const call = ++calls
    if (call <= 3) {
      yield* Console.log(`call ${call}: nobody there`)
      return yield* new Unreachable({ call })
    }
    yield* Console.log(`call ${call}: ${call === 4 ? "still building" : "ready"}`)
    return call === 4 ? Option.none<string>() : Option.some(`${job}.tar.gz`)
  })

type State =
  | { readonly _tag: "Build"; readonly job: string }
  | { readonly _tag: "Deploy"; readonly file: string }
  | "Deployed"
  | "GaveUp"

let rejected = 0

const workflow = Workflow.make<State>("build")
  .register("Build", {
    run: Task.poll({
      poll: ({ job }) =>
        Effect.flatMap(CircuitBreaker.CircuitBreaker, (breaker) =>
          // a call that the breaker rejects is a failed poll, and costs the service nothing
          status(job).pipe(
            breaker.execute({ key: "builds" }),
            Effect.tapErrorTag("CircuitBreakerError", () => Effect.sync(() => rejected++))
          )),
      every: "20 millis",
      failures: Infinity,
      within: "10 seconds"
    }),
    next: (file) => ({ _tag: "Deploy", file })
  })
  .register("Deploy", ({ file }) => Effect.as(Console.log(`deploying ${file}`), "Deployed"))
  .addExitStates("Deployed", "GaveUp")

const breaker = CircuitBreaker.layer({
  tripPolicy: CircuitBreaker.consecutive(3),
  openDuration: "200 millis"
}).pipe(Layer.provide(CircuitBreaker.layerStoreMemory()))

const exit = await Effect.runPromise(
  workflow.orchestrate({ _tag: "Build", job: "site" }).pipe(
    Effect.catchTag("PollTimeoutError", ({ message }) => Effect.as(Console.log(message), "GaveUp")),
    Effect.provide(breaker)
  )
)
console.log(exit, `after ${calls} calls; some polls were spared: ${rejected > 0}`)
