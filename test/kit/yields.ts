/**
 * Yield points that follow a seed. Before each operation Effect asks the scheduler whether the fiber should yield. By
 * default it does after 2,048 operations, wherever that falls, so between any two operations of the engine another fiber may
 * run. Here it does at random points too, always at the same ones for one seed.
 */
import type { Fiber } from "effect"
import { Clock, Effect, Scheduler } from "effect"

/** Numbers from 0 to 1 that follow a seed (mulberry32). */
const numbers = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let n = Math.imul(seed ^ (seed >>> 15), seed | 1)
  n ^= n + Math.imul(n ^ (n >>> 7), n | 61)
  return ((n ^ (n >>> 14)) >>> 0) / 2 ** 32
}

/** A seed from a text (FNV-1a). */
export const seedOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** Shares of the operations before which a fiber yields; a seed chooses one, as few yields find other faults than many. */
const rates = [1 / 2, 1 / 4, 1 / 10, 1 / 30, 1 / 100]

/** A scheduler that yields wherever another one does, and at random points besides. It knows when nothing is left to run. */
export class YieldingScheduler implements Scheduler.Scheduler {
  readonly parent: Scheduler.Scheduler
  readonly rate: number
  readonly next: () => number
  /** Tasks that have been scheduled and have not begun. */
  pending = 0
  /** Fibers that have yielded at a random point, and have yet to come back from it. */
  readonly away = new WeakSet<Fiber.Fiber<unknown, unknown>>()
  /** For how many rounds more the fiber stays away that yields now. */
  rounds = 0
  constructor(parent: Scheduler.Scheduler, seed: number, rate?: number) {
    this.parent = parent
    this.next = numbers(seed)
    const choice = Math.floor(this.next() * rates.length)
    // at a rate of 1 the operation before which a fiber has yielded would never come
    this.rate = Math.min(rate ?? rates[choice]!, 0.75)
  }

  get executionMode(): "sync" | "async" {
    return this.parent.executionMode
  }

  shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    // the end of a yield is an operation too: to yield before it would add one, and so on without end
    if (this.away.delete(fiber)) return false
    if (this.next() >= this.rate) return this.parent.shouldYield(fiber)
    this.away.add(fiber)
    // most yields are short; in some the others come far, which run at their ease meanwhile
    this.rounds = Math.floor(0.5 / (this.next() + 0.04))
    return true
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    const dispatcher = this.parent.makeDispatcher()
    return {
      scheduleTask: (task, priority) => {
        this.pending++
        // nothing is scheduled between the answer to `shouldYield` and the return of the fiber
        let { rounds } = this
        this.rounds = 0
        const run = () => {
          if (rounds-- > 0) return dispatcher.scheduleTask(run, priority)
          this.pending--
          task()
        }
        dispatcher.scheduleTask(run, priority)
      },
      flush: () => dispatcher.flush()
    }
  }
}

/** `yieldingScheduler(seed, rate)`: the default scheduler, with yields at random points. */
export const yieldingScheduler = (seed: number, rate?: number): YieldingScheduler =>
  new YieldingScheduler(new Scheduler.MixedScheduler(), seed, rate)

/** More rounds than anything takes that comes to rest at one instant. */
const mostRounds = 20_000

/** Waits until every fiber waits for something: for the clock, or for ever. */
export const quiet: Effect.Effect<void> = Effect.withFiber((fiber) => {
  const { scheduler } = fiber.cache
  if (!(scheduler instanceof YieldingScheduler)) return Effect.void
  let rounds = 0
  return Effect.whileLoop({
    while: () => rounds === 0 || scheduler.pending > 0,
    body: () =>
      rounds++ < mostRounds ? Effect.yieldNow : Effect.die(new Error("fibers run without end at one instant")),
    step: () => {}
  })
})

/** A clock that is moved by a test moves only when all has happened that can happen before. */
const patient = (clock: Clock.Clock): Clock.Clock => {
  // the clock of `it.effect` is one; that of `it.live` has no `adjust`
  const { adjust, setTime } = clock as Clock.Clock & {
    readonly adjust?: (duration: unknown) => Effect.Effect<void>
    readonly setTime?: (timestamp: number) => Effect.Effect<void>
  }
  if (adjust === undefined || setTime === undefined) return clock
  const between = (move: Effect.Effect<void>) => Effect.andThen(quiet, Effect.andThen(move, quiet))
  return Object.assign(Object.create(clock), {
    adjust: (duration: unknown) => between(adjust(duration)),
    setTime: (timestamp: number) => between(setTime(timestamp))
  })
}

/** The effect and all that it starts, with the yield points of a seed. */
export const withYields =
  (seed: number, rate?: number) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) =>
      effect.pipe(
        Effect.provideService(Scheduler.Scheduler, new YieldingScheduler(fiber.cache.scheduler, seed, rate)),
        Effect.provideService(Clock.Clock, patient(fiber.getRef(Clock.Clock)))
      )
    )

/** The part of all seeds that is chosen by hand: `YIELD_SEED=anything`. */
export const yieldSeed = process.env["YIELD_SEED"] ?? "effect-cano"

/** Whether the tests of this project yield at random points: see vitest.config.ts. */
export const yieldsAtRandom = process.env["YIELDS"] === "random"
