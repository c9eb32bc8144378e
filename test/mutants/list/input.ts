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
      tests: "check/input"
    },
    {
      what: "an iterator is read twice",
      from: "alreadyRead.add(items)",
      to: "",
      tests: "adversarial/lists check/input split/Split machine/rules"
    },
    {
      what: "a Date is a record",
      from: "return isPlain(u) ? undefined",
      to: "return true ? undefined",
      tests: "check/input"
    },
    {
      what: "a Map is a list",
      from: "if (u instanceof Map) return",
      to: "if (false) return",
      tests: "check/input"
    },
    {
      what: "an async iterable is told of as anything",
      from: "if (Predicate.hasProperty(u, Symbol.asyncIterator)) {",
      to: "if (false) {",
      tests: "check/input"
    },
    {
      what: "keys that are symbols are forgotten",
      from: "if (symbol !== undefined) {",
      to: "if (false) {",
      tests: "check/input"
    },
    {
      what: "a getter that throws ends the run",
      from: "const item = attempt(() => [u[name]])",
      to: "const item = [u[name]]",
      tests: "check/input"
    },
    {
      what: "an iterator is a list like any",
      from: "isOneShot: \"next\" in u && Predicate.isFunction(u.next)",
      to: "isOneShot: false",
      tests: "machine/rules check/input adversarial/lists"
    },
    {
      what: "a Promise of a result is a branch that is none",
      from: "Predicate.isPromiseLike(given) ? noResult(given) : notAnEffect(index, given.value)",
      to: "notAnEffect(index, given.value)",
      tests: "check/input"
    }
  ],
  "split/options": [
    {
      what: "a split that reduces keeps its outcomes",
      from: "discard: options.discard === true || reduce !== undefined",
      to: "discard: discard === true",
      tests: "split/observers"
    },
    {
      what: "a list longer than maxBranches is found out when it is entered",
      from: "count !== undefined && count > most) {",
      to: "count !== undefined && count > Number.POSITIVE_INFINITY) {",
      tests: "machine/rules machine/limits check/input"
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
      tests: "hedge/splits"
    },
    {
      what: "a hedge may have a bulkhead beside it",
      from: "if (options.bulkhead !== undefined) {",
      to: "if (false) {",
      tests: "hedge/splits"
    },
    {
      what: "an observer is not looked at",
      from: "if (onOutcome !== undefined && !Predicate.isFunction(onOutcome)) {",
      to: "if (false) {",
      tests: "check/callbacks machine/rules check/input split/observers"
    },
    {
      what: "partialTimeout needs no deadline",
      from: "if (!timed) add(\"partial-timeout\", `${name} needs a timeout, the deadline it joins at`)",
      to: "",
      tests: "machine/rules"
    },
    {
      what: "a share of 1 is too much",
      from: "self.n > 0 && self.n <= 1",
      to: "self.n > 0 && self.n < 1",
      tests: "check/input"
    },
    {
      what: "fewer branches than the strategy needs are enough",
      from: "if (count !== undefined && count < least) add",
      to: "if (count !== undefined && count < least - 1) add",
      tests: "machine/rules split/few-branches"
    },
    {
      what: "an iterator may be the branches of a state",
      from: "if (given._tag === \"List\" && given.list._tag === \"Lazy\" && given.list.isOneShot) {",
      to: "if (false as boolean) {",
      tests: "machine/rules"
    }
  ],
  "check/describe": [
    {
      what: "a text of any length is quoted",
      from: "text.length > most ? `${text.slice(0, most)}…` : text",
      to: "text",
      tests: "check/input machine/rules"
    },
    {
      what: "a value of any depth is shown",
      from: "if (depth === mostDeep) return kind(u)\n",
      to: "",
      tests: "check/input machine/rules"
    },
    {
      what: "all members of a collection are shown",
      from: "const length = Math.min(u.length, mostMembers)",
      to: "const length = u.length",
      tests: "check/input machine/rules"
    },
    {
      what: "a getter is read",
      from: "found !== undefined && found.get !== undefined ? \"a getter\"",
      to: "false ? \"a getter\"",
      tests: "check/input machine/rules"
    },
    {
      what: "an error is told of as an Effect",
      from: "Effect.isEffect(u) && !(u instanceof Error)",
      to: "Effect.isEffect(u)",
      tests: "check/input machine/rules"
    }
  ],
  "check/durations": [
    {
      what: "NaN is no time at all",
      from: "if (Number.isNaN(input)) return \"not a number\"",
      to: "",
      tests: "machine/rules check/input"
    },
    {
      what: "a duration may be negative",
      from: "Duration.isNegative(parsed.value) ? \"negative\" : \"none\"",
      to: "\"none\"",
      tests: "machine/rules check/input"
    },
    {
      what: "units that are none are left out",
      from: "!Object.keys(input).every((key) => units.has(key)) || calendar",
      to: "calendar",
      tests: "check/input machine/rules"
    },
    {
      what: "years are left out",
      from: "calendar.some((unit) => input[unit])) return \"no duration\"",
      to: "false) return \"no duration\"",
      tests: "check/input machine/rules"
    },
    {
      what: "a pair may have any length",
      from: "input.length !== 2 || typeof",
      to: "typeof",
      tests: "check/input",
      equivalent: "Duration.fromInput refuses it, too"
    },
    {
      what: "an object without units is no time at all",
      from: "if (given.length === 0 || !given.every",
      to: "if (!given.every",
      tests: "check/input machine/rules"
    }
  ],
  "check/returned": [
    {
      what: "a rejection of a Promise that nobody waits for ends the process",
      from: "u.then(constVoid, rejected)",
      to: "",
      tests: "check/callbacks strategy/callbacks"
    },
    {
      what: "what is no boolean is one",
      from: "if (typeof u === \"boolean\") return u",
      to: "if (true) return u as boolean",
      tests: "strategy/callbacks"
    },
    {
      what: "a Promise is a state of a fold",
      from: "if (isPromise(u)) throw unexpected(who, name, u, \"a state that is there\")",
      to: "",
      tests: "strategy/callbacks check/callbacks"
    },
    {
      what: "what is no Effect is run",
      from: "if (Effect.isEffect(u)) return u",
      to: "if (true) return u",
      tests: "hedge/Hedge check/callbacks"
    }
  ],
  "strategy/reducer": [
    {
      what: "parts of a strategy are not looked at",
      from: "...Object.entries(parts).map(([part, u]) => noFunction(name, part, u)),",
      to: "",
      tests: "check/input"
    },
    {
      what: "a sentence that is none is one",
      from: "if (sentence === undefined || Predicate.isString(sentence)) return sentence",
      to: "if (true) return sentence as string",
      tests: "strategy/callbacks strategy/open"
    },
    {
      what: "a verdict that is none is one",
      from: "throw returned.unexpected(name, \"decide\", judgement",
      to: "if (false) throw returned.unexpected(name, \"decide\", judgement",
      tests: "strategy/callbacks"
    },
    {
      what: "a reason that is none is one",
      from: "Predicate.hasProperty(judgement, \"fail\") && Predicate.isString(judgement.fail)",
      to: "Predicate.hasProperty(judgement, \"fail\")",
      tests: "strategy/callbacks"
    }
  ],
  "strategy/counting": [
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
    }
  ],
  "strategy/folds": [
    {
      what: "what is left out is waited for",
      from: "total: tally.total - leftOut",
      to: "total: tally.total",
      tests: "strategy/open laws/open"
    },
    {
      what: "the last rejection is told",
      from: "by ?? (returned.boolean",
      to: "(returned.boolean",
      tests: "strategy/open laws/open",
      equivalent: "the first one decides, and nothing is folded after it"
    },
    {
      what: "relax gives up what its second strategy may still reach",
      from: "verdict === \"fail\" && now === strategy && event === \"settled\"",
      to: "false",
      tests: "strategy/open laws/open"
    },
    {
      what: "relax proceeds with its second strategy before its time",
      from: "decide(self, tally, \"settled\") === \"fail\" ? \"fail\" : \"continue\"",
      to: "decide(self, tally, \"settled\")",
      tests: "strategy/open laws/open"
    },
    {
      what: "an agreement of one less is enough",
      from: "return most >= n\n",
      to: "return most >= n - 1\n",
      tests: "strategy/open laws/open"
    },
    {
      what: "an agreement that is out of reach is waited for",
      from: "most + left < n\n",
      to: "most + left < 0\n",
      tests: "strategy/open laws/open"
    },
    {
      what: "a failure more than tolerated is tolerated",
      from: "failed > most(total)\n",
      to: "failed > most(total) + 1\n",
      tests: "strategy/open laws/open"
    },
    {
      what: "tolerated successes are not counted",
      from: "total - failed < minSuccesses\n",
      to: "false\n",
      tests: "strategy/open laws/open"
    },
    {
      what: "weights are summed with the errors of fractions",
      from: "rounded(achieved + weight) : achieved",
      to: "(achieved + weight) : achieved",
      tests: "strategy/open laws/open"
    },
    {
      what: "a weight that cannot be reached is waited for",
      from: "rounded(achieved + left) < threshold ||",
      to: "",
      tests: "strategy/open laws/open"
    },
    {
      what: "partialSuccesses proceed with nothing",
      from: "succeeded > 0 ? \"proceed\" : \"fail\"",
      to: "\"proceed\"",
      tests: "strategy/open laws/open"
    },
    {
      what: "a name that is no branch's is not noticed",
      from: "if (!known.has(name)) {",
      to: "if (false) {",
      tests: "strategy/open machine/rules"
    }
  ],
  "strategy/requirements": [
    {
      what: "a part that holds is counted more than once",
      from: "if (node.holds !== undefined) return",
      to: "",
      tests: "strategy/open laws/open"
    },
    {
      what: "a part that cannot hold is waited for",
      from: "else if (parent.possible < parent.needed) resolve(parent, false)",
      to: "",
      tests: "strategy/open laws/open"
    }
  ]
}
