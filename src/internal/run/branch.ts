/**
 * A branch that runs, as its tasks see it: the current run of its fiber, with a key of its own. It is made when the branch
 * starts, where a run is around, and is found by all that the branch forks.
 */
import type { Path } from "../../CanoError.ts"
import type { CurrentRun } from "../../Workflow.ts"
import { Numbering, segment } from "./keys.ts"
import type { SplitLevel } from "./run.ts"

export class Branch implements CurrentRun {
  readonly level: SplitLevel
  readonly index: number
  readonly #isTold: boolean
  #numbering: Numbering | undefined
  /** A branch, or who is told of its end: an observer does so in a place of its own. */
  constructor(level: SplitLevel, index: number, isTold: boolean) {
    this.level = level
    this.index = index
    this.#isTold = isTold
  }
  get name(): string {
    return this.level.names?.[this.index] ?? String(this.index)
  }
  get key(): string {
    return `${this.level.key}/${this.#isTold ? "#observer/" : ""}${segment(this.name)}`
  }
  /** The segment of a split that it starts. */
  nextSplit(name: string | undefined): string {
    return (this.#numbering ??= new Numbering()).next(name, true)
  }
  get workflow(): string {
    return this.level.workflow
  }
  get runId(): string {
    return this.level.runId
  }
  get state(): string {
    return this.level.state
  }
  get visit(): number {
    return this.level.visit
  }
  get path(): Path | undefined {
    return this.level.path
  }
}
