/**
 * The complete example of the page: a loader writes the input to the store, three processors fan out and write a result
 * each, and the aggregator reads them back. The keys of the store are typed. From cano: `workflow_split_join`.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, MemoryStore, Workflow } from "effect-cano"

type State = "Start" | "ParallelProcessing" | "Aggregate" | "Complete"

const Input = MemoryStore.key<ReadonlyArray<number>>("input_data")
const Result = (id: number) => MemoryStore.key<number>(`result_${id}`)
const Total = MemoryStore.key<number>("final_result")

const processor = Effect.fn("processor")(function*(id: number) {
  const store = yield* MemoryStore.MemoryStore
  const data = yield* store.get(Input)
  yield* Effect.sleep(20 * id)
  const result = data.reduce((sum, x) => sum + x * id, 0)
  yield* store.put(Result(id), result)
  yield* Console.log(`processor ${id}: ${result}`)
})

const workflow = Workflow.make<State>("split-join")
  .register("Start", function*() {
    const store = yield* MemoryStore.MemoryStore
    yield* store.put(Input, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    return "ParallelProcessing"
  })
  .registerSplit("ParallelProcessing", [processor(1), processor(2), processor(3)], {
    strategy: JoinStrategy.all,
    timeout: "5 seconds",
    next: "Aggregate"
  })
  .register("Aggregate", function*() {
    const store = yield* MemoryStore.MemoryStore
    let total = 0
    for (const id of [1, 2, 3]) total += yield* store.get(Result(id))
    yield* store.put(Total, total)
    return "Complete"
  })
  .addExitStates("Complete")

const program = Effect.gen(function*() {
  const exit = yield* workflow.orchestrate("Start")
  const store = yield* MemoryStore.MemoryStore
  yield* Console.log(`Workflow completed: ${exit}, total ${yield* store.get(Total)}`)
})

// provided outside, so that the total can be read after the run; withResources would build a store for each run
await Effect.runPromise(Effect.provide(program, MemoryStore.layer))
