/**
 * The fibers of a split without a bulkhead: one for each branch that waits, made by `Effect.runForkWith` and watched by an
 * observer, as `Effect.forEach` does inside. Branches that complete at once share one (`streak.ts`). It starts them in
 * rounds, in order, and calls who waits when the last fiber has ended; nobody runs in between.
 *
 * A branch is told at its value, by a frame around it, as long as somebody may decide meanwhile: a fiber whose branch has
 * left children behind ends after them. Where every branch is waited for, nobody may, and its fiber's end is told: the frame
 * is a fifth of what a branch costs that waits for one promise.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { constVoid } from "effect/Function"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { isSync } from "../fibers/dispatcher.ts"
import { isNoEffect } from "../fibers/noEffect.ts"
import { Crew } from "./crew.ts"
import * as deadlines from "./deadlines.ts"
import type { Unbounded } from "./join.ts"
import * as outbox from "./outbox.ts"
import { yieldEvery } from "./pace.ts"
import { exactly } from "./record.ts"
import { breakOff, fail, noticeBreak, report, succeed } from "./settling.ts"
import { Streak } from "./streak.ts"
import { take } from "./taking.ts"

/** Branches that complete at once before others share their fiber: for a single one that would cost more than it saves. */
const few = 1

const none: Array<AnyFiber | undefined> = []

export class Collector extends Crew {
  /** The fibers of branches that wait, by index. */
  #waiting: Array<AnyFiber | undefined> = none
  #join: Unbounded | undefined
  #onEnd: () => void = constVoid
  /** Whether branches are being started on the stack of who waits for them. */
  #isBeginning = true
  /** Whether whatever starts is to be interrupted at once. */
  #isInterrupted = false
  /** How many have completed at once since the last one that did not. */
  #atOnce = 0
  /** How many may still start in this round. */
  #left = 0

  /** Starts what there is to start, on this stack what fits into one round, and calls back when all has ended. */
  begin(join: Unbounded, onEnd: () => void): void {
    this.#join = join
    this.#onEnd = onEnd
    deadlines.start(join)
    this.#round()
    if (join.cursor.hasMore) this.start(this.#rounds(), (exit) => noticeBreak(join, exit))
    this.#isBeginning = false
    if (this.fibers === 0) onEnd()
  }

  /** Whether another branch may start in this round. */
  get mayStart(): boolean {
    const { cursor, outbox: to } = this.#join!
    return this.#left > 0 && cursor.hasMore && (to === undefined || !outbox.isFull(to))
  }

  /** A branch starts. */
  noteStart(): void {
    this.#left--
  }

  /** Starts branches until the round is over, each before the one after it. */
  #round(): void {
    // under `Effect.runSync` nobody would resume a fiber that has yielded
    this.#left = isSync(this.#join!.home) ? Number.POSITIVE_INFINITY : yieldEvery
    const { cursor } = this.#join!
    while (this.mayStart) {
      // the last one has nobody to share its fiber with
      if (this.#atOnce < few || cursor.known - cursor.started === 1) this.#startOne()
      else this.#startMany()
    }
  }

  /** The rounds after the first one, on a fiber of their own, so that what they start has the async context of the split. */
  #rounds(): Effect.Effect<void> {
    const { cursor, outbox: to } = this.#join!
    return Effect.whileLoop({
      while: () => cursor.hasMore,
      body: () => to !== undefined && outbox.isFull(to) ? outbox.waitForRoom(to) : Effect.yieldNow,
      step: () => this.#round()
    })
  }

  #startOne(): void {
    const join = this.#join!
    const { level } = join
    const index = join.cursor.next
    const branch = take(join)
    if (branch === undefined) return
    this.#left--
    const services = this.context!
    if (level === undefined) return this.#run(index, branch, services)
    this.#run(index, branch, level.enter(index, services))
  }

  #run(index: number, branch: AnyEffect, services: Context.Context<never>): void {
    if (this.#join!.endsTogether) this.#runBare(index, branch, services)
    else this.#runFramed(index, branch, services)
  }

  #runBare(index: number, branch: AnyEffect, services: Context.Context<never>): void {
    const fiber = Effect.runForkWith(services as Context.Context<unknown>)(branch)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) {
      this.#atOnce++
      return this.settle(index, exit, true)
    }
    this.#watch(index, fiber)
    fiber.addObserver((exit) => {
      this.settle(index, exit, true)
      this.left()
    })
  }

  #runFramed(index: number, branch: AnyEffect, services: Context.Context<never>): void {
    let isTold = false
    const framed = Effect.onExitPrimitive(branch, (exit) => {
      isTold = true
      this.settle(index, exit, false)
      return undefined
    })
    const fiber = Effect.runForkWith(services as Context.Context<unknown>)(framed)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) {
      this.#atOnce++
      if (!isTold) this.settle(index, exit, true)
      return
    }
    this.#watch(isTold ? -1 : index, fiber)
    fiber.addObserver((exit) => {
      if (!isTold) this.settle(index, exit, true)
      this.left()
    })
  }

  #startMany(): void {
    const join = this.#join!
    // a fiber's context holds the services of what it runs, which its type does not say
    const services = this.context as Context.Context<unknown>
    const streak = new Streak(join, this)
    const loop = Effect.whileLoop(streak)
    const fiber = Effect.runForkWith(services)(
      join.endsTogether ? loop : Effect.onExitPrimitive(loop, (exit) => {
        streak.broken(exit, false)
        return undefined
      })
    )
    streak.goesOn = false
    const exit = fiber.pollUnsafe()
    // after a branch that has failed, as after one that waits, the next one is not expected to complete at once
    if (exit === undefined || Exit.isFailure(exit)) this.#atOnce = 0
    if (exit !== undefined) return streak.broken(exit, true)
    this.#watch(streak.index, fiber)
    fiber.addObserver((exit) => {
      streak.broken(exit, true)
      this.left()
    })
  }

  /** A fiber has been started that waits: for its branch, or for the children of one that has ended. */
  #watch(index: number, fiber: AnyFiber): void {
    this.#atOnce = 0
    this.fibers++
    if (index >= 0) {
      if (this.#waiting === none) this.#waiting = exactly(this.#join!.cursor.items.length)
      this.#waiting[index] = fiber
    }
    if (this.#isInterrupted) fiber.interruptUnsafe(this.caller)
  }

  /** A branch is told, whose fiber may have to wait for its children. */
  settled(index: number): void {
    if (index < this.#waiting.length) this.#waiting[index] = undefined
  }

  /** A branch has ended, or the fiber as a whole that it had. */
  settle(index: number, exit: Exit.Exit<unknown, unknown>, isWhole: boolean): void {
    const join = this.#join!
    this.settled(index)
    if (exit._tag === "Success") return succeed(join, index, exit.value)
    const { cause } = exit
    if (isWhole && isNoEffect(cause)) {
      join.level?.leave(index, exit, undefined)
      breakOff(join, cause)
    } else if (!fail(join, index, cause)) {
      const told = report(join, index, cause)
      if (told !== undefined) this.start(told, constVoid)
    }
  }

  poke(): void {}

  protected emptied(): void {
    if (!this.#isBeginning) this.#onEnd()
  }

  cancel(index: number): boolean {
    const fiber = this.#waiting[index]
    fiber?.interruptUnsafe(this.caller)
    return fiber !== undefined
  }

  get busy(): ReadonlyArray<number> {
    return this.#waiting.flatMap((fiber, index) => fiber === undefined ? [] : [index])
  }

  protected interruptBranches(): void {
    const waiting = this.#waiting
    this.#isInterrupted = true
    for (let i = 0; i < waiting.length; i++) waiting[i]?.interruptUnsafe(this.caller)
  }
}
