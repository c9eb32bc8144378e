/**
 * A run that somebody operates: what runs and what waits, a branch cancelled by its name, a split that ends now with what there
 * is, a pause, and the end of it by its id.
 */
import { Cause, Console, Effect, Exit, Option, Schema } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"

type State = "Collect" | "Report" | "Sign" | "Done"

const Signature = Signal.make("signature", Schema.String)

const workflow = Workflow.make<State>("report")
  .registerSplit("Collect", {
    berlin: Effect.as(Effect.sleep(10), 4),
    lagos: Effect.never,
    quito: Effect.onInterrupt(Effect.never, () => Console.log("  quito hangs up")),
    tokyo: Effect.as(Effect.sleep(10), 7)
  }, { strategy: JoinStrategy.partialTimeout, bulkhead: 3, timeout: "1 hour", next: "Report" })
  .register("Report", { run: Effect.sleep(10), next: "Sign" })
  .registerSignal("Sign", Signature, { next: "Done" })
  .addExitStates("Done")

const show = (run: Runs.RunHandle<unknown, unknown>) =>
  Effect.gen(function*() {
    const { at, branches, paused, status, waits } = yield* run.info
    yield* Console.log(`${status} at ${at?.state}${paused?.note === undefined ? "" : `, ${paused.note}`}`)
    for (const { name, status } of branches) yield* Console.log(`  ${name}: ${status}`)
    for (const { wokenBy } of waits) yield* Console.log(`  until ${wokenBy}`)
  })

const program = Effect.gen(function*() {
  yield* Runs.fork(workflow, "Collect", { runId: "report-7" })
  // whoever operates it knows its id
  const run = Option.getOrThrow(yield* Runs.get("report-7"))
  yield* show(run)

  yield* run.cancelBranch("lagos")
  yield* Effect.sleep(40)
  yield* show(run)

  yield* run.pause("until the auditor is back")
  yield* run.settle()
  yield* Effect.sleep(20)
  yield* show(run)

  yield* run.resume
  yield* Effect.sleep(40)
  yield* show(run)

  const exit = yield* run.cancel()
  yield* Console.log(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? "cancelled" : exit)
  yield* Console.log(`${(yield* Runs.list).length} runs go on`)
})

await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Runs.layer)))
