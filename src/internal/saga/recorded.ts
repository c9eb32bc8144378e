/**
 * A step of which is kept what it has done, in the very step in which it ends: it runs uninterruptibly, but for the parts that
 * it reopens, since at the edge of such a region an interruption takes its value away. Nothing is kept here.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { AnyEffect } from "../fibers/any.ts"
import { CurrentRunRef } from "../run/run.ts"
import type { Run } from "../run/run.ts"
import type { Ledger } from "./ledger.ts"
import type { Step } from "./step.ts"

/** What a step is, before it starts. */
type Given = Pick<Step, "undo" | "value" | "state" | "visit" | "branch">

export const recorded = (ledger: Ledger, run: Run, given: Given, work: () => AnyEffect): AnyEffect =>
  Effect.uninterruptible(Effect.withFiber((fiber) => {
    const { context } = fiber
    const refused = run.saga!.refusal
    if (refused !== undefined) return Exit.fail(refused)
    const { key } = fiber.getRef(CurrentRunRef)
    const step: Step = { ...given, _tag: "Step", key, context, order: 0, done: undefined }
    ledger.begin(step)
    const { host } = run
    const body = host === undefined ? Effect.suspend(work) : host.step(run, ledger, step, Effect.suspend(work))
    return Effect.onExitPrimitive(body, (exit) => ledger.end(step, exit))
  }))

/** With the success of something the run only goes forward. */
export const forward = <A, E, R>(run: Run, ledger: Ledger, self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.onExitPrimitive(self, (exit) => {
    if (Exit.isSuccess(exit)) {
      ledger.pivot()
      run.host?.pivoted(run)
    }
    return undefined
  })

/** The same of a step. */
export const pivot = (run: Run, ledger: Ledger, work: () => AnyEffect): AnyEffect =>
  Effect.uninterruptible(forward(run, ledger, Effect.suspend(work)))
