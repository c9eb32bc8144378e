/**
 * Pattern 1 of the page: a queue is drained in batches. `Pull` takes what is there, `Batch` fans out into one follow-on
 * state per item with `TaskResult.split`, each item runs through the machine to an exit of its own, and the run loops
 * until the queue is empty.
 */
import { Console, Effect, Queue } from "effect"
import { JoinStrategy, TaskResult, Workflow } from "effect-cano"

type State =
  | { readonly _tag: "Pull" }
  | { readonly _tag: "Batch"; readonly orders: ReadonlyArray<string> }
  | { readonly _tag: "Process"; readonly order: string }
  | { readonly _tag: "Processed"; readonly order: string }
  | { readonly _tag: "Drained" }

const program = Effect.gen(function*() {
  const queue = yield* Queue.unbounded<string>()
  yield* Queue.offerAll(queue, ["order1", "order2", "order3", "order4", "order5"])

  const consumer = Workflow.make<State>("queue-consumer")
    .addExitStates("Processed", "Drained")
    .register("Pull", function*() {
      if ((yield* Queue.size(queue)) === 0) return { _tag: "Drained" }
      const orders = yield* Queue.takeBetween(queue, 1, 2)
      yield* Console.log(`pulled ${orders.join(", ")}`)
      return { _tag: "Batch", orders }
    })
    .registerSplit("Batch", ({ orders }) => TaskResult.split(orders.map((order) => ({ _tag: "Process", order }))), {
      strategy: JoinStrategy.all,
      next: (result) =>
        Effect.as(
          Console.log(
            `  done: ${result.values.map((exit) => exit._tag === "Processed" ? exit.order : exit._tag).join(", ")}`
          ),
          { _tag: "Pull" }
        ),
      to: { next: ["Pull"], branches: ["Process"] }
    })
    .register("Process", function*({ order }) {
      yield* Effect.sleep("20 millis")
      const run = yield* Workflow.CurrentRun
      yield* Console.log(`  ${order}, visit ${run.path?.entered} of the run`)
      return { _tag: "Processed", order }
    })

  const exit = yield* consumer.orchestrate({ _tag: "Pull" })
  yield* Console.log(exit._tag)
})

await Effect.runPromise(program)
