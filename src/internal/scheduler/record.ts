/**
 * What a scheduler remembers of the runs of a flow: counts, and the newest that have ended. It lives as long as the flow is in
 * the scheduler.
 */
import type * as Scheduler from "../../Scheduler.ts"

export class Record {
  runs = 0
  failures = 0
  interrupted = 0
  skipped = 0
  late = 0
  readonly #ended: Array<Scheduler.Ended<unknown, unknown>> = []

  add(ended: Scheduler.Ended<unknown, unknown>, most: number): void {
    this.#ended.push(ended)
    // not each time, since what is left out is copied
    if (this.#ended.length > 2 * most) this.#ended.splice(0, this.#ended.length - most)
  }

  get counts(): Pick<Scheduler.Info, "runs" | "failures" | "interrupted" | "skipped" | "late"> {
    const { failures, interrupted, late, runs, skipped } = this
    return { runs, failures, interrupted, skipped, late }
  }

  newest(most: number): ReadonlyArray<Scheduler.Ended<unknown, unknown>> {
    return most === 0 ? [] : this.#ended.slice(-most)
  }
}
