/** A scheduler with a store: what was given for it, checked. Nothing outlives the look. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { ConfigurationError } from "../../CanoError.ts"
import type * as Scheduler from "../../Scheduler.ts"
import type * as Schedules from "../../schedules.ts"
import { show } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import { randomId } from "../run/run.ts"
import * as scheduler from "../scheduler/scheduler.ts"
import type { Setting } from "../scheduler/setting.ts"
import { Keeper, type Settings } from "./keeper.ts"
import { isFit } from "./words.ts"

const usual: { readonly [K in keyof Settings]: Duration.Duration } = {
  lease: Duration.seconds(10),
  poll: Duration.seconds(1),
  patience: Duration.seconds(5)
}

const names = Object.keys(usual) as ReadonlyArray<keyof Settings>

export const make = (
  flows: ReadonlyArray<Scheduler.AnyFlow>,
  given: Schedules.Options,
  store: Schedules.Service,
  error: Setting["error"]
): Effect.Effect<Scheduler.Service, ConfigurationError, Scope.Scope> =>
  Effect.suspend(() => {
    const { lease, patience, poll, ...rest } = Predicate.isObject(given) ? given : {}
    const own = { lease, patience, poll }
    const wrong = [
      ...names.flatMap((name) => own[name] === undefined ? [] : durations.wrong(own[name], name) ?? []),
      ...names.flatMap((name) => {
        const duration = durations.sound(own[name])
        return duration === undefined || (Duration.isFinite(duration) && !Duration.isZero(duration))
          ? []
          : [`${name} is ${Duration.format(duration)}; it must be longer than nothing, and have an end`]
      }),
      ...(Array.isArray(flows) ? flows : []).flatMap((flow) => {
        const id: unknown = flow?.id
        return typeof id === "string" && !isFit(id)
          ? [`flow ${show(id)}: its id has NUL, or half a character, which a database does not keep`]
          : []
      }),
      ...("claim" in rest ? ["claim beside a store, which asks for each tick itself: leave it out"] : [])
    ]
    if (wrong.length > 0) {
      const issues = wrong.map((message) =>
        ({ state: undefined, rule: "scheduler", subject: "scheduler", message }) as const
      )
      return Exit.fail(new ConfigurationError({ workflow: undefined, issues }))
    }
    const settings = Object.fromEntries(
      names.map((name) => [name, durations.sound(own[name]) ?? usual[name]])
    ) as unknown as Settings
    return Effect.flatMap(Random.Random, (random) =>
      scheduler.make(
        flows,
        Predicate.isObject(given) ? rest : given,
        error,
        (clock, services) => new Keeper(store, randomId(random), settings, clock, services)
      ) as Effect.Effect<Scheduler.Service, ConfigurationError, Scope.Scope>)
  })
