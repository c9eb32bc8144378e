/**
 * Pattern 4 of the page: a workflow that runs again and again. `orchestrate` is an ordinary Effect, so Effect's `repeat`
 * with a `Schedule` is the scheduler; here it stops after three rounds.
 */
import { Console, Effect, Ref, Schedule } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

type State =
  | { readonly _tag: "Start" }
  | { readonly _tag: "ProcessBatch"; readonly jobs: ReadonlyArray<string> }
  | { readonly _tag: "Complete"; readonly done: ReadonlyArray<string> }

const program = Effect.gen(function*() {
  const backlog = yield* Ref.make(["job-1", "job-2", "job-3", "job-4", "job-5"])
  const pending = Ref.modify(backlog, (jobs) => [jobs.slice(0, 2), jobs.slice(2)])

  const batch = Workflow.make<State>("batch-processor")
    .register("Start", function*() {
      const jobs = yield* pending
      return jobs.length === 0 ? { _tag: "Complete", done: [] } : { _tag: "ProcessBatch", jobs }
    })
    .registerSplit("ProcessBatch", ({ jobs }) => jobs.map((job) => Effect.as(Effect.sleep("10 millis"), job)), {
      strategy: JoinStrategy.all,
      next: (result) => ({ _tag: "Complete", done: result.values })
    })
    .addExitStates("Complete")

  yield* batch.orchestrate({ _tag: "Start" }).pipe(
    Effect.tap(({ done }) => Console.log(done.length === 0 ? "nothing to do" : `processed ${done.join(" and ")}`)),
    Effect.repeat(Schedule.spaced("30 millis").pipe(Schedule.upTo({ times: 3 })))
  )
})

await Effect.runPromise(program)
