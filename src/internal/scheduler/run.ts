/**
 * A tick or a trigger on its way to a run, and the run that is made of it. It lives until that has ended, or been refused.
 */
import type * as Deferred from "effect/Deferred"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Scheduler from "../../Scheduler.ts"
import type { FlowValue } from "./flow.ts"

export class Run {
  readonly fire: Scheduler.Fire
  /** When the scheduler came to it. */
  readonly seen: number
  /** When it was to start. */
  readonly planned: number
  /** The definition that somebody asked for, whose exit is of its type. */
  readonly asked: FlowValue | undefined
  /** Where somebody waits for its exit. */
  readonly answer: Deferred.Deferred<Exit.Exit<unknown, unknown>, Scheduler.FlowError> | undefined
  /** When it had nobody left to wait for, and when it started: between them somebody was asked for it. */
  begun = 0
  started = 0
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  /** When it becomes overlong, if it goes on, and since when it is. */
  overlongAt: number | undefined
  overlong: number | undefined
  isClaimed = true
  /** Why it is not started, though its claim has said yes. */
  refused: Scheduler.SkipReason | undefined
  /** How many runs of its flow had failed when it began. */
  failures = 0
  isCut = false
  /** Whether the scheduler leaves it alone: it is driven by somebody else. */
  isLeft = false
  /** Whether it is one of another scheduler, and only stands for it. */
  isGhost = false
  /** Whether it is driven by somebody else, and outlives whoever waits for it. */
  isLasting = false
  /** Whether there is a durable run of its id for sure. */
  isStarted = false
  isEnded = false
  readonly #watchers = new Set<() => void>()
  constructor(fire: Scheduler.Fire, planned: number, seen: number, asked?: FlowValue, answer?: Run["answer"]) {
    this.fire = fire
    this.planned = planned
    this.seen = seen
    this.asked = asked
    this.answer = answer
  }

  get isTrigger(): boolean {
    return this.fire.by === "trigger"
  }

  /** Interrupts it, for the scheduler. */
  cut(): void {
    this.isCut = true
    this.fiber?.interruptUnsafe()
  }

  /** Nobody here waits for it any more. */
  leave(): void {
    this.isLeft = true
    this.cut()
  }

  /** All that follows from its end has been done. */
  end(): void {
    this.isEnded = true
    for (const watcher of this.#watchers) watcher()
  }

  /** Calls back when it has ended. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  get running(): Scheduler.Running {
    return { ...this.fire, started: this.started, overlong: this.overlong }
  }
}
