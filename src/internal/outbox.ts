/**
 * Outcomes on their way to an observer: one at a time, in the order in which the branches ended. A slot does not take
 * another branch while too many wait, so a slow observer slows the split down instead of filling the memory.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Latch from "effect/Latch"
import * as Pull from "effect/Pull"
import * as Queue from "effect/Queue"
import type { Outcome } from "../SplitResult.ts"

type Ended = Outcome.Any<unknown, unknown>

/** Told of each branch that has ended, and in a machine of the state. */
export type Observer = (outcome: Ended, state?: unknown) => Effect.Effect<unknown, unknown, unknown>

export interface Outbox {
  readonly observer: Observer
  readonly queue: Queue.Queue<Ended, Cause.Done>
  /** Closed while slots wait. */
  readonly space: Latch.Latch
}

/** Outcomes that may wait before slots do. */
const capacity = 16

export const make = (observer: Observer): Effect.Effect<Outbox> =>
  Effect.map(
    Queue.unbounded<Ended, Cause.Done>(),
    (queue) => ({ observer, queue, space: Latch.makeUnsafe(true) })
  )

export const offer = ({ queue }: Outbox, outcome: Ended): void => {
  Queue.offerUnsafe(queue, outcome)
}

export const isFull = ({ queue }: Outbox): boolean => Queue.sizeUnsafe(queue) >= capacity

export const waitForSpace = ({ space }: Outbox): Effect.Effect<void> => {
  space.closeUnsafe()
  return space.await
}

/** Nothing will be added: `deliver` ends when all has been delivered. */
export const end = ({ queue }: Outbox): void => {
  Queue.endUnsafe(queue)
}

/** Delivers what is added, until its end. */
export const deliver = ({ observer, queue, space }: Outbox): Effect.Effect<void, unknown, unknown> =>
  Effect.suspend(() => {
    let open = true
    const next = Effect.flatMap(
      Pull.catchDone(Queue.take(queue), () => {
        open = false
        return Effect.undefined
      }),
      (outcome) => {
        if (outcome === undefined) return Effect.void
        if (Queue.sizeUnsafe(queue) <= capacity / 2) space.openUnsafe()
        return observer(outcome)
      }
    )
    return Effect.whileLoop({ while: () => open, body: () => next, step: constVoid })
  })
