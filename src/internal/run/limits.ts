/**
 * What a run may do, together with all that runs inside of it. It is made for a run that is given a limit, and holds until
 * that run has ended; a run without limits of its own counts into what is around it.
 */
import { Nested, standing } from "./nested.ts"

interface Limits {
  readonly maxTransitions?: number | undefined
  readonly maxBranches?: number | undefined
}

interface Owner {
  readonly workflow: string
}

export class Allowance extends Nested<Allowance> {
  readonly owner: Owner
  readonly most: { readonly transitions: number; readonly branches: number }
  readonly done = { transitions: 0, branches: 0 }
  constructor(owner: Owner, { maxBranches, maxTransitions }: Limits, outer: Allowance | undefined) {
    super(outer)
    this.owner = owner
    this.most = {
      transitions: maxTransitions ?? Number.POSITIVE_INFINITY,
      branches: maxBranches ?? Number.POSITIVE_INFINITY
    }
  }
}

/** What a run counts into: an allowance of its own, where it has one of the limits, or what is around it. */
export const make = (owner: Owner, limits: Limits | undefined, outer: Allowance | undefined): Allowance | undefined =>
  limits?.maxTransitions === undefined && limits?.maxBranches === undefined
    ? outer
    : new Allowance(owner, limits, outer)

type Kind = keyof Allowance["done"]

/** The innermost limit that so many more would pass. */
export const passed = (allowance: Allowance | undefined, kind: Kind, count: number): Allowance | undefined => {
  let at = standing(allowance)
  while (at !== undefined && at.done[kind] + count <= at.most[kind]) at = at.outer
  return at
}

/** How many more pass no limit. */
export const left = (allowance: Allowance | undefined, kind: Kind): number => {
  let least = Number.POSITIVE_INFINITY
  for (let at = standing(allowance); at !== undefined; at = at.outer) {
    least = Math.min(least, at.most[kind] - at.done[kind])
  }
  return least
}

/** Counts what is done, unless it passes a limit: nothing is counted of what is refused. */
export const spend = (allowance: Allowance | undefined, kind: Kind, count: number): Allowance | undefined => {
  const full = passed(allowance, kind, count)
  if (full === undefined) {
    for (let at = allowance; at !== undefined; at = at.outer) at.done[kind] += count
  }
  return full
}

/** Whose limit it is, in a sentence about this run. */
export const whose = ({ owner }: Allowance, self: Owner | undefined): string =>
  owner === self ? "the run" : `workflow "${owner.workflow}"`
