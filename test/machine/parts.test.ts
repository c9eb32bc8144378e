/**
 * A machine that is merged of parts: each part keeps its own Layers.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer } from "effect"
import { JoinStrategy, MemoryStore, TaskResult, Workflow } from "effect-cano"
import { TestClock } from "effect/testing"

type State = "A" | "B" | "C" | "D" | "Done"

class Log extends Context.Service<Log, string>()("test/Log") {}
class OfOne extends Context.Service<OfOne, string>()("test/OfOne") {}
class OfTwo extends Context.Service<OfTwo, string>()("test/OfTwo") {}
class OfThree extends Context.Service<OfThree, string>()("test/OfThree") {}
class Last extends Context.Service<Last, string>()("test/Last") {}

const { all } = JoinStrategy

const setup = () => {
  const trail: Array<string> = []
  // what is there is seen when it runs, not by its type
  const note = (...keys: ReadonlyArray<Context.Key<any, string>>) =>
    Effect.map(Effect.all(keys), (found) => {
      trail.push(found.join(" "))
    }) as Effect.Effect<void>
  /** A Layer whose comings and goings are on the trail. */
  const layer = <I>(key: Context.Key<I, string>, name: string) =>
    Layer.effect(
      key,
      Effect.acquireRelease(
        Effect.sync(() => {
          trail.push(`+${name}`)
          return name
        }),
        () => Effect.sync(() => trail.push(`-${name}`))
      )
    )
  return { trail, note, layer }
}

describe("a merge", () => {
  it.effect("keeps each part's own instance of a service that both provide", () =>
    Effect.gen(function*() {
      const { layer, note, trail } = setup()
      const one = Workflow.make<State>("one").withResources(layer(Log, "log of one"))
        .register("A", { run: note(Log), next: "B" })
        .register("C", { run: note(Log), next: "Done" })
      const two = Workflow.make<State>("two").withResources(layer(Log, "log of two"))
        .register("B", { run: note(Log), next: "C" })
        .addExitStates("Done")
      assert.strictEqual(yield* one.merge(two).orchestrate("A"), "Done")
      assert.deepStrictEqual(trail, [
        "+log of one",
        "+log of two",
        "log of one",
        "log of two",
        "log of one",
        "-log of two",
        "-log of one"
      ])
    }))

  it.effect("serves each part what the others provide where it has none", () =>
    Effect.gen(function*() {
      const { layer, note, trail } = setup()
      const one = Workflow.make<State>("one")
        .withResources(Layer.mergeAll(layer(Log, "log 1"), layer(OfOne, "one")))
        .register("A", { run: note(Log, OfOne, OfTwo), next: "B" })
      const two = Workflow.make<State>("two")
        .withResources(Layer.mergeAll(layer(Log, "log 2"), layer(OfTwo, "two")))
        .register("B", { run: note(Log, OfOne, OfTwo), next: "Done" })
        .addExitStates("Done")
      yield* one.merge(two).orchestrate("A")
      assert.deepStrictEqual(trail.filter((entry) => /^\w/.test(entry)), ["log 1 one two", "log 2 one two"])
    }))

  for (const nested of [false, true]) {
    it.effect(`of three parts serves each its own first, nested ${nested ? "to the right" : "to the left"}`, () =>
      Effect.gen(function*() {
        const { layer, note, trail } = setup()
        const seen = note(Log, OfOne, OfTwo, OfThree)
        const part = <I>(name: string, key: Context.Key<I, string>, log: string) =>
          Workflow.make<State>(name).withResources(Layer.mergeAll(layer(Log, log), layer(key, name)))
        const one = part("one", OfOne, "log 1").register("A", { run: seen, next: "B" })
        const two = part("two", OfTwo, "log 2").register("B", { run: seen, next: "C" })
        const three = part("three", OfThree, "log 3").register("C", { run: seen, next: "Done" }).addExitStates("Done")
        const merged = nested ? one.merge(two.merge(three)) : one.merge(two).merge(three)
        assert.strictEqual(yield* merged.orchestrate("A"), "Done")
        assert.deepStrictEqual(trail.filter((entry) => entry.startsWith("log")), [
          "log 1 one two three",
          "log 2 one two three",
          "log 3 one two three"
        ])
        const places = { 1: 1, one: 1, 2: 2, two: 2, 3: 3, three: 3 } as { readonly [name: string]: number }
        const went = trail.filter((entry) => entry.startsWith("-"))
        assert.deepStrictEqual(went.map((entry) => places[entry.replace(/-(log )?/, "")]), [3, 3, 2, 2, 1, 1])
        assert.lengthOf(trail, 3 + 12)
      }))
  }

  it.effect("of three parts asks the others in the order of merging", () =>
    Effect.gen(function*() {
      const { layer, note, trail } = setup()
      const one = Workflow.make<State>("one").withResources(layer(Log, "1")).register("A", {
        run: note(Log),
        next: "B"
      })
      const two = Workflow.make<State>("two").withResources(layer(OfTwo, "two"))
        .register("B", { run: note(Log), next: "C" })
      const three = Workflow.make<State>("three").withResources(layer(Log, "3"))
        .register("C", { run: note(Log, OfTwo), next: "Done" }).addExitStates("Done")
      yield* one.merge(two).merge(three).orchestrate("A")
      yield* one.merge(two.merge(three)).orchestrate("A")
      const seen = trail.filter((entry) => /^\w/.test(entry))
      // in the second the part it was merged with first comes first
      assert.deepStrictEqual(seen, ["1", "1", "3 two", "1", "3", "3 two"])
    }))

  it.effect("with a part that has no Layers serves its states with those of the other", () =>
    Effect.gen(function*() {
      for (const flipped of [false, true]) {
        const { layer, note, trail } = setup()
        const bare = Workflow.make<State>("bare").register("A", { run: note(Log), next: "B" })
        const rich = Workflow.make<State>("rich").withResources(layer(Log, "log"))
          .register("B", { run: note(Log), next: "Done" }).addExitStates("Done")
        yield* (flipped ? rich.merge(bare) : bare.merge(rich)).orchestrate("A")
        assert.deepStrictEqual(trail, ["+log", "log", "log", "-log"])
      }
    }))

  it.effect("takes what is registered and provided after it", () =>
    Effect.gen(function*() {
      const { layer, note, trail } = setup()
      const one = Workflow.make<State>("one").withResources(layer(Log, "log 1"))
        .register("A", { run: note(Log, Last), next: "B" })
      const two = Workflow.make<State>("two").withResources(layer(Log, "log 2"))
        .register("B", { run: note(Log, Last), next: "C" }).addExitStates("Done")
      const merged = one.merge(two)
        // built on the first part, which is the one it is called on
        .withResources(Layer.effect(Last, Effect.map(Log, (log) => `last on ${log}`)))
        .register("C", { run: note(Log, Last), next: "Done" })
      yield* merged.orchestrate("A")
      assert.deepStrictEqual(trail, [
        "+log 1",
        "+log 2",
        "log 1 last on log 1",
        "log 2 last on log 1",
        "log 1 last on log 1",
        "-log 2",
        "-log 1"
      ])
      trail.length = 0
      // what a later Layer provides comes before each part's own
      yield* merged.withResources(layer(Log, "log 3")).orchestrate("A")
      assert.deepStrictEqual(trail.filter((entry) => entry.startsWith("log")), [
        "log 3 last on log 1",
        "log 3 last on log 1",
        "log 3 last on log 1"
      ])
    }))

  it.effect("serves follow-on branches of the other part their own, and the splits of both", () =>
    Effect.gen(function*() {
      const { layer, note, trail } = setup()
      const one = Workflow.make<State>("one").withResources(layer(Log, "log 1"))
        .registerSplit("A", () => Effect.as(note(Log), TaskResult.split(["B", "D", "C"])), {
          strategy: all,
          next: () => Effect.as(note(Log), "Done")
        })
        .register("C", { run: note(Log), next: "Done" })
      const two = Workflow.make<State>("two").withResources(layer(Log, "log 2"))
        .registerSplit("B", [note(Log)], { strategy: all, next: "C" })
        .register("D", { run: note(Log), next: "Done" })
        .addExitStates("Done")
      assert.strictEqual(yield* one.merge(two).orchestrate("A"), "Done")
      assert.deepStrictEqual(trail.slice(2, -2).sort(), ["log 1", "log 1", "log 1", "log 1", "log 2", "log 2"])
      assert.strictEqual(trail[2], "log 1")
    }))

  it.effect("is no matter of a workflow inside a task", () =>
    Effect.gen(function*() {
      const { layer, note, trail } = setup()
      const pair = (one: string, two: string, task: Effect.Effect<void>) =>
        Workflow.make<State>("one").withResources(layer(Log, one))
          .register("A", { run: Effect.andThen(note(Log), task), next: "B" })
          .merge(
            Workflow.make<State>("two").withResources(layer(Log, two))
              .register("B", { run: note(Log), next: "Done" }).addExitStates("Done")
          )
          .orchestrate("A")
      yield* pair("outer 1", "outer 2", Effect.asVoid(Effect.orDie(pair("inner 1", "inner 2", Effect.void))))
      assert.deepStrictEqual(trail.filter((entry) => /^\w/.test(entry)), ["outer 1", "inner 1", "inner 2", "outer 2"])
    }))

  it.effect("builds a Layer that both parts name once, and they share it", () =>
    Effect.gen(function*() {
      const Total = MemoryStore.key<number>("total")
      const store = MemoryStore.MemoryStore
      const one = Workflow.make<State>("one").withResources(MemoryStore.layer)
        .register("A", { run: Effect.flatMap(store, (store) => store.put(Total, 42)), next: "B" })
      const two = Workflow.make<State>("two").withResources(MemoryStore.layer)
        .register("B", { run: Effect.flatMap(store, (store) => store.get(Total)), next: "Done" }).addExitStates("Done")
      assert.strictEqual(yield* one.merge(two).orchestrate("A"), "Done")
      // and one of its own where it is asked for
      const fresh = Workflow.make<State>("two").withResources(Layer.fresh(MemoryStore.layer))
        .register("B", { run: Effect.flatMap(store, (store) => store.has(Total)), next: (has) => has ? "B" : "Done" })
        .addExitStates("Done")
      assert.strictEqual(yield* one.merge(fresh).orchestrate("A", { maxTransitions: 2 }), "Done")
    }))

  it.effect("releases what was built in reverse order when a later Layer fails, or a state does", () =>
    Effect.gen(function*() {
      const { layer, trail } = setup()
      const one = Workflow.make<State>("one").withResources(layer(Log, "one")).register("A", Effect.succeed("B"))
      const two = Workflow.make<State>("two").withResources(layer(Log, "two"))
        .register("B", Effect.fail("no" as const)).addExitStates("Done")
      const merged = one.merge(two)
      assert.strictEqual(yield* Effect.flip(merged.orchestrate("A")), "no")
      assert.deepStrictEqual(trail, ["+one", "+two", "-two", "-one"])
      trail.length = 0
      const broken = merged.withResources(Layer.effectDiscard(Effect.fail("broken" as const)))
      assert.strictEqual(yield* Effect.flip(broken.orchestrate("A")), "broken")
      assert.deepStrictEqual(trail, ["+one", "+two", "-two", "-one"])
    }))
})

describe("the parts of a merge", () => {
  it.effect("build the Layers of the second on those of the first", () =>
    Effect.gen(function*() {
      const { layer, note, trail } = setup()
      const one = Workflow.make<State>("one").withResources(layer(OfOne, "of one")).register("A", {
        run: note(OfOne),
        next: "B"
      })
      const built = Layer.effect(OfTwo, Effect.map(OfOne, (of) => `two on ${of}`))
      const two = Workflow.make<State>("two")
        // what is there is seen when it runs, not by its type
        .withResources(built as unknown as Layer.Layer<OfTwo>)
        .register("B", { run: note(OfTwo), next: "Done" })
        .addExitStates("Done")
      assert.strictEqual(yield* one.merge(two).orchestrate("A"), "Done")
      assert.deepStrictEqual(trail, ["+of one", "of one", "two on of one", "-of one"])
    }))

  it.effect("are looked at and limited both", () =>
    Effect.gen(function*() {
      const one = Workflow.make<State>("one").register("A", { run: Effect.sleep(100), next: "Done" })
      const two = Workflow.make<State>("two").register("B", { run: Effect.void, next: "Done" }).addExitStates("Done")
      const broken = one.merge(two.withResources("no Layer" as never))
      assert.deepStrictEqual(broken.validate().map(({ rule }) => rule), ["resources"])
      const fiber = yield* Effect.forkChild(Effect.flip(one.merge(two.withTimeout(10)).orchestrate("A")))
      yield* TestClock.adjust(10)
      assert.strictEqual(((yield* Fiber.join(fiber)) as { readonly _tag: string })._tag, "WorkflowTimeoutError")
    }))
})
