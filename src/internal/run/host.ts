/**
 * Who runs the steps of a run in the place of the engine: what makes runs durable, say. It is looked for once, when a run
 * starts, and belongs to that run and its follow-on branches; runs in its tasks and branches have none unless they are given
 * one themselves. Without a host the engine does all of it, and asks nobody.
 *
 * A host may do what it is asked for later, or not at all, and answer from its records instead. What it fails with ends the
 * run.
 */
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { Uncompensated } from "../../CanoError.ts"
import type { SplitResult } from "../../SplitResult.ts"
import type { Ledger } from "../saga/ledger.ts"
import type { Step } from "../saga/step.ts"
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
  /** What `next` or `otherwise` answers, where that is an Effect. */
  readonly next: (run: Run, answer: AnyEffect) => AnyEffect
  /** Where a run goes on that was there before; nothing for one that is new. A follow-on branch is a run of its own. */
  readonly resume: (run: Run) => Resumed | undefined
  /** Whether the run was going back before, which it does also from an exit. */
  readonly isBack: boolean
  /** Until the run may end before its states have begun: not while something waits to be undone that was done before. */
  readonly begun: Effect.Effect<void>
  /** The instant, in milliseconds of the Clock, at which the time of the run is up. */
  readonly deadline: (run: Run, timeout: Duration.Duration) => number
  /** The instant from which on the state waits that a run is in, or a branch of its split; nothing where that has no record. */
  readonly since: (run: Run, isBranch: boolean) => number | undefined
  /**
   * The states of a run are about to begin, inside of its resources: fills the ledger of one that was there before. What it is
   * to fail with at once, if it was going back.
   */
  readonly restore: (run: Run) => Exit.Exit<never, unknown> | undefined
  /** A step that can be undone, and where it is kept. */
  readonly step: (run: Run, ledger: Ledger, step: Step, work: AnyEffect) => AnyEffect
  /** The run only goes forward from here on. */
  readonly pivoted: (run: Run) => void
  /** The run is about to go back, for a reason. */
  readonly goesBack: (run: Run, why: Cause.Cause<unknown>) => Effect.Effect<void>
  /** One compensation: `work` ends with what has not been done, if so. */
  readonly undo: (
    run: Run,
    step: Step,
    work: Effect.Effect<Uncompensated | undefined>
  ) => Effect.Effect<Uncompensated | undefined>
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
