/**
 * Where fibers that wait are resumed: by the dispatcher of the fiber that entered the split or hedge. `Effect.runSync` drains
 * that of its own fiber and no other, so under it the outermost one serves all that are inside.
 */
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import type { SchedulerDispatcher } from "effect/Scheduler"
import * as Scheduler from "effect/Scheduler"

export const DispatcherRef = Context.Reference<SchedulerDispatcher | undefined>("effect-cano/Dispatcher", {
  defaultValue: () => undefined
})

/** Whether a fiber runs, or might run, under `Effect.runSync`. */
export const isSync = (fiber: Fiber.Fiber<unknown, unknown>): boolean => fiber.cache.scheduler.executionMode === "sync"

/** Runs something in a task of its own, not on the stack of whoever makes it possible. */
export const later = (fiber: Fiber.Fiber<unknown, unknown>, task: () => void): void =>
  dispatcherOf(fiber).scheduleTask(task, 0)

export const dispatcherOf = (fiber: Fiber.Fiber<unknown, unknown>): SchedulerDispatcher =>
  (isSync(fiber) ? fiber.getRef(DispatcherRef) : undefined) ?? fiber.currentDispatcher

/** The services of what a fiber starts, so that it may wait for it: under `Effect.runSync` nobody would resume one that has yielded. */
export const inScheduler = <R>(
  context: Context.Context<R>,
  caller: Fiber.Fiber<unknown, unknown>
): Context.Context<R> => {
  if (!isSync(caller)) return context
  const still = Context.add(context, Scheduler.PreventSchedulerYield, true)
  return Context.add(still, DispatcherRef, dispatcherOf(caller))
}
