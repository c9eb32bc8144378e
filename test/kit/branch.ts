/**
 * Branches for tests that say themselves what happens: they take their time, do not let themselves be stopped, or are no
 * Effect at all.
 */
import { Effect, type Fiber } from "effect"

/** Succeeds after so many milliseconds. */
export const after = <A>(millis: number, value: A): Effect.Effect<A> => Effect.as(Effect.sleep(millis), value)

/** Fails after so many milliseconds. */
export const failAfter = <E>(millis: number, error: E): Effect.Effect<never, E> =>
  Effect.andThen(Effect.sleep(millis), Effect.fail(error))

/** Cannot be interrupted before it has ended by itself. */
export const stubborn = <A, E>(millis: number, end: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptible(Effect.andThen(Effect.sleep(millis), end))

/** An effect that waits for ever and needs some time to be interrupted. */
export const slowToEnd = (
  trail: Array<string>,
  name: string,
  millis: number,
  first: Effect.Effect<unknown> = Effect.void
): Effect.Effect<never> =>
  Effect.onInterrupt(
    Effect.andThen(first, Effect.never),
    () => Effect.andThen(Effect.sleep(millis), Effect.sync(() => trail.push(`end ${name}`)))
  )

/** An effect that hands out the fiber it runs on, and waits for ever. */
export const captured = (fibers: Array<Fiber.Fiber<unknown, unknown>>): Effect.Effect<never> =>
  Effect.withFiber((fiber) => {
    fibers.push(fiber)
    return Effect.never
  })

/** A branch at whose value, which is no Effect, Effect ends the fiber as a whole. */
export const notAnEffect = Effect.flatMap(Effect.void, () => 42 as never as Effect.Effect<void>)
