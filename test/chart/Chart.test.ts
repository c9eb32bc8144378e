import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schema } from "effect"
import { Bulkhead, JoinStrategy, Split, Workflow } from "effect-cano"
import * as Chart from "effect-cano/chart"
import * as Signal from "effect-cano/Signal"
import { anyMachine, hostileNames, runs, untyped } from "../kit/index.ts"
import { long, order } from "./pictures.ts"

const { all, any, partialTimeout, quorum } = JoinStrategy

describe("a chart", () => {
  const workflow = Workflow.make<"Ask" | "Buy" | "Retry" | "Bought" | "NoDeal">("purchase")
    .registerSplit("Ask", { ada: Effect.void, bob: Effect.void }, {
      strategy: quorum(2),
      timeout: "1 second",
      next: "Buy",
      otherwise: () => "NoDeal" as const
    })
    .register("Buy", () => Effect.succeed("Bought" as "Bought" | "Retry"), { to: ["Bought", "Retry"] })
    .register("Retry", () => Effect.succeed("Ask" as const))
    .addExitStates("Bought", "NoDeal")

  it("has every state and way of the definition, and where its knowledge comes from", () => {
    assert.deepStrictEqual(Chart.make(workflow), {
      name: "purchase",
      initial: ["Ask"],
      states: [
        {
          kind: "split",
          name: "Ask",
          branches: ["ada", "bob"],
          each: "each branch",
          rule: "quorum(2) of 2 · 1 s",
          options: []
        },
        { kind: "task", name: "Buy" },
        { kind: "task", name: "Retry" },
        { kind: "exit", name: "Bought" },
        { kind: "exit", name: "NoDeal" }
      ],
      ways: [
        { from: "Ask", to: "Buy", kind: "next", source: "written", label: undefined },
        { from: "Ask", to: undefined, kind: "otherwise", source: "unknown", label: "otherwise" },
        { from: "Buy", to: "Bought", kind: "next", source: "declared", label: undefined },
        { from: "Buy", to: "Retry", kind: "next", source: "declared", label: undefined },
        { from: "Retry", to: undefined, kind: "next", source: "unknown", label: undefined }
      ]
    })
  })

  it("is plain data", () => {
    const chart = Chart.make(workflow)
    assert.deepStrictEqual(structuredClone(chart), chart)
  })

  it("learns of runs where functions lead, and asks no more where one has been seen", () => {
    const { ways } = Chart.make(workflow, {
      seen: [["Ask", "Buy", "Retry", "Ask", "NoDeal"], ["Ask", "Buy"], ["elsewhere", "Ask", "nowhere"]]
    })
    assert.deepStrictEqual(
      ways.map(({ from, source, to }) => `${from} ${to} ${source}`),
      ["Ask Buy written", "Buy Bought declared", "Buy Retry declared", "Retry Ask seen", "Ask NoDeal seen"]
    )
  })

  it.effect("learns of the path of a failure, and of what its run has left out", () =>
    Effect.gen(function*() {
      const looping = Workflow.make<"A" | "B" | "Done">("loop")
        .register("A", () => Effect.succeed("B" as const))
        .register("B", () => Effect.succeed("A" as const))
        .addExitStates("Done")
      const exit = yield* Effect.exit(looping.orchestrate("A", { maxTransitions: 200 }))
      const path = Exit.isFailure(exit) ? Workflow.path(exit.cause) : undefined
      const { value } = path as Extract<typeof path, { readonly _tag: "Some" }>
      assert.isAbove(value.entered, value.states.length)
      assert.deepStrictEqual(
        Chart.make(looping, { seen: [value] }).ways.map(({ from, source, to }) => [from, to, source]),
        [["A", "B", "seen"], ["B", "A", "seen"]]
      )
      // what lies between the first and the last states is not known, and makes no way
      const { states, ways } = Chart.trail(value)
      assert.strictEqual(states.reduce((sum, { count }) => sum + count, 0), value.states.length)
      assert.strictEqual(ways.reduce((sum, { count }) => sum + count, 0), value.states.length - 2)
    }))

  it("says what a split was asked for", () => {
    const grace = { grace: "90 seconds" } as const
    const list = [Effect.void, Effect.void]
    const shared = Effect.runSync(Bulkhead.make("db", { places: 2 }))
    const chart = Chart.make(
      untyped()
        .registerSplit("A", list, { strategy: all, bulkhead: 16, losers: "detach", maxBranches: 9, next: "Done" })
        .registerSplit("B", () => list, { strategy: any, hedge: { delay: 1 }, timeout: "1500 millis", next: "Done" })
        .registerSplit("C", Split.growing(() => []), {
          strategy: all,
          losers: grace,
          timeout: "90 minutes",
          next: "Done"
        })
        .registerSplit("D", new Set(list), {
          strategy: partialTimeout,
          timeout: "0.5 millis",
          losers: "await",
          next: "Done"
        })
        .registerSplit("E", () => list, { strategy: all, next: "Done", to: { branches: ["A"] } })
        .registerSplit("F", () => list, { strategy: all, timeout: "Infinity", bulkhead: shared, next: "Done" })
        .addExitStates("Done"),
      { each: { B: "replica" } }
    )
    const told = chart.states.flatMap((s) =>
      s.kind === "split" ? [[s.branches?.join() ?? s.each, s.rule, ...s.options]] : []
    )
    assert.deepStrictEqual(told.slice(0, 5), [
      ["0,1", "all of 2", "16 at once", "at most 9", "detach"],
      ["each replica", "any · 1.5 s", "hedged"],
      ["growing list", "all · 90 min", "grace 90 s"],
      ["each of a list", "partialTimeout · 0.5 ms", "await"],
      ["follow-on states", "all"]
    ])
    assert.deepStrictEqual(told[5], ["each branch", "all", "in db"])
    assert.deepInclude(chart.ways, { from: "E", to: "A", kind: "branches", source: "declared", label: "branch" })
  })

  it("draws a state that waits as what it is, with its deadline on the way to otherwise", () => {
    const Approval = Signal.make("approval", Schema.Boolean)
    const chart = Chart.make(
      untyped()
        .registerSignal("Ask", Approval, { timeout: "1 day", next: "Sign", otherwise: "Late" })
        .registerSignal("Sign", Approval, { key: "ops", timeout: "90 seconds", next: (): string => "Done" })
        .addExitStates("Done", "Late")
    )
    assert.deepStrictEqual(chart.states.slice(0, 2), [
      { kind: "wait", name: "Ask", signals: ["approval"], timeout: undefined },
      { kind: "wait", name: "Sign", signals: ["approval (ops)"], timeout: "90 s" }
    ])
    assert.deepInclude(chart.ways, {
      from: "Ask",
      to: "Late",
      kind: "otherwise",
      source: "written",
      label: "after 1 d"
    })
    assert.include(Chart.toText(chart), "✉ approval (ops) · 90 s")
    assert.include(Chart.toText(chart), "after 1 d")
    assert.include(Chart.toMermaid(chart), "waits for approval (ops) · 90 s\"):::wait")
  })

  it("can be drawn of a definition that breaks rules", () => {
    const chart = Chart.make(
      untyped().register("A", { run: Effect.void, next: "Typo" }).register("A", { run: Effect.void, next: "B" })
        .register("B", 1)
    )
    assert.deepStrictEqual(chart.states.map(({ kind, name }) => `${kind} ${name}`), [
      "task A",
      "task B",
      "missing Typo"
    ])
    assert.deepStrictEqual(chart.ways.map(({ from, to }) => `${from} ${to}`), ["A Typo", "A B"])
    assert.include(Chart.toText(chart), "not registered")
    assert.include(Chart.toMermaid(chart), ":::missing")
    assert.include(Chart.toDot(chart), "dashed")
  })

  it("starts where it is told to, and else in the first state that is no exit", () => {
    const machine = untyped().addExitStates("Done").register("A", { run: Effect.void, next: "Done" }).register("B", {
      run: Effect.void,
      next: "Done"
    })
    assert.deepStrictEqual(Chart.make(machine).initial, ["A"])
    assert.deepStrictEqual(Chart.make(machine, { initial: ["B", "A", "Nowhere"] }).initial, ["B", "A"])
    assert.strictEqual(Chart.toText(Chart.make(machine, { initial: ["B", "A"] })).split("●").length, 3)
    assert.deepStrictEqual(Chart.make(untyped().addExitStates("Done")).initial, ["Done"])
    assert.deepStrictEqual(Chart.make(untyped()).initial, [])
  })
})

describe("a text", () => {
  it("shows everything of a chart", () => {
    assert.strictEqual(
      `\n${Chart.toText(order)}`,
      `
  ●
  │
╭──▼───────╮
│ Received │
╰─┬────────╯
  │
╔══▼═════════════════════╗
║ Quote   hedged         ║
║ ⑂ north ┊ south ┊ east ║
║ ⑃ quorum(2) of 3 · 5 s ║
╚═╤══════════════════════╝
  ├╌╌ otherwise ╌╌▶ ↓ Backorder
  │
╭──▼──────────────╮
│ Reserve         │
│ ↺ release stock │
╰─┬───────────────╯
  │
╭──▼───────╮
│ Charge   │
│ ↺ refund │
╰─┬────────╯
  ├────▶ ↓ Ship
  ├╌╌ CardDeclined ╌╌▶ ◎ Declined
  │ amount > 1 000
  │
╭──▼────────────────────────╮
│ Review                    │
│ ✉ approved, refused · 2 d │
╰─┬─────────────────────────╯
  ├── refused ──▶ ◎ Declined
  ├╌╌ timeout ╌╌▶ ◎ Declined
  │ approved
  │
╔══▼═════════════════╗
║ Ship   in carriers ║
║ ⑂ each parcel      ║
║ ⑃ all              ║
╚═╤══════════════════╝
  ├╌╌ otherwise ╌╌▶ ↓ Partial
  │
╔══▼══════════════════════════════╗
║ Notify   detach                 ║
║ ⑂ mail ┊ sms ┊ push ┊ audit log ║
║ ⑃ partialTimeout of 4 · 500 ms  ║
╚═╤═══════════════════════════════╝
  │
╭──▼──────╮
│ Archive │
╰─┬───────╯
  ├────▶ ↑ Archive
  ├── branch ──▶ ↓ Lost
  │
  ◎ Delivered

╭────────────────────╮
│ Backorder          │
│ ✉ restocked · 14 d │
╰─┬──────────────────╯
  ├── restocked ──▶ ↑ Quote
  ╰╌╌ timeout ╌╌▶ ◎ Cancelled

╭─────────╮
│ Partial │
╰─┬───────╯
  ├────▶ ↑ Notify
  ├┈┈┈┈▶ ◎ Cancelled
  ╰┈┈┈┈▶ ?

╭────────────────╮
│ Lost           │
│ not registered │
╰────────────────╯

  ◎ Declined

  ◎ Cancelled`
    )
  })

  it("knows terminals that know ASCII only, and colours", () => {
    const text = Chart.toText({
      ...order,
      states: order.states.map((s) => s.kind === "split" ? { ...s, rule: "all" } : s)
    }, {
      ascii: true
    })
    assert.match(text, /^[\x20-\x7e\n]*$/)
    const colored = Chart.toText(order, { color: true })
    // oxlint-disable-next-line no-control-regex
    assert.strictEqual(colored.replace(/\u001b\[\d+m/g, ""), Chart.toText(order))
  })

  it("marks what runs have taken", () => {
    const text = Chart.toText(order, { trail: Chart.trail(["Received", "Quote", "Backorder", "Quote"]) })
    assert.match(text, /Received ✓/)
    assert.match(text, /Quote {3}hedged ×2/)
    assert.match(text, /otherwise ╌╌▶ ↓ Backorder ✓/)
  })

  it("keeps the frames of boxes straight around names that are wide", () => {
    const text = Chart.toText(
      Chart.make(untyped().register("状態", { run: Effect.void, next: "é́́" }).addExitStates("é́́"))
    )
    assert.include(text, "╭──▼───╮\n│ 状態 │\n╰─┬────╯")
  })
})

describe("a name", () => {
  const hostile = Chart.make(hostileNames.reduce(
    (workflow, name, i) =>
      workflow.registerSplit(name, { [name]: Effect.void }, {
        strategy: all,
        next: hostileNames[(i + 1) % hostileNames.length],
        otherwise: name
      }),
    untyped(hostileNames.join(" "))
  ))

  it("is no escape sequence in a terminal, and no line of its own", () => {
    const text = Chart.toText(hostile)
    // oxlint-disable-next-line no-control-regex
    assert.notMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\p{Cs}/u)
    assert.strictEqual(text.split("\n").filter((line) => line.startsWith("╔")).length, hostileNames.length)
  })

  it("is nothing but a quoted label in Mermaid", () => {
    for (const line of Chart.toMermaid(hostile).split("\n")) {
      // without its quoted texts a line has ids, arrows, shapes and styles of ours only
      assert.match(
        line.replace(/"[^"]*"/g, "\"\""),
        /^(flowchart TD| *(start|n\d+\w*)[([]*(\[?\(*""\)*\]?)?[)\]]*(:::\w+)?( (-->|-\.->|---)(\|""\|)? n\d+\w*)*| *subgraph n\d+ \[""\]| *end| *(style|classDef) [\w #:,.-]+)$/
      )
      for (const [, label] of line.matchAll(/"([^"]*)"/g)) {
        assert.notMatch(label!.replace(/#\d+;|<br>/g, ""), /[<>&#`\\[\]{}|"~_*]/)
      }
    }
  })

  it("is nothing but a quoted string in DOT", () => {
    const dot = Chart.toDot(hostile)
    const rest = dot.replace(/"(?:[^"\\]|\\.)*"/g, "\"\"")
    assert.match(rest, /^[\w\s{}[\]="",.>#:;-]*$/)
    for (const [, label] of dot.matchAll(/label=("(?:[^"\\]|\\.)*")/g)) {
      assert.notMatch(label!, /[<>\n]|(^|[^\\])(\\\\)*\\[NGELTRH]/)
    }
  })
})

describe("a split of many branches", () => {
  const wide = Chart.make(
    untyped("wide")
      .registerSplit("Fan", Array.from({ length: 1000 }, () => Effect.void), {
        strategy: JoinStrategy.all,
        next: "Done"
      })
      .addExitStates("Done")
  )

  it("is drawn with a few of them and their number, in every form", () => {
    assert.isBelow(Math.max(...Chart.toText(wide).split("\n").map((line) => line.length)), 80)
    assert.include(Chart.toText(wide), " ┊ + 995 ║")
    // Mermaid refuses more than 500 lines
    assert.isBelow(Chart.toMermaid(wide).split("---").length, 30)
    assert.include(Chart.toMermaid(wide), "(\"#43; 989\")")
    assert.isBelow(Chart.toDot(wide).split("\n").length, 60)
    assert.include(Chart.toDot(wide), "label=\"+ 989\"")
    assert.include(Chart.toText(wide), "all of 1000")
  })
})

describe("any machine", () => {
  it.effect.prop(
    "has each state and each way in the text, in Mermaid and in DOT, the same each time",
    [anyMachine],
    ([machine]) =>
      Effect.sync(() => {
        const chart = Chart.make(machine)
        const text = Chart.toText(chart)
        const rows = text.split("\n")
        const boxes = rows.filter((row) => /^[╭╔]/.test(row) || /^ {2}◎/.test(row))
        assert.strictEqual(boxes.length, chart.states.length)
        const aside = rows.filter((row) => /^ {2}[├╰]/.test(row)).length
        const straight = rows.filter((row, i) =>
          /^ {2}│/.test(row) && !/^ {2}│ /.test(row) && !/^ {2}●/.test(rows[i - 1]!)
        ).length
        assert.strictEqual(aside + straight, chart.ways.length)

        const mermaid = Chart.toMermaid(chart)
        assert.strictEqual(mermaid.match(/^ {2}n\d+ (-->|-\.->)/gm)?.length ?? 0, chart.ways.length)
        assert.strictEqual(mermaid.match(/^ {2}(n\d+[([]|subgraph n\d+ )/gm)?.length, chart.states.length)

        const dot = Chart.toDot(chart)
        assert.strictEqual(dot.match(/^n\d+j? -> [nu]\d+ \[weight/gm)?.length ?? 0, chart.ways.length)
        assert.strictEqual(dot.match(/^(n\d+ \[label|subgraph )/gm)?.length, chart.states.length)

        assert.deepStrictEqual([Chart.toText(chart), Chart.toMermaid(chart), Chart.toDot(chart)], [text, mermaid, dot])
      }),
    runs(60)
  )

  it("may have thousands of states", () => {
    assert.isAbove(Chart.toText(long(5000)).length, 100_000)
  })
})
