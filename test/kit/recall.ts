/**
 * A split that has been there before, as a host of its run lets it be: it is no part of the package, and is reached as the
 * wings reach it, by the key of a reference.
 */
import { Cause, Context, Effect, Exit } from "effect"
import type * as model from "./model.ts"
import { registered, type Runner } from "./observation.ts"
import { Boom } from "./program.ts"

/** Who runs the steps of a run, and who is told of them. */
export const Seams = Context.Reference<{ readonly host: any; readonly listener: any }>("effect-cano/Seams", {
  defaultValue: () => ({ host: undefined, listener: undefined })
})

export interface Remembered {
  readonly index: number
  readonly exit: Exit.Exit<unknown, unknown>
}

export interface Recorded {
  readonly verdict: "proceed" | "fail"
  readonly timedOut: boolean
  readonly reason: string | undefined
  readonly counted: ReadonlyArray<number>
  readonly started: number
  readonly total: number
}

export interface Recall {
  readonly outcomes: ReadonlyArray<Remembered>
  readonly decided?: Recorded | undefined
  readonly onDecided?: (recorded: Recorded) => void
  readonly entered?: number
  readonly onFan?: (fan: any) => void
}

/** A host that does what the engine does, but for the splits of states, which recall this. */
export const recalling = (recall: Recall, more: object = {}) => ({
  visit: (_run: unknown, _state: unknown, _isSplit: boolean, work: unknown) => work,
  split: (_run: unknown, { config, list, run }: any) =>
    run(list, { ...config, ...more, recall: { decided: undefined, onDecided: undefined, ...recall } }),
  next: (_run: unknown, answer: unknown) => answer,
  resume: () => undefined,
  deadline: () => Number.POSITIVE_INFINITY,
  begun: Effect.void,
  since: () => undefined,
  restore: () => undefined,
  step: (_run: unknown, _ledger: unknown, _step: unknown, work: unknown) => work,
  pivoted: () => {},
  goesBack: () => Effect.void,
  undo: (_run: unknown, _step: unknown, work: unknown) => work
})

/** Runs what runs a workflow with such a host. */
export const withRecall = <A, E, R>(run: Effect.Effect<A, E, R>, recall: Recall, more?: object, listener?: object) =>
  Effect.provideService(run, Seams, { host: recalling(recall, more), listener })

/** A split that recalls this, with these options besides. */
export const recalled = (recall: Recall, more: object = {}): Runner => (branches, options) =>
  withRecall(registered(branches, { ...options, ...more }), recall)

/** How a branch ends when nobody stops it. */
export const exitOf = ({ end }: model.Branch, index: number): Exit.Exit<number, Boom> => {
  switch (end) {
    case "Succeed":
      return Exit.succeed(index)
    case "Fail":
      return Exit.fail(new Boom(index))
    case "Die":
      return Exit.die(new Boom(index))
    case "InterruptSelf":
      return Exit.failCause(Cause.interrupt())
  }
}
