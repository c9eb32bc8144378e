/**
 * How durable runs are driven: what was given, checked, and the rest as it is around. It lives as long as the Layer.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as counts from "../check/counts.ts"
import { misfit, misfits } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as flags from "../check/flags.ts"

export interface Service {
  /** How long a runner owns what it drives without a word of it: how late a crash is noticed. 5 seconds. */
  readonly lease: Duration.Duration
  /** How often it looks for what other processes have sent, and for runs that nobody drives. 250 milliseconds. */
  readonly poll: Duration.Duration
  /** How long the journal may take to answer. 5 seconds. */
  readonly patience: Duration.Duration
  /** How long a run may go on to its next row when its Layer is closed. 5 seconds. */
  readonly stopWithin: Duration.Duration
  /** The pause before a journal that has failed is asked again, which doubles up to 2 seconds. 100 milliseconds. */
  readonly pause: Duration.Duration
  /**
   * How far away the next instant of a run must be for it to be parked, when everything of it waits. 1 minute; a signal without
   * a timeout is always far enough, unless this is infinite: then nothing is parked.
   */
  readonly parkAfter: Duration.Duration
  /**
   * How many bytes of UTF-8 may be written of one value: a state, what a branch or step ends with, a signal or its reply. It is
   * the text of the row or letter, before any codec. 1 MiB; `Infinity` is no limit.
   */
  readonly maxPayload: number
  /** In a cluster only: how often runs and letters are looked for of which nobody was told. 10 seconds. */
  readonly sweep: Duration.Duration
}

export const usual: Service = {
  lease: Duration.seconds(5),
  poll: Duration.millis(250),
  patience: Duration.seconds(5),
  stopWithin: Duration.seconds(5),
  pause: Duration.millis(100),
  parkAfter: Duration.minutes(1),
  maxPayload: 1_048_576,
  sweep: Duration.seconds(10)
}

/** In memory nobody else comes, and nothing is left to go on with: so that virtual time has little to do. */
export const inMemory = (): Service => ({
  ...usual,
  lease: Duration.days(1),
  poll: Duration.minutes(1),
  stopWithin: Duration.zero
})

export const Settings: Context.Reference<Service> = Context.Reference("effect-cano/Durable/Settings", {
  defaultValue: () => usual
})

type Name = Exclude<keyof Service, "maxPayload">

const all = Object.keys(usual) as ReadonlyArray<keyof Service>
const names = all.filter((name): name is Name => name !== "maxPayload")

export const make = (around: Service, given: unknown): Effect.Effect<Service> => {
  if (!Predicate.isObject(given)) return Effect.die(new TypeError(misfits("the settings", given, "{ lease, … }")))
  const own = names.filter((name) => given[name] !== undefined)
  const { maxPayload } = given
  const isSize = maxPayload === undefined || maxPayload === Infinity || counts.isCount(maxPayload)
  const wrong = [
    ...(isSize ? [] : [misfit("maxPayload", maxPayload, `${counts.aCount}, in bytes, or Infinity`)]),
    ...own.flatMap((name) => durations.wrong(given[name], name) ?? []),
    // without a pause it would look, or beat, all the time
    ...own.filter((name) => !isOpen(name) && isZero(given[name])).map((name) => `${name} is 0; it must be longer`),
    ...own.filter((name) => !isOpen(name) && isEndless(given[name])).map((name) =>
      `${name} has no end; it must have one`
    ),
    ...flags.unknown(given, all)
  ]
  if (wrong.length > 0) return Effect.die(new TypeError(`the settings of durable runs: ${wrong.join("; ")}`))
  return Effect.succeed({
    ...around,
    ...Object.fromEntries(own.map((name) => [name, durations.sound(given[name])!])),
    ...(maxPayload === undefined ? {} : { maxPayload: maxPayload as number })
  })
}

/** What may be none, and may have no end. */
const isOpen = (name: Name): boolean => name === "stopWithin" || name === "parkAfter"

const isEndless = (given: unknown): boolean => {
  const duration = durations.sound(given)
  return duration !== undefined && !Duration.isFinite(duration)
}

const isZero = (given: unknown): boolean => {
  const duration = durations.sound(given)
  return duration !== undefined && Duration.isZero(duration)
}
