/**
 * One run, from its initial state to its exit: where it is, where it has been and what it is called. It is made when a
 * run starts, provided to it once, and read by errors, logs and idempotency keys.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Random from "effect/Random"
import type { Path } from "../CanoError.ts"
import type { CurrentRun } from "../Workflow.ts"
import type { Budget } from "./join.ts"
import type { Nursery } from "./nursery.ts"

/** Names kept of the begin of a run, and of its end. */
const headSize = 16
const tailSize = 48

export class Run implements CurrentRun {
  readonly workflow: string
  readonly budget: Budget
  readonly parent: Run | undefined
  readonly branch: number | undefined
  readonly nursery: Nursery | undefined
  #runId: string | undefined
  readonly #random: Random.Random
  #state = ""
  #entered = 0
  readonly #head: Array<string> = []
  readonly #tail: Array<string> = []
  constructor(options: {
    readonly workflow: string
    readonly runId: string | undefined
    readonly random: Random.Random
    readonly budget: Budget
    readonly parent: Run | undefined
    /** The place of a follow-on branch in its split; such a run has the id of its parent. */
    readonly branch: number | undefined
    /** Where a split may leave branches behind; not needed where none does. */
    readonly nursery: Nursery | undefined
  }) {
    this.workflow = options.workflow
    this.#runId = options.runId
    this.#random = options.random
    this.budget = options.budget
    this.parent = options.parent
    this.branch = options.branch
    this.nursery = options.nursery
  }
  /** A run of its own for a follow-on branch, which counts into the same budget. */
  branchOff(branch: number): Run {
    return new Run({
      workflow: this.workflow,
      runId: undefined,
      random: this.#random,
      budget: this.budget,
      parent: this,
      branch,
      nursery: this.nursery
    })
  }
  get runId(): string {
    return this.#runId ??= this.branch !== undefined && this.parent !== undefined
      ? this.parent.runId
      : randomId(this.#random)
  }
  get state(): string {
    return this.#state
  }
  get visit(): number {
    return this.#entered
  }
  get key(): string {
    const prefix = this.branch !== undefined && this.parent !== undefined
      ? `${this.parent.key}/${this.branch}`
      : this.runId
    return `${prefix}/${this.#entered}/${this.#state}`
  }
  get path(): Path {
    return this.#pathWith(undefined)
  }
  #pathWith(nested: Path | undefined): Path {
    const own = { workflow: this.workflow, states: this.#states(), entered: this.#entered, nested }
    return this.parent === undefined ? own : this.parent.#pathWith(own)
  }
  #states(): ReadonlyArray<string> {
    const over = this.#entered - headSize
    if (over <= tailSize) return this.#head.concat(this.#tail)
    const oldest = over % tailSize
    return this.#head.concat(this.#tail.slice(oldest), this.#tail.slice(0, oldest))
  }
  enter(state: string): void {
    this.#state = state
    const place = this.#entered++
    if (place < headSize) this.#head.push(state)
    else this.#tail[(place - headSize) % tailSize] = state
  }
}

const randomId = (random: Random.Random): string => {
  const part = () => Math.abs(random.nextIntUnsafe()).toString(36).padStart(11, "0")
  return `${part()}${part()}`
}

/** Outside of any run. */
const outside: CurrentRun = { workflow: "", runId: "", state: "", visit: 0, key: "", path: undefined }

export const CurrentRunRef = Context.Reference<CurrentRun>("effect-cano/CurrentRun", { defaultValue: () => outside })

/** The key under which a path travels in a cause. */
const PathAnnotation = Context.Service<Path>("effect-cano/Path")

/** Gives every reason of a cause the path of the run, unless a nested run, which knows more, has given one already. */
const tracePath = <E>(run: Run, cause: Cause.Cause<E>): Cause.Cause<E> => {
  const annotation = Context.make(PathAnnotation, run.path)
  return Cause.fromReasons(
    cause.reasons.map((reason) =>
      readPath(Cause.reasonAnnotations(reason)) === undefined ? reason.annotate(annotation) : reason
    )
  )
}

/** Runs an effect as the body of a run: its tasks can ask for the run, and its failures tell the path. */
export const within = <A, E, R>(run: Run, body: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(
    Effect.catchCause(body, (cause) => Effect.failCause(tracePath(run, cause))),
    CurrentRunRef,
    run
  )

const readPath = (annotations: Context.Context<never>): Path | undefined =>
  Context.getOrUndefined(annotations as Context.Context<Path>, PathAnnotation)

/** The path in the first reason of a cause that has one. */
export const path = (cause: Cause.Cause<unknown>): Path | undefined => {
  for (const reason of cause.reasons) {
    const found = readPath(Cause.reasonAnnotations(reason))
    if (found !== undefined) return found
  }
  return undefined
}
