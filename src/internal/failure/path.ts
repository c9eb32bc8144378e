/**
 * Where a failure belongs: the path of its run, which is put together when the error is made, and what is shown of it.
 */
import { clip } from "../check/describe.ts"

/**
 * The states a run has entered, the initial one first.
 *
 * **Details**
 *
 * A machine may loop for ever, so the first 16 and the last 48 names are kept; `entered` is the number of all of them. A
 * run inside a branch or a task of another run that has not ended is its `nested` path. Of runs that are nested in each
 * other the 16 outermost and the 48 innermost are kept, too.
 *
 * @category models
 * @since 0.1.0
 */
export interface Path {
  readonly workflow: string
  readonly states: ReadonlyArray<string>
  readonly entered: number
  readonly nested: Path | undefined
  /** How many runs between this one and `nested` are left out; not there where none is. */
  readonly omitted?: number | undefined
}

type Json = { readonly [field: string]: unknown }

/** Where an error belongs, as data. */
export const located = (
  { path, state, workflow }: {
    readonly workflow: string | undefined
    readonly state: string | undefined
    readonly path?: Path | undefined
  }
): Json => ({ workflow: workflow && clip(workflow), state: state && clip(state), path: path && toJson(path) })

/** The states of a path at its begin and its end, and the runs. */
const mostStates = 8
const mostRuns = 8

export const toJson = (path: Path): Json => {
  const runs: Array<Path> = []
  for (let at: Path | undefined = path; at !== undefined; at = at.nested) runs.push(at)
  const left = Math.max(runs.length - mostRuns, 0)
  const kept = left === 0 ? runs : [...runs.slice(0, mostRuns / 2), ...runs.slice(-mostRuns / 2)]
  return kept.reduceRight<Json | undefined>((nested, { entered, omitted, states, workflow }, i) => {
    const gap = (omitted ?? 0) + (left > 0 && i === mostRuns / 2 - 1 ? left : 0)
    const own = { workflow: clip(workflow), states: endsOf(states), entered, nested }
    return gap === 0 ? own : { ...own, omitted: gap }
  }, undefined)!
}

const endsOf = (states: ReadonlyArray<string>): ReadonlyArray<string> =>
  (states.length <= 2 * mostStates
    ? states
    : [...states.slice(0, mostStates), "…", ...states.slice(-mostStates)]).map((state) => clip(state))
