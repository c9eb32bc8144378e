/**
 * What a run has done before and may undo, put together of what the journal says: the ledger of a saga as it would be if the
 * run had gone on. It is read once, when the run is taken; a step whose code is gone is a fault.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { Uncompensated } from "../../CanoError.ts"
import { clip } from "../check/describe.ts"
import type { AnyFiber } from "../fibers/any.ts"
import * as resources from "../machine/resources.ts"
import * as undo from "../machine/undo.ts"
import * as doubt from "../run/doubt.ts"
import { mayBeDone } from "../saga/policy.ts"
import type { Group, Item, Step } from "../saga/step.ts"
import type { Codecs } from "./codecs.ts"
import type { Past, Started } from "./past.ts"
import * as place from "./place.ts"

/** What is wrong with what the journal says. */
export interface Fault {
  readonly rule: "compensation" | "encoding"
  readonly detail: string
}

/** What was done at some places. */
export class Restored {
  readonly #past: Past
  readonly #codecs: Codecs
  readonly #keyOfRun: string
  readonly #fiber: AnyFiber
  /** Steps by the place that they are in: that of a visit, for those of states and branches. */
  readonly #steps = new Map<string, Step>()
  readonly #groups = new Map<string, Group>()
  readonly #visit: number
  constructor(past: Past, visit: number, codecs: Codecs, keyOfRun: string, fiber: AnyFiber) {
    this.#past = past
    this.#visit = visit
    this.#codecs = codecs
    this.#keyOfRun = keyOfRun
    this.#fiber = fiber
  }

  /** Reads all steps; a fault where one can't be. */
  read(): Fault | undefined {
    for (const started of this.#past.started.values()) {
      const made = this.#step(started)
      if (Result.isFailure(made)) return made.failure
      if (made.success !== undefined) this.#steps.set(started.key, made.success)
    }
    return undefined
  }

  get ended(): number {
    let most = 0
    for (const { order } of this.#steps.values()) most = Math.max(most, order)
    return most
  }

  /**
   * What was done in a run or follow-on branch, with the split in which it stands: it may end before that is entered again.
   * Where it only goes forward, nothing but that split.
   */
  items(stem: string): ReadonlyArray<Item> {
    const own: Array<Item> = []
    const open = this.#past.forward.has(stem) ? this.#openIn(stem) : undefined
    const splits = new Set<string>()
    for (const key of this.#steps.keys()) {
      if (!key.startsWith(`${stem}/`)) continue
      const [visit, state, branch] = key.slice(stem.length + 1).split("/")
      const at = `${stem}/${visit}/${state}`
      if (open !== undefined && at !== open) continue
      if (branch === undefined) own.push(this.#steps.get(key)!)
      else splits.add(at)
    }
    for (const split of splits) {
      const branches = this.branches(split).map(({ items }) => items).filter((items) => items.length > 0)
      if (branches.length === 0) continue
      const group: Group = { _tag: "Group", branches }
      this.#groups.set(split, group)
      own.push(group)
    }
    return own.sort((a, b) => lastOf(a) - lastOf(b))
  }

  /** What was done in the branches of a split. */
  branches(split: string): ReadonlyArray<{ readonly segment: string; readonly items: ReadonlyArray<Item> }> {
    const segments = new Set<string>()
    for (const key of this.#steps.keys()) {
      if (key.startsWith(`${split}/`)) segments.add(key.slice(split.length + 1).split("/")[0]!)
    }
    return [...segments].map((segment) => {
      const at = `${split}/${segment}`
      const own = this.#steps.get(at)
      const inside = this.items(at)
      return { segment, items: own === undefined ? inside : [own, ...inside] }
    })
  }

  /** What was done in a split that may be entered again, as it is in the ledger of who stands there. */
  group(split: string): Group | undefined {
    return this.#groups.get(split)
  }

  /** The split in which a run or follow-on branch stands, should that be one. */
  #openIn(stem: string): string {
    const last = stem === "" ? { state: this.#past.state, visit: this.#visit } : this.#past.entered.get(stem)
    // before it enters another state, a branch is in its first one
    return (last && this.#codecs.tagOf(last.state, (tag) => place.visit(stem, last.visit, tag))) ?? `${stem}/1`
  }

  /** What of it could not be undone. */
  get failures(): ReadonlyArray<Uncompensated & { readonly n: number }> {
    const found: Array<Uncompensated & { readonly n: number }> = []
    for (const [key, { cause, how, n }] of this.#past.undone) {
      const started = this.#past.started.get(key)
      if (how === undefined || started === undefined) continue
      const read = this.#codecs.causes.decode(cause)
      found.push({
        n,
        key: `${this.#keyOfRun}${key}`,
        state: started.name,
        branch: started.branch?.name,
        how,
        cause: Result.isSuccess(read) ? read.success : Cause.empty
      })
    }
    return found.sort((a, b) => a.n - b.n)
  }

  /** The keys of what the run has undone since it goes back. */
  get compensated(): ReadonlyArray<string> {
    const { undone, why } = this.#past
    if (why === undefined) return []
    return [...undone].filter(([, { how, n }]) => how === undefined && n > why.n)
      .sort(([, a], [, b]) => a.n - b.n)
      .map(([key]) => `${this.#keyOfRun}${key}`)
  }

  #step(started: Started): Result.Result<Step | undefined, Fault> {
    return Result.map(stepOf(this.#past, this.#codecs, started), (step) =>
      step && {
        ...step,
        key: `${this.#keyOfRun}${step.key}`,
        context: resources.servicesOf(this.#fiber, step.undo.part) as Context.Context<never>
      })
  }
}

/** A step that has to be undone if its run goes back; nothing for one that is undone, or was not done. */
export const stepOf = (
  past: Past,
  codecs: Codecs,
  started: Started
): Result.Result<Omit<Step, "context"> | undefined, Fault> => {
  const { branch, key, n, name, state, times, visit } = started
  if (past.undone.has(key)) return Result.succeed(undefined)
  const settled = past.settled.get(key)
  const definition = codecs.stateOf(name)
  const how = definition && undo.of(definition, branch)
  if (how === undefined) {
    const what = branch === undefined
      ? `state "${clip(name)}"`
      : `branch "${clip(branch.name)}" of state "${clip(name)}"`
    return Result.fail({
      rule: "compensation",
      detail: `step ${clip(key)} was done, and the definition has nothing that undoes it: ${what} has no compensate`
    })
  }
  const read = settled === undefined
    ? Result.succeed<Exit.Exit<unknown, unknown>>(Exit.interrupt())
    : codecs.stepEnd(definition!, branch).decode(settled.exit)
  const value = codecs.state.decode(state)
  if (Result.isFailure(read) || Result.isFailure(value)) {
    const why = Result.isFailure(read) ? read.failure : Result.isFailure(value) ? value.failure : ""
    return Result.fail({
      rule: "encoding",
      detail: `what step ${clip(key)} has done does not fit its Schema: ${why}`
    })
  }
  const exit = read.success
  // who says that it was not done says that of the last time
  const cause = Exit.isSuccess(exit) ? undefined : times > 1 ? doubt.unsure(exit.cause) : exit.cause
  if (cause !== undefined && !mayBeDone(how.inDoubt, cause)) return Result.succeed(undefined)
  return Result.succeed({
    _tag: "Step",
    undo: how,
    value: value.success,
    state: name,
    visit,
    branch,
    key,
    order: settled?.n ?? n,
    done: Exit.isSuccess(exit) ? { _tag: "Succeeded", value: exit.value } : { _tag: "InDoubt", cause: cause! }
  })
}

/** What is wrong where a definition undoes nothing at all any more, and something may have to be. */
export const unkept = (past: Past, codecs: Codecs): Fault | undefined => {
  for (const started of past.started.values()) {
    const step = stepOf(past, codecs, started)
    if (Result.isFailure(step)) return step.failure
  }
  return undefined
}

const lastOf = (item: Item): number =>
  item._tag === "Group" ? Math.max(0, ...item.branches.flat().map(lastOf)) : item.order
