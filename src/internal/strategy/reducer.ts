/**
 * The reducer of a strategy as the engine asks it: whether it is what its type says, and what it answers. Nothing is kept
 * between two questions; the state belongs to the split.
 */

import * as Predicate from "effect/Predicate"
import type { Tally } from "../../SplitResult.ts"
import { misfit } from "../check/describe.ts"
import * as flags from "../check/flags.ts"
import * as returned from "../check/returned.ts"
import * as counting from "./counting.ts"
import type { Counting, Custom, JoinStrategy, Judgement, Reducer } from "./strategy.ts"
import { isCustom } from "./strategy.ts"

/** That of an open strategy, or the counts behind one of the seven. */
export const of = (self: JoinStrategy): Reducer<any, any, any> =>
  isCustom(self)
    // the branches' types have been checked where the strategy was given to them
    ? self.reducer as Reducer<any, any, any>
    // what is not custom goes by counts
    : counting.reducer(self as Counting)

/** The parts of a strategy that are not what its type says, a sentence for each. */
export const malformed = ({ name, reducer }: Custom): ReadonlyArray<string> => {
  const given: unknown = reducer
  if (!Predicate.isString(name)) return [misfit("the name of a strategy", name, "a string")]
  if (!Predicate.isObject(given)) return [`${name} is no join strategy; take one from JoinStrategy`]
  const { decide, everyBranch, initial, issue, onOutcome, soft, timed } = given
  const parts: Record<string, unknown> = { initial, onOutcome, decide }
  if (issue !== undefined) parts.issue = issue
  if (soft !== undefined) parts["soft.onPassed"] = Predicate.isObject(soft) ? soft.onPassed : undefined
  return [
    ...Object.entries(parts).map(([part, u]) => noFunction(name, part, u)),
    flags.wrong(timed, `${name}: timed`),
    flags.wrong(everyBranch, `${name}: everyBranch`)
  ].filter(Predicate.isNotUndefined)
}

/** The sentence for a part that is no function. */
export const noFunction = (name: string, part: string, u: unknown): string | undefined =>
  Predicate.isFunction(u) ? undefined : misfit(`${name}: ${part}`, u, "a function")

/** What is wrong with a number that the name of its strategy shows. */
export const mustBe = (name: string, part: string, expected: string): string => `${name}: ${part} must be ${expected}`

/** What a strategy says is wrong with itself, a sentence. */
export const issue = ({ name, reducer }: Custom, names: ReadonlyArray<string> | undefined): string | undefined => {
  const sentence: unknown = reducer.issue?.(names)
  if (sentence === undefined || Predicate.isString(sentence)) return sentence
  throw returned.unexpected(name, "issue", sentence, "a sentence, or undefined if nothing is wrong")
}

/** What a strategy says of its state. */
export const judge = (
  { name, reducer }: Custom,
  state: unknown,
  tally: Tally,
  event: "settled" | "deadline"
): Judgement => {
  const judgement: unknown = reducer.decide(state, tally, event)
  if (judgement === "continue" || judgement === "proceed" || judgement === "fail") return judgement
  if (Predicate.hasProperty(judgement, "fail") && Predicate.isString(judgement.fail)) return { fail: judgement.fail }
  throw returned.unexpected(name, "decide", judgement, `"continue", "proceed", "fail" or { fail: "the reason" }`)
}

/** The sentence for a strategy that needs more branches than there are, or than were started. */
export const tooFew = (name: string, least: number, count: number, cutShort: boolean): string =>
  least === 1
    ? `${name} waits for 1 branch, but there are none`
    : `${name} waits for ${least} branches, but ${cutShort ? `only ${count} were started` : `there are only ${count}`}`
