/**
 * What outcomes are reduced to, where a split has a `reduce`. It lives as long as its split, and only its own methods
 * change it.
 */
import type { Outcome } from "../../SplitResult.ts"
import * as returned from "../check/returned.ts"
import type { Reduce } from "./config.ts"
import { Fold } from "./fold.ts"

export class Reduction {
  readonly #fold: Fold
  /** The user's functions may throw. */
  constructor({ initial, step }: Reduce) {
    this.#fold = new Fold(["reduce", "step"], returned.state("reduce", "initial", initial()), step)
  }
  get value(): unknown {
    return this.#fold.state
  }
  add(outcome: Outcome.Settled<unknown, unknown>): void {
    this.#fold.add(outcome)
  }
}
