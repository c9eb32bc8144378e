/**
 * Work of a known kind, and all that the machine knows of it: what it is, as data, and what it does. It is inert, made once
 * and run any number of times. The kinds themselves are files beside this one, which only `effect-cano/Task` loads.
 */
import type * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { ConfigurationRule } from "../../CanoError.ts"
import type * as Definition from "../../Definition.ts"
import type { AnyEffect } from "../fibers/any.ts"

export const TypeId = "~effect-cano/Task" as const

/** What `run` takes of a task: an object, as beside a second function the compiler would find no type for a parameter. */
export interface Work<in State, out Run extends Effect.Effect<any, any, any>> {
  readonly [TypeId]: typeof TypeId
  readonly work: (state: State) => Run
}

/** What is wrong with what a task was given. */
export interface Fault {
  readonly rule: Extract<ConfigurationRule, "task" | "options">
  readonly sentence: string
}

export class Task {
  // the TypeId, written out: a bundler does not leave out a class that computes a name
  readonly "~effect-cano/Task" = TypeId
  readonly kind: Definition.Work
  readonly work: (state: unknown) => AnyEffect
  readonly #check: () => ReadonlyArray<Fault>
  #faults: ReadonlyArray<Fault> | undefined
  constructor(
    kind: Definition.Work,
    check: () => ReadonlyArray<Fault>,
    work: (state: unknown) => AnyEffect
  ) {
    this.kind = Object.freeze(kind)
    this.work = work
    this.#check = check
  }
  /** Looked for once, when the task is to be run or a definition is checked that it stands in. */
  get faults(): ReadonlyArray<Fault> {
    return this.#faults ??= this.#check()
  }
}

export const isTask = (u: unknown): u is Task => Predicate.isObject(u) && u instanceof Task

export const kindOf = (u: unknown): Definition.Work | undefined => isTask(u) ? u.kind : undefined
