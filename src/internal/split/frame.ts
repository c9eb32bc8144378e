/**
 * Where a split stands: a run, or nothing but the fiber that has entered it. It lives as long as that, and is read for
 * errors, limits and what is detached.
 */
import * as Exit from "effect/Exit"
import { type Path, WorkflowError, type WorkflowRule } from "../../CanoError.ts"
import type { Allowance } from "../run/limits.ts"
import type { Nursery } from "../run/nursery.ts"

export interface Frame {
  readonly workflow: string | undefined
  readonly state: string | undefined
  readonly path: Path | undefined
  /** Where branches go that outlive their split. */
  readonly nursery: Nursery | undefined
  /** What the run may still do. */
  readonly allowance: Allowance | undefined
  /** The run whose limits are its own. */
  readonly root: { readonly workflow: string } | undefined
}

export const noFrame: Frame = {
  workflow: undefined,
  state: undefined,
  path: undefined,
  nursery: undefined,
  allowance: undefined,
  root: undefined
}

type Where = Pick<Frame, "workflow" | "state" | "path">

/** Read only when there is an error to make: a path is put together on demand. */
export const where = ({ path, state, workflow }: Where): Where => ({ workflow, state, path })

/** The error for what a split or a run can't go on with. */
export const workflowError = (at: Where, rule: WorkflowRule, detail: string): WorkflowError =>
  new WorkflowError({ rule, detail, ...where(at) })

/** How a split ends that does not start. */
export const refused = (frame: Frame, rule: WorkflowRule, detail: string): Exit.Exit<never, WorkflowError> =>
  Exit.fail(workflowError(frame, rule, detail))
