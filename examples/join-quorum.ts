/**
 * `quorum(n)`: n successes decide and the rest is cancelled; as soon as n can't be reached any more the join fails. For
 * majority writes, not for batches: branches that are not needed are not done.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

type State = "Prepare" | "Write" | "Confirm" | "Committed"

const write = (replica: number, down: ReadonlyArray<number>) =>
  Effect.sleep(30 * replica).pipe(
    Effect.andThen(down.includes(replica) ? Effect.fail("down") : Effect.succeed(`replica ${replica}`)),
    Effect.onInterrupt(() => Console.log(`  replica ${replica}: write cancelled`))
  )

const make = (down: ReadonlyArray<number>) =>
  Workflow.make<State>("quorum-write")
    .register("Prepare", Effect.succeed("Write"))
    .registerSplit("Write", () => [1, 2, 3, 4, 5].map((replica) => write(replica, down)), {
      strategy: JoinStrategy.quorum(3),
      timeout: "5 seconds",
      next: (result) => Effect.as(Console.log(`  confirmed by ${result.values.join(", ")}`), "Confirm" as const)
    })
    .register("Confirm", Effect.succeed("Committed"))
    .addExitStates("Committed")

const program = Effect.gen(function*() {
  for (const down of [[], [2], [1, 2, 3]]) {
    yield* Console.log(down.length === 0 ? "all replicas up" : `down: ${down.join(", ")}`)
    yield* make(down).orchestrate("Prepare").pipe(
      Effect.flatMap((exit) => Console.log(`  ${exit}`)),
      Effect.catchTag("JoinUnsatisfiedError", (error) => Console.log(`  ${error.message}`))
    )
  }
})

await Effect.runPromise(program)
