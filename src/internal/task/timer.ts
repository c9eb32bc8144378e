/**
 * A task that waits until an instant; it holds a timer for as long.
 *
 * What is given as a duration is measured by the clock that never steps. An instant is one of the wall clock, which is looked
 * at once a minute at least, as a sleep is a duration: a clock that is set forward, or a computer that slept, is noticed by
 * then, and one that is set back makes it wait.
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { misfits } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as returned from "../check/returned.ts"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { Branch } from "../run/branch.ts"
import { currentOf, levelIn, runOf } from "../run/run.ts"
import * as waits from "../run/waits.ts"
import * as given from "./given.ts"
import { Task } from "./kind.ts"

export const make = (until: unknown, options: unknown): Task => {
  const { label } = given.optionsOf<"label">(options)
  return new Task(
    {
      _tag: "Timer",
      label: given.labelOf(label),
      duration: DateTime.isDateTime(until) || Predicate.isFunction(until) ? undefined : durations.sound(until),
      instant: DateTime.isDateTime(until) ? DateTime.toEpochMillis(until) : undefined
    },
    () => [
      ...given.fault("options", wrong(until)),
      ...given.fault(
        "options",
        options === undefined || Predicate.isObject(options)
          ? given.labelFault(label)
          : misfits("the options", options, "{ label }, or be left out")
      )
    ],
    (state) => Predicate.isFunction(until) ? wait(until(state), true) : wait(until, false)
  )
}

const wrong = (until: unknown): string | undefined =>
  DateTime.isDateTime(until) || Predicate.isFunction(until)
    ? undefined
    : durations.wrong(until, "the time of the timer")

const wait = (until: unknown, isAnswer: boolean): AnyEffect => {
  if (DateTime.isDateTime(until)) return waitFor(DateTime.toEpochMillis(until))
  const duration = Option.getOrUndefined(Duration.fromInput(until as Duration.Input))
  // what has passed may be negative, and is no fault of a function that has looked at the clock
  const isPast = duration !== undefined && Duration.isNegative(duration)
  if (isAnswer && !isPast && durations.wrong(until, "") !== undefined) {
    throw returned.unexpected("the timer", "its function", until, "a duration or a DateTime")
  }
  return isPast ? waitFor(Number.NEGATIVE_INFINITY) : waitLong(duration!)
}

/** A duration from now on. */
const waitLong = (duration: Duration.Duration): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const since = sinceOf(fiber)
    if (since !== undefined) return waitFor(since + Duration.toMillis(duration))
    const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    return told(now + Duration.toMillis(duration), Effect.sleep(duration))
  })

/** When the wait began, where that is written down: it may have been in an earlier life of the run. */
const sinceOf = (fiber: AnyFiber): number | undefined => {
  const current = currentOf(fiber)
  const run = runOf(levelIn(current))
  if (current === undefined || run?.host === undefined) return undefined
  const isBranch = current instanceof Branch && current.level.key === run.key
  return current === run || isBranch ? run.host.since(run, isBranch) : undefined
}

const longest = 60_000

const waitFor = (instant: number): Effect.Effect<void> => {
  const left: Effect.Effect<number> = Effect.map(Clock.currentTimeMillis, (now) => instant - now)
  const slept: Effect.Effect<void> = Effect.flatMap(
    left,
    (millis) => millis > 0 ? Effect.flatMap(Effect.sleep(Math.min(millis, longest)), () => slept) : Effect.void
  )
  return Effect.flatMap(left, (millis) => millis > 0 ? told(instant, slept) : Effect.void)
}

const told = (until: number, body: Effect.Effect<void>): Effect.Effect<void> =>
  waits.told(
    { waits: "timer", signal: undefined, signalKey: undefined, until: Number.isFinite(until) ? until : undefined },
    body
  )
