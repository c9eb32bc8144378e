/**
 * How deep splits and runs are nested. A level is made when a split or a run starts, and counts for what is started inside
 * of it until it has ended: a split after its worker, a run after the release of its resources.
 *
 * What counts are splits, and runs that stand in a run with no split in between. A run that is a branch is as deep as its
 * split.
 */
import * as Context from "effect/Context"
import type { AnyFiber } from "./join.ts"
import { Nested, standing } from "./nested.ts"

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
    this.#depth = (outer === undefined ? 0 : outer.#depth) + this.#weight
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

  override end(): void {
    super.end()
    this.#strictest = undefined
  }

  get #limit(): number {
    return this.#strictest?.maxDepth ?? defaultLimit
  }

  get #weight(): 0 | 1 {
    return this.isSplit || this.outer?.isSplit === false ? 1 : 0
  }

  #recount(): void {
    let depth = this.#weight
    let strictest = this.maxDepth === undefined ? undefined : this as Level
    for (let at = this.outer; at !== undefined; at = at.outer) {
      depth += at.#weight
      if (at.maxDepth !== undefined && at.maxDepth < (strictest?.maxDepth ?? Number.POSITIVE_INFINITY)) strictest = at
    }
    this.#depth = depth
    this.#strictest = strictest
  }
}

/** A split that has started branches. */
export class SplitLevel extends Level {
  /** The run whose split it is. */
  readonly run: Level | undefined
  constructor(outer: Level | undefined, run: Level | undefined) {
    super(outer)
    this.run = run
    this.count()
  }
  get isSplit(): boolean {
    return true
  }
  get maxDepth(): undefined {
    return undefined
  }
  get workflow(): undefined {
    return undefined
  }
}

/** The split that a fiber runs a branch of. */
export const CurrentSplit = Context.Reference<SplitLevel | undefined>("effect-cano/CurrentSplit", {
  defaultValue: () => undefined
})

/** What is around that which a fiber of a run starts now: a split of the run, else the run, as long as they have not ended. */
export const around = (fiber: AnyFiber, run: Level | undefined): Level | undefined => {
  const split = fiber.getRef(CurrentSplit)
  // a split that is not the run's is around the run
  return standing(run === undefined || split?.run === run ? split : run)
}
