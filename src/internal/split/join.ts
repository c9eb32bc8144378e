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
import { type Path, WorkflowError, type WorkflowRule } from "../../CanoError.ts"
import type * as Hedge from "../../Hedge.ts"
import * as JoinStrategy from "../../JoinStrategy.ts"
import type { Outcome } from "../../SplitResult.ts"
import type { Pool } from "../bulkhead/pool.ts"
import * as returned from "../check/returned.ts"
import type { Budget } from "../run/limits.ts"
import type { Nursery } from "../run/nursery.ts"
import { Backlog } from "./backlog.ts"
import type { Branch, BranchList } from "./branches.ts"
import * as branches from "./branches.ts"
import { Crew } from "./crew.ts"
import { Lookahead } from "./lookahead.ts"
import type { Observer, Outbox } from "./outbox.ts"
import * as splitResult from "./record.ts"
import type { Sharing } from "./sharing.ts"

export type AnyEffect = Effect.Effect<unknown, unknown, unknown>
export type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The checked options of a split. */
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
  readonly losers: "interrupt" | "await" | "detach"
  /** How long losers have to stop. */
  readonly grace: Duration.Duration | undefined
  readonly onOutcome: Observer | undefined
  /** How long it may take for an outcome, once the join is decided. */
  readonly observerTimeout: Duration.Duration
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
  /** The run whose limits are its own. */
  readonly root: { readonly workflow: string } | undefined
}

type Where = Pick<Frame, "workflow" | "state" | "path">

/** Read only when there is an error to make: a path is put together on demand. */
export const where = ({ path, state, workflow }: Where): Where => ({ workflow, state, path })

/** The error for what a split or a run can't go on with. */
export const workflowError = (at: Where, rule: WorkflowRule, detail: string): WorkflowError =>
  new WorkflowError({ rule, detail, ...where(at) })

/** A place of a bulkhead that is shared: since when, and for how many branches while others wait. */
export interface Place {
  readonly since: number
  turn: number
}

/** A fiber that runs branches one after another, as the options of its own `whileLoop`. */
export interface Slot {
  readonly id: number
  /** The fiber that it is. */
  readonly own: AnyFiber
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
  /** The same fiber, by whose dispatcher those are resumed who wait for something in the split. */
  readonly home: AnyFiber
  readonly record: splitResult.Recorder
  /** Where outcomes wait for an observer. */
  readonly outbox: Outbox | undefined
  readonly tally: { -readonly [K in keyof JoinStrategy.Tally]: JoinStrategy.Tally[K] }
  /** The branches of a list that is known whole, in the order of their starts. */
  readonly items: ReadonlyArray<Branch>
  /** What waits of a list that grows. */
  readonly backlog: Backlog | undefined
  /** How many branches may run at once. */
  readonly places: number
  /** The iterator of a lazy list. */
  readonly iterator: Iterator<Branch> | undefined
  /** What it has of a bulkhead that others share. */
  sharing: Sharing | undefined
  /** In the order of their fibers' ids, which is the order in which they were started. */
  slots: Array<Slot>
  /** How many of them have ended; they are left out when they are many. */
  ended: number
  /** Slots that are started later, where some may be. */
  readonly crew: Crew | undefined
  /** Whether slots go on with the list, and are replaced: where a place may be had or branches added later. */
  readonly isBounded: boolean
  /** Whether the branches of the list that are left start after a decision, too, as losers like any. */
  readonly startsLosers: boolean
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
  /** How a branch starts that has a run around it. */
  enter: ((fiber: AnyFiber, index: number, branch: AnyEffect) => AnyEffect) | undefined
  /** The services of the branches. */
  context: Context.Context<never> | undefined
  /** The fibers of the deadlines. */
  readonly timers: Array<AnyFiber>
  yieldEvery: number
  sinceYield: number
  yields: number
}

const none: ReadonlyArray<Branch> = []

/**
 * Settlements between two yields: a million synchronous branches must not keep timers and other fibers waiting. It is
 * the number of operations after which Effect's own scheduler makes a fiber yield.
 */
export const yieldEvery = 2048

/** The sentence is for a list that can't be read. */
export const make = (
  list: BranchList,
  config: Config,
  frame: Frame,
  caller: AnyFiber,
  outbox: Outbox | undefined
): Join | string => {
  const isKnown = list._tag === "Known"
  const items = isKnown ? list.items : none
  const total = isKnown ? items.length : Number.POSITIVE_INFINITY
  const isGrowing = list._tag === "Growing"
  const { bulkhead, hedge, losers, pool, reduce } = config
  const isBounded = isGrowing || bulkhead !== undefined || pool !== undefined || hedge !== undefined
  const tally = { total, succeeded: 0, failed: 0, interrupted: 0, notStarted: 0 }
  const strategy = JoinStrategy.resolve(config.strategy, total)
  // before the iterator, which would have to be closed: these are the user's, and may throw
  const state = JoinStrategy.isCustom(strategy)
    ? returned.state(strategy.name, "initial", strategy.reducer.initial())
    : undefined
  const reduced = reduce && returned.state("reduce", "initial", reduce.initial())
  const iterator = list._tag === "Lazy" ? branches.iterate(list) : undefined
  if (typeof iterator === "string") return iterator
  return {
    list,
    config,
    frame,
    caller: caller.id,
    home: caller,
    record: splitResult.makeRecorder(config.discard, losers, list, caller),
    outbox,
    tally,
    items,
    backlog: isGrowing ? new Backlog() : undefined,
    places: bulkhead ?? Number.POSITIVE_INFINITY,
    // a hedge looks whether there is another branch before it pays for it
    iterator: iterator === undefined || hedge === undefined ? iterator : new Lookahead(iterator),
    sharing: undefined,
    slots: [],
    ended: 0,
    crew: isBounded ? new Crew(caller) : undefined,
    isBounded,
    startsLosers: losers !== "interrupt" && isKnown && !isBounded,
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
    enter: undefined,
    context: undefined,
    timers: [],
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
  !join.exhausted && (isOpen(join) || (join.startsLosers && !join.halted)) &&
  (join.backlog === undefined || running(join) < join.places)

/** How many branches there are, as far as it is known without reading on. */
export const known = ({ backlog, items, iterator, started }: Join): number =>
  iterator !== undefined ? started : backlog === undefined ? items.length : backlog.added
