/**
 * The fibers of one split: those that run its branches, those that run beside them until the decision, and in whose name
 * they are interrupted. It lives as long as its split, and only its own methods change it, but for what is set once.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"

export abstract class Crew {
  /** Fibers that have been started one by one and have not ended. */
  fibers = 0
  /** The services of the branches, once the split has started. */
  context: Context.Context<never> | undefined
  /** The id of the fiber that waits for the split, in whose name losers are interrupted. */
  protected readonly caller: number
  /** Fibers that run beside the branches until the decision. */
  #beside: Array<AnyFiber> | undefined
  constructor(home: AnyFiber) {
    this.caller = home.id
  }

  /** The branches that run now. */
  abstract get busy(): ReadonlyArray<number>
  /** Interrupts one branch, if it runs. */
  abstract cancel(index: number): boolean
  /** Interrupts the branches that run. */
  protected abstract interruptBranches(): void
  /** The last fiber that was started one by one has ended. */
  protected abstract emptied(): void
  /** There may be something to start. */
  abstract poke(): void

  /** Starts a fiber of the split. To be called on one. */
  start(effect: AnyEffect, onEnd: (exit: Exit.Exit<unknown, unknown>) => void): void {
    this.fibers++
    // a fiber's context holds the services of what it runs, which its type does not say
    const context = this.context as Context.Context<unknown>
    Effect.runForkWith(context)(effect, { uninterruptible: true }).addObserver((exit) => {
      onEnd(exit)
      this.left()
    })
  }

  /** One of the fibers has ended. */
  protected left(): void {
    if (--this.fibers === 0) this.emptied()
  }

  /** A fiber runs until the decision. */
  accompany(fiber: AnyFiber): void {
    const beside = this.#beside ??= []
    beside.push(fiber)
  }

  /** Interrupts what runs until the decision. */
  interruptBeside(): void {
    const beside = this.#beside
    if (beside === undefined) return
    for (let i = 0; i < beside.length; i++) beside[i]!.interruptUnsafe(this.caller)
  }

  /** Interrupts whatever has something left to do. */
  interruptAll(): void {
    this.interruptBeside()
    this.interruptBranches()
  }
}
