/**
 * Schedulers that count what fibers do, or make them yield where nobody expects it. One lives as long as the effect it runs.
 */
import { Effect, Fiber, Scheduler } from "effect"

/** Counts the tasks that fibers are resumed by: a measure of the work that does not depend on the machine. */
class CountingScheduler extends Scheduler.MixedScheduler {
  tasks = 0
  override makeDispatcher() {
    const dispatcher = super.makeDispatcher()
    const scheduleTask = dispatcher.scheduleTask.bind(dispatcher)
    dispatcher.scheduleTask = (task, priority) => {
      this.tasks++
      scheduleTask(task, priority)
    }
    return dispatcher
  }
}

/** The value of an effect, and how many tasks its fibers were resumed by. */
export const counted = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const scheduler = new CountingScheduler()
    return Effect.map(
      Effect.forkChild(Effect.provideService(effect, Scheduler.Scheduler, scheduler)).pipe(Effect.flatMap(Fiber.join)),
      (value) => ({ value, tasks: scheduler.tasks })
    )
  })

/** Makes fibers yield where it is told to: by their number, in the order in which they are seen, and by the operation. */
export class OddScheduler extends Scheduler.MixedScheduler {
  readonly numbers = new Map<number, number>()
  readonly yielded = new Set<number>()
  readonly yieldsAt: (number: number, op: number) => boolean
  constructor(yieldsAt: (number: number, op: number) => boolean) {
    super()
    this.yieldsAt = yieldsAt
  }
  override shouldYield(fiber: Fiber.Fiber<unknown, unknown>): boolean {
    const number = this.numbers.get(fiber.id) ?? this.numbers.size
    this.numbers.set(fiber.id, number)
    // once for each fiber: one that yields again and again never gets anywhere
    if (this.yielded.has(number) || !this.yieldsAt(number, fiber.currentOpCount)) return super.shouldYield(fiber)
    this.yielded.add(number)
    return true
  }
}

/** An effect with yields, by the number of the fiber and of its operation. */
export const withYieldsAt = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  yieldsAt: (number: number, op: number) => boolean
) => Effect.suspend(() => Effect.provideService(effect, Scheduler.Scheduler, new OddScheduler(yieldsAt)))
