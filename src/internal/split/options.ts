/**
 * The options of a split, read once: what the engine runs, or all issues that they have. Nothing is kept, and none of the
 * rules stops at the first issue.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { ConfigurationRule, Issue } from "../../CanoError.ts"
import * as JoinStrategy from "../../JoinStrategy.ts"
import type { Losers } from "../../SplitResult.ts"
import * as pool from "../bulkhead/pool.ts"
import { isCount, isWhole } from "../check/counts.ts"
import { attempt, clip, show } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as flags from "../check/flags.ts"
import { make as issue } from "../check/issue.ts"
import * as hedges from "../hedge/options.ts"
import * as counting from "../strategy/counting.ts"
import * as reducer from "../strategy/reducer.ts"
import { mostAtOnce } from "./alternatives.ts"
import type { Source } from "./branches.ts"
import * as branches from "./branches.ts"
import type { Config } from "./config.ts"

/** The options of a split as they were given. */
export interface SplitInput {
  readonly strategy: JoinStrategy.JoinStrategy
  readonly timeout?: Duration.Input | undefined
  readonly name?: string | undefined
  readonly bulkhead?: unknown
  readonly discard?: boolean | undefined
  readonly times?: boolean | undefined
  readonly losers?: Losers | undefined
  readonly maxBranches?: number | undefined
  readonly hedge?: unknown
  readonly onOutcome?: unknown
  readonly observerTimeout?: unknown
  readonly reduce?: unknown
  readonly compensate?: unknown
  readonly inDoubt?: unknown
  readonly keep?: unknown
  readonly pivot?: unknown
}

/** What a split is made of, once nothing is wrong with it. */
export interface Parsed {
  readonly source: Source
  readonly config: Config
}

/** Reads what a split was given, once; all that is wrong with it, as far as it can be seen before it is entered. */
export const parse = (
  state: string | undefined,
  input: unknown,
  options: SplitInput
): Result.Result<Parsed, ReadonlyArray<Issue>> => parseSource(state, branches.source(input), options)

/** The same for branches that have been read. */
export const parseSource = (
  state: string | undefined,
  read: Source | branches.NotBranches,
  options: SplitInput
): Result.Result<Parsed, ReadonlyArray<Issue>> => {
  if (!Predicate.isObject(options)) {
    return Result.fail([issue(state, "options", `the options are ${show(options)}; they must be { strategy, … }`)])
  }
  const issues: Array<Issue> = []
  const add = (rule: ConfigurationRule, sentence: string) => issues.push(issue(state, rule, sentence))
  const { hedge, maxBranches, name, reduce, strategy, timeout } = options
  const given = source(read, add)
  const list = given?._tag === "List" && given.list._tag === "Known" ? given.list : undefined
  checkStrategy(strategy, list, timeout !== undefined, add)
  const deadline = timeout === undefined ? undefined : duration(timeout, "timeout", "the timeout", add)
  const place = places(options.bulkhead, add)
  const most = limitOfBranches(maxBranches, list?.items.length, add)
  const end = losers(options.losers, add)
  const observer = observers(options, add)
  // one literal: spreading parts into it costs as much as all the checks
  const config = {
    strategy,
    timeout: deadline,
    name,
    bulkhead: place.bulkhead,
    pool: place.pool,
    maxBranches: most,
    hedge,
    // a split that reduces its outcomes does not keep them
    discard: options.discard === true || reduce !== undefined,
    times: options.times === true,
    losers: end.losers,
    grace: end.grace,
    keepsCompleted: options.keep === "completed",
    onOutcome: observer.onOutcome,
    observerTimeout: observer.observerTimeout,
    reduce
  }
  flag(options.discard, "discard", add)
  flag(options.times, "times", add)
  if (name !== undefined && !Predicate.isString(name)) {
    add("options", `the name is ${show(name)}; it must be a string, or be left out`)
  }
  if (hedge !== undefined) issues.push(...hedgeIssues(state, hedge, options))
  if (state === undefined && options.compensate !== undefined) {
    add("compensate", "compensate is for the states of a workflow, whose runs go back: registerSplit")
  }
  return issues.length > 0 || given === undefined || config.observerTimeout === undefined
    ? Result.fail(issues)
    // of their types, as there are no issues
    : Result.succeed({ source: given, config: config as Config })
}

/** What a split is given as its branches. A static iterator would be empty the second time. */
const source = (given: Source | branches.NotBranches, add: Add): Source | undefined => {
  if (given._tag === "NotBranches") {
    add("branches", given.detail)
    return undefined
  }
  if (given._tag === "List" && given.list._tag === "Lazy" && given.list.isOneShot) {
    add(
      "one-shot-iterable",
      "the branches are an iterator, which is empty the second time; give an array, or a function that makes a new one"
    )
  }
  return given
}

const ownPlaces: Pick<Config, "bulkhead" | "pool"> = { bulkhead: undefined, pool: undefined }

const places = (given: unknown, add: Add): Pick<Config, "bulkhead" | "pool"> => {
  if (given === undefined) return ownPlaces
  if (isCount(given)) return { bulkhead: given, pool: undefined }
  if (pool.isPool(given) || Context.isKey(given)) return { bulkhead: undefined, pool: given }
  const expected = Predicate.isNumber(given) ? "an integer of at least 1" : "a number, a Bulkhead or the key of one"
  add("bulkhead", `the bulkhead is ${show(given)}; it must be ${expected}, or be left out`)
  return ownPlaces
}

const limitOfBranches = (most: unknown, count: number | undefined, add: Add): number | undefined => {
  if (most === undefined) return undefined
  if (!isCount(most)) {
    add("max-branches", `maxBranches is ${show(most)}; it must be an integer of at least 1, or be left out`)
    return undefined
  }
  if (count !== undefined && count > most) {
    add("max-branches", `there are ${count} branches, more than the ${most} of maxBranches`)
  }
  return most
}

const interrupted: Pick<Config, "losers" | "grace"> = { losers: "interrupt", grace: undefined }

const losers = (given: unknown, add: Add): Pick<Config, "losers" | "grace"> => {
  if (given === undefined) return interrupted
  if (Predicate.hasProperty(given, "grace")) {
    const grace = duration(given.grace, "losers", "the grace period of the losers", add)
    return { losers: "interrupt", grace }
  }
  if (given === "interrupt" || given === "await" || given === "detach") return { losers: given, grace: undefined }
  add("losers", `losers is ${show(given)}; it must be "interrupt", "await", "detach" or { grace: a duration }`)
  return interrupted
}

const defaultObserverTimeout = Duration.seconds(30)

const observers = ({ observerTimeout, onOutcome, reduce }: SplitInput, add: Add) => {
  const patience = observerTimeout === undefined
    ? defaultObserverTimeout
    : duration(observerTimeout, "observer", "observerTimeout", add)
  if (onOutcome !== undefined && !Predicate.isFunction(onOutcome)) {
    add("observer", `onOutcome is ${show(onOutcome)}; it must be a function of an outcome to an Effect`)
  }
  if (reduce !== undefined) {
    const { initial, step } = Predicate.isObject(reduce) ? reduce : {} as Record<string, unknown>
    if (!Predicate.isFunction(initial) || !Predicate.isFunction(step)) {
      add("observer", `reduce is ${show(reduce)}; it must be { initial: () => state, step: (state, outcome) => state }`)
    }
  }
  return { observerTimeout: patience, onOutcome }
}

const hedgeIssues = (state: string | undefined, self: unknown, options: SplitInput): ReadonlyArray<Issue> => {
  if (!Predicate.isObject(self)) {
    return [issue(state, "hedge-delay", `hedge is ${show(self)}; it must be { delay, … }`, "hedge")]
  }
  const issues = [...hedges.check(state, self)]
  const { atOnce } = self
  if (atOnce !== undefined && !(isCount(atOnce) && atOnce <= mostAtOnce)) {
    issues.push(issue(
      state,
      "hedge-max-attempts",
      `atOnce is ${show(atOnce)}; it must be an integer of at least 1, and at most ${mostAtOnce}`,
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
    : counting.everyBranch(self as JoinStrategy.Counting))

type Add = (rule: ConfigurationRule, sentence: string) => void

const checkStrategy = (
  self: JoinStrategy.JoinStrategy,
  list: branches.Known | undefined,
  timed: boolean,
  add: Add
): void => {
  const tag = Predicate.isObject(self) ? self._tag : undefined
  // of these there is nothing to say
  if (tag === "All" || tag === "AllFailFast") return
  const count = list?.items.length
  // what is no strategy may have no name
  const name = attempt(() => clip(JoinStrategy.format(self))) ?? show(self)
  switch (tag) {
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
      const issue = reducer.issue(self, list && branches.namesOf(list))
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

const flag = (given: unknown, name: string, add: Add): void => {
  const sentence = flags.wrong(given, name)
  if (sentence !== undefined) add("options", sentence)
}

const duration = (
  input: unknown,
  rule: ConfigurationRule,
  what: string,
  add: Add
): Duration.Duration | undefined => {
  const sentence = durations.wrong(input, what)
  // an input of a duration, as nothing is wrong with it
  if (sentence === undefined) return Duration.fromInputUnsafe(input as Duration.Input)
  add(rule, sentence)
  return undefined
}
