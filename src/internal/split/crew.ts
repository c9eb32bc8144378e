/**
 * The slots of a split that are no members of its `forEach`: those that are started later, when a place is given, a branch
 * added, or another slot could not go on. The worker starts them and waits for them, so that whoever makes them possible
 * neither runs them on its own stack nor lends them its async context. It lives as long as its split.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { constVoid } from "effect/Function"
import { Bell } from "../fibers/bell.ts"
import type { AnyEffect, AnyFiber, Join } from "./join.ts"

export class Crew {
  /** Fibers that have been started here and have not ended. */
  fibers = 0
  /** Of them the slots that still look for branches. */
  slots = 0
  /** Rung for the worker: there may be something to start, or the last fiber has ended. */
  readonly bell: Bell
  constructor(home: AnyFiber) {
    this.bell = new Bell(home)
  }
}

/** There may be something for the worker to do. */
export const poke = ({ crew }: Join): void => crew?.bell.ring()

/** Starts a fiber of the split. To be called on one. */
export const start = (join: Join, effect: AnyEffect, onEnd: (exit: Exit.Exit<unknown, unknown>) => void): void => {
  const crew = join.crew!
  crew.fibers++
  // a fiber's context holds the services of what it runs, which its type does not say
  const context = join.context as Context.Context<unknown>
  Effect.runForkWith(context)(effect, { uninterruptible: true }).addObserver((exit) => {
    onEnd(exit)
    if (--crew.fibers === 0) poke(join)
  })
}

/** Whether all slots are started by the worker one by one, since it shows only in time how many there may be. */
export const isAll = ({ backlog, sharing }: Join): boolean => sharing !== undefined || backlog !== undefined

/**
 * What the worker does until the last fiber has ended and nobody is to come. `next` starts what is due, and answers with
 * what to do before it is asked again; with nothing, if the worker may wait.
 */
export const attend = (
  join: Join,
  isToCome: () => boolean,
  next: () => Effect.Effect<void> | undefined
): Effect.Effect<void> => {
  const crew = join.crew!
  return Effect.whileLoop({
    while: () => crew.fibers > 0 || isToCome(),
    body: () => next() ?? crew.bell.rung,
    step: constVoid
  })
}
