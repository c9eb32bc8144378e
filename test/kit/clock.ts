/**
 * The test clock, and the turns of the scheduler: how a test starts an effect and lets time pass for it.
 */
import { Clock, type Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

/** Time enough for every generated split to end. */
export const aLongTime = "1 minute"

/** Lets everything that can happen at this instant happen. */
const settleDown: Effect.Effect<void> = Effect.repeat(Effect.yieldNow, { times: 8 }).pipe(Effect.asVoid)

/** Lets the clock run on, and everything it wakes. */
export const passTime = (duration: number | typeof aLongTime = aLongTime): Effect.Effect<void> =>
  Effect.andThen(settleDown, Effect.andThen(TestClock.adjust(duration), settleDown))

/**
 * The first sleep of a test clock that has not been moved yet enters an interruptible region, to start the clock's
 * warning; in the finalizer of an interrupted fiber that cuts the finalizer off. Once the clock was moved it does not.
 */
export const primeClock: Effect.Effect<void> = TestClock.adjust(0)

/** Lets every other fiber that is ready go on, so many times. */
export const turns = (n: number): Effect.Effect<void> =>
  Effect.forEach(Array.from({ length: n }), () => Effect.yieldNow, { discard: true })

/** Starts an effect in a fiber of its own, on the current tick. */
export const start = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.andThen(primeClock, Effect.forkChild(effect, { startImmediately: true }))

/** Starts an effect, lets the clock run on, and gives its fiber, which may still run. */
export const until = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>, duration: Duration.Input) {
  const fiber = yield* start(effect)
  yield* TestClock.adjust(duration)
  return fiber
})

/** Runs an effect to its end while the clock runs on: its exit, and when that was. */
export const timed = <A, E, R>(effect: Effect.Effect<A, E, R>, duration: Duration.Input = aLongTime) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.zip(Effect.exit(effect), Clock.currentTimeMillis))
    yield* TestClock.adjust(duration)
    return yield* Fiber.join(fiber)
  })
