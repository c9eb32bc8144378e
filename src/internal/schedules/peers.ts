/**
 * What others do to a flow, in its lane: what they run, have taken, or have left behind, and whether ticks fire. It lives as
 * long as the lane.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scheduler from "../../Scheduler.ts"
import type { Firing, Schedule } from "../../schedules.ts"
import type { Due, Weighed } from "../scheduler/backlog.ts"
import type { Inner } from "../scheduler/desk.ts"
import type { Lane } from "../scheduler/lane.ts"
import { Run } from "../scheduler/run.ts"
import { log } from "../scheduler/verdict.ts"

export class Peers {
  readonly lane: Lane
  readonly #inner: Inner
  /** The runs of others, each of which counts as one of this flow. */
  readonly #ghosts = new Map<string, Run>()
  constructor(lane: Lane, inner: Inner) {
    this.lane = lane
    this.#inner = inner
  }

  /** The flow goes on from where the store has it. */
  restore({ anchor, cursor, endedAt }: Schedule): void {
    const { lane } = this
    lane.course.restore(cursor, anchor)
    this.#inner.define()
    lane.course.since(endedAt, lane.now)
    this.#inner.tellAhead()
    lane.moved()
  }

  /** Whether ticks fire, as others have changed it, or this scheduler before. */
  see(given: Pick<Schedule, "paused" | "streak" | "trippedAt" | "until">): void {
    const { lane } = this
    const { gate, now } = lane
    const was = gate.closed(now)
    const note = gate.paused?.note
    gate.restore(given, now)
    const is = gate.closed(now)
    if (is === was && gate.paused?.note === note) return
    if (is === "Paused" && was !== "Paused") lane.dismiss("Paused")
    this.#inner.tellStatus()
    if (is === undefined) this.#inner.reopen()
    lane.moved()
  }

  /** A pause has ended here. */
  unpaused(): void {
    this.lane.gate.paused = undefined
    this.#inner.tellStatus()
  }

  readonly reopen = (): void => this.#inner.reopen()

  /** Others have taken up what was due until an instant, but for ticks that are this scheduler's own. */
  elsewhere(cursor: number, own: ReadonlySet<number>): void {
    const { lane } = this
    const { course } = lane
    if (lane.closed !== undefined || cursor <= (course.cursor ?? -Infinity)) return
    const { older, ticks } = course.until(cursor)
    const reason = lane.gate.closed(lane.now) ?? "Claimed"
    if (older !== undefined) this.#inner.skip(older.from, reason, older)
    for (const due of ticks) if (!own.has(due)) this.#inner.skip(due, reason)
    course.forget()
    course.decide(cursor)
    // one that follows a run follows that of others
    this.#inner.follow()
    lane.moved()
  }

  /**
   * The ticks that may have a run, before they are written down; none where a reason is against it. So many runs more are about
   * to go on.
   */
  admit({ ticks }: Due, weighed: Weighed, closed: Scheduler.SkipReason | undefined, more: number): Weighed {
    const { definition: { overlap }, queue, waiting } = this.lane
    const hasRoom = this.#inner.crew.runs.size + more < overlap.atOnce && queue.length === 0
    const isFull = !weighed.caughtUp && !overlap.replace && !hasRoom && waiting >= overlap.waiting
    const wanted = ticks.filter((_, i) => weighed.verdicts[i] === "tick" || weighed.verdicts[i] === "missed")
    return { ...weighed, taken: { ticks: new Set(isFull || closed !== undefined ? [] : wanted), closed } }
  }

  /** What others run, by the store. */
  meet(firings: ReadonlyArray<Firing>): void {
    const { lane } = this
    const { crew } = this.#inner
    const { overlong } = lane.definition
    const there = new Set(firings.map(({ runId }) => runId))
    const own = new Set(Array.from(lane.runs, (run) => run.fire.runId))
    const gone = [...this.#ghosts.values()].filter(({ fire }) => !there.has(fire.runId))
    for (const ghost of gone) {
      this.#ghosts.delete(ghost.fire.runId)
      crew.runs.delete(ghost)
      ghost.end()
    }
    for (const firing of firings) {
      const { due, runId, takenAt } = firing
      // a run of this scheduler that others have adopted is there already
      if (this.#ghosts.has(runId) || own.has(runId) || lane.closed !== undefined) continue
      const ghost = new Run(fireOf(firing), due, takenAt)
      ghost.isGhost = true
      ghost.started = ghost.begun = takenAt
      ghost.overlongAt = overlong === undefined ? undefined : takenAt + overlong
      this.#ghosts.set(runId, ghost)
      crew.runs.add(ghost)
      lane.course.forget()
    }
    if (gone.length === 0) return
    this.#inner.follow()
    if (lane.closed === undefined) this.#inner.advance()
    lane.moved()
  }

  /** A tick that was written down, and whose run nobody has started: it may wait, and is not refused. */
  offer(firing: Firing): void {
    this.#inner.offer(new Run(fireOf(firing), firing.due, this.lane.now))
  }

  /** A run that somebody has left behind goes on here. */
  adopt(firing: Firing): void {
    const { lane } = this
    const run = new Run(fireOf(firing), firing.due, lane.now)
    run.isStarted = true
    lane.course.forget()
    this.#inner.adopt(run, firing.scheduler)
    lane.moved()
  }

  /** Nobody knows how far a run has come. */
  abandoned(firing: Firing): void {
    const { runId, scheduler } = firing
    log(
      this.#inner.services(),
      `flow "${this.lane.id}": the scheduler of run ${runId} is gone; nobody knows how far it came`
    )
    this.#inner.tell({ _tag: "Abandoned", fire: fireOf(firing), from: scheduler } as never)
  }

  /** Whoever triggers a run that is there already, wherever it is driven, gets its end. */
  attend({ answer, fire }: Run): void {
    const { lasting } = this.lane.definition.flow
    Effect.runForkWith(this.#inner.services())(lasting!.await(fire)).addObserver((exit) => {
      Deferred.doneUnsafe(answer!, Exit.succeed(exit))
    })
  }

  /** The store is gone, or back. */
  reached(error: string | undefined): void {
    this.#inner.tell((error === undefined ? { _tag: "StoreBack" } : { _tag: "StoreGone", error }) as never)
  }
}

const fireOf = ({ by, due, flow, runId }: Firing): Scheduler.Fire => ({ flow, by, due, runId })
