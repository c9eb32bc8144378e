/**
 * The rules that a definition is checked against before anything is built or started. Each is a pure function from a part
 * of the definition to the issues it has; none stops at the first.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { ConfigurationRule, Issue } from "../../CanoError.ts"
import * as JoinStrategy from "../../JoinStrategy.ts"
import type { Losers } from "../../SplitResult.ts"
import * as pool from "../bulkhead/pool.ts"
import { isCount, isWhole } from "../check/counts.ts"
import { attempt, clip, show } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as delays from "../hedge/delays.ts"
import * as reducer from "../strategy/reducer.ts"
import * as strategies from "../strategy/strategies.ts"
import { mostAtOnce } from "./alternatives.ts"
import * as branches from "./branches.ts"
import type { Config, Stagger } from "./join.ts"

/** The options of a split as they were given. */
export interface SplitInput {
  readonly strategy: JoinStrategy.JoinStrategy
  readonly timeout?: Duration.Input | undefined
  readonly name?: string | undefined
  readonly bulkhead?: unknown
  readonly discard?: boolean | undefined
  readonly losers?: Losers | undefined
  readonly maxBranches?: number | undefined
  readonly hedge?: unknown
  readonly onOutcome?: unknown
  readonly observerTimeout?: unknown
  readonly reduce?: unknown
}

const issue = (
  state: string | undefined,
  rule: Issue["rule"],
  sentence: string,
  subject?: Issue["subject"]
): Issue => ({
  state,
  rule,
  ...(subject === undefined ? {} : { subject }),
  message: state === undefined ? sentence : `state "${state}": ${sentence}`
})
export { issue as make }

/** The options, ready for the engine. To be called once the rules have found nothing. */
export const toConfig = (input: SplitInput): Config => ({
  strategy: input.strategy,
  timeout: input.timeout === undefined ? undefined : Duration.fromInputUnsafe(input.timeout),
  name: input.name,
  bulkhead: Predicate.isNumber(input.bulkhead) ? input.bulkhead : undefined,
  // one of the two, by the rules
  pool: Predicate.isNumber(input.bulkhead) ? undefined : input.bulkhead as Config["pool"],
  maxBranches: input.maxBranches,
  // a split that reduces its outcomes does not keep them
  discard: input.discard === true || input.reduce !== undefined,
  // of their types, by the rules
  hedge: input.hedge as Config["hedge"],
  onOutcome: input.onOutcome as Config["onOutcome"],
  observerTimeout: Duration.fromInputUnsafe(input.observerTimeout as Duration.Input ?? defaultObserverTimeout),
  reduce: input.reduce as Config["reduce"],
  losers: Predicate.isString(input.losers) ? input.losers : "interrupt",
  grace: Predicate.isObject(input.losers) ? Duration.fromInputUnsafe(input.losers.grace) : undefined
})

const defaultObserverTimeout = "30 seconds"

/** What is wrong with a split, as far as it can be seen before it is entered. */
export const split = (state: string | undefined, input: unknown, options: SplitInput): ReadonlyArray<Issue> => {
  if (!Predicate.isObject(options)) {
    return [issue(state, "options", `the options are ${show(options)}; they must be { strategy, … }`)]
  }
  const issues: Array<Issue> = []
  const add = (rule: ConfigurationRule, sentence: string) => issues.push(issue(state, rule, sentence))
  const list = staticList(input, add)
  strategy(options.strategy, list, options.timeout !== undefined, add)
  if (options.timeout !== undefined) duration(options.timeout, "timeout", "the timeout", add)
  const { bulkhead, name } = options
  if (name !== undefined && !Predicate.isString(name)) {
    add("options", `the name is ${show(name)}; it must be a string, or be left out`)
  }
  if (bulkhead !== undefined && !isCount(bulkhead) && !pool.isPool(bulkhead) && !Context.isKey(bulkhead)) {
    add(
      "bulkhead",
      `the bulkhead is ${show(bulkhead)}; it must be ${
        Predicate.isNumber(bulkhead) ? "an integer of at least 1" : "a number, a Bulkhead or the key of one"
      }, or be left out`
    )
  }
  if (options.maxBranches !== undefined && !isCount(options.maxBranches)) {
    add(
      "max-branches",
      `maxBranches is ${show(options.maxBranches)}; it must be an integer of at least 1, or be left out`
    )
  } else if (options.maxBranches !== undefined && list !== undefined && list.length > options.maxBranches) {
    add("max-branches", `there are ${list.length} branches, more than the ${options.maxBranches} of maxBranches`)
  }
  if (options.losers !== undefined) losers(options.losers, add)
  observers(options, add)
  if (options.hedge !== undefined) issues.push(...hedge(state, options.hedge, options))
  return issues
}

const hedge = (state: string | undefined, self: unknown, options: SplitInput): ReadonlyArray<Issue> => {
  if (!Predicate.isObject(self)) {
    return [issue(state, "hedge-delay", `hedge is ${show(self)}; it must be { delay, … }`, "hedge")]
  }
  // looked through by the rules of a hedge
  const given = self as unknown as Stagger
  const issues = delays.check(given).map(({ message, rule, subject }) => issue(state, rule, message, subject))
  if (given.atOnce !== undefined && !(isCount(given.atOnce) && given.atOnce <= mostAtOnce)) {
    issues.push(issue(
      state,
      "hedge-max-attempts",
      `atOnce is ${show(given.atOnce)}; it must be an integer of at least 1, and at most ${mostAtOnce}`,
      "hedge"
    ))
  }
  if (waitsForEvery(options.strategy)) {
    const name = clip(JoinStrategy.format(options.strategy))
    issues.push(issue(state, "strategy", `${name} waits for every branch; a hedge is for alternatives`))
  }
  if (options.bulkhead !== undefined) {
    issues.push(issue(state, "bulkhead", "branches that are hedged start one by one; leave the bulkhead out"))
  }
  return issues
}

const waitsForEvery = (self: JoinStrategy.JoinStrategy): boolean =>
  Predicate.isObject(self) &&
  (JoinStrategy.isCustom(self)
    ? Predicate.isObject(self.reducer) && self.reducer.everyBranch === true
    // what is not custom goes by counts
    : strategies.everyBranch(self as JoinStrategy.Counting))

const observers = ({ observerTimeout, onOutcome, reduce }: SplitInput, add: Add): void => {
  if (observerTimeout !== undefined) duration(observerTimeout, "observer", "observerTimeout", add)
  if (onOutcome !== undefined && !Predicate.isFunction(onOutcome)) {
    add("observer", `onOutcome is ${show(onOutcome)}; it must be a function of an outcome to an Effect`)
  }
  if (reduce === undefined) return
  const { initial, step } = Predicate.isObject(reduce) ? reduce : {} as Record<string, unknown>
  if (!Predicate.isFunction(initial) || !Predicate.isFunction(step)) {
    add("observer", `reduce is ${show(reduce)}; it must be { initial: () => state, step: (state, outcome) => state }`)
  }
}

const losers = (self: unknown, add: Add): void => {
  if (Predicate.hasProperty(self, "grace")) return duration(self.grace, "losers", "the grace period of the losers", add)
  if (self === "interrupt" || self === "await" || self === "detach") return
  add("losers", `losers is ${show(self)}; it must be "interrupt", "await", "detach" or { grace: a duration }`)
}

type Add = (rule: ConfigurationRule, sentence: string) => void

/** The names of the branches, where they are known before the split is entered. */
const staticList = (input: unknown, add: Add): ReadonlyArray<string> | undefined => {
  if (attempt(() => Effect.isEffect(input)) === true || Predicate.isFunction(input)) return undefined
  const list = branches.fromUnknown(input)
  switch (list._tag) {
    case "Known":
      return branches.namesOf(list)
    case "Growing":
      return undefined
    case "Lazy":
      if (list.isOneShot) {
        add(
          "one-shot-iterable",
          "the branches are an iterator, which is empty the second time; give an array, or a function that makes a new one"
        )
      }
      return undefined
    case "NotBranches":
      add("branches", list.detail)
      return undefined
  }
}

const strategy = (
  self: JoinStrategy.JoinStrategy,
  names: ReadonlyArray<string> | undefined,
  timed: boolean,
  add: Add
): void => {
  const count = names?.length
  // what is no strategy may have no name
  const name = attempt(() => clip(JoinStrategy.format(self))) ?? show(self)
  switch (Predicate.isObject(self) ? self._tag : undefined) {
    case "All":
    case "AllFailFast":
      return
    case "PartialTimeout":
      if (!timed) add("partial-timeout", `${name} needs a timeout, the deadline it joins at`)
      if (self.n !== 0 && !isCount(self.n)) add("count", `${name}: the count must be an integer of at least 1`)
      return
    case "Custom": {
      if (!JoinStrategy.isCustom(self)) return
      const sentences = reducer.malformed(self)
      for (const sentence of sentences) add("strategy", sentence)
      if (sentences.length > 0) return
      if (self.reducer.timed === true && !timed) {
        add("partial-timeout", `${name} needs a timeout, the deadline it joins at`)
      }
      if (self.reducer.soft !== undefined) {
        duration(self.reducer.soft.after, "timeout", `the soft deadline of ${name}`, add)
      }
      const issue = reducer.issue(self, names)
      if (issue !== undefined) return add("strategy", issue)
      const { least = 0 } = self.reducer
      if (!isWhole(least)) {
        return add("count", `${name}: least is ${show(least)}; it must be an integer of at least 0, or be left out`)
      }
      return enough(name, least, count, add)
    }
    case "Percentage":
      if (!(Predicate.isNumber(self.n) && self.n > 0 && self.n <= 1)) {
        add("percentage", `percentage(${show(self.n)}): the share must be a number above 0 and at most 1`)
      }
      return
    case "Quorum":
    case "PartialResults":
      if (!isCount(self.n)) {
        add(
          "count",
          `${self._tag === "Quorum" ? "quorum" : "partialResults"}(${
            show(self.n)
          }): the count must be an integer of at least 1`
        )
        return
      }
      return enough(name, self.n, count, add)
    case "Any":
      return enough(name, 1, count, add)
    default:
      add("strategy", `${name} is no join strategy; take one from JoinStrategy`)
  }
}

const enough = (name: string, least: number, count: number | undefined, add: Add): void => {
  if (count !== undefined && count < least) add("count", reducer.tooFew(name, least, count, false))
}

export const duration = (input: unknown, rule: ConfigurationRule, what: string, add: Add): void => {
  const sentence = durations.wrong(input, what)
  if (sentence !== undefined) add(rule, sentence)
}

const limits = { "max-transitions": "maxTransitions", "max-branches": "maxBranches", "max-depth": "maxDepth" }

/** A limit of a run that must be a whole number. */
export const limit = (
  value: number | undefined,
  least: number,
  rule: "max-transitions" | "max-branches" | "max-depth"
): ReadonlyArray<Issue> =>
  value === undefined || (Number.isInteger(value) && value >= least)
    ? []
    : [
      issue(
        undefined,
        rule,
        `${limits[rule]} is ${show(value)}; it must be an integer of at least ${least}, or be left out`
      )
    ]
