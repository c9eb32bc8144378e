/**
 * A task that hands over what a stream gives, window by window. An intake is what one run of it knows, and goes with it.
 *
 * Invariants:
 *
 *  S1  An element is in the intake from when the stream has handed it over until the flush of its window has succeeded.
 *  S2  Windows are flushed one after another, in the order of their elements; one may fill while one is flushed.
 *  S3  Interruption ends the stream, never a flush: that goes on until the time for draining is up.
 *  S4  What has not been flushed at the end is told of: by the failure of a flush, or by a defect, and to the log.
 *
 * The fiber of the caller is interruptible only where it waits, so that it knows what runs when it is interrupted.
 */
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { aCount, isCount } from "../check/counts.ts"
import { misfit } from "../check/describe.ts"
import * as durations from "../check/durations.ts"
import * as returned from "../check/returned.ts"
import type { AnyEffect, AnyFiber } from "../fibers/any.ts"
import { Bell } from "../fibers/bell.ts"
import { dispatcherOf, DispatcherRef, isSync } from "../fibers/dispatcher.ts"
import { warn } from "../fibers/warn.ts"
import * as given from "./given.ts"
import { Task } from "./kind.ts"

type Name = "open" | "count" | "within" | "flush" | "drain" | "label"

const usualDrain: Duration.Duration = Duration.seconds(30)

export const make = (options: unknown): Task => {
  const { count, drain, flush, label, open, within } = given.optionsOf<Name>(options)
  return new Task(
    {
      _tag: "Stream",
      label: given.labelOf(label),
      count: isCount(count) ? count : undefined,
      within: durations.sound(within),
      drain: drain === undefined ? usualDrain : durations.sound(drain)
    },
    () =>
      given.faultsOf(options, "{ open, count, flush, … }", () => [
        !Stream.isStream(open) && !Predicate.isFunction(open) &&
        misfit("open", open, "a Stream, or a function of the state to one"),
        !isCount(count) && misfit("count", count, aCount),
        given.optionalDuration("within", within),
        !Predicate.isFunction(flush) && misfit("flush", flush, "a function of a window to an Effect"),
        given.optionalDuration("drain", drain),
        given.labelFault(label)
      ]),
    (state) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.withFiber((home) => {
          // of their types, by the rules
          const intake = new Intake(home, {
            count: count as number,
            within: durations.sound(within),
            drain: durations.sound(drain) ?? usualDrain,
            flush: (window) =>
              returned.effect(
                "the stream",
                "flush",
                (flush as (window: Window, state: unknown) => AnyEffect)(window, state)
              )
          })
          const source = Effect.suspend(() =>
            Stream.runForEachArray(opened(open, state), (chunk) => intake.take(chunk))
          )
          const taken = Effect.flatMap(Effect.forkChild(source, { startImmediately: true }), (fiber) => {
            intake.follow(fiber)
            return Effect.onExit(conduct(intake, restore), () => close(intake, fiber))
          })
          return isSync(home) ? Effect.provideService(taken, DispatcherRef, dispatcherOf(home)) : taken
        })
      )
  )
}

const opened = (open: unknown, state: unknown): Stream.Stream<unknown, unknown, unknown> => {
  if (Stream.isStream(open)) return open
  const answer: unknown = (open as (state: unknown) => unknown)(state)
  if (Stream.isStream(answer)) return answer
  throw returned.unexpected("the stream", "open", answer, "a Stream")
}

// -----------------------------------------------------------------------------
// the intake
// -----------------------------------------------------------------------------

type Window = ReadonlyArray<unknown>

interface Settings {
  readonly count: number
  readonly within: Duration.Duration | undefined
  readonly drain: Duration.Duration
  readonly flush: (window: Window) => AnyEffect
}

class Intake {
  readonly settings: Settings
  readonly #clock: Clock.Clock
  /** Rung when a window may be due. */
  readonly bell: Bell
  /** Elements in the order in which they came, from the first on that has been in no window yet. */
  #elements: Array<unknown> = []
  #first = 0
  /** Since when the first and the last of them are there, in nanoseconds of the monotonic clock. */
  #since = 0n
  #latest = 0n
  /** Rung when there is room for more of them. */
  #room: Bell | undefined
  /** No more is wanted. */
  #isClosed = false
  /** How the stream has ended. */
  ended: Exit.Exit<unknown, unknown> | undefined
  /** The window that is flushed, and who flushes it. */
  flushing: { readonly window: Window; readonly fiber: Fiber.Fiber<unknown, unknown> } | undefined
  flushed = 0
  /** Whether it has come to an end by itself. */
  isDone = false

  constructor(home: AnyFiber, settings: Settings) {
    this.settings = settings
    this.#clock = home.getRef(Clock.Clock)
    this.bell = new Bell(home)
  }

  /** Learns how the stream ends. */
  follow(fiber: Fiber.Fiber<unknown, unknown>): void {
    fiber.addObserver((exit) => {
      this.ended = exit
      this.bell.ring()
    })
  }

  /** Elements that wait for their flush. */
  get waiting(): number {
    return this.#elements.length - this.#first
  }

  get #isFull(): boolean {
    return this.waiting >= this.settings.count
  }

  /** What the stream hands over; it is asked for more when there is room. */
  take(chunk: Window): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      const isFirst = this.waiting === 0
      if (this.settings.within !== undefined) this.#latest = this.#clock.monotonicTimeNanosUnsafe()
      if (isFirst) this.#since = this.#latest
      for (const element of chunk) this.#elements.push(element)
      if (this.#isFull || (isFirst && this.settings.within !== undefined)) this.bell.ring()
      if (!this.#isFull && !this.#isClosed) return Exit.void
      const room = this.#room ??= new Bell(fiber)
      return room.until(() => !this.#isFull && !this.#isClosed)
    })
  }

  close(): void {
    this.#isClosed = true
  }

  /** How long the open window stays open; nothing where only its elements say it. */
  get left(): Duration.Duration | undefined {
    const { within } = this.settings
    if (within === undefined || this.waiting === 0 || !Duration.isFinite(within)) return undefined
    const left = this.#since + Duration.toNanosUnsafe(within) - this.#clock.monotonicTimeNanosUnsafe()
    return left > 0n ? Duration.nanos(left) : Duration.zero
  }

  get isDue(): boolean {
    if (this.waiting === 0) return false
    if (this.#isFull || this.ended !== undefined) return true
    const { left } = this
    return left !== undefined && !Duration.isPositive(left)
  }

  /** The next window, full or not. */
  next(): Window {
    const window = this.#elements.slice(this.#first, this.#first + this.settings.count)
    this.#first += window.length
    // at most once for each element, however many one chunk has
    if (this.#first * 2 >= this.#elements.length) {
      this.#elements = this.#elements.slice(this.#first)
      this.#first = 0
    }
    // what is left came with the last chunk, for which there was room
    this.#since = this.#latest
    this.#room?.ring()
    return window
  }
}

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Flushes what is due until the stream has ended; gives how many elements it were. */
const conduct = Effect.fnUntraced(
  function*(intake: Intake, restore: Restore): Effect.fn.Return<number, unknown, unknown> {
    for (;;) {
      if (intake.isDue) {
        const window = intake.next()
        const fiber = yield* Effect.forkChild(Effect.suspend(() => intake.settings.flush(window)), {
          startImmediately: true
        })
        intake.flushing = { window, fiber }
        const exit = yield* restore(Fiber.await(fiber))
        intake.flushing = undefined
        if (Exit.isFailure(exit)) {
          intake.isDone = true
          return yield* Exit.failCause(exit.cause)
        }
        intake.flushed += window.length
        continue
      }
      const { ended, left } = intake
      if (ended !== undefined) {
        intake.isDone = true
        return Exit.isFailure(ended) ? yield* Exit.failCause(ended.cause) : intake.flushed
      }
      yield* restore(left === undefined ? intake.bell.rung : Effect.raceFirst(intake.bell.rung, Effect.sleep(left)))
    }
  }
)

/** After the end by itself, or by an interruption. */
const close = (intake: Intake, source: Fiber.Fiber<unknown, unknown>): AnyEffect =>
  intake.isDone
    ? Effect.andThen(Fiber.interrupt(source), untold(intake.waiting))
    : interrupted(intake, source)

/** On a fiber of its own: what is interruptible is interrupted at once on one that is. */
const interrupted = Effect.fnUntraced(function*(
  intake: Intake,
  source: Fiber.Fiber<unknown, unknown>
): Effect.fn.Return<void, unknown, unknown> {
  const { drain } = intake.settings
  const left = { count: 0 }
  const draining = yield* Effect.forkChild(Effect.timeoutOption(drained(intake, source, left), drain), {
    startImmediately: true
  })
  const exit = yield* Fiber.await(draining)
  const { flushing } = intake
  if (flushing !== undefined) yield* Fiber.interrupt(flushing.fiber)
  yield* Fiber.interrupt(source)
  const count = left.count + intake.waiting
  if (Exit.isFailure(exit)) {
    yield* untold(count, exit.cause)
    return yield* Exit.failCause(exit.cause)
  }
  if (count === 0) return
  yield* untold(count)
  return yield* Effect.die(
    new Error(`${unflushed(count)} within ${Duration.format(drain)} after its interruption`)
  )
})

/** Ends the stream, and flushes what is there. What is counted as left is being flushed. */
const drained = Effect.fnUntraced(function*(
  intake: Intake,
  source: Fiber.Fiber<unknown, unknown>,
  left: { count: number }
): Effect.fn.Return<void, unknown, unknown> {
  const { flushing } = intake
  left.count = flushing?.window.length ?? 0
  // an element that is on its way comes first
  intake.close()
  yield* Effect.yieldNow
  source.interruptUnsafe()
  if (flushing !== undefined) {
    yield* Fiber.join(flushing.fiber)
    intake.flushing = undefined
  }
  for (let isOpen = true; isOpen; isOpen = intake.waiting > 0) {
    while (intake.waiting > 0) {
      const window = intake.next()
      left.count = window.length
      yield* intake.settings.flush(window)
    }
    left.count = 0
    yield* Fiber.await(source)
  }
})

const unflushed = (count: number): string =>
  `${count} element${count === 1 ? "" : "s"} of a stream ${count === 1 ? "was" : "were"} not flushed`

/** Who has interrupted a task, or failed it, may never look at what it has left. */
const untold = (count: number, cause?: Cause.Cause<unknown>): Effect.Effect<void> =>
  count === 0 && cause === undefined ? Effect.void : warn(unflushed(count), cause)
