/**
 * `otherwise`: where an unsatisfied or late join goes, instead of failing the run. The error holds the partial result,
 * so the degraded state can use what there is.
 */
import { Console, Effect } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"

type State =
  | { readonly _tag: "Fetch"; readonly outage: boolean }
  | { readonly _tag: "Complete"; readonly pages: number }
  | { readonly _tag: "Degraded"; readonly pages: number; readonly why: string }

const fetch = (page: number, outage: boolean) =>
  Effect.andThen(Effect.sleep(20 * page), outage && page > 1 ? Effect.fail(`page ${page}: 503`) : Effect.succeed(page))

const workflow = Workflow.make<State>("pages")
  .registerSplit("Fetch", ({ outage }) => [1, 2, 3].map((page) => fetch(page, outage)), {
    strategy: JoinStrategy.quorum(2),
    timeout: "1 second",
    next: ({ tally }) => ({ _tag: "Complete", pages: tally.succeeded }),
    otherwise: (error) => ({ _tag: "Degraded", pages: error.result.tally.succeeded, why: error.message })
  })
  .addExitStates("Complete", "Degraded")

const program = Effect.gen(function*() {
  for (const outage of [false, true]) {
    const exit = yield* workflow.orchestrate({ _tag: "Fetch", outage })
    yield* Console.log(`${exit._tag} with ${exit.pages} pages`)
    if (exit._tag === "Degraded") yield* Console.log(`  ${exit.why}`)
  }
})

await Effect.runPromise(program)
