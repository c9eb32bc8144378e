/**
 * Laws of `MemoryStore`: it is a map with typed keys. One law compares it with a `Map` over generated programs, the others
 * say the single equations.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Option, Result, Schema } from "effect"
import { MemoryStore } from "effect-cano"
import { int, oneOf, runs } from "../kit/index.ts"

const names = ["a", "b", "c"] as const
const number = (name: string) => MemoryStore.key<number>(name)
const list = (name: string) => MemoryStore.key<ReadonlyArray<number>>(name)

const command = Arbitrary.all({
  op: oneOf(["put", "putList", "append", "update", "remove", "clear", "put", "append"]),
  name: oneOf(names),
  value: int(0, 9)
})
type Command = typeof command extends Arbitrary.Arbitrary<infer A> ? A : never

const program = Arbitrary.array(command, { maxLength: 8 })

/** What a command does to a map; "fails" where it must not succeed. */
const onMap = (map: Map<string, unknown>, { name, op, value }: Command): unknown => {
  const there = map.get(name)
  switch (op) {
    case "put":
      return void map.set(name, value)
    case "putList":
      return void map.set(name, [value])
    case "append": {
      if (map.has(name) && !Array.isArray(there)) return "fails"
      return void map.set(name, [...(there as ReadonlyArray<number> | undefined ?? []), value])
    }
    case "update": {
      if (!map.has(name)) return "fails"
      map.set(name, value)
      return value
    }
    case "remove":
      return map.delete(name)
    case "clear":
      return void map.clear()
  }
}

const onStore = (store: MemoryStore.Service, { name, op, value }: Command): Effect.Effect<unknown> => {
  const run = (): Effect.Effect<unknown, MemoryStore.StoreError> => {
    switch (op) {
      case "put":
        return store.put(number(name), value)
      case "putList":
        return store.put(list(name), [value])
      case "append":
        return store.append(list(name), value)
      case "update":
        return store.update(number(name), () => value)
      case "remove":
        return store.remove(number(name))
      case "clear":
        return store.clear
    }
  }
  return Effect.map(Effect.result(run()), (result) => Result.isSuccess(result) ? result.success : "fails")
}

const filled = (program: ReadonlyArray<Command>) =>
  Effect.gen(function*() {
    const store = yield* MemoryStore.make
    for (const command of program) yield* onStore(store, command)
    return store
  })

const any = { program, name: oneOf(names), value: int(0, 9) }

describe("a store", () => {
  it.effect.prop("is a map", { program }, ({ program }) =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      const map = new Map<string, unknown>()
      for (const command of program) {
        assert.deepStrictEqual(yield* onStore(store, command), onMap(map, command))
        assert.deepStrictEqual(yield* store.keys, [...map.keys()])
        assert.strictEqual(yield* store.size, map.size)
        for (const name of names) {
          assert.strictEqual(yield* store.has(number(name)), map.has(name))
          assert.deepStrictEqual(
            yield* store.getOption(MemoryStore.key<unknown>(name)),
            map.has(name) ? Option.some(map.get(name)) : Option.none()
          )
        }
      }
    }), runs(300))

  it.effect.prop(
    "gets what was put last",
    { ...any, before: int(0, 9) },
    ({ before, name, program, value }) =>
      Effect.gen(function*() {
        const store = yield* filled(program)
        yield* store.put(number(name), before)
        yield* store.put(number(name), value)
        assert.strictEqual(yield* store.get(number(name)), value)
      }),
    runs(100)
  )

  it.effect.prop(
    "has no entry that was removed, and removes it once",
    any,
    ({ name, program, value }) =>
      Effect.gen(function*() {
        const store = yield* filled(program)
        yield* store.put(number(name), value)
        assert.isTrue(yield* store.remove(number(name)))
        assert.isFalse(yield* store.has(number(name)))
        assert.isFalse(yield* store.remove(number(name)))
        const error = yield* Effect.flip(store.get(number(name)))
        assert.deepInclude(error, { _tag: "StoreError", key: name, reason: "Missing" })
      }),
    runs(100)
  )

  it.effect.prop("keeps appended elements in order and changes no list in place", {
    name: oneOf(names),
    first: Arbitrary.array(int(0, 9)),
    rest: Arbitrary.array(int(0, 9))
  }, ({ first, name, rest }) =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.put(list(name), first)
      const before = yield* store.get(list(name))
      const copy = [...before]
      for (const element of rest) yield* store.append(list(name), element)
      assert.deepStrictEqual(yield* store.get(list(name)), [...first, ...rest])
      assert.deepStrictEqual(before, copy)
    }), runs(100))

  it.effect.prop("loses no update of concurrent fibers", { count: int(1, 50) }, ({ count }) =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.put(number("a"), 0)
      yield* Effect.forEach(
        Array.from({ length: count }),
        () => Effect.andThen(Effect.yieldNow, store.update(number("a"), (n) => n + 1)),
        { concurrency: "unbounded", discard: true }
      )
      assert.strictEqual(yield* store.get(number("a")), count)
    }), runs(30))

  it.effect.prop("with a Schema never gives a value of another type", {
    name: oneOf(names),
    value: Schema.Union([Schema.Int, Schema.String, Schema.Boolean, Schema.Null])
  }, ({ name, value }) =>
    Effect.gen(function*() {
      const store = yield* MemoryStore.make
      yield* store.put(MemoryStore.key<unknown>(name), value)
      const read = yield* Effect.result(store.get(MemoryStore.key(name, Schema.Int)))
      assert.strictEqual(Result.isSuccess(read), Number.isInteger(value))
      if (Result.isSuccess(read)) assert.strictEqual(read.success, value)
      else assert.deepInclude(read.failure, { key: name, reason: "Mismatch" })
    }), runs(100))

  it.effect.prop("shares nothing with another store", any, ({ name, program, value }) =>
    Effect.gen(function*() {
      const other = yield* MemoryStore.make
      const store = yield* filled(program)
      yield* store.put(number(name), value)
      assert.strictEqual(yield* other.size, 0)
    }), runs(50))
})
