/**
 * The Schemas that a state was registered with, of what its work gives: looked at with the definition, and found there for a
 * step or a branch. In memory nothing asks for them.
 */
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type { Split, Task } from "../../Definition.ts"
import { clip, list, misfit } from "../check/describe.ts"
import * as flags from "../check/flags.ts"
import * as schema from "../check/schema.ts"

export interface Schemas {
  readonly success: Schema.Top
  readonly error?: Schema.Top | undefined
}

/** Whether it is one pair, and not one for each branch: it has a Schema as its `success`, which a branch may be called too. */
const isPair = (u: unknown): u is Schemas => Predicate.isObject(u) && schema.isSchema(u["success"])

/** What a state was given. */
const givenFor = ({ registered }: Task | Split): unknown => {
  const own: unknown = "task" in registered ? registered.task : registered.options
  return Predicate.isObject(own) ? own["schema"] : undefined
}

// -----------------------------------------------------------------------------
// the definition
// -----------------------------------------------------------------------------

/** Whether there are Schemas beside a task. */
export const areBeside = (task: unknown): boolean => Predicate.isObject(task) && isPair(task["schema"])

/** Which branches have Schemas. */
export const byBranch = (given: unknown): Split["schemas"] =>
  isPair(given)
    ? "all"
    : Predicate.isObjectOrArray(given) && !schema.isSchema(given)
    ? Object.freeze(Object.entries(given).flatMap(([name, own]) => isPair(own) ? [name] : []))
    : Object.freeze([])

/** Those of a step. */
export const ofStep = (state: Task): Schemas | undefined => {
  const given = givenFor(state)
  return isPair(given) ? given : undefined
}

/** Those of a branch, which a list calls by its place: `"0"`. */
export const ofBranch = (state: Split, name: string): Schemas | undefined => {
  const given = givenFor(state)
  if (isPair(given)) return given
  const own: unknown = Predicate.isObjectOrArray(given) && Object.hasOwn(given, name)
    ? (given as { readonly [name: string]: unknown })[name]
    : undefined
  return isPair(own) ? own : undefined
}

// -----------------------------------------------------------------------------
// rules
// -----------------------------------------------------------------------------

const pair = "{ success, error }, each a Schema, of which error may be left out"

/** What is wrong with the Schemas of a state. */
export const wrong = (state: Task | Split): ReadonlyArray<string> => {
  const given = givenFor(state)
  if (given === undefined) return []
  if (state.kind === "split" && areStates(state)) {
    return ["follow-on states are written with the Schema of the states; leave schema out"]
  }
  if (isPair(given)) return ofPair(given, "schema")
  if (state.kind !== "split") return [misfit("schema", given, pair)]
  if (!Predicate.isObjectOrArray(given) || schema.isSchema(given)) {
    return [misfit("schema", given, `${pair}, or one such pair for each branch`)]
  }
  const names = state.branches.kind === "static" ? state.branches.names : undefined
  if ("success" in given && !isPair(given.success) && names?.includes("success") !== true) {
    return [misfit("success in schema", given.success, "a Schema")]
  }
  return [
    ...Object.entries(given).flatMap(([name, own]) => {
      const what = `schema of branch "${clip(name)}"`
      return isPair(own) ? ofPair(own, what) : [misfit(what, own, pair)]
    }),
    ...names === undefined ? [] : strangers(Object.keys(given), names)
  ]
}

/** A split into follow-on states, as far as that is written down. */
const areStates = ({ ways }: Split): boolean => ways.some(({ by, to }) => by === "branches" && to.length > 0)

const ofPair = (given: Schemas, what: string): ReadonlyArray<string> => [
  ...(given.error === undefined || schema.isSchema(given.error)
    ? []
    : [misfit(`error in ${what}`, given.error, "a Schema, or be left out")]),
  ...flags.unknown(given, ["success", "error"]).map((sentence) => `${what}: ${sentence}`)
]

/** Names that no branch has, and branches that have none. */
const strangers = (given: ReadonlyArray<string>, names: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...given.filter((name) => !names.includes(name)).map((name) =>
    `schema names branch "${clip(name)}", which there is not; the branches are ${list(names)}`
  ),
  ...names.filter((name) => !given.includes(name)).map((name) => `schema does not name branch "${clip(name)}"`)
]
