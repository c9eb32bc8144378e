/**
 * The seam through which a run is known from outside while it goes on: `Runs`, which is looked for once, when a run starts. A
 * run that finds none pays nothing for it, and can be sent nothing.
 *
 * What is made known of a run is a listener like any, which is told before the others of what starts.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ConfigurationError } from "../../CanoError.ts"
import type { AnySignal } from "../../Signal.ts"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import type { Listener } from "./listener.ts"
import type { Current, Run } from "./run.ts"

/** What a state or a branch waits for. */
export interface Request {
  readonly signal: AnySignal
  readonly key: string | undefined
  /** Whether a signal counts that came before the visit began. */
  readonly since: "run" | "visit"
  /** Milliseconds. */
  readonly timeout: number | undefined
  /** The instant at which the time is up, where that is known. */
  readonly until?: number | undefined
  /** What is answered to who asks, when the signal is taken. */
  readonly reply: ((value: unknown) => unknown) | undefined
}

/** A run that is known. */
export interface Registered extends Listener {
  /** Makes the run known, in the step in which it begins; or says why it can't be. */
  readonly register: (run: Run, fiber: AnyFiber) => ConfigurationError | undefined
  /** Runs the run on a fiber of its own, so that it can be cancelled without the fiber that waits for it. */
  readonly apart: (body: AnyEffect) => AnyEffect
  /** Whether no further state is to be entered. */
  readonly isPaused: boolean
  /** Until somebody has resumed it. */
  readonly resumed: Effect.Effect<void>
  /** Waits for a signal. */
  readonly wait: (request: Request, current: Current, fiber: AnyFiber) => AnyEffect
}

export interface Registry {
  /** For a run that starts on a fiber. A service of somebody else's may have none. */
  readonly enlist?: (fiber: AnyFiber) => Registered
}

/** The service `Runs`, as the engine sees it. */
export const RunsKey = Context.Service<Registry>("effect-cano/Runs")

/** For a run that starts on a fiber, where somebody is to know of it. */
export const enlist = (fiber: AnyFiber): Registered | undefined => {
  // a Context holds more than its type says
  const registry = Context.getOrUndefined(fiber.context as Context.Context<Registry>, RunsKey)
  return registry === undefined ? undefined : registry.enlist?.(fiber)
}
