/**
 * A map-reduce that is scheduled for the night and may be run by hand: each run counts words in parallel, one branch for each
 * text, and `reduce` keeps the total alone. `explain` says when it will run, the change of clocks included.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Scheduler from "effect-cano/Scheduler"

type State =
  | { readonly _tag: "Count"; readonly texts: ReadonlyArray<string> }
  | { readonly _tag: "Counted"; readonly words: number }

const texts = ["the quick brown fox", "jumps over", "the lazy dog"]
const count = (text: string) => Effect.as(Effect.sleep("5 millis"), text.split(" ").length)

const counting = Workflow.make<State>("word-count")
  .registerSplit("Count", ({ texts }) => texts.map(count), {
    strategy: JoinStrategy.all,
    reduce: {
      initial: () => 0,
      step: (sum, outcome) => outcome._tag === "Succeeded" ? sum + outcome.value : sum
    },
    next: ({ value }) => ({ _tag: "Counted", words: value })
  })
  .addExitStates("Counted")

const nightly = Scheduler.flow("word-count", {
  run: ({ runId }) => counting.orchestrate({ _tag: "Count", texts }, { runId }),
  when: { cron: "30 2 * * *", timeZone: "Europe/Berlin", missed: { catchUp: 1, within: "12 hours" } }
})

const program = Effect.gen(function*() {
  const { sentence, ticks } = yield* Scheduler.explain(nightly, Date.UTC(2026, 2, 28), Date.UTC(2026, 2, 31))
  yield* Console.log(sentence)
  for (const { dst = "", local } of ticks) yield* Console.log(`  ${local} ${dst}`.trimEnd())

  const scheduler = yield* Scheduler.make([nightly])
  const exit = yield* scheduler.trigger(nightly)
  yield* Console.log(exit._tag === "Success" ? `${exit.value.words} words` : exit.cause)
})

await Effect.runPromise(Effect.scoped(program))
