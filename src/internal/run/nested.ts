/**
 * What stands inside another of its kind until it ends. What has ended is around nobody any more: it is passed over, and
 * let go of as soon as somebody has passed over it, so that a chain in which each starts the next one holds no more of them
 * than have not ended.
 */
export abstract class Nested<Self extends Nested<Self>> {
  #ended = false
  #outer: Self | undefined
  constructor(outer: Self | undefined) {
    this.#outer = standing(outer)
  }
  get ended(): boolean {
    return this.#ended
  }
  /** The nearest around it that has not ended. */
  get outer(): Self | undefined {
    const next = this.#outer
    if (next === undefined || !next.#ended) return next
    let found: Self | undefined = next
    while (found !== undefined && found.#ended) found = found.#outer
    // who has been passed over leads straight on the next time
    let passed: Self | undefined = next
    while (passed !== found) {
      const further: Self | undefined = passed!.#outer
      passed!.#outer = found
      passed = further
    }
    this.#outer = found
    return found
  }
  end(): void {
    this.#ended = true
    // to those inside of it that go on it leads on, but not to those that have ended before
    this.#outer = this.outer
  }
}

/** Itself, or the nearest around it that has not ended. */
export const standing = <Self extends Nested<Self>>(self: Self | undefined): Self | undefined =>
  self !== undefined && self.ended ? self.outer : self
