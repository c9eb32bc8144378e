/**
 * What outcomes are reduced to, where a split has a `reduce`. It lives as long as its split, and only its own methods
 * change it.
 */
import type { Outcome } from "../../SplitResult.ts"
import * as returned from "../check/returned.ts"
import type { Reduce } from "./config.ts"

export class Reduction {
  value: unknown
  readonly #reduce: Reduce
  /** The user's functions may throw. */
  constructor(reduce: Reduce) {
    this.#reduce = reduce
    this.value = returned.state("reduce", "initial", reduce.initial())
  }
  add(outcome: Outcome.Settled<unknown, unknown>): void {
    this.value = returned.state("reduce", "step", this.#reduce.step(this.value, outcome))
  }
}
