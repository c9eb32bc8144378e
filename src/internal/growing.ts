/**
 * How a split grows: its first branches and those that are added while it runs, read and counted before one of them may
 * start.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Backlog } from "./backlog.ts"
import type { Branch } from "./branches.ts"
import * as branches from "./branches.ts"
import { poke } from "./crew.ts"
import { exceeds, refuse } from "./deciding.ts"
import type { Join } from "./join.ts"
import { isOpen } from "./join.ts"

/**
 * Reads what was given as branches to add behind `from` others; the sentence for what is no list of them. Of more than
 * `most` not all are read: the list may have no end.
 */
export const read = (given: unknown, from: number, most: number): ReadonlyArray<Branch> | string => {
  const list = Array.isArray(given) ? given : iterable(given)
  if (typeof list === "string") return list
  const items: Array<Branch> = []
  for (const item of list) {
    if (!Effect.isEffect(item)) return branches.notAnEffect(from + items.length, item)
    items.push(item as Branch)
    if (items.length > most) break
  }
  return items
}

const iterable = (given: unknown): Iterable<unknown> | string => {
  const list = branches.fromUnknown(given)
  if (list._tag === "NotBranches") return `the branches to add are ${list.detail}`
  return list._tag === "Lazy" ? list.items : "the branches to add are neither an array nor another iterable"
}

/** Adds branches to a split that runs, and has slots started for as many as have a place. */
export const add = (join: Join, backlog: Backlog, given: unknown): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    // read first: it may be a list that decides the split while it is read
    const added = read(given, backlog.added, join.config.maxBranches ?? Number.POSITIVE_INFINITY)
    const takes = join.context !== undefined && join.tally.total === Number.POSITIVE_INFINITY && isOpen(join)
    if (!takes) return Exit.succeed(false)
    if (typeof added === "string") {
      refuse(join, "invalid-branches", added)
      return Exit.succeed(false)
    }
    const excess = exceeds(join, added.length)
    if (excess !== undefined) {
      refuse(join, "max-branches", excess)
      return Exit.succeed(false)
    }
    for (const branch of added) {
      backlog.push(branch)
      join.record.added()
    }
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
  const given = read(from((given) => add(join, backlog, given)), 0, join.config.maxBranches ?? Number.POSITIVE_INFINITY)
  if (typeof given === "string") return given
  for (const branch of given) {
    backlog.push(branch)
    join.record.added()
  }
  return undefined
}
