/**
 * What a workflow says of itself: its definition, as data.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Schema } from "effect"
import { Bulkhead, type Definition, JoinStrategy, Split, TaskResult, Workflow } from "effect-cano"
import * as Signal from "effect-cano/Signal"

const { all, quorum } = JoinStrategy

/** A workflow whose states are not typed. */
const untyped = (name: string): any => Workflow.make<string>(name)

/** The plain data of a definition. */
const plain = ({ schema: _, states, ...definition }: Definition.Definition) => ({
  ...definition,
  states: states.map((state) => {
    if (state.kind === "exit") return state
    const { registered: _, ...rest } = state
    return rest
  })
})

const stateOf = (workflow: Workflow.Any, name: string): any =>
  workflow.definition.states.find((state) => state.name === name)

const written = (by: Definition.Way["by"], ...to: ReadonlyArray<string>): Definition.Way => ({
  by,
  to,
  source: "written"
})
const unknown = (by: Definition.Way["by"]): Definition.Way => ({ by, to: [], source: "unknown" })

class Places extends Context.Service<Places, Bulkhead.Bulkhead>()("test/Places") {}

const effect = Effect.succeed("Fetch")
const next = () => "Done"
const run = Effect.succeed(1)
const fetchers = { eu: run, us: run }
const options = { strategy: quorum(1), timeout: "5 seconds", bulkhead: 2, next: "Pages", otherwise: "Failed" } as const

const states = {
  Start: effect,
  *Choose() {
    yield* Effect.void
    return "Fetch"
  },
  Count: { run, next: "Fetch" },
  Weigh: { run, next },
  Fetch: { branches: fetchers, ...options },
  Sign: { signal: Signal.make("sign", Schema.String), timeout: "1 day", key: "ops", next, otherwise: "Failed" },
  Pages: {
    branches: () => TaskResult.split(["Start", "Count"]),
    strategy: all,
    losers: { grace: 100 },
    discard: true,
    maxBranches: 10,
    next
  }
} as const
const exits = ["Done", "Failed"] as const

const { Pages, Start, ...rest } = states

const first = untyped("data").register("Start", Start).withTimeout("1 minute")
const second = Object.entries(rest)
  .reduce(
    (self, [state, entry]) =>
      "branches" in entry
        ? self.registerSplit(state, entry.branches, entry)
        : "signal" in entry
        ? self.registerSignal(state, entry.signal, entry)
        : self.register(state, entry),
    untyped("rest")
  )
  .registerSplit("Pages", Pages.branches, Pages)
  .addExitStates(...exits)

const workflow: Workflow.Any = first.merge(second)

describe("the definition of a workflow", () => {
  it("says the kind of each state, in the order in which they were added, and where it leads", () => {
    assert.deepStrictEqual(
      workflow.definition.states.map(({ kind, name, ways }) => [name, kind, ways] as const),
      [
        ["Start", "effect", [unknown("task")]],
        ["Choose", "function", [unknown("task")]],
        ["Count", "run", [written("next", "Fetch")]],
        ["Weigh", "run", [unknown("next")]],
        ["Fetch", "split", [written("next", "Pages"), written("otherwise", "Failed")]],
        ["Sign", "signal", [unknown("next"), written("otherwise", "Failed")]],
        ["Pages", "split", [unknown("next"), unknown("branches")]],
        ["Done", "exit", []],
        ["Failed", "exit", []]
      ]
    )
  })

  it("says of a signal what it is, how long it is waited for, and which count", () => {
    const { registered: _, ...sign } = stateOf(workflow, "Sign")
    assert.deepStrictEqual(sign, {
      kind: "signal",
      name: "Sign",
      ways: [unknown("next"), written("otherwise", "Failed")],
      part: 0,
      signal: "sign",
      key: "ops",
      timeout: Duration.days(1),
      since: "run",
      isAnswered: false
    })
    const other = untyped("w").registerSignal("A", Signal.make("s", Schema.String), {
      key: () => "k",
      since: "visit",
      reply: () => {},
      next,
      to: { next: ["Done"] }
    }).addExitStates("Done")
    const { isAnswered, key, since, ways } = stateOf(other, "A")
    assert.deepStrictEqual([isAnswered, key, since, ways], [
      true,
      undefined,
      "visit",
      [{ by: "next", to: ["Done"], source: "declared" }]
    ])
  })

  it("says of a split what its branches are, how they are joined and within what bounds", () => {
    const { registered: _, ...fetch } = stateOf(workflow, "Fetch")
    assert.deepStrictEqual(fetch, {
      kind: "split",
      name: "Fetch",
      ways: [written("next", "Pages"), written("otherwise", "Failed")],
      part: 0,
      branches: { kind: "static", names: ["eu", "us"] },
      strategy: "quorum(1)",
      timeout: Duration.seconds(5),
      bulkhead: 2,
      maxBranches: undefined,
      losers: "interrupt",
      isHedged: false,
      isObserved: false,
      keeps: "outcomes",
      compensates: [],
      staysDone: "winners",
      isPivot: false,
      schemas: []
    })
    const pages = stateOf(workflow, "Pages")
    assert.deepStrictEqual(pages.branches, { kind: "dynamic", from: "function" })
    assert.deepStrictEqual([pages.strategy, pages.timeout, pages.bulkhead, pages.maxBranches], [
      "all",
      undefined,
      undefined,
      10
    ])
    assert.deepStrictEqual([pages.losers, pages.keeps], [{ grace: Duration.millis(100) }, "tally"])
  })

  it("says of every form of branches whether they are known", () => {
    const of = (branches: unknown) =>
      stateOf(untyped("w").registerSplit("A", branches, { strategy: all, next: "Done" }), "A").branches
    assert.deepStrictEqual(of([run, run]), { kind: "static", names: ["0", "1"] })
    assert.deepStrictEqual(of({ a: run }), { kind: "static", names: ["a"] })
    assert.deepStrictEqual(of(() => [run]), { kind: "dynamic", from: "function" })
    assert.deepStrictEqual(of(Effect.succeed([run])), { kind: "dynamic", from: "effect" })
    assert.deepStrictEqual(of(new Set([run])), { kind: "dynamic", from: "iterable" })
    assert.deepStrictEqual(of(Split.growing(() => [run])), { kind: "dynamic", from: "growing" })
  })

  it.effect("names a bulkhead that is shared, and says who is hedged, observed and reduced", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make("db", { places: 3 })
      const of = (options: object) =>
        stateOf(untyped("w").registerSplit("A", [run], { strategy: all, next: "Done", ...options }), "A")
      assert.strictEqual(of({ bulkhead }).bulkhead, "db")
      assert.strictEqual(of({ bulkhead: Places }).bulkhead, "test/Places")
      assert.isTrue(of({ strategy: JoinStrategy.any, hedge: { delay: "1 second" } }).isHedged)
      assert.isTrue(of({ onOutcome: () => Effect.void }).isObserved)
      assert.strictEqual(of({ reduce: { initial: () => 0, step: (n: number) => n + 1 } }).keeps, "reduced")
      assert.strictEqual(
        of({ strategy: JoinStrategy.anyOf("0") }).strategy,
        JoinStrategy.format(JoinStrategy.anyOf("0"))
      )
    }))

  it("says whether there are Layers, which part a state is of, and the smaller of two timeouts", () => {
    const layer = Layer.empty
    const one = untyped("one").register("A", effect).withResources(layer).withTimeout("1 minute")
    const two = untyped("two").register("B", effect).withResources(layer).withTimeout("5 seconds")
    const merged = one.merge(two).definition
    assert.deepStrictEqual(merged.states.map(({ part }: Definition.Task) => part), [0, 1])
    assert.isTrue(merged.hasResources)
    assert.isFalse(workflow.definition.hasResources)
    assert.deepStrictEqual(merged.timeout, Duration.seconds(5))
    assert.deepStrictEqual([merged.name, one.definition.timeout], ["one", Duration.minutes(1)])
    assert.isUndefined(untyped("w").definition.timeout)
  })

  it("has the Schema itself, and says which states are checked", () => {
    const State = Schema.Literals(["A", "Done"])
    const definition = Workflow.make("w", State, { validate: "transitions" }).definition
    assert.strictEqual(definition.schema, State)
    assert.strictEqual(definition.validate, "transitions")
    assert.deepInclude(Workflow.make<"A">("w").definition, { schema: undefined, validate: "initial" })
  })

  it("has under registered what was given, by reference, and copies of records", () => {
    assert.strictEqual(stateOf(workflow, "Start").registered.task, effect)
    assert.deepStrictEqual(stateOf(workflow, "Weigh").registered.task, states.Weigh)
    assert.strictEqual(stateOf(workflow, "Fetch").registered.branches, fetchers)
    assert.deepStrictEqual(stateOf(workflow, "Fetch").registered.options, states.Fetch)
  })

  it.effect("is what runs, whatever becomes of the objects that were given", () =>
    Effect.gen(function*() {
      type State = "A" | "B" | "C" | "Done" | "Other"
      const options: { strategy: JoinStrategy.JoinStrategy<"All", 0>; next: State } = { strategy: all, next: "B" }
      const task: { run: Effect.Effect<void>; next: State } = { run: Effect.void, next: "C" }
      const list = { x: Effect.succeed(1) }
      const made = Workflow.make<State>("copied").registerSplit("A", list, options).register("B", task)
        .register("C", Effect.succeed("Done")).addExitStates("Done", "Other")
      options.next = "Other"
      task.next = "Other"
      Reflect.set(list, "x", 42)
      assert.deepStrictEqual(made.definition.states.slice(0, 2).map(({ ways }) => ways[0]!.to), [["B"], ["C"]])
      assert.deepStrictEqual(made.validate(), [])
      assert.strictEqual(yield* made.orchestrate("A"), "Done")
    }))

  it.effect("reads what it was given once", () =>
    Effect.gen(function*() {
      let reads = 0
      const list = {
        get x() {
          reads++
          return Effect.succeed(1)
        }
      }
      const made = Workflow.make<"A" | "Done">("once").registerSplit("A", list, { strategy: all, next: "Done" })
        .addExitStates("Done")
      assert.strictEqual(made.definition.states.length, 2)
      assert.strictEqual(yield* made.orchestrate("A"), "Done")
      assert.strictEqual(reads, 1)
    }))

  it("is plain data but for the Schema and what was registered", () => {
    const data = plain(workflow.definition)
    const json = JSON.stringify(data)
    assert.deepStrictEqual(JSON.stringify(structuredClone(data)) !== undefined && JSON.parse(json).states.length, 9)
    assert.deepStrictEqual(structuredClone(data).states, structuredClone(plain(workflow.definition).states))
    assert.deepStrictEqual(JSON.parse(json).states[0], {
      kind: "effect",
      name: "Start",
      ways: [unknown("task")],
      part: 0,
      isPivot: false,
      hasSchemas: false
    })
  })

  it("says of what there are Schemas", () => {
    const success = Schema.Number
    const machine = untyped("w")
      .register("A", { run, schema: { success }, next: "B" })
      .register("B", { run, schema: success, next: "C" })
      .registerSplit("C", fetchers, { strategy: all, schema: { success, error: success }, next: "D" })
      .registerSplit("D", fetchers, { strategy: all, schema: { us: { success } }, next: "E" })
      .registerSplit("E", [run, run], { strategy: all, schema: [{ success }, { success }], next: "F" })
      // a branch may be called so, too
      .registerSplit("F", { success: run }, { strategy: all, schema: { success: { success } }, next: "G" })
      .registerSplit("G", [run], { strategy: all, schema: success, next: "Done" })
    assert.deepStrictEqual(
      machine.definition.states.map((state: any) => state.kind === "split" ? state.schemas : state.hasSchemas),
      [true, false, "all", ["us"], ["0", "1"], ["success"], []]
    )
  })

  it("says what is undone, and from where a run only goes forward", () => {
    const undo = () => Effect.void
    const machine = untyped("w")
      .register("A", { run, compensate: undo, next: "B" })
      .register("B", { run, compensate: undo, inDoubt: "skip", next: "C" })
      .register("C", { run, next: "D" }, { pivot: true })
      .registerSplit("D", { x: run, y: run }, { strategy: all, next: "E", compensate: { y: undo }, keep: "completed" })
      .registerSplit("E", [run], { strategy: all, next: "Done", compensate: undo, pivot: false })
    assert.isTrue(machine.definition.isSaga)
    assert.deepStrictEqual(
      machine.definition.states.map((state: Definition.State) =>
        state.kind !== "exit" && state.kind !== "signal" && [state.name, state.compensates, state.isPivot] as const
      ),
      [["A", "unexpected", false], ["B", "skip", false], ["C", undefined, true], ["D", ["y"], false], [
        "E",
        "all",
        false
      ]]
    )
    assert.strictEqual(stateOf(machine, "D").staysDone, "completed")
    assert.isFalse(untyped("w").register("C", { run, next: "D" }, { pivot: true }).definition.isSaga)
    assert.isTrue(untyped("w").withCompensation({}).definition.isSaga)
  })

  it("can't be changed", () => {
    const frozen = (u: unknown): void => {
      if (typeof u !== "object" || u === null || Duration.isDuration(u)) return
      assert.isTrue(Object.isFrozen(u))
      for (const value of Object.values(u)) frozen(value)
    }
    assert.isTrue(Object.isFrozen(workflow.definition))
    assert.isTrue(Object.isFrozen(workflow.definition.states))
    for (const state of plain(workflow.definition).states) Object.values(state).forEach(frozen)
    assert.isTrue(workflow.definition.states.every(Object.isFrozen))
  })

  it("is the same for a workflow that is merged and for one that is made of entries", () => {
    const made = Workflow.fromEntries("data", { states, exits }).withTimeout("1 minute")
    assert.deepStrictEqual(plain(made.definition), plain(workflow.definition))
  })

  it("is the same value each time, and that of the workflow only", () => {
    assert.strictEqual(first.definition, first.definition)
    assert.strictEqual(first.definition.states.length, 1)
    assert.strictEqual(first.addExitStates("Done").definition.states.length, 2)
    assert.strictEqual(first.definition.states.length, 1)
  })

  it("can be read where rules are broken, and leaves out what has no meaning", () => {
    const broken = untyped("w")
      .register("A", 42)
      .registerSplit("B", 42, { strategy: undefined, timeout: -1, losers: { grace: "soon" }, maxBranches: 0 })
      .registerSplit("C", [], null)
      .withTimeout("soon")
    assert.isNotEmpty(broken.validate())
    assert.deepStrictEqual(
      plain(broken.definition).states.map(({ kind, name, ways }) =>
        [name, kind, ways.map(({ to }) => to.length)] as const
      ),
      [["A", "none", []], ["B", "split", [0]], ["C", "split", []]]
    )
    assert.deepInclude(stateOf(broken, "B"), { timeout: undefined, losers: "interrupt", maxBranches: undefined })
    assert.isUndefined(broken.definition.timeout)
  })
})
