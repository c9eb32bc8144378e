/**
 * One run, from its initial state to its exit: where it is, where it has been and what it is called. It is made when a
 * run starts, provided to it once, and read by errors, logs and idempotency keys.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Random from "effect/Random"
import type { Path } from "../../CanoError.ts"
import type { SplitResult } from "../../SplitResult.ts"
import type { CurrentRun, RunOptions } from "../../Workflow.ts"
import type { AnyFiber } from "../split/join.ts"
import { Level } from "./level.ts"
import type { Budget } from "./limits.ts"
import * as limits from "./limits.ts"
import type { Nursery } from "./nursery.ts"

/** Names kept of the begin of a run, and of its end; and of the runs that are nested in each other. */
const headSize = 16
const tailSize = 48

/** What a run is a follow-on branch of. */
interface Stem {
  readonly root: Run
  /** What its keys begin with, after the id of the root. */
  readonly key: string
}

export class Run extends Level implements CurrentRun {
  readonly workflow: string
  readonly maxDepth: number | undefined
  /** What it may still do, with all that runs in it and in the runs around it. */
  readonly budget: Budget | undefined
  readonly nursery: Nursery | undefined
  /** Whether its states have still to end. */
  isOpen = true
  /** Whether its time is up, and its states have still to end. */
  isExpired = false
  /** What the split had in which its time was up. */
  unfinished: SplitResult<unknown, unknown> | undefined
  readonly #stem: Stem | undefined
  readonly #random: Random.Random
  #runId: string | undefined
  #state = ""
  #entered = 0
  readonly #head: Array<string> = []
  #tail: Array<string> | undefined
  constructor(given: {
    readonly workflow: string
    readonly options: RunOptions | undefined
    readonly random: Random.Random
    readonly outer: Level | undefined
    /** What it counts into, besides limits of its own. */
    readonly budget: Budget | undefined
    readonly stem: Stem | undefined
    /** Where a split may leave branches behind; not needed where none does. */
    readonly nursery: Nursery | undefined
  }) {
    super(given.outer)
    const { options } = given
    this.workflow = given.workflow
    this.maxDepth = options?.maxDepth
    this.nursery = given.nursery
    this.#stem = given.stem
    this.#random = given.random
    this.#runId = options?.runId
    this.budget = limits.make(this, options, given.budget)
    this.count()
  }
  /** Makes a run of its own for each follow-on branch of a split in the state that the run is in. */
  branchOff(): (branch: number, split: Level | undefined) => Run {
    const { nursery, root, workflow } = this
    // not when the branch starts: the run may have gone on by then
    const stem = this.#visited(this.#entered, this.#state)
    return (branch, split) =>
      new Run({
        workflow,
        options: undefined,
        random: root.#random,
        outer: split,
        budget: this.budget,
        stem: { root, key: `${stem}/${branch}` },
        nursery
      })
  }
  get isSplit(): boolean {
    return false
  }
  /** Itself, or the run that it is a follow-on branch of, whose id and limits it has. */
  get root(): Run {
    return this.#stem === undefined ? this : this.#stem.root
  }
  override end(): void {
    super.end()
    if (this.budget?.owner === this) this.budget.end()
  }
  get runId(): string {
    const { root } = this
    return root.#runId ??= randomId(root.#random)
  }
  get state(): string {
    return this.#state
  }
  get visit(): number {
    return this.#entered
  }
  get key(): string {
    return this.keyAt(this.#entered, this.#state)
  }
  keyAt(visit: number, state: string): string {
    return `${this.runId}${this.#visited(visit, state)}`
  }
  #visited(visit: number, state: string): string {
    const own = `/${visit}/${state}`
    return this.#stem === undefined ? own : `${this.#stem.key}${own}`
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
    if (this.#tail === undefined) return this.#head.slice()
    const over = this.#entered - headSize
    if (over <= tailSize) return this.#head.concat(this.#tail)
    const oldest = over % tailSize
    return this.#head.concat(this.#tail.slice(oldest), this.#tail.slice(0, oldest))
  }
  enter(state: string): void {
    this.#state = state
    const place = this.#entered++
    if (place < headSize) this.#head.push(state)
    else (this.#tail ??= [])[(place - headSize) % tailSize] = state
  }
}

const randomId = (random: Random.Random): string => {
  const part = () => Math.abs(random.nextIntUnsafe()).toString(36).padStart(11, "0")
  return `${part()}${part()}`
}

/** Outside of any run. */
const outside: CurrentRun = { workflow: "", runId: "", state: "", visit: 0, key: "", path: undefined }

export const CurrentRunRef = Context.Reference<CurrentRun>("effect-cano/CurrentRun", { defaultValue: () => outside })

/**
 * A split that has started branches. For these it is the current run: the one that it stands in, if in any, as it was when
 * it started them. A branch that is left behind keeps its key, wherever the run has gone since.
 */
export class SplitLevel extends Level implements CurrentRun {
  readonly run: Run | undefined
  readonly state: string
  readonly visit: number
  constructor(outer: Level | undefined, run: Run | undefined) {
    super(outer)
    this.run = run
    this.state = run === undefined ? "" : run.state
    this.visit = run === undefined ? 0 : run.visit
    this.count()
  }
  get isSplit(): boolean {
    return true
  }
  get maxDepth(): undefined {
    return undefined
  }
  get workflow(): string {
    return (this.run ?? outside).workflow
  }
  get runId(): string {
    return (this.run ?? outside).runId
  }
  get key(): string {
    return this.run === undefined ? outside.key : this.run.keyAt(this.visit, this.state)
  }
  get path(): Path | undefined {
    return this.run?.path
  }
}

/** The innermost run or split that a fiber belongs to, ended or not. */
export const levelOf = (fiber: AnyFiber): Run | SplitLevel | undefined => {
  const current = fiber.getRef(CurrentRunRef)
  return current instanceof SplitLevel || current instanceof Run ? current : undefined
}

/** The run of a level. */
export const runOf = (level: Run | SplitLevel | undefined): Run | undefined =>
  level instanceof SplitLevel ? level.run : level

/** The key under which a path travels in a cause. */
const PathAnnotation = Context.Service<Path>("effect-cano/Path")

const hasPath = (reason: Cause.Reason<unknown>): boolean => readPath(Cause.reasonAnnotations(reason)) !== undefined

/** Gives every reason of a cause the path of the run, unless a nested run, which knows more, has given one already. */
const tracePath = <E>(run: Run, cause: Cause.Cause<E>): Cause.Cause<E> => {
  if (cause.reasons.every(hasPath)) return cause
  const annotation = Context.make(PathAnnotation, run.path)
  // what is annotated already stays as it is
  return Cause.fromReasons(cause.reasons.map((reason) => reason.annotate(annotation)))
}

/**
 * Runs an effect as the body of a run: its tasks can ask for the run, its failures tell the path, and with it the run has
 * ended. It is `Effect.provideService` and `Effect.onExit` in one, which each run pays for once.
 */
export const within = <A, E, R>(run: Run, body: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const traced = Effect.catchCause(body, (cause) => Effect.failCause(tracePath(run, cause)))
  let before: Context.Context<never> | undefined
  let self: AnyFiber | undefined
  return Effect.onExitPrimitive(
    Effect.withFiber((fiber) => {
      self = fiber
      before = fiber.context
      fiber.setContext(Context.add(before, CurrentRunRef, run))
      return traced
    }),
    () => {
      if (before !== undefined) self!.setContext(before)
      run.end()
      return undefined
    }
  )
}

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
