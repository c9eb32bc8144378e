/**
 * The places of a split whose branches are alternatives, started one after another. They are used up instead of being given
 * back: so many at first, then another when the delay has passed, a branch has failed or none runs.
 *
 * One fiber beside the branches gives them out, from the first branch to the last decision. It waits for one thing at a
 * time, until the bell tells it to look again, which slots ring.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Result from "effect/Result"
import * as JoinStrategy from "../../JoinStrategy.ts"
import { isCount } from "../check/counts.ts"
import * as returned from "../check/returned.ts"
import type { AnyEffect } from "../fibers/any.ts"
import { Bell } from "../fibers/bell.ts"
import * as delays from "../hedge/delays.ts"
import * as tokens from "../hedge/tokens.ts"
import type { Stagger } from "./config.ts"
import * as gradual from "./gradual.ts"
import { Handout } from "./handout.ts"
import type { Bounded } from "./join.ts"
import type { Holder, Place, Places } from "./places.ts"
import { breakOff, cutShort, seal } from "./settling.ts"

/** A place that no slot goes on with. */
const once: Place = { since: 0, turn: 0 }

export class Alternatives implements Places {
  readonly most = Number.POSITIVE_INFINITY
  readonly #join: Bounded
  readonly #hedge: Stagger
  readonly #clock: Clock.Clock
  readonly #startedAt: bigint
  readonly #handout: Handout
  /** How many branches start at once; each one after them is a hedge. */
  readonly atOnce: number
  /** How many branches may start, and how many places have been given for that. */
  #allowed: number
  #given = 0
  /** Rung when a branch has started or ended, and when no other is to be started. */
  readonly #bell: Bell
  /** How long the first branch took, or whether it failed. */
  #first: { readonly failed: boolean; readonly took: bigint } | undefined
  /** How long after its start the split was decided. */
  #decided: bigint | undefined
  /** Failures that the budget has been told of. */
  #told = 0
  /** Failures that have started a branch each, without a delay. */
  #spent = 0
  constructor(join: Bounded, hedge: Stagger, clock: Clock.Clock) {
    this.#join = join
    this.#hedge = hedge
    this.#clock = clock
    this.#allowed = this.atOnce = atOnce(join, hedge)
    this.#handout = new Handout(join, () => once)
    this.#startedAt = clock.monotonicTimeNanosUnsafe()
    this.#bell = new Bell(join.home)
  }

  open(): void {
    this.request()
  }

  request(): void {
    const handout = this.#handout
    while (this.#given < this.#allowed && handout.wants()) {
      this.#given++
      handout.give()
    }
  }

  isDue(): boolean {
    return this.#handout.coming > 0
  }

  claim(): Place | undefined {
    return this.#handout.claim()
  }

  admit(slot: Holder): AnyEffect | undefined {
    return this.#handout.admit(slot, this)
  }

  started(): void {
    this.#bell.ring()
  }

  ended(slot: Holder, index: number, failed: boolean): void {
    this.#handout.drop(slot)
    const isLoser = failed && !this.#join.decision.isOpen
    if (index === 0 && !isLoser) this.#first = { failed, took: this.#took }
    this.#bell.ring()
  }

  /** A slot that has not used its place. */
  vacate(slot: Holder, goesOn: boolean): void {
    if (slot.place === undefined) return
    if (goesOn) return this.#handout.passOn(slot)
    this.#handout.drop(slot)
    this.#given--
    this.request()
  }

  release(): void {
    this.#given -= this.#handout.withdraw()
  }

  leave(): void {
    this.release()
    this.#handout.wake()
    if (!this.#join.decision.isOpen) this.#decided ??= this.#took
    this.#bell.ring()
  }

  close(): void {
    this.leave()
  }

  get #took(): bigint {
    return this.#clock.monotonicTimeNanosUnsafe() - this.#startedAt
  }

  /** Gives out places, one by one, until the decision interrupts it. */
  get beside(): AnyEffect {
    const bell = this.#bell
    const join = this.#join
    const { budget, delay } = this.#hedge
    const { cursor, decision } = join
    return Effect.flatMap(delays.steps(delay, join.frame), (step) =>
      Effect.gen({ self: this }, function*() {
        while (decision.isOpen) {
          yield* this.#tell
          if (!cursor.hasMore && decision.running === 0) return
          // the branches before are to have started, and to have ended if they do so at once
          if (!cursor.hasMore || this.#allowed > cursor.started) {
            yield* bell.rung
            continue
          }
          const wait = yield* step(this.#allowed)
          if (wait !== undefined && Duration.isPositive(wait) && !this.#isPressed) {
            const pressed = bell.until(() => this.#isPressed)
            yield* Duration.isFinite(wait) ? Effect.raceFirst(Effect.sleep(wait), pressed) : pressed
          }
          yield* this.#tell
          if (!cursor.hasMore) continue
          if (wait === undefined || !(yield* tokens.allows(budget))) cutShort(join)
          else if (!this.#hasNext()) continue
          else if (yield* tokens.take(budget)) this.#startNext()
          else cutShort(join)
        }
      }))
  }

  /** Whether the next branch does not wait for the delay. */
  get #isPressed(): boolean {
    const { cursor, decision } = this.#join
    return decision.tally.failed > this.#spent || decision.running === 0 || !cursor.hasMore
  }

  #startNext(): void {
    if (this.#join.decision.tally.failed > this.#spent) this.#spent++
    this.#allowed++
    this.request()
    // here, so that what starts at once has also ended before the next place is given
    gradual.startDue(this.#join)
  }

  /** Whether the list has another branch. A lazy one is read for it, and the branch is left to the slot that takes it. */
  #hasNext(): boolean {
    const join = this.#join
    if (join.cursor.iterator === undefined) return true
    const next = join.cursor.peek()
    // reading the list may have resumed a branch that decided
    if (!join.decision.isOpen) return false
    if (!join.cursor.isRead) return true
    if (Result.isSuccess(next)) seal(join)
    else breakOff(join, Cause.die(next.failure))
    return false
  }

  /** Tells the budget of failures. */
  get #tell(): Effect.Effect<void> {
    const { budget } = this.#hedge
    const { tally } = this.#join.decision
    if (budget === undefined) return Effect.void
    return Effect.whileLoop({
      while: () => this.#told < tally.failed,
      body: () => {
        this.#told++
        return budget.failed
      },
      step: constVoid
    })
  }

  /** The split is decided: what it shares is told of the failures that decided it, and of its success. */
  concluded(satisfied: boolean): Effect.Effect<void> {
    const first = this.#first
    if (!satisfied) return this.#tell
    // if the first branch has lost, it would have taken longer than until the decision
    const took = first?.failed === true ? undefined : first?.took ?? this.#decided
    return Effect.andThen(this.#tell, Effect.suspend(() => delays.succeeded(this.#hedge, took)))
  }
}

/** Branches that a hedge may start at once. */
export const mostAtOnce = 65_536

/** As many as the strategy asks for. */
const atOnce = ({ config: { strategy }, decision: { tally: { total } } }: Bounded, { atOnce }: Stagger): number => {
  if (atOnce !== undefined) return atOnce
  const { asksFor, least, name } = JoinStrategy.reducer(strategy)
  const asked = asksFor === undefined ? least : asksFor(total)
  if (asked !== undefined && !Number.isInteger(asked) && asked !== Number.POSITIVE_INFINITY) {
    throw returned.unexpected(name, "asksFor", asked, "an integer")
  }
  return isCount(asked) ? Math.min(asked!, mostAtOnce) : 1
}
