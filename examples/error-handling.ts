/**
 * Errors are values with types. A task's own error passes through untouched and is caught by its tag; the engine's own
 * failures are the tagged union `CanoError`; a cause tells the path of the run it ended.
 */
import { Cause, Console, Data, Effect, Option } from "effect"
import { JoinStrategy, Split, Workflow } from "effect-cano"

class CardDeclined extends Data.TaggedError("CardDeclined")<{ readonly card: string }> {}

type State = "Start" | "Quotes" | "Charge" | "Complete"

const make = (quotes: ReadonlyArray<Effect.Effect<number, string>>) =>
  Workflow.make<State>("checkout")
    .register("Start", Effect.succeed("Quotes"))
    .registerSplit("Quotes", quotes, { strategy: JoinStrategy.all, timeout: "50 millis", next: "Charge" })
    .register("Charge", Effect.suspend(() => new CardDeclined({ card: "4111" })))
    .addExitStates("Complete")
    .withTimeout("200 millis")

const report = (quotes: ReadonlyArray<Effect.Effect<number, string>>) =>
  make(quotes).orchestrate("Start").pipe(
    Effect.catchTags({
      CardDeclined: (error) => Console.log(`yours: the card ${error.card} was declined`),
      JoinUnsatisfiedError: (error) =>
        Console.log(`unsatisfied: ${error.result.tally.failed} failed; ${error.message}`),
      JoinTimeoutError: (error) => Console.log(`late: ${error.result.tally.succeeded} were in time; ${error.message}`),
      WorkflowTimeoutError: (error) => Console.log(error.message),
      ConfigurationError: (error) => Console.log(`${error.issues.length} rules broken; ${error.message}`),
      WorkflowError: (error) => Console.log(`${error.rule}; ${error.message}`)
    })
  )

const quote = Effect.succeed(42)

const program = Effect.gen(function*() {
  yield* report([quote, quote])
  yield* report([quote, Effect.fail("no such product"), Effect.die("bug")])
  yield* report([quote, Effect.never])

  // a budget for the whole run
  yield* Workflow.make<"Wait" | "Complete">("sleepy")
    .register("Wait", { run: Effect.sleep("10 seconds"), next: "Complete" })
    .addExitStates("Complete")
    .withTimeout("30 millis")
    .orchestrate("Wait")
    .pipe(Effect.catchTag("WorkflowTimeoutError", (error) => Console.log(`budget: ${error.message}`)))

  // what the types can't see is found before anything starts, all of it at once
  const p: number = 1.5
  yield* Split.run([quote, quote], { strategy: JoinStrategy.percentage(p), bulkhead: 0 }).pipe(
    Effect.catchTag(
      "ConfigurationError",
      (error) => Console.log(`${error.issues.length} rules broken: ${error.message}`)
    )
  )

  // a machine that never ends
  yield* Workflow.make<"Ping" | "Pong" | "Complete">("endless")
    .register("Ping", Effect.succeed("Pong"))
    .register("Pong", Effect.succeed("Ping"))
    .addExitStates("Complete")
    .orchestrate("Ping", { maxTransitions: 100 })
    .pipe(Effect.catchTag("WorkflowError", (error) => Console.log(`${error.rule}: ${error.message}`)))

  const cause = yield* make([quote]).orchestrate("Start").pipe(Effect.sandbox, Effect.flip)
  const path = Option.getOrThrow(Workflow.path(cause))
  yield* Console.log(`${Cause.squash(cause)} on the path ${path.states.join(" → ")}`)
})

await Effect.runPromise(program)
