/**
 * How a result comes to be: a recorder keeps each branch's exit while the split runs, and the result reads it on demand
 * afterwards, so that a caller who only wants `values` does not pay for a list of outcomes.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Inspectable from "effect/Inspectable"
import type { Tally } from "../JoinStrategy.ts"
import type { Outcome, SplitResult } from "../SplitResult.ts"
import type { BranchList } from "./branches.ts"

type AnyExit = Exit.Exit<unknown, unknown>
type AnyOutcome = Outcome<unknown, unknown>

/** What a split remembers of its branches. */
export interface Recorder {
  /** By index; a hole is a branch that has not ended. */
  readonly exits: Array<AnyExit | undefined>
  /** The indices of the branches that settled before the verdict, in that order. */
  readonly order: Array<number>
  readonly started: () => void
  readonly settled: (index: number, exit: AnyExit) => void
  /** A loser has ended. */
  readonly late: (index: number, exit: AnyExit) => void
}

export const makeRecorder = (discard: boolean): Recorder => discard ? new Discarding() : new Keeping()

class Keeping implements Recorder {
  readonly exits: Array<AnyExit | undefined> = []
  readonly order: Array<number> = []
  started(): void {
    // grown in order, so that a branch which ends before its predecessors does not make the array sparse
    this.exits.push(undefined)
  }
  settled(index: number, exit: AnyExit): void {
    this.order.push(index)
    this.exits[index] = exit
  }
  late(index: number, exit: AnyExit): void {
    this.exits[index] = exit
  }
}

/** Failures that a discarding split keeps, for the message of its error: the first ones in branch order. */
const keptFailures = 3

class Discarding implements Recorder {
  readonly exits: Array<AnyExit | undefined> = []
  readonly order: Array<number> = []
  started(): void {}
  settled(index: number, exit: AnyExit): void {
    if (Exit.isSuccess(exit)) return
    const { exits, order } = this
    let place = order.length
    while (place > 0 && order[place - 1]! > index) place--
    if (place === keptFailures) return
    order.splice(place, 0, index)
    exits.splice(place, 0, exit)
    order.length = exits.length = Math.min(order.length, keptFailures)
  }
  late(): void {}
}

/** The parts of a split that has ended. */
interface Ended {
  readonly tally: Tally
  readonly timedOut: boolean
  readonly record: Recorder
}

/**
 * The result of a split that has ended. The shapes of its fields are known to the public types alone.
 */
export const make = (
  ended: Ended,
  list: BranchList,
  config: { readonly strategy: { readonly _tag: string }; readonly discard: boolean }
): SplitResult<unknown, unknown> =>
  new ResultImpl(
    ended,
    list._tag === "Known" ? list.names : undefined,
    config.strategy._tag === "All" || config.strategy._tag === "AllFailFast",
    config.discard
  )

class ResultImpl implements SplitResult<unknown, unknown> {
  // what a comparison of two results sees; the lists are read from these
  readonly tally: Tally
  readonly timedOut: boolean
  readonly exits: Recorder["exits"]
  readonly order: Recorder["order"]
  readonly names: ReadonlyArray<string> | undefined
  readonly whole: boolean
  readonly discard: boolean
  #outcomes: ReadonlyArray<AnyOutcome> | undefined
  #shaped: ReadonlyArray<AnyOutcome> | undefined
  #values: ReadonlyArray<unknown> | undefined
  constructor(ended: Ended, names: ReadonlyArray<string> | undefined, whole: boolean, discard: boolean) {
    this.tally = ended.tally
    this.timedOut = ended.timedOut
    this.exits = ended.record.exits
    this.order = ended.record.order
    this.names = names
    this.whole = whole
    this.discard = discard
  }
  get values(): ReadonlyArray<unknown> {
    return this.#values ??= this.whole && this.exits.length === this.tally.succeeded
      ? this.#shape(this.exits.map((exit) => (exit as Exit.Success<unknown>).value))
      : this.#flat().filter((outcome) => outcome._tag === "Succeeded").map((outcome) => outcome.value)
  }
  get outcomes(): ReadonlyArray<AnyOutcome> {
    return this.#shaped ??= this.#shape(this.#flat())
  }
  get failures() {
    return this.#flat().filter((outcome) => outcome._tag === "Failed")
  }
  get cancelled() {
    return this.#flat().filter((outcome) => outcome._tag === "Interrupted" || outcome._tag === "NotStarted")
  }
  get settled() {
    const outcomes = this.#flat()
    // the order names settled branches only
    return this.order.map((index, place) => outcomes[this.discard ? place : index] as Outcome.Settled<unknown, unknown>)
  }
  toJSON(): unknown {
    const { cancelled, failures, outcomes, settled, tally, timedOut, values } = this
    return { tally, timedOut, values, outcomes, failures, cancelled, settled }
  }
  [Inspectable.NodeInspectSymbol](): unknown {
    return this.toJSON()
  }
  #flat(): ReadonlyArray<AnyOutcome> {
    return this.#outcomes ??= this.discard ? keptOutcomes(this) : allOutcomes(this)
  }
  #shape<A>(items: ReadonlyArray<A>): ReadonlyArray<A> {
    const { names } = this
    return names === undefined
      ? items
      // a record, as the public type says
      : Object.fromEntries(items.map((item, index) => [names[index], item])) as unknown as ReadonlyArray<A>
  }
}

const keptOutcomes = ({ exits, order }: ResultImpl): ReadonlyArray<AnyOutcome> =>
  order.map((index, place) => settledOutcome(exits[place]!, index, String(index)))

const allOutcomes = ({ exits, names, order, tally }: ResultImpl): ReadonlyArray<AnyOutcome> => {
  const outcomes = new Array<AnyOutcome>(tally.total)
  for (const index of order) outcomes[index] = settledOutcome(exits[index]!, index, names?.[index] ?? String(index))
  for (let index = 0; index < outcomes.length; index++) {
    if (outcomes[index] !== undefined) continue
    const exit = exits[index]
    const name = names?.[index] ?? String(index)
    outcomes[index] = exit === undefined
      ? { _tag: "NotStarted", index, name }
      // a loser that would not be interrupted and ended well has been cut off all the same
      : { _tag: "Interrupted", index, name, cause: Exit.isFailure(exit) ? exit.cause : Cause.interrupt() }
  }
  return outcomes
}

const settledOutcome = (exit: AnyExit, index: number, name: string): AnyOutcome =>
  Exit.isSuccess(exit)
    ? { _tag: "Succeeded", index, name, value: exit.value }
    : { _tag: "Failed", index, name, cause: exit.cause }
