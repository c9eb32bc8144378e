/**
 * The same five staggered branches under every strategy: what is joined, who was cut off, and how long it took. One
 * branch fails. From cano: `join_strategies`.
 */
import { Clock, Console, Effect } from "effect"
import { JoinStrategy, Split } from "effect-cano"

const branches = [40, 80, 120, 160, 200].map((millis) =>
  Effect.andThen(Effect.sleep(millis), millis === 80 ? Effect.fail("the second branch fails") : Effect.succeed(millis))
)

const strategies: ReadonlyArray<JoinStrategy.JoinStrategy> = [
  JoinStrategy.any,
  JoinStrategy.quorum(2),
  JoinStrategy.percentage(0.6),
  JoinStrategy.partialResults(2),
  JoinStrategy.partialTimeout,
  JoinStrategy.allFailFast,
  JoinStrategy.all
]

const row = (...cells: ReadonlyArray<unknown>) =>
  cells.map((cell, i) => String(cell).padEnd([20, 14, 20, 9][i] ?? 0)).join("")

const compare = Effect.fn("compare")(function*(strategy: JoinStrategy.JoinStrategy) {
  const start = yield* Clock.currentTimeMillis
  const timeout = strategy._tag === "PartialTimeout" ? "140 millis" : "5 seconds"
  const [verdict, { tally, values }] = yield* Split.run(branches, { strategy, timeout }).pipe(
    Effect.map((result) => ["satisfied", result] as const),
    Effect.catchTag(
      "JoinUnsatisfiedError",
      (error) => Effect.succeed(["unsatisfied", error.result] as const)
    )
  )
  const millis = (yield* Clock.currentTimeMillis) - start
  yield* Console.log(row(JoinStrategy.format(strategy), verdict, values.join(", "), tally.interrupted, `${millis} ms`))
})

const program = Effect.gen(function*() {
  yield* Console.log(row("strategy", "verdict", "values", "cut off", "elapsed"))
  yield* Effect.forEach(strategies, compare)
})

await Effect.runPromise(program)
