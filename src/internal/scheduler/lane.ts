/**
 * One flow in a scheduler: where it stands in its ticks, what runs of it and what waits. It lives from `add` to the end of its
 * last run after `remove` or `stop`. All of it changes synchronously, so that what is decided about a tick is decided at once.
 *
 * L1. The cursor only grows: an instant is decided once, whatever the clock does.
 * L2. Each tick gets one decision: Fired or Late when its run starts, Skipped otherwise, and while it waits none yet.
 * L3. A tick and a trigger pass the same door (`offer`), and never more run at once than `overlap` says.
 * L4. Nothing of the user's runs on the stack of a decision: runs start in a task of their own, listeners are guarded.
 */
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scheduler from "../../Scheduler.ts"
import { attempt } from "../check/describe.ts"
import { collect, judge, planned } from "./backlog.ts"
import type { Definition } from "./definition.ts"
import { mostCaughtUp } from "./definition.ts"
import { Gate } from "./gate.ts"
import type { Sleeper } from "./hand.ts"
import { runIdOf } from "./names.ts"
import { Record } from "./record.ts"
import type { Run as AnyRun } from "./run.ts"
import { Run } from "./run.ts"
import type { Setting } from "./setting.ts"
import { Shared } from "./shared.ts"
import type { Ticks } from "./ticks.ts"
import { log, stepper, verdictOf } from "./verdict.ts"

type Services = Context.Context<unknown>
type Several = Pick<Scheduler.Skipped, "count" | "through">
type RefusalReason = Extract<Scheduler.SkipReason, Scheduler.FlowError["reason"]>

export class Lane implements Sleeper {
  readonly id: string
  readonly gate = new Gate()
  readonly record = new Record()
  readonly runs = new Map<string, AnyRun>()
  readonly queue: Array<AnyRun> = []
  turn = 0
  definition: Definition
  cursor: number | undefined
  /** Why nothing of it starts any more. */
  closed: "Removed" | "Stopping" | undefined
  readonly #setting: Setting
  readonly #watchers = new Set<() => void>()
  #services: Services
  #shared: Shared | undefined
  #ticks: Ticks | undefined
  #start: number
  /** Its next tick, where that is known. */
  #due: number | undefined
  /** Steps the Schedules of the definition. */
  #next: ReturnType<typeof stepper> | undefined
  #backoff: ReturnType<typeof stepper> | undefined
  /** Of a flow whose ticks follow its runs: how long after the last one. */
  #delay = 0
  #isDone = false

  constructor(setting: Setting, definition: Definition, services: Services, now: number, cursor: number | undefined) {
    this.id = definition.flow.id
    this.#setting = setting
    this.definition = definition
    this.#services = services
    this.#start = now
    this.cursor = cursor
    this.#define(now, "reset")
    this.#tell({ _tag: "Added" })
  }

  // ---------------------------------------------------------------------------
  // definition
  // ---------------------------------------------------------------------------

  change(definition: Definition, services: Services, cursor: "keep" | "reset"): void {
    const { now } = this.#setting.hand
    this.#forgo("Changed", now)
    this.#shared?.retire()
    this.definition = definition
    this.#services = services
    if (cursor === "reset") {
      this.#start = now
      this.gate.forget()
    }
    this.#define(now, cursor)
    this.#tell({ _tag: "Changed" })
    this.#moved()
  }

  #define(now: number, cursor: "keep" | "reset"): void {
    const { after, backoff, flow, rhythm } = this.definition
    this.#shared = flow.layer === undefined ? undefined : new Shared(flow.layer, this.#services)
    this.#backoff = backoff === undefined ? undefined : stepper(backoff, this.#services)
    this.#next = rhythm._tag === "Schedule" ? stepper(rhythm.schedule, this.#services) : undefined
    this.#ticks = rhythm._tag === "Ahead" ? rhythm.ticks(this.#start) : undefined
    this.#isDone = false
    this.#delay = rhythm._tag === "Delay" ? rhythm.millis : 0
    const past = this.cursor ?? -Infinity
    if (rhythm._tag === "Manual") this.#due = undefined
    else if (this.#ticks === undefined) {
      // while a run goes on the next one follows it
      const first = cursor === "keep" && this.cursor !== undefined ? now + this.#delay : now
      this.#due = this.runs.size > 0 ? undefined : Math.max(first, past + 1)
    } else {
      const from = cursor === "reset" && after !== undefined ? after : now - 1
      this.#due = this.#ticks.after(Math.max(from, past))
    }
  }

  // ---------------------------------------------------------------------------
  // ticks
  // ---------------------------------------------------------------------------

  wakesAt(): number | undefined {
    if (this.closed !== undefined) return undefined
    let at = Infinity
    if (this.#due !== undefined) at = this.#plan(this.#due)
    if (this.gate.until !== undefined) at = Math.min(at, this.gate.until)
    for (const { overlong, overlongAt } of this.runs.values()) {
      if (overlong === undefined && overlongAt !== undefined) at = Math.min(at, overlongAt)
    }
    return at === Infinity ? undefined : at
  }

  wake(now: number): void {
    if (this.closed !== undefined) return
    if (this.gate.until !== undefined && this.gate.until <= now) {
      this.gate.until = undefined
      this.#tellStatus(now)
      this.#reopen(now)
    }
    for (const run of this.runs.values()) {
      if (run.overlongAt !== undefined && run.overlongAt <= now) this.#overlong(run, run.overlongAt, now)
    }
    if (this.#due === undefined || this.#plan(this.#due) > now) return
    if (this.#ticks === undefined) this.#follow(this.#due, now)
    else this.#pass(this.#ticks, this.#due, now)
  }

  /** A tick that follows a run, and is followed by one. */
  #follow(due: number, now: number): void {
    this.#due = undefined
    this.cursor = due
    const closed = this.gate.closed(now)
    if (closed === undefined) this.#offer(this.#tick("tick", due, now), now)
    else this.#skip(due, closed, now)
  }

  /** Ticks that are known ahead, all that are due. */
  #pass(ticks: Ticks, first: number, now: number): void {
    const plan = (due: number) => this.#plan(due)
    const due = collect(first, now, plan, ticks)
    this.#due = due.next
    const closed = this.gate.closed(now)
    const { missed } = this.definition
    if (due.older !== undefined) {
      const { count, from, through } = due.older
      const reason = closed ?? (missed.catchUp === 0 ? "Missed" : "CatchUpFull")
      this.#skip(from, reason, now, { count, through })
    }
    const verdicts = judge(due.ticks, now, plan, this.#setting.tolerance, missed)
    const caughtUp = verdicts.includes("missed")
    due.ticks.forEach((instant, i) => {
      this.cursor = instant
      const verdict = verdicts[i]!
      if (closed !== undefined) this.#skip(instant, closed, now)
      else if (verdict !== "tick" && verdict !== "missed") this.#skip(instant, verdict, now)
      else this.#offer(this.#tick(verdict, instant, now), now, caughtUp)
    })
    if (this.#due === undefined) this.#moved()
  }

  #plan(due: number): number {
    return planned(this.id, due, this.definition.jitter)
  }

  #tick(by: "tick" | "missed", due: number, now: number): AnyRun {
    return new Run({ flow: this.id, by, due, runId: runIdOf(this.id, due) }, this.#plan(due), now)
  }

  /** A tick or trigger that may start. What is caught up waits, however few may wait otherwise. */
  #offer(run: AnyRun, now: number, caughtUp = false): void {
    // a listener may have closed it, between two ticks that are due at once
    if (this.closed !== undefined) return this.#refuse(run, this.closed, now)
    const { overlap } = this.definition
    if (this.#hasRoom && this.queue.length === 0) return this.#begin(run, now)
    if (!run.isTrigger) {
      for (const other of this.runs.values()) {
        if (other.overlong === undefined && other.overlongAt === undefined) this.#overlong(other, run.planned, now)
      }
    }
    const replaces = overlap.replace && !caughtUp
    if (replaces) this.dismiss("Replaced")
    else if (!caughtUp) {
      const waiting = this.queue.filter(({ fire }) => fire.by !== "missed").length
      if (waiting >= overlap.waiting) return this.#refuse(run, overlap.waiting === 0 ? "Overlap" : "QueueFull", now)
    }
    this.queue.push(run)
    if (!run.isTrigger) this.#tell({ _tag: "Queued", due: run.fire.due, waiting: this.queue.length }, now)
    // last, since a run that ends at once makes room for the one that waits
    if (replaces) Array.from(this.runs.values()).forEach((other) => other.cut())
  }

  get #hasRoom(): boolean {
    return this.runs.size < this.definition.overlap.atOnce
  }

  /** Starts what waits, as far as it may. */
  #advance(now: number): void {
    while (this.#hasRoom) {
      const run = this.queue.shift()
      if (run === undefined) return
      const closed = this.gate.closed(now)
      if (closed !== undefined && (closed === "Tripped" || !run.isTrigger)) this.#refuse(run, closed, now)
      else this.#begin(run, now)
    }
  }

  /** Whoever waits for a run waits no more. */
  dismiss(reason: RefusalReason | "Paused"): void {
    const { now } = this.#setting.hand
    for (const run of this.queue.splice(0)) {
      if (reason === "Paused" && run.isTrigger) this.queue.push(run)
      else this.#refuse(run, reason, now)
    }
  }

  #refuse(run: AnyRun, reason: Scheduler.SkipReason, now: number): void {
    if (run.answer === undefined) this.#skip(run.fire.due, reason, now)
    else Deferred.doneUnsafe(run.answer, Exit.fail(this.#setting.error(this.id, reason as RefusalReason)))
    // what follows runs follows one that has not come to be, too
    if (this.runs.size === 0) this.#schedule(now, Exit.void)
  }

  #skip(
    due: number,
    reason: Scheduler.SkipReason,
    now: number,
    { count, through }: Several = { count: 1, through: due }
  ): void {
    this.record.skipped += count ?? 1
    this.#tell({ _tag: "Skipped", due, reason, count, through }, now)
  }

  #overlong(run: AnyRun, since: number, now: number): void {
    if (run.overlong !== undefined) return
    run.overlong = since
    this.#tell({ _tag: "Overlong", runId: run.fire.runId, since }, now)
  }

  // ---------------------------------------------------------------------------
  // runs
  // ---------------------------------------------------------------------------

  trigger(run: AnyRun): void {
    const { now } = this.#setting.hand
    if (this.closed !== undefined) this.#refuse(run, this.closed, now)
    else if (this.gate.trippedAt !== undefined) this.#refuse(run, "Tripped", now)
    else this.#offer(run, now)
    this.#setting.hand.set(this)
  }

  #begin(run: AnyRun, now: number): void {
    const { flow, overlong } = this.definition
    const { claim } = this.#setting
    const { fire } = run
    run.started = run.begun = now
    run.overlongAt = overlong === undefined ? undefined : now + overlong
    this.runs.set(fire.runId, run)
    const shared = run.shared = this.#shared
    shared?.enter()
    const work = Effect.suspend(() => flow.run(fire))
    const body = shared === undefined ? work : shared.provide(work)
    const decide = (at: number) => this.#tell(verdictOf(run, at), at)
    let start = body
    if (run.isTrigger || claim === undefined) decide(now)
    else {
      run.isClaimed = false
      start = Effect.flatMap(Effect.suspend(() => claim(fire)), (isOurs) => {
        if (isOurs !== true) return Effect.void
        run.isClaimed = true
        run.started = this.#setting.hand.now
        decide(run.started)
        return body
      })
    }
    // L4
    run.fiber = Effect.runForkWith(this.#services)(Effect.andThen(Effect.yieldNow, start))
    run.fiber.addObserver((exit) => this.#ended(run, exit))
    // a listener that was told of its start may have replaced it
    if (run.isCut) run.cut()
  }

  #ended(run: AnyRun, exit: Exit.Exit<unknown, unknown>): void {
    const { now } = this.#setting.hand
    run.isEnded = true
    this.runs.delete(run.fire.runId)
    run.shared?.leave()
    if (run.isClaimed) this.#settle(run, exit, now)
    else {
      if (Exit.isFailure(exit)) log(this.#services, `flow "${this.id}": claiming ${run.fire.runId} failed`, exit.cause)
      this.#skip(run.fire.due, "Claimed", now)
    }
    this.#schedule(now, exit)
    if (this.closed === undefined) this.#advance(now)
    this.#moved()
  }

  #settle(run: AnyRun, exit: Exit.Exit<unknown, unknown>, now: number): void {
    const { fire, started } = run
    const ended = this.#setting.ended(run, exit, { ...fire, started, ended: now })
    this.record.runs++
    this.record.add(ended, this.definition.history)
    this.#tell({ _tag: "Ended", ended }, now)
    if (ended.interrupted) this.record.interrupted++
    else if (Exit.isSuccess(exit)) this.#succeeded(now)
    else this.#failed(run, exit, now)
    if (run.answer !== undefined) Deferred.doneUnsafe(run.answer, Exit.succeed(exit))
  }

  #succeeded(now: number): void {
    if (this.gate.streak === 0) return
    this.gate.forget()
    this.#backoff?.restart()
    this.#tellStatus(now)
  }

  #failed(run: AnyRun, exit: Exit.Failure<unknown, unknown>, now: number): void {
    const { counts, trip } = this.definition
    const { gate } = this
    log(this.#services, `flow "${this.id}": run ${run.fire.runId} failed`, exit.cause)
    this.record.failures++
    // a test that throws is no excuse for a failure
    if (counts !== undefined && attempt(() => counts(exit.cause as never)) === false) return
    gate.streak++
    if (gate.streak >= trip) return this.#trip(now)
    if (this.#backoff === undefined) return
    gate.until = Infinity
    this.#backoff.step(now, exit.cause, (delay) => {
      if (gate.until !== Infinity) return
      gate.until = undefined
      if (delay === undefined) return this.#trip(this.#setting.hand.now)
      gate.until = now + delay
      this.#tellStatus(now)
      this.#moved()
    })
  }

  #trip(now: number): void {
    if (this.gate.trippedAt !== undefined) return
    this.gate.trippedAt = now
    log(
      this.#services,
      `flow "${this.id}": tripped after ${this.gate.streak} failures in a row; it fires after a reset`
    )
    this.#tellStatus(now)
    this.#moved()
  }

  /** The tick that follows runs, once nothing runs and nothing waits. */
  #schedule(now: number, exit: Exit.Exit<unknown, unknown>): void {
    const { rhythm } = this.definition
    if (this.#due !== undefined || this.#isDone || this.runs.size > 0 || this.queue.length > 0) return
    if (rhythm._tag === "Delay") this.#dueIn(now, rhythm.millis)
    else if (rhythm._tag === "Schedule") {
      const next = this.#next
      next?.step(now, exit, (delay) => {
        if (this.#next !== next || this.#due !== undefined) return
        if (delay === undefined) this.#isDone = true
        else this.#dueIn(now, delay)
        this.#moved()
      })
    }
  }

  #dueIn(now: number, delay: number): void {
    this.#delay = delay
    this.#due = Math.max(Math.ceil(now + delay), (this.cursor ?? -Infinity) + 1, this.#backsOffUntil)
  }

  get #backsOffUntil(): number {
    const { until } = this.gate
    return until === undefined || until === Infinity ? -Infinity : until
  }

  // ---------------------------------------------------------------------------
  // operations
  // ---------------------------------------------------------------------------

  pause(note: string | undefined): void {
    const { now } = this.#setting.hand
    if (this.closed !== undefined || this.gate.paused !== undefined) return
    this.gate.paused = { since: now, note, cursor: this.cursor ?? now - 1 }
    this.dismiss("Paused")
    this.#tellStatus(now)
    this.#moved()
  }

  resume(catchUp: boolean): void {
    const { now } = this.#setting.hand
    const { paused } = this.gate
    if (paused === undefined) return
    // ticks that came due and were not looked at yet are of the pause
    this.wake(now)
    if (!catchUp) this.#forgo("Paused", now, paused.since)
    this.gate.paused = undefined
    this.#tellStatus(now)
    if (catchUp && this.#ticks !== undefined && paused.cursor !== undefined) {
      const first = this.#ticks.after(paused.cursor)
      if (first !== undefined && this.#plan(first) <= now) this.#pass(this.#ticks, first, now)
    }
    this.#reopen(now)
  }

  reset(): void {
    const { now } = this.#setting.hand
    const { streak } = this.gate
    this.gate.forget()
    this.#backoff?.restart()
    if (streak > 0) this.#tellStatus(now)
    this.#reopen(now)
  }

  /** A tick that follows runs, and came while none could start, comes again. */
  #reopen(now: number): void {
    const { rhythm } = this.definition
    const follows = rhythm._tag === "Delay" || (rhythm._tag === "Schedule" && !this.#isDone)
    if (follows && this.#due === undefined && this.runs.size === 0 && this.queue.length === 0) {
      this.#dueIn(now, this.#delay)
    }
    this.#moved()
  }

  /** Nothing of it starts any more. */
  close(reason: "Removed" | "Stopping"): void {
    this.#forgo(reason, this.#setting.hand.now)
    this.closed ??= reason
    this.dismiss(reason)
    this.#shared?.retire()
    this.#moved()
  }

  get released(): Effect.Effect<void> {
    return this.#shared?.released ?? Effect.void
  }

  /** Ticks whose instant has passed, and that will not start: jitter has kept them, or the hand has not come to them yet. */
  #forgo(reason: "Changed" | "Removed" | "Stopping" | "Paused", now: number, since = -Infinity): void {
    if (this.closed !== undefined) return
    for (let i = 0; this.#due !== undefined && this.#due >= since && this.#due < now && i < mostCaughtUp; i++) {
      this.cursor = this.#due
      this.#skip(this.#due, reason, now)
      this.#due = this.#ticks?.after(this.#due)
    }
  }

  /** Whether it has nothing left to do by itself, now and ever. */
  get isOver(): boolean {
    const { rhythm } = this.definition
    if (this.runs.size > 0 || this.queue.length > 0) return false
    return this.closed !== undefined || this.#isDone || (rhythm._tag === "Ahead" && this.#due === undefined)
  }

  get info(): Scheduler.Info {
    const { failures, interrupted, late, runs, skipped } = this.record
    return {
      id: this.id,
      status: this.#status(this.#setting.hand.now),
      running: [...this.runs.values()].map(({ running }) => running),
      queued: this.queue.length,
      cursor: this.cursor,
      streak: this.gate.streak,
      runs,
      failures,
      interrupted,
      skipped,
      late
    }
  }

  #status(now: number): Scheduler.Status {
    return this.gate.status(now, () => this.isOver ? { _tag: "Completed" } : { _tag: "Waiting", next: this.#due })
  }

  // ---------------------------------------------------------------------------
  // who is told
  // ---------------------------------------------------------------------------

  /** Calls back each time that something of it has changed. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  #moved(): void {
    this.#setting.hand.set(this)
    for (const watcher of this.#watchers) watcher()
    if (this.isOver) this.#setting.over()
  }

  #tellStatus(now: number): void {
    this.#tell({ _tag: "StatusChanged", status: this.#status(now) }, now)
  }

  #tell<E extends Omit<Scheduler.Event, "flow" | "at">>(event: E, at: number = this.#setting.hand.now): void {
    if (event._tag === "Late") this.record.late++
    this.#setting.herald.tell({ ...event, flow: this.id, at } as never)
  }
}
