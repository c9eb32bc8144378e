/**
 * A compensation, as its own tasks see it: the current run of its fiber, with the key of its step and a mark. It is made when
 * a step is undone. What it starts stands in the run that goes back, and is not kept to be undone itself.
 */
import type { Path } from "../../CanoError.ts"
import type { CurrentRun } from "../../Workflow.ts"
import { Numbering } from "./keys.ts"
import type { Run } from "./run.ts"

/** The step that is undone. */
interface Undone {
  readonly key: string
  readonly state: string
  readonly visit: number
}

export class Undoing implements CurrentRun {
  readonly level: Run
  readonly #step: Undone
  #numbering: Numbering | undefined
  constructor(level: Run, step: Undone) {
    this.level = level
    this.#step = step
  }
  get key(): string {
    return `${this.#step.key}#compensate`
  }
  /** The segment of a split that it starts. */
  nextSplit(name: string | undefined): string {
    return (this.#numbering ??= new Numbering()).next(name, true)
  }
  get state(): string {
    return this.#step.state
  }
  get visit(): number {
    return this.#step.visit
  }
  get workflow(): string {
    return this.level.workflow
  }
  get runId(): string {
    return this.level.runId
  }
  get path(): Path | undefined {
    return this.level.path
  }
}
