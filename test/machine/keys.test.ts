/**
 * The keys of a run: each visit and each branch has one of its own, in every run with the same id the same.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { Hedge, JoinStrategy, Split, TaskResult, Workflow } from "effect-cano"
import * as SplitStream from "effect-cano/SplitStream"
import { TestClock } from "effect/testing"

const { all, any } = JoinStrategy

const key = Effect.map(Workflow.CurrentRun, ({ key }) => key)

/** The keys that a task, or the branches of a state, are given. */
const keysOf = (
  add: (workflow: any, note: Effect.Effect<void>) => any,
  runId = "r"
): Effect.Effect<ReadonlyArray<string>, unknown> =>
  Effect.gen(function*() {
    const keys: Array<string> = []
    const note = Effect.map(key, (key) => void keys.push(key))
    const workflow = add(Workflow.make<string>("keys"), note).addExitStates("Done")
    yield* workflow.orchestrate("A", { runId }) as Effect.Effect<unknown, unknown>
    return keys
  })

const ofTask = (task: (note: Effect.Effect<void>) => Effect.Effect<unknown, unknown>) =>
  keysOf((workflow, note) => workflow.register("A", { run: task(note), next: "Done" }))

const ofBranches = (branches: (note: Effect.Effect<void>) => unknown, options: object = {}) =>
  keysOf((workflow, note) => workflow.registerSplit("A", branches(note), { strategy: all, next: "Done", ...options }))

describe("the key of a branch", () => {
  it.effect("ends in its name: of a record, or its place", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* ofBranches((note) => ({ eu: note, us: note })), ["r/1/A/eu", "r/1/A/us"])
      assert.deepStrictEqual(yield* ofBranches((note) => [note, note]), ["r/1/A/0", "r/1/A/1"])
      assert.deepStrictEqual(yield* ofBranches((note) => new Set([note])), ["r/1/A/0"])
      const waiting = (note: Effect.Effect<void>) => Effect.andThen(Effect.yieldNow, note)
      assert.deepStrictEqual(
        yield* ofBranches((note) => ({ a: note, b: waiting(note), c: note }), { bulkhead: 1 }),
        ["r/1/A/a", "r/1/A/b", "r/1/A/c"]
      )
      assert.deepStrictEqual(
        yield* ofBranches((note) => Split.growing<void>((add) => [Effect.andThen(add([note]), note)])),
        [
          "r/1/A/0",
          "r/1/A/1"
        ]
      )
    }))

  it.effect("is that of what it forks, and of the attempts of a hedge in it", () =>
    Effect.gen(function*() {
      const forking = (note: Effect.Effect<void>) =>
        Effect.flatMap(Effect.forkChild(note), (fiber) =>
          Effect.yieldNow.pipe(Effect.andThen(fiber.pollUnsafe() ?? Effect.void)))
      assert.deepStrictEqual(yield* ofBranches((note) => ({ a: Effect.andThen(forking(note), note) })), [
        "r/1/A/a",
        "r/1/A/a"
      ])
      assert.deepStrictEqual(yield* ofBranches((note) => ({ a: Hedge.run(note, { delay: 10 }) })), ["r/1/A/a"])
    }))

  it.effect("is that of no other on the same fiber, and what comes after has that of the visit", () =>
    Effect.gen(function*() {
      const keys = yield* keysOf((workflow, note) =>
        workflow
          .registerSplit("A", [note, note], { strategy: all, bulkhead: 1, next: () => Effect.as(note, "B") })
          .register("B", { run: note, next: "Done" })
      )
      assert.deepStrictEqual(keys, ["r/1/A/0", "r/1/A/1", "r/1/A", "r/2/B"])
    }))

  it.effect("of a Split.run has the name of the split, or its number in the task", () =>
    Effect.gen(function*() {
      const keys = yield* ofTask((note) =>
        Effect.all([
          Split.run([note], { strategy: all }),
          Split.run({ x: note }, { strategy: all, name: "prices" }),
          Split.run([note], { strategy: all }),
          Split.run([note], { strategy: all, name: "prices" }),
          Stream.runDrain(SplitStream.make([note], { strategy: all, name: "stream" }))
        ])
      )
      assert.deepStrictEqual(keys, ["r/1/A/#1/0", "r/1/A/prices/x", "r/1/A/#3/0", "r/1/A/prices#4/0", "r/1/A/stream/0"])
    }))

  it.effect("of a split in it goes on from its own", () =>
    Effect.gen(function*() {
      const keys = yield* ofBranches((note) => ({
        a: Split.run([note, Split.run({ deep: note }, { strategy: all, name: "in" })], { strategy: all }),
        b: Effect.andThen(Split.run([note], { strategy: all }), Split.run([note], { strategy: all }))
      }))
      assert.deepStrictEqual(keys, ["r/1/A/a/#1/0", "r/1/A/a/#1/1/in/deep", "r/1/A/b/#1/0", "r/1/A/b/#2/0"])
    }))

  it.effect("is not that of a split beside it in the same state", () =>
    Effect.gen(function*() {
      const keys = yield* keysOf((workflow, note) => {
        const named = Split.run({ x: note }, { strategy: all, name: "a" })
        return workflow.registerSplit("A", () => Effect.as(named, { a: note }), {
          strategy: all,
          onOutcome: () => named,
          next: () => Effect.as(named, "Done")
        })
      })
      assert.deepStrictEqual(keys, ["r/1/A/a#1/x", "r/1/A/a", "r/1/A/#observer/a/a/x", "r/1/A/a#2/x"])
    }))

  it.effect("of what an observer starts is that of the branch it is told of, whichever ends first", () =>
    Effect.gen(function*() {
      const orders = [[10, 20], [20, 10]] as const
      for (const [x, y] of orders) {
        const fiber = yield* Effect.forkChild(
          keysOf((workflow, note) =>
            workflow.registerSplit("A", { x: Effect.sleep(x), y: Effect.sleep(y) }, {
              strategy: all,
              onOutcome: () => Effect.andThen(note, Split.run([note], { strategy: all, name: "save" })),
              next: "Done"
            })
          )
        )
        yield* TestClock.adjust(20)
        assert.deepStrictEqual([...yield* Fiber.join(fiber)].sort(), [
          "r/1/A/#observer/x",
          "r/1/A/#observer/x/save/0",
          "r/1/A/#observer/y",
          "r/1/A/#observer/y/save/0"
        ])
      }
    }))

  it.effect("is numbered anew in each visit", () =>
    Effect.gen(function*() {
      const keys = yield* keysOf((workflow, note) => {
        const split = Split.run([note], { strategy: all })
        const named = Split.run([note], { strategy: all, name: "in" })
        return workflow.register("A", { run: Effect.andThen(split, named), next: "B" })
          .register("B", { run: Effect.andThen(split, named), next: "Done" })
      })
      assert.deepStrictEqual(keys, ["r/1/A/#1/0", "r/1/A/in/0", "r/2/B/#1/0", "r/2/B/in/0"])
    }))

  it.effect("of a name that is a step in a path is no step", () =>
    Effect.gen(function*() {
      const keys = yield* ofBranches((note) => ({ ".": note, "..": note }))
      assert.deepStrictEqual(keys, ["r/1/A/%2E", "r/1/A/%2E%2E"])
    }))

  it.effect("of a follow-on state has the visits of its own run, also inside another", () =>
    Effect.gen(function*() {
      const keys = yield* keysOf((workflow, note) =>
        workflow
          .registerSplit("A", () => TaskResult.split(["B", "C"]), { strategy: all, next: "Done" })
          .register("B", { run: Effect.andThen(note, Split.run([note], { strategy: all })), next: "D" })
          .registerSplit("C", () => TaskResult.split(["D"]), { strategy: all, next: "Done" })
          .registerSplit("D", [note], { strategy: all, next: "Done" })
      )
      assert.deepStrictEqual(keys, [
        "r/1/A/0/1/B",
        "r/1/A/0/1/B/#1/0",
        "r/1/A/0/2/D/0",
        "r/1/A/1/1/C/0/1/D/0"
      ])
    }))

  it.effect("begins anew in a workflow that is a branch", () =>
    Effect.gen(function*() {
      const keys = yield* keysOf((workflow, note) => {
        const inner = (Workflow.make<string>("inner") as any).register("B", { run: note, next: "Done" }).addExitStates(
          "Done"
        )
        return workflow.registerSplit("A", [inner.orchestrate("B", { runId: "i" })], { strategy: all, next: "Done" })
      })
      assert.deepStrictEqual(keys, ["i/1/B"])
    }))

  it.effect("is kept by one that is left behind", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const keys = yield* keysOf((workflow, note) =>
        workflow
          .registerSplit("A", {
            slow: Effect.andThen(Deferred.await(gate), Effect.andThen(note, Split.run([note], { strategy: all }))),
            quick: Effect.void
          }, { strategy: any, losers: "detach", next: "B" })
          .register("B", { run: Deferred.succeed(gate, undefined), next: "Done" })
      )
      assert.deepStrictEqual(keys, ["r/1/A/slow", "r/1/A/slow/#1/0"])
    }))

  it.effect("percent-encodes what would be mistaken for another segment", () =>
    Effect.gen(function*() {
      const keys = yield* keysOf(
        (workflow, note) =>
          workflow.register("A", { run: note, next: "B/#1 %" }).registerSplit("B/#1 %", {
            "a/b": note,
            "#1": note,
            "é": note,
            "\ud800": note,
            "it's:ok@home": note
          }, { strategy: all, next: "Done" }),
        "o/7"
      )
      assert.deepStrictEqual(keys, [
        "o%2F7/1/A",
        "o%2F7/2/B%2F%231%20%25/a%2Fb",
        "o%2F7/2/B%2F%231%20%25/%231",
        "o%2F7/2/B%2F%231%20%25/%C3%A9",
        "o%2F7/2/B%2F%231%20%25/%D800",
        "o%2F7/2/B%2F%231%20%25/it's:ok@home"
      ])
    }))

  it.effect("has an end, however deep its split is, and is its own there too", () =>
    Effect.gen(function*() {
      const deep = (note: Effect.Effect<void>, n: number): Effect.Effect<unknown, unknown> =>
        n === 0 ? note : Effect.andThen(note, Split.run([deep(note, n - 1), note], { strategy: all }))
      const once = yield* ofTask((note) => deep(note, 60))
      const twice = yield* ofTask((note) => deep(note, 60))
      assert.deepStrictEqual(once, twice)
      assert.strictEqual(new Set(once).size, 121)
      assert.isAtMost(Math.max(...once.map((key) => key.length)), 200)
      assert.match(once[60]!, /^r\/1\/A\/#~\w+(\/#1\/0)+$/)
    }))

  it.effect("is none outside of a run, whatever the name", () =>
    Effect.gen(function*() {
      const { values } = yield* Split.run([
        key,
        Effect.map(Split.run([key], { strategy: all }), (inner) => inner.values[0])
      ], {
        strategy: all,
        name: "alone"
      })
      assert.deepStrictEqual(values, ["", ""])
    }))

  it.effect("a name that is no string is refused", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Split.run([Effect.void], { strategy: all, name: 42 as never }))
      assert.match(error.message, /the name is 42; it must be a string/)
    }))
})
