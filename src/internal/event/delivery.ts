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
import { misfit } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as returned from "../check/returned.ts"
import type { AnyFiber } from "../fibers/any.ts"
import * as mailboxes from "../fibers/mailbox.ts"
import { warnIn } from "../fibers/warn.ts"
import * as wing from "./wing.ts"

type Tell = (event: RunEvent, dropped: number) => Effect.Effect<unknown, unknown, unknown>

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

const check = (tell: unknown, options: ListenerOptions | undefined): ReadonlyArray<Issue> => {
  const fault = typeof tell === "function"
    ? undefined
    : misfit("the listener", tell, "a function of an event to an Effect")
  return wing.issues(options, ["capacity", "full", "patience"], ({ patience, ...room }) => [
    ...wing.ofRoom(room),
    fault,
    patience === undefined ? undefined : durations.wrong(patience, "patience")
  ], fault)
}

const { who } = wing.words

const run = Effect.fnUntraced(function*(tell: Tell, options: ListenerOptions) {
  // what the Effects require, the type of the listener asks for
  const context = yield* Effect.context<unknown>()
  const services = context as Context.Context<never>
  const mailbox = yield* mailboxes.make<RunEvent>(wing.room(options))
  const patience = options.patience === undefined ? defaultPatience : Duration.fromInputUnsafe(options.patience)
  let faults = 0
  const fault = (cause: Cause.Cause<unknown>): void => {
    if (faults++ === 0) warnIn(services, `${who} failed; nothing else comes of it`, cause)
  }
  // each on a fiber of its own: at a value that is no Effect, or an interruption of itself, that ends, and no other
  const one = (event: RunEvent) =>
    Effect.map(
      Effect.flatMap(
        Effect.forkChild(
          Effect.suspend(() => returned.effect(who, "its function", tell(event, mailbox.dropped))),
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
      Effect.forever(Effect.flatMap(Queue.take(mailbox.queue), one), { disableYield: true })
    )
  )
  let isClosed = false
  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      mailbox.end()
      if (!(yield* endsWithin(delivering, patience, context))) {
        mailbox.dropped += Queue.sizeUnsafe(mailbox.queue) + 1
        // not waited for: it may be uninterruptible
        delivering.interruptUnsafe()
      }
      isClosed = true
      const { dropped } = mailbox
      if (dropped > 0) yield* Effect.ignoreCause(Effect.logWarning(`${who} has not been told of ${dropped} of them`))
      if (faults > 1) yield* Effect.ignoreCause(Effect.logWarning(`${who} has failed ${faults} times`))
    })
  )
  // what is dropped while it closes is in the count at its end
  const tooSlow = once(() => warnIn(services, `${who} is too slow: the first event has found no room and is dropped`))
  const tooLate = once(() =>
    warnIn(services, `${who} has been closed while a run goes on, of which it is told no more`)
  )
  return (event: RunEvent): void => {
    if (mailbox.offer(event)) return
    if (isClosed) tooLate()
    else if (!mailbox.isOver) tooSlow()
  }
})

const once = (f: () => void): () => void => {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    f()
  }
}

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
