/**
 * A run of which an operator orders something, as it stands: what has succeeded in it and what was undone, and whether what an
 * order names is there. It is read for one order, and keeps nothing.
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Head, Letter, Row } from "../../journal.ts"
import * as TaskResult from "../../TaskResult.ts"
import { attempt, clip, describe, show } from "../check/describe.ts"
import { tagOf } from "../machine/machine.ts"
import { segment } from "../run/keys.ts"
import * as lists from "../split/branches.ts"
import type { Driven } from "./driver.ts"
import * as place from "./place.ts"
import * as rewritten from "./rewritten.ts"
import type { Start } from "./start.ts"
import * as starts from "./start.ts"

/** A run as it is, with the rows of its last visit. */
export interface Standing extends Start {
  readonly head: Head
  readonly rows: ReadonlyArray<Row>
  readonly letters: ReadonlyArray<Letter>
  /** How many bytes may be written of one value. */
  readonly most: number
}

/** By what was read of it, its rows as they are to be read; with the row that says so if it is of another version. */
export const of = (
  start: Start,
  taken: { readonly head: Head; readonly rows: ReadonlyArray<Row>; readonly letters: ReadonlyArray<Letter> },
  most: number
): Standing => {
  const own = start.migrated === undefined ? taken : starts.after(taken, start.migrated)
  return { ...start, ...own, rows: Result.getOrElse(rewritten.read(own.rows), () => own.rows), most }
}

/** A branch that has succeeded, as it was written. */
export interface Kept {
  readonly segment: string
  readonly index: number
  readonly exit: unknown
  readonly kept: boolean
}

export const splitOf = ({ head }: Standing): string => place.visit("", head.visit, head.state)

/** The branches of the split in which the run has failed that have ended well, and are not undone. */
export const succeeded = (standing: Standing): ReadonlyArray<Kept> => {
  const { past, rows } = standing
  const split = splitOf(standing)
  const kept = new Set(rows.filter(({ kept }) => kept).map(({ key }) => key))
  return (past.outcomes.get(split) ?? []).flatMap(({ exit, index, segment }) => {
    const at = `${split}/${segment}`
    const isUndone = [...past.undone.keys()].some((key) => key === at || key.startsWith(`${at}/`))
    return isUndone || !Predicate.hasProperty(exit, "s") ? [] : [{ segment, index, exit, kept: kept.has(at) }]
  })
}

/**
 * A sentence where what was done before the state in which it has failed has been undone. What was undone before that state was
 * entered it does not build on.
 */
export const undoneBefore = (standing: Standing): string | undefined => {
  const own = splitOf(standing)
  const before = [...standing.past.undone].find(([key, { how, n }]) =>
    how === undefined && n > standing.head.entered && key !== own && !key.startsWith(`${own}/`)
  )
  return before === undefined
    ? undefined
    : `step "${
      clip(before[0])
    }", which was done before, has been undone: rerun enters a state that does not build on it`
}

export const stateOf = ({ codecs, workflow }: Driven, json: unknown): Result.Result<unknown, string> => {
  const state = codecs.state.decode(json)
  if (Result.isFailure(state)) {
    return Result.fail(`state is ${show(json)}, which does not fit the Schema of the states: ${state.failure}`)
  }
  const tag = tagOf(state.success)
  return tag !== undefined && codecs.stateOf(tag) !== undefined
    ? state
    : Result.fail(`state is ${describe(state.success)}, which workflow "${clip(workflow.name)}" does not have`)
}

/** A branch of the split in which the run has failed. */
export const branchOf = (
  { codecs }: Driven,
  standing: Standing,
  given: unknown
): Result.Result<{ readonly name: string; readonly index: number; readonly hasEnded: boolean }, string> => {
  if (!Predicate.isString(given)) return Result.fail(`branch is ${show(given)}; it must be a text`)
  const tag = tagOf(standing.state)!
  const state = codecs.stateOf(tag)
  if (state?.kind !== "split") return Result.fail(`state "${clip(tag)}" has no branches: give the next state`)
  const recorded = standing.past.outcomes.get(splitOf(standing)) ?? []
  const { branches, registered } = state
  const known = branches.kind === "static" ? branches.names : namesFor(registered.branches, standing.state)
  const key = `${standing.head.runId}${splitOf(standing)}/`
  const isMeant = (own: string) => given === `${key}${own}` || segment(given) === own
  const there = recorded.find((one) => isMeant(one.segment))
  const index = there?.index ?? known.findIndex((name) => isMeant(segment(name)))
  const name = known[index] ?? place.nameOf(there?.segment ?? "")
  if (index >= 0) return Result.succeed({ name, index, hasEnded: there !== undefined })
  const shown = known.slice(0, mostNames).map((name) => `"${clip(name)}"`)
  const more = known.length > shown.length ? `, and ${known.length - shown.length} more` : ""
  return Result.fail(`state "${clip(tag)}" has no branch ${show(given)}; it has ${shown.join(", ")}${more}`)
}

const mostNames = 20

/** The branches that a function answers for a state, as it does when the state is entered. */
const namesFor = (source: unknown, state: unknown): ReadonlyArray<string> => {
  const made = Predicate.isFunction(source) ? attempt(() => source(state) as unknown) : source
  if (TaskResult.isSplit(made)) return Array.isArray(made.states) ? made.states.map((_, index) => String(index)) : []
  const list = lists.fromUnknown(made)
  if (list._tag === "Known") return lists.namesOf(list)
  return list._tag === "Lazy" && !list.isOneShot ? attempt(() => counted(list.items)) ?? [] : []
}

/** A list may have no end: who orders something of a branch behind these has to wait until it runs. */
const counted = (items: Iterable<unknown>): ReadonlyArray<string> => {
  const names: Array<string> = []
  for (const _ of items) if (names.push(String(names.length)) === mostCounted) break
  return names
}

const mostCounted = 10_000

/** What a branch would have given, as it is written: through its Schema, both ways. */
export const valueOf = (
  { codecs }: Pick<Driven, "codecs">,
  state: string,
  branch: string,
  json: unknown
): Result.Result<unknown, string> => {
  const codec = codecs.branchEnd(state, branch)
  const read = codec.decode({ s: json })
  const written = Result.flatMap(read, (exit) => codec.encode(exit))
  return Result.mapError(
    written,
    (why) => `value is ${show(json)}, which does not fit the Schema of branch "${clip(branch)}": ${why}`
  )
}
