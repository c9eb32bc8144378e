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
import type { Run } from "./run.ts"
import type { Setting } from "./setting.ts"
import { log } from "./verdict.ts"

/** Milliseconds. */
export interface Bounds {
  readonly drain: number
  readonly grace: number
}

/** Some runs end, also if whoever asks is interrupted at once: it is on its way when this returns. */
export const end = (
  setting: Setting,
  runs: ReadonlyArray<Run>,
  { drain, grace }: Bounds,
  leaves = false
): Effect.Effect<Scheduler.Stopped> =>
  Effect.gen(function*() {
    const services = (yield* Effect.context<never>()) as Context.Context<unknown>
    const names = (of: typeof runs) => of.map(({ fire }) => fire.runId)
    for (const run of leaves ? runs : []) if (run.isLasting && !run.isEnded) run.leave()
    if (drain > 0) yield* within(runs, drain)
    for (const run of runs) if (!run.isEnded) run.cut()
    yield* within(runs, grace)
    const left = runs.filter(({ isLeft }) => isLeft)
    const detached = runs.filter(({ isEnded, isLeft }) => !isEnded && !isLeft)
    for (const { fire: { flow, runId } } of detached) {
      setting.herald.tell({ _tag: "Detached", flow, runId, at: setting.hand.now })
      log(services, `flow "${flow}": run ${runId} does not end, and is left alone`)
    }
    return {
      drained: names(runs.filter(({ isCut }) => !isCut)),
      interrupted: names(runs.filter(({ isCut, isEnded, isLeft }) => isCut && isEnded && !isLeft)),
      detached: names([...left, ...detached])
    }
  })

/** What flows have shared is released, if that ends in time. */
export const release = (lanes: ReadonlyArray<Lane>, { grace }: Bounds): Effect.Effect<void> =>
  apart(Effect.raceFirst(
    Effect.forEach(lanes, ({ released }) => released, { discard: true, concurrency: "unbounded" }),
    Effect.sleep(Duration.millis(grace))
  ))

/** In a fiber that can be interrupted, as a race has to be. */
const apart = <A>(effect: Effect.Effect<A>): Effect.Effect<A> => Effect.flatMap(Effect.forkDetach(effect), Fiber.join)

/** Until all have ended, or some time has passed. */
const within = (runs: ReadonlyArray<Run>, millis: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    const ended = () => runs.every(({ isEnded }) => isEnded)
    return ended() ? Effect.void : Effect.raceFirst(
      Effect.callback<void>((resume) => {
        const look = () => {
          if (!ended()) return
          forget()
          resume(Effect.void)
        }
        const watched = runs.map((run) => run.watch(look))
        const forget = () => watched.forEach((one) => one())
        return Effect.sync(forget)
      }),
      Effect.sleep(Duration.millis(millis))
    )
  })
