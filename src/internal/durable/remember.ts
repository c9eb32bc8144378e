/**
 * What the journal says of a split that is entered again: how its branches have ended, where they stand today, and what was
 * decided. Pure; what can't be this split is a fault.
 */
import * as Result from "effect/Result"
import { segment } from "../run/keys.ts"
import type { BranchList } from "../split/branches.ts"
import type { Recorded, Remembered } from "../split/recall.ts"
import * as recalling from "../split/recall.ts"
import type { ExitCodec } from "./errors.ts"
import type { Past } from "./past.ts"

export interface Fault {
  readonly rule: "branch" | "encoding"
  readonly detail: string
}

export const remember = (
  past: Past,
  own: string,
  list: BranchList,
  codecOf: (index: number) => ExitCodec,
  isHedged: boolean
): Result.Result<{ readonly outcomes: Array<Remembered>; readonly decided: Recorded | undefined }, Fault> => {
  const outcomes: Array<Remembered> = []
  const joined = past.joins.get(own)
  // the branches of a record may stand in another order now
  const moved = new Map<number, number>()
  let gone = 0
  for (const { exit, index: before, segment } of past.outcomes.get(own) ?? []) {
    const index = indexIn(list, before, segment) ?? (joined === undefined ? undefined : behind(list, before, gone++))
    if (index === undefined) {
      const detail = `branch ${own}/${segment} has ended, and there is no such branch any more`
      return fault(
        "branch",
        `${detail}; the branches of a state must be the same as long as a run is in it, or migrate says what has become of them`
      )
    }
    const read = codecOf(index).decode(exit)
    if (Result.isFailure(read)) {
      const what = `how branch "${segment}" of ${own} has ended`
      return fault("encoding", `${what} does not fit its Schema: ${read.failure}`)
    }
    moved.set(before, index)
    outcomes.push({ index, exit: read.success })
  }
  const decided = joined && {
    ...joined,
    counted: joined.counted.map((index) => moved.get(index) ?? index),
    total: Math.max(joined.total, ...Array.from(moved.values(), (index) => index + 1))
  }
  const why = recalling.faultOf(recalling.standIn(list, { decided }), isHedged, { decided, outcomes })
  return why === undefined
    ? Result.succeed({ outcomes, decided })
    : fault("branch", `the split of ${own} can't go on: ${why}`)
}

const fault = (rule: Fault["rule"], detail: string) => Result.fail({ rule, detail })

/** One that is gone stands behind those of today where they have names, and else where it stood. */
const behind = (list: BranchList, before: number, gone: number): number =>
  list._tag === "Known" && list.names !== undefined ? list.items.length + gone : before

/** Where a branch stands that stood in some place. */
const indexIn = (list: BranchList, before: number, name: string): number | undefined => {
  if (list._tag !== "Known") return before
  if (list.names === undefined) return before < list.items.length ? before : undefined
  const index = list.names.findIndex((own) => segment(own) === name)
  return index < 0 ? undefined : index
}
