/**
 * The smallest machine: for tests that look at what is nested in its run.
 */
import { Effect } from "effect"
import { Workflow } from "effect-cano"

/** A workflow whose only task is this effect: from `Go` to `Done`. */
export const running = (name: string, task: Effect.Effect<unknown, unknown>) =>
  Workflow.make<"Go" | "Done">(name).register("Go", Effect.as(task, "Done" as const)).addExitStates("Done")
