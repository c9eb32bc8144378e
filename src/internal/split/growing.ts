/**
 * How a split grows: its first branches and those that are added while it runs, read and counted before one of them may
 * start.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { describe } from "../check/describe.ts"
import * as limits from "../run/limits.ts"
import type { Backlog } from "./backlog.ts"
import type { Branch } from "./branches.ts"
import * as branches from "./branches.ts"
import { poke } from "./crew.ts"
import { exceeds, refuse } from "./decision.ts"
import type { Join } from "./join.ts"
import { isOpen } from "./join.ts"

/**
 * Reads what was given as branches to add behind those of a backlog; the sentence for what is no list of them. Of more than
 * the split may have not all are read: the list may have no end.
 */
const read = (join: Join, from: number, given: unknown, whence: string): ReadonlyArray<Branch> | string => {
  const { config: { maxBranches = Number.POSITIVE_INFINITY }, frame } = join
  const most = Math.min(maxBranches, limits.left(frame.budget, "branches"))
  const list = Array.isArray(given) ? given : iterable(given, whence)
  if (typeof list === "string") return list
  const items: Array<Branch> = []
  for (const item of list) {
    if (!Effect.isEffect(item)) return branches.notAnEffect(from + items.length, item)
    items.push(item as Branch)
    if (items.length > most) break
  }
  return items
}

const iterable = (given: unknown, whence: string): Iterable<unknown> | string => {
  const list = branches.fromUnknown(given)
  return list._tag === "Lazy" ? list.items : `${whence} ${describe(given)} where a list of branches was expected`
}

const append = (join: Join, backlog: Backlog, added: ReadonlyArray<Branch>): void => {
  for (const branch of added) {
    backlog.push(branch)
    join.record.added()
  }
}

/** Adds branches to a split that runs, and has slots started for as many as have a place. */
export const add = (join: Join, backlog: Backlog, given: unknown): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    // read first: it may be a list that decides the split while it is read
    const added = read(join, backlog.added, given, "add was given")
    const takes = join.context !== undefined && join.tally.total === Number.POSITIVE_INFINITY && isOpen(join)
    if (!takes) return Exit.succeed(false)
    if (typeof added === "string") return Effect.as(refuse(join, "invalid-branches", added), false)
    const excess = exceeds(join, added.length)
    if (excess !== undefined) return Effect.as(refuse(join, "max-branches", excess), false)
    append(join, backlog, added)
    if (added.length > 0) {
      join.exhausted = false
      join.sharing?.request()
      poke(join)
    }
    return Exit.succeed(true)
  })

/** Takes the first branches of a list that grows; a sentence if they are none. */
export const seed = (join: Join, from: (add: branches.Add) => unknown): string | undefined => {
  const backlog = join.backlog!
  const given = read(join, 0, from((given) => add(join, backlog, given)), "the function of Split.growing returned")
  if (typeof given === "string") return given
  append(join, backlog, given)
  return undefined
}
