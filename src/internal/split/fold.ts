/**
 * A state that settled outcomes are folded into by a function of the user's, one after another. It lives as long as its
 * split.
 */
import type { Outcome } from "../../SplitResult.ts"
import * as returned from "../check/returned.ts"

type Settled = Outcome.Settled<unknown, unknown>

export class Fold {
  state: unknown
  readonly #whose: readonly [name: string, step: string]
  readonly #step: (state: unknown, outcome: Settled) => unknown
  /** What has settled while a step runs: a step may resume another branch. */
  #meanwhile: Array<Settled> | undefined
  constructor(whose: readonly [string, string], state: unknown, step: (state: unknown, outcome: Settled) => unknown) {
    this.#whose = whose
    this.state = state
    this.#step = step
  }

  /** Answers whether it has been folded; an outcome that comes while another one is folded is left to that. */
  add(outcome: Settled): boolean {
    if (this.#meanwhile !== undefined) {
      this.#meanwhile.push(outcome)
      return false
    }
    const [name, callback] = this.#whose
    // one that throws breaks the split, and nothing is folded after it
    const queue = this.#meanwhile = [outcome]
    for (const next of queue) this.state = returned.state(name, callback, this.#step(this.state, next))
    this.#meanwhile = undefined
    return true
  }
}
