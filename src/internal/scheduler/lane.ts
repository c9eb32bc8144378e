/**
 * One flow in a scheduler: what becomes of its ticks and triggers, and of its runs. It lives from `add` to the end of its last run
 * after `remove` or `stop`. All of it changes synchronously, so that what is decided about a tick is decided at once.
 *
 * L1. An instant is decided once, whatever the clock does (the course, C1).
 * L2. Each tick gets one decision: Fired or Late when its run starts, Skipped otherwise, and while it waits none yet.
 * L3. A tick and a trigger pass the same door (`offer`), and never more run at once than `overlap` says, by the name of the flow.
 * L4. Nothing of the user's runs on the stack of a decision: runs start, and who waits for one goes on, in a task of their own;
 *     listeners are told when what is asked of the lane, or the decision of a tick, is done as a whole (the herald, H1), and
 *     between two ticks the lane looks again at what they may have changed.
 */
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scheduler from "../../Scheduler.ts"
import { type Due, judge, type Weighed } from "./backlog.ts"
import { claimed } from "./claim.ts"
import { Course } from "./course.ts"
import type { Crew, Heir } from "./crew.ts"
import type { Definition } from "./definition.ts"
import type { Desk, Inner } from "./desk.ts"
import { Gate } from "./gate.ts"
import type { Sleeper } from "./hand.ts"
import { body } from "./lasting.ts"
import { runIdOf } from "./names.ts"
import { Record } from "./record.ts"
import type { Run as AnyRun } from "./run.ts"
import { Run } from "./run.ts"
import type { Setting } from "./setting.ts"
import { Shared } from "./shared.ts"
import { log, verdictOf } from "./verdict.ts"

type Services = Context.Context<unknown>
type Several = Pick<Scheduler.Skipped, "count" | "through">
type RefusalReason = Extract<Scheduler.SkipReason, Scheduler.FlowError["reason"]>

export class Lane implements Sleeper, Heir {
  readonly id: string
  readonly gate = new Gate()
  readonly record = new Record()
  readonly course: Course
  /** Its own, of those of the crew. */
  readonly runs = new Set<AnyRun>()
  readonly queue: Array<AnyRun> = []
  /** Triggers that are being written down. */
  readonly asked = new Set<AnyRun>()
  turn = 0
  /** Ticks that are due and whose turn comes on this stack: listeners are told between them. */
  readonly #inHand = new Set<number>()
  definition: Definition
  /** Why nothing of it starts any more. */
  closed: "Removed" | "Stopping" | undefined
  readonly #setting: Setting
  readonly #crew: Crew
  /** Where it is kept in a store. */
  readonly desk: Desk | undefined
  #services: Services
  #shared: Shared | undefined

  constructor(setting: Setting, definition: Definition, services: Services, crew: Crew, past: number | undefined) {
    const { now } = setting.hand
    this.id = definition.flow.id
    this.#setting = setting
    this.#crew = crew
    this.definition = definition
    this.#services = services
    this.course = new Course(this.id, now, past)
    crew.heir = this
    this.#define(now, "reset")
    this.desk = setting.desks?.open(this, this.#inner)
  }

  /** What whoever keeps it in a store does to it. */
  get #inner(): Inner {
    return {
      crew: this.#crew,
      services: () => this.#services,
      define: () => this.course.define(this.definition, this.#services, this.now, "restore", this.#isFree),
      skip: (due, reason, several) => this.#skip(due, reason, this.now, several),
      offer: (run) => this.#offer(run, this.now, true),
      adopt: (run, from) => this.#begin(run, this.now, from),
      // who asks at once would find the same
      follow: () => this.#follow(this.now, undefined, 1000),
      advance: () => this.#advance(this.now),
      reopen: () => this.#reopen(this.now),
      tell: (event) => this.#tell(event, this.now),
      tellStatus: () => this.#tellStatus(this.now),
      tellAhead: () => this.#tellAhead(this.now)
    }
  }

  /** Those who are told can ask for it. */
  enter(): void {
    const { now } = this.#setting.hand
    this.#tell({ _tag: "Added" }, now)
    this.#tellAhead(now)
    this.#setting.hand.set(this)
  }

  /** A clock that is behind the cursor was set back, or is not that of who has moved it. */
  #tellAhead(now: number): void {
    const { cursor = -Infinity } = this.course
    if (this.closed === undefined && cursor > now) this.#tellSetBack(cursor - now, now)
  }

  get now(): number {
    return this.#setting.hand.now
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
    for (const run of this.queue.splice(0)) {
      // its exit would be of another type
      if (run.asked !== undefined && run.asked !== definition.flow) this.#refuse(run, "Changed", now)
      else this.queue.push(run)
    }
    if (cursor === "reset") this.gate.forget()
    // with a store what is due may not have been asked for yet
    this.#define(now, cursor === "keep" && this.desk !== undefined ? "restore" : cursor)
    if (cursor === "reset") this.desk?.reset(now)
    this.#tell({ _tag: "Changed" }, now)
    // there may be more room now
    if (this.closed === undefined) this.#advance(now)
    this.#moved()
  }

  #define(now: number, cursor: "keep" | "reset" | "restore"): void {
    const { flow } = this.definition
    this.#shared = flow.layer === undefined ? undefined : new Shared(this.id, flow.layer, this.#services)
    this.gate.define(this.definition, this.#services)
    this.course.define(this.definition, this.#services, now, cursor, this.#isFree)
  }

  // ---------------------------------------------------------------------------
  // ticks
  // ---------------------------------------------------------------------------

  wakesAt(): number | undefined {
    if (this.closed !== undefined) return undefined
    const start = this.desk?.isBusy === true ? undefined : this.course.start
    let at = Math.min(start ?? Infinity, this.gate.until ?? Infinity)
    for (const { overlong, overlongAt } of this.runs) {
      if (overlong === undefined && overlongAt !== undefined) at = Math.min(at, overlongAt)
    }
    return at === Infinity ? undefined : at
  }

  wake(now: number): void {
    if (this.closed !== undefined) return
    this.#setting.herald.whole(() => {
      if (this.gate.until !== undefined && this.gate.until <= now) {
        this.gate.until = undefined
        this.#tellStatus(now)
        this.#reopen(now)
      }
      for (const run of this.runs) {
        if (run.overlongAt !== undefined && run.overlongAt <= now) this.#overlong(run, run.overlongAt, now)
      }
    })
    // a listener may have closed it
    if (this.closed !== undefined) return
    if (this.desk === undefined) this.pass(this.course.take(now), now, this.course.cursor)
    else if (!this.desk.isBusy && this.course.start !== undefined && this.course.start <= now) this.desk.take()
  }

  /** The clock was set back: what waits for a time waits no longer, and who waits for an instant is told. */
  stepped(by: number, now: number): void {
    if (this.closed !== undefined) return
    this.gate.stepped(by)
    this.course.stepped(by)
    for (const run of this.runs) if (run.overlongAt !== undefined) run.overlongAt -= by
    this.#tellSetBack(by, now)
    this.#moved()
  }

  /** What may become of ticks that are due at once. */
  weigh({ ticks }: Due, now: number): Weighed {
    const { course } = this
    const plan = (due: number) => course.plan(due)
    // what follows a run cannot be missed
    const tolerance = course.isAhead ? this.#setting.tolerance : Infinity
    const verdicts = judge(ticks, now, plan, tolerance, this.definition.missed)
    return { verdicts, planned: ticks.map(plan), caughtUp: verdicts.includes("missed") }
  }

  /** Decides ticks that follow an instant, one after another. */
  pass(
    { older, ticks }: Due,
    now: number,
    after: number | undefined,
    weighed: Weighed = this.weigh({ older, ticks, next: undefined }, now)
  ): void {
    if (ticks.length === 0) return
    const { course } = this
    const { herald } = this.#setting
    const { missed } = this.definition
    const { caughtUp, planned, taken, verdicts } = weighed
    course.open(ticks, older?.through ?? after)
    for (const due of ticks) this.#inHand.add(due)
    if (older !== undefined) {
      this.#skip(
        older.from,
        taken?.closed ?? this.gate.closed(now) ?? (missed.catchUp === 0 ? "Missed" : "CatchUpFull"),
        now,
        older
      )
    }
    const decide = (due: number, i: number) => {
      const verdict = verdicts[i]!
      this.#inHand.delete(due)
      const closed = taken?.closed ?? this.gate.closed(now)
      if (closed !== undefined) this.#skip(due, closed, now)
      else if (verdict !== "tick" && verdict !== "missed") this.#skip(due, verdict, now)
      else {
        const fire = { flow: this.id, by: verdict, due, runId: runIdOf(this.id, due) }
        this.#offer(new Run(fire, planned[i]!, now), now, caughtUp, taken?.ticks.has(due) === false)
      }
    }
    ticks.forEach((due, i) => herald.whole(() => decide(due, i)))
    if (course.isOver) this.#moved()
  }

  /** A tick or trigger that may start. What is caught up waits, however few may wait otherwise. */
  #offer(run: AnyRun, now: number, caughtUp = false, isFull = false): void {
    // a listener may have closed it, between two ticks that are due at once
    if (this.closed !== undefined) return this.#refuse(run, this.closed, now)
    const { overlap } = this.definition
    if (!run.isTrigger) {
      for (const other of this.#crew.runs) {
        // a tick that was missed was there before the run, and does not meet it
        const isMet = other.overlongAt === undefined && run.planned > other.begun
        if (isMet) this.#overlong(other, run.planned, now)
      }
    }
    if (isFull) return this.#refuse(run, overlap.waiting === 0 ? "Overlap" : "QueueFull", now)
    if (this.#hasRoom && this.queue.length === 0) return this.#begin(run, now)
    const replaces = overlap.replace && !caughtUp
    if (replaces) this.dismiss("Replaced")
    else if (!caughtUp && this.waiting >= overlap.waiting) {
      return this.#refuse(run, overlap.waiting === 0 ? "Overlap" : "QueueFull", now)
    }
    this.queue.push(run)
    if (!run.isTrigger) this.#tell({ _tag: "Queued", due: run.fire.due, waiting: this.queue.length }, now)
    // last, since a run that ends at once makes room for the one that waits
    if (replaces) { for (const other of this.all) other.cut() }
  }

  /** All runs of its name in this scheduler. */
  get all(): ReadonlyArray<AnyRun> {
    return [...this.#crew.runs].filter(({ isGhost }) => !isGhost)
  }

  /** What waits, but for what is caught up. */
  get waiting(): number {
    return this.queue.filter(({ fire }) => fire.by !== "missed").length
  }

  get #hasRoom(): boolean {
    return this.#crew.runs.size < this.definition.overlap.atOnce
  }

  /** Whether nothing runs, and nothing waits. */
  get #isFree(): boolean {
    return this.#crew.runs.size === 0 && this.queue.length === 0
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
    else {
      this.desk?.drop(run.fire.runId)
      this.refuse(run, reason as RefusalReason)
    }
    // what follows runs follows one that has not come to be, too
    this.#follow(now, undefined)
  }

  /** Whoever has triggered it is told that it does not start. */
  refuse(run: AnyRun, reason: Scheduler.FlowError["reason"]): void {
    Deferred.doneUnsafe(run.answer!, Exit.fail(this.#setting.error(this.id, reason)))
  }

  #skip(
    due: number,
    reason: Scheduler.SkipReason,
    now: number,
    { count, through }: Several = { count: 1, through: due }
  ): void {
    this.course.decide(through)
    this.course.settle(due)
    this.desk?.drop(runIdOf(this.id, due))
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

  #begin(run: AnyRun, now: number, from?: string): void {
    const { definition } = this
    const { flow, overlong } = definition
    const { claim } = this.#setting
    const { fire } = run
    run.started = run.begun = now
    run.failures = this.gate.failures
    run.overlongAt = overlong === undefined ? undefined : now + overlong
    this.runs.add(run)
    this.#crew.runs.add(run)
    const shared = this.#shared
    shared?.enter()
    const { lasting } = flow
    run.isLasting = lasting !== undefined
    const work = lasting === undefined
      ? Effect.suspend(() => flow.run(fire))
      : body(lasting, run, () => this.desk?.started(fire.runId))
    const provided = shared === undefined ? work : shared.provide(work)
    let start = provided
    if (from !== undefined) this.#tell({ _tag: "Adopted", fire, from }, now)
    else if (run.isTrigger || claim === undefined) this.#started(run, now)
    else {
      run.isClaimed = false
      start = claimed(claim, fire, () => this.#isStill(run), provided)
    }
    // L4
    run.fiber = Effect.runForkWith(this.#services)(Effect.andThen(Effect.yieldNow, start))
    run.fiber.addObserver((exit) => {
      shared?.leave()
      this.#setting.herald.whole(() => this.#ended(run, definition, exit))
      run.end()
    })
  }

  #started(run: AnyRun, now: number): void {
    if (!run.isTrigger) this.course.settle(run.fire.due)
    this.#tell(verdictOf(run, now), now)
  }

  /** Whether a run whose claim has said yes is started now: meanwhile the flow may have been closed, or have failed. */
  #isStill(run: AnyRun): boolean {
    const { now } = this.#setting.hand
    run.refused = this.closed ?? this.gate.closed(now)
    if (run.refused !== undefined) return false
    run.isClaimed = true
    run.started = now
    this.#started(run, now)
    return true
  }

  #ended(run: AnyRun, definition: Definition, exit: Exit.Exit<unknown, unknown>): void {
    const { now } = this.#setting.hand
    this.runs.delete(run)
    this.#crew.runs.delete(run)
    const isLeft = run.isLeft && this.#setting.ended(run, exit, { ...run.fire, started: now, ended: now }).interrupted
    if (isLeft) this.#left(run, exit)
    else if (run.isClaimed) this.#settle(run, definition, exit, now)
    else {
      if (Exit.isFailure(exit) && !run.isCut) {
        log(this.#services, `flow "${this.id}": claiming ${run.fire.runId} failed`, exit.cause)
      }
      this.#skip(run.fire.due, run.refused ?? (run.isCut ? this.closed : undefined) ?? "Claimed", now)
    }
    // a Schedule is stepped with the exits of its own runs, and one whose first run was not ours does not ask at once again
    if (run.isClaimed) this.#follow(now, definition === this.definition ? exit : undefined)
    else this.#follow(now, undefined, 1000)
    if (this.closed === undefined) this.#advance(now)
    this.#moved()
    this.#crew.left(this)
  }

  /** It goes on without this scheduler. */
  #left(run: AnyRun, exit: Exit.Exit<unknown, unknown>): void {
    this.desk?.left(run.fire.runId)
    if (run.answer !== undefined) Deferred.doneUnsafe(run.answer, Exit.succeed(exit))
  }

  #settle(run: AnyRun, definition: Definition, exit: Exit.Exit<unknown, unknown>, now: number): void {
    const { fire, started } = run
    const ended = this.#setting.ended(run, exit, { ...fire, started, ended: now })
    this.record.runs++
    this.record.add(definition.flow, ended, this.definition.history)
    this.#tell({ _tag: "Ended", ended }, now)
    const { failures } = this.gate
    let isCleared = false
    if (ended.interrupted) this.record.interrupted++
    else if (Exit.isSuccess(exit)) {
      isCleared = this.gate.succeeded(run.failures)
      if (isCleared) this.#tellStatus(now)
    } else {
      log(this.#services, `flow "${this.id}": run ${fire.runId} failed`, exit.cause)
      this.record.failures++
      const { trip } = this.definition
      const isOwn = definition === this.definition
      this.gate.failed(definition.counts, trip, isOwn, exit, now, (tripped) => this.#gateChanged(tripped))
    }
    const streak = this.gate.failures > failures ? "failed" : isCleared ? "cleared" : "kept"
    this.desk?.ended(ended, streak, this.definition.trip)
    if (run.answer !== undefined) Deferred.doneUnsafe(run.answer, Exit.succeed(exit))
  }

  #gateChanged(tripped: boolean): void {
    // the name may be another flow's
    if (this.closed === "Removed") return
    const { streak } = this.gate
    this.desk?.gated()
    if (tripped) {
      log(this.#services, `flow "${this.id}": tripped after ${streak} failures in a row; it fires after a reset`)
    }
    this.#tellStatus(this.#setting.hand.now)
    this.#moved()
  }

  /** The tick that follows runs, once nothing runs and nothing waits: after an exit, or as if there had been one more run. */
  #follow(now: number, exit: Exit.Exit<unknown, unknown> | undefined, ifNone = 0): void {
    const { course, gate } = this
    if (this.closed !== undefined || course.due !== undefined || !course.follows || !this.#isFree) return
    if (exit === undefined) course.again(now, gate.least, ifNone)
    else course.follow(now, exit, () => gate.least, () => this.#moved())
  }

  /** A run of the flow that had its name before has ended. */
  vacated(): void {
    const { now } = this.#setting.hand
    this.#follow(now, undefined)
    this.#advance(now)
    this.#moved()
  }

  // ---------------------------------------------------------------------------
  // operations
  // ---------------------------------------------------------------------------

  pause(note: string | undefined): void {
    const { now } = this.#setting.hand
    const { paused } = this.gate
    if (this.closed !== undefined || (paused !== undefined && (note === undefined || note === paused.note))) return
    // those that are in hand are of the pause
    const cursor = this.#inHand.size > 0 ? Math.min(...this.#inHand) - 1 : this.course.cursor ?? now - 1
    this.gate.paused = paused === undefined ? { since: now, note, cursor } : { ...paused, note }
    this.desk?.pause(note)
    this.dismiss("Paused")
    this.#tellStatus(now)
    this.#moved()
  }

  resume(catchUp: boolean): void {
    const { now } = this.#setting.hand
    const { paused } = this.gate
    if (this.closed !== undefined || (paused === undefined && this.desk === undefined)) return
    if (this.desk !== undefined) return this.desk.resume(catchUp)
    if (paused === undefined) return
    // ticks that came due and were not looked at yet are of the pause
    this.wake(now)
    if (!catchUp) this.#forgo("Paused", now, paused.since)
    this.gate.paused = undefined
    this.#tellStatus(now)
    if (catchUp) this.#passAgain(paused.cursor, now)
    this.#reopen(now)
  }

  /** Once more what was skipped since an instant, and is not in hand. */
  #passAgain(after: number, now: number): void {
    const due = this.course.retake(after, now)
    this.pass({ ...due, ticks: due.ticks.filter((tick) => !this.#inHand.has(tick)) }, now, after)
  }

  reset(): void {
    if (this.closed !== undefined) return
    const { now } = this.#setting.hand
    const { streak } = this.gate
    this.gate.forget()
    this.desk?.reset(undefined)
    if (streak > 0) this.#tellStatus(now)
    this.#reopen(now)
  }

  /** A tick that follows runs, and came while none could start, comes again. */
  #reopen(now: number): void {
    this.#follow(now, undefined)
    this.#moved()
  }

  /** Nothing of it starts any more. */
  close(reason: "Removed" | "Stopping"): void {
    // what was not written down is decided by whoever has the flow next
    if (this.desk === undefined) this.#forgo(reason, this.#setting.hand.now)
    this.closed ??= reason
    if (this.#crew.heir === this) this.#crew.heir = undefined
    this.dismiss(reason)
    this.#shared?.retire()
    this.#moved()
  }

  moved(): void {
    this.#moved()
  }

  /** Tells one after another, as a whole. */
  whole<A>(happen: () => A): A {
    return this.#setting.herald.whole(happen)
  }

  get released(): Effect.Effect<void> {
    return this.#shared?.released ?? Effect.void
  }

  /** Ticks whose instant has passed, and that will not start: jitter has kept them, or the hand has not come to them yet. */
  #forgo(reason: "Changed" | "Removed" | "Stopping" | "Paused", now: number, since = -Infinity): void {
    if (this.closed !== undefined) return
    const { older, ticks } = this.course.passed(since, now)
    if (older !== undefined) this.#skip(older.from, reason, now, older)
    for (const due of ticks) this.#skip(due, reason, now)
  }

  /** Whether it has nothing left to do by itself, now and ever. */
  get isOver(): boolean {
    if (this.runs.size > 0 || this.queue.length > 0) return false
    return this.closed !== undefined || this.course.isOver
  }

  get info(): Scheduler.Info {
    return {
      id: this.id,
      status: this.#status(this.#setting.hand.now),
      running: [...this.#crew.runs].map(({ running }) => running),
      queued: this.queue.length,
      cursor: this.course.decided,
      streak: this.gate.streak,
      ...this.record.counts
    }
  }

  #status(now: number): Scheduler.Status {
    return this.gate.status(now, () => this.isOver ? { _tag: "Completed" } : this.course.status)
  }

  // ---------------------------------------------------------------------------
  // who is told
  // ---------------------------------------------------------------------------

  #moved(): void {
    this.#setting.hand.set(this)
    if (this.isOver) this.#setting.over()
  }

  #tellStatus(now: number): void {
    // the name may be another flow's
    if (this.closed === "Removed") return
    this.#tell({ _tag: "StatusChanged", status: this.#status(now) }, now)
  }

  #tellSetBack(by: number, now: number): void {
    const { course } = this
    if (course.due !== undefined) this.#tell({ _tag: "ClockSetBack", by, next: course.due, start: course.start }, now)
  }

  #tell<E extends Omit<Scheduler.Event, "flow" | "at">>(event: E, at: number = this.#setting.hand.now): void {
    if (event._tag === "Late") this.record.late++
    this.#setting.herald.tell({ ...event, flow: this.id, at } as never)
  }
}
