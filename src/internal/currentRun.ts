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
import { Level } from "./depth.ts"
import type { SplitLevel } from "./depth.ts"
import type { AnyFiber } from "./join.ts"
import type { Budget } from "./limits.ts"
import { standing } from "./nested.ts"
import type { Nursery } from "./nursery.ts"

/** Names kept of the begin of a run, and of its end; and of the runs that are nested in each other. */
const headSize = 16
const tailSize = 48

export class Run extends Level implements CurrentRun {
  readonly workflow: string
  readonly maxDepth: number | undefined
  /** The limits it was given itself. */
  readonly own: Budget | undefined
  readonly nursery: Nursery | undefined
  readonly #isFollowOn: boolean
  readonly #id: RunId
  /** What its keys have in common, after the id. */
  readonly #stem: string
  #budget: Budget | undefined
  #state = ""
  #entered = 0
  readonly #head: Array<string> = []
  readonly #tail: Array<string> = []
  constructor(options: {
    readonly workflow: string
    readonly id: RunId
    readonly outer: Level | undefined
    readonly maxDepth: number | undefined
    readonly own: Budget | undefined
    /** Its own, or those around it. */
    readonly budget: Budget | undefined
    /** The stem of a follow-on branch; such a run has the id and the limits of the run it belongs to. */
    readonly stem: string | undefined
    /** Where a split may leave branches behind; not needed where none does. */
    readonly nursery: Nursery | undefined
  }) {
    super(options.outer)
    this.workflow = options.workflow
    this.maxDepth = options.maxDepth
    this.own = options.own
    this.nursery = options.nursery
    this.#id = options.id
    this.#stem = options.stem ?? ""
    this.#isFollowOn = options.stem !== undefined
    this.#budget = options.budget
    this.count()
  }
  /** Makes a run of its own for each follow-on branch of a split in the state that the run is in. */
  branchOff(): (branch: number, split: SplitLevel | undefined) => Run {
    // not when the branch starts: the run may have gone on by then
    const stem = this.#visited
    return (branch, split) =>
      new Run({
        workflow: this.workflow,
        id: this.#id,
        outer: split,
        maxDepth: undefined,
        own: this.own,
        budget: this.budget,
        stem: `${stem}/${branch}`,
        nursery: this.nursery
      })
  }
  get isSplit(): boolean {
    return false
  }
  /** What it may still do, with all that runs in it and in the runs around it. */
  get budget(): Budget | undefined {
    return this.#budget = standing(this.#budget)
  }
  override end(): void {
    super.end()
    if (!this.#isFollowOn) this.own?.end()
  }
  get runId(): string {
    return this.#id.value
  }
  get state(): string {
    return this.#state
  }
  get visit(): number {
    return this.#entered
  }
  get key(): string {
    return `${this.runId}${this.#visited}`
  }
  get #visited(): string {
    return `${this.#stem}/${this.#entered}/${this.#state}`
  }
  get path(): Path {
    const runs: Array<Run> = [this]
    for (let at = this.outer; at !== undefined; at = at.outer) if (at instanceof Run) runs.push(at)
    const omitted = runs.length - headSize - tailSize
    let nested: Path | undefined
    for (let i = 0; i < runs.length; i++) {
      const gap = i === tailSize && omitted > 0 ? omitted : 0
      i += gap
      nested = runs[i]!.#pathWith(nested, gap)
    }
    // a run is in its own path
    return nested!
  }
  #pathWith(nested: Path | undefined, omitted: number): Path {
    const own = { workflow: this.workflow, states: this.#states(), entered: this.#entered, nested }
    return omitted === 0 ? own : { ...own, omitted }
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

/** The id of a run and its follow-on branches; a random one is drawn when it is asked for. */
export class RunId {
  readonly #random: Random.Random
  #value: string | undefined
  constructor(value: string | undefined, random: Random.Random) {
    this.#value = value
    this.#random = random
  }
  get value(): string {
    return this.#value ??= `${this.#part()}${this.#part()}`
  }
  #part(): string {
    return Math.abs(this.#random.nextIntUnsafe()).toString(36).padStart(11, "0")
  }
}

/** Outside of any run. */
const outside: CurrentRun = { workflow: "", runId: "", state: "", visit: 0, key: "", path: undefined }

export const CurrentRunRef = Context.Reference<CurrentRun>("effect-cano/CurrentRun", { defaultValue: () => outside })

/** The run that a fiber belongs to, ended or not. */
export const runOf = (fiber: AnyFiber): Run | undefined => {
  const current = fiber.getRef(CurrentRunRef)
  return current instanceof Run ? current : undefined
}

/** The key under which a path travels in a cause. */
const PathAnnotation = Context.Service<Path>("effect-cano/Path")

const hasPath = (reason: Cause.Reason<unknown>): boolean => readPath(Cause.reasonAnnotations(reason)) !== undefined

/** Gives every reason of a cause the path of the run, unless a nested run, which knows more, has given one already. */
const tracePath = <E>(run: Run, cause: Cause.Cause<E>): Cause.Cause<E> => {
  if (cause.reasons.every(hasPath)) return cause
  const annotation = Context.make(PathAnnotation, run.path)
  return Cause.fromReasons(cause.reasons.map((reason) => hasPath(reason) ? reason : reason.annotate(annotation)))
}

/**
 * Runs an effect as the body of a run: its tasks can ask for the run, its failures tell the path, and with it the run has
 * ended.
 */
export const within = <A, E, R>(run: Run, body: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.onExitPrimitive(
    Effect.provideService(
      Effect.catchCause(body, (cause) => Effect.failCause(tracePath(run, cause))),
      CurrentRunRef,
      run
    ),
    () => {
      run.end()
      return undefined
    }
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
