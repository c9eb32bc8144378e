/**
 * How a result comes to be: a recorder keeps each branch's outcome from the moment it is known, and the result is put
 * together from it once, when the last branch has ended. It is plain data: it can be spread, compared, printed and sent.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Tally } from "../../JoinStrategy.ts"
import type {
  Detached,
  Failed,
  Interrupted,
  Late,
  NotStarted,
  Outcome,
  SplitResult,
  Succeeded
} from "../../SplitResult.ts"
import { areModest, mostModest, showable } from "../failure/copies.ts"
import type { AnyFiber } from "../fibers/any.ts"
import { later } from "../fibers/dispatcher.ts"
import type { BranchList } from "./branches.ts"

type Names = ReadonlyArray<string> | undefined

/** How a loser has ended, for those who are told of each branch. */
export type Lost = Interrupted<unknown> | Late<unknown, unknown>

/** What a split remembers of its branches. Each that ends is given its outcome here, and nowhere else. */
export interface Recorder {
  /** A branch is started; asked for only where somebody wants times. */
  readonly started?: (index: number) => void
  /** Another branch, of a list whose length was not known. */
  readonly added: () => void
  readonly succeeded: (index: number, value: unknown) => Outcome.Settled<unknown, unknown>
  readonly failed: (index: number, cause: Cause.Cause<unknown>) => Outcome.Settled<unknown, unknown>
  /** A loser has ended, and badly: most have been interrupted. */
  readonly lost: (index: number, cause: Cause.Cause<unknown>) => Lost
  /** A loser has ended well all the same. */
  readonly outlasted: (index: number, value: unknown) => Lost
  /** The split ends without its verdict, or with who looks after it: all that runs is interrupted, whatever was to become of losers. */
  readonly halt: () => void
  /** The split ends while losers run: of the first `started` branches those without an outcome. */
  readonly detach: (started: number) => void
  /** A split that was detached has broken: no branch is left that would tell its end. */
  readonly abandon: (cause: Cause.Cause<unknown>) => void
  readonly result: (ended: Ended) => SplitResult<unknown, unknown>
}

/** How a split has ended. */
export interface Ended {
  readonly tally: Tally
  readonly timedOut: boolean
  readonly satisfied: boolean
  /** What a split with a `reduce` has instead of outcomes. */
  readonly reduced: { readonly value: unknown } | undefined
}

export const make = (
  discard: boolean,
  losers: Losers,
  list: BranchList,
  home: AnyFiber
): Recorder => {
  const isKnown = list._tag === "Known"
  const names = isKnown ? list.names : undefined
  return discard ? new Discarding(names, losers) : new Keeping(names, losers, isKnown ? list.items.length : 0, home)
}

/** What a split does with its losers; a grace period is no matter of the record. */
type Losers = "interrupt" | "await" | "detach"

/** A loser that would not be interrupted and ended well has been cut off all the same. */
const cutOff = Cause.interrupt()

/** Names of branches without one are shared by all splits: beside their outcomes, which last, they are the most to collect. */
const indices: Array<string> = []
const mostIndices = 65_536

const nameOf = (names: Names, index: number): string =>
  names?.[index] ?? (index < mostIndices ? indices[index] ??= String(index) : String(index))

/** The name of a branch of a list. */
export const nameIn = (list: BranchList, index: number): string =>
  nameOf(list._tag === "Known" ? list.names : undefined, index)

const succeeded = (names: Names, index: number, value: unknown): Succeeded<unknown> => ({
  _tag: "Succeeded",
  index,
  name: nameOf(names, index),
  value
})

const failed = (names: Names, index: number, cause: Cause.Cause<unknown>): Failed<unknown> => ({
  _tag: "Failed",
  index,
  name: nameOf(names, index),
  cause
})

const interrupted = (names: Names, index: number, cause: Cause.Cause<unknown>): Interrupted<unknown> => ({
  _tag: "Interrupted",
  index,
  name: nameOf(names, index),
  cause
})

const late = (names: Names, index: number, exit: Exit.Exit<unknown, unknown>): Late<unknown, unknown> => ({
  _tag: "Late",
  index,
  name: nameOf(names, index),
  exit
})

const detached = (
  names: Names,
  index: number,
  exit: Effect.Effect<Exit.Exit<unknown, unknown>>
): Detached<unknown, unknown> => ({ _tag: "Detached", index, name: nameOf(names, index), exit })

const lost = (names: Names, losers: Losers, index: number, cause: Cause.Cause<unknown>): Lost =>
  losers === "interrupt" ? interrupted(names, index, cause) : late(names, index, Exit.failCause(cause))

const outlasted = (names: Names, losers: Losers, index: number, value: unknown): Lost =>
  losers === "interrupt" ? interrupted(names, index, cutOff) : late(names, index, Exit.succeed(value))

/** An array for so many elements: one that is short has the room at once, which V8 would give it for 17. */
export const exactly = <A>(length: number): Array<A> => length <= 16 ? new Array(length) : []

class Keeping implements Recorder {
  /** By index; a hole is a branch that has not ended. */
  readonly outcomes: Array<Outcome.Any<unknown, unknown> | undefined>
  /** Those that settled before the verdict, in that order. */
  readonly settled: Array<Outcome.Settled<unknown, unknown>>
  #count = 0
  readonly names: Names
  losers: Losers
  /** How the detached branches end. */
  ends: Map<number, Deferred.Deferred<Exit.Exit<unknown, unknown>>> | undefined
  readonly home: AnyFiber
  constructor(names: Names, losers: Losers, length: number, home: AnyFiber) {
    this.names = names
    this.losers = losers
    this.outcomes = new Array(length)
    this.settled = exactly(length)
    this.home = home
  }
  added(): void {
    // grown in order, so that a branch which ends before its predecessors does not make the array sparse
    this.outcomes.push(undefined)
  }
  succeeded(index: number, value: unknown): Outcome.Settled<unknown, unknown> {
    const outcome = succeeded(this.names, index, value)
    this.settled[this.#count++] = outcome
    return this.outcomes[index] = outcome
  }
  failed(index: number, cause: Cause.Cause<unknown>): Outcome.Settled<unknown, unknown> {
    const outcome = failed(this.names, index, cause)
    this.settled[this.#count++] = outcome
    return this.outcomes[index] = outcome
  }
  lost(index: number, cause: Cause.Cause<unknown>): Lost {
    const { losers, names, outcomes } = this
    if (losers !== "interrupt" || this.ends !== undefined) {
      return this.lose(lost(names, losers, index, cause), Exit.failCause(cause))
    }
    return outcomes[index] = interrupted(names, index, cause)
  }
  outlasted(index: number, value: unknown): Lost {
    return this.lose(outlasted(this.names, this.losers, index, value), Exit.succeed(value))
  }
  lose(outcome: Lost, exit: Exit.Exit<unknown, unknown>): Lost {
    const { ends, home, losers, names, outcomes } = this
    const { index } = outcome
    // not on the stack of the branch: whoever waits for its end goes on in it
    if (ends !== undefined) later(home, () => Deferred.doneUnsafe(ends.get(index)!, Exit.succeed(exit)))
    else outcomes[index] = losers === "detach" ? detached(names, index, Exit.succeed(exit)) : outcome
    return outcome
  }
  halt(): void {
    this.losers = "interrupt"
  }
  detach(started: number): void {
    this.ends = new Map()
    for (let index = 0; index < started; index++) {
      if (this.outcomes[index] !== undefined) continue
      const end = Deferred.makeUnsafe<Exit.Exit<unknown, unknown>>()
      this.ends.set(index, end)
      this.outcomes[index] = detached(this.names, index, Deferred.await(end))
    }
  }
  abandon(cause: Cause.Cause<unknown>): void {
    const exit = Exit.succeed(Exit.failCause(cause))
    for (const end of this.ends?.values() ?? []) {
      // those that have told it keep theirs
      later(this.home, () => Deferred.doneUnsafe(end, exit))
    }
  }
  result({ tally, timedOut }: Ended): SplitResult<unknown, unknown> {
    const { names, outcomes, settled } = this
    settled.length = this.#count
    const values = exactly(tally.succeeded)
    let count = 0
    const succeeded: Array<string> = []
    const failures: Array<Failed<unknown>> = []
    const cancelled: Array<Interrupted<unknown> | NotStarted> = []
    for (let index = 0; index < outcomes.length; index++) {
      const outcome = outcomes[index] ??= { _tag: "NotStarted", index, name: nameOf(names, index) }
      if (outcome._tag === "Succeeded") {
        values[count++] = outcome.value
        if (names !== undefined) succeeded.push(outcome.name)
      } else if (outcome._tag === "Failed") failures.push(outcome)
      else if (outcome._tag === "Interrupted" || outcome._tag === "NotStarted") cancelled.push(outcome)
    }
    // The loop above has filled the holes, and the policy for losers is in the type of the split.
    const all = outcomes as Array<Outcome<unknown, unknown>>
    const result = {
      tally,
      timedOut,
      values: shape(values, names && succeeded),
      outcomes: shape(all, names),
      failures,
      cancelled,
      settled
    }
    return outcomes.length <= mostModest && areModest(values) && outcomes.every(saysNoMore) ? result : showable(result)
  }
}

/** Whether there is nothing in an outcome, besides a value, that would have to be shown within bounds. */
const saysNoMore = (outcome: Outcome.Any<unknown, unknown> | undefined): boolean =>
  outcome === undefined || outcome._tag === "Succeeded" || outcome._tag === "NotStarted" ||
  (outcome._tag === "Interrupted" && isBare(outcome.cause))

/** Whether an interruption is all that a cause tells. */
const isBare = ({ reasons }: Cause.Cause<unknown>): boolean =>
  reasons.length === 1 && Cause.isInterruptReason(reasons[0]!)

/** Failures that a discarding split keeps, for the message of its error: the first ones in branch order. */
const keptFailures = 3

class Discarding implements Recorder {
  readonly failures: Array<Failed<unknown>> = []
  readonly names: Names
  losers: Losers
  constructor(names: Names, losers: Losers) {
    this.names = names
    this.losers = losers
  }
  added(): void {}
  succeeded(index: number, value: unknown): Outcome.Settled<unknown, unknown> {
    return succeeded(this.names, index, value)
  }
  failed(index: number, cause: Cause.Cause<unknown>): Outcome.Settled<unknown, unknown> {
    const outcome = failed(this.names, index, cause)
    this.keep(outcome)
    return outcome
  }
  keep(failure: Failed<unknown>): void {
    const { failures } = this
    let place = failures.length
    while (place > 0 && failures[place - 1]!.index > failure.index) place--
    if (place === keptFailures) return
    failures.splice(place, 0, failure)
    failures.length = Math.min(failures.length, keptFailures)
  }
  lost(index: number, cause: Cause.Cause<unknown>): Lost {
    return lost(this.names, this.losers, index, cause)
  }
  outlasted(index: number, value: unknown): Lost {
    return outlasted(this.names, this.losers, index, value)
  }
  halt(): void {
    this.losers = "interrupt"
  }
  detach(): void {}
  abandon(): void {}
  result({ reduced, satisfied, tally, timedOut }: Ended): SplitResult<unknown, unknown> {
    const { failures } = this
    // all that the type of such a split promises
    const whole = reduced === undefined ? { tally, timedOut } : { tally, timedOut, value: reduced.value }
    return satisfied
      ? (reduced === undefined ? whole : showable(whole)) as object as SplitResult<unknown, unknown>
      : showable({ tally, timedOut, values: [], outcomes: failures, failures, cancelled: [], settled: failures })
  }
}

/** A list in the shape of the branches: a record of branches gives a record, as the public types say. */
const shape = <A>(items: ReadonlyArray<A>, names: Names): ReadonlyArray<A> =>
  names === undefined
    ? items
    : Object.fromEntries(items.map((item, index) => [names[index], item])) as unknown as ReadonlyArray<A>
