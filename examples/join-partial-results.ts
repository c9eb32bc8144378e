/**
 * `partialResults(n)`: n settled branches decide, successes and failures alike, and the rest is cancelled. For latency:
 * here three of four services. From cano: `workflow_partial_results`.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

type State = "Prepare" | "Call" | "Merge" | "Complete"

const service = (name: string, millis: number, up = true) =>
  Effect.andThen(Effect.sleep(millis), up ? Effect.succeed(`${name} data`) : Effect.fail(`${name} is down`))

const workflow = Workflow.make<State>("partial-results")
  .register("Prepare", Effect.succeed("Call"))
  .registerSplit("Call", {
    "fast-service": service("fast-service", 20),
    "medium-service": service("medium-service", 60, false),
    "slow-service": service("slow-service", 100),
    "backup-service": service("backup-service", 2000)
  }, {
    strategy: JoinStrategy.partialResults(3),
    timeout: "5 seconds",
    next: (result) =>
      Effect.as(
        Console.log([
          `in time: ${Object.values(result.values).join(", ")}`,
          `failed: ${result.failures.map((failure) => failure.name).join(", ")}`,
          `cut off: ${result.cancelled.map((loser) => loser.name).join(", ")}`
        ].join("\n")),
        "Merge" as const
      )
  })
  .register("Merge", Effect.succeed("Complete"))
  .addExitStates("Complete")

console.log(await Effect.runPromise(workflow.orchestrate("Prepare")))
