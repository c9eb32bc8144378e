/**
 * The complete example of the page without a store: the states carry the data, so each step's input and output has a type
 * and nothing is looked up by name.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

type State =
  | { readonly _tag: "Start" }
  | { readonly _tag: "ParallelProcessing"; readonly data: ReadonlyArray<number> }
  | { readonly _tag: "Aggregate"; readonly results: ReadonlyArray<number> }
  | { readonly _tag: "Complete"; readonly total: number }

const processor = Effect.fn("processor")(function*(id: number, data: ReadonlyArray<number>) {
  yield* Effect.sleep(20 * id)
  return data.reduce((sum, x) => sum + x * id, 0)
})

const workflow = Workflow.make<State>("split-join")
  .register("Start", function*() {
    return { _tag: "ParallelProcessing", data: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }
  })
  .registerSplit("ParallelProcessing", ({ data }) => [processor(1, data), processor(2, data), processor(3, data)], {
    strategy: JoinStrategy.all,
    timeout: "5 seconds",
    next: (result) => ({ _tag: "Aggregate", results: result.values })
  })
  .register("Aggregate", function*({ results }) {
    yield* Console.log(`processors: ${results.join(" + ")}`)
    return { _tag: "Complete", total: results.reduce((a, b) => a + b, 0) }
  })
  .addExitStates("Complete")

const exit = await Effect.runPromise(workflow.orchestrate({ _tag: "Start" }))
console.log(`Workflow completed: ${exit._tag}, total ${exit.total}`)
