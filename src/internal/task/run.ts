/**
 * Runs a task on its own: as a branch, or outside of a machine.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ConfigurationError } from "../../CanoError.ts"
import { misfit } from "../check/describe.ts"
import * as issue from "../check/issue.ts"
import type { AnyEffect } from "../fibers/any.ts"
import * as leading from "../run/leading.ts"
import type { Fault } from "./kind.ts"
import { isTask } from "./kind.ts"

export const run = (task: unknown, state: unknown): AnyEffect => {
  const effect = Effect.suspend(() => {
    const faults: ReadonlyArray<Fault> = isTask(task)
      ? task.faults
      : [{ rule: "task", sentence: misfit("the task", task, "made by a function of effect-cano/Task") }]
    if (isTask(task) && faults.length === 0) return task.work(state)
    const issues = faults.map(({ rule, sentence }) => issue.make(undefined, rule, sentence, "task"))
    return Exit.fail(new ConfigurationError({ workflow: undefined, issues }))
  })
  return isTask(task) && task.kind._tag === "Timer" ? leading.mark(effect) : effect
}
