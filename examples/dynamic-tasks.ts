/**
 * Pattern 2 of the page: the branches come from data that only a run knows. The state carries a hundred records, a
 * function of the state makes a branch of each, and the results travel in the next state.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

type State =
  | { readonly _tag: "Load"; readonly count: number }
  | { readonly _tag: "Process"; readonly records: ReadonlyArray<number> }
  | { readonly _tag: "Aggregate"; readonly doubled: ReadonlyArray<number> }
  | { readonly _tag: "Complete"; readonly total: number }

const double = Effect.fn("double")(function*(record: number) {
  yield* Effect.sleep("10 millis")
  return record * 2
})

const workflow = Workflow.make<State>("dynamic-tasks")
  .register(
    "Load",
    ({ count }) => Effect.succeed({ _tag: "Process", records: Array.from({ length: count }, (_, i) => i + 1) })
  )
  .registerSplit("Process", ({ records }) => records.map(double), {
    strategy: JoinStrategy.all,
    bulkhead: 25,
    timeout: "5 seconds",
    next: (result) => ({ _tag: "Aggregate", doubled: result.values })
  })
  .register(
    "Aggregate",
    ({ doubled }) => Effect.succeed({ _tag: "Complete", total: doubled.reduce((sum, n) => sum + n, 0) })
  )
  .addExitStates("Complete")

const program = Effect.gen(function*() {
  for (const count of [3, 100]) {
    const { total } = yield* workflow.orchestrate({ _tag: "Load", count })
    yield* Console.log(`${count} records, doubled and added up: ${total}`)
  }
})

await Effect.runPromise(program)
