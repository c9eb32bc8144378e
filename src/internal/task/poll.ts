/**
 * A task that asks until there is an answer; what it has seen so far goes with it.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { Path } from "../../CanoError.ts"
import { isWhole } from "../check/counts.ts"
import { misfit } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as returned from "../check/returned.ts"
import * as copies from "../failure/copies.ts"
import * as failure from "../failure/failure.ts"
import * as paths from "../failure/path.ts"
import * as quotes from "../failure/quotes.ts"
import type { AnyEffect } from "../fibers/any.ts"
import { CurrentRunRef } from "../run/run.ts"
import * as given from "./given.ts"
import { Task } from "./kind.ts"
import * as steps from "./steps.ts"

type Name = "poll" | "every" | "within" | "failures" | "label"

/** What is known when there is no answer. */
interface Unanswered<E> {
  /** `"Late"`: the time was up. `"Exhausted"`: the Schedule had no further poll. */
  readonly reason: "Late" | "Exhausted"
  readonly within: Duration.Duration
  /** How many polls were started. */
  readonly polls: number
  /** How many of them have failed. */
  readonly failed: number
  /** Whether the last one still ran, and was interrupted. */
  readonly running: boolean
  /** What the last one that ended has failed with; none if it had no answer, or none has ended. */
  readonly error: Option.Option<E>
  readonly workflow: string | undefined
  readonly state: string | undefined
  readonly path: Path | undefined
}

/**
 * A poll has no answer: its time was up, or its Schedule had no further poll. What still ran was interrupted and awaited.
 *
 * @category errors
 * @since 0.1.0
 */
export class PollTimeoutError<out E = unknown> extends failure.TaggedError("PollTimeoutError")<Unanswered<E>> {
  /** What the last poll that ended has failed with, if it has. */
  override get cause(): unknown {
    return Option.getOrUndefined(this.error)
  }
  override get message(): string {
    const { error, failed, polls, reason, running, within } = this
    const why = reason === "Late" ? `within ${Duration.format(within)}` : "before its Schedule was done"
    const failures = failed === 0 ? "" : `, ${failed} failed`
    const last = Option.isNone(error) ? "" : `, the last one with: ${quotes.quote(error.value)}`
    const still = running ? "; one was still running" : ""
    return failure.once(
      this,
      quotes.located(`there was no answer ${why} (polls: ${polls}${failures}${last}${still})`, this)
    )
  }
  override toJSON(): unknown {
    const { _tag, error, failed, message, polls, reason, running, within } = this
    return {
      _tag,
      message,
      reason,
      within: Duration.format(within),
      polls,
      failed,
      running,
      error: Option.isNone(error) ? undefined : copies.short(error.value),
      ...paths.located(this)
    }
  }
}

export const make = (options: unknown): Task => {
  const { every, failures, label, poll, within } = given.optionsOf<Name>(options)
  return new Task(
    {
      _tag: "Poll",
      label: given.labelOf(label),
      every: Schedule.isSchedule(every) ? undefined : durations.sound(every),
      within: durations.sound(within),
      failures: failures === undefined ? 0 : isTolerance(failures) ? failures : undefined
    },
    () =>
      given.faultsOf(options, "{ poll, every, within, … }", () => [
        given.workFault("poll", poll),
        Schedule.isSchedule(every) ? undefined : durations.wrong(every, "every"),
        withinFault(within),
        failures !== undefined && !isTolerance(failures) &&
        misfit("failures", failures, "an integer of at least 0, or Infinity, or be left out"),
        given.labelFault(label)
      ]),
    (state) => {
      const time = Duration.fromInputUnsafe(within as Duration.Input)
      // of their types, by the rules
      const schedule = (Schedule.isSchedule(every) ? every : Schedule.spaced(every as Duration.Input)) as AnySchedule
      return polling(
        Effect.suspend(() => given.effectOf("the poll", "its function", poll, state)),
        schedule,
        time,
        failures as number | undefined ?? 0
      )
    }
  )
}

type AnySchedule = Schedule.Schedule<unknown, unknown, never, unknown>

const isTolerance = (u: unknown): u is number => isWhole(u) || u === Number.POSITIVE_INFINITY

/** It is what bounds a poll. */
const withinFault = (within: unknown): string | undefined => {
  const wrong = durations.wrong(within, "within")
  if (wrong !== undefined) return wrong
  return Duration.isFinite(Duration.fromInputUnsafe(within as Duration.Input))
    ? undefined
    : "within is infinite; a poll has an end"
}

/** In the place of an answer: the time is up. */
const late = Symbol()

/** What has been seen of one poll. */
class Seen {
  polls = 0
  failed = 0
  running = false
  /** Whether one was running when the time was up. */
  stopped = false
  error: Option.Option<unknown> = Option.none()
}

const polling = (
  poll: AnyEffect,
  schedule: AnySchedule,
  within: Duration.Duration,
  tolerated: number
): AnyEffect =>
  Effect.withFiber((fiber) => {
    const seen = new Seen()
    const clock = fiber.getRef(Clock.Clock)
    const end = clock.monotonicTimeNanosUnsafe() + Duration.toNanosUnsafe(within)
    const unanswered = (reason: "Late" | "Exhausted") =>
      Effect.suspend(() => {
        const { path, state, workflow } = fiber.getRef(CurrentRunRef)
        const { error, failed, polls, stopped: running } = seen
        // outside of a run the names are empty
        const where = { workflow: workflow || undefined, state: state || undefined, path }
        return Exit.fail(new PollTimeoutError({ reason, within, polls, failed, running, error, ...where }))
      })
    const loop = Effect.gen(function*() {
      const step = yield* steps.make(schedule)
      let inRow = 0
      for (;;) {
        seen.polls++
        seen.running = true
        const exit = yield* Effect.exit(poll)
        seen.running = false
        if (Exit.isSuccess(exit)) {
          const { value } = exit
          if (!Option.isOption(value)) throw returned.unexpected("the poll", "its effect", value, "an Option")
          if (Option.isSome(value)) return value.value
          seen.error = Option.none()
          inRow = 0
        } else {
          const error = steps.failure(exit.cause)
          if (Option.isNone(error)) return yield* exit
          seen.failed++
          seen.error = error
          if (++inRow > tolerated) return yield* exit
        }
        if ((yield* step(seen.polls)) === undefined) return yield* unanswered("Exhausted")
        // polls that complete at once may keep the timer from its turn
        if (clock.monotonicTimeNanosUnsafe() >= end) return yield* unanswered("Late")
      }
    })
    const timer = Effect.map(Effect.sleep(within), () => {
      // not later: what ran is interrupted then
      seen.stopped = seen.running
      return late
    })
    return Effect.flatMap(
      Effect.raceFirst(loop, timer),
      (value) => value === late ? unanswered("Late") : Effect.succeed(value)
    )
  })
