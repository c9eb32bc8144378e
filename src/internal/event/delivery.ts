/**
 * An effectful listener: events wait for it in a bounded queue, and a fiber runs its Effects one after another. It lives as
 * long as the scope in which it is made, and some patience longer for what still waits.
 */
import type * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type { Issue } from "../../CanoError.ts"
import { ConfigurationError } from "../../CanoError.ts"
import type { Listener, ListenerOptions, RunEvent } from "../../RunEvent.ts"
import { aCount, isCount } from "../check/counts.ts"
import { misfit } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as issue from "../check/issue.ts"
import * as returned from "../check/returned.ts"
import type { AnyFiber } from "../fibers/any.ts"
import { warn } from "./guarded.ts"

type Tell = (event: RunEvent, dropped: number) => Effect.Effect<unknown, unknown, unknown>

const defaultCapacity = 1024
const defaultPatience = Duration.seconds(1)

export const make = (
  tell: Tell,
  options?: ListenerOptions
): Effect.Effect<Listener, ConfigurationError, unknown> =>
  Effect.suspend(() => {
    const issues = check(tell, options)
    return issues.length > 0
      ? Effect.fail(new ConfigurationError({ workflow: undefined, issues }))
      : run(tell, options ?? {})
  })

/** What is wrong with the options of a queue of events. */
export const checkQueue = (options: Pick<ListenerOptions, "capacity" | "full"> | undefined): ReadonlyArray<Issue> => {
  const issues: Array<Issue> = []
  const { capacity, full } = options ?? {}
  const add = (sentence: string) => issues.push(issue.make(undefined, "options", sentence, "listener"))
  if (capacity !== undefined && !isCount(capacity)) add(misfit("capacity", capacity, `${aCount}, or be left out`))
  if (full !== undefined && full !== "newest" && full !== "oldest") {
    add(misfit("full", full, "\"newest\" or \"oldest\", or be left out"))
  }
  return issues
}

const check = (tell: unknown, options: ListenerOptions | undefined): ReadonlyArray<Issue> => {
  const issues = [...checkQueue(options)]
  const add = (sentence: string) => issues.push(issue.make(undefined, "options", sentence, "listener"))
  if (typeof tell !== "function") add(misfit("the listener", tell, "a function of an event to an Effect"))
  const wrong = options?.patience === undefined ? undefined : durations.wrong(options.patience, "patience")
  if (wrong !== undefined) add(wrong)
  return issues
}

/** Events that wait, no more than there is room for. */
export class Waiting {
  readonly queue: Queue.Queue<RunEvent, Cause.Done>
  readonly #capacity: number
  readonly #dropsOldest: boolean
  /** How many have found no room. */
  dropped = 0
  constructor(
    queue: Queue.Queue<RunEvent, Cause.Done>,
    { capacity, full }: Pick<ListenerOptions, "capacity" | "full">
  ) {
    this.queue = queue
    this.#capacity = capacity ?? defaultCapacity
    this.#dropsOldest = full === "oldest"
  }

  /** Answers whether nothing was dropped for it. */
  offer(event: RunEvent): boolean {
    const { queue } = this
    if (Queue.sizeUnsafe(queue) < this.#capacity) return Queue.offerUnsafe(queue, event)
    this.dropped++
    if (this.#dropsOldest) {
      Queue.takeUnsafe(queue)
      Queue.offerUnsafe(queue, event)
    }
    return false
  }
}

const run = Effect.fnUntraced(function*(tell: Tell, options: ListenerOptions) {
  // what the Effects require, the type of the listener asks for
  const context = yield* Effect.context<unknown>()
  const waiting = new Waiting(yield* Queue.unbounded<RunEvent, Cause.Done>(), options)
  const patience = options.patience === undefined ? defaultPatience : Duration.fromInputUnsafe(options.patience)
  let faults = 0
  const fault = (cause: Cause.Cause<unknown>): void => {
    if (faults++ === 0) warn(context as never, "a listener of run events failed; nothing else comes of it", cause)
  }
  // each on a fiber of its own: at a value that is no Effect, or an interruption of itself, that ends, and no other
  const one = (event: RunEvent) =>
    Effect.map(
      Effect.flatMap(
        Effect.forkChild(
          Effect.suspend(() =>
            returned.effect("a listener of run events", "its function", tell(event, waiting.dropped))
          ),
          { startImmediately: true }
        ),
        Fiber.await
      ),
      (exit) => {
        if (Exit.isFailure(exit)) fault(exit.cause)
      }
    )
  const delivering = Effect.runForkWith(context)(
    Effect.ignoreCause(
      Effect.forever(Effect.flatMap(Queue.take(waiting.queue), one), { disableYield: true })
    )
  )
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      Queue.endUnsafe(waiting.queue)
      if (!(yield* endsWithin(delivering, patience, context))) {
        waiting.dropped += Queue.sizeUnsafe(waiting.queue) + 1
        // not waited for: it may be uninterruptible
        delivering.interruptUnsafe()
      }
      const { dropped } = waiting
      if (dropped > 0) {
        yield* Effect.ignoreCause(Effect.logWarning(`a listener of run events has not been told of ${dropped} of them`))
      }
      if (faults > 1) {
        yield* Effect.ignoreCause(Effect.logWarning(`a listener of run events has failed ${faults} times`))
      }
    })
  )
  return (event: RunEvent): void => {
    if (!waiting.offer(event) && waiting.dropped === 1) {
      warn(context as never, "a listener of run events is too slow: the first event has found no room and is dropped")
    }
  }
})

/** Whether a fiber ends before some time has passed. In a finalizer nothing can be interrupted, so nobody is raced. */
const endsWithin = (
  fiber: AnyFiber,
  time: Duration.Duration,
  context: Context.Context<unknown>
): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const timer = Effect.runForkWith(context)(Effect.sleep(time))
    fiber.addObserver(() => {
      resume(Exit.succeed(true))
      timer.interruptUnsafe()
    })
    timer.addObserver(() => resume(Exit.succeed(false)))
  })
