/**
 * Where a lane takes its ticks from that shares its flow with others, by a store: nothing of it starts that was not written
 * down before. What implements it is brought by `effect-cano/schedules`, so that nobody else loads it. It lives as long as its
 * lane.
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scheduler from "../../Scheduler.ts"
import type { Crew } from "./crew.ts"
import type { Lane } from "./lane.ts"
import type { Run } from "./run.ts"

export interface Desk {
  /** Whether it is not to be asked for ticks now: it is about them, or does not know yet where the flow stands. */
  readonly isBusy: boolean
  /** Ticks are due. */
  readonly take: () => void
  /** A run that somebody has triggered, by an id of his own or not. */
  readonly trigger: (run: Run, isNamed: boolean) => void
  /** A tick or a trigger comes to no run. */
  readonly drop: (runId: string) => void
  /** A durable run is there. */
  readonly started: (runId: string) => void
  /** It goes on without this scheduler. */
  readonly left: (runId: string) => void
  readonly ended: (
    ended: Scheduler.Ended<unknown, unknown>,
    streak: "failed" | "cleared" | "kept",
    trip: number
  ) => void
  /** A backoff is known, or a flow has tripped. */
  readonly gated: () => void
  readonly pause: (note: string | undefined) => void
  readonly resume: (catchUp: boolean) => void
  /** Forgets failures; with an anchor ticks count from there, too. */
  readonly reset: (anchor: number | undefined) => void
  /** When all that was asked for is written, or the store was found to be gone. */
  readonly saved: Effect.Effect<void>
}

/** What a desk does to its lane, beside what anybody may ask of it. */
export interface Inner {
  readonly crew: Crew
  /** Of the definition that it has. */
  readonly services: () => Context.Context<unknown>
  /** Takes up the ticks of its definition where its course stands. */
  readonly define: () => void
  readonly skip: (
    due: number,
    reason: Scheduler.SkipReason,
    several?: Pick<Scheduler.Skipped, "count" | "through">
  ) => void
  /** It waits, if it may not start, however many do. */
  readonly offer: (run: Run) => void
  readonly adopt: (run: Run, from: string) => void
  readonly follow: () => void
  readonly advance: () => void
  readonly reopen: () => void
  readonly tell: (event: Omit<Scheduler.Event, "flow" | "at">) => void
  readonly tellStatus: () => void
  readonly tellAhead: () => void
}

/** All desks of a scheduler. */
export interface Desks {
  readonly open: (lane: Lane, inner: Inner) => Desk
  /** Nothing is asked for any more; what can be written within its patience is. */
  readonly close: Effect.Effect<void>
}
