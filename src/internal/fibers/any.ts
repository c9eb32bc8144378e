/**
 * Effects and fibers whose channels the engine does not look into.
 */
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

export type AnyEffect = Effect.Effect<unknown, unknown, unknown>
export type AnyFiber = Fiber.Fiber<unknown, unknown>
