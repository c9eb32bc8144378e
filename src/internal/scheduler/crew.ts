/**
 * The runs of a flow that go on, by its name: those of the flow that is in the scheduler, and those of one that was removed and
 * has left them behind. It lives as long as there is either, so that overlap holds for a name, whoever has it.
 */
import type { Run } from "./run.ts"

/** Who has the name now. */
export interface Heir {
  /** A run that is not its own has ended. */
  readonly vacated: () => void
}

export class Crew {
  readonly runs = new Set<Run>()
  heir: Heir | undefined
  readonly #abandoned: () => void
  /** `abandoned` is called when nobody has the name and nothing runs. */
  constructor(abandoned: () => void) {
    this.#abandoned = abandoned
  }

  /** A run has ended, of somebody. */
  left(whose: Heir): void {
    if (this.heir === undefined) this.look()
    else if (this.heir !== whose) this.heir.vacated()
  }

  look(): void {
    if (this.heir === undefined && this.runs.size === 0) this.#abandoned()
  }
}
