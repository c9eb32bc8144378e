/**
 * Every outcome is there for the next state: what succeeded with its value, what failed with its cause, what was cut off
 * and what never began.
 */
import { Cause, Console, Effect } from "effect"
import { JoinStrategy, type SplitResult, Workflow } from "effect-cano"

type Outcomes = ReadonlyArray<SplitResult.Outcome<string, string>>

type State =
  | { readonly _tag: "Call" }
  | { readonly _tag: "Inspect"; readonly outcomes: Outcomes }
  | { readonly _tag: "Complete" }

const call = (millis: number, result: Effect.Effect<string, string>) => Effect.andThen(Effect.sleep(millis), result)

const describe = (outcome: Outcomes[number]): string => {
  switch (outcome._tag) {
    case "Succeeded":
      return `succeeded with ${outcome.value}`
    case "Failed":
      return `failed: ${Cause.squash(outcome.cause)}`
    case "Interrupted":
      return "was cut off"
    case "NotStarted":
      return "never began"
  }
}

const workflow = Workflow.make<State>("outcomes")
  .registerSplit("Call", [
    call(20, Effect.succeed("prices")),
    call(50, Effect.fail("stock service is down")),
    call(2000, Effect.succeed("reviews")),
    call(20, Effect.succeed("images"))
  ], {
    strategy: JoinStrategy.partialResults(2),
    bulkhead: 2,
    next: ({ outcomes }) => ({ _tag: "Inspect", outcomes })
  })
  .register("Inspect", function*({ outcomes }) {
    for (const outcome of outcomes) yield* Console.log(`call ${outcome.name} ${describe(outcome)}`)
    return { _tag: "Complete" }
  })
  .addExitStates("Complete")

await Effect.runPromise(workflow.orchestrate({ _tag: "Call" }))
