/**
 * What has been done and can be undone, in the order in which it ended: by a run, or by one branch of a split. It lives as
 * long as that, and is changed by its own methods alone.
 */
import type * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Fan } from "./fan.ts"
import { mayBeDone } from "./policy.ts"
import type { Item, Step } from "./step.ts"
import { stepsOf } from "./step.ts"

/** What the ledgers of a run have in common: how much has ended, and how many steps are kept or run. */
export interface Counts {
  ended: number
  kept: number
}

export class Ledger {
  readonly #counts: Counts
  /** What has ended. */
  items: Array<Item> = []
  /** What runs. */
  readonly running = new Set<Step>()
  /** Splits that have not been joined. */
  readonly fans = new Set<Fan>()
  /** Whether nothing is kept any more: the run only goes forward. */
  #isForward = false
  /** Who takes what comes when its owner has ended. */
  #heir: ((item: Item) => Effect.Effect<void> | undefined) | undefined
  constructor(counts: Counts) {
    this.#counts = counts
  }

  begin(step: Step): void {
    this.#counts.kept++
    this.running.add(step)
  }

  /** A step has ended; what is to be done about that at once, if anything. */
  end(step: Step, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> | undefined {
    this.running.delete(step)
    this.#counts.kept--
    if (Exit.isSuccess(exit)) step.done = { _tag: "Succeeded", value: exit.value }
    else if (mayBeDone(step.undo.inDoubt, exit.cause)) step.done = { _tag: "InDoubt", cause: exit.cause }
    else return undefined
    return this.add(step)
  }

  /** Something has ended. */
  add(item: Item): Effect.Effect<void> | undefined {
    if (this.#heir !== undefined) return this.#heir(item)
    if (this.#isForward) return undefined
    if (item._tag !== "Group") item.order = ++this.#counts.ended
    this.#counts.kept += stepsOf([item]).length
    this.items.push(item)
    return undefined
  }

  /** From here on the run only goes forward. */
  pivot(): void {
    this.#isForward = true
    this.take()
  }

  /** All that there is to undo. What still runs is left where it is, and will be given to the heir. */
  take(): ReadonlyArray<Item> {
    for (const fan of this.fans) {
      const group = fan.take()
      if (group !== undefined) this.add(group)
    }
    this.fans.clear()
    const { items } = this
    this.items = []
    this.#counts.kept -= stepsOf(items).length
    return items
  }

  /**
   * Its owner has ended, for this reason. A step that still runs is one whose fiber has ended at a value that is no Effect, past
   * all who would have told of its end. What is to be done about that at once, if anything.
   */
  abandon(cause: Cause.Cause<unknown>): ReadonlyArray<Effect.Effect<void>> {
    const due: Array<Effect.Effect<void>> = []
    for (const step of this.running) {
      const own = this.end(step, Exit.failCause(cause))
      if (own !== undefined) due.push(own)
    }
    for (const fan of this.fans) fan.abandon(cause)
    return due
  }

  /** Its owner has ended. */
  close(heir: (item: Item) => Effect.Effect<void> | undefined): void {
    this.#heir = heir
  }

  /** The steps that run, here and in the splits that have not been joined. */
  get open(): ReadonlyArray<Step> {
    return [...this.running, ...[...this.fans].flatMap((fan) => fan.open)]
  }

  /** What would be taken. */
  get kept(): ReadonlyArray<Item> {
    return [...this.items, ...[...this.fans].flatMap((fan) => fan.kept)]
  }
}
