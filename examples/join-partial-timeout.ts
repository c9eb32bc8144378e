/**
 * `partialTimeout`: what has settled by the deadline is taken, the rest is cancelled. For a strict service level: here
 * recommendations within 100 ms.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

type State = "LoadUser" | "Recommend" | "Aggregate" | "Complete"

const engine = (kind: string, millis: number) => Effect.as(Effect.sleep(millis), `${kind} picks`)

const workflow = Workflow.make<State>("recommendations")
  .register("LoadUser", Effect.succeed("Recommend"))
  .registerSplit("Recommend", {
    collaborative: engine("collaborative", 30),
    "content-based": engine("content-based", 60),
    trending: engine("trending", 10),
    personalized: engine("personalized", 2000)
  }, {
    strategy: JoinStrategy.partialTimeout,
    timeout: "100 millis",
    next: (result) =>
      Effect.as(
        Console.log(
          `shown: ${Object.values(result.values).join(", ")}; too late: ${
            result.cancelled.map((late) => late.name).join(", ")
          }`
        ),
        "Aggregate" as const
      )
  })
  .register("Aggregate", Effect.succeed("Complete"))
  .addExitStates("Complete")

console.log(await Effect.runPromise(workflow.orchestrate("LoadUser")))
