/**
 * A census of the bodies that run, which proves that nobody was left running. It lives as long as its test.
 */
import { Effect } from "effect"

/** Counts the bodies that run, so that a test can prove that nobody was left running. */
export class Census {
  started = 0
  running = 0
  most = 0
  /** Wraps an effect so that it is counted from its start until its own finalizers have run. */
  count<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        this.started++
        this.running++
        this.most = Math.max(this.most, this.running)
      }),
      () => effect,
      () =>
        Effect.sync(() => {
          this.running--
        })
    )
  }
}
