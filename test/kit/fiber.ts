/**
 * Fibers and memory: how many fibers there have been, how one is ended, and what of them is kept.
 */
import { Effect, Fiber } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** The id of the fiber that is made next: how many there have been shows between two of them. */
export const fiberId = Effect.flatMap(Effect.forkChild(Effect.withFiber(({ id }) => Effect.succeed(id))), Fiber.join)

/** How many fibers an effect makes. */
export const fibersOf = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const before = yield* fiberId
  const value = yield* effect
  return { value, fibers: (yield* fiberId) - before }
})

/** What `Fiber.interrupt` is to `Fiber.join`. */
export const interruptAndWait = <A, E>(fiber: Fiber.Fiber<A, E>) =>
  Effect.andThen(Fiber.interrupt(fiber), Fiber.await(fiber))

/**
 * How many of these are still there, after collecting until there are no more than so many: some are held for a turn by who has
 * just looked at them, and a leak is there however often it is looked for. In real time.
 */
export const stillHeld = (refs: ReadonlyArray<WeakRef<object>>, most: number): Effect.Effect<number> =>
  Effect.gen(function*() {
    let held = refs.length
    for (let i = 0; i < 20 && held > most; i++) {
      yield* Effect.sleep(1)
      collectGarbage()
      held = refs.filter((ref) => ref.deref() !== undefined).length
    }
    return held
  })

/** Collects what nobody keeps, on the spot. */
export const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc")
  runInNewContext("gc")()
}
