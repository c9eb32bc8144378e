/**
 * A split whose branches are alternatives, started one after another. It has places of its own, which are used up instead
 * of being given back: so many at first, then another when the delay has passed or a branch has failed.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { breakOff, cutShort, isBreak } from "./deciding.ts"
import * as delays from "./delays.ts"
import type { AnyEffect, AnyFiber, Join, Place, Stagger } from "./join.ts"
import { hasMore, isOpen } from "./join.ts"
import { Pool } from "./pool.ts"
import { Sharing } from "./sharing.ts"

export class Staggering extends Sharing {
  readonly hedge: Stagger
  readonly startedAt: bigint
  /** How long the first branch took, or whether it failed. */
  first: { readonly failed: boolean; readonly took: bigint } | undefined
  /** Failures that start a branch each, without a delay. */
  failures = 0
  onFailure: (() => void) | undefined
  pacing: AnyFiber | undefined
  constructor(join: Join, hedge: Stagger, clock: Clock.Clock) {
    super(join, new Pool("hedge", atOnce(join, hedge), Number.MAX_SAFE_INTEGER), clock, undefined)
    this.hedge = hedge
    this.startedAt = clock.monotonicTimeNanosUnsafe()
  }

  override keep(_: Place, index: number, failed: boolean): undefined {
    this.held--
    const isLoser = failed && !isOpen(this.join)
    if (index === 0 && !isLoser) this.first = { failed, took: this.took }
    if (failed) {
      this.failures++
      this.onFailure?.()
    }
    return undefined
  }

  override leave(): void {
    super.leave()
    this.pacing?.interruptUnsafe()
  }

  get took(): bigint {
    return this.clock.monotonicTimeNanosUnsafe() - this.startedAt
  }

  /** Gives out places, one by one, as a member of the split's `forEach`. */
  get pace(): AnyEffect {
    const { join } = this
    return Effect.withFiber((fiber) => {
      if (!isOpen(join)) return Exit.void
      this.pacing = fiber
      join.timers.push(fiber)
      return Effect.catchCause(
        Effect.interruptible(this.loop),
        (cause) => isBreak(cause) ? breakOff(join, cause) : Exit.void
      )
    })
  }

  get loop(): AnyEffect {
    const { hedge: { budget, delay }, join, pool } = this
    return Effect.flatMap(delays.steps(delay), (step) => {
      const next = Effect.gen({ self: this }, function*() {
        const wait = yield* step(pool.places)
        if (wait !== undefined && this.failures === 0) {
          yield* Effect.raceFirst(Duration.isFinite(wait) ? Effect.sleep(wait) : Effect.never, this.failure)
        }
        if (this.failures > 0) {
          this.failures--
          if (budget !== undefined) yield* budget.failed
        }
        if (wait === undefined || (budget !== undefined && !(yield* budget.take))) {
          // the slot for the place before this one is on its way
          while (this.coming > 0 && isOpen(join)) yield* Effect.yieldNow
          return cutShort(join)
        }
        pool.places++
        pool.serve()
      })
      return Effect.whileLoop({ while: () => hasMore(join), body: () => next, step: () => {} })
    })
  }

  /** Waits for the next failure. */
  get failure(): Effect.Effect<void> {
    return Effect.callback((resume) => {
      this.onFailure = () => {
        this.onFailure = undefined
        resume(Exit.void)
      }
      return Effect.sync(() => {
        this.onFailure = undefined
      })
    })
  }

  /** The split is satisfied: the shared recorders are told. */
  get won(): Effect.Effect<void> {
    const { first, hedge: { budget, delay, latencies = delays.isPercentile(delay) ? delay.latencies : undefined } } =
      this
    const record = latencies === undefined || first?.failed === true
      ? Effect.void
      // if the first branch has lost, it would have taken longer than this
      : latencies.record(Duration.nanos(first?.took ?? this.took))
    return Effect.andThen(record, budget === undefined ? Effect.void : budget.succeeded)
  }
}

/** As many as the strategy asks for. */
const atOnce = ({ strategy }: Join, { atOnce }: Stagger): number =>
  atOnce ?? (strategy._tag === "Quorum" || strategy._tag === "PartialResults" ? strategy.n : 1)
