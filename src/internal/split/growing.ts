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
import type { Join } from "./join.ts"
import { exceeds } from "./refusal.ts"
import { refuse } from "./settling.ts"

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

const append = ({ cursor, record }: Join, backlog: Backlog, added: ReadonlyArray<Branch>): void => {
  cursor.append(backlog, added)
  for (let i = 0; i < added.length; i++) record.added()
}

/** Adds branches to a split that runs, and has slots started for as many as have a place. */
const add = (join: Join, backlog: Backlog, given: unknown): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const { crew, decision, places } = join
    // read first: it may be a list that decides the split while it is read
    const added = read(join, backlog.added, given, "add was given")
    const takes = crew.context !== undefined && decision.tally.total === Number.POSITIVE_INFINITY && decision.isOpen
    if (!takes) return Exit.succeed(false)
    if (typeof added === "string") return Effect.as(refuse(join, "invalid-branches", added), false)
    const excess = exceeds(join, added.length)
    if (excess !== undefined) return Effect.as(refuse(join, "max-branches", excess), false)
    append(join, backlog, added)
    if (added.length > 0) places.request()
    return Exit.succeed(true)
  })

/** Takes the first branches of a list that grows; a sentence if they are none. */
export const seed = (join: Join): string | undefined => {
  const { cursor: { backlog }, list } = join
  if (list._tag !== "Growing" || backlog === undefined) return undefined
  const given = read(
    join,
    0,
    list.seed((given) => add(join, backlog, given)),
    "the function of Split.growing returned"
  )
  if (typeof given === "string") return given
  append(join, backlog, given)
  return undefined
}
