/**
 * `all`: every branch must succeed. After a failure the others still run to their end, and the join then fails with
 * every cause. For complete data.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

type State = "Start" | "ParallelProcessing" | "Complete"

const worker = (id: number, broken: boolean) =>
  Effect.sleep(40 * id).pipe(
    Effect.andThen(broken ? Effect.fail(`worker ${id} is broken`) : Effect.succeed(id * 10)),
    Effect.tap((value) => Console.log(`  worker ${id}: ${value}`))
  )

const make = (broken: boolean) =>
  Workflow.make<State>("join-all")
    .register("Start", Effect.succeed("ParallelProcessing"))
    .registerSplit("ParallelProcessing", [worker(1, broken), worker(2, false), worker(3, false)], {
      strategy: JoinStrategy.all,
      timeout: "10 seconds",
      // a tuple of branches gives a tuple of values
      next: ({ values: [a, b, c] }) =>
        Effect.as(Console.log(`  joined: ${a} + ${b} + ${c} = ${a + b + c}`), "Complete" as const)
    })
    .addExitStates("Complete")

const program = Effect.gen(function*() {
  yield* Console.log("three good workers")
  yield* make(false).orchestrate("Start")
  yield* Console.log("one broken worker")
  yield* make(true).orchestrate("Start").pipe(
    Effect.catchTag("JoinUnsatisfiedError", (error) => Console.log(`  ${error.message}`))
  )
})

await Effect.runPromise(program)
