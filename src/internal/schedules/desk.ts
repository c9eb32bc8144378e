/**
 * The desk of a flow: all that its lane wants to be written goes through one fiber, in order, and is done in the lane when it
 * is. It lives as long as the lane, and until the last run of that has ended.
 *
 * K1. A tick is taken in the step that moves the cursor over it; whoever knows an older revision is refused, and looks again.
 * K2. No run begins whose firing is not written.
 * K3. What is applied may have been written before, by an attempt whose answer was lost: it finds itself in what it reads, and
 *     changes nothing then.
 * K4. What is seen of others is taken over only where nothing of the lane waits to be written.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Scheduler from "../../Scheduler.ts"
import type * as Schedules from "../../schedules.ts"
import { clip } from "../check/describe.ts"
import { Bell } from "../fibers/bell.ts"
import type { JournalError } from "../journal/error.ts"
import type { Desk, Inner } from "../scheduler/desk.ts"
import type { Lane } from "../scheduler/lane.ts"
import type { Run } from "../scheduler/run.ts"
import { Draft } from "./draft.ts"
import type { Keeper } from "./keeper.ts"
import * as operator from "./operator.ts"
import { Peers } from "./peers.ts"
import * as sweep from "./sweep.ts"
import * as taking from "./taking.ts"
import { fit, isFit } from "./words.ts"

/** What is to be written. */
interface Step {
  /** A firing that must be known first, also if it has ended. */
  readonly needs?: string | undefined
  readonly apply: (draft: Draft, now: number, found: Schedules.Firing | undefined) => void
  readonly done?: (() => void) | undefined
  /** The store does not answer, and nobody waits for it. */
  readonly gone?: (() => void) | undefined
}

/** Milliseconds, before a store is asked again that has failed: it doubles. */
const pauses = { least: 100, most: 2000 }

/** Characters of what a run has failed with. */
const mostDetail = 2000

export class StoreDesk implements Desk {
  readonly lane: Lane
  readonly peers: Peers
  isBusy = true
  readonly #keeper: Keeper
  /** What this scheduler has taken of the flow and not ended. */
  readonly #known: Set<string>
  #steps: Array<Step> = []
  /** Whether ticks are due, and what is asked of a pause. */
  #wants = false
  #resumes: { readonly catchUp: boolean } | undefined
  #view: Schedules.View | undefined
  /** Whether there is something to be seen. */
  #isStale = true
  #isLoaded = false
  #waiters: Array<Deferred.Deferred<void>> = []
  #bell: Bell | undefined
  readonly #fiber: Fiber.Fiber<never>
  #pause = pauses.least

  constructor(keeper: Keeper, lane: Lane, inner: Inner, known: Set<string>) {
    this.#keeper = keeper
    this.lane = lane
    this.peers = new Peers(lane, inner)
    this.#known = known
    this.#fiber = Effect.runForkWith(keeper.services)(
      // the lane is not whole yet
      Effect.andThen(Effect.yieldNow, this.#run)
    )
  }

  // ---------------------------------------------------------------------------
  // what the lane asks
  // ---------------------------------------------------------------------------

  take(): void {
    this.#wants = this.isBusy = true
    this.#bell?.ring()
  }

  trigger(run: Run, isNamed: boolean): void {
    const { fire } = run
    const { runId } = fire
    if (!isFit(runId)) return this.lane.refuse(run, "Options")
    let earlier: Schedules.Firing | undefined
    this.lane.asked.add(run)
    this.#do({
      needs: isNamed ? runId : undefined,
      apply: (draft, now, found) => {
        // K3
        const isOwn = draft.open.get(runId)?.scheduler === draft.scheduler && !this.#known.has(runId)
        earlier = isOwn ? undefined : draft.open.get(runId) ?? found
        if (earlier === undefined && !isOwn) draft.take(fire, now)
      },
      done: () => {
        this.lane.asked.delete(run)
        if (earlier === undefined) {
          this.#known.add(runId)
          this.lane.trigger(run)
        } else if (this.lane.definition.flow.lasting === undefined) this.lane.refuse(run, "Triggered")
        else this.peers.attend(run)
      },
      gone: () => {
        this.lane.asked.delete(run)
        this.lane.refuse(run, "Unreachable")
        // it may have been written
        this.#known.add(runId)
        this.drop(runId)
      }
    })
  }

  drop(runId: string): void {
    if (!this.#known.has(runId)) return
    this.#do({
      apply: (draft) => {
        if (draft.open.get(runId)?.scheduler === draft.scheduler) draft.drop(runId)
      },
      done: () => this.left(runId)
    })
  }

  started(runId: string): void {
    this.#do({
      apply: (draft) => {
        const firing = draft.open.get(runId)
        if (firing === undefined || firing.scheduler !== draft.scheduler || firing.isStarted) return
        const { isHeld: _, ...rest } = firing
        draft.put({ ...rest, isStarted: true })
      }
    })
  }

  left(runId: string): void {
    this.#known.delete(runId)
  }

  ended(ended: Scheduler.Ended<unknown, unknown>, streak: "failed" | "cleared" | "kept", trip: number): void {
    const { runId } = ended
    const ending = { at: ended.ended, outcome: outcomeOf(ended), detail: detailOf(ended) }
    this.#do({
      apply: (draft, now) => {
        const firing = draft.open.get(runId)
        // K3; or others have taken it for lost
        if (firing === undefined || firing.scheduler !== draft.scheduler) return
        const { at } = draft
        draft.end(firing, ending)
        at.endedAt = Math.max(ending.at, at.endedAt ?? -Infinity)
        if (streak === "failed" && ++at.streak >= trip) at.trippedAt ??= now
        if (streak === "cleared" && at.trippedAt === undefined) {
          at.streak = 0
          at.until = undefined
        }
      },
      done: () => this.left(runId)
    })
  }

  gated(): void {
    this.#do({
      apply: ({ at }) => {
        const { trippedAt, until } = this.lane.gate
        if (trippedAt !== undefined) at.trippedAt ??= trippedAt
        if (until !== undefined && until !== Infinity) at.until = Math.max(until, at.until ?? -Infinity)
      }
    })
  }

  pause(note: string | undefined): void {
    this.#do({ apply: ({ at }, now) => operator.paused(at, note, now) })
  }

  resume(catchUp: boolean): void {
    this.#resumes = { catchUp: catchUp || this.#resumes?.catchUp === true }
    this.#bell?.ring()
  }

  reset(anchor: number | undefined): void {
    this.#do({
      apply: ({ at }) => {
        operator.unfailed(at)
        at.anchor = anchor ?? at.anchor
      }
    })
  }

  /** It was looked at. */
  seen(view: Schedules.View | undefined): void {
    const known = this.#view
    const isSame = view !== undefined && known !== undefined && view.schedule.revision <= known.schedule.revision &&
      view.open.every(({ isHeld, scheduler }) => isHeld || scheduler === this.#keeper.scheduler)
    if (isSame || this.isBusy) return
    this.#view = view
    this.#isStale = true
    this.#bell?.ring()
  }

  #do(step: Step): void {
    this.#steps.push(step)
    this.#bell?.ring()
  }

  get #isIdle(): boolean {
    return this.#isLoaded && this.#steps.length === 0 && this.#resumes === undefined && !this.#wants
  }

  get saved(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#isIdle) return Effect.void
      const waiter = Deferred.makeUnsafe<void>()
      this.#waiters.push(waiter)
      return Deferred.await(waiter)
    })
  }

  /** Until nothing waits to be written. */
  get drained(): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.#steps.length === 0 ? Effect.void : Effect.andThen(this.saved, Effect.suspend(() => this.drained))
    )
  }

  /** Whether nothing will be asked of it any more. */
  get isOver(): boolean {
    return this.lane.closed !== undefined && this.lane.isOver && this.#steps.length === 0
  }

  close(): void {
    this.#fiber.interruptUnsafe()
    this.#wake(this.#waiters.splice(0))
  }

  // ---------------------------------------------------------------------------
  // writing
  // ---------------------------------------------------------------------------

  readonly #run: Effect.Effect<never> = Effect.withFiber((fiber) => {
    this.#bell = new Bell(fiber)
    return Effect.forever(
      Effect.suspend(() => this.#isIdle && !this.#isStale ? this.#bell!.rung : this.#round),
      { disableYield: true }
    )
  })

  get #round(): Effect.Effect<void> {
    const waiters = this.#waiters
    this.#waiters = []
    return Effect.flatMap(Effect.exit(this.#attempt), (exit) => {
      this.#wake(waiters)
      if (Exit.isSuccess(exit)) {
        this.#pause = pauses.least
        return Effect.yieldNow
      }
      this.#view = undefined
      this.#isStale = true
      const gone = this.#steps.filter((step) => step.gone !== undefined)
      this.#steps = this.#steps.filter((step) => step.gone === undefined)
      this.lane.whole(() => gone.forEach((step) => step.gone!()))
      const pause = this.#pause
      this.#pause = Math.min(pauses.most, 2 * pause)
      return Effect.sleep(Duration.millis(pause))
    })
  }

  #wake(waiters: ReadonlyArray<Deferred.Deferred<void>>): void {
    for (const waiter of waiters) Deferred.doneUnsafe(waiter, Exit.void)
  }

  get #attempt(): Effect.Effect<void, JournalError> {
    const { scheduler, store } = this.#keeper
    const { lane, peers } = this
    const keeper = this.#keeper
    return Effect.gen({ self: this }, function*() {
      yield* keeper.leased
      const view = this.#view ?? (yield* this.#load)
      const needed = this.#steps.flatMap(({ needs }) => needs ?? [])
      const found = new Map<string, Schedules.Firing | undefined>()
      for (const runId of needed) {
        found.set(runId, yield* keeper.ask("firing", store.firing(lane.id, runId)))
      }
      const steps = this.#steps.filter(({ needs }) => needs === undefined || found.has(needs))
      const { now } = lane
      this.#restore(view)
      const draft = new Draft(view, scheduler)
      const swept = sweep.apply(
        draft,
        lane,
        now,
        keeper.sweeps,
        (runId) => this.#known.has(runId) || needed.includes(runId)
      )
      for (const { apply, needs } of steps) apply(draft, now, needs === undefined ? undefined : found.get(needs))
      // K4
      peers.meet([...draft.open.values()].filter((firing) => firing.scheduler !== scheduler))
      peers.see(draft.at)
      const resumes = this.#resumes
      const taken = taking.apply(draft, peers, now, resumes, swept.own.length + swept.adopted.length)
      const change = draft.change(lane.definition.history)
      if (change !== undefined && !(yield* keeper.ask("commit", store.commit(change)))) {
        this.#view = undefined
        return
      }
      // it may have been looked at meanwhile
      this.#isStale = change === undefined && this.#view !== view
      if (change !== undefined) this.#view = draft.view(now)
      this.#steps = this.#steps.filter((step) => !steps.includes(step))
      this.#wants = this.isBusy = false
      if (this.#resumes === resumes) this.#resumes = undefined
      for (const runId of taken.runIds) this.#known.add(runId)
      sweep.done(swept, peers, (runId) => this.#known.add(runId))
      for (const { done } of steps) lane.whole(() => done?.())
      taking.done(taken, peers, new Set(swept.own.map(({ due }) => due)))
      lane.moved()
    })
  }

  /** What the store says of the flow; it is new where that is nothing. */
  get #load(): Effect.Effect<Schedules.View, JournalError> {
    const { store } = this.#keeper
    const { id } = this.lane
    return Effect.flatMap(this.#keeper.ask("look", store.look([id])), ([view]) => {
      if (view !== undefined) return Effect.succeed(this.#view = view)
      const { now } = this.lane
      const { after } = this.lane.definition
      const schedule = {
        flow: id,
        revision: 1,
        cursor: after ?? now - 1,
        anchor: after ?? now,
        paused: undefined,
        streak: 0,
        trippedAt: undefined,
        until: undefined,
        endedAt: undefined
      }
      const first = { schedule, firings: [], drops: [], keep: this.lane.definition.history }
      // whether or not another scheduler was faster
      return Effect.flatMap(this.#keeper.ask("commit", store.commit(first)), () => this.#load)
    })
  }

  #restore({ schedule }: Schedules.View): void {
    const { lane } = this
    if (this.#isLoaded && (lane.course.anchor === schedule.anchor || this.#steps.length > 0)) return
    this.#isLoaded = true
    this.peers.restore(schedule)
  }
}

const outcomeOf = ({ exit, interrupted }: Scheduler.Ended<unknown, unknown>): Schedules.Outcome =>
  interrupted ? "interrupted" : Exit.isSuccess(exit) ? "succeeded" : "failed"

const detailOf = ({ exit }: Scheduler.Ended<unknown, unknown>): string | undefined =>
  Exit.isSuccess(exit) ? undefined : fit(clip(Cause.pretty(exit.cause), mostDetail))
