/**
 * A bulkhead: eight branches, at most two at once, so they run in four waves. From cano: `split_bulkhead`.
 */
import { Clock, Console, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

const program = Effect.gen(function*() {
  const begin = yield* Clock.currentTimeMillis
  /** Which 100 ms have begun. */
  const wave = Effect.map(Clock.currentTimeMillis, (now) => Math.round((now - begin) / 100) + 1)

  const task = (id: number) =>
    Effect.gen(function*() {
      const started = yield* wave
      yield* Effect.sleep("100 millis")
      return { id, started }
    })

  const workflow = Workflow.make<"Fanout" | "Complete">("bulkhead")
    .registerSplit("Fanout", [1, 2, 3, 4, 5, 6, 7, 8].map(task), {
      strategy: JoinStrategy.all,
      bulkhead: 2,
      next: ({ values }) =>
        Effect.as(
          Effect.forEach([1, 2, 3, 4], (n) =>
            Console.log(`wave ${n}: ${
              values.filter((one) => one.started === n).map((one) =>
                `task ${one.id}`
              ).join(", ")
            }`)),
          "Complete" as const
        )
    })
    .addExitStates("Complete")

  yield* Console.log(yield* workflow.orchestrate("Fanout"))
})

await Effect.runPromise(program)
