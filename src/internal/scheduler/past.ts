/**
 * The newest ticks of flows that were removed: none of them fires again, also if the flow is added once more by a clock that was
 * set back. It lives as long as the scheduler.
 */

/** Flows of which each has its own; of those before them only the newest of all ticks is known. */
const mostKnown = 10_000

export class Past {
  readonly #known = new Map<string, number>()
  /** No tick of a flow that has been forgotten is later. */
  #floor = -Infinity

  keep(id: string, cursor: number | undefined): void {
    if (cursor === undefined) return
    this.#known.delete(id)
    this.#known.set(id, cursor)
    if (this.#known.size <= mostKnown) return
    const [oldest, newest] = this.#known.entries().next().value!
    this.#known.delete(oldest)
    this.#floor = Math.max(this.#floor, newest)
  }

  /** What a flow that is added now must not fire again. */
  of(id: string, now: number): number | undefined {
    return this.#known.get(id) ?? (this.#floor >= now ? this.#floor : undefined)
  }
}
