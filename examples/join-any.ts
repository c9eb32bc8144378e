/**
 * `any`: the first success decides and the rest is cancelled; failures are passed over. For redundant calls, where the
 * fastest good answer wins.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

type State = "Start" | "ParallelProcessing" | "Complete"

const call = (provider: string, millis: number, answer: Effect.Effect<string, string>) =>
  Effect.sleep(millis).pipe(
    Effect.andThen(answer),
    Effect.onInterrupt(() => Console.log(`  ${provider} cancelled`))
  )

const workflow = Workflow.make<State>("join-any")
  .register("Start", Effect.succeed("ParallelProcessing"))
  .registerSplit("ParallelProcessing", {
    provider1: call("provider1", 120, Effect.succeed("slow but sure")),
    provider2: call("provider2", 20, Effect.fail("out of order")),
    provider3: call("provider3", 60, Effect.succeed("quick"))
  }, {
    strategy: JoinStrategy.any,
    next: (result) => {
      const failed = result.failures.map((failure) => failure.name)
      return Effect.as(
        Console.log(`  answer: ${Object.values(result.values).join()}; failed before: ${failed.join(", ")}`),
        "Complete" as const
      )
    }
  })
  .addExitStates("Complete")

await Effect.runPromise(Effect.andThen(Console.log("asking three providers"), workflow.orchestrate("Start")))
