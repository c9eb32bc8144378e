/**
 * Who is told of everything that starts and ends in a run: the run itself, visits of states, splits and their branches,
 * attempts. It is looked for once, when a run starts, and told on the stack of what happens; without one nobody is
 * asked.
 *
 * Each start has exactly one end, which is told with the same object, also after a failure, a defect or an interruption.
 * Numbers count up in a run and its follow-on branches, in the order in which things happen. What a listener throws is
 * dropped: it can't fail a run.
 */
import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { Outcome } from "../../SplitResult.ts"
import { attempt } from "../check/describe.ts"
import { isPromise } from "../check/returned.ts"
import type { AnyFiber } from "../fibers/any.ts"
import type { End } from "../fibers/open.ts"
import { open } from "../fibers/open.ts"
import type { Outcome as Undone, Step } from "../saga/step.ts"
import type { BranchList } from "../split/branches.ts"
import type { Config } from "../split/config.ts"
import type { Decided } from "../split/decision.ts"
import type { Join } from "../split/join.ts"
import type { Branch } from "./branch.ts"
import type { Current, Run, SplitLevel } from "./run.ts"

/** What starts and ends. */
export type Span =
  /**
   * A run, or a follow-on branch as a run; from before its Layers are built until they are released. Around it are the services
   * of who has started it, which are not to be kept: a run may start the next one for ever.
   */
  | { readonly _tag: "Run"; readonly run: Run; readonly around: Context.Context<never> }
  /** A visit: the run's state, its number and its key are those of the run until the end of the visit. */
  | { readonly _tag: "State"; readonly run: Run; readonly state: unknown; readonly visit: number }
  /** A split that starts branches, of a state or a `Split.run`. Branches that are detached end after it. */
  | SplitSpan
  /** A branch that has started; from when it is taken from the list until it is recorded. */
  | { readonly _tag: "Branch"; readonly branch: Branch }
  /** An attempt of a hedge, of a `Hedge.run` and not of a split, or of a retry. */
  | AttemptSpan
  /** A wait for what does not come of the run's own work. */
  | WaitSpan
  /** What a run has done is undone: all of it, or the branches that a join does not keep. */
  | {
    readonly _tag: "Rollback"
    readonly run: Run
    readonly steps: number
    readonly why: Cause.Cause<unknown>
    readonly outcome: Undone
  }
  /** One compensation, with all its attempts. */
  | { readonly _tag: "Compensation"; readonly run: Run; readonly step: Step }

export interface AttemptSpan {
  readonly _tag: "Attempt"
  readonly run: Run
  readonly current: Current
  /** What the attempts of one hedge or retry have in common. */
  readonly series: object
  readonly attempt: number
  readonly kind: "hedge" | "retry"
}

export interface WaitSpan {
  readonly _tag: "Wait"
  readonly run: Run
  readonly current: Current
  readonly waits: "signal" | "timer"
  /** The name of the signal, and the key that it is to have. */
  readonly signal: string | undefined
  readonly signalKey: string | undefined
  /** The instant at which the wait is over, in milliseconds of the Clock, where it has one. */
  readonly until: number | undefined
}

export interface SplitSpan {
  readonly _tag: "Split"
  readonly level: SplitLevel
  readonly list: BranchList
  readonly config: Config
  /** The branches that are known before the first one starts. */
  readonly known: number
  /** Of alternatives, how many start at once: each one after them is a hedge. Of others all do. */
  readonly atOnce: number
  /** The split itself, for who is to steer it. */
  readonly join: Join
}

/** What happens to a run from outside: nothing of it starts or ends with it. */
export type Note =
  | { readonly _tag: "Paused"; readonly run: Run; readonly note: string | undefined }
  | { readonly _tag: "Resumed"; readonly run: Run }
  /** A signal was sent to it. */
  | {
    readonly _tag: "Signal"
    readonly run: Run
    readonly signal: string
    readonly signalKey: string | undefined
    readonly id: string | undefined
    readonly answer: "taken" | "kept" | "duplicate"
  }

export type { End } from "../fibers/open.ts"

/** How a branch has ended for its split; nothing for one that broke it. */
export type Ended = Outcome.Any<unknown, unknown>["_tag"] | undefined

/** What there is to count when a join is decided. */
export interface Counts {
  readonly total: number
  readonly started: number
  readonly succeeded: number
  readonly failed: number
}

export interface Listener {
  readonly started: (span: Span, number: number) => void
  /** The exit is that of the run, the visit with the next state, the join or the branch, after its finalizers. */
  readonly ended: (span: Span, exit: Exit.Exit<unknown, unknown>, number: number, ended?: Ended) => void
  /** So many branches more are known of a split that runs, and wait. */
  readonly added?: (level: SplitLevel, count: number) => void
  /** A join is decided, which happens once. */
  readonly decided?: (level: SplitLevel, decided: Decided, counts: Counts) => void
  /** Something happens to a run from outside. */
  readonly noted?: (note: Note, number: number) => void
  /** The services of what has just started, made of those around it: for what surrounds work. */
  readonly services?: (span: Span, around: Context.Context<never>) => Context.Context<never>
}

/** Whoever numbers what happens: the run that all of it belongs to. */
export interface Numbers {
  happened: number
}

/** Something starts on a fiber: tells of it, and gives what is to be called at its end, which comes with that of the fiber at the latest. */
export const begin = (listener: Listener, numbers: Numbers, span: Span, fiber: AnyFiber): End => {
  const end: End = (exit) => tell(() => listener.ended(span, exit, ++numbers.happened))
  const close = open(fiber, end)
  tell(() => listener.started(span, ++numbers.happened))
  return (exit) => {
    if (close()) end(exit)
  }
}

/** The services that a listener gives to what has started, if it gives any. */
export const inside = (listener: Listener, span: Span, around: Context.Context<never>): Context.Context<never> =>
  listener.services === undefined ? around : attempt(() => listener.services!(span, around)) ?? around

/** It can't fail a run, by what it throws or by a Promise that rejects. */
export const tell = (f: () => unknown): void => {
  attempt(() => isPromise(f()))
}

/** The same for what the fiber runs from here on, with the services that the listener gives. */
export const enter = (listener: Listener, numbers: Numbers, span: Span, fiber: AnyFiber): End => {
  const end = begin(listener, numbers, span, fiber)
  if (listener.services === undefined) return end
  const around = fiber.context
  fiber.setContext(inside(listener, span, around))
  return (exit) => {
    fiber.setContext(around)
    end(exit)
  }
}

/** An effect of whose start and end a listener is told. Who is interrupted before the start does not end either. */
export const told = <A, E, R>(
  listener: Listener,
  numbers: Numbers,
  span: Span,
  body: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  let end: End | undefined
  return Effect.onExitPrimitive(
    Effect.withFiber((fiber) => {
      end = enter(listener, numbers, span, fiber)
      return body
    }),
    (exit) => {
      end?.(exit)
      return undefined
    }
  )
}
