/**
 * What one fiber waits for, and others ring; it lives as long as that fiber needs it. A ring that nobody waits for is kept
 * for the next wait, so that none is lost however often a fiber yields in between, and the waiter is not resumed on the
 * stack of whoever rings.
 */
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"

export class Bell {
  /** Since the waiter was last resumed. */
  isRung = false
  wake: (() => void) | undefined

  ring(): void {
    this.isRung = true
    const { wake } = this
    this.wake = undefined
    wake?.()
  }

  /** Until it has rung. To be waited for by one fiber at a time. */
  readonly rung: Effect.Effect<void> = Effect.withFiber((fiber) =>
    Effect.callback((resume) => {
      const heard = Effect.sync(() => {
        this.isRung = false
      })
      if (this.isRung) return resume(heard)
      this.wake = fiber.cache.scheduler.executionMode === "sync"
        // under `Effect.runSync` nobody else would resume it
        ? () => resume(heard)
        : () => fiber.currentDispatcher.scheduleTask(() => resume(heard), 0)
      return Effect.sync(() => {
        this.wake = undefined
      })
    })
  )

  /** Until something holds that only changes with a ring. */
  until(holds: () => boolean): Effect.Effect<void> {
    return Effect.whileLoop({ while: () => !holds(), body: () => this.rung, step: constVoid })
  }
}
