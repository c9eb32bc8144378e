/**
 * Runs that a runner may own and does not drive any further. As long as that is not written nobody finds them, since its lease
 * lasts: it is tried until it is. It lives as long as the runner.
 */
import * as Effect from "effect/Effect"
import type { Desk } from "./desk.ts"

export class Leaving {
  readonly #of: Desk & { readonly runner: string }
  readonly #left = new Set<string>()
  constructor(of: Desk & { readonly runner: string }) {
    this.#of = of
  }

  get size(): number {
    return this.#left.size
  }

  add(runId: string): void {
    this.#left.add(runId)
  }

  release(runId: string): Effect.Effect<void> {
    const { journal, runner } = this.#of
    this.#left.add(runId)
    const released = Effect.flatMap(this.#of.ask("show", journal.show(runId), runId), (head) => {
      if (head?.owner !== runner) return Effect.succeed(true)
      const { createdAt } = head
      const append = { runId, createdAt, n: head.n + 1, rows: [], head: { isReleased: true }, takes: [] }
      return Effect.map(this.#of.ask("append", journal.append([append]), runId), ([isWritten]) => isWritten)
    })
    return Effect.match(released, {
      onSuccess: (isOver) => {
        if (isOver === true) this.#left.delete(runId)
      },
      // it is tried again
      onFailure: () => {}
    })
  }

  /** All but those that are driven again. */
  releaseAll(isDriven: (runId: string) => boolean): Effect.Effect<void> {
    return Effect.suspend(() => {
      const all = [...this.#left].filter((runId) => !isDriven(runId))
      return Effect.forEach(all, (runId) => this.release(runId), { discard: true })
    })
  }
}
