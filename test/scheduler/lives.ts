/**
 * Schedulers that share a store and crash: lives, each a process as the store sees it. A life that has crashed asks for nothing
 * and does nothing any more; the next one finds what was written.
 */
import { Clock, Effect, Exit, Scope } from "effect"
import * as Journal from "effect-cano/journal"
import type * as Scheduler from "effect-cano/Scheduler"
import * as Schedules from "effect-cano/schedules"
import { turns } from "../kit/index.ts"
import { diary } from "./diary.ts"

export const down = (operation: string) =>
  new Journal.JournalError({ runId: undefined, reason: "Unavailable", operation, detail: "it is down" })

/** What happens to a commit: it is not done, its answer is lost, it is never answered, or the life ends before it or after. */
export type Fault = "refuse" | "lose" | "hang" | "before" | "after"

export class Life {
  isDead = false
  /** Whether every function of the store fails. */
  isDown = false
  /** Commits by their number, from 1 on. */
  readonly faults = new Map<number, Fault>()
  commits = 0
  name = ""
  readonly diary = diary()
  scheduler!: Scheduler.Service
  flows: ReadonlyArray<Scheduler.AnyFlow> = []
  scope!: Scope.Closeable
  readonly #store: Schedules.Service
  constructor(store: Schedules.Service) {
    this.#store = store
  }

  /** Does something outside, unless the life has ended. */
  act<A>(f: () => A): Effect.Effect<A> {
    return Effect.suspend(() => this.isDead ? Effect.never : Effect.sync(f))
  }

  crash(): void {
    this.isDead = true
  }

  #ask<A>(operation: string, effect: Effect.Effect<A, Journal.JournalError>): Effect.Effect<A, Journal.JournalError> {
    return Effect.suspend(() => this.isDead ? Effect.never : this.isDown ? Effect.fail(down(operation)) : effect)
  }

  #commit(change: Schedules.Change): Effect.Effect<boolean, Journal.JournalError> {
    const write = this.#store.commit(change)
    const die = Effect.suspend(() => {
      this.crash()
      return Effect.never
    })
    switch (this.faults.get(++this.commits)) {
      case undefined:
        return write
      case "refuse":
        return Effect.fail(down("commit"))
      case "lose":
        return Effect.andThen(write, Effect.fail(down("commit")))
      case "hang":
        return Effect.never
      case "before":
        return die
      case "after":
        return Effect.andThen(write, die)
    }
  }

  get store(): Schedules.Service {
    const store = this.#store
    return {
      look: (flows) => this.#ask("look", store.look(flows)),
      commit: (change) => this.#ask("commit", Effect.suspend(() => this.#commit(change))),
      firing: (flow, runId) => this.#ask("firing", store.firing(flow, runId)),
      history: (flow, limit) => this.#ask("history", store.history(flow, limit)),
      list: (limit, after) => this.#ask("list", store.list(limit, after)),
      forget: (flow) => this.#ask("forget", store.forget(flow)),
      lease: (scheduler, until) => {
        this.name = scheduler
        return this.#ask("lease", store.lease(scheduler, until))
      },
      leave: (scheduler) => this.#ask("leave", store.leave(scheduler))
    }
  }
}

/** A life in which a scheduler has some flows. What they do outside has to be by `act` of their life. */
export const live = (
  store: Schedules.Service,
  define: (life: Life) => ReadonlyArray<Scheduler.AnyFlow>,
  options: Schedules.Options & {
    readonly faults?: ReadonlyArray<readonly [number, Fault]>
    /** How far its clock is ahead, in milliseconds. */
    readonly skew?: number
  } = {}
): Effect.Effect<Life> =>
  Effect.gen(function*() {
    const { faults = [], skew = 0, ...rest } = options
    const life = new Life(store)
    for (const [at, fault] of faults) life.faults.set(at, fault)
    life.scope = yield* Scope.make()
    const flows = life.flows = define(life)
    const made = Schedules.make(flows, { drain: 0, grace: 0, ...rest, listeners: life.diary.listeners }).pipe(
      Effect.provideService(Schedules.Schedules, life.store),
      Effect.provideService(Scope.Scope, life.scope),
      Effect.provideService(Clock.Clock, skewed(yield* Clock.Clock, skew))
    ) as Effect.Effect<Scheduler.Service>
    // one that dies meanwhile never comes to it
    yield* Effect.forkDetach(
      Effect.map(made, (scheduler) => {
        life.scheduler = scheduler
      }),
      { startImmediately: true }
    )
    yield* turns(20)
    return life
  })

/** A clock that goes as another one, and shows another time. */
const skewed = (clock: Clock.Clock, by: number): Clock.Clock =>
  by === 0 ? clock : {
    currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + by,
    currentTimeMillis: Effect.sync(() => clock.currentTimeMillisUnsafe() + by),
    currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() + BigInt(by) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => clock.currentTimeNanosUnsafe() + BigInt(by) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
    monotonicTimeNanos: clock.monotonicTimeNanos,
    sleep: (duration) => clock.sleep(duration)
  }

/** It ends as a process does that is killed; its lease runs out by itself. */
export const kill = (life: Life): Effect.Effect<void> =>
  Effect.gen(function*() {
    life.crash()
    yield* Effect.forkDetach(Scope.close(life.scope, Exit.void), { startImmediately: true })
  })

/** It ends as one that is asked to. */
export const end = (life: Life): Effect.Effect<void> => Scope.close(life.scope, Exit.void)

/** What has become of each instant, by what lives have told: how often a run of it was begun. */
export const begun = (lives: ReadonlyArray<Life>): ReadonlyMap<number, number> => {
  const times = new Map<number, number>()
  for (const { diary: { events } } of lives) {
    for (const event of events) {
      if (event._tag === "Fired" || event._tag === "Late") {
        times.set(event.fire.due, (times.get(event.fire.due) ?? 0) + 1)
      }
    }
  }
  return times
}
