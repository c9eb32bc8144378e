/**
 * What the branches of one split have done. It lives from the start of the split until the last branch has ended; with the
 * join what is kept goes to where the split stands, and the rest is undone.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { Ledger } from "./ledger.ts"
import type { Saga } from "./saga.ts"
import type { Group, Item, Step } from "./step.ts"

const noEffect = Cause.die(new TypeError("the branch has ended at a value that is no Effect"))

export class Fan {
  readonly #saga: Saga
  /** Where the split stands. */
  readonly parent: Ledger
  readonly #keepsCompleted: boolean
  readonly #branches = new Map<number, Ledger>()
  /** The branches that the join was decided with. */
  readonly #winners = new Set<number>()
  #isConcluded = false
  #isOver = false
  constructor(saga: Saga, parent: Ledger, keepsCompleted: boolean) {
    this.#saga = saga
    this.parent = parent
    this.#keepsCompleted = keepsCompleted
    parent.fans.add(this)
  }

  /** Of one of its branches. */
  ledger(index: number): Ledger {
    let own = this.#branches.get(index)
    if (own === undefined) this.#branches.set(index, own = new Ledger(this.#saga))
    return own
  }

  /**
   * The split has ended, with all branches that it has left behind. One that was left before its join stays, if there is
   * something to undo. A step that has no end now is one whose fiber has ended at a value that is no Effect.
   */
  end(): void {
    this.#isOver = true
    if (this.#isConcluded) {
      for (const branch of this.#branches.values()) this.#saga.later(branch.abandon(noEffect))
    } else if (this.kept.length === 0 && this.open.length === 0) this.parent.fans.delete(this)
  }

  /** A branch has succeeded before the decision. */
  won(index: number): void {
    // of a branch without a list nobody will ask
    if (this.#branches.has(index)) this.#winners.add(index)
  }

  /** The split has ended without its join. */
  take(): Group | undefined {
    return groupOf([...this.#branches.values()].map((branch) => branch.take()))
  }

  abandon(cause: Cause.Cause<unknown>): void {
    for (const branch of this.#branches.values()) branch.abandon(cause)
  }

  get open(): ReadonlyArray<Step> {
    return [...this.#branches.values()].flatMap((branch) => branch.open)
  }

  get kept(): ReadonlyArray<Item> {
    const group = groupOf([...this.#branches.values()].map((branch) => branch.kept))
    return group === undefined ? [] : [group]
  }

  /** The join is decided: undoes what is not kept, and fails if that can't be done. */
  conclude(cause: Cause.Cause<unknown> | undefined): Effect.Effect<void, unknown> {
    return Effect.uninterruptible(Effect.suspend(() => {
      this.parent.fans.delete(this)
      this.#isConcluded = true
      const kept: Array<ReadonlyArray<Item>> = []
      const left: Array<ReadonlyArray<Item>> = []
      for (const [index, branch] of this.#branches) {
        if (this.#isOver) branch.abandon(noEffect)
        const items = branch.take()
        const isKept = (item: Item) => cause === undefined && this.#keeps(index, item)
        kept.push(items.filter(isKept))
        left.push(items.filter((item) => !isKept(item)))
        // of a branch that goes on detached
        branch.close((item) => isKept(item) ? this.parent.add(item) : this.#saga.undo([item], cause ?? Cause.empty))
      }
      const group = groupOf(kept)
      if (group !== undefined) this.parent.add(group)
      const rest = groupOf(left)
      return rest === undefined ? Effect.void : this.#saga.undoLosers([rest], cause ?? Cause.empty)
    }))
  }

  #keeps(index: number, item: Item): boolean {
    return this.#winners.has(index) ||
      (this.#keepsCompleted && (item._tag !== "Step" || item.done?._tag === "Succeeded"))
  }
}

const groupOf = (branches: ReadonlyArray<ReadonlyArray<Item>>): Group | undefined => {
  const own = branches.filter((items) => items.length > 0)
  return own.length === 0 ? undefined : { _tag: "Group", branches: own }
}
