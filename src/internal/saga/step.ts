/**
 * Steps that can be undone, and what is kept of them: what a step has done, and all that is needed to undo it. A step is made
 * when it starts, and kept from its end until its run has ended, it has been undone, or the run only goes forward.
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Done, Doubt, Step as Told } from "../../Saga.ts"
import type { Saga } from "./saga.ts"

/** How a step is undone. */
export interface Undo {
  readonly compensate: (done: Done<unknown>, step: Told<unknown>) => Effect.Effect<unknown, unknown, unknown>
  readonly inDoubt: Doubt
  /** The part of a merge that the state belongs to, whose Layers serve it first. */
  readonly part: number
}

export interface Step {
  readonly _tag: "Step"
  readonly undo: Undo
  /** The state as it was entered, and its name. */
  readonly value: unknown
  readonly state: string
  readonly visit: number
  readonly branch: Told<unknown>["branch"]
  readonly key: string
  /** The services that it had. */
  readonly context: Context.Context<never>
  /** Its place among the ends of all steps. */
  order: number
  /** What it has done; nothing as long as it runs. */
  done: Done<unknown> | undefined
}

/** The branches of a split that has ended, each with what was done in it. */
export interface Group {
  readonly _tag: "Group"
  readonly branches: ReadonlyArray<ReadonlyArray<Item>>
}

/** All that a run inside of this one has done, which it has handed up. */
export interface Child {
  readonly _tag: "Child"
  readonly items: ReadonlyArray<Item>
  order: number
  /** By whose policy they are undone. */
  readonly saga: Saga
  /** Its resources have been released with it: builds them anew for what undoes them. */
  readonly provide: (undo: (services: Services) => Effect.Effect<void>) => Effect.Effect<void, unknown>
}

/** What the states of each part of a workflow see of its resources. */
export type Services = ReadonlyArray<Context.Context<never>>

/** What there is to undo, as one thing. */
export type Item = Step | Group | Child

/** All steps of some things. */
export const stepsOf = (items: ReadonlyArray<Item>): ReadonlyArray<Step> =>
  items.flatMap((item) =>
    item._tag === "Step" ? [item] : stepsOf(item._tag === "Child" ? item.items : item.branches.flat())
  )
