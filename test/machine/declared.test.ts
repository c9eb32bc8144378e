/**
 * The option `to`: what a state declares of where it leads, where only a function, an Effect or its branches know.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CanoError, type Definition, JoinStrategy, TaskResult, Workflow } from "effect-cano"

type State = "A" | "B" | "C" | "D" | "Done"

const { all } = JoinStrategy
const make = Workflow.make<State>("declared")

/** A task whose type only says that it leads to some state. */
const anywhere = (state: State): Effect.Effect<State> => Effect.succeed(state)

const waysOf = (workflow: Workflow.Any, name: string): ReadonlyArray<Definition.Way> =>
  workflow.definition.states.find((state) => state.name === name)!.ways

const undeclared = (run: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.flip(run), (error) => {
    assert.instanceOf(error, CanoError.WorkflowError)
    assert.strictEqual(error.rule, "undeclared-state")
    return error.message
  })

describe("to", () => {
  it("stands in the definition as a way that is declared", () => {
    const workflow = make
      .register("A", () => anywhere("B"), { to: ["B", "C"] })
      .register("B", { run: Effect.succeed(1), next: (n) => n > 0 ? "C" : "Done" }, { to: ["C", "Done"] })
      .registerSplit("C", () => TaskResult.split([anywhere("D")].length > 0 ? ["A", "B"] : ["A"]), {
        strategy: all,
        next: (result) => result.tally.total > 1 ? "D" : "Done",
        otherwise: () => anywhere("Done"),
        to: { next: ["D", "Done"], otherwise: ["Done"], branches: ["A", "B"] }
      })
      .register("D", { run: Effect.void, next: "Done" }, { to: ["Done"] })
      .addExitStates("Done")
    assert.deepStrictEqual(workflow.validate(), [])
    const declared = (by: Definition.Way["by"], ...to: ReadonlyArray<State>) => ({
      by,
      to,
      source: "declared" as const
    })
    assert.deepStrictEqual(waysOf(workflow, "A"), [declared("task", "B", "C")])
    assert.deepStrictEqual(waysOf(workflow, "B"), [declared("next", "C", "Done")])
    assert.deepStrictEqual(waysOf(workflow, "C"), [
      declared("next", "D", "Done"),
      declared("otherwise", "Done"),
      declared("branches", "A", "B")
    ])
    assert.deepStrictEqual(waysOf(workflow, "D"), [{ by: "next", to: ["Done"], source: "written" }])
  })

  it("stands beside the work of an entry, and beside the branches", () => {
    const next = () => "Done" as const
    const workflow = Workflow.fromEntries("entries", {
      states: {
        A: { run: Effect.void, next, to: ["Done"] },
        B: { branches: [Effect.void], strategy: all, next, to: { next: ["Done"] } }
      },
      exits: ["Done"]
    })
    assert.deepStrictEqual(waysOf(workflow, "A"), [{ by: "next", to: ["Done"], source: "declared" }])
    assert.deepStrictEqual(waysOf(workflow, "B"), [{ by: "next", to: ["Done"], source: "declared" }])
  })

  it("lets validate say what is unreachable or endless, where it could say nothing", () => {
    const of = (to: ReadonlyArray<"B" | "Done"> | undefined) =>
      (make as any)
        .register("A", () => anywhere("B"), to && { to })
        .register("B", { run: Effect.void, next: "A" })
        .register("C", { run: Effect.void, next: "Done" })
        .addExitStates("Done")
        .validate({ from: ["A"] })
        .map(({ rule, state }: CanoError.Issue) => `${rule} ${state}`)
    assert.deepStrictEqual(of(undefined), [])
    assert.deepStrictEqual(of(["B", "Done"]), ["unreachable C"])
    assert.deepStrictEqual(of(["B"]), ["unreachable C", "unreachable Done", "endless A", "endless B"])
  })

  it("lets validate follow branches that are states, and know that others are none", () => {
    const of = (to: { readonly branches: ReadonlyArray<State> } | undefined) =>
      (make as any)
        .registerSplit("A", () => [], { strategy: all, next: "Done", to })
        .register("B", { run: Effect.void, next: "Done" })
        .register("C", { run: Effect.void, next: "Done" })
        .addExitStates("Done")
        .validate({ from: ["A"] })
        .map(({ rule, state }: CanoError.Issue) => `${rule} ${state}`)
    assert.deepStrictEqual(of(undefined), [])
    assert.deepStrictEqual(of({ branches: [] }), ["unreachable B", "unreachable C"])
    assert.deepStrictEqual(of({ branches: ["C"] }), ["unreachable B"])
  })

  it.effect("lets a run go where it says, and nowhere else", () =>
    Effect.gen(function*() {
      const to = (state: State) =>
        make
          .register("A", () => anywhere(state), { to: ["Done"] })
          .register("B", () => Effect.succeed("Done"))
          .addExitStates("Done")
          .orchestrate("A")
      assert.strictEqual(yield* to("Done"), "Done")
      assert.strictEqual(
        yield* undeclared(to("B")),
        "workflow \"declared\", state \"A\": the task returned \"B\", which to does not name: Done"
      )
      // what is no state at all is told of as such
      const error = yield* Effect.flip(to("Nowhere" as State))
      assert.deepInclude(error, { _tag: "WorkflowError", rule: "unknown-state" })
    }))

  it.effect("holds what next, otherwise and branches answer, at once or as an Effect", () =>
    Effect.gen(function*() {
      const of = (branches: unknown, options: object) =>
        (make as any)
          .registerSplit("A", branches, { strategy: all, ...options })
          .register("B", () => Effect.succeed("Done"))
          .register("C", () => Effect.succeed("Done"))
          .addExitStates("Done")
          .orchestrate("A") as Effect.Effect<unknown, unknown>
      const fine = [Effect.void]
      const failing = [Effect.fail("no")]
      const split = (...states: ReadonlyArray<State>) => () => TaskResult.split(states)
      assert.strictEqual(yield* of(fine, { next: () => "B", to: { next: ["B"] } }), "Done")
      assert.match(yield* undeclared(of(fine, { next: () => "B", to: { next: ["Done"] } })), /next returned "B"/)
      assert.match(
        yield* undeclared(of(fine, { next: () => anywhere("B"), to: { next: ["Done"] } })),
        /the Effect of next gave "B", which to does not name: Done$/
      )
      assert.match(
        yield* undeclared(of(failing, { next: "Done", otherwise: () => "B", to: { otherwise: ["Done"] } })),
        /otherwise returned "B"/
      )
      assert.strictEqual(yield* of(split("B"), { next: "Done", to: { branches: ["B"] } }), "Done")
      assert.match(
        yield* undeclared(of(split("B", "C"), { next: "Done", to: { branches: ["B"] } })),
        /element 1 of TaskResult\.split is "C", which to does not name: B$/
      )
      assert.match(yield* undeclared(of(split("B"), { next: "Done", to: { branches: [] } })), /which to does not name/)
    }))

  it.effect("names states that carry data by their tags", () =>
    Effect.gen(function*() {
      type Tagged = { readonly _tag: "Go"; readonly n: number } | { readonly _tag: "Small" } | {
        readonly _tag: "Large"
      }
      const workflow = Workflow.make<Tagged>("tagged")
        .register("Go", ({ n }) => Effect.succeed<Tagged>({ _tag: n > 9 ? "Large" : "Small" }), { to: ["Small"] })
        .addExitStates("Small", "Large")
      assert.deepStrictEqual(yield* workflow.orchestrate({ _tag: "Go", n: 1 }), { _tag: "Small" })
      assert.match(yield* undeclared(workflow.orchestrate({ _tag: "Go", n: 10 })), /the task returned "Large"/)
    }))
})
