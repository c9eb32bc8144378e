/**
 * A bulkhead that several splits and workflows share: however many of them there are, no more than so many branches run at
 * once. It lives in a Layer or wherever it was made, and holds no fiber.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { BulkheadFullError, BulkheadReentryError, ConfigurationError } from "./CanoError.ts"
import * as internal from "./internal/bulkhead/pool.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * @category type ids
 * @since 0.1.0
 */
export const TypeId: "~effect-cano/Bulkhead" = internal.TypeId

/**
 * Places that branches of several splits, and single effects, share.
 *
 * **Details**
 *
 * Branches of one split start in their order. Splits that wait take turns, one branch each, so a short one does not wait
 * for a long one; of branches that take no time a place runs up to 16 in a turn, but none after a millisecond has passed.
 * A single effect waits in the same line. Branches that wait are not fibers.
 *
 * **Gotchas**
 *
 * What runs in a place may not ask for another one of the same bulkhead, neither itself nor in a split or workflow inside
 * it: with all places held by such, each would wait for the others for ever. It is refused with `BulkheadReentryError`,
 * which names the states, however many places are free. Take the place around the innermost work, or use two bulkheads. A
 * fiber that was forked in a place counts as inside it until the effect has ended that has the place; one that a branch
 * has forked, until its split has ended, since a split keeps its places from branch to branch.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bulkhead {
  readonly [TypeId]: typeof TypeId
  readonly name: string
  /** Runs an effect in one of the places, when its turn comes. Interrupting it gives the place back. */
  readonly withPlace: <A, E, R>(
    effect: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | BulkheadFullError | BulkheadReentryError, R>
  /**
   * Changes the number of places, an integer of at least 1. More are given out at once; with fewer nobody is interrupted,
   * and places are given out again when fewer are in use.
   */
  readonly resize: (places: number) => Effect.Effect<void, ConfigurationError>
  readonly statistics: Effect.Effect<Statistics>
}

/**
 * What a bulkhead does at a moment, and has done.
 *
 * @category models
 * @since 0.1.0
 */
export interface Statistics {
  readonly places: number
  /** Places that are in use; more than there are for a while after `resize` to fewer. */
  readonly inUse: number
  /** Branches and effects that wait. Of a lazy list, whose length nobody knows, one is counted. */
  readonly waiting: number
  /** Branches and effects that were started. */
  readonly started: number
  /** Branches and effects that were refused with `BulkheadFullError`. */
  readonly rejected: number
}

/**
 * How a bulkhead is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** How many branches and effects may run at once: an integer of at least 1. */
  readonly places: number
  /**
   * How many may wait: an integer of at least 0. A split with more branches than can run or wait is refused as a whole,
   * before a branch starts. Left out: any number.
   */
  readonly maxWaiting?: number | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Makes a bulkhead; its name is for errors.
 *
 * **Example** (Two splits, three places)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Bulkhead, JoinStrategy, Split } from "effect-cano"
 *
 * const program = Effect.gen(function*() {
 *   const bulkhead = yield* Bulkhead.make("db", { places: 3 })
 *   const query = Effect.as(Effect.sleep(10), 1)
 *   const split = Split.run(Array.from({ length: 6 }, () => query), { strategy: JoinStrategy.all, bulkhead })
 *   yield* Effect.all([split, split], { concurrency: 2 })
 *   console.log(yield* bulkhead.statistics)
 * })
 *
 * await Effect.runPromise(program)
 * // => { places: 3, inUse: 0, waiting: 0, started: 12, rejected: 0 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (name: string, options: Options) => Effect.Effect<Bulkhead, ConfigurationError> = internal.make

/**
 * A bulkhead as a service: splits name it by its key (`bulkhead: Db`), and whoever provides the Layer says how many
 * places there are.
 *
 * **Example** (A limit by name)
 *
 * ```ts
 * import { Context, Effect } from "effect"
 * import { Bulkhead, JoinStrategy, Workflow } from "effect-cano"
 *
 * class Db extends Context.Service<Db, Bulkhead.Bulkhead>()("app/Db") {}
 *
 * const importing = Workflow.make<"Load" | "Done">("importing")
 *   .registerSplit("Load", () => Array.from({ length: 20 }, () => Effect.sleep(1)), {
 *     strategy: JoinStrategy.all,
 *     bulkhead: Db,
 *     next: "Done"
 *   })
 *   .addExitStates("Done")
 *
 * const program = Effect.gen(function*() {
 *   yield* Effect.all([importing.orchestrate("Load"), importing.orchestrate("Load")], { concurrency: "unbounded" })
 *   const { started } = yield* Effect.flatMap(Db, (db) => db.statistics)
 *   console.log(started)
 * })
 *
 * await Effect.runPromise(Effect.provide(program, Bulkhead.layer(Db, { places: 4 })))
 * // => 40
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const layer = <I>(
  key: Context.Key<I, Bulkhead>,
  options: Options
): Layer.Layer<I, ConfigurationError> => Layer.effect(key, make(key.key, options))
