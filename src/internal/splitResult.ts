/**
 * How a result comes to be: a recorder keeps each branch's exit while the split runs, and the result is put together from
 * it once, when the last branch has ended. It is plain data: it can be spread, compared, printed and sent.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Tally } from "../JoinStrategy.ts"
import type { Failed, Interrupted, NotStarted, Outcome, SplitResult } from "../SplitResult.ts"
import type { BranchList } from "./branches.ts"

type AnyExit = Exit.Exit<unknown, unknown>

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
  { record, tally, timedOut }: Ended,
  list: BranchList,
  config: { readonly strategy: { readonly _tag: string }; readonly discard: boolean },
  /** Whether the join is satisfied. An error's result is a list whatever the branches were, as its type says. */
  satisfied: boolean
): SplitResult<unknown, unknown> => {
  const { exits, order } = record
  const names = list._tag === "Known" ? list.names : undefined
  const failures: Array<Failed<unknown>> = []
  if (config.discard) {
    order.forEach((index, place) => failures.push(settledOutcome(exits[place]!, index, names) as Failed<unknown>))
    return { tally, timedOut, values: [], outcomes: failures, failures, cancelled: [], settled: failures }
  }
  const outcomes = new Array<Outcome<unknown, unknown>>(tally.total)
  const settled: Array<Outcome.Settled<unknown, unknown>> = []
  for (const index of order) settled.push(outcomes[index] = settledOutcome(exits[index]!, index, names))
  const values: Array<unknown> = []
  const cancelled: Array<Interrupted<unknown> | NotStarted> = []
  for (let index = 0; index < outcomes.length; index++) {
    const outcome = outcomes[index]
    if (outcome === undefined) cancelled.push(outcomes[index] = cancelledOutcome(exits[index], index, names))
    else if (outcome._tag === "Succeeded") values.push(outcome.value)
    else failures.push(outcome as Failed<unknown>)
  }
  const whole = (config.strategy._tag === "All" || config.strategy._tag === "AllFailFast") &&
    values.length === tally.total
  return {
    tally,
    timedOut,
    values: whole ? shape(values, names) : values,
    outcomes: satisfied ? shape(outcomes, names) : outcomes,
    failures,
    cancelled,
    settled
  }
}

/** A list in the shape of the branches: a record of branches gives a record, as the public types say. */
const shape = <A>(items: ReadonlyArray<A>, names: ReadonlyArray<string> | undefined): ReadonlyArray<A> =>
  names === undefined
    ? items
    : Object.fromEntries(items.map((item, index) => [names[index], item])) as unknown as ReadonlyArray<A>

const settledOutcome = (
  exit: AnyExit,
  index: number,
  names: ReadonlyArray<string> | undefined
): Outcome.Settled<unknown, unknown> => {
  const name = names?.[index] ?? String(index)
  return Exit.isSuccess(exit)
    ? { _tag: "Succeeded", index, name, value: exit.value }
    : { _tag: "Failed", index, name, cause: exit.cause }
}

const cancelledOutcome = (
  exit: AnyExit | undefined,
  index: number,
  names: ReadonlyArray<string> | undefined
): Interrupted<unknown> | NotStarted => {
  const name = names?.[index] ?? String(index)
  return exit === undefined
    ? { _tag: "NotStarted", index, name }
    // a loser that would not be interrupted and ended well has been cut off all the same
    : { _tag: "Interrupted", index, name, cause: Exit.isFailure(exit) ? exit.cause : Cause.interrupt() }
}
