/**
 * What a workflow is made of. A draft is what the builder has been given, and grows with each of its methods; the
 * definition is what others read of it, the engine included, and is made when somebody asks for it.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type { Branches, Definition, Signal, Split, State, Task, Way } from "../../Definition.ts"
import * as JoinStrategy from "../../JoinStrategy.ts"
import * as pool from "../bulkhead/pool.ts"
import { isCount } from "../check/counts.ts"
import { attempt, show } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as schema from "../check/schema.ts"
import { isDoubt } from "../saga/policy.ts"
import { isSignal } from "../signal/typeId.ts"
import type { Source } from "../split/branches.ts"
import * as branches from "../split/branches.ts"
import type { SplitInput } from "../split/options.ts"
import * as kinds from "../task/kind.ts"
import * as declared from "./declared.ts"
import { tagOf } from "./machine.ts"
import * as resources from "./resources.ts"
import * as schemas from "./schemas.ts"

/** The options of `registerSplit`. */
export interface SplitOptions extends SplitInput {
  readonly next: unknown
  readonly otherwise?: unknown
  readonly schema?: unknown
}

/** What one call of `register`, `registerSplit` or `addExitStates` adds. */
export type Entry =
  | {
    readonly _tag: "Task"
    readonly state: string
    readonly task: unknown
    readonly options: unknown
    readonly part: number
  }
  | {
    readonly _tag: "Split"
    readonly state: string
    readonly branches: unknown
    /** What they were read as, once. */
    readonly source: Source | branches.NotBranches
    readonly options: SplitOptions
    readonly part: number
  }
  | {
    readonly _tag: "Signal"
    readonly state: string
    readonly signal: unknown
    readonly options: unknown
    readonly part: number
  }
  | { readonly _tag: "Exit"; readonly state: string }

/** The Schema of the states, and which of them are checked against it. */
export interface States {
  readonly schema: unknown
  readonly validate: unknown
}

export interface Draft {
  readonly name: string
  readonly states: States | undefined
  readonly entries: ReadonlyArray<Entry>
  readonly resources: resources.Resources | undefined
  /** What `withResources` was given and is no Layer. */
  readonly notLayers: ReadonlyArray<unknown>
  readonly timeouts: ReadonlyArray<Duration.Input>
  /** What `withCompensation` was given. */
  readonly compensations: ReadonlyArray<unknown>
}

export const empty = (name: string, states: States | undefined): Draft => ({
  name,
  states,
  entries: [],
  resources: undefined,
  notLayers: [],
  timeouts: [],
  compensations: []
})

/** The draft of both. */
export const merge = (one: Draft, other: Draft): Draft => {
  // the parts of the second come after those of the first, where both have Layers
  const before = one.resources === undefined || other.resources === undefined ? 0 : one.resources.parts
  const moved = other.entries.map((entry) => entry._tag === "Exit" ? entry : { ...entry, part: entry.part + before })
  return {
    name: one.name,
    states: one.states ?? other.states,
    entries: [...one.entries, ...moved],
    resources: resources.merge(one.resources, other.resources),
    notLayers: [...one.notLayers, ...other.notLayers],
    timeouts: [...one.timeouts, ...other.timeouts],
    compensations: one.compensations.length > 0 ? one.compensations : other.compensations
  }
}

export const make = ({ compensations, entries, name, resources, states, timeouts }: Draft): Definition => {
  const all = Object.freeze(entries.map(stateOf))
  return Object.freeze({
    name,
    schema: schema.isSchema(states?.schema) ? states.schema as Schema.Top : undefined,
    validate: states?.validate === "transitions" ? "transitions" : "initial",
    states: all,
    hasResources: resources !== undefined,
    timeout: timeouts.map(durations.sound).filter((timeout) => timeout !== undefined).reduce(shorter, undefined),
    isSaga: compensations.length > 0 || all.some(isCompensated)
  })
}

/** Whether something of a state can be undone: what it does, or what a workflow does that is its work. */
const isCompensated = (state: State): boolean => {
  switch (state.kind) {
    case "exit":
    case "signal":
      return false
    case "split":
      return state.compensates.length > 0
    default:
      return state.compensates !== undefined ||
        (state.work?._tag === "Workflow" && state.work.definition?.isSaga === true)
  }
}

const shorter = (a: Duration.Duration | undefined, b: Duration.Duration): Duration.Duration =>
  a === undefined ? b : Duration.min(a, b)

const stateOf = (entry: Entry): State => {
  switch (entry._tag) {
    case "Task":
      return Object.freeze(task(entry))
    case "Split":
      return Object.freeze(split(entry))
    case "Signal":
      return Object.freeze(signal(entry))
    case "Exit":
      return Object.freeze({ kind: "exit", name: entry.state, ways: Object.freeze([]) })
  }
}

const task = ({ options, part, state, task }: Extract<Entry, { readonly _tag: "Task" }>): Task => {
  const kind = kindOf(task)
  const way = kind === "run"
    ? wayOf("next", (task as { readonly next: unknown }).next, declared.namesOf(options, "next", "task"))
    : unwritten("task", declared.namesOf(options, "task", "task"))
  return {
    kind,
    name: state,
    ways: Object.freeze(kind === "none" ? [] : [way]),
    part,
    work: kind === "run" ? kinds.kindOf((task as { readonly run: unknown }).run) : undefined,
    compensates: Predicate.isObject(task) && Predicate.isFunction(task["compensate"])
      ? isDoubt(task["inDoubt"]) ? task["inDoubt"] : "unexpected"
      : undefined,
    isPivot: isPivot(options),
    hasSchemas: schemas.areBeside(task),
    registered: Object.freeze({ task, options })
  }
}

const isPivot = (options: unknown): boolean => Predicate.isObject(options) && options["pivot"] === true

const kindOf = (task: unknown): Task["kind"] =>
  Effect.isEffect(task)
    ? "effect"
    : Predicate.isFunction(task)
    ? "function"
    : Predicate.isObject(task) && "run" in task && "next" in task
    ? "run"
    : "none"

/** What the branches of a state were read as. */
const sources = new WeakMap<Split, Source | branches.NotBranches>()
export const sourceOf = (state: Split): Source | branches.NotBranches => sources.get(state)!

const split = (entry: Extract<Entry, { readonly _tag: "Split" }>): Split => {
  const { branches, options, part, source, state } = entry
  // what is no record of options has none
  const given: Partial<SplitOptions> = Predicate.isObject(options) ? options : {}
  const { bulkhead, losers, maxBranches, otherwise, reduce } = given
  const list = branchesOf(source)
  const names = (by: Way["by"]) => declared.namesOf(options, by, "split")
  const ways = Predicate.isObject(options) ? [wayOf("next", given.next, names("next"))] : []
  if (otherwise !== undefined) ways.push(wayOf("otherwise", otherwise, names("otherwise")))
  if (list.kind === "dynamic" && (list.from === "function" || list.from === "effect")) {
    ways.push(unwritten("branches", names("branches")))
  }
  const made: Split = {
    kind: "split",
    name: state,
    ways: Object.freeze(ways),
    part,
    branches: Object.freeze(list),
    strategy: strategyOf(given.strategy),
    timeout: durations.sound(given.timeout),
    bulkhead: bulkheadOf(bulkhead),
    maxBranches: isCount(maxBranches) ? maxBranches : undefined,
    losers: losersOf(losers),
    isHedged: given.hedge !== undefined,
    isObserved: given.onOutcome !== undefined,
    keeps: reduce !== undefined ? "reduced" : given.discard === true ? "tally" : "outcomes",
    compensates: compensatedBy(given.compensate),
    staysDone: given.keep === "completed" ? "completed" : "winners",
    isPivot: isPivot(options),
    schemas: schemas.byBranch(given.schema),
    registered: Object.freeze({ branches, options })
  }
  sources.set(made, source)
  return made
}

const signal = (entry: Extract<Entry, { readonly _tag: "Signal" }>): Signal => {
  const { options, part, signal, state } = entry
  // what is no record of options has none
  const given: { readonly [option: string]: unknown } = Predicate.isObject(options) ? options : {}
  const names = (by: Way["by"]) => declared.namesOf(options, by, "split")
  const ways = Predicate.isObject(options) ? [wayOf("next", given["next"], names("next"))] : []
  if (given["otherwise"] !== undefined) ways.push(wayOf("otherwise", given["otherwise"], names("otherwise")))
  return {
    kind: "signal",
    name: state,
    ways: Object.freeze(ways),
    part,
    signal: isSignal(signal) ? signal.name : show(signal),
    key: Predicate.isString(given["key"]) ? given["key"] : undefined,
    timeout: durations.sound(given["timeout"]),
    since: given["since"] === "visit" ? "visit" : "run",
    isAnswered: given["reply"] !== undefined,
    registered: Object.freeze({ signal, options })
  }
}

const compensatedBy = (given: unknown): Split["compensates"] =>
  Predicate.isFunction(given)
    ? "all"
    : Predicate.isObjectOrArray(given)
    ? Object.freeze(Object.entries(given).flatMap(([name, undo]) => Predicate.isFunction(undo) ? [name] : []))
    : Object.freeze([])

/** Where a state leads by what was given for it. */
const wayOf = (by: Way["by"], to: unknown, names: ReadonlyArray<string> | undefined): Way => {
  if (Predicate.isFunction(to)) return unwritten(by, names)
  const tag = tagOf(to)
  return Object.freeze({ by, to: Object.freeze(tag === undefined ? [] : [tag]), source: "written" })
}

const unwritten = (by: Way["by"], names: ReadonlyArray<string> | undefined): Way =>
  Object.freeze({ by, to: Object.freeze([...names ?? []]), source: names === undefined ? "unknown" : "declared" })

const branchesOf = (source: Source | branches.NotBranches): Branches => {
  switch (source._tag) {
    case "Effect":
      return { kind: "dynamic", from: "effect" }
    case "Function":
      return { kind: "dynamic", from: "function" }
    case "NotBranches":
      return { kind: "static", names: Object.freeze([]) }
    case "List": {
      const { list } = source
      if (list._tag === "Known") return { kind: "static", names: Object.freeze([...branches.namesOf(list)]) }
      return { kind: "dynamic", from: list._tag === "Lazy" ? "iterable" : "growing" }
    }
  }
}

const strategyOf = (self: JoinStrategy.JoinStrategy | undefined): string =>
  attempt(() => JoinStrategy.format(self!)) ?? show(self)

const bulkheadOf = (self: unknown): number | string | undefined =>
  Predicate.isNumber(self)
    ? self
    : pool.isPool(self)
    ? self.name
    : Context.isKey(self)
    ? self.key
    : undefined

const losersOf = (self: SplitInput["losers"]): Split["losers"] => {
  if (!Predicate.isObject(self)) return Predicate.isString(self) ? self : "interrupt"
  const grace = durations.sound(self.grace)
  return grace === undefined ? "interrupt" : Object.freeze({ grace })
}
