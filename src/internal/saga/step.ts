/**
 * Steps that can be undone, and what is kept of them: what a step has done, and all that is needed to undo it. A step is made
 * when it starts, and kept from its end until its run has ended, it has been undone, or the run only goes forward.
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Uncompensated } from "../../CanoError.ts"
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
  /** The part of the workflow around it that it stands in. */
  readonly part: number
  /** Builds its resources anew, which have been released with it; `over` is what was built anew around it. */
  readonly build: ((scope: Scope.Scope, over: Services | undefined) => Effect.Effect<Parts, unknown>) | undefined
}

type Services = Context.Context<never>

/** What the states of each part of a workflow see of its resources. */
export type Parts = ReadonlyArray<Services>

/** What has come of a rollback. */
export interface Outcome {
  /** The keys of what was undone. */
  readonly compensated: Array<string>
  readonly failures: Array<Uncompensated>
}

/** What there is to undo, as one thing. */
export type Item = Step | Group | Child

/** The steps of some things in the order in which they are undone, those of a group one after another. */
export const backwards = (items: ReadonlyArray<Item>): ReadonlyArray<Step> =>
  items.toReversed().flatMap((item) => {
    switch (item._tag) {
      case "Step":
        return [item]
      case "Child":
        return backwards(item.items)
      case "Group":
        return backwards(inOrder(item.branches.flat()))
    }
  })

/** In the order in which they ended, whatever branch they belong to. */
export const inOrder = (items: ReadonlyArray<Item>): ReadonlyArray<Step | Child> =>
  items.flatMap((item) => item._tag === "Group" ? inOrder(item.branches.flat()) : [item])
    .sort((a, b) => a.order - b.order)

/** All steps of some things. */
export const stepsOf = (items: ReadonlyArray<Item>): ReadonlyArray<Step> =>
  items.flatMap((item) =>
    item._tag === "Step" ? [item] : stepsOf(item._tag === "Child" ? item.items : item.branches.flat())
  )
