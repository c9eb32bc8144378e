/**
 * One run, from its initial state to its exit: where it is, where it has been and what it is called. It is made when a
 * run starts, provided to it once, and read by errors, logs and idempotency keys.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Random from "effect/Random"
import type { Path } from "../../CanoError.ts"
import type { SplitResult } from "../../SplitResult.ts"
import type { CurrentRun, RunOptions } from "../../Workflow.ts"
import type { AnyFiber } from "../fibers/any.ts"
import type { Fan } from "../saga/fan.ts"
import type { Ledger } from "../saga/ledger.ts"
import type { Saga } from "../saga/saga.ts"
import type { Decided } from "../split/decision.ts"
import { Branch } from "./branch.ts"
import type { Host } from "./host.ts"
import { digest, Numbering, segment } from "./keys.ts"
import { Level } from "./level.ts"
import type { Allowance } from "./limits.ts"
import * as limits from "./limits.ts"
import type { Listener, Span, SplitSpan } from "./listener.ts"
import * as listening from "./listener.ts"
import type { Nursery } from "./nursery.ts"
import type { Seams } from "./seams.ts"
import { SeamsRef } from "./seams.ts"
import { Undoing } from "./undoing.ts"

type BranchSpan = Extract<Span, { readonly _tag: "Branch" }>

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
  readonly allowance: Allowance | undefined
  readonly nursery: Nursery | undefined
  /** Whether its time may be up before it has ended, or that of a run around it. */
  readonly isTimed: boolean
  seams: Seams
  /** How much has happened, for the listener of a root. */
  happened = 0
  /** Whether its states have still to end. */
  isOpen = true
  /** Whether what it has done is undone when it does not succeed: somebody who cancels it may not want that. */
  rollsBack = true
  /** Whether its time is up, and its states have still to end. */
  isExpired = false
  /** What it has done and may undo, with its follow-on branches; nothing where its workflow has no compensations. */
  saga: Saga | undefined
  /** Where that is kept. */
  ledger: Ledger | undefined
  /** Why it ends, once its time is up. */
  late: (() => Cause.Cause<unknown>) | undefined
  /** What the split had in which its time was up. */
  unfinished: SplitResult<unknown, unknown> | undefined
  readonly #stem: Stem | undefined
  readonly #random: Random.Random
  readonly #key: string | undefined
  #runId: string | undefined
  readonly #splits: ReadonlySet<string>
  #state = ""
  /** The states that it has entered, and those before it was resumed. */
  #entered = 0
  #before = 0
  #numbering: Numbering | undefined
  readonly #head: Array<string> = []
  #tail: Array<string> | undefined
  constructor(given: {
    readonly workflow: string
    readonly options: RunOptions | undefined
    readonly random: Random.Random
    readonly outer: Level | undefined
    /** What it counts into, besides limits of its own. */
    readonly allowance: Allowance | undefined
    readonly stem: Stem | undefined
    /** What it has as its id, and its keys begin with, in place of an id. */
    readonly key: string | undefined
    /** Where a split may leave branches behind; not needed where none does. */
    readonly nursery: Nursery | undefined
    readonly seams: Seams
    readonly isTimed: boolean
    /** The states that are split. */
    readonly splits: ReadonlySet<string>
  }) {
    super(given.outer)
    const { options } = given
    this.workflow = given.workflow
    this.maxDepth = options?.maxDepth
    this.nursery = given.nursery
    this.seams = given.seams
    this.isTimed = given.isTimed
    this.#splits = given.splits
    this.#stem = given.stem
    this.#random = given.random
    this.#key = given.key
    this.#runId = given.key ?? options?.runId
    this.allowance = limits.make(this, options, given.allowance)
    this.count()
  }
  /** Makes a run of its own for each follow-on branch of a split in the state that the run is in. */
  branchOff(): (branch: number, split: Level | undefined) => Run {
    const { nursery, root, seams, workflow } = this
    // not when the branch starts: the run may have gone on by then
    const stem = this.#visited(this.#entered, this.#state)
    return (branch, split) => {
      const own = new Run({
        workflow,
        options: undefined,
        random: root.#random,
        outer: split,
        allowance: this.allowance,
        stem: { root, key: `${stem}/${branch}` },
        key: undefined,
        nursery,
        seams,
        isTimed: this.isTimed,
        splits: this.#splits
      })
      const { saga } = this
      if (saga !== undefined && split instanceof SplitLevel) {
        own.saga = saga
        own.ledger = split.fan?.ledger(branch)
      }
      return own
    }
  }
  /** Whether something of what it has done is being undone. */
  get isCompensating(): boolean {
    return this.saga !== undefined && this.saga.left.size > 0
  }
  /** Who runs its steps, where somebody does. */
  get host(): Host | undefined {
    return this.seams.host
  }
  /** Who is told of what happens, where somebody is. */
  get listener(): Listener | undefined {
    return this.seams.listener
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
    if (this.allowance?.owner === this) this.allowance.end()
  }
  get runId(): string {
    const { root } = this
    return root.#runId ??= randomId(root.#random)
  }
  /** What the keys of all that happens in it begin with. */
  get keyOfRun(): string {
    return this.root.#key ?? segment(this.runId)
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
    return `${this.keyOfRun}${this.#visited(visit, state)}`
  }
  /** The segment of a split in the state that it is in, which is not the split of that state. */
  nextSplit(name: string | undefined): string {
    return (this.#numbering ??= new Numbering()).next(name, !this.#splits.has(this.#state))
  }
  #visited(visit: number, state: string): string {
    const own = `/${visit}/${segment(state)}`
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
    const over = this.#entered - this.#before - headSize
    if (over <= tailSize) return this.#head.concat(this.#tail)
    const oldest = over % tailSize
    return this.#head.concat(this.#tail.slice(oldest), this.#tail.slice(0, oldest))
  }
  /** Lets the next state that it enters have a number: that of a visit which it was in before. */
  resumeAt(visit: number): void {
    this.#entered = this.#before = visit - 1
  }
  enter(state: string): void {
    this.#state = state
    this.#numbering = undefined
    const place = this.#entered++ - this.#before
    if (place < headSize) this.#head.push(state)
    else (this.#tail ??= [])[(place - headSize) % tailSize] = state
  }
}

export const randomId = (random: Random.Random): string => {
  const part = () => Math.abs(random.nextIntUnsafe()).toString(36).padStart(11, "0")
  return `${part()}${part()}`
}

/** Outside of any run. */
const outside: CurrentRun = { workflow: "", runId: "", state: "", visit: 0, key: "", path: undefined }

export const CurrentRunRef = Context.Reference<CurrentRun>("effect-cano/CurrentRun", { defaultValue: () => outside })

/** Splits in each other of which a key names each; of more it names them together. */
const mostNested = 16

/** Where a split stands. */
interface Place {
  /** The current run of who enters it, if there is any. */
  readonly current: Current | undefined
  /** Whether it is that of a state. */
  readonly isState: boolean
  readonly name: string | undefined
  /** The names of its branches, where they are known and not their places. */
  readonly names: ReadonlyArray<string> | undefined
}

/**
 * A split that has started branches. For its observer it is the current run, and for its branches what theirs is made of:
 * the run that it stands in, if in any, as it was when it started them. A branch that is left behind keeps its key, wherever
 * the run has gone since.
 */
export class SplitLevel extends Level implements CurrentRun {
  readonly run: Run | undefined
  readonly state: string
  readonly visit: number
  readonly names: ReadonlyArray<string> | undefined
  /** What its key is made of: that of where it stands, and its own segment if it is not the split of the state. */
  readonly #from: Current | string | undefined
  /** How many splits around it its key is made of. */
  readonly #nested: number
  readonly #segment: string | undefined
  #numbering: Numbering | undefined
  /** What its branches have done, where that may be undone. */
  fan: Fan | undefined
  /** What a listener is told of the branches that run, where there is one. */
  readonly #branches: Map<number, BranchSpan> | undefined
  constructor(outer: Level | undefined, run: Run | undefined, { current, isState, name, names }: Place) {
    super(outer)
    this.run = run
    this.names = names
    this.#branches = run?.listener === undefined ? undefined : new Map()
    // outside of a run nobody asks for a key
    this.#from = run && current
    this.#nested = 0
    if (run === undefined) {
      this.state = ""
      this.visit = 0
      this.#segment = undefined
    } else {
      // of a run that has gone on since, it stands where the run is now
      const at = current instanceof Run ? run : current!
      this.state = at.state
      this.visit = at.visit
      this.#segment = isState ? undefined : current!.nextSplit(name)
      const around = current instanceof Branch ? current.level : current
      if (around instanceof SplitLevel) this.#nested = around.#nested + 1
      if (this.#nested > mostNested) {
        // splits that start the next ones for ever neither hold each other nor have keys without an end
        this.#from = `${run.keyAt(this.visit, this.state)}/#~${digest(current!.key)}`
        this.#nested = 0
      }
    }
    this.count()
  }
  /** The segment of a split that is started beside its branches, by a budget of hedges, say. */
  nextSplit(name: string | undefined): string {
    return `#beside/${(this.#numbering ??= new Numbering()).next(name, true)}`
  }
  /** How an observer is told of a branch: as that branch, in a place of its own. */
  get tell(): ((fiber: AnyFiber, services: Context.Context<never>, index: number) => void) | undefined {
    if (this.run === undefined) return undefined
    return (fiber, services, index) =>
      fiber.setContext(Context.add(services, CurrentRunRef, new Branch(this, index, true)))
  }
  /** Who is told of it and its branches, where a run is around that has one. */
  get listener(): Listener | undefined {
    return this.run?.listener
  }
  /**
   * A branch of it is taken, to be run with these services: those of the split, in which it is the current run. From here on
   * it is recorded exactly once, so its start and end are told where it is taken and where it is recorded.
   */
  enter(index: number, services: Context.Context<never>): Context.Context<never> {
    const branch = new Branch(this, index, false)
    const own = Context.add(services, CurrentRunRef, branch)
    return this.#branches === undefined ? own : this.#entered(branch, own, this.#branches)
  }
  #entered(branch: Branch, services: Context.Context<never>, open: Map<number, BranchSpan>): Context.Context<never> {
    const { listener, run } = this
    const span: BranchSpan = { _tag: "Branch", branch }
    open.set(branch.index, span)
    listening.tell(() => listener!.started(span, ++run!.root.happened))
    return listening.inside(listener!, span, services)
  }
  /** Whether somebody is told of its branches. */
  get isHeard(): boolean {
    return this.#branches !== undefined
  }
  /** A branch is recorded. */
  leave(index: number, exit: Exit.Exit<unknown, unknown>, ended: listening.Ended): void {
    const { listener, run } = this
    const span = this.#branches?.get(index)
    if (span === undefined) return
    this.#branches!.delete(index)
    listening.tell(() => listener!.ended(span, exit, ++run!.root.happened, ended))
  }
  /** Branches are added while it runs. */
  added(count: number): void {
    const { listener } = this
    if (listener?.added !== undefined) listening.tell(() => listener.added!(this, count))
  }
  /** Its join is decided. */
  decided(decided: Decided, counts: listening.Counts): void {
    const { listener } = this
    if (listener?.decided !== undefined) listening.tell(() => listener.decided!(this, decided, counts))
  }
  /** The split starts on a fiber, and a listener is told of it; what is to be called at its end. There is a listener. */
  begin(span: Omit<SplitSpan, "_tag" | "level">, fiber: AnyFiber): listening.End {
    return listening.enter(this.listener!, this.run!.root, { ...span, _tag: "Split", level: this }, fiber)
  }
  override end(): void {
    super.end()
    this.fan?.end()
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
    const from = this.#from
    if (this.run === undefined || from === undefined) return outside.key
    const key = from instanceof Run ? from.keyAt(this.visit, this.state) : typeof from === "string" ? from : from.key
    return this.#segment === undefined ? key : `${key}/${this.#segment}`
  }
  get path(): Path | undefined {
    return this.run?.path
  }
}

/** What is the current run of a fiber. */
export type Current = Run | SplitLevel | Branch | Undoing

export const currentOf = (fiber: AnyFiber): Current | undefined => {
  const current = fiber.getRef(CurrentRunRef)
  if (current === outside) return undefined
  return current instanceof Branch || current instanceof SplitLevel || current instanceof Run ||
      current instanceof Undoing
    ? current
    : undefined
}

/** The innermost run or split that a current run belongs to, ended or not. */
export const levelIn = (current: Current | undefined): Run | SplitLevel | undefined =>
  current instanceof Branch || current instanceof Undoing ? current.level : current

/** That of a fiber. */
export const levelOf = (fiber: AnyFiber): Run | SplitLevel | undefined => levelIn(currentOf(fiber))

/** The run of a level. */
export const runOf = (level: Run | SplitLevel | undefined): Run | undefined =>
  level instanceof SplitLevel ? level.run : level

/** The key under which a path travels in a cause. */
const PathAnnotation = Context.Service<Path>("effect-cano/Path")

const hasPath = (reason: Cause.Reason<unknown>): boolean => readPath(Cause.reasonAnnotations(reason)) !== undefined

/** Fails with a cause that tells the path of the run: each of its reasons, unless a nested run, which knows more, has told its own. */
export const traced = <E>(run: Run, cause: Cause.Cause<E>): Exit.Exit<never, E> => Exit.failCause(tracePath(run, cause))

const tracePath = <E>(run: Run, cause: Cause.Cause<E>): Cause.Cause<E> => {
  if (cause.reasons.every(hasPath)) return cause
  const annotation = Context.make(PathAnnotation, run.path)
  // what is annotated already stays as it is
  return Cause.fromReasons(cause.reasons.map((reason) => reason.annotate(annotation)))
}

/**
 * Runs what makes the body of a run: its tasks can ask for the run, and with it the run has ended. It is
 * `Effect.provideService` and `Effect.onExit` in one, which each run pays for once. Before it has ended something may be done
 * about its exit, which changes that of a failure only.
 */
export const within = <A, E, R>(
  run: Run,
  body: () => Effect.Effect<A, E, R>,
  lastly?: (exit: Exit.Exit<A, E>) => Effect.Effect<Exit.Exit<A, E>> | undefined
): Effect.Effect<A, E, R> => {
  let before: Context.Context<never> | undefined
  let self: AnyFiber | undefined
  let end: ReturnType<typeof listening.begin> | undefined
  const over = (exit: Exit.Exit<A, E>): undefined => {
    if (before !== undefined) {
      self!.setContext(before)
      end?.(exit)
    }
    run.end()
  }
  return Effect.onExitPrimitive(
    Effect.withFiber((fiber) => {
      const { host, listener } = run
      // a follow-on branch is known with its run
      const refused = run.root === run ? run.seams.known?.register(run, fiber) : undefined
      if (refused !== undefined) return Exit.fail(refused) as Exit.Exit<never, E>
      self = fiber
      before = fiber.context
      const context = Context.add(before, CurrentRunRef, run)
      // a host is that of one run
      fiber.setContext(host === undefined ? context : Context.add(context, SeamsRef, withoutHost(fiber)))
      if (listener !== undefined) {
        const span: Span = { _tag: "Run", run, around: before }
        end = listening.begin(listener, run.root, span, fiber)
        fiber.setContext(listening.inside(listener, span, fiber.context))
      }
      return body()
    }),
    (exit) => {
      const last = before === undefined ? undefined : lastly?.(exit)
      if (last !== undefined) return Effect.flatMap(last, (exit) => over(exit) ?? Exit.asVoid(exit))
      return over(exit)
    }
  )
}

const withoutHost = (fiber: AnyFiber): Seams => ({ ...fiber.getRef(SeamsRef), host: undefined })

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
