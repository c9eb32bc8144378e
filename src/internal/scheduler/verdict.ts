/**
 * What is said of a run when it starts and ends, and the Schedules that say when the next one is: for a lane, which lives
 * longer.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import type * as Scheduler from "../../Scheduler.ts"
import * as runs from "../run/run.ts"
import type { AnySchedule } from "./definition.ts"
import type { Run } from "./run.ts"

type Services = Context.Context<unknown>

/** How late the scheduler may come to a tick without a word about it. */
const mostLate = 1000

export const verdictOf = (
  { begun, fire, isTrigger, planned, seen }: Run,
  now: number
): Pick<Scheduler.Fired | Scheduler.Late, "_tag" | "fire" | "by"> | {
  readonly _tag: "Triggered"
  readonly fire: Scheduler.Fire
} => {
  if (isTrigger) return { _tag: "Triggered", fire }
  const by = {
    jitter: past(fire.due, planned),
    system: past(planned, seen) + past(begun, now),
    overlap: past(seen, begun)
  }
  const inTime = fire.by === "tick" && by.system <= mostLate && by.overlap === 0
  return { _tag: inTime ? "Fired" : "Late", fire, by }
}

/** A clock that was set back in between has no time to tell. */
const past = (from: number, to: number): number => Math.max(0, to - from)

export const endedOf = (
  { isCut }: Run,
  exit: Exit.Exit<unknown, unknown>,
  times: Omit<Scheduler.Ended<unknown, unknown>, "exit" | "interrupted" | "path">
): Scheduler.Ended<unknown, unknown> => ({
  ...times,
  exit,
  // what a rollback has failed with is a failure
  interrupted: isCut && Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause),
  path: Exit.isFailure(exit) ? runs.path(exit.cause) : undefined
})

/** Tells the log of what nobody would look at otherwise. */
export const log = (services: Services, sentence: string, cause?: Cause.Cause<unknown>): void => {
  Effect.runForkWith(services)(
    Effect.ignoreCause(cause === undefined ? Effect.logWarning(sentence) : Effect.logError(sentence, cause))
  )
}

/** Steps a Schedule, and calls back with its delay in milliseconds; with nothing when it is done. */
export const stepper = (schedule: AnySchedule, services: Services) => {
  const begin = () => Effect.runSyncExitWith(services)(Schedule.toStep(schedule))
  let current = begin()
  return {
    restart: () => {
      current = begin()
    },
    step: (now: number, input: unknown, then: (delay: number | undefined) => void): void => {
      const step: Effect.Effect<[unknown, Duration.Duration], unknown, unknown> = Effect.suspend(() =>
        Exit.isSuccess(current) ? current.value(now, input) : Exit.failCause(current.cause)
      )
      Effect.runForkWith(services)(step).addObserver((exit) => {
        if (Exit.isSuccess(exit)) return then(Duration.toMillis(exit.value[1]))
        if (!Pull.isDoneCause(exit.cause)) log(services, "a Schedule of a flow failed, and is done", exit.cause)
        then(undefined)
      })
    }
  }
}
