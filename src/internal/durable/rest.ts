/**
 * Whether a run rests: everything of it only waits, so that going on later, elsewhere, loses and repeats nothing; and the
 * instant at which it has to go on. It is told what starts and ends of the run, and lives as long as the run is driven.
 */
import * as Duration from "effect/Duration"
import * as Fiber from "effect/Fiber"
import type { State } from "../../Definition.ts"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { Branch } from "../run/branch.ts"
import { waitsFirst } from "../run/leading.ts"
import type { Span, WaitSpan } from "../run/listener.ts"
import type { Current, Run, SplitLevel } from "../run/run.ts"
import type { Page } from "../runs/known.ts"
import { softInstant } from "../split/recall.ts"
import type { Codecs } from "./codecs.ts"

/** When a run that rests has to go on; never by itself where there is no instant. */
export interface Resting {
  readonly until: number | undefined
}

/** A state that was entered and has not ended. */
interface Visit {
  readonly fiber: AnyFiber
  /** What earlier states have left running. */
  readonly left: ReadonlyArray<AnyFiber>
}

/** A split, with those of its branches that are written, and those that begin with a wait. */
interface Written {
  readonly settled: ReadonlySet<number>
  readonly first: Set<number>
}

export class Rest {
  readonly #codecs: Codecs
  /** Of the run and its follow-on branches. */
  readonly #visits = new Map<Run, Visit>()
  readonly #waits = new Set<WaitSpan>()
  /** Those that have waited before. */
  readonly #hasWaited = new WeakSet<Current>()
  /** The splits that runs are in whose branches have started with them. */
  readonly #splits = new WeakMap<Run, Written>()
  /** The fiber that goes through the states of the run. */
  #loop: AnyFiber | undefined
  /** The instant at which the time of the run is up. */
  endsAt: number | undefined
  constructor(codecs: Codecs) {
    this.#codecs = codecs
  }

  // ---------------------------------------------------------------------------
  // what it is told
  // ---------------------------------------------------------------------------

  started(span: Span): void {
    if (span._tag === "Wait") this.#waits.add(span)
    if (span._tag !== "State") return
    const { run } = span
    const fiber = Fiber.getCurrent()!
    this.#visits.set(run, { fiber, left: [...childrenOf(fiber)] })
    this.#hasWaited.delete(run)
    if (run.root === run) this.#loop = fiber
  }

  ended(span: Span): void {
    if (span._tag === "State") this.#visits.delete(span.run)
    if (span._tag !== "Wait") return
    this.#waits.delete(span)
    this.#hasWaited.add(span.current)
  }

  /** A run enters a split, of which the outcomes of some branches are written; what starts later has waited for less long. */
  split(run: Run, isAtOnce: boolean, settled: ReadonlySet<number>): void {
    if (isAtOnce) this.#splits.set(run, { settled, first: new Set() })
    else this.#splits.delete(run)
  }

  branch(run: Run, index: number, branch: AnyEffect): void {
    if (waitsFirst(branch)) this.#splits.get(run)?.first.add(index)
  }

  /** Of a branch is written that it has started, so that it can be undone. */
  hasStarted(run: Run, index: number): void {
    this.#splits.get(run)?.first.delete(index)
  }

  /** Whether somebody who is about to wait is a branch that has done nothing before. */
  isFirst(current: Current): current is Branch {
    return current instanceof Branch && !this.#hasWaited.has(current) &&
      this.#splits.get(current.level.run!)?.first.has(current.index) === true && isOwn(current.level)
  }

  // ---------------------------------------------------------------------------
  // what is asked
  // ---------------------------------------------------------------------------

  /** The same of all that the run is doing: where each of its parts waits, and nothing else is there. */
  resting(pages: Iterable<Page>): Resting | undefined {
    const splits = new Map<Run, Page>()
    for (const page of pages) {
      const { run } = page.level
      // a split of a task, or one whose losers are awaited
      if (run === undefined || !isOwn(page.level) || splits.has(run)) return undefined
      splits.set(run, page)
    }
    for (const [run, visit] of this.#visits) {
      const state = this.#codecs.stateOf(run.state)
      if (state === undefined || !isAlone(visit)) return undefined
      const page = splits.get(run)
      if (
        !(page === undefined ? isWait(state) && this.#waitsIn(run) : state.kind === "split" && this.#isStill(run, page))
      ) {
        return undefined
      }
    }
    for (const run of splits.keys()) if (!this.#visits.has(run)) return undefined
    return this.#visits.size === 0 ? undefined : { until: this.wakesAt(splits.values()) }
  }

  /** The first instant at which a wait is over, or a deadline passes. */
  wakesAt(pages: Iterable<Page>): number | undefined {
    let first = this.endsAt
    const note = (instant: number | undefined): void => {
      if (instant !== undefined && !(first !== undefined && first <= instant)) first = instant
    }
    for (const { until } of this.#waits) note(until)
    for (const { isOver, join } of pages) {
      if (isOver || !join.decision.isOpen) continue
      if (join.config.timeout !== undefined) note(join.config.deadline)
      if (join.decision.awaitsSoft) note(softInstant(join))
    }
    return first
  }

  /** How many waits for signals there are. */
  get signals(): number {
    let all = 0
    for (const { waits } of this.#waits) if (waits === "signal") all++
    return all
  }

  /** The same of a run that is paused, and enters no state. */
  get held(): Resting | undefined {
    const isStill = this.#visits.size === 0 && (this.#loop === undefined || childrenOf(this.#loop).size === 0)
    return isStill ? { until: this.endsAt } : undefined
  }

  /** Whether a state has waited since it was entered. */
  #waitsIn(run: Run): boolean {
    if (this.#hasWaited.has(run)) return false
    for (const { current } of this.#waits) if (current === run) return true
    return false
  }

  /** Whether each branch of an open split waits, or is a run that does, and none is still to start. */
  #isStill(run: Run, { isOver, join, level, running }: Page): boolean {
    const written = this.#splits.get(run)
    if (isOver || !join.decision.isOpen || join.isBounded || written === undefined) return false
    if (join.cursor.hasMore || join.cursor.again !== undefined) return false
    const { failed, succeeded } = join.decision.tally
    // that somebody has cancelled a branch is written with the join
    if (failed + succeeded !== written.settled.size) return false
    // who observes would be told again
    if (join.outbox !== undefined && failed + succeeded > 0) return false
    let still = 0
    for (const { current } of this.#waits) {
      if (current instanceof Branch && current.level === level && this.isFirst(current)) still++
    }
    for (const own of this.#visits.keys()) if (own.outer === level) still++
    return still === running
  }
}

/** Whether it is the split of the state that its run is in. */
const isOwn = ({ key, run }: SplitLevel): boolean => run !== undefined && key === run.key

/** Whether all that a state does, until it has waited, is to wait. */
const isWait = (state: State): boolean =>
  state.kind === "signal" ||
  (state.kind === "run" && state.work?._tag === "Timer" && state.compensates === undefined && !state.isPivot)

/** Whether nothing that earlier states have started goes on. */
const isAlone = ({ fiber, left }: Visit): boolean => {
  if (left.length === 0) return true
  const children = childrenOf(fiber)
  return !left.some((child) => children.has(child))
}

const none: ReadonlySet<AnyFiber> = new Set()

/** The fibers that end with one. The field is not in the type of a fiber. */
const childrenOf = (fiber: AnyFiber): ReadonlySet<AnyFiber> =>
  (fiber as { readonly _children?: ReadonlySet<AnyFiber> })._children ?? none

/** Whether the next instant is so far away that the run is better parked. */
export const isFar = ({ until }: Resting, parkAfter: Duration.Duration, now: number): boolean =>
  Duration.isFinite(parkAfter) && (until === undefined || (until > now && until - now >= Duration.toMillis(parkAfter)))
