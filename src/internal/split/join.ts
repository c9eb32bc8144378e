/**
 * What one running split consists of: what is constant for its lifetime, and a part for each thing that changes, which
 * nobody changes but by its methods. It is made when a split is entered and dropped when it is left.
 */
import * as JoinStrategy from "../../JoinStrategy.ts"
import * as returned from "../check/returned.ts"
import type { AnyFiber } from "../fibers/any.ts"
import { isSync } from "../fibers/dispatcher.ts"
import type { SplitLevel } from "../run/run.ts"
import type { BranchList } from "./branches.ts"
import * as branches from "./branches.ts"
import { Collector } from "./collector.ts"
import type { Config } from "./config.ts"
import { Cursor } from "./cursor.ts"
import { Decision } from "./decision.ts"
import type { Frame } from "./frame.ts"
import type { Outbox } from "./outbox.ts"
import { Own } from "./own.ts"
import { Pace } from "./pace.ts"
import type { Places } from "./places.ts"
import { Account } from "./recall.ts"
import * as record from "./record.ts"
import { Reduction } from "./reduction.ts"
import { Slots } from "./slots.ts"
import { Timed } from "./times.ts"

interface Common {
  readonly list: BranchList
  readonly config: Config
  readonly frame: Frame
  /** The fiber that waits for the split, by whose dispatcher those are resumed who wait for something in it. */
  readonly home: AnyFiber
  /** What is left of the list. */
  readonly cursor: Cursor
  /** Counts and verdict. */
  readonly decision: Decision
  readonly record: record.Recorder
  /** Where outcomes wait for an observer. */
  readonly outbox: Outbox | undefined
  readonly reduction: Reduction | undefined
  /** What is told of its decision, where the split may have been there before. */
  readonly account: Account | undefined
  /** Where branches may outlive the split. */
  detaching: Detachment | undefined
  /** The split as what its branches stand in, where a run is around that they have services of. */
  level: SplitLevel | undefined
  /** Whether the branches of the list that are left start after a decision, too, as losers like any. */
  readonly startsLosers: boolean
  /** Whether slots have to ask for a place before they take a branch, or wait for room for its outcome. */
  readonly asksFirst: boolean
  /** Whether a settlement concerns nobody but the strategy. */
  readonly isPlain: boolean
  /** Whether nothing is decided, and nobody told, before the last branch has ended. */
  readonly endsTogether: boolean
}

/** A split whose branches have fibers of their own. */
export interface Unbounded extends Common {
  readonly isBounded: false
  readonly crew: Collector
}

/** A split with slots, which go on with the list, and are replaced: where a place may be had or branches added later. */
export interface Bounded extends Common {
  readonly isBounded: true
  readonly crew: Slots
  readonly pace: Pace
  /** What slots ask for a place; its own until the split starts, if another is asked then. */
  places: Places
  /** Whether all slots are started by the worker one by one, since it shows only in time how many there may be. */
  readonly isGradual: boolean
}

export type Join = Unbounded | Bounded

type Any = Common & {
  readonly isBounded: boolean
  readonly crew: Collector | Slots
  readonly places: Places | undefined
  readonly pace: Pace | undefined
  readonly isGradual: boolean
}

/** How a split ends before its branches. */
export interface Detachment {
  /** Whether it has. */
  readonly isDone: boolean
  /** The join is decided, and no further branch is started. */
  decided(): void
}

/** For a run whose time may be up before, or for none; the sentence is for a list that can't be read. */
export const make = (
  list: BranchList,
  config: Config,
  frame: Frame,
  home: AnyFiber,
  outbox: Outbox | undefined,
  isTimed: boolean
): Join | string => {
  const isKnown = list._tag === "Known"
  const isGrowing = list._tag === "Growing"
  const { bulkhead, discard, hedge, losers, pool, recall, reduce, timeout, times } = config
  const isGradual = isGrowing || pool !== undefined || hedge !== undefined
  const isBounded = isGradual || bulkhead !== undefined
  const total = isKnown ? list.items.length : Number.POSITIVE_INFINITY
  const strategy = JoinStrategy.resolve(config.strategy, total)
  // before the iterator, which would have to be closed: these are the user's, and may throw
  const state = JoinStrategy.isCustom(strategy)
    ? returned.state(strategy.name, "initial", strategy.reducer.initial())
    : undefined
  const reduction = reduce && new Reduction(reduce)
  const iterator = list._tag === "Lazy" ? branches.iterate(list) : undefined
  if (typeof iterator === "string") return iterator
  const cursor = new Cursor(list, iterator)
  const decision = new Decision(strategy, total, cursor, state)
  const account = recall && new Account(recall)
  const isPlain = !isGrowing && outbox === undefined && reduce === undefined && hedge === undefined &&
    account === undefined
  const recorder = record.make(discard, losers, list, home)
  const crew = isBounded ? new Slots(home) : new Collector(home)
  // one literal, since each split pays for it: spreading what all have in common costs as much as the rest
  const join: Any = {
    list,
    config,
    frame,
    home,
    cursor,
    decision,
    crew,
    pace: isBounded ? new Pace(isSync(home)) : undefined,
    record: times === true ? new Timed(recorder, cursor.items.length, home) : recorder,
    outbox,
    reduction,
    account,
    places: crew instanceof Slots
      ? new Own(bulkhead ?? Number.POSITIVE_INFINITY, outbox, cursor, crew, decision)
      : undefined,
    detaching: undefined,
    level: undefined,
    isBounded,
    isGradual,
    startsLosers: losers !== "interrupt" && isKnown && !isBounded,
    asksFirst: outbox !== undefined || pool !== undefined || hedge !== undefined,
    isPlain,
    endsTogether: isPlain && strategy._tag === "All" && timeout === undefined && !isTimed
  }
  return join as Join
}
