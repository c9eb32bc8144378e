/**
 * What one fiber waits for, and others ring; it lives as long as that fiber needs it. A ring that nobody waits for is kept
 * for the next wait, so that none is lost however often a fiber yields in between.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import { Waiter } from "./waiter.ts"

export class Bell {
  readonly home: Fiber.Fiber<unknown, unknown>
  /** Since the waiter was last resumed. */
  isRung = false
  #waiter: Waiter | undefined

  constructor(home: Fiber.Fiber<unknown, unknown>) {
    this.home = home
  }

  ring(): void {
    this.isRung = true
    this.#waiter?.wake()
  }

  /** Until it has rung. To be waited for by one fiber at a time. */
  readonly rung: Effect.Effect<void> = Effect.suspend(() => {
    if (this.isRung) return this.#heard
    this.#waiter = new Waiter(this.home)
    return Effect.andThen(this.#waiter.wait, this.#heard)
  })

  readonly #heard: Effect.Effect<void> = Effect.suspend(() => {
    this.isRung = false
    this.#waiter = undefined
    return Exit.void
  })

  /** Until something holds that only changes with a ring. */
  until(holds: () => boolean): Effect.Effect<void> {
    return Effect.whileLoop({ while: () => !holds(), body: () => this.rung, step: constVoid })
  }
}
