/**
 * The library as a caller from JavaScript sees it, without its types: to give it what is generated, and what it must refuse.
 */
import type { Effect } from "effect"
import type { CanoError, Definition, SplitResult } from "effect-cano"
import { Split, Workflow } from "effect-cano"

/** `Split.run` of anything. The test provides the `Scope` that some options ask for. */
export const standalone = Split.run as unknown as (
  branches: unknown,
  options?: unknown
) => Effect.Effect<SplitResult.SplitResult<unknown, unknown>, any>

/** A workflow of anything. */
export interface Untyped {
  readonly definition: Definition.Definition
  readonly register: (state: string, task: unknown, options?: object) => Untyped
  readonly registerSplit: (state: string, branches: unknown, options: object) => Untyped
  readonly registerSignal: (state: string, signal: unknown, options?: unknown) => Untyped
  readonly addExitStates: (...states: ReadonlyArray<string>) => Untyped
  readonly withResources: (layer: unknown) => Untyped
  readonly withTimeout: (duration: unknown) => Untyped
  readonly withCompensation: (policy: unknown) => Untyped
  readonly merge: (that: Untyped) => Untyped
  readonly validate: () => ReadonlyArray<CanoError.Issue>
  readonly orchestrate: (initial: unknown, options?: object) => Effect.Effect<any, unknown>
}

/** An empty workflow. */
export const untyped = (name = "w"): Untyped => Workflow.make<string>(name) as unknown as Untyped
