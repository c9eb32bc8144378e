/**
 * A task that tries again after a failure; what it remembers is how many attempts it has made, and goes with it. Each
 * attempt is told to listeners.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as durations from "../check/durations.ts"
import type { AnyEffect } from "../fibers/any.ts"
import * as attempts from "../run/attempts.ts"
import { isUnsure, unsure } from "../run/doubt.ts"
import * as given from "./given.ts"
import { Task } from "./kind.ts"
import * as steps from "./steps.ts"

type Name = "schedule" | "attemptTimeout" | "label"

export const make = (work: unknown, options: unknown): Task => {
  const { attemptTimeout, label, schedule } = given.optionsOf<Name>(options)
  return new Task(
    { _tag: "Retry", label: given.labelOf(label), attemptTimeout: durations.sound(attemptTimeout) },
    () => [
      ...given.fault("task", given.workFault("the work", work)),
      ...given.faultsOf(options, "{ schedule, … }", () => [
        given.scheduleFault("schedule", schedule),
        given.optionalDuration("attemptTimeout", attemptTimeout),
        given.labelFault(label)
      ])
    ],
    (state) =>
      retrying(
        Effect.suspend(() => given.effectOf("the retry", "its function", work, state)),
        // of their types, by the rules
        schedule as Schedule.Schedule<unknown, unknown, never, unknown>,
        attemptTimeout as Duration.Input | undefined
      )
  )
}

const retrying = Effect.fnUntraced(function*(
  work: AnyEffect,
  schedule: Schedule.Schedule<unknown, unknown, never, unknown>,
  attemptTimeout: Duration.Input | undefined
): Effect.fn.Return<unknown, unknown, unknown> {
  const step = yield* steps.make(schedule)
  const bounded = attemptTimeout === undefined ? work : Effect.timeout(work, attemptTimeout)
  const series = {}
  // an attempt that was cut off may have taken effect, whatever those after it have to say
  let isOpen = false
  let metadata = Schedule.CurrentMetadata.defaultValue()
  for (let attempt = 0;; attempt++) {
    const exit = yield* Effect.exit(
      attempts.told(series, attempt, Effect.provideService(bounded, Schedule.CurrentMetadata, metadata))
    )
    if (Exit.isSuccess(exit)) return exit.value
    const error = steps.failure(exit.cause)
    const next = Option.isNone(error) ? undefined : yield* step(error.value)
    if (next === undefined) return yield* isOpen ? Exit.failCause(unsure(exit.cause)) : exit
    isOpen ||= isUnsure(exit.cause)
    metadata = next
  }
})
