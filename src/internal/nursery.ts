/**
 * Where branches go that outlive their split: one for each run, or for each scope of a split on its own. It ends when they
 * have ended, or ends them.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Scope from "effect/Scope"

/** A split whose branches go on after it has ended. */
export interface Outgrown {
  /** The fiber that runs the branches and ends after them. */
  readonly worker: Fiber.Fiber<unknown, unknown>
  readonly interrupt: () => void
}

export type Nursery = Set<Outgrown>

export const make = (): Nursery => new Set()

export const adopt = (nursery: Nursery, outgrown: Outgrown): void => {
  nursery.add(outgrown)
  outgrown.worker.addObserver(() => nursery.delete(outgrown))
}

/** After a success the branches may go on to their end. Otherwise, and when the wait is interrupted, they are interrupted. */
export const close = (nursery: Nursery, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Exit.isSuccess(exit) ? Effect.onInterrupt(Effect.interruptible(empty(nursery)), () => end(nursery)) : end(nursery)

const empty = (nursery: Nursery): Effect.Effect<void> =>
  Effect.whileLoop({
    while: () => nursery.size > 0,
    body: () => Fiber.await(nursery.values().next().value!.worker),
    step: constVoid
  })

const end = (nursery: Nursery): Effect.Effect<void> =>
  Effect.suspend(() => {
    for (const { interrupt } of nursery) interrupt()
    return empty(nursery)
  })

const ofScopes = new WeakMap<Scope.Scope, Nursery>()

/** The nursery of a scope, which closes with it. */
export const ofScope = (scope: Scope.Scope): Effect.Effect<Nursery> =>
  Effect.suspend(() => {
    const known = ofScopes.get(scope)
    if (known !== undefined) return Exit.succeed(known)
    const nursery = make()
    ofScopes.set(scope, nursery)
    return Effect.as(Scope.addFinalizerExit(scope, (exit) => close(nursery, exit)), nursery)
  })
