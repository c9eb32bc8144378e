/**
 * The host of a durable run: it writes each transition to the journal before the run goes on, and answers from the journal
 * what was settled before. It lives as long as this process drives the run.
 */
import type * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type { Issue, Uncompensated } from "../../CanoError.ts"
import type { HeadChange, NewRow } from "../../journal.ts"
import { clip } from "../check/describe.ts"
import type { AnyEffect } from "../fibers/any.ts"
import { later } from "../fibers/dispatcher.ts"
import { tagOf } from "../machine/machine.ts"
import * as doubt from "../run/doubt.ts"
import type { Host, HostedSplit, Resumed } from "../run/host.ts"
import type { Run } from "../run/run.ts"
import { SplitLevel } from "../run/run.ts"
import type { Address } from "../runs/known.ts"
import type { Fan } from "../saga/fan.ts"
import type { Ledger } from "../saga/ledger.ts"
import type { Step } from "../saga/step.ts"
import type { BranchList } from "../split/branches.ts"
import { namesOf } from "../split/branches.ts"
import { workflowError } from "../split/frame.ts"
import { nameIn } from "../split/record.ts"
import { replace } from "../split/settling.ts"
import type { Codecs } from "./codecs.ts"
import * as definitions from "./definition.ts"
import { PayloadTooLargeError, tooMany } from "./error.ts"
import type { ExitCodec } from "./errors.ts"
import type { Past, Settled, Started } from "./past.ts"
import type { Pen } from "./pen.ts"
import * as place from "./place.ts"
import { remember } from "./remember.ts"
import type { Rest } from "./rest.ts"
import { Restored, unkept } from "./restore.ts"
import * as size from "./size.ts"
import * as text from "./text.ts"

/** When a visit has begun, and with which row, if it has one. */
export interface Visited {
  readonly at: number
  readonly n: number | undefined
}

/** What the host of one run is made of. */
export interface Given {
  readonly pen: Pen
  readonly codecs: Codecs
  /** Whether the run only waits. */
  readonly rest: Rest
  readonly past: Past
  readonly visit: number
  readonly state: unknown
  readonly version: number
  readonly createdAt: number
  readonly clock: Clock.Clock
  /** Ends what steps have started that are not run again: before anything is undone that was done before it. */
  readonly orphans: Effect.Effect<void>
  /** The states of the run are about to begin, or to be undone. */
  readonly begins: () => void
  /** The row with which the visit began that goes on. */
  readonly entered: number
  /** The run, or a follow-on branch, has entered a state. */
  readonly enters: (run: Run, visit: Visited) => void
  /** The letters that were taken by what is in a place, which are taken for good with its row. */
  readonly taken: (place: string) => void
  /** Whether the run waits for an operator before it goes back for something. */
  readonly holds: (why: Cause.Cause<unknown>) => boolean
  /** Whether it may do so where it fails. */
  readonly holdsFailures: boolean
  readonly stuck: (of: "failure", x: unknown) => NewRow
  /** The run is not driven any further: what the journal says can't be followed. */
  readonly refuse: (rule: "state" | "compensation" | "encoding" | "branch", detail: string) => void
  /** The same: the definition turns out to be one that can't be durable. */
  readonly misconfigured: (issues: ReadonlyArray<Issue>) => void
  /** The services around the run. */
  readonly services: Context.Context<never>
}

type Split = Parameters<Host["split"]>[1]

/** A split that is open. */
interface Open {
  readonly own: string
  readonly list: BranchList
  readonly isFollowOn: boolean
  /** The branches that have ended. */
  readonly known: Set<number>
}

export class DurableHost implements Host {
  readonly #given: Given
  /** When the run and its follow-on branches have entered the states that they are in, and with which rows. */
  readonly #entered = new WeakMap<Run, Visited>()
  /** Those that are in a split whose branches start with it. */
  readonly #atOnce = new WeakSet<Run>()
  /** The splits that they are in. */
  readonly #splits = new WeakMap<Run, Open>()
  /** How branches have ended that an operator has skipped, by their places. */
  #instead: Map<string, Exit.Exit<unknown>> | undefined
  #restored: Restored | undefined
  #hasBegun = false
  /** What could not be undone. */
  readonly #stuck = new Set<string>()
  hasGoneBack = false
  readonly #atBegin: Array<() => void> = []
  constructor(given: Given) {
    this.#given = given
  }

  // ---------------------------------------------------------------------------
  // transitions
  // ---------------------------------------------------------------------------

  visit(run: Run, _state: unknown, _isSplit: boolean, work: AnyEffect): AnyEffect {
    const entered = this.#entered.get(run) ?? this.#begun(run)
    this.#entered.set(run, entered)
    this.#given.enters(run, entered)
    return Effect.flatMap(work, (next) => this.#enter(run, next))
  }

  /** The first visit of it here. */
  #begun(run: Run): Visited {
    const { clock, entered, past } = this.#given
    if (run.root === run) return { at: past.at, n: entered }
    const { outer } = run
    const around = outer instanceof SplitLevel ? outer.run : undefined
    return past.entered.get(place.stem(run)) ??
      // it has begun with its split, unless that lets it wait
      (around !== undefined && this.#atOnce.has(around) ? this.#entered.get(around) : undefined) ??
      { at: clock.currentTimeMillisUnsafe(), n: undefined }
  }

  /** The next state of a run is written before it is entered. */
  #enter(run: Run, next: unknown): AnyEffect {
    const { codecs, pen, taken, version } = this.#given
    const tag = tagOf(next)
    const known = tag === undefined ? undefined : codecs.stateOf(tag)
    // what is no state is an error of the engine, which says so
    if (known === undefined || Effect.isEffect(next)) return Exit.succeed(next)
    const data = encoded(codecs.state.encode(next))
    if (Result.isFailure(data)) {
      const detail = `the next state "${tag}" does not fit its Schema: ${data.failure}`
      return Exit.fail(workflowError(run, "invalid-state", detail))
    }
    const large = size.over(data.success, pen.most)
    if (large !== undefined) {
      return Exit.fail(workflowError(run, "max-payload", `the next state "${tag}" ${tooMany(large, pen.most)}`))
    }
    const isRoot = run.root === run
    taken(place.of(run))
    const visit = run.visit + 1
    const row: NewRow = {
      kind: "enter",
      key: place.visit(place.stem(run), visit, tag!),
      data: data.success,
      kept: false
    }
    if (!isRoot) {
      // the end of a follow-on branch is written as that of a branch
      return known.kind === "exit" ? Exit.succeed(next) : this.#enters(run, next, row)
    }
    const head = { entered: { visit, state: tag!, version } }
    if (known.kind === "exit" && !codecs.definition.hasResources) {
      pen.later([row], head)
      return Exit.succeed(next)
    }
    return this.#enters(run, next, row, head)
  }

  /** However long it takes to write it. */
  #enters(run: Run, next: unknown, row: NewRow, head?: HeadChange): AnyEffect {
    const { clock, pen } = this.#given
    let n: number | undefined
    return Effect.flatMap(pen.put([row], head, (place) => n = place), () => {
      this.#entered.set(run, { at: clock.currentTimeMillisUnsafe(), n })
      return Exit.succeed(next)
    })
  }

  next(_run: Run, answer: AnyEffect): AnyEffect {
    return Effect.andThen(this.#given.pen.flush, answer)
  }

  resume(run: Run): Resumed | undefined {
    const { codecs, past, state, visit } = this.#given
    if (run.root === run) return { state, visit }
    const entered = past.entered.get(place.stem(run))
    if (entered === undefined) return undefined
    const read = codecs.state.decode(entered.state)
    if (Result.isSuccess(read)) return { state: read.success, visit: entered.visit }
    this.#given.refuse("encoding", `the state of branch ${place.stem(run)} does not fit its Schema: ${read.failure}`)
    return undefined
  }

  deadline(_run: Run, timeout: Duration.Duration): number {
    const instant = this.#given.createdAt + Duration.toMillis(timeout)
    this.#given.rest.endsAt = instant
    return instant
  }

  since(run: Run, isBranch: boolean): number | undefined {
    // behind a bulkhead a branch starts later than its split
    return isBranch && !this.#atOnce.has(run) ? undefined : this.#entered.get(run)?.at
  }

  // ---------------------------------------------------------------------------
  // splits
  // ---------------------------------------------------------------------------

  split(run: Run, { config, isFollowOn, list, run: start }: Split): ReturnType<HostedSplit["run"]> {
    const { past, pen } = this.#given
    const own = place.of(run)
    const wrong = isFollowOn ? [] : this.#issuesOf(run, list)
    if (wrong.length > 0) {
      this.#given.misconfigured(wrong)
      return Effect.never
    }
    const isHedged = config.hedge !== undefined
    const codecOf = (index: number) => this.#endOf(run, isFollowOn, index, list)
    const remembered = remember(past, own, list, codecOf, isHedged)
    if (Result.isFailure(remembered)) return this.#refuse(remembered.failure.rule, remembered.failure.detail)
    const { decided, outcomes } = remembered.success
    const known = new Set(outcomes.map(({ index }) => index))
    const isAtOnce = config.bulkhead === undefined && config.pool === undefined && config.hedge === undefined
    if (isAtOnce) this.#atOnce.add(run)
    else this.#atOnce.delete(run)
    this.#given.rest.split(run, isAtOnce, known)
    this.#splits.set(run, { own, list, isFollowOn, known })
    const { timeout } = config
    return start(this.#recording(run, own, list, isFollowOn, known), {
      ...config,
      ...(timeout === undefined || !Duration.isFinite(timeout)
        ? {}
        : { deadline: this.#entered.get(run)!.at + Duration.toMillis(timeout) }),
      recall: {
        outcomes,
        decided,
        onDecided: (recorded) => {
          const data = text.stringify(recorded)
          const cancelled = recorded.counted.filter((index) => !known.has(index))
          pen.later([
            // those that somebody has cancelled count, and have written nothing
            ...cancelled.map((index) => ({
              kind: "settle" as const,
              key: place.branch(own, nameIn(list, index)),
              data: `{"i":${index},"x":{"c":[{"i":null}]}}`,
              kept: run.saga !== undefined
            })),
            { kind: "join", key: own, data: Result.getOrThrow(data), kept: false }
          ])
        },
        entered: this.#entered.get(run)?.at,
        keepsWinners: this.#given.holdsFailures && run.root === run && !this.#hasOtherwise(run),
        onFan: (fan) => this.#refill(own, fan, list)
      }
    })
  }

  /** Whether it goes on where a join fails. */
  #hasOtherwise({ state }: Run): boolean {
    const known = this.#given.codecs.stateOf(state)
    return known?.kind === "split" &&
      (known.registered.options as { readonly otherwise?: unknown }).otherwise !== undefined
  }

  #refuse(rule: "encoding" | "branch", detail: string): Effect.Effect<never> {
    this.#given.refuse(rule, detail)
    return Effect.never
  }

  /** What shows of a list that a function has answered. */
  #issuesOf(run: Run, list: BranchList): ReadonlyArray<Issue> {
    const state = this.#given.codecs.stateOf(run.state)
    if (state?.kind !== "split") return []
    return list._tag === "Growing"
      ? definitions.ofGrowing(state)
      : definitions.ofBranches(state, list._tag === "Known" ? namesOf(list) : ["0"])
  }

  #endOf(run: Run, isFollowOn: boolean, index: number, list: BranchList): ExitCodec {
    const { codecs } = this.#given
    return isFollowOn ? codecs.end : codecs.branchEnd(run.state, nameIn(list, index))
  }

  /** The branches of a list, of which each is written when it has ended. */
  #recording(run: Run, own: string, list: BranchList, isFollowOn: boolean, known: Set<number>): BranchList {
    const record = (branch: AnyEffect, index: number): AnyEffect =>
      known.has(index) ? branch : this.#recorded(run, own, list, isFollowOn, index, branch, known)
    if (list._tag === "Known") return { ...list, items: list.items.map(record) }
    // a list that grows is refused by the rules
    if (list._tag === "Growing") return list
    const { items } = list
    return { ...list, items: { [Symbol.iterator]: () => mapped(items[Symbol.iterator](), record) } }
  }

  #recorded(
    run: Run,
    own: string,
    list: BranchList,
    isFollowOn: boolean,
    index: number,
    branch: AnyEffect,
    known: Set<number>
  ): AnyEffect {
    const { pen, rest, taken } = this.#given
    rest.branch(run, index, branch)
    const name = nameIn(list, index)
    const key = place.branch(own, name)
    const codec = this.#endOf(run, isFollowOn, index, list)
    const kept = run.saga !== undefined
    return Effect.flatMap(Effect.exit(branch), (exit) => {
      // what was cut off has not settled
      if (Exit.isFailure(exit) && pen.over !== undefined) return exit
      const instead = this.#instead?.get(key)
      if (instead !== undefined) return instead
      const fits = fitting(codec, exit, `branch "${name}" of state "${run.state}"`)
      const written = size.within(codec, fits, pen.most, this.#tooLarge(run, run.state, name), (x) => ({ i: index, x }))
      const { data } = written
      taken(key)
      known.add(index)
      return Effect.flatMap(pen.put([{ kind: "settle", key, data, kept }]), () => written.exit)
    })
  }

  /** A branch that has not ended ends with a value that an operator gives; or why it can't. */
  skip({ index, name, page }: Address, json: unknown, take: () => void): Result.Result<void, string> {
    const { pen } = this.#given
    const { join, level } = page
    const { run } = level
    const open = run && this.#splits.get(run)
    const key = open && place.branch(open.own, name)
    if (run === undefined || open === undefined || level.key !== `${run.keyOfRun}${open.own}`) {
      return Result.fail(`branch "${clip(name)}" is within a step, of which nothing is written`)
    }
    if (open.known.has(index) || !join.decision.isOpen) return Result.fail(`branch "${clip(name)}" has ended`)
    const codec = this.#endOf(run, open.isFollowOn, index, open.list)
    const read = codec.decode({ s: json })
    const written = Result.flatMap(read, (exit) => Result.map(codec.encode(exit), (json) => ({ exit, json })))
    if (Result.isFailure(written)) {
      return Result.fail(`value does not fit the Schema of branch "${clip(name)}": ${written.failure}`)
    }
    const exit = written.success.exit as Exit.Success<unknown>
    const data = Result.getOrThrow(text.stringify({ i: index, x: written.success.json }))
    open.known.add(index)
    this.#instead ??= new Map()
    this.#instead.set(key!, exit)
    take()
    pen.later([{ kind: "settle", key: key!, data, kept: run.saga !== undefined }])
    // one that can't be cut off is taken anew
    if (!replace(join, index, exit.value)) pen.end({ _tag: "Ordered" })
    pen.hand()
    return Result.void
  }

  // ---------------------------------------------------------------------------
  // what can be undone
  // ---------------------------------------------------------------------------

  restore(run: Run): Exit.Exit<never, unknown> | undefined {
    const exit = this.#restore(run)
    this.#given.begins()
    this.#hasBegun = true
    for (const tell of this.#atBegin.splice(0)) tell()
    return exit
  }

  /** Whether something could not be undone. */
  get isStuck(): boolean {
    return this.#stuck.size > 0
  }

  get isBack(): boolean {
    return this.#given.past.why !== undefined
  }

  readonly begun: Effect.Effect<void> = Effect.callback((resume) => {
    const { started, why } = this.#given.past
    if (this.#hasBegun || (started.size === 0 && why === undefined)) return resume(Exit.void)
    const fiber = Fiber.getCurrent()!
    this.#atBegin.push(() => later(fiber, () => resume(Exit.void)))
  })

  #restore(run: Run): Exit.Exit<never, unknown> | undefined {
    const { codecs, past } = this.#given
    const { saga } = run
    const fiber = Fiber.getCurrent()!
    const made = definitions.ofServices(fiber.context, this.#given.services)
    if (made.length > 0) {
      this.#given.misconfigured(made)
      return Exit.interrupt()
    }
    if (saga === undefined) {
      const fault = unkept(past, codecs)
      if (fault === undefined) return this.#why()
      this.#given.refuse(fault.rule, fault.detail)
      return Exit.die(fault)
    }
    const restored = this.#restored = new Restored(past, this.#given.visit, codecs, run.keyOfRun, fiber)
    const fault = restored.read()
    if (fault !== undefined) {
      this.#given.refuse(fault.rule, fault.detail)
      return Exit.die(fault)
    }
    if (past.forward.has("")) saga.ledger.pivot()
    const { failures } = restored
    for (const { key } of failures) this.#stuck.add(key)
    saga.restore({
      items: restored.items(""),
      ended: restored.ended,
      compensated: restored.compensated,
      failures
    })
    return this.#why()
  }

  /** What a run is to fail with at once that was going back. */
  #why(): Exit.Exit<never, unknown> | undefined {
    const { codecs, past } = this.#given
    if (past.why === undefined) return undefined
    const why = codecs.causes.decode(past.why.cause)
    if (Result.isSuccess(why)) return Exit.failCause(why.success)
    this.#given.refuse("encoding", `why the run goes back does not fit the Schema of errors: ${why.failure}`)
    return Exit.die(why.failure)
  }

  /** What was done in the branches of a split that is entered again. */
  #refill(split: string, fan: Fan, list: BranchList): void {
    const restored = this.#restored
    if (restored === undefined) return
    const group = restored.group(split)
    if (group !== undefined) fan.parent.withdraw(group)
    const branches = restored.branches(split)
    const failed = restored.failures
    const { forward } = this.#given.past
    if (branches.length === 0 && failed.length === 0 && forward.size === 0) return
    const indices = new Map<string, number>()
    const total = list._tag === "Known" ? list.items.length : 0
    for (let index = 0; index < total; index++) indices.set(place.branch("", nameIn(list, index)).slice(1), index)
    const indexOf = (segment: string): number => indices.get(segment) ?? Number(segment)
    for (const stem of forward) {
      if (stem !== "" && place.parent(stem) === split) fan.ledger(indexOf(stem.slice(split.length + 1))).pivot()
    }
    for (const { items, segment } of branches) fan.ledger(indexOf(segment)).restore(items)
    for (const { key } of failed) {
      const at = key.indexOf(`${split}/`)
      if (at >= 0) fan.ledger(indexOf(key.slice(at + split.length + 1).split("/")[0]!)).isStuck = true
    }
  }

  step(run: Run, ledger: Ledger, step: Step, work: AnyEffect): AnyEffect {
    const { codecs, past, pen, rest } = this.#given
    if (step.branch !== undefined) rest.hasStarted(run, step.branch.index)
    const key = step.key.slice(run.keyOfRun.length)
    const before = past.started.get(key)
    const settled = past.settled.get(key)
    ledger.forget(step.key)
    // it has ended before, and what comes after it was not written
    if (settled !== undefined && step.branch === undefined) return this.#recalled(step, settled, before)
    const state = codecs.stateOf(step.state)!
    const data = encoded(codecs.state.encode(step.value), (state) => ({
      state,
      name: step.state,
      visit: step.visit,
      branch: step.branch
    }))
    if (Result.isFailure(data)) {
      const detail = `state "${step.state}" does not fit its Schema: ${data.failure}`
      return Exit.fail(workflowError(run, "invalid-state", detail))
    }
    const started = pen.put([{ kind: "start", key, data: data.success, kept: true }])
    const done = before !== undefined && settled === undefined
      ? Effect.catchCause(work, (cause) => Exit.failCause(doubt.unsure(cause)))
      : work
    if (step.branch !== undefined) return Effect.andThen(started, done)
    return Effect.andThen(
      started,
      Effect.flatMap(Effect.exit(done), (exit) => {
        const codec = codecs.stepEnd(state, undefined)
        const fits = fitting(codec, exit, `the step of state "${step.state}"`)
        const tooLarge = this.#tooLarge(run, step.state, undefined)
        const written = size.within(codec, fits, pen.most, tooLarge, (x) => ({ x }))
        pen.later([{ kind: "settle", key, data: written.data, kept: true }])
        return written.exit
      })
    )
  }

  #tooLarge({ runId }: Run, state: string, branch: string | undefined): size.TooLarge {
    const limit = this.#given.pen.most
    return (size, detail) => new PayloadTooLargeError({ runId, state, branch, size, limit, detail })
  }

  #recalled(step: Step, { exit }: Settled, started: Started | undefined): AnyEffect {
    const { codecs, refuse } = this.#given
    const read = codecs.stepEnd(codecs.stateOf(step.state)!, undefined).decode(exit)
    if (Result.isSuccess(read)) {
      const { success: ended } = read
      return Exit.isSuccess(ended) || started === undefined || started.times === 1
        ? ended
        : Exit.failCause(doubt.unsure(ended.cause))
    }
    refuse("encoding", `how the step of state "${step.state}" has ended does not fit its Schema: ${read.failure}`)
    return Effect.never
  }

  pivoted(run: Run): void {
    this.#given.pen.later([{ kind: "settle", key: place.of(run), data: "{\"pivot\":true}", kept: true }])
  }

  goesBack(run: Run, given: Cause.Cause<unknown>): Effect.Effect<void> {
    const { codecs, holds, orphans, past, pen, stuck } = this.#given
    this.hasGoneBack = true
    if (past.why !== undefined) return orphans
    const why = size.clipped(given, pen.most, this.#tooLarge(run, run.state, undefined), codecs.end)
    if (holds(why)) {
      return Effect.andThen(
        pen.put([stuck("failure", { c: Result.getOrThrow(codecs.causes.encode(why)) })], { status: "stuck" }),
        Effect.suspend(() => {
          pen.end({ _tag: "Stuck", of: "failure", cause: given })
          return Exit.interrupt()
        })
      )
    }
    return Effect.andThen(pen.put([goingBack(codecs, why)], { status: "compensating" }), orphans)
  }

  undo(
    run: Run,
    step: Step,
    work: Effect.Effect<Uncompensated | undefined>
  ): Effect.Effect<Uncompensated | undefined> {
    const { codecs, pen } = this.#given
    const key = step.key.slice(run.keyOfRun.length)
    return Effect.andThen(
      pen.flush,
      Effect.tap(work, (failure) => {
        if (failure === undefined) this.#stuck.delete(step.key)
        else this.#stuck.add(step.key)
        const tooLarge = this.#tooLarge(run, step.state, step.branch?.name)
        const small = (cause: Cause.Cause<unknown>) => size.clipped(cause, pen.most, tooLarge, codecs.end)
        const json = failure === undefined
          ? {}
          : { how: failure.how, x: Result.getOrThrow(codecs.causes.encode(small(failure.cause))) }
        const data = Result.getOrThrow(text.stringify(json))
        return pen.put([{ kind: "compensate", key, data, kept: true }])
      })
    )
  }
}

/** The row that says why a run goes back. */
export const goingBack = (codecs: Codecs, why: Cause.Cause<unknown>): NewRow => ({
  kind: "compensate",
  key: "",
  data: Result.getOrThrow(text.stringify({ x: Result.getOrThrow(codecs.causes.encode(why)) })),
  kept: true
})

/** As a `for` loop, it closes what it leaves early. */
function* mapped(items: Iterator<AnyEffect>, f: (item: AnyEffect, index: number) => AnyEffect): Generator<AnyEffect> {
  let index = 0
  for (const item of { [Symbol.iterator]: () => items }) yield f(item, index++)
}

const encoded = (
  read: text.Read<unknown>,
  f: (json: unknown) => unknown = (json) => json
): Result.Result<string, string> => Result.flatMap(read, (json) => text.stringify(f(json)))

/** How something has ended, as it can be written: what does not fit its Schema has died of that. */
const fitting = (codec: ExitCodec, exit: Exit.Exit<unknown, unknown>, what: string): size.Ended => {
  const own = codec.encode(exit)
  if (Result.isSuccess(own)) return { exit, json: own.success }
  const died = Exit.die(new TypeError(`what ${what} has ended with does not fit its Schema: ${own.failure}`))
  // a defect can always be written
  return { exit: died, json: Result.getOrThrow(codec.encode(died)) }
}
