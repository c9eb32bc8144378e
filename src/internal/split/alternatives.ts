/**
 * A split whose branches are alternatives, started one after another. It has places of its own, which are used up instead
 * of being given back: so many at first, then another when the delay has passed, a branch has failed or none runs.
 *
 * One fiber, the pace, gives them out, from the first branch to the last decision. It waits for one thing at a time, until
 * the bell tells it to look again, which slots ring.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Result from "effect/Result"
import * as JoinStrategy from "../../JoinStrategy.ts"
import { Pool } from "../bulkhead/pool.ts"
import { isCount } from "../check/counts.ts"
import * as returned from "../check/returned.ts"
import { Bell } from "../fibers/bell.ts"
import * as delays from "../hedge/delays.ts"
import * as budgets from "../hedge/tokens.ts"
import { breakOff, cutShort, seal } from "./decision.ts"
import type { AnyEffect, Join, Place, Stagger } from "./join.ts"
import { hasMore, isOpen, running } from "./join.ts"
import { Lookahead } from "./lookahead.ts"
import { Sharing } from "./sharing.ts"
import { startDue } from "./slot.ts"

export class Staggering extends Sharing {
  readonly hedge: Stagger
  readonly startedAt: bigint
  /** Rung when a branch has started or ended, and when no other is to be started. */
  readonly bell: Bell
  /** How long the first branch took, or whether it failed. */
  first: { readonly failed: boolean; readonly took: bigint } | undefined
  /** How long after its start the split was decided. */
  decided: bigint | undefined
  /** Failures that the budget has been told of. */
  told = 0
  /** Failures that have started a branch each, without a delay. */
  spent = 0
  constructor(join: Join, hedge: Stagger, clock: Clock.Clock) {
    super(join, new Pool("hedge", atOnce(join, hedge), Number.MAX_SAFE_INTEGER), clock, undefined)
    this.hedge = hedge
    this.startedAt = clock.monotonicTimeNanosUnsafe()
    this.bell = new Bell(join.home)
  }

  override started(): void {
    super.started()
    this.bell.ring()
  }

  override keep(_: Place, index: number, failed: boolean): undefined {
    this.held--
    const isLoser = failed && !isOpen(this.join)
    if (index === 0 && !isLoser) this.first = { failed, took: this.took }
    this.bell.ring()
    return undefined
  }

  override leave(): void {
    super.leave()
    if (!isOpen(this.join)) this.decided ??= this.took
    this.bell.ring()
  }

  get took(): bigint {
    return this.clock.monotonicTimeNanosUnsafe() - this.startedAt
  }

  /** Gives out places, one by one, until the decision interrupts it. */
  get pace(): AnyEffect {
    const { bell, hedge: { budget, delay }, join, pool } = this
    return Effect.flatMap(delays.steps(delay, join.frame), (step) =>
      Effect.gen({ self: this }, function*() {
        while (isOpen(join)) {
          yield* this.tell
          if (!hasMore(join) && running(join) === 0) return
          // the branches before are to have started, and to have ended if they do so at once
          if (!hasMore(join) || pool.places > join.started) {
            yield* bell.rung
            continue
          }
          const wait = yield* step(pool.places)
          if (wait !== undefined && Duration.isPositive(wait) && !this.isPressed) {
            const pressed = bell.until(() => this.isPressed)
            yield* Duration.isFinite(wait) ? Effect.raceFirst(Effect.sleep(wait), pressed) : pressed
          }
          yield* this.tell
          if (!hasMore(join)) continue
          if (wait === undefined || !(yield* budgets.allows(budget))) cutShort(join)
          else if (!this.hasNext()) continue
          else if (yield* budgets.take(budget)) this.startNext()
          else cutShort(join)
        }
      }))
  }

  /** Whether the next branch does not wait for the delay. */
  get isPressed(): boolean {
    const { join, spent } = this
    return join.tally.failed > spent || running(join) === 0 || !hasMore(join)
  }

  startNext(): void {
    const { join, pool, spent } = this
    if (join.tally.failed > spent) this.spent++
    pool.places++
    pool.serve()
    // here, so that what starts at once has also ended before the next place is given
    startDue(join)
  }

  /** Whether the list has another branch. A lazy one is read for it, and the branch is left to the slot that runs it. */
  hasNext(): boolean {
    const { join } = this
    const { iterator } = join
    if (!(iterator instanceof Lookahead)) return true
    join.pulling = true
    const next = iterator.peek()
    join.pulling = false
    // reading the list may have resumed a branch that decided
    if (!isOpen(join)) return false
    // what is no result is refused by the slot that takes it
    if (Result.isSuccess(next) && !(next.success as Partial<typeof next.success> | undefined)?.done) return true
    join.exhausted = join.isRead = true
    if (Result.isSuccess(next)) seal(join)
    else breakOff(join, Cause.die(next.failure))
    return false
  }

  /** Tells the budget of failures. */
  get tell(): Effect.Effect<void> {
    const { hedge: { budget }, join } = this
    if (budget === undefined) return Effect.void
    return Effect.whileLoop({
      while: () => this.told < join.tally.failed,
      body: () => {
        this.told++
        return budget.failed
      },
      step: constVoid
    })
  }

  /** The split is decided: what it shares is told of the failures that decided it, and of its success. */
  ended(satisfied: boolean): Effect.Effect<void> {
    const { decided, first, hedge } = this
    if (!satisfied) return this.tell
    // if the first branch has lost, it would have taken longer than until the decision
    const took = first?.failed === true ? undefined : first?.took ?? decided
    return Effect.andThen(this.tell, Effect.suspend(() => delays.succeeded(hedge, took)))
  }
}

/** Branches that a hedge may start at once. */
export const mostAtOnce = 65_536

/** As many as the strategy asks for. */
const atOnce = ({ config: { strategy }, tally: { total } }: Join, { atOnce }: Stagger): number => {
  if (atOnce !== undefined) return atOnce
  const { asksFor, least, name } = JoinStrategy.reducer(strategy)
  const asked = asksFor === undefined ? least : asksFor(total)
  if (asked !== undefined && !Number.isInteger(asked) && asked !== Number.POSITIVE_INFINITY) {
    throw returned.unexpected(name, "asksFor", asked, "an integer")
  }
  return isCount(asked) ? Math.min(asked!, mostAtOnce) : 1
}
