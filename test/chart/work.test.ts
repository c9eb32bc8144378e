/**
 * Work of a known kind, as charts show it.
 */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option, Schedule, Stream } from "effect"
import { Workflow } from "effect-cano"
import * as Chart from "effect-cano/chart"
import * as Task from "effect-cano/Task"

type State = "Ask" | "Rest" | "Until" | "When" | "Load" | "Call" | "Try" | "Pay" | "Paid"

const payment = Workflow.make<"Charge" | "Paid">("payment <1>")
  .register("Charge", { run: Effect.void, next: "Paid" })
  .addExitStates("Paid")

const poll = Effect.succeed(Option.some(1))

const workflow = Workflow.make<State>("works")
  .register("Ask", { run: Task.poll({ poll, every: "1 second", within: "1 minute" }), next: "Rest" })
  .register("Rest", { run: Task.timer("3 days"), next: "Until" })
  .register("Until", { run: Task.timer(DateTime.makeUnsafe("2026-12-24T18:00:00Z")), next: "When" })
  .register("When", { run: Task.timer(() => 5, { label: "until it is due" }), next: "Load" })
  .register("Load", {
    run: Task.stream({ open: Stream.make(1), count: 100, within: "5 seconds", flush: () => Effect.void }),
    next: "Call"
  })
  .register("Call", {
    run: Task.retry(Effect.void, { schedule: Schedule.recurs(3), attemptTimeout: "2 seconds" }),
    next: "Try"
  })
  .register("Try", { run: Task.retry(Effect.void, { schedule: Schedule.recurs(3) }), next: "Pay" })
  .register("Pay", { run: Task.workflow(payment, "Charge", { label: "by card" }), next: "Paid" })
  .addExitStates("Paid")

const chart = Chart.make(workflow)

const texts = [
  "poll every 1 s · 1 min",
  "timer 3 d",
  "timer until 2026-12-24T18:00Z",
  "timer until it is due",
  "stream by 100 · 5 s",
  "retry · 2 s each",
  "retry",
  "workflow payment <1> · by card"
]

describe("a chart of work of known kinds", () => {
  it("says what each state does, and is plain data", () => {
    assert.deepStrictEqual(
      chart.states.map((state) =>
        state.kind === "task" ? [state.name, state.work?.kind, state.work?.text] : state.kind
      ),
      [
        ["Ask", "poll", texts[0]],
        ["Rest", "timer", texts[1]],
        ["Until", "timer", texts[2]],
        ["When", "timer", texts[3]],
        ["Load", "stream", texts[4]],
        ["Call", "retry", texts[5]],
        ["Try", "retry", texts[6]],
        ["Pay", "workflow", texts[7]],
        "exit"
      ]
    )
    assert.deepStrictEqual(structuredClone(chart), chart)
  })

  it("has a second line for it in a text", () => {
    const lines = Chart.toText(chart).split("\n")
    for (const text of texts) assert.isTrue(lines.some((line) => line.startsWith(`│ ${text} `)), text)
    const ascii = Chart.toText(chart, { ascii: true })
    assert.include(ascii, "| poll every 1 s | 1 min")
  })

  it.effect("has it in an SVG, in which a sub-workflow has double sides", () =>
    Effect.gen(function*() {
      const svg = yield* Chart.toSvg(chart, { theme: "light", layout: "column" })
      for (const text of texts) assert.include(svg, text.replace("<", "&#60;").replace(">", "&#62;"))
      assert.strictEqual(svg.match(/<path class="ring"/g)?.length, 1)
      const drawn = yield* Chart.toSvg(chart, { theme: "light" })
      assert.include(drawn, texts[0]!)
    }))

  it("has it in Mermaid and DOT, in which a sub-workflow has a form of its own", () => {
    const mermaid = Chart.toMermaid(chart)
    assert.include(mermaid, "n0(\"Ask<br>poll every 1 s · 1 min\")")
    assert.match(mermaid, /n7\[\["Pay<br>workflow payment #60;1#62; · by card"\]\]/)
    const dot = Chart.toDot(chart)
    assert.match(dot, /n0 \[label="Ask\\npoll every 1 s · 1 min"/)
    assert.match(dot, /n7 \[label="Pay\\nworkflow payment [^\]]*peripheries=2/)
  })

  it("draws a workflow that stands in another one by its definition", () => {
    const work = workflow.definition.states.flatMap((state) =>
      state.kind === "run" && state.work?._tag === "Workflow" ? [state.work] : []
    )
    assert.deepStrictEqual(Chart.make({ definition: work[0]!.definition! }), Chart.make(payment))
  })

  it("has what undoes it beside it", () => {
    const both: Chart.Chart = {
      name: "w",
      initial: ["Pay"],
      states: [{ kind: "task", name: "Pay", work: { kind: "retry", text: "retry" }, undo: "refund" }],
      ways: []
    }
    assert.include(Chart.toMermaid(both), "retry · ↺ refund")
    assert.match(Chart.toText(both), /│ retry +│\n│ ↺ refund +│/)
  })
})
