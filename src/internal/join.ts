/**
 * What one running split knows: its counts, its verdict, and the fibers to interrupt at its end. It is made when a split is
 * entered and dropped when it is left.
 */
import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Path } from "../CanoError.ts"
import type * as Hedge from "../Hedge.ts"
import * as JoinStrategy from "../JoinStrategy.ts"
import type { Outcome } from "../SplitResult.ts"
import type { Branch, BranchList } from "./branches.ts"
import type { Nursery } from "./nursery.ts"
import type { Observer, Outbox } from "./outbox.ts"
import type { Pool } from "./pool.ts"
import * as returned from "./returned.ts"
import type { Sharing } from "./sharing.ts"
import * as splitResult from "./splitResult.ts"

export type AnyEffect = Effect.Effect<unknown, unknown, unknown>
export type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The checked options of a split. */
export interface Config {
  readonly strategy: JoinStrategy.JoinStrategy
  readonly timeout: Duration.Duration | undefined
  readonly bulkhead: number | undefined
  /** A bulkhead that other splits share, or the key of the service. */
  readonly pool: Pool | Context.Key<unknown, unknown> | undefined
  readonly maxBranches: number | undefined
  readonly hedge: Stagger | undefined
  readonly discard: boolean
  readonly losers: "interrupt" | "await" | "detach"
  /** How long losers have to stop. */
  readonly grace: Duration.Duration | undefined
  readonly onOutcome: Observer | undefined
  readonly reduce: Reduce | undefined
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

/** Where a split stands, for its errors. */
export interface Frame {
  readonly workflow: string | undefined
  readonly state: string | undefined
  readonly path: Path | undefined
  /** Where branches go that outlive their split. */
  readonly nursery: Nursery | undefined
  /** What the run may still do. */
  readonly budget: Budget | undefined
}

/** What a run has done, its branches included, and what it may do. */
export interface Budget {
  transitions: number
  readonly maxTransitions: number
  branches: number
  readonly maxBranches: number
}

/** Read only when there is an error to make: a path is put together on demand. */
export const where = (frame: Frame): Pick<Frame, "workflow" | "state" | "path"> => ({
  workflow: frame.workflow,
  state: frame.state,
  path: frame.path
})

/** A place of a bulkhead that is shared: since when, and for how many branches while others wait. */
export interface Place {
  readonly since: number
  turn: number
}

/** A fiber that runs branches one after another, as the options of its own `whileLoop`. */
export interface Slot {
  readonly id: number
  /** Until the slot has nothing left to do. */
  fiber: AnyFiber | undefined
  /** The branch that runs; negative between two of them. */
  index: number
  /** Its place of a bulkhead that is shared. */
  place: Place | undefined
  while(): boolean
  body(): AnyEffect
  step(value: unknown): void
}

/** The one mutable object of a split. */
export interface Join {
  readonly list: BranchList
  readonly config: Config
  readonly frame: Frame
  /** The id of the fiber that waits for the split, in whose name losers are interrupted. */
  readonly caller: number
  readonly record: splitResult.Recorder
  /** Where outcomes wait for an observer. */
  readonly outbox: Outbox | undefined
  /** The fiber that delivers them. */
  observing: AnyFiber | undefined
  readonly tally: { -readonly [K in keyof JoinStrategy.Tally]: JoinStrategy.Tally[K] }
  /** The branches of a list that is no iterator's, in the order of their starts; one that grows is added to. */
  readonly items: Array<Branch>
  /** How many branches may run at once. */
  readonly places: number
  /** Slots on their way to a branch: they are started, or have yielded. */
  arriving: number
  /** The iterator of a lazy list. */
  readonly iterator: Iterator<Branch> | undefined
  /** What it has of a bulkhead that others share. */
  sharing: Sharing | undefined
  /** In the order of their fibers' ids, which is the order in which they were started. */
  readonly slots: Array<Slot>
  /** Whether slots go on with the list, and are replaced: where a place may be had or branches added later. */
  readonly isBounded: boolean
  readonly isGrowing: boolean
  /** Whether a settlement concerns nobody but the strategy. */
  readonly isPlain: boolean
  /** A percentage becomes a quorum as soon as the total is known. */
  strategy: JoinStrategy.JoinStrategy
  verdict: JoinStrategy.Verdict
  /** Why the verdict is to fail, where the strategy says so. */
  reason: string | undefined
  /** The state of a strategy that is a fold over outcomes. */
  state: unknown
  /** What outcomes have been reduced to. */
  reduced: unknown
  timedOut: boolean
  /** Whether the soft deadline of the strategy has passed, or need not be waited for. */
  softPassed: boolean
  /** Whether the split was ended without a verdict: the caller was interrupted, or the list turned out to be broken. */
  halted: boolean
  broken: Cause.Cause<unknown> | undefined
  /** Called once, when the join is decided while branches may outlive it. */
  onDecided: (() => void) | undefined
  /** Whether the split has ended before its branches. */
  parted: boolean
  started: number
  exhausted: boolean
  /** Whether the iterator has come to its end. */
  isRead: boolean
  /** Whether the list is being read: what it does meanwhile may resume a slot, which must not read it too. */
  pulling: boolean
  /** Without a bulkhead: the slot that was started last, the only one that may take another branch. */
  front: Slot | undefined
  /** Where in `slots` the last one was found that reported. */
  hint: number
  /** What is asked when the fiber of a slot behind a bulkhead ends, the same for all of them. */
  onEnd: ((exit: Exit.Exit<unknown, unknown>) => void) | undefined
  /** How a slot goes on after its first branch, the same for all of them. */
  drain: AnyEffect | undefined
  /** The services of the branches. */
  context: Context.Context<never> | undefined
  /** The fibers of the deadlines. */
  readonly timers: Array<AnyFiber>
  /** Slots in place of those that could not go on, each on a fiber of its own. */
  replacements: Set<AnyFiber> | undefined
  yieldEvery: number
  sinceYield: number
  yields: number
}

/**
 * Settlements between two yields: a million synchronous branches must not keep timers and other fibers waiting. It is
 * the number of operations after which Effect's own scheduler makes a fiber yield.
 */
export const yieldEvery = 2048

export const make = (
  list: BranchList,
  config: Config,
  frame: Frame,
  caller: number,
  outbox: Outbox | undefined
): Join => {
  // the engine adds only to a list that grows
  const items = list._tag === "Known" ? list.items as Array<Branch> : []
  const total = list._tag === "Known" ? items.length : Number.POSITIVE_INFINITY
  const isGrowing = list._tag === "Growing"
  const { bulkhead, hedge, pool, reduce } = config
  const tally = { total, succeeded: 0, failed: 0, interrupted: 0, notStarted: 0 }
  const strategy = JoinStrategy.resolve(config.strategy, total)
  // before the iterator, which would have to be closed: these are the user's, and may throw
  const state = JoinStrategy.isCustom(strategy)
    ? returned.state(strategy.name, "initial", strategy.reducer.initial())
    : undefined
  const reduced = reduce && returned.state("reduce", "initial", reduce.initial())
  return {
    list,
    config,
    frame,
    caller,
    record: splitResult.makeRecorder(config.discard, config.losers, list, items.length),
    outbox,
    observing: undefined,
    tally,
    items,
    places: bulkhead ?? Number.POSITIVE_INFINITY,
    arriving: 0,
    iterator: list._tag === "Lazy" ? list.items[Symbol.iterator]() : undefined,
    sharing: undefined,
    slots: [],
    isBounded: isGrowing || bulkhead !== undefined || pool !== undefined || hedge !== undefined,
    isGrowing,
    isPlain: !isGrowing && outbox === undefined && reduce === undefined && hedge === undefined,
    strategy,
    verdict: "continue",
    reason: undefined,
    state,
    reduced,
    timedOut: false,
    softPassed: false,
    halted: false,
    broken: undefined,
    onDecided: undefined,
    parted: false,
    started: 0,
    exhausted: false,
    isRead: false,
    pulling: false,
    front: undefined,
    hint: 0,
    drain: undefined,
    onEnd: undefined,
    context: undefined,
    timers: [],
    replacements: undefined,
    yieldEvery,
    sinceYield: 0,
    yields: 0
  }
}

/** Whether the split waits for branches. After it only the ends of losers are recorded. */
export const isOpen = (join: Join): boolean => join.verdict === "continue" && !join.halted

/** How many branches run, as long as the split is open. */
export const running = ({ started, tally }: Join): number => started - tally.succeeded - tally.failed

/** Whether a fiber that has yielded would be resumed: not under `Effect.runSync`. */
export const mayYield = (join: Join): boolean => join.yieldEvery !== Number.POSITIVE_INFINITY

/** Whether there is a branch left to start, and reason to. */
export const hasMore = (join: Join): boolean =>
  !join.exhausted && isOpen(join) && (!join.isGrowing || running(join) < join.places)
