/**
 * Why a split does not start, or takes no further branch: each is a sentence or an error, and is looked for anew whenever
 * it is asked.
 */
import * as Exit from "effect/Exit"
import type { WorkflowRule } from "../../CanoError.ts"
import * as JoinStrategy from "../../JoinStrategy.ts"
import * as hold from "../bulkhead/hold.ts"
import type { Pool } from "../bulkhead/pool.ts"
import type { Allowance } from "../run/limits.ts"
import * as limits from "../run/limits.ts"
import * as reducer from "../strategy/reducer.ts"
import * as branches from "./branches.ts"
import type { Frame } from "./frame.ts"
import { refused } from "./frame.ts"
import type { Join } from "./join.ts"

/** Why it does not start, now that it is known what it is to run; the sentence is for first branches that are none. */
export const refusal = (
  join: Join,
  pool: Pool | undefined,
  unseeded: string | undefined
): Exit.Exit<never, unknown> | undefined => {
  const { frame } = join
  if (unseeded !== undefined) return refused(frame, "invalid-branches", unseeded)
  const unfit = misfit(join)
  if (unfit !== undefined) return refused(frame, unfit.rule, unfit.detail)
  return pool && noPlace(join, pool)
}

/** Why a shared bulkhead has no place for it, and never will. */
export const noPlace = ({ cursor, home, list }: Join, pool: Pool): Exit.Exit<never, unknown> | undefined => {
  const full = hold.reentry(pool, home) ?? pool.refuses(list._tag === "Lazy" ? 1 : cursor.left)
  return full && Exit.fail(full)
}

/** What only shows when the branches are there, and stops the split before the first of them. */
const misfit = ({ config, cursor, frame, list }: Join): { rule: WorkflowRule; detail: string } | undefined => {
  if (list._tag === "Known" && JoinStrategy.isCustom(config.strategy)) {
    const detail = reducer.issue(config.strategy, branches.namesOf(list))
    if (detail !== undefined) return { rule: "strategy", detail }
  }
  if (list._tag === "Growing" && config.hedge !== undefined) {
    return { rule: "invalid-branches", detail: "branches that add branches are no alternatives to hedge with" }
  }
  const { maxBranches } = config
  const count = cursor.known
  // what is known whole counts when it is started
  const detail = maxBranches !== undefined && count > maxBranches
    ? `the split is given ${count} branches, more than ${maxBranches} (maxBranches)`
    : tooMany(frame, limits.passed(frame.allowance, "branches", count))
  return detail === undefined ? undefined : { rule: "max-branches", detail }
}

/** Counts branches against what the split and its run may start; a sentence if that is too many, and then none counts. */
export const exceeds = ({ config: { maxBranches }, cursor, frame }: Join, count: number): string | undefined =>
  maxBranches !== undefined && cursor.known + count > maxBranches
    ? `the split is given more than ${maxBranches} branches (maxBranches)`
    : tooMany(frame, limits.spend(frame.allowance, "branches", count))

const tooMany = ({ root }: Frame, passed: Allowance | undefined): string | undefined =>
  passed && `${limits.whose(passed, root)} starts more than ${passed.most.branches} branches (maxBranches)`
