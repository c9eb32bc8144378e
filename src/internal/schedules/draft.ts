/**
 * A schedule as it is about to be written: what is known of it, and what is to change. It lives as long as one attempt.
 */
import type { Change, Ending, Firing, Open, Schedule, View } from "../../schedules.ts"

type Mutable = { -readonly [K in keyof Omit<Schedule, "updatedAt">]: Schedule[K] }

export class Draft {
  /** Whose attempt it is. */
  readonly scheduler: string
  readonly at: Mutable
  readonly open = new Map<string, Open>()
  readonly #put = new Map<string, Firing>()
  readonly #drops = new Set<string>()
  readonly #was: Schedule
  constructor({ open, schedule }: View, scheduler: string) {
    this.scheduler = scheduler
    this.#was = schedule
    const { updatedAt: _, ...rest } = schedule
    this.at = rest
    for (const firing of open) this.open.set(firing.runId, firing)
  }

  put(firing: Firing): void {
    this.#put.set(firing.runId, firing)
    if (firing.ended === undefined) this.open.set(firing.runId, { ...firing, isHeld: true })
    else this.open.delete(firing.runId)
  }

  take(fire: Pick<Firing, "flow" | "by" | "due" | "runId">, takenAt: number): void {
    const { by, due, flow, runId } = fire
    this.put({ flow, by, due, runId, scheduler: this.scheduler, takenAt, isStarted: false, ended: undefined })
  }

  end(firing: Open, ending: Ending): void {
    const { isHeld: _, ...rest } = firing
    this.put({ ...rest, ended: ending })
  }

  drop(runId: string): void {
    this.open.delete(runId)
    this.#put.delete(runId)
    this.#drops.add(runId)
  }

  /** Where the cursor was before. */
  get before(): number {
    return this.#was.cursor
  }

  /** What is to be written, if anything is. */
  change(keep: number): Change | undefined {
    const { at } = this
    const isSame = (Object.keys(at) as Array<keyof Mutable>).every((key) => at[key] === this.#was[key])
    if (isSame && this.#put.size === 0 && this.#drops.size === 0) return undefined
    at.revision = this.#was.revision + 1
    return { schedule: { ...at }, firings: [...this.#put.values()], drops: [...this.#drops], keep }
  }

  view(updatedAt: number): View {
    return { schedule: { ...this.at, updatedAt }, open: [...this.open.values()] }
  }
}
