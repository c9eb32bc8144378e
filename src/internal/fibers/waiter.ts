/**
 * A fiber that waits until somebody else lets it go on. It counts as waiting from the moment the waiter is made, so that
 * whoever looks for it between then and its first step finds it, and it lives until it has been woken.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { later } from "./dispatcher.ts"

export class Waiter {
  readonly home: Fiber.Fiber<unknown, unknown>
  isWoken = false
  #resume: ((effect: Effect.Effect<void>) => void) | undefined

  /** Whoever is woken goes on in a task of this fiber's dispatcher, in an async context of its own. */
  constructor(home: Fiber.Fiber<unknown, unknown>) {
    this.home = home
  }

  /** Lets the fiber go on: on a stack of its own, since whoever wakes it may be one of thousands that follow each other. */
  wake(): void {
    if (this.isWoken) return
    this.isWoken = true
    const resume = this.#resume
    // a fiber that has not come to wait yet finds that it need not
    if (resume !== undefined) later(this.home, () => resume(Exit.void))
  }

  get wait(): Effect.Effect<void> {
    return Effect.callback((resume) => {
      if (this.isWoken) resume(Exit.void)
      else this.#resume = resume
    })
  }
}
