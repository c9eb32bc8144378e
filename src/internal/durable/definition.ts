/**
 * What keeps a workflow from being durable, as far as its definition says it. Pure; none of the rules stops at the first issue.
 * What the types say already is said again here, for those who write without them.
 */
import type * as Context from "effect/Context"
import * as Predicate from "effect/Predicate"
import type { Issue } from "../../CanoError.ts"
import type { Definition, Split, State, Task } from "../../Definition.ts"
import { MemoryStore } from "../../MemoryStore.ts"
import { isCount } from "../check/counts.ts"
import { misfit, misfits, show } from "../check/describe.ts"
import * as flags from "../check/flags.ts"
import { make as issue } from "../check/issue.ts"
import * as schema from "../check/schema.ts"
import * as schemas from "../machine/schemas.ts"
import type { Migrate } from "./migration.ts"
import * as sentences from "./sentences.ts"

/** What a definition is made durable with; it may be anything. */
export interface Options {
  readonly version: number
  readonly error?: unknown
  readonly migrate?: Migrate | undefined
}

/** The issues that a definition and its options have beside those of the workflow. */
export const issues = (definition: Definition, options: Options | undefined): ReadonlyArray<Issue> => [
  ...(definition.schema === undefined ? [issue(undefined, "durable", sentences.whole.schema)] : []),
  ...definition.states.flatMap((state) =>
    whysOf(state).map((why) => issue(state.name, "durable", sentences.ofState[why]))
  ),
  ...ofOptions(options, definition).map((sentence) => issue(undefined, "durable", sentence))
]

/** What is wrong with the Layers of a workflow, by the services that are there with them, and around. */
export const ofServices = (services: Context.Context<never>, around: Context.Context<never>): ReadonlyArray<Issue> => {
  const store = services.mapUnsafe.get(MemoryStore.key)
  return store === undefined || store === around.mapUnsafe.get(MemoryStore.key)
    ? []
    : [issue(undefined, "durable", sentences.whole.store)]
}

/** What is wrong with a list of branches that a function has answered: those of these names have no Schemas. */
export const ofBranches = (state: Split, names: ReadonlyArray<string>): ReadonlyArray<Issue> =>
  names.every((name) => schemas.ofBranch(state, name) !== undefined)
    ? []
    : [issue(state.name, "durable", sentences.ofState.schema)]

/** What is wrong with branches that a function has answered, and that are added as others run. */
export const ofGrowing = ({ name }: Split): ReadonlyArray<Issue> => [
  issue(name, "durable", sentences.ofState.growing)
]

type Why = keyof typeof sentences.ofState

const whysOf = (state: State): ReadonlyArray<Why> => {
  switch (state.kind) {
    case "exit":
    case "signal":
      return []
    case "split":
      return ofSplit(state)
    default:
      return ofTask(state)
  }
}

const ofTask = ({ compensates, hasSchemas, work }: Task): ReadonlyArray<Why> => [
  ...(compensates !== undefined && !hasSchemas ? ["compensate"] as const : []),
  ...(work?._tag === "Workflow" && work.definition?.isSaga === true ? ["saga"] as const : [])
]

const ofSplit = (state: Split): ReadonlyArray<Why> => {
  const { branches, isHedged, losers } = state
  const from = branches.kind === "dynamic" ? branches.from : undefined
  return [
    ...(isUnwritten(state) ? ["schema"] as const : []),
    ...(from === "effect" || from === "growing" ? [from] : []),
    ...(losers === "interrupt" || losers === "await" ? [] : ["losers"] as const),
    ...(isHedged ? ["hedge"] as const : [])
  ]
}

/** Whether Schemas are missing. Branches that a function answers may be states, which need none, if nothing undoes them. */
const isUnwritten = ({ branches, compensates, schemas }: Split): boolean =>
  schemas.length === 0 &&
  (compensates.length > 0 || branches.kind === "static" || branches.from === "iterable" || branches.from === "growing")

const known = ["version", "error", "migrate", "operator"]
const cases = ["never", "rollback", "failure"] as const

const ofOptions = (given: unknown, { states }: Definition): ReadonlyArray<string> => {
  if (!Predicate.isObject(given)) return [misfits("the options", given, "{ version, … }")]
  const { error, migrate, operator, version } = given
  const isVersion = isCount(version)
  return [
    ...(isVersion ? [] : [misfit("version", version, "an integer of at least 1")]),
    ...(error === undefined || schema.isSchema(error) ? [] : [misfit("error", error, "a Schema, or be left out")]),
    ...(operator === undefined || cases.some((one) => one === operator)
      ? []
      : [misfit("operator", operator, "\"never\", \"rollback\" or \"failure\", or be left out")]),
    ...ofMigrations(migrate, isVersion ? version : Infinity, states.map(({ name }) => name)),
    ...flags.unknown(given, known)
  ]
}

const ofMigrations = (migrate: unknown, version: number, states: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (migrate === undefined) return []
  if (!Predicate.isObject(migrate)) {
    return [misfit("migrate", migrate, "{ 1: (state) => …, … }, a function for each earlier version, or be left out")]
  }
  return Object.entries(migrate).flatMap(([from, own]) => [
    ...(isCount(Number(from)) && Number(from) < version
      ? []
      : [`migrate has ${show(from)}, which is no version before ${version}`]),
    ...ofMigration(own, `migrate[${from}]`, states)
  ])
}

const parts = ["state", "states", "branches", "value", "error"]

const ofMigration = (given: unknown, what: string, known: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (Predicate.isFunction(given)) return []
  if (!Predicate.isObject(given)) {
    return [misfit(what, given, `a function of a state to a state, or { ${parts.join(", ")} }`)]
  }
  const { branches, states } = given
  const namesIn = (names: unknown, own: string): ReadonlyArray<string> =>
    names === undefined || (Predicate.isObject(names) && Object.values(names).every(isName))
      ? []
      : [misfits(own, names, "the names of today by those before, or null for what is to be left out")]
  const strangers = Predicate.isObject(states)
    ? Object.values(states).filter((name) => Predicate.isString(name) && !known.includes(name))
    : []
  return [
    ...["state", "value", "error"].flatMap((part) =>
      given[part] === undefined || Predicate.isFunction(given[part])
        ? []
        : [misfit(`${part} of ${what}`, given[part], "a function, or be left out")]
    ),
    ...namesIn(states, `states of ${what}`),
    ...strangers.map((name) => `states of ${what} names ${show(name)}, which is no state of the workflow`),
    ...(branches === undefined || Predicate.isObject(branches)
      ? Object.entries(branches ?? {}).flatMap(([state, names]) =>
        namesIn(names ?? null, `branches of state ${show(state)} of ${what}`)
      )
      : [misfits(`branches of ${what}`, branches, "{ [state]: { [before]: name or null } }, or be left out")]),
    ...flags.unknown(given, parts).map((sentence) => `${what}: ${sentence}`)
  ]
}

const isName = (u: unknown): boolean => u === null || Predicate.isString(u)
