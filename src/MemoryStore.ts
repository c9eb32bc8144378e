/**
 * A store for one run: what tasks `put` under a typed key, later tasks `get`. It lives as long as its Layer, which
 * `withResources` builds for each run, and holds references, not copies.
 *
 * Tagged states carry data from state to state with less ceremony; a store is for those who prefer one, and for what
 * several branches write.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import { clip, list } from "./internal/check/describe.ts"
import * as failure from "./internal/failure/failure.ts"
import * as quotes from "./internal/failure/quotes.ts"

/**
 * The name of an entry, with the type of its value.
 *
 * **Details**
 *
 * Two keys of the same name are the same entry. With a Schema the value is checked on reading, so that a name used with
 * two types is found out; without one the type is taken on trust.
 *
 * @category models
 * @since 0.1.0
 */
export interface Key<in out A> {
  readonly name: string
  readonly schema: Schema.Schema<A> | undefined
}

/**
 * An entry that is missing, or that is not what its key says.
 *
 * From cano: `StoreError::KeyNotFound`, `TypeMismatch` and `AppendTypeMismatch`.
 *
 * @category errors
 * @since 0.1.0
 */
export class StoreError extends failure.TaggedError("StoreError")<{
  readonly key: string
  readonly reason: "Missing" | "Mismatch"
  readonly detail: string
}> {
  override get message(): string {
    return failure.once(this, `memory store, key "${clip(this.key)}": ${quotes.shortened(this.detail)}`)
  }
}

/**
 * The operations of a store.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** Sets an entry, in place of what was there. */
  readonly put: <A>(key: Key<A>, value: A) => Effect.Effect<void>
  /** The value of an entry; `StoreError` when it is missing or does not fit the key's Schema. */
  readonly get: <A>(key: Key<A>) => Effect.Effect<A, StoreError>
  /** The value of an entry, if there is one; `StoreError` when it does not fit the key's Schema. */
  readonly getOption: <A>(key: Key<A>) => Effect.Effect<Option.Option<A>, StoreError>
  /** Replaces an entry by a function of it, in one step that no other fiber can come between, and returns the new value. */
  readonly update: <A>(key: Key<A>, f: (value: A) => A) => Effect.Effect<A, StoreError>
  /** Adds an element to the end of a list; a missing entry is an empty list. What is there is not changed in place. */
  readonly append: <A>(key: Key<ReadonlyArray<A>>, element: A) => Effect.Effect<void, StoreError>
  /** Removes an entry and tells whether there was one. */
  readonly remove: <A>(key: Key<A>) => Effect.Effect<boolean>
  readonly has: <A>(key: Key<A>) => Effect.Effect<boolean>
  /** The names of the entries, in the order in which they were first put. */
  readonly keys: Effect.Effect<ReadonlyArray<string>>
  readonly size: Effect.Effect<number>
  /** Removes every entry. */
  readonly clear: Effect.Effect<void>
}

/**
 * The store of a run.
 *
 * From cano: `MemoryStore`, whose string keys and run-time casts are typed keys here.
 *
 * **Example** (One branch writes, a later state reads)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { MemoryStore, Workflow } from "effect-cano"
 *
 * const Total = MemoryStore.key<number>("total")
 *
 * const workflow = Workflow.make<"Start" | "Print" | "Done">("totals")
 *   .register("Start", function*() {
 *     const store = yield* MemoryStore.MemoryStore
 *     yield* store.put(Total, 330)
 *     return "Print"
 *   })
 *   .register("Print", function*() {
 *     const store = yield* MemoryStore.MemoryStore
 *     console.log(yield* store.get(Total))
 *     return "Done"
 *   })
 *   .addExitStates("Done")
 *   .withResources(MemoryStore.layer)
 *
 * await Effect.runPromise(workflow.orchestrate("Start"))
 * // => 330
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class MemoryStore extends Context.Service<MemoryStore, Service>()("effect-cano/MemoryStore") {}

/**
 * Names an entry and gives it a type; with a Schema the value is checked on reading.
 *
 * @category constructors
 * @since 0.1.0
 */
export const key = <A>(name: string, schema?: Schema.Schema<A>): Key<A> => ({ name, schema })

/**
 * An empty store.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Service> = Effect.sync(() => {
  const entries = new Map<string, unknown>()

  const missing = (key: Key<never> | Key<unknown>) =>
    new StoreError({
      key: key.name,
      reason: "Missing",
      detail: `there is no entry; the keys are ${entries.size === 0 ? "none" : list(entries.keys())}`
    })

  const read = <A>(key: Key<A>): Result.Result<Option.Option<A>, StoreError> => {
    if (!entries.has(key.name)) return Result.succeed(Option.none())
    const value = entries.get(key.name)
    return key.schema === undefined || SchemaParser.is(key.schema)(value)
      // without a Schema the key's type is taken on trust
      ? Result.succeed(Option.some(value as A))
      : Result.fail(
        new StoreError({
          key: key.name,
          reason: "Mismatch",
          detail: "the entry is not of the type the key's Schema says"
        })
      )
  }

  const getOption: Service["getOption"] = (key) => Effect.suspend(() => Effect.fromResult(read(key)))

  const get = <A>(key: Key<A>): Effect.Effect<A, StoreError> =>
    Effect.flatMap(getOption(key), (value) =>
      Option.isSome(value)
        ? Exit.succeed(value.value)
        : Exit.fail(missing(key as Key<unknown>)))

  const put: Service["put"] = (key, value) =>
    Effect.sync(() => {
      entries.set(key.name, value)
    })

  const update: Service["update"] = (key, f) =>
    Effect.suspend(() => {
      const current = read(key)
      if (Result.isFailure(current)) return Exit.fail(current.failure)
      if (Option.isNone(current.success)) return Exit.fail(missing(key as Key<unknown>))
      const next = f(current.success.value)
      entries.set(key.name, next)
      return Exit.succeed(next)
    })

  const append: Service["append"] = (key, element) =>
    Effect.suspend(() => {
      const current = read(key)
      if (Result.isFailure(current)) return Exit.fail(current.failure)
      const list = Option.getOrElse(current.success, () => [])
      if (!Array.isArray(list)) {
        return Exit.fail(
          new StoreError({
            key: key.name,
            reason: "Mismatch",
            detail: "the entry is not a list, so nothing can be appended"
          })
        )
      }
      entries.set(key.name, [...list, element])
      return Exit.void
    })

  return {
    put,
    get,
    getOption,
    update,
    append,
    remove: (key) => Effect.sync(() => entries.delete(key.name)),
    has: (key) => Effect.sync(() => entries.has(key.name)),
    keys: Effect.sync(() => [...entries.keys()]),
    size: Effect.sync(() => entries.size),
    clear: Effect.sync(() => entries.clear())
  }
})

/**
 * An empty store for whatever the Layer serves: with `withResources`, for each run.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<MemoryStore> = Layer.effect(MemoryStore, make)
