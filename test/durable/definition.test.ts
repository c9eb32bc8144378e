/**
 * What keeps a workflow from being durable, said at run time to those who write without types.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { CanoError, JoinStrategy, Split, TaskResult, Workflow } from "effect-cano"
import * as Durable from "effect-cano/durable"
import * as Signal from "effect-cano/Signal"
import * as Task from "effect-cano/Task"
import type { Untyped } from "../kit/index.ts"

const { all, quorum } = JoinStrategy

const State = Schema.Literals(["A", "B", "Done"])
const untyped = (schema: unknown = State): Untyped => (Workflow.make as any)("w", schema)

const success = Schema.Number
const one = Effect.succeed(1)
const undo = () => Effect.void

type Run = (runId: string, initial: unknown) => Effect.Effect<unknown, unknown, Durable.Durable>

/** The issues that a run is refused for, before anything is started. */
const issuesOf = (workflow: Untyped, options: unknown = { version: 1 }) =>
  Effect.gen(function*() {
    const { run } = (Durable.make as any)(workflow, options) as { readonly run: Run }
    const error = yield* Effect.flip(Effect.provideService(run("r", "A"), Durable.Durable, {} as never))
    assert.instanceOf(error, CanoError.ConfigurationError)
    return error.issues.map(({ message, rule }) => [rule, message] as const)
  })

const split = (options: object, branches: unknown = [one, one]): Untyped =>
  untyped().registerSplit("A", branches, { strategy: all, next: "Done", ...options }).addExitStates("Done")
const step = (task: object): Untyped => untyped().register("A", task).addExitStates("Done")

const schemaNeeded =
  "state \"A\": a durable run writes down what branches give: registerSplit needs schema: { success, error }, or one such pair for each branch"

describe("a workflow that can't be durable is refused", () => {
  it.effect("without a Schema of its states", () =>
    Effect.gen(function*() {
      const workflow = (Workflow.make<"A" | "Done">("w") as unknown as Untyped).register("A", Effect.succeed("Done"))
        .addExitStates("Done")
      assert.deepStrictEqual(yield* issuesOf(workflow), [
        ["durable", "a durable run writes down its states: give them a Schema, Workflow.make(name, StateSchema)"]
      ])
    }))

  it.effect("without Schemas of what branches give, whatever list they are in", () =>
    Effect.gen(function*() {
      for (const branches of [[one], { a: one }, new Set([one])]) {
        assert.deepStrictEqual(yield* issuesOf(split({}, branches)), [["durable", schemaNeeded]])
      }
      // what is undone is no state
      assert.deepStrictEqual(yield* issuesOf(split({ compensate: undo }, () => [one])), [["durable", schemaNeeded]])
    }))

  it.effect("with branches that would be others after a crash, or outlive their join, or are hedged", () =>
    Effect.gen(function*() {
      const schema = { success }
      const cases: ReadonlyArray<readonly [Untyped, string]> = [
        [
          split({ schema }, Effect.succeed([one])),
          "the branches are an Effect, which may give others after a crash: give a list, or a function of the state to a list"
        ],
        [
          split({ schema }, Split.growing(() => [one])),
          "branches that are added as others run are not known after a crash: Split.growing can't be durable"
        ],
        [
          split({ schema, losers: "detach" }),
          "losers that outlive their join can't be durable: leave losers out, or await them"
        ],
        [
          split({ schema, losers: { grace: "1 second" } }),
          "losers that outlive their join can't be durable: leave losers out, or await them"
        ],
        [
          split({ schema, strategy: quorum(1), hedge: { delay: "1 second" } }),
          "branches that are hedged can't be durable: leave hedge out"
        ]
      ]
      for (const [workflow, sentence] of cases) {
        assert.deepStrictEqual(yield* issuesOf(workflow), [["durable", `state "A": ${sentence}`]])
      }
    }))

  it.effect("with a step that is compensated, and has no Schemas", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* issuesOf(step({ run: one, compensate: undo, next: "Done" })), [[
        "durable",
        "state \"A\": a durable run writes down what is undone: schema: { success, error } is needed beside compensate"
      ]])
    }))

  it.effect("with another workflow that is compensated as the work of a state", () =>
    Effect.gen(function*() {
      const other = Workflow.make<"Pay" | "Paid">("other")
        .register("Pay", { run: one, compensate: undo, next: "Paid" })
        .addExitStates("Paid")
      assert.deepStrictEqual(yield* issuesOf(step({ run: Task.workflow(other, "Pay"), next: "Done" })), [[
        "durable",
        "state \"A\": a workflow with compensations can't be the work of a durable state: make it durable itself, and run it as a child"
      ]])
    }))

  it.effect("for all that is the matter with it at once, its rules and options included", () =>
    Effect.gen(function*() {
      const workflow = split({ next: "Nowhere", losers: "detach" })
      const issues = yield* issuesOf(workflow, { version: 0 })
      assert.deepStrictEqual(issues.map(([rule]) => rule), ["unknown-next", "durable", "durable", "durable"])
      assert.strictEqual(issues[3]![1], "version is 0; it must be an integer of at least 1")
    }))

  it.effect("with options that are none", () =>
    Effect.gen(function*() {
      const sound = step({ run: one, next: "Done" })
      const migrated = (state: unknown) => state
      const cases: ReadonlyArray<readonly [unknown, string]> = [
        [null, "the options are null; they must be { version, … }"],
        [{ version: 1.5 }, "version is 1.5; it must be an integer of at least 1"],
        [{ version: "1" }, "version is \"1\"; it must be an integer of at least 1"],
        [{ version: 1, error: {} }, "error is {}; it must be a Schema, or be left out"],
        [
          { version: 2, migrate: 1 },
          "migrate is 1; it must be { 1: (state) => …, … }, a function for each earlier version, or be left out"
        ],
        [{ version: 2, migrate: { 2: migrated } }, "migrate has \"2\", which is no version before 2"],
        [{ version: 2, migrate: { one: migrated } }, "migrate has \"one\", which is no version before 2"],
        [
          { version: 2, migrate: { 1: "state" } },
          "migrate[1] is \"state\"; it must be a function of a state to a state, or { state, states, branches, value, error }"
        ],
        [
          { version: 2, migrate: { 1: { state: 1 } } },
          "state of migrate[1] is 1; it must be a function, or be left out"
        ],
        [
          { version: 2, migrate: { 1: { states: { Ask: "Quote" } } } },
          "states of migrate[1] names \"Quote\", which is no state of the workflow"
        ],
        [
          { version: 2, migrate: { 1: { states: { Ask: 1 } } } },
          "states of migrate[1] are {\"Ask\":1}; they must be the names of today by those before, or null for what is to be left out"
        ],
        [
          { version: 2, migrate: { 1: { branches: { Ask: "bob" } } } },
          "branches of state \"Ask\" of migrate[1] are \"bob\"; they must be the names of today by those before, or null for what is to be left out"
        ],
        [
          { version: 2, migrate: { 1: { branches: 1 } } },
          "branches of migrate[1] are 1; they must be { [state]: { [before]: name or null } }, or be left out"
        ],
        [
          { version: 2, migrate: { 1: { outcome: migrated } } },
          "migrate[1]: there is no option \"outcome\"; there are state, states, branches, value, error"
        ],
        [{ version: 1, name: "w" }, "there is no option \"name\"; there are version, error, migrate, operator"],
        [
          { version: 1, operator: "always" },
          "operator is \"always\"; it must be \"never\", \"rollback\" or \"failure\", or be left out"
        ]
      ]
      for (const [options, sentence] of cases) {
        assert.deepStrictEqual(yield* issuesOf(sound, options), [["durable", sentence]])
      }
    }))
})

describe("a workflow that can be durable", () => {
  const Approval = Signal.make("approval", Schema.Boolean)
  const step = { run: one, compensate: undo, schema: { success }, next: "B" }
  const workflow = untyped()
    .register("A", step)
    .registerSplit("B", [one], { strategy: all, schema: { success }, losers: "await", compensate: undo, next: "C" })
    .registerSplit("C", { a: one }, { strategy: all, schema: { a: { success, error: Schema.String } }, next: "D" })
    // what a function answers may be states, which need no Schemas of their own
    .registerSplit("D", () => TaskResult.split(["E"]), { strategy: all, next: "F" })
    .registerSplit("E", () => [one], { strategy: all, schema: { success }, next: "Done" })
    .registerSignal("F", Approval, { next: "Done" })
    .addExitStates("Done")

  it.effect("has no issues, and is the same in memory", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(workflow.validate(), [])
      // found where there is another one, which is refused for nothing else
      const options = { version: 0, error: Schema.String, migrate: {} }
      assert.deepStrictEqual((yield* issuesOf(workflow, options)).map(([, sentence]) => sentence), [
        "version is 0; it must be an integer of at least 1"
      ])
      const inMemory = untyped().register("A", { run: one, schema: { success }, next: "B" })
        .registerSplit("B", [one, one], {
          strategy: all,
          schema: { success },
          next: ({ values }: { readonly values: ReadonlyArray<number> }) => values.length === 2 ? "Done" : "A"
        })
        .addExitStates("Done")
      assert.strictEqual(yield* inMemory.orchestrate("A"), "Done")
    }))

  it("has Schemas beside its entries, too", () => {
    const made = Workflow.fromEntries("w", {
      states: {
        A: { run: one, compensate: undo, schema: { success }, next: "B" },
        B: { branches: { a: one }, strategy: all, schema: { a: { success } }, next: "Done" }
      },
      exits: ["Done"]
    })
    assert.deepStrictEqual(made.validate(), [])
    assert.deepStrictEqual(
      made.definition.states.map((state) =>
        state.kind === "split" ? state.schemas : state.kind === "run" && state.hasSchemas
      ),
      [true, ["a"], false]
    )
  })

  it("is inert, and says its name and version", () => {
    const { name, version } = (Durable.make as any)(workflow, { version: 3 })
    assert.deepStrictEqual([name, version], ["w", 3])
  })
})
