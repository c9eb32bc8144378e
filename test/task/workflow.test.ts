/**
 * `Task.workflow`: another machine as the work of a state, and as a branch.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Exit } from "effect"
import { Cause, Context, Effect, Layer, Option } from "effect"
import { CanoError, JoinStrategy, Split, Workflow } from "effect-cano"
import * as Task from "effect-cano/Task"
import { assertEvents, failureOf, listenTo, succeeded, timed } from "../kit/index.ts"

const { all } = JoinStrategy

type Payment = { readonly _tag: "Charge"; readonly sum: number } | "Check" | "Paid" | "Declined"

const key = Effect.map(Workflow.CurrentRun, ({ key }) => key)

/** A payment that writes down its keys. */
const payment = (keys: Array<string>) =>
  Workflow.make<Payment>("pay/ment")
    .register("Charge", ({ sum }) =>
      Effect.map(key, (key) => {
        keys.push(key)
        return sum < 100 ? "Check" : "Declined"
      }))
    .registerSplit("Check", { a: key, b: key }, {
      strategy: all,
      next: ({ values }) => {
        keys.push(values.a, values.b)
        return "Paid"
      }
    })
    .addExitStates("Paid", "Declined")

type Order = { readonly _tag: "Pay"; readonly sum: number } | "Both" | "Shipped" | "Cancelled"

describe("Task.workflow", () => {
  it.effect("runs a machine in a state, whose exit decides where the outer one goes on", () =>
    Effect.gen(function*() {
      const order = Workflow.make<Order>("order")
        .register("Pay", {
          run: Task.workflow(payment([]), ({ sum }) => ({ _tag: "Charge", sum })),
          next: (exit) => exit === "Paid" ? "Shipped" : "Cancelled"
        })
        .addExitStates("Shipped", "Cancelled")
      assert.strictEqual(yield* order.orchestrate({ _tag: "Pay", sum: 5 }), "Shipped")
      assert.strictEqual(yield* order.orchestrate({ _tag: "Pay", sum: 500 }), "Cancelled")
    }))

  it.effect("gives it the key of the visit and its name as an id, and of a branch that of the branch", () =>
    Effect.gen(function*() {
      const keys: Array<string> = []
      const child = Task.workflow(payment(keys), { _tag: "Charge", sum: 5 })
      const order = Workflow.make<Order>("order")
        .register("Pay", { run: child, next: "Both" })
        .registerSplit("Both", { x: Task.run(child), y: Effect.andThen(Task.run(child), Task.run(child)) }, {
          strategy: all,
          next: "Shipped"
        })
        .addExitStates("Shipped")
      yield* order.orchestrate({ _tag: "Pay", sum: 5 }, { runId: "r/1" })
      const of = (stem: string) => [`${stem}/1/Charge`, `${stem}/2/Check/a`, `${stem}/2/Check/b`]
      assert.deepStrictEqual(keys, [
        ...of("r%2F1/1/Pay/pay%2Fment"),
        ...of("r%2F1/2/Both/x/pay%2Fment"),
        ...of("r%2F1/2/Both/y/pay%2Fment"),
        ...of("r%2F1/2/Both/y/pay%2Fment#2")
      ])
      assert.strictEqual(new Set(keys).size, keys.length)
    }))

  it.effect("has keys that no split of the same task has", () =>
    Effect.gen(function*() {
      const keys: Array<string> = []
      const child = Task.run(Task.workflow(payment(keys), { _tag: "Charge", sum: 5 }))
      const split = Effect.map(
        Split.run([key], { strategy: all, name: "pay/ment" }),
        ({ values }) => keys.push(values[0])
      )
      const order = Workflow.make<Order>("order")
        .register("Pay", { run: Effect.andThen(child, Effect.andThen(split, child)), next: "Shipped" })
        .addExitStates("Shipped")
      yield* order.orchestrate({ _tag: "Pay", sum: 5 }, { runId: "r" })
      assert.strictEqual(new Set(keys).size, 7)
    }))

  it.effect("has keys that have an end, though each run starts the next one", () =>
    Effect.gen(function*() {
      const keys: Array<string> = []
      const name = "a".repeat(150)
      const nested = (depth: number): Effect.Effect<unknown, unknown> => {
        const child = Workflow.make<"A" | "End">(name)
          .register("A", {
            run: Effect.andThen(
              Effect.map(key, (key) => keys.push(key)),
              depth === 0 ? Effect.void : Effect.suspend(() => nested(depth - 1))
            ),
            next: "End"
          })
          .addExitStates("End")
        return Task.run(Task.workflow(child, "A"))
      }
      yield* nested(60)
      assert.strictEqual(new Set(keys).size, 61)
      for (const key of keys) assert.isBelow(key.length, 2400)
    }))

  it.effect("has an id of its own outside of a run", () =>
    Effect.gen(function*() {
      const keys: Array<string> = []
      assert.strictEqual(yield* Task.run(Task.workflow(payment(keys), { _tag: "Charge", sum: 5 })), "Paid")
      assert.match(keys[0]!, /^\w+\/1\/Charge$/)
    }))

  it.effect("fails with the error of the child, whose path tells both", () =>
    Effect.gen(function*() {
      const child = Workflow.make<"A" | "B" | "End">("child")
        .register("A", { run: Effect.void, next: "B" })
        .register("B", { run: Effect.fail("no funds"), next: "End" })
        .addExitStates("End")
      const order = Workflow.make<Order>("order")
        .register("Pay", { run: Task.workflow(child, "A"), next: "Shipped" })
        .addExitStates("Shipped")
      const exit = yield* Effect.exit(order.orchestrate({ _tag: "Pay", sum: 5 }))
      assert.strictEqual(failureOf(exit), "no funds")
      assert.deepStrictEqual(Option.getOrThrow(Workflow.path((exit as Exit.Failure<unknown, unknown>).cause)), {
        workflow: "order",
        states: ["Pay"],
        entered: 1,
        nested: { workflow: "child", states: ["A", "B"], entered: 2, nested: undefined }
      })
    }))

  it.effect("tells listeners of a run in the run, with its place as its parent", () =>
    Effect.gen(function*() {
      const order = Workflow.make<Order>("order")
        .register("Pay", { run: Task.workflow(payment([]), { _tag: "Charge", sum: 5 }), next: "Shipped" })
        .addExitStates("Shipped")
      const { events } = yield* listenTo(order.orchestrate({ _tag: "Pay", sum: 5 }, { runId: "r" }))
      assertEvents(events)
      assert.deepStrictEqual(
        events.flatMap((event) => event._tag === "RunStarted" ? [[event.key, event.runId, event.parent]] : []),
        [["r", "r", undefined], ["r/1/Pay/pay%2Fment", "r/1/Pay/pay%2Fment", "r/1/Pay"]]
      )
    }))

  it.effect("builds its own Layers, has its own time, and is interrupted and awaited with the outer run", () =>
    Effect.gen(function*() {
      const trail: Array<string> = []
      class Pool extends Context.Service<Pool, number>()("Pool") {}
      const layer = Layer.effect(
        Pool,
        Effect.acquireRelease(Effect.sync(() => (trail.push("open"), 1)), () => Effect.sync(() => trail.push("close")))
      )
      const child = Workflow.make<"A" | "End">("child")
        .register("A", { run: Effect.andThen(Pool, Effect.never), next: "End" })
        .addExitStates("End")
        .withResources(layer)
      const outer = (time: number, own: number) =>
        Workflow.make<"Run" | "End">("outer")
          .register("Run", { run: Task.workflow(child.withTimeout(own), "A"), next: "End" })
          .addExitStates("End")
          .withTimeout(time)
      for (const [time, own, whose] of [[100, 500, "outer"], [500, 100, "child"]] as const) {
        trail.length = 0
        const [exit] = yield* timed(outer(time, own).orchestrate("Run"))
        const error = Cause.squash((exit as Exit.Failure<unknown, unknown>).cause)
        assert.instanceOf(error, CanoError.WorkflowTimeoutError)
        assert.strictEqual((error as CanoError.WorkflowTimeoutError).workflow, whose)
        assert.deepStrictEqual(trail, ["open", "close"])
      }
    }))

  it.effect("counts into the limits of the outer run", () =>
    Effect.gen(function*() {
      const order = Workflow.make<Order>("order")
        .register("Pay", { run: Task.workflow(payment([]), { _tag: "Charge", sum: 5 }), next: "Shipped" })
        .addExitStates("Shipped")
      const limited = (maxTransitions: number) =>
        Effect.exit(order.orchestrate({ _tag: "Pay", sum: 5 }, { maxTransitions }))
      assert.strictEqual(succeeded(yield* limited(3)), "Shipped")
      assert.strictEqual((failureOf(yield* limited(2)) as CanoError.WorkflowError).rule, "max-transitions")
    }))

  it.effect("fails with the ConfigurationError of the child where a function names no state of it", () =>
    Effect.gen(function*() {
      const task = Task.workflow(payment([]), () => "Nowhere" as never)
      const error = failureOf(yield* Effect.exit(Task.run(task)))
      assert.strictEqual((error as CanoError.ConfigurationError).workflow, "pay/ment")
    }))

  it("what may be meant in a workflow is no issue of the one that it stands in", () => {
    const child = Workflow.make<"A" | "B" | "End">("child")
      .register("A", { run: Effect.void, next: "End" })
      .register("B", { run: Effect.void, next: "End" })
      .addExitStates("End")
    assert.strictEqual(child.validate({ from: ["A"] })[0]?.rule, "unreachable")
    const outer = Workflow.make<Order>("order")
      .register("Pay", { run: Task.workflow(child, "A"), next: "Shipped" })
      .addExitStates("Shipped")
    assert.deepStrictEqual(outer.validate(), [])
  })

  it("a workflow that breaks rules is an issue of the one that it stands in, and of the state", () => {
    const child = Workflow.make<"A" | "B">("child").register("A", { run: Effect.void, next: "B" }) as any
    const issues = Workflow.make<Order>("order")
      .register("Pay", { run: Task.workflow(child, "A" as never) as any, next: "Shipped" })
      .addExitStates("Shipped")
      .validate()
    assert.deepStrictEqual(issues.map(({ message, rule, state }) => [state, rule, message]), [
      ["Pay", "task", `state "Pay": workflow "child": there is no exit state; call addExitStates`],
      [
        "Pay",
        "task",
        `state "Pay": workflow "child": state "A": next is "B", which is neither registered nor an exit state; the states are A`
      ]
    ])
  })
})
