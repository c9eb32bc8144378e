/**
 * Mutants of hedges and of hedged splits: the pace, delays, budgets and latencies.
 */
import type { Mutants } from "../mutant.ts"

export const hedges: Mutants = {
  "split/alternatives": [
    {
      what: "a loser is the first branch that failed",
      from: "if (index === 0 && !isLoser) this.#first",
      to: "if (index === 0) this.#first",
      tests: "hedge/splits laws/hedge"
    },
    {
      what: "any branch is the first",
      from: "if (index === 0 && !isLoser) this.#first",
      to: "if (!isLoser) this.#first",
      tests: "hedge/splits laws/hedge"
    },
    {
      what: "it does not hear that a branch has ended",
      from: "this.#first = { failed, took: this.#took }\n    this.#bell.ring()",
      to: "this.#first = { failed, took: this.#took }",
      tests: "hedge/splits"
    },
    {
      what: "it does not hear that a branch has started",
      from: "started(): void {\n    this.#bell.ring()",
      to: "started(): void {",
      tests: "hedge/splits"
    },
    {
      what: "the decision takes as long as the losers",
      from: "if (!this.#join.decision.isOpen) this.#decided ??= this.#took",
      to: "if (!this.#join.decision.isOpen) this.#decided = this.#took",
      tests: "hedge/splits laws/hedge"
    },
    {
      what: "the next delay begins before the branch before has started",
      from: "if (!cursor.hasMore || this.#allowed > cursor.started) {",
      to: "if (!cursor.hasMore) {",
      tests: "hedge/splits laws/hedge"
    },
    {
      what: "a failure during the delay is waited out",
      from: "Duration.isFinite(wait) ? Effect.raceFirst(Effect.sleep(wait), pressed) : pressed",
      to: "Duration.isFinite(wait) ? Effect.sleep(wait) : pressed",
      tests: "hedge/splits"
    },
    {
      what: "a failure before the delay is waited out",
      from: "Duration.isPositive(wait) && !this.#isPressed",
      to: "Duration.isPositive(wait)",
      tests: "hedge/splits",
      equivalent: "the race with the delay is won at once"
    },
    {
      what: "the budget is asked when it has paid only",
      from: "if (wait === undefined || !(yield* tokens.allows(budget))) cutShort(join)",
      to: "if (wait === undefined) cutShort(join)",
      tests: "hedge/splits"
    },
    {
      what: "a branch that the list does not have is paid for",
      from: "else if (!this.#hasNext()) continue",
      to: "",
      tests: "hedge/splits"
    },
    {
      what: "one failure starts many branches",
      from: "if (this.#join.decision.tally.failed > this.#spent) this.#spent++",
      to: "",
      tests: "hedge/splits laws/hedge"
    },
    {
      what: "several failures start one branch",
      from: "if (this.#join.decision.tally.failed > this.#spent) this.#spent++",
      to: "this.#spent = this.#join.decision.tally.failed",
      tests: "hedge/splits"
    },
    {
      what: "a place is given before the branch before has ended at once",
      from: "gradual.startDue(this.#join)\n  }",
      to: "}",
      tests: "hedge/splits laws/hedge"
    },
    {
      what: "a branch is read though reading decided",
      from: "if (!join.decision.isOpen) return false\n",
      to: "",
      tests: "hedge/splits adversarial/reentrancy",
      equivalent: "the decision interrupts the pace before it takes anything"
    },
    {
      what: "the list that has ended does not decide",
      from: "if (Result.isSuccess(next)) seal(join)",
      to: "if (Result.isSuccess(next)) {}",
      tests: "hedge/splits"
    },
    {
      what: "the budget is told of one failure for several",
      from: "this.#told++",
      to: "this.#told = tally.failed",
      tests: "hedge/splits"
    },
    {
      what: "a split that fails does not tell its last failures",
      from: "if (!satisfied) return this.#tell",
      to: "if (!satisfied) return Effect.void",
      tests: "hedge/splits"
    },
    {
      what: "a first branch that failed is a latency",
      from: "first?.failed === true ? undefined : first?.took ?? this.#decided",
      to: "first?.took ?? this.#decided",
      tests: "hedge/splits laws/hedge"
    },
    {
      what: "starts one at once, whatever the strategy asks for",
      from: "return isCount(asked) ? Math.min(asked!, mostAtOnce) : 1",
      to: "return 1",
      tests: "hedge/splits"
    },
    {
      what: "is pressed by no failure",
      from: "return decision.tally.failed > this.#spent || decision.running === 0",
      to: "return decision.running === 0",
      tests: "hedge/splits"
    },
    {
      what: "waits though nothing runs",
      from: "return decision.tally.failed > this.#spent || decision.running === 0",
      to: "return decision.tally.failed > this.#spent",
      tests: "hedge/splits laws/hedge"
    }
  ],
  "split/cursor": [
    {
      what: "an element that was looked at is given again",
      from: "this.#ahead = undefined",
      to: "",
      tests: "hedge/splits"
    },
    {
      what: "an element that was looked at is lost",
      from: "if (this.#ahead !== undefined) return this.#ahead",
      to: "",
      tests: "hedge/splits"
    },
    {
      what: "a list that is left is not closed",
      from: "Result.try({ try: () => iterator.return?.(), catch: identity })",
      to: "Result.void",
      tests: "hedge/splits"
    }
  ],
  "hedge/race": [
    {
      what: "there is an attempt too many",
      from: "!this.sealed && this.started < this.maxAttempts",
      to: "!this.sealed && this.started <= this.maxAttempts",
      tests: "hedge/Hedge"
    },
    {
      what: "attempts go on after the delay has ended",
      from: "!this.sealed && this.started < this.maxAttempts",
      to: "this.started < this.maxAttempts",
      tests: "hedge/Hedge"
    },
    {
      what: "tells the first failure first",
      from: "this.causes.toReversed()",
      to: "this.causes",
      tests: "hedge/Hedge"
    },
    {
      what: "a fatal error starts another attempt",
      from: "if (cause.reasons.some((reason) => isFatalReason(reason, isFatal))) return yield* Exit.failCause(cause)",
      to: "",
      tests: "hedge/Hedge"
    },
    {
      what: "the first attempt that failed has a latency",
      from: "if (end.attempt === 0) race.firstFailed = true",
      to: "",
      tests: "hedge/Hedge"
    },
    {
      what: "the budget hears of no failure",
      from: "if (budget !== undefined) yield* restore(budget.failed)",
      to: "",
      tests: "hedge/Hedge"
    },
    {
      what: "several failures start one attempt",
      from: "if (race.hurried > 0) race.hurried--",
      to: "race.hurried = 0",
      tests: "hedge/Hedge laws/hedge"
    },
    {
      what: "a failure starts attempts without end",
      from: "if (race.hurried > 0) race.hurried--",
      to: "",
      tests: "hedge/Hedge laws/hedge"
    },
    {
      what: "a failure during the delay is waited out",
      from: "Effect.raceFirst(Effect.as(bell.rung, false), Effect.as(Effect.sleep(delay), true))",
      to: "Effect.as(Effect.sleep(delay), true)",
      tests: "hedge/Hedge"
    },
    {
      what: "a budget that is used up is asked again",
      from: "else race.sealed = true\n      continue",
      to: "continue",
      tests: "hedge/Hedge"
    },
    {
      what: "waits for a delay that the budget forbids",
      from: "timed && (yield* restore(tokens.allows(budget)))",
      to: "timed",
      tests: "hedge/Hedge"
    },
    {
      what: "ends while a delay would bring another attempt",
      from: "if (race.running === 0 && !(timed",
      to: "if (race.running === 0 && !(false",
      tests: "hedge/Hedge"
    },
    {
      what: "a defect starts another attempt",
      from: "Cause.isDieReason(reason) || (",
      to: "false || (",
      tests: "hedge/Hedge"
    },
    {
      what: "a delay that has passed is waited for again",
      from: "passes(race.delay!, race.bell))) race.delay = Duration.zero",
      to: "passes(race.delay!, race.bell))) {}",
      tests: "hedge/Hedge laws/hedge"
    },
    {
      what: "a delay that has passed has passed for the next",
      from: "race.delay = undefined\n",
      to: "",
      tests: "hedge/Hedge laws/hedge"
    },
    {
      what: "retryAfter lets earlier failures hurry",
      from: "race.hurried = 0\n",
      to: "",
      tests: "hedge/Hedge"
    },
    {
      what: "retryAfter keeps the delay that runs",
      from: "if (Duration.isFinite(wait)) race.delay = wait",
      to: "if (Duration.isFinite(wait)) {}",
      tests: "hedge/Hedge"
    },
    {
      what: "retryAfter allows no attempt, and one is made",
      from: "else race.sealed = true\n}",
      to: "}",
      tests: "hedge/Hedge"
    },
    {
      what: "losers are not interrupted",
      from: "Fiber.interruptAll([...race.fibers])",
      to: "Effect.void",
      tests: "hedge/Hedge"
    },
    {
      what: "a loser that failed is told to the log",
      from: "Exit.isFailure(exit) && Cause.hasDies(exit.cause)",
      to: "Exit.isFailure(exit)",
      tests: "hedge/Hedge"
    },
    {
      what: "a loser that was looked at is told to the log",
      from: "race.ended.slice(race.seen)",
      to: "race.ended",
      tests: "hedge/Hedge"
    }
  ],
  "hedge/tokens": [
    {
      what: "a hedge is paid with what is not there",
      from: "level >= one",
      to: "level >= 0",
      tests: "hedge/Hedge"
    },
    {
      what: "a throttle closes late",
      from: "level > full / 2",
      to: "level >= full / 2",
      tests: "hedge/Hedge"
    },
    {
      what: "a budget falls below nothing",
      from: "level = Math.max(0, level - amount)",
      to: "level = level - amount",
      tests: "hedge/Hedge"
    },
    {
      what: "a budget holds more than its tokens",
      from: "level = Math.min(full, level + share)",
      to: "level = level + share",
      tests: "hedge/Hedge"
    },
    {
      what: "ten times a tenth is less than one",
      from: "const share = Math.round(ratio * one)",
      to: "const share = Math.floor(ratio * 0.9999999 * one)",
      tests: "hedge/Hedge"
    },
    {
      what: "is taken without a cost",
      from: "spend(hedge)",
      to: "spend(0)",
      tests: "hedge/Hedge"
    }
  ],
  "hedge/delays": [
    {
      what: "the end of a Schedule is a failure",
      from: "([, delay]) => delay), () => Effect.undefined)",
      to: "([, delay]) => delay), () => Effect.succeed(Duration.zero))",
      tests: "hedge/Hedge"
    },
    {
      what: "what a function of the delay gives is not looked at",
      from: "if (message === undefined) return Exit.succeed",
      to: "if (true) return Exit.succeed",
      tests: "hedge/Hedge hedge/splits"
    },
    {
      what: "a negative retryAfter is no wait",
      from: "if (Option.isSome(given) && Duration.isNegative(given.value)) return Duration.infinity",
      to: "",
      tests: "hedge/Hedge"
    },
    {
      what: "a promise is a delay",
      from: "if (returned.isPromise(input)) throw",
      to: "if (false) throw",
      tests: "hedge/Hedge hedge/splits check/callbacks"
    },
    {
      what: "the percentile records in no recorder of its own",
      from: "latencies = isPercentile(delay) ? delay.latencies : undefined",
      to: "latencies = undefined",
      tests: "hedge/Hedge"
    },
    {
      what: "a success gives the budget nothing",
      from: "budget === undefined ? Effect.void : budget.succeeded",
      to: "Effect.void",
      tests: "hedge/Hedge"
    }
  ],
  "hedge/latencies": [
    {
      what: "the oldest is never forgotten",
      from: "if (written >= size) add(ring[place]!, -1)",
      to: "",
      tests: "hedge/Hedge laws/hedge"
    },
    {
      what: "a percentile is rounded down",
      from: "const rank = Math.ceil(",
      to: "const rank = Math.floor(",
      tests: "hedge/Hedge laws/hedge"
    },
    {
      what: "fewer than asked for are enough",
      from: "if (count < atLeast) return",
      to: "if (count < atLeast - 1) return",
      tests: "hedge/Hedge"
    },
    {
      what: "buckets are twice as wide",
      from: "Math.floor(Math.log2(value)) - 6",
      to: "Math.floor(Math.log2(value)) - 5",
      tests: "hedge/Hedge laws/hedge"
    }
  ]
}
