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

/** What is to be done at once with something that has ended, if anything. */
type Due = Effect.Effect<void> | undefined

export class Ledger {
  readonly #counts: Counts
  /** What has ended. */
  items: Array<Item> = []
  /** What runs. */
  readonly running = new Set<Step>()
  /** Splits that have not been joined, and those whose branches go on detached. */
  readonly fans = new Set<Fan>()
  readonly detached = new Set<Fan>()
  /** Runs that stand here and may hand up what they do. */
  readonly children = new Set<{ readonly ledger: Ledger }>()
  /** Whether something that was done here could not be undone. */
  isStuck = false
  /** Whether nothing is kept any more: the run only goes forward. */
  #isForward = false
  /** The keys of what was done in a life of the run before. */
  readonly #restored = new Set<string>()
  /** Who takes what comes when its owner has ended. */
  #heir: ((item: Item) => Due) | undefined
  constructor(counts: Counts) {
    this.#counts = counts
  }

  begin(step: Step): void {
    this.#counts.kept++
    this.running.add(step)
  }

  /** A step has ended. */
  end(step: Step, exit: Exit.Exit<unknown, unknown>): Due {
    this.running.delete(step)
    this.#counts.kept--
    if (Exit.isSuccess(exit)) step.done = { _tag: "Succeeded", value: exit.value }
    else if (mayBeDone(step.undo.inDoubt, exit.cause)) step.done = { _tag: "InDoubt", cause: exit.cause }
    else return undefined
    return this.add(step)
  }

  /** Something has ended. */
  add(item: Item): Due {
    if (this.#isForward) return undefined
    if (item._tag !== "Group") item.order = ++this.#counts.ended
    if (this.#heir !== undefined) return this.#heir(item)
    this.#counts.kept += stepsOf([item]).length
    this.items.push(item)
    return undefined
  }

  /** What was done before, in a life of the run that has ended; its order is known. */
  restore(items: ReadonlyArray<Item>): void {
    this.#counts.kept += stepsOf(items).length
    for (const item of items) {
      this.items.push(item)
      if (item._tag === "Step") this.#restored.add(item.key)
    }
  }

  /** What was done before in a split is kept by that, which is entered again. */
  withdraw(item: Item): void {
    const at = this.items.indexOf(item)
    if (at < 0) return
    this.items.splice(at, 1)
    this.#counts.kept -= stepsOf([item]).length
  }

  /** A step that was left in doubt runs again: what comes of that counts. */
  forget(key: string): void {
    // most steps have not run before
    if (!this.#restored.delete(key)) return
    const items = this.items.filter((item) => item._tag !== "Step" || item.key !== key)
    this.#counts.kept -= this.items.length - items.length
    this.items = items
  }

  /** From here on the run only goes forward. */
  pivot(): void {
    this.#isForward = true
    this.take()
  }

  /** All that there is to undo. */
  take(): ReadonlyArray<Item> {
    const { items } = this
    this.items = []
    this.#counts.kept -= stepsOf(items).length
    const open = [...this.fans].map((fan) => fan.take())
    this.fans.clear()
    return [...items, ...open.filter((group) => group !== undefined)]
  }

  /**
   * Its owner has ended, for this reason. A step that still runs is one whose fiber has ended at a value that is no Effect,
   * past all who would have told of its end.
   */
  abandon(cause: Cause.Cause<unknown>): void {
    // what has ended is taken by who abandons it
    for (const step of this.running) this.end(step, Exit.failCause(cause))
    for (const fan of this.fans) fan.abandon(cause)
  }

  /** Its owner has ended. */
  close(heir: (item: Item) => Due): void {
    this.#heir = heir
  }

  /** The steps that run, here and in what stands here. */
  get open(): ReadonlyArray<Step> {
    return [...this.running, ...this.#inside.flatMap((part) => part.open)]
  }

  /** What would be undone, here and in what stands here. */
  get kept(): ReadonlyArray<Item> {
    return [...this.items, ...this.#inside.flatMap((part) => part.kept)]
  }

  get #inside(): ReadonlyArray<Fan | Ledger> {
    return [...this.fans, ...this.detached, ...[...this.children].map(({ ledger }) => ledger)]
  }
}
