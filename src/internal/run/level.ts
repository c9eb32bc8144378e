/**
 * How deep splits and runs are nested. A level is made when a split or a run starts, and counts for what is started inside
 * of it until it has ended: a split after its worker, a run after the release of its resources.
 *
 * What counts are splits, and runs that stand in a run with no split in between. A run that is a branch is as deep as its
 * split.
 */
import { Nested } from "./nested.ts"

/** Where no run around it has a `maxDepth`. */
const defaultLimit = 200

export abstract class Level extends Nested<Level> {
  /** Whether it counts inside a run. A split counts wherever it is. */
  abstract readonly isSplit: boolean
  /** The limit for what is nested in it. */
  abstract readonly maxDepth: number | undefined
  abstract readonly workflow: string | undefined
  /** How deep it is, at most: since it was counted, levels around it may have ended. */
  #depth = 0
  /** Whose limit holds for what is nested in it: the smallest around, and the innermost of those. */
  #strictest: Level | undefined

  /** To be called by the constructors, once it is known what they make. */
  protected count(): void {
    const { maxDepth, outer } = this
    const strictest = outer === undefined ? undefined : outer.#strictest
    this.#depth = (outer === undefined ? 0 : outer.#depth) + this.#weight(outer)
    this.#strictest = maxDepth === undefined || maxDepth > (strictest?.maxDepth ?? maxDepth) ? strictest : this
  }

  /** Whether another level in it would be too deep: the sentence that says so. */
  tooDeep(): string | undefined {
    // levels only become fewer: nothing is counted anew as long as that is enough, and the limit is somebody's still
    if (this.#depth >= this.#limit || this.#strictest?.ended === true) this.#recount()
    if (this.#depth < this.#limit) return undefined
    const whose = this.#strictest === undefined ? "" : ` of workflow "${this.#strictest.workflow}"`
    return `splits and runs are nested deeper than ${this.#limit} (maxDepth${whose})`
  }

  get #limit(): number {
    return this.#strictest?.maxDepth ?? defaultLimit
  }

  #weight(outer: Level | undefined): 0 | 1 {
    return this.isSplit || (outer !== undefined && !outer.isSplit) ? 1 : 0
  }

  #recount(): void {
    this.#depth = this.#weight(this.outer)
    this.#strictest = this.maxDepth === undefined ? undefined : this
    for (let at = this.outer; at !== undefined; at = at.outer) {
      this.#depth += at.#weight(at.outer)
      const least = this.#strictest?.maxDepth ?? Number.POSITIVE_INFINITY
      if (at.maxDepth !== undefined && at.maxDepth < least) this.#strictest = at
    }
  }
}
