/**
 * What the worker of a split runs: the one fiber that its caller waits for. It starts the slots in one of two ways, and ends
 * after all of them, after their children, and after the observer (I4).
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { AnyEffect } from "../fibers/any.ts"
import { mayDetach } from "./config.ts"
import { reportBroken } from "./detaching.ts"
import * as gradual from "./gradual.ts"
import type { Join } from "./join.ts"
import * as outbox from "./outbox.ts"
import * as segments from "./segments.ts"
import { breakOff, closeList, noticeBreak } from "./settling.ts"

/** How the slots of a split are started. */
interface Start {
  /** Starts the first of them, for so many branches at most. */
  readonly begin: (join: Join, width: number) => AnyEffect
  /** Whatever becomes of that: waits for the last slot, and starts those that come later. */
  readonly attend: (join: Join) => AnyEffect
}

export const work = (join: Join): AnyEffect => {
  const slots = branches(join, join.isGradual ? gradual : segments)
  const all = join.outbox === undefined ? slots : observed(join, join.outbox, slots)
  return mayDetach(join.config) ? Effect.onExit(all, (exit) => reportBroken(join, exit)) : all
}

const branches = (join: Join, start: Start): AnyEffect => {
  const { cursor: { iterator, known }, isBounded, places } = join
  const begun = start.begin(join, Math.min(places.most, iterator === undefined ? known : Number.POSITIVE_INFINITY))
  // nothing is started later, and there is nothing to close
  if (!isBounded && iterator === undefined) return begun
  const close = Effect.sync(() => {
    places.close()
    closeList(join)
  })
  return Effect.onExit(begun, () => Effect.andThen(start.attend(join), close))
}

/** The observer may outlive the decision, but not the split. */
const observed = (join: Join, to: outbox.Outbox, slots: AnyEffect): AnyEffect => {
  const { decision } = join
  const deliver = Effect.withFiber((fiber) => {
    if (decision.isHalted) return Exit.void
    to.delivering = fiber
    return Effect.catchCause(
      outbox.deliver(to),
      (cause) => decision.isHalted || to.isClosed ? Exit.void : breakOff(join, cause)
    )
  })
  to.onRoom = () => join.places.request()
  const both = Duration.isFinite(to.patience)
    ? Effect.andThen(Effect.forkChild(outbox.limit(to), { startImmediately: true }), slots)
    : slots
  return Effect.flatMap(
    Effect.forkChild(deliver, { startImmediately: true }),
    (observing) => {
      // at a value that is no Effect the fiber ends as a whole, past what catches a cause
      observing.addObserver((exit) => {
        if (!to.isClosed) noticeBreak(join, exit)
      })
      return Effect.onExit(both, () => {
        outbox.end(to)
        return Fiber.await(observing)
      })
    }
  )
}
