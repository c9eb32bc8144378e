/**
 * What a split knows of its join: the counts, the state of a strategy that is a fold, and the phase that it is in. It lives
 * as long as its split, only its own methods change it, and it starts and interrupts nothing: `settling.ts` acts on it.
 */
import type * as Cause from "effect/Cause"
import * as JoinStrategy from "../../JoinStrategy.ts"
import type { Outcome } from "../../SplitResult.ts"
import * as returned from "../check/returned.ts"
import * as reducer from "../strategy/reducer.ts"
import type { Cursor } from "./cursor.ts"
import { Fold } from "./fold.ts"

/** Where a split is on its way. From the decision on only the ends of losers are recorded. */
export type Phase =
  | { readonly _tag: "Open" }
  | Decided
  /** Ended with its caller, or by who looks after it: what its branches do counts no more. */
  | { readonly _tag: "Halted"; readonly decided: Decided | undefined }
  /** It can't go on, for a reason that is not a branch's. */
  | { readonly _tag: "Broken"; readonly decided: Decided | undefined; readonly cause: Cause.Cause<unknown> }

export interface Decided {
  readonly _tag: "Decided"
  readonly verdict: "proceed" | "fail"
  /** Whether the deadline has decided. */
  readonly timedOut: boolean
  /** Why it is to fail, where the strategy says so. */
  readonly reason: string | undefined
}

type Event = "settled" | "deadline"

const open: Phase = { _tag: "Open" }

export class Decision {
  /** The counts that strategies are asked with; nobody else is to write them. */
  readonly tally: { -readonly [K in keyof JoinStrategy.Tally]: JoinStrategy.Tally[K] }
  phase: Phase = open
  /** Whether the strategy has functions of its own, which may throw. */
  readonly isCustom: boolean
  /** A percentage becomes a quorum as soon as the total is known. */
  #strategy: JoinStrategy.JoinStrategy
  /** Of a strategy that is a fold over outcomes. */
  readonly #fold: Fold | undefined
  /** Whether the soft deadline of the strategy has passed, or need not be waited for. */
  #softPassed = false
  readonly #cursor: Cursor
  /** A strategy's own functions may throw. */
  constructor(strategy: JoinStrategy.JoinStrategy, total: number, cursor: Cursor, state: unknown) {
    this.tally = { total, succeeded: 0, failed: 0, interrupted: 0, notStarted: 0 }
    this.isCustom = JoinStrategy.isCustom(strategy)
    this.#strategy = strategy
    this.#cursor = cursor
    this.#fold = JoinStrategy.isCustom(strategy)
      ? new Fold(
        [strategy.name, "onOutcome"],
        state,
        (state, outcome) => strategy.reducer.onOutcome(state, outcome as never)
      )
      : undefined
  }

  /** Whether the split waits for branches. */
  get isOpen(): boolean {
    return this.phase === open
  }

  /** Whether what its branches do counts no more, not even as the end of a loser. */
  get isHalted(): boolean {
    const { _tag } = this.phase
    return _tag === "Halted" || _tag === "Broken"
  }

  /** What has been decided, whatever has come since. */
  get decided(): Decided | undefined {
    const { phase } = this
    return phase._tag === "Decided" ? phase : phase._tag === "Open" ? undefined : phase.decided
  }

  /** How many branches run, as long as the split is open. */
  get running(): number {
    const { failed, succeeded } = this.tally
    return this.#cursor.started - succeeded - failed
  }

  /** A branch has ended well; answers whether that counts, since the split is open. */
  countSuccess(): boolean {
    if (this.phase !== open) return false
    this.tally.succeeded++
    return true
  }

  /** The same for one that has failed. */
  countFailure(): boolean {
    if (this.phase !== open) return false
    this.tally.failed++
    return true
  }

  /** Tells a strategy that is a fold of an outcome; answers whether it is to be asked then. */
  fold(outcome: Outcome.Settled<unknown, unknown>): boolean {
    return this.#fold !== undefined && this.#fold.add(outcome)
  }

  /** The total is known at last. */
  complete(): void {
    const { started } = this.#cursor
    this.tally.total = started
    this.#strategy = JoinStrategy.resolve(this.#strategy, started)
  }

  /** Whether a soft deadline is still to pass. */
  get awaitsSoft(): boolean {
    const strategy = this.#strategy
    return JoinStrategy.isCustom(strategy) && strategy.reducer.soft !== undefined && !this.#softPassed
  }

  /** Changes the state for good as a soft deadline does; answers whether there is one. */
  soften(): boolean {
    const strategy = this.#strategy
    if (!JoinStrategy.isCustom(strategy) || strategy.reducer.soft === undefined || this.#softPassed) return false
    this.#softPassed = true
    const { name, reducer: { soft } } = strategy
    const fold = this.#fold!
    fold.state = returned.state(name, "soft.onPassed", soft.onPassed(fold.state))
    return true
  }

  /** Asks the strategy; answers whether that has decided the join. */
  judge(event: Event): boolean {
    const strategy = this.#strategy
    const judgement = JoinStrategy.isCustom(strategy)
      ? this.#judge(strategy, event)
      // what is not custom goes by counts
      : JoinStrategy.decide(strategy as JoinStrategy.Counting, this.tally, event)
    // a strategy that is asked may resume a branch that decides
    if (judgement === "continue" || this.phase !== open) return false
    const [verdict, reason] = typeof judgement === "object" ? ["fail" as const, judgement.fail] : [judgement, undefined]
    this.phase = { _tag: "Decided", verdict, timedOut: event === "deadline", reason }
    return true
  }

  /** Decides as if nothing else could settle; answers whether that has decided the join. */
  conclude(): boolean {
    const strategy = this.#strategy
    let judgement: JoinStrategy.Judgement
    if (JoinStrategy.isCustom(strategy)) {
      judgement = this.#ask(strategy, "settled")
      if (judgement === "continue") judgement = this.#conclude(strategy, "nothing else was waited for")
    } else judgement = JoinStrategy.decide(strategy as JoinStrategy.Counting, this.tally, "deadline")
    // a strategy that is asked may resume a branch that decides
    if (this.phase !== open) return false
    const [verdict, reason] = typeof judgement === "object" ? ["fail" as const, judgement.fail] : [judgement, undefined]
    this.phase = {
      _tag: "Decided",
      verdict: verdict === "continue" ? "fail" : verdict,
      // a join that is never unsatisfied, as its types say, is late
      timedOut: verdict !== "proceed" && strategy._tag === "PartialTimeout",
      reason
    }
    return true
  }

  /** Decides as it was decided before, whatever the strategy would say. */
  recall({ reason, timedOut, verdict }: Omit<Decided, "_tag">): void {
    this.phase = { _tag: "Decided", verdict, timedOut, reason }
  }

  #judge(strategy: JoinStrategy.Custom, event: Event): JoinStrategy.Judgement {
    const { failed, succeeded, total } = this.tally
    const { least = 0 } = strategy.reducer
    if (total < least) return { fail: reducer.tooFew(strategy.name, least, total, this.#cursor.goesBeyond(total)) }
    const judgement = this.#ask(strategy, event)
    return judgement === "continue" && succeeded + failed === total ? this.#conclude(strategy) : judgement
  }

  #ask(strategy: JoinStrategy.Custom, event: Event): JoinStrategy.Judgement {
    const judgement = reducer.judge(strategy, this.#fold!.state, this.tally, event)
    return judgement === "continue" && event === "deadline" ? "fail" : judgement
  }

  /** Nothing is left to run, and the strategy would wait: what only time can bring is brought at once. */
  #conclude(strategy: JoinStrategy.Custom, why?: string): JoinStrategy.Judgement {
    const softened = this.soften() ? this.#ask(strategy, "settled") : "continue"
    if (softened !== "continue") return softened
    const last = strategy.reducer.timed === true ? this.#ask(strategy, "deadline") : "fail"
    if (last !== "fail") return last
    return {
      fail: `it would wait, and ${
        why ?? (this.tally.total === 0 ? "there are no branches" : "every branch has settled")
      }`
    }
  }

  /** Ends the split without a verdict. */
  halt(): void {
    if (!this.isHalted) this.phase = { _tag: "Halted", decided: this.decided }
  }

  /** Ends the split with a cause, instead of what was decided. */
  breakOff(cause: Cause.Cause<unknown>): void {
    this.phase = { _tag: "Broken", decided: this.decided, cause }
  }
}
