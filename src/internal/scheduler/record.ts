/**
 * What a scheduler remembers of the runs of a flow: counts, and the newest that have ended. It lives as long as the flow is in
 * the scheduler.
 */
import type * as Scheduler from "../../Scheduler.ts"
import type { FlowValue } from "./flow.ts"

export class Record {
  runs = 0
  failures = 0
  interrupted = 0
  skipped = 0
  late = 0
  readonly #ended: Array<{ readonly flow: FlowValue; readonly ended: Scheduler.Ended<unknown, unknown> }> = []

  add(flow: FlowValue, ended: Scheduler.Ended<unknown, unknown>, most: number): void {
    this.#ended.push({ flow, ended })
    // not each time, since what is left out is copied
    if (this.#ended.length > 2 * most) this.#ended.splice(0, this.#ended.length - most)
  }

  get counts(): Pick<Scheduler.Info, "runs" | "failures" | "interrupted" | "skipped" | "late"> {
    const { failures, interrupted, late, runs, skipped } = this
    return { runs, failures, interrupted, skipped, late }
  }

  /** Of one definition, whose exits are of its type, or of all. */
  newest(most: number, of?: FlowValue): ReadonlyArray<Scheduler.Ended<unknown, unknown>> {
    const newest = most === 0 ? [] : this.#ended.slice(-most)
    return newest.flatMap(({ ended, flow }) => of === undefined || of === flow ? [ended] : [])
  }
}
