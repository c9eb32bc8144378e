/**
 * Pattern 3 of the page: how many calls may be in flight. A bulkhead bounds one split; where one limit must hold for
 * several splits and workflows, the branches share Effect's `Semaphore`.
 */
import { Console, Effect, Semaphore } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

/** An API that remembers how many calls it has seen at once. */
const makeApi = () => {
  let inFlight = 0
  let peak = 0
  return {
    call: Effect.acquireUseRelease(
      Effect.sync(() => {
        peak = Math.max(peak, ++inFlight)
      }),
      () => Effect.sleep("20 millis"),
      () =>
        Effect.sync(() => {
          inFlight--
        })
    ),
    peak: () => peak
  }
}

const make = (name: string, branch: Effect.Effect<void>, bulkhead?: number) =>
  Workflow.make<"Fanout" | "Complete">(name)
    .registerSplit("Fanout", Array.from({ length: 20 }, () => branch), {
      strategy: JoinStrategy.all,
      bulkhead,
      next: "Complete"
    })
    .addExitStates("Complete")

/** The same workflow, twice at once. */
const twice = (workflow: ReturnType<typeof make>) =>
  Effect.all([workflow.orchestrate("Fanout"), workflow.orchestrate("Fanout")], { concurrency: "unbounded" })

const program = Effect.gen(function*() {
  const first = makeApi()
  yield* twice(make("bulkhead", first.call, 5))
  yield* Console.log(`bulkhead 5, two workflows: ${first.peak()} calls in flight, 5 for each`)

  const second = makeApi()
  const limit = yield* Semaphore.make(5)
  yield* twice(make("semaphore", limit.withPermit(second.call)))
  yield* Console.log(`one semaphore of 5, two workflows: ${second.peak()} calls in flight, 5 for both`)

  const third = makeApi()
  const shared = yield* Semaphore.make(5)
  yield* twice(make("both", shared.withPermit(third.call), 4))
  yield* Console.log(`both: ${third.peak()} calls in flight, and at most 4 branches of a split that wait or run`)
})

await Effect.runPromise(program)
