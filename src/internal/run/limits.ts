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

export class Budget extends Nested<Budget> {
  readonly owner: Owner
  readonly most: { readonly transitions: number; readonly branches: number }
  readonly done = { transitions: 0, branches: 0 }
  constructor(owner: Owner, { maxBranches, maxTransitions }: Limits, outer: Budget | undefined) {
    super(outer)
    this.owner = owner
    this.most = {
      transitions: maxTransitions ?? Number.POSITIVE_INFINITY,
      branches: maxBranches ?? Number.POSITIVE_INFINITY
    }
  }
}

/** What a run counts into: a budget of its own, where it has one of the limits, or what is around it. */
export const make = (owner: Owner, limits: Limits | undefined, outer: Budget | undefined): Budget | undefined =>
  limits?.maxTransitions === undefined && limits?.maxBranches === undefined
    ? outer
    : new Budget(owner, limits, outer)

type Kind = keyof Budget["done"]

/** The innermost limit that so many more would pass. */
export const passed = (budget: Budget | undefined, kind: Kind, count: number): Budget | undefined => {
  let at = standing(budget)
  while (at !== undefined && at.done[kind] + count <= at.most[kind]) at = at.outer
  return at
}

/** How many more pass no limit. */
export const left = (budget: Budget | undefined, kind: Kind): number => {
  let least = Number.POSITIVE_INFINITY
  for (let at = standing(budget); at !== undefined; at = at.outer) {
    least = Math.min(least, at.most[kind] - at.done[kind])
  }
  return least
}

/** Counts what is done, unless it passes a limit: nothing is counted of what is refused. */
export const spend = (budget: Budget | undefined, kind: Kind, count: number): Budget | undefined => {
  const full = passed(budget, kind, count)
  if (full === undefined) {
    for (let at = budget; at !== undefined; at = at.outer) at.done[kind] += count
  }
  return full
}

/** Whose limit it is, in a sentence about this run. */
export const whose = ({ owner }: Budget, self: Owner | undefined): string =>
  owner === self ? "the run" : `workflow "${owner.workflow}"`
