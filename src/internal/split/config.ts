/**
 * The options of a split, checked and brought to one form. They are made once for a definition and shared by all splits of
 * it.
 */
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Hedge from "../../Hedge.ts"
import type * as JoinStrategy from "../../JoinStrategy.ts"
import type { Outcome } from "../../SplitResult.ts"
import type { Pool } from "../bulkhead/pool.ts"
import type { Undo } from "../saga/step.ts"
import type { Observer } from "./outbox.ts"
import type { Recall } from "./recall.ts"

export interface Config {
  readonly strategy: JoinStrategy.JoinStrategy
  readonly timeout: Duration.Duration | undefined
  /** The instant at which the timeout is over, in milliseconds of the Clock; left out: counted from when it is entered. */
  readonly deadline?: number | undefined
  /** What a split that is no state is called, for the keys of its branches. */
  readonly name: string | undefined
  readonly bulkhead: number | undefined
  /** A bulkhead that other splits share, or the key of the service. */
  readonly pool: Pool | Context.Key<unknown, unknown> | undefined
  readonly maxBranches: number | undefined
  readonly hedge: Stagger | undefined
  readonly discard: boolean
  /** Whether outcomes say when their branch was queued, started and ended. */
  readonly times?: boolean
  readonly losers: "interrupt" | "await" | "detach"
  /** How long losers have to stop. */
  readonly grace: Duration.Duration | undefined
  readonly onOutcome: Observer | undefined
  /** How long it may take for an outcome, once the join is decided. */
  readonly observerTimeout: Duration.Duration
  readonly reduce: Reduce | undefined
  /** Whether losers that have completed stay done when the join is satisfied. */
  readonly keepsCompleted?: boolean
  /** How the branches are undone, where they are. */
  readonly undo?: BranchUndo | undefined
  /** What is known of the split from an earlier life of its run, where somebody keeps that. */
  readonly recall?: Recall | undefined
}

/** How the branches of a state are undone. */
export interface BranchUndo {
  /** That of one branch, if it has one. */
  readonly of: (index: number, name: string) => Undo | undefined
  /** The names that have one; nothing where all have the same. */
  readonly names: ReadonlyArray<string> | undefined
  /** The state as it was entered. */
  readonly state: unknown
}

/** How branches that are alternatives are started one after another. */
export interface Stagger {
  readonly delay: Hedge.Delay
  readonly atOnce?: number | undefined
  readonly budget?: Hedge.Budget | undefined
  readonly latencies?: Hedge.Latencies | undefined
}

/** A fold over the outcomes that settle. */
export interface Reduce {
  readonly initial: () => unknown
  readonly step: (state: unknown, outcome: Outcome.Settled<unknown, unknown>) => unknown
}

/** Whether branches may be detached: go on when their split has ended. */
export const mayDetach = ({ grace, losers }: Config): boolean => losers === "detach" || grace !== undefined
