/**
 * What a workflow knows of its states: the Schema that they are checked against, and the graph they form.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Schema, SchemaTransformation } from "effect"
import { CanoError, JoinStrategy, Split, TaskResult, Workflow } from "effect-cano"

const { all } = JoinStrategy

const State = Schema.Union([
  Schema.TaggedStruct("Count", { n: Schema.Int }),
  Schema.TaggedStruct("Fan", { n: Schema.Int }),
  Schema.TaggedStruct("Done", { n: Schema.Int })
])

describe("the Schema of the states", () => {
  const half = Workflow.make("half", State)
    .register("Count", ({ n }) => Effect.succeed({ _tag: "Done", n: n / 2 }))
    .registerSplit("Fan", ({ n }) => TaskResult.split([{ _tag: "Count", n }, { _tag: "Count", n: n / 2 }]), {
      strategy: all,
      next: { _tag: "Done", n: 0 }
    })
    .addExitStates("Done")
  const checked = Workflow.make("half", State, { validate: "transitions" }).merge(
    Workflow.make<typeof State.Type>("rest")
      .register("Count", ({ n }) => Effect.succeed({ _tag: "Done", n: n / 2 }))
      .registerSplit("Fan", ({ n }) => TaskResult.split([{ _tag: "Count", n }, { _tag: "Count", n: n / 2 }]), {
        strategy: all,
        next: { _tag: "Done", n: 0 }
      })
      .addExitStates("Done")
  )

  it.effect("refuses an initial state that does not fit, with the issue of the Schema", () =>
    Effect.gen(function*() {
      for (
        const [initial, text] of [
          [{ _tag: "Count", n: 1.5 }, /^state "Count": the initial state does not fit its Schema: .*integer/],
          [{ _tag: "Count" }, /^state "Count": the initial state does not fit its Schema: Missing key at \["n"\]/],
          [{ _tag: "Done", n: "0" }, /^state "Done": the initial state does not fit its Schema: Expected number/]
        ] as const
      ) {
        for (const workflow of [half, checked]) {
          const error = yield* Effect.flip(workflow.orchestrate(initial as never))
          assert.instanceOf(error, CanoError.ConfigurationError)
          const { issues } = error as CanoError.ConfigurationError
          assert.deepStrictEqual(issues.map(({ rule, state }) => [rule, state]), [["initial-state", initial._tag]])
          assert.match(issues[0]!.message, text)
        }
      }
    }))

  it.effect("looks at no other state unless it is asked to", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* half.orchestrate({ _tag: "Count", n: 1 }), { _tag: "Done", n: 0.5 })
      assert.deepStrictEqual(yield* half.orchestrate({ _tag: "Fan", n: 3 }), { _tag: "Done", n: 0 })
    }))

  it.effect("looks at each transition where it is asked to, exits and follow-on states included", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* checked.orchestrate({ _tag: "Count", n: 4 }), { _tag: "Done", n: 2 })
      assert.deepStrictEqual(yield* checked.orchestrate({ _tag: "Fan", n: 4 }), { _tag: "Done", n: 0 })
      for (
        const [initial, next] of [[{ _tag: "Count", n: 1 }, "Done"], [{ _tag: "Fan", n: 3 }, "Count"]] as const
      ) {
        const error = yield* Effect.flip(checked.orchestrate(initial))
        assert.instanceOf(error, CanoError.WorkflowError)
        const { detail, path, rule, state } = error as CanoError.WorkflowError
        assert.deepStrictEqual([rule, state, path?.states], ["invalid-state", initial._tag, [initial._tag]])
        assert.match(detail, new RegExp(`^the next state "${next}" does not fit its Schema: .*integer`))
      }
    }))

  it.effect("fails a follow-on branch whose next state does not fit", () =>
    Effect.gen(function*() {
      // 2 and 1: the halves of them are 1 and 0.5
      const error = yield* Effect.flip(checked.orchestrate({ _tag: "Fan", n: 2 }))
      assert.instanceOf(error, CanoError.JoinUnsatisfiedError)
      assert.match(error.message, /1: workflow "half", state "Count": the next state "Done" does not fit its Schema/)
    }))

  it.effect("is about states as they are, not about their encoded form or its defaults", () =>
    Effect.gen(function*() {
      const Encoded = Schema.TaggedStruct("A", {
        at: Schema.Number.pipe(
          Schema.decodeTo(Schema.String, SchemaTransformation.transform({ decode: String, encode: Number }))
        )
      })
      class Final extends Schema.TaggedClass<Final>()("Final", { n: Schema.Int }) {}
      const workflow = Workflow.make("w", Schema.Union([Encoded, Final]), { validate: "transitions" })
        .register("A", ({ at }) => Effect.succeed(new Final({ n: at.length })))
        .addExitStates("Final")
      assert.deepStrictEqual(yield* workflow.orchestrate({ _tag: "A", at: "123" }), new Final({ n: 3 }))
      const error = yield* Effect.flip(workflow.orchestrate({ _tag: "A", at: 123 } as never))
      assert.match((error as Error).message, /the initial state does not fit its Schema: Expected string/)
      const plain = yield* Effect.flip(workflow.orchestrate({ _tag: "Final", n: 3 } as never))
      assert.match((plain as Error).message, /the initial state does not fit its Schema: Expected Final/)
    }))

  it.effect("that can't check a state says so", () =>
    Effect.gen(function*() {
      const Throwing = Schema.String.check(Schema.makeFilter(() => {
        throw new Error("no")
      }))
      const workflow = Workflow.make("w", Throwing as Schema.Codec<"A" | "Done">)
        .register("A", Effect.succeed("Done")).addExitStates("Done")
      const error = yield* Effect.flip(workflow.orchestrate("A"))
      assert.instanceOf(error, CanoError.ConfigurationError)
      assert.match(
        error.message,
        /the initial state does not fit its Schema: it can't be checked at once: an? \w*Error$/
      )
    }))

  it.effect("is that of the first part that has one", () =>
    Effect.gen(function*() {
      const bare = Workflow.make<"A" | "Done">("bare").register("A", Effect.succeed("Done"))
      const strict = Workflow.make("strict", Schema.Literals(["Done"]) as unknown as Schema.Codec<"A" | "Done">)
        .addExitStates("Done")
      for (const workflow of [bare.merge(strict), strict.merge(bare)]) {
        assert.strictEqual(workflow.schema, strict.schema)
        assert.instanceOf(yield* Effect.flip(workflow.orchestrate("A")), CanoError.ConfigurationError)
        assert.strictEqual(yield* workflow.orchestrate("Done"), "Done")
      }
    }))
})

describe("the graph of the states", () => {
  type Node = "A" | "B" | "C" | "D" | "Done" | "Failed"
  const make = Workflow.make<Node>("graph")
  const to = <N extends Node>(next: N) => ({ run: Effect.void, next })
  const line = make.register("A", to("B")).register("B", to("Done"))

  const found = (issues: ReadonlyArray<CanoError.Issue>) =>
    issues.map(({ rule, severity, state }) => [state, rule, severity])

  it("has no findings where every state is reached and reaches an exit", () => {
    assert.deepStrictEqual(line.addExitStates("Done").validate({ from: ["A"] }), [])
  })

  it("tells of states and exits that no run enters", () => {
    const workflow = line.register("C", to("Done")).addExitStates("Done", "Failed")
    assert.deepStrictEqual(found(workflow.validate({ from: ["A"] })), [
      ["C", "unreachable", "warning"],
      ["Failed", "unreachable", "warning"]
    ])
    assert.deepStrictEqual(found(workflow.validate({ from: ["A", "C"] })), [["Failed", "unreachable", "warning"]])
    assert.deepStrictEqual(found(workflow.validate({ from: ["C", "A", "Failed"] })), [])
    assert.strictEqual(
      workflow.validate({ from: ["A", "C"] })[0]!.message,
      "state \"Failed\": no run that starts in A or C enters it"
    )
  })

  it("tells of states from which no exit is reached", () => {
    const workflow = line
      .register("C", to("D"))
      .registerSplit("D", [Effect.void], { strategy: all, next: "C", otherwise: "D" })
      .addExitStates("Done")
    assert.deepStrictEqual(found(workflow.validate({ from: ["A", "C"] })), [
      ["C", "endless", "warning"],
      ["D", "endless", "warning"]
    ])
    assert.match(
      workflow.validate({ from: ["A", "C"] })[0]!.message,
      /^state "C": from here no exit state is reached \(it leads to D\); a run ends only by a failure, an interruption/
    )
  })

  it("takes an otherwise for a way", () => {
    const workflow = make
      .registerSplit("A", [Effect.void], { strategy: all, next: "A", otherwise: "Failed" })
      .addExitStates("Failed")
    assert.deepStrictEqual(workflow.validate({ from: ["A"] }), [])
  })

  it("says nothing of where a state leads that may lead anywhere", () => {
    const unknown = [
      make.register("A", Effect.succeed("A")),
      make.register("A", () => Effect.succeed("A")),
      make.register("A", { run: Effect.void, next: () => "A" }),
      make.registerSplit("A", [Effect.void], { strategy: all, next: () => "A" }),
      make.registerSplit("A", [Effect.void], { strategy: all, next: "A", otherwise: () => "A" })
    ]
    for (const workflow of unknown) {
      assert.deepStrictEqual((workflow as unknown as typeof line).addExitStates("Done").validate({ from: ["A"] }), [])
    }
  })

  it("knows that branches may enter any state, and that the split goes on to its next all the same", () => {
    const workflow = make
      .registerSplit("A", () => TaskResult.split(["C"]), { strategy: all, next: "B" })
      .register("B", to("A"))
      .register("C", to("Done"))
      .addExitStates("Done", "Failed")
    assert.deepStrictEqual(found(workflow.validate({ from: ["A"] })), [
      ["A", "endless", "warning"],
      ["B", "endless", "warning"]
    ])
  })

  it.effect("refuses no run, and is looked at only where it is asked for", () =>
    Effect.gen(function*() {
      const loop = make.register("A", to("B")).register("B", { run: Effect.fail("enough" as const), next: "A" })
        .addExitStates("Done")
      assert.deepStrictEqual(loop.validate(), [])
      assert.lengthOf(loop.validate({ from: ["A"] }), 3)
      assert.strictEqual(yield* Effect.flip(loop.orchestrate("A")), "enough")
    }))

  it("is not looked at while rules are broken", () => {
    const untyped = make as unknown as {
      readonly validate: (options: object) => ReadonlyArray<CanoError.Issue>
    }
    assert.deepStrictEqual(found(untyped.validate({ from: [] })), [
      [undefined, "no-handler", undefined],
      [undefined, "no-exit", undefined]
    ])
    const sound = line.addExitStates("Done", "Failed") as unknown as typeof untyped
    assert.deepStrictEqual(found(sound.validate({ from: ["Nowhere", 42] })), [
      ["Nowhere", "initial-state", undefined],
      [undefined, "initial-state", undefined]
    ])
    assert.match(sound.validate({ from: "A" })[0]!.message, /^from is "A"; it must be an array of the states/)
  })

  it("costs what the graph is large", () => {
    const n = 5000
    const states = Object.fromEntries(
      Array.from({ length: n }, (_, i) => [`S${i}`, { run: Effect.void, next: i === 0 ? "Done" : `S${i - 1}` }])
    )
    const workflow = Workflow.fromEntries("long", { states, exits: ["Done", "Never"] })
    assert.deepStrictEqual(found(workflow.validate({ from: [`S${n - 1}`] })), [["Never", "unreachable", "warning"]])
  })
})

describe("what is no state", () => {
  it.effect("is an Exit, whatever the states are called", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"Go" | "Success">("exits")
        .register("Go", Effect.succeed(Exit.succeed(1)) as never)
        .addExitStates("Success")
      const error = yield* Effect.flip(workflow.orchestrate("Go")) as Effect.Effect<CanoError.WorkflowError>
      assert.strictEqual(error.rule, "unknown-state")
    }))

  it.effect("is told of as such, and not by the Schema", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make("unknown", State, { validate: "transitions" })
        .register("Count", Effect.succeed({ _tag: "Nowhere" }) as never)
        .addExitStates("Done")
      const error = yield* Effect.flip((workflow.orchestrate as Function)({ _tag: "Count", n: 1 })) as Effect.Effect<
        CanoError.WorkflowError
      >
      assert.strictEqual(error.rule, "unknown-state")
    }))
})

describe("a merge of two workflows with a Schema", () => {
  it.effect("has that of the first", () =>
    Effect.gen(function*() {
      const of = (name: string, least: number) =>
        Workflow.make(name, Schema.TaggedStruct("Go", { n: Schema.Number.check(Schema.isGreaterThanOrEqualTo(least)) }))
      const one = of("one", 5).register("Go", Effect.never)
      const merged = one.merge(of("two", 1).addExitStates("Done" as never) as never)
      const error = yield* Effect.flip((merged.orchestrate as Function)({ _tag: "Go", n: 3 })) as Effect.Effect<Error>
      assert.match(error.message, /does not fit its Schema.*5/)
    }))
})

describe("what is told of a definition", () => {
  it.effect("is short, however much a Schema has to say", () =>
    Effect.gen(function*() {
      const wordy = Schema.TaggedStruct("Go", { n: Schema.String }).check(
        Schema.makeFilter(() => "no ".repeat(5000))
      )
      const workflow = Workflow.make("wordy", wordy).register("Go", Effect.never).addExitStates("Done" as never)
      const error = yield* Effect.flip((workflow.orchestrate as Function)({ _tag: "Go", n: "1" })) as Effect.Effect<
        CanoError.ConfigurationError
      >
      const [issue] = error.issues
      assert.include(error.message, "no no no")
      // the message quotes it, the field has what there is
      for (const text of [error.message, issue!.message]) assert.isBelow(text.length, 1500)
    }))

  it.effect("is found out once, however often it runs", () =>
    Effect.gen(function*() {
      let asked = 0
      const strategy = JoinStrategy.make<unknown, unknown, void>({
        name: "asked",
        initial: () => {},
        onOutcome: () => {},
        decide: () => "proceed",
        // without names it is asked by the rules, with them by each split
        issue: (names) => {
          if (names === undefined) asked++
          return undefined
        }
      })
      const branches = () => [Effect.void]
      const workflow = Workflow.make<"Go" | "Done">("often")
        .registerSplit("Go", branches, { strategy, next: "Done" })
        .addExitStates("Done")
      workflow.validate()
      yield* workflow.orchestrate("Go")
      yield* workflow.orchestrate("Go")
      assert.strictEqual(asked, 1)
      const split = Split.run(branches, { strategy })
      yield* split
      yield* split
      assert.strictEqual(asked, 2)
    }))
})
