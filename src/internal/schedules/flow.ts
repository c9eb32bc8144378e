/** A flow of durable runs as a value, which holds nothing of a run. What it starts is found by its id, in any process. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as EffectSchedule from "effect/Schedule"
import { Runs } from "../../Runs.ts"
import type * as Scheduler from "../../Scheduler.ts"
import type { Startable } from "../../schedules.ts"
import type { AnyEffect } from "../fibers/any.ts"
import { JournalError } from "../journal/error.ts"
import { FlowValue } from "../scheduler/flow.ts"

interface Given {
  readonly definition: Startable<unknown, unknown, unknown, unknown, unknown>
  readonly initial: unknown
}

export const make = (id: string, options: unknown): FlowValue => {
  // what is wrong with it is found when it is added: there is nothing to run then
  if (!Predicate.isObject(options)) return new FlowValue(id, options)
  const { definition, initial, ...rest } = { ...options } as unknown as Given
  if (!isStartable(definition)) return new FlowValue(id, rest)
  const start = (fire: Scheduler.Fire): AnyEffect =>
    Effect.suspend(() =>
      // it is asked again for each attempt, as the state of a fire is the same
      definition.start(fire.runId, Predicate.isFunction(initial) ? initial(fire) : initial)
    )
  const awaited = (fire: Scheduler.Fire): AnyEffect => Effect.suspend(() => definition.await(fire.runId))
  return new FlowValue(
    id,
    { ...rest, run: (fire: Scheduler.Fire) => Effect.andThen(patiently(start(fire)), patiently(awaited(fire))) },
    undefined,
    { start: (fire) => patiently(start(fire)), await: (fire) => patiently(awaited(fire)), cancel }
  )
}

const isStartable = (definition: unknown): boolean =>
  Predicate.isObject(definition) && Predicate.isFunction(definition["start"]) &&
  Predicate.isFunction(definition["await"])

/** A journal that is gone is no failure of a flow. */
const patiently = (effect: AnyEffect): AnyEffect =>
  Effect.retry(effect, { while: (error) => error instanceof JournalError, schedule: again })

const again = EffectSchedule.min([EffectSchedule.exponential("100 millis"), EffectSchedule.spaced("2 seconds")])

const cancel = ({ runId }: Scheduler.Fire): AnyEffect =>
  Effect.flatMap(
    Effect.flatMap(Runs, (runs) => runs.get(runId)),
    (run) => Option.isNone(run) ? Effect.void : Effect.asVoid(run.value.cancel())
  )
