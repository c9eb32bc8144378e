/**
 * When a split yields, so that timers and other fibers run however many branches complete at once. It lives as long as its
 * split, and only its own methods change it.
 */
import * as Effect from "effect/Effect"

/**
 * Settlements between two yields: a million synchronous branches must not keep timers and other fibers waiting. It is
 * the number of operations after which Effect's own scheduler makes a fiber yield.
 */
export const yieldEvery = 2048

export class Pace {
  /** Branches that have ended since then. */
  sinceYield = 0
  #yields = 0
  readonly #yieldEvery: number
  /** Under `Effect.runSync` nobody would resume a fiber that has yielded. */
  constructor(isSync: boolean) {
    this.#yieldEvery = isSync ? Number.POSITIVE_INFINITY : yieldEvery
  }

  /** Whether a fiber that has yielded would be resumed. */
  get mayYield(): boolean {
    return this.#yieldEvery === yieldEvery
  }

  /** Whether the split has to yield before it starts another branch. */
  get isDue(): boolean {
    return this.sinceYield >= this.#yieldEvery
  }

  /** A branch has ended. */
  count(): void {
    this.sinceYield++
  }

  /** The split has to yield, however few branches have ended. */
  hasten(): void {
    this.sinceYield = Math.max(this.sinceYield, this.#yieldEvery)
  }

  /** Lets timers and other fibers run. The first fiber to come back opens the next round. */
  pause(): Effect.Effect<void> {
    const round = this.#yields
    return Effect.map(Effect.yieldNow, () => {
      if (this.#yields !== round) return
      this.#yields++
      this.sinceYield = 0
    })
  }
}
