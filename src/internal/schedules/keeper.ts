/**
 * A scheduler as its store sees it: its name, its lease, and whether the store answers. It lives as long as the scheduler.
 *
 * It looks at all flows once in a while, since others change them: who has paused one, what they run, and what they have left
 * behind, whose lease has run out.
 */
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Schedules from "../../schedules.ts"
import { inTime } from "../durable/patience.ts"
import type { JournalError } from "../journal/error.ts"
import type { Desks, Inner } from "../scheduler/desk.ts"
import type { Lane } from "../scheduler/lane.ts"
import { log } from "../scheduler/verdict.ts"
import { StoreDesk } from "./desk.ts"

export interface Settings {
  readonly lease: Duration.Duration
  readonly poll: Duration.Duration
  readonly patience: Duration.Duration
}

type Services = Context.Context<unknown>

export class Keeper implements Desks {
  readonly scheduler: string
  readonly store: Schedules.Service
  readonly services: Services
  readonly #settings: Settings
  readonly #clock: Clock.Clock
  readonly #desks = new Set<StoreDesk>()
  /** The run ids of each flow that this scheduler has taken and not ended. */
  readonly #known = new Map<string, Set<string>>()
  readonly #poller: Fiber.Fiber<unknown>
  #leasedAt = Infinity
  /** From when on what others have is theirs no more when their lease has run out: a store that was gone kept it from them. */
  #sweepsFrom = -Infinity
  #isGone = false
  /** The desks whose flows were told that it is gone. */
  readonly #told = new Set<StoreDesk>()

  constructor(
    store: Schedules.Service,
    scheduler: string,
    settings: Settings,
    clock: Clock.Clock,
    services: Services
  ) {
    this.store = store
    this.scheduler = scheduler
    this.services = services
    this.#settings = settings
    this.#clock = clock
    // its lease must not run out in between
    const pause = Duration.min(settings.poll, Duration.times(settings.lease, 1 / 3))
    this.#poller = Effect.runForkWith(services)(
      Effect.forever(
        Effect.andThen(Effect.sleep(pause), Effect.exit(Effect.suspend(() => this.#poll))),
        { disableYield: true }
      )
    )
  }

  get now(): number {
    return this.#clock.currentTimeMillisUnsafe()
  }

  readonly open = (lane: Lane, inner: Inner): StoreDesk => {
    const { id } = lane
    let known = this.#known.get(id)
    if (known === undefined) this.#known.set(id, known = new Set())
    const desk = new StoreDesk(this, lane, inner, known)
    this.#desks.add(desk)
    return desk
  }

  // ---------------------------------------------------------------------------
  // the store
  // ---------------------------------------------------------------------------

  ask<A>(operation: string, effect: Effect.Effect<A, JournalError>): Effect.Effect<A, JournalError> {
    return Effect.onExit(inTime(effect, this.#settings.patience, operation), (exit) =>
      Effect.sync(() => {
        if (exit._tag === "Success") this.#back()
        else {
          const reason = exit.cause.reasons.find((reason) => reason._tag === "Fail")
          if (reason !== undefined) this.#gone(reason.error.message)
        }
      }))
  }

  #gone(error: string): void {
    if (!this.#isGone) {
      log(this.services, `a scheduler can't reach its store, and fires nothing until it is back: ${error}`)
    }
    this.#isGone = true
    for (const desk of this.#desks) {
      if (this.#told.has(desk)) continue
      this.#told.add(desk)
      desk.peers.reached(error)
    }
  }

  #back(): void {
    if (!this.#isGone) return
    this.#isGone = false
    this.#sweepsFrom = this.now + Duration.toMillis(this.#settings.lease)
    log(this.services, "a scheduler can reach its store again")
    for (const desk of this.#told) desk.peers.reached(undefined)
    this.#told.clear()
  }

  /** Its lease lasts; what it takes is held as long as that. */
  readonly leased: Effect.Effect<void, JournalError> = Effect.suspend(() => {
    const { now } = this
    const lease = Duration.toMillis(this.#settings.lease)
    // it may have been set back
    if (now >= this.#leasedAt && now < this.#leasedAt + lease / 3) return Effect.void
    return Effect.map(this.ask("lease", this.store.lease(this.scheduler, now + lease)), () => {
      this.#leasedAt = now
    })
  })

  /** Whether what is not held is left behind. */
  get sweeps(): boolean {
    return this.now >= this.#sweepsFrom
  }

  get #poll(): Effect.Effect<void, JournalError> {
    for (const desk of this.#desks) if (desk.isOver) this.#forget(desk)
    const desks = [...this.#desks].filter(({ lane }) => lane.closed === undefined)
    return Effect.andThen(
      this.leased,
      Effect.map(this.ask("look", this.store.look(desks.map(({ lane }) => lane.id))), (views) => {
        const found = new Map(views.map((view) => [view.schedule.flow, view]))
        for (const desk of desks) desk.seen(found.get(desk.lane.id))
      })
    )
  }

  #forget(desk: StoreDesk): void {
    const { id } = desk.lane
    desk.close()
    this.#desks.delete(desk)
    this.#told.delete(desk)
    if (![...this.#desks].some(({ lane }) => lane.id === id)) this.#known.delete(id)
  }

  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    const desks = [...this.#desks]
    return Effect.flatMap(
      // a time-out needs a fiber that can be interrupted
      Effect.forkDetach(Effect.timeoutOption(
        Effect.andThen(
          Effect.forEach(desks, ({ drained }) => drained, { discard: true, concurrency: "unbounded" }),
          Effect.suspend(() => {
            desks.forEach((desk) => desk.close())
            this.#poller.interruptUnsafe()
            return Effect.ignore(inTime(this.store.leave(this.scheduler), this.#settings.patience, "leave"))
          })
        ),
        this.#settings.patience
      )),
      (fiber) =>
        Effect.andThen(
          Fiber.await(fiber),
          Effect.sync(() => {
            desks.forEach((desk) => desk.close())
            this.#poller.interruptUnsafe()
          })
        )
    )
  })
}
