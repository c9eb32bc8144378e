/**
 * What the worker of a split runs, where it has one: the fiber that its caller waits for. It starts what runs the branches,
 * and ends after all of that, after its children, and after the observer (I4).
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { AnyEffect } from "../fibers/any.ts"
import { mayDetach } from "./config.ts"
import { reportBroken } from "./detaching.ts"
import * as gradual from "./gradual.ts"
import type { Bounded, Join, Unbounded } from "./join.ts"
import * as outbox from "./outbox.ts"
import * as segments from "./segments.ts"
import { breakOff, closeList, noticeBreak } from "./settling.ts"

/** How the slots of a split are started. */
interface Start {
  /** Starts the first of them, for so many branches at most. */
  readonly begin: (join: Bounded, width: number) => AnyEffect
  /** Whatever becomes of that: waits for the last slot, and starts those that come later. */
  readonly attend: (join: Bounded) => AnyEffect
}

/** Whether a split has a worker: a split whose branches have fibers of their own needs one only to be left, or observed. */
export const isNeeded = ({ config, isBounded, outbox }: Join): boolean =>
  isBounded || outbox !== undefined || mayDetach(config)

export const work = (join: Join): AnyEffect => {
  const branches = join.isBounded ? slots(join, join.isGradual ? gradual : segments) : collected(join)
  const all = join.outbox === undefined ? branches : observed(join, join.outbox, branches)
  return mayDetach(join.config) ? Effect.onExit(all, (exit) => reportBroken(join, exit)) : all
}

const slots = (join: Bounded, start: Start): AnyEffect => {
  const { cursor, places } = join
  const begun = start.begin(join, Math.min(places.most, cursor.left))
  const close = Effect.sync(() => {
    places.close()
    closeList(join)
  })
  return Effect.onExit(begun, () => Effect.andThen(start.attend(join), close))
}

const collected = (join: Unbounded): AnyEffect =>
  Effect.callback<void>((resume) =>
    join.crew.begin(join, () => {
      closeList(join)
      resume(Exit.void)
    })
  )

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
  if (join.isBounded) to.onRoom = () => join.places.request()
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
