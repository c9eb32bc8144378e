/**
 * What a run has done, and how it goes back. It is made when a run starts whose workflow has compensations, ends with it, and
 * counts what has been undone and what could not be.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { CompensationError } from "../../CanoError.ts"
import type { Uncompensated } from "../../CanoError.ts"
import type { Planned } from "../../Saga.ts"
import { withoutFrames } from "../failure/joins.ts"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { open } from "../fibers/open.ts"
import type { Branch } from "../run/branch.ts"
import type { Current, Run, SplitLevel } from "../run/run.ts"
import { Fan } from "./fan.ts"
import { Ledger } from "./ledger.ts"
import type { Policy } from "./policy.ts"
import { goesBack } from "./policy.ts"
import { rollback } from "./rollback.ts"
import type { Child, Item, Step } from "./step.ts"
import { stepsOf } from "./step.ts"

export class Saga {
  readonly policy: Policy
  readonly run: Run
  readonly ledger: Ledger
  ended = 0
  kept = 0
  /** How many rollbacks go on: that of the run, or of joins and branches that it does not keep. */
  rollbacks = 0
  /** The keys of what has been undone, and what could not be. */
  readonly compensated: Array<string> = []
  readonly failures: Array<Uncompensated> = []
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

  /** Where what is done at some place is kept. */
  ledgerOf(current: Current): Ledger {
    // one class for each of the three, which are told apart by what only they have
    if ("level" in current) return fanOf(current)?.ledger(current.index) ?? this.ledger
    if ("names" in current) return current.fan?.parent ?? this.ledger
    return current.ledger ?? this.ledger
  }

  /** For a split that starts. */
  fan(current: Current, keepsCompleted: boolean): Fan {
    return new Fan(this, this.ledgerOf(current), keepsCompleted)
  }

  /** Undoes some things, the last one first. It never fails: what could not be done is counted. */
  undo(items: ReadonlyArray<Item>, why: Cause.Cause<unknown>): Effect.Effect<void> {
    return rollback(this, items, why)
  }

  /** The same for branches that a join does not keep; it fails, and with it the run, if something could not be undone. */
  undoLosers(items: ReadonlyArray<Item>, why: Cause.Cause<unknown>): Effect.Effect<void, CompensationError> {
    return Effect.suspend(() => {
      const before = this.failures.length
      return Effect.flatMap(
        this.undo(items, why),
        () => this.failures.length === before ? Exit.void : Exit.fail(this.#raise(why))
      )
    })
  }

  /** Undoes what nobody waits for but the run. */
  later(all: ReadonlyArray<Effect.Effect<void>>): void {
    for (const one of all) {
      const fiber = Effect.runForkWith(this.#context!)(one)
      this.#pending.add(fiber)
      fiber.addObserver(() => this.#pending.delete(fiber))
    }
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
        const own = Exit.isSuccess(exit) ? undefined : this.#goBack(why(exit.cause))
        return this.#pending.size === 0 ? own : Effect.andThen(own ?? Effect.void, this.#settled)
      })
    })
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
    provide: Child["provide"],
    heir: Ledger | undefined
  ): Effect.Effect<Exit.Exit<unknown, unknown>> | undefined {
    if (this.#isOver) return undefined
    this.#isOver = true
    const items = this.ledger.take()
    if (items.length === 0) return undefined
    const child: Child = { _tag: "Child", items, order: 0, saga: this, provide }
    if (Exit.isFailure(exit)) {
      if (!this.#goesBack(exit.cause)) return undefined
      return Effect.map(this.undo([child], exit.cause), () => this.ending(exit))
    }
    const due = heir?.add(child)
    return due && Effect.as(due, exit)
  }

  /** Whether it goes back for that: somebody who has cancelled it may not want it. */
  #goesBack(cause: Cause.Cause<unknown>): boolean {
    return this.run.rollsBack && goesBack(this.policy, cause)
  }

  #goBack(cause: Cause.Cause<unknown>): Effect.Effect<void> | undefined {
    this.#isOver = true
    this.ledger.abandon(cause)
    const items = this.ledger.take()
    if (!this.#goesBack(cause)) return undefined
    this.ledger.close((item) => this.undo([item], cause))
    return items.length > 0 ? this.undo(items, cause) : undefined
  }

  /** The end of a run: where something could not be undone, that is its error, with what it went back for. */
  ending(exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> {
    if (this.failures.length === 0 || Exit.isSuccess(exit)) return exit
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

  #raise(original: Cause.Cause<unknown>): CompensationError {
    const error = this.#error(original)
    this.#raised.add(error)
    return error
  }

  #error(original: Cause.Cause<unknown>): CompensationError {
    const { compensated, failures, run } = this
    return withoutFrames(() =>
      new CompensationError({
        workflow: run.workflow,
        original,
        compensated: [...compensated],
        failures: [...failures],
        path: run.path
      })
    )
  }

  /** What would be undone, the first thing first. */
  plan(): ReadonlyArray<Planned> {
    const { ledger } = this
    const ended = [...stepsOf(ledger.kept)].sort((a, b) => b.order - a.order)
    return [...ledger.open, ...ended].map((step) => planned(step))
  }
}

const planned = ({ branch, done, key, state, visit }: Step): Planned => ({
  key,
  state,
  visit,
  branch: branch?.name,
  done: done?._tag ?? "Running"
})

const fanOf = ({ level }: Branch): Fan | undefined => (level as SplitLevel).fan
