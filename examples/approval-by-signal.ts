/**
 * A payment that two of three people must approve, each by a click that may arrive twice or before anybody waits. If not
 * enough have in time, somebody else is asked, and has a deadline of his own.
 */
import { Console, Effect, Schema } from "effect"
import { JoinStrategy, Workflow } from "effect-cano"
import * as Runs from "effect-cano/Runs"
import * as Signal from "effect-cano/Signal"

type State = "Prepare" | "Approve" | "Escalate" | "Paid" | "Refused"

const Approval = Signal.make("approval", Schema.Struct({ comment: Schema.String }))
const Decision = Signal.make("decision", Schema.Literals(["pay", "refuse"]), { reply: Schema.String })

const approvers = ["ada", "bob", "cyd"] as const

const workflow = Workflow.make<State>("payment")
  .register("Prepare", { run: Effect.sleep(20), next: "Approve" })
  .registerSplit("Approve", {
    ada: Signal.wait(Approval, { key: "ada" }),
    bob: Signal.wait(Approval, { key: "bob" }),
    cyd: Signal.wait(Approval, { key: "cyd" })
  }, {
    strategy: JoinStrategy.quorum(2),
    timeout: "100 millis",
    next: "Paid",
    otherwise: "Escalate"
  })
  .registerSignal("Escalate", Decision, {
    timeout: "100 millis",
    next: (decision) => decision === "pay" ? "Paid" : "Refused",
    otherwise: "Refused",
    reply: (decision) => `noted: ${decision}`
  })
  .addExitStates("Paid", "Refused")

const click = (run: Runs.RunHandle<unknown, unknown>, key: typeof approvers[number], id: string) =>
  Effect.flatMap(run.signal(Approval, { comment: "fine" }, { key, id }), (answer) => Console.log(`  ${key}: ${answer}`))

const ended = (run: Runs.RunHandle<unknown, unknown>) =>
  Effect.flatMap(run.await, (exit) => Console.log(`  ${exit._tag === "Success" ? exit.value : exit.cause}`))

const program = Effect.gen(function*() {
  yield* Console.log("two of three:")
  const first = yield* Runs.fork(workflow, "Prepare")
  yield* click(first, "cyd", "click-1")
  yield* click(first, "cyd", "click-1")
  yield* Effect.sleep(40)
  for (const { wokenBy } of (yield* first.info).waits) yield* Console.log(`  waits for ${wokenBy}`)
  yield* click(first, "ada", "click-2")
  yield* ended(first)

  yield* Console.log("one of three, and then the boss:")
  const second = yield* Runs.fork(workflow, "Approve")
  yield* click(second, "bob", "click-3")
  yield* Effect.sleep(120)
  yield* Console.log(`  ${yield* second.ask(Decision, "pay")}`)
  yield* ended(second)

  yield* Console.log("nobody:")
  yield* ended(yield* Runs.fork(workflow, "Approve"))
})

await Effect.runPromise(Effect.scoped(program).pipe(Effect.provide(Runs.layer)))
