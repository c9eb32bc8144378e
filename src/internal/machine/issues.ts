/**
 * What is wrong with a definition, as far as it can be seen before a run. Pure; none of the rules stops at the first issue.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Issue } from "../../CanoError.ts"
import type { Definition, Signal, Split, State, Task } from "../../Definition.ts"
import type { RunOptions } from "../../Workflow.ts"
import { list, misfits, show } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import { make as issue } from "../check/issue.ts"
import * as schema from "../check/schema.ts"
import * as policy from "../saga/policy.ts"
import type { Fault } from "../task/kind.ts"
import { isTask } from "../task/kind.ts"
import type { Splits } from "./compile.ts"
import * as declared from "./declared.ts"
import type { Draft } from "./definition.ts"
import { tagOf } from "./machine.ts"
import * as schemas from "./schemas.ts"
import * as signalState from "./signalState.ts"
import * as task from "./task.ts"
import * as undo from "./undo.ts"

/** The names of all states, the registered ones first. */
export const namesOf = ({ states }: Definition): ReadonlySet<string> => {
  const names = (exits: boolean) => states.filter(({ kind }) => (kind === "exit") === exits).map(({ name }) => name)
  return new Set([...names(false), ...names(true)].filter(Predicate.isString))
}

/** The issues of a definition, and of what did not make it from the draft into it. */
export const of = (
  definition: Definition,
  splits: Splits,
  { compensations, notLayers, states, timeouts }: Draft
): ReadonlyArray<Issue> => {
  const registered = definition.states.filter(isRegistered)
  const exits = [...new Set(definition.states.filter(({ kind }) => kind === "exit").map(({ name }) => name))]
  const known = namesOf(definition)
  const issues: Array<Issue> = []
  const add = (rule: Issue["rule"], sentence: string) => issues.push(issue(undefined, rule, sentence))
  if (registered.length === 0) add("no-handler", "no state is registered")
  if (exits.length === 0) add("no-exit", "there is no exit state; call addExitStates")
  for (const exit of exits) {
    if (!Predicate.isString(exit)) issues.push(unnamed("addExitStates", exit))
  }
  for (const state of registered) issues.push(...ofState(state, splits, known))
  issues.push(...clashes(registered.map(({ name }) => name), exits))
  for (const given of notLayers) add("resources", `withResources was given ${show(given)}; it must be a Layer`)
  if (states !== undefined) {
    const { validate } = states
    if (validate !== "initial" && validate !== "transitions") {
      add("schema", `validate is ${show(validate)}; it must be "initial" or "transitions", or be left out`)
    }
    if (!schema.isSchema(states.schema)) {
      add("schema", `the Schema of the states is ${show(states.schema)}, which is no Schema`)
    }
  }
  for (const sentence of compensations.flatMap(policy.wrong)) add("compensation", sentence)
  for (const timeout of timeouts) {
    const sentence = durations.wrong(timeout, "the timeout of the workflow")
    if (sentence !== undefined) add("workflow-timeout", sentence)
  }
  return issues
}

const isRegistered = (state: State): state is Task | Split | Signal => state.kind !== "exit"

const ofState = (state: Task | Split | Signal, splits: Splits, known: ReadonlySet<string>): ReadonlyArray<Issue> => {
  const { kind, name } = state
  if (!Predicate.isString(name)) return [unnamed(methods[kind] ?? "register", name)]
  if (kind === "split") {
    const parsed = splits.get(state)
    return [
      ...ofTargets(state, known),
      ...undo.issues(state),
      ...ofSchemas(state),
      ...parsed !== undefined && Result.isFailure(parsed) ? parsed.failure : []
    ]
  }
  if (kind === "signal") return [...ofTargets(state, known), ...signalState.wrong(state)]
  const issues = [...ofTargets(state, known), ...undo.issues(state), ...ofSchemas(state)]
  if (task.handler(state.registered.task) === undefined) {
    const hint = isTask(state.registered.task) ? "; what it is given is a run without next" : ""
    issues.push(issue(name, "task", `the task must be an Effect, a function of the state, or { run, next }${hint}`))
  }
  for (const { rule, sentence } of faultsOf(state.registered.task)) issues.push(issue(name, rule, sentence))
  const { options } = state.registered
  if (options !== undefined && !Predicate.isObject(options)) {
    issues.push(issue(name, "options", `the options are ${show(options)}; they must be { to: […] }`))
  }
  return issues
}

const ofSchemas = (state: Task | Split): ReadonlyArray<Issue> =>
  schemas.wrong(state).map((sentence) => issue(state.name, "schema", sentence))

/** What work of a known kind was given, and can't be. */
const faultsOf = (task: unknown): ReadonlyArray<Fault> =>
  Predicate.hasProperty(task, "run") && !Effect.isEffect(task) && isTask(task.run) ? task.run.faults : []

const methods: { readonly [kind in State["kind"]]?: string } = { split: "registerSplit", signal: "registerSignal" }

/** A state has one meaning. */
const clashes = (names: ReadonlyArray<string>, exits: ReadonlyArray<string>): ReadonlyArray<Issue> => {
  const once = new Set<string>()
  const twice = new Set(names.filter((name) => once.size === once.add(name).size).filter(Predicate.isString))
  return [
    ...[...twice].map((name) => issue(name, "registered-twice", "it is registered more than once")),
    ...exits.filter((name) => Predicate.isString(name) && once.has(name)).map((name) =>
      issue(name, "registered-and-exit", "it is registered and an exit state; it can be only one")
    )
  ]
}

const unnamed = (method: string, given: unknown): Issue =>
  issue(undefined, "state", `${method} was given ${show(given)} as a state; its name must be a string`)

/** States that are named in a definition must exist. */
const ofTargets = (state: Task | Split | Signal, known: ReadonlySet<string>): ReadonlyArray<Issue> => [
  ...ofWays(state, known),
  ...declared.wrong(state, known).map((sentence) => issue(state.name, "to", sentence))
]

const ofWays = (state: Task | Split | Signal, known: ReadonlySet<string>): ReadonlyArray<Issue> =>
  state.ways.flatMap(({ by, source, to }) => {
    if (source !== "written" || (to.length > 0 && to.every((name) => known.has(name)))) return []
    const what = to.length === 0 ? "not a state" : `"${to[0]}", which is neither registered nor an exit state`
    const rule = by === "otherwise" ? "unknown-otherwise" : "unknown-next"
    return [issue(state.name, rule, `${by} is ${what}; the states are ${list(known)}`)]
  })

/** What is wrong with the options of a run. */
export const ofRun = (options: RunOptions | undefined): ReadonlyArray<Issue> => {
  const given: unknown = options
  if (given !== undefined && !Predicate.isObject(given)) {
    return [issue(undefined, "options", misfits("the options of a run", given, "{ runId, … }, or be left out"))]
  }
  return [
    ...idIssues(options?.runId),
    ...limit(options?.maxTransitions, 0, "max-transitions"),
    ...limit(options?.maxBranches, 0, "max-branches"),
    ...limit(options?.maxDepth, 1, "max-depth")
  ]
}

const limits = { "max-transitions": "maxTransitions", "max-branches": "maxBranches", "max-depth": "maxDepth" }

/** A limit of a run that must be a whole number. */
const limit = (
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

const idIssues = (id: unknown): ReadonlyArray<Issue> =>
  id === undefined || Predicate.isString(id)
    ? []
    : [issue(undefined, "options", `runId is ${show(id)}; it must be a string, or be left out`)]

/** A run can start in the states of its machine, if the Schema has nothing against it. */
export const ofInitial = (
  names: ReadonlySet<string>,
  initial: unknown,
  refused: string | undefined
): ReadonlyArray<Issue> => {
  const tag = tagOf(initial)
  const known = tag !== undefined && names.has(tag)
  if (known && refused === undefined) return []
  const what = tag === undefined ? "the initial state is not a state" : `the initial state "${tag}" is not registered`
  return [
    issue(
      tag,
      "initial-state",
      known ? `the initial state does not fit its Schema: ${refused}` : `${what}; the states are ${list(names)}`
    )
  ]
}
