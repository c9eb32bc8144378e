/**
 * Mutants of what is looked at before anything runs, of what callbacks return, and of the strategies.
 */
import type { Mutants } from "../mutant.ts"

export const input: Mutants = {
  "split/branches": [
    {
      what: "an added list of more than maxBranches is read to its end",
      from: "if (items.length > most) break",
      to: "",
      tests: "adversarial/endings"
    },
    {
      what: "an array of branches is read while it changes",
      from: "const items = given.slice()",
      to: "const items = given as Array<unknown>",
      tests: "input"
    },
    {
      what: "an iterator is read twice",
      from: "alreadyRead.add(items)",
      to: "",
      tests: "adversarial/lists input Split rules"
    },
    {
      what: "a Date is a record",
      from: "return isPlain(u) ? undefined",
      to: "return true ? undefined",
      tests: "input"
    },
    {
      what: "a Map is a list",
      from: "if (u instanceof Map) return",
      to: "if (false) return",
      tests: "input"
    },
    {
      what: "an async iterable is told of as anything",
      from: "if (Predicate.hasProperty(u, Symbol.asyncIterator)) {",
      to: "if (false) {",
      tests: "input"
    },
    {
      what: "keys that are symbols are forgotten",
      from: "if (symbol !== undefined) {",
      to: "if (false) {",
      tests: "input"
    },
    {
      what: "a getter that throws ends the run",
      from: "const item = attempt(() => [u[name]])",
      to: "const item = [u[name]]",
      tests: "input"
    },
    {
      what: "an iterator is a list like any",
      from: "isOneShot: \"next\" in u && Predicate.isFunction(u.next)",
      to: "isOneShot: false",
      tests: "rules input adversarial/lists"
    },
    {
      what: "a Promise of a result is a branch that is none",
      from: "Predicate.isPromiseLike(given) ? noResult(given) : notAnEffect(index, given.value)",
      to: "notAnEffect(index, given.value)",
      tests: "input"
    }
  ],
  "check/describe": [
    {
      what: "a text of any length is quoted",
      from: "text.length > most ? `${text.slice(0, most)}…` : text",
      to: "text",
      tests: "input rules"
    },
    {
      what: "a value of any depth is shown",
      from: "if (depth === mostDeep) return kind(u)\n",
      to: "",
      tests: "input rules"
    },
    {
      what: "all members of a collection are shown",
      from: "const length = Math.min(u.length, mostMembers)",
      to: "const length = u.length",
      tests: "input rules"
    },
    {
      what: "a getter is read",
      from: "found !== undefined && found.get !== undefined ? \"a getter\"",
      to: "false ? \"a getter\"",
      tests: "input rules"
    },
    {
      what: "an error is told of as an Effect",
      from: "Effect.isEffect(u) && !(u instanceof Error)",
      to: "Effect.isEffect(u)",
      tests: "input rules"
    }
  ],
  "check/durations": [
    {
      what: "NaN is no time at all",
      from: "if (Number.isNaN(input)) return \"not a number\"",
      to: "",
      tests: "rules input"
    },
    {
      what: "a duration may be negative",
      from: "Duration.isNegative(parsed.value) ? \"negative\" : \"none\"",
      to: "\"none\"",
      tests: "rules input"
    },
    {
      what: "units that are none are left out",
      from: "!Object.keys(input).every((key) => units.has(key)) || calendar",
      to: "calendar",
      tests: "input rules"
    },
    {
      what: "years are left out",
      from: "calendar.some((unit) => input[unit])) return \"no duration\"",
      to: "false) return \"no duration\"",
      tests: "input rules"
    },
    {
      what: "a pair may have any length",
      from: "input.length !== 2 || typeof",
      to: "typeof",
      tests: "input",
      equivalent: "Duration.fromInput refuses it, too"
    },
    {
      what: "an object without units is no time at all",
      from: "if (given.length === 0 || !given.every",
      to: "if (!given.every",
      tests: "input rules"
    }
  ],
  "check/returned": [
    {
      what: "a rejection of a Promise that nobody waits for ends the process",
      from: "u.then(constVoid, constVoid)",
      to: "",
      tests: "callbacks strategy-callbacks"
    },
    {
      what: "what is no boolean is one",
      from: "if (typeof u === \"boolean\") return u",
      to: "if (true) return u as boolean",
      tests: "strategy-callbacks"
    },
    {
      what: "a Promise is a state of a fold",
      from: "if (isPromise(u)) throw unexpected(who, name, u, \"a state that is there\")",
      to: "",
      tests: "strategy-callbacks callbacks"
    },
    {
      what: "what is no Effect is run",
      from: "if (Effect.isEffect(u)) return u",
      to: "if (true) return u",
      tests: "Hedge callbacks"
    }
  ],
  "strategy/reducer": [
    {
      what: "parts of a strategy are not looked at",
      from: "return Object.entries(parts).flatMap(([part, u]) => noFunction(name, part, u) ?? [])",
      to: "return []",
      tests: "input"
    },
    {
      what: "a sentence that is none is one",
      from: "if (sentence === undefined || Predicate.isString(sentence)) return sentence",
      to: "if (true) return sentence as string",
      tests: "strategy-callbacks open-strategies"
    },
    {
      what: "a verdict that is none is one",
      from: "throw returned.unexpected(name, \"decide\", judgement",
      to: "if (false) throw returned.unexpected(name, \"decide\", judgement",
      tests: "strategy-callbacks"
    },
    {
      what: "a reason that is none is one",
      from: "Predicate.hasProperty(judgement, \"fail\") && Predicate.isString(judgement.fail)",
      to: "Predicate.hasProperty(judgement, \"fail\")",
      tests: "strategy-callbacks"
    }
  ],
  "split/options": [
    {
      what: "a split that reduces keeps its outcomes",
      from: "discard: discard === true || reduce !== undefined",
      to: "discard: discard === true",
      tests: "observers"
    },
    {
      what: "a list longer than maxBranches is found out when it is entered",
      from: "count !== undefined && count > most) {",
      to: "count !== undefined && count > Number.POSITIVE_INFINITY) {",
      tests: "rules limits input"
    },
    {
      what: "a list of exactly maxBranches is too long",
      from: "count !== undefined && count > most) {",
      to: "count !== undefined && count >= most) {",
      tests: "adversarial/endings"
    },
    {
      what: "strategies that wait for every branch may be hedged",
      from: "if (waitsForEvery(options.strategy)) {",
      to: "if (false) {",
      tests: "hedged-splits"
    },
    {
      what: "a hedge may have a bulkhead beside it",
      from: "if (options.bulkhead !== undefined) {",
      to: "if (false) {",
      tests: "hedged-splits"
    },
    {
      what: "an observer is not looked at",
      from: "if (onOutcome !== undefined && !Predicate.isFunction(onOutcome)) {",
      to: "if (false) {",
      tests: "callbacks rules input observers"
    },
    {
      what: "partialTimeout needs no deadline",
      from: "if (!timed) add(\"partial-timeout\", `${name} needs a timeout, the deadline it joins at`)",
      to: "",
      tests: "rules"
    },
    {
      what: "a share of 1 is too much",
      from: "self.n > 0 && self.n <= 1",
      to: "self.n > 0 && self.n < 1",
      tests: "input"
    },
    {
      what: "fewer branches than the strategy needs are enough",
      from: "if (count !== undefined && count < least) add",
      to: "if (count !== undefined && count < least - 1) add",
      tests: "rules few-branches"
    },
    {
      what: "limits of a run may be fractions",
      from: "(Number.isInteger(value) && value >= least)",
      to: "(value >= least)",
      tests: "rules Workflow limits"
    },
    {
      what: "a limit of a run may be one less",
      from: "(Number.isInteger(value) && value >= least)",
      to: "(Number.isInteger(value) && value >= least - 1)",
      tests: "rules Workflow limits"
    },
    {
      what: "an iterator may be the branches of a state",
      from: "if (given._tag === \"List\" && given.list._tag === \"Lazy\" && given.list.isOneShot) {",
      to: "if (false as boolean) {",
      tests: "rules"
    }
  ],
  "strategy/strategies": [
    {
      what: "a percentage is rounded down",
      from: "Math.max(1, Math.ceil(rounded(total * self.n)))",
      to: "Math.max(1, Math.floor(rounded(total * self.n)))",
      tests: "laws/decide"
    },
    {
      what: "a percentage is rounded without its 12 digits",
      from: "Math.ceil(rounded(total * self.n))",
      to: "Math.ceil(total * self.n)",
      tests: "laws/decide"
    },
    {
      what: "what is left out is waited for",
      from: "total: tally.total - leftOut",
      to: "total: tally.total",
      tests: "open-strategies laws/open"
    },
    {
      what: "the last rejection is told",
      from: "by ?? (returned.boolean",
      to: "(returned.boolean",
      tests: "open-strategies laws/open",
      equivalent: "the first one decides, and nothing is folded after it"
    },
    {
      what: "relax gives up what its second strategy may still reach",
      from: "verdict === \"fail\" && now === strategy && event === \"settled\"",
      to: "false",
      tests: "open-strategies laws/open"
    },
    {
      what: "relax proceeds with its second strategy before its time",
      from: "decide(self, tally, \"settled\") === \"fail\" ? \"fail\" : \"continue\"",
      to: "decide(self, tally, \"settled\")",
      tests: "open-strategies laws/open"
    },
    {
      what: "an agreement of one less is enough",
      from: "return most >= n\n",
      to: "return most >= n - 1\n",
      tests: "open-strategies laws/open"
    },
    {
      what: "an agreement that is out of reach is waited for",
      from: "most + left < n\n",
      to: "most + left < 0\n",
      tests: "open-strategies laws/open"
    },
    {
      what: "a failure more than tolerated is tolerated",
      from: "failed > most(total)\n",
      to: "failed > most(total) + 1\n",
      tests: "open-strategies laws/open"
    },
    {
      what: "tolerated successes are not counted",
      from: "total - failed < minSuccesses\n",
      to: "false\n",
      tests: "open-strategies laws/open"
    },
    {
      what: "weights are summed with the errors of fractions",
      from: "rounded(achieved + weight) : achieved",
      to: "(achieved + weight) : achieved",
      tests: "open-strategies laws/open"
    },
    {
      what: "a weight that cannot be reached is waited for",
      from: "rounded(achieved + left) < threshold ||",
      to: "",
      tests: "open-strategies laws/open"
    },
    {
      what: "partialSuccesses proceed with nothing",
      from: "succeeded > 0 ? \"proceed\" : \"fail\"",
      to: "\"proceed\"",
      tests: "open-strategies laws/open"
    },
    {
      what: "a part that holds is counted more than once",
      from: "if (node.holds !== undefined) return",
      to: "",
      tests: "open-strategies laws/open"
    },
    {
      what: "a part that cannot hold is waited for",
      from: "else if (parent.possible < parent.needed) resolve(parent, false)",
      to: "",
      tests: "open-strategies laws/open"
    },
    {
      what: "a name that is no branch's is not noticed",
      from: "if (!known.has(name)) {",
      to: "if (false) {",
      tests: "open-strategies rules"
    }
  ]
}
