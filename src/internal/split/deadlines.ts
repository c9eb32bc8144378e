/**
 * What runs beside the branches of a split until its decision, which interrupts it: the deadline, the soft deadline of its
 * strategy, and what its places need. They are started before the branches, so that their clock starts when the split is
 * entered.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as JoinStrategy from "../../JoinStrategy.ts"
import type { AnyEffect } from "../fibers/any.ts"
import { until } from "../run/host.ts"
import type { Join } from "./join.ts"
import { softInstant } from "./recall.ts"
import { breakOff, expire, isBreak, noticeBreak, soften } from "./settling.ts"

const none: ReadonlyArray<AnyEffect> = []

/** Starts all of it. */
export const start = (join: Join): void => {
  for (const deadline of deadlines(join)) join.crew.start(deadline, (exit) => noticeBreak(join, exit))
}

const deadlines = (join: Join): ReadonlyArray<AnyEffect> => {
  const { config: { deadline, strategy, timeout } } = join
  const more = join.isBounded ? join.places.beside : undefined
  const soft = JoinStrategy.isCustom(strategy) ? strategy.reducer.soft : undefined
  if (soft === undefined && timeout === undefined && more === undefined) return none
  const all: Array<AnyEffect> = []
  if (soft !== undefined) {
    all.push(beside(join, () => after(join, Duration.fromInputUnsafe(soft.after), soften, softInstant(join))))
  }
  if (timeout !== undefined) all.push(beside(join, () => after(join, timeout, expire, deadline)))
  if (more !== undefined) all.push(beside(join, () => more))
  return all
}

const after = (join: Join, time: Duration.Duration, due: (join: Join) => void, instant?: number): AnyEffect =>
  Effect.map(instant === undefined ? Effect.sleep(time) : until(instant), () => due(join))

const beside = (join: Join, body: () => AnyEffect): AnyEffect =>
  Effect.withFiber((fiber) => {
    const { crew, decision } = join
    if (!decision.isOpen) return Exit.void
    crew.accompany(fiber)
    return Effect.catchCause(
      Effect.interruptible(body()),
      // interrupted because the split has been decided, it ends well
      (cause) => decision.isOpen || isBreak(cause) ? breakOff(join, cause) : Exit.void
    )
  })
