/**
 * Who runs the steps of a run in the place of the engine: what makes runs durable, say. It is looked for once, when a run
 * starts, and belongs to that run and its follow-on branches; runs in its tasks and branches have none unless they are given
 * one themselves. Without a host the engine does all of it, and asks nobody.
 *
 * A host may do what it is asked for later, or not at all, and answer from its records instead. What it fails with ends the
 * run.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { SplitResult } from "../../SplitResult.ts"
import type { BranchList } from "../split/branches.ts"
import type { Config } from "../split/config.ts"
import type { Run } from "./run.ts"

type AnyEffect = Effect.Effect<unknown, unknown, unknown>

/** A split of a state that is about to be run. */
export interface HostedSplit {
  readonly list: BranchList
  /** A host that knows the instant of the deadline gives a copy with `deadline`. */
  readonly config: Config
  /** Whether the branches are follow-on states, which are runs of their own and ask for `resume`. */
  readonly isFollowOn: boolean
  /** Runs a split as the engine does. */
  readonly run: (list: BranchList, config: Config) => Effect.Effect<SplitResult<unknown, unknown>, unknown, unknown>
}

export interface Host {
  /** One visit of a state, which the run has entered: `work` ends with the next state. */
  readonly visit: (run: Run, state: unknown, isSplit: boolean, work: AnyEffect) => AnyEffect
  /** The branches of a state and their join. */
  readonly split: (run: Run, split: HostedSplit) => Effect.Effect<SplitResult<unknown, unknown>, unknown, unknown>
  /** What `next` or `otherwise` answers, where they are functions. */
  readonly next: (run: Run, answer: AnyEffect) => AnyEffect
  /** Where a run goes on that was there before; nothing for one that is new. A follow-on branch is a run of its own. */
  readonly resume: (run: Run) => Resumed | undefined
  /** The instant, in milliseconds of the Clock, at which the time of the run is up. */
  readonly deadline: (run: Run, timeout: Duration.Duration) => number
}

/** The state to enter, and the number of that visit. */
export interface Resumed {
  readonly state: unknown
  readonly visit: number
}

/** The state in which a run begins, or goes on that was there before. */
export const begin = (run: Run, initial: unknown): unknown => {
  const resumed = run.host?.resume(run)
  if (resumed === undefined) return initial
  run.resumeAt(resumed.visit)
  return resumed.state
}

/** Waits for an instant, not at all if it has passed. */
export const until = (instant: number): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.sleep(Duration.millis(Math.max(0, instant - now))))
