import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Data, Deferred, Duration, Effect, Exit, Fiber, Layer, Option, Ref, Schema } from "effect"
import { CanoError, JoinStrategy, TaskResult, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"
import { failureOf, type Untyped, untyped } from "../kit/index.ts"

type State = "A" | "B" | "C" | "Done" | "Degraded"

class Boom extends Data.TaggedError("Boom")<{ readonly at: string }> {}

const rules = (workflow: { readonly validate: () => ReadonlyArray<CanoError.Issue> }) =>
  workflow.validate().map((issue) => [issue.state, issue.rule])

describe("register", () => {
  it.effect("takes an Effect, a function, a generator function and { run, next }", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const workflow = Workflow.make<State>("forms")
        .register(
          "A",
          Effect.sync(() => {
            seen.push("A")
            return "B" as const
          })
        )
        .register("B", (state) => {
          seen.push(state)
          return Effect.succeed("C")
        })
        .register("C", function*(state) {
          seen.push(state)
          yield* Effect.void
          return "Done"
        })
        .addExitStates("Done")
      assert.strictEqual(yield* workflow.orchestrate("A"), "Done")
      assert.deepStrictEqual(seen, ["A", "B", "C"])

      const parts = Workflow.make<State>("parts")
        .register("A", { run: Effect.succeed(2), next: (n) => n > 1 ? "B" : "Done" })
        .register("B", { run: (state) => Effect.sync(() => seen.push(state)), next: "Done" })
        .addExitStates("Done")
      assert.strictEqual(yield* parts.orchestrate("A"), "Done")
      assert.deepStrictEqual(seen, ["A", "B", "C", "B"])
    }))

  it.effect("takes a function that returns a generator made by hand", () =>
    Effect.gen(function*() {
      function* body(): Generator<Effect.Effect<number>, "Done", never> {
        yield* Effect.succeed(1)
        return "Done"
      }
      const workflow = Workflow.make<State>("by hand").register("A", () => body()).addExitStates("Done")
      assert.strictEqual(yield* workflow.orchestrate("A"), "Done")
    }))

  it.effect("hands the data of a tagged state to its handler", () =>
    Effect.gen(function*() {
      type Tagged =
        | { readonly _tag: "Start"; readonly n: number }
        | { readonly _tag: "Twice"; readonly n: number }
        | { readonly _tag: "End"; readonly n: number }
      const workflow = Workflow.make<Tagged>("tagged")
        .register("Start", ({ n }) => Effect.succeed({ _tag: "Twice", n: n + 1 }))
        .register("Twice", function*({ n }) {
          return { _tag: "End", n: n * 2 }
        })
        .addExitState("End")
      assert.deepStrictEqual(yield* workflow.orchestrate({ _tag: "Start", n: 20 }), { _tag: "End", n: 42 })
    }))

  it.effect("leaves the workflow it was called on as it was", () =>
    Effect.gen(function*() {
      const base = Workflow.make<State>("base").addExitStates("Done")
      const left = base.register("A", Effect.succeed("Done"))
      const right = base.register("A", Effect.succeed("Done")).register("B", Effect.succeed("A"))
      assert.deepStrictEqual(rules(base), [[undefined, "no-handler"]])
      assert.deepStrictEqual(rules(left), [])
      assert.strictEqual(yield* right.orchestrate("B"), "Done")
      const unknown = yield* Effect.exit((left as unknown as Untyped).orchestrate("B"))
      assert.instanceOf(failureOf(unknown), CanoError.ConfigurationError)
    }))

  it.effect("leaves a task's own errors and defects as they are", () =>
    Effect.gen(function*() {
      const failing = Workflow.make<State>("failing").register("A", Effect.fail(new Boom({ at: "A" }))).addExitStates(
        "Done"
      )
      assert.deepStrictEqual(yield* Effect.flip(failing.orchestrate("A")), new Boom({ at: "A" }))
      const dying = Workflow.make<State>("dying").register("A", (): Effect.Effect<"Done"> => {
        throw new Error("bug")
      }).addExitStates("Done")
      const exit = yield* Effect.exit(dying.orchestrate("A"))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    }))
})

describe("orchestrate", () => {
  it.effect("returns an exit state at once and builds nothing", () =>
    Effect.gen(function*() {
      let built = 0
      const workflow = Workflow.make<State>("w")
        .register("A", Effect.succeed("Done"))
        .addExitStates("Done")
        .withResources(Layer.effectDiscard(Effect.sync(() => built++)))
      assert.strictEqual(yield* workflow.orchestrate("Done"), "Done")
      assert.strictEqual(built, 0)
    }))

  it.effect("reports every broken rule before any resource is built", () =>
    Effect.gen(function*() {
      let built = 0
      const workflow = untyped()
        .register("A", Effect.succeed("Done"))
        .register("A", Effect.succeed("Done"))
        .registerSplit("B", [Effect.void], {
          strategy: JoinStrategy.quorum(3),
          bulkhead: 0,
          timeout: -1,
          next: "Nowhere",
          otherwise: "Nowhere"
        })
        .withResources(Layer.effectDiscard(Effect.sync(() => built++)))
        .withTimeout(Number.NaN)
      const error = failureOf(yield* Effect.exit(workflow.orchestrate("X", { maxTransitions: -1, maxDepth: 0 })))
      assert.instanceOf(error, CanoError.ConfigurationError)
      assert.sameDeepMembers((error as CanoError.ConfigurationError).issues.map((issue) => [issue.state, issue.rule]), [
        [undefined, "no-exit"],
        ["B", "unknown-next"],
        ["B", "unknown-otherwise"],
        ["B", "count"],
        ["B", "timeout"],
        ["B", "bulkhead"],
        ["A", "registered-twice"],
        [undefined, "workflow-timeout"],
        [undefined, "max-transitions"],
        [undefined, "max-depth"],
        ["X", "initial-state"]
      ])
      assert.strictEqual(built, 0)
    }))

  it.effect("fails with WorkflowError for an unknown state from a task, next or otherwise", () =>
    Effect.gen(function*() {
      const machines = [
        untyped().register("A", Effect.succeed("Nowhere")),
        untyped().register("A", Effect.succeed(undefined)),
        untyped().register("A", Effect.succeed({ no: "tag" })),
        untyped().register("A", { run: Effect.void, next: () => "Nowhere" }),
        untyped().registerSplit("A", [Effect.void], { strategy: JoinStrategy.all, next: () => "Nowhere" }),
        untyped().registerSplit("A", [Effect.fail("no")], {
          strategy: JoinStrategy.all,
          next: "Done",
          otherwise: () => Effect.succeed(() => "a function")
        })
      ]
      for (const machine of machines) {
        const error = failureOf(yield* Effect.exit(machine.addExitStates("Done").orchestrate("A"))) as any
        assert.strictEqual(error._tag, "WorkflowError")
        assert.strictEqual(error.rule, "unknown-state")
        assert.strictEqual(error.state, "A")
        assert.deepStrictEqual(error.path.states, ["A"])
        assert.match(error.message, /the states are A, Done/)
      }
    }))

  it.effect("fails with WorkflowError where a task is no Effect", () =>
    Effect.gen(function*() {
      for (
        const [task, text] of [
          [() => Promise.resolve("Done"), /Effect\.tryPromise/],
          [() => "Done", /returned Done, not an Effect/],
          [() => ({}), /not an Effect/]
        ] as const
      ) {
        const error = failureOf(
          yield* Effect.exit(untyped().register("A", task).addExitStates("Done").orchestrate("A"))
        ) as any
        assert.strictEqual(error.rule, "invalid-task")
        assert.match(error.message, text)
      }
    }))

  it.effect("stops at maxTransitions", () =>
    Effect.gen(function*() {
      const loop = Workflow.make<State>("loop")
        .register("A", Effect.succeed("B"))
        .register("B", { run: Effect.succeed(false), next: (end: boolean) => end ? "Done" : "A" })
        .addExitStates("Done")
      const error = yield* Effect.flip(loop.orchestrate("A", { maxTransitions: 10 }))
      assert.strictEqual(error._tag, "WorkflowError")
      assert.strictEqual((error as CanoError.WorkflowError).rule, "max-transitions")
      assert.strictEqual((error as CanoError.WorkflowError).path?.entered, 11)
      const line = Workflow.make<State>("line").register("A", Effect.succeed("Done")).addExitStates("Done")
      assert.strictEqual(yield* line.orchestrate("A", { maxTransitions: 1 }), "Done")
      assert.strictEqual((yield* Effect.flip(line.orchestrate("A", { maxTransitions: 0 })))._tag, "WorkflowError")
    }))

  it.effect("runs the same workflow many times at once", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<State>("w")
        .registerSplit("A", [Effect.sleep(10), Effect.sleep(20)], { strategy: JoinStrategy.all, next: "Done" })
        .addExitStates("Done")
      const fiber = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 100 }), () => workflow.orchestrate("A"), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust(20)
      assert.deepStrictEqual(new Set(yield* Fiber.join(fiber)), new Set(["Done" as const]))
    }))
})

describe("validate", () => {
  it("finds nothing in a sound workflow", () => {
    assert.deepStrictEqual(
      Workflow.make<State>("w").register("A", Effect.succeed("Done")).addExitStates("Done").validate(),
      []
    )
  })

  const split = (branches: unknown, options: object) =>
    untyped().registerSplit("A", branches, { strategy: JoinStrategy.all, next: "Done", ...options }).addExitStates(
      "Done"
    )
  const branch = Effect.void
  const cases: ReadonlyArray<readonly [string, string, Untyped, RegExp]> = [
    [
      "an exit state that is registered",
      "registered-and-exit",
      untyped().register("Done", branch).addExitStates("Done"),
      /only one/
    ],
    ["a task that is none", "task", untyped().register("A", 42).addExitStates("Done"), /Effect, a function/],
    [
      "a task with half of { run, next }",
      "task",
      untyped().register("A", { run: 42, next: "Done" }).addExitStates("Done"),
      /run, next/
    ],
    [
      "a static next of { run, next }",
      "unknown-next",
      untyped().register("A", { run: branch, next: "B" }).addExitStates("Done"),
      /"B"/
    ],
    ["a next that is no state", "unknown-next", split([branch], { next: 42 }), /not a state/],
    ["a fractional bulkhead", "bulkhead", split([branch], { bulkhead: 1.5 }), /1\.5/],
    ["an infinite bulkhead", "bulkhead", split([branch], { bulkhead: Infinity }), /be left out/],
    ["a share of 0", "percentage", split([branch], { strategy: JoinStrategy.percentage(0) }), /above 0/],
    ["a share above 1", "percentage", split([branch], { strategy: JoinStrategy.percentage(1.01) }), /at most 1/],
    ["a share that is not a number", "percentage", split([branch], { strategy: JoinStrategy.percentage(NaN) }), /NaN/],
    ["a quorum of 0", "count", split([branch], { strategy: JoinStrategy.quorum(0) }), /at least 1/],
    ["a fractional quorum", "count", split([branch], { strategy: JoinStrategy.quorum(1.5) }), /1\.5/],
    ["a quorum above the count", "count", split([branch], { strategy: JoinStrategy.quorum(2) }), /only 1/],
    [
      "partial results above the count",
      "count",
      split({ a: branch }, { strategy: JoinStrategy.partialResults(2) }),
      /only 1/
    ],
    ["any of nothing", "count", split([], { strategy: JoinStrategy.any }), /there are none/],
    [
      "partialTimeout without a timeout",
      "partial-timeout",
      split([branch], { strategy: JoinStrategy.partialTimeout }),
      /deadline/
    ],
    ["a negative timeout", "timeout", split([branch], { timeout: "-5 seconds" }), /negative/],
    ["a timeout that is not a number", "timeout", split([branch], { timeout: NaN }), /not a number/],
    [
      "a timeout with a part that is not a number",
      "timeout",
      split([branch], { timeout: { seconds: NaN } }),
      /not a number/
    ],
    ["a tuple timeout that is not a number", "timeout", split([branch], { timeout: [NaN, 0] }), /not a number/],
    ["a timeout that is no duration", "timeout", split([branch], { timeout: "soon" }), /no duration/],
    ["a strategy that is none", "strategy", split([branch], { strategy: "all" }), /JoinStrategy/],
    ["a strategy of an unknown tag", "strategy", split([branch], { strategy: { _tag: "Most", n: 1 } }), /most/],
    ["a one-shot iterable", "one-shot-iterable", split([branch][Symbol.iterator](), {}), /empty the second time/],
    ["branches that are no list", "branches", split(42, {}), /the number 42/],
    ["a branch that is no Effect", "branches", split({ a: branch, b: 42 }, {}), /branch b/],
    ["branches that are a Promise", "branches", split(Promise.resolve([]), {}), /Effect\.promise/]
  ]
  for (const [what, rule, workflow, text] of cases) {
    it(`finds ${what}`, () => {
      const issues: ReadonlyArray<CanoError.Issue> = workflow.validate()
      assert.deepStrictEqual(issues.map((issue) => issue.rule as string), [rule])
      assert.match(issues[0]!.message, text)
    })
  }
})

describe("registerSplit", () => {
  it.effect("hands the result to next and the error to otherwise", () =>
    Effect.gen(function*() {
      const machine = (n: number) =>
        Workflow.make<State>("w")
          .registerSplit("A", [Effect.succeed(1), Effect.succeed(2), Effect.fail("no" as const)], {
            strategy: JoinStrategy.quorum(n as 1),
            next: (result, state) => Effect.succeed(result.values[1] === 2 && state === "A" ? "Done" : "B"),
            otherwise: (error, state) => error.result.failures.length === 1 && state === "A" ? "Degraded" : "B"
          })
          .register("B", Effect.die("wrong turn"))
          .addExitStates("Done", "Degraded")
      assert.strictEqual(yield* machine(2).orchestrate("A"), "Done")
      assert.strictEqual(yield* machine(3).orchestrate("A"), "Degraded")
    }))

  it.effect("fails with the join's error, the state and the path without otherwise", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<State>("orders")
        .register("A", Effect.succeed("B"))
        .registerSplit("B", [Effect.fail("a"), Effect.never], { strategy: JoinStrategy.allFailFast, next: "Done" })
        .addExitStates("Done")
      const error = yield* Effect.flip(workflow.orchestrate("A"))
      assert.strictEqual(error._tag, "JoinUnsatisfiedError")
      assert.deepInclude(error, { workflow: "orders", state: "B" })
      assert.deepStrictEqual((error as CanoError.JoinUnsatisfiedError).path?.states, ["A", "B"])
      assert.match(
        error.message,
        /^workflow "orders", state "B": allFailFast of 2: 0 succeeded, 1 failed, 1 not started: 0: a$/
      )
    }))

  it.effect("routes a late join to otherwise", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<State>("w")
        .registerSplit("A", [Effect.never], {
          strategy: JoinStrategy.all,
          timeout: "1 second",
          next: "Done",
          otherwise: (error) => error._tag === "JoinTimeoutError" ? "Degraded" : "Done"
        })
        .addExitStates("Done", "Degraded")
      const fiber = yield* Effect.forkChild(workflow.orchestrate("A"))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "Degraded")
    }))

  it.effect("does not catch an error of its branch function in otherwise", () =>
    Effect.gen(function*() {
      const inner = Workflow.make<State>("inner")
        .registerSplit("A", [Effect.fail("no")], { strategy: JoinStrategy.all, next: "Done" })
        .addExitStates("Done")
      const outer = Workflow.make<State>("outer")
        .registerSplit("A", () => Effect.as(inner.orchestrate("A"), [Effect.void]), {
          strategy: JoinStrategy.all,
          next: "Done",
          otherwise: "Degraded"
        })
        .addExitStates("Done", "Degraded")
      const error = yield* Effect.flip(outer.orchestrate("A"))
      assert.deepInclude(error, { _tag: "JoinUnsatisfiedError", workflow: "inner" })
    }))

  it.effect("does not catch in otherwise what is wrong with its list", () =>
    Effect.gen(function*() {
      const workflow = untyped()
        .registerSplit("A", function*() {
          yield Effect.never
          yield 42
        }, { strategy: JoinStrategy.all, next: "Done", otherwise: "Degraded" })
        .addExitStates("Done", "Degraded")
      const error = failureOf(yield* Effect.exit(workflow.orchestrate("A"))) as any
      assert.deepInclude(error, { _tag: "WorkflowError", rule: "invalid-branches", state: "A" })
    }))

  it.effect("takes an Effect of branches, a function of them and a lazy generator", () =>
    Effect.gen(function*() {
      type Tagged = { readonly _tag: "Go"; readonly ns: ReadonlyArray<number> } | {
        readonly _tag: "End"
        readonly sum: number
      }
      const end = (result: { readonly values: ReadonlyArray<number> }): Tagged => ({
        _tag: "End",
        sum: result.values.reduce((a, b) => a + b, 0)
      })
      const start = { _tag: "Go", ns: [1, 2, 3] } as const
      const strategy = JoinStrategy.all
      const make = Workflow.make<Tagged>("w").addExitStates("End")
      for (
        const workflow of [
          make.registerSplit("Go", Effect.succeed([Effect.succeed(6)]), { strategy, next: end }),
          make.registerSplit("Go", ({ ns }) => ns.map((n) => Effect.succeed(n)), { strategy, next: end }),
          make.registerSplit("Go", ({ ns }) => Effect.succeed(ns.map((n) => Effect.succeed(n))), {
            strategy,
            next: end
          }),
          make.registerSplit("Go", function*({ ns }) {
            for (const n of ns) yield Effect.succeed(n)
          }, { strategy, next: end }),
          make.registerSplit("Go", new Set([Effect.succeed(1), Effect.succeed(5)]), { strategy, next: end })
        ]
      ) {
        for (let i = 0; i < 2; i++) {
          assert.deepStrictEqual(yield* workflow.orchestrate(start) as Effect.Effect<Tagged>, { _tag: "End", sum: 6 })
        }
      }
    }))

  it.effect("fails with WorkflowError for a branch function that returns no branches", () =>
    Effect.gen(function*() {
      class Key extends Context.Service<Key, string>()("test/Key") {}
      for (
        const [value, text] of [
          [undefined, /undefined where/],
          [42, /the number 42/],
          ["no", /the string no/],
          [Promise.resolve([]), /Promise/],
          [() => [], /a function where/],
          [[Effect.void, 1], /branch 1 is the number 1/],
          [{ a: Effect.void, b: null }, /branch b is null/]
        ] as const
      ) {
        const workflow = untyped().registerSplit("A", () => value, { strategy: JoinStrategy.all, next: "Done" })
        const error = failureOf(yield* Effect.exit(workflow.addExitStates("Done").orchestrate("A"))) as any
        assert.deepInclude(error, { _tag: "WorkflowError", rule: "invalid-branches", state: "A" })
        assert.match(error.message, text)
      }
      // an Effect that yields a single Effect, or a service key, which is one
      const single = untyped().registerSplit("A", Effect.succeed(Key), { strategy: JoinStrategy.all, next: "Done" })
      assert.match(
        (failureOf(yield* Effect.exit(single.addExitStates("Done").orchestrate("A"))) as any).message,
        /single Effect/
      )
    }))

  it.effect("is a defect of the run when a branch function, next or otherwise throws", () =>
    Effect.gen(function*() {
      const throws = () => {
        throw new Error("bug")
      }
      for (
        const workflow of [
          untyped().registerSplit("A", throws, { strategy: JoinStrategy.all, next: "Done" }),
          untyped().registerSplit("A", [Effect.void], { strategy: JoinStrategy.all, next: throws }),
          untyped().registerSplit("A", [Effect.fail(1)], {
            strategy: JoinStrategy.all,
            next: "Done",
            otherwise: throws
          })
        ]
      ) {
        const exit = yield* Effect.exit(workflow.addExitStates("Done").orchestrate("A"))
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause) && !Cause.hasFails(exit.cause))
      }
    }))
})

describe("TaskResult.split", () => {
  type Queue =
    | { readonly _tag: "Pull" }
    | { readonly _tag: "Batch"; readonly items: ReadonlyArray<number> }
    | { readonly _tag: "Item"; readonly n: number }
    | { readonly _tag: "ItemDone"; readonly n: number }
    | { readonly _tag: "Drained" }

  const consumer = (batches: Array<ReadonlyArray<number>>, seen: Array<unknown>) =>
    Workflow.make<Queue>("queue")
      .addExitStates("ItemDone", "Drained")
      .register("Pull", function*() {
        const items = batches.shift()
        return items === undefined ? { _tag: "Drained" } : { _tag: "Batch", items }
      })
      .registerSplit("Batch", ({ items }) => TaskResult.split(items.map((n) => ({ _tag: "Item", n }))), {
        strategy: JoinStrategy.all,
        bulkhead: 2,
        next: (result) => {
          seen.push(...result.values)
          return { _tag: "Pull" }
        }
      })
      .register("Item", function*({ n }) {
        const run = yield* Workflow.CurrentRun
        seen.push(run.key.replace(run.runId, "id"))
        return { _tag: "ItemDone", n: n * 10 }
      })

  it.effect("runs each follow-on state through the machine to an exit state", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      assert.deepStrictEqual(yield* consumer([[1, 2], [3]], seen).orchestrate({ _tag: "Pull" }), { _tag: "Drained" })
      assert.deepStrictEqual(seen, [
        "id/2/Batch/0/1/Item",
        "id/2/Batch/1/1/Item",
        { _tag: "ItemDone", n: 10 },
        { _tag: "ItemDone", n: 20 },
        "id/4/Batch/0/1/Item",
        { _tag: "ItemDone", n: 30 }
      ])
    }))

  it.effect("counts the transitions of follow-on branches into the run's", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        consumer([[1, 2, 3]], []).orchestrate({ _tag: "Pull" }, { maxTransitions: 3 })
      )
      assert.strictEqual(error._tag, "JoinUnsatisfiedError")
      const [first] = (error as CanoError.JoinUnsatisfiedError).result.failures
      assert.deepInclude(Option.getOrThrow(Cause.findErrorOption(first!.cause)) as object, { rule: "max-transitions" })
      const path = Option.getOrThrow(Workflow.path(first!.cause))
      assert.deepStrictEqual([path.states, path.nested?.states], [["Pull", "Batch"], ["Item"]])
    }))

  it.effect("fails before a branch starts when a follow-on state is unknown", () =>
    Effect.gen(function*() {
      let started = 0
      const workflow = untyped()
        .registerSplit("A", () => TaskResult.split(["B", "Nowhere"]), { strategy: JoinStrategy.any, next: "Done" })
        .register(
          "B",
          Effect.sync(() => {
            started++
            return "Done"
          })
        )
        .addExitStates("Done")
      const error = failureOf(yield* Effect.exit(workflow.orchestrate("A"))) as any
      assert.deepInclude(error, { rule: "unknown-state", state: "A" })
      assert.strictEqual(started, 0)
    }))

  it.effect("fails with WorkflowError from a state registered with register", () =>
    Effect.gen(function*() {
      const workflow = untyped().register("A", Effect.succeed(TaskResult.split(["A"]))).addExitStates("Done")
      const error = failureOf(yield* Effect.exit(workflow.orchestrate("A"))) as any
      assert.deepInclude(error, { _tag: "WorkflowError", rule: "split-outside-split" })
      assert.match(error.message, /use registerSplit/)
    }))
})

describe("withResources", () => {
  class One extends Context.Service<One, { readonly id: number }>()("test/One") {}
  class Two extends Context.Service<Two, { readonly of: number }>()("test/Two") {}

  const layers = (trail: Array<string>) => {
    let id = 0
    const one = Layer.effect(
      One,
      Effect.acquireRelease(
        Effect.sync(() => {
          id++
          trail.push(`+one ${id}`)
          return { id }
        }),
        ({ id }) => Effect.sync(() => trail.push(`-one ${id}`))
      )
    )
    const two = Layer.effect(
      Two,
      Effect.acquireRelease(
        Effect.map(One, ({ id }) => {
          trail.push(`+two of ${id}`)
          return { of: id }
        }),
        ({ of }) => Effect.sync(() => trail.push(`-two of ${of}`))
      )
    )
    return { one, two }
  }

  const machine = (trail: Array<string>, body: Effect.Effect<unknown, Boom>) => {
    const { one, two } = layers(trail)
    return Workflow.make<State>("w")
      .withResources(one)
      .withResources(two)
      .register("A", function*() {
        const { of } = yield* Two
        const { id } = yield* One
        trail.push(`run ${id} ${of}`)
        yield* body
        return "Done"
      })
      .addExitStates("Done")
  }

  it.effect("builds once per run, the second on the first, and releases in reverse on success and failure", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const workflow = machine(trail, Effect.void)
      yield* workflow.orchestrate("A")
      yield* workflow.orchestrate("A")
      const run = (id: number) => [`+one ${id}`, `+two of ${id}`, `run ${id} ${id}`, `-two of ${id}`, `-one ${id}`]
      assert.deepStrictEqual(trail, [...run(1), ...run(2)])
      const failing: Array<string> = []
      yield* Effect.flip(machine(failing, Effect.fail(new Boom({ at: "A" }))).orchestrate("A"))
      assert.deepStrictEqual(failing, run(1))
    }))

  it.effect("releases on interruption, before the run is gone", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const started = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        machine(trail, Effect.andThen(Deferred.succeed(started, undefined), Effect.never)).orchestrate("A")
      )
      yield* Deferred.await(started)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(trail.slice(-2), ["-two of 1", "-one 1"])
    }))

  it.effect("never shares an instance between runs, also not within a shared Layer of the app", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const { one } = layers(trail)
      const ids: Array<number> = []
      const workflow = Workflow.make<State>("w")
        .register(
          "A",
          Effect.flatMap(One, ({ id }) =>
            Effect.sync(() => {
              ids.push(id)
              return "Done" as const
            }))
        )
        .addExitStates("Done")
        .withResources(one)
      yield* Effect.all([
        workflow.orchestrate("A"),
        workflow.orchestrate("A"),
        Effect.map(One, ({ id }) => ids.push(id))
      ], {
        concurrency: "unbounded"
      }).pipe(Effect.provide(one))
      assert.strictEqual(new Set(ids).size, 3)
    }))

  it.effect("passes a failing Layer's error on untouched, with what was built released", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const { one } = layers(trail)
      const workflow = Workflow.make<State>("w")
        .register("A", Effect.succeed("Done"))
        .addExitStates("Done")
        .withResources(one)
        .withResources(Layer.effectDiscard(Effect.fail(new Boom({ at: "layer" }))))
        .withTimeout("1 second")
      assert.deepStrictEqual(yield* Effect.flip(workflow.orchestrate("A")), new Boom({ at: "layer" }))
      assert.deepStrictEqual(trail, ["+one 1", "-one 1"])
    }))
})

describe("withTimeout", () => {
  const machine = (body: Effect.Effect<unknown>) =>
    Workflow.make<State>("slow").register("A", Effect.as(body, "Done")).addExitStates("Done")

  it.effect("interrupts and awaits a run that is too slow; the smaller of two holds", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const body = Effect.onInterrupt(Effect.never, () => Effect.sync(() => trail.push("cleaned up")))
      const fiber = yield* Effect.forkChild(
        Effect.flip(
          machine(body).withTimeout("3 seconds").withTimeout("2 seconds").withTimeout("5 seconds").orchestrate("A")
        )
      )
      yield* TestClock.adjust("2 seconds")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error._tag, "WorkflowTimeoutError")
      assert.strictEqual(error.message, "workflow \"slow\", state \"A\": the run did not end within 2s")
      assert.deepStrictEqual(trail, ["cleaned up"])
    }))

  it.effect("counts the acquisition of resources", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        Effect.flip(
          machine(Effect.void).withResources(Layer.effectDiscard(Effect.never)).withTimeout("1 second").orchestrate("A")
        )
      )
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "WorkflowTimeoutError")
    }))

  it.effect("keeps the result of a run that has ended, however long the release takes", () =>
    Effect.gen(function*() {
      const slowRelease = Layer.effectDiscard(Effect.acquireRelease(Effect.void, () => Effect.sleep("10 seconds")))
      const fiber = yield* Effect.forkChild(
        machine(Effect.sleep("1 second")).withResources(slowRelease).withTimeout("2 seconds").orchestrate("A")
      )
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual(yield* Fiber.join(fiber), "Done")
    }))

  it.effect("lets a run through that is fast enough", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* machine(Effect.void).withTimeout("1 second").orchestrate("A"), "Done")
    }))
})

describe("merge, fromEntries and pipe", () => {
  it.effect("joins the parts of a machine with their resources and the smaller timeout", () =>
    Effect.gen(function*() {
      class Greeting extends Context.Service<Greeting, string>()("test/Greeting") {}
      const one = Workflow.make<State>("orders").register("A", Effect.succeed("B")).withTimeout("1 hour")
      const two = Workflow.make<State>("part")
        .register("B", Effect.flatMap(Greeting, (g) => Effect.succeed(g === "hi" ? "Done" : "Degraded")))
        .addExitStates("Done", "Degraded")
        .withResources(Layer.succeed(Greeting, "hi"))
      const whole = one.merge(two)
      assert.strictEqual(whole.name, "orders")
      assert.strictEqual(yield* whole.orchestrate("A"), "Done")
      assert.deepStrictEqual((one as any).merge(one).validate().map((issue: CanoError.Issue) => issue.rule), [
        "no-exit",
        "registered-twice"
      ])
    }))

  it.effect("builds a workflow from data", () =>
    Effect.gen(function*() {
      const workflow = Workflow.fromEntries("data", {
        states: {
          A: Effect.succeed("B"),
          B: { branches: [Effect.succeed(1), Effect.succeed(2)], strategy: JoinStrategy.all, next: "C" },
          C: { run: Effect.succeed(3), next: (n: number) => n === 3 ? "Done" : "A" }
        },
        exits: ["Done"]
      })
      assert.strictEqual(yield* workflow.orchestrate("A"), "Done")
      assert.deepStrictEqual(
        rules(Workflow.fromEntries("bad", { states: { A: { run: Effect.void, next: "X" } }, exits: [] })),
        [
          [undefined, "no-exit"],
          ["A", "unknown-next"]
        ]
      )
    }))

  it("pipes, is recognised, and keeps its Schema", () => {
    const schema = Schema.Literals(["A", "Done"])
    const workflow = Workflow.make("w", schema).register("A", Effect.succeed("Done")).addExitStates("Done")
    assert.strictEqual(workflow.pipe((self) => self.name), "w")
    assert.strictEqual(workflow.schema, schema as unknown)
    assert.isTrue(Workflow.isWorkflow(workflow))
    assert.isFalse(Workflow.isWorkflow({ name: "w" }))
  })

  it.effect("is run by a function of any workflow, with options", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<State>("w").register("A", Effect.succeed("Done")).addExitStates("Done")
      assert.strictEqual(yield* Workflow.orchestrate(workflow, "A"), "Done")
      const error = yield* Effect.flip(Workflow.orchestrate(workflow, "A", { maxTransitions: 0 }))
      assert.strictEqual(error._tag, "WorkflowError")
      // a state of the type, which this machine does not have
      assert.strictEqual((yield* Effect.flip(Workflow.orchestrate(workflow, "B")))._tag, "ConfigurationError")
    }))
})

describe("CurrentRun and path", () => {
  it.effect("tells id, state, visit and a key for each visit of a state", () =>
    Effect.gen(function*() {
      const keys: Array<string> = []
      const note = Effect.map(Workflow.CurrentRun, (run) => {
        keys.push(run.key)
        return run
      })
      const rounds = yield* Ref.make(0)
      const workflow = Workflow.make<State>("w")
        .register("A", function*() {
          const run = yield* note
          assert.deepInclude(run, { workflow: "w", runId: "r1" })
          return "B"
        })
        .registerSplit("B", [note, note], { strategy: JoinStrategy.all, next: "C" })
        .register("C", function*() {
          return (yield* Ref.updateAndGet(rounds, (n) => n + 1)) < 2 ? "A" : "Done"
        })
        .addExitStates("Done")
      yield* workflow.orchestrate("A", { runId: "r1" })
      assert.deepStrictEqual(keys, ["r1/1/A", "r1/2/B/0", "r1/2/B/1", "r1/4/A", "r1/5/B/0", "r1/5/B/1"])
    }))

  it.effect("gives each run an id of its own, and is empty outside of a run", () =>
    Effect.gen(function*() {
      const ids = new Set<string>()
      const workflow = Workflow.make<State>("w")
        .register(
          "A",
          Effect.map(Workflow.CurrentRun, (run) => {
            ids.add(run.runId)
            assert.strictEqual(run.runId, run.runId)
            return "Done" as const
          })
        )
        .addExitStates("Done")
      yield* workflow.orchestrate("A")
      yield* workflow.orchestrate("A")
      assert.strictEqual(ids.size, 2)
      assert.deepInclude(yield* Workflow.CurrentRun, { workflow: "", runId: "", state: "", visit: 0, path: undefined })
    }))

  it.effect("travels with a task's own error and nests with the runs", () =>
    Effect.gen(function*() {
      const inner = Workflow.make<State>("inner")
        .register("A", Effect.succeed("B"))
        .register("B", Effect.suspend(() => Effect.fail(new Boom({ at: "B" }))))
        .addExitStates("Done")
      const outer = Workflow.make<State>("outer").register("C", { run: inner.orchestrate("A"), next: "Done" })
        .addExitStates("Done")
      const exit = yield* Effect.exit(outer.orchestrate("C"))
      assert.isTrue(Exit.isFailure(exit))
      const path = Option.getOrThrow(Workflow.path((exit as Exit.Failure<unknown, unknown>).cause))
      assert.deepStrictEqual(path, {
        workflow: "outer",
        states: ["C"],
        entered: 1,
        nested: { workflow: "inner", states: ["A", "B"], entered: 2, nested: undefined }
      })
      assert.deepStrictEqual(Workflow.path(Cause.fail("elsewhere")), Option.none())
    }))

  it.effect("keeps the first 16 and the last 48 states, and the number of all", () =>
    Effect.gen(function*() {
      const length = 200
      const states = Object.fromEntries(
        Array.from({ length }, (_, i) => [`n${i}`, i === length - 1 ? Effect.fail("end") : Effect.succeed(`n${i + 1}`)])
      )
      const workflow = Workflow.fromEntries("long", { states, exits: ["end" as string] })
      const pathAfter = (n: number) =>
        Effect.map(Effect.exit(workflow.orchestrate(`n${length - n}`)), (exit) =>
          Option.getOrThrow(Workflow.path((exit as Exit.Failure<unknown, unknown>).cause)))
      const names = (from: number, to: number) =>
        Array.from({ length: to - from }, (_, i) => `n${from + i}`)
      const all = yield* pathAfter(200)
      assert.strictEqual(all.entered, 200)
      assert.deepStrictEqual(all.states, [...names(0, 16), ...names(152, 200)])
      for (const n of [16, 17, 63, 64, 65, 112, 113]) {
        const path = yield* pathAfter(n)
        assert.strictEqual(path.entered, n)
        const whole = names(200 - n, 200)
        assert.deepStrictEqual(path.states, n <= 64 ? whole : [...whole.slice(0, 16), ...whole.slice(-48)])
      }
    }))
})

describe("maxDepth", () => {
  type Deep = { readonly _tag: "Go"; readonly n: number } | { readonly _tag: "End" }
  const deep: Workflow.Workflow<Deep, any, any, never> = Workflow.make<Deep>("deep")
    .registerSplit("Go", ({ n }) => TaskResult.split([n === 0 ? { _tag: "End" } : { _tag: "Go", n: n - 1 }]), {
      strategy: JoinStrategy.all,
      next: { _tag: "End" }
    })
    .addExitStates("End")

  it.effect("lets splits nest up to the limit and refuses the next one before a branch starts", () =>
    Effect.gen(function*() {
      const start = (n: number, maxDepth?: number): Effect.Effect<unknown, CanoError.CanoError> =>
        (deep as any).orchestrate({ _tag: "Go", n }, { maxDepth })
      yield* start(199)
      yield* start(4, 5)
      let error: any = yield* Effect.flip(start(5, 5))
      for (let i = 0; i < 5; i++) {
        assert.strictEqual(error._tag, "JoinUnsatisfiedError")
        error = Option.getOrThrow(Cause.findErrorOption(error.result.failures[0].cause))
      }
      assert.deepInclude(error, { _tag: "WorkflowError", rule: "max-depth" })
      assert.match(error.message, /deeper than 5/)
      assert.strictEqual((yield* Effect.flip(start(200)))._tag, "JoinUnsatisfiedError")
    }))
})

describe("more forms of a task", () => {
  it.effect("takes Effect.fn, a generator method and { run, next } of a tagged state", () =>
    Effect.gen(function*() {
      type Tagged = { readonly _tag: "A" | "B" | "C"; readonly n: number } | {
        readonly _tag: "End"
        readonly n: number
      }
      const add = Effect.fn("add")(function*(state: { readonly n: number }) {
        yield* Effect.void
        return { _tag: "B", n: state.n + 1 } as const
      })
      const handlers = {
        *twice({ n }: { readonly n: number }) {
          return { _tag: "C", n: n * 2 } as const
        }
      }
      const workflow = Workflow.make<Tagged>("forms")
        .register("A", add)
        .register("B", handlers.twice)
        .register("C", { run: ({ n }) => Effect.succeed(n), next: (n) => ({ _tag: "End", n }) })
        .addExitStates("End")
      assert.deepStrictEqual(yield* workflow.orchestrate({ _tag: "A", n: 20 }), { _tag: "End", n: 42 })
    }))

  it.effect("runs a task anew at each visit, in every form", () =>
    Effect.gen(function*() {
      let visits = 0
      const visit = Effect.sync(() => ++visits)
      function* byHand(): Generator<Effect.Effect<number>, "B", never> {
        yield* visit
        return "B"
      }
      const workflow = Workflow.make<State>("loop")
        .register("A", () => byHand())
        .register("B", function*() {
          yield* visit
          return "C"
        })
        .register("C", { run: visit, next: (n) => n < 9 ? "A" : "Done" })
        .addExitStates("Done")
      assert.strictEqual(yield* workflow.orchestrate("A"), "Done")
      assert.strictEqual(visits, 9)
      visits = 0
      assert.strictEqual(yield* workflow.orchestrate("A"), "Done")
      assert.strictEqual(visits, 9)
    }))

  it.effect("runs nothing before the Effect of a run does", () =>
    Effect.gen(function*() {
      let ran = 0
      const run = Workflow.make<State>("lazy")
        .register("A", () => {
          ran++
          return Effect.succeed("Done")
        })
        .addExitStates("Done")
        .orchestrate("A")
      assert.strictEqual(ran, 0)
      yield* run
      yield* run
      assert.strictEqual(ran, 2)
    }))

  it.effect("passes the very exit state on, with its data", () =>
    Effect.gen(function*() {
      type Tagged = { readonly _tag: "Go" } | { readonly _tag: "End"; readonly data: object }
      const end = { _tag: "End", data: {} } as const
      const workflow = Workflow.make<Tagged>("exit").register("Go", Effect.succeed(end)).addExitStates("End")
      assert.strictEqual(yield* workflow.orchestrate({ _tag: "Go" }), end)
      assert.strictEqual(yield* workflow.orchestrate(end), end)
    }))
})

describe("every builder method", () => {
  it.effect("leaves the workflow it was called on as it was, also after a run", () =>
    Effect.gen(function*() {
      let built = 0
      const base = untyped().register("A", Effect.succeed("Done")).addExitStates("Done")
      assert.strictEqual(yield* base.orchestrate("A"), "Done")
      const full = base
        .registerSplit("B", [Effect.void], { strategy: JoinStrategy.all, next: "A" })
        .addExitStates("Degraded")
        .withResources(Layer.effectDiscard(Effect.sync(() => built++)))
        .withTimeout(-1)
      const merged = (base as any).merge(base) as Untyped
      assert.deepStrictEqual(rules(full), [[undefined, "workflow-timeout"]])
      assert.deepStrictEqual(rules(merged), [["A", "registered-twice"]])
      assert.deepStrictEqual(rules(base), [])
      assert.strictEqual(yield* base.orchestrate("A"), "Done")
      assert.strictEqual(built, 0)
      for (const state of ["B", "Degraded"]) {
        const error = failureOf(yield* Effect.exit(base.orchestrate(state))) as CanoError.ConfigurationError
        assert.deepStrictEqual(error.issues.map((issue) => issue.rule), ["initial-state"])
      }
    }))
})

describe("resources of runs at once", () => {
  class Instance extends Context.Service<Instance, { readonly id: number }>()("test/Instance") {}

  /** Instances have an id each; the trail tells when they came and went. */
  const instances = (trail: Array<string>) => {
    let id = 0
    return Layer.effect(
      Instance,
      Effect.acquireRelease(
        Effect.sync(() => {
          trail.push(`+${++id}`)
          return { id }
        }),
        ({ id }) => Effect.sync(() => trail.push(`-${id}`))
      )
    )
  }

  it.effect("are one for each run, and serve all its states and branches", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const use = (name: string) =>
        Effect.flatMap(Instance, ({ id }) => Effect.map(Effect.sleep(10), () => trail.push(`${name} of ${id}`)))
      const workflow = Workflow.make<State>("w")
        .register("A", { run: use("A"), next: "B" })
        .withResources(instances(trail))
        .registerSplit("B", [use("left"), use("right")], { strategy: JoinStrategy.all, next: "Done" })
        .addExitStates("Done")
      const fiber = yield* Effect.forkChild(
        Effect.all([workflow.orchestrate("A"), workflow.orchestrate("A")], { concurrency: "unbounded" })
      )
      yield* TestClock.adjust(20)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(trail.slice(0, 4), ["+1", "+2", "A of 1", "A of 2"])
      for (const id of [1, 2]) {
        assert.sameMembers(trail.filter((entry) => entry.endsWith(` of ${id}`)), [
          `A of ${id}`,
          `left of ${id}`,
          `right of ${id}`
        ])
        assert.isAbove(trail.indexOf(`-${id}`), trail.indexOf(`right of ${id}`))
      }
      assert.lengthOf(trail, 10)
    }))

  it.effect("are released before a sub-workflow's caller goes on, and before a timeout is reported", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      const inner = Workflow.make<State>("inner")
        .register("A", Effect.as(Effect.sync(() => trail.push("inner")), "Done"))
        .addExitStates("Done")
        .withResources(instances(trail))
      const outer = Workflow.make<State>("outer")
        .register("A", { run: inner.orchestrate("A"), next: "B" })
        .register("B", Effect.as(Effect.sync(() => trail.push("outer")), "Done"))
        .addExitStates("Done")
      yield* outer.orchestrate("A")
      assert.deepStrictEqual(trail, ["+1", "inner", "-1", "outer"])

      trail.length = 0
      const slow = Workflow.make<State>("slow")
        .register("A", Effect.never)
        .addExitStates("Done")
        .withResources(instances(trail))
        .withTimeout("1 second")
        .orchestrate("A")
      const fiber = yield* Effect.forkChild(
        Effect.catchTag(slow, "WorkflowTimeoutError", () => Effect.sync(() => trail.push("reported")))
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(trail, ["+1", "-1", "reported"])
    }))

  it.effect("of a merged workflow build on those of the first", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      class Two extends Context.Service<Two, string>()("test/Two") {}
      const two = Layer.effect(Two, Effect.map(Instance, ({ id }) => `two of ${id}`))
      const first = Workflow.make<State>("first").withResources(instances(trail))
        .register("A", Effect.as(Effect.map(Instance, ({ id }) => trail.push(`A of ${id}`)), "B"))
      const second = Workflow.make<State>("second").withResources(two)
        .register("B", Effect.as(Effect.map(Two, (two) => trail.push(two)), "Done"))
        .addExitStates("Done")
      assert.strictEqual(yield* first.merge(second).orchestrate("A"), "Done")
      assert.deepStrictEqual(trail, ["+1", "A of 1", "two of 1", "-1"])
    }))
})

describe("the budget of a run", () => {
  it.effect("is the smaller one of merged workflows, and its error tells where the run was", () =>
    Effect.gen(function*() {
      const one = Workflow.make<State>("one").register("A", Effect.as(Effect.sleep(500), "B")).withTimeout("1 second")
      const two = Workflow.make<State>("two").register("B", Effect.never).addExitStates("Done").withTimeout("1 hour")
      const fiber = yield* Effect.forkChild(Effect.flip(one.merge(two).orchestrate("A")))
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(fiber)
      assert.instanceOf(error, CanoError.WorkflowTimeoutError)
      const { limit, path, state, workflow } = error as CanoError.WorkflowTimeoutError
      assert.deepStrictEqual([limit, workflow, state, path?.states], [Duration.seconds(1), "one", "B", ["A", "B"]])
    }))

  it.effect("of a sub-workflow is its own", () =>
    Effect.gen(function*() {
      const inner = Workflow.make<State>("inner").register("A", Effect.never).addExitStates("Done")
        .withTimeout("1 second")
      const outer = Workflow.make<State>("outer")
        .register("A", {
          run: Effect.catchTag(
            inner.orchestrate("A"),
            "WorkflowTimeoutError",
            (error) => Effect.succeed(error.workflow)
          ),
          next: (workflow) => workflow === "inner" ? "Degraded" : "Done"
        })
        .addExitStates("Done", "Degraded")
        .withTimeout("10 seconds")
      const fiber = yield* Effect.forkChild(outer.orchestrate("A"))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fiber), "Degraded")
    }))

  it.effect("does not act on a run whose exit state it starts in", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<State>("w").register("A", Effect.never).addExitStates("Done").withTimeout(0)
      assert.strictEqual(yield* workflow.orchestrate("Done"), "Done")
    }))
})

describe("workflows of data", () => {
  it.effect("take every form of a task and of a split", () =>
    Effect.gen(function*() {
      const workflow = Workflow.fromEntries("data", {
        states: {
          effect: Effect.succeed("function"),
          function: () => Effect.succeed("generator"),
          *generator(state: string) {
            return state === "generator" ? "parts" : "Done"
          },
          parts: { run: () => Effect.succeed(1), next: "split" },
          split: {
            branches: () => [Effect.succeed(1), Effect.fail("no")],
            strategy: JoinStrategy.quorum(1),
            timeout: "1 second",
            bulkhead: 1,
            next: () => Effect.succeed("late")
          },
          late: {
            branches: [Effect.fail("no")],
            strategy: JoinStrategy.all,
            next: "Done",
            otherwise: () => "follow"
          },
          follow: {
            branches: () => TaskResult.split(["leaf", "leaf"]),
            strategy: JoinStrategy.all,
            next: (result: { readonly values: ReadonlyArray<string> }) => result.values[1]!
          },
          leaf: Effect.succeed("Done")
        },
        exits: ["Done"]
      })
      assert.deepStrictEqual(workflow.validate(), [])
      assert.strictEqual(yield* workflow.orchestrate("effect"), "Done")
    }))

  it.effect("take any name of a state", () =>
    Effect.gen(function*() {
      const states = JSON.parse("{ \"__proto__\": \"constructor\", \"constructor\": \"toString\" }", (_, value) =>
        typeof value === "string" ? Effect.succeed(value) : value)
      const workflow = Workflow.fromEntries("names", { states, exits: ["toString"] }) as unknown as Untyped
      assert.strictEqual(yield* workflow.orchestrate("__proto__"), "toString")
      const error = failureOf(yield* Effect.exit(workflow.orchestrate("hasOwnProperty")))
      assert.instanceOf(error, CanoError.ConfigurationError)
    }))
})

describe("the identity of a visit", () => {
  type Tree =
    | { readonly _tag: "Root"; readonly round: number }
    | { readonly _tag: "Node"; readonly deep: number }
    | { readonly _tag: "Leaf" }
    | { readonly _tag: "End" }

  const tree = (note: Effect.Effect<unknown>) =>
    Workflow.make<Tree>("tree")
      .addExitStates("End")
      .registerSplit("Root", () => TaskResult.split([{ _tag: "Node", deep: 1 }, { _tag: "Node", deep: 1 }]), {
        strategy: JoinStrategy.all,
        next: (_, { round }) => Effect.as(note, round < 3 ? { _tag: "Root", round: round + 1 } : { _tag: "End" })
      })
      .registerSplit(
        "Node",
        ({ deep }) =>
          Effect.as(
            note,
            TaskResult.split([deep === 0 ? { _tag: "Leaf" } : { _tag: "Node", deep: deep - 1 }, { _tag: "Leaf" }])
          ),
        { strategy: JoinStrategy.all, next: { _tag: "Leaf" } }
      )
      .register("Leaf", Effect.as(note, { _tag: "End" } as const))

  const keysOf = Effect.fnUntraced(function*(runId?: string) {
    const keys: Array<string> = []
    const visits: Array<number> = []
    const note = Effect.map(Workflow.CurrentRun, (run) => {
      keys.push(run.key)
      visits.push(run.visit)
    })
    yield* tree(note).orchestrate({ _tag: "Root", round: 1 }, { runId })
    assert.isTrue(keys.every((key) => key.startsWith(`${runId ?? keys[0]!.split("/")[0]}/`)))
    assert.deepStrictEqual(visits.slice(0, 1), [1])
    return keys
  })

  it.effect("is a key of its own for each visit, in loops and in follow-on branches", () =>
    Effect.gen(function*() {
      const keys = yield* keysOf("r")
      // 3 rounds of: Root, and 2 × (Node and Node, each with a Leaf after it, and 3 follow-on Leaves)
      assert.lengthOf(keys, 3 * (1 + 2 * (2 * 2 + 3)))
      assert.strictEqual(new Set(keys).size, keys.length)
      assert.include(keys, "r/1/Root")
      assert.include(keys, "r/2/Root/1/1/Node/0/1/Node/1/1/Leaf")
    }))

  it.effect("is the same in a second run of the same id, and shared with no other", () =>
    Effect.gen(function*() {
      const once = yield* keysOf("r")
      assert.deepStrictEqual(yield* keysOf("r"), once)
      const [one, other] = [yield* keysOf(), yield* keysOf()]
      assert.strictEqual(new Set([...once, ...one, ...other]).size, once.length * 3)
    }))

  it.effect("of a sub-workflow is its own run's", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const note = Effect.map(Workflow.CurrentRun, (run) => seen.push(`${run.workflow} ${run.key}`))
      const inner = Workflow.make<State>("inner").register("A", { run: note, next: "Done" }).addExitStates("Done")
      const outer = Workflow.make<State>("outer")
        .registerSplit("A", [inner.orchestrate("A", { runId: "i" }), note], { strategy: JoinStrategy.all, next: "B" })
        .register("B", { run: note, next: "Done" })
        .addExitStates("Done")
      yield* outer.orchestrate("A", { runId: "o" })
      assert.deepStrictEqual(seen, ["inner i/1/A", "outer o/1/A/1", "outer o/2/B"])
    }))
})

describe("the path of a failure", () => {
  const pathOf = (exit: Exit.Exit<unknown, unknown>) =>
    Option.map(Workflow.path((exit as Exit.Failure<unknown, unknown>).cause), (path) => path.states)

  it.effect("is told for an error, a defect, and an error of next", () =>
    Effect.gen(function*() {
      const start = Workflow.make<State>("w").addExitStates("Done").register("A", Effect.succeed("B"))
      const boom = Effect.suspend(() => Effect.fail(new Boom({ at: "B" })))
      for (
        const workflow of [
          start.register("B", boom),
          start.register("B", Effect.die("bug")),
          start.registerSplit("B", [Effect.void], { strategy: JoinStrategy.all, next: () => boom }),
          start.registerSplit("B", () => boom as Effect.Effect<ReadonlyArray<Effect.Effect<void>>, Boom>, {
            strategy: JoinStrategy.all,
            next: "Done"
          })
        ]
      ) {
        const run: Effect.Effect<unknown, unknown> = workflow.orchestrate("A")
        assert.deepStrictEqual(pathOf(yield* Effect.exit(run)), Option.some(["A", "B"]))
      }
    }))

  it.effect("nests where a workflow is a branch", () =>
    Effect.gen(function*() {
      const inner = Workflow.make<State>("inner").register("C", Effect.fail(new Boom({ at: "C" }))).addExitStates(
        "Done"
      )
      const outer = Workflow.make<State>("outer").register("A", Effect.succeed("B"))
        .registerSplit("B", [inner.orchestrate("C")], { strategy: JoinStrategy.all, next: "Done" })
        .addExitStates("Done")
      const error = yield* Effect.flip(outer.orchestrate("A"))
      assert.instanceOf(error, CanoError.JoinUnsatisfiedError)
      const [failed] = (error as CanoError.JoinUnsatisfiedError<unknown>).result.failures
      assert.deepStrictEqual(
        Workflow.path(failed!.cause),
        Option.some({
          workflow: "outer",
          states: ["A", "B"],
          entered: 2,
          nested: { workflow: "inner", states: ["C"], entered: 1, nested: undefined }
        })
      )
    }))
})

describe("the depth of splits", () => {
  it.effect("counts those of sub-workflows", () =>
    Effect.gen(function*() {
      const inner = Workflow.make<State>("inner")
        .registerSplit("A", [Effect.void], { strategy: JoinStrategy.all, next: "Done" })
        .addExitStates("Done")
      const outer = Workflow.make<State>("outer")
        .registerSplit("A", [inner.orchestrate("A")], { strategy: JoinStrategy.all, next: "Done" })
        .addExitStates("Done")
      assert.strictEqual(yield* outer.orchestrate("A", { maxDepth: 2 }), "Done")
      const error = yield* Effect.flip(outer.orchestrate("A", { maxDepth: 1 }))
      assert.instanceOf(error, CanoError.JoinUnsatisfiedError)
      const [failed] = (error as CanoError.JoinUnsatisfiedError<unknown>).result.failures
      assert.deepInclude(Option.getOrThrow(Cause.findErrorOption(failed!.cause)) as object, {
        _tag: "WorkflowError",
        rule: "max-depth",
        workflow: "inner",
        state: "A"
      })
    }))
})
