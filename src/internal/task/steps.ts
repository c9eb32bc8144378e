/**
 * The steps of a `Schedule`, one for each wait of a task; they begin anew in each run of it.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"

export type Metadata = Schedule.Metadata<unknown, unknown>

/** Waits until the next step is due; nothing where there is none. Whoever waits no time lets others go first. */
export type Step<R> = (input: unknown) => Effect.Effect<Metadata | undefined, never, R>

export const make = <R>(schedule: Schedule.Schedule<unknown, unknown, never, R>): Effect.Effect<Step<R>, never, R> =>
  Effect.map(Schedule.toStepWithMetadata(schedule), (step): Step<R> => (input) =>
    Effect.flatMap(
      Pull.catchDone(step(input), () => Effect.undefined),
      (metadata) =>
        metadata !== undefined && !Duration.isPositive(metadata.duration)
          ? Effect.as(Effect.yieldNow, metadata)
          : Effect.succeed(metadata)
    ))

/** The error of what has failed and nothing else: what died or was interrupted besides is not tried again. */
export const failure = <E>(cause: Cause.Cause<E>): Option.Option<E> =>
  cause.reasons.every(Cause.isFailReason) ? Cause.findErrorOption(cause) : Option.none()
