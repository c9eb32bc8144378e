/**
 * `percentage(p)`: a share of all branches decides, so the rule scales with their number. Here 75 of 100 records: enough
 * for an estimate, and the rest is cut off. It is not for records that must all be processed: that is `tolerate`, which
 * `npm run example join-open` shows.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

type State = "Load" | "Process" | "Summarize" | "Complete"

/** Every tenth record is bad, and the last ten are slow. */
const process = (record: number) =>
  record % 10 === 0
    ? Effect.fail(`record ${record} is bad`)
    : Effect.as(Effect.sleep(record > 90 ? "2 seconds" : "20 millis"), record)

const workflow = Workflow.make<State>("records")
  .register("Load", Effect.succeed("Process"))
  .registerSplit("Process", Array.from({ length: 100 }, (_, i) => process(i + 1)), {
    strategy: JoinStrategy.percentage(0.75),
    timeout: "10 seconds",
    next: ({ tally }) =>
      Effect.as(
        Console.log(
          `needed ${
            JoinStrategy.required(JoinStrategy.percentage(0.75), tally.total)
          } of ${tally.total}: ${tally.succeeded} succeeded, ${tally.failed} failed, ${tally.interrupted} cut off`
        ),
        "Summarize" as const
      )
  })
  .register("Summarize", Effect.succeed("Complete"))
  .addExitStates("Complete")

console.log(await Effect.runPromise(workflow.orchestrate("Load")))
