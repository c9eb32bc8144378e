/**
 * One run that is known: it can be sent signals, looked at, paused and cancelled. It is made when a run starts where there is
 * `Runs`, or by `Runs.fork`, is found by its id until the run has ended, and then kept by nobody but who has a handle.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { ConfigurationError } from "../../CanoError.ts"
import * as issue from "../check/issue.ts"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { isSync, later } from "../fibers/dispatcher.ts"
import { passedOn } from "../fibers/noEffect.ts"
import type { Ended, Note, Span } from "../run/listener.ts"
import * as listening from "../run/listener.ts"
import type { Registered, Request } from "../run/registry.ts"
import type { Current, Run, SplitLevel } from "../run/run.ts"
import * as waits from "../run/waits.ts"
import type { SignalImpl } from "../signal/signal.ts"
import { Known, Visits } from "./known.ts"
import type { Letter, Origin, Received } from "./mailbox.ts"
import { Mailbox } from "./mailbox.ts"
import * as waiting from "./wait.ts"

type AnyExit = Exit.Exit<unknown, unknown>

export interface Paused {
  readonly since: number
  readonly note: string | undefined
}

export class Record implements Registered {
  readonly mailbox = new Mailbox()
  readonly known: Known
  readonly clock: Clock.Clock
  readonly #visits = new Visits()
  /** The runs that are found by their ids, of which it is one while it goes on. */
  readonly #runs: Map<string, Record>
  #run: Run | undefined
  #runId: string
  readonly #workflow: string
  /** The fiber of its own that the run has. */
  #fiber: AnyFiber | undefined
  /** What it was told of when the run began. */
  #begun: Span | undefined
  #exit: AnyExit | undefined
  readonly #atEnd = new Set<() => void>()
  readonly #atStart = new Set<() => void>()
  #paused: Paused | undefined
  readonly #held = new Set<() => void>()
  #isCancelled = false
  /** Whether it is driven no further here. */
  isBroken = false
  constructor(runs: Map<string, Record>, clock: Clock.Clock, runId: string, workflow: string) {
    this.#runs = runs
    this.clock = clock
    this.known = new Known(clock)
    this.#runId = runId
    this.#workflow = workflow
  }

  get run(): Run | undefined {
    return this.#run
  }
  get runId(): string {
    return this.#runId
  }
  get workflow(): string {
    return this.#run?.workflow ?? this.#workflow
  }
  get exit(): AnyExit | undefined {
    return this.#exit
  }
  get paused(): Paused | undefined {
    return this.#paused
  }

  // ---------------------------------------------------------------------------
  // the run
  // ---------------------------------------------------------------------------

  register(run: Run): ConfigurationError | undefined {
    const runId = this.#runId = run.runId
    if (this.#runs.has(runId)) {
      const sentence =
        `runId is "${runId}", and a run of that id goes on; give each run an id of its own, or leave it out`
      return new ConfigurationError({ workflow: run.workflow, issues: [issue.make(undefined, "run-id", sentence)] })
    }
    this.#run = run
    this.#runs.set(runId, this)
    for (const tell of this.#atStart) tell()
    this.#atStart.clear()
    return undefined
  }

  apart(body: AnyEffect): AnyEffect {
    return Effect.callback((resume) => {
      const caller = Fiber.getCurrent()!
      const own = Effect.withFiber((fiber) => {
        // before its first step: that may be to cancel the run
        this.#fiber = fiber
        return body
      })
      // under `Effect.runSync` nobody would resume another fiber
      if (isSync(caller)) return resume(own)
      // a fiber's context holds the services of what it runs, which its type does not say
      const context = caller.context as Context.Context<unknown>
      const fiber = Effect.runForkWith(context)(own, { uninterruptible: !isInterruptible(caller) })
      // at a value that is no Effect the fiber has ended as a whole, and that of the caller goes on
      fiber.addObserver((exit) => resume(Exit.isSuccess(exit) ? exit : Exit.failCause(passedOn(exit.cause))))
      return Effect.suspend(() => {
        fiber.interruptUnsafe(caller.id)
        // what it fails with as it ends is the caller's
        return Effect.flatMap(Fiber.await(fiber), failures)
      })
    })
  }

  /** The run has ended, or there was none. */
  finish(exit: AnyExit): void {
    if (this.#exit !== undefined) return
    this.#exit = exit
    if (this.#runs.get(this.#runId) === this) this.#runs.delete(this.#runId)
    this.mailbox.close()
    // who has a handle of it keeps no more of it than that
    this.known.close()
    this.#fiber = undefined
    for (const tell of this.#atStart) tell()
    this.#atStart.clear()
    for (const tell of this.#atEnd) tell()
    this.#atEnd.clear()
  }

  /** Until the run has begun, or will not. */
  get begun(): Effect.Effect<void> {
    return this.#when<void>(
      this.#atStart,
      () => this.#run !== undefined || this.#exit !== undefined ? Exit.void : undefined
    )
  }

  /** How the run has ended. */
  get awaited(): Effect.Effect<AnyExit> {
    return this.#when<AnyExit>(this.#atEnd, () => this.#exit && Exit.succeed(this.#exit))
  }

  #when<A>(set: Set<() => void>, look: () => Exit.Exit<A> | undefined): Effect.Effect<A> {
    return Effect.callback((resume) => {
      const there = look()
      if (there !== undefined) return resume(there)
      const fiber = Fiber.getCurrent()!
      // it may have changed again by then
      const tell = () => later(fiber, () => resume(look() ?? this.#when(set, look)))
      set.add(tell)
      return Effect.sync(() => {
        set.delete(tell)
      })
    })
  }

  // ---------------------------------------------------------------------------
  // what it is told
  // ---------------------------------------------------------------------------

  started(span: Span): void {
    if (span._tag === "Run") {
      if (span.run === this.#run) this.#begun ??= span
      return
    }
    if (span._tag === "State") this.#visits.entered(span.run, this.mailbox.received)
    if (span._tag === "Split") this.#visits.split(span.level)
    this.known.started(span)
  }

  ended(span: Span, exit: AnyExit, _number: number, ended?: Ended): void {
    if (span === this.#begun) this.finish(exit)
    else this.known.ended(span, ended)
  }

  added(level: SplitLevel, count: number): void {
    this.known.added(level, count)
  }

  /** Tells those who listen to the run of what somebody has done to it. */
  note(note: Note): void {
    const { run } = note
    listening.tell(() => run.listener?.noted?.(note, ++run.happened))
  }

  // ---------------------------------------------------------------------------
  // signals
  // ---------------------------------------------------------------------------

  wait(request: Request, current: Current, fiber: AnyFiber): AnyEffect {
    const { key, since, signal, timeout } = request
    const counts = since === "run" ? any : this.sinceVisit(current)
    const until = request.until ?? (timeout === undefined
      ? undefined
      : fiber.getRef(Clock.Clock).currentTimeMillisUnsafe() + timeout)
    return waits.told(
      { waits: "signal", signal: signal.name, signalKey: key, until },
      waiting.wait(this.mailbox, request, counts, current)
    )
  }

  /** Which signals have come since the visit began that somebody stands in. */
  protected sinceVisit(current: Current): (letter: Letter) => boolean {
    const after = this.#visits.of(current)
    return ({ seq }) => seq > after
  }

  /** Nothing where there is no room; there is a run that has not ended. */
  receive(
    signal: SignalImpl,
    value: unknown,
    options: { readonly id?: string | undefined; readonly key?: string | undefined },
    since = this.known.now,
    origin?: Origin
  ): Received | undefined {
    const received = this.mailbox.receive(signal, value, options, since, origin)
    if (received !== undefined && this.#run !== undefined) {
      this.note({
        _tag: "Signal",
        run: this.#run,
        signal: signal.name,
        signalKey: options.key,
        id: options.id,
        answer: received.answer
      })
    }
    return received
  }

  // ---------------------------------------------------------------------------
  // steering
  // ---------------------------------------------------------------------------

  get isPaused(): boolean {
    return this.#paused !== undefined
  }

  get resumed(): Effect.Effect<void> {
    return this.#when<void>(this.#held, () => this.isPaused ? undefined : Exit.void)
  }

  /** Whether somebody waits until it is resumed. */
  get isHeld(): boolean {
    return this.#held.size > 0
  }

  pause(note: string | undefined): boolean {
    const run = this.#run
    if (run === undefined || this.#exit !== undefined || this.isPaused) return false
    this.#paused = { since: this.known.now, note }
    this.note({ _tag: "Paused", run, note })
    return true
  }

  resume(): boolean {
    const run = this.#run
    if (run === undefined || this.#exit !== undefined || !this.isPaused) return false
    this.#paused = undefined
    this.note({ _tag: "Resumed", run })
    // whoever listens may have paused it again
    if (!this.isPaused) {
      for (const tell of this.#held) tell()
      this.#held.clear()
    }
    return true
  }

  /** Ends what runs of it here, of which nothing is undone: it goes on elsewhere, or later. */
  breakOff(): void {
    this.isBroken = true
    if (this.#run !== undefined) this.#run.rollsBack = false
    this.#fiber?.interruptUnsafe()
  }

  get isCancelled(): boolean {
    return this.#isCancelled
  }

  cancel(compensate: boolean, by: number): void {
    if (this.#isCancelled || this.#exit !== undefined) return
    this.#isCancelled = true
    if (this.#run !== undefined && !compensate) this.#run.rollsBack = false
    this.#fiber?.interruptUnsafe(by)
  }
}

const any = (): boolean => true

/** What a run has failed with besides its interruption, which is that of who waits for it. */
const failures = (exit: AnyExit): Exit.Exit<void> => {
  const reasons = Exit.isSuccess(exit) ? [] : exit.cause.reasons.filter((reason) => !Cause.isInterruptReason(reason))
  // who has an Effect that cannot fail with it is interrupted, and looks at no error
  return reasons.length === 0 ? Exit.void : Exit.failCause(Cause.fromReasons(reasons) as Cause.Cause<never>)
}

/** Whether a fiber can be interrupted where it is. The field is not in the type of a fiber. */
const isInterruptible = (fiber: AnyFiber): boolean =>
  (fiber as { readonly interruptible?: boolean }).interruptible !== false
