/**
 * Pattern 4 of the page: the scheduler and a split, for work that never ends. A batch processor that fires 20 ms after each
 * run, until there is nothing left to do; `scheduler/` is the same over real files, until somebody stops it.
 */
import { Console, Deferred, Effect, Ref } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Scheduler from "effect-cano/Scheduler"

type State =
  | { readonly _tag: "Start" }
  | { readonly _tag: "ProcessBatch"; readonly jobs: ReadonlyArray<string> }
  | { readonly _tag: "Complete"; readonly done: ReadonlyArray<string> }

const program = Effect.gen(function*() {
  const backlog = yield* Ref.make(["job-1", "job-2", "job-3", "job-4", "job-5"])
  const idle = yield* Deferred.make<void>()
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

  const batches = Scheduler.flow("batch-processor", {
    run: ({ runId }) =>
      Effect.flatMap(batch.orchestrate({ _tag: "Start" }, { runId }), ({ done }) =>
        done.length > 0
          ? Console.log(`processed ${done.join(" and ")}`)
          : Effect.andThen(Console.log("nothing to do"), Deferred.succeed(idle, undefined))),
    when: { fixedDelay: "20 millis" }
  })

  const scheduler = yield* Scheduler.make([batches])
  yield* Deferred.await(idle)
  yield* scheduler.stop
})

await Effect.runPromise(Effect.scoped(program))
