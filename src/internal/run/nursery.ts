/**
 * Where branches go that outlive their split: one for each run, or for each scope of a split on its own. It ends when they
 * have ended, or ends them.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Scope from "effect/Scope"
import { Waiter } from "../fibers/waiter.ts"

/** A split whose branches go on after it has ended. */
export interface Detached {
  /** The fiber that runs the branches and ends after them. */
  readonly worker: Fiber.Fiber<unknown, unknown>
  readonly interrupt: () => void
}

export interface Nursery {
  readonly splits: Set<Detached>
  /** Whether nobody will wait for its branches any more. */
  closed: boolean
  /** Whoever waits for the last of them. */
  waiter: Waiter | undefined
}

export const make = (): Nursery => ({ splits: new Set(), closed: false, waiter: undefined })

export const adopt = (nursery: Nursery, detached: Detached): void => {
  const { closed, splits } = nursery
  splits.add(detached)
  detached.worker.addObserver(() => {
    splits.delete(detached)
    if (splits.size === 0) nursery.waiter?.wake()
  })
  if (closed) detached.interrupt()
}

/** After a success the branches may go on to their end. Otherwise, and when the wait is interrupted, they are interrupted. */
export const close = (nursery: Nursery, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Exit.isSuccess(exit) ? Effect.onInterrupt(Effect.interruptible(empty(nursery)), () => end(nursery)) : end(nursery)

const empty = (nursery: Nursery): Effect.Effect<void> =>
  Effect.withFiber((fiber) =>
    Effect.whileLoop({
      while: () => {
        // in the same step as the look, so that nobody is adopted in between whom nobody waits for
        nursery.closed ||= nursery.splits.size === 0
        return nursery.splits.size > 0
      },
      body: () => {
        nursery.waiter = new Waiter(fiber)
        return nursery.waiter.wait
      },
      step: constVoid
    })
  )

const end = (nursery: Nursery): Effect.Effect<void> =>
  Effect.suspend(() => {
    // also what is added while these end
    nursery.closed = true
    for (const { interrupt } of nursery.splits) interrupt()
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
