/**
 * What the branches of one split have done. It lives from the start of the split until the last branch has ended; with the
 * join what is kept goes to where the split stands, and the rest is undone. A branch that goes on detached is looked at when
 * it has ended: it may still work on what it has done.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Ledger } from "./ledger.ts"
import type { Saga } from "./saga.ts"
import type { Group, Item, Step } from "./step.ts"

const noEffect = Cause.die(new TypeError("the branch has ended at a value that is no Effect"))

/** The split has ended without its join. */
const left = Cause.interrupt()

export class Fan {
  readonly #saga: Saga
  /** Where the split stands. */
  readonly parent: Ledger
  readonly #keepsCompleted: boolean
  readonly #branches = new Map<number, Ledger>()
  /** The branches that the join was decided with, and those that have ended. */
  readonly #winners = new Set<number>()
  readonly #ended = new Set<number>()
  /** Once the join is concluded, why branches are undone; `Cause.empty` where it is satisfied. */
  #why: Cause.Cause<unknown> | undefined
  /** Whether what has won stays: also of an unsatisfied one, where whoever has failed with it may be tried again. */
  #keepsWinners = false
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
    if (own === undefined) {
      this.#branches.set(index, own = new Ledger(this.#saga))
      if (this.#why !== undefined && this.#hasEnded(index)) this.#close(index, own)
    }
    return own
  }

  /** A branch has ended; it has won if it has succeeded before the decision. */
  over(index: number, hasWon: boolean): void {
    if (hasWon) this.#winners.add(index)
    this.#ended.add(index)
    if (this.#why !== undefined) this.#later(index)
  }

  /**
   * The split has ended, with all branches that it has left behind. One that was left before its join stays, if there is
   * something to undo, or a step has no end: its fiber has ended at a value that is no Effect.
   */
  end(): void {
    this.#isOver = true
    if (this.#why === undefined) {
      if (this.kept.length === 0 && this.open.length === 0) this.parent.fans.delete(this)
      return
    }
    this.parent.detached.delete(this)
    for (const index of this.#branches.keys()) if (!this.#ended.has(index)) this.#later(index)
  }

  /** All of it, as the split has ended without its join. */
  take(): Group | undefined {
    this.#why ??= left
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

  /** The join is decided: undoes what is not kept, and fails if that can't be done. Without a cause it is satisfied. */
  conclude(cause: Cause.Cause<unknown> | undefined, keepsWinners = false): Effect.Effect<void, unknown> {
    return Effect.uninterruptible(Effect.suspend(() => {
      this.parent.fans.delete(this)
      if (!this.#isOver) this.parent.detached.add(this)
      this.#why = cause ?? Cause.empty
      this.#keepsWinners = cause === undefined || keepsWinners
      const kept: Array<ReadonlyArray<Item>> = []
      const rest: Array<ReadonlyArray<Item>> = []
      let isStuck = false
      for (const [index, branch] of this.#branches) {
        // one that has not goes on detached
        if (!this.#hasEnded(index)) continue
        const parted = this.#part(index, branch)
        kept.push(parted.kept)
        rest.push(parted.rest)
        isStuck ||= branch.isStuck
      }
      return Effect.flatMap(this.#settle(kept, rest), (isClean) => {
        if (isClean && !isStuck) return Exit.void
        this.parent.isStuck = true
        return Exit.fail(this.#saga.raise(this.#why!))
      })
    }))
  }

  #hasEnded(index: number): boolean {
    return this.#isOver || this.#ended.has(index)
  }

  /** What a branch that has ended leaves to where the split stands, and what is to be undone. */
  #part(index: number, branch: Ledger) {
    branch.abandon(noEffect)
    const items = branch.take()
    this.#close(index, branch)
    return {
      kept: items.filter((item) => this.#keeps(index, item)),
      rest: items.filter((item) => !this.#keeps(index, item))
    }
  }

  /** What comes of a branch that has ended is treated as it has been. */
  #close(index: number, branch: Ledger): void {
    branch.close((item) => {
      const isKept = this.#keeps(index, item)
      return Effect.asVoid(this.#settle(isKept ? [[item]] : [], isKept ? [] : [[item]]))
    })
  }

  /** Keeps and undoes; answers whether all of that could be done. */
  #settle(
    kept: ReadonlyArray<ReadonlyArray<Item>>,
    rest: ReadonlyArray<ReadonlyArray<Item>>
  ): Effect.Effect<boolean> {
    const group = groupOf(kept)
    // where the split stood may have ended, too
    const due = group && this.parent.add(group)
    const losers = groupOf(rest)
    const undone = losers === undefined
      ? Effect.succeed(true)
      : Effect.map(this.#saga.undo([losers], this.#why!, true), ({ failures }) => {
        if (failures.length > 0) this.parent.isStuck = true
        return failures.length === 0
      })
    return due === undefined ? undone : Effect.andThen(due, undone)
  }

  /** A branch that went on detached has ended. */
  #later(index: number): void {
    const branch = this.#branches.get(index)
    if (branch === undefined) return
    const { kept, rest } = this.#part(index, branch)
    if (kept.length > 0 || rest.length > 0) this.#saga.later(this.#settle([kept], [rest]))
  }

  #keeps(index: number, item: Item): boolean {
    return this.#keepsWinners &&
      (this.#winners.has(index) ||
        (this.#keepsCompleted && (item._tag !== "Step" || item.done?._tag === "Succeeded")))
  }
}

const groupOf = (branches: ReadonlyArray<ReadonlyArray<Item>>): Group | undefined => {
  const own = branches.filter((items) => items.length > 0)
  return own.length === 0 ? undefined : { _tag: "Group", branches: own }
}
