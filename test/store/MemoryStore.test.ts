import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { JoinStrategy, MemoryStore, Workflow } from "effect-cano"

const Total = MemoryStore.key<number>("total")
const Names = MemoryStore.key<ReadonlyArray<string>>("names")
const Size = MemoryStore.key("size", Schema.Number)
/** The entry "size" again, under another type. */
const SizeText = MemoryStore.key("size", Schema.String)
const Tags = MemoryStore.key("tags", Schema.Array(Schema.String))

describe("the operations of a store", () => {
  it.effect("put sets an entry, in place of what was there", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.put(Total, 1)
      yield* store.put(Total, 2)
      assert.strictEqual(yield* store.get(Total), 2)
      assert.strictEqual(yield* store.size, 1)
    }))

  it.effect("get fails for a missing entry and names the key and those that there are", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      const empty = yield* Effect.flip(store.get(Total))
      assert.instanceOf(empty, MemoryStore.StoreError)
      assert.deepInclude(empty, { _tag: "StoreError", key: "total", reason: "Missing" })
      assert.strictEqual(empty.message, "memory store, key \"total\": there is no entry; the keys are none")
      yield* store.put(Names, [])
      yield* store.put(Size, 1)
      assert.strictEqual(
        (yield* Effect.flip(store.get(Total))).message,
        "memory store, key \"total\": there is no entry; the keys are names, size"
      )
    }))

  it.effect("get is asked each time it is run, not when it is made", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      const get = store.get(Total)
      yield* store.put(Total, 1)
      assert.strictEqual(yield* get, 1)
      yield* store.put(Total, 2)
      assert.strictEqual(yield* get, 2)
    }))

  it.effect("getOption is none for a missing entry; undefined is a value", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      const Maybe = MemoryStore.key<string | undefined>("maybe")
      assert.deepStrictEqual(yield* store.getOption(Maybe), Option.none())
      yield* store.put(Maybe, undefined)
      assert.deepStrictEqual(yield* store.getOption(Maybe), Option.some(undefined))
      assert.strictEqual(yield* store.get(Maybe), undefined)
      assert.isTrue(yield* store.has(Maybe))
    }))

  it.effect("update replaces an entry by a function of it and returns the new value", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.put(Total, 20)
      assert.strictEqual(yield* store.update(Total, (n) => n + 1), 21)
      assert.strictEqual(yield* store.get(Total), 21)
    }))

  it.effect("update of a missing entry fails and puts nothing", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      let called = false
      const error = yield* Effect.flip(store.update(Total, (n) => {
        called = true
        return n
      }))
      assert.deepInclude(error, { key: "total", reason: "Missing" })
      assert.isFalse(called)
      assert.isFalse(yield* store.has(Total))
    }))

  it.effect("update lets no other fiber come between reading and writing", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.put(Total, 0)
      yield* Effect.forEach(
        Array.from({ length: 100 }),
        () => Effect.andThen(Effect.yieldNow, store.update(Total, (n) => n + 1)),
        { concurrency: "unbounded", discard: true }
      )
      assert.strictEqual(yield* store.get(Total), 100)
    }))

  it.effect("update that throws is a defect and leaves the entry as it was", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.put(Total, 1)
      const exit = yield* Effect.exit(store.update(Total, () => {
        throw new Error("bug")
      }))
      assert.strictEqual(exit._tag, "Failure")
      assert.strictEqual(yield* store.get(Total), 1)
    }))

  it.effect("append adds to the end, to a copy of the list; a missing entry is an empty list", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.append(Names, "a")
      const before = yield* store.get(Names)
      yield* store.append(Names, "b")
      assert.deepStrictEqual(before, ["a"])
      assert.deepStrictEqual(yield* store.get(Names), ["a", "b"])
      const own = ["x"]
      yield* store.put(Names, own)
      yield* store.append(Names, "y")
      assert.deepStrictEqual(own, ["x"])
    }))

  it.effect("append to an entry that is no list fails and leaves it", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.put(MemoryStore.key<string>("names"), "a")
      const error = yield* Effect.flip(store.append(Names, "b"))
      assert.deepInclude(error, { key: "names", reason: "Mismatch" })
      assert.strictEqual(
        error.message,
        "memory store, key \"names\": the entry is not a list, so nothing can be appended"
      )
      assert.strictEqual(yield* store.get(MemoryStore.key<string>("names")), "a")
    }))

  it.effect("remove tells whether there was an entry", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.put(Total, 1)
      assert.isTrue(yield* store.remove(Total))
      assert.isFalse(yield* store.remove(Total))
      assert.isFalse(yield* store.has(Total))
    }))

  it.effect("keys are in the order in which they were first put, size is their number, clear removes them all", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.put(Total, 1)
      yield* store.append(Names, "a")
      yield* store.put(Size, 3)
      yield* store.put(Total, 2)
      const keys = yield* store.keys
      assert.deepStrictEqual(keys, ["total", "names", "size"])
      assert.strictEqual(yield* store.size, 3)
      yield* store.clear
      assert.deepStrictEqual(yield* store.keys, [])
      assert.strictEqual(yield* store.size, 0)
      assert.deepStrictEqual(keys, ["total", "names", "size"])
    }))

  it.effect("a value is held, not copied", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      const value = { n: 1 }
      const Value = MemoryStore.key<{ n: number }>("value")
      yield* store.put(Value, value)
      assert.strictEqual(yield* store.get(Value), value)
    }))
})

describe("a key with a Schema", () => {
  it.effect("is checked by every operation that reads", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.put(SizeText, "large")
      for (
        const read of [
          store.get(Size),
          store.getOption(Size),
          store.update(Size, (n) => n + 1)
        ]
      ) {
        const error = yield* Effect.flip(read as Effect.Effect<unknown, MemoryStore.StoreError>)
        assert.deepInclude(error, { _tag: "StoreError", key: "size", reason: "Mismatch" })
        assert.match(error.message, /key "size": .*Schema/)
      }
      assert.strictEqual(yield* store.get(SizeText), "large")
    }))

  it.effect("is checked by append", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.append(Tags, "a")
      assert.deepStrictEqual(yield* store.get(Tags), ["a"])
      yield* store.put(MemoryStore.key<ReadonlyArray<number>>("tags"), [1])
      const error = yield* Effect.flip(store.append(Tags, "b"))
      assert.deepInclude(error, { key: "tags", reason: "Mismatch" })
      assert.deepStrictEqual(yield* store.get(MemoryStore.key<ReadonlyArray<number>>("tags")), [1])
    }))

  it.effect("lets a fitting value through", () =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.put(Size, 3)
      assert.strictEqual(yield* store.get(Size), 3)
      assert.deepStrictEqual(yield* store.getOption(Size), Option.some(3))
      assert.strictEqual(yield* store.update(Size, (n) => n * 2), 6)
    }))

  it("carries its name and its Schema", () => {
    assert.deepStrictEqual(Total, { name: "total", schema: undefined })
    assert.strictEqual(Size.schema, Schema.Number)
  })
})

describe("the layer of a store", () => {
  it.effect("gives each run a store of its own, which all its states share", () =>
    Effect.gen(function*() {
      const sizes: Array<number> = []
      const workflow = Workflow.make<"Split" | "Read" | "Done">("store")
        .registerSplit(
          "Split",
          ["a", "b"].map((name) => Effect.flatMap(MemoryStore.MemoryStore, (store) => store.append(Names, name))),
          { strategy: JoinStrategy.all, next: "Read" }
        )
        .register("Read", function*() {
          const store = yield* MemoryStore.MemoryStore
          sizes.push((yield* store.get(Names)).length)
          return "Done"
        })
        .addExitStates("Done")
        .withResources(MemoryStore.layer)
      yield* workflow.orchestrate("Split")
      yield* workflow.orchestrate("Split")
      assert.deepStrictEqual(sizes, [2, 2])
    }))

  it.effect("shares one store where it is provided outside", () =>
    Effect.gen(function*() {
      const count = Effect.flatMap(MemoryStore.MemoryStore, (store) => store.append(Names, "x"))
      const store = yield* MemoryStore.MemoryStore
      yield* count
      yield* count
      assert.strictEqual((yield* store.get(Names)).length, 2)
    }).pipe(Effect.provide(MemoryStore.layer)))

  it.effect("a missing key is an error of the task, untouched by the run", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"Read" | "Done">("store")
        .register("Read", {
          run: Effect.flatMap(MemoryStore.MemoryStore, (store) => store.get(Total)),
          next: "Done"
        })
        .addExitStates("Done")
        .withResources(MemoryStore.layer)
      assert.deepInclude(yield* Effect.flip(workflow.orchestrate("Read")), { _tag: "StoreError", key: "total" })
    }))
})
