/**
 * The plain join: a reference join that is written as plainly as can be, with Effect's own combinators and no thought of
 * speed. Whoever had no engine would write it like this: `Effect.forEach` runs the branches, a Ref holds what is known of
 * each, the branch that decides fails the `forEach`, which then interrupts and awaits the others, and `Effect.timeout` is the
 * deadline. It lives as long as one split.
 *
 * The engine must equal it (test/laws/plain.test.ts). It knows the seven strategies, `timeout` and `bulkhead`, of a list of
 * known length whose misuse nobody checks.
 */
import { type Cause, Effect, Exit, Ref } from "effect"
import type * as model from "./model.ts"

/** How one branch ended. */
export type Outcome<A, E> =
  | { readonly _tag: "Succeeded"; readonly value: A }
  | { readonly _tag: "Failed"; readonly cause: Cause.Cause<E> }
  | { readonly _tag: "Interrupted" | "NotStarted" }

/** How many branches ended how. */
export type Tally = model.Prediction["tally"]

/** What a join ends with. */
export type Verdict = "Proceed" | "JoinUnsatisfiedError" | "JoinTimeoutError"

/** Everything about a split that has ended. */
export interface Joined<A, E> {
  readonly verdict: Verdict
  readonly outcomes: ReadonlyArray<Outcome<A, E>>
  readonly tally: Tally
}

/** The strategy of a split, its deadline in milliseconds, and how many branches may run at once. */
export type Options = Pick<model.Split, "strategy" | "timeout" | "bulkhead">

const count = (outcomes: ReadonlyArray<Outcome<unknown, unknown>>): Tally => {
  const of = (tag: string) => outcomes.filter(({ _tag }) => _tag === tag).length
  return {
    total: outcomes.length,
    succeeded: of("Succeeded"),
    failed: of("Failed"),
    interrupted: of("Interrupted"),
    notStarted: of("NotStarted")
  }
}

/** The verdict as soon as there is one: the table of docs/GUARANTEES.md. */
const judge = (strategy: model.Strategy, { failed, succeeded, total }: Tally): Verdict | undefined => {
  const settled = succeeded + failed
  const successes = (needed: number): Verdict | undefined =>
    succeeded >= needed ? "Proceed" : total - failed < needed ? "JoinUnsatisfiedError" : undefined
  switch (strategy._tag) {
    case "All":
      return settled < total ? undefined : failed === 0 ? "Proceed" : "JoinUnsatisfiedError"
    case "AllFailFast":
      return successes(total)
    case "Any":
      return successes(1)
    case "Quorum":
      return successes(strategy.n)
    case "Percentage":
      return successes(Math.min(total, Math.max(1, Math.ceil(total * strategy.hundredths / 100))))
    case "PartialResults":
      return settled >= strategy.n ? "Proceed" : total < strategy.n ? "JoinUnsatisfiedError" : undefined
    case "PartialTimeout":
      return settled === total ? "Proceed" : undefined
  }
}

/** The verdict of a deadline that passes before there is another one. */
const judgeLate = ({ _tag }: model.Strategy, { failed, succeeded }: Tally): Verdict =>
  _tag === "PartialTimeout" && succeeded + failed > 0 ? "Proceed" : "JoinTimeoutError"

/** Runs branches and joins them. */
export const join = Effect.fnUntraced(function*<A, E, R>(
  branches: ReadonlyArray<Effect.Effect<A, E, R>>,
  { bulkhead, strategy, timeout }: Options
) {
  const outcomes = yield* Ref.make<ReadonlyArray<Outcome<A, E>>>(branches.map(() => ({ _tag: "NotStarted" })))
  const note = (index: number, outcome: Outcome<A, E>) => Ref.update(outcomes, (all) => all.with(index, outcome))
  const tally = Effect.map(Ref.get(outcomes), count)

  const run = Effect.fnUntraced(function*(branch: Effect.Effect<A, E, R>, index: number) {
    // what is noted of it unless it settles before the decision
    yield* note(index, { _tag: "Interrupted" })
    const exit = yield* Effect.exit(branch)
    yield* note(
      index,
      Exit.isSuccess(exit) ? { _tag: "Succeeded", value: exit.value } : { _tag: "Failed", cause: exit.cause }
    )
    if (judge(strategy, yield* tally) !== undefined) return yield* Effect.fail("decided")
  })

  if (judge(strategy, yield* tally) === undefined) {
    const all = Effect.forEach(branches, run, { concurrency: bulkhead ?? "unbounded", discard: true })
    yield* Effect.exit(timeout === undefined ? all : Effect.timeout(all, timeout))
  }
  const seen = { outcomes: yield* Ref.get(outcomes), tally: yield* tally }
  const joined: Joined<A, E> = { ...seen, verdict: judge(strategy, seen.tally) ?? judgeLate(strategy, seen.tally) }
  return joined
})
