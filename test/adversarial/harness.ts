/**
 * What the adversarial tests have in common: branches that leave a trail, a census of what is running, and helpers to look
 * at how a split ended.
 */
import { assert } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Logger, Option, Scheduler } from "effect"
import type { SplitResult } from "effect-cano"
import { TestClock } from "effect/testing"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** Counts the bodies that run, so that a test can prove that nobody was left running. */
export class Census {
  started = 0
  running = 0
  most = 0
  /** Wraps an effect so that it is counted from its start until its own finalizers have run. */
  count<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        this.started++
        this.running++
        this.most = Math.max(this.most, this.running)
      }),
      () => effect,
      () =>
        Effect.sync(() => {
          this.running--
        })
    )
  }
}

/** An effect that waits for ever and needs some time to be interrupted. */
export const slowToEnd = (
  trail: Array<string>,
  name: string,
  millis: number,
  first: Effect.Effect<unknown> = Effect.void
): Effect.Effect<never> =>
  Effect.onInterrupt(
    Effect.andThen(first, Effect.never),
    () => Effect.andThen(Effect.sleep(millis), Effect.sync(() => trail.push(`end ${name}`)))
  )

/**
 * Starts an effect in a fiber of its own, on the current tick. The clock is moved first, if only by nothing: the very first
 * sleep of a test clock must not be one in a finalizer, since it forks a warning that can be interrupted.
 */
export const start = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.andThen(TestClock.adjust(0), Effect.forkChild(effect, { startImmediately: true }))

/** Runs an effect in a fiber of its own up to a time of the test clock, and expects it to have ended by then. */
export const endsWithin = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>, millis: number) {
  const fiber = yield* start(effect)
  yield* TestClock.adjust(millis)
  const exit = fiber.pollUnsafe()
  if (exit === undefined) {
    yield* Effect.sync(() => fiber.interruptUnsafe())
    return assert.fail("it has not ended")
  }
  return exit
})

export const succeeded = <A, E>(exit: Exit.Exit<A, E>): A => {
  if (Exit.isFailure(exit)) throw new Error(`it has not succeeded: ${Cause.pretty(exit.cause)}`)
  return exit.value
}

/** The error of an exit that has failed. */
export const failed = (exit: Exit.Exit<unknown, unknown>): any => {
  assert.isTrue(Exit.isFailure(exit), "it has failed")
  return Option.getOrThrow(Cause.findErrorOption((exit as Exit.Failure<unknown, unknown>).cause))
}

/** The defects of an exit that has died. */
export const defects = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<unknown> =>
  Exit.isFailure(exit)
    ? exit.cause.reasons.flatMap((reason) => reason._tag === "Die" ? [reason.defect] : [])
    : []

export const wasInterrupted = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) && exit.cause.reasons.length > 0 && Cause.hasInterruptsOnly(exit.cause)

/** The tags of the outcomes of a list, in branch order. */
export const tags = (result: { readonly outcomes: ReadonlyArray<{ readonly _tag: string }> }): ReadonlyArray<string> =>
  result.outcomes.map((outcome) => outcome._tag)

export const tally = (succeeded: number, failed = 0, interrupted = 0, notStarted = 0) => ({
  total: succeeded + failed + interrupted + notStarted,
  succeeded,
  failed,
  interrupted,
  notStarted
})

/** The counts of a result add up and agree with its outcomes. */
export const assertConsistent = (result: SplitResult.SplitResult<unknown, unknown>): void => {
  const counts = { Succeeded: 0, Failed: 0, Interrupted: 0, NotStarted: 0 }
  for (const outcome of result.outcomes) counts[outcome._tag]++
  assert.deepStrictEqual(
    { ...result.tally },
    tally(counts.Succeeded, counts.Failed, counts.Interrupted, counts.NotStarted)
  )
  assert.strictEqual(result.settled.length, counts.Succeeded + counts.Failed)
  assert.strictEqual(result.cancelled.length, counts.Interrupted + counts.NotStarted)
}

/** Collects the defects that are logged. */
export const defectLog = () => {
  const logged: Array<unknown> = []
  const layer = Logger.layer([Logger.make(({ cause }) => {
    logged.push(...cause.reasons.flatMap((reason) => reason._tag === "Die" ? [reason.defect] : []))
  })])
  return { logged, layer }
}

/** An effect that hands out the fiber it runs on, and waits for ever. */
export const captured = (fibers: Array<Fiber.Fiber<unknown, unknown>>): Effect.Effect<never> =>
  Effect.withFiber((fiber) => {
    fibers.push(fiber)
    return Effect.never
  })

/** A branch at whose value, which is no Effect, Effect ends the fiber as a whole. */
export const notAnEffect = Effect.flatMap(Effect.void, () => 42 as never as Effect.Effect<void>)

/** The id of the fiber that is made next: how many there have been shows between two of them. */
export const fiberId = Effect.flatMap(Effect.forkChild(Effect.withFiber(({ id }) => Effect.succeed(id))), Fiber.join)

/** With and without a bulkhead: the two shapes of the engine. */
export const bulkheads: ReadonlyArray<number | undefined> = [undefined, 1, 2, 64]

/** Branches that wait at once need as many slots. */
export const wideBulkheads: ReadonlyArray<number | undefined> = [undefined, 64]

/** What `Fiber.interrupt` is to `Fiber.join`. */
export const interruptAndWait = <A, E>(fiber: Fiber.Fiber<A, E>) =>
  Effect.andThen(Fiber.interrupt(fiber), Fiber.await(fiber))

export const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc")
  runInNewContext("gc")()
}

/** Lets every other fiber that is ready go on, so many times. */
export const turns = (n: number): Effect.Effect<void> =>
  Effect.forEach(Array.from({ length: n }), () => Effect.yieldNow, { discard: true })

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
