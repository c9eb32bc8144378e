/**
 * What the types know of whether a machine can be durable: the states of which too little is written down, and why. They stand
 * among the ways of its graph, lead nowhere there, and are looked at by `Durable.make` alone.
 */
import type * as Effect from "effect/Effect"
import type { Branches, Growing, LosersOf } from "../../Split.ts"
import type * as TaskResult from "../../TaskResult.ts"
import type { Has } from "../check/given.ts"
import type { Way } from "./typed.ts"
import type { Undoing } from "./typedWork.ts"

/**
 * A state that runs in memory only: what a durable run would need of it is not given, or it can't be durable.
 *
 * @category models
 * @since 0.1.0
 */
export interface InMemory<out From, out Why> extends Way<From, never> {
  readonly why: Why
}

/**
 * Says of a machine that its states have a Schema.
 *
 * @category models
 * @since 0.1.0
 */
export interface WithSchema extends Way<never, never> {
  readonly hasSchema: true
}

// Each reason is written out: with one that is computed the compiler would go through all ways in each call.

export type InMemoryTask<K, X> = X extends { readonly compensate: infer C }
  ? X extends { readonly schema: object } ? never
  : [Undoing<C>] extends [never] ? never
  : InMemory<K, "compensate">
  : never

export type InMemorySplit<K, B, O> =
  | (O extends { readonly schema: object } ? never : Unschemed<K, Branches.ListOf<B>>)
  | Unlisted<K, B>
  | (O extends Durably ? never : Undurably<K, O>)

/** The options of a split that can be durable, as far as they count. */
export interface Durably {
  readonly next: any
  readonly losers?: "interrupt" | "await" | undefined
  readonly hedge?: undefined
}

export type Undurably<K, O> =
  | ([LosersOf<O>] extends ["interrupt" | "await"] ? never : InMemory<K, "losers">)
  | ([Has<O, "hedge">] extends [false] ? never : InMemory<K, "hedge">)

/** The values of follow-on states are states. */
export type Unschemed<K, L> = L extends TaskResult.Split<any> ? never : InMemory<K, "schema">

export type Unlisted<K, B> = B extends Effect.Effect<any, any, any> ? InMemory<K, "effect">
  : B extends Growing<any> ? InMemory<K, "growing">
  : B extends (...args: any) => infer X ? Unlisted<K, X>
  : never
