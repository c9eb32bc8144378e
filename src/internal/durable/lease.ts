/**
 * The lease of a runner, which it keeps as long as it drives something: it lives as long as the runner. Who can't keep it stops
 * before somebody else may take what he drives.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Service as Journal } from "../../journal.ts"
import type { JournalError } from "../journal/error.ts"
import { inTime } from "./patience.ts"
import type { Service as Settings } from "./settings.ts"

interface Told {
  readonly isNeeded: () => boolean
  /** It had run out, and lasts again: what others have taken meanwhile is to be let go. */
  readonly hadLapsed: Effect.Effect<void>
  /** It can't be kept, and is about to run out. */
  readonly lapses: (error: JournalError) => void
}

export class Lease {
  readonly #journal: Journal
  readonly #runner: string
  readonly #settings: Settings
  readonly #clock: Clock.Clock
  readonly #told: Told
  #until = Number.NEGATIVE_INFINITY
  constructor(journal: Journal, runner: string, settings: Settings, clock: Clock.Clock, told: Told) {
    this.#journal = journal
    this.#runner = runner
    this.#settings = settings
    this.#clock = clock
    this.#told = told
  }

  /** Lengthens it; answers whether it had run out before. */
  #renew(patience: Duration.Duration): Effect.Effect<boolean, JournalError> {
    return Effect.suspend(() => {
      const lease = Duration.toMillis(this.#settings.lease)
      const now = this.#clock.currentTimeMillisUnsafe()
      return Effect.map(inTime(this.#journal.lease(this.#runner, now + lease), patience, "lease"), () => {
        const hadLapsed = this.#until <= now
        this.#until = now + lease
        return hadLapsed
      })
    })
  }

  /** There is one: who takes a run without may lose it to the next who looks. */
  get held(): Effect.Effect<void, JournalError> {
    return Effect.suspend(() =>
      this.#clock.currentTimeMillisUnsafe() < this.#until
        ? Effect.void
        : Effect.asVoid(this.#renew(this.#settings.patience))
    )
  }

  get beat(): Effect.Effect<void> {
    const { lease, patience } = this.#settings
    const third = Duration.toMillis(lease) / 3
    // it must be known before it runs out
    const inTime = Duration.min(patience, Duration.millis(third))
    const renewed = Effect.suspend(() => this.#told.isNeeded() ? this.#renew(inTime) : Effect.succeed(false))
    return Effect.matchEffect(renewed, {
      onSuccess: (hadLapsed) => hadLapsed ? this.#told.hadLapsed : Effect.void,
      onFailure: (error) =>
        Effect.sync(() => {
          if (this.#clock.currentTimeMillisUnsafe() >= this.#until - third) this.#told.lapses(error)
        })
    })
  }
}
