/**
 * A split that has been there before: in an earlier life of its run some of its branches have ended, and the join may have
 * been decided. What is known of that is recalled in the step in which the split is entered, before anything is started: it
 * counts as it did, in the order in which it did. Only what is missing is started (again), and nobody once the join is decided.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as JoinStrategy from "../../JoinStrategy.ts"
import type { Pool } from "../bulkhead/pool.ts"
import type { Fan } from "../saga/fan.ts"
import type { BranchList } from "./branches.ts"
import type { Config } from "./config.ts"
import { cancelled } from "./cursor.ts"
import type { Join } from "./join.ts"
import { noPlace, refusal } from "./refusal.ts"
import { breakOff, endList, expire, fail, forsake, note, openForGood, soften, succeed } from "./settling.ts"

/** What is known of a split from before, and who is told of its decision. */
export interface Recall {
  /** Outcomes from before, in the order in which they settled. */
  readonly outcomes: ReadonlyArray<Remembered>
  /** What was decided then, if it was. */
  readonly decided: Recorded | undefined
  /** The join is decided, now: told once, in the step of the decision, not for one that was recorded. */
  readonly onDecided: ((recorded: Recorded) => void) | undefined
  /** The instant at which it was entered first, in milliseconds of the Clock, from which a soft deadline counts. */
  readonly entered?: number | undefined
  /** Given what the branches have done, before their outcomes count, where that may be undone. */
  readonly onFan?: ((fan: Fan) => void) | undefined
  /** Whether what has succeeded stays done if the join fails: who runs it decides what becomes of that. */
  readonly keepsWinners?: boolean | undefined
}

/** How a branch has ended. */
export interface Remembered {
  readonly index: number
  readonly exit: Exit.Exit<unknown, unknown>
}

/** A decision, with all that the result of the join needs besides the outcomes. */
export interface Recorded {
  readonly verdict: "proceed" | "fail"
  readonly timedOut: boolean
  readonly reason: string | undefined
  /** The branches that counted, in the order in which they did. */
  readonly counted: ReadonlyArray<number>
  /** How many had started, and of how many. */
  readonly started: number
  readonly total: number
}

/** What is kept of a split for who remembers it: which branches count, in the order in which they do, until it is decided. */
export class Account {
  readonly #counted: Array<number> = []
  readonly #onDecided: ((recorded: Recorded) => void) | undefined
  /** Whether what counts is from before, so that a decision starts nobody, not even as losers. */
  isRecalling = false
  /** What somebody has given instead of branches that run, or wait for their turn. */
  #instead: Map<number, { readonly value: unknown }> | undefined
  constructor({ onDecided }: Recall) {
    this.#onDecided = onDecided
  }

  replace(index: number, value: unknown): void {
    this.#instead ??= new Map()
    this.#instead.set(index, { value })
  }

  insteadOf(index: number): { readonly value: unknown } | undefined {
    return this.#instead?.get(index)
  }

  count(index: number): void {
    this.#counted.push(index)
  }

  /** The join is decided. What it calls may throw. */
  decided({ cursor, decision, startsLosers }: Join): void {
    const { reason, timedOut, verdict } = decision.decided!
    const { known: total, started } = cursor
    this.#onDecided?.({
      verdict,
      timedOut,
      reason,
      counted: this.#counted,
      started: startsLosers && !this.isRecalling ? total : started,
      total
    })
  }
}

// -----------------------------------------------------------------------------
// before it is entered
// -----------------------------------------------------------------------------

/** Of a decided split no list is read: what stands for it has as many branches as there were. */
export const standIn = (list: BranchList, { decided }: Pick<Recall, "decided">): BranchList => {
  if (decided === undefined) return list
  const { total } = decided
  const isKnown = list._tag === "Known"
  if (isKnown && list.items.length === total) return list
  const names = isKnown && list.names !== undefined
    ? Array.from({ length: total }, (_, index) => list.names![index] ?? String(index))
    : undefined
  return { _tag: "Known", items: new Array(total).fill(cancelled), names }
}

/** What is recalled that cannot have been this split. Whoever keeps it looks before; here it is a defect. */
export const misfit = (list: BranchList, { hedge }: Config, recall: Recall): Exit.Exit<never> | undefined => {
  const sentence = faultOf(list, hedge !== undefined, recall)
  return sentence === undefined ? undefined : Exit.die(new Error(`a split cannot go on: ${sentence}`))
}

/** The same as a sentence, for who keeps it, of the list that there would be. */
export const faultOf = (
  list: BranchList,
  isHedged: boolean,
  { decided, outcomes }: Pick<Recall, "decided" | "outcomes">
): string | undefined => {
  if (list._tag === "Growing" || isHedged) return `it ${isHedged ? "hedges" : "grows"}, and is not known from before`
  const known = new Set<number>()
  const most = list._tag === "Known" ? list.items.length : Number.POSITIVE_INFINITY
  for (const { index } of outcomes) {
    if (known.has(index)) return `branch ${index} has ended twice before`
    if (index >= most) return `branch ${index} has ended before, and there are ${most} branches`
    known.add(index)
  }
  const lost = decided?.counted.find((index) => !known.has(index))
  return lost === undefined ? undefined : `branch ${lost} counted before, and it is not known how it has ended`
}

/** Lets the list be where it was left; why the split does not go on, if it does not. */
export const resume = (join: Join, { decided, outcomes }: Recall): Exit.Exit<never, unknown> | undefined => {
  const { cursor, record } = join
  let started = decided === undefined ? 0 : decided.started
  for (const { index } of outcomes) started = Math.max(started, index + 1)
  if (cursor.iterator !== undefined) { for (let i = 0; i < started; i++) record.added() }
  cursor.resume(started)
  // what is decided is not asked for, whatever would be refused today
  return decided === undefined ? refusal(join, undefined, undefined) : undefined
}

// -----------------------------------------------------------------------------
// when it is entered
// -----------------------------------------------------------------------------

/** Lets what is known count. The split then starts what is missing, unless that has decided it. */
export const relive = (
  join: Join,
  recall: Recall,
  unfit: Exit.Exit<never, unknown> | undefined,
  pool: Pool | undefined
): void => {
  const { account, cursor, decision, level } = join
  const known = new Map(recall.outcomes.map(({ exit, index }) => [index, exit]))
  account!.isRecalling = true
  if (level?.fan !== undefined) recall.onFan?.(level.fan)
  // what has been done is known by then, and undone with the run
  if (unfit !== undefined) breakOff(join, failureOf(unfit))
  else if (recall.decided === undefined) feed(join, known)
  else restore(join, recall.decided, known)
  account!.isRecalling = false
  const missing: Array<number> = []
  for (let index = 0; index < cursor.started; index++) if (!known.has(index)) missing.push(index)
  if (!decision.isOpen) {
    forsake(join, missing)
    // not even as losers
    endList(join)
    return
  }
  cursor.pass(known, missing)
  const full = pool && noPlace(join, pool)
  if (full !== undefined) breakOff(join, failureOf(full))
}

/** Nothing succeeds with `never`. */
const failureOf = (exit: Exit.Exit<never, unknown>): Cause.Cause<unknown> =>
  Exit.isFailure(exit) ? exit.cause : Cause.empty

type Known = ReadonlyMap<number, Exit.Exit<unknown, unknown>>

const feed = (join: Join, known: Known): void => {
  openForGood(join)
  for (const [index, exit] of known) end(join, index, exit)
  const now = join.home.getRef(Clock.Clock).currentTimeMillisUnsafe()
  // what has ended in time counts; what has not would start too late
  const deadline = join.config.timeout === undefined ? undefined : join.config.deadline
  const soft = softInstant(join)
  if (soft !== undefined && soft <= now && (deadline === undefined || soft <= deadline)) soften(join)
  if (deadline !== undefined && deadline <= now) expire(join)
}

/** When the soft deadline of the strategy passes, or has, where it is known when the split was entered first. */
export const softInstant = ({ config: { recall, strategy } }: Join): number | undefined =>
  recall?.entered === undefined || !JoinStrategy.isCustom(strategy) || strategy.reducer.soft === undefined
    ? undefined
    : recall.entered + Duration.toMillis(strategy.reducer.soft.after)

const end = (join: Join, index: number, exit: Exit.Exit<unknown, unknown>): void => {
  if (Exit.isSuccess(exit)) succeed(join, index, exit.value)
  else fail(join, index, exit.cause)
}

const restore = (join: Join, decided: Recorded, known: Known): void => {
  const { decision, level, outbox, record } = join
  const counted = new Set(decided.counted)
  for (const index of counted) {
    const exit = known.get(index)!
    const hasWon = Exit.isSuccess(exit)
    if (hasWon ? !decision.countSuccess() : !decision.countFailure()) return
    level?.fan?.over(index, hasWon)
    note(join, hasWon ? record.succeeded(index, exit.value) : record.failed(index, exit.cause))
  }
  if (!decision.isOpen) return
  decision.recall(decided)
  outbox?.decision.ring()
  for (const [index, exit] of known) if (!counted.has(index)) end(join, index, exit)
}
