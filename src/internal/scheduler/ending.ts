/**
 * The end of flows: their runs drain, are interrupted, and then left alone. It takes no longer than its two bounds, whatever
 * runs and finalizers do.
 */
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scheduler from "../../Scheduler.ts"
import type { Lane } from "./lane.ts"
import type { Setting } from "./setting.ts"
import { log } from "./verdict.ts"

/** Milliseconds. */
export interface Bounds {
  readonly drain: number
  readonly grace: number
}

/** The runs of some flows end; also where whoever asks cannot be interrupted. */
export const end = (
  setting: Setting,
  lanes: ReadonlyArray<Lane>,
  { drain, grace }: Bounds
): Effect.Effect<Scheduler.Stopped> => {
  // those that go on when it is asked, and not when its fiber comes to it
  const all = lanes.flatMap((lane) => [...lane.runs.values()].map((run) => ({ lane, run })))
  return apart(Effect.gen(function*() {
    const services = (yield* Effect.context<never>()) as Context.Context<unknown>
    const names = (of: typeof all) => of.map(({ run }) => run.fire.runId)
    const ended = () => all.every(({ run }) => run.isEnded)
    if (drain > 0) yield* within(lanes, ended, drain)
    const left = all.filter(({ run }) => !run.isEnded)
    for (const { run } of left) run.cut()
    yield* within(lanes, ended, grace)
    const detached = left.filter(({ run }) => !run.isEnded)
    for (const { lane, run: { fire: { runId } } } of detached) {
      setting.herald.tell({ _tag: "Detached", flow: lane.id, runId, at: setting.hand.now })
      log(services, `flow "${lane.id}": run ${runId} does not end, and is left alone`)
    }
    return {
      drained: names(all.filter((one) => !left.includes(one))),
      interrupted: names(left.filter((one) => !detached.includes(one))),
      detached: names(detached)
    }
  }))
}

/** What flows have shared is released, if that ends in time. */
export const release = (lanes: ReadonlyArray<Lane>, { grace }: Bounds): Effect.Effect<void> =>
  apart(Effect.raceFirst(
    Effect.forEach(lanes, ({ released }) => released, { discard: true, concurrency: "unbounded" }),
    Effect.sleep(Duration.millis(grace))
  ))

/** In a fiber that can be interrupted, as a race has to be. */
const apart = <A>(effect: Effect.Effect<A>): Effect.Effect<A> => Effect.flatMap(Effect.forkDetach(effect), Fiber.join)

/** Until something holds that changes with flows, or some time has passed. */
const within = (lanes: ReadonlyArray<Lane>, holds: () => boolean, millis: number): Effect.Effect<void> =>
  Effect.suspend(() =>
    holds() ? Effect.void : Effect.raceFirst(
      Effect.callback<void>((resume) => {
        const look = () => {
          if (!holds()) return
          forget()
          resume(Effect.void)
        }
        const watched = lanes.map((lane) => lane.watch(look))
        const forget = () => watched.forEach((one) => one())
        return Effect.sync(forget)
      }),
      Effect.sleep(Duration.millis(millis))
    )
  )
