/**
 * Branches that complete at once, one after another on one fiber, as the options of its `whileLoop`. A streak goes on as
 * long as the split starts branches in the step in which it has begun; the first branch that waits keeps the fiber.
 */
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { hasChildren, isTired } from "../fibers/share.ts"
import type { Collector } from "./collector.ts"
import type { Unbounded } from "./join.ts"
import { succeed } from "./settling.ts"
import { take } from "./taking.ts"

/** What a streak is busy with when it is busy with no branch; a fresh one has taken none. */
const none = -1
const fresh = -2

export class Streak {
  readonly join: Unbounded
  readonly crew: Collector
  /** The fiber that it is, once it runs. */
  fiber: AnyFiber | undefined
  /** The branch that runs, or none. */
  index = fresh
  /** Until somebody else starts the next branch. */
  goesOn = true
  constructor(join: Unbounded, crew: Collector) {
    this.join = join
    this.crew = crew
  }

  while(): boolean {
    const { crew, goesOn } = this
    const fiber = this.fiber ??= Fiber.getCurrent()!
    // Effect makes a fiber yield when its operations are used up, which is not to part a branch from its record
    return goesOn && crew.mayStart && (this.index === fresh || (!hasChildren(fiber) && !isTired(fiber, 16)))
  }

  body(): AnyEffect {
    const { crew, join } = this
    const fiber = this.fiber!
    const { level } = join
    const index = join.cursor.next
    const branch = take(join)
    if (branch === undefined) return Exit.void
    crew.noteStart()
    this.index = index
    if (level !== undefined) {
      fiber.setContext(level.enter(index, crew.context!))
      return branch
    }
    // what a branch has set on its fiber is not for the next one
    if (fiber.context !== crew.context) fiber.setContext(crew.context!)
    return branch
  }

  step(value: unknown): void {
    const { index } = this
    if (index < 0) return
    this.index = none
    this.crew.settled(index)
    succeed(this.join, index, value)
  }

  /** The branch that runs has ended the loop, or the fiber as a whole. */
  broken(exit: Exit.Exit<unknown, unknown>, isWhole: boolean): void {
    const { index } = this
    if (index < 0) return
    this.index = none
    this.crew.settle(index, exit, isWhole)
  }
}
