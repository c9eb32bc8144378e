/**
 * How a split grows: its first branches and those that are added while it runs, read and counted before one of them may
 * start.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as limits from "../run/limits.ts"
import type { Backlog } from "./backlog.ts"
import type { Branch } from "./branches.ts"
import * as branches from "./branches.ts"
import type { Join } from "./join.ts"
import { exceeds } from "./refusal.ts"
import { refuse } from "./settling.ts"

/** How many more branches the split may have at most. */
const mostOf = ({ config: { maxBranches = Number.POSITIVE_INFINITY }, frame }: Join): number =>
  Math.min(maxBranches, limits.left(frame.allowance, "branches"))

const append = ({ cursor, record }: Join, backlog: Backlog, added: ReadonlyArray<Branch>): void => {
  cursor.append(backlog, added)
  for (let i = 0; i < added.length; i++) record.added()
}

/** Adds branches to a split that runs, and has slots started for as many as have a place. */
const add = (join: Join, backlog: Backlog, given: unknown): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const { crew, decision } = join
    // read first: it may be a list that decides the split while it is read
    const added = branches.added(given, backlog.added, mostOf(join), "add was given")
    const takes = crew.context !== undefined && decision.tally.total === Number.POSITIVE_INFINITY && decision.isOpen
    if (!takes) return Exit.succeed(false)
    if (typeof added === "string") return Effect.as(refuse(join, "invalid-branches", added), false)
    const excess = exceeds(join, added.length)
    if (excess !== undefined) return Effect.as(refuse(join, "max-branches", excess), false)
    append(join, backlog, added)
    if (added.length > 0) join.level?.added(added.length)
    if (added.length > 0 && join.isBounded) join.places.request()
    return Exit.succeed(true)
  })

/** Takes the first branches of a list that grows; a sentence if they are none. */
export const seed = (join: Join): string | undefined => {
  const { cursor: { backlog }, list } = join
  if (list._tag !== "Growing" || backlog === undefined) return undefined
  const first = list.seed((given) => add(join, backlog, given))
  const given = branches.added(first, 0, mostOf(join), "the function of Split.growing returned")
  if (typeof given === "string") return given
  append(join, backlog, given)
  return undefined
}
