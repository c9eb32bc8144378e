/**
 * How splits end that have few branches or none, by strategy and by the form of the list; and a strategy that would still
 * wait when nothing is left to run.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Option, Schedule } from "effect"
import { CanoError, JoinStrategy, Split, Workflow } from "effect-cano"
import { standalone as run, stepped } from "../kit/index.ts"

type Branch = Effect.Effect<unknown, unknown>
/** The forms of a list. Names are "0", "1", … in all of them. */
const forms: { readonly [form: string]: (branches: ReadonlyArray<Branch>) => unknown } = {
  "static array": (branches) => branches,
  "static record": (branches) => ({ ...branches }),
  "dynamic array": (branches) => () => branches,
  "dynamic record": (branches) => () => ({ ...branches }),
  "Effect of branches": (branches) => Effect.succeed(branches),
  "lazy list": (branches) =>
    function*() {
      yield* branches
    },
  "growing list": (branches) => Split.growing(() => branches as never),
  "dynamic, hedged": (branches) => () => branches,
  "lazy, hedged": (branches) =>
    function*() {
      yield* branches
    }
}

const optionsOf = (form: string): object => form.endsWith("hedged") ? { hedge: { delay: 5 } } : {}

const failure = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit)
    ? Option.getOrElse(Cause.findErrorOption(exit.cause), () => Cause.squash(exit.cause))
    : undefined

// -----------------------------------------------------------------------------
// few branches
// -----------------------------------------------------------------------------

const {
  accept,
  agreement,
  all,
  allFailFast,
  allOf,
  any,
  anyOf,
  atLeast,
  make,
  optional,
  partialResults,
  partialSuccesses,
  partialTimeout,
  partialTimeoutAtLeast,
  percentage,
  quorum,
  reject,
  relax,
  tolerate,
  until,
  weighted
} = JoinStrategy

/**
 * Each strategy with the number of branches that it needs at least, if they all succeed with the same. "names" are those
 * that refer to branches by name: of a list whose names are known beforehand, too few of them is a misuse.
 */
const strategies: ReadonlyArray<readonly [strategy: JoinStrategy.JoinStrategy, least: number, names?: "names"]> = [
  [all, 0],
  [allFailFast, 0],
  [percentage(0.5), 0],
  [partialTimeout, 0],
  [partialTimeoutAtLeast(3), 0],
  [any, 1],
  [quorum(3), 3],
  [partialResults(3), 3],
  [accept(all, () => true), 0],
  [accept(any, () => true), 1],
  [accept(quorum(3), () => true), 3],
  [reject(percentage(0.5), () => false), 0],
  [reject(any, () => false), 1],
  [reject(partialResults(3), () => false), 3],
  [optional(all, []), 0],
  [optional(quorum(3), []), 3],
  [relax(all, { after: 50, enough: quorum(3) }), 0],
  [relax(any, { after: 50, enough: all }), 0],
  [relax(quorum(3), { after: 50, enough: any }), 1],
  [relax(quorum(4), { after: 50, enough: quorum(3) }), 3],
  [until(() => true), 0],
  [until((settled) => settled.length >= 3), 3],
  [agreement(1), 1],
  [agreement(3), 3],
  [tolerate({ maxFailures: 1 }), 0],
  [tolerate({ maxFailureRate: 0.1 }), 0],
  [tolerate({ minSuccesses: 0 }), 0],
  [tolerate({ minSuccesses: 3 }), 3],
  [tolerate({ minSuccesses: 1, maxFailures: 2 }), 1],
  [partialSuccesses(1), 1],
  [partialSuccesses(3), 1],
  [make(JoinStrategy.reducer(quorum(3))), 3],
  [make({ name: "own", initial: () => {}, onOutcome: () => {}, decide: () => "continue" }), Number.POSITIVE_INFINITY],
  [make({ name: "least", initial: () => {}, onOutcome: () => {}, decide: () => "proceed", least: 3 }), 3],
  [weighted({ 0: 1, 1: 2, 2: 1 }, 4), 3, "names"],
  [anyOf("0"), 1, "names"],
  [allOf("0", "1", "2"), 3, "names"],
  [atLeast(3, "0", "1", "2"), 3, "names"]
]

const isKnown = (form: string): boolean => !/lazy|growing/.test(form)

/** Strategies that an issue is made of when a static list is too short; for others it only turns out at the join. */
const saysLeast = (strategy: JoinStrategy.JoinStrategy): boolean =>
  !JoinStrategy.isCustom(strategy) || (strategy.reducer.least ?? 0) > 0

const waitsForEach = (strategy: JoinStrategy.JoinStrategy): boolean =>
  /\ball|tolerate|partialTimeout/.test(JoinStrategy.format(strategy))

describe.each(Object.keys(forms))("%s", (form) => {
  for (const [strategy, least, names] of strategies) {
    // a hedge is for alternatives
    if (form.endsWith("hedged") && waitsForEach(strategy)) continue
    // one that proceeds at once is never told that there are too few
    if (form === "growing list" && JoinStrategy.format(strategy) === "least") continue
    if (form.startsWith("lazy") && JoinStrategy.format(strategy) === "least") continue
    const most = Number.isFinite(least) ? least : 2
    for (const n of new Set([0, 1, most - 1, most, most + 1].filter((n) => n >= 0))) {
      // a branch that has no weight is a misuse, too
      if (JoinStrategy.format(strategy) === "weighted(4)" && isKnown(form) && n > 3) continue
      const enough = n >= least
      it.effect(`${JoinStrategy.format(strategy)} ${enough ? "is satisfied by" : "fails of"} ${n}`, () =>
        Effect.gen(function*() {
          let started = 0
          const branch = Effect.andThen(Effect.sync(() => started++), Effect.as(Effect.sleep(1), "same"))
          const list = forms[form]!(Array.from({ length: n }, () => branch))
          const { at, exit } = yield* stepped(run(list, { strategy, timeout: 90, ...optionsOf(form) }))
          const error = failure(exit)
          if (names !== undefined && isKnown(form) && n < (strategy as JoinStrategy.Custom).names!.length) {
            assert.match(String((error as Error).message), /there is no branch "\d"/)
            assert.strictEqual(
              (error as CanoError.CanoError)._tag,
              form.startsWith("static") ? "ConfigurationError" : "WorkflowError"
            )
            assert.strictEqual(started, 0)
          } else if (enough) {
            assert.strictEqual(exit._tag, "Success", String(error))
          } else if (form.startsWith("static") && saysLeast(strategy)) {
            assert.instanceOf(error, CanoError.ConfigurationError)
            const name = JoinStrategy.format(strategy)
            assert.deepStrictEqual(error.issues, [{
              state: undefined,
              rule: "count",
              message: least === 1
                ? `${name} waits for 1 branch, but there are none`
                : `${name} waits for ${least} branches, but there are only ${n}`
            }])
            assert.strictEqual(started, 0)
          } else {
            assert.instanceOf(error, CanoError.JoinUnsatisfiedError)
            assert.strictEqual(error.result.tally.total, n)
            assert.isFalse(error.result.timedOut)
            if (isKnown(form) && saysLeast(strategy)) assert.deepStrictEqual([at, started], [0, 0])
            if (JoinStrategy.isCustom(strategy) && saysLeast(strategy) && isKnown(form)) {
              assert.match(error.reason ?? "", /waits for \d branch/)
            }
          }
        }))
    }
  }
})

describe("a list that turns out too short", () => {
  it.effect("is unsatisfied as soon as a lazy one has ended, and its branches are interrupted", () =>
    Effect.gen(function*() {
      for (const strategy of [agreement(3), tolerate({ minSuccesses: 3 }), accept(quorum(3), () => true)]) {
        const list = forms["lazy list"]!([Effect.never, Effect.never])
        const { at, exit } = yield* stepped(run(list, { strategy }))
        const error = failure(exit)
        assert.instanceOf(error, CanoError.JoinUnsatisfiedError)
        assert.strictEqual(at, 0)
        assert.strictEqual(error.reason, `${JoinStrategy.format(strategy)} waits for 3 branches, but there are only 2`)
        assert.strictEqual(error.result.tally.interrupted, 2)
      }
    }))

  it.effect("says so where a hedge has started too few", () =>
    Effect.gen(function*() {
      const strategy = make<unknown>({ ...agreement(3).reducer, name: "own" })
      const hedge = { delay: Schedule.recurs(1), atOnce: 1 }
      for (const form of ["dynamic, hedged", "lazy, hedged"]) {
        const list = forms[form]!(Array.from({ length: 5 }, () => Effect.as(Effect.sleep(1), "same")))
        const error = failure((yield* stepped(run(list, { strategy, hedge }))).exit)
        assert.instanceOf(error, CanoError.JoinUnsatisfiedError)
        assert.strictEqual(error.reason, "own waits for 3 branches, but only 2 were started")
      }
    }))

  it.effect("goes to otherwise, in a machine", () =>
    Effect.gen(function*() {
      const few: ReadonlyArray<Effect.Effect<number>> = [Effect.succeed(1)]
      for (const strategy of [agreement(3), tolerate({ minSuccesses: 2 }), partialSuccesses(1)]) {
        const workflow = Workflow.make<"Split" | "Done" | "Degraded">("w")
          .registerSplit("Split", () => strategy.name === "partialSuccesses(1)" ? [] : few, {
            strategy,
            next: "Done",
            otherwise: "Degraded"
          })
          .addExitStates("Done", "Degraded")
        assert.strictEqual(yield* workflow.orchestrate("Split"), "Degraded")
      }
    }))
})

// -----------------------------------------------------------------------------
// nothing is left to run
// -----------------------------------------------------------------------------

describe("a strategy that would wait when nothing is left to run", () => {
  const waiting = (more: Partial<JoinStrategy.Reducer<unknown, unknown, number>> = {}) =>
    make<unknown, unknown, number>({
      name: "waiting",
      initial: () => 0,
      onOutcome: (n) => n + 1,
      decide: () => "continue",
      ...more
    })

  for (const form of Object.keys(forms)) {
    for (const bulkhead of form.endsWith("hedged") ? [undefined] : [undefined, 1, 2]) {
      for (const n of [0, 1, 3]) {
        it.effect(`is unsatisfied, with the reason: ${form} of ${n}, bulkhead ${bulkhead}`, () =>
          Effect.gen(function*() {
            const branches = [Effect.void, Effect.sleep(2), Effect.fail("no")].slice(0, n)
            const list = forms[form]!(branches)
            const { exit } = yield* stepped(run(list, { strategy: waiting(), bulkhead, ...optionsOf(form) }))
            const error = failure(exit)
            assert.instanceOf(error, CanoError.JoinUnsatisfiedError)
            assert.strictEqual(
              error.reason,
              `it would wait, and ${n === 0 ? "there are no branches" : "every branch has settled"}`
            )
            const { failed, succeeded, total } = error.result.tally
            assert.deepStrictEqual([total, succeeded + failed], [n, n])
          }))
      }
    }
  }

  it("is unsatisfied under runSync, too", () => {
    const exit = Effect.runSync(Effect.exit(run([Effect.void], { strategy: waiting() })))
    assert.instanceOf(failure(exit), CanoError.JoinUnsatisfiedError)
  })

  it.effect("is unsatisfied when a hedge starts no other branch", () =>
    Effect.gen(function*() {
      for (const form of ["dynamic, hedged", "lazy, hedged"]) {
        const list = forms[form]!(Array.from({ length: 5 }, () => Effect.sleep(1)))
        const hedge = { delay: Schedule.recurs(1), atOnce: 1 }
        const error = failure((yield* stepped(run(list, { strategy: waiting(), hedge }))).exit)
        assert.instanceOf(error, CanoError.JoinUnsatisfiedError)
      }
    }))

  it.effect("goes to otherwise, in a machine", () =>
    Effect.gen(function*() {
      const workflow = Workflow.make<"Split" | "Done" | "Degraded">("w")
        .registerSplit("Split", [Effect.void], { strategy: waiting(), next: "Done", otherwise: "Degraded" })
        .addExitStates("Done", "Degraded")
      assert.strictEqual(yield* workflow.orchestrate("Split"), "Degraded")
    }))

  it.effect("is asked as at its deadline, which has not passed", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const timed = waiting({
        timed: true,
        decide: (n, _, event) => {
          events.push(event)
          return event === "deadline" && n === 2 ? "proceed" : "continue"
        }
      })
      const two = yield* stepped(run([Effect.void, Effect.sleep(3)], { strategy: timed, timeout: 50 }))
      assert.deepStrictEqual([two.at, two.exit._tag], [3, "Success"])
      assert.isFalse(Exit.isSuccess(two.exit) && two.exit.value.timedOut)
      assert.deepStrictEqual(events, ["settled", "settled", "settled", "deadline"])
      const one = yield* stepped(run([Effect.void], { strategy: timed, timeout: 50 }))
      assert.instanceOf(failure(one.exit), CanoError.JoinUnsatisfiedError)
      // one that is not timed is not asked about a deadline
      events.length = 0
      const untimed = make<unknown, unknown, number>({ ...timed.reducer, timed: false })
      yield* stepped(run([Effect.void], { strategy: untimed, timeout: 50 }))
      assert.deepStrictEqual(events, ["settled", "settled"])
    }))

  it.effect("changes at once as at its soft deadline, if that has not passed", () =>
    Effect.gen(function*() {
      const soft = (after: number) =>
        waiting({
          soft: { after, onPassed: (n) => n + 10 },
          decide: (n) => n === 12 ? "proceed" : n > 20 ? { fail: "passed twice" } : "continue"
        })
      const branches = [Effect.void, Effect.sleep(5)]
      const early = yield* stepped(run(branches, { strategy: soft(50) }))
      assert.deepStrictEqual([early.at, early.exit._tag], [5, "Success"])
      const late = yield* stepped(run(branches, { strategy: soft(2) }))
      assert.deepStrictEqual([late.at, late.exit._tag], [5, "Success"])
      const once = yield* stepped(run([Effect.sleep(5)], { strategy: soft(2) }))
      const error = failure(once.exit)
      assert.instanceOf(error, CanoError.JoinUnsatisfiedError)
      assert.strictEqual(error.reason, "it would wait, and every branch has settled")
    }))
})
