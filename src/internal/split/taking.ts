/**
 * Takes the next branch of a split from its list, to be run at once (I3). It keeps nothing.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { recorded } from "../saga/recorded.ts"
import type { Branch } from "./branches.ts"
import * as branches from "./branches.ts"
import type { BranchUndo } from "./config.ts"
import { cancelled } from "./cursor.ts"
import type { Join } from "./join.ts"
import { nameIn } from "./record.ts"
import { exceeds } from "./refusal.ts"
import { breakOff, refuse, seal, stop } from "./settling.ts"

/** The branch at the index that `started` has had, or nothing: the list has ended, or the split. */
export const take = (join: Join): Branch | undefined => {
  const { cursor, record } = join
  const index = cursor.next
  const branch = cursor.iterator === undefined ? cursor.take() : read(join, index)
  if (record.started !== undefined && branch !== undefined) record.started(index)
  if (branch !== undefined && !cursor.hasMore) ran(join)
  return join.config.undo === undefined || branch === undefined
    ? branch
    : undoable(join, join.config.undo, index, branch)
}

/** A branch of which is kept what it has done. */
const undoable = (join: Join, { of, state }: BranchUndo, index: number, branch: Branch): Branch => {
  const { level } = join
  const name = nameIn(join.list, index)
  const undo = of(index, name)
  if (undo === undefined || level?.fan === undefined || branch === cancelled) return branch
  return recorded(level.fan.ledger(index), level.run!, {
    undo,
    value: state,
    state: level.state,
    visit: level.visit,
    branch: { index, name }
  }, () => branch)
}

/** Takes the next branch of a list that is read. */
const read = (join: Join, index: number): Branch | undefined => {
  const { cursor, decision } = join
  const next = cursor.read()
  if (Result.isFailure(next)) {
    breakOff(join, Cause.die(next.failure))
    return undefined
  }
  // reading the list may have resumed a branch that decided
  if (!decision.isOpen) return undefined
  if (cursor.isRead) {
    if (cursor.again === undefined) seal(join)
    else breakOff(join, Cause.die(new Error(`the list has ended before branch ${index}, which had started before`)))
    return undefined
  }
  const branch = next.success.value
  if (!Effect.isEffect(branch)) {
    refuse(join, "invalid-branches", branches.notABranch(index, next.success))
    return undefined
  }
  // what is started again has been counted
  const isNew = index === cursor.started
  const excess = isNew ? exceeds(join, 1) : undefined
  if (excess !== undefined) {
    refuse(join, "max-branches", excess)
    return undefined
  }
  if (isNew) join.record.added()
  cursor.advance()
  return branch
}

/** The last branch is being started that there is, for now or for good. */
const ran = (join: Join): void =>
  join.isBounded && join.cursor.backlog !== undefined ? join.places.release() : stop(join)
