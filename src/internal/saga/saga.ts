/**
 * What a run has done, and how it goes back. It is made when a run starts whose workflow has compensations, ends with it, and
 * counts what could not be undone.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { Uncompensated } from "../../CanoError.ts"
import { CompensationError, WorkflowError } from "../../CanoError.ts"
import type { Planned } from "../../Saga.ts"
import { withoutFrames } from "../failure/joins.ts"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { open } from "../fibers/open.ts"
import type { Level } from "../run/level.ts"
import type { Current, Run, SplitLevel } from "../run/run.ts"
import { runOf } from "../run/run.ts"
import { Undoing } from "../run/undoing.ts"
import { Fan } from "./fan.ts"
import { Ledger } from "./ledger.ts"
import type { Policy } from "./policy.ts"
import { goesBack } from "./policy.ts"
import { rollback } from "./rollback.ts"
import type { Child, Item, Outcome, Step } from "./step.ts"
import { backwards } from "./step.ts"

/** Who keeps what a run has done that stands in another one, and answers for what it could not undo. */
export interface Heir {
  readonly saga: Saga
  readonly ledger: Ledger
}

export class Saga {
  readonly policy: Policy
  readonly run: Run
  readonly ledger: Ledger
  ended = 0
  kept = 0
  /** What is left to undo of each rollback that goes on: that of the run, or of joins and branches that it does not keep. */
  readonly left = new Set<ReadonlySet<Step>>()
  /** Whether its states have ended, and badly: its time is up no more. */
  hasFailed = false
  /** The keys of what has been undone, where not all of it could be. */
  readonly #compensated: Array<string> = []
  readonly #failures: Array<Uncompensated> = []
  /** The services of the run, once its states have begun. */
  #context: Context.Context<never> | undefined
  /** What is being undone that nobody waits for but the run. */
  readonly #pending = new Set<AnyFiber>()
  /** Whether it has gone back, or what it has done stays. */
  #isOver = false
  /** The errors of joins that could not undo their branches. */
  readonly #raised = new WeakSet<CompensationError>()
  constructor(policy: Policy, run: Run) {
    this.policy = policy
    this.run = run
    this.ledger = new Ledger(this)
  }

  /** What was done and undone before, in a life of the run that has ended. */
  restore(before: {
    readonly items: ReadonlyArray<Item>
    readonly ended: number
    readonly compensated: ReadonlyArray<string>
    readonly failures: ReadonlyArray<Uncompensated>
  }): void {
    this.ended = before.ended
    this.ledger.restore(before.items)
    this.#compensated.push(...before.compensated)
    this.#failures.push(...before.failures)
  }

  /** Where what is done at some place is kept; nowhere if it is done to undo something. */
  ledgerOf(current: Current): Ledger | undefined {
    if (current instanceof Undoing) return undefined
    // the others are told apart by what only they have
    if ("level" in current) return current.level.fan?.ledger(current.index) ?? this.ledger
    if ("names" in current) return current.fan?.parent ?? this.ledger
    return current.ledger ?? this.ledger
  }

  /** For a split that starts. */
  fan(current: Current, keepsCompleted: boolean): Fan | undefined {
    const ledger = this.ledgerOf(current)
    return ledger && new Fan(this, ledger, keepsCompleted)
  }

  /** Why no further step may start, if so. */
  get refusal(): WorkflowError | undefined {
    const { policy: { most }, run: { path, state, workflow } } = this
    if (this.kept < most) return undefined
    const detail = `${most} steps are kept to be compensated, and may not be more (most of withCompensation)`
    return new WorkflowError({ rule: "max-compensations", detail, workflow, state, path })
  }

  /** Undoes some things, the last one first. It never fails; of losers that could be undone nothing is remembered. */
  undo(items: ReadonlyArray<Item>, why: Cause.Cause<unknown>, areLosers = false): Effect.Effect<Outcome> {
    if (!this.#rollsBack) return Effect.succeed({ compensated: [], failures: [] })
    return Effect.map(rollback(this, items, why), (outcome) => {
      if (areLosers && outcome.failures.length === 0) return outcome
      for (const key of outcome.compensated) this.#compensated.push(key)
      for (const failure of outcome.failures) this.#failures.push(failure)
      return outcome
    })
  }

  /** Does what nobody waits for but the run. */
  later(effect: Effect.Effect<unknown>): void {
    const fiber = Effect.runForkWith(this.#context!)(effect)
    this.#pending.add(fiber)
    fiber.addObserver(() => this.#pending.delete(fiber))
  }

  /** The states of a run, which goes back when they have ended badly; what it fails with then is not said here. */
  around(states: AnyEffect, why: (cause: Cause.Cause<unknown>) => Cause.Cause<unknown>): AnyEffect {
    return Effect.withFiber((fiber) => {
      const { context } = fiber
      this.#context = context
      const close = open(fiber, (exit) => {
        // past all finalizers: nobody waits for what is done now
        if (Exit.isFailure(exit)) Effect.runForkWith(context)(this.#goBack(exit.cause) ?? Exit.void)
      })
      return Effect.onExitPrimitive(states, (exit) => {
        close()
        if (Exit.isFailure(exit)) {
          const own = this.#goBack(why(exit.cause))
          return this.#pending.size === 0 ? own : Effect.andThen(own ?? Exit.void, this.#settled)
        }
        if (this.#pending.size === 0 && this.#failures.length === 0) return undefined
        return Effect.flatMap(this.#settled, () => this.#failures.length === 0 ? Exit.void : this.#failAfterAll())
      })
    })
  }

  /** A run that has ended well, but for a loser that could not be undone, has failed as with the join of that. */
  #failAfterAll(): Effect.Effect<void, CompensationError> {
    const error = this.raise(Cause.empty)
    return Effect.andThen(this.#goBack(Cause.fail(error)) ?? Exit.void, Exit.fail(error))
  }

  get #settled(): Effect.Effect<void> {
    return Effect.flatMap(
      Fiber.awaitAll([...this.#pending]),
      () => this.#pending.size === 0 ? Exit.void : this.#settled
    )
  }

  /**
   * The run has ended for good, with its Layers: what it has done stays, or is handed to what it stands in. It goes back now
   * only if it has ended well and failed since, while its Layers were released.
   */
  last(
    exit: Exit.Exit<unknown, unknown>,
    heir: Heir | undefined,
    child: Pick<Child, "part" | "build">
  ): Effect.Effect<Exit.Exit<unknown, unknown>> | undefined {
    heir?.ledger.children.delete(this)
    if (heir !== undefined && this.#failures.length > 0) heir.saga.#inherit(this, exit, heir.ledger)
    if (this.#isOver) return undefined
    this.#isOver = true
    const items = this.ledger.take()
    if (items.length === 0) return undefined
    const own: Child = { ...child, _tag: "Child", items, order: 0, saga: this }
    if (Exit.isFailure(exit)) {
      if (!this.#goesBack(exit.cause)) return undefined
      const undo = this.undo([own], exit.cause)
      const { host } = this.run
      return Effect.map(
        host === undefined ? undo : Effect.andThen(host.goesBack(this.run, exit.cause), undo),
        () => this.ending(exit)
      )
    }
    const due = heir?.ledger.add(own)
    return due && Effect.as(due, exit)
  }

  /** What a run inside of this one could not undo, this one has not undone: an interruption would take the error away. */
  #inherit(child: Saga, exit: Exit.Exit<unknown, unknown>, ledger: Ledger): void {
    ledger.isStuck = true
    for (const key of child.#compensated) this.#compensated.push(key)
    for (const failure of child.#failures) this.#failures.push(failure)
    if (Exit.isSuccess(exit)) return
    for (const reason of exit.cause.reasons) {
      if (Cause.isFailReason(reason) && reason.error instanceof CompensationError) this.#raised.add(reason.error)
    }
  }

  /** Whether it goes back for that. */
  #goesBack(cause: Cause.Cause<unknown>): boolean {
    return this.#rollsBack && goesBack(this.policy, cause)
  }

  /** Unless it, or a run that it stands in, was cancelled without. */
  get #rollsBack(): boolean {
    for (let at: Level | undefined = this.run; at !== undefined; at = at.outer) {
      const run = runOf(at as Run | SplitLevel)
      if (run !== undefined && !run.root.rollsBack) return false
    }
    return true
  }

  #goBack(cause: Cause.Cause<unknown>): Effect.Effect<void> | undefined {
    this.#isOver = this.hasFailed = true
    this.ledger.abandon(cause)
    const items = this.ledger.take()
    if (!this.#goesBack(cause)) return undefined
    this.ledger.close((item) => Effect.asVoid(this.undo([item], cause)))
    if (items.length === 0) return undefined
    const { host } = this.run
    const undo = Effect.asVoid(this.undo(items, cause))
    return host === undefined ? undo : Effect.andThen(host.goesBack(this.run, cause), undo)
  }

  /** The end of a run: where something could not be undone, that is its error, with what it went back for. */
  ending(exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> {
    if (this.#failures.length === 0 || Exit.isSuccess(exit)) return exit
    // the error of a join that could not undo its branches says what that was for
    const original = exit.cause.reasons.flatMap((reason) =>
      Cause.isFailReason(reason) && reason.error instanceof CompensationError && this.#raised.has(reason.error)
        ? reason.error.original.reasons
        : [reason]
    )
    const beside = original.filter((reason) => !Cause.isFailReason(reason))
    return Exit.failCause(
      Cause.fromReasons([...beside, ...Cause.fail(this.#error(Cause.fromReasons(original))).reasons])
    )
  }

  /** The error of a join that could not undo its branches. */
  raise(original: Cause.Cause<unknown>): CompensationError {
    const error = this.#error(original)
    this.#raised.add(error)
    return error
  }

  #error(original: Cause.Cause<unknown>): CompensationError {
    const { run: { path, workflow } } = this
    const compensated = [...this.#compensated]
    const failures = [...this.#failures]
    return withoutFrames(() => new CompensationError({ workflow, original, compensated, failures, path }))
  }

  /** What would be undone, the first thing first; while it goes back, what is still to be undone. */
  plan(): ReadonlyArray<Planned> {
    const { ledger, left } = this
    const going = [...left].flatMap((steps) => [...steps])
    return [...going, ...ledger.open, ...backwards(ledger.kept)].map((step) => planned(step))
  }
}

const planned = ({ branch, done, key, state, visit }: Step): Planned => ({
  key,
  state,
  visit,
  branch: branch?.name,
  done: done?._tag ?? "Running"
})
