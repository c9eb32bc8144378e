/**
 * Makes events of what the engine tells, and gives them to listeners. A teller is made with the Layer of its listeners and
 * told by all runs inside of it; what it has to remember of a run, the starts that have not ended, goes with that run.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Listener as Told, OfSplit, RunEvent } from "../../RunEvent.ts"
import { attempt } from "../check/describe.ts"
import { tagOf } from "../machine/machine.ts"
import { segment } from "../run/keys.ts"
import type { Counts, Ended, Listener, Note, Span, SplitSpan, WaitSpan } from "../run/listener.ts"
import type { Run, SplitLevel } from "../run/run.ts"
import { CurrentRunRef } from "../run/run.ts"
import type { Decided } from "../split/decision.ts"
import { past } from "../split/past.ts"
import { verdictOf } from "./verdict.ts"

/** A start: its number, and when it was. */
interface Mark {
  readonly of: number
  readonly since: number
}

type RunSpan = Extract<Span, { readonly _tag: "Run" }>

/** What is known of a run. */
interface Book {
  /** The clock that the run started with. */
  readonly read: () => number
  readonly workflow: string
  readonly runId: string
  seq: number
  /** The instant of the last event. */
  at: number
  /** Whether an event is being told, and those that happen meanwhile. */
  isTelling: boolean
  later: Array<RunEvent> | undefined
}

/** What is known of a split. */
interface Page {
  readonly key: string
  readonly of: OfSplit
  readonly config: SplitSpan["config"]
  readonly atOnce: number
  /** Whether a branch was told of in an earlier life of the run. */
  readonly isPast: (index: number) => boolean
  /** How many branches are queued, and started; they are so in order. */
  queued: number
  started: number
  /** Of branches that have not ended, by index. */
  readonly marks: Map<number, Mark>
}

type Distributive<T> = T extends unknown ? Omit<T, "workflow" | "runId" | "seq" | "at"> : never

/** An event without what every event says. */
type Said = Distributive<RunEvent>

const never: Exit.Exit<never> = Exit.failCause(Cause.interrupt())

const how = (exit: Exit.Exit<unknown, unknown>): "succeeded" | "failed" | "interrupted" =>
  Exit.isSuccess(exit) ? "succeeded" : Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "failed"

const ofWait = ({ current, signal, signalKey, until, waits }: WaitSpan) => {
  const { key, state, visit } = current
  return { key, state, visit, waits, signal, signalKey, until }
}

const ofCompensation = ({ step }: Extract<Span, { readonly _tag: "Compensation" }>) => {
  const { branch, done, key, state, visit } = step
  // a step that is undone has ended
  return { key: `${key}#compensate`, state, visit, branch: branch?.name, done: done!._tag }
}

export class Teller implements Listener {
  readonly #listeners: ReadonlyArray<Told>
  readonly #books = new WeakMap<Run, Book>()
  readonly #marks = new WeakMap<object, Mark>()
  readonly #pages = new WeakMap<SplitLevel, Page>()
  constructor(listeners: ReadonlyArray<Told>) {
    this.#listeners = listeners
  }

  started(span: Span): void {
    switch (span._tag) {
      case "Run":
        return this.#runStarted(span)
      case "State": {
        const { run, visit } = span
        this.#begin(run, span, { _tag: "StateEntered", key: run.key, state: run.state, visit })
        return
      }
      case "Split":
        return this.#splitStarted(span)
      case "Branch": {
        const { index, level } = span.branch
        const page = this.#pages.get(level)
        if (page === undefined) return
        // of a list that is read, a branch is known when it starts
        if (index >= page.queued) this.#queue(level, page, 1)
        page.started = index + 1
        const { of, since } = page.marks.get(index)!
        page.marks.set(
          index,
          this.#tell(level.run!, { ...this.#ofBranch(level, page, index), _tag: "BranchStarted", of, since })
        )
        return
      }
      case "Attempt": {
        const { attempt, current, kind, run, series } = span
        const book = this.#bookOf(run)
        // the first one is what they have in common
        const first = this.#marks.get(series)?.of ?? book.seq + 1
        const { key, state, visit } = current
        const mark = this.#begin(run, span, { _tag: "AttemptStarted", key, state, visit, kind, attempt, first })
        if (attempt === 0) this.#marks.set(series, mark)
        return
      }
      case "Wait":
        this.#begin(span.run, span, { ...ofWait(span), _tag: "WaitStarted" })
        return
      case "Rollback": {
        const { run, steps, why } = span
        this.#begin(run, span, { _tag: "RollbackStarted", key: run.keyOfRun, steps, cause: why })
        return
      }
      case "Compensation":
        this.#begin(span.run, span, { ...ofCompensation(span), _tag: "CompensationStarted" })
    }
  }

  ended(span: Span, exit: Exit.Exit<unknown, unknown>, _number: number, ended?: Ended): void {
    switch (span._tag) {
      case "Run": {
        const { run } = span
        if (run.root !== run) return
        const { path } = run
        return this.#end(run, span, exit, (end) => ({ ...end, _tag: "RunEnded", key: run.keyOfRun, path }))
      }
      case "State": {
        const { run, visit } = span
        const { key, state } = run
        const next = Exit.isSuccess(exit) ? tagOf(exit.value) : undefined
        return this.#end(run, span, exit, (end) => ({ ...end, _tag: "StateLeft", key, state, visit, next }))
      }
      case "Split":
        return this.#splitEnded(span, exit)
      case "Branch": {
        const { index, level } = span.branch
        const page = this.#pages.get(level)
        if (page !== undefined) this.#branchEnded(level, page, index, exit, ended)
        return
      }
      case "Attempt": {
        const { attempt, current, kind, run, series } = span
        const { key, state, visit } = current
        const first = this.#marks.get(series)?.of ?? 0
        return this.#end(
          run,
          span,
          exit,
          (end) => ({ ...end, _tag: "AttemptEnded", key, state, visit, kind, attempt, first })
        )
      }
      case "Wait":
        return this.#end(span.run, span, exit, (end) => ({ ...end, ...ofWait(span), _tag: "WaitEnded" }))
      case "Rollback": {
        const { outcome: { compensated, failures }, run, steps } = span
        const key = run.keyOfRun
        const counts = { compensated: compensated.length, failures: failures.length }
        return this.#end(run, span, exit, (end) => ({ ...end, ...counts, _tag: "RollbackEnded", key, steps }))
      }
      case "Compensation":
        return this.#end(
          span.run,
          span,
          exit,
          (end) => ({ ...end, ...ofCompensation(span), _tag: "CompensationEnded" })
        )
    }
  }

  added(level: SplitLevel, count: number): void {
    const page = this.#pages.get(level)
    if (page !== undefined) this.#queue(level, page, count)
  }

  decided(level: SplitLevel, decided: Decided, counts: Counts): void {
    const page = this.#pages.get(level)
    if (page === undefined) return
    this.#tell(level.run!, {
      ...page.of,
      _tag: "JoinDecided",
      key: page.key,
      strategy: page.config.strategy,
      verdict: verdictOf(decided),
      timedOut: decided.timedOut,
      reason: decided.reason,
      counts
    })
  }

  noted(note: Note): void {
    const { run } = note
    // of a run whose start is not told yet, nothing is
    if (!this.#books.has(run)) return
    const key = run.keyOfRun
    switch (note._tag) {
      case "Paused":
        this.#tell(run, { _tag: "RunPaused", key, note: note.note })
        return
      case "Resumed":
        this.#tell(run, { _tag: "RunResumed", key })
        return
      case "Signal": {
        const { answer, id, signal, signalKey } = note
        this.#tell(run, { _tag: "SignalReceived", key, signal, signalKey, id, answer })
      }
    }
  }

  // ---------------------------------------------------------------------------
  // runs
  // ---------------------------------------------------------------------------

  #runStarted(span: RunSpan): void {
    const { around, run } = span
    // a follow-on branch is told of as a branch; a run may be told of again, for those who come when its Layers are built
    if (run.root !== run || this.#books.has(run)) return
    // outside of a run there is none
    const parent = Context.get(around, CurrentRunRef).key || undefined
    this.#begin(run, span, { _tag: "RunStarted", key: run.keyOfRun, parent })
  }

  /** Made when there is something to tell: on a fiber of the run, whose clock is the one that it started with. */
  #bookOf(run: Run): Book {
    const { root } = run
    const known = this.#books.get(root)
    if (known !== undefined) return known
    const clock = Fiber.getCurrent()!.getRef(Clock.Clock)
    const book: Book = {
      read: () => clock.currentTimeMillisUnsafe(),
      workflow: root.workflow,
      runId: root.runId,
      seq: 0,
      at: 0,
      isTelling: false,
      later: undefined
    }
    this.#books.set(root, book)
    return book
  }

  // ---------------------------------------------------------------------------
  // splits
  // ---------------------------------------------------------------------------

  #splitStarted(span: SplitSpan): void {
    const { atOnce, config, known, level } = span
    const key = level.key
    const of = { state: level.state, visit: level.visit, split: key }
    const page: Page = { key, of, config, atOnce, isPast: past(config), queued: 0, started: 0, marks: new Map() }
    this.#pages.set(level, page)
    this.#begin(level.run!, span, { ...of, _tag: "SplitStarted", key, strategy: config.strategy, known })
    this.#queue(level, page, known)
  }

  #splitEnded(span: SplitSpan, exit: Exit.Exit<unknown, unknown>): void {
    const { level } = span
    const page = this.#pages.get(level)
    if (page === undefined) return
    // those that were to start again may be anywhere
    const from = page.config.recall === undefined ? page.started : 0
    page.started = page.queued
    for (let index = from; index < page.queued; index++) this.#branchEnded(level, page, index, never, "NotStarted")
    this.#end(level.run!, span, exit, (end) => ({ ...end, ...page.of, _tag: "SplitEnded", key: page.key }))
  }

  #queue(level: SplitLevel, page: Page, count: number): void {
    for (let i = 0; i < count; i++) {
      const index = page.queued++
      if (page.isPast(index)) continue
      page.marks.set(
        index,
        this.#tell(level.run!, { ...this.#ofBranch(level, page, index), _tag: "BranchQueued" })
      )
    }
  }

  #branchEnded(level: SplitLevel, page: Page, index: number, exit: Exit.Exit<unknown, unknown>, ended: Ended): void {
    const mark = page.marks.get(index)
    if (mark === undefined) return
    page.marks.delete(index)
    const said = { ...this.#ofBranch(level, page, index), ...mark, how: how(exit), exit }
    this.#tell(
      level.run!,
      ended === "Succeeded" || ended === "Failed"
        ? { ...said, _tag: "BranchSettled", outcome: ended }
        : { ...said, _tag: "BranchLost", outcome: ended === undefined || ended === "Detached" ? "Broken" : ended }
    )
  }

  #ofBranch(level: SplitLevel, page: Page, index: number) {
    const name = level.names?.[index] ?? String(index)
    return { ...page.of, key: `${page.key}/${segment(name)}`, index, name, hedge: index >= page.atOnce }
  }

  // ---------------------------------------------------------------------------
  // telling
  // ---------------------------------------------------------------------------

  #begin(run: Run, span: object, said: Said): Mark {
    const mark = this.#tell(run, said)
    this.#marks.set(span, mark)
    return mark
  }

  #end(
    run: Run,
    span: object,
    exit: Exit.Exit<unknown, unknown>,
    make: (end: Mark & { readonly how: ReturnType<typeof how>; readonly exit: Exit.Exit<unknown, unknown> }) => Said
  ): void {
    const mark = this.#marks.get(span)
    if (mark === undefined) return
    this.#marks.delete(span)
    this.#tell(run, make({ ...mark, how: how(exit), exit }))
  }

  #tell(run: Run, said: Said): Mark {
    const book = this.#bookOf(run)
    const { read, runId, workflow } = book
    // of a clock that throws the last instant is what is known
    const at = attempt(read) ?? book.at
    const seq = ++book.seq
    book.at = at
    // what is said, and what every event says, are an event; to freeze it would take a tenth of what it costs
    const event = { ...said, workflow, runId, seq, at } as RunEvent
    if (book.isTelling) (book.later ??= []).push(event)
    else this.#pass(book, event)
    return { of: seq, since: at }
  }

  /**
   * Each listener is told of one event after the other: what a listener does, interrupting a fiber for example, may be told of
   * before it has returned, and would come to the next one before what it follows from.
   */
  #pass(book: Book, first: RunEvent): void {
    book.isTelling = true
    for (let event: RunEvent | undefined = first; event !== undefined; event = book.later?.shift()) {
      // guarded, so that nothing is thrown
      for (const listener of this.#listeners) listener(event)
    }
    book.isTelling = false
  }
}
